//! Which tokens of the text in question are spoken for.
//!
//! Always: a token is part of one match at most, and none that a match names as its keeper is part of one. That bounds
//! the work too: a token that took part in [`TRIES`] alignments without success is not tried again.

use std::ops::Range;

/// Alignments that a token may take part in.
const TRIES: u8 = 4;

/// Part of a match.
const MATCHED: u8 = u8::MAX;

/// Named as the keeper of a match.
const NAMED: u8 = u8::MAX - 1;

/// Whether a token in this state is not spoken for.
pub(super) fn is_free(state: u8) -> bool {
    state < NAMED
}

/// Whether a match may name a token in this state as part of its keeper.
pub(super) fn may_be_named(state: u8) -> bool {
    state != MATCHED
}

/// The state of each token of a text.
#[derive(Default)]
pub(super) struct Cover(Vec<u8>);

impl Cover {
    /// A text of so many tokens of which none is spoken for.
    pub(super) fn reset(&mut self, tokens: usize) {
        self.0.clear();
        self.0.resize(tokens, 0);
    }

    /// Whether none of these tokens is spoken for.
    pub(super) fn is_free(&self, range: Range<usize>) -> bool {
        self.0[range].iter().all(|&state| is_free(state))
    }

    /// Whether a match may name these tokens as its keeper.
    pub(super) fn may_be_named(&self, range: Range<usize>) -> bool {
        self.0[range].iter().all(|&state| may_be_named(state))
    }

    /// Whether most of these tokens were tried often enough.
    pub(super) fn is_tried(&self, range: Range<usize>) -> bool {
        let tried = self.0[range.clone()].iter().filter(|&&state| state >= TRIES).count();
        2 * tried > range.len()
    }

    /// The range with as many tokens on both sides as `holds` for, at most `reach` and inside `limits`.
    pub(super) fn widen(
        &self,
        range: Range<usize>,
        limits: Range<usize>,
        reach: usize,
        holds: fn(u8) -> bool,
    ) -> Range<usize> {
        let least = limits.start.max(range.start.saturating_sub(reach)).min(range.start);
        let most = limits.end.min(range.end + reach).max(range.end);
        let before = self.0[least..range.start].iter().rev().take_while(|&&state| holds(state)).count();
        let after = self.0[range.end..most].iter().take_while(|&&state| holds(state)).count();
        range.start - before..range.end + after
    }

    /// These tokens took part in an alignment.
    pub(super) fn note_try(&mut self, range: Range<usize>) {
        for state in self.0[range].iter_mut().filter(|state| **state < TRIES) {
            *state += 1;
        }
    }

    /// These tokens are part of a match.
    pub(super) fn match_all(&mut self, range: Range<usize>) {
        self.0[range].fill(MATCHED);
    }

    /// These tokens are the keeper of a match.
    pub(super) fn name_all(&mut self, range: Range<usize>) {
        self.0[range].fill(NAMED);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spoken_for_bounds_what_is_around_it() {
        let mut cover = Cover::default();
        cover.reset(30);
        cover.match_all(0..5);
        cover.name_all(20..25);
        assert!(cover.is_free(5..20) && !cover.is_free(4..6) && !cover.is_free(19..21));
        assert!(cover.may_be_named(5..30) && !cover.may_be_named(4..6));
        assert_eq!(cover.widen(10..12, 0..30, 100, is_free), 5..20);
        assert_eq!(cover.widen(10..12, 0..30, 100, may_be_named), 5..30);
        assert_eq!(cover.widen(10..12, 7..30, 4, is_free), 7..16);
    }

    #[test]
    fn tokens_are_tried_a_few_times() {
        let mut cover = Cover::default();
        cover.reset(10);
        (0..TRIES).for_each(|_| cover.note_try(0..6));
        assert!(cover.is_tried(0..10) && cover.is_free(0..10));
        assert!(!cover.is_tried(4..10));
    }
}
