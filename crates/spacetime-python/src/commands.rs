//! The command line: `main`, and the request to run a program.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI32, Ordering};

use pyo3::prelude::*;
use spacetime_cli::{Check, InterpreterReport, Outcome};

/// A program to run and what to record of it.
#[pyclass(frozen, module = "spacetimepy._native")]
pub struct RunRequest(spacetime_cli::RunRequest);

#[pymethods]
impl RunRequest {
    #[getter]
    fn target(&self) -> &str {
        &self.0.target
    }
    #[getter]
    fn is_module(&self) -> bool {
        self.0.is_module
    }
    #[getter]
    fn args(&self) -> Vec<String> {
        self.0.args.clone()
    }
    #[getter]
    fn function(&self) -> Vec<String> {
        self.0.function.clone()
    }
    #[getter]
    fn line(&self) -> Vec<String> {
        self.0.line.clone()
    }
    #[getter]
    fn line_main(&self) -> bool {
        self.0.line_main
    }
    #[getter]
    fn output(&self) -> Option<&str> {
        self.0.output.as_deref()
    }
    #[getter]
    fn overwrite(&self) -> bool {
        self.0.overwrite
    }
    #[getter]
    fn limits(&self) -> HashMap<&'static str, u64> {
        self.0.limits.iter().copied().collect()
    }
    #[getter]
    fn is_json(&self) -> bool {
        self.0.is_json
    }
}

/// Carries out a command line; gives the exit code, or the program to run.
#[pyfunction]
pub fn main(py: Python<'_>, argv: Vec<String>) -> PyResult<Py<PyAny>> {
    let outcome = py.detach(|| spacetime_cli::main(&argv, &interpreter_report));
    match outcome {
        Outcome::Exit(code) => Ok(code.into_pyobject(py)?.into_any().unbind()),
        Outcome::Run(request) => Ok(Py::new(py, RunRequest(request))?.into_any()),
    }
}

type Facts = Vec<(String, String)>;
type Checks = Vec<(String, String, Option<String>)>;

/// What `spacetimepy._doctor` finds out about the running interpreter.
fn interpreter_report() -> InterpreterReport {
    let found = Python::attach(|py| -> PyResult<(Facts, Checks)> {
        py.import("spacetimepy._doctor")?
            .call_method0("report")?
            .extract()
    });
    match found {
        Ok((facts, checks)) => {
            let check = |(name, found, remedy)| Check {
                name,
                found,
                remedy,
            };
            InterpreterReport {
                facts,
                checks: checks.into_iter().map(check).collect(),
            }
        }
        Err(error) => InterpreterReport {
            facts: Vec::new(),
            checks: vec![Check {
                name: "package".to_owned(),
                found: error.to_string(),
                remedy: Some("Install spacetimepy again.".to_owned()),
            }],
        },
    }
}

/// Gives the program that is about to run the depth that the caller's frames take from it.
#[pyfunction]
#[allow(unsafe_code)]
pub fn forget_frames(_py: Python<'_>, n_frames: i32) -> bool {
    // SAFETY: the GIL is held; the caller counts frames that run.
    unsafe { spacetime_capture::recursion::forget_frames(n_frames) }
}

/// Lets Ctrl-C's signal end the process, when the interpreter has come to its end.
///
/// So an interpreter dies whose program `KeyboardInterrupt` ended: what the program registered for
/// the end has run then, and the parent process sees the signal.
#[pyfunction]
#[allow(unsafe_code)]
pub fn end_by_interrupt(_py: Python<'_>) -> bool {
    extern "C" fn interrupt() {
        // SAFETY: plain calls of the C library, at the end of the process.
        unsafe {
            libc::signal(libc::SIGINT, libc::SIG_DFL);
            libc::raise(libc::SIGINT);
        }
    }
    // SAFETY: the GIL is held; the function is static and uses nothing of the interpreter.
    unsafe { pyo3::ffi::Py_AtExit(Some(interrupt)) == 0 }
}

/// Lets the process end with this exit code, whatever the interpreter was told, when it has come to its
/// end.
#[pyfunction]
#[allow(unsafe_code)]
pub fn end_with(_py: Python<'_>, code: i32) -> bool {
    static CODE: AtomicI32 = AtomicI32::new(0);
    extern "C" fn end() {
        // SAFETY: a plain call of the C library; the interpreter, which calls this, has none left.
        unsafe { libc::exit(CODE.load(Ordering::Relaxed)) }
    }
    CODE.store(code, Ordering::Relaxed);
    // SAFETY: the GIL is held; the function is static and uses nothing of the interpreter.
    unsafe { pyo3::ffi::Py_AtExit(Some(end)) == 0 }
}
