//! What the Python parts of the recorder ask while the program runs, unseen by its audit hooks.
//!
//! `open` and `sys._getframe` tell every function that the program registered with
//! `sys.addaudithook`; these do not.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyCode, PyDict, PyType};

/// The content of a file and when it was changed, in seconds since the epoch; `None` if it cannot
/// be read.
#[pyfunction]
pub fn read_file(py: Python<'_>, path: PathBuf) -> Option<(Bound<'_, PyBytes>, f64)> {
    let mut file = File::open(path).ok()?;
    let changed = file.metadata().ok()?.modified().ok()?;
    let mut content = Vec::new();
    file.read_to_end(&mut content).ok()?;
    let changed = match changed.duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    };
    Some((PyBytes::new(py, &content), changed))
}

/// The last line that the location table of a code object tells of, 0 if it tells of none.
#[pyfunction]
pub fn last_line(table: &[u8], first_line: u32) -> u32 {
    spacetime_bytecode::last_line(table, first_line).unwrap_or(0)
}

/// Module and qualified name of a type, as the trace has them.
#[pyfunction]
#[allow(unsafe_code)]
pub fn full_name_of_type(kind: &Bound<'_, PyType>) -> String {
    // SAFETY: the GIL is held; it is a live type.
    unsafe { spacetime_capture::heap::types::qualified_name(kind.as_ptr().cast()) }
}

/// The globals of the frame below the calling one, if it runs this code.
#[pyfunction]
#[allow(unsafe_code)]
pub fn globals_of_running<'py>(
    py: Python<'py>,
    code: &Bound<'py, PyCode>,
) -> Option<Bound<'py, PyDict>> {
    // SAFETY: the GIL is held. `PyEval_GetFrame` borrows; the others give new references, of which
    // each becomes an owner here (CPython 3.12 and 3.13).
    unsafe {
        let own = ffi::PyEval_GetFrame();
        if own.is_null() {
            return None;
        }
        let below = ffi::PyFrame_GetBack(own);
        let frame = Bound::from_owned_ptr_or_opt(py, below.cast())?;
        let runs = Bound::from_owned_ptr_or_opt(py, ffi::PyFrame_GetCode(below).cast())?;
        if !runs.is(code) {
            return None;
        }
        let globals = Bound::from_owned_ptr_or_opt(py, ffi::PyFrame_GetGlobals(below))?;
        drop(frame);
        globals.cast_into::<PyDict>().ok()
    }
}
