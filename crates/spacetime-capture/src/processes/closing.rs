//! Closing descriptors by number: those of the trace are spared, and are as closed to the program.
//!
//! What closes them in another way, as C code or `os.dup2` onto one of them can, ends the recording
//! ([`spacetime_store::descriptors`]).

use super::leaving::{Call, Function};
use crate::callbacks;
use pyo3_ffi::*;
use spacetime_store::descriptors;
use std::ffi::c_int;

/// `os.close(fd)`.
pub unsafe fn close(function: &Function, call: Call) -> *mut PyObject {
    // SAFETY: one argument, by position or by its only name.
    unsafe {
        if let &[number] = call.arguments()
            && let Some(number) = number_of(number)
            && callbacks::recorder().is_some()
            && !descriptors::among(number..=number).is_empty()
        {
            return function.call_with(call, 0, PyLong_FromLong(-1));
        }
        function.call(call)
    }
}

/// `os.closerange(fd_low, fd_high, /)`.
pub unsafe fn close_range(function: &Function, call: Call) -> *mut PyObject {
    // SAFETY: arguments by position alone.
    unsafe {
        let &[low, high] = call.arguments() else {
            return function.call(call);
        };
        let (Some(mut low), Some(high)) = (number_of(low), number_of(high)) else {
            return function.call(call);
        };
        if callbacks::recorder().is_none() {
            return function.call(call);
        }
        // What is below the first number means all numbers to CPython: it gives the system an unsigned one.
        let last = if high > 0 { high - 1 } else { c_int::MAX };
        for spared in descriptors::among(low..=last) {
            if low < spared {
                let result = call_between(function, call, low, spared);
                if result.is_null() {
                    return result;
                }
                Py_DECREF(result);
            }
            low = spared + 1;
        }
        match low <= last {
            true => call_between(function, call, low, high),
            false => Py_NewRef(Py_None()),
        }
    }
}

unsafe fn call_between(function: &Function, call: Call, low: c_int, high: c_int) -> *mut PyObject {
    // SAFETY: the arguments live until the call is over.
    unsafe {
        let arguments = [low, high].map(|number| PyLong_FromLong(number.into()));
        let mut result = std::ptr::null_mut();
        if arguments.iter().all(|argument| !argument.is_null()) {
            result = function.call(Call {
                arguments: arguments.as_ptr(),
                ..call
            });
        }
        arguments
            .into_iter()
            .for_each(|argument| Py_XDECREF(argument));
        result
    }
}

/// The number that an exact int of this size is.
unsafe fn number_of(object: *mut PyObject) -> Option<c_int> {
    // SAFETY: plain use of the API; an int that is too large sets no exception.
    unsafe {
        if PyLong_CheckExact(object) == 0 {
            return None;
        }
        let mut overflow = 0;
        let number = PyLong_AsLongAndOverflow(object, &raw mut overflow);
        (overflow == 0).then(|| c_int::try_from(number).ok())?
    }
}
