//! Byte offsets → characters and lines of the text, lines, columns and bytes of the file, for every place that a report
//! names.
//!
//! One pass over each document that has a repeat or a keeper, on all threads. What is noted is small and of fixed size,
//! and a name per document; excerpts are cut from the source when they are written.

use std::num::NonZeroU32;

use rayon::prelude::*;

use crate::corpus::{Corpus, DocId, Encoding, Place, Span, decode_json_string};
use crate::resolve::Plan;

/// How far into a text a byte offset is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    /// Characters before it; a byte that is not UTF-8 counts as one.
    pub(super) chars: u64,
    /// Line ends before it.
    pub(super) lines: u64,
    /// Where it stands in the file.
    pub(super) in_file: InFile,
    /// Its offset in the bytes of the source.
    source: u64,
}

/// A place in a file as an editor counts: what stands before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct InFile {
    /// Line ends between the start of the record and it.
    pub(super) lines: u32,
    /// What stands before it on its line.
    pub(super) columns: Columns,
}

/// A width in the three units that formats count columns in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Columns {
    /// Characters (code points); a byte that is not UTF-8 counts as one.
    pub(super) chars: u32,
    /// UTF-16 code units.
    pub(super) utf16: u32,
    /// Bytes of UTF-8.
    pub(super) bytes: u32,
}

impl InFile {
    /// Moves past `passed`.
    fn advance(&mut self, passed: &[u8]) {
        let rest = match memchr::memrchr(b'\n', passed) {
            None => passed,
            Some(end) => {
                self.lines += memchr::memchr_iter(b'\n', passed).count() as u32;
                self.columns = Columns::default();
                &passed[end + 1..]
            }
        };
        let width = Columns::of(rest);
        self.columns.chars += width.chars;
        self.columns.utf16 += width.utf16;
        self.columns.bytes += width.bytes;
    }
}

impl Columns {
    /// The width of `text`.
    fn of(text: &[u8]) -> Columns {
        let chars = count_chars(text) as u32;
        // characters of two units begin with such a byte, and few texts have any
        let any_of_two = text.iter().any(|&b| b >= 0xf0);
        let of_two = || bstr::ByteSlice::chars(text).filter(|c| c.len_utf16() == 2).count() as u32;
        Columns { chars, utf16: chars + if any_of_two { of_two() } else { 0 }, bytes: text.len() as u32 }
    }
}

/// The positions of all places that a plan names.
pub(super) struct Locator {
    offsets: Vec<(DocId, u32)>,
    positions: Vec<Position>,
    named: Vec<Named>,
    /// For each document of the corpus its place in `named`, if it has one.
    by_document: Vec<Option<NonZeroU32>>,
}

/// A document that has a place.
struct Named {
    name: String,
    /// Its first offset in [`Locator::offsets`]; those of the next one begin where its own end.
    first: usize,
}

impl Locator {
    /// Looks at every place of the plan; `name` gives the name of a document.
    pub(super) fn new(corpus: &Corpus, plan: &Plan, name: impl Fn(DocId) -> String + Sync) -> Locator {
        let edits = plan.edits.iter().flat_map(|e| [e.place, e.keeper]);
        let places = edits.chain(plan.kept_passages.iter().flat_map(|kept| [kept.place, kept.keeper]));
        let mut offsets: Vec<(DocId, u32)> =
            places.flat_map(|p| [(p.doc, p.span.start), (p.doc, p.span.end)]).collect();
        offsets.par_sort_unstable();
        offsets.dedup();
        let documents: Vec<&[(DocId, u32)]> = offsets.chunk_by(|a, b| a.0 == b.0).collect();
        let names: Vec<String> = documents.par_iter().map(|doc| name(doc[0].0)).collect();
        let mut by_document = vec![None; corpus.len()];
        let (mut named, mut first) = (Vec::with_capacity(names.len()), 0);
        for (name, doc) in names.into_iter().zip(&documents) {
            named.push(Named { name, first });
            by_document[doc[0].0.index()] = NonZeroU32::new(named.len() as u32);
            first += doc.len();
        }
        let positions: Vec<Vec<Position>> = documents.into_par_iter().map(|doc| positions(corpus, doc)).collect();
        let positions = positions.into_iter().flatten().collect();
        Locator { offsets, positions, named, by_document }
    }

    /// The positions of the start and the end of a place.
    pub(super) fn find(&self, place: Place) -> (Position, Position) {
        let Some(index) = self.index_of(place.doc) else { return Default::default() };
        let from = self.named[index].first;
        let to = self.named.get(index + 1).map_or(self.offsets.len(), |next| next.first);
        let find = |offset: u32| {
            let index = self.offsets[from..to].binary_search(&(place.doc, offset));
            index.map_or_else(|_| Position::default(), |i| self.positions[from + i])
        };
        (find(place.span.start), find(place.span.end))
    }

    /// The name of a document that has a place.
    pub(super) fn name(&self, doc: DocId) -> Option<&str> {
        self.index_of(doc).map(|index| self.named[index].name.as_str())
    }

    fn index_of(&self, doc: DocId) -> Option<usize> {
        self.by_document[doc.index()].map(|number| number.get() as usize - 1)
    }
}

/// The first bytes of the text between two positions of a document: `most` of them, or a few less or more; and whether
/// that is all of it.
pub(super) fn beginning(corpus: &Corpus, doc: DocId, from: Position, to: Position, most: usize) -> (Vec<u8>, bool) {
    let end = to.source.min(from.source + most as u64);
    let raw = &corpus.source_of(doc).bytes[from.source as usize..end as usize];
    let text = match corpus.document(doc).encoding {
        Encoding::Plain => raw.to_vec(),
        Encoding::Json => decode_json_string(raw),
    };
    (text, end == to.source)
}

/// The positions of ascending offsets in one document.
fn positions(corpus: &Corpus, offsets: &[(DocId, u32)]) -> Vec<Position> {
    let doc = offsets[0].0;
    let last = offsets.last().map_or(0, |&(_, offset)| offset);
    let text = corpus.text_at(Place { doc, span: Span { start: 0, end: last } });
    let points: Vec<Span> = offsets.iter().map(|&(_, offset)| Span { start: offset, end: offset }).collect();
    let sources = corpus.source_ranges(doc, &points);
    let raw = &corpus.source_of(doc).bytes;
    let mut position = Position { source: corpus.document(doc).record_start, ..Position::default() };
    let mut at = 0;
    let step = |(&(_, offset), source): (&(DocId, u32), std::ops::Range<u64>)| {
        let passed = &text[at..offset as usize];
        position.chars += count_chars(passed);
        position.lines += memchr::memchr_iter(b'\n', passed).count() as u64;
        position.in_file.advance(&raw[position.source as usize..source.start as usize]);
        position.source = source.start;
        at = offset as usize;
        position
    };
    offsets.iter().zip(sources).map(step).collect()
}

/// Characters in `bytes`.
fn count_chars(bytes: &[u8]) -> u64 {
    match simdutf8::basic::from_utf8(bytes) {
        Ok(text) => text.chars().count() as u64,
        Err(_) => bstr::ByteSlice::chars(bytes).count() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_counted_in_every_unit_and_begin_anew_on_each_line() {
        let mut at = InFile::default();
        at.advance("first\nzweite\né漢🙂".as_bytes());
        assert_eq!(at, InFile { lines: 2, columns: Columns { chars: 3, utf16: 4, bytes: 9 } });
        at.advance("x".as_bytes());
        assert_eq!(at.columns, Columns { chars: 4, utf16: 5, bytes: 10 });
        at.advance(b"\n\xff\xf0a");
        assert_eq!(at, InFile { lines: 3, columns: Columns { chars: 3, utf16: 3, bytes: 3 } });
    }
}
