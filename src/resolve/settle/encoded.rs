//! Where cuts stand in the sources, escapes and all; worked out while the text is still in the cache.
//!
//! In: the cuts of documents that are settled. Out: the same cuts with [`Cut::encoded`](crate::resolve::Cut::encoded). Always: a
//! function of texts and places, so when it is worked out, and on which thread, decides nothing.

use rayon::prelude::*;

use super::Settler;
use crate::corpus::{Corpus, Place, Span};

impl Settler<'_, '_> {
    /// Works out where the cuts stand in the sources of which that is not known. Before the plan is sorted: then they are no longer the
    /// last ones.
    pub(super) fn encode_new_cuts(&mut self) {
        let places = self.places_of_new_cuts();
        self.note_encoded(encoded(self.corpus, &places));
    }

    /// Puts the cuts in order that came since [`Settler::note_encoded`], and gives where they stand in the texts.
    pub(super) fn places_of_new_cuts(&mut self) -> Vec<Place> {
        let new = &mut self.plan.cuts[self.encoded..];
        new.sort_unstable_by_key(|cut| cut.place);
        new.iter().map(|cut| cut.place).collect()
    }

    /// Notes where the first cuts stand in the sources of which that was not known.
    pub(super) fn note_encoded(&mut self, spans: Vec<Span>) {
        let cuts = &mut self.plan.cuts[self.encoded..];
        cuts.iter_mut().zip(&spans).for_each(|(cut, &span)| cut.encoded = span);
        self.encoded += spans.len();
    }
}

/// Where ascending, disjoint places stand in the texts as the sources hold them. Costs a pass over each text, on all threads.
pub(super) fn encoded(corpus: &Corpus, places: &[Place]) -> Vec<Span> {
    let of_document = |places: &[Place]| {
        let spans: Vec<Span> = places.iter().map(|place| place.span).collect();
        corpus.encoded_spans(places[0].doc, &spans)
    };
    places.par_chunk_by(|a, b| a.doc == b.doc).flat_map_iter(of_document).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{DocId, Encoding};

    #[test]
    fn escapes_go_with_what_they_stand_for() {
        let mut corpus = Corpus::from_texts([r"one\ntwo\u00e9 three", "one\ntwo"]);
        corpus.documents[0].encoding = Encoding::Json;
        let at = |doc, start, end| Place { doc: DocId(doc), span: Span { start, end } };
        let places = [at(0, 0, 3), at(0, 3, 9), at(0, 10, 15), at(1, 3, 7)];
        let stand: Vec<&[u8]> = encoded(&corpus, &places)
            .iter()
            .zip(&places)
            .map(|(span, place)| span.of(&corpus.sources[place.doc.index()].bytes))
            .collect();
        assert_eq!(stand, [&b"one"[..], br"\ntwo\u00e9", b"three", b"\ntwo"]);
    }
}
