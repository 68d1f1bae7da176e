//! In which way changes by code that is not recorded are noticed: the one that costs least, as far as that
//! has shown. Costs are in entries compared.

use crate::frames::{LiveFrame, Tier};
use crate::stack_mark::StackMark;
use pyo3_ffi::*;

/// Entries compared in vain, in all, after which sites are listened to, and how many more for each code
/// object that is known: listening to one means an event for each of its instructions, once at least,
/// which costs about as much.
const PATIENCE: u64 = 20_000;
const PATIENCE_FOR_EACH_CODE: u64 = 1_000;

/// What the event of a site, and that of a start, costs.
const COST_OF_SITE: u64 = 3;
const COST_OF_START: u64 = 3;

/// Starts after which the mark tells them, if there are so many for each call by a recorded call. At those
/// the mark has to be doubted, an event of each start has not.
const N_STARTS_WITH_EVENTS: u64 = 10_000;
const N_STARTS_FOR_EACH_CALL: u64 = 10;

/// A way to notice changes.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Way {
    /// An event for each start; what a recorded frame reaches is compared before its next state.
    #[default]
    Starts,
    /// The mark on the stack tells starts, but for those of generators. Calls of recorded code by recorded
    /// code are doubted as well.
    Mark,
    /// No event: what a recorded frame reaches is compared before each of its states.
    Always,
    /// An event for each site; only what that changes is compared.
    Sites,
}

/// A way that is not judged, for tests: the value of `SPACETIME_WATCH`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fixed {
    Way(Way),
    /// Each in turn, changed at each tick of the clock.
    InTurns,
}

impl Fixed {
    fn wanted() -> Option<Fixed> {
        match std::env::var("SPACETIME_WATCH").ok()?.as_str() {
            "starts" => Some(Fixed::Way(Way::Starts)),
            "mark" => Some(Fixed::Way(Way::Mark)),
            "always" => Some(Fixed::Way(Way::Always)),
            "sites" => Some(Fixed::Way(Way::Sites)),
            "turns" => Some(Fixed::InTurns),
            _ => None,
        }
    }
}

/// Totals of the recording.
#[derive(Clone, Copy, Default)]
pub(super) struct Counts {
    /// Entries compared in vain.
    pub n_doubted: u64,
    /// States and calls of recorded code.
    pub n_events: u64,
}

impl Counts {
    fn since(self, earlier: Counts) -> Counts {
        Counts {
            n_doubted: self.n_doubted.saturating_sub(earlier.n_doubted),
            n_events: self.n_events.saturating_sub(earlier.n_events),
        }
    }
}

/// The way in use, and what it costs.
#[derive(Default)]
pub(super) struct Watch {
    pub way: Way,
    fixed: Option<Fixed>,
    /// The portable tier knows one way.
    has_choice: bool,
    /// The sites of some code are not known: they cannot be listened to.
    is_hopeless: bool,
    /// How often sites were listened to, and turned out to cost more than they save.
    n_failures: u32,
    mark: StackMark,
    /// What there was when the mark was first used, and when listening to sites began or ended last.
    at_mark: Counts,
    at_sites: Counts,
    /// Starts, and calls of recorded code by recorded code.
    n_starts: u64,
    pub n_recorded_calls: u64,
    /// By the mark: how often everything was doubted, and starts that it does not tell.
    n_doubts: u64,
    n_untold: u64,
    /// By sites: their events, and what was compared in vain at a thousand events before.
    pub n_site_events: u64,
    n_saved: u64,
}

impl Watch {
    /// Begins with the first way.
    pub fn new(tier: Tier) -> Watch {
        let has_choice = tier == Tier::Fast;
        let fixed = Fixed::wanted().filter(|_| has_choice);
        let way = match fixed {
            // Sites are listened to from the first tick on.
            Some(Fixed::Way(way)) if way != Way::Sites => way,
            _ => Way::Starts,
        };
        Watch {
            way,
            fixed,
            has_choice,
            ..Watch::default()
        }
    }

    /// What is known of running code may be out of date.
    pub fn start_over(&mut self) {
        if self.way == Way::Sites {
            self.way = Way::Starts;
        }
        self.at_sites.n_events = 0;
        self.at_mark.n_events = 0;
    }

    /// Sites cannot be listened to.
    pub fn give_up(&mut self) {
        (self.way, self.is_hopeless) = (Way::Starts, true);
    }

    /// An event begins: whether code may have run since the last one of which no event told.
    ///
    /// # Safety
    /// `tstate` must be the current thread state, with the GIL held.
    #[inline(always)]
    pub unsafe fn has_doubts(&mut self, tstate: *mut PyThreadState) -> bool {
        match self.way {
            Way::Starts | Way::Sites => false,
            Way::Always => true,
            Way::Mark => {
                // SAFETY: passed on; the mark is used on the fast tier only.
                let has_doubts = unsafe { !self.mark.is_untouched(tstate) };
                self.n_doubts += u64::from(has_doubts);
                has_doubts
            }
        }
    }

    /// An event ends.
    ///
    /// # Safety
    /// As for [`Watch::has_doubts`].
    #[inline(always)]
    pub unsafe fn event_ends(&mut self, tstate: *mut PyThreadState) {
        if self.way == Way::Mark {
            // SAFETY: passed on.
            unsafe { self.mark.set(tstate) };
        }
    }

    /// The running frame, that of a monitored call, is popped after this event.
    ///
    /// # Safety
    /// As for [`Watch::has_doubts`].
    #[inline(always)]
    pub unsafe fn frame_ends(&mut self, live: LiveFrame) {
        if self.way == Way::Mark {
            // SAFETY: passed on; the mark is used on the fast tier only.
            unsafe { self.mark.frame_ends(live) };
        }
    }

    /// Code that is not recorded starts or is resumed: whether from now on no event has to tell of that.
    ///
    /// # Safety
    /// `code` must be a live code object.
    pub unsafe fn needs_no_start_of(&mut self, code: *mut PyObject, now: Counts) -> bool {
        if self.way == Way::Starts {
            self.prefer_mark(now);
        }
        if self.way == Way::Mark {
            // SAFETY: the mark is used on the fast tier only.
            if unsafe { StackMark::tells_starts_of(code) } {
                return true;
            }
            self.prefer_always(now);
        }
        self.way == Way::Always
    }

    fn prefer_mark(&mut self, now: Counts) {
        self.n_starts += 1;
        let has_many = self.n_starts >= N_STARTS_WITH_EVENTS
            && self.n_starts / N_STARTS_FOR_EACH_CALL >= self.n_recorded_calls;
        if has_many && self.has_choice && self.fixed.is_none() {
            (self.way, self.at_mark) = (Way::Mark, now);
            (self.n_doubts, self.n_untold) = (0, 0);
        }
    }

    /// Where generators are resumed all the time, comparing at each state may be cheaper.
    fn prefer_always(&mut self, now: Counts) {
        self.n_untold += 1;
        let past = now.since(self.at_mark);
        let cost_of_comparing = past.n_doubted / self.n_doubts.max(1) * past.n_events;
        if self.n_untold * COST_OF_START > 2 * cost_of_comparing + PATIENCE && self.fixed.is_none()
        {
            self.way = Way::Always;
        }
    }

    /// Now and then: another way that is better, of which one is sites. `n_codes` are known.
    pub fn better_way(&mut self, now: Counts, n_codes: usize) -> Option<Way> {
        let past = now.since(self.at_sites);
        let better = match self.fixed {
            _ if self.is_hopeless || !self.has_choice => return None,
            Some(fixed) => return self.fixed_way(fixed),
            None if self.way == Way::Sites => {
                let n_saved = self.n_saved * past.n_events / 1000;
                let costs_more = self.n_site_events * COST_OF_SITE > 2 * n_saved + PATIENCE;
                self.n_failures += u32::from(costs_more);
                costs_more.then_some(Way::Starts)
            }
            None => {
                let patience = PATIENCE + PATIENCE_FOR_EACH_CODE * n_codes as u64;
                let is_due = past.n_doubted >> self.n_failures.min(16) >= patience;
                is_due.then_some(Way::Sites)
            }
        };
        if better.is_some() {
            (self.at_sites, self.n_site_events) = (now, 0);
            self.n_saved = past.n_doubted * 1000 / past.n_events.max(1);
        }
        better
    }

    fn fixed_way(&mut self, fixed: Fixed) -> Option<Way> {
        const TURNS: [Way; 3] = [Way::Starts, Way::Mark, Way::Always];
        match (fixed, self.way) {
            (Fixed::Way(Way::Sites), Way::Starts) => Some(Way::Sites),
            (Fixed::Way(_), _) => None,
            (Fixed::InTurns, Way::Sites) => {
                self.n_failures += 1;
                Some(TURNS[self.n_failures as usize % TURNS.len()])
            }
            (Fixed::InTurns, _) => Some(Way::Sites),
        }
    }
}
