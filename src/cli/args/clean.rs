//! `unecho clean`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::{Completeness, Find, Input, Report};

pub(super) const EXAMPLES: &str = "\
Examples:
  unecho clean corpus/ -o cleaned
  unecho clean train.jsonl.gz -o clean.jsonl.gz --text-field content --max-removed 30%
  unecho clean new/ archive/ -o cleaned --protect 'archive/**'
  unecho clean crawl/ -o cleaned --keep max:quality --report csv=removed.csv
  unecho clean crawl/ -o cleaned --resume
  cat docs.jsonl | unecho clean - --format jsonl -o - > clean.jsonl";

#[derive(Debug, Args)]
pub(in crate::cli) struct Clean {
    #[command(flatten)]
    pub(in crate::cli) input: Input,
    #[command(flatten)]
    pub(in crate::cli) completeness: Completeness,
    /// Where the cleaned corpus goes
    ///
    /// A directory, or, for one input file, a file if it has an extension. `-` is standard output: all documents one after
    /// the other, without compression, and no ledger.
    #[arg(short, long, value_name = "OUT", required_unless_present_any = ["dry_run", "status"])]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Remove what is said twice, or leave the corpus as it is and write to OUT where that stands (JSON Lines)
    ///
    /// Each line of OUT names a document, a span in bytes and in characters, and the copy that stays.
    #[arg(long, value_name = "WHAT", default_value = "remove")]
    pub(in crate::cli) action: Action,
    /// Show the plan on standard output; write nothing
    #[arg(long)]
    pub(in crate::cli) dry_run: bool,
    /// Replace an output that an earlier run wrote; discard an unfinished run, unless it is resumed
    #[arg(long)]
    pub(in crate::cli) force: bool,
    /// Go on with the run that was killed or interrupted
    ///
    /// It continues from what OUT.unecho.run holds, with the same result as a run that was not interrupted. Options and
    /// inputs must be the same; threads and reports may differ. Without an unfinished run it begins at the beginning.
    #[arg(long, help_heading = "Long runs")]
    pub(in crate::cli) resume: bool,
    /// Save what is finished, so that the run can be resumed: auto is always for inputs of 1 GiB and more
    #[arg(long, help_heading = "Long runs", value_name = "WHEN", default_value = "auto")]
    pub(in crate::cli) checkpoint: Checkpoint,
    /// Compare the contents of all inputs once more before anything is put in place
    ///
    /// Size and time of change are always compared. With --resume, an input whose time of change alone is different is
    /// accepted if its contents are the same.
    #[arg(long, help_heading = "Long runs")]
    pub(in crate::cli) verify_inputs: bool,
    /// Say how far the unfinished run of OUT is, and nothing else; `--report json=-` says it as JSON
    #[arg(long, help_heading = "Long runs", value_name = "OUT")]
    pub(in crate::cli) status: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) find: Find,
    #[command(flatten)]
    pub(in crate::cli) report: Report,
    /// Stop before writing if more than this share of the bytes would go
    ///
    /// It holds for the corpus, and for each source of several documents, or of one that is edited. Without it, a
    /// source of 64 KiB or more that loses more than half is warned about.
    #[arg(long, value_name = "PERCENT", help_heading = "Guard rails", value_parser = crate::cli::settings::parse_percent)]
    pub(in crate::cli) max_removed: Option<f64>,
    /// Keep documents of which nothing is left, as empty ones; they are dropped and listed otherwise
    #[arg(long, help_heading = "Guard rails")]
    pub(in crate::cli) keep_empty: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Checkpoint {
    Auto,
    Always,
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Action {
    Remove,
    Mark,
}
