//! Which groups are shown: the most repeated, the least certain, and those that account for the most text.
//!
//! In: every group once. Out: a few hundred of them. Always: the same whatever the number of threads, and no more than
//! the chosen ones are held in memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::page::Outline;

/// Groups that each ranking may name.
const EACH: usize = 120;

/// Similarity in millionths, so that it can be ordered.
type Millionths = u32;

/// The best of what was offered so far, by three rankings. The group's index breaks ties: the earlier goes first.
#[derive(Default)]
pub(super) struct Selection {
    repeated: BTreeSet<(Reverse<usize>, usize)>,
    uncertain: BTreeSet<(Millionths, usize)>,
    heavy: BTreeSet<(Reverse<u64>, usize)>,
    outlines: BTreeMap<usize, Outline>,
}

impl Selection {
    /// Considers a group.
    pub(super) fn offer(&mut self, index: usize, outline: Outline) {
        let least = (outline.similarity().0 * 1e6) as Millionths;
        let kept = [
            keep(&mut self.repeated, (Reverse(outline.copies()), index)),
            keep(&mut self.uncertain, (least, index)),
            keep(&mut self.heavy, (Reverse(outline.bytes()), index)),
        ];
        if kept.contains(&true) {
            self.outlines.insert(index, outline);
        }
        if self.outlines.len() > 8 * EACH {
            self.forget();
        }
    }

    /// Forgets the outlines that no ranking names any more.
    fn forget(&mut self) {
        let named: BTreeSet<usize> = self.named().collect();
        self.outlines.retain(|index, _| named.contains(index));
    }

    /// What the rankings name, each in turn: the first of each, the second of each, and so on.
    fn named(&self) -> impl Iterator<Item = usize> {
        let repeated = self.repeated.iter().map(|r| r.1);
        let uncertain = self.uncertain.iter().map(|u| u.1);
        let heavy = self.heavy.iter().map(|h| h.1);
        repeated.zip(uncertain).zip(heavy).flat_map(|((a, b), c)| [a, b, c])
    }

    /// The groups to show, without repetition, the best first.
    pub(super) fn chosen(mut self) -> Vec<(usize, Outline)> {
        let order: Vec<usize> = self.named().collect();
        order.into_iter().filter_map(|index| Some((index, self.outlines.remove(&index)?))).collect()
    }
}

/// Adds to a ranking and drops what comes last; whether the new one stays.
fn keep<T: Ord + Copy>(ranking: &mut BTreeSet<T>, new: T) -> bool {
    ranking.insert(new);
    let dropped = if ranking.len() > EACH { ranking.pop_last() } else { None };
    dropped != Some(new)
}

#[cfg(test)]
mod tests {
    use super::super::page::MemberOutline;
    use super::*;

    fn group(copies: usize, similarity: f64, bytes: u64) -> Outline {
        let member = MemberOutline { similarity, bytes, ..MemberOutline::default() };
        Outline { keeper: 0, members: vec![member; copies - 1] }
    }

    fn chosen(groups: impl IntoIterator<Item = Outline>) -> Vec<usize> {
        let mut selection = Selection::default();
        groups.into_iter().enumerate().for_each(|(i, group)| selection.offer(i, group));
        selection.chosen().into_iter().map(|(index, _)| index).collect()
    }

    #[test]
    fn few_groups_are_all_chosen_and_each_once() {
        let mut all = chosen([group(2, 1.0, 5), group(9, 0.9, 5), group(3, 0.8, 5)]);
        assert_eq!(all[..2], [1, 2], "the most repeated and the least certain come first");
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2]);
    }

    #[test]
    fn of_many_groups_the_extremes_are_chosen() {
        let plain = (0..5000).map(|_| group(2, 1.0, 10));
        let extremes = [group(50, 1.0, 10), group(2, 0.8, 10), group(2, 1.0, 10_000)];
        let all = chosen(plain.chain(extremes));
        assert_eq!(all[..3], [5000, 5001, 5002]);
        assert!(all.len() <= 3 * EACH, "{}", all.len());
    }
}
