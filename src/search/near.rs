//! Bands → candidates.
//!
//! Two classes are candidates if they share a band. [`Near::group`] looks at all classes once, band by band, and notes who
//! shares one with whom: a band that nobody else has need never be looked up. [`Buckets`] then holds the *kept* classes
//! only, so a newcomer meets keepers and nothing else.
//!
//! Classes are grouped share by share, with marks for each share that stay in the cache. What is left of a document is looked up in
//! indexes of all classes, which are made when the first class is added: segments are hardly ever, and these would be the most
//! that a run writes to disk under a limit on memory. Where there is room what was dealt is kept from grouping, and looked up
//! as it is; else it is worked out again. Tried before: to group in such indexes, and keep them. Under a limit a tenth of a run went into
//! writing what nobody asked for. And grouping in a small table with chains, and everything worked out twice: about 0.7 s of
//! processor time on a corpus of 700,000 near classes.

use std::cmp::Reverse;
use std::ops::Range;

use rayon::prelude::*;

use crate::error::{Error, Result};
use crate::memory;
use crate::sketch::{Block, Dealt, GrowingIndex, HASHES, HashIndex, Signature, Table, bits_for, entry, matches};

use super::buckets::{Buckets, Member, Met};

/// A candidate whose signature agrees in less than the threshold minus this is not verified: 3.4 standard deviations.
const SIGNATURE_MARGIN: f64 = 0.12;

/// Bands that are grouped at a time at the most, unless there are more threads: the bands of a class stand side by side, so that one access to
/// memory brings all of these. Each takes 8 bytes for a class, where a run takes most; three are hardly faster, and six no more.
const BANDS_AT_ONCE: usize = 2;

/// Of the limit on memory, the part that may be taken for dealt bands: to work them out once more costs less than to spill
/// them.
const PART_FOR_BANDS: usize = 4;

/// Classes that are worked off in one go.
const AT_ONCE: usize = 8192;

/// Classes that are dealt together at the most: in the cache, more or less.
const MOST_AT_ONCE: usize = 1 << 18;

/// How many classes before its own turn the signature that one needs is asked for.
const AHEAD: usize = 8;

/// What is near what.
pub(super) struct Near {
    buckets: Buckets,
    /// The classes dealt by their hashes in each band, if classes may be added and there was room to keep that.
    dealt: Vec<Dealt>,
    /// For each band the first class of each hash, once a class was added.
    first: Option<Vec<GrowingIndex>>,
    signatures: Signatures,
}

impl Near {
    /// Groups all classes by their bands. Gives the pairs (class, first class in a bucket of it) that are likely to be asked
    /// for besides, by keeper and then by class. If it `grows`, classes may be [added](Near::admit).
    ///
    /// Costs a pass over the classes per band, and 8 bytes for a class and 5 to 10 for each band that it shares; if it
    /// grows, 8 more for each class and band, and 9 to 11 instead once a class was added.
    pub(super) fn group(table: &Table, similarity: f64, grows: bool) -> Result<(Near, Vec<(u32, u32)>)> {
        let keeps = grows && room_for_bands(table.classes()) >= table.options.bands();
        let (groups, dealt): (Vec<Vec<Member>>, Vec<Option<Dealt>>) =
            each_band(table, |band| (repeated(&band), keeps.then_some(band)));
        if groups.iter().map(Vec::len).sum::<usize>() > Buckets::MOST {
            return Err(Error::Usage(format!(
                "too many {}s look alike: more than 2^31 of their bands are shared\n  remedy: raise `--similarity` or \
                 `--min-tokens`, or clean parts of the corpus on their own first",
                table.options.unit.name()
            )));
        }
        let buckets = Buckets::new(table.classes(), groups);
        let dealt = dealt.into_iter().flatten().collect();
        let near = Near { buckets, dealt, first: None, signatures: Signatures::many() };
        let _looking_up = memory::here_and_there();
        let likely = near.likely(table, similarity);
        Ok((near, likely))
    }

    /// Each class with the first ones of its buckets, where their signatures promise a link.
    fn likely(&self, table: &Table, similarity: f64) -> Vec<(u32, u32)> {
        let ranges = ranges(table.classes() as u32, AT_ONCE);
        let least = least_agreement(similarity);
        let in_range = |range: Range<u32>| {
            let (mut likely, mut met, mut signatures) = (Vec::new(), Vec::new(), Signatures::few());
            for class in range {
                memory::looked_at();
                met.extend(self.buckets.firsts(class).filter(|&first| first != class));
                met.sort_unstable();
                met.dedup();
                let alike = met.drain(..).filter(|&first| signatures.agreement(table, class, first) >= least);
                likely.extend(alike.map(|first| (class, first)));
            }
            likely
        };
        let mut likely = joined(ranges.into_par_iter().map(in_range).collect());
        likely.par_sort_unstable_by_key(|&(class, keeper)| (keeper, class));
        likely
    }

    /// The kept classes that share a band with `class` and whose signatures promise a link: those that agree most first,
    /// and of those the one kept first. Of the firsts of its buckets it `is_known` which ones do: they were [likely](Near::group).
    pub(super) fn candidates(
        &mut self,
        table: &Table,
        class: u32,
        similarity: f64,
        is_known: impl Fn(u32) -> bool,
    ) -> Vec<u32> {
        let (met, signatures) = (self.buckets.meet(class), &mut self.signatures);
        let least = least_agreement(similarity);
        let may_agree = |met: &&Met| !met.is_first || is_known(met.keeper);
        let agreement = |met: &Met| (Reverse(signatures.agreement(table, class, met.keeper)), met.at, met.keeper);
        let agreeing = met.iter().filter(may_agree).map(agreement);
        let mut candidates: Vec<_> = agreeing.filter(|&(Reverse(agreement), ..)| agreement >= least).collect();
        candidates.sort_unstable();
        candidates.into_iter().map(|(_, _, keeper)| keeper).collect()
    }

    /// As [`Near::candidates`], in no order, without those that are known, and without what is remembered for those.
    pub(super) fn unknown(&self, table: &Table, class: u32, similarity: f64) -> impl Iterator<Item = u32> {
        let alike =
            move |met: &Met| !met.is_first && met.keeper != class && may_be_alike(table, class, met.keeper, similarity);
        self.buckets.kept(class).filter(alike).map(|met| met.keeper)
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
        let first = self.first.get_or_insert_with(|| first_of_bands(table, std::mem::take(&mut self.dealt)));
        new.iter().for_each(|&band| first[band].prepare(hashes[band]));
        let buckets = &mut self.buckets;
        memory::looked_up(|| {
            if let Some(original) = original {
                buckets.inherit(class, original, &inherited, &is_kept);
            }
            for band in new {
                let hash = hashes[band];
                match first[band].find(hash, |_| true) {
                    Some(first) => {
                        let has_it = |heir: u32| table.band_of(heir, band) == hash;
                        buckets.join(class, band, first, has_it, &is_kept);
                    }
                    None => first[band].insert(hash, class),
                }
            }
        });
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

/// For each band the first class of each hash: among what was dealt, for there is room for that, or else in an index of what is dealt
/// again.
fn first_of_bands(table: &Table, dealt: Vec<Dealt>) -> Vec<GrowingIndex> {
    let first = |band: Dealt| GrowingIndex::new(HashIndex::new(&band, |_, _| true));
    if dealt.is_empty() {
        return each_band(table, first);
    }
    dealt.into_par_iter().map(GrowingIndex::in_shares).collect()
}

/// What is `made` of each band: of the hashes in it of all classes of rows that are near.
fn each_band<T: Send, C: FromIterator<T>>(table: &Table, made: impl Fn(Dealt) -> T + Sync) -> C {
    // not listed: a list would stand beside the dealt bands
    let near = |classes: Range<u32>| classes.filter(|&class| table.is_near(class));
    let (classes, bands) = (table.classes_of_rows() as u32, table.options.bands());
    let all = near(0..classes).count();
    let at_once = room_for_bands(all).clamp(1, BANDS_AT_ONCE).max(rayon::current_num_threads());
    let bits = bits_for(all);
    let together = (classes as usize).div_ceil(2 * rayon::current_num_threads()).clamp(AT_ONCE, MOST_AT_ONCE);
    let ranges = ranges(classes, together);
    let some = (0..bands).step_by(at_once).map(|at| at..bands.min(at + at_once));
    some.flat_map(|bands| {
        let deal = |range: &Range<u32>| deal(table, &near(range.clone()).collect::<Vec<_>>(), bands.clone(), bits);
        let dealt: Vec<Vec<Block>> = ranges.par_iter().map(deal).collect();
        by_band(dealt, bands.len()).into_par_iter().map(|blocks| made(Dealt::new(blocks, bits))).collect::<Vec<T>>()
    })
    .collect()
}

/// All classes, so many at a time.
fn ranges(classes: u32, at_once: usize) -> Vec<Range<u32>> {
    (0..classes).step_by(at_once).map(|at| at..classes.min(at.saturating_add(at_once as u32))).collect()
}

/// For how many bands of so many classes there is room.
fn room_for_bands(classes: usize) -> usize {
    let room = memory::allowed().map_or(usize::MAX, |limit| limit as usize / PART_FOR_BANDS);
    room / (classes * size_of::<u64>()).max(1)
}

/// Deals some classes in some bands, for each of these.
fn deal(table: &Table, classes: &[u32], bands: Range<usize>, bits: u32) -> Vec<Block> {
    table.will_read_bands(classes);
    let mut hashes = vec![0; classes.len() * bands.len()];
    let looked_at = HASHES + bands.len() * size_of::<u32>();
    for (i, &class) in memory::watched(classes.iter().enumerate(), looked_at) {
        classes.get(i + AHEAD).inspect(|&&ahead| table.prepare_bands(ahead));
        let hashes_of_class = table.bands_of(class, bands.clone()).enumerate();
        hashes_of_class.for_each(|(band, hash)| hashes[band * classes.len() + i] = hash);
    }
    let entries =
        |hashes: &[u32]| Block::new(hashes.iter().zip(classes).map(|(&hash, &class)| entry(hash, class)), bits);
    hashes.chunks(classes.len().max(1)).map(entries).collect()
}

/// All pairs of these parts, each of which goes once it is copied. If everything looks alike they are most of what a run has.
fn joined(parts: Vec<Vec<(u32, u32)>>) -> Vec<(u32, u32)> {
    let mut all = Vec::with_capacity(parts.iter().map(Vec::len).sum());
    for part in parts {
        memory::touched(2 * size_of_val(&part[..]));
        all.extend(part);
    }
    all
}

/// The blocks of each of so many bands.
fn by_band(dealt: Vec<Vec<Block>>, bands: usize) -> Vec<Vec<Block>> {
    let mut bands: Vec<Vec<Block>> = (0..bands).map(|_| Vec::with_capacity(dealt.len())).collect();
    for blocks in dealt {
        bands.iter_mut().zip(blocks).for_each(|(band, block)| band.push(block));
    }
    bands
}

/// The classes whose hash in a band another one has, ascending, each with the first that has it.
fn repeated(band: &Dealt) -> Vec<Member> {
    let mut members = Vec::new();
    band.repeats(|with| {
        let first = with[0] as u32;
        members.extend(with.iter().map(|&entry| Member { class: entry as u32, first }));
    });
    members.sort_unstable();
    members
}

/// Whether the signatures of two classes promise a link.
pub(super) fn may_be_alike(table: &Table, class: u32, other: u32, similarity: f64) -> bool {
    matches(table.signature_of(class), table.signature_by_itself(other)) >= least_agreement(similarity)
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
        let signature = table.signature_of(class);
        if let Some(other) = self.held(other) {
            return matches(signature, other);
        }
        let stands = table.signature_by_itself(other);
        if memory::is_spilled(stands) {
            matches(signature, self.read(other, stands))
        } else {
            matches(signature, stands)
        }
    }

    /// The signature of a class, if it is kept.
    fn held(&self, class: u32) -> Option<&Signature> {
        let slot = self.recent.get(class as usize % self.slots)?.as_ref();
        slot.filter(|&&(held, _)| held == class).map(|(_, signature)| signature)
    }

    fn read(&mut self, class: u32, stands: &Signature) -> &Signature {
        if self.recent.is_empty() {
            self.recent = memory::looked_up(|| vec![None; self.slots]);
        }
        &self.recent[class as usize % self.slots].insert((class, memory::copied(stands))).1
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
            let band = Dealt::of(hashes.iter().zip(&near).map(|(&hash, &class)| entry(hash, class)));
            prop_assert_eq!(repeated(&band), members);
        }
    }

    #[test]
    fn a_signature_that_was_read_is_that_of_its_class() {
        let signature = |class: u32| [class as u8; HASHES];
        let mut signatures = Signatures::few();
        for class in [1, 2, 1, 1 + Signatures::LEAST as u32, 1, 2] {
            if signatures.held(class).is_none() {
                assert_eq!(*signatures.read(class, &signature(class)), signature(class));
            }
            assert_eq!(signatures.held(class), Some(&signature(class)));
        }
        assert_eq!((signatures.held(2), signatures.held(2 + Signatures::LEAST as u32)), (Some(&signature(2)), None));
    }
}
