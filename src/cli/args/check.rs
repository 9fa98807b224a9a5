//! `unecho check`.

use clap::Args;

use super::{Find, Input, Report};

pub(super) const EXAMPLES: &str = "\
Examples:
  unecho check docs/                          any repeat fails
  unecho check docs/ --max-duplicated 2%      up to 2 % of the words may be repeats
  unecho check docs/ --max-group-size 3 --report json=unecho.json

Exit codes: 0 all gates hold, 1 a gate failed, 2 usage, configuration or I/O error, or nothing to check.";

#[derive(Debug, Args)]
pub(in crate::cli) struct Check {
    #[command(flatten)]
    pub(in crate::cli) input: Input,
    #[command(flatten)]
    pub(in crate::cli) gates: Gates,
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
    /// Print and report as always, but end with 0 where a gate fails: for a trial
    #[arg(long)]
    pub(in crate::cli) exit_zero: bool,
}
