//! What a code object consists of, read without running code of the program.

use crate::layout;
use pyo3_ffi::*;
use spacetime_bytecode as bytecode;

/// A code object taken apart, for the analysis and for the trace.
pub struct Parts {
    /// `co_code`.
    pub bytecode: Vec<u8>,
    /// `co_names`.
    pub names: Vec<String>,
    /// Slot names; interned, kept alive by the code object.
    pub slot_objects: Vec<*mut PyObject>,
    /// Slot names.
    pub slot_names: Vec<String>,
    /// Slot kinds.
    pub slot_kinds: Vec<u8>,
    /// Positional-only, positional, keyword-only parameters.
    pub parameters: [u32; 3],
    /// `co_flags`.
    pub flags: i32,
    /// `co_firstlineno`.
    pub first_line: i32,
}

/// Takes a code object apart.
///
/// # Safety
/// `object` must be a code object, with the GIL held and no exception set.
pub unsafe fn parts(object: *mut PyObject) -> Parts {
    // SAFETY: attributes of an exact code object are data descriptors in C: reading them runs no
    // code of the program.
    unsafe {
        let (slot_objects, slot_kinds) = slots(object);
        let text = |&name: &*mut PyObject| crate::heap::names::text_of(name).unwrap_or_default();
        Parts {
            bytecode: bytes_attribute(object, c"co_code"),
            names: object_tuple(object, c"co_names").iter().map(text).collect(),
            slot_names: slot_objects.iter().map(text).collect(),
            slot_objects,
            slot_kinds,
            flags: int_attribute(object, c"co_flags") as i32,
            first_line: int_attribute(object, c"co_firstlineno") as i32,
            parameters: [c"co_posonlyargcount", c"co_argcount", c"co_kwonlyargcount"]
                .map(|name| int_attribute(object, name) as u32),
        }
    }
}

/// The code unit of the instruction at a byte offset, which may be that of one of its inline caches.
///
/// # Safety
/// As for [`parts`].
pub unsafe fn unit_at(object: *mut PyObject, offset: i32) -> usize {
    const CACHE: u8 = 0;
    // SAFETY: passed on.
    let bytecode = unsafe { bytes_attribute(object, c"co_code") };
    let at = offset.max(0) as usize / 2;
    let is_instruction = |&unit: &usize| bytecode.get(2 * unit).is_some_and(|&code| code != CACHE);
    (0..=at).rev().find(is_instruction).unwrap_or(0)
}

/// Whether code may bind a variable in a cell, by an instruction or by hand, or is not understood.
///
/// # Safety
/// As for [`parts`].
pub unsafe fn may_bind_cells(object: *mut PyObject) -> bool {
    // SAFETY: passed on; names are interned str.
    unsafe {
        let bytecode = bytes_attribute(object, c"co_code");
        let names = object_tuple(object, c"co_names");
        let is_contents = |&name: &*mut PyObject| {
            PyUnicode_CompareWithASCIIString(name, c"cell_contents".as_ptr()) == 0
        };
        crate::selfcheck::version()
            .is_none_or(|version| bytecode::may_bind_cells(version, &bytecode))
            || names.iter().any(is_contents)
    }
}

unsafe fn attribute(object: *mut PyObject, name: &std::ffi::CStr) -> *mut PyObject {
    // SAFETY: `object` is a code object; the attribute exists in the versions built for.
    let attribute = unsafe { PyObject_GetAttrString(object, name.as_ptr()) };
    if attribute.is_null() {
        // SAFETY: the GIL is held.
        unsafe { PyErr_Clear() };
    }
    attribute
}

unsafe fn int_attribute(object: *mut PyObject, name: &std::ffi::CStr) -> i64 {
    // SAFETY: the attribute is an int.
    unsafe {
        let int = attribute(object, name);
        if int.is_null() {
            return 0;
        }
        let value = PyLong_AsLongLong(int);
        Py_DECREF(int);
        value
    }
}

/// A bytes attribute of a code object.
///
/// # Safety
/// As for [`parts`].
pub unsafe fn bytes_attribute(object: *mut PyObject, name: &std::ffi::CStr) -> Vec<u8> {
    // SAFETY: the attribute is bytes.
    unsafe {
        let bytes = attribute(object, name);
        if bytes.is_null() {
            return Vec::new();
        }
        let copy = crate::atoms::bytes_of(bytes).to_vec();
        Py_DECREF(bytes);
        copy
    }
}

/// The objects of a tuple attribute, which live as long as the code object. Names are interned str.
///
/// # Safety
/// As for [`parts`].
pub unsafe fn object_tuple(object: *mut PyObject, name: &std::ffi::CStr) -> Vec<*mut PyObject> {
    // SAFETY: the attribute is a tuple.
    unsafe {
        let tuple = attribute(object, name);
        if tuple.is_null() {
            return Vec::new();
        }
        let items = layout::tuple_items(tuple).to_vec();
        Py_DECREF(tuple);
        items
    }
}

/// A text attribute of a code object.
///
/// # Safety
/// As for [`parts`].
pub unsafe fn text_attribute(object: *mut PyObject, name: &std::ffi::CStr) -> Option<String> {
    // SAFETY: passed on.
    unsafe {
        let text = attribute(object, name);
        if text.is_null() {
            return None;
        }
        let copy = crate::heap::names::text_of(text);
        Py_DECREF(text);
        copy
    }
}

/// The first line of a function's code, and the qualified name of that if the function has another: a
/// decorator may have given it that of the function it wraps.
///
/// # Safety
/// `function` must be a live function, with the GIL held and no exception set.
pub unsafe fn code_of_function(function: *mut PyFunctionObject) -> (i64, Option<String>) {
    use crate::heap::names::text_of;
    // SAFETY: a function has code and a name.
    unsafe {
        let (code, name) = ((*function).func_code, (*function).func_qualname);
        let own_name = attribute(code, c"co_qualname");
        let is_other = own_name != name && text_of(own_name) != text_of(name);
        let other_name = is_other.then(|| text_of(own_name).unwrap_or_default());
        Py_XDECREF(own_name);
        (int_attribute(code, c"co_firstlineno"), other_name)
    }
}

/// The names of the free variables, in the order of a closure.
///
/// # Safety
/// As for [`parts`].
pub unsafe fn free_names(object: *mut PyObject) -> Vec<*mut PyObject> {
    // SAFETY: passed on.
    let (names, kinds) = unsafe { slots(object) };
    let is_free = |kind: u8| kind & bytecode::slot_kind::FREE != 0;
    let named = names.into_iter().zip(kinds);
    named
        .filter(|&(_, kind)| is_free(kind))
        .map(|(name, _)| name)
        .collect()
}

/// Names and kinds of the slots, in frame order.
unsafe fn slots(object: *mut PyObject) -> (Vec<*mut PyObject>, Vec<u8>) {
    // SAFETY: the layout was checked for the fast tier; otherwise public attributes are used.
    unsafe {
        if crate::selfcheck::layout_is_proved() {
            let (names, kinds) = layout::code_slot_names(object);
            return (
                layout::tuple_items(names).to_vec(),
                crate::atoms::bytes_of(kinds).to_vec(),
            );
        }
        let mut names = object_tuple(object, c"co_varnames");
        let mut kinds = vec![bytecode::slot_kind::LOCAL; names.len()];
        for cell in object_tuple(object, c"co_cellvars") {
            match names.iter().position(|&name| name == cell) {
                Some(at) => kinds[at] |= bytecode::slot_kind::CELL,
                None => {
                    names.push(cell);
                    kinds.push(bytecode::slot_kind::CELL);
                }
            }
        }
        for free in object_tuple(object, c"co_freevars") {
            names.push(free);
            kinds.push(bytecode::slot_kind::FREE);
        }
        (names, kinds)
    }
}

/// The constants, as far as the analysis tells them apart.
///
/// # Safety
/// As for [`parts`].
pub unsafe fn constants(object: *mut PyObject) -> Vec<bytecode::Const> {
    // SAFETY: the attribute is a tuple of objects that live as long as the code object.
    let constants = unsafe { object_tuple(object, c"co_consts") };
    let is_number = |&item: &*mut PyObject| {
        // SAFETY: reads the type.
        let type_ = unsafe { Py_TYPE(item) };
        [
            &raw mut PyLong_Type,
            &raw mut PyFloat_Type,
            &raw mut PyComplex_Type,
        ]
        .contains(&type_)
    };
    let kind = |is_number| match is_number {
        true => bytecode::Const::Number,
        false => bytecode::Const::Other,
    };
    constants.iter().map(is_number).map(kind).collect()
}
