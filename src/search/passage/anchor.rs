//! Text → anchors: the places by which equal windows of two texts find each other.
//!
//! A *window* is a run of `L` symbols, the least length of a passage. Its anchor is the leftmost of its `k`-grams with the
//! least rank (a minimizer: Schleimer, Wilkerson, Aiken 2003; Roberts et al. 2004). Which of its places that is depends on
//! the window's own symbols only, so equal windows have their anchor at the same place inside. Each window has exactly one
//! anchor, and the windows of one anchor start one after the other: they are a range. On text without structure one place
//! in (L − k + 2) / 2 is an anchor.
//!
//! Ranks are computed for a block at a time and stay in the cache. Cost: one multiplication per symbol, and a scan for the
//! next smaller rank that compiles to vector comparisons.

use std::ops::Range;

use super::symbol::Symbol;

/// The lengths that an index is made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lengths {
    /// Symbols in a window.
    pub(super) window: usize,
    /// Symbols in the grams that are anchors.
    pub(super) gram: usize,
}

impl Lengths {
    /// For windows of `window` symbols, 1 or more.
    ///
    /// A third for the gram: the anchors are far apart then, and few windows that differ share one (`algorithms.md` §4).
    pub(super) fn new(window: usize) -> Lengths {
        assert!(window > 0, "a window holds a symbol");
        Lengths { window, gram: (window / 3).max(1) }
    }

    /// Places in a window where a gram starts.
    fn places(self) -> usize {
        self.window - self.gram + 1
    }
}

/// A place in a text that anchors windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Anchor {
    /// Where its gram starts.
    pub(super) at: u32,
    /// Where the first window starts that it anchors.
    pub(super) first: u32,
    /// Where the last window starts that it anchors.
    pub(super) last: u32,
}

/// Places after a passed anchor that are looked at first for the same rank.
const SOON: usize = 16;

/// Windows whose ranks are computed at once.
const BLOCK: usize = 1 << 13;

/// The anchors of the windows of a text, ascending, block by block; the buffers are reused from text to text.
#[derive(Default)]
pub(super) struct Anchors {
    ranks: Vec<u32>,
    list: Vec<Anchor>,
    /// Windows that were read.
    read: usize,
    /// The first anchors of the list that were given out.
    given: usize,
}

impl Anchors {
    /// Begins a text.
    pub(super) fn begin(&mut self) {
        self.list.clear();
        (self.read, self.given) = (0, 0);
    }

    /// The next anchors of `text`, ascending by place and by windows: in the end every window belongs to exactly one.
    /// Nothing when there are no more. Linear in the length of `text`, all calls together.
    pub(super) fn next_block<S: Symbol>(&mut self, text: &[S], lengths: Lengths) -> &[Anchor] {
        let windows = (text.len() + 1).saturating_sub(lengths.window);
        self.list.drain(..self.given);
        // the last anchor may have windows in the next block too
        while self.list.len() < 2 && self.read < windows {
            let (start, end) = (self.read, windows.min(self.read + BLOCK));
            self.rank(&text[start..end - 1 + lengths.window], lengths);
            self.choose(start, end - start, lengths.places());
            self.read = end;
        }
        self.given = if self.read < windows { self.list.len() - 1 } else { self.list.len() };
        &self.list[..self.given]
    }

    /// Ranks each place of `block` where a gram fits.
    fn rank<S: Symbol>(&mut self, block: &[S], lengths: Lengths) {
        let places = block.len() - lengths.gram + 1;
        let looked_at = lengths.gram.min(S::GRAM);
        self.ranks.clear();
        if looked_at == S::GRAM {
            self.ranks.extend(block.windows(S::GRAM).take(places).map(S::rank));
        } else {
            self.ranks.extend(block.windows(looked_at).take(places).map(S::rank));
        }
    }

    /// Adds the anchors of `windows` windows, of which the first starts at `base`.
    fn choose(&mut self, base: usize, windows: usize, places: usize) {
        let mut first = 0;
        let mut least = least_of(&self.ranks[..places]);
        while first < windows {
            let rank = self.ranks[least];
            // it stays the least until a smaller one comes, or until the window has passed it
            let seen = first + places;
            let unseen = &self.ranks[seen..(least + places).min(self.ranks.len())];
            let smaller = first_smaller(unseen, rank).map(|n| seen + n);
            let next = smaller.map_or(least + 1, |at| at + 1 - places).min(windows);
            self.push(base + least, base + first, base + next - 1);
            first = next;
            least = match smaller {
                Some(at) => at,
                None if first < windows => self.least_after(least, first..first + places),
                None => break,
            };
        }
    }

    /// The leftmost place of the least rank in a window, which is one place further than the one that `passed` was the
    /// least of. In texts that repeat themselves its rank comes again at once.
    fn least_after(&self, passed: usize, window: Range<usize>) -> usize {
        let (rank, newest) = (self.ranks[passed], window.end - 1);
        if self.ranks[newest] < rank {
            return newest;
        }
        let again = self.ranks[window.clone()].iter().take(SOON).position(|&other| other == rank);
        window.start + again.unwrap_or_else(|| least_of(&self.ranks[window]))
    }

    /// Adds an anchor, or windows to the last one if it is the same place.
    fn push(&mut self, at: usize, first: usize, last: usize) {
        let [at, first, last] = [at, first, last].map(|n| n as u32);
        match self.list.last_mut() {
            Some(anchor) if anchor.at == at => anchor.last = last,
            _ => self.list.push(Anchor { at, first, last }),
        }
    }
}

/// The leftmost place of the least rank.
fn least_of(ranks: &[u32]) -> usize {
    let least = ranks.iter().copied().fold(u32::MAX, u32::min);
    ranks.iter().position(|&rank| rank == least).unwrap_or(0)
}

/// The first place of a rank below `rank`; many are compared at once.
#[inline(always)]
fn first_smaller(ranks: &[u32], rank: u32) -> Option<usize> {
    const STEP: usize = 16;
    let without = |chunk: &&[u32]| !chunk.iter().fold(false, |any, &other| any | (other < rank));
    let passed = ranks.chunks_exact(STEP).take_while(without).count() * STEP;
    ranks[passed..].iter().position(|&other| other < rank).map(|n| passed + n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition: for each window the leftmost of its grams with the least rank.
    fn naive<S: Symbol>(text: &[S], lengths: Lengths) -> Vec<usize> {
        let gram = lengths.gram.min(S::GRAM);
        let rank = |at: usize| S::rank(&text[at..at + gram]);
        let windows = (text.len() + 1).saturating_sub(lengths.window);
        (0..windows).map(|w| (w..w + lengths.places()).min_by_key(|&at| (rank(at), at)).unwrap()).collect()
    }

    /// The anchor of each window, from the list.
    fn fast<S: Symbol>(text: &[S], lengths: Lengths) -> Vec<usize> {
        let (mut anchors, mut list) = (Anchors::default(), Vec::new());
        anchors.begin();
        loop {
            let block = anchors.next_block(text, lengths);
            list.extend_from_slice(block);
            if block.is_empty() {
                break;
            }
        }
        assert!(list.windows(2).all(|w| w[0].at < w[1].at && w[0].last + 1 == w[1].first));
        list.iter().flat_map(|a| (a.first..=a.last).map(|_| a.at as usize)).collect()
    }

    #[test]
    fn a_text_shorter_than_a_window_has_none() {
        assert!(fast(b"", Lengths::new(4)).is_empty() && fast(b"abc", Lengths::new(4)).is_empty());
        assert_eq!(fast(b"abcd", Lengths::new(4)).len(), 1);
    }

    #[test]
    fn anchors_are_chosen_alike_across_blocks() {
        let text: Vec<u8> = (0..3 * BLOCK as u64 + 77).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 13) as u8 % 7).collect();
        for window in [1, 20, 100] {
            assert_eq!(fast(&text, Lengths::new(window)), naive(&text, Lengths::new(window)));
        }
    }

    proptest! {
        #[test]
        fn equals_the_definition(text in proptest::collection::vec(0u8..3, 0..200), window in 1usize..40) {
            prop_assert_eq!(fast(&text, Lengths::new(window)), naive(&text, Lengths::new(window)));
        }

        #[test]
        fn equals_the_definition_for_tokens(text in proptest::collection::vec(0u64..3, 0..100), window in 1usize..20) {
            prop_assert_eq!(fast(&text, Lengths::new(window)), naive(&text, Lengths::new(window)));
        }
    }
}
