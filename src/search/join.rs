//! All pairs of sets above a Jaccard similarity, and no estimate: what a search by bands is held against.
//!
//! In: shingle sets to index, and sets to ask about. Out: every indexed set that is similar enough. Always: recall is 1 by
//! construction. Elements are put in one order, rare ones first. If |A ∩ B| ≥ ⌈t·|A|⌉, which J(A, B) ≥ t implies, then
//! the first |A| − ⌈t·|A|⌉ + 1 elements of A and those of B have one in common (the prefix filter: Bayardo, Ma, Srikant,
//! *Scaling up all pairs similarity search*, 2007; Xiao et al., *Efficient similarity joins for near duplicate
//! detection*, 2008). Sets whose sizes differ too much are passed over; the rest are compared element by element.
//!
//! Elements that no indexed set has come first in that order, for they are the rarest: a text that has nothing to do with
//! those indexed costs one look-up for each of its shingles. Not taken over from PPJoin: the positional filter, for
//! comparisons are few already.

use rustc_hash::FxHashMap;

use super::verify::{Measure, similarity};

/// What rounding may add to a product of a threshold and a size.
const ROUNDING: f64 = 1e-9;

/// An index of sets, asked for all that are similar.
pub struct Join {
    threshold: f64,
    /// Ascending, as they were given.
    sets: Vec<Vec<u64>>,
    /// In how many sets each element is.
    frequencies: FxHashMap<u64, u32>,
    /// The sets in whose prefix an element stands.
    prefixes: FxHashMap<u64, Vec<u32>>,
}

impl Join {
    /// Indexes `sets`, each ascending and without repeats, for a Jaccard similarity of `threshold` (above 0) and more.
    pub fn new(sets: Vec<Vec<u64>>, threshold: f64) -> Join {
        let mut frequencies = FxHashMap::default();
        sets.iter().flatten().for_each(|&element| *frequencies.entry(element).or_default() += 1);
        let mut join = Join { threshold, sets, frequencies, prefixes: FxHashMap::default() };
        for index in 0..join.sets.len() {
            for element in join.prefix(&join.sets[index]) {
                join.prefixes.entry(element).or_default().push(index as u32);
            }
        }
        join
    }

    /// The indexed sets with this similarity to `set` and more, in order; an empty set is similar to none.
    pub fn find(&self, set: &[u64]) -> Vec<(u32, f64)> {
        let prefix = self.prefix(set);
        let listed = prefix.iter().filter_map(|element| self.prefixes.get(element)).flatten();
        let mut candidates: Vec<u32> = listed.copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        let verified = candidates.into_iter().filter_map(|index| {
            let other = &self.sets[index as usize];
            let similarity = self.sizes_fit(set, other).then(|| similarity(set, other, Measure::Jaccard))?;
            (similarity >= self.threshold).then_some((index, similarity))
        });
        verified.collect()
    }

    /// The elements in the prefix of a set that are in any indexed set.
    fn prefix(&self, set: &[u64]) -> Vec<u64> {
        let least = (self.threshold * set.len() as f64 - ROUNDING).ceil() as usize;
        let mut known: Vec<(u32, u64)> =
            set.iter().filter_map(|element| Some((*self.frequencies.get(element)?, *element))).collect();
        let unknown = set.len() - known.len();
        known.sort_unstable();
        // of an empty set there is no prefix
        let len = (set.len() + usize::from(!set.is_empty())).saturating_sub(least.max(1) + unknown);
        known.truncate(len);
        known.into_iter().map(|(_, element)| element).collect()
    }

    /// Whether sets of these sizes can be similar enough.
    fn sizes_fit(&self, a: &[u64], b: &[u64]) -> bool {
        let (less, more) = (a.len().min(b.len()) as f64, a.len().max(b.len()) as f64);
        less + ROUNDING >= self.threshold * more
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every pair, compared.
    fn naive(sets: &[Vec<u64>], set: &[u64], threshold: f64) -> Vec<(u32, f64)> {
        let all = (0..).zip(sets).map(|(i, other)| (i, similarity(set, other, Measure::Jaccard)));
        all.filter(|&(_, similarity)| similarity >= threshold).collect()
    }

    fn set(most: u64) -> impl Strategy<Value = Vec<u64>> {
        proptest::collection::btree_set(0..most, 0..25).prop_map(|set| set.into_iter().collect())
    }

    proptest! {
        #[test]
        fn finds_what_comparing_all_pairs_finds(
            sets in proptest::collection::vec(set(30), 0..40),
            others in proptest::collection::vec(set(36), 1..20),
            percent in 1u32..=100,
        ) {
            let threshold = f64::from(percent) / 100.0;
            let join = Join::new(sets.clone(), threshold);
            for asked in sets.iter().chain(&others) {
                prop_assert_eq!(join.find(asked), naive(&sets, asked, threshold));
            }
        }

        #[test]
        fn finds_sets_that_differ_in_few_elements(
            base in proptest::collection::btree_set(0u64..1000, 20..60),
            lost in 0usize..20,
            percent in 50u32..=100,
        ) {
            let base: Vec<u64> = base.into_iter().collect();
            let shorter: Vec<u64> = base.iter().copied().skip(lost).collect();
            let sets = vec![base.clone(), shorter.clone()];
            let threshold = f64::from(percent) / 100.0;
            let join = Join::new(sets.clone(), threshold);
            prop_assert_eq!(join.find(&shorter), naive(&sets, &shorter, threshold));
        }
    }

    #[test]
    fn a_pair_on_the_threshold_is_found() {
        // 0.8 · 35 is a little more than 28 in binary
        let a: Vec<u64> = (0..35).collect();
        let b: Vec<u64> = (0..28).collect();
        assert_eq!(Join::new(vec![a.clone()], 0.8).find(&b), [(0, 0.8)]);
        assert_eq!(Join::new(vec![b], 0.8).find(&a), [(0, 0.8)]);
        assert_eq!(Join::new(vec![a, Vec::new()], 0.8).find(&[]), []);
    }
}
