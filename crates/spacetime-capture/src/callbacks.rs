//! The monitoring callbacks: objects with a vectorcall slot that decide in a few branches and hand
//! over to the [`Recorder`].
//!
//! A wrapper made by a binding library costs two to four times as much per event, so the callbacks
//! are a heap type of our own. No callback raises into the program, but for what a signal raised while
//! an adapter was asked: a panic is caught and ends the recording.
//!
//! Hot path: no lock, no allocation outside the arenas, no formatting, no log. Bench: `bench/run.py`.

use crate::adapters::{self, Asked};
use crate::code::{Code, Role, unit};
use crate::frames::{LiveFrame, Tier};
use crate::heap::DictEvent;
use crate::layout;
use crate::monitoring::Event;
use crate::processes::ending;
use crate::recorder::Recorder;
use crate::registry;
use pyo3_ffi::*;
use spacetime_store::stream::record;
use std::ffi::{c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The recorder that the callbacks serve. It lives until the process ends.
static RECORDER: AtomicPtr<Recorder> = AtomicPtr::new(ptr::null_mut());

/// Makes a recorder the one that events go to.
pub fn install(recorder: Box<Recorder>) -> *mut Recorder {
    let recorder = Box::into_raw(recorder);
    RECORDER.store(recorder, Ordering::Release);
    recorder
}

/// The recorder, if there is one. The GIL makes its use exclusive; callbacks do not nest.
///
/// # Safety
/// The GIL must be held, and no other reference to the recorder be in use.
#[inline(always)]
pub unsafe fn recorder() -> Option<&'static mut Recorder> {
    // SAFETY: the recorder is never freed.
    unsafe { RECORDER.load(Ordering::Relaxed).as_mut() }
}

/// Takes the recorder out of service.
pub fn uninstall() {
    RECORDER.store(ptr::null_mut(), Ordering::Release);
}

type Arguments = *const *mut PyObject;

/// A callable object without state.
#[repr(C)]
struct Callback {
    base: PyObject,
    call: vectorcallfunc,
}

/// `sys.monitoring.DISABLE`, kept alive by `sys`.
static DISABLE: AtomicPtr<PyObject> = AtomicPtr::new(ptr::null_mut());

#[inline(always)]
unsafe fn none() -> *mut PyObject {
    // SAFETY: None is immortal in the versions built for.
    unsafe { Py_None() }
}

/// Switches this event off at this place of the code object.
#[inline(always)]
unsafe fn disable() -> *mut PyObject {
    let disable = DISABLE.load(Ordering::Relaxed);
    // SAFETY: kept alive by `sys.monitoring`.
    unsafe { Py_INCREF(disable) };
    disable
}

/// Makes the callback for an event. A new reference, or null with an exception set.
///
/// # Safety
/// The GIL must be held; `disable_marker` must be `sys.monitoring.DISABLE`.
pub unsafe fn make(event: Event, disable_marker: *mut PyObject) -> *mut PyObject {
    DISABLE.store(disable_marker, Ordering::Relaxed);
    let call: vectorcallfunc = match event {
        Event::PyStart => on_start,
        Event::PyResume => on_resume,
        Event::PyThrow => on_throw,
        Event::PyReturn => on_return,
        Event::PyYield => on_yield,
        Event::PyUnwind => on_unwind,
        Event::Raise => on_raise,
        Event::Line => on_line,
        Event::Instruction => on_instruction,
        Event::Jump => on_jump,
    };
    // SAFETY: the type is made once; the object's fields are set before it is seen.
    unsafe {
        let type_ = callback_type();
        if type_.is_null() {
            return ptr::null_mut();
        }
        let object = PyType_GenericAlloc(type_.cast(), 0);
        if !object.is_null() {
            (*object.cast::<Callback>()).call = call;
        }
        object
    }
}

unsafe fn callback_type() -> *mut PyObject {
    static TYPE: AtomicPtr<PyObject> = AtomicPtr::new(ptr::null_mut());
    let known = TYPE.load(Ordering::Acquire);
    if !known.is_null() {
        return known;
    }
    let mut members = [
        PyMemberDef {
            name: c"__vectorcalloffset__".as_ptr(),
            type_code: Py_T_PYSSIZET,
            offset: std::mem::offset_of!(Callback, call) as Py_ssize_t,
            flags: Py_READONLY,
            doc: ptr::null(),
        },
        // SAFETY: an all-zero member ends the array.
        unsafe { std::mem::zeroed() },
    ];
    let mut slots = [
        PyType_Slot {
            slot: Py_tp_call,
            pfunc: PyVectorcall_Call as *mut _,
        },
        PyType_Slot {
            slot: Py_tp_members,
            pfunc: members.as_mut_ptr().cast(),
        },
        PyType_Slot {
            slot: 0,
            pfunc: ptr::null_mut(),
        },
    ];
    let mut spec = PyType_Spec {
        name: c"spacetimepy._native.Callback".as_ptr(),
        basicsize: size_of::<Callback>() as c_int,
        itemsize: 0,
        flags: (Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_VECTORCALL) as u32,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: CPython copies the spec.
    let type_ = unsafe { PyType_FromSpec(&mut spec) };
    TYPE.store(type_, Ordering::Release);
    type_
}

/// Runs the recorder's work inside a call by the interpreter. A panic ends the recording, and gives
/// nothing.
///
/// # Safety
/// The GIL must be held, and no reference to the recorder be used afterwards that `work` used.
#[inline(always)]
pub unsafe fn contain<T>(work: impl FnOnce() -> T) -> Option<T> {
    let outcome = catch_unwind(AssertUnwindSafe(work));
    if outcome.is_err()
        // SAFETY: `work` has ended.
        && let Some(recorder) = unsafe { recorder() }
    {
        recorder.is_active = false;
        recorder.has_panicked = true;
    }
    outcome.ok()
}

/// Runs an event's work with the recorder, if recording is on. A panic ends the recording.
#[inline(always)]
unsafe fn with_recorder(
    work: impl FnOnce(&mut Recorder, *mut PyThreadState, LiveFrame) -> *mut PyObject,
) -> *mut PyObject {
    // SAFETY: callbacks hold the GIL and run in a frame.
    unsafe {
        let Some(recorder) = recorder() else {
            return none();
        };
        if !recorder.is_active {
            return none();
        }
        let tstate = PyThreadState_Get();
        let live = LiveFrame::current(recorder.tier, tstate);
        let answer = contain(|| {
            recorder.event_begins(tstate);
            let answer = work(recorder, tstate, live);
            recorder.event_ends(tstate);
            answer
        });
        answer.unwrap_or_else(|| none())
    }
}

/// The same for the work of an event that writes a state: if adapters are due, it is done again once
/// they were asked. Null, with an exception set, if one is for the program; the state is not written then.
#[inline(always)]
unsafe fn with_state(
    mut work: impl FnMut(&mut Recorder, *mut PyThreadState, LiveFrame) -> *mut PyObject,
) -> *mut PyObject {
    // SAFETY: passed on.
    unsafe {
        let answer = with_recorder(&mut work);
        match recorder() {
            Some(recorder) if !recorder.due.is_empty() => {
                Py_DECREF(answer);
                ask_and_repeat(&mut work)
            }
            _ => answer,
        }
    }
}

#[cold]
unsafe fn ask_and_repeat(
    work: &mut dyn FnMut(&mut Recorder, *mut PyThreadState, LiveFrame) -> *mut PyObject,
) -> *mut PyObject {
    let mut asked = Asked::default();
    // SAFETY: what is due was found by this event's work, since which nothing ran.
    unsafe {
        loop {
            let due = recorder().map(|recorder| std::mem::take(&mut recorder.due));
            let due = due.unwrap_or_default();
            if due.is_empty() {
                return none();
            }
            if !adapters::ask(&due, &mut asked) {
                return ptr::null_mut();
            }
            with_recorder(|recorder, tstate, live| {
                std::mem::swap(&mut recorder.asked, &mut asked);
                let answer = work(recorder, tstate, live);
                std::mem::swap(&mut recorder.asked, &mut asked);
                answer
            });
        }
    }
}

#[inline(always)]
unsafe fn argument(arguments: Arguments, at: usize) -> *mut PyObject {
    // SAFETY: each event has the arguments that its callback reads.
    unsafe { arguments.add(at).read() }
}

#[inline(always)]
unsafe fn int_argument(arguments: Arguments, at: usize) -> i32 {
    // SAFETY: lines and offsets are small exact ints.
    unsafe { layout::small_int(argument(arguments, at)).unwrap_or(0) as i32 }
}

/// The plan of a code object, made now if the code is new.
unsafe fn known_code(recorder: &mut Recorder, object: *mut PyObject) -> *mut Code {
    // SAFETY: passed on.
    match recorder.codes.get_mut(&(object as usize)) {
        Some(code) if code.is_asked => &raw mut **code,
        _ => unsafe { registry::first_seen(recorder, object) },
    }
}

/// The answer to an event: whether the next one at this place is of interest.
unsafe fn go_on_if(is_of_interest: bool) -> *mut PyObject {
    // SAFETY: passed on.
    match is_of_interest {
        true => unsafe { none() },
        false => unsafe { disable() },
    }
}

unsafe extern "C" fn on_line(
    _callable: *mut PyObject,
    arguments: Arguments,
    _n: usize,
    _names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: `LINE(code, line)`.
    unsafe {
        with_state(|recorder, tstate, live| {
            let (code, line) = (argument(arguments, 0), int_argument(arguments, 1));
            recorder.line(tstate, live, code, line);
            none()
        })
    }
}

unsafe extern "C" fn on_start(
    _callable: *mut PyObject,
    arguments: Arguments,
    _n: usize,
    _names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: `PY_START(code, offset)`.
    unsafe {
        let object = argument(arguments, 0);
        let mut is_begun = false;
        with_state(|recorder, tstate, live| {
            if is_begun {
                recorder.enter_call(tstate, live, object);
                return none();
            }
            let code = known_code(recorder, object);
            match (*code).role {
                Role::Foreign => go_on_if(recorder.foreign_code_runs(code)),
                Role::Function | Role::Line => {
                    recorder.frame_starts_at(live);
                    if (*code).number.is_none() {
                        registry::announce(recorder, code);
                    }
                    recorder.start_call(tstate, live, code);
                    is_begun = true;
                    none()
                }
            }
        })
    }
}

unsafe extern "C" fn on_resume(
    _callable: *mut PyObject,
    arguments: Arguments,
    _n: usize,
    _names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: `PY_RESUME(code, offset)`.
    unsafe {
        with_recorder(|recorder, tstate, live| {
            let object = argument(arguments, 0);
            let code = known_code(recorder, object);
            match (*code).role {
                Role::Foreign => go_on_if(recorder.foreign_code_runs(code)),
                Role::Function | Role::Line => {
                    recorder.resume_call(tstate, live, object);
                    none()
                }
            }
        })
    }
}

unsafe extern "C" fn on_throw(
    callable: *mut PyObject,
    arguments: Arguments,
    n: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: as for `PY_RESUME`. This event cannot be switched off.
    unsafe {
        Py_DECREF(on_resume(callable, arguments, n, names));
        none()
    }
}

unsafe extern "C" fn on_return(
    _callable: *mut PyObject,
    arguments: Arguments,
    _n: usize,
    _names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: `PY_RETURN(code, offset, value)`.
    unsafe {
        with_state(|recorder, tstate, live| {
            let (code, value) = (argument(arguments, 0), argument(arguments, 2));
            recorder.end_call(tstate, live, code, record::RETURN, value);
            none()
        })
    }
}

unsafe extern "C" fn on_unwind(
    _callable: *mut PyObject,
    arguments: Arguments,
    _n: usize,
    _names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: `PY_UNWIND(code, offset, exception)`, for all code.
    unsafe {
        let code = argument(arguments, 0);
        let end = |recorder: &mut Recorder, tstate, live, exception| {
            if recorder.knows_frame(tstate, live) {
                recorder.end_call(tstate, live, code, record::UNWIND, exception);
            }
            none()
        };
        let answer = with_state(|recorder, tstate, live| {
            end(recorder, tstate, live, argument(arguments, 2))
        });
        if answer.is_null() {
            // The call is left by what was raised.
            let raised = PyErr_GetRaisedException();
            with_recorder(|recorder, tstate, live| {
                recorder.asked = Asked::enough();
                let answer = end(recorder, tstate, live, raised);
                recorder.asked = Asked::default();
                answer
            });
            ending::exception_leaves(code, raised);
            PyErr_SetRaisedException(raised);
        } else {
            ending::exception_leaves(code, argument(arguments, 2));
        }
        answer
    }
}

unsafe extern "C" fn on_raise(
    _callable: *mut PyObject,
    arguments: Arguments,
    _n: usize,
    _names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: `RAISE(code, offset, exception)`, for all code.
    unsafe {
        with_recorder(|recorder, tstate, _| {
            recorder.exception_was_raised(tstate, argument(arguments, 2));
            none()
        })
    }
}

unsafe extern "C" fn on_yield(
    _callable: *mut PyObject,
    arguments: Arguments,
    _n: usize,
    _names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: `PY_YIELD(code, offset, value)`.
    unsafe {
        with_state(|recorder, tstate, live| {
            let (code, value) = (argument(arguments, 0), argument(arguments, 2));
            recorder.suspend_call(tstate, live, code, value);
            none()
        })
    }
}

unsafe extern "C" fn on_jump(
    _callable: *mut PyObject,
    arguments: Arguments,
    _n: usize,
    _names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: `JUMP(code, offset, destination)`.
    unsafe {
        with_state(|recorder, tstate, live| {
            let (object, offset) = (argument(arguments, 0), int_argument(arguments, 1));
            let at = offset as usize / 2;
            match recorder.codes.get(&(object as usize)) {
                Some(code) if code.meaning(at) & unit::LOOP != 0 => {
                    let line = code.line_of_unit(at) as i32;
                    recorder.line(tstate, live, object, line);
                    none()
                }
                _ => disable(),
            }
        })
    }
}

unsafe extern "C" fn on_instruction(
    _callable: *mut PyObject,
    arguments: Arguments,
    _n: usize,
    _names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: `INSTRUCTION(code, offset)`; codes live as long as the recorder.
    unsafe {
        with_state(|recorder, tstate, live| {
            let (object, offset) = (argument(arguments, 0), int_argument(arguments, 1));
            let at = offset as usize / 2;
            let Some(code) = recorder.codes.get(&(object as usize)) else {
                return disable();
            };
            // The recorder changes no code while it runs.
            let code: *const Code = &raw const **code;
            let code = &*code;
            let bits = code.meaning(at) & !unit::LOOP;
            if bits == 0 {
                return disable();
            }
            if recorder.tier == Tier::Portable {
                return none();
            }
            if code.role == Role::Foreign {
                match code.site(at) {
                    Some(action) => recorder.foreign_site(tstate, live, code, action),
                    None => recorder.after_foreign_site(tstate, live),
                }
                return none();
            }
            if bits & unit::LINE != 0 {
                let line = code.line_of_unit(at) as i32;
                recorder.line_from_instruction(tstate, live, object, line);
                if !recorder.due.is_empty() {
                    return none();
                }
            }
            let mut is_of_interest = bits & unit::LINE != 0;
            if bits & unit::SITE != 0
                && let Some(action) = code.site(at)
            {
                is_of_interest |= recorder.site(tstate, live, code, action);
            }
            go_on_if(is_of_interest)
        })
    }
}

/// The dict watcher.
///
/// # Safety
/// Called by CPython with the GIL held.
pub unsafe extern "C" fn on_dict_event(
    event: c_int,
    dict: *mut PyObject,
    key: *mut PyObject,
    item: *mut PyObject,
) -> c_int {
    // SAFETY: no other reference to the recorder is in use: the program is running, not a callback.
    unsafe {
        contain(|| {
            if let (Some(recorder), Some(event)) = (recorder(), DictEvent::from_number(event)) {
                recorder.event_begins(PyThreadState_Get());
                if !item.is_null() && recorder.heap.tracks_dict(dict) {
                    recorder.before_dict_change(dict, item);
                }
                recorder.heap.dict_changed(event, dict, key, item);
            }
        });
    }
    0
}

/// Appended to `gc.callbacks`: after a collection that ended objects addresses may be used again.
unsafe extern "C" fn on_collection(
    _module: *mut PyObject,
    arguments: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: `callback(phase, info)`; the collector holds the GIL.
    unsafe {
        let (phase, facts) = (PyTuple_GetItem(arguments, 0), PyTuple_GetItem(arguments, 1));
        let is_end =
            !phase.is_null() && PyUnicode_CompareWithASCIIString(phase, c"stop".as_ptr()) == 0;
        if is_end && has_collected(facts) {
            contain(|| {
                if let Some(recorder) = recorder() {
                    recorder.collected();
                }
            });
        }
        PyErr_Clear();
        none()
    }
}

/// Whether the facts of a collection say that it ended objects.
unsafe fn has_collected(facts: *mut PyObject) -> bool {
    // SAFETY: checks for null and the type; `collected` is looked up among str keys.
    unsafe {
        if facts.is_null() || PyDict_CheckExact(facts) == 0 {
            return true;
        }
        let n_collected = PyDict_GetItemString(facts, c"collected".as_ptr());
        n_collected.is_null() || PyLong_AsSsize_t(n_collected) != 0
    }
}

/// Makes the function for `gc.callbacks`.
///
/// # Safety
/// The GIL must be held.
pub unsafe fn make_collection_callback() -> *mut PyObject {
    struct Definition(std::cell::UnsafeCell<PyMethodDef>);
    // SAFETY: CPython only reads the definition.
    unsafe impl Sync for Definition {}
    static DEFINITION: Definition = Definition(std::cell::UnsafeCell::new(PyMethodDef {
        ml_name: c"_spacetime_collected".as_ptr() as *const c_char,
        ml_meth: PyMethodDefPointer {
            PyCFunction: on_collection,
        },
        ml_flags: METH_VARARGS,
        ml_doc: ptr::null(),
    }));
    // SAFETY: the definition is static.
    unsafe { PyCFunction_NewEx(DEFINITION.0.get(), ptr::null_mut(), ptr::null_mut()) }
}
