//! What ends the program: the exception that leaves the code with which the interpreter began it.
//!
//! When the functions of `atexit` run, the interpreter has forgotten a `SystemExit`.

use crate::callbacks;
use crate::frames::{LiveFrame, Tier};
use crate::parts;
use pyo3_ffi::*;
use std::ptr;

/// The bodies of scripts, and the function that runs modules (`-m`), folders and archives. Other code
/// that nothing in Python calls, as functions of `atexit`, does not end the program by an exception, and
/// no code in another thread than the main one does.
const BEGINNINGS: [&str; 2] = ["<module>", "_run_module_as_main"];

/// An exception leaves a frame: if it ends the program, the package is told.
///
/// # Safety
/// Must be called in the callback of the event, with the GIL held, no exception set, and no reference to
/// the recorder in use.
#[inline(always)]
pub unsafe fn exception_leaves(code: *mut PyObject, exception: *mut PyObject) {
    // SAFETY: passed on; the frame of the event is running.
    unsafe {
        let Some(recorder) = callbacks::recorder() else {
            return;
        };
        let (tier, on_end) = (recorder.tier, recorder.family.on_end);
        if !on_end.is_null() && is_outermost(tier) {
            exception_leaves_outermost(code, exception, on_end);
        }
    }
}

unsafe fn is_outermost(tier: Tier) -> bool {
    // SAFETY: passed on.
    unsafe { LiveFrame::current(tier, PyThreadState_Get()).caller(tier) == LiveFrame::NONE }
}

#[cold]
unsafe fn exception_leaves_outermost(
    code: *mut PyObject,
    exception: *mut PyObject,
    on_end: *mut PyObject,
) {
    // SAFETY: the code object is alive in the callback; the callable is our own Python code.
    unsafe {
        let name = parts::text_attribute(code, c"co_name");
        if is_main_thread() && name.is_some_and(|name| BEGINNINGS.contains(&name.as_str())) {
            Py_XDECREF(PyObject_CallFunctionObjArgs(
                on_end,
                exception,
                code,
                ptr::null_mut::<PyObject>(),
            ));
            PyErr_Clear();
        }
    }
}

fn is_main_thread() -> bool {
    // SAFETY: they only ask the system.
    unsafe { libc::gettid() == libc::getpid() }
}
