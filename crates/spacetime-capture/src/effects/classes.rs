//! Classes made by class statements, and C functions in them.

use super::callables::{function_parts, is_c_method};
use super::tables::is_harmless;
use super::{Effect, of_handing_over};
use crate::layout;
use pyo3_ffi::*;

/// What CPython puts into every class made by a class statement.
#[derive(Clone, Copy)]
struct PythonClassSlots {
    dealloc: destructor,
    call: ternaryfunc,
}

static PYTHON_CLASS_SLOTS: std::sync::OnceLock<PythonClassSlots> = std::sync::OnceLock::new();

/// Whether instances are called through a `__call__` in Python (`slot_tp_call`).
pub(super) unsafe fn has_python_call(type_: *mut PyTypeObject) -> bool {
    // SAFETY: reads a slot of a live type.
    let call = unsafe { (*type_).tp_call };
    match (call, PYTHON_CLASS_SLOTS.get()) {
        (Some(call), Some(slots)) => std::ptr::fn_addr_eq(call, slots.call),
        _ => false,
    }
}

/// Whether a class was made by a class statement: instances end as those do (`subtype_dealloc`), and are
/// larger than those of its base by its `__slots__` alone.
///
/// # Safety
/// `type_` must be a live type.
pub unsafe fn is_made_by_class_statement(type_: *mut PyTypeObject) -> bool {
    // SAFETY: reads fields of a live type and its base; `ob_size` is the number of its members.
    unsafe {
        let base = (*type_).tp_base;
        let ends_so = match ((*type_).tp_dealloc, PYTHON_CLASS_SLOTS.get()) {
            (Some(dealloc), Some(slots)) => std::ptr::fn_addr_eq(dealloc, slots.dealloc),
            _ => false,
        };
        ends_so
            && !base.is_null()
            && (*type_).tp_basicsize
                == (*base).tp_basicsize + size_of::<usize>() as isize * Py_SIZE(type_.cast())
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
        let classes = layout::line_of_bases(class);
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
            crate::heap::names::text_of(name).unwrap_or_default()
        } else {
            return false;
        };
        let key = crate::heap::names::text_of(key).unwrap_or_default();
        !is_harmless(&name) && key != name && !SEEN_BY_NAME.contains(&key.as_str())
    }
}
