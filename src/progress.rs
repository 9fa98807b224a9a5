//! How a long run tells the outside where it is, and how the outside tells it to stop.
//!
//! The library calls [`Progress`]; the command draws bars, measures stage times and listens for Ctrl-C behind it. `()`
//! is silence: it shows nothing and never stops.

use crate::error::{Error, Result};
use crate::memory;

/// The stages of a run, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Making up a corpus; counted in documents.
    Make,
    /// Reading and parsing; counted in bytes.
    Read,
    /// Splitting, digests and signatures; counted in documents.
    Sketch,
    /// Grouping by bands, and the verifications that are likely to be needed; counted in pairs.
    Search,
    /// The decision what stays; counted in documents.
    Resolve,
    /// Writing the cleaned corpus, the ledger and the report; counted in bytes of the corpus.
    Write,
}

impl Stage {
    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Stage::Make => "make",
            Stage::Read => "read",
            Stage::Sketch => "sketch",
            Stage::Search => "search",
            Stage::Resolve => "resolve",
            Stage::Write => "write",
        }
    }
}

/// Receives progress; every method may be called from many threads.
pub trait Progress: Sync {
    /// A stage begins; `total` is in the stage's own unit, 0 if not known.
    fn begin(&self, stage: Stage, total: u64);
    /// `amount` more of the current stage is done.
    fn advance(&self, amount: u64);
    /// The current stage is over.
    fn end(&self);
    /// Something the user should know; the run goes on.
    fn warn(&self, message: &str);
    /// Whether the user asked the run to stop.
    fn cancelled(&self) -> bool;

    /// [`Error::Interrupted`] if the user asked the run to stop, [`Error::Spill`] if memory ran out.
    fn check(&self) -> Result<()> {
        match memory::failure() {
            Some(failure) => Err(failure),
            None if self.cancelled() => Err(Error::Interrupted),
            None => Ok(()),
        }
    }
}

impl Progress for () {
    fn begin(&self, _: Stage, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
    fn warn(&self, _: &str) {}
    fn cancelled(&self) -> bool {
        false
    }
}
