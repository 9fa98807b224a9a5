//! MinHash signatures: 128 values per set, from 64 multiply-shift hashes of which both the least and the greatest value
//! are kept ("Min-Max", Ji et al., *Min-Max Hash for Jaccard Similarity*, ICDM 2013).
//!
//! Its error is that of 128 independent hashes (`algorithms.md` §2) at half the cost. The seeds are fixed, so signatures of
//! different runs and machines can be compared.

use super::Banding;
use crate::kernel::{self, MULTIPLIERS};

/// Values in a signature.
pub const HASHES: usize = 2 * MULTIPLIERS;

/// A byte of each MinHash value: enough to estimate a similarity to ±0.036 (one standard deviation at J = 0.8).
pub type Signature = [u8; HASHES];

/// Makes signatures and bands.
#[derive(Clone, Debug)]
pub struct MinHasher {
    multipliers: [u32; MULTIPLIERS],
    banding: Banding,
}

impl MinHasher {
    /// A hasher for this division into bands.
    pub fn new(banding: Banding) -> MinHasher {
        let mut state = 0x756e_6563_686f_2031; // "unecho 1": part of the format of saved sketches
        let multipliers = std::array::from_fn(|_| (split_mix(&mut state) >> 32) as u32 | 1);
        MinHasher { multipliers, banding }
    }

    /// The signature of a set of shingles; the hashes of its bands, if they cannot be worked out from it, are appended to
    /// `bands`. The set may hold repeats; it must not be empty, for an empty set is similar to nothing. Costs about 2.6 ns
    /// per shingle with AVX2.
    pub fn sketch(&self, shingles: &[u64], bands: &mut Vec<u32>) -> Signature {
        debug_assert!(!shingles.is_empty());
        let extremes = kernel::min_max(shingles, &self.multipliers);
        let mut values = [0; HASHES];
        values[..MULTIPLIERS].copy_from_slice(&extremes.min);
        values[MULTIPLIERS..].copy_from_slice(&extremes.max);
        if !self.banding.is_derived() {
            let used = &values[..self.banding.bands * self.banding.rows];
            bands.extend(used.chunks_exact(self.banding.rows).map(hash_band));
        }
        // not `map`, which the compiler may put into a function of its own, value by value
        let mut signature = [0; HASHES];
        for (byte, &value) in signature.iter_mut().zip(&values) {
            *byte = byte_of(value);
        }
        signature
    }
}

/// A byte that all bits of a value decide. Its own low byte will not do: of a product it depends on the low bytes of the factors
/// alone, and all values of a set of few shingles are products of these few.
#[inline(always)]
fn byte_of(value: u32) -> u8 {
    (value.wrapping_mul(0x9e37_79b1) >> 24) as u8
}

/// 32 bits of the values of one band; 32 are enough up to 10⁸ sets, as candidates are verified.
fn hash_band(values: &[u32]) -> u32 {
    let hash = values.iter().fold(0x9e37_79b9_7f4a_7c15_u64, |hash, &value| {
        (hash ^ u64::from(value)).wrapping_mul(0xd6e8_feb8_6659_fd93).rotate_left(29)
    });
    (hash >> 32) as u32 ^ hash as u32
}

/// In how many of the [`HASHES`] values two signatures agree.
pub fn matches(a: &Signature, b: &Signature) -> usize {
    // at most 128: the sum fits a byte, and so the loop vectorises
    usize::from(a.iter().zip(b).fold(0u8, |sum, (x, y)| sum + u8::from(x == y)))
}

/// SplitMix64 (Steele, Lea, Flood 2014).
fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two sets of `n` random shingles that share `shared`.
    fn pair(n: usize, shared: usize, seed: u64) -> (Vec<u64>, Vec<u64>) {
        let mut state = seed;
        let common: Vec<u64> = (0..shared).map(|_| split_mix(&mut state)).collect();
        let mut fill = |set: &[u64]| {
            let mut set = set.to_vec();
            set.resize_with(n, || split_mix(&mut state));
            set
        };
        (fill(&common), fill(&common))
    }

    #[test]
    fn agreement_estimates_jaccard() {
        let hasher = MinHasher::new(Banding::for_threshold(0.8));
        for (n, shared) in [(20, 16), (100, 90), (1000, 500)] {
            let jaccard = shared as f64 / (2 * n - shared) as f64;
            let trials = 300;
            let total: usize = (0..trials)
                .map(|seed| {
                    let (a, b) = pair(n, shared, seed * 7919 + 1);
                    matches(&hasher.sketch(&a, &mut Vec::new()), &hasher.sketch(&b, &mut Vec::new()))
                })
                .sum();
            let estimate = total as f64 / (trials as usize * HASHES) as f64;
            assert!((estimate - jaccard).abs() < 0.02, "{n} {shared}: {estimate} for {jaccard}");
        }
    }

    /// The bands of a set, derived or not.
    fn bands_of(hasher: &MinHasher, set: &[u64]) -> Vec<u32> {
        let mut bands = Vec::new();
        let signature = hasher.sketch(set, &mut bands);
        if hasher.banding.is_derived() {
            assert!(bands.is_empty());
            bands.extend((0..hasher.banding.bands).map(|band| hasher.banding.derive(&signature, band)));
        }
        bands
    }

    #[test]
    fn bands_meet_as_the_theory_says() {
        for (threshold, cases) in [(0.8, [(60, 40), (60, 50), (60, 54)]), (0.4, [(60, 20), (60, 30), (60, 40)])] {
            let banding = Banding::for_threshold(threshold);
            let hasher = MinHasher::new(banding);
            for (n, shared) in cases {
                let expected = banding.recall(shared as f64 / (2 * n - shared) as f64);
                let trials = 1000;
                let met = (0..trials).filter(|seed| {
                    let (a, b) = pair(n, shared, seed * 104_729 + 3);
                    bands_of(&hasher, &a).iter().zip(bands_of(&hasher, &b)).any(|(&p, q)| p == q)
                });
                let share = met.count() as f64 / trials as f64;
                assert!((share - expected).abs() < 0.05, "{n} {shared}: {share} for {expected}");
            }
        }
    }

    #[test]
    fn sets_that_share_nothing_hardly_ever_meet() {
        for (threshold, len) in [0.4, 0.6, 0.8, 0.95].into_iter().flat_map(|t| [1, 3, 40].map(|len| (t, len))) {
            let hasher = MinHasher::new(Banding::for_threshold(threshold));
            let bands: Vec<Vec<u32>> = (0..300).map(|seed| bands_of(&hasher, &pair(len, 0, seed).0)).collect();
            let meets = |a: &Vec<u32>, b: &Vec<u32>| a.iter().zip(b).any(|(x, y)| x == y);
            let pairs = bands.iter().enumerate().flat_map(|(i, a)| bands[..i].iter().map(move |b| (a, b)));
            let met = pairs.filter(|(a, b)| meets(a, b)).count();
            assert!(met < 3, "{met} of 44,850 pairs of {len} at {threshold}");
        }
    }

    #[test]
    fn order_and_repeats_do_not_matter() {
        let hasher = MinHasher::new(Banding::for_threshold(0.8));
        let (set, _) = pair(50, 10, 1);
        let mut other: Vec<u64> = set.iter().rev().copied().collect();
        other.extend_from_slice(&set[..20]);
        let (mut x, mut y) = (Vec::new(), Vec::new());
        assert_eq!(hasher.sketch(&set, &mut x), hasher.sketch(&other, &mut y));
        assert_eq!(x, y);
    }
}
