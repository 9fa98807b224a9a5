//! Gates: is what a corpus says twice too much?
//!
//! In: an [`Outcome`](crate::Outcome), the limits to hold, and what is accepted already. Out: a [`Verdict`]: for every
//! edit of the plan whether it counts, and for every gate its value beside its limit. Always: the outcome is not changed;
//! what does not count, counts for no gate; with no gate named any finding fails, for a gate that cannot fail is worse
//! than none. Nothing here reads a clock: whoever has one passes the date in.

mod allow;
mod baseline;
mod comments;
mod contents;
mod judge;
mod limits;
mod measure;
mod split;
mod verdict;

pub use allow::{AllowList, Date, Fault};
pub use baseline::Baseline;
pub use contents::{Content, contents};
pub use judge::{Judge, JudgeOptions, Named};
pub use limits::{GateKind, Limit};
pub use verdict::{Gate, Level, Obsolete, Quantity, Status, Tally, Verdict};
