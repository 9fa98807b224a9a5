//! Text → hashes of its tokens.
//!
//! In: bytes, valid UTF-8 or not. Out: for each token a 64-bit hash of its lower-cased characters, and the offset at
//! which it starts. Always: the result depends on the characters only, not on how the text was split before; a byte that
//! is not UTF-8 separates tokens; canonically equivalent spellings (NFC, NFD) are *not* unified.
//!
//! Tokens of up to 16 bytes are hashed by one 64×64→128-bit multiplication of their zero-padded bytes (the "mum" of
//! wyhash); longer ones by XXH3. A token holds no NUL, so padding cannot make two of them equal.

use super::chars::{self, Class};

/// How tokens are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenOptions {
    /// Digits separate instead of counting, so that "page 3 of 9" and "page 4 of 9" are the same text.
    pub ignore_digits: bool,
}

/// The tokens of one text, as columns; reused from text to text.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// Hash of each token.
    pub hashes: Vec<u64>,
    /// Byte offset at which each token starts.
    pub starts: Vec<u32>,
    /// Lower-cased bytes of the token under way, when it does not fit the short path.
    word: Vec<u8>,
}

/// Lower-cased byte for ASCII letters and digits, 0 for everything else.
const fn ascii_table(ignore_digits: bool) -> [u8; 256] {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 128 {
        let byte = b as u8;
        if byte.is_ascii_alphabetic() || (byte.is_ascii_digit() && !ignore_digits) {
            table[b] = byte.to_ascii_lowercase();
        }
        b += 1;
    }
    table
}

static WITH_DIGITS: [u8; 256] = ascii_table(false);
static WITHOUT_DIGITS: [u8; 256] = ascii_table(true);

impl Tokens {
    /// The tokens of `text`; what was here before is forgotten. Linear in the length of `text`.
    pub fn read(&mut self, text: &[u8], options: TokenOptions) {
        self.hashes.clear();
        self.starts.clear();
        let table = if options.ignore_digits { &WITHOUT_DIGITS } else { &WITH_DIGITS };
        let mut at = 0;
        while at < text.len() {
            let start = at;
            let mut packed = 0u128;
            while let Some(&byte) = text.get(at) {
                let lower = table[byte as usize];
                if lower == 0 {
                    break;
                }
                if at - start < 16 {
                    packed |= u128::from(lower) << (8 * (at - start));
                }
                at += 1;
            }
            match text.get(at) {
                Some(&byte) if byte >= 0x80 => at = self.read_unicode(text, start, options),
                _ if at == start => at += 1,
                _ if at - start <= 16 => self.push(hash_short(packed), start),
                _ => {
                    self.word.clear();
                    self.word.extend(text[start..at].iter().map(|&b| table[b as usize]));
                    self.push_word(start);
                }
            }
        }
    }

    /// Reads from `start`, character by character, up to the first separator after a non-ASCII character.
    fn read_unicode(&mut self, text: &[u8], start: usize, options: TokenOptions) -> usize {
        self.word.clear();
        let (mut at, mut word_start) = (start, start);
        while at < text.len() {
            let (c, len) = chars::decode_first(&text[at..]);
            let class = match c.map_or(Class::Separator, chars::class) {
                Class::Digit if options.ignore_digits => Class::Separator,
                class => class,
            };
            let folded = |word: &mut Vec<u8>| {
                if let Some(c) = c {
                    chars::fold(c, |bytes| word.extend_from_slice(bytes));
                }
            };
            match class {
                Class::Letter | Class::Digit => {
                    if self.word.is_empty() {
                        word_start = at;
                    }
                    folded(&mut self.word);
                }
                Class::Single => {
                    self.push_word(word_start);
                    folded(&mut self.word);
                    self.push_word(at);
                }
                Class::Ignorable => {}
                Class::Separator => {
                    self.push_word(word_start);
                    return at + len;
                }
            }
            at += len;
        }
        self.push_word(word_start);
        at
    }

    /// Ends the token under way, if there is one.
    fn push_word(&mut self, start: usize) {
        if self.word.is_empty() {
            return;
        }
        let hash = hash_token(&self.word);
        self.push(hash, start);
        self.word.clear();
    }

    fn push(&mut self, hash: u64, start: usize) {
        self.hashes.push(hash);
        self.starts.push(start as u32);
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// The hashes of the tokens that start inside `span`. Costs a binary search.
    pub fn within(&self, span: super::Span) -> &[u64] {
        let from = self.starts.partition_point(|&s| s < span.start);
        let to = from + self.starts[from..].partition_point(|&s| s < span.end);
        &self.hashes[from..to]
    }
}

/// Hash of a lower-cased token.
fn hash_token(word: &[u8]) -> u64 {
    if word.len() > 16 {
        return xxhash_rust::xxh3::xxh3_64(word);
    }
    let mut padded = [0; 16];
    padded[..word.len()].copy_from_slice(word);
    hash_short(u128::from_le_bytes(padded))
}

/// Hash of a token of at most 16 bytes, zero-padded.
fn hash_short(packed: u128) -> u64 {
    const SECRET: (u64, u64) = (0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db);
    let product = u128::from(packed as u64 ^ SECRET.0) * u128::from((packed >> 64) as u64 ^ SECRET.1);
    (product as u64) ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The definition, character by character: tokens as lower-cased strings with their offsets.
    fn naive(text: &[u8], options: TokenOptions) -> Vec<(u64, u32)> {
        let mut tokens: Vec<(String, usize)> = Vec::new();
        let (mut at, mut open) = (0, false);
        while at < text.len() {
            let (c, len) = chars::decode_first(&text[at..]);
            let class = c.map_or(Class::Separator, chars::class);
            let mut lower = String::new();
            if let Some(c) = c {
                chars::fold(c, |b| lower.push_str(std::str::from_utf8(b).unwrap()));
            }
            match class {
                Class::Digit if options.ignore_digits => open = false,
                Class::Letter | Class::Digit if open => tokens.last_mut().unwrap().0.push_str(&lower),
                Class::Letter | Class::Digit => {
                    tokens.push((lower, at));
                    open = true;
                }
                Class::Single => {
                    tokens.push((lower, at));
                    open = false;
                }
                Class::Ignorable => {}
                Class::Separator => open = false,
            }
            at += len;
        }
        tokens.into_iter().map(|(word, at)| (hash_token(word.as_bytes()), at as u32)).collect()
    }

    fn fast(text: &[u8], options: TokenOptions) -> Vec<(u64, u32)> {
        let mut tokens = Tokens::default();
        tokens.read(text, options);
        tokens.hashes.iter().copied().zip(tokens.starts.iter().copied()).collect()
    }

    fn hashes(text: &str) -> Vec<u64> {
        fast(text.as_bytes(), TokenOptions::default()).into_iter().map(|(hash, _)| hash).collect()
    }

    #[test]
    fn case_punctuation_and_spacing_do_not_matter() {
        assert_eq!(hashes("The quick-brown FOX."), hashes("the  quick\nbrown, fox"));
        assert_eq!(hashes("ΟΔΟΣ"), hashes("οδος"));
        assert_eq!(hashes("co\u{ad}operate"), hashes("cooperate"));
    }

    #[test]
    fn scripts_without_spaces_are_not_collapsed() {
        assert_eq!(hashes("你好世界").len(), 4);
        assert_eq!(hashes("iPhone手机5台").len(), 5);
        assert_eq!(hashes("สวัสดี").len(), 6);
        assert_eq!(hashes("아름다운 하루").len(), 2);
    }

    #[test]
    fn digits_can_be_ignored() {
        let options = TokenOptions { ignore_digits: true };
        assert_eq!(fast(b"a1b 22", options).len(), 2);
        assert_eq!(fast("é٣x".as_bytes(), options).len(), 2);
    }

    #[test]
    fn short_and_long_tokens_of_each_length() {
        for len in 0..40 {
            let text = "X".repeat(len);
            assert_eq!(fast(text.as_bytes(), TokenOptions::default()), naive(text.as_bytes(), TokenOptions::default()));
        }
    }

    proptest! {
        #[test]
        fn equals_the_definition(text in any::<String>(), ignore_digits: bool) {
            let options = TokenOptions { ignore_digits };
            prop_assert_eq!(fast(text.as_bytes(), options), naive(text.as_bytes(), options));
        }

        #[test]
        fn equals_the_definition_on_mixed_scripts(text in "[a-zA-Z0-9 .é漢กж\u{301}\u{ad}_]{0,60}") {
            prop_assert_eq!(fast(text.as_bytes(), TokenOptions::default()), naive(text.as_bytes(), TokenOptions::default()));
        }

        #[test]
        fn equals_the_definition_on_bytes(text in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(fast(&text, TokenOptions::default()), naive(&text, TokenOptions::default()));
        }
    }
}
