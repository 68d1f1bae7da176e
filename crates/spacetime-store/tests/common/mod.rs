//! A made-up program that writes records and remembers, in the plainest way, what it was like at
//! each state. What a trace says is compared with that.

#![allow(dead_code)] // Each test file uses a part of this.

use std::collections::{BTreeMap, BTreeSet};

use spacetime_model::{
    CodeVersion, Fidelity, Graph, Object, ObjectId, ObjectKind, Outcome, SessionId, SessionInfo,
    Signature, Slot, SlotKind, Value,
};
use spacetime_store::stream::{self, Kind, Sink, call_flag, put_line, put_slot, record, value};

pub const N_CODES: u32 = 4;
const N_SLOTS: usize = 5;
const GLOBAL_NAMES: [&str; 3] = ["alpha", "beta", "gamma"];

/// A repeatable source of numbers.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) % n
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// The code with this number: number 3 is a module body.
pub fn code(number: u32) -> CodeVersion {
    let is_module = number == 3;
    let slot = |at: usize| Slot {
        name: format!("local{at}"),
        kind: SlotKind::Local,
    };
    CodeVersion {
        name: if is_module {
            "<module>".into()
        } else {
            format!("function{number}")
        },
        qualname: if is_module {
            "<module>".into()
        } else {
            format!("Class.function{number}")
        },
        file: "/program.py".into(),
        first_line: 10 * number + 1,
        text: "pass\n".repeat(10),
        hash: format!("{number:032x}"),
        slots: if is_module {
            Vec::new()
        } else {
            (0..N_SLOTS).map(slot).collect()
        },
        signature: Signature {
            n_positional: if is_module { 0 } else { 2 },
            ..Signature::default()
        },
        global_names: GLOBAL_NAMES.map(Into::into).into(),
        file_version: Some("f".into()),
        commit: None,
    }
}

pub fn session_info() -> SessionInfo {
    SessionInfo {
        name: "generated".into(),
        argv: vec!["python".into(), "program.py".into()],
        python_version: "3.13.0".into(),
        implementation: "cpython".into(),
        pid: std::process::id(),
        tier: "fast".into(),
        started_unix_ns: 1,
        ..SessionInfo::default()
    }
}

/// What a state should be.
#[derive(Debug, PartialEq)]
pub struct ExpectedState {
    pub number: u64,
    pub call: u64,
    pub index: u64,
    pub line: u32,
    pub locals: Vec<(String, Value)>,
    pub globals: Vec<(String, Value)>,
    pub graph: Graph,
    pub gap: Option<String>,
}

/// What a call should be.
#[derive(Clone, Debug)]
pub struct ExpectedCall {
    pub code: u32,
    pub parent: Option<u64>,
    pub thread: u32,
    pub is_generator: bool,
    pub n_states: u64,
    pub first_state: Option<u64>,
    pub outcome: Outcome,
    pub arguments: Vec<Value>,
    pub result: Option<Value>,
    pub result_graph: Graph,
    locals: Vec<Option<Value>>,
    line: i64,
}

/// The program.
pub struct Program<S> {
    pub sink: S,
    pub random: Random,
    pub n_states: u64,
    pub calls: Vec<ExpectedCall>,
    pub states: Vec<ExpectedState>,
    /// One state in this many is remembered.
    pub stride: u64,
    session: SessionId,
    stacks: Vec<Vec<usize>>,
    suspended: Vec<usize>,
    thread: usize,
    objects: BTreeMap<u32, Object>,
    next_object: u32,
    names: Vec<String>,
    gap: String,
}

impl<S: Sink> Program<S> {
    pub fn new(sink: S, seed: u64, session: SessionId) -> Self {
        let mut program = Self {
            sink,
            random: Random(seed),
            n_states: 0,
            calls: Vec::new(),
            states: Vec::new(),
            stride: 1,
            session,
            stacks: vec![Vec::new()],
            suspended: Vec::new(),
            thread: 0,
            objects: BTreeMap::new(),
            next_object: 1,
            names: Vec::new(),
            gap: String::new(),
        };
        // Object 1 holds the globals.
        program.new_object(Kind::Namespace);
        program.new_large_tuple();
        for _ in 0..3 {
            program.new_object(Kind::List);
            program.new_object(Kind::Dict);
            program.new_object(Kind::Set);
            program.new_object(Kind::Instance);
            program.new_object(Kind::Str);
            program.new_object(Kind::Opaque);
            program.new_object(Kind::Deque);
        }
        program
    }

    /// Does something, and often comes to a state.
    pub fn step(&mut self) {
        match self.random.below(100) {
            0..6 => self.start_call(),
            6..11 => self.end_call(),
            11..40 => self.bind_slot(),
            40..58 => self.change_object(),
            58..60 => self.make_and_free(),
            60..61 => self.switch_thread(),
            61..62 => self.yield_or_resume(),
            62..63 => self.clock(),
            63..64 if self.random.chance(10) => self.set_gap(),
            _ => self.state(),
        }
    }

    fn top(&self) -> Option<usize> {
        self.stacks[self.thread].last().copied()
    }

    fn end_record(&mut self) {
        self.sink.record_end();
    }

    fn name(&mut self, name: &str) -> u64 {
        if let Some(id) = self.names.iter().position(|known| known == name) {
            return id as u64;
        }
        let id = self.names.len() as u64;
        self.sink.byte(record::NAME);
        self.sink.varint(id);
        self.sink.blob(name.as_bytes());
        self.end_record();
        self.names.push(name.into());
        id
    }

    fn id(&self, number: u32) -> ObjectId {
        ObjectId::of_session(self.session, number)
    }

    fn new_object(&mut self, kind: Kind) -> u32 {
        let number = self.next_object;
        self.next_object += 1;
        let type_name = format!("type.{kind:?}");
        let type_id = self.name(&type_name);
        self.sink.byte(record::OBJECT);
        self.sink.varint(number.into());
        self.sink.byte(kind as u8);
        self.sink.varint(type_id);
        self.sink.varint(0);
        self.end_record();
        let kind = kind.object_kind();
        let object = Object {
            id: self.id(number),
            kind,
            type_name,
            is_subclass: false,
            fidelity: match kind {
                ObjectKind::Opaque => Fidelity::Opaque,
                _ => Fidelity::Exact,
            },
            real_len: None,
            items: Vec::new(),
            entries: Vec::new(),
            attributes: Vec::new(),
            text: Vec::new(),
        };
        self.objects.insert(number, object);
        number
    }

    /// Large and never changed: keyframes share it as a piece.
    fn new_large_tuple(&mut self) {
        let number = self.new_object(Kind::Tuple);
        let items: Vec<Value> = (0..600).map(|item| Value::Int(item * 7)).collect();
        self.head(record::SPLICE, number);
        self.sink.bytes(&[0, 0]);
        self.sink.varint(items.len() as u64);
        items
            .iter()
            .for_each(|item| put_value(&mut self.sink, item));
        self.end_record();
        let object = self.objects.get_mut(&number);
        object.expect("just made").items = items;
    }

    fn atom(&mut self) -> Value {
        match self.random.below(12) {
            0 => Value::None,
            1 => Value::Bool(true),
            2 => Value::Float(self.random.below(1000) as f64 / 8.0),
            3 => Value::Str("x".repeat(self.random.below(40) as usize).into()),
            4 => Value::Tuple(vec![Value::Int(1), Value::Tuple(vec![Value::None])]),
            5 => Value::Gap(Fidelity::Excluded),
            6 => Value::Int(-(self.random.below(1 << 30) as i64) << 20),
            _ => Value::Int(self.random.below(200) as i64),
        }
    }

    fn any_value(&mut self) -> Value {
        if self.random.chance(60) {
            return self.atom();
        }
        let n_objects = self.objects.len() as u64;
        let at = self.random.below(n_objects - 1) as usize + 1;
        Value::Ref(
            *self
                .objects
                .values()
                .map(|object| &object.id)
                .nth(at)
                .unwrap(),
        )
    }

    fn bind_slot(&mut self) {
        let Some(call) = self.top() else { return };
        if self.calls[call].code == 3 {
            return;
        }
        let slot = self.random.below(N_SLOTS as u64) as usize;
        let value = match self.random.chance(8) {
            true => None,
            false => Some(self.any_value()),
        };
        self.put_slot(call, slot, value);
    }

    fn put_slot(&mut self, call: usize, slot: usize, value: Option<Value>) {
        put_slot(&mut self.sink, slot as u32);
        put_value(&mut self.sink, value.as_ref().unwrap_or(&Value::Unbound));
        self.end_record();
        self.calls[call].locals[slot] = value;
    }

    fn start_call(&mut self) {
        if self.stacks[self.thread].len() >= 6 {
            return;
        }
        let code = self.random.below(u64::from(N_CODES)) as u32;
        let is_generator = code == 2;
        let flags = call_flag::LINE
            | if is_generator {
                call_flag::GENERATOR
            } else {
                0
            }
            | if code == 3 {
                call_flag::LOCALS_OBJECT
            } else {
                0
            };
        if self.random.chance(50) {
            self.sink.byte(record::STAMP);
            self.sink.varint(self.n_states * 100);
            self.sink.varint(self.n_states * 10 + 1);
            self.end_record();
        }
        self.sink.byte(record::CALL);
        self.sink.varint(code.into());
        self.sink.varint(flags);
        self.sink.varint(1);
        if code == 3 {
            self.sink.varint(1);
        }
        self.end_record();
        let parent = self.top().map(|call| call as u64);
        self.calls.push(ExpectedCall {
            code,
            parent,
            thread: self.thread as u32,
            is_generator,
            n_states: 0,
            first_state: None,
            outcome: Outcome::Open,
            arguments: Vec::new(),
            result: None,
            result_graph: Graph::default(),
            locals: vec![None; N_SLOTS],
            line: 10 * i64::from(code) + 1,
        });
        let call = self.calls.len() - 1;
        self.stacks[self.thread].push(call);
        if code != 3 {
            for slot in 0..2 {
                let argument = self.any_value();
                self.calls[call].arguments.push(argument.clone());
                self.put_slot(call, slot, Some(argument));
            }
        }
        // What follows must not be taken for an argument.
        self.state();
    }

    fn end_call(&mut self) {
        let Some(call) = self.stacks[self.thread].pop() else {
            return;
        };
        let result = self.any_value();
        let has_raised = self.random.chance(30);
        self.sink.byte(if has_raised {
            record::UNWIND
        } else {
            record::RETURN
        });
        put_value(&mut self.sink, &result);
        self.end_record();
        let graph = self.graph_of(&[&result]);
        let call = &mut self.calls[call];
        call.outcome = if has_raised {
            Outcome::Raised
        } else {
            Outcome::Returned
        };
        call.result = Some(result);
        call.result_graph = graph;
    }

    fn yield_or_resume(&mut self) {
        if let Some(call) = self.top()
            && self.calls[call].is_generator
            && self.random.chance(70)
        {
            self.stacks[self.thread].pop();
            self.sink.byte(record::YIELD);
            put_value(&mut self.sink, &Value::Int(1));
            self.end_record();
            self.suspended.push(call);
        } else if !self.suspended.is_empty() {
            let at = self.random.below(self.suspended.len() as u64) as usize;
            let call = self.suspended.remove(at);
            let is_dropped = self.random.chance(30);
            self.sink.byte(if is_dropped {
                record::DROP_CALL
            } else {
                record::RESUME
            });
            self.sink.varint(call as u64);
            self.end_record();
            match is_dropped {
                true => self.calls[call].outcome = Outcome::Dropped,
                false => self.stacks[self.thread].push(call),
            }
        }
    }

    fn switch_thread(&mut self) {
        self.thread = self.random.below(3) as usize;
        while self.stacks.len() <= self.thread {
            self.stacks.push(Vec::new());
        }
        self.sink.byte(record::THREAD);
        self.sink.varint(self.thread as u64);
        self.end_record();
    }

    fn clock(&mut self) {
        self.sink.byte(record::CLOCK);
        self.sink.varint(1_000_000);
        self.end_record();
    }

    fn set_gap(&mut self) {
        self.gap = if self.gap.is_empty() {
            "too fast".into()
        } else {
            String::new()
        };
        self.sink.byte(record::GAP);
        self.sink.blob(self.gap.as_bytes());
        self.end_record();
    }

    fn make_and_free(&mut self) {
        let number = self.new_object(Kind::Tuple);
        self.sink.byte(record::FREE);
        self.sink.varint(number.into());
        self.end_record();
        self.objects.remove(&number);
    }

    fn change_object(&mut self) {
        let number = self.random.below(self.objects.len() as u64) as usize;
        let number = *self.objects.keys().nth(number).unwrap();
        if self.objects[&number].kind == ObjectKind::Tuple {
            return;
        }
        let value = self.any_value();
        let mut object = self.objects.remove(&number).unwrap();
        self.change(number, &mut object, value);
        self.objects.insert(number, object);
    }

    fn head(&mut self, tag: u8, number: u32) {
        stream::put_object_record(&mut self.sink, tag, number);
    }

    fn change(&mut self, number: u32, object: &mut Object, value: Value) {
        match object.kind {
            ObjectKind::List | ObjectKind::Deque => self.change_items(number, object, value),
            ObjectKind::Dict => {
                let key = Value::Int(self.random.below(30) as i64);
                let found = object.entries.iter().position(|(known, _)| *known == key);
                match found {
                    Some(at) if self.random.chance(50) => {
                        self.head(record::DICT_DEL, number);
                        put_value(&mut self.sink, &key);
                        object.entries.remove(at);
                    }
                    _ => {
                        self.head(record::DICT_SET, number);
                        put_value(&mut self.sink, &key);
                        put_value(&mut self.sink, &value);
                        match found {
                            Some(at) => object.entries[at].1 = value,
                            None => object.entries.push((key, value)),
                        }
                    }
                }
            }
            ObjectKind::Set => {
                let element = Value::Int(self.random.below(30) as i64);
                let found = object.items.iter().position(|known| *known == element);
                self.head(
                    if found.is_some() {
                        record::SET_DEL
                    } else {
                        record::SET_ADD
                    },
                    number,
                );
                put_value(&mut self.sink, &element);
                match found {
                    Some(at) => drop(object.items.remove(at)),
                    None => object.items.push(element),
                }
            }
            ObjectKind::Instance | ObjectKind::Namespace => {
                let names = GLOBAL_NAMES.len() as u64;
                let name = GLOBAL_NAMES[self.random.below(names) as usize];
                let id = self.name(name);
                let found = object
                    .attributes
                    .iter()
                    .position(|(known, _)| known == name);
                if let (Some(at), true) = (found, self.random.chance(30)) {
                    self.head(record::ATTR_DEL, number);
                    self.sink.varint(id);
                    object.attributes.remove(at);
                } else {
                    self.head(record::ATTR, number);
                    self.sink.varint(id);
                    put_value(&mut self.sink, &value);
                    match found {
                        Some(at) => object.attributes[at].1 = value,
                        None => object.attributes.push((name.into(), value)),
                    }
                }
            }
            ObjectKind::Str => {
                let text = "y".repeat(self.random.below(60) as usize);
                let len = object.text.len() as u64;
                if self.random.chance(90) && len < 5000 {
                    self.head(record::TEXT_APPEND, number);
                    object.text.extend_from_slice(text.as_bytes());
                } else {
                    let start = self.random.below(len + 1);
                    let n_removed = self.random.below(len - start + 1);
                    self.head(record::TEXT_SPLICE, number);
                    self.sink.varint(start);
                    self.sink.varint(n_removed);
                    let removed = start as usize..(start + n_removed) as usize;
                    object.text.splice(removed, text.bytes());
                }
                self.sink.blob(text.as_bytes());
            }
            _ => {
                self.head(record::FIDELITY, number);
                self.sink.varint(stream::fidelity::UNREADABLE.into());
                self.sink.varint(17);
                object.fidelity = Fidelity::Unreadable;
                object.real_len = Some(17);
            }
        }
        self.end_record();
    }

    fn change_items(&mut self, number: u32, object: &mut Object, value: Value) {
        let len = object.items.len();
        if len > 0 && self.random.chance(50) {
            let at = self.random.below(len as u64) as usize;
            self.head(record::ITEM, number);
            self.sink.varint(at as u64);
            put_value(&mut self.sink, &value);
            object.items[at] = value;
        } else if len > 200 {
            self.head(record::CLEAR, number);
            object.items.clear();
        } else {
            let start = self.random.below(len as u64 + 1) as usize;
            let n_removed = self.random.below((len - start) as u64 + 1).min(3) as usize;
            let n_values = self.random.below(8) as usize;
            self.head(record::SPLICE, number);
            self.sink.varint(start as u64);
            self.sink.varint(n_removed as u64);
            self.sink.varint(n_values as u64);
            for _ in 0..n_values {
                put_value(&mut self.sink, &value);
            }
            object
                .items
                .splice(start..start + n_removed, vec![value; n_values]);
        }
    }

    fn state(&mut self) {
        let Some(at) = self.top() else { return };
        let call = &mut self.calls[at];
        let first_line = 10 * i64::from(call.code) + 1;
        let line = first_line + self.random.below(200) as i64;
        put_line(&mut self.sink, (line - call.line) as i32);
        call.line = line;
        self.sink.record_end();
        let index = call.n_states;
        call.n_states += 1;
        call.first_state.get_or_insert(self.n_states);
        let number = self.n_states;
        self.n_states += 1;
        if !number.is_multiple_of(self.stride) {
            return;
        }
        let call = &self.calls[at];
        let globals = self.namespace_names();
        let mut locals: Vec<_> = (0..N_SLOTS)
            .filter_map(|slot| Some((format!("local{slot}"), call.locals[slot].clone()?)))
            .collect();
        if call.code == 3 {
            locals.clone_from(&globals);
        }
        let values: Vec<&Value> = locals
            .iter()
            .chain(&globals)
            .map(|(_, value)| value)
            .collect();
        let graph = self.graph_of(&values);
        self.states.push(ExpectedState {
            number,
            call: at as u64,
            index,
            line: line as u32,
            locals,
            globals,
            graph,
            gap: Some(self.gap.clone()).filter(|gap| !gap.is_empty()),
        });
    }

    fn namespace_names(&self) -> Vec<(String, Value)> {
        let namespace = &self.objects[&1];
        let named = |name: &&str| {
            let found = namespace.attributes.iter().find(|(known, _)| known == name);
            found.cloned()
        };
        GLOBAL_NAMES.iter().filter_map(named).collect()
    }

    fn graph_of(&self, roots: &[&Value]) -> Graph {
        let mut seen = BTreeSet::new();
        let mut pending: Vec<&Value> = roots.to_vec();
        let mut graph = Graph::default();
        while let Some(value) = pending.pop() {
            if let Value::Ref(id) = value
                && seen.insert(*id)
            {
                let object = &self.objects[&id.number()];
                graph.objects.insert(*id, object.clone());
                pending.extend(object.values());
            }
        }
        graph
    }
}

/// Encodes the values this program uses.
pub fn put_value<S: Sink>(sink: &mut S, encoded: &Value) {
    match encoded {
        Value::None => sink.byte(value::NONE),
        Value::Bool(true) => sink.byte(value::TRUE),
        Value::Bool(false) => sink.byte(value::FALSE),
        Value::Int(int) => stream::put_int(sink, *int),
        Value::Float(float) => stream::put_float(sink, *float),
        Value::Str(text) => stream::put_str(sink, text),
        Value::Ref(id) => stream::put_ref(sink, id.number()),
        Value::Unbound => sink.byte(value::NULL),
        Value::Gap(_) => sink.bytes(&[value::GAP, stream::fidelity::EXCLUDED]),
        Value::Tuple(items) => {
            sink.byte(value::TUPLE);
            sink.varint(items.len() as u64);
            items.iter().for_each(|item| put_value(sink, item));
        }
        other => panic!("the program makes no {other:?}"),
    }
}
