//! A cache bounded by bytes: what was used longest ago goes first.

use std::hash::Hash;
use std::sync::Arc;

use rustc_hash::FxHashMap;

/// Shared values by key. The newest one is kept whatever its size.
pub struct Cache<K, V> {
    entries: FxHashMap<K, Entry<V>>,
    n_bytes: usize,
    max_bytes: usize,
    clock: u64,
}

struct Entry<V> {
    value: Arc<V>,
    n_bytes: usize,
    used: u64,
}

impl<K: Hash + Eq + Copy, V> Cache<K, V> {
    /// An empty cache.
    pub fn new(max_bytes: usize) -> Self {
        Self {
            entries: FxHashMap::default(),
            n_bytes: 0,
            max_bytes,
            clock: 0,
        }
    }

    /// What is kept under the key.
    pub fn get(&mut self, key: K) -> Option<Arc<V>> {
        self.clock += 1;
        let entry = self.entries.get_mut(&key)?;
        entry.used = self.clock;
        Some(Arc::clone(&entry.value))
    }

    /// Keeps a value of this size.
    pub fn insert(&mut self, key: K, value: V, n_bytes: usize) -> Arc<V> {
        self.clock += 1;
        let value = Arc::new(value);
        let entry = Entry {
            value: Arc::clone(&value),
            n_bytes,
            used: self.clock,
        };
        if let Some(replaced) = self.entries.insert(key, entry) {
            self.n_bytes -= replaced.n_bytes;
        }
        self.n_bytes += n_bytes;
        while self.n_bytes > self.max_bytes && self.entries.len() > 1 {
            let oldest = self.entries.iter().min_by_key(|(_, entry)| entry.used);
            let oldest = oldest.map(|(key, _)| *key);
            if let Some(entry) = oldest.and_then(|key| self.entries.remove(&key)) {
                self.n_bytes -= entry.n_bytes;
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_longest_ago_goes_first() {
        let mut cache = Cache::new(10);
        for key in 0..3 {
            cache.insert(key, key, 3);
        }
        assert!(cache.get(0).is_some());
        cache.insert(3, 3, 3);
        assert!(cache.get(0).is_some() && cache.get(1).is_none());
        cache.insert(4, 4, 100);
        assert_eq!(cache.get(4).as_deref(), Some(&4));
        assert!(cache.get(0).is_none());
    }
}
