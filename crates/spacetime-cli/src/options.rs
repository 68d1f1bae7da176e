//! The command line as data.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Parser, Subcommand};

/// Record a Python program, look at any state of it.
///
/// A trace is a file that ends in `.spacetime`. Commands that read one take its path anywhere among
/// their arguments; without a path they read the newest trace in the current folder.
#[derive(Debug, Parser)]
#[command(
    name = "spacetime",
    version,
    after_help = "Exit codes: 0 all is well, 1 the program failed, 2 misuse, 3 a bad trace."
)]
pub struct CommandLine {
    /// Print JSON instead of text.
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a program and record it.
    Run(RunOptions),
    /// List the sessions of a trace.
    Ls(LsOptions),
    /// Show a session, a call or a state.
    Show(ShowOptions),
    /// Tell what a trace is made of and what costs time and space.
    Stats(StatsOptions),
    /// Ask a trace's tables a question in SQL.
    Sql(SqlOptions),
    /// Tell whether this interpreter can record, and how.
    Doctor,
}

/// Run a program and record it.
///
/// Without patterns the user's own files are recorded at function granularity: each call with its
/// arguments, its result, and a state at its entry and at its exit.
///
/// A PATTERN is a file (`game.py`, `src/**/*.py`), a module (`package.module`), a function
/// (`package.module.Class.method`, `main`, `*.step`), each with everything inside it; `__main__` is
/// the main program.
///
/// Processes that the program forks and Python programs that it starts are recorded as well, but for
/// those that `os.system` or `python -S` start. A main program that is in no file (`python -c`) is
/// recorded where a pattern means it.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  spacetime run game.py\n  spacetime run --line game.py --speed 3\n  spacetime run --line='Player.*' --function=game -o game.spacetime game.py\n  spacetime run --line=json.decoder -m json.tool data.json"
)]
pub struct RunOptions {
    /// Record code that matches at function granularity.
    #[arg(short, long, value_name = "PATTERN")]
    pub function: Vec<String>,
    /// Record code that matches at line granularity: a state before each executed line. Without
    /// PATTERN: the main script. A pattern that is also the name of a file here needs the `=`.
    #[arg(
        short,
        long,
        value_name = "PATTERN",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = ""
    )]
    pub line: Vec<String>,
    /// The trace file; an existing trace gets one more session.
    /// [default: PROGRAM.spacetime in the current folder]
    #[arg(short, long, value_name = "FILE", value_parser = NonEmptyStringValueParser::new())]
    pub output: Option<String>,
    /// Begin an existing trace afresh.
    #[arg(long)]
    pub overwrite: bool,
    /// Go on at function granularity after this many states. [default: 10000000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_states: Option<u64>,
    /// Go on at function granularity after this many bytes. [default: 2147483648]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_bytes: Option<u64>,
    /// Keep this many bytes of each text, bytes object or array. [default: 1048576]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_text: Option<u64>,
    /// Keep this many items of each container. [default: 1048576]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_items: Option<u64>,
    /// Follow this many objects at a time, which takes about 1000 bytes of memory each.
    /// [default: 200000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_objects: Option<u64>,
    /// PROGRAM is a module, as for `python -m`.
    #[arg(short = 'm', long = "module")]
    pub is_module: bool,
    /// The script (or module, after `-m`) to run, and its arguments.
    #[arg(
        value_name = "PROGRAM",
        required = true,
        num_args = 1..,
        trailing_var_arg = true
    )]
    pub program: Vec<String>,
}

/// List the sessions of a trace.
#[derive(Debug, Args)]
pub struct LsOptions {
    /// The trace. [default: the newest one here]
    pub file: Option<PathBuf>,
}

/// Show a session, a call or a state.
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  spacetime show              the newest session of the newest trace here\n  spacetime show s1           session 1: its calls as a tree\n  spacetime show 12           call 12: arguments, outcome, states\n  spacetime show 12:3         state 3 of call 12: source and values\n  spacetime show 12:-1        its last state"
)]
pub struct ShowOptions {
    /// What to show (`sN` a session, `N` a call, `N:I` a state; without: the newest session), and
    /// the trace, in any order.
    #[arg(value_name = "ID or FILE", num_args = 0..=2)]
    pub arguments: Vec<String>,
    /// At most about this many calls or states.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub limit: usize,
}

/// Tell what a trace is made of and what costs time and space.
#[derive(Debug, Args)]
pub struct StatsOptions {
    /// A session (`sN`; without: all) and the trace, in any order.
    #[arg(value_name = "SESSION or FILE", num_args = 0..=2)]
    pub arguments: Vec<String>,
}

/// Ask a trace's tables a question in SQL. The tables are listed by
/// `spacetime sql "select name, sql from sqlite_schema"`.
#[derive(Debug, Args)]
pub struct SqlOptions {
    /// The query and, before it, the trace. [default: the newest one here]
    #[arg(value_name = "FILE or QUERY", num_args = 1..=2, required = true)]
    pub arguments: Vec<String>,
}

/// Reads `--line PATTERN` as `--line=PATTERN`, where it is plain that the next word is a pattern
/// and not the script: there is no such file, and a word is left to be the program.
pub fn with_explicit_line_patterns(words: &[String]) -> Vec<String> {
    let is_run = words
        .iter()
        .find(|word| !word.starts_with('-'))
        .map(String::as_str)
        == Some("run");
    let mut result = Vec::with_capacity(words.len());
    let mut rest = words.iter().peekable();
    let mut in_options = is_run;
    while let Some(word) = rest.next() {
        let is_line = matches!(word.as_str(), "--line" | "-l");
        let takes_value = matches!(
            word.as_str(),
            "-o" | "--output" | "-f" | "--function" | "--max-states" | "--max-bytes"
        );
        if in_options && is_line {
            let is_pattern = rest
                .peek()
                .is_some_and(|next| !next.starts_with('-') && !PathBuf::from(next).exists())
                && rest.len() > 1;
            match rest.next_if(|_| is_pattern) {
                Some(pattern) => result.push(format!("--line={pattern}")),
                None => result.push("--line".to_owned()),
            }
            continue;
        }
        result.push(word.clone());
        if in_options && takes_value {
            result.extend(rest.next().cloned());
        } else {
            let is_program = !word.starts_with('-') && word != "run";
            in_options &= !is_program && !matches!(word.as_str(), "-m" | "--module" | "--");
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(given: &str, expected: &str) {
        let words: Vec<String> = given.split(' ').map(str::to_owned).collect();
        assert_eq!(with_explicit_line_patterns(&words).join(" "), expected);
    }

    #[test]
    fn the_word_after_line_is_a_pattern_or_the_script() {
        check("run --line Cargo.toml", "run --line Cargo.toml");
        check("run --line Cargo.toml arg", "run --line Cargo.toml arg");
        check("run --line Player.* game.py", "run --line=Player.* game.py");
        check("run -l a -l b game.py", "run --line=a --line=b game.py");
        check("run --line missing.py", "run --line missing.py");
        check("run --line -m json.tool", "run --line -m json.tool");
        check("run -m mod --line x y", "run -m mod --line x y");
        check("run game.py --line x y", "run game.py --line x y");
        check("run -o out --line x y", "run -o out --line=x y");
        check("show --line x y", "show --line x y");
    }

    #[test]
    fn options_after_the_program_are_its_own() {
        let line = CommandLine::try_parse_from(["spacetime", "run", "-m", "tool", "-o", "x"]);
        let Ok(CommandLine {
            command: Command::Run(run),
            ..
        }) = line
        else {
            panic!("{line:?}");
        };
        assert!(run.is_module && run.output.is_none());
        assert_eq!(run.program, ["tool", "-o", "x"]);
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory;
        CommandLine::command().debug_assert();
    }
}
