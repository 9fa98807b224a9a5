//! Seeds of kept texts: hash → where they stand.
//!
//! A hash table made to be read without waiting, to be small, and to be undone. What a look-up costs is cache misses, so
//! slots stand in lines of a cache line each: a look-up reads the line where its hash belongs, which was asked for some
//! seeds before, and goes on to the next one only if something had to pass by. A slot holds the hash and the number of the
//! entry; the token of an entry is read only if the hash is met. The table is in a few parts, by the highest bits of the
//! hash, which grow one by one, so that growing takes little room. In all 15 to 22 bytes for a seed, about one for each byte
//! of prose. Always: entries are taken out in the reverse order in which they came, and a table that was undone answers as it
//! did before. At most [`PLACES_PER_SEED`] places are held for one hash, the first ones: what is said more often than that
//! is a phrase, or a repeat that the first ones stand for.
//!
//! Tried before and refused: heads of chains (two or three cache misses for each look-up, one after the other: two thirds
//! of the time on 50 MB of prose).

use super::seeds::Seed;
use crate::kernel;

/// Places held for one hash.
pub(super) const PLACES_PER_SEED: usize = 16;

/// Seeds that are asked for before the first is looked up.
const AHEAD: usize = 24;

/// Slots of a line.
const WIDTH: usize = 7;

/// Slots that lie in one cache line; the first `len` are in use.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
struct Line {
    hashes: [u32; WIDTH],
    entries: [u32; WIDTH],
    len: u8,
    /// Whether a slot that belongs here or before may stand in a later line.
    passed: bool,
}

impl Line {
    /// The slots of a hash, a bit for each.
    #[inline(always)]
    fn slots_of(&self, hash: u32) -> u32 {
        let equal = self.hashes.iter().rev().fold(0, |bits, &other| bits << 1 | u32::from(other == hash));
        equal & ((1 << self.len) - 1)
    }

    /// Adds a slot if there is room; if there is none, notes that it had to pass by.
    fn push(&mut self, hash: u32, entry: u32) -> bool {
        let at = usize::from(self.len);
        let has_room = at < WIDTH;
        if has_room {
            (self.hashes[at], self.entries[at]) = (hash, entry);
            self.len += 1;
        } else {
            self.passed = true;
        }
        has_room
    }

    /// Takes a slot out; the last one takes its place.
    fn remove(&mut self, at: usize) {
        self.len -= 1;
        let last = usize::from(self.len);
        (self.hashes[at], self.entries[at]) = self.slot(last);
    }

    /// A slot: hash and entry.
    fn slot(&self, at: usize) -> (u32, u32) {
        (self.hashes[at], self.entries[at])
    }
}

/// The slots whose hashes have the same highest bits.
#[derive(Clone)]
struct Part {
    lines: Vec<Line>,
    used: usize,
}

impl Part {
    fn new(lines: usize) -> Part {
        Part { lines: vec![Line::default(); lines], used: 0 }
    }

    /// The line where a hash belongs.
    #[inline(always)]
    fn home(&self, hash: u32) -> usize {
        ((u64::from(hash << PART_BITS) * self.lines.len() as u64) >> 32) as usize
    }

    #[inline(always)]
    fn after(&self, line: usize) -> usize {
        if line + 1 == self.lines.len() { 0 } else { line + 1 }
    }

    /// Gives the entry of each slot of a hash to `found`.
    #[inline(always)]
    fn each(&self, hash: u32, mut found: impl FnMut(u32)) {
        let home = self.home(hash);
        let mut at = home;
        loop {
            let line = &self.lines[at];
            let mut slots = line.slots_of(hash);
            while slots != 0 {
                found(line.entries[slots.trailing_zeros() as usize]);
                slots &= slots - 1;
            }
            at = self.after(at);
            if !line.passed || at == home {
                return;
            }
        }
    }

    /// Adds a slot, unless its hash has as many as it may; whether it did.
    fn insert(&mut self, hash: u32, entry: u32, most: usize) -> bool {
        if self.used * 5 >= self.lines.len() * WIDTH * 4 {
            self.grow();
        }
        let home = self.home(hash);
        let (mut at, mut places, mut room) = (home, 0, None);
        loop {
            let line = &self.lines[at];
            places += line.slots_of(hash).count_ones() as usize;
            // what passed by a line passed by all before
            room = room.or((usize::from(line.len) < WIDTH).then_some(at));
            if !line.passed || self.after(at) == home {
                break;
            }
            at = self.after(at);
        }
        if places >= most {
            return false;
        }
        let mut at = room.unwrap_or(at);
        while !self.lines[at].push(hash, entry) {
            at = self.after(at);
        }
        self.used += 1;
        true
    }

    /// Takes out the slot of an entry.
    fn remove(&mut self, hash: u32, entry: u32) {
        let home = self.home(hash);
        let mut at = home;
        loop {
            let line = &mut self.lines[at];
            let slots = line.slots_of(hash);
            if let Some(slot) = (0..WIDTH).find(|&slot| slots >> slot & 1 == 1 && line.entries[slot] == entry) {
                line.remove(slot);
                self.used -= 1;
                return;
            }
            at = self.after(at);
            if at == home {
                return;
            }
        }
    }

    /// Grows by a quarter.
    fn grow(&mut self) {
        let lines = self.lines.len() + self.lines.len() / 2 + 1;
        let before = std::mem::replace(self, Part::new(lines));
        for line in &before.lines {
            for at in 0..usize::from(line.len) {
                let (hash, entry) = line.slot(at);
                self.insert(hash, entry, usize::MAX);
            }
        }
    }
}

/// The highest bits of a hash say which part has it.
const PART_BITS: u32 = 2;

/// Where seeds stand, by hash.
pub(super) struct Index {
    parts: Vec<Part>,
    /// The token of each entry.
    tokens: Vec<u32>,
    /// The hashes of the entries that can be taken out.
    newest: Vec<u32>,
}

impl Index {
    pub(super) fn new() -> Index {
        Index { parts: vec![Part::new(1); 1 << PART_BITS], tokens: Vec::new(), newest: Vec::new() }
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
        seeds.iter().take(AHEAD).for_each(|seed| self.prefetch(seed.hash));
        for (at, &seed) in seeds.iter().enumerate() {
            seeds.get(at + AHEAD).inspect(|ahead| self.prefetch(ahead.hash));
            self.part(seed.hash).each(seed.hash, |entry| found(seed, entry));
        }
    }

    /// Adds seeds; gives the number of those left out, because their hash has enough places already or the index is full.
    pub(super) fn insert_all(&mut self, seeds: &[Seed]) -> u64 {
        let before = self.tokens.len();
        seeds.iter().take(AHEAD).for_each(|seed| self.prefetch(seed.hash));
        for (at, &seed) in seeds.iter().enumerate() {
            seeds.get(at + AHEAD).inspect(|ahead| self.prefetch(ahead.hash));
            self.insert(seed);
        }
        (seeds.len() - (self.tokens.len() - before)) as u64
    }

    fn insert(&mut self, seed: Seed) {
        let number = self.len();
        let part = &mut self.parts[(seed.hash >> (32 - PART_BITS)) as usize];
        if number < u32::MAX && part.insert(seed.hash, number, PLACES_PER_SEED) {
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
            self.parts[(hash >> (32 - PART_BITS)) as usize].remove(hash, number);
        }
    }

    /// What is there now is never taken out.
    pub(super) fn commit(&mut self) {
        self.newest.clear();
    }

    #[inline(always)]
    fn part(&self, hash: u32) -> &Part {
        &self.parts[(hash >> (32 - PART_BITS)) as usize]
    }

    #[inline(always)]
    fn prefetch(&self, hash: u32) {
        let part = self.part(hash);
        kernel::prefetch(&part.lines, part.home(hash));
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
