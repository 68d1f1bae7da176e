//! Whether two values of one session, at two times, are equal through and through.

use std::collections::HashSet;

use spacetime_model::{Graph, Object, ObjectId, Value};

/// Whether the values are equal, and every object reachable from them has the same contents.
pub fn is_same(a: &Value, graph_a: &Graph, b: &Value, graph_b: &Graph) -> bool {
    let mut seen: HashSet<ObjectId> = HashSet::new();
    let mut pending = vec![(a, b)];
    while let Some((a, b)) = pending.pop() {
        if !is_same_atom(a, b) {
            return false;
        }
        match (a, b) {
            (Value::Tuple(a), Value::Tuple(b)) => pending.extend(a.iter().zip(b)),
            (Value::Ref(id), _) if seen.insert(*id) => {
                match (graph_a.objects.get(id), graph_b.objects.get(id)) {
                    (Some(a), Some(b)) if has_same_shape(a, b) => {
                        pending.extend(a.values().zip(b.values()));
                    }
                    (None, None) => {}
                    _ => return false,
                }
            }
            _ => {}
        }
    }
    true
}

/// Equality but for what lies behind references; floats by their bits, so that nan equals itself
/// and -0.0 does not equal 0.0.
fn is_same_atom(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
        (Value::Complex(a, b), Value::Complex(c, d)) => {
            (a.to_bits(), b.to_bits()) == (c.to_bits(), d.to_bits())
        }
        (Value::Tuple(a), Value::Tuple(b)) => a.len() == b.len(),
        _ => a == b,
    }
}

fn has_same_shape(a: &Object, b: &Object) -> bool {
    let names = |object: &'_ Object| -> Vec<String> {
        object
            .attributes
            .iter()
            .map(|(name, _)| name.clone())
            .collect()
    };
    (a.kind, a.fidelity, a.real_len) == (b.kind, b.fidelity, b.real_len)
        && a.type_name == b.type_name
        && a.text == b.text
        && (a.items.len(), a.entries.len()) == (b.items.len(), b.entries.len())
        && names(a) == names(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_compared_by_their_bits() {
        let graph = Graph::default();
        let same = |a, b| is_same(&Value::Float(a), &graph, &Value::Float(b), &graph);
        assert!(same(f64::NAN, f64::NAN));
        assert!(!same(0.0, -0.0));
        let tuple = |x| Value::Tuple(vec![Value::Int(1), Value::Float(x)]);
        assert!(is_same(&tuple(f64::NAN), &graph, &tuple(f64::NAN), &graph));
        assert!(!is_same(&tuple(1.0), &graph, &tuple(2.0), &graph));
    }
}
