//! Byte offsets → characters and lines of the text, lines, columns and bytes of the file, for every place that a report
//! names.
//!
//! One pass over each document that has a repeat or a keeper, on all threads. What is noted is small and of fixed size,
//! and a name per document; excerpts are cut from the source when they are written.

use std::num::NonZeroU32;

use rayon::prelude::*;

use crate::corpus::{Corpus, DocId, Encoding, Passed, Place, Walk, decode_json_string};
use crate::memory;
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
        let (chars, of_two) = match simdutf8::basic::from_utf8(text) {
            Ok(text) => count_chars(text.as_bytes()),
            Err(_) => bstr::ByteSlice::chars(text).fold((0, 0), |(n, of_two), c| (n + 1, of_two + c.len_utf16() - 1)),
        };
        Columns { chars: chars as u32, utf16: (chars + of_two) as u32, bytes: text.len() as u32 }
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
        let edits = memory::in_order(&plan.edits).flat_map(|e| [e.place, e.keeper]);
        let places = edits.chain(plan.kept_passages.iter().flat_map(|kept| [kept.place, kept.keeper]));
        let mut offsets: Vec<(DocId, u32)> =
            places.flat_map(|p| [(p.doc, p.span.start), (p.doc, p.span.end)]).collect();
        offsets.par_sort_unstable_by_key(|&(doc, offset)| u64::from(doc.0) << 32 | u64::from(offset));
        offsets.dedup();
        let documents: Vec<&[(DocId, u32)]> = offsets.chunk_by(|a, b| a.0 == b.0).collect();
        let located: Vec<(Vec<String>, Vec<Position>)> =
            documents.par_chunks(TOGETHER).map(|documents| located(corpus, documents, &name)).collect();
        let mut by_document = vec![None; corpus.len()];
        let (mut named, mut first) = (Vec::with_capacity(documents.len()), 0);
        let mut positions = Vec::with_capacity(offsets.len());
        let mut documents = documents.iter();
        for (names, of_them) in located {
            for (name, doc) in names.into_iter().zip(&mut documents) {
                named.push(Named { name, first });
                by_document[doc[0].0.index()] = NonZeroU32::new(named.len() as u32);
                first += doc.len();
            }
            positions.extend(of_them);
        }
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
    let raw = corpus.source_of(doc).bytes.here(from.source as usize..end as usize);
    let text = match corpus.document(doc).encoding {
        Encoding::Plain => raw.into_owned(),
        Encoding::Json => decode_json_string(&raw),
    };
    (text, end == to.source)
}

/// Documents that are looked at together: their records are asked for from the disk, if they are there.
const TOGETHER: usize = 1024;

/// Documents without a place that are read along between two that have one: to ask once more costs more.
const BETWEEN: u32 = 16;

/// The names of some documents, ascending, and the positions of the offsets in them.
fn located(
    corpus: &Corpus,
    documents: &[&[(DocId, u32)]],
    name: impl Fn(DocId) -> String,
) -> (Vec<String>, Vec<Position>) {
    let id = |offsets: &[(DocId, u32)]| offsets[0].0;
    for near in documents.chunk_by(|a, b| id(b).0 - id(a).0 <= BETWEEN) {
        corpus.will_read_all(id(near[0]).0..id(near[near.len() - 1]).0 + 1);
    }
    let (mut names, mut found) = (Vec::with_capacity(documents.len()), Vec::new());
    for offsets in documents {
        names.push(name(id(offsets)));
        found.extend(positions(corpus, offsets));
    }
    (names, found)
}

/// The positions of ascending offsets in one document.
fn positions(corpus: &Corpus, offsets: &[(DocId, u32)]) -> Vec<Position> {
    // the text as far as the last of them, more or less
    memory::touched(offsets[offsets.len() - 1].1 as usize + memory::AROUND);
    match corpus.document(offsets[0].0).encoding {
        Encoding::Plain => positions_in_text(corpus, offsets),
        Encoding::Json => positions_in_string(corpus, offsets),
    }
}

/// As [`positions`], where the text stands in the file as it is.
fn positions_in_text(corpus: &Corpus, offsets: &[(DocId, u32)]) -> Vec<Position> {
    let document = corpus.document(offsets[0].0);
    let raw = &corpus.source_of(offsets[0].0).bytes;
    let text = document.text_range().start;
    let mut position = Position { source: text as u64, ..Position::default() };
    position.in_file.advance(&raw[document.record_start as usize..text]);
    let step = |&(_, offset): &(DocId, u32)| {
        let to = text + offset as usize;
        let passed = &raw[position.source as usize..to];
        position.chars += u64::from(Columns::of(passed).chars);
        position.lines += memchr::memchr_iter(b'\n', passed).count() as u64;
        position.in_file.advance(passed);
        position.source = to as u64;
        position
    };
    offsets.iter().map(step).collect()
}

/// As [`positions`], where the text stands in a JSON string: this lies on one line of the file and is UTF-8, both of which
/// was checked when it was read.
fn positions_in_string(corpus: &Corpus, offsets: &[(DocId, u32)]) -> Vec<Position> {
    let document = corpus.document(offsets[0].0);
    let raw = &corpus.source_of(offsets[0].0).bytes;
    let string = document.text_range();
    let mut position = Position { source: string.start as u64, ..Position::default() };
    position.in_file.advance(&raw[document.record_start as usize..string.start]);
    let mut walk = Walk::new(&raw[string]);
    let step = |&(_, offset): &(DocId, u32)| {
        walk.go_to(offset as usize, |passed| position.pass(&passed));
        position
    };
    offsets.iter().map(step).collect()
}

impl Position {
    /// Moves past a part of a JSON string.
    fn pass(&mut self, passed: &Passed<'_>) {
        let (chars, of_two) = count_chars(passed.raw);
        self.chars += (chars - passed.fewer) as u64;
        self.lines += passed.line_ends as u64;
        self.source += passed.raw.len() as u64;
        self.in_file.columns.chars += chars as u32;
        self.in_file.columns.utf16 += (chars + of_two) as u32;
        self.in_file.columns.bytes += passed.raw.len() as u32;
    }
}

/// Characters in UTF-8, and those of them that are two units of UTF-16: four bytes.
fn count_chars(utf8: &[u8]) -> (usize, usize) {
    // sums of bytes, which a processor adds many at a time, of so few that they do not run over; written out, for what is
    // counted must not be a call for each byte, as it was in some builds
    let few = |few: &[u8]| {
        let chars: u8 = few.iter().map(|&b| u8::from(b as i8 >= -0x40)).sum();
        let of_two: u8 = few.iter().map(|&b| u8::from(b >= 0xf0)).sum();
        (usize::from(chars), usize::from(of_two))
    };
    utf8.chunks(u8::MAX as usize).map(few).fold((0, 0), |sum, few| (sum.0 + few.0, sum.1 + few.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Span;
    use proptest::prelude::*;

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

    /// The position of an offset, counted one character after the other from the start of the record.
    fn counted(corpus: &Corpus, doc: DocId, offset: u32) -> Position {
        let document = corpus.document(doc);
        let text = corpus.text(doc);
        let before = &text[..offset as usize];
        let encoded = corpus.encoded_spans(doc, &[Span { start: offset, end: offset }])[0].start;
        let source = document.text_range().start as u64 + u64::from(encoded);
        let raw = &corpus.source_of(doc).bytes[document.record_start as usize..source as usize];
        let line = raw.rsplit(|&b| b == b'\n').next().unwrap_or(raw);
        let chars: Vec<char> = bstr::ByteSlice::chars(line).collect();
        let columns = Columns {
            chars: chars.len() as u32,
            utf16: chars.iter().map(|c| c.len_utf16() as u32).sum(),
            bytes: line.len() as u32,
        };
        Position {
            chars: bstr::ByteSlice::chars(before).count() as u64,
            lines: before.iter().filter(|&&b| b == b'\n').count() as u64,
            in_file: InFile { lines: raw.iter().filter(|&&b| b == b'\n').count() as u32, columns },
            source,
        }
    }

    proptest! {
        #[test]
        fn positions_are_those_that_counting_gives(
            texts in proptest::collection::vec(r#"[a\\"é漢😀\n]{0,60}|a{250,260}"#, 1..4),
            picks in proptest::collection::vec(any::<proptest::sample::Index>(), 1..9),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let lines = |text: &String| format!("{{\"é\": \"😀\", \"text\": {}}}\n", serde_json::to_string(text).unwrap());
            std::fs::write(dir.path().join("a.jsonl"), texts.iter().map(lines).collect::<String>()).unwrap();
            std::fs::write(dir.path().join("b.txt"), texts.concat() + "x").unwrap();
            let corpus = crate::input::read(&[dir.path().to_owned()], &Default::default(), &()).unwrap();
            for doc in corpus.ids() {
                let text = String::from_utf8(corpus.text(doc).into_owned()).unwrap();
                let starts: Vec<u32> = text.char_indices().map(|(at, _)| at as u32).chain([text.len() as u32]).collect();
                let mut offsets: Vec<(DocId, u32)> = picks.iter().map(|pick| (doc, *pick.get(&starts))).collect();
                offsets.sort_unstable();
                offsets.dedup();
                let expected: Vec<Position> = offsets.iter().map(|&(doc, offset)| counted(&corpus, doc, offset)).collect();
                prop_assert_eq!(positions(&corpus, &offsets), expected);
            }
        }
    }
}
