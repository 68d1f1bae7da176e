//! The record stream: what capture writes while the program runs and what every reader replays.
//!
//! A session is one totally ordered sequence of records. Applying the records in order to an empty
//! [`Replica`](crate::replica::Replica) gives the state of the program as recorded: the live calls
//! with their local slots and the heap of objects reachable from them. A record that marks a state
//! ([`LINE`], [`ENTRY`], [`EXIT`]) says "the top call of the current thread is here now"; the
//! records before it say what changed since the previous state.
//!
//! Writer and reader of each record stand side by side in this file, because they must agree.
//! Integers are LEB128 varints unless said otherwise; signed ones are zigzag-coded first.
//! Object ids, call numbers and state numbers count from the start of the session.
//!
//! Hot path: no lock, no allocation, no formatting, no log. Bench: `bench/capture`.

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
    /// `call number`. A suspended call was dropped without running to its end.
    pub const DROP_CALL: u8 = 0x89;
    /// `thread number`. The records that follow belong to this thread. Thread 0 is current at the
    /// start.
    pub const THREAD: u8 = 0x8A;
    /// `nanoseconds since the previous CLOCK`. The session's coarse clock.
    pub const CLOCK: u8 = 0x8B;
    /// `wall nanoseconds since session start, thread CPU nanoseconds + 1 or 0 for unknown`. The
    /// exact time of the CALL, RETURN or UNWIND record that follows.
    pub const STAMP: u8 = 0x8C;
    /// `name id, blob`. Interns an attribute, global or type name.
    pub const NAME: u8 = 0x8D;

    /// `object, kind, type name id, type flags`. A new, empty object; contents follow.
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
    /// `object, blob`. Text or bytes are appended to a `STR`, `BYTES` or `BYTEARRAY` object.
    pub const TEXT_APPEND: u8 = 0x9B;
    /// `object, blob`. The content of a `STR`, `BYTES` or `BYTEARRAY` object is replaced.
    pub const TEXT: u8 = 0x9C;
    /// `object, fidelity code, n`. The object's contents are less than exact from here on: see
    /// [`super::fidelity`]; `n` is the real number of items or bytes.
    pub const FIDELITY: u8 = 0x9D;
    /// `object, 16-byte xxh3-128`. Keyframes only: the object's contents are those of a piece (the
    /// records of its contents, with object number 0 standing for itself).
    pub const PIECE: u8 = 0x9E;
    /// `reason blob`. Something could not be captured from here on (or, with an empty reason,
    /// capture is complete again).
    pub const GAP: u8 = 0x9F;
    /// `n, then n times (object)`. Objects re-read late: what changed in them since the previous
    /// `SYNC` record changed somewhere in between, not at this state. Empty means all.
    pub const LATE: u8 = 0xA0;
    /// Keyframes only. `n_calls so far, n_states so far, n_objects so far, clock, current thread`.
    pub const KEYFRAME: u8 = 0xA1;
    /// Keyframes only. `call number, code, flags, namespace, [locals object], line, n_states of
    /// this call so far, first state + 1 or 0, parent call + 1 or 0`. A live call; its SLOT records
    /// follow with the call as top of the current thread. Suspended calls are followed by `YIELD`
    /// of `NULL`.
    pub const LIVE_CALL: u8 = 0xA2;
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
    /// Not followed below the depth limit.
    pub const TRUNCATED_DEPTH: u8 = 2;
    /// Cut at the limit of objects followed from one call.
    pub const TRUNCATED_COUNT: u8 = 3;
    /// A type whose contents are not read.
    pub const OPAQUE: u8 = 4;
    /// Excluded by the user (`ignore`, redaction).
    pub const EXCLUDED: u8 = 5;
    /// The memory could not be read safely.
    pub const UNREADABLE: u8 = 6;
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
    /// Attributes by name; may also have `args` (exceptions).
    Instance = 5,
    /// Long text, UTF-8.
    Str = 6,
    Bytes = 7,
    ByteArray = 8,
    /// Identity, type and name only; the name is the TEXT.
    Function = 9,
    Class = 10,
    Module = 11,
    /// Identity and type only; a TEXT may say more.
    Opaque = 12,
    /// Names of a module or class body.
    Namespace = 13,
    Deque = 14,
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
