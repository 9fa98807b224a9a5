//! Lower-cased text → hashes of its tokens.
//!
//! A [`Stretch`] of text is lower-cased into a buffer of the same length, in which separators are 0; where tokens meet
//! without a separator, a *break* is set. A mask of the bytes that are not 0 then gives the bits at which tokens start and
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
pub(crate) const STRETCH: usize = if cfg!(fuzzing) { 1 << 7 } else { 1 << 13 };

/// A character may reach over the end of a stretch, a block of 64 bytes over that, and zeros follow.
const ROOM: usize = STRETCH + 192;

/// The lower-case bytes of each character of two bytes, by [`two`]: zeros for separators, [`IRREGULAR`] for what cannot be
/// lower-cased in its place or counts for nothing.
pub(crate) type TwoBytes = [[u8; 2]; 2048];

/// Stands for characters that have no lower-case bytes of the same number.
pub(crate) const IRREGULAR: [u8; 2] = [1, 1];

/// The place in the table of the character with these two bytes.
#[inline(always)]
pub(crate) fn two(a: u8, b: u8) -> usize {
    usize::from(a & 0x1f) << 6 | usize::from(b & 0x3f)
}

/// A stretch of text while it is read.
pub(crate) struct Stretch {
    /// The text in lower case, separators 0.
    lower: [u8; ROOM],
    /// 1 for each place between two bytes at which a token ends and another may start.
    breaks: [u8; ROOM],
    /// Whether there are breaks, all of them in the first so many bytes.
    broken: bool,
    extent: usize,
    /// Where tokens start, and, behind that, where they end; or both in turn if there are no breaks.
    places: [u16; 2 * ROOM],
}

impl Stretch {
    /// An empty one.
    pub(crate) fn new() -> Box<Stretch> {
        let (lower, breaks, places) = ([0; ROOM], [0; ROOM], [0; 2 * ROOM]);
        Box::new(Stretch { lower, breaks, broken: false, extent: 0, places })
    }

    /// Begins a stretch of text of which the last character starts before `limit`.
    pub(crate) fn begin(&mut self, limit: usize) {
        if self.broken {
            self.breaks[..self.extent].fill(0);
        }
        (self.broken, self.extent) = (false, limit + 5);
    }

    /// Sets the lower-cased bytes of a character at `at`; gives their number, `len`. What stands behind it is overwritten.
    #[inline(always)]
    pub(crate) fn set<const N: usize>(&mut self, at: usize, lower: [u8; N], len: usize) -> usize {
        self.lower[at..][..N].copy_from_slice(&lower);
        len
    }

    /// If it `is_single`, the character of `len` bytes at `at` is a token by itself.
    #[inline(always)]
    pub(crate) fn set_breaks(&mut self, at: usize, len: usize, is_single: bool) {
        self.broken |= is_single;
        self.breaks[at] |= u8::from(is_single);
        self.breaks[at + len] |= u8::from(is_single);
    }

    /// How many of the `n` bytes read belong to a token that may go on.
    pub(crate) fn torn(&self, n: usize) -> usize {
        let mut start = n;
        while start > 0 && self.breaks[start] == 0 && self.lower[start - 1] != 0 {
            start -= 1;
        }
        n - start
    }

    /// Sets the characters of one and two bytes at the start of `text`, from `at` on, up to the first that is neither, or
    /// [`IRREGULAR`], or torn by the end; gives the number of their bytes. Digits of ASCII count or separate.
    pub(crate) fn set_short(&mut self, at: usize, text: &[u8], digits: bool, two_bytes: &TwoBytes) -> usize {
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx512() {
                // SAFETY: the CPU has all that the callee requires
                return unsafe { set_short_avx512(&mut self.lower[at..], text, digits, two_bytes) };
            }
            if has_avx2() {
                // SAFETY: the CPU has all that the callee requires
                return unsafe { set_short_avx2(&mut self.lower[at..], text, digits, two_bytes) };
            }
            set_short::<super::masks::Sse2>(&mut self.lower[at..], text, digits, two_bytes)
        }
        #[cfg(not(target_arch = "x86_64"))]
        set_short::<super::masks::Plain>(&mut self.lower[at..], text, digits, two_bytes)
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
fn set_short_avx512(lower: &mut [u8], text: &[u8], digits: bool, two_bytes: &TwoBytes) -> usize {
    set_short::<super::masks::Avx512>(lower, text, digits, two_bytes)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn set_short_avx2(lower: &mut [u8], text: &[u8], digits: bool, two_bytes: &TwoBytes) -> usize {
    set_short::<super::masks::Avx2>(lower, text, digits, two_bytes)
}

#[inline(always)]
fn set_short<M: Masks>(lower: &mut [u8], text: &[u8], digits: bool, two_bytes: &TwoBytes) -> usize {
    let mut at = 0;
    while let (Some(block), Some(place)) = (text[at..].first_chunk(), lower[at..].first_chunk_mut()) {
        let set = set_block::<M>(place, block, digits, two_bytes);
        at += set;
        // a character of two bytes may reach into the next block
        if set < 63 {
            return at;
        }
    }
    let (rest, mut block) = (&text[at..], [0; 64]);
    let place = lower[at..].first_chunk_mut().expect("there is room for a block more than there are bytes");
    block[..rest.len()].copy_from_slice(rest);
    at + rest.len().min(set_block::<M>(place, &block, digits, two_bytes))
}

/// Sets one block; gives the number of bytes of the characters of one and two bytes at its start.
#[inline(always)]
fn set_block<M: Masks>(place: &mut [u8; 64], block: &[u8; 64], digits: bool, two_bytes: &TwoBytes) -> usize {
    for (place, &b) in place.iter_mut().zip(block) {
        *place = lower_ascii(b, digits);
    }
    match M::high(block) {
        0 => 64,
        high => set_two_bytes::<M>(place, block, high, two_bytes),
    }
}

/// Sets the characters of two bytes among others of one; `high` are the bytes of 128 and more. Which bytes begin and end a character is
/// seen from masks, so that no character waits for the length of the one before.
#[inline(always)]
fn set_two_bytes<M: Masks>(place: &mut [u8; 64], block: &[u8; 64], high: u64, two_bytes: &TwoBytes) -> usize {
    let second_bits = high & M::high(&shifted(block, 1));
    let leads = second_bits & !M::high(&shifted(block, 2));
    let whole = leads & (high & !second_bits) >> 1;
    let end = (high & !(whole | whole << 1)).trailing_zeros();
    let mut left = whole & 1u64.checked_shl(end).map_or(u64::MAX, |bit| bit - 1);
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        let lower = two_bytes[two(block[at], block[at + 1])];
        if lower == IRREGULAR {
            return at;
        }
        place[at..at + 2].copy_from_slice(&lower);
        left &= left - 1;
    }
    end as usize
}

/// All bytes, their bits so many places higher.
#[inline(always)]
fn shifted(block: &[u8; 64], by: u32) -> [u8; 64] {
    let mut shifted = *block;
    shifted.iter_mut().for_each(|b| *b <<= by);
    shifted
}

/// The lower-case letter, or the digit if digits count, or 0.
#[inline(always)]
pub(crate) fn lower_ascii(b: u8, digits: bool) -> u8 {
    let lower = b | 0x20;
    let letter = if lower.wrapping_sub(b'a') < 26 { lower } else { 0 };
    let digit = if b.wrapping_sub(b'0') < if digits { 10 } else { 0 } { b } else { 0 };
    letter | digit
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
    let (broken, _) = stretch.breaks.as_chunks::<64>();
    let (from, to) = stretch.places.split_at_mut(ROOM);
    let (mut starts, mut ends, mut last) = (0, 0, 0);
    for (i, (block, breaks)) in blocks[..=n / 64].iter().zip(broken).enumerate() {
        let (inside, breaks) = (M::nonzero(block), M::nonzero(breaks));
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
    type SetShort = fn(&mut [u8], &[u8], bool, &TwoBytes) -> usize;

    /// Every version of both loops that this CPU can run.
    fn versions() -> Vec<(&'static str, Read, SetShort)> {
        let mut versions: Vec<(_, Read, SetShort)> = vec![("plain", read::<Plain>, set_short::<Plain>)];
        #[cfg(target_arch = "x86_64")]
        {
            use super::super::masks::Sse2;
            versions.push(("sse2", read::<Sse2>, set_short::<Sse2>));
            if has_avx2() {
                // SAFETY: the CPU has what they need
                versions.push((
                    "avx2",
                    |s, n, base, hashes, starts| unsafe { read_avx2(s, n, base, hashes, starts) },
                    |lower, text, digits, two| unsafe { set_short_avx2(lower, text, digits, two) },
                ));
            }
            if has_avx512() {
                // SAFETY: the CPU has what they need
                versions.push((
                    "avx512",
                    |s, n, base, hashes, starts| unsafe { read_avx512(s, n, base, hashes, starts) },
                    |lower, text, digits, two| unsafe { set_short_avx512(lower, text, digits, two) },
                ));
            }
        }
        versions
    }

    fn check(lower: &[u8], breaks: &[usize]) {
        let expected = naive(lower, breaks);
        for (name, read, _) in versions() {
            let mut stretch = Stretch::new();
            stretch.lower.fill(0xee); // what is left of another text
            stretch.lower[..lower.len()].copy_from_slice(lower);
            stretch.begin(lower.len());
            breaks.iter().for_each(|&at| stretch.set_breaks(at, 0, true));
            stretch.end(lower.len());
            let (mut hashes, mut starts) = (Vec::new(), Vec::new());
            read(&mut stretch, lower.len(), 7, &mut hashes, &mut starts);
            let found: Vec<(u64, u32)> = hashes.into_iter().zip(starts).collect();
            assert_eq!(found, expected, "{name}");
        }
    }

    #[test]
    fn tokens_of_every_length_at_every_place() {
        for len in 0..70 {
            for shift in (0..70).chain([STRETCH - 70 - len, STRETCH + 3 - len]) {
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
        stretch.set(0, *b"ab\0cdef", 7);
        assert_eq!([2, 3, 7].map(|n| stretch.torn(n)), [2, 0, 4]);
        stretch.set_breaks(5, 0, true);
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

        #[test]
        fn short_characters_in_lower_case(
            text in proptest::collection::vec(
                prop_oneof![
                    20 => (0u8..0x80).prop_map(|b| vec![b]),
                    20 => (0xc2u8..0xe0, 0x80u8..0xc0).prop_map(|(a, b)| vec![a, b]),
                    1 => any::<u8>().prop_map(|b| vec![b]),
                    1 => Just("漢".as_bytes().to_vec()),
                ],
                0..200,
            ),
            digits: bool,
            irregular in proptest::collection::vec(128usize..2048, 0..9),
        ) {
            let text = text.concat();
            let mut table: TwoBytes = std::array::from_fn(|c| [c as u8 | 2, (c >> 8) as u8]);
            table[..128].fill(IRREGULAR);
            irregular.into_iter().for_each(|c| table[c] = IRREGULAR);
            let expected = naive_short(&text, digits, &table);
            for (name, _, set_short) in versions() {
                let mut lower = [0xee; 512];
                prop_assert_eq!(set_short(&mut lower, &text, digits, &table), expected.len(), "{}", name);
                prop_assert_eq!(&lower[..expected.len()], &expected, "{}", name);
            }
        }
    }

    /// One character after the other.
    fn naive_short(text: &[u8], digits: bool, table: &TwoBytes) -> Vec<u8> {
        let mut lower = Vec::new();
        let counts = |b: u8| if digits { b.is_ascii_alphanumeric() } else { b.is_ascii_alphabetic() };
        loop {
            match text[lower.len()..] {
                [b @ 0..=0x7f, ..] => lower.push(if counts(b) { b.to_ascii_lowercase() } else { 0 }),
                [a @ 0xc2..=0xdf, b @ 0x80..=0xbf, ..] if table[two(a, b)] != IRREGULAR => {
                    lower.extend(table[two(a, b)])
                }
                _ => return lower,
            }
        }
    }
}
