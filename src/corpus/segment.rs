//! Text → segments: documents, paragraphs, lines, sentences. Passages are found by search, not by splitting.
//!
//! In: the bytes of a document's text. Out: spans in ascending order that do not overlap and leave out the blank space
//! between them. Always: no segment is blank, no boundary stands inside a token, and a line end is never inside a
//! paragraph of the `Newline` kind or inside a line.
//!
//! Line ends separate paragraphs in most web text and news, where a paragraph is one long line; blank lines separate them
//! in hard-wrapped text. [`ParagraphBreak::Auto`] decides for each document from its line lengths: blank lines separate
//! if more than half of the text stands in blocks of several lines of which none is longer than 120 bytes; it reads no further than is
//! needed to know that. Sentences
//! follow Unicode Standard Annex 29, inside paragraphs; a line end inside a paragraph counts as a space.
//!
//! Tried and refused: listing line ends from masks of 64 bytes instead of looking for one after the other (18 ms instead of 22
//! for 60 MB with a line end every 50 bytes, and not a hundredth of a run).

use bstr::ByteSlice;
use memchr::memchr_iter;
use serde::{Deserialize, Serialize};

use super::Span;
use super::sentence::sentences_of;

/// What is compared, largest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// The whole text.
    Document,
    /// See [`ParagraphBreak`].
    Paragraph,
    /// What stands between two line ends.
    Line,
    /// A sentence as Unicode Standard Annex 29 has it.
    Sentence,
    /// A run of text that respects no boundary.
    Passage,
}

impl Unit {
    /// All units, largest first.
    pub const ALL: [Unit; 5] = [Unit::Document, Unit::Paragraph, Unit::Line, Unit::Sentence, Unit::Passage];

    /// Those that a text is split into, largest first.
    pub const SEGMENTS: [Unit; 4] = [Unit::Document, Unit::Paragraph, Unit::Line, Unit::Sentence];

    /// The word for it in options and reports.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Document => "document",
            Unit::Paragraph => "paragraph",
            Unit::Line => "line",
            Unit::Sentence => "sentence",
            Unit::Passage => "passage",
        }
    }
}

/// What separates paragraphs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ParagraphBreak {
    /// Decided for each document from its line lengths.
    #[default]
    Auto,
    /// Each line is a paragraph.
    Newline,
    /// Paragraphs stand between blank lines.
    BlankLine,
}

/// Lines up to this many bytes may come from hard wrapping.
const WRAPPED_LINE: usize = 120;

/// Splits texts into segments.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Segmenter {
    /// What separates paragraphs.
    pub paragraph_break: ParagraphBreak,
}

impl Segmenter {
    /// The segments of `text`, appended to `out`; there are none of the unit passage.
    pub fn split(&self, unit: Unit, text: &[u8], out: &mut Vec<Span>) {
        match unit {
            Unit::Passage => {}
            Unit::Document if is_blank(text) => {}
            Unit::Document => out.push(Span::new(0, text.len())),
            Unit::Line => out.extend(lines(text)),
            Unit::Paragraph => {
                let first = out.len();
                out.extend(lines(text));
                if self.decide_by(text, || out[first..].iter().copied()) == ParagraphBreak::BlankLine {
                    for line in out.split_off(first) {
                        match out[first..].last_mut() {
                            Some(block) if adjoins(text, *block, line) => block.end = line.end,
                            _ => out.push(line),
                        }
                    }
                }
            }
            Unit::Sentence => {
                let mut paragraphs = Vec::new();
                self.split(Unit::Paragraph, text, &mut paragraphs);
                for paragraph in paragraphs {
                    sentences_of(text, paragraph, out);
                }
            }
        }
    }

    /// What separates the paragraphs of `text`: never `Auto`.
    pub fn decide(&self, text: &[u8]) -> ParagraphBreak {
        self.decide_by(text, || lines(text))
    }

    /// As [`Segmenter::decide`], from the lines of `text`.
    fn decide_by<L: Iterator<Item = Span>>(&self, text: &[u8], lines: impl FnOnce() -> L) -> ParagraphBreak {
        if self.paragraph_break != ParagraphBreak::Auto {
            return self.paragraph_break;
        }
        // bytes of the blocks before this one
        let (mut blocks, mut wrapped, mut other) = (0, 0, 0);
        let mut block = Block::default();
        for line in lines() {
            if block.lines > 0 && adjoins(text, block.span, line) {
                block.add(line);
            } else {
                *(if block.is_wrapped() { &mut wrapped } else { &mut other }) += block.span.len();
                block = Block { span: line, lines: 1, longest: line.len() };
                blocks += 1;
            }
            // what follows is the lesser half
            let surely_other = other + if block.longest > WRAPPED_LINE { block.span.len() } else { 0 };
            if surely_other * 2 >= text.len() {
                return ParagraphBreak::Newline;
            }
            if blocks > 1 && wrapped * 2 > text.len() {
                return ParagraphBreak::BlankLine;
            }
        }
        *(if block.is_wrapped() { &mut wrapped } else { &mut other }) += block.span.len();
        if blocks > 1 && wrapped > other { ParagraphBreak::BlankLine } else { ParagraphBreak::Newline }
    }
}

/// Whether there is nothing but white space in `text`.
pub(crate) fn is_blank(text: &[u8]) -> bool {
    // most lines begin with what is not white space: then nothing has to be decoded
    let rest = text.trim_ascii_start();
    !rest.first().is_some_and(u8::is_ascii_graphic) && rest.chars().all(char::is_whitespace)
}

/// The spans between line ends, `\n` and `\r\n`; blank ones left out.
fn lines(text: &[u8]) -> impl Iterator<Item = Span> {
    let ends = memchr_iter(b'\n', text).chain([text.len()]);
    ends.scan(0, |start, end| Some((std::mem::replace(start, end + 1), end)))
        .map(|(start, end)| Span::new(start, end - usize::from(end > start && text[end - 1] == b'\r')))
        .filter(|span| !is_blank(span.of(text)))
}

/// Lines between which only line ends stand.
#[derive(Default)]
struct Block {
    span: Span,
    lines: usize,
    /// Bytes of its longest line.
    longest: usize,
}

impl Block {
    /// Adds the line that follows.
    fn add(&mut self, line: Span) {
        self.span.end = line.end;
        self.lines += 1;
        self.longest = self.longest.max(line.len());
    }

    /// Whether it looks as if its lines came from hard wrapping.
    fn is_wrapped(&self) -> bool {
        self.lines > 1 && self.longest <= WRAPPED_LINE
    }
}

/// Whether only one line end stands between two lines.
fn adjoins(text: &[u8], before: Span, after: Span) -> bool {
    matches!(&text[before.end as usize..after.start as usize], b"\n" | b"\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::chars::inside_token;
    use proptest::prelude::*;

    fn split(unit: Unit, paragraph_break: ParagraphBreak, text: &str) -> Vec<&str> {
        let mut spans = Vec::new();
        Segmenter { paragraph_break }.split(unit, text.as_bytes(), &mut spans);
        spans.iter().map(|s| &text[s.start as usize..s.end as usize]).collect()
    }

    #[test]
    fn lines_of_every_kind() {
        assert_eq!(split(Unit::Line, ParagraphBreak::Auto, "a\r\n\n  b \n \t\nc"), ["a", "  b ", "c"]);
        assert_eq!(split(Unit::Line, ParagraphBreak::Auto, "\r"), Vec::<&str>::new());
        assert_eq!(split(Unit::Line, ParagraphBreak::Auto, ""), Vec::<&str>::new());
    }

    #[test]
    fn paragraphs_of_wrapped_text_stand_between_blank_lines() {
        let wrapped = "one two three\nfour five\n\nsix seven\neight\n";
        assert_eq!(
            split(Unit::Paragraph, ParagraphBreak::Auto, wrapped),
            ["one two three\nfour five", "six seven\neight"]
        );
        assert_eq!(split(Unit::Paragraph, ParagraphBreak::Newline, wrapped).len(), 4);
    }

    #[test]
    fn paragraphs_of_news_are_lines() {
        let long = "word ".repeat(60);
        let news = format!("{long}\n{long}\n\n{long}\n");
        assert_eq!(split(Unit::Paragraph, ParagraphBreak::Auto, &news).len(), 3);
        assert_eq!(split(Unit::Paragraph, ParagraphBreak::BlankLine, &news).len(), 2);
    }

    #[test]
    fn sentences_cross_line_ends_inside_a_paragraph() {
        let text = "He came. She\nwent home! Why?\n\nNobody knows.";
        assert_eq!(
            split(Unit::Sentence, ParagraphBreak::BlankLine, text),
            ["He came.", "She\nwent home!", "Why?", "Nobody knows."]
        );
        assert_eq!(split(Unit::Sentence, ParagraphBreak::Newline, "你好。再见。"), ["你好。", "再见。"]);
    }

    #[test]
    fn sentences_go_on_after_bytes_that_are_not_utf8() {
        let text = b"\xe9t\xe9 un. Deux\n\xff trois. Quatre \xe4\xbd";
        let mut spans = Vec::new();
        Segmenter { paragraph_break: ParagraphBreak::BlankLine }.split(Unit::Sentence, text, &mut spans);
        let said: Vec<&[u8]> = spans.iter().map(|span| span.of(text)).collect();
        assert_eq!(said, [&b"\xe9t\xe9 un."[..], b"Deux\n\xff trois.", b"Quatre \xe4\xbd"]);
    }

    proptest! {
        #[test]
        fn segments_are_sorted_disjoint_and_cut_at_characters(text in "[a-zé漢. !?\r\n\u{301}]{0,80}") {
            for unit in Unit::ALL {
                for kind in [ParagraphBreak::Auto, ParagraphBreak::Newline, ParagraphBreak::BlankLine] {
                    let mut spans = Vec::new();
                    Segmenter { paragraph_break: kind }.split(unit, text.as_bytes(), &mut spans);
                    prop_assert!(spans.windows(2).all(|w| w[0].end <= w[1].start));
                    for s in spans {
                        prop_assert!(text.is_char_boundary(s.start as usize) && text.is_char_boundary(s.end as usize));
                        prop_assert!(!is_blank(s.of(text.as_bytes())));
                        let at = s.start as usize;
                        prop_assert!(!inside_token(&text.as_bytes()[..at], &text.as_bytes()[at..]));
                    }
                }
            }
        }

        #[test]
        fn breaks_are_decided_by_more_than_half_of_the_text(
            lines in proptest::collection::vec(prop::sample::select(vec![0usize, 1, 40, 119, 120, 121, 122, 300]), 0..12),
        ) {
            let text: String = lines.into_iter().map(|len| "x".repeat(len) + "\n").collect();
            let blocks = || text.split("\n\n").map(|block| block.trim_matches('\n')).filter(|block| !block.is_empty());
            let is_wrapped = |block: &&str| block.contains('\n') && block.lines().all(|line| line.len() <= WRAPPED_LINE);
            let wrapped: usize = blocks().filter(is_wrapped).map(str::len).sum();
            let is_blank_line = blocks().count() > 1 && wrapped * 2 > blocks().map(str::len).sum::<usize>();
            let expected = if is_blank_line { ParagraphBreak::BlankLine } else { ParagraphBreak::Newline };
            prop_assert_eq!(Segmenter::default().decide(text.as_bytes()), expected);
        }

        #[test]
        fn any_bytes_can_be_split(text in proptest::collection::vec(any::<u8>(), 0..80)) {
            for unit in Unit::ALL {
                Segmenter::default().split(unit, &text, &mut Vec::new());
            }
        }
    }
}
