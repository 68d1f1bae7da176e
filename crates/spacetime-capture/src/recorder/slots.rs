//! Slots of frames: what they hold against what they held.
//!
//! The slots of a call with line granularity are followed without a gap, so that they vouch for what
//! they hold. A cell is a slot of several frames: when one of them binds it anew, the others do not
//! know yet.

use super::Recorder;
use crate::atoms::{self, Class};
use crate::code::Code;
use crate::frames::{Frame, LiveFrame, SlotShadow, Thread, Tier};
use crate::layout;
use pyo3_ffi::*;
use spacetime_store::stream::{self, Sink, fidelity, value};

impl Recorder {
    /// References by slots of this frame are gained and lost from here on.
    #[inline(always)]
    pub(super) fn hold_for(&mut self, frame: &Frame) {
        self.heap.holder = frame.holder(self.heap.epoch());
    }

    /// Writes a slot if it changed, after [`Recorder::hold_for`]. `held` says that what it held before
    /// was alive until the slot was written, so that nothing found now can be a new object at its
    /// address.
    #[inline(always)]
    pub(super) unsafe fn read_slot(
        &mut self,
        thread: &mut Thread,
        frame: usize,
        slot: usize,
        held: bool,
    ) {
        let frame = &thread.frames[frame];
        // SAFETY: the frame is running `code`; the value is alive in it.
        unsafe {
            let code = &*frame.code;
            let object = frame.live.slot(self.tier, code, slot);
            let shadow = &mut thread.slots[frame.first_slot + slot];
            let is_unchanged = match *shadow {
                SlotShadow::Null => object.is_null(),
                SlotShadow::Int(int) => {
                    !object.is_null()
                        && Py_TYPE(object) == &raw mut PyLong_Type
                        && layout::small_int(object) == Some(int)
                }
                _ => false,
            };
            if !is_unchanged {
                let (live, is_cell) = (frame.live, code.is_cell[slot]);
                let is_changed = self.read_other_slot(code, shadow, object, slot, held);
                if is_cell && is_changed {
                    self.cell_was_bound(live, slot);
                }
            }
        }
    }

    /// Reads the slots that may have been bound while the frame was suspended: what they held may be gone.
    pub(super) unsafe fn read_what_others_bind(&mut self, thread: &mut Thread, frame: usize) {
        // SAFETY: the frame is running; codes live as long as the recorder.
        unsafe {
            let code = &*thread.frames[frame].code;
            let any_may_be =
                self.were_adapters_asked(&mut thread.frames[frame]) || self.reads_all_slots;
            self.hold_for(&thread.frames[frame]);
            for &slot in &code.recorded_slots {
                if any_may_be || code.is_cell[slot as usize] {
                    self.read_slot(thread, frame, slot as usize, false);
                }
            }
        }
    }

    /// Whether adapters, which may bind any variable, were asked since the frame was read last.
    #[inline(always)]
    pub(super) fn were_adapters_asked(&self, frame: &mut Frame) -> bool {
        std::mem::replace(&mut frame.n_asked, self.n_asked) != self.n_asked
    }

    /// Writes a slot that is not known to be as it was, if it changed. Says whether it did.
    #[inline(never)]
    unsafe fn read_other_slot(
        &mut self,
        code: &Code,
        shadow: &mut SlotShadow,
        object: *mut PyObject,
        slot: usize,
        held: bool,
    ) -> bool {
        // SAFETY: `object` is null or alive in the frame.
        unsafe {
            let class = atoms::classify(object);
            let new = match class {
                Class::Null => SlotShadow::Null,
                Class::Leaf => shadow_of_leaf(object),
                Class::Text | Class::Object => match *shadow {
                    SlotShadow::Entry(entry) if self.heap.is_about(entry, object) => {
                        if !held {
                            self.heap.doubt(entry);
                        }
                        return false;
                    }
                    SlotShadow::Entry(entry)
                        if class == Class::Text && self.heap.continue_text(entry, object) =>
                    {
                        return true;
                    }
                    _ => SlotShadow::Leaf,
                },
            };
            if *shadow == new && new != SlotShadow::Leaf {
                return false;
            }
            stream::put_slot(&mut self.heap.sink, slot as u32);
            let new = match class {
                Class::Null => {
                    self.heap.sink.byte(value::NULL);
                    new
                }
                Class::Leaf => {
                    atoms::put_leaf(&mut self.heap.sink, object);
                    new
                }
                Class::Text | Class::Object => match self.heap.put_value(object) {
                    Some(entry) => {
                        self.heap.count_slot(entry, true);
                        SlotShadow::Entry(entry)
                    }
                    None => SlotShadow::Leaf,
                },
            };
            self.heap.sink.record_end();
            let old = std::mem::replace(shadow, new);
            self.rebind_slot(code, slot, old, held);
            true
        }
    }

    /// Functions that hold the cell hold something else now.
    #[cold]
    unsafe fn cell_was_bound(&mut self, live: LiveFrame, slot: usize) {
        match self.tier {
            // SAFETY: the frame is running; its slots are null or alive.
            Tier::Fast => unsafe {
                if let Some(cell) = self.heap.find(live.bare_slot(slot)) {
                    self.heap.touch(cell);
                }
            },
            Tier::Portable => self.doubts_cells = true,
        }
    }

    /// Says that the user excluded slots.
    pub(super) fn put_excluded_slots(&mut self, code: &Code) {
        let visible = code.visible_slots.iter();
        for &slot in visible.filter(|slot| !code.recorded_slots.contains(slot)) {
            stream::put_slot(&mut self.heap.sink, u32::from(slot));
            self.heap.sink.byte(value::GAP);
            self.heap.sink.byte(fidelity::EXCLUDED);
            self.heap.sink.record_end();
        }
    }

    /// Drops what a slot held before it was bound anew; `held` says that it was alive until then.
    #[inline(always)]
    fn rebind_slot(&mut self, code: &Code, slot: usize, old: SlotShadow, held: bool) {
        if let SlotShadow::Entry(entry) = old {
            let n_left = self.heap.count_slot(entry, false);
            match held {
                true => self.heap.release_moved(entry),
                false => self.heap.release(entry),
            }
            self.doubts_cells |= code.is_cell[slot] && n_left != 0;
        }
    }

    #[inline(always)]
    pub(super) fn release_shadow(&mut self, shadow: SlotShadow) {
        if let SlotShadow::Entry(entry) = shadow {
            self.heap.count_slot(entry, false);
            self.heap.release(entry);
        }
    }
}

/// What tells a leaf from another, as far as that fits into a word.
unsafe fn shadow_of_leaf(object: *mut PyObject) -> SlotShadow {
    // SAFETY: the leaf is alive; each branch follows its exact type.
    unsafe {
        if Py_TYPE(object) == &raw mut PyLong_Type {
            layout::small_int(object).map_or(SlotShadow::Leaf, SlotShadow::Int)
        } else if Py_TYPE(object) == &raw mut PyFloat_Type {
            SlotShadow::Float(layout::float_value(object).to_bits())
        } else if atoms::is_constant(object) {
            SlotShadow::Constant(object)
        } else {
            SlotShadow::Leaf
        }
    }
}
