//! How a segment begins, safe to print.

use super::chars::decode_first;

/// Characters in an excerpt.
const LENGTH: usize = 160;

/// Bytes of a text that are enough for an excerpt: a character has at most four, or six as a JSON escape.
pub(crate) const WINDOW: usize = LENGTH * 8;

/// The first characters of a text on one line: runs of white space are one space, control and direction characters are
/// `·`, bytes that are not UTF-8 are `�`; `…` if there is more. `beginning` is the whole text if `complete`.
pub(crate) fn excerpt(beginning: &[u8], complete: bool) -> String {
    let mut out = String::new();
    let mut length = 0;
    let mut pending_space = false;
    let mut rest = beginning;
    while !rest.is_empty() {
        let (c, len) = decode_first(rest);
        let c = c.unwrap_or(char::REPLACEMENT_CHARACTER);
        rest = &rest[len..];
        if c.is_whitespace() {
            pending_space = !out.is_empty();
            continue;
        }
        if length + usize::from(pending_space) >= LENGTH {
            return out + "…";
        }
        if std::mem::take(&mut pending_space) {
            out.push(' ');
            length += 1;
        }
        out.push(if is_unsafe(c) { '·' } else { c });
        length += 1;
    }
    if complete { out } else { out + "…" }
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

    #[test]
    fn one_line_without_tricks() {
        assert_eq!(excerpt(b"  a\n\n b\tc ", true), "a b c");
        assert_eq!(excerpt("a\u{1b}[31mb\u{202e}c\0".as_bytes(), true), "a·[31mb·c·");
        assert_eq!(excerpt(b"a\xffb", true), "a\u{fffd}b");
        assert_eq!(excerpt(&b"x".repeat(1000), true).chars().count(), 161);
        assert_eq!(excerpt("漢".repeat(160).as_bytes(), true), "漢".repeat(160));
        assert_eq!(excerpt(b"beginning", false), "beginning…");
    }
}
