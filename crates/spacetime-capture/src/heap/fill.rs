//! Writes an object for the first time: what it is, then its contents.

use super::buffers::Exporter;
use super::types::{Storage, code_of_function};
use super::{
    AttributeLayout, EntryIndex, EntryState, Facet, Heap, Link, Text, dicts, fields, files,
};
use crate::atoms::{self, Class};
use crate::layout::{self, Attributes, SharedKeys};
use crate::limits;
use crate::parts;
use pyo3_ffi::*;
use spacetime_store::stream::{self, Kind, Sink, fidelity, record, value};

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
            if info.renames_mutators {
                self.expose_everything();
            }
            let info = self.types.get(type_index);
            let (name, flags, mut fidelity) = (info.name, info.flags, info.fidelity);
            let kind = match info.kind {
                _ if type_ == &raw mut PyUnicode_Type => Kind::Str,
                _ if type_ == &raw mut PyBytes_Type => Kind::Bytes,
                Kind::Buffer if info.exporter.is_some_and(|e| e.holds_objects(object)) => {
                    Kind::List
                }
                kind => kind,
            };
            if matches!(kind, Kind::Str | Kind::Bytes) {
                fidelity = fidelity::EXACT;
            }
            let has_value = !info.is_raw_file || files::has_value(object);
            if !has_value {
                fidelity = fidelity::LIVE;
            }
            self.vouch_from_now(index);
            let entry = &mut self.entries[index as usize];
            entry.state = EntryState::Live;
            (entry.type_, entry.type_index, entry.kind) = (type_, type_index, kind);
            entry.cut_from = 0;
            entry.has_value = has_value;
            entry.code = match kind {
                Kind::Function => code_of_function(object),
                _ => std::ptr::null(),
            };

            stream::put_object_record(&mut self.sink, record::OBJECT, id);
            let announced = match kind {
                Kind::Adapted => Kind::Opaque,
                kind => kind,
            };
            self.sink.byte(announced as u8);
            self.sink.varint(u64::from(name));
            self.sink.varint(flags);
            self.sink.record_end();
            if fidelity != fidelity::EXACT {
                self.put_fidelity(id, fidelity, 0);
            }
            self.fill_content(index);
            if self.types.get(type_index).has_attributes() {
                self.fill_attributes(index);
            }
            let info = self.types.get(type_index);
            if info.reads_ahead {
                self.note_what_is_read_ahead(index);
            }
            if self.entries[index as usize].is_read_ahead {
                // It is looked at with the file above it, until it is found elsewhere.
                self.entries[index as usize].is_exposed = true;
            } else if self.types.get(type_index).is_volatile() {
                self.note_volatile(index);
            }
            self.entries[index as usize].is_constant = self.is_constant(index);
            self.entries[index as usize].is_immutable = self.is_immutable(index);
        }
    }

    /// Whether nothing in an entry that was just filled can change: it has no parts.
    fn is_constant(&self, index: EntryIndex) -> bool {
        let entry = &self.entries[index as usize];
        let info = self.types.get(entry.type_index);
        match entry.kind {
            Kind::Str | Kind::Bytes => true,
            Kind::Function => entry.attributes.items.is_empty(),
            Kind::Class | Kind::Module | Kind::Opaque => !info.has_attributes(),
            _ => false,
        }
    }

    /// Whether an entry that was just filled is immutable, and so are its parts.
    fn is_immutable(&self, index: EntryIndex) -> bool {
        let entry = &self.entries[index as usize];
        let info = self.types.get(entry.type_index);
        let has_edges = !(entry.content.links.is_empty() && entry.attributes.links.is_empty());
        match entry.kind {
            Kind::Tuple | Kind::FrozenSet => !has_edges && info.flags == 0,
            Kind::Instance => !has_edges && info.is_immutable,
            _ => false,
        }
    }

    unsafe fn fill_content(&mut self, index: EntryIndex) {
        // SAFETY: each branch follows the kind, which follows the type.
        unsafe {
            let (object, id) = self.object_and_id(index);
            match self.entries[index as usize].kind {
                Kind::List => match self.exporter_of(index) {
                    None => self.fill_sequence(index, layout::list_items(object)),
                    Some(array) => self.fill_sequence(index, &array.objects(object)),
                },
                Kind::Tuple => self.fill_sequence(index, layout::tuple_items(object)),
                Kind::Deque => self.fill_sequence(index, &layout::deque_items(object)),
                Kind::Set | Kind::FrozenSet => self.fill_set(index),
                Kind::Dict => self.fill_dict(index),
                Kind::Str | Kind::Bytes | Kind::ByteArray | Kind::Buffer => {
                    let (bytes, n_bytes) = self.read_text(index);
                    self.note_length(index, bytes.len(), n_bytes);
                    self.append_text(id, &bytes);
                    self.entries[index as usize].text = Some(Box::new(Text { bytes, n_bytes }));
                }
                Kind::Instance | Kind::Enum => self.fill_base_value(index),
                Kind::Adapted => self.fill_adapted(index),
                Kind::Function | Kind::Class | Kind::Module => {
                    if let Some(name) = reference_name(object) {
                        self.append_text(id, name.as_bytes());
                    }
                    match self.entries[index as usize].kind {
                        Kind::Class => self.put_fields_of_class(object, id),
                        Kind::Function => {
                            self.put_code_of_function(object, id);
                            let entry = &mut self.entries[index as usize];
                            self.exposed.function_filled(index, entry);
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }

    /// How the memory of an entry's object is read, if it has some.
    pub(super) fn exporter_of(&self, index: EntryIndex) -> Option<Exporter> {
        let type_index = self.entries[index as usize].type_index;
        self.types.get(type_index).exporter
    }

    /// Text or bytes of an entry as they are now, cut at the limit, and their real number.
    pub(super) unsafe fn read_text(&self, index: EntryIndex) -> (Vec<u8>, usize) {
        let object = self.object_of(index);
        // SAFETY: the entry's kind says that it is text or memory.
        unsafe {
            match self.exporter_of(index) {
                Some(exporter) => fields::without_exception(|| exporter.bytes(object)),
                None => atoms::text_bytes(object),
            }
        }
    }

    /// Writes which code a function has: functions of one name may be several. Another code makes it
    /// another object, so that this is written once.
    unsafe fn put_code_of_function(&mut self, object: *mut PyObject, id: u32) {
        // SAFETY: only an exact function is read; its code is alive.
        unsafe {
            if Py_TYPE(object) != &raw mut PyFunction_Type {
                return;
            }
            let (first_line, other_name) =
                fields::without_exception(|| parts::code_of_function(object.cast()));
            let name = self.names.id_of("__code__", &mut self.sink);
            stream::put_object_record(&mut self.sink, record::ATTR, id);
            self.sink.varint(u64::from(name));
            self.sink.byte(value::TUPLE);
            self.sink.varint(1 + u64::from(other_name.is_some()));
            stream::put_int(&mut self.sink, first_line);
            if let Some(name) = other_name {
                self.sink.byte(value::STR);
                self.sink.blob(name.as_bytes());
            }
            self.sink.record_end();
        }
    }

    /// Writes the value of a subclass of a builtin type without parts.
    unsafe fn fill_base_value(&mut self, index: EntryIndex) {
        // SAFETY: the facts fit the object's type.
        unsafe {
            let object = self.object_of(index);
            let info = self.types.get(self.entries[index as usize].type_index);
            let Some(base_value) = info.base_value else {
                return;
            };
            let (value, real_len) = fields::without_exception(|| base_value.read(object));
            self.fill_sequence(index, &[value]);
            Py_XDECREF(value);
            self.note_length(index, 0, real_len.unwrap_or(0));
        }
    }

    unsafe fn fill_sequence(&mut self, index: EntryIndex, items: &[*mut PyObject]) {
        let id = self.id_of(index);
        let mut facet = Facet::default();
        let kept = &items[..items.len().min(limits::items())];
        self.note_length(index, kept.len(), items.len());
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
            if self.is_set_too_large(index) {
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

    /// Whether a set has more elements than the limit; none of them is kept then, as they have no order
    /// by which some could be chosen.
    pub(super) unsafe fn is_set_too_large(&mut self, index: EntryIndex) -> bool {
        // SAFETY: the entry's kind says that it is a set.
        let n_elements = unsafe { PySet_GET_SIZE(self.object_of(index)) } as usize;
        let is_too_large = n_elements > limits::items();
        self.note_length(index, 0, if is_too_large { n_elements } else { 0 });
        is_too_large
    }

    /// Says how many items or bytes there are if only some are kept, and when all are kept again.
    pub(super) fn note_length(&mut self, index: EntryIndex, n_kept: usize, n_real: usize) {
        let cut_from = if n_real > n_kept { n_real } else { 0 };
        let entry = &mut self.entries[index as usize];
        if entry.cut_from == cut_from {
            return;
        }
        entry.cut_from = cut_from;
        let id = entry.id;
        match cut_from {
            0 => self.put_fidelity(id, fidelity::EXACT, 0),
            _ => self.put_fidelity(id, fidelity::TRUNCATED_SIZE, cut_from),
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
            let n_entries = PyDict_Size(object) as usize;
            if n_entries > limits::items() {
                self.note_length(index, 0, n_entries);
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
            let id = self.id_of(index);
            let type_index = self.entries[index as usize].type_index;
            let (attribute_layout, live) = self.read_attributes(index);
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
            self.settle_fresh();
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

    /// The attributes of an entry's object as they are now: fields, then values or pairs. They are valid
    /// until [`Heap::settle_fresh`].
    pub(super) unsafe fn read_attributes(&mut self, index: EntryIndex) -> (AttributeLayout, Live) {
        // SAFETY: the facts fit the object's type.
        unsafe {
            let mut live = self.read_fields(index);
            let entry = &self.entries[index as usize];
            let object = entry.object;
            let attributes = match self.types.get(entry.type_index).storage {
                Storage::None => Attributes::Dict(std::ptr::null_mut()),
                Storage::Managed => layout::managed_attributes(object),
                Storage::PlainDict => Attributes::Dict(layout::plain_dict(object)),
                Storage::Function => {
                    self.types.push_function_parts(object, &mut live);
                    self.entries[index as usize].has_dict =
                        super::types::dict_of_function(object).is_some();
                    return (AttributeLayout::Pairs, live);
                }
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

    /// The fields of an entry's object as they are now. A new object for a value that was there before
    /// counts as the one from before.
    unsafe fn read_fields(&mut self, index: EntryIndex) -> Live {
        let entry = &self.entries[index as usize];
        let info = self.types.get(entry.type_index);
        let (object, old, fresh) = (entry.object, &entry.attributes, &mut self.fresh);
        let mut read = || {
            let fields = info.fields.iter().enumerate();
            fields
                .map(|(at, field)| {
                    // SAFETY: the facts fit the object's type; leaves of the shadow are alive.
                    unsafe {
                        let part = field.read(object, fresh);
                        match old.items.get(at) {
                            Some(&known)
                                if known != part
                                    && matches!(old.link(at), Link::Leaf | Link::Text(_))
                                    && atoms::are_same(known, part) =>
                            {
                                known
                            }
                            _ => part,
                        }
                    }
                })
                .collect()
        };
        match info.is_read_in_place {
            true => read(),
            // SAFETY: the GIL is held.
            false => unsafe { fields::without_exception(read) },
        }
    }

    /// Lets go what was read from fields. A leaf has no entry: one at its address is about an object that
    /// is gone. Anything else stays alive until all that is due is compared, and is in doubt, as it may
    /// have been made by the reading where an object was that the program let go on this line.
    pub(super) unsafe fn settle_fresh(&mut self) {
        for object in self.fresh.drain(..) {
            // SAFETY: a reference that a reader of fields gave; leaves have no finaliser.
            unsafe {
                if atoms::classify(object) == Class::Leaf {
                    Py_DECREF(object);
                    continue;
                }
            }
            self.held.push(object);
            if let Some(&index) = self.by_address.get(&(object as usize))
                && self.entries[index as usize].state == EntryState::Live
            {
                self.doubts.push(index);
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
        let fields = &self.types.get(type_index).fields;
        if let Some(field) = fields.get(at) {
            return Some(field.name);
        }
        let n_fields = fields.len();
        let at = at - n_fields;
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
                    let key = live[n_fields + at - 1];
                    let is_str = Py_TYPE(key) == &raw mut PyUnicode_Type;
                    is_str.then(|| self.names.id_of_str(key, &mut self.sink))
                }
                AttributeLayout::Pairs => None,
            }
        }
    }

    /// Writes more text in records of bounded size.
    pub(super) fn append_text(&mut self, id: u32, bytes: &[u8]) {
        for batch in bytes.chunks(TEXT_BATCH) {
            stream::put_object_record(&mut self.sink, record::TEXT_APPEND, id);
            self.sink.blob(batch);
            self.sink.record_end();
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

/// Text in pieces for records of bounded size; one empty piece for no text.
pub(super) fn text_batches(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let empty = bytes.is_empty().then_some(bytes);
    empty.into_iter().chain(bytes.chunks(TEXT_BATCH))
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
        if PyCFunction_Check(object) != 0 {
            let function = object.cast::<PyCFunctionObject>();
            let name = std::ffi::CStr::from_ptr((*(*function).m_ml).ml_name).to_string_lossy();
            let owner = (*function).m_self;
            if owner.is_null() || PyModule_Check(owner) != 0 {
                return Some(match text_of((*function).m_module).as_deref() {
                    None | Some("builtins") => name.into(),
                    Some(module) => format!("{module}.{name}"),
                });
            }
            let is_type = PyType_Check(owner) != 0;
            let owner_type = if is_type {
                owner.cast()
            } else {
                Py_TYPE(owner)
            };
            return Some(format!(
                "{}.{name}",
                super::types::qualified_name(owner_type)
            ));
        }
        if super::types::is_descriptor(type_) {
            let descriptor = object.cast::<PyDescrObject>();
            let owner = super::types::qualified_name((*descriptor).d_type);
            return Some(format!("{owner}.{}", text_of((*descriptor).d_name)?));
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
