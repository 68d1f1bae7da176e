//! Interned names: attributes, globals and types are written once and then named by number.

use crate::atoms;
use pyo3_ffi::*;
use rustc_hash::FxHashMap;
use spacetime_store::ring::RingWriter;
use spacetime_store::stream::{Sink, record};

/// Names written to the stream so far.
#[derive(Default)]
pub struct Names {
    by_text: FxHashMap<Box<str>, u32>,
    /// Names by the address of a str that is kept alive.
    by_address: FxHashMap<usize, u32>,
}

impl Names {
    /// The number of a name, written to the stream if it is new.
    pub fn id_of(&mut self, text: &str, sink: &mut RingWriter) -> u32 {
        if let Some(&id) = self.by_text.get(text) {
            return id;
        }
        let id = self.by_text.len() as u32;
        self.by_text.insert(text.into(), id);
        sink.byte(record::NAME);
        sink.varint(u64::from(id));
        sink.blob(text.as_bytes());
        sink.record_end();
        id
    }

    /// The number of a name held by an exact str; null gives the number of the empty name.
    ///
    /// # Safety
    /// `name` must be null or an exact str, with the GIL held.
    #[inline]
    pub unsafe fn id_of_str(&mut self, name: *mut PyObject, sink: &mut RingWriter) -> u32 {
        if let Some(&id) = self.by_address.get(&(name as usize)) {
            return id;
        }
        // SAFETY: passed on.
        let id = self.id_of(&unsafe { text_of(name) }.unwrap_or_default(), sink);
        if !name.is_null() {
            // SAFETY: a str has no finaliser; keeping it alive keeps its address.
            unsafe { Py_INCREF(name) };
            self.by_address.insert(name as usize, id);
        }
        id
    }

    /// Gives back the references to names.
    ///
    /// # Safety
    /// The GIL must be held.
    pub unsafe fn release(&mut self) {
        for (address, _) in self.by_address.drain() {
            // SAFETY: the reference was taken in `id_of_str`.
            unsafe { Py_DECREF(std::ptr::with_exposed_provenance_mut(address)) };
        }
    }
}

/// The text of an exact str (lone surrogates replaced), or `None` for anything else.
///
/// # Safety
/// `object` must be null or a live object, with the GIL held.
pub unsafe fn text_of(object: *mut PyObject) -> Option<String> {
    // SAFETY: only an exact str is read.
    unsafe {
        (!object.is_null() && Py_TYPE(object) == &raw mut PyUnicode_Type)
            .then(|| String::from_utf8_lossy(&atoms::utf8_of(object)).into_owned())
    }
}
