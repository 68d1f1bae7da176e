//! What callables written in C are made of.

use super::classes::is_made_by_class_statement;
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

/// What a `functools.partial` calls, and what with: by position, then by name. Borrowed: the object
/// keeps them alive.
pub(super) struct Partial {
    pub function: *mut PyObject,
    pub given: Vec<*mut PyObject>,
}

/// Takes a `functools.partial` apart; none for anything else, and for instances of its subclasses.
pub(super) unsafe fn partial_parts(object: *mut PyObject) -> Option<Partial> {
    // SAFETY: the type's attributes of these names are members in C: reading them runs no code of the
    // program. The values stay alive in the object.
    unsafe {
        let type_ = Py_TYPE(object);
        if c_name((*type_).tp_name) != PARTIAL || is_made_by_class_statement(type_) {
            return None;
        }
        let member = |name: &CStr| {
            let member = PyObject_GetAttrString(object, name.as_ptr());
            match member.is_null() {
                true => PyErr_Clear(),
                false => Py_DECREF(member),
            }
            member
        };
        let (function, args, names) = (member(c"func"), member(c"args"), member(c"keywords"));
        if function.is_null()
            || args.is_null()
            || names.is_null()
            || PyTuple_CheckExact(args) == 0
            || PyDict_CheckExact(names) == 0
        {
            return None;
        }
        let mut given = layout::tuple_items(args).to_vec();
        let (mut position, mut value) = (0, std::ptr::null_mut());
        while PyDict_Next(names, &mut position, std::ptr::null_mut(), &mut value) != 0 {
            given.push(value);
        }
        Some(Partial { function, given })
    }
}

const PARTIAL: &str = "functools.partial";

/// The names that an `operator.attrgetter` or `operator.methodcaller` looks up; none if that is not to
/// be told, and for anything else.
pub(super) unsafe fn names_looked_up(object: *mut PyObject) -> Option<Vec<String>> {
    // SAFETY: the method of the exact C type is C code, which runs none of the program's.
    unsafe {
        let type_ = Py_TYPE(object);
        let is_getter = match c_name((*type_).tp_name) {
            "operator.attrgetter" => true,
            "operator.methodcaller" => false,
            _ => return None,
        };
        if is_made_by_class_statement(type_) {
            return None;
        }
        let name = PyUnicode_FromString(c"__reduce__".as_ptr());
        let reduced = PyObject_CallMethodNoArgs(object, name);
        Py_XDECREF(name);
        let mut names = None;
        // `(type, arguments)`; a method called with arguments by name is made by a partial.
        if !reduced.is_null()
            && let [made_by, arguments] = layout::tuple_items(reduced)
            && *made_by == type_.cast()
        {
            let arguments = layout::tuple_items(*arguments);
            let names_given = if is_getter {
                arguments
            } else {
                &arguments[..1]
            };
            let texts = names_given.iter();
            names = texts
                .map(|&name| crate::heap::names::text_of(name))
                .collect();
        }
        Py_XDECREF(reduced);
        PyErr_Clear();
        names
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
