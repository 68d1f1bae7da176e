//! Dicts and namespaces: their changes are pushed by a dict watcher while the program runs.
//!
//! A watched dict is always equal to what the stream says, so it is never compared. Its shadow is
//! kept only as far as it is needed:
//!
//! * a *simple* dict (str or int keys, leaf values) has none: events are written as they come;
//! * any other has its entries in order, with the references they hold.
//!
//! What an event does not tell for sure (a key found by a program's own `__eq__`, a dict cloned in
//! one go) makes the dict *dirty*: it is compared in full at the next event of a recorded frame.

use super::{EntryIndex, EntryState, Facet, Heap, Holder, Link};
use crate::atoms::{self, Class};
use crate::effects::{self, Arguments, Effect};
use crate::layout;
use crate::limits;
use pyo3_ffi::*;
use rustc_hash::FxHashMap;
use spacetime_store::stream::{self, Kind, Sink, record};

/// What happens to a watched dict, before it happens (`PyDict_WatchEvent`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i32)]
#[allow(missing_docs)]
pub enum DictEvent {
    Added = 0,
    Modified = 1,
    Deleted = 2,
    Cloned = 3,
    Cleared = 4,
    Deallocated = 5,
}

impl DictEvent {
    /// The event for CPython's number.
    pub fn from_number(number: i32) -> Option<DictEvent> {
        use DictEvent::*;
        [Added, Modified, Deleted, Cloned, Cleared, Deallocated]
            .get(number as usize)
            .copied()
    }
}

/// Dicts with at most this many entries are searched from the start.
const SCAN: usize = 8;

/// The entries of a dict in order. Removed ones leave a null key behind.
pub(crate) struct DictShadow {
    /// No entries are kept.
    simple: bool,
    keys: Facet,
    items: Facet,
    n_removed: usize,
    /// Place of each leaf key by its hash, once the dict is long enough; a hash that two keys share
    /// is not in it.
    places: Option<FxHashMap<isize, usize>>,
}

impl DictShadow {
    pub(super) fn new(simple: bool) -> DictShadow {
        let (keys, items) = (Facet::default(), Facet::default());
        DictShadow {
            simple,
            keys,
            items,
            n_removed: 0,
            places: None,
        }
    }

    pub(super) fn push(
        &mut self,
        key: *mut PyObject,
        key_link: Link,
        item: *mut PyObject,
        item_link: Link,
    ) {
        self.keys.push(key, key_link);
        self.items.push(item, item_link);
        if self.places.is_some() && key_link == Link::Leaf {
            // SAFETY: a leaf key has a hash that runs no code of the program.
            let hash = unsafe { PyObject_Hash(key) };
            let at = self.keys.items.len() - 1;
            if let Some(places) = &mut self.places
                && places.insert(hash, at).is_some()
            {
                self.places = None;
            }
        }
    }

    /// Keys and values, to be released.
    pub(super) fn into_facets(self) -> [Facet; 2] {
        [self.keys, self.items]
    }

    fn len(&self) -> usize {
        self.keys.items.len()
    }

    /// Where the entry with a key is, if that can be told without code of the program.
    unsafe fn find(&mut self, key: *mut PyObject) -> Option<usize> {
        // SAFETY: leaves compare and hash without code of the program; others are compared by
        // address only.
        unsafe {
            if atoms::classify(key) != Class::Leaf {
                return self.keys.items.iter().position(|&kept| kept == key);
            }
            if self.len() > SCAN && self.places.is_none() {
                let mut places = FxHashMap::default();
                let leaves = (0..self.len()).filter(|&at| self.keys.link(at) == Link::Leaf);
                let mut unique = true;
                for at in leaves {
                    unique &= places
                        .insert(PyObject_Hash(self.keys.items[at]), at)
                        .is_none();
                }
                self.places = unique.then_some(places);
            }
            if let Some(places) = &self.places {
                let place = *places.get(&PyObject_Hash(key))?;
                return self.holds(place, key).then_some(place);
            }
            (0..self.len()).find(|&at| self.holds(at, key))
        }
    }

    /// Whether the entry has this leaf key.
    unsafe fn holds(&self, at: usize, key: *mut PyObject) -> bool {
        let kept = self.keys.items[at];
        // SAFETY: both are leaves.
        kept == key
            || !kept.is_null()
                && self.keys.link(at) == Link::Leaf
                && unsafe { PyObject_RichCompareBool(kept, key, Py_EQ) == 1 }
    }
}

/// The names of a module or class body that recorded code refers to.
pub struct Namespace {
    dict: *mut PyObject,
    /// The object's number in the stream.
    id: u32,
    /// Place of each wanted name by the address of an interned str, kept alive by `name_objects`.
    places: FxHashMap<usize, usize>,
    name_objects: Vec<*mut PyObject>,
    name_ids: Vec<u32>,
    pub(super) values: Facet,
    /// The values that can change, as entries.
    mutable_edges: Vec<EntryIndex>,
    mutable_edges_are_known: bool,
    /// The dict has died; its number stays.
    is_dead: bool,
}

impl Default for Namespace {
    fn default() -> Namespace {
        Namespace {
            dict: std::ptr::null_mut(),
            id: 0,
            places: FxHashMap::default(),
            name_objects: Vec::new(),
            name_ids: Vec::new(),
            values: Facet::default(),
            mutable_edges: Vec::new(),
            mutable_edges_are_known: false,
            is_dead: false,
        }
    }
}

impl Namespace {
    /// Entries of the values that have parts.
    pub fn edges(&self) -> impl Iterator<Item = EntryIndex> + '_ {
        self.values.edges()
    }

    /// The dict, if it is alive.
    pub(super) fn live_dict(&self) -> Option<*mut PyObject> {
        (!self.is_dead).then_some(self.dict)
    }

    pub(super) unsafe fn release_names(&mut self) {
        // SAFETY: names are kept alive until here.
        unsafe { self.name_objects.drain(..).for_each(|name| Py_DECREF(name)) };
    }
}

impl Heap {
    /// The namespace kept in a dict, known from now on.
    ///
    /// # Safety
    /// `dict` must be a live exact dict, with the GIL held.
    pub unsafe fn namespace_of(&mut self, dict: *mut PyObject) -> u32 {
        if let Some(&index) = self.namespace_by_dict.get(&(dict as usize)) {
            return index;
        }
        let id = self.next_id;
        self.next_id += 1;
        let type_name = self.names.id_of("namespace", &mut self.sink);
        stream::put_object_record(&mut self.sink, record::OBJECT, id);
        self.sink.byte(stream::Kind::Namespace as u8);
        self.sink.varint(u64::from(type_name));
        self.sink.varint(0);
        self.sink.record_end();
        // SAFETY: `dict` is alive.
        unsafe { PyDict_Watch(self.watcher, dict) };
        let index = self.namespaces.len() as u32;
        self.namespaces.push(Namespace {
            dict,
            id,
            ..Namespace::default()
        });
        self.namespace_by_dict.insert(dict as usize, index);
        index
    }

    /// The namespace's number in the stream.
    pub fn namespace_id(&self, namespace: u32) -> u32 {
        self.namespaces[namespace as usize].id
    }

    /// Whether this is the namespace of a dict that is alive.
    #[inline]
    pub fn is_namespace_of(&self, namespace: u32, dict: *mut PyObject) -> bool {
        let namespace = &self.namespaces[namespace as usize];
        namespace.dict == dict && !namespace.is_dead
    }

    /// Wants names of a namespace: their values are written now and whenever they change.
    ///
    /// # Safety
    /// The namespace's dict must be alive and `names` interned str, with the GIL held.
    pub unsafe fn want_names(&mut self, index: u32, names: &[*mut PyObject]) {
        let mut namespace = std::mem::take(&mut self.namespaces[index as usize]);
        self.holder = Holder::Watched;
        for &name in names {
            if namespace.places.contains_key(&(name as usize)) {
                continue;
            }
            let at = namespace.name_ids.len();
            // SAFETY: looking up an exact str among the str keys of a namespace runs no code of the
            // program; the value is alive in the dict.
            unsafe {
                Py_INCREF(name);
                let name_id = self.names.id_of_str(name, &mut self.sink);
                namespace.places.insert(name as usize, at);
                namespace.name_objects.push(name);
                namespace.name_ids.push(name_id);
                let item = PyDict_GetItem(namespace.dict, name);
                self.judge_callee(name, item);
                let link = match item.is_null() {
                    true => Link::None,
                    false => self.put_attribute(namespace.id, name_id, item),
                };
                namespace.values.push(item, link);
                namespace.mutable_edges_are_known = false;
            }
        }
        self.namespaces[index as usize] = namespace;
    }

    /// Makes sure of the objects that the names of a namespace refer to.
    #[inline]
    pub fn ensure_names(&mut self, index: u32) {
        if self.namespaces[index as usize].mutable_edges_are_known
            && self.namespaces[index as usize].mutable_edges.is_empty()
        {
            return;
        }
        self.ensure_mutable_edges(index);
    }

    #[inline(never)]
    fn ensure_mutable_edges(&mut self, index: u32) {
        let mut edges = std::mem::take(&mut self.namespaces[index as usize].mutable_edges);
        if !self.namespaces[index as usize].mutable_edges_are_known {
            edges.clear();
            let values = &self.namespaces[index as usize].values;
            // A function may be given its first attribute or default at any time. What is immutable
            // is kept alive by the namespace.
            let is_mutable = |&edge: &EntryIndex| {
                let entry = &self.entries[edge as usize];
                !(entry.is_constant || entry.is_immutable) || entry.kind == Kind::Function
            };
            edges.extend(values.edges().filter(is_mutable));
            // What is not filled yet is not known to be constant.
            let is_filled =
                |&edge: &EntryIndex| self.entries[edge as usize].state != EntryState::New;
            self.namespaces[index as usize].mutable_edges_are_known = edges.iter().all(is_filled);
        }
        self.holder = Holder::Watched;
        edges.iter().for_each(|&edge| self.ensure(edge));
        self.namespaces[index as usize].mutable_edges = edges;
    }

    /// Takes the callee that a global name stands for as harmless: its calls are not looked at any
    /// more. Should the name be bound to something else, everything is doubted at every line.
    pub fn trust_callee(&mut self, name: *mut PyObject) {
        self.trusted_callees.insert(name as usize);
    }

    /// A global name stands for an object, or for none: whether its calls are still harmless.
    unsafe fn judge_callee(&mut self, name: *mut PyObject, item: *mut PyObject) {
        // SAFETY: the item is null or alive.
        unsafe {
            if self.trusted_callees.contains(&(name as usize))
                && !item.is_null()
                && (effects::depends_on_arguments(item)
                    || effects::of_call(item, Arguments::UNKNOWN) != Effect::None)
            {
                self.has_untrusted_callee = true;
            }
        }
    }

    /// Forgets the namespace of a class body that has ended.
    ///
    /// # Safety
    /// The GIL must be held.
    pub unsafe fn drop_namespace(&mut self, index: u32) {
        let mut namespace = std::mem::take(&mut self.namespaces[index as usize]);
        self.holder = Holder::Watched;
        // SAFETY: references are given back once.
        unsafe {
            if let Some(dict) = namespace.live_dict() {
                self.namespace_by_dict.remove(&(dict as usize));
                self.unwatch(dict);
            }
            namespace.release_names();
            self.release_facet(&mut namespace.values);
        }
        stream::put_object_record(&mut self.sink, record::FREE, namespace.id);
        self.sink.record_end();
        self.namespaces[index as usize].is_dead = true;
    }

    /// A dict is no longer followed as an object or as a namespace: it may still be the other.
    ///
    /// # Safety
    /// `dict` must be a live dict, with the GIL held.
    pub(super) unsafe fn unwatch(&mut self, dict: *mut PyObject) {
        let is_watched = |index: EntryIndex| self.entries[index as usize].watched;
        if !self.find(dict).is_some_and(is_watched)
            && !self.namespace_by_dict.contains_key(&(dict as usize))
        {
            // SAFETY: passed on.
            unsafe { PyDict_Unwatch(self.watcher, dict) };
        }
    }

    /// Whether a dict's changes are followed.
    #[inline]
    pub fn tracks_dict(&self, dict: *mut PyObject) -> bool {
        self.by_address.contains_key(&(dict as usize))
            || self.namespace_by_dict.contains_key(&(dict as usize))
    }

    /// Called by the dict watcher before a watched dict changes.
    ///
    /// # Safety
    /// The arguments must be those of the watcher's callback.
    #[inline]
    pub unsafe fn dict_changed(
        &mut self,
        event: DictEvent,
        dict: *mut PyObject,
        key: *mut PyObject,
        item: *mut PyObject,
    ) {
        self.begin_event();
        let followed = self.live_entry_of(dict);
        // SAFETY: passed on.
        unsafe {
            if let Some(index) = self.find(dict)
                && self.entries[index as usize].watched
            {
                match self.entries[index as usize].state {
                    EntryState::New => {}
                    _ => self.entry_changed(index, event, key, item),
                }
            }
            if let Some(&namespace) = self.namespace_by_dict.get(&(dict as usize)) {
                self.namespace_changed(event, namespace, key, item);
            }
            // It takes itself in: read just now, as it is before the change.
            if followed.is_none()
                && let Some(index) = self.live_entry_of(dict)
            {
                self.put_off(index);
            }
        }
    }

    /// Changes of a dict are not followed until it is compared in full, at the next event of a recorded
    /// frame. Says no if it is a namespace, or its contents have not been read.
    ///
    /// # Safety
    /// `dict` must be alive, and about to change, with the GIL held.
    pub unsafe fn read_dict_later(&mut self, dict: *mut PyObject) -> bool {
        if self.namespace_by_dict.contains_key(&(dict as usize)) {
            return false;
        }
        match self.live_entry_of(dict) {
            Some(index) if self.entries[index as usize].watched => {
                if !self.entries[index as usize].dirty {
                    // SAFETY: passed on.
                    unsafe { self.put_off(index) };
                }
                true
            }
            _ => false,
        }
    }

    unsafe fn put_off(&mut self, index: EntryIndex) {
        let shadow = self.entries[index as usize].dict.as_ref();
        if shadow.is_some_and(|shadow| shadow.simple) {
            // SAFETY: passed on.
            unsafe { self.keep_entries(index) };
        }
        self.make_dirty(index);
    }

    /// The entry of a dict, if it was filled.
    fn live_entry_of(&self, dict: *mut PyObject) -> Option<EntryIndex> {
        let is_live = |&index: &EntryIndex| self.entries[index as usize].state == EntryState::Live;
        self.find(dict).filter(is_live)
    }

    unsafe fn entry_changed(
        &mut self,
        index: EntryIndex,
        event: DictEvent,
        key: *mut PyObject,
        item: *mut PyObject,
    ) {
        // SAFETY: passed on; the key and the new item are alive.
        unsafe {
            if event == DictEvent::Deallocated {
                self.dict_died(index);
                return;
            }
            let entry = &mut self.entries[index as usize];
            if entry.dirty {
                return;
            }
            let id = entry.id;
            let Some(shadow) = &entry.dict else { return };
            if shadow.simple {
                match event {
                    DictEvent::Added | DictEvent::Modified
                        if is_simple_key(key) && atoms::classify(item) == Class::Leaf =>
                    {
                        stream::put_object_record(&mut self.sink, record::DICT_SET, id);
                        atoms::put_leaf(&mut self.sink, key);
                        atoms::put_leaf(&mut self.sink, item);
                        self.sink.record_end();
                        return;
                    }
                    DictEvent::Deleted if is_simple_key(key) => {
                        stream::put_object_record(&mut self.sink, record::DICT_DEL, id);
                        atoms::put_leaf(&mut self.sink, key);
                        self.sink.record_end();
                        return;
                    }
                    DictEvent::Cleared => {
                        stream::put_object_record(&mut self.sink, record::CLEAR, id);
                        self.sink.record_end();
                        return;
                    }
                    _ => self.keep_entries(index),
                }
            }
            self.kept_entry_changed(index, event, key, item);
            self.settle_in_watcher();
        }
    }

    /// Contents of adopted objects are read while they are surely alive; counts that fell to zero
    /// wait for the next event of a recorded frame, in case the object only moves.
    unsafe fn settle_in_watcher(&mut self) {
        // SAFETY: passed on.
        unsafe { self.compare_due() };
    }

    /// Begins to keep the entries of a simple dict, as they are before the event.
    unsafe fn keep_entries(&mut self, index: EntryIndex) {
        let object = self.entries[index as usize].object;
        let mut shadow = DictShadow::new(false);
        // SAFETY: all keys and items are leaves, alive in the dict.
        unsafe {
            for_each_entry(object, |key, item| {
                Py_INCREF(key);
                Py_INCREF(item);
                shadow.push(key, Link::Leaf, item, Link::Leaf);
            });
        }
        self.entries[index as usize].dict = Some(Box::new(shadow));
    }

    unsafe fn kept_entry_changed(
        &mut self,
        index: EntryIndex,
        event: DictEvent,
        key: *mut PyObject,
        item: *mut PyObject,
    ) {
        let id = self.id_of(index);
        let Some(mut shadow) = self.entries[index as usize].dict.take() else {
            return;
        };
        self.holder = self.holder_of(index);
        let mut is_known = true;
        // SAFETY: passed on; references of replaced and removed entries are given back once.
        unsafe {
            match event {
                DictEvent::Added if shadow.len() < 2 * limits::items() => {
                    let (key_link, item_link) = self.put_dict_entry(id, key, item, true);
                    shadow.push(key, key_link, item, item_link);
                }
                DictEvent::Modified => match shadow.find(key) {
                    Some(at) => {
                        let (old, old_link) = (shadow.items.items[at], shadow.items.link(at));
                        stream::put_object_record(&mut self.sink, record::DICT_SET, id);
                        self.put_old(shadow.keys.items[at], shadow.keys.link(at));
                        let link = self.put_kept(item);
                        self.sink.record_end();
                        shadow.items.set(at, item, link);
                        self.release_link(old, old_link);
                    }
                    None => is_known = false,
                },
                DictEvent::Deleted => match shadow.find(key) {
                    Some(at) => {
                        stream::put_object_record(&mut self.sink, record::DICT_DEL, id);
                        self.put_old(shadow.keys.items[at], shadow.keys.link(at));
                        self.sink.record_end();
                        if let Some(places) = &mut shadow.places
                            && shadow.keys.link(at) == Link::Leaf
                        {
                            places.remove(&PyObject_Hash(shadow.keys.items[at]));
                        }
                        self.remove_entry(&mut shadow, at);
                        if shadow.n_removed > 32 && shadow.n_removed * 2 > shadow.len() {
                            shadow.compact();
                        }
                    }
                    None => is_known = false,
                },
                DictEvent::Cleared => {
                    stream::put_object_record(&mut self.sink, record::CLEAR, id);
                    self.sink.record_end();
                    self.release_facet(&mut shadow.keys);
                    self.release_facet(&mut shadow.items);
                    *shadow = DictShadow::new(false);
                }
                _ => is_known = false,
            }
        }
        self.entries[index as usize].dict = Some(shadow);
        if !is_known {
            self.make_dirty(index);
        }
    }

    unsafe fn remove_entry(&mut self, shadow: &mut DictShadow, at: usize) {
        let (key, key_link) = (shadow.keys.items[at], shadow.keys.link(at));
        let (item, item_link) = (shadow.items.items[at], shadow.items.link(at));
        shadow.keys.set(at, std::ptr::null_mut(), Link::None);
        shadow.items.set(at, std::ptr::null_mut(), Link::None);
        shadow.n_removed += 1;
        // SAFETY: given back once.
        unsafe {
            self.release_link(key, key_link);
            self.release_link(item, item_link);
        }
    }

    fn make_dirty(&mut self, index: EntryIndex) {
        // Until it is compared it proves nothing.
        self.stop_vouching(index);
        self.entries[index as usize].dirty = true;
        self.dirty_dicts.push(index);
    }

    /// The dict is being deallocated: its address may be used again at once.
    unsafe fn dict_died(&mut self, index: EntryIndex) {
        self.holder = self.holder_of(index);
        let entry = &mut self.entries[index as usize];
        (entry.state, entry.watched, entry.dirty) = (EntryState::Dead, false, false);
        // What lies there from now on is another object.
        let object = std::mem::replace(&mut entry.object, std::ptr::null_mut());
        let shadow = entry.dict.take();
        self.n_dead += 1;
        self.by_address.remove(&(object as usize));
        // SAFETY: given back once.
        unsafe { self.release_dict(shadow) };
        let entry = &self.entries[index as usize];
        if entry.edges == 0 {
            self.unreferenced.push(index);
        }
    }

    /// Compares a dict that is not watched, or dirty.
    pub(super) unsafe fn compare_dict(&mut self, index: EntryIndex) {
        let entry = &mut self.entries[index as usize];
        let object = entry.object;
        if !entry.watched || entry.dirty {
            entry.dirty = false;
            // SAFETY: the caller vouches for a live dict.
            unsafe {
                if entry.dict.as_ref().is_some_and(|shadow| shadow.simple) {
                    self.keep_entries(index);
                }
                self.compare_entries(index, object);
            }
        }
    }

    /// Entries keep their order: those removed are missing from it, those added come last.
    unsafe fn compare_entries(&mut self, index: EntryIndex, object: *mut PyObject) {
        let id = self.id_of(index);
        let Some(mut shadow) = self.entries[index as usize].dict.take() else {
            return;
        };
        // SAFETY: keys and items are alive in the dict; old ones are released once.
        unsafe {
            shadow.compact();
            let mut old = DictShadow::new(false);
            std::mem::swap(&mut old, &mut shadow);
            let mut to_release: Vec<(*mut PyObject, Link)> = Vec::new();
            let mut at = 0;
            for_each_entry(object, |key, item| {
                while at < old.len() && old.keys.items[at] != key {
                    self.put_removed_key(id, &old, at, &mut to_release);
                    at += 1;
                }
                if at == old.len() {
                    let (key_link, item_link) = self.put_dict_entry(id, key, item, true);
                    shadow.push(key, key_link, item, item_link);
                    return;
                }
                let key_link = old.keys.link(at);
                let item_link = if old.items.items[at] == item {
                    old.items.link(at)
                } else {
                    stream::put_object_record(&mut self.sink, record::DICT_SET, id);
                    self.put_old(key, key_link);
                    let link = self.put_kept(item);
                    self.sink.record_end();
                    to_release.push((old.items.items[at], old.items.link(at)));
                    link
                };
                shadow.push(key, key_link, item, item_link);
                at += 1;
            });
            while at < old.len() {
                self.put_removed_key(id, &old, at, &mut to_release);
                at += 1;
            }
            for (object, link) in to_release {
                self.release_link(object, link);
            }
        }
        self.entries[index as usize].dict = Some(shadow);
    }

    unsafe fn put_removed_key(
        &mut self,
        id: u32,
        old: &DictShadow,
        at: usize,
        to_release: &mut Vec<(*mut PyObject, Link)>,
    ) {
        stream::put_object_record(&mut self.sink, record::DICT_DEL, id);
        // SAFETY: passed on.
        unsafe { self.put_old(old.keys.items[at], old.keys.link(at)) };
        self.sink.record_end();
        to_release.push((old.keys.items[at], old.keys.link(at)));
        to_release.push((old.items.items[at], old.items.link(at)));
    }

    unsafe fn namespace_changed(
        &mut self,
        event: DictEvent,
        index: u32,
        key: *mut PyObject,
        item: *mut PyObject,
    ) {
        let mut namespace = std::mem::take(&mut self.namespaces[index as usize]);
        self.holder = Holder::Watched;
        // SAFETY: passed on; each old value is released once.
        unsafe {
            match event {
                DictEvent::Added | DictEvent::Modified => {
                    if let Some(at) = namespace.place_of(key) {
                        self.judge_callee(namespace.name_objects[at], item);
                        let link = self.put_attribute(namespace.id, namespace.name_ids[at], item);
                        self.replace_name(&mut namespace, at, item, link);
                    }
                }
                DictEvent::Deleted => {
                    if let Some(at) = namespace.place_of(key) {
                        self.remove_name(&mut namespace, at);
                    }
                }
                DictEvent::Cleared | DictEvent::Deallocated => {
                    for at in 0..namespace.name_ids.len() {
                        self.remove_name(&mut namespace, at);
                    }
                    if event == DictEvent::Deallocated {
                        namespace.is_dead = true;
                        self.namespace_by_dict.remove(&(namespace.dict as usize));
                    }
                }
                DictEvent::Cloned => {}
            }
            self.namespaces[index as usize] = namespace;
            self.settle_in_watcher();
        }
    }

    unsafe fn remove_name(&mut self, namespace: &mut Namespace, at: usize) {
        if namespace.values.items[at].is_null() {
            return;
        }
        stream::put_object_record(&mut self.sink, record::ATTR_DEL, namespace.id);
        self.sink.varint(u64::from(namespace.name_ids[at]));
        self.sink.record_end();
        // SAFETY: passed on.
        unsafe { self.replace_name(namespace, at, std::ptr::null_mut(), Link::None) };
    }

    unsafe fn replace_name(
        &mut self,
        namespace: &mut Namespace,
        at: usize,
        item: *mut PyObject,
        link: Link,
    ) {
        let (old, old_link) = (namespace.values.items[at], namespace.values.link(at));
        namespace.values.set(at, item, link);
        namespace.mutable_edges_are_known = false;
        // SAFETY: given back once.
        unsafe { self.release_link(old, old_link) };
    }
}

impl Namespace {
    /// The place of a wanted name. Names in code are interned, and so are the keys that code stores;
    /// a key made at run time is compared by its text.
    unsafe fn place_of(&self, key: *mut PyObject) -> Option<usize> {
        if let Some(&at) = self.places.get(&(key as usize)) {
            return Some(at);
        }
        // SAFETY: both are exact str.
        unsafe {
            if Py_TYPE(key) != &raw mut PyUnicode_Type || PyUnicode_CHECK_INTERNED(key) != 0 {
                return None;
            }
            self.name_objects
                .iter()
                .position(|&name| PyUnicode_Compare(name, key) == 0)
        }
    }
}

/// `PyUnicode_CHECK_INTERNED`: the low two bits of the state word, at 32.
#[allow(non_snake_case)]
unsafe fn PyUnicode_CHECK_INTERNED(object: *mut PyObject) -> u32 {
    // SAFETY: `object` is a str.
    unsafe { layout::field::<u32>(object.cast(), 32) & 3 }
}

/// Whether all keys are str or int, and all values leaves.
pub(super) unsafe fn has_only_simple_entries(dict: *mut PyObject) -> bool {
    let mut simple = true;
    // SAFETY: passed on.
    unsafe {
        for_each_entry(dict, |key, item| {
            simple = simple && is_simple_key(key) && atoms::classify(item) == Class::Leaf;
        });
    }
    simple
}

/// Keys for which equal means written the same: no other key of such a dict is equal to one.
unsafe fn is_simple_key(key: *mut PyObject) -> bool {
    // SAFETY: reads the type and the length of a str.
    unsafe {
        let type_ = Py_TYPE(key);
        type_ == &raw mut PyLong_Type
            || type_ == &raw mut PyUnicode_Type && atoms::classify(key) == Class::Leaf
    }
}

/// Calls a function with each key and value (borrowed). It must not change the dict.
pub(super) unsafe fn for_each_entry(
    dict: *mut PyObject,
    mut visit: impl FnMut(*mut PyObject, *mut PyObject),
) {
    let mut position: Py_ssize_t = 0;
    let (mut key, mut item) = (std::ptr::null_mut(), std::ptr::null_mut());
    // SAFETY: `dict` is a live dict that does not change meanwhile.
    while unsafe { PyDict_Next(dict, &mut position, &mut key, &mut item) } != 0 {
        visit(key, item);
    }
}

/// Whether the dict has exactly these keys and values, alternating.
pub(super) unsafe fn equals_pairs(dict: *mut PyObject, pairs: &[*mut PyObject]) -> bool {
    if dict.is_null() {
        return pairs.is_empty();
    }
    let (mut at, mut equal) = (0, true);
    // SAFETY: passed on.
    unsafe {
        for_each_entry(dict, |key, item| {
            equal = equal && pairs.get(at..at + 2) == Some(&[key, item]);
            at += 2;
        });
    }
    equal && at == pairs.len()
}

impl DictShadow {
    /// Closes the gaps of removed entries.
    fn compact(&mut self) {
        if self.n_removed == 0 {
            return;
        }
        let mut compacted = DictShadow::new(self.simple);
        for at in (0..self.len()).filter(|&at| !self.keys.items[at].is_null()) {
            let (key, item) = (self.keys.items[at], self.items.items[at]);
            compacted.push(key, self.keys.link(at), item, self.items.link(at));
        }
        *self = compacted;
    }

    pub(super) fn edges(&self) -> impl Iterator<Item = EntryIndex> + '_ {
        self.keys.edges().chain(self.items.edges())
    }
}
