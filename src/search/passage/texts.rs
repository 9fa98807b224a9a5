//! Texts one after the other, and places counted over all of them.

use std::borrow::Cow;

use super::symbol::Symbol;
use crate::kernel;

/// Texts in order; a *place* is a symbol's distance from the start of the first.
pub(super) struct Texts<'t, S: Symbol> {
    texts: Vec<Cow<'t, [S]>>,
    /// Where each text starts.
    starts: Vec<u64>,
    /// The number of the last text that starts at or before each so many places.
    marks: Vec<u32>,
    end: u64,
}

/// Bytes that come into the cache together.
const LINE: usize = 64;

/// Places from one mark to the next.
const BETWEEN: u64 = 1 << 10;

impl<'t, S: Symbol> Texts<'t, S> {
    pub(super) fn new() -> Self {
        Texts { texts: Vec::new(), starts: Vec::new(), marks: Vec::new(), end: 0 }
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    #[inline]
    pub(super) fn text(&self, number: u32) -> &[S] {
        &self.texts[number as usize]
    }

    /// Has the symbols around a place brought into the cache.
    #[inline]
    pub(super) fn prefetch(&self, place: u64) {
        let (number, at) = self.locate(place);
        let (text, at) = (self.text(number), at as usize);
        let line = LINE / size_of::<S>();
        [at.saturating_sub(line), at, at + line].iter().for_each(|&at| kernel::prefetch(text, at));
    }

    /// The place of a symbol.
    pub(super) fn place(&self, number: u32, at: u32) -> u64 {
        self.starts[number as usize] + u64::from(at)
    }

    /// The text that has a place, and where in it that is.
    #[inline]
    pub(super) fn locate(&self, place: u64) -> (u32, u32) {
        let mark = (place / BETWEEN) as usize;
        let first = self.marks[mark] as usize;
        let last = self.marks.get(mark + 1).map_or(self.starts.len(), |&last| last as usize + 1);
        let number = first + self.starts[first..last].partition_point(|&start| start <= place) - 1;
        (number as u32, (place - self.starts[number]) as u32)
    }

    pub(super) fn push(&mut self, text: Cow<'t, [S]>) {
        let number = self.texts.len() as u32;
        let (start, end) = (self.end, self.end + text.len() as u64);
        let marks = end.div_ceil(BETWEEN) as usize;
        if marks > self.marks.len() {
            self.marks.resize(marks, number);
        }
        self.texts.push(text);
        self.starts.push(start);
        self.end = end;
    }

    /// Forgets the texts from this number on.
    pub(super) fn truncate(&mut self, len: usize) {
        if let Some(&start) = self.starts.get(len) {
            self.end = start;
            self.marks.truncate(start.div_ceil(BETWEEN) as usize);
        }
        self.texts.truncate(len);
        self.starts.truncate(len);
    }

    /// Bytes that it holds beside the symbols.
    pub(super) fn bytes(&self) -> usize {
        self.texts.capacity() * size_of::<Cow<'_, [S]>>() + self.starts.capacity() * 8 + self.marks.capacity() * 4
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_place_is_found(lens in proptest::collection::vec(prop_oneof![Just(0usize), 1usize..40, 1000usize..3000], 1..30), keep in 0usize..30) {
            let mut texts = Texts::new();
            let fill = |texts: &mut Texts<'static, u8>| {
                lens[texts.len()..].iter().for_each(|&len| texts.push(Cow::Owned(vec![0; len])));
            };
            fill(&mut texts);
            texts.truncate(keep);
            fill(&mut texts);
            let places = lens.iter().enumerate().flat_map(|(n, &len)| (0..len).map(move |at| (n as u32, at as u32)));
            for (place, (number, at)) in places.enumerate() {
                prop_assert_eq!(texts.locate(place as u64), (number, at));
                prop_assert_eq!(texts.place(number, at), place as u64);
            }
            prop_assert_eq!(texts.end, lens.iter().sum::<usize>() as u64);
        }
    }
}
