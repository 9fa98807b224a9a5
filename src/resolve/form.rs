//! What is left of a document's text after cuts: ascending spans of the original, and the text that they make.

use std::borrow::Cow;

use crate::corpus::Span;

/// A document's text with holes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Form {
    /// What is left, ascending, disjoint, none empty.
    spans: Vec<Span>,
    /// Where each of them begins in what is left.
    starts: Vec<u32>,
    /// Length of the original.
    len: usize,
}

impl Form {
    fn new(spans: Vec<Span>, len: usize) -> Form {
        let before = |total: &mut u32, span: &Span| Some(std::mem::replace(total, *total + span.end - span.start));
        let starts = spans.iter().scan(0, before).collect();
        Form { spans, starts, len }
    }

    /// A text of `len` bytes without holes.
    pub(super) fn whole(len: usize) -> Form {
        Form::new(vec![Span::new(0, len)], len)
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
            many => Cow::Owned(many.iter().map(|s| s.of(original)).collect::<Vec<_>>().concat()),
        }
    }

    /// The pieces from the one that holds offset `start` of what is left, each with its own start there.
    fn pieces_from(&self, start: u32) -> impl Iterator<Item = (Span, u32)> {
        let first = self.starts.partition_point(|&s| s <= start).saturating_sub(1);
        self.spans[first..].iter().copied().zip(self.starts[first..].iter().copied())
    }

    /// The spans of the original that make up `span` of what is left. Costs a binary search.
    pub(super) fn original(&self, span: Span) -> Vec<Span> {
        let inside = self.pieces_from(span.start).take_while(|&(_, before)| before < span.end);
        let pieces = inside.map(|(piece, before)| {
            let start = span.start.max(before) - before;
            let end = (span.end - before).min(piece.end - piece.start);
            Span { start: piece.start + start, end: piece.start + end }
        });
        pieces.filter(|piece| piece.start < piece.end).collect()
    }

    /// From the first to the last byte of `span` in the original, holes included.
    pub(super) fn hull(&self, span: Span) -> Option<Span> {
        let pieces = self.original(span);
        Some(Span { start: pieces.first()?.start, end: pieces.last()?.end })
    }

    /// Where a span of the original stands in what is left, if no part of it is gone. Costs a binary search.
    pub(super) fn locate(&self, original: Span) -> Option<Span> {
        let index = self.spans.partition_point(|piece| piece.end < original.end);
        let piece = self.spans.get(index).filter(|piece| piece.start <= original.start)?;
        let start = self.starts[index] + original.start - piece.start;
        Some(Span { start, end: start + original.end - original.start })
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
        Form::new(spans, self.len)
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
