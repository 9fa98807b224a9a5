//! Where reports go.

use std::path::PathBuf;

use clap::Args;

use crate::report::ReportFormat;

#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
pub(in crate::cli) struct Report {
    /// Write a report; `-` is standard output; repeatable
    ///
    /// json (everything, for programs), text (everything, for people), csv (a row for each removal), markdown (for a merge
    /// request), html (a page to look at), github (annotations of GitHub Actions; with GITHUB_STEP_SUMMARY set, the Markdown report is added there),
    /// sarif (code scanning), gitlab (code quality), junit (a test per file), rdjson (reviewdog), spans (a line of JSON for each repeat: what it is,
    /// where, and the copy that stays).
    #[arg(long = "report", value_name = "FORMAT=PATH", value_parser = crate::cli::settings::parse_report)]
    pub(in crate::cli) reports: Vec<(ReportFormat, PathBuf)>,
    /// Groups shown in the summary [default: 5, of check 20, with -v 50]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) findings: Option<usize>,
}
