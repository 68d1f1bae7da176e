//! The layer check: dependencies between the crates run one way.

use crate::Failure;
use crate::step::{cargo, output_of};

/// What each crate may depend on. A new crate needs a line here, and so a thought.
const ALLOWED: [(&str, &[&str]); 7] = [
    ("spacetime-model", &[]),
    ("spacetime-bytecode", &["spacetime-model"]),
    ("spacetime-store", &["spacetime-model"]),
    (
        "spacetime-capture",
        &["spacetime-model", "spacetime-bytecode", "spacetime-store"],
    ),
    ("spacetime-cli", &["spacetime-model", "spacetime-store"]),
    (
        "spacetime-python",
        &[
            "spacetime-model",
            "spacetime-store",
            "spacetime-bytecode",
            "spacetime-capture",
            "spacetime-cli",
        ],
    ),
    ("xtask", &[]),
];

/// Fails on an edge that [`ALLOWED`] does not have.
pub fn check() -> Result<(), Failure> {
    let tree = output_of(&mut cargo(&[
        "tree",
        "--workspace",
        "--depth",
        "1",
        "--prefix",
        "depth",
        "--edges",
        "all",
        "--target",
        "all",
        "--all-features",
        "--no-dedupe",
    ]))
    .ok_or("layers: `cargo tree` failed; run it to see why")?;
    let wrong: Vec<String> = edges(&tree)
        .iter()
        .filter_map(|(from, to)| problem(from, to.as_deref()))
        .collect();
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(format!("layers: {}", wrong.join("; ")))
    }
}

/// The edges from one workspace crate to another; every crate also gives an edge to nothing.
fn edges(tree: &str) -> Vec<(String, Option<String>)> {
    let mut edges = Vec::new();
    let mut from = String::new();
    for line in tree.lines() {
        let name = line
            .get(1..)
            .and_then(|rest| rest.split_whitespace().next())
            .unwrap_or_default()
            .to_string();
        match line.chars().next() {
            Some('0') => {
                from.clone_from(&name);
                edges.push((name, None));
            }
            Some('1') if name.starts_with("spacetime-") => edges.push((from.clone(), Some(name))),
            _ => {}
        }
    }
    edges
}

fn problem(from: &str, to: Option<&str>) -> Option<String> {
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == from) else {
        return Some(format!(
            "{from} has no line in xtask/src/layers.rs; add what it may depend on"
        ));
    };
    let to = to?;
    (!allowed.contains(&to)).then(|| {
        format!("{from} depends on {to}, against the order of the layers; move the code, or argue for the edge in xtask/src/layers.rs")
    })
}

#[cfg(test)]
mod tests {
    use super::{edges, problem};

    #[test]
    fn an_edge_against_the_order_is_named() {
        let tree = "0spacetime-model v0.1.0 (/x)\n1spacetime-store v0.1.0 (/x)\n1serde v1.0.0\n\n0xtask v0.1.0 (/x)\n";
        let problems: Vec<String> = edges(tree)
            .iter()
            .filter_map(|(from, to)| problem(from, to.as_deref()))
            .collect();
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with("spacetime-model depends on spacetime-store"));
    }

    #[test]
    fn a_crate_without_a_line_is_named() {
        assert!(
            problem("spacetime-new", None)
                .unwrap()
                .contains("has no line")
        );
        assert_eq!(problem("spacetime-store", Some("spacetime-model")), None);
    }
}
