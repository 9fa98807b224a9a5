//! What a report says, before it has a format.

use std::path::Path;

use serde::Serialize;

use super::excerpt::{WINDOW, excerpt};
use super::locate::{Locator, beginning};
use crate::corpus::{DocId, Format, Place, Unit};
use crate::input::field_text;
use crate::output::SourceBytes;
use crate::pipeline::Outcome;
use crate::resolve::{Edit, Fate, Group};

/// What whoever ran it has measured.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Measured {
    /// Wall time of each stage in seconds, in order.
    pub stages: Vec<(&'static str, f64)>,
    /// Wall time of everything so far, in seconds.
    pub seconds: f64,
    /// The greatest resident memory so far, in bytes; `None` where the system does not tell.
    pub peak_memory: Option<u64>,
    /// Worker threads.
    pub threads: usize,
}

/// Documents by what became of them: `read = kept + edited + removed + emptied`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct UnitTotals {
    /// The unit.
    pub unit: &'static str,
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

/// Everything counted, for the corpus or for one source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    /// Documents.
    pub documents: DocumentTotals,
    /// Decoded bytes: `read = kept + removed + rejected`.
    pub bytes: Bytes,
    /// Tokens: `read = kept + removed`.
    pub tokens: Tokens,
}

/// See [`SourceBytes`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tokens {
    /// Tokens of all documents.
    pub read: u64,
    /// Tokens that stay.
    pub kept: u64,
    /// Tokens that go.
    pub removed: u64,
}

impl From<SourceBytes> for Bytes {
    fn from(bytes: SourceBytes) -> Bytes {
        Bytes { read: bytes.read, kept: bytes.kept, removed: bytes.removed, rejected: bytes.rejected }
    }
}

/// Where a segment stands, in all the ways a reader may need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Location {
    /// The document's id: its id field, or `file:line`.
    pub document: String,
    /// The file.
    pub source: String,
    /// Number of the record in the file, from 1.
    pub record: u32,
    /// Line of the file on which the segment starts, from 1; for JSONL the line of its record.
    pub line: u64,
    /// Line of the document's text on which it starts, from 1.
    pub text_line: u64,
    /// Its first byte and one past its last, in the document's text.
    pub bytes: [u32; 2],
    /// The same in characters.
    pub chars: [u64; 2],
    /// How it begins.
    pub excerpt: String,
}

/// A repeat that goes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Member {
    /// Where it stands.
    #[serde(flatten)]
    pub location: Location,
    /// Its similarity to the keeper.
    pub similarity: f64,
    /// `exact` if its tokens equal the keeper's, else `near`.
    pub kind: &'static str,
    /// Its tokens.
    pub tokens: u32,
    /// It is what is left of its document after other cuts.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub remainder: bool,
}

/// A kept copy and what it replaces.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupView {
    /// Number of the group, from 1, in the order of keepers.
    pub group: usize,
    /// The kind of segment.
    pub unit: &'static str,
    /// The copy that stays.
    pub keeper: Location,
    /// What it replaces, in text order.
    pub members: Vec<Member>,
}

/// A report on an outcome.
pub struct Report<'o> {
    /// What was found.
    pub outcome: &'o Outcome,
    /// What was measured.
    pub measured: Measured,
    /// The command that was run, for the run card.
    pub command: String,
    /// The groups, in the order of their keepers.
    pub groups: Vec<Group>,
    locator: Locator,
}

impl<'o> Report<'o> {
    /// Prepares a report. Costs a pass over the documents that have repeats, for characters and lines.
    pub fn new(outcome: &'o Outcome, measured: Measured, command: String) -> Report<'o> {
        let groups = outcome.plan.groups();
        let locator = Locator::new(&outcome.corpus, &outcome.plan, |id| document_id(outcome, id));
        Report { outcome, measured, command, groups, locator }
    }

    /// Totals of the corpus.
    pub fn totals(&self) -> Totals {
        let all = 0..self.outcome.corpus.len() as u32;
        self.totals_of(all.map(DocId), self.outcome.corpus.rejects.len() as u64, self.outcome.total_bytes())
    }

    /// Totals of one source.
    pub fn source_totals(&self, source: usize) -> Totals {
        let corpus = &self.outcome.corpus;
        let first = corpus.rejects.partition_point(|r| (r.source as usize) < source);
        let rejected = corpus.rejects[first..].partition_point(|r| r.source as usize == source);
        let docs = corpus.sources[source].docs.clone().map(DocId);
        self.totals_of(docs, rejected as u64, self.outcome.bytes[source])
    }

    fn totals_of(&self, docs: impl Iterator<Item = DocId>, rejected: u64, bytes: SourceBytes) -> Totals {
        let mut totals = Totals { bytes: bytes.into(), ..Totals::default() };
        totals.documents.rejected = rejected;
        for id in docs {
            let documents = &mut totals.documents;
            documents.read += 1;
            *match self.outcome.plan.fates[id.index()] {
                Fate::Kept => &mut documents.kept,
                Fate::Edited => &mut documents.edited,
                Fate::Removed => &mut documents.removed,
                Fate::Emptied => &mut documents.emptied,
            } += 1;
            totals.tokens.read += u64::from(self.outcome.tokens[id.index()]);
            totals.tokens.removed += self.removed_tokens(id);
        }
        totals.tokens.kept = totals.tokens.read - totals.tokens.removed;
        totals
    }

    fn removed_tokens(&self, id: DocId) -> u64 {
        match self.outcome.plan.fates[id.index()] {
            Fate::Kept => 0,
            Fate::Removed | Fate::Emptied => u64::from(self.outcome.tokens[id.index()]),
            Fate::Edited => self.edits_of(id).iter().map(|e| u64::from(e.tokens)).sum(),
        }
    }

    /// The edits in a document.
    fn edits_of(&self, id: DocId) -> &[Edit] {
        let edits = &self.outcome.plan.edits;
        let from = edits.partition_point(|e| e.place.doc < id);
        let to = from + edits[from..].partition_point(|e| e.place.doc == id);
        &edits[from..to]
    }

    /// What was found of each unit.
    pub fn unit_totals(&self) -> Vec<UnitTotals> {
        let totals = |&(unit, tally): &(Unit, crate::sketch::Tally)| {
            let of_unit = || self.outcome.plan.edits.iter().filter(|e| e.unit == unit);
            let exact = of_unit().filter(|e| e.exact).count() as u64;
            UnitTotals {
                unit: unit.name(),
                segments: tally.segments,
                left_alone: tally.left_alone,
                exact,
                near: of_unit().count() as u64 - exact,
                groups: self.groups.iter().filter(|g| g.unit == unit).count() as u64,
            }
        };
        self.outcome.tallies.iter().map(totals).collect()
    }

    /// The number of repeats whose similarity, in hundredths rounded down, is this: `(hundredths, count)`, ascending.
    pub fn similarity_histogram(&self) -> Vec<(u32, u64)> {
        let mut counts = [0u64; 101];
        for edit in &self.outcome.plan.edits {
            counts[((edit.similarity * 100.0 + 1e-9) as usize).min(100)] += 1;
        }
        (0..).zip(counts).filter(|&(_, count)| count > 0).collect()
    }

    /// The number of groups by size, keeper included, in powers of two: `(from, to, count)`, ascending.
    pub fn size_histogram(&self) -> Vec<(usize, usize, u64)> {
        let mut bins: Vec<(usize, usize, u64)> = Vec::new();
        let mut sizes: Vec<usize> = self.groups.iter().map(|g| g.edits.len() + 1).collect();
        sizes.sort_unstable();
        for size in sizes {
            let to = size.next_power_of_two();
            match bins.last_mut() {
                Some(bin) if bin.1 == to => bin.2 += 1,
                _ => bins.push((to / 2 + 1, to, 1)),
            }
        }
        bins
    }

    /// Indices of the groups with the most members, at most `most` of them; ties in the order of keepers.
    pub fn largest_groups(&self, most: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.groups.len()).collect();
        order.sort_by_key(|&g| (std::cmp::Reverse(self.groups[g].edits.len()), g));
        order.truncate(most);
        order
    }

    /// Everything about one group.
    pub fn group(&self, index: usize) -> GroupView {
        let group = &self.groups[index];
        GroupView {
            group: index + 1,
            unit: group.unit.name(),
            keeper: self.location(group.keeper),
            members: group.edits.iter().map(|&edit| self.member(edit as usize)).collect(),
        }
    }

    /// Everything about one repeat.
    pub fn member(&self, edit: usize) -> Member {
        let edit = &self.outcome.plan.edits[edit];
        Member {
            location: self.location(edit.place),
            similarity: edit.similarity,
            kind: if edit.exact { "exact" } else { "near" },
            tokens: edit.tokens,
            remainder: edit.unit == Unit::Document && !self.outcome.plan.cuts_of(edit.place.doc).is_empty(),
        }
    }

    /// Where a place is, in all the ways a reader may need.
    pub fn location(&self, place: Place) -> Location {
        let corpus = &self.outcome.corpus;
        let document = corpus.document(place.doc);
        let (start, end) = self.locator.find(place);
        let (beginning, complete) = beginning(corpus, place.doc, start, end, WINDOW);
        let in_file = match corpus.source_of(place.doc).format {
            Format::Jsonl => 0,
            _ => start.lines,
        };
        Location {
            document: self.document_id(place.doc),
            source: corpus.source_of(place.doc).path.display().to_string(),
            record: document.record,
            line: u64::from(document.line) + in_file,
            text_line: start.lines + 1,
            bytes: [place.span.start, place.span.end],
            chars: [start.chars, end.chars],
            excerpt: excerpt(&beginning, complete),
        }
    }

    /// The id of a document: its id field, or its file and line.
    pub fn document_id(&self, id: DocId) -> String {
        self.locator.name(id).map_or_else(|| document_id(self.outcome, id), str::to_owned)
    }

    /// Documents of which cuts left nothing.
    pub fn emptied(&self) -> impl Iterator<Item = DocId> {
        self.outcome.corpus.ids().filter(|id| self.outcome.plan.fates[id.index()] == Fate::Emptied)
    }

    /// The file of a reject.
    pub fn reject_source(&self, source: u32) -> &Path {
        &self.outcome.corpus.sources[source as usize].path
    }
}

/// The id of a document, from its record.
fn document_id(outcome: &Outcome, id: DocId) -> String {
    let source = outcome.corpus.source_of(id);
    let path = source.path.display();
    let by_line = || format!("{path}:{}", outcome.corpus.document(id).line);
    match source.format {
        Format::Text => path.to_string(),
        Format::Jsonl => field_text(outcome.corpus.record(id), &outcome.config.input.id_field).unwrap_or_else(by_line),
        _ => by_line(),
    }
}
