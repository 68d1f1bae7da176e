//! Files of the operating system, `io.FileIO` and what reads ahead of one: in which mode they are open,
//! and where they are read or written next.
//!
//! All is read where the objects keep it: to ask a file where it is may flush it. C code that was given a
//! file may read or write it unseen, as files in memory (see [`super::exposed`]).

use super::fields::{own_attribute, type_name};
use crate::layout;
use pyo3_ffi::*;
use std::ffi::CStr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

/// What a file keeps of itself.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum FilePart {
    /// Where an `io.FileIO` is in its file.
    RawPosition,
    /// Where a file that is read ahead, or written later, is for those who use it.
    BufferedPosition,
    /// Bytes that a text file decoded at once.
    DecodedBytes,
    /// Characters of those that were given out.
    DecodedCharacters,
    /// The state of the decoder before them, not there where the file did not keep it.
    DecoderState,
    /// Bytes of text that was written, but not passed on yet.
    PendingBytes,
}

/// `fd` of fileio, negative once it is closed, and its flags.
const DESCRIPTOR: usize = 16;
const FLAGS: usize = 20;
const CREATED: u8 = 1;
const READABLE: u8 = 2;
const WRITABLE: u8 = 4;
const APPENDING: u8 = 8;
const OWNS_DESCRIPTOR: u8 = 64;

/// `raw`, `readable`, `writable`, `abs_pos`, `buffer` (null once it is closed), `pos`, `raw_pos`,
/// `read_end` and `write_end` of buffered.
const RAW: usize = 16;
const BUFFER_READABLE: usize = 32;
const BUFFER_WRITABLE: usize = 36;
const ABS_POS: usize = 48;
const BUFFER_MEMORY: usize = 56;
const POS: usize = 64;
const RAW_POS: usize = 72;
const READ_END: usize = 80;
const WRITE_END: usize = 96;

/// `buffer`, `readnl`, `errors`, `telling`, `decoded_chars`, `decoded_chars_used`, `pending_bytes_count`,
/// `snapshot` and `b2cratio` of textio.
const BUFFER: usize = 32;
pub(super) const READ_NEWLINE: usize = 64;
pub(super) const ERRORS: usize = 72;
const TELLING: usize = 95;
const DECODED_CHARS: usize = 120;
const DECODED_CHARS_USED: usize = 128;
const PENDING_BYTES: usize = 144;
const SNAPSHOT: usize = 152;
const BYTES_A_CHARACTER: usize = 160;

impl FilePart {
    /// Whether the part is still this number, none where there was none.
    ///
    /// # Safety
    /// As for [`FilePart::read`].
    pub(super) unsafe fn is_still(self, object: *mut PyObject, known: Option<i64>) -> bool {
        // SAFETY: passed on.
        unsafe {
            // While its buffer is in use it knows where it is, but for some reads; the system is asked
            // where that seems to have changed.
            let seems_same = self == FilePart::BufferedPosition
                && known.is_some()
                && n_ahead(object)
                    .map(|ahead| layout::field::<i64>(object.cast(), ABS_POS) - ahead)
                    == known;
            seems_same || self.read(object) == known
        }
    }

    /// The number, none where the file has none or does not know it.
    ///
    /// # Safety
    /// `object` must be a live instance of a type whose layout is known (see [`is_laid_out_so`]), with the
    /// GIL held.
    pub(super) unsafe fn read(self, object: *mut PyObject) -> Option<i64> {
        // SAFETY: passed on.
        unsafe {
            match self {
                FilePart::RawPosition => raw_position(object),
                FilePart::BufferedPosition => buffered_position(object),
                FilePart::DecodedBytes => n_decoded_bytes(object),
                FilePart::DecodedCharacters => n_decoded_bytes(object)
                    .map(|_| layout::field(object.cast(), DECODED_CHARS_USED)),
                FilePart::DecoderState => snapshot(object).map(|(state, _)| state),
                FilePart::PendingBytes => match layout::field(object.cast(), PENDING_BYTES) {
                    0 => None,
                    n_bytes => Some(n_bytes),
                },
            }
        }
    }
}

/// Where the file of a descriptor is, unless it is a pipe or the like.
unsafe fn raw_position(object: *mut PyObject) -> Option<i64> {
    // SAFETY: see the offsets; a descriptor that is closed or of something else is answered by an error,
    // and the error number of the program stays.
    unsafe {
        let descriptor: i32 = layout::field(object.cast(), DESCRIPTOR);
        if descriptor < 0 {
            return None;
        }
        let offset = keeping_error(|| libc::lseek(descriptor, 0, libc::SEEK_CUR));
        (offset >= 0).then_some(offset)
    }
}

/// Runs something that sets the error number of the thread, which is the program's.
fn keeping_error<T>(run: impl FnOnce() -> T) -> T {
    // SAFETY: the address is that of the thread's own number.
    let error = unsafe { *libc::__errno_location() };
    let answer = run();
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = error };
    answer
}

/// What `tell` works out: known of files of the operating system that have positions.
unsafe fn buffered_position(object: *mut PyObject) -> Option<i64> {
    // SAFETY: see the offsets; a raw file is read as one only if its type is known.
    unsafe {
        let raw: *mut PyObject = layout::field(object.cast(), RAW);
        if raw.is_null() || is_released(object) || !is_raw_file(Py_TYPE(raw)) {
            return None;
        }
        let at = raw_position(raw)?;
        let ahead = n_ahead(object).unwrap_or(0);
        (at >= ahead).then(|| at - ahead)
    }
}

/// Whether the memory of a buffer was given back, when it was closed.
unsafe fn is_released(object: *mut PyObject) -> bool {
    // SAFETY: see the offsets.
    unsafe { layout::field::<usize>(object.cast(), BUFFER_MEMORY) == 0 }
}

/// How far the raw file is ahead, none where the buffer is not in use.
unsafe fn n_ahead(object: *mut PyObject) -> Option<i64> {
    // SAFETY: see the offsets.
    unsafe {
        let is_set = |flag: usize, end: usize| {
            layout::field::<i32>(object.cast(), flag) != 0
                && layout::field::<i64>(object.cast(), end) != -1
        };
        let is_in_use = is_set(BUFFER_READABLE, READ_END) || is_set(BUFFER_WRITABLE, WRITE_END);
        let raw_pos: i64 = layout::field(object.cast(), RAW_POS);
        (is_in_use && raw_pos >= 0 && !is_released(object))
            .then(|| raw_pos - layout::field::<i64>(object.cast(), POS))
    }
}

/// The bytes of the characters that were decoded last.
unsafe fn n_decoded_bytes(object: *mut PyObject) -> Option<i64> {
    // SAFETY: see the offsets; the characters are a str, null where there are none.
    unsafe {
        let decoded: *mut PyObject = layout::field(object.cast(), DECODED_CHARS);
        let buffer: *mut PyObject = layout::field(object.cast(), BUFFER);
        if decoded.is_null() || buffer.is_null() {
            return None;
        }
        if let Some((_, n_bytes)) = snapshot(object) {
            return Some(n_bytes);
        }
        // One that is iterated over keeps no state; one that keeps it, but has none, was sought to.
        if layout::field::<u8>(object.cast(), TELLING) != 0 {
            return None;
        }
        let ratio: f64 = layout::field(object.cast(), BYTES_A_CHARACTER);
        Some((ratio * PyUnicode_GetLength(decoded) as f64).round() as i64)
    }
}

/// The state of the decoder before what was decoded last, and how many bytes that was. A state that does
/// not fit is -1.
unsafe fn snapshot(object: *mut PyObject) -> Option<(i64, i64)> {
    // SAFETY: see the offsets; a snapshot is a tuple of an int and of bytes.
    unsafe {
        let snapshot: *mut PyObject = layout::field(object.cast(), SNAPSHOT);
        let is_kept = layout::field::<u8>(object.cast(), TELLING) != 0;
        if snapshot.is_null() || !is_kept || PyTuple_CheckExact(snapshot) == 0 {
            return None;
        }
        let &[state, bytes] = layout::tuple_items(snapshot) else {
            return None;
        };
        let is_known = PyLong_CheckExact(state) != 0 && PyBytes_Check(bytes) != 0;
        is_known.then(|| {
            let state = layout::small_int(state).unwrap_or(-1);
            (state, PyBytes_Size(bytes) as i64)
        })
    }
}

/// Whether an `io.FileIO` is closed.
///
/// # Safety
/// As for [`FilePart::read`].
pub(super) unsafe fn is_closed(object: *mut PyObject) -> bool {
    // SAFETY: see the offsets.
    unsafe { layout::field::<i32>(object.cast(), DESCRIPTOR) < 0 }
}

/// The mode of an `io.FileIO`, as it says itself: a str that is kept for good.
///
/// # Safety
/// As for [`FilePart::read`].
pub(super) unsafe fn mode(object: *mut PyObject) -> *mut PyObject {
    static MODES: OnceLock<[usize; 7]> = OnceLock::new();
    let modes = MODES.get_or_init(|| {
        [c"wb", c"xb", c"xb+", c"ab", c"ab+", c"rb", c"rb+"]
            // SAFETY: the GIL is held.
            .map(|mode| unsafe { PyUnicode_InternFromString(mode.as_ptr()) } as usize)
    });
    // SAFETY: see the offsets.
    let flags = unsafe { layout::field::<u8>(object.cast(), FLAGS) };
    let is = |flag: u8| usize::from(flags & flag != 0);
    let at = match () {
        () if flags & CREATED != 0 => 1 + is(READABLE),
        () if flags & APPENDING != 0 => 3 + is(READABLE),
        () if flags & READABLE != 0 => 5 + is(WRITABLE),
        () => 0,
    };
    modes[at] as *mut PyObject
}

/// Where the file of an `io.FileIO` lies, none of one that is closed or removed, or of a device or pipe.
///
/// # Safety
/// As for [`FilePart::read`].
pub(super) unsafe fn place(object: *mut PyObject) -> Option<String> {
    // SAFETY: see the offsets.
    let descriptor: i32 = unsafe { layout::field(object.cast(), DESCRIPTOR) };
    if descriptor < 0 {
        return None;
    }
    let link = format!("/proc/self/fd/{descriptor}");
    let place = keeping_error(|| {
        let is_regular = std::fs::metadata(&link).is_ok_and(|found| found.is_file());
        is_regular.then(|| std::fs::read_link(&link).ok()).flatten()
    });
    let place = place?.into_os_string().into_string().ok()?;
    (place.starts_with('/') && !place.ends_with(" (deleted)")).then_some(place)
}

/// Whether an `io.FileIO` is more than a descriptor of the running program: one like it can be made without
/// a change of any file. It is closed, or reads a file that lies somewhere.
///
/// # Safety
/// As for [`FilePart::read`].
pub(super) unsafe fn has_value(object: *mut PyObject) -> bool {
    const ALL: u8 = CREATED | READABLE | WRITABLE | APPENDING | OWNS_DESCRIPTOR;
    // SAFETY: see the offsets.
    unsafe {
        let flags: u8 = layout::field(object.cast(), FLAGS);
        is_closed(object) || (flags & ALL == READABLE | OWNS_DESCRIPTOR && place(object).is_some())
    }
}

/// `io.FileIO`, once its layout was found to be as expected.
static RAW_FILE: AtomicPtr<PyTypeObject> = AtomicPtr::new(std::ptr::null_mut());

/// Whether a type is `io.FileIO` or extends it.
///
/// # Safety
/// `type_` must be a live type.
pub(super) unsafe fn is_raw_file(type_: *mut PyTypeObject) -> bool {
    let raw_file = RAW_FILE.load(Ordering::Relaxed);
    // SAFETY: `io.FileIO` lives as long as its module, which is never unloaded.
    type_ == raw_file || !raw_file.is_null() && unsafe { PyType_IsSubtype(type_, raw_file) } != 0
}

/// Learns which type is `io.FileIO`, from another one of its module.
unsafe fn learn_raw_file(type_: *mut PyTypeObject) {
    // SAFETY: the module of a type in C is alive, and its dict has str keys.
    unsafe {
        let module = PyType_GetModule(type_);
        if module.is_null() {
            PyErr_Clear();
            return;
        }
        let found = PyDict_GetItemString(PyModule_GetDict(module), c"FileIO".as_ptr());
        if !found.is_null()
            && PyType_Check(found) != 0
            && type_name(found.cast()) == c"_io.FileIO"
            && members_lie_so(found.cast())
        {
            // Kept for good.
            Py_INCREF(found);
            RAW_FILE.store(found.cast(), Ordering::Relaxed);
        }
    }
}

/// Whether instances of a type of files are laid out as expected, as far as the type tells: its size,
/// where it keeps dicts and weak references, and the members that it names.
///
/// # Safety
/// `type_` must be a live type, with the GIL held and no exception set.
pub(super) unsafe fn is_laid_out_so(type_: *mut PyTypeObject) -> bool {
    // SAFETY: passed on.
    unsafe {
        if RAW_FILE.load(Ordering::Relaxed).is_null() {
            learn_raw_file(type_);
        }
        members_lie_so(type_)
    }
}

unsafe fn members_lie_so(type_: *mut PyTypeObject) -> bool {
    type Member = (&'static CStr, Py_ssize_t);
    // SAFETY: reads fields of a live type; a member is read only if it is one.
    unsafe {
        let (sizes, members): ([Py_ssize_t; 3], &[Member]) = match type_name(type_).to_bytes() {
            b"_io.FileIO" => ([48, 40, 32], &[(c"_finalizing", 21), (c"_blksize", 24)]),
            b"_io.TextIOWrapper" => (
                [200, 184, 176],
                &[
                    (c"buffer", 32),
                    (c"encoding", 40),
                    (c"line_buffering", 88),
                    (c"_finalizing", 96),
                ],
            ),
            b"_io.BufferedRandom" | b"_io.BufferedReader" | b"_io.BufferedWriter" => {
                ([152, 136, 144], &[(c"raw", 16), (c"_finalizing", 40)])
            }
            _ => return false,
        };
        let found = [
            (*type_).tp_basicsize,
            (*type_).tp_dictoffset,
            (*type_).tp_weaklistoffset,
        ];
        let is_at = |&(name, offset): &Member| {
            own_attribute(type_, name).is_some_and(|member| {
                Py_TYPE(member) == &raw mut PyMemberDescr_Type
                    && (*(*member.cast::<PyMemberDescrObject>()).d_member).offset == offset
            })
        };
        found == sizes && members.iter().all(is_at)
    }
}
