//! Bands × rows: which pairs of signatures become candidates.
//!
//! Two sets with Jaccard similarity J agree in one MinHash value with probability J, in a band of r values with J^r, and
//! in at least one of b bands with 1 − (1 − J^r)^b (Leskovec, Rajaraman, Ullman, *Mining of Massive Datasets*, §3.4).
//! Candidates are verified afterwards, so bands are chosen for recall *at* the threshold: the longest bands, that is the
//! fewest false candidates, that still find 98 % of the pairs that lie exactly on it.
//!
//! A signature holds a byte of each value. The bytes of a band of four values and more are 32 bits and more, which tell sets apart as well as
//! a hash of the values would, so such bands are worked out from the signature whenever they are asked for; the hashes of
//! shorter ones are kept.

use super::{HASHES, Signature};

/// Recall at the threshold that [`Banding::for_threshold`] guarantees.
const RECALL: f64 = 0.98;

/// A division of the signature into `bands` bands of `rows` values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Banding {
    /// Number of bands.
    pub bands: usize,
    /// MinHash values in a band.
    pub rows: usize,
}

impl Banding {
    /// The division for pairs of Jaccard similarity `threshold` (0 < threshold < 1) and above.
    pub fn for_threshold(threshold: f64) -> Banding {
        let fits = |rows: &usize| Banding::of_rows(*rows).recall(threshold) >= RECALL;
        Banding::of_rows((1..=HASHES).rev().find(fits).unwrap_or(1))
    }

    /// Whether bands are worked out from the signature, and not kept beside it.
    pub(super) fn is_derived(self) -> bool {
        self.rows >= 4
    }

    /// The hash of a band of a signature, if bands [are derived](Banding::is_derived).
    #[inline]
    pub(super) fn derive(self, signature: &Signature, band: usize) -> u32 {
        let mixed = |hash: u64, next: u64| (hash ^ next).wrapping_mul(0xd6e8_feb8_6659_fd93).rotate_left(29);
        let at = band * self.rows;
        let mut hash = mixed(0x9e37_79b9_7f4a_7c15, word(signature, at, WORD.min(self.rows)));
        // not `step_by`, which divides; most bands are one word
        let mut done = WORD;
        while done < self.rows {
            hash = mixed(hash, word(signature, at + done, WORD.min(self.rows - done)));
            done += WORD;
        }
        (hash >> 32) as u32 ^ hash as u32
    }

    fn of_rows(rows: usize) -> Banding {
        Banding { bands: HASHES / rows, rows }
    }

    /// Probability that a pair of Jaccard similarity `j` shares a band.
    pub fn recall(self, j: f64) -> f64 {
        1.0 - (1.0 - j.powi(self.rows as i32)).powi(self.bands as i32)
    }
}

/// Bytes that are hashed at a time.
const WORD: usize = size_of::<u64>();

/// `len` bytes of a signature, 1 to 8.
#[inline]
fn word(signature: &Signature, at: usize, len: usize) -> u64 {
    // a whole word, which is there but for the last bytes of all, and of it what is wanted
    let whole = |bytes: &[u8; WORD]| u64::from_le_bytes(*bytes);
    let from_here = signature[at..].first_chunk().map(whole);
    let last = || signature.last_chunk().map_or(0, whole) >> (8 * (at + WORD - HASHES));
    from_here.unwrap_or_else(last) & u64::MAX >> (8 * (WORD - len))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_word_is_the_bytes_that_stand_there(bytes: [[u8; 32]; 4], at in 0..HASHES, len in 1usize..=WORD) {
            let signature: Signature = std::array::from_fn(|i| bytes[i / 32][i % 32]);
            let len = len.min(HASHES - at);
            let expected = signature[at..at + len].iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte));
            prop_assert_eq!(word(&signature, at, len), expected);
        }

        #[test]
        fn bands_are_equal_where_their_bytes_are(
            rows in 4usize..40, band: proptest::sample::Index, bytes: [[u8; 32]; 4], changed: proptest::sample::Index,
        ) {
            let banding = Banding::of_rows(rows);
            let band = band.index(banding.bands);
            let a: Signature = std::array::from_fn(|i| bytes[i / 32][i % 32]);
            let mut b: Signature = a.map(|byte| byte.wrapping_add(1));
            let own = band * rows..(band + 1) * rows;
            b[own.clone()].copy_from_slice(&a[own.clone()]);
            prop_assert_eq!(banding.derive(&a, band), banding.derive(&b, band));
            b[own.start + changed.index(rows)] ^= 5;
            prop_assert_ne!(banding.derive(&a, band), banding.derive(&b, band));
        }
    }

    #[test]
    fn the_choices_of_the_design() {
        assert_eq!(Banding::for_threshold(0.8), Banding { bands: 18, rows: 7 });
        assert_eq!(Banding::for_threshold(0.7), Banding { bands: 25, rows: 5 });
    }

    #[test]
    fn recall_at_every_threshold() {
        for percent in 5..100 {
            let threshold = f64::from(percent) / 100.0;
            let banding = Banding::for_threshold(threshold);
            assert!(banding.recall(threshold) >= RECALL, "{threshold}");
            assert!(banding.bands * banding.rows <= HASHES);
        }
    }
}
