//! The rows of a trace's tables: what the writer puts into each column, and what a reader gets out.
//!
//! Writer and reader of each table stand side by side, because they must agree; the tables are
//! made in [`crate::database`]. A cell that the writer cannot have written is damage, and the error
//! names its row: nothing is put in its place.

use rusqlite::types::{FromSql, ValueRef};
use rusqlite::{Connection, OptionalExtension, Params, Row, TransactionBehavior, params};
use spacetime_model::{
    CallId, CodeId, CodeVersion, ExitKind, Origin, Session, SessionId, SessionInfo, SessionOutcome,
    Signature, Slot, SlotKind, StateId,
};
use xxhash_rust::xxh3::xxh3_128;

use crate::database::is_alive;
use crate::recording::{EndInfo, SessionDescription};
use crate::{Error, Name, Result};

/// Ids left free for each session that is still being recorded when another begins: a round number,
/// by which people see them.
const RESERVED_IDS: i64 = 100_000_000_000;

/// Adds a session; gives its id and that of its first call.
pub fn insert_session(
    connection: &mut Connection,
    info: &SessionInfo,
) -> rusqlite::Result<(SessionId, CallId)> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Ids {
        session: id,
        call: call_base,
        state: state_base,
    } = free_ids(&transaction)?;
    transaction.execute(
        "INSERT INTO session(id, name, description, metadata, argv, python_version, implementation,
            platform, pid, cwd, git_commit, tier, started_unix_ns, call_base, state_base,
            origin_session, origin_call)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        params![
            id,
            info.name,
            info.description,
            info.metadata_json,
            serde_json::json!(info.argv).to_string(),
            info.python_version,
            info.implementation,
            info.platform,
            info.pid,
            info.cwd,
            info.commit,
            info.tier,
            info.started_unix_ns as i64,
            call_base,
            state_base,
            info.origin.map(|origin| origin.session.0 as i64),
            info.origin
                .and_then(|origin| origin.call)
                .map(|call| call.0 as i64),
        ],
    )?;
    transaction.commit()?;
    Ok((SessionId(id as u64), CallId(call_base as u64)))
}

/// The first ids that are free.
struct Ids {
    session: i64,
    call: i64,
    state: i64,
}

const USED_IDS: [&str; 3] = ["used_sessions", "used_calls", "used_states"];

fn free_ids(connection: &Connection) -> rusqlite::Result<Ids> {
    let mut used = connection.prepare_cached("SELECT value FROM meta WHERE key = ?")?;
    let mut used = |key| used.query_row([key], |row| row.get(0)).optional();
    let [session, call, state] = USED_IDS.map(|key| used(key).map(|n| n.unwrap_or(0) + 1));
    let mut free = Ids {
        session: session?,
        call: call?,
        state: state?,
    };
    let mut sessions = connection.prepare_cached(
        "SELECT call_base, n_calls, state_base, n_states, pid, ended_unix_ns IS NULL, id
         FROM session",
    )?;
    let mut rows = sessions.query([])?;
    while let Some(row) = rows.next()? {
        let (calls, n_calls): (i64, i64) = (row.get(0)?, row.get(1)?);
        let (states, n_states): (i64, i64) = (row.get(2)?, row.get(3)?);
        // A session that another process is recording will still grow.
        let may_grow = row.get(5)? && is_alive(row.get(4)?);
        let reserved = if may_grow { RESERVED_IDS } else { 0 };
        free.call = free.call.max(calls + n_calls.max(reserved));
        free.state = free.state.max(states + n_states.max(reserved));
        free.session = free.session.max(row.get::<_, i64>(6)? + 1);
    }
    Ok(free)
}

/// Removes a session with all that belongs to it. Ids that readers may have seen are not given again:
/// they keep what they read by these ids.
pub fn delete_session(connection: &mut Connection, session: SessionId) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let id = session.0 as i64;
    let delete = |what: &str| transaction.prepare_cached(what)?.execute([id]);
    let n_chunks =
        delete("DELETE FROM chunk_data WHERE id IN (SELECT data FROM chunk WHERE session = ?)")?;
    if n_chunks > 0 {
        let used = "SELECT id, call_base + n_calls - 1, state_base + n_states - 1
            FROM session WHERE id = ?";
        let used: [i64; 3] = transaction.query_row(used, [id], |row| {
            Ok([row.get(0)?, row.get(1)?, row.get(2)?])
        })?;
        for (key, used) in USED_IDS.into_iter().zip(used) {
            let note = "INSERT INTO meta VALUES (?, ?)
                ON CONFLICT(key) DO UPDATE SET value = max(value, excluded.value)";
            transaction.execute(note, params![key, used])?;
        }
        delete("DELETE FROM chunk WHERE session = ?")?;
        delete("DELETE FROM piece WHERE session = ?")?;
    }
    delete("DELETE FROM call_metadata WHERE session = ?")?;
    // What is said of a session may be stored before its first chunk.
    if delete("DELETE FROM session_code WHERE session = ?")? > 0 {
        let orphans = "DELETE FROM code WHERE id NOT IN (SELECT code FROM session_code)";
        transaction.execute(orphans, [])?;
    }
    delete("DELETE FROM session WHERE id = ?")?;
    transaction.commit()
}

/// Says something about a call, by its number in the session.
pub fn insert_call_metadata(
    connection: &Connection,
    session: SessionId,
    number: u64,
    metadata: &str,
) -> rusqlite::Result<()> {
    let insert = "INSERT OR REPLACE INTO call_metadata(session, call, metadata) VALUES (?, ?, ?)";
    let row = params![session.0 as i64, number as i64, metadata];
    connection.prepare_cached(insert)?.execute(row)?;
    Ok(())
}

/// What was said about the calls of a session, by their numbers, in JSON: of one of them or all.
pub fn call_metadata(
    connection: &Connection,
    session: SessionId,
    number: Option<u64>,
) -> Result<Vec<(u64, String)>> {
    let query = "SELECT * FROM call_metadata WHERE session = ?1 AND call = ifnull(?2, call)";
    let read = |row: &Row| {
        let cells = Cells::of(row, "call_metadata", "call");
        Ok((cells.count("call")?, cells.text("metadata")?))
    };
    let key = params![session.0 as i64, number.map(|number| number as i64)];
    read_rows(connection, "reading metadata", query, key, read)
}

/// Replaces what the user said about a session.
pub fn describe_session(
    connection: &Connection,
    session: SessionId,
    said: &SessionDescription,
) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE session SET name = ?, description = ?, metadata = ? WHERE id = ?",
        params![
            said.name,
            said.description,
            said.metadata_json,
            session.0 as i64
        ],
    )?;
    Ok(())
}

/// Says how far a session got.
pub fn count_session(
    connection: &Connection,
    session: SessionId,
    n_calls: u64,
    n_states: u64,
) -> rusqlite::Result<()> {
    let update = "UPDATE session SET n_calls = ?, n_states = ? WHERE id = ?";
    connection.prepare_cached(update)?.execute(params![
        n_calls as i64,
        n_states as i64,
        session.0 as i64
    ])?;
    Ok(())
}

/// Says how a session ended, and when.
pub fn end_session(
    connection: &Connection,
    session: SessionId,
    end: &EndInfo,
    ended_unix_ns: u64,
) -> rusqlite::Result<()> {
    connection.execute(
        "UPDATE session SET ended_unix_ns = ?, exit_kind = ?, exit_message = ? WHERE id = ?",
        params![
            ended_unix_ns as i64,
            end.kind.name(),
            end.message,
            session.0 as i64
        ],
    )?;
    Ok(())
}

/// A session that was said to have ended goes on.
pub fn reopen_session(connection: &Connection, session: SessionId) -> rusqlite::Result<()> {
    let update = "UPDATE session SET ended_unix_ns = NULL, exit_kind = NULL, exit_message = NULL
        WHERE id = ?";
    connection.execute(update, [session.0 as i64])?;
    Ok(())
}

/// Whether a session is in the trace.
pub fn has_session(connection: &Connection, session: SessionId) -> rusqlite::Result<bool> {
    let query = "SELECT EXISTS(SELECT 1 FROM session WHERE id = ?)";
    connection.query_row(query, [session.0 as i64], |row| row.get(0))
}

/// The sessions for which an SQL condition holds, oldest first.
pub fn sessions(
    connection: &Connection,
    condition: &str,
    parameters: impl Params,
) -> Result<Vec<Session>> {
    let query = format!("SELECT * FROM session WHERE {condition} ORDER BY id");
    read_rows(
        connection,
        "reading sessions",
        &query,
        parameters,
        session_of,
    )
}

fn session_of(row: &Row) -> Result<Session> {
    let cells = Cells::of(row, "session", "id");
    let ended: Option<i64> = cells.get("ended_unix_ns", "a time or NULL")?;
    let outcome = match ended {
        None => None,
        Some(_) => Some(SessionOutcome {
            kind: exit_kind_of(&cells)?,
            message: cells.optional_text("exit_message")?,
            ended_unix_ns: cells.count("ended_unix_ns")?,
        }),
    };
    Ok(Session {
        id: SessionId(cells.count("id")?),
        info: SessionInfo {
            name: cells.text("name")?,
            description: cells.optional_text("description")?,
            metadata_json: cells.optional_text("metadata")?,
            argv: cells.json("argv", |text| serde_json::from_str(text))?,
            python_version: cells.text("python_version")?,
            implementation: cells.text("implementation")?,
            platform: cells.text("platform")?,
            pid: cells.get("pid", "a process number")?,
            cwd: cells.text("cwd")?,
            commit: cells.optional_text("git_commit")?,
            tier: cells.text("tier")?,
            started_unix_ns: cells.count("started_unix_ns")?,
            origin: origin_of(&cells)?,
        },
        first_call: CallId(cells.count("call_base")?),
        n_calls: cells.count("n_calls")?,
        first_state: StateId(cells.count("state_base")?),
        n_states: cells.count("n_states")?,
        outcome,
    })
}

fn origin_of(cells: &Cells) -> Result<Option<Origin>> {
    let Some(session) = cells.optional_count("origin_session")? else {
        return Ok(None);
    };
    Ok(Some(Origin {
        session: SessionId(session),
        call: cells.optional_count("origin_call")?.map(CallId),
    }))
}

fn exit_kind_of(cells: &Cells) -> Result<ExitKind> {
    let name = cells.optional_text("exit_kind")?;
    let kind = name.as_deref().and_then(ExitKind::from_name);
    kind.ok_or_else(|| cells.wrong("exit_kind", "a way to end"))
}

/// Adds a code version, unless it is there, and says that a session calls it by this number.
pub fn insert_code(
    connection: &Connection,
    session: SessionId,
    number: u32,
    code: &CodeVersion,
) -> rusqlite::Result<()> {
    let (slots, global_names) = (slots_json(code), global_names_json(code));
    let signature = &code.signature;
    let identity = identity_of(code);
    // Another process may add the same code at the same time.
    let mut add = connection.prepare_cached(
        "INSERT INTO code(identity, hash, name, qualname, file, first_line, text, slots,
            n_positional_only, n_positional, n_keyword_only, has_varargs, has_varkeywords,
            global_names, file_version, git_commit)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT(identity) DO NOTHING",
    )?;
    add.execute(params![
        identity.as_slice(),
        code.hash,
        code.name,
        code.qualname,
        code.file,
        code.first_line,
        code.text,
        slots,
        signature.n_positional_only,
        signature.n_positional,
        signature.n_keyword_only,
        signature.has_varargs,
        signature.has_varkeywords,
        global_names,
        code.file_version,
        code.commit,
    ])?;
    let mut link = connection.prepare_cached(
        "INSERT OR REPLACE INTO session_code(session, number, code)
         SELECT ?, ?, id FROM code WHERE identity = ?",
    )?;
    link.execute(params![session.0 as i64, number, identity.as_slice()])?;
    Ok(())
}

fn slots_json(code: &CodeVersion) -> String {
    let slots = code.slots.iter();
    let slots: Vec<_> = slots
        .map(|slot| (&slot.name, slot_kind_name(slot.kind)))
        .collect();
    spelled(serde_json::to_string(&slots))
}

fn global_names_json(code: &CodeVersion) -> String {
    spelled(serde_json::to_string(&code.global_names))
}

fn spelled(json: serde_json::Result<String>) -> String {
    json.expect("text, numbers and lists of them have a form in JSON")
}

/// Tells code versions apart, and says on reading whether a row is as it was written.
fn identity_of(code: &CodeVersion) -> [u8; 16] {
    let signature = &code.signature;
    let everything = serde_json::to_string(&(
        &code.hash,
        &code.name,
        &code.qualname,
        &code.file,
        code.first_line,
        &code.text,
        slots_json(code),
        [
            signature.n_positional_only,
            signature.n_positional,
            signature.n_keyword_only,
        ],
        [signature.has_varargs, signature.has_varkeywords],
        global_names_json(code),
        &code.file_version,
        &code.commit,
    ));
    xxh3_128(spelled(everything).as_bytes()).to_be_bytes()
}

/// One code version, if it is there.
pub fn code(connection: &Connection, id: CodeId) -> Result<Option<CodeVersion>> {
    let query = "SELECT * FROM code WHERE id = ?";
    let found = read_rows(connection, "reading code", query, [id.0 as i64], code_of)?;
    Ok(found.into_iter().next())
}

fn code_of(row: &Row) -> Result<CodeVersion> {
    let cells = Cells::of(row, "code", "id");
    let slots: Vec<(String, String)> = cells.json("slots", |text| serde_json::from_str(text))?;
    let slot = |(name, kind): (String, String)| {
        let kind = slot_kind_of(&kind);
        let kind = kind.ok_or_else(|| cells.wrong("slots", "names with kinds of slots"))?;
        Ok(Slot { name, kind })
    };
    let number = |column| cells.get(column, "a small number");
    let truth = |column| cells.get(column, "0 or 1");
    let code = CodeVersion {
        name: cells.text("name")?,
        qualname: cells.text("qualname")?,
        file: cells.text("file")?,
        first_line: number("first_line")?,
        text: cells.text("text")?,
        hash: cells.text("hash")?,
        slots: slots.into_iter().map(slot).collect::<Result<_>>()?,
        signature: Signature {
            n_positional_only: number("n_positional_only")?,
            n_positional: number("n_positional")?,
            n_keyword_only: number("n_keyword_only")?,
            has_varargs: truth("has_varargs")?,
            has_varkeywords: truth("has_varkeywords")?,
        },
        global_names: cells.json("global_names", |text| serde_json::from_str(text))?,
        file_version: cells.optional_text("file_version")?,
        commit: cells.optional_text("git_commit")?,
    };
    let identity: Vec<u8> = cells.get("identity", "a checksum")?;
    match identity == identity_of(&code) {
        true => Ok(code),
        false => Err(cells.wrong("identity", "the checksum of the other cells")),
    }
}

fn slot_kind_name(kind: SlotKind) -> &'static str {
    match kind {
        SlotKind::Local => "local",
        SlotKind::Cell => "cell",
        SlotKind::Free => "free",
    }
}

fn slot_kind_of(name: &str) -> Option<SlotKind> {
    [SlotKind::Local, SlotKind::Cell, SlotKind::Free]
        .into_iter()
        .find(|kind| slot_kind_name(*kind) == name)
}

/// The codes of a session, by number.
pub fn session_codes(connection: &Connection, session: SessionId) -> Result<Vec<(u32, CodeId)>> {
    let query =
        "SELECT session, number, code, EXISTS(SELECT 1 FROM code WHERE id = code) AS is_there
        FROM session_code WHERE session = ? ORDER BY number";
    let read = |row: &Row| {
        let cells = Cells::of(row, "session_code", "session");
        if !cells.get("is_there", "0 or 1")? {
            return Err(cells.wrong("code", "the id of a row of code"));
        }
        let number = cells.get("number", "a small number")?;
        Ok((number, CodeId(cells.count("code")?)))
    };
    let session = session.0 as i64;
    read_rows(connection, "reading code", query, [session], read)
}

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
    /// Bytes of its records.
    pub raw_bytes: u64,
    /// Bytes of its keyframe.
    pub keyframe_bytes: u64,
    /// Its row of the chunk_data table.
    pub data: i64,
}

/// Adds a chunk.
pub fn insert_chunk(
    connection: &Connection,
    session: SessionId,
    row: &ChunkRow,
) -> rusqlite::Result<()> {
    let mut insert = connection.prepare_cached(
        "INSERT INTO chunk(session, number, keyframe, first_state, n_states, first_call, n_calls,
            raw_bytes, keyframe_bytes, data)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    insert.execute(params![
        session.0 as i64,
        row.number as i64,
        row.keyframe as i64,
        row.first_state as i64,
        row.n_states as i64,
        row.first_call as i64,
        row.n_calls as i64,
        row.raw_bytes as i64,
        row.keyframe_bytes as i64,
        row.data,
    ])?;
    Ok(())
}

/// The chunks of a session from this number on, in their order.
pub fn chunks(connection: &Connection, session: SessionId, first: u64) -> Result<Vec<ChunkRow>> {
    let query = "SELECT * FROM chunk WHERE session = ? AND number >= ? ORDER BY number";
    let parameters = [session.0 as i64, first as i64];
    read_rows(connection, "reading chunks", query, parameters, chunk_of)
}

fn chunk_of(row: &Row) -> Result<ChunkRow> {
    let cells = Cells::of(row, "chunk", "number");
    Ok(ChunkRow {
        number: cells.count("number")?,
        keyframe: cells.count("keyframe")?,
        first_state: cells.count("first_state")?,
        n_states: cells.count("n_states")?,
        first_call: cells.count("first_call")?,
        n_calls: cells.count("n_calls")?,
        raw_bytes: cells.count("raw_bytes")?,
        keyframe_bytes: cells.count("keyframe_bytes")?,
        data: cells.get("data", "the id of a row of chunk_data")?,
    })
}

/// Adds the sealed bytes of a chunk and gives their id.
pub fn insert_chunk_data(
    connection: &Connection,
    directory: &[u8],
    records: &[u8],
) -> rusqlite::Result<i64> {
    let insert = "INSERT INTO chunk_data(directory, records) VALUES (?, ?)";
    connection
        .prepare_cached(insert)?
        .execute(params![directory, records])?;
    Ok(connection.last_insert_rowid())
}

/// The sealed directory of a chunk, if it is there.
pub fn directory(connection: &Connection, data: i64) -> Result<Option<Vec<u8>>> {
    let query = "SELECT directory FROM chunk_data WHERE id = ?";
    blob(connection, "reading a chunk", query, [data])
}

/// The sealed records of a chunk, if they are there.
pub fn records(connection: &Connection, data: i64) -> Result<Option<Vec<u8>>> {
    let query = "SELECT records FROM chunk_data WHERE id = ?";
    blob(connection, "reading a chunk", query, [data])
}

/// Adds the sealed bytes of a piece, unless the session has it.
pub fn insert_piece(
    connection: &Connection,
    session: SessionId,
    hash: u128,
    data: &[u8],
) -> rusqlite::Result<()> {
    let insert = "INSERT OR IGNORE INTO piece(session, hash, data) VALUES (?, ?, ?)";
    let hash = hash.to_be_bytes();
    let row = params![session.0 as i64, hash.as_slice(), data];
    connection.prepare_cached(insert)?.execute(row)?;
    Ok(())
}

/// The sealed bytes of a piece, if they are there.
pub fn piece(connection: &Connection, session: SessionId, hash: u128) -> Result<Option<Vec<u8>>> {
    let query = "SELECT data FROM piece WHERE session = ? AND hash = ?";
    let hash = hash.to_be_bytes();
    let key = params![session.0 as i64, hash.as_slice()];
    blob(connection, "reading a piece", query, key)
}

fn blob(
    connection: &Connection,
    doing: &'static str,
    query: &str,
    key: impl Params,
) -> Result<Option<Vec<u8>>> {
    let read = || {
        let mut statement = connection.prepare_cached(query)?;
        statement.query_row(key, |row| row.get(0)).optional()
    };
    read().map_err(Error::database(doing))
}

fn read_rows<T>(
    connection: &Connection,
    doing: &'static str,
    query: &str,
    parameters: impl Params,
    read: impl Fn(&Row) -> Result<T>,
) -> Result<Vec<T>> {
    let run = || {
        let mut statement = connection.prepare_cached(query)?;
        let rows = statement.query_map(parameters, |row| Ok(read(row)))?;
        rows.collect::<rusqlite::Result<Vec<_>>>()
    };
    let read = run().map_err(Error::database(doing))?;
    read.into_iter().collect()
}

/// The cells of a row, which is named where one of them is wrong.
struct Cells<'a> {
    row: &'a Row<'a>,
    table: &'static str,
    /// The column by which people find the row.
    key: &'static str,
}

impl<'a> Cells<'a> {
    fn of(row: &'a Row<'a>, table: &'static str, key: &'static str) -> Self {
        Self { row, table, key }
    }

    fn get<T: FromSql>(&self, column: &str, expected: &str) -> Result<T> {
        self.row
            .get(column)
            .map_err(|_| self.wrong(column, expected))
    }

    fn text(&self, column: &str) -> Result<String> {
        self.get(column, "text")
    }

    fn optional_text(&self, column: &str) -> Result<Option<String>> {
        self.get(column, "text or NULL")
    }

    fn count(&self, column: &str) -> Result<u64> {
        let expected = "a number from 0";
        let count: i64 = self.get(column, expected)?;
        u64::try_from(count).map_err(|_| self.wrong(column, expected))
    }

    fn optional_count(&self, column: &str) -> Result<Option<u64>> {
        match self.row.get_ref(column) {
            Ok(ValueRef::Null) => Ok(None),
            _ => self.count(column).map(Some),
        }
    }

    fn json<T>(&self, column: &str, parse: fn(&str) -> serde_json::Result<T>) -> Result<T> {
        parse(&self.text(column)?)
            .map_err(|_| self.wrong(column, "JSON of the form that is written there"))
    }

    fn wrong(&self, column: &str, expected: &str) -> Error {
        let (table, key) = (self.table, self.key);
        Error::Damaged {
            trace: Name::default(),
            place: format!("the row of {table} with {key} {}", self.shown(key)),
            found: format!("{column} is {}, expected {expected}", self.shown(column)),
        }
    }

    fn shown(&self, column: &str) -> String {
        match self.row.get_ref(column) {
            Ok(ValueRef::Null) => "NULL".into(),
            Ok(ValueRef::Integer(number)) => number.to_string(),
            Ok(ValueRef::Real(number)) => number.to_string(),
            Ok(ValueRef::Text(text)) => {
                let text = String::from_utf8_lossy(text);
                let head: String = text.chars().take(40).collect();
                let dots = if head.len() < text.len() { "..." } else { "" };
                format!("{head:?}{dots}")
            }
            Ok(ValueRef::Blob(bytes)) => format!("a blob of {} bytes", bytes.len()),
            Err(_) => "missing".into(),
        }
    }
}
