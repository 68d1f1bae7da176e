//! Sites: single instructions that may change an object, seen right before they run. What they
//! changed is compared at the next event of the frame.

use super::Recorder;
use crate::code::{Code, SiteAction};
use crate::effects::{self, Arguments, Effect};
use crate::frames::{LiveFrame, Pending};
use crate::layout;
use pyo3_ffi::*;
use spacetime_bytecode::{CallShape, StackPosition};

impl Recorder {
    /// An instruction of a monitored call that may change an object is about to run. Says whether the
    /// next time is of interest too.
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
        // SAFETY: passed on.
        unsafe {
            let thread = &mut *self.enter_thread(tstate);
            let Some(frame) = self.top_frame(thread, live, code.object) else {
                return true;
            };
            if thread.frames[frame].pending != Pending::Nothing {
                // Another site on the same line has ended.
                self.observe(thread, frame, true);
            }
            let (effect, callee) = effect_of_site(live, code, action);
            thread.frames[frame].pending = self.pending(effect);
            match action {
                SiteAction::CallGlobal(_, name)
                    if effect == Effect::None && !effects::depends_on_arguments(callee) =>
                {
                    self.heap.trust_callee(name);
                    false
                }
                _ => true,
            }
        }
    }

    /// What has to be compared after an instruction with this effect.
    ///
    /// # Safety
    /// The objects in `effect` must be null or alive, with the GIL held.
    pub(super) unsafe fn pending(&mut self, effect: Effect) -> Pending {
        match effect {
            Effect::None => Pending::Nothing,
            Effect::Unknown => Pending::Everything,
            Effect::Exposes(object) => {
                // SAFETY: passed on.
                unsafe { self.heap.expose(object) };
                Pending::Nothing
            }
            Effect::ExposesAll => {
                self.heap.expose_everything();
                Pending::Nothing
            }
            // SAFETY: passed on.
            Effect::Changes(object) if unsafe { self.heap.may_be_still(object) } => {
                self.heap.disturb();
                Pending::Everything
            }
            // SAFETY: passed on.
            Effect::Changes(object) if unsafe { self.heap.is_part_of_another(object) } => {
                Pending::Everything
            }
            Effect::Changes(object) => match self.heap.find_proved(object) {
                Some(entry) => Pending::Entry {
                    entry,
                    id: self.heap.id_of(entry),
                    epoch: self.heap.epoch(),
                },
                // If it is met again it is compared, but that may be before the instruction is over.
                None => Pending::Object(object),
            },
        }
    }

    /// Compares what an instruction may have changed, at the next [`crate::heap::Heap::settle`].
    pub(super) fn compare_pending(&mut self, pending: Pending) {
        match pending {
            Pending::Nothing => {}
            Pending::Entry { entry, id, epoch }
                if epoch == self.heap.epoch() && self.heap.is_proved(entry, id) =>
            {
                self.heap.touch_late(entry);
            }
            Pending::Object(object) if self.heap.find(object).is_none() => {}
            // It may have been compared while the instruction ran.
            Pending::Object(_) | Pending::Entry { .. } | Pending::Everything => {
                self.heap.doubt_everything()
            }
        }
    }
}

/// What an instruction is about to change, and what it calls, if it does.
///
/// # Safety
/// The frame must be running `code` at this site.
pub(super) unsafe fn effect_of_site(
    live: LiveFrame,
    code: &Code,
    action: SiteAction,
) -> (Effect, *mut PyObject) {
    let null = std::ptr::null_mut();
    // SAFETY: the stack below the static depth is in use at this unit.
    unsafe {
        let stack = |position: StackPosition| live.stack(code.n_slots, position.0);
        match action {
            SiteAction::Mark(position) => (Effect::Changes(stack(position)), null),
            SiteAction::Cell(slot) => (Effect::Changes(live.bare_slot(slot as usize)), null),
            SiteAction::Call(shape) | SiteAction::CallGlobal(shape, _) => {
                let (mut callee, mut bound) =
                    (stack(shape.callee_position), stack(shape.self_position));
                if callee.is_null() {
                    (callee, bound) = (bound, null);
                }
                let given =
                    live.stack_items(code.n_slots, shape.first_arg_position.0, shape.n_args);
                let arguments = Arguments { bound, given };
                (effects::of_call(callee, arguments), callee)
            }
            SiteAction::CallUnpacked(shape) => {
                let callee = callee_of_unpacked(live, code, &shape);
                let packed = stack(shape.first_arg_position);
                if PyTuple_CheckExact(packed) == 0 {
                    return (effect_of_unknown_arguments(callee), callee);
                }
                let mut given = layout::tuple_items(packed).to_vec();
                if shape.n_args == 2 {
                    let mapping = stack(StackPosition(shape.first_arg_position.0 + 1));
                    push_values(mapping, &mut given);
                }
                let arguments = Arguments {
                    bound: null,
                    given: &given,
                };
                (effects::of_call(callee, arguments), callee)
            }
            SiteAction::Escape(position, name) => {
                (effects::of_giving_method(stack(position), name), null)
            }
        }
    }
}

/// What a call changes while it runs, whatever it was given: the stack may hold what was unpacked, which
/// is gone, but what is called is still alive.
///
/// # Safety
/// The frame must be in a call of this shape.
pub(super) unsafe fn effect_of_running_call(
    live: LiveFrame,
    code: &Code,
    shape: &CallShape,
) -> Effect {
    // SAFETY: passed on.
    unsafe { effect_of_unknown_arguments(callee_of_unpacked(live, code, shape)) }
}

unsafe fn callee_of_unpacked(live: LiveFrame, code: &Code, shape: &CallShape) -> *mut PyObject {
    let positions = [shape.callee_position, shape.self_position];
    // SAFETY: passed on.
    let found = positions.map(|position| unsafe { live.stack(code.n_slots, position.0) });
    let callee = found.into_iter().find(|callee| !callee.is_null());
    callee.unwrap_or(std::ptr::null_mut())
}

/// A bound method knows its object.
unsafe fn effect_of_unknown_arguments(callee: *mut PyObject) -> Effect {
    // SAFETY: passed on.
    let effect = unsafe { effects::of_call(callee, Arguments::UNKNOWN) };
    let is_unknown = match effect {
        Effect::Changes(object) => object.is_null(),
        // SAFETY: passed on.
        _ => unsafe { effects::depends_on_arguments(callee) },
    };
    if is_unknown { Effect::Unknown } else { effect }
}

/// Adds the values of what is unpacked into arguments by name, if it is a dict.
unsafe fn push_values(mapping: *mut PyObject, values: &mut Vec<*mut PyObject>) {
    // SAFETY: walks over an exact dict, which nothing changes meanwhile.
    unsafe {
        if mapping.is_null() || PyDict_CheckExact(mapping) == 0 {
            return;
        }
        let (mut position, mut value) = (0, std::ptr::null_mut());
        while PyDict_Next(mapping, &mut position, std::ptr::null_mut(), &mut value) != 0 {
            values.push(value);
        }
    }
}
