//! A seed → numbers that look random and are the same everywhere.
//!
//! In: a seed, a purpose, an index. Out: a stream of 64-bit numbers. Always: integers only; streams of different purposes
//! or indices do not run into each other. This is SplitMix64 with an increment of its own for each stream: with a common
//! increment all streams would be pieces of one cycle, and among ten million documents two might overlap and share text.

/// 2⁶⁴ divided by the golden ratio: spreads consecutive numbers.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// What a stream of numbers decides.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    /// The made-up words of a script.
    Vocabulary = 1,
    /// Whether a document is a copy, and of which.
    Role,
    /// What stands in an original.
    Text,
    /// What stands in a paragraph of boilerplate.
    Boilerplate,
    /// How a copy differs from its original.
    Change,
    /// What stands in and around a passage that is planted in two texts.
    Passage,
}

/// A stream of numbers.
pub(super) struct Rng {
    state: u64,
    increment: u64,
}

impl Rng {
    /// The stream for item `index` of `purpose`.
    pub(super) fn new(seed: u64, purpose: Purpose, index: u64) -> Rng {
        let family = mix(seed.wrapping_add(GOLDEN.wrapping_mul(purpose as u64)));
        let state = mix(family.wrapping_add(GOLDEN.wrapping_mul(index)));
        Rng { state, increment: mix(state ^ GOLDEN) | 1 }
    }

    /// The next number; all 64 bits are good.
    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(self.increment);
        mix(self.state)
    }

    /// A number in `0..bound`; 0 if `bound` is 0.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// A place in a list of `len` items; 0 if there are none.
    pub(super) fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    /// Whether something happens that happens in `permille` of 1,000 cases.
    pub(super) fn happens(&mut self, permille: u32) -> bool {
        self.below(1000) < u64::from(permille)
    }
}

/// Spreads each bit of `x` over all bits; a bijection (Stafford's variant 13).
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}
