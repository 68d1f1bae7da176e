//! What objects hold outside of their items and attributes: `__slots__`, and what C code keeps.
//!
//! Of types written in C, a table names the parts that make up an object. They are read by the
//! descriptors of the C type itself, looked up once, so that nothing that a class in Python defines
//! in their place runs.

use super::buffers::ndarray;
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
    reader: Reader,
}

/// How a part is read.
#[derive(Clone, Copy)]
enum Reader {
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

    /// Whether the part is an object inside of the instance.
    #[inline]
    pub fn place(&self) -> Option<usize> {
        match self.reader {
            Reader::Place(offset) => Some(offset),
            _ => None,
        }
    }

    /// The part as it is now, null where it is not set; borrowed from the instance or owned by `fresh`.
    ///
    /// # Safety
    /// `object` must be a live instance of the type, with the GIL held and, unless the part has a
    /// [`Field::place`], no exception set.
    #[inline]
    pub unsafe fn read(
        &self,
        object: *mut PyObject,
        fresh: &mut Vec<*mut PyObject>,
    ) -> *mut PyObject {
        // SAFETY: passed on.
        unsafe {
            match self.reader {
                Reader::Place(offset) => layout::field(object.cast(), offset),
                Reader::PlaceOrNone(offset) => {
                    let object: *mut PyObject = layout::field(object.cast(), offset);
                    if object.is_null() { Py_None() } else { object }
                }
                Reader::Constant(constant) => constant,
                Reader::Flag(offset) => match layout::field::<u8>(object.cast(), offset) {
                    0 => ptr::null_mut(),
                    _ => Py_True(),
                },
                _ => self.read_by_call(object, fresh),
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
                Reader::Traceback(offset) => {
                    str_of(traceback_text(layout::field(object.cast(), offset)))
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

/// How the value of a subclass of a builtin type without parts is read.
#[derive(Clone, Copy)]
pub enum Payload {
    Int,
    Float,
    Complex,
    Str,
    Bytes,
    /// The text that the C type's own `__str__` gives, which says all.
    Text(reprfunc),
    /// A scalar of numpy: what its method `item` gives, if that is a plain value, or else its text.
    Scalar(*mut PyObject, reprfunc),
}

impl Payload {
    /// How instances of a C type, or of subclasses of it, keep a value.
    ///
    /// # Safety
    /// `base` must be a live type.
    pub unsafe fn of(base: *mut PyTypeObject) -> Option<Payload> {
        // SAFETY: reads fields of a live type.
        unsafe {
            let flags = (*base).tp_flags;
            if flags & Py_TPFLAGS_LONG_SUBCLASS != 0 {
                Some(Payload::Int)
            } else if flags & Py_TPFLAGS_UNICODE_SUBCLASS != 0 {
                Some(Payload::Str)
            } else if flags & Py_TPFLAGS_BYTES_SUBCLASS != 0 {
                Some(Payload::Bytes)
            } else if PyType_IsSubtype(base, &raw mut PyFloat_Type) != 0 {
                Some(Payload::Float)
            } else if PyType_IsSubtype(base, &raw mut PyComplex_Type) != 0 {
                Some(Payload::Complex)
            } else if type_name(base) == c"decimal.Decimal" {
                (*base).tp_str.map(Payload::Text)
            } else {
                let item = scalar_item(base)?;
                (*base).tp_str.map(|str| Payload::Scalar(item, str))
            }
        }
    }

    /// The value as an object of the builtin type, and its real length where it is cut; a new
    /// reference, or null.
    ///
    /// # Safety
    /// `object` must be a live instance of such a type, with the GIL held and no exception set.
    pub unsafe fn read(self, object: *mut PyObject) -> (*mut PyObject, Option<usize>) {
        let limit = atoms::MAX_TEXT;
        // SAFETY: each branch follows the type; only slots of the builtin types are called.
        unsafe {
            let given = match self {
                Payload::Int => match (*PyLong_Type.tp_as_number).nb_positive {
                    Some(copy) => copy(object),
                    None => ptr::null_mut(),
                },
                Payload::Float => PyFloat_FromDouble(layout::float_value(object)),
                Payload::Complex => PyComplex_FromDoubles(
                    layout::field(object.cast(), 16),
                    layout::field(object.cast(), 24),
                ),
                Payload::Str => {
                    let length = PyUnicode_GET_LENGTH(object) as usize;
                    if length > limit {
                        let head = PyUnicode_Substring(object, 0, limit as isize);
                        return (head, Some(length));
                    }
                    PyUnicode_FromObject(object)
                }
                Payload::Bytes => {
                    let bytes = atoms::bytes_of(object);
                    let kept = bytes.len().min(limit);
                    let copy = PyBytes_FromStringAndSize(bytes.as_ptr().cast(), kept as isize);
                    return (copy, (kept < bytes.len()).then_some(bytes.len()));
                }
                Payload::Text(str) => str(object),
                Payload::Scalar(item, str) => {
                    let plain = PyObject_CallOneArg(item, object);
                    match !plain.is_null() && atoms::classify(plain) != Class::Object {
                        true => plain,
                        false => {
                            Py_XDECREF(plain);
                            PyErr_Clear();
                            str(object)
                        }
                    }
                }
            };
            if given.is_null() {
                PyErr_Clear();
            }
            (given, None)
        }
    }
}

/// The method `item` of scalars of numpy, if the type is one of theirs.
unsafe fn scalar_item(mut type_: *mut PyTypeObject) -> Option<*mut PyObject> {
    // SAFETY: bases of a live type are alive, and keep their methods.
    unsafe {
        while type_name(type_) != c"numpy.generic" {
            type_ = (*type_).tp_base;
            if type_.is_null() {
                return None;
            }
        }
        own_attribute(type_, c"item").filter(|&item| Py_TYPE(item) == &raw mut PyMethodDescr_Type)
    }
}

/// What is known of a type written in C.
struct Known {
    name: &'static CStr,
    /// Its instances never refer to anything else and never change.
    is_immutable: bool,
    /// Types written in C that extend it add nothing.
    covers_subtypes: bool,
    parts: &'static [Part],
}

/// A part of a type written in C.
enum Part {
    /// Read by the type's own descriptor of that name.
    Named(&'static CStr),
    /// An object at this place, where no descriptor reads it.
    At(&'static CStr, usize),
    /// An item of the tuple that `__getinitargs__` gives.
    InitArgument(&'static CStr, usize),
    /// Read in a way of its own.
    Special(&'static CStr, Reader),
}

use Part::{At, InitArgument, Named, Special};

const fn immutable(name: &'static CStr, parts: &'static [Part]) -> Known {
    Known {
        name,
        is_immutable: true,
        covers_subtypes: false,
        parts,
    }
}

const fn mutable(name: &'static CStr, parts: &'static [Part]) -> Known {
    Known {
        name,
        is_immutable: false,
        covers_subtypes: false,
        parts,
    }
}

const DATE: &[Part] = &[Named(c"year"), Named(c"month"), Named(c"day")];
const DATETIME: &[Part] = &[
    Named(c"year"),
    Named(c"month"),
    Named(c"day"),
    Named(c"hour"),
    Named(c"minute"),
    Named(c"second"),
    Named(c"microsecond"),
    Named(c"tzinfo"),
    Named(c"fold"),
];
const TIME: &[Part] = &[
    Named(c"hour"),
    Named(c"minute"),
    Named(c"second"),
    Named(c"microsecond"),
    Named(c"tzinfo"),
    Named(c"fold"),
];
const MATCH: &[Part] = &[
    Named(c"re"),
    Named(c"string"),
    Named(c"pos"),
    Named(c"endpos"),
    Named(c"regs"),
];
const VIEW: &[Part] = &[
    Named(c"format"),
    Named(c"shape"),
    Named(c"strides"),
    Named(c"readonly"),
    Named(c"obj"),
];
const NDARRAY: &[Part] = &[
    Special(c"dtype", Reader::Dtype),
    Named(c"shape"),
    Named(c"strides"),
    Named(c"base"),
    Special(c"offset", Reader::Offset),
];
const TIMESTAMP: &[Part] = &[
    Named(c"_value"),
    Named(c"unit"),
    Named(c"tzinfo"),
    Named(c"year"),
    Named(c"month"),
    Named(c"day"),
    Named(c"hour"),
    Named(c"minute"),
    Named(c"second"),
    Named(c"microsecond"),
    Named(c"nanosecond"),
    Named(c"fold"),
];
const TIMEDELTA: &[Part] = &[
    Named(c"_value"),
    Named(c"unit"),
    Named(c"days"),
    Named(c"seconds"),
    Named(c"microseconds"),
    Named(c"nanoseconds"),
];
/// `ob_ref` of PyCellObject; `mapping` of mappingproxyobject; `dv_dict` of _PyDictViewObject.
const FIRST: usize = 16;

/// Types written in C whose instances are wholly made of these parts (and of a `__dict__`, if they
/// have one).
const KNOWN: &[Known] = &[
    mutable(c"_io.BufferedRandom", &[Named(c"raw")]),
    mutable(c"_io.BufferedReader", &[Named(c"raw")]),
    mutable(c"_io.BufferedWriter", &[Named(c"raw")]),
    mutable(c"_io.FileIO", &[Named(c"mode"), Named(c"closed")]),
    mutable(c"_io._BufferedIOBase", &[]),
    mutable(c"_io._IOBase", &[]),
    mutable(c"_io._RawIOBase", &[]),
    mutable(c"_io._TextIOBase", &[]),
    mutable(
        c"_io.TextIOWrapper",
        &[Named(c"buffer"), Named(c"encoding"), Named(c"errors")],
    ),
    mutable(c"array.array", &[Named(c"typecode")]),
    mutable(c"cell", &[At(c"cell_contents", FIRST)]),
    immutable(c"classmethod", &[Named(c"__func__")]),
    mutable(c"collections.defaultdict", &[Named(c"default_factory")]),
    mutable(c"collections.deque", &[Named(c"maxlen")]),
    immutable(c"datetime.date", DATE),
    immutable(c"datetime.datetime", DATETIME),
    immutable(c"datetime.time", TIME),
    immutable(
        c"datetime.timedelta",
        &[Named(c"days"), Named(c"seconds"), Named(c"microseconds")],
    ),
    immutable(
        c"datetime.timezone",
        &[InitArgument(c"offset", 0), InitArgument(c"name", 1)],
    ),
    immutable(c"datetime.tzinfo", &[]),
    immutable(c"decimal.Decimal", &[]),
    immutable(c"dict_items", &[At(c"mapping", FIRST)]),
    immutable(c"dict_keys", &[At(c"mapping", FIRST)]),
    immutable(c"dict_values", &[At(c"mapping", FIRST)]),
    mutable(c"functools._lru_cache_wrapper", &[]),
    mutable(
        c"functools.partial",
        &[Named(c"func"), Named(c"args"), Named(c"keywords")],
    ),
    immutable(c"mappingproxy", &[At(c"mapping", FIRST)]),
    mutable(c"memoryview", VIEW),
    immutable(c"method", &[Named(c"__func__"), Named(c"__self__")]),
    Known {
        covers_subtypes: true,
        ..immutable(c"numpy.dtype", &[Special(c"str", Reader::DtypeText)])
    },
    mutable(c"numpy.ndarray", NDARRAY),
    mutable(
        c"pandas._libs.arrays.NDArrayBacked",
        &[Named(c"_ndarray"), Named(c"_dtype")],
    ),
    mutable(
        c"pandas._libs.internals.Block",
        &[Named(c"_mgr_locs"), Named(c"values")],
    ),
    mutable(
        c"pandas._libs.internals.BlockManager",
        &[Named(c"blocks"), Named(c"axes")],
    ),
    immutable(
        c"pandas._libs.internals.BlockPlacement",
        &[Named(c"indexer")],
    ),
    immutable(c"pandas._libs.tslibs.timedeltas._Timedelta", TIMEDELTA),
    immutable(c"pandas._libs.tslibs.timestamps._Timestamp", TIMESTAMP),
    immutable(
        c"property",
        &[Named(c"fget"), Named(c"fset"), Named(c"fdel")],
    ),
    immutable(c"re.Match", MATCH),
    immutable(c"re.Pattern", &[Named(c"pattern"), Named(c"flags")]),
    immutable(c"slice", &[Named(c"start"), Named(c"stop"), Named(c"step")]),
    immutable(c"staticmethod", &[Named(c"__func__")]),
    immutable(
        c"types.GenericAlias",
        &[Named(c"__origin__"), Named(c"__args__")],
    ),
    mutable(c"types.SimpleNamespace", &[]),
    immutable(c"types.UnionType", &[Named(c"__args__")]),
    immutable(c"typing.ParamSpec", &[Named(c"__name__")]),
    immutable(c"typing.TypeAliasType", &[Named(c"__name__")]),
    immutable(c"typing.TypeVar", &[Named(c"__name__")]),
    immutable(c"typing.TypeVarTuple", &[Named(c"__name__")]),
    immutable(c"zoneinfo.ZoneInfo", &[Named(c"key")]),
];

/// Types written in C whose instances have no value apart from the running program; besides, all
/// iterators.
const LIVE: &[&CStr] = &[
    c"Context",
    c"Token",
    c"_asyncio.Future",
    c"_asyncio.Task",
    c"_contextvars.Context",
    c"_io.BufferedRWPair",
    c"_io.BufferedRandom",
    c"_io.BufferedReader",
    c"_io.BufferedWriter",
    c"_io.FileIO",
    c"_io.TextIOWrapper",
    c"_multiprocessing.SemLock",
    c"_queue.SimpleQueue",
    c"_socket.socket",
    c"_ssl._SSLContext",
    c"_ssl._SSLSocket",
    c"_thread.RLock",
    c"_thread._local",
    c"_thread.lock",
    c"builtins.PyCapsule",
    c"PyCapsule",
    c"coroutine",
    c"async_generator",
    c"frame",
    c"generator",
    c"mmap.mmap",
    c"pandas._libs.index.IndexEngine",
    c"pandas._libs.internals.BlockValuesRefs",
    c"pyexpat.xmlparser",
    c"select.epoll",
    c"select.poll",
    c"sqlite3.Connection",
    c"sqlite3.Cursor",
    c"traceback",
    c"weakref.CallableProxyType",
    c"weakref.ProxyType",
    c"weakref.ReferenceType",
    c"zlib.Compress",
    c"zlib.Decompress",
];

/// Whether instances of a C type have no value apart from the running program.
///
/// # Safety
/// `base` must be a live type.
pub unsafe fn is_live(base: *mut PyTypeObject) -> bool {
    // SAFETY: reads fields of live types.
    unsafe {
        let mut type_ = base;
        while !type_.is_null() {
            if LIVE.contains(&type_name(type_)) {
                return true;
            }
            type_ = (*type_).tp_base;
        }
        (*base).tp_iternext.is_some()
    }
}

/// The parts of instances of a C type.
pub struct Parts {
    /// They are all that there is.
    pub is_complete: bool,
    /// The instances never change.
    pub is_immutable: bool,
    /// The parts, the base's own last.
    pub fields: Vec<Field>,
}

/// Finds the parts of instances of a type written in C, if it or a base of it is known. `name_of` gives
/// the stream's numbers of names.
///
/// # Safety
/// `base` must be a live type, with the GIL held and no exception set.
pub unsafe fn parts_of(
    base: *mut PyTypeObject,
    mut number_of: impl FnMut(&str) -> u32,
) -> Option<Parts> {
    let mut known_base = base;
    // SAFETY: bases of a live type are alive.
    unsafe {
        let known = loop {
            let name = type_name(known_base);
            match KNOWN.iter().find(|known| known.name == name) {
                Some(known) => break known,
                None => known_base = (*known_base).tp_base,
            }
            if known_base.is_null() {
                return None;
            }
        };
        let mut fields = Vec::new();
        for part in known.parts {
            let (name, reader) = match *part {
                Named(name) => (name, reader_of(known_base, name)),
                At(name, offset) => (name, Some(Reader::Place(offset))),
                InitArgument(name, at) => (name, init_argument(known_base, at)),
                Special(name, reader) => (name, Some(reader)),
            };
            let name = number_of(&name.to_string_lossy());
            fields.push(Field {
                name,
                reader: reader?,
            });
        }
        Some(Parts {
            is_complete: known.covers_subtypes || known_base == base,
            is_immutable: known.is_immutable,
            fields,
        })
    }
}

/// Adds the objects that exceptions written in C keep (`errno`, `filename`, `name`), outermost base
/// first.
///
/// # Safety
/// As for [`parts_of`].
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

/// The names of the fields of a class made by `namedtuple`: a tuple of str.
///
/// # Safety
/// As for [`parts_of`].
pub unsafe fn tuple_fields(type_: *mut PyTypeObject) -> Option<*mut PyObject> {
    // SAFETY: a class keeps what its dict holds; classes up the line of bases are alive.
    unsafe {
        let classes = layout::tuple_items((*type_).tp_mro);
        let found = classes
            .iter()
            .find_map(|&class| own_attribute(class.cast(), c"_fields"))?;
        let is_names = PyTuple_CheckExact(found) != 0
            && layout::tuple_items(found)
                .iter()
                .all(|&name| Py_TYPE(name) == &raw mut PyUnicode_Type);
        is_names.then_some(found)
    }
}

/// A new str, or null for no text.
unsafe fn str_of(text: Option<String>) -> *mut PyObject {
    text.map_or(ptr::null_mut(), |text| {
        // SAFETY: the GIL is held; the text is UTF-8.
        unsafe { PyUnicode_FromStringAndSize(text.as_ptr().cast(), text.len() as isize) }
    })
}

/// The frames of a traceback, outermost first, as Python prints them without the source.
unsafe fn traceback_text(mut traceback: *mut PyObject) -> Option<String> {
    /// Of longer ones, as many frames at either end are kept.
    const KEPT: usize = 50;
    if traceback.is_null() {
        return None;
    }
    let mut frames = Vec::new();
    // SAFETY: `tb_next` (16), `tb_frame` (24), `tb_lasti` (32) and `tb_lineno` (36) of PyTracebackObject;
    // each traceback keeps its frame and the next one alive.
    unsafe {
        while !traceback.is_null() && Py_TYPE(traceback) == &raw mut PyTraceBack_Type {
            frames.push(traceback);
            traceback = layout::field(traceback.cast(), 16);
        }
        let n_left_out = frames.len().saturating_sub(2 * KEPT);
        let mut lines = Vec::new();
        for (at, &traceback) in frames.iter().enumerate() {
            if n_left_out > 0 && at == KEPT {
                lines.push(format!("  [{n_left_out} more frames]"));
            }
            if at < KEPT || at >= KEPT + n_left_out {
                lines.push(frame_text(traceback));
            }
        }
        Some(lines.join("\n"))
    }
}

unsafe fn frame_text(traceback: *mut PyObject) -> String {
    // SAFETY: see `traceback_text`.
    unsafe {
        let code: *mut PyObject = PyFrame_GetCode(layout::field(traceback.cast(), 24)).cast();
        let line = match layout::field::<i32>(traceback.cast(), 36) {
            -1 => PyCode_Addr2Line(code.cast(), layout::field(traceback.cast(), 32)),
            line => line,
        };
        let [file, name] = [c"co_filename", c"co_name"]
            .map(|name| crate::parts::text_attribute(code, name).unwrap_or_default());
        Py_DECREF(code);
        format!("  File \"{file}\", line {line}, in {name}")
    }
}

/// Whether a class is an enum: made by `enum.EnumType` or a subclass of it.
///
/// # Safety
/// `type_` must be a live type, with the GIL held.
pub unsafe fn is_enum(type_: *mut PyTypeObject) -> bool {
    // SAFETY: bases of a live type are alive.
    unsafe {
        let mut metatype = Py_TYPE(type_.cast());
        while metatype != &raw mut PyType_Type && !metatype.is_null() {
            if super::types::qualified_name(metatype) == "enum.EnumType" {
                return true;
            }
            metatype = (*metatype).tp_base;
        }
        false
    }
}

/// Whether a C type is a `collections.deque` whose items can be read.
///
/// # Safety
/// As for [`parts_of`].
pub unsafe fn is_deque(base: *mut PyTypeObject) -> bool {
    // SAFETY: passed on.
    unsafe {
        type_name(base) == c"collections.deque"
            && without_exception(|| crate::selfcheck::knows_deques(base))
    }
}

unsafe fn type_name<'a>(type_: *mut PyTypeObject) -> &'a CStr {
    // SAFETY: the name of a type is a C string that lives as long as it.
    unsafe { CStr::from_ptr((*type_).tp_name) }
}

/// What a class's own dict holds under a name; the class keeps it alive.
unsafe fn own_attribute(class: *mut PyTypeObject, name: &CStr) -> Option<*mut PyObject> {
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
unsafe fn reader_of(type_: *mut PyTypeObject, name: &CStr) -> Option<Reader> {
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
unsafe fn init_argument(type_: *mut PyTypeObject, at: usize) -> Option<Reader> {
    // SAFETY: follows the exact type of the descriptor.
    unsafe {
        let descriptor = own_attribute(type_, c"__getinitargs__")?;
        if Py_TYPE(descriptor) != &raw mut PyMethodDescr_Type {
            return None;
        }
        let definition = (*descriptor.cast::<PyMethodDescrObject>()).d_method;
        let takes_nothing = (*definition).ml_flags == METH_NOARGS;
        takes_nothing.then(|| Reader::Method((*definition).ml_meth.PyCFunction, at))
    }
}
