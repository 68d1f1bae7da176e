//! Reads a trace: sessions, calls, states, values.
//!
//! Opening is read-only and executes nothing from the file. Each question looks at the file as it
//! is now, so that a trace can be read while another process records into it.

use std::path::Path;
use std::sync::Arc;

use spacetime_model::{
    Call, CallId, CodeId, CodeVersion, Graph, Session, SessionId, State, StateId, Value,
};

use crate::{Result, Target};

/// A trace open for reading. It may be shared between threads.
pub struct Trace {}

/// Which calls are asked for.
#[derive(Clone, Debug, Default)]
pub struct CallFilter {
    /// Only calls of this session.
    pub session: Option<SessionId>,
    /// Only calls of functions with this name: `co_name`, `co_qualname` or the end of it.
    pub name: Option<String>,
    /// Only calls at this place in the tree.
    pub place: Place,
}

/// Where in the tree of calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// Anywhere.
    #[default]
    Anywhere,
    /// Calls without a monitored caller.
    Roots,
    /// Calls made directly by this call.
    ChildrenOf(CallId),
}

/// The values at the border of a call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallValues {
    /// The parameters as bound at the start.
    pub arguments: Vec<(String, Value)>,
    /// The global variables to which the code refers, at the start.
    pub globals: Vec<(String, Value)>,
    /// The objects reachable from arguments and globals, at the start.
    pub entry_graph: Graph,
    /// The return value or the exception, by the call's outcome; nothing for an open call.
    pub result: Option<Value>,
    /// The objects reachable from the result, at the end.
    pub result_graph: Graph,
}

/// What a trace, or a session of it, is made of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stats {
    /// Bytes of the file by table (whole file), largest first.
    pub bytes_by_table: Vec<(String, u64)>,
    /// Uncompressed bytes and number of records by kind of record, largest first.
    pub records: Vec<(String, u64, u64)>,
    /// Uncompressed bytes of keyframes.
    pub keyframe_bytes: u64,
    /// Compressed bytes of chunks, directories and pieces.
    pub stored_bytes: u64,
    /// Calls recorded.
    pub n_calls: u64,
    /// States recorded.
    pub n_states: u64,
    /// (state, variable) pairs looked at; evenly spread states where there are many.
    pub n_variables: u64,
    /// Of these, the ones whose every leaf is shown by value.
    pub n_viewable: u64,
    /// Why the others are not: type names of opaque objects, or the reason, with counts.
    pub not_viewable: Vec<(String, u64)>,
}

/// A value of a row.
pub type SqlValue = rusqlite::types::Value;

/// Rows of a query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SqlRows {
    /// Column names.
    pub columns: Vec<String>,
    /// Rows in the order of the columns.
    pub rows: Vec<Vec<SqlValue>>,
}

#[allow(unused_variables)]
impl Trace {
    /// Opens a trace file for reading.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_target(&Target::File(path.to_owned()))
    }

    /// Opens a trace, in a file or in memory, for reading.
    pub fn open_target(target: &Target) -> Result<Self> {
        todo!()
    }

    /// All sessions, oldest first.
    pub fn sessions(&self) -> Result<Vec<Session>> {
        todo!()
    }

    /// One session.
    pub fn session(&self, id: SessionId) -> Result<Session> {
        todo!()
    }

    /// One code version.
    pub fn code(&self, id: CodeId) -> Result<Arc<CodeVersion>> {
        todo!()
    }

    /// The code versions that ran, of one session or all.
    pub fn codes(&self, session: Option<SessionId>) -> Result<Vec<(CodeId, Arc<CodeVersion>)>> {
        todo!()
    }

    /// The number of calls that match.
    pub fn n_calls(&self, filter: &CallFilter) -> Result<u64> {
        todo!()
    }

    /// Up to `limit` of the calls that match, in the order of their starts, leaving out the first
    /// `skip`.
    pub fn calls(&self, filter: &CallFilter, skip: u64, limit: usize) -> Result<Vec<Call>> {
        todo!()
    }

    /// One call.
    pub fn call(&self, id: CallId) -> Result<Call> {
        todo!()
    }

    /// Arguments, globals and result of a call.
    pub fn call_values(&self, id: CallId) -> Result<CallValues> {
        todo!()
    }

    /// One state.
    pub fn state(&self, id: StateId) -> Result<State> {
        todo!()
    }

    /// One state of a call, counted from 0 within the call.
    pub fn state_of_call(&self, call: CallId, index: u64) -> Result<State> {
        todo!()
    }

    /// The state of the same call after this one.
    pub fn next_state(&self, state: &State) -> Result<Option<State>> {
        todo!()
    }

    /// The state of the same call before this one.
    pub fn previous_state(&self, state: &State) -> Result<Option<State>> {
        todo!()
    }

    /// What the trace, or one session, is made of. Reads all of it.
    pub fn stats(&self, session: Option<SessionId>) -> Result<Stats> {
        todo!()
    }

    /// Runs a read-only query over the trace's tables.
    pub fn sql(&self, query: &str, parameters: &[SqlValue]) -> Result<SqlRows> {
        todo!()
    }
}
