//! Anchors → chains: places where two texts have a seed in common, put together where they run side by side.
//!
//! As in minimap2 (Li 2018): anchors of one kept text are taken in order, each continues the best chain among the
//! [`LOOK_BACK`] anchors before it, and chains are read off from the best one on. An anchor continues another that stands
//! at most [`GAP`] tokens before it in both texts, with at most [`DRIFT`] more in one than in the other. Always: a chain
//! ascends strictly in both texts; an anchor is part of one chain at most. Costs at most [`LOOK_BACK`] steps an anchor.

use std::cmp::Reverse;
use std::ops::Range;

use super::seeds::SEED_TOKENS;

/// Tokens from the start of one anchor to the start of the next.
const GAP: u32 = 40;

/// Tokens that one gap may be longer in one text than in the other.
const DRIFT: u32 = 12;

/// Anchors that are tried as the one before.
const LOOK_BACK: usize = 64;

/// An anchor that stands at most so many tokens before, and as many in the kept text, is the one before: the next seed of
/// an unchanged text is that near.
const NEXT: u32 = 8;

/// Anchors that a chain has at least.
const LEAST: u32 = 3;

/// Points for a token that is part of a seed, and off for a token of drift.
const POINTS: (i32, i32) = (4, 1);

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

/// Anchors that run side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chain {
    /// How much of both texts it holds.
    score: i32,
    /// Where its anchors stand among those of all chains.
    pub(super) anchors: Range<usize>,
}

/// Makes chains.
#[derive(Default)]
pub(super) struct Chainer {
    links: Vec<Link>,
    ends: Vec<u32>,
    /// The anchors of all chains.
    pub(super) chained: Vec<Anchor>,
    /// The chains, best first.
    pub(super) chains: Vec<Chain>,
}

/// The best chain that ends with an anchor.
#[derive(Clone, Copy)]
struct Link {
    score: i32,
    /// Anchors that it has.
    len: u32,
    /// The anchor before; [`NONE`] for the first.
    before: u32,
    taken: bool,
}

/// No anchor.
const NONE: u32 = u32::MAX;

impl Chainer {
    /// The chains of `anchors`, which are sorted, and sorted by `order` of the text where they are as good as each other.
    pub(super) fn read(&mut self, anchors: &[Anchor]) {
        self.chained.clear();
        self.chains.clear();
        for group in anchors.chunk_by(|a, b| a.text == b.text) {
            if group.len() >= LEAST as usize {
                self.link(group);
                self.take(group);
            }
        }
        let chained = &self.chained;
        self.chains.sort_unstable_by_key(|chain| (Reverse(chain.score), chained[chain.anchors.start]));
    }

    /// Finds the best chain to each anchor of one kept text.
    fn link(&mut self, group: &[Anchor]) {
        self.links.clear();
        for (at, anchor) in group.iter().enumerate() {
            let first = at.saturating_sub(LOOK_BACK);
            let mut best = Link { score: SEED_TOKENS as i32 * POINTS.0, len: 1, before: NONE, taken: false };
            for before in (first..at).rev() {
                let own = anchor.own - group[before].own;
                if own > GAP {
                    break;
                }
                let Some(gain) = gain(own, i64::from(anchor.kept) - i64::from(group[before].kept)) else { continue };
                let link = self.links[before];
                if link.score + gain > best.score {
                    best = Link { score: link.score + gain, len: link.len + 1, before: before as u32, taken: false };
                }
                if own <= NEXT && gain == SEED_TOKENS.min(own as usize) as i32 * POINTS.0 {
                    break;
                }
            }
            self.links.push(best);
        }
    }

    /// Reads the chains off, the best first.
    fn take(&mut self, group: &[Anchor]) {
        self.ends.clear();
        self.ends.extend((0..group.len() as u32).filter(|&at| self.links[at as usize].len >= LEAST));
        let links = &mut self.links;
        self.ends.sort_unstable_by_key(|&at| (Reverse(links[at as usize].score), at));
        for &end in &self.ends {
            let start = self.chained.len();
            let whole = links[end as usize].score;
            let (mut at, mut rest) = (end, 0);
            while let Some(link) = links.get_mut(at as usize) {
                if link.taken {
                    rest = link.score;
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
            self.chained[start..].reverse();
            self.chains.push(Chain { score: whole - rest, anchors: start..self.chained.len() });
        }
    }
}

/// What an anchor adds to a chain whose last anchor stands so many tokens before it; `None` if it does not continue it.
fn gain(own: u32, kept: i64) -> Option<i32> {
    let kept = u32::try_from(kept).ok().filter(|&kept| kept > 0 && kept <= GAP + DRIFT)?;
    let drift = own.abs_diff(kept);
    if own == 0 || drift > DRIFT {
        return None;
    }
    let new = own.min(kept).min(SEED_TOKENS as u32);
    Some(new as i32 * POINTS.0 - drift as i32 * POINTS.1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chains(mut anchors: Vec<Anchor>) -> Vec<Vec<(u32, u32, u32)>> {
        anchors.sort_unstable();
        anchors.dedup();
        let mut chainer = Chainer::default();
        chainer.read(&anchors);
        let list = |c: &Chain| chainer.chained[c.anchors.clone()].iter().map(|a| (a.text, a.own, a.kept)).collect();
        chainer.chains.iter().map(list).collect()
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
                    prop_assert!(gain(pair[1].1 - pair[0].1, i64::from(pair[1].2) - i64::from(pair[0].2)).is_some());
                }
                chain.iter().for_each(|&a| assert!(seen.insert(a)));
            }
        }
    }
}
