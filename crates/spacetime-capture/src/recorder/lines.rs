//! What a line changed, and the state before the next one.

use super::Recorder;
use crate::atoms::{self, Class};
use crate::frames::{Frame, LiveFrame, Pending, SlotShadow, Thread};
use pyo3_ffi::*;
use spacetime_store::stream::{self, Sink};

impl Recorder {
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
            self.tick(thread);
            self.observe(thread, frame, true);
            let code = &*thread.frames[frame].code;
            let shows = code.wants_line(line) && thread.frames[frame].by_line;
            if shows && !self.may_write_state(thread, frame) {
                return;
            }
            let top = &mut thread.frames[frame];
            top.plan = code.plan(line);
            if shows {
                if self.n_states < self.n_states_allowed {
                    stream::put_line(&mut self.heap.sink, line - top.line);
                    self.heap.sink.record_end();
                    top.line = line;
                    self.n_states += 1;
                } else {
                    self.use_up_budget("states");
                }
            }
            self.heap.sink.commit();
        }
    }

    /// An instruction at which a line may begin is about to run, in code whose LINE events are slow.
    /// LINE fires when the line differs from that of the instruction before; of a jump back within a
    /// line tells JUMP.
    ///
    /// # Safety
    /// As for [`Recorder::line`].
    pub unsafe fn line_from_instruction(
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
            let top = &mut thread.frames[frame];
            if std::mem::replace(&mut top.last_line, line) != line && line != 0 {
                self.line(tstate, live, code, line);
            }
        }
    }

    /// Writes what changed since the last event of a frame: the line it ran is over, or (`ends_line`
    /// false) it is about to enter another call.
    #[inline]
    pub(super) unsafe fn observe(&mut self, thread: &mut Thread, frame: usize, ends_line: bool) {
        // SAFETY: the frame is running; plans live as long as their code.
        unsafe {
            let plan = &*thread.frames[frame].plan;
            self.hold_for(&thread.frames[frame]);
            for &slot in &plan.written {
                let held = plan.writes_come_last || plan.in_place.contains(&slot);
                self.read_slot(thread, frame, slot as usize, held);
            }
            if self.were_adapters_asked(&mut thread.frames[frame]) || self.reads_all_slots {
                for &slot in &(*thread.frames[frame].code).recorded_slots {
                    self.read_slot(thread, frame, slot as usize, false);
                }
            }
            let top = &mut thread.frames[frame];
            let first_slot = top.first_slot;
            for (at, &slot) in plan.touched.iter().enumerate() {
                if let shadow @ SlotShadow::Entry(entry) = thread.slots[first_slot + slot as usize]
                {
                    self.heap.touch(entry);
                    // Changed under two names, it may have taken in what has the memory of what it dropped.
                    let is_of_slot = |&of: &u16| thread.slots[first_slot + of as usize] == shadow;
                    if plan.touched[..at].iter().any(is_of_slot)
                        || self.heap.is_part_of_another(self.heap.object_of(entry))
                    {
                        self.heap.doubt_everything();
                    }
                }
            }
            let pending = top.pending;
            if ends_line {
                top.pending = Pending::Nothing;
            }
            self.compare_pending(pending);
            let doubts_cells = std::mem::take(&mut self.doubts_cells);
            if plan.unknown || doubts_cells || self.heap.has_untrusted_callee {
                self.heap.doubt_everything();
            }
            let (epoch, n_doubted) = (self.heap.epoch(), self.heap.n_doubted());
            if self.heap.has_exposed() {
                let n_slots = (*thread.frames[frame].code).n_slots;
                let slots = &thread.slots[first_slot..first_slot + n_slots];
                let held = slots.iter().filter_map(|slot| match *slot {
                    SlotShadow::Entry(entry) => Some(entry),
                    _ => None,
                });
                self.heap
                    .look_at_exposed(thread.frames[frame].call + 1, held);
            }
            let top = &mut thread.frames[frame];
            if top.synced_epoch != self.heap.epoch() {
                self.sync(thread, frame);
            }
            self.settle();
            if epoch != self.heap.epoch() {
                self.heap
                    .note_cost_of_exposed(self.heap.n_doubted() - n_doubted);
            }
        }
    }

    /// Writes what a call of either granularity changed since its last event.
    pub(super) unsafe fn observe_all(&mut self, thread: &mut Thread, frame: usize) {
        // SAFETY: passed on.
        unsafe {
            if thread.frames[frame].by_line {
                self.observe(thread, frame, true);
                return;
            }
            let code = &*thread.frames[frame].code;
            self.heap.doubt_everything();
            self.hold_for(&thread.frames[frame]);
            for &slot in &code.recorded_slots {
                self.read_slot(thread, frame, slot as usize, false);
            }
            self.sync(thread, frame);
            self.settle();
        }
    }

    /// The innermost recorded call is about to enter another: what it changed so far on its line is
    /// written first.
    pub(super) unsafe fn observe_caller(&mut self, thread: &mut Thread) {
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
    #[inline(always)]
    pub(super) unsafe fn sync(&mut self, thread: &mut Thread, frame: usize) {
        let frame = &mut thread.frames[frame];
        frame.synced_epoch = self.heap.epoch();
        // SAFETY: codes of frames on the stack are alive.
        let code = unsafe { &*frame.code };
        self.hold_for(frame);
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

    /// A dict that is tracked is about to take an object: what the running line did so far is written
    /// first, so that no old reference stands for a new object at its address. Where that would mean to
    /// compare everything for each object, the dict is read when the line is over.
    ///
    /// # Safety
    /// The GIL must be held, and the program, not a callback, be running.
    pub unsafe fn before_dict_change(&mut self, dict: *mut PyObject, item: *mut PyObject) {
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
            if self.others_may_have_run(tstate) {
                self.heap.doubt_everything();
            }
            let thread = &mut *self.thread;
            let is_running = |top: &Frame| top.live == LiveFrame::current(self.tier, tstate);
            match thread.frames.last() {
                Some(top) if top.by_line && is_running(top) => {
                    let is_unknown = top.pending == Pending::Everything || (*top.plan).unknown;
                    if is_unknown && self.heap.read_dict_later(dict) {
                        return;
                    }
                    self.heap.begin_event();
                    let frame = thread.frames.len() - 1;
                    self.observe(thread, frame, false);
                }
                _ => self.heap.doubt_everything(),
            }
        }
    }
}
