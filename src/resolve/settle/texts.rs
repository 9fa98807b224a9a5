//! The texts of documents that are settled batch after batch, where they come from the disk.
//!
//! In: batches in the order in which they are settled. Out: nothing; the system is asked to read what comes next, and may let go
//! of what was. Always: what is told to the system decides nothing but time. It is told from the thread that foresees, since
//! to ask takes longer than a disk takes to be asked.

use std::ops::Range;

use crate::corpus::{Corpus, DocId, Place};

/// Batches before their turn at which their texts are asked for: what is foreseen of one is worked out a batch before.
const AHEAD: usize = 2;

/// Batches after their turn at which their texts are let go of: where their cuts stand is worked out a batch after.
const BEHIND: usize = 2;

/// See above.
pub(super) struct Texts<'c, 'b> {
    pub(super) corpus: &'c Corpus,
    pub(super) batches: &'b [&'b [DocId]],
    /// They may have to come from the disk.
    pub(super) from_disk: bool,
}

impl Texts<'_, '_> {
    /// The first batches come next.
    pub(super) fn begin(&self) {
        (0..AHEAD).for_each(|batch| self.will_read(batch));
    }

    /// It is the turn of a batch.
    pub(super) fn turn_to(&self, batch: usize) {
        self.will_read(batch + AHEAD);
        let before = batch.checked_sub(BEHIND).and_then(|batch| in_text_order(self.batches[batch]));
        before.into_iter().for_each(|docs| self.corpus.were_read(docs));
    }

    /// Documents will be verified against the texts at these places.
    pub(super) fn will_verify(&self, places: impl Iterator<Item = Place>) {
        if self.from_disk {
            self.corpus.will_read(&places.collect::<Vec<_>>());
        }
    }

    fn will_read(&self, batch: usize) {
        let batch = self.batches.get(batch).filter(|_| self.from_disk);
        batch.and_then(|docs| in_text_order(docs)).into_iter().for_each(|docs| self.corpus.will_read_all(docs));
    }
}

/// The documents as a range, if they follow each other in the corpus.
fn in_text_order(docs: &[DocId]) -> Option<Range<u32>> {
    let range = docs.first()?.0..docs.last()?.0 + 1;
    (range.len() == docs.len() && docs.is_sorted()).then_some(range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_that_follow_each_other_are_a_range() {
        let ids = |ids: &[u32]| ids.iter().copied().map(DocId).collect::<Vec<_>>();
        assert_eq!(in_text_order(&ids(&[3, 4, 5])), Some(3..6));
        assert_eq!(in_text_order(&ids(&[3, 5, 6])), None);
        assert_eq!(in_text_order(&ids(&[4, 3, 5])), None);
        assert_eq!(in_text_order(&[]), None);
    }
}
