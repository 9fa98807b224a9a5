//! JUnit XML, for whatever shows test results: a test case per gate, and one per file, which fails if something in it
//! repeats that counts. It holds all findings in memory, to write them file by file.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::Report;
use super::finding::{Finding, counted_findings, gate_message, path, place, repository_path};
use super::text::counted;
use crate::gate::Gate;

/// Writes the report.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let gates: &[Gate] = report.overview.verdict.as_ref().map_or(&[], |verdict| &verdict.gates);
    let mut by_file: BTreeMap<String, Vec<Finding>> = BTreeMap::new();
    for finding in counted_findings(report) {
        by_file.entry(finding.member.location.source.clone()).or_default().push(finding);
    }
    // where the gates hold, repeats are told and fail nothing
    let fails = report.overview.verdict.as_ref().is_none_or(|verdict| !verdict.passed);
    let files = (report.overview.sources.len(), if fails { by_file.len() } else { 0 });
    let failing = (gates.len(), gates.iter().filter(|gate| gate.fails()).count());
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"unecho\" {}>", counts(files.0 + failing.0, files.1 + failing.1))?;
    if !gates.is_empty() {
        writeln!(out, "<testsuite name=\"unecho gates\" {}>", counts(failing.0, failing.1))?;
        gates.iter().try_for_each(|gate| write_gate(gate, out))?;
        writeln!(out, "</testsuite>")?;
    }
    writeln!(out, "<testsuite name=\"unecho files\" {}>", counts(files.0, files.1))?;
    for source in &report.overview.sources {
        let findings = by_file.get(&source.source).map_or(&[][..], Vec::as_slice);
        write_file(&source.source, findings, fails, out)?;
    }
    writeln!(out, "</testsuite>\n</testsuites>")
}

fn counts(tests: usize, failures: usize) -> String {
    format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"0\"")
}

fn write_gate(gate: &Gate, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "<testcase classname=\"unecho.gates\" name=\"{}\">", gate.name())?;
    let message = gate_message(gate);
    if gate.fails() {
        write!(out, "<failure message=\"{}\" type=\"gate\"/>", attribute(&message))?;
    } else {
        write!(out, "<system-out>{}</system-out>", text(&message))?;
    }
    writeln!(out, "</testcase>")
}

/// A file, with all its repeats told at once: as a failure, or as what was printed.
fn write_file(source: &str, findings: &[Finding], fails: bool, out: &mut dyn Write) -> io::Result<()> {
    let name = attribute(&repository_path(source));
    let Some(first) = findings.first() else {
        return writeln!(out, "<testcase classname=\"unecho.files\" name=\"{name}\" file=\"{name}\"/>");
    };
    let (file, line) = (attribute(&path(&first.member.location)), first.member.location.line);
    writeln!(out, "<testcase classname=\"unecho.files\" name=\"{name}\" file=\"{file}\" line=\"{line}\">")?;
    let count = counted(findings.len() as u64, "repeat");
    match fails {
        true => writeln!(out, "<failure message=\"{count}\" type=\"{}\">", first.rule())?,
        false => writeln!(out, "<system-out>")?,
    }
    for finding in findings {
        let told = format!("{}: {}", place(&finding.member.location), finding.message());
        writeln!(out, "{}", text(&told))?;
    }
    writeln!(out, "</{}>\n</testcase>", if fails { "failure" } else { "system-out" })
}

/// Text between tags: characters that XML 1.0 does not allow are `·`.
fn text(text: &str) -> String {
    let allowed =
        |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let text: String = text.chars().map(|c| if allowed(c) { c } else { '·' }).collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Text in an attribute between double quotes.
fn attribute(value: &str) -> String {
    text(value).replace('"', "&quot;").replace('\n', "&#10;").replace('\r', "&#13;").replace('\t', "&#9;")
}
