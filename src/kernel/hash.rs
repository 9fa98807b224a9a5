//! The hashes of a lower-cased token and of a run of bytes.
//!
//! Of a token of up to 16 bytes by one 64×64→128-bit multiplication (the "mum" of wyhash) of the zero-padded bytes, without a branch on
//! the length; of longer ones XXH3. A token holds no NUL, so padding cannot make two of them equal.
//! A run of bytes takes one such multiplication for each 16, where XXH3 with a seed takes twice as many instructions for
//! the 33 to 100 bytes that passages ask for.

/// For each length of a token: the bytes that are its own, in the first and in the second eight. Two tables, and not one
/// of 16 bytes, for the compiler would take vectors and then both halves out of them again.
pub(super) const LOW: [u64; 17] = own_bytes(0);
pub(super) const HIGH: [u64; 17] = own_bytes(8);

const fn own_bytes(before: usize) -> [u64; 17] {
    let mut masks = [0; 17];
    let mut len = before + 1;
    while len <= 16 {
        masks[len] = if len < before + 8 { (1 << (8 * (len - before))) - 1 } else { u64::MAX };
        len += 1;
    }
    masks
}

/// The hash of a lower-cased token of more than 16 bytes.
#[cold]
pub(super) fn hash_long(token: &[u8]) -> u64 {
    xxhash_rust::xxh3::xxh3_64(token)
}

/// The hash of a lower-cased token.
pub(crate) fn hash_token(token: &[u8]) -> u64 {
    if token.len() > 16 {
        return hash_long(token);
    }
    let mut padded = [0; 16];
    padded[..token.len()].copy_from_slice(token);
    hash_short(u128::from_le_bytes(padded))
}

/// The hash of a lower-cased token of at most 16 bytes, zero-padded.
#[inline(always)]
pub(crate) fn hash_short(packed: u128) -> u64 {
    hash_halves(packed as u64, (packed >> 64) as u64)
}

#[inline(always)]
pub(super) fn hash_halves(low: u64, high: u64) -> u64 {
    const SECRET: (u64, u64) = (0xa076_1d64_78bd_642f, 0xe703_7ed1_a0b4_28db);
    let product = u128::from(low ^ SECRET.0) * u128::from(high ^ SECRET.1);
    (product as u64) ^ (product >> 64) as u64
}

/// The hash of a run of bytes, another for each seed. It only brings equal runs together: who can choose the bytes can make
/// hashes equal.
#[inline]
pub(crate) fn hash_run(bytes: &[u8], seed: u64) -> u64 {
    let halves = |chunk: &[u8; 16]| {
        let packed = u128::from_le_bytes(*chunk);
        (packed as u64, (packed >> 64) as u64)
    };
    let (chunks, rest) = bytes.as_chunks::<16>();
    let hash = chunks.iter().map(halves).fold(seed, |hash, (low, high)| hash_halves(low ^ hash, high));
    let mut padded = [0; 16];
    // some bytes again, if there are as many
    let (low, high) = halves(bytes.last_chunk().unwrap_or_else(|| {
        padded[..rest.len()].copy_from_slice(rest);
        &padded
    }));
    hash_halves(low ^ hash, high ^ bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn runs_that_differ_have_hashes_that_do() {
        let text: Vec<u8> = (0..200u32).map(|i| ((i * i + i + 7) % 251) as u8).collect();
        let zeros = [0; 200];
        let runs = (0..=100).flat_map(|len| [&text[..len], &text[len..2 * len], &zeros[..len]]);
        let hashes: Vec<u64> = runs.flat_map(|run| [1, 2].map(|seed| hash_run(run, seed))).collect();
        // the three runs of no bytes are one
        assert_eq!(hashes.iter().map(|hash| (hash >> 32) as u32).collect::<HashSet<_>>().len(), hashes.len() - 4);
    }
}
