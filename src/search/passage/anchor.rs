//! Text → anchors: the places by which equal windows of two texts find each other.
//!
//! A *window* is a run of `L` symbols, the least length of a passage. Its anchor is the leftmost of its `k`-grams with the
//! least rank (a minimizer: Schleimer, Wilkerson, Aiken 2003; Roberts et al. 2004). Which of its places that is depends on
//! the window's own symbols only, so equal windows have their anchor at the same place inside. Each window has exactly one
//! anchor, and the windows of one anchor start one after the other: they are a range. On text without structure one place
//! in (L − k + 2) / 2 is an anchor.
//!
//! Text that repeats itself with a short period would be an anchor at every period, and each of these grams stands in every
//! other run of that period. So such grams have ranks beyond all others: a window with any other gram
//! is anchored there. And a window of which every place is periodic, but whose end is not, is anchored at a fixed distance
//! before the first place, beyond those that can be anchors, that is not: all windows before the end of a run have one
//! anchor. That, too, depends on the window's own symbols only. (Tried before and refused: giving all periodic grams one
//! rank, without the rule for the end of a run; each window there was an anchor of its own, at twice the time and memory.)
//!
//! Ranks, and the least rank of each window, are computed for a block at a time and stay in the cache; anchors are chosen a few
//! at a time, so that windows that a match holds are passed over.

use super::symbol::Symbol;
pub(super) use crate::kernel::Anchor;
use crate::kernel::{self, Chooser};

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
    /// A quarter takes a tenth less memory on prose and is no faster; on a clause with a number in it it takes 1.35 bytes
    /// for each byte of text.
    pub(super) fn new(window: usize) -> Lengths {
        assert!(window > 0, "a window holds a symbol");
        Lengths { window, gram: (window / 3).max(1) }
    }

    /// Places in a window where a gram starts.
    pub(super) fn places(self) -> usize {
        self.window - self.gram + 1
    }
}

/// Places of the smallest block.
const BLOCK: usize = 1 << 11;

/// The anchors of the windows of a text, ascending, block by block, a few at a time; the buffers are reused from text to
/// text.
#[derive(Default)]
pub(super) struct Anchors {
    /// Ranks and places of the block.
    keys: Vec<u32>,
    chooser: Chooser,
    list: Vec<Anchor>,
    /// The first anchors of the list that were given out.
    given: usize,
    /// Windows that were read, or passed over.
    read: usize,
    /// Whether they are all.
    is_last: bool,
}

impl Anchors {
    /// Begins a text.
    pub(super) fn begin(&mut self) {
        self.list.clear();
        self.chooser.clear();
        (self.given, self.read, self.is_last) = (0, 0, false);
    }

    /// Goes on to the next block of `text`; false if there is none. Windows before `from` are passed over, if they were not
    /// read yet.
    pub(super) fn next_block<S: Symbol>(&mut self, text: &[S], lengths: Lengths, from: usize) -> bool {
        if self.is_last {
            return false;
        }
        let windows = (text.len() + 1).saturating_sub(lengths.window);
        self.read = self.read.max(from);
        if self.read < windows {
            self.read = self.read_block(text, windows, lengths);
        }
        self.is_last = self.read >= windows;
        true
    }

    /// The next anchors of the block, ascending by place and by windows, `most` or fewer (one more at the end of the text);
    /// none if there are no more. In the end every window belongs to exactly one, but for those before `from`, which are
    /// passed over if their anchor was not chosen yet. Linear in the length of the text, all calls together.
    pub(super) fn choose(&mut self, most: usize, from: usize) -> &[Anchor] {
        self.list.drain(..self.given);
        self.chooser.skip_to(from);
        self.chooser.choose(&self.keys, &mut self.list, most + 1);
        // the last one may have more windows, in the next block too
        let is_whole = self.is_last && !self.chooser.has_more();
        self.given = if is_whole { self.list.len() } else { self.list.len().saturating_sub(1) };
        &self.list[..self.given]
    }

    /// Places of a block, a power of two.
    fn block(lengths: Lengths) -> usize {
        BLOCK.max((3 * lengths.window).next_power_of_two())
    }

    /// Ranks the places of a block; gives the window after it.
    fn read_block<S: Symbol>(&mut self, text: &[S], windows: usize, lengths: Lengths) -> usize {
        let places = lengths.places();
        let all = Self::block(lengths);
        let (start, end) = (self.read, windows.min(self.read + all - lengths.window));
        let looked_at = S::looked_at(lengths.gram);
        S::ranks(&text[start..end - 1 + lengths.window], looked_at, &mut self.keys);
        let beyond = lengths.gram - looked_at;
        let block = kernel::Windows { count: end - start, places, beyond, base: start };
        self.chooser.begin(&mut self.keys, all.trailing_zeros(), block);
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, for each window: the leftmost of its grams with the least rank; but if all repeat themselves and
    /// cease to within the window, a gram that ends near there.
    fn naive<S: Symbol>(text: &[S], lengths: Lengths) -> Vec<usize> {
        let looked_at = S::looked_at(lengths.gram);
        let bits = Anchors::block(lengths).trailing_zeros();
        let rank = |at: usize| S::rank(&text[at..at + looked_at]) >> bits << bits;
        let windows = (text.len() + 1).saturating_sub(lengths.window);
        let anchor = |window: usize| {
            let least = (window..window + lengths.places()).min_by_key(|&at| (rank(at), at)).unwrap();
            let mut places = window..=window + lengths.window - looked_at;
            match places.find(|&at| rank(at) < kernel::PERIODIC) {
                Some(end) if rank(least) >= kernel::PERIODIC => end + looked_at - lengths.gram,
                _ => least,
            }
        };
        (0..windows).map(anchor).collect()
    }

    /// The anchor of each window, from the list.
    fn fast<S: Symbol>(text: &[S], lengths: Lengths) -> Vec<usize> {
        let (mut anchors, mut list) = (Anchors::default(), Vec::new());
        anchors.begin();
        while anchors.next_block(text, lengths, 0) {
            while let chosen @ [_, ..] = anchors.choose(3, 0) {
                list.extend_from_slice(chosen);
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
        for window in [1, 20, 100, 1500] {
            assert_eq!(fast(&text, Lengths::new(window)), naive(&text, Lengths::new(window)));
        }
    }

    #[test]
    fn windows_that_are_passed_over_change_no_other() {
        let text: Vec<u8> = (0..4 * BLOCK as u64).map(|i| (i.wrapping_mul(0x9e37_79b9) >> 13) as u8 % 7).collect();
        let (lengths, mut anchors) = (Lengths::new(100), Anchors::default());
        let all = fast(&text, lengths);
        anchors.begin();
        let (mut from, mut seen) = (0, 0);
        while anchors.next_block(&text, lengths, from) {
            while let chosen @ [_, ..] = anchors.choose(2, from) {
                let is_anchor = |a: &Anchor| [a.first, a.last].iter().all(|&w| all[w as usize] == a.at as usize);
                assert!(chosen.iter().all(is_anchor) && chosen[0].first as usize <= from.max(seen));
                seen = chosen.last().unwrap().last as usize + 1;
                from = from.max(seen + seen % 3 * 500);
            }
        }
        assert!(seen == all.len() || from >= all.len());
    }

    proptest! {
        #[test]
        fn equals_the_definition(text in proptest::collection::vec(0u8..3, 0..200), window in 1usize..40) {
            prop_assert_eq!(fast(&text, Lengths::new(window)), naive(&text, Lengths::new(window)));
        }

        #[test]
        fn equals_the_definition_where_texts_repeat_themselves(
            runs in proptest::collection::vec((proptest::collection::vec(0u8..3, 1..12), 0usize..180), 0..12),
            window in 30usize..130,
        ) {
            let run = |(unit, len): &(Vec<u8>, usize)| unit.iter().copied().cycle().take(*len).collect::<Vec<u8>>();
            let text: Vec<u8> = runs.iter().flat_map(run).collect();
            prop_assert_eq!(fast(&text, Lengths::new(window)), naive(&text, Lengths::new(window)));
            let tokens: Vec<u64> = text.iter().map(|&b| u64::from(b) << 40).collect();
            prop_assert_eq!(fast(&tokens, Lengths::new(window)), naive(&tokens, Lengths::new(window)));
        }

        #[test]
        fn equals_the_definition_for_tokens(text in proptest::collection::vec(0u64..3, 0..100), window in 1usize..20) {
            prop_assert_eq!(fast(&text, Lengths::new(window)), naive(&text, Lengths::new(window)));
        }
    }
}
