//! Which trace and which part of it a command line names: ids and paths may stand in any order.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use spacetime_model::{CallId, SessionId};
use spacetime_store::Trace;

use crate::failure::Failure;

/// A part of a trace, as people name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceId {
    /// `s3`
    Session(SessionId),
    /// `12`
    Call(CallId),
    /// `12:3`, the state with this index in the call; from the end if negative.
    State(CallId, i64),
}

impl PlaceId {
    /// Reads an id; nothing if the word is none.
    pub fn parse(word: &str) -> Option<Self> {
        if let Some(number) = word.strip_prefix('s') {
            return Some(Self::Session(SessionId(parse_number(number)?)));
        }
        match word.split_once(':') {
            None => Some(Self::Call(CallId(parse_number(word)?))),
            Some((call, index)) => {
                let magnitude = parse_number(index.strip_prefix('-').unwrap_or(index))?;
                let magnitude = i64::try_from(magnitude).ok()?;
                let index = if index.starts_with('-') {
                    -magnitude
                } else {
                    magnitude
                };
                Some(Self::State(CallId(parse_number(call)?), index))
            }
        }
    }
}

fn parse_number(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

/// Reads words of which one may be an id and one the path of a trace.
pub fn id_and_path(words: &[String]) -> Result<(Option<PlaceId>, PathBuf), Failure> {
    let mut id = None;
    let mut path = None;
    for word in words {
        match PlaceId::parse(word) {
            Some(place) if id.is_none() => id = Some(place),
            _ if path.is_none() => path = Some(PathBuf::from(word)),
            _ => {
                return Err(Failure::Misuse(format!(
                    "{word:?} is neither an id (sN a session, N a call, N:I a state) nor the only trace named"
                )));
            }
        }
    }
    Ok((id, trace_path(path)?))
}

/// The path that was given, or the newest trace in the current folder.
pub fn trace_path(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    match given {
        Some(path) => Ok(path),
        None => newest_trace(Path::new(".")).ok_or_else(|| {
            Failure::Misuse(
                "there is no trace (*.spacetime) in this folder; name one, or record one with `spacetime run`"
                    .to_owned(),
            )
        }),
    }
}

/// Opens the trace at a path.
pub fn open(path: &Path) -> Result<Trace, Failure> {
    Ok(Trace::open(path)?)
}

fn newest_trace(folder: &Path) -> Option<PathBuf> {
    std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let is_trace = path.extension()? == "spacetime" && path.is_file();
            is_trace.then(|| Some((last_write(&path)?, path)))?
        })
        .max()
        .map(|(_, path)| path.strip_prefix(".").map(Path::to_owned).unwrap_or(path))
}

/// While a trace is being recorded, its newest part lies in a file beside it.
fn last_write(path: &Path) -> Option<SystemTime> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    [path.as_os_str(), log.as_os_str()]
        .iter()
        .filter_map(|file| std::fs::metadata(file).ok()?.modified().ok())
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_as_people_write_them() {
        assert_eq!(PlaceId::parse("s3"), Some(PlaceId::Session(SessionId(3))));
        assert_eq!(PlaceId::parse("12"), Some(PlaceId::Call(CallId(12))));
        assert_eq!(PlaceId::parse("12:3"), Some(PlaceId::State(CallId(12), 3)));
        assert_eq!(
            PlaceId::parse("12:-1"),
            Some(PlaceId::State(CallId(12), -1))
        );
        for word in [
            "",
            "s",
            "sx",
            "x",
            "1:",
            ":1",
            "1:2:3",
            "+1",
            "1:--1",
            "game.spacetime",
        ] {
            assert_eq!(PlaceId::parse(word), None, "{word}");
        }
    }
}
