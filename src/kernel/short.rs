//! Characters of one to three bytes → a [`Stretch`] of them in lower case, 64 bytes at a time.
//!
//! In: text, and what is [known](Short) of its characters. Out: the bytes of the stretch, and its breaks. Always: equal to one
//! character after the other. Which bytes begin and end a character is seen from masks, so that none waits for the length of
//! the one before: one by one, with a branch on the length, Cyrillic took five nanoseconds a letter.
//!
//! Tried and refused: telling tokens by themselves by a byte for each place (the end of each is the start of the next, which
//! then waits for it), and what is known by reference (each byte written might change it).
#![allow(unsafe_code)] // to call a function compiled for CPU features that were found at run time

use super::masks::Masks;
#[cfg(target_arch = "x86_64")]
use super::masks::{has_avx2, has_avx512};
use super::words::Stretch;

/// What is known of characters of one to three bytes.
pub(crate) trait Short: Copy {
    /// Whether digits of ASCII count or separate.
    fn digits(&self) -> bool;
    /// The lower-case bytes of the character of these two: zeros for a separator, [`IRREGULAR`] for what cannot be lower-cased in
    /// its place or counts for nothing.
    fn two(&self, a: u8, b: u8) -> [u8; 2];
    /// What the character of these three bytes is; `None` if it does not stand for itself, or if they are none.
    fn three(&self, bytes: [u8; 3]) -> Option<Three>;
}

/// A character of three bytes that stands for itself.
#[derive(Clone, Copy)]
pub(crate) struct Three {
    /// It is part of a token, or else separates.
    pub(crate) counts: bool,
    /// It is a token by itself.
    pub(crate) is_single: bool,
}

/// Stands for characters of two bytes that have no lower-case bytes of the same number.
pub(crate) const IRREGULAR: [u8; 2] = [1, 1];

impl Stretch {
    /// Sets the characters of one to three bytes at the start of `text`, from `at` on, up to the first that is none of these, or
    /// irregular, or torn by the end; gives the number of their bytes.
    pub(crate) fn set_short(&mut self, at: usize, text: &[u8], known: impl Short) -> usize {
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx512() {
                // SAFETY: the CPU has all that the callee requires
                return unsafe { set_short_avx512(self, at, text, known) };
            }
            if has_avx2() {
                // SAFETY: the CPU has all that the callee requires
                return unsafe { set_short_avx2(self, at, text, known) };
            }
            set_short::<super::masks::Sse2>(self, at, text, known)
        }
        #[cfg(not(target_arch = "x86_64"))]
        set_short::<super::masks::Plain>(self, at, text, known)
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,bmi2,popcnt")]
fn set_short_avx512(stretch: &mut Stretch, from: usize, text: &[u8], known: impl Short) -> usize {
    set_short::<super::masks::Avx512>(stretch, from, text, known)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
fn set_short_avx2(stretch: &mut Stretch, from: usize, text: &[u8], known: impl Short) -> usize {
    set_short::<super::masks::Avx2>(stretch, from, text, known)
}

#[inline(always)]
fn set_short<M: Masks>(stretch: &mut Stretch, from: usize, text: &[u8], known: impl Short) -> usize {
    let mut at = from;
    loop {
        let rest = &text[at - from..];
        let mut last = [0; 64];
        let block = rest.first_chunk().unwrap_or_else(|| {
            last[..rest.len()].copy_from_slice(rest);
            &last
        });
        let place = stretch.lower[at..].first_chunk_mut().expect("there is room for a block more than there are bytes");
        let (set, singles) = set_block::<M>(place, block, known);
        if singles != 0 {
            stretch.set_single(at, singles, 3);
        }
        let set = set.min(rest.len());
        at += set;
        // a character may reach into the next block
        if set < 62 {
            return at - from;
        }
    }
}

/// Sets one block; gives the number of bytes of the short characters at its start, and where those of three bytes begin that are
/// tokens by themselves.
#[inline(always)]
fn set_block<M: Masks>(place: &mut [u8; 64], block: &[u8; 64], known: impl Short) -> (usize, u64) {
    for (place, &b) in place.iter_mut().zip(block) {
        *place = lower_ascii(b, known.digits());
    }
    match M::high(block) {
        0 => (64, 0),
        high => set_long::<M>(place, block, high, known),
    }
}

/// Sets the characters of two and three bytes among others of one; `high` are the bytes of 128 and more. Which bytes begin and end a
/// character is seen from masks, so that none waits for the length of the one before.
#[inline(always)]
fn set_long<M: Masks>(place: &mut [u8; 64], block: &[u8; 64], high: u64, known: impl Short) -> (usize, u64) {
    let [second, third, fourth] = [1, 2, 3].map(|bits| M::high(&shifted(block, bits)));
    let follows = high & !second;
    let twos = high & second & !third & follows >> 1;
    let threes = high & second & third & !fourth & follows >> 1 & follows >> 2;
    let mut end = (high & !(twos | twos << 1 | threes | threes << 1 | threes << 2)).trailing_zeros() as usize;
    let mut left = twos & below(end);
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        let lower = known.two(block[at], block[at + 1]);
        if lower == IRREGULAR {
            end = at;
            break;
        }
        place[at..at + 2].copy_from_slice(&lower);
        left &= left - 1;
    }
    let (mut left, mut singles) = (threes & below(end), 0);
    while left != 0 {
        let at = left.trailing_zeros() as usize;
        let bytes = [block[at], block[at + 1], block[at + 2]];
        let Some(three) = known.three(bytes) else { return (at, singles) };
        for (place, byte) in place[at..at + 3].iter_mut().zip(bytes) {
            *place = if three.counts { byte } else { 0 };
        }
        singles |= u64::from(three.is_single) << at;
        left &= left - 1;
    }
    (end, singles)
}

/// All bytes, their bits so many places higher.
#[inline(always)]
fn shifted(block: &[u8; 64], by: u32) -> [u8; 64] {
    let mut shifted = *block;
    shifted.iter_mut().for_each(|b| *b <<= by);
    shifted
}

/// The bits below one, of which there are 64.
#[inline(always)]
fn below(bit: usize) -> u64 {
    if bit < 64 { (1 << bit) - 1 } else { u64::MAX }
}

/// The lower-case letter, or the digit if digits count, or 0.
#[inline(always)]
fn lower_ascii(b: u8, digits: bool) -> u8 {
    let lower = b | 0x20;
    let letter = if lower.wrapping_sub(b'a') < 26 { lower } else { 0 };
    let digit = if b.wrapping_sub(b'0') < if digits { 10 } else { 0 } { b } else { 0 };
    letter | digit
}

#[cfg(test)]
mod tests {
    use super::super::masks::Plain;
    use super::super::words::ROOM;
    use super::*;
    use proptest::prelude::*;

    type SetShort = fn(&mut Stretch, usize, &[u8], Made) -> usize;

    /// Every version of the loop that this CPU can run.
    fn versions() -> Vec<(&'static str, SetShort)> {
        let mut versions: Vec<(_, SetShort)> = vec![("plain", set_short::<Plain>)];
        #[cfg(target_arch = "x86_64")]
        {
            use super::super::masks::Sse2;
            versions.push(("sse2", set_short::<Sse2>));
            if has_avx2() {
                // SAFETY: the CPU has what they need
                versions.push(("avx2", |s, at, text, known| unsafe { set_short_avx2(s, at, text, known) }));
            }
            if has_avx512() {
                // SAFETY: the CPU has what they need
                versions.push(("avx512", |s, at, text, known| unsafe { set_short_avx512(s, at, text, known) }));
            }
        }
        versions
    }

    /// Miri takes minutes for more.
    const CHARACTERS: usize = if cfg!(miri) { 60 } else { 200 };

    proptest! {
        #[test]
        fn short_characters_are_set_as_one_after_the_other(
            text in proptest::collection::vec(
                prop_oneof![
                    20 => (0u8..0x80).prop_map(|b| vec![b]),
                    20 => (0xc2u8..0xe0, 0x80u8..0xc0).prop_map(|(a, b)| vec![a, b]),
                    20 => (0xe0u8..0xf0, 0x80u8..0xc0, 0x80u8..0xc0).prop_map(|(a, b, c)| vec![a, b, c]),
                    1 => any::<u8>().prop_map(|b| vec![b]),
                    1 => Just("🙂".as_bytes().to_vec()),
                ],
                0..CHARACTERS,
            ),
            digits: bool,
            irregular in proptest::option::of(any::<[u8; 2]>()),
            from in 0..CHARACTERS,
        ) {
            let (text, known) = (text.concat(), Made { digits, irregular });
            let (expected, expected_breaks) = naive_short(&text, known);
            for (name, set_short) in versions() {
                let mut stretch = Stretch::new();
                prop_assert_eq!(set_short(&mut stretch, from, &text, known), expected.len(), "{}", name);
                prop_assert_eq!(&stretch.lower[from..][..expected.len()], &expected, "{}", name);
                let set: Vec<usize> = (0..ROOM).filter(|&at| stretch.is_break(at)).collect();
                prop_assert_eq!(stretch.broken, !set.is_empty());
                prop_assert!(set.into_iter().eq(expected_breaks.iter().map(|at| from + at)), "{}", name);
            }
        }
    }

    /// Characters of no language.
    #[derive(Clone, Copy)]
    struct Made {
        digits: bool,
        irregular: Option<[u8; 2]>,
    }

    impl Short for Made {
        fn digits(&self) -> bool {
            self.digits
        }

        fn two(&self, a: u8, b: u8) -> [u8; 2] {
            let is_irregular = self.irregular.is_some_and(|last| b == last[0] & 0x3f | 0x80);
            if is_irregular {
                IRREGULAR
            } else if b.is_multiple_of(4) {
                [0; 2]
            } else {
                [a ^ 1, b]
            }
        }

        fn three(&self, bytes: [u8; 3]) -> Option<Three> {
            let is_irregular = self.irregular.is_some_and(|last| bytes[2] == last[1] & 0x3f | 0x80);
            (!is_irregular)
                .then_some(Three { counts: !bytes[1].is_multiple_of(4), is_single: bytes[0].is_multiple_of(3) })
        }
    }

    /// One character after the other; also where the breaks are.
    fn naive_short(text: &[u8], known: Made) -> (Vec<u8>, Vec<usize>) {
        let (mut lower, mut breaks) = (Vec::new(), Vec::new());
        let counts = |b: u8| if known.digits { b.is_ascii_alphanumeric() } else { b.is_ascii_alphabetic() };
        let follows = |b: u8| (0x80..0xc0).contains(&b);
        loop {
            let at = lower.len();
            match text[at..] {
                [b @ 0..=0x7f, ..] => lower.push(if counts(b) { b.to_ascii_lowercase() } else { 0 }),
                [a @ 0xc0..=0xdf, b, ..] if follows(b) && known.two(a, b) != IRREGULAR => lower.extend(known.two(a, b)),
                [a @ 0xe0..=0xef, b, c, ..] if follows(b) && follows(c) => match known.three([a, b, c]) {
                    None => break,
                    Some(three) => {
                        lower.extend(if three.counts { [a, b, c] } else { [0; 3] });
                        breaks.extend(if three.is_single { vec![at, at + 3] } else { vec![] });
                    }
                },
                _ => break,
            }
        }
        breaks.dedup();
        (lower, breaks)
    }
}
