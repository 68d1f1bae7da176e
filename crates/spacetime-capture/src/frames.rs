//! The recorder's view of running calls: one [`Frame`] for each monitored call of each thread.

use crate::code::{Code, LinePlan};
use crate::heap::{EntryIndex, Holder};
use crate::layout::{self, RawFrame};
use pyo3_ffi::*;
use std::ptr;

/// How frames of the interpreter are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tier {
    /// Directly from interpreter frames.
    Fast,
    /// Through frame objects and `PyFrame_GetVar`.
    Portable,
}

/// The frame that an event is about. Fast tier: the interpreter frame; portable tier: the frame
/// object (borrowed from the running frame). Equal addresses mean the same frame while it runs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LiveFrame(RawFrame);

impl LiveFrame {
    /// No frame.
    pub const NONE: LiveFrame = LiveFrame(ptr::null_mut());

    /// The running frame of the current thread.
    ///
    /// # Safety
    /// Must be called inside a monitoring callback, with the GIL held.
    #[inline(always)]
    pub unsafe fn current(tier: Tier, tstate: *mut PyThreadState) -> LiveFrame {
        // SAFETY: the layout was checked when the fast tier was chosen.
        unsafe {
            match tier {
                Tier::Fast => LiveFrame(layout::current_frame(tstate)),
                Tier::Portable => LiveFrame(frame_object(tstate).cast()),
            }
        }
    }

    /// The generator or coroutine that owns the running frame (a new reference), or null.
    ///
    /// # Safety
    /// Must be called inside a monitoring callback of the frame, with the GIL held.
    pub unsafe fn generator(tstate: *mut PyThreadState) -> *mut PyObject {
        // SAFETY: a frame is running.
        unsafe { PyFrame_GetGenerator(frame_object(tstate)) }
    }

    /// The calling frame, if it is Python's.
    ///
    /// # Safety
    /// The frame must be running.
    pub unsafe fn caller(self, tier: Tier) -> LiveFrame {
        // SAFETY: passed on.
        unsafe {
            match tier {
                Tier::Fast => LiveFrame(layout::caller_frame(self.0)),
                Tier::Portable => {
                    let caller = PyFrame_GetBack(self.0.cast());
                    if !caller.is_null() {
                        // The caller is running: its frame object lives without our reference.
                        Py_DECREF(caller.cast());
                    }
                    LiveFrame(caller.cast())
                }
            }
        }
    }

    /// Whether C code called it, not an instruction of the calling frame itself. Fast tier only.
    ///
    /// # Safety
    /// The frame must be running.
    pub unsafe fn is_called_from_c(self) -> bool {
        // SAFETY: passed on.
        unsafe { layout::is_called_from_c(self.0) }
    }

    /// Where it lies on the thread's data stack, if it does. Fast tier only.
    ///
    /// # Safety
    /// The frame must be running.
    pub unsafe fn on_data_stack(self) -> Option<*mut usize> {
        // SAFETY: passed on.
        unsafe { layout::is_on_data_stack(self.0) }.then_some(self.0.cast())
    }

    /// Whether a frame is among those that called this one.
    ///
    /// # Safety
    /// This frame must be running.
    pub unsafe fn is_called_by(self, tier: Tier, other: LiveFrame) -> bool {
        // SAFETY: callers of a running frame are running.
        unsafe {
            let mut caller = self.caller(tier);
            while caller != LiveFrame::NONE && caller != other {
                caller = caller.caller(tier);
            }
            caller == other
        }
    }

    /// Tells the instruction it executes from its others.
    ///
    /// # Safety
    /// The frame must be running.
    pub unsafe fn instruction(self, tier: Tier) -> usize {
        // SAFETY: passed on.
        unsafe {
            match tier {
                Tier::Fast => layout::frame_instruction(self.0) as usize,
                Tier::Portable => PyFrame_GetLasti(self.0.cast()) as usize,
            }
        }
    }

    /// The code object it runs (borrowed).
    ///
    /// # Safety
    /// The frame must be running.
    pub unsafe fn code(self, tier: Tier) -> *mut PyObject {
        // SAFETY: passed on.
        unsafe {
            match tier {
                Tier::Fast => layout::frame_code(self.0),
                Tier::Portable => borrowed(PyFrame_GetCode(self.0.cast()).cast()),
            }
        }
    }

    /// The globals (borrowed).
    ///
    /// # Safety
    /// The frame must be running.
    pub unsafe fn globals(self, tier: Tier) -> *mut PyObject {
        // SAFETY: passed on.
        unsafe {
            match tier {
                Tier::Fast => layout::frame_globals(self.0),
                Tier::Portable => borrowed(PyFrame_GetGlobals(self.0.cast())),
            }
        }
    }

    /// The mapping that holds the locals of a module or class body (borrowed).
    ///
    /// # Safety
    /// The frame must be running code without optimised locals.
    pub unsafe fn locals_object(self, tier: Tier) -> *mut PyObject {
        // SAFETY: passed on; the frame holds the mapping.
        unsafe {
            match tier {
                Tier::Fast => layout::frame_locals(self.0),
                Tier::Portable => borrowed(PyFrame_GetLocals(self.0.cast())),
            }
        }
    }

    /// The value of a slot, through its cell if it has one, or null (borrowed from the frame).
    ///
    /// # Safety
    /// The frame must be running `code`.
    #[inline(always)]
    pub unsafe fn slot(self, tier: Tier, code: &Code, slot: usize) -> *mut PyObject {
        // SAFETY: `slot` is below the number of slots of the code that runs.
        unsafe {
            match tier {
                Tier::Fast => {
                    let value = layout::frame_slots(self.0).add(slot).read();
                    // A cell is made by the function's first instructions: a parameter is bare before.
                    if code.is_cell[slot]
                        && !value.is_null()
                        && Py_TYPE(value) == &raw mut PyCell_Type
                    {
                        return (*value.cast::<PyCellObject>()).ob_ref;
                    }
                    value
                }
                Tier::Portable => variable(self.0.cast(), code.slot_names[slot]),
            }
        }
    }

    /// What is in a slot itself, be it a cell, or null. Fast tier only.
    ///
    /// # Safety
    /// `slot` must be below the number of slots of the code that the frame runs.
    #[inline]
    pub unsafe fn bare_slot(self, slot: usize) -> *mut PyObject {
        // SAFETY: passed on.
        unsafe { layout::frame_slots(self.0).add(slot).read() }
    }

    /// The values at neighbouring places of the value stack, from this one on. Fast tier only.
    ///
    /// # Safety
    /// As for [`LiveFrame::stack`]; the values must not be used after the instruction.
    #[inline(always)]
    pub unsafe fn stack_items<'a>(
        self,
        n_slots: usize,
        position: u16,
        n: u16,
    ) -> &'a [*mut PyObject] {
        // SAFETY: passed on.
        unsafe {
            let first = layout::frame_slots(self.0).add(n_slots + position as usize);
            std::slice::from_raw_parts(first, n as usize)
        }
    }

    /// The value at a place of the value stack, or null. Fast tier only.
    ///
    /// # Safety
    /// The frame must be running `code` at an instruction before which that place is in use.
    #[inline(always)]
    pub unsafe fn stack(self, n_slots: usize, position: u16) -> *mut PyObject {
        // SAFETY: passed on.
        unsafe {
            layout::frame_slots(self.0)
                .add(n_slots + position as usize)
                .read()
        }
    }
}

/// The frame object of the running frame (borrowed from it).
unsafe fn frame_object(tstate: *mut PyThreadState) -> *mut PyFrameObject {
    // SAFETY: a frame is running; it keeps its frame object alive.
    unsafe {
        let frame = PyThreadState_GetFrame(tstate);
        if !frame.is_null() {
            Py_DECREF(frame.cast());
        }
        frame
    }
}

/// Drops a new reference to an object that something else keeps alive.
unsafe fn borrowed(object: *mut PyObject) -> *mut PyObject {
    // SAFETY: passed on.
    unsafe {
        if object.is_null() {
            PyErr_Clear();
        } else {
            Py_DECREF(object);
        }
    }
    object
}

unsafe fn variable(frame: *mut PyFrameObject, name: *mut PyObject) -> *mut PyObject {
    // SAFETY: an unbound name raises NameError, which is no concern of the program.
    unsafe { borrowed(PyFrame_GetVar(frame, name)) }
}

/// What a slot held when it was read last.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum SlotShadow {
    /// Unbound.
    Null,
    /// A machine-sized int.
    Int(i64),
    /// The bits of a float.
    Float(u64),
    /// `None`, `True`, `False` or another constant at this address.
    Constant(*mut PyObject),
    /// Another leaf: written again whenever the slot is.
    Leaf,
    /// An object.
    Entry(EntryIndex),
}

/// What is to be compared after the instruction that runs now.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pending {
    /// Nothing.
    Nothing,
    /// This entry, if it is still the same object and nothing unseen happened since this epoch.
    Entry {
        /// The entry.
        entry: EntryIndex,
        /// Its object's number.
        id: u32,
        /// The heap's epoch.
        epoch: u32,
    },
    /// Everything, if the object at this address is known by then: it is not proved to be one that is.
    Object(*mut PyObject),
    /// Everything.
    Everything,
}

/// A monitored call.
pub struct Frame {
    /// The running frame.
    pub live: LiveFrame,
    /// Its code. Codes live as long as the recorder.
    pub code: *const Code,
    /// The line it is on.
    pub line: i32,
    /// What to read when the line ends.
    pub plan: *const LinePlan,
    /// The place of its first slot among the thread's.
    pub first_slot: usize,
    /// The call's number in the stream.
    pub call: u64,
    /// The heap's epoch at which everything it reaches was compared.
    pub synced_epoch: u32,
    /// What the running instruction may change.
    pub pending: Pending,
    /// The namespace of its globals.
    pub namespace: u32,
    /// The namespace of its locals, for module and class bodies.
    pub locals_namespace: Option<u32>,
    /// Its start was stamped with the exact time.
    pub is_stamped: bool,
    /// Line states are recorded.
    pub by_line: bool,
    /// The entry state of a call of function granularity is not written yet.
    pub lacks_entry: bool,
    /// Askings of adapters after which its variables were read: what an adapter bound is read then.
    pub n_asked: u32,
    /// Tells when the generator that owns the frame dies: a weak reference (owned), or null.
    pub guard: *mut PyObject,
    /// Line of the last instruction at which one may begin, 0 if that has none; followed in code
    /// whose LINE events are slow.
    pub last_line: i32,
}

impl Frame {
    /// What its slots prove in this epoch. Those of a call with function granularity are not followed.
    #[inline(always)]
    pub fn holder(&self, epoch: u32) -> Holder {
        match self.by_line && self.synced_epoch == epoch {
            true => Holder::Compared,
            false => Holder::Doubtful,
        }
    }
}

/// A suspended call: its frame, and what its slots held.
pub struct Suspended {
    /// The frame, to be pushed again.
    pub frame: Frame,
    /// Its slots.
    pub slots: Vec<SlotShadow>,
}

/// A thread with its monitored calls.
pub struct Thread {
    /// Its state, for comparison only.
    pub tstate: *mut PyThreadState,
    /// Its number in the interpreter, which no thread has after it.
    pub id: i64,
    /// Its number in the stream.
    pub number: u64,
    /// Its calls, innermost last.
    pub frames: Vec<Frame>,
    /// The slots of its calls.
    pub slots: Vec<SlotShadow>,
    /// Recording was paused meanwhile: calls may have ended unseen.
    pub is_unchecked: bool,
    /// The entry of what its innermost call is about to be left with, held while adapters are asked.
    pub outcome: Option<u32>,
}
