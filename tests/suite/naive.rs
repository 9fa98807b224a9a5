//! The definitions, written down as plainly as they are said: tokens, shingles, similarity, keeping. Nothing here is fast,
//! and nothing is shared with the crate.
#![allow(clippy::iter_over_hash_type, reason = "what is collected is sorted, or only counted")]

use std::collections::{HashMap, HashSet};

use unecho::corpus::Place;
use unecho::{Outcome, Unit};
use unicode_general_category::{GeneralCategory as Category, get_general_category};
use unicode_script::{Script, UnicodeScript};

/// The tokens of a text: maximal runs of letters, digits and marks, lower-cased; each character of a script without
/// spaces by itself; soft hyphens and the like count for nothing.
pub(crate) fn tokens(text: &[u8]) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut word = String::new();
    for c in String::from_utf8_lossy(text).chars() {
        let counts = is_letter(c) || is_digit(c);
        if is_ignorable(c) {
            continue;
        }
        if !counts || is_unspaced(c) {
            tokens.extend((!word.is_empty()).then(|| std::mem::take(&mut word)));
        }
        if counts && is_unspaced(c) {
            tokens.push(c.to_string());
        } else if counts {
            word.extend(c.to_lowercase().map(|c| if c == 'ς' { 'σ' } else { c }));
        }
    }
    tokens.extend((!word.is_empty()).then_some(word));
    tokens
}

pub(crate) fn is_letter(c: char) -> bool {
    use Category::{
        EnclosingMark, LowercaseLetter, ModifierLetter, NonspacingMark, OtherLetter, SpacingMark, TitlecaseLetter,
        UppercaseLetter,
    };
    matches!(
        get_general_category(c),
        UppercaseLetter
            | LowercaseLetter
            | TitlecaseLetter
            | ModifierLetter
            | OtherLetter
            | NonspacingMark
            | SpacingMark
            | EnclosingMark
    )
}

pub(crate) fn is_digit(c: char) -> bool {
    matches!(get_general_category(c), Category::DecimalNumber | Category::LetterNumber | Category::OtherNumber)
}

pub(crate) fn is_ignorable(c: char) -> bool {
    ['\u{ad}', '\u{200b}', '\u{200c}', '\u{200d}', '\u{2060}', '\u{feff}'].contains(&c)
}

/// Letters and marks of scripts that are written without spaces; their digits are digits.
pub(crate) fn is_unspaced(c: char) -> bool {
    use Script::{Han, Hiragana, Katakana, Khmer, Lao, Myanmar, Thai};
    !c.is_ascii() && is_letter(c) && [Han, Hiragana, Katakana, Thai, Lao, Khmer, Myanmar].contains(&c.script())
}

/// The set of runs of `n` tokens. A token holds no unit separator, so joined runs are equal only if the tokens are.
pub(crate) fn shingles(tokens: &[String], n: usize) -> HashSet<String> {
    tokens.windows(n).map(|run| run.join("\u{1f}")).collect()
}

/// Shared by all; 0 if both are empty.
pub(crate) fn jaccard(a: &HashSet<String>, b: &HashSet<String>) -> f64 {
    let shared = a.intersection(b).count();
    let all = a.len() + b.len() - shared;
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}

/// Shared by those of the first; 0 if it is empty.
pub(crate) fn containment(a: &HashSet<String>, b: &HashSet<String>) -> f64 {
    if a.is_empty() { 0.0 } else { a.intersection(b).count() as f64 / a.len() as f64 }
}

/// The similarity of two texts: 1 if their tokens are equal and there are any, else the Jaccard similarity.
pub(crate) fn similarity(a: &[u8], b: &[u8], n: usize) -> f64 {
    let (a, b) = (tokens(a), tokens(b));
    if a == b && !a.is_empty() { 1.0 } else { jaccard(&shingles(&a, n), &shingles(&b, n)) }
}

/// One text that is compared.
pub(crate) struct Item {
    pub(crate) tokens: Vec<String>,
    pub(crate) shingles: HashSet<String>,
}

impl Item {
    pub(crate) fn new(text: &[u8], n: usize) -> Item {
        let tokens = tokens(text);
        Item { shingles: shingles(&tokens, n), tokens }
    }

    /// 1 for equal tokens, unless there are none; else the Jaccard similarity.
    pub(crate) fn similarity(&self, other: &Item) -> f64 {
        if self.tokens == other.tokens && !self.tokens.is_empty() {
            1.0
        } else {
            jaccard(&self.shingles, &other.shingles)
        }
    }
}

/// All pairs `(i, j)`, `i < j`, whose similarity is at least `threshold`, which is above 0.
///
/// Only pairs that share a shingle, or have equal tokens, can be; so these are looked at, and all of them.
pub(crate) fn pairs(items: &[Item], threshold: f64) -> Vec<(usize, usize)> {
    let mut holders: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut equals: HashMap<&[String], Vec<usize>> = HashMap::new();
    let mut shared: HashMap<(usize, usize), usize> = HashMap::new();
    for (j, item) in items.iter().enumerate() {
        for shingle in &item.shingles {
            let before = holders.entry(shingle).or_default();
            before.iter().for_each(|&i| *shared.entry((i, j)).or_default() += 1);
            before.push(j);
        }
        if !item.tokens.is_empty() {
            equals.entry(&item.tokens).or_default().push(j);
        }
    }
    let similar = |&(&(i, j), &shared): &(&(usize, usize), &usize)| {
        let all = items[i].shingles.len() + items[j].shingles.len() - shared;
        shared as f64 / all as f64 >= threshold
    };
    let mut pairs: Vec<(usize, usize)> = shared.iter().filter(similar).map(|(&pair, _)| pair).collect();
    for same in equals.values() {
        pairs.extend(same.iter().enumerate().flat_map(|(k, &j)| same[..k].iter().map(move |&i| (i, j))));
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// Keeping without chains: taken in order, an item is removed if and only if it is similar to one that was kept. Tells
/// for each whether it is removed.
pub(crate) fn greedy(items: &[Item], threshold: f64) -> Vec<bool> {
    let mut removed = vec![false; items.len()];
    let mut by_second: HashMap<usize, Vec<usize>> = HashMap::new();
    pairs(items, threshold).into_iter().for_each(|(i, j)| by_second.entry(j).or_default().push(i));
    for j in 0..items.len() {
        removed[j] = by_second.get(&j).is_some_and(|before| before.iter().any(|&i| !removed[i]));
    }
    removed
}

/// The bytes of a place.
pub(crate) fn text_at(outcome: &Outcome, place: Place) -> Vec<u8> {
    outcome.corpus.text_at(place).to_vec()
}

/// The bytes of a place that are not cut.
pub(crate) fn left_at(outcome: &Outcome, place: Place) -> Vec<u8> {
    let text = &*outcome.corpus.text(place.doc);
    let mut left = Vec::new();
    let mut at = place.span.start;
    for cut in outcome.plan.cuts_of(place.doc).iter().map(|c| c.place.span).filter(|c| c.overlaps(place.span)) {
        left.extend_from_slice(&text[at as usize..cut.start.max(at) as usize]);
        at = cut.end.min(place.span.end);
    }
    left.extend_from_slice(&text[at as usize..place.span.end as usize]);
    left
}

/// A passage goes for one that is kept and equal to it: byte for byte, token for token, or but for edits.
fn assert_passage_is_justified(outcome: &Outcome, edit: &unecho::resolve::Edit) {
    use unecho::search::passage::Normalise;
    let (config, text) = (&outcome.config, &*outcome.corpus.text(edit.place.doc));
    let removed: Vec<u8> = outcome.plan.pieces_of(edit).iter().flat_map(|piece| piece.of(text).to_vec()).collect();
    let kept = left_at(outcome, edit.keeper);
    let context = || {
        let [removed, kept] = [&removed, &kept].map(|text| String::from_utf8_lossy(text).into_owned());
        format!("{edit:?}\nremoved: {removed:?}\nkeeper: {kept:?}\nfates {:?}", outcome.plan.fates)
    };
    let fate = outcome.plan.fates[edit.keeper.doc.index()];
    assert!(matches!(fate, unecho::Fate::Kept | unecho::Fate::Edited), "its keeper goes: {}", context());
    match (edit.exact, config.passages.normalise, config.edits) {
        (true, Normalise::Nothing, false) => assert!(removed == kept, "other bytes: {}", context()),
        (true, _, _) => assert!(tokens(&removed) == tokens(&kept), "other tokens: {}", context()),
        (false, _, _) => {
            assert!(config.edits && edit.similarity >= config.search.similarity, "{}", context());
            let (removed, kept) = (tokens(&removed), tokens(&kept));
            // the columns of an alignment are at least the tokens of the longer side
            let most = common(&removed, &kept) as f64 / removed.len().max(kept.len()) as f64;
            assert!(edit.similarity <= most + 1e-9, "more alike than any alignment makes them ({most}): {}", context());
        }
    }
}

/// The length of the longest common subsequence.
fn common(a: &[String], b: &[String]) -> usize {
    let mut row = vec![0; b.len() + 1];
    for x in a {
        let mut diagonal = 0;
        for (j, y) in b.iter().enumerate() {
            let above = row[j + 1];
            row[j + 1] = if x == y { diagonal + 1 } else { above.max(row[j]) };
            diagonal = above;
        }
    }
    row[b.len()]
}

/// Promise 1, for every edit of a plan: the keeper is kept, and its similarity to what goes, computed anew from the
/// texts, is at least the threshold and the one that is reported. Gives the number of edits.
///
/// A keeper may have lost smaller parts itself, so it counts as it was read or as it is left.
pub(crate) fn assert_justified(outcome: &Outcome) -> usize {
    let config = &outcome.config;
    let contained = config.search.measure == unecho::search::Measure::Containment;
    for edit in &outcome.plan.edits {
        assert_wording_is_right(outcome, edit);
    }
    for edit in outcome.plan.edits.iter().filter(|edit| edit.unit == Unit::Passage) {
        assert_passage_is_justified(outcome, edit);
    }
    for edit in outcome.plan.edits.iter().filter(|edit| edit.unit != Unit::Passage) {
        let n = config.ngram.get(edit.unit);
        let text = &*outcome.corpus.text(edit.place.doc);
        let removed: Vec<u8> = outcome.plan.pieces_of(edit).iter().flat_map(|piece| piece.of(text).to_vec()).collect();
        let measure = |keeper: &[u8]| match contained && tokens(&removed) != tokens(keeper) {
            true => containment(&shingles(&tokens(&removed), n), &shingles(&tokens(keeper), n)),
            false => similarity(&removed, keeper, n),
        };
        let said = edit.similarity;
        let left = left_at(outcome, edit.keeper);
        let is_right = said == measure(&text_at(outcome, edit.keeper)) || said == measure(&left);
        let context = || {
            let keeper = text_at(outcome, edit.keeper);
            format!(
                "{edit:?}\nremoved: {:?}\nkeeper: {:?}\nfates {:?}",
                String::from_utf8_lossy(&removed),
                String::from_utf8_lossy(&keeper),
                outcome.plan.fates
            )
        };
        assert!(is_right, "not the similarity of these texts: {}", context());
        assert!(said >= config.search.similarity, "{}", context());
        let fate = outcome.plan.fates[edit.keeper.doc.index()];
        assert!(matches!(fate, unecho::Fate::Kept | unecho::Fate::Edited), "its keeper goes: {}", context());
        assert!(!tokens(&left).is_empty(), "nothing is left of its keeper: {}", context());
        assert!(edit.place.doc != edit.keeper.doc || edit.unit != Unit::Document, "its own keeper: {}", context());
    }
    outcome.plan.edits.len()
}

/// What is said of the wording of a repeat is what its parts say, read by themselves.
fn assert_wording_is_right(outcome: &Outcome, edit: &unecho::resolve::Edit) {
    let text = outcome.corpus.text_of(edit.place.doc, outcome.plan.pieces_of(edit));
    let mut tokens = unecho::corpus::Tokens::default();
    tokens.read(&text, outcome.config.tokens);
    let wording = unecho::sketch::Wording::of(&tokens.hashes);
    assert_eq!(edit.wording.digest, wording.digest, "{edit:?}: {}", String::from_utf8_lossy(&text));
    assert!(edit.unit == Unit::Passage || edit.wording == wording, "{edit:?}");
}
