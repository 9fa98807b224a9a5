//! A chain → the passages around it that are long and similar enough, and take nothing that is spoken for.
//!
//! What is spoken for divides a chain into pieces, each of which is aligned by itself between what is free around it. A
//! passage that repeats an earlier one of its own text has that one before it, whole: a border is drawn between the two.
//!
//! Bounds: a piece is extended by at most [`REACH`] tokens on each side, and see [`Cover`].

use std::ops::Range;

use super::EditOptions;
use super::align::{self, Aligner};
use super::chain::Anchor;
use super::cover::{Cover, is_free, may_be_named};
use super::score::{Run, Scoring, count};
use super::seeds::{SEED_TOKENS, WINDOW};
use super::split::split;

/// Tokens by which a passage may reach beyond its first and last anchor.
pub(super) const REACH: usize = 256;

/// Tokens in a row that make a piece worth an alignment, however often its tokens were tried: as many as always share a seed.
const PLAIN: usize = SEED_TOKENS + WINDOW - 1;

/// The text that a chain leads to.
#[derive(Clone, Copy)]
pub(super) enum Side<'t> {
    /// A stretch of a kept one: its tokens, and the number of the first of them.
    Kept(&'t [u64], u32),
    /// The same, of which not all is read that a passage may reach.
    Part(&'t [u64], u32),
    /// The text in question itself.
    Itself,
}

/// What of a chain begins with a piece that is to be aligned, and the number of anchors of that.
type Piece<'c> = (&'c [Anchor], usize);

/// Follows chains in one text after the other.
pub(super) struct Follower {
    min_tokens: usize,
    scoring: Scoring,
    aligner: Aligner,
    cover: Cover,
    /// Pieces of chains that were left alone, because their tokens were tried often enough.
    pub(super) left_alone: u64,
}

impl Follower {
    pub(super) fn new(options: EditOptions) -> Follower {
        let scoring = Scoring::new(options.similarity);
        let min_tokens = options.min_tokens.max(1) as usize;
        Follower { min_tokens, scoring, aligner: Aligner::new(scoring), cover: Cover::new(min_tokens), left_alone: 0 }
    }

    /// Begins with a text of so many tokens.
    pub(super) fn begin(&mut self, tokens: usize) {
        self.cover.reset(tokens);
    }

    /// The anchors of a chain from the first to the last that is not spoken for; none if there is no point in following it.
    pub(super) fn open<'c>(&self, chain: &'c [Anchor]) -> &'c [Anchor] {
        let is_free = |anchor: &Anchor| self.cover.is_free(anchor.own as usize..own_end(anchor));
        let Some(first) = chain.iter().position(is_free) else { return &[] };
        let last = chain.iter().rposition(is_free).unwrap_or(first);
        &chain[first..=last]
    }

    /// Whether all of these anchors, one or more, would be left alone, whatever chains they make.
    pub(super) fn leaves_alone(&mut self, anchors: &[Anchor]) -> bool {
        let is_spent = self.cover.is_spent(anchors[0].own as usize..own_end(&anchors[anchors.len() - 1]));
        self.left_alone += u64::from(is_spent);
        is_spent
    }

    /// The passages along a chain, of which the next piece is known: the alignment of each, with the tokens of the kept side
    /// counted from the first of them. And the piece that is not followed, because its alignment may go on where a part of
    /// the kept text ends.
    pub(super) fn follow<'c>(
        &mut self,
        own: &[u64],
        side: Side<'_>,
        mut next: Option<Piece<'c>>,
    ) -> (Vec<Vec<Run>>, Option<Piece<'c>>) {
        let mut passages = Vec::new();
        while let Some((from, len)) = next {
            let (piece, after) = from.split_at(len);
            if !self.follow_piece(own, side, piece, &mut passages) {
                break;
            }
            next = self.next_piece(side, after);
        }
        (passages, next)
    }

    /// The next piece of a chain that is to be aligned; so it is known whether there is one before any kept text is read for
    /// it.
    pub(super) fn next_piece<'c>(&mut self, side: Side<'_>, chain: &'c [Anchor]) -> Option<Piece<'c>> {
        let mut rest = chain;
        loop {
            let first = *rest.first()?;
            let len = self.piece(rest, side);
            if len > 0 && !self.is_tried(&rest[..len], first) {
                return Some((rest, len));
            }
            rest = &rest[len.max(1)..];
        }
    }

    /// The anchors at the start of a chain that can be followed together; 0 if the first one cannot be.
    fn piece(&self, anchors: &[Anchor], side: Side<'_>) -> usize {
        let first = anchors[0];
        let mut before = first;
        let can_follow = |anchor: &&Anchor| {
            let own = before.own as usize..own_end(anchor);
            let kept = before.kept as usize..kept_end(anchor);
            before = **anchor;
            self.cover.is_free(own)
                && match side {
                    Side::Kept(..) | Side::Part(..) => true,
                    Side::Itself => kept.end <= first.own as usize && self.cover.may_be_named(kept),
                }
        };
        anchors.iter().take_while(can_follow).count()
    }

    /// Whether a piece is to be left alone. One with a few words in a row that are the same is not: that it is similar enough
    /// is too likely, however many others were not.
    fn is_tried(&mut self, piece: &[Anchor], first: Anchor) -> bool {
        let is_tried = self.cover.is_tried(first.own as usize..own_end(&piece[piece.len() - 1])) && !is_plain(piece);
        self.left_alone += u64::from(is_tried);
        is_tried
    }

    /// False if the kept text has to be read further for that.
    fn follow_piece(&mut self, own: &[u64], side: Side<'_>, piece: &[Anchor], passages: &mut Vec<Vec<Run>>) -> bool {
        let last = &piece[piece.len() - 1];
        let inner = piece[0].own as usize..own_end(last);
        let (own_range, kept_range) = self.room(own.len(), side, &inner, piece[0].kept as usize..kept_end(last));
        let (kept, first) = match side {
            Side::Kept(tokens, first) | Side::Part(tokens, first) => (tokens, first as usize),
            Side::Itself => (own, 0),
        };
        let Some(kept_tokens) = kept.get(kept_range.start - first..kept_range.end - first) else { return true };
        let moved = piece.iter().map(|anchor| Anchor {
            own: anchor.own - own_range.start as u32,
            kept: anchor.kept - kept_range.start as u32,
            ..*anchor
        });
        let runs = self.aligner.align(&own[own_range.clone()], kept_tokens, moved);
        if matches!(side, Side::Part(..)) && is_near_an_end(runs, kept_tokens) {
            return false;
        }
        for passage in split(runs, self.scoring) {
            let absolute = |run: &Run| Run {
                own: run.own + own_range.start,
                kept: run.kept + kept_range.start - first,
                len: run.len,
            };
            let passage: Vec<Run> = runs[passage].iter().map(absolute).collect();
            if let Some((own, kept)) = accepted(&passage, self.scoring, self.min_tokens) {
                self.cover.match_all(own);
                if let Side::Itself = side {
                    self.cover.name_all(kept);
                }
                passages.push(passage);
            }
        }
        self.cover.note_try(inner);
        true
    }

    /// The tokens of both texts that a piece may be extended to.
    fn room(
        &self,
        tokens: usize,
        side: Side<'_>,
        own: &Range<usize>,
        kept: Range<usize>,
    ) -> (Range<usize>, Range<usize>) {
        let border = usize::midpoint(kept.end, own.start);
        let widen = |range: &Range<usize>, limits, holds| self.cover.widen(range.clone(), limits, REACH, holds);
        match side {
            Side::Itself => {
                let kept = widen(&kept, 0..border, may_be_named);
                (widen(own, border..tokens, is_free), kept)
            }
            Side::Kept(stretch, first) | Side::Part(stretch, first) => {
                let (start, end) = (first as usize, first as usize + stretch.len());
                let kept = kept.start.saturating_sub(REACH).max(start)..(kept.end + REACH).min(end);
                (widen(own, 0..tokens, is_free), kept)
            }
        }
    }
}

/// Whether an alignment comes so near to an end of the kept tokens that with more of them it might be another.
fn is_near_an_end(runs: &[Run], kept: &[u64]) -> bool {
    let (start, end) = (runs.first().map_or(0, |run| run.kept), runs.last().map_or(0, |run| run.end().1));
    !runs.is_empty() && (start < align::REACH || end + align::REACH > kept.len())
}

/// Whether the anchors of a piece hold [`PLAIN`] tokens in a row, as far as can be told without the texts.
fn is_plain(piece: &[Anchor]) -> bool {
    let goes_on = |a: &Anchor, b: &Anchor| b.own - a.own <= WINDOW as u32 && b.own - a.own == b.kept - a.kept;
    let len = |run: &[Anchor]| own_end(&run[run.len() - 1]) - run[0].own as usize;
    piece.chunk_by(goes_on).any(|run| len(run) >= PLAIN)
}

/// Where an anchor ends in the text in question.
fn own_end(anchor: &Anchor) -> usize {
    anchor.own as usize + SEED_TOKENS
}

/// Where an anchor ends in the kept text.
fn kept_end(anchor: &Anchor) -> usize {
    anchor.kept as usize + SEED_TOKENS
}

/// The tokens of a passage in both texts, if it is long and similar enough.
fn accepted(passage: &[Run], scoring: Scoring, min_tokens: usize) -> Option<(Range<usize>, Range<usize>)> {
    let (first, last) = (passage.first()?, passage.last()?);
    let (own_end, kept_end) = last.end();
    let (matches, columns) = count(passage);
    let is_long = own_end - first.own >= min_tokens;
    (is_long && scoring.accepts(matches, columns)).then_some((first.own..own_end, first.kept..kept_end))
}
