//! What is left of a document after cuts, and what is worked out from its text.
//!
//! Always: it depends on the document's text, on what is left of that, and on options; on nothing that was decided before.
//! So it may be made on any thread, and before it is known whether it is needed.

use std::borrow::Cow;

use super::form::Form;
use crate::corpus::{ParagraphBreak, Segmenter};
use crate::sketch::Sketch;

/// What is left of a document, or all of it.
pub(super) struct Rest<'t> {
    pub(super) form: Form,
    pub(super) text: Cow<'t, [u8]>,
    /// What separates its paragraphs.
    pub(super) paragraph_break: ParagraphBreak,
    /// The text, sketched, if that was done.
    pub(super) sketch: Option<Sketch>,
}

impl<'t> Rest<'t> {
    /// A text of which nothing is gone.
    pub(super) fn whole(text: &'t [u8], paragraph_break: ParagraphBreak) -> Rest<'t> {
        Rest { form: Form::whole(text.len()), text: Cow::Borrowed(text), paragraph_break, sketch: None }
    }

    /// What is left of `original`.
    pub(super) fn new(form: Form, original: &'t [u8], segmenter: Segmenter) -> Rest<'t> {
        let text = form.text(original);
        Rest { paragraph_break: segmenter.decide(&text), form, text, sketch: None }
    }

    /// The same, with a text of its own.
    pub(super) fn into_owned(self) -> Rest<'static> {
        let Rest { form, text, paragraph_break, sketch } = self;
        Rest { form, text: Cow::Owned(text.into_owned()), paragraph_break, sketch }
    }
}
