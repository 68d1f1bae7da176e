//! Running commands and reporting them: one line a step, with the time it took.

use std::fs::File;
use std::io::{IsTerminal, Write, stderr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Failure;

/// How many lines of a failed command's output are shown.
const SHOWN_LINES: usize = 80;

/// The root of the checkout: every path below is relative to it.
pub fn root() -> PathBuf {
    // As of the run, not of the build: two checkouts may share one target folder.
    let manifest =
        std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    Path::new(&manifest)
        .parent()
        .expect("xtask lies below the root")
        .to_path_buf()
}

/// Where built things go.
pub fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |path| root().join(path))
}

/// A command run from the root.
pub fn command(program: impl AsRef<std::ffi::OsStr>, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// The cargo that runs this task.
pub fn cargo(arguments: &[&str]) -> Command {
    command(
        std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()),
        arguments,
    )
}

/// Does the work and prints `title` with the time it took.
pub fn step<T>(title: &str, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let on_terminal = stderr().is_terminal();
    if on_terminal {
        eprint!("          {title} ...");
        let _ = stderr().flush();
    }
    let start = Instant::now();
    let result = work();
    let line_start = if on_terminal { "\r\x1b[2K" } else { "" };
    let outcome = if result.is_ok() { "" } else { ": FAILED" };
    eprintln!(
        "{line_start}[{:6.1} s] {title}{outcome}",
        start.elapsed().as_secs_f64()
    );
    result
}

/// Runs a command as a step of its own. Its output goes to a log, whose end is shown on failure,
/// followed by `remedy`.
pub fn quietly(title: &str, command: &mut Command, remedy: &str) -> Result<(), Failure> {
    step(title, || {
        let output = logged(title, command)?;
        if output.succeeded {
            return Ok(());
        }
        let lines: Vec<&str> = output.text.lines().collect();
        let shown = &lines[lines.len().saturating_sub(SHOWN_LINES)..];
        eprintln!("\n{}", shown.join("\n"));
        Err(format!(
            "{title}: failed (all output: {}). {remedy}",
            output.log.display()
        ))
    })
}

struct Logged {
    succeeded: bool,
    text: String,
    log: PathBuf,
}

fn logged(title: &str, command: &mut Command) -> Result<Logged, Failure> {
    let directory = target().join("xtask");
    std::fs::create_dir_all(&directory)
        .map_err(|error| format!("cannot make {}: {error}", directory.display()))?;
    let name: String = title
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '.' {
                c
            } else {
                '-'
            }
        })
        .collect();
    let log = directory.join(format!("{name}.log"));
    let describe = |error: std::io::Error| format!("cannot write {}: {error}", log.display());
    let file = File::create(&log).map_err(describe)?;
    let copy = file.try_clone().map_err(describe)?;
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::from(file))
        .stderr(Stdio::from(copy))
        .status()
        .map_err(|error| cannot_start(command, &error))?;
    let bytes = std::fs::read(&log).map_err(describe)?;
    Ok(Logged {
        succeeded: status.success(),
        text: String::from_utf8_lossy(&bytes).into_owned(),
        log,
    })
}

/// Runs a command with its output shown as it comes.
pub fn openly(title: &str, command: &mut Command, remedy: &str) -> Result<(), Failure> {
    eprintln!("\n== {title}");
    let start = Instant::now();
    let status = command
        .status()
        .map_err(|error| cannot_start(command, &error))?;
    eprintln!(
        "[{:6.1} s] {title}{}",
        start.elapsed().as_secs_f64(),
        if status.success() { "" } else { ": FAILED" }
    );
    if status.success() {
        Ok(())
    } else {
        Err(format!("{title}: failed. {remedy}"))
    }
}

/// What a command prints on standard output; `None` when it cannot start or fails.
pub fn output_of(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn cannot_start(command: &Command, error: &std::io::Error) -> Failure {
    format!(
        "cannot start {}: {error}",
        command.get_program().to_string_lossy()
    )
}
