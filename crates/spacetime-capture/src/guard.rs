//! Tells when the generator of a suspended call dies.
//!
//! CPython 3.13 closes a generator that nobody refers to without an event (gh-140373). A weak
//! reference with a callback in C tells of it, before the generator lets its variables go.

use crate::callbacks;
use crate::frames::LiveFrame;
use pyo3_ffi::*;
use std::ffi::c_char;
use std::ptr;

/// Guards the generator that runs now (an owned weak reference), or null if that is not possible.
///
/// # Safety
/// Must be called inside a monitoring callback of the generator's frame, with the GIL held.
pub unsafe fn of_running_generator(tstate: *mut PyThreadState, call: u64) -> *mut PyObject {
    struct Definition(std::cell::UnsafeCell<PyMethodDef>);
    // SAFETY: CPython only reads the definition.
    unsafe impl Sync for Definition {}
    static DEFINITION: Definition = Definition(std::cell::UnsafeCell::new(PyMethodDef {
        ml_name: c"_spacetime_generator_died".as_ptr() as *const c_char,
        ml_meth: PyMethodDefPointer {
            PyCFunction: on_death,
        },
        ml_flags: METH_O,
        ml_doc: ptr::null(),
    }));
    // SAFETY: plain use of the API with owned references.
    unsafe {
        let generator = LiveFrame::generator(tstate);
        if generator.is_null() {
            PyErr_Clear();
            return ptr::null_mut();
        }
        let number = PyLong_FromUnsignedLongLong(call);
        let callback = PyCFunction_NewEx(DEFINITION.0.get(), number, ptr::null_mut());
        let guard = PyWeakref_NewRef(generator, callback);
        Py_XDECREF(callback);
        Py_XDECREF(number);
        Py_DECREF(generator);
        if guard.is_null() {
            PyErr_Clear();
        }
        guard
    }
}

unsafe extern "C" fn on_death(number: *mut PyObject, _guard: *mut PyObject) -> *mut PyObject {
    // SAFETY: called by CPython with the GIL held, while the program runs; the number is an int.
    unsafe {
        let call = PyLong_AsUnsignedLongLong(number);
        callbacks::contain(|| {
            if let Some(recorder) = callbacks::recorder() {
                recorder.generator_died(call);
            }
        });
        let none = Py_None();
        Py_INCREF(none);
        none
    }
}
