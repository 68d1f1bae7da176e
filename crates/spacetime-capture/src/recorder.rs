//! The recorder: turns monitoring events into records.
//!
//! One recorder per process, used under the GIL only. The events come from [`crate::callbacks`];
//! what they mean is decided here:
//!
//! * `calls`, `generators`: the life of a monitored call;
//! * `lines`, `slots`: what the line that just ran changed;
//! * `sites`: single instructions that change objects;
//! * `foreign`: code that is not recorded may change objects unseen; `watch`: what tells of it;
//! * `tasks`: the asyncio task of a call;
//! * `adapted`: objects whose adapters are asked before a state;
//! * `clock`: times.
//!
//! Invariant: whatever can change an object that a recorded call reaches is either seen (a line's
//! plan, a site, the dict watcher) or raises the heap's epoch before the next state is written.
//!
//! Hot path: no lock, no Python code run, no allocation outside the arenas.

mod adapted;
mod calls;
mod clock;
mod foreign;
mod generators;
mod lines;
mod sites;
mod slots;
mod tasks;
mod watch;

use crate::adapters::Asked;
use crate::code::Code;
use crate::frames::{LiveFrame, SlotShadow, Suspended, Thread, Tier};
use crate::heap::{Due, Heap};
use crate::layout::{self, Gil};
use crate::processes::Family;
use crate::registry::Registry;
use foreign::Foreign;
use pyo3_ffi::*;
use rustc_hash::FxHashMap;
use spacetime_store::recording::Recording;
use spacetime_store::stream::{Sink, record};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;
use tasks::Tasks;

/// Exact times taken between two ticks of the coarse clock; calls beyond that get the coarse time.
const STAMPS_PER_TICK: u32 = 32;

/// See the module's text.
pub struct Recorder {
    /// How frames are read.
    pub tier: Tier,
    /// The mirror of the heap and the stream.
    pub heap: Heap,
    /// What is recorded.
    pub registry: Registry,
    /// A panic ended the recording.
    pub has_panicked: bool,
    /// Orders to the writer thread.
    pub recording: Option<Recording>,
    /// Codes by the address of their code object.
    pub codes: FxHashMap<usize, Box<Code>>,
    /// The processes around this one.
    pub family: Family,
    /// A session is open.
    in_session: bool,
    /// A session is open and recording is not paused.
    pub is_active: bool,
    /// Pauses in force.
    pub n_pauses: u32,
    max_states: u64,
    /// States after which this session records no more lines, 0 once it said so.
    n_states_allowed: u64,
    /// Codes announced to the writer thread in this session.
    pub n_codes: u32,
    /// Boxed: `thread` points to one of them.
    #[allow(clippy::vec_box)]
    threads: Vec<Box<Thread>>,
    thread: *mut Thread,
    tstate: *mut PyThreadState,
    /// What tells that another thread ran; none if that is not to be had.
    pub gil: Option<Gil>,
    n_switches: std::ffi::c_ulong,
    suspended: FxHashMap<LiveFrame, Suspended>,
    foreign: Foreign,
    /// The tasks of asyncio.
    pub(crate) tasks: Tasks,
    /// A cell was bound anew that other frames may have as well: their slots are out of date.
    doubts_cells: bool,
    /// Variables may be bound by other means than the line's own instructions.
    reads_all_slots: bool,
    /// Adapters asked so far.
    n_asked: u32,
    /// The objects whose adapters the state that was to be written waits for.
    pub due: Vec<Due>,
    /// What was asked for this state.
    pub asked: Asked,
    /// A call with what it was known to show no adapted object of.
    shows_no_adapted: Option<(u64, u64)>,
    /// Shared with the recording.
    pub(crate) clock: Arc<AtomicU64>,
    clock_written: u64,
    session_started: Instant,
    stamps_left: u32,
    n_calls: u64,
    n_states: u64,
    /// The last call that an exception left, in the stream's numbers.
    pub last_raised_call: Option<u64>,
}

impl Recorder {
    /// A recorder without a session. `max_states` is the budget of each.
    pub fn new(
        tier: Tier,
        heap: Heap,
        registry: Registry,
        recording: Recording,
        max_states: u64,
    ) -> Recorder {
        Recorder {
            tier,
            heap,
            registry,
            has_panicked: false,
            clock: recording.clock(),
            recording: Some(recording),
            codes: FxHashMap::default(),
            family: Family::default(),
            in_session: false,
            is_active: false,
            n_pauses: 0,
            max_states,
            n_states_allowed: max_states,
            n_codes: 0,
            threads: Vec::new(),
            thread: std::ptr::null_mut(),
            tstate: std::ptr::null_mut(),
            gil: None,
            n_switches: 0,
            suspended: FxHashMap::default(),
            foreign: Foreign::new(tier),
            tasks: Tasks::default(),
            doubts_cells: false,
            reads_all_slots: false,
            n_asked: 0,
            due: Vec::new(),
            asked: Asked::default(),
            shows_no_adapted: None,
            clock_written: 0,
            session_started: Instant::now(),
            stamps_left: 0,
            n_calls: 0,
            n_states: 0,
            last_raised_call: None,
        }
    }

    /// A session was opened in the stream.
    ///
    /// # Safety
    /// The GIL must be held and no exception set.
    pub unsafe fn begin_session(&mut self) {
        (self.n_codes, self.n_calls, self.n_states) = (0, 0, 0);
        (self.clock_written, self.stamps_left, self.last_raised_call) = (0, STAMPS_PER_TICK, None);
        self.n_states_allowed = self.max_states;
        let started = self.recording.as_ref().and_then(Recording::session_started);
        self.session_started = started.unwrap_or_else(Instant::now);
        self.in_session = true;
        // SAFETY: passed on.
        unsafe { self.look_at_running_code() };
        self.is_active = self.n_pauses == 0;
    }

    /// A session ends: what is due is committed, and the program forgotten, so that nothing that
    /// happens to it is written until the next session.
    ///
    /// # Safety
    /// The GIL must be held.
    pub unsafe fn end_session(&mut self) {
        (self.in_session, self.is_active) = (false, false);
        self.heap.sink.commit();
        // SAFETY: passed on.
        unsafe {
            self.drop_guards();
            self.heap.clear();
        }
        self.threads.clear();
        self.suspended.clear();
        self.foreign.start_over();
        self.tasks.start_over();
        (self.doubts_cells, self.reads_all_slots) = (false, false);
        self.shows_no_adapted = None;
        (self.thread, self.tstate) = (std::ptr::null_mut(), std::ptr::null_mut());
        for code in self.codes.values_mut() {
            (code.number, code.last_call, code.namespace) = (None, None, None);
        }
    }

    /// Whether a session is open.
    pub fn is_in_session(&self) -> bool {
        self.in_session
    }

    /// The innermost call of a thread, by its number in the stream.
    ///
    /// # Safety
    /// `tstate` must be the current thread state, with the GIL held.
    pub unsafe fn innermost_call(&self, tstate: *mut PyThreadState) -> Option<u64> {
        // SAFETY: passed on.
        let id = unsafe { PyThreadState_GetID(tstate) };
        let thread = self.threads.iter().rev();
        let thread = { thread }.find(|thread| thread.tstate == tstate && thread.id == id)?;
        Some(thread.frames.last()?.call)
    }

    /// Whether lines of this session are no longer recorded.
    pub fn is_over_budget(&self) -> bool {
        self.n_states_allowed == 0
    }

    /// Calls and states of the session so far.
    pub fn counts(&self) -> (u64, u64) {
        (self.n_calls, self.n_states)
    }

    /// The current thread, made current in the stream.
    #[inline(always)]
    pub(super) unsafe fn enter_thread(&mut self, tstate: *mut PyThreadState) -> *mut Thread {
        self.heap.begin_event();
        if tstate != self.tstate {
            self.switch_thread(tstate);
        }
        // SAFETY: `tstate` is the current thread state.
        if unsafe { self.others_may_have_run(tstate) } {
            self.heap.doubt_everything();
        }
        self.thread
    }

    /// Whether another thread may have run since this was asked last. What C code does without the
    /// GIL counts as done when its thread has the GIL again.
    ///
    /// # Safety
    /// `tstate` must be the current thread state, with the GIL held.
    #[inline(always)]
    pub(super) unsafe fn others_may_have_run(&mut self, tstate: *mut PyThreadState) -> bool {
        // SAFETY: passed on.
        unsafe {
            match self.gil {
                Some(gil) => {
                    let n_switches = gil.n_switches();
                    std::mem::replace(&mut self.n_switches, n_switches) != n_switches
                }
                None => self.tier == Tier::Portable || layout::other_threads_exist(tstate),
            }
        }
    }

    #[cold]
    pub(super) fn switch_thread(&mut self, tstate: *mut PyThreadState) {
        self.heap.doubt_everything();
        // SAFETY: the state is that of the running thread.
        let id = unsafe { PyThreadState_GetID(tstate) };
        let is_it = |thread: &Thread| thread.tstate == tstate && thread.id == id;
        let known = self.threads.iter().rposition(|thread| is_it(thread));
        let at = known.unwrap_or_else(|| {
            let number = self.threads.len() as u64;
            self.threads.push(Box::new(Thread {
                tstate,
                id,
                number,
                frames: Vec::new(),
                slots: Vec::new(),
                is_unchecked: false,
                outcome: None,
            }));
            self.threads.len() - 1
        });
        self.thread = &raw mut *self.threads[at];
        self.tstate = tstate;
        self.heap.sink.byte(record::THREAD);
        self.heap.sink.varint(self.threads[at].number);
        self.heap.sink.record_end();
        if std::mem::take(&mut self.threads[at].is_unchecked) {
            let thread = self.thread;
            // SAFETY: the thread is in a callback; nothing else refers to its calls now.
            unsafe { self.drop_calls_that_ended(&mut *thread, tstate) };
        }
    }

    /// Goes on after a pause, in which anything may have happened.
    pub fn go_on(&mut self) {
        self.heap.expect_cells_to_change();
        self.heap.doubt_everything();
        self.foreign.start_over();
        self.tstate = std::ptr::null_mut();
        for thread in &mut self.threads {
            thread.is_unchecked = true;
        }
        self.is_active = self.in_session;
    }

    /// Writes the changes that are due, if there are any.
    #[inline(always)]
    pub(super) unsafe fn settle(&mut self) {
        if !self.heap.is_settled() {
            // SAFETY: passed on.
            unsafe { self.heap.settle() };
        }
    }

    /// Whether a monitored call is running or suspended in this frame.
    pub fn knows_frame(&self, tstate: *mut PyThreadState, live: LiveFrame) -> bool {
        // Threads that ended may have left their state to it; they come before it.
        let mut threads = self.threads.iter().rev();
        let thread = threads.find(|thread| thread.tstate == tstate);
        self.suspended.contains_key(&live)
            || thread.is_some_and(|thread| thread.frames.iter().any(|frame| frame.live == live))
    }

    /// Drops what only dead cycles hold, now and then; called when the garbage collector has run.
    ///
    /// # Safety
    /// The GIL must be held.
    pub unsafe fn collected(&mut self) {
        self.heap.doubt_everything();
        let (threads, suspended) = (&self.threads, &self.suspended);
        let roots = || {
            let running = threads.iter().flat_map(|thread| &thread.slots);
            let shadows = running.chain(suspended.values().flat_map(|call| &call.slots));
            let entries = shadows.filter_map(|shadow| match *shadow {
                SlotShadow::Entry(entry) => Some(entry),
                _ => None,
            });
            let held = threads.iter().filter_map(|thread| thread.outcome);
            entries.chain(held).collect()
        };
        // SAFETY: passed on.
        unsafe { self.heap.purge_if_large(roots) };
        self.heap.sink.commit();
    }
}
