//! One process at a time switches a trace between its two forms: a plain file, and a file with a
//! write-ahead log beside it.
//!
//! Of two processes that switch at once SQLite refuses one, without waiting: each reads before it
//! writes, and neither lets the other go first. So who switches a trace holds a lock on its folder
//! meanwhile. A lock on the file would not do: a process that closes any descriptor of a file loses
//! SQLite's locks on it. Nothing is left in the folder, and the lock ends with the processes that have
//! it open.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Target;

/// How long to wait for others. A program may hold such a lock for reasons of its own.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(2);

/// Held while a trace is switched.
pub struct Switching(Option<File>);

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
        let Ok(folder) = File::open(folder) else {
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
