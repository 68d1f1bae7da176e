//! The SQLite container: opening it safely, and its tables. Their rows are in [`crate::rows`]; how it is
//! opened and closed by who writes to it is in [`crate::written`].
//!
//! `session`, `code`, `session_code` and `call_metadata` can be read with any SQLite tool; `chunk_data` and `piece`
//! hold sealed bytes (see [`crate::sealed`]). While a trace is recorded it is in WAL mode, so that
//! other processes read along; a closed trace is one plain file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior, ffi};

use crate::descriptors::Limit;
use crate::{Error, Result, Target, descriptors};

/// "STPY" in the header of every trace.
const APPLICATION_ID: i32 = 0x5354_5059;
/// The format this version writes, and the newest it reads.
pub const FORMAT: i64 = 1;
const SQLITE_HEADER: &[u8; 16] = b"SQLite format 3\0";

const SCHEMA: &str = "
CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE session(
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL, description TEXT, metadata TEXT,
    argv TEXT NOT NULL, python_version TEXT NOT NULL, implementation TEXT NOT NULL,
    platform TEXT NOT NULL, pid INTEGER NOT NULL, cwd TEXT NOT NULL, git_commit TEXT,
    tier TEXT NOT NULL,
    started_unix_ns INTEGER NOT NULL, ended_unix_ns INTEGER,
    exit_kind TEXT, exit_message TEXT,
    call_base INTEGER NOT NULL, n_calls INTEGER NOT NULL DEFAULT 0,
    state_base INTEGER NOT NULL, n_states INTEGER NOT NULL DEFAULT 0,
    origin_session INTEGER, origin_call INTEGER
);
CREATE TABLE code(
    id INTEGER PRIMARY KEY,
    identity BLOB NOT NULL UNIQUE,
    hash TEXT NOT NULL,
    name TEXT NOT NULL, qualname TEXT NOT NULL,
    file TEXT NOT NULL, first_line INTEGER NOT NULL, text TEXT NOT NULL,
    slots TEXT NOT NULL,
    n_positional_only INTEGER NOT NULL, n_positional INTEGER NOT NULL,
    n_keyword_only INTEGER NOT NULL,
    has_varargs INTEGER NOT NULL, has_varkeywords INTEGER NOT NULL,
    global_names TEXT NOT NULL, file_version TEXT, git_commit TEXT
);
CREATE INDEX code_by_qualname ON code(qualname);
CREATE TABLE session_code(
    session INTEGER NOT NULL REFERENCES session(id), number INTEGER NOT NULL,
    code INTEGER NOT NULL REFERENCES code(id), PRIMARY KEY(session, number)
) WITHOUT ROWID;
CREATE TABLE call_metadata(
    session INTEGER NOT NULL REFERENCES session(id), call INTEGER NOT NULL,
    metadata TEXT NOT NULL, PRIMARY KEY(session, call)
) WITHOUT ROWID;
CREATE TABLE chunk(
    session INTEGER NOT NULL REFERENCES session(id), number INTEGER NOT NULL,
    keyframe INTEGER NOT NULL,
    first_state INTEGER NOT NULL, n_states INTEGER NOT NULL,
    first_call INTEGER NOT NULL, n_calls INTEGER NOT NULL,
    raw_bytes INTEGER NOT NULL, keyframe_bytes INTEGER NOT NULL,
    data INTEGER NOT NULL, PRIMARY KEY(session, number)
) WITHOUT ROWID;
CREATE TABLE chunk_data(id INTEGER PRIMARY KEY, directory BLOB NOT NULL, records BLOB NOT NULL);
CREATE TABLE piece(
    id INTEGER PRIMARY KEY, session INTEGER NOT NULL, hash BLOB NOT NULL, data BLOB NOT NULL,
    UNIQUE(session, hash)
);
";

/// Traces in memory live as long as one connection to them is open.
static IN_MEMORY: LazyLock<Mutex<BTreeMap<String, Connection>>> = LazyLock::new(Mutex::default);

/// Opens a trace for reading. The file's contents cannot make SQLite run anything.
pub fn open_for_reading(target: &Target) -> Result<Connection> {
    descriptors::watch();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let connection = match target {
        Target::File(path) => {
            if !is_trace(path)? {
                return Err(Error::NotFound(path.clone()));
            }
            let flags = flags.difference(OpenFlags::SQLITE_OPEN_URI);
            Connection::open_with_flags(path, flags).map_err(inaccessible("read", path))?
        }
        Target::Memory(name) => {
            if !IN_MEMORY.lock().expect("not poisoned").contains_key(name) {
                return Err(Error::NotFound(target.path()));
            }
            Connection::open_with_flags(memory_uri(name), flags)
                .map_err(inaccessible("read", &target.path()))?
        }
    };
    harden(&connection).map_err(Error::database("opening it"))?;
    connection
        .pragma_update(None, "query_only", true)
        .map_err(Error::database("opening it"))?;
    check_format(&connection, &target.path())?;
    Ok(connection)
}

pub fn open_memory(name: &str, overwrite: bool) -> Result<Connection> {
    let mut kept = IN_MEMORY.lock().expect("not poisoned");
    if overwrite {
        kept.remove(name);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_URI;
    let open = || Connection::open_with_flags(memory_uri(name), flags);
    let connection = open().map_err(Error::database("opening it"))?;
    if !kept.contains_key(name) {
        kept.insert(name.into(), open().map_err(Error::database("opening it"))?);
    }
    Ok(connection)
}

/// Gives the memory of an in-memory trace back once nobody has it open.
pub fn forget_memory(name: &str) {
    IN_MEMORY.lock().expect("not poisoned").remove(name);
}

fn memory_uri(name: &str) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    let escape = |byte: u8| match is_plain(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    let name: String = name.bytes().map(escape).collect();
    format!("file:/spacetime-{name}?vfs=memdb")
}

pub fn harden(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_limit(rusqlite::limits::Limit::SQLITE_LIMIT_ATTACHED, 0)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

/// Whether there is a trace at the path; an error if there is anything else.
pub fn is_trace(path: &Path) -> Result<bool> {
    let not_a_trace = |found: &str| Error::NotATrace {
        path: path.into(),
        found: found.into(),
    };
    let metadata = match path.metadata() {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(unreadable(path, &error)),
    };
    if metadata.is_dir() {
        return Err(not_a_trace("a folder"));
    }
    if !metadata.is_file() {
        return Err(not_a_trace("not a regular file"));
    }
    // A trace that another process creates at this moment is empty for an instant.
    let mut attempts = 1..10;
    let header = loop {
        let beginning = descriptors::beginning(path, 100);
        let Some(header) = beginning.map_err(|error| unreadable(path, &error))? else {
            return Ok(true);
        };
        if !header.is_empty() || attempts.next().is_none() {
            break header;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    match header.len() {
        0 => return Err(not_a_trace("an empty file")),
        1..100 => return Err(not_a_trace("a short file of another kind")),
        _ => {}
    }
    if header == [0; 100] {
        return Err(not_a_trace("a file whose beginning is empty"));
    }
    if &header[..16] != SQLITE_HEADER {
        return Err(not_a_trace("a file of another kind"));
    }
    if header[68..72] != APPLICATION_ID.to_be_bytes() {
        return Err(not_a_trace("a database of another program"));
    }
    Ok(true)
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::Inaccessible {
        doing: "read",
        path: path.into(),
        reason: error.to_string(),
    }
}

pub fn inaccessible(doing: &'static str, path: &Path) -> impl FnOnce(rusqlite::Error) -> Error {
    let path = path.to_owned();
    move |error| match descriptors::limit_met() {
        Some(limit) => limit_reached(path, limit),
        None => Error::Inaccessible {
            doing,
            path,
            reason: error.to_string(),
        },
    }
}

fn limit_reached(path: PathBuf, limit: Limit) -> Error {
    let (reached, remedy) = match limit {
        Limit::FileSize => (
            "the limit on the size of files is reached",
            "raise it (`ulimit -f`)",
        ),
        Limit::OpenFiles => (
            "the limit on open files is reached",
            "raise it (`ulimit -n`)",
        ),
        Limit::Quota => (
            "the user's share of the disk is used up",
            "free some space or record elsewhere",
        ),
    };
    Error::LimitReached {
        reached,
        path,
        remedy,
    }
}

/// Tells a full disk, a limit, a missing permission, a file that is gone and closed files from other
/// failures.
pub fn write_error(path: &Path, doing: &'static str, error: rusqlite::Error) -> Error {
    if descriptors::are_lost() {
        return Error::FilesClosed(path.into());
    }
    if is_gone(&error) {
        return Error::Gone(path.into());
    }
    if let Some(ErrorCode::SystemIoFailure) = error.sqlite_error_code()
        && let Some(limit) = descriptors::limit_met()
    {
        return limit_reached(path.into(), limit);
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::DiskFull(path.into()),
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            inaccessible("write", path)(error)
        }
        _ => Error::database(doing)(error).of_trace(path),
    }
}

/// Whether the file of a trace that is open is not where it was opened.
pub fn is_gone(error: &rusqlite::Error) -> bool {
    let is_moved = |error: &ffi::Error| error.extended_code == ffi::SQLITE_READONLY_DBMOVED;
    error.sqlite_error().is_some_and(is_moved)
}

/// Whether a process of this number runs.
pub fn is_alive(pid: u32) -> bool {
    let Ok(pid) = i32::try_from(pid) else {
        return false;
    };
    let answer = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None);
    answer != Err(nix::errno::Errno::ESRCH)
}

pub fn check_format(connection: &Connection, path: &Path) -> Result<()> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let format = pragma("user_version").map_err(|error| write_error(path, "opening it", error))?;
    if format > FORMAT {
        return Err(Error::NewerFormat {
            path: path.into(),
            found: format,
            expected: FORMAT,
        });
    }
    if format < 1 {
        return Err(Error::NotATrace {
            path: path.into(),
            found: "a trace whose creation was cut off".into(),
        });
    }
    Ok(())
}

pub fn n_tables(connection: &Connection) -> rusqlite::Result<i64> {
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
}

/// Creates the tables, unless somebody else does.
pub fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let creating = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if n_tables(&creating)? == 0 {
        creating.pragma_update(None, "application_id", APPLICATION_ID)?;
        creating.pragma_update(None, "user_version", FORMAT)?;
        creating.execute_batch(SCHEMA)?;
        creating.execute(
            "INSERT INTO meta VALUES ('created_by', ?)",
            [concat!("spacetimepy ", env!("CARGO_PKG_VERSION"))],
        )?;
    }
    creating.commit()
}
