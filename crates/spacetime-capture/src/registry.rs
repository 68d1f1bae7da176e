//! Which code is recorded, and what the trace is told about it.

use crate::code::{self, Code, Depth, GlobalCallee, Role};
use crate::effects::{self, Arguments, Effect};
use crate::frames::Tier;
use crate::monitoring::{Event, Monitoring, Unavailable};
use crate::parts;
use crate::recorder::Recorder;
use crate::selfcheck;
use pyo3_ffi::*;
use spacetime_model::{CodeVersion, Signature, Slot, SlotKind};
use std::collections::hash_map::Entry;

/// What the user asked for.
pub struct Registry {
    /// The tool.
    pub monitoring: Monitoring,
    /// Asked once for each code object: 0, 1 (function) or 2 (line). Null: only code named one by one.
    pub selector: *mut PyObject,
    /// Asked once for each recorded code object: `(text, file, file_version, commit)`. Or null.
    pub describe: *mut PyObject,
    /// Some code is recorded by line: what other code does has to be noticed.
    pub records_lines: bool,
}

/// Options of one code object.
#[derive(Default)]
pub struct CodeOptions {
    /// Lines to record, empty for all.
    pub only_lines: Vec<u32>,
    /// Names of variables to record, empty for all; `*` stands for any characters.
    pub include: Vec<String>,
    /// Names of variables not to record.
    pub ignore: Vec<String>,
}

impl CodeOptions {
    fn excludes(&self, name: &str) -> bool {
        let matches = |patterns: &[String]| patterns.iter().any(|p| glob_matches(p, name));
        !self.include.is_empty() && !matches(&self.include) || matches(&self.ignore)
    }
}

/// Whether a name fits a pattern in which `*` stands for any characters and `?` for one.
fn glob_matches(pattern: &str, name: &str) -> bool {
    match (pattern.chars().next(), name.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => {
            let rest = &pattern[1..];
            glob_matches(rest, name)
                || name
                    .chars()
                    .next()
                    .is_some_and(|c| glob_matches(pattern, &name[c.len_utf8()..]))
        }
        (Some(p), Some(n)) if p == '?' || p == n => {
            glob_matches(&pattern[p.len_utf8()..], &name[n.len_utf8()..])
        }
        _ => false,
    }
}

/// Records a code object from now on.
///
/// # Safety
/// `object` must be a code object, with the GIL held and no exception set.
pub unsafe fn monitor(
    recorder: &mut Recorder,
    object: *mut PyObject,
    role: Role,
    options: &CodeOptions,
) -> Result<(), Unavailable> {
    // SAFETY: passed on.
    unsafe {
        let code = learn(recorder, object, role);
        (*code).role = role;
        (*code).is_asked = true;
        (*code).only_lines = options.only_lines.clone();
        (*code).only_lines.sort_unstable();
        exclude(&mut *code, options);
        listen(recorder, &*code)
    }
}

/// A code object runs for the first time: it is asked how to record it.
///
/// # Safety
/// Must be called in a callback, with the GIL held.
#[cold]
pub unsafe fn first_seen(recorder: &mut Recorder, object: *mut PyObject) -> *mut Code {
    // SAFETY: passed on.
    unsafe {
        let role = ask_selector(recorder.registry.selector, object);
        let code = match role {
            // Much code runs once or twice: it is looked into when it turns out to run more often.
            Role::Foreign => learn_to(recorder, object, role, Depth::Surface),
            _ => learn(recorder, object, role),
        };
        (*code).is_asked = true;
        if role != Role::Foreign {
            // Failing here means that the tool was taken away: nothing is recorded then.
            let _ = listen(recorder, &*code);
        }
        code
    }
}

unsafe fn ask_selector(selector: *mut PyObject, object: *mut PyObject) -> Role {
    if selector.is_null() {
        return Role::Foreign;
    }
    // SAFETY: the selector is our own Python code, which raises nothing.
    unsafe {
        let answer = PyObject_CallOneArg(selector, object);
        if answer.is_null() {
            PyErr_Clear();
            return Role::Foreign;
        }
        let number = PyLong_AsLong(answer);
        Py_DECREF(answer);
        match number {
            1 => Role::Function,
            2 => Role::Line,
            _ => Role::Foreign,
        }
    }
}

/// Plans a code object; once more if it is recorded after it was not, or looked into further.
unsafe fn learn(recorder: &mut Recorder, object: *mut PyObject, role: Role) -> *mut Code {
    let depth = match role {
        Role::Foreign if !recorder.registry.records_lines => Depth::Surface,
        Role::Function => Depth::Names,
        Role::Foreign | Role::Line => Depth::Lines,
    };
    // SAFETY: passed on.
    unsafe { learn_to(recorder, object, role, depth) }
}

unsafe fn learn_to(
    recorder: &mut Recorder,
    object: *mut PyObject,
    role: Role,
    depth: Depth,
) -> *mut Code {
    if let Some(known) = recorder.codes.get_mut(&(object as usize))
        && known.serves(role, depth)
    {
        return &raw mut **known;
    }
    let facts = match recorder.tier {
        _ if selfcheck::version().is_none() => code::Facts::None,
        Tier::Portable => code::Facts::EventsOnly,
        Tier::Fast => code::Facts::All,
    };
    // SAFETY: passed on.
    let planned = unsafe { code::plan(object, role, depth, facts, builtin_callee) };
    match recorder.codes.entry(object as usize) {
        Entry::Occupied(mut known) => {
            // SAFETY: frames on the recorder's stack whose code is replaced have function granularity and
            // no plan of it.
            unsafe { replace_plan(&mut recorder.registry.monitoring, known.get_mut(), planned) };
            &raw mut **known.into_mut()
        }
        Entry::Vacant(place) => &raw mut **place.insert(Box::new(planned)),
    }
}

/// Takes another plan for a code object, and its events off: instructions that were switched off one
/// by one are switched on again with them.
unsafe fn replace_plan(monitoring: &mut Monitoring, known: &mut Code, planned: Code) {
    // SAFETY: the plan holds a reference of its own to the code object.
    unsafe {
        if known.is_listened_to {
            let _ = monitoring.listen_to_code(known.object, &[]);
        }
        Py_DECREF(known.object);
    }
    let kept = (
        known.number,
        known.last_call,
        known.is_asked,
        known.n_starts,
    );
    *known = planned;
    (
        known.number,
        known.last_call,
        known.is_asked,
        known.n_starts,
    ) = kept;
}

/// Whether code that is not recorded runs nothing that can change an object. It is looked into now, at
/// the latest.
///
/// # Safety
/// `code` must be known to the recorder, with the GIL held and no exception set.
pub unsafe fn is_pure(recorder: &mut Recorder, code: *const Code) -> bool {
    // SAFETY: codes live as long as the recorder.
    unsafe {
        if (*code).depth < Depth::Lines {
            learn(recorder, (*code).object, Role::Foreign);
        }
        (*code).is_pure
    }
}

/// Makes sure that the sites of code that is not recorded are listened to, if it has any. Says
/// no if they are not known.
///
/// # Safety
/// `object` must be a code object, with the GIL held and no exception set.
pub unsafe fn listen_to_sites(recorder: &mut Recorder, object: *mut PyObject) -> bool {
    // SAFETY: passed on.
    unsafe {
        let code = &mut *learn(recorder, object, Role::Foreign);
        if code.role != Role::Foreign || code.is_listened_to || code.is_pure {
            return true;
        }
        let monitoring = &mut recorder.registry.monitoring;
        code.is_listened_to = code.is_analyzed
            && monitoring
                .listen_to_code(object, &[Event::Instruction])
                .is_ok();
        code.is_listened_to
    }
}

unsafe fn exclude(code: &mut Code, options: &CodeOptions) {
    let names: Vec<String> = code
        .slot_names
        .iter()
        // SAFETY: names live as long as the code object.
        .map(|&name| unsafe { crate::heap::names::text_of(name) }.unwrap_or_default())
        .collect();
    code.exclude_slots(|slot| options.excludes(&names[slot as usize]));
}

/// Whether calling a name that only builtins give a meaning is harmless. Names that a module binds
/// are judged when they are called.
fn builtin_callee(name: &str) -> GlobalCallee {
    let Ok(c_name) = std::ffi::CString::new(name) else {
        return GlobalCallee::Other;
    };
    // SAFETY: the GIL is held; builtins is an exact dict with str keys.
    unsafe {
        let builtins = PyEval_GetBuiltins();
        if builtins.is_null() || PyDict_Check(builtins) == 0 {
            return GlobalCallee::Other;
        }
        let callee = PyDict_GetItemString(builtins, c_name.as_ptr());
        if callee.is_null() || effects::depends_on_arguments(callee) {
            return GlobalCallee::Other;
        }
        match effects::of_call(callee, Arguments::UNKNOWN) {
            Effect::None => GlobalCallee::Harmless,
            _ => GlobalCallee::Other,
        }
    }
}

/// Listens to what the role of a code object needs.
unsafe fn listen(recorder: &mut Recorder, code: &Code) -> Result<(), Unavailable> {
    let mut events = vec![Event::PyStart, Event::PyReturn];
    if code.is_suspendable() {
        events.extend([Event::PyYield, Event::PyResume]);
    }
    if code.role == Role::Line {
        match code.uses_instructions_as_lines {
            true => events.push(Event::Instruction),
            false => events.push(Event::Line),
        }
        if code.has_sites() && !events.contains(&Event::Instruction) {
            events.push(Event::Instruction);
        }
        if code.has_loops_on_one_line() {
            events.push(Event::Jump);
        }
        if !std::mem::replace(&mut recorder.registry.records_lines, true) {
            // So far the starts of code that is not recorded were dismissed.
            // SAFETY: passed on.
            unsafe { recorder.registry.monitoring.restart()? };
        }
    }
    // SAFETY: the code object is kept alive by its entry.
    unsafe {
        recorder
            .registry
            .monitoring
            .listen_to_code(code.object, &events)?;
        listen_to_all(recorder)
    }
}

/// Listens to what has to be noticed of all code.
///
/// # Safety
/// The GIL must be held.
pub unsafe fn listen_to_all(recorder: &mut Recorder) -> Result<(), Unavailable> {
    let mut events = vec![Event::PyUnwind, Event::PyThrow];
    if recorder.registry.records_lines || !recorder.registry.selector.is_null() {
        events.push(Event::PyStart);
    }
    if recorder.registry.records_lines {
        events.extend([Event::PyResume, Event::Raise]);
    }
    // SAFETY: passed on.
    unsafe { recorder.registry.monitoring.listen_to_all(&events) }
}

/// Tells the trace about a code object of which records are about to be written.
///
/// # Safety
/// Must be called with the GIL held.
#[cold]
pub unsafe fn announce(recorder: &mut Recorder, code: *mut Code) {
    // SAFETY: codes live as long as the recorder.
    unsafe {
        let code = &mut *code;
        recorder.tasks.look_for_asyncio();
        let version = describe(recorder.registry.describe, code);
        let number = recorder.n_codes;
        if let Some(recording) = &recorder.recording {
            // An error here is the writer's own, which closing reports.
            let _ = recording.add_code(number, version);
        }
        recorder.n_codes += 1;
        code.number = Some(number);
    }
}

/// What the trace keeps of a code object.
unsafe fn describe(describer: *mut PyObject, code: &Code) -> CodeVersion {
    // SAFETY: parts of a code object are read by C descriptors; the describer is our own Python code.
    unsafe {
        let parts = parts::parts(code.object);
        let text = |name| parts::text_attribute(code.object, name).unwrap_or_default();
        let (source, file, file_version, commit) = ask_describer(describer, code.object);
        let mut hasher = xxhash_rust::xxh3::Xxh3::new();
        hasher.update(&parts.bytecode);
        hasher.update(source.as_deref().unwrap_or_default().as_bytes());
        parts
            .names
            .iter()
            .for_each(|name| hasher.update(name.as_bytes()));
        let kind = |bits: u8| match bits {
            bits if bits & spacetime_bytecode::slot_kind::FREE != 0 => SlotKind::Free,
            bits if bits & spacetime_bytecode::slot_kind::CELL != 0 => SlotKind::Cell,
            _ => SlotKind::Local,
        };
        let slots = parts.slot_names.into_iter().zip(parts.slot_kinds);
        let name_of = |&name: &*mut PyObject| crate::heap::names::text_of(name).unwrap_or_default();
        CodeVersion {
            name: text(c"co_name"),
            qualname: text(c"co_qualname"),
            file: file.unwrap_or_else(|| text(c"co_filename")),
            first_line: code.first_line.max(1) as u32,
            text: source.unwrap_or_default(),
            hash: format!("{:032x}", hasher.digest128()),
            slots: slots
                .map(|(name, bits)| Slot {
                    name,
                    kind: kind(bits),
                })
                .collect(),
            signature: Signature {
                n_positional_only: parts.parameters[0],
                n_positional: parts.parameters[1],
                n_keyword_only: parts.parameters[2],
                has_varargs: code.flags & 0x4 != 0,
                has_varkeywords: code.flags & 0x8 != 0,
            },
            global_names: code.global_names.iter().map(name_of).collect(),
            file_version,
            commit,
        }
    }
}

type Description = (
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

unsafe fn ask_describer(describer: *mut PyObject, object: *mut PyObject) -> Description {
    if describer.is_null() {
        return Description::default();
    }
    // SAFETY: the describer is our own Python code.
    unsafe {
        let answer = PyObject_CallOneArg(describer, object);
        if answer.is_null() {
            PyErr_Clear();
            return Description::default();
        }
        let item = |at: usize| match PyTuple_Check(answer) {
            0 => None,
            _ => crate::layout::tuple_items(answer)
                .get(at)
                .and_then(|&item| crate::heap::names::text_of(item)),
        };
        let description = (item(0), item(1), item(2), item(3));
        Py_DECREF(answer);
        description
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_of_names() {
        assert!(glob_matches("*", "anything") && glob_matches("b?t*", "batman"));
        assert!(!glob_matches("b?t", "batman") && !glob_matches("", "x"));
    }

    #[test]
    fn include_and_ignore() {
        let options = CodeOptions {
            include: vec!["a*".into()],
            ignore: vec!["*secret".into()],
            ..CodeOptions::default()
        };
        assert!(!options.excludes("answer"));
        assert!(options.excludes("other") && options.excludes("a_secret"));
    }
}
