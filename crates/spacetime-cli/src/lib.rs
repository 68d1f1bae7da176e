//! The command line: subcommands and what they print.
//!
//! This is the only crate that prints. One subcommand is one file: it asks a [`Trace`] and writes
//! what it learns, as text or as JSON. Looking at a trace executes nothing from it and needs no
//! Python; only `run` does, so [`main`] gives a [`RunRequest`] back to its caller, which has an
//! interpreter at hand.
//!
//! Start with [`main`], then [`options`], then the file of a subcommand. What several of them share
//! lies in [`preview`] (a value as short text), [`same`] (whether two values are equal),
//! [`json`] (a value as JSON) and [`screen`] (where the text goes).
//!
//! [`Trace`]: spacetime_store::Trace

mod doctor;
mod failure;
mod json;
mod ls;
mod options;
mod place;
mod preview;
mod run;
mod same;
mod screen;
mod show;
mod sql;
mod stats;
mod table;
mod text;

use clap::Parser;

pub use doctor::{Check, InterpreterReport};
pub use failure::{Consequence, consequence_of};
pub use preview::Preview;
pub use run::RunRequest;

use options::{Command, CommandLine};
use screen::Screen;

/// What a command line comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All is done; this is the exit code.
    Exit(u8),
    /// A program is to be run by the interpreter, recorded.
    Run(RunRequest),
}

/// Carries out a command line: the words after the command's own name.
///
/// `interpreter` is asked only by `doctor`.
pub fn main(words: &[String], interpreter: &dyn Fn() -> InterpreterReport) -> Outcome {
    let words = options::with_explicit_line_patterns(words);
    let command_line =
        match CommandLine::try_parse_from(std::iter::once("spacetime".to_owned()).chain(words)) {
            Ok(command_line) => command_line,
            Err(error) => {
                // Where standard output is closed, there is nobody to tell.
                let _ = error.print();
                return Outcome::Exit(u8::try_from(error.exit_code()).unwrap_or(2));
            }
        };
    let mut screen = Screen::of_terminal(command_line.json);
    let done = match command_line.command {
        Command::Run(run) => return Outcome::Run(RunRequest::new(run, command_line.json)),
        Command::Ls(ls) => ls::run(&ls, &mut screen),
        Command::Show(show) => show::run(&show, &mut screen),
        Command::Stats(stats) => stats::run(&stats, &mut screen),
        Command::Sql(sql) => sql::run(&sql, &mut screen),
        Command::Doctor => doctor::run(&interpreter(), &mut screen),
    };
    Outcome::Exit(match done.and_then(|()| screen.finish()) {
        Ok(()) => 0,
        Err(failure) => failure.report(command_line.json),
    })
}
