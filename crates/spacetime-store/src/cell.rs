//! Values as the replica keeps them: their encoded bytes, inline up to 14 of them, and maps of them
//! that keep their order.
//!
//! Hot path of the writer thread: no allocation for short values.

use std::hash::{Hash, Hasher};

use hashbrown::HashTable;
use rustc_hash::FxHasher;

/// Values of up to this length are kept inline.
pub(crate) const INLINE: usize = 14;

/// One encoded value in 16 bytes.
#[derive(Clone)]
pub enum Cell {
    /// The first `len` bytes are the value.
    Inline {
        /// At most 14.
        len: u8,
        /// What follows the value is of no meaning.
        bytes: [u8; INLINE],
    },
    /// A longer value.
    Heap(Box<Box<[u8]>>),
}

impl Cell {
    /// No value: an unbound slot.
    pub const UNBOUND: Self = {
        let mut bytes = [0; INLINE];
        bytes[0] = crate::stream::value::NULL;
        Self::Inline { len: 1, bytes }
    };

    /// Keeps these bytes.
    #[inline(always)]
    pub fn new(value: &[u8]) -> Self {
        if value.len() > INLINE {
            return Self::Heap(Box::new(value.into()));
        }
        let mut bytes = [0; INLINE];
        bytes[..value.len()].copy_from_slice(value);
        Self::Inline {
            len: value.len() as u8,
            bytes,
        }
    }

    /// Keeps the first `len` bytes of `rest`; a copy of fixed size where there are enough bytes.
    #[inline(always)]
    pub fn from_start_of(rest: &[u8], len: usize) -> Self {
        match rest.first_chunk::<INLINE>() {
            Some(bytes) if len <= INLINE => Self::inline(bytes, len),
            _ => Self::new(&rest[..len]),
        }
    }

    /// Keeps the first `len` of these bytes, at most 14.
    #[inline(always)]
    pub fn inline(bytes: &[u8; INLINE], len: usize) -> Self {
        debug_assert!(len <= INLINE);
        Self::Inline {
            len: len as u8,
            bytes: *bytes,
        }
    }

    /// Keeps the first `len` of these bytes, at most 14, in place of what is kept here. Nothing is
    /// built elsewhere and moved: it would wait for its own bytes to leave the store buffer.
    #[inline(always)]
    pub(crate) fn set_inline(&mut self, value: &[u8; INLINE], value_len: usize) {
        debug_assert!(value_len <= INLINE);
        match self {
            Self::Inline { len, bytes } => {
                *len = value_len as u8;
                *bytes = *value;
            }
            Self::Heap(_) => *self = Self::inline(value, value_len),
        }
    }

    /// The encoded value.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        match self {
            Self::Inline { len, bytes } => &bytes[..usize::from(*len)],
            Self::Heap(bytes) => bytes,
        }
    }
}

impl PartialEq for Cell {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Inline { len, bytes }, Self::Inline { len: n, bytes: b }) => {
                len == n && words(*len, bytes) == words(*n, b)
            }
            // One inline and one not are of different lengths.
            _ => self.bytes() == other.bytes(),
        }
    }
}

impl Eq for Cell {}

impl Hash for Cell {
    #[inline(always)]
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self {
            Self::Inline { len, bytes } => {
                let [first, last] = words(*len, bytes);
                state.write_u64(first);
                state.write_u64(last);
            }
            Self::Heap(bytes) => state.write(bytes),
        }
    }
}

/// The first 6 and the last 8 of these bytes, with zeros for those that are not of the value. Cut
/// where the copy of a cell is cut, so that bytes just written need not leave the store buffer first.
#[inline(always)]
fn words(len: u8, bytes: &[u8; INLINE]) -> [u64; 2] {
    const MASKS: [[u64; 2]; 16] = {
        let mut masks = [[u64::MAX; 2]; 16];
        let mut len = 0;
        while len < INLINE {
            let n_first = if len < 6 { len } else { 6 };
            masks[len] = [(1 << (8 * n_first)) - 1, (1 << (8 * (len - n_first))) - 1];
            len += 1;
        }
        masks
    };
    let [first @ .., _, _, _, _, _, _, _, _] = *bytes;
    let [a, b, c, d, e, f] = first;
    let last = bytes.last_chunk().expect("14 bytes");
    let [first_mask, last_mask] = MASKS[usize::from(len & 15)];
    [
        u64::from_le_bytes([a, b, c, d, e, f, 0, 0]) & first_mask,
        u64::from_le_bytes(*last) & last_mask,
    ]
}

impl std::fmt::Debug for Cell {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:02x?}", self.bytes())
    }
}

/// A map of fewer entries is searched one by one.
const SMALL: usize = 8;

/// Cells by key, in the order in which keys were added. Removing leaves a hole; holes are closed
/// when they outnumber the entries, so every operation is cheap on average.
#[derive(Clone, Debug)]
pub struct OrderedMap<K> {
    entries: Vec<Option<(K, Cell)>>,
    n_live: u32,
    /// Positions in `entries` by key; only for more than a few entries.
    index: Option<Box<HashTable<u32>>>,
}

impl<K> Default for OrderedMap<K> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            n_live: 0,
            index: None,
        }
    }
}

impl<K: Hash + Eq + Clone> OrderedMap<K> {
    /// The number of entries.
    pub fn len(&self) -> usize {
        self.n_live as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.n_live == 0
    }

    /// The entries in order.
    pub fn iter(&self) -> impl Iterator<Item = (&K, &Cell)> {
        self.entries.iter().flatten().map(|(key, cell)| (key, cell))
    }

    /// What is kept under the key.
    pub fn get(&self, key: &K) -> Option<&Cell> {
        let at = self.position(key)?;
        self.entries[at].as_ref().map(|(_, cell)| cell)
    }

    /// What is kept under the key; a new key goes to the end, with [`Cell::UNBOUND`].
    #[inline]
    pub fn place(&mut self, key: &K) -> &mut Cell {
        let at = match self.position(key) {
            Some(at) => at,
            None => self.push(key.clone()),
        };
        let (_, cell) = self.entries[at].as_mut().expect("a live entry");
        cell
    }

    #[inline(never)]
    fn push(&mut self, key: K) -> usize {
        if self.index.is_none() && self.entries.len() >= SMALL {
            self.rebuild();
        }
        let at = self.entries.len();
        if let Some(index) = &mut self.index {
            let entries = &self.entries;
            index.insert_unique(hash(&key), at as u32, |&at| hash_at(entries, at));
        }
        self.entries.push(Some((key, Cell::UNBOUND)));
        self.n_live += 1;
        at
    }

    /// Removes an entry; says whether there was one.
    pub fn remove(&mut self, key: &K) -> bool {
        let Some(at) = self.position(key) else {
            return false;
        };
        if let Some(index) = &mut self.index
            && let Ok(entry) = index.find_entry(hash(key), |&found| found as usize == at)
        {
            entry.remove();
        }
        self.entries[at] = None;
        self.n_live -= 1;
        if self.entries.len() > SMALL + 2 * self.len() {
            self.rebuild();
        }
        true
    }

    /// Removes all entries.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    #[inline]
    fn position(&self, key: &K) -> Option<usize> {
        let is_key = |entry: &Option<(K, Cell)>| matches!(entry, Some((found, _)) if found == key);
        match &self.index {
            None => self.entries.iter().position(is_key),
            Some(index) => index
                .find(hash(key), |&at| is_key(&self.entries[at as usize]))
                .map(|&at| at as usize),
        }
    }

    /// Closes the holes and indexes what is left.
    fn rebuild(&mut self) {
        self.entries.retain(Option::is_some);
        self.index = None;
        if self.entries.len() >= SMALL {
            let entries = &self.entries;
            let mut index = HashTable::with_capacity(entries.len());
            for at in 0..entries.len() as u32 {
                index.insert_unique(hash_at(entries, at), at, |&at| hash_at(entries, at));
            }
            self.index = Some(Box::new(index));
        }
    }
}

fn hash<K: Hash>(key: &K) -> u64 {
    let mut hasher = FxHasher::default();
    key.hash(&mut hasher);
    hasher.finish()
}

fn hash_at<K: Hash>(entries: &[Option<(K, Cell)>], at: u32) -> u64 {
    entries[at as usize]
        .as_ref()
        .map_or(0, |(key, _)| hash(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_takes_16_bytes_and_keeps_any_value() {
        assert_eq!(size_of::<Cell>(), 16);
        let bytes: Vec<u8> = (0..40).collect();
        for len in 0..40 {
            assert_eq!(Cell::new(&bytes[..len]).bytes(), &bytes[..len]);
            assert_eq!(Cell::from_start_of(&bytes, len).bytes(), &bytes[..len]);
            assert_eq!(
                Cell::from_start_of(&bytes[..len], len).bytes(),
                &bytes[..len]
            );
        }
    }

    #[test]
    fn cells_are_equal_if_their_values_are() {
        let mut values: Vec<Vec<u8>> = Vec::new();
        for len in 0..20usize {
            values.push(vec![7; len]);
            values.extend((0..len).map(|at| {
                let mut value = vec![7; len];
                value[at] ^= 1 << (at % 8);
                value
            }));
        }
        for a in &values {
            // What follows the value in the cell does not count.
            let padded = [a.as_slice(), &[0xEE; INLINE]].concat();
            let cell_a = Cell::from_start_of(&padded, a.len());
            for b in &values {
                let cell_b = Cell::new(b);
                assert_eq!(cell_a == cell_b, a == b);
                assert_eq!(hash(&cell_a) == hash(&cell_b), a == b);
            }
        }
    }

    #[test]
    fn a_map_keeps_the_order_a_python_dict_keeps() {
        let mut map = OrderedMap::default();
        let mut expected: Vec<(u32, u8)> = Vec::new();
        let mut random = 12345u32;
        for _ in 0..20_000 {
            random = random.wrapping_mul(1664525).wrapping_add(1013904223);
            let (key, value) = ((random >> 16) % 40, (random >> 8) as u8 & 63);
            let found = expected.iter().position(|entry| entry.0 == key);
            if random >> 31 == 0 {
                *map.place(&key) = Cell::new(&[value]);
                match found {
                    Some(at) => expected[at].1 = value,
                    None => expected.push((key, value)),
                }
            } else {
                assert_eq!(map.remove(&key), found.is_some());
                found.map(|at| expected.remove(at));
            }
            let entries = map.iter().map(|(key, cell)| (*key, cell.bytes()[0]));
            assert!(entries.eq(expected.iter().copied()));
            assert_eq!(map.len(), expected.len());
            assert_eq!(map.get(&key).is_some(), expected.iter().any(|e| e.0 == key));
        }
    }
}
