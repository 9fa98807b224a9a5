//! Which tokens of the text in question are spoken for.
//!
//! Always: a token is part of one match at most, and none that a match names as its keeper is part of one. That bounds
//! the work too: a token that took part in [`TRIES`] alignments without success is not tried again, and one that no passage
//! has room around is not tried at all.

use std::ops::Range;

/// Alignments that a token may take part in.
const TRIES: u8 = 4;

/// Part of a match.
const MATCHED: u8 = u8::MAX;

/// Named as the keeper of a match.
const NAMED: u8 = u8::MAX - 1;

/// Part of none, but what is free around it is shorter than a passage: as good as spoken for.
const SHUT_IN: u8 = u8::MAX - 2;

/// Whether a token in this state is not spoken for.
pub(super) fn is_free(state: u8) -> bool {
    state < SHUT_IN
}

/// Whether a match may name a token in this state as part of its keeper.
pub(super) fn may_be_named(state: u8) -> bool {
    state != MATCHED
}

/// The state of each token of a text.
pub(super) struct Cover {
    states: Vec<u8>,
    /// Tokens of a passage, at least.
    least: usize,
}

impl Cover {
    /// Of no text yet, for passages of `least` tokens and more.
    pub(super) fn new(least: usize) -> Cover {
        Cover { states: Vec::new(), least }
    }

    /// A text of so many tokens of which none is spoken for.
    pub(super) fn reset(&mut self, tokens: usize) {
        self.states.clear();
        self.states.resize(tokens, 0);
    }

    /// Whether none of these tokens is spoken for.
    pub(super) fn is_free(&self, range: Range<usize>) -> bool {
        self.states[range].iter().all(|&state| is_free(state))
    }

    /// Whether a match may name these tokens as its keeper.
    pub(super) fn may_be_named(&self, range: Range<usize>) -> bool {
        self.states[range].iter().all(|&state| may_be_named(state))
    }

    /// Whether most of these tokens were tried often enough.
    pub(super) fn is_tried(&self, range: Range<usize>) -> bool {
        let tried = self.states[range.clone()].iter().filter(|&&state| state >= TRIES).count();
        2 * tried > range.len()
    }

    /// Whether each of these tokens is spoken for, or was tried often enough.
    pub(super) fn is_spent(&self, range: Range<usize>) -> bool {
        self.states[range].iter().all(|&state| state >= TRIES)
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
        let before = self.states[least..range.start].iter().rev().take_while(|&&state| holds(state)).count();
        let after = self.states[range.end..most].iter().take_while(|&&state| holds(state)).count();
        range.start - before..range.end + after
    }

    /// These tokens took part in an alignment.
    pub(super) fn note_try(&mut self, range: Range<usize>) {
        for state in self.states[range].iter_mut().filter(|state| **state < TRIES) {
            *state += 1;
        }
    }

    /// These tokens are part of a match.
    pub(super) fn match_all(&mut self, range: Range<usize>) {
        self.speak_for(range, MATCHED);
    }

    /// These tokens are the keeper of a match.
    pub(super) fn name_all(&mut self, range: Range<usize>) {
        self.speak_for(range, NAMED);
    }

    /// These tokens are spoken for, and so is what they leave free beside them, if that is shorter than a passage.
    fn speak_for(&mut self, range: Range<usize>, state: u8) {
        self.states[range.clone()].fill(state);
        let around = self.widen(range.clone(), 0..self.states.len(), self.least, is_free);
        for beside in [around.start..range.start, range.end..around.end] {
            if beside.len() < self.least {
                self.states[beside].fill(SHUT_IN);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spoken_for_bounds_what_is_around_it() {
        let mut cover = Cover::new(5);
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
    fn what_is_shorter_than_a_passage_is_shut_in() {
        let mut cover = Cover::new(4);
        cover.reset(30);
        cover.match_all(3..10);
        cover.name_all(14..20);
        cover.match_all(23..25);
        let free: Vec<usize> = (0..30).filter(|&token| cover.is_free(token..token + 1)).collect();
        assert_eq!(free, [10, 11, 12, 13, 25, 26, 27, 28, 29]);
        assert_eq!(cover.widen(14..20, 0..30, 9, may_be_named), 10..23);
    }

    #[test]
    fn tokens_are_tried_a_few_times() {
        let mut cover = Cover::new(1);
        cover.reset(10);
        (0..TRIES).for_each(|_| cover.note_try(0..6));
        assert!(cover.is_tried(0..10) && cover.is_free(0..10));
        assert!(!cover.is_tried(4..10));
        cover.match_all(6..8);
        assert!(cover.is_spent(0..8) && !cover.is_spent(7..9));
    }
}
