//! `Recorder`: the recorder of this process.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyCode, PyDict, PyType};
use spacetime_capture::code::Role;
use spacetime_capture::frames::Tier;
use spacetime_capture::heap::Adapter;
use spacetime_capture::heap::types::Ignored;
use spacetime_capture::limits::Limits;
use spacetime_capture::registry::{self, CodeOptions};
use spacetime_capture::start::Start;
use spacetime_capture::{adapters, callbacks, processes, start};
use spacetime_model::{CallId, ExitKind, Origin, SessionId, SessionInfo};
use spacetime_store::Target;
use spacetime_store::recording::{EndInfo, Options, Recording, SessionDescription};

use crate::errors;

/// The recorder of this process; there is one at a time.
#[pyclass(module = "spacetimepy._native", frozen)]
pub struct Recorder {
    #[pyo3(get)]
    path: String,
    #[pyo3(get)]
    tier: &'static str,
    /// Why it is not the fast tier.
    #[pyo3(get)]
    tier_reason: Option<String>,
    /// Kept alive while the recorder compares types with them.
    _ignore_types: Vec<Py<PyType>>,
}

#[pymethods]
impl Recorder {
    #[new]
    #[pyo3(signature = (path, *, in_memory = false, overwrite = false, limits = HashMap::new(), ignore_types = Vec::new(), ignore_type_names = Vec::new(), on_code = None, on_exit = None, on_end = None, follows_forks = false, note_for_children = None, is_child = false))]
    #[allow(clippy::too_many_arguments)]
    fn new(
        py: Python<'_>,
        path: String,
        in_memory: bool,
        overwrite: bool,
        limits: HashMap<String, u64>,
        ignore_types: Vec<Py<PyType>>,
        ignore_type_names: Vec<String>,
        on_code: Option<Py<PyAny>>,
        on_exit: Option<Py<PyAny>>,
        on_end: Option<Py<PyAny>>,
        follows_forks: bool,
        note_for_children: Option<String>,
        is_child: bool,
    ) -> PyResult<Recorder> {
        errors::classes(py)?;
        let target = if in_memory {
            Target::Memory(path.clone())
        } else {
            Target::File(PathBuf::from(&path))
        };
        let mut options = Options {
            overwrite,
            ..Options::default()
        };
        let limit = |name, default| limits.get(name).copied().unwrap_or(default);
        options.max_bytes = limit("max_bytes", options.max_bytes);
        options.max_states = limit("max_states", options.max_states);
        let size = |name, default| limit(name, default as u64) as usize;
        let limits = Limits {
            text: size("max_text", Limits::DEFAULT.text),
            items: size("max_items", Limits::DEFAULT.items),
            objects: size("max_objects", Limits::DEFAULT.objects),
        };
        let types = ignore_types.iter();
        let pointer = |callable: &Option<Py<PyAny>>| {
            callable
                .as_ref()
                .map_or(std::ptr::null_mut(), |callable| callable.as_ptr())
        };
        let wanted = Start {
            selector: std::ptr::null_mut(),
            describe: pointer(&on_code),
            on_exit: pointer(&on_exit),
            on_end: pointer(&on_end),
            limits,
            ignored: Ignored {
                types: types.map(|type_| type_.as_ptr().cast()).collect(),
                names: ignore_type_names,
            },
            follows_forks,
            note_for_children,
            is_child,
        };
        // SAFETY: the GIL is held (`py`), the types are kept alive by the recorder object.
        let started = unsafe { start::start(target, &options, wanted) };
        started.map_err(to_python)?;
        // SAFETY: as above.
        let (tier, tier_reason) = unsafe { start::tier() };
        let tier = match tier {
            Tier::Fast => "fast",
            Tier::Portable => "portable",
        };
        Ok(Recorder {
            path,
            tier,
            tier_reason,
            _ignore_types: ignore_types,
        })
    }

    fn set_selector(&self, py: Python<'_>, selector: Option<Py<PyAny>>) -> PyResult<()> {
        // SAFETY: the GIL is held; the old selector's reference was taken here.
        unsafe {
            let recorder = running()?;
            let selector = selector.map_or(std::ptr::null_mut(), Py::into_ptr);
            let old = std::mem::replace(&mut recorder.registry.selector, selector);
            drop(Bound::<PyAny>::from_owned_ptr_or_opt(py, old));
            registry::listen_to_all(recorder).map_err(|error| to_python(error.into()))
        }
    }

    /// From now on instances of a type are asked by its adapter; everything given is kept alive by the
    /// package.
    fn add_adapter(
        &self,
        kind: &Bound<'_, PyType>,
        capture: &Bound<'_, PyAny>,
        preview: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let adapter = Adapter {
            type_: kind.as_ptr().cast(),
            capture: capture.as_ptr(),
            preview: preview.map_or(std::ptr::null_mut(), |preview| preview.as_ptr()),
        };
        // SAFETY: the GIL is held; the package never forgets an adapter.
        unsafe { adapters::add(running()?, adapter) };
        Ok(())
    }

    #[pyo3(signature = (code, *, line, lines = None, include = Vec::new(), ignore = Vec::new()))]
    fn monitor(
        &self,
        code: &Bound<'_, PyCode>,
        line: bool,
        lines: Option<&Bound<'_, PyAny>>,
        include: Vec<String>,
        ignore: Vec<String>,
    ) -> PyResult<()> {
        let only_lines = match lines {
            None => Vec::new(),
            Some(lines) => lines
                .try_iter()?
                .map(|line| line?.extract())
                .collect::<PyResult<_>>()?,
        };
        let role = if line { Role::Line } else { Role::Function };
        let options = CodeOptions {
            only_lines,
            include,
            ignore,
        };
        // SAFETY: the GIL is held, `code` is a code object.
        unsafe { registry::monitor(running()?, code.as_ptr(), role, &options) }
            .map_err(|error| to_python(error.into()))
    }

    /// Begins a session. With an origin (a session's id and a call's) it has no id before something is
    /// recorded in it.
    #[allow(clippy::too_many_arguments)]
    #[pyo3(signature = (name, description, metadata_json, argv, implementation, commit, origin = None))]
    fn begin_session(
        &self,
        py: Python<'_>,
        name: Option<String>,
        description: Option<String>,
        metadata_json: Option<String>,
        argv: Vec<String>,
        implementation: String,
        commit: Option<String>,
        origin: Option<(u64, Option<u64>)>,
    ) -> PyResult<Option<u64>> {
        let described = SessionInfo {
            name: name.unwrap_or_default(),
            description,
            metadata_json,
            argv,
            implementation,
            commit,
            tier: self.tier.into(),
            origin: origin.map(|(session, call)| Origin {
                session: SessionId(session),
                call: call.map(CallId),
            }),
            ..SessionInfo::default()
        };
        let info = with_process(py, described);
        let session = with_recording(py, move |recording| match info.origin {
            Some(_) => recording.begin_session_when_needed(info).map(|()| None),
            None => recording.begin_session(info).map(Some),
        })?;
        // SAFETY: the GIL is held.
        unsafe { running()?.begin_session() };
        Ok(session.map(|session| session.0))
    }

    /// The id of the open session.
    fn session_id(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(with_recording(py, Recording::session)?.id.0)
    }

    /// The number in the trace of a call of the open session.
    fn id_of_call(&self, py: Python<'_>, call: u64) -> PyResult<u64> {
        Ok(with_recording(py, Recording::session)?.first_call.0 + call)
    }

    /// Describes the open session anew, if nothing was recorded in it yet; says whether it did.
    fn describe_empty_session(
        &self,
        py: Python<'_>,
        name: Option<String>,
        description: Option<String>,
        metadata_json: Option<String>,
    ) -> PyResult<bool> {
        // SAFETY: the GIL is held.
        if unsafe { running()? }.counts().0 > 0 {
            return Ok(false);
        }
        self.describe_session(py, name.unwrap_or_default(), description, metadata_json)?;
        Ok(true)
    }

    fn end_session(
        &self,
        py: Python<'_>,
        exit_kind: &str,
        message: Option<String>,
    ) -> PyResult<()> {
        let kind = ExitKind::from_name(exit_kind).ok_or_else(|| {
            let expected = ExitKind::ALL.map(ExitKind::name).join(", ");
            PyValueError::new_err(format!("exit_kind is {exit_kind:?}; expected {expected}"))
        })?;
        // SAFETY: the GIL is held.
        unsafe { running()?.end_session() };
        with_recording(py, move |recording| {
            recording.end_session(EndInfo { kind, message })
        })
    }

    /// Ends the session and leaves nothing of it in the trace.
    fn discard_session(&self, py: Python<'_>) -> PyResult<()> {
        // SAFETY: the GIL is held.
        unsafe { running()?.end_session() };
        with_recording(py, Recording::discard_session)
    }

    /// The number of calls in the session so far.
    #[getter]
    fn n_calls(&self) -> PyResult<u64> {
        // SAFETY: the GIL is held.
        Ok(unsafe { running()? }.counts().0)
    }

    /// The last call in the session of a code object, by its number in the session.
    fn last_call_of(&self, code: &Bound<'_, PyCode>) -> PyResult<Option<u64>> {
        // SAFETY: the GIL is held.
        let recorder = unsafe { running()? };
        let known = recorder.codes.get(&(code.as_ptr() as usize));
        Ok(known.and_then(|code| code.last_call))
    }

    /// Says something about a call of the session, as a JSON object.
    fn describe_call(&self, number: u64, metadata_json: String) -> PyResult<()> {
        // SAFETY: the GIL is held.
        let recording = unsafe { running()? }.recording.as_ref();
        let recording =
            recording.ok_or_else(|| PyRuntimeError::new_err("the recorder is closed"))?;
        // Nothing is waited for, so that the GIL is kept.
        let described = recording.describe_call(number, metadata_json);
        described.map_err(|error| errors::exception(&error))
    }

    /// Describes the open session anew.
    fn describe_session(
        &self,
        py: Python<'_>,
        name: String,
        description: Option<String>,
        metadata_json: Option<String>,
    ) -> PyResult<()> {
        let description = SessionDescription {
            name,
            description,
            metadata_json,
        };
        with_recording(py, move |recording| recording.describe_session(description))
    }

    fn pause(&self) -> PyResult<()> {
        // SAFETY: the GIL is held.
        let recorder = unsafe { running()? };
        recorder.n_pauses += 1;
        recorder.is_active = false;
        Ok(())
    }

    fn resume(&self) -> PyResult<()> {
        // SAFETY: the GIL is held.
        let recorder = unsafe { running()? };
        recorder.n_pauses = recorder.n_pauses.saturating_sub(1);
        if recorder.n_pauses == 0 && !recorder.has_panicked {
            recorder.go_on();
        }
        Ok(())
    }

    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        // SAFETY: the GIL is held.
        unsafe { running()?.heap.sink.commit() };
        with_recording(py, Recording::flush)
    }

    fn close<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let summary = PyDict::new(py);
        // SAFETY: the GIL is held.
        let (counts, over_budget, raised) = unsafe {
            match callbacks::recorder() {
                Some(recorder) => (
                    recorder.counts(),
                    recorder.is_over_budget(),
                    recorder.last_raised_call,
                ),
                None => ((0, 0), false, None),
            }
        };
        summary.set_item("over_budget", over_budget)?;
        summary.set_item("last_raised_call", raised)?;
        // SAFETY: the GIL is held.
        match unsafe { start::stop() } {
            Ok(closed) => {
                summary.set_item("error", py.None())?;
                summary.set_item("calls", closed.n_calls)?;
                summary.set_item("states", closed.n_states)?;
                summary.set_item("bytes", closed.trace_bytes)?;
                let moved_to = closed.moved_to.map(PathBuf::into_os_string);
                summary.set_item("moved_to", moved_to)?;
            }
            Err(error) => {
                summary.set_item("error", error.to_string())?;
                summary.set_item("calls", counts.0)?;
                summary.set_item("states", counts.1)?;
                summary.set_item("bytes", 0)?;
            }
        }
        Ok(summary)
    }
}

/// Called when the process is about to fork.
#[pyfunction]
pub fn before_fork(_py: Python<'_>) {
    // SAFETY: the GIL is held; CPython calls this.
    unsafe { processes::fork::before() };
}

/// Called in a forked child; says whether it goes on to be recorded.
#[pyfunction]
pub fn after_fork_in_child(_py: Python<'_>) -> bool {
    // SAFETY: the GIL is held; CPython calls this.
    unsafe { processes::fork::in_child() }
}

/// The recorder that runs.
///
/// # Safety
/// The GIL must be held.
unsafe fn running() -> PyResult<&'static mut spacetime_capture::recorder::Recorder> {
    // SAFETY: passed on; callbacks do not run while this glue does.
    unsafe { callbacks::recorder() }
        .ok_or_else(|| PyRuntimeError::new_err("the recorder is closed"))
}

/// Gives an order to the writer thread, without the GIL.
fn with_recording<T: Send>(
    py: Python<'_>,
    order: impl FnOnce(&Recording) -> spacetime_store::Result<T> + Send,
) -> PyResult<T> {
    // SAFETY: the GIL is held here; the recording outlives the order, since only this process's
    // main API closes it.
    let recording = unsafe { running()? }.recording.as_ref();
    let recording = recording.ok_or_else(|| PyRuntimeError::new_err("the recorder is closed"))?;
    let shared = SharedRecording(recording);
    py.detach(move || order(shared.get()))
        .map_err(|error| errors::exception(&error))
}

/// A recording used by one thread while the GIL is released.
struct SharedRecording<'a>(&'a Recording);

#[allow(unsafe_code)]
// SAFETY: the reference is used by one thread at a time; what it leads to is a channel or under a lock.
unsafe impl Send for SharedRecording<'_> {}

impl SharedRecording<'_> {
    fn get(&self) -> &Recording {
        self.0
    }
}

/// Adds what the process itself tells.
fn with_process(py: Python<'_>, info: SessionInfo) -> SessionInfo {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let cwd = std::env::current_dir()
        .map(|cwd| cwd.display().to_string())
        .unwrap_or_default();
    let version = py.version_info();
    SessionInfo {
        python_version: format!("{}.{}.{}", version.major, version.minor, version.patch),
        platform: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
        pid: std::process::id(),
        cwd,
        started_unix_ns: now.as_nanos() as u64,
        ..info
    }
}

fn to_python(error: start::Error) -> PyErr {
    match error {
        start::Error::Store(error) => errors::exception(&error),
        other => errors::named("RecordingError", &other.to_string()),
    }
}
