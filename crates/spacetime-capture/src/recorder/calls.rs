//! The life of a call: its start, its place on the stack, its end.

use super::Recorder;
use crate::atoms::{self, Class};
use crate::code::{Code, LinePlan, Role};
use crate::frames::{Frame, LiveFrame, Pending, SlotShadow, Thread};
use crate::heap::Holder;
use crate::registry;
use pyo3_ffi::*;
use spacetime_store::stream::{self, Sink, call_flag, record};

impl Recorder {
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
            let thread = &mut *self.enter_thread_with(tstate, live);
            self.tick(thread);
            self.enter_from(thread, live);
            self.push_call(thread, live, code, 0);
            match (*code).role {
                Role::Line => {
                    self.settle();
                    self.heap.sink.commit();
                }
                _ => self.put_entry(thread),
            }
        }
    }

    /// Goes on with the entry state of a call of function granularity, once adapters were asked.
    ///
    /// # Safety
    /// As for [`Recorder::start_call`].
    pub unsafe fn enter_call(
        &mut self,
        tstate: *mut PyThreadState,
        live: LiveFrame,
        code: *mut PyObject,
    ) {
        // SAFETY: passed on.
        unsafe {
            let thread = &mut *self.enter_thread(tstate);
            if let Some(frame) = self.top_frame(thread, live, code) {
                self.observe_all(thread, frame);
                self.put_entry(thread);
            }
        }
    }

    /// Writes the entry state of the top call, unless adapters are to be asked first.
    unsafe fn put_entry(&mut self, thread: &mut Thread) {
        let frame = thread.frames.len() - 1;
        // SAFETY: the frame is running.
        unsafe {
            self.sync(thread, frame);
            self.settle();
        }
        if self.may_write_state(thread, frame) {
            self.put_whole_call_state(record::ENTRY);
            thread.frames[frame].lacks_entry = false;
        }
        self.heap.sink.commit();
    }

    fn put_whole_call_state(&mut self, tag: u8) {
        self.heap.sink.byte(tag);
        self.heap.sink.record_end();
        self.n_states += 1;
    }

    /// The thread on whose stack a frame is about to be put.
    pub(super) unsafe fn enter_thread_with(
        &mut self,
        tstate: *mut PyThreadState,
        live: LiveFrame,
    ) -> *mut Thread {
        // SAFETY: passed on.
        unsafe {
            let mut thread = &mut *self.enter_thread(tstate);
            if thread.frames.is_empty() && thread.id != PyThreadState_GetID(tstate) {
                // A thread that ended left its state to this one.
                self.switch_thread(tstate);
                thread = &mut *self.thread;
            }
            while thread.frames.last().is_some_and(|top| top.live == live) {
                // Its end was not reported; the new frame lies at the same place.
                self.drop_top(thread);
            }
            thread
        }
    }

    /// Before a call is put on the stack: what its caller did so far on its line comes first.
    pub(super) unsafe fn enter_from(&mut self, thread: &mut Thread, live: LiveFrame) {
        // SAFETY: the frame and its callers are running.
        unsafe {
            if self.foreign.has_unfinished() {
                self.look_at_unfinished(thread, Some(live));
            }
            let caller = thread.frames.last().map(|caller| caller.live);
            if caller.is_some() {
                self.observe_caller(thread);
            }
            match caller == Some(live.caller(self.tier)) {
                true => self.foreign.watch.n_recorded_calls += 1,
                false => self.pass_foreign_code(),
            }
        }
    }

    /// After a call was taken off the stack: its caller goes on.
    pub(super) unsafe fn leave_to_caller(&mut self, thread: &mut Thread, live: LiveFrame) {
        // SAFETY: the frame and its callers are running.
        unsafe {
            match thread.frames.last() {
                Some(caller) if !caller.by_line => self.heap.doubt_everything(),
                // The caller may bind the outcome: its number waits for the caller's next event.
                Some(caller) if caller.live == live.caller(self.tier) => return,
                _ => self.pass_foreign_code(),
            }
            self.settle();
        }
    }

    /// Opens a call in the stream and on the thread's stack, with its parameters. The caller settles.
    pub(super) unsafe fn push_call(
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
            self.reads_all_slots |= code.may_bind_elsewhere;
            self.note_task();
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
                lacks_entry: !by_line,
                n_asked: self.n_asked,
                guard: std::ptr::null_mut(),
                last_line: 0,
            });
            code.last_call = Some(self.n_calls);
            self.n_calls += 1;
            let frame = thread.frames.len() - 1;
            if code.recorded_slots.len() < code.visible_slots.len() {
                self.put_excluded_slots(code);
            }
            let bound = match flags & call_flag::ENTERED_EARLIER != 0 {
                true => &code.recorded_slots,
                false => &code.slots_bound_at_start,
            };
            self.hold_for(&thread.frames[frame]);
            for &slot in bound {
                self.read_slot(thread, frame, slot as usize, false);
            }
        }
    }

    /// The namespace of a code's globals, with the names it uses wanted.
    pub(super) unsafe fn namespace_of_code(&mut self, live: LiveFrame, code: &mut Code) -> u32 {
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
    pub(super) unsafe fn locals_namespace(
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

    /// The index of the frame that an event is about, which is the top of the stack unless events
    /// were missed.
    #[inline(always)]
    pub(super) unsafe fn top_frame(
        &mut self,
        thread: &mut Thread,
        live: LiveFrame,
        code: *mut PyObject,
    ) -> Option<usize> {
        if self.foreign.has_unfinished() {
            // SAFETY: passed on.
            unsafe { self.look_at_unfinished(thread, None) };
        }
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
    pub(super) unsafe fn find_frame(
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
            self.settle();
            self.heap.sink.commit();
            Some(thread.frames.len() - 1)
        }
    }

    /// Drops the calls of the current thread that are no longer running.
    pub(super) unsafe fn drop_calls_that_ended(
        &mut self,
        thread: &mut Thread,
        tstate: *mut PyThreadState,
    ) {
        // SAFETY: passed on; codes of calls are alive.
        unsafe {
            let live = LiveFrame::current(self.tier, tstate);
            let object = live.code(self.tier);
            let is_running = |top: &Frame| top.live == live && (*top.code).object == object;
            if !thread.frames.last().is_some_and(is_running) {
                self.drop_frames_that_ended(thread, live);
            }
        }
    }

    /// Drops the calls above the innermost one that is a caller of the running frame.
    pub(super) unsafe fn drop_frames_that_ended(&mut self, thread: &mut Thread, live: LiveFrame) {
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
            self.tick(thread);
            self.observe_all(thread, frame);
            if !self.may_write_outcome(thread, frame, outcome) {
                return;
            }
            self.put_late_entry(thread, frame);
            if !thread.frames[frame].by_line {
                self.put_whole_call_state(record::EXIT);
            }
            let held = self.put_outcome(thread, frame, tag, outcome);
            if tag == record::UNWIND {
                self.last_raised_call = Some(thread.frames[frame].call);
            }
            self.pop(thread);
            self.let_go(held);
            self.leave_to_caller(thread, live);
            self.foreign.watch.frame_ends(live);
            self.heap.sink.commit();
        }
    }

    /// Writes the entry state of a call that was first met in its middle.
    pub(super) fn put_late_entry(&mut self, thread: &mut Thread, frame: usize) {
        if std::mem::take(&mut thread.frames[frame].lacks_entry) {
            self.put_whole_call_state(record::ENTRY);
        }
    }

    /// Writes the outcome with its contents before it. Gives the entry that is held meanwhile.
    pub(super) unsafe fn put_outcome(
        &mut self,
        thread: &mut Thread,
        frame: usize,
        tag: u8,
        outcome: *mut PyObject,
    ) -> Option<u32> {
        // SAFETY: passed on.
        unsafe {
            self.heap.holder = Holder::Doubtful;
            let held = match (thread.outcome.take(), atoms::classify(outcome)) {
                (Some(held), Class::Object | Class::Text) if self.heap.is_about(held, outcome) => {
                    self.heap.ensure(held);
                    Some(held)
                }
                (stale, class) => {
                    stale.into_iter().for_each(|stale| self.heap.release(stale));
                    match class {
                        Class::Object | Class::Text => self.heap.adopt(outcome),
                        Class::Null | Class::Leaf => None,
                    }
                }
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

    /// Drops what [`Recorder::put_outcome`] held.
    pub(super) fn let_go(&mut self, held: Option<u32>) {
        if let Some(entry) = held {
            self.heap.holder = Holder::Doubtful;
            self.heap.release(entry);
        }
    }

    /// Takes the top call off the stack and releases its slots.
    pub(super) unsafe fn pop(&mut self, thread: &mut Thread) {
        let Some(frame) = thread.frames.pop() else {
            return;
        };
        self.hold_for(&frame);
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
    pub(super) unsafe fn drop_top(&mut self, thread: &mut Thread) {
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
}

/// Before the first line nothing has run.
static NOTHING_RAN: LinePlan = LinePlan::NOTHING;
