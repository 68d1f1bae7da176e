//! What makes a command fail, and the exit code that says so: 0 all is well, 1 the program failed,
//! 2 misuse, 3 a bad trace.

use std::io;

use serde_json::json;
use spacetime_store::Error;

/// Why a command could not be carried out.
#[derive(Debug)]
pub enum Failure {
    /// The command line asks for something that makes no sense; the text says what would.
    Misuse(String),
    /// The trace cannot be read, or not in full.
    Trace(Error),
    /// Standard output is gone or full.
    Output(io::Error),
    /// Everything was said already; only the exit code is left to give.
    Said(u8),
}

/// What an error of a trace comes to for those who meet it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// The exit code of a command.
    pub exit_code: u8,
    /// The class in `spacetimepy.errors`, whose `exit_code` is the same.
    pub exception: &'static str,
}

/// The one table from errors of a trace to exit codes and exceptions.
pub fn consequence_of(error: &Error) -> Consequence {
    let (exit_code, exception) = match error {
        Error::NoSuch { .. } => (2, "NotFoundError"),
        Error::NotFound(_)
        | Error::Inaccessible { .. }
        | Error::DiskFull(_)
        | Error::LimitReached { .. }
        | Error::Gone(_)
        | Error::FilesClosed(_)
        | Error::Busy { .. } => (3, "TraceAccessError"),
        Error::NotATrace { .. } => (3, "NotATraceError"),
        Error::NewerFormat { .. } => (3, "TraceVersionError"),
        Error::Damaged { .. } | Error::Broken { .. } | Error::WrittenByOthers(_) => {
            (3, "DamagedTraceError")
        }
        Error::Database { .. } => (3, "TraceError"),
        Error::Misuse(_) | Error::NoBuffer { .. } | Error::RecordingFailed(_) => {
            (3, "RecordingError")
        }
    };
    Consequence {
        exit_code,
        exception,
    }
}

impl Failure {
    /// Tells the user, and gives the exit code.
    pub fn report(&self, as_json: bool) -> u8 {
        let (text, code) = match self {
            Self::Misuse(text) => (text.clone(), 2),
            Self::Trace(error) => (error.to_string(), consequence_of(error).exit_code),
            // A reader such as `head` that has seen enough is no failure.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return 0,
            Self::Output(error) => (format!("cannot write the output: {error}"), 1),
            Self::Said(code) => return *code,
        };
        if as_json {
            anstream::eprintln!("{}", json!({ "error": text, "exit_code": code }));
        } else {
            anstream::eprintln!("spacetime: {text}");
        }
        code
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Trace(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
