//! The descriptors of trace files, which the recorded program can close by number, as it can any.
//!
//! A program that becomes a daemon closes every number it can think of. Files that it opens then get
//! the same numbers, and what is meant for the trace would go into them. So SQLite's system calls come
//! through here: what each descriptor leads to is noted when it is opened, and looked at before it is
//! used. By a number that leads elsewhere nothing is read, written, cut, locked, mapped or closed: the
//! call fails as on a closed descriptor, and the recording ends with [`Error::FilesClosed`].
//! What can come between the look and the use is C code in another thread alone: functions of Python
//! that close numbers are told to spare these ([`among`]).
//!
//! The recorder's other descriptors of a trace ([`Spared`]) are known here as well.
//!
//! Each descriptor is moved up, to where few programs have any, if the limit on open files allows it:
//! the program gets the numbers that it would get unrecorded, and what it closes below a thousand is
//! none of ours.
//!
//! The SQLite meant here is the one linked into this library, whose names are not seen outside:
//! Python's module `sqlite3` has another.
//!
//! [`Error::FilesClosed`]: crate::Error::FilesClosed

use std::cell::Cell;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::mem::{ManuallyDrop, MaybeUninit, transmute};
use std::ops::{Deref, RangeInclusive};
use std::os::fd::{AsRawFd, FromRawFd, IntoRawFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use nix::errno::Errno;
use rusqlite::ffi;

/// A descriptor of a trace, and what it led to when it was opened.
#[derive(Clone, Copy)]
struct Descriptor {
    number: c_int,
    file: FileId,
}

/// A file, wherever it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

/// What is open. A number stands here twice if it was lost and SQLite got it again: who uses it cannot
/// be told, so that it counts as lost.
///
/// If the program forks while one of its other threads opens a trace, the child finds this locked for
/// good, as it finds locks of SQLite's own, and can open none. The recorder's threads rest then.
static OPEN: Mutex<Vec<Descriptor>> = Mutex::new(Vec::new());

fn open_descriptors() -> MutexGuard<'static, Vec<Descriptor>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Descriptor {
    fn is_lost(self) -> bool {
        FileId::of(self.number) != Some(self.file)
    }
}

impl From<&Metadata> for FileId {
    fn from(file: &Metadata) -> Self {
        Self {
            device: file.dev(),
            inode: file.ino(),
        }
    }
}

impl FileId {
    /// The file that a descriptor leads to, if it leads anywhere.
    fn of(number: c_int) -> Option<Self> {
        let mut found = MaybeUninit::<libc::stat>::uninit();
        // SAFETY: `fstat` takes any number, and fills what it is given if it returns 0.
        let found = unsafe {
            if libc::fstat(number, found.as_mut_ptr()) != 0 {
                return None;
            }
            found.assume_init()
        };
        #[allow(clippy::unnecessary_cast)] // their types are the system's
        Some(Self {
            device: found.st_dev as u64,
            inode: found.st_ino as u64,
        })
    }
}

/// Which of these numbers are descriptors of traces, in order.
#[must_use]
pub fn among(numbers: RangeInclusive<c_int>) -> Vec<c_int> {
    let open = open_descriptors();
    let is_meant = |open: &&Descriptor| numbers.contains(&open.number) && !open.is_lost();
    let mut found: Vec<_> = open
        .iter()
        .filter(is_meant)
        .map(|open| open.number)
        .collect();
    found.sort_unstable();
    found
}

/// Whether this process has a file open as one of a trace.
pub(crate) fn is_open(file: FileId) -> bool {
    has(&open_descriptors(), file)
}

fn has(open: &[Descriptor], file: FileId) -> bool {
    open.iter().any(|open| open.file == file)
}

/// Where a file is by now that is open as a trace, unless it was removed.
pub(crate) fn place_of(file: FileId) -> Option<PathBuf> {
    let open = open_descriptors();
    let of_file = |open: &&Descriptor| open.file == file && !open.is_lost();
    let number = open.iter().find(of_file)?.number;
    let place = std::fs::read_link(format!("/proc/self/fd/{number}")).ok()?;
    let found = FileId::from(&place.metadata().ok()?);
    (found == file).then_some(place)
}

/// Whether the program has closed a descriptor of a trace.
pub(crate) fn are_lost() -> bool {
    open_descriptors().iter().any(|open| open.is_lost())
}

/// At most so many bytes that a file begins with; `None` if this process has it open as a trace. Opening
/// it once more and closing it would take away the locks that are held on it: they are the process's,
/// not the descriptor's. So it is not opened as a trace meanwhile either.
pub(crate) fn beginning(path: &Path, n_bytes: u64) -> io::Result<Option<Vec<u8>>> {
    let open = open_descriptors();
    if has(&open, FileId::from(&path.metadata()?)) {
        return Ok(None);
    }
    let mut beginning = Vec::new();
    File::open(path)?
        .take(n_bytes)
        .read_to_end(&mut beginning)?;
    Ok(Some(beginning))
}

/// A file that is open beside SQLite's, which the program does not close either.
pub(crate) struct Spared {
    file: ManuallyDrop<File>,
    id: FileId,
}

impl Spared {
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut open = open_descriptors();
        let file = File::open(path)?;
        let id = FileId::from(&file.metadata()?);
        let number = keep(&mut open, file.into_raw_fd());
        // SAFETY: just opened, and given away by its owner.
        let file = ManuallyDrop::new(unsafe { File::from_raw_fd(number) });
        Ok(Self { file, id })
    }

    pub fn id(&self) -> FileId {
        self.id
    }
}

impl Deref for Spared {
    type Target = File;

    fn deref(&self) -> &File {
        &self.file
    }
}

impl Drop for Spared {
    fn drop(&mut self) {
        let mut open = open_descriptors();
        if forget(&mut open, self.file.as_raw_fd()) {
            // SAFETY: not used again.
            unsafe { ManuallyDrop::drop(&mut self.file) };
        }
    }
}

/// Whether a number was opened here, by SQLite or as [`Spared`], and leads elsewhere by now.
fn is_lost(number: c_int) -> bool {
    let is_lost = |open: &Descriptor| open.number == number && open.is_lost();
    open_descriptors().iter().any(is_lost)
}

thread_local! {
    static LIMIT_MET: Cell<Option<Limit>> = const { Cell::new(None) };
}

/// A limit of the system that a call ran into; SQLite has no codes for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Limit {
    /// On the size of files.
    FileSize,
    /// On open files.
    OpenFiles,
    /// On what a user may keep on the disk.
    Quota,
}

/// The limit that calls of this thread ran into since this was asked last.
pub(crate) fn limit_met() -> Option<Limit> {
    LIMIT_MET.take()
}

/// Notes why a call failed, if it did.
#[inline]
fn note_limit(result: isize) {
    if result != -1 {
        return;
    }
    let limit = match Errno::last() {
        Errno::EFBIG => Limit::FileSize,
        Errno::EMFILE | Errno::ENFILE => Limit::OpenFiles,
        Errno::EDQUOT => Limit::Quota,
        _ => return,
    };
    LIMIT_MET.set(Some(limit));
}

/// Takes SQLite's system calls. Must come before SQLite opens its first file.
pub(crate) fn watch() {
    static TAKEN: Once = Once::new();
    // Programs are recorded on Linux alone. Elsewhere `fcntl` may take its last argument in another way.
    if !cfg!(target_os = "linux") {
        return;
    }
    TAKEN.call_once(|| {
        // SAFETY: null asks for the system that SQLite uses unless told otherwise, which is static.
        let Some(system) = (unsafe { ffi::sqlite3_vfs_find(ptr::null()).as_mut() }) else {
            return;
        };
        if system.iVersion < 3 {
            return;
        }
        for call in CALLS {
            // SAFETY: no file is open yet, so that nobody calls what is replaced.
            unsafe { call.take(system) };
        }
    });
}

/// A system call of SQLite. Both functions have the type that SQLite calls it by.
struct SystemCall {
    name: &'static CStr,
    replacement: fn() -> Function,
    original: &'static AtomicPtr<()>,
}

/// A function of whatever type.
type Function = unsafe extern "C" fn();

impl SystemCall {
    unsafe fn take(&self, system: &mut ffi::sqlite3_vfs) {
        let (Some(get), Some(set)) = (system.xGetSystemCall, system.xSetSystemCall) else {
            return;
        };
        // SAFETY: passed on; a call that this system has not is left alone.
        unsafe {
            if let Some(original) = get(system, self.name.as_ptr()) {
                self.original.store(original as *mut (), Ordering::Relaxed);
                set(system, self.name.as_ptr(), Some((self.replacement)()));
            }
        }
    }
}

/// `NAME[NUMBER](ARGUMENTS) -> RESULT`: fails if the number is one that was lost; else calls the original.
macro_rules! checked {
    ($($name:ident[$number:ident]($($argument:ident: $kind:ty),*) -> $result:ty;)*) => {
        struct Originals {
            open: AtomicPtr<()>,
            close: AtomicPtr<()>,
            $($name: AtomicPtr<()>),*
        }

        static ORIGINALS: Originals = Originals {
            open: AtomicPtr::new(ptr::null_mut()),
            close: AtomicPtr::new(ptr::null_mut()),
            $($name: AtomicPtr::new(ptr::null_mut())),*
        };

        static CALLS: &[SystemCall] = &[
            system_call!(open, Open),
            system_call!(close, Close),
            $(system_call!($name, unsafe extern "C" fn($($kind),*) -> $result)),*
        ];

        $(unsafe extern "C" fn $name($($argument: $kind),*) -> $result {
            if is_lost($number) {
                Errno::EBADF.set();
                return -1_isize as $result;
            }
            let original = ORIGINALS.$name.load(Ordering::Relaxed);
            // SAFETY: called by SQLite as it would call the original.
            let result = unsafe {
                let original: unsafe extern "C" fn($($kind),*) -> $result = transmute(original);
                original($($argument),*)
            };
            note_limit(result as isize);
            result
        })*
    };
}

macro_rules! system_call {
    ($name:ident, $type:ty) => {
        SystemCall {
            // SAFETY: SQLite is given back what it calls by this type.
            replacement: || unsafe { transmute::<$type, Function>($name) },
            name: match CStr::from_bytes_with_nul(concat!(stringify!($name), "\0").as_bytes()) {
                Ok(name) => name,
                Err(_) => panic!("a name ends with its only zero"),
            },
            original: &ORIGINALS.$name,
        }
    };
}

// SQLite's offsets have 64 bits, whatever the system's have. `fsync` is not among what can be replaced,
// and harms no file.
checked! {
    read[number](number: c_int, buffer: *mut c_void, n: usize) -> isize;
    pread[number](number: c_int, buffer: *mut c_void, n: usize, at: i64) -> isize;
    write[number](number: c_int, buffer: *const c_void, n: usize) -> isize;
    pwrite[number](number: c_int, buffer: *const c_void, n: usize, at: i64) -> isize;
    ftruncate[number](number: c_int, length: i64) -> c_int;
    fcntl[number](number: c_int, command: c_int, argument: *mut c_void) -> c_int;
    mmap[number](
        place: *mut c_void, n: usize, protection: c_int, flags: c_int, number: c_int, at: i64
    ) -> *mut c_void;
}

type Open = unsafe extern "C" fn(*const c_char, c_int, c_int) -> c_int;
type Close = unsafe extern "C" fn(c_int) -> c_int;

unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_int) -> c_int {
    let mut open = open_descriptors();
    // SAFETY: called by SQLite as it would call the original.
    let number = unsafe {
        let original: Open = transmute(ORIGINALS.open.load(Ordering::Relaxed));
        original(path, flags, mode)
    };
    note_limit(number as isize);
    keep(&mut open, number)
}

/// Notes a descriptor that was just opened, if it was, and gives it its number for good.
fn keep(open: &mut Vec<Descriptor>, number: c_int) -> c_int {
    let Some(file) = FileId::of(number) else {
        return number;
    };
    // Closing a descriptor takes away the locks that the process holds on the file by any other.
    let number = match has(open, file) {
        true => number,
        false => moved_up(number),
    };
    open.push(Descriptor { number, file });
    number
}

/// Descriptors of traces are below this one.
const TOP: libc::rlim_t = 4096;
/// How many of them there is room for, if the process may have that many.
const ROOM: libc::rlim_t = 64;

/// Gives a descriptor a high number, if one is free.
fn moved_up(number: c_int) -> c_int {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the limit is filled in; the number was just opened, and nobody else knows of it.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) != 0 {
            return number;
        }
        let top = limit.rlim_cur.min(TOP);
        let lowest = (top - ROOM.min(top / 2)) as c_int;
        let moved = libc::fcntl(number, libc::F_DUPFD_CLOEXEC, lowest);
        if moved < 0 {
            return number;
        }
        libc::close(number);
        moved
    }
}

unsafe extern "C" fn close(number: c_int) -> c_int {
    let mut open = open_descriptors();
    if !forget(&mut open, number) {
        return 0;
    }
    // SAFETY: SQLite gives back what it opened, as it would call the original.
    unsafe {
        let original: Close = transmute(ORIGINALS.close.load(Ordering::Relaxed));
        original(number)
    }
}

/// Forgets a descriptor. Says whether it is to be closed: one that was lost is not ours.
fn forget(open: &mut Vec<Descriptor>, number: c_int) -> bool {
    let of_number = || (0..open.len()).filter(|&at| open[at].number == number);
    let lost = of_number().find(|&at| open[at].is_lost());
    if let Some(at) = lost.or_else(|| of_number().next()) {
        open.swap_remove(at);
    }
    lost.is_none()
}
