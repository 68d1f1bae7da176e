//! How much of a value is recorded. What is cut says so, and how much there was.
//!
//! Set when a recorder starts, of which there is one in a process; read where values are.

use std::sync::atomic::{AtomicUsize, Ordering};

static TEXT: AtomicUsize = AtomicUsize::new(Limits::DEFAULT.text);
static ITEMS: AtomicUsize = AtomicUsize::new(Limits::DEFAULT.items);
static OBJECTS: AtomicUsize = AtomicUsize::new(Limits::DEFAULT.objects);

/// See the module's text.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of one text, bytes object or buffer.
    pub text: usize,
    /// Items of one container.
    pub items: usize,
    /// Objects with parts that are followed at a time.
    pub objects: usize,
}

impl Limits {
    /// What ordinary values stay below.
    pub const DEFAULT: Limits = Limits {
        text: 1 << 20,
        items: 1 << 20,
        objects: 200_000,
    };

    /// From now on these hold.
    pub fn set(self) {
        TEXT.store(self.text, Ordering::Relaxed);
        ITEMS.store(self.items, Ordering::Relaxed);
        OBJECTS.store(self.objects, Ordering::Relaxed);
    }
}

/// [`Limits::text`].
#[inline]
pub fn text() -> usize {
    TEXT.load(Ordering::Relaxed)
}

/// [`Limits::items`].
#[inline]
pub fn items() -> usize {
    ITEMS.load(Ordering::Relaxed)
}

/// How many objects are taken in at one event. Fewer than can be followed, so that a graph that is met
/// anew again and again, and is too large, is not read again at each line.
#[inline]
pub fn objects_at_once() -> u32 {
    (objects() / 5 * 4).try_into().unwrap_or(u32::MAX)
}

/// [`Limits::objects`].
#[inline]
pub fn objects() -> usize {
    OBJECTS.load(Ordering::Relaxed)
}
