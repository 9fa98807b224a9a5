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
    match BASIC.get(c as usize) {
        Some(&class) => class,
        None => compute(c),
    }
}

/// The classes of the Basic Multilingual Plane, computed once.
static BASIC: LazyLock<Vec<Class>> =
    LazyLock::new(|| (0..0x1_0000).map(|c| char::from_u32(c).map_or(Class::Separator, compute)).collect());

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
pub(crate) fn decode_first(bytes: &[u8]) -> (Option<char>, usize) {
    let (c, len) = bstr::decode_utf8(bytes);
    (c, len.max(1))
}

/// Whether the position `at` stands inside a token: a cut there would tear a word, or join two.
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
    fn inside_a_token_is_between_two_word_characters() {
        assert!(inside_token("Alice".as_bytes(), "wanted".as_bytes()));
        assert!(inside_token("e".as_bytes(), "\u{301}".as_bytes()));
        assert!(!inside_token("你".as_bytes(), "好".as_bytes()));
        assert!(!inside_token(b"a ", b"b"));
        assert!(!inside_token(b"", b"b"));
    }
}
