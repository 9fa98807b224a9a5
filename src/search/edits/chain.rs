//! Anchors → chains: places where two texts have a seed in common, put together where they run side by side.
//!
//! As in minimap2 (Li 2018): anchors of one kept text are taken in order, each continues the best chain among the
//! [`LOOK_BACK`] anchors before it, and chains are read off from the best one on. Of several kept texts the best chain of
//! all comes first: how good the chains of a text can be is known beforehand, so a text waits until it may have the next
//! one, and by then, mostly, all that it has is found already. An anchor continues another that stands
//! at most [`GAP`] tokens before it in both texts, with at most [`DRIFT`] more in one than in the other. Always: a chain
//! ascends strictly in both texts; an anchor is part of one chain at most. Costs at most [`LOOK_BACK`] steps an anchor.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use super::seeds::SEED_TOKENS;
use crate::kernel::{self, LOOK_BACK, Links, Worth};

/// Tokens from the start of one anchor to the start of the next.
pub(super) const GAP: u32 = 40;

/// Tokens that one gap may be longer in one text than in the other.
const DRIFT: u32 = 12;

/// Anchors that a chain has at least.
pub(super) const LEAST: u32 = 3;

/// A token that is part of a seed counts as much as four tokens of drift.
const WORTH: Worth = Worth { token: 4, most: SEED_TOKENS as u32, drift: DRIFT, next: 8 };

/// What a token between two anchors of a chain that is part of neither takes off the score by which chains are put in order.
/// So the rows of a list that have no more than their form in common, however many they are, do not come before the few
/// that are the same; none of them has to be for its anchors to be chained.
const UNSEEN: i32 = 2;

/// The score of an anchor alone.
const ALONE: i32 = WORTH.token * SEED_TOKENS as i32;

/// A seed that a text shares with a kept one, by the numbers of its first tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Anchor {
    /// Number of the kept text.
    pub(super) text: u32,
    /// Where it stands in the text in question.
    pub(super) own: u32,
    /// Where it stands in the kept text.
    pub(super) kept: u32,
}

/// Anchors that run side by side; the greatest is the best, of equals the one that starts first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Chain {
    /// How much of both texts its anchors hold, less what lies between them.
    score: i32,
    first: Reverse<Anchor>,
    /// Where its anchors stand among those of all chains.
    start: usize,
    end: usize,
}

/// Anchors of one kept text, without a gap: no chain goes beyond.
pub(super) struct Group {
    /// No chain of them scores more.
    pub(super) most: i32,
    /// Where they stand.
    pub(super) anchors: Range<usize>,
}

/// The groups of `anchors`, which are sorted by place where they are of one text, the best first.
pub(super) fn groups(anchors: &[Anchor]) -> Vec<Group> {
    let mut start = 0;
    let group = |group: &[Anchor]| {
        // as if all that is shared were in one chain
        let new = |pair: &[Anchor]| (pair[1].own - pair[0].own).min(WORTH.most) as i32;
        let most = ALONE + WORTH.token * group.windows(2).map(new).sum::<i32>();
        start += group.len();
        Group { most, anchors: start - group.len()..start }
    };
    let is_near = |a: &Anchor, b: &Anchor| a.text == b.text && b.own - a.own <= GAP;
    let mut groups: Vec<Group> = anchors.chunk_by(is_near).map(group).collect();
    groups.sort_by_key(|group| Reverse(group.most));
    groups
}

/// Makes chains.
#[derive(Default)]
pub(super) struct Chainer {
    links: Vec<Link>,
    /// The score of the best chain that ends with each anchor.
    scores: Vec<i32>,
    /// Where the anchors of a group stand, as columns.
    own: Vec<u32>,
    kept: Vec<u32>,
    ends: Vec<u32>,
    /// The anchors of all chains.
    pub(super) chained: Vec<Anchor>,
    chains: BinaryHeap<Chain>,
}

/// The best chain that ends with an anchor.
#[derive(Clone, Copy)]
struct Link {
    /// Anchors that it has.
    len: u32,
    /// The anchor before; [`NONE`] for the first.
    before: u32,
    taken: bool,
    /// Whether a better chain goes on from it.
    passed: bool,
}

/// No anchor.
const NONE: u32 = u32::MAX;

impl Chainer {
    /// Forgets all chains.
    pub(super) fn clear(&mut self) {
        self.chained.clear();
        self.chains.clear();
    }

    /// Adds the chains of a group of anchors.
    pub(super) fn add(&mut self, group: &[Anchor]) {
        if group.len() >= LEAST as usize {
            self.link(group);
            self.take(group);
        }
    }

    /// Takes the best chain out, if it scores more than `least`; gives where its anchors stand.
    pub(super) fn next_above(&mut self, least: i32) -> Option<Range<usize>> {
        let best = self.chains.peek()?;
        (best.score > least).then(|| self.chains.pop())?.map(|chain| chain.start..chain.end)
    }

    /// Finds the best chain to each anchor of a group.
    fn link(&mut self, group: &[Anchor]) {
        self.begin(group);
        let mut near = 0;
        for (at, anchor) in group.iter().enumerate() {
            near += self.own[near..at].iter().take_while(|&&own| anchor.own - own > GAP).count();
            let first = if self.goes_on(at) { at - 1 } else { near.max(at.saturating_sub(LOOK_BACK)) };
            let (own, kept, scores) = (&self.own[first..at], &self.kept[first..at], &self.scores[first..at]);
            let found = kernel::best_link(Links { own, kept, scores }, anchor.own, anchor.kept, WORTH);
            let alone = Link { len: 1, before: NONE, taken: false, passed: false };
            let (score, link) = match found.filter(|&(score, _)| score > ALONE) {
                None => (ALONE, alone),
                Some((score, place)) => {
                    let before = &mut self.links[first + place];
                    before.passed |= score > self.scores[first + place];
                    (score, Link { len: before.len + 1, before: (first + place) as u32, ..alone })
                }
            };
            self.scores.push(score);
            self.links.push(link);
        }
    }

    fn begin(&mut self, group: &[Anchor]) {
        self.links.clear();
        self.scores.clear();
        self.own.clear();
        self.own.extend(group.iter().map(|anchor| anchor.own));
        self.kept.clear();
        self.kept.extend(group.iter().map(|anchor| anchor.kept));
    }

    /// Whether an anchor is the next seed after the one before, as in a text without a change.
    fn goes_on(&self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1) else { return false };
        let own = self.own[at] - self.own[before];
        own > 0 && own <= WORTH.next && self.kept[at].wrapping_sub(self.kept[before]) == own
    }

    /// Reads the chains off, the best first.
    fn take(&mut self, group: &[Anchor]) {
        self.ends.clear();
        // what goes on to a better chain is taken with that
        let is_end = |link: &Link| link.len >= LEAST && !link.passed;
        self.ends.extend((0..group.len() as u32).filter(|&at| is_end(&self.links[at as usize])));
        let (links, scores) = (&mut self.links, &self.scores);
        self.ends.sort_unstable_by_key(|&at| (Reverse(scores[at as usize]), at));
        for &end in &self.ends {
            let start = self.chained.len();
            let whole = scores[end as usize];
            let (mut at, mut rest) = (end, 0);
            while let Some(link) = links.get_mut(at as usize) {
                if link.taken {
                    rest = scores[at as usize];
                    break;
                }
                link.taken = true;
                self.chained.push(group[at as usize]);
                at = link.before;
            }
            if self.chained.len() - start < LEAST as usize {
                self.chained.truncate(start);
                continue;
            }
            let chain = &mut self.chained[start..];
            chain.reverse();
            let score = whole - rest - UNSEEN * unseen(chain) as i32;
            let first = Reverse(chain[0]);
            self.chains.push(Chain { score, first, start, end: self.chained.len() });
        }
    }
}

/// Tokens between the anchors of a chain, in the text that has more of them.
fn unseen(chain: &[Anchor]) -> u32 {
    let gap = |pair: &[Anchor]| (pair[1].own - pair[0].own).max(pair[1].kept - pair[0].kept);
    chain.windows(2).map(|pair| gap(pair).saturating_sub(SEED_TOKENS as u32)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chains(mut anchors: Vec<Anchor>) -> Vec<Vec<(u32, u32, u32)>> {
        anchors.sort_unstable();
        anchors.dedup();
        let mut chainer = Chainer::default();
        let mut most = Vec::new();
        for group in groups(&anchors) {
            chainer.add(&anchors[group.anchors]);
            most.push(group.most);
        }
        assert!(most.is_sorted_by(|a, b| a >= b));
        let best = chainer.chains.peek().map(|chain| chain.score);
        assert!(best.is_none_or(|best| best <= most[0]));
        let mut list = Vec::new();
        while let Some(chain) = chainer.next_above(i32::MIN) {
            list.push(chainer.chained[chain].iter().map(|a| (a.text, a.own, a.kept)).collect());
        }
        list
    }

    fn anchor((text, own, kept): (u32, u32, u32)) -> Anchor {
        Anchor { text, own, kept }
    }

    #[test]
    fn anchors_side_by_side_make_a_chain_and_strays_do_not() {
        let good = [(0, 10, 100), (0, 15, 106), (0, 22, 112), (0, 30, 121)];
        let strays = [(0, 12, 500), (0, 16, 20), (1, 15, 106), (0, 200, 400)];
        let found = chains(good.iter().chain(&strays).copied().map(anchor).collect());
        assert_eq!(found, [good.to_vec()]);
    }

    #[test]
    fn the_longer_chain_comes_first_and_gaps_end_chains() {
        let run = |text, own: u32, kept: u32, n: u32| (0..n).map(move |i| (text, own + 5 * i, kept + 5 * i));
        let all: Vec<_> = run(3, 0, 50, 4).chain(run(3, 100, 150, 6)).chain(run(1, 0, 0, 5)).collect();
        let found = chains(all.into_iter().map(anchor).collect());
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [6, 5, 4]);
    }

    proptest! {
        #[test]
        fn chains_ascend_within_bounds_and_share_nothing(
            places in proptest::collection::vec((0u32..2, 0u32..150, 0u32..150), 0..400),
        ) {
            let found = chains(places.into_iter().map(anchor).collect());
            let mut seen = std::collections::BTreeSet::new();
            for chain in &found {
                prop_assert!(chain.len() >= LEAST as usize);
                for pair in chain.windows(2) {
                    prop_assert_eq!(pair[0].0, pair[1].0);
                    let (own, kept) = (pair[1].1 - pair[0].1, i64::from(pair[1].2) - i64::from(pair[0].2));
                    prop_assert!((1..=GAP).contains(&own) && kept > 0 && kept.abs_diff(own.into()) <= DRIFT.into());
                }
                chain.iter().for_each(|&a| assert!(seen.insert(a)));
            }
        }
    }
}
