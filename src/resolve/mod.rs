//! What goes and what stays.
//!
//! In: sketches and a keep policy. Out: a [`Plan`]: the fate of each document, the edits with their keepers, and the
//! cuts, disjoint and sorted. Always: a removed segment was verified against a segment that is kept; what is kept would be
//! kept again if the result were cleaned once more.

mod attempt;
mod form;
mod gaps;
mod keep;
mod passages;
mod plan;
mod rest;
mod saved;
mod settle;
mod snap;

pub use keep::{Globs, KeepOptions, KeepPolicy, order};
pub use passages::{CutOptions, PassageSearch};
pub use plan::{Cut, Edit, Fate, Group, KeptPassage, KeptReason, Plan};
pub use settle::{ResolveOptions, Scope, UnitSearch, resolve};
pub use snap::CutAt;
