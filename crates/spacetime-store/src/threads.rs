//! The threads of a recording: the writer and its clock, running or resting.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use spacetime_model::SessionInfo;

use crate::writer::Writer;
use crate::{Result, Target};

/// See the module's text.
pub enum Threads {
    /// They run; the writer gives itself back if it is told to rest.
    Running {
        writer: Thread<Option<Box<Writer>>>,
        clock: Thread<()>,
    },
    /// They have ended and can be started again.
    Resting(Box<Writer>),
    /// They have ended for good.
    Gone,
}

impl Threads {
    /// Starts resting threads.
    pub fn wake(&mut self) -> Result<()> {
        match self.take() {
            Self::Resting(writer) => *self = writer.start()?,
            other => *self = other,
        }
        Ok(())
    }

    /// Waits for the writer, which was told to rest.
    pub fn rest(&mut self) {
        *self = self.take_ended().map_or(Self::Gone, Self::Resting);
    }

    /// Waits for the writer, which was told to close the trace.
    pub fn join(&mut self) {
        self.take_ended();
    }

    /// In a forked child: there are no threads to wait for.
    pub fn forget(&mut self) {
        if let Self::Running { writer, clock } = self.take() {
            std::mem::forget((writer, clock));
        }
    }

    /// Lets a session wait that begins when resting threads are woken. Says whether they rest.
    pub fn wait_with(&mut self, info: &SessionInfo) -> bool {
        let Self::Resting(writer) = self else {
            return false;
        };
        writer.waiting_session = Some(info.clone());
        true
    }

    pub fn is_session_waiting(&self) -> bool {
        matches!(self, Self::Resting(writer) if writer.waiting_session.is_some())
    }

    /// Forgets the session that waits. Says whether one did.
    pub fn forget_waiting(&mut self) -> bool {
        match self {
            Self::Resting(writer) => writer.waiting_session.take().is_some(),
            Self::Running { .. } | Self::Gone => false,
        }
    }

    /// Where the trace is by now that resting threads write to.
    pub fn target(&self) -> Option<Target> {
        match self {
            Self::Resting(writer) => Some(writer.trace.target().clone()),
            Self::Running { .. } | Self::Gone => None,
        }
    }

    fn take_ended(&mut self) -> Option<Box<Writer>> {
        let Self::Running { writer, clock } = self.take() else {
            return None;
        };
        let writer = writer.join().flatten();
        clock.join();
        writer
    }

    /// What was there, if it was running or resting; leaves [`Threads::Gone`].
    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Gone)
    }
}

/// A thread of ours. With its result it gives its place in the system's list of threads.
pub struct Thread<T>(JoinHandle<(T, Option<PathBuf>)>);

impl<T: Send + 'static> Thread<T> {
    pub fn start(name: &str, body: impl FnOnce() -> T + Send + 'static) -> std::io::Result<Self> {
        let builder = std::thread::Builder::new().name(name.into());
        let listed = || std::fs::read_link("/proc/thread-self").ok();
        Ok(Self(builder.spawn(move || (body(), listed()))?))
    }

    /// Waits for its end. The system counts a thread for a moment after that, and CPython, which warns of
    /// a fork beside other threads, would count it, too.
    fn join(self) -> Option<T> {
        let (result, listed) = self.0.join().ok()?;
        let listed = listed.map(|place| Path::new("/proc").join(place));
        for _ in 0..1000 {
            if !listed.as_ref().is_some_and(|place| place.exists()) {
                break;
            }
            std::thread::sleep(Duration::from_micros(10));
        }
        Some(result)
    }
}
