//! Code that is not recorded, and what it does to objects that recorded calls reach.
//!
//! Every start of such code raises the heap's epoch, so that all that a recorded frame reaches is compared
//! again before its next state; or the sites of all such code are listened to, and only what they change is
//! compared. [`Watch`] says what tells of starts, and which of the two costs less.

use super::Recorder;
use super::sites::{effect_of_running_call, effect_of_site};
use super::watch::{Counts, Watch, Way};
use crate::code::{Code, Role, SiteAction};
use crate::effects::Effect;
use crate::frames::{LiveFrame, Pending, Thread, Tier};
use crate::layout;
use crate::parts;
use crate::registry;
use pyo3_ffi::*;

/// Starts of code at each of which everything is doubted, before it is looked into.
const N_STARTS_UNREAD: u8 = 50;

/// How changes by code that is not recorded are noticed.
pub(super) struct Foreign {
    /// In which way.
    pub watch: Watch,
    /// Sites whose instruction has not ended, outermost first.
    unfinished: Vec<Unfinished>,
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
        Foreign {
            watch: Watch::new(tier),
            unfinished: Vec::new(),
        }
    }

    #[inline(always)]
    pub(super) fn has_unfinished(&self) -> bool {
        !self.unfinished.is_empty()
    }

    /// Frames may have begun unseen: they are looked for when sites are listened to again.
    pub(super) fn start_over(&mut self) {
        self.watch.start_over();
        self.unfinished.clear();
    }
}

impl Recorder {
    /// An event begins: code may have run of which no event told.
    ///
    /// # Safety
    /// `tstate` must be the current thread state, with the GIL held.
    #[inline(always)]
    pub unsafe fn event_begins(&mut self, tstate: *mut PyThreadState) {
        // SAFETY: passed on.
        if unsafe { self.foreign.watch.has_doubts(tstate) } {
            self.heap.doubt_everything();
        }
    }

    /// An event ends.
    ///
    /// # Safety
    /// As for [`Recorder::event_begins`].
    #[inline(always)]
    pub unsafe fn event_ends(&mut self, tstate: *mut PyThreadState) {
        // SAFETY: passed on.
        unsafe { self.foreign.watch.event_ends(tstate) };
    }

    fn counts_so_far(&self) -> Counts {
        Counts {
            n_doubted: self.heap.n_doubted(),
            n_events: self.n_states + self.n_calls,
        }
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
            let is_by_sites = self.foreign.watch.way == Way::Sites;
            if !is_by_sites {
                if (*code).n_starts == 0 && parts::may_bind_cells((*code).object) {
                    self.heap.expect_cells_to_change();
                }
                let now = self.counts_so_far();
                let is_told = self.foreign.watch.needs_no_start_of((*code).object, now);
                if is_told || (*code).n_starts < N_STARTS_UNREAD {
                    (*code).n_starts = (*code).n_starts.saturating_add(1);
                    self.heap.doubt_everything();
                    return !is_told;
                }
            }
            if registry::is_pure(self, code) {
                return false;
            }
            if is_by_sites {
                if registry::listen_to_sites(self, (*code).object) {
                    return false;
                }
                self.foreign.watch.give_up();
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
        if self.foreign.watch.way != Way::Sites {
            self.heap.doubt_everything();
        }
    }

    /// Goes another way if that turned out to be better.
    ///
    /// # Safety
    /// Must be called in a callback, with the GIL held.
    pub(super) unsafe fn judge_foreign_code(&mut self, thread: &Thread) {
        let (now, n_codes) = (self.counts_so_far(), self.codes.len());
        // SAFETY: passed on.
        unsafe {
            match self.foreign.watch.better_way(now, n_codes) {
                None => {}
                Some(Way::Sites) => self.listen_to_running_code(thread),
                Some(way) => self.listen_to_starts(way),
            }
        }
    }

    /// From now on the starts of all code that is not recorded are listened to, not its sites.
    #[cold]
    unsafe fn listen_to_starts(&mut self, way: Way) {
        self.foreign.watch.way = way;
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
        self.heap.doubt_everything();
        if std::mem::replace(&mut self.foreign.watch.way, Way::Sites) != Way::Starts {
            // Starts were switched off. Failing means that the tool was taken away: nothing is recorded then.
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
                self.foreign.watch.give_up();
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
                Some(SiteAction::CallUnpacked(shape)) => {
                    self.pending(effect_of_running_call(live, &*code, &shape))
                }
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
        self.foreign.watch.n_site_events += 1;
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
        // SAFETY: the exception is alive.
        let Some(entry) = (unsafe { self.heap.find_believed(exception) }) else {
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
