//! Keyframes: a replica written as records that build it up from nothing.
//!
//! Contents of at least [`PIECE_BYTES`] that did not change since the previous keyframe are stored
//! once as a *piece*, and later keyframes only name it. Writer and reader stand here side by side.

use xxhash_rust::xxh3::xxh3_128;

use crate::cell::Cell;
use crate::heap::PieceMark;
use crate::replica::{LiveCall, Replica};
use crate::stream::{Malformed, Sink, Source, put_object_record, put_slot, record, value, zigzag};

/// Smaller contents are written again in each keyframe.
const PIECE_BYTES: usize = 1024;

/// The contents of an object, shared by keyframes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// xxh3-128 of the contents.
    pub hash: u128,
    /// Records with object number 0.
    pub contents: Vec<u8>,
}

/// Writes the keyframes of one session.
#[derive(Debug, Default)]
pub struct KeyframeWriter {
    hashes: Vec<u128>,
    scratch: Vec<u8>,
}

impl KeyframeWriter {
    /// Writes a keyframe. Gives the pieces that were not stored before.
    pub fn write(&mut self, replica: &mut Replica, sink: &mut Vec<u8>) -> Vec<Piece> {
        let current = replica.current_thread();
        sink.byte(record::KEYFRAME);
        sink.varint(replica.n_calls);
        sink.varint(replica.n_states);
        sink.varint(u64::from(replica.n_objects));
        sink.varint(replica.clock_ns);
        sink.varint(u64::from(current));
        for (id, name) in replica.names.iter().enumerate() {
            sink.byte(record::NAME);
            sink.varint(id as u64);
            sink.blob(name.as_bytes());
        }
        if !replica.gap.is_empty() {
            sink.byte(record::GAP);
            sink.blob(replica.gap.as_bytes());
        }
        let pieces = self.put_objects(replica, sink);
        put_calls(replica, sink);
        sink.byte(record::THREAD);
        sink.varint(u64::from(current));
        pieces
    }

    fn put_objects(&mut self, replica: &mut Replica, sink: &mut Vec<u8>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut numbers: Vec<u32> = replica.objects.keys().copied().collect();
        numbers.sort_unstable();
        for number in numbers {
            let object = replica
                .objects
                .get_mut(&number)
                .expect("a number of an object");
            put_object_record(sink, record::OBJECT, number);
            sink.byte(object.kind as u8);
            sink.varint(u64::from(object.type_name));
            sink.varint(u64::from(object.type_flags));
            match object.piece {
                PieceMark::Changed => {
                    object.put_contents(number, sink);
                    object.piece = PieceMark::Unchanged;
                }
                PieceMark::Unchanged => {
                    self.scratch.clear();
                    object.put_contents(0, &mut self.scratch);
                    if self.scratch.len() < PIECE_BYTES {
                        object.put_contents(number, sink);
                        continue;
                    }
                    let hash = xxh3_128(&self.scratch);
                    let contents = self.scratch.clone();
                    pieces.push(Piece { hash, contents });
                    object.piece = PieceMark::Stored(self.hashes.len() as u32);
                    self.hashes.push(hash);
                    put_piece(sink, number, hash);
                }
                PieceMark::Stored(at) => put_piece(sink, number, self.hashes[at as usize]),
            }
        }
        pieces
    }
}

fn put_piece(sink: &mut Vec<u8>, number: u32, hash: u128) {
    put_object_record(sink, record::PIECE, number);
    sink.bytes(&hash.to_le_bytes());
}

fn put_calls(replica: &Replica, sink: &mut Vec<u8>) {
    for thread in 0..replica.threads.stacks.len() as u32 {
        sink.byte(record::THREAD);
        sink.varint(u64::from(thread));
        for call in replica.stack(thread) {
            put_call(call, sink);
        }
        if thread == 0 {
            // Any thread would do: suspended calls belong to none.
            for call in replica.suspended() {
                put_call(call, sink);
                sink.byte(record::YIELD);
                sink.byte(value::NULL);
            }
        }
    }
}

fn put_call(call: &LiveCall, sink: &mut Vec<u8>) {
    sink.byte(record::LIVE_CALL);
    sink.varint(call.number);
    sink.varint(u64::from(call.code));
    sink.varint(u64::from(call.flags));
    sink.varint(u64::from(call.namespace));
    if let Some(object) = call.locals_object {
        sink.varint(u64::from(object));
    }
    sink.varint(zigzag(call.line_offset));
    sink.varint(call.n_states);
    sink.varint(call.first_state.map_or(0, |state| state + 1));
    sink.varint(call.parent.map_or(0, |parent| parent + 1));
    let bound = |(_, cell): &(usize, &Cell)| cell.bytes() != [value::NULL];
    for (slot, cell) in call.slots.iter().enumerate().filter(bound) {
        put_slot(sink, slot as u32);
        sink.bytes(cell.bytes());
    }
}

/// Where pieces come from when a keyframe is read.
pub type FindPiece<'a> = dyn FnMut(u128) -> crate::Result<std::sync::Arc<Vec<u8>>> + 'a;

/// What can be wrong with a keyframe.
#[derive(Debug)]
pub enum KeyframeError {
    /// Its bytes.
    Malformed(Malformed),
    /// A piece it names.
    Piece(crate::Error),
}

impl From<Malformed> for KeyframeError {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

/// Builds the replica that a keyframe describes.
pub fn read_keyframe(bytes: &[u8], find: &mut FindPiece) -> Result<Replica, KeyframeError> {
    let mut replica = Replica::default();
    let mut source = Source::new(bytes);
    while let Some(tag) = source.peek() {
        if tag != record::PIECE {
            replica.step(&mut source)?;
            continue;
        }
        source.byte()?;
        let number = source.varint_u32()?;
        let hash = u128::from_le_bytes(source.bytes(16)?.try_into().expect("16 bytes"));
        let piece = find(hash).map_err(KeyframeError::Piece)?;
        replica.piece_object = Some(number);
        let mut contents = Source::new(&piece);
        while !contents.is_empty() {
            replica.step(&mut contents)?;
        }
        replica.piece_object = None;
    }
    Ok(replica)
}
