//! Facts compared with what Python says of the same code objects, and with sites written by hand.

mod common;

use std::collections::BTreeMap;

use common::{Fixture, fixtures};
use spacetime_bytecode::{Callee, CodeFacts, Site, SiteKind, UNREACHABLE, analyze};

fn facts(fixture: &Fixture) -> CodeFacts {
    fixture
        .with_input(analyze)
        .unwrap_or_else(|error| panic!("{}: {error}", fixture.title))
}

/// Checks one thing for all fixtures and reports all that fail.
fn check(what: &str, differs: impl Fn(&Fixture, &CodeFacts) -> Option<String>) {
    let all = fixtures();
    assert!(all.len() > 200, "only {} fixtures", all.len());
    let failures: Vec<String> = all
        .iter()
        .filter_map(|fixture| {
            differs(fixture, &facts(fixture)).map(|text| format!("{}: {text}", fixture.title))
        })
        .collect();
    let shown = failures
        .iter()
        .take(20)
        .cloned()
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        failures.is_empty(),
        "{} of {} differ in {what}\n{shown}",
        failures.len(),
        all.len()
    );
}

fn difference<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Option<String> {
    (found != expected).then(|| format!("found {found:?}, expected {expected:?}"))
}

#[test]
fn lines_are_those_of_co_lines() {
    check("lines", |fixture, facts| {
        difference(&facts.line_of_unit, &fixture.lines)
    });
}

#[test]
fn state_units_are_those_cpython_marks() {
    check("state units", |fixture, facts| {
        difference(facts.state_units.iter().collect(), fixture.states.clone())
    });
}

#[test]
fn slow_line_events_are_those_whose_delta_overflows() {
    check("slowness", |fixture, facts| {
        difference(facts.line_events_are_slow, fixture.slow)
    });
    assert!(fixtures().iter().any(|fixture| fixture.slow));
}

#[test]
fn written_slots_are_those_of_a_plain_scan() {
    check("written slots", |fixture, facts| {
        let slots = 0..fixture.slots.len() as u16;
        let found: BTreeMap<u32, Vec<u16>> = facts
            .written
            .lines()
            .iter()
            .map(|&line| {
                (
                    line,
                    slots
                        .clone()
                        .filter(|&slot| facts.written.contains(line, slot))
                        .collect(),
                )
            })
            .collect();
        difference(&found, &fixture.written)
    });
}

#[test]
fn depths_fit_the_stack_size() {
    check("depths", |fixture, facts| {
        let depths = facts
            .depth_of_unit
            .iter()
            .filter(|depth| **depth != UNREACHABLE);
        let deepest = depths.max().copied().unwrap_or(0) as u32;
        (deepest > fixture.stack_size)
            .then(|| format!("depth {deepest} in a stack of {}", fixture.stack_size))
    });
}

#[test]
fn depths_are_those_of_running_frames() {
    check("observed depths", |fixture, facts| {
        fixture.depths.iter().find_map(|&(unit, observed)| {
            let call = facts
                .sites
                .iter()
                .find(|site| site.unit == unit)
                .map(|site| site.kind);
            let depth = facts.depth_of_unit[unit as usize];
            // A caller has popped the operands of its call, which begin at the callable.
            let popped = match call {
                Some(SiteKind::Call(shape) | SiteKind::CallEx(shape)) => shape.callee_position.0,
                _ => depth,
            };
            (observed != depth && observed != popped).then(|| {
                format!("unit {unit}: {observed} seen, depth {depth}, without the call {popped}")
            })
        })
    });
    assert!(
        fixtures()
            .iter()
            .map(|fixture| fixture.depths.len())
            .sum::<usize>()
            > 200
    );
}

#[test]
fn receivers_are_where_running_frames_have_them() {
    check("receivers", |fixture, facts| {
        fixture.receivers.iter().find_map(|(unit, observed)| {
            let Some(site) = facts.sites.iter().find(|site| site.unit == *unit) else {
                return Some(format!("no site at unit {unit}"));
            };
            let position = match site.kind {
                SiteKind::Call(shape) => shape.self_position,
                _ => site.receiver,
            };
            (!observed.contains(&position.0))
                .then(|| format!("unit {unit}: {position:?}, seen at {observed:?}"))
        })
    });
    assert!(
        fixtures()
            .iter()
            .map(|fixture| fixture.receivers.len())
            .sum::<usize>()
            > 20
    );
}

#[test]
fn sites_are_those_written_in_the_snippets() {
    check("sites", |fixture, facts| {
        let expected = fixture.sites.as_ref()?;
        let mut found: BTreeMap<u32, String> = BTreeMap::new();
        for site in &facts.sites {
            let text = found.entry(site.line).or_default();
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(&shown(fixture, site));
        }
        difference(&found, expected)
    });
    assert!(
        fixtures()
            .iter()
            .filter(|fixture| fixture.sites.is_some())
            .count()
            >= 16
    );
}

fn shown(fixture: &Fixture, site: &Site) -> String {
    let name = |index: u32| fixture.names[index as usize].as_str();
    let slot = |slot: Option<u16>| slot.map_or("?", |slot| fixture.slots[slot as usize].0.as_str());
    let called = |callee: Callee, n_args: u16| match callee {
        Callee::Method { name: method, .. } => format!("method {}/{n_args}", name(method)),
        Callee::Global { name: global } => format!("global {}/{n_args}", name(global)),
        Callee::Slot(callable) => format!("slot {}/{n_args}", slot(Some(callable))),
        Callee::Other => format!("other/{n_args}"),
    };
    let kind = match site.kind {
        SiteKind::StoreAttr { name: attribute } => format!("setattr {}", name(attribute)),
        SiteKind::DeleteAttr { name: attribute } => format!("delattr {}", name(attribute)),
        SiteKind::StoreItem => "setitem".to_owned(),
        SiteKind::DeleteItem => "delitem".to_owned(),
        SiteKind::StoreSlice => "setslice".to_owned(),
        SiteKind::InPlace {
            operand_is_number,
            multiplies,
        } => {
            let operand = if operand_is_number { " number" } else { "" };
            let operator = if multiplies { " multiplies" } else { "" };
            format!("inplace{operand}{operator}")
        }
        SiteKind::LoadDunderDict => "dunder_dict".to_owned(),
        SiteKind::ExtendDisplay => "extend".to_owned(),
        SiteKind::Call(shape) => format!("call {}", called(shape.callee, shape.n_args)),
        SiteKind::CallEx(shape) => format!("callex {}", called(shape.callee, shape.n_args)),
    };
    let owner = site.owner_slot.map_or(String::new(), |owner| {
        format!(" owner {}", slot(Some(owner)))
    });
    format!("{kind} on {}{owner}", slot(site.receiver_slot))
}

/// The fixtures of a snippet, one for each version.
fn snippet(name: &str) -> Vec<Fixture> {
    let found: Vec<Fixture> = fixtures()
        .into_iter()
        .filter(|fixture| fixture.title.ends_with(&format!(" snippets.{name}")))
        .collect();
    assert_eq!(found.len(), 2, "snippet {name}");
    found
}

fn named<'a>(fixture: &'a Fixture, names: &[u32]) -> Vec<&'a str> {
    names
        .iter()
        .map(|&name| fixture.names[name as usize].as_str())
        .collect()
}

#[test]
fn escapes_are_attributes_used_as_values() {
    for fixture in snippet("escaping") {
        let facts = facts(&fixture);
        let loads: Vec<u32> = facts.escaping_loads.iter().map(|load| load.name).collect();
        let mut names = named(&fixture, &loads);
        names.sort_unstable();
        assert_eq!(
            names,
            ["append", "extend", "imag", "index"],
            "{}",
            fixture.title
        );
        let append = &facts.escaping_loads[0];
        let depth = facts.depth_of_unit[append.unit as usize];
        assert_eq!(
            (append.receiver.0, append.receiver_slot),
            (depth - 1, Some(0)),
            "{}",
            fixture.title
        );
    }
}

#[test]
fn global_names_and_name_stores() {
    for fixture in snippet("escaping") {
        let facts = facts(&fixture);
        assert_eq!(named(&fixture, &facts.global_names), ["list", "map"]);
        assert!(!facts.stores_names);
    }
    for fixture in snippet("Body") {
        let facts = facts(&fixture);
        let names = named(&fixture, &facts.global_names);
        for name in ["probe", "range", "x", "y", "f", "z", "staticmethod"] {
            assert!(names.contains(&name), "{name} in {names:?}");
        }
        assert!(facts.stores_names);
    }
}

#[test]
fn loop_jumps_are_the_loops_on_one_line() {
    for fixture in snippet("one_line_loops") {
        let facts = facts(&fixture);
        let lines: Vec<u32> = facts
            .loop_jumps
            .iter()
            .map(|&unit| facts.line_of_unit[unit as usize] - fixture.first_line)
            .collect();
        // The comprehension over two lines is none.
        assert_eq!(lines, [1, 2, 5], "{}", fixture.title);
    }
    for fixture in snippet("looping") {
        assert_eq!(facts(&fixture).loop_jumps, [], "{}", fixture.title);
    }
}
