//! Bytecode decoded into instructions with their jump targets.

use crate::error::Error;
use crate::input::{CodeInput, Version};
use crate::opcodes::{Flow, Op, Row};
use crate::{opcodes_3_12, opcodes_3_13};

const NO_SLOT: &str = "a slot that the code does not have";
/// No instruction starts here.
const NONE: u32 = u32::MAX;

/// Positions are stored in 32 bits with room to spare.
const MAX_UNITS: usize = 1 << 28;
/// Slots are named by 16 bits.
const MAX_SLOTS: usize = u16::MAX as usize - 1;

/// An instruction with its operand put together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instruction {
    /// Unit of the instruction itself.
    pub(crate) unit: u32,
    /// Unit of its first `EXTENDED_ARG`, or `unit`.
    pub(crate) first_unit: u32,
    pub(crate) oparg: u32,
    /// Index of the instruction it jumps to, if any.
    pub(crate) target: u32,
    pub(crate) row: Row,
}

impl Instruction {
    pub(crate) fn op(&self) -> Op {
        self.row.op
    }
    /// Unit after the instruction and its caches.
    pub(crate) fn next_unit(&self) -> u32 {
        self.unit + 1 + self.row.caches as u32
    }
    /// Whether it can jump.
    pub(crate) fn has_target(&self) -> bool {
        self.target != NONE
    }
}

/// A code object's instructions.
pub(crate) struct Code {
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) n_units: usize,
    /// Instruction that starts (with its prefixes) at a unit, or [`NONE`].
    index_of_unit: Vec<u32>,
    /// First unit that CPython traces: the first `RESUME`. What comes before sets up the frame.
    pub(crate) first_traced_unit: u32,
}

impl Code {
    /// The instruction that starts at the unit, counting prefixes as its start.
    pub(crate) fn index_at(&self, unit: u32) -> Option<u32> {
        self.index_of_unit
            .get(unit as usize)
            .copied()
            .filter(|&index| index != NONE)
    }
}

fn table_of(version: Version) -> &'static [Option<Row>; 256] {
    match version {
        Version::V3_12 => &opcodes_3_12::TABLE,
        Version::V3_13 => &opcodes_3_13::TABLE,
    }
}

/// Whether some byte where an instruction may stand binds or unbinds a variable in a cell: inline caches
/// may look like it too.
pub(crate) fn may_bind_cells(version: Version, bytecode: &[u8]) -> bool {
    let table = table_of(version);
    bytecode.iter().step_by(2).any(|&opcode| {
        table[opcode as usize].is_some_and(|row| matches!(row.op, Op::StoreDeref | Op::DeleteDeref))
    })
}

/// Decodes and checks every operand that other modules use as an index.
pub(crate) fn decode(input: &CodeInput<'_>) -> Result<Code, Error> {
    let length = input.code.len();
    if length == 0 || !length.is_multiple_of(2) {
        return Err(Error::at(length / 2, "no whole number of units, or none"));
    }
    let n_units = length / 2;
    if n_units > MAX_UNITS || input.slots.len() > MAX_SLOTS {
        return Err(Error::at(
            n_units,
            "more units or slots than the facts can name",
        ));
    }
    let table = table_of(input.version);
    let mut instructions = Vec::with_capacity(n_units);
    let mut index_of_unit = vec![NONE; n_units];
    let mut first_traced_unit = n_units as u32;
    let mut unit = 0;
    let mut prefix: Option<(usize, u32)> = None;
    while unit < n_units {
        let (opcode, low) = (input.code[2 * unit], input.code[2 * unit + 1] as u32);
        let row = table[opcode as usize]
            .ok_or_else(|| Error::at(unit, "an opcode that the version does not have"))?;
        let (first_unit, high) = prefix.unwrap_or((unit, 0));
        let oparg = high << 8 | low;
        if row.op == Op::ExtendedArg {
            prefix = Some((first_unit, oparg));
            unit += 1;
            continue;
        }
        prefix = None;
        if row.op == Op::Resume && first_traced_unit as usize == n_units {
            first_traced_unit = unit as u32;
        }
        let instruction = Instruction {
            unit: unit as u32,
            first_unit: first_unit as u32,
            oparg,
            target: NONE,
            row,
        };
        check_operand(&instruction, input)?;
        index_of_unit[first_unit] = instructions.len() as u32;
        instructions.push(instruction);
        unit += 1 + row.caches as usize;
    }
    if unit > n_units || prefix.is_some() {
        return Err(Error::at(n_units, "the end inside an instruction"));
    }
    for instruction in &mut instructions {
        let next = instruction.next_unit() as i64;
        let target = match instruction.row.flow {
            Flow::Jump | Flow::Branch => next + instruction.oparg as i64,
            Flow::JumpBack => next - instruction.oparg as i64,
            Flow::Next | Flow::Stop => continue,
        };
        instruction.target = usize::try_from(target)
            .ok()
            .and_then(|unit| index_of_unit.get(unit).copied())
            .filter(|&index| index != NONE)
            .ok_or_else(|| {
                Error::at(
                    instruction.unit as usize,
                    "a jump to where no instruction starts",
                )
            })?;
    }
    Ok(Code {
        instructions,
        n_units,
        index_of_unit,
        first_traced_unit,
    })
}

fn check_operand(instruction: &Instruction, input: &CodeInput<'_>) -> Result<(), Error> {
    let oparg = instruction.oparg;
    let (what, index, count) = match instruction.op() {
        Op::LoadFast
        | Op::LoadFastCheck
        | Op::LoadFastAndClear
        | Op::StoreFast
        | Op::DeleteFast
        | Op::MakeCell
        | Op::LoadClosure
        | Op::LoadDeref
        | Op::StoreDeref
        | Op::DeleteDeref
        | Op::LoadFromDictOrDeref => (NO_SLOT, oparg, input.slots.len()),
        Op::LoadFastLoadFast | Op::StoreFastLoadFast | Op::StoreFastStoreFast => {
            (NO_SLOT, (oparg >> 4).max(oparg & 15), input.slots.len())
        }
        // Counted from 1 at the top.
        Op::Copy | Op::Swap if oparg == 0 => ("stack item 0 where they count from 1", 0, 0),
        // The operand is a number of slots here, so it may equal their count.
        Op::CopyFreeVars => (NO_SLOT, oparg, input.slots.len() + 1),
        op => match name_of(op, oparg) {
            Some(index) => (
                "a name that the code does not have",
                index,
                input.names.len(),
            ),
            None => return Ok(()),
        },
    };
    if (index as usize) < count {
        return Ok(());
    }
    Err(Error::at(instruction.unit as usize, what))
}

/// Index of the name an instruction refers to.
pub(crate) fn name_of(op: Op, oparg: u32) -> Option<u32> {
    match op {
        Op::StoreName
        | Op::DeleteName
        | Op::LoadName
        | Op::StoreGlobal
        | Op::DeleteGlobal
        | Op::StoreAttr
        | Op::DeleteAttr
        | Op::ImportName
        | Op::ImportFrom
        | Op::LoadFromDictOrGlobals => Some(oparg),
        Op::LoadGlobal | Op::LoadAttr => Some(oparg >> 1),
        Op::LoadSuperAttr => Some(oparg >> 2),
        _ => None,
    }
}
