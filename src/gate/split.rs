//! Which split a record belongs to: the value of a field, such as `train` or `test`.

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::corpus::DocId;
use crate::error::{Error, Result};
use crate::input::{FieldPath, field_text};
use crate::pipeline::Outcome;

/// The splits of the documents that have repeats or keepers; one without the field belongs to none.
pub(super) struct Splits(FxHashMap<DocId, String>);

impl Splits {
    /// Looks into the records of all findings. Fails if no record of the corpus has the field: it is misspelt then, and
    /// a gate on it could not fail.
    pub(super) fn new(outcome: &Outcome, field: &FieldPath) -> Result<Splits> {
        let corpus = &outcome.corpus;
        let value = |doc: DocId| field_text(corpus.record(doc), field);
        let any = (0..corpus.len() as u32).into_par_iter().find_any(|&doc| value(DocId(doc)).is_some());
        if any.is_none() {
            return Err(Error::Usage(format!("--split-field {field}: no record has that field; check its spelling")));
        }
        let mut docs: Vec<DocId> = outcome.plan.edits.iter().flat_map(|e| [e.place.doc, e.keeper.doc]).collect();
        docs.sort_unstable();
        docs.dedup();
        Ok(Splits(docs.into_par_iter().filter_map(|doc| Some((doc, value(doc)?))).collect()))
    }

    /// The split of a document.
    pub(super) fn of(&self, doc: DocId) -> Option<&str> {
        self.0.get(&doc).map(String::as_str)
    }
}
