//! What callables written in C are made of.

use crate::layout;
use pyo3_ffi::*;
use std::ffi::CStr;

/// A name in C; one that is not UTF-8 is in no table.
unsafe fn c_name<'a>(name: *const std::ffi::c_char) -> &'a str {
    // SAFETY: names of C functions and types live as long as those.
    unsafe { CStr::from_ptr(name) }.to_str().unwrap_or("?")
}

/// The name of a type without its module.
pub(super) unsafe fn bare_name<'a>(type_: *mut PyTypeObject) -> &'a str {
    // SAFETY: passed on.
    let name = unsafe { c_name((*type_).tp_name) };
    name.rsplit('.').next().unwrap_or(name)
}

/// `im_func` and `im_self` of a bound method.
pub(super) unsafe fn method_parts(method: *mut PyObject) -> (*mut PyObject, *mut PyObject) {
    // SAFETY: `PyMethodObject` begins with them.
    unsafe {
        (
            layout::field(method.cast(), 16),
            layout::field(method.cast(), 24),
        )
    }
}

/// The name of a C function and the object it is bound to, null for functions of modules.
pub(super) unsafe fn function_parts<'a>(function: *mut PyObject) -> (&'a str, *mut PyObject) {
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
pub(super) const METHOD_WRAPPER: &str = "method-wrapper";

/// The descriptor of such a method and the object it is bound to.
pub(super) unsafe fn wrapper_parts(method: *mut PyObject) -> (*mut PyObject, *mut PyObject) {
    // SAFETY: `wrapperobject` begins with them.
    unsafe {
        (
            layout::field(method.cast(), 16),
            layout::field(method.cast(), 24),
        )
    }
}

/// The name of a C method that is not bound.
pub(super) unsafe fn descriptor_name<'a>(descriptor: *mut PyObject) -> &'a str {
    // SAFETY: passed on.
    unsafe { c_name((*(*descriptor.cast::<PyMethodDescrObject>()).d_method).ml_name) }
}

/// Whether an attribute of a type is a method written in C.
pub(super) unsafe fn is_c_method(attribute: *mut PyObject) -> bool {
    // SAFETY: reads the type.
    unsafe {
        !attribute.is_null()
            && (Py_TYPE(attribute) == &raw mut PyMethodDescr_Type
                || Py_TYPE(attribute) == &raw mut PyWrapperDescr_Type)
    }
}
