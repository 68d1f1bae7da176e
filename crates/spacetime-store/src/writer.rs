//! The writer thread: takes committed records out of the ring, follows them with a replica, cuts
//! them into chunks and stores those.
//!
//! It never takes the GIL, and it never stops draining the ring while the recording is open: after
//! a failure it throws records away, so that the program goes on, and keeps the reason for
//! [`Recording::close`](crate::Recording::close).

mod notes;
mod session;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::signal::{SigSet, Signal};
use rusqlite::Connection;
use spacetime_model::{ExitKind, SessionId, SessionInfo};

use crate::database::write_error;
use crate::recording::{
    BegunSession, CLOCK_RESTS, EndInfo, Health, Options, Order, Reply, SessionDescription, Shared,
    Summary, WriterParts,
};
use crate::ring::RingReader;
use crate::sealed::Sealer;
use crate::threads::{Thread, Threads};
use crate::written::{Leaving, Opening, WrittenTrace};
use crate::{Error, Result, Target, descriptors, rows};
pub(crate) use notes::Notes;
use session::{CHUNK_BYTES, OpenSession, SLICE_BYTES};

/// A chunk is stored when it is full, or when its first record or a note has waited for this long.
const MAX_DELAY: Duration = Duration::from_millis(80);
/// SQLite refuses a database of more than 1 GiB in memory.
const MAX_MEMORY_BYTES: u64 = 768 << 20;
/// How often a writer that keeps up looks into the ring.
const IDLE: Duration = Duration::from_millis(2);
/// How often it looks when it found nothing for a while. The ring has room for what comes meanwhile.
const LONGEST_IDLE: Duration = Duration::from_millis(16);
/// How often the coarse clock moves.
const TICK: Duration = Duration::from_micros(900);

pub(crate) struct Writer {
    pub trace: WrittenTrace,
    options: Options,
    shared: Arc<Shared>,
    ring: RingReader,
    orders: Receiver<Order>,
    connection: Option<Connection>,
    sealer: Sealer,
    session: Option<OpenSession>,
    /// A session that gets its row when the writer is started.
    pub waiting_session: Option<SessionInfo>,
    failure: Option<Error>,
    summary: Summary,
}

impl Writer {
    /// Opens or creates the trace.
    pub fn open(parts: WriterParts) -> Result<Self> {
        let mut writer = Self::resting(parts)?;
        let opening = match writer.options.overwrite {
            true => Opening::Afresh,
            false => Opening::Any,
        };
        writer.connection = Some(writer.trace.open(opening)?);
        Ok(writer)
    }

    /// Opens the trace when it is started.
    pub fn resting(parts: WriterParts) -> Result<Self> {
        let WriterParts {
            target,
            mut options,
            shared,
            ring,
            orders,
        } = parts;
        if let Target::Memory(_) = target {
            options.max_bytes = options.max_bytes.min(MAX_MEMORY_BYTES);
        }
        let sealer = Sealer::new().map_err(|error| Error::Misuse(error.to_string()))?;
        Ok(Self {
            trace: WrittenTrace::new(target, Arc::clone(&shared.fatal_signal)),
            options,
            shared,
            ring,
            orders,
            connection: None,
            sealer,
            session: None,
            waiting_session: None,
            failure: None,
            summary: Summary::default(),
        })
    }

    /// Starts the writer and the clock.
    pub fn start(mut self: Box<Self>) -> Result<Threads> {
        self.ring.set_resting(false);
        // From now on: a thread may take long to begin, and a program little time to end.
        let looking = self.shared.fatal_signal.look();
        // Not in the thread: the program waits, and none of its files gets the number after one that
        // a file of ours has for a moment.
        self.open_again();
        let clock = Clock {
            shared: Arc::clone(&self.shared),
            is_closed: Arc::new(AtomicBool::new(false)),
        };
        let stop_clock = StopClock(Arc::clone(&clock.is_closed), Arc::clone(&self.shared));
        let shared = Arc::clone(&self.shared);
        let write = move || {
            let _stop_clock = stop_clock;
            let _looking = looking;
            let run = std::panic::AssertUnwindSafe(|| self.run());
            std::panic::catch_unwind(run).unwrap_or_else(|_| {
                shared.fail("the writer thread came upon a bug; please report this".into());
                None
            })
        };
        // The clock first: it ends if there is no writer.
        let clock = spawn("spacetime-clock", move || clock.run())?;
        let writer = spawn("spacetime-writer", write)?;
        Ok(Threads::Running { writer, clock })
    }

    /// Works until the trace is closed, or until it is told to rest: then it gives itself back.
    fn run(mut self: Box<Self>) -> Option<Box<Self>> {
        if let Some(info) = self.waiting_session.take() {
            // A failure is kept.
            let _ = self.add_session(&info);
        }
        let mut idle = IDLE;
        loop {
            let n_taken = self.drain();
            self.seal_if_due();
            // Taking a few records at a time, as they come, costs both threads more than it is worth.
            idle = match n_taken {
                0 => (2 * idle).clamp(IDLE, LONGEST_IDLE),
                1..SLICE_BYTES => IDLE,
                SLICE_BYTES.. => Duration::ZERO,
            };
            let is_idle = idle == LONGEST_IDLE;
            self.shared.is_idle.store(is_idle, Ordering::Relaxed);
            let order = match self.orders.recv_timeout(idle) {
                Ok(order) => Some(order),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => {
                    let _ = self.close();
                    return None;
                }
            };
            if let Some(signal) = self.shared.fatal_signal.found() {
                self.end_by(signal);
                return None;
            }
            let Some(order) = order else { continue };
            // What was committed before the order was given comes first.
            self.drain_committed();
            match order {
                Order::Close(reply) => {
                    let summary = self.close();
                    let _ = reply.send(summary);
                    return None;
                }
                Order::Rest(leaving) => {
                    self.rest(leaving);
                    return Some(self);
                }
                order => self.obey(order),
            }
        }
    }

    /// Applies what is committed by now. The program may go on meanwhile.
    fn drain_committed(&mut self) {
        let end = self.ring.end();
        while !self.ring.is_past(end) && self.drain() > 0 {}
    }

    /// Applies a slice of what is committed. Gives its length.
    fn drain(&mut self) -> usize {
        if self.ring.has_failed() && self.failure.is_none() {
            self.fail(Error::Misuse(
                "a record is larger than the recording buffer".into(),
            ));
        }
        let bytes = self.ring.committed();
        if bytes.is_empty() {
            return 0;
        }
        let (n_taken, result) = match &mut self.session {
            _ if self.failure.is_some() => (bytes.len(), Ok(())),
            Some(session) => session.apply(bytes),
            None => {
                let found = "records outside of a session".to_string();
                (bytes.len(), Err(Error::Misuse(found)))
            }
        };
        self.ring.advance(n_taken);
        if let Err(error) = result {
            // What came before the bad record is good.
            self.seal();
            self.fail(error);
        }
        let is_full = |session: &OpenSession| session.chunk.delta.len() >= CHUNK_BYTES;
        if self.session.as_ref().is_some_and(is_full) {
            self.seal();
        }
        n_taken
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::BeginSession(info, reply) => {
                let begun = self.begin_session(&info);
                answer(&reply, begun);
            }
            Order::DescribeSession(description, reply) => {
                let described = self.describe_session(&description);
                answer(&reply, described);
            }
            Order::EndSession(end, reply) => {
                let ended = self.end_session(&end);
                answer(&reply, ended);
            }
            Order::DiscardSession(reply) => {
                let discarded = self.discard_session();
                answer(&reply, discarded);
            }
            Order::Flush(reply) => {
                self.seal();
                let flushed = self.check();
                answer(&reply, flushed);
            }
            Order::Session(reply) => {
                let missing = || Error::Misuse("there is no open session".into());
                let begun = self.session.as_ref().map(|session| session.begun);
                let begun = self.check().and_then(|()| begun.ok_or_else(missing));
                answer(&reply, begun);
            }
            Order::EndAhead(end, reply) => {
                self.seal();
                let ended = self.note_end(&end);
                answer(&reply, ended);
            }
            Order::TakeBackEnd => self.take_back_end(),
            Order::Close(_) | Order::Rest(_) => unreachable!("dealt with by the callers"),
        }
    }

    fn begin_session(&mut self, info: &SessionInfo) -> Result<BegunSession> {
        let begun = self.add_session(info)?;
        self.shared.begin_session();
        Ok(begun)
    }

    fn add_session(&mut self, info: &SessionInfo) -> Result<BegunSession> {
        self.check()?;
        if self.session.is_some() {
            return Err(Error::Misuse("a session was begun inside another".into()));
        }
        let Some(connection) = &mut self.connection else {
            return Err(Error::RecordingFailed("the recording is closed".into()));
        };
        let begun = match rows::insert_session(connection, info) {
            Ok((id, first_call)) => BegunSession { id, first_call },
            Err(error) => {
                self.fail_to_write("adding a session", error);
                return Err(self.failure());
            }
        };
        self.session = Some(OpenSession::new(begun));
        self.summary.n_sessions += 1;
        Ok(begun)
    }

    /// Opens the trace if it was closed meanwhile.
    fn open_again(&mut self) {
        if self.connection.is_none() && self.failure.is_none() {
            match self.trace.open(Opening::Again) {
                Ok(connection) => self.connection = Some(connection),
                Err(error) => return self.fail(error),
            }
            if let (Some(connection), Some(session)) = (&self.connection, &self.session) {
                match rows::has_session(connection, session.begun.id) {
                    Ok(true) => {}
                    Ok(false) => self.fail(Error::Gone(self.trace.path())),
                    Err(error) => self.fail_to_write("opening it", error),
                }
            }
        }
    }

    /// Stores everything and lets go of the trace file.
    fn rest(&mut self, leaving: Leaving) {
        self.seal();
        self.leave(leaving);
        self.ring.set_resting(true);
    }

    fn leave(&mut self, leaving: Leaving) {
        if let Some(connection) = self.connection.take()
            && let Err(error) = self.trace.leave(connection, leaving)
        {
            self.fail(error);
        }
    }

    /// Ends the session before a signal ends the process.
    fn end_by(&mut self, signal: Signal) {
        self.drain_committed();
        // What fails here can be told to nobody.
        let _ = self.end_session(&EndInfo {
            kind: ExitKind::Signal,
            message: Some(signal.as_str().into()),
        });
        let _ = self.close();
    }

    fn describe_session(&mut self, description: &SessionDescription) -> Result<()> {
        self.check()?;
        let (Some(connection), Some(session)) = (&self.connection, &self.session) else {
            return Err(Error::Misuse("there is no open session".into()));
        };
        let updated = rows::describe_session(connection, session.begun.id, description);
        if let Err(error) = updated {
            self.fail_to_write("describing the session", error);
        }
        self.check()
    }

    fn end_session(&mut self, end: &EndInfo) -> Result<()> {
        self.seal();
        self.shared.end_session();
        let Some(session) = self.session.take() else {
            self.check()?;
            return Err(Error::Misuse("there is no open session".into()));
        };
        self.check()?;
        self.summary.n_calls += session.replica.n_calls;
        self.summary.n_states += session.replica.n_states;
        self.write_end(session.begun.id, end)
    }

    fn write_end(&mut self, session: SessionId, end: &EndInfo) -> Result<()> {
        self.check()?;
        let Some(connection) = &self.connection else {
            return Ok(());
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let now = now.as_nanos() as u64;
        if let Err(error) = rows::end_session(connection, session, end, now) {
            self.fail_to_write("ending the session", error);
        }
        self.check()
    }

    /// Says how the session will have ended, which goes on for now.
    fn note_end(&mut self, end: &EndInfo) -> Result<()> {
        match &self.session {
            Some(session) => self.write_end(session.begun.id, end),
            None => Ok(()),
        }
    }

    fn take_back_end(&mut self) {
        if let (Some(connection), Some(session)) = (&self.connection, &self.session)
            && let Err(error) = rows::reopen_session(connection, session.begun.id)
        {
            self.fail_to_write("opening the session again", error);
        }
    }

    fn discard_session(&mut self) -> Result<()> {
        self.shared.take_notes();
        self.shared.end_session();
        let session = self.session.take();
        self.check()?;
        let (Some(connection), Some(session)) = (&mut self.connection, session) else {
            return Err(Error::Misuse("there is no open session".into()));
        };
        self.summary.n_sessions -= 1;
        if let Err(error) = rows::delete_session(connection, session.begun.id) {
            self.fail_to_write("discarding the session", error);
        }
        self.check()
    }

    fn seal_if_due(&mut self) {
        let records = self
            .session
            .as_ref()
            .and_then(|session| session.chunk.begun);
        let begun = [records, self.shared.notes().begun];
        let is_due = |begun: Instant| begun.elapsed() >= MAX_DELAY;
        if begun.into_iter().flatten().any(is_due) {
            self.seal();
        }
    }

    /// Stores the open chunk, if there is anything in it, with the notes, and opens the next.
    fn seal(&mut self) {
        // Before the look at what failed: what is noted after a failure is thrown away.
        let notes = self.shared.take_notes();
        if self.check().is_err() || self.is_cut() {
            return;
        }
        let (Some(session), Some(connection)) = (&mut self.session, &mut self.connection) else {
            if !notes.is_empty() {
                self.fail(Error::Misuse(
                    "code added or a call described outside of a session".into(),
                ));
            }
            return;
        };
        if session.chunk.delta.is_empty() {
            if let Err(error) = notes.store(connection, session.begun.id) {
                self.fail_to_write("adding notes", error);
            }
            return;
        }
        match session.store_chunk(connection, &mut self.sealer, notes) {
            Ok(()) => {
                session.open_next_chunk();
                if session.stored_bytes > self.options.max_bytes {
                    self.shared.set_health(Health::OverBytes);
                }
            }
            Err(error) => self.fail_to_write("storing a chunk", error),
        }
    }

    /// Whether somebody cut the file, which ends the recording.
    fn is_cut(&mut self) -> bool {
        let is_cut = self.trace.was_cut();
        if is_cut {
            self.fail(Error::WrittenByOthers(self.trace.path()));
        }
        is_cut
    }

    fn close(&mut self) -> Result<Summary> {
        self.seal();
        if let Some(session) = self.session.take() {
            self.summary.n_calls += session.replica.n_calls;
            self.summary.n_states += session.replica.n_states;
        }
        self.shared.end_session();
        if let Some(connection) = &self.connection {
            if self.failure.is_none() {
                let bytes =
                    "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
                let bytes = connection.query_row(bytes, [], |row| row.get::<_, i64>(0));
                self.summary.trace_bytes = bytes.unwrap_or_default() as u64;
            }
            self.leave(Leaving::AsOneFile);
            self.summary.moved_to = self.trace.moved_to();
            if self.failure.is_none() && self.trace.is_found_broken() {
                self.fail(Error::WrittenByOthers(self.trace.path()));
            }
        }
        self.check()?;
        Ok(self.summary.clone())
    }

    fn fail(&mut self, error: Error) {
        self.shared.fail(error.to_string());
        self.failure.get_or_insert(error);
    }

    fn fail_to_write(&mut self, doing: &'static str, error: rusqlite::Error) {
        self.fail(write_error(&self.trace.path(), doing, error));
    }

    fn check(&mut self) -> Result<()> {
        // SQLite would take descriptors that are lost for locks held by others, and wait.
        if self.failure.is_none() && self.connection.is_some() && descriptors::are_lost() {
            self.fail(Error::FilesClosed(self.trace.path()));
        }
        if self.failure.is_some() {
            Err(self.failure())
        } else {
            Ok(())
        }
    }

    /// The failure, to be told to whoever asks: its kind is kept where that helps.
    fn failure(&self) -> Error {
        match &self.failure {
            Some(Error::DiskFull(path)) => Error::DiskFull(path.clone()),
            Some(error) => Error::RecordingFailed(error.to_string()),
            None => Error::RecordingFailed("the recording is closed".into()),
        }
    }
}

fn answer<T>(reply: &Reply<T>, result: Result<T>) {
    // Nobody waits any more if the asking thread was cut off.
    let _ = reply.send(result);
}

fn spawn<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<Thread<T>> {
    let body = move || {
        // Signals are for the program's own threads: a blocking call there must be interrupted.
        let _ = SigSet::all().thread_block();
        body()
    };
    Thread::start(name, body)
        .map_err(|error| Error::RecordingFailed(format!("cannot start the thread {name}: {error}")))
}

/// Moves the coarse clock, so that capture need not read one.
struct Clock {
    shared: Arc<Shared>,
    is_closed: Arc<AtomicBool>,
}

impl Clock {
    fn run(self) {
        *self.shared.clock_thread.lock().expect("not poisoned") = Some(std::thread::current());
        while !self.is_closed.load(Ordering::Relaxed) {
            if self.shared.is_idle.load(Ordering::Relaxed) {
                self.shared.clock_ns.store(CLOCK_RESTS, Ordering::Relaxed);
                std::thread::park();
            }
            self.shared.tick();
            std::thread::sleep(TICK);
        }
    }
}

/// Stops the clock when the writer ends, in whatever way.
struct StopClock(Arc<AtomicBool>, Arc<Shared>);

impl Drop for StopClock {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
        self.1.wake_clock();
    }
}

#[cfg(test)]
mod tests;
