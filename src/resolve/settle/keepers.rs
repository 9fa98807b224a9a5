//! For [`KeepPolicy::None`](crate::resolve::KeepPolicy::None): the copies that were kept go too.
//!
//! In: a plan in which all documents are settled. Out: the same plan, in which each keeper goes as well, with the first of its
//! repeats as its reason. Always: protected documents stay whole.

use super::Settler;
use crate::corpus::{DocId, Place, Span, Unit, is_blank};
use crate::resolve::form::Form;
use crate::resolve::gaps::widen;
use crate::resolve::plan::{Cut, Fate, Group};
use crate::search::Link;
use crate::sketch::Wording;

impl Settler<'_, '_> {
    /// The copies that were kept go too, each with the first of its repeats as its reason.
    pub(super) fn remove_keepers(&mut self, protected: &[bool]) {
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
                    let (wording, link) = self.reason(whole);
                    self.push_edit(doc, Unit::Document, &[whole.keeper.span], wording, link);
                    self.plan.fates[doc.index()] = Fate::Removed;
                }
                None => self.cut_keepers(doc, groups, &mut cuts),
            }
        }
        self.plan.cuts.extend(cuts);
        self.encode_new_cuts();
    }

    /// What the keeper of a group says, and why it goes: it repeats the first member of its group.
    fn reason(&mut self, group: &Group) -> (Wording, Link) {
        let edit = &self.plan.edits[group.edits[0] as usize];
        let link = Link { keeper: edit.place, similarity: edit.similarity, exact: edit.exact };
        self.tokens.read(&self.corpus.text_at(group.keeper), self.options.tokens);
        (Wording::of(&self.tokens.hashes), link)
    }

    /// Cuts the kept segments of one document that lie whole in what is left of it.
    fn cut_keepers(&mut self, doc: DocId, groups: &[Group], cuts: &mut Vec<Cut>) {
        let text = self.corpus.text(doc);
        let gone: Vec<Span> = self.plan.cuts_of(doc).iter().map(|c| c.place.span).collect();
        let mut form = Form::whole(text.len()).without(&gone);
        for group in groups {
            let Some(span) = form.locate(group.keeper.span) else { continue };
            let Some(Some(cut)) = widen(&form.text(&text), &[span]).pop() else { continue };
            let (wording, link) = self.reason(group);
            let edit = self.push_edit(doc, group.unit, &[group.keeper.span], wording, link);
            let pieces = form.original(cut);
            cuts.extend(pieces.iter().map(|&span| Cut { place: Place { doc, span }, encoded: Span::default(), edit }));
            form = form.without(&pieces);
        }
        let blank = is_blank(&form.text(&text)) && !self.options.keep_empty;
        self.plan.fates[doc.index()] = if blank { Fate::Emptied } else { Fate::Edited };
    }
}
