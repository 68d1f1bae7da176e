//! Values that Python shows in a way of their own: members of enums, subclasses of plain types, dates,
//! named tuples, arrays.

use spacetime_model::{Fidelity, Object, ObjectId, Value};

use super::{Writer, short_type_name};
use crate::text;

/// Attributes of exceptions that say what they went through, which `repr` leaves out.
const HISTORY: [&str; 4] = [
    "__traceback__",
    "__context__",
    "__cause__",
    "__suppress_context__",
];

/// Whether an attribute is left out where an object is shown in a line.
pub(super) fn is_left_out(name: &str) -> bool {
    HISTORY.contains(&name)
}

impl Writer<'_> {
    /// A member of an enum: `<Color.RED: 1>`.
    pub(super) fn enum_member(&mut self, object: &Object) {
        let class = short_type_name(&object.type_name);
        self.out.push_str(&format!("<{class}"));
        if let Some(Value::Str(name)) = attribute(object, "_name_") {
            self.out
                .push_str(&format!(".{}", String::from_utf8_lossy(name)));
        }
        self.out.push_str(": ");
        match attribute(object, "_value_").or(object.items.first()) {
            Some(value) => self.value(value),
            None => self.out.push('…'),
        }
        self.out.push('>');
    }

    /// An instance that is shown as Python shows it, without a number: says no of others.
    pub(super) fn plain_instance(&mut self, object: &Object) -> bool {
        let name = short_type_name(&object.type_name);
        let is_exact = object.fidelity == Fidelity::Exact && !object.is_subclass;
        match (&object.items[..], &object.type_name[..]) {
            ([value], _) if object.attributes.is_empty() => {
                self.call(name, std::iter::once((None, value)));
            }
            ([], "datetime.date" | "datetime.time" | "datetime.datetime") if is_exact => {
                self.date_or_time(object);
            }
            ([], "datetime.timedelta") if is_exact => {
                let parts = object.attributes.iter();
                let parts = parts.filter(|(_, part)| *part != Value::Int(0));
                self.call(name, parts.map(|(name, part)| (Some(&name[..]), part)));
            }
            ([], "re.Pattern") if is_exact => {
                let pattern = object.attributes.iter().take(1);
                self.call("re.compile", pattern.map(|(_, part)| (None, part)));
            }
            ([], "slice" | "datetime.timezone") if is_exact => {
                let parts = object.attributes.iter();
                self.call(name, parts.map(|(_, part)| (None, part)));
            }
            _ => return false,
        }
        true
    }

    /// `date(2024, 1, 2)`: the parts of a time without zeros at its end.
    fn date_or_time(&mut self, object: &Object) {
        let n_positional = object.attributes.len() - 2 * usize::from(has_zone(object));
        let (positional, zone) = object.attributes.split_at(n_positional);
        let is_date_part = |name: &str| ["year", "month", "day", "hour", "minute"].contains(&name);
        let last = positional
            .iter()
            .rposition(|(name, part)| is_date_part(name) || *part != Value::Int(0));
        let shown = &positional[..last.map_or(0, |last| last + 1)];
        let zone = zone
            .iter()
            .filter(|(_, part)| !matches!(part, Value::None | Value::Int(0)));
        let parts = shown.iter().map(|(_, part)| (None, part));
        let named = zone.map(|(name, part)| (Some(&name[..]), part));
        self.call(short_type_name(&object.type_name), parts.chain(named));
    }

    /// A named tuple: `Pair(a=1, b=2)`. Says no of other tuples.
    pub(super) fn named_tuple(&mut self, object: &Object) -> bool {
        let fields = attribute(object, "_fields").and_then(|fields| self.texts(fields));
        let Some(fields) = fields.filter(|fields| fields.len() == object.items.len()) else {
            return false;
        };
        let parts = fields.iter().map(|name| Some(&name[..]));
        let name = short_type_name(&object.type_name);
        self.call(name, parts.zip(&object.items));
        true
    }

    /// Memory by its numbers, where it holds any, and by how it is laid out.
    pub(super) fn buffer(&mut self, object: &Object) {
        let number = object.id.number();
        let name = short_type_name(&object.type_name);
        self.out.push_str(&format!("{name}#{number}("));
        let layout = ["dtype", "format", "typecode"];
        let layout = layout.iter().find_map(|name| attribute(object, name));
        let layout = layout
            .and_then(|layout| self.text_of(layout))
            .unwrap_or_default();
        match numbers::of(&object.text, &layout) {
            Some(numbers) => {
                self.out.push('[');
                for (index, number) in numbers.enumerate() {
                    if index > 0 {
                        self.out.push_str(", ");
                    }
                    if self.is_full() {
                        self.out.push('…');
                        break;
                    }
                    self.out.push_str(&number);
                }
                self.out.push(']');
            }
            // The contents of a `StringIO`, as its attribute tells.
            None if attribute(object, "newline").is_some() => {
                self.str(&object.text, object.real_len);
            }
            None => self.bytes(&object.text, object.real_len),
        }
        if !layout.is_empty() {
            self.out.push_str(&format!(", {layout}"));
        }
        for name in ["position", "closed"] {
            if let Some(part) = attribute(object, name) {
                self.out.push_str(&format!(", {name}="));
                self.value(part);
            }
        }
        if let Some(shape) = attribute(object, "shape") {
            self.out.push_str(", shape=");
            self.value(shape);
        }
        if object.fidelity != Fidelity::Exact {
            self.out
                .push_str(&format!(", <{}>", object.fidelity.class()));
        }
        self.out.push(')');
    }

    /// The preview that the adapter gave, or its payload.
    pub(super) fn adapted(&mut self, object: &Object) {
        let number = object.id.number();
        let name = short_type_name(&object.type_name);
        let preview = attribute(object, "preview").and_then(|preview| self.text_of(preview));
        match (preview, object.items.first()) {
            (Some(preview), _) => {
                let preview = text::source_line(&preview);
                self.out.push_str(&format!("<{name}#{number} {preview}>"));
            }
            (None, payload) => {
                self.out.push_str(&format!("{name}#{number}("));
                payload.into_iter().for_each(|payload| self.value(payload));
                self.out.push(')');
            }
        }
    }

    fn call<'v>(&mut self, name: &str, parts: impl Iterator<Item = (Option<&'v str>, &'v Value)>) {
        self.out.push_str(&format!("{name}("));
        for (index, (name, part)) in parts.enumerate() {
            if index > 0 {
                self.out.push_str(", ");
            }
            if self.is_full() {
                self.out.push('…');
                break;
            }
            if let Some(name) = name {
                self.out.push_str(&format!("{name}="));
            }
            self.value(part);
        }
        self.out.push(')');
    }

    /// The items of a tuple of str.
    fn texts(&self, tuple: &Value) -> Option<Vec<String>> {
        let items = match tuple {
            Value::Tuple(items) => items,
            Value::Ref(id) => &self.object_of(*id)?.items,
            _ => return None,
        };
        items.iter().map(|item| self.text_of(item)).collect()
    }

    /// The text of a str, be it short or long.
    fn text_of(&self, value: &Value) -> Option<String> {
        let utf8 = match value {
            Value::Str(utf8) => utf8,
            Value::Ref(id) => &self.object_of(*id)?.text,
            _ => return None,
        };
        Some(String::from_utf8_lossy(utf8).into_owned())
    }

    fn object_of(&self, id: ObjectId) -> Option<&Object> {
        self.preview.graph.objects.get(&id)
    }
}

fn attribute<'o>(object: &'o Object, name: &str) -> Option<&'o Value> {
    let found = object.attributes.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value)
}

fn has_zone(object: &Object) -> bool {
    attribute(object, "tzinfo").is_some() && attribute(object, "fold").is_some()
}

/// Numbers in memory.
mod numbers {
    use crate::text;

    /// The numbers that bytes hold, laid out as numpy's dtype or the `struct` module says; nothing for
    /// anything but numbers of the machine.
    pub fn of<'b>(bytes: &'b [u8], layout: &str) -> Option<impl Iterator<Item = String> + use<'b>> {
        let (kind, size) = kind_and_size(layout)?;
        let show = move |item: &[u8]| show(item, kind);
        Some(bytes.chunks_exact(size).map(show))
    }

    /// `<f8` and `d` are both a float of 8 bytes.
    fn kind_and_size(layout: &str) -> Option<(char, usize)> {
        let code = layout.trim_start_matches(['<', '=', '|', '@']);
        Some(match code {
            "?" | "b1" => ('b', 1),
            "b" | "i1" => ('i', 1),
            "B" | "u1" => ('u', 1),
            "h" | "i2" => ('i', 2),
            "H" | "u2" => ('u', 2),
            "i" | "i4" => ('i', 4),
            "I" | "u4" => ('u', 4),
            "l" | "q" | "i8" => ('i', 8),
            "L" | "Q" | "u8" => ('u', 8),
            "f" | "f4" => ('f', 4),
            "d" | "f8" => ('f', 8),
            _ => return None,
        })
    }

    fn show(item: &[u8], kind: char) -> String {
        let mut bytes = [0; 8];
        bytes[..item.len()].copy_from_slice(item);
        let unsigned = u64::from_le_bytes(bytes);
        let unused = 64 - 8 * item.len() as u32;
        match (kind, item.len()) {
            ('b', _) => if unsigned == 0 { "False" } else { "True" }.into(),
            ('i', _) => ((unsigned << unused) as i64 >> unused).to_string(),
            ('f', 4) => text::float(f32::from_bits(unsigned as u32).into()),
            ('f', _) => text::float(f64::from_bits(unsigned)),
            _ => unsigned.to_string(),
        }
    }
}
