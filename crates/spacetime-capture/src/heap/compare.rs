//! Compares an object with its shadow and writes what changed.

use super::fields::{self, Field};
use super::fill::{live_element, text_batches};
use super::types::{Types, code_of_function};
use super::{AttributeLayout, Entry, EntryIndex, EntryState, Facet, Heap, Link, dicts, files};
use crate::atoms;
use crate::layout::{self, Attributes, SharedKeys};
use crate::limits;
use pyo3_ffi::*;
use rustc_hash::FxHashMap;
use spacetime_store::stream::{self, Kind, Sink, record};
use std::borrow::Cow;

/// Items of a tuple that are compared in passing.
const FEW: usize = 8;

impl Entry {
    /// Whether it is a short tuple of leaves and equals its object. Named tuples are such: a list full of
    /// them may be compared at each state.
    ///
    /// # Safety
    /// The entry's object must be alive.
    #[inline(always)]
    pub(super) unsafe fn is_small_and_equal(&self, types: &Types) -> bool {
        let shadow = &self.content.items[..];
        if self.kind != Kind::Tuple
            || self.state != EntryState::Live
            || shadow.len() > FEW
            || !self.content.links.is_empty()
            || self.cut_from != 0
        {
            return false;
        }
        let info = types.get(self.type_index);
        // SAFETY: the items are read only if the object is a tuple.
        unsafe {
            Py_TYPE(self.object) == self.type_
                && info.has_constant_parts
                && !info.is_gone()
                && layout::tuple_items(self.object) == shadow
        }
    }
}

impl Heap {
    /// Compares a live entry with its object, writes the changes, and vouches for what it refers to.
    pub(super) unsafe fn compare(&mut self, index: EntryIndex) {
        // SAFETY: the caller vouches for the object.
        unsafe {
            self.enter_epoch(index);
            let entry = &self.entries[index as usize];
            let object = entry.object;
            if Py_TYPE(object) != entry.type_ || self.types.get(entry.type_index).is_gone() {
                self.announce_again(index);
                return;
            }
            match entry.kind {
                Kind::List => match self.exporter_of(index) {
                    None => self.compare_sequence(index, layout::list_items(object)),
                    Some(array) => self.compare_sequence(index, &array.objects(object)),
                },
                Kind::Tuple => self.compare_sequence(index, layout::tuple_items(object)),
                Kind::Deque => self.compare_sequence(index, &layout::deque_items(object)),
                Kind::Set | Kind::FrozenSet => self.compare_set(index),
                Kind::Dict => self.compare_dict(index),
                Kind::Str | Kind::Bytes | Kind::ByteArray | Kind::Buffer => {
                    self.compare_text(index);
                }
                Kind::Instance | Kind::Enum => self.compare_base_value(index),
                Kind::Function if code_of_function(object) != entry.code => {
                    self.announce_again(index);
                    return;
                }
                _ => {}
            }
            let entry = &self.entries[index as usize];
            let info = self.types.get(entry.type_index);
            if info.has_attributes() && !self.attributes_are_equal(index) {
                if info.is_raw_file && files::has_value(object) != entry.has_value {
                    self.announce_again(index);
                    return;
                }
                if info.reads_ahead {
                    self.touch_what_is_read_ahead(index);
                }
                self.compare_attributes(index);
            }
            if self.refers_to_the_dead(index) {
                self.announce_again(index);
                return;
            }
        }
        self.vouch(index);
    }

    /// Whether an entry equals its object, as far as that is seen at once: it refers to leaves alone.
    ///
    /// # Safety
    /// The entry's object must be alive.
    #[inline]
    pub(super) unsafe fn is_flat_and_equal(&self, index: EntryIndex) -> bool {
        let entry = &self.entries[index as usize];
        let is_flat = entry.content.links.is_empty() && entry.attributes.links.is_empty();
        if !is_flat || entry.state != EntryState::Live || entry.cut_from != 0 {
            return false;
        }
        let (object, shadow) = (entry.object, &entry.content.items[..]);
        // SAFETY: passed on; what is read follows the object's type.
        unsafe {
            let info = self.types.get(entry.type_index);
            if Py_TYPE(object) != entry.type_ || info.is_gone() {
                return false;
            }
            let items_are_equal = match entry.kind {
                Kind::List if info.exporter.is_none() => layout::list_items(object) == shadow,
                Kind::Tuple => layout::tuple_items(object) == shadow,
                Kind::Instance => info.base_value.is_none(),
                _ => false,
            };
            items_are_equal && (info.has_constant_parts || self.attributes_are_equal(index))
        }
    }

    /// The object at this address has another type now (`__class__` was assigned, or the address is
    /// used again): its contents are written anew.
    unsafe fn announce_again(&mut self, index: EntryIndex) {
        let entry = &mut self.entries[index as usize];
        let mut content = std::mem::take(&mut entry.content);
        let mut attributes = std::mem::take(&mut entry.attributes);
        let dict = entry.dict.take();
        (entry.text, entry.dirty) = (None, false);
        let watched = std::mem::take(&mut entry.watched);
        let object = entry.object;
        self.drop_adapted(index);
        // SAFETY: the shadow's references are given back once.
        unsafe {
            if watched && PyDict_Check(object) != 0 {
                self.unwatch(object);
            }
            self.release_facet(&mut content);
            self.release_facet(&mut attributes);
            self.release_dict(dict);
            self.fill(index);
        }
    }

    unsafe fn compare_sequence(&mut self, index: EntryIndex, live: &[*mut PyObject]) {
        let n_live = live.len();
        let live = &live[..n_live.min(limits::items())];
        self.note_length(index, live.len(), n_live);
        let entry = &mut self.entries[index as usize];
        let shadow = &entry.content.items;
        let start = common_prefix(shadow, live);
        if start == live.len() && start == shadow.len() {
            return;
        }
        let id = entry.id;
        let mut facet = std::mem::take(&mut entry.content);
        // SAFETY: the live items are held by their container.
        unsafe {
            if facet.items.len() == live.len() {
                self.replace_changed(id, &mut facet, live, start);
            } else {
                self.splice(id, &mut facet, live, start);
            }
        }
        self.entries[index as usize].content = facet;
    }

    /// Writes the items that differ, one by one.
    unsafe fn replace_changed(
        &mut self,
        id: u32,
        facet: &mut Facet,
        live: &[*mut PyObject],
        start: usize,
    ) {
        let mut at = start;
        while at < live.len() {
            let (old, old_link) = (facet.items[at], facet.link(at));
            stream::put_object_record(&mut self.sink, record::ITEM, id);
            self.sink.varint(at as u64);
            // SAFETY: passed on; the old item is released once.
            unsafe {
                let link = self.put_kept(live[at]);
                self.sink.record_end();
                facet.set(at, live[at], link);
                self.release_link(old, old_link);
            }
            at += 1;
            at += common_prefix(&facet.items[at..], &live[at..]);
        }
    }

    /// Writes the stretch between the common beginning and the common end.
    unsafe fn splice(&mut self, id: u32, facet: &mut Facet, live: &[*mut PyObject], start: usize) {
        let longest = facet.items.len().min(live.len()) - start;
        let tails = facet.items.iter().rev().zip(live.iter().rev());
        let n_tail = tails
            .take(longest)
            .take_while(|(old, new)| old == new)
            .count();
        let n_removed = facet.items.len() - start - n_tail;
        let inserted = &live[start..live.len() - n_tail];

        let mut added = Facet::default();
        let mut at = start;
        let mut to_remove = n_removed;
        // SAFETY: passed on; removed items are released once, after the new ones are adopted, so that
        // what only moved keeps its entry.
        unsafe {
            for batch in Batches::of(inserted) {
                stream::put_object_record(&mut self.sink, record::SPLICE, id);
                self.sink.varint(at as u64);
                self.sink.varint(to_remove as u64);
                self.sink.varint(batch.len() as u64);
                for &item in batch {
                    let link = self.put_kept(item);
                    added.push(item, link);
                }
                self.sink.record_end();
                (at, to_remove) = (at + batch.len(), 0);
            }
            let links_needed = !added.links.is_empty() || !facet.links.is_empty();
            if links_needed {
                facet.spell_links();
                added.spell_links();
            }
            let old_links: Vec<Link> = match links_needed {
                true => facet
                    .links
                    .splice(start..start + n_removed, added.links)
                    .collect(),
                false => (start..start + n_removed)
                    .map(|at| facet.link(at))
                    .collect(),
            };
            let old_items: Vec<_> = facet
                .items
                .splice(start..start + n_removed, added.items)
                .collect();
            for (old, link) in old_items.into_iter().zip(old_links) {
                self.release_link(old, link);
            }
        }
    }

    unsafe fn compare_set(&mut self, index: EntryIndex) {
        // SAFETY: the entry's kind says that it is a set; its elements are alive.
        unsafe {
            let (object, id) = self.object_and_id(index);
            if self.is_set_too_large(index) {
                let mut facet = std::mem::take(&mut self.entries[index as usize].content);
                if !facet.items.is_empty() {
                    stream::put_object_record(&mut self.sink, record::CLEAR, id);
                    self.sink.record_end();
                    self.release_facet(&mut facet);
                }
                return;
            }
            let table = layout::set_table(object);
            let facet = &self.entries[index as usize].content;
            let same_size = table.len() == facet.items.len();
            if same_size
                && table
                    .iter()
                    .zip(&facet.items)
                    .all(|(e, &i)| live_element(e) == i)
            {
                return;
            }
            let mut old = std::mem::take(&mut self.entries[index as usize].content);
            let is_in_place = |at: usize| same_size && old.items[at] == live_element(&table[at]);
            // A table that was built anew has elements in other places.
            let elsewhere = (0..old.items.len()).filter(|&at| !is_in_place(at));
            let places: FxHashMap<usize, usize> =
                elsewhere.map(|at| (old.items[at] as usize, at)).collect();
            let places_of_kept: Vec<Option<usize>> = (0..table.len())
                .map(|at| match is_in_place(at) {
                    true => Some(at),
                    false => places.get(&(live_element(&table[at]) as usize)).copied(),
                })
                .collect();
            let mut facet = Facet::default();
            let mut kept = Vec::with_capacity(table.len());
            for (entry, place) in table.iter().zip(places_of_kept) {
                let link = place.filter(|_| !live_element(entry).is_null()).map(|at| {
                    let link = old.link(at);
                    old.set(at, std::ptr::null_mut(), Link::None);
                    link
                });
                kept.push(link);
            }
            // One of those that go may be equal to one that comes.
            for at in 0..old.items.len() {
                let (element, link) = (old.items[at], old.link(at));
                if element.is_null() {
                    continue;
                }
                stream::put_object_record(&mut self.sink, record::SET_DEL, id);
                self.put_old(element, link);
                self.sink.record_end();
                self.release_link(element, link);
            }
            for (entry, link) in table.iter().zip(kept) {
                let element = live_element(entry);
                let link = match link {
                    _ if element.is_null() => Link::None,
                    Some(link) => link,
                    None => self.put_element(record::SET_ADD, id, element),
                };
                facet.push(element, link);
            }
            self.entries[index as usize].content = facet;
        }
    }

    unsafe fn compare_text(&mut self, index: EntryIndex) {
        let entry = &self.entries[index as usize];
        let (object, id) = (entry.object, entry.id);
        let Some(text) = &entry.text else { return };
        let (kept, n_kept) = (&text.bytes[..], text.n_bytes);
        // SAFETY: the entry's kind says that it is text or memory, which stays as it is meanwhile.
        let (bytes, n_bytes) = unsafe {
            let exporter = self.exporter_of(index);
            let is_same = match exporter {
                Some(exporter) => {
                    fields::without_exception(|| exporter.equals(object, kept, n_kept))
                }
                None => atoms::text_equals(object, kept, n_kept),
            };
            if is_same {
                return;
            }
            // A large text that grows is not copied at each step.
            let in_place = match exporter {
                None => atoms::bytes_in_place(object),
                Some(_) => None,
            };
            match in_place {
                Some(bytes) => {
                    let n_read = bytes.len().min(limits::text());
                    (Cow::Borrowed(&bytes[..n_read]), bytes.len())
                }
                None => {
                    let (bytes, n_bytes) = self.read_text(index);
                    (Cow::Owned(bytes), n_bytes)
                }
            }
        };
        let Some(mut text) = self.entries[index as usize].text.take() else {
            return;
        };
        self.change_text(id, &mut text.bytes, &bytes);
        self.note_length(index, bytes.len(), n_bytes);
        text.n_bytes = n_bytes;
        self.entries[index as usize].text = Some(text);
    }

    /// Writes the stretch between the common beginning and the common end of two texts, and puts it in
    /// its place.
    fn change_text(&mut self, id: u32, old: &mut Vec<u8>, new: &[u8]) {
        let start = common_prefix_of_text(old, new);
        let n_tail = common_suffix_of_text(&old[start..], &new[start..]);
        let n_removed = old.len() - start - n_tail;
        let inserted = &new[start..new.len() - n_tail];
        if start == old.len() {
            self.append_text(id, inserted);
        } else {
            let (mut at, mut to_remove) = (start, n_removed);
            for batch in text_batches(inserted) {
                stream::put_object_record(&mut self.sink, record::TEXT_SPLICE, id);
                self.sink.varint(at as u64);
                self.sink.varint(to_remove as u64);
                self.sink.blob(batch);
                self.sink.record_end();
                (at, to_remove) = (at + batch.len(), 0);
            }
        }
        old.splice(start..start + n_removed, inserted.iter().copied());
    }

    unsafe fn compare_base_value(&mut self, index: EntryIndex) {
        let entry = &self.entries[index as usize];
        let Some(base_value) = self.types.get(entry.type_index).base_value else {
            return;
        };
        // SAFETY: the facts fit the object's type; the old value is kept alive by the shadow.
        unsafe {
            let object = entry.object;
            let (value, real_len) = fields::without_exception(|| base_value.read(object));
            let old = &self.entries[index as usize].content.items;
            let is_same = old.first().is_some_and(|&old| atoms::are_same(old, value));
            if !is_same {
                self.compare_sequence(index, &[value]);
                self.note_length(index, 0, real_len.unwrap_or(0));
            }
            Py_XDECREF(value);
        }
    }

    unsafe fn compare_attributes(&mut self, index: EntryIndex) {
        // SAFETY: the attributes of a live object are alive.
        unsafe {
            let (new_layout, live) = self.read_attributes(index);
            let entry = &self.entries[index as usize];
            if entry.attribute_layout == new_layout && entry.attributes.items[..] == live[..] {
                self.settle_fresh();
                return;
            }
            if entry.kind == Kind::Function || entry.type_ == &raw mut PyCell_Type {
                self.entries[index as usize].is_constant = false;
                self.disturb();
            }
            let entry = &self.entries[index as usize];
            let by_place = entry.attribute_layout == AttributeLayout::Values
                && new_layout == AttributeLayout::Values
                && live.len() >= entry.attributes.items.len();
            match by_place {
                true => self.replace_attributes(index, &live),
                false => self.rewrite_attributes(index, new_layout, &live),
            }
            self.settle_fresh();
        }
    }

    /// Writes the attributes that differ; each is where it was.
    unsafe fn replace_attributes(&mut self, index: EntryIndex, live: &[*mut PyObject]) {
        let entry = &mut self.entries[index as usize];
        let (id, type_index) = (entry.id, entry.type_index);
        let mut facet = std::mem::take(&mut entry.attributes);
        while facet.items.len() < live.len() {
            facet.push(std::ptr::null_mut(), Link::None);
        }
        for (at, &item) in live.iter().enumerate() {
            let (old, old_link) = (facet.items[at], facet.link(at));
            if old == item {
                continue;
            }
            // SAFETY: passed on; the old item is released once.
            unsafe {
                let layout = AttributeLayout::Values;
                let name = self
                    .attribute_name(type_index, layout, live, at)
                    .unwrap_or_default();
                let link = self.put_attribute_change(id, name, item);
                facet.set(at, item, link);
                self.release_link(old, old_link);
            }
        }
        self.entries[index as usize].attributes = facet;
    }

    /// Writes the attributes that differ, found by name.
    unsafe fn rewrite_attributes(
        &mut self,
        index: EntryIndex,
        new_layout: AttributeLayout,
        live: &[*mut PyObject],
    ) {
        let entry = &mut self.entries[index as usize];
        let (id, type_index, old_layout) = (entry.id, entry.type_index, entry.attribute_layout);
        let old = std::mem::take(&mut entry.attributes);
        let mut facet = Facet::default();
        // SAFETY: passed on; old items are released once, names of pairs with them.
        unsafe {
            let mut old_places: FxHashMap<u32, usize> = FxHashMap::default();
            for at in (0..old.items.len()).filter(|&at| !old.items[at].is_null()) {
                if let Some(name) = self.attribute_name(type_index, old_layout, &old.items, at) {
                    old_places.insert(name, at);
                }
            }
            let mut to_release: Vec<usize> = Vec::new();
            for (at, &item) in live.iter().enumerate() {
                let name = self.attribute_name(type_index, new_layout, live, at);
                let link = match name {
                    Some(name) if !item.is_null() => match old_places.remove(&name) {
                        Some(place) if old.items[place] == item => old.link(place),
                        place => {
                            to_release.extend(place);
                            self.put_attribute(id, name, item)
                        }
                    },
                    _ => Link::None,
                };
                facet.push(item, link);
            }
            for (name, place) in old_places {
                self.put_attribute_change(id, name, std::ptr::null_mut());
                to_release.push(place);
            }
            for place in to_release {
                self.release_link(old.items[place], old.link(place));
            }
        }
        let entry = &mut self.entries[index as usize];
        (entry.attributes, entry.attribute_layout) = (facet, new_layout);
    }

    /// Writes that an attribute is set or, by null, removed.
    unsafe fn put_attribute_change(&mut self, id: u32, name: u32, item: *mut PyObject) -> Link {
        if !item.is_null() {
            // SAFETY: passed on.
            return unsafe { self.put_attribute(id, name, item) };
        }
        stream::put_object_record(&mut self.sink, record::ATTR_DEL, id);
        self.sink.varint(u64::from(name));
        self.sink.record_end();
        Link::None
    }

    /// The common case, without copying: nothing was assigned.
    #[inline]
    unsafe fn attributes_are_equal(&self, index: EntryIndex) -> bool {
        use super::types::Storage;
        let entry = &self.entries[index as usize];
        let info = self.types.get(entry.type_index);
        let shadow = &entry.attributes.items[..];
        // SAFETY: the facts fit the object's type.
        unsafe {
            let (fields, rest) = shadow.split_at(info.fields.len().min(shadow.len()));
            let is_as_before =
                |(field, &item): (&Field, &*mut PyObject)| field.is_still(entry.object, item);
            let fields_are_equal = info.fields.iter().zip(fields).all(is_as_before);
            if !fields_are_equal || fields.len() != info.fields.len() {
                return false;
            }
            let attributes = match info.storage {
                Storage::None => return true,
                Storage::Managed => layout::managed_attributes(entry.object),
                Storage::PlainDict => Attributes::Dict(layout::plain_dict(entry.object)),
                Storage::Function => return self.types.function_parts_are(entry.object, rest),
            };
            match attributes {
                Attributes::Values(values) => {
                    let n_values = SharedKeys::of(entry.type_).map_or(0, |keys| keys.n_names());
                    let live = std::slice::from_raw_parts(values, n_values);
                    entry.attribute_layout == AttributeLayout::Values
                        && live.len() >= rest.len()
                        && live[..rest.len()] == *rest
                        && live[rest.len()..].iter().all(|item| item.is_null())
                }
                Attributes::Dict(dict) => {
                    entry.attribute_layout == AttributeLayout::Pairs
                        && dicts::equals_pairs(dict, rest)
                }
            }
        }
    }
}

/// Batches of values for records of bounded size; one empty batch for no values.
struct Batches<'a> {
    rest: Option<&'a [*mut PyObject]>,
}

impl<'a> Batches<'a> {
    fn of(values: &'a [*mut PyObject]) -> Batches<'a> {
        Batches { rest: Some(values) }
    }
}

impl<'a> Iterator for Batches<'a> {
    type Item = &'a [*mut PyObject];

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.rest.take()?;
        let (batch, rest) = rest.split_at(rest.len().min(super::fill::BATCH));
        self.rest = (!rest.is_empty()).then_some(rest);
        Some(batch)
    }
}

/// Bytes compared at once.
const BLOCK: usize = 1 << 10;

/// Length of the common beginning of two texts.
fn common_prefix_of_text(left: &[u8], right: &[u8]) -> usize {
    let blocks = left.chunks_exact(BLOCK).zip(right.chunks_exact(BLOCK));
    let start = BLOCK * blocks.take_while(|(a, b)| a == b).count();
    let rest = left[start..].iter().zip(&right[start..]);
    start + rest.take_while(|(a, b)| a == b).count()
}

/// Length of the common end of two texts.
fn common_suffix_of_text(left: &[u8], right: &[u8]) -> usize {
    let blocks = left.rchunks_exact(BLOCK).zip(right.rchunks_exact(BLOCK));
    let n = BLOCK * blocks.take_while(|(a, b)| a == b).count();
    let rest = left[..left.len() - n].iter().rev();
    let rest = rest.zip(right[..right.len() - n].iter().rev());
    n + rest.take_while(|(a, b)| a == b).count()
}

/// Length of the common beginning of two arrays of addresses.
#[inline]
fn common_prefix(left: &[*mut PyObject], right: &[*mut PyObject]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if left.len() >= LANES && is_x86_feature_detected!("avx2") {
        // SAFETY: the processor has AVX2.
        return unsafe { common_prefix_avx2(left, right) };
    }
    common_prefix_in_lanes(left, right)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn common_prefix_avx2(left: &[*mut PyObject], right: &[*mut PyObject]) -> usize {
    common_prefix_in_lanes(left, right)
}

/// Addresses compared at once.
const LANES: usize = 16;

#[inline(always)]
fn common_prefix_in_lanes(left: &[*mut PyObject], right: &[*mut PyObject]) -> usize {
    let n = left.len().min(right.len());
    let (left, right) = (&left[..n], &right[..n]);
    let mut at = 0;
    for (a, b) in left.chunks_exact(LANES).zip(right.chunks_exact(LANES)) {
        let mut differs = 0;
        for lane in 0..LANES {
            differs |= a[lane] as usize ^ b[lane] as usize;
        }
        if differs != 0 {
            break;
        }
        at += LANES;
    }
    while at < n && left[at] == right[at] {
        at += 1;
    }
    at
}
