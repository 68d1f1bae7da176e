//! Where CPython's `LINE` events fire: a port of `initialize_lines` in `Python/instrumentation.c`
//! (the same in 3.12 and 3.13), and the facts derived from the lines alone.

use crate::code::Code;
use crate::facts::UnitSet;
use crate::input::Version;
use crate::opcodes::{Flow, Op};
use crate::tables::Handler;

/// Units that start a line, or that control may reach from another line.
pub(crate) fn state_units(code: &Code, lines: &[i32], handlers: &[Handler]) -> UnitSet {
    let mut units = UnitSet::new(code.n_units);
    let mut current = -1;
    for instruction in &code.instructions {
        // CPython sees an EXTENDED_ARG as an instruction of its own.
        for unit in instruction.first_unit..=instruction.unit {
            let line = lines[unit as usize];
            if unit < code.first_traced_unit {
                continue;
            }
            let never_starts = unit == instruction.unit
                && matches!(
                    instruction.op(),
                    Op::EndAsyncFor | Op::EndFor | Op::EndSend | Op::Resume
                );
            if never_starts {
                continue;
            }
            if line >= 0 && line != current {
                units.insert(unit);
            }
            current = line;
        }
    }
    for instruction in code
        .instructions
        .iter()
        .filter(|i| i.has_target() && i.unit >= code.first_traced_unit)
    {
        let target = code.instructions[instruction.target as usize].first_unit;
        // The jump skips the END_FOR or END_SEND it leads to.
        let skip = matches!(instruction.op(), Op::ForIter | Op::Send) as u32;
        insert_if_line(&mut units, lines, target + skip);
    }
    for handler in handlers {
        let ends_async_for = code
            .index_at(handler.target)
            .map(|index| code.instructions[index as usize])
            .is_some_and(|i| i.unit == handler.target && i.op() == Op::EndAsyncFor);
        if !ends_async_for {
            insert_if_line(&mut units, lines, handler.target);
        }
    }
    units
}

fn insert_if_line(units: &mut UnitSet, lines: &[i32], unit: u32) {
    if lines.get(unit as usize).is_some_and(|&line| line >= 0) {
        units.insert(unit);
    }
}

/// Whether the line of some instruction does not fit CPython's line delta: one byte for the line
/// counted from the first line plus one for every 16 units.
pub(crate) fn line_events_are_slow(
    code: &Code,
    lines: &[i32],
    first_line: u32,
    version: Version,
) -> bool {
    // The values below mark a missing line and an overflow; 3.13 has two kinds of overflow.
    let least = match version {
        Version::V3_12 => -126,
        Version::V3_13 => -125,
    };
    let overflows = |unit: u32| {
        let line = lines[unit as usize];
        let delta = line as i64 - first_line as i64 - (unit as i64 >> 4);
        line >= 0 && !(least..=127).contains(&delta)
    };
    code.instructions
        .iter()
        .filter(|instruction| instruction.unit >= code.first_traced_unit)
        .any(|instruction| overflows(instruction.first_unit) || overflows(instruction.unit))
}

/// Backward jumps whose whole loop is on the jump's line.
pub(crate) fn loop_jumps(code: &Code, lines: &[i32]) -> Vec<u32> {
    let mut run_start = 0;
    let mut run_line = -1;
    let mut jumps = Vec::new();
    for (index, instruction) in code.instructions.iter().enumerate() {
        let line = lines[instruction.unit as usize];
        if line >= 0 && line != run_line {
            (run_start, run_line) = (index as u32, line);
        }
        let loops = instruction.row.flow == Flow::JumpBack && line == run_line && line >= 0;
        if loops && instruction.target >= run_start {
            jumps.push(instruction.unit);
        }
    }
    jumps
}
