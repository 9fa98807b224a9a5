//! An outcome, described: places get names, lines, characters and excerpts.
//!
//! In: an [`Outcome`] that has just been found. Out: the values of the [`model`](super::model). Always: groups and their
//! members are described when they are asked for, one at a time or some together.

use std::ops::Range;

use rayon::prelude::*;

use super::locate::{Columns, InFile, Locator, beginning};
use super::model::{
    CorpusTotals, DocumentTotals, DocumentView, Histograms, KeptPassageView, Kind, Location, Member, Overview,
    Rejected, Run, SimilarityBin, SizeBin, SkippedView, SourceView, Tokens, UnitTotals, WideColumns,
};
use crate::corpus::{Corpus, DocId, Format, Place, Role, Span, Unit, excerpt_of};
use crate::gate::Status;
use crate::input::{FieldPath, field_text_beside};
use crate::memory;
use crate::pipeline::Outcome;
use crate::resolve::{Fate, Group, KeptPassage};
use crate::sketch::Tally;

/// Describes what an outcome holds.
pub(super) struct Describer<'o> {
    pub(super) outcome: &'o Outcome,
    /// The groups, in the order of their keepers.
    pub(super) groups: &'o [Group],
    locator: Locator,
    /// What each source is called.
    sources: Vec<String>,
    /// For each edit of the plan, whether it counts; empty if they were not judged.
    pub(super) statuses: Vec<Status>,
}

impl<'o> Describer<'o> {
    /// Costs a pass over the documents that have repeats, for characters and lines.
    pub(super) fn new(outcome: &'o Outcome) -> Describer<'o> {
        let groups = &*outcome.groups;
        let locator = Locator::new(&outcome.corpus, &outcome.plan, |id| document_id(outcome, id));
        let sources = outcome.corpus.sources.iter().map(|source| source.path.display().to_string()).collect();
        Describer { outcome, groups, locator, sources, statuses: Vec::new() }
    }

    /// All but groups and what was measured.
    pub(super) fn overview(&self, command: String) -> Overview {
        let outcome = self.outcome;
        let corpus = &outcome.corpus;
        let rejected = corpus.rejects.iter().map(|r| Rejected {
            source: self.sources[r.source as usize].clone(),
            line: r.line,
            bytes: r.range.end - r.range.start,
            reason: r.reason.clone(),
        });
        let skipped = corpus.skipped.iter();
        let sources: Vec<SourceView> =
            (0..corpus.sources.len()).into_par_iter().map(|source| self.source(source)).collect();
        let emptied = corpus.ids().filter(|id| outcome.plan.fates[id.index()] == Fate::Emptied);
        Overview {
            run: Run { unecho: env!("CARGO_PKG_VERSION").to_owned(), command, options: outcome.config.describe() },
            totals: self.totals(&sources),
            sources,
            histograms: self.histograms(),
            emptied: emptied.map(|id| self.document(id)).collect(),
            kept_passages: outcome.plan.kept_passages.iter().map(|kept| self.kept_passage(kept)).collect(),
            rejected: rejected.collect(),
            skipped: skipped
                .map(|s| SkippedView { source: s.path.display().to_string(), reason: s.reason.clone() })
                .collect(),
            verdict: None,
        }
    }

    fn kept_passage(&self, kept: &KeptPassage) -> KeptPassageView {
        KeptPassageView {
            location: self.keeper(kept.place),
            keeper: self.keeper(kept.keeper),
            reason: kept.reason.name().to_owned(),
        }
    }

    /// What was judged, all sources together.
    fn totals(&self, sources: &[SourceView]) -> CorpusTotals {
        let (mut documents, mut tokens) = (DocumentTotals::default(), Tokens::default());
        for source in sources.iter().filter(|source| source.role != Role::Reference) {
            documents += source.documents;
            tokens += source.tokens;
        }
        CorpusTotals { documents, bytes: self.outcome.total_bytes().into(), tokens, segments: self.segments() }
    }

    fn source(&self, index: usize) -> SourceView {
        let corpus = &self.outcome.corpus;
        let source = &corpus.sources[index];
        let first = corpus.rejects.partition_point(|r| (r.source as usize) < index);
        let rejected = corpus.rejects[first..].partition_point(|r| r.source as usize == index);
        let (documents, tokens) = self.count(source.docs.clone(), rejected as u64);
        SourceView {
            source: self.sources[index].clone(),
            role: source.role,
            format: source.format,
            codec: source.codec,
            stored_bytes: source.stored,
            digest: format!("xxh3-128:{:032x}", source.digest),
            documents,
            bytes: self.outcome.bytes[index].into(),
            tokens,
        }
    }

    /// What became of documents that follow each other, and of their tokens. Costs a pass over them and their edits.
    fn count(&self, docs: Range<u32>, rejected: u64) -> (DocumentTotals, Tokens) {
        let outcome = self.outcome;
        let mut documents = DocumentTotals { rejected, ..DocumentTotals::default() };
        let mut tokens = Tokens::default();
        let mut edits = memory::in_order(outcome.plan.edits_of_all(docs.clone())).peekable();
        for id in docs.map(DocId) {
            let read = u64::from(outcome.tokens[id.index()]);
            let of_document = std::iter::from_fn(|| edits.next_if(|edit| edit.place.doc == id));
            let repeated: u64 = of_document.map(|edit| u64::from(edit.wording.tokens)).sum();
            let (documents_of_fate, removed) = match outcome.plan.fates[id.index()] {
                Fate::Kept => (&mut documents.kept, 0),
                Fate::Edited => (&mut documents.edited, repeated),
                Fate::Removed => (&mut documents.removed, read),
                Fate::Emptied => (&mut documents.emptied, read),
            };
            *documents_of_fate += 1;
            documents.read += 1;
            tokens += Tokens { read, removed, kept: read - removed };
        }
        (documents, tokens)
    }

    /// Segments by unit. Costs a pass over the edits, and one over the groups.
    fn segments(&self) -> Vec<UnitTotals> {
        let of_unit = |&(unit, Tally { segments, left_alone }): &(Unit, Tally)| UnitTotals {
            unit,
            segments,
            left_alone,
            exact: 0,
            near: 0,
            groups: 0,
        };
        let mut totals: Vec<UnitTotals> = self.outcome.tallies.iter().map(of_unit).collect();
        for edit in memory::in_order(&self.outcome.plan.edits) {
            for totals in totals.iter_mut().filter(|totals| totals.unit == edit.unit) {
                *if edit.exact { &mut totals.exact } else { &mut totals.near } += 1;
            }
        }
        for group in self.groups {
            totals.iter_mut().filter(|totals| totals.unit == group.unit).for_each(|totals| totals.groups += 1);
        }
        totals
    }

    fn histograms(&self) -> Histograms {
        let similarities = memory::in_order(&self.outcome.plan.edits).map(|e| e.similarity);
        Histograms::new(similarities, self.groups.iter().map(|g| g.edits.len() + 1))
    }

    /// Whether a group has a member that counts.
    pub(super) fn counts(&self, group: usize) -> bool {
        let counts = |&edit: &u32| self.statuses.get(edit as usize).is_none_or(Status::counts);
        self.groups[group].edits.iter().any(counts)
    }

    /// The members of each of these groups.
    pub(super) fn members_of(&self, groups: Range<usize>) -> Vec<Vec<Member>> {
        let groups = &self.groups[groups];
        let places = groups.iter().enumerate().flat_map(|(i, group)| group.edits.iter().map(move |&edit| (edit, i)));
        let mut places: Vec<(u32, usize)> = places.collect();
        // edits stand in the order of the text, and so do the members of a group
        places.sort_unstable();
        let mut members: Vec<Vec<Member>> = groups.iter().map(|group| Vec::with_capacity(group.edits.len())).collect();
        places.into_iter().for_each(|(edit, i)| members[i].push(self.member(edit)));
        members
    }

    /// Everything about one repeat.
    pub(super) fn member(&self, edit: u32) -> Member {
        let plan = &self.outcome.plan;
        let status = self.statuses.get(edit as usize).cloned();
        let edit = &plan.edits[edit as usize];
        let pieces = plan.pieces_of(edit);
        Member {
            location: self.location(edit.place, pieces),
            similarity: edit.similarity,
            kind: if edit.exact { Kind::Exact } else { Kind::Near },
            tokens: edit.wording.tokens,
            digest: format!("{:032x}", edit.wording.digest),
            remainder: edit.unit == Unit::Document && !plan.cuts_of(edit.place.doc).is_empty(),
            status,
        }
    }

    /// Everything about a kept copy: what was compared is what is left of it.
    pub(super) fn keeper(&self, place: Place) -> Location {
        let cuts = self.outcome.plan.cuts_of(place.doc).iter().map(|cut| cut.place.span);
        self.location(place, &place.span.without(cuts))
    }

    /// Where a place is, in all the ways a reader may need, and which parts of it count.
    fn location(&self, place: Place, pieces: &[Span]) -> Location {
        // the document, its name, its places, the text there: all stand elsewhere
        memory::touched(4 * memory::AROUND);
        let corpus = &self.outcome.corpus;
        let document = corpus.document(place.doc);
        let (start, end) = self.locator.find(place);
        let line = |at: InFile| u64::from(document.line) + u64::from(at.lines);
        let columns = [start.in_file, end.in_file].map(|at| at.columns);
        let [column, end_column] = columns.map(|before| u64::from(before.chars) + 1);
        let whole = pieces == [place.span];
        Location {
            document: self.document_id(place.doc),
            source: self.sources[document.source as usize].clone(),
            record: corpus.record_number(place.doc),
            line: line(start.in_file),
            column,
            end_line: line(end.in_file),
            end_column,
            wide: WideColumns::of(columns),
            text_line: start.lines + 1,
            bytes: [place.span.start, place.span.end],
            chars: [start.chars, end.chars],
            excerpt: excerpt_of(|most| beginning(corpus, place.doc, start, end, most)),
            reference: corpus.role(place.doc) == Role::Reference,
            pieces: if whole { Vec::new() } else { pieces.iter().map(|p| [p.start, p.end]).collect() },
        }
    }

    fn document(&self, id: DocId) -> DocumentView {
        let corpus = &self.outcome.corpus;
        let document = corpus.document(id);
        DocumentView {
            document: self.document_id(id),
            source: self.sources[document.source as usize].clone(),
            record: corpus.record_number(id),
            line: document.line,
        }
    }

    fn document_id(&self, id: DocId) -> String {
        self.locator.name(id).map_or_else(|| document_id(self.outcome, id), str::to_owned)
    }
}

impl WideColumns {
    /// The columns after what stands before them on their lines, unless every unit counts the same.
    fn of(before: [Columns; 2]) -> Option<WideColumns> {
        let same = before.iter().all(|before| before.chars == before.bytes);
        let column = |before: u32| u64::from(before) + 1;
        (!same).then(|| WideColumns {
            utf16: before.map(|before| column(before.utf16)),
            bytes: before.map(|before| column(before.bytes)),
        })
    }
}

impl Histograms {
    /// The spread of repeats by similarity, and of groups by size.
    pub(super) fn new(similarities: impl Iterator<Item = f64>, sizes: impl Iterator<Item = usize>) -> Histograms {
        let mut counts = [0u64; 101];
        for similarity in similarities {
            counts[((similarity * 100.0 + 1e-9) as usize).min(100)] += 1;
        }
        let bins = (0u32..).zip(counts).filter(|&(_, count)| count > 0);
        let similarity = bins.map(|(h, count)| SimilarityBin { from: f64::from(h) / 100.0, count }).collect();
        let mut group_size: Vec<SizeBin> = Vec::new();
        let mut sizes: Vec<usize> = sizes.collect();
        sizes.sort_unstable();
        for to in sizes.into_iter().map(usize::next_power_of_two) {
            match group_size.last_mut() {
                Some(bin) if bin.to == to => bin.count += 1,
                _ => group_size.push(SizeBin { from: to / 2 + 1, to, count: 1 }),
            }
        }
        Histograms { similarity, group_size }
    }
}

/// The id of a document, from its record.
fn document_id(outcome: &Outcome, id: DocId) -> String {
    name_document(&outcome.corpus, id, &outcome.config.input.id_field)
}

/// The id of a document: what its id field says, else its file and line, or its file if that is one document.
pub fn name_document(corpus: &Corpus, id: DocId, id_field: &FieldPath) -> String {
    let source = corpus.source_of(id);
    let path = source.path.display();
    let by_line = || format!("{path}:{}", corpus.document(id).line);
    match source.format {
        Format::Text => path.to_string(),
        Format::Jsonl => {
            let text = corpus.document(id).text_in_record();
            field_text_beside(corpus.record(id), text, id_field).unwrap_or_else(by_line)
        }
        _ => by_line(),
    }
}
