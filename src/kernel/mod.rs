//! The inner loops that are compiled more than once, each time for what another CPU can do.
//!
//! In and out: plain slices. Always: every version of a loop gives the same as its plain one, which a test asks of each
//! that the CPU at hand can run; which one runs is chosen at run time, so that one build is right on every x86-64 and
//! aarch64 and fast where it can be. Nothing else in the crate knows of CPU features. Miri runs these tests each week, for any
//! x86-64 and with AVX2 (`.github/workflows/miri.yml`); AVX-512 it does not know.
//!
//! Most loops have one body in plain Rust that the compiler vectorises for each feature set; intrinsics stand only where
//! it does not: for masks of bytes ([`masks`]), and where numbers are picked out of vectors or compared each with each.

mod anchors;
mod equal;
mod escapes;
mod extremes;
mod hash;
mod intersection;
mod links;
mod masks;
mod prefetch;
mod shingles;
mod short;
mod words;

#[cfg(test)]
pub(crate) use anchors::PERIODIC;
pub(crate) use anchors::{Anchor, Chooser, HASHED, LOOKED_AT, Windows, hash_of_halves, rank_bytes, rank_of};
pub(crate) use equal::{COMPARED, differing_bytes, equal};
pub(crate) use escapes::{BLOCK, put_in, simple_escape, simple_run, string_run, take_out};
pub(crate) use extremes::{MULTIPLIERS, min_max};
pub(crate) use hash::{hash_run, hash_short, hash_token};
pub(crate) use intersection::intersection;
pub(crate) use links::{LOOK_BACK, Links, Worth, best_link};
pub(crate) use prefetch::prefetch;
pub(crate) use shingles::{MAX_SHINGLE, shingles};
pub(crate) use short::{IRREGULAR, Short, Three};
pub(crate) use words::{STRETCH, Stretch};
