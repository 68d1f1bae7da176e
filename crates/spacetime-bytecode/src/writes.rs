//! Which slots each line may bind or unbind, and what else its instructions do.

use crate::code::{Code, Instruction, name_of};
use crate::facts::{LineEffects, LineSlots};
use crate::opcodes::Op;

/// Lines further apart than this many per distinct line are found by search instead of a table.
const SPARSE: usize = 64;

/// `CALL_INTRINSIC_1` with this operand is `from module import *`.
const INTRINSIC_IMPORT_STAR: u32 = 2;

/// [`LineSlots`] under construction, with the question that only the analysis asks.
pub(crate) struct Writes {
    pub(crate) slots: LineSlots,
    /// Like the words of the slots, for slots that more than one instruction of the line writes.
    repeated: Vec<u64>,
}

impl Writes {
    /// Whether exactly one instruction of the line, and none without a line, writes the slot.
    pub(crate) fn writes_once(&self, line: u32, slot: u16) -> bool {
        let at = self.slots.row(line) * self.slots.n_words + slot as usize / 64;
        let bit = |words: &[u64]| {
            words
                .get(at)
                .is_some_and(|word| word >> (slot % 64) & 1 != 0)
        };
        bit(&self.slots.words) && !bit(&self.repeated)
    }
}

/// Collects the writes of all instructions that may run after the first event of a call. What comes
/// before (the setup of cells) belongs to no line.
pub(crate) fn writes(code: &Code, line_of_unit: &[u32], n_slots: usize) -> Writes {
    let traced = || {
        code.instructions
            .iter()
            .filter(|i| i.unit >= code.first_traced_unit)
    };
    let mut slots = empty_rows(traced().map(|i| line_of_unit[i.unit as usize]), n_slots);
    let mut repeated = vec![0; slots.words.len()];
    let mut has_written = vec![false; slots.effects.len()];
    let (mut last_line, mut row) = (0, 0);
    for instruction in traced() {
        let line = line_of_unit[instruction.unit as usize];
        if line != last_line {
            (last_line, row) = (line, slots.row(line));
        }
        slots.effects[row] = slots.effects[row].union(effects(instruction));
        if has_written[row] && !only_moves(instruction) {
            slots.effects[row] = slots.effects[row].union(LineEffects::WORKS_AFTER_WRITE);
        }
        for slot in written_slots(instruction, n_slots) {
            let (at, bit) = (row * slots.n_words + slot as usize / 64, 1 << (slot % 64));
            repeated[at] |= slots.words[at] & bit;
            slots.words[at] |= bit;
            has_written[row] = true;
        }
    }
    spread_first_row(&mut slots, &mut repeated);
    Writes { slots, repeated }
}

fn empty_rows(lines: impl Iterator<Item = u32>, n_slots: usize) -> LineSlots {
    let lines = distinct(lines);
    let n_words = n_slots.div_ceil(64);
    let n_rows = lines.len() + 1;
    let span = lines
        .last()
        .map_or(0, |last| (last - lines[0]) as usize + 1);
    let mut row_of_line = Vec::new();
    if span <= SPARSE * n_rows {
        row_of_line.resize(span, 0);
        for (index, line) in lines.iter().enumerate() {
            row_of_line[(line - lines[0]) as usize] = index as u32 + 1;
        }
    }
    LineSlots {
        n_words,
        lines,
        row_of_line,
        words: vec![0; n_rows * n_words],
        effects: vec![LineEffects::default(); n_rows],
    }
}

/// The lines that are not 0, ascending.
fn distinct(lines: impl Iterator<Item = u32>) -> Vec<u32> {
    let mut distinct = Vec::new();
    let mut last = 0;
    for line in lines {
        if line != last && line != 0 {
            distinct.push(line);
        }
        last = line;
    }
    distinct.sort_unstable();
    distinct.dedup();
    distinct
}

/// Adds what instructions without a line do to every line.
fn spread_first_row(slots: &mut LineSlots, repeated: &mut [u64]) {
    let n_words = slots.n_words;
    for row in 1..slots.effects.len() {
        slots.effects[row] = slots.effects[row].union(slots.effects[0]);
        for word in 0..n_words {
            let without_line = slots.words[word];
            // A slot in both is written by more than one instruction.
            repeated[row * n_words + word] |= without_line;
            slots.words[row * n_words + word] |= without_line;
        }
    }
}

/// The slots that an instruction binds or unbinds.
pub(crate) fn written_slots(
    instruction: &Instruction,
    n_slots: usize,
) -> impl Iterator<Item = u16> {
    let oparg = instruction.oparg;
    let (first, count, step) = match instruction.op() {
        Op::StoreFast
        | Op::DeleteFast
        | Op::LoadFastAndClear
        | Op::MakeCell
        | Op::StoreDeref
        | Op::DeleteDeref => (oparg, 1, 1),
        Op::StoreFastLoadFast => (oparg >> 4, 1, 1),
        // Two slots, as an arithmetic sequence of two; equal ones give the slot twice.
        Op::StoreFastStoreFast => (oparg >> 4, 2, (oparg & 15) as i64 - (oparg >> 4) as i64),
        Op::CopyFreeVars => (n_slots as u32 - oparg, oparg, 1),
        _ => (0, 0, 0),
    };
    (0..count as i64).map(move |index| (first as i64 + index * step) as u16)
}

/// Units that bind or unbind a variable in a cell, with the slot of the cell.
pub(crate) fn cell_stores(code: &Code) -> Vec<(u32, u16)> {
    let is_store = |i: &&Instruction| matches!(i.op(), Op::StoreDeref | Op::DeleteDeref);
    let stores = code.instructions.iter().filter(is_store);
    stores.map(|i| (i.unit, i.oparg as u16)).collect()
}

/// Whether an instruction only moves values between slots and stack, drops them, or transfers control:
/// it allocates nothing.
pub(crate) fn only_moves(instruction: &Instruction) -> bool {
    matches!(
        instruction.op(),
        Op::Nop
            | Op::Copy
            | Op::Swap
            | Op::PopTop
            | Op::EndFor
            | Op::LoadConst
            | Op::LoadFast
            | Op::LoadFastLoadFast
            | Op::StoreFast
            | Op::StoreFastLoadFast
            | Op::StoreFastStoreFast
            | Op::JumpForward
            | Op::JumpBackward
            | Op::JumpBackwardNoInterrupt
            | Op::ReturnConst
            | Op::ReturnValue
    )
}

/// What an instruction may do besides binding slots. Stores to objects are added with their sites.
fn effects(instruction: &Instruction) -> LineEffects {
    use LineEffects as E;
    match instruction.op() {
        Op::Call | Op::CallKw => E::CALLS,
        Op::CallFunctionEx => E::CALLS.union(E::ITERATES),
        Op::GetIter
        | Op::ForIter
        | Op::UnpackSequence
        | Op::UnpackEx
        | Op::ListExtend
        | Op::SetUpdate
        | Op::DictUpdate
        | Op::DictMerge => E::ITERATES,
        Op::GetYieldFromIter => E::ITERATES.union(E::SUSPENDS),
        Op::GetAiter | Op::GetAnext | Op::GetAwaitable | Op::Send | Op::YieldValue => E::SUSPENDS,
        // The async variant calls __aenter__; what it returns is awaited by instructions of its own.
        Op::BeforeWith | Op::BeforeAsyncWith | Op::WithExceptStart => E::WITH,
        Op::ImportName | Op::ImportFrom => E::IMPORTS,
        Op::CallIntrinsic1 if instruction.oparg == INTRINSIC_IMPORT_STAR => {
            E::IMPORTS.union(E::STORES_NAMES)
        }
        Op::BinarySubscr => E::LOADS_ITEMS.union(E::OPERATES),
        Op::BinaryOp
        | Op::BinarySlice
        | Op::UnaryInvert
        | Op::UnaryNegative
        | Op::UnaryNot
        | Op::ToBool
        | Op::CompareOp
        | Op::ContainsOp
        | Op::LoadAttr
        | Op::LoadSuperAttr
        | Op::FormatSimple
        | Op::FormatValue
        | Op::FormatWithSpec
        | Op::ConvertValue
        | Op::GetLen
        | Op::MatchClass
        | Op::MatchKeys
        | Op::MatchMapping
        | Op::MatchSequence
        | Op::BuildSet
        | Op::BuildMap
        | Op::BuildConstKeyMap
        | Op::SetAdd
        | Op::MapAdd
        | Op::CallIntrinsic1
        | Op::CallIntrinsic2 => E::OPERATES,
        // 3.12 tests truth in the jump itself; 3.13, whose jumps have caches, by TO_BOOL before it.
        Op::PopJumpIfFalse | Op::PopJumpIfTrue if instruction.row.caches == 0 => E::OPERATES,
        Op::RaiseVarargs
        | Op::Reraise
        | Op::PushExcInfo
        | Op::CheckExcMatch
        | Op::CheckEgMatch
        | Op::EndAsyncFor
        | Op::CleanupThrow => E::RAISES,
        Op::StoreName
        | Op::DeleteName
        | Op::StoreGlobal
        | Op::DeleteGlobal
        | Op::SetupAnnotations => E::STORES_NAMES,
        Op::StoreDeref | Op::DeleteDeref => E::STORES_CELLS,
        _ => E::default(),
    }
}

/// Names used as globals or names, and whether names are stored in the frame's locals object.
pub(crate) fn names(code: &Code, n_names: usize) -> (Vec<u32>, bool) {
    let mut used = vec![false; n_names];
    let mut stores_names = false;
    for instruction in &code.instructions {
        match instruction.op() {
            Op::StoreName | Op::DeleteName | Op::SetupAnnotations => stores_names = true,
            Op::CallIntrinsic1 if instruction.oparg == INTRINSIC_IMPORT_STAR => stores_names = true,
            Op::LoadName
            | Op::LoadGlobal
            | Op::StoreGlobal
            | Op::DeleteGlobal
            | Op::LoadFromDictOrGlobals => {}
            _ => continue,
        }
        if let Some(flag) = name_of(instruction.op(), instruction.oparg)
            .and_then(|name| used.get_mut(name as usize))
        {
            *flag = true;
        }
    }
    let names = used
        .iter()
        .enumerate()
        .filter(|(_, used)| **used)
        .map(|(index, _)| index as u32);
    (names.collect(), stores_names)
}
