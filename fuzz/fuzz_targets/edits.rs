//! Texts of few words, kept one after the other: each edited passage is verified token by token from its spans and
//! differences, none overlaps another, asking twice gives the same, and what was forgotten leaves no trace.
#![no_main]

use std::borrow::Cow;

use libfuzzer_sys::fuzz_target;
use unecho::corpus::{Span, TokenOptions, Tokens};
use unecho::search::edits::{Difference, EditOptions, EditedKeeper, EditedMatch, EditedPassages};
use unecho_fuzz::{Choices, texts_of};

const WORDS: [&str; 12] =
    ["a ", "bé ", "漢", "c3 ", "dd ", "e\u{301}, ", "F! ", "g\n", "h - ", "so\u{ad}ft ", "12 ", "\0 "];

fuzz_target!(init: unecho_fuzz::on_one_thread(), |data: &[u8]| {
    let mut choices = Choices(data);
    let options = EditOptions {
        similarity: choices.of(&[0.8, 0.5, 0.6, 0.7, 0.9, 1.0]),
        min_tokens: 5 + choices.below(30) as u32,
    };
    let (from_pieces, words) = (choices.flag(), 2 + choices.below(WORDS.len() - 1));
    let spell = |text: &[u8]| text.iter().map(|&byte| WORDS[usize::from(byte) % words]).collect::<String>();
    let texts: Vec<String> = match from_pieces {
        true => texts_of(choices.0, 8),
        false => choices.0.split(|&byte| byte == 255).take(8).map(spell).collect(),
    };
    let mut engine = EditedPassages::new(options, TokenOptions::default());
    for (key, text) in texts.iter().enumerate() {
        let kept = |key: u32| Cow::Borrowed(texts[key as usize].as_bytes());
        let found = engine.find(text.as_bytes(), &kept);
        assert_verified(&texts, text, &found, options);
        let mark = engine.mark();
        engine.keep(key as u32, text.as_bytes());
        engine.find(texts[0].as_bytes(), &kept);
        engine.undo_to(mark);
        assert!(engine.find(text.as_bytes(), &kept) == found, "it remembers what it forgot");
        engine.keep(key as u32, text.as_bytes());
    }
});

fn assert_verified(texts: &[String], text: &str, found: &[EditedMatch], options: EditOptions) {
    assert!(found.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start), "matches overlap");
    for found_itself in found.iter().filter(|found| found.keeper == EditedKeeper::Itself) {
        let kept = found_itself.kept;
        assert!(kept.end <= found_itself.span.start && found.iter().all(|other| !other.span.overlaps(kept)));
    }
    for found in found {
        let kept = match found.keeper {
            EditedKeeper::Text(key) => texts[key as usize].as_str(),
            EditedKeeper::Itself => text,
        };
        let (own, other) = (words(text, found.span), words(kept, found.kept));
        assert!(own.len() == found.tokens as usize && found.tokens >= options.min_tokens);
        assert!(found.identity() >= options.similarity && found.identity() <= 1.0);
        assert_aligned(text, kept, found);
        assert!((found.columns - found.matches) as usize >= distance(&own, &other), "fewer differences than there are");
    }
}

/// Without the differences the same tokens are left on both sides, as many as there are matches.
fn assert_aligned(text: &str, kept: &str, found: &EditedMatch) {
    let (mut at, mut kept_at, mut matches, mut columns) = (found.span.start, found.kept.start, 0, 0);
    let end = Difference {
        span: Span { start: found.span.end, end: found.span.end },
        kept: Span { start: found.kept.end, end: found.kept.end },
    };
    for difference in found.differences.iter().chain([&end]) {
        let same = words(text, Span { start: at, end: difference.span.start });
        assert_eq!(same, words(kept, Span { start: kept_at, end: difference.kept.start }));
        assert!(!same.is_empty(), "it does not start and end with what is the same");
        matches += same.len();
        columns += words(text, difference.span).len().max(words(kept, difference.kept).len());
        (at, kept_at) = (difference.span.end, difference.kept.end);
    }
    assert_eq!((found.matches as usize, found.columns as usize), (matches, matches + columns));
}

fn words(text: &str, span: Span) -> Vec<u64> {
    let mut tokens = Tokens::default();
    tokens.read(text[span.start as usize..span.end as usize].as_bytes(), TokenOptions::default());
    tokens.hashes
}

/// The edit distance, in tokens.
fn distance(a: &[u64], b: &[u64]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let best = (diagonal + usize::from(x != y)).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = std::mem::replace(&mut row[j + 1], best);
        }
    }
    row[b.len()]
}
