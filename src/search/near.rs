//! Bands → candidates.
//!
//! Two classes are candidates if they share a band. [`group`] looks at all classes once, band by band, and notes which
//! bands of a class anybody else has: the others need never be looked up. [`Buckets`] then holds the *kept* classes only,
//! so a newcomer meets keepers and nothing else, and at most [`KEEPERS_PER_BUCKET`] of them: a bucket of 100,000 members
//! costs linear time. A keeper beyond that number is not found through that bucket; 16 lost nothing on real paragraphs
//! (`algorithms.md` §3).

use std::cmp::Reverse;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::kernel::prefetch;
use crate::memory;
use crate::sketch::{HASHES, HashIndex, Table, entry, hash_of, matches};

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
    /// For each class that was grouped, the bands that it shares with another; classes added later look all bands up.
    shared: Vec<u64>,
    /// If classes are added later: for each band, the first class of each hash.
    first: Vec<HashIndex>,
    /// Keepers met while looking up, with the entry in the first band shared.
    met: Vec<(u32, u32)>,
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
    // most classes share none
    let bands = if mask == 0 { 0 } else { table.options.bands() };
    let shares = move |band: &usize| mask & bit(*band) != 0;
    (0..bands).filter(shares).map(move |band| key(band, table.band_of(class, band)))
}

/// Groups all classes by their bands. Gives empty buckets, and the pairs (class, first class in a bucket of it) that are
/// likely to be asked for, ascending.
///
/// Costs a pass over the classes per band. If the table `grows` later, 10 bytes are kept for each class and band.
pub(super) fn group(table: &Table, similarity: f64, grows: bool) -> (Buckets, Vec<(u32, u32)>) {
    let near: Vec<u32> = (0..table.classes() as u32).filter(|&class| table.is_near(class)).collect();
    let bands = table.options.bands();
    let numbers: Vec<usize> = (0..bands).collect();
    let grouped: Vec<Grouped> = numbers
        .par_chunks(BANDS_AT_ONCE)
        .flat_map_iter(|bands| group_bands(table, &near, bands, similarity, grows))
        .collect();
    // bands that have no bit of their own are always looked up
    let mut shared = vec![if bands > 63 { bit(63) } else { 0 }; table.classes()];
    let (mut first, mut pairs) = (Vec::new(), Vec::new());
    for (band, grouped) in grouped.into_iter().enumerate() {
        let together = memory::watched(grouped.together.iter(), LOOKED_AT);
        together.for_each(|&class| shared[class as usize] |= bit(band));
        memory::touched(size_of_val(&*grouped.likely));
        first.extend(grouped.first);
        pairs.extend(grouped.likely);
    }
    pairs.par_sort_unstable_by_key(|&(class, keeper)| (keeper, class));
    pairs.dedup();
    (Buckets { shared, first, ..Buckets::default() }, pairs)
}

/// The bit of a band; bands beyond the 64th share the last one.
fn bit(band: usize) -> u64 {
    1 << band.min(63)
}

/// What one band says.
struct Grouped {
    /// Classes that share it with another.
    together: Vec<u32>,
    /// The first class of each hash, if classes are added later.
    first: Option<HashIndex>,
    /// Each class with the first one of its bucket, if their signatures promise a link.
    likely: Vec<(u32, u32)>,
}

/// Bytes that come into memory, more or less, with each of many elements that are looked up in a column.
const LOOKED_AT: usize = 64;

/// Bands that one task groups: the bands of a class stand side by side, so that one access to memory brings all of these.
const BANDS_AT_ONCE: usize = 4;

/// Classes whose bands are read from disk together, where they are spilled.
const READ_AT_ONCE: usize = 8192;

fn group_bands(table: &Table, near: &[u32], bands: &[usize], similarity: f64, grows: bool) -> Vec<Grouped> {
    let mut columns: Vec<Vec<u32>> = bands.iter().map(|_| Vec::with_capacity(near.len())).collect();
    let rows = table.options.banding.map_or(0, |banding| banding.rows);
    for classes in near.chunks(READ_AT_ONCE) {
        table.will_read_bands(classes);
        for &class in classes {
            memory::touched(bands.len() * rows);
            columns.iter_mut().zip(bands).for_each(|(column, &band)| column.push(table.band_of(class, band)));
        }
    }
    columns.into_iter().map(|column| group_band(table, near, &column, similarity, grows)).collect()
}

fn group_band(table: &Table, near: &[u32], hashes: &[u32], similarity: f64, grows: bool) -> Grouped {
    let mut grouped = Grouped { together: Vec::new(), first: None, likely: Vec::new() };
    let met = |first: u32, again: u32| {
        grouped.together.extend([first, again]);
        // signatures stand in the order of classes, and buckets do not
        memory::touched(memory::AROUND);
        grouped.likely.extend(may_be_alike(table, again, first, similarity).then_some((again, first)));
    };
    let all_alike = |_, _| true;
    let entries = hashes.iter().zip(near).map(|(&hash, &class)| entry(hash, class));
    if grows {
        grouped.first = Some(HashIndex::new(entries, all_alike, met));
    } else {
        // most hashes stand alone, and of these nothing is noted
        let repeated = Repeated::new(hashes);
        let entries: Vec<u64> =
            memory::watched(entries, LOOKED_AT).filter(|&entry| repeated.may_hold(hash_of(entry))).collect();
        HashIndex::new(entries.iter().copied(), all_alike, met);
    }
    grouped
}

/// Which hashes occur more than once, and by chance a few others: two bits for each of more slots than there are hashes.
struct Repeated {
    slots: Vec<u8>,
    mask: u32,
}

impl Repeated {
    /// Slots that a byte holds.
    const IN_A_BYTE: u32 = 4;

    fn new(hashes: &[u32]) -> Repeated {
        let len = (hashes.len().max(1) as u32).saturating_mul(4).checked_next_power_of_two().unwrap_or(1 << 31);
        let mut repeated = Repeated { slots: vec![0; (len / Self::IN_A_BYTE) as usize], mask: len - 1 };
        for &hash in memory::watched(hashes.iter(), LOOKED_AT) {
            let (byte, shift) = repeated.slot(hash);
            let bits = &mut repeated.slots[byte];
            // 0, then 1, then 3 for good
            *bits |= (*bits & 1 << shift) << 1 | 1 << shift;
        }
        repeated
    }

    fn slot(&self, hash: u32) -> (usize, u32) {
        let slot = hash & self.mask;
        ((slot / Self::IN_A_BYTE) as usize, slot % Self::IN_A_BYTE * 2)
    }

    fn may_hold(&self, hash: u32) -> bool {
        let (byte, shift) = self.slot(hash);
        self.slots[byte] >> shift & 2 != 0
    }
}

/// Whether the signatures of two classes promise a link.
pub(super) fn may_be_alike(table: &Table, a: u32, b: u32, similarity: f64) -> bool {
    agreement(table, a, b) >= least_agreement(similarity)
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
            memory::touched(memory::AROUND);
            let mut at = self.heads.get(&key).copied().unwrap_or(NONE);
            while let Some(entry) = self.entries.get(at as usize) {
                self.met.push((entry.class, at));
                at = entry.next;
            }
        }
        self.met.sort_by_key(|&(keeper, _)| keeper);
        self.met.dedup_by_key(|&mut (keeper, _)| keeper);
        memory::touched(self.met.len() * memory::AROUND);
        let least = least_agreement(similarity);
        let agreeing = self.met.iter().map(|&(keeper, at)| (Reverse(agreement(table, class, keeper)), at, keeper));
        let mut candidates: Vec<_> = agreeing.filter(|&(Reverse(agreement), ..)| agreement >= least).collect();
        candidates.sort_unstable();
        candidates.into_iter().map(|(_, _, keeper)| keeper).collect()
    }

    /// Says that a class will soon be asked for.
    pub(super) fn prepare(&self, class: u32) {
        prefetch(&self.shared, class as usize);
    }

    /// Makes room for a class that was added after grouping: classes that had one of its bands alone share it now, and
    /// those that are kept are entered in that bucket. If it is what is left of another class, the `original`, it has most
    /// of its bands, and who else has these is known. Costs a look-up for each of the others.
    pub(super) fn admit(&mut self, table: &Table, class: u32, original: Option<u32>, is_kept: impl Fn(u32) -> bool) {
        let known = |band: usize, hash: u32| original.filter(|&original| table.band_of(original, band) == hash);
        let hashes: Vec<u32> = table.bands_of(class).collect();
        self.first.iter().zip(&hashes).for_each(|(first, &hash)| first.prepare(hash));
        for (band, hash) in hashes.into_iter().enumerate().take(self.first.len()) {
            memory::touched(memory::AROUND);
            let other = known(band, hash).or_else(|| self.first[band].find(hash, |_| true));
            other.into_iter().for_each(|other| self.share(band, hash, other, &is_kept));
        }
    }

    /// A class that may have had a band alone shares it from now on.
    fn share(&mut self, band: usize, hash: u32, class: u32, is_kept: impl Fn(u32) -> bool) {
        let shared = &mut self.shared[class as usize];
        if *shared & bit(band) == 0 && band < 63 {
            *shared |= bit(band);
            if is_kept(class) {
                self.enter(key(band, hash), class);
            }
        }
    }

    /// Adds a kept class to its buckets.
    pub(super) fn insert(&mut self, table: &Table, class: u32) {
        for key in keys(table, &self.shared, class) {
            self.enter(key, class);
        }
    }

    /// Adds a class to one bucket, unless that is full.
    fn enter(&mut self, key: u64, class: u32) {
        memory::touched(memory::AROUND);
        let head = self.heads.entry(key).or_insert(NONE);
        let depth = self.entries.get(*head as usize).map_or(1, |e| e.depth + 1);
        if depth <= KEEPERS_PER_BUCKET {
            self.entries.push(Entry { class, next: *head, depth });
            *head = self.entries.len() as u32 - 1;
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_repeated_is_held(hashes in proptest::collection::vec(0u32..2000, 0..300)) {
            let repeated = Repeated::new(&hashes);
            let held = hashes.iter().filter(|&&hash| repeated.may_hold(hash)).count();
            let times = |hash: u32| hashes.iter().filter(|&&other| other == hash).count();
            let again = hashes.iter().filter(|&&hash| times(hash) > 1).count();
            prop_assert!(hashes.iter().all(|&hash| times(hash) < 2 || repeated.may_hold(hash)));
            prop_assert!(held <= again + hashes.len() / 2 + 5, "{held} are held, and {again} are repeated");
        }
    }
}
