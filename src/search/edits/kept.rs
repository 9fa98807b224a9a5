//! What is known of the texts kept so far: whose seeds the entries of the index are, and where their tokens start.
//!
//! The texts themselves are not held. Of every [`STEP`] tokens the offset of one is, so that a stretch of a text can be
//! read again without reading all of it: a token starts anew wherever it starts, so a stretch that begins and ends where
//! tokens start has the same tokens as the whole has there.

use std::ops::Range;

use crate::corpus::{TokenOptions, Tokens};

/// Tokens from one known offset to the next.
const STEP: usize = 32;

/// Entries of the index for which the text of the first is noted.
const BLOCK: u32 = 64;

/// The texts kept so far.
#[derive(Default)]
pub(super) struct KeptTexts {
    texts: Vec<KeptText>,
    /// Offsets of every [`STEP`]th token, text after text.
    offsets: Vec<u32>,
    /// The text that the first entry of each [`BLOCK`] belongs to.
    blocks: Vec<u32>,
}

/// A kept text.
struct KeptText {
    key: u32,
    tokens: u32,
    first_entry: u32,
    first_offset: usize,
}

impl KeptTexts {
    /// Number of texts, and number of the next one.
    pub(super) fn len(&self) -> u32 {
        self.texts.len() as u32
    }

    /// Adds a text whose seeds will be the entries from `first_entry` on, up to `end_entry`.
    pub(super) fn push(&mut self, key: u32, tokens: &Tokens, entries: Range<u32>) {
        let first_offset = self.offsets.len();
        self.offsets.extend(tokens.starts.iter().step_by(STEP));
        let number = self.len();
        while (self.blocks.len() as u32) < entries.end.div_ceil(BLOCK) {
            self.blocks.push(number);
        }
        self.texts.push(KeptText { key, tokens: tokens.len() as u32, first_entry: entries.start, first_offset });
    }

    /// Forgets all but the first `len` texts; gives the number of entries that they have.
    pub(super) fn truncate(&mut self, len: u32) -> Option<u32> {
        let first = self.texts.get(len as usize)?;
        let entries = first.first_entry;
        self.offsets.truncate(first.first_offset);
        self.blocks.truncate(entries.div_ceil(BLOCK) as usize);
        self.texts.truncate(len as usize);
        Some(entries)
    }

    /// The number of the text that an entry belongs to.
    pub(super) fn of_entry(&self, entry: u32) -> u32 {
        let block = (entry / BLOCK) as usize;
        let first = self.blocks.get(block).map_or(0, |&text| text as usize);
        let last = self.blocks.get(block + 1).map_or(self.texts.len(), |&text| text as usize + 1);
        if first + 1 == last {
            return first as u32;
        }
        let inside = self.texts[first..last].partition_point(|text| text.first_entry <= entry);
        (first + inside).saturating_sub(1) as u32
    }

    /// The key that a text was given.
    pub(super) fn key(&self, text: u32) -> u32 {
        self.texts[text as usize].key
    }

    /// Reads a range of tokens of a kept text, and a few more on both sides; the range may end beyond its end.
    pub(super) fn read(
        &self,
        text: u32,
        bytes: &[u8],
        range: Range<u32>,
        options: TokenOptions,
        stretch: &mut Stretch,
    ) {
        let kept = &self.texts[text as usize];
        let to = range.end.min(kept.tokens);
        let step = range.start as usize / STEP;
        let offset = |step: usize| match step * STEP < kept.tokens as usize {
            true => self.offsets[kept.first_offset + step] as usize,
            false => bytes.len(),
        };
        let (start, end) = (offset(step), offset((to as usize).div_ceil(STEP)));
        stretch.tokens.read(bytes.get(start..end).unwrap_or_default(), options);
        stretch.first_token = (step * STEP) as u32;
        stretch.first_byte = start;
    }
}

/// Consecutive tokens of a kept text.
#[derive(Default)]
pub(super) struct Stretch {
    pub(super) tokens: Tokens,
    /// The number of the first one in its text.
    pub(super) first_token: u32,
    /// The offset in its text that the offsets of tokens count from.
    pub(super) first_byte: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_find_their_text() {
        let mut kept = KeptTexts::default();
        let lens = [0, 3, 700, 0, 0, 1, 255, 256, 257, 0, 10];
        let mut starts = vec![0];
        for (key, len) in lens.into_iter().enumerate() {
            let start = *starts.last().unwrap();
            kept.push(key as u32, &Tokens::default(), start..start + len);
            starts.push(start + len);
        }
        let check = |kept: &KeptTexts, texts: usize| {
            for (text, &len) in lens.iter().enumerate().take(texts) {
                (starts[text]..starts[text] + len).for_each(|e| assert_eq!(kept.of_entry(e), text as u32, "entry {e}"));
            }
        };
        check(&kept, lens.len());
        assert_eq!(kept.truncate(7), Some(starts[7]));
        check(&kept, 7);
        kept.push(9, &Tokens::default(), starts[7]..starts[7] + 300);
        assert_eq!((kept.of_entry(starts[7] + 299), kept.key(7)), (7, 9));
    }

    #[test]
    fn a_stretch_has_the_tokens_of_the_whole() {
        let text: String = (0..500).map(|i| format!("word{i} é漢, ")).collect();
        let options = TokenOptions::default();
        let mut whole = Tokens::default();
        whole.read(text.as_bytes(), options);
        let mut kept = KeptTexts::default();
        kept.push(0, &Tokens::default(), 0..0);
        kept.push(1, &whole, 0..0);
        let mut stretch = Stretch::default();
        for (from, to) in [(0, 5), (31, 33), (40, 1400), (1499, 9999), (3, 3)] {
            kept.read(1, text.as_bytes(), from..to, options, &mut stretch);
            let first = stretch.first_token as usize;
            let end = first + stretch.tokens.len();
            assert!(first <= from as usize && end >= whole.len().min(to as usize));
            assert_eq!(stretch.tokens.hashes, whole.hashes[first..end]);
            assert_eq!(stretch.first_byte as u32 + stretch.tokens.starts[0], whole.starts[first]);
        }
    }
}
