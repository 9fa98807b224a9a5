//! Numbers by their hashes: classes by a band, or by their digests.
//!
//! One array of slots, a fourth more than there are numbers. A number stands where its hash says, or as close behind as
//! there is room (linear probing: Knuth, *The Art of Computer Programming* 3, §6.4). Hashes are spread evenly, and slots are
//! in the order of hashes: so numbers that are [dealt](Dealt) out by their first bits beforehand fall into slots that stand side by
//! side, share after share, and building misses no cache. Always: numbers meet in the order in which they were given, so
//! that the one that is held is the first of its kind. Memory: 10 bytes a number.
//!
//! Tried before: sorting the entries and seeking by interpolation. It took twice the time to build and three cache misses
//! to look up. And sorting each share by itself, so that numbers are put down one behind the other: no faster.

use super::dealt::{Dealt, hash_of};
use crate::kernel::prefetch;
use crate::memory;

/// Numbers by 32 bits of their hashes.
#[derive(Default)]
pub(crate) struct HashIndex {
    /// Entries: a hash, and below it a number.
    slots: Vec<u64>,
    /// How many of the slots are taken.
    held: usize,
}

/// Nothing stands here: no entry, for there are fewer than 2³² - 1 numbers.
const FREE: u64 = u64::MAX;

/// How many entries before its own turn the slot that one needs is asked for.
const AHEAD: usize = 16;

impl HashIndex {
    /// An index of what was dealt. A number that is the `same` as one before it with its hash is not held.
    pub(crate) fn new(dealt: &Dealt, same: impl Fn(u32, u32) -> bool) -> HashIndex {
        let mut index = HashIndex::with_room(dealt.len());
        for piece in dealt.pieces() {
            // what is read, and what is written
            memory::touched(2 * size_of_val(piece));
            for (i, &entry) in piece.iter().enumerate() {
                piece.get(i + AHEAD).inspect(|&&ahead| index.prepare(hash_of(ahead)));
                let (place, held) = index.probe(hash_of(entry), |held| same(held, entry as u32), |&slot| slot);
                if held == FREE {
                    index.take(place, entry);
                }
            }
        }
        index
    }

    /// An index with room for so many numbers, which holds none.
    pub(crate) fn with_room(numbers: usize) -> HashIndex {
        HashIndex { slots: vec![FREE; numbers + numbers / 4 + 1], held: 0 }
    }

    /// Whether there is room for another number.
    pub(crate) fn has_room(&self) -> bool {
        self.held < self.slots.len().saturating_sub(1) / 5 * 4
    }

    /// Adds an [entry], whatever is there already. There must be [room](HashIndex::has_room) for it.
    pub(crate) fn insert(&mut self, entry: u64) {
        let (place, _) = self.probe(hash_of(entry), |_| false, |&slot| slot);
        self.take(place, entry);
    }

    fn take(&mut self, place: usize, entry: u64) {
        self.slots[place] = entry;
        self.held += 1;
    }

    /// How many numbers are held.
    pub(crate) fn len(&self) -> usize {
        self.held
    }

    /// How many slots there are: five for four numbers, or more.
    pub(crate) fn slots(&self) -> usize {
        self.slots.len()
    }

    /// The entries that are held, in the order of slots.
    pub(crate) fn entries(&self) -> impl Iterator<Item = u64> {
        memory::watched(self.slots.iter(), size_of::<u64>()).copied().filter(|&slot| slot != FREE)
    }

    /// The hashes of the numbers that are held, in the order of slots.
    pub(crate) fn hashes(&self) -> impl Iterator<Item = u32> {
        self.entries().map(hash_of)
    }

    /// Says that a hash will soon be asked for.
    pub(super) fn prepare(&self, hash: u32) {
        prefetch(&self.slots, self.home(hash));
    }

    /// The number with this hash that `is` the one looked for.
    pub(crate) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let is_empty = self.slots.is_empty();
        let found = (!is_empty).then(|| self.probe(hash, is, memory::copied).1);
        found.filter(|&slot| slot != FREE).map(|slot| slot as u32)
    }

    /// The slot of the number with this hash that `is` the one looked for, or else the free one where it would stand, and what
    /// is in it. Slots are read as whoever asks says: one by one, or in the order in which they stand.
    fn probe(&self, hash: u32, is: impl Fn(u32) -> bool, read: impl Fn(&u64) -> u64) -> (usize, u64) {
        let mut at = self.home(hash);
        loop {
            let slot = read(&self.slots[at]);
            if slot == FREE || hash_of(slot) == hash && is(slot as u32) {
                return (at, slot);
            }
            at = self.after(at);
        }
    }

    /// The slot after another one; among them is always a free one.
    fn after(&self, at: usize) -> usize {
        if at + 1 == self.slots.len() { 0 } else { at + 1 }
    }

    /// Where a hash belongs.
    fn home(&self, hash: u32) -> usize {
        ((u64::from(hash) * self.slots.len() as u64) >> 32) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::super::dealt::tests::{entries, hashes};
    use super::*;
    use proptest::prelude::*;

    /// An index of these hashes; the number is the place.
    fn index(hashes: &[u32], same: impl Fn(u32, u32) -> bool) -> HashIndex {
        HashIndex::new(&Dealt::of(entries(hashes).into_iter()), same)
    }

    proptest! {
        #[test]
        fn what_is_found_is_the_first_of_its_kind(hashes in hashes(), step in 1u32..5) {
            // many at one end: what has no room there goes on at the other
            // numbers are the same if their places are a multiple of that apart
            let same = |a: u32, b: u32| a % step == b % step;
            let index = index(&hashes, same);
            for (number, &hash) in (0..).zip(&hashes) {
                let first = (0..=number).find(|&other| hashes[other as usize] == hash && same(other, number));
                prop_assert_eq!(index.find(hash, |held| same(held, number)), first);
            }
        }

        #[test]
        fn what_is_not_there_is_not_found(hashes in proptest::collection::vec(any::<u32>(), 0..50), other: u32) {
            let index = index(&hashes, |_, _| true);
            index.prepare(other);
            prop_assert_eq!(index.find(other, |_| true).is_some(), hashes.contains(&other));
            let (mut held, mut distinct): (Vec<u32>, Vec<u32>) = (index.hashes().collect(), hashes.clone());
            held.sort_unstable();
            distinct.sort_unstable();
            distinct.dedup();
            prop_assert_eq!(held, distinct);
        }
    }

    #[test]
    fn many_are_dealt_to_many_shares() {
        let hash = |i: u64| xxhash_rust::xxh3::xxh3_64(&(i % 150_000).to_le_bytes()) as u32;
        let hashes: Vec<u32> = (0..200_000).map(hash).collect();
        let index = index(&hashes, |a, b| a % 150_000 == b % 150_000);
        assert_eq!(index.len(), 150_000);
        assert!((0..150_000).all(|number| index.find(hash(number.into()), |held| held == number) == Some(number)));
    }

    #[test]
    fn nothing_is_found_among_nothing() {
        assert_eq!(HashIndex::default().find(7, |_| true), None);
        assert_eq!(HashIndex::new(&Dealt::of([].into_iter()), |_, _| true).find(u32::MAX, |_| true), None);
    }
}
