//! Text → hashes of its tokens.
//!
//! In: bytes, valid UTF-8 or not. Out: for each token a 64-bit hash of its lower-cased characters, and the offset at
//! which it starts. Always: the result depends on the characters only, not on how the text was split before; a byte that
//! is not UTF-8 separates tokens; canonically equivalent spellings (NFC, NFD) are *not* unified.
//!
//! Tokens of up to 16 bytes are hashed by one 64×64→128-bit multiplication of their zero-padded bytes (the "mum" of
//! wyhash); longer ones by XXH3. A token holds no NUL, so padding cannot make two of them equal.
//!
//! Text is lower-cased into a buffer of the same length, where [`crate::kernel`] finds and hashes the tokens: 64 bytes at a
//! time, characters of two and three bytes among them from tables. The few that would change their length there (İ), that count
//! for nothing inside a token (soft hyphen), and all of `by_character` are read one character at a time.
//!
//! Tried and refused: reading a word with any other character than ASCII one character at a time, and ASCII again after
//! it (a third of the speed on German, a quarter on Russian).

use std::cell::RefCell;
use std::ops::Range;

use super::Span;
use super::chars::{self, Class, Known};
use super::lower::{End, lower};
use crate::kernel::{Stretch, hash_short, hash_token};

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
    /// The token under way where characters are read one by one.
    word: Word,
}

thread_local! {
    /// The text under way, lower-cased; each thread has one, for it is large.
    static STRETCH: RefCell<Box<Stretch>> = RefCell::new(Stretch::new());
}

impl Tokens {
    /// The tokens of `text`; what was here before is forgotten. Linear in the length of `text`.
    pub fn read(&mut self, text: &[u8], options: TokenOptions) {
        self.hashes.clear();
        self.starts.clear();
        if options.by_character {
            let mut at = 0;
            while at < text.len() {
                at = self.read_characters(text, at, options);
            }
            return;
        }
        STRETCH.with_borrow_mut(|stretch| self.read_words(stretch, text, options));
    }

    fn read_words(&mut self, stretch: &mut Stretch, text: &[u8], options: TokenOptions) {
        let mut at = 0;
        while at < text.len() {
            let (n, end) = lower(stretch, &text[at..], options);
            let whole = if end == End::Text { n } else { n - stretch.torn(n) };
            stretch.read(whole, at, &mut self.hashes, &mut self.starts);
            at += whole;
            if end == End::Irregular || whole == 0 {
                at = self.read_characters(text, at, options);
            }
        }
    }

    /// Reads from `start`, character by character, up to a separator; gives the offset after it.
    fn read_characters(&mut self, text: &[u8], start: usize, options: TokenOptions) -> usize {
        let table = chars::basic();
        let mut word = std::mem::take(&mut self.word);
        let (mut at, mut word_start) = (start, start);
        while at < text.len() {
            let (c, len) = chars::decode_first(&text[at..]);
            let known = c.map(|c| table.of(c));
            let folds = known.is_some_and(Known::folds);
            let class = match known.map_or(Class::Separator, Known::class) {
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
                    at += len;
                    break;
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
        &self.hashes[self.within_from(0, span)]
    }

    /// Which tokens start inside `span`, if none before `from` does. Cheap if `from` is near and the span short, or all of
    /// what is left.
    pub fn within_from(&self, from: usize, span: Span) -> Range<usize> {
        let start = from + before(&self.starts[from..], span.start);
        let rest = &self.starts[start..];
        let all = rest.last().is_none_or(|&last| last < span.end);
        start..start + if all { rest.len() } else { before(rest, span.end) }
    }
}

/// How many of the ascending `starts` are below `end`: a search in steps that double.
fn before(starts: &[u32], end: u32) -> usize {
    let mut reach = 1;
    while starts.get(reach - 1).is_some_and(|&start| start < end) {
        reach *= 2;
    }
    let known = reach / 2;
    known + starts[known..starts.len().min(reach)].partition_point(|&start| start < end)
}

/// Where the token that starts at offset `start` of `text` ends; format characters inside and behind it belong to it.
pub fn token_end(text: &[u8], start: usize, options: TokenOptions) -> usize {
    let class_at = |at: usize| match text[at] {
        ascii if ascii.is_ascii() => (chars::class_of_ascii(ascii), 1),
        _ => {
            let (c, len) = chars::decode_first(&text[at..]);
            (c.map_or(Class::Separator, chars::class), len)
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::STRETCH;
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

    proptest! {
        #[test]
        fn tokens_within_spans(text in "[ab ]{0,200}", from in 0u32..200, len in 0u32..200, gap in 0u32..200) {
            let mut tokens = Tokens::default();
            tokens.read(text.as_bytes(), TokenOptions::default());
            let inside = |span: Span| {
                let starts = tokens.starts.iter().zip(&tokens.hashes);
                starts.filter(|(s, _)| span.start <= **s && **s < span.end).map(|(_, h)| *h).collect::<Vec<_>>()
            };
            let first = Span { start: from, end: from + len };
            let second = Span { start: first.end + gap, end: first.end + gap + len };
            prop_assert_eq!(tokens.within(first), inside(first));
            let at = tokens.within_from(0, first).end;
            prop_assert_eq!(&tokens.hashes[tokens.within_from(at, second)], inside(second));
        }
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
