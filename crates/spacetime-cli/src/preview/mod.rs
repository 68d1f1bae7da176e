//! A value as short text, in the manner of Python's `repr`.
//!
//! Instances carry the number of the object (`Particle#12(x=1.0)`), and so does a container that is
//! reachable by two ways: equal numbers in one state are the same object. What lies deeper or
//! further than there is room for is an ellipsis.

mod kinds;

use std::collections::{HashMap, HashSet};

use spacetime_model::{Fidelity, Graph, Object, ObjectId, ObjectKind, Value};

use crate::text;

/// Turns values of one graph into text.
pub struct Preview<'a> {
    graph: &'a Graph,
    shared: HashSet<ObjectId>,
}

/// How deep nested values are shown.
const MAX_DEPTH: usize = 6;

impl<'a> Preview<'a> {
    /// For values of this graph; `roots` are the values held from outside of it.
    pub fn of<'v>(graph: &'a Graph, roots: impl Iterator<Item = &'v Value>) -> Self {
        let mut n_references: HashMap<ObjectId, usize> = HashMap::new();
        let mut count = |value: &Value| {
            if let Value::Ref(id) = value {
                *n_references.entry(*id).or_default() += 1;
            }
        };
        roots.for_each(&mut count);
        graph
            .objects
            .values()
            .flat_map(Object::values)
            .for_each(count);
        n_references.retain(|_, n| *n > 1);
        Self {
            graph,
            shared: n_references.into_keys().collect(),
        }
    }

    /// The value in at most about this many characters.
    pub fn text(&self, value: &Value, width: usize) -> String {
        let mut writer = Writer {
            preview: self,
            out: String::new(),
            room: width,
            open: Vec::new(),
        };
        writer.value(value);
        text::cut(&writer.out, width)
    }
}

struct Writer<'a> {
    preview: &'a Preview<'a>,
    out: String,
    room: usize,
    /// The objects inside of which the writer is.
    open: Vec<ObjectId>,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value) {
        match value {
            Value::None => self.out.push_str("None"),
            Value::Bool(true) => self.out.push_str("True"),
            Value::Bool(false) => self.out.push_str("False"),
            Value::Int(int) => self.out.push_str(&int.to_string()),
            Value::BigInt(bytes) => self.out.push_str(&text::big_int(bytes)),
            Value::Float(float) => self.out.push_str(&text::float(*float)),
            Value::Complex(real, imaginary) => self.out.push_str(&text::complex(*real, *imaginary)),
            Value::Str(utf8) => self.str(utf8, None),
            Value::StrTruncated { head, len } => self.str(head, Some(*len)),
            Value::Bytes(bytes) => self.bytes(bytes, None),
            Value::BytesTruncated { head, len } => self.bytes(head, Some(*len)),
            Value::Range(start, stop, step) => self.range(*start, *stop, *step),
            Value::Ellipsis => self.out.push_str("..."),
            Value::NotImplemented => self.out.push_str("NotImplemented"),
            Value::Tuple(items) => {
                self.sequence("(", items.iter(), if items.len() == 1 { ",)" } else { ")" });
            }
            Value::Ref(id) => self.object(*id),
            Value::Gap(fidelity) => self.gap(*fidelity),
            Value::Unbound => self.out.push_str("<unbound>"),
        }
    }

    fn is_full(&self) -> bool {
        self.out.len() > self.room
    }

    fn str(&mut self, utf8: &[u8], real_len: Option<u64>) {
        let end = char_boundary(utf8, self.room);
        self.out.push_str(&text::str_literal(&utf8[..end]));
        self.cut_mark(end < utf8.len() || real_len.is_some());
    }

    fn bytes(&mut self, bytes: &[u8], real_len: Option<u64>) {
        let end = bytes.len().min(self.room);
        self.out.push_str(&text::bytes_literal(&bytes[..end]));
        self.cut_mark(end < bytes.len() || real_len.is_some());
    }

    fn cut_mark(&mut self, is_cut: bool) {
        if is_cut {
            self.out.push('…');
        }
    }

    fn range(&mut self, start: i64, stop: i64, step: i64) {
        let text = match (start, step) {
            (0, 1) => format!("range({stop})"),
            (_, 1) => format!("range({start}, {stop})"),
            _ => format!("range({start}, {stop}, {step})"),
        };
        self.out.push_str(&text);
    }

    fn gap(&mut self, fidelity: Fidelity) {
        let reason = fidelity.reason().unwrap_or("not captured");
        self.out.push_str(&format!("<{reason}>"));
    }

    fn object(&mut self, id: ObjectId) {
        let Some(object) = self.preview.graph.objects.get(&id) else {
            return self.gap(Fidelity::Missing);
        };
        let number = id.number();
        if self.open.contains(&id) {
            self.out.push_str(&format!("…#{number}"));
        } else if self.open.len() >= MAX_DEPTH || self.is_full() {
            self.out.push('…');
        } else {
            self.open.push(id);
            self.contents(object);
            self.open.pop();
        }
    }

    fn contents(&mut self, object: &Object) {
        use ObjectKind as Kind;
        let number = object.id.number();
        let name = short_type_name(&object.type_name);
        let text = String::from_utf8_lossy(&object.text);
        match object.kind {
            Kind::Enum => self.enum_member(object),
            Kind::Buffer => self.buffer(object),
            Kind::Adapted => self.adapted(object),
            Kind::Instance if self.plain_instance(object) => {}
            Kind::Tuple if self.named_tuple(object) => {}
            Kind::Instance => {
                self.out.push_str(&format!("{name}#{number}("));
                if let [value] = &object.items[..] {
                    self.value(value);
                    self.out.push_str(", ");
                }
                self.attributes(object);
                if object.fidelity != Fidelity::Exact {
                    self.out.push_str(&format!("<{}>", object.fidelity.class()));
                }
                self.out.push(')');
            }
            Kind::Function => self.out.push_str(&format!("<function {text}>")),
            Kind::Class => self.out.push_str(&format!("<class {text}>")),
            Kind::Module => self.out.push_str(&format!("<module {text}>")),
            Kind::Namespace => self.out.push_str("<namespace>"),
            Kind::Opaque if text.is_empty() => self.out.push_str(&format!("<{name}#{number}>")),
            Kind::Opaque => self.out.push_str(&format!("<{name}#{number} {text}>")),
            _ => {
                if is_of_subclass(object) {
                    self.out.push_str(&format!("{name}#{number}("));
                }
                self.container(object);
                if is_of_subclass(object) {
                    if !object.attributes.is_empty() {
                        self.out.push_str(", ");
                        self.attributes(object);
                    }
                    self.out.push(')');
                }
            }
        }
        let is_shown = matches!(
            object.kind,
            Kind::Instance | Kind::Buffer | Kind::Opaque | Kind::Adapted
        ) || is_of_subclass(object);
        let has_no_identity = matches!(
            object.kind,
            Kind::Str
                | Kind::Bytes
                | Kind::Enum
                | Kind::Function
                | Kind::Class
                | Kind::Module
                | Kind::Namespace
        );
        if self.preview.shared.contains(&object.id) && !is_shown && !has_no_identity {
            self.out.push_str(&format!("#{number}"));
        }
    }

    fn container(&mut self, object: &Object) {
        use ObjectKind as Kind;
        let real_len = object
            .real_len
            .filter(|_| object.fidelity != Fidelity::Exact);
        let items = object.items.iter();
        match object.kind {
            Kind::List => self.sequence("[", items, "]"),
            Kind::Tuple if object.items.len() == 1 => self.sequence("(", items, ",)"),
            Kind::Tuple => self.sequence("(", items, ")"),
            Kind::Deque => {
                self.sequence("deque([", items, "]");
                let maxlen = object.attributes.iter().find(|(name, _)| name == "maxlen");
                if let Some((_, Value::Int(maxlen))) = maxlen {
                    self.out.push_str(&format!(", maxlen={maxlen}"));
                }
                self.out.push(')');
            }
            Kind::Set if object.items.is_empty() => self.out.push_str("set()"),
            Kind::Set => self.sequence("{", items, "}"),
            Kind::FrozenSet if object.items.is_empty() => self.out.push_str("frozenset()"),
            Kind::FrozenSet => self.sequence("frozenset({", items, "})"),
            Kind::Dict => self.dict(object),
            Kind::Str => self.str(&object.text, real_len),
            Kind::Bytes => self.bytes(&object.text, real_len),
            _ => {
                self.out.push_str("bytearray(");
                self.bytes(&object.text, real_len);
                self.out.push(')');
            }
        }
        if object.fidelity != Fidelity::Exact {
            let of = real_len.map_or(String::new(), |len| format!(" of {}", text::count(len)));
            self.out
                .push_str(&format!("<{}{of}>", object.fidelity.class()));
        }
    }

    fn sequence<'v>(
        &mut self,
        open: &str,
        items: impl ExactSizeIterator<Item = &'v Value>,
        close: &str,
    ) {
        self.out.push_str(open);
        let n = items.len();
        for (index, item) in items.enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            if self.is_full() {
                self.out.push_str(&format!("… {} more", n - index));
                break;
            }
            self.value(item);
        }
        self.out.push_str(close);
    }

    fn dict(&mut self, object: &Object) {
        self.out.push('{');
        for (index, (key, value)) in object.entries.iter().enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            if self.is_full() {
                self.out
                    .push_str(&format!("… {} more", object.entries.len() - index));
                break;
            }
            self.value(key);
            self.out.push_str(": ");
            self.value(value);
        }
        self.out.push('}');
    }

    fn attributes(&mut self, object: &Object) {
        let attributes = object.attributes.iter();
        let shown = attributes.filter(|(name, _)| !kinds::is_left_out(name));
        for (index, (name, value)) in shown.enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            if self.is_full() {
                self.out.push('…');
                break;
            }
            self.out.push_str(name);
            self.out.push('=');
            self.value(value);
        }
    }
}

/// Whether a container is of another type than the builtin one; some of those are written in C and
/// are told by their name alone.
fn is_of_subclass(object: &Object) -> bool {
    let exact_name = match object.kind {
        ObjectKind::Deque => "collections.deque",
        kind => kind.name(),
    };
    object.is_subclass || object.type_name != exact_name
}

/// `module.Outer.Name` as `Name`.
pub fn short_type_name(type_name: &str) -> &str {
    type_name.rsplit('.').next().unwrap_or(type_name)
}

/// The end of the last whole character within this many bytes.
fn char_boundary(utf8: &[u8], limit: usize) -> usize {
    if utf8.len() <= limit {
        return utf8.len();
    }
    (0..=limit)
        .rev()
        .find(|&end| utf8[end] & 0xC0 != 0x80)
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(id: u64, kind: ObjectKind) -> Object {
        Object {
            id: ObjectId(id),
            kind,
            type_name: "__main__.Node".to_owned(),
            is_subclass: false,
            fidelity: Fidelity::Exact,
            real_len: None,
            items: Vec::new(),
            entries: Vec::new(),
            attributes: Vec::new(),
            text: Vec::new(),
        }
    }

    fn exact(id: u64, kind: ObjectKind) -> Object {
        Object {
            type_name: kind.name().to_owned(),
            ..object(id, kind)
        }
    }

    fn shown(objects: Vec<Object>, value: Value) -> String {
        let graph = Graph {
            objects: objects
                .into_iter()
                .map(|object| (object.id, object))
                .collect(),
        };
        Preview::of(&graph, [&value].into_iter()).text(&value, 60)
    }

    #[test]
    fn a_cycle_is_shown_by_its_number() {
        let mut node = object(7, ObjectKind::Instance);
        node.attributes = vec![("next".to_owned(), Value::Ref(ObjectId(7)))];
        assert_eq!(
            shown(vec![node], Value::Ref(ObjectId(7))),
            "Node#7(next=…#7)"
        );
    }

    #[test]
    fn a_list_held_twice_shows_its_number() {
        let mut outer = exact(1, ObjectKind::List);
        outer.items = vec![Value::Ref(ObjectId(2)), Value::Ref(ObjectId(2))];
        let inner = exact(2, ObjectKind::List);
        assert_eq!(
            shown(vec![outer, inner], Value::Ref(ObjectId(1))),
            "[[]#2, []#2]"
        );
    }

    #[test]
    fn long_values_are_cut() {
        let mut list = exact(1, ObjectKind::List);
        list.items = (0..1000).map(Value::Int).collect();
        let text = shown(vec![list], Value::Ref(ObjectId(1)));
        assert!(
            text.starts_with("[0, 1, 2") && text.ends_with('…'),
            "{text}"
        );
        assert_eq!(text::columns(&text), 60);
    }

    fn named(id: u64, kind: ObjectKind, type_name: &str, attributes: &[(&str, Value)]) -> Object {
        let attributes = attributes.iter().cloned();
        Object {
            type_name: type_name.to_owned(),
            attributes: attributes
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            ..object(id, kind)
        }
    }

    #[test]
    fn values_with_a_form_of_their_own_are_shown_in_it() {
        let text = |text: &str| Value::Str(text.as_bytes().to_vec());
        let one = |object: Object| shown(vec![object], Value::Ref(ObjectId(1)));
        let member = [("_value_", Value::Int(1)), ("_name_", text("RED"))];
        let member = named(1, ObjectKind::Enum, "__main__.Color", &member);
        assert_eq!(one(member), "<Color.RED: 1>");
        let mut price = named(1, ObjectKind::Instance, "decimal.Decimal", &[]);
        price.items = vec![text("1.50")];
        assert_eq!(one(price), "Decimal('1.50')");
        let mut metres = named(1, ObjectKind::Instance, "m.Metres", &[("k", Value::Int(2))]);
        metres.items = vec![Value::Float(2.5)];
        assert_eq!(one(metres), "Metres#1(2.5, k=2)");
        let names = ["hour", "minute", "second", "microsecond", "fold", "tzinfo"];
        let mut parts: Vec<(&str, Value)> = names.map(|name| (name, Value::Int(0))).to_vec();
        (parts[0].1, parts[5].1) = (Value::Int(9), Value::None);
        let time = named(1, ObjectKind::Instance, "datetime.time", &parts);
        assert_eq!(one(time), "time(9, 0)");
        let fields = Value::Tuple(vec![text("a"), text("b")]);
        let mut pair = named(1, ObjectKind::Tuple, "m.Pair", &[("_fields", fields)]);
        pair.items = vec![Value::Int(1), Value::None];
        assert_eq!(one(pair), "Pair(a=1, b=None)");
        let layout = [
            ("dtype", text("<i2")),
            ("shape", Value::Tuple(vec![Value::Int(2)])),
        ];
        let mut array = named(1, ObjectKind::Buffer, "numpy.ndarray", &layout);
        array.text = vec![1, 0, 0xFE, 0xFF];
        assert_eq!(one(array), "ndarray#1([1, -2], <i2, shape=(2,))");
    }

    #[test]
    fn a_missing_object_is_a_gap() {
        let text = shown(vec![], Value::Ref(ObjectId(1)));
        assert_eq!(text, "<the trace does not hold this object>");
    }
}
