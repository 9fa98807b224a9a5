//! Text → hashes of its tokens.
//!
//! In: bytes, valid UTF-8 or not. Out: for each token a 64-bit hash of its lower-cased characters, and the offset at
//! which it starts. Always: the result depends on the characters only, not on how the text was split before; a byte that
//! is not UTF-8 separates tokens; canonically equivalent spellings (NFC, NFD) are *not* unified.
//!
//! Tokens of up to 16 bytes are hashed by one 64×64→128-bit multiplication of their zero-padded bytes (the "mum" of
//! wyhash); longer ones by XXH3. A token holds no NUL, so padding cannot make two of them equal.
//!
//! Stretches of ASCII are lower-cased into a buffer in which separators are 0 (a loop that vectorises by itself), and
//! words are found there 16 bytes at a time. Words with other characters are read one character at a time.

use super::Span;
use super::chars::{self, Class};

/// How tokens are made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TokenOptions {
    /// Digits separate instead of counting, so that "page 3 of 9" and "page 4 of 9" are the same text.
    pub ignore_digits: bool,
    /// Every letter, digit and mark is a token by itself: for texts in which words are few or hard to tell.
    pub by_character: bool,
}

/// The tokens of one text, as columns; reused from text to text.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    /// Hash of each token.
    pub hashes: Vec<u64>,
    /// Byte offset at which each token starts.
    pub starts: Vec<u32>,
    /// A stretch of ASCII, lower-cased, separators 0, with [`PADDING`] more zeros.
    lower: Vec<u8>,
    /// The token under way where characters are read one by one.
    word: Word,
}

/// ASCII is lower-cased in stretches of at most this many bytes, which stay in the cache.
const STRETCH: usize = 1 << 14;

/// Zeros after a stretch, so that 16 bytes can be read at its last word.
const PADDING: usize = 16;

impl Tokens {
    /// The tokens of `text`; what was here before is forgotten. Linear in the length of `text`.
    pub fn read(&mut self, text: &[u8], options: TokenOptions) {
        self.hashes.clear();
        self.starts.clear();
        let mut at = 0;
        while at < text.len() {
            let ahead = &text[at..text.len().min(at + STRETCH)];
            let words = if options.by_character { 0 } else { whole_ascii_words(ahead, at + STRETCH >= text.len()) };
            if words > 0 {
                self.read_ascii(&text[at..at + words], at, options);
                at += words;
            } else {
                at = self.read_characters(text, at, options);
            }
        }
    }

    /// Reads words of ASCII that begin at offset `base`.
    fn read_ascii(&mut self, text: &[u8], base: usize, options: TokenOptions) {
        self.lower.clear();
        if options.ignore_digits {
            self.lower.extend(text.iter().map(|&b| lower_letter(b)));
        } else {
            self.lower.extend(text.iter().map(|&b| lower_letter(b) | digit(b)));
        }
        self.lower.resize(text.len() + PADDING, 0);
        let mut at = 0;
        while at < text.len() {
            if self.lower[at] == 0 {
                at += 1;
                continue;
            }
            let (hash, len) = first_word(&self.lower[at..]);
            self.push(hash, base + at);
            at += len;
        }
    }

    /// Reads from `start`, character by character, up to a separator that ASCII follows; gives the offset after it.
    fn read_characters(&mut self, text: &[u8], start: usize, options: TokenOptions) -> usize {
        let table = chars::basic();
        let mut word = std::mem::take(&mut self.word);
        let (mut at, mut word_start) = (start, start);
        while at < text.len() {
            let (c, len) = chars::decode_first(&text[at..]);
            let (class, folds) = c.map_or((Class::Separator, false), |c| chars::look_up(table, c));
            let class = match class {
                Class::Digit if options.ignore_digits => Class::Separator,
                Class::Letter | Class::Digit if options.by_character => Class::Single,
                class => class,
            };
            match (class, c) {
                (Class::Letter | Class::Digit, Some(c)) => {
                    if word.is_empty() {
                        word_start = at;
                    }
                    match folds {
                        true => chars::fold(c, |bytes| word.push(packed_char(bytes, bytes.len()), bytes.len())),
                        false => word.push(packed_char(&text[at..], len), len),
                    }
                }
                (Class::Single, Some(c)) if folds => {
                    self.end_word(&mut word, word_start);
                    chars::fold(c, |bytes| word.push(packed_char(bytes, bytes.len()), bytes.len()));
                    self.end_word(&mut word, at);
                }
                (Class::Single, _) => {
                    self.end_word(&mut word, word_start);
                    self.push(hash_short(u128::from(packed_char(&text[at..], len))), at);
                }
                (Class::Ignorable, _) => {}
                _ => {
                    self.end_word(&mut word, word_start);
                    if text.get(at + len).is_none_or(u8::is_ascii) {
                        at += len;
                        break;
                    }
                }
            }
            at += len;
        }
        self.end_word(&mut word, word_start);
        self.word = word;
        at
    }

    /// Ends the token under way, if there is one.
    fn end_word(&mut self, word: &mut Word, start: usize) {
        if !word.is_empty() {
            self.push(word.hash(), start);
            word.clear();
        }
    }

    /// Where each token stands in `text`, which was read last and with these options. Reads the tokens' characters again.
    pub fn spans(&self, text: &[u8], options: TokenOptions) -> Vec<Span> {
        let span = |&start: &u32| Span::new(start as usize, token_end(text, start as usize, options));
        self.starts.iter().map(span).collect()
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
    pub fn within(&self, span: Span) -> &[u64] {
        let from = self.starts.partition_point(|&s| s < span.start);
        let to = from + self.starts[from..].partition_point(|&s| s < span.end);
        &self.hashes[from..to]
    }
}

/// Where the token that starts at offset `start` of `text` ends; format characters inside and behind it belong to it.
pub fn token_end(text: &[u8], start: usize, options: TokenOptions) -> usize {
    let class_at = |at: usize| {
        let (c, len) = chars::decode_first(&text[at..]);
        (c.map_or(Class::Separator, chars::class), len)
    };
    if start >= text.len() {
        return text.len();
    }
    let (first, len) = class_at(start);
    let mut end = start + len;
    let whole = options.by_character || first == Class::Single;
    while !whole && end < text.len() {
        match class_at(end) {
            (Class::Digit, _) if options.ignore_digits => break,
            (Class::Letter | Class::Digit | Class::Ignorable, len) => end += len,
            _ => break,
        }
    }
    end
}

/// How many of the first bytes of `text` are ASCII and end with a word: all of it if nothing follows (`last`), else up to
/// its last separator.
fn whole_ascii_words(text: &[u8], last: bool) -> usize {
    let ascii = ascii_prefix(text);
    if last && ascii == text.len() {
        return ascii;
    }
    let torn = text[..ascii].iter().rev().take_while(|b| b.is_ascii_alphanumeric()).count();
    ascii - torn
}

/// The number of ASCII bytes at the start.
fn ascii_prefix(text: &[u8]) -> usize {
    const STEP: usize = 32;
    let whole = text.chunks_exact(STEP).take_while(|chunk| chunk.is_ascii()).count() * STEP;
    whole + text[whole..].iter().take_while(|b| b.is_ascii()).count()
}

/// The lower-case letter, or 0.
#[inline(always)]
fn lower_letter(b: u8) -> u8 {
    let lower = b | 0x20;
    if lower.wrapping_sub(b'a') < 26 { lower } else { 0 }
}

/// The digit, or 0.
#[inline(always)]
fn digit(b: u8) -> u8 {
    if b.wrapping_sub(b'0') < 10 { b } else { 0 }
}

/// Hash and length of the word at the start of `lower`, which ends with a 0.
#[inline(always)]
fn first_word(lower: &[u8]) -> (u64, usize) {
    const ONES: u128 = u128::from_ne_bytes([1; 16]);
    const HIGHS: u128 = u128::from_ne_bytes([0x80; 16]);
    let bytes: &[u8; 16] = lower.first_chunk().expect("16 zeros follow the last word");
    let packed = u128::from_le_bytes(*bytes);
    // the lowest bit set is the top bit of the first zero byte
    let zeros = packed.wrapping_sub(ONES) & !packed & HIGHS;
    if zeros != 0 {
        let bits = zeros.trailing_zeros() & !7;
        return (hash_short(packed & ((1 << bits) - 1)), bits as usize / 8);
    }
    let len = 16 + memchr::memchr(0, &lower[16..]).expect("zeros follow the last word");
    (hash_token(&lower[..len]), len)
}

/// A token under way: its first 16 bytes packed, all of them if it is longer.
#[derive(Clone, Debug, Default)]
struct Word {
    packed: u128,
    len: usize,
    long: Vec<u8>,
}

impl Word {
    fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn clear(&mut self) {
        (self.packed, self.len) = (0, 0);
        self.long.clear();
    }

    /// Adds a character of `n` bytes.
    #[inline(always)]
    fn push(&mut self, packed: u32, n: usize) {
        if self.len + n <= 16 {
            self.packed |= u128::from(packed) << (8 * self.len);
        } else {
            if self.long.is_empty() {
                self.long.extend_from_slice(&self.packed.to_le_bytes()[..self.len]);
            }
            self.long.extend_from_slice(&packed.to_le_bytes()[..n]);
        }
        self.len += n;
    }

    fn hash(&self) -> u64 {
        if self.long.is_empty() { hash_short(self.packed) } else { hash_token(&self.long) }
    }
}

/// The first `len` bytes of `text`, at most four, in one number.
#[inline(always)]
fn packed_char(text: &[u8], len: usize) -> u32 {
    match text.first_chunk::<4>() {
        Some(bytes) => u32::from_le_bytes(*bytes) & (u32::MAX >> (32 - 8 * len)),
        None => text[..len].iter().rev().fold(0, |packed, &byte| packed << 8 | u32::from(byte)),
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
    fn characters_can_be_tokens() {
        let options = TokenOptions { by_character: true, ..TokenOptions::default() };
        let tokens = |text: &str| fast(text.as_bytes(), options);
        assert_eq!(tokens("Ab 1é!").iter().map(|t| t.1).collect::<Vec<_>>(), [0, 1, 3, 4]);
        let hashes = |text: &str| tokens(text).into_iter().map(|t| t.0).collect::<Vec<_>>();
        assert_eq!(hashes("a-b ÉÉ"), hashes("AB éé"));
        assert_eq!(hashes("좋아 요"), hashes("좋 아요"));
    }

    #[test]
    fn digits_can_be_ignored() {
        let options = TokenOptions { ignore_digits: true, ..TokenOptions::default() };
        assert_eq!(fast(b"a1b 22", options).len(), 2);
        assert_eq!(fast("é٣x".as_bytes(), options).len(), 2);
    }

    #[test]
    fn a_token_ends_where_its_word_does() {
        let ends = |text: &str, options| {
            let starts = fast(text.as_bytes(), options);
            starts.iter().map(|t| token_end(text.as_bytes(), t.1 as usize, options)).collect::<Vec<_>>()
        };
        let options = TokenOptions::default();
        assert_eq!(ends("Ab, c4é! 你好x", options), [2, 8, 13, 16, 17]);
        assert_eq!(ends("a1b 2", TokenOptions { ignore_digits: true, ..options }), [1, 3]);
        assert_eq!(ends("ab é", TokenOptions { by_character: true, ..options }), [1, 2, 5]);
        assert_eq!(token_end(b"ab", 2, options), 2);
    }

    #[test]
    fn words_across_the_ends_of_stretches() {
        for shift in 0..40 {
            let text = format!(
                "{}{}",
                "x".repeat(shift),
                " word longer_than_sixteen_bytes_altogether é".repeat(2 * STRETCH / 40)
            );
            assert_eq!(fast(text.as_bytes(), TokenOptions::default()), naive(text.as_bytes(), TokenOptions::default()));
        }
        let text = "y".repeat(3 * STRETCH);
        assert_eq!(fast(text.as_bytes(), TokenOptions::default()), naive(text.as_bytes(), TokenOptions::default()));
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
            let options = TokenOptions { ignore_digits, ..TokenOptions::default() };
            prop_assert_eq!(fast(text.as_bytes(), options), naive(text.as_bytes(), options));
        }

        #[test]
        fn equals_the_definition_on_mixed_scripts(text in "[a-zA-Z0-9 .é漢กж\u{301}\u{ad}_]{0,60}") {
            prop_assert_eq!(fast(text.as_bytes(), TokenOptions::default()), naive(text.as_bytes(), TokenOptions::default()));
        }

        #[test]
        fn the_tokens_of_a_token_are_itself(text in "[a-zA-Z0-9 .é漢กж\u{301}\u{ad}_]{0,60}", by_character: bool) {
            let options = TokenOptions { by_character, ..TokenOptions::default() };
            for (hash, start) in fast(text.as_bytes(), options) {
                let end = token_end(text.as_bytes(), start as usize, options);
                prop_assert_eq!(fast(&text.as_bytes()[start as usize..end], options), vec![(hash, 0)]);
            }
        }

        #[test]
        fn equals_the_definition_on_bytes(text in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(fast(&text, TokenOptions::default()), naive(&text, TokenOptions::default()));
        }
    }
}
