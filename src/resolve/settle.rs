//! Keeping without chains: documents are taken one by one in keep order, and each is settled before the next.
//!
//! A document is compared with the documents kept so far; if it repeats one it goes. Else its segments, largest unit
//! first, are compared with the segments kept so far, and those that repeat one are cut. What is left of it is compared
//! with the documents kept so far once more. Only then is it kept, and only what is left of it becomes a keeper.
//!
//! From this follow two promises. *Justified*: whatever is named as a keeper was verified and is never removed later.
//! *Once is enough*: take the result through the same steps, and by induction each document meets the keepers that it
//! met the first time, and repeats none of them. Where cuts change how the rest splits (sentences, nested units, a
//! paragraph break decided anew), the document goes through the steps again until nothing changes.
//!
//! The pass is sequential, for each decision rests on those before it; what is dear (sketches, the likely
//! verifications) was computed before on all threads.

use crate::corpus::{Corpus, DocId, Place, Segmenter, Span, TokenOptions, Unit, is_blank};
use crate::error::Result;
use crate::progress::{Progress, Stage};
use crate::search::{Link, Searcher};
use crate::sketch::Sketcher;

use super::form::Form;
use super::gaps::widen;
use super::keep::KeepPolicy;
use super::plan::{Cut, Edit, Fate, Group, Plan};

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
    let mut plan = Plan { fates: vec![Fate::Kept; corpus.len()], ..Plan::default() };
    let sketcher = Sketcher::new(options.tokens);
    let mut settler = Settler { corpus, search, options, sketcher, plan: &mut plan };
    for (i, &doc) in order.iter().enumerate() {
        if i % 256 == 0 {
            progress.check()?;
            progress.advance(256);
        }
        let marks = settler.marks();
        let fate = if protected[doc.index()] { settler.protect(doc) } else { settler.settle(doc) };
        if options.scope == Scope::Document {
            settler.undo_segments(&marks);
        }
        settler.plan.fates[doc.index()] = fate;
    }
    if options.policy == KeepPolicy::None {
        settler.remove_keepers(protected);
    }
    plan.sort();
    progress.end();
    Ok(plan)
}

/// The state of the pass.
struct Settler<'c, 'o> {
    corpus: &'c Corpus,
    search: UnitSearch<'c>,
    options: &'o ResolveOptions,
    sketcher: Sketcher,
    plan: &'o mut Plan,
}

/// A segment that repeats a kept one, in coordinates of what is left of its document.
struct Repeat {
    span: Span,
    unit: Unit,
    tokens: u32,
    link: Link,
}

impl Settler<'_, '_> {
    /// How much is kept in each searcher of segments.
    fn marks(&self) -> Vec<usize> {
        self.search.segments.iter().map(Searcher::mark).collect()
    }

    fn undo_segments(&mut self, marks: &[usize]) {
        for (searcher, &mark) in self.search.segments.iter_mut().zip(marks) {
            searcher.undo_to(mark);
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
        Fate::Kept
    }

    /// Removes a document, or cuts what it repeats and keeps the rest.
    fn settle(&mut self, doc: DocId) -> Fate {
        let whole = self.search.documents.as_ref().and_then(|d| d.table().rows_of(doc).first().copied());
        if let Some(row) = whole
            && self.remove_if_repeat(doc, row.class, &[row.span])
        {
            return Fate::Removed;
        }
        let marks = self.marks();
        let repeats = self.repeats_in_rows(doc);
        let fate = if repeats.is_empty() { Fate::Kept } else { self.settle_rest(doc, repeats, &marks) };
        if let Some(row) = whole
            && matches!(fate, Fate::Kept | Fate::Edited)
        {
            self.keep_document(doc, row.class, &[row.span]);
        }
        fate
    }

    /// Cuts the repeats found in a document, until what is left of it repeats nothing; `marks` is what was kept before.
    fn settle_rest(&mut self, doc: DocId, mut repeats: Vec<Repeat>, marks: &[usize]) -> Fate {
        let text = self.corpus.text(doc);
        let first_edit = self.plan.edits.len();
        let mut form = Form::whole(text.len());
        let mut left = form.text(text);
        while let Some(rest) = self.cut(doc, &form, &left, repeats) {
            let rest_text = rest.text(text);
            if is_blank(&rest_text) && !self.options.keep_empty {
                self.undo_segments(marks);
                return Fate::Emptied;
            }
            let stable = self.splits_alike(&left, &rest_text);
            (form, left) = (rest, rest_text);
            if stable {
                break;
            }
            self.undo_segments(marks);
            repeats = self.repeats_in_form(doc, &form, &left, first_edit);
        }
        if form.is_whole() {
            return Fate::Kept;
        }
        let documents = self.search.documents.as_mut();
        let class = documents.and_then(|d| d.add(&mut self.sketcher, &left, doc, form.spans()));
        if let Some(class) = class {
            if self.remove_if_repeat(doc, class, form.spans()) {
                self.undo_segments(marks);
                return Fate::Removed;
            }
            self.keep_document(doc, class, form.spans());
        }
        Fate::Edited
    }

    fn keep_document(&mut self, doc: DocId, class: u32, spans: &[Span]) {
        let (Some(first), Some(last)) = (spans.first(), spans.last()) else { return };
        let place = Place { doc, span: Span { start: first.start, end: last.end } };
        if let Some(documents) = &mut self.search.documents {
            documents.keep(class, place);
        }
    }

    /// Removes what is left of a document, `spans`, if it repeats a kept document.
    fn remove_if_repeat(&mut self, doc: DocId, class: u32, spans: &[Span]) -> bool {
        let Some(documents) = &mut self.search.documents else { return false };
        let Some(link) = documents.find(class) else { return false };
        let tokens = documents.table().tokens_of(class);
        self.push_edit(doc, Unit::Document, spans, tokens, link);
        true
    }

    /// Notes an edit; gives its index.
    fn push_edit(&mut self, doc: DocId, unit: Unit, spans: &[Span], tokens: u32, link: Link) -> u32 {
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
            tokens,
        });
        self.plan.edits.len() as u32 - 1
    }

    /// Cuts repeats out of what is left of a document; what is left then, or `None` if nothing was cut.
    fn cut(&mut self, doc: DocId, form: &Form, left: &[u8], repeats: Vec<Repeat>) -> Option<Form> {
        let spans: Vec<Span> = repeats.iter().map(|r| r.span).collect();
        let mut cuts = Vec::new();
        for (repeat, cut) in repeats.iter().zip(widen(left, &spans)) {
            let Some(cut) = cut else { continue };
            let edit = self.push_edit(doc, repeat.unit, &form.original(repeat.span), repeat.tokens, repeat.link);
            for span in form.original(cut) {
                cuts.push(span);
                self.plan.cuts.push(Cut { place: Place { doc, span }, edit });
            }
        }
        (!cuts.is_empty()).then(|| form.without(&cuts))
    }

    /// The segments of a document, as it was read, that repeat a kept one; the others are kept.
    fn repeats_in_rows(&mut self, doc: DocId) -> Vec<Repeat> {
        self.repeats_by_unit(doc, None, |searcher, _| {
            searcher.table().rows_of(doc).iter().map(|row| (row.span, row.class)).collect()
        })
    }

    /// As [`Self::repeats_in_rows`], of what is left of a document whose own edits begin at `first_edit`: what those name as
    /// keepers in this document stays.
    fn repeats_in_form(&mut self, doc: DocId, form: &Form, left: &[u8], first_edit: usize) -> Vec<Repeat> {
        let own = self.plan.edits[first_edit..].iter().map(|e| e.keeper);
        let mut named: Vec<Span> = own.filter(|k| k.doc == doc).filter_map(|k| form.locate(k.span)).collect();
        named.sort_unstable();
        named.dedup_by(|next, last| {
            let nested = next.start < last.end;
            last.end = if nested { last.end.max(next.end) } else { last.end };
            nested
        });
        let segmenter = self.options.segmenter;
        let mut repeats = self.repeats_by_unit(doc, Some(form), |searcher, sketcher| {
            let mut spans = Vec::new();
            segmenter.split(searcher.table().options.unit, left, &mut spans);
            let mut class = |span: Span| searcher.add(sketcher, span.of(left), doc, &form.original(span));
            spans.into_iter().filter_map(|span| Some((span, class(span)?))).collect()
        });
        repeats.retain(|repeat| !overlaps_any(&named, repeat.span));
        repeats
    }

    /// The repeats among the segments that `segments` gives for each unit, in text order; what is no repeat is kept, at
    /// its place in the original that `form` knows.
    fn repeats_by_unit(
        &mut self,
        doc: DocId,
        form: Option<&Form>,
        mut segments: impl FnMut(&mut Searcher<'_>, &mut Sketcher) -> Vec<(Span, u32)>,
    ) -> Vec<Repeat> {
        let mut repeats: Vec<Repeat> = Vec::new();
        for searcher in &mut self.search.segments {
            let mut own = segments(searcher, &mut self.sketcher);
            if self.options.policy == KeepPolicy::Last {
                own.reverse();
            }
            let found = find_repeats(searcher, &own, &repeats, |span| match form {
                None => Some(Place { doc, span }),
                Some(form) => form.hull(span).map(|span| Place { doc, span }),
            });
            repeats.extend(found);
            repeats.sort_by_key(|r| r.span);
        }
        repeats
    }

    /// Whether the text after cuts splits into the segments that were not cut.
    fn splits_alike(&self, before: &[u8], after: &[u8]) -> bool {
        let segmenter = self.options.segmenter;
        match self.search.segments.as_slice() {
            [only] => match only.table().options.unit {
                Unit::Document | Unit::Line => true,
                Unit::Paragraph => segmenter.decide(before) == segmenter.decide(after),
                Unit::Sentence => false,
            },
            _ => false,
        }
    }

    /// For [`KeepPolicy::None`]: the copies that were kept go too, each with the first of its repeats as its reason.
    fn remove_keepers(&mut self, protected: &[bool]) {
        self.plan.sort();
        let groups = self.plan.groups();
        let mut cuts = Vec::new();
        for groups in groups.chunk_by(|a, b| a.keeper.doc == b.keeper.doc) {
            let doc = groups[0].keeper.doc;
            if protected[doc.index()] || matches!(self.plan.fates[doc.index()], Fate::Removed | Fate::Emptied) {
                continue;
            }
            match groups.iter().find(|group| group.unit == Unit::Document) {
                Some(whole) => {
                    let (tokens, link) = self.reason(whole);
                    self.push_edit(doc, Unit::Document, &[whole.keeper.span], tokens, link);
                    self.plan.fates[doc.index()] = Fate::Removed;
                }
                None => self.cut_keepers(doc, groups, &mut cuts),
            }
        }
        self.plan.cuts.extend(cuts);
    }

    /// Why the keeper of a group goes: it repeats the first member of its group.
    fn reason(&self, group: &Group) -> (u32, Link) {
        let edit = &self.plan.edits[group.edits[0] as usize];
        (edit.tokens, Link { keeper: edit.place, similarity: edit.similarity, exact: edit.exact })
    }

    /// Cuts the kept segments of one document that lie whole in what is left of it.
    fn cut_keepers(&mut self, doc: DocId, groups: &[Group], cuts: &mut Vec<Cut>) {
        let text = self.corpus.text(doc);
        let gone: Vec<Span> = self.plan.cuts_of(doc).iter().map(|c| c.place.span).collect();
        let mut form = Form::whole(text.len()).without(&gone);
        for group in groups {
            let Some(span) = form.locate(group.keeper.span) else { continue };
            let Some(Some(cut)) = widen(&form.text(text), &[span]).pop() else { continue };
            let (tokens, link) = self.reason(group);
            let edit = self.push_edit(doc, group.unit, &[group.keeper.span], tokens, link);
            let pieces = form.original(cut);
            cuts.extend(pieces.iter().map(|&span| Cut { place: Place { doc, span }, edit }));
            form = form.without(&pieces);
        }
        let blank = is_blank(&form.text(text)) && !self.options.keep_empty;
        self.plan.fates[doc.index()] = if blank { Fate::Emptied } else { Fate::Edited };
    }
}

/// The segments that repeat a kept one and do not lie in a larger repeat; the others are kept at their `place`.
fn find_repeats(
    searcher: &mut Searcher<'_>,
    segments: &[(Span, u32)],
    larger: &[Repeat],
    place: impl Fn(Span) -> Option<Place>,
) -> Vec<Repeat> {
    let larger: Vec<Span> = larger.iter().map(|r| r.span).collect();
    let mut repeats = Vec::new();
    for &(span, class) in segments {
        if overlaps_any(&larger, span) {
            continue;
        }
        if let Some(link) = searcher.find(class) {
            let (unit, tokens) = (searcher.table().options.unit, searcher.table().tokens_of(class));
            repeats.push(Repeat { span, unit, tokens, link });
        } else if let Some(place) = place(span) {
            searcher.keep(class, place);
        }
    }
    repeats
}

/// Whether a span shares a byte with one of `spans`, which are ascending and disjoint.
fn overlaps_any(spans: &[Span], span: Span) -> bool {
    let after = spans.partition_point(|s| s.end <= span.start);
    spans.get(after).is_some_and(|s| s.overlaps(span))
}
