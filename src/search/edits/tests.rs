//! The engine as a whole: what it returns verifies, planted passages are found, nothing is found that is not there.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

/// An engine with the texts it keeps.
struct Kept {
    engine: EditedPassages,
    texts: BTreeMap<u32, Vec<u8>>,
}

impl Kept {
    fn new(similarity: f64, min_tokens: u32) -> Kept {
        let options = EditOptions { similarity, min_tokens };
        Kept { engine: EditedPassages::new(options, TokenOptions::default()), texts: BTreeMap::new() }
    }

    fn keep(&mut self, key: u32, text: &str) {
        self.texts.insert(key, text.as_bytes().to_vec());
        self.engine.keep(key, text.as_bytes());
    }

    fn find(&mut self, text: &str) -> Vec<EditedMatch> {
        let texts = &self.texts;
        let found = self.engine.find(text.as_bytes(), &|key| Cow::Borrowed(texts[&key].as_slice()));
        self.assert_verified(text.as_bytes(), &found);
        found
    }

    /// Checks all that is promised of matches, from the texts alone.
    fn assert_verified(&self, text: &[u8], found: &[EditedMatch]) {
        let options = self.engine.options;
        assert!(found.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start), "matches overlap");
        let named = found.iter().filter(|m| m.keeper == EditedKeeper::Itself);
        named.for_each(|m| assert!(m.kept.end <= m.span.start && found.iter().all(|o| !o.span.overlaps(m.kept))));
        for found in found {
            let kept: &[u8] = match found.keeper {
                EditedKeeper::Text(key) => &self.texts[&key],
                EditedKeeper::Itself => text,
            };
            let (own, other) = (words(text, found.span), words(kept, found.kept));
            assert!(own.len() == found.tokens as usize && found.tokens >= options.min_tokens);
            assert!(found.identity() >= options.similarity && found.identity() <= 1.0);
            assert_aligned(text, kept, found);
            let edits = edit_distance(&own, &other);
            assert!((found.columns - found.matches) as usize >= edits, "fewer differences than there are");
        }
    }
}

/// Checks that leaving out the differences leaves the same tokens on both sides, as many as there are matches.
fn assert_aligned(text: &[u8], kept: &[u8], found: &EditedMatch) {
    let (mut at, mut kept_at, mut matches, mut columns) = (found.span.start, found.kept.start, 0, 0);
    let end = Difference {
        span: Span { start: found.span.end, end: found.span.end },
        kept: Span { start: found.kept.end, end: found.kept.end },
    };
    for difference in found.differences.iter().chain([&end]) {
        let same = words(text, Span { start: at, end: difference.span.start });
        assert_eq!(same, words(kept, Span { start: kept_at, end: difference.kept.start }));
        assert!(!same.is_empty(), "a passage that does not start and end with what is the same");
        matches += same.len();
        columns += words(text, difference.span).len().max(words(kept, difference.kept).len());
        (at, kept_at) = (difference.span.end, difference.kept.end);
    }
    assert_eq!((found.matches as usize, found.columns as usize), (matches, matches + columns));
}

fn words(text: &[u8], span: Span) -> Vec<u64> {
    let mut tokens = Tokens::default();
    tokens.read(span.of(text), TokenOptions::default());
    tokens.hashes
}

fn edit_distance(a: &[u64], b: &[u64]) -> usize {
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

/// `n` words that stand nowhere else.
fn prose(name: &str, n: usize) -> String {
    (0..n).map(|i| format!("{name}{i} ")).collect()
}

fn texts_of(text: &str, found: &[EditedMatch]) -> Vec<String> {
    found.iter().map(|m| String::from_utf8(m.span.of(text.as_bytes()).to_vec()).unwrap()).collect()
}

#[test]
fn a_passage_is_found_inside_other_text_with_its_ends() {
    let passage = "It was the best of times, it was the worst of times, it was the age of wisdom, \
                   it was the age of foolishness, it was the epoch of belief";
    let edited = "It was the best of times, it was the worst of TIMES — it was an age of much wisdom, \
                  it was the age of foolishness, it was the epoch of belief";
    let mut kept = Kept::new(0.8, 20);
    kept.keep(5, &format!("{}{passage}. {}", prose("a", 70), prose("b", 70)));
    let text = format!("{}{edited}! {}", prose("c", 33), prose("d", 44));
    let found = kept.find(&text);
    assert_eq!(texts_of(&text, &found), [edited]);
    assert_eq!((found[0].keeper, found[0].differences.len()), (EditedKeeper::Text(5), 2));
    let [first, second] = [0, 1].map(|i| found[0].differences[i]);
    assert_eq!(first.span.of(text.as_bytes()), b"an");
    assert_eq!(first.kept.of(&kept.texts[&5]), b"the");
    assert_eq!((second.span.of(text.as_bytes()), second.kept.is_empty()), (&b"much"[..], true));
    assert_eq!((found[0].matches, found[0].columns), (29, 31));
}

#[test]
fn an_unedited_passage_has_identity_one() {
    let passage = prose("p", 40);
    let mut kept = Kept::new(1.0, 20);
    kept.keep(0, &(prose("a", 100) + &passage + &prose("b", 5)));
    let text = prose("x", 7) + &passage + "y";
    let found = kept.find(&text);
    assert_eq!(texts_of(&text, &found), [passage.trim()]);
    assert_eq!(found[0].identity(), 1.0);
}

#[test]
fn what_is_shorter_or_less_similar_is_not_returned() {
    let mut kept = Kept::new(0.8, 20);
    kept.keep(0, &prose("a", 100));
    assert!(kept.find(&(prose("x", 50) + &prose("a", 19) + &prose("y", 50))).is_empty());
    assert_eq!(kept.find(&(prose("x", 50) + &prose("a", 20) + &prose("y", 50))).len(), 1);
    let every_third: String = (0..100).map(|i| if i % 6 < 4 { format!("a{i} ") } else { format!("z{i} ") }).collect();
    assert!(kept.find(&every_third).is_empty());
}

#[test]
fn a_text_repeats_itself_and_names_what_stays() {
    let mut kept = Kept::new(0.8, 20);
    let passage = prose("p", 50);
    let text = format!("{passage}{passage}{}{passage}", prose("x", 9)).replacen("p7 p8 ", "p7 ", 1);
    let found = kept.find(&text);
    assert_eq!(found.len(), 2);
    assert!(found.iter().all(|m| m.keeper == EditedKeeper::Itself && m.kept.end <= 60 * 4));
    assert!(found.iter().all(|m| m.tokens >= 48), "{found:?}");
}

#[test]
fn kept_texts_come_before_the_text_itself() {
    let mut kept = Kept::new(0.8, 20);
    let passage = prose("p", 50);
    kept.keep(3, &passage);
    let found = kept.find(&(passage.clone() + &prose("x", 9) + &passage));
    assert_eq!(found.iter().map(|m| m.keeper).collect::<Vec<_>>(), [EditedKeeper::Text(3); 2]);
}

#[test]
fn what_was_undone_is_forgotten_and_nothing_else() {
    let mut kept = Kept::new(0.8, 20);
    kept.keep(0, &prose("a", 50));
    let mark = kept.engine.mark();
    kept.keep(1, &prose("b", 50));
    assert_eq!(kept.find(&(prose("a", 50) + &prose("b", 50))).len(), 2);
    kept.engine.undo_to(mark);
    let found = kept.find(&(prose("a", 50) + &prose("b", 50)));
    assert_eq!(found.iter().map(|m| m.keeper).collect::<Vec<_>>(), [EditedKeeper::Text(0)]);
    kept.keep(2, &prose("c", 50));
    assert_eq!(kept.find(&prose("c", 50))[0].keeper, EditedKeeper::Text(2));
}

#[test]
fn odd_texts_are_no_trouble() {
    let odd = ["", " ", "!", "a", "a b c", "\u{ad}", &"la ".repeat(3000), &"- 0 ".repeat(2000), &"a b ".repeat(999)];
    let mut kept = Kept::new(0.8, 20);
    for (key, text) in odd.iter().enumerate() {
        kept.find(text);
        kept.keep(key as u32, text);
        kept.find(text);
    }
    kept.engine.find(&[0xff, b'a', 0xc3, 0x28, 0xe4, 0xbd], &|_| Cow::Borrowed(b""));
}

#[test]
fn a_kept_text_that_is_not_given_back_as_it_was_gives_no_match() {
    let mut kept = Kept::new(0.8, 20);
    kept.keep(0, &prose("a", 500));
    for wrong in [String::new(), prose("b", 30), prose("b", 900), "é".repeat(5000)] {
        let found = kept.engine.find(prose("a", 500).as_bytes(), &|_| Cow::Owned(wrong.clone().into_bytes()));
        assert!(found.is_empty());
    }
}

/// The matches of a list with one that has its rows, by twos and in another order, and a row of its own after each two.
fn rows_found(row: fn(usize) -> String) -> (Vec<EditedMatch>, BoundsMet) {
    let mut kept = Kept::new(0.8, 20);
    kept.keep(0, &(0..120).map(row).collect::<String>());
    let twos = (0..60).map(|n| n * 37 % 60);
    let text: String = twos.flat_map(|n| [2 * n, 2 * n + 1, 1000 + n]).map(row).collect();
    (kept.find(&text), kept.engine.bounds_met())
}

#[test]
fn rows_that_are_the_same_come_before_all_that_have_their_form() {
    let row = |n| {
        format!(
            "name{n} https foundation org wiki policy privacy policy code{n} policy code{n} {} translated ",
            n * 7 % 100
        )
    };
    let (found, bounds) = rows_found(row);
    assert!(found.len() >= 60 && bounds.chains_left_alone == 0, "{} {bounds:?}", found.len());
}

#[test]
fn words_in_a_row_are_not_left_alone_because_others_of_the_form_were_tried() {
    let row = |n| {
        format!(
            "name{n} alias{n} https foundation wikimedia org wiki policy privacy policy code{n} policy {n} translated "
        )
    };
    let (found, _) = rows_found(row);
    assert!(found.len() >= 57, "{} of 60", found.len());
}

/// A word stream in which little is said twice, as the numbers of its words.
fn stream(seed: u64, n: usize) -> Vec<u64> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        state >> 33
    };
    (0..n).map(|_| (next() % 3000) >> (next() % 10)).collect()
}

fn spell(words: &[u64]) -> String {
    words.iter().map(|w| format!("w{w} ")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn planted_passages_are_found(
        seed in any::<u64>(),
        len in 40usize..200,
        before in 0usize..120,
        edits in proptest::collection::vec((0usize..1000, 0u32..3), 0..4),
    ) {
        let (passage, lost) = (stream(seed, len), 6 * edits.len());
        let mut edited = passage.clone();
        for (at, kind) in edits {
            let at = at % edited.len();
            match kind {
                0 => edited[at] = 9999,
                1 => edited.insert(at, 9998),
                _ => drop(edited.remove(at)),
            }
        }
        let mut kept = Kept::new(0.8, 20);
        kept.keep(0, &spell(&[stream(seed ^ 1, 200), passage, stream(seed ^ 2, 200)].concat()));
        let host = spell(&[stream(seed ^ 3, before), edited.clone(), stream(seed ^ 4, 100)].concat());
        let found = kept.find(&host);
        let covered: u32 = found.iter().map(|m| m.tokens).sum();
        // an edit within five words of an end costs that end: so few words do not make up for it
        prop_assert!(covered as usize + lost >= edited.len(), "{} of {}", covered, edited.len());
        prop_assert!(covered as usize <= edited.len() + 12);
    }

    #[test]
    fn whatever_is_found_verifies(
        texts in proptest::collection::vec(proptest::collection::vec(0u32..6, 0..120), 1..6),
        percent in 50u32..=100,
        min_tokens in 5u32..30,
    ) {
        let mut kept = Kept::new(f64::from(percent) / 100.0, min_tokens);
        for (key, text) in texts.iter().enumerate() {
            let text: String = text.iter().map(|w| ["a", "bé", "漢", "c3", "dd", "e"][*w as usize].to_owned() + " ").collect();
            let found = kept.find(&text);
            prop_assert_eq!(&found, &kept.find(&text));
            kept.keep(key as u32, &text);
        }
    }

    #[test]
    fn undoing_leaves_no_trace(
        texts in proptest::collection::vec(proptest::collection::vec(0u32..4, 0..80), 3..6),
    ) {
        let spelled: Vec<String> =
            texts.iter().map(|t| t.iter().map(|w| format!("w{w} ")).collect()).collect();
        let (mut plain, mut undone) = (Kept::new(0.8, 10), Kept::new(0.8, 10));
        plain.keep(0, &spelled[0]);
        undone.keep(0, &spelled[0]);
        undone.keep(1, &spelled[1]);
        undone.engine.undo_to(1);
        prop_assert_eq!(plain.find(&spelled[2]), undone.find(&spelled[2]));
    }
}
