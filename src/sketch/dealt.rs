//! Entries, dealt out by the first bits of their hashes: those with the same hash meet in the cache.
//!
//! In: entries, each a hash and a number, ascending by number. They come in blocks that follow each other, so that blocks can be dealt
//! on all threads and none of them has to be moved again. Out: shares, each with what has the same first bits. Always: what
//! has one hash is in one share, and a share is ascending by number, whatever the blocks.

use crate::corpus::deal;
use crate::memory;

/// Entries of a share, on average, if few are dealt: what is looked up for them stays in the fastest cache, and one is found among them
/// by looking at all.
const SMALL_SHARE: usize = 1 << 10;

/// As many shares as this, as a power of two, are few: each is written to somewhere else.
const FEW_BITS: u32 = 9;

/// Entries of a share, on average, if many are dealt: what is looked up for them stays in the second cache.
const SHARE: usize = 1 << 15;

/// Shares at the most, as a power of two: more of them than this cannot be dealt to at once without missing the cache.
const MOST_BITS: u32 = 12;

/// An entry: a hash, and below it a number.
pub(crate) fn entry(hash: u32, number: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(number)
}

/// The hash of an entry.
pub(super) fn hash_of(entry: u64) -> u32 {
    (entry >> 32) as u32
}

/// Dealt entries.
pub(crate) struct Dealt {
    bits: u32,
    blocks: Vec<Block>,
}

/// Entries whose numbers follow each other, share by share.
pub(crate) struct Block {
    entries: Vec<u64>,
    /// Where each share ends.
    ends: Vec<usize>,
}

/// With how many bits so many entries are dealt.
pub(crate) fn bits_for(entries: usize) -> u32 {
    let bits = |share: usize| (entries / share + 1).ilog2();
    bits(SMALL_SHARE).min(FEW_BITS).max(bits(SHARE)).clamp(1, MOST_BITS)
}

impl Block {
    /// Deals the next entries by so many bits.
    pub(crate) fn new(entries: impl Iterator<Item = u64> + Clone, bits: u32) -> Block {
        let share = |entry: u64| (entry >> (u64::BITS - bits)) as usize;
        let counted = memory::watched(entries.clone(), size_of::<u64>());
        // what is read, and what is written
        let dealt = memory::watched(entries, 2 * size_of::<u64>());
        let (entries, ends) = deal(counted.map(share), dealt.map(|entry| (share(entry), entry)), 1 << bits);
        Block { entries, ends }
    }

    fn share(&self, number: usize) -> &[u64] {
        let start = number.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.entries[start..self.ends[number]]
    }
}

impl Dealt {
    /// What these blocks hold, all dealt by so many bits, one after the other.
    pub(crate) fn new(blocks: Vec<Block>, bits: u32) -> Dealt {
        Dealt { bits, blocks }
    }

    /// Deals entries in one block.
    pub(crate) fn of(entries: impl ExactSizeIterator<Item = u64> + Clone) -> Dealt {
        let bits = bits_for(entries.len());
        Dealt::new(vec![Block::new(entries, bits)], bits)
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.blocks.iter().map(|block| block.entries.len()).sum()
    }

    /// The entries that have a hash in common: for each such hash, ascending by number. Costs two passes over the entries, and nothing else for one that has
    /// its hash alone, as most have.
    pub(crate) fn repeats(&self, mut met: impl FnMut(&[u64])) {
        let (mut marks, mut some) = (Marks::default(), Vec::new());
        for pieces in (0..self.shares()).map(|share| self.share(share)) {
            marks.clear(pieces.clone().map(<[u64]>::len).sum(), self.bits);
            for piece in pieces.clone() {
                memory::touched(size_of_val(piece));
                piece.iter().for_each(|&entry| marks.mark(hash_of(entry)));
            }
            for piece in pieces {
                some.extend(piece.iter().filter(|&&entry| marks.is_twice(hash_of(entry))));
            }
            some.sort_unstable();
            some.chunk_by(|&a, &b| hash_of(a) == hash_of(b)).filter(|run| run.len() > 1).for_each(&mut met);
            some.clear();
        }
    }

    /// All entries, in pieces: share after share, and of each block after block.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &[u64]> {
        (0..self.shares()).flat_map(|share| self.share(share))
    }

    /// How many shares there are.
    pub(super) fn shares(&self) -> usize {
        1 << self.bits
    }

    /// The share of a hash.
    pub(super) fn share_of(&self, hash: u32) -> usize {
        (hash >> (u32::BITS - self.bits)) as usize
    }

    /// The entries of a share, ascending by number, in one piece for each block.
    pub(super) fn share(&self, number: usize) -> impl Iterator<Item = &[u64]> + Clone {
        self.blocks.iter().map(move |block| block.share(number))
    }
}

/// Which hashes of a share were seen, and which of them twice; by chance some others, for hashes that differ in their last bits only are
/// one here.
#[derive(Default)]
struct Marks {
    /// Of 64 hashes each: those seen, and those seen twice.
    words: Vec<[u64; 2]>,
    /// The first bits, which all hashes of the share have in common.
    common: u32,
    /// The bits that follow and are told apart.
    told: u32,
}

impl Marks {
    /// Bits for each hash, as a power of two: one of 16 is taken for another.
    const BITS_EACH: u32 = 4;

    /// Has seen nothing from now on, and will be shown so many hashes, which have their first bits in common.
    fn clear(&mut self, hashes: usize, common: u32) {
        (self.common, self.told) = (common, (hashes.max(4).ilog2() + Marks::BITS_EACH).min(u32::BITS - common));
        self.words.clear();
        self.words.resize((1 << self.told) / u64::BITS as usize + 1, [0, 0]);
    }

    fn place(&self, hash: u32) -> (usize, u64) {
        let told = (hash << self.common) >> (u32::BITS - self.told);
        ((told / u64::BITS) as usize, 1 << (told % u64::BITS))
    }

    #[inline]
    fn mark(&mut self, hash: u32) {
        let (word, bit) = self.place(hash);
        let [seen, twice] = &mut self.words[word];
        *twice |= *seen & bit;
        *seen |= bit;
    }

    #[inline]
    fn is_twice(&self, hash: u32) -> bool {
        let (word, bit) = self.place(hash);
        self.words[word][1] & bit != 0
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Hashes that are spread evenly, and many equal ones: at either end, and in few shares.
    pub(in crate::sketch) fn hashes() -> impl Strategy<Value = Vec<u32>> {
        prop_oneof![
            proptest::collection::vec(any::<u32>(), 0..200),
            proptest::collection::vec(u32::MAX - 20.., 0..200),
            proptest::collection::vec(0u32..20, 0..200),
            proptest::collection::vec((0u32..40).prop_map(|hash| hash << 27), 0..200),
        ]
    }

    /// Entries of these hashes; the number is the place.
    pub(in crate::sketch) fn entries(hashes: &[u32]) -> Vec<u64> {
        (0..).zip(hashes).map(|(number, &hash)| entry(hash, number)).collect()
    }

    /// The same, dealt so many at once.
    pub(in crate::sketch) fn in_blocks(hashes: &[u32], at_once: usize, bits: u32) -> Dealt {
        let blocks = entries(hashes).chunks(at_once).map(|block| Block::new(block.iter().copied(), bits)).collect();
        Dealt::new(blocks, bits)
    }

    proptest! {
        #[test]
        fn those_with_a_hash_in_common_meet(hashes in hashes(), at_once in 1usize..300, bits in 1u32..12) {
            let mut met = Vec::new();
            in_blocks(&hashes, at_once, bits).repeats(|run| met.push(run.to_vec()));
            let mut expected = entries(&hashes);
            expected.sort_unstable();
            let runs = expected.chunk_by(|&a, &b| hash_of(a) == hash_of(b)).filter(|run| run.len() > 1);
            prop_assert!(met.iter().map(Vec::as_slice).eq(runs));
        }

        #[test]
        fn shares_are_what_sorting_says_whatever_the_blocks(
            hashes in proptest::collection::vec(any::<u32>(), 0..300), at_once in 1usize..300, bits in 1u32..6
        ) {
            let dealt = in_blocks(&hashes, at_once, bits);
            let found: Vec<u64> = dealt.pieces().flatten().copied().collect();
            let mut expected = entries(&hashes);
            expected.sort_by_key(|&entry| entry >> (64 - bits));
            prop_assert_eq!(dealt.len(), expected.len());
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn repeats_meet_in_many_shares() {
        let hash = |i: u64| xxhash_rust::xxh3::xxh3_64(&(i % 150_000).to_le_bytes()) as u32;
        let dealt = Dealt::of((0..200_000u64).map(|i| entry(hash(i), i as u32)).collect::<Vec<_>>().into_iter());
        let mut met: Vec<u32> = Vec::new();
        dealt.repeats(|run| met.extend(run.iter().map(|&entry| entry as u32)));
        let met: std::collections::BTreeSet<u32> = met.into_iter().collect();
        // each with the one that it was made to repeat, and a few by chance
        assert!((0..50_000).all(|first| met.contains(&first) && met.contains(&(first + 150_000))));
        assert!(dealt.bits > 1 && met.len() < 100_100);
    }
}
