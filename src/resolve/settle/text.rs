//! The text of the document that is settled: read when it is first asked for, and only then.

use std::borrow::Cow;
use std::cell::OnceCell;

use crate::corpus::{Corpus, DocId};

/// See above.
pub(super) struct Text<'c> {
    corpus: &'c Corpus,
    doc: DocId,
    text: OnceCell<Cow<'c, [u8]>>,
}

impl<'c> Text<'c> {
    /// The text of a document, which may have been read already.
    pub(super) fn new(corpus: &'c Corpus, doc: DocId, known: Option<Cow<'c, [u8]>>) -> Text<'c> {
        Text { corpus, doc, text: known.map_or_else(OnceCell::new, OnceCell::from) }
    }

    pub(super) fn get(&self) -> &Cow<'c, [u8]> {
        self.text.get_or_init(|| self.corpus.text(self.doc))
    }
}
