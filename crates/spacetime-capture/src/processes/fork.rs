//! Forking.
//!
//! Before a fork the recording's threads rest: CPython warns of a fork beside other threads, and a
//! child would inherit locks that they hold. In the parent they are woken by what is recorded after
//! `os.fork` has returned, because CPython counts threads after the hooks have run. The child gets
//! a ring and a session of its own, which leaves nothing in the trace if nothing is recorded in it.
//!
//! Children that C code forks without CPython's hooks are not recorded.

use super::{Origin, here, signals};
use crate::callbacks;
use crate::frames::{LiveFrame, Tier};
use pyo3_ffi::*;
use spacetime_store::Result;
use spacetime_store::recording::{ProcessInfo, Recording};
use std::sync::Once;
use std::time::{SystemTime, UNIX_EPOCH};

/// The call of `os.fork`: while its frame stands there, the hooks around the fork are running.
pub struct ForkPoint {
    live: LiveFrame,
    instruction: usize,
    /// Where a child comes from.
    origin: Option<Origin>,
    /// A session was open, which the child continues.
    is_in_session: bool,
}

impl ForkPoint {
    /// Whether the frame still stands at the call.
    ///
    /// # Safety
    /// Must be called in a callback, with the GIL held.
    pub unsafe fn is_forking(&self, tier: Tier) -> bool {
        // SAFETY: the frames from the running one down are running.
        unsafe {
            let mut live = LiveFrame::current(tier, PyThreadState_Get());
            while live != LiveFrame::NONE && live != self.live {
                live = live.caller(tier);
            }
            live == self.live && live.instruction(tier) == self.instruction
        }
    }
}

/// The process is about to fork: everything is stored, and the threads rest.
///
/// # Safety
/// Must be called by CPython's hook, with the GIL held.
pub unsafe fn before() {
    // SAFETY: passed on; the frame that forks is running.
    unsafe {
        let Some(recorder) = callbacks::recorder() else {
            return;
        };
        recorder.heap.sink.commit();
        let live = LiveFrame::current(recorder.tier, PyThreadState_Get());
        recorder.family.fork = (live != LiveFrame::NONE).then(|| ForkPoint {
            live,
            instruction: live.instruction(recorder.tier),
            origin: match recorder.is_in_session() {
                true => here(recorder),
                false => None,
            },
            is_in_session: recorder.is_in_session(),
        });
        recorder.recording.iter().for_each(Recording::rest);
    }
}

/// In a forked child: goes on recording, in a session of its own. Says whether it does.
///
/// # Safety
/// Must be called by CPython's hook, with the GIL held.
pub unsafe fn in_child() -> bool {
    // SAFETY: passed on.
    unsafe {
        let Some(recorder) = callbacks::recorder() else {
            return false;
        };
        let Some(Ok((recording, ring))) = following(recorder) else {
            recorder.is_active = false;
            callbacks::uninstall();
            return false;
        };
        // What it knows of the program is forgotten before there is a place to write to.
        recorder.end_session();
        recorder.heap.sink = ring;
        recorder.clock = recording.clock();
        signals::watch(recording.fatal_signal());
        recorder.recording = Some(recording);
        recorder.begin_session();
        true
    }
}

type Followed = Result<(Recording, spacetime_store::RingWriter)>;

fn following(recorder: &crate::recorder::Recorder) -> Option<Followed> {
    let fork = recorder.family.fork.as_ref()?;
    let recording = recorder.recording.as_ref()?;
    let is_wanted = recorder.family.follows_forks
        && fork.is_in_session
        && recording.is_shareable()
        && !recorder.has_panicked;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let child = ProcessInfo {
        pid: std::process::id(),
        started_unix_ns: now.unwrap_or_default().as_nanos() as u64,
    };
    is_wanted.then(|| recording.follow_fork(fork.origin, child))
}

/// The child of a fork has no writer thread: nothing is recorded in it before [`in_child`] has seen
/// to that.
pub fn end_in_other_children() {
    static REGISTERED: Once = Once::new();
    unsafe extern "C" fn in_any_child() {
        // SAFETY: the forking thread holds the GIL or no Python runs in the child.
        if let Some(recorder) = unsafe { callbacks::recorder() } {
            recorder.is_active = false;
            signals::stop_watching();
            if !recorder
                .recording
                .as_ref()
                .is_some_and(Recording::is_resting)
            {
                callbacks::uninstall();
            }
        }
    }
    // SAFETY: the handler is static.
    REGISTERED.call_once(|| unsafe {
        libc::pthread_atfork(None, None, Some(in_any_child));
    });
}
