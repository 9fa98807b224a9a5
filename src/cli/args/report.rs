//! Where reports go.

use std::path::PathBuf;

use clap::Args;

use crate::report::ReportFormat;

#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
pub(in crate::cli) struct Report {
    /// Write a report: json, html, text, csv or markdown; `-` is standard output; repeatable
    #[arg(long = "report", value_name = "FORMAT=PATH", value_parser = crate::cli::settings::parse_report)]
    pub(in crate::cli) reports: Vec<(ReportFormat, PathBuf)>,
    /// Groups shown in the summary [default: 5, with -v 50]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) findings: Option<usize>,
}
