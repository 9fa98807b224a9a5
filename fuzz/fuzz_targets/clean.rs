//! A configuration and a few texts in memory: every removal is justified, what goes is whole words, what is left adds up,
//! and cleaning what was cleaned changes nothing.
#![no_main]
#![allow(dead_code)]

use std::collections::HashMap;

use libfuzzer_sys::fuzz_target;
use unecho::output::{Removal, removals};
use unecho::resolve::CutAt;
use unecho::{Config, Corpus, Fate, Outcome, Unit};
use unecho_fuzz::{Choices, config_of, texts_of};

#[path = "../../tests/suite/naive.rs"]
mod naive;

fuzz_target!(init: unecho_fuzz::on_one_thread(), |data: &[u8]| {
    let mut choices = Choices(data);
    let config = config_of(&mut choices);
    let texts = texts_of(choices.0, 8);
    let outcome = found(&texts, &config);
    naive::assert_justified(&outcome);
    assert_adds_up(&outcome);
    if !(config.units.contains(&Unit::Passage) && config.cut == CutAt::Exact) {
        assert_whole_words_go(&outcome, &texts);
    }
    let once: Vec<String> = left(&outcome).into_iter().flatten().collect();
    let again = found(&once, &config);
    let left: Vec<String> = left(&again).into_iter().flatten().collect();
    assert!(once == left && again.plan.edits.is_empty(), "{once:?} is edited again: {:?}", again.plan.edits);
});

fn found(texts: &[String], config: &Config) -> Outcome {
    let texts = texts.iter().map(|text| text.clone().into_bytes());
    unecho::find(Corpus::from_texts(texts), config, &()).expect("texts in memory")
}

/// What is left of each text, `None` for those that go.
fn left(outcome: &Outcome) -> Vec<Option<String>> {
    let left = outcome.plan.fates.iter().enumerate().map(|(source, fate)| {
        let bytes = &outcome.corpus.sources[source].bytes;
        let (mut left, mut at) = (Vec::new(), 0);
        for removal in removals(&outcome.corpus, &outcome.plan, source) {
            left.extend_from_slice(&bytes[at..removal.range.start as usize]);
            at = removal.range.end as usize;
        }
        left.extend_from_slice(&bytes[at..]);
        let left = String::from_utf8(left).expect("no character is split");
        (!matches!(fate, Fate::Removed | Fate::Emptied)).then_some(left)
    });
    left.collect()
}

fn assert_adds_up(outcome: &Outcome) {
    let total = outcome.total_bytes();
    assert_eq!(total.read, total.kept + total.removed + total.rejected);
    for removals in &outcome.removals {
        assert!(removals.windows(2).all(|pair| pair[0].range.end <= pair[1].range.start));
        assert!(removals.iter().all(|Removal { range, .. }| range.start < range.end));
    }
}

/// The words of a text are those that are left and those that go.
fn assert_whole_words_go(outcome: &Outcome, texts: &[String]) {
    for ((source, text), left) in texts.iter().enumerate().zip(left(outcome)) {
        let mut words: HashMap<String, i64> = HashMap::new();
        naive::tokens(text.as_bytes()).into_iter().for_each(|word| *words.entry(word).or_insert(0) += 1);
        let bytes = &outcome.corpus.sources[source].bytes;
        let gone = outcome.removals[source].iter().map(|cut| &bytes[cut.range.start as usize..cut.range.end as usize]);
        let left = left.unwrap_or_default();
        for word in gone.chain([left.as_bytes()]).flat_map(naive::tokens) {
            *words.entry(word).or_insert(0) -= 1;
        }
        assert!(words.values().all(|count| *count == 0), "{text:?} became {left:?}");
    }
}
