//! Lower-cased text → hashes of its tokens.
//!
//! A [`Stretch`] of text is lower-cased into a buffer of the same length ([`super::short`]), in which separators are 0; where
//! tokens meet without a separator, a *break* is set. A mask of the bytes that are not 0 then gives the bits at which tokens start and
//! end, these give a list of places, and the list gives a hash each ([`super::hash`]).
//!
//! Tried and refused: finding the end of each word when it is hashed (the next word waits for it, and the CPU guesses
//! wrong: 500 MB/s instead of over 1,000).
#![allow(unsafe_code)] // to call a function compiled for CPU features that were found at run time

use super::hash::{HIGH, LOW, hash_halves, hash_long};
use super::masks::Masks;
#[cfg(target_arch = "x86_64")]
use super::masks::{has_avx2, has_avx512};

/// Bytes of text in a stretch, so that all that is made of it stays in the cache.
pub(crate) const STRETCH: usize = if cfg!(fuzzing) {
    1 << 7
} else if cfg!(miri) {
    1 << 10
} else {
    1 << 13
};

/// A character may reach over the end of a stretch, a block of 64 bytes over that, and zeros follow.
pub(super) const ROOM: usize = STRETCH + 192;

/// A stretch of text while it is read.
pub(crate) struct Stretch {
    /// The text in lower case, separators 0.
    pub(super) lower: [u8; ROOM],
    /// A bit for each place between two bytes at which a token ends and another may start.
    breaks: [u64; ROOM / 64],
    /// Whether there are breaks.
    pub(super) broken: bool,
    /// Where tokens start, and, behind that, where they end; or both in turn if there are no breaks.
    places: [u16; 2 * ROOM],
}

impl Stretch {
    /// An empty one.
    pub(crate) fn new() -> Box<Stretch> {
        Box::new(Stretch { lower: [0; ROOM], breaks: [0; ROOM / 64], broken: false, places: [0; 2 * ROOM] })
    }

    /// Begins a stretch of text.
    pub(crate) fn begin(&mut self) {
        if self.broken {
            self.breaks.fill(0);
        }
        self.broken = false;
    }

    /// Sets the lower-cased bytes of a character at `at`; gives their number, `len`. What stands behind it is overwritten.
    pub(crate) fn set(&mut self, at: usize, lower: [u8; 4], len: usize) -> usize {
        self.lower[at..at + 4].copy_from_slice(&lower);
        len
    }

    /// Characters of `len` bytes are tokens by themselves: for each bit one that starts so many bytes behind `at`.
    #[inline(always)]
    pub(crate) fn set_single(&mut self, at: usize, bits: u64, len: usize) {
        for at in [at, at + len] {
            let wide = u128::from(bits) << (at % 64);
            self.breaks[at / 64] |= wide as u64;
            self.breaks[at / 64 + 1] |= (wide >> 64) as u64;
        }
        self.broken |= bits != 0;
    }

    pub(super) fn is_break(&self, at: usize) -> bool {
        self.breaks[at / 64] >> (at % 64) & 1 == 1
    }

    /// How many of the `n` bytes read belong to a token that may go on.
    pub(crate) fn torn(&self, n: usize) -> usize {
        let mut start = n;
        while start > 0 && !self.is_break(start) && self.lower[start - 1] != 0 {
            start -= 1;
        }
        n - start
    }

    /// Nothing stands after the first `n` bytes.
    fn end(&mut self, n: usize) {
        self.lower[n..][..64].fill(0);
    }

    /// Appends the hash of each token in the first `n` bytes, and where it starts, counted from `base`.
    pub(crate) fn read(&mut self, n: usize, base: usize, hashes: &mut Vec<u64>, starts: &mut Vec<u32>) {
        self.end(n);
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx512() {
                // SAFETY: the CPU has all that the callee requires
                return unsafe { read_avx512(self, n, base, hashes, starts) };
            }
            if has_avx2() {
                // SAFETY: the CPU has all that the callee requires
                return unsafe { read_avx2(self, n, base, hashes, starts) };
            }
            read::<super::masks::Sse2>(self, n, base, hashes, starts);
        }
        #[cfg(not(target_arch = "x86_64"))]
        read::<super::masks::Plain>(self, n, base, hashes, starts);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,bmi2,popcnt")]
fn read_avx512(stretch: &mut Stretch, n: usize, base: usize, hashes: &mut Vec<u64>, starts: &mut Vec<u32>) {
    read::<super::masks::Avx512>(stretch, n, base, hashes, starts);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn read_avx2(stretch: &mut Stretch, n: usize, base: usize, hashes: &mut Vec<u64>, starts: &mut Vec<u32>) {
    read::<super::masks::Avx2>(stretch, n, base, hashes, starts);
}

#[inline(always)]
fn read<M: Masks>(stretch: &mut Stretch, n: usize, base: usize, hashes: &mut Vec<u64>, starts: &mut Vec<u32>) {
    let words = if stretch.broken { list_broken::<M>(stretch, n) } else { list_edges::<M>(stretch, n) };
    let lower = &stretch.lower;
    // not `extend`, which the compiler may put into a function of its own, without the features of this one
    let (hashed, started) = (hashes.len(), starts.len());
    hashes.resize(hashed + words, 0);
    starts.resize(started + words, 0);
    let tokens = hashes[hashed..].iter_mut().zip(&mut starts[started..]);
    let hash = |(hash, place): (&mut u64, &mut u32), start: u16, end: u16| {
        *hash = hash_at(lower, start.into(), end.into());
        *place = base as u32 + u32::from(start);
    };
    if stretch.broken {
        let (from, to) = stretch.places.split_at(ROOM);
        tokens.zip(from.iter().zip(to)).for_each(|(token, (&start, &end))| hash(token, start, end));
    } else {
        let (edges, _) = stretch.places.as_chunks::<2>();
        tokens.zip(edges).for_each(|(token, &[start, end])| hash(token, start, end));
    }
}

/// Lists where tokens start and end in the first `n` bytes, in turn; gives the number of tokens.
#[inline(always)]
fn list_edges<M: Masks>(stretch: &mut Stretch, n: usize) -> usize {
    let (blocks, _) = stretch.lower.as_chunks::<64>();
    let (mut edges, mut last) = (0, 0);
    for (i, block) in blocks[..=n / 64].iter().enumerate() {
        let inside = M::nonzero(block);
        edges += list::<M>(inside ^ (inside << 1 | last), 64 * i, &mut stretch.places[edges..]);
        last = inside >> 63;
    }
    debug_assert_eq!(edges % 2, 0);
    edges / 2
}

/// As [`list_edges`] where there are breaks, and starts and ends each by themselves.
#[inline(always)]
fn list_broken<M: Masks>(stretch: &mut Stretch, n: usize) -> usize {
    let (blocks, _) = stretch.lower.as_chunks::<64>();
    let (from, to) = stretch.places.split_at_mut(ROOM);
    let (mut starts, mut ends, mut last) = (0, 0, 0);
    for (i, (block, &breaks)) in blocks[..=n / 64].iter().zip(&stretch.breaks).enumerate() {
        let inside = M::nonzero(block);
        let before = inside << 1 | last;
        last = inside >> 63;
        starts += list::<M>(inside & (!before | breaks), 64 * i, &mut from[starts..]);
        ends += list::<M>(before & (!inside | breaks), 64 * i, &mut to[ends..]);
    }
    debug_assert_eq!(starts, ends);
    starts
}

/// Lists the bits that are set, at the start of `places`, counted from `base`; gives their number.
#[inline(always)]
fn list<M: Masks>(bits: u64, base: usize, places: &mut [u16]) -> usize {
    let places = places.first_chunk_mut().expect("there is room for a block more than there are bytes");
    M::list(bits, base as u16, places);
    bits.count_ones() as usize
}

/// The hash of the token from `start` to `end`.
#[inline(always)]
fn hash_at(lower: &[u8; ROOM], start: usize, end: usize) -> u64 {
    let len = end - start;
    if len > 16 {
        return hash_long(&lower[start..end]);
    }
    let bytes: &[u8; 16] = lower[start..].first_chunk().expect("a block of zeros follows the last token");
    let (low, high) = bytes.split_at(8);
    let number = |half: &[u8]| u64::from_le_bytes(half.try_into().expect("a half is eight bytes"));
    hash_halves(number(low) & LOW[len], number(high) & HIGH[len])
}

#[cfg(test)]
mod tests {
    use super::super::hash::hash_token;
    use super::super::masks::Plain;
    use super::*;
    use proptest::prelude::*;

    /// A token ends at a 0 or a break.
    fn naive(lower: &[u8], breaks: &[usize]) -> Vec<(u64, u32)> {
        let mut tokens = Vec::new();
        let mut start = 0;
        for end in 0..=lower.len() {
            if end == lower.len() || lower[end] == 0 || breaks.contains(&end) {
                if start < end {
                    tokens.push((hash_token(&lower[start..end]), start as u32 + 7));
                }
                start = if lower.get(end) == Some(&0) { end + 1 } else { end };
            }
        }
        tokens
    }

    type Read = fn(&mut Stretch, usize, usize, &mut Vec<u64>, &mut Vec<u32>);

    /// Every version of the loop that this CPU can run.
    fn versions() -> Vec<(&'static str, Read)> {
        let mut versions: Vec<(_, Read)> = vec![("plain", read::<Plain>)];
        #[cfg(target_arch = "x86_64")]
        {
            use super::super::masks::Sse2;
            versions.push(("sse2", read::<Sse2>));
            if has_avx2() {
                // SAFETY: the CPU has what they need
                versions.push(("avx2", |s, n, base, hashes, starts| unsafe { read_avx2(s, n, base, hashes, starts) }));
            }
            if has_avx512() {
                // SAFETY: the CPU has what they need
                versions
                    .push(("avx512", |s, n, base, hashes, starts| unsafe { read_avx512(s, n, base, hashes, starts) }));
            }
        }
        versions
    }

    fn check(lower: &[u8], breaks: &[usize]) {
        let expected = naive(lower, breaks);
        for (name, read) in versions() {
            let mut stretch = Stretch::new();
            stretch.lower.fill(0xee); // what is left of another text
            stretch.lower[..lower.len()].copy_from_slice(lower);
            stretch.begin();
            breaks.iter().for_each(|&at| stretch.set_single(at, 1, 0));
            stretch.end(lower.len());
            let (mut hashes, mut starts) = (Vec::new(), Vec::new());
            read(&mut stretch, lower.len(), 7, &mut hashes, &mut starts);
            let found: Vec<(u64, u32)> = hashes.into_iter().zip(starts).collect();
            assert_eq!(found, expected, "{name}");
        }
    }

    /// Miri takes seconds for each.
    const STEP: usize = if cfg!(miri) { 33 } else { 1 };

    #[test]
    fn tokens_of_every_length_at_every_place() {
        for len in (0..70).step_by(STEP) {
            for shift in (0..70).step_by(STEP).chain([STRETCH - 70 - len, STRETCH + 3 - len]) {
                let lower: Vec<u8> = std::iter::repeat_n(0, shift).chain((1..).take(len)).collect();
                check(&lower, &[]);
            }
        }
        check(&vec![1; STRETCH + 3], &(0..STRETCH + 3).collect::<Vec<_>>());
        check(&[1, 0].repeat(STRETCH / 2), &[]);
    }

    #[test]
    fn torn_is_what_may_go_on() {
        let mut stretch = Stretch::new();
        stretch.lower[..7].copy_from_slice(b"ab\0cdef");
        assert_eq!([2, 3, 7].map(|n| stretch.torn(n)), [2, 0, 4]);
        stretch.set_single(5, 1, 0);
        assert_eq!([4, 5, 7].map(|n| stretch.torn(n)), [1, 0, 2]);
    }

    proptest! {
        #[test]
        fn every_loop_equals_the_plain_one(
            lower in proptest::collection::vec(prop_oneof![Just(0u8), any::<u8>(), Just(b'x'), Just(b'y')], 0..400),
            breaks in proptest::collection::btree_set(0usize..400, 0..40),
        ) {
            let breaks: Vec<usize> = breaks.into_iter().filter(|&at| at <= lower.len()).collect();
            check(&lower, &breaks);
        }
    }
}
