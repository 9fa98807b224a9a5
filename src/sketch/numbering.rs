//! Rows → classes: rows with one digest are one class, and classes are numbered by their first rows.
//!
//! In: the digests of rows. Out: which rows repeat another, and the number of the class of each. Always: a class never comes
//! after its first row. What is looked up by row stands in two bits for each, for rows themselves may be spilled.

use rayon::prelude::*;

use super::bits_for;
use crate::corpus::deal;
use crate::memory;

/// The rows whose digest an earlier row has, ascending, each with the first that has it.
///
/// They are dealt out by the first bits of their digests, and each share is sorted. 96 bits are compared: that two digests differ
/// in the others only has a chance of 2⁻³³ among all rows that there can be, and of 2⁻⁴⁷ among 30 million. To look at all of them would be
/// two reads from disk for each row that repeats one, where digests are spilled.
pub(super) fn repeats(digests: &[u128]) -> Vec<(u32, u32)> {
    let bits = bits_for(digests.len());
    let share = |digest: u128| (digest >> (u128::BITS - bits)) as usize;
    let entry = |(&digest, row): (&u128, u32)| (share(digest), digest >> 32 << 32 | u128::from(row));
    let counted = memory::in_order(digests).map(|&digest| share(digest));
    let dealt = memory::watched(memory::in_order(digests).zip(0..), size_of::<u128>()).map(entry);
    let (mut dealt, _) = deal(counted, dealt, 1 << bits);
    let in_share = |entries: &mut [u128]| {
        memory::touched(size_of_val(entries));
        entries.sort_unstable();
        let runs = entries.chunk_by(|a, b| a >> 32 == b >> 32);
        runs.flat_map(|run| run[1..].iter().map(|&again| (again as u32, run[0] as u32))).collect::<Vec<_>>()
    };
    let shares = dealt.par_chunk_by_mut(|&a, &b| share(a) == share(b));
    let mut repeats: Vec<(u32, u32)> = shares.flat_map_iter(in_share).collect();
    repeats.par_sort_unstable();
    repeats
}

/// The classes of rows that repeat no other: their numbers, without those that do. A class could be looked up at its first row, but rows
/// that repeat one read it in no order, a page each where rows are spilled; this takes two bits for each row.
pub(super) struct Numbering {
    /// Of 64 rows each: which repeat another, and how many before them do.
    words: Vec<(u64, u32)>,
}

impl Numbering {
    /// The numbering of so many rows, of which these repeat another, ascending.
    pub(super) fn new(rows: usize, repeats: &[(u32, u32)]) -> Numbering {
        let mut words = vec![(0, 0); rows.div_ceil(64)];
        for &(again, _) in memory::watched(repeats.iter(), size_of::<(u32, u32)>()) {
            words[again as usize / 64].0 |= 1u64 << (again % 64);
        }
        let mut before = 0;
        for (bits, count) in &mut words {
            *count = before;
            before += bits.count_ones();
        }
        Numbering { words }
    }

    /// The class of a row that repeats no other.
    pub(super) fn class_of(&self, row: u32) -> u32 {
        let (bits, before) = self.words[row as usize / 64];
        row - before - (bits & ((1 << (row % 64)) - 1)).count_ones()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_are_numbered_by_the_first_with_their_digest(
            digests in proptest::collection::vec((0u128..30).prop_map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15 << 60)), 0..300),
        ) {
            let mut distinct: Vec<u128> = Vec::new();
            let expected: Vec<u32> = digests.iter().map(|digest| {
                distinct.iter().position(|other| other == digest).unwrap_or_else(|| {
                    distinct.push(*digest);
                    distinct.len() - 1
                }) as u32
            }).collect();
            let repeats = repeats(&digests);
            let numbering = Numbering::new(digests.len(), &repeats);
            let first = |row: u32| repeats.iter().find(|&&(again, _)| again == row).map_or(row, |&(_, first)| first);
            let found: Vec<u32> = (0..digests.len() as u32).map(|row| numbering.class_of(first(row))).collect();
            prop_assert_eq!(found, expected);
            prop_assert!(repeats.is_sorted() && repeats.len() == digests.len() - distinct.len());
        }
    }
}
