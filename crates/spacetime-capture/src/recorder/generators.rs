//! Calls that are suspended: generators, coroutines, async generators.

use super::Recorder;
use crate::frames::{LiveFrame, SlotShadow, Suspended};
use crate::guard;
use pyo3_ffi::*;
use spacetime_store::stream::{Sink, record};

impl Recorder {
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
            self.tick(thread);
            self.observe_all(thread, frame);
            if !self.may_write_outcome(thread, frame, yielded) {
                return;
            }
            self.put_late_entry(thread, frame);
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
            self.let_go(held);
            self.leave_to_caller(thread, live);
            self.heap.sink.commit();
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
            let thread = &mut *self.enter_thread_with(tstate, live);
            let Some(mut suspended) = self.suspended.remove(&live) else {
                return;
            };
            if (*suspended.frame.code).object != code {
                self.forget_suspended(suspended);
                return;
            }
            self.tick(thread);
            self.enter_from(thread, live);
            self.heap.sink.byte(record::RESUME);
            self.heap.sink.varint(suspended.frame.call);
            self.heap.sink.record_end();
            suspended.frame.first_slot = thread.slots.len();
            let by_line = suspended.frame.by_line;
            thread.slots.extend(suspended.slots);
            thread.frames.push(suspended.frame);
            let frame = thread.frames.len() - 1;
            if by_line {
                self.read_what_others_bind(thread, frame);
            }
            self.settle();
            if by_line && thread.frames[frame].synced_epoch != self.heap.epoch() {
                self.sync(thread, frame);
                self.settle();
            }
            self.heap.sink.commit();
        }
    }

    /// Another frame runs in the place of a suspended call.
    pub(super) fn forget_suspended(&mut self, suspended: Suspended) {
        self.hold_for(&suspended.frame);
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
        self.heap.holder = dying.frame.holder(self.heap.epoch());
        slots
            .into_iter()
            .for_each(|shadow| self.release_shadow(shadow));
    }

    /// A suspended call at this place is gone: another frame starts there.
    pub fn frame_starts_at(&mut self, live: LiveFrame) {
        if !self.suspended.is_empty()
            && let Some(suspended) = self.suspended.remove(&live)
        {
            self.forget_suspended(suspended);
        }
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
}
