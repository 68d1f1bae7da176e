//! What [`analyze`](crate::analyze) reads: the parts of a code object, borrowed.

/// An interpreter version whose bytecode is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// CPython 3.12.
    V3_12,
    /// CPython 3.13.
    V3_13,
}

impl Version {
    /// The version for `sys.version_info[:2]`, if its bytecode is understood.
    pub fn from_numbers(major: u32, minor: u32) -> Option<Version> {
        match (major, minor) {
            (3, 12) => Some(Version::V3_12),
            (3, 13) => Some(Version::V3_13),
            _ => None,
        }
    }
}

/// A code object.
#[derive(Debug, Clone, Copy)]
pub struct CodeInput<'a> {
    /// Whose bytecode it is.
    pub version: Version,
    /// `co_code`: the original bytes, not specialized, not instrumented, inline caches included.
    pub code: &'a [u8],
    /// `co_linetable`.
    pub line_table: &'a [u8],
    /// `co_exceptiontable`.
    pub exception_table: &'a [u8],
    /// `co_firstlineno`.
    pub first_line: u32,
    /// `co_flags`.
    pub flags: u32,
    /// `co_names`.
    pub names: &'a [&'a str],
    /// `co_consts`.
    pub consts: &'a [Const],
    /// The local slots (`localsplus`): arguments, locals, cells, free variables, in frame order.
    pub slots: &'a [Slot<'a>],
    /// Number of parameters, including keyword-only ones, `*args` and `**kwargs`. They are the first
    /// slots and are bound when the call starts.
    pub argument_count: u32,
}

/// A constant of a code object, as far as the analysis needs to know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Const {
    /// An int, float or complex.
    Number,
    /// Anything else. Numbers may be given so too; the facts are then less exact.
    Other,
}

/// A local slot of a code object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot<'a> {
    /// Variable name (`co_localsplusnames`).
    pub name: &'a str,
    /// Kind bits (`co_localspluskinds`), see [`slot_kind`].
    pub kind: u8,
}

impl Slot<'_> {
    /// Whether the slot holds a cell (own or of an enclosing function) rather than the value itself.
    pub fn is_cell(&self) -> bool {
        self.kind & (slot_kind::CELL | slot_kind::FREE) != 0
    }
}

/// Bits of [`Slot::kind`], as CPython defines them.
pub mod slot_kind {
    /// Local of an inlined comprehension, invisible to `locals()` outside it.
    pub const HIDDEN: u8 = 0x10;
    /// A local variable.
    pub const LOCAL: u8 = 0x20;
    /// A local variable that inner functions refer to.
    pub const CELL: u8 = 0x40;
    /// A variable of an enclosing function.
    pub const FREE: u8 = 0x80;
}
