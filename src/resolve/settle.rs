//! Keeping without chains: documents are taken one by one in keep order, and each is settled before the next.
//!
//! A document is compared with the documents kept so far; if it repeats one it goes. Else its segments, largest unit
//! first, are compared with the segments kept so far, and those that repeat one are cut. What is left of it is compared
//! with the documents kept so far once more. Only then is it kept, and only what is left of it becomes a keeper.
//!
//! From this follow two promises. *Justified*: whatever is named as a keeper was verified as it stays, and nothing is
//! taken from it later. *Once is enough*: take the result through the same steps, and by induction each document meets
//! the keepers that it met the first time, and repeats none of them.
//!
//! Both need care where cuts change how the rest splits (sentences, nested units, a paragraph break decided anew). Then
//! what is left goes through the steps again until nothing changes. If a cut would hit a segment of the same document that
//! another cut names as its keeper, the document starts anew: with the paragraph break that what was left asked for, or
//! else with the other cut put off until nothing else is left to cut. A document that finds no rest in so many attempts
//! stays as it is.
//!
//! The pass is sequential, for each decision rests on those before it; what is dear was computed on all threads: sketches and
//! the likely verifications before, and what will likely be left of a document while others are settled ([`foresee`]).

mod encoded;
mod foresee;
mod keepers;
mod repeats;
mod text;
mod texts;

use std::cmp::Reverse;
use std::ops::Range;

use rustc_hash::FxHashMap;

use crate::corpus::{Corpus, DocId, Place, Segmenter, Span, TokenOptions, Tokens, Unit, is_blank};
use crate::error::Result;
use crate::memory;
use crate::progress::{Progress, Stage};
use crate::search::{Link, Searcher};
use crate::sketch::{Sketcher, Wording};

use super::attempt::{Attempt, Banned};
use super::form::Form;
use super::gaps::widen;
use super::keep::KeepPolicy;
use super::passages::{Mark, PassageSearch};
use super::plan::{Cut, Edit, Fate, Plan};
use super::rest::Rest;
use encoded::encoded;
use foresee::{Foreseen, batches, foresee};
use text::Text;
use texts::Texts;

/// Where a repeat counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// Anywhere in the corpus.
    #[default]
    Corpus,
    /// Inside one document.
    Document,
}

/// How the plan is made.
#[derive(Clone, Debug, Default)]
pub struct ResolveOptions {
    /// Where a repeat counts.
    pub scope: Scope,
    /// Documents of which nothing is left stay, empty.
    pub keep_empty: bool,
    /// How texts are split again after cuts.
    pub segmenter: Segmenter,
    /// How they are tokenised.
    pub tokens: TokenOptions,
    /// Which copy stays.
    pub policy: KeepPolicy,
}

/// The searchers of the units, largest first.
pub struct UnitSearch<'c> {
    /// For whole documents, if they are compared.
    pub documents: Option<Searcher<'c>>,
    /// For smaller units.
    pub segments: Vec<Searcher<'c>>,
    /// For passages, if they are compared.
    pub passages: Option<PassageSearch<'c>>,
}

/// Decides what goes. `order` holds every document once; nothing is removed from `protected` ones.
///
/// Costs a few look-ups per segment, and a new sketch for each document that is edited.
pub fn resolve(
    corpus: &Corpus,
    search: UnitSearch<'_>,
    order: &[DocId],
    protected: &[bool],
    options: &ResolveOptions,
    progress: &dyn Progress,
) -> Result<Plan> {
    progress.begin(Stage::Resolve, order.len() as u64);
    let _looking_up = memory::here_and_there();
    // keepers stand anywhere: the system would read megabytes around each, and the disk is asked for documents beforehand
    let from_disk = corpus.bytes() > memory::room_for_inputs();
    let _reading = from_disk.then(|| corpus.read_here_and_there());
    let mut plan = Plan { fates: vec![Fate::Kept; corpus.len()], ..Plan::default() };
    let mut settler = Settler {
        corpus,
        search,
        options,
        sketcher: Sketcher::new(options.tokens),
        tokens: Tokens::default(),
        plan: &mut plan,
        encoded: 0,
        edited: Vec::new(),
        foreseen: FxHashMap::default(),
    };
    // inside the pool: to hand it each batch from without would take as long as a part of the batch
    rayon::scope(|_| settler.settle_in_batches(order, protected, from_disk, progress))?;
    if options.policy == KeepPolicy::None {
        settler.remove_keepers(protected);
    }
    let UnitSearch { documents, segments, .. } = settler.search;
    documents.into_iter().chain(segments).for_each(Searcher::let_go);
    plan.sort();
    progress.end();
    Ok(plan)
}

/// How many documents before its own turn the memory that one needs is asked for.
const AHEAD: usize = 4;

/// Documents for which tables are asked for from the disk together, as many before their turn.
const STRETCH: usize = 2048;

/// The state of the pass.
struct Settler<'c, 'o> {
    corpus: &'c Corpus,
    search: UnitSearch<'c>,
    options: &'o ResolveOptions,
    sketcher: Sketcher,
    tokens: Tokens,
    plan: &'o mut Plan,
    /// Of so many cuts of the plan it is known where they stand in the source.
    encoded: usize,
    /// The class of what is left of each document, as far as one was edited and that is compared.
    edited: Vec<Option<u32>>,
    /// Of the documents that are settled now, those of which anything is foreseen.
    foreseen: FxHashMap<DocId, Foreseen<'c>>,
}

/// A segment or passage that repeats a kept one, in coordinates of what is left of its document.
#[derive(Clone, Copy)]
pub(super) struct Repeat {
    pub(super) span: Span,
    pub(super) unit: Unit,
    pub(super) wording: Wording,
    pub(super) link: Link,
}

/// How much is kept in the searchers of segments and of passages: a point to go back to while a document is settled.
struct Marks {
    segments: Vec<usize>,
    passages: Option<Mark>,
}

impl<'c> Settler<'c, '_> {
    /// Settles all documents, batch after batch; what will likely be left of those of the next is worked out meanwhile, and where the
    /// cuts of those before stand in their sources.
    fn settle_in_batches(
        &mut self,
        order: &[DocId],
        protected: &[bool],
        from_disk: bool,
        progress: &dyn Progress,
    ) -> Result<()> {
        let (corpus, options) = (self.corpus, self.options);
        let documents = self.search.documents.as_ref().map(|documents| documents.table().options);
        let batches = batches(corpus, order);
        let texts = Texts { corpus, batches: &batches, from_disk };
        texts.begin();
        let mut from = 0;
        for (i, now) in batches.iter().enumerate() {
            let likely = self.likely(now, batches.get(i + 1).copied().unwrap_or_default());
            let range = from..from + now.len();
            from = range.end;
            let cuts = self.places_of_new_cuts();
            let beside = || {
                texts.turn_to(i);
                texts.will_verify(likely.iter().flat_map(|likely| likely.verified.iter().copied()));
                (foresee(corpus, options, documents, likely), encoded(corpus, &cuts))
            };
            let (settled, (foreseen, encoded)) =
                rayon::join(|| self.settle_all(order, range, protected, progress), beside);
            settled?;
            self.foreseen = foreseen;
            self.note_encoded(encoded);
        }
        self.encode_new_cuts();
        Ok(())
    }

    /// Settles the documents of a range of `order`.
    fn settle_all(
        &mut self,
        order: &[DocId],
        range: Range<usize>,
        protected: &[bool],
        progress: &dyn Progress,
    ) -> Result<()> {
        for i in range {
            let doc = order[i];
            if i % STRETCH == 0 {
                // the stretch after this one; at the start, this one too
                let from = if i == 0 { 0 } else { order.len().min(i + STRETCH) };
                self.will_settle(&order[from..order.len().min(i + 2 * STRETCH)]);
            }
            order.get(i + AHEAD).inspect(|&&next| self.prepare(next));
            if i % 256 == 0 {
                progress.check()?;
                progress.advance(256);
            }
            memory::touched(memory::AROUND);
            self.commit();
            let marks = self.marks();
            let fate = if protected[doc.index()] { self.protect(doc) } else { self.settle(doc) };
            if self.options.scope == Scope::Document {
                self.undo_parts(&marks);
            }
            self.plan.fates[doc.index()] = fate;
        }
        Ok(())
    }

    fn marks(&self) -> Marks {
        Marks {
            segments: self.search.segments.iter().map(Searcher::mark).collect(),
            passages: self.search.passages.as_ref().map(PassageSearch::mark),
        }
    }

    /// Says that a document will soon be settled.
    fn prepare(&self, doc: DocId) {
        self.search.documents.iter().chain(&self.search.segments).for_each(|searcher| searcher.prepare(doc));
    }

    /// Says that some documents will be settled after those that follow now.
    fn will_settle(&self, docs: &[DocId]) {
        self.search.documents.iter().chain(&self.search.segments).for_each(|searcher| searcher.will_search(docs));
    }

    /// The documents before stay as they are.
    fn commit(&mut self) {
        self.search.documents.iter_mut().chain(&mut self.search.segments).for_each(Searcher::commit);
        if let Some(passages) = &mut self.search.passages {
            passages.commit();
        }
    }

    /// Forgets what was kept since, but for whole documents.
    fn undo_parts(&mut self, marks: &Marks) {
        for (searcher, &mark) in self.search.segments.iter_mut().zip(&marks.segments) {
            searcher.undo_to(mark);
        }
        if let Some((passages, mark)) = self.search.passages.as_mut().zip(marks.passages) {
            passages.undo_to(mark);
        }
    }

    /// Keeps a document whole, whatever it repeats.
    fn protect(&mut self, doc: DocId) -> Fate {
        let rows = |s: &Searcher<'_>| s.table().rows_of(doc).to_vec();
        for searcher in self.search.documents.iter_mut().chain(&mut self.search.segments) {
            for row in rows(searcher) {
                searcher.keep(row.class, Place { doc, span: row.span });
            }
        }
        if let Some(passages) = &mut self.search.passages {
            passages.protect(doc);
        }
        Fate::Kept
    }

    /// Removes a document, or cuts what it repeats and keeps the rest.
    fn settle(&mut self, doc: DocId) -> Fate {
        let mut foreseen = self.foreseen.remove(&doc).unwrap_or_default();
        let whole = self.search.documents.as_ref().and_then(|d| d.table().rows_of(doc).first().copied());
        if let Some(row) = whole
            && self.remove_if_repeat(doc, row.class, &[row.span], &mut foreseen.set)
        {
            return Fate::Removed;
        }
        let marks = self.marks();
        let text = Text::new(self.corpus, doc, foreseen.text.take());
        let repeats = self.repeats_in_rows(doc, &text);
        let fate =
            if repeats.is_empty() { Fate::Kept } else { self.settle_parts(doc, &text, repeats, foreseen, &marks) };
        if let (Fate::Kept, Some(row)) = (fate, whole) {
            self.keep_document(doc, row.class, &[row.span]);
        }
        if let (Fate::Kept | Fate::Edited, Some(passages)) = (fate, &mut self.search.passages) {
            self.plan.kept_passages.extend(passages.take_stay());
        }
        fate
    }

    /// Removes a document by what its parts repeat, or cuts these.
    fn settle_parts(
        &mut self,
        doc: DocId,
        text: &Text<'c>,
        repeats: Vec<Repeat>,
        foreseen: Foreseen<'_>,
        marks: &Marks,
    ) -> Fate {
        let Foreseen { paragraph_break, rest, mut set, .. } = foreseen;
        if self.remove_by_parts(doc, text.get(), &repeats, &mut set) {
            self.undo_parts(marks);
            return Fate::Removed;
        }
        let paragraph_break = paragraph_break.unwrap_or_else(|| self.options.segmenter.decide(text.get()));
        let attempt = Attempt::new(paragraph_break, self.plan.marks().edits);
        self.settle_segments(doc, text, (repeats, rest), attempt, marks)
    }

    /// Removes a document that repeats a kept one as that was read, though not what is left of it: the kept one has lost
    /// segments that stand in others. Each segment that stands in others is cut for its own keeper, and what is left is
    /// verified against what is left of the kept document, which is the one that most of the repeats are from. `set` is that of
    /// the document, if it is known.
    fn remove_by_parts(&mut self, doc: DocId, text: &[u8], repeats: &[Repeat], set: &mut Option<Vec<u64>>) -> bool {
        let Some((keeper, class)) = self.likely_keeper(doc, repeats) else { return false };
        let Some(documents) = &mut self.search.documents else { return false };
        let class_of = |doc: DocId| documents.table().rows_of(doc).first().map(|row| row.class);
        let (Some(own), Some(other)) = (class_of(doc), class_of(keeper)) else { return false };
        if !documents.are_alike(own, other, set) {
            return false;
        }
        let form = Form::whole(text.len());
        let elsewhere = |r: &&Repeat| r.link.keeper.doc != keeper && r.link.keeper.doc != doc;
        let parts: Vec<Repeat> = repeats.iter().filter(elsewhere).copied().collect();
        let marks = self.plan.marks();
        let Some(rest) = self.cut(doc, &form, text, &parts) else { return false };
        let compared = self.search.documents.as_mut().and_then(|d| d.compare(&rest.text(text), class));
        match compared {
            Some((link, wording)) => self.push_edit(doc, Unit::Document, rest.spans(), wording, link),
            None => {
                self.plan.undo_to(marks);
                return false;
            }
        };
        true
    }

    /// The edited document that most of the repeated tokens are from, and the class of what is left of it, if it might hold
    /// the rest of the document too.
    fn likely_keeper(&self, doc: DocId, repeats: &[Repeat]) -> Option<(DocId, u32)> {
        let mut tokens: FxHashMap<DocId, u32> = FxHashMap::default();
        for repeat in repeats {
            *tokens.entry(repeat.link.keeper.doc).or_default() += repeat.wording.tokens;
        }
        tokens.remove(&doc);
        let (keeper, most) = tokens.into_iter().max_by_key(|&(keeper, tokens)| (tokens, Reverse(keeper)))?;
        let repeated: u32 = repeats.iter().filter(|r| r.link.keeper.doc != keeper).map(|r| r.wording.tokens).sum();
        let class = self.edited.get(keeper.index()).copied().flatten()?;
        let documents = self.search.documents.as_ref()?;
        let row = documents.table().rows_of(doc).first()?;
        let rest = documents.table().tokens_of(row.class).saturating_sub(repeated);
        (most * 2 > rest).then_some((keeper, class))
    }

    /// Cuts the repeats found in a document until what is left of it repeats nothing, and keeps that. What will be left after
    /// these may be foreseen. `marks` is what was kept before.
    fn settle_segments(
        &mut self,
        doc: DocId,
        text: &Text<'c>,
        (repeats, mut foreseen): (Vec<Repeat>, Option<Rest<'_>>),
        mut attempt: Attempt,
        marks: &Marks,
    ) -> Fate {
        let plan_marks = self.plan.marks();
        let mut from_rows = Some(repeats);
        while attempt.left > 0 {
            let rest = self.attempt(doc, text, &mut attempt, (from_rows.take(), foreseen.take()), marks);
            if let Some(fate) = rest.and_then(|rest| self.settle_rest(doc, rest, marks, &mut attempt)) {
                return fate;
            }
            attempt.left = attempt.left.saturating_sub(1);
            self.plan.undo_to(plan_marks);
            self.undo_parts(marks);
        }
        self.repeats_in_rows(doc, text); // keeps those that are no repeats
        Fate::Kept
    }

    /// Cuts until nothing changes; `None` if the attempt has to be made again, with what was learnt in `attempt`. The
    /// repeats in the document as it was read may be known already, and what is left without them.
    fn attempt<'t>(
        &mut self,
        doc: DocId,
        text: &'t Text<'c>,
        attempt: &mut Attempt,
        (mut known, mut foreseen): (Option<Vec<Repeat>>, Option<Rest<'t>>),
        marks: &Marks,
    ) -> Option<Rest<'t>> {
        let original: &'t [u8] = text.get();
        let mut rest = Rest::whole(original, attempt.first_break);
        loop {
            let repeats = known.take().unwrap_or_else(|| self.repeats_in_rest(doc, text, &rest, attempt));
            let conflicts = self.conflicts(doc, &rest.form, &repeats, attempt.first_edit);
            if !conflicts.is_empty() {
                attempt.learn(rest.paragraph_break, conflicts);
                return None;
            }
            let Some(form) = self.cut(doc, &rest.form, &rest.text, &repeats) else { return Some(rest) };
            let before = rest.paragraph_break;
            let foreseen = foreseen.take().filter(|foreseen| foreseen.form == form);
            debug_assert!(foreseen.as_ref().is_none_or(|foreseen| foreseen.text == form.text(original)));
            rest = foreseen.unwrap_or_else(|| Rest::new(form, original, self.options.segmenter));
            if self.splits_alike() && rest.paragraph_break == before {
                return Some(rest);
            }
            self.undo_parts(marks);
        }
    }

    /// The repeats, and the edits since `first_edit`, whose keeper in this document is hit by one of the repeats.
    fn conflicts(&self, doc: DocId, form: &Form, repeats: &[Repeat], first_edit: usize) -> Vec<Banned> {
        let hulls: Vec<Span> = repeats.iter().filter_map(|r| form.hull(r.span)).collect();
        let here = repeats.iter().zip(&hulls).map(|(r, &hull)| (r.link.keeper, Banned { unit: r.unit, span: hull }));
        let edits = &self.plan.edits[first_edit..];
        let before = edits.iter().map(|e| (e.keeper, Banned { unit: e.unit, span: e.place.span }));
        let hit = |keeper: &Place| keeper.doc == doc && overlaps_any(&hulls, |hull| *hull, keeper.span);
        here.chain(before).filter(|(keeper, _)| hit(keeper)).map(|(_, banned)| banned).collect()
    }

    /// Decides about what is left of a document after cuts; `None` if the attempt has to be made again: the document would
    /// go, and with it keepers of its own cuts, so it is to be judged without these.
    fn settle_rest(&mut self, doc: DocId, rest: Rest<'_>, marks: &Marks, attempt: &mut Attempt) -> Option<Fate> {
        let Rest { form, text, sketch, .. } = rest;
        if form.is_whole() {
            return Some(Fate::Kept);
        }
        if is_blank(&text) && !self.options.keep_empty {
            self.undo_parts(marks);
            return Some(Fate::Emptied);
        }
        let Some(documents) = self.search.documents.as_mut() else { return Some(Fate::Edited) };
        let sketch = sketch.unwrap_or_else(|| self.sketcher.sketch(&text));
        let class = documents.add(&mut self.sketcher, sketch, doc, form.spans());
        let Some(class) = class else { return Some(Fate::Edited) };
        let own: Vec<Banned> = self.plan.edits[attempt.first_edit..]
            .iter()
            .filter(|e| e.keeper.doc == doc)
            .map(|e| Banned { unit: e.unit, span: e.place.span })
            .collect();
        if self.remove_if_repeat(doc, class, form.spans(), &mut None) {
            if !own.is_empty() {
                attempt.forbidden.extend(own);
                return None;
            }
            self.undo_parts(marks);
            return Some(Fate::Removed);
        }
        self.keep_document(doc, class, form.spans());
        self.note_edited(doc, class);
        Some(Fate::Edited)
    }

    /// Notes the class of what is left of an edited document.
    fn note_edited(&mut self, doc: DocId, class: u32) {
        if self.edited.len() <= doc.index() {
            self.edited.resize(doc.index() + 1, None);
        }
        self.edited[doc.index()] = Some(class);
    }

    fn keep_document(&mut self, doc: DocId, class: u32, spans: &[Span]) {
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return };
        let place = Place { doc, span: Span { start: first.start, end: last.end } };
        if let Some(documents) = &mut self.search.documents {
            documents.keep(class, place);
        }
    }

    /// Removes what is left of a document, `spans`, if it repeats a kept document. Its `set` may be known.
    fn remove_if_repeat(&mut self, doc: DocId, class: u32, spans: &[Span], set: &mut Option<Vec<u64>>) -> bool {
        let Some(documents) = &mut self.search.documents else { return false };
        let Some(link) = documents.find(class, set) else { return false };
        let wording = documents.table().wording_of(class);
        self.push_edit(doc, Unit::Document, spans, wording, link);
        true
    }

    /// Notes an edit; gives its index.
    fn push_edit(&mut self, doc: DocId, unit: Unit, spans: &[Span], wording: Wording, link: Link) -> u32 {
        let first = self.plan.pieces.len() as u32;
        self.plan.pieces.extend_from_slice(spans);
        let start = spans.first().map_or(0, |s| s.start);
        let end = spans.last().map_or(0, |s| s.end);
        self.plan.edits.push(Edit {
            place: Place { doc, span: Span { start, end } },
            pieces: first..first + spans.len() as u32,
            unit,
            keeper: link.keeper,
            similarity: link.similarity,
            exact: link.exact,
            wording,
        });
        self.plan.edits.len() as u32 - 1
    }

    /// Cuts repeats out of what is left of a document; what is left then, or `None` if nothing was cut.
    fn cut(&mut self, doc: DocId, form: &Form, left: &[u8], repeats: &[Repeat]) -> Option<Form> {
        let spans: Vec<Span> = repeats.iter().map(|r| r.span).collect();
        let mut cuts = Vec::new();
        for (repeat, cut) in repeats.iter().zip(widen(left, &spans)) {
            let Some(cut) = cut else { continue };
            let edit = self.push_edit(doc, repeat.unit, &form.original(repeat.span), repeat.wording, repeat.link);
            for span in form.original(cut) {
                cuts.push(span);
                self.plan.cuts.push(Cut { place: Place { doc, span }, encoded: Span::default(), edit });
            }
        }
        (!cuts.is_empty()).then(|| form.without(&cuts))
    }

    /// Whether what is left after cuts surely splits into the segments that were not cut, the paragraph break given.
    fn splits_alike(&self) -> bool {
        let only = match self.search.segments.as_slice() {
            [only] if self.search.passages.is_none() => only.table().options.unit,
            _ => return false,
        };
        only != Unit::Sentence
    }
}

/// Whether a span shares a byte with one of `items`, whose spans are ascending and disjoint.
pub(super) fn overlaps_any<T>(items: &[T], span_of: impl Fn(&T) -> Span, span: Span) -> bool {
    let after = items.partition_point(|item| span_of(item).end <= span.start);
    items.get(after).is_some_and(|item| span_of(item).overlaps(span))
}
