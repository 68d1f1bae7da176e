//! The call directory of a chunk: which calls started and ended in it, and which were alive at its
//! end. It answers questions about calls without replaying records.
//!
//! Numbers are those of the session. Stored column by column, deltas as varints. Writer and reader
//! stand here side by side.

use spacetime_model::Outcome;

use crate::replica::{Ended, LiveCall, Replica, Stamp};
use crate::stream::{Malformed, Sink, Source, unzigzag, zigzag};

/// What happened to calls in a chunk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// The number of the first call that started here; the others follow without holes.
    pub first_call: u64,
    /// Calls that started here.
    pub started: Vec<Started>,
    /// Calls that ended here, in that order.
    pub ended: Vec<EndedCall>,
    /// Calls alive at the end of the chunk, by number.
    pub live: Vec<Live>,
}

/// A call that started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// The code's number in the session.
    pub code: u32,
    /// Bits of [`crate::stream::call_flag`].
    pub flags: u8,
    /// Its thread.
    pub thread: u32,
    /// The nearest monitored call below it.
    pub parent: Option<u64>,
    /// When.
    pub stamp: Stamp,
    /// Where in the chunk's delta the records after CALL begin.
    pub offset: u32,
}

/// A call that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndedCall {
    /// Which.
    pub number: u64,
    /// How.
    pub outcome: Outcome,
    /// The number of its states.
    pub n_states: u64,
    /// Its first state.
    pub first_state: Option<u64>,
    /// When.
    pub stamp: Stamp,
    /// Where in the chunk's delta the record that ended it begins.
    pub offset: u32,
}

/// A call that goes on after the chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Live {
    /// Which.
    pub number: u64,
    /// States up to here.
    pub n_states: u64,
    /// Its first state.
    pub first_state: Option<u64>,
}

impl Directory {
    /// Notes a call that started.
    pub fn start(&mut self, call: &LiveCall, thread: u32, stamp: Stamp, offset: usize) {
        self.started.push(Started {
            code: call.code,
            flags: call.flags,
            thread,
            parent: call.parent,
            stamp,
            offset: offset as u32,
        });
    }

    /// Notes a call that ended.
    pub fn end(&mut self, ended: &Ended, offset: usize) {
        self.ended.push(EndedCall {
            number: ended.number,
            outcome: ended.outcome,
            n_states: ended.n_states,
            first_state: ended.first_state,
            stamp: ended.stamp,
            offset: offset as u32,
        });
    }

    /// Notes the calls alive at the end of the chunk.
    pub fn finish(&mut self, replica: &Replica) {
        let live = |call: &LiveCall| Live {
            number: call.number,
            n_states: call.n_states,
            first_state: call.first_state,
        };
        self.live = replica.live_calls().into_iter().map(live).collect();
    }

    /// A call that started here.
    pub fn started(&self, number: u64) -> Option<&Started> {
        let index = number.checked_sub(self.first_call)?;
        self.started.get(usize::try_from(index).ok()?)
    }

    /// A call that ended here.
    pub fn ended(&self, number: u64) -> Option<&EndedCall> {
        self.ended.iter().find(|ended| ended.number == number)
    }

    /// A call alive at the end.
    pub fn live(&self, number: u64) -> Option<&Live> {
        let found = self.live.binary_search_by_key(&number, |live| live.number);
        found.ok().map(|at| &self.live[at])
    }

    /// The stored form.
    pub fn encode(&self) -> Vec<u8> {
        let mut sink = Vec::with_capacity(64 + 12 * (self.started.len() + self.ended.len()));
        sink.varint(self.first_call);
        sink.varint(self.started.len() as u64);
        sink.varint(self.ended.len() as u64);
        sink.varint(self.live.len() as u64);
        let started = &self.started;
        put_column(&mut sink, started.iter().map(|c| u64::from(c.code)));
        put_column(&mut sink, started.iter().map(|c| u64::from(c.flags)));
        put_column(&mut sink, started.iter().map(|c| u64::from(c.thread)));
        let numbers = self.first_call..;
        let parent = |(c, number): (&Started, u64)| c.parent.map_or(0, |parent| number - parent);
        put_column(&mut sink, started.iter().zip(numbers).map(parent));
        put_deltas(&mut sink, started.iter().map(|c| c.stamp.wall_ns));
        put_deltas(&mut sink, started.iter().map(|c| plus_one(c.stamp.cpu_ns)));
        put_deltas(&mut sink, started.iter().map(|c| u64::from(c.offset)));
        let ended = &self.ended;
        put_deltas(&mut sink, ended.iter().map(|c| c.number));
        put_column(&mut sink, ended.iter().map(|c| outcome_code(c.outcome)));
        put_column(&mut sink, ended.iter().map(|c| c.n_states));
        put_deltas(&mut sink, ended.iter().map(|c| plus_one(c.first_state)));
        put_deltas(&mut sink, ended.iter().map(|c| c.stamp.wall_ns));
        put_deltas(&mut sink, ended.iter().map(|c| plus_one(c.stamp.cpu_ns)));
        put_deltas(&mut sink, ended.iter().map(|c| u64::from(c.offset)));
        let live = &self.live;
        put_deltas(&mut sink, live.iter().map(|c| c.number));
        put_column(&mut sink, live.iter().map(|c| c.n_states));
        put_deltas(&mut sink, live.iter().map(|c| plus_one(c.first_state)));
        sink
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut source = Source::new(bytes);
        let first_call = source.varint()?;
        let n_started = source.count()?;
        let n_ended = source.count()?;
        let n_live = source.count()?;
        let codes = column(&mut source, n_started)?;
        let flags = column(&mut source, n_started)?;
        let threads = column(&mut source, n_started)?;
        let parents = column(&mut source, n_started)?;
        let walls = deltas(&mut source, n_started)?;
        let cpus = deltas(&mut source, n_started)?;
        let offsets = deltas(&mut source, n_started)?;
        let started = (0..n_started)
            .map(|i| Started {
                code: codes[i] as u32,
                flags: flags[i] as u8,
                thread: threads[i] as u32,
                parent: match parents[i] {
                    0 => None,
                    distance => Some((first_call + i as u64).wrapping_sub(distance)),
                },
                stamp: stamp(walls[i], cpus[i]),
                offset: offsets[i] as u32,
            })
            .collect();
        let numbers = deltas(&mut source, n_ended)?;
        let outcomes = column(&mut source, n_ended)?;
        let n_states = column(&mut source, n_ended)?;
        let first_states = deltas(&mut source, n_ended)?;
        let walls = deltas(&mut source, n_ended)?;
        let cpus = deltas(&mut source, n_ended)?;
        let offsets = deltas(&mut source, n_ended)?;
        let ended = (0..n_ended)
            .map(|i| EndedCall {
                number: numbers[i],
                outcome: outcome(outcomes[i]),
                n_states: n_states[i],
                first_state: first_states[i].checked_sub(1),
                stamp: stamp(walls[i], cpus[i]),
                offset: offsets[i] as u32,
            })
            .collect();
        let numbers = deltas(&mut source, n_live)?;
        let n_states = column(&mut source, n_live)?;
        let first_states = deltas(&mut source, n_live)?;
        let live = (0..n_live)
            .map(|i| Live {
                number: numbers[i],
                n_states: n_states[i],
                first_state: first_states[i].checked_sub(1),
            })
            .collect();
        Ok(Self {
            first_call,
            started,
            ended,
            live,
        })
    }
}

fn put_column(sink: &mut Vec<u8>, values: impl Iterator<Item = u64>) {
    let mut block = Block {
        bytes: [0; BLOCK_BYTES],
        len: 0,
    };
    for value in values {
        block.varint(value);
        if block.len > BLOCK_BYTES - MAX_VARINT_BYTES {
            sink.extend_from_slice(&block.bytes[..block.len]);
            block.len = 0;
        }
    }
    sink.extend_from_slice(&block.bytes[..block.len]);
}

const BLOCK_BYTES: usize = 256;
const MAX_VARINT_BYTES: usize = 10;

/// A part of a column. Its length stays in a register, unlike that of a vector, which may grow.
struct Block {
    bytes: [u8; BLOCK_BYTES],
    len: usize,
}

impl Sink for Block {
    #[inline(always)]
    fn byte(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }
    #[inline(always)]
    fn bytes(&mut self, bytes: &[u8]) {
        self.bytes[self.len..][..bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }
}

fn put_deltas(sink: &mut Vec<u8>, values: impl Iterator<Item = u64>) {
    let mut previous = 0u64;
    put_column(
        sink,
        values.map(|value| {
            let delta = value.wrapping_sub(previous) as i64;
            previous = value;
            zigzag(delta)
        }),
    );
}

fn column(source: &mut Source, n: usize) -> Result<Vec<u64>, Malformed> {
    (0..n).map(|_| source.varint()).collect()
}

fn deltas(source: &mut Source, n: usize) -> Result<Vec<u64>, Malformed> {
    let mut previous = 0u64;
    let mut next = |coded| {
        previous = previous.wrapping_add(unzigzag(coded) as u64);
        previous
    };
    (0..n).map(|_| source.varint().map(&mut next)).collect()
}

fn plus_one(value: Option<u64>) -> u64 {
    value.map_or(0, |value| value + 1)
}

fn stamp(wall_ns: u64, cpu_plus_one: u64) -> Stamp {
    Stamp {
        wall_ns,
        cpu_ns: cpu_plus_one.checked_sub(1),
    }
}

fn outcome_code(outcome: Outcome) -> u64 {
    match outcome {
        Outcome::Returned => 0,
        Outcome::Raised => 1,
        Outcome::Dropped => 2,
        Outcome::Open => 3,
    }
}

fn outcome(code: u64) -> Outcome {
    match code {
        0 => Outcome::Returned,
        1 => Outcome::Raised,
        2 => Outcome::Dropped,
        _ => Outcome::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Directory {
        let at = |wall_ns, cpu_ns| Stamp { wall_ns, cpu_ns };
        let started = |code, parent, stamp, offset| Started {
            code,
            flags: 1,
            thread: 0,
            parent,
            stamp,
            offset,
        };
        Directory {
            first_call: 10,
            started: vec![
                started(3, None, at(5, Some(0)), 4),
                started(4, Some(10), at(70_000, None), 400),
            ],
            ended: vec![EndedCall {
                number: 11,
                outcome: Outcome::Raised,
                n_states: 2,
                first_state: Some(0),
                stamp: at(90_000, Some(12)),
                offset: 410,
            }],
            live: vec![
                Live {
                    number: 2,
                    n_states: 1 << 40,
                    first_state: Some(17),
                },
                Live {
                    number: 10,
                    n_states: 0,
                    first_state: None,
                },
            ],
        }
    }

    #[test]
    fn a_directory_comes_back_and_is_searched() {
        let directory = Directory::decode(&example().encode()).unwrap();
        assert_eq!(directory, example());
        assert_eq!(directory.started(11).unwrap().parent, Some(10));
        assert!(directory.started(9).is_none() && directory.started(12).is_none());
        assert_eq!(directory.ended(11).unwrap().outcome, Outcome::Raised);
        assert_eq!(directory.live(2).unwrap().n_states, 1 << 40);
        assert!(directory.live(3).is_none());
    }

    #[test]
    fn no_prefix_of_a_directory_is_one() {
        let bytes = example().encode();
        for cut in 0..bytes.len() {
            assert!(Directory::decode(&bytes[..cut]).is_err());
        }
    }
}
