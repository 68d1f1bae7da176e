//! `cargo xtask`: sets up, demonstrates, tests, checks and measures the project.
//!
//! Each subcommand is a module of its own; `interpreter` finds a CPython, `environment` makes a
//! virtual environment holding the built extension, `step` runs commands and reports them. The
//! crate uses the standard library alone, so that a fresh clone prints its first line in seconds.

mod bench;
mod check;
mod demo;
mod documents;
mod environment;
mod fix;
mod interpreter;
mod layers;
mod map;
mod options;
mod paths;
mod step;
mod test;

use std::process::ExitCode;

use options::{Options, Task};

/// What stops a task: one line that says what is missing or wrong and how to mend it.
type Failure = String;

const USAGE: &str = "\
usage: cargo xtask <task> [options]

  demo                     build, record the examples, show one state of them
  test [-- PYTEST ARGS]    all tests: the crates' own, then pytest (PYTEST ARGS given: pytest alone)
  check                    format, lints, types, layers, map, documents, then all tests
  fix                      run the formatters and the lints that mend code by themselves
  bench [-- BENCH ARGS]    bench/run.py under each interpreter found
  bench projects [-- ARGS] bench/projects: real projects' tests, under the newest interpreter
  interpreters             print the usable interpreters, one path a line

options:
  --python PATH            the interpreter to use (also: environment variable SPACETIME_PYTHON)
  --all-interpreters       test, check: under each interpreter found, not just the newest
  --without-tests          check: everything but the tests";

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let result = match options.task {
        Task::Help => {
            println!("{USAGE}");
            Ok(())
        }
        Task::Demo => demo::run(&options),
        Task::Test => test::run(&options),
        Task::Check => check::run(&options),
        Task::Fix => fix::run(&options),
        Task::Bench => bench::run(&options),
        Task::BenchProjects => bench::run_projects(&options),
        Task::Interpreters => interpreter::print_all(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\ncargo xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}
