//! Files in memory, `io.BytesIO` and `io.StringIO`, read where they keep what was written.
//!
//! Anything in C may read or write a file that it was given, or has kept, so these are compared after
//! each line (see [`super::exposed`]).

use super::fields::{own_attribute, type_name, without_exception};
use crate::atoms;
use crate::layout;
use crate::limits;
use pyo3_ffi::*;
use std::ptr;
use std::sync::OnceLock;

/// What such a file holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum MemoryFile {
    /// `io.BytesIO`.
    Bytes,
    /// `io.StringIO`.
    Text,
}

/// `pos` of both, where the next item is read or written.
const POSITION: usize = 24;
/// `buf` of both: a bytes object, or an array of code points.
const BUFFER: usize = 16;
/// `string_size` of both.
const SIZE: usize = 32;
/// `state`, `writer.data`, `writer.kind`, `writer.pos` and `closed` of stringio.
const STATE: usize = 48;
const WRITER_DATA: usize = 64;
const WRITER_KIND: usize = 72;
const WRITER_POSITION: usize = 88;
const CLOSED: usize = 113;
/// `readnl` of stringio.
pub(super) const NEWLINE: usize = 128;
/// `STATE_ACCUMULATING`: all was written at the end, and the writer has it.
const ACCUMULATING: i32 = 2;

/// Code points of one width, as a text has them.
enum Units<'a> {
    One(&'a [u8]),
    Two(&'a [u16]),
    Four(&'a [u32]),
}

impl Units<'_> {
    /// As UTF-8, at most so many bytes, and how many there are in all.
    fn utf8(&self, limit: usize) -> (Vec<u8>, usize) {
        let mut utf8 = Vec::new();
        let mut n_bytes = 0;
        self.for_each(|bytes| {
            // A character that is cut is left out.
            if n_bytes == utf8.len() && utf8.len() + bytes.len() <= limit {
                utf8.extend_from_slice(bytes);
            }
            n_bytes += bytes.len();
        });
        (utf8, n_bytes)
    }

    /// Whether this is the text that gave so many bytes in all, of which these were kept.
    fn equals(&self, kept: &[u8], n_bytes: usize) -> bool {
        if let Units::One(units) = self
            && kept.len() == n_bytes
            && units.is_ascii()
        {
            return *units == kept;
        }
        let (mut rest, mut n_left, mut is_same) = (kept, n_bytes, true);
        self.for_each(|bytes| {
            match rest.split_at_checked(bytes.len()) {
                Some((known, following)) if is_same => {
                    is_same = known == bytes;
                    rest = following;
                }
                _ => rest = &[],
            }
            is_same &= n_left >= bytes.len();
            n_left = n_left.saturating_sub(bytes.len());
        });
        is_same && n_left == 0
    }

    fn for_each(&self, mut show: impl FnMut(&[u8])) {
        let mut utf8 = Vec::with_capacity(4);
        let mut show = |code_point: u32| {
            utf8.clear();
            atoms::push_utf8(&mut utf8, code_point);
            show(&utf8);
        };
        match self {
            Units::One(units) => units.iter().for_each(|&unit| show(unit.into())),
            Units::Two(units) => units.iter().for_each(|&unit| show(unit.into())),
            Units::Four(units) => units.iter().for_each(|&unit| show(unit)),
        }
    }
}

impl MemoryFile {
    /// The file that a type written in C is, if its instances are laid out as expected.
    ///
    /// # Safety
    /// `base` must be a live type, with the GIL held.
    pub unsafe fn of(base: *mut PyTypeObject) -> Option<MemoryFile> {
        static ANSWERS: [OnceLock<bool>; 2] = [OnceLock::new(), OnceLock::new()];
        // SAFETY: passed on.
        unsafe {
            let (file, answer) = match type_name(base).to_bytes() {
                b"_io.BytesIO" => (MemoryFile::Bytes, &ANSWERS[0]),
                b"_io.StringIO" => (MemoryFile::Text, &ANSWERS[1]),
                _ => return None,
            };
            let is_known = *answer.get_or_init(|| without_exception(|| file.is_laid_out_so(base)));
            is_known.then_some(file)
        }
    }

    /// Where the next item is read or written, none once it is closed.
    ///
    /// # Safety
    /// `object` must be a live instance.
    pub(super) unsafe fn position(self, object: *mut PyObject) -> Option<Py_ssize_t> {
        // SAFETY: see the offsets.
        unsafe { (!self.is_closed(object)).then(|| layout::field(object.cast(), POSITION)) }
    }

    /// Whether it is closed.
    ///
    /// # Safety
    /// As for [`MemoryFile::position`].
    pub(super) unsafe fn is_closed(self, object: *mut PyObject) -> bool {
        // SAFETY: see the offsets.
        unsafe {
            match self {
                MemoryFile::Bytes => layout::field::<usize>(object.cast(), BUFFER) == 0,
                MemoryFile::Text => layout::field::<u8>(object.cast(), CLOSED) != 0,
            }
        }
    }

    /// The first bytes of what it holds, at most [`limits::text`], text as UTF-8; and how many there are.
    ///
    /// # Safety
    /// As for [`MemoryFile::position`].
    pub unsafe fn bytes(self, object: *mut PyObject) -> (Vec<u8>, usize) {
        // SAFETY: passed on; nothing runs while the contents are read.
        unsafe {
            match self {
                MemoryFile::Bytes => {
                    let bytes = bytes_in(object);
                    (bytes[..bytes.len().min(limits::text())].into(), bytes.len())
                }
                MemoryFile::Text => units_in(object).utf8(limits::text()),
            }
        }
    }

    /// Whether it still holds what [`MemoryFile::bytes`] gave.
    ///
    /// # Safety
    /// As for [`MemoryFile::position`].
    pub unsafe fn equals(self, object: *mut PyObject, kept: &[u8], n_bytes: usize) -> bool {
        // SAFETY: as above.
        unsafe {
            match self {
                MemoryFile::Bytes => {
                    let bytes = bytes_in(object);
                    bytes.len() == n_bytes && bytes.starts_with(kept)
                }
                MemoryFile::Text => units_in(object).equals(kept, n_bytes),
            }
        }
    }

    /// Compares a file in several states with what its own methods say.
    unsafe fn is_laid_out_so(self, type_: *mut PyTypeObject) -> bool {
        // SAFETY: plain use of the API with owned references; what is called is C code of the type.
        unsafe {
            let file = PyObject_CallNoArgs(type_.cast());
            let mut is_known = !file.is_null();
            for step in 0..6 {
                if !is_known {
                    break;
                }
                let text: &std::ffi::CStr = [c"abc", c"d\xc3\xa9", c"\xf0\x9f\x98\x80"][step / 2];
                let given = match (self, step % 2) {
                    (_, 1) => PyLong_FromLong(2),
                    (MemoryFile::Bytes, _) => PyBytes_FromString(text.as_ptr()),
                    (MemoryFile::Text, _) => PyUnicode_FromString(text.as_ptr()),
                };
                let name = [c"write", c"seek"][step % 2];
                for (name, given) in [
                    (name, given),
                    (c"tell", ptr::null_mut()),
                    (c"getvalue", ptr::null_mut()),
                ] {
                    let Some(method) = own_attribute(type_, name) else {
                        is_known = false;
                        break;
                    };
                    let mut arguments = [file, given];
                    let n = 1 + usize::from(!given.is_null());
                    let answer =
                        PyObject_Vectorcall(method, arguments.as_mut_ptr(), n, ptr::null_mut());
                    is_known &= !answer.is_null()
                        && match name.to_bytes() {
                            b"tell" => {
                                layout::small_int(answer) == self.position(file).map(|p| p as i64)
                            }
                            b"getvalue" => {
                                let (bytes, n_bytes) = atoms::text_bytes(answer);
                                self.equals(file, &bytes, n_bytes)
                                    && self.bytes(file) == (bytes, n_bytes)
                            }
                            _ => !self.is_closed(file),
                        };
                    Py_XDECREF(answer);
                }
                Py_XDECREF(given);
            }
            if is_known {
                Py_XDECREF(PyObject_CallMethod(file, c"close".as_ptr(), ptr::null()));
                is_known = self.is_closed(file) && self.bytes(file).1 == 0;
            }
            Py_XDECREF(file);
            PyErr_Clear();
            is_known
        }
    }
}

unsafe fn bytes_in<'a>(object: *mut PyObject) -> &'a [u8] {
    // SAFETY: see the offsets; the buffer is a bytes object that is at least that large.
    unsafe {
        let buffer: *mut PyObject = layout::field(object.cast(), BUFFER);
        if buffer.is_null() {
            return &[];
        }
        let n_bytes: usize = layout::field(object.cast(), SIZE);
        let bytes = atoms::bytes_of(buffer);
        &bytes[..n_bytes.min(bytes.len())]
    }
}

unsafe fn units_in<'a>(object: *mut PyObject) -> Units<'a> {
    // SAFETY: see the offsets.
    unsafe {
        if MemoryFile::Text.is_closed(object) {
            return Units::One(&[]);
        }
        let is_in_writer = layout::field::<i32>(object.cast(), STATE) == ACCUMULATING;
        let (data, kind, n): (*const u8, i32, usize) = match is_in_writer {
            true => (
                layout::field(object.cast(), WRITER_DATA),
                layout::field(object.cast(), WRITER_KIND),
                layout::field(object.cast(), WRITER_POSITION),
            ),
            false => (
                layout::field(object.cast(), BUFFER),
                4,
                layout::field(object.cast(), SIZE),
            ),
        };
        if data.is_null() || n == 0 {
            return Units::One(&[]);
        }
        match kind {
            1 => Units::One(std::slice::from_raw_parts(data, n)),
            2 => Units::Two(std::slice::from_raw_parts(data.cast(), n)),
            _ => Units::Four(std::slice::from_raw_parts(data.cast(), n)),
        }
    }
}
