//! Times: the coarse clock that every state has, and exact stamps of some calls.

use super::{Recorder, STAMPS_PER_TICK};
use crate::frames::Thread;
use spacetime_store::recording::{CLOCK_RESTS, Health, Recording};
use spacetime_store::stream::{Sink, record};
use std::sync::atomic::Ordering;

impl Recorder {
    /// Writes the coarse clock if it has ticked, and looks after the writer thread.
    #[inline(always)]
    pub(super) fn tick(&mut self, thread: &Thread) {
        let now = self.clock.load(Ordering::Relaxed);
        if now != self.clock_written {
            self.clock_ticked(now, thread);
        }
    }

    #[cold]
    fn clock_ticked(&mut self, now: u64, thread: &Thread) {
        let now = match now {
            CLOCK_RESTS => self.wake_clock(),
            now => now,
        };
        if now > self.clock_written {
            self.heap.sink.byte(record::CLOCK);
            self.heap.sink.varint(now - self.clock_written);
            self.heap.sink.record_end();
        }
        self.clock_written = now;
        self.stamps_left = STAMPS_PER_TICK;
        // SAFETY: the clock is read in callbacks.
        unsafe {
            self.judge_foreign_code(thread);
            self.tasks.look_for_asyncio();
        }
        let health = self
            .recording
            .as_ref()
            .map_or(Health::Failed, Recording::health);
        match health {
            Health::Ok => {}
            Health::Failed => self.is_active = false,
            Health::OverBytes => self.use_up_budget("bytes"),
        }
    }

    /// Sets the clock, which rests while nothing happens, to the exact time. The threads that rest for
    /// a fork are woken when it is over.
    fn wake_clock(&mut self) -> u64 {
        let now = self.session_started.elapsed().as_nanos() as u64;
        if let Some(recording) = self.recording.as_ref().filter(|r| r.is_resting()) {
            let fork = self.family.fork.as_ref();
            // SAFETY: the clock is read in callbacks.
            if fork.is_some_and(|fork| unsafe { fork.is_forking(self.tier) }) {
                return now;
            }
            self.family.fork = None;
            recording.wake();
        }
        self.clock.store(now, Ordering::Relaxed);
        self.recording.iter().for_each(Recording::wake_clock);
        now
    }

    /// Says, once a session, that lines are no longer recorded.
    #[cold]
    pub(super) fn use_up_budget(&mut self, of_what: &str) {
        if self.n_states_allowed == 0 {
            return;
        }
        self.n_states_allowed = 0;
        let reason =
            format!("the session's budget of {of_what} is used up: lines are no longer recorded");
        self.heap.sink.byte(record::GAP);
        self.heap.sink.blob(reason.as_bytes());
        self.heap.sink.record_end();
    }

    /// Writes the exact time, if this call is to have it.
    #[inline]
    pub(super) fn stamp(&mut self) -> bool {
        if self.stamps_left == 0 {
            return false;
        }
        self.stamps_left -= 1;
        self.write_stamp();
        true
    }

    #[cold]
    pub(super) fn write_stamp(&mut self) {
        let wall_nanos = self.session_started.elapsed().as_nanos() as u64;
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: writes to `time`.
        let known = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) } == 0;
        let cpu_nanos = time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64;
        self.heap.sink.byte(record::STAMP);
        self.heap.sink.varint(wall_nanos);
        self.heap.sink.varint(if known { cpu_nanos + 1 } else { 0 });
        self.heap.sink.record_end();
    }
}
