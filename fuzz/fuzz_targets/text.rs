//! The first byte says how the rest is read: files, lines or blocks as documents. Records are accounted for; segments are
//! sorted, disjoint, and cut no character and no token; tokens are what the definition says.
#![no_main]
#![allow(dead_code)]

use std::collections::HashMap;

use libfuzzer_sys::fuzz_target;
use unecho::Unit;
use unecho::corpus::{Format, ParagraphBreak, Segmenter, Span, TokenOptions, Tokens};
use unecho::input::InputOptions;
use unecho_fuzz::{Choices, assert_accounted, corpus_of, mark_len};

#[path = "../../tests/suite/naive.rs"]
mod naive;

fuzz_target!(init: unecho_fuzz::on_one_thread(), |data: &[u8]| {
    let mut choices = Choices(data);
    let format = choices.of(&[Format::Text, Format::TextLines, Format::TextBlocks]);
    let bytes = choices.0;
    let corpus = corpus_of(format, bytes, &InputOptions::default());
    assert_accounted(&corpus, bytes);
    let texts: Vec<Vec<u8>> = corpus.ids().map(|id| corpus.text(id).to_vec()).collect();
    let expected: Vec<Vec<u8>> = texts_in(format, &bytes[mark_len(bytes)..]);
    assert!(texts == expected, "{texts:?}, and by the definition {expected:?}");
    // one for all texts and options: what was read before leaves nothing behind
    let mut tokens = Tokens::default();
    for text in &texts {
        for by_character in [false, true] {
            for ignore_digits in [false, true] {
                assert_tokens(&mut tokens, text, TokenOptions { ignore_digits, by_character });
            }
        }
        assert_segments(text);
    }
});

/// The documents of a file, by the definition.
fn texts_in(format: Format, bytes: &[u8]) -> Vec<Vec<u8>> {
    let is_blank = |line: &[u8]| line.iter().all(u8::is_ascii_whitespace);
    let lines = bytes.split(|&byte| byte == b'\n');
    match format {
        Format::TextLines => {
            let lines = lines.filter(|line| !is_blank(line));
            lines.map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec()).collect()
        }
        Format::TextBlocks => {
            let lines: Vec<&[u8]> = lines.collect();
            let blocks = lines.split(|line| is_blank(line)).filter(|block| !block.is_empty());
            let joined = blocks.map(|block| block.join(&b'\n'));
            joined.map(|text| text.strip_suffix(b"\r").unwrap_or(&text).to_vec()).collect()
        }
        _ if bytes.is_empty() => Vec::new(),
        _ => vec![bytes.to_vec()],
    }
}

/// The tokens of a text by the definition: lower-cased, with where they stand.
fn tokens_in(text: &[u8], options: TokenOptions) -> Vec<(String, Span)> {
    let mut tokens: Vec<(String, Span)> = Vec::new();
    let (mut open, mut base) = (false, 0);
    for chunk in text.utf8_chunks() {
        for (at, c) in chunk.valid().char_indices() {
            let span = Span::new(base + at, base + at + c.len_utf8());
            let lower: String = c.to_lowercase().map(|c| if c == 'ς' { 'σ' } else { c }).collect();
            let is_digit = naive::is_digit(c) && !options.ignore_digits;
            if naive::is_ignorable(c) {
                if let Some((_, last)) = tokens.last_mut().filter(|_| open) {
                    last.end = span.end;
                }
            } else if naive::is_unspaced(c) || options.by_character && (naive::is_letter(c) || is_digit) {
                tokens.push((lower, span));
                open = false;
            } else if naive::is_letter(c) || is_digit {
                match tokens.last_mut().filter(|_| open) {
                    Some((word, last)) => {
                        word.push_str(&lower);
                        last.end = span.end;
                    }
                    None => tokens.push((lower, span)),
                }
                open = true;
            } else {
                open = false;
            }
        }
        base += chunk.valid().len() + chunk.invalid().len();
        open &= chunk.invalid().is_empty();
    }
    tokens
}

fn assert_tokens(tokens: &mut Tokens, text: &[u8], options: TokenOptions) {
    let expected = tokens_in(text, options);
    tokens.read(text, options);
    let spans = tokens.spans(text, options);
    assert!(spans == expected.iter().map(|token| token.1).collect::<Vec<_>>(), "{spans:?} and {expected:?}");
    let (mut hashes, mut words, mut alone) = (HashMap::new(), HashMap::new(), Tokens::default());
    for ((word, _), &hash) in expected.iter().zip(&tokens.hashes) {
        assert_eq!(*hashes.entry(word).or_insert(hash), hash, "two hashes of {word:?}");
        assert_eq!(*words.entry(hash).or_insert(word), word, "one hash of two words");
        alone.read(word.as_bytes(), TokenOptions::default());
        assert_eq!(alone.hashes, [hash], "{word:?} by itself");
    }
}

fn assert_segments(text: &[u8]) {
    let tokens = tokens_in(text, TokenOptions::default());
    let valid = std::str::from_utf8(text).ok();
    for paragraph_break in [ParagraphBreak::Auto, ParagraphBreak::Newline, ParagraphBreak::BlankLine] {
        let segmenter = Segmenter { paragraph_break };
        assert!(segmenter.decide(text) != ParagraphBreak::Auto);
        for unit in Unit::SEGMENTS {
            let mut spans = Vec::new();
            segmenter.split(unit, text, &mut spans);
            let mut at = 0;
            for span in &spans {
                assert!(at <= span.start && span.start < span.end, "{unit:?}: {spans:?}");
                assert!(is_blank(&text[at as usize..span.start as usize]), "{unit:?}: words that belong to no segment");
                assert!(!is_blank(span.of(text)), "{unit:?}: a blank segment");
                at = span.end;
                for end in [span.start, span.end] {
                    assert!(valid.is_none_or(|text| text.is_char_boundary(end as usize)), "{unit:?}: a torn character");
                    let before = tokens.partition_point(|(_, token)| token.end <= end);
                    let torn = tokens.get(before).is_some_and(|(_, token)| token.start < end);
                    assert!(!torn, "{unit:?}: a token is torn at {end} of {text:?}");
                }
                assert!(unit != Unit::Line || !span.of(text).contains(&b'\n'));
            }
            assert!(is_blank(&text[at as usize..]), "{unit:?}: words that belong to no segment");
        }
    }
}

fn is_blank(text: &[u8]) -> bool {
    String::from_utf8_lossy(text).chars().all(char::is_whitespace)
}
