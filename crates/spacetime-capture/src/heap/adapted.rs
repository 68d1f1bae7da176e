//! Objects of types with an adapter: in place of their parts stands what the adapter gives, the payload.
//!
//! Adapters are code of the user, and no code runs while objects are read. So an adapted object that is
//! met is announced without a payload; [`crate::adapters`] asks its adapter between two readings and hands
//! over what it gave. The mirror keeps that as bytes, without references to objects of Python.
//!
//! The parts of a payload have numbers in the stream as other objects have, but no entries: nothing else
//! refers to them, and they go with the payload.

use super::fill::{BATCH, live_element};
use super::{EntryIndex, EntryState, Heap, dicts};
use crate::atoms::{self, Class};
use crate::layout;
use crate::limits;
use pyo3_ffi::*;
use rustc_hash::FxHashMap;
use spacetime_store::stream::{self, Kind, Sink, Source, fidelity, record, value};

/// How the objects of a type, and of its subclasses, are asked for their payload. The package keeps all of
/// it alive for good.
#[derive(Clone, Copy)]
pub struct Adapter {
    /// The type.
    pub type_: *mut PyTypeObject,
    /// Given an object; gives its payload and `None`, or `None` and a str that says what went wrong. What
    /// it raises is for the program.
    pub capture: *mut PyObject,
    /// Given a payload; gives a str or `None`. Null if there is none.
    pub preview: *mut PyObject,
}

/// An object whose adapter is to be asked.
pub struct Due {
    /// Alive until code of the program runs.
    pub object: *mut PyObject,
    /// What asks it.
    pub adapter: Adapter,
    index: EntryIndex,
    id: u32,
    generation: u32,
}

impl Due {
    /// What tells it from others, in all sessions; an object that has another adapter now is another.
    pub fn key(&self) -> (u32, u32, usize) {
        (self.generation, self.id, self.adapter.capture as usize)
    }
}

/// What an adapter gave.
#[derive(PartialEq)]
pub struct Captured {
    /// The payload, or why there is none.
    pub payload: Result<Payload, String>,
    /// A short text for people, as UTF-8.
    pub preview: Option<Vec<u8>>,
}

/// Plain values: atoms, and exact builtin containers of such.
#[derive(PartialEq)]
pub struct Payload {
    /// An encoded value. References are to places in `nodes`.
    root: Vec<u8>,
    nodes: Vec<Node>,
}

/// One container or text.
#[derive(PartialEq)]
struct Node {
    kind: Kind,
    /// Encoded items, or keys and values by turns, or the text itself.
    contents: Vec<u8>,
    /// The real number of items or bytes, if only some were kept.
    cut_from: Option<usize>,
}

/// What the stream has of an adapted object.
#[derive(Default)]
pub(super) struct AdaptedShadow {
    captured: Option<Captured>,
    /// The number of the payload's first node; the others follow.
    first_node: u32,
}

impl AdaptedShadow {
    fn node_numbers(&self) -> std::ops::Range<u32> {
        let payload = self.captured.as_ref().map(|captured| &captured.payload);
        let n_nodes = match payload {
            Some(Ok(payload)) => payload.nodes.len() as u32,
            _ => 0,
        };
        self.first_node..self.first_node + n_nodes
    }
}

/// Reads a payload breadth first.
#[derive(Default)]
struct Reader {
    objects: Vec<*mut PyObject>,
    places: FxHashMap<usize, u32>,
}

impl Payload {
    /// Copies plain values; of anything else says what it found.
    ///
    /// # Safety
    /// `root` must be a live object, with the GIL held.
    pub unsafe fn read(root: *mut PyObject) -> Result<Payload, String> {
        let mut reader = Reader::default();
        let mut encoded = Vec::new();
        // SAFETY: parts of a live object are alive while nothing runs.
        unsafe {
            reader.put(root, &mut encoded)?;
            let mut nodes = Vec::new();
            while let Some(&object) = reader.objects.get(nodes.len()) {
                let node = reader.node(object)?;
                nodes.push(node);
            }
            Ok(Payload {
                root: encoded,
                nodes,
            })
        }
    }
}

impl Reader {
    unsafe fn put(&mut self, object: *mut PyObject, out: &mut Vec<u8>) -> Result<(), String> {
        // SAFETY: passed on.
        unsafe {
            if atoms::classify(object) == Class::Leaf {
                atoms::put_leaf(out, object);
                return Ok(());
            }
            if kind_of(object).is_none() {
                let name = super::types::qualified_name(Py_TYPE(object));
                return Err(format!("an object of type {name}"));
            }
        }
        let next = self.objects.len() as u32;
        if next >= limits::objects_at_once() {
            return Err(format!("more than {next} containers"));
        }
        let place = *self.places.entry(object as usize).or_insert(next);
        if place == next {
            self.objects.push(object);
        }
        stream::put_ref(out, place);
        Ok(())
    }

    unsafe fn node(&mut self, object: *mut PyObject) -> Result<Node, String> {
        // SAFETY: each branch follows the exact type; items are alive in their container.
        unsafe {
            let kind = kind_of(object).unwrap_or(Kind::Opaque);
            let mut contents = Vec::new();
            let (n_kept, n_real) = match kind {
                Kind::List => self.put_all(layout::list_items(object), &mut contents)?,
                Kind::Tuple => self.put_all(layout::tuple_items(object), &mut contents)?,
                Kind::Dict | Kind::Set | Kind::FrozenSet => {
                    let mut parts = Vec::new();
                    let n_entries = match kind {
                        Kind::Dict => {
                            dicts::for_each_entry(object, |key, item| parts.extend([key, item]));
                            parts.len() / 2
                        }
                        _ => {
                            let table = layout::set_table(object).iter().map(live_element);
                            parts.extend(table.filter(|element| !element.is_null()));
                            parts.len()
                        }
                    };
                    if n_entries > limits::items() {
                        (0, n_entries)
                    } else {
                        for part in parts {
                            self.put(part, &mut contents)?;
                        }
                        (n_entries, n_entries)
                    }
                }
                _ => {
                    let (text, n_bytes) = atoms::text_bytes(object);
                    contents = text;
                    (contents.len(), n_bytes)
                }
            };
            Ok(Node {
                kind,
                contents,
                cut_from: (n_kept < n_real).then_some(n_real),
            })
        }
    }

    unsafe fn put_all(
        &mut self,
        items: &[*mut PyObject],
        out: &mut Vec<u8>,
    ) -> Result<(usize, usize), String> {
        let kept = &items[..items.len().min(limits::items())];
        for &item in kept {
            // SAFETY: passed on.
            unsafe { self.put(item, out)? };
        }
        Ok((kept.len(), items.len()))
    }
}

/// What a payload may be made of, apart from leaves.
unsafe fn kind_of(object: *mut PyObject) -> Option<Kind> {
    // SAFETY: reads the type of a live object.
    let type_ = unsafe { Py_TYPE(object) };
    let kinds = [
        (&raw mut PyList_Type, Kind::List),
        (&raw mut PyTuple_Type, Kind::Tuple),
        (&raw mut PyDict_Type, Kind::Dict),
        (&raw mut PySet_Type, Kind::Set),
        (&raw mut PyFrozenSet_Type, Kind::FrozenSet),
        (&raw mut PyUnicode_Type, Kind::Str),
        (&raw mut PyBytes_Type, Kind::Bytes),
        (&raw mut PyByteArray_Type, Kind::ByteArray),
    ];
    let known = kinds.into_iter().find(|(known, _)| *known == type_);
    known.map(|(_, kind)| kind)
}

impl Heap {
    /// From now on objects of the adapter's type are asked.
    ///
    /// # Safety
    /// The adapter must be kept alive, and the GIL be held.
    pub unsafe fn add_adapter(&mut self, adapter: Adapter) {
        self.types.add_adapter(adapter);
        for index in 0..self.entries.len() {
            let type_index = self.entries[index].type_index;
            let is_plain = match self.entries[index].kind {
                Kind::Str | Kind::Bytes => true,
                Kind::List | Kind::Tuple | Kind::Dict | Kind::Set | Kind::FrozenSet => {
                    self.types.get(type_index).flags == 0
                }
                _ => false,
            };
            let entry = &mut self.entries[index];
            if entry.state == EntryState::Live && !is_plain {
                // Of no type that there is: when it is compared it is written anew.
                entry.type_ = std::ptr::null_mut();
                (entry.is_constant, entry.is_immutable, entry.still) = (false, false, 0);
            }
        }
        self.disturb();
        self.doubt_everything();
    }

    /// Whether adapted objects are followed.
    #[inline]
    pub fn has_adapted(&self) -> bool {
        self.n_adapted != 0
    }

    /// Begins to follow an adapted object, which was announced as opaque.
    pub(super) fn fill_adapted(&mut self, index: EntryIndex) {
        self.n_adapted += 1;
        self.n_adoptions += 1;
        self.entries[index as usize].adapted = Some(Box::default());
        let id = self.id_of(index);
        self.append_text(id, b"its adapter was not asked before this state");
    }

    /// Ends to follow an adapted object: its payload goes.
    pub(super) fn drop_adapted(&mut self, index: EntryIndex) {
        if let Some(shadow) = self.entries[index as usize].adapted.take() {
            self.n_adapted -= 1;
            self.free_nodes(&shadow);
        }
    }

    fn free_nodes(&mut self, shadow: &AdaptedShadow) {
        for number in shadow.node_numbers() {
            stream::put_object_record(&mut self.sink, record::FREE, number);
            self.sink.record_end();
        }
    }

    /// How often an entry was referred to anew: while this stays no entry reaches more than it did.
    #[inline]
    pub fn n_adoptions(&self) -> u64 {
        self.n_adoptions
    }

    /// The adapted objects that entries and the names of namespaces reach. What they reach was compared.
    pub fn adapted_from(
        &mut self,
        entries: impl Iterator<Item = EntryIndex>,
        namespaces: impl Iterator<Item = u32>,
    ) -> Vec<Due> {
        self.n_searches = self.n_searches.wrapping_add(1);
        let mut stack: Vec<EntryIndex> = entries.collect();
        for namespace in namespaces {
            stack.extend(self.namespaces[namespace as usize].edges());
        }
        let (mut due, mut n_reached) = (Vec::new(), 0);
        while let Some(index) = stack.pop() {
            let entry = &mut self.entries[index as usize];
            if std::mem::replace(&mut entry.reached, self.n_searches) == self.n_searches {
                continue;
            }
            stack.extend(self.entries[index as usize].edges());
            if self.entries[index as usize].adapted.is_some() {
                due.extend(self.due(index));
                n_reached += 1;
                if n_reached == self.n_adapted {
                    break;
                }
            }
        }
        due
    }

    fn due(&self, index: EntryIndex) -> Option<Due> {
        let entry = &self.entries[index as usize];
        let is_alive = entry.firm != 0 || entry.epoch == self.epoch;
        if !is_alive || entry.state != EntryState::Live {
            return None;
        }
        Some(Due {
            object: entry.object,
            adapter: self.types.get(entry.type_index).adapter?,
            index,
            id: entry.id,
            generation: self.generation,
        })
    }

    /// Writes what the adapter of an object gave, if that is news.
    ///
    /// # Safety
    /// The GIL must be held, the heap settled, and the object kept alive since it was noted as due.
    pub unsafe fn take_captured(&mut self, due: &Due, captured: Captured) {
        let index = due.index as usize;
        if due.generation != self.generation || !self.is_known(due.index, due.id) {
            return;
        }
        let Some(old) = self.entries[index].adapted.take() else {
            return;
        };
        if old.captured.as_ref() == Some(&captured) {
            self.entries[index].adapted = Some(old);
            return;
        }
        let first_node = self.next_id;
        // SAFETY: the type of an adapter is alive.
        let adapter = unsafe { super::types::qualified_name(due.adapter.type_) };
        self.put_captured(due.index, &captured, &adapter);
        self.free_nodes(&old);
        self.entries[index].adapted = Some(Box::new(AdaptedShadow {
            captured: Some(captured),
            first_node,
        }));
    }

    fn put_captured(&mut self, index: EntryIndex, captured: &Captured, adapter: &str) {
        let id = self.id_of(index);
        let info = self.types.get(self.entries[index as usize].type_index);
        let (name, flags) = (info.name, info.flags);
        match &captured.payload {
            Ok(payload) => {
                let base = self.next_id;
                self.next_id += payload.nodes.len() as u32;
                self.put_nodes(&payload.nodes, base);
                self.put_object(id, Kind::Adapted, name, flags);
                stream::put_object_record(&mut self.sink, record::SPLICE, id);
                for n in [0, 0, 1] {
                    self.sink.varint(n);
                }
                self.put_node_values(&payload.root, base);
                self.sink.record_end();
                self.put_text_attribute(id, "adapter", adapter.as_bytes());
                if let Some(preview) = &captured.preview {
                    self.put_text_attribute(id, "preview", preview);
                }
            }
            Err(reason) => {
                self.put_object(id, Kind::Opaque, name, flags);
                self.append_text(id, reason.as_bytes());
            }
        }
    }

    fn put_nodes(&mut self, nodes: &[Node], base: u32) {
        for (number, node) in (base..).zip(nodes) {
            let name = self
                .names
                .id_of(node.kind.object_kind().name(), &mut self.sink);
            self.put_object(number, node.kind, name, 0);
        }
        for (number, node) in (base..).zip(nodes) {
            match node.kind {
                Kind::Str | Kind::Bytes | Kind::ByteArray => {
                    self.append_text(number, &node.contents);
                }
                kind => self.put_parts(kind, number, &node.contents, base),
            }
            if let Some(n_real) = node.cut_from {
                self.put_fidelity(number, fidelity::TRUNCATED_SIZE, n_real);
            }
        }
    }

    fn put_object(&mut self, id: u32, kind: Kind, name: u32, flags: u64) {
        stream::put_object_record(&mut self.sink, record::OBJECT, id);
        self.sink.byte(kind as u8);
        self.sink.varint(u64::from(name));
        self.sink.varint(flags);
        self.sink.record_end();
    }

    fn put_parts(&mut self, kind: Kind, number: u32, contents: &[u8], base: u32) {
        let values: Vec<&[u8]> = values_in(contents).collect();
        let (tag, n_values) = match kind {
            Kind::List | Kind::Tuple => (record::SPLICE, BATCH),
            Kind::Dict => (record::DICT_SET, 2),
            _ => (record::SET_ADD, 1),
        };
        for (at, batch) in values.chunks(n_values).enumerate() {
            stream::put_object_record(&mut self.sink, tag, number);
            if tag == record::SPLICE {
                self.sink.varint((at * BATCH) as u64);
                self.sink.varint(0);
                self.sink.varint(batch.len() as u64);
            }
            for encoded in batch {
                self.put_node_values(encoded, base);
            }
            self.sink.record_end();
        }
    }

    /// Writes encoded values, with the numbers that the nodes have in the stream.
    fn put_node_values(&mut self, encoded: &[u8], base: u32) {
        for one in values_in(encoded) {
            let mut source = Source::new(one);
            match (source.byte(), source.varint_u32()) {
                (Ok(value::REF), Ok(place)) => stream::put_ref(&mut self.sink, base + place),
                _ => self.sink.bytes(one),
            }
        }
    }

    fn put_text_attribute(&mut self, id: u32, name: &str, utf8: &[u8]) {
        let name = self.names.id_of(name, &mut self.sink);
        stream::put_object_record(&mut self.sink, record::ATTR, id);
        self.sink.varint(u64::from(name));
        stream::put_str(&mut self.sink, utf8);
        self.sink.record_end();
    }
}

/// The single values of several that were encoded one after the other.
fn values_in(encoded: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut source = Source::new(encoded);
    std::iter::from_fn(move || (!source.is_empty()).then(|| source.value().ok()).flatten())
}
