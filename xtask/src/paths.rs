//! The check that no file of the project holds a path of the machine it was written on.

use crate::Failure;
use crate::map::tracked_files;
use crate::step::root;

/// Starts of paths that exist on one machine only, each cut in two lest this file be found.
const MACHINE_PATHS: [(&str, &str); 4] = [
    ("/ho", "me/"),
    ("/ro", "ot/"),
    ("/Us", "ers/"),
    ("/wo", "rk/"),
];

/// Fails on the first line of each file that holds such a path.
pub fn check() -> Result<(), Failure> {
    let starts: Vec<String> = MACHINE_PATHS
        .iter()
        .map(|(a, b)| format!("{a}{b}"))
        .collect();
    let mut problems = Vec::new();
    for file in tracked_files()? {
        let Ok(text) = std::fs::read_to_string(root().join(&file)) else {
            continue;
        };
        let found = text
            .lines()
            .enumerate()
            .find(|(_, line)| starts.iter().any(|start| holds_path(line, start)));
        problems
            .extend(found.map(|(index, line)| format!("{file}:{}: {}", index + 1, line.trim())));
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(format!(
        "machine paths: write these relative to the project or to the user's home:\n      {}",
        problems.join("\n      ")
    ))
}

/// Users that exist on no machine: examples in documentation.
const EXAMPLE_USERS: [&str; 2] = ["me/", "you/"];

/// A path starts where no path character goes before: a link to a web page holds none.
fn holds_path(line: &str, start: &str) -> bool {
    line.match_indices(start).any(|(index, _)| {
        let follows_path = line[..index].ends_with(|before: char| {
            before.is_alphanumeric() || matches!(before, '/' | '.' | '_' | '-' | '~' | '}' | '*')
        });
        let after = &line[index + start.len()..];
        !follows_path && !EXAMPLE_USERS.iter().any(|user| after.starts_with(user))
    })
}

#[cfg(test)]
mod tests {
    use super::holds_path;

    #[test]
    fn only_whole_paths_count() {
        assert!(holds_path("open('/data/x')", "/data/"));
        assert!(!holds_path("open('~/data/x')", "/data/"));
        assert!(!holds_path("open('/data/me/x')", "/data/"));
        assert!(!holds_path("https://example.org/data/x", "/data/"));
    }
}
