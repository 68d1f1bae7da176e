//! What the recorder knows about each type it meets: how its instances are read.
//!
//! Types are compared by address, and addresses of dead types come back, so each use checks that
//! the facts still fit ([`TypeInfo::fits`]).

use super::Adapter;
use super::base_value::BaseValue;
use super::buffers::Exporter;
use super::dicts;
use super::fields::{self, Field};
use super::files;
use super::known;
use super::named_tuples;
use super::names::Names;
use crate::effects::{self, is_made_by_class_statement};
use crate::layout;
use crate::parts;
use pyo3_ffi::*;
use rustc_hash::FxHashMap;
use spacetime_store::ring::RingWriter;
use spacetime_store::stream::{Kind, fidelity, type_flag};
use std::ffi::CStr;

/// How instances of a type are read.
pub struct TypeInfo {
    type_: *mut PyTypeObject,
    /// Tells when a class is gone: a weak reference (owned), or null for types that never go.
    life: *mut PyWeakReference,
    /// What the instances are.
    pub kind: Kind,
    /// The type's name in the stream.
    pub name: u32,
    /// Bits of [`type_flag`].
    pub flags: u64,
    /// `__slots__` and what C code keeps.
    pub fields: Vec<Field>,
    /// Reading a field calls nothing: see [`Field::is_in_place`].
    pub is_read_in_place: bool,
    /// What instances have besides items is the same for all of them.
    pub has_constant_parts: bool,
    /// How the attributes that are not fields are kept.
    pub storage: Storage,
    /// The value of an instance that has one instead of items.
    pub base_value: Option<BaseValue>,
    /// The memory of an instance that has some.
    pub exporter: Option<Exporter>,
    /// What there is besides: nothing, or a code of [`fidelity`].
    pub fidelity: u8,
    /// Neither a field nor the base value of an instance ever changes, and it has nothing else.
    pub is_immutable: bool,
    /// Names of the shared keys, in their order, as far as they were needed.
    pub shared_names: Vec<u32>,
    /// See [`effects::renames_mutators`].
    pub renames_mutators: bool,
    /// An `io.FileIO`: which of them have a value, each tells itself.
    pub is_raw_file: bool,
    /// A file that reads ahead of another one, its first field.
    pub reads_ahead: bool,
    /// What is asked in place of reading instances.
    pub adapter: Option<Adapter>,
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
    /// A function: closure, defaults and a dict, or the object that it is bound to.
    Function,
}

impl TypeInfo {
    /// Whether these facts are about this type rather than about a dead one at its address.
    #[inline]
    fn fits(&self, type_: *mut PyTypeObject) -> bool {
        self.type_ == type_ && !self.is_gone()
    }

    /// Whether the type is dead, so that another may be at its address.
    #[inline]
    pub fn is_gone(&self) -> bool {
        // SAFETY: the weak reference is ours; its first field is what it refers to, until that dies.
        !self.life.is_null() && unsafe { (*self.life).wr_object } != self.type_.cast()
    }

    /// Whether C code may change instances out of sight.
    #[inline]
    pub fn is_volatile(&self) -> bool {
        self.exporter.is_some_and(Exporter::is_volatile)
            || self.fields.iter().any(Field::is_of_file)
    }

    /// Whether instances may have attributes.
    #[inline]
    pub fn has_attributes(&self) -> bool {
        self.storage != Storage::None || !self.fields.is_empty()
    }
}

/// Types whose instances the user does not want to be read.
#[derive(Default)]
pub struct Ignored {
    /// Kept alive by the caller.
    pub types: Vec<*mut PyTypeObject>,
    /// Full names, for those of which no type is at hand.
    pub names: Vec<String>,
}

impl Ignored {
    unsafe fn has(&self, type_: *mut PyTypeObject) -> bool {
        // SAFETY: all are live types.
        unsafe {
            self.types
                .iter()
                .any(|&ignored| PyType_IsSubtype(type_, ignored) != 0)
                || !self.names.is_empty()
                    && layout::line_of_bases(type_)
                        .iter()
                        .any(|&base| self.names.contains(&qualified_name(base.cast())))
        }
    }
}

/// All types met.
pub struct Types {
    infos: Vec<TypeInfo>,
    /// Of what [`named_parts`] gives.
    function_names: [*mut PyObject; 5],
    by_address: FxHashMap<usize, u32>,
    ignored: Ignored,
    /// Of two for one type the later counts.
    adapters: Vec<Adapter>,
}

impl Types {
    /// No types yet. The GIL must be held.
    pub fn new(ignored: Ignored) -> Types {
        let names = [
            c"__self__",
            c"__defaults__",
            c"__kwdefaults__",
            c"__code__",
            c"__globals__",
        ];
        Types {
            infos: Vec::new(),
            // SAFETY: the GIL is held; the names are kept for good.
            function_names: names.map(|name| unsafe { PyUnicode_InternFromString(name.as_ptr()) }),
            by_address: FxHashMap::default(),
            ignored,
            adapters: Vec::new(),
        }
    }

    /// From now on instances of the adapter's type are asked: what is known of types is out of date.
    pub fn add_adapter(&mut self, adapter: Adapter) {
        self.adapters.push(adapter);
        self.by_address.clear();
    }

    /// Forgets all types: their names have numbers of one session.
    ///
    /// # Safety
    /// The GIL must be held.
    pub unsafe fn forget(&mut self) {
        for info in self.infos.drain(..) {
            // SAFETY: our own reference; a weak reference without a callback has no finaliser.
            unsafe { Py_XDECREF(info.life.cast()) };
        }
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
            && self.infos[index as usize].fits(type_)
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

    /// What a function holds, as names and values: free variables, defaults and attributes; of one
    /// written in C the object that it is bound to.
    ///
    /// # Safety
    /// `function` must be a live function, with the GIL held.
    pub unsafe fn push_function_parts(
        &self,
        function: *mut PyObject,
        live: &mut impl Extend<*mut PyObject>,
    ) {
        // SAFETY: passed on; the closure of a function has a cell for each free variable of its code.
        unsafe {
            let closure = closure_of(function);
            if !closure.is_empty() {
                let code = (*function.cast::<PyFunctionObject>()).func_code;
                for (&name, &cell) in parts::free_names(code).iter().zip(closure) {
                    live.extend([name, cell]);
                }
            }
            for (name, part) in self.function_names.into_iter().zip(named_parts(function)) {
                if !part.is_null() {
                    live.extend([name, part]);
                }
            }
            if let Some(dict) = dict_of_function(function) {
                dicts::for_each_entry(dict, |key, item| live.extend([key, item]));
            }
        }
    }

    /// Whether a function holds what [`Types::push_function_parts`] gave earlier, without copying.
    ///
    /// # Safety
    /// As there.
    pub unsafe fn function_parts_are(
        &self,
        function: *mut PyObject,
        mut known: &[*mut PyObject],
    ) -> bool {
        let mut next_is = |part: *mut PyObject| match known {
            [_, first, rest @ ..] => {
                let is_same = *first == part;
                known = rest;
                is_same
            }
            _ => false,
        };
        // SAFETY: as there.
        unsafe {
            let named = named_parts(function)
                .into_iter()
                .filter(|part| !part.is_null());
            let mut parts = closure_of(function).iter().copied().chain(named);
            if !parts.all(&mut next_is) {
                return false;
            }
            match dict_of_function(function) {
                Some(dict) => dicts::equals_pairs(dict, known),
                None => known.is_empty(),
            }
        }
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
            let base = first_c_base(type_);
            let python_class = base != type_;
            let flags = (*type_).tp_flags;
            let mut info = TypeInfo {
                type_,
                life: life_of(type_),
                kind: kind_of(base, flags),
                name: names.id_of(&qualified_name(type_), sink),
                flags: match python_class || is_static_subclass(type_) {
                    true => type_flag::SUBCLASS,
                    false => 0,
                },
                fields: Vec::new(),
                is_read_in_place: true,
                has_constant_parts: true,
                storage: Storage::None,
                base_value: None,
                exporter: None,
                fidelity: fidelity::EXACT,
                is_immutable: false,
                shared_names: Vec::new(),
                renames_mutators: effects::renames_mutators(type_),
                is_raw_file: false,
                reads_ahead: false,
                adapter: None,
            };
            if self.ignored.has(type_) {
                (info.kind, info.fidelity) = (Kind::Opaque, fidelity::EXCLUDED);
                return info;
            }
            info.adapter = self.adapter_of(type_);
            if info.adapter.is_some() {
                info.kind = Kind::Adapted;
                return info;
            }
            let mut number_of = |name: &str| names.id_of(name, sink);
            if flags & Py_TPFLAGS_BASE_EXC_SUBCLASS != 0 {
                info.kind = Kind::Instance;
                info.storage = storage_of(type_, flags);
                add_exception_fields(type_, &mut info.fields, &mut number_of);
            } else {
                add_c_parts(type_, base, &mut info, &mut number_of);
            }
            if python_class {
                info.storage = storage_of(type_, flags);
                add_slots(type_, &mut info.fields, &mut number_of);
            }
            if info.kind == Kind::Tuple
                && let Some(fields) = named_tuples::tuple_fields(type_)
            {
                let name = number_of("_fields");
                info.fields.push(Field::constant(name, fields));
            }
            if type_ == &raw mut PyFunction_Type || is_c_function(type_) {
                info.storage = Storage::Function;
            }
            info.is_read_in_place = info.fields.iter().all(Field::is_in_place);
            info.has_constant_parts =
                info.storage == Storage::None && info.fields.iter().all(Field::is_constant);
            info.is_immutable &= info.storage == Storage::None && !python_class;
            info
        }
    }

    /// The adapter of a type: its own, or that of the nearest base.
    unsafe fn adapter_of(&self, type_: *mut PyTypeObject) -> Option<Adapter> {
        if self.adapters.is_empty() {
            return None;
        }
        // SAFETY: it is a live type.
        let bases = unsafe { layout::line_of_bases(type_) };
        bases.iter().find_map(|&base| {
            let latest_first = self.adapters.iter().rev();
            { latest_first }
                .find(|adapter| adapter.type_ == base.cast())
                .copied()
        })
    }
}

/// The first type up the line of bases that is not made by a class statement.
///
/// # Safety
/// `type_` must be a live type.
pub unsafe fn first_c_base(type_: *mut PyTypeObject) -> *mut PyTypeObject {
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

/// The cells of a function.
unsafe fn closure_of<'a>(function: *mut PyObject) -> &'a [*mut PyObject] {
    // SAFETY: passed on; a closure is a tuple.
    unsafe {
        match PyCFunction_Check(function) {
            0 => match (*function.cast::<PyFunctionObject>()).func_closure {
                closure if closure.is_null() => &[],
                closure => layout::tuple_items(closure),
            },
            _ => &[],
        }
    }
}

/// The object that a function is bound to, and its defaults, by position and by name; of a function that
/// is of no module, so that no import leads to it, the code and the globals. Null where there are none.
unsafe fn named_parts(function: *mut PyObject) -> [*mut PyObject; 5] {
    let none = std::ptr::null_mut();
    // SAFETY: each branch follows the type.
    unsafe {
        if PyCFunction_Check(function) == 0 {
            let function = function.cast::<PyFunctionObject>();
            let module = (*function).func_module;
            let (code, globals) = match module.is_null() || module == Py_None() {
                true => ((*function).func_code, (*function).func_globals),
                false => (none, none),
            };
            let (defaults, by_name) = ((*function).func_defaults, (*function).func_kwdefaults);
            return [none, defaults, by_name, code, globals];
        }
        let owner = (*function.cast::<PyCFunctionObject>()).m_self;
        let is_bound = !owner.is_null() && PyModule_Check(owner) == 0 && PyType_Check(owner) == 0;
        [if is_bound { owner } else { none }, none, none, none, none]
    }
}

/// What tells a function from another one at its address; null for descriptors.
///
/// # Safety
/// `function` must be a live object whose entry is a function.
pub(super) unsafe fn code_of_function(function: *mut PyObject) -> *const () {
    // SAFETY: each branch follows the type.
    unsafe {
        if Py_TYPE(function) == &raw mut PyFunction_Type {
            (*function.cast::<PyFunctionObject>()).func_code.cast()
        } else if PyCFunction_Check(function) != 0 {
            (*function.cast::<PyCFunctionObject>()).m_ml.cast()
        } else {
            std::ptr::null()
        }
    }
}

/// The dict of a function, if it has one.
///
/// # Safety
/// `function` must be a live function, of Python or C.
pub(super) unsafe fn dict_of_function(function: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: follows the type.
    unsafe {
        if PyCFunction_Check(function) != 0 {
            return None;
        }
        let dict = (*function.cast::<PyFunctionObject>()).func_dict;
        (!dict.is_null()).then_some(dict)
    }
}

/// Says of what the instances of a type are made in C: parts, a value, or what nobody can tell.
unsafe fn add_c_parts(
    type_: *mut PyTypeObject,
    base: *mut PyTypeObject,
    info: &mut TypeInfo,
    number_of: &mut impl FnMut(&str) -> u32,
) {
    // SAFETY: both are live types.
    unsafe {
        let parts = known::parts_of(base, number_of);
        if info.kind == Kind::Opaque {
            info.base_value = BaseValue::of(base);
            info.exporter = Exporter::of(base);
        }
        let is_plain = known::adds_nothing(base);
        let is_instance = parts.is_some() || info.base_value.is_some() || is_plain || type_ != base;
        let is_whole = match &parts {
            Some(parts) => parts.is_complete,
            None => info.base_value.is_some() || is_plain || info.kind != Kind::Opaque,
        };
        if info.kind == Kind::Opaque && is_instance {
            info.kind = match info.exporter {
                Some(_) => Kind::Buffer,
                None if known::is_enum(type_) => Kind::Enum,
                None => Kind::Instance,
            };
        }
        info.is_immutable = parts.as_ref().is_none_or(|parts| parts.is_immutable);
        if let Some(parts) = parts {
            info.storage = storage_of(type_, (*type_).tp_flags);
            info.fields = parts.fields;
        }
        info.fidelity = match is_whole {
            // Files are iterators too.
            _ if known::is_live(base) && !info.is_volatile() => fidelity::LIVE,
            true => fidelity::EXACT,
            false => fidelity::OPAQUE,
        };
        info.is_raw_file = files::is_raw_file(base);
        info.reads_ahead = !info.is_raw_file && info.fields.iter().any(Field::is_of_file);
    }
}

/// Adds what every exception keeps, and what those written in C keep besides.
///
/// # Safety
/// `type_` must be a live type, with the GIL held.
pub(super) unsafe fn add_exception_fields(
    type_: *mut PyTypeObject,
    fields: &mut Vec<Field>,
    number_of: &mut impl FnMut(&str) -> u32,
) {
    // Offsets in PyBaseExceptionObject.
    fields.push(Field::at(number_of("args"), 24));
    fields.push(Field::traceback(number_of("__traceback__"), 40));
    fields.push(Field::at(number_of("__context__"), 48));
    fields.push(Field::at(number_of("__cause__"), 56));
    fields.push(Field::flag(number_of("__suppress_context__"), 64));
    // SAFETY: passed on.
    unsafe { fields::add_members(type_, fields, number_of) };
}

/// Adds the `__slots__` of a class and its bases, outermost base first.
///
/// # Safety
/// `type_` must be a live type, with the GIL held.
pub(super) unsafe fn add_slots(
    type_: *mut PyTypeObject,
    fields: &mut Vec<Field>,
    number_of: &mut impl FnMut(&str) -> u32,
) {
    // SAFETY: a heap type's `tp_members` ends with an entry without name.
    unsafe {
        if (*type_).tp_flags & Py_TPFLAGS_HEAPTYPE == 0 || !is_made_by_class_statement(type_) {
            return;
        }
        if !(*type_).tp_base.is_null() {
            add_slots((*type_).tp_base, fields, number_of);
        }
        let mut member = (*type_).tp_members;
        while !member.is_null() && !(*member).name.is_null() {
            if (*member).type_code == fields::OBJECT_FIELD {
                let name = CStr::from_ptr((*member).name).to_string_lossy();
                fields.push(Field::at(number_of(&name), (*member).offset as usize));
            }
            member = member.add(1);
        }
    }
}

/// A weak reference to a class, the one by which its bases know it; null for static types.
unsafe fn life_of(type_: *mut PyTypeObject) -> *mut PyWeakReference {
    // SAFETY: `type_` is a live type. Making a reference runs no code.
    unsafe {
        if (*type_).tp_flags & Py_TPFLAGS_HEAPTYPE == 0 {
            return std::ptr::null_mut();
        }
        let life = PyWeakref_NewRef(type_.cast(), std::ptr::null_mut());
        if life.is_null() {
            PyErr_Clear();
        }
        life.cast()
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
unsafe fn kind_of(base: *mut PyTypeObject, flags: u64) -> Kind {
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
    } else if base == &raw mut PyFunction_Type || is_c_function(base) || is_descriptor(base) {
        Kind::Function
    } else if base == &raw mut PyModule_Type {
        Kind::Module
    // SAFETY: passed on.
    } else if unsafe { known::is_deque(base) } {
        Kind::Deque
    } else {
        Kind::Opaque
    }
}

/// Whether objects of a type are functions written in C, of those too that are given their class.
fn is_c_function(type_: *mut PyTypeObject) -> bool {
    // SAFETY: both are live types.
    unsafe { PyType_IsSubtype(type_, &raw mut PyCFunction_Type) != 0 }
}

/// Whether objects of a type are attributes that a class written in C gives its instances.
pub fn is_descriptor(type_: *mut PyTypeObject) -> bool {
    [
        &raw mut PyMethodDescr_Type,
        &raw mut PyClassMethodDescr_Type,
        &raw mut PyWrapperDescr_Type,
        &raw mut PyGetSetDescr_Type,
        &raw mut PyMemberDescr_Type,
    ]
    .contains(&type_)
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
