//! What was removed → how much of what should have been, and how much that should not.
//!
//! In: which documents a run removed, and either the planted truth or the corpus itself. Out: recall and precision with
//! their confidence intervals. Always: similarities are computed exactly from the texts, with the run's own tokens and
//! shingles; a pair counts if its Jaccard similarity is at the threshold or above, however it came about: an edited copy
//! below it is rightly kept.
//!
//! * *Recall*: of the documents that have such a partner, those that went or whose partners all went. That is what
//!   a de-duplicator is asked for: no two documents that are alike are left.
//! * *Precision*: of the documents that went, those that have such a partner that stayed.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::stats::Share;
use crate::config::Config;
use crate::corpus::{Corpus, DocId, Tokens, Unit, shingle_set};
use crate::error::Result;
use crate::progress::Progress;
use crate::search::{Join, Measure, similarity};
use crate::synth::{Planted, Synth};

/// How well a run found the documents that repeat.
#[derive(Clone, Debug, PartialEq)]
pub struct Quality {
    /// What it was held against.
    pub basis: Basis,
    /// Of the documents that should go, those that are gone.
    pub recall: Share,
    /// Of the documents that are gone, those that should be.
    pub precision: Share,
    /// The recall that the bands promise for exactly these pairs; `None` where that is not known.
    pub promised: Option<f64>,
    /// Recall by kind of copy, for planted ones.
    pub kinds: Vec<(String, Share)>,
}

/// What a run was held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Copies that were planted.
    Planted,
    /// The exact join of so many documents with all.
    Join {
        /// Documents in the sample.
        sample: u64,
    },
}

/// A planted copy and what became of it.
struct Copy {
    planted: Planted,
    kind: String,
    similarity: f64,
}

/// Holds a run over the corpus of `synth` against the truth. `removed` says of each document whether it went.
pub fn planted(synth: &Synth, removed: &[bool], config: &Config) -> Quality {
    let copies: Vec<Copy> = (0..removed.len() as u64)
        .into_par_iter()
        .filter_map(|i| {
            let planted = synth.planted(i)?;
            let (copy, original) = (synth.document(i).text, synth.document(planted.original).text);
            let kind = match synth.edit_permille(i) {
                Some(rate) => format!("{}, {} % of the words", planted.kind.name(), f64::from(rate) / 10.0),
                None => planted.kind.name().to_owned(),
            };
            Some(Copy { planted, kind, similarity: alike(copy.as_bytes(), original.as_bytes(), config) })
        })
        .collect();
    let due: Vec<&Copy> = copies.iter().filter(|copy| copy.similarity >= config.search.similarity).collect();
    let gone = |copy: &Copy| removed[copy.planted.copy as usize];
    let banding = config.banding();
    let chance = |copy: &&Copy| banding.map_or(1.0, |banding| banding.recall(copy.similarity));
    let promised = due.iter().map(chance).sum::<f64>() / due.len() as f64;
    Quality {
        basis: Basis::Planted,
        recall: Share::of(due.iter().map(|copy| gone(copy))),
        precision: precision(synth, &copies, removed, config),
        promised: (!due.is_empty()).then_some(promised),
        kinds: by_kind(&due, gone),
    }
}

fn by_kind(due: &[&Copy], gone: impl Fn(&Copy) -> bool) -> Vec<(String, Share)> {
    let mut kinds: Vec<&str> = due.iter().map(|copy| copy.kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let share = |kind: &str| Share::of(due.iter().filter(|copy| copy.kind == kind).map(|copy| gone(copy)));
    kinds.into_iter().map(|kind| (kind.to_owned(), share(kind))).collect()
}

/// Of the documents that went, those with a similar one of the same family that stayed; families share nothing.
fn precision(synth: &Synth, copies: &[Copy], removed: &[bool], config: &Config) -> Share {
    let mut families: FxHashMap<u64, Vec<u64>> = FxHashMap::default();
    for Copy { planted, .. } in copies {
        families.entry(planted.original).or_insert_with(|| vec![planted.original]).push(planted.copy);
    }
    let text = |i: u64| synth.document(i).text.into_bytes();
    let is_right = |i: &u64| {
        let original = synth.planted(*i).map_or(*i, |planted| planted.original);
        let family = families.get(&original).into_iter().flatten();
        let own = text(*i);
        let mut stayed = family.filter(|other| !removed[**other as usize]);
        stayed.any(|other| alike(&own, &text(*other), config) >= config.search.similarity)
    };
    let gone: Vec<u64> = (0..).zip(removed).filter(|(_, gone)| **gone).map(|(i, _)| i).collect();
    Share::of(gone.par_iter().map(is_right).collect::<Vec<bool>>().into_iter())
}

/// The Jaccard similarity of two documents; 1 if their tokens are equal.
fn alike(a: &[u8], b: &[u8], config: &Config) -> f64 {
    let (a, b) = (tokens(a, config), tokens(b, config));
    let shingler = config.sketch_options(Unit::Document).shingler;
    match a == b && !a.is_empty() {
        true => 1.0,
        false => similarity(&shingle_set(&a, shingler), &shingle_set(&b, shingler), Measure::Jaccard),
    }
}

fn tokens(text: &[u8], config: &Config) -> Vec<u64> {
    let mut tokens = Tokens::default();
    tokens.read(text, config.tokens);
    tokens.hashes
}

/// Holds a run over `corpus` against the exact join of `sample` of its documents, spread evenly, with all of them.
///
/// Documents shorter than a shingle are not in the sample. Costs one pass over the text, and memory for the sample only.
pub fn sampled(
    corpus: &Corpus,
    removed: &[bool],
    config: &Config,
    sample: usize,
    progress: &dyn Progress,
) -> Result<Quality> {
    let shingler = config.sketch_options(Unit::Document).shingler;
    let set = |doc: DocId| shingle_set(&tokens(&corpus.text(doc), config), shingler);
    let step = corpus.len().div_ceil(sample.max(1)).max(1);
    let asked: Vec<DocId> = corpus.ids().step_by(step).filter(|doc| !set(*doc).is_empty()).collect();
    let join = Join::new(asked.par_iter().map(|doc| set(*doc)).collect(), config.search.similarity);
    let partners = Partners::new(asked.len());
    corpus.ids().collect::<Vec<DocId>>().par_chunks(256).try_for_each(|docs| {
        progress.check()?;
        for &doc in docs {
            let found = join.find(&set(doc)).into_iter().map(|(index, _)| index as usize);
            found.filter(|&index| asked[index] != doc).for_each(|index| partners.add(index, !removed[doc.index()]));
        }
        Ok(())
    })?;
    let gone: Vec<bool> = asked.iter().map(|doc| removed[doc.index()]).collect();
    Ok(partners.quality(&gone))
}

/// What the join found for each document of a sample; marked from all threads.
struct Partners {
    any: Vec<AtomicBool>,
    that_stayed: Vec<AtomicBool>,
}

impl Partners {
    fn new(len: usize) -> Partners {
        let none = || (0..len).map(|_| AtomicBool::new(false)).collect();
        Partners { any: none(), that_stayed: none() }
    }

    fn add(&self, index: usize, stayed: bool) {
        self.any[index].store(true, Ordering::Relaxed);
        self.that_stayed[index].fetch_or(stayed, Ordering::Relaxed);
    }

    fn quality(self, gone: &[bool]) -> Quality {
        let (any, stayed) = (settled(self.any), settled(self.that_stayed));
        let with_partner = (0..gone.len()).filter(|&i| any[i]);
        Quality {
            basis: Basis::Join { sample: gone.len() as u64 },
            recall: Share::of(with_partner.map(|i| gone[i] || !stayed[i])),
            precision: Share::of((0..gone.len()).filter(|&i| gone[i]).map(|i| stayed[i])),
            promised: None,
            kinds: Vec::new(),
        }
    }
}

fn settled(marks: Vec<AtomicBool>) -> Vec<bool> {
    marks.into_iter().map(AtomicBool::into_inner).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::Fate;
    use crate::synth::SynthOptions;

    fn documents_only() -> Config {
        Config { units: vec![Unit::Document], ..Config::default() }
    }

    fn corpus() -> Synth {
        let options = SynthOptions { documents: 1500, edits_permille: vec![10, 20, 60], ..SynthOptions::default() };
        Synth::new(options).unwrap()
    }

    fn read(synth: &Synth) -> Corpus {
        Corpus::from_texts((0..synth.options().documents).map(|i| synth.document(i).text))
    }

    fn removed(corpus: Corpus, config: &Config) -> Vec<bool> {
        let outcome = crate::find(corpus, config, &()).unwrap();
        outcome.plan.fates.iter().map(|fate| *fate == Fate::Removed).collect()
    }

    #[test]
    fn a_run_finds_of_the_planted_copies_what_the_bands_promise() {
        let (synth, config) = (corpus(), documents_only());
        let quality = planted(&synth, &removed(read(&synth), &config), &config);
        let promised = quality.promised.unwrap();
        assert!(quality.recall.of > 100 && promised > 0.98, "{quality:?}");
        assert!(quality.recall.interval().1 >= promised, "{quality:?}");
        assert_eq!(quality.precision.value(), Some(1.0), "every removal is verified: {quality:?}");
        assert!(quality.kinds.iter().any(|(kind, share)| kind == "exact" && share.value() == Some(1.0)));
    }

    #[test]
    fn both_bases_agree_and_see_faults() {
        let (synth, config) = (corpus(), documents_only());
        let texts = read(&synth);
        let right = removed(read(&synth), &config);
        let joined = |removed: &[bool]| sampled(&texts, removed, &config, usize::MAX, &()).unwrap();
        assert_eq!(joined(&right).precision, planted(&synth, &right, &config).precision);
        assert!(joined(&right).recall.value() > Some(0.97));
        let none = vec![false; right.len()];
        assert_eq!((planted(&synth, &none, &config).recall.hits, joined(&none).recall.hits), (0, 0));
        // one that has no partner goes
        let lonely = (0..right.len()).find(|&i| !right[i] && alone(&synth, i as u64)).unwrap();
        let mut wrong = right.clone();
        wrong[lonely] = true;
        for (before, after) in
            [(joined(&right), joined(&wrong)), (planted(&synth, &right, &config), planted(&synth, &wrong, &config))]
        {
            assert_eq!(after.precision, Share { of: before.precision.of + 1, ..before.precision });
        }
        // a copy and its original both go: nothing like them is left
        let pair = (0..1500)
            .filter_map(|i| synth.planted(i))
            .find(|p| right[p.copy as usize] && copies_of(&synth, p.original) == 1);
        let mut lost = right.clone();
        lost[pair.unwrap().original as usize] = true;
        assert_eq!(joined(&lost).precision.hits + 1, joined(&right).precision.hits);
    }

    fn alone(synth: &Synth, i: u64) -> bool {
        synth.planted(i).is_none() && copies_of(synth, i) == 0
    }

    fn copies_of(synth: &Synth, original: u64) -> usize {
        (0..1500).filter(|&i| synth.planted(i).is_some_and(|planted| planted.original == original)).count()
    }
}
