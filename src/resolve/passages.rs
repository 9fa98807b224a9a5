//! The passages of one document that can go, given what is kept.
//!
//! In: what is left of each document, in keep order. Out: repeats, disjoint and ascending, each with the copy that stays.
//! Always: a copy lies in a text that is kept, or earlier in the same document where nothing is cut in the same pass; what
//! is too short once it is cut at words or sentences stays, and is told of.

use std::borrow::Cow;

use super::form::Form;
use super::plan::{KeptPassage, KeptReason};
use super::settle::{Repeat, overlaps_any};
use super::snap::{CutAt, Snapper};
use crate::corpus::{Corpus, DocId, Place, Segmenter, Span, TokenOptions, Tokens, Unit};
use crate::search::edits::{EditOptions, EditedKeeper, EditedMatch, EditedPassages};
use crate::search::passage::{self, Passage, PassageOptions, Passages};
use crate::search::{Apart, Link};
use crate::sketch::Wording;

/// How passages are cut.
#[derive(Clone, Debug, Default)]
pub struct CutOptions {
    /// Where.
    pub at: CutAt,
    /// Passages with fewer tokens stay.
    pub min_tokens: usize,
    /// What sentences and paragraphs are.
    pub segmenter: Segmenter,
    /// What tokens are.
    pub tokens: TokenOptions,
    /// Passages with words changed, inserted or lost are repeats too, if they are this alike.
    pub edits: Option<EditOptions>,
    /// Pairs that both stay.
    pub apart: Apart,
}

/// A point to go back to.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    passages: passage::Mark,
    edited: usize,
}

/// The passages of what is kept, and a way to ask for those of the next document.
pub struct PassageSearch<'c> {
    corpus: &'c Corpus,
    passages: Passages<'c>,
    edited: Option<EditedPassages>,
    options: CutOptions,
    /// The documents entered, and what is left of them if that is not all.
    entered: Vec<(DocId, Option<Form>)>,
    /// What stays in the document that was asked for last.
    stay: Vec<KeptPassage>,
    tokens: Tokens,
}

impl<'c> PassageSearch<'c> {
    /// A search in which nothing is kept yet.
    pub fn new(corpus: &'c Corpus, wanted: PassageOptions, options: CutOptions) -> PassageSearch<'c> {
        let mut passages = Passages::new(wanted, options.tokens);
        passages.reserve(corpus.ids().map(|id| corpus.document(id).text_len as usize).sum());
        PassageSearch {
            corpus,
            passages,
            edited: options.edits.map(|edits| EditedPassages::new(edits, options.tokens)),
            options,
            entered: Vec::new(),
            stay: Vec::new(),
            tokens: Tokens::default(),
        }
    }

    /// Keeps a document whole, whatever it repeats.
    pub(super) fn protect(&mut self, doc: DocId) {
        let text = self.corpus.text(doc);
        self.keep_for_edits(&text);
        self.passages.enter(text);
        self.entered.push((doc, None));
        self.stay.clear();
    }

    fn keep_for_edits(&mut self, text: &[u8]) {
        let number = self.entered.len() as u32;
        if let Some(edited) = &mut self.edited {
            edited.keep(number, text);
        }
    }

    /// Keeps what is `left` of a document, its `form` and that text, and gives the passages of it that can go. If they do, it has to be
    /// forgotten and what is left then kept in its stead.
    pub(super) fn find(&mut self, doc: DocId, (form, left): (&Form, &Cow<'c, [u8]>)) -> Vec<Repeat> {
        let found = self.passages.enter(left.clone());
        let edited = self.find_edited(left);
        self.keep_for_edits(left);
        self.entered.push((doc, (!form.is_whole()).then(|| form.clone())));
        self.stay.clear();
        let exact = self.exact(found, left);
        if exact.is_empty() { edited.iter().filter_map(|found| self.edited(found, left)).collect() } else { exact }
    }

    /// Those of the exact passages that can go.
    fn exact(&mut self, mut found: Vec<Passage>, left: &[u8]) -> Vec<Repeat> {
        if found.is_empty() {
            return Vec::new();
        }
        found.sort_unstable_by_key(|passage| (passage.span.start, std::cmp::Reverse(passage.span.end)));
        let mut snapper = Snapper::new(left, self.options.at, self.options.segmenter);
        let own = self.entered.len() as u32 - 1;
        let (mut repeats, mut gone): (Vec<Repeat>, Vec<Passage>) = Default::default();
        for passage in found {
            let Some(rest) = beyond(&repeats, &passage) else { continue };
            // a copy that goes itself is no copy: its own is
            let copied = if passage.text == own {
                self.passages.around(&self.passages.part_of(&passage, rest), &gone)
            } else {
                vec![passage]
            };
            for passage in copied {
                let rest = beyond(&repeats, &passage);
                let repeat = rest.and_then(|rest| self.repeat(&passage, rest, &mut snapper, left, &repeats));
                if let Some(repeat) = repeat {
                    gone.push(self.passages.part_of(&passage, repeat.span));
                    repeats.push(repeat);
                }
            }
        }
        repeats
    }

    /// What can go of `rest`, a part of a passage, beside other repeats.
    fn repeat(
        &mut self,
        passage: &Passage,
        rest: Span,
        snapper: &mut Snapper<'_>,
        left: &[u8],
        others: &[Repeat],
    ) -> Option<Repeat> {
        let itself = passage.text as usize + 1 == self.entered.len();
        let parts = snapper.parts(rest);
        let mut reason = KeptReason::TooShort;
        for part in parts {
            let Some(part) = self.whole_in_both(passage, part, snapper) else { continue };
            if self.passages.options().is_too_short(part.len()) {
                continue;
            }
            // of a word that is cut in two, no token goes
            let words = snapper.words(part);
            let of_words = self.wording(words.of(left));
            let tokens = of_words.tokens as usize;
            if !self.passages.options().admits(part.len(), tokens) {
                continue;
            }
            if tokens < self.options.min_tokens {
                reason = KeptReason::FewTokens;
                continue;
            }
            let wording = if words == part { of_words } else { self.wording(part.of(left)) };
            if self.are_apart(wording, None) {
                reason = KeptReason::Decided;
                continue;
            }
            let copy = self.passages.copy_of(passage, part);
            if itself && overlaps_any(others, |other| other.span, copy) {
                return None; // a piece of a token of the copy goes in this pass; the next one looks again
            }
            let link = Link { keeper: self.place(passage.text, copy), similarity: 1.0, exact: true };
            return Some(Repeat {
                span: part,
                unit: Unit::Passage,
                wording: Wording { tokens: of_words.tokens, ..wording },
                link,
            });
        }
        // reports count characters from one place to the next: one that ended inside a character would shift all after it
        self.tell_of(passage, snapper.characters(rest), reason);
        None
    }

    /// Notes a part of a passage that stays, if there is anything of it.
    fn tell_of(&mut self, passage: &Passage, rest: Span, reason: KeptReason) {
        if rest.is_empty() {
            return;
        }
        let own = self.entered.len() as u32 - 1;
        let copy = self.passages.copy_of(passage, rest);
        self.stay.push(KeptPassage { place: self.place(own, rest), keeper: self.place(passage.text, copy), reason });
    }

    /// The part of a passage without the words that its copy holds a piece of only ("end" beside "ends"); nothing if it
    /// would then no longer be of whole sentences.
    fn whole_in_both(&self, passage: &Passage, part: Span, snapper: &Snapper<'_>) -> Option<Span> {
        let torn = self.passages.copy_tears(passage, self.passages.copy_of(passage, part));
        match (torn, self.options.at) {
            ([false, false], _) | (_, CutAt::Exact) => Some(part),
            (torn, CutAt::Auto | CutAt::Word) if part == snapper.words(part) => {
                let inner = snapper.without_words_at_ends(part, torn);
                (!inner.is_empty()).then_some(inner)
            }
            _ => None,
        }
    }

    /// The passages that repeat a kept one with edits.
    fn find_edited(&mut self, left: &[u8]) -> Vec<EditedMatch> {
        let Some(edited) = &mut self.edited else { return Vec::new() };
        let (corpus, entered) = (self.corpus, &self.entered);
        edited.find(left, &|number| text_of(corpus, entered, number))
    }

    fn edited(&mut self, found: &EditedMatch, left: &[u8]) -> Option<Repeat> {
        let own = self.entered.len() as u32 - 1;
        let text = match found.keeper {
            EditedKeeper::Text(number) => number,
            EditedKeeper::Itself => own,
        };
        let link = Link { keeper: self.place(text, found.kept), similarity: found.identity(), exact: found.is_exact() };
        let wording = Wording { tokens: found.tokens, ..self.wording(found.span.of(left)) };
        let copy = Some((text, found.kept)).filter(|_| !found.is_exact());
        let repeat = Repeat { span: found.span, unit: Unit::Passage, wording, link };
        (!self.are_apart(wording, copy)).then_some(repeat)
    }

    /// Whether it was decided that a passage and its copy both stay; the copy has the same tokens unless its text and place
    /// are given.
    fn are_apart(&mut self, passage: Wording, copy: Option<(u32, Span)>) -> bool {
        if self.options.apart.is_empty() {
            return false;
        }
        let copy = copy.map_or(passage, |(text, span)| {
            let text = text_of(self.corpus, &self.entered, text);
            self.wording(span.of(&text))
        });
        self.options.apart.holds(passage.digest, copy.digest)
    }

    fn wording(&mut self, text: &[u8]) -> Wording {
        self.tokens.read(text, self.options.tokens);
        Wording::of(&self.tokens.hashes)
    }

    /// A span of a text that was entered, in its document.
    fn place(&self, text: u32, span: Span) -> Place {
        let (doc, form) = &self.entered[text as usize];
        let span = form.as_ref().map_or(Some(span), |form| form.hull(span)).unwrap_or(span);
        Place { doc: *doc, span }
    }

    /// Notes a passage that stays because its cut would join two words.
    pub(super) fn refuse(&mut self, place: Place, keeper: Place) {
        self.stay.push(KeptPassage { place, keeper, reason: KeptReason::JoinsWords });
    }

    /// The passages of the last document that stay although they are said before.
    pub(super) fn take_stay(&mut self) -> Vec<KeptPassage> {
        std::mem::take(&mut self.stay)
    }

    /// A point that [`PassageSearch::undo_to`] can go back to, until [`PassageSearch::commit`].
    pub(super) fn mark(&self) -> Mark {
        Mark { passages: self.passages.mark(), edited: self.edited.as_ref().map_or(0, EditedPassages::mark) }
    }

    pub(super) fn undo_to(&mut self, mark: Mark) {
        self.passages.undo_to(mark.passages);
        if let Some(edited) = &mut self.edited {
            edited.undo_to(mark.edited);
        }
        self.entered.truncate(self.passages.len() as usize);
    }

    /// What was kept so far stays.
    pub(super) fn commit(&mut self) {
        self.passages.commit();
        if let Some(edited) = &mut self.edited {
            edited.commit();
        }
    }
}

/// What of a passage lies beyond the repeats before it.
fn beyond(repeats: &[Repeat], passage: &Passage) -> Option<Span> {
    let cut_to = repeats.last().map_or(0, |last| last.span.end);
    let Span { start, end } = passage.span;
    Some(Span { start: start.max(cut_to), end }).filter(|rest| rest.start < rest.end)
}

/// What is left of the document that was entered under this number.
fn text_of<'c>(corpus: &'c Corpus, entered: &[(DocId, Option<Form>)], number: u32) -> Cow<'c, [u8]> {
    let (doc, form) = &entered[number as usize];
    let text = corpus.text(*doc);
    form.as_ref().map(|form| left_of(&text, form)).unwrap_or(text)
}

/// What is left of a text.
pub(super) fn left_of<'c>(text: &Cow<'c, [u8]>, form: &Form) -> Cow<'c, [u8]> {
    match text {
        Cow::Borrowed(text) => form.text(text),
        Cow::Owned(text) => Cow::Owned(form.text(text).into_owned()),
    }
}
