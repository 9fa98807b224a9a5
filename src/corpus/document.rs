//! Sources and documents: what was read, kept as it was read.
//!
//! A [`Source`] has the decoded bytes of one file. A [`Document`] points into them: the bytes of its record, and inside
//! those the bytes of its text. In JSONL the text is the inside of a JSON string; where that holds escapes they are taken
//! out each time the text is asked for, at 2 GB/s and more (0.4 where each letter is an escape): holding such texts twice would
//! cost more than it saves.
//!
//! Always: documents stand in the order of their sources, and inside a source in the order of their records; records do
//! not overlap; bytes of a source outside all records (blank lines, a byte order mark) belong to no document and are
//! never changed.

use std::borrow::Cow;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::escape;
use super::{Bytes, Place, Span};
use crate::memory;
use crate::resume::Stamp;

/// Index of a document in its [`Corpus`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocId(pub u32);

impl DocId {
    /// As an index into a column.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// How a file holds its documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// The whole file is one document.
    Text,
    /// Each line of a text file is a document.
    TextLines,
    /// Each block of lines between blank lines of a text file is a document.
    TextBlocks,
    /// Each line is a JSON object with the text in one field.
    Jsonl,
}

impl Format {
    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::TextLines => "text-lines",
            Format::TextBlocks => "text-blocks",
            Format::Jsonl => "jsonl",
        }
    }
}

/// How a file is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// Not at all.
    #[default]
    None,
    /// RFC 1952, one or more members.
    Gzip,
    /// RFC 8878, one or more frames.
    Zstd,
    /// bzip2, one or more streams.
    Bzip2,
    /// xz, one or more streams.
    Xz,
}

impl Codec {
    /// The word for it in reports and ledgers.
    pub fn name(self) -> &'static str {
        match self {
            Codec::None => "none",
            Codec::Gzip => "gzip",
            Codec::Zstd => "zstd",
            Codec::Bzip2 => "bzip2",
            Codec::Xz => "xz",
        }
    }

    /// The codec that [`Codec::name`] calls so.
    pub fn from_name(name: &str) -> Option<Codec> {
        [Codec::None, Codec::Gzip, Codec::Zstd, Codec::Bzip2, Codec::Xz].into_iter().find(|c| c.name() == name)
    }

    /// What the name of a file, in small letters, says about it, and the name without that. What is read is told by its content.
    pub fn by_name(name: &str) -> (Codec, &str) {
        let suffixes = [
            (".gz", Codec::Gzip),
            (".zst", Codec::Zstd),
            (".zstd", Codec::Zstd),
            (".bz2", Codec::Bzip2),
            (".xz", Codec::Xz),
        ];
        let named = |&(suffix, codec): &(&str, Codec)| Some((codec, name.strip_suffix(suffix)?));
        suffixes.iter().find_map(named).unwrap_or((Codec::None, name))
    }

    /// The extension of a file's name in lower case, that of compression left aside.
    pub fn extension_within(path: &Path) -> Option<String> {
        let name = path.file_name()?.to_string_lossy().to_lowercase();
        let (_, plain) = Codec::by_name(&name);
        plain.rsplit_once('.').map(|(_, extension)| extension.to_owned())
    }
}

/// What a source is there for. Documents are taken in this order, so the first copy of a text is in the first of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// To be compared with, and nothing else: it is kept whole, never judged, and counted in no total.
    Reference,
    /// It is judged, but did not change since it was judged last.
    Settled,
    /// It is judged.
    #[default]
    Judged,
}

impl Role {
    /// Whether this is what a source is there for if nobody says anything else.
    pub fn is_default(&self) -> bool {
        *self == Role::default()
    }
}

/// One file as it was read.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as the user gave it or as it was found; `-` for standard input.
    pub path: PathBuf,
    /// The path that its cleaned copy has below the output directory.
    pub name: PathBuf,
    /// What it is there for.
    pub role: Role,
    /// How it holds documents.
    pub format: Format,
    /// How it was compressed.
    pub codec: Codec,
    /// Its size on disk, in bytes.
    pub stored: u64,
    /// XXH3-128 of `bytes`.
    pub digest: u128,
    /// Its decoded contents.
    pub bytes: Bytes,
    /// Places in long texts that hold JSON escapes, so that a part can be read without all before it: offsets in `bytes`,
    /// ascending, each with the offset in the document's text that it is.
    pub checkpoints: Vec<(u64, u32)>,
    /// Its documents in [`Corpus::documents`].
    pub docs: Range<u32>,
}

/// Whether the text stands in the source as it is, or inside a JSON string with escapes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// The bytes are the text.
    Plain,
    /// The bytes are the inside of a JSON string that holds at least one backslash.
    Json,
}

/// One document: its record in the source, and its text in the record.
#[derive(Clone, Copy, Debug)]
pub struct Document {
    /// Index of its [`Source`].
    pub source: u32,
    /// Line of the source on which the record starts, from 1.
    pub line: u32,
    /// Length of the record in bytes, its line end included; less than 4 GiB.
    pub record_len: u32,
    /// Offset of the record in the source's decoded bytes.
    pub record_start: u64,
    /// Offset of the encoded text in the record.
    pub text_start: u32,
    /// Length of the encoded text in bytes.
    pub text_len: u32,
    /// How the text is encoded.
    pub encoding: Encoding,
}

impl Document {
    /// The record's byte range in the source.
    pub fn record_range(&self) -> Range<usize> {
        let start = self.record_start as usize;
        start..start + self.record_len as usize
    }

    /// The encoded text's byte range in the source.
    pub fn text_range(&self) -> Range<usize> {
        let Range { start, end } = self.text_in_record();
        self.record_start as usize + start..self.record_start as usize + end
    }

    /// The encoded text's byte range in the record.
    pub fn text_in_record(&self) -> Range<usize> {
        let start = self.text_start as usize;
        start..start + self.text_len as usize
    }
}

/// A record, or a whole file, that was set aside because it is not what its format says.
#[derive(Clone, Debug)]
pub struct Reject {
    /// Index of its source.
    pub source: u32,
    /// Line on which it starts, from 1; `None` for a whole file.
    pub line: Option<u64>,
    /// Its byte range in the source's bytes.
    pub range: Range<u64>,
    /// What is wrong with it.
    pub reason: String,
}

/// A file that was found but not read, because nothing says that it holds text.
#[derive(Clone, Debug)]
pub struct Skipped {
    /// The file.
    pub path: PathBuf,
    /// Why it was passed over.
    pub reason: String,
}

/// All that was read.
#[derive(Clone, Debug, Default)]
pub struct Corpus {
    /// The files, in the order in which they are read: as given, and sorted inside a directory.
    pub sources: Vec<Source>,
    /// The documents of all sources.
    pub documents: Vec<Document>,
    /// What was set aside, in order.
    pub rejects: Vec<Reject>,
    /// What was found and not read, in order.
    pub skipped: Vec<Skipped>,
    /// What the system said of each source before it was read; empty for texts in memory.
    pub stamps: Vec<Option<Stamp>>,
}

/// Bytes of an encoded text between checkpoints, at the least: of the escapes behind a checkpoint those that are closer are none.
pub(crate) const CHECKPOINT: usize = if cfg!(fuzzing) { 16 } else { 512 };

/// Bytes of the longest escape: that of two surrogates.
const LONGEST_ESCAPE: usize = 12;

/// As [`slice::partition_point`], which is likely to be near `likely`: it looks close to that before it looks elsewhere.
fn partition_point_near<T>(sorted: &[T], likely: usize, is_before: impl Fn(&T) -> bool) -> usize {
    let (mut from, mut to, mut step) = (likely.min(sorted.len()), likely.min(sorted.len()), 16);
    while to < sorted.len() && is_before(&sorted[to]) {
        (from, to, step) = (to + 1, sorted.len().min(to + step), 2 * step);
    }
    while from > 0 && !is_before(&sorted[from - 1]) {
        (to, from, step) = (from - 1, from.saturating_sub(step), 2 * step);
    }
    from + sorted[from..to].partition_point(is_before)
}

/// See [`Corpus::read_here_and_there`].
#[must_use = "it counts as long as it lives"]
pub struct HereAndThere<'c>(&'c Corpus);

impl Drop for HereAndThere<'_> {
    fn drop(&mut self) {
        self.0.sources.iter().for_each(|source| source.bytes.expect(true));
    }
}

impl Corpus {
    /// A corpus of texts in memory, one document each, for use as a library.
    ///
    /// Panics if a text has 4 GiB or more, or if there are more than 2³² texts.
    pub fn from_texts<T: Into<Vec<u8>>>(texts: impl IntoIterator<Item = T>) -> Corpus {
        let mut corpus = Corpus::default();
        for (i, text) in texts.into_iter().enumerate() {
            let bytes: Vec<u8> = text.into();
            let id = u32::try_from(i).expect("fewer than 2^32 texts");
            let len = u32::try_from(bytes.len()).expect("texts shorter than 4 GiB");
            corpus.documents.push(Document {
                source: id,
                line: 1,
                record_len: len,
                record_start: 0,
                text_start: 0,
                text_len: len,
                encoding: Encoding::Plain,
            });
            let name = PathBuf::from(i.to_string());
            corpus.sources.push(Source {
                path: name.clone(),
                name,
                role: Role::Judged,
                format: Format::Text,
                codec: Codec::None,
                stored: bytes.len() as u64,
                digest: xxhash_rust::xxh3::xxh3_128(&bytes),
                bytes: bytes.into(),
                checkpoints: Vec::new(),
                docs: id..id + 1,
            });
        }
        corpus
    }

    /// Number of documents.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether it holds no document.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// What the source of document `id` is there for.
    pub fn role(&self, id: DocId) -> Role {
        self.source_of(id).role
    }

    /// Whether there are sources to compare with that are not judged.
    pub fn has_reference(&self) -> bool {
        self.sources.iter().any(|source| source.role == Role::Reference)
    }

    /// Decoded bytes of all sources together.
    pub fn bytes(&self) -> u64 {
        memory::watched(self.sources.iter(), size_of::<Source>()).map(|source| source.bytes.len() as u64).sum()
    }

    /// The ids of all documents, in order.
    pub fn ids(&self) -> impl ExactSizeIterator<Item = DocId> + use<> {
        (0..self.documents.len() as u32).map(DocId)
    }

    /// The document `id`.
    pub fn document(&self, id: DocId) -> &Document {
        &self.documents[id.index()]
    }

    /// The source of document `id`.
    pub fn source_of(&self, id: DocId) -> &Source {
        &self.sources[self.document(id).source as usize]
    }

    /// The number of the record of document `id` among those of its source that are documents, from 1.
    pub fn record_number(&self, id: DocId) -> u32 {
        id.0 - self.source_of(id).docs.start + 1
    }

    /// The bytes of the record of document `id`.
    pub fn record(&self, id: DocId) -> &[u8] {
        memory::touched(memory::AROUND);
        &self.source_of(id).bytes[self.document(id).record_range()]
    }

    /// The text of document `id`. If it holds JSON escapes they are taken out, which costs a pass over it.
    pub fn text(&self, id: DocId) -> Cow<'_, [u8]> {
        let raw = self.encoded_text(id);
        match self.document(id).encoding {
            Encoding::Plain => Cow::Borrowed(raw),
            Encoding::Json => Cow::Owned(escape::decode(raw)),
        }
    }

    /// Until what this gives is dropped, texts are read here and there: of mapped files that are not in the system's cache
    /// it then reads what is asked for, and not half a megabyte around each text.
    pub fn read_here_and_there(&self) -> HereAndThere<'_> {
        self.sources.iter().for_each(|source| source.bytes.expect(false));
        HereAndThere(self)
    }

    /// Says that the texts at these places will be read soon. Worth it where the corpus may be larger than the system's cache:
    /// then the disk is asked for many texts at a time.
    pub fn will_read(&self, places: &[Place]) {
        memory::will_look_up(&self.documents, places.iter().map(|place| place.doc.index()));
        for &place in places {
            self.source_of(place.doc).bytes.will_read(self.encoded(place).0);
        }
    }

    /// Says that the texts of some documents, which follow each other, will be read soon, in order.
    pub(crate) fn will_read_all(&self, docs: Range<u32>) {
        self.ranges_of(docs).for_each(|(bytes, range)| bytes.will_read(range));
    }

    /// Says that the texts of some documents, which follow each other, were read, and will not be read again before those after them:
    /// what the system cannot cache of the corpus is let go of.
    pub(crate) fn were_read(&self, docs: Range<u32>) {
        self.ranges_of(docs).for_each(|(bytes, range)| bytes.was_read(range));
    }

    /// Where the records of some documents stand, which follow each other, and what is between them.
    fn ranges_of(&self, docs: Range<u32>) -> impl Iterator<Item = (&Bytes, Range<usize>)> {
        let ends = (!docs.is_empty()).then(|| [docs.start, docs.end - 1].map(|doc| self.document(DocId(doc))));
        let of = move |[first, last]: [&Document; 2]| {
            let (first, last) = (*first, *last);
            (first.source..=last.source).map(move |source| {
                let bytes = &self.sources[source as usize].bytes;
                let from = if source == first.source { first.record_range().start } else { 0 };
                let to = if source == last.source { last.record_range().end } else { bytes.len() };
                (bytes, from..to)
            })
        };
        ends.into_iter().flat_map(of)
    }

    /// As [`Corpus::text`], with a buffer to take escapes out into.
    pub fn text_in<'t>(&'t self, id: DocId, buffer: &'t mut Vec<u8>) -> &'t [u8] {
        let raw = self.encoded_text(id);
        match self.document(id).encoding {
            Encoding::Plain => raw,
            Encoding::Json => escape::decode_in(raw, buffer),
        }
    }

    /// The text at a place. If it holds JSON escapes that costs a pass over it and at most 512 bytes before it.
    pub fn text_at(&self, place: Place) -> Cow<'_, [u8]> {
        memory::touched(place.span.len() + memory::AROUND);
        let (range, before) = self.encoded(place);
        let raw = &self.source_of(place.doc).bytes[range];
        if self.document(place.doc).encoding == Encoding::Plain {
            return Cow::Borrowed(raw);
        }
        let span = Span { start: place.span.start - before, end: place.span.end - before };
        Cow::Owned(escape::decode_part(raw, span))
    }

    /// A range of the source that holds the text at a place and as little as may be around it, and the offset in the text of
    /// where it begins.
    fn encoded(&self, place: Place) -> (Range<usize>, u32) {
        let text = self.document(place.doc).text_range();
        let Span { start, end } = place.span;
        if self.document(place.doc).encoding == Encoding::Plain {
            return (text.start + start as usize..text.start + end as usize, start);
        }
        let checkpoints = self.checkpoints(place.doc);
        let last_up_to = |offset: u32| {
            let after = checkpoints.partition_point(|checkpoint| checkpoint.1 <= offset);
            after.checked_sub(1).map_or((0, 0), |last| (checkpoints[last].0 as usize - text.start, checkpoints[last].1))
        };
        let ((from, before), (to, before_end)) = (last_up_to(start), last_up_to(end));
        // there are escapes before the next checkpoint, if at all, only as close as this
        let to = to + (end - before_end) as usize + CHECKPOINT + LONGEST_ESCAPE;
        (text.start + from..text.end.min(text.start + to), before)
    }

    /// What stands at ascending, disjoint spans of the text of `id`, one after the other. Costs as much as [`Corpus::text_at`]
    /// from the first to the last byte of them.
    pub fn text_of(&self, id: DocId, spans: &[Span]) -> Cow<'_, [u8]> {
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return Cow::Borrowed(&[]) };
        let all = self.text_at(Place { doc: id, span: Span { start: first.start, end: last.end } });
        if spans.len() == 1 {
            return all;
        }
        let part = |span: &Span| &all[(span.start - first.start) as usize..(span.end - first.start) as usize];
        Cow::Owned(spans.iter().map(part).collect::<Vec<_>>().concat())
    }

    /// The checkpoints in a text.
    fn checkpoints(&self, id: DocId) -> &[(u64, u32)] {
        let (source, text) = (self.source_of(id), self.document(id).text_range());
        let all = &source.checkpoints;
        if text.len() <= CHECKPOINT {
            return &[];
        }
        // they are spread evenly, more or less
        let likely = (all.len() as u128 * text.start as u128 / source.bytes.len().max(1) as u128) as usize;
        let from = partition_point_near(all, likely, |checkpoint| checkpoint.0 < text.start as u64);
        let own = &all[from..];
        let len = partition_point_near(own, 0, |checkpoint| checkpoint.0 < text.end as u64);
        &own[..len]
    }

    /// The text of document `id` as its source holds it, of which all will be looked at.
    fn encoded_text(&self, id: DocId) -> &[u8] {
        let raw = &self.source_of(id).bytes[self.document(id).text_range()];
        memory::touched(raw.len() + memory::AROUND);
        raw
    }

    /// Translates ascending, disjoint spans of the text of `id` into spans of the text as its source holds it. If that holds JSON
    /// escapes it costs a pass over it, up to the last span.
    pub fn encoded_spans(&self, id: DocId, spans: &[Span]) -> Vec<Span> {
        match self.document(id).encoding {
            Encoding::Plain => spans.to_vec(),
            Encoding::Json => {
                let offsets: Vec<u32> = spans.iter().flat_map(|s| [s.start, s.end]).collect();
                let mapped = escape::raw_offsets(self.encoded_text(id), &offsets);
                mapped.chunks_exact(2).map(|m| Span { start: m[0], end: m[1] }).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_partition_point_is_the_same_wherever_it_is_looked_for(
            mut sorted in proptest::collection::vec(0u32..100, 0..300),
            likely in 0usize..400,
            limit in 0u32..110,
        ) {
            sorted.sort_unstable();
            let found = partition_point_near(&sorted, likely, |&item| item < limit);
            prop_assert_eq!(found, sorted.partition_point(|&item| item < limit));
        }
    }

    #[test]
    fn documents_that_follow_each_other_stand_in_ranges_of_their_sources() {
        let corpus = Corpus::from_texts(["one", "two and", "three"]);
        let ranges =
            |docs| corpus.ranges_of(docs).map(|(bytes, range)| bytes[range].to_vec()).collect::<Vec<_>>().concat();
        assert_eq!(ranges(0..0), b"");
        assert_eq!(ranges(1..2), b"two and");
        assert_eq!(ranges(0..3), b"onetwo andthree");
        corpus.will_read_all(0..3);
        corpus.were_read(1..3);
        assert_eq!(&*corpus.text(DocId(1)), b"two and");
    }
}
