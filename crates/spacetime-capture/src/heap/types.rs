//! What the recorder knows about each type it meets: how its instances are read.
//!
//! Types are compared by address, and addresses of dead types come back, so each use checks that
//! the facts still fit ([`TypeInfo::fits`]).

use super::names::Names;
use crate::effects::{self, is_made_by_class_statement};
use crate::layout;
use pyo3_ffi::*;
use rustc_hash::FxHashMap;
use spacetime_store::ring::RingWriter;
use spacetime_store::stream::{Kind, type_flag};
use std::ffi::{CStr, c_char};

/// How instances of a type are read.
pub struct TypeInfo {
    type_: *mut PyTypeObject,
    tp_name: *const c_char,
    basic_size: isize,
    /// What the instances are.
    pub kind: Kind,
    /// The type's name in the stream.
    pub name: u32,
    /// Bits of [`type_flag`].
    pub flags: u64,
    /// `__slots__` and the fields of exceptions: name and offset.
    pub slots: Vec<(u32, usize)>,
    /// How the attributes are kept.
    pub storage: Storage,
    /// The instance also has state that only C code can read.
    pub hidden_state: bool,
    /// Names of the shared keys, in their order, as far as they were needed.
    pub shared_names: Vec<u32>,
    /// The user does not want the contents of the instances.
    pub is_excluded: bool,
    /// See [`effects::renames_mutators`].
    pub renames_mutators: bool,
}

/// Where instances of a type keep attributes that are not slots.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// They have none.
    None,
    /// In a managed dict or an array of values.
    Managed,
    /// In a dict at a fixed place.
    PlainDict,
}

impl TypeInfo {
    /// Whether these facts are about this type rather than about a dead one at its address.
    ///
    /// # Safety
    /// `type_` must be the type of a live object.
    #[inline]
    unsafe fn fits(&self, type_: *mut PyTypeObject) -> bool {
        // SAFETY: passed on.
        unsafe {
            self.type_ == type_
                && self.tp_name == (*type_).tp_name
                && self.basic_size == (*type_).tp_basicsize
        }
    }

    /// Whether instances may have attributes.
    #[inline]
    pub fn has_attributes(&self) -> bool {
        self.storage != Storage::None || !self.slots.is_empty()
    }
}

/// All types met.
pub struct Types {
    infos: Vec<TypeInfo>,
    by_address: FxHashMap<usize, u32>,
    /// Types whose instances the user does not want to be read.
    ignored: Vec<*mut PyTypeObject>,
}

impl Types {
    /// No types yet. The ignored types must be kept alive by the caller.
    pub fn new(ignored: Vec<*mut PyTypeObject>) -> Types {
        Types {
            infos: Vec::new(),
            by_address: FxHashMap::default(),
            ignored,
        }
    }

    /// Forgets all types: their names have numbers of one session.
    pub fn forget(&mut self) {
        self.infos.clear();
        self.by_address.clear();
    }

    /// The facts at an index that [`Types::index_of`] gave.
    #[inline]
    pub fn get(&self, index: u32) -> &TypeInfo {
        &self.infos[index as usize]
    }

    /// The index of the facts about a type, learned now if it is new.
    ///
    /// # Safety
    /// `type_` must be the type of a live object, with the GIL held.
    #[inline]
    pub unsafe fn index_of(
        &mut self,
        type_: *mut PyTypeObject,
        names: &mut Names,
        sink: &mut RingWriter,
    ) -> u32 {
        if let Some(&index) = self.by_address.get(&(type_ as usize))
            // SAFETY: passed on.
            && unsafe { self.infos[index as usize].fits(type_) }
        {
            return index;
        }
        // SAFETY: passed on.
        let info = unsafe { self.learn(type_, names, sink) };
        let index = self.infos.len() as u32;
        self.infos.push(info);
        self.by_address.insert(type_ as usize, index);
        index
    }

    /// The stream's name for the shared key at `key_index` of the type.
    ///
    /// # Safety
    /// The type must be alive and have that many shared keys.
    pub unsafe fn shared_name(
        &mut self,
        index: u32,
        key_index: usize,
        names: &mut Names,
        sink: &mut RingWriter,
    ) -> u32 {
        let info = &mut self.infos[index as usize];
        while info.shared_names.len() <= key_index {
            // SAFETY: the caller vouches for the keys.
            let name = unsafe {
                let keys = layout::SharedKeys::of(info.type_);
                keys.map_or(std::ptr::null_mut(), |keys| {
                    keys.name(info.shared_names.len())
                })
            };
            // SAFETY: shared keys are exact str.
            info.shared_names
                .push(unsafe { names.id_of_str(name, sink) });
        }
        info.shared_names[key_index]
    }

    unsafe fn learn(
        &self,
        type_: *mut PyTypeObject,
        names: &mut Names,
        sink: &mut RingWriter,
    ) -> TypeInfo {
        // SAFETY: `type_` is a live type.
        unsafe {
            let base = self.first_c_base(type_);
            let python_class = base != type_;
            let flags = (*type_).tp_flags;
            let mut info = TypeInfo {
                type_,
                tp_name: (*type_).tp_name,
                basic_size: (*type_).tp_basicsize,
                kind: kind_of(base, flags),
                name: names.id_of(&qualified_name(type_), sink),
                flags: match python_class || is_static_subclass(type_) {
                    true => type_flag::SUBCLASS,
                    false => 0,
                },
                slots: Vec::new(),
                storage: Storage::None,
                hidden_state: false,
                shared_names: Vec::new(),
                is_excluded: self.is_ignored(type_),
                renames_mutators: effects::renames_mutators(type_),
            };
            if info.is_excluded {
                info.kind = Kind::Opaque;
                return info;
            }
            let exception = flags & Py_TPFLAGS_BASE_EXC_SUBCLASS != 0;
            if exception {
                info.kind = Kind::Instance;
                // `args` of PyBaseExceptionObject.
                info.slots.push((names.id_of("args", sink), 24));
            }
            if python_class || exception {
                if info.kind == Kind::Opaque {
                    info.kind = Kind::Instance;
                    info.hidden_state = base != &raw mut PyBaseObject_Type;
                }
                info.storage = storage_of(type_, flags);
                self.add_slots(type_, &mut info.slots, names, sink);
            }
            info
        }
    }

    unsafe fn is_ignored(&self, type_: *mut PyTypeObject) -> bool {
        // SAFETY: both are live types.
        self.ignored
            .iter()
            .any(|&ignored| unsafe { PyType_IsSubtype(type_, ignored) != 0 })
    }

    /// The first type up the line of bases that is not made by a class statement.
    unsafe fn first_c_base(&self, type_: *mut PyTypeObject) -> *mut PyTypeObject {
        let mut base = type_;
        // SAFETY: bases of a live type are alive.
        unsafe {
            while (*base).tp_flags & Py_TPFLAGS_HEAPTYPE != 0
                && is_made_by_class_statement(base)
                && !(*base).tp_base.is_null()
            {
                base = (*base).tp_base;
            }
        }
        base
    }

    /// Adds the `__slots__` of a class and its bases, outermost base first.
    unsafe fn add_slots(
        &self,
        type_: *mut PyTypeObject,
        slots: &mut Vec<(u32, usize)>,
        names: &mut Names,
        sink: &mut RingWriter,
    ) {
        /// `Py_T_OBJECT_EX`: an object field that raises AttributeError when empty.
        const OBJECT_FIELD: i32 = 16;
        // SAFETY: a heap type's `tp_members` ends with an entry without name.
        unsafe {
            if (*type_).tp_flags & Py_TPFLAGS_HEAPTYPE == 0 || !is_made_by_class_statement(type_) {
                return;
            }
            if !(*type_).tp_base.is_null() {
                self.add_slots((*type_).tp_base, slots, names, sink);
            }
            let mut member = (*type_).tp_members;
            while !member.is_null() && !(*member).name.is_null() {
                if (*member).type_code == OBJECT_FIELD {
                    let name = CStr::from_ptr((*member).name).to_string_lossy();
                    slots.push((names.id_of(&name, sink), (*member).offset as usize));
                }
                member = member.add(1);
            }
        }
    }
}

unsafe fn storage_of(type_: *mut PyTypeObject, flags: u64) -> Storage {
    // SAFETY: `type_` is a live type.
    if flags & Py_TPFLAGS_MANAGED_DICT != 0 {
        Storage::Managed
    } else if unsafe { (*type_).tp_dictoffset } != 0 {
        Storage::PlainDict
    } else {
        Storage::None
    }
}

/// What instances of a type are, judged by its first base in C.
fn kind_of(base: *mut PyTypeObject, flags: u64) -> Kind {
    if flags & Py_TPFLAGS_TYPE_SUBCLASS != 0 {
        Kind::Class
    } else if base == &raw mut PyList_Type {
        Kind::List
    } else if base == &raw mut PyTuple_Type
            // `sys.version_info` and its like: static subclasses of tuple.
            || flags & Py_TPFLAGS_TUPLE_SUBCLASS != 0
    {
        Kind::Tuple
    } else if base == &raw mut PyDict_Type || flags & Py_TPFLAGS_DICT_SUBCLASS != 0 {
        Kind::Dict
    } else if base == &raw mut PySet_Type {
        Kind::Set
    } else if base == &raw mut PyFrozenSet_Type {
        Kind::FrozenSet
    } else if base == &raw mut PyByteArray_Type {
        Kind::ByteArray
    } else if base == &raw mut PyFunction_Type || base == &raw mut PyCFunction_Type {
        Kind::Function
    } else if base == &raw mut PyModule_Type {
        Kind::Module
    } else {
        Kind::Opaque
    }
}

/// Whether a type in C extends a builtin container, as `collections.defaultdict` does.
unsafe fn is_static_subclass(type_: *mut PyTypeObject) -> bool {
    // SAFETY: `type_` is a live type.
    unsafe {
        let container =
            Py_TPFLAGS_LIST_SUBCLASS | Py_TPFLAGS_TUPLE_SUBCLASS | Py_TPFLAGS_DICT_SUBCLASS;
        (*type_).tp_flags & container != 0 && (*type_).tp_base != &raw mut PyBaseObject_Type
    }
}

/// The qualified name of a type, without its module.
///
/// # Safety
/// `type_` must be a live type, with the GIL held.
pub unsafe fn qualname(type_: *mut PyTypeObject) -> String {
    // SAFETY: `tp_name` is a C string; the qualified name of a heap type is an exact str.
    unsafe {
        if (*type_).tp_flags & Py_TPFLAGS_HEAPTYPE != 0 {
            let name = super::names::text_of((*type_.cast::<PyHeapTypeObject>()).ht_qualname);
            return name.unwrap_or_default();
        }
        let name = CStr::from_ptr((*type_).tp_name).to_string_lossy();
        name.rsplit('.').next().unwrap_or_default().into()
    }
}

/// `module.qualname`, or the plain name for builtins.
///
/// # Safety
/// `type_` must be a live type, with the GIL held.
pub unsafe fn qualified_name(type_: *mut PyTypeObject) -> String {
    // SAFETY: `tp_name` is a C string; the fields of a heap type are exact str; the dict of a type
    // has str keys, so that looking up a str runs no code of the program.
    unsafe {
        let tp_name = || {
            CStr::from_ptr((*type_).tp_name)
                .to_string_lossy()
                .into_owned()
        };
        if (*type_).tp_flags & Py_TPFLAGS_HEAPTYPE == 0 {
            return tp_name();
        }
        let qualname = (*type_.cast::<PyHeapTypeObject>()).ht_qualname;
        let Some(qualname) = super::names::text_of(qualname) else {
            return tp_name();
        };
        let module = match (*type_).tp_dict.is_null() {
            true => None,
            false => super::names::text_of(PyDict_GetItemString(
                (*type_).tp_dict,
                c"__module__".as_ptr(),
            )),
        };
        match module.as_deref() {
            None | Some("builtins") => qualname,
            Some(module) => format!("{module}.{qualname}"),
        }
    }
}
