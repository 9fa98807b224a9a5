//! Text from the corpus → text that does nothing but be read.
//!
//! In: any bytes. Out: valid UTF-8 in which control and direction characters are `·` and bytes that are not UTF-8 are
//! `\u{fffd}`; line ends and tabs stay. The templates escape what means something to HTML. Always: what comes out is no
//! longer than asked for.

use bstr::ByteSlice;

use super::page::Quote;
use crate::corpus::is_unsafe;
use crate::report::{Location, Passage};

/// Bytes of a text that are shown and compared word by word.
const TEXT: usize = 6 << 10;

/// Bytes of what stands around it, on each side.
const AROUND: usize = 240;

/// Characters of a name: a path, an id, an option.
const NAME: usize = 300;

/// Bytes as text.
pub(super) fn text(bytes: &[u8]) -> String {
    let safe = |c: char| if is_unsafe(c) && c != '\n' && c != '\t' { '·' } else { c };
    bytes.chars().filter(|c| *c != '\r').map(safe).collect()
}

/// A name on one line, `…` in its middle if it is long.
pub(super) fn name(name: &str) -> String {
    clipped(name, NAME)
}

/// A text on one line of at most `most` characters, `…` in its middle if it is longer.
pub(super) fn clipped(text: &str, most: usize) -> String {
    let safe = |c: char| if is_unsafe(c) { '·' } else { c };
    let length = text.chars().count();
    if length <= most {
        return text.chars().map(safe).collect();
    }
    let head = text.chars().take(most / 2);
    let tail = text.chars().skip(length - (most - most / 2 - 1));
    head.chain(['…']).chain(tail).map(safe).collect()
}

impl Quote {
    /// What stands at `place`, with what stands around it.
    pub fn of(place: Location, passage: &Passage<'_>) -> Quote {
        let document = &*passage.text;
        let mut said = Vec::new();
        for piece in &passage.pieces {
            let bytes = piece.of(document);
            said.extend_from_slice(&bytes[..bytes.len().min(TEXT + 1 - said.len())]);
        }
        let [from, to] = place.bytes.map(|at| (at as usize).min(document.len()));
        Quote {
            place: safe_place(place),
            whole: Some(document.len() as u64),
            before: before(&document[..from]),
            text: text(&said[..boundary(&said, TEXT)]),
            clipped: said.len() > TEXT,
            after: after(&document[to..]),
        }
    }

    /// How the text begins, where it is not to be had.
    pub fn excerpt(place: Location) -> Quote {
        let place = safe_place(place);
        let (text, clipped) = match place.excerpt.strip_suffix('…') {
            Some(beginning) => (beginning.to_owned(), true),
            None => (place.excerpt.clone(), false),
        };
        Quote { place, whole: None, before: String::new(), text, clipped, after: String::new() }
    }
}

/// The end of what stands before a text, from the beginning of a word.
fn before(document: &[u8]) -> String {
    let start = document.len().saturating_sub(AROUND);
    let end = text(&document[boundary(document, start)..]);
    let whole = match end.split_once(char::is_whitespace) {
        Some((_, words)) if start > 0 => format!("… {}", words.trim_start()),
        _ => end,
    };
    whole.trim().to_owned()
}

/// The beginning of what stands after a text, up to the end of a word.
fn after(document: &[u8]) -> String {
    let beginning = text(&document[..boundary(document, AROUND)]);
    let whole = match beginning.rsplit_once(char::is_whitespace) {
        Some((words, _)) if document.len() > AROUND => format!("{} …", words.trim_end()),
        _ => beginning,
    };
    whole.trim().to_owned()
}

/// The same place with names that can be shown.
fn safe_place(place: Location) -> Location {
    let excerpt = clipped(&place.excerpt, NAME);
    Location { document: name(&place.document), source: name(&place.source), excerpt, ..place }
}

/// The last beginning of a character at or before `at`, or the end of `bytes`.
fn boundary(bytes: &[u8], at: usize) -> usize {
    if at >= bytes.len() {
        return bytes.len();
    }
    let back = (0..4.min(at + 1)).find(|back| bytes[at - back] & 0xc0 != 0x80);
    at - back.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{DocId, Span};

    fn place(bytes: [u32; 2]) -> Location {
        Location {
            document: "a\u{202e}b".to_owned(),
            source: "x".repeat(1000),
            record: 1,
            line: 1,
            column: 1,
            end_line: 1,
            end_column: 1,
            wide: None,
            text_line: 1,
            bytes,
            chars: [0, 0],
            excerpt: "begins…".to_owned(),
            reference: false,
            pieces: Vec::new(),
        }
    }

    fn quote(document: &str, pieces: &[[u32; 2]]) -> Quote {
        let bytes = [pieces[0][0], pieces[pieces.len() - 1][1]];
        let pieces = pieces.iter().map(|&[start, end]| Span { start, end }).collect();
        Quote::of(place(bytes), &Passage { doc: DocId(0), text: document.as_bytes().into(), pieces })
    }

    #[test]
    fn tricks_are_dots_and_line_ends_stay() {
        assert_eq!(text(b"a\0b\x1b[1m\r\nc\td\xff"), "a·b·[1m\nc\td\u{fffd}");
        assert_eq!(text("a\u{202e}b\u{2066}".as_bytes()), "a·b·");
        assert_eq!(name("a\nb\0"), "a·b·");
    }

    #[test]
    fn long_names_lose_their_middle() {
        let long = name(&"x".repeat(1000));
        assert_eq!(long.chars().count(), NAME);
        assert!(long.starts_with("xx") && long.contains('…') && long.ends_with("xx"));
    }

    #[test]
    fn a_quote_has_its_surroundings() {
        let quote = quote("äö wörd end", &[[5, 10]]);
        assert_eq!([&quote.before, &quote.text, &quote.after].map(String::as_str), ["äö", "wörd", "end"]);
        assert_eq!((quote.place.document.as_str(), quote.place.source.chars().count()), ("a·b", NAME));
        assert!(!quote.clipped);
    }

    #[test]
    fn a_long_text_is_clipped_between_characters() {
        let document = "漢".repeat(10_000);
        let all = quote(&document, &[[0, 30_000]]);
        assert!(all.clipped && all.text.len() <= TEXT && all.text.chars().all(|c| c == '漢'));
        let middle = quote(&document, &[[3000, 6000]]);
        assert_eq!(middle.before.len(), AROUND);
        assert!(middle.before.chars().chain(middle.after.chars()).all(|c| c == '漢'));
    }

    #[test]
    fn what_stands_around_is_cut_between_words() {
        let document = format!("{} TEXT {}", "before ".repeat(100), "after ".repeat(100));
        let quote = quote(&document, &[[701, 705]]);
        assert!(quote.before.starts_with("… before") && quote.before.ends_with("before"), "{}", quote.before);
        assert!(quote.after.starts_with("after") && quote.after.ends_with("after …"), "{}", quote.after);
    }

    #[test]
    fn only_the_pieces_that_count_are_shown() {
        assert_eq!(quote("one two and three", &[[0, 4], [8, 12]]).text, "one and ");
    }

    #[test]
    fn without_the_document_there_is_the_excerpt() {
        let quote = Quote::excerpt(place([5, 90]));
        assert_eq!((quote.text.as_str(), quote.clipped, quote.whole), ("begins", true, None));
    }
}
