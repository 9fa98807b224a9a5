//! What was learnt while one document is settled: which cuts were in each other's way.
//!
//! A cut may hit a segment of the same document that another cut names as its keeper. Then the document starts anew, with
//! what is known here; see [`settle`](super::settle).

use rustc_hash::FxHashSet;

use super::settle::Repeat;
use crate::corpus::{DocId, ParagraphBreak, Span, Unit};

/// A segment, as a span of the original, that is not to be cut for a keeper in its own document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Banned {
    pub(super) unit: Unit,
    pub(super) span: Span,
}

/// What an attempt makes of a repeat.
pub(super) enum Standing {
    Free,
    Deferred,
    Forbidden,
}

/// How a repeat at `span` of the original stands: only if its keeper is in its own document it may be held back.
pub(super) fn standing(doc: DocId, repeat: &Repeat, span: Span, attempt: Option<&Attempt>) -> Standing {
    let banned = Banned { unit: repeat.unit, span };
    match attempt.filter(|_| repeat.link.keeper.doc == doc) {
        Some(attempt) if attempt.forbidden.contains(&banned) => Standing::Forbidden,
        Some(attempt) if attempt.deferred.contains(&banned) => Standing::Deferred,
        _ => Standing::Free,
    }
}

/// What is tried with one document.
pub(super) struct Attempt {
    /// The paragraph break to begin with.
    pub(super) first_break: ParagraphBreak,
    /// The breaks that attempts began with.
    tried: Vec<ParagraphBreak>,
    /// Not to be cut as long as there is anything else to cut.
    pub(super) deferred: FxHashSet<Banned>,
    /// Not to be cut.
    pub(super) forbidden: FxHashSet<Banned>,
    /// Where the edits of this document begin.
    pub(super) first_edit: usize,
    /// Attempts left.
    pub(super) left: usize,
}

impl Attempt {
    pub(super) fn new(first_break: ParagraphBreak, first_edit: usize) -> Attempt {
        Attempt {
            first_break,
            tried: vec![first_break],
            deferred: FxHashSet::default(),
            forbidden: FxHashSet::default(),
            first_edit,
            left: ATTEMPTS,
        }
    }

    /// Learns from conflicts met under a paragraph break.
    pub(super) fn learn(&mut self, met_under: ParagraphBreak, conflicts: Vec<Banned>) {
        if !self.tried.contains(&met_under) {
            self.tried.push(met_under);
            self.first_break = met_under;
            self.deferred.clear();
            return;
        }
        let known = self.deferred.len();
        self.deferred.extend(conflicts);
        if self.deferred.len() == known {
            self.left = 0;
        }
    }
}

/// Attempts to settle a document before it is left as it is.
const ATTEMPTS: usize = 16;
