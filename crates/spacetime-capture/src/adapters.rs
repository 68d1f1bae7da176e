//! Asking adapters: the one place where code of the user runs inside of a callback.
//!
//! Before a state is written the adapters of the objects that it shows are asked: the event's work
//! finds them, writes nothing, and is done again afterwards. Since adapters may change anything, what the
//! state shows is read again, until nothing is met that was not asked for this state.
//!
//! Invariants: no reference to the recorder is in use while an adapter runs, so that other threads are
//! recorded meanwhile, and the session may end. The interpreter sends no events of this thread from
//! inside of a callback, so that nothing that an adapter calls is recorded. An object has one reference
//! more while its adapter is asked, and none afterwards.

use crate::atoms;
use crate::callbacks::{contain, recorder};
use crate::heap::{Adapter, Captured, Due, Payload};
use crate::recorder::Recorder;
use pyo3_ffi::*;
use rustc_hash::FxHashSet;
use std::sync::atomic::{AtomicBool, Ordering};

static ARE_IN_USE: AtomicBool = AtomicBool::new(false);

/// Readings for one state; what adapters make anew again and again is not followed further.
const MAX_READINGS: usize = 8;
/// Characters of a preview.
const MAX_PREVIEW: isize = 200;

/// Whether there are adapters.
#[inline(always)]
pub fn are_in_use() -> bool {
    ARE_IN_USE.load(Ordering::Relaxed)
}

/// From now on objects of the adapter's type are asked.
///
/// # Safety
/// The adapter must be kept alive for good, and the GIL be held.
pub unsafe fn add(recorder: &mut Recorder, adapter: Adapter) {
    ARE_IN_USE.store(true, Ordering::Relaxed);
    // SAFETY: passed on.
    unsafe { recorder.heap.add_adapter(adapter) };
}

/// The objects that were asked for one state.
#[derive(Default)]
pub struct Asked {
    keys: FxHashSet<(u32, u32, usize)>,
    n_readings: usize,
}

impl Asked {
    /// Nothing more is asked for this state.
    pub fn enough() -> Asked {
        Asked {
            keys: FxHashSet::default(),
            n_readings: MAX_READINGS,
        }
    }

    /// Whether the state is to be written with what is known.
    pub fn is_enough(&self) -> bool {
        self.n_readings == MAX_READINGS
    }

    /// Whether the object was asked.
    pub fn contains(&self, due: &Due) -> bool {
        self.keys.contains(&due.key())
    }
}

/// Asks the adapters of objects that a state is about to show. Says whether the program goes on; if not
/// an exception is set, which is for the program: that of a signal.
///
/// # Safety
/// The objects must be alive, the GIL be held and no reference to the recorder be in use.
pub unsafe fn ask(due: &[Due], asked: &mut Asked) -> bool {
    asked.n_readings += 1;
    asked.keys.extend(due.iter().map(Due::key));
    // SAFETY: what is due is alive as long as nothing runs, and then by the reference taken.
    unsafe {
        due.iter().for_each(|due| Py_INCREF(due.object));
        let goes_on = due.iter().all(|due| match capture(due) {
            Some(captured) => {
                take(due, captured);
                true
            }
            None => false,
        });
        let exception = PyErr_GetRaisedException();
        due.iter().for_each(|due| Py_DECREF(due.object));
        PyErr_SetRaisedException(exception);
        goes_on
    }
}

unsafe fn take(due: &Due, captured: Captured) {
    // SAFETY: the object has a reference of ours; nothing runs meanwhile.
    unsafe {
        if let Some(recorder) = recorder().filter(|recorder| recorder.is_active) {
            contain(|| recorder.take_captured(due, captured));
        }
    }
}

/// Asks one adapter. Nothing, with an exception set, if something was raised that is for the program.
unsafe fn capture(due: &Due) -> Option<Captured> {
    // SAFETY: plain use of the API with owned references.
    unsafe {
        let before = PyErr_GetRaisedException();
        let captured = capture_guarded(due);
        match captured {
            Some(_) => PyErr_SetRaisedException(before),
            None => Py_XDECREF(before),
        }
        captured
    }
}

unsafe fn capture_guarded(due: &Due) -> Option<Captured> {
    // SAFETY: as above; the adapter gives a pair.
    unsafe {
        let pair = PyObject_CallOneArg(due.adapter.capture, due.object);
        if pair.is_null() {
            return without_payload(exception_for_recorder()?);
        }
        let (payload, reason) = (PyTuple_GetItem(pair, 0), PyTuple_GetItem(pair, 1));
        let captured = if PyUnicode_Check(reason) != 0 {
            without_payload(text_of(reason))
        } else {
            match Payload::read(payload) {
                Err(found) => {
                    without_payload(format!("its adapter gave {found}, which is no plain value"))
                }
                Ok(read) => preview(due, payload).map(|preview| Captured {
                    payload: Ok(read),
                    preview,
                }),
            }
        };
        let exception = PyErr_GetRaisedException();
        Py_DECREF(pair);
        PyErr_SetRaisedException(exception);
        captured
    }
}

fn without_payload(reason: String) -> Option<Captured> {
    Some(Captured {
        payload: Err(reason),
        preview: None,
    })
}

/// The preview of a payload, if there is one. Nothing at all as [`capture`].
unsafe fn preview(due: &Due, payload: *mut PyObject) -> Option<Option<Vec<u8>>> {
    if due.adapter.preview.is_null() {
        return Some(None);
    }
    // SAFETY: plain use of the API with owned references.
    unsafe {
        let text = PyObject_CallOneArg(due.adapter.preview, payload);
        if text.is_null() {
            exception_for_recorder()?;
            return Some(None);
        }
        let mut shown = None;
        if PyUnicode_CheckExact(text) != 0 {
            let head = PyUnicode_Substring(text, 0, MAX_PREVIEW);
            shown = (!head.is_null()).then(|| atoms::utf8_of(head));
            Py_XDECREF(head);
            PyErr_Clear();
        }
        Py_DECREF(text);
        Some(shown)
    }
}

/// Takes an exception that is none of the program's and says what it was. Others stay, without the
/// frames of the adapter.
unsafe fn exception_for_recorder() -> Option<String> {
    // SAFETY: an exception is set; reads its type.
    unsafe {
        let exception = PyErr_GetRaisedException();
        // The package's own function catches all but these.
        let own = [PyExc_RecursionError, PyExc_MemoryError];
        let type_ = Py_TYPE(exception);
        if own
            .iter()
            .any(|own| PyType_IsSubtype(type_, own.cast()) != 0)
        {
            let name = crate::heap::types::qualified_name(type_);
            Py_DECREF(exception);
            return Some(format!("its adapter could not be called: {name}"));
        }
        PyException_SetTraceback(exception, Py_None());
        PyErr_SetRaisedException(exception);
        None
    }
}

unsafe fn text_of(text: *mut PyObject) -> String {
    // SAFETY: an exact str, given by the package.
    let utf8 = unsafe { atoms::utf8_of(text) };
    String::from_utf8_lossy(&utf8).into_owned()
}
