//! Token hashes → seeds: few k-grams of tokens, chosen by what they are and not by where they stand.
//!
//! Of every [`WINDOW`] consecutive k-grams the one with the least hash is a seed (winnowing; Schleimer, Wilkerson and
//! Aiken 2003; minimizers; Roberts and others 2004). Always: two texts that share `SEED_TOKENS + WINDOW - 1` tokens in a
//! row share a seed there; about one token in three starts a seed; of k-grams that are all alike only one in [`WINDOW`]
//! does.

use std::hint::select_unpredictable;

use crate::corpus::Shingler;

/// Tokens of a seed, k.
pub(super) const SEED_TOKENS: usize = 4;

/// Consecutive k-grams of which one is a seed, w.
pub(super) const WINDOW: usize = 5;

/// A k-gram of tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seed {
    /// Hash of its tokens.
    pub(super) hash: u32,
    /// Number of its first token.
    pub(super) token: u32,
}

/// Makes seeds.
pub(super) struct Seeder {
    shingler: Shingler,
    shingles: Vec<u64>,
}

impl Seeder {
    pub(super) fn new() -> Seeder {
        Seeder { shingler: Shingler::new(SEED_TOKENS), shingles: Vec::new() }
    }

    /// The seeds of a text with these token hashes, ascending. Linear.
    pub(super) fn read(&mut self, tokens: &[u64], seeds: &mut Vec<Seed>) {
        self.shingles.clear();
        self.shingler.shingles(tokens, &mut self.shingles);
        winnow(&self.shingles, seeds);
    }
}

/// The least of each window, each once. Of equal ones it stays with the one it has; failing that, it takes the last.
///
/// Whether a window has another one than the window before nobody can foresee, so there is no branch on it: each is written,
/// and the next one over it if it is the same.
fn winnow(values: &[u64], seeds: &mut Vec<Seed>) {
    if values.len() < WINDOW {
        seeds.clear();
        let short = (!values.is_empty()).then(|| last_least(values));
        seeds.extend(short.map(|(value, place)| seed(value, place)));
        return;
    }
    // what it holds is written over
    seeds.resize(values.len() + 1 - WINDOW, Seed::default());
    // how many there are, the value of the last one, and one past its place
    let (mut len, mut least, mut end) = (0, 0, 0);
    for (start, window) in values.windows(WINDOW).filter_map(<[u64]>::first_chunk::<WINDOW>).enumerate() {
        let (value, place) = last_least(window);
        let is_new = (end <= start) | (value != least);
        seeds[len] = seed(value, start + place);
        len += usize::from(is_new);
        (least, end) = (value, select_unpredictable(is_new, start + place + 1, end));
    }
    seeds.truncate(len);
}

/// The least of some values, one or more, and the last place of it.
#[inline(always)]
fn last_least(values: &[u64]) -> (u64, usize) {
    let less = |least: (u64, usize), next: (u64, usize)| select_unpredictable(next.0 <= least.0, next, least);
    values.iter().copied().zip(0..).fold((u64::MAX, 0), less)
}

/// The upper bits decide which is least, so the lower ones are as random as before.
#[inline(always)]
fn seed(value: u64, place: usize) -> Seed {
    Seed { hash: value as u32, token: place as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn places(values: &[u64]) -> Vec<usize> {
        let mut seeds = Vec::new();
        winnow(values, &mut seeds);
        seeds.iter().map(|seed| seed.token as usize).collect()
    }

    #[test]
    fn one_of_few_and_one_in_five_of_equals() {
        assert!(places(&[]).is_empty());
        assert_eq!(places(&[7]), [0]);
        assert_eq!(places(&[7, 3, 9]), [1]);
        assert_eq!(places(&[5; 20]), [4, 9, 14, 19]);
    }

    proptest! {
        #[test]
        fn each_window_holds_one_of_its_least(values in proptest::collection::vec(0u64..30, 0..60)) {
            let places = places(&values);
            prop_assert!(places.is_sorted_by(|a, b| a < b));
            for (start, window) in values.windows(WINDOW).enumerate() {
                let least = window.iter().min();
                prop_assert!(places.iter().any(|&p| (start..start + WINDOW).contains(&p) && Some(&values[p]) == least));
            }
        }

        #[test]
        fn equal_stretches_share_a_seed(
            before in proptest::collection::vec(any::<u64>(), 0..20),
            shared in proptest::collection::vec(any::<u64>(), SEED_TOKENS + WINDOW - 1),
            other in proptest::collection::vec(any::<u64>(), 0..20),
        ) {
            let (mut seeder, mut a, mut b) = (Seeder::new(), Vec::new(), Vec::new());
            seeder.read(&[&before[..], &shared].concat(), &mut a);
            seeder.read(&[&shared[..], &other].concat(), &mut b);
            prop_assert!(a.iter().any(|x| b.iter().any(|y| x.hash == y.hash)));
        }
    }
}
