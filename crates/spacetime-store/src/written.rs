//! A trace that this process writes to: opening it, leaving it for a while, and leaving it for good.
//!
//! While it is written to it has side files, the write-ahead log and its index; who leaves it last makes
//! one plain file of them, wherever it was moved to. Only one process at a time does either ([`crate::switching`]).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, ffi};

use crate::database::{
    check_format, create, harden, inaccessible, is_alive, is_gone, is_trace, n_tables,
    open_for_reading, open_memory, write_error,
};
use crate::descriptors::FileId;
use crate::fatal_signal::FatalSignal;
use crate::switching::Switching;
use crate::{Error, Result, Target, descriptors};

/// A trace that this process writes to, open or not.
pub struct WrittenTrace {
    target: Target,
    /// Ends the process, so that nothing is waited for.
    fatal_signal: Arc<FatalSignal>,
    has_moved: bool,
    /// From when it was opened first.
    known: Option<KnownFile>,
}

/// Which trace is opened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// The one that is there, or a new one.
    Any,
    /// A new one, in place of what is there.
    Afresh,
    /// The one that this process, or the one it came from, wrote to before.
    Again,
}

/// How a trace is left.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Leaving {
    /// It is soon opened again: what is in its side files stays there.
    ForAWhile,
    /// As one file. Others who have it open may prevent that: then the side files go when the last of
    /// them leaves it, or when it is next written to.
    AsOneFile,
}

impl WrittenTrace {
    pub fn new(target: Target, fatal_signal: Arc<FatalSignal>) -> Self {
        Self {
            target,
            fatal_signal,
            has_moved: false,
            known: None,
        }
    }

    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Where it is, or what stands for that in messages.
    pub fn path(&self) -> PathBuf {
        self.target.path()
    }

    /// Where it is, if that is not where it was.
    pub fn moved_to(&self) -> Option<PathBuf> {
        self.has_moved.then(|| self.path())
    }

    /// Opens it. Nothing but a trace is overwritten.
    pub fn open(&mut self, opening: Opening) -> Result<Connection> {
        descriptors::watch();
        let _switching = Switching::begin(&self.target, &self.fatal_signal);
        let connection = match &self.target {
            Target::File(path) => open_file(path, opening)?,
            Target::Memory(name) => open_memory(name, opening == Opening::Afresh)?,
        };
        harden(&connection).map_err(self.failed("opening it"))?;
        let connection = self.prepare(connection)?;
        if let (Target::File(path), None) = (&self.target, &self.known) {
            self.known = KnownFile::at(path);
        }
        Ok(connection)
    }

    /// Creates the tables where there are none, switches to WAL, and opens the side files.
    fn prepare(&self, mut connection: Connection) -> Result<Connection> {
        // Who opens a trace that is there does not wait for those that write to it.
        if n_tables(&connection).map_err(self.failed("opening it"))? == 0 {
            // It is on disk once it is switched to WAL.
            let mut create_unsynced = || -> rusqlite::Result<()> {
                connection.pragma_update(None, "synchronous", "OFF")?;
                create(&mut connection)?;
                connection.pragma_update(None, "synchronous", "NORMAL")
            };
            create_unsynced().map_err(self.failed("creating it"))?;
        }
        check_format(&connection, &self.path())?;
        if let Target::File(_) = self.target {
            let to_wal = || -> rusqlite::Result<()> {
                connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
                connection.pragma_update(None, "synchronous", "NORMAL")?;
                connection.pragma_update(None, "wal_autocheckpoint", 4000)?;
                n_tables(&connection).map(drop)
            };
            to_wal().map_err(self.failed("switching it to WAL"))?;
        }
        Ok(connection)
    }

    fn failed(&self, doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Error {
        let path = self.path();
        move |error| write_error(&path, doing, error)
    }

    /// Closes it.
    pub fn leave(&mut self, mut connection: Connection, leaving: Leaving) -> Result<()> {
        let was_moved = self.follow();
        if leaving == Leaving::ForAWhile || descriptors::are_lost() {
            return close_as_it_is(connection).map_err(self.failed("closing it"));
        }
        if was_moved {
            // By its old path SQLite removes no side files.
            close_as_it_is(connection).map_err(self.failed("closing it"))?;
            connection = self.open(Opening::Again)?;
        }
        let patience = connection.busy_timeout(Duration::from_millis(200));
        let checkpointed = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let _switching = Switching::begin(&self.target, &self.fatal_signal);
        let plain = connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()));
        // Whatever failed, the connection is closed while nobody else switches.
        let closed = connection.close().map_err(|(_, error)| error);
        let stored = patience.and(checkpointed).or_else(unless_held_by_others);
        let left = stored.and(plain.and(closed).or_else(unless_side_files_stay));
        left.map_err(self.failed("closing it"))
    }

    /// Goes where the open trace was moved to with its side files. Says whether it was. Without them it is
    /// left alone: others may still write to those.
    fn follow(&mut self) -> bool {
        let (Target::File(path), Some(known)) = (&self.target, &self.known) else {
            return false;
        };
        if KnownFile::at(path).is_some_and(|found| found.id == known.id) {
            return false;
        }
        let Some(place) = descriptors::place_of(known.id) else {
            return false;
        };
        if !KnownFile::at(&side_file(&place, "-wal"))
            .is_some_and(|log| descriptors::is_open(log.id))
        {
            return false;
        }
        self.target = Target::File(place);
        self.has_moved = true;
        true
    }

    /// Whether somebody cut the file since this was asked last. Of a file that is elsewhere nothing is
    /// known.
    pub fn was_cut(&mut self) -> bool {
        let (Target::File(path), Some(known)) = (&self.target, &mut self.known) else {
            return false;
        };
        let Some(found) = KnownFile::at(path).filter(|found| found.id == known.id) else {
            return false;
        };
        let before = std::mem::replace(&mut known.n_bytes, found.n_bytes);
        found.n_bytes < before
    }

    /// Looks whether what was recorded can be found again, as far as that takes no time to speak of.
    pub fn is_found_broken(&self) -> bool {
        let Target::File(path) = &self.target else {
            return false;
        };
        let Ok(file) = path.metadata() else {
            return false;
        };
        // Others still record into it: the last one looks.
        if side_file(path, "-wal").exists() {
            return false;
        }
        let check = || -> Result<bool> {
            let connection = open_for_reading(&self.target)?;
            let query = match file.len() <= MAX_CHECKED_BYTES {
                true => "PRAGMA quick_check(1)",
                false => "SELECT CASE WHEN count(name) > 0 THEN 'ok' END FROM session",
            };
            let found = connection.query_row(query, [], |row| row.get::<_, String>(0));
            Ok(found.map_err(Error::database("looking at it"))? != "ok")
        };
        match check() {
            Ok(is_broken) => is_broken,
            // Whatever else fails here says nothing of the trace.
            Err(error) => matches!(error, Error::NotATrace { .. } | Error::Broken { .. }),
        }
    }
}

/// Files up to this size are read to see whether they are whole.
const MAX_CHECKED_BYTES: u64 = 32 << 20;

fn open_file(path: &Path, opening: Opening) -> Result<Connection> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
    let is_there = is_trace(path)?;
    match opening {
        Opening::Afresh if is_there => remove_trace(path)?,
        Opening::Again if is_there => flags.remove(OpenFlags::SQLITE_OPEN_CREATE),
        Opening::Again => return Err(Error::Gone(path.into())),
        Opening::Afresh | Opening::Any => {}
    }
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    if let Some(parent) = parent.filter(|parent| !parent.is_dir()) {
        return Err(Error::Inaccessible {
            doing: "create",
            path: path.into(),
            reason: format!("there is no folder {}", parent.display()),
        });
    }
    Connection::open_with_flags(path, flags).map_err(inaccessible("write", path))
}

fn remove_trace(path: &Path) -> Result<()> {
    let connection = open_for_reading(&Target::File(path.into()))?;
    let recorder = "SELECT pid FROM session WHERE ended_unix_ns IS NULL ORDER BY id DESC";
    let mut statement = connection
        .prepare(recorder)
        .map_err(Error::database("reading sessions"))?;
    let pids = statement.query_map([], |row| row.get::<_, u32>(0));
    let pids: rusqlite::Result<Vec<u32>> = pids.and_then(Iterator::collect);
    for pid in pids.map_err(Error::database("reading sessions"))? {
        if pid != std::process::id() && is_alive(pid) {
            return Err(Error::Busy {
                path: path.into(),
                pid,
            });
        }
    }
    drop(statement);
    drop(connection);
    for suffix in ["-wal", "-shm", "-journal", ""] {
        match std::fs::remove_file(side_file(path, suffix)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::Inaccessible {
                    doing: "write",
                    path: path.into(),
                    reason: error.to_string(),
                });
            }
            _ => {}
        }
    }
    Ok(())
}

fn side_file(path: &Path, suffix: &str) -> PathBuf {
    let mut side = path.as_os_str().to_owned();
    side.push(suffix);
    side.into()
}

/// What others hold they give back when they leave the trace.
fn unless_held_by_others(error: rusqlite::Error) -> rusqlite::Result<()> {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Ok(()),
        _ => Err(error),
    }
}

/// Nothing is lost if the folder is not to be written to: the side files stay and hold nothing.
fn unless_side_files_stay(error: rusqlite::Error) -> rusqlite::Result<()> {
    let is_kept = |error: &ffi::Error| error.extended_code == ffi::SQLITE_IOERR_DELETE;
    match error.sqlite_error_code() {
        _ if is_gone(&error) => Err(error),
        _ if error.sqlite_error().is_some_and(is_kept) => Ok(()),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Ok(()),
        _ => unless_held_by_others(error),
    }
}

/// The file of a trace, which grows only, whoever records into it.
struct KnownFile {
    id: FileId,
    n_bytes: u64,
}

impl KnownFile {
    fn at(path: &Path) -> Option<Self> {
        let file = path.metadata().ok()?;
        Some(Self {
            id: FileId::from(&file),
            n_bytes: file.len(),
        })
    }
}

/// What is in the side files stays there.
fn close_as_it_is(connection: Connection) -> rusqlite::Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.close().map_err(|(_, error)| error)
}
