//! Turns what a replica holds into values and graphs of the model.

use std::collections::BTreeMap;

use spacetime_model::{
    CodeVersion, Fidelity, Graph, Object, ObjectId, ObjectKind, SessionId, SlotKind, Value,
};

use crate::heap::{Contents, HeapObject};
use crate::replica::{LiveCall, Replica};
use crate::stream::{Kind, Source, decode_fidelity, decode_value, type_flag};

/// Variables by name.
pub type Variables = Vec<(String, Value)>;

/// Collects values and, in the end, the objects reachable from them.
pub struct View<'a> {
    replica: &'a Replica,
    session: SessionId,
    pending: Vec<u32>,
    objects: BTreeMap<ObjectId, Object>,
}

impl<'a> View<'a> {
    /// Looks at this replica.
    pub fn new(replica: &'a Replica, session: SessionId) -> Self {
        Self {
            replica,
            session,
            pending: Vec::new(),
            objects: BTreeMap::new(),
        }
    }

    /// One encoded value. Its objects are remembered.
    pub fn value(&mut self, encoded: &[u8]) -> Value {
        let value = decode_value(&mut Source::new(encoded), self.session);
        match value.unwrap_or(Value::Gap(Fidelity::Unreadable)) {
            Value::Ref(id) if !self.replica.objects.contains_key(&id.number()) => {
                Value::Gap(Fidelity::Missing)
            }
            Value::Ref(id) => {
                self.pending.push(id.number());
                Value::Ref(id)
            }
            value => value,
        }
    }

    /// The bound local variables of a call.
    pub fn locals(&mut self, call: &LiveCall, code: &CodeVersion) -> Variables {
        let mut locals = Vec::new();
        for (at, slot) in code.slots.iter().enumerate() {
            // The cells of a class body belong to the functions in and around it.
            let is_local = call.locals_object.is_none() || slot.kind == SlotKind::Local;
            if let Some(encoded) = call.slot(at).filter(|_| is_local) {
                locals.push((slot.name.clone(), self.value(encoded)));
            }
        }
        if let Some(object) = call.locals_object {
            locals.extend(self.names_of(object, code));
        }
        locals
    }

    /// The parameters of a call.
    pub fn arguments(&mut self, call: &LiveCall, code: &CodeVersion) -> Variables {
        let parameters = code.slots.iter().take(code.signature.n_parameters());
        let mut arguments = Vec::new();
        for (at, slot) in parameters.enumerate() {
            if let Some(encoded) = call.slot(at) {
                arguments.push((slot.name.clone(), self.value(encoded)));
            }
        }
        arguments
    }

    /// The global variables to which the call's code refers; those of a module body are its locals
    /// as well.
    pub fn globals(&mut self, call: &LiveCall, code: &CodeVersion) -> Variables {
        self.names_of(call.namespace, code)
    }

    fn names_of(&mut self, object: u32, code: &CodeVersion) -> Variables {
        let replica = self.replica;
        let Some(object) = replica.objects.get(&object) else {
            return Vec::new();
        };
        let by_name: BTreeMap<&str, &[u8]> = named_attributes(replica, object).collect();
        let mut variables = Vec::new();
        for name in &code.global_names {
            if let Some(encoded) = by_name.get(name.as_str()) {
                variables.push((name.clone(), self.value(encoded)));
            }
        }
        variables
    }

    /// The objects reachable from the values given out.
    pub fn into_graph(mut self) -> Graph {
        while let Some(number) = self.pending.pop() {
            let id = ObjectId::of_session(self.session, number);
            if self.objects.contains_key(&id) {
                continue;
            }
            if let Some(object) = self.replica.objects.get(&number) {
                let object = self.object(id, object);
                self.objects.insert(id, object);
            }
        }
        Graph {
            objects: self.objects,
        }
    }

    fn object(&mut self, id: ObjectId, object: &HeapObject) -> Object {
        let kind = object.kind.object_kind();
        let fidelity = match decode_fidelity(object.fidelity) {
            Fidelity::Exact if kind == ObjectKind::Opaque => Fidelity::Opaque,
            fidelity => fidelity,
        };
        let type_name = self.replica.names.get(object.type_name as usize);
        let mut items = Vec::new();
        let mut entries = Vec::new();
        let mut text = Vec::new();
        match &object.contents {
            Contents::Items(cells) => {
                items.extend(cells.iter().map(|cell| self.value(cell.bytes())))
            }
            Contents::Map(map) if object.kind == Kind::Dict => {
                let entry = |(key, cell): (&crate::cell::Cell, &crate::cell::Cell)| {
                    (self.value(key.bytes()), self.value(cell.bytes()))
                };
                entries.extend(map.iter().map(entry));
            }
            Contents::Map(map) => items.extend(map.iter().map(|(key, _)| self.value(key.bytes()))),
            Contents::Text(bytes) => text.clone_from(bytes),
        }
        let attributes = named_attributes(self.replica, object)
            .map(|(name, encoded)| (name.to_string(), self.value(encoded)))
            .collect();
        Object {
            id,
            kind,
            type_name: type_name.map_or_else(|| "?".into(), ToString::to_string),
            is_subclass: u64::from(object.type_flags) & type_flag::SUBCLASS != 0,
            fidelity,
            real_len: (fidelity != Fidelity::Exact && object.real_len > 0)
                .then_some(object.real_len),
            items,
            entries,
            attributes,
            text,
        }
    }
}

fn named_attributes<'a>(
    replica: &'a Replica,
    object: &'a HeapObject,
) -> impl Iterator<Item = (&'a str, &'a [u8])> {
    object.attributes.iter().map(|(name, cell)| {
        let name = replica.names.get(*name as usize);
        (name.map_or("?", |name| name), cell.bytes())
    })
}
