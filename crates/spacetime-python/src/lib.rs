//! The Python extension module `spacetimepy._native`.
//!
//! Glue only: it converts between Python objects and the crates below it and holds no logic of its own.
//! The public Python interface, in `python/spacetimepy/`, is the only caller.

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))
}
