//! What becomes of a recording when the process forks, ends at once, or starts or becomes another
//! program: nothing recorded is lost, and what child processes do is in the same trace.
//!
//! * `fork`: no thread of ours runs while the process forks; the child has a session of its own;
//! * `ending`: an exception that ends the program is told while it is known;
//! * `leaving`: `os._exit`, `exec*` and the functions that start programs;
//! * `closing`: the program does not close the trace's descriptors with its own;
//! * `signals`: a signal that ends the process waits until everything is stored.

mod closing;
pub mod ending;
pub mod fork;
mod leaving;
mod signals;

use crate::recorder::Recorder;
use fork::ForkPoint;
use pyo3_ffi::*;
use spacetime_model::{CallId, Origin};
use std::ptr;

/// What a recorder knows of the processes around its own.
pub struct Family {
    /// Forked children are recorded.
    pub follows_forks: bool,
    /// What a child that is started needs to know to be recorded, in the words of its reader
    /// (`spacetimepy._child`). Without it, it is not.
    pub note: Option<String>,
    /// Called with the status when `os._exit` is about to end the process (owned), or null.
    pub on_exit: *mut PyObject,
    /// Called with an exception that is about to end the program and the code that it leaves (owned),
    /// or null.
    pub on_end: *mut PyObject,
    /// The call that forks, or forked last.
    pub(crate) fork: Option<ForkPoint>,
}

impl Default for Family {
    fn default() -> Family {
        Family {
            follows_forks: false,
            note: None,
            on_exit: ptr::null_mut(),
            on_end: ptr::null_mut(),
            fork: None,
        }
    }
}

/// Takes the places where a process ends or starts others, while something is recorded.
///
/// # Safety
/// The GIL must be held and no exception set.
pub unsafe fn watch(recorder: &mut Recorder) {
    fork::end_in_other_children();
    if let Some(recording) = &recorder.recording {
        signals::watch(recording.fatal_signal());
    }
    // SAFETY: passed on.
    unsafe { leaving::watch(true) };
}

/// Gives these places back.
///
/// # Safety
/// The GIL must be held and no exception set.
pub unsafe fn stop_watching() {
    signals::stop_watching();
    // SAFETY: passed on.
    unsafe { leaving::watch(false) };
}

/// Where the current thread is, for a process that it forks or starts. A session of which nothing is
/// recorded yet is passed over for the one its process came from.
///
/// # Safety
/// The GIL must be held.
unsafe fn here(recorder: &Recorder) -> Option<Origin> {
    let recording = recorder.recording.as_ref()?;
    if recording.is_session_waiting() {
        return recording.origin();
    }
    let session = recording.session().ok()?;
    // SAFETY: passed on.
    let call = unsafe { recorder.innermost_call(PyThreadState_Get()) };
    Some(Origin {
        session: session.id,
        call: call.map(|call| CallId(session.first_call.0 + call)),
    })
}
