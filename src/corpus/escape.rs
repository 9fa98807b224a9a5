//! The inside of a JSON string (RFC 8259 §7) and the text it stands for.
//!
//! [`validate`] is asked once, when a record is read; after that [`decode`] and [`raw_offsets`] cannot fail. Offsets of
//! the text map to offsets of the raw string, so that a cut removes raw bytes and nothing is encoded again.

use super::Span;
use crate::kernel::{BLOCK, simple_escape, simple_run, string_run, take_out};

/// Length in raw bytes, and the character, of the escape at the start of `raw` (which begins with a backslash);
/// `None` if it is malformed or a lone surrogate.
fn unescape(raw: &[u8]) -> Option<(usize, char)> {
    simple_escape(raw, 0).map(|c| (2, char::from(c))).or_else(|| unescape_unicode(raw))
}

/// As [`unescape`], for `\uXXXX` and surrogate pairs of them.
fn unescape_unicode(raw: &[u8]) -> Option<(usize, char)> {
    let unit = if raw.get(1) == Some(&b'u') { hex4(raw.get(2..6)?)? } else { return None };
    if !(0xD800..0xDC00).contains(&unit) {
        return char::from_u32(unit).map(|c| (6, c));
    }
    let low = raw.get(6..12).filter(|r| r.starts_with(b"\\u")).and_then(|r| hex4(&r[2..]))?;
    let pair = (0xDC00..0xE000).contains(&low).then(|| 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))?;
    char::from_u32(pair).map(|c| (12, c))
}

fn hex4(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |n, &d| Some(n << 4 | char::from(d).to_digit(16)?))
}

/// Whether an escape comes next. Those of more than two bytes come in rows, where all letters are written so: looking for plain
/// bytes in between took as long again.
fn starts_escape(raw: &[u8]) -> bool {
    raw.first() == Some(&b'\\')
}

/// Whether every escape in the inside of a JSON string stands for a character: whether there are any, or the offset of the
/// first that does not. `note` is told of escapes at least `step` bytes apart: the offset of each in `raw`, and in the text.
pub fn validate(raw: &[u8], step: usize, note: impl FnMut(u32, u32)) -> Result<bool, usize> {
    check::<false>(raw, step, note).map(|(_, has_escapes)| has_escapes)
}

/// As [`validate`], of a JSON string that more may follow: how long its inside is, up to the quote that ends it, and whether it has
/// escapes. `None` if it is malformed.
pub(crate) fn validate_to_end(raw: &[u8], step: usize, note: impl FnMut(u32, u32)) -> Option<(usize, bool)> {
    check::<true>(raw, step, note).ok().filter(|&(len, _)| raw.get(len) == Some(&b'"'))
}

/// See [`validate`]; if the string `ENDS`, only up to a byte that may not stand in it. Also gives how much was checked.
fn check<const ENDS: bool>(raw: &[u8], step: usize, mut note: impl FnMut(u32, u32)) -> Result<(usize, bool), usize> {
    let (mut at, mut text, mut next) = (0, 0, step);
    let mut any = false;
    while at < raw.len() {
        let far = next.saturating_sub(at);
        let is_far = |at, _| at >= far;
        let run = if ENDS { string_run(&raw[at..], is_far) } else { simple_run(&raw[at..], is_far) };
        (at, text) = (at + run.bytes, text + run.bytes - run.escapes);
        any |= run.escapes > 0;
        if !starts_escape(&raw[at..]) {
            break;
        }
        any = true;
        // after a long escape another one follows, where letters are written so
        while starts_escape(&raw[at..]) {
            if at >= next {
                note(at as u32, text as u32);
                next = at + step;
            }
            let (len, c) = unescape(&raw[at..]).ok_or(at)?;
            (at, text) = (at + len, text + c.len_utf8());
        }
    }
    Ok((at, any))
}

/// The text that the inside of a JSON string stands for. Malformed escapes, which [`validate`] refuses, stay as they are.
pub fn decode(raw: &[u8]) -> Vec<u8> {
    decode_most(raw, usize::MAX)
}

/// `span` of the text that the inside of a JSON string stands for. What stands behind it is not looked at.
pub(super) fn decode_part(raw: &[u8], span: Span) -> Vec<u8> {
    let start = raw_offsets(raw, &[span.start]);
    start.first().map_or_else(Vec::new, |&start| decode_most(&raw[start as usize..], span.len()))
}

/// As [`decode`], but only `most` bytes of the text.
fn decode_most(raw: &[u8], most: usize) -> Vec<u8> {
    let mut text = vec![0; most.min(raw.len()) + BLOCK];
    let len = decode_into(raw, &mut text);
    text.truncate(len.min(most));
    text
}

/// As [`decode`], with a buffer that stays as large as it had to be once, so that it need not be filled each time.
pub(super) fn decode_in<'t>(raw: &[u8], buffer: &'t mut Vec<u8>) -> &'t [u8] {
    if buffer.len() < raw.len() + BLOCK {
        buffer.resize(raw.len() + BLOCK, 0);
    }
    let len = decode_into(raw, buffer);
    &buffer[..len]
}

/// As [`decode`], to the start of `text`; gives its length. It ends soon after where there is less room than a block.
fn decode_into(raw: &[u8], text: &mut [u8]) -> usize {
    let (mut at, mut to) = (0, 0);
    while at < raw.len() && text.len() - to >= BLOCK {
        let (read, written) = take_out(&raw[at..], &mut text[to..]);
        (at, to) = (at + read, to + written);
        while starts_escape(&raw[at..]) && text.len() - to >= BLOCK {
            let rest = &raw[at..];
            let Some((len, c)) = unescape(rest) else {
                let len = rest.len().min(text.len() - to);
                text[to..to + len].copy_from_slice(&rest[..len]);
                return to + len;
            };
            (at, to) = (at + len, to + c.encode_utf8(&mut text[to..]).len());
        }
    }
    to
}

/// For each of the ascending `offsets` into `decode(raw)`, the offset in `raw` at which that character starts.
pub(crate) fn raw_offsets(raw: &[u8], offsets: &[u32]) -> Vec<u32> {
    let mut walk = Walk::new(raw);
    let mapped = |&offset: &u32| {
        walk.go_to(offset as usize, |_| {});
        walk.at as u32
    };
    offsets.iter().map(mapped).collect()
}

/// A walk through a raw string, and through the text that it stands for.
pub(crate) struct Walk<'r> {
    raw: &'r [u8],
    /// How far it is in the raw string.
    at: usize,
    /// How far it is in the text.
    text: usize,
}

/// What a walk has passed.
pub(crate) struct Passed<'r> {
    pub(crate) raw: &'r [u8],
    /// How many characters fewer it stands for.
    pub(crate) fewer: usize,
    /// How many line ends are among them.
    pub(crate) line_ends: usize,
}

impl<'r> Walk<'r> {
    /// At the start.
    pub(crate) fn new(raw: &'r [u8]) -> Walk<'r> {
        Walk { raw, at: 0, text: 0 }
    }

    /// Goes on to an offset of the text, where a character starts, and tells of what it passes. A malformed escape ends it.
    pub(crate) fn go_to(&mut self, offset: usize, mut pass: impl FnMut(Passed<'r>)) {
        while self.text < offset {
            let far = offset - self.text;
            let run = simple_run(&self.raw[self.at..], |at, escapes| at - escapes >= far);
            // between the last escape and here every byte stands for itself
            let text = (run.bytes - run.escapes).min(far);
            pass(self.pass(text + run.escapes, text, run.escapes, run.line_ends));
            if self.at == self.raw.len() {
                return;
            }
            while self.text < offset && starts_escape(&self.raw[self.at..]) {
                let Some((len, c)) = unescape(&self.raw[self.at..]) else { return };
                pass(self.pass(len, c.len_utf8(), len - 1, usize::from(c == '\n')));
            }
        }
    }

    /// Passes so many bytes of the raw string, which stand for so many of the text.
    fn pass(&mut self, bytes: usize, text: usize, fewer: usize, line_ends: usize) -> Passed<'r> {
        let raw = &self.raw[self.at..][..bytes];
        (self.at, self.text) = (self.at + bytes, self.text + text);
        Passed { raw, fewer, line_ends }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_escape_of_the_standard() {
        let raw = br#"a\"b\\c\/d\be\ff\ng\rh\ti\u00e9j\ud83d\ude00k"#;
        assert_eq!(validate(raw, 64, |_, _| {}), Ok(true));
        assert_eq!(validate(b"plain", 64, |_, _| {}), Ok(false));
        assert_eq!(String::from_utf8(decode(raw)).unwrap(), "a\"b\\c/d\u{8}e\u{c}f\ng\rh\tiéj😀k");
    }

    #[test]
    fn lone_surrogates_and_bad_escapes_are_refused() {
        for (raw, at) in [(r"ab\ud800", 2), (r"\udc00", 0), (r"\ud800\u0041", 0), (r"\x", 0), (r"ok\", 2), (r"\u12", 0)]
        {
            assert_eq!(validate(raw.as_bytes(), 64, |_, _| {}), Err(at), "{raw}");
        }
    }

    proptest! {
        #[test]
        fn a_string_ends_at_its_quote(text in r#"[a\\"é😀\n\x01]{0,90}"#, behind in r#"[a"\\,]{0,9}"#, step in 1usize..20) {
            let raw = serde_json::to_string(&text).unwrap();
            let inside = &raw.as_bytes()[1..raw.len() - 1];
            let (mut noted, mut expected) = (Vec::new(), Vec::new());
            let has_escapes = validate(inside, step, |at, offset| expected.push((at, offset))).unwrap();
            let followed = format!("{}{behind}", &raw[1..]);
            let found = validate_to_end(followed.as_bytes(), step, |at, offset| noted.push((at, offset)));
            prop_assert_eq!(found, Some((inside.len(), has_escapes)));
            prop_assert_eq!(noted, expected);
            prop_assert_eq!(validate_to_end(inside, step, |_, _| {}), None);
        }

        #[test]
        fn decode_equals_serde_json(text in any::<String>()) {
            let raw = serde_json::to_string(&text).unwrap();
            let inside = &raw.as_bytes()[1..raw.len() - 1];
            prop_assert_eq!(decode(inside), text.as_bytes());
        }

        #[test]
        fn checkpoints_are_where_they_say(text in r#"[a\\"é😀\n]{0,60}"#, step in 1usize..20) {
            let raw = serde_json::to_string(&text).unwrap();
            let inside = &raw.as_bytes()[1..raw.len() - 1];
            let mut noted = Vec::new();
            validate(inside, step, |at, offset| noted.push((at, offset))).unwrap();
            prop_assert!(noted.windows(2).all(|pair| pair[0].0 + step as u32 <= pair[1].0));
            for (at, offset) in noted {
                prop_assert_eq!(decode(&inside[..at as usize]), &text.as_bytes()[..offset as usize]);
            }
        }

        #[test]
        fn a_part_is_what_stands_there(text in r#"[a\\"é😀\n]{0,60}"#, from in 0usize..60, chars in 0usize..60) {
            let raw = serde_json::to_string(&text).unwrap();
            let inside = &raw.as_bytes()[1..raw.len() - 1];
            let offset = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
            let (start, end) = (offset(from), offset(from + chars));
            let span = Span::new(start, end);
            prop_assert_eq!(decode_part(inside, span), &text.as_bytes()[start..end]);
        }

        #[test]
        fn a_walk_passes_the_string_and_counts_what_it_stands_for(
            text in r#"[a\\"é😀\n\x01]{0,40}"#, stops in proptest::collection::vec(any::<proptest::sample::Index>(), 0..5),
        ) {
            let raw = serde_json::to_string(&text).unwrap();
            let inside = &raw.as_bytes()[1..raw.len() - 1];
            let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let mut stops: Vec<usize> = stops.iter().map(|stop| *stop.get(&starts)).collect();
            stops.sort();
            let (mut walk, mut passed, mut chars, mut line_ends) = (Walk::new(inside), Vec::new(), 0, 0);
            for stop in stops {
                walk.go_to(stop, |piece| {
                    passed.extend_from_slice(piece.raw);
                    chars += std::str::from_utf8(piece.raw).unwrap().chars().count() - piece.fewer;
                    line_ends += piece.line_ends;
                });
                prop_assert_eq!(&passed, &inside[..walk.at]);
                prop_assert_eq!(decode(&passed), &text.as_bytes()[..stop]);
                prop_assert_eq!(chars, text[..stop].chars().count());
                prop_assert_eq!(line_ends, text[..stop].matches('\n').count());
            }
        }

        #[test]
        fn offsets_point_at_the_same_character(text in r#"[a\\"é😀\n]{0,40}"#) {
            let raw = serde_json::to_string(&text).unwrap();
            let inside = &raw.as_bytes()[1..raw.len() - 1];
            let offsets: Vec<u32> = text.char_indices().map(|(i, _)| i as u32).chain([text.len() as u32]).collect();
            let mapped = raw_offsets(inside, &offsets);
            prop_assert_eq!(mapped.len(), offsets.len());
            for (offset, raw_offset) in offsets.iter().zip(mapped) {
                prop_assert_eq!(decode(&inside[..raw_offset as usize]), &text.as_bytes()[..*offset as usize]);
            }
        }
    }
}
