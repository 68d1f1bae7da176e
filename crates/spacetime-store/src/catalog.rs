//! What a trace holds, read from its tables: sessions, code, chunks with their directories, pieces.
//!
//! Chunks and code are only ever added, so what was read stays true; what is new is read on demand.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, params};
use rustc_hash::FxHashMap;
use spacetime_model::{
    CallId, CodeId, CodeVersion, ExitKind, Session, SessionId, SessionInfo, SessionOutcome,
    Signature, Slot, SlotKind, StateId,
};

use crate::cache::Cache;
use crate::directory::{Directory, EndedCall};
use crate::sealed::{Place, Sealed};
use crate::{Error, Result};

const DELTA_CACHE_BYTES: usize = 24 << 20;
const DIRECTORY_CACHE_BYTES: usize = 32 << 20;
const PIECE_CACHE_BYTES: usize = 64 << 20;

/// A row of the chunk table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkRow {
    /// Its number in the session.
    pub number: u64,
    /// The chunk whose keyframe it builds on.
    pub keyframe: u64,
    /// States before it.
    pub first_state: u64,
    /// States in it.
    pub n_states: u64,
    /// Calls started before it.
    pub first_call: u64,
    /// Calls started in it.
    pub n_calls: u64,
    data: i64,
}

/// A directory with what makes it quick to search.
pub struct SearchableDirectory {
    /// The directory.
    pub directory: Directory,
    ended_by_number: FxHashMap<u64, u32>,
}

impl SearchableDirectory {
    /// A call that ended in the chunk.
    pub fn ended(&self, number: u64) -> Option<&EndedCall> {
        let at = *self.ended_by_number.get(&number)?;
        self.directory.ended.get(at as usize)
    }
}

/// A trace's tables.
pub struct Catalog {
    /// The open file.
    pub connection: Connection,
    codes: FxHashMap<CodeId, Arc<CodeVersion>>,
    session_codes: FxHashMap<(SessionId, u32), CodeId>,
    chunks: FxHashMap<SessionId, Vec<ChunkRow>>,
    directories: Cache<(SessionId, u64), SearchableDirectory>,
    deltas: Cache<(SessionId, u64), Vec<u8>>,
    pieces: Cache<(SessionId, u128), Vec<u8>>,
}

const SESSION_COLUMNS: &str = "id, name, description, metadata, argv, python_version, \
    implementation, platform, pid, cwd, git_commit, tier, started_unix_ns, call_base, n_calls, \
    state_base, n_states, ended_unix_ns, exit_kind, exit_message";

impl Catalog {
    /// Reads from this connection.
    pub fn new(connection: Connection) -> Self {
        Self {
            connection,
            codes: FxHashMap::default(),
            session_codes: FxHashMap::default(),
            chunks: FxHashMap::default(),
            directories: Cache::new(DIRECTORY_CACHE_BYTES),
            deltas: Cache::new(DELTA_CACHE_BYTES),
            pieces: Cache::new(PIECE_CACHE_BYTES),
        }
    }

    /// All sessions, oldest first.
    pub fn sessions(&self) -> Result<Vec<Session>> {
        let query = format!("SELECT {SESSION_COLUMNS} FROM session ORDER BY id");
        let read = || {
            let mut statement = self.connection.prepare_cached(&query)?;
            let sessions = statement.query_map([], session_from_row)?;
            sessions.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(Error::database("reading sessions"))
    }

    /// One session.
    pub fn session(&self, id: SessionId) -> Result<Session> {
        let found = self
            .sessions()?
            .into_iter()
            .find(|session| session.id == id);
        found.ok_or_else(|| Error::no_such(format!("session {id}")))
    }

    /// The session that has this call.
    pub fn session_of_call(&self, call: CallId) -> Result<Session> {
        let found = self
            .sessions()?
            .into_iter()
            .find(|session| session.has_call(call));
        found.ok_or_else(|| Error::no_such(format!("call {call}")))
    }

    /// The session that has this state.
    pub fn session_of_state(&self, state: StateId) -> Result<Session> {
        let found = self
            .sessions()?
            .into_iter()
            .find(|session| session.has_state(state));
        found.ok_or_else(|| Error::no_such(format!("state {state}")))
    }

    /// One code version.
    pub fn code(&mut self, id: CodeId) -> Result<Arc<CodeVersion>> {
        if let Some(code) = self.codes.get(&id) {
            return Ok(Arc::clone(code));
        }
        let query = "SELECT name, qualname, file, first_line, text, hash, slots, n_positional_only,
                n_positional, n_keyword_only, has_varargs, has_varkeywords, global_names,
                file_version, git_commit
            FROM code WHERE id = ?";
        let read = || {
            let mut statement = self.connection.prepare_cached(query)?;
            statement.query_row([id.0 as i64], code_from_row).optional()
        };
        let code = read().map_err(Error::database("reading code"))?;
        let code = Arc::new(code.ok_or_else(|| Error::no_such(format!("code {id}")))?);
        self.codes.insert(id, Arc::clone(&code));
        Ok(code)
    }

    /// What a session's code number means.
    pub fn code_id(&mut self, session: SessionId, number: u32) -> Result<CodeId> {
        if let Some(id) = self.session_codes.get(&(session, number)) {
            return Ok(*id);
        }
        for (number, id) in self.session_codes_of(session)? {
            self.session_codes.insert((session, number), id);
        }
        let found = self.session_codes.get(&(session, number)).copied();
        found.ok_or_else(|| Error::no_such(format!("code number {number} in session {session}")))
    }

    /// The codes of a session, by number.
    pub fn session_codes_of(&self, session: SessionId) -> Result<Vec<(u32, CodeId)>> {
        let query = "SELECT number, code FROM session_code WHERE session = ? ORDER BY number";
        let read = || {
            let mut statement = self.connection.prepare_cached(query)?;
            let rows = statement.query_map([session.0 as i64], |row| {
                Ok((row.get(0)?, CodeId(row.get::<_, i64>(1)? as u64)))
            })?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(Error::database("reading code"))
    }

    /// The chunks of a session that are stored now.
    pub fn chunks(&mut self, session: SessionId) -> Result<&[ChunkRow]> {
        let known = self.chunks.entry(session).or_default();
        let query = "SELECT number, keyframe, first_state, n_states, first_call, n_calls, data
            FROM chunk WHERE session = ? AND number >= ? ORDER BY number";
        let mut read = || {
            let mut statement = self.connection.prepare_cached(query)?;
            let mut rows = statement.query(params![session.0 as i64, known.len() as i64])?;
            while let Some(row) = rows.next()? {
                let count = |at| row.get::<_, i64>(at).map(|count| count.max(0) as u64);
                known.push(ChunkRow {
                    number: count(0)?,
                    keyframe: count(1)?,
                    first_state: count(2)?,
                    n_states: count(3)?,
                    first_call: count(4)?,
                    n_calls: count(5)?,
                    data: row.get(6)?,
                });
            }
            Ok(())
        };
        read().map_err(Error::database("reading chunks"))?;
        for (number, row) in known.iter().enumerate() {
            if row.number != number as u64 || row.keyframe > row.number {
                let (session, number) = (session.0, number as u64);
                known.clear();
                return Err(Place::Chunk { session, number }.damaged("its row missing or wrong"));
            }
        }
        Ok(known)
    }

    /// One chunk.
    pub fn chunk(&mut self, session: SessionId, number: u64) -> Result<ChunkRow> {
        let place = Place::Chunk {
            session: session.0,
            number,
        };
        let known = self
            .chunks
            .get(&session)
            .and_then(|known| known.get(number as usize));
        if let Some(row) = known {
            return Ok(*row);
        }
        let row = self.chunks(session)?.get(number as usize).copied();
        row.ok_or_else(|| place.damaged("no such chunk"))
    }

    /// The call directory of a chunk.
    pub fn directory(
        &mut self,
        session: SessionId,
        number: u64,
    ) -> Result<Arc<SearchableDirectory>> {
        if let Some(directory) = self.directories.get((session, number)) {
            return Ok(directory);
        }
        let row = self.chunk(session, number)?;
        let bytes = self.blob("SELECT directory FROM chunk_data WHERE id = ?", row.data)?;
        let place = Place::Directory {
            session: session.0,
            number,
        };
        let bytes = bytes.ok_or_else(|| place.damaged("nothing stored"))?;
        let bytes = Sealed::open(place, &bytes, 1)?.part(0)?;
        let directory = Directory::decode(&bytes)
            .map_err(|error| place.damaged(format!("{} at byte {}", error.found, error.at)))?;
        let n_entries = directory.started.len() as u64;
        if directory.first_call != row.first_call || n_entries != row.n_calls {
            return Err(place.damaged("other calls than its chunk has"));
        }
        let numbers = directory.ended.iter().enumerate();
        let ended_by_number = numbers.map(|(at, call)| (call.number, at as u32)).collect();
        let n_bytes =
            64 * directory.started.len() + 80 * directory.ended.len() + 40 * directory.live.len();
        let searchable = SearchableDirectory {
            directory,
            ended_by_number,
        };
        Ok(self
            .directories
            .insert((session, number), searchable, n_bytes))
    }

    /// The delta records of a chunk.
    pub fn delta(&mut self, session: SessionId, number: u64) -> Result<Arc<Vec<u8>>> {
        if let Some(delta) = self.deltas.get((session, number)) {
            return Ok(delta);
        }
        let delta = self.records(session, number)?.1;
        let n_bytes = delta.len();
        Ok(self.deltas.insert((session, number), delta, n_bytes))
    }

    /// The keyframe records and the delta records of a chunk, not kept.
    pub fn records(&mut self, session: SessionId, number: u64) -> Result<(Vec<u8>, Vec<u8>)> {
        let row = self.chunk(session, number)?;
        let place = Place::Chunk {
            session: session.0,
            number,
        };
        let bytes = self.blob("SELECT records FROM chunk_data WHERE id = ?", row.data)?;
        let bytes = bytes.ok_or_else(|| place.damaged("nothing stored"))?;
        let sealed = Sealed::open(place, &bytes, 2)?;
        Ok((sealed.part(0)?, sealed.part(1)?))
    }

    /// The contents of a piece.
    pub fn piece(&mut self, session: SessionId, hash: u128) -> Result<Arc<Vec<u8>>> {
        if let Some(piece) = self.pieces.get((session, hash)) {
            return Ok(piece);
        }
        let query = "SELECT data FROM piece WHERE session = ? AND hash = ?";
        let hash_bytes = hash.to_be_bytes();
        let key = params![session.0 as i64, hash_bytes.as_slice()];
        let read = || {
            let mut statement = self.connection.prepare_cached(query)?;
            statement
                .query_row(key, |row| row.get::<_, Vec<u8>>(0))
                .optional()
        };
        let place = Place::Piece { hash };
        let bytes = read().map_err(Error::database("reading a piece"))?;
        let bytes = bytes.ok_or_else(|| place.damaged("nothing stored"))?;
        let piece = Sealed::open(place, &bytes, 1)?.part(0)?;
        let n_bytes = piece.len();
        Ok(self.pieces.insert((session, hash), piece, n_bytes))
    }

    fn blob(&self, query: &str, id: i64) -> Result<Option<Vec<u8>>> {
        let read = || {
            let mut statement = self.connection.prepare_cached(query)?;
            statement.query_row([id], |row| row.get(0)).optional()
        };
        read().map_err(Error::database("reading a chunk"))
    }
}

fn session_from_row(row: &Row) -> rusqlite::Result<Session> {
    let count = |at| row.get::<_, i64>(at).map(|count| count.max(0) as u64);
    let argv: String = row.get(4)?;
    let outcome = match row.get::<_, Option<i64>>(17)? {
        None => None,
        Some(ended) => {
            let kind: Option<String> = row.get(18)?;
            let named = |exit: &ExitKind| Some(exit.name()) == kind.as_deref();
            Some(SessionOutcome {
                kind: ExitKind::ALL
                    .into_iter()
                    .find(named)
                    .unwrap_or(ExitKind::Completed),
                message: row.get(19)?,
                ended_unix_ns: ended.max(0) as u64,
            })
        }
    };
    Ok(Session {
        id: SessionId(count(0)?),
        info: SessionInfo {
            name: row.get(1)?,
            description: row.get(2)?,
            metadata_json: row.get(3)?,
            argv: serde_json::from_str(&argv).unwrap_or_default(),
            python_version: row.get(5)?,
            implementation: row.get(6)?,
            platform: row.get(7)?,
            pid: row.get(8)?,
            cwd: row.get(9)?,
            commit: row.get(10)?,
            tier: row.get(11)?,
            started_unix_ns: count(12)?,
        },
        first_call: CallId(count(13)?),
        n_calls: count(14)?,
        first_state: StateId(count(15)?),
        n_states: count(16)?,
        outcome,
    })
}

fn code_from_row(row: &Row) -> rusqlite::Result<CodeVersion> {
    let slots: String = row.get(6)?;
    let slots: Vec<(String, String)> = serde_json::from_str(&slots).unwrap_or_default();
    let slot = |(name, kind): (String, String)| Slot {
        name,
        kind: match kind.as_str() {
            "cell" => SlotKind::Cell,
            "free" => SlotKind::Free,
            _ => SlotKind::Local,
        },
    };
    let global_names: String = row.get(12)?;
    Ok(CodeVersion {
        name: row.get(0)?,
        qualname: row.get(1)?,
        file: row.get(2)?,
        first_line: row.get(3)?,
        text: row.get(4)?,
        hash: row.get(5)?,
        slots: slots.into_iter().map(slot).collect(),
        signature: Signature {
            n_positional_only: row.get(7)?,
            n_positional: row.get(8)?,
            n_keyword_only: row.get(9)?,
            has_varargs: row.get(10)?,
            has_varkeywords: row.get(11)?,
        },
        global_names: serde_json::from_str(&global_names).unwrap_or_default(),
        file_version: row.get(13)?,
        commit: row.get(14)?,
    })
}
