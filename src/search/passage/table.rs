//! A hash table from a 32-bit hash to a bucket: places that were entered under it, or the mark that the bucket was split.
//!
//! Slots of 12 bytes in [`Lines`]: 16 to 20 bytes for each item in all. Everything that was changed since a mark can be taken
//! back, which is how a text is forgotten that was entered on trial.

use crate::search::lines::{Columns, Lines};

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

/// Changes that are taken back after one whose line is asked for.
const AHEAD: usize = 8;

/// Slots of a line.
const WIDTH: usize = 5;

/// The items of a line.
#[derive(Clone, Copy, Default)]
struct Items {
    places: [u32; WIDTH],
    places_above: [u8; WIDTH],
    notes: [[u8; 2]; WIDTH],
}

impl Columns<WIDTH> for Items {
    type Item = Item;

    const GROWTH: usize = 4;

    #[inline(always)]
    fn item(&self, at: usize) -> Item {
        let place = u64::from(self.places[at]) | u64::from(self.places_above[at]) << 32;
        Item { place, note: self.notes[at] }
    }

    #[inline(always)]
    fn set(&mut self, at: usize, item: Item) {
        (self.places[at], self.places_above[at]) = (item.place as u32, (item.place >> 32) as u8);
        self.notes[at] = item.note;
    }
}

/// The table.
pub(super) struct Table {
    lines: Lines<Items, WIDTH>,
    /// Changes since the last commit, in order.
    changes: Vec<Change>,
}

struct Change {
    hash: u32,
    item: Item,
    /// Whether it was taken out.
    removed: bool,
}

impl Default for Table {
    fn default() -> Table {
        Table { lines: Lines::new(), changes: Vec::new() }
    }
}

impl Table {
    /// Makes room for so many items in all.
    pub(super) fn reserve(&mut self, items: usize) {
        self.lines.reserve(items);
    }

    /// Has the line where a hash belongs brought into the cache.
    #[inline]
    pub(super) fn prefetch(&self, hash: u32) {
        self.lines.prefetch(hash);
    }

    /// Puts what stands in a bucket into `list`, ascending: the mark of a split, or items.
    #[inline]
    pub(super) fn read(&self, hash: u32, list: &mut Vec<Item>) {
        list.clear();
        self.lines.each(hash, |item| {
            list.push(item);
            // few, so each is put in its place at once
            let mut at = list.len() - 1;
            while at > 0 && list[at - 1] > item {
                list.swap(at - 1, at);
                at -= 1;
            }
        });
    }

    /// Adds an item to a bucket.
    pub(super) fn add(&mut self, hash: u32, item: Item) {
        debug_assert!(item.place < PLACES);
        self.put(hash, item);
    }

    fn put(&mut self, hash: u32, item: Item) {
        self.lines.insert(hash, item);
        self.changes.push(Change { hash, item, removed: false });
    }

    /// Empties a bucket, which holds `items`, and marks it as split.
    pub(super) fn split(&mut self, hash: u32, items: &[Item]) {
        for &item in items {
            self.lines.remove(hash, item);
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
        // the lines are asked for before: what was changed long ago has left the cache
        self.changes[mark..].iter().rev().take(AHEAD).for_each(|change| self.lines.prefetch(change.hash));
        while self.changes.len() > mark {
            self.changes[mark..].iter().nth_back(AHEAD).inspect(|change| self.lines.prefetch(change.hash));
            let Change { hash, item, removed } = self.changes.pop().expect("longer than the mark");
            if removed { self.lines.insert(hash, item) } else { self.lines.remove(hash, item) }
        }
    }

    /// From now on nothing before can be taken back.
    pub(super) fn commit(&mut self) {
        self.changes.clear();
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.lines.bytes() + self.changes.capacity() * size_of::<Change>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::lines::PART_BITS;
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
        assert!(bucket(&table, u32::MAX).is_empty() && table.lines.parts.iter().all(|part| part.used == 0));
    }

    #[test]
    fn a_part_whose_lines_were_all_full_once_is_read_to_its_end() {
        let mut table = Table::default();
        let (first, last) = (0, u32::MAX >> PART_BITS);
        for hash in [first, last] {
            (0..6).for_each(|place| table.add(hash, Item { place, note: [0; 2] }));
            table.undo_to(0);
        }
        let part = table.lines.part(first);
        assert!(part.lines.len() == 2 && part.lines.iter().all(|line| line.passed));
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
