//! The store's errors as the Python exceptions of `spacetimepy.errors`.

use pyo3::prelude::*;
use spacetime_store::Error;

/// The exception for an error; its class is the one table between the two.
pub fn exception(error: &Error) -> PyErr {
    let class = match error {
        Error::NotFound(_)
        | Error::Inaccessible { .. }
        | Error::DiskFull(_)
        | Error::Busy { .. } => "TraceAccessError",
        Error::NotATrace { .. } => "NotATraceError",
        Error::NewerFormat { .. } => "TraceVersionError",
        Error::Damaged { .. } => "DamagedTraceError",
        Error::NoSuch { .. } => "NotFoundError",
        Error::Database { .. } => "TraceError",
        Error::Misuse(_) | Error::RecordingFailed(_) => "RecordingError",
    };
    named(class, &error.to_string())
}

/// An exception of `spacetimepy.errors`, by the name of its class.
pub fn named(class: &str, message: &str) -> PyErr {
    Python::attach(|py| {
        let made = py
            .import("spacetimepy.errors")
            .and_then(|errors| errors.getattr(class))
            .and_then(|class| class.call1((message,)));
        made.map_or_else(|error| error, PyErr::from_value)
    })
}
