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
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::Target;
use crate::descriptors::{FileId, Spared};
use crate::fatal_signal::FatalSignal;

/// How long to wait for others. A program may hold such a lock for reasons of its own.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// How long if a signal is to end the process. Not at once: the others of its group switch then, too.
const LONGEST_WAIT_AT_THE_END: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(2);

/// The folders that were last waited for in vain. Who holds one holds it for long, and each fork would
/// wait again.
static HELD_FOR_LONG: Mutex<Vec<FileId>> = Mutex::new(Vec::new());

/// Held while a trace is switched.
pub struct Switching(Option<Spared>);

impl Switching {
    /// Waits until no other process switches a trace in the same folder. Where folders cannot be
    /// locked, or one is locked for long, goes on without: then SQLite's own locks decide.
    pub fn begin(target: &Target, fatal_signal: &FatalSignal) -> Self {
        Self::begin_within(LONGEST_WAIT, target, fatal_signal)
    }

    fn begin_within(longest: Duration, target: &Target, fatal_signal: &FatalSignal) -> Self {
        let Target::File(path) = target else {
            return Self(None);
        };
        let path = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let Ok(folder) = Spared::open(path) else {
            return Self(None);
        };
        let was_held = held_for_long().contains(&folder.id());
        let begun = Instant::now();
        let is_ours = loop {
            let longest = match fatal_signal.found() {
                _ if was_held => Duration::ZERO,
                Some(_) => longest.min(LONGEST_WAIT_AT_THE_END),
                None => longest,
            };
            match folder.try_lock() {
                Err(TryLockError::WouldBlock) if begun.elapsed() < longest => {
                    std::thread::sleep(PAUSE);
                }
                tried => break tried.is_ok(),
            }
        };
        match is_ours {
            // Who holds it next may be of ours.
            true => held_for_long().retain(|&held| held != folder.id()),
            false if !was_held => held_for_long().push(folder.id()),
            false => {}
        }
        Self(is_ours.then_some(folder))
    }
}

fn held_for_long() -> MutexGuard<'static, Vec<FileId>> {
    HELD_FOR_LONG.lock().unwrap_or_else(PoisonError::into_inner)
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
    use std::fs::File;
    use std::sync::Arc;

    use super::*;
    use crate::descriptors;

    fn folder_and_target() -> (tempfile::TempDir, Target) {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::File(folder.path().join("run.spacetime"));
        (folder, target)
    }

    #[test]
    fn the_program_does_not_close_the_folder() {
        let (folder, target) = folder_and_target();
        let spared = || {
            let spared = descriptors::among(0..=i32::MAX).into_iter();
            let place = |number| std::fs::read_link(format!("/proc/self/fd/{number}")).ok();
            let mut spared = spared.map(place);
            spared.any(|place| place.as_deref() == Some(folder.path()))
        };
        let switching = Switching::begin(&target, &FatalSignal::default());
        assert!(spared());
        drop(switching);
        assert!(!spared());
    }

    fn is_held_for_long(folder: &tempfile::TempDir) -> bool {
        held_for_long().contains(&FileId::from(&folder.path().metadata().unwrap()))
    }

    #[test]
    fn who_holds_a_folder_for_long_is_waited_for_once() {
        let (folder, target) = folder_and_target();
        let holder = File::open(folder.path()).unwrap();
        holder.lock().unwrap();
        let is_begun_within = |longest| {
            let switching = Switching::begin_within(longest, &target, &FatalSignal::default());
            switching.0.is_some()
        };
        assert!(!is_begun_within(PAUSE));
        assert!(is_held_for_long(&folder));
        assert!(!is_begun_within(Duration::MAX), "it waits no more");
        holder.unlock().unwrap();
        assert!(is_begun_within(Duration::ZERO));
        assert!(!is_held_for_long(&folder));
    }

    #[test]
    fn a_process_that_is_to_end_does_not_wait_for_long() {
        let (folder, target) = folder_and_target();
        let holder = File::open(folder.path()).unwrap();
        holder.lock().unwrap();
        let signal = Arc::new(FatalSignal::default());
        let looking = signal.look();
        assert!(signal.leave(nix::libc::SIGURG));
        let switching = Switching::begin_within(Duration::MAX, &target, &signal);
        assert!(switching.0.is_none());
        drop(looking);
    }
}
