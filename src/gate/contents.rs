//! What findings say, as digests: the same wherever they stand.

use rayon::prelude::*;

use crate::corpus::Tokens;
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

/// The content of every edit of the plan, in order. Costs a pass over the keepers of near repeats, on all threads.
pub fn contents(outcome: &Outcome) -> Vec<Content> {
    outcome.plan.edits.par_iter().map_init(Tokens::default, |tokens, edit| content(outcome, edit, tokens)).collect()
}

fn content(outcome: &Outcome, edit: &Edit, tokens: &mut Tokens) -> Content {
    let repeat = edit.wording.digest;
    if edit.exact {
        return Content { repeat, keeper: repeat };
    }
    let cuts = outcome.plan.cuts_of(edit.keeper.doc).iter().map(|cut| cut.place.span);
    let left = outcome.corpus.text_of(edit.keeper.doc, &edit.keeper.span.without(cuts));
    tokens.read(&left, outcome.config.tokens);
    Content { repeat, keeper: digest(&tokens.hashes) }
}
