//! Static analysis of CPython code objects.
//!
//! [`analyze`] reads one code object (its original bytes and tables, handed over as slices) and
//! answers with [`CodeFacts`]: which line each code unit belongs to, how deep the value stack is
//! before each instruction, which local slots each line may bind, and which instructions can change
//! a heap object through C code alone. The recorder decides from these facts what to watch.
//!
//! Where it sits: below capture, next to the model. It links no Python, reads no file and keeps
//! no state; equal inputs give equal facts.
//!
//! Invariants:
//! * Total: malformed input is an [`Error`] or a conservative answer, never a panic.
//! * Conservative: a slot that may be written is in [`CodeFacts::written`], an instruction that may
//!   change an object is in [`CodeFacts::sites`]; a receiver is named only when it is proved.
//! * Linear in the size of the code object, apart from `log` factors.
//!
//! Start at [`analyze`]: `code` and `tables` decode, `writes` collects what each line binds, `lines`
//! ports CPython's choice of line events, and `values` interprets the value stack (depths, sites,
//! escapes). Each interpreter version has one opcode table, `opcodes_3_12` and `opcodes_3_13`.

mod code;
mod error;
mod facts;
mod input;
mod lines;
mod opcodes;
mod opcodes_3_12;
mod opcodes_3_13;
mod tables;
mod values;
mod writes;

pub use error::Error;
pub use facts::{
    CallShape, Callee, CodeFacts, EscapingLoad, LineEffects, LineSlots, Site, SiteKind,
    StackPosition, UNREACHABLE, UnitSet,
};
pub use input::{CodeInput, Const, Slot, Version, slot_kind};
pub use tables::last_line;

/// Analyzes one code object.
pub fn analyze(input: &CodeInput<'_>) -> Result<CodeFacts, Error> {
    let code = code::decode(input)?;
    let lines = tables::lines_of_units(input.line_table, input.first_line, code.n_units)?;
    let handlers = tables::handlers(input.exception_table, code.n_units)?;
    // Line 0 is that of module prologues, which nobody wants to see.
    let line_of_unit: Vec<u32> = lines.iter().map(|&line| line.max(0) as u32).collect();
    let mut writes = writes::writes(&code, &line_of_unit, input.slots.len());
    let found = values::interpret(input, &code, &handlers, &line_of_unit, &mut writes)?;
    let (global_names, stores_names) = writes::names(&code, input.names.len());
    let with_line = || line_of_unit.iter().copied().filter(|&line| line != 0);
    Ok(CodeFacts {
        state_units: lines::state_units(&code, &lines, &handlers),
        min_line: with_line().min().unwrap_or(input.first_line),
        last_line: with_line().max().unwrap_or(input.first_line),
        line_events_are_slow: lines::line_events_are_slow(
            &code,
            &lines,
            input.first_line,
            input.version,
        ),
        depth_of_unit: found.depth_of_unit,
        loop_jumps: lines::loop_jumps(&code, &lines),
        written: writes.slots,
        global_names,
        stores_names,
        sites: found.sites,
        escaping_loads: found.escaping_loads,
        cell_stores: writes::cell_stores(&code),
        line_of_unit,
    })
}

/// Whether bytecode may bind or unbind a variable in a cell; a quick look that errs on the side of yes.
pub fn may_bind_cells(version: Version, bytecode: &[u8]) -> bool {
    code::may_bind_cells(version, bytecode)
}

/// Indices in `names` of the globals that a code object refers to: all that is needed of code of which
/// no line is recorded. `line_table` and `exception_table` are not read.
pub fn global_names(input: &CodeInput<'_>) -> Result<Vec<u32>, Error> {
    let code = code::decode(input)?;
    Ok(writes::names(&code, input.names.len()).0)
}
