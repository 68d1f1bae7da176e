//! Abstract interpretation of the value stack: depths, sites and escapes.
//!
//! Each instruction is run on a stack of [`Value`]s, which say what is known of where an object came
//! from. Where control joins, values that differ become [`Value::Unknown`], so that the analysis
//! reaches a fixed point: a block is run again only when its entry stack lost knowledge. Blocks are
//! taken in code order, so that code without loops is run once.
//!
//! A [`Value::Slot`] holds as long as nothing has written the slot since the load. Exception handlers
//! start with the depth of the exception table and know nothing of the values.

use crate::code::{Code, Instruction, name_of};
use crate::error::Error;
use crate::facts::{
    CallShape, Callee, EscapingLoad, LineEffects, Site, SiteKind, StackPosition, UNREACHABLE,
    UnitSet,
};
use crate::input::{CodeInput, Const, Version};
use crate::opcodes::{Flow, Op};
use crate::tables::Handler;
use crate::writes::{Writes, only_moves, written_slots};

/// No slot, where a slot is optional in a packed value.
const NO_SLOT: u16 = u16::MAX;

const TOO_DEEP: &str = "a stack deeper than the facts can name";

/// How many values from the top of the stack are remembered between blocks. Bounds the memory that a
/// code object with deep stacks and many jumps can take; deeper values are unknown.
const REMEMBERED: usize = 48;

/// First in-place operand of `BINARY_OP` (`NB_INPLACE_ADD`), and that of `*=`.
const IN_PLACE: u32 = 13;
const IN_PLACE_MULTIPLY: u32 = 18;

/// What is known of a value on the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Value {
    Unknown,
    /// The `NULL` beside a callable that is not a method.
    Null,
    /// A constant by index.
    Const(u32),
    /// What the slot (or the cell in it) holds now.
    Slot(u16),
    /// A global, builtin or name, by the instruction that loaded it.
    Global(u32),
    /// An attribute loaded as a plain value by this instruction, and the slot of its owner.
    Attribute(u32, u16),
    /// The function half of a method about to be called, and the slot of its receiver.
    Method(u32, u16),
    /// The same for a receiver that is an attribute, and the slot of the receiver's owner.
    AttributeMethod(u32, u16),
    /// A list, set or dict display that nobody else has seen.
    Fresh,
}

/// The value stack: `hidden` values nobody remembers, then the known ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Stack {
    hidden: usize,
    known: Vec<Value>,
    /// Bit `slot % 64` is set if a value may refer to the slot.
    slots: u64,
}

impl Stack {
    fn depth(&self) -> usize {
        self.hidden + self.known.len()
    }

    fn push(&mut self, value: Value) {
        if let Some(slot) = slot_of(value) {
            self.slots |= 1 << (slot % 64);
        }
        self.known.push(value);
    }

    /// The value `distance` below the top one.
    fn peek(&self, distance: usize) -> Value {
        self.known
            .len()
            .checked_sub(distance + 1)
            .map_or(Value::Unknown, |index| self.known[index])
    }

    /// Callers make sure that the stack is deep enough.
    fn pop(&mut self) -> Value {
        self.known.pop().unwrap_or_else(|| {
            self.hidden = self.hidden.saturating_sub(1);
            Value::Unknown
        })
    }

    /// Gives the value `distance` below the top one another value, if it is remembered.
    fn set(&mut self, distance: usize, value: Value) {
        if let Some(index) = self.known.len().checked_sub(distance + 1) {
            self.known[index] = value;
        }
    }

    /// Makes sure that the top `count` values have entries.
    fn reveal(&mut self, count: usize) {
        let missing = count.saturating_sub(self.known.len()).min(self.hidden);
        self.hidden -= missing;
        self.known
            .splice(0..0, std::iter::repeat_n(Value::Unknown, missing));
    }

    /// Forgets that values came from a slot that is being written.
    fn forget_slot(&mut self, slot: u16) {
        if self.slots >> (slot % 64) & 1 == 0 {
            return;
        }
        for value in &mut self.known {
            *value = match *value {
                Value::Slot(other) if other == slot => Value::Unknown,
                Value::Attribute(load, owner) if owner == slot => Value::Attribute(load, NO_SLOT),
                Value::Method(load, owner) if owner == slot => Value::Method(load, NO_SLOT),
                Value::AttributeMethod(load, owner) if owner == slot => {
                    Value::Method(load, NO_SLOT)
                }
                other => other,
            };
        }
    }

    /// Becomes what is remembered of a block's entry.
    fn restore(&mut self, entry: &Entry, remembered: &[Value]) {
        self.hidden = entry.hidden;
        self.known.clear();
        self.slots = 0;
        remembered.iter().for_each(|&value| self.push(value));
    }
}

/// The stack at the start of a block.
#[derive(Debug, Clone, Copy)]
struct Entry {
    hidden: usize,
    /// First of the remembered values in [`Interpreter::remembered`].
    first: usize,
    n_remembered: usize,
}

fn slot_of(value: Value) -> Option<u16> {
    match value {
        Value::Slot(slot) => Some(slot),
        Value::Attribute(_, slot) | Value::Method(_, slot) | Value::AttributeMethod(_, slot) => {
            (slot != NO_SLOT).then_some(slot)
        }
        _ => None,
    }
}

/// What the interpretation finds.
pub(crate) struct Found {
    pub(crate) depth_of_unit: Vec<u16>,
    pub(crate) sites: Vec<Site>,
    pub(crate) escaping_loads: Vec<EscapingLoad>,
}

/// Interprets the whole code object. Adds the effects of the sites to the lines of `writes`.
pub(crate) fn interpret(
    input: &CodeInput<'_>,
    code: &Code,
    handlers: &[Handler],
    line_of_unit: &[u32],
    writes: &mut Writes,
) -> Result<Found, Error> {
    let mut interpreter = Interpreter::new(input, code, line_of_unit, writes);
    if code.instructions.is_empty() {
        return Ok(interpreter.finish());
    }
    interpreter.enter(0, &Stack::default())?;
    for handler in handlers {
        let Some(index) = code.index_at(handler.target) else {
            return Err(Error::at(
                handler.target as usize,
                "a handler where no instruction starts",
            ));
        };
        if handler.depth >= UNREACHABLE as u32 {
            return Err(Error::at(handler.target as usize, TOO_DEEP));
        }
        interpreter.enter(
            index,
            &Stack {
                hidden: handler.depth as usize,
                ..Stack::default()
            },
        )?;
    }
    interpreter.run_to_fixed_point()?;
    Ok(interpreter.finish())
}

struct Interpreter<'a> {
    input: &'a CodeInput<'a>,
    code: &'a Code,
    line_of_unit: &'a [u32],
    writes: &'a mut Writes,
    /// Whether control can reach the instruction from elsewhere than the one before it.
    is_entry: UnitSet,
    /// Index into `entries` of each entered instruction.
    entry_of_instruction: Vec<u32>,
    entries: Vec<Entry>,
    /// The values on the stacks of all entries.
    remembered: Vec<Value>,
    /// Entered instructions that are still to be run.
    pending: UnitSet,
    first_pending: usize,
    /// Depth before each instruction, where it is known.
    depth: Vec<u16>,
    /// Index into `sites` of the site that an instruction is; a later run, which knows less, overwrites it.
    site_of_instruction: Vec<u32>,
    sites: Vec<Site>,
    /// Attribute loads whose result escapes.
    escaping: UnitSet,
    /// For attribute loads as plain values: the slot that the owner came from.
    owner_slot_of_load: Vec<u16>,
}

const NO_INDEX: u32 = u32::MAX;

impl<'a> Interpreter<'a> {
    fn new(
        input: &'a CodeInput<'a>,
        code: &'a Code,
        line_of_unit: &'a [u32],
        writes: &'a mut Writes,
    ) -> Self {
        let n = code.instructions.len();
        let mut is_entry = UnitSet::new(n);
        for instruction in code.instructions.iter().filter(|i| i.has_target()) {
            is_entry.insert(instruction.target);
        }
        Interpreter {
            input,
            code,
            line_of_unit,
            writes,
            is_entry,
            entry_of_instruction: vec![NO_INDEX; n],
            entries: Vec::new(),
            remembered: Vec::new(),
            pending: UnitSet::new(n),
            first_pending: 0,
            depth: vec![UNREACHABLE; n],
            site_of_instruction: vec![NO_INDEX; n],
            sites: Vec::new(),
            escaping: UnitSet::new(n),
            owner_slot_of_load: vec![NO_SLOT; n],
        }
    }

    /// Merges a stack into what is known at the entry of a block.
    fn enter(&mut self, index: u32, stack: &Stack) -> Result<(), Error> {
        let at = self.entry_of_instruction[index as usize];
        if at == NO_INDEX {
            self.enter_first(index, stack);
            return Ok(());
        }
        let entry = self.entries[at as usize];
        let depth = entry.hidden + entry.n_remembered;
        if depth != stack.depth() {
            let unit = self.code.instructions[index as usize].unit;
            return Err(Error::at(unit as usize, "two depths of the stack"));
        }
        for distance in entry.n_remembered..stack.known.len() {
            self.escape(stack.peek(distance));
        }
        let mut lost = false;
        for distance in 0..entry.n_remembered {
            let place = entry.first + entry.n_remembered - 1 - distance;
            let (old, new) = (self.remembered[place], stack.peek(distance));
            if old != new && old != Value::Unknown {
                self.escape(old);
                self.escape(new);
                self.remembered[place] = Value::Unknown;
                lost = true;
            } else if old != new {
                self.escape(new);
            }
        }
        if lost {
            self.mark_pending(index);
        }
        Ok(())
    }

    fn enter_first(&mut self, index: u32, stack: &Stack) {
        for distance in REMEMBERED..stack.known.len() {
            self.escape(stack.peek(distance));
        }
        let n_forgotten = stack.known.len().saturating_sub(REMEMBERED);
        self.is_entry.insert(index);
        self.entry_of_instruction[index as usize] = self.entries.len() as u32;
        self.entries.push(Entry {
            hidden: stack.hidden + n_forgotten,
            first: self.remembered.len(),
            n_remembered: stack.known.len() - n_forgotten,
        });
        self.remembered
            .extend_from_slice(&stack.known[n_forgotten..]);
        self.mark_pending(index);
    }

    fn mark_pending(&mut self, index: u32) {
        self.pending.insert(index);
        self.first_pending = self.first_pending.min(index as usize);
    }

    fn run_to_fixed_point(&mut self) -> Result<(), Error> {
        let mut stack = Stack::default();
        while let Some(index) = self.pending.next_from(self.first_pending as u32) {
            self.pending.remove(index);
            self.first_pending = index as usize + 1;
            let entry = self.entries[self.entry_of_instruction[index as usize] as usize];
            let remembered = &self.remembered[entry.first..entry.first + entry.n_remembered];
            stack.restore(&entry, remembered);
            self.run_block(index as usize, &mut stack)?;
        }
        Ok(())
    }

    /// Runs the instructions from a block's entry to the next one.
    fn run_block(&mut self, start: usize, stack: &mut Stack) -> Result<(), Error> {
        let code = self.code;
        for index in start..code.instructions.len() {
            if index != start && self.is_entry.contains(index as u32) {
                return self.enter(index as u32, stack);
            }
            let instruction = &code.instructions[index];
            self.depth[index] = stack.depth() as u16;
            self.step(index, instruction, stack)?;
            if instruction.has_target() {
                self.enter(instruction.target, stack)?;
            }
            if matches!(
                instruction.row.flow,
                Flow::Stop | Flow::Jump | Flow::JumpBack
            ) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Runs one instruction on the stack.
    fn step(
        &mut self,
        index: usize,
        instruction: &Instruction,
        stack: &mut Stack,
    ) -> Result<(), Error> {
        let oparg = instruction.oparg;
        let depth = stack.depth();
        let pops = instruction.row.pops.of(oparg);
        let pushes = instruction.row.pushes.of(oparg);
        let needed = pops.max(touched(instruction));
        if (depth as u64) < needed {
            let unit = instruction.unit as usize;
            return Err(Error::at(unit, "too few values on the stack"));
        }
        if depth as u64 - pops + pushes >= UNREACHABLE as u64 {
            return Err(Error::at(instruction.unit as usize, TOO_DEEP));
        }
        self.find_site(index, instruction, stack);
        for slot in written_slots(instruction, self.input.slots.len()) {
            stack.forget_slot(slot);
        }
        match instruction.op() {
            Op::LoadFast | Op::LoadFastCheck => stack.push(self.loaded_slot(oparg)),
            Op::LoadDeref => stack.push(Value::Slot(oparg as u16)),
            Op::LoadFastLoadFast => {
                stack.push(self.loaded_slot(oparg >> 4));
                stack.push(self.loaded_slot(oparg & 15));
            }
            Op::StoreFastLoadFast => {
                let stored = stack.pop();
                self.escape(stored);
                stack.push(self.loaded_slot(oparg & 15));
            }
            Op::LoadConst => stack.push(Value::Const(oparg)),
            Op::PushNull => stack.push(Value::Null),
            Op::LoadName => stack.push(Value::Global(index as u32)),
            Op::LoadFromDictOrGlobals => {
                stack.pop();
                stack.push(Value::Global(index as u32));
            }
            Op::LoadGlobal => {
                self.push_callable(stack, Value::Global(index as u32), oparg & 1 != 0)
            }
            Op::LoadAttr | Op::LoadSuperAttr => self.load_attribute(index, instruction, stack),
            Op::BuildList | Op::BuildSet | Op::BuildMap | Op::BuildConstKeyMap => {
                self.escape_many(stack, pops as usize);
                stack.push(Value::Fresh);
            }
            Op::Copy => {
                let distance = oparg as usize - 1;
                if stack.peek(distance) == Value::Fresh {
                    stack.set(distance, Value::Unknown);
                }
                stack.push(stack.peek(distance));
            }
            Op::Swap => {
                stack.reveal(oparg as usize);
                let top = stack.known.len() - 1;
                stack.known.swap(top, top + 1 - oparg as usize);
            }
            op => {
                if keeps_to_itself(op) {
                    for _ in 0..pops {
                        stack.pop();
                    }
                } else {
                    self.pop_operands(instruction, stack, pops as usize);
                }
                (0..pushes).for_each(|_| stack.push(Value::Unknown));
            }
        }
        Ok(())
    }

    /// Pops the operands of an instruction that may hand some of them on.
    fn pop_operands(&mut self, instruction: &Instruction, stack: &mut Stack, count: usize) {
        // Distances from the top of operands that stay here although their neighbours escape.
        let kept = match instruction.op() {
            Op::StoreAttr => 0..1,
            Op::StoreSubscr => 1..2,
            Op::BinarySubscr => 1..2,
            // The callable: in either of the two places below the arguments.
            Op::Call | Op::CallKw | Op::CallFunctionEx => {
                let (_, distance) = self.callee_value(stack, count);
                distance..distance + 1
            }
            _ => 0..0,
        };
        for distance in 0..count {
            let value = stack.pop();
            if !kept.contains(&distance) {
                self.escape(value);
            }
        }
    }

    fn escape_many(&mut self, stack: &mut Stack, count: usize) {
        for _ in 0..count {
            let value = stack.pop();
            self.escape(value);
        }
    }

    /// Notes that a value goes somewhere out of sight.
    fn escape(&mut self, value: Value) {
        if let Value::Attribute(load, _) = value {
            self.escaping.insert(load);
        }
    }

    /// A local slot's value; a slot with a cell gives the cell itself.
    fn loaded_slot(&self, slot: u32) -> Value {
        match self.input.slots.get(slot as usize) {
            Some(kind) if !kind.is_cell() => Value::Slot(slot as u16),
            _ => Value::Unknown,
        }
    }

    /// Pushes a callable, with the `NULL` that a call wants beside it.
    fn push_callable(&self, stack: &mut Stack, callable: Value, with_null: bool) {
        match (with_null, self.input.version) {
            (false, _) => stack.push(callable),
            (true, Version::V3_12) => {
                stack.push(Value::Null);
                stack.push(callable);
            }
            (true, Version::V3_13) => {
                stack.push(callable);
                stack.push(Value::Null);
            }
        }
    }

    fn load_attribute(&mut self, index: usize, instruction: &Instruction, stack: &mut Stack) {
        let owner = stack.pop();
        if instruction.op() == Op::LoadSuperAttr {
            // The class and `super` itself.
            self.escape_many(stack, 2);
        }
        // A dunder of a bound method (`__call__`) may be the method in disguise.
        let name = name_of(instruction.op(), instruction.oparg).unwrap_or_default();
        if self
            .input
            .names
            .get(name as usize)
            .is_some_and(|name| name.starts_with("__"))
        {
            self.escape(owner);
        }
        let owner_slot = match owner {
            Value::Slot(slot) => slot,
            _ => NO_SLOT,
        };
        if instruction.oparg & 1 == 0 {
            self.owner_slot_of_load[index] = owner_slot;
            stack.push(Value::Attribute(index as u32, owner_slot));
            return;
        }
        stack.push(match owner {
            Value::Attribute(_, slot) => Value::AttributeMethod(index as u32, slot),
            _ => Value::Method(index as u32, owner_slot),
        });
        stack.push(Value::Unknown);
    }

    /// The callable of a call that pops `count` values, and its distance from the top.
    fn callee_value(&self, stack: &Stack, count: usize) -> (Value, usize) {
        let lower = stack.peek(count - 1);
        match (lower, self.input.version) {
            (Value::Null, Version::V3_12) => (stack.peek(count - 2), count - 2),
            _ => (lower, count - 1),
        }
    }

    /// Records the site that the instruction is, if it is one, from the stack before it.
    fn find_site(&mut self, index: usize, instruction: &Instruction, stack: &Stack) {
        let oparg = instruction.oparg;
        let (kind, distance) = match instruction.op() {
            Op::StoreAttr => (SiteKind::StoreAttr { name: oparg }, 0),
            Op::DeleteAttr => (SiteKind::DeleteAttr { name: oparg }, 0),
            Op::StoreSubscr => (SiteKind::StoreItem, 1),
            Op::DeleteSubscr => (SiteKind::DeleteItem, 1),
            Op::StoreSlice => (SiteKind::StoreSlice, 2),
            Op::BinaryOp if oparg >= IN_PLACE => (self.in_place(oparg, stack.peek(0)), 1),
            Op::LoadAttr if self.input.names.get(oparg as usize >> 1) == Some(&"__dict__") => {
                (SiteKind::LoadDunderDict, 0)
            }
            Op::ListAppend
            | Op::ListExtend
            | Op::SetAdd
            | Op::SetUpdate
            | Op::DictMerge
            | Op::DictUpdate => (SiteKind::ExtendDisplay, oparg as usize),
            Op::MapAdd => (SiteKind::ExtendDisplay, oparg as usize + 1),
            Op::Call | Op::CallKw | Op::CallFunctionEx => {
                return self.find_call(index, instruction, stack);
            }
            _ => return,
        };
        let value = stack.peek(distance);
        if value == Value::Fresh {
            // A run that knew as much found no site either.
            return;
        }
        let line = self.line(instruction);
        let mut site = Site {
            unit: instruction.unit,
            line,
            kind,
            receiver: StackPosition((stack.depth() - 1 - distance) as u16),
            receiver_slot: None,
            owner_slot: None,
            n_working_before: 0,
        };
        match value {
            Value::Slot(slot)
                if matches!(kind, SiteKind::InPlace { .. })
                    && self.stores_back(index, line, slot) =>
            {
                site.receiver_slot = Some(slot);
            }
            Value::Slot(slot) => site.receiver_slot = self.kept_slot(line, slot),
            Value::Attribute(_, slot) => site.owner_slot = self.kept_slot(line, slot),
            _ => {}
        }
        self.writes.slots.add_effect(line, LineEffects::STORES);
        self.put_site(index, site);
    }

    fn in_place(&self, oparg: u32, operand: Value) -> SiteKind {
        let operand_is_number = match operand {
            Value::Const(index) => {
                matches!(self.input.consts.get(index as usize), Some(Const::Number))
            }
            _ => false,
        };
        SiteKind::InPlace {
            operand_is_number,
            multiplies: oparg == IN_PLACE_MULTIPLY,
        }
    }

    fn find_call(&mut self, index: usize, instruction: &Instruction, stack: &Stack) {
        let count = instruction.row.pops.of(instruction.oparg) as usize;
        let oparg = instruction.oparg as usize;
        let line = self.line(instruction);
        let (value, _) = self.callee_value(stack, count);
        let (callee, receiver_slot, owner_slot) = match value {
            Value::Method(load, slot) | Value::Attribute(load, slot) => {
                let receiver_slot = self.kept_slot(line, slot);
                (
                    Callee::Method {
                        name: self.loaded_name(load),
                        receiver_slot,
                    },
                    receiver_slot,
                    None,
                )
            }
            Value::AttributeMethod(load, slot) => {
                let callee = Callee::Method {
                    name: self.loaded_name(load),
                    receiver_slot: None,
                };
                (callee, None, self.kept_slot(line, slot))
            }
            Value::Global(load) => (
                Callee::Global {
                    name: self.loaded_name(load),
                },
                None,
                None,
            ),
            Value::Slot(slot) => (Callee::Slot(slot), self.kept_slot(line, slot), None),
            _ => (Callee::Other, None, None),
        };
        let base = stack.depth() - count;
        let position = |above: usize| StackPosition((base + above) as u16);
        let is_ex = instruction.op() == Op::CallFunctionEx;
        let shape = CallShape {
            callee,
            callee_position: position(0),
            self_position: position(1),
            n_args: if is_ex {
                1 + (oparg & 1) as u16
            } else {
                oparg as u16
            },
            first_arg_position: position(2),
        };
        let kind = if is_ex {
            SiteKind::CallEx(shape)
        } else {
            SiteKind::Call(shape)
        };
        let site = Site {
            unit: instruction.unit,
            line,
            kind,
            receiver: position(0),
            receiver_slot,
            owner_slot,
            n_working_before: 0,
        };
        self.put_site(index, site);
    }

    fn put_site(&mut self, index: usize, site: Site) {
        let at = self.site_of_instruction[index];
        if at == NO_INDEX {
            self.site_of_instruction[index] = self.sites.len() as u32;
            self.sites.push(site);
        } else {
            self.sites[at as usize] = site;
        }
    }

    /// The slot, if the line leaves it alone.
    fn kept_slot(&self, line: u32, slot: u16) -> Option<u16> {
        (slot != NO_SLOT && line != 0 && !self.writes.slots.contains(line, slot)).then_some(slot)
    }

    /// Whether the result of the instruction is stored to the slot at once, which the line does not
    /// write otherwise.
    fn stores_back(&self, index: usize, line: u32, slot: u16) -> bool {
        let stored = self
            .code
            .instructions
            .get(index + 1)
            .and_then(|next| match next.op() {
                Op::StoreFast | Op::StoreDeref => Some(next.oparg),
                Op::StoreFastLoadFast | Op::StoreFastStoreFast => Some(next.oparg >> 4),
                _ => None,
            });
        stored == Some(slot as u32) && line != 0 && self.writes.writes_once(line, slot)
    }

    fn line(&self, instruction: &Instruction) -> u32 {
        self.line_of_unit[instruction.unit as usize]
    }

    fn loaded_name(&self, load: u32) -> u32 {
        let instruction = &self.code.instructions[load as usize];
        name_of(instruction.op(), instruction.oparg).unwrap_or_default()
    }

    fn finish(mut self) -> Found {
        self.sites.sort_unstable_by_key(|site| site.unit);
        count_working(&self.code.instructions, &mut self.sites);
        let mut depth_of_unit = vec![UNREACHABLE; self.code.n_units];
        for (instruction, &depth) in self.code.instructions.iter().zip(&self.depth) {
            depth_of_unit[instruction.first_unit as usize..=instruction.unit as usize].fill(depth);
        }
        let escaping_loads = self
            .escaping
            .iter()
            .map(|load| self.escaping_load(load))
            .collect();
        Found {
            depth_of_unit,
            sites: self.sites,
            escaping_loads,
        }
    }

    fn escaping_load(&self, load: u32) -> EscapingLoad {
        let instruction = &self.code.instructions[load as usize];
        let line = self.line(instruction);
        EscapingLoad {
            unit: instruction.unit,
            line,
            name: self.loaded_name(load),
            // The load was run, so there was a value below.
            receiver: StackPosition(self.depth[load as usize].saturating_sub(1)),
            receiver_slot: self.kept_slot(line, self.owner_slot_of_load[load as usize]),
        }
    }
}

/// Fills in [`Site::n_working_before`]; both are in order of their units.
fn count_working(instructions: &[Instruction], sites: &mut [Site]) {
    let mut instructions = instructions.iter().peekable();
    let mut n_working = 0;
    for site in sites {
        while let Some(instruction) = instructions.next_if(|next| next.unit < site.unit) {
            n_working += u32::from(!only_moves(instruction));
        }
        site.n_working_before = n_working;
    }
}

/// How many values an instruction needs on the stack beyond those it pops, including those.
fn touched(instruction: &Instruction) -> u64 {
    let oparg = instruction.oparg as u64;
    match instruction.op() {
        Op::Copy | Op::Swap => oparg,
        Op::ListAppend
        | Op::ListExtend
        | Op::SetAdd
        | Op::SetUpdate
        | Op::DictMerge
        | Op::DictUpdate
        | Op::Reraise => oparg + 1,
        Op::MapAdd => oparg + 2,
        Op::WithExceptStart => 4,
        _ => 0,
    }
}

/// Operations that hand none of their operands on: a bound C method among the operands stays unseen
/// by other code, or makes the operation fail.
fn keeps_to_itself(op: Op) -> bool {
    matches!(
        op,
        Op::PopTop
            | Op::PopJumpIfFalse
            | Op::PopJumpIfTrue
            | Op::PopJumpIfNone
            | Op::PopJumpIfNotNone
            | Op::ToBool
            | Op::UnaryNot
            | Op::UnaryNegative
            | Op::UnaryInvert
            | Op::IsOp
            | Op::GetIter
            | Op::GetAiter
            | Op::GetAnext
            | Op::GetAwaitable
            | Op::GetYieldFromIter
            | Op::ForIter
            | Op::UnpackSequence
            | Op::UnpackEx
            | Op::FormatSimple
            | Op::FormatValue
            | Op::FormatWithSpec
            | Op::ConvertValue
            | Op::BuildString
            | Op::BinarySlice
            | Op::StoreSlice
            | Op::DeleteAttr
            | Op::DeleteSubscr
            | Op::ListExtend
            | Op::SetUpdate
            | Op::DictUpdate
            | Op::DictMerge
            | Op::RaiseVarargs
            | Op::Reraise
            | Op::CheckExcMatch
            | Op::CheckEgMatch
            | Op::BeforeWith
            | Op::BeforeAsyncWith
            | Op::ImportName
            | Op::ImportFrom
    )
}
