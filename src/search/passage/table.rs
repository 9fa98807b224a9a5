//! A hash table from a 32-bit hash to a bucket: places that were entered under it, or the mark that the bucket was split.
//!
//! What a look-up costs is cache misses, so slots stand in lines of a cache line each: a look-up reads the line where its
//! hash belongs, and the next ones only if something had to pass by that line because it was full. The table is in parts,
//! by the highest bits of the hash, which grow one by one: so it needs no room for two tables while it grows. They are few,
//! so that each is large, for blocks of some MiB stand in large pages ([`Spilling`](crate::memory::Spilling)): then a page
//! is looked up in the cache, and not in memory. Tried before and refused: 8-byte slots that lead to chains of
//! 16-byte entries (27 bytes for each entry instead of 16 to 20, and a cache miss for each link); slots in the order of
//! their hashes without regard to cache lines (a second miss for every second look-up, a fifth slower on prose); 64 parts (each too small for large
//! pages, a quarter slower where a text comes sixteen times).
//!
//! Everything that was changed since a mark can be taken back, which is how a text is forgotten that was entered on trial.

use crate::kernel;

/// What is entered under a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Item {
    /// Where, counted over all texts; less than [`PLACES`].
    pub(super) place: u64,
    /// What else is known of it.
    pub(super) note: [u8; 2],
}

/// Places that an item can have.
pub(super) const PLACES: u64 = (1 << 40) - 1;

impl Item {
    /// The mark of a bucket that was split.
    const SPLIT: Item = Item { place: PLACES, note: [0; 2] };

    /// Whether it says that its bucket was split.
    #[inline]
    pub(super) fn is_split(self) -> bool {
        self.place == PLACES
    }
}

/// Slots of a line.
const WIDTH: usize = 5;

/// The slots that lie in one cache line; the first `len` are in use.
#[derive(Clone, Copy, Default)]
#[repr(C, align(64))]
struct Line {
    hashes: [u32; WIDTH],
    places: [u32; WIDTH],
    places_above: [u8; WIDTH],
    notes: [[u8; 2]; WIDTH],
    len: u8,
    /// Whether a slot that belongs here or before may stand in a later line.
    passed: bool,
}

impl Line {
    /// The slots of a hash, a bit for each.
    #[inline]
    fn slots_of(&self, hash: u32) -> u32 {
        let equal = self.hashes.iter().rev().fold(0, |bits, &other| bits << 1 | u32::from(other == hash));
        equal & ((1 << self.len) - 1)
    }

    #[inline]
    fn item(&self, at: usize) -> Item {
        let place = u64::from(self.places[at]) | u64::from(self.places_above[at]) << 32;
        Item { place, note: self.notes[at] }
    }

    fn set(&mut self, at: usize, hash: u32, item: Item) {
        self.hashes[at] = hash;
        (self.places[at], self.places_above[at]) = (item.place as u32, (item.place >> 32) as u8);
        self.notes[at] = item.note;
    }

    /// Adds a slot if there is room; if there is none, notes that it had to pass by.
    #[inline]
    fn push(&mut self, hash: u32, item: Item) -> bool {
        let has_room = usize::from(self.len) < WIDTH;
        if has_room {
            self.set(usize::from(self.len), hash, item);
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
        self.set(at, self.hashes[last], self.item(last));
    }

    fn all(&self) -> impl Iterator<Item = (u32, Item)> + '_ {
        (0..usize::from(self.len)).map(|at| (self.hashes[at], self.item(at)))
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
    #[inline]
    fn home(&self, hash: u32) -> usize {
        ((u64::from(hash << PART_BITS) * self.lines.len() as u64) >> 32) as usize
    }

    #[inline]
    fn after(&self, line: usize) -> usize {
        if line + 1 == self.lines.len() { 0 } else { line + 1 }
    }

    fn insert(&mut self, hash: u32, item: Item) {
        if self.used >= self.lines.len() * (WIDTH - 1) {
            self.grow(self.lines.len() + self.lines.len() / 4 + 1);
        }
        let mut at = self.home(hash);
        while !self.lines[at].push(hash, item) {
            at = self.after(at);
        }
        self.used += 1;
    }

    /// Takes out a slot of this hash that holds the item.
    fn remove(&mut self, hash: u32, item: Item) {
        let mut at = self.home(hash);
        loop {
            let line = &mut self.lines[at];
            let slots = line.slots_of(hash);
            if let Some(slot) = (0..WIDTH).find(|&slot| slots >> slot & 1 == 1 && line.item(slot) == item) {
                line.remove(slot);
                self.used -= 1;
                return;
            }
            debug_assert!(line.passed, "it is there");
            at = self.after(at);
        }
    }

    fn grow(&mut self, lines: usize) {
        let before = std::mem::replace(self, Part::new(lines));
        before.lines.iter().flat_map(Line::all).for_each(|(hash, item)| self.insert(hash, item));
    }
}

/// The table.
pub(super) struct Table {
    parts: Vec<Part>,
    /// Changes since the last commit, in order.
    changes: Vec<Change>,
}

struct Change {
    hash: u32,
    item: Item,
    /// Whether it was taken out.
    removed: bool,
}

/// The highest bits of a hash say which part has it.
const PART_BITS: u32 = 2;

impl Default for Table {
    fn default() -> Table {
        Table { parts: vec![Part::new(1); 1 << PART_BITS], changes: Vec::new() }
    }
}

impl Table {
    /// Makes room for so many items in all.
    pub(super) fn reserve(&mut self, items: usize) {
        // a twentieth more, for hashes do not fall into the parts evenly
        let lines = (items + items / 20) / (self.parts.len() * (WIDTH - 1)) + 1;
        self.parts.iter_mut().filter(|part| part.lines.len() < lines).for_each(|part| part.grow(lines));
    }

    #[inline]
    fn part(&self, hash: u32) -> &Part {
        &self.parts[(hash >> (32 - PART_BITS)) as usize]
    }

    #[inline]
    fn part_mut(&mut self, hash: u32) -> &mut Part {
        &mut self.parts[(hash >> (32 - PART_BITS)) as usize]
    }

    /// Has the line where a hash belongs brought into the cache.
    #[inline]
    pub(super) fn prefetch(&self, hash: u32) {
        let part = self.part(hash);
        kernel::prefetch(&part.lines, part.home(hash));
    }

    /// Puts what stands in a bucket into `list`, ascending: the mark of a split, or items.
    #[inline]
    pub(super) fn read(&self, hash: u32, list: &mut Vec<Item>) {
        list.clear();
        let part = self.part(hash);
        let home = part.home(hash);
        let mut at = home;
        loop {
            let line = &part.lines[at];
            let mut slots = line.slots_of(hash);
            while slots != 0 {
                list.push(line.item(slots.trailing_zeros() as usize));
                slots &= slots - 1;
            }
            at = part.after(at);
            if !line.passed || at == home {
                break;
            }
        }
        if list.len() > 1 {
            list.sort_unstable();
        }
    }

    /// Adds an item to a bucket.
    pub(super) fn add(&mut self, hash: u32, item: Item) {
        debug_assert!(item.place < PLACES);
        self.put(hash, item);
    }

    fn put(&mut self, hash: u32, item: Item) {
        self.part_mut(hash).insert(hash, item);
        self.changes.push(Change { hash, item, removed: false });
    }

    /// Empties a bucket, which holds `items`, and marks it as split.
    pub(super) fn split(&mut self, hash: u32, items: &[Item]) {
        for &item in items {
            self.part_mut(hash).remove(hash, item);
            self.changes.push(Change { hash, item, removed: true });
        }
        self.put(hash, Item::SPLIT);
    }

    /// Changes since the last commit.
    pub(super) fn mark(&self) -> usize {
        self.changes.len()
    }

    /// Takes back the changes since a mark.
    pub(super) fn undo_to(&mut self, mark: usize) {
        while self.changes.len() > mark {
            let Change { hash, item, removed } = self.changes.pop().expect("longer than the mark");
            let part = self.part_mut(hash);
            if removed { part.insert(hash, item) } else { part.remove(hash, item) }
        }
    }

    /// From now on nothing before can be taken back.
    pub(super) fn commit(&mut self) {
        self.changes.clear();
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        let lines: usize = self.parts.iter().map(|part| part.lines.capacity()).sum();
        lines * size_of::<Line>() + self.changes.capacity() * size_of::<Change>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    /// What stands in the bucket of a hash.
    fn bucket(table: &Table, hash: u32) -> Vec<Item> {
        let mut list = Vec::new();
        table.read(hash, &mut list);
        list
    }

    #[test]
    fn items_keep_their_places_and_notes() {
        let mut table = Table::default();
        let item = |n: u64| Item { place: PLACES - 1 - n * 77_777_777_777 % PLACES, note: [n as u8, 255] };
        (0..2000).for_each(|n| table.add(n as u32 % 50 * 85_899_345, item(n)));
        for hash in 0..50 {
            let mut expected: Vec<_> = (0..40).map(|n| item(n * 50 + u64::from(hash))).collect();
            expected.sort();
            assert_eq!(bucket(&table, hash * 85_899_345), expected);
        }
    }

    #[test]
    fn slots_pass_by_full_lines_and_the_end_of_a_part() {
        let mut table = Table::default();
        (0..3000).for_each(|place| table.add(u32::MAX, Item { place, note: [0; 2] }));
        assert_eq!(bucket(&table, u32::MAX).len(), 3000);
        table.undo_to(0);
        assert!(bucket(&table, u32::MAX).is_empty() && table.parts.iter().all(|part| part.used == 0));
    }

    #[test]
    fn a_part_whose_lines_were_all_full_once_is_read_to_its_end() {
        let mut table = Table::default();
        let (first, last) = (0, u32::MAX >> PART_BITS);
        for hash in [first, last] {
            (0..6).for_each(|place| table.add(hash, Item { place, note: [0; 2] }));
            table.undo_to(0);
        }
        assert!(table.part(first).lines.len() == 2 && table.part(first).lines.iter().all(|line| line.passed));
        assert!(bucket(&table, first).is_empty() && bucket(&table, last).is_empty());
    }

    proptest! {
        #[test]
        fn equals_a_map_and_takes_back(
            steps in proptest::collection::vec((0u32..3000, 0u32..9), 0..4000),
            keep in 0usize..4000,
            close in any::<bool>(),
            room in 0usize..3000,
        ) {
            let mut table = Table::default();
            table.reserve(room);
            let mut model: HashMap<u32, Vec<Item>> = HashMap::new();
            let keep = keep.min(steps.len());
            let spread = |n: u32| if close { n << 3 } else { n.wrapping_mul(0x9e37_79b9) };
            let item = |n: usize| Item { place: n as u64, note: [n as u8, 7] };
            for (n, &(hash, kind)) in steps.iter().enumerate() {
                if n == keep {
                    table.commit();
                }
                if kind == 0 {
                    let items = bucket(&table, spread(hash));
                    table.split(spread(hash), &items);
                } else {
                    table.add(spread(hash), item(n));
                }
                if n < keep {
                    let bucket = model.entry(hash).or_default();
                    if kind == 0 {
                        bucket.clear();
                    }
                    bucket.push(if kind == 0 { Item::SPLIT } else { item(n) });
                    bucket.sort();
                }
            }
            if keep == steps.len() {
                table.commit();
            }
            table.undo_to(0);
            for hash in 0..3000 {
                prop_assert_eq!(bucket(&table, spread(hash)), model.remove(&hash).unwrap_or_default());
            }
        }
    }
}
