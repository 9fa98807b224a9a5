//! Workflow commands of GitHub Actions: annotations at the lines of a pull request.
//!
//! GitHub shows ten errors and ten warnings per step, so no more are written: the gates that do not hold, then the longest
//! repeats that count, and a line that says how many there are. Columns are UTF-16 code units, and given only where a repeat stands on one line: GitHub takes
//! them no other way.

use std::io::{self, Write};

use super::Report;
use super::finding::{ColumnUnit, Finding, counted_findings, gate_message, level, path, region, worst};
use super::text::counted;
use crate::gate::{Gate, Level};

/// Errors, and warnings, that GitHub shows for a step.
const SHOWN: usize = 10;

/// Writes the report.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let gates = report.overview.verdict.iter().flat_map(|verdict| &verdict.gates).filter(|gate| !gate.passed);
    let mut of_kind = 0;
    for gate in gates {
        of_kind += usize::from(gate.level == level(report));
        annotate_gate(gate, out)?;
    }
    let mut all = 0;
    let shown = worst(counted_findings(report).inspect(|_| all += 1), SHOWN.saturating_sub(of_kind));
    for finding in &shown {
        annotate(finding, level(report), out)?;
    }
    writeln!(out, "unecho: {}, annotated here: {}", counted(all, "repeat"), shown.len())
}

fn annotate_gate(gate: &Gate, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "::{} title=unecho::{}", gate.level.name(), data(&gate_message(gate)))
}

fn annotate(finding: &Finding, level: Level, out: &mut dyn Write) -> io::Result<()> {
    let location = &finding.member.location;
    let region = region(location, ColumnUnit::Utf16);
    write!(out, "::{} file={},line={}", level.name(), property(&path(location)), region.line)?;
    match region.end_column {
        Some(end) if region.end_line == region.line => write!(out, ",col={},endColumn={end}", region.column)?,
        _ => write!(out, ",endLine={}", region.end_line)?,
    }
    writeln!(out, ",title={}::{}", property(&finding.title()), data(&finding.message()))
}

/// Text after `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text in a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_text_can_end_a_property_or_a_command() {
        assert_eq!(property("a,b:c%\r\n::error::d"), "a%2Cb%3Ac%25%0D%0A%3A%3Aerror%3A%3Ad");
        assert_eq!(data("100 %, a:b\nc"), "100 %25, a:b%0Ac");
    }
}
