//! A hash table from a 32-bit hash to a bucket: a list of entries, or the mark that the bucket was split.
//!
//! Open addressing over 8-byte slots, so that a look-up that finds nothing costs one cache miss. Everything that was
//! changed since a mark can be taken back, which is how a text is forgotten that was entered on trial.

/// A bucket of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bucket {
    /// Nobody is in it.
    Empty,
    /// The newest entry, by index.
    List(u32),
    /// Its entries were dealt out to buckets of their own.
    Split,
}

/// `state` is 0 for a slot never used, 1 for an empty bucket, 2 for a split one, else the newest entry plus 3.
#[derive(Clone, Copy, Default)]
struct Slot {
    hash: u32,
    state: u32,
}

const EMPTY: u32 = 1;
const SPLIT: u32 = 2;
const FIRST_ENTRY: u32 = 3;

/// What a bucket was before it was set.
#[derive(Clone, Copy)]
struct Change {
    hash: u32,
    before: u32,
}

/// The table.
#[derive(Default)]
pub(super) struct Table {
    slots: Vec<Slot>,
    used: usize,
    /// Changes since the last commit, in order.
    changes: Vec<Change>,
}

/// Slots of the smallest table.
const SMALLEST: usize = 1 << 10;

impl Table {
    /// The bucket of a hash.
    #[inline]
    pub(super) fn get(&self, hash: u32) -> Bucket {
        if self.slots.is_empty() {
            return Bucket::Empty;
        }
        match self.slots[self.find(hash)].state {
            0 | EMPTY => Bucket::Empty,
            SPLIT => Bucket::Split,
            state => Bucket::List(state - FIRST_ENTRY),
        }
    }

    /// Sets the bucket of a hash.
    pub(super) fn set(&mut self, hash: u32, bucket: Bucket) {
        let state = match bucket {
            Bucket::Empty => EMPTY,
            Bucket::Split => SPLIT,
            Bucket::List(entry) => entry + FIRST_ENTRY,
        };
        let before = self.store(hash, state);
        self.changes.push(Change { hash, before: before.max(EMPTY) });
    }

    /// Changes since the last commit.
    pub(super) fn mark(&self) -> usize {
        self.changes.len()
    }

    /// Takes back the changes since a mark.
    pub(super) fn undo_to(&mut self, mark: usize) {
        while self.changes.len() > mark {
            let change = self.changes.pop().expect("longer than the mark");
            self.store(change.hash, change.before);
        }
    }

    /// From now on nothing before can be taken back.
    pub(super) fn commit(&mut self) {
        self.changes.clear();
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>() + self.changes.capacity() * size_of::<Change>()
    }

    /// Sets a state; gives the one before.
    fn store(&mut self, hash: u32, state: u32) -> u32 {
        if self.used * 4 >= self.slots.len() * 3 {
            self.grow();
        }
        let at = self.find(hash);
        let slot = &mut self.slots[at];
        self.used += usize::from(slot.state == 0);
        slot.hash = hash;
        std::mem::replace(&mut slot.state, state)
    }

    /// The slot of a hash, or the unused one where it belongs. The table is never full.
    #[inline]
    fn find(&self, hash: u32) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = ((u64::from(hash) * self.slots.len() as u64) >> 32) as usize;
        loop {
            let slot = self.slots[at];
            if slot.state == 0 || slot.hash == hash {
                return at;
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(SMALLEST);
        let old = std::mem::replace(&mut self.slots, vec![Slot::default(); size]);
        for slot in old.into_iter().filter(|slot| slot.state != 0) {
            let at = self.find(slot.hash);
            self.slots[at] = slot;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn equals_a_map_and_takes_back(steps in proptest::collection::vec((0u32..3000, 0u32..9), 0..4000), keep in 0usize..4000) {
            let mut table = Table::default();
            let mut model = HashMap::new();
            let keep = keep.min(steps.len());
            let bucket = |n: u32| match n { 0 => Bucket::Empty, 1 => Bucket::Split, n => Bucket::List(n) };
            let spread = |n: u32| n.wrapping_mul(0x9e37_79b9);
            for &(hash, n) in &steps[..keep] {
                table.set(spread(hash), bucket(n));
                model.insert(hash, bucket(n));
            }
            table.commit();
            let mark = table.mark();
            for &(hash, n) in &steps[keep..] {
                table.set(spread(hash), bucket(n));
            }
            table.undo_to(mark);
            for hash in 0..3000 {
                prop_assert_eq!(table.get(spread(hash)), model.get(&hash).copied().unwrap_or(Bucket::Empty));
            }
        }
    }
}
