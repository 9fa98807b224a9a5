//! The index beside the definition, and beside itself.

use super::*;
use proptest::prelude::*;
use std::collections::HashMap;

/// Which symbols lie in a window that stands elsewhere too, as the definition has it.
fn naive<S: Symbol + std::hash::Hash>(texts: &[Vec<S>], window: usize) -> Vec<Vec<bool>> {
    let mut places: HashMap<&[S], Vec<(usize, usize)>> = HashMap::new();
    for (t, text) in texts.iter().enumerate() {
        text.windows(window).enumerate().for_each(|(at, w)| places.entry(w).or_default().push((t, at)));
    }
    let mut covered: Vec<Vec<bool>> = texts.iter().map(|text| vec![false; text.len()]).collect();
    for (t, at) in places.into_values().filter(|places| places.len() > 1).flatten() {
        covered[t][at..at + window].fill(true);
    }
    covered
}

/// The same by the index; every match is checked.
fn fast<S: Symbol>(texts: &[Vec<S>], window: usize) -> Vec<Vec<bool>> {
    let mut index = Index::new(window);
    let mut covered: Vec<Vec<bool>> = texts.iter().map(|text| vec![false; text.len()]).collect();
    for (t, text) in texts.iter().enumerate() {
        for m in index.enter(Cow::Borrowed(text)) {
            let (start, end, from) = (m.start as usize, m.end as usize, m.from as usize);
            let other = &texts[m.text as usize];
            let to = from + end - start;
            assert!(end - start >= window && (m.text as usize, from) < (t, start));
            assert!(text[start..end] == other[from..to]);
            assert!(end == text.len() || to == other.len() || text[end] != other[to], "goes on");
            assert!(start == 0 || from == 0 || text[start - 1] != other[from - 1], "begins earlier");
            covered[t][start..end].fill(true);
            covered[m.text as usize][from..to].fill(true);
        }
    }
    covered
}

fn fibonacci(len: usize) -> Vec<u8> {
    let (mut a, mut b) = (b"a".to_vec(), b"ab".to_vec());
    while b.len() < len {
        let next = [&b[..], &a[..]].concat();
        a = std::mem::replace(&mut b, next);
    }
    b.truncate(len);
    b
}

#[test]
fn words_without_end_and_periods_of_all_lengths() {
    let periodic = |period: usize| (0..900).map(|i| (i % period * 37 % 251) as u8).collect::<Vec<u8>>();
    let mut texts: Vec<Vec<u8>> = [1, 2, 3, 4, 5, 7, 13, 64, 101, 350].map(periodic).to_vec();
    texts.push(fibonacci(2000));
    texts.push((0..2000u32).map(|i| (i.count_ones() % 2) as u8).collect());
    for text in &texts {
        for window in [3, 10, 50, 100] {
            let one = [text.clone()];
            assert!(fast(&one, window) == naive(&one, window), "{:?}… in windows of {window}", &text[..8]);
        }
    }
    assert!(fast(&texts, 100) == naive(&texts, 100));
}

/// Found by fuzzing: both halves of a range have the same hash for one place, which meets itself in the bucket of the second.
#[test]
fn no_place_repeats_itself() {
    let texts = [b"ccaabaaabcbbacbaabcbbacbbcaaabacaabacccbabacbbaccccbcbabcabbbaabacababccbccbbbaccabab".to_vec()];
    assert!(fast(&texts, 4) == naive(&texts, 4));
}

#[test]
fn boilerplate_with_numbers_in_it_splits_buckets() {
    let boilerplate = "All rights are reserved; no part may be copied without leave in writing. ";
    let text = |i: u64| format!("{i:05}{boilerplate}{:04}", i.wrapping_mul(0x9e37_79b9) % 977).into_bytes();
    let texts: Vec<Vec<u8>> = (0..600).map(|i| [text(i), text(i / 7)].concat()).collect();
    for window in [40, 75, 80, 85] {
        assert!(fast(&texts, window) == naive(&texts, window), "{window}");
    }
}

#[test]
fn what_was_forgotten_is_not_found() {
    let texts: Vec<Vec<u8>> = (0..40u8).map(|i| [fibonacci(300), vec![i; 30], fibonacci(200)].concat()).collect();
    let mut index = Index::new(12);
    let mut seen = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        index.commit();
        let mark = index.mark();
        let mut other: Vec<u8> = text.iter().map(|b| b ^ 5).collect();
        other.extend(text);
        index.enter(Cow::Owned(other));
        index.undo_to(mark);
        assert_eq!(index.mark().texts, i);
        seen.push(index.enter(Cow::Borrowed(text)));
    }
    let mut fresh = Index::new(12);
    let expected: Vec<Vec<Match>> = texts.iter().map(|text| fresh.enter(Cow::Borrowed(text))).collect();
    assert_eq!(seen, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn every_window_is_found(
        texts in proptest::collection::vec(proptest::collection::vec(0u8..2, 0..160), 1..8),
        window in 1usize..24,
    ) {
        prop_assert_eq!(fast(&texts, window), naive(&texts, window));
    }

    #[test]
    fn every_window_of_spliced_texts_is_found(
        parts in proptest::collection::vec((0usize..3, 0usize..200, 0usize..90), 1..40),
        window in 10usize..60,
    ) {
        let pools = [fibonacci(300), (0..300).map(|i| (i * i % 251) as u8).collect(), vec![7; 300]];
        let texts: Vec<Vec<u8>> = parts.chunks(6).map(|parts| {
            parts.iter().flat_map(|&(pool, from, len)| pools[pool][from..from + len].to_vec()).collect()
        }).collect();
        prop_assert_eq!(fast(&texts, window), naive(&texts, window));
    }

    #[test]
    fn every_window_of_tokens_is_found(
        texts in proptest::collection::vec(proptest::collection::vec(0u64..3, 0..80), 1..6),
        window in 1usize..12,
    ) {
        prop_assert_eq!(fast(&texts, window), naive(&texts, window));
    }
}
