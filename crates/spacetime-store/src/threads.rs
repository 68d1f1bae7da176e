//! The threads of a recording: the writer and its clock, running or resting.

use std::thread::JoinHandle;

use spacetime_model::SessionInfo;

use crate::Result;
use crate::writer::Writer;

/// See the module's text.
pub enum Threads {
    /// They run; the writer gives itself back if it is told to rest.
    Running {
        writer: JoinHandle<Option<Box<Writer>>>,
        clock: JoinHandle<()>,
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

    /// Gives a resting writer a session to begin when it is woken.
    pub fn begin_session_when_needed(&mut self, info: SessionInfo) {
        if let Self::Resting(writer) = self {
            writer.waiting_session = Some(info);
        }
    }

    /// Whether a session waits for the writer to be woken.
    pub fn is_session_waiting(&self) -> bool {
        matches!(self, Self::Resting(writer) if writer.waiting_session.is_some())
    }

    /// The session that waits will not come about.
    pub fn forget_session(&mut self) {
        if let Self::Resting(writer) = self {
            writer.waiting_session = None;
        }
    }

    fn take_ended(&mut self) -> Option<Box<Writer>> {
        let Self::Running { writer, clock } = self.take() else {
            return None;
        };
        let writer = writer.join().ok().flatten();
        let _ = clock.join();
        writer
    }

    /// What was there, if it was running or resting; leaves [`Threads::Gone`].
    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Gone)
    }
}
