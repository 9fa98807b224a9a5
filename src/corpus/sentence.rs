//! The sentences of a paragraph, as Unicode Standard Annex 29 has them; a line end counts as a space.
//!
//! In: a text, and the span of a paragraph of it. Out: spans without the space around them. Always: no boundary stands
//! inside a token; but for that they are bstr's sentences.
//!
//! bstr walks a table from letter to letter. What can end a sentence stands far apart, and what follows depends on little
//! that stands before: on one letter, for `U.S.A.` is no three sentences. So all else is passed over, and bstr reads from
//! the last ASCII character before a sign that may be an end: 14 times as fast on made-up English.

use std::borrow::Cow;
use std::ops::Range;

use bstr::ByteSlice;

use super::Span;
use super::chars::inside_token;

/// The sentences of a paragraph, without the space around them, appended to `out`.
pub(crate) fn sentences_of(text: &[u8], paragraph: Span, out: &mut Vec<Span>) {
    let flat = flatten(paragraph.of(text));
    let base = paragraph.start as usize;
    let first = out.len();
    let mut start = 0;
    while start < flat.len() {
        let end = sentence_end(&flat, start);
        let sentence = trimmed(&flat, start, end);
        start = end;
        if sentence.is_empty() {
            continue;
        }
        let (before, after) = flat.split_at(sentence.start);
        let torn = inside_token(before, after);
        let span = Span::new(base + sentence.start, base + sentence.end);
        match out[first..].last_mut() {
            Some(last) if torn => last.end = span.end,
            _ => out.push(span),
        }
    }
}

/// A part of a text without white space around it.
fn trimmed(text: &[u8], start: usize, end: usize) -> Range<usize> {
    let is_graphic = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    let (mut rest, mut part) = (text[start..end].trim_ascii_start(), text[start..end].trim_ascii());
    // seldom, for most need no character to be decoded
    if !is_graphic(part.first()) || !is_graphic(part.last()) {
        (rest, part) = (rest.trim_start(), rest.trim());
    }
    let from = end - rest.len();
    from..from + part.len()
}

/// `paragraph` with its line ends as spaces and a sign for each byte that is not UTF-8, byte for byte. bstr ends its
/// sentences at such a byte, and what follows it would never be compared.
fn flatten(paragraph: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\n', paragraph).is_none() && simdutf8::basic::from_utf8(paragraph).is_ok() {
        return Cow::Borrowed(paragraph);
    }
    let mut flat = Vec::with_capacity(paragraph.len());
    for chunk in paragraph.utf8_chunks() {
        flat.extend(chunk.valid().bytes().map(|b| if matches!(b, b'\n' | b'\r') { b' ' } else { b }));
        flat.resize(flat.len() + chunk.invalid().len(), b'#');
    }
    Cow::Owned(flat)
}

/// Where the sentence of `text`, which is UTF-8, ends that starts at `start`, before the end of the text.
fn sentence_end(text: &[u8], start: usize) -> usize {
    let Some(sign) = next_sign(text, start) else { return text.len() };
    match text[sign..] {
        [b'.' | b'!' | b'?', b' ', b'A'..=b'Z', ..] => return sign + 2,
        // an ideographic full stop, and an ideograph
        [0xe3, 0x80, 0x82, 0xe4..=0xe9, ..] => return sign + 3,
        _ => {}
    }
    let from = text[start..sign].iter().rposition(u8::is_ascii).map_or(start, |at| start + at);
    text[from..].sentences().next().map_or(text.len(), |rest| from + rest.len())
}

/// The first sign from `start` on that may end a sentence: every one that does is found, and few others.
fn next_sign(text: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += text[at..].iter().position(|&byte| IS_SPECIAL[usize::from(byte)])?;
        match text[at..] {
            // a full stop in a number, an address, a name, or after an abbreviation
            [b'.', next, ..] if next.is_ascii_lowercase() || next.is_ascii_digit() => at += 2,
            [b'.', b' ', next, ..] if next.is_ascii_lowercase() => at += 3,
            [byte, ..] if byte.is_ascii() || may_end(&text[at..]) => return Some(at),
            _ => at += 1,
        }
    }
}

/// The bytes at which [`next_sign`] looks closer.
const IS_SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let is_sign = matches!(byte as u8, b'.' | b'!' | b'?' | b'\n' | b'\r');
        special[byte] = is_sign || matches!(byte as u8, 0xc2 | 0xd6 | 0xd8 | 0xdb..=0xe3 | 0xea | 0xee..);
        byte += 1;
    }
    special
};

/// Whether a text begins with a character beyond ASCII that may end a sentence (`STerm`, `ATerm`, `Sep` of the annex). In
/// the blocks of Latin, Greek, Cyrillic, Arabic, Thai, Han and Hangul it is told exactly, in others it is "yes".
fn may_end(text: &[u8]) -> bool {
    match *text {
        [0xc2, second, ..] => second == 0x85,
        [0xd6, second, ..] => second == 0x89,
        [0xd8, second, ..] => matches!(second, 0x9d..=0x9f),
        [0xdb, second, ..] => second == 0x94,
        [0xdc..=0xdf, ..] => true,
        [0xe0, second, ..] => !matches!(second, 0xb8 | 0xb9),
        [0xe1, second, ..] => second < 0xb8,
        [0xe2, 0x80, third, ..] => matches!(third, 0xa4 | 0xa8 | 0xa9 | 0xbc | 0xbd),
        [0xe2, 0x81, third, ..] => matches!(third, 0x87..=0x89),
        [0xe2, second, ..] => second >= 0xb3,
        [0xe3, second, third, ..] => (second, third) == (0x80, 0x82),
        [0xea, second, ..] => second < 0xb0,
        [0xee, ..] => true,
        [0xef, second, third, ..] => match second {
            0xb8 => matches!(third, 0x92 | 0x95 | 0x96),
            0xb9 => matches!(third, 0x92 | 0x96 | 0x97),
            0xbc => matches!(third, 0x81 | 0x8e | 0x9f),
            0xbd => third == 0xa1,
            _ => false,
        },
        [0xf0, second, ..] => second != 0x9f,
        [first, ..] => first >= 0xf1,
        [] => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The ends of bstr's sentences.
    fn by_bstr(text: &str) -> Vec<usize> {
        text.as_bytes().sentence_indices().map(|(_, end, _)| end).collect()
    }

    fn ends(text: &str) -> Vec<usize> {
        let mut ends = vec![0];
        while ends[ends.len() - 1] < text.len() {
            ends.push(sentence_end(text.as_bytes(), ends[ends.len() - 1]));
        }
        ends.split_off(1)
    }

    #[test]
    fn every_character_that_ends_a_sentence_is_known() {
        let mut unknown = Vec::new();
        for c in '\0'..=char::MAX {
            let text = format!("a{c} B");
            if next_sign(text.as_bytes(), 0).is_none() && by_bstr(&text).len() > 1 {
                unknown.push(c);
            }
        }
        assert!(unknown.is_empty(), "{unknown:x?}");
    }

    #[test]
    fn few_characters_are_taken_for_an_end_that_are_none() {
        let text = "Éa – “naïve”, мир, السلام، ภาษา, 你好，世界、한국어; Tiếng Việt 😀";
        assert_eq!(next_sign(text.as_bytes(), 0), None);
        assert_eq!(next_sign(b"see 3.14 and unecho.rs, cf. this, e.g. That", 0), Some(37));
    }

    /// What the rules of the annex tell apart, and neighbours of the table's ranges.
    const SIGNS: &str = "aBéÉжЖ1٣ªᏢ \t\u{a0}\u{b}.!?…\u{2024}。．！؟۔।\u{589}()\"”»[,-:،、，\u{301}\u{ad}\u{200d}\u{85}\u{2028}\u{2029}\n\r\
        漢ก한アệ😀\u{1d7ce}\u{1bc9f}#\u{700}\u{7f9}\u{1362}\u{2e2e}\u{a4ff}\0";

    fn pieces() -> impl Strategy<Value = String> {
        let sign = prop::sample::select(SIGNS.chars().collect::<Vec<_>>()).prop_map(String::from);
        let common = prop::sample::select(vec![". ", ". a", "。漢"]).prop_map(String::from);
        proptest::collection::vec(prop_oneof![9 => sign, 1 => common], 0..24).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn sentences_are_those_of_bstr(text in pieces()) {
            prop_assert_eq!(ends(&text), by_bstr(&text));
        }

        #[test]
        fn sentences_of_any_text_are_those_of_bstr(text in "\\PC{0,40}") {
            prop_assert_eq!(ends(&text), by_bstr(&text));
        }
    }
}
