//! Few symbols, so that everything repeats: the passage index finds every window that stands twice, as a naive table of
//! all windows has it; each match is equal and maximal; what was forgotten leaves no trace. The same texts as words:
//! passages and their copies are equal and share no byte.
#![no_main]

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;

use libfuzzer_sys::fuzz_target;
use unecho::corpus::{Span, TokenOptions, Tokens};
use unecho::search::passage::{Index, MinPassage, Normalise, PassageOptions, Passages, Symbol};
use unecho_fuzz::{Choices, text_of};

fuzz_target!(init: unecho_fuzz::on_one_thread(), |data: &[u8]| {
    let mut choices = Choices(data);
    let (kind, letters, window) = (choices.below(3), 1 + choices.below(5), 1 + choices.below(60));
    let forget = choices.flag();
    let texts: Vec<&[u8]> = choices.0.split(|&byte| byte == 255).take(12).collect();
    let symbols = |text: &&[u8]| text.iter().map(|&byte| byte as usize % letters).collect::<Vec<usize>>();
    match kind {
        0 => {
            let byte = |text| symbols(text).into_iter().map(|n| b'a' + n as u8).collect();
            assert_complete::<u8>(&texts.iter().map(byte).collect::<Vec<_>>(), window, forget);
        }
        1 => {
            let word =
                |text| symbols(text).into_iter().map(|n| (n as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
            assert_complete::<u64>(&texts.iter().map(word).collect::<Vec<_>>(), window, forget);
        }
        _ => assert_texts(&texts, window, letters),
    }
});

/// Which symbols lie in a window that stands elsewhere too, by the definition.
fn naive<S: Symbol + Hash>(texts: &[Vec<S>], window: usize) -> Vec<Vec<bool>> {
    let mut places: HashMap<&[S], Vec<(usize, usize)>> = HashMap::new();
    for (number, text) in texts.iter().enumerate() {
        text.windows(window).enumerate().for_each(|(at, w)| places.entry(w).or_default().push((number, at)));
    }
    let mut covered: Vec<Vec<bool>> = texts.iter().map(|text| vec![false; text.len()]).collect();
    for (number, at) in places.into_values().filter(|places| places.len() > 1).flatten() {
        covered[number][at..at + window].fill(true);
    }
    covered
}

fn assert_complete<S: Symbol + Hash>(texts: &[Vec<S>], window: usize, forget: bool) {
    let mut index = Index::new(window);
    let mut covered: Vec<Vec<bool>> = texts.iter().map(|text| vec![false; text.len()]).collect();
    for (number, text) in texts.iter().enumerate() {
        if forget {
            index.commit();
            let mark = index.mark();
            let other: Vec<S> = texts.iter().rev().flatten().copied().collect();
            index.enter(Cow::Owned(other));
            index.undo_to(mark);
        }
        for found in index.enter(Cow::Borrowed(text)) {
            let (start, end, from) = (found.start as usize, found.end as usize, found.from as usize);
            let (other, to) = (&texts[found.text as usize], from + end - start);
            assert!(end - start >= window && (found.text as usize, from) < (number, start));
            assert!(text[start..end] == other[from..to], "not equal");
            assert!(end == text.len() || to == other.len() || text[end] != other[to], "it goes on");
            assert!(start == 0 || from == 0 || text[start - 1] != other[from - 1], "it begins earlier");
            covered[number][start..end].fill(true);
            covered[found.text as usize][from..to].fill(true);
        }
    }
    assert!(covered == naive(texts, window), "in windows of {window} of {} texts", texts.len());
}

fn assert_texts(texts: &[&[u8]], length: usize, kind: usize) {
    let options = match kind {
        1 => PassageOptions { min: MinPassage::Tokens(1 + length % 12), normalise: Normalise::Tokens },
        2 => PassageOptions { min: MinPassage::Tokens(1 + length % 12), normalise: Normalise::Nothing },
        _ => PassageOptions { min: MinPassage::Bytes(length), normalise: Normalise::Nothing },
    };
    let texts: Vec<Vec<u8>> = texts.iter().map(|text| text_of(text).into_bytes()).collect();
    let mut passages = Passages::new(options, TokenOptions::default());
    for (number, text) in texts.iter().enumerate() {
        let found = passages.enter(Cow::Borrowed(text));
        assert!(found.windows(2).all(|pair| pair[0].span.start <= pair[1].span.start));
        for passage in found {
            let copy = passages.copy_of(&passage, passage.span);
            let other = &texts[passage.text as usize];
            assert!(passage.text as usize != number || !copy.overlaps(passage.span), "it is its own copy");
            match options.normalise {
                Normalise::Nothing => assert!(passage.span.of(text) == copy.of(other)),
                Normalise::Tokens => assert!(words(text, passage.span) == words(other, copy)),
            }
        }
    }
}

fn words(text: &[u8], span: Span) -> Vec<u64> {
    let mut tokens = Tokens::default();
    tokens.read(span.of(text), TokenOptions::default());
    tokens.hashes
}
