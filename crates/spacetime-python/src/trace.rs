//! A trace open for reading, as plain rows; `spacetimepy.trace` makes objects of them.

use std::path::{Path, PathBuf};

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyList, PyTuple};
use spacetime_model::{Call, CallId, CodeId, Granularity, Session, SessionId, StateId};
use spacetime_store::{CallFilter, Place, SqlValue, Target};

use crate::errors::exception;
use crate::values_at::{CallValues, StateView};

/// A trace open for reading.
#[pyclass(frozen, module = "spacetimepy._native")]
pub struct Trace {
    trace: spacetime_store::Trace,
    /// Values may be restored, which may run code.
    is_trusted: bool,
}

#[pymethods]
impl Trace {
    #[new]
    #[pyo3(signature = (path, *, trust = false))]
    fn new(py: Python<'_>, path: PathBuf, trust: bool) -> PyResult<Self> {
        let target = target_of(&path);
        let trace = py.detach(|| spacetime_store::Trace::open_target(&target));
        Ok(Self {
            trace: trace.map_err(|error| exception(&error))?,
            is_trusted: trust,
        })
    }

    fn sessions<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let sessions = self.ask(py, |trace| trace.sessions())?;
        sessions
            .iter()
            .map(|session| session_row(py, session))
            .collect()
    }

    fn session<'py>(&self, py: Python<'py>, id: u64) -> PyResult<Bound<'py, PyDict>> {
        let session = self.ask(py, |trace| trace.session(SessionId(id)))?;
        session_row(py, &session)
    }

    fn code<'py>(&self, py: Python<'py>, id: u64) -> PyResult<Bound<'py, PyDict>> {
        let code = self.ask(py, |trace| trace.code(CodeId(id)))?;
        let row = PyDict::new(py);
        row.set_item("id", id)?;
        row.set_item("name", &code.name)?;
        row.set_item("qualname", &code.qualname)?;
        row.set_item("file", &code.file)?;
        row.set_item("first_line", code.first_line)?;
        row.set_item("text", &code.text)?;
        row.set_item("hash", &code.hash)?;
        row.set_item("file_version", &code.file_version)?;
        row.set_item("commit", &code.commit)?;
        Ok(row)
    }

    fn codes(&self, py: Python<'_>, session: Option<u64>) -> PyResult<Vec<u64>> {
        let codes = self.ask(py, |trace| trace.codes(session.map(SessionId)))?;
        Ok(codes.into_iter().map(|(id, _)| id.0).collect())
    }

    #[pyo3(signature = (session, name, parent, *, roots = false))]
    fn n_calls(
        &self,
        py: Python<'_>,
        session: Option<u64>,
        name: Option<String>,
        parent: Option<u64>,
        roots: bool,
    ) -> PyResult<u64> {
        let filter = filter(session, name, parent, roots);
        self.ask(py, |trace| trace.n_calls(&filter))
    }

    #[pyo3(signature = (session, name, parent, skip, limit, *, roots = false))]
    #[allow(clippy::too_many_arguments)]
    fn calls<'py>(
        &self,
        py: Python<'py>,
        session: Option<u64>,
        name: Option<String>,
        parent: Option<u64>,
        skip: u64,
        limit: usize,
        roots: bool,
    ) -> PyResult<Vec<Bound<'py, PyDict>>> {
        let filter = filter(session, name, parent, roots);
        let calls = self.ask(py, |trace| trace.calls(&filter, skip, limit))?;
        calls.iter().map(|call| call_row(py, call)).collect()
    }

    fn call<'py>(&self, py: Python<'py>, id: u64) -> PyResult<Bound<'py, PyDict>> {
        let call = self.ask(py, |trace| trace.call(CallId(id)))?;
        call_row(py, &call)
    }

    fn call_metadata(&self, py: Python<'_>, id: u64) -> PyResult<Option<String>> {
        self.ask(py, |trace| trace.call_metadata(CallId(id)))
    }

    fn call_values(&self, py: Python<'_>, id: u64) -> PyResult<CallValues> {
        let values = self.ask(py, |trace| trace.call_values(CallId(id)))?;
        CallValues::new(py, values, self.is_trusted)
    }

    fn state(&self, py: Python<'_>, id: u64) -> PyResult<StateView> {
        let state = self.ask(py, |trace| trace.state(StateId(id)))?;
        StateView::new(py, state, self.is_trusted)
    }

    fn state_of_call(&self, py: Python<'_>, call: u64, index: u64) -> PyResult<StateView> {
        let state = self.ask(py, |trace| trace.state_of_call(CallId(call), index))?;
        StateView::new(py, state, self.is_trusted)
    }

    fn stats<'py>(&self, py: Python<'py>, session: Option<u64>) -> PyResult<Bound<'py, PyDict>> {
        let stats = self.ask(py, |trace| trace.stats(session.map(SessionId)))?;
        let row = PyDict::new(py);
        row.set_item("n_calls", stats.n_calls)?;
        row.set_item("n_states", stats.n_states)?;
        row.set_item("stored_bytes", stats.stored_bytes)?;
        row.set_item("keyframe_bytes", stats.keyframe_bytes)?;
        row.set_item("n_variables", stats.n_variables)?;
        row.set_item("is_sample", stats.is_sample)?;
        row.set_item("n_viewable", stats.n_viewable)?;
        row.set_item("n_live", stats.n_live)?;
        row.set_item("not_viewable", stats.not_viewable)?;
        row.set_item("bytes_by_table", stats.bytes_by_table)?;
        row.set_item("records", stats.records)?;
        Ok(row)
    }

    fn sql<'py>(
        &self,
        py: Python<'py>,
        query: String,
        parameters: Vec<Bound<'py, PyAny>>,
    ) -> PyResult<(Vec<String>, Bound<'py, PyList>)> {
        let parameters = parameters
            .iter()
            .map(sql_value)
            .collect::<PyResult<Vec<_>>>()?;
        let found = self.ask(py, |trace| trace.sql(&query, &parameters))?;
        let rows = found.rows.iter().map(|row| {
            let cells = row.iter().map(|cell| python_value(py, cell));
            PyTuple::new(py, cells.collect::<PyResult<Vec<_>>>()?)
        });
        Ok((
            found.columns,
            PyList::new(py, rows.collect::<PyResult<Vec<_>>>()?)?,
        ))
    }
}

impl Trace {
    /// Asks the trace without holding up other threads of the program.
    fn ask<T: Send>(
        &self,
        py: Python<'_>,
        question: impl FnOnce(&spacetime_store::Trace) -> spacetime_store::Result<T> + Send,
    ) -> PyResult<T> {
        py.detach(|| question(&self.trace))
            .map_err(|error| exception(&error))
    }
}

/// A path, or `<memory:NAME>` for a trace in this process's memory.
fn target_of(path: &Path) -> Target {
    let name = path
        .to_str()
        .and_then(|path| path.strip_prefix("<memory:")?.strip_suffix('>'));
    match name {
        Some(name) => Target::Memory(name.to_owned()),
        None => Target::File(path.to_owned()),
    }
}

fn filter(
    session: Option<u64>,
    name: Option<String>,
    parent: Option<u64>,
    roots: bool,
) -> CallFilter {
    let place = match parent {
        Some(parent) => Place::ChildrenOf(CallId(parent)),
        None if roots => Place::Roots,
        None => Place::Anywhere,
    };
    CallFilter {
        session: session.map(SessionId),
        name,
        place,
    }
}

fn session_row<'py>(py: Python<'py>, session: &Session) -> PyResult<Bound<'py, PyDict>> {
    let info = &session.info;
    let row = PyDict::new(py);
    row.set_item("id", session.id.0)?;
    row.set_item("name", &info.name)?;
    row.set_item("description", &info.description)?;
    row.set_item("metadata_json", &info.metadata_json)?;
    row.set_item("argv", &info.argv)?;
    row.set_item("python", &info.python_version)?;
    row.set_item("implementation", &info.implementation)?;
    row.set_item("platform", &info.platform)?;
    row.set_item("pid", info.pid)?;
    row.set_item("cwd", &info.cwd)?;
    row.set_item("commit", &info.commit)?;
    row.set_item("tier", &info.tier)?;
    row.set_item("started_unix_ns", info.started_unix_ns)?;
    row.set_item("origin_session", info.origin.map(|origin| origin.session.0))?;
    let call = info.origin.and_then(|origin| origin.call);
    row.set_item("origin_call", call.map(|call| call.0))?;
    row.set_item("first_call", session.first_call.0)?;
    row.set_item("n_calls", session.n_calls)?;
    row.set_item("n_states", session.n_states)?;
    let outcome = session.outcome.as_ref();
    row.set_item(
        "ended_unix_ns",
        outcome.map(|outcome| outcome.ended_unix_ns),
    )?;
    row.set_item("exit_kind", outcome.map(|outcome| outcome.kind.name()))?;
    row.set_item(
        "exit_message",
        outcome.and_then(|outcome| outcome.message.as_deref()),
    )?;
    Ok(row)
}

fn call_row<'py>(py: Python<'py>, call: &Call) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    row.set_item("id", call.id.0)?;
    row.set_item("session", call.session.0)?;
    row.set_item("code", call.code.0)?;
    row.set_item("parent", call.parent.map(|parent| parent.0))?;
    row.set_item("thread", call.thread)?;
    row.set_item("task", &call.task)?;
    row.set_item("is_line_level", call.granularity == Granularity::Line)?;
    row.set_item("outcome", call.outcome.name())?;
    row.set_item("entered_earlier", call.entered_earlier)?;
    row.set_item("n_states", call.n_states)?;
    row.set_item("started_ns", call.started_ns)?;
    row.set_item("wall_ns", call.wall_ns())?;
    row.set_item("cpu_ns", call.cpu_ns)?;
    Ok(row)
}

fn sql_value(value: &Bound<'_, PyAny>) -> PyResult<SqlValue> {
    if value.is_none() {
        return Ok(SqlValue::Null);
    }
    if let Ok(int) = value.extract::<i64>() {
        return Ok(SqlValue::Integer(int));
    }
    if let Ok(real) = value.cast::<PyFloat>() {
        return Ok(SqlValue::Real(real.value()));
    }
    if let Ok(text) = value.extract::<String>() {
        return Ok(SqlValue::Text(text));
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(SqlValue::Blob(bytes.as_bytes().to_vec()));
    }
    let message = format!(
        "a parameter is None, an int of 64 bits, a float, str of UTF-8 or bytes, found {}",
        value.repr()?
    );
    Err(crate::errors::named("UsageError", &message))
}

fn python_value<'py>(py: Python<'py>, value: &SqlValue) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        SqlValue::Null => py.None().into_bound(py),
        SqlValue::Integer(int) => int.into_pyobject(py)?.into_any(),
        SqlValue::Real(real) => real.into_pyobject(py)?.into_any(),
        SqlValue::Text(text) => text.into_pyobject(py)?.into_any(),
        SqlValue::Blob(blob) => PyBytes::new(py, blob).into_any(),
    })
}
