//! The call directory of a chunk: which calls started and ended in it, and which were alive at its
//! end. It answers questions about calls without replaying records.
//!
//! Numbers are those of the session. Stored column by column, deltas as varints. Writer and reader
//! stand here side by side.

use spacetime_model::Outcome;

use crate::replica::Stamp;
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
    /// From which call on calls start in the task of this name (or in none), by number.
    pub tasks: Vec<(u64, String)>,
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

    /// The name of the task in which a call of this chunk started.
    pub fn task(&self, number: u64) -> Option<&str> {
        let after = self.tasks.partition_point(|&(first, _)| first <= number);
        let (_, name) = self.tasks.get(after.checked_sub(1)?)?;
        Some(name.as_str()).filter(|name| !name.is_empty())
    }

    /// Reads the stored form.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut source = Source::new(bytes);
        let first_call = source.varint()?;
        let n_started = source.count()?;
        let n_ended = source.count()?;
        let n_live = source.count()?;
        let [codes, flags, threads, parents, walls, cpus, offsets] =
            columns(&mut source, STARTED, n_started)?;
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
        let [
            numbers,
            outcomes,
            n_states,
            first_states,
            walls,
            cpus,
            offsets,
        ] = columns(&mut source, ENDED, n_ended)?;
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
        let [numbers, n_states, first_states] = columns(&mut source, LIVE, n_live)?;
        let live = (0..n_live)
            .map(|i| Live {
                number: numbers[i],
                n_states: n_states[i],
                first_state: first_states[i].checked_sub(1),
            })
            .collect();
        let mut tasks = Vec::new();
        let mut first = first_call;
        for _ in 0..source.count()? {
            first = first.wrapping_add(source.varint()?);
            let name = String::from_utf8_lossy(source.blob()?);
            tasks.push((first, name.into_owned()));
        }
        Ok(Self {
            first_call,
            started,
            ended,
            live,
            tasks,
        })
    }
}

/// Makes the directory of a chunk while the chunk is filled.
#[derive(Debug)]
pub struct DirectoryWriter {
    /// The number of the first call that started here.
    pub first_call: u64,
    started: Columns<7>,
    ended: Columns<7>,
    tasks: Vec<(u64, String)>,
}

impl DirectoryWriter {
    /// Begins the directory of another chunk, of which this is to be the first call. The task stays.
    pub fn begin(&mut self, first_call: u64) {
        self.tasks = self.tasks.pop().into_iter().collect();
        if let Some((first, _)) = self.tasks.last_mut() {
            *first = first_call;
        }
        self.first_call = first_call;
        self.started.clear();
        self.ended.clear();
    }

    /// The number of calls that started here.
    pub fn n_started(&self) -> u64 {
        self.started.n_rows
    }

    /// Notes a call that started.
    #[inline]
    pub fn start(&mut self, call: &Started) {
        let number = self.first_call + self.started.n_rows;
        self.started.push([
            u64::from(call.code),
            u64::from(call.flags),
            u64::from(call.thread),
            call.parent.map_or(0, |parent| number - parent),
            call.stamp.wall_ns,
            plus_one(call.stamp.cpu_ns),
            u64::from(call.offset),
        ]);
    }

    /// Notes a call that ended.
    #[inline]
    pub fn end(&mut self, call: &EndedCall) {
        self.ended.push([
            call.number,
            outcome_code(call.outcome),
            call.n_states,
            plus_one(call.first_state),
            call.stamp.wall_ns,
            plus_one(call.stamp.cpu_ns),
            u64::from(call.offset),
        ]);
    }

    /// Calls that start from here on run in the task of this name, or in none.
    pub fn change_task(&mut self, name: &str) {
        let next = self.first_call + self.started.n_rows;
        match self.tasks.last_mut() {
            // No call started in the task before.
            Some((first, last)) if *first == next => name.clone_into(last),
            _ => self.tasks.push((next, name.to_owned())),
        }
    }

    /// The stored form, with these calls alive at the end of the chunk, by number.
    pub fn finish(&mut self, calls: impl IntoIterator<Item = Live>) -> Vec<u8> {
        let mut live = Columns::new(LIVE);
        for call in calls {
            live.push([call.number, call.n_states, plus_one(call.first_state)]);
        }
        let mut sink = Vec::with_capacity(4096);
        sink.varint(self.first_call);
        sink.varint(self.started.n_rows);
        sink.varint(self.ended.n_rows);
        sink.varint(live.n_rows);
        self.started.put_all(&mut sink);
        self.ended.put_all(&mut sink);
        live.put_all(&mut sink);
        sink.varint(self.tasks.len() as u64);
        let mut before = self.first_call;
        for (first, name) in &self.tasks {
            sink.varint(first - before);
            sink.blob(name.as_bytes());
            before = *first;
        }
        sink
    }
}

impl Default for DirectoryWriter {
    fn default() -> Self {
        Self {
            first_call: 0,
            started: Columns::new(STARTED),
            ended: Columns::new(ENDED),
            tasks: Vec::new(),
        }
    }
}

/// How the values of a column are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    /// As they are.
    Plain,
    /// The difference to the value before.
    Delta,
}
use Coding::{Delta, Plain};

/// Code, flags, thread, distance of the parent or 0, wall and CPU time, offset.
const STARTED: [Coding; 7] = [Plain, Plain, Plain, Plain, Delta, Delta, Delta];
/// Number, outcome, number of states, first state, wall and CPU time, offset.
const ENDED: [Coding; 7] = [Delta, Plain, Plain, Delta, Delta, Delta, Delta];
/// Number, number of states, first state.
const LIVE: [Coding; 3] = [Delta, Plain, Delta];

/// Rows that wait to be encoded together, so that what a row costs is a few stores.
const BLOCK_ROWS: usize = 64;

/// A table that is written column by column.
#[derive(Debug)]
struct Columns<const N: usize> {
    n_rows: u64,
    columns: [Column; N],
}

#[derive(Debug)]
struct Column {
    coding: Coding,
    /// The last rows, not encoded yet.
    block: [u64; BLOCK_ROWS],
    /// The last value encoded.
    previous: u64,
    encoded: Vec<u8>,
}

impl<const N: usize> Columns<N> {
    fn new(codings: [Coding; N]) -> Self {
        let column = |coding| Column {
            coding,
            block: [0; BLOCK_ROWS],
            previous: 0,
            encoded: Vec::new(),
        };
        Self {
            n_rows: 0,
            columns: codings.map(column),
        }
    }

    fn clear(&mut self) {
        self.n_rows = 0;
        for column in &mut self.columns {
            column.previous = 0;
            column.encoded.clear();
        }
    }

    #[inline]
    fn push(&mut self, row: [u64; N]) {
        let at = self.n_rows as usize % BLOCK_ROWS;
        for (column, value) in self.columns.iter_mut().zip(row) {
            column.block[at] = value;
        }
        self.n_rows += 1;
        if at + 1 == BLOCK_ROWS {
            self.encode(BLOCK_ROWS);
        }
    }

    #[inline(never)]
    fn encode(&mut self, n_waiting: usize) {
        for column in &mut self.columns {
            column.encode(n_waiting);
        }
    }

    fn put_all(&mut self, sink: &mut Vec<u8>) {
        self.encode(self.n_rows as usize % BLOCK_ROWS);
        for column in &self.columns {
            sink.extend_from_slice(&column.encoded);
        }
    }
}

impl Column {
    fn encode(&mut self, n_waiting: usize) {
        let values = &mut self.block[..n_waiting];
        if self.coding == Delta {
            let mut previous = self.previous;
            for value in &mut *values {
                let delta = value.wrapping_sub(previous) as i64;
                previous = *value;
                *value = zigzag(delta);
            }
            self.previous = previous;
        }
        if values.iter().fold(0, |all, value| all | value) < 0x80 {
            let bytes = self.block.map(|value| value as u8);
            self.encoded.extend_from_slice(&bytes[..n_waiting]);
        } else {
            for value in &*values {
                self.encoded.varint(*value);
            }
        }
    }
}

fn columns<const N: usize>(
    source: &mut Source,
    codings: [Coding; N],
    n_rows: usize,
) -> Result<[Vec<u64>; N], Malformed> {
    let mut columns = [const { Vec::new() }; N];
    for (column, coding) in columns.iter_mut().zip(codings) {
        *column = (0..n_rows)
            .map(|_| source.varint())
            .collect::<Result<_, _>>()?;
        if coding == Delta {
            let mut previous = 0u64;
            for value in column {
                previous = previous.wrapping_add(unzigzag(*value) as u64);
                *value = previous;
            }
        }
    }
    Ok(columns)
}

#[inline]
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
            tasks: vec![(10, "Task-1".into()), (11, String::new())],
        }
    }

    fn encode(directory: &Directory) -> Vec<u8> {
        let mut writer = DirectoryWriter::default();
        writer.begin(directory.first_call);
        for (number, call) in (directory.first_call..).zip(&directory.started) {
            let task = directory.tasks.iter().find(|(first, _)| *first == number);
            task.iter().for_each(|(_, name)| writer.change_task(name));
            writer.start(call);
        }
        directory.ended.iter().for_each(|call| writer.end(call));
        writer.finish(directory.live.iter().copied())
    }

    #[test]
    fn a_directory_comes_back_and_is_searched() {
        let directory = Directory::decode(&encode(&example())).unwrap();
        assert_eq!(directory, example());
        assert_eq!(directory.started(11).unwrap().parent, Some(10));
        assert!(directory.started(9).is_none() && directory.started(12).is_none());
        assert_eq!(directory.ended(11).unwrap().outcome, Outcome::Raised);
        assert_eq!(directory.live(2).unwrap().n_states, 1 << 40);
        assert!(directory.live(3).is_none());
        assert_eq!(directory.task(10), Some("Task-1"));
        assert_eq!(directory.task(11), None);
    }

    #[test]
    fn a_task_goes_on_in_the_next_chunk() {
        let mut writer = DirectoryWriter::default();
        writer.begin(5);
        for name in ["Task-1", "", "Task-2"] {
            writer.change_task(name);
        }
        assert_eq!(writer.tasks, [(5, "Task-2".to_owned())]);
        writer.start(&example().started[0]);
        writer.begin(6);
        let directory = Directory::decode(&writer.finish([])).unwrap();
        assert_eq!(directory.task(6), Some("Task-2"));
    }

    #[test]
    fn a_directory_of_several_blocks_comes_back() {
        for n in [63, 64, 65, 200] {
            let call = |i: u64| Started {
                code: i as u32 % 3,
                flags: 1,
                thread: 0,
                parent: (!i.is_multiple_of(5)).then_some(i / 2),
                stamp: Stamp {
                    wall_ns: i * i,
                    cpu_ns: (i < 100).then_some(i << 20),
                },
                offset: 7 * i as u32,
            };
            let end = |i: u64| EndedCall {
                number: i ^ 1,
                outcome: Outcome::Returned,
                n_states: if i == 70 { u64::MAX } else { i % 4 },
                first_state: (!i.is_multiple_of(4)).then_some(3 * i),
                stamp: call(i).stamp,
                offset: 7 * i as u32 + 5,
            };
            let directory = Directory {
                first_call: 1000,
                started: (1000..1000 + n).map(call).collect(),
                ended: (0..n).map(end).collect(),
                live: Vec::new(),
                tasks: Vec::new(),
            };
            assert_eq!(Directory::decode(&encode(&directory)).unwrap(), directory);
        }
    }

    #[test]
    fn no_prefix_of_a_directory_is_one() {
        let bytes = encode(&example());
        for cut in 0..bytes.len() {
            assert!(Directory::decode(&bytes[..cut]).is_err());
        }
    }
}
