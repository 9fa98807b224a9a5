//! Locations of a report → the texts that they name.
//!
//! In: the corpus, just read or rebuilt from a saved run. Out: for any [`Location`] its document's text and the parts of it
//! that were compared. Always: what does not lie in the corpus is not found, whatever a report says.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::model::Location;
use crate::corpus::{Corpus, DocId, Span};

/// Finds documents by source and record.
pub struct Texts<'c> {
    corpus: &'c Corpus,
    sources: FxHashMap<String, usize>,
}

/// A segment with the text that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage<'c> {
    /// Its document.
    pub doc: DocId,
    /// The text of the whole document.
    pub text: Cow<'c, [u8]>,
    /// The parts of the text that were compared, ascending and disjoint.
    pub pieces: Vec<Span>,
}

impl<'c> Texts<'c> {
    /// The texts of a corpus.
    pub fn new(corpus: &'c Corpus) -> Texts<'c> {
        let sources = corpus.sources.iter().enumerate();
        Texts { corpus, sources: sources.map(|(index, s)| (s.path.display().to_string(), index)).collect() }
    }

    /// The corpus.
    pub fn corpus(&self) -> &'c Corpus {
        self.corpus
    }

    /// The document that is record number `record` of a source.
    pub fn document(&self, source: &str, record: u32) -> Option<DocId> {
        let docs = &self.corpus.sources[*self.sources.get(source)?].docs;
        let id = docs.start.checked_add(record.checked_sub(1)?)?;
        docs.contains(&id).then_some(DocId(id))
    }

    /// What stands at a location.
    pub fn at(&self, location: &Location) -> Option<Passage<'c>> {
        let doc = self.document(&location.source, location.record)?;
        let text = self.corpus.text(doc);
        let whole = [location.bytes];
        let pieces = if location.pieces.is_empty() { &whole } else { location.pieces.as_slice() };
        let pieces: Vec<Span> = pieces.iter().map(|&[start, end]| Span { start, end }).collect();
        let inside = pieces.iter().all(|p| p.start <= p.end && p.end as usize <= text.len());
        let ascending = pieces.windows(2).all(|w| w[0].end <= w[1].start);
        (inside && ascending).then_some(Passage { doc, text, pieces })
    }
}

impl<'c> Passage<'c> {
    /// The text that was compared.
    pub fn compared(&self) -> Cow<'_, [u8]> {
        match self.pieces.as_slice() {
            [one] => Cow::Borrowed(one.of(&self.text)),
            many => Cow::Owned(many.iter().map(|p| p.of(&self.text)).collect::<Vec<_>>().concat()),
        }
    }
}
