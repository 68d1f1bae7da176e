//! What [`analyze`](crate::analyze) answers.
//!
//! Code units are the 2-byte words of the bytecode: unit `u` is at byte offset `2 * u`, the offset
//! that monitoring callbacks receive. An instruction with `EXTENDED_ARG` prefixes is named by the
//! unit of the instruction itself, where an `INSTRUCTION` event for it fires.

/// [`CodeFacts::depth_of_unit`] of units that control flow does not reach, and of inline caches.
pub const UNREACHABLE: u16 = u16::MAX;

/// All facts about one code object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeFacts {
    /// Source line of each code unit; 0 where the unit has no line.
    pub line_of_unit: Vec<u32>,
    /// Units at which CPython's `LINE` event may fire: line starts, and jump and handler targets.
    /// With `INSTRUCTION` events at these units and [`CodeFacts::line_of_unit`], a recorder gets
    /// the lines of a code object whose own `LINE` events are slow.
    ///
    /// `LINE` fires at such a unit when its line differs from that of the instruction executed
    /// before it in the same frame, or when that instruction was a `RESUME`. `INSTRUCTION` events
    /// never fire at `RESUME` and `END_FOR`.
    pub state_units: UnitSet,
    /// Smallest line of any unit (the code object's first line if no unit has a line).
    pub min_line: u32,
    /// Largest line of any unit (likewise).
    pub last_line: u32,
    /// Whether some unit's line does not fit CPython's one-byte line delta, so that each `LINE` event
    /// near it searches the line table from its start.
    pub line_events_are_slow: bool,
    /// Depth of the value stack before the instruction at each unit; [`UNREACHABLE`] where there
    /// is none.
    pub depth_of_unit: Vec<u16>,
    /// Units of backward jumps whose whole loop is on one line, so that one `LINE` event stands for
    /// several iterations (comprehensions, one-line loops).
    pub loop_jumps: Vec<u32>,
    /// The slots that each line may bind or unbind, and what else the line does. The setup of cells
    /// before a call's first event is not counted.
    pub written: LineSlots,
    /// Indices into the names of those read or written as globals or names, ascending. Builtins are
    /// among them, since bytecode does not tell them apart.
    pub global_names: Vec<u32>,
    /// Whether names are stored in the frame's locals object: module and class bodies, `exec`.
    pub stores_names: bool,
    /// Everything that can change a heap object by C code alone, ascending by unit.
    pub sites: Vec<Site>,
    /// Attributes that are loaded as plain values and go somewhere else than into a call of
    /// themselves: `f = xs.append`, `map(xs.append, ys)`. A bound C method that escapes this way can
    /// change its receiver later, out of sight of the sites. Ascending by unit.
    pub escaping_loads: Vec<EscapingLoad>,
    /// Units that bind or unbind a variable in a cell, with the slot of the cell; ascending.
    pub cell_stores: Vec<(u32, u16)>,
}

/// An attribute load whose result escapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EscapingLoad {
    /// Code unit of the load.
    pub unit: u32,
    /// Its source line, 0 for none.
    pub line: u32,
    /// Index of the attribute's name.
    pub name: u32,
    /// Where the object is on the value stack before the load (for `super().name`: the `self`).
    pub receiver: StackPosition,
    /// Slot of the object, under the rules of [`Site::receiver_slot`].
    pub receiver_slot: Option<u16>,
}

/// A set of code units.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct UnitSet {
    words: Vec<u64>,
}

impl UnitSet {
    /// An empty set with room for the units below `n_units`.
    pub fn new(n_units: usize) -> UnitSet {
        UnitSet {
            words: vec![0; n_units.div_ceil(64)],
        }
    }

    /// Whether the unit is in the set.
    #[inline]
    pub fn contains(&self, unit: u32) -> bool {
        self.words
            .get(unit as usize / 64)
            .is_some_and(|word| word >> (unit % 64) & 1 != 0)
    }

    /// Adds a unit; units outside the room of the set are ignored.
    pub fn insert(&mut self, unit: u32) {
        if let Some(word) = self.words.get_mut(unit as usize / 64) {
            *word |= 1 << (unit % 64);
        }
    }

    pub(crate) fn remove(&mut self, unit: u32) {
        if let Some(word) = self.words.get_mut(unit as usize / 64) {
            *word &= !(1 << (unit % 64));
        }
    }

    /// The first unit of the set from `start` on.
    pub(crate) fn next_from(&self, start: u32) -> Option<u32> {
        let mut index = start as usize / 64;
        let mut word = self.words.get(index)? & (u64::MAX << (start % 64));
        while word == 0 {
            index += 1;
            word = *self.words.get(index)?;
        }
        Some(index as u32 * 64 + word.trailing_zeros())
    }

    /// The units, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        let mut next = 0;
        std::iter::from_fn(move || {
            let unit = self.next_from(next)?;
            next = unit + 1;
            Some(unit)
        })
    }
}

/// For each source line, the slots that its instructions may bind or unbind, and its
/// [`LineEffects`].
///
/// Instructions without a line (cleanup that the compiler adds) count for every line. Writes that
/// are not instructions of this code object are outside: a cell rebound by another function that
/// shares it, and debuggers that write to frames.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineSlots {
    pub(crate) n_words: usize,
    /// Distinct lines, ascending.
    pub(crate) lines: Vec<u32>,
    /// Row of each line counted from `lines[0]`; empty where lines are too far apart for a table.
    pub(crate) row_of_line: Vec<u32>,
    /// `n_words` words a row; row 0 is that of instructions without a line, row `i + 1` that of
    /// `lines[i]`.
    pub(crate) words: Vec<u64>,
    pub(crate) effects: Vec<LineEffects>,
}

impl LineSlots {
    /// Bit `slot % 64` of word `slot / 64` tells whether the line may write the slot. For a line
    /// that the code object does not have: the slots written by instructions without a line.
    #[inline]
    pub fn of_line(&self, line: u32) -> &[u64] {
        let row = self.row(line);
        self.words
            .get(row * self.n_words..(row + 1) * self.n_words)
            .unwrap_or(&[])
    }

    /// Whether the line may write the slot.
    #[inline]
    pub fn contains(&self, line: u32, slot: u16) -> bool {
        self.of_line(line)
            .get(slot as usize / 64)
            .is_some_and(|word| word >> (slot % 64) & 1 != 0)
    }

    /// What else the line does.
    #[inline]
    pub fn effects_of_line(&self, line: u32) -> LineEffects {
        self.effects
            .get(self.row(line))
            .copied()
            .unwrap_or_default()
    }

    /// The lines that have instructions, ascending.
    pub fn lines(&self) -> &[u32] {
        &self.lines
    }

    /// Adds an effect to a line; without a line, to all.
    pub(crate) fn add_effect(&mut self, line: u32, effect: LineEffects) {
        if self.effects[0].contains(effect) {
            return;
        }
        let rows = match line {
            0 => 0..self.effects.len(),
            _ => self.row(line)..self.row(line) + 1,
        };
        for row in &mut self.effects[rows] {
            *row = row.union(effect);
        }
    }

    #[inline]
    pub(crate) fn row(&self, line: u32) -> usize {
        let Some(&first) = self.lines.first() else {
            return 0;
        };
        if self.row_of_line.is_empty() {
            return self.lines.binary_search(&line).map_or(0, |index| index + 1);
        }
        let distance = line.wrapping_sub(first) as usize;
        self.row_of_line
            .get(distance)
            .map_or(0, |&row| row as usize)
    }
}

/// What the instructions of a line can do apart from writing slots: a set of flags. Instructions
/// without a line count for every line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct LineEffects(pub u16);

impl LineEffects {
    /// Has a [`Site`] that is not a call.
    pub const STORES: LineEffects = LineEffects(1);
    /// Calls something with a call instruction.
    pub const CALLS: LineEffects = LineEffects(1 << 1);
    /// Starts or advances an iterator: `for`, unpacking, `*` and `**` displays.
    pub const ITERATES: LineEffects = LineEffects(1 << 2);
    /// Enters or leaves a `with` block.
    pub const WITH: LineEffects = LineEffects(1 << 3);
    /// Imports a module.
    pub const IMPORTS: LineEffects = LineEffects(1 << 4);
    /// Yields, awaits, or resumes another generator.
    pub const SUSPENDS: LineEffects = LineEffects(1 << 5);
    /// Applies an operator, comparison, truth test, subscript or attribute load, or formats a value:
    /// pure on exact built-in types, arbitrary on others.
    pub const OPERATES: LineEffects = LineEffects(1 << 6);
    /// Raises or handles an exception.
    pub const RAISES: LineEffects = LineEffects(1 << 7);
    /// Binds or unbinds globals or names.
    pub const STORES_NAMES: LineEffects = LineEffects(1 << 8);
    /// Binds or unbinds a variable in a cell.
    pub const STORES_CELLS: LineEffects = LineEffects(1 << 9);
    /// Loads an item by subscript, which adds one to a `defaultdict`.
    pub const LOADS_ITEMS: LineEffects = LineEffects(1 << 10);
    /// Does more than moving values after it wrote a slot, so that memory which the write gave back may
    /// be in use again when the line ends.
    pub const WORKS_AFTER_WRITE: LineEffects = LineEffects(1 << 11);

    /// Whether all flags of `other` are set.
    #[inline]
    pub fn contains(self, other: LineEffects) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets of flags.
    #[inline]
    pub fn union(self, other: LineEffects) -> LineEffects {
        LineEffects(self.0 | other.0)
    }

    /// Whether no flag is set: the line can only move values between slots.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// Place of a value on the value stack, counted from the bottom of the stack: the value is in
/// `localsplus[n_slots + position]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StackPosition(pub u16);

/// An instruction that can change a heap object by C code alone. Python code that it may run is
/// not its business: that code has sites of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// Code unit of the instruction.
    pub unit: u32,
    /// Its source line, 0 for none.
    pub line: u32,
    /// What it does.
    pub kind: SiteKind,
    /// Where the changed object is on the value stack before the instruction. For calls: the
    /// callable, see [`CallShape::callee_position`].
    pub receiver: StackPosition,
    /// The slot that holds the changed object, if that is proved for the moment of the
    /// instruction and for the end of the line as well: the object was loaded from the slot and the
    /// line does not write the slot, except by the in-place operator itself (`xs += ys`; if the
    /// operator gives a new object, the old one is taken as unchanged). For a slot that holds a cell
    /// it is the variable in the cell, which other functions may rebind whenever they run. For
    /// calls: the slot in [`Callee`].
    pub receiver_slot: Option<u16>,
    /// If the changed object was loaded as an attribute, as in `self.items += more` or
    /// `self.items.append(x)`: the slot of the object it was loaded from, under the same rules. The
    /// attribute itself may be computed, or be rebound by the end of the line.
    pub owner_slot: Option<u16>,
    /// How many instructions before it do more than moving values: between two sites that are further
    /// apart than one, memory that the first gave back may be taken again.
    pub n_working_before: u32,
}

/// What a [`Site`] does.
///
/// What runs code without being a call instruction (imports, `with`, iteration, operators) is told
/// for each line by [`LineEffects`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SiteKind {
    /// `receiver.name = value`.
    StoreAttr {
        /// Index of the name.
        name: u32,
    },
    /// `del receiver.name`.
    DeleteAttr {
        /// Index of the name.
        name: u32,
    },
    /// `receiver[key] = value`.
    StoreItem,
    /// `del receiver[key]`.
    DeleteItem,
    /// `receiver[start:stop] = value`.
    StoreSlice,
    /// `receiver += value` and its like.
    InPlace {
        /// The right operand is a number. Only repetition (`xs *= 2`) changes a built-in container then.
        operand_is_number: bool,
        /// The operator is `*=`.
        multiplies: bool,
    },
    /// `receiver.__dict__` is loaded: what is done to it changes the receiver without a store to it.
    LoadDunderDict,
    /// A list, set or dict that is not known to be fresh is extended (`LIST_APPEND` and its like).
    /// The compiler emits these only for displays and comprehensions, whose objects nobody else
    /// has seen, so such a site is rare.
    ExtendDisplay,
    /// A call with positional and keyword arguments.
    Call(CallShape),
    /// A call with `*args` or `**kwargs`: the positional arguments are one iterable at
    /// [`CallShape::first_arg_position`], followed by the mapping if there is one.
    CallEx(CallShape),
}

/// The operands of a call on the value stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallShape {
    /// What is called, as far as the bytecode tells.
    pub callee: Callee,
    /// Where the callable is. In 3.13 it is always here. In 3.12 it is here for a method
    /// call, with the bound object in `self_position`; for a plain call there is `NULL` here, and
    /// the callable is in `self_position`.
    pub callee_position: StackPosition,
    /// Where the bound object is, or `NULL` (3.13), or the callable of a plain call (3.12). For
    /// calls of decorators the one argument is here.
    pub self_position: StackPosition,
    /// Arguments from `first_arg_position` on. For [`SiteKind::CallEx`] 1, or 2 with a mapping.
    pub n_args: u16,
    /// Where the first argument is; the others follow.
    pub first_arg_position: StackPosition,
}

/// What a call calls, as far as the bytecode tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Callee {
    /// `receiver.name(...)`, also if the bound method was loaded whole, as for `receiver.name(*args)`.
    Method {
        /// Index of the name.
        name: u32,
        /// Slot of the receiver, under the rules of [`Site::receiver_slot`].
        receiver_slot: Option<u16>,
    },
    /// A global or builtin.
    Global {
        /// Index of the name.
        name: u32,
    },
    /// The value that the slot has when the call is made.
    Slot(u16),
    /// Anything else.
    Other,
}
