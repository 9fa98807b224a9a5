//! What is left of a document's text after cuts: ascending spans of the original, and the text that they make.

use std::borrow::Cow;

use crate::corpus::Span;

/// A document's text with holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// What is left, ascending, disjoint, none empty.
    spans: Vec<Span>,
    /// Length of the original.
    len: usize,
}

impl Form {
    /// A text of `len` bytes without holes.
    pub(super) fn whole(len: usize) -> Form {
        Form { spans: vec![Span::new(0, len)], len }
    }

    /// Whether nothing is gone.
    pub(super) fn is_whole(&self) -> bool {
        matches!(self.spans.as_slice(), [one] if one.len() == self.len)
    }

    /// What is left, as spans of the original.
    pub(super) fn spans(&self) -> &[Span] {
        &self.spans
    }

    /// The text that is left.
    pub(super) fn text<'t>(&self, original: &'t [u8]) -> Cow<'t, [u8]> {
        match self.spans.as_slice() {
            [one] => Cow::Borrowed(one.of(original)),
            many => Cow::Owned(many.iter().flat_map(|s| s.of(original)).copied().collect()),
        }
    }

    /// The spans of the original that make up `span` of what is left.
    pub(super) fn original(&self, span: Span) -> Vec<Span> {
        let mut pieces = Vec::new();
        let mut before = 0;
        for piece in &self.spans {
            let len = piece.end - piece.start;
            let start = span.start.max(before);
            let end = span.end.min(before + len);
            if start < end {
                pieces.push(Span { start: piece.start + start - before, end: piece.start + end - before });
            }
            before += len;
            if before >= span.end {
                break;
            }
        }
        pieces
    }

    /// Where a span of the original stands in what is left, if no part of it is gone.
    pub(super) fn locate(&self, original: Span) -> Option<Span> {
        let mut before = 0;
        for piece in &self.spans {
            if piece.start <= original.start && original.end <= piece.end {
                let start = before + original.start - piece.start;
                return Some(Span { start, end: start + original.end - original.start });
            }
            before += piece.end - piece.start;
        }
        None
    }

    /// What is left after `cuts` too: ascending, disjoint spans of the original that lie in what is left now.
    pub(super) fn without(&self, cuts: &[Span]) -> Form {
        let mut spans = Vec::new();
        let mut cuts = cuts.iter().peekable();
        for piece in &self.spans {
            let mut start = piece.start;
            while let Some(cut) = cuts.next_if(|cut| cut.start < piece.end) {
                if start < cut.start {
                    spans.push(Span { start, end: cut.start });
                }
                start = cut.end;
            }
            if start < piece.end {
                spans.push(Span { start, end: piece.end });
            }
        }
        Form { spans, len: self.len }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holes_and_their_coordinates() {
        let text = b"0123456789";
        let form = Form::whole(10).without(&[Span::new(2, 4), Span::new(7, 8)]);
        assert_eq!(&*form.text(text), b"0145689");
        assert_eq!(form.original(Span::new(1, 6)), [Span::new(1, 2), Span::new(4, 7), Span::new(8, 9)]);
        assert_eq!(form.locate(Span::new(5, 7)), Some(Span::new(3, 5)));
        assert_eq!(form.locate(Span::new(3, 5)), None);
        let form = form.without(&[Span::new(0, 2), Span::new(5, 6), Span::new(9, 10)]);
        assert_eq!(&*form.text(text), b"468");
        assert_eq!(&*form.without(form.spans()).text(text), b"");
    }
}
