//! The recorder: turns monitoring events into records.
//!
//! One recorder per process, used under the GIL only. The events come from [`crate::callbacks`];
//! what they mean is decided here:
//!
//! * [`Recorder::start_call`], [`Recorder::end_call`], [`Recorder::line`]: the life of a monitored call;
//! * [`Recorder::observe`]: what the line that just ran changed;
//! * [`Recorder::foreign_code_runs`]: code that is not recorded may change objects unseen.
//!
//! Invariant: whatever can change an object that a recorded call reaches is either seen (a line's
//! plan, a site, the dict watcher) or raises the heap's epoch before the next state is written.
//!
//! Hot path: no lock, no Python code run, no allocation outside the arenas.

use crate::atoms::{self, Class};
use crate::code::{Code, LinePlan, Role, SiteAction};
use crate::effects::{self, Effect};
use crate::frames::{Frame, LiveFrame, Pending, SlotShadow, Suspended, Thread, Tier};
use crate::guard;
use crate::heap::Heap;
use crate::layout;
use crate::registry::{self, Registry};
use pyo3_ffi::*;
use rustc_hash::FxHashMap;
use spacetime_store::recording::{Health, Recording};
use spacetime_store::stream::{self, Sink, call_flag, fidelity, record, value};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

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
    /// A session is open and recording is not paused.
    pub is_active: bool,
    /// Pauses in force.
    pub n_pauses: u32,
    /// Line states are no longer recorded: the session's budget is used up.
    pub is_over_budget: bool,
    /// A C method that changes objects is a value somewhere: any C code may call it.
    pub has_escaped_methods: bool,
    /// Codes announced to the writer thread in this session.
    pub n_codes: u32,
    /// Boxed: `thread` points to one of them.
    #[allow(clippy::vec_box)]
    threads: Vec<Box<Thread>>,
    thread: *mut Thread,
    tstate: *mut PyThreadState,
    suspended: FxHashMap<LiveFrame, Suspended>,
    clock: Arc<AtomicU64>,
    clock_written: u64,
    session_started: Instant,
    stamps_left: u32,
    n_calls: u64,
    n_states: u64,
    /// The last call that an exception left, in the stream's numbers.
    pub last_raised_call: Option<u64>,
}

impl Recorder {
    /// A recorder without a session.
    pub fn new(tier: Tier, heap: Heap, registry: Registry, recording: Recording) -> Recorder {
        Recorder {
            tier,
            heap,
            registry,
            has_panicked: false,
            clock: recording.clock(),
            recording: Some(recording),
            codes: FxHashMap::default(),
            is_active: false,
            n_pauses: 0,
            is_over_budget: false,
            has_escaped_methods: false,
            n_codes: 0,
            threads: Vec::new(),
            thread: std::ptr::null_mut(),
            tstate: std::ptr::null_mut(),
            suspended: FxHashMap::default(),
            clock_written: 0,
            session_started: Instant::now(),
            stamps_left: 0,
            n_calls: 0,
            n_states: 0,
            last_raised_call: None,
        }
    }

    /// Starts over for a new session: nothing is known of the program.
    ///
    /// # Safety
    /// The GIL must be held.
    pub unsafe fn begin_session(&mut self) {
        // SAFETY: passed on.
        unsafe {
            self.drop_guards();
            self.heap.clear();
        }
        self.threads.clear();
        self.suspended.clear();
        (self.thread, self.tstate) = (std::ptr::null_mut(), std::ptr::null_mut());
        for code in self.codes.values_mut() {
            (code.number, code.namespace) = (None, None);
        }
        (self.n_codes, self.n_calls, self.n_states) = (0, 0, 0);
        (self.clock_written, self.stamps_left, self.last_raised_call) = (0, STAMPS_PER_TICK, None);
        self.is_over_budget = false;
        let started = self.recording.as_ref().and_then(Recording::session_started);
        self.session_started = started.unwrap_or_else(Instant::now);
        self.is_active = self.n_pauses == 0;
    }

    /// Calls and states of the session so far.
    pub fn counts(&self) -> (u64, u64) {
        (self.n_calls, self.n_states)
    }

    /// The current thread, made current in the stream.
    #[inline(always)]
    unsafe fn enter_thread(&mut self, tstate: *mut PyThreadState) -> *mut Thread {
        self.heap.begin_event();
        if tstate != self.tstate {
            self.switch_thread(tstate);
        }
        // SAFETY: `tstate` is the current thread state.
        if unsafe { self.tier == Tier::Portable || layout::other_threads_exist(tstate) } {
            // Another thread may have run since the last event.
            self.heap.doubt_everything();
        }
        self.thread
    }

    #[cold]
    fn switch_thread(&mut self, tstate: *mut PyThreadState) {
        self.heap.doubt_everything();
        let known = self
            .threads
            .iter()
            .position(|thread| thread.tstate == tstate);
        let at = known.unwrap_or_else(|| {
            let number = self.threads.len() as u64;
            let (frames, slots) = (Vec::new(), Vec::new());
            self.threads.push(Box::new(Thread {
                tstate,
                number,
                frames,
                slots,
            }));
            self.threads.len() - 1
        });
        self.thread = &raw mut *self.threads[at];
        self.tstate = tstate;
        self.heap.sink.byte(record::THREAD);
        self.heap.sink.varint(self.threads[at].number);
        self.heap.sink.record_end();
    }

    /// Writes the coarse clock if it has ticked, and looks after the writer thread.
    #[inline(always)]
    fn tick(&mut self) {
        let now = self.clock.load(Ordering::Relaxed);
        if now != self.clock_written {
            self.clock_ticked(now);
        }
    }

    #[cold]
    fn clock_ticked(&mut self, now: u64) {
        if now > self.clock_written {
            self.heap.sink.byte(record::CLOCK);
            self.heap.sink.varint(now - self.clock_written);
            self.heap.sink.record_end();
        }
        self.clock_written = now;
        self.stamps_left = STAMPS_PER_TICK;
        let health = self
            .recording
            .as_ref()
            .map_or(Health::Failed, Recording::health);
        match health {
            Health::Ok => {}
            Health::Failed => self.is_active = false,
            Health::OverBytes | Health::OverStates if !self.is_over_budget => {
                self.is_over_budget = true;
                let what = if health == Health::OverBytes {
                    "bytes"
                } else {
                    "states"
                };
                let reason = format!(
                    "the session's budget of {what} is used up: lines are no longer recorded"
                );
                self.heap.sink.byte(record::GAP);
                self.heap.sink.blob(reason.as_bytes());
                self.heap.sink.record_end();
            }
            Health::OverBytes | Health::OverStates => {}
        }
    }

    /// Writes the exact time, if this call is to have it.
    #[inline]
    fn stamp(&mut self) -> bool {
        if self.stamps_left == 0 {
            return false;
        }
        self.stamps_left -= 1;
        self.write_stamp();
        true
    }

    #[cold]
    fn write_stamp(&mut self) {
        let wall_nanos = self.session_started.elapsed().as_nanos() as u64;
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: writes to `time`.
        let known = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) } == 0;
        let cpu_nanos = time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64;
        self.heap.sink.byte(record::STAMP);
        self.heap.sink.varint(wall_nanos);
        self.heap.sink.varint(if known { cpu_nanos + 1 } else { 0 });
        self.heap.sink.record_end();
    }

    /// A dict that is tracked is about to take an object: what the running line did to its slots is
    /// written first, so that no old reference stands for a new object at its address.
    ///
    /// # Safety
    /// The GIL must be held, and the program, not a callback, be running.
    pub unsafe fn before_dict_change(&mut self, item: *mut PyObject) {
        // SAFETY: the frames on the stack are running.
        unsafe {
            if !self.is_active || atoms::classify(item) != Class::Object {
                return;
            }
            let tstate = PyThreadState_Get();
            if tstate != self.tstate {
                self.heap.doubt_everything();
                return;
            }
            let thread = &mut *self.thread;
            let Some(top) = thread.frames.last() else {
                return;
            };
            if !top.by_line {
                self.heap.doubt_everything();
                return;
            }
            self.heap.begin_event();
            let frame = thread.frames.len() - 1;
            for &slot in &(*thread.frames[frame].plan).written {
                self.read_slot(thread, frame, slot as usize, false);
            }
            self.settle();
        }
    }

    /// Code that is not recorded begins or goes on running: it may change anything.
    #[inline]
    pub fn foreign_code_runs(&mut self) {
        self.heap.doubt_everything();
    }

    /// A monitored call starts in the running frame.
    ///
    /// # Safety
    /// Must be called in the callback of the start event of a frame that runs `code`, with the GIL held.
    pub unsafe fn start_call(
        &mut self,
        tstate: *mut PyThreadState,
        live: LiveFrame,
        code: *mut Code,
    ) {
        // SAFETY: the callback's frame is running; callers on our stack are too.
        unsafe {
            let thread = &mut *self.enter_thread(tstate);
            while thread.frames.last().is_some_and(|top| top.live == live) {
                // Its end was not reported; the new frame lies at the same place.
                self.drop_top(thread);
            }
            self.tick();
            if let Some(caller) = thread.frames.last() {
                let direct = live.caller(self.tier) == caller.live;
                self.observe_caller(thread);
                if !direct {
                    self.heap.doubt_everything();
                }
            }
            self.push_call(thread, live, code, 0);
        }
    }

    /// Opens a call in the stream and on the thread's stack, with its parameters.
    unsafe fn push_call(
        &mut self,
        thread: &mut Thread,
        live: LiveFrame,
        code: *mut Code,
        flags: u64,
    ) {
        // SAFETY: passed on.
        unsafe {
            let code = &mut *code;
            let namespace = self.namespace_of_code(live, code);
            let locals_namespace = self.locals_namespace(live, code, namespace);
            let by_line = code.role == Role::Line;
            let is_stamped = self.stamp();
            let sink = &mut self.heap.sink;
            sink.byte(record::CALL);
            sink.varint(u64::from(code.number.unwrap_or(0)));
            let mut all_flags = flags;
            all_flags |= if by_line { call_flag::LINE } else { 0 };
            all_flags |= if code.is_suspendable() {
                call_flag::GENERATOR
            } else {
                0
            };
            all_flags |= if locals_namespace.is_some() {
                call_flag::LOCALS_OBJECT
            } else {
                0
            };
            sink.varint(all_flags);
            let namespace_id = self.heap.namespace_id(namespace);
            self.heap.sink.varint(u64::from(namespace_id));
            if let Some(locals) = locals_namespace {
                let locals_id = self.heap.namespace_id(locals);
                self.heap.sink.varint(u64::from(locals_id));
            }
            self.heap.sink.record_end();

            let first_slot = thread.slots.len();
            thread
                .slots
                .resize(first_slot + code.n_slots, SlotShadow::Null);
            thread.frames.push(Frame {
                live,
                code,
                line: code.first_line,
                plan: &raw const NOTHING_RAN,
                first_slot,
                call: self.n_calls,
                synced_epoch: self.heap.epoch().wrapping_sub(1),
                pending: Pending::Nothing,
                namespace,
                locals_namespace,
                is_stamped,
                by_line,
                guard: std::ptr::null_mut(),
                last_unit: 0,
                last_line: 0,
            });
            self.n_calls += 1;
            let frame = thread.frames.len() - 1;
            if code.recorded_slots.len() < code.n_slots {
                self.put_excluded_slots(code);
            }
            let bound = match flags & call_flag::ENTERED_EARLIER != 0 {
                true => &code.recorded_slots,
                false => &code.slots_bound_at_start,
            };
            for &slot in bound {
                self.read_slot(thread, frame, slot as usize, false);
            }
            if !by_line {
                self.sync(thread, frame);
                self.settle();
                self.heap.sink.byte(record::ENTRY);
                self.heap.sink.record_end();
                self.n_states += 1;
            } else {
                self.settle();
            }
            self.heap.sink.commit();
        }
    }

    /// The namespace of a code's globals, with the names it uses wanted.
    unsafe fn namespace_of_code(&mut self, live: LiveFrame, code: &mut Code) -> u32 {
        // SAFETY: the frame runs `code`; its globals are an exact dict.
        unsafe {
            let globals = live.globals(self.tier);
            if let Some(known) = code.namespace
                && self.heap.is_namespace_of(known, globals)
            {
                return known;
            }
            let index = self.heap.namespace_of(globals);
            self.heap.want_names(index, &code.global_names);
            for &name in &code.trusted_callees {
                self.heap.trust_callee(name);
            }
            code.namespace = Some(index);
            index
        }
    }

    /// The namespace of the locals of a module or class body. Other mappings are not read.
    unsafe fn locals_namespace(
        &mut self,
        live: LiveFrame,
        code: &Code,
        namespace: u32,
    ) -> Option<u32> {
        if !code.has_locals_object {
            return None;
        }
        // SAFETY: the frame runs `code`.
        unsafe {
            let locals = live.locals_object(self.tier);
            if locals.is_null() || PyDict_Check(locals) == 0 {
                return None;
            }
            if self.heap.is_namespace_of(namespace, locals) {
                return Some(namespace);
            }
            let index = self.heap.namespace_of(locals);
            self.heap.want_names(index, &code.global_names);
            Some(index)
        }
    }

    /// A line of a monitored call is about to run.
    ///
    /// # Safety
    /// Must be called in the callback of an event of a frame that runs `code`, with the GIL held.
    #[inline]
    pub unsafe fn line(
        &mut self,
        tstate: *mut PyThreadState,
        live: LiveFrame,
        code: *mut PyObject,
        line: i32,
    ) {
        // SAFETY: passed on.
        unsafe {
            let thread = &mut *self.enter_thread(tstate);
            let Some(frame) = self.top_frame(thread, live, code) else {
                return;
            };
            self.tick();
            self.observe(thread, frame, true);
            let top = &mut thread.frames[frame];
            let code = &*top.code;
            top.plan = code.plan(line);
            if code.wants_line(line) && top.by_line && !self.is_over_budget {
                stream::put_line(&mut self.heap.sink, line - top.line);
                self.heap.sink.record_end();
                top.line = line;
                self.n_states += 1;
            }
            self.heap.sink.commit();
        }
    }

    /// An instruction at which a line may begin is about to run, in code whose LINE events are slow.
    /// LINE fires when the line differs from that of the instruction before; a jump back to the line's own beginning counts as well.
    ///
    /// # Safety
    /// As for [`Recorder::line`].
    pub unsafe fn line_from_instruction(
        &mut self,
        tstate: *mut PyThreadState,
        live: LiveFrame,
        code: *mut PyObject,
        line: i32,
        unit: u32,
    ) {
        // SAFETY: passed on.
        unsafe {
            let thread = &mut *self.enter_thread(tstate);
            let Some(frame) = self.top_frame(thread, live, code) else {
                return;
            };
            let top = &mut thread.frames[frame];
            if line == 0 {
                top.last_line = 0;
                return;
            }
            let begins = top.last_unit == 0 || line != top.last_line || unit <= top.last_unit;
            (top.last_unit, top.last_line) = (unit, line);
            if begins {
                self.line(tstate, live, code, line);
            }
        }
    }

    /// The index of the frame that an event is about, which is the top of the stack unless events
    /// were missed.
    #[inline(always)]
    unsafe fn top_frame(
        &mut self,
        thread: &mut Thread,
        live: LiveFrame,
        code: *mut PyObject,
    ) -> Option<usize> {
        if let Some(top) = thread.frames.last()
            && top.live == live
            // SAFETY: codes of frames on the stack are alive.
            && unsafe { (*top.code).object == code }
        {
            return Some(thread.frames.len() - 1);
        }
        // SAFETY: passed on.
        unsafe { self.find_frame(thread, live, code) }
    }

    /// Finds the frame below calls whose end was not reported, or begins to record in the middle of it.
    #[cold]
    unsafe fn find_frame(
        &mut self,
        thread: &mut Thread,
        live: LiveFrame,
        code: *mut PyObject,
    ) -> Option<usize> {
        // SAFETY: passed on; what is dropped from the stack no longer runs.
        unsafe {
            let is_it = |frame: &Frame| frame.live == live && (*frame.code).object == code;
            if thread.frames.iter().any(is_it) {
                while !thread.frames.last().is_some_and(is_it) {
                    self.drop_top(thread);
                }
                return Some(thread.frames.len() - 1);
            }
            if self.suspended.contains_key(&live) {
                self.resume_call(self.tstate, live, code);
                return thread
                    .frames
                    .last()
                    .is_some_and(is_it)
                    .then(|| thread.frames.len() - 1);
            }
            let code = &raw mut **self.codes.get_mut(&(code as usize))?;
            if (*code).role == Role::Foreign {
                return None;
            }
            self.drop_frames_that_ended(thread, live);
            registry::announce(self, code);
            self.heap.doubt_everything();
            self.push_call(thread, live, code, call_flag::ENTERED_EARLIER);
            Some(thread.frames.len() - 1)
        }
    }

    /// Drops the calls above the innermost one that is a caller of the running frame.
    unsafe fn drop_frames_that_ended(&mut self, thread: &mut Thread, live: LiveFrame) {
        // SAFETY: callers of a running frame are running.
        unsafe {
            let mut callers = Vec::new();
            let mut caller = live.caller(self.tier);
            while caller != LiveFrame::NONE {
                callers.push(caller);
                caller = caller.caller(self.tier);
            }
            while thread
                .frames
                .last()
                .is_some_and(|top| !callers.contains(&top.live))
            {
                self.drop_top(thread);
            }
        }
    }

    /// Writes what changed since the last event of a frame: the line it ran is over, or (`ends_line`
    /// false) it is about to enter another call.
    #[inline]
    unsafe fn observe(&mut self, thread: &mut Thread, frame: usize, ends_line: bool) {
        // SAFETY: the frame is running; plans live as long as their code.
        unsafe {
            let plan = &*thread.frames[frame].plan;
            for &slot in &plan.written {
                let held = plan.writes_come_last || plan.in_place.contains(&slot);
                self.read_slot(thread, frame, slot as usize, held);
            }
            let top = &mut thread.frames[frame];
            let first_slot = top.first_slot;
            for &slot in &plan.touched {
                if let SlotShadow::Entry(entry) = thread.slots[first_slot + slot as usize] {
                    self.heap.touch(entry);
                    if self.heap.is_seen_through_another(entry) {
                        self.heap.doubt_everything();
                    }
                }
            }
            match top.pending {
                Pending::Nothing => {}
                Pending::Entry { entry, id, epoch } => {
                    if epoch == self.heap.epoch() && self.heap.is_live(entry, id) {
                        self.heap.touch(entry);
                    }
                }
                Pending::Everything => self.heap.doubt_everything(),
            }
            if ends_line {
                top.pending = Pending::Nothing;
            }
            if plan.unknown || self.has_escaped_methods || self.heap.has_untrusted_callee {
                self.heap.doubt_everything();
            }
            if top.synced_epoch != self.heap.epoch() {
                self.sync(thread, frame);
            }
            self.settle();
        }
    }

    /// The innermost recorded call is about to enter another: what it changed so far on its line is
    /// written first.
    unsafe fn observe_caller(&mut self, thread: &mut Thread) {
        let caller = thread.frames.len() - 1;
        // SAFETY: passed on.
        unsafe {
            match thread.frames[caller].by_line {
                true => self.observe(thread, caller, false),
                // Between entry and exit of a function-level call nothing is watched.
                false => self.heap.doubt_everything(),
            }
        }
    }

    /// Compares everything that a frame reaches and that may have changed unseen.
    unsafe fn sync(&mut self, thread: &mut Thread, frame: usize) {
        let frame = &mut thread.frames[frame];
        frame.synced_epoch = self.heap.epoch();
        // SAFETY: codes of frames on the stack are alive.
        let code = unsafe { &*frame.code };
        for shadow in &thread.slots[frame.first_slot..frame.first_slot + code.n_slots] {
            if let SlotShadow::Entry(entry) = *shadow {
                self.heap.ensure(entry);
            }
        }
        self.heap.ensure_names(frame.namespace);
        if let Some(locals) = frame
            .locals_namespace
            .filter(|&locals| locals != frame.namespace)
        {
            self.heap.ensure_names(locals);
        }
    }

    /// Writes a slot if it changed. `held` says that what it held before was alive until the slot was
    /// written, so that nothing found now can be a new object at its address.
    #[inline]
    unsafe fn read_slot(&mut self, thread: &mut Thread, frame: usize, slot: usize, held: bool) {
        let frame = &thread.frames[frame];
        // SAFETY: the frame is running `code`; the value is alive in it.
        unsafe {
            let code = &*frame.code;
            let object = frame.live.slot(self.tier, code, slot);
            let shadow = &mut thread.slots[frame.first_slot + slot];
            if object.is_null() {
                if *shadow != SlotShadow::Null {
                    let old = std::mem::replace(shadow, SlotShadow::Null);
                    stream::put_slot(&mut self.heap.sink, slot as u32);
                    self.heap.sink.byte(value::NULL);
                    self.heap.sink.record_end();
                    self.release_slot(old, held);
                }
                return;
            }
            if Py_TYPE(object) == &raw mut PyLong_Type
                && let Some(int) = layout::small_int(object)
            {
                if *shadow == SlotShadow::Int(int) {
                    return;
                }
                let old = std::mem::replace(shadow, SlotShadow::Int(int));
                stream::put_slot(&mut self.heap.sink, slot as u32);
                stream::put_int(&mut self.heap.sink, int);
                self.heap.sink.record_end();
                self.release_slot(old, held);
                return;
            }
            self.read_other_slot(shadow, object, slot, held);
        }
    }

    #[inline(never)]
    unsafe fn read_other_slot(
        &mut self,
        shadow: &mut SlotShadow,
        object: *mut PyObject,
        slot: usize,
        held: bool,
    ) {
        // SAFETY: `object` is alive in the frame.
        unsafe {
            let class = atoms::classify(object);
            let new = if class == Class::Leaf {
                if Py_TYPE(object) == &raw mut PyFloat_Type {
                    SlotShadow::Float(layout::float_value(object).to_bits())
                } else if atoms::is_constant(object) {
                    SlotShadow::Constant(object)
                } else {
                    SlotShadow::Leaf
                }
            } else {
                match *shadow {
                    SlotShadow::Entry(entry) if self.heap.is_about(entry, object) => {
                        if !held {
                            self.heap.doubt(entry);
                        }
                        return;
                    }
                    SlotShadow::Entry(entry)
                        if class == Class::Text && self.heap.continue_text(entry, object) =>
                    {
                        return;
                    }
                    _ => SlotShadow::Leaf,
                }
            };
            if *shadow == new && new != SlotShadow::Leaf {
                return;
            }
            stream::put_slot(&mut self.heap.sink, slot as u32);
            let new = match class {
                Class::Leaf => {
                    atoms::put_leaf(&mut self.heap.sink, object);
                    new
                }
                _ => match self.heap.put_value(object) {
                    Some(entry) => SlotShadow::Entry(entry),
                    None => SlotShadow::Leaf,
                },
            };
            self.heap.sink.record_end();
            let old = std::mem::replace(shadow, new);
            self.release_slot(old, held);
        }
    }

    /// Says that the user excluded slots.
    fn put_excluded_slots(&mut self, code: &Code) {
        for slot in (0..code.n_slots as u16).filter(|slot| !code.recorded_slots.contains(slot)) {
            stream::put_slot(&mut self.heap.sink, u32::from(slot));
            self.heap.sink.byte(value::GAP);
            self.heap.sink.byte(fidelity::EXCLUDED);
            self.heap.sink.record_end();
        }
    }

    /// Writes the changes that are due, if there are any.
    #[inline(always)]
    unsafe fn settle(&mut self) {
        if !self.heap.is_settled() {
            // SAFETY: passed on.
            unsafe { self.heap.settle() };
        }
    }

    /// Drops what a slot held; `held` says that it was alive until the slot was written.
    #[inline(always)]
    fn release_slot(&mut self, shadow: SlotShadow, held: bool) {
        match shadow {
            SlotShadow::Entry(entry) if held => self.heap.release_moved(entry),
            shadow => self.release_shadow(shadow),
        }
    }

    #[inline(always)]
    fn release_shadow(&mut self, shadow: SlotShadow) {
        if let SlotShadow::Entry(entry) = shadow {
            self.heap.release(entry);
        }
    }

    /// An instruction that may change an object is about to run. Says whether the next time is of
    /// interest too.
    ///
    /// # Safety
    /// Must be called in the callback of an instruction event at this unit of a frame that runs `code`.
    pub unsafe fn site(
        &mut self,
        tstate: *mut PyThreadState,
        live: LiveFrame,
        code: &Code,
        action: SiteAction,
    ) -> bool {
        // SAFETY: the stack below the static depth is in use at this unit.
        unsafe {
            let thread = &mut *self.enter_thread(tstate);
            let Some(frame) = self.top_frame(thread, live, code.object) else {
                return true;
            };
            let stack =
                |position: spacetime_bytecode::StackPosition| live.stack(code.n_slots, position.0);
            let effect = match action {
                SiteAction::Mark(position) => Effect::Changes(stack(position)),
                SiteAction::Call(shape) | SiteAction::CallGlobal(shape, _) => {
                    let (mut callee, mut bound) =
                        (stack(shape.callee_position), stack(shape.self_position));
                    if callee.is_null() {
                        (callee, bound) = (bound, std::ptr::null_mut());
                    }
                    let first = match shape.n_args {
                        0 => std::ptr::null_mut(),
                        _ => stack(shape.first_arg_position),
                    };
                    effects::of_call(callee, bound, first)
                }
                SiteAction::Escape(position) => match effects::has_c_mutators(stack(position)) {
                    true => Effect::Escapes,
                    false => Effect::None,
                },
            };
            let pending = match effect {
                Effect::None => Pending::Nothing,
                Effect::Escapes => {
                    self.has_escaped_methods = true;
                    Pending::Nothing
                }
                Effect::Unknown => Pending::Everything,
                Effect::Changes(object) => match self.heap.find(object) {
                    Some(entry) if self.heap.is_seen_through_another(entry) => Pending::Everything,
                    Some(entry) => Pending::Entry {
                        entry,
                        id: self.heap.id_of(entry),
                        epoch: self.heap.epoch(),
                    },
                    // The attributes of an instance, or memory that something else owns.
                    None if effects::may_be_part_of_another(object) => Pending::Everything,
                    None => Pending::Nothing,
                },
            };
            thread.frames[frame].pending = pending;
            match action {
                SiteAction::CallGlobal(_, name) if effect == Effect::None => {
                    self.heap.trust_callee(name);
                    false
                }
                _ => true,
            }
        }
    }

    /// The instruction after a site is about to run.
    ///
    /// # Safety
    /// As for [`Recorder::site`].
    pub unsafe fn after_site(&mut self, tstate: *mut PyThreadState, live: LiveFrame, code: &Code) {
        // SAFETY: passed on.
        unsafe {
            let thread = &mut *self.enter_thread(tstate);
            let Some(frame) = self.top_frame(thread, live, code.object) else {
                return;
            };
            if thread.frames[frame].pending != Pending::Nothing {
                self.observe(thread, frame, true);
                self.heap.sink.commit();
            }
        }
    }

    /// Writes what a call changed last and, for function granularity, its exit state.
    unsafe fn close_frame(&mut self, thread: &mut Thread, frame: usize) {
        // SAFETY: the frame is running.
        unsafe {
            if thread.frames[frame].by_line {
                self.observe(thread, frame, true);
                return;
            }
            self.heap.doubt_everything();
            let code = &*thread.frames[frame].code;
            for &slot in &code.recorded_slots {
                self.read_slot(thread, frame, slot as usize, false);
            }
            self.sync(thread, frame);
            self.settle();
            self.heap.sink.byte(record::EXIT);
            self.heap.sink.record_end();
            self.n_states += 1;
        }
    }

    /// A monitored call returns (`tag` RETURN) or is left by an exception (UNWIND).
    ///
    /// # Safety
    /// Must be called in the callback of the event, with the GIL held.
    pub unsafe fn end_call(
        &mut self,
        tstate: *mut PyThreadState,
        live: LiveFrame,
        code: *mut PyObject,
        tag: u8,
        outcome: *mut PyObject,
    ) {
        // SAFETY: the outcome is alive in the callback.
        unsafe {
            let thread = &mut *self.enter_thread(tstate);
            let Some(frame) = self.top_frame(thread, live, code) else {
                return;
            };
            self.tick();
            self.close_frame(thread, frame);
            let held = self.put_outcome(thread, frame, tag, outcome);
            if tag == record::UNWIND {
                self.last_raised_call = Some(thread.frames[frame].call);
            }
            self.pop(thread);
            if let Some(entry) = held {
                self.heap.release(entry);
                // The caller may bind it: its number waits for the caller's next event.
            }
            let direct = thread
                .frames
                .last()
                .is_some_and(|caller| live.caller(self.tier) == caller.live && caller.by_line);
            if !direct {
                self.heap.doubt_everything();
                self.settle();
            }
            self.heap.sink.commit();
        }
    }

    /// Writes the outcome with its contents before it. Gives the entry that is held meanwhile.
    unsafe fn put_outcome(
        &mut self,
        thread: &mut Thread,
        frame: usize,
        tag: u8,
        outcome: *mut PyObject,
    ) -> Option<u32> {
        // SAFETY: passed on.
        unsafe {
            let held = match atoms::classify(outcome) {
                Class::Object | Class::Text => self.heap.adopt(outcome),
                _ => None,
            };
            self.settle();
            if thread.frames[frame].is_stamped {
                self.write_stamp();
            }
            self.heap.sink.byte(tag);
            match held {
                Some(entry) => {
                    let id = self.heap.id_of(entry);
                    stream::put_ref(&mut self.heap.sink, id);
                }
                None => {
                    self.heap.put_value(outcome);
                }
            }
            self.heap.sink.record_end();
            held
        }
    }

    /// Takes the top call off the stack and releases its slots.
    unsafe fn pop(&mut self, thread: &mut Thread) {
        let Some(frame) = thread.frames.pop() else {
            return;
        };
        for at in frame.first_slot..thread.slots.len() {
            self.release_shadow(thread.slots[at]);
        }
        thread.slots.truncate(frame.first_slot);
        // SAFETY: the frame's own reference.
        unsafe { Py_XDECREF(frame.guard) };
        if let Some(locals) = frame
            .locals_namespace
            .filter(|&locals| locals != frame.namespace)
        {
            // SAFETY: the GIL is held.
            unsafe { self.heap.drop_namespace(locals) };
        }
    }

    /// A call's end was not reported: it is closed without an outcome.
    unsafe fn drop_top(&mut self, thread: &mut Thread) {
        let Some(top) = thread.frames.last() else {
            return;
        };
        let call = top.call;
        self.heap.doubt_everything();
        // SAFETY: the slots are not read.
        unsafe { self.pop(thread) };
        self.heap.sink.byte(record::DROP_CALL);
        self.heap.sink.varint(call);
        self.heap.sink.record_end();
    }

    /// A generator or coroutine is suspended. Its guard tells when it dies.
    ///
    /// # Safety
    /// Must be called in the callback of the event, with the GIL held.
    pub unsafe fn suspend_call(
        &mut self,
        tstate: *mut PyThreadState,
        live: LiveFrame,
        code: *mut PyObject,
        yielded: *mut PyObject,
    ) {
        // SAFETY: the yielded value is alive in the callback.
        unsafe {
            let thread = &mut *self.enter_thread(tstate);
            let Some(frame) = self.top_frame(thread, live, code) else {
                return;
            };
            self.tick();
            self.observe_any(thread, frame);
            let stamped = std::mem::take(&mut thread.frames[frame].is_stamped);
            let held = self.put_outcome(thread, frame, record::YIELD, yielded);
            thread.frames[frame].is_stamped = stamped;
            let Some(mut frame) = thread.frames.pop() else {
                return;
            };
            if frame.guard.is_null() {
                frame.guard = guard::of_running_generator(tstate, frame.call);
            }
            let slots = thread.slots.split_off(frame.first_slot);
            self.suspended.insert(live, Suspended { frame, slots });
            if let Some(entry) = held {
                self.heap.release(entry);
            }
            let direct = thread
                .frames
                .last()
                .is_some_and(|caller| live.caller(self.tier) == caller.live && caller.by_line);
            if !direct {
                self.heap.doubt_everything();
                self.settle();
            }
            self.heap.sink.commit();
        }
    }

    /// Writes what a call of either granularity changed, without an exit state.
    unsafe fn observe_any(&mut self, thread: &mut Thread, frame: usize) {
        // SAFETY: passed on.
        unsafe {
            if thread.frames[frame].by_line {
                self.observe(thread, frame, true);
                return;
            }
            let code = &*thread.frames[frame].code;
            self.heap.doubt_everything();
            for &slot in &code.recorded_slots {
                self.read_slot(thread, frame, slot as usize, false);
            }
            self.sync(thread, frame);
            self.settle();
        }
    }

    /// A suspended call goes on.
    ///
    /// # Safety
    /// Must be called in the callback of an event of its frame, with the GIL held.
    pub unsafe fn resume_call(
        &mut self,
        tstate: *mut PyThreadState,
        live: LiveFrame,
        code: *mut PyObject,
    ) {
        // SAFETY: passed on.
        unsafe {
            let thread = &mut *self.enter_thread(tstate);
            while thread.frames.last().is_some_and(|top| top.live == live) {
                self.drop_top(thread);
            }
            let Some(mut suspended) = self.suspended.remove(&live) else {
                return;
            };
            if (*suspended.frame.code).object != code {
                self.forget_suspended(suspended);
                return;
            }
            self.tick();
            if !thread.frames.is_empty() {
                let direct = live.caller(self.tier) == thread.frames[thread.frames.len() - 1].live;
                self.observe_caller(thread);
                if !direct {
                    self.heap.doubt_everything();
                }
            } else {
                self.heap.doubt_everything();
            }
            self.heap.sink.byte(record::RESUME);
            self.heap.sink.varint(suspended.frame.call);
            self.heap.sink.record_end();
            suspended.frame.first_slot = thread.slots.len();
            suspended.frame.synced_epoch = self.heap.epoch().wrapping_sub(1);
            let by_line = suspended.frame.by_line;
            thread.slots.extend(suspended.slots);
            thread.frames.push(suspended.frame);
            self.settle();
            if by_line {
                let frame = thread.frames.len() - 1;
                self.sync(thread, frame);
                self.settle();
            }
            self.heap.sink.commit();
        }
    }

    /// Another frame runs in the place of a suspended call.
    fn forget_suspended(&mut self, suspended: Suspended) {
        for shadow in suspended.slots {
            self.release_shadow(shadow);
        }
        // SAFETY: the GIL is held; the guard is a weak reference, which has no finaliser.
        unsafe { Py_XDECREF(suspended.frame.guard) };
        self.heap.sink.byte(record::DROP_CALL);
        self.heap.sink.varint(suspended.frame.call);
        self.heap.sink.record_end();
    }

    /// The generator of a suspended call is dying: what it holds is let go. It may still run its
    /// `finally` blocks; its slots are read anew then.
    ///
    /// # Safety
    /// The GIL must be held, and the program, not a callback, be running.
    pub unsafe fn generator_died(&mut self, call: u64) {
        self.heap.begin_event();
        let dying = self
            .suspended
            .values_mut()
            .find(|suspended| suspended.frame.call == call);
        let Some(dying) = dying else { return };
        // SAFETY: codes live as long as the recorder.
        dying.frame.plan = unsafe { (*dying.frame.code).plan_of_all() };
        let n_slots = dying.slots.len();
        let slots = std::mem::replace(&mut dying.slots, vec![SlotShadow::Null; n_slots]);
        slots
            .into_iter()
            .for_each(|shadow| self.release_shadow(shadow));
    }

    /// Gives back the guards of all generators.
    ///
    /// # Safety
    /// The GIL must be held.
    pub unsafe fn drop_guards(&mut self) {
        let running = self
            .threads
            .iter_mut()
            .flat_map(|thread| &mut thread.frames);
        let suspended = self
            .suspended
            .values_mut()
            .map(|suspended| &mut suspended.frame);
        for frame in running.chain(suspended) {
            // SAFETY: the reference is the frame's own; a weak reference has no finaliser.
            unsafe { Py_XDECREF(std::mem::replace(&mut frame.guard, std::ptr::null_mut())) };
        }
    }

    /// A suspended call at this place is gone: another frame starts there.
    pub fn frame_starts_at(&mut self, live: LiveFrame) {
        if !self.suspended.is_empty()
            && let Some(suspended) = self.suspended.remove(&live)
        {
            self.forget_suspended(suspended);
        }
    }

    /// Whether a monitored call is running or suspended in this frame.
    pub fn knows_frame(&self, tstate: *mut PyThreadState, live: LiveFrame) -> bool {
        let thread = self.threads.iter().find(|thread| thread.tstate == tstate);
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
            entries.collect()
        };
        // SAFETY: passed on.
        unsafe { self.heap.purge_if_large(roots) };
        self.heap.sink.commit();
    }
}

/// Before the first line nothing has run.
static NOTHING_RAN: LinePlan = LinePlan::NOTHING;
