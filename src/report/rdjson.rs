//! The diagnostic format of reviewdog (`rdjson`), which puts findings into reviews on any forge: those that count. Columns are bytes of
//! UTF-8, as its definition asks.

use std::io::{self, Write};

use serde_json::json;

use super::Report;
use super::finding::{ColumnUnit, Finding, counted_findings, level, path, region};
use crate::gate::Level;

/// Writes the report: one diagnostic a line.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{{\"source\": {{\"name\": \"unecho\"}}, \"diagnostics\": [")?;
    for (i, finding) in counted_findings(report).enumerate() {
        out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &diagnostic(&finding, level(report)))?;
    }
    writeln!(out, "\n]}}")
}

fn diagnostic(finding: &Finding, level: Level) -> serde_json::Value {
    let region = region(&finding.member.location, ColumnUnit::Bytes);
    let end = match region.end_column {
        Some(column) => json!({"line": region.end_line, "column": column}),
        None => json!({"line": region.end_line + 1, "column": 1}),
    };
    json!({
        "message": finding.message(),
        "severity": match level { Level::Error => "ERROR", Level::Warning => "WARNING" },
        "code": {"value": finding.rule()},
        "location": {
            "path": path(&finding.member.location),
            "range": {"start": {"line": region.line, "column": region.column}, "end": end},
        },
    })
}
