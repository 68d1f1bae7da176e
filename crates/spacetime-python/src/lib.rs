//! The Python extension module `spacetimepy._native`.
//!
//! Glue only: it converts between Python objects and the crates below it and holds no logic of its own.
//! The public Python interface, in `python/spacetimepy/`, is the only caller.

mod commands;
mod errors;
mod living;
#[allow(unsafe_code)]
mod recorder;
mod trace;
mod unseen;
mod value_graph;
mod values_at;

use pyo3::prelude::*;

#[pymodule]
fn _native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("__version__", env!("CARGO_PKG_VERSION"))?;
    module.add_function(wrap_pyfunction!(commands::main, module)?)?;
    module.add_function(wrap_pyfunction!(commands::forget_frames, module)?)?;
    module.add_function(wrap_pyfunction!(commands::end_by_interrupt, module)?)?;
    module.add_function(wrap_pyfunction!(commands::end_with, module)?)?;
    module.add_function(wrap_pyfunction!(unseen::read_file, module)?)?;
    module.add_function(wrap_pyfunction!(unseen::full_name_of_type, module)?)?;
    module.add_function(wrap_pyfunction!(unseen::globals_of_running, module)?)?;
    module.add_function(wrap_pyfunction!(unseen::last_line, module)?)?;
    module.add_function(wrap_pyfunction!(living::kept_in_c, module)?)?;
    module.add_function(wrap_pyfunction!(recorder::before_fork, module)?)?;
    module.add_function(wrap_pyfunction!(recorder::after_fork_in_child, module)?)?;
    module.add_class::<commands::RunRequest>()?;
    module.add_class::<recorder::Recorder>()?;
    module.add_class::<trace::Trace>()?;
    module.add_class::<values_at::StateView>()?;
    module.add_class::<values_at::CallValues>()?;
    module.add_class::<value_graph::ValueGraph>()
}
