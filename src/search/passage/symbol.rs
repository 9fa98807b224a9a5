//! What texts are made of here: bytes, or the hashes of tokens.
//!
//! Only three things differ between the two: how a gram is ranked, and how many symbols it takes to rank it well.

use bytemuck::Pod;

use crate::kernel;

/// An element of a text that is searched for repeats.
pub trait Symbol: Pod + Eq + Send + Sync {
    /// How many symbols the rank of a gram of `gram` symbols looks at: 1 to `gram`.
    fn looked_at(gram: usize) -> usize;

    /// A number that orders grams as if at random, by the symbols that are looked at: equal grams have equal ranks. The
    /// highest bit is set if they repeat themselves: such grams come last, so that they anchor a window only if it holds
    /// nothing else.
    fn rank(gram: &[Self]) -> u32;

    /// The ranks of all places of a text where `looked_at` symbols stand.
    fn ranks(text: &[Self], looked_at: usize, ranks: &mut Vec<u32>) {
        ranks.clear();
        ranks.extend(text.windows(looked_at).map(Self::rank));
    }
}

/// Multiplier of the ranks (the golden ratio, as in Knuth's multiplicative hashing).
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Symbol for u8 {
    fn looked_at(gram: usize) -> usize {
        if gram < kernel::LOOKED_AT { gram.min(kernel::HASHED) } else { kernel::LOOKED_AT }
    }

    /// Of 16 bytes the first 8 are hashed; they repeat themselves if they stand again, by their hash, up to 8 bytes on.
    fn rank(gram: &[u8]) -> u32 {
        let half = |at: usize| gram[at..].first_chunk::<4>().map_or(0, |half| u32::from_le_bytes(*half));
        let hash = |at: usize| kernel::hash_of_halves(half(at), half(at + 4));
        if gram.len() < kernel::HASHED {
            let packed = gram.iter().fold(gram.len() as u64, |packed, &byte| packed << 8 | u64::from(byte));
            return kernel::rank_of((packed.wrapping_mul(FACTOR) >> 32) as u32, false);
        }
        kernel::rank_of(hash(0), (1..=gram.len() - kernel::HASHED).any(|period| hash(period) == hash(0)))
    }

    fn ranks(text: &[u8], looked_at: usize, ranks: &mut Vec<u32>) {
        if looked_at < kernel::LOOKED_AT {
            ranks.clear();
            ranks.extend(text.windows(looked_at).map(Self::rank));
            return;
        }
        // what it holds is written over
        ranks.resize((text.len() + 1).saturating_sub(looked_at), 0);
        kernel::rank_bytes(text, ranks);
    }
}

impl Symbol for u64 {
    fn looked_at(gram: usize) -> usize {
        gram.min(2)
    }

    #[inline(always)]
    fn rank(gram: &[u64]) -> u32 {
        let hash = gram.iter().fold(0u64, |hash, &token| (hash.rotate_left(23) ^ token).wrapping_mul(FACTOR));
        kernel::rank_of((hash >> 32) as u32, gram.len() > 1 && gram[0] == gram[1])
    }
}
