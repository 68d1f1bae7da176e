//! Objects that C code may change out of sight: a C method that changes them is a value somewhere
//! (`append = xs.append`, `map(xs.append, ys)`), and C code calls values without an event.

use super::{Entry, EntryIndex, EntryState, Heap};
use crate::layout;
use pyo3_ffi::*;
use rustc_hash::FxHashSet;

/// More addresses than this are not told apart: everything counts as exposed.
const MAX_ADDRESSES: usize = 1 << 20;

/// The exposed objects. What is known of an address outlives the object: another one that comes to
/// lie there is taken for exposed too, which costs time only.
#[derive(Default)]
pub(super) struct Exposed {
    addresses: FxHashSet<usize>,
    entries: Vec<ExposedEntry>,
    everything: bool,
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
    /// It is the dict of its attributes that is exposed.
    through_dict: bool,
    /// What was doubted because of it since it was last asked for.
    cost: u64,
}

/// What an exposed object may cost before the garbage collector is asked whether a method refers to it;
/// in units of [`Heap::n_doubted`].
const PATIENCE: u64 = 50_000;

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
            _ => self.add(index, entry, false),
        }
    }

    fn add(&mut self, index: EntryIndex, entry: &mut Entry, through_dict: bool) {
        let id = entry.id;
        entry.is_exposed = true;
        let is_it = |known: &ExposedEntry| known.index == index && known.id == id;
        if !self.entries.iter().rev().any(is_it) {
            let cost = 0;
            self.entries.push(ExposedEntry {
                index,
                id,
                through_dict,
                cost,
            });
            self.seen_by = 0;
        }
    }

    /// The mirror is empty; the addresses stay as they are.
    pub(super) fn forget_entries(&mut self) {
        self.entries.clear();
        self.forget_visible();
    }

    /// An exposed object gained a reference.
    pub(super) fn forget_visible(&mut self) {
        self.seen_by = 0;
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
                .add(index, &mut self.entries[index as usize], false);
        }
        if let Some((index, _)) = self.owner_of_dict(object) {
            self.exposed
                .add(index, &mut self.entries[index as usize], true);
        }
    }

    /// A tracked instance keeps its attributes in a dict.
    pub(super) fn note_instance_dict(&mut self, dict: *mut PyObject, owner: *mut PyObject) {
        let Some(index) = self.find(owner) else {
            return;
        };
        let id = self.id_of(index);
        self.instance_dicts.insert(dict as usize, (index, id));
        if self.exposed.addresses.contains(&(dict as usize)) {
            self.exposed
                .add(index, &mut self.entries[index as usize], true);
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
        self.exposed.everything || !self.exposed.entries.is_empty()
    }

    /// After a [`Heap::settle`] in which everything was compared because of exposed objects: takes those
    /// that cost much and are known to be no longer exposed off the list.
    ///
    /// # Safety
    /// The GIL must be held, and the event in which the epoch was raised last must not be over.
    #[cold]
    pub unsafe fn review_exposed(&mut self, cost: u64) {
        self.exposed.forget_visible();
        let mut entries = std::mem::take(&mut self.exposed.entries);
        entries.retain_mut(|exposed| {
            let entry = &self.entries[exposed.index as usize];
            if !self.is_live(exposed.index, exposed.id) || entry.epoch != self.epoch {
                return true;
            }
            exposed.cost += cost;
            if exposed.through_dict || exposed.cost < PATIENCE {
                return true;
            }
            exposed.cost = 0;
            // SAFETY: the object was reached in this event.
            let is_exposed = unsafe { a_method_refers_to(entry.object) };
            if !is_exposed {
                self.exposed.addresses.remove(&(entry.object as usize));
            }
            is_exposed
        });
        self.exposed.entries = entries;
    }

    /// Compares the exposed objects that a call may see, at the next [`Heap::settle`]. `is_held` says of an
    /// entry that the call's frame itself refers to its object, which proves it to be alive; where that
    /// is not proved everything is doubted.
    ///
    /// # Safety
    /// `is_held` must be right. `call` is the number of the running call, counted from 1.
    #[cold]
    pub unsafe fn look_at_exposed(&mut self, call: u64, is_held: impl Fn(EntryIndex) -> bool) {
        if self.exposed.everything {
            self.doubt_everything();
            return;
        }
        if self.exposed.seen_by != call {
            self.find_visible(call, &is_held);
        }
        let visible = std::mem::take(&mut self.exposed.visible);
        for exposed in &visible {
            let Some(entry) = self.entries.get(exposed.index as usize) else {
                continue;
            };
            let is_due = entry.id == exposed.id
                && entry.state == EntryState::Live
                && (!entry.watched || entry.dirty);
            match is_held(exposed.index) {
                true if is_due => self.touch(exposed.index),
                false if is_due => self.doubt_everything(),
                _ => {}
            }
        }
        self.exposed.visible = visible;
    }

    fn find_visible(&mut self, call: u64, is_held: impl Fn(EntryIndex) -> bool) {
        let mut entries = std::mem::take(&mut self.exposed.entries);
        entries.retain(|exposed| self.is_known(exposed.index, exposed.id));
        let is_visible = |exposed: &&ExposedEntry| {
            let entry = &self.entries[exposed.index as usize];
            // What only slots of waiting calls refer to is looked at when those go on.
            entry.edges != entry.slot_edges || is_held(exposed.index)
        };
        self.exposed.visible = entries.iter().filter(is_visible).copied().collect();
        self.exposed.seen_by = call;
        self.exposed.entries = entries;
    }
}

/// Asks the garbage collector whether a C method bound to the object exists.
unsafe fn a_method_refers_to(object: *mut PyObject) -> bool {
    // SAFETY: plain use of the API; `get_referrers` reads objects and runs no code of theirs.
    unsafe {
        let error = PyErr_GetRaisedException();
        let [module, name] =
            [c"gc", c"get_referrers"].map(|text| PyUnicode_FromString(text.as_ptr()));
        let module = PyImport_GetModule(module);
        let referrers = match module.is_null() || name.is_null() {
            true => std::ptr::null_mut(),
            false => PyObject_CallMethodOneArg(module, name, object),
        };
        Py_XDECREF(module);
        Py_XDECREF(name);
        let found = if referrers.is_null() || PyList_Check(referrers) == 0 {
            true
        } else {
            let referrers = layout::list_items(referrers).iter();
            referrers
                .copied()
                .any(|referrer| may_be_method(referrer, object))
        };
        Py_XDECREF(referrers);
        PyErr_Clear();
        PyErr_SetRaisedException(error);
        found
    }
}

/// Whether an object that refers to another may be a C method of it: a bound function or a wrapper.
unsafe fn may_be_method(referrer: *mut PyObject, object: *mut PyObject) -> bool {
    // SAFETY: reads types.
    unsafe {
        match PyCFunction_Check(referrer) {
            0 => (*Py_TYPE(referrer)).tp_call.is_some() && PyType_Check(referrer) == 0,
            _ => (*referrer.cast::<PyCFunctionObject>()).m_self == object,
        }
    }
}
