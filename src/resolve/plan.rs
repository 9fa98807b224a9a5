//! The plan: a value that `scan` prints, `clean` applies and `--dry-run` shows.

use std::ops::Range;

use rayon::prelude::*;

use crate::corpus::{DocId, Place, Span, Unit};
use crate::memory;
use crate::sketch::Wording;

/// What becomes of a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fate {
    /// It stays as it is.
    #[default]
    Kept,
    /// Something is cut from it.
    Edited,
    /// It goes.
    Removed,
    /// Cuts left nothing of it, so it goes.
    Emptied,
}

/// A repeat: what goes, why, and what stands for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// Where the repeat stands, from its first to its last byte.
    pub place: Place,
    /// The parts of `place` that were compared and go: the whole of it, unless parts had gone before. In [`Plan::pieces`].
    pub pieces: Range<u32>,
    /// What kind of segment it is.
    pub unit: Unit,
    /// The copy that stays.
    pub keeper: Place,
    /// Their similarity.
    pub similarity: f64,
    /// Whether their tokens are equal.
    pub exact: bool,
    /// What the repeat says.
    pub wording: Wording,
}

/// Bytes that go: a repeat and the gap that goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Where.
    pub place: Place,
    /// Where that stands in the text as its source holds it, escapes and all: what goes from there.
    pub encoded: Span,
    /// Index of the [`Edit`] it belongs to.
    pub edit: u32,
}

/// Why a passage stays that is said before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptReason {
    /// Cut at words or sentences it is shorter than a passage.
    TooShort,
    /// It has too few tokens.
    FewTokens,
    /// Without it two words would be joined.
    JoinsWords,
    /// Somebody decided that both stay.
    Decided,
}

impl KeptReason {
    /// The words for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            KeptReason::TooShort => "too short once cut at a boundary",
            KeptReason::FewTokens => "too few tokens",
            KeptReason::JoinsWords => "without it two words would be joined",
            KeptReason::Decided => "decided to stay",
        }
    }
}

/// A passage that is said before and stays all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeptPassage {
    /// Where it stands.
    pub place: Place,
    /// Where it is said before.
    pub keeper: Place,
    /// Why it stays.
    pub reason: KeptReason,
}

/// A kept copy and what it replaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The kind of segment.
    pub unit: Unit,
    /// The kept copy.
    pub keeper: Place,
    /// Indices of the edits that name it, in text order.
    pub edits: Vec<u32>,
}

/// Everything that is to happen to a corpus.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The fate of each document.
    pub fates: Vec<Fate>,
    /// The repeats, in text order.
    pub edits: Vec<Edit>,
    /// What is cut from documents that are edited, removed in parts, or emptied: sorted and disjoint.
    pub cuts: Vec<Cut>,
    /// The parts of the edits.
    pub pieces: Vec<Span>,
    /// Passages that are said before and stay, in text order.
    pub kept_passages: Vec<KeptPassage>,
}

/// How much a plan held at some time.
#[derive(Clone, Copy)]
pub(super) struct PlanMarks {
    pub(super) edits: usize,
    cuts: usize,
    pieces: usize,
}

impl Plan {
    /// The cuts in one document, in order.
    pub fn cuts_of(&self, doc: DocId) -> &[Cut] {
        match self.fates[doc.index()] {
            // asked of every keeper, of which most stay whole
            Fate::Kept => &[],
            _ => self.cuts_of_all(doc.0..doc.0 + 1),
        }
    }

    /// The cuts in documents that follow each other, in order.
    pub fn cuts_of_all(&self, docs: Range<u32>) -> &[Cut] {
        of_documents(&self.cuts, docs, |cut| cut.place.doc)
    }

    /// The edits of documents that follow each other, in order.
    pub fn edits_of_all(&self, docs: Range<u32>) -> &[Edit] {
        of_documents(&self.edits, docs, |edit| edit.place.doc)
    }

    /// The parts of an edit that were compared.
    pub fn pieces_of(&self, edit: &Edit) -> &[Span] {
        &self.pieces[edit.pieces.start as usize..edit.pieces.end as usize]
    }

    /// The edits by the copy that stays: groups in the order of their keepers.
    pub fn groups(&self) -> Vec<Group> {
        let edits = memory::in_order(&self.edits).zip(0..);
        let mut order: Vec<(Place, Unit, u32)> = edits.map(|(edit, i)| (edit.keeper, edit.unit, i)).collect();
        order.par_sort_unstable();
        let group = |edits: &[(Place, Unit, u32)]| {
            let (keeper, unit, _) = edits[0];
            Group { unit, keeper, edits: edits.iter().map(|&(.., edit)| edit).collect() }
        };
        order.chunk_by(|a, b| (a.0, a.1) == (b.0, b.1)).map(group).collect()
    }

    /// How much there is: a point that [`Plan::undo_to`] can go back to.
    pub(super) fn marks(&self) -> PlanMarks {
        PlanMarks { edits: self.edits.len(), cuts: self.cuts.len(), pieces: self.pieces.len() }
    }

    /// Forgets what was added since.
    pub(super) fn undo_to(&mut self, marks: PlanMarks) {
        self.edits.truncate(marks.edits);
        self.cuts.truncate(marks.cuts);
        self.pieces.truncate(marks.pieces);
    }

    /// Sorts what was collected document by document.
    pub(super) fn sort(&mut self) {
        let mut order: Vec<u32> = (0..self.edits.len() as u32).collect();
        order.par_sort_unstable_by_key(|&i| {
            let edit = &self.edits[i as usize];
            (edit.place, edit.unit, i)
        });
        let mut new_index = vec![0; order.len()];
        for (new, &old) in order.iter().enumerate() {
            new_index[old as usize] = new as u32;
        }
        self.edits = order.iter().map(|&i| self.edits[i as usize].clone()).collect();
        for cut in &mut self.cuts {
            cut.edit = new_index[cut.edit as usize];
        }
        self.cuts.par_sort_by_key(|c| c.place);
        self.kept_passages.sort_by_key(|kept| (kept.place, kept.keeper));
    }
}

/// What stands in some documents, of items in the order of their documents.
fn of_documents<T>(items: &[T], docs: Range<u32>, doc_of: impl Fn(&T) -> DocId) -> &[T] {
    let from = items.partition_point(|item| doc_of(item).0 < docs.start);
    let to = from + items[from..].partition_point(|item| doc_of(item).0 < docs.end);
    &items[from..to]
}
