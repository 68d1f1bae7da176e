//! The values at a state and at the border of a call, converted when asked for.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use spacetime_model::{State, StateKind, Value};

use crate::value_graph::{ValueGraph, convert, lazily_named, named_values};

/// A state with its values.
#[pyclass(frozen, module = "spacetimepy._native")]
pub struct StateView {
    state: State,
    graph: Py<ValueGraph>,
}

impl StateView {
    pub fn new(py: Python<'_>, mut state: State, is_trusted: bool) -> PyResult<Self> {
        let graph = ValueGraph::new(std::mem::take(&mut state.graph), is_trusted);
        let graph = Py::new(py, graph)?;
        Ok(Self { state, graph })
    }
}

#[pymethods]
impl StateView {
    #[getter]
    fn id(&self) -> u64 {
        self.state.id.0
    }
    #[getter]
    fn call(&self) -> u64 {
        self.state.call.0
    }
    #[getter]
    fn index(&self) -> u64 {
        self.state.index
    }
    #[getter]
    fn kind(&self) -> &'static str {
        match self.state.kind {
            StateKind::Line => "line",
            StateKind::Entry => "entry",
            StateKind::Exit => "exit",
        }
    }
    #[getter]
    fn code(&self) -> u64 {
        self.state.code.0
    }
    #[getter]
    fn line(&self) -> u32 {
        self.state.line
    }
    #[getter]
    fn clock_ns(&self) -> u64 {
        self.state.clock_ns
    }
    #[getter]
    fn gap(&self) -> Option<&str> {
        self.state.gap.as_deref()
    }
    fn locals<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        named_values(self.graph.bind(py), &self.state.locals)
    }
    fn globals<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        named_values(self.graph.bind(py), &self.state.globals)
    }
    /// Locals and globals as `ValueGraph.parts` gives values.
    fn lazily<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyDict>)> {
        let graph = self.graph.bind(py);
        Ok((
            lazily_named(graph, &self.state.locals)?,
            lazily_named(graph, &self.state.globals)?,
        ))
    }
    #[getter]
    fn graph(&self, py: Python<'_>) -> Py<ValueGraph> {
        self.graph.clone_ref(py)
    }
}

/// Arguments, globals and result of a call.
#[pyclass(frozen, module = "spacetimepy._native")]
pub struct CallValues {
    arguments: Vec<(String, Value)>,
    globals: Vec<(String, Value)>,
    result: Option<Value>,
    entry_graph: Py<ValueGraph>,
    result_graph: Py<ValueGraph>,
}

impl CallValues {
    pub fn new(
        py: Python<'_>,
        values: spacetime_store::CallValues,
        is_trusted: bool,
    ) -> PyResult<Self> {
        Ok(Self {
            arguments: values.arguments,
            globals: values.globals,
            result: values.result,
            entry_graph: Py::new(py, ValueGraph::new(values.entry_graph, is_trusted))?,
            result_graph: Py::new(py, ValueGraph::new(values.result_graph, is_trusted))?,
        })
    }
}

#[pymethods]
impl CallValues {
    fn arguments<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        named_values(self.entry_graph.bind(py), &self.arguments)
    }
    fn globals<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        named_values(self.entry_graph.bind(py), &self.globals)
    }
    fn result<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let result = self.result.as_ref();
        result
            .map(|value| convert(self.result_graph.bind(py), value))
            .transpose()
    }
}
