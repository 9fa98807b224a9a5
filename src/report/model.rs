//! What a report says, before it has a format: plain values, the same whether a run has just ended or was read back.
//!
//! Always: what is written as `report.json` is these values and nothing else, so reading it gives them again.

use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

use crate::corpus::{Codec, Format, Role, Unit};
use crate::gate::{Status, Verdict};
use crate::output::SourceBytes;

/// Everything that a report says of a run as a whole: all but its groups and what was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    /// Which run it was.
    pub run: Run,
    /// What was counted.
    pub totals: CorpusTotals,
    /// What was read, in order.
    pub sources: Vec<SourceView>,
    /// How the findings are spread.
    pub histograms: Histograms,
    /// Documents of which cuts left nothing.
    pub emptied: Vec<DocumentView>,
    /// Passages that are said before and stay.
    #[serde(default)]
    pub kept_passages: Vec<KeptPassageView>,
    /// What was set aside.
    pub rejected: Vec<Rejected>,
    /// What was found and not read.
    pub skipped: Vec<SkippedView>,
    /// What `check` says about it, if it was judged.
    pub verdict: Option<Verdict>,
}

/// A passage that is said before and stays all the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptPassageView {
    /// Where it stands.
    #[serde(flatten)]
    pub location: Location,
    /// Where it is said before.
    pub keeper: Location,
    /// Why it stays.
    pub reason: String,
}

/// Which run a report is of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The version that ran.
    pub unecho: String,
    /// The command as it was typed.
    pub command: String,
    /// All options that decide the result, by name; see [`Config::describe`](crate::Config::describe).
    pub options: serde_json::Value,
}

/// What whoever ran it has measured.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// Wall time of everything so far, in seconds.
    pub seconds: f64,
    /// Wall time of each stage in seconds, in order.
    #[serde(with = "stages")]
    pub stages: Vec<(String, f64)>,
    /// The greatest resident memory so far, in bytes; `None` where the system does not tell.
    pub peak_memory: Option<u64>,
    /// The greatest size of temporary data on disk so far, in bytes.
    #[serde(default)]
    pub peak_temporary: u64,
    /// Worker threads.
    pub threads: usize,
}

/// Documents by what became of them: `read = kept + edited + removed + emptied`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentTotals {
    /// All that were read.
    pub read: u64,
    /// As they were.
    pub kept: u64,
    /// With cuts.
    pub edited: u64,
    /// Gone as repeats.
    pub removed: u64,
    /// Gone because cuts left nothing.
    pub emptied: u64,
    /// Records or files set aside; not among those read.
    pub rejected: u64,
}

/// Segments of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitTotals {
    /// The unit.
    pub unit: Unit,
    /// Segments in all.
    pub segments: u64,
    /// Too few tokens to be compared.
    pub left_alone: u64,
    /// Repeats with equal tokens.
    pub exact: u64,
    /// Repeats that are similar.
    pub near: u64,
    /// Kept copies that stand for them.
    pub groups: u64,
}

/// Everything counted for the corpus, and what was found of each unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CorpusTotals {
    /// Documents.
    pub documents: DocumentTotals,
    /// Decoded bytes: `read = kept + removed + rejected`.
    pub bytes: Bytes,
    /// Tokens: `read = kept + removed`.
    pub tokens: Tokens,
    /// What was found of each unit.
    pub segments: Vec<UnitTotals>,
}

/// One source: what it is, and what was counted in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceView {
    /// The file.
    pub source: String,
    /// What it is there for: a `reference` is counted in no total, a `settled` one did not change.
    #[serde(default, skip_serializing_if = "Role::is_default")]
    pub role: Role,
    /// How it holds documents.
    pub format: Format,
    /// How it is compressed.
    pub codec: Codec,
    /// Its size on disk, in bytes.
    pub stored_bytes: u64,
    /// XXH3-128 of its decoded bytes, as `xxh3-128:` and 32 hexadecimal digits.
    pub digest: String,
    /// Documents.
    pub documents: DocumentTotals,
    /// Decoded bytes: `read = kept + removed + rejected`.
    pub bytes: Bytes,
    /// Tokens: `read = kept + removed`.
    pub tokens: Tokens,
}

/// How the findings are spread.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Histograms {
    /// Repeats by similarity, in steps of 0.01 rounded down, ascending.
    pub similarity: Vec<SimilarityBin>,
    /// Groups by size, keeper included, in powers of two, ascending.
    pub group_size: Vec<SizeBin>,
}

/// Repeats of a similarity.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SimilarityBin {
    /// The least similarity.
    pub from: f64,
    /// How many.
    pub count: u64,
}

/// Groups of a size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeBin {
    /// The least size.
    pub from: usize,
    /// The greatest size.
    pub to: usize,
    /// How many.
    pub count: u64,
}

/// A document, named.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentView {
    /// Its id: its id field, or `file:line`.
    pub document: String,
    /// The file.
    pub source: String,
    /// Number of the record in the file, from 1.
    pub record: u32,
    /// Line of the file on which the record starts, from 1.
    pub line: u32,
}

/// Something that was set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejected {
    /// The file.
    pub source: String,
    /// Line of the file on which the record starts, from 1; `None` for a whole file.
    pub line: Option<u64>,
    /// Its bytes.
    pub bytes: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// A file that was found and not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedView {
    /// The file.
    pub source: String,
    /// Why it was passed over.
    pub reason: String,
}

/// See [`SourceBytes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes {
    /// Decoded bytes read.
    pub read: u64,
    /// Bytes written as they were read.
    pub kept: u64,
    /// Bytes that repeat something.
    pub removed: u64,
    /// Bytes set aside as bad input.
    pub rejected: u64,
}

/// Tokens read, and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Tokens of all documents.
    pub read: u64,
    /// Tokens that stay.
    pub kept: u64,
    /// Tokens that go.
    pub removed: u64,
}

impl AddAssign for DocumentTotals {
    fn add_assign(&mut self, other: DocumentTotals) {
        self.read += other.read;
        self.kept += other.kept;
        self.edited += other.edited;
        self.removed += other.removed;
        self.emptied += other.emptied;
        self.rejected += other.rejected;
    }
}

impl AddAssign for Tokens {
    fn add_assign(&mut self, other: Tokens) {
        self.read += other.read;
        self.kept += other.kept;
        self.removed += other.removed;
    }
}

impl From<SourceBytes> for Bytes {
    fn from(bytes: SourceBytes) -> Bytes {
        Bytes { read: bytes.read, kept: bytes.kept, removed: bytes.removed, rejected: bytes.rejected }
    }
}

/// Where a segment stands, in all the ways a reader may need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// The document's id: its id field, or `file:line`.
    pub document: String,
    /// The file.
    pub source: String,
    /// Number of the record in the file, from 1.
    pub record: u32,
    /// Line of the file on which the segment starts, from 1; for JSONL the line of its record.
    pub line: u64,
    /// Character of that line with which it starts, from 1, as the file has it.
    pub column: u64,
    /// Line of the file on which it ends.
    pub end_line: u64,
    /// The character after its last one, on that line.
    pub end_column: u64,
    /// The two columns in units that some formats want, if they differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wide: Option<WideColumns>,
    /// Line of the document's text on which it starts, from 1.
    pub text_line: u64,
    /// Its first byte and one past its last, in the document's text.
    pub bytes: [u32; 2],
    /// The same in characters.
    pub chars: [u64; 2],
    /// How it begins.
    pub excerpt: String,
    /// It stands in a source that is there to be compared with only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reference: bool,
    /// The parts of `bytes` that were compared, if parts between them were cut; empty if it is the whole of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pieces: Vec<[u32; 2]>,
}

/// The columns at which a segment starts and ends, from 1, in units of which a character may be several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WideColumns {
    /// In UTF-16 code units.
    pub utf16: [u64; 2],
    /// In bytes of UTF-8.
    pub bytes: [u64; 2],
}

/// Whether two segments have the same tokens or similar ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The same tokens.
    Exact,
    /// Similar shingles.
    Near,
}

impl Kind {
    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Exact => "exact",
            Kind::Near => "near",
        }
    }
}

/// A repeat that goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Where it stands.
    #[serde(flatten)]
    pub location: Location,
    /// Its similarity to the keeper.
    pub similarity: f64,
    /// Whether its tokens equal the keeper's.
    pub kind: Kind,
    /// Its tokens.
    pub tokens: u32,
    /// XXH3-128 of its tokens as 32 hexadecimal digits: what it says, wherever it stands.
    #[serde(default)]
    pub digest: String,
    /// It is what is left of its document after other cuts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub remainder: bool,
    /// Whether it counts, if it was judged.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
}

impl Member {
    /// Whether it counts: every finding does, unless it was judged and does not.
    pub fn counts(&self) -> bool {
        self.status.as_ref().is_none_or(Status::counts)
    }
}

/// A kept copy and what it replaces.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupView {
    /// Number of the group, from 1, in the order of keepers.
    pub group: usize,
    /// The kind of segment.
    pub unit: Unit,
    /// The copy that stays.
    pub keeper: Location,
    /// What it replaces, in text order.
    pub members: Vec<Member>,
}

/// Times by stage, as an object in the order of the stages.
mod stages {
    use std::fmt;

    use serde::de::{Deserializer, MapAccess, Visitor};
    use serde::ser::Serializer;

    type Times = Vec<(String, f64)>;

    pub(super) fn serialize<S: Serializer>(times: &Times, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(times.iter().map(|(stage, seconds)| (stage, seconds)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Times, D::Error> {
        deserializer.deserialize_map(InOrder)
    }

    struct InOrder;

    impl<'de> Visitor<'de> for InOrder {
        type Value = Times;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("seconds by stage")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Times, A::Error> {
            let mut times = Times::new();
            while let Some(entry) = map.next_entry()? {
                times.push(entry);
            }
            Ok(times)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_same_in_json_and_elsewhere() {
        let name = |value: serde_json::Value| value.as_str().unwrap().to_owned();
        for unit in Unit::ALL {
            assert_eq!(name(serde_json::to_value(unit).unwrap()), unit.name());
        }
        for format in [Format::Text, Format::TextLines, Format::TextBlocks, Format::Jsonl] {
            assert_eq!(name(serde_json::to_value(format).unwrap()), format.name());
        }
        for codec in [Codec::None, Codec::Gzip, Codec::Zstd, Codec::Bzip2, Codec::Xz] {
            assert_eq!(name(serde_json::to_value(codec).unwrap()), codec.name());
        }
        for kind in [Kind::Exact, Kind::Near] {
            assert_eq!(name(serde_json::to_value(kind).unwrap()), kind.name());
        }
    }
}
