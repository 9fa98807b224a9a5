//! The segments and passages of one document that repeat a kept one.
//!
//! In: a document as it was read, or what is left of it. Out: its repeats, in text order. Always: what is no repeat is kept,
//! at its place in the original.

use std::cmp::Reverse;

use super::{Repeat, Settler, Text, overlaps_any};
use crate::corpus::{DocId, Place, Segmenter, Span};
use crate::resolve::attempt::{Attempt, Standing, standing};
use crate::resolve::form::Form;
use crate::resolve::gaps::widen;
use crate::resolve::keep::KeepPolicy;
use crate::resolve::passages::left_of;
use crate::resolve::rest::Rest;
use crate::search::Searcher;
use crate::sketch::Sketcher;

impl<'c> Settler<'c, '_> {
    /// The segments of a document, as it was read, that repeat a kept one; the others are kept. Passages, if there are none.
    pub(super) fn repeats_in_rows(&mut self, doc: DocId, text: &Text<'c>) -> Vec<Repeat> {
        self.repeats_by_unit(doc, text, None, |searcher, _| {
            searcher.table().rows_of(doc).iter().map(|row| (row.span, row.class)).collect()
        })
    }

    /// As [`Self::repeats_in_rows`], of what is left of a document.
    pub(super) fn repeats_in_rest(
        &mut self,
        doc: DocId,
        text: &Text<'c>,
        rest: &Rest<'_>,
        attempt: &Attempt,
    ) -> Vec<Repeat> {
        self.repeats_by_unit(doc, text, Some((&rest.form, attempt)), |searcher, sketcher| {
            let mut spans = Vec::new();
            let segmenter = Segmenter { paragraph_break: rest.paragraph_break };
            segmenter.split(searcher.table().options.unit, &rest.text, &mut spans);
            let mut class = |span: Span| {
                let spans = rest.form.original(span);
                let as_before = searcher.table().class_at(doc, &spans);
                as_before.or_else(|| {
                    let sketch = sketcher.sketch(span.of(&rest.text));
                    searcher.add(sketcher, sketch, doc, &spans)
                })
            };
            spans.into_iter().filter_map(|span| Some((span, class(span)?))).collect()
        })
    }

    /// The repeats among the segments that `segments` gives for each unit, in text order; what is no repeat is kept, at
    /// its place in the original, which is another if something was cut. Deferred repeats come only when there is no other,
    /// and passages only when there are no segments to cut.
    fn repeats_by_unit(
        &mut self,
        doc: DocId,
        text: &Text<'c>,
        cut: Option<(&Form, &Attempt)>,
        mut segments: impl FnMut(&mut Searcher<'_>, &mut Sketcher) -> Vec<(Span, u32)>,
    ) -> Vec<Repeat> {
        let (mut repeats, mut deferred): (Vec<Repeat>, Vec<Repeat>) = Default::default();
        for searcher in &mut self.search.segments {
            let unit = searcher.table().options.unit;
            let mut own = segments(searcher, &mut self.sketcher);
            if self.options.policy == KeepPolicy::Last {
                own.reverse();
            }
            let larger: Vec<Span> = repeats.iter().map(|r| r.span).collect();
            for (span, class) in own {
                let place = cut.map_or(Some(span), |(form, _)| form.hull(span)).map(|span| Place { doc, span });
                let Some(place) = place.filter(|_| !overlaps_any(&larger, |larger| *larger, span)) else { continue };
                let Some(link) = searcher.find(class, &mut None) else {
                    searcher.keep(class, place);
                    continue;
                };
                let repeat = Repeat { span, unit, wording: searcher.table().wording_of(class), link };
                match standing(doc, &repeat, place.span, cut.map(|(_, attempt)| attempt)) {
                    Standing::Free => repeats.push(repeat),
                    Standing::Deferred => deferred.push(repeat),
                    Standing::Forbidden => {}
                }
            }
            repeats.sort_by_key(|r| r.span);
        }
        match (repeats.is_empty(), deferred.is_empty()) {
            (false, _) => repeats,
            (true, false) => outermost(deferred),
            (true, true) => self.passages(doc, text, cut),
        }
    }

    /// The passages that repeat a kept one, in what is left of a document, which is kept.
    fn passages(&mut self, doc: DocId, text: &Text<'c>, cut: Option<(&Form, &Attempt)>) -> Vec<Repeat> {
        let Some(passages) = &mut self.search.passages else { return Vec::new() };
        let text = text.get();
        let whole = Form::whole(text.len());
        let form = cut.map_or(&whole, |(form, _)| form);
        let left = left_of(text, form);
        let (mut repeats, mut deferred): (Vec<Repeat>, Vec<Repeat>) = Default::default();
        let found = passages.find(doc, (form, &left));
        let spans: Vec<Span> = found.iter().map(|repeat| repeat.span).collect();
        let cuts = widen(&left, &spans);
        for (repeat, made) in found.into_iter().zip(cuts) {
            let Some(hull) = form.hull(repeat.span) else { continue };
            if made.is_none() {
                // it must not stand in the way of those that are put off until nothing else is left to cut
                passages.refuse(Place { doc, span: hull }, repeat.link.keeper);
                continue;
            }
            match standing(doc, &repeat, hull, cut.map(|(_, attempt)| attempt)) {
                Standing::Free => repeats.push(repeat),
                Standing::Deferred => deferred.push(repeat),
                Standing::Forbidden => {}
            }
        }
        if repeats.is_empty() { deferred } else { repeats }
    }
}

/// Those of the repeats that do not lie in another one.
fn outermost(mut repeats: Vec<Repeat>) -> Vec<Repeat> {
    repeats.sort_by_key(|r| (r.span.start, Reverse(r.span.end)));
    repeats.dedup_by(|next, last| next.span.start < last.span.end);
    repeats
}
