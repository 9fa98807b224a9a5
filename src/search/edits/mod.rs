//! Edited passages: what repeats with words changed, inserted or lost, wherever it starts and ends.
//!
//! In: texts, one after the other. [`EditedPassages::find`] tells which passages of a text repeat one of a text that was
//! kept before, or an earlier one of its own; [`EditedPassages::keep`] keeps a text. Out: [`EditedMatch`]es with the
//! spans, the differences, and the identity of both sides. Always: every match is verified token by token, at or above
//! [`EditOptions::similarity`], at least [`EditOptions::min_tokens`] long; matches do not overlap, and none overlaps what
//! another one names as its keeper in the same text; the answer depends on options and texts only.
//!
//! ```text
//! tokens ──seeds──► index ──► anchors ──chain──► chains ──align──► alignments ──split──► passages
//! ```
//!
//! Texts are kept as seeds, 1 to 1.3 bytes for each byte of prose, and never copied: `find` asks for those that it
//! compares. Time and memory are linear in the texts, on templates too, through bounds that each step names; of those
//! that may cost a match, [`EditedPassages::bounds_met`] counts how often they did their work.

mod align;
mod chain;
mod cover;
mod follow;
mod index;
mod kept;
mod meet;
mod score;
mod seeds;
mod split;

use std::borrow::Cow;
use std::ops::Range;

use crate::corpus::{Span, TokenOptions, Tokens, token_end};

use chain::{Chainer, Group};
use follow::{Follower, REACH, Side};
use index::Index;
use kept::{KeptTexts, Stretch};
use meet::Meeter;
use score::{Run, count};
use seeds::{SEED_TOKENS, Seed, Seeder};

/// Tokens of a kept text on both sides of a chain that are read at first; most passages end before.
const NEAR: usize = 48;

/// What counts as an edited repeat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EditOptions {
    /// Least identity; above 0, at most 1. Below 0.5, words that any two texts have in common begin to count.
    pub similarity: f64,
    /// Least length of a passage, in tokens of the text in question.
    pub min_tokens: u32,
}

impl Default for EditOptions {
    fn default() -> Self {
        EditOptions { similarity: 0.8, min_tokens: 20 }
    }
}

/// Where the passage stands that a match repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EditedKeeper {
    /// In the text that was kept under this key.
    Text(u32),
    /// Earlier in the same text.
    Itself,
}

/// A passage that repeats another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditedMatch {
    /// The passage; it starts and ends where tokens do.
    pub span: Span,
    /// Its tokens.
    pub tokens: u32,
    /// Whose passage it repeats.
    pub keeper: EditedKeeper,
    /// That passage; it starts and ends where tokens do.
    pub kept: Span,
    /// Tokens that are the same, in the same order, in both.
    pub matches: u32,
    /// Columns of the alignment: the tokens that are the same, and for each difference the tokens of its longer side.
    pub columns: u32,
    /// What differs, in order.
    pub differences: Vec<Difference>,
}

impl EditedMatch {
    /// Whether every token is the same.
    pub fn is_exact(&self) -> bool {
        self.matches == self.columns
    }

    /// The share of the columns that match; 1 if every token is the same.
    pub fn identity(&self) -> f64 {
        f64::from(self.matches) / f64::from(self.columns)
    }
}

/// Words of one passage that stand in place of those of another. One side may be empty, and lies then before the word
/// that follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// In the text in question.
    pub span: Span,
    /// In the kept one.
    pub kept: Span,
}

/// How often bounds on the work were met that may have cost a match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BoundsMet {
    /// Seeds that were not kept, because 16 kept places have the same words already.
    pub crowded_seeds: u64,
    /// Chains, or pieces of them, that were not aligned, because most of their tokens took part in four alignments without
    /// success.
    pub chains_left_alone: u64,
}

/// The text that was kept under a key.
pub type TextOf<'f, 't> = &'f dyn Fn(u32) -> Cow<'t, [u8]>;

/// Finds edited passages in texts that come one after the other.
pub struct EditedPassages {
    options: EditOptions,
    token_options: TokenOptions,
    seeder: Seeder,
    current: Current,
    index: Index,
    kept: KeptTexts,
    meeter: Meeter,
    chainer: Chainer,
    follower: Follower,
    stretch: Stretch,
    crowded_seeds: u64,
}

/// The text that was read last.
#[derive(Default)]
struct Current {
    digest: Option<u128>,
    tokens: Tokens,
    seeds: Vec<Seed>,
}

impl EditedPassages {
    /// Keeps nothing yet.
    pub fn new(options: EditOptions, token_options: TokenOptions) -> EditedPassages {
        EditedPassages {
            options,
            token_options,
            seeder: Seeder::new(),
            current: Current::default(),
            index: Index::new(),
            kept: KeptTexts::default(),
            meeter: Meeter::default(),
            chainer: Chainer::default(),
            follower: Follower::new(options),
            stretch: Stretch::default(),
            crowded_seeds: 0,
        }
    }

    /// The passages of `text` that repeat one of a kept text, or else an earlier one of `text` itself; ascending.
    ///
    /// `text_of` gives the text of a key, as it was when it was kept; it is asked once for each chain that is aligned.
    pub fn find(&mut self, text: &[u8], text_of: TextOf<'_, '_>) -> Vec<EditedMatch> {
        self.read(text);
        let mut found = Vec::new();
        if self.current.tokens.len() < self.options.min_tokens as usize {
            return found;
        }
        self.meeter.meet(&self.current.seeds, &self.index, &self.kept);
        self.follower.begin(self.current.tokens.len());
        self.chainer.clear();
        let is_itself = |group: &Group| self.meeter.anchors[group.anchors.start].text == self.kept.len();
        let (itself, others): (Vec<_>, Vec<_>) = chain::groups(&self.meeter.anchors).into_iter().partition(is_itself);
        for Group { most, anchors } in others {
            self.follow_above(most, text, text_of, &mut found);
            self.chain(anchors);
        }
        self.follow_above(i32::MIN, text, text_of, &mut found);
        self.find_in_itself(text, itself, &mut found);
        found.sort_unstable_by_key(|found| found.span);
        found
    }

    /// From now on this text is kept under `key`. Keeping the text that was read last costs no second look at it.
    pub fn keep(&mut self, key: u32, text: &[u8]) {
        self.read(text);
        let first = self.index.len();
        self.crowded_seeds += self.index.insert_all(&self.current.seeds);
        self.kept.push(key, &self.current.tokens, first..self.index.len());
    }

    /// How many texts are kept: a point that [`EditedPassages::undo_to`] can go back to, until [`EditedPassages::commit`].
    pub fn mark(&self) -> usize {
        self.kept.len() as usize
    }

    /// Forgets the texts kept since `mark`.
    pub fn undo_to(&mut self, mark: usize) {
        if let Some(entries) = u32::try_from(mark).ok().and_then(|mark| self.kept.truncate(mark)) {
            self.index.truncate(entries);
        }
    }

    /// From now on no text kept before can be forgotten.
    pub fn commit(&mut self) {
        self.index.commit();
    }

    /// How often bounds were met so far, in texts that were forgotten too.
    pub fn bounds_met(&self) -> BoundsMet {
        BoundsMet { crowded_seeds: self.crowded_seeds, chains_left_alone: self.follower.left_alone }
    }

    /// Makes the tokens and seeds of a text, unless they are there already.
    fn read(&mut self, text: &[u8]) {
        let digest = Some(xxhash_rust::xxh3::xxh3_128(text));
        if self.current.digest != digest {
            let Current { tokens, seeds, .. } = &mut self.current;
            tokens.read(text, self.token_options);
            self.seeder.read(&tokens.hashes, seeds);
            self.current.digest = digest;
        }
    }

    /// Adds the chains of a group of anchors, unless all that it shares is matched already, or none of them would be aligned.
    fn chain(&mut self, group: Range<usize>) {
        let anchors = &self.meeter.anchors[group];
        if !self.follower.open(anchors).is_empty() && !self.follower.leaves_alone(anchors) {
            self.chainer.add(anchors);
        }
    }

    /// Follows the chains to kept texts that score more than `least`, the best first.
    fn follow_above(&mut self, least: i32, text: &[u8], text_of: TextOf<'_, '_>, found: &mut Vec<EditedMatch>) {
        while let Some(chain) = self.chainer.next_above(least) {
            self.follow_kept(text, chain, text_of, found);
        }
    }

    /// Follows the chains to its own text.
    fn find_in_itself(&mut self, text: &[u8], groups: Vec<Group>, found: &mut Vec<EditedMatch>) {
        for group in groups {
            self.chain(group.anchors);
        }
        let mut chains: Vec<_> = std::iter::from_fn(|| self.chainer.next_above(i32::MIN)).collect();
        // from left to right: a copy that is matched itself is not named as the keeper of a later one
        chains.sort_by_key(|chain| self.chainer.chained[chain.start].own);
        for chain in chains {
            self.follow_itself(text, chain, found);
        }
    }

    fn follow_kept(&mut self, text: &[u8], chain: Range<usize>, text_of: TextOf<'_, '_>, found: &mut Vec<EditedMatch>) {
        let open = self.follower.open(&self.chainer.chained[chain]);
        let mut next = self.follower.next_piece(Side::Part(&[], 0), open);
        let Some(number) = next.map(|(rest, _)| rest[0].text) else { return };
        let key = self.kept.key(number);
        let kept = text_of(key);
        let own = Words { text, tokens: &self.current.tokens, first_byte: 0, options: self.token_options };
        for reach in [NEAR, REACH] {
            let Some((rest, _)) = next else { return };
            let from = rest[0].kept.saturating_sub(reach as u32);
            let to = rest[rest.len() - 1].kept.saturating_add((SEED_TOKENS + reach) as u32);
            self.kept.read(number, &kept, from..to, self.token_options, &mut self.stretch);
            let Stretch { tokens, first_token, first_byte } = &self.stretch;
            let side = match reach {
                REACH => Side::Kept(&tokens.hashes, *first_token),
                _ => Side::Part(&tokens.hashes, *first_token),
            };
            let (passages, left) = self.follower.follow(&self.current.tokens.hashes, side, next);
            let kept = Words { text: &kept, tokens, first_byte: *first_byte, ..own };
            found.extend(passages.iter().map(|passage| describe(passage, own, kept, EditedKeeper::Text(key))));
            next = left;
        }
    }

    fn follow_itself(&mut self, text: &[u8], chain: Range<usize>, found: &mut Vec<EditedMatch>) {
        let tokens = &self.current.tokens;
        let open = self.follower.open(&self.chainer.chained[chain]);
        let next = self.follower.next_piece(Side::Itself, open);
        let (passages, _) = self.follower.follow(&tokens.hashes, Side::Itself, next);
        let own = Words { text, tokens, first_byte: 0, options: self.token_options };
        found.extend(passages.iter().map(|passage| describe(passage, own, own, EditedKeeper::Itself)));
    }
}

/// Where the tokens of one side stand in its text.
#[derive(Clone, Copy)]
struct Words<'t> {
    text: &'t [u8],
    tokens: &'t Tokens,
    first_byte: usize,
    options: TokenOptions,
}

impl Words<'_> {
    /// From the start of the first to the end of the last token of a range; nothing, before the next token, if it is empty.
    fn span(self, tokens: Range<usize>) -> Span {
        let start_of = |token: usize| self.first_byte + self.tokens.starts[token] as usize;
        let start = start_of(tokens.start);
        match tokens.is_empty() {
            true => Span::new(start, start),
            false => Span::new(start, token_end(self.text, start_of(tokens.end - 1), self.options)),
        }
    }
}

/// An alignment, which is not empty, as a match.
fn describe(passage: &[Run], own: Words<'_>, kept: Words<'_>, keeper: EditedKeeper) -> EditedMatch {
    let (first, last) = (passage[0], passage[passage.len() - 1]);
    let (own_end, kept_end) = last.end();
    let (matches, columns) = count(passage);
    let differences = passage.windows(2).map(|pair| {
        let (own_from, kept_from) = pair[0].end();
        Difference { span: own.span(own_from..pair[1].own), kept: kept.span(kept_from..pair[1].kept) }
    });
    EditedMatch {
        span: own.span(first.own..own_end),
        tokens: (own_end - first.own) as u32,
        keeper,
        kept: kept.span(first.kept..kept_end),
        matches: matches as u32,
        columns: columns as u32,
        differences: differences.collect(),
    }
}

#[cfg(test)]
mod tests;
