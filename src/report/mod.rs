//! What was found, for people and programs: a model, and one writer per format.
//!
//! In: an [`Outcome`](crate::Outcome) and, from whoever has a clock, [`Measured`]. Out: bytes. Always: a report streams:
//! groups are described one at a time, so memory does not grow with it; everything but `measured` is a function of input
//! and options.

mod csv;
mod excerpt;
mod json;
mod locate;
mod markdown;
mod model;
mod text;

use std::io::{self, Write};

pub use model::{DocumentTotals, GroupView, Location, Measured, Member, Report, Totals, UnitTotals};
pub use text::{Style, counted, human_bytes, summary};

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// Everything, for programs; documented in the README.
    Json,
    /// Everything, for people.
    Text,
    /// A row for each removal.
    Csv,
    /// Totals and the largest groups, for a merge request or a wiki.
    Markdown,
}

impl ReportFormat {
    /// All formats.
    pub const ALL: [ReportFormat; 4] =
        [ReportFormat::Json, ReportFormat::Text, ReportFormat::Csv, ReportFormat::Markdown];

    /// The word for it in `--report FORMAT=PATH`.
    pub fn name(self) -> &'static str {
        match self {
            ReportFormat::Json => "json",
            ReportFormat::Text => "text",
            ReportFormat::Csv => "csv",
            ReportFormat::Markdown => "markdown",
        }
    }
}

/// Writes a report in a format.
pub fn write(report: &Report<'_>, format: ReportFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        ReportFormat::Json => begin_json(report, out).and_then(|()| finish_json(&report.measured, out)),
        ReportFormat::Text => text::write(report, out),
        ReportFormat::Csv => csv::write(report, out),
        ReportFormat::Markdown => markdown::write(report, out),
    }
}

/// Writes a JSON report but for its end, so that it can be written while stages are still being measured;
/// [`finish_json`] has to follow.
pub fn begin_json(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    json::begin(report, out)
}

/// Writes what was measured, and ends a JSON report.
pub fn finish_json(measured: &Measured, out: &mut dyn Write) -> io::Result<()> {
    json::finish(measured, out)
}
