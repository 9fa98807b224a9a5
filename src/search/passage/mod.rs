//! Passages: runs of text that stand in several places and respect no boundary.
//!
//! In: texts, one after the other. Out: for each the maximal runs, of a least length, that stand in a text before it or
//! earlier in itself. Always: *every* such run is found. That is a theorem, not a hope:
//!
//! 1. A *window* is a run of the least length. A run is repeated if and only if each of its windows is, so it is enough to
//!    find, for each window, whether an equal one came before.
//! 2. Each window has one *anchor* inside, chosen by its own symbols only ([`anchor`](self)): equal windows have it at the
//!    same place, so both are looked up, and entered, under the same gram and the same lead.
//! 3. The [`Index`] enters each window of each text, unless an equal one is entered already, and it compares a window with
//!    all that share its bucket. Buckets are told apart by hashes of symbols that equal windows have in common, so equal
//!    windows share every bucket on the way. Hence no window that came before is missed.
//! 4. What is found is compared symbol by symbol, and extended as far as both texts agree. Hence nothing else is found.
//!
//! A suffix array with its LCP gives the same set, at about nine bytes of memory for each byte; tests and
//! `benches/passages.rs` hold one against the other.
//!
//! `anchor` chooses anchors (by loops of `kernel`), `index` and `table` hold them, `leads` tells their windows apart, `texts`
//! counts places, `common` compares, `search` is what the others see of it.

mod anchor;
mod common;
mod index;
mod leads;
mod search;
mod symbol;
mod table;
mod texts;

pub use index::{Index, LONGEST_WINDOW, Mark, Match};
pub use search::{MinPassage, Normalise, Passage, PassageOptions, Passages};
pub use symbol::Symbol;
