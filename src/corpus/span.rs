//! Where a piece of text stands: a byte range, and the document it belongs to.

use super::DocId;

/// A half-open byte range `start..end` of one document's text; always at character boundaries of valid UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

/// A span of a particular document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The document.
    pub doc: DocId,
    /// The byte range of its text.
    pub span: Span,
}

#[cfg(test)]
mod tests {
    use super::*;

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
