//! The store's errors as the Python exceptions of `spacetimepy.errors`.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use spacetime_cli::consequence_of;
use spacetime_store::Error;

/// The exception for an error.
pub fn exception(error: &Error) -> PyErr {
    named(consequence_of(error).exception, &error.to_string())
}

/// An exception of `spacetimepy.errors`, by the name of its class.
pub fn named(class: &str, message: &str) -> PyErr {
    Python::attach(|py| {
        let made = classes(py)
            .and_then(|errors| errors.getattr(class))
            .and_then(|class| class.call1((message,)));
        made.map_or_else(|error| error, PyErr::from_value)
    })
}

/// The module `spacetimepy.errors`: kept, as the program may empty `sys.modules`.
pub fn classes(py: Python<'_>) -> PyResult<&Bound<'_, PyModule>> {
    static ERRORS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module =
        ERRORS.get_or_try_init(py, || py.import("spacetimepy.errors").map(Bound::unbind))?;
    Ok(module.bind(py))
}
