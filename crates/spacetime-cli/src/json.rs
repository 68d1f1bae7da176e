//! Values as JSON. Atoms that JSON has stand for themselves; anything else is an object with a
//! `kind`. A reference is `{"ref": id}`, and the objects stand once each under `objects`, so that
//! aliasing and cycles are exact.

use serde_json::{Map, Value as Json, json};
use spacetime_model::{Fidelity, Graph, Object, Value};

use crate::text;

/// JSON that the trace holds as text; null if it is none.
pub fn parsed(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_default()
}

/// The members of an object that the trace holds as text, for people: text without quotes.
pub fn facts(text: &str) -> Vec<(String, String)> {
    let Json::Object(members) = parsed(text) else {
        return Vec::new();
    };
    let plain = |fact: Json| match fact {
        Json::String(text) => text::source_line(&text),
        fact => fact.to_string(),
    };
    let facts = members.into_iter();
    facts.map(|(name, fact)| (name, plain(fact))).collect()
}

/// One value.
pub fn value(value: &Value) -> Json {
    match value {
        Value::None => Json::Null,
        Value::Bool(bool) => json!(bool),
        Value::Int(int) => json!(int),
        Value::BigInt(bytes) => json!({ "kind": "int", "text": text::big_int(bytes) }),
        Value::Float(float) if float.is_finite() => json!(float),
        Value::Float(float) => json!({ "kind": "float", "text": text::float(*float) }),
        Value::Complex(real, imaginary) => {
            json!({ "kind": "complex", "text": text::complex(*real, *imaginary) })
        }
        Value::Str(utf8) => match std::str::from_utf8(utf8) {
            Ok(text) => json!(text),
            Err(_) => json!({ "kind": "str", "text": text::str_literal(utf8) }),
        },
        Value::Bytes(bytes) => json!({ "kind": "bytes", "text": text::bytes_literal(bytes) }),
        Value::StrTruncated { head, len } => json!({
            "kind": "str",
            "text": text::str_literal(head),
            "fidelity": Fidelity::TruncatedSize.class(),
            "len": len,
        }),
        Value::BytesTruncated { head, len } => json!({
            "kind": "bytes",
            "text": text::bytes_literal(head),
            "fidelity": Fidelity::TruncatedSize.class(),
            "len": len,
        }),
        Value::Range(start, stop, step) => {
            json!({ "kind": "range", "start": start, "stop": stop, "step": step })
        }
        Value::Ellipsis => json!({ "kind": "ellipsis" }),
        Value::NotImplemented => json!({ "kind": "NotImplemented" }),
        Value::Tuple(items) => json!({ "kind": "tuple", "items": values(items) }),
        Value::Ref(id) => json!({ "ref": id.0 }),
        Value::Gap(fidelity) => {
            json!({ "kind": "gap", "fidelity": fidelity.class(), "reason": fidelity.reason() })
        }
        Value::Unbound => json!({ "kind": "unbound" }),
    }
}

/// Values by name, in their order.
pub fn named(variables: &[(String, Value)]) -> Json {
    let entries = variables
        .iter()
        .map(|(name, found)| (name.clone(), value(found)));
    Json::Object(entries.collect::<Map<_, _>>())
}

/// The objects of a graph by their id.
pub fn objects(graph: &Graph) -> Json {
    let entries = graph
        .objects
        .values()
        .map(|found| (found.id.to_string(), object(found)));
    Json::Object(entries.collect::<Map<_, _>>())
}

fn object(object: &Object) -> Json {
    let mut json = json!({ "kind": object.kind.name(), "type": object.type_name });
    if object.fidelity != Fidelity::Exact {
        json["fidelity"] = json!(object.fidelity.class());
        json["reason"] = json!(object.reason());
        json["len"] = json!(object.real_len);
    }
    if !object.items.is_empty() {
        json["items"] = values(&object.items);
    }
    if !object.entries.is_empty() {
        let entries = object.entries.iter();
        json["entries"] = entries.map(|(k, v)| json!([value(k), value(v)])).collect();
    }
    if !object.attributes.is_empty() {
        json["attributes"] = named(&object.attributes);
    }
    if !object.text.is_empty() {
        json["text"] = json!(String::from_utf8_lossy(&object.text));
    }
    json
}

fn values(items: &[Value]) -> Json {
    items.iter().map(value).collect()
}
