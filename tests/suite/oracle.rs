//! Promise 1 and recall: what the crate finds against all pairs, compared one by one, on corpora with planted copies.

use unecho::search::SearchOptions;
use unecho::synth::{Script, Synth, SynthOptions};
use unecho::{Config, Fate, Outcome, Unit};

use super::common::{find, left, tell};
use super::naive::{Item, assert_justified, greedy, pairs, similarity, tokens};

const DOCUMENTS: u64 = 600;

/// A corpus with copies of every kind, in every script.
fn corpus(seed: u64) -> Synth {
    Synth::new(SynthOptions {
        documents: DOCUMENTS,
        seed,
        mean_words: 150,
        exact_permille: 80,
        edited_permille: 200,
        reordered_permille: 80,
        truncated_permille: 80,
        boilerplate_permille: 300,
        inner_repeat_permille: 150,
        edits_permille: vec![20],
        scripts: Script::ALL.to_vec(),
    })
    .unwrap()
}

fn texts(synth: &Synth) -> Vec<Vec<u8>> {
    (0..DOCUMENTS).map(|i| synth.document(i).text.into_bytes()).collect()
}

fn config(units: &[Unit], similarity: f64) -> Config {
    Config {
        units: units.to_vec(),
        search: SearchOptions { similarity, ..SearchOptions::default() },
        ..Config::default()
    }
}

fn removed(outcome: &Outcome) -> Vec<bool> {
    outcome.plan.fates.iter().map(|fate| *fate == Fate::Removed).collect()
}

/// Of the pairs that belong together, the share of which at least one side is removed.
fn recall(pairs: &[(usize, usize)], removed: &[bool]) -> f64 {
    let found = pairs.iter().filter(|&&(i, j)| removed[i] || removed[j]).count();
    found as f64 / pairs.len() as f64
}

#[test]
fn similar_documents_are_found_as_all_pairs_find_them() {
    for seed in [1, 2, 3] {
        let texts = texts(&corpus(seed));
        let items: Vec<Item> = texts.iter().map(|text| Item::new(text, 5)).collect();
        let pairs = pairs(&items, 0.8);
        assert!(pairs.len() > 150, "the corpus has too few copies to tell anything: {}", pairs.len());

        let outcome = find(&texts, &config(&[Unit::Document], 0.8));

        let edits = assert_justified(&outcome);
        let removed = removed(&outcome);
        assert_eq!(removed.iter().filter(|r| **r).count(), edits);
        let recall = recall(&pairs, &removed);
        tell(&format!("documents, seed {seed}: {} pairs, recall {recall:.4}, {edits} removed", pairs.len()));
        assert!(recall >= 0.98, "recall {recall} of {} pairs", pairs.len());
        // where nothing is missed the answer is the oracle's: each miss can change one decision and what follows from it
        let different = greedy(&items, 0.8).iter().zip(&removed).filter(|(a, b)| a != b).count();
        let missed = pairs.iter().filter(|&&(i, j)| !removed[i] && !removed[j]).count();
        assert!(different <= 2 * missed, "{different} decisions differ, but {missed} pairs are missed");
    }
}

#[test]
fn equal_documents_are_exactly_those_that_all_pairs_find() {
    for seed in [4, 5] {
        let texts = texts(&corpus(seed));
        let items: Vec<Item> = texts.iter().map(|text| Item::new(text, 5)).collect();
        let outcome = find(&texts, &config(&[Unit::Document], 1.0));
        // without shingles only equal tokens count
        let equal: Vec<Item> = items.into_iter().map(|item| Item { shingles: Default::default(), ..item }).collect();
        assert_eq!(removed(&outcome), greedy(&equal, 1.0));
        assert!(assert_justified(&outcome) > 20);
        assert!(outcome.plan.edits.iter().all(|e| e.exact && e.similarity == 1.0));
    }
}

/// The paragraphs of made-up documents: their lines. With document and byte offset.
fn paragraphs(texts: &[Vec<u8>]) -> Vec<(u32, u32, Item)> {
    let mut found = Vec::new();
    for (doc, text) in (0..).zip(texts) {
        let mut start = 0;
        for line in text.split(|&b| b == b'\n') {
            let item = Item::new(line, 3);
            if item.tokens.len() >= 10 {
                found.push((doc, start, item));
            }
            start += line.len() as u32 + 1;
        }
    }
    found
}

/// Which of these paragraphs are removed.
fn removed_paragraphs(outcome: &Outcome, paragraphs: &[(u32, u32, Item)]) -> Vec<bool> {
    let starts: std::collections::HashSet<(u32, u32)> =
        outcome.plan.edits.iter().map(|e| (e.place.doc.0, e.place.span.start)).collect();
    paragraphs.iter().map(|(doc, start, _)| starts.contains(&(*doc, *start))).collect()
}

#[test]
fn similar_paragraphs_are_found_as_all_pairs_find_them() {
    for seed in [6, 7] {
        let texts = texts(&corpus(seed));
        let found = paragraphs(&texts);
        let outcome = find(&texts, &config(&[Unit::Paragraph], 0.8));
        let edits = assert_justified(&outcome);
        let removed = removed_paragraphs(&outcome, &found);
        assert_eq!(removed.iter().filter(|r| **r).count(), edits, "every edit is one of the paragraphs");

        let items: Vec<Item> = found.into_iter().map(|(_, _, item)| item).collect();
        let pairs = pairs(&items, 0.8);
        assert!(pairs.len() > 500, "too few repeats to tell anything: {}", pairs.len());
        let recall = recall(&pairs, &removed);
        tell(&format!("paragraphs, seed {seed}: {} pairs, recall {recall:.4}, {edits} removed", pairs.len()));
        assert!(recall >= 0.98, "recall {recall}");
    }
}

#[test]
fn equal_paragraphs_are_exactly_those_that_all_pairs_find() {
    let texts = texts(&corpus(8));
    let found = paragraphs(&texts);
    let outcome = find(&texts, &config(&[Unit::Paragraph], 1.0));
    let removed = removed_paragraphs(&outcome, &found);
    let equal: Vec<Item> =
        found.into_iter().map(|(_, _, item)| Item { shingles: Default::default(), ..item }).collect();
    assert_eq!(removed, greedy(&equal, 1.0));
    assert!(assert_justified(&outcome) > 300);
}

#[test]
fn documents_and_paragraphs_together_are_justified_and_leave_no_planted_copy() {
    let synth = corpus(9);
    let texts = texts(&synth);
    let outcome = find(&texts, &Config::default());
    assert!(assert_justified(&outcome) > 300);

    let left = left(&outcome);
    let copies: Vec<_> = (0..DOCUMENTS).filter_map(|i| synth.planted(i)).collect();
    let is_alike = |copy: u64, original: u64| similarity(&texts[copy as usize], &texts[original as usize], 5) >= 0.8;
    let alike: Vec<_> = copies.iter().filter(|p| is_alike(p.copy, p.original)).collect();
    // where the original lost paragraphs to others, a copy that is barely alike goes paragraph by paragraph
    let mostly_gone = |i: u64| left[i as usize].as_ref().is_none_or(|left| left.len() * 4 < texts[i as usize].len());
    let found = alike.iter().filter(|p| mostly_gone(p.copy) || mostly_gone(p.original)).count();
    tell(&format!("planted copies: {} of {} documents found", found, alike.len()));
    assert!(alike.len() > 100 && found as f64 >= 0.98 * alike.len() as f64);
}

#[test]
fn planted_inner_repeats_and_boilerplate_are_found() {
    let synth = corpus(10);
    let texts = texts(&synth);
    let outcome = find(&texts, &Config::default());
    let left = left(&outcome);
    let mut kept = std::collections::HashMap::new();
    for line in left.iter().flatten().flat_map(|text| text.split(|&b| b == b'\n')) {
        *kept.entry(tokens(line)).or_insert(0) += 1;
    }
    let planted = |doc: u64, paragraph: usize| {
        let text = String::from_utf8(texts[doc as usize].clone()).unwrap();
        tokens(text.split("\n\n").nth(paragraph).unwrap().as_bytes())
    };
    let repeats = (0..DOCUMENTS).flat_map(|i| synth.inner_repeats(i).into_iter().map(move |r| (i, r.paragraph)));
    let boilerplate = (0..DOCUMENTS).filter_map(|i| Some((i, synth.boilerplate(i)?.paragraph)));
    let planted: Vec<Vec<String>> =
        repeats.chain(boilerplate).map(|(doc, at)| planted(doc, at)).filter(|p| p.len() >= 10).collect();
    assert!(planted.len() > 100);
    for paragraph in planted {
        // no copy is left beside another; a near copy may stand for it
        assert!(kept.get(&paragraph).copied().unwrap_or(0) <= 1, "said twice: {}", paragraph.join(" "));
    }
    let twice: Vec<_> = kept.iter().filter(|(paragraph, count)| paragraph.len() >= 10 && **count > 1).collect();
    assert!(twice.is_empty(), "paragraphs that are still said twice: {twice:?}");
}
