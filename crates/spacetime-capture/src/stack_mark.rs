//! Tells without events whether Python code ran: by what lies above the running frame.
//!
//! A frame is pushed where the thread's data stack ends, and stays there, dead, when it is popped. So at
//! the end of each event a mark is written to that place; if it is still there at the next event of the
//! same frame, nothing was pushed meanwhile. It is the same after a recorded call returned: its dead frame
//! must lie where the stack ends now, and the mark behind it. Any doubt counts as code that ran.
//!
//! What this cannot tell is left to events: generators and coroutines have frames of their own, and a
//! frame that is larger than the rest of the stack's chunk is put into another one.

use crate::frames::LiveFrame;
use crate::layout::{self, DataStack};
use pyo3_ffi::*;
use std::ptr;

/// No frame begins with this: it is not the address of a code object.
const MARK: usize = 0x5BAC_E71E_5BAC_E71D;

/// Words that must be free behind the mark. Frames that are larger are not told by it.
const ROOM: usize = 512;

/// `CO_GENERATOR`, `CO_COROUTINE`, `CO_ITERABLE_COROUTINE`, `CO_ASYNC_GENERATOR`.
const SUSPENDABLE: i32 = 0x20 | 0x80 | 0x100 | 0x200;

/// The mark at the end of the data stack of the thread in which the last event was.
pub struct StackMark {
    at: *mut usize,
    /// The frame right below the mark, if it is popped after the event that wrote it, and its code.
    below: Option<(*mut usize, usize)>,
    /// The same, of the event that goes on.
    ending: Option<(*mut usize, usize)>,
}

// SAFETY: used under the GIL only.
unsafe impl Send for StackMark {}

impl Default for StackMark {
    fn default() -> StackMark {
        StackMark::NONE
    }
}

impl StackMark {
    /// No mark.
    pub const NONE: StackMark = StackMark {
        at: ptr::null_mut(),
        below: None,
        ending: None,
    };

    /// Whether there was room for it.
    pub fn is_set(&self) -> bool {
        !self.at.is_null()
    }

    /// Whether each start of this code is told.
    ///
    /// # Safety
    /// `code` must be a live code object, whose layout is proved.
    pub unsafe fn tells_starts_of(code: *mut PyObject) -> bool {
        // SAFETY: passed on.
        unsafe {
            layout::code_flags(code) & SUSPENDABLE == 0 && layout::code_frame_size(code) < ROOM
        }
    }

    /// The running frame is popped after this event. Its code must live as long as the recorder.
    ///
    /// # Safety
    /// The GIL must be held and layouts proved; the frame must be running.
    pub unsafe fn frame_ends(&mut self, live: LiveFrame) {
        // SAFETY: a frame begins with its code.
        self.ending = unsafe { live.on_data_stack().map(|frame| (frame, frame.read())) };
    }

    /// Writes the mark: an event ends.
    ///
    /// # Safety
    /// `tstate` must be the current thread state, with the GIL held and its layout proved.
    #[inline]
    pub unsafe fn set(&mut self, tstate: *mut PyThreadState) {
        self.below = self.ending.take();
        // SAFETY: the words behind the end of the stack are unused memory of its chunk.
        unsafe {
            let stack = DataStack::of(tstate);
            self.at = ptr::null_mut();
            if stack.n_free() > ROOM {
                self.at = stack.end;
                self.at.write(MARK);
            }
        }
    }

    /// Whether no frame was pushed since the mark was written, for certain.
    ///
    /// # Safety
    /// As for [`StackMark::set`].
    #[inline]
    pub unsafe fn is_untouched(&self, tstate: *mut PyThreadState) -> bool {
        // SAFETY: only memory of the current chunk is read, behind the end of the stack.
        unsafe {
            let stack = DataStack::of(tstate);
            if self.at.is_null() || self.at < stack.end || self.at >= stack.limit {
                return false;
            }
            let is_below_mark = match self.below {
                _ if self.at == stack.end => true,
                Some((frame, code)) => frame == stack.end && frame.read() == code,
                None => false,
            };
            is_below_mark && self.at.read() == MARK
        }
    }
}
