//! Dealt entries, in which numbers are looked up by their hashes.
//!
//! In: entries as they were dealt. Out: the number with a hash. Nothing is made of them, so few may be looked up among many: a share is
//! searched from its start to its end, which is a few KiB. Always: what is found is the first of its kind; a share that is much
//! larger than others, for many numbers have one hash, is sorted beforehand, and bisected.

use rustc_hash::FxHashMap;

use super::dealt::{Dealt, hash_of};
use crate::memory;

/// A share is sorted that has more entries than this, and so many times more than others.
const MANY: usize = if cfg!(test) { 2 } else { 16 };

/// Dealt entries.
pub(super) struct Shares {
    dealt: Dealt,
    /// Shares that are large, sorted.
    large: FxHashMap<usize, Vec<u64>>,
}

impl Shares {
    /// Takes what was dealt. Tells of all hashes, share after share.
    pub(super) fn new(dealt: Dealt, mut told: impl FnMut(u32)) -> Shares {
        let many = MANY * (dealt.len() / dealt.shares()).max(MANY);
        let mut large = FxHashMap::default();
        for number in 0..dealt.shares() {
            let len: usize = dealt.share(number).map(<[u64]>::len).sum();
            memory::touched(len * size_of::<u64>());
            dealt.share(number).flatten().for_each(|&entry| told(hash_of(entry)));
            if len > many {
                let mut entries: Vec<u64> = dealt.share(number).flatten().copied().collect();
                entries.sort_unstable();
                large.insert(number, entries);
            }
        }
        Shares { dealt, large }
    }

    /// The first number with this hash that `is` the one looked for.
    pub(super) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        memory::looked_at();
        let is = |&&entry: &&u64| hash_of(entry) == hash && is(entry as u32);
        let number = self.dealt.share_of(hash);
        let found = match self.large.get(&number) {
            Some(sorted) => {
                let from = sorted.partition_point(|&entry| hash_of(entry) < hash);
                sorted[from..].iter().take_while(|&&entry| hash_of(entry) == hash).find(is)
            }
            None => self.dealt.share(number).find_map(|piece| piece.iter().find(is)),
        };
        found.map(|&entry| entry as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::super::dealt::tests::{hashes, in_blocks};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_found_is_the_first_of_its_kind(
            hashes in hashes(),
            at_once in 1usize..300,
            bits in 1u32..8,
            step in 1u32..5,
            other: u32,
        ) {
            let mut told = Vec::new();
            let shares = Shares::new(in_blocks(&hashes, at_once, bits), |hash| told.push(hash));
            for (number, &hash) in (0..).zip(&hashes) {
                // numbers are of a kind if their places are a multiple of that apart
                let of_kind = |other: u32| other % step == number % step;
                let first = (0..=number).find(|&other| hashes[other as usize] == hash && of_kind(other));
                prop_assert_eq!(shares.find(hash, of_kind), first);
            }
            prop_assert_eq!(shares.find(other, |_| true).is_some(), hashes.contains(&other));
            let mut all = hashes;
            all.sort_unstable();
            told.sort_unstable();
            prop_assert_eq!(told, all);
        }
    }
}
