//! What is remembered of a segment: a digest of its tokens, MinHash bands, and a short signature.
//!
//! In: a corpus and, for each unit, how to sketch it. Out: one [`Table`] per unit. Always: a table is a function of the
//! corpus and the options; segments with equal digests are one *class* and are sketched once.

mod bands;
mod dealt;
mod growing;
mod index;
mod minhash;
mod numbering;
mod pass;
mod seen;
mod shard;
mod shares;
mod table;

pub use bands::Banding;
pub(crate) use dealt::{Block, Dealt, bits_for, entry};
pub(crate) use growing::GrowingIndex;
pub(crate) use index::HashIndex;
pub use minhash::{HASHES, MinHasher, Signature, matches};
pub use pass::sketch;
pub use shard::shard_count;
pub use table::{Row, Sketch, SketchOptions, Sketcher, Table, Tally};

/// What a segment says, wherever it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wording {
    /// How many tokens it has.
    pub tokens: u32,
    /// Their [`digest`].
    pub digest: u128,
}

impl Wording {
    /// What a text with these tokens says.
    pub fn of(tokens: &[u64]) -> Wording {
        Wording { tokens: tokens.len() as u32, digest: digest(tokens) }
    }
}

/// XXH3-128 of a segment's token hashes: two segments with the same digest have the same normalised tokens.
pub fn digest(tokens: &[u64]) -> u128 {
    if cfg!(target_endian = "little") {
        return xxhash_rust::xxh3::xxh3_128(bytemuck::cast_slice(tokens));
    }
    let little: Vec<u64> = tokens.iter().map(|t| t.to_le()).collect();
    xxhash_rust::xxh3::xxh3_128(bytemuck::cast_slice(&little))
}
