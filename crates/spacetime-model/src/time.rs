//! Calls and states: when and where the program was.

use crate::{CallId, CodeId, Graph, SessionId, StateId, Value};

/// One activation of a monitored function or module body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name in the trace.
    pub id: CallId,
    /// The session it belongs to.
    pub session: SessionId,
    /// The code that ran.
    pub code: CodeId,
    /// The nearest monitored call below it on its thread's stack.
    pub parent: Option<CallId>,
    /// The thread, counted from 0 in the session.
    pub thread: u32,
    /// The name of the asyncio task it started in.
    pub task: Option<String>,
    /// How closely it was followed.
    pub granularity: Granularity,
    /// How it ended.
    pub outcome: Outcome,
    /// A generator, coroutine or async generator.
    pub is_generator: bool,
    /// Recording began inside this call: its arguments may have been rebound before.
    pub entered_earlier: bool,
    /// Its first state, if it has any. The states of a call are not contiguous: those of the calls
    /// it made lie between.
    pub first_state: Option<StateId>,
    /// The number of its states so far.
    pub n_states: u64,
    /// Nanoseconds since the start of the session.
    pub started_ns: u64,
    /// Nanoseconds since the start of the session.
    pub ended_ns: Option<u64>,
    /// CPU time of its thread between start and end, where it was measured.
    pub cpu_ns: Option<u64>,
}

impl Call {
    /// Wall time between start and end.
    pub fn wall_ns(&self) -> Option<u64> {
        self.ended_ns
            .map(|ended| ended.saturating_sub(self.started_ns))
    }
}

/// How closely a call is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Granularity {
    /// Two states: entry and exit.
    Function,
    /// One state before each executed line.
    Line,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It returned.
    Returned,
    /// An exception left it.
    Raised,
    /// It had not ended when recording stopped, or runs still.
    Open,
    /// A suspended generator or coroutine that was dropped before its end.
    Dropped,
}

impl Outcome {
    /// As shown to people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Raised => "raised",
            Self::Open => "open",
            Self::Dropped => "dropped",
        }
    }
}

/// A snapshot of a call, with everything its variables hold.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// Its name in the trace.
    pub id: StateId,
    /// The call it is a state of.
    pub call: CallId,
    /// Its place among the states of its call, from 0.
    pub index: u64,
    /// What it marks.
    pub kind: StateKind,
    /// The code that runs.
    pub code: CodeId,
    /// The line of the file that is about to run.
    pub line: u32,
    /// Nanoseconds since the start of the session, by the coarse clock.
    pub clock_ns: u64,
    /// The bound local variables, in the order of the code's slots.
    pub locals: Vec<(String, Value)>,
    /// The global variables to which the code refers, as far as bound; builtins are not among them.
    pub globals: Vec<(String, Value)>,
    /// The objects reachable from the variables.
    pub graph: Graph,
    /// Why capture was incomplete here.
    pub gap: Option<String>,
}

/// What a state marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StateKind {
    /// A line about to run.
    Line,
    /// The entry of a call recorded at function granularity.
    Entry,
    /// The exit of a call recorded at function granularity.
    Exit,
}
