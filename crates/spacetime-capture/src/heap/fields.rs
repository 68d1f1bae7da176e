//! What objects hold outside of their items and attributes: `__slots__`, and what C code keeps.
//!
//! Types written in C are read by their own descriptors, looked up once, so that nothing that a class in
//! Python defines in their place runs. Which parts make up an object says [`super::known`].

use super::buffers::ndarray;
use super::files::{self, FilePart};
use super::memory_files::MemoryFile;
use super::traceback;
use crate::atoms::{self, Class};
use crate::layout;
use pyo3_ffi::*;
use std::ffi::{CStr, c_void};
use std::ptr;

/// `Py_T_OBJECT_EX`: an object field that raises AttributeError when empty.
pub const OBJECT_FIELD: i32 = 16;

/// A part of an object.
#[derive(Clone, Copy)]
pub struct Field {
    /// The stream's name for it.
    pub name: u32,
    pub(super) reader: Reader,
}

/// How a part is read.
#[derive(Clone, Copy)]
pub(super) enum Reader {
    /// An object at a place in the instance, null where it is not set.
    Place(usize),
    /// The same, but `None` where it is not set.
    PlaceOrNone(usize),
    /// What a getter in C gives.
    Getter(getter, *mut c_void),
    /// What a member that is not an object gives.
    Member(*mut PyMemberDef),
    /// This item of the tuple that a method in C without arguments gives.
    Method(PyCFunction, usize),
    /// The number at this place.
    Size(usize),
    /// Where a file in memory is read or written next.
    Position(MemoryFile),
    /// `True` of a file in memory that is closed.
    Closed(MemoryFile),
    /// A number that a file of the operating system keeps.
    File(FilePart),
    /// The mode of a raw file.
    FileMode,
    /// Whether a raw file is closed.
    FileIsClosed,
    /// Where the file of a raw file lies.
    FilePlace,
    /// `True` where the byte at this place is set.
    Flag(usize),
    /// The same for all instances of the type, which keeps it alive.
    Constant(*mut PyObject),
    /// The traceback at this place, as text.
    Traceback(usize),
    /// The dtype of a numpy array, as text.
    Dtype,
    /// A dtype of numpy as text.
    DtypeText,
    /// Where the memory of a numpy array begins in that of its base.
    Offset,
    /// The words of a generator of random numbers, as bytes.
    RandomState,
    /// How many of them are used up.
    RandomPosition,
    /// Of which Python bytecode is: `3.13`.
    PythonVersion,
}

impl Reader {
    /// This reader, if instances of the type are laid out as it expects.
    ///
    /// # Safety
    /// `type_` must be a live type, with the GIL held.
    pub(super) unsafe fn of_known_layout(self, type_: *mut PyTypeObject) -> Option<Reader> {
        let is_known = match self {
            Reader::RandomState | Reader::RandomPosition => {
                // SAFETY: passed on.
                unsafe { without_exception(|| crate::selfcheck::knows_random(type_)) }
            }
            Reader::File(_) | Reader::FileMode | Reader::FileIsClosed | Reader::FilePlace => {
                // SAFETY: passed on.
                unsafe { without_exception(|| files::is_laid_out_so(type_)) }
            }
            _ => true,
        };
        is_known.then_some(self)
    }
}

impl Field {
    /// An object at a place in the instance.
    pub fn at(name: u32, offset: usize) -> Field {
        let reader = Reader::Place(offset);
        Field { name, reader }
    }

    /// `True` where a byte is set, not there otherwise.
    pub fn flag(name: u32, offset: usize) -> Field {
        let reader = Reader::Flag(offset);
        Field { name, reader }
    }

    /// The text of a traceback, not there where it is null.
    pub fn traceback(name: u32, offset: usize) -> Field {
        let reader = Reader::Traceback(offset);
        Field { name, reader }
    }

    /// What a class holds for all its instances.
    pub fn constant(name: u32, object: *mut PyObject) -> Field {
        let reader = Reader::Constant(object);
        Field { name, reader }
    }

    /// Whether the part is the same for all instances.
    pub fn is_constant(&self) -> bool {
        matches!(self.reader, Reader::Constant(_))
    }

    /// Whether the part is of a file of the operating system: C code may change it out of sight.
    pub fn is_of_file(&self) -> bool {
        matches!(self.reader, Reader::File(_))
    }

    /// Whether reading the part calls nothing.
    pub fn is_in_place(&self) -> bool {
        use Reader::{Closed, Constant, FileIsClosed, FileMode, Flag, Place, PlaceOrNone};
        matches!(
            self.reader,
            Place(_) | PlaceOrNone(_) | Constant(_) | Flag(_) | Closed(_) | FileMode | FileIsClosed
        )
    }

    /// The part as it is now if reading it calls nothing: null where it is not set.
    ///
    /// # Safety
    /// `object` must be a live instance of the type, with the GIL held.
    #[inline]
    pub unsafe fn read_in_place(&self, object: *mut PyObject) -> Option<*mut PyObject> {
        // SAFETY: passed on.
        unsafe {
            match self.reader {
                Reader::Place(offset) => Some(layout::field(object.cast(), offset)),
                Reader::PlaceOrNone(offset) => {
                    let object: *mut PyObject = layout::field(object.cast(), offset);
                    Some(if object.is_null() { Py_None() } else { object })
                }
                Reader::Constant(constant) => Some(constant),
                Reader::Closed(file) => match file.is_closed(object) {
                    false => Some(ptr::null_mut()),
                    true => Some(Py_True()),
                },
                Reader::Flag(offset) => match layout::field::<u8>(object.cast(), offset) {
                    0 => Some(ptr::null_mut()),
                    _ => Some(Py_True()),
                },
                Reader::FileMode => Some(files::mode(object)),
                Reader::FileIsClosed => match files::is_closed(object) {
                    true => Some(Py_True()),
                    false => Some(Py_False()),
                },
                _ => None,
            }
        }
    }

    /// Whether the part is still this one, as far as that is seen without making an object.
    ///
    /// # Safety
    /// `object` must be a live instance of the type, `known` null, alive, or an object that the part was.
    #[inline]
    pub unsafe fn is_still(&self, object: *mut PyObject, known: *mut PyObject) -> bool {
        // SAFETY: passed on. What was made by reading is a leaf or text, which the shadow keeps alive.
        unsafe {
            match self.reader {
                Reader::RandomState => {
                    !known.is_null() && atoms::bytes_of(known) == layout::random_state(object)
                }
                Reader::RandomPosition => {
                    let position = layout::random_position(object);
                    !known.is_null() && layout::small_int(known) == Some(position.into())
                }
                Reader::Size(offset) => {
                    let size: Py_ssize_t = layout::field(object.cast(), offset);
                    !known.is_null() && layout::small_int(known) == Some(size as i64)
                }
                Reader::Position(file) => match file.position(object) {
                    None => known.is_null(),
                    Some(at) => !known.is_null() && layout::small_int(known) == Some(at as i64),
                },
                Reader::File(part) => {
                    let is_set = !known.is_null();
                    part.is_still(object, is_set.then(|| layout::small_int(known)).flatten())
                }
                // One that is opened anew has another mode or name, or was closed.
                Reader::FilePlace => !files::is_closed(object) || known.is_null(),
                Reader::PythonVersion => true,
                _ => self.read_in_place(object) == Some(known),
            }
        }
    }

    /// The part as it is now, null where it is not set; borrowed from the instance or owned by `fresh`.
    ///
    /// # Safety
    /// `object` must be a live instance of the type, with the GIL held and, unless the part
    /// [is in place](Field::is_in_place), no exception set.
    #[inline]
    pub unsafe fn read(
        &self,
        object: *mut PyObject,
        fresh: &mut Vec<*mut PyObject>,
    ) -> *mut PyObject {
        // SAFETY: passed on.
        unsafe {
            match self.read_in_place(object) {
                Some(part) => part,
                None => self.read_by_call(object, fresh),
            }
        }
    }

    unsafe fn read_by_call(
        &self,
        object: *mut PyObject,
        fresh: &mut Vec<*mut PyObject>,
    ) -> *mut PyObject {
        // SAFETY: the descriptors belong to a base type of the object.
        unsafe {
            let given = match self.reader {
                Reader::Getter(get, closure) => get(object, closure),
                Reader::Member(member) => PyMember_GetOne(object.cast(), member),
                Reader::Method(method, at) => {
                    let tuple = method(object, ptr::null_mut());
                    let is_there = !tuple.is_null()
                        && PyTuple_CheckExact(tuple) != 0
                        && at < layout::tuple_items(tuple).len();
                    let item = match is_there {
                        true => layout::tuple_items(tuple)[at],
                        false => ptr::null_mut(),
                    };
                    Py_XINCREF(item);
                    Py_XDECREF(tuple);
                    item
                }
                Reader::RandomState => {
                    let state = layout::random_state(object);
                    let n_bytes = state.len() as Py_ssize_t;
                    PyBytes_FromStringAndSize(state.as_ptr().cast(), n_bytes)
                }
                Reader::RandomPosition => PyLong_FromLong(layout::random_position(object).into()),
                Reader::Size(offset) => PyLong_FromSsize_t(layout::field(object.cast(), offset)),
                Reader::Position(file) => match file.position(object) {
                    Some(at) => PyLong_FromSsize_t(at),
                    None => ptr::null_mut(),
                },
                Reader::File(part) => match part.read(object) {
                    Some(number) => PyLong_FromLongLong(number),
                    None => ptr::null_mut(),
                },
                Reader::FilePlace => str_of(files::place(object)),
                Reader::PythonVersion => str_of(Some(format!(
                    "{}.{}",
                    Py_Version >> 24,
                    Py_Version >> 16 & 0xFF
                ))),
                Reader::Traceback(offset) => {
                    str_of(traceback::text(layout::field(object.cast(), offset)))
                }
                Reader::Dtype => str_of(ndarray::dtype_text(ndarray::descr(object))),
                Reader::DtypeText => str_of(ndarray::dtype_text(object)),
                Reader::Offset => match ndarray::offset(object) {
                    Some(offset) => PyLong_FromSsize_t(offset),
                    None => ptr::null_mut(),
                },
                _ => ptr::null_mut(),
            };
            if given.is_null() {
                PyErr_Clear();
                return given;
            }
            fresh.push(given);
            // What nobody else refers to is not a part of the object, unless it is a plain value.
            let is_part = Py_REFCNT(given) > 1 || atoms::classify(given) != Class::Object;
            if is_part { given } else { ptr::null_mut() }
        }
    }
}

/// Runs something that may set an exception and clear it, while the program may have one set.
///
/// # Safety
/// The GIL must be held.
pub unsafe fn without_exception<T>(read: impl FnOnce() -> T) -> T {
    // SAFETY: passed on.
    let exception = unsafe { PyErr_GetRaisedException() };
    let value = read();
    // SAFETY: gives back what was taken; null means none.
    unsafe { PyErr_SetRaisedException(exception) };
    value
}

/// Adds the objects that exceptions written in C keep (`errno`, `filename`, `name`), outermost base
/// first.
///
/// # Safety
/// `type_` must be a live type, with the GIL held and no exception set.
pub unsafe fn add_members(
    type_: *mut PyTypeObject,
    fields: &mut Vec<Field>,
    number_of: &mut impl FnMut(&str) -> u32,
) {
    // SAFETY: bases of a live type are alive; `tp_members` ends with an entry without name.
    unsafe {
        if type_.is_null() || type_ == PyExc_BaseException.cast() {
            return;
        }
        add_members((*type_).tp_base, fields, number_of);
        if crate::effects::is_made_by_class_statement(type_) {
            return;
        }
        let mut member = (*type_).tp_members;
        while !member.is_null() && !(*member).name.is_null() {
            let name = number_of(&CStr::from_ptr((*member).name).to_string_lossy());
            fields.retain(|field| field.name != name);
            let reader = reader_of_member(member);
            fields.push(Field { name, reader });
            member = member.add(1);
        }
    }
}

/// A new str, or null for no text.
unsafe fn str_of(text: Option<String>) -> *mut PyObject {
    text.map_or(ptr::null_mut(), |text| {
        // SAFETY: the GIL is held; the text is UTF-8.
        unsafe { PyUnicode_FromStringAndSize(text.as_ptr().cast(), text.len() as isize) }
    })
}

/// The name of a type in C.
///
/// # Safety
/// `type_` must be a live type.
pub(super) unsafe fn type_name<'a>(type_: *mut PyTypeObject) -> &'a CStr {
    // SAFETY: the name of a type is a C string that lives as long as it.
    unsafe { CStr::from_ptr((*type_).tp_name) }
}

/// What a class's own dict holds under a name; the class keeps it alive.
///
/// # Safety
/// `class` must be a live type, with the GIL held.
pub(super) unsafe fn own_attribute(class: *mut PyTypeObject, name: &CStr) -> Option<*mut PyObject> {
    // SAFETY: the dict of a class has str keys, so that a lookup runs no code of the program.
    unsafe {
        let dict = PyType_GetDict(class);
        if dict.is_null() {
            return None;
        }
        let found = PyDict_GetItemString(dict, name.as_ptr());
        Py_DECREF(dict);
        (!found.is_null()).then_some(found)
    }
}

/// How the type's own descriptor of that name reads its part.
///
/// # Safety
/// `type_` must be a live type, with the GIL held.
pub(super) unsafe fn reader_of(type_: *mut PyTypeObject, name: &CStr) -> Option<Reader> {
    // SAFETY: each branch follows the exact type of the descriptor, which lives as long as the type.
    unsafe {
        let mut owner = type_;
        let descriptor = loop {
            if owner.is_null() {
                return None;
            }
            match own_attribute(owner, name) {
                Some(descriptor) => break descriptor,
                None => owner = (*owner).tp_base,
            }
        };
        let kind = Py_TYPE(descriptor);
        if kind == &raw mut PyGetSetDescr_Type {
            let definition = (*descriptor.cast::<PyGetSetDescrObject>()).d_getset;
            return Some(Reader::Getter((*definition).get?, (*definition).closure));
        }
        (kind == &raw mut PyMemberDescr_Type)
            .then(|| reader_of_member((*descriptor.cast::<PyMemberDescrObject>()).d_member))
    }
}

unsafe fn reader_of_member(member: *mut PyMemberDef) -> Reader {
    /// `_Py_T_OBJECT`.
    const OBJECT_OR_NONE: i32 = 6;
    // SAFETY: passed on.
    unsafe {
        let offset = (*member).offset as usize;
        match (*member).type_code {
            OBJECT_OR_NONE => Reader::PlaceOrNone(offset),
            OBJECT_FIELD => Reader::Place(offset),
            _ => Reader::Member(member),
        }
    }
}

/// How an item of what `__getinitargs__` gives is read.
///
/// # Safety
/// As for [`reader_of`].
pub(super) unsafe fn init_argument(type_: *mut PyTypeObject, at: usize) -> Option<Reader> {
    // SAFETY: passed on.
    let method = unsafe { method_of(type_, c"__getinitargs__") };
    method.map(|method| Reader::Method(method, at))
}

/// A method in C without arguments.
unsafe fn method_of(type_: *mut PyTypeObject, name: &CStr) -> Option<PyCFunction> {
    // SAFETY: follows the exact type of the descriptor.
    unsafe {
        let descriptor = own_attribute(type_, name)?;
        if Py_TYPE(descriptor) != &raw mut PyMethodDescr_Type {
            return None;
        }
        let definition = (*descriptor.cast::<PyMethodDescrObject>()).d_method;
        let takes_nothing = (*definition).ml_flags == METH_NOARGS;
        takes_nothing.then(|| (*definition).ml_meth.PyCFunction)
    }
}
