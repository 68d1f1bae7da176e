//! Code objects as the recorder knows them: what to do at each event of each.
//!
//! A plan is made once per code object, when it first runs, from the facts of
//! `spacetime-bytecode`. Without facts (a version whose bytecode is not known, or the portable
//! tier) the plan re-reads everything at every line.

use crate::effects;
use crate::parts::{self, Parts, bytes_attribute, object_tuple};
use pyo3_ffi::*;
use rustc_hash::FxHashMap;
use spacetime_bytecode as bytecode;
use spacetime_bytecode::{CallShape, Callee, CodeFacts, SiteKind, StackPosition};
use std::collections::BTreeMap;

/// How a code object is recorded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Not at all; what it changes is noticed.
    Foreign,
    /// Arguments and outcome.
    Function,
    /// Every line.
    Line,
}

/// What to read at the end of a line.
#[derive(Default, Debug)]
pub struct LinePlan {
    /// Slots that may have been bound or unbound.
    pub written: Vec<u16>,
    /// Slots whose object may have been changed.
    pub touched: Vec<u16>,
    /// Slots that only in-place operators bind: the same address means the same object.
    pub in_place: Vec<u16>,
    /// Anything may have been changed.
    pub unknown: bool,
    /// Slots are written last on the line: what they held until then is alive up to that point, so that no
    /// new object lies at its address.
    pub writes_come_last: bool,
}

impl LinePlan {
    /// Nothing is read.
    pub const NOTHING: LinePlan = LinePlan {
        written: Vec::new(),
        touched: Vec::new(),
        in_place: Vec::new(),
        unknown: false,
        writes_come_last: false,
    };
}

/// What to do at an instruction.
#[derive(Clone, Copy, Debug)]
pub enum SiteAction {
    /// The object at this place of the value stack is about to be changed.
    Mark(StackPosition),
    /// A variable in the cell of this slot is about to be bound or unbound.
    Cell(u16),
    /// Something is about to be called that may change an object.
    Call(CallShape),
    /// The same for a callable that is the value of this global name.
    CallGlobal(CallShape, *mut PyObject),
    /// The same for a call whose arguments are in one tuple or other iterable.
    CallUnpacked(CallShape),
    /// The attribute of this name of the object at this place is about to become a value.
    Escape(StackPosition, *mut PyObject),
}

/// What an instruction event means, as bits of [`Code::units`].
pub mod unit {
    /// A line may begin here (codes whose LINE events are slow).
    pub const LINE: u8 = 1;
    /// A site: see [`super::Code::sites`].
    pub const SITE: u8 = 2;
    /// The instruction after a site, in code that is not recorded: there no event ends a line.
    pub const AFTER_SITE: u8 = 4;
    /// A backward jump to the line it is on.
    pub const LOOP: u8 = 8;
}

/// A code object and its plan.
pub struct Code {
    /// The code object, kept alive.
    pub object: *mut PyObject,
    /// Its number in the stream, once it was written.
    pub number: Option<u32>,
    /// Its last call in this session, by the call's number in the stream.
    pub last_call: Option<u64>,
    /// How it is recorded.
    pub role: Role,
    /// Lines to record, ascending; empty for all.
    pub only_lines: Vec<u32>,
    /// Number of slots.
    pub n_slots: usize,
    /// Number of parameters.
    pub n_parameters: usize,
    /// Whether the slot holds a cell.
    pub is_cell: Box<[bool]>,
    /// Slots that the source has a name for.
    pub visible_slots: Box<[u16]>,
    /// Slots to record: the visible ones but those the user excluded.
    pub recorded_slots: Box<[u16]>,
    /// Those of them that are bound when the call starts: parameters, cells and free variables.
    pub slots_bound_at_start: Box<[u16]>,
    /// Slot names, kept alive by the code object.
    pub slot_names: Box<[*mut PyObject]>,
    /// `co_firstlineno`.
    pub first_line: i32,
    /// `co_flags`.
    pub flags: i32,
    /// Locals live in a mapping: module and class bodies, `exec`.
    pub has_locals_object: bool,
    /// Names of globals it refers to, interned, kept alive by the code object.
    pub global_names: Box<[*mut PyObject]>,
    /// The namespace of its globals that was looked up last.
    pub namespace: Option<u32>,
    min_line: u32,
    plans: Box<[LinePlan]>,
    other_lines: LinePlan,
    /// For each code unit what an instruction event means.
    units: Box<[u8]>,
    line_of_unit: Box<[u32]>,
    sites: FxHashMap<u32, SiteAction>,
    /// LINE events are slow: instruction events stand for them.
    pub uses_instructions_as_lines: bool,
    /// Runs no code that can change an object.
    pub is_pure: bool,
    /// Names `f_locals`: it may bind variables of any frame (PEP 667).
    pub may_bind_elsewhere: bool,
    /// Global names whose calls were taken as harmless.
    pub trusted_callees: Vec<*mut PyObject>,
    /// The user's choice is known: `role` follows it.
    pub is_asked: bool,
    /// Starts of it that were seen, up to a few, if it is not recorded.
    pub n_starts: u8,
    /// How far it was looked into.
    pub depth: Depth,
    /// Its sites are known.
    pub is_analyzed: bool,
    /// Events of its sites are on, though it is not recorded.
    pub is_listened_to: bool,
}

/// `CO_OPTIMIZED`: locals are in slots.
const OPTIMIZED: i32 = 1;
/// `CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR`.
pub const SUSPENDABLE: i32 = 0x20 | 0x80 | 0x200;

impl Code {
    /// Nothing is known of it.
    fn unread(object: *mut PyObject, role: Role, depth: Depth) -> Code {
        Code {
            object,
            number: None,
            last_call: None,
            role,
            depth,
            only_lines: Vec::new(),
            n_slots: 0,
            n_parameters: 0,
            is_cell: Box::default(),
            visible_slots: Box::default(),
            recorded_slots: Box::default(),
            slots_bound_at_start: Box::default(),
            slot_names: Box::default(),
            first_line: 0,
            flags: 0,
            has_locals_object: false,
            global_names: Box::default(),
            namespace: None,
            min_line: 0,
            plans: Box::default(),
            other_lines: LinePlan::default(),
            units: Box::default(),
            line_of_unit: Box::default(),
            sites: FxHashMap::default(),
            uses_instructions_as_lines: false,
            is_pure: false,
            may_bind_elsewhere: false,
            trusted_callees: Vec::new(),
            is_asked: false,
            n_starts: 0,
            is_analyzed: false,
            is_listened_to: false,
        }
    }

    /// Takes over what does not need the bytecode to be understood.
    fn take_shape(&mut self, parts: &Parts) {
        let flags = parts.flags;
        let n_parameters = parts.parameters[1]
            + parts.parameters[2]
            + u32::from(flags & 0x4 != 0)
            + u32::from(flags & 0x8 != 0);
        self.n_slots = parts.slot_objects.len();
        self.n_parameters = n_parameters as usize;
        self.is_cell = parts
            .slot_kinds
            .iter()
            .map(|kind| kind & 0xC0 != 0)
            .collect();
        self.visible_slots = (0..self.n_slots as u16)
            .filter(|&slot| !is_hidden(&parts.slot_names[slot as usize]))
            .collect();
        self.recorded_slots = self.visible_slots.clone();
        self.slot_names = parts.slot_objects.clone().into();
        (self.first_line, self.flags) = (parts.first_line, flags);
        self.has_locals_object = flags & OPTIMIZED == 0;
        self.other_lines = LinePlan {
            written: self.recorded_slots.to_vec(),
            unknown: true,
            ..LinePlan::default()
        };
        self.find_slots_bound_at_start();
    }

    /// Records only some of the slots.
    pub fn exclude_slots(&mut self, is_excluded: impl Fn(u16) -> bool) {
        let keep = |slot: &u16| !is_excluded(*slot);
        self.recorded_slots = self.visible_slots.iter().copied().filter(keep).collect();
        self.find_slots_bound_at_start();
        for plan in self.plans.iter_mut().chain([&mut self.other_lines]) {
            plan.written.retain(keep);
            // What such a slot holds may be reached by another way as well.
            plan.unknown |= plan.touched.iter().any(|slot| !keep(slot));
            plan.touched.retain(keep);
        }
    }

    fn find_slots_bound_at_start(&mut self) {
        let is_bound =
            |&slot: &u16| (slot as usize) < self.n_parameters || self.is_cell[slot as usize];
        self.slots_bound_at_start = self
            .recorded_slots
            .iter()
            .copied()
            .filter(is_bound)
            .collect();
    }

    /// Whether it was planned for this use, or for one that asks for more.
    pub fn serves(&self, role: Role, depth: Depth) -> bool {
        match (self.role, role) {
            (Role::Foreign, Role::Function | Role::Line) => false,
            (Role::Function | Role::Line, Role::Foreign) => true,
            _ => self.depth >= depth,
        }
    }

    /// Whether it may be suspended.
    pub fn is_suspendable(&self) -> bool {
        self.flags & SUSPENDABLE != 0
    }

    /// The plan for what happened on a line.
    #[inline]
    pub fn plan(&self, line: i32) -> *const LinePlan {
        let row = (line as u32).wrapping_sub(self.min_line) as usize;
        self.plans.get(row).unwrap_or(&self.other_lines)
    }

    /// The plan that reads every slot.
    pub fn plan_of_all(&self) -> &LinePlan {
        &self.other_lines
    }

    /// The line of a code unit, 0 for none.
    #[inline]
    pub fn line_of_unit(&self, unit: usize) -> u32 {
        self.line_of_unit.get(unit).copied().unwrap_or(0)
    }

    /// What an event at a unit means, as bits of [`mod@unit`].
    #[inline]
    pub fn meaning(&self, unit: usize) -> u8 {
        self.units.get(unit).copied().unwrap_or(0)
    }

    /// The site at a unit.
    #[inline]
    pub fn site(&self, unit: usize) -> Option<SiteAction> {
        self.sites.get(&(unit as u32)).copied()
    }

    /// Whether some instruction needs an event of its own.
    pub fn has_sites(&self) -> bool {
        !self.sites.is_empty()
    }

    /// Whether a line runs several times without a LINE event for each.
    pub fn has_loops_on_one_line(&self) -> bool {
        self.units.iter().any(|bits| bits & unit::LOOP != 0)
    }

    /// Whether the user wants the line.
    #[inline]
    pub fn wants_line(&self, line: i32) -> bool {
        self.only_lines.is_empty() || self.only_lines.binary_search(&(line as u32)).is_ok()
    }
}

/// Whether no source can have this name: pytest binds such names in the assertions that it rewrites.
fn is_hidden(name: &str) -> bool {
    name.starts_with('@')
}

/// How far a code object is looked into: no further than its use needs, as much code runs only once.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Depth {
    /// Not at all: it is not recorded, and neither is any line.
    Surface,
    /// Slots and names: its calls are recorded.
    Names,
    /// Lines and sites.
    Lines,
}

/// How much of the analysis is used.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Facts {
    /// All of it.
    All,
    /// Only where events are needed; everything is read at every line.
    EventsOnly,
    /// None: the bytecode is not understood.
    None,
}

/// Plans how a code object is recorded.
///
/// # Safety
/// As for [`parts::parts`].
pub unsafe fn plan(
    object: *mut PyObject,
    role: Role,
    depth: Depth,
    facts_wanted: Facts,
    resolve: impl Fn(&str) -> GlobalCallee,
) -> Code {
    // SAFETY: as for `parts::parts`; the code object is kept alive from here on.
    unsafe {
        Py_INCREF(object);
        let mut code = Code::unread(object, role, depth);
        if depth == Depth::Surface {
            return code;
        }
        let parts = parts::parts(object);
        let name_objects = object_tuple(object, c"co_names");
        code.take_shape(&parts);
        let facts = match facts_wanted {
            Facts::None => None,
            _ => with_input(&code, &parts, |input| match depth {
                Depth::Lines => {
                    bytecode::analyze(input).map(|facts| (facts.global_names.clone(), Some(facts)))
                }
                _ => bytecode::global_names(input).map(|names| (names, None)),
            }),
        };
        let all_names = || (0..name_objects.len() as u32).collect();
        // Without facts every name may be a global.
        let (global_names, facts) = facts.unwrap_or_else(|| (all_names(), None));
        let visible = global_names.iter().map(|&name| name as usize);
        let visible = visible.filter(|&name| !is_hidden(&parts.names[name]));
        code.global_names = visible.map(|name| name_objects[name]).collect();
        if let Some(facts) = facts {
            let mut units = vec![0; facts.line_of_unit.len()];
            for &at in &facts.loop_jumps {
                units[at as usize] |= unit::LOOP;
            }
            code.line_of_unit = facts.line_of_unit.clone().into();
            if facts_wanted == Facts::All {
                apply(
                    &mut code,
                    &mut units,
                    facts,
                    &parts.names,
                    &name_objects,
                    resolve,
                );
            }
            code.units = units.into();
        }
        code
    }
}

/// Hands the analysis what it reads.
unsafe fn with_input<R>(
    code: &Code,
    parts: &Parts,
    read: impl FnOnce(&bytecode::CodeInput) -> Result<R, bytecode::Error>,
) -> Option<R> {
    let slots: Vec<_> = parts
        .slot_names
        .iter()
        .zip(&parts.slot_kinds)
        .map(|(name, &kind)| bytecode::Slot { name, kind })
        .collect();
    let names: Vec<&str> = parts.names.iter().map(String::as_str).collect();
    // SAFETY: passed on.
    let (consts, line_table, exception_table) = unsafe {
        (
            parts::constants(code.object),
            bytes_attribute(code.object, c"co_linetable"),
            bytes_attribute(code.object, c"co_exceptiontable"),
        )
    };
    let input = bytecode::CodeInput {
        version: crate::selfcheck::version()?,
        code: &parts.bytecode,
        line_table: &line_table,
        exception_table: &exception_table,
        first_line: code.first_line.max(0) as u32,
        flags: code.flags as u32,
        names: &names,
        consts: &consts,
        slots: &slots,
        argument_count: code.n_parameters as u32,
    };
    read(&input).ok()
}

/// What a global name stands for when it is called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GlobalCallee {
    /// A Python function, a class, or a C function that changes nothing.
    Harmless,
    /// Something else, or nothing yet.
    Other,
}

#[derive(Default, Clone)]
struct LineDraft {
    written: Vec<u16>,
    touched: Vec<u16>,
    /// Of the last site that changes what a slot holds: [`bytecode::Site::n_working_before`].
    last_touch: BTreeMap<u16, u32>,
    in_place: Vec<u16>,
    unknown: bool,
    writes_come_last: bool,
}

fn apply(
    code: &mut Code,
    units: &mut [u8],
    facts: CodeFacts,
    names: &[String],
    name_objects: &[*mut PyObject],
    resolve: impl Fn(&str) -> GlobalCallee,
) {
    let n_lines = (facts.last_line - facts.min_line) as usize + 1;
    let cells: Vec<u16> = (0..code.n_slots as u16)
        .filter(|&slot| code.is_cell[slot as usize])
        .collect();
    let written = |line: u32| -> Vec<u16> {
        let words = facts.written.of_line(line);
        let is_written = |slot: u16| {
            words
                .get(slot as usize / 64)
                .is_some_and(|w| w >> (slot % 64) & 1 == 1)
        };
        let visible = code.visible_slots.iter().copied();
        visible
            .filter(|&s| is_written(s) || code.is_cell[s as usize])
            .collect()
    };
    let repeats = |line: u32| {
        facts
            .loop_jumps
            .iter()
            .any(|&at| facts.line_of_unit[at as usize] == line)
    };
    let works_after_write = |line: u32| {
        let effects = facts.written.effects_of_line(line);
        effects.contains(bytecode::LineEffects::WORKS_AFTER_WRITE) || repeats(line)
    };
    let mut drafts: Vec<LineDraft> = (0..n_lines)
        .map(|row| LineDraft {
            written: written(facts.min_line + row as u32),
            writes_come_last: !works_after_write(facts.min_line + row as u32),
            ..LineDraft::default()
        })
        .collect();
    let name_of = |index: u32| names.get(index as usize).map_or("", String::as_str);
    let mut sites = FxHashMap::default();
    let mut has_effects = false;

    for site in &facts.sites {
        let mut draft = LineDraft::default();
        let row = site.line.wrapping_sub(facts.min_line) as usize;
        let line = drafts.get_mut(row).unwrap_or(&mut draft);
        // What is not recorded has no lines at whose end to look.
        let has_end = row < n_lines && code.role != Role::Foreign;
        let is_visible = |slot: &u16| code.visible_slots.contains(slot);
        let in_line = |slot: Option<u16>| slot.filter(|slot| has_end && is_visible(slot));
        let mut touch = |slot: Option<u16>, or_else: SiteAction| match in_line(slot) {
            Some(slot) => {
                line.touched.push(slot);
                let n_before = site.n_working_before;
                let last = line.last_touch.insert(slot, n_before);
                // What was dropped by the one may have given its memory to what the other takes in.
                line.unknown |= last.is_some_and(|last| n_before > last + 1);
            }
            None => {
                sites.insert(site.unit, or_else);
            }
        };
        match site.kind {
            SiteKind::StoreAttr { .. }
            | SiteKind::DeleteAttr { .. }
            | SiteKind::StoreItem
            | SiteKind::DeleteItem
            | SiteKind::StoreSlice
            | SiteKind::ExtendDisplay => {
                touch(site.receiver_slot, SiteAction::Mark(site.receiver));
            }
            SiteKind::InPlace {
                operand_is_number: true,
                multiplies: false,
            } => continue,
            SiteKind::InPlace { .. } => {
                touch(site.receiver_slot, SiteAction::Mark(site.receiver));
                line.in_place.extend(in_line(site.receiver_slot));
            }
            SiteKind::LoadDunderDict if has_end => line.unknown = true,
            // What is done to the dict has sites of its own.
            SiteKind::LoadDunderDict => continue,
            SiteKind::CallEx(shape) => match shape.callee {
                Callee::Method { name, .. } if !effects::may_matter(name_of(name)) => continue,
                _ => {
                    sites.insert(site.unit, SiteAction::CallUnpacked(shape));
                }
            },
            SiteKind::Call(shape) => match shape.callee {
                Callee::Method { name, .. } if !effects::may_matter(name_of(name)) => continue,
                Callee::Method {
                    name,
                    receiver_slot,
                } => {
                    let slot = receiver_slot.filter(|_| effects::is_mutator(name_of(name)));
                    touch(slot, SiteAction::Call(shape));
                }
                Callee::Global { name } if resolve(name_of(name)) == GlobalCallee::Harmless => {
                    code.trusted_callees.push(name_objects[name as usize]);
                    continue;
                }
                Callee::Global { name } => {
                    let name = name_objects[name as usize];
                    sites.insert(site.unit, SiteAction::CallGlobal(shape, name));
                }
                _ => {
                    sites.insert(site.unit, SiteAction::Call(shape));
                }
            },
        }
        has_effects = true;
    }
    for load in &facts.escaping_loads {
        if effects::is_mutator(name_of(load.name)) {
            sites.insert(
                load.unit,
                SiteAction::Escape(load.receiver, name_objects[load.name as usize]),
            );
            has_effects = true;
        }
    }
    if code.role == Role::Foreign {
        // What is recorded looks at the cells it binds when the line ends.
        let stores = facts.cell_stores.iter();
        sites.extend(stores.map(|&(unit, slot)| (unit, SiteAction::Cell(slot))));
        has_effects |= !facts.cell_stores.is_empty();
    }
    for &site_unit in sites.keys() {
        units[site_unit as usize] |= unit::SITE;
        if code.role != Role::Foreign {
            continue;
        }
        // The next instruction: the next unit that control flow reaches.
        let next = (site_unit as usize + 1..units.len())
            .find(|&unit| facts.depth_of_unit[unit] != bytecode::UNREACHABLE);
        if let Some(next) = next {
            units[next] |= unit::AFTER_SITE;
        }
    }
    if facts.line_events_are_slow {
        facts
            .state_units
            .iter()
            .for_each(|at| units[at as usize] |= unit::LINE);
        // Instructions without a line end a line: the next one with a line begins it again.
        let places = code.line_of_unit.iter().zip(&facts.depth_of_unit);
        for (bits, (&line, &depth)) in units.iter_mut().zip(places) {
            if line == 0 && depth != bytecode::UNREACHABLE {
                *bits |= unit::LINE;
            }
        }
    }

    code.is_pure = !has_effects;
    code.may_bind_elsewhere = names.iter().any(|name| name == "f_locals");
    code.is_analyzed = true;
    code.uses_instructions_as_lines = facts.line_events_are_slow;
    code.min_line = facts.min_line;
    code.plans = drafts.into_iter().map(LinePlan::from).collect();
    code.other_lines = LinePlan {
        written: code.visible_slots.to_vec(),
        touched: cells,
        unknown: true,
        ..LinePlan::default()
    };
    code.sites = sites;
}

impl From<LineDraft> for LinePlan {
    fn from(draft: LineDraft) -> LinePlan {
        let unique = |mut slots: Vec<u16>| -> Vec<u16> {
            slots.sort_unstable();
            slots.dedup();
            slots
        };
        LinePlan {
            written: unique(draft.written),
            touched: unique(draft.touched),
            in_place: unique(draft.in_place),
            unknown: draft.unknown,
            writes_come_last: draft.writes_come_last,
        }
    }
}
