//! What a trace holds, read from its tables: sessions, code, chunks with their directories, pieces.
//! The rows themselves are read in [`crate::rows`]; here they are found, unsealed and kept.
//!
//! Chunks and code are only ever added, so what was read stays true; what is new is read on demand.

use std::sync::Arc;

use rusqlite::Connection;
use rustc_hash::FxHashMap;
use spacetime_model::{CallId, CodeId, CodeVersion, Session, SessionId, StateId};

use crate::cache::Cache;
use crate::directory::{Directory, EndedCall};
use crate::rows::{self, ChunkRow};
use crate::sealed::{Place, Sealed};
use crate::{Error, Name, Result};

const DELTA_CACHE_BYTES: usize = 24 << 20;
const DIRECTORY_CACHE_BYTES: usize = 32 << 20;
const PIECE_CACHE_BYTES: usize = 64 << 20;

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
        rows::sessions(&self.connection, "true", [])
    }

    /// One session.
    pub fn session(&self, id: SessionId) -> Result<Session> {
        self.session_where("id = ?1", id.0, || format!("session {id}"))
    }

    /// The session that has this call.
    pub fn session_of_call(&self, call: CallId) -> Result<Session> {
        let has_it = "?1 >= call_base AND ?1 - call_base < n_calls";
        self.session_where(has_it, call.0, || format!("call {call}"))
    }

    /// The session that has this state.
    pub fn session_of_state(&self, state: StateId) -> Result<Session> {
        let has_it = "?1 >= state_base AND ?1 - state_base < n_states";
        self.session_where(has_it, state.0, || format!("state {state}"))
    }

    /// Looks at no other session, so that damage in one leaves the others readable.
    fn session_where(
        &self,
        condition: &str,
        parameter: u64,
        wanted: impl Fn() -> String,
    ) -> Result<Session> {
        let found = match i64::try_from(parameter) {
            Ok(parameter) => rows::sessions(&self.connection, condition, [parameter])?,
            Err(_) => Vec::new(),
        };
        let first = found.into_iter().next();
        first.ok_or_else(|| Error::no_such(wanted()))
    }

    /// One code version.
    pub fn code(&mut self, id: CodeId) -> Result<Arc<CodeVersion>> {
        if let Some(code) = self.codes.get(&id) {
            return Ok(Arc::clone(code));
        }
        let code = rows::code(&self.connection, id)?;
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
        found.ok_or_else(|| Error::Damaged {
            trace: Name::default(),
            place: format!("the codes of session {session}"),
            found: format!("no code number {number}, which its records use"),
        })
    }

    /// The codes of a session, by number.
    pub fn session_codes_of(&self, session: SessionId) -> Result<Vec<(u32, CodeId)>> {
        rows::session_codes(&self.connection, session)
    }

    /// The chunks of a session that are stored now.
    pub fn chunks(&mut self, session: SessionId) -> Result<&[ChunkRow]> {
        let known = self.chunks.entry(session).or_default();
        let new = rows::chunks(&self.connection, session, known.len() as u64)?;
        known.extend(new);
        for (number, row) in known.iter().enumerate() {
            if row.number != number as u64 || row.keyframe > row.number {
                let number = number as u64;
                known.clear();
                return Err(Place::Chunk { session, number }.damaged("its row missing or wrong"));
            }
        }
        Ok(known)
    }

    /// One chunk.
    pub fn chunk(&mut self, session: SessionId, number: u64) -> Result<ChunkRow> {
        let place = Place::Chunk { session, number };
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
        let bytes = rows::directory(&self.connection, row.data)?;
        let place = Place::Directory { session, number };
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
        let place = Place::Chunk { session, number };
        let bytes = rows::records(&self.connection, row.data)?;
        let bytes = bytes.ok_or_else(|| place.damaged("nothing stored"))?;
        let sealed = Sealed::open(place, &bytes, 2)?;
        Ok((sealed.part(0)?, sealed.part(1)?))
    }

    /// The contents of a piece.
    pub fn piece(&mut self, session: SessionId, hash: u128) -> Result<Arc<Vec<u8>>> {
        if let Some(piece) = self.pieces.get((session, hash)) {
            return Ok(piece);
        }
        let place = Place::Piece { hash };
        let bytes = rows::piece(&self.connection, session, hash)?;
        let bytes = bytes.ok_or_else(|| place.damaged("nothing stored"))?;
        let piece = Sealed::open(place, &bytes, 1)?.part(0)?;
        let n_bytes = piece.len();
        Ok(self.pieces.insert((session, hash), piece, n_bytes))
    }
}
