//! A signal that is to end the process once the writer thread has stored everything.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const NOBODY_LOOKS: i32 = -1;
const NONE: i32 = 0;

/// Where a signal handler leaves word for the writer thread.
#[derive(Debug)]
pub struct FatalSignal(AtomicI32);

impl Default for FatalSignal {
    fn default() -> Self {
        Self(AtomicI32::new(NOBODY_LOOKS))
    }
}

impl FatalSignal {
    /// Leaves a signal to the writer thread, which raises it again in the end. Says no if that does not
    /// run: the caller lets the signal act then. Safe in a signal handler.
    pub fn leave(&self, signal: i32) -> bool {
        let (set, fetch) = (Ordering::AcqRel, Ordering::Acquire);
        self.0.compare_exchange(NONE, signal, set, fetch) != Err(NOBODY_LOOKS)
    }

    /// The signal that was left.
    pub(crate) fn found(&self) -> Option<Signal> {
        Signal::try_from(self.0.load(Ordering::Acquire)).ok()
    }

    /// Looks after signals until the guard is dropped.
    pub(crate) fn look(self: &Arc<Self>) -> Looking {
        self.0.store(NONE, Ordering::Release);
        Looking(Arc::clone(self))
    }
}

/// The writer thread looks after signals; when it ends, it lets the one act that was left.
pub(crate) struct Looking(Arc<FatalSignal>);

impl Drop for Looking {
    fn drop(&mut self) {
        if let Ok(signal) = Signal::try_from(self.0.0.swap(NOBODY_LOOKS, Ordering::AcqRel)) {
            // It is this process: there is nothing to tell anybody if it fails.
            let _ = kill(Pid::this(), signal);
        }
    }
}
