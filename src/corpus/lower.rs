//! Text → a [`Stretch`] of it in lower case, in which tokens are found.
//!
//! Characters of one to three bytes are set 64 bytes at a time, from tables; the others one by one. Always: what is set is as
//! long as what it stands for. What cannot be is left to the caller: see [`End::Irregular`].

use super::TokenOptions;
use super::chars::{self, Class, Known, Tables};
use crate::kernel::{STRETCH, Stretch};

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
    let (tables, limit) = (Tables::of(options.ignore_digits), text.len().min(STRETCH));
    stretch.begin();
    let mut at = 0;
    while at < limit {
        let short = stretch.set_short(at, &text[at..limit], tables);
        let set = if short > 0 { short } else { set_other(stretch, at, &text[at..], options) };
        if set == 0 {
            return (at, End::Irregular);
        }
        at += set;
    }
    (at, if at >= text.len() { End::Text } else { End::Full })
}

/// Sets the first character of `text`, or a byte that is none; gives its length, or 0 if it is irregular.
fn set_other(stretch: &mut Stretch, at: usize, text: &[u8], options: TokenOptions) -> usize {
    let (c, len) = chars::decode_first(text);
    let known = c.map(|c| chars::basic().of(c));
    if !known.is_some_and(|known| known.counts(options.ignore_digits)) {
        let counts_for_nothing = known.is_some_and(|known| known.class() == Class::Ignorable);
        return if counts_for_nothing { 0 } else { stretch.set(at, [0; 4], len) };
    }
    let Some(lower) = c.and_then(chars::fold_in_place) else { return 0 };
    stretch.set_single(at, known.is_some_and(Known::is_single).into(), len);
    stretch.set(at, lower, len)
}
