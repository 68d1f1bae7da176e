//! What can go wrong with a trace: what was found, what was expected, and what helps.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

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
        "no memory for the recording buffer of {n_bytes} bytes: {reason}; raise the limits on memory, file size and open files (`ulimit -a` shows them)"
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
    /// A limit of the system was reached.
    #[error("{reached} for the trace {}: {remedy}; what was recorded before, if anything, is kept", .path.display())]
    LimitReached {
        /// Which one, as a clause.
        reached: &'static str,
        /// Where.
        path: PathBuf,
        /// What helps.
        remedy: &'static str,
    },
    /// The file of the trace is not where it was.
    #[error(
        "the trace {path} is no longer at its path: it, or a folder above it, was moved, removed or replaced while it was recorded; if it was moved, what was stored before is there, the last of it perhaps in {name}-wal: keep the two together",
        path = .0.display(), name = file_name(.0)
    )]
    Gone(PathBuf),
    /// The recorded program closed descriptors that are the recorder's.
    #[error(
        "the program closed files that it had not opened, the recorder's among them: what was recorded before is kept in {}; close only what was opened",
        .0.display()
    )]
    FilesClosed(PathBuf),
    /// Something else wrote to the trace while it was recorded.
    #[error(
        "the trace {} is damaged: its file was cut or written to by something else while it was recorded; record again, and let nothing else write there",
        .0.display()
    )]
    WrittenByOthers(PathBuf),
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
    #[error("the trace{trace} is damaged in {place}: {found}; the rest of it can still be read")]
    Damaged {
        /// Of which trace.
        trace: Name,
        /// Which part.
        place: String,
        /// What was found there and what was expected.
        found: String,
    },
    /// The database of the trace is not whole.
    #[error(
        "the trace{trace} is damaged ({} while {doing}): its file was cut or written to by something else; record again, or open a copy that was made before",
        one_line(.source)
    )]
    Broken {
        /// Which trace.
        trace: Name,
        /// During what that was found.
        doing: &'static str,
        /// What the database says.
        source: rusqlite::Error,
    },
    /// The trace has no such thing.
    #[error(
        "the trace{trace} has no {what}; `spacetime ls` lists its sessions, `spacetime show` its calls"
    )]
    NoSuch {
        /// Which trace.
        trace: Name,
        /// As `call 17`.
        what: String,
    },
    /// The database refused.
    #[error("the database of the trace{trace} failed while {doing}: {}; {}", one_line(.source), remedy(.source))]
    Database {
        /// Of which trace.
        trace: Name,
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

/// The name of the trace that an error is about, with a space before it; nothing until somebody knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name(Option<PathBuf>);

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(path) => write!(formatter, " {}", path.display()),
            None => Ok(()),
        }
    }
}

impl Error {
    /// For a statement of ours.
    pub(crate) fn database(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| {
            let trace = Name::default();
            match is_broken(&source) || is_without_table(&source) {
                true => Self::Broken {
                    trace,
                    doing,
                    source,
                },
                false => Self::Database {
                    trace,
                    doing,
                    source,
                },
            }
        }
    }

    /// For a statement of the user's.
    pub(crate) fn query(source: rusqlite::Error) -> Self {
        match is_broken(&source) {
            true => Self::database("running the query")(source),
            false => Self::Database {
                trace: Name::default(),
                doing: "running the query",
                source,
            },
        }
    }

    pub(crate) fn no_such(what: impl Into<String>) -> Self {
        Self::NoSuch {
            trace: Name::default(),
            what: what.into(),
        }
    }

    /// Says which trace it is about, if it did not know.
    #[must_use]
    pub(crate) fn of_trace(mut self, path: &Path) -> Self {
        if let Self::Damaged { trace, .. }
        | Self::Broken { trace, .. }
        | Self::NoSuch { trace, .. }
        | Self::Database { trace, .. } = &mut self
        {
            trace.0.get_or_insert_with(|| path.into());
        }
        self
    }
}

fn is_broken(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error();
    code.is_some_and(|error| {
        matches!(
            error.code,
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase
        ) || error.extended_code == ffi::SQLITE_IOERR_SHORT_READ
    })
}

fn file_name(path: &Path) -> std::borrow::Cow<'_, str> {
    path.file_name().unwrap_or_default().to_string_lossy()
}

/// Whether a table or column is missing that every trace has.
fn is_without_table(error: &rusqlite::Error) -> bool {
    let found = one_line(error);
    found.starts_with("no such table") || found.starts_with("no such column")
}

/// What SQLite says, without the statement, which may have many lines.
fn one_line(error: &rusqlite::Error) -> String {
    let text = match error {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What helps where a database that is whole fails.
fn remedy(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "try again when the program that writes to it has ended"
        }
        Some(ErrorCode::SystemIoFailure) => "look after the disk that it is on",
        Some(ErrorCode::OutOfMemory) => "free some memory",
        _ => "check the query, or report this if it is none of yours",
    }
}
