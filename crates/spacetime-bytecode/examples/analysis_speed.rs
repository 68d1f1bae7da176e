//! Prints how long `analyze` takes per code object and per unit, over the fixtures of the tests.

#[path = "../tests/common/mod.rs"]
mod common;

use std::time::Instant;

use spacetime_bytecode::analyze;

const ROUNDS: u32 = 20;

fn main() {
    let fixtures = common::fixtures();
    println!(
        "{:>12} {:>8} {:>12} {:>10}",
        "units", "objects", "us/object", "ns/unit"
    );
    for (from, to) in [
        (0, 50),
        (50, 150),
        (150, 250),
        (250, 1000),
        (1000, usize::MAX),
    ] {
        let chosen: Vec<_> = fixtures
            .iter()
            .filter(|fixture| (from..to).contains(&(fixture.code.len() / 2)))
            .collect();
        let n_units: usize = chosen.iter().map(|fixture| fixture.code.len() / 2).sum();
        let mut nanos = 0;
        for _ in 0..ROUNDS {
            for fixture in &chosen {
                nanos += fixture.with_input(|input| {
                    let start = Instant::now();
                    let facts = analyze(input);
                    let elapsed = start.elapsed().as_nanos();
                    assert!(facts.is_ok());
                    elapsed
                });
            }
        }
        let per_round = nanos as f64 / ROUNDS as f64;
        let n_objects = chosen.len().max(1) as f64;
        let range = format!(
            "{from}..{}",
            if to == usize::MAX {
                String::new()
            } else {
                to.to_string()
            }
        );
        println!(
            "{range:>12} {:>8} {:>12.1} {:>10.1}",
            chosen.len(),
            per_round / n_objects / 1e3,
            per_round / n_units.max(1) as f64
        );
    }
}
