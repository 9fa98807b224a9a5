//! The digests met so far, by all threads: who meets one first signs it.
//!
//! A table of lines of eight slots, each as large as a cache line, made once for as many digests as are likely. A digest
//! belongs to one line and leaves half of itself there. No lock: a slot is taken once and never changes. Always: of the
//! callers that ask for a digest at least one is told that it is the first, and only one is, unless the line is full:
//! then everybody is.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use rayon::prelude::*;

use crate::kernel::prefetch;

/// Slots in a line of the table.
const LINE: usize = 8;

#[repr(align(64))]
#[derive(Default)]
struct Line([AtomicU64; LINE]);

/// The digests met so far. Memory: 16 bytes for each that was expected.
pub(super) struct Seen(Vec<Line>);

impl Seen {
    /// Memory for each digest that is expected.
    pub(super) const BYTES: usize = size_of::<Line>() / (LINE / 2);

    /// A table with room for twice as many digests as are `expected`.
    pub(super) fn new(expected: usize) -> Seen {
        Seen((0..expected.div_ceil(LINE / 2).max(1)).into_par_iter().map(|_| Line::default()).collect())
    }

    /// Digests are spread evenly, and so is the half that decides.
    fn line_of(&self, digest: u128) -> usize {
        ((digest as u64 as u128 * self.0.len() as u128) >> 64) as usize
    }

    /// Says that a digest will soon be asked for.
    pub(super) fn prepare(&self, digest: u128) {
        prefetch(&self.0, self.line_of(digest));
    }

    /// Whether this digest is met for the first time. Two digests of one line that differ in the other half only by
    /// chance (one pair in 2⁶⁴) would be taken for one.
    pub(super) fn is_first(&self, digest: u128) -> bool {
        // a slot that is 0 is free
        let tag = (digest >> 64) as u64 | 1;
        for slot in &self.0[self.line_of(digest)].0 {
            match slot.load(Relaxed) {
                0 => match slot.compare_exchange(0, tag, Relaxed, Relaxed) {
                    Ok(_) => return true,
                    Err(found) if found == tag => return false,
                    Err(_) => {}
                },
                found if found == tag => return false,
                _ => {}
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use xxhash_rust::xxh3::xxh3_128;

    fn digests(n: u32) -> impl Iterator<Item = u128> {
        (0..n).map(|i| xxh3_128(&i.to_le_bytes()))
    }

    #[test]
    fn each_digest_is_first_once_on_all_threads() {
        // so much room that no line is full
        let seen = Seen::new(80_000);
        let again: Vec<u128> = (0..8).flat_map(|_| digests(10_000)).collect();
        let first = again.par_iter().filter(|&&digest| seen.is_first(digest)).count();
        assert_eq!(first, 10_000);
    }

    #[test]
    fn more_than_expected_are_first_at_least_once() {
        let seen = Seen::new(8);
        assert!(digests(1000).all(|digest| seen.is_first(digest)));
        assert!(digests(1000).filter(|&digest| seen.is_first(digest)).count() >= 1000 - 16);
    }
}
