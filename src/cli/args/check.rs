//! `unecho check`.

use std::path::PathBuf;

use clap::Args;

use super::{Completeness, Find, Input, Report};
use crate::gate::{GateKind, Quantity};

pub(super) const EXAMPLES: &str = "\
Examples:
  unecho check docs/                                     any repeat fails
  unecho check docs/ --max-duplicated 2%                 up to 2 % of the words may be repeats
  unecho check docs/ --baseline unecho-baseline.json --update-baseline     accept what there is
  unecho check docs/ --baseline unecho-baseline.json --fail-on-new         and fail on more
  unecho check docs/ --changed-since origin/main         only what touches files that changed
  unecho check test.jsonl --against train.jsonl --max-leak 0               no test text in training
  unecho check data.jsonl --split-field split            no repeat across train and test

Exit codes: 0 all gates hold, 1 a gate failed, 2 usage, configuration or I/O error, nothing to check,
or, with --strict, something that was not read.";

#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    #[command(flatten)]
    pub(in crate::cli) input: Input,
    #[command(flatten)]
    pub(in crate::cli) completeness: Completeness,
    #[command(flatten)]
    pub(in crate::cli) gates: Gates,
    #[command(flatten)]
    pub(in crate::cli) judging: Judging,
    #[command(flatten)]
    pub(in crate::cli) find: Find,
    #[command(flatten)]
    pub(in crate::cli) report: Report,
}

/// Limits; with none of them, any finding fails.
#[derive(Debug, Args)]
#[command(next_help_heading = "Gates")]
pub(in crate::cli) struct Gates {
    /// Share of the tokens that may repeat something
    #[arg(long, value_name = "PERCENT", value_parser = crate::cli::settings::parse_percent)]
    pub(in crate::cli) max_duplicated: Option<f64>,
    /// Groups of repeats that there may be
    #[arg(long, value_name = "N")]
    pub(in crate::cli) max_groups: Option<u64>,
    /// Copies that there may be of one text, the first included
    #[arg(long, value_name = "N")]
    pub(in crate::cli) max_group_size: Option<u64>,
    /// Share of the tokens of any one file that may repeat something
    #[arg(long, value_name = "PERCENT", value_parser = crate::cli::settings::parse_percent)]
    pub(in crate::cli) max_per_source: Option<f64>,
    /// With --baseline: fail on any finding that is not in it
    #[arg(long)]
    pub(in crate::cli) fail_on_new: bool,
    /// With --against: repeats of the reference that there may be, or the share of the tokens in them
    #[arg(long, value_name = "N|PERCENT", value_parser = crate::cli::check::parse_quantity)]
    pub(in crate::cli) max_leak: Option<Quantity>,
    /// JSON Lines: fail if a group spans two values of this field, such as train and test
    #[arg(long, value_name = "FIELD")]
    pub(in crate::cli) split_field: Option<String>,
    /// Fail if a baseline, allow list or comment accepts what is found no more, or if an acceptance has expired
    #[arg(long)]
    pub(in crate::cli) fail_on_stale: bool,
    /// Let a gate warn instead of failing, or warn at a limit of its own: any-finding, max-groups=10; repeatable
    ///
    /// GATE is the name of the option that asks for it, or any-finding. With a limit, the option may stand beside it with
    /// another one: `--max-duplicated 5% --warn max-duplicated=2%`.
    #[arg(long, value_name = "GATE[=LIMIT]", value_parser = crate::cli::check::parse_warn)]
    pub(in crate::cli) warn: Vec<(GateKind, Option<Quantity>)>,
    /// Print and report as always, but end with 0 where a gate fails: for a trial
    #[arg(long)]
    pub(in crate::cli) exit_zero: bool,
}

/// What is compared with what, and what does not count.
#[derive(Debug, Args)]
#[command(next_help_heading = "Judging")]
pub(in crate::cli) struct Judging {
    /// Compare with these files and directories too, without judging them; repeatable
    ///
    /// A text that stands there and in INPUT is a repeat of the reference. A file that is part of INPUT too is judged.
    #[arg(long, value_name = "PATH")]
    pub(in crate::cli) against: Vec<PathBuf>,
    /// Count only findings that touch files changed since this revision of git; everything is compared all the same
    ///
    /// What changed is told by git: files that differ from the commit at which REV and HEAD parted, and files that it does
    /// not track yet. A file that was only renamed has not changed. Shares are those of the changed files.
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) changed_since: Option<String>,
    /// Findings that are accepted for now, by what they say and not by where they stand; they do not count
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) baseline: Option<PathBuf>,
    /// Write the findings that there are to the file of --baseline, so that they are accepted from now on
    #[arg(long)]
    pub(in crate::cli) update_baseline: bool,
    /// Findings that are wanted, each with a reason; they do not count [default: unecho-allow.toml, if there is one]
    ///
    /// In documents, `<!-- unecho: allow REASON -->` before a paragraph does the same for this paragraph.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) allow_list: Option<PathBuf>,
}
