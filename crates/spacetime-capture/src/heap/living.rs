//! What a living object keeps in C, read as for a recording: for comparing it with a recorded one.

use super::base_value::BaseValue;
use super::fields::Field;
use super::known;
use super::named_tuples;
use super::types;
use pyo3_ffi::*;

/// New references to what an object keeps in C.
pub struct Kept {
    /// The value of an instance of a subclass of a plain type; null for others.
    pub value: *mut PyObject,
    /// Its parts by name, `__slots__` included, without those that are not set.
    pub parts: Vec<(String, *mut PyObject)>,
}

/// Reads what an object keeps in C.
///
/// # Safety
/// `object` must be alive, with the GIL held and no exception set.
pub unsafe fn read(object: *mut PyObject) -> Kept {
    // SAFETY: the fields are those of the object's type.
    unsafe {
        let type_ = Py_TYPE(object);
        let base = types::first_c_base(type_);
        let mut names: Vec<String> = Vec::new();
        let mut number_of = |name: &str| {
            names.push(name.into());
            names.len() as u32 - 1
        };
        let mut fields: Vec<Field> = Vec::new();
        if (*type_).tp_flags & Py_TPFLAGS_BASE_EXC_SUBCLASS != 0 {
            types::add_exception_fields(type_, &mut fields, &mut number_of);
        } else if let Some(parts) = known::parts_of(base, &mut number_of) {
            fields = parts.fields;
        }
        if (*type_).tp_flags & Py_TPFLAGS_TUPLE_SUBCLASS != 0
            && let Some(names) = named_tuples::tuple_fields(type_)
        {
            fields.push(Field::constant(number_of("_fields"), names));
        }
        if base != type_ {
            types::add_slots(type_, &mut fields, &mut number_of);
        }
        let is_subclass = ![&raw mut PyLong_Type, &raw mut PyUnicode_Type].contains(&type_);
        let base_value = BaseValue::of(base).filter(|_| is_subclass);
        let value = base_value.map_or(std::ptr::null_mut(), |base_value| base_value.read(object).0);
        let mut fresh = Vec::new();
        let mut parts = Vec::new();
        for field in fields {
            let part = field.read(object, &mut fresh);
            if !part.is_null() {
                Py_INCREF(part);
                parts.push((names[field.name as usize].clone(), part));
            }
        }
        for object in fresh {
            Py_DECREF(object);
        }
        Kept { value, parts }
    }
}
