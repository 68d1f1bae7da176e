//! What can go wrong with a trace: what was found, what was expected, and what helps.

use std::path::PathBuf;

/// Result of an operation on a trace.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong with a trace. The text says what was found, what was expected, and the remedy.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no file at the path.
    #[error("there is no trace at {}; check the path, or record one with `spacetime run`", .0.display())]
    NotFound(PathBuf),
    /// Something that is not a trace is at the path. It was not touched.
    #[error("{} is {found}, not a trace; it was left as it is: choose another path", .path.display())]
    NotATrace {
        /// Where.
        path: PathBuf,
        /// What is there.
        found: String,
    },
    /// The trace was written by a newer version.
    #[error(
        "{} has trace format {found}; this version reads formats up to {expected}: update spacetimepy",
        .path.display()
    )]
    NewerFormat {
        /// Where.
        path: PathBuf,
        /// The format of the trace.
        found: i64,
        /// The newest format this version reads.
        expected: i64,
    },
    /// The path cannot be read or written.
    #[error("cannot {doing} {}: {reason}; check the path and its permissions", .path.display())]
    Inaccessible {
        /// `read`, `write` or `create`.
        doing: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// There is no memory for the buffer between program and writer thread.
    #[error(
        "no memory for the recording buffer of {n_bytes} bytes: {reason}; raise the limits on memory and file size (`ulimit -a` shows them)"
    )]
    NoBuffer {
        /// Its size.
        n_bytes: usize,
        /// What the system says.
        reason: String,
    },
    /// No space is left for the trace.
    #[error(
        "no space left for the trace {}: what was recorded before is kept; free some space or record elsewhere",
        .0.display()
    )]
    DiskFull(PathBuf),
    /// The recorded program closed descriptors that are the recorder's.
    #[error(
        "the program closed files that it had not opened, the recorder's among them: what was recorded before is kept in {}; close only what was opened",
        .0.display()
    )]
    FilesClosed(PathBuf),
    /// Another process records into the trace that was to be overwritten.
    #[error(
        "{} is being recorded by process {pid}; wait for it to end, or record without overwriting",
        .path.display()
    )]
    Busy {
        /// Where.
        path: PathBuf,
        /// Who.
        pid: u32,
    },
    /// A part of the trace cannot be decoded.
    #[error("the trace is damaged in {place}: {found}; the rest of it can still be read")]
    Damaged {
        /// Which part.
        place: String,
        /// What was found there and what was expected.
        found: String,
    },
    /// The trace has no such thing.
    #[error("the trace has no {what}")]
    NoSuch {
        /// As `call 17`.
        what: String,
    },
    /// The database refused.
    #[error("the trace's database failed while {doing}: {source}")]
    Database {
        /// During what.
        doing: &'static str,
        /// What it says.
        source: rusqlite::Error,
    },
    /// The recorder gave records or orders that make no sense: a bug in the recorder.
    #[error("the recorder misused the trace: {0}; please report this")]
    Misuse(String),
    /// Recording stopped earlier for this reason.
    #[error("{0}")]
    RecordingFailed(String),
}

impl Error {
    pub(crate) fn database(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| Self::Database { doing, source }
    }

    pub(crate) fn no_such(what: impl Into<String>) -> Self {
        Self::NoSuch { what: what.into() }
    }
}
