//! Bands → candidates.
//!
//! Two classes are candidates if they share a band. [`group`] looks at all classes once, band by band, and notes which
//! bands of a class anybody else has: the others need never be looked up. [`Buckets`] then holds the *kept* classes only,
//! so a newcomer meets keepers and nothing else, and at most [`KEEPERS_PER_BUCKET`] of them: a bucket of 100,000 members
//! costs linear time. A keeper beyond that number is not found through that bucket; 16 lost nothing on real paragraphs
//! (`algorithms.md` §3).

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::sketch::{HASHES, Table, matches};

/// Kept classes that one bucket holds at the most.
const KEEPERS_PER_BUCKET: u32 = 32;

/// A candidate whose signature agrees in less than the threshold minus this is not verified: 3.4 standard deviations.
const SIGNATURE_MARGIN: f64 = 0.12;

/// No entry.
const NONE: u32 = u32::MAX;

/// Which kept classes stand in each bucket.
#[derive(Default)]
pub(super) struct Buckets {
    /// Newest entry of each bucket.
    heads: FxHashMap<u64, u32>,
    entries: Vec<Entry>,
    /// For each class, the bands that it shares with another class; empty if all are to be looked up.
    shared: Vec<u64>,
    /// Keepers met while looking up, with the number of bands shared.
    met: FxHashMap<u32, u32>,
}

/// A kept class in a bucket.
struct Entry {
    class: u32,
    /// The entry before it in the same bucket.
    next: u32,
    /// Entries in the bucket up to this one.
    depth: u32,
}

/// The key of a bucket.
fn key(band: usize, hash: u32) -> u64 {
    (band as u64) << 32 | u64::from(hash)
}

/// The bands of a class that `shared` allows, as bucket keys.
fn keys<'a>(table: &'a Table, shared: &[u64], class: u32) -> impl Iterator<Item = u64> + use<'a> {
    let mask = shared.get(class as usize).copied().unwrap_or(u64::MAX);
    // bands beyond the 64th share the last bit
    let bands = table.bands_of(class).iter().enumerate();
    bands.filter(move |(band, _)| mask >> (*band).min(63) & 1 == 1).map(|(band, &hash)| key(band, hash))
}

/// Groups all classes by their bands. Gives empty buckets, and the pairs (class, first class in a bucket of it) that are
/// likely to be asked for, ascending.
///
/// Costs a sort per band. If the table `grows` later, classes may share bands with texts that are not known yet, so
/// every band is looked up.
pub(super) fn group(table: &Table, similarity: f64, grows: bool) -> (Buckets, Vec<(u32, u32)>) {
    let near: Vec<u32> = (0..table.classes() as u32).filter(|&class| table.is_near(class)).collect();
    let bands = table.options.banding.map_or(0, |b| b.bands);
    let grouped: Vec<(Vec<u32>, Vec<(u32, u32)>)> =
        (0..bands).into_par_iter().map(|band| group_band(table, &near, band, similarity)).collect();
    let mut shared = vec![0u64; if grows { 0 } else { table.classes() }];
    let mut pairs = Vec::new();
    for (band, (members, likely)) in grouped.into_iter().enumerate() {
        if !grows {
            members.iter().for_each(|&class| shared[class as usize] |= 1 << band.min(63));
        }
        pairs.extend(likely);
    }
    pairs.par_sort_unstable_by_key(|&(class, keeper)| (keeper, class));
    pairs.dedup();
    (Buckets { shared, ..Buckets::default() }, pairs)
}

/// For one band: the classes that share it with another, and each with the first class of its bucket if their signatures
/// promise a link.
fn group_band(table: &Table, near: &[u32], band: usize, similarity: f64) -> (Vec<u32>, Vec<(u32, u32)>) {
    let mut order: Vec<u64> =
        near.iter().map(|&class| u64::from(table.bands_of(class)[band]) << 32 | u64::from(class)).collect();
    order.sort_unstable();
    let (mut members, mut pairs) = (Vec::new(), Vec::new());
    for bucket in order.chunk_by(|a, b| a >> 32 == b >> 32).filter(|b| b.len() > 1) {
        let first = bucket[0] as u32;
        members.extend(bucket.iter().map(|&entry| entry as u32));
        let likely = |class: &u32| agreement(table, *class, first) >= least_agreement(similarity);
        pairs.extend(bucket[1..].iter().map(|&entry| entry as u32).filter(likely).map(|class| (class, first)));
    }
    (members, pairs)
}

/// In how many values the signatures of two classes agree.
fn agreement(table: &Table, a: u32, b: u32) -> usize {
    matches(table.signature_of(a), table.signature_of(b))
}

/// The least agreement that is worth verifying.
fn least_agreement(similarity: f64) -> usize {
    ((similarity - SIGNATURE_MARGIN) * HASHES as f64).ceil().max(0.0) as usize
}

impl Buckets {
    /// The kept classes that share a band with `class` and whose signatures promise a link: those that agree most first,
    /// and of those the one kept first.
    pub(super) fn candidates(&mut self, table: &Table, class: u32, similarity: f64) -> Vec<u32> {
        self.met.clear();
        for key in keys(table, &self.shared, class) {
            let mut at = self.heads.get(&key).copied().unwrap_or(NONE);
            while let Some(entry) = self.entries.get(at as usize) {
                self.met.entry(entry.class).or_insert(at);
                at = entry.next;
            }
        }
        let least = least_agreement(similarity);
        let mut candidates: Vec<(usize, u32)> = Vec::new();
        #[expect(clippy::iter_over_hash_type, reason = "sorted below")]
        for &keeper in self.met.keys() {
            let agreement = agreement(table, class, keeper);
            if agreement >= least {
                candidates.push((agreement, keeper));
            }
        }
        candidates
            .sort_unstable_by_key(|&(agreement, keeper)| (std::cmp::Reverse(agreement), self.met[&keeper], keeper));
        candidates.into_iter().map(|(_, keeper)| keeper).collect()
    }

    /// Adds a kept class to its buckets.
    pub(super) fn insert(&mut self, table: &Table, class: u32) {
        for key in keys(table, &self.shared, class) {
            let head = self.heads.entry(key).or_insert(NONE);
            let depth = self.entries.get(*head as usize).map_or(1, |e| e.depth + 1);
            if depth <= KEEPERS_PER_BUCKET {
                self.entries.push(Entry { class, next: *head, depth });
                *head = self.entries.len() as u32 - 1;
            }
        }
    }

    /// Takes out the class inserted last.
    pub(super) fn remove_last(&mut self, table: &Table, class: u32) {
        for key in keys(table, &self.shared, class) {
            let Some(head) = self.heads.get_mut(&key) else { continue };
            if let Some(entry) = self.entries.get(*head as usize).filter(|e| e.class == class) {
                *head = entry.next;
            }
        }
        while self.entries.last().is_some_and(|e| e.class == class) {
            self.entries.pop();
        }
    }
}
