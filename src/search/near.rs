//! Bands → candidates.
//!
//! Two classes are candidates if they share a band. [`Near::group`] looks at all classes once, band by band, and notes who
//! shares one with whom: a band that nobody else has need never be looked up. [`Buckets`] then holds the *kept* classes
//! only, so a newcomer meets keepers and nothing else.
//!
//! Classes are grouped in an index by their hashes, and that is kept where classes may be added: what is left of a document
//! is looked up in it. Tried before: grouping in a small table with chains, share by share, and an index made when the first
//! class was added. It was less memory until then, but all bands were worked out, dealt out and put in a table twice: about 0.7 s
//! of processor time on a corpus of 700,000 near classes.

use std::cmp::Reverse;
use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::memory;
use crate::sketch::{GrowingIndex, HASHES, HashIndex, Signature, Table, entry, matches};

use super::buckets::{Buckets, Member};

/// A candidate whose signature agrees in less than the threshold minus this is not verified: 3.4 standard deviations.
const SIGNATURE_MARGIN: f64 = 0.12;

/// Bands that are grouped at a time, or one for each thread: the bands of a class stand side by side, so that one access to
/// memory brings all of these.
const BANDS_AT_ONCE: usize = 6;

/// Classes that are worked off in one go.
const AT_ONCE: usize = 8192;

/// What is near what.
pub(super) struct Near {
    buckets: Buckets,
    /// For each band the first class of each hash, if classes may be added.
    first: Vec<GrowingIndex>,
    signatures: Signatures,
}

impl Near {
    /// Groups all classes by their bands. Gives the pairs (class, first class in a bucket of it) that are likely to be asked
    /// for besides, by keeper and then by class. If it `grows`, classes may be [added](Near::admit).
    ///
    /// Costs a pass over the classes per band, and 8 bytes for a class and 5 to 10 for each band that it shares; if it
    /// grows, 11 more for each class and band.
    pub(super) fn group(table: &Table, similarity: f64, grows: bool) -> Result<(Near, Vec<(u32, u32)>)> {
        let (groups, first): (Vec<Vec<Member>>, Vec<Option<GrowingIndex>>) = each_band(table, |near, hashes| {
            let (members, index) = repeated(near, hashes);
            (members, grows.then(|| GrowingIndex::new(index)))
        });
        if groups.iter().map(Vec::len).sum::<usize>() > Buckets::MOST {
            return Err(Error::Usage(format!(
                "too many {}s look alike: more than 2^31 of their bands are shared\n  remedy: raise `--similarity` or \
                 `--min-tokens`, or clean parts of the corpus on their own first",
                table.options.unit.name()
            )));
        }
        let (buckets, firsts) = Buckets::new(table.classes(), &groups);
        drop(groups);
        let first = first.into_iter().flatten().collect();
        let near = Near { buckets, first, signatures: Signatures::many() };
        let likely = near.likely(table, &firsts, similarity);
        Ok((near, likely))
    }

    /// Each class with the first ones of its buckets, where their signatures promise a link.
    fn likely(&self, table: &Table, firsts: &[u32], similarity: f64) -> Vec<(u32, u32)> {
        let classes = table.classes() as u32;
        let ranges: Vec<Range<u32>> =
            (0..classes).step_by(AT_ONCE).map(|at| at..classes.min(at + AT_ONCE as u32)).collect();
        let least = least_agreement(similarity);
        let in_range = |range: Range<u32>| {
            let (mut likely, mut met, mut signatures) = (Vec::new(), Vec::new(), Signatures::few());
            for class in range {
                memory::touched(memory::AROUND);
                met.extend(
                    self.buckets.of(class).map(|bucket| firsts[bucket as usize]).filter(|&first| first != class),
                );
                met.sort_unstable();
                met.dedup();
                let alike = met.drain(..).filter(|&first| signatures.agreement(table, class, first) >= least);
                likely.extend(alike.map(|first| (class, first)));
            }
            likely
        };
        let mut likely: Vec<(u32, u32)> = ranges.into_par_iter().flat_map_iter(in_range).collect();
        likely.par_sort_unstable_by_key(|&(class, keeper)| (keeper, class));
        likely
    }

    /// The kept classes that share a band with `class` and whose signatures promise a link: those that agree most first,
    /// and of those the one kept first.
    pub(super) fn candidates(&mut self, table: &Table, class: u32, similarity: f64) -> Vec<u32> {
        let (met, signatures) = (self.buckets.meet(class), &mut self.signatures);
        let least = least_agreement(similarity);
        let agreement = |&(keeper, at): &(u32, u32)| (Reverse(signatures.agreement(table, class, keeper)), at, keeper);
        let agreeing = met.iter().map(agreement);
        let mut candidates: Vec<_> = agreeing.filter(|&(Reverse(agreement), ..)| agreement >= least).collect();
        candidates.sort_unstable();
        candidates.into_iter().map(|(_, _, keeper)| keeper).collect()
    }

    /// As [`Near::candidates`], in no order, and without what is remembered for those.
    pub(super) fn promising(&self, table: &Table, class: u32, similarity: f64) -> impl Iterator<Item = u32> {
        let alike = move |&(keeper, _): &(u32, u32)| keeper != class && may_be_alike(table, class, keeper, similarity);
        self.buckets.kept(class).filter(alike).map(|(keeper, _)| keeper)
    }

    /// Says that a class will soon be asked for.
    pub(super) fn prepare(&self, class: u32) {
        self.buckets.prepare(class);
    }

    /// Says that these classes, which are ascending, will soon be asked for: from the disk, if they are there.
    pub(super) fn will_meet(&self, classes: &[u32]) {
        self.buckets.will_meet(classes);
    }

    /// Makes room for a class that was added after grouping: classes that had one of its bands alone share it now. If it is
    /// what is left of another class, the `original`, it has most of its bands, and who else has these is known. Costs a
    /// look-up for each of the others.
    pub(super) fn admit(&mut self, table: &Table, class: u32, original: Option<u32>, is_kept: impl Fn(u32) -> bool) {
        let hashes: Vec<u32> = table.bands_of(class, 0..table.options.bands()).collect();
        let as_before = |&band: &usize| original.is_some_and(|original| table.band_of(original, band) == hashes[band]);
        let (inherited, new): (Vec<usize>, Vec<usize>) = (0..hashes.len()).partition(as_before);
        new.iter().for_each(|&band| self.first[band].prepare(hashes[band]));
        if let Some(original) = original {
            self.buckets.inherit(class, original, &inherited, &is_kept);
        }
        for band in new {
            let hash = hashes[band];
            match self.first[band].find(hash, |_| true) {
                Some(first) => {
                    let has_it = |heir: u32| table.band_of(heir, band) == hash;
                    self.buckets.join(class, band, first, has_it, &is_kept);
                }
                None => self.first[band].insert(hash, class),
            }
        }
    }

    /// Adds a kept class to its buckets.
    pub(super) fn insert(&mut self, class: u32) {
        self.buckets.insert(class);
    }

    /// Takes out the class inserted last.
    pub(super) fn remove_last(&mut self, class: u32) {
        self.buckets.remove_last(class);
    }
}

/// What is `made`, for each band, of the classes that are near, ascending, and of their hashes.
fn each_band<T: Send, C: FromIterator<T>>(table: &Table, made: impl Fn(&[u32], &[u32]) -> T + Sync) -> C {
    let near: Vec<u32> = (0..table.classes() as u32).filter(|&class| table.is_near(class)).collect();
    let bands = table.options.bands();
    let at_once = rayon::current_num_threads().max(BANDS_AT_ONCE);
    let some = (0..bands).step_by(at_once).map(|at| at..bands.min(at + at_once));
    some.flat_map(|bands| {
        let blocks: Vec<Block> =
            near.par_chunks(AT_ONCE).map(|classes| Block::of(table, classes, bands.clone())).collect();
        let of_band = |band: usize| {
            let mut hashes = Vec::with_capacity(near.len());
            for block in &blocks {
                // what is read, and what is written
                memory::touched(2 * size_of_val(block.hashes(band)));
                hashes.extend_from_slice(block.hashes(band));
            }
            made(&near, &hashes)
        };
        (0..bands.len()).into_par_iter().map(of_band).collect::<Vec<T>>()
    })
    .collect()
}

/// The hashes of some classes in some bands: band by band.
struct Block {
    hashes: Vec<u32>,
    classes: usize,
}

impl Block {
    fn of(table: &Table, classes: &[u32], bands: Range<usize>) -> Block {
        table.will_read_bands(classes);
        memory::touched(classes.len() * (HASHES + bands.len() * size_of::<u32>()));
        let mut hashes = vec![0; classes.len() * bands.len()];
        for (i, &class) in classes.iter().enumerate() {
            let places = hashes.iter_mut().skip(i).step_by(classes.len());
            places.zip(table.bands_of(class, bands.clone())).for_each(|(place, hash)| *place = hash);
        }
        Block { hashes, classes: classes.len() }
    }

    /// The hashes of one of the bands, counted from the first of these.
    fn hashes(&self, band: usize) -> &[u32] {
        &self.hashes[band * self.classes..(band + 1) * self.classes]
    }
}

/// The entries of one band.
fn entries<'a>(near: &'a [u32], hashes: &'a [u32]) -> impl ExactSizeIterator<Item = u64> + Clone + use<'a> {
    hashes.iter().zip(near).map(|(&hash, &class)| entry(hash, class))
}

/// The classes whose hash another one has, ascending, each with the first that has it; and those that have theirs first,
/// by their hashes.
fn repeated(near: &[u32], hashes: &[u32]) -> (Vec<Member>, HashIndex) {
    let mut members = Vec::new();
    let index = HashIndex::new(
        entries(near, hashes),
        |_, _| true,
        |first, class| {
            members.extend([Member { class: first, first }, Member { class, first }]);
        },
    );
    members.sort_unstable();
    members.dedup();
    (members, index)
}

/// Whether the signatures of two classes promise a link.
pub(super) fn may_be_alike(table: &Table, class: u32, other: u32, similarity: f64) -> bool {
    matches(table.signature_of(class), table.signature_of(other)) >= least_agreement(similarity)
}

/// Signatures that stand here and there. Those that are spilled are read one by one; the last ones are kept, for a keeper that
/// many look like is met by each of them.
struct Signatures {
    /// Each in the slot that the number of its class says; made when the first is spilled.
    recent: Vec<Option<(u32, Signature)>>,
    /// Slots that are made.
    slots: usize,
}

impl Signatures {
    /// Signatures that are kept at the least.
    const LEAST: usize = 2048;

    /// Of the limit on memory, the part that may be taken to keep more.
    const PART_OF_LIMIT: u64 = 64;

    /// Keeps the last few: for one stretch of classes.
    fn few() -> Signatures {
        Signatures { recent: Vec::new(), slots: Signatures::LEAST }
    }

    /// Keeps as many as the limit on memory allows: for a whole run.
    fn many() -> Signatures {
        let bytes = memory::allowed().unwrap_or(0) / Signatures::PART_OF_LIMIT;
        let slots = bytes as usize / size_of::<Option<(u32, Signature)>>();
        Signatures { recent: Vec::new(), slots: slots.max(Signatures::LEAST) }
    }

    /// In how many values the signature of a class, which stands where others were looked at, agrees with that of any other.
    fn agreement(&mut self, table: &Table, class: u32, other: u32) -> usize {
        let stands = table.signature_of(other);
        let other = if memory::is_spilled(stands) { self.read(other, stands) } else { stands };
        matches(table.signature_of(class), other)
    }

    fn read(&mut self, class: u32, stands: &Signature) -> &Signature {
        if self.recent.is_empty() {
            self.recent = memory::looked_up(|| vec![None; self.slots]);
        }
        let slot = &mut self.recent[class as usize % self.slots];
        if slot.as_ref().is_none_or(|&(held, _)| held != class) {
            *slot = None;
        }
        &slot.get_or_insert_with(|| (class, memory::copied(stands))).1
    }
}

/// The least agreement that is worth verifying.
fn least_agreement(similarity: f64) -> usize {
    ((similarity - SIGNATURE_MARGIN) * HASHES as f64).ceil().max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn who_is_repeated_is_known(hashes in proptest::collection::vec(0u32..200, 0..300), step in 1u32..4) {
            let hashes: Vec<u32> = hashes.into_iter().map(|hash| hash.wrapping_mul(0x9e37_79b1)).collect();
            let near: Vec<u32> = (0..hashes.len() as u32).map(|i| i * step).collect();
            let with = |hash: u32| hashes.iter().zip(&near).filter(move |&(&other, _)| other == hash).map(|(_, &class)| class);
            let members = hashes.iter().zip(&near).filter(|&(&hash, _)| with(hash).count() > 1);
            let members: Vec<Member> = members
                .map(|(&hash, &class)| Member { class, first: with(hash).next().expect("at least itself") })
                .collect();
            prop_assert_eq!(repeated(&near, &hashes).0, members);
        }
    }

    #[test]
    fn a_signature_that_was_read_is_that_of_its_class() {
        let signature = |class: u32| [class as u8; HASHES];
        let mut signatures = Signatures::few();
        for class in [1, 2, 1, 1 + Signatures::LEAST as u32, 1, 2] {
            assert_eq!(*signatures.read(class, &signature(class)), signature(class));
        }
        // it is not read again
        assert_eq!(*signatures.read(2, &signature(3)), signature(2));
    }
}
