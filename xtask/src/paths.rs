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

/// A path starts where no path character goes before: `/ho me/` does, `https://x/ho me/` does not.
fn holds_path(line: &str, start: &str) -> bool {
    line.match_indices(start).any(|(index, _)| {
        !line[..index].ends_with(|before: char| {
            before.is_alphanumeric() || matches!(before, '/' | '.' | '_' | '-' | '~' | '}' | '*')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::holds_path;

    #[test]
    fn only_whole_paths_count() {
        assert!(holds_path("open('/data/x')", "/data/"));
        assert!(!holds_path("open('~/data/x')", "/data/"));
        assert!(!holds_path("https://example.org/data/x", "/data/"));
    }
}
