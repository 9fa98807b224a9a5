//! A passage → the part of it that may be cut: whole words, whole sentences or whole paragraphs.
//!
//! A passage starts and ends where two texts cease to agree: inside a word, or even inside a character. In: the span of a
//! passage. Out: the greatest part of it that starts and ends as asked, without blank space around it. Always: no character
//! is split, and but for [`CutAt::Exact`] no word. Whether the rest would join two words is for the cut to see.

use rustc_hash::FxHashMap;

use crate::corpus::chars::{decode_first, inside_token};
use crate::corpus::{Segmenter, Span, Unit, sentences_of};

/// Where passages may be cut.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CutAt {
    /// Around whole sentences if the passage holds any that are long enough together, else around whole words.
    #[default]
    Auto,
    /// Where the texts cease to agree, at a character; around whole words if two would be joined.
    Exact,
    /// Around whole words.
    Word,
    /// Around whole sentences.
    Sentence,
    /// Around whole paragraphs.
    Paragraph,
}

impl CutAt {
    /// All of them.
    pub const ALL: [CutAt; 5] = [CutAt::Auto, CutAt::Exact, CutAt::Word, CutAt::Sentence, CutAt::Paragraph];

    /// The word for it in options and reports.
    pub fn name(self) -> &'static str {
        match self {
            CutAt::Auto => "auto",
            CutAt::Exact => "exact",
            CutAt::Word => "word",
            CutAt::Sentence => "sentence",
            CutAt::Paragraph => "paragraph",
        }
    }
}

/// Snaps the passages of one text.
pub(super) struct Snapper<'t> {
    text: &'t [u8],
    cut: CutAt,
    /// Its paragraphs, if they matter.
    paragraphs: Vec<Span>,
    /// The sentences of the paragraphs that were asked for.
    sentences: FxHashMap<usize, Vec<Span>>,
}

impl<'t> Snapper<'t> {
    pub(super) fn new(text: &'t [u8], cut: CutAt, segmenter: Segmenter) -> Snapper<'t> {
        let mut paragraphs = Vec::new();
        if !matches!(cut, CutAt::Exact | CutAt::Word) {
            segmenter.split(Unit::Paragraph, text, &mut paragraphs);
        }
        Snapper { text, cut, paragraphs, sentences: FxHashMap::default() }
    }

    /// The parts of a passage that may be cut, the one to be preferred first.
    pub(super) fn parts(&mut self, passage: Span) -> Vec<Span> {
        let parts = match self.cut {
            CutAt::Auto => vec![self.sentences(passage), self.words(passage)],
            CutAt::Exact => vec![self.exact(passage)],
            CutAt::Word => vec![self.words(passage)],
            CutAt::Sentence => vec![self.sentences(passage)],
            CutAt::Paragraph => vec![self.whole_paragraphs(passage)],
        };
        parts.into_iter().map(|part| self.trimmed(part)).filter(|part| !part.is_empty()).collect()
    }

    fn exact(&self, passage: Span) -> Span {
        let part = self.trimmed(passage);
        let (before, after) = (&self.text[..part.start as usize], &self.text[part.end as usize..]);
        if inside_token(before, after) { self.words(passage) } else { part }
    }

    /// The whole words of a passage.
    pub(super) fn words(&self, passage: Span) -> Span {
        let mut part = self.characters(passage);
        while !part.is_empty() && self.tears_a_word(part.start) {
            part.start += decode_first(&self.text[part.start as usize..]).1 as u32;
        }
        while !part.is_empty() && self.tears_a_word(part.end) {
            part.end -= self.last_len(part);
        }
        self.trimmed(part)
    }

    /// Of a part of whole words, the rest without its first or its last one.
    pub(super) fn without_words_at_ends(&self, part: Span, [first, last]: [bool; 2]) -> Span {
        let mut rest = part;
        if first {
            rest.start += decode_first(rest.of(self.text)).1 as u32;
        }
        if last && !rest.is_empty() {
            rest.end -= self.last_len(rest);
        }
        self.words(rest)
    }

    fn tears_a_word(&self, at: u32) -> bool {
        let (before, after) = self.text.split_at(at as usize);
        inside_token(before, after)
    }

    /// Without the rest of a character at its start and the beginning of one at its end.
    pub(super) fn characters(&self, passage: Span) -> Span {
        let continues = |at: u32| self.text.get(at as usize).is_some_and(|byte| byte & 0xc0 == 0x80);
        let Span { mut start, mut end } = passage;
        while start < end && continues(start) {
            start += 1;
        }
        while start < end && continues(end) {
            end -= 1;
        }
        Span { start, end }
    }

    /// Of whole characters, without white space around them.
    fn trimmed(&self, passage: Span) -> Span {
        let mut part = self.characters(passage);
        while !part.is_empty() && is_white(&self.text[part.start as usize..]) {
            part.start += decode_first(&self.text[part.start as usize..]).1 as u32;
        }
        while !part.is_empty() && is_white(&self.text[(part.end - self.last_len(part)) as usize..]) {
            part.end -= self.last_len(part);
        }
        part
    }

    /// Bytes of the last character of a part that is not empty.
    fn last_len(&self, part: Span) -> u32 {
        match part.of(self.text) {
            [.., last] if last.is_ascii() => 1,
            text => bstr::decode_last_utf8(text).1.max(1) as u32,
        }
    }

    fn whole_paragraphs(&self, passage: Span) -> Span {
        let first = self.paragraphs.partition_point(|p| p.start < passage.start);
        let last = self.paragraphs.partition_point(|p| p.end <= passage.end);
        match self.paragraphs.get(first..last) {
            Some([only]) => *only,
            Some([first, .., last]) => Span { start: first.start, end: last.end },
            _ => Span::default(),
        }
    }

    fn sentences(&mut self, passage: Span) -> Span {
        let from = self.paragraphs.partition_point(|p| p.end <= passage.start);
        let to = self.paragraphs.partition_point(|p| p.start < passage.end);
        // only the paragraphs at the ends may lie in the passage in part
        let first = (from..to).take(2).find_map(|p| self.first_sentence(p, passage));
        let last = (from..to).rev().take(2).find_map(|p| self.last_sentence(p, passage));
        match (first, last) {
            (Some(first), Some(last)) if first.start < last.end => Span { start: first.start, end: last.end },
            _ => Span::default(),
        }
    }

    /// The first sentence of a paragraph that lies in the passage.
    fn first_sentence(&mut self, paragraph: usize, passage: Span) -> Option<Span> {
        let sentences = self.sentences_of(paragraph, passage);
        let first = sentences.partition_point(|s| s.start < passage.start);
        sentences.get(first).copied().filter(|s| s.end <= passage.end)
    }

    /// The last sentence of a paragraph that lies in the passage.
    fn last_sentence(&mut self, paragraph: usize, passage: Span) -> Option<Span> {
        let sentences = self.sentences_of(paragraph, passage);
        let last = sentences.partition_point(|s| s.end <= passage.end).checked_sub(1)?;
        sentences.get(last).copied().filter(|s| passage.start <= s.start)
    }

    /// The sentences of a paragraph, made once; all of it at once if it lies in the passage as a whole.
    fn sentences_of(&mut self, number: usize, passage: Span) -> &[Span] {
        let paragraph = self.paragraphs[number];
        if passage.start <= paragraph.start && paragraph.end <= passage.end {
            return std::slice::from_ref(&self.paragraphs[number]);
        }
        let text = self.text;
        self.sentences.entry(number).or_insert_with(|| {
            let mut sentences = Vec::new();
            sentences_of(text, paragraph, &mut sentences);
            sentences
        })
    }
}

fn is_white(text: &[u8]) -> bool {
    // most are letters of ASCII, for which nothing has to be decoded
    !text.first().is_some_and(u8::is_ascii_graphic) && decode_first(text).0.is_some_and(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// `[` and `]` mark the passage; gives the part to be preferred.
    fn part(cut: CutAt, marked: &str) -> String {
        let start = marked.find('[').unwrap();
        let end = marked.find(']').unwrap() - 1;
        let text = marked.replace(['[', ']'], "");
        let mut snapper = Snapper::new(text.as_bytes(), cut, Segmenter::default());
        snapper.parts(Span::new(start, end)).first().map_or("", |s| &text[s.start as usize..s.end as usize]).to_owned()
    }

    #[test]
    fn words_are_whole() {
        assert_eq!(part(CutAt::Word, "Alice wan[ted to go to the st]ore."), "to go to the");
        assert_eq!(part(CutAt::Word, "al[l one wor]d"), "one");
        assert_eq!(part(CutAt::Word, "a[aa]a"), "");
        assert_eq!(part(CutAt::Word, "你[好世]界"), "好世");
        assert_eq!(part(CutAt::Word, "[one two]"), "one two");
    }

    #[test]
    fn exact_is_narrowed_only_where_words_would_join() {
        assert_eq!(part(CutAt::Exact, "wan[ted to] go"), "ted to");
        assert_eq!(part(CutAt::Exact, "wan[ted to g]o"), "to");
        assert_eq!(part(CutAt::Exact, "a ([b c]) d"), "b c");
    }

    #[test]
    fn sentences_and_paragraphs_are_whole() {
        let text = "One is here. Tw[o is there. Three is gone. Fo]ur came.";
        assert_eq!(part(CutAt::Sentence, text), "Three is gone.");
        assert_eq!(part(CutAt::Auto, text), "Three is gone.");
        assert_eq!(part(CutAt::Auto, "One is he[re and there and every]where."), "and there and");
        assert_eq!(part(CutAt::Sentence, "One is he[re and there and every]where."), "");
        let text = "A first li[ne.\nA second line. And more.\nA third line. Th]en nothing.";
        assert_eq!(part(CutAt::Paragraph, text), "A second line. And more.");
        assert_eq!(part(CutAt::Sentence, text), "A second line. And more.\nA third line.");
    }

    proptest! {
        #[test]
        fn no_character_and_no_word_is_split(text in "[a-zé漢. \n\u{301}]{1,60}", a in 0usize..200, b in 0usize..200) {
            let (a, b) = (a % (text.len() + 1), b % (text.len() + 1));
            for cut in CutAt::ALL {
                let mut snapper = Snapper::new(text.as_bytes(), cut, Segmenter::default());
                for part in snapper.parts(Span::new(a.min(b), a.max(b))) {
                    let (start, end) = (part.start as usize, part.end as usize);
                    prop_assert!(a.min(b) <= start && start < end && end <= a.max(b));
                    prop_assert!(text.is_char_boundary(start) && text.is_char_boundary(end));
                    prop_assert_eq!(text[start..end].trim(), &text[start..end]);
                    if cut != CutAt::Exact {
                        prop_assert!(!inside_token(&text.as_bytes()[..start], &text.as_bytes()[start..]));
                        prop_assert!(!inside_token(&text.as_bytes()[..end], &text.as_bytes()[end..]));
                    }
                }
            }
        }
    }
}
