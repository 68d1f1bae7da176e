//! Reads a trace: sessions, calls, states, values.
//!
//! Opening is read-only and executes nothing from the file. Each question looks at the file as it
//! is now, so that a trace can be read while another process records into it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::params_from_iter;
use rustc_hash::FxHashSet;
use spacetime_model::{
    Call, CallId, CodeId, CodeVersion, Granularity, Graph, Outcome, Session, SessionId, State,
    StateId, Value,
};

use crate::catalog::{Catalog, SearchableDirectory};
use crate::database::open_for_reading;
use crate::directory::{EndedCall, Live};
use crate::player::{Goal, Players};
use crate::stream::call_flag;
use crate::view::View;
use crate::{Error, Result, Target, rows, sealed};

/// A trace open for reading. It may be shared between threads.
pub struct Trace {
    path: PathBuf,
    inner: Mutex<Inner>,
}

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
    /// (state, variable) pairs looked at.
    pub n_variables: u64,
    /// Whether these were drawn from all pairs: from evenly spread states where there are many, and
    /// at random where they reach many values.
    pub is_sample: bool,
    /// Of these, the ones whose every leaf is shown by value.
    pub n_viewable: u64,
    /// The ones that are but for objects which have no value apart from the running program (locks,
    /// sockets, iterators).
    pub n_live: u64,
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

struct Inner {
    catalog: Catalog,
    players: Players,
}

impl Trace {
    /// Opens a trace file for reading.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_target(&Target::File(path.to_owned()))
    }

    /// Opens a trace, in a file or in memory, for reading.
    pub fn open_target(target: &Target) -> Result<Self> {
        let opened = open_for_reading(target).map_err(|error| error.of_trace(&target.path()));
        let catalog = Catalog::new(opened?);
        let players = Players::default();
        Ok(Self {
            path: target.path(),
            inner: Mutex::new(Inner { catalog, players }),
        })
    }

    /// All sessions, oldest first.
    pub fn sessions(&self) -> Result<Vec<Session>> {
        self.ask(|inner| inner.catalog.sessions())
    }

    /// One session.
    pub fn session(&self, id: SessionId) -> Result<Session> {
        self.ask(|inner| inner.catalog.session(id))
    }

    /// One code version.
    pub fn code(&self, id: CodeId) -> Result<Arc<CodeVersion>> {
        self.ask(|inner| inner.catalog.code(id))
    }

    /// The code versions that ran, of one session or all.
    pub fn codes(&self, session: Option<SessionId>) -> Result<Vec<(CodeId, Arc<CodeVersion>)>> {
        self.ask(|inner| {
            let mut ids = BTreeSet::new();
            for known in inner.sessions(session)? {
                let codes = inner.catalog.session_codes_of(known.id)?;
                ids.extend(codes.into_iter().map(|(_, id)| id));
            }
            let code = |id| Ok((id, inner.catalog.code(id)?));
            ids.into_iter().map(code).collect()
        })
    }

    /// The number of calls that match.
    pub fn n_calls(&self, filter: &CallFilter) -> Result<u64> {
        self.ask(|inner| {
            if filter.name.is_none() && filter.place == Place::Anywhere {
                let sessions = inner.sessions(filter.session)?;
                return Ok(sessions.iter().map(|session| session.n_calls).sum());
            }
            let mut n_calls = 0;
            inner.for_each_match(filter, |_, _, _| {
                n_calls += 1;
                Ok(true)
            })?;
            Ok(n_calls)
        })
    }

    /// Up to `limit` of the calls that match, in the order of their starts, leaving out the first
    /// `skip`.
    pub fn calls(&self, filter: &CallFilter, skip: u64, limit: usize) -> Result<Vec<Call>> {
        let mut calls = Vec::new();
        if limit == 0 {
            return Ok(calls);
        }
        self.ask(|inner| {
            if filter.name.is_none() && filter.place == Place::Anywhere {
                return inner.calls_by_position(filter.session, skip, limit);
            }
            let mut n_before = 0;
            inner.for_each_match(filter, |inner, session, place| {
                if n_before < skip {
                    n_before += 1;
                    return Ok(true);
                }
                calls.push(inner.call_at(session, place)?);
                Ok(calls.len() < limit)
            })?;
            Ok(calls)
        })
    }

    /// One call.
    pub fn call(&self, id: CallId) -> Result<Call> {
        self.ask(|inner| inner.call(id))
    }

    /// Arguments, globals and result of a call.
    pub fn call_values(&self, id: CallId) -> Result<CallValues> {
        self.ask(|inner| inner.call_values(id))
    }

    /// What was said about a call, as a JSON object.
    pub fn call_metadata(&self, id: CallId) -> Result<Option<String>> {
        self.ask(|inner| {
            let session = inner.catalog.session_of_call(id)?;
            let number = Some(id.0 - session.first_call.0);
            let found = rows::call_metadata(&inner.catalog.connection, session.id, number)?;
            Ok(found.into_iter().next().map(|(_, metadata)| metadata))
        })
    }

    /// The calls of a session about which something was said, with what was said as a JSON object.
    pub fn described_calls(&self, session: SessionId) -> Result<BTreeMap<CallId, String>> {
        self.ask(|inner| {
            let session = inner.catalog.session(session)?;
            let found = rows::call_metadata(&inner.catalog.connection, session.id, None)?;
            let with_id = |(number, metadata)| {
                (
                    CallId(session.first_call.0.saturating_add(number)),
                    metadata,
                )
            };
            Ok(found.into_iter().map(with_id).collect())
        })
    }

    /// One state.
    pub fn state(&self, id: StateId) -> Result<State> {
        self.ask(|inner| {
            let session = inner.catalog.session_of_state(id)?;
            let state = id.0 - session.first_state.0;
            let chunks = inner.catalog.chunks(session.id)?;
            let chunk =
                chunks.partition_point(|row| row.first_state.saturating_add(row.n_states) <= state);
            inner.state(&session, chunk as u64, Goal::State(state))
        })
    }

    /// One state of a call, counted from 0 within the call.
    pub fn state_of_call(&self, call: CallId, index: u64) -> Result<State> {
        self.ask(|inner| {
            let found = inner.find_state_of_call(call, index)?;
            found.ok_or_else(|| Error::no_such(format!("state {index} in call {call}")))
        })
    }

    /// What the trace, or one session, is made of. Reads all of it.
    pub fn stats(&self, session: Option<SessionId>) -> Result<Stats> {
        self.ask(|inner| {
            let sessions = inner.sessions(session)?;
            crate::stats::stats(&mut inner.catalog, &sessions)
        })
    }

    /// Runs a read-only query over the trace's tables.
    pub fn sql(&self, query: &str, parameters: &[SqlValue]) -> Result<SqlRows> {
        self.ask(|inner| {
            let run = || {
                let mut statement = inner.catalog.connection.prepare(query)?;
                let columns = statement.column_names().map(str::to_owned);
                let columns: Vec<String> = columns.collect();
                let n_columns = columns.len();
                let rows = statement.query_map(params_from_iter(parameters), |row| {
                    (0..n_columns).map(|at| row.get(at)).collect()
                })?;
                let rows = rows.collect::<rusqlite::Result<_>>()?;
                Ok(SqlRows { columns, rows })
            };
            run().map_err(Error::query)
        })
    }

    /// Answers a question; an error says of which trace.
    fn ask<T>(&self, question: impl FnOnce(&mut Inner) -> Result<T>) -> Result<T> {
        // A question that panicked leaves caches behind, and those are whole.
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        question(&mut inner).map_err(|error| error.of_trace(&self.path))
    }
}

/// Where a call started: its number, the chunk, and the directory of that chunk.
struct StartPlace {
    number: u64,
    chunk: u64,
    directory: Arc<SearchableDirectory>,
}

/// How far a call got.
struct EndPlace {
    n_states: u64,
    first_state: Option<u64>,
    /// The chunk and the entry of its end, if it ended.
    ended: Option<(u64, EndedCall)>,
}

impl Inner {
    fn sessions(&self, session: Option<SessionId>) -> Result<Vec<Session>> {
        match session {
            Some(id) => Ok(vec![self.catalog.session(id)?]),
            None => self.catalog.sessions(),
        }
    }

    fn calls_by_position(
        &mut self,
        session: Option<SessionId>,
        mut skip: u64,
        limit: usize,
    ) -> Result<Vec<Call>> {
        let mut calls = Vec::new();
        for session in self.sessions(session)? {
            for number in skip..session.n_calls {
                if calls.len() == limit {
                    return Ok(calls);
                }
                let place = self.start_place(&session, number)?;
                calls.push(self.call_at(&session, place)?);
            }
            skip = skip.saturating_sub(session.n_calls);
        }
        Ok(calls)
    }

    /// Visits matching calls in the order of their starts until told to stop.
    fn for_each_match(
        &mut self,
        filter: &CallFilter,
        mut visit: impl FnMut(&mut Self, &Session, StartPlace) -> Result<bool>,
    ) -> Result<()> {
        for session in self.sessions(filter.session)? {
            let codes = match &filter.name {
                Some(name) => Some(self.codes_named(session.id, name)?),
                None => None,
            };
            if codes.as_ref().is_some_and(FxHashSet::is_empty) {
                continue;
            }
            let n_chunks = self.catalog.chunks(session.id)?.len() as u64;
            let mut chunks = 0..n_chunks;
            let mut parent = None;
            if let Place::ChildrenOf(call) = filter.place {
                if !session.has_call(call) {
                    continue;
                }
                let number = call.0 - session.first_call.0;
                let start = self.start_place(&session, number)?;
                let end = self.end_place(&session, &start)?;
                chunks = start.chunk..end.ended.map_or(n_chunks, |(chunk, _)| chunk + 1);
                parent = Some(number);
            }
            for chunk in chunks {
                let directory = self.catalog.directory(session.id, chunk)?;
                for (at, started) in directory.directory.started.iter().enumerate() {
                    let is_match = match filter.place {
                        Place::Anywhere => true,
                        Place::Roots => started.parent.is_none(),
                        Place::ChildrenOf(_) => started.parent == parent,
                    };
                    let has_name = |codes: &FxHashSet<u32>| codes.contains(&started.code);
                    if !is_match || !codes.as_ref().is_none_or(has_name) {
                        continue;
                    }
                    let place = StartPlace {
                        number: directory.directory.first_call + at as u64,
                        chunk,
                        directory: Arc::clone(&directory),
                    };
                    if !visit(self, &session, place)? {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    fn codes_named(&mut self, session: SessionId, name: &str) -> Result<FxHashSet<u32>> {
        let mut numbers = FxHashSet::default();
        for (number, id) in self.catalog.session_codes_of(session)? {
            let code = self.catalog.code(id)?;
            let is_end = |end: &str| end.ends_with('.');
            if code.name == name
                || code
                    .qualname
                    .strip_suffix(name)
                    .is_some_and(|rest| rest.is_empty() || is_end(rest))
            {
                numbers.insert(number);
            }
        }
        Ok(numbers)
    }

    fn start_place(&mut self, session: &Session, number: u64) -> Result<StartPlace> {
        let chunks = self.catalog.chunks(session.id)?;
        let chunk = chunks
            .partition_point(|row| row.first_call.saturating_add(row.n_calls) <= number)
            as u64;
        Ok(StartPlace {
            number,
            chunk,
            directory: self.catalog.directory(session.id, chunk)?,
        })
    }

    /// A call is alive at the end of every chunk from its start to the one before its end.
    fn end_place(&mut self, session: &Session, start: &StartPlace) -> Result<EndPlace> {
        let number = start.number;
        if let Some(ended) = start.directory.ended(number) {
            return Ok(EndPlace::ended(start.chunk, *ended));
        }
        let n_chunks = self.catalog.chunks(session.id)?.len() as u64;
        let (mut first, mut last) = (start.chunk + 1, n_chunks);
        while first < last {
            let middle = first + (last - first) / 2;
            match self.live(session.id, middle, number)? {
                Some(_) => first = middle + 1,
                None => last = middle,
            }
        }
        if first == n_chunks {
            let live = self.live(session.id, n_chunks - 1, number)?;
            let live = live.ok_or_else(|| without_call(session.id, n_chunks - 1, number))?;
            return Ok(EndPlace {
                n_states: live.n_states,
                first_state: live.first_state,
                ended: None,
            });
        }
        let directory = self.catalog.directory(session.id, first)?;
        let ended = directory.ended(number).copied();
        let ended = ended.ok_or_else(|| without_call(session.id, first, number))?;
        Ok(EndPlace::ended(first, ended))
    }

    fn live(&mut self, session: SessionId, chunk: u64, number: u64) -> Result<Option<Live>> {
        let directory = self.catalog.directory(session, chunk)?;
        Ok(directory.directory.live(number).copied())
    }

    fn call(&mut self, id: CallId) -> Result<Call> {
        let session = self.catalog.session_of_call(id)?;
        let place = self.start_place(&session, id.0 - session.first_call.0)?;
        self.call_at(&session, place)
    }

    fn call_at(&mut self, session: &Session, place: StartPlace) -> Result<Call> {
        let started = place.directory.directory.started(place.number).copied();
        let started = started.ok_or_else(|| without_call(session.id, place.chunk, place.number))?;
        let end = self.end_place(session, &place)?;
        let code = self.catalog.code_id(session.id, started.code)?;
        let has = |flag| u64::from(started.flags) & flag != 0;
        let cpu_ns = |ended: &EndedCall| {
            let end = ended.stamp.cpu_ns?;
            Some(end.saturating_sub(started.stamp.cpu_ns?))
        };
        Ok(Call {
            id: CallId(session.first_call.0 + place.number),
            session: session.id,
            code,
            parent: started
                .parent
                .map(|number| CallId(session.first_call.0 + number)),
            thread: started.thread,
            task: place.directory.directory.task(place.number).map(Into::into),
            granularity: match has(call_flag::LINE) {
                true => Granularity::Line,
                false => Granularity::Function,
            },
            outcome: end.ended.map_or(Outcome::Open, |(_, ended)| ended.outcome),
            is_generator: has(call_flag::GENERATOR),
            entered_earlier: has(call_flag::ENTERED_EARLIER),
            first_state: end
                .first_state
                .map(|state| StateId(session.first_state.0 + state)),
            n_states: end.n_states,
            started_ns: started.stamp.wall_ns,
            ended_ns: end.ended.map(|(_, ended)| ended.stamp.wall_ns),
            cpu_ns: end.ended.and_then(|(_, ended)| cpu_ns(&ended)),
        })
    }

    fn call_values(&mut self, id: CallId) -> Result<CallValues> {
        let session = self.catalog.session_of_call(id)?;
        let place = self.start_place(&session, id.0 - session.first_call.0)?;
        let started = place.directory.directory.started(place.number).copied();
        let started = started.ok_or_else(|| without_call(session.id, place.chunk, place.number))?;
        let end = self.end_place(&session, &place)?;
        let code = self.catalog.code_id(session.id, started.code)?;
        let code = self.catalog.code(code)?;

        let Self { catalog, players } = self;
        let goal = Goal::Offset(started.offset);
        let player = players.seek(catalog, session.id, place.chunk, goal)?;
        player.settle(catalog)?;
        let mut view = View::new(&player.replica, session.id);
        let call = player.replica.live_call(place.number);
        let call = call.ok_or_else(|| without_call(session.id, place.chunk, place.number))?;
        let arguments = view.arguments(call, &code);
        let globals = view.globals(call, &code);
        let mut values = CallValues {
            arguments,
            globals,
            entry_graph: view.into_graph(),
            result: None,
            result_graph: Graph::default(),
        };
        if let Some((chunk, ended)) = end.ended
            && ended.outcome != Outcome::Dropped
        {
            let goal = Goal::Offset(ended.offset);
            let player = players.seek(catalog, session.id, chunk, goal)?;
            let mut view = View::new(&player.replica, session.id);
            values.result = Some(view.value(player.result()?));
            values.result_graph = view.into_graph();
        }
        Ok(values)
    }

    fn find_state_of_call(&mut self, id: CallId, index: u64) -> Result<Option<State>> {
        let session = self.catalog.session_of_call(id)?;
        let place = self.start_place(&session, id.0 - session.first_call.0)?;
        let end = self.end_place(&session, &place)?;
        if index >= end.n_states {
            return Ok(None);
        }
        // The first chunk at whose end the call has had more states than the index.
        let n_chunks = self.catalog.chunks(session.id)?.len() as u64;
        let mut first = place.chunk;
        let mut last = end.ended.map_or(n_chunks - 1, |(chunk, _)| chunk);
        while first < last {
            let middle = first + (last - first) / 2;
            let live = self.live(session.id, middle, place.number)?;
            match live.is_some_and(|live| live.n_states <= index) {
                true => first = middle + 1,
                false => last = middle,
            }
        }
        let goal = Goal::StateOfCall {
            call: place.number,
            index,
        };
        self.state(&session, first, goal).map(Some)
    }

    fn state(&mut self, session: &Session, chunk: u64, goal: Goal) -> Result<State> {
        let Self { catalog, players } = self;
        let player = players.seek(catalog, session.id, chunk, goal)?;
        let replica = &player.replica;
        let place = sealed::Place::Chunk {
            session: session.id,
            number: chunk,
        };
        let call = replica
            .top()
            .ok_or_else(|| place.damaged("a state without a call"))?;
        let code_id = catalog.code_id(session.id, call.code)?;
        let code = catalog.code(code_id)?;
        let mut view = View::new(replica, session.id);
        let locals = view.locals(call, &code);
        let globals = view.globals(call, &code);
        let line = i64::from(code.first_line).saturating_add(call.line_offset);
        Ok(State {
            id: StateId(session.first_state.0 + replica.n_states - 1),
            call: CallId(session.first_call.0 + call.number),
            index: call.n_states - 1,
            kind: player.state_kind,
            code: code_id,
            line: u32::try_from(line).unwrap_or(0),
            clock_ns: replica.clock_ns,
            locals,
            globals,
            graph: view.into_graph(),
            gap: (!replica.gap.is_empty()).then(|| replica.gap.clone()),
        })
    }
}

/// The directory of a chunk does not say of a call what the chunk's row and the other directories
/// promise.
fn without_call(session: SessionId, chunk: u64, number: u64) -> Error {
    let place = sealed::Place::Directory {
        session,
        number: chunk,
    };
    place.damaged(format!("call number {number} is missing"))
}

impl EndPlace {
    fn ended(chunk: u64, ended: EndedCall) -> Self {
        Self {
            n_states: ended.n_states,
            first_state: ended.first_state,
            ended: Some((chunk, ended)),
        }
    }
}
