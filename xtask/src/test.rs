//! `cargo xtask test`: the crates' own tests, then pytest under each interpreter.

use std::path::Path;

use crate::Failure;
use crate::environment::Environment;
use crate::interpreter::choose_all;
use crate::options::Options;
use crate::step::{cargo, openly, root};

/// Runs the task.
pub fn run(options: &Options) -> Result<(), Failure> {
    let environments = Environment::each(&choose_all(options)?)?;
    run_in(&environments, options)
}

/// Runs all tests in environments that are ready.
pub fn run_in(environments: &[Environment], options: &Options) -> Result<(), Failure> {
    if options.rest.is_empty() {
        crates()?;
    }
    for environment in environments {
        pytest(environment, &options.rest)?;
    }
    Ok(())
}

/// The default members are the crates that link without a Python.
fn crates() -> Result<(), Failure> {
    let mut command = cargo(&["test", "--release", "--quiet"]);
    openly(
        "tests of the crates",
        &mut command,
        "Run one crate alone with `cargo test --release -p CRATE`.",
    )
}

fn pytest(environment: &Environment, arguments: &[String]) -> Result<(), Failure> {
    let title = format!(
        "pytest under Python {}",
        environment.interpreter.full_version
    );
    let mut command = environment.python(&["-m", "pytest"]);
    if !arguments.iter().any(|argument| names_a_test(argument)) {
        command.arg("tests");
    }
    command.args(arguments);
    openly(
        &title,
        &mut command,
        "Run one test alone with `cargo xtask test -- -k NAME`.",
    )
}

fn names_a_test(argument: &str) -> bool {
    let path = argument.split("::").next().unwrap_or(argument);
    !argument.starts_with('-') && root().join(Path::new(path)).exists()
}
