//! What calls of C functions may change.
//!
//! C code is trusted by name: a C function changes a tracked container only if its name is in
//! [`MUTATORS`], and then only the object it is bound to or its first argument. Python functions
//! need no entry: their code has sites of its own. What is neither is unknown, and everything is
//! compared after it.

use crate::layout;
use pyo3_ffi::*;
use std::ffi::CStr;

unsafe extern "C" {
    /// The type of bound methods of Python functions.
    static mut PyMethod_Type: PyTypeObject;
    /// Finds a name along the bases of a type (borrowed); runs no code and raises nothing.
    fn _PyType_Lookup(type_: *mut PyTypeObject, name: *mut PyObject) -> *mut PyObject;
}

/// Names of C functions and methods that change their receiver or first argument.
pub const MUTATORS: &[&str] = &[
    "__delattr__",
    "__delitem__",
    "__iadd__",
    "__iand__",
    "__imul__",
    "__init__",
    "__ior__",
    "__isub__",
    "__ixor__",
    "__missing__",
    "__setattr__",
    "__setitem__",
    "__setstate__",
    "_heapify_max",
    "_heappop_max",
    "_heapreplace_max",
    "add",
    "append",
    "appendleft",
    "byteswap",
    "clear",
    "delattr",
    "delitem",
    "difference_update",
    "discard",
    "extend",
    "extendleft",
    "fill",
    "frombytes",
    "fromfile",
    "fromlist",
    "fromunicode",
    "heapify",
    "heappop",
    "heappush",
    "heappushpop",
    "heapreplace",
    "iadd",
    "iand",
    "iconcat",
    "imul",
    "insert",
    "insort",
    "insort_left",
    "insort_right",
    "intersection_update",
    "ior",
    "isub",
    "itruediv",
    "ixor",
    "move_to_end",
    "pop",
    "popitem",
    "popleft",
    "remove",
    "reverse",
    "rotate",
    "setattr",
    "setdefault",
    "setitem",
    "shuffle",
    "sort",
    "symmetric_difference_update",
    "update",
];

/// Names of C functions that change what another argument refers to, or that make a generator let its
/// variables go.
pub const CHANGES_OTHERS: &[&str] = &[
    "__delete__",
    "__set__",
    "close",
    "load",
    "loads",
    "memmove",
    "memset",
    "pack_into",
    "preadv",
    "readinto",
    "readinto1",
    "readv",
    "recv_into",
    "recvfrom_into",
    "recvmsg_into",
    "throw",
];

/// The C function that gives out methods of its argument.
const GETATTR: &str = "getattr";

/// C types whose instances, when called, only run code that is noticed by itself.
const CALLABLES_IN_PYTHON: &[&str] = &["_lru_cache_wrapper", "itemgetter"];

/// Names of C functions and types that call an argument, now or later, from C.
const CALLS_ARGUMENT: &[&str] = &[
    "_lru_cache_wrapper",
    "accumulate",
    "call",
    "cmp_to_key",
    "defaultdict",
    "dropwhile",
    "filter",
    "filterfalse",
    "groupby",
    "iter",
    "map",
    "max",
    "method",
    "min",
    "partial",
    "property",
    "reduce",
    "register",
    "run",
    "sort",
    "sorted",
    "starmap",
    "sub",
    "subn",
    "takewhile",
];

/// Whether a C function of this name changes something.
pub fn is_mutator(name: &str) -> bool {
    MUTATORS.binary_search(&name).is_ok()
}

/// What a call changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// Nothing by C code alone.
    None,
    /// This object.
    Changes(*mut PyObject),
    /// Nothing yet, but a C method that changes this object is now a value that C code may call unseen.
    Exposes(*mut PyObject),
    /// The same for a C function that changes whatever it is called with.
    ExposesAll,
    /// It cannot be told.
    Unknown,
}

impl Effect {
    /// Both effects together.
    fn and(self, other: Effect) -> Effect {
        match (self, other) {
            (effect, Effect::None) | (Effect::None, effect) => effect,
            (one, another) if one == another => one,
            // Where everything is exposed, everything is compared.
            _ => Effect::ExposesAll,
        }
    }
}

/// What something is called with, as far as it is known.
#[derive(Clone, Copy)]
pub struct Arguments<'a> {
    /// `self`, if it is not part of the callable, or null.
    pub bound: *mut PyObject,
    /// What is given, by position and by name.
    pub given: &'a [*mut PyObject],
}

impl Arguments<'_> {
    /// Nothing is known.
    pub const UNKNOWN: Arguments<'static> = Arguments {
        bound: std::ptr::null_mut(),
        given: &[],
    };

    fn at(self, position: usize) -> *mut PyObject {
        self.given
            .get(position)
            .copied()
            .unwrap_or(std::ptr::null_mut())
    }

    /// What a C function changes, if it does.
    fn receiver(self) -> *mut PyObject {
        match self.bound.is_null() {
            true => self.at(0),
            false => self.bound,
        }
    }
}

/// The effect of calling an object.
///
/// # Safety
/// The callee and all arguments must be null or live objects, with the GIL held.
pub unsafe fn of_call(callee: *mut PyObject, arguments: Arguments) -> Effect {
    // SAFETY: each branch follows the exact type.
    unsafe {
        if callee.is_null() {
            return Effect::Unknown;
        }
        let type_ = Py_TYPE(callee);
        if type_ == &raw mut PyFunction_Type {
            return Effect::None;
        }
        if type_ == &raw mut PyMethod_Type {
            let (function, bound) = method_parts(callee);
            let given = arguments.given;
            return of_call(function, Arguments { bound, given });
        }
        let effect = of_calling_c(callee, arguments);
        let handed_over = arguments
            .given
            .iter()
            .map(|&object| of_handing_over(object));
        handed_over.fold(effect, Effect::and)
    }
}

/// The effect of calling an object that is not a Python function, whatever it is given to call.
unsafe fn of_calling_c(callee: *mut PyObject, arguments: Arguments) -> Effect {
    // SAFETY: each branch follows the exact type.
    unsafe {
        if PyType_Check(callee) != 0 {
            return Effect::None;
        }
        let type_ = Py_TYPE(callee);
        let receiver = arguments.receiver();
        if PyCFunction_Check(callee) != 0 {
            let (name, owner) = function_parts(callee);
            return match owner.is_null() {
                true if name == GETATTR => of_giving_method(arguments.at(0), arguments.at(1)),
                true => named(name, receiver),
                false => named(name, owner),
            };
        }
        if type_ == &raw mut PyMethodDescr_Type {
            return named(descriptor_name(callee), receiver);
        }
        if type_ == &raw mut PyWrapperDescr_Type || type_ == &raw mut PyClassMethodDescr_Type {
            return of_wrapper(callee, arguments.at(0), arguments);
        }
        if bare_name(type_) == METHOD_WRAPPER {
            let (wrapper, bound) = wrapper_parts(callee);
            return of_wrapper(wrapper, bound, arguments);
        }
        // An instance whose `__call__` is Python; other C callables may reach anything.
        let flags = (*type_).tp_flags;
        match flags & Py_TPFLAGS_HEAPTYPE != 0 && (*type_).tp_call.is_some() {
            true if has_python_call(type_) => Effect::None,
            _ if CALLABLES_IN_PYTHON.contains(&bare_name(type_)) => Effect::None,
            _ => Effect::Unknown,
        }
    }
}

/// The effect of calling a special method of a C type (`list.__setitem__`) with an object.
unsafe fn of_wrapper(wrapper: *mut PyObject, bound: *mut PyObject, arguments: Arguments) -> Effect {
    // SAFETY: passed on; the name of a descriptor is a str.
    unsafe {
        match super::heap::names::text_of((*wrapper.cast::<PyDescrObject>()).d_name).as_deref() {
            Some("__call__") if bound == arguments.at(0) => Effect::Unknown,
            Some("__call__") => of_call(bound, arguments),
            Some(name) => named(name, bound),
            None => Effect::Unknown,
        }
    }
}

/// Whether the effect of calling this C callable depends on what it is called with: it calls an
/// argument, or makes a method a value.
///
/// # Safety
/// `callee` must be null or a live object, with the GIL held.
pub unsafe fn depends_on_arguments(callee: *mut PyObject) -> bool {
    // SAFETY: each branch follows the exact type.
    unsafe {
        if callee.is_null() {
            return true;
        }
        let name = match PyCFunction_Check(callee) {
            0 if PyType_Check(callee) != 0 => bare_name(callee.cast()),
            0 => return false,
            _ => function_parts(callee).0,
        };
        calls_argument(name) || name == GETATTR
    }
}

fn calls_argument(name: &str) -> bool {
    CALLS_ARGUMENT.contains(&name)
}

/// A name in C; one that is not UTF-8 is in no table.
unsafe fn c_name<'a>(name: *const std::ffi::c_char) -> &'a str {
    // SAFETY: names of C functions and types live as long as those.
    unsafe { CStr::from_ptr(name) }.to_str().unwrap_or("?")
}

/// The name of a type without its module.
unsafe fn bare_name<'a>(type_: *mut PyTypeObject) -> &'a str {
    // SAFETY: passed on.
    let name = unsafe { c_name((*type_).tp_name) };
    name.rsplit('.').next().unwrap_or(name)
}

/// `im_func` and `im_self` of a bound method.
unsafe fn method_parts(method: *mut PyObject) -> (*mut PyObject, *mut PyObject) {
    // SAFETY: `PyMethodObject` begins with them.
    unsafe {
        (
            layout::field(method.cast(), 16),
            layout::field(method.cast(), 24),
        )
    }
}

/// The name of a C function and the object it is bound to, null for functions of modules.
unsafe fn function_parts<'a>(function: *mut PyObject) -> (&'a str, *mut PyObject) {
    // SAFETY: passed on.
    unsafe {
        let function = function.cast::<PyCFunctionObject>();
        let owner = (*function).m_self;
        let is_method = !owner.is_null() && PyModule_Check(owner) == 0;
        let owner = if is_method {
            owner
        } else {
            std::ptr::null_mut()
        };
        (c_name((*(*function).m_ml).ml_name), owner)
    }
}

/// The type of special methods of C types that are bound to an object (`xs.__setitem__`).
const METHOD_WRAPPER: &str = "method-wrapper";

/// The descriptor of such a method and the object it is bound to.
unsafe fn wrapper_parts(method: *mut PyObject) -> (*mut PyObject, *mut PyObject) {
    // SAFETY: `wrapperobject` begins with them.
    unsafe {
        (
            layout::field(method.cast(), 16),
            layout::field(method.cast(), 24),
        )
    }
}

/// The name of a C method that is not bound.
unsafe fn descriptor_name<'a>(descriptor: *mut PyObject) -> &'a str {
    // SAFETY: passed on.
    unsafe { c_name((*(*descriptor.cast::<PyMethodDescrObject>()).d_method).ml_name) }
}

/// The effect of making a value of the object's attribute of this name. Functions that are not bound
/// are no concern before they are called or handed over.
///
/// # Safety
/// `receiver` must be null or a live object, `name` null or a live object.
pub unsafe fn of_giving_method(receiver: *mut PyObject, name: *mut PyObject) -> Effect {
    // SAFETY: passed on; names that are looked up are exact str.
    unsafe {
        if receiver.is_null() || PyType_Check(receiver) != 0 || PyModule_Check(receiver) != 0 {
            return Effect::None;
        }
        if name.is_null() || Py_TYPE(name) != &raw mut PyUnicode_Type {
            return Effect::Exposes(receiver);
        }
        if !super::heap::names::text_of(name).is_some_and(|name| is_mutator(&name)) {
            return Effect::None;
        }
        // `super()` may find the method of a C base below one in Python.
        let type_ = Py_TYPE(receiver);
        let mut c_base = type_;
        while is_made_by_class_statement(c_base) && !(*c_base).tp_base.is_null() {
            c_base = (*c_base).tp_base;
        }
        let found = [type_, c_base].map(|type_| _PyType_Lookup(type_, name));
        match found.into_iter().any(|attribute| is_c_method(attribute)) {
            true => Effect::Exposes(receiver),
            false => Effect::None,
        }
    }
}

unsafe fn is_c_method(attribute: *mut PyObject) -> bool {
    // SAFETY: reads the type.
    unsafe {
        !attribute.is_null()
            && (Py_TYPE(attribute) == &raw mut PyMethodDescr_Type
                || Py_TYPE(attribute) == &raw mut PyWrapperDescr_Type)
    }
}

/// Names under which a C method in a class is called by instructions that are looked at anyway.
const SEEN_BY_NAME: &[&str] = &[
    "__delattr__",
    "__delitem__",
    "__init__",
    "__missing__",
    "__setattr__",
    "__setitem__",
];

/// Whether a class gives a C function that changes something another name, so that calls of it are
/// not known for what they are (`push = list.append`, `top = property(list.pop)`).
///
/// # Safety
/// `class` must be a live type, with the GIL held.
pub unsafe fn renames_mutators(class: *mut PyTypeObject) -> bool {
    // SAFETY: walks over the dicts of classes made by class statements, whose keys are str.
    unsafe {
        let classes = layout::tuple_items((*class).tp_mro);
        let mut classes = classes.iter().map(|&base| base.cast::<PyTypeObject>());
        classes.any(|base| {
            if !is_made_by_class_statement(base) {
                return false;
            }
            let (mut position, mut key, mut attribute) =
                (0, std::ptr::null_mut(), std::ptr::null_mut());
            while PyDict_Next((*base).tp_dict, &mut position, &mut key, &mut attribute) != 0 {
                if is_renamed_mutator(key, attribute) {
                    return true;
                }
            }
            false
        })
    }
}

unsafe fn is_renamed_mutator(key: *mut PyObject, attribute: *mut PyObject) -> bool {
    // SAFETY: each branch follows the exact type.
    unsafe {
        let type_ = Py_TYPE(attribute);
        if type_ == &raw mut PyProperty_Type {
            let accessors = layout::property_accessors(attribute);
            return accessors
                .iter()
                .any(|&f| of_handing_over(f) != Effect::None);
        }
        let name = if PyCFunction_Check(attribute) != 0 {
            function_parts(attribute).0.to_owned()
        } else if is_c_method(attribute) {
            let name = (*attribute.cast::<PyDescrObject>()).d_name;
            super::heap::names::text_of(name).unwrap_or_default()
        } else {
            return false;
        };
        let key = super::heap::names::text_of(key).unwrap_or_default();
        !is_harmless(&name) && key != name && !SEEN_BY_NAME.contains(&key.as_str())
    }
}

/// The address of the object that a value changes when it is called, if it is a C method bound to one.
///
/// # Safety
/// `object` must be alive, with the GIL held.
pub unsafe fn receiver_of_method(object: *mut PyObject) -> Option<usize> {
    // SAFETY: each branch follows the exact type.
    unsafe {
        if PyCFunction_Check(object) != 0 {
            let (name, owner) = function_parts(object);
            return (!owner.is_null() && !is_harmless(name)).then_some(owner as usize);
        }
        // `self` of a wrapper bound to it (`xs.__setitem__`).
        (bare_name(Py_TYPE(object)) == METHOD_WRAPPER).then(|| wrapper_parts(object).1 as usize)
    }
}

/// The effect of handing something to C code that calls it, now or later.
unsafe fn of_handing_over(object: *mut PyObject) -> Effect {
    // SAFETY: each branch follows the exact type.
    unsafe {
        if object.is_null() {
            return Effect::None;
        }
        let type_ = Py_TYPE(object);
        if (*type_).tp_call.is_none()
            || type_ == &raw mut PyFunction_Type
            || PyType_Check(object) != 0
        {
            return Effect::None;
        }
        if PyCFunction_Check(object) != 0 {
            return match function_parts(object) {
                (name, _) if is_harmless(name) => Effect::None,
                (_, owner) if owner.is_null() => Effect::ExposesAll,
                (_, owner) => Effect::Exposes(owner),
            };
        }
        if type_ == &raw mut PyMethod_Type {
            let (function, bound) = method_parts(object);
            return match of_handing_over(function) {
                Effect::ExposesAll if is_c_method(function) => Effect::Exposes(bound),
                effect => effect,
            };
        }
        if bare_name(type_) == METHOD_WRAPPER {
            return Effect::Exposes(wrapper_parts(object).1);
        }
        let is_harmless = match is_c_method(object) {
            true => type_ == &raw mut PyMethodDescr_Type && is_harmless(descriptor_name(object)),
            false => !["attrgetter", "methodcaller", "partial"].contains(&bare_name(type_)),
        };
        match is_harmless {
            true => Effect::None,
            false => Effect::ExposesAll,
        }
    }
}

fn is_harmless(name: &str) -> bool {
    !is_mutator(name) && !CHANGES_OTHERS.contains(&name)
}

fn named(name: &str, receiver: *mut PyObject) -> Effect {
    match name {
        name if CHANGES_OTHERS.contains(&name) => Effect::Unknown,
        name if !is_mutator(name) => Effect::None,
        _ => Effect::Changes(receiver),
    }
}

/// What CPython puts into every class made by a class statement.
#[derive(Clone, Copy)]
struct PythonClassSlots {
    dealloc: destructor,
    call: ternaryfunc,
}

static PYTHON_CLASS_SLOTS: std::sync::OnceLock<PythonClassSlots> = std::sync::OnceLock::new();

/// Whether instances are called through a `__call__` in Python (`slot_tp_call`).
unsafe fn has_python_call(type_: *mut PyTypeObject) -> bool {
    // SAFETY: reads a slot of a live type.
    let call = unsafe { (*type_).tp_call };
    match (call, PYTHON_CLASS_SLOTS.get()) {
        (Some(call), Some(slots)) => std::ptr::fn_addr_eq(call, slots.call),
        _ => false,
    }
}

/// Whether a class was made by a class statement (`subtype_dealloc`).
///
/// # Safety
/// `type_` must be a live type.
pub unsafe fn is_made_by_class_statement(type_: *mut PyTypeObject) -> bool {
    // SAFETY: reads a slot of a live type.
    let dealloc = unsafe { (*type_).tp_dealloc };
    match (dealloc, PYTHON_CLASS_SLOTS.get()) {
        (Some(dealloc), Some(slots)) => std::ptr::fn_addr_eq(dealloc, slots.dealloc),
        _ => false,
    }
}

/// Learns from a class with a Python `__call__` how such classes are recognised.
///
/// # Safety
/// `class` must be a live class.
pub unsafe fn learn_python_class(class: *mut PyTypeObject) {
    // SAFETY: passed on.
    let (dealloc, call) = unsafe { ((*class).tp_dealloc, (*class).tp_call) };
    if let (Some(dealloc), Some(call)) = (dealloc, call) {
        PYTHON_CLASS_SLOTS.get_or_init(|| PythonClassSlots { dealloc, call });
    }
}

/// Whether calling a C method of this name needs a look.
pub fn may_matter(name: &str) -> bool {
    !is_harmless(name) || name == GETATTR || calls_argument(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_are_in_order() {
        assert!(MUTATORS.is_sorted());
        assert!(is_mutator("append") && !is_mutator("get"));
    }
}
