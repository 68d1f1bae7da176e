//! The session that the writer thread is in: applies records, fills chunks and stores them.
//!
//! Hot path of the writer thread: no lock, no formatting, no log. Bench: `benches/writer.rs`.

use std::time::Instant;

use rusqlite::{Connection, TransactionBehavior, params};

use crate::directory::Directory;
use crate::keyframe::{KeyframeWriter, Piece};
use crate::replica::{Replica, Step};
use crate::sealed::{MAX_RAW_BYTES, Place, Sealer};
use crate::stream::{Malformed, Source};
use crate::{Error, Result};

/// Records are applied and given back to the ring in steps of about this size.
pub const SLICE_BYTES: usize = 64 << 10;
/// A chunk is full at this size of its records.
pub const CHUNK_BYTES: usize = 128 << 10;

/// The session whose records come out of the ring.
pub struct OpenSession {
    pub id: u64,
    pub replica: Replica,
    keyframes: KeyframeWriter,
    pub chunk: OpenChunk,
    /// The chunk with the keyframe that the next chunk builds on.
    keyframe_chunk: u64,
    keyframe_size: usize,
    delta_since_keyframe: usize,
    pub stored_bytes: u64,
}

/// The chunk that is being filled.
#[derive(Default)]
pub struct OpenChunk {
    number: u64,
    keyframe: Vec<u8>,
    pieces: Vec<Piece>,
    pub delta: Vec<u8>,
    directory: Directory,
    first_state: u64,
    pub begun: Option<Instant>,
}

impl OpenSession {
    pub fn new(id: u64) -> Self {
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
    pub fn apply(&mut self, bytes: &[u8]) -> (usize, Result<()>) {
        let n_wanted = bytes.len().min(SLICE_BYTES);
        let chunk = &mut self.chunk;
        chunk.begun.get_or_insert_with(Instant::now);
        let base = chunk.delta.len();
        let mut source = Source::new(bytes);
        let mut good = 0;
        let result = loop {
            self.replica.run_through_lines(&mut source, n_wanted);
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

    pub fn store_chunk(
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

        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
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
    pub fn open_next_chunk(&mut self) {
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
