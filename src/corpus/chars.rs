//! What each character is to a tokeniser.
//!
//! A token is a maximal run of letters, digits and marks; every character of the scripts that write without spaces is a
//! token by itself; format characters such as a soft hyphen count for nothing; the rest separates.

use std::sync::LazyLock;

use unicode_general_category::{GeneralCategory as Category, get_general_category};
use unicode_script::{Script, UnicodeScript};

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

/// The class of `c`.
pub(crate) fn class(c: char) -> Class {
    class_and_fold(c).0
}

/// The class of `c`, and whether [`fold`] changes it.
pub(crate) fn class_and_fold(c: char) -> (Class, bool) {
    look_up(basic(), c)
}

/// As [`class_and_fold`], with the table at hand.
#[inline(always)]
pub(crate) fn look_up(table: &Basic, c: char) -> (Class, bool) {
    match table.get(c as usize) {
        Some(&known) => known,
        None => compute_both(c),
    }
}

/// What is known of the characters of the Basic Multilingual Plane.
pub(crate) type Basic = [(Class, bool)];

/// The table of the Basic Multilingual Plane, computed once.
pub(crate) fn basic() -> &'static Basic {
    static BASIC: LazyLock<Vec<(Class, bool)>> = LazyLock::new(|| {
        let known = |c| char::from_u32(c).map_or((Class::Separator, false), compute_both);
        (0..0x1_0000).map(known).collect()
    });
    &BASIC
}

fn compute_both(c: char) -> (Class, bool) {
    let mut folded = Vec::new();
    fold(c, |bytes| folded.extend_from_slice(bytes));
    (compute(c), folded != c.encode_utf8(&mut [0; 4]).as_bytes())
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

/// The first character of `bytes` and its length; an invalid byte gives `None` and length 1.
#[inline(always)]
pub(crate) fn decode_first(bytes: &[u8]) -> (Option<char>, usize) {
    let bits = |b: u8| u32::from(b & 0x3f);
    match *bytes {
        [a @ 0..=0x7f, ..] => (Some(char::from(a)), 1),
        [a @ 0xc2..=0xdf, b @ 0x80..=0xbf, ..] => (char::from_u32(u32::from(a & 0x1f) << 6 | bits(b)), 2),
        // without the overlong forms after E0 and the surrogates after ED
        [a @ (0xe1..=0xec | 0xee..=0xef), b @ 0x80..=0xbf, c @ 0x80..=0xbf, ..] => {
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
    let (last, _) = bstr::decode_last_utf8(before);
    let (first, _) = bstr::decode_utf8(after);
    let continues = |c: Option<char>| matches!(c.map(class), Some(Class::Letter | Class::Digit | Class::Ignorable));
    continues(last) && continues(first)
}

#[cfg(test)]
mod tests {
    use super::*;

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
