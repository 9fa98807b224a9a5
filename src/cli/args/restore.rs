//! `unecho restore`.

use std::path::PathBuf;

use clap::Args;

pub(super) const EXAMPLES: &str = "\
Example:
  unecho clean corpus/ -o cleaned && unecho restore cleaned -o original && diff -r corpus original";

#[derive(Debug, Args)]
pub(in crate::cli) struct Restore {
    /// The cleaned corpus, with OUT.unecho beside it
    #[arg(value_name = "OUT")]
    pub(in crate::cli) cleaned: PathBuf,
    /// Where the original goes
    #[arg(short, long, value_name = "ORIGINAL")]
    pub(in crate::cli) output: PathBuf,
    /// Replace what is there, if it is a file or an empty directory
    #[arg(long)]
    pub(in crate::cli) force: bool,
}
