//! Signals that end a process at once: SIGTERM, with which pools end their workers, and SIGHUP.
//!
//! Where the program leaves them to the system, a handler leaves the signal to the writer thread,
//! which stores everything, ends the session and raises the signal again. The system's own handling
//! is back by then, so that the process ends as it would have, a little later.

use std::ffi::c_int;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicPtr, Ordering};

use spacetime_store::fatal_signal::FatalSignal;

const SIGNALS: [c_int; 2] = [libc::SIGTERM, libc::SIGHUP];

/// Where the writer thread looks. Never freed: the handler may run at any time.
static PLACE: AtomicPtr<FatalSignal> = AtomicPtr::new(ptr::null_mut());

extern "C" fn on_signal(signal: c_int) {
    // SAFETY: places are never freed.
    let place = unsafe { PLACE.load(Ordering::Acquire).as_ref() };
    if !place.is_some_and(|place| place.leave(signal)) {
        // SAFETY: safe in a handler; the system's own handling was put back on entry.
        unsafe { libc::raise(signal) };
    }
}

/// From now on these signals are left to a writer thread that looks at this place.
pub fn watch(place: Arc<FatalSignal>) {
    PLACE.store(Arc::into_raw(place).cast_mut(), Ordering::Release);
    for signal in SIGNALS {
        if handler_of(signal) == Some(libc::SIG_DFL) {
            set_handler(signal, on_signal as *const () as usize);
        }
    }
}

/// These signals are the system's again.
pub fn stop_watching() {
    for signal in SIGNALS {
        if handler_of(signal) == Some(on_signal as *const () as usize) {
            set_handler(signal, libc::SIG_DFL);
        }
    }
    PLACE.store(ptr::null_mut(), Ordering::Release);
}

fn handler_of(signal: c_int) -> Option<usize> {
    // SAFETY: asks for the present handling, into a struct of zeros.
    unsafe {
        let mut present: libc::sigaction = std::mem::zeroed();
        (libc::sigaction(signal, ptr::null(), &raw mut present) == 0)
            .then_some(present.sa_sigaction)
    }
}

fn set_handler(signal: c_int, handler: usize) {
    // SAFETY: the handler is static and does only what handlers may.
    unsafe {
        let mut wanted: libc::sigaction = std::mem::zeroed();
        wanted.sa_sigaction = handler;
        wanted.sa_flags = libc::SA_RESETHAND | libc::SA_RESTART;
        libc::sigaction(signal, &raw const wanted, ptr::null_mut());
    }
}
