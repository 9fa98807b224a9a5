//! What each character is to a tokeniser.
//!
//! A token is a maximal run of letters, digits and marks; every character of the scripts that write without spaces is a
//! token by itself; format characters such as a soft hyphen count for nothing; the rest separates.

use std::sync::LazyLock;

use unicode_general_category::{GeneralCategory as Category, get_general_category};
use unicode_script::{Script, UnicodeScript};

use crate::kernel::{IRREGULAR, Short, Three};

/// The rôle of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Class {
    /// Ends a token.
    Separator,
    /// A letter or a mark: continues a token.
    Letter,
    /// A digit or other number: continues a token, or separates under `--ignore-digits`.
    Digit,
    /// A token by itself.
    Single,
    /// Neither separates nor counts: soft hyphen, joiners, zero-width space, byte order mark.
    Ignorable,
}

/// What is known of a character, in bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known(u8);

impl Known {
    /// It is part of a token.
    const COUNTS: u8 = 1;
    const DIGIT: u8 = 2;
    const SINGLE: u8 = 4;
    const IGNORABLE: u8 = 8;
    /// [`fold`] changes it.
    const FOLDS: u8 = 16;

    fn of(c: char) -> Known {
        let bits = match compute(c) {
            Class::Separator => 0,
            Class::Letter => Known::COUNTS,
            Class::Digit => Known::COUNTS | Known::DIGIT,
            Class::Single => Known::COUNTS | Known::SINGLE,
            Class::Ignorable => Known::IGNORABLE,
        };
        let mut lower = c.to_lowercase();
        let folds = c == 'ς' || lower.next() != Some(c) || lower.next().is_some();
        Known(bits | if folds { Known::FOLDS } else { 0 })
    }

    /// Its class.
    #[inline(always)]
    pub(crate) fn class(self) -> Class {
        match self.0 & !Known::FOLDS {
            0 => Class::Separator,
            bits if bits & Known::SINGLE != 0 => Class::Single,
            bits if bits & Known::DIGIT != 0 => Class::Digit,
            Known::IGNORABLE => Class::Ignorable,
            _ => Class::Letter,
        }
    }

    /// Whether [`fold`] changes it.
    #[inline(always)]
    pub(crate) fn folds(self) -> bool {
        self.0 & Known::FOLDS != 0
    }

    /// Whether it stands for itself: it neither changes nor counts for nothing.
    #[inline(always)]
    pub(crate) fn is_regular(self) -> bool {
        self.0 & (Known::FOLDS | Known::IGNORABLE) == 0
    }

    /// Whether it is part of a token.
    #[inline(always)]
    pub(crate) fn counts(self, ignore_digits: bool) -> bool {
        self.0 & Known::COUNTS != 0 && !(ignore_digits && self.0 & Known::DIGIT != 0)
    }

    /// Whether it is a token by itself.
    #[inline(always)]
    pub(crate) fn is_single(self) -> bool {
        self.0 & Known::SINGLE != 0
    }
}

/// The class of `c`.
pub(crate) fn class(c: char) -> Class {
    basic().of(c).class()
}

/// The class of a character of ASCII: for loops over bytes, most of which are.
#[inline(always)]
pub(crate) fn class_of_ascii(byte: u8) -> Class {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' => Class::Letter,
        b'0'..=b'9' => Class::Digit,
        _ => Class::Separator,
    }
}

/// What is known of the characters of the Basic Multilingual Plane: blocks of 64 characters, equal ones stored once, so
/// that all of it stays in the cache.
pub(crate) struct Basic {
    blocks: Vec<[Known; 64]>,
    /// Which block holds the characters from 64 `i` on.
    places: [u16; 1024],
}

impl Basic {
    fn new() -> Basic {
        let mut basic = Basic { blocks: Vec::new(), places: [0; 1024] };
        for (i, place) in (0..).zip(&mut basic.places) {
            // a surrogate is no character
            let known = |c| char::from_u32(c).map_or(Known(0), Known::of);
            let block = std::array::from_fn(|j| known(64 * i + j as u32));
            let same = basic.blocks.iter().position(|known| *known == block);
            *place = same.unwrap_or(basic.blocks.len()) as u16;
            if same.is_none() {
                basic.blocks.push(block);
            }
        }
        basic
    }

    /// What is known of `c`.
    #[inline(always)]
    pub(crate) fn of(&self, c: char) -> Known {
        match u16::try_from(u32::from(c)) {
            Ok(c) => self.of_basic(c),
            Err(_) => Known::of(c),
        }
    }

    /// What is known of a character of the plane.
    #[inline(always)]
    pub(crate) fn of_basic(&self, c: u16) -> Known {
        self.blocks[usize::from(self.places[usize::from(c >> 6)])][usize::from(c & 63)]
    }
}

/// The table of the Basic Multilingual Plane, computed once.
pub(crate) fn basic() -> &'static Basic {
    static BASIC: LazyLock<Basic> = LazyLock::new(Basic::new);
    &BASIC
}

/// The lower-case bytes of each character of two bytes, by [`two`]; see [`Short::two`].
type TwoBytes = [[u8; 2]; 2048];

/// The place in the table of the character with these two bytes.
#[inline(always)]
fn two(a: u8, b: u8) -> usize {
    usize::from(a & 0x1f) << 6 | usize::from(b & 0x3f)
}

/// The table of characters of two bytes, for digits that count or separate.
fn two_bytes(ignore_digits: bool) -> &'static TwoBytes {
    static TABLES: LazyLock<[TwoBytes; 2]> = LazyLock::new(|| {
        [false, true].map(|ignore_digits| {
            std::array::from_fn(|c| {
                let Some(c) = char::from_u32(c as u32).filter(|c| c.len_utf8() == 2) else { return IRREGULAR };
                match class(c) {
                    Class::Separator => [0; 2],
                    Class::Digit if ignore_digits => [0; 2],
                    Class::Letter | Class::Digit => fold_in_place(c).map_or(IRREGULAR, |bytes| [bytes[0], bytes[1]]),
                    Class::Single | Class::Ignorable => IRREGULAR,
                }
            })
        })
    });
    &TABLES[usize::from(ignore_digits)]
}

/// What is known of characters of one to three bytes, from tables.
#[derive(Clone, Copy)]
pub(crate) struct Tables {
    ignore_digits: bool,
    two_bytes: &'static TwoBytes,
    basic: &'static Basic,
}

impl Tables {
    /// Those for digits that count or separate.
    pub(crate) fn of(ignore_digits: bool) -> Tables {
        Tables { ignore_digits, two_bytes: two_bytes(ignore_digits), basic: basic() }
    }
}

impl Short for Tables {
    #[inline(always)]
    fn digits(&self) -> bool {
        !self.ignore_digits
    }

    #[inline(always)]
    fn two(&self, a: u8, b: u8) -> [u8; 2] {
        self.two_bytes[two(a, b)]
    }

    #[inline(always)]
    fn three(&self, [a, b, c]: [u8; 3]) -> Option<Three> {
        let c = u16::from(a) << 12 | u16::from(b & 0x3f) << 6 | u16::from(c & 0x3f);
        let known = self.basic.of_basic(c);
        // no longer form of a shorter character, no surrogate
        let is_character = c >= 0x800 && c & 0xf800 != 0xd800;
        (is_character && known.is_regular())
            .then(|| Three { counts: known.counts(self.ignore_digits), is_single: known.is_single() })
    }
}

/// The lower-case bytes of `c`, if they are as many as its own and `c` counts for something.
pub(crate) fn fold_in_place(c: char) -> Option<[u8; 4]> {
    let (mut folded, mut len) = ([0; 4], 0);
    fold(c, |bytes| {
        if let Some(place) = folded.get_mut(len..len + bytes.len()) {
            place.copy_from_slice(bytes);
        }
        len += bytes.len();
    });
    (len == c.len_utf8() && class(c) != Class::Ignorable).then_some(folded)
}

fn compute(c: char) -> Class {
    if matches!(c, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}') {
        return Class::Ignorable;
    }
    let class = match get_general_category(c) {
        Category::UppercaseLetter
        | Category::LowercaseLetter
        | Category::TitlecaseLetter
        | Category::ModifierLetter
        | Category::OtherLetter
        | Category::NonspacingMark
        | Category::SpacingMark
        | Category::EnclosingMark => Class::Letter,
        Category::DecimalNumber | Category::LetterNumber | Category::OtherNumber => Class::Digit,
        _ => Class::Separator,
    };
    if class == Class::Letter && is_unspaced(c) { Class::Single } else { class }
}

/// Whether `c` belongs to a script that is written without spaces between words.
fn is_unspaced(c: char) -> bool {
    use Script::{Han, Hiragana, Katakana, Khmer, Lao, Myanmar, Thai};
    matches!(c.script(), Han | Hiragana | Katakana | Thai | Lao | Khmer | Myanmar)
}

/// The lower-case bytes of `c`, given to `push`. Final sigma counts as sigma, so that Σ, σ and ς are one letter.
pub(crate) fn fold(c: char, mut push: impl FnMut(&[u8])) {
    for lower in c.to_lowercase() {
        let lower = if lower == 'ς' { 'σ' } else { lower };
        push(lower.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

/// The first character of `bytes` and its length; where there is none, `None` and how many bytes are wrong.
#[inline(always)]
pub(crate) fn decode_first(bytes: &[u8]) -> (Option<char>, usize) {
    let bits = |b: u8| u32::from(b & 0x3f);
    match *bytes {
        [a @ 0..=0x7f, ..] => (Some(char::from(a)), 1),
        [a @ 0xc2..=0xdf, b @ 0x80..=0xbf, ..] => (char::from_u32(u32::from(a & 0x1f) << 6 | bits(b)), 2),
        // without the overlong forms after E0 and the surrogates after ED
        [a @ (0xe1..=0xec | 0xee..=0xef), b @ 0x80..=0xbf, c @ 0x80..=0xbf, ..]
        | [a @ 0xe0, b @ 0xa0..=0xbf, c @ 0x80..=0xbf, ..]
        | [a @ 0xed, b @ 0x80..=0x9f, c @ 0x80..=0xbf, ..] => {
            (char::from_u32(u32::from(a & 0x0f) << 12 | bits(b) << 6 | bits(c)), 3)
        }
        _ => {
            let (c, len) = bstr::decode_utf8(bytes);
            (c, len.max(1))
        }
    }
}

/// Whether the position between `before` and `after` stands inside a token: a cut there would tear a word, or join two.
pub(crate) fn inside_token(before: &[u8], after: &[u8]) -> bool {
    let separates = |byte: Option<&u8>| byte.is_none_or(|&b| b.is_ascii() && class_of_ascii(b) == Class::Separator);
    if separates(before.last()) || separates(after.first()) {
        return false; // mostly
    }
    let (last, _) = bstr::decode_last_utf8(before);
    let (first, _) = bstr::decode_utf8(after);
    let continues = |c: Option<char>| matches!(c.map(class), Some(Class::Letter | Class::Digit | Class::Ignorable));
    continues(last) && continues(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_ascii_are_those_of_its_characters() {
        (0..128_u8).for_each(|byte| assert_eq!(class_of_ascii(byte), class(char::from(byte)), "{byte}"));
    }

    #[test]
    fn classes_of_many_scripts() {
        for c in ['a', 'Ä', 'ж', 'ب', 'क', '\u{93e}', '한', '\u{301}', 'ß'] {
            assert_eq!(class(c), Class::Letter, "{c:?}");
        }
        for c in ['漢', 'ひ', 'カ', 'ก', '\u{e31}', 'ກ', 'ក', 'က', '\u{20000}'] {
            assert_eq!(class(c), Class::Single, "{c:?}");
        }
        for c in ['7', '٣', 'Ⅷ', '½'] {
            assert_eq!(class(c), Class::Digit, "{c:?}");
        }
        for c in [' ', '_', '-', '。', '\0', '😀', '€'] {
            assert_eq!(class(c), Class::Separator, "{c:?}");
        }
    }

    #[test]
    fn the_table_equals_the_definition() {
        for c in (0..=0x2_0000).filter_map(char::from_u32) {
            let mut lower = Vec::new();
            fold(c, |bytes| lower.extend_from_slice(bytes));
            let (known, class) = (basic().of(c), compute(c));
            assert_eq!(known.class(), class, "{c:?}");
            assert_eq!(known.folds(), lower != c.to_string().as_bytes(), "{c:?}");
            assert_eq!(known.is_regular(), !known.folds() && class != Class::Ignorable, "{c:?}");
            assert_eq!(known.counts(false), !matches!(class, Class::Separator | Class::Ignorable), "{c:?}");
            assert_eq!(known.counts(true), matches!(class, Class::Letter | Class::Single), "{c:?}");
            assert_eq!(known.is_single(), class == Class::Single, "{c:?}");
        }
        assert!(basic().blocks.len() < 400, "{} blocks do not stay in the cache", basic().blocks.len());
    }

    #[test]
    fn the_table_of_two_bytes_equals_the_definition() {
        for c in (0x80..0x800).filter_map(char::from_u32) {
            let mut bytes = [0; 2];
            c.encode_utf8(&mut bytes);
            let mut lower = Vec::new();
            fold(c, |bytes| lower.extend_from_slice(bytes));
            for ignore_digits in [false, true] {
                let expected: &[u8] = match class(c) {
                    Class::Separator => &[0, 0],
                    Class::Digit if ignore_digits => &[0, 0],
                    Class::Ignorable => &IRREGULAR,
                    _ if lower.len() != 2 => &IRREGULAR,
                    _ => &lower,
                };
                assert_eq!(two_bytes(ignore_digits)[two(bytes[0], bytes[1])], expected, "{c:?}");
            }
        }
    }

    #[test]
    fn decoding_equals_the_library() {
        for c in (0..=0x10_ffff).filter_map(char::from_u32) {
            let mut bytes = [0xff; 5];
            let len = c.encode_utf8(&mut bytes).len();
            assert_eq!(decode_first(&bytes), (Some(c), len));
        }
        for a in 0..=255u8 {
            for b in (0..=255u8).step_by(3) {
                for c in [0, 0x7f, 0x80, 0x9f, 0xa0, 0xbf, 0xc0] {
                    let bytes = [a, b, c, 0x80];
                    let (expected, len) = bstr::decode_utf8(bytes);
                    assert_eq!(decode_first(&bytes), (expected, if expected.is_some() { len } else { len.max(1) }));
                }
            }
        }
    }

    #[test]
    fn inside_a_token_is_between_two_word_characters() {
        assert!(inside_token("Alice".as_bytes(), "wanted".as_bytes()));
        assert!(inside_token("e".as_bytes(), "\u{301}".as_bytes()));
        assert!(!inside_token("你".as_bytes(), "好".as_bytes()));
        assert!(!inside_token(b"a ", b"b"));
        assert!(!inside_token(b"", b"b"));
    }
}
