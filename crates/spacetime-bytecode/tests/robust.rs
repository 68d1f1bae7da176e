//! Damaged code objects give an error or an answer, never a panic.

mod common;

use common::fixtures;
use spacetime_bytecode::{CodeInput, Error, Version, analyze, last_line};

/// A small generator of the same numbers each time.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((self.0 >> 33) as usize) % limit.max(1)
    }
}

#[test]
fn damaged_bytes_do_not_panic() {
    let mut numbers = Numbers(7);
    let (mut n_errors, mut n_answers) = (0, 0);
    for fixture in fixtures().iter().take(400) {
        for _ in 0..60 {
            let mut code = fixture.code.clone();
            let mut line_table = fixture.line_table.clone();
            let mut exception_table = fixture.exception_table.clone();
            for _ in 0..1 + numbers.below(3) {
                let damaged = match numbers.below(4) {
                    0 => &mut line_table,
                    1 => &mut exception_table,
                    _ => &mut code,
                };
                if !damaged.is_empty() {
                    let at = numbers.below(damaged.len());
                    damaged[at] = numbers.below(256) as u8;
                }
            }
            // Any answer will do, also to what no compiler made.
            let _ = last_line(&line_table, fixture.first_line);
            let cut = numbers.below(4 * code.len()).min(code.len());
            fixture.with_input(|input| {
                let input = CodeInput {
                    code: &code[..cut],
                    line_table: &line_table,
                    exception_table: &exception_table,
                    names: &input.names[..numbers
                        .below(4 * input.names.len() + 1)
                        .min(input.names.len())],
                    ..*input
                };
                match analyze(&input) {
                    Ok(facts) => {
                        n_answers += 1;
                        assert_eq!(facts.depth_of_unit.len(), cut / 2);
                    }
                    Err(error) => {
                        n_errors += 1;
                        assert!(!error.to_string().is_empty());
                    }
                }
            });
        }
    }
    assert!(
        n_errors > 1000 && n_answers > 1000,
        "{n_errors} errors, {n_answers} answers"
    );
}

fn bare(version: Version, code: &[u8]) -> Result<(), Error> {
    let input = CodeInput {
        version,
        code,
        line_table: &[],
        exception_table: &[],
        first_line: 1,
        flags: 0,
        names: &[],
        consts: &[],
        slots: &[],
        argument_count: 0,
    };
    analyze(&input).map(|_| ())
}

#[test]
fn errors_say_what_is_wrong_and_where() {
    let cases: [(Version, &[u8], u32, &str); 7] = [
        (Version::V3_12, &[], 0, "no whole number of units, or none"),
        (Version::V3_12, &[1], 0, "no whole number of units, or none"),
        // CACHE after NOP.
        (
            Version::V3_13,
            &[30, 0, 0, 0],
            1,
            "an opcode that the version does not have",
        ),
        // CALL without its caches.
        (
            Version::V3_12,
            &[171, 0],
            1,
            "the end inside an instruction",
        ),
        // POP_TOP of an empty stack.
        (Version::V3_12, &[1, 0], 0, "too few values on the stack"),
        // JUMP_FORWARD out of the code.
        (
            Version::V3_12,
            &[110, 9],
            0,
            "a jump to where no instruction starts",
        ),
        // LOAD_FAST of a slot that is not there.
        (
            Version::V3_12,
            &[124, 3],
            0,
            "a slot that the code does not have",
        ),
    ];
    for (version, code, unit, what) in cases {
        assert_eq!(bare(version, code), Err(Error { unit, what }), "{code:?}");
    }
    // RETURN_CONST.
    assert_eq!(bare(Version::V3_12, &[121, 0]), Ok(()));
}

#[test]
fn a_deep_stack_with_many_jumps_stays_small() {
    // LOAD_CONST, then a conditional jump over nothing, 60,000 times.
    let mut code = Vec::new();
    for _ in 0..60_000 {
        code.extend([100, 0, 100, 0, 114, 0]);
    }
    code.extend([121, 0]);
    assert_eq!(bare(Version::V3_12, &code), Ok(()));
}
