//! What is remembered of a segment: a digest of its tokens, MinHash bands, and a short signature.
//!
//! In: a corpus and, for each unit, how to sketch it. Out: one [`Table`] per unit. Always: a table is a function of the
//! corpus and the options; segments with equal digests are one *class* and are sketched once.

mod bands;
mod minhash;
mod shard;
mod table;

pub use bands::Banding;
pub use minhash::{HASHES, MinHasher, Signature, matches};
pub use shard::shard_count;
pub use table::{Row, SketchOptions, Sketcher, Table, Tally, sketch};

/// XXH3-128 of a segment's token hashes: two segments with the same digest have the same normalised tokens.
pub fn digest(tokens: &[u64]) -> u128 {
    if cfg!(target_endian = "little") {
        return xxhash_rust::xxh3::xxh3_128(bytemuck::cast_slice(tokens));
    }
    let little: Vec<u64> = tokens.iter().map(|t| t.to_le()).collect();
    xxhash_rust::xxh3::xxh3_128(bytemuck::cast_slice(&little))
}

/// The first of `len` places in an ascending list of hashes that is not `below` what is sought, whose first 32 bits are
/// `first`. Hashes are spread evenly, so the place is nearly known: the search goes out from there.
pub(crate) fn first_not_below(len: usize, first: u32, below: impl Fn(usize) -> bool) -> usize {
    let guess = ((u64::from(first) * len as u64) >> 32) as usize;
    let (mut from, mut to, mut reach) = (guess, guess, 32);
    while from > 0 && !below(from) {
        from = from.saturating_sub(reach);
        reach *= 2;
    }
    while to < len && below(to) {
        to = (to + reach).min(len);
        reach *= 2;
    }
    while from < to {
        let middle = from.midpoint(to);
        if below(middle) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    from
}
