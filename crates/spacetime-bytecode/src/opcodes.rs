//! What an opcode is, in terms shared by all versions.

/// An operation. Names are those of CPython.
#[expect(clippy::enum_variant_names, reason = "CPython has operations named ..._OP")]
#[rustfmt::skip]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    BeforeAsyncWith, BeforeWith, BinaryOp, BinarySlice, BinarySubscr, BuildConstKeyMap,
    BuildList, BuildMap, BuildSet, BuildSlice, BuildString, BuildTuple, Call, CallFunctionEx,
    CallIntrinsic1, CallIntrinsic2, CallKw, CheckEgMatch, CheckExcMatch, CleanupThrow, CompareOp,
    ContainsOp, ConvertValue, Copy, CopyFreeVars, DeleteAttr, DeleteDeref, DeleteFast,
    DeleteGlobal, DeleteName, DeleteSubscr, DictMerge, DictUpdate, EndAsyncFor, EndFor, EndSend,
    ExtendedArg, FormatSimple, FormatValue, FormatWithSpec, ForIter, GetAiter, GetAnext,
    GetAwaitable, GetIter, GetLen, GetYieldFromIter, ImportFrom, ImportName, IsOp, JumpBackward,
    JumpBackwardNoInterrupt, JumpForward, KwNames, ListAppend, ListExtend, LoadAssertionError,
    LoadAttr, LoadBuildClass, LoadClosure, LoadConst, LoadDeref, LoadFast, LoadFastAndClear,
    LoadFastCheck, LoadFastLoadFast, LoadFromDictOrDeref, LoadFromDictOrGlobals, LoadGlobal,
    LoadLocals, LoadName, LoadSuperAttr, MakeCell, MakeFunction, MapAdd, MatchClass, MatchKeys,
    MatchMapping, MatchSequence, Nop, PopExcept, PopJumpIfFalse, PopJumpIfNone, PopJumpIfNotNone,
    PopJumpIfTrue, PopTop, PushExcInfo, PushNull, RaiseVarargs, Reraise, Resume, ReturnConst,
    ReturnGenerator, ReturnValue, Send, SetupAnnotations, SetAdd, SetFunctionAttribute, SetUpdate,
    StoreAttr, StoreDeref, StoreFast, StoreFastLoadFast, StoreFastStoreFast, StoreGlobal,
    StoreName, StoreSlice, StoreSubscr, Swap, ToBool, UnaryInvert, UnaryNegative, UnaryNot,
    UnpackEx, UnpackSequence, WithExceptStart, YieldValue,
}

/// A number of values on the stack, depending on the operand.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Count {
    /// This many.
    N(u8),
    /// This many and as many as the operand says.
    Arg(u8),
    /// Twice the operand.
    TwiceArg,
    /// This many and one more if the operand is odd.
    LowBit(u8),
    /// `BUILD_SLICE`: two, or three if the operand is 3.
    Slice,
    /// `FORMAT_VALUE`: one, and a format if bit 2 is set.
    FormatSpec,
    /// `MAKE_FUNCTION` with its parts chosen by four bits.
    FunctionParts,
    /// `UNPACK_EX`: values before the starred one in the low byte, after it in the rest.
    UnpackEx,
}

impl Count {
    pub(crate) fn of(self, oparg: u32) -> u64 {
        let oparg = oparg as u64;
        match self {
            Count::N(n) => n as u64,
            Count::Arg(n) => n as u64 + oparg,
            Count::TwiceArg => 2 * oparg,
            Count::LowBit(n) => n as u64 + (oparg & 1),
            Count::Slice => 2 + (oparg == 3) as u64,
            Count::FormatSpec => 1 + (oparg >> 2 & 1),
            Count::FunctionParts => 1 + (oparg & 15).count_ones() as u64,
            Count::UnpackEx => 1 + (oparg & 0xFF) + (oparg >> 8),
        }
    }
}

/// Where control goes after an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// To the next instruction.
    Next,
    /// Forward by the operand.
    Jump,
    /// Backward by the operand.
    JumpBack,
    /// To the next instruction or forward by the operand, with the same stack. (`FOR_ITER` skips the
    /// `END_FOR` it leads to, unless a generator inlined by the interpreter returns into it.)
    Branch,
    /// Nowhere: the frame is left, or an exception goes to a handler.
    Stop,
}

/// One line of an opcode table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    number: u8,
    pub(crate) op: Op,
    /// Inline cache units after the instruction.
    pub(crate) caches: u8,
    pub(crate) pops: Count,
    pub(crate) pushes: Count,
    pub(crate) flow: Flow,
}

pub(crate) const fn row(
    number: u8,
    op: Op,
    caches: u8,
    pops: Count,
    pushes: Count,
    flow: Flow,
) -> Row {
    Row {
        number,
        op,
        caches,
        pops,
        pushes,
        flow,
    }
}

/// Spreads rows over the opcode numbers.
pub(crate) const fn table(rows: &[Row]) -> [Option<Row>; 256] {
    let mut table = [None; 256];
    let mut index = 0;
    while index < rows.len() {
        table[rows[index].number as usize] = Some(rows[index]);
        index += 1;
    }
    table
}
