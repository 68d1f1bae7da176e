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

    /// Keeps the first `len` of these bytes.
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
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for Cell {}

impl Hash for Cell {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write(self.bytes());
    }
}

impl std::fmt::Debug for Cell {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{:02x?}", self.bytes())
    }
}

/// Up to here a map is searched one by one.
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

impl<K: Hash + Eq> OrderedMap<K> {
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

    /// Sets an entry; a new key goes to the end.
    pub fn insert(&mut self, key: K, cell: Cell) {
        if let Some(at) = self.position(&key) {
            self.entries[at] = Some((key, cell));
            return;
        }
        let at = self.entries.len() as u32;
        if let Some(index) = &mut self.index {
            let entries = &self.entries;
            index.insert_unique(hash(&key), at, |&at| hash_at(entries, at));
        }
        self.entries.push(Some((key, cell)));
        self.n_live += 1;
        if self.index.is_none() && self.entries.len() > SMALL {
            self.rebuild();
        }
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
        if self.entries.len() > SMALL {
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
    fn a_map_keeps_the_order_a_python_dict_keeps() {
        let mut map = OrderedMap::default();
        let mut expected: Vec<(u32, u8)> = Vec::new();
        let mut random = 12345u32;
        for _ in 0..20_000 {
            random = random.wrapping_mul(1664525).wrapping_add(1013904223);
            let (key, value) = ((random >> 16) % 40, (random >> 8) as u8 & 63);
            let found = expected.iter().position(|entry| entry.0 == key);
            if random >> 31 == 0 {
                map.insert(key, Cell::new(&[value]));
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
