//! `spacetime run`: what is to be run and recorded. The running is Python's business.

use crate::options::RunOptions;

/// A program to run and what to record of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunRequest {
    /// The path of the script, or the name of the module.
    pub target: String,
    /// Whether the target is a module.
    pub is_module: bool,
    /// The program's own arguments.
    pub args: Vec<String>,
    /// Patterns of code to record at function granularity.
    pub function: Vec<String>,
    /// Patterns of code to record at line granularity.
    pub line: Vec<String>,
    /// Whether to record the main program at line granularity.
    pub line_main: bool,
    /// The trace file, if given.
    pub output: Option<String>,
    /// Whether to begin an existing trace afresh.
    pub overwrite: bool,
    /// How much is recorded, by the names that `spacetimepy.Limits` gives it.
    pub limits: Vec<(&'static str, u64)>,
    /// Whether to say as JSON what was recorded.
    pub is_json: bool,
}

impl RunRequest {
    /// What the options ask for.
    pub fn new(options: RunOptions, is_json: bool) -> Self {
        let limits = [
            ("max_bytes", options.max_bytes),
            ("max_states", options.max_states),
            ("max_text", options.max_text),
            ("max_items", options.max_items),
            ("max_objects", options.max_objects),
        ];
        let limits = limits.into_iter();
        let limits = limits.filter_map(|(name, limit)| Some((name, limit?)));
        let mut program = options.program.into_iter();
        let line_main = options.line.iter().any(String::is_empty);
        Self {
            target: program.next().unwrap_or_default(),
            is_module: options.is_module,
            args: program.collect(),
            function: options.function,
            line: options
                .line
                .into_iter()
                .filter(|pattern| !pattern.is_empty())
                .collect(),
            line_main,
            output: options.output,
            overwrite: options.overwrite,
            limits: limits.collect(),
            is_json,
        }
    }
}
