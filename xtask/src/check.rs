//! `cargo xtask check`: the list that continuous integration runs.
//!
//! Every check runs, whatever the ones before it said, and each failure names what mends it.

use crate::Failure;
use crate::environment::Environment;
use crate::interpreter::choose_all;
use crate::options::Options;
use crate::step::{cargo, quietly, step};
use crate::{documents, layers, map, paths, test};

/// Runs the task.
pub fn run(options: &Options) -> Result<(), Failure> {
    let environments = Environment::each(&choose_all(options)?)?;
    let environment = &environments[0];
    let mut failures = Vec::new();
    let mut note = |result: Result<(), Failure>| failures.extend(result.err());

    note(quietly(
        "rustfmt",
        &mut cargo(&["fmt", "--all", "--check"]),
        "`cargo xtask fix` mends it.",
    ));
    note(clippy(environment));
    note(rustdoc(environment));
    note(quietly(
        "ruff format",
        &mut environment.command("ruff", &["format", "--check"]),
        "`cargo xtask fix` mends it.",
    ));
    note(quietly(
        "ruff check",
        &mut environment.command("ruff", &["check"]),
        "`cargo xtask fix` mends some of it.",
    ));
    note(quietly(
        "mypy",
        &mut environment.python(&["-m", "mypy", "python/spacetimepy"]),
        "Mend the types named above.",
    ));
    note(stubtest(environment));
    note(step("layers", layers::check));
    note(step("map", map::check));
    note(step("machine paths", paths::check));
    note(docstrings(environment));
    note(step("documents", || documents::check(environment)));
    if !options.without_tests {
        note(test::run_in(&environments, options));
    }
    report(&failures)
}

fn clippy(environment: &Environment) -> Result<(), Failure> {
    let mut command = cargo(&[
        "clippy",
        "--release",
        "--workspace",
        "--all-targets",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]);
    environment.configure(&mut command);
    quietly(
        "clippy",
        &mut command,
        "`cargo xtask fix` mends some of it.",
    )
}

/// The documentation is read by those who work on the crates, so that it may link to private items.
fn rustdoc(environment: &Environment) -> Result<(), Failure> {
    let mut command = cargo(&[
        "doc",
        "--release",
        "--workspace",
        "--no-deps",
        "--document-private-items",
        "--quiet",
    ]);
    let flags = "-D warnings -A rustdoc::private_intra_doc_links";
    environment.configure(command.env("RUSTDOCFLAGS", flags));
    quietly(
        "rustdoc",
        &mut command,
        "Mend the links in the comments named above.",
    )
}

fn stubtest(environment: &Environment) -> Result<(), Failure> {
    let mut command = environment.python(&["-m", "mypy.stubtest", "spacetimepy._native"]);
    quietly(
        "stubtest",
        &mut command,
        "Make python/spacetimepy/_native.pyi say what the module has.",
    )
}

fn docstrings(environment: &Environment) -> Result<(), Failure> {
    let mut command = environment.python(&[
        "-m",
        "pytest",
        "-q",
        "--doctest-modules",
        "python/spacetimepy",
    ]);
    quietly(
        "docstring examples",
        &mut command,
        "Make the docstring show what really happens.",
    )
}

fn report(failures: &[Failure]) -> Result<(), Failure> {
    if failures.is_empty() {
        eprintln!("\nevery check passed");
        return Ok(());
    }
    let listed: Vec<String> = failures
        .iter()
        .map(|failure| format!("\n  - {failure}"))
        .collect();
    Err(format!(
        "{} of the checks failed:{}",
        failures.len(),
        listed.concat()
    ))
}
