//! What will likely be left of the documents that are settled next, worked out on the other threads meanwhile.
//!
//! Each decision rests on those before it, so one thread decides. What it will ask for can be guessed: most segments that go
//! are equal, or known to be similar, to one that is kept already. In: documents, and the searchers as they are a batch
//! before. Out: their texts, what is left of them without these segments, sketched, and the sets of those that look like a kept
//! one. Always: what is foreseen is a function of texts and options; it is used where a decision asks for just that, and else
//! thrown away. So nothing that is decided depends on what was guessed. With one thread nothing is foreseen: what was
//! guessed wrongly, and texts that have left the cache, made that stage a quarter longer.
//!
//! Tried and refused: batches of 1 MiB, each handed to the pool from without. To wake threads that often took as long as they
//! saved. And to look up here which classes have the bands of what is left: under a limit on memory that takes a quarter of the
//! deciding thread's time, but here it is not known which bands are as before, twice as many are looked up, and nothing was gained. Nor was anything by looking at
//! the buckets of all segments of the next batch here beforehand, on all threads, nor by asking the disk from here (20 GB at 1 GiB: 154 s both ways).

use std::borrow::Cow;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{ResolveOptions, Scope, Settler, UnitSearch};
use crate::corpus::{Corpus, DocId, ParagraphBreak, Place, Segmenter, Span};
use crate::resolve::form::Form;
use crate::resolve::gaps::widen;
use crate::resolve::rest::Rest;
use crate::search::Searcher;
use crate::sketch::{Row, SketchOptions, Sketcher};

/// Bytes of text in a batch; few in debug builds, so that small corpora of tests have many batches.
const BATCH: u64 = if cfg!(debug_assertions) { 1 << 10 } else { 4 << 20 };

/// Documents in a batch, at the most.
const DOCUMENTS: usize = if cfg!(debug_assertions) { 3 } else { 4096 };

/// Documents in runs of about [`BATCH`] bytes of text.
pub(super) fn batches<'d>(corpus: &Corpus, mut docs: &'d [DocId]) -> Vec<&'d [DocId]> {
    let mut batches = Vec::new();
    while !docs.is_empty() {
        let mut bytes = 0;
        let fits = |doc: &&DocId| {
            let before = bytes;
            bytes += u64::from(corpus.document(**doc).text_len);
            before < BATCH
        };
        let len = docs.iter().take(DOCUMENTS).take_while(fits).count();
        let (batch, later) = docs.split_at(len);
        batches.push(batch);
        docs = later;
    }
    batches
}

/// What will likely be asked for when a document is settled.
pub(super) struct Likely {
    doc: DocId,
    /// Where the kept documents stand that it is verified against, for which its set is asked for.
    pub(super) verified: Vec<Place>,
    /// What is left without these segments.
    repeats: Vec<Span>,
}

/// What is worked out of a document before it is settled.
#[derive(Default)]
pub(super) struct Foreseen<'c> {
    pub(super) text: Option<Cow<'c, [u8]>>,
    /// What separates its paragraphs.
    pub(super) paragraph_break: Option<ParagraphBreak>,
    /// What will likely be left.
    pub(super) rest: Option<Rest<'static>>,
    /// Its set of shingles.
    pub(super) set: Option<Vec<u64>>,
}

impl<'c> Settler<'c, '_> {
    /// What will likely be asked for of the documents `next`, which are settled after those of the batch `now`.
    pub(super) fn likely(&self, now: &[DocId], next: &[DocId]) -> Vec<Likely> {
        // nobody is there to work it out, or nothing counts that is kept in another document
        if rayon::current_num_threads() == 1 || self.options.scope == Scope::Document {
            return Vec::new();
        }
        let mut soon: Vec<DocId> = [now, next].concat();
        soon.sort_unstable();
        let likely = |&doc: &DocId| likely(&self.search, &soon, doc);
        next.par_iter().with_min_len(32).filter_map(likely).collect()
    }
}

/// What will likely be asked for of a document, if anything. Those of `soon` are not all settled yet.
fn likely(search: &UnitSearch<'_>, soon: &[DocId], doc: DocId) -> Option<Likely> {
    let before = |span: Span| move |place: Place| place < Place { doc, span } && soon.binary_search(&place.doc).is_ok();
    let goes = |searcher: &Searcher<'_>, row: &Row| searcher.is_likely_repeat(row.class, before(row.span));
    let whole =
        search.documents.as_ref().and_then(|documents| Some((documents, documents.table().rows_of(doc).first()?)));
    if whole.is_some_and(|(documents, row)| goes(documents, row)) {
        return None;
    }
    let verified = whole.map(|(documents, row)| documents.likely_verified(row.class)).unwrap_or_default();
    // of segments in segments it is not known here which are left when it is their turn
    let segments = search.segments.first().filter(|_| search.segments.len() == 1);
    let rows = segments.into_iter().flat_map(|segments| {
        segments.table().rows_of(doc).iter().filter(|row| goes(segments, row)).map(|row| row.span)
    });
    let repeats: Vec<Span> = rows.collect();
    // where passages are sought, every text is
    let is_read = search.passages.is_some() || !verified.is_empty() || !repeats.is_empty();
    is_read.then_some(Likely { doc, verified, repeats })
}

/// Works out what will likely be asked for; `documents` is how documents are sketched, if they are compared.
pub(super) fn foresee<'c>(
    corpus: &'c Corpus,
    options: &ResolveOptions,
    documents: Option<SketchOptions>,
    likely: Vec<Likely>,
) -> FxHashMap<DocId, Foreseen<'c>> {
    let foresee = |sketcher: &mut Sketcher, Likely { doc, verified, repeats }: Likely| {
        let text = corpus.text(doc);
        let set =
            documents.filter(|_| !verified.is_empty()).map(|documents| sketcher.shingle_set(&text, documents.shingler));
        let mut foreseen = Foreseen { set, ..Foreseen::default() };
        if !repeats.is_empty() {
            foreseen.rest = Some(without(&repeats, &text, options.segmenter, documents, sketcher));
            foreseen.paragraph_break = Some(options.segmenter.decide(&text));
        }
        foreseen.text = Some(text);
        (doc, foreseen)
    };
    likely.into_par_iter().map_init(|| Sketcher::new(options.tokens), foresee).collect()
}

/// What is left of a text without these segments, sketched.
fn without(
    repeats: &[Span],
    text: &[u8],
    segmenter: Segmenter,
    documents: Option<SketchOptions>,
    sketcher: &mut Sketcher,
) -> Rest<'static> {
    let cuts: Vec<Span> = widen(text, repeats).into_iter().flatten().collect();
    let rest = Rest::new(Form::whole(text.len()).without(&cuts), text, segmenter);
    let sketch = documents.map(|documents| sketcher.sketch_and_sign(&rest.text, documents));
    Rest { sketch, ..rest.into_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Shingler, TokenOptions, Tokens, Unit, shingle_set};
    use crate::resume::Parts;
    use crate::search::SearchOptions;
    use crate::sketch::{Banding, sketch};

    fn of(unit: Unit) -> SketchOptions {
        SketchOptions { unit, shingler: Shingler::new(2), min_tokens: 1, banding: Some(Banding::for_threshold(0.8)) }
    }

    fn searched(corpus: &Corpus) -> UnitSearch<'_> {
        let units = [of(Unit::Document), of(Unit::Line)];
        let tokens = TokenOptions::default();
        let (tables, _) = sketch(corpus, Segmenter::default(), tokens, &units, Parts::none(), &()).unwrap();
        let searcher =
            |table| Searcher::new(corpus, table, SearchOptions::default(), tokens, true, Parts::none(), &()).unwrap();
        let mut searchers = tables.into_iter().map(searcher);
        UnitSearch { documents: searchers.next(), segments: searchers.collect(), passages: None }
    }

    #[test]
    fn batches_hold_all_documents_in_order() {
        let corpus = Corpus::from_texts((0..50).map(|i| "word ".repeat(i * i)));
        let ids: Vec<DocId> = corpus.ids().collect();
        let batches = batches(&corpus, &ids);
        assert_eq!(batches.concat(), ids);
        assert!(batches.len() > 10 && batches.iter().all(|batch| (1..=DOCUMENTS).contains(&batch.len())));
    }

    #[test]
    fn segments_that_are_said_before_will_likely_go() {
        let corpus =
            Corpus::from_texts(["one two three\nfour five six", "seven eight\none two three", "nine\nseven eight"]);
        let (search, soon) = (searched(&corpus), [DocId(0), DocId(1), DocId(2)]);
        let repeats = |soon: &[DocId], doc| likely(&search, soon, DocId(doc)).map(|likely| likely.repeats);
        assert_eq!(repeats(&soon, 0), None);
        assert_eq!(repeats(&soon, 1), Some(vec![Span::new(12, 25)]));
        assert_eq!(repeats(&soon, 2), Some(vec![Span::new(5, 16)]));
        // document 0 was settled, and nothing of it is kept
        assert_eq!(repeats(&soon[1..], 1), None);
    }

    #[test]
    fn a_document_that_is_said_before_will_likely_go_whole() {
        let corpus = Corpus::from_texts(["one two three\nfour five six", "One two three\nfour five six"]);
        assert!(likely(&searched(&corpus), &[DocId(0), DocId(1)], DocId(1)).is_none());
    }

    #[test]
    fn what_is_foreseen_is_what_would_be_made() {
        let text = "one two three\n\nfour five six\nseven eight";
        let corpus = Corpus::from_texts([text]);
        let options = ResolveOptions::default();
        let wanted = Likely {
            doc: DocId(0),
            verified: vec![Place { doc: DocId(0), span: Span::new(0, 13) }],
            repeats: vec![Span::new(15, 28)],
        };
        let foreseen = foresee(&corpus, &options, Some(of(Unit::Document)), vec![wanted]).remove(&DocId(0)).unwrap();
        let rest = foreseen.rest.unwrap();
        assert_eq!(&*rest.text, b"one two three\n\nseven eight");
        assert_eq!(rest.paragraph_break, options.segmenter.decide(&rest.text));
        assert_eq!(foreseen.paragraph_break, Some(options.segmenter.decide(text.as_bytes())));
        let mut tokens = Tokens::default();
        tokens.read(&rest.text, options.tokens);
        assert_eq!(rest.sketch.unwrap().into_tokens(), tokens.hashes);
        tokens.read(text.as_bytes(), options.tokens);
        assert_eq!(foreseen.set, Some(shingle_set(&tokens.hashes, of(Unit::Document).shingler)));
    }
}
