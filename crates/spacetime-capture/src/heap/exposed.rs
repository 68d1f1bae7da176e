//! Objects that C code may change out of sight: a C method that changes them is a value somewhere
//! (`append = xs.append`, `map(xs.append, ys)`), and C code calls values without an event.

use super::{Entry, EntryIndex, EntryState, Heap};
use crate::effects;
use crate::layout;
use pyo3_ffi::*;
use rustc_hash::{FxHashMap, FxHashSet};
use std::ffi::{c_int, c_void};

/// More addresses than this are not told apart: everything counts as exposed.
const MAX_ADDRESSES: usize = 1 << 20;

/// The exposed objects. What is known of an address outlives the object: another one that comes to
/// lie there is taken for exposed too, which costs time only.
#[derive(Default)]
pub(super) struct Exposed {
    addresses: FxHashSet<usize>,
    entries: Vec<ExposedEntry>,
    /// Those of which only waiting calls know, by slots or by methods in slots: they are looked at when
    /// those calls go on. Apart, as a recursion has many.
    asleep: FxHashMap<EntryIndex, ExposedEntry>,
    /// C methods, with their numbers, that are bound to what is exposed; and by the address of that.
    methods: FxHashMap<EntryIndex, u32>,
    methods_of: FxHashMap<usize, Vec<EntryIndex>>,
    /// Searches for what is visible since the dead were taken out of these.
    n_searches: usize,
    everything: bool,
    /// What was doubted because of them since methods were counted last.
    cost: u64,
    /// The call for which `visible` holds, 0 for none.
    seen_by: u64,
    /// Those of `entries` that this call may see: held by its own slots or by other objects.
    visible: Vec<ExposedEntry>,
}

/// An entry whose object is exposed.
#[derive(Clone, Copy)]
struct ExposedEntry {
    index: EntryIndex,
    /// The number of the object.
    id: u32,
    /// The address of what is exposed: the object's or its dict's.
    address: usize,
    /// It is so for good, whatever methods there are.
    is_volatile: bool,
}

/// What exposed objects may cost before all methods are counted anew; in units of
/// [`Heap::n_doubted`].
const PATIENCE: u64 = 100_000;

impl Exposed {
    /// Notes that an entry was made. Its object is alive.
    #[inline]
    pub(super) fn announced(&mut self, index: EntryIndex, entry: &mut Entry) {
        if self.addresses.is_empty() || !self.addresses.contains(&(entry.object as usize)) {
            return;
        }
        // SAFETY: the object is alive.
        match unsafe { Py_REFCNT(entry.object) } {
            // Nothing but what was just read refers to it: no method does.
            1 => drop(self.addresses.remove(&(entry.object as usize))),
            _ => self.add(index, entry, entry.object as usize),
        }
    }

    fn add(&mut self, index: EntryIndex, entry: &mut Entry, address: usize) {
        self.add_entry(index, entry, address, false);
    }

    fn add_entry(
        &mut self,
        index: EntryIndex,
        entry: &mut Entry,
        address: usize,
        is_volatile: bool,
    ) {
        let id = entry.id;
        entry.is_exposed = true;
        let is_it = |known: &ExposedEntry| {
            known.index == index && known.id == id && known.is_volatile == is_volatile
        };
        self.wake(index);
        if !self.entries.iter().rev().any(is_it) {
            self.entries.push(ExposedEntry {
                index,
                id,
                address,
                is_volatile,
            });
            self.seen_by = 0;
        }
    }

    /// The entry of a function is filled, which is alive.
    pub(super) fn function_filled(&mut self, index: EntryIndex, entry: &mut Entry) {
        // SAFETY: the object is alive.
        let receiver = unsafe { effects::receiver_of_method(entry.object) };
        if let Some(receiver) = receiver.filter(|address| self.addresses.contains(address)) {
            entry.is_exposed = true;
            self.methods.insert(index, entry.id);
            let methods = self.methods_of.entry(receiver).or_default();
            if !methods.contains(&index) {
                methods.push(index);
            }
            self.seen_by = 0;
        }
    }

    /// The mirror is empty; the addresses stay as they are.
    pub(super) fn forget_entries(&mut self) {
        self.entries.clear();
        self.asleep.clear();
        self.methods.clear();
        self.methods_of.clear();
        self.forget_visible();
    }

    fn forget_visible(&mut self) {
        self.seen_by = 0;
    }

    fn wake(&mut self, index: EntryIndex) {
        self.entries.extend(self.asleep.remove(&index));
    }
}

impl Heap {
    /// A C method that changes the object is a value from now on.
    ///
    /// # Safety
    /// `object` must be alive, with the GIL held.
    pub unsafe fn expose(&mut self, object: *mut PyObject) {
        // SAFETY: reads the type.
        let is_view = unsafe { Py_TYPE(object) } == &raw mut PyMemoryView_Type;
        if is_view || self.exposed.addresses.len() >= MAX_ADDRESSES {
            self.expose_everything();
        }
        self.exposed.addresses.insert(object as usize);
        if let Some(index) = self.find(object) {
            self.exposed
                .add(index, &mut self.entries[index as usize], object as usize);
        }
        if let Some((index, _)) = self.owner_of_dict(object) {
            self.exposed
                .add(index, &mut self.entries[index as usize], object as usize);
        }
    }

    /// An object was met that C code may change at any time: it is compared after each line.
    pub(super) fn note_volatile(&mut self, index: EntryIndex) {
        let entry = &mut self.entries[index as usize];
        let address = entry.object as usize;
        self.exposed.add_entry(index, entry, address, true);
    }

    /// A tracked instance keeps its attributes in a dict.
    pub(super) fn note_instance_dict(&mut self, dict: *mut PyObject, owner: *mut PyObject) {
        let Some(index) = self.find(owner) else {
            return;
        };
        let id = self.id_of(index);
        let before = self.instance_dicts.insert(dict as usize, (index, id));
        // Where two instances share a dict, a change of one is a change of the other.
        let is_shared =
            before.is_some_and(|(other, id)| other != index && self.is_known(other, id));
        // SAFETY: the dict is alive in its owner, whose own values are not inline.
        if is_shared || unsafe { layout::dict_shows_inline_values(dict) } {
            self.expose_everything();
        }
        // A dict that is a value as well, and was split when it was first met, is not watched.
        if let Some(entry) = self.find(dict) {
            self.touch(entry);
        }
        if self.exposed.addresses.contains(&(dict as usize)) {
            self.exposed
                .add(index, &mut self.entries[index as usize], dict as usize);
        }
    }

    /// A C function that changes whatever it is called with was handed to C code.
    pub fn expose_everything(&mut self) {
        self.exposed.everything = true;
        self.exposed.addresses.clear();
    }

    /// Whether an object that is tracked may change out of sight.
    #[inline(always)]
    pub fn has_exposed(&self) -> bool {
        let exposed = &self.exposed;
        exposed.everything || !(exposed.entries.is_empty() && exposed.asleep.is_empty())
    }

    /// Notes what was doubted because of exposed objects. Once that is much, it finds out which methods
    /// exist, as most of what is known may be about objects that are gone.
    ///
    /// # Safety
    /// The GIL must be held.
    pub unsafe fn note_cost_of_exposed(&mut self, cost: u64) {
        self.exposed.cost += cost;
        if self.exposed.everything || self.exposed.cost < PATIENCE {
            return;
        }
        self.exposed.cost = 0;
        // SAFETY: passed on.
        let addresses = unsafe { receivers_of_methods() };
        let is_exposed =
            |exposed: &ExposedEntry| exposed.is_volatile || addresses.contains(&exposed.address);
        self.exposed.entries.retain(is_exposed);
        self.exposed.asleep.retain(|_, entry| is_exposed(entry));
        self.exposed.addresses = addresses;
        self.exposed.forget_visible();
    }

    /// An exposed object, or a method of one, gained a reference.
    #[cold]
    pub(super) fn exposed_gained(&mut self, index: EntryIndex) {
        if std::mem::take(&mut self.entries[index as usize].is_read_ahead) {
            self.note_volatile(index);
        }
        self.exposed.forget_visible();
        self.exposed.wake(index);
        if self.exposed.methods.contains_key(&index) {
            for receiver in self.entries[index as usize].edges() {
                self.exposed.wake(receiver);
            }
        }
    }

    /// Compares the exposed objects that a call may see, at the next [`Heap::settle`]. `held` are the entries
    /// of objects to which the call's frame itself refers, which proves them to be alive; where that is not
    /// proved everything is doubted.
    ///
    /// # Safety
    /// `held` must be right. `call` is the number of the running call, counted from 1.
    #[cold]
    pub unsafe fn look_at_exposed(
        &mut self,
        call: u64,
        held: impl Iterator<Item = EntryIndex> + Clone,
    ) {
        if self.exposed.everything {
            self.doubt_everything();
            return;
        }
        if self.exposed.seen_by != call {
            self.find_visible(call, held.clone());
        }
        let visible = std::mem::take(&mut self.exposed.visible);
        for exposed in &visible {
            let Some(entry) = self.entries.get(exposed.index as usize) else {
                continue;
            };
            let is_due = entry.id == exposed.id
                && entry.state == EntryState::Live
                && (!entry.watched || entry.dirty);
            match held.clone().any(|entry| entry == exposed.index) {
                true if is_due => self.touch_alone(exposed.index),
                // Nobody took its holders along out of sight.
                false
                    if is_due
                        && exposed.is_volatile
                        && self.is_proved(exposed.index, exposed.id) =>
                {
                    self.touch_late(exposed.index);
                }
                false if is_due => self.doubt_everything(),
                _ => {}
            }
        }
        self.exposed.visible = visible;
    }

    fn find_visible(&mut self, call: u64, held: impl Iterator<Item = EntryIndex> + Clone) {
        let mut exposed = std::mem::take(&mut self.exposed);
        exposed.n_searches += 1;
        if exposed.n_searches >= exposed.asleep.len() + exposed.methods.len() {
            exposed.n_searches = 0;
            self.forget_the_dead(&mut exposed);
        }
        exposed.visible.clear();
        for index in held.clone() {
            exposed.visible.extend(exposed.asleep.get(&index));
            if exposed.methods.contains_key(&index) {
                let receivers = self.entries[index as usize].edges();
                let receivers = receivers.filter_map(|receiver| exposed.asleep.get(&receiver));
                exposed.visible.extend(receivers);
            }
        }
        let is_held = |index| held.clone().any(|entry| entry == index);
        exposed.entries.retain(|known| {
            if !self.is_known(known.index, known.id) {
                return false;
            }
            let entry = &self.entries[known.index as usize];
            let methods = exposed.methods_of.get(&known.address).into_iter().flatten();
            let by_waiting_methods = methods
                .map(|&method| (method, &self.entries[method as usize]))
                .filter(|&(method, entry)| {
                    exposed.methods.get(&method) == Some(&entry.id)
                        && entry.edges == entry.slot_edges
                        && !is_held(method)
                })
                .flat_map(|(_, entry)| entry.edges())
                .filter(|&receiver| receiver == known.index);
            let is_visible = is_held(known.index)
                || entry.edges - entry.slot_edges != by_waiting_methods.count() as u32;
            if is_visible {
                exposed.visible.push(*known);
            } else if !known.is_volatile {
                exposed.asleep.insert(known.index, *known);
                return false;
            }
            true
        });
        exposed.seen_by = call;
        self.exposed = exposed;
    }

    fn forget_the_dead(&self, exposed: &mut Exposed) {
        let Exposed {
            asleep,
            methods,
            methods_of,
            ..
        } = exposed;
        asleep.retain(|&index, entry| self.is_known(index, entry.id));
        methods.retain(|&index, &mut id| self.is_known(index, id));
        methods_of.retain(|_, of| {
            of.retain(|index| methods.contains_key(index));
            !of.is_empty()
        });
    }
}

unsafe extern "C" {
    /// Calls back for every object that the garbage collector knows, until that answers 0.
    fn PyUnstable_GC_VisitObjects(
        visit: unsafe extern "C" fn(*mut PyObject, *mut c_void) -> c_int,
        argument: *mut c_void,
    );
}

/// The addresses of all objects to which a C method that changes them is bound now. Methods are known to
/// the garbage collector.
unsafe fn receivers_of_methods() -> FxHashSet<usize> {
    unsafe extern "C" fn visit(object: *mut PyObject, receivers: *mut c_void) -> c_int {
        // SAFETY: the object is alive; the argument is the set below.
        unsafe {
            let receivers = &mut *receivers.cast::<FxHashSet<usize>>();
            receivers.extend(effects::receiver_of_method(object));
        }
        1
    }
    let mut receivers = FxHashSet::default();
    // SAFETY: the GIL is held; the visitor makes no Python objects.
    unsafe { PyUnstable_GC_VisitObjects(visit, (&raw mut receivers).cast()) };
    receivers
}
