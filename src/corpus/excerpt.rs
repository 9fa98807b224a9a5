//! How a segment begins, safe to print.

use super::chars::decode_first;

/// Characters in an excerpt.
const LENGTH: usize = 160;

/// Bytes of a text that are enough for an excerpt: a character has at most four, or six as a JSON escape.
pub(crate) const WINDOW: usize = LENGTH * 8;

/// Bytes that fill most excerpts.
const FIRST: usize = LENGTH * 2;

/// Bytes at the end of a beginning that may be a character, or an escape, cut in two.
const TORN: usize = 12;

/// The first characters of a text on one line: runs of white space are one space, control and direction characters are
/// `·`, bytes that are not UTF-8 are `�`; `…` if there is more. `beginning` is the whole text if `complete`.
pub(crate) fn excerpt(beginning: &[u8], complete: bool) -> String {
    let (out, filled) = fill(beginning);
    if complete && filled.is_none() { out } else { out + "…" }
}

/// As [`excerpt`], of a text of which `beginning` gives the first bytes, about as many as it is asked for, and whether
/// that is all: it is asked for many only where few do not fill the excerpt.
pub(crate) fn excerpt_of(beginning: impl Fn(usize) -> (Vec<u8>, bool)) -> String {
    let (first, complete) = beginning(FIRST);
    let (out, filled) = fill(&first);
    match filled {
        None if complete => out,
        Some(taken) if complete || taken + TORN <= first.len() => out + "…",
        _ => {
            let (more, complete) = beginning(WINDOW);
            excerpt(&more, complete)
        }
    }
}

/// As many characters as an excerpt holds; if there are more, the bytes that it took to see that.
fn fill(beginning: &[u8]) -> (String, Option<usize>) {
    let mut out = String::with_capacity(FIRST);
    let mut length = 0;
    let mut pending_space = false;
    let mut at = 0;
    while at < beginning.len() {
        if beginning[at] == b' ' {
            pending_space = !out.is_empty();
            at += 1;
            continue;
        }
        let room = LENGTH.saturating_sub(length + usize::from(pending_space));
        let words = words(&beginning[at..], room);
        if !words.is_empty() {
            if std::mem::take(&mut pending_space) {
                out.push(' ');
                length += 1;
            }
            out.push_str(words);
            length += words.len();
            at += words.len();
            continue;
        }
        let (c, len) = decode_first(&beginning[at..]);
        let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
        at += len;
        if c.is_whitespace() {
            pending_space = !out.is_empty();
            continue;
        }
        if length + usize::from(pending_space) >= LENGTH {
            return (out, Some(at));
        }
        if std::mem::take(&mut pending_space) {
            out.push(' ');
            length += 1;
        }
        out.push(if is_unsafe(c) { '·' } else { c });
        length += 1;
    }
    (out, None)
}

/// Bytes that are looked at together: a number for which the compiler asks about all of them at once.
const STEP: usize = 32;

/// The words at the start of `text`, of ASCII and with one space between them: at most so many bytes.
fn words(text: &[u8], most: usize) -> &str {
    let text = &text[..text.len().min(most)];
    let (mut len, mut before) = (0, b' ');
    while let Some(next) = text[len..].first_chunk()
        && are_words(before, next)
    {
        len += STEP;
        before = next[STEP - 1];
    }
    while let Some(&byte) = text.get(len)
        && (byte.is_ascii_graphic() || byte == b' ' && before != b' ')
    {
        len += 1;
        before = byte;
    }
    std::str::from_utf8(&text[..len]).unwrap_or_default().trim_end_matches(' ')
}

/// Whether nothing else follows a byte, the one `before`.
fn are_words(before: u8, bytes: &[u8; STEP]) -> bool {
    let is_other = |byte: u8| byte.wrapping_sub(b' ') > b'~' - b' ';
    let are_spaces = |before: u8, byte: u8| (before == b' ') & (byte == b' ');
    // not `any`, which would look at one after the other
    let other = bytes.iter().fold(false, |other, &byte| other | is_other(byte));
    let pairs = bytes.iter().zip(&bytes[1..]);
    let spaces = pairs.fold(are_spaces(before, bytes[0]), |spaces, (&before, &byte)| spaces | are_spaces(before, byte));
    !(other | spaces)
}

/// A name on one line, with `·` for characters that are not safe to print.
pub fn plain(name: &str) -> String {
    name.chars().map(|c| if is_unsafe(c) { '·' } else { c }).collect()
}

/// Characters that could play tricks on a terminal or change the direction of what follows.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// As [`fill`], character by character.
    fn naive_fill(beginning: &[u8]) -> (String, Option<usize>) {
        let (mut out, mut at) = (Vec::new(), 0);
        while at < beginning.len() {
            let (c, len) = decode_first(&beginning[at..]);
            let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
            at += len;
            if c.is_whitespace() {
                continue;
            }
            let is_behind_space = !out.is_empty() && {
                let before = String::from_utf8_lossy(&beginning[..at - len]);
                before.chars().next_back().is_some_and(char::is_whitespace)
            };
            if out.len() + usize::from(is_behind_space) >= LENGTH {
                return (String::from_iter(out), Some(at));
            }
            out.extend(is_behind_space.then_some(' '));
            out.push(if is_unsafe(c) { '·' } else { c });
        }
        (String::from_iter(out), None)
    }

    proptest! {
        #[test]
        fn words_are_taken_whole_and_nothing_else_changes(
            text in "([a-z]{1,20}| |([a-z]{1,9} ){4,20}|\\PC|\n  |\u{202e}|[a-z]{150,170}){0,60}", cut in 0usize..9,
        ) {
            let bytes = &text.as_bytes()[..text.len().saturating_sub(cut)];
            prop_assert_eq!(fill(bytes), naive_fill(bytes));
        }
    }

    #[test]
    fn one_line_without_tricks() {
        assert_eq!(excerpt(b"  a\n\n b\tc ", true), "a b c");
        assert_eq!(excerpt("a\u{1b}[31mb\u{202e}c\0".as_bytes(), true), "a·[31mb·c·");
        assert_eq!(excerpt(b"a\xffb", true), "a\u{fffd}b");
        assert_eq!(excerpt(&b"x".repeat(1000), true).chars().count(), 161);
        assert_eq!(excerpt("漢".repeat(160).as_bytes(), true), "漢".repeat(160));
        assert_eq!(excerpt(b"beginning", false), "beginning…");
    }

    #[test]
    fn no_more_is_asked_for_than_is_needed_and_nothing_torn_is_shown() {
        let texts = [
            "short",
            &"word ".repeat(90),
            &"a\n  \n".repeat(300),
            &"漢".repeat(500),
            &"é🙂".repeat(400),
            &" ".repeat(9999),
        ];
        for text in texts {
            for skip in (0..12).filter(|&skip| text.is_char_boundary(skip)) {
                let bytes = &text.as_bytes()[skip..];
                let window = |most: usize| bytes[..most.min(bytes.len())].to_vec();
                let asked = std::cell::Cell::new(0);
                let beginning = |most| {
                    asked.set(most);
                    (window(most), most >= bytes.len())
                };
                assert_eq!(excerpt_of(beginning), excerpt(&window(WINDOW), WINDOW >= bytes.len()), "{text:?} {skip}");
                assert!(asked.get() == FIRST || !text.starts_with("word"));
            }
        }
    }
}
