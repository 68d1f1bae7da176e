//! Values of types that have one instead of parts: subclasses of int and str, decimals, numpy's scalars.

use super::fields::{own_attribute, type_name};
use crate::atoms::{self, Class};
use crate::layout;
use crate::limits;
use pyo3_ffi::*;
use std::ptr;

/// How the value of a subclass of a builtin type without parts is read.
#[derive(Clone, Copy)]
pub enum BaseValue {
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

impl BaseValue {
    /// How instances of a C type, or of subclasses of it, keep a value.
    ///
    /// # Safety
    /// `base` must be a live type.
    pub unsafe fn of(base: *mut PyTypeObject) -> Option<BaseValue> {
        // SAFETY: reads fields of a live type.
        unsafe {
            let flags = (*base).tp_flags;
            if flags & Py_TPFLAGS_LONG_SUBCLASS != 0 {
                Some(BaseValue::Int)
            } else if flags & Py_TPFLAGS_UNICODE_SUBCLASS != 0 {
                Some(BaseValue::Str)
            } else if flags & Py_TPFLAGS_BYTES_SUBCLASS != 0 {
                Some(BaseValue::Bytes)
            } else if PyType_IsSubtype(base, &raw mut PyFloat_Type) != 0 {
                Some(BaseValue::Float)
            } else if PyType_IsSubtype(base, &raw mut PyComplex_Type) != 0 {
                Some(BaseValue::Complex)
            } else if type_name(base) == c"decimal.Decimal" {
                (*base).tp_str.map(BaseValue::Text)
            } else {
                let item = scalar_item(base)?;
                (*base).tp_str.map(|str| BaseValue::Scalar(item, str))
            }
        }
    }

    /// The value as an object of the builtin type, and its real length where it is cut; a new
    /// reference, or null.
    ///
    /// # Safety
    /// `object` must be a live instance of such a type, with the GIL held and no exception set.
    pub unsafe fn read(self, object: *mut PyObject) -> (*mut PyObject, Option<usize>) {
        let limit = limits::text();
        // SAFETY: each branch follows the type; only slots of the builtin types are called.
        unsafe {
            let given = match self {
                BaseValue::Int => match (*PyLong_Type.tp_as_number).nb_positive {
                    Some(copy) => copy(object),
                    None => ptr::null_mut(),
                },
                BaseValue::Float => PyFloat_FromDouble(layout::float_value(object)),
                BaseValue::Complex => PyComplex_FromDoubles(
                    layout::field(object.cast(), 16),
                    layout::field(object.cast(), 24),
                ),
                BaseValue::Str => {
                    let length = PyUnicode_GET_LENGTH(object) as usize;
                    if length > limit {
                        let head = PyUnicode_Substring(object, 0, limit as isize);
                        return (head, Some(length));
                    }
                    PyUnicode_FromObject(object)
                }
                BaseValue::Bytes => {
                    let bytes = atoms::bytes_of(object);
                    let kept = bytes.len().min(limit);
                    let copy = PyBytes_FromStringAndSize(bytes.as_ptr().cast(), kept as isize);
                    return (copy, (kept < bytes.len()).then_some(bytes.len()));
                }
                BaseValue::Text(str) => str(object),
                BaseValue::Scalar(item, str) => {
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
