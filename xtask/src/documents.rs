//! The check that what the documents show is what happens.
//!
//! In `README.md` and `docs/guide/*.md` each `python` block is a program of its own, and the
//! `output` block after it, if any, is what it prints; in a `console` block each line that begins
//! with `$ ` is a command and the lines below it are what it prints. All blocks of a document run
//! in order in one scratch folder that holds `examples`. In expected output `...` stands for any
//! text, and alone on a line for any lines.

use std::path::{Path, PathBuf};

use crate::Failure;
use crate::environment::Environment;
use crate::step::{root, target};

/// Runs the examples of all documents.
pub fn check(environment: &Environment) -> Result<(), Failure> {
    let problems: Vec<Failure> = documents()?
        .iter()
        .filter_map(|document| run_document(document, environment).err())
        .collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("\n  - "))
    }
}

fn documents() -> Result<Vec<PathBuf>, Failure> {
    let mut documents = vec![root().join("README.md")];
    if let Ok(entries) = std::fs::read_dir(root().join("docs/guide")) {
        documents.extend(
            entries
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.extension().is_some_and(|e| e == "md")),
        );
    }
    documents[1..].sort();
    Ok(documents)
}

fn run_document(document: &Path, environment: &Environment) -> Result<(), Failure> {
    let text = std::fs::read_to_string(document)
        .map_err(|error| format!("cannot read {}: {error}", document.display()))?;
    let examples = examples(&text);
    let name = document
        .strip_prefix(root())
        .unwrap_or(document)
        .display()
        .to_string();
    let folder = scratch_folder(&name)?;
    for example in &examples {
        let printed = run_example(example, &folder, environment)?;
        let remedy = format!(
            "{name}:{}: make the document show what really happens",
            example.line
        );
        if !printed.succeeded && example.expected.is_none() {
            return Err(format!(
                "{remedy}; `{}` failed:\n{}",
                example.title(),
                printed.text
            ));
        }
        if let Some(expected) = &example.expected
            && !matches(expected, &printed.text)
        {
            return Err(format!(
                "{remedy}; `{}` printed:\n{}",
                example.title(),
                printed.text
            ));
        }
    }
    Ok(())
}

fn scratch_folder(document: &str) -> Result<PathBuf, Failure> {
    let folder = target()
        .join("xtask/documents")
        .join(document.replace('/', "-"));
    let make = || {
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(folder.join("examples/data"))?;
        for part in ["examples", "examples/data"] {
            for entry in std::fs::read_dir(root().join(part))
                .into_iter()
                .flatten()
                .flatten()
            {
                if entry.path().is_file() {
                    std::fs::copy(entry.path(), folder.join(part).join(entry.file_name()))?;
                }
            }
        }
        Ok(())
    };
    make().map_err(|error: std::io::Error| format!("cannot make {}: {error}", folder.display()))?;
    Ok(folder)
}

struct Printed {
    text: String,
    succeeded: bool,
}

fn run_example(
    example: &Example,
    folder: &Path,
    environment: &Environment,
) -> Result<Printed, Failure> {
    let mut command = match example.language {
        Language::Python => {
            let file = format!("line_{}.py", example.line);
            std::fs::write(folder.join(&file), &example.code)
                .map_err(|error| format!("cannot write {file}: {error}"))?;
            environment.python(&[&file])
        }
        Language::Shell => environment.shell(&format!("exec 2>&1; {}", example.code)),
    };
    let output = command
        .current_dir(folder)
        .env("COLUMNS", "100")
        .env("NO_COLOR", "1")
        .output()
        .map_err(|error| format!("cannot run `{}`: {error}", example.title()))?;
    let text = [output.stdout, output.stderr].concat();
    Ok(Printed {
        text: String::from_utf8_lossy(&text).into_owned(),
        succeeded: output.status.success(),
    })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Language {
    Python,
    Shell,
}

/// One program or command of a document, and what it is said to print.
#[derive(Debug, PartialEq, Eq)]
struct Example {
    language: Language,
    /// The line of the document on which it begins, from 1.
    line: usize,
    code: String,
    expected: Option<String>,
}

impl Example {
    fn title(&self) -> &str {
        self.code.lines().next().unwrap_or_default()
    }
}

fn examples(text: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    for (line, language, body) in fenced_blocks(text) {
        match language {
            "python" => {
                examples.push(Example {
                    language: Language::Python,
                    line,
                    code: body.join("\n") + "\n",
                    expected: None,
                });
            }
            "output" => {
                if let Some(example) = examples.last_mut() {
                    example.expected = Some(body.join("\n"));
                }
            }
            "console" => examples.extend(commands(line, &body)),
            _ => {}
        }
    }
    examples
}

fn commands(first_line: usize, body: &[&str]) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    for (index, text) in body.iter().enumerate() {
        if let Some(code) = text.strip_prefix("$ ") {
            let line = first_line + index;
            examples.push(Example {
                language: Language::Shell,
                line,
                code: code.to_string(),
                expected: None,
            });
        } else if let Some(example) = examples.last_mut() {
            let expected = example.expected.get_or_insert_default();
            expected.push_str(text);
            expected.push('\n');
        }
    }
    examples
}

/// The fenced blocks of a document: the line their body begins on, their language, their body.
fn fenced_blocks(text: &str) -> Vec<(usize, &str, Vec<&str>)> {
    let mut blocks = Vec::new();
    let mut open: Option<(usize, &str, Vec<&str>)> = None;
    for (index, line) in text.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((index + 2, language.trim(), Vec::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some((_, _, body)), None) => body.push(line),
            (None, None) => {}
        }
    }
    blocks
}

/// Whether a text is what was expected; ends of lines and of the text do not count.
fn matches(expected: &str, text: &str) -> bool {
    let expected: Vec<&str> = expected.trim_end().lines().map(str::trim_end).collect();
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines_match(&expected, &lines)
}

fn lines_match(expected: &[&str], lines: &[&str]) -> bool {
    match expected {
        [] => lines.is_empty(),
        ["...", rest @ ..] => (0..=lines.len()).any(|skipped| lines_match(rest, &lines[skipped..])),
        [first, rest @ ..] => {
            lines.first().is_some_and(|line| line_matches(first, line))
                && lines_match(rest, &lines[1..])
        }
    }
}

fn line_matches(expected: &str, line: &str) -> bool {
    let Some((start, rest)) = expected.split_once("...") else {
        return expected == line;
    };
    let Some(remaining) = line.strip_prefix(start) else {
        return false;
    };
    (0..=remaining.len())
        .filter(|skipped| remaining.is_char_boundary(*skipped))
        .any(|skipped| line_matches(rest, &remaining[skipped..]))
}

#[cfg(test)]
mod tests {
    use super::{Language, examples, matches};

    #[test]
    fn dots_stand_for_any_text_and_any_lines() {
        assert!(matches("took ... s\nend", "took 1.5 s\nend\n"));
        assert!(matches("a\n...\nz", "a\nb\nc\nz"));
        assert!(matches("a\n...", "a"));
        assert!(!matches("a\nz", "a\nb\nz"));
        assert!(!matches("took ... s", "took 1.5 ms!"));
    }

    #[test]
    fn blocks_become_programs_and_commands() {
        let text = "# T\n```python\nprint(1)\n```\n```output\n1\n```\n```sh\nrm x\n```\n```console\n$ ls\na\n$ true\n```\n";
        let found = examples(text);
        let summary: Vec<_> = found
            .iter()
            .map(|e| (e.language, e.line, e.code.trim_end(), e.expected.as_deref()))
            .collect();
        assert_eq!(
            summary,
            [
                (Language::Python, 3, "print(1)", Some("1")),
                (Language::Shell, 12, "ls", Some("a\n")),
                (Language::Shell, 14, "true", None),
            ]
        );
    }
}
