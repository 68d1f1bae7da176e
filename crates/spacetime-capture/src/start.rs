//! Starting and ending the recorder of this process.

use crate::callbacks;
use crate::frames::Tier;
use crate::heap::Heap;
use crate::heap::types::{Ignored, Types};
use crate::layout::Gil;
use crate::limits::Limits;
use crate::monitoring::{Monitoring, Unavailable};
use crate::processes::{self, Family};
use crate::recorder::Recorder;
use crate::registry::Registry;
use crate::selfcheck;
use pyo3_ffi::*;
use spacetime_store::recording::{Options, Recording, Summary};
use spacetime_store::{Error as StoreError, Target};
use std::ptr;
use std::sync::atomic::Ordering;

/// Why recording could not start or end well.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A recorder is running in this process.
    #[error("a recorder is already running in this process: close it first")]
    AlreadyRunning,
    /// No tool id of `sys.monitoring` is free.
    #[error("all tool ids of sys.monitoring are taken (by {0}): end one of these tools first")]
    NoFreeTool(String),
    /// The interpreter does not offer what is needed.
    #[error("this interpreter cannot be recorded: {0}; CPython 3.12 or 3.13 is needed")]
    Unsupported(String),
    /// No dict watcher of the interpreter is free.
    #[error("all dict watchers of the interpreter are taken: end the tool that has them first")]
    NoFreeWatcher,
    /// The trace.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A fault of the recorder.
    #[error(
        "the recorder failed in the middle of the program (a fault of spacetimepy); the trace is complete up to there"
    )]
    Panicked,
}

impl From<Unavailable> for Error {
    fn from(reason: Unavailable) -> Error {
        match reason {
            Unavailable::NoFreeTool(owners) => Error::NoFreeTool(owners.join(", ")),
            Unavailable::Unexpected(reason) => Error::Unsupported(reason),
        }
    }
}

/// How this interpreter would be recorded, and why not faster.
///
/// # Safety
/// The GIL must be held and no exception set.
pub unsafe fn tier() -> (Tier, Option<String>) {
    if std::env::var_os("SPACETIME_TIER").is_some_and(|tier| tier == "portable") {
        // SAFETY: passed on. The probe is run for what it teaches about classes.
        let _ = unsafe { selfcheck::run() };
        return (
            Tier::Portable,
            Some("SPACETIME_TIER=portable is set".into()),
        );
    }
    // SAFETY: passed on.
    match unsafe { selfcheck::run() }.frames {
        Ok(()) => (Tier::Fast, None),
        Err(reason) => (Tier::Portable, Some(reason)),
    }
}

/// What a recorder needs besides its trace.
pub struct Start {
    /// What is recorded of code that is not named one by one: a callable or null.
    pub selector: *mut PyObject,
    /// What the trace is told about code: a callable or null.
    pub describe: *mut PyObject,
    /// Called with the status before `os._exit` ends the process: a callable or null.
    pub on_exit: *mut PyObject,
    /// Called with the exception that is about to end the program: a callable or null.
    pub on_end: *mut PyObject,
    /// How much of a value is recorded.
    pub limits: Limits,
    /// What the user does not want to be read.
    pub ignored: Ignored,
    /// Forked children are recorded as well.
    pub follows_forks: bool,
    /// Started children are recorded as well, which are told this.
    pub note_for_children: Option<String>,
    /// The trace is another process's, which started this one.
    pub is_child: bool,
}

/// Starts the recorder of this process.
///
/// # Safety
/// The GIL must be held and no exception set.
pub unsafe fn start(target: Target, options: &Options, wanted: Start) -> Result<(), Error> {
    let Start {
        selector,
        describe,
        on_exit,
        on_end,
        ignored,
        ..
    } = wanted;
    // SAFETY: passed on.
    unsafe {
        if callbacks::recorder().is_some() {
            return Err(Error::AlreadyRunning);
        }
        selfcheck::run().objects.map_err(Error::Unsupported)?;
        let (tier, _) = tier();
        let watcher = dict_watcher()?;
        wanted.limits.set();
        let (recording, ring) = match wanted.is_child {
            true => Recording::follow(target, options)?,
            false => Recording::create(target, options)?,
        };
        let monitoring = Monitoring::acquire()?;
        let heap = Heap::new(ring, Types::new(ignored), watcher);
        [selector, describe, on_exit, on_end]
            .into_iter()
            .filter(|o| !o.is_null())
            .for_each(|o| Py_INCREF(o));
        let registry = Registry {
            monitoring,
            selector,
            describe,
            records_lines: false,
        };
        let mut recorder = Recorder::new(tier, heap, registry, recording, options.max_states);
        recorder.family = Family {
            follows_forks: wanted.follows_forks,
            note: wanted.note_for_children,
            on_exit,
            on_end,
            fork: None,
        };
        if tier == Tier::Fast {
            recorder.gil = Gil::of_current(PyThreadState_Get());
        }
        let recorder = callbacks::install(Box::new(recorder));
        if let Err(reason) = crate::registry::listen_to_all(&mut *recorder) {
            stop()?;
            return Err(reason.into());
        }
        watch_collections(true);
        processes::watch(&mut *recorder);
        Ok(())
    }
}

/// Ends the recorder: everything is stored, every hook into the interpreter is taken back.
///
/// # Safety
/// The GIL must be held.
pub unsafe fn stop() -> Result<Summary, Error> {
    // SAFETY: passed on.
    unsafe {
        let Some(recorder) = callbacks::recorder() else {
            return Ok(Summary::default());
        };
        recorder.end_session();
        watch_collections(false);
        recorder.registry.monitoring.release();
        callbacks::uninstall();
        let panicked = recorder.has_panicked;
        let recording = recorder.recording.take();
        for code in recorder.codes.drain().map(|(_, code)| code) {
            Py_DECREF(code.object);
        }
        for callable in [
            &mut recorder.registry.selector,
            &mut recorder.registry.describe,
            &mut recorder.family.on_exit,
            &mut recorder.family.on_end,
        ] {
            Py_XDECREF(std::mem::replace(callable, ptr::null_mut()));
        }
        let state = PyEval_SaveThread();
        let summary = recording.map_or(Ok(Summary::default()), Recording::close);
        PyEval_RestoreThread(state);
        processes::stop_watching();
        let summary = summary?;
        if panicked {
            Err(Error::Panicked)
        } else {
            Ok(summary)
        }
    }
}

/// The dict watcher, made once: ids are few, and a watcher that is still registered when the
/// interpreter ends is called by it.
unsafe fn dict_watcher() -> Result<i32, Error> {
    type Watcher = unsafe extern "C" fn(i32, *mut PyObject, *mut PyObject, *mut PyObject) -> i32;
    unsafe extern "C" {
        fn PyDict_AddWatcher(watcher: Watcher) -> i32;
    }
    static WATCHER: std::sync::OnceLock<i32> = std::sync::OnceLock::new();
    if let Some(&watcher) = WATCHER.get() {
        return Ok(watcher);
    }
    // SAFETY: the callback is static and total.
    let watcher = unsafe { PyDict_AddWatcher(callbacks::on_dict_event) };
    if watcher < 0 {
        // SAFETY: the GIL is held.
        unsafe { PyErr_Clear() };
        return Err(Error::NoFreeWatcher);
    }
    Ok(*WATCHER.get_or_init(|| watcher))
}

/// Adds the callback to `gc.callbacks`, or removes it.
unsafe fn watch_collections(on: bool) {
    use std::sync::atomic::AtomicPtr;
    static CALLBACK: AtomicPtr<PyObject> = AtomicPtr::new(ptr::null_mut());
    // SAFETY: plain use of the API with owned references.
    unsafe {
        let mut callback = CALLBACK.load(Ordering::Relaxed);
        if callback.is_null() {
            callback = callbacks::make_collection_callback();
            CALLBACK.store(callback, Ordering::Relaxed);
        }
        let module = PyImport_ImportModule(c"gc".as_ptr());
        if !module.is_null() {
            let callbacks = PyObject_GetAttrString(module, c"callbacks".as_ptr());
            if !callbacks.is_null() && !callback.is_null() {
                let method = if on { c"append" } else { c"remove" };
                let method = PyObject_GetAttrString(callbacks, method.as_ptr());
                if !method.is_null() {
                    Py_XDECREF(PyObject_CallOneArg(method, callback));
                    Py_DECREF(method);
                }
            }
            Py_XDECREF(callbacks);
            Py_DECREF(module);
        }
        PyErr_Clear();
    }
}
