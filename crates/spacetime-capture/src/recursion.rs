//! The depth that a program sees when a recorder's own frames lie below it.
//!
//! A program may recurse as deep as the recursion limit allows. Frames of the command that runs it
//! would take from that depth, so a program that just fits would fail when recorded.

use pyo3_ffi::{Py_GetRecursionLimit, PyThreadState_Get};
use std::ffi::{c_char, c_int};

/// Gives the current thread's program back the depth that `n_frames` frames below it take; says
/// whether it did. The limit that the program reads stays what it is.
///
/// # Safety
/// The GIL must be held, and `n_frames` be no more than the frames that run.
pub unsafe fn forget_frames(n_frames: c_int) -> bool {
    let Some(offset) = remaining_offset() else {
        return false;
    };
    // SAFETY: the GIL is held.
    let tstate: *mut c_char = unsafe { PyThreadState_Get() }.cast();
    // SAFETY: both fields lie inside the thread state of the versions for which there is an offset.
    let (remaining, limit) = unsafe {
        let remaining: *mut c_int = tstate.add(offset).cast();
        (remaining, *remaining.add(1))
    };
    // SAFETY: as above.
    let is_plausible =
        unsafe { limit == Py_GetRecursionLimit() && (1..limit).contains(&*remaining) };
    if is_plausible {
        // SAFETY: as above; the interpreter only ever compares this number with zero.
        unsafe { *remaining += n_frames };
    }
    is_plausible
}

/// Where `PyThreadState.py_recursion_remaining` lies; `py_recursion_limit` follows it.
fn remaining_offset() -> Option<usize> {
    if cfg!(Py_3_14) {
        None
    } else if cfg!(Py_3_13) {
        Some(44)
    } else {
        Some(28)
    }
}
