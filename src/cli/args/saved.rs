//! `unecho report`, `explain`, `diff` and `review`: runs of the past.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::report::ReportFormat;

pub(super) const REPORT_EXAMPLES: &str = "\
Examples:
  unecho report cleaned                          all findings, as text
  unecho report cleaned --format csv -o out.csv  as a table
  unecho report cleaned --similarity 0.9         what a higher threshold would change";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Examples:
  unecho explain cleaned doc-4711                what happened to the document with this id
  unecho explain cleaned corpus/news.txt:12      … to line 12 of a text file
  unecho explain cleaned crawl.jsonl:9           … to the record on line 9
  unecho explain cleaned doc-4711:3              … to line 3 of a document's text
  unecho explain cleaned doc-4711 doc-4712       why two documents were not merged";

pub(super) const DIFF_EXAMPLES: &str = "\
Examples:
  unecho diff monday tuesday
  unecho diff monday.json tuesday.json --format json";

pub(super) const REVIEW_EXAMPLES: &str = "\
Examples:
  unecho review cleaned
  unecho clean corpus/ -o cleaned --force --decisions unecho-decisions.json";

#[derive(Debug, Args)]
pub(in crate::cli) struct Render {
    /// The output of `unecho clean`, with OUT.unecho beside it, or a JSON report
    #[arg(value_name = "RUN")]
    pub(in crate::cli) run: PathBuf,
    /// Format of the report
    #[arg(long, value_name = "FORMAT", default_value = "text", value_parser = parse_format)]
    pub(in crate::cli) format: ReportFormat,
    /// Where the report goes [default: standard output]; an existing report is replaced
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
    /// Judge the verified repeats at a higher threshold, and say what would change; as text or json
    #[arg(short, long, value_name = "S")]
    pub(in crate::cli) similarity: Option<f64>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Explain {
    /// The output of `unecho clean`, with OUT.unecho beside it, or a JSON report whose sources are unchanged
    #[arg(value_name = "RUN")]
    pub(in crate::cli) run: PathBuf,
    /// A document: its id, or file:line; a line of its text may follow
    #[arg(value_name = "ID[:LINE]")]
    pub(in crate::cli) document: String,
    /// Another document: say why the two were not merged
    #[arg(value_name = "ID")]
    pub(in crate::cli) other: Option<String>,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Diff {
    /// The run before: the output of `unecho clean`, or a JSON report
    #[arg(value_name = "RUN1")]
    pub(in crate::cli) first: PathBuf,
    /// The run after
    #[arg(value_name = "RUN2")]
    pub(in crate::cli) second: PathBuf,
    /// Format of the answer
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(in crate::cli) format: DiffFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum DiffFormat {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Review {
    /// The output of `unecho clean`, with OUT.unecho beside it, or a JSON report whose sources are unchanged
    #[arg(value_name = "RUN")]
    pub(in crate::cli) run: PathBuf,
    /// Where decisions are saved; those that are there count as made
    #[arg(long, value_name = "FILE", default_value = "unecho-decisions.json")]
    pub(in crate::cli) decisions: PathBuf,
}

/// Parses the name of a format.
fn parse_format(text: &str) -> Result<ReportFormat, String> {
    let found = ReportFormat::ALL.into_iter().find(|format| format.name() == text);
    found.ok_or_else(|| format!("use one of {}", ReportFormat::ALL.map(ReportFormat::name).join(", ")))
}
