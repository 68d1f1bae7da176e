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
    "readinto",
    "readinto1",
    "recv_into",
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
    "close",
    "memmove",
    "memset",
    "pack_into",
    "recvfrom_into",
    "throw",
];

/// Names of C functions that may give out a method of their argument.
pub const GIVES_METHODS: &[&str] = &["attrgetter", "getattr", "methodcaller"];

/// Whether methods of the object that change it are in C: builtin containers and their like.
///
/// # Safety
/// `object` must be null or a live object.
pub unsafe fn has_c_mutators(object: *mut PyObject) -> bool {
    // SAFETY: reads the type.
    unsafe {
        !object.is_null()
            && !is_made_by_class_statement(Py_TYPE(object))
            && !is_text_or_number(object)
    }
}

/// Whether changing the object may change another one that is tracked: the dict of an instance, a
/// view of memory.
///
/// # Safety
/// `object` must be null or a live object.
pub unsafe fn may_be_part_of_another(object: *mut PyObject) -> bool {
    // SAFETY: reads the type.
    unsafe {
        !object.is_null()
            && (Py_TYPE(object) == &raw mut PyDict_Type
                || Py_TYPE(object) == &raw mut PyMemoryView_Type)
    }
}

unsafe fn is_text_or_number(object: *mut PyObject) -> bool {
    // SAFETY: reads the type and, of tuples, items.
    unsafe {
        crate::atoms::classify(object) != crate::atoms::Class::Object || PyModule_Check(object) != 0
    }
}

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
    /// Nothing yet, but a C method that changes an object is now a value that C code may call unseen.
    Escapes,
    /// It cannot be told.
    Unknown,
}

/// The effect of calling an object.
///
/// # Safety
/// All arguments must be null or live objects, with the GIL held.
pub unsafe fn of_call(
    callee: *mut PyObject,
    bound: *mut PyObject,
    first_argument: *mut PyObject,
) -> Effect {
    // SAFETY: each branch follows the exact type.
    unsafe {
        if callee.is_null() {
            return Effect::Unknown;
        }
        let type_ = Py_TYPE(callee);
        if type_ == &raw mut PyFunction_Type || PyType_Check(callee) != 0 {
            return Effect::None;
        }
        let receiver = if bound.is_null() {
            first_argument
        } else {
            bound
        };
        if type_ == &raw mut PyMethod_Type {
            // `im_func` and `im_self` of PyMethodObject.
            let (function, bound) = (
                layout::field(callee.cast(), 16),
                layout::field(callee.cast(), 24),
            );
            return of_call(function, bound, receiver);
        }
        if PyCFunction_Check(callee) != 0 {
            let function = callee.cast::<PyCFunctionObject>();
            let owner = (*function).m_self;
            let is_method = !owner.is_null() && PyModule_Check(owner) == 0;
            let name = CStr::from_ptr((*(*function).m_ml).ml_name).to_str();
            if !is_method && name.is_ok_and(|name| GIVES_METHODS.contains(&name)) {
                return if has_c_mutators(receiver) {
                    Effect::Escapes
                } else {
                    Effect::None
                };
            }
            return named(
                (*(*function).m_ml).ml_name,
                if is_method { owner } else { receiver },
            );
        }
        if type_ == &raw mut PyMethodDescr_Type {
            return named(
                (*(*callee.cast::<PyMethodDescrObject>()).d_method).ml_name,
                receiver,
            );
        }
        if type_ == &raw mut PyWrapperDescr_Type || type_ == &raw mut PyClassMethodDescr_Type {
            let name = super::heap::names::text_of((*callee.cast::<PyDescrObject>()).d_name);
            return match name {
                Some(name) if !is_mutator(&name) => Effect::None,
                _ => Effect::Changes(receiver),
            };
        }
        // An instance whose `__call__` is Python; other C callables may reach anything.
        let flags = (*type_).tp_flags;
        match flags & Py_TPFLAGS_HEAPTYPE != 0 && (*type_).tp_call.is_some() {
            true if has_python_call(type_) => Effect::None,
            _ => Effect::Unknown,
        }
    }
}

unsafe fn named(name: *const std::ffi::c_char, receiver: *mut PyObject) -> Effect {
    // SAFETY: names of C functions are C strings.
    match unsafe { CStr::from_ptr(name) }.to_str() {
        Ok(name) if CHANGES_OTHERS.contains(&name) => Effect::Unknown,
        Ok(name) if !is_mutator(name) => Effect::None,
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
    is_mutator(name) || GIVES_METHODS.contains(&name) || CHANGES_OTHERS.contains(&name)
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
