//! The recorder's part in asking adapters (see [`crate::adapters`]).

use super::Recorder;
use crate::adapters;
use crate::atoms::{self, Class};
use crate::frames::{SlotShadow, Thread};
use crate::heap::{Captured, Due, Holder};
use pyo3_ffi::*;

impl Recorder {
    /// Whether the state of a frame, what it shows having been compared, may be written. If not,
    /// adapters are due: the event's work ends, and is done again when they were asked.
    #[inline(always)]
    pub(super) fn may_write_state(&mut self, thread: &Thread, frame: usize) -> bool {
        !self.heap.has_adapted() || self.nothing_is_due(thread, frame)
    }

    /// The same for the state with which a frame is left: the outcome belongs to it. It is held for
    /// [`Recorder::put_outcome`].
    #[inline(always)]
    pub(super) unsafe fn may_write_outcome(
        &mut self,
        thread: &mut Thread,
        frame: usize,
        outcome: *mut PyObject,
    ) -> bool {
        if adapters::are_in_use() {
            // SAFETY: passed on.
            unsafe { self.hold_outcome(thread, outcome) };
        }
        self.may_write_state(thread, frame)
    }

    unsafe fn hold_outcome(&mut self, thread: &mut Thread, outcome: *mut PyObject) {
        // SAFETY: the outcome is alive in the callback.
        unsafe {
            if !matches!(atoms::classify(outcome), Class::Object | Class::Text) {
                return;
            }
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
    }

    #[cold]
    fn nothing_is_due(&mut self, thread: &Thread, frame: usize) -> bool {
        if self.asked.is_enough() {
            return true;
        }
        let top = &thread.frames[frame];
        let known = Some((top.call, self.heap.n_adoptions()));
        if self.shows_no_adapted == known {
            return true;
        }
        let held = thread.slots[top.first_slot..].iter();
        let held = held.filter_map(|shadow| match *shadow {
            SlotShadow::Entry(entry) => Some(entry),
            _ => None,
        });
        let namespaces = std::iter::once(top.namespace).chain(top.locals_namespace);
        let shown = self
            .heap
            .adapted_from(held.chain(thread.outcome), namespaces);
        if shown.is_empty() {
            self.shows_no_adapted = known;
        }
        self.due = shown;
        self.due.retain(|due| !self.asked.contains(due));
        self.heap.sink.commit();
        self.due.is_empty()
    }

    /// Writes what an adapter gave. It may have changed anything, variables of running calls among it.
    ///
    /// # Safety
    /// As for [`Heap::take_captured`](crate::heap::Heap::take_captured).
    pub unsafe fn take_captured(&mut self, due: &Due, captured: Captured) {
        // SAFETY: passed on.
        unsafe { self.heap.take_captured(due, captured) };
        self.heap.sink.commit();
        self.n_asked = self.n_asked.wrapping_add(1);
        self.heap.disturb();
        self.heap.doubt_everything();
    }
}
