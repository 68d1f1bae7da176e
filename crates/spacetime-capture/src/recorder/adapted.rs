//! The recorder's part in asking adapters (see [`crate::adapters`]).

use super::Recorder;
use crate::atoms::{self, Class};
use crate::frames::LiveFrame;
use crate::heap::{Captured, Due, Holder};
use pyo3_ffi::*;

impl Recorder {
    /// Reads what the state about to be written shows, and gives the adapted objects met there: all that
    /// can be reached, since nothing but its adapter can tell whether one changed. The outcome, if there is
    /// one, is held for [`Recorder::put_outcome`].
    ///
    /// # Safety
    /// Must be called in the callback of an event of a frame that runs `code`, with the GIL held.
    pub unsafe fn look(
        &mut self,
        tstate: *mut PyThreadState,
        live: LiveFrame,
        code: *mut PyObject,
        outcome: *mut PyObject,
    ) -> Vec<Due> {
        // SAFETY: passed on; the outcome is alive in the callback.
        unsafe {
            let thread = &mut *self.enter_thread(tstate);
            let Some(frame) = self.top_frame(thread, live, code) else {
                return Vec::new();
            };
            if self.heap.has_adapted() {
                self.heap.doubt_everything();
            }
            match thread.frames[frame].by_line {
                true => self.observe(thread, frame, false),
                false => self.observe_all(thread, frame),
            }
            if matches!(atoms::classify(outcome), Class::Object | Class::Text) {
                self.heap.holder = Holder::Doubtful;
                match thread.outcome {
                    Some(held) if self.heap.is_about(held, outcome) => self.heap.ensure(held),
                    stale => {
                        stale.into_iter().for_each(|stale| self.heap.release(stale));
                        thread.outcome = self.heap.adopt(outcome);
                    }
                }
                self.settle();
            }
            self.heap.sink.commit();
            self.heap.take_due()
        }
    }

    /// Writes what an adapter gave. It may have changed anything, variables of running calls among it.
    ///
    /// # Safety
    /// As for [`Heap::take_captured`](crate::heap::Heap::take_captured).
    pub unsafe fn take_captured(&mut self, due: &Due, captured: Captured) {
        // SAFETY: passed on.
        unsafe { self.heap.take_captured(due, captured) };
        self.heap.sink.commit();
        self.reads_all_slots = true;
        self.heap.expect_cells_to_change();
        self.heap.doubt_everything();
    }
}
