//! Classes that `collections.namedtuple` made, often in a function, where no import finds them again.
//!
//! Such a class is said by its name and its fields, so these are written with the class itself. One that
//! was given anything more (a method, a default, another docstring) is a name alone, as other classes are.

use super::Heap;
use super::fields::{own_attribute, type_name, without_exception};
use super::names::text_of;
use crate::atoms;
use crate::layout;
use pyo3_ffi::*;
use spacetime_store::stream::{self, Sink, record, value};
use std::ptr;

/// `sm_callable` of staticmethod, `cm_callable` of classmethod.
const CALLABLE: usize = 16;

impl Heap {
    /// Writes the fields of a class that is a plain named tuple. Nothing refers to them: the names are
    /// written in place.
    ///
    /// # Safety
    /// `object` must be a live type, with the GIL held.
    pub(super) unsafe fn put_fields_of_class(&mut self, object: *mut PyObject, id: u32) {
        // SAFETY: a class keeps what its dict holds alive; the fields are str.
        unsafe {
            let Some(fields) = without_exception(|| fields_alone(object.cast())) else {
                return;
            };
            let name = self.names.id_of("_fields", &mut self.sink);
            stream::put_object_record(&mut self.sink, record::ATTR, id);
            self.sink.varint(u64::from(name));
            self.sink.byte(value::TUPLE);
            self.sink.varint(fields.len() as u64);
            for &field in fields {
                self.sink.byte(value::STR);
                self.sink.blob(&atoms::utf8_of(field));
            }
            self.sink.record_end();
        }
    }
}

/// The names of the fields of a class made by `namedtuple`: a tuple of str.
///
/// # Safety
/// `type_` must be a live type, with the GIL held and no exception set.
pub(super) unsafe fn tuple_fields(type_: *mut PyTypeObject) -> Option<*mut PyObject> {
    // SAFETY: a class keeps what its dict holds; classes up the line of bases are alive.
    unsafe {
        let classes = layout::line_of_bases(type_);
        let found = classes
            .iter()
            .find_map(|&class| own_attribute(class.cast(), c"_fields"))?;
        let is_names = PyTuple_CheckExact(found) != 0
            && layout::tuple_items(found)
                .iter()
                .all(|&name| Py_TYPE(name) == &raw mut PyUnicode_Type);
        is_names.then_some(found)
    }
}

/// The fields of a class that is as `namedtuple(name, fields)` makes it.
unsafe fn fields_alone<'a>(class: *mut PyTypeObject) -> Option<&'a [*mut PyObject]> {
    // SAFETY: the dict of a heap type is iterated without running anything.
    unsafe {
        let is_made_of_tuple = Py_TYPE(class.cast()) == &raw mut PyType_Type
            && (*class).tp_base == &raw mut PyTuple_Type
            && layout::line_of_bases(class).len() == 3;
        if !is_made_of_tuple || own_attribute(class, c"_fields").is_none() {
            return None;
        }
        let fields = layout::tuple_items(tuple_fields(class)?);
        let name = type_name(class).to_str().ok()?;
        let (mut position, mut key, mut member) = (0, ptr::null_mut(), ptr::null_mut());
        while PyDict_Next((*class).tp_dict, &mut position, &mut key, &mut member) != 0 {
            let key = text_of(key)?;
            if !is_as_made(&key, member, name, fields) {
                return None;
            }
        }
        Some(fields)
    }
}

/// Whether a member of a class is what `namedtuple` makes it.
unsafe fn is_as_made(
    key: &str,
    member: *mut PyObject,
    name: &str,
    fields: &[*mut PyObject],
) -> bool {
    // SAFETY: each read follows the exact type.
    unsafe {
        let type_ = Py_TYPE(member);
        match key {
            "__module__" => type_ == &raw mut PyUnicode_Type,
            "__doc__" => {
                let names: Option<Vec<String>> = fields.iter().map(|&f| text_of(f)).collect();
                let made = names.map(|names| format!("{name}({})", names.join(", ")));
                made.is_some() && text_of(member) == made
            }
            "__slots__" => type_ == &raw mut PyTuple_Type && layout::tuple_items(member).is_empty(),
            "_fields" | "__match_args__" => {
                type_ == &raw mut PyTuple_Type && layout::tuple_items(member) == fields
            }
            "_field_defaults" => type_ == &raw mut PyDict_Type && PyDict_Size(member) == 0,
            "__new__" => {
                type_ == &raw mut PyStaticMethod_Type
                    && is_function_of(
                        layout::field(member.cast(), CALLABLE),
                        &format!("namedtuple_{name}"),
                    )
            }
            "_make" => {
                type_ == &raw mut PyClassMethod_Type
                    && is_function_of(layout::field(member.cast(), CALLABLE), "collections")
            }
            "_replace" | "__replace__" | "__repr__" | "_asdict" | "__getnewargs__" => {
                is_function_of(member, "collections")
            }
            _ => {
                type_name(type_) == c"collections._tuplegetter"
                    && fields
                        .iter()
                        .any(|&field| text_of(field).as_deref() == Some(key))
            }
        }
    }
}

/// Whether an object is a function of a module, without defaults.
unsafe fn is_function_of(object: *mut PyObject, module: &str) -> bool {
    // SAFETY: only an exact function is read.
    unsafe {
        if object.is_null() || Py_TYPE(object) != &raw mut PyFunction_Type {
            return false;
        }
        let function = object.cast::<PyFunctionObject>();
        (*function).func_defaults.is_null()
            && text_of((*function).func_module).as_deref() == Some(module)
    }
}
