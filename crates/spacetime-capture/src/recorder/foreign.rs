//! Code that is not recorded, and what it does to objects that recorded calls reach.
//!
//! At first every start of such code raises the heap's epoch, so that all that a recorded frame
//! reaches is compared again before its next state. That costs an event for each start; where most code
//! is not recorded, as in a test suite, starts are told by a mark on the stack instead (see
//! [`StackMark`]). What is compared costs much where recorded frames reach many objects: once enough was
//! compared in vain, the sites of all code that is not recorded are listened to, and only what they change
//! is compared. That costs an event for each of them: where it turns out to cost more than it saves, all is
//! as before, for longer.

use super::Recorder;
use super::sites::effect_of_site;
use crate::code::{Code, Role, SiteAction};
use crate::effects::Effect;
use crate::frames::{LiveFrame, Pending, Thread, Tier};
use crate::layout;
use crate::parts;
use crate::registry;
use crate::stack_mark::StackMark;
use pyo3_ffi::*;

/// Entries compared in vain, in all, after which sites are listened to, and how many more for each code
/// object that is known: listening to one means an event for each of its instructions, once at least,
/// which costs about as much.
const PATIENCE: u64 = 20_000;
const PATIENCE_FOR_EACH_CODE: u64 = 1_000;

/// What the event of a site costs, in entries compared.
const COST_OF_SITE: u64 = 3;

/// Starts of code at each of which everything is doubted, before it is looked into.
const N_STARTS_UNREAD: u8 = 50;

/// Starts after which a mark on the stack tells them, if there are so many for each call by a recorded call.
/// At those the mark has to be doubted, an event of each start has not.
const N_STARTS_WITH_EVENTS: u64 = 10_000;
const N_STARTS_FOR_EACH_CALL: u64 = 10;

/// How changes by code that is not recorded are noticed.
#[derive(Default)]
pub(super) struct Foreign {
    /// It is not judged what is cheapest.
    way: Option<Way>,
    /// Its sites are listened to.
    by_sites: bool,
    /// The sites of some code are not known: they cannot be listened to.
    is_hopeless: bool,
    /// Sites whose instruction has not ended, outermost first.
    unfinished: Vec<Unfinished>,
    /// What there was when listening to sites began or ended last.
    since: Counts,
    /// Events of sites since then.
    n_site_events: u64,
    /// What was compared in vain at a thousand events of recorded calls, before sites were listened to.
    n_saved: u64,
    /// How often listening to sites turned out to cost more than it saves.
    n_failures: u32,
    /// Starts of code that is not recorded, and calls of recorded code by recorded code.
    n_starts: u64,
    n_recorded_calls: u64,
    /// Events of starts were switched off: the mark tells of them.
    is_by_mark: bool,
    mark: StackMark,
}

/// One way to notice what code does that is not recorded, whatever it costs: for tests, by
/// `SPACETIME_WATCH`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// An event for each start.
    Starts,
    /// The mark on the stack.
    Mark,
    /// Sites.
    Sites,
    /// Each of them, changed at each tick of the clock.
    InTurns,
}

impl Way {
    fn wanted() -> Option<Way> {
        match std::env::var("SPACETIME_WATCH").ok()?.as_str() {
            "starts" => Some(Way::Starts),
            "mark" => Some(Way::Mark),
            "sites" => Some(Way::Sites),
            "turns" => Some(Way::InTurns),
            _ => None,
        }
    }
}

/// Totals of the recording.
#[derive(Clone, Copy, Default)]
struct Counts {
    n_doubted: u64,
    n_events: u64,
}

/// A site in code that is not recorded.
pub(super) struct Unfinished {
    live: LiveFrame,
    /// Monitored calls on the stack when it began.
    depth: usize,
    pending: Pending,
}

impl Foreign {
    pub(super) fn new(tier: Tier) -> Foreign {
        let way = Way::wanted().filter(|_| tier == Tier::Fast);
        Foreign {
            way,
            is_by_mark: way == Some(Way::Mark),
            ..Foreign::default()
        }
    }

    #[inline(always)]
    pub(super) fn has_unfinished(&self) -> bool {
        !self.unfinished.is_empty()
    }

    /// Frames may have begun unseen: they are looked for when sites are listened to again.
    pub(super) fn start_over(&mut self) {
        self.by_sites = false;
        self.unfinished.clear();
        self.since.n_events = 0;
    }

    fn give_up(&mut self) {
        (self.by_sites, self.is_hopeless) = (false, true);
    }

    /// From now on starts are told by the mark, if that is cheaper.
    fn prefer_mark(&mut self) {
        self.n_starts += 1;
        let has_many = self.n_starts >= N_STARTS_WITH_EVENTS && self.way.is_none();
        if has_many && self.n_starts / N_STARTS_FOR_EACH_CALL >= self.n_recorded_calls {
            self.is_by_mark = true;
        }
    }
}

impl Recorder {
    /// An event begins: whether code ran since the last one of which no event told.
    ///
    /// # Safety
    /// `tstate` must be the current thread state, with the GIL held.
    #[inline(always)]
    pub unsafe fn look_at_mark(&mut self, tstate: *mut PyThreadState) {
        // SAFETY: passed on; the mark is used on the fast tier only.
        if self.foreign.is_by_mark && unsafe { !self.foreign.mark.is_untouched(tstate) } {
            self.heap.doubt_everything();
        }
    }

    /// An event ends.
    ///
    /// # Safety
    /// As for [`Recorder::look_at_mark`].
    #[inline(always)]
    pub unsafe fn set_mark(&mut self, tstate: *mut PyThreadState) {
        if self.foreign.is_by_mark {
            // SAFETY: passed on.
            unsafe { self.foreign.mark.set(tstate) };
        }
    }

    /// The running frame, that of a monitored call, is popped after this event.
    ///
    /// # Safety
    /// As for [`Recorder::look_at_mark`].
    #[inline(always)]
    pub(super) unsafe fn frame_ends(&mut self, live: LiveFrame) {
        if self.foreign.is_by_mark {
            // SAFETY: passed on; the mark is used on the fast tier only.
            unsafe { self.foreign.mark.frame_ends(live) };
        }
    }

    /// A monitored call is about to call another.
    #[inline(always)]
    pub(super) fn pass_recorded_call(&mut self) {
        self.foreign.n_recorded_calls += 1;
    }

    /// A frame of code that is not recorded starts or is resumed. Says whether the next time is of
    /// interest too.
    ///
    /// # Safety
    /// Must be called in the callback of the event, with the GIL held.
    pub unsafe fn foreign_code_runs(&mut self, code: *mut Code) -> bool {
        if !self.registry.records_lines {
            return false;
        }
        // SAFETY: codes live as long as the recorder.
        unsafe {
            if !self.foreign.by_sites {
                if (*code).n_starts == 0 && parts::may_bind_cells((*code).object) {
                    self.heap.expect_cells_to_change();
                }
                if self.tier == Tier::Fast {
                    self.foreign.prefer_mark();
                }
                let is_told = self.foreign.is_by_mark && StackMark::tells_starts_of((*code).object);
                if is_told || (*code).n_starts < N_STARTS_UNREAD {
                    (*code).n_starts = (*code).n_starts.saturating_add(1);
                    self.heap.doubt_everything();
                    return !is_told;
                }
            }
            if registry::is_pure(self, code) {
                return false;
            }
            if self.foreign.by_sites {
                if registry::listen_to_sites(self, (*code).object) {
                    return false;
                }
                self.foreign.give_up();
                self.heap.expect_cells_to_change();
            }
        }
        self.heap.doubt_everything();
        true
    }

    /// A session begins: code that runs already may bind variables in cells without being noticed.
    ///
    /// # Safety
    /// The GIL must be held and no exception set.
    pub(super) unsafe fn look_at_running_code(&mut self) {
        // SAFETY: the frames from the running one down are running; frame objects are counted.
        unsafe {
            let tstate = PyThreadState_Get();
            let mut binds_cells = layout::other_threads_exist(tstate);
            let mut frame = PyThreadState_GetFrame(tstate);
            while !frame.is_null() {
                let code = PyFrame_GetCode(frame);
                binds_cells |= parts::may_bind_cells(code.cast());
                Py_DECREF(code.cast());
                let caller = PyFrame_GetBack(frame);
                Py_DECREF(frame.cast());
                frame = caller;
            }
            if binds_cells {
                self.heap.expect_cells_to_change();
            }
        }
    }

    /// Control passes between a monitored call and code that is not recorded.
    #[inline]
    pub(super) fn pass_foreign_code(&mut self) {
        if !self.foreign.by_sites {
            self.heap.doubt_everything();
        }
    }

    /// Starts to listen to sites if raising the epoch turned out to be costly, and ends it if that is costlier.
    ///
    /// # Safety
    /// Must be called in a callback, with the GIL held.
    pub(super) unsafe fn judge_foreign_code(&mut self, thread: &Thread) {
        if let Some(way) = self.foreign.way {
            // SAFETY: passed on.
            unsafe { self.go_the_way(way, thread) };
            return;
        }
        let foreign = &mut self.foreign;
        let now = Counts {
            n_doubted: self.heap.n_doubted(),
            n_events: self.n_states + self.n_calls,
        };
        let n_events = now.n_events.saturating_sub(foreign.since.n_events);
        if foreign.by_sites {
            let n_saved = foreign.n_saved * n_events / 1000;
            if foreign.n_site_events * COST_OF_SITE > 2 * n_saved + PATIENCE {
                foreign.n_failures += 1;
                foreign.since = now;
                // SAFETY: passed on.
                unsafe { self.listen_to_starts() };
            }
            return;
        }
        let patience = PATIENCE + PATIENCE_FOR_EACH_CODE * self.codes.len() as u64;
        let n_doubted = now.n_doubted - foreign.since.n_doubted;
        if foreign.is_hopeless || n_doubted >> foreign.n_failures.min(16) < patience {
            return;
        }
        (foreign.since, foreign.n_site_events) = (now, 0);
        foreign.n_saved = n_doubted * 1000 / n_events.max(1);
        // SAFETY: passed on.
        unsafe { self.listen_to_running_code(thread) };
    }

    #[cold]
    unsafe fn go_the_way(&mut self, way: Way, thread: &Thread) {
        let by_sites = self.foreign.by_sites;
        // SAFETY: passed on.
        unsafe {
            match way {
                Way::Starts | Way::Mark => {}
                Way::Sites | Way::InTurns if !by_sites && !self.foreign.is_hopeless => {
                    self.foreign.n_failures = self.foreign.n_failures.wrapping_add(1);
                    self.listen_to_running_code(thread);
                }
                Way::Sites => {}
                Way::InTurns => {
                    self.listen_to_starts();
                    self.foreign.is_by_mark = self.foreign.n_failures.is_multiple_of(2);
                }
            }
        }
    }

    /// From now on the starts of all code that is not recorded are listened to, not its sites.
    #[cold]
    unsafe fn listen_to_starts(&mut self) {
        self.foreign.by_sites = false;
        self.foreign.unfinished.clear();
        let monitoring = &mut self.registry.monitoring;
        let listened_to = { self.codes.values_mut() }
            .filter(|code| code.role == Role::Foreign && code.is_listened_to);
        // SAFETY: the GIL is held; code objects are kept alive by their entries. Failing means that the tool
        // was taken away: nothing is recorded then.
        unsafe {
            for code in listened_to {
                code.is_listened_to = false;
                let _ = monitoring.listen_to_code(code.object, &[]);
            }
            let _ = monitoring.restart();
            self.look_at_running_code();
        }
        self.heap.doubt_everything();
    }

    #[cold]
    unsafe fn listen_to_running_code(&mut self, thread: &Thread) {
        if self.tier == Tier::Portable {
            return;
        }
        self.heap.doubt_everything();
        self.foreign.by_sites = true;
        if std::mem::take(&mut self.foreign.is_by_mark) {
            // Failing here means that the tool was taken away: nothing is recorded then.
            // SAFETY: the GIL is held.
            let _ = unsafe { self.registry.monitoring.restart() };
        }
        // SAFETY: the frames from the running one down are running; frame objects are counted.
        unsafe {
            let mut frame = PyThreadState_GetFrame(self.tstate);
            let mut live = LiveFrame::current(self.tier, self.tstate);
            let mut depth = thread.frames.len();
            let mut called_from_c = false;
            while !frame.is_null() && live != LiveFrame::NONE {
                match thread.frames[..depth].last() {
                    Some(monitored) if monitored.live == live => depth -= 1,
                    _ => {
                        let offset = called_from_c.then(|| PyFrame_GetLasti(frame));
                        self.listen_to_running_frame(live, depth, offset);
                    }
                }
                let caller = PyFrame_GetBack(frame);
                Py_DECREF(frame.cast());
                called_from_c = live.is_called_from_c();
                (frame, live) = (caller, live.caller(self.tier));
            }
            Py_XDECREF(frame.cast());
        }
        self.foreign.unfinished.reverse();
    }

    /// Listens to the sites of a frame that runs already. `in_c` is the offset of its instruction if that
    /// is in C code now: what it changes then is not over.
    unsafe fn listen_to_running_frame(&mut self, live: LiveFrame, depth: usize, in_c: Option<i32>) {
        // SAFETY: passed on; codes live as long as the recorder.
        unsafe {
            let object = live.code(self.tier);
            if !registry::listen_to_sites(self, object) {
                self.foreign.give_up();
                self.heap.expect_cells_to_change();
                return;
            }
            let code = self.codes.get(&(object as usize));
            let code = code.filter(|code| code.role == Role::Foreign);
            let (Some(offset), Some(code)) = (in_c, code) else {
                return;
            };
            let code: *const Code = &raw const **code;
            let pending = match (*code).site(parts::unit_at(object, offset)) {
                None => Pending::Nothing,
                // The stack may hold what was unpacked, which is gone.
                Some(SiteAction::CallUnpacked(_)) => Pending::Everything,
                Some(action) => {
                    let (effect, _) = effect_of_site(live, &*code, action);
                    self.pending(effect)
                }
            };
            if pending != Pending::Nothing {
                self.foreign.unfinished.push(Unfinished {
                    live,
                    depth,
                    pending,
                });
            }
        }
    }

    /// An instruction of code that is not recorded may be about to change an object.
    ///
    /// # Safety
    /// Must be called in the callback of an instruction event at this unit of a frame that runs `code`.
    pub unsafe fn foreign_site(
        &mut self,
        tstate: *mut PyThreadState,
        live: LiveFrame,
        code: &Code,
        action: SiteAction,
    ) {
        self.foreign.n_site_events += 1;
        // SAFETY: passed on.
        unsafe {
            self.after_foreign_site(tstate, live);
            if self.thread.is_null() {
                return;
            }
            let pending = if self.is_alone(tstate) {
                let (effect, _) = effect_of_site(live, code, action);
                if let Effect::Changes(object) = effect
                    && self.heap.find(object).is_some()
                {
                    // What the running line did so far comes first.
                    self.heap.begin_event();
                    self.observe_top();
                }
                self.pending(effect)
            } else {
                Pending::Everything
            };
            if pending != Pending::Nothing {
                let depth = (*self.thread).frames.len();
                self.foreign.unfinished.push(Unfinished {
                    live,
                    depth,
                    pending,
                });
            }
        }
    }

    /// The instruction after such a site is about to run.
    ///
    /// # Safety
    /// As for [`Recorder::foreign_site`].
    pub unsafe fn after_foreign_site(&mut self, tstate: *mut PyThreadState, live: LiveFrame) {
        let unfinished = &mut self.foreign.unfinished;
        let Some(at) = unfinished.iter().rposition(|site| site.live == live) else {
            return;
        };
        // Instructions of frames above ended with an exception.
        let is_last = at + 1 == unfinished.len();
        let pending = unfinished[at].pending;
        unfinished.truncate(at);
        // SAFETY: passed on.
        unsafe {
            if !is_last || !self.is_alone(tstate) {
                self.heap.doubt_everything();
                return;
            }
            self.heap.begin_event();
            if matches!(pending, Pending::Entry { .. }) {
                self.observe_top();
            }
            self.compare_pending(pending);
            self.settle();
            self.heap.sink.commit();
        }
    }

    /// Any code raised an exception, or one passed through it: that gave it a traceback, and maybe a cause and
    /// a context.
    ///
    /// # Safety
    /// Must be called in the callback of the event.
    pub unsafe fn exception_was_raised(
        &mut self,
        tstate: *mut PyThreadState,
        exception: *mut PyObject,
    ) {
        let Some(entry) = self.heap.find(exception) else {
            return;
        };
        let id = self.heap.id_of(entry);
        // SAFETY: passed on; the exception is alive.
        unsafe {
            if self.thread.is_null() || !self.is_alone(tstate) {
                self.heap.doubt_everything();
                return;
            }
            self.heap.begin_event();
            self.observe_top();
            if self.heap.find(exception) == Some(entry) && self.heap.id_of(entry) == id {
                self.heap.touch(entry);
                self.settle();
            }
            self.heap.sink.commit();
        }
    }

    /// Whether only this thread ran since the last event. Where others ran, everything is doubted.
    unsafe fn is_alone(&mut self, tstate: *mut PyThreadState) -> bool {
        // SAFETY: `tstate` is the current thread state.
        if tstate == self.tstate && unsafe { !self.others_may_have_run(tstate) } {
            return true;
        }
        // The next event of a monitored call begins as after a switch of threads.
        self.tstate = std::ptr::null_mut();
        false
    }

    /// Writes what the innermost monitored call changed so far on its line.
    unsafe fn observe_top(&mut self) {
        // SAFETY: frames on the stack are running.
        unsafe {
            let thread = &mut *self.thread;
            if !thread.frames.is_empty() {
                self.observe_caller(thread);
                self.settle();
            }
        }
    }

    /// Looks at sites whose instruction has not ended, at an event of the innermost monitored call,
    /// or (`starts`) before another call of this frame is put on the stack.
    ///
    /// # Safety
    /// The frame must be running.
    #[cold]
    pub(super) unsafe fn look_at_unfinished(&mut self, thread: &Thread, starts: Option<LiveFrame>) {
        let n_calls = thread.frames.len();
        let tier = self.tier;
        let mut is_changed = false;
        self.foreign.unfinished.retain(|site| {
            let is_over = site.depth >= n_calls;
            is_changed |= is_over;
            // SAFETY: passed on.
            !is_over || starts.is_some_and(|live| unsafe { live.is_called_by(tier, site.live) })
        });
        if is_changed {
            self.heap.doubt_everything();
        }
    }
}
