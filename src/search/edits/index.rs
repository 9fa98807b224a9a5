//! Seeds of kept texts: hash → where they stand.
//!
//! A hash table made to be read without waiting ([`Lines`]), to be small, and to be undone. A slot holds the hash and the
//! number of the entry; the token of an entry is read only if the hash is met. In all 15 to 22 bytes for a seed, about one for
//! each byte of prose. Always: entries are taken out in the reverse order in which they came, and a table that was undone
//! answers as it did before. At most [`PLACES_PER_SEED`] places are held for one hash, the first ones: what is said more
//! often than that is a phrase, or a repeat that the first ones stand for.
//!
//! Growing took a fifth to a third of the time of large texts; it costs fewer instructions now, and how much it takes was not
//! measured again. Tried and refused: room for a third or half of the seeds
//! beforehand (no faster; room for all is, but how many are left after exact units nobody knows), asking 8 to 96 ahead (no
//! difference).

use super::seeds::Seed;
use crate::search::lines::{Columns, Lines};

/// Places held for one hash.
pub(super) const PLACES_PER_SEED: usize = 16;

/// Seeds that are asked for before the first is looked up.
const AHEAD: usize = 24;

/// Slots of a line.
const WIDTH: usize = 7;

/// The numbers of the entries of a line.
#[derive(Clone, Copy, Default)]
struct Entries([u32; WIDTH]);

impl Columns<WIDTH> for Entries {
    type Item = u32;

    const GROWTH: usize = 2;

    #[inline(always)]
    fn item(&self, at: usize) -> u32 {
        self.0[at]
    }

    #[inline(always)]
    fn set(&mut self, at: usize, entry: u32) {
        self.0[at] = entry;
    }
}

/// Where seeds stand, by hash.
pub(super) struct Index {
    lines: Lines<Entries, WIDTH>,
    /// The token of each entry.
    tokens: Vec<u32>,
    /// The hashes of the entries that can be taken out.
    newest: Vec<u32>,
}

impl Index {
    pub(super) fn new() -> Index {
        Index { lines: Lines::new(), tokens: Vec::new(), newest: Vec::new() }
    }

    /// Number of entries, and number of the next one.
    pub(super) fn len(&self) -> u32 {
        self.tokens.len() as u32
    }

    /// The token of an entry.
    pub(super) fn token(&self, entry: u32) -> u32 {
        self.tokens[entry as usize]
    }

    /// Gives to `found` each of the seeds with the number of each entry that has its hash.
    pub(super) fn look_up(&self, seeds: &[Seed], mut found: impl FnMut(Seed, u32)) {
        seeds.iter().take(AHEAD).for_each(|seed| self.lines.prefetch(seed.hash));
        for (at, &seed) in seeds.iter().enumerate() {
            seeds.get(at + AHEAD).inspect(|ahead| self.lines.prefetch(ahead.hash));
            self.lines.each(seed.hash, |entry| found(seed, entry));
        }
    }

    /// Adds seeds; gives the number of those left out, because their hash has enough places already or the index is full.
    pub(super) fn insert_all(&mut self, seeds: &[Seed]) -> u64 {
        let before = self.tokens.len();
        seeds.iter().take(AHEAD).for_each(|seed| self.lines.prefetch(seed.hash));
        for (at, &seed) in seeds.iter().enumerate() {
            seeds.get(at + AHEAD).inspect(|ahead| self.lines.prefetch(ahead.hash));
            self.insert(seed);
        }
        (seeds.len() - (self.tokens.len() - before)) as u64
    }

    fn insert(&mut self, seed: Seed) {
        let number = self.len();
        if number < u32::MAX && self.lines.count(seed.hash) < PLACES_PER_SEED {
            self.lines.insert(seed.hash, number);
            self.newest.push(seed.hash);
            push_tightly(&mut self.tokens, seed.token);
        }
    }

    /// Takes out the newest entries, so that `len` are left, or those from before the last commit.
    pub(super) fn truncate(&mut self, len: u32) {
        while self.len() > len {
            let Some(hash) = self.newest.pop() else { return };
            self.tokens.pop();
            let number = self.len();
            self.lines.remove(hash, number);
        }
    }

    /// What is there now is never taken out.
    pub(super) fn commit(&mut self) {
        self.newest.clear();
    }
}

/// Appends to a list that grows by a quarter, for memory that is reserved and not used is memory too.
fn push_tightly(list: &mut Vec<u32>, item: u32) {
    if list.len() == list.capacity() {
        list.reserve_exact(list.len() / 4 + 1024);
    }
    list.push(item);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places(index: &Index, hash: u32) -> Vec<u32> {
        let mut tokens = Vec::new();
        index.look_up(&[Seed { hash, token: 0 }], |_, entry| tokens.push(index.token(entry)));
        tokens.sort_unstable();
        tokens
    }

    fn insert(index: &mut Index, hash: u32, token: u32) -> bool {
        index.insert_all(&[Seed { hash, token }]) == 0
    }

    #[test]
    fn the_first_places_of_a_crowded_seed_stay() {
        let mut index = Index::new();
        let taken = (0..100).filter(|&token| insert(&mut index, 7, token)).count();
        assert_eq!(taken, PLACES_PER_SEED);
        assert!(places(&index, 7).into_iter().eq(0..PLACES_PER_SEED as u32));
    }

    proptest! {
        #[test]
        fn equals_a_list_also_after_it_was_undone(
            hashes in proptest::collection::vec(0u32..6000, 0..3000),
            committed in 0usize..3000,
            undone in 0usize..3000,
            spread in prop_oneof![Just(3), Just(0x9e37_79b1u32)],
        ) {
            let mut index = Index::new();
            let mut list: Vec<(u32, u32)> = Vec::new();
            let hashes: Vec<u32> = hashes.into_iter().map(|hash| hash.wrapping_mul(spread)).collect();
            for (token, &hash) in hashes.iter().enumerate() {
                if list.len() == committed {
                    index.commit();
                }
                if insert(&mut index, hash, token as u32) {
                    list.push((hash, token as u32));
                }
            }
            let left = if list.len() > committed { undone.max(committed) } else { undone };
            list.truncate(left);
            index.truncate(undone as u32);
            prop_assert_eq!(index.len() as usize, list.len());
            for &hash in &hashes {
                let expected: Vec<u32> = list.iter().filter(|e| e.0 == hash).map(|e| e.1).collect();
                prop_assert_eq!(places(&index, hash), expected);
            }
        }
    }
}
