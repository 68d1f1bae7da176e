//! The command line of `cargo xtask`.

use std::path::PathBuf;

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    Help,
    Demo,
    Test,
    Check,
    Fix,
    Bench,
    BenchProjects,
    Interpreters,
}

/// The parsed command line.
#[derive(Debug)]
pub struct Options {
    pub task: Task,
    /// The interpreter asked for by `--python` or `SPACETIME_PYTHON`.
    pub python: Option<PathBuf>,
    pub all_interpreters: bool,
    pub without_tests: bool,
    /// What follows `--`: for pytest or the bench.
    pub rest: Vec<String>,
}

impl Options {
    /// Reads the arguments after the program's name; the error is one line for the user.
    pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = arguments.peekable();
        let task = match arguments.next().as_deref() {
            None | Some("help" | "-h" | "--help") => Task::Help,
            Some("demo") => Task::Demo,
            Some("test") => Task::Test,
            Some("check") => Task::Check,
            Some("fix") => Task::Fix,
            Some("bench") => match arguments.next_if(|word| word == "projects") {
                Some(_) => Task::BenchProjects,
                None => Task::Bench,
            },
            Some("interpreters") => Task::Interpreters,
            Some(other) => return Err(format!("unknown task `{other}`")),
        };
        let mut options = Self {
            task,
            python: std::env::var_os("SPACETIME_PYTHON")
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
            all_interpreters: false,
            without_tests: false,
            rest: Vec::new(),
        };
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--python" => {
                    let path = arguments
                        .next()
                        .ok_or("--python needs the path of an interpreter")?;
                    options.python = Some(PathBuf::from(path));
                }
                "--all-interpreters" => options.all_interpreters = true,
                "--without-tests" => options.without_tests = true,
                "--" => options.rest.extend(arguments.by_ref()),
                other => return Err(format!("unknown option `{other}`")),
            }
        }
        let takes_rest = matches!(task, Task::Test | Task::Bench | Task::BenchProjects);
        if !options.rest.is_empty() && !takes_rest {
            return Err("arguments after `--` are for `test` and `bench`".into());
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::{Options, Task};

    fn parse(line: &str) -> Result<Options, String> {
        Options::parse(line.split_whitespace().map(String::from))
    }

    #[test]
    fn arguments_after_the_dashes_are_kept_for_pytest() {
        let options = parse("test --python /opt/python -- -k spine").unwrap();
        assert_eq!(options.task, Task::Test);
        assert_eq!(options.python.unwrap().to_str(), Some("/opt/python"));
        assert_eq!(options.rest, ["-k", "spine"]);
        let options = parse("bench projects -- --only discord").unwrap();
        assert_eq!((options.task, options.rest.len()), (Task::BenchProjects, 2));
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(parse("tset").unwrap_err(), "unknown task `tset`");
        assert_eq!(
            parse("check --fast").unwrap_err(),
            "unknown option `--fast`"
        );
        assert_eq!(
            parse("test --python").unwrap_err(),
            "--python needs the path of an interpreter"
        );
        assert!(parse("demo -- x").is_err());
        assert!(parse("bench project").is_err());
    }
}
