//! Candidates → exact similarity, from the shingle sets of both texts.
//!
//! Sets are made again from the text when they are needed, for they are as large as the text; the sets of keepers are
//! cached, because one keeper meets many newcomers.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::Xxh3;

use crate::corpus::{Corpus, Shingler, TokenOptions, Tokens, shingle_set};
use crate::error::Result;
use crate::kernel::intersection;
use crate::memory;
use crate::progress::Progress;
use crate::resume::{Columns, Part, Parts};
use crate::sketch::{Table, Wording};

/// How the similarity of two shingle sets is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// Shared shingles by all shingles of both: |A ∩ B| / |A ∪ B|.
    #[default]
    Jaccard,
    /// Shared shingles by those of the segment in question: |A ∩ B| / |A|.
    Containment,
}

impl Measure {
    /// All measures.
    pub const ALL: [Measure; 2] = [Measure::Jaccard, Measure::Containment];

    /// The word for it in options and reports.
    pub fn name(self) -> &'static str {
        match self {
            Measure::Jaccard => "jaccard",
            Measure::Containment => "containment",
        }
    }
}

/// The similarity of two ascending sets, 0 to 1; 0 if one is empty. `a` is the segment in question, `b` the kept one.
pub fn similarity(a: &[u64], b: &[u64], measure: Measure) -> f64 {
    let shared = intersection(a, b);
    let all = match measure {
        Measure::Jaccard => a.len() + b.len() - shared,
        Measure::Containment => a.len(),
    };
    if all == 0 { 0.0 } else { shared as f64 / all as f64 }
}

/// Similarities that are known already: class, keeper, similarity, ascending. Classes are asked for in that order, more or
/// less, so what is looked up next stands close by.
#[derive(Default)]
pub(super) struct Verified {
    pairs: Vec<(u32, u32, f64)>,
    /// Where those of each [`STRETCH`] of classes begin: most classes have none, and that is to be known at once.
    starts: Vec<u32>,
}

/// Classes whose pairs are looked for together.
const STRETCH: u32 = 32;

impl Verified {
    fn new(pairs: &[(u32, u32)], similarities: &[f64]) -> Verified {
        let verified = pairs.par_iter().zip(similarities);
        let mut pairs: Vec<_> = verified.map(|(&(class, keeper), &similarity)| (class, keeper, similarity)).collect();
        pairs.par_sort_unstable_by_key(|&(class, keeper, _)| (class, keeper));
        let mut starts = Vec::new();
        for (i, &(class, ..)) in memory::watched(pairs.iter().enumerate(), size_of::<(u32, u32, f64)>()) {
            starts.resize(starts.len().max((class / STRETCH) as usize + 1), i as u32);
        }
        starts.push(pairs.len() as u32);
        Verified { pairs, starts }
    }

    /// Where the first pair of a class stands, or of one after it.
    fn first_of(&self, class: u32) -> usize {
        let stretch = (class / STRETCH) as usize;
        let Some(&[start, end]) = self.starts.get(stretch..).and_then(|starts| starts.first_chunk()) else {
            return self.pairs.len();
        };
        let (start, end) = (start as usize, end as usize);
        start + self.pairs[start..end].partition_point(|&(other, ..)| other < class)
    }

    /// The pairs of a class.
    fn of(&self, class: u32) -> impl Iterator<Item = &(u32, u32, f64)> {
        self.pairs[self.first_of(class)..].iter().take_while(move |&&(other, ..)| other == class)
    }

    /// The keepers that classes were verified against; they and those of a few classes between them. They are asked for next.
    pub(super) fn keepers_of(&self, classes: &[u32]) -> Vec<u32> {
        const BETWEEN: u32 = 64;
        let of_run = |run: &[u32]| {
            let of_run = &self.pairs[self.first_of(run[0])..self.first_of(run[run.len() - 1] + 1)];
            memory::will_read(of_run);
            of_run.iter().map(|&(_, keeper, _)| keeper)
        };
        classes.chunk_by(|a, b| b - a <= BETWEEN).flat_map(of_run).collect()
    }

    /// The keepers that a class is as similar to as that, or more.
    pub(super) fn alike(&self, class: u32, similarity: f64) -> impl Iterator<Item = u32> {
        self.of(class).filter(move |&&(.., known)| known >= similarity).map(|&(_, keeper, _)| keeper)
    }

    pub(super) fn get(&self, class: u32, keeper: u32) -> Option<f64> {
        self.of(class).find(|&&(_, other, _)| other == keeper).map(|&(.., similarity)| similarity)
    }
}

/// Bytes of shingle sets that are held at a time, at the most.
const MOST: usize = 64 << 20;

/// Of a limit on memory, the part that they may take: to make a set again costs less than to read it from the disk.
const PART_OF_LIMIT: u64 = 16;

/// Makes shingle sets, and remembers some.
pub(super) struct Sets {
    shingler: Shingler,
    token_options: TokenOptions,
    tokens: Tokens,
    cache: FxHashMap<u32, Arc<[u64]>>,
    cached: usize,
    room: usize,
}

impl Sets {
    pub(super) fn new(shingler: Shingler, token_options: TokenOptions) -> Sets {
        let room = memory::allowed().map_or(MOST, |bytes| MOST.min((bytes / PART_OF_LIMIT) as usize));
        Sets { shingler, token_options, tokens: Tokens::default(), cache: FxHashMap::default(), cached: 0, room }
    }

    /// The set of a class, made from its text.
    pub(super) fn make(&mut self, corpus: &Corpus, table: &Table, class: u32) -> Vec<u64> {
        self.tokens.read(&table.text_of(corpus, class), self.token_options);
        shingle_set(&self.tokens.hashes, self.shingler)
    }

    /// The set of a text, and what it says.
    pub(super) fn of_text(&mut self, text: &[u8]) -> (Vec<u64>, Wording) {
        self.tokens.read(text, self.token_options);
        let hashes = &self.tokens.hashes;
        (shingle_set(hashes, self.shingler), Wording::of(hashes))
    }

    /// The set of a class, which will be asked for again.
    pub(super) fn get(&mut self, corpus: &Corpus, table: &Table, class: u32) -> Arc<[u64]> {
        if let Some(set) = self.cache.get(&class) {
            return set.clone();
        }
        let set: Arc<[u64]> = self.make(corpus, table, class).into();
        self.cached += size_of_val(&*set);
        if self.cached > self.room {
            self.cache.clear();
            self.cached = size_of_val(&*set);
        }
        self.cache.insert(class, set.clone());
        set
    }
}

/// The Jaccard similarity of every (class, keeper) in `pairs`, on all threads; or what an earlier run has saved of it.
///
/// A class is in several pairs, so they are taken in batches, and in each a set is made once: 8 bytes of memory for each token of
/// a batch, and of all as many as `sets` may hold.
pub(super) fn all(
    corpus: &Corpus,
    table: &Table,
    pairs: &[(u32, u32)],
    sets: &Sets,
    saved: Parts<'_>,
    progress: &dyn Progress,
) -> Result<Verified> {
    let name = &format!("links-{}", table.options.unit.name());
    if let Some(verified) = saved.load(name, progress, |columns| from_part(pairs, columns)) {
        return Ok(verified);
    }
    let batches = batches(table, pairs, sets.room / size_of::<u64>());
    let from_disk = corpus.bytes() >= LARGE.max(memory::room_for_inputs());
    let will_measure = |classes: &[u32]| {
        if from_disk {
            table.will_read_texts(corpus, classes);
        }
    };
    let mut similarities = Vec::with_capacity(pairs.len());
    let mut classes = batches.first().map(|batch| classes_of(batch)).unwrap_or_default();
    will_measure(&classes);
    for (i, batch) in batches.iter().enumerate() {
        progress.check()?;
        let forgets = i % FORGET_AFTER == FORGET_AFTER - 1;
        // the texts of the next batch come from the disk while this one is measured
        let prepare_next = || {
            let next = batches.get(i + 1).map(|batch| classes_of(batch)).unwrap_or_default();
            if !forgets {
                will_measure(&next);
            }
            next
        };
        let (measured, next) = rayon::join(|| measure(corpus, table, (batch, &classes), sets), prepare_next);
        similarities.extend(measured);
        classes = next;
        if forgets {
            corpus.were_read(0..corpus.len() as u32);
            will_measure(&classes);
        }
        progress.advance(batch.len() as u64);
    }
    corpus.were_read(0..corpus.len() as u32);
    saved.save(name, progress, || to_part(pairs, &similarities));
    Ok(Verified::new(pairs, &similarities))
}

/// The pairs in runs of about so many tokens.
fn batches<'p>(table: &Table, mut pairs: &'p [(u32, u32)], most: usize) -> Vec<&'p [(u32, u32)]> {
    let mut batches = Vec::new();
    while !pairs.is_empty() {
        let mut tokens = 0;
        let fits = |&&(class, keeper): &&(u32, u32)| {
            let before = tokens;
            tokens += table.tokens_of(class) as usize + table.tokens_of(keeper) as usize;
            before < most
        };
        let (batch, rest) = pairs.split_at(pairs.iter().take_while(fits).count());
        batches.push(batch);
        pairs = rest;
    }
    batches
}

/// Batches after which the system lets go of the texts that it cannot cache beside what is looked up.
const FORGET_AFTER: usize = 32;

/// Bytes of a corpus that the system's cache may not hold.
const LARGE: u64 = 1 << 30;

/// The classes of pairs, ascending.
fn classes_of(pairs: &[(u32, u32)]) -> Vec<u32> {
    let mut classes: Vec<u32> = pairs.iter().flat_map(|&(class, keeper)| [class, keeper]).collect();
    classes.sort_unstable();
    classes.dedup();
    classes
}

/// The similarities of pairs, whose `classes` are ascending.
fn measure(corpus: &Corpus, table: &Table, (pairs, classes): (&[(u32, u32)], &[u32]), sets: &Sets) -> Vec<f64> {
    let fresh = || Sets::new(sets.shingler, sets.token_options);
    let made: Vec<Vec<u64>> =
        classes.par_iter().map_init(fresh, |sets, &class| sets.make(corpus, table, class)).collect();
    let set_of = |class: u32| &made[classes.binary_search(&class).expect("the classes of all pairs are there")];
    let similarity = |&(class, keeper): &(u32, u32)| {
        let (a, b) = (set_of(class), set_of(keeper));
        memory::touched(size_of_val(&a[..]) + size_of_val(&b[..]));
        similarity(a, b, Measure::Jaccard)
    };
    pairs.par_iter().map(similarity).collect()
}

/// What was verified, as columns: the similarities, and a digest of the pairs that they are of.
fn to_part(pairs: &[(u32, u32)], similarities: &[f64]) -> Part<'static> {
    let mut part = Part::default();
    part.push_owned(vec![digest_of(pairs)]);
    part.push_owned(similarities.to_vec());
    part
}

fn from_part(pairs: &[(u32, u32)], mut columns: Columns) -> Option<Verified> {
    let of_these = columns.take::<u128>()? == [digest_of(pairs)];
    let similarities: Vec<f64> = columns.take()?;
    (of_these && similarities.len() == pairs.len()).then(|| Verified::new(pairs, &similarities))
}

fn digest_of(pairs: &[(u32, u32)]) -> u128 {
    let mut hasher = Xxh3::new();
    pairs.iter().for_each(|pair| hasher.update(bytemuck::cast_slice(&[pair.0, pair.1])));
    hasher.digest128()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn empty_sets_are_never_similar() {
        for measure in Measure::ALL {
            assert_eq!(similarity(&[], &[], measure), 0.0);
            assert_eq!(similarity(&[], &[1], measure), 0.0);
        }
    }

    #[test]
    fn a_similarity_on_the_threshold_counts() {
        assert!(similarity(&[1, 2, 3, 4], &[1, 2, 3, 4, 5], Measure::Jaccard) >= 0.8);
        assert_eq!(similarity(&[1, 2], &[1, 2, 3, 4], Measure::Containment), 1.0);
    }

    proptest! {
        #[test]
        fn what_was_verified_is_known(pairs in proptest::collection::btree_set((0u32..90, 0u32..20), 0..60)) {
            // by keeper, as they are verified
            let mut pairs: Vec<(u32, u32)> = pairs.into_iter().collect();
            pairs.sort_unstable_by_key(|&(class, keeper)| (keeper, class));
            let similarities: Vec<f64> = (0..pairs.len()).map(|i| i as f64).collect();
            let verified = Verified::new(&pairs, &similarities);
            for pair in (0..200).flat_map(|class| (0..20).map(move |keeper| (class, keeper))) {
                let expected = pairs.iter().position(|&other| other == pair).map(|place| similarities[place]);
                prop_assert_eq!(verified.get(pair.0, pair.1), expected);
                let is_alike = verified.alike(pair.0, 7.0).any(|keeper| keeper == pair.1);
                prop_assert_eq!(is_alike, expected.is_some_and(|known| known >= 7.0));
            }
        }

        #[test]
        fn keepers_of_classes_are_those_that_they_were_verified_against(
            pairs in proptest::collection::btree_set((0u32..400, 0u32..20), 0..60),
            classes in proptest::collection::btree_set(0u32..400, 0..9),
        ) {
            let pairs: Vec<(u32, u32)> = pairs.into_iter().collect();
            let verified = Verified::new(&pairs, &vec![1.0; pairs.len()]);
            let keepers = verified.keepers_of(&classes.iter().copied().collect::<Vec<u32>>());
            for (_, keeper) in pairs.iter().filter(|(class, _)| classes.contains(class)) {
                prop_assert!(keepers.contains(keeper));
            }
            prop_assert!(keepers.len() <= pairs.len());
        }

        #[test]
        fn equals_the_definition(
            a in proptest::collection::btree_set(0u64..50, 0..30),
            b in proptest::collection::btree_set(0u64..50, 0..30),
        ) {
            let list = |set: &BTreeSet<u64>| set.iter().copied().collect::<Vec<u64>>();
            let shared = a.intersection(&b).count();
            prop_assert_eq!(intersection(&list(&a), &list(&b)), shared);
            if !a.is_empty() || !b.is_empty() {
                let jaccard = shared as f64 / a.union(&b).count() as f64;
                prop_assert_eq!(similarity(&list(&a), &list(&b), Measure::Jaccard), jaccard);
            }
        }
    }
}
