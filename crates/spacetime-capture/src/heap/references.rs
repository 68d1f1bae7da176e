//! References gained and lost, and what they prove.
//!
//! An entry is found by the address of its object, and an address is used again after an object's
//! death. That an object still is the one the entry is about is proved by whoever holds a reference
//! to it without a break. A shadow's reference alone proves nothing: its own object may be dead (a
//! cycle that the garbage collector took) or may have changed unseen (an older epoch). So an entry
//! counts the references that do: those of watched namespaces, whose changes are told at once
//! (`firm`), and those of holders that were compared in the current epoch and are themselves proved
//! to be alive (`vouched`). An entry without either is compared whenever it is met.

use super::types::Types;
use super::{AttributeLayout, Entry, EntryIndex, EntryState, Facet, Heap};
use crate::limits;
use pyo3_ffi::*;
use rustc_hash::FxHashMap;
use spacetime_store::stream::Kind;

/// Whose references are gained and lost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Holder {
    /// It may have dropped them unseen.
    Doubtful,
    /// An object or a frame that was compared in this epoch.
    Compared,
    /// A watched namespace.
    Watched,
}

impl Entry {
    /// It is proved that the object is the one the entry is about.
    #[inline(always)]
    fn is_proved(&self) -> bool {
        self.firm + self.vouched != 0
    }

    /// At most one holder proves the object to be alive.
    pub(super) fn has_one_proof(&self) -> bool {
        self.edges == 1 || self.firm + self.vouched <= 1
    }

    #[inline(always)]
    fn enter_epoch(&mut self, epoch: u32) {
        if self.epoch != epoch {
            (self.epoch, self.vouched, self.vouches) = (epoch, 0, false);
        }
    }

    #[inline(always)]
    fn gain_proof(&mut self, holder: Holder) {
        match holder {
            Holder::Compared => self.vouched += 1,
            Holder::Watched => self.firm += 1,
            Holder::Doubtful => {}
        }
    }

    #[inline(always)]
    fn lose_proof(&mut self, holder: Holder, epoch: u32) {
        match holder {
            Holder::Compared if self.epoch == epoch => {
                self.vouched = self.vouched.saturating_sub(1);
            }
            Holder::Watched => self.firm -= 1,
            Holder::Compared | Holder::Doubtful => {}
        }
    }
}

impl Heap {
    /// Counts one more reference to a live object, giving it an entry if it has none. `None` when
    /// too many objects were adopted in this event.
    ///
    /// # Safety
    /// `object` must be a live object that is not a leaf, with the GIL held.
    pub unsafe fn adopt(&mut self, object: *mut PyObject) -> Option<EntryIndex> {
        self.n_adoptions += 1;
        if let Some(index) = self.find(object) {
            let (event, holder) = (self.event, self.holder);
            let entry = &mut self.entries[index as usize];
            entry.enter_epoch(self.epoch);
            let is_proved = entry.is_proved() || entry.moved == event;
            entry.edges += 1;
            entry.gained = event;
            entry.gain_proof(holder);
            let is_exposed = entry.is_exposed;
            if entry.lost == event || entry.edges == 1 && entry.moved != event {
                self.doubts.push(index);
            } else if !is_proved {
                match entry.is_constant || entry.is_immutable {
                    true => self.doubts.push(index),
                    false => self.queue(index),
                }
            }
            if is_exposed {
                self.exposed_gained(index);
            }
            return Some(index);
        }
        if self.n_adopted >= limits::objects_at_once()
            || self.entries.len() - self.free.len() >= limits::objects()
        {
            return None;
        }
        self.n_adopted += 1;
        // SAFETY: `object` is alive.
        Some(unsafe { self.announce(object) })
    }

    /// Makes an entry with one reference and queues it to be filled.
    unsafe fn announce(&mut self, object: *mut PyObject) -> EntryIndex {
        // SAFETY: `object` is alive.
        let type_ = unsafe { Py_TYPE(object) };
        let mut entry = Entry {
            object,
            type_,
            id: self.next_id,
            edges: 1,
            slot_edges: 0,
            epoch: self.epoch,
            lost: 0,
            moved: 0,
            gained: self.event,
            doubted: 0,
            queued: self.event,
            firm: 0,
            vouched: 0,
            vouches: false,
            type_index: 0,
            kind: Kind::Opaque,
            state: EntryState::New,
            attribute_layout: AttributeLayout::Values,
            is_constant: false,
            is_immutable: false,
            still: 0,
            looked_at: 0,
            has_dict: false,
            cut_from: 0,
            code: std::ptr::null(),
            is_exposed: false,
            is_read_ahead: false,
            has_value: false,
            watched: false,
            dirty: false,
            content: Facet::default(),
            attributes: Facet::default(),
            text: None,
            dict: None,
            adapted: None,
            reached: 0,
        };
        entry.gain_proof(self.holder);
        self.next_id += 1;
        self.n_live += 1;
        let index = self.free.pop();
        let index = index.unwrap_or(self.entries.len() as EntryIndex);
        self.exposed.announced(index, &mut entry);
        match self.entries.get_mut(index as usize) {
            Some(place) => *place = entry,
            None => self.entries.push(entry),
        }
        self.by_address.insert(object as usize, index);
        self.work.push(index);
        index
    }

    /// Queues an entry to be compared: once in an event, or again if its references count now.
    #[inline]
    fn queue(&mut self, index: EntryIndex) {
        let entry = &mut self.entries[index as usize];
        if entry.queued != self.event || entry.is_proved() {
            entry.queued = self.event;
            self.work.push(index);
        }
    }

    /// Makes sure that the entry, to which the holder refers, equals its object by the next
    /// [`Heap::settle`]. The object must be alive: the caller has just read a reference to it.
    #[inline]
    pub fn ensure(&mut self, index: EntryIndex) {
        let holder = self.holder;
        let entry = &mut self.entries[index as usize];
        entry.enter_epoch(self.epoch);
        let is_ensured = entry.vouched != 0 || entry.vouches;
        if holder == Holder::Compared {
            entry.vouched += 1;
        }
        if is_ensured {
            return;
        }
        // SAFETY: the caller has just read a reference to the object.
        match unsafe { entry.is_small_and_equal(&self.types) } {
            true => {
                entry.vouches = entry.is_proved();
                self.n_doubted += 1;
            }
            // SAFETY: as above.
            false => unsafe { self.look_at(index) },
        }
    }

    /// A namespace proves an object, but not its contents: those of an old epoch are compared.
    ///
    /// # Safety
    /// The entry's object must be alive.
    #[inline(never)]
    unsafe fn look_at(&mut self, index: EntryIndex) {
        // SAFETY: passed on.
        unsafe {
            if self.is_still(index) && self.is_as_known(index) {
                return;
            }
            let is_equal = self.is_flat_and_equal(index);
            let entry = &mut self.entries[index as usize];
            self.n_doubted += 1 + entry.content.items.len() as u64 / 32;
            match is_equal {
                // It refers to nothing that it could vouch for.
                true => entry.vouches = entry.is_proved(),
                false => self.queue(index),
            }
        }
    }

    /// Compares the entry with its object at the next [`Heap::settle`], whatever its epoch; with a file those
    /// that it reads ahead of. The object must be alive.
    #[inline]
    pub fn touch(&mut self, index: EntryIndex) {
        self.touch_alone(index);
        self.touch_what_is_read_ahead(index);
    }

    /// The same without other files: it may have changed out of sight, which it says itself.
    #[inline]
    pub(super) fn touch_alone(&mut self, index: EntryIndex) {
        let entry = &mut self.entries[index as usize];
        // Of the entries of a watched dict is told, but not of the attributes that one may have besides.
        let is_told = |types: &Types| {
            entry.watched && !entry.dirty && !types.get(entry.type_index).has_attributes()
        };
        if entry.state == EntryState::Live && !is_told(&self.types) {
            entry.enter_epoch(self.epoch);
            entry.queued = self.event;
            self.work.push(index);
        }
    }

    /// Compares the files that one reads ahead of, or writes to later.
    #[inline]
    pub(super) fn touch_what_is_read_ahead(&mut self, index: EntryIndex) {
        let entry = &self.entries[index as usize];
        if entry.state == EntryState::Live
            && self.types.get(entry.type_index).reads_ahead
            // SAFETY: the object is alive.
            && let Some(below) = unsafe { self.read_ahead_by(index) }
        {
            self.touch(below);
        }
    }

    /// A file that reads ahead was filled: the one below it need not be looked at but with it.
    pub(super) unsafe fn note_what_is_read_ahead(&mut self, index: EntryIndex) {
        // SAFETY: passed on.
        if let Some(below) = unsafe { self.read_ahead_by(index) } {
            let entry = &mut self.entries[below as usize];
            entry.is_read_ahead = entry.state == EntryState::New && entry.edges == 1;
        }
    }

    /// The entry of the file that one reads ahead of.
    ///
    /// # Safety
    /// The entry's object must be alive.
    unsafe fn read_ahead_by(&self, index: EntryIndex) -> Option<EntryIndex> {
        let entry = &self.entries[index as usize];
        let (object, info) = (entry.object, self.types.get(entry.type_index));
        // SAFETY: the fields are those of the object's type.
        let below = unsafe {
            let fits = Py_TYPE(object) == entry.type_ && !info.is_gone();
            let field = info.fields.first().filter(|_| fits)?;
            field.read_in_place(object).filter(|part| !part.is_null())?
        };
        self.find(below).filter(|&below| below != index)
    }

    /// The same for an object that was alive before an instruction, which may have let go of it: it is
    /// compared once its holders are, if one of them still proves it.
    #[inline]
    pub fn touch_late(&mut self, index: EntryIndex) {
        self.touched_late.push((index, self.id_of(index)));
    }

    /// What the entry's own references prove.
    #[inline]
    pub(super) fn holder_of(&self, index: EntryIndex) -> Holder {
        let entry = &self.entries[index as usize];
        match entry.vouches && entry.epoch == self.epoch {
            true => Holder::Compared,
            false => Holder::Doubtful,
        }
    }

    /// An entry is about to be compared: says what its references prove so far.
    #[inline]
    pub(super) fn enter_epoch(&mut self, index: EntryIndex) {
        self.entries[index as usize].enter_epoch(self.epoch);
        self.holder = self.holder_of(index);
    }

    /// Whether an entry refers to a dead dict: another object lies there now, since its own was compared.
    #[inline]
    pub(super) fn refers_to_the_dead(&self, index: EntryIndex) -> bool {
        self.n_dead != 0
            && self.entries[index as usize]
                .edges()
                .any(|edge| self.entries[edge as usize].state == EntryState::Dead)
    }

    /// An entry was compared: makes sure of what it refers to, and vouches for it if the entry itself
    /// is proved.
    pub(super) fn vouch(&mut self, index: EntryIndex) {
        let entry = &mut self.entries[index as usize];
        if entry.vouches {
            return;
        }
        entry.vouches = entry.is_proved();
        self.holder = self.holder_of(index);
        let entry = &mut self.entries[index as usize];
        if entry.content.links.is_empty()
            && entry.attributes.links.is_empty()
            && entry.dict.is_none()
        {
            return;
        }
        let content = std::mem::take(&mut entry.content);
        let attributes = std::mem::take(&mut entry.attributes);
        let dict = entry.dict.take();
        content.edges().for_each(|edge| self.ensure(edge));
        attributes.edges().for_each(|edge| self.ensure(edge));
        dict.iter()
            .flat_map(|dict| dict.edges())
            .for_each(|edge| self.ensure(edge));
        let entry = &mut self.entries[index as usize];
        (entry.content, entry.attributes, entry.dict) = (content, attributes, dict);
        self.find_still(index);
    }

    /// An entry is about to be filled: its references count from the first if it is proved.
    pub(super) fn vouch_from_now(&mut self, index: EntryIndex) {
        let entry = &mut self.entries[index as usize];
        entry.enter_epoch(self.epoch);
        entry.vouches = entry.is_proved();
        self.holder = self.holder_of(index);
    }

    /// Nothing proves any more that the entry's object is alive: it proves nothing itself.
    #[cold]
    pub(super) fn stop_vouching(&mut self, index: EntryIndex) {
        let mut stack = vec![index];
        while let Some(index) = stack.pop() {
            let entry = &mut self.entries[index as usize];
            if entry.epoch != self.epoch || !std::mem::take(&mut entry.vouches) {
                continue;
            }
            let edges: Vec<EntryIndex> = entry.edges().collect();
            for edge in edges {
                let entry = &mut self.entries[edge as usize];
                entry.lose_proof(Holder::Compared, self.epoch);
                if !entry.is_proved() {
                    stack.push(edge);
                }
            }
        }
    }

    /// The entry of a live object, if it is proved to be about that object.
    #[inline]
    pub fn find_proved(&self, object: *mut PyObject) -> Option<EntryIndex> {
        let index = self.find(object)?;
        let is_proved = self.is_proved(index, self.id_of(index));
        is_proved.then_some(index)
    }

    /// The entry of an object whose shadow is believed as it is: one of an older epoch is compared before
    /// that anyhow, and one whose type the object cannot have had is about an object that is gone.
    ///
    /// # Safety
    /// `object` must be alive, with the GIL held.
    pub unsafe fn find_believed(&self, object: *mut PyObject) -> Option<EntryIndex> {
        let index = self.find(object)?;
        let entry = &self.entries[index as usize];
        // SAFETY: the caller's promise.
        let type_ = unsafe { Py_TYPE(object) };
        // `__class__` can be set only between types that can change, and such an entry keeps nothing alive.
        let may_be_it = entry.type_ == type_
            || unsafe { PyType_HasFeature(type_, Py_TPFLAGS_IMMUTABLETYPE) } == 0;
        (may_be_it && entry.epoch == self.epoch).then_some(index)
    }

    /// Whether the entry still is the object of this number, proved to be alive.
    #[inline]
    pub fn is_proved(&self, index: EntryIndex, id: u32) -> bool {
        self.entries.get(index as usize).is_some_and(|entry| {
            entry.id == id
                && entry.state == EntryState::Live
                && (entry.firm != 0 || entry.vouched != 0 && entry.epoch == self.epoch)
        })
    }

    /// The same once entries to which nothing refers any more, and that are about to go, prove nothing.
    pub(super) fn is_proved_by_what_stays(&self, index: EntryIndex, id: u32) -> bool {
        let mut lost: FxHashMap<EntryIndex, u32> = FxHashMap::default();
        let is_gone = |&index: &EntryIndex| self.entries[index as usize].edges == 0;
        let unreferenced = self.unreferenced.iter().copied();
        let mut stack: Vec<EntryIndex> = unreferenced.filter(is_gone).collect();
        stack.sort_unstable();
        stack.dedup();
        while let Some(gone) = stack.pop() {
            let entry = &self.entries[gone as usize];
            if entry.epoch != self.epoch || !entry.vouches {
                continue;
            }
            for edge in entry.edges() {
                let n_lost = lost.entry(edge).or_default();
                *n_lost += 1;
                let entry = &self.entries[edge as usize];
                if entry.firm == 0 && entry.vouched == *n_lost {
                    stack.push(edge);
                }
            }
        }
        let n_lost = lost.get(&index).copied().unwrap_or(0);
        let entry = &self.entries[index as usize];
        self.is_proved(index, id) && (entry.firm != 0 || entry.vouched > n_lost)
    }

    /// Notes that a slot of a frame refers to the entry, or no longer does. Gives how many do.
    #[inline(always)]
    pub fn count_slot(&mut self, index: EntryIndex, is_gained: bool) -> u32 {
        let slot_edges = &mut self.entries[index as usize].slot_edges;
        *slot_edges = match is_gained {
            true => *slot_edges + 1,
            false => *slot_edges - 1,
        };
        *slot_edges
    }

    /// Drops one reference.
    #[inline]
    pub fn release(&mut self, index: EntryIndex) {
        let event = self.event;
        let entry = &mut self.entries[index as usize];
        entry.lost = event;
        let is_regained = entry.gained == event;
        if self.drop_reference(index) && is_regained {
            self.doubts.push(index);
        }
    }

    /// Drops one reference that kept the object alive until this event: if another was found in the
    /// event, it is to the same object.
    #[inline]
    pub fn release_moved(&mut self, index: EntryIndex) {
        self.entries[index as usize].moved = self.event;
        self.drop_reference(index);
    }

    /// Says whether others are left.
    #[inline(always)]
    fn drop_reference(&mut self, index: EntryIndex) -> bool {
        let (holder, epoch) = (self.holder, self.epoch);
        let entry = &mut self.entries[index as usize];
        entry.edges -= 1;
        entry.lose_proof(holder, epoch);
        if entry.edges == 0 {
            self.unreferenced.push(index);
            return false;
        }
        if entry.vouches && !entry.is_proved() {
            self.stop_vouching(index);
        }
        true
    }
}
