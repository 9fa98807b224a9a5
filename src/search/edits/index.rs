//! Seeds of kept texts: hash → where they stand.
//!
//! A hash table with chains, made to be small and to be undone: 12 bytes for a seed and 4 to 8 for its share of the
//! table, about one byte for each byte of prose. Always: entries are taken out in the reverse order in which they came,
//! and a table that was undone answers as it did before. At most [`PLACES_PER_SEED`] places are held for one hash, the
//! first ones: what is said more often than that is a phrase, or a repeat that the first ones stand for.

use super::seeds::Seed;

/// Places held for one hash.
pub(super) const PLACES_PER_SEED: usize = 16;

/// No entry.
const NONE: u32 = u32::MAX;

/// Seeds that are looked up together, so that the processor waits for their memory all at once.
const BATCH: usize = 64;

/// Where seeds stand, by hash.
pub(super) struct Index {
    /// The newest entry of each bucket; as many as a power of two.
    heads: Vec<u32>,
    entries: Vec<Entry>,
}

/// A seed in the index.
#[derive(Clone, Copy)]
struct Entry {
    hash: u32,
    token: u32,
    /// An older entry of the same bucket.
    next: u32,
}

impl Index {
    pub(super) fn new() -> Index {
        Index { heads: vec![NONE; 1 << 10], entries: Vec::new() }
    }

    /// Number of entries, and number of the next one.
    pub(super) fn len(&self) -> u32 {
        self.entries.len() as u32
    }

    /// Takes everything out, and makes room for `len` entries.
    pub(super) fn clear(&mut self, len: usize) {
        self.entries.clear();
        self.heads.clear();
        self.heads.resize(len.next_power_of_two(), NONE);
    }

    /// Gives to `found` each of the seeds with number and token of each entry that has its hash, the newest first.
    pub(super) fn look_up(&self, seeds: &[Seed], mut found: impl FnMut(Seed, u32, u32)) {
        const NOTHING: Entry = Entry { hash: 0, token: 0, next: NONE };
        for batch in seeds.chunks(BATCH) {
            let mut heads = [NONE; BATCH];
            heads.iter_mut().zip(batch).for_each(|(head, seed)| *head = self.heads[self.bucket(seed.hash)]);
            let newest = heads.map(|head| self.entries.get(head as usize).copied().unwrap_or(NOTHING));
            for (seed, (mut at, mut entry)) in batch.iter().zip(heads.into_iter().zip(newest)) {
                while at != NONE {
                    if entry.hash == seed.hash {
                        found(*seed, at, entry.token);
                    }
                    at = entry.next;
                    entry = self.entries.get(at as usize).copied().unwrap_or(NOTHING);
                }
            }
        }
    }

    /// The number of entries with this hash.
    pub(super) fn count(&self, hash: u32) -> usize {
        let first = self.entries.get(self.heads[self.bucket(hash)] as usize);
        let chain = std::iter::successors(first, |entry| self.entries.get(entry.next as usize));
        chain.filter(|entry| entry.hash == hash).count()
    }

    /// Adds a seed; false if it was left out, because its hash has enough places already or the index is full.
    pub(super) fn insert(&mut self, seed: Seed) -> bool {
        if self.count(seed.hash) >= PLACES_PER_SEED || self.len() == NONE {
            return false;
        }
        self.make_room();
        let (bucket, number) = (self.bucket(seed.hash), self.len());
        let next = std::mem::replace(&mut self.heads[bucket], number);
        self.entries.push(Entry { hash: seed.hash, token: seed.token, next });
        true
    }

    /// Takes out the newest entries, so that `len` are left.
    pub(super) fn truncate(&mut self, len: u32) {
        while self.len() > len {
            let Some(entry) = self.entries.pop() else { return };
            let bucket = self.bucket(entry.hash);
            self.heads[bucket] = entry.next;
        }
    }

    fn bucket(&self, hash: u32) -> usize {
        hash as usize & (self.heads.len() - 1)
    }

    /// Grows by a quarter, for memory that is reserved and not used is memory too; the table doubles.
    fn make_room(&mut self) {
        if self.entries.len() == self.entries.capacity() {
            self.entries.reserve_exact(self.entries.len() / 4 + 1024);
        }
        if self.entries.len() < self.heads.len() {
            return;
        }
        self.heads = vec![NONE; 2 * self.heads.len()];
        for at in 0..self.entries.len() {
            let bucket = self.bucket(self.entries[at].hash);
            self.entries[at].next = std::mem::replace(&mut self.heads[bucket], at as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places(index: &Index, hash: u32) -> Vec<u32> {
        let mut tokens = Vec::new();
        index.look_up(&[Seed { hash, token: 0 }], |_, _, token| tokens.push(token));
        assert_eq!(tokens.len(), index.count(hash));
        tokens
    }

    fn insert(index: &mut Index, hash: u32, token: u32) -> bool {
        index.insert(Seed { hash, token })
    }

    #[test]
    fn the_first_places_of_a_crowded_seed_stay() {
        let mut index = Index::new();
        let taken = (0..100).filter(|&token| insert(&mut index, 7, token)).count();
        assert_eq!(taken, PLACES_PER_SEED);
        assert!(places(&index, 7).into_iter().rev().eq(0..PLACES_PER_SEED as u32));
    }

    proptest! {
        #[test]
        fn equals_a_list_also_after_it_was_undone(
            hashes in proptest::collection::vec(0u32..6000, 0..3000),
            undone in 0usize..3000,
        ) {
            let mut index = Index::new();
            let mut list: Vec<(u32, u32)> = Vec::new();
            for (token, &hash) in hashes.iter().enumerate() {
                if insert(&mut index, hash * 3, token as u32) {
                    list.push((hash * 3, token as u32));
                }
            }
            list.truncate(undone);
            index.truncate(undone as u32);
            prop_assert_eq!(index.len() as usize, list.len());
            for &hash in &hashes {
                let expected: Vec<u32> = list.iter().rev().filter(|e| e.0 == hash * 3).map(|e| e.1).collect();
                prop_assert_eq!(places(&index, hash * 3), expected);
            }
            index.clear(hashes.len());
            prop_assert!(hashes.iter().all(|&hash| index.count(hash * 3) == 0));
        }
    }
}
