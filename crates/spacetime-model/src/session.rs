//! A recording run of a program.

use crate::{CallId, SessionId, StateId};

/// Where in another session of the trace the process of this one came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The session of the process that forked or started this one.
    pub session: SessionId,
    /// The monitored call in which it did.
    pub call: Option<CallId>,
}

/// What is known when a session begins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SessionInfo {
    /// Given by the user, or made from the program's name.
    pub name: String,
    /// Given by the user.
    pub description: Option<String>,
    /// Given by the user: a JSON object.
    pub metadata_json: Option<String>,
    /// `sys.orig_argv` or what stands for it.
    pub argv: Vec<String>,
    /// As `3.13.0`.
    pub python_version: String,
    /// As `cpython`.
    pub implementation: String,
    /// As `linux-x86_64`.
    pub platform: String,
    /// The recorded process.
    pub pid: u32,
    /// The working directory at the start.
    pub cwd: String,
    /// The git commit checked out in the working directory.
    pub commit: Option<String>,
    /// The capture tier: `fast` or `portable`.
    pub tier: String,
    /// Nanoseconds since the Unix epoch.
    pub started_unix_ns: u64,
    /// Of a process that a recorded process forked or started.
    pub origin: Option<Origin>,
}

/// A session as a trace shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its name in the trace.
    pub id: SessionId,
    /// What was known at the start.
    pub info: SessionInfo,
    /// The first of its calls, which are numbered without holes.
    pub first_call: CallId,
    /// The number of calls recorded so far.
    pub n_calls: u64,
    /// The first of its states, which are numbered without holes.
    pub first_state: StateId,
    /// The number of states recorded so far.
    pub n_states: u64,
    /// How it ended; nothing while it runs, or if recording was cut off.
    pub outcome: Option<SessionOutcome>,
}

impl Session {
    /// Whether the state belongs to this session.
    pub fn has_state(&self, state: StateId) -> bool {
        (self.first_state.0..self.first_state.0.saturating_add(self.n_states)).contains(&state.0)
    }

    /// Whether the call belongs to this session.
    pub fn has_call(&self, call: CallId) -> bool {
        (self.first_call.0..self.first_call.0.saturating_add(self.n_calls)).contains(&call.0)
    }
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionOutcome {
    /// In which way.
    pub kind: ExitKind,
    /// The exception, the exit code, or nothing.
    pub message: Option<String>,
    /// Nanoseconds since the Unix epoch.
    pub ended_unix_ns: u64,
}

/// The ways in which a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ExitKind {
    /// The program, or the recorded part of it, came to its end.
    Completed,
    /// `SystemExit`.
    Exit,
    /// Another exception left the program.
    Exception,
    /// `KeyboardInterrupt`.
    Interrupted,
    /// A signal ended the process.
    Signal,
    /// The process went on as another program (`exec`).
    Replaced,
}

impl ExitKind {
    /// Every way to end.
    pub const ALL: [Self; 6] = [
        Self::Completed,
        Self::Exit,
        Self::Exception,
        Self::Interrupted,
        Self::Signal,
        Self::Replaced,
    ];

    /// As written in the trace and shown to people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Exit => "exit",
            Self::Exception => "exception",
            Self::Interrupted => "interrupted",
            Self::Signal => "signal",
            Self::Replaced => "replaced",
        }
    }

    /// The way to end that has this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_to_end_is_found_by_its_name() {
        for kind in ExitKind::ALL {
            assert_eq!(ExitKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(ExitKind::from_name("ok"), None);
    }
}
