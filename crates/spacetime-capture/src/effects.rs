//! What calls of C functions may change.
//!
//! C code is trusted by name: a C function changes a tracked container only if its name is in
//! `tables::MUTATORS`, and then only the object it is bound to or its first argument; and it may
//! call what it is given. Python functions need no entry: their code has sites of its own. What is
//! neither is unknown, and everything is compared after it.

mod callables;
mod classes;
mod tables;

use crate::heap::types::first_c_base;
use callables::{
    METHOD_WRAPPER, bare_name, descriptor_name, function_parts, is_c_method, method_parts,
    names_looked_up, partial_parts, wrapper_parts,
};
use classes::has_python_call;
pub use classes::{is_made_by_class_statement, learn_python_class, renames_mutators};
use pyo3_ffi::*;
use tables::{CALLABLES_IN_PYTHON, EXIT, GETATTR, LOCKS, calls_argument, is_harmless, traits_of};
pub use tables::{is_mutator, may_matter};

unsafe extern "C" {
    /// The type of bound methods of Python functions.
    static mut PyMethod_Type: PyTypeObject;
    /// Finds a name along the bases of a type (borrowed); runs no code and raises nothing.
    fn _PyType_Lookup(type_: *mut PyTypeObject, name: *mut PyObject) -> *mut PyObject;
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
                false if name == EXIT && LOCKS.contains(&bare_name(Py_TYPE(owner))) => Effect::None,
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
        if let Some(mut partial) = partial_parts(callee) {
            partial.given.extend_from_slice(arguments.given);
            let (bound, given) = (std::ptr::null_mut(), &partial.given[..]);
            return of_call(partial.function, Arguments { bound, given });
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
        match crate::heap::names::text_of((*wrapper.cast::<PyDescrObject>()).d_name).as_deref() {
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
        if !crate::heap::names::text_of(name).is_some_and(|name| is_mutator(&name)) {
            return Effect::None;
        }
        // `super()` may find the method of a C base below one in Python.
        let type_ = Py_TYPE(receiver);
        let found = [type_, first_c_base(type_)].map(|type_| _PyType_Lookup(type_, name));
        match found.into_iter().any(|attribute| is_c_method(attribute)) {
            true => Effect::Exposes(receiver),
            false => Effect::None,
        }
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
    // SAFETY: passed on.
    unsafe { of_handing_over_for(object, std::ptr::null_mut()) }
}

/// The same for something that is going to be called with `first` before other arguments, if that is
/// not null.
unsafe fn of_handing_over_for(object: *mut PyObject, first: *mut PyObject) -> Effect {
    let of_changing = |name: &str| match !first.is_null() && is_mutator(name) {
        true => Effect::Exposes(first),
        false => Effect::ExposesAll,
    };
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
                (name, owner) if owner.is_null() => of_changing(name),
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
        if let Some(partial) = partial_parts(object) {
            let first = partial.given.first().copied();
            let first = first.unwrap_or(std::ptr::null_mut());
            let effect = of_handing_over_for(partial.function, first);
            let handed_over = partial.given.iter().map(|&object| of_handing_over(object));
            return handed_over.fold(effect, Effect::and);
        }
        if bare_name(type_) == METHOD_WRAPPER {
            return Effect::Exposes(wrapper_parts(object).1);
        }
        if type_ == &raw mut PyMethodDescr_Type {
            return match descriptor_name(object) {
                name if is_harmless(name) => Effect::None,
                name => of_changing(name),
            };
        }
        if let Some(names) = names_looked_up(object) {
            let mut names = names.iter().flat_map(|names| names.split('.'));
            return match names.all(is_harmless) {
                true => Effect::None,
                false => Effect::ExposesAll,
            };
        }
        let is_harmless = !is_c_method(object)
            && !["attrgetter", "methodcaller", "partial"].contains(&bare_name(first_c_base(type_)));
        match is_harmless {
            true => Effect::None,
            false => Effect::ExposesAll,
        }
    }
}

fn named(name: &str, receiver: *mut PyObject) -> Effect {
    let traits = traits_of(name);
    match (traits.changes_others, traits.is_mutator) {
        (true, _) => Effect::Unknown,
        (false, true) => Effect::Changes(receiver),
        (false, false) => Effect::None,
    }
}
