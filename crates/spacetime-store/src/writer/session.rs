//! The session that the writer thread is in: applies records, fills chunks and stores them.
//!
//! Hot path of the writer thread: no lock, no formatting, no log. Bench: `bench/run.py`.

use std::time::Instant;

use rusqlite::{Connection, TransactionBehavior};
use spacetime_model::Outcome;

use crate::directory::{DirectoryWriter, EndedCall, Live, Started};
use crate::keyframe::{KeyframeWriter, Piece};
use crate::recording::BegunSession;
use crate::replica::{CallLog, LiveCall, Replica, Stamp};
use crate::rows::{self, ChunkRow};
use crate::sealed::{MAX_RAW_BYTES, Place, Sealer};
use crate::stream::{Malformed, Source};
use crate::writer::Notes;
use crate::{Error, Result};

/// Records are applied and given back to the ring in steps of about this size.
pub const SLICE_BYTES: usize = 64 << 10;
/// A chunk is full at this size of its records.
pub const CHUNK_BYTES: usize = 128 << 10;

/// The session whose records come out of the ring.
pub struct OpenSession {
    pub begun: BegunSession,
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
    directory: DirectoryWriter,
    first_state: u64,
    pub begun: Option<Instant>,
}

/// Notes in the directory what happens to calls.
struct ChunkLog<'a> {
    directory: &'a mut DirectoryWriter,
    /// Where in the chunk's delta the records begin that are applied.
    base: usize,
}

impl CallLog for ChunkLog<'_> {
    #[inline(always)]
    fn started(&mut self, call: &LiveCall, thread: u32, stamp: Stamp, offset: usize) {
        self.directory.start(&Started {
            code: call.code,
            flags: call.flags,
            thread,
            parent: call.parent,
            stamp,
            offset: (self.base + offset) as u32,
        });
    }

    #[inline(always)]
    fn ended(&mut self, call: &LiveCall, outcome: Outcome, stamp: Stamp, offset: usize) {
        self.directory.end(&EndedCall {
            number: call.number,
            outcome,
            n_states: call.n_states,
            first_state: call.first_state,
            stamp,
            offset: (self.base + offset) as u32,
        });
    }

    fn task_changed(&mut self, name: &str) {
        self.directory.change_task(name);
    }
}

impl OpenSession {
    pub fn new(begun: BegunSession) -> Self {
        Self {
            begun,
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
        let mut source = Source::new(bytes);
        let mut log = ChunkLog {
            directory: &mut chunk.directory,
            base: chunk.delta.len(),
        };
        let result = self.replica.run(&mut source, n_wanted, &mut log);
        let n_good = source.offset();
        chunk.delta.extend_from_slice(&bytes[..n_good]);
        match result {
            Ok(()) => (n_good, Ok(())),
            Err(Malformed { at, found }) => {
                let tag = bytes[n_good];
                let error = Error::Misuse(format!(
                    "{found} in a record with tag {tag:#04x} ({} bytes into it)",
                    at - n_good
                ));
                (bytes.len(), Err(error))
            }
        }
    }

    pub fn store_chunk(
        &mut self,
        connection: &mut Connection,
        sealer: &mut Sealer,
        notes: Notes,
    ) -> rusqlite::Result<()> {
        let Self {
            begun,
            replica,
            chunk,
            ..
        } = self;
        let (session, number) = (begun.id, chunk.number);
        if !chunk.keyframe.is_empty() || number == 0 {
            self.keyframe_chunk = number;
        }
        let live = |call: &LiveCall| Live {
            number: call.number,
            n_states: call.n_states,
            first_state: call.first_state,
        };
        let live = replica.live_calls().into_iter().map(live);
        let directory = chunk.directory.finish(live);
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
        notes.insert(&transaction, session)?;
        for piece in chunk.pieces.drain(..) {
            let place = Place::Piece { hash: piece.hash };
            let data = sealer
                .seal(place, &[&piece.contents])
                .map_err(compression_failed)?;
            n_stored += data.len();
            rows::insert_piece(&transaction, session, piece.hash, &data)?;
        }
        let data = rows::insert_chunk_data(&transaction, &directory, &records)?;
        let row = ChunkRow {
            number,
            keyframe: self.keyframe_chunk,
            first_state: chunk.first_state,
            n_states: replica.n_states - chunk.first_state,
            first_call: chunk.directory.first_call,
            n_calls: chunk.directory.n_started(),
            raw_bytes: chunk.delta.len() as u64,
            keyframe_bytes: chunk.keyframe.len() as u64,
            data,
        };
        rows::insert_chunk(&transaction, session, &row)?;
        rows::count_session(&transaction, session, replica.n_calls, replica.n_states)?;
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
        chunk.directory.begin(self.replica.n_calls);
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
