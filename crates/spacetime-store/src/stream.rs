//! The record stream: what capture writes while the program runs and what every reader replays.
//!
//! A session is one totally ordered sequence of records. Applying the records in order to an empty
//! [`Replica`](crate::replica::Replica) gives the state of the program as recorded: the live calls
//! with their local slots and the heap of objects reachable from them. A record that marks a state
//! ([`LINE`](record::LINE), [`ENTRY`](record::ENTRY), [`EXIT`](record::EXIT)) says "the top call of the
//! current thread is here now"; the records before it say what changed since the previous state.
//!
//! Writer and reader of each record stand side by side in this file, because they must agree.
//! Integers are LEB128 varints unless said otherwise; signed ones are zigzag-coded first.
//! Object ids, call numbers and state numbers count from the start of the session.
//!
//! Hot path: no lock, no allocation, no formatting, no log. Bench: `bench/run.py`.

use crate::cell::{Cell, INLINE};
use spacetime_model::{Fidelity, ObjectId, ObjectKind, SessionId, Value};

/// Where encoded bytes go: the ring buffer while recording, a `Vec` for keyframes.
pub trait Sink {
    /// Appends one byte.
    fn byte(&mut self, byte: u8);
    /// Appends bytes.
    fn bytes(&mut self, bytes: &[u8]);
    /// Marks the end of a record: a cut here leaves a readable prefix.
    #[inline(always)]
    fn record_end(&mut self) {}

    /// Appends an unsigned varint.
    #[inline(always)]
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    /// Appends a length-prefixed byte string.
    #[inline]
    fn blob(&mut self, bytes: &[u8]) {
        self.varint(bytes.len() as u64);
        self.bytes(bytes);
    }
}

impl Sink for Vec<u8> {
    #[inline]
    fn byte(&mut self, byte: u8) {
        self.push(byte);
    }
    #[inline]
    fn bytes(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Maps a signed number to an unsigned one with small magnitudes first.
#[inline(always)]
pub const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

/// Inverse of [`zigzag`].
#[inline(always)]
pub const fn unzigzag(value: u64) -> i64 {
    (value >> 1) as i64 ^ -((value & 1) as i64)
}

/// Record tags. A tag below `0x80` is a short [`LINE`](record::LINE): the line is the top call's
/// previous line plus `tag - 0x40`. Tags from `0xC0` are short [`SLOT`](record::SLOT)s: slot
/// `tag - 0xC0`.
pub mod record {
    /// `line_delta: zigzag`. A line state of the top call. The first delta of a call counts from
    /// the code object's first line.
    pub const LINE: u8 = 0x80;
    /// `slot, value`. A local slot of the top call of the current thread is bound or unbound.
    pub const SLOT: u8 = 0x81;
    /// `code, flags, namespace object, [locals object if CALL_LOCALS_OBJECT]`. A monitored call
    /// starts in the current thread and becomes its top call. Call numbers are implicit.
    pub const CALL: u8 = 0x82;
    /// No payload. The entry state of a function-level call: its arguments are bound.
    pub const ENTRY: u8 = 0x83;
    /// No payload. The exit state of a function-level call, before `RETURN` or `UNWIND`.
    pub const EXIT: u8 = 0x84;
    /// `value`. The top call returns; it is popped.
    pub const RETURN: u8 = 0x85;
    /// `value`. The top call is left by this exception; it is popped.
    pub const UNWIND: u8 = 0x86;
    /// `value`. The top call (a generator or coroutine) is suspended: it leaves the thread's stack
    /// but stays alive.
    pub const YIELD: u8 = 0x87;
    /// `call number`. A suspended call becomes the top call of the current thread.
    pub const RESUME: u8 = 0x88;
    /// `call number`. A suspended call was dropped without running to its end, or the end of the top
    /// call of the current thread was not seen.
    pub const DROP_CALL: u8 = 0x89;
    /// `thread number`. The records that follow belong to this thread. Thread 0 is current at the
    /// start.
    pub const THREAD: u8 = 0x8A;
    /// `nanoseconds since the previous CLOCK`. The session's coarse clock.
    pub const CLOCK: u8 = 0x8B;
    /// `wall nanoseconds since session start, thread CPU nanoseconds + 1 or 0 for unknown`. The
    /// exact time of the CALL, RETURN or UNWIND record that follows.
    pub const STAMP: u8 = 0x8C;
    /// `name id, blob`. Interns an attribute, global or type name; ids count from 0 without holes.
    pub const NAME: u8 = 0x8D;

    /// `object, kind, type name id, type flags`. A new, empty object; contents follow.
    /// An object of that number gives way to it (its `__class__` was assigned).
    pub const OBJECT: u8 = 0x90;
    /// `object`. The object is no longer reachable from any live call; its id is not used again.
    pub const FREE: u8 = 0x91;
    /// `object, name id, value`. An attribute (instance) or name (namespace) is set.
    pub const ATTR: u8 = 0x92;
    /// `object, name id`. An attribute or name is removed.
    pub const ATTR_DEL: u8 = 0x93;
    /// `object, index, value`. A list or tuple item is replaced.
    pub const ITEM: u8 = 0x94;
    /// `object, start, n_removed, n_values, values`. Items `start..start + n_removed` of a list or
    /// tuple give way to the values. Appending, truncating and inserting are splices.
    pub const SPLICE: u8 = 0x95;
    /// `object, key, value`. A dict entry is set; a new key goes to the end.
    pub const DICT_SET: u8 = 0x96;
    /// `object, key`. A dict entry is removed.
    pub const DICT_DEL: u8 = 0x97;
    /// `object, value`. A set gains an element.
    pub const SET_ADD: u8 = 0x98;
    /// `object, value`. A set loses an element.
    pub const SET_DEL: u8 = 0x99;
    /// `object`. A list, dict or set becomes empty (attributes stay).
    pub const CLEAR: u8 = 0x9A;
    /// `object, blob`. Bytes are appended to the text of an object.
    pub const TEXT_APPEND: u8 = 0x9B;
    /// `object, start, n_removed, blob`. Bytes `start..start + n_removed` of the text of an object give
    /// way to others.
    pub const TEXT_SPLICE: u8 = 0x9C;
    /// `object, fidelity code, n`. The object's contents are less than exact from here on: see
    /// [`super::fidelity`]; `n` is the real number of items or bytes.
    pub const FIDELITY: u8 = 0x9D;
    /// `object, 16-byte xxh3-128`. Keyframes only: the object's contents are those of a piece (the
    /// records of its contents, with object number 0 standing for itself).
    pub const PIECE: u8 = 0x9E;
    /// `reason blob`. Something could not be captured from here on (or, with an empty reason,
    /// capture is complete again).
    pub const GAP: u8 = 0x9F;
    /// `n, then n times (object)`. Objects re-read late: what changed in them changed somewhere
    /// between the state at which they were last read and this one. Empty means all. Nothing
    /// writes it yet.
    pub const LATE: u8 = 0xA0;
    /// Keyframes only. `n_calls so far, n_states so far, n_objects so far, clock, current thread`.
    pub const KEYFRAME: u8 = 0xA1;
    /// Keyframes only. `call number, code, flags, namespace, [locals object], zigzag line minus first
    /// line, n_states of this call so far, first state + 1 or 0, parent call + 1 or 0`. A live call; its SLOT records
    /// follow with the call as top of the current thread. Suspended calls are followed by `YIELD`
    /// of `NULL`.
    pub const LIVE_CALL: u8 = 0xA2;
    /// `name blob`. Calls that start from here on run in the task of this name, or in none.
    pub const TASK: u8 = 0xA3;
    /// First of the short slot tags.
    pub const SLOT_0: u8 = 0xC0;
}

/// Bits of the flags of a CALL record.
pub mod call_flag {
    /// Line granularity; otherwise function granularity.
    pub const LINE: u64 = 1;
    /// The locals are the names of an object (module and class bodies); its number follows.
    pub const LOCALS_OBJECT: u64 = 2;
    /// A generator, coroutine or async generator: it may be suspended.
    pub const GENERATOR: u64 = 4;
    /// Recording began inside this call: its arguments may have been rebound before.
    pub const ENTERED_EARLIER: u64 = 8;
}

/// Value tags. A tag below `0x40` is the integer of that value.
pub mod value {
    /// Unbound.
    pub const NULL: u8 = 0x40;
    /// `None`.
    pub const NONE: u8 = 0x41;
    /// `True`.
    pub const TRUE: u8 = 0x42;
    /// `False`.
    pub const FALSE: u8 = 0x43;
    /// `zigzag`. An int of up to 63 bits.
    pub const INT: u8 = 0x44;
    /// `blob`. A larger int: little-endian two's complement.
    pub const BIG_INT: u8 = 0x45;
    /// 8 bytes, little-endian IEEE 754.
    pub const FLOAT: u8 = 0x46;
    /// 16 bytes: real, imaginary.
    pub const COMPLEX: u8 = 0x47;
    /// `blob`. A short str: UTF-8, lone surrogates as in `surrogatepass`.
    pub const STR: u8 = 0x48;
    /// `blob`. Short bytes.
    pub const BYTES: u8 = 0x49;
    /// `object number`.
    pub const REF: u8 = 0x4A;
    /// `n, values`. A short tuple of atoms (no REF inside).
    pub const TUPLE: u8 = 0x4B;
    /// `...`.
    pub const ELLIPSIS: u8 = 0x4C;
    /// `NotImplemented`.
    pub const NOT_IMPLEMENTED: u8 = 0x4D;
    /// `zigzag start, zigzag stop, zigzag step`.
    pub const RANGE: u8 = 0x4E;
    /// `fidelity code`. Not captured; see [`super::fidelity`].
    pub const GAP: u8 = 0x4F;
    /// `n, blob`. The first bytes of a str whose UTF-8 length is `n`.
    pub const STR_TRUNCATED: u8 = 0x50;
    /// `n, blob`. The first bytes of bytes of length `n`.
    pub const BYTES_TRUNCATED: u8 = 0x51;
}

/// Why a value is less than exact.
pub mod fidelity {
    /// As it was.
    pub const EXACT: u8 = 0;
    /// Cut at the size limit.
    pub const TRUNCATED_SIZE: u8 = 1;
    /// Cut at the limit of objects met at one event. Number 2 is reserved: for a limit of depth.
    pub const TRUNCATED_COUNT: u8 = 3;
    /// A type whose contents are not read.
    pub const OPAQUE: u8 = 4;
    /// Excluded by the user (`ignore`, redaction).
    pub const EXCLUDED: u8 = 5;
    /// The memory could not be read safely.
    pub const UNREADABLE: u8 = 6;
    /// The object has no value apart from the running program.
    pub const LIVE: u8 = 7;
}

/// What an object is made of.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Kind {
    List = 0,
    Tuple = 1,
    Dict = 2,
    Set = 3,
    FrozenSet = 4,
    /// Attributes by name; what a type written in C keeps is among them. A subclass of a builtin type
    /// without parts (int, str) has its value as the one item.
    Instance = 5,
    /// Long text, UTF-8.
    Str = 6,
    Bytes = 7,
    ByteArray = 8,
    /// Identity, type and name; the name is the TEXT. A function has its free variables (as cells) and
    /// defaults as attributes, a class and a module have nothing.
    Function = 9,
    Class = 10,
    Module = 11,
    /// Identity and type only; a TEXT may say more.
    Opaque = 12,
    /// Names of a module or class body.
    Namespace = 13,
    Deque = 14,
    /// A member of an enum: as an instance.
    Enum = 15,
    /// Memory: attributes say how it is laid out.
    Buffer = 16,
    /// An open file: attributes say which, how and where.
    File = 17,
    /// An object of a type with an adapter: the payload is the one item; attributes say which adapter and,
    /// if it has one, give its preview.
    Adapted = 18,
}

/// Bits of the type flags of an OBJECT record.
pub mod type_flag {
    /// A subclass of the builtin container named by the kind: it may have attributes as well.
    pub const SUBCLASS: u64 = 1;
}

/// Encodes a line state: the short form covers steps of -64 to +63 lines.
#[inline(always)]
pub fn put_line<S: Sink>(sink: &mut S, line_delta: i32) {
    if (-0x40..0x40).contains(&line_delta) {
        sink.byte((line_delta + 0x40) as u8);
    } else {
        sink.byte(record::LINE);
        sink.varint(zigzag(i64::from(line_delta)));
    }
}

/// Encodes the head of a slot record; a value follows.
#[inline(always)]
pub fn put_slot<S: Sink>(sink: &mut S, slot: u32) {
    if slot < 0x40 {
        sink.byte(record::SLOT_0 + slot as u8);
    } else {
        sink.byte(record::SLOT);
        sink.varint(u64::from(slot));
    }
}

/// Encodes an int of up to 64 bits as a value.
#[inline(always)]
pub fn put_int<S: Sink>(sink: &mut S, int: i64) {
    if (0..0x40).contains(&int) {
        sink.byte(int as u8);
    } else {
        sink.byte(value::INT);
        sink.varint(zigzag(int));
    }
}

/// Encodes a float as a value.
#[inline(always)]
pub fn put_float<S: Sink>(sink: &mut S, float: f64) {
    sink.byte(value::FLOAT);
    sink.bytes(&float.to_le_bytes());
}

/// Encodes a short str, given as UTF-8, as a value.
#[inline(always)]
pub fn put_str<S: Sink>(sink: &mut S, utf8: &[u8]) {
    sink.byte(value::STR);
    sink.blob(utf8);
}

/// Encodes a reference to an object as a value.
#[inline(always)]
pub fn put_ref<S: Sink>(sink: &mut S, object: u32) {
    sink.byte(value::REF);
    sink.varint(u64::from(object));
}

/// Encodes the head of a record about an object.
#[inline(always)]
pub fn put_object_record<S: Sink>(sink: &mut S, tag: u8, object: u32) {
    sink.byte(tag);
    sink.varint(u64::from(object));
}

/// Bytes that do not follow this format: where, and what is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// Offset in the bytes.
    pub at: usize,
    /// What was found or missed.
    pub found: &'static str,
}

/// Reads encoded bytes; total on any input.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Source<'a> {
    /// Reads from the start of these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Reads from an offset (from the end, if it lies beyond).
    #[inline]
    pub fn at_offset(bytes: &'a [u8], at: usize) -> Self {
        let at = at.min(bytes.len());
        Self { bytes, at }
    }

    /// The offset of the next byte.
    #[inline(always)]
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Whether all is read.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// The next byte, without moving on.
    #[inline(always)]
    pub fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// All bytes, those read already among them.
    #[inline(always)]
    pub(crate) fn all(&self) -> &'a [u8] {
        self.bytes
    }

    /// The bytes not read yet.
    #[inline(always)]
    pub fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// An error at this place.
    #[cold]
    #[inline(never)]
    pub fn malformed<T>(&self, found: &'static str) -> Result<T, Malformed> {
        Err(Malformed { at: self.at, found })
    }

    /// Reads what [`Sink::byte`] wrote.
    #[inline(always)]
    pub fn byte(&mut self) -> Result<u8, Malformed> {
        match self.bytes.get(self.at) {
            Some(&byte) => {
                self.at += 1;
                Ok(byte)
            }
            None => self.malformed("the end in the middle of a record"),
        }
    }

    /// Reads what [`Sink::bytes`] wrote.
    #[inline(always)]
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8], Malformed> {
        match self.bytes[self.at..].get(..len) {
            Some(bytes) => {
                self.at += len;
                Ok(bytes)
            }
            None => self.malformed("the end in the middle of a record"),
        }
    }

    /// Reads what [`Sink::varint`] wrote.
    #[inline(always)]
    pub fn varint(&mut self) -> Result<u64, Malformed> {
        let byte = self.byte()?;
        if byte < 0x80 {
            return Ok(u64::from(byte));
        }
        match self.peek() {
            Some(second @ ..0x80) => {
                self.at += 1;
                Ok(u64::from(byte & 0x7F) | u64::from(second) << 7)
            }
            _ => self.long_varint(byte),
        }
    }

    #[inline(never)]
    fn long_varint(&mut self, first: u8) -> Result<u64, Malformed> {
        let mut value = u64::from(first & 0x7F);
        let mut shift = 7;
        loop {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7F);
            if shift > 63 || (shift == 63 && bits > 1) {
                return self.malformed("a varint beyond 64 bits");
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
            shift += 7;
        }
    }

    /// Reads a varint of at most 32 bits.
    #[inline(always)]
    pub fn varint_u32(&mut self) -> Result<u32, Malformed> {
        match u32::try_from(self.varint()?) {
            Ok(value) => Ok(value),
            Err(_) => self.malformed("a number beyond 32 bits"),
        }
    }

    /// Reads a zigzag-coded varint.
    #[inline(always)]
    pub fn signed(&mut self) -> Result<i64, Malformed> {
        Ok(unzigzag(self.varint()?))
    }

    /// Reads a number of things of which each takes at least one byte, so that a made-up number
    /// cannot ask for more memory than there are bytes.
    #[inline(always)]
    pub fn count(&mut self) -> Result<usize, Malformed> {
        let count = self.varint()?;
        if count > (self.bytes.len() - self.at) as u64 {
            return self.malformed("a count beyond the bytes that follow");
        }
        Ok(count as usize)
    }

    /// Reads what [`Sink::blob`] wrote.
    #[inline]
    pub fn blob(&mut self) -> Result<&'a [u8], Malformed> {
        let len = self.count()?;
        self.bytes(len)
    }

    /// Passes over one value and gives its encoded bytes.
    #[inline(always)]
    pub fn value(&mut self) -> Result<&'a [u8], Malformed> {
        let start = self.at;
        let tag = self.byte()?;
        if tag > 0x43 {
            self.value_payload(tag)?;
        }
        Ok(&self.bytes[start..self.at])
    }

    /// The length of the value that these bytes begin with, if it is a short one of the kinds that
    /// loops are full of. Without loops and branches on the length; [`Source::value`] takes all values.
    #[inline(always)]
    pub(crate) fn common_value_len(bytes: &[u8; INLINE]) -> Option<usize> {
        let [tag, payload @ ..] = bytes;
        match *tag {
            0..=value::FALSE => Some(1),
            value::INT | value::REF => {
                let payload = payload.first_chunk().expect("more than 8 bytes");
                let ends = !u64::from_le_bytes(*payload) & 0x8080_8080_8080_8080;
                (ends != 0).then_some(2 + ends.trailing_zeros() as usize / 8)
            }
            value::FLOAT => Some(9),
            value::STR => {
                let len = 2 + usize::from(payload[0]);
                (len <= INLINE).then_some(len)
            }
            _ => None,
        }
    }

    /// Passes over one value and keeps it in a place.
    #[inline(always)]
    pub(crate) fn value_into(&mut self, place: &mut Cell) -> Result<(), Malformed> {
        if let Some(bytes) = self.rest().first_chunk()
            && let Some(len) = Self::common_value_len(bytes)
        {
            self.at += len;
            place.set_inline(bytes, len);
            return Ok(());
        }
        self.rare_value_into(place)
    }

    #[inline(never)]
    fn rare_value_into(&mut self, place: &mut Cell) -> Result<(), Malformed> {
        *place = Cell::new(self.value()?);
        Ok(())
    }

    #[inline]
    fn value_payload(&mut self, tag: u8) -> Result<(), Malformed> {
        match tag {
            value::INT | value::REF => {
                self.varint()?;
            }
            value::FLOAT => {
                self.bytes(8)?;
            }
            value::STR | value::BYTES | value::BIG_INT => {
                self.blob()?;
            }
            value::TUPLE => return self.tuple_payload(),
            value::COMPLEX => {
                self.bytes(16)?;
            }
            value::RANGE => {
                for _ in 0..3 {
                    self.varint()?;
                }
            }
            value::GAP => {
                self.byte()?;
            }
            value::STR_TRUNCATED | value::BYTES_TRUNCATED => {
                self.varint()?;
                self.blob()?;
            }
            0..=0x43 | value::ELLIPSIS | value::NOT_IMPLEMENTED => {}
            _ => {
                self.at -= 1;
                return self.malformed("an unknown value tag");
            }
        }
        Ok(())
    }

    /// Without recursion: tuples in tuples only add to what is pending.
    fn tuple_payload(&mut self) -> Result<(), Malformed> {
        let mut n_pending = self.count()?;
        while n_pending > 0 {
            n_pending -= 1;
            match self.byte()? {
                value::TUPLE => n_pending += self.count()?,
                tag => self.value_payload(tag)?,
            }
        }
        Ok(())
    }
}

/// Tuples within tuples are decoded to this depth.
const MAX_TUPLE_DEPTH: usize = 64;

/// Decodes one value. Object numbers become ids of the session.
pub fn decode_value(source: &mut Source, session: SessionId) -> Result<Value, Malformed> {
    decode_nested(source, session, MAX_TUPLE_DEPTH)
}

fn decode_nested(
    source: &mut Source,
    session: SessionId,
    depth: usize,
) -> Result<Value, Malformed> {
    let tag = source.byte()?;
    Ok(match tag {
        0..0x40 => Value::Int(i64::from(tag)),
        value::NULL => Value::Unbound,
        value::NONE => Value::None,
        value::TRUE => Value::Bool(true),
        value::FALSE => Value::Bool(false),
        value::INT => Value::Int(source.signed()?),
        value::BIG_INT => Value::BigInt(source.blob()?.to_vec()),
        value::FLOAT => Value::Float(decode_float(source)?),
        value::COMPLEX => Value::Complex(decode_float(source)?, decode_float(source)?),
        value::STR => Value::Str(source.blob()?.to_vec()),
        value::BYTES => Value::Bytes(source.blob()?.to_vec()),
        value::REF => Value::Ref(ObjectId::of_session(session, source.varint_u32()?)),
        value::TUPLE => {
            let n_items = source.count()?;
            if depth == 0 {
                return source.malformed("tuples nested too deeply");
            }
            let mut items = Vec::with_capacity(n_items.min(1024));
            for _ in 0..n_items {
                items.push(decode_nested(source, session, depth - 1)?);
            }
            Value::Tuple(items)
        }
        value::ELLIPSIS => Value::Ellipsis,
        value::NOT_IMPLEMENTED => Value::NotImplemented,
        value::RANGE => Value::Range(source.signed()?, source.signed()?, source.signed()?),
        value::GAP => Value::Gap(decode_fidelity(source.byte()?)),
        value::STR_TRUNCATED => {
            let len = source.varint()?;
            let head = source.blob()?.to_vec();
            Value::StrTruncated { head, len }
        }
        value::BYTES_TRUNCATED => {
            let len = source.varint()?;
            let head = source.blob()?.to_vec();
            Value::BytesTruncated { head, len }
        }
        _ => return source.malformed("an unknown value tag"),
    })
}

fn decode_float(source: &mut Source) -> Result<f64, Malformed> {
    let bytes = source.bytes(8)?;
    Ok(f64::from_le_bytes(bytes.try_into().expect("8 bytes")))
}

/// The fidelity a code stands for; codes of later versions count as unreadable.
pub fn decode_fidelity(code: u8) -> Fidelity {
    match code {
        fidelity::EXACT => Fidelity::Exact,
        fidelity::TRUNCATED_SIZE => Fidelity::TruncatedSize,
        fidelity::TRUNCATED_COUNT => Fidelity::TruncatedCount,
        fidelity::OPAQUE => Fidelity::Opaque,
        fidelity::EXCLUDED => Fidelity::Excluded,
        fidelity::LIVE => Fidelity::Live,
        _ => Fidelity::Unreadable,
    }
}

impl Kind {
    /// The kind a code stands for.
    pub fn from_code(code: u8) -> Option<Self> {
        use Kind::*;
        const KINDS: [Kind; 19] = [
            List, Tuple, Dict, Set, FrozenSet, Instance, Str, Bytes, ByteArray, Function, Class,
            Module, Opaque, Namespace, Deque, Enum, Buffer, File, Adapted,
        ];
        KINDS.get(code as usize).copied()
    }

    /// The word of the model for it.
    pub fn object_kind(self) -> ObjectKind {
        match self {
            Self::List => ObjectKind::List,
            Self::Tuple => ObjectKind::Tuple,
            Self::Dict => ObjectKind::Dict,
            Self::Set => ObjectKind::Set,
            Self::FrozenSet => ObjectKind::FrozenSet,
            Self::Instance => ObjectKind::Instance,
            Self::Str => ObjectKind::Str,
            Self::Bytes => ObjectKind::Bytes,
            Self::ByteArray => ObjectKind::ByteArray,
            Self::Function => ObjectKind::Function,
            Self::Class => ObjectKind::Class,
            Self::Module => ObjectKind::Module,
            Self::Opaque => ObjectKind::Opaque,
            Self::Namespace => ObjectKind::Namespace,
            Self::Deque => ObjectKind::Deque,
            Self::Enum => ObjectKind::Enum,
            Self::Buffer => ObjectKind::Buffer,
            Self::File => ObjectKind::File,
            Self::Adapted => ObjectKind::Adapted,
        }
    }
}

/// The name of a record's kind, for statistics.
pub fn record_name(tag: u8) -> &'static str {
    match tag {
        0..=record::LINE => "line",
        record::SLOT | record::SLOT_0.. => "slot",
        record::CALL => "call",
        record::ENTRY => "entry",
        record::EXIT => "exit",
        record::RETURN => "return",
        record::UNWIND => "unwind",
        record::YIELD => "yield",
        record::RESUME => "resume",
        record::DROP_CALL => "drop call",
        record::THREAD => "thread",
        record::CLOCK => "clock",
        record::STAMP => "stamp",
        record::NAME => "name",
        record::OBJECT => "object",
        record::FREE => "free",
        record::ATTR => "attribute",
        record::ATTR_DEL => "attribute removed",
        record::ITEM => "item",
        record::SPLICE => "splice",
        record::DICT_SET => "dict entry",
        record::DICT_DEL => "dict entry removed",
        record::SET_ADD => "set element",
        record::SET_DEL => "set element removed",
        record::CLEAR => "clear",
        record::TEXT_APPEND | record::TEXT_SPLICE => "text",
        record::FIDELITY => "fidelity",
        record::PIECE => "piece",
        record::GAP => "gap",
        record::LATE => "late",
        record::KEYFRAME => "keyframe",
        record::LIVE_CALL => "live call",
        record::TASK => "task",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests;
