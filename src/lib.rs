//! Finds what a text corpus says twice, and writes it once.
//!
//! unecho finds near-duplicate documents, repeated paragraphs, lines and sentences, within one document and across a
//! corpus; it writes the corpus cleaned, and a report that says for every removal which copy was kept, how similar it
//! is, and where it stands. Every similarity is verified on the text itself; the result depends on input and options
//! only; every byte that is not removed is written as it was read.
//!
//! ```text
//! input ──Document──► segment ──Span──► sketch ──Table──► search ──Link──► resolve ──Plan──► output
//!  files, stdin         Unit          digest, bands      exact, near      keep policy     cleaned corpus, ledger
//!                                                                            └────────► report
//! ```
//!
//! Modules stand in one line, and each uses only those before it: [`error`], [`memory`], [`progress`], [`resume`],
//! `kernel` (loops that are compiled per CPU), [`corpus`], [`synth`], [`input`], [`sketch`], [`search`], [`resolve`],
//! [`output`], [`config`], [`pipeline`], [`gate`], [`report`], [`saved`], [`mod@bench`], and the command.
//!
//! # Texts in memory
//!
//! ```
//! use unecho::{Config, Corpus, Fate};
//!
//! let corpus = Corpus::from_texts([
//!     "The quick brown fox jumps over the lazy dog near the old river bank.",
//!     "Something else entirely stands here, and nobody has said it before today.",
//!     "The quick brown fox jumps over the lazy dog, near the old river bank!",
//! ]);
//! let outcome = unecho::find(corpus, &Config::default(), &())?;
//! assert_eq!(outcome.plan.fates, [Fate::Kept, Fate::Kept, Fate::Removed]);
//! assert_eq!(outcome.plan.edits[0].keeper.doc.0, 0);
//! assert_eq!(outcome.plan.edits[0].similarity, 1.0);
//! # Ok::<(), unecho::Error>(())
//! ```
//!
//! # Files
//!
//! ```no_run
//! use std::path::Path;
//! use unecho::{Config, Target};
//!
//! let inputs = ["corpus".into()];
//! let outcome = unecho::scan(&inputs, &Config::default(), &())?;
//! println!("{} repeats", outcome.plan.edits.len());
//! let target = Target::new(Path::new("cleaned"), &inputs);
//! outcome.write(&inputs, &target, false, &())?.commit()?;
//! # Ok::<(), unecho::Error>(())
//! ```

pub mod bench;
pub mod config;
pub mod corpus;
pub mod error;
pub mod gate;
pub mod input;
mod kernel;
pub mod memory;
pub mod output;
pub mod pipeline;
pub mod progress;
pub mod report;
pub mod resolve;
pub mod resume;
pub mod saved;
pub mod search;
pub mod sketch;
pub mod synth;

#[cfg(feature = "cli")]
pub mod cli;

pub use config::Config;
pub use corpus::{Corpus, Unit};
pub use error::{Error, Result};
pub use output::{Target, restore};
pub use pipeline::{Outcome, find, scan};
pub use progress::Progress;
pub use resolve::{Fate, Plan};
