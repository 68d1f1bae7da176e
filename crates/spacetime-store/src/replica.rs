//! The recorded program's state, rebuilt by applying records.
//!
//! The writer thread keeps one to write keyframes and call directories; readers keep some to answer
//! questions. Values stay as their encoded bytes. Any bytes may be applied: what does not follow the
//! format, or refers to what is not there, is [`Malformed`], and the replica is then of no further
//! use.
//!
//! Hot path of the writer thread: no lock, no formatting, no log. Bench: `bench/run.py`.

use rustc_hash::FxHashMap;
use spacetime_model::{Outcome, StateKind};

use crate::cell::Cell;
use crate::heap::HeapObject;
use crate::stream::{Kind, Malformed, Source, call_flag, record, unzigzag, value};

/// Hostile bytes must not make the replica take all memory.
const MAX_SLOTS: usize = 1 << 20;
const MAX_SLOTS_OF_ALL_CALLS: usize = 1 << 26;
const MAX_THREADS: usize = 1 << 16;

const NO_CALL: u32 = u32::MAX;

/// The state of the recorded program.
#[derive(Clone, Debug, Default)]
pub struct Replica {
    /// Calls started so far.
    pub n_calls: u64,
    /// States marked so far.
    pub n_states: u64,
    /// The coarse clock, in nanoseconds since the session's start.
    pub clock_ns: u64,
    /// Interned names.
    pub names: Vec<Box<str>>,
    /// Objects that exist, by number.
    pub objects: FxHashMap<u32, HeapObject>,
    /// Why capture is incomplete here; empty when it is complete.
    pub gap: String,
    pub(crate) n_objects: u32,
    pub(crate) threads: Threads,
    calls: Vec<LiveCall>,
    free_calls: Vec<u32>,
    suspended: FxHashMap<u64, u32>,
    stamp: Option<Stamp>,
    n_slots: usize,
    /// The object that number 0 stands for while a piece is applied.
    pub(crate) piece_object: Option<u32>,
}

/// The stacks of calls.
#[derive(Clone, Debug)]
pub(crate) struct Threads {
    pub stacks: Vec<Vec<u32>>,
    pub current: u32,
    /// The last of the current stack.
    top: u32,
}

impl Default for Threads {
    fn default() -> Self {
        Self {
            stacks: vec![Vec::new()],
            current: 0,
            top: NO_CALL,
        }
    }
}

/// A call that has not ended.
#[derive(Clone, Debug, Default)]
pub struct LiveCall {
    /// Counted from the start of the session.
    pub number: u64,
    /// The code's number in the session.
    pub code: u32,
    /// Bits of [`call_flag`].
    pub flags: u8,
    /// The object that holds its globals.
    pub namespace: u32,
    /// The object that holds its locals, for module and class bodies.
    pub locals_object: Option<u32>,
    /// The line reached, less the code's first line.
    pub line_offset: i64,
    /// States of this call so far.
    pub n_states: u64,
    /// Its first state, counted from the start of the session.
    pub first_state: Option<u64>,
    /// The number of the nearest monitored call below it.
    pub parent: Option<u64>,
    /// Local variables, as far as they were ever bound.
    pub slots: Vec<Cell>,
}

/// The exact time of a call's start or end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Nanoseconds since the session's start.
    pub wall_ns: u64,
    /// CPU nanoseconds of the thread.
    pub cpu_ns: Option<u64>,
}

/// What applying one record did.
#[derive(Debug)]
pub enum Step {
    /// A variable, an object, a call, a clock or a thread changed.
    Change,
    /// The top call has one more state.
    State(StateKind),
}

/// Is told of the calls that start and end while records are applied.
pub trait CallLog {
    /// The call became the top call of the thread; the records after CALL begin at the offset.
    fn started(&mut self, call: &LiveCall, thread: u32, stamp: Stamp, offset: usize);
    /// The call came to its end with the record that begins at the offset.
    fn ended(&mut self, call: &LiveCall, outcome: Outcome, stamp: Stamp, offset: usize);
    /// Calls that start from here on run in the task of this name, or in none.
    fn task_changed(&mut self, name: &str);
}

/// Nobody asks.
impl CallLog for () {
    fn started(&mut self, _: &LiveCall, _: u32, _: Stamp, _: usize) {}
    fn ended(&mut self, _: &LiveCall, _: Outcome, _: Stamp, _: usize) {}
    fn task_changed(&mut self, _: &str) {}
}

impl Replica {
    /// Applies the next record.
    #[inline(always)]
    pub fn step(&mut self, source: &mut Source) -> Result<Step, Malformed> {
        self.step_logged(source, &mut ())
    }

    /// Applies the records that begin before `end`. A malformed one is the next of the source.
    pub fn run(
        &mut self,
        source: &mut Source,
        end: usize,
        log: &mut impl CallLog,
    ) -> Result<(), Malformed> {
        let end = end.min(source.all().len());
        loop {
            self.run_through_common(source, end, log);
            if source.offset() >= end {
                return Ok(());
            }
            let start = *source;
            if let Err(malformed) = self.step_logged(source, log) {
                *source = start;
                return Err(malformed);
            }
        }
    }

    /// Applies the common records that come next, up to the first one of a rare kind or form, or
    /// that is malformed, or that begins at `end` or later.
    #[inline(always)]
    fn run_through_common(&mut self, source: &mut Source, end: usize, log: &mut impl CallLog) {
        let bytes = source.all();
        let mut at = source.offset();
        while let Some(call) = self.calls.get_mut(self.threads.top as usize) {
            let (mut n_lines, mut line_offset) = (0, call.line_offset);
            let mut stopped_by = None;
            while at < end {
                let tag = bytes[at];
                if tag < record::LINE {
                    line_offset = line_offset.wrapping_add(i64::from(tag) - 0x40);
                    n_lines += 1;
                    at += 1;
                } else if tag >= record::SLOT_0 {
                    let slot = usize::from(tag - record::SLOT_0);
                    // The arguments of a call come one after the other.
                    if slot == call.slots.len() && slot < call.slots.capacity() {
                        call.slots.push(Cell::UNBOUND);
                    }
                    let Some(place) = call.slots.get_mut(slot) else {
                        break;
                    };
                    let Some(value) = bytes[at + 1..].first_chunk() else {
                        break;
                    };
                    let Some(len) = Source::common_value_len(value) else {
                        break;
                    };
                    place.set_inline(value, len);
                    at += 1 + len;
                } else if (record::ATTR..=record::FIDELITY).contains(&tag) {
                    let mut source = Source::at_offset(bytes, at + 1);
                    if change_object(&mut self.objects, None, tag, &mut source).is_err() {
                        break;
                    }
                    at = source.offset();
                } else {
                    stopped_by = Some(tag);
                    break;
                }
            }
            if n_lines > 0 {
                if call.n_states == 0 {
                    call.first_state = Some(self.n_states);
                }
                call.line_offset = line_offset;
                call.n_states += n_lines;
                self.n_states += n_lines;
            }
            let mut source = Source::at_offset(bytes, at + 1);
            let applied = match stopped_by {
                Some(record::CALL) => self.start_call(&mut source, log),
                Some(record::RETURN) => self.end_top(&mut source, Outcome::Returned, log),
                _ => break,
            };
            if applied.is_err() {
                break;
            }
            at = source.offset();
        }
        *source = Source::at_offset(bytes, at);
    }

    #[inline(always)]
    fn step_logged(
        &mut self,
        source: &mut Source,
        log: &mut impl CallLog,
    ) -> Result<Step, Malformed> {
        let tag = source.byte()?;
        if tag < record::LINE {
            return self.line(source, i64::from(tag) - 0x40);
        }
        if tag >= record::SLOT_0 {
            return self.slot(source, usize::from(tag - record::SLOT_0));
        }
        match tag {
            record::CALL => self.start_call(source, log)?,
            record::RETURN => self.end_top(source, Outcome::Returned, log)?,
            _ => return self.rare(source, tag, log),
        }
        Ok(Step::Change)
    }

    #[inline(always)]
    fn line(&mut self, source: &Source, delta: i64) -> Result<Step, Malformed> {
        let n_states = self.n_states;
        let Some(call) = self.calls.get_mut(self.threads.top as usize) else {
            return source.malformed("a state without a call");
        };
        call.line_offset = call.line_offset.wrapping_add(delta);
        if call.n_states == 0 {
            call.first_state = Some(n_states);
        }
        call.n_states += 1;
        self.n_states += 1;
        Ok(Step::State(StateKind::Line))
    }

    #[inline(always)]
    fn slot(&mut self, source: &mut Source, slot: usize) -> Result<Step, Malformed> {
        let Some(call) = self.calls.get_mut(self.threads.top as usize) else {
            return source.malformed("a variable without a call");
        };
        if slot >= call.slots.len() {
            self.n_slots += (slot + 1).saturating_sub(call.slots.capacity());
            if slot >= MAX_SLOTS || self.n_slots > MAX_SLOTS_OF_ALL_CALLS {
                return source.malformed("a slot number too high");
            }
            call.slots.resize(slot + 1, Cell::UNBOUND);
        }
        source.value_into(&mut call.slots[slot])?;
        Ok(Step::Change)
    }

    #[inline(never)]
    fn rare(
        &mut self,
        source: &mut Source,
        tag: u8,
        log: &mut dyn CallLog,
    ) -> Result<Step, Malformed> {
        let start = source.offset() - 1;
        match tag {
            record::LINE => {
                let delta = source.signed()?;
                return self.line(source, delta);
            }
            record::SLOT => {
                let slot = source.varint()?.min(MAX_SLOTS as u64) as usize;
                return self.slot(source, slot);
            }
            record::ENTRY => {
                self.line(source, 0)?;
                return Ok(Step::State(StateKind::Entry));
            }
            record::EXIT => {
                self.line(source, 0)?;
                return Ok(Step::State(StateKind::Exit));
            }
            record::UNWIND => self.end_top(source, Outcome::Raised, log)?,
            record::YIELD => {
                source.value()?;
                let top = self.pop(source)?;
                self.suspended.insert(self.calls[top as usize].number, top);
            }
            record::RESUME => {
                let number = source.varint()?;
                let Some(call) = self.suspended.remove(&number) else {
                    return source.malformed("the resumption of a call that is not suspended");
                };
                self.push(call);
            }
            record::DROP_CALL => {
                let number = source.varint()?;
                let call = match self.suspended.remove(&number) {
                    Some(call) => call,
                    None => self.pop(source)?,
                };
                if self.calls[call as usize].number != number {
                    return source.malformed("the drop of a call that is not suspended or on top");
                }
                self.end(call, Outcome::Dropped, log, start);
            }
            record::THREAD => {
                let thread = source.varint()? as usize;
                self.switch_thread(source, thread)?;
            }
            record::CLOCK => self.clock_ns = self.clock_ns.wrapping_add(source.varint()?),
            record::STAMP => {
                self.stamp = Some(Stamp {
                    wall_ns: source.varint()?,
                    cpu_ns: source.varint()?.checked_sub(1),
                });
            }
            record::NAME => {
                let id = source.varint()?;
                let name = String::from_utf8_lossy(source.blob()?);
                if id != self.names.len() as u64 {
                    return source.malformed("a name out of order");
                }
                self.names.push(name.into());
            }
            record::TASK => log.task_changed(&String::from_utf8_lossy(source.blob()?)),
            record::GAP => self.gap = String::from_utf8_lossy(source.blob()?).into_owned(),
            record::LATE => {
                for _ in 0..source.count()? {
                    source.varint()?;
                }
            }
            record::KEYFRAME => {
                self.n_calls = source.varint()?;
                self.n_states = source.varint()?;
                self.n_objects = source.varint_u32()?;
                self.clock_ns = source.varint()?;
                let thread = source.varint()? as usize;
                self.switch_thread(source, thread)?;
            }
            record::LIVE_CALL => self.restore_call(source)?,
            record::OBJECT => {
                let number = source.varint_u32()?;
                let kind = source.byte()?;
                let type_name = source.varint_u32()?;
                let flags = source.varint()? as u8;
                let Some(kind) = Kind::from_code(kind) else {
                    return source.malformed("an unknown kind of object");
                };
                let object = HeapObject::new(kind, type_name, flags);
                // One that exists is announced anew when its type was changed.
                self.objects.insert(number, object);
                self.n_objects = self.n_objects.max(number.saturating_add(1));
            }
            record::FREE => {
                let number = source.varint_u32()?;
                if self.objects.remove(&number).is_none() {
                    return source.malformed("the death of an object that is not there");
                }
            }
            record::ATTR..=record::FIDELITY => {
                if let Err(found) = change_object(&mut self.objects, self.piece_object, tag, source)
                {
                    return source.malformed(found);
                }
            }
            _ => return source.malformed("an unknown record tag"),
        }
        Ok(Step::Change)
    }

    #[inline(always)]
    fn start_call<L: CallLog + ?Sized>(
        &mut self,
        source: &mut Source,
        log: &mut L,
    ) -> Result<(), Malformed> {
        let parent = self.top().map(|call| call.number);
        let at = self.new_call(source, self.n_calls)?;
        let stamp = self.take_stamp();
        let call = &mut self.calls[at as usize];
        call.parent = parent;
        log.started(call, self.threads.current, stamp, source.offset());
        self.n_calls += 1;
        self.push(at);
        Ok(())
    }

    /// Reads `code, flags, namespace, [locals object]` into a call taken from the free ones.
    #[inline(always)]
    fn new_call(&mut self, source: &mut Source, number: u64) -> Result<u32, Malformed> {
        let code = source.varint_u32()?;
        let flags = source.varint()?;
        let namespace = source.varint_u32()?;
        let has_locals_object = flags & call_flag::LOCALS_OBJECT != 0;
        let locals_object = if has_locals_object {
            Some(source.varint_u32()?)
        } else {
            None
        };
        let at = self.free_calls.pop().unwrap_or_else(|| {
            self.calls.push(LiveCall::default());
            self.calls.len() as u32 - 1
        });
        let call = &mut self.calls[at as usize];
        call.number = number;
        call.code = code;
        call.flags = flags as u8;
        call.namespace = namespace;
        call.locals_object = locals_object;
        call.line_offset = 0;
        call.n_states = 0;
        call.first_state = None;
        call.parent = None;
        call.slots.clear();
        Ok(at)
    }

    fn restore_call(&mut self, source: &mut Source) -> Result<(), Malformed> {
        let number = source.varint()?;
        let at = self.new_call(source, number)?;
        let line_offset = unzigzag(source.varint()?);
        let n_states = source.varint()?;
        let first_state = source.varint()?.checked_sub(1);
        let parent = source.varint()?.checked_sub(1);
        let call = &mut self.calls[at as usize];
        call.line_offset = line_offset;
        call.n_states = n_states;
        call.first_state = first_state;
        call.parent = parent;
        self.push(at);
        Ok(())
    }

    #[inline(always)]
    fn end_top<L: CallLog + ?Sized>(
        &mut self,
        source: &mut Source,
        outcome: Outcome,
        log: &mut L,
    ) -> Result<(), Malformed> {
        let start = source.offset() - 1;
        source.value()?;
        let top = self.pop(source)?;
        self.end(top, outcome, log, start);
        Ok(())
    }

    #[inline(always)]
    fn end<L: CallLog + ?Sized>(&mut self, call: u32, outcome: Outcome, log: &mut L, start: usize) {
        let stamp = self.take_stamp();
        self.free_calls.push(call);
        log.ended(&self.calls[call as usize], outcome, stamp, start);
    }

    #[inline]
    fn take_stamp(&mut self) -> Stamp {
        self.stamp.take().unwrap_or(Stamp {
            wall_ns: self.clock_ns,
            cpu_ns: None,
        })
    }

    #[inline]
    fn push(&mut self, call: u32) {
        self.threads.stacks[self.threads.current as usize].push(call);
        self.threads.top = call;
    }

    #[inline]
    fn pop(&mut self, source: &Source) -> Result<u32, Malformed> {
        let stack = &mut self.threads.stacks[self.threads.current as usize];
        match stack.pop() {
            Some(call) => {
                self.threads.top = stack.last().copied().unwrap_or(NO_CALL);
                Ok(call)
            }
            None => source.malformed("the end of a call that was not begun"),
        }
    }

    fn switch_thread(&mut self, source: &Source, thread: usize) -> Result<(), Malformed> {
        if thread >= MAX_THREADS {
            return source.malformed("a thread number too high");
        }
        if thread >= self.threads.stacks.len() {
            self.threads.stacks.resize(thread + 1, Vec::new());
        }
        self.threads.current = thread as u32;
        let stack = &self.threads.stacks[thread];
        self.threads.top = stack.last().copied().unwrap_or(NO_CALL);
        Ok(())
    }

    /// The top call of the current thread.
    #[inline]
    pub fn top(&self) -> Option<&LiveCall> {
        self.calls.get(self.threads.top as usize)
    }

    /// A call that has not ended, by number.
    pub fn live_call(&self, number: u64) -> Option<&LiveCall> {
        let is_it = |call: &&LiveCall| call.number == number;
        if let Some(top) = self.top().filter(is_it) {
            return Some(top);
        }
        if let Some(&call) = self.suspended.get(&number) {
            return self.calls.get(call as usize);
        }
        let calls = self.threads.stacks.iter().flatten();
        calls.map(|&call| &self.calls[call as usize]).find(is_it)
    }

    /// The thread whose records are read.
    pub fn current_thread(&self) -> u32 {
        self.threads.current
    }

    /// The calls on a thread's stack, from the bottom.
    pub fn stack(&self, thread: u32) -> impl Iterator<Item = &LiveCall> {
        let stack = self.threads.stacks.get(thread as usize);
        stack
            .into_iter()
            .flatten()
            .map(|&call| &self.calls[call as usize])
    }

    /// The suspended calls, by number.
    pub fn suspended(&self) -> Vec<&LiveCall> {
        let mut calls: Vec<_> = self
            .suspended
            .values()
            .map(|&call| &self.calls[call as usize])
            .collect();
        calls.sort_unstable_by_key(|call| call.number);
        calls
    }

    /// Every call that has not ended, by number.
    pub fn live_calls(&self) -> Vec<&LiveCall> {
        let mut calls = self.suspended();
        for stack in &self.threads.stacks {
            calls.extend(stack.iter().map(|&call| &self.calls[call as usize]));
        }
        calls.sort_unstable_by_key(|call| call.number);
        calls
    }
}

/// Applies the rest of a record about an object: of the one given, or of the one it names.
#[inline(never)]
fn change_object(
    objects: &mut FxHashMap<u32, HeapObject>,
    given: Option<u32>,
    tag: u8,
    source: &mut Source,
) -> Result<(), &'static str> {
    let written = source.varint_u32().map_err(|malformed| malformed.found)?;
    let object = objects.get_mut(&given.unwrap_or(written));
    let object = object.ok_or("a change of an object that is not there")?;
    object.apply(tag, source)
}

impl LiveCall {
    /// The encoded value of a slot, if it is bound.
    pub fn slot(&self, slot: usize) -> Option<&[u8]> {
        let bytes = self.slots.get(slot)?.bytes();
        (bytes != [value::NULL]).then_some(bytes)
    }
}
