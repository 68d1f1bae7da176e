//! Opens a trace for writing and owns the writer thread.
//!
//! Capture holds a [`RingWriter`], into which it writes records, and a [`Recording`], through
//! which it gives the few orders that are not records. Orders and records keep their order: a
//! session begun or code added before a commit is known when the committed records are read.
//! Orders that need an answer wait for the writer thread, which never takes the GIL.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::{JoinHandle, Thread};
use std::time::Instant;

use spacetime_model::{CodeVersion, ExitKind, SessionId, SessionInfo};

use crate::ring::{RingWriter, ring};
use crate::writer::Writer;
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
}

/// What the clock shows while it rests: it is set by who wakes it.
pub const CLOCK_RESTS: u64 = u64::MAX;

/// What writer thread and capture share without waiting.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub clock_ns: Arc<AtomicU64>,
    /// Nothing was recorded for a while: the clock may rest.
    pub is_idle: AtomicBool,
    pub clock_thread: OnceLock<Thread>,
    pub health: AtomicU8,
    pub failure: Mutex<Option<String>>,
    pub session_started: Mutex<Option<Instant>>,
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

    pub fn wake_clock(&self) {
        self.is_idle.store(false, Ordering::Relaxed);
        self.clock_thread.get().inspect(|clock| clock.unpark());
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
    BeginSession(Box<SessionInfo>, Reply<SessionId>),
    AddCode(u32, Box<CodeVersion>),
    DescribeCall(u64, String),
    DescribeSession(Box<SessionDescription>, Reply<()>),
    EndSession(EndInfo, Reply<()>),
    DiscardSession(Reply<()>),
    Flush(Reply<()>),
    Close(Reply<Summary>),
}

pub(crate) type Reply<T> = std::sync::mpsc::SyncSender<Result<T>>;

/// A trace open for writing. Closing it tells what went wrong; dropping it closes it silently.
pub struct Recording {
    orders: Sender<Order>,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
    pid: u32,
}

impl Recording {
    /// Opens or creates the trace and starts the writer thread. A trace that exists gets one more
    /// session, or is started afresh with `overwrite`. Anything else at that place is an error and
    /// is not touched.
    pub fn create(target: Target, options: &Options) -> Result<(Self, RingWriter)> {
        let shared = Arc::new(Shared::default());
        let (ring_writer, ring_reader) =
            ring(options.ring_bytes).map_err(|error| Error::NoBuffer {
                n_bytes: options.ring_bytes,
                reason: error.to_string(),
            })?;
        let (orders, received): (Sender<Order>, Receiver<Order>) = channel();
        let writer = Writer::new(&target, options, Arc::clone(&shared), ring_reader, received)?;
        let threads = writer.start()?;
        Ok((Self::from_parts(orders, shared, threads), ring_writer))
    }

    pub(crate) fn from_parts(
        orders: Sender<Order>,
        shared: Arc<Shared>,
        threads: Vec<JoinHandle<()>>,
    ) -> Self {
        Self {
            orders,
            shared,
            threads,
            pid: std::process::id(),
        }
    }

    /// Begins a session; the records that follow belong to it. At most one is open at a time.
    pub fn begin_session(&self, info: SessionInfo) -> Result<SessionId> {
        self.ask(|reply| Order::BeginSession(Box::new(info), reply))
    }

    /// Says what a code number of the open session means. Numbers count from 0; a code is added
    /// before the records that use its number are committed.
    pub fn add_code(&self, number: u32, code: CodeVersion) -> Result<()> {
        self.send(Order::AddCode(number, Box::new(code)))
    }

    /// Replaces what the user said about the open session.
    pub fn describe_session(&self, description: SessionDescription) -> Result<()> {
        self.ask(|reply| Order::DescribeSession(Box::new(description), reply))
    }

    /// Says something about a call of the open session, named by its number in the stream, as a JSON
    /// object. What was said of it before gives way.
    pub fn describe_call(&self, number: u64, metadata_json: String) -> Result<()> {
        self.send(Order::DescribeCall(number, metadata_json))
    }

    /// Ends the open session and forgets it: the trace is as if it had never been, but for ids that
    /// readers may have seen.
    pub fn discard_session(&self) -> Result<()> {
        self.ask(Order::DiscardSession)
    }

    /// Ends the open session once everything committed is stored.
    pub fn end_session(&self, end: EndInfo) -> Result<()> {
        self.ask(|reply| Order::EndSession(end, reply))
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
    pub fn close(mut self) -> Result<Summary> {
        let summary = self.ask(Order::Close);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
        summary
    }

    fn send(&self, order: Order) -> Result<()> {
        if self.pid != std::process::id() {
            return Err(Error::Misuse("used in a forked process".into()));
        }
        self.orders.send(order).map_err(|_| self.failure())
    }

    fn ask<T>(&self, order: impl FnOnce(Reply<T>) -> Order) -> Result<T> {
        let (reply, answer) = sync_channel(1);
        self.send(order(reply))?;
        answer.recv().unwrap_or_else(|_| Err(self.failure()))
    }

    fn failure(&self) -> Error {
        let failure = self.shared.failure.lock().expect("not poisoned").clone();
        Error::RecordingFailed(failure.unwrap_or_else(|| "the recording is closed".into()))
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if self.pid != std::process::id() {
            // A forked child has no writer thread to wait for.
            self.threads.drain(..).for_each(std::mem::forget);
        } else if !self.threads.is_empty() {
            let _ = self.ask(Order::Close);
            for thread in self.threads.drain(..) {
                let _ = thread.join();
            }
        }
    }
}
