//! Why a code object cannot be analyzed.

/// A code object that is not what its interpreter version produces.
///
/// None of these happen with code objects made by the compiler; they appear with hand-made or
/// damaged ones. The remedy is always to treat the code object as opaque: record its calls at
/// function level and re-read everything it may have touched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytecode is empty or not a whole number of 2-byte units.
    #[error(
        "bytecode of {length} bytes where a positive even number is expected; pass co_code unchanged"
    )]
    CodeLength {
        /// Bytes found.
        length: usize,
    },
    /// The code object is larger than the positions in the facts can name.
    #[error(
        "code object with {units} units and {slots} slots where at most {max_units} and {max_slots} can be analyzed; \
         treat it as opaque"
    )]
    TooLarge {
        /// Code units found.
        units: usize,
        /// Local slots found.
        slots: usize,
        /// Most code units.
        max_units: usize,
        /// Most local slots.
        max_slots: usize,
    },
    /// An opcode number that the version does not have in original bytecode.
    #[error(
        "opcode {opcode} at unit {unit} is no original opcode of {version}; pass co_code, and the version of the running interpreter"
    )]
    UnknownOpcode {
        /// Code unit of the opcode.
        unit: u32,
        /// Number found.
        opcode: u8,
        /// Display name of the version, such as `CPython 3.13`.
        version: &'static str,
    },
    /// The bytecode ends inside an instruction.
    #[error(
        "the instruction at unit {unit} is cut off at the end of the bytecode; pass co_code unchanged"
    )]
    CutInstruction {
        /// Code unit of the instruction.
        unit: u32,
    },
    /// The line table is not a well-formed location table.
    #[error("line table is malformed at byte {at}; pass co_linetable unchanged")]
    LineTable {
        /// Offset of the entry in the table.
        at: usize,
    },
    /// The exception table is not well-formed.
    #[error("exception table is malformed at byte {at}; pass co_exceptiontable unchanged")]
    ExceptionTable {
        /// Offset of the entry in the table.
        at: usize,
    },
    /// A jump leaves the bytecode or lands inside an instruction.
    #[error(
        "the jump at unit {unit} leads to unit {target}, where no instruction starts; pass co_code unchanged"
    )]
    JumpTarget {
        /// Code unit of the jump.
        unit: u32,
        /// Where it leads.
        target: i64,
    },
    /// Control flow reaches an instruction with too few values on the stack or two different depths.
    #[error(
        "stack depth at unit {unit} is inconsistent: found {found}, expected {expected}; treat the code object as opaque"
    )]
    StackDepth {
        /// Code unit of the instruction.
        unit: u32,
        /// Depth found.
        found: i64,
        /// Depth expected (a minimum where the instruction pops more than there is).
        expected: i64,
    },
    /// An operand names a slot that the code object does not have.
    #[error(
        "the instruction at unit {unit} refers to {what} {index} of {count}; pass the tables of the same code object"
    )]
    Operand {
        /// Code unit of the instruction.
        unit: u32,
        /// What the operand indexes: a slot, a name or a stack item.
        what: &'static str,
        /// Index found.
        index: u32,
        /// Number of entries.
        count: usize,
    },
}
