//! The writer thread: takes committed records out of the ring, follows them with a replica, cuts
//! them into chunks and stores those.
//!
//! It never takes the GIL, and it never stops draining the ring while the recording is open: after
//! a failure it throws records away, so that the program goes on, and keeps the reason for
//! [`Recording::close`](crate::Recording::close).

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use nix::sys::signal::SigSet;
use rusqlite::{Connection, params};
use spacetime_model::{SessionId, SessionInfo};

use crate::database;
use crate::directory::Directory;
use crate::keyframe::{KeyframeWriter, Piece};
use crate::recording::{EndInfo, Health, Options, Order, Reply, Shared, Summary};
use crate::replica::{Replica, Step};
use crate::ring::RingReader;
use crate::sealed::{MAX_RAW_BYTES, Place, Sealer};
use crate::stream::{Malformed, Source};
use crate::{Error, Result, Target};

/// Records are applied and given back to the ring in steps of about this size.
const SLICE_BYTES: usize = 64 << 10;
/// A chunk is sealed at this size of its records,
const CHUNK_BYTES: usize = 128 << 10;
/// or when its first record has waited for this long.
const MAX_DELAY: Duration = Duration::from_millis(90);
/// How often an idle writer looks into the ring.
const IDLE: Duration = Duration::from_millis(2);
/// How often the coarse clock moves.
const TICK: Duration = Duration::from_micros(900);

pub(crate) struct Writer {
    path: PathBuf,
    options: Options,
    shared: Arc<Shared>,
    ring: RingReader,
    orders: Receiver<Order>,
    waiting_orders: VecDeque<Order>,
    connection: Option<Connection>,
    sealer: Sealer,
    session: Option<OpenSession>,
    failure: Option<Error>,
    summary: Summary,
}

/// The session whose records come out of the ring.
struct OpenSession {
    id: u64,
    replica: Replica,
    keyframes: KeyframeWriter,
    chunk: OpenChunk,
    /// The chunk with the keyframe that the next chunk builds on.
    keyframe_chunk: u64,
    keyframe_size: usize,
    delta_since_keyframe: usize,
    stored_bytes: u64,
}

/// The chunk that is being filled.
#[derive(Default)]
struct OpenChunk {
    number: u64,
    keyframe: Vec<u8>,
    pieces: Vec<Piece>,
    delta: Vec<u8>,
    directory: Directory,
    first_state: u64,
    begun: Option<Instant>,
}

impl Writer {
    pub fn new(
        target: &Target,
        options: &Options,
        shared: Arc<Shared>,
        ring: RingReader,
        orders: Receiver<Order>,
    ) -> Result<Self> {
        let connection = database::open_for_writing(target, options.overwrite)?;
        let sealer = Sealer::new().map_err(|error| Error::Misuse(error.to_string()))?;
        Ok(Self {
            path: target.path(),
            options: options.clone(),
            shared,
            ring,
            orders,
            waiting_orders: VecDeque::new(),
            connection: Some(connection),
            sealer,
            session: None,
            failure: None,
            summary: Summary::default(),
        })
    }

    /// Starts the writer and the clock.
    pub fn start(self) -> Result<Vec<JoinHandle<()>>> {
        let clock = Clock {
            shared: Arc::clone(&self.shared),
            is_closed: Arc::new(AtomicBool::new(false)),
        };
        let stop_clock = StopClock(Arc::clone(&clock.is_closed));
        let shared = Arc::clone(&self.shared);
        let write = move || {
            let _stop_clock = stop_clock;
            let run = std::panic::AssertUnwindSafe(|| self.run());
            if std::panic::catch_unwind(run).is_err() {
                shared.fail("the writer thread came upon a bug; please report this".into());
            }
        };
        Ok(vec![
            spawn("spacetime-writer", write)?,
            spawn("spacetime-clock", move || clock.run())?,
        ])
    }

    fn run(mut self) {
        loop {
            let has_progressed = self.drain();
            self.take_orders();
            while let Some(order) = self.waiting_orders.pop_front() {
                // What was committed before the order was given comes first.
                while self.drain() {}
                match order {
                    Order::Close(reply) => {
                        let summary = self.close();
                        let _ = reply.send(summary);
                        return;
                    }
                    order => self.obey(order),
                }
            }
            self.seal_if_due();
            if has_progressed {
                continue;
            }
            match self.orders.recv_timeout(IDLE) {
                Ok(order) => self.accept(order),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    let _ = self.close();
                    return;
                }
            }
        }
    }

    /// Applies a slice of what is committed. Says whether there was anything.
    fn drain(&mut self) -> bool {
        if self.ring.has_failed() && self.failure.is_none() {
            self.fail(Error::Misuse(
                "a record is larger than the recording buffer".into(),
            ));
        }
        let bytes = self.ring.committed();
        if bytes.is_empty() {
            return false;
        }
        let (n_taken, result) = match &mut self.session {
            _ if self.failure.is_some() => (bytes.len(), Ok(())),
            Some(session) => session.apply(bytes),
            None => {
                let found = "records outside of a session".to_string();
                (bytes.len(), Err(Error::Misuse(found)))
            }
        };
        self.ring.advance(n_taken);
        if let Err(error) = result {
            // What came before the bad record is good.
            self.seal();
            self.fail(error);
        }
        let is_full = |session: &OpenSession| session.chunk.delta.len() >= CHUNK_BYTES;
        if self.session.as_ref().is_some_and(is_full) {
            self.seal();
        }
        true
    }

    /// Code must be known before the records that use it are stored; other orders wait their turn.
    fn accept(&mut self, order: Order) {
        match order {
            Order::AddCode(number, code) => {
                let (Some(connection), Some(session)) = (&self.connection, &self.session) else {
                    self.fail(Error::Misuse("code added outside of a session".into()));
                    return;
                };
                let added = database::insert_code(connection, session.id, number, &code);
                if let Err(error) = added {
                    self.fail_to_write("adding code", error);
                }
            }
            order => self.waiting_orders.push_back(order),
        }
    }

    fn take_orders(&mut self) {
        while let Ok(order) = self.orders.try_recv() {
            self.accept(order);
        }
    }

    fn obey(&mut self, order: Order) {
        match order {
            Order::BeginSession(info, reply) => {
                let begun = self.begin_session(&info);
                answer(&reply, begun);
            }
            Order::SetMetadata(json, reply) => {
                let set =
                    self.update_session("UPDATE session SET metadata = ?2 WHERE id = ?1", &json);
                answer(&reply, set);
            }
            Order::EndSession(end, reply) => {
                let ended = self.end_session(&end);
                answer(&reply, ended);
            }
            Order::Flush(reply) => {
                self.seal();
                let flushed = self.check();
                answer(&reply, flushed);
            }
            Order::AddCode(..) | Order::Close(_) => unreachable!("dealt with by the callers"),
        }
    }

    fn begin_session(&mut self, info: &SessionInfo) -> Result<SessionId> {
        self.check()?;
        if self.session.is_some() {
            return Err(Error::Misuse("a session was begun inside another".into()));
        }
        let Some(connection) = &mut self.connection else {
            return Err(Error::RecordingFailed("the recording is closed".into()));
        };
        let id = match database::insert_session(connection, info) {
            Ok(id) => id,
            Err(error) => {
                self.fail_to_write("adding a session", error);
                return Err(self.failure());
            }
        };
        self.session = Some(OpenSession::new(id));
        self.summary.n_sessions += 1;
        self.shared.begin_session();
        Ok(SessionId(id))
    }

    fn update_session(&mut self, update: &str, value: &str) -> Result<()> {
        self.check()?;
        let (Some(connection), Some(session)) = (&self.connection, &self.session) else {
            return Err(Error::Misuse("there is no open session".into()));
        };
        let updated = connection.execute(update, params![session.id as i64, value]);
        if let Err(error) = updated {
            self.fail_to_write("updating the session", error);
        }
        self.check()
    }

    fn end_session(&mut self, end: &EndInfo) -> Result<()> {
        self.seal();
        self.shared.end_session();
        let Some(session) = self.session.take() else {
            self.check()?;
            return Err(Error::Misuse("there is no open session".into()));
        };
        self.check()?;
        self.summary.n_calls += session.replica.n_calls;
        self.summary.n_states += session.replica.n_states;
        let Some(connection) = &self.connection else {
            return Ok(());
        };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let updated = connection.execute(
            "UPDATE session SET ended_unix_ns = ?, exit_kind = ?, exit_message = ? WHERE id = ?",
            params![
                now.as_nanos() as i64,
                end.kind.name(),
                end.message,
                session.id as i64
            ],
        );
        if let Err(error) = updated {
            self.fail_to_write("ending the session", error);
        }
        self.check()
    }

    fn seal_if_due(&mut self) {
        let is_due = |session: &OpenSession| {
            session
                .chunk
                .begun
                .is_some_and(|begun| begun.elapsed() >= MAX_DELAY)
        };
        if self.session.as_ref().is_some_and(is_due) {
            self.seal();
        }
    }

    /// Stores the open chunk, if there is anything in it, and opens the next.
    fn seal(&mut self) {
        self.take_orders();
        if self.failure.is_some() {
            return;
        }
        let (Some(session), Some(connection)) = (&mut self.session, &mut self.connection) else {
            return;
        };
        if session.chunk.delta.is_empty() {
            return;
        }
        match session.store_chunk(connection, &mut self.sealer) {
            Ok(()) => {
                session.open_next_chunk();
                if session.stored_bytes > self.options.max_bytes {
                    self.shared.set_health(Health::OverBytes);
                } else if session.replica.n_states > self.options.max_states {
                    self.shared.set_health(Health::OverStates);
                }
            }
            Err(error) => self.fail_to_write("storing a chunk", error),
        }
    }

    fn close(&mut self) -> Result<Summary> {
        self.seal();
        if let Some(session) = self.session.take() {
            self.summary.n_calls += session.replica.n_calls;
            self.summary.n_states += session.replica.n_states;
        }
        self.shared.end_session();
        if let Some(connection) = self.connection.take() {
            let bytes = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";
            let bytes = connection.query_row(bytes, [], |row| row.get::<_, i64>(0));
            self.summary.trace_bytes = bytes.unwrap_or_default() as u64;
            if let Err(error) = database::finish(connection) {
                self.fail_to_write("closing it", error);
            }
        }
        self.check()?;
        Ok(self.summary.clone())
    }

    fn fail(&mut self, error: Error) {
        self.shared.fail(error.to_string());
        self.failure.get_or_insert(error);
    }

    fn fail_to_write(&mut self, doing: &'static str, error: rusqlite::Error) {
        self.fail(database::write_error(&self.path, doing, error));
    }

    fn check(&mut self) -> Result<()> {
        if self.failure.is_some() {
            Err(self.failure())
        } else {
            Ok(())
        }
    }

    /// The failure, to be told to whoever asks: its kind is kept where that helps.
    fn failure(&self) -> Error {
        match &self.failure {
            Some(Error::DiskFull(path)) => Error::DiskFull(path.clone()),
            Some(error) => Error::RecordingFailed(error.to_string()),
            None => Error::RecordingFailed("the recording is closed".into()),
        }
    }
}

impl OpenSession {
    fn new(id: u64) -> Self {
        Self {
            id,
            replica: Replica::default(),
            keyframes: KeyframeWriter::default(),
            chunk: OpenChunk::default(),
            keyframe_chunk: 0,
            keyframe_size: 0,
            delta_since_keyframe: 0,
            stored_bytes: 0,
        }
    }

    /// Applies whole records, a slice at most. Gives the number of bytes dealt with.
    fn apply(&mut self, bytes: &[u8]) -> (usize, Result<()>) {
        let n_wanted = bytes.len().min(SLICE_BYTES);
        let chunk = &mut self.chunk;
        chunk.begun.get_or_insert_with(Instant::now);
        let base = chunk.delta.len();
        let mut source = Source::new(bytes);
        let mut good = 0;
        let result = loop {
            if source.offset() >= n_wanted {
                good = source.offset();
                break Ok(());
            }
            let start = source.offset();
            match self.replica.step(&mut source) {
                Ok(Step::Change | Step::State(_)) => {}
                Ok(Step::Started(stamp)) => {
                    let thread = self.replica.current_thread();
                    if let Some(call) = self.replica.top() {
                        chunk
                            .directory
                            .start(call, thread, stamp, base + source.offset());
                    }
                }
                Ok(Step::Ended(ended)) => chunk.directory.end(&ended, base + start),
                Err(Malformed { at, found }) => {
                    good = good.max(start);
                    let tag = bytes[start];
                    break Err(Error::Misuse(format!(
                        "{found} in a record with tag {tag:#04x} ({} bytes into it)",
                        at - start
                    )));
                }
            }
        };
        chunk.delta.extend_from_slice(&bytes[..good]);
        match result {
            Ok(()) => (good, Ok(())),
            Err(error) => (bytes.len(), Err(error)),
        }
    }

    fn store_chunk(
        &mut self,
        connection: &mut Connection,
        sealer: &mut Sealer,
    ) -> rusqlite::Result<()> {
        let Self {
            id: session,
            replica,
            chunk,
            ..
        } = self;
        let (session, number) = (*session, chunk.number);
        if !chunk.keyframe.is_empty() || number == 0 {
            self.keyframe_chunk = number;
        }
        chunk.directory.finish(replica);
        let directory = chunk.directory.encode();
        let place = Place::Directory { session, number };
        let directory = sealer
            .seal(place, &[&directory])
            .map_err(compression_failed)?;
        let place = Place::Chunk { session, number };
        let records = sealer
            .seal(place, &[&chunk.keyframe, &chunk.delta])
            .map_err(compression_failed)?;
        let mut n_stored = directory.len() + records.len();

        let transaction =
            connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        for piece in chunk.pieces.drain(..) {
            let place = Place::Piece { hash: piece.hash };
            let data = sealer
                .seal(place, &[&piece.contents])
                .map_err(compression_failed)?;
            n_stored += data.len();
            let insert = "INSERT OR IGNORE INTO piece(session, hash, data) VALUES (?, ?, ?)";
            let hash = piece.hash.to_be_bytes();
            let row = params![session as i64, hash.as_slice(), data];
            transaction.prepare_cached(insert)?.execute(row)?;
        }
        let insert = "INSERT INTO chunk_data(directory, records) VALUES (?, ?)";
        transaction
            .prepare_cached(insert)?
            .execute(params![directory, records])?;
        let data = transaction.last_insert_rowid();
        let insert = "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
        transaction.prepare_cached(insert)?.execute(params![
            session as i64,
            number as i64,
            self.keyframe_chunk as i64,
            chunk.first_state as i64,
            (replica.n_states - chunk.first_state) as i64,
            chunk.directory.first_call as i64,
            chunk.directory.started.len() as i64,
            chunk.delta.len() as i64,
            chunk.keyframe.len() as i64,
            data,
        ])?;
        let update = "UPDATE session SET n_calls = ?, n_states = ? WHERE id = ?";
        let counts = params![
            replica.n_calls as i64,
            replica.n_states as i64,
            session as i64
        ];
        transaction.prepare_cached(update)?.execute(counts)?;
        transaction.commit()?;
        self.stored_bytes += n_stored as u64;
        self.delta_since_keyframe += self.chunk.delta.len();
        Ok(())
    }

    /// A keyframe opens the chunk if the records since the last one outweigh it twice.
    fn open_next_chunk(&mut self) {
        let chunk = &mut self.chunk;
        chunk.number += 1;
        chunk.keyframe.clear();
        chunk.delta.clear();
        chunk.delta.shrink_to(2 * CHUNK_BYTES);
        chunk.directory.first_call = self.replica.n_calls;
        chunk.directory.started.clear();
        chunk.directory.ended.clear();
        chunk.first_state = self.replica.n_states;
        chunk.begun = None;
        if self.delta_since_keyframe < CHUNK_BYTES.max(2 * self.keyframe_size) {
            return;
        }
        chunk.keyframe.shrink_to(2 * CHUNK_BYTES);
        chunk.pieces = self.keyframes.write(&mut self.replica, &mut chunk.keyframe);
        let new_pieces: usize = chunk.pieces.iter().map(|piece| piece.contents.len()).sum();
        self.keyframe_size = chunk.keyframe.len() + new_pieces;
        self.delta_since_keyframe = 0;
        if chunk.keyframe.len() > MAX_RAW_BYTES {
            // Readers would refuse it; they replay from the keyframe before.
            chunk.keyframe = Vec::new();
        }
    }
}

fn compression_failed(error: std::io::Error) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

fn answer<T>(reply: &Reply<T>, result: Result<T>) {
    // Nobody waits any more if the asking thread was cut off.
    let _ = reply.send(result);
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let body = move || {
        // Signals are for the program's own threads: a blocking call there must be interrupted.
        let _ = SigSet::all().thread_block();
        body();
    };
    let spawned = std::thread::Builder::new().name(name.into()).spawn(body);
    spawned
        .map_err(|error| Error::RecordingFailed(format!("cannot start the thread {name}: {error}")))
}

/// Moves the coarse clock, so that capture need not read one.
struct Clock {
    shared: Arc<Shared>,
    is_closed: Arc<AtomicBool>,
}

impl Clock {
    fn run(self) {
        while !self.is_closed.load(Ordering::Relaxed) {
            self.shared.tick();
            std::thread::sleep(TICK);
        }
    }
}

/// Stops the clock when the writer ends, in whatever way.
struct StopClock(Arc<AtomicBool>);

impl Drop for StopClock {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
