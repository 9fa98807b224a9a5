//! Byte offsets → characters and lines, for every place that a report names, in one pass over each document.

use rayon::prelude::*;

use crate::corpus::{Corpus, DocId, Place};
use crate::resolve::Plan;

/// How far into a text a byte offset is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// Characters before it; a byte that is not UTF-8 counts as one.
    pub(super) chars: u64,
    /// Line ends before it.
    pub(super) lines: u64,
}

/// The positions of all places that a plan names.
pub(super) struct Locator {
    offsets: Vec<(DocId, u32)>,
    positions: Vec<Position>,
}

impl Locator {
    pub(super) fn new(corpus: &Corpus, plan: &Plan) -> Locator {
        let places = plan.edits.iter().flat_map(|e| [e.place, e.keeper]);
        let mut offsets: Vec<(DocId, u32)> =
            places.flat_map(|p| [(p.doc, p.span.start), (p.doc, p.span.end)]).collect();
        offsets.par_sort_unstable();
        offsets.dedup();
        let documents: Vec<&[(DocId, u32)]> = offsets.chunk_by(|a, b| a.0 == b.0).collect();
        let positions: Vec<Vec<Position>> = documents.into_par_iter().map(|doc| positions(corpus, doc)).collect();
        let positions = positions.into_iter().flatten().collect();
        Locator { offsets, positions }
    }

    /// The positions of the start and the end of a place.
    pub(super) fn find(&self, place: Place) -> (Position, Position) {
        let find = |offset: u32| {
            let index = self.offsets.binary_search(&(place.doc, offset));
            index.map_or_else(|_| Position::default(), |i| self.positions[i])
        };
        (find(place.span.start), find(place.span.end))
    }
}

/// The positions of ascending offsets in one document.
fn positions(corpus: &Corpus, offsets: &[(DocId, u32)]) -> Vec<Position> {
    let text = corpus.text(offsets[0].0);
    let mut position = Position::default();
    let mut at = 0;
    let mut step = |&(_, offset): &(DocId, u32)| {
        let passed = &text[at..offset as usize];
        position.chars += count_chars(passed);
        position.lines += memchr::memchr_iter(b'\n', passed).count() as u64;
        at = offset as usize;
        position
    };
    offsets.iter().map(&mut step).collect()
}

/// Characters in `bytes`.
fn count_chars(bytes: &[u8]) -> u64 {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.chars().count() as u64,
        Err(_) => bstr::ByteSlice::chars(bytes).count() as u64,
    }
}
