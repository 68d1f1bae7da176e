//! One process at a time switches a trace between its two forms: a plain file, and a file with a
//! write-ahead log beside it.
//!
//! Of two processes that switch at once SQLite refuses one, without waiting: each reads before it
//! writes, and neither lets the other go first. So who switches a trace holds a lock on its folder
//! meanwhile. A lock on the file would not do: a process that closes any descriptor of a file loses
//! SQLite's locks on it. Nothing is left in the folder, and the lock ends with the processes that have
//! it open.

use std::fs::TryLockError;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Target;
use crate::descriptors::Spared;

/// How long to wait for others. A program may hold such a lock for reasons of its own.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(2);

/// Held while a trace is switched.
pub struct Switching(Option<Spared>);

impl Switching {
    /// Waits until no other process switches a trace in the same folder. Where folders cannot be
    /// locked, or one is locked for long, goes on without: then SQLite's own locks decide.
    pub fn begin(target: &Target) -> Self {
        let Target::File(path) = target else {
            return Self(None);
        };
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let Ok(folder) = Spared::open(folder) else {
            return Self(None);
        };
        let begun = Instant::now();
        loop {
            match folder.try_lock() {
                Ok(()) => return Self(Some(folder)),
                Err(TryLockError::WouldBlock) if begun.elapsed() < LONGEST_WAIT => {
                    std::thread::sleep(PAUSE);
                }
                Err(_) => return Self(None),
            }
        }
    }
}

impl Drop for Switching {
    fn drop(&mut self) {
        if let Some(folder) = &self.0 {
            // A process forked meanwhile has the descriptor too, and would keep the lock.
            let _ = folder.unlock();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::descriptors;

    #[test]
    fn the_program_does_not_close_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::File(folder.path().join("run.spacetime"));
        let spared = || {
            let spared = descriptors::among(0..=i32::MAX).into_iter();
            let place = |number| std::fs::read_link(format!("/proc/self/fd/{number}")).ok();
            let mut spared = spared.map(place);
            spared.any(|place| place.as_deref() == Some(folder.path()))
        };
        let switching = Switching::begin(&target);
        assert!(spared());
        drop(switching);
        assert!(!spared());
    }
}
