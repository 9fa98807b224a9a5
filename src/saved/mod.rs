//! Runs of the past: opened, shown again, explained, compared and reviewed.
//!
//! In: a cleaned corpus with its state directory, or a report that was written as JSON. Out: the [`Report`] as it was, the
//! options of the run, and the texts as they were read, rebuilt in memory. Always: texts are those whose digests the
//! report names, or none; a run of an unknown version is refused.

mod open;

pub use open::Saved;
