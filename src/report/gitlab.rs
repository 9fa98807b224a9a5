//! GitLab's code quality report: a subset of Code Climate's issues. It has lines and no columns.
//!
//! GitLab compares the reports of two branches, so findings that the baseline knows are in it too, as `info`; those that
//! somebody allowed are not.

use std::io::{self, Write};

use serde_json::json;

use super::Report;
use super::finding::{ColumnUnit, Finding, findings, level, path, region};
use crate::gate::{Level, Status};

/// Writes the report: one finding a line.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "[")?;
    let told = findings(report).filter(|finding| !matches!(finding.member.status, Some(Status::Allowed { .. })));
    for (i, finding) in told.enumerate() {
        out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &issue(&finding, level(report)))?;
    }
    writeln!(out, "\n]")
}

fn issue(finding: &Finding, level: Level) -> serde_json::Value {
    let region = region(&finding.member.location, ColumnUnit::Utf16);
    let severity = match (finding.member.counts(), level) {
        (false, _) => "info",
        (true, Level::Warning) => "minor",
        (true, Level::Error) => "major",
    };
    json!({
        "description": finding.message(),
        "check_name": finding.rule(),
        "fingerprint": finding.fingerprint,
        "severity": severity,
        "location": {
            "path": path(&finding.member.location),
            "lines": {"begin": region.line, "end": region.end_line},
        },
    })
}
