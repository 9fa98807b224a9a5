//! What texts are made of here: bytes, or the hashes of tokens.
//!
//! Only three things differ between the two: how a gram is ranked, and how many symbols it takes to rank it well.

use bytemuck::Pod;

/// An element of a text that is searched for repeats.
pub trait Symbol: Pod + Eq + Send + Sync {
    /// Symbols that a rank looks at.
    const GRAM: usize;

    /// A number that orders grams as if at random: equal grams have equal ranks. `gram` holds 1 to [`Symbol::GRAM`]
    /// symbols. Grams of little variety come last, so that they anchor a window only if it holds nothing else.
    fn rank(gram: &[Self]) -> u32;
}

/// Multiplier of the ranks (the golden ratio, as in Knuth's multiplicative hashing).
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

impl Symbol for u8 {
    const GRAM: usize = 8;

    #[inline(always)]
    fn rank(gram: &[u8]) -> u32 {
        match gram.first_chunk::<8>() {
            Some(bytes) => rank_of_eight(u64::from_le_bytes(*bytes)),
            None => {
                let packed = gram.iter().fold(gram.len() as u64, |packed, &byte| packed << 8 | u64::from(byte));
                (packed.wrapping_mul(FACTOR) >> 33) as u32
            }
        }
    }
}

/// Bytes of period 1, 2 or 4 come last.
#[inline(always)]
fn rank_of_eight(bytes: u64) -> u32 {
    let hash = (bytes ^ (bytes >> 29)).wrapping_mul(FACTOR);
    let periodic = bytes as u32 == (bytes >> 32) as u32;
    if periodic { u32::MAX } else { (hash >> 33) as u32 }
}

impl Symbol for u64 {
    const GRAM: usize = 2;

    #[inline(always)]
    fn rank(gram: &[u64]) -> u32 {
        let hash = gram.iter().fold(0u64, |hash, &token| (hash.rotate_left(23) ^ token).wrapping_mul(FACTOR));
        let periodic = gram.len() > 1 && gram.iter().all(|token| *token == gram[0]);
        if periodic { u32::MAX } else { (hash >> 33) as u32 }
    }
}
