//! Where a piece of text stands: a byte range, and the document it belongs to.

use std::cmp::Ordering;

use super::DocId;

/// A half-open byte range `start..end` of one document's text; always at character boundaries of valid UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span `start..end`.
    pub fn new(start: usize, end: usize) -> Span {
        let fit = |n: usize| u32::try_from(n).expect("documents of 4 GiB and more are refused when read");
        Span { start: fit(start), end: fit(end) }
    }

    /// Its length in bytes.
    pub fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether it holds nothing.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// The bytes of `text` that it covers.
    pub fn of(self, text: &[u8]) -> &[u8] {
        &text[self.start as usize..self.end as usize]
    }

    /// What is left of it without `cuts`, which are ascending and disjoint.
    pub fn without(self, cuts: impl IntoIterator<Item = Span>) -> Vec<Span> {
        let mut left = Vec::new();
        let mut rest = self;
        for cut in cuts.into_iter().filter(|cut| cut.overlaps(self)) {
            if rest.start < cut.start {
                left.push(Span { start: rest.start, end: cut.start });
            }
            rest.start = cut.end.min(self.end);
        }
        if !rest.is_empty() {
            left.push(rest);
        }
        left
    }

    /// Whether the two share a byte.
    pub fn overlaps(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// By start, then by end: as one number, for places are sorted by the million.
impl Ord for Span {
    fn cmp(&self, other: &Span) -> Ordering {
        let number = |span: &Span| u64::from(span.start) << 32 | u64::from(span.end);
        number(self).cmp(&number(other))
    }
}

impl PartialOrd for Span {
    fn partial_cmp(&self, other: &Span) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A span of a particular document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// The document.
    pub doc: DocId,
    /// The byte range of its text.
    pub span: Span,
}

/// By document, then by span: as one number, too.
impl Ord for Place {
    fn cmp(&self, other: &Place) -> Ordering {
        let number = |place: &Place| {
            u128::from(place.doc.0) << 64 | u128::from(place.span.start) << 32 | u128::from(place.span.end)
        };
        number(self).cmp(&number(other))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Place) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn places_stand_in_the_order_of_their_fields(numbers: [u32; 6], equal in 0usize..4) {
            let [doc, start, end, mut others @ ..] = numbers;
            others[..equal].copy_from_slice(&[doc, start, end][..equal]);
            let place = |[doc, start, end]: [u32; 3]| Place { doc: DocId(doc), span: Span { start, end } };
            let (a, b) = ([doc, start, end], others);
            prop_assert_eq!(place(a).cmp(&place(b)), a.cmp(&b));
            prop_assert_eq!(place(a).span.cmp(&place(b).span), a[1..].cmp(&b[1..]));
        }
    }

    #[test]
    fn what_is_left_after_cuts() {
        let span = Span::new(2, 8);
        assert_eq!(span.without([]), [span]);
        assert_eq!(
            span.without([Span::new(0, 3), Span::new(4, 5), Span::new(7, 9)]),
            [Span::new(3, 4), Span::new(5, 7)]
        );
        assert_eq!(span.without([Span::new(0, 9)]), []);
        assert_eq!(span.without([Span::new(0, 2), Span::new(8, 9)]), [span]);
    }
}
