//! `cargo xtask fix`: everything that mends code by itself.

use crate::Failure;
use crate::environment::Environment;
use crate::interpreter::choose;
use crate::options::Options;
use crate::step::{cargo, quietly};

/// Runs the task.
pub fn run(options: &Options) -> Result<(), Failure> {
    let environment = Environment::of(&choose(options)?)?;
    let mut clippy = cargo(&[
        "clippy",
        "--fix",
        "--allow-dirty",
        "--allow-staged",
        "--release",
        "--workspace",
        "--all-targets",
        "--quiet",
    ]);
    environment.configure(&mut clippy);
    quietly(
        "clippy --fix",
        &mut clippy,
        "Mend what the compiler names above first.",
    )?;
    quietly(
        "rustfmt",
        &mut cargo(&["fmt", "--all"]),
        "Mend the syntax error above first.",
    )?;
    quietly(
        "ruff check --fix",
        &mut environment.command("ruff", &["check", "--fix"]),
        "The rest needs a hand: see above.",
    )?;
    quietly(
        "ruff format",
        &mut environment.command("ruff", &["format"]),
        "Mend the syntax error above first.",
    )
}
