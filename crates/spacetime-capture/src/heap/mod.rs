//! A mirror of the part of the program's heap that recorded calls can reach.
//!
//! Every object reachable from a recorded frame or global has an [`Entry`]: its number in the
//! stream and a shadow of its contents. Comparing the shadow with the object gives the delta.
//!
//! Rules that make this sound and cheap:
//!
//! * An entry counts the shadow references to it (`edges`). When the count falls to zero the object
//!   is out of reach and the entry goes, so that a new object at the same address is not taken for
//!   it. Cycles that die are found by the garbage collector only, which raises the epoch.
//! * An entry whose `epoch` is the heap's epoch was equal to its object in that epoch. Whatever may
//!   have changed objects unseen raises the heap's epoch; an entry of an older epoch is compared
//!   before it is believed ([`Heap::ensure`]).
//! * Functions and cells change in few ways, all of which are told: of an older epoch they are compared
//!   only if one of them may have changed (see [`still`]).
//! * A reference found to an object is believed to be to the entry of its address only if a holder
//!   vouches for the entry (see [`references`]): a shadow may refer to what is long gone.
//! * Objects are only read through references that were read from live objects or live frames in
//!   the same event. An entry alone is never a reason to touch its address.
//! * Strong references are held to leaves only ([`Class::Leaf`], [`Class::Text`]): they have no
//!   finaliser, and an address that is kept alive is not used again, so that comparing addresses
//!   of items is comparing values.
//! * An entry that lost one reference and gained another within one event may be a new object at an
//!   old address: it is compared at once ([`Heap::settle`]).
//!
//! Hot path: no lock, no Python code run, allocation in the arena of entries only.

mod adapted;
mod base_value;
mod buffers;
mod compare;
mod dicts;
mod exposed;
mod fields;
mod files;
mod fill;
mod known;
pub mod living;
mod memory_files;
mod named_tuples;
pub mod names;

mod references;
mod still;
mod traceback;
pub mod types;

pub use adapted::{Adapter, Captured, Due, Payload};
pub use dicts::{DictEvent, Namespace};
pub use references::Holder;

use crate::atoms::{self, Class};
use crate::layout;
use names::Names;
use pyo3_ffi::*;
use rustc_hash::{FxHashMap, FxHashSet};
use spacetime_store::ring::RingWriter;
use spacetime_store::stream::{self, Kind, Sink, fidelity, record, value};
use types::Types;

/// Index of an entry in the arena.
pub type EntryIndex = u32;

/// What a shadow item refers to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Link {
    /// Nothing that is tracked.
    None,
    /// A leaf, kept alive by the shadow.
    Leaf,
    /// An object with an entry; counted.
    Edge(EntryIndex),
    /// Text with an entry; counted and kept alive.
    Text(EntryIndex),
}

/// The shadow of one array of references.
#[derive(Default)]
pub(crate) struct Facet {
    items: Vec<*mut PyObject>,
    /// Parallel to `items`, or empty while all items are leaves or null.
    links: Vec<Link>,
}

impl Facet {
    fn link(&self, index: usize) -> Link {
        match self.links.get(index) {
            Some(&link) => link,
            None if self.items[index].is_null() => Link::None,
            None => Link::Leaf,
        }
    }

    /// Room for a link that is not a leaf.
    fn spell_links(&mut self) {
        if self.links.is_empty() {
            let links = self.items.iter();
            self.links = links
                .map(|i| if i.is_null() { Link::None } else { Link::Leaf })
                .collect();
        }
    }

    fn set(&mut self, index: usize, item: *mut PyObject, link: Link) {
        if link != Link::Leaf && !(link == Link::None && item.is_null()) {
            self.spell_links();
        }
        self.items[index] = item;
        if let Some(place) = self.links.get_mut(index) {
            *place = link;
        }
    }

    fn push(&mut self, item: *mut PyObject, link: Link) {
        if link != Link::Leaf && !(link == Link::None && item.is_null()) {
            self.spell_links();
        }
        if !self.links.is_empty() || !(link == Link::Leaf || item.is_null()) {
            self.links.push(link);
        }
        self.items.push(item);
    }

    /// Gives back the references to leaves; the facet is not used afterwards.
    unsafe fn drop_kept(&self) {
        for (at, &item) in self.items.iter().enumerate() {
            if matches!(self.link(at), Link::Leaf | Link::Text(_)) {
                // SAFETY: the shadow's own reference.
                unsafe { Py_DECREF(item) };
            }
        }
    }

    fn edges(&self) -> impl Iterator<Item = EntryIndex> + '_ {
        self.links.iter().filter_map(|link| match *link {
            Link::Edge(entry) | Link::Text(entry) => Some(entry),
            _ => None,
        })
    }
}

/// How the attributes of an instance are laid out in its shadow, after the slots.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AttributeLayout {
    /// Parallel to the type's shared keys.
    Values,
    /// Name, value, name, value of a dict.
    Pairs,
}

/// Text or bytes as written last.
pub(crate) struct Text {
    bytes: Vec<u8>,
    n_bytes: usize,
}

/// The shadow of one object.
pub(crate) struct Entry {
    object: *mut PyObject,
    type_: *mut PyTypeObject,
    id: u32,
    edges: u32,
    /// Those of its references that are slots of frames.
    slot_edges: u32,
    epoch: u32,
    /// Event in which it last lost a reference.
    lost: u32,
    /// Event in which it last lost a reference that had kept it alive until the event.
    moved: u32,
    /// Event in which it last gained a reference.
    gained: u32,
    /// Event in which it was last compared out of turn.
    doubted: u32,
    /// Event in which it was last queued to be compared.
    queued: u32,
    /// References by watched namespaces.
    firm: u32,
    /// In its epoch: references by holders that were compared in that epoch as well.
    vouched: u32,
    /// In its epoch: its references are counted so.
    vouches: bool,
    type_index: u32,
    kind: Kind,
    state: EntryState,
    attribute_layout: AttributeLayout,
    /// Nothing in it can change: text, functions, classes, modules, opaque objects.
    is_constant: bool,
    /// Nothing in it can change, nor in its parts, but another object like it may be made at its address.
    is_immutable: bool,
    /// It may be changed by C code out of sight.
    is_exposed: bool,
    /// A file that only one above it refers to, which reads ahead of it.
    is_read_ahead: bool,
    /// A raw file that had a value when it was read: see [`files::has_value`].
    has_value: bool,
    /// When it was last found to be still: see [`still`].
    still: u32,
    /// When it was last looked at for that.
    looked_at: u32,
    /// How many items or bytes there are if only some are kept, else 0.
    cut_from: usize,
    /// What tells a function from another one at its address: its code, or its entry in a table of C.
    code: *const (),
    /// A function that has a dict.
    has_dict: bool,
    /// A dict whose changes are pushed by the dict watcher.
    watched: bool,
    /// A watched dict whose shadow is not complete: it is compared like others.
    dirty: bool,
    content: Facet,
    attributes: Facet,
    text: Option<Box<Text>>,
    dict: Option<Box<dicts::DictShadow>>,
    /// Of an adapted object: what its adapter gave.
    adapted: Option<Box<adapted::AdaptedShadow>>,
    /// The search for adapted objects that came to it last.
    reached: u32,
}

impl Entry {
    /// The entries it refers to.
    fn edges(&self) -> impl Iterator<Item = EntryIndex> + '_ {
        let dict = self.dict.iter().flat_map(|dict| dict.edges());
        self.content
            .edges()
            .chain(self.attributes.edges())
            .chain(dict)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum EntryState {
    /// A free place in the arena.
    Free,
    /// Announced, contents not yet read.
    New,
    /// Contents read.
    Live,
    /// A dict that has been deallocated; its number goes when the last reference is dropped.
    Dead,
}

/// The mirror. One for each recorder, used under the GIL only.
pub struct Heap {
    /// The stream.
    pub sink: RingWriter,
    entries: Vec<Entry>,
    free: Vec<EntryIndex>,
    by_address: FxHashMap<usize, EntryIndex>,
    types: Types,
    names: Names,
    namespaces: Vec<Namespace>,
    namespace_by_dict: FxHashMap<usize, u32>,
    /// Dicts that tracked instances keep their attributes in, past and present, with those instances.
    instance_dicts: FxHashMap<usize, (EntryIndex, u32)>,
    /// Global names whose calls are no longer looked at, by the address of the interned str.
    trusted_callees: FxHashSet<usize>,
    /// One of them was bound to something that may change objects.
    pub has_untrusted_callee: bool,
    exposed: exposed::Exposed,
    /// Entries and items compared only because objects may have changed unseen.
    n_doubted: u64,
    next_id: u32,
    epoch: u32,
    /// Grows whenever a cell or a function may have changed.
    stillness: u32,
    /// Code that binds variables in cells may run without being listened to.
    cells_may_change: bool,
    event: u32,
    /// Who gains and loses references now.
    pub holder: Holder,
    /// Entries to fill or compare.
    work: Vec<EntryIndex>,
    /// Entries to compare after those, with their numbers: they may be found to be gone until then.
    touched_late: Vec<(EntryIndex, u32)>,
    /// Those of them that seemed to be gone.
    let_go: Vec<(EntryIndex, u32)>,
    /// Entries that may be a new object at an old address.
    doubts: Vec<EntryIndex>,
    /// What readers of fields gave: held while an object is filled or compared.
    fresh: Vec<*mut PyObject>,
    /// Those that may have entries: held until all that is due is compared.
    held: Vec<*mut PyObject>,
    /// Entries whose count fell to zero in this event.
    unreferenced: Vec<EntryIndex>,
    dirty_dicts: Vec<EntryIndex>,
    /// Entries of adapted objects.
    n_adapted: usize,
    /// Searches for them so far.
    n_searches: u32,
    /// References gained so far.
    n_adoptions: u64,
    /// Grows whenever everything is forgotten.
    generation: u32,
    watcher: i32,
    n_adopted: u32,
    n_live: usize,
    /// Entries of dead dicts that something is still said to refer to.
    n_dead: usize,
    purge_at: usize,
}

impl Heap {
    /// An empty mirror that writes to `sink`. `watcher` is a dict watcher that calls
    /// [`Heap::dict_changed`].
    pub fn new(sink: RingWriter, types: Types, watcher: i32) -> Heap {
        Heap {
            sink,
            entries: Vec::new(),
            free: Vec::new(),
            by_address: FxHashMap::default(),
            types,
            names: Names::default(),
            namespaces: Vec::new(),
            namespace_by_dict: FxHashMap::default(),
            instance_dicts: FxHashMap::default(),
            trusted_callees: FxHashSet::default(),
            has_untrusted_callee: false,
            exposed: exposed::Exposed::default(),
            n_doubted: 0,
            next_id: 1,
            epoch: 1,
            stillness: 1,
            cells_may_change: false,
            event: 1,
            holder: Holder::Doubtful,
            work: Vec::new(),
            touched_late: Vec::new(),
            let_go: Vec::new(),
            doubts: Vec::new(),
            fresh: Vec::new(),
            held: Vec::new(),
            unreferenced: Vec::new(),
            dirty_dicts: Vec::new(),
            n_adapted: 0,
            n_searches: 0,
            n_adoptions: 0,
            generation: 0,
            watcher,
            n_adopted: 0,
            n_live: 0,
            n_dead: 0,
            purge_at: 4096,
        }
    }

    /// The epoch: grows whenever objects may have changed unseen.
    #[inline(always)]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// An event begins. Within it no code of the program runs, so that an object to which a reference
    /// was read is alive until the event ends.
    #[inline(always)]
    pub fn begin_event(&mut self) {
        self.event = self.event.wrapping_add(1);
        self.doubts.clear();
    }

    /// Says that objects may have changed unseen.
    #[inline(always)]
    pub fn doubt_everything(&mut self) {
        self.epoch = self.epoch.wrapping_add(1);
        if self.cells_may_change {
            self.disturb();
        }
    }

    /// The object's number in the stream.
    #[inline]
    pub fn id_of(&self, entry: EntryIndex) -> u32 {
        self.entries[entry as usize].id
    }

    /// The address an entry is about.
    #[inline]
    pub fn object_of(&self, entry: EntryIndex) -> *mut PyObject {
        self.entries[entry as usize].object
    }

    /// The entry of an object, if it has one.
    #[inline]
    pub fn find(&self, object: *mut PyObject) -> Option<EntryIndex> {
        self.by_address.get(&(object as usize)).copied()
    }

    /// Writes a value and counts the reference if it is an object. The value must be alive.
    ///
    /// # Safety
    /// `object` must be null or a live object, with the GIL held.
    #[inline]
    pub unsafe fn put_value(&mut self, object: *mut PyObject) -> Option<EntryIndex> {
        // SAFETY: passed on.
        match unsafe { self.put_item(object) } {
            Link::Edge(entry) | Link::Text(entry) => Some(entry),
            Link::None | Link::Leaf => None,
        }
    }

    /// Writes a value and counts the reference, without keeping leaves alive.
    unsafe fn put_item(&mut self, object: *mut PyObject) -> Link {
        // SAFETY: passed on.
        unsafe {
            match atoms::classify(object) {
                Class::Null => {
                    self.sink.byte(value::NULL);
                    Link::None
                }
                Class::Leaf => {
                    atoms::put_leaf(&mut self.sink, object);
                    Link::Leaf
                }
                class => match self.adopt(object) {
                    Some(entry) => {
                        stream::put_ref(&mut self.sink, self.entries[entry as usize].id);
                        if class == Class::Text {
                            Link::Text(entry)
                        } else {
                            Link::Edge(entry)
                        }
                    }
                    None => {
                        self.sink.byte(value::GAP);
                        self.sink.byte(fidelity::TRUNCATED_COUNT);
                        Link::None
                    }
                },
            }
        }
    }

    /// Writes a value for the shadow of a container: leaves are kept alive.
    unsafe fn put_kept(&mut self, object: *mut PyObject) -> Link {
        // SAFETY: passed on; a leaf is alive here.
        unsafe {
            let link = self.put_item(object);
            if matches!(link, Link::Leaf | Link::Text(_)) {
                Py_INCREF(object);
            }
            link
        }
    }

    /// Writes the value of a shadow item without touching its object.
    unsafe fn put_old(&mut self, object: *mut PyObject, link: Link) {
        match link {
            // SAFETY: a leaf is kept alive by the shadow.
            Link::Leaf => unsafe { atoms::put_leaf(&mut self.sink, object) },
            Link::Edge(entry) | Link::Text(entry) => {
                stream::put_ref(&mut self.sink, self.entries[entry as usize].id);
            }
            Link::None => self.sink.byte(value::NULL),
        }
    }

    /// How much was compared so far only because objects may have changed unseen: entries, and items
    /// of large ones.
    pub fn n_doubted(&self) -> u64 {
        self.n_doubted
    }

    /// Compares the entry and what only it refers to, as it may be a new object at the same address.
    #[inline]
    pub fn doubt(&mut self, index: EntryIndex) {
        self.doubts.push(index);
    }

    /// Whether changing an object, or calling a method of it, may change another one that is tracked:
    /// it is the dict of an instance, gives access to memory that may be another's, or is a module or
    /// class, whose functions change what they are given.
    ///
    /// # Safety
    /// `object` must be null or alive, with the GIL held.
    #[inline]
    pub unsafe fn is_part_of_another(&self, object: *mut PyObject) -> bool {
        // SAFETY: reads the type and, of dicts, a field.
        unsafe {
            if object.is_null() || Py_TYPE(object) == &raw mut PyList_Type {
                return false;
            }
            if PyDict_Check(object) == 0 {
                let type_ = Py_TYPE(object);
                let is_module = type_ == &raw mut PyModule_Type
                    || (*type_).tp_base != &raw mut PyBaseObject_Type
                        && PyModule_Check(object) != 0;
                let has_memory =
                    type_ != &raw mut PyByteArray_Type && PyObject_CheckBuffer(object) != 0;
                return is_module || has_memory || PyType_Check(object) != 0;
            }
            // A dict made of an instance's attributes after the instance was compared last is split.
            layout::dict_is_split(object) || self.owner_of_dict(object).is_some()
        }
    }

    /// The tracked instance whose attributes are in a dict, with its number.
    fn owner_of_dict(&self, dict: *mut PyObject) -> Option<(EntryIndex, u32)> {
        let &(index, id) = self.instance_dicts.get(&(dict as usize))?;
        self.is_known(index, id).then_some((index, id))
    }

    /// Whether the entry still is the object of this number.
    fn is_known(&self, index: EntryIndex, id: u32) -> bool {
        self.entries.get(index as usize).is_some_and(|entry| {
            entry.id == id && matches!(entry.state, EntryState::New | EntryState::Live)
        })
    }

    /// Whether an entry is about this object, as far as addresses tell.
    #[inline]
    pub fn is_about(&self, index: EntryIndex, object: *mut PyObject) -> bool {
        self.entries[index as usize].object == object
    }

    /// Takes a str that goes on where the only other holder of the entry's text left off
    /// (`text += more` moved it): the entry is about the new object from now on. Says no if it
    /// is another text.
    ///
    /// # Safety
    /// `object` must be a live object of class [`Class::Text`], with the GIL held.
    pub unsafe fn continue_text(&mut self, index: EntryIndex, object: *mut PyObject) -> bool {
        let entry = &mut self.entries[index as usize];
        // SAFETY: reads the type, then text of that type.
        let continues = unsafe {
            entry.edges == 1
                && entry.type_ == Py_TYPE(object)
                && entry
                    .text
                    .as_ref()
                    .is_some_and(|text| atoms::text_begins_with(object, &text.bytes, text.n_bytes))
        };
        if !continues || self.by_address.contains_key(&(object as usize)) {
            return false;
        }
        let old = std::mem::replace(&mut entry.object, object);
        if self.by_address.get(&(old as usize)) == Some(&index) {
            self.by_address.remove(&(old as usize));
        }
        self.by_address.insert(object as usize, index);
        self.doubts.push(index);
        true
    }

    /// Drops what a shadow item holds.
    unsafe fn release_link(&mut self, object: *mut PyObject, link: Link) {
        match link {
            Link::None => {}
            // SAFETY: the shadow's own reference; leaves have no finaliser.
            Link::Leaf => unsafe { Py_DECREF(object) },
            Link::Edge(entry) => self.release(entry),
            Link::Text(entry) => {
                self.release(entry);
                // SAFETY: as above.
                unsafe { Py_DECREF(object) };
            }
        }
    }

    unsafe fn release_facet(&mut self, facet: &mut Facet) {
        let links = std::mem::take(&mut facet.links);
        for (index, item) in std::mem::take(&mut facet.items).into_iter().enumerate() {
            let link = match links.get(index) {
                Some(&link) => link,
                None if item.is_null() => Link::None,
                None => Link::Leaf,
            };
            // SAFETY: each item of the facet is released once.
            unsafe { self.release_link(item, link) };
        }
    }

    unsafe fn release_dict(&mut self, dict: Option<Box<dicts::DictShadow>>) {
        if let Some(dict) = dict {
            // SAFETY: passed on.
            unsafe {
                dict.into_facets()
                    .iter_mut()
                    .for_each(|facet| self.release_facet(facet))
            };
        }
    }

    /// Whether [`Heap::settle`] has something to do.
    #[inline(always)]
    pub fn is_settled(&self) -> bool {
        self.work.is_empty()
            && self.touched_late.is_empty()
            && self.unreferenced.is_empty()
            && self.doubts.is_empty()
            && self.dirty_dicts.is_empty()
    }

    /// Writes every change that is due and drops what is out of reach.
    ///
    /// # Safety
    /// The GIL must be held; every queued entry's object must be alive.
    pub unsafe fn settle(&mut self) {
        // SAFETY: passed on.
        unsafe {
            for index in std::mem::take(&mut self.dirty_dicts) {
                // A dead dict left `dirty` through the watcher; a live one may be compared at once.
                let entry = &mut self.entries[index as usize];
                if entry.dirty && entry.state == EntryState::Live {
                    self.work.push(index);
                }
            }
            self.compare_due();
            self.drop_unreferenced();
        }
        while let Some((index, id)) = self.let_go.pop() {
            // Something refers to it after all.
            if self.is_known(index, id) {
                self.doubt_everything();
            }
        }
        self.n_adopted = 0;
    }

    /// Fills and compares all that is queued or in doubt.
    unsafe fn compare_due(&mut self) {
        // SAFETY: passed on.
        unsafe {
            loop {
                self.compare_queued();
                if let Some((index, id)) = self.touched_late.pop() {
                    match self.is_proved_by_what_stays(index, id) {
                        true => self.touch_alone(index),
                        false => self.let_go.push((index, id)),
                    }
                    continue;
                }
                let Some(index) = self.doubts.pop() else {
                    break;
                };
                self.compare_doubted(index);
            }
            self.held.drain(..).for_each(|object| Py_DECREF(object));
        }
    }

    unsafe fn compare_queued(&mut self) {
        while let Some(index) = self.work.pop() {
            // SAFETY: passed on.
            unsafe {
                match self.entries[index as usize].state {
                    EntryState::New => self.fill(index),
                    EntryState::Live => self.compare(index),
                    EntryState::Free | EntryState::Dead => {}
                }
            }
        }
    }

    /// Compares an entry and, below it, everything that has no other reference.
    unsafe fn compare_doubted(&mut self, index: EntryIndex) {
        let entry = &mut self.entries[index as usize];
        // The watcher would have told of the death of a dict.
        let is_certain = entry.watched && !entry.dirty;
        if is_certain
            || entry.doubted == self.event
            || entry.edges == 0
            || entry.state != EntryState::Live
        {
            return;
        }
        entry.doubted = self.event;
        // SAFETY: the entry has a reference that was read in this event, so its object is alive.
        unsafe { self.compare(index) };
        let edges = self.entries[index as usize].edges();
        let exclusive = edges.filter(|&edge| self.entries[edge as usize].has_one_proof());
        self.doubts.extend(exclusive.collect::<Vec<_>>());
    }

    unsafe fn drop_unreferenced(&mut self) {
        while let Some(index) = self.unreferenced.pop() {
            if self.entries[index as usize].edges == 0
                && self.entries[index as usize].state != EntryState::Free
            {
                // SAFETY: passed on.
                unsafe { self.remove(index) };
            }
        }
    }

    /// Forgets an entry and releases what its shadow holds. Does not touch its object, but for
    /// watched dicts, whose death the watcher would have told.
    unsafe fn remove(&mut self, index: EntryIndex) {
        let entry = &mut self.entries[index as usize];
        let was = std::mem::replace(&mut entry.state, EntryState::Free);
        let (object, id, watched) = (entry.object, entry.id, entry.watched);
        let mut content = std::mem::take(&mut entry.content);
        let mut attributes = std::mem::take(&mut entry.attributes);
        let dict = entry.dict.take();
        (entry.text, entry.watched, entry.dirty) = (None, false, false);
        self.holder = self.holder_of(index);
        // SAFETY: the shadow's references are given back once; a watched dict is alive, since its
        // deallocation would have set the state to `Dead` and cleared `watched`.
        unsafe {
            self.release_facet(&mut content);
            self.release_facet(&mut attributes);
            self.release_dict(dict);
            if watched {
                self.unwatch(object);
            }
        }
        if was != EntryState::Dead && self.find(object) == Some(index) {
            self.by_address.remove(&(object as usize));
        }
        self.free.push(index);
        self.n_live -= 1;
        self.n_dead -= usize::from(was == EntryState::Dead);
        if was != EntryState::New {
            stream::put_object_record(&mut self.sink, record::FREE, id);
            self.sink.record_end();
        }
        self.drop_adapted(index);
    }

    /// Drops entries that only dead cycles refer to, if there may be many. `roots` are the entries
    /// that frames refer to.
    ///
    /// # Safety
    /// The GIL must be held and the heap settled.
    pub unsafe fn purge_if_large(&mut self, roots: impl FnOnce() -> Vec<EntryIndex>) {
        if self.n_live < self.purge_at {
            return;
        }
        let mut reached = vec![false; self.entries.len()];
        let mut stack = roots();
        for namespace in &self.namespaces {
            stack.extend(namespace.edges());
        }
        while let Some(index) = stack.pop() {
            if !std::mem::replace(&mut reached[index as usize], true) {
                stack.extend(self.entries[index as usize].edges());
            }
        }
        for (index, is_reached) in reached.into_iter().enumerate() {
            if !is_reached && self.entries[index].state != EntryState::Free {
                // SAFETY: passed on. Counts of other unreached entries fall with it.
                unsafe { self.remove_unreached(index as EntryIndex) };
            }
        }
        self.unreferenced.clear();
        self.purge_at = (self.n_live * 2).max(4096);
    }

    unsafe fn remove_unreached(&mut self, index: EntryIndex) {
        // A watched dict in a dead cycle is dead already (state `Dead`); one that is alive is
        // reachable by means the mirror does not know, and may be unwatched.
        // SAFETY: see `remove`.
        unsafe { self.remove(index) };
    }

    /// Gives back every reference and watch, and forgets everything: the next session starts with an
    /// empty mirror. Writes nothing.
    ///
    /// # Safety
    /// The GIL must be held.
    pub unsafe fn clear(&mut self) {
        // SAFETY: each reference is given back once.
        unsafe {
            for mut namespace in std::mem::take(&mut self.namespaces) {
                if let Some(dict) = namespace.live_dict() {
                    PyDict_Unwatch(self.watcher, dict);
                }
                namespace.release_names();
                let values = std::mem::take(&mut namespace.values);
                values.drop_kept();
            }
            for index in 0..self.entries.len() {
                let entry = &mut self.entries[index];
                if entry.state == EntryState::Free {
                    continue;
                }
                entry.state = EntryState::Free;
                let (object, watched) = (entry.object, std::mem::take(&mut entry.watched));
                let mut facets = vec![
                    std::mem::take(&mut entry.content),
                    std::mem::take(&mut entry.attributes),
                ];
                facets.extend(
                    entry
                        .dict
                        .take()
                        .into_iter()
                        .flat_map(|dict| dict.into_facets()),
                );
                facets.iter().for_each(|facet| facet.drop_kept());
                if watched {
                    PyDict_Unwatch(self.watcher, object);
                }
            }
            self.names.release();
            self.types.forget();
        }
        self.entries.clear();
        self.free.clear();
        self.by_address.clear();
        self.namespace_by_dict.clear();
        for queue in [
            &mut self.work,
            &mut self.doubts,
            &mut self.unreferenced,
            &mut self.dirty_dicts,
        ] {
            queue.clear();
        }
        (self.n_adapted, self.generation) = (0, self.generation.wrapping_add(1));
        self.instance_dicts.clear();
        self.exposed.forget_entries();
        self.touched_late.clear();
        self.names = Names::default();
        (self.next_id, self.epoch, self.event) = (1, self.epoch.wrapping_add(1), 1);
        (self.n_live, self.n_dead, self.purge_at, self.n_adopted) = (0, 0, 4096, 0);
    }
}
