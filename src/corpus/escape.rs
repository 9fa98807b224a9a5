//! The inside of a JSON string (RFC 8259 §7) and the text it stands for.
//!
//! [`validate`] is asked once, when a record is read; after that [`decode`] and [`raw_offsets`] cannot fail. Offsets of
//! the text map to offsets of the raw string, so that a cut removes raw bytes and nothing is encoded again.

use memchr::memchr;

use super::Span;

/// What stands for what behind a backslash; 0 is no such escape.
const SIMPLE: [u8; 256] = {
    let mut simple = [0; 256];
    simple[b'"' as usize] = b'"';
    simple[b'\\' as usize] = b'\\';
    simple[b'/' as usize] = b'/';
    simple[b'b' as usize] = 0x08;
    simple[b'f' as usize] = 0x0c;
    simple[b'n' as usize] = b'\n';
    simple[b'r' as usize] = b'\r';
    simple[b't' as usize] = b'\t';
    simple
};

/// Length in raw bytes, and the character, of the escape at the start of `raw` (which begins with a backslash);
/// `None` if it is malformed or a lone surrogate.
#[inline(always)]
fn unescape(raw: &[u8]) -> Option<(usize, char)> {
    match SIMPLE[usize::from(*raw.get(1)?)] {
        0 => unescape_unicode(raw),
        c => Some((2, char::from(c))),
    }
}

/// As [`unescape`], for `\uXXXX` and surrogate pairs of them.
#[inline(never)]
fn unescape_unicode(raw: &[u8]) -> Option<(usize, char)> {
    let unit = if raw[1] == b'u' { hex4(raw.get(2..6)?)? } else { return None };
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

/// Whether every escape in the inside of a JSON string stands for a character: whether there are any, or the offset of the
/// first that does not. `note` is told of escapes at least `step` bytes apart: the offset of each in `raw`, and in the text.
pub fn validate(raw: &[u8], step: usize, mut note: impl FnMut(u32, u32)) -> Result<bool, usize> {
    let (mut at, mut text, mut next) = (0, 0, step);
    let mut any = false;
    while let Some(plain) = memchr(b'\\', &raw[at..]) {
        any = true;
        (at, text) = (at + plain, text + plain);
        if at >= next {
            note(at as u32, text as u32);
            next = at + step;
        }
        let (len, c) = unescape(&raw[at..]).ok_or(at)?;
        (at, text) = (at + len, text + c.len_utf8());
    }
    Ok(any)
}

/// The text that the inside of a JSON string stands for. Malformed escapes, which [`validate`] refuses, stay as they are.
pub fn decode(raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(raw.len() + 2 * STEP);
    decode_into(raw, &mut text, usize::MAX);
    text
}

/// `span` of the text that the inside of a JSON string stands for. What stands behind it is not looked at.
pub(super) fn decode_part(raw: &[u8], span: Span) -> Vec<u8> {
    let mut text = Vec::with_capacity(span.len() + 2 * STEP);
    if let [start] = raw_offsets(raw, &[span.start])[..] {
        decode_into(&raw[start as usize..], &mut text, span.len());
    }
    text
}

/// Bytes copied at a time.
const STEP: usize = 16;

/// As [`decode`], appended to `text`, but only `most` bytes of it.
pub(super) fn decode_into(raw: &[u8], text: &mut Vec<u8>, most: usize) {
    let (mut at, mut rest) = (text.len(), raw);
    let end = at + most.min(raw.len());
    // escapes stand close together (line ends), so a chunk is copied whole and shortened: no call, no loop
    text.resize(end + STEP + char::MAX.len_utf8(), 0);
    while at < end {
        let Some(chunk) = rest.first_chunk::<STEP>() else { break };
        let plain = until_backslash(chunk);
        text[at..at + STEP].copy_from_slice(chunk);
        (at, rest) = (at + plain, &rest[plain..]);
        if plain == STEP {
            continue;
        }
        let Some((len, c)) = unescape(rest) else { break };
        if c.is_ascii() {
            text[at] = c as u8;
        } else {
            c.encode_utf8(&mut text[at..]);
        }
        (at, rest) = (at + c.len_utf8(), &rest[len..]);
    }
    text.truncate(at);
    if at < end {
        decode_rest(rest, text);
    }
    text.truncate(end);
}

/// As [`decode_into`], without room to read ahead.
fn decode_rest(mut rest: &[u8], text: &mut Vec<u8>) {
    while let Some(plain) = memchr(b'\\', rest) {
        text.extend_from_slice(&rest[..plain]);
        rest = &rest[plain..];
        let Some((len, c)) = unescape(rest) else { break };
        push_char(text, c);
        rest = &rest[len..];
    }
    text.extend_from_slice(rest);
}

/// Some bytes at the start of `raw` that are no backslash, and whether a backslash or the end follows.
#[inline(always)]
fn plain_run(raw: &[u8]) -> (usize, bool) {
    match raw.first_chunk::<STEP>().map(until_backslash) {
        Some(plain) => (plain, plain < STEP),
        None => (memchr(b'\\', raw).unwrap_or(raw.len()), true),
    }
}

/// The number of bytes before the first backslash.
#[inline(always)]
fn until_backslash(chunk: &[u8; 16]) -> usize {
    const ONES: u128 = u128::from_ne_bytes([1; 16]);
    let different = u128::from_le_bytes(*chunk) ^ (ONES * b'\\' as u128);
    let zeros = different.wrapping_sub(ONES) & !different & (ONES << 7);
    // 128 zeros if there is none
    zeros.trailing_zeros() as usize / 8
}

fn push_char(text: &mut Vec<u8>, c: char) {
    if c.is_ascii() { text.push(c as u8) } else { text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()) }
}

/// For each of the ascending `offsets` into `decode(raw)`, the offset in `raw` at which that character starts.
pub(crate) fn raw_offsets(raw: &[u8], offsets: &[u32]) -> Vec<u32> {
    let mut wanted = offsets.iter().copied().peekable();
    let mut mapped = Vec::with_capacity(offsets.len());
    let (mut at, mut text) = (0usize, 0usize);
    while wanted.peek().is_some() {
        let (plain, is_end) = plain_run(&raw[at..]);
        while let Some(offset) = wanted.next_if(|&w| (w as usize) <= text + plain) {
            mapped.push((at + offset as usize - text) as u32);
        }
        (at, text) = (at + plain, text + plain);
        if is_end {
            let Some((len, c)) = unescape(&raw[at..]) else { break };
            (at, text) = (at + len, text + c.len_utf8());
        }
    }
    mapped
}

/// What a raw string consists of: bytes that stand for themselves, and after them the length of an escape and the character
/// that it stands for, unless the string ends there.
pub(crate) fn pieces(raw: &[u8]) -> impl Iterator<Item = (&[u8], Option<(usize, char)>)> {
    let mut rest = Some(raw);
    std::iter::from_fn(move || {
        let raw = rest?;
        let (plain, escaped) = raw.split_at(memchr(b'\\', raw).unwrap_or(raw.len()));
        let escape = unescape(escaped);
        rest = escape.map(|(len, _)| &escaped[len..]);
        Some((plain, escape))
    })
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
        fn pieces_are_the_string_and_what_it_stands_for(text in r#"[a\\"é😀\n]{0,40}"#) {
            let raw = serde_json::to_string(&text).unwrap();
            let inside = &raw.as_bytes()[1..raw.len() - 1];
            let (mut len, mut decoded) = (0, Vec::new());
            for (plain, escape) in pieces(inside) {
                prop_assert_eq!(plain, &inside[len..len + plain.len()]);
                decoded.extend_from_slice(plain);
                escape.iter().for_each(|&(_, c)| push_char(&mut decoded, c));
                len += plain.len() + escape.map_or(0, |(len, _)| len);
            }
            prop_assert_eq!((len, decoded), (inside.len(), text.into_bytes()));
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
