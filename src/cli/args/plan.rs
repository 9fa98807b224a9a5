//! `unecho plan`.

use clap::Args;

use super::{Find, Input};

pub(super) const EXAMPLES: &str = "\
Examples:
  unecho plan crawl/                          what a run over a directory will take
  unecho plan crawl.jsonl.zst --unit document --similarity 0.7 --threads 8
  unecho plan crawl/ --sample 256 --json      a larger sample; for programs";

#[derive(Debug, Args)]
pub(in crate::cli) struct Plan {
    #[command(flatten)]
    pub(in crate::cli) input: Input,
    #[command(flatten)]
    pub(in crate::cli) find: Find,
    /// Megabytes on disk that are looked at and run; no more than a sixteenth of the limit on memory
    #[arg(long, value_name = "MB", default_value_t = 32, value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) sample: u64,
    /// Print JSON
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
