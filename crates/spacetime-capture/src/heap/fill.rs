//! Writes an object for the first time: what it is, then its contents.

use super::{AttributeLayout, EntryIndex, EntryState, Facet, Heap, Link, MAX_ITEMS, Text, dicts};
use crate::atoms;
use crate::layout::{self, Attributes, SharedKeys};
use pyo3_ffi::*;
use spacetime_store::stream::{self, Kind, Sink, fidelity, record};

unsafe extern "C" {
    /// `collections.OrderedDict`.
    static mut PyODict_Type: PyTypeObject;
}

/// Values in one record: records stay far below the size of the ring.
pub(super) const BATCH: usize = 4096;
/// Bytes of text in one record.
const TEXT_BATCH: usize = 1 << 18;

/// The attributes of an instance as they are now (borrowed), most often few.
type Live = smallvec::SmallVec<[*mut PyObject; 16]>;

impl Heap {
    /// Announces the object of a new entry and reads its contents.
    pub(super) unsafe fn fill(&mut self, index: EntryIndex) {
        // SAFETY: a new entry's object is alive until the event in which it was adopted ends.
        unsafe {
            let (object, id) = self.object_and_id(index);
            let type_ = Py_TYPE(object);
            let type_index = self.types.index_of(type_, &mut self.names, &mut self.sink);
            let info = self.types.get(type_index);
            let (name, flags, hidden_state) = (info.name, info.flags, info.hidden_state);
            if info.renames_mutators {
                self.expose_everything();
            }
            let info = self.types.get(type_index);
            let is_excluded = info.is_excluded;
            let text_like = type_ == &raw mut PyUnicode_Type || type_ == &raw mut PyBytes_Type;
            let kind = match info.kind {
                _ if type_ == &raw mut PyUnicode_Type => Kind::Str,
                _ if type_ == &raw mut PyBytes_Type => Kind::Bytes,
                kind => kind,
            };
            let is_constant = !info.has_attributes()
                && matches!(
                    kind,
                    Kind::Str
                        | Kind::Bytes
                        | Kind::Function
                        | Kind::Class
                        | Kind::Module
                        | Kind::Opaque
                );
            let opaque = kind == Kind::Opaque || (hidden_state && !text_like);
            self.vouch_from_now(index);
            let entry = &mut self.entries[index as usize];
            (entry.state, entry.is_constant) = (EntryState::Live, is_constant);
            (entry.type_, entry.type_index, entry.kind) = (type_, type_index, kind);

            stream::put_object_record(&mut self.sink, record::OBJECT, id);
            self.sink.byte(kind as u8);
            self.sink.varint(u64::from(name));
            self.sink.varint(flags);
            self.sink.record_end();
            if is_excluded {
                self.put_fidelity(id, fidelity::EXCLUDED, 0);
            } else if opaque {
                self.put_fidelity(id, fidelity::OPAQUE, 0);
            }
            self.fill_content(index);
            if self.types.get(type_index).has_attributes() {
                self.fill_attributes(index);
            }
        }
    }

    unsafe fn fill_content(&mut self, index: EntryIndex) {
        // SAFETY: each branch follows the kind, which follows the type.
        unsafe {
            let (object, id) = self.object_and_id(index);
            match self.entries[index as usize].kind {
                Kind::List => self.fill_sequence(index, layout::list_items(object)),
                Kind::Tuple => self.fill_sequence(index, layout::tuple_items(object)),
                Kind::Set | Kind::FrozenSet => self.fill_set(index),
                Kind::Dict => self.fill_dict(index),
                Kind::Str | Kind::Bytes | Kind::ByteArray => {
                    let (bytes, n_bytes) = atoms::text_bytes(object);
                    if n_bytes > bytes.len() {
                        self.put_fidelity(id, fidelity::TRUNCATED_SIZE, n_bytes);
                    }
                    self.put_text(record::TEXT_APPEND, id, &bytes);
                    self.entries[index as usize].text = Some(Box::new(Text { bytes, n_bytes }));
                }
                Kind::Function | Kind::Class | Kind::Module => {
                    if let Some(name) = reference_name(object) {
                        self.put_text(record::TEXT, id, name.as_bytes());
                    }
                }
                _ => {}
            }
        }
    }

    unsafe fn fill_sequence(&mut self, index: EntryIndex, items: &[*mut PyObject]) {
        let id = self.id_of(index);
        if items.len() > MAX_ITEMS {
            self.put_fidelity(id, fidelity::TRUNCATED_SIZE, items.len());
        }
        let mut facet = Facet::default();
        let kept = &items[..items.len().min(MAX_ITEMS)];
        facet.items.reserve_exact(kept.len());
        // SAFETY: the items are alive, held by their container.
        unsafe { self.append(id, &mut facet, kept) };
        self.entries[index as usize].content = facet;
    }

    /// Writes items at the end of a sequence and takes them into its shadow.
    pub(super) unsafe fn append(&mut self, id: u32, facet: &mut Facet, items: &[*mut PyObject]) {
        for batch in items.chunks(BATCH) {
            stream::put_object_record(&mut self.sink, record::SPLICE, id);
            self.sink.varint(facet.items.len() as u64);
            self.sink.varint(0);
            self.sink.varint(batch.len() as u64);
            for &item in batch {
                // SAFETY: passed on.
                let link = unsafe { self.put_kept(item) };
                facet.push(item, link);
            }
            self.sink.record_end();
        }
    }

    unsafe fn fill_set(&mut self, index: EntryIndex) {
        // SAFETY: the entry's kind says that it is a set; elements are alive.
        unsafe {
            let (object, id) = self.object_and_id(index);
            let table = layout::set_table(object);
            if table.len() > MAX_ITEMS * 4 {
                self.put_fidelity(id, fidelity::TRUNCATED_SIZE, table.len());
                return;
            }
            let mut facet = Facet::default();
            for entry in table {
                let element = live_element(entry);
                let link = match element.is_null() {
                    true => Link::None,
                    false => self.put_element(record::SET_ADD, id, element),
                };
                facet.push(element, link);
            }
            self.entries[index as usize].content = facet;
        }
    }

    /// Writes that a set gains an element.
    pub(super) unsafe fn put_element(&mut self, tag: u8, id: u32, element: *mut PyObject) -> Link {
        stream::put_object_record(&mut self.sink, tag, id);
        // SAFETY: passed on.
        let link = unsafe { self.put_kept(element) };
        self.sink.record_end();
        link
    }

    unsafe fn fill_dict(&mut self, index: EntryIndex) {
        // SAFETY: the entry's kind says that it is a dict.
        unsafe {
            let (object, id) = self.object_and_id(index);
            if PyDict_Size(object) as usize > MAX_ITEMS {
                self.put_fidelity(id, fidelity::TRUNCATED_SIZE, PyDict_Size(object) as usize);
                return;
            }
            // Moves within an ordered dict are not told.
            let ordered = PyType_IsSubtype(Py_TYPE(object), &raw mut PyODict_Type) != 0;
            let watched = !ordered
                && !layout::dict_is_split(object)
                && PyDict_Watch(self.watcher, object) == 0;
            self.entries[index as usize].watched = watched;
            let simple = watched && dicts::has_only_simple_entries(object);
            let mut shadow = dicts::DictShadow::new(simple);
            dicts::for_each_entry(object, |key, item| {
                let (key_link, item_link) = self.put_dict_entry(id, key, item, !simple);
                if !simple {
                    shadow.push(key, key_link, item, item_link);
                }
            });
            self.entries[index as usize].dict = Some(Box::new(shadow));
        }
    }

    /// Writes that a dict entry is set. Leaves are kept alive if `keep`.
    pub(super) unsafe fn put_dict_entry(
        &mut self,
        id: u32,
        key: *mut PyObject,
        item: *mut PyObject,
        keep: bool,
    ) -> (Link, Link) {
        stream::put_object_record(&mut self.sink, record::DICT_SET, id);
        // SAFETY: passed on.
        let links = unsafe {
            match keep {
                true => (self.put_kept(key), self.put_kept(item)),
                false => (self.put_item(key), self.put_item(item)),
            }
        };
        self.sink.record_end();
        links
    }

    unsafe fn fill_attributes(&mut self, index: EntryIndex) {
        // SAFETY: the attributes of a live object are alive.
        unsafe {
            let (object, id) = self.object_and_id(index);
            let type_index = self.entries[index as usize].type_index;
            let (attribute_layout, live) = self.read_attributes(object, type_index);
            let mut facet = Facet::default();
            for (at, &item) in live.iter().enumerate() {
                let named = self.attribute_name(type_index, attribute_layout, &live, at);
                let link = match named {
                    Some(name) if !item.is_null() => self.put_attribute(id, name, item),
                    _ => Link::None,
                };
                facet.push(item, link);
            }
            let entry = &mut self.entries[index as usize];
            (entry.attributes, entry.attribute_layout) = (facet, attribute_layout);
        }
    }

    /// Writes that an attribute is set.
    pub(super) unsafe fn put_attribute(&mut self, id: u32, name: u32, item: *mut PyObject) -> Link {
        stream::put_object_record(&mut self.sink, record::ATTR, id);
        self.sink.varint(u64::from(name));
        // SAFETY: passed on.
        let link = unsafe { self.put_kept(item) };
        self.sink.record_end();
        link
    }

    /// The attributes of an instance as they are now: slots, then values or pairs.
    pub(super) unsafe fn read_attributes(
        &mut self,
        object: *mut PyObject,
        type_index: u32,
    ) -> (AttributeLayout, Live) {
        use super::types::Storage;
        // SAFETY: the facts fit the object's type.
        unsafe {
            let info = self.types.get(type_index);
            let slot = |&(_, offset): &(u32, usize)| layout::field(object.cast(), offset);
            let mut live: Live = info.slots.iter().map(slot).collect();
            let attributes = match info.storage {
                Storage::None => Attributes::Dict(std::ptr::null_mut()),
                Storage::Managed => layout::managed_attributes(object),
                Storage::PlainDict => Attributes::Dict(layout::plain_dict(object)),
            };
            match attributes {
                Attributes::Values(values) => {
                    let keys = SharedKeys::of(Py_TYPE(object));
                    let n_values = keys.map_or(0, |keys| keys.n_names());
                    live.extend_from_slice(std::slice::from_raw_parts(values, n_values));
                    (AttributeLayout::Values, live)
                }
                Attributes::Dict(dict) => {
                    if !dict.is_null() {
                        self.note_instance_dict(dict, object);
                        dicts::for_each_entry(dict, |key, item| live.extend([key, item]));
                    }
                    (AttributeLayout::Pairs, live)
                }
            }
        }
    }

    /// The name of the attribute at a place of [`Heap::read_attributes`], if there is an attribute at that place.
    pub(super) unsafe fn attribute_name(
        &mut self,
        type_index: u32,
        attribute_layout: AttributeLayout,
        live: &[*mut PyObject],
        at: usize,
    ) -> Option<u32> {
        let slots = &self.types.get(type_index).slots;
        if let Some(&(name, _)) = slots.get(at) {
            return Some(name);
        }
        let at = at - slots.len();
        let n_slots = slots.len();
        // SAFETY: names of attributes are exact str; others are passed over.
        unsafe {
            match attribute_layout {
                AttributeLayout::Values => {
                    Some(
                        self.types
                            .shared_name(type_index, at, &mut self.names, &mut self.sink),
                    )
                }
                AttributeLayout::Pairs if at % 2 == 1 => {
                    let key = live[n_slots + at - 1];
                    let is_str = Py_TYPE(key) == &raw mut PyUnicode_Type;
                    is_str.then(|| self.names.id_of_str(key, &mut self.sink))
                }
                AttributeLayout::Pairs => None,
            }
        }
    }

    /// Writes text in records of bounded size; `first` is the tag of the first of them.
    pub(super) fn put_text(&mut self, first: u8, id: u32, bytes: &[u8]) {
        let mut tag = first;
        let mut batches = bytes.chunks(TEXT_BATCH);
        loop {
            let batch = batches.next();
            if batch.is_none() && tag == record::TEXT_APPEND {
                return;
            }
            stream::put_object_record(&mut self.sink, tag, id);
            self.sink.blob(batch.unwrap_or_default());
            self.sink.record_end();
            tag = record::TEXT_APPEND;
        }
    }

    pub(super) fn put_fidelity(&mut self, id: u32, code: u8, n: usize) {
        stream::put_object_record(&mut self.sink, record::FIDELITY, id);
        self.sink.byte(code);
        self.sink.varint(n as u64);
        self.sink.record_end();
    }

    pub(super) fn object_and_id(&self, index: EntryIndex) -> (*mut PyObject, u32) {
        let entry = &self.entries[index as usize];
        (entry.object, entry.id)
    }
}

/// The element of a table entry, null if it has none.
#[inline]
pub(super) fn live_element(entry: &layout::SetEntry) -> *mut PyObject {
    if entry.hash == -1 {
        std::ptr::null_mut()
    } else {
        entry.key
    }
}

/// The name of a function, class or module, without running code of the program.
unsafe fn reference_name(object: *mut PyObject) -> Option<String> {
    use super::names::text_of;
    // SAFETY: each branch follows the exact type; the dict of a module has str keys.
    unsafe {
        let type_ = Py_TYPE(object);
        if type_ == &raw mut PyFunction_Type {
            let function = object.cast::<PyFunctionObject>();
            let qualname = text_of((*function).func_qualname)?;
            return Some(match text_of((*function).func_module) {
                Some(module) => format!("{module}.{qualname}"),
                None => qualname,
            });
        }
        if type_ == &raw mut PyCFunction_Type {
            let function = object.cast::<PyCFunctionObject>();
            let name = std::ffi::CStr::from_ptr((*(*function).m_ml).ml_name).to_string_lossy();
            let owner = (*function).m_self;
            if owner.is_null() || PyModule_Check(owner) != 0 {
                return Some(name.into());
            }
            let is_type = PyType_Check(owner) != 0;
            let owner_type = if is_type {
                owner.cast()
            } else {
                Py_TYPE(owner)
            };
            return Some(format!("{}.{name}", super::types::qualname(owner_type)));
        }
        if PyType_Check(object) != 0 {
            return Some(super::types::qualified_name(object.cast()));
        }
        if PyModule_Check(object) != 0 {
            let dict = PyModule_GetDict(object);
            return text_of(PyDict_GetItemString(dict, c"__name__".as_ptr()));
        }
        None
    }
}
