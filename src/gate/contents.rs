//! What findings say, as digests: the same wherever they stand.

use rayon::prelude::*;

use crate::corpus::{DocId, Span, Tokens};
use crate::pipeline::Outcome;
use crate::resolve::Edit;
use crate::sketch::digest;

/// The digests of the normalised tokens of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Of the repeat.
    pub repeat: u128,
    /// Of the copy that it repeats.
    pub keeper: u128,
}

/// The content of every edit of the plan, in order. Costs a pass over the text of the findings, on all threads.
pub fn contents(outcome: &Outcome) -> Vec<Content> {
    outcome.plan.edits.par_iter().map_init(Tokens::default, |tokens, edit| content(outcome, edit, tokens)).collect()
}

fn content(outcome: &Outcome, edit: &Edit, tokens: &mut Tokens) -> Content {
    let repeat = said(outcome, edit.place.doc, outcome.plan.pieces_of(edit), tokens);
    if edit.exact {
        return Content { repeat, keeper: repeat };
    }
    let cuts = outcome.plan.cuts_of(edit.keeper.doc).iter().map(|cut| cut.place.span);
    Content { repeat, keeper: said(outcome, edit.keeper.doc, &edit.keeper.span.without(cuts), tokens) }
}

/// The digest of what some pieces of a document say.
pub fn said(outcome: &Outcome, doc: DocId, pieces: &[Span], tokens: &mut Tokens) -> u128 {
    tokens.read(&outcome.corpus.text_of(doc, pieces), outcome.config.tokens);
    digest(&tokens.hashes)
}
