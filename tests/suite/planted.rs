//! How well edited passages are found that were planted: shared by the test and by the bench that prints the whole curve.

use std::borrow::Cow;
use std::ops::Range;

use unecho::corpus::{Span, TokenOptions};
use unecho::search::edits::{EditOptions, EditedKeeper, EditedMatch, EditedPassages};
use unecho::synth::{PassageOptions, PlantedPassage, planted_passage};

/// What was found of planted passages.
pub(crate) struct Found {
    /// Share of the passages of which half is found, at its place in the right text.
    pub(crate) recall: f64,
    /// Share of a passage's bytes that is found there, on average over all passages.
    pub(crate) coverage: f64,
    /// Share of the bytes found that belong to the right passage.
    pub(crate) precision: f64,
}

/// Keeps the originals of the first `passages` planted passages, looks into the copies, and counts what is found.
pub(crate) fn measure(planted: &PassageOptions, passages: u64, search: EditOptions) -> Found {
    let all: Vec<PlantedPassage> = (0..passages).map(|i| planted_passage(planted, i)).collect();
    let mut engine = EditedPassages::new(search, TokenOptions::default());
    for (key, planted) in (0..).zip(&all) {
        engine.keep(key, planted.original.as_bytes());
    }
    let text_of = |key: u32| Cow::Borrowed(all[key as usize].original.as_bytes());
    let (mut half_found, mut coverage, mut right, mut total) = (0, 0.0, 0, 0);
    for (key, planted) in (0..).zip(&all) {
        let found = engine.find(planted.copy.as_bytes(), &text_of);
        let covered: usize = found.iter().map(|found| right_bytes(found, key, planted)).sum();
        let share = covered as f64 / planted.copy_range.len() as f64;
        half_found += u32::from(share >= 0.5);
        coverage += share;
        right += covered;
        total += found.iter().map(|found| found.span.len()).sum::<usize>();
    }
    Found {
        recall: f64::from(half_found) / passages as f64,
        coverage: coverage / passages as f64,
        precision: if total == 0 { 1.0 } else { right as f64 / total as f64 },
    }
}

/// The bytes of the planted passage that a match covers, if it leads to where that is from.
fn right_bytes(found: &EditedMatch, key: u32, planted: &PlantedPassage) -> usize {
    let leads_there = overlap(found.kept, &planted.original_range) > 0;
    match found.keeper == EditedKeeper::Text(key) && leads_there {
        true => overlap(found.span, &planted.copy_range),
        false => 0,
    }
}

/// The bytes that a span and a range have in common.
fn overlap(span: Span, range: &Range<usize>) -> usize {
    (span.end as usize).min(range.end).saturating_sub((span.start as usize).max(range.start))
}
