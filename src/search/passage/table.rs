//! A hash table from a 32-bit hash to a bucket: places that were entered under it, or the mark that the bucket was split.
//!
//! The slots stand in the order of their hashes, each at or after the slot where its hash belongs (linear probing, ordered:
//! Amble and Knuth 1974). So a bucket is one run of slots, a look-up ends at the first greater hash, which is about three
//! slots on, and a table grows where it stands, in two passes over its memory. Tried before and refused: 8-byte slots that
//! lead to chains of 16-byte entries (27 bytes for each entry instead of 15 to 19, and a cache miss for each link).
//!
//! Everything that was changed since a mark can be taken back, which is how a text is forgotten that was entered on trial.

use std::ops::Range;

use crate::kernel;

/// What is entered under a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Where, counted over all texts; less than [`PLACES`].
    pub(super) place: u64,
    /// What else is known of it.
    pub(super) note: [u8; 2],
}

/// Places that an item can have.
pub(super) const PLACES: u64 = (1 << 40) - 2;

/// `place` is 0 in a slot that is empty, else one more than that of its item, or [`SPLIT`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub(super) struct Slot {
    hash: u32,
    place: u32,
    place_above: u8,
    note: [u8; 2],
    /// In the list of changes: whether the slot was taken out.
    removed: bool,
}

const SPLIT: u64 = PLACES + 1;

impl Slot {
    fn new(hash: u32, place: u64, note: [u8; 2]) -> Slot {
        Slot { hash, place: place as u32, place_above: (place >> 32) as u8, note, removed: false }
    }

    #[inline]
    fn place(self) -> u64 {
        u64::from(self.place) | u64::from(self.place_above) << 32
    }

    #[inline]
    fn is_empty(self) -> bool {
        self.place() == 0
    }

    /// Whether it says that its bucket was split.
    #[inline]
    pub(super) fn is_split(self) -> bool {
        self.place() == SPLIT
    }

    /// What it holds, if it is not the mark of a split.
    #[inline]
    pub(super) fn item(self) -> Item {
        Item { place: self.place().wrapping_sub(1), note: self.note }
    }
}

/// The table.
#[derive(Default)]
pub(super) struct Table {
    /// Room for `size` homes, and some slots more for those that do not find room at the end.
    slots: Vec<Slot>,
    size: usize,
    used: usize,
    /// Changes since the last commit, in order.
    changes: Vec<Slot>,
}

/// Homes in the smallest table.
const SMALLEST: usize = 1 << 9;

/// Slots after the last home.
const BEYOND: usize = 1 << 6;

impl Table {
    /// Makes room for so many items in all.
    pub(super) fn reserve(&mut self, items: usize) {
        let size = items + items / 4;
        if size > self.size {
            self.grow(size);
        }
    }

    /// The bucket of a hash: where its slots are. If there are none, where one would be.
    #[inline]
    pub(super) fn bucket(&self, hash: u32) -> Range<usize> {
        let mut start = self.home(hash);
        while let Some(slot) = self.slots.get(start).filter(|slot| slot.hash < hash && !slot.is_empty()) {
            debug_assert!(self.home(slot.hash) <= start);
            start += 1;
        }
        let mut end = start;
        while self.slots.get(end).is_some_and(|slot| slot.hash == hash && !slot.is_empty()) {
            end += 1;
        }
        start..end
    }

    /// The slots of a bucket.
    #[inline]
    pub(super) fn slots(&self, bucket: Range<usize>) -> &[Slot] {
        &self.slots[bucket]
    }

    /// Has the slot where a hash belongs brought into the cache.
    #[inline]
    pub(super) fn prefetch(&self, hash: u32) {
        kernel::prefetch(&self.slots, self.home(hash));
    }

    /// Adds an item to a bucket, after those that are there.
    pub(super) fn add(&mut self, hash: u32, item: Item) {
        debug_assert!(item.place < PLACES);
        let slot = Slot::new(hash, item.place + 1, item.note);
        self.insert(slot);
        self.changes.push(slot);
    }

    /// Empties a bucket and marks it as split.
    pub(super) fn split(&mut self, hash: u32) {
        let bucket = self.bucket(hash);
        for at in bucket.rev() {
            let slot = self.slots[at];
            self.remove(at);
            self.changes.push(Slot { removed: true, ..slot });
        }
        let mark = Slot::new(hash, SPLIT, [0; 2]);
        self.insert(mark);
        self.changes.push(mark);
    }

    /// Changes since the last commit.
    pub(super) fn mark(&self) -> usize {
        self.changes.len()
    }

    /// Takes back the changes since a mark.
    pub(super) fn undo_to(&mut self, mark: usize) {
        while self.changes.len() > mark {
            let slot = self.changes.pop().expect("longer than the mark");
            let bucket = self.bucket(slot.hash);
            if slot.removed {
                self.insert(Slot { removed: false, ..slot });
            } else {
                let found = bucket.rev().find(|&at| self.slots[at] == slot);
                self.remove(found.expect("what was added is there"));
            }
        }
    }

    /// From now on nothing before can be taken back.
    pub(super) fn commit(&mut self) {
        self.changes.clear();
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        (self.slots.capacity() + self.changes.capacity()) * size_of::<Slot>()
    }

    #[inline]
    fn home(&self, hash: u32) -> usize {
        ((u64::from(hash) * self.size as u64) >> 32) as usize
    }

    /// Puts a slot after those of its hash.
    fn insert(&mut self, slot: Slot) {
        if self.used * 5 >= self.size * 4 {
            self.grow((self.size + self.size / 3).max(SMALLEST));
        }
        let mut at = self.bucket(slot.hash).end;
        let mut carried = slot;
        loop {
            if at == self.slots.len() {
                self.slots.reserve_exact(BEYOND);
                self.slots.resize(at + BEYOND, Slot::default());
            }
            carried = std::mem::replace(&mut self.slots[at], carried);
            if carried.is_empty() {
                break;
            }
            at += 1;
        }
        self.used += 1;
    }

    /// Takes a slot out; those after it move up as far as they belong.
    fn remove(&mut self, mut at: usize) {
        while let Some(&next) = self.slots.get(at + 1).filter(|next| !next.is_empty() && self.home(next.hash) <= at) {
            self.slots[at] = next;
            at += 1;
        }
        self.slots[at] = Slot::default();
        self.used -= 1;
    }

    /// Makes it a table of `size` homes where it stands: all slots move to the end, and from there to their places.
    fn grow(&mut self, size: usize) {
        // homes lie further from the end than before, so no more slots stand beyond the last (but for rounding)
        let more = size - self.size + if self.slots.is_empty() { BEYOND } else { 1 };
        let mut from = self.slots.len();
        self.size = size;
        self.slots.reserve_exact(more);
        self.slots.resize(from + more, Slot::default());
        let mut to = self.slots.len();
        while from > 0 {
            from -= 1;
            let slot = self.slots[from];
            if !slot.is_empty() {
                to -= 1;
                self.slots[to] = slot;
            }
        }
        // no slot goes beyond where it stands, for all those after it have room
        let (mut free, end) = (0, self.slots.len());
        for from in to..end {
            let slot = self.slots[from];
            let at = self.home(slot.hash).max(free);
            debug_assert!(at <= from);
            self.slots[free..at].fill(Slot::default());
            self.slots[at] = slot;
            free = at + 1;
        }
        self.slots[free..].fill(Slot::default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    /// What stands in the bucket of a hash; `None` for the mark of a split.
    fn bucket(table: &Table, hash: u32) -> Vec<Option<Item>> {
        let slots = table.slots(table.bucket(hash));
        slots.iter().map(|slot| (!slot.is_split()).then(|| slot.item())).collect()
    }

    #[test]
    fn items_keep_their_places_and_notes() {
        let mut table = Table::default();
        let item = |n: u64| Item { place: PLACES - 1 - n * 77_777_777_777 % PLACES, note: [n as u8, 255] };
        (0..2000).for_each(|n| table.add(n as u32 % 50 * 85_899_345, item(n)));
        for hash in 0..50 {
            let expected: Vec<_> = (0..40).map(|n| Some(item(n * 50 + u64::from(hash)))).collect();
            assert_eq!(bucket(&table, hash * 85_899_345), expected);
        }
    }

    #[test]
    fn hashes_at_the_end_find_room() {
        let mut table = Table::default();
        (0..3000).for_each(|place| table.add(u32::MAX, Item { place, note: [0; 2] }));
        assert_eq!(bucket(&table, u32::MAX).len(), 3000);
        table.undo_to(0);
        assert!(bucket(&table, u32::MAX).is_empty() && table.slots.iter().all(|slot| slot.is_empty()));
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
            let mut model: HashMap<u32, Vec<Option<Item>>> = HashMap::new();
            let keep = keep.min(steps.len());
            let spread = |n: u32| if close { n << 3 } else { n.wrapping_mul(0x9e37_79b9) };
            let item = |n: usize| Item { place: n as u64, note: [n as u8, 7] };
            for (n, &(hash, kind)) in steps.iter().enumerate() {
                if n == keep {
                    table.commit();
                }
                if kind == 0 {
                    table.split(spread(hash));
                } else {
                    table.add(spread(hash), item(n));
                }
                if n < keep {
                    let bucket = model.entry(hash).or_default();
                    if kind == 0 { *bucket = vec![None] } else { bucket.push(Some(item(n))) }
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
