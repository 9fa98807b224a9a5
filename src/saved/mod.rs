//! Runs of the past: opened, shown again, explained, compared and reviewed.
//!
//! In: a cleaned corpus with its state directory, or a report that was written as JSON. Out: the
//! [`Report`](crate::report::Report) as it was, the options of the run, and the texts as they were read, rebuilt in memory;
//! and values that say what happened to a document, how two texts compare, and what differs between runs. Always: texts are
//! those whose digests the report names, or none; a run of an unknown version is refused.

mod compare;
mod diff;
mod explain;
mod find;
mod open;
mod rejudge;
mod review;
mod words;

pub use compare::{Comparison, SketchComparison};
pub use diff::{Finding, GroupDiff, KeeperDiff, OptionDiff, RunDiff, SourcesDiff, diff};
pub use explain::{Explanation, Keeper, Repeat, Segment, WhyNot, explain, line_span, segments_at, why_not};
pub use find::{Directory, Found};
pub use open::Saved;
pub use rejudge::{Back, Counts, Rejudged, rejudge};
pub use review::{Answer, Item, Review};
pub use words::{Run, compare};
