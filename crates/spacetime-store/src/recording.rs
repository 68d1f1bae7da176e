//! Opens a trace for writing and owns the writer thread.
//!
//! The threads can be made to rest ([`Recording::rest`]): a process that forks must have no threads of
//! ours. Whatever needs them wakes them; records wait in the ring meanwhile.
//!
//! Capture holds a [`RingWriter`], into which it writes records, and a [`Recording`], through
//! which it gives the few orders that are not records. Orders and records keep their order: a
//! session begun before a commit is known when the committed records are read. Code, and what is said
//! of calls, is left beside them, and is stored before the records that come after it, if any do.
//! Orders that need an answer wait for the writer thread, which never takes the GIL.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::Thread;
use std::time::Instant;

use spacetime_model::{CallId, CodeVersion, ExitKind, Origin, SessionId, SessionInfo};

use crate::fatal_signal::FatalSignal;
use crate::ring::{RingReader, RingWriter, ring};
use crate::threads::Threads;
use crate::writer::{Notes, Writer};
use crate::written::Leaving;
use crate::{Error, Result, Target};

/// How to record.
#[derive(Clone, Debug)]
pub struct Options {
    /// Start afresh if there is a trace at the target. Nothing but a trace is overwritten.
    pub overwrite: bool,
    /// Bytes that a session may add to the trace before [`Health::OverBytes`].
    pub max_bytes: u64,
    /// States that a session may have before lines are no longer recorded. Capture keeps to it.
    pub max_states: u64,
    /// The size of the buffer between program and writer thread.
    pub ring_bytes: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            overwrite: false,
            max_bytes: 2 << 30,
            max_states: 10_000_000,
            ring_bytes: 16 << 20,
        }
    }
}

/// What the user says about a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionDescription {
    /// A name for people.
    pub name: String,
    /// A sentence for people.
    pub description: Option<String>,
    /// A JSON object.
    pub metadata_json: Option<String>,
}

/// What tells a forked child from its parent.
#[derive(Clone, Copy, Debug)]
pub struct ProcessInfo {
    /// Its number.
    pub pid: u32,
    /// Nanoseconds since the Unix epoch.
    pub started_unix_ns: u64,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndInfo {
    /// In which way.
    pub kind: ExitKind,
    /// The exception, the exit code, or nothing.
    pub message: Option<String>,
}

/// What capture should know about the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// All is well.
    Ok,
    /// The session has used up its bytes.
    OverBytes,
    /// Writing failed; nothing more is kept. [`Recording::close`] tells why.
    Failed,
}

impl Health {
    fn from_code(code: u8) -> Self {
        [Self::Ok, Self::OverBytes][..]
            .get(code as usize)
            .copied()
            .unwrap_or(Self::Failed)
    }
}

/// What a recording left in its trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Sessions begun by this recording.
    pub n_sessions: u64,
    /// Their calls.
    pub n_calls: u64,
    /// Their states.
    pub n_states: u64,
    /// The size of the whole trace.
    pub trace_bytes: u64,
    /// Where the trace is, if it was moved while it was recorded.
    pub moved_to: Option<PathBuf>,
}

/// A session that has its row in the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BegunSession {
    /// Its name in the trace.
    pub id: SessionId,
    /// Its first call.
    pub first_call: CallId,
}

/// What the clock shows while it rests: it is set by who wakes it.
pub const CLOCK_RESTS: u64 = u64::MAX;

/// What writer thread and capture share; no lock in it is held for longer than it takes to copy.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub clock_ns: Arc<AtomicU64>,
    /// Nothing was recorded for a while: the clock may rest.
    pub is_idle: AtomicBool,
    pub clock_thread: Mutex<Option<Thread>>,
    pub health: AtomicU8,
    pub failure: Mutex<Option<String>>,
    pub session_started: Mutex<Option<Instant>>,
    pub fatal_signal: Arc<FatalSignal>,
    notes: Mutex<Notes>,
}

impl Shared {
    pub fn begin_session(&self) {
        // A budget is a session's; a failure is for good.
        let renewed = |code| (code != Health::Failed as u8).then_some(Health::Ok as u8);
        let (set, fetch) = (Ordering::AcqRel, Ordering::Acquire);
        let _ = self.health.fetch_update(set, fetch, renewed);
        self.clock_ns.store(0, Ordering::Release);
        *self.session_started.lock().expect("not poisoned") = Some(Instant::now());
        self.wake_clock();
    }

    /// The clock will not move until the threads are woken.
    pub fn rest_clock(&self) {
        self.clock_ns.store(CLOCK_RESTS, Ordering::Release);
    }

    pub fn wake_clock(&self) {
        self.is_idle.store(false, Ordering::Relaxed);
        let clock = self.clock_thread.lock().expect("not poisoned");
        clock.iter().for_each(Thread::unpark);
    }

    pub fn end_session(&self) {
        *self.session_started.lock().expect("not poisoned") = None;
    }

    /// Moves the clock of an open session.
    pub fn tick(&self) {
        if let Some(started) = *self.session_started.lock().expect("not poisoned") {
            self.clock_ns
                .store(started.elapsed().as_nanos() as u64, Ordering::Relaxed);
        }
    }

    /// What was noted since the writer took notes last.
    pub fn notes(&self) -> MutexGuard<'_, Notes> {
        self.notes.lock().expect("not poisoned")
    }

    pub fn take_notes(&self) -> Notes {
        std::mem::take(&mut *self.notes())
    }

    pub fn set_health(&self, health: Health) {
        self.health.fetch_max(health as u8, Ordering::Release);
    }

    pub fn fail(&self, reason: String) {
        self.failure
            .lock()
            .expect("not poisoned")
            .get_or_insert(reason);
        self.set_health(Health::Failed);
    }
}

/// What capture asks of the writer thread.
pub(crate) enum Order {
    BeginSession(Box<SessionInfo>, Reply<BegunSession>),
    /// Asks for the open session.
    Session(Reply<BegunSession>),
    DescribeSession(Box<SessionDescription>, Reply<()>),
    EndSession(EndInfo, Reply<()>),
    EndAhead(EndInfo, Reply<()>),
    TakeBackEnd,
    Rest(Leaving),
    DiscardSession(Reply<()>),
    Flush(Reply<()>),
    Close(Reply<Summary>),
}

pub(crate) type Reply<T> = std::sync::mpsc::SyncSender<Result<T>>;

/// A trace open for writing. Closing it tells what went wrong; dropping it closes it silently.
pub struct Recording {
    target: Target,
    options: Options,
    /// What the last session was begun with.
    info: Mutex<SessionInfo>,
    orders: Sender<Order>,
    shared: Arc<Shared>,
    threads: Mutex<Threads>,
    pid: u32,
}

impl Recording {
    /// Opens or creates the trace and starts the writer thread. A trace that exists gets one more
    /// session, or is started afresh with `overwrite`. Anything else at that place is an error and
    /// is not touched.
    pub fn create(target: Target, options: &Options) -> Result<(Self, RingWriter)> {
        let (ring_writer, ring_reader) = new_ring(options)?;
        let recording = Self::with_writer(target, options, ring_reader, Writer::open)?;
        recording.wake();
        recording.check_threads()?;
        Ok((recording, ring_writer))
    }

    /// A recording into a trace that another process records into as well. Its threads rest and the
    /// trace is not opened before something wakes them.
    pub fn follow(target: Target, options: &Options) -> Result<(Self, RingWriter)> {
        let (ring_writer, ring_reader) = new_ring(options)?;
        let options = Options {
            overwrite: false,
            ..options.clone()
        };
        let recording = Self::with_writer(target, &options, ring_reader, Writer::resting)?;
        recording.shared.rest_clock();
        Ok((recording, ring_writer))
    }

    /// In a forked child: a recording into the same trace, with a session like the parent's that
    /// waits for its first record.
    pub fn follow_fork(
        &self,
        origin: Option<Origin>,
        child: ProcessInfo,
    ) -> Result<(Self, RingWriter)> {
        let target = self.threads().target();
        let target = target.unwrap_or_else(|| self.target.clone());
        let (recording, ring) = Self::follow(target, &self.options)?;
        recording.begin_session_when_needed(SessionInfo {
            origin,
            pid: child.pid,
            started_unix_ns: child.started_unix_ns,
            ..self.info().clone()
        })?;
        Ok((recording, ring))
    }

    pub(crate) fn with_writer(
        target: Target,
        options: &Options,
        ring: RingReader,
        writer: impl FnOnce(WriterParts) -> Result<Writer>,
    ) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let (orders, received) = channel();
        let writer = writer(WriterParts {
            target: target.clone(),
            options: options.clone(),
            shared: Arc::clone(&shared),
            ring,
            orders: received,
        })?;
        Ok(Self {
            target,
            options: options.clone(),
            info: Mutex::default(),
            orders,
            shared,
            threads: Mutex::new(Threads::Resting(Box::new(writer))),
            pid: std::process::id(),
        })
    }

    /// Stores everything committed, closes the trace file and ends the threads, until something wakes
    /// them again.
    pub fn rest(&self) {
        self.rest_and(Leaving::ForAWhile);
    }

    fn rest_and(&self, leaving: Leaving) {
        let mut threads = self.threads();
        if let Threads::Running { .. } = *threads {
            // Without an answer: the threads are waited for.
            let _ = self.orders.send(Order::Rest(leaving));
            threads.rest();
            self.shared.rest_clock();
        }
    }

    /// Whether the threads rest.
    pub fn is_resting(&self) -> bool {
        matches!(*self.threads(), Threads::Resting(_))
    }

    /// Whether the trace is one that other processes can record into as well.
    pub fn is_shareable(&self) -> bool {
        matches!(self.target, Target::File(_))
    }

    /// Lets resting threads go on.
    pub fn wake(&self) {
        if let Err(error) = self.threads().wake() {
            self.shared.fail(error.to_string());
        }
    }

    fn check_threads(&self) -> Result<()> {
        match *self.threads() {
            Threads::Gone => Err(self.failure()),
            _ => Ok(()),
        }
    }

    fn threads(&self) -> MutexGuard<'_, Threads> {
        self.threads.lock().expect("not poisoned")
    }

    fn info(&self) -> MutexGuard<'_, SessionInfo> {
        self.info.lock().expect("not poisoned")
    }

    /// Where a signal is left that is to end the process once everything is stored.
    pub fn fatal_signal(&self) -> Arc<FatalSignal> {
        Arc::clone(&self.shared.fatal_signal)
    }

    /// Begins a session; the records that follow belong to it. At most one is open at a time.
    pub fn begin_session(&self, info: SessionInfo) -> Result<SessionId> {
        *self.info() = info.clone();
        let begun = self.ask(|reply| Order::BeginSession(Box::new(info), reply))?;
        Ok(begun.id)
    }

    /// Begins a session that gets its row in the trace when resting threads are woken: a process of
    /// which nothing is recorded leaves nothing. Where the threads run it gets it now.
    pub fn begin_session_when_needed(&self, info: SessionInfo) -> Result<()> {
        let mut threads = self.threads();
        if threads.wait_with(&info) {
            *self.info() = info;
            self.shared.begin_session();
            self.shared.rest_clock();
            return Ok(());
        }
        drop(threads);
        self.begin_session(info).map(drop)
    }

    /// The open session; it gets its row in the trace now, if it has none.
    pub fn session(&self) -> Result<BegunSession> {
        self.ask(Order::Session)
    }

    /// What is known of the process that the open session came from, without waking anything.
    pub fn origin(&self) -> Option<Origin> {
        self.info().origin
    }

    /// Whether the open session has no row in the trace, because nothing was recorded in it.
    pub fn is_session_waiting(&self) -> bool {
        self.threads().is_session_waiting()
    }

    /// Says what a code number of the open session means. Numbers count from 0; a code is added
    /// before the records that use its number are committed.
    pub fn add_code(&self, number: u32, code: CodeVersion) -> Result<()> {
        self.note(|notes| notes.add_code(number, code))
    }

    /// Replaces what the user said about the open session.
    pub fn describe_session(&self, description: SessionDescription) -> Result<()> {
        let said = description.clone();
        {
            let mut info = self.info();
            info.name = said.name;
            info.description = said.description;
            info.metadata_json = said.metadata_json;
        }
        self.ask(|reply| Order::DescribeSession(Box::new(description), reply))
    }

    /// Says something about a call of the open session, named by its number in the stream, as a JSON
    /// object. What was said of it before gives way.
    pub fn describe_call(&self, number: u64, metadata_json: String) -> Result<()> {
        self.note(|notes| notes.describe_call(number, metadata_json))
    }

    /// Ends the open session and forgets it: the trace is as if it had never been, but for ids that
    /// readers may have seen.
    pub fn discard_session(&self) -> Result<()> {
        self.ask(Order::DiscardSession)
    }

    /// Ends the open session once everything committed is stored.
    pub fn end_session(&self, end: EndInfo) -> Result<()> {
        if self.threads().forget_waiting() {
            self.shared.take_notes();
            self.shared.end_session();
            return Ok(());
        }
        self.ask(|reply| Order::EndSession(end, reply))
    }

    /// Says how the open session is about to end, and leaves the trace as if it had ended so: the
    /// process may not live to do it afterwards. The threads rest.
    pub fn end_ahead(&self, end: EndInfo) -> Result<EndedAhead> {
        if !self.is_session_waiting() {
            self.ask(|reply| Order::EndAhead(end, reply))?;
            self.rest_and(Leaving::AsOneFile);
        }
        Ok(EndedAhead(self.orders.clone()))
    }

    /// Returns once everything committed so far can be read by others.
    pub fn flush(&self) -> Result<()> {
        self.ask(Order::Flush)
    }

    /// Nanoseconds since the session began, renewed about every millisecond while something happens.
    pub fn clock(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.shared.clock_ns)
    }

    /// Lets the clock go on, if it shows [`CLOCK_RESTS`].
    pub fn wake_clock(&self) {
        self.shared.wake_clock();
    }

    /// When the open session's clock was 0, for exact times on the same scale.
    pub fn session_started(&self) -> Option<Instant> {
        *self.shared.session_started.lock().expect("not poisoned")
    }

    /// How the writer is; one relaxed load.
    #[inline]
    pub fn health(&self) -> Health {
        Health::from_code(self.shared.health.load(Ordering::Relaxed))
    }

    /// Stores what is left and leaves one file. Gives the first error of the whole recording.
    pub fn close(self) -> Result<Summary> {
        if self.is_session_waiting() {
            *self.threads() = Threads::Gone;
            return Ok(Summary::default());
        }
        let summary = self.ask(Order::Close);
        self.threads().join();
        summary
    }

    /// Leaves something for the writer, which is not woken for it; that storing it failed is told when the
    /// recording is closed.
    fn note(&self, add: impl FnOnce(&mut Notes)) -> Result<()> {
        self.check_process()?;
        add(&mut self.shared.notes());
        Ok(())
    }

    fn check_process(&self) -> Result<()> {
        match self.pid == std::process::id() {
            true => Ok(()),
            false => Err(Error::Misuse("used in a forked process".into())),
        }
    }

    fn send(&self, order: Order) -> Result<()> {
        self.check_process()?;
        self.orders.send(order).map_err(|_| self.failure())
    }

    fn ask<T>(&self, order: impl FnOnce(Reply<T>) -> Order) -> Result<T> {
        let (reply, answer) = sync_channel(1);
        self.send(order(reply))?;
        self.wake();
        answer.recv().unwrap_or_else(|_| Err(self.failure()))
    }

    fn failure(&self) -> Error {
        let failure = self.shared.failure.lock().expect("not poisoned").clone();
        Error::RecordingFailed(failure.unwrap_or_else(|| "the recording is closed".into()))
    }
}

/// The end of a session that was told ahead ([`Recording::end_ahead`]). It did not come if this is dropped.
#[must_use]
pub struct EndedAhead(Sender<Order>);

impl Drop for EndedAhead {
    fn drop(&mut self) {
        // Who closed the recording meanwhile said how the session ended.
        let _ = self.0.send(Order::TakeBackEnd);
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if self.pid != std::process::id() {
            // A forked child has no writer thread to wait for.
            self.threads().forget();
        } else if !self.is_session_waiting() {
            let _ = self.ask(Order::Close);
            self.threads().join();
        }
    }
}

/// What a writer is made of.
pub(crate) struct WriterParts {
    pub target: Target,
    pub options: Options,
    pub shared: Arc<Shared>,
    pub ring: RingReader,
    pub orders: std::sync::mpsc::Receiver<Order>,
}

fn new_ring(options: &Options) -> Result<(RingWriter, RingReader)> {
    ring(options.ring_bytes).map_err(|error| Error::NoBuffer {
        n_bytes: options.ring_bytes,
        reason: error.to_string(),
    })
}
