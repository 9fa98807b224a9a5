//! `unecho scan`.

use clap::Args;

use super::{Completeness, Find, Input, Report};

pub(super) const EXAMPLES: &str = "\
Examples:
  unecho scan corpus/                          near-duplicate documents and repeated paragraphs
  unecho scan --unit line logs/ --glob '*.log' repeated lines of other files than text
  unecho scan a.jsonl b.jsonl --report json=-  everything, as JSON, to standard output
  unecho scan --explain-bands --similarity 0.7 what the search finds at which similarity";

#[derive(Debug, Args)]
pub(in crate::cli) struct Scan {
    #[command(flatten)]
    pub(in crate::cli) input: Input,
    #[command(flatten)]
    pub(in crate::cli) completeness: Completeness,
    #[command(flatten)]
    pub(in crate::cli) find: Find,
    #[command(flatten)]
    pub(in crate::cli) report: Report,
    /// Print what the search finds at each similarity (the S-curve), and stop
    #[arg(long, help_heading = "Finding")]
    pub(in crate::cli) explain_bands: bool,
}
