//! Token hashes → shingles: a 64-bit hash of each run of `n` consecutive tokens, made by [`crate::kernel`].

use super::deal::deal;
use crate::kernel::{self, MAX_SHINGLE};

/// Makes shingles of `n` tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shingler {
    n: usize,
}

impl Shingler {
    /// Shingles of `n` tokens; `n` is at least 1 and at most 32.
    pub fn new(n: usize) -> Shingler {
        assert!((1..=MAX_SHINGLE).contains(&n), "a shingle has 1 to 32 tokens");
        Shingler { n }
    }

    /// Tokens in a shingle.
    pub fn n(self) -> usize {
        self.n
    }

    /// The shingles of a text with these token hashes, in order and with repeats, appended to `out`: `len - n + 1` of
    /// them, none if there are fewer than `n` tokens.
    pub fn shingles(self, tokens: &[u64], out: &mut Vec<u64>) {
        kernel::shingles(self.n, tokens, out);
    }
}

/// The set of shingles: ascending, each once.
pub fn shingle_set(tokens: &[u64], shingler: Shingler) -> Vec<u64> {
    let mut set = Vec::with_capacity(tokens.len());
    shingler.shingles(tokens, &mut set);
    let mut set = sorted(set);
    set.dedup();
    set
}

/// Fewer than this are sorted by comparing.
const FEW: usize = 32;

/// Shares at the most, as a power of two: their ends are to stay in the fastest cache.
const MOST_BITS: u32 = 12;

/// More than this are sorted by comparing too, in the memory that they have.
const MANY: usize = 1 << 17;

/// The hashes, ascending. They are spread evenly, so where each belongs is nearly known: it is dealt to a share by its first
/// bits, and the few of a share are sorted by themselves. A third of the time of a comparison sort, for 300 to 3,000 of them.
fn sorted(mut hashes: Vec<u64>) -> Vec<u64> {
    if !(FEW..=MANY).contains(&hashes.len()) {
        hashes.sort_unstable();
        return hashes;
    }
    // shares of two to four
    let bits = (hashes.len().ilog2() - 1).min(MOST_BITS);
    let share = |hash: u64| (hash >> (u64::BITS - bits)) as usize;
    let dealt = hashes.iter().map(|&hash| (share(hash), hash));
    let (mut order, ends) = deal(hashes.iter().map(|&hash| share(hash)), dealt, 1 << bits);
    let mut start = 0;
    for end in ends {
        sort_share(&mut order[start..end]);
        start = end;
    }
    order
}

/// Sorts hashes that are few, most likely.
#[inline(always)]
fn sort_share(share: &mut [u64]) {
    if share.len() > FEW {
        return share.sort_unstable();
    }
    for next in 1..share.len() {
        let hash = share[next];
        let mut at = next;
        while at > 0 && share[at - 1] > hash {
            share[at] = share[at - 1];
            at -= 1;
        }
        share[at] = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_matters_and_length_is_right() {
        let make = |tokens: &[u64], n| {
            let mut out = Vec::new();
            Shingler::new(n).shingles(tokens, &mut out);
            out
        };
        assert_eq!(make(&[1, 2, 3, 4], 3).len(), 2);
        assert!(make(&[1, 2], 3).is_empty());
        assert_ne!(make(&[1, 2, 3], 3), make(&[3, 2, 1], 3));
        assert_ne!(make(&[7, 7, 7], 3), make(&[8, 8, 8], 3));
    }

    proptest! {
        #[test]
        fn any_numbers_come_out_ascending(
            hashes in prop_oneof![
                proptest::collection::vec(any::<u64>(), 0..600),
                // all in one share, many of them equal
                proptest::collection::vec(0u64..50, 0..600),
            ],
        ) {
            let mut expected = hashes.clone();
            expected.sort();
            prop_assert_eq!(sorted(hashes), expected);
        }
    }

    #[test]
    fn more_than_there_are_shares() {
        let hashes: Vec<u64> = (0..100_000u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        let mut expected = hashes.clone();
        expected.sort();
        assert!(sorted(hashes) == expected);
    }
}
