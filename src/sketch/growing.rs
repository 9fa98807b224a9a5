//! An index that numbers are added to one by one, however little of it stays in memory.
//!
//! Levels of [`HashIndex`]: what was there from the start, then what came later, each level at least as large as the next;
//! what came last stands in one that has room left. When that is full it becomes a level, and levels of one size become one, so
//! that each number is moved as often as the logarithm says, in order (O'Neil et al., *The Log-Structured Merge-Tree*,
//! 1996). What was there from the start may also stay as it was dealt ([`Shares`]): where memory is plentiful and few are looked
//! up among many, for to make an index of it took ten times as long. Always: what was added is found. Most hashes that are looked up
//! are not there: each level has a [`Filter`], which knows that of 97 in 100 and is small enough to stay in memory.
//!
//! Tried before: a hash table. Where it was larger than the room there was, each number that was added wrote to a page
//! somewhere on the disk. And memory for the filter of what was there from the start before all else: what came later was
//! spilled instead, and resolving took half as long again.

use super::dealt::{Dealt, entry};
use super::index::HashIndex;
use super::shares::Shares;
use crate::kernel::prefetch;
use crate::memory;

/// Numbers that come before they become a level.
const RECENT: usize = if cfg!(test) { 4 } else { 1 << 13 };

/// Numbers by 32 bits of their hashes.
pub(crate) struct GrowingIndex {
    /// What was there from the start, which stays.
    start: Start,
    /// What came later.
    levels: Vec<Level<HashIndex>>,
    recent: HashIndex,
}

enum Start {
    Index(Level<HashIndex>),
    Shares(Level<Shares>),
}

struct Level<N> {
    filter: Filter,
    numbers: N,
}

impl Level<HashIndex> {
    fn new(numbers: HashIndex) -> Self {
        let mut filter = Filter::new(numbers.slots());
        numbers.hashes().for_each(|hash| filter.add(hash));
        Level { filter, numbers }
    }

    fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.filter.may_hold(hash).then(|| self.numbers.find(hash, is)).flatten()
    }

    /// The numbers of both.
    fn merged(&self, other: &Self) -> Self {
        let entries: Vec<u64> = self.numbers.entries().chain(other.numbers.entries()).collect();
        Level::new(HashIndex::new(&Dealt::of(entries.into_iter()), |_, _| false))
    }
}

impl Start {
    fn filter(&self) -> &Filter {
        match self {
            Start::Index(level) => &level.filter,
            Start::Shares(level) => &level.filter,
        }
    }

    fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        match self {
            _ if !self.filter().may_hold(hash) => None,
            Start::Index(level) => level.numbers.find(hash, is),
            Start::Shares(level) => level.numbers.find(hash, is),
        }
    }
}

impl GrowingIndex {
    /// An index that holds what another one holds, as yet.
    pub(crate) fn new(index: HashIndex) -> GrowingIndex {
        GrowingIndex::from(Start::Index(Level::new(index)))
    }

    /// An index that holds what was dealt, as yet.
    pub(crate) fn in_shares(dealt: Dealt) -> GrowingIndex {
        let mut filter = Filter::new(dealt.len() + dealt.len() / 4);
        let numbers = Shares::new(dealt, |hash| filter.add(hash));
        GrowingIndex::from(Start::Shares(Level { filter, numbers }))
    }

    fn from(start: Start) -> GrowingIndex {
        GrowingIndex { start, levels: Vec::new(), recent: HashIndex::default() }
    }

    /// A number with this hash that `is` the one looked for.
    pub(crate) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let later = || self.levels.iter().find_map(|level| level.find(hash, &is));
        self.recent.find(hash, &is).or_else(|| self.start.find(hash, &is)).or_else(later)
    }

    /// Says that a hash will soon be asked for.
    pub(crate) fn prepare(&self, hash: u32) {
        self.recent.prepare(hash);
        self.start.filter().prepare(hash);
        self.levels.iter().for_each(|level| level.filter.prepare(hash));
    }

    /// Adds a number.
    pub(crate) fn insert(&mut self, hash: u32, number: u32) {
        if !self.recent.has_room() {
            self.start_level();
        }
        self.recent.insert(entry(hash, number));
    }

    /// Makes a level of what came last, and of it and levels that are no larger another one.
    fn start_level(&mut self) {
        let recent = std::mem::replace(&mut self.recent, HashIndex::with_room(RECENT));
        if recent.len() == 0 {
            return;
        }
        let mut level = Level::new(recent);
        while let Some(last) = self.levels.pop_if(|last| last.numbers.len() <= level.numbers.len()) {
            level = last.merged(&level);
        }
        self.levels.push(level);
    }
}

/// Which hashes are held, and by chance some others: a Bloom filter whose bits for a hash stand in one word (Putze, Sanders,
/// Singler, *Cache-, Hash- and Space-Efficient Bloom Filters*, 2007). It has ten to a hash, and sets four. Words are in the
/// order of hashes, as the slots of an index are: so it is made in one pass, and misses no cache.
struct Filter(Vec<u64>);

impl Filter {
    /// A filter that holds nothing as yet, with eight bits for each of so many slots.
    fn new(slots: usize) -> Filter {
        Filter(vec![0; slots / 8 + 1])
    }

    fn add(&mut self, hash: u32) {
        let (word, bits) = self.place(hash);
        self.0[word] |= bits;
    }

    fn may_hold(&self, hash: u32) -> bool {
        let (word, bits) = self.place(hash);
        memory::copied(&self.0[word]) & bits == bits
    }

    /// Says that a hash will soon be asked for.
    fn prepare(&self, hash: u32) {
        let (word, _) = self.place(hash);
        prefetch(&self.0, word);
    }

    /// The word of a hash, and its bits in that.
    fn place(&self, hash: u32) -> (usize, u64) {
        let word = (u64::from(hash) * self.0.len() as u64) >> 32;
        let mixed = u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let bit = |i: u32| 1u64 << (mixed >> (6 * i) & 63);
        (word as usize, bit(0) | bit(1) | bit(2) | bit(3))
    }
}

#[cfg(test)]
mod tests {
    use super::super::dealt::tests::entries;
    use super::*;
    use proptest::prelude::*;

    fn dealt(hashes: &[u32]) -> Dealt {
        Dealt::of(entries(hashes).into_iter())
    }

    proptest! {
        #[test]
        fn what_was_added_is_found_and_nothing_else(
            from_the_start in proptest::collection::vec(0u32..300, 0..40),
            later in proptest::collection::vec(0u32..300, 0..90),
            in_shares: bool,
        ) {
            let start = dealt(&from_the_start);
            let mut growing = match in_shares {
                true => GrowingIndex::in_shares(start),
                false => GrowingIndex::new(HashIndex::new(&start, |_, _| false)),
            };
            let mut held: Vec<u32> = from_the_start;
            for hash in later {
                growing.prepare(hash);
                for hash in [hash, 300 - hash] {
                    let expected: Vec<u32> = (0..).zip(&held).filter(|&(_, &other)| other == hash).map(|(number, _)| number).collect();
                    // each of those with the hash can be told from the others
                    for &number in &expected {
                        prop_assert_eq!(growing.find(hash, |other| other == number), Some(number));
                    }
                    prop_assert_eq!(growing.find(hash, |_| true).is_some(), !expected.is_empty());
                }
                growing.insert(hash, held.len() as u32);
                held.push(hash);
            }
            // each level is larger than the next
            prop_assert!(growing.levels.is_sorted_by(|a, b| a.numbers.len() > b.numbers.len()));
        }
    }

    #[test]
    fn few_others_are_held_by_chance() {
        // spread evenly, as the hashes of bands are
        let hash = |i: u32| (i.wrapping_mul(0x85eb_ca6b) ^ 0x1234_5678).wrapping_mul(0xc2b2_ae35);
        let held: Vec<u32> = (0..100_000).map(hash).collect();
        let Level { filter, .. } = Level::new(HashIndex::new(&dealt(&held), |_, _| false));
        assert!(held.iter().all(|&hash| filter.may_hold(hash)));
        let by_chance = (100_000..200_000).filter(|&i| filter.may_hold(hash(i))).count();
        assert!((100..4_000).contains(&by_chance), "{by_chance} of 100,000 others");
    }
}
