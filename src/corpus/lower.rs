//! Text → a [`Stretch`] of it in lower case, in which tokens are found.
//!
//! ASCII is lower-cased 64 bytes at a time, and among it characters of two bytes by a table of their lower-case bytes; those of
//! three, which mostly stand for themselves, by a table of what they are, without a branch on that; the others one by one.
//! Always: what is set is as long as what it stands for. What cannot be is left to the caller: see [`End::Irregular`].

use super::TokenOptions;
use super::chars::{self, Basic, Class, Known};
use crate::kernel::{IRREGULAR, STRETCH, Stretch, lower_ascii, two};

/// Why a stretch ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The text ended.
    Text,
    /// The stretch is full.
    Full,
    /// A character follows that cannot be lower-cased in its place, or counts for nothing.
    Irregular,
}

/// Lower-cases what comes first in `text`; gives the number of its bytes, and why there are not more.
pub(super) fn lower(stretch: &mut Stretch, text: &[u8], options: TokenOptions) -> (usize, End) {
    let (two_bytes, basic) = (chars::two_bytes(options.ignore_digits), chars::basic());
    let (digits, limit) = (!options.ignore_digits, text.len().min(STRETCH));
    stretch.begin(limit);
    let mut at = 0;
    while at < limit {
        let ahead = &text[at..];
        let short = if are_short(ahead) { stretch.set_short(at, &text[at..limit], digits, two_bytes) } else { 0 };
        let set = match *ahead {
            _ if short > 0 => short,
            [a @ 0..=0x7f, ..] => stretch.set(at, [lower_ascii(a, digits)], 1),
            [a @ 0xc2..=0xdf, b @ 0x80..=0xbf, ..] => match two_bytes[two(a, b)] {
                IRREGULAR => 0,
                lower => stretch.set(at, lower, 2),
            },
            [a, b, c, d, ..] => set_three(stretch, at, [a, b, c, d], basic, options)
                .unwrap_or_else(|| set_other(stretch, at, ahead, basic, options)),
            _ => set_other(stretch, at, ahead, basic, options),
        };
        if set == 0 {
            return (at, End::Irregular);
        }
        at += set;
    }
    (at, if at >= text.len() { End::Text } else { End::Full })
}

/// Whether it is worth while to look at 64 bytes at once: no character of three bytes or more begins in the first eight.
#[inline(always)]
fn are_short(text: &[u8]) -> bool {
    let three_bits = |eight: u64| eight & eight << 1 & eight << 2 & 0x8080_8080_8080_8080;
    text.first_chunk().is_some_and(|&eight| three_bits(u64::from_le_bytes(eight)) == 0)
}

/// Sets a character of three bytes that stands for itself, without a branch on what it is; gives its length.
#[inline(always)]
fn set_three(stretch: &mut Stretch, at: usize, bytes: [u8; 4], basic: &Basic, options: TokenOptions) -> Option<usize> {
    let packed = u32::from_le_bytes(bytes) & 0xff_ffff;
    let is_three = packed & 0xc0_c0f0 == 0x80_80e0;
    let c = (packed & 0x0f) << 12 | (packed & 0x3f00) >> 2 | (packed & 0x3f_0000) >> 16;
    let known = basic.of_basic(c as u16);
    // no longer form of a shorter character, no surrogate
    if !is_three || c < 0x800 || c & 0xf800 == 0xd800 || !known.is_regular() {
        return None;
    }
    let lower = if known.counts(options.ignore_digits) { packed } else { 0 };
    stretch.set_breaks(at, 3, known.is_single());
    Some(stretch.set(at, lower.to_le_bytes(), 3))
}

/// Sets the first character of `text`, or a byte that is none; gives its length, or 0 if it is irregular.
fn set_other(stretch: &mut Stretch, at: usize, text: &[u8], basic: &Basic, options: TokenOptions) -> usize {
    let (c, len) = chars::decode_first(text);
    let known = c.map(|c| basic.of(c));
    if !known.is_some_and(|known| known.counts(options.ignore_digits)) {
        let counts_for_nothing = known.is_some_and(|known| known.class() == Class::Ignorable);
        return if counts_for_nothing { 0 } else { stretch.set(at, [0; 4], len) };
    }
    let Some(lower) = c.and_then(chars::fold_in_place) else { return 0 };
    stretch.set_breaks(at, len, known.is_some_and(Known::is_single));
    stretch.set(at, lower, len)
}
