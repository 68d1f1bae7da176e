//! Objects of the recorded program, as the replica keeps them.

use std::collections::VecDeque;

use crate::cell::{Cell, OrderedMap};
use crate::stream::{Kind, Sink, Source, fidelity, put_object_record, record};

/// One object.
#[derive(Clone, Debug)]
pub struct HeapObject {
    /// What it is made of.
    pub kind: Kind,
    /// Bits of [`crate::stream::type_flag`].
    pub type_flags: u8,
    /// A code of [`crate::stream::fidelity`].
    pub fidelity: u8,
    /// The interned name of its type.
    pub type_name: u32,
    /// Whether the contents stand in a piece of the trace.
    pub(crate) piece: PieceMark,
    /// The real number of items or bytes, where the fidelity is less than exact.
    pub real_len: u64,
    /// Attributes of instances and names of namespaces, by interned name.
    pub attributes: OrderedMap<u32>,
    /// Everything else.
    pub contents: Contents,
}

/// What an object holds apart from attributes.
#[derive(Clone, Debug)]
pub enum Contents {
    /// Items of a list, tuple or deque; the value of an instance that is one.
    Items(VecDeque<Cell>),
    /// Entries of a dict; a set keeps its elements as keys.
    Map(OrderedMap<Cell>),
    /// Text, bytes, or a name.
    Text(Vec<u8>),
}

/// Whether the contents of an object changed since a keyframe was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PieceMark {
    /// Changed since the last keyframe.
    Changed,
    /// As they were at the last keyframe, which held them inline.
    Unchanged,
    /// As they are in the piece at this place in the keyframe writer's list.
    Stored(u32),
}

impl HeapObject {
    /// A new, empty object.
    pub fn new(kind: Kind, type_name: u32, type_flags: u8) -> Self {
        let contents = match kind {
            Kind::Dict | Kind::Set | Kind::FrozenSet => Contents::Map(OrderedMap::default()),
            Kind::List
            | Kind::Tuple
            | Kind::Deque
            | Kind::Instance
            | Kind::Enum
            | Kind::File
            | Kind::Adapted
            | Kind::Namespace => Contents::Items(VecDeque::new()),
            Kind::Str
            | Kind::Bytes
            | Kind::ByteArray
            | Kind::Buffer
            | Kind::Function
            | Kind::Class
            | Kind::Module
            | Kind::Opaque => Contents::Text(Vec::new()),
        };
        Self {
            kind,
            type_flags,
            fidelity: fidelity::EXACT,
            type_name,
            piece: PieceMark::Changed,
            real_len: 0,
            attributes: OrderedMap::default(),
            contents,
        }
    }

    /// Applies the rest of a record about this object. Says what is wrong with it, if anything; a
    /// record that is wrong is so again when it is applied again.
    #[inline(always)]
    pub(crate) fn apply(&mut self, tag: u8, source: &mut Source) -> Result<(), &'static str> {
        self.piece = PieceMark::Changed;
        match (tag, &mut self.contents) {
            (record::ATTR, _) => {
                let name = source.varint().map_err(|_| CUT)? as u32;
                let place = self.attributes.place(&name);
                source.value_into(place).map_err(|_| CUT)
            }
            (record::ITEM, Contents::Items(items)) => {
                let index = source.varint().map_err(|_| CUT)? as usize;
                let place = items.get_mut(index).ok_or("an item beyond the end")?;
                source.value_into(place).map_err(|_| CUT)
            }
            (record::DICT_SET, Contents::Map(map)) => {
                let mut key = Cell::UNBOUND;
                source.value_into(&mut key).map_err(|_| CUT)?;
                source.value_into(map.place(&key)).map_err(|_| CUT)
            }
            _ => self.apply_rare(tag, source),
        }
    }

    #[inline(never)]
    fn apply_rare(&mut self, tag: u8, source: &mut Source) -> Result<(), &'static str> {
        let number = |source: &mut Source| source.varint().map_err(|_| CUT);
        match (tag, &mut self.contents) {
            (record::ATTR_DEL, _) => {
                let name = number(source)? as u32;
                if !self.attributes.remove(&name) {
                    return Err("the removal of an attribute that is not there");
                }
            }
            (record::FIDELITY, _) => {
                self.fidelity = number(source)? as u8;
                self.real_len = number(source)?;
            }
            (record::SPLICE, Contents::Items(items)) => {
                let start = number(source)?;
                let n_removed = number(source)?;
                let n_values = source.count().map_err(|_| CUT)?;
                if start > items.len() as u64 || n_removed > items.len() as u64 - start {
                    return Err("a splice beyond the end");
                }
                splice(items, start as usize, n_removed as usize, n_values, source)?;
            }
            (record::SET_ADD, Contents::Map(map)) => *map.place(&value(source)?) = Cell::UNBOUND,
            (record::DICT_DEL | record::SET_DEL, Contents::Map(map)) => {
                if !map.remove(&value(source)?) {
                    return Err("the removal of a key that is not there");
                }
            }
            (record::CLEAR, Contents::Items(items)) => items.clear(),
            (record::CLEAR, Contents::Map(map)) => map.clear(),
            (record::CLEAR, Contents::Text(text)) => text.clear(),
            (record::TEXT_SPLICE, Contents::Text(text)) => {
                let start = number(source)?;
                let n_removed = number(source)?;
                let bytes = source.blob().map_err(|_| CUT)?;
                if start > text.len() as u64 || n_removed > text.len() as u64 - start {
                    return Err("a splice beyond the end");
                }
                let start = start as usize;
                text.splice(start..start + n_removed as usize, bytes.iter().copied());
            }
            (record::TEXT_APPEND, Contents::Text(text)) => {
                text.extend_from_slice(source.blob().map_err(|_| CUT)?);
            }
            _ => return Err("a record that does not fit the object's kind"),
        }
        Ok(())
    }

    /// Writes the records that give an empty object these contents.
    pub(crate) fn put_contents(&self, number: u32, sink: &mut Vec<u8>) {
        match &self.contents {
            Contents::Items(items) if items.is_empty() => {}
            Contents::Items(items) => {
                put_object_record(sink, record::SPLICE, number);
                sink.varint(0);
                sink.varint(0);
                sink.varint(items.len() as u64);
                for item in items {
                    sink.bytes(item.bytes());
                }
            }
            Contents::Map(map) => {
                let is_dict = self.kind == Kind::Dict;
                let tag = if is_dict {
                    record::DICT_SET
                } else {
                    record::SET_ADD
                };
                for (key, cell) in map.iter() {
                    put_object_record(sink, tag, number);
                    sink.bytes(key.bytes());
                    if is_dict {
                        sink.bytes(cell.bytes());
                    }
                }
            }
            Contents::Text(text) if text.is_empty() => {}
            Contents::Text(text) => {
                put_object_record(sink, record::TEXT_APPEND, number);
                sink.blob(text);
            }
        }
        for (name, cell) in self.attributes.iter() {
            put_object_record(sink, record::ATTR, number);
            sink.varint(u64::from(*name));
            sink.bytes(cell.bytes());
        }
        if self.fidelity != fidelity::EXACT {
            put_object_record(sink, record::FIDELITY, number);
            sink.varint(u64::from(self.fidelity));
            sink.varint(self.real_len);
        }
    }
}

const CUT: &str = "a malformed record about an object";

fn value(source: &mut Source) -> Result<Cell, &'static str> {
    let mut cell = Cell::UNBOUND;
    source.value_into(&mut cell).map_err(|_| CUT)?;
    Ok(cell)
}

/// Replaces items by values to be read. Changes at both ends, which queues make, do not move the rest.
fn splice(
    items: &mut VecDeque<Cell>,
    start: usize,
    n_removed: usize,
    n_values: usize,
    source: &mut Source,
) -> Result<(), &'static str> {
    if start + n_removed == items.len() {
        items.truncate(start);
        return push_values(items, n_values, source);
    }
    let mut values = VecDeque::new();
    push_values(&mut values, n_values, source)?;
    if start == 0 {
        items.drain(..n_removed);
        items.reserve(n_values);
        for value in values.into_iter().rev() {
            items.push_front(value);
        }
    } else {
        let mut all = Vec::from(std::mem::take(items));
        all.splice(start..start + n_removed, values);
        *items = all.into();
    }
    Ok(())
}

fn push_values(
    items: &mut VecDeque<Cell>,
    n_values: usize,
    source: &mut Source,
) -> Result<(), &'static str> {
    items.reserve(n_values);
    for _ in 0..n_values {
        items.push_back(Cell::UNBOUND);
        let place = items.back_mut().expect("just pushed");
        source.value_into(place).map_err(|_| CUT)?;
    }
    Ok(())
}
