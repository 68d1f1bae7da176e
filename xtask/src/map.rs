//! The map check: `ARCHITECTURE.md` and the tree agree, in both directions.
//!
//! Every crate and every top folder is named in the map; every crate, folder and file that the map
//! names is there.

use std::collections::BTreeSet;

use crate::Failure;
use crate::step::{command, output_of, root};

const MAP: &str = "ARCHITECTURE.md";

/// Compares the map with the tree.
pub fn check() -> Result<(), Failure> {
    let text = std::fs::read_to_string(root().join(MAP))
        .map_err(|error| format!("map: cannot read {MAP}: {error}"))?;
    let files = tracked_files()?;
    let mut problems = Vec::new();
    for place in places(&files) {
        if !text.contains(&format!("`{place}`")) {
            problems.push(format!(
                "{place} is in the tree but not in {MAP}: add a line"
            ));
        }
    }
    for name in named(&text) {
        if !exists(&name, &files) {
            problems.push(format!(
                "{MAP} names {name}, which is not in the tree: mend or remove it"
            ));
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(format!("map: {}", problems.join("; ")))
    }
}

/// The files that belong to the project, relative to the root.
pub fn tracked_files() -> Result<Vec<String>, Failure> {
    // Git otherwise refuses a checkout of another user, as continuous integration may have.
    let listed = output_of(&mut command(
        "git",
        &[
            "-c",
            "safe.directory=*",
            "ls-files",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
    ))
    .ok_or("`git ls-files` failed; the checks need git and a checkout")?;
    Ok(listed
        .lines()
        .filter(|file| root().join(file).exists())
        .map(String::from)
        .collect())
}

/// What the map must name: `folder/` for top folders, the bare name for crates.
fn places(files: &[String]) -> BTreeSet<String> {
    let mut places = BTreeSet::new();
    for file in files {
        let parts: Vec<&str> = file.split('/').collect();
        match parts[..] {
            ["crates", name, _, ..] => places.insert(name.to_string()),
            [folder, _, ..] => places.insert(format!("{folder}/")),
            _ => false,
        };
    }
    places
}

/// What the map names: targets of relative links, crates, and paths written as code with a slash.
fn named(text: &str) -> BTreeSet<String> {
    let links = text
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next());
    let links = links
        .filter(|target| !target.contains("://"))
        .map(|target| target.split('#').next().unwrap_or(target));
    let code = text.split('`').skip(1).step_by(2).filter(|code| {
        let is_path = code.ends_with('/') || (code.contains('/') && code.contains('.'));
        (is_path || code.starts_with("spacetime-")) && !code.contains(char::is_whitespace)
    });
    links
        .chain(code)
        .filter(|name| !name.is_empty())
        .map(String::from)
        .collect()
}

fn exists(name: &str, files: &[String]) -> bool {
    let path = if name.starts_with("spacetime-") {
        format!("crates/{name}")
    } else {
        name.trim_end_matches('/').to_string()
    };
    files
        .iter()
        .any(|file| *file == path || file.starts_with(&format!("{path}/")))
}

#[cfg(test)]
mod tests {
    use super::{exists, named, places};

    fn files() -> Vec<String> {
        [
            "crates/spacetime-model/src/lib.rs",
            "docs/glossary.md",
            "README.md",
        ]
        .map(String::from)
        .to_vec()
    }

    #[test]
    fn crates_and_top_folders_must_be_named() {
        assert_eq!(
            places(&files()).into_iter().collect::<Vec<_>>(),
            ["docs/", "spacetime-model"]
        );
    }

    #[test]
    fn what_the_map_names_must_exist() {
        let map = "`spacetime-model` and `spacetime-gone`, [words](docs/glossary.md#trace), `tests/`, `SELECT 1/2`, [web](https://x.y)";
        let missing: Vec<String> = named(map)
            .into_iter()
            .filter(|name| !exists(name, &files()))
            .collect();
        assert_eq!(missing, ["spacetime-gone", "tests/"]);
    }
}
