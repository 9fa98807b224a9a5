//! SARIF 2.1.0 (OASIS), for GitHub code scanning and editors.
//!
//! Always: at most the 5,000 results that GitHub shows, those that count first and the longest of them first, and a
//! notification that says how many were left out; what the baseline knows is `unchanged`, what somebody allowed is
//! suppressed with the reason; columns are UTF-16 code units, and the run says so; the message links the keeper as related location 1;
//! partial fingerprints do not depend on lines.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::Report;
use super::finding::{ColumnUnit, Finding, findings, gate_message, level, path, place, region, worst};
use super::model::Location;
use super::text::count;
use crate::gate::{Level, Status};

/// Results of a run that GitHub shows.
const SHOWN: usize = 5000;

/// Writes the report: one result a line.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{{\"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\", \"version\": \"2.1.0\", \"runs\": [{{"
    )?;
    writeln!(out, "\"tool\": {},", json!({"driver": driver(report)}))?;
    writeln!(out, "\"columnKind\": \"utf16CodeUnits\",")?;
    write!(out, "\"results\": [")?;
    let mut all = 0;
    for (i, finding) in worst(findings(report).inspect(|_| all += 1), SHOWN).iter().enumerate() {
        out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &result(finding, level(report)))?;
    }
    writeln!(out, "\n],\n\"invocations\": [{}]}}]}}", invocation(report, all))
}

fn driver(report: &Report<'_>) -> Value {
    let units = report.overview.totals.segments.iter().map(|totals| totals.unit.name());
    let rules: Vec<Value> = units.flat_map(|unit| [rule(unit, true), rule(unit, false)]).collect();
    json!({
        "name": "unecho",
        "semanticVersion": env!("CARGO_PKG_VERSION"),
        "rules": rules,
    })
}

/// What a kind of finding means, and what to do about it.
fn rule(unit: &str, exact: bool) -> Value {
    let (kind, words) = if exact { ("repeated", "the same words as") } else { ("similar", "nearly the same words as") };
    let short = format!("A {unit} has {words} an earlier one.");
    let help = format!(
        "A reader meets this {unit} twice, and whoever changes one copy has to find the other. Keep one and refer to it. \
         If both have to stay, take the finding into the baseline or the allow list."
    );
    json!({
        "id": format!("{kind}-{unit}"),
        "shortDescription": {"text": short},
        "fullDescription": {"text": format!("{short} The similarity was computed exactly, from both texts.")},
        "help": {"text": help},
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": ["duplication"]},
    })
}

/// The run: which gates do not hold, and how many of `all` findings were left out.
fn invocation(report: &Report<'_>, all: usize) -> Value {
    let gates = report.overview.verdict.iter().flat_map(|verdict| &verdict.gates).filter(|gate| !gate.passed);
    let notification = |level: &str, text: String| json!({"level": level, "message": {"text": text}});
    let mut notifications: Vec<Value> = gates.map(|gate| notification(gate.level.name(), gate_message(gate))).collect();
    if all > SHOWN {
        let left_out = count((all - SHOWN) as u64);
        notifications.push(notification("note", format!("{left_out} shorter repeats were left out of this report")));
    }
    json!({
        "executionSuccessful": true,
        "commandLine": report.overview.run.command,
        "toolExecutionNotifications": notifications,
    })
}

fn result(finding: &Finding, level: Level) -> Value {
    let member = &finding.member;
    let link = format!("[{}](1)", escape(&place(&finding.keeper)));
    let mut keeper = location(&finding.keeper);
    keeper["id"] = json!(1);
    keeper["message"] = json!({"text": "the copy that is kept"});
    let mut result = json!({
        "ruleId": finding.rule(),
        "level": if member.counts() { level.name() } else { "note" },
        "message": {"text": finding.message_with(&link, &escape(&member.location.excerpt))},
        "locations": [location(&member.location)],
        "relatedLocations": [keeper],
        "partialFingerprints": {
            "primaryLocationLineHash": finding.fingerprint,
            "unecho/v1": finding.fingerprint,
        },
        "properties": {"similarity": member.similarity, "tokens": member.tokens},
    });
    match &member.status {
        None => {}
        Some(Status::New) => result["baselineState"] = json!("new"),
        Some(Status::Known | Status::OutOfScope) => result["baselineState"] = json!("unchanged"),
        Some(Status::Allowed { reason }) => {
            result["suppressions"] = json!([{"kind": "external", "status": "accepted", "justification": reason}]);
        }
    }
    result
}

fn location(place: &Location) -> Value {
    let at = region(place, ColumnUnit::Utf16);
    let mut region = json!({"startLine": at.line, "startColumn": at.column, "endLine": at.end_line});
    if let Some(end) = at.end_column {
        region["endColumn"] = json!(end);
    }
    json!({"physicalLocation": {"artifactLocation": {"uri": uri(&path(place))}, "region": region}})
}

/// Text in a message that has links: brackets are no link.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

/// A path as a reference of RFC 3986: relative, or `file:` for a path from the root.
fn uri(path: &str) -> String {
    let drive = path.as_bytes().get(1) == Some(&b':');
    let mut uri = match path {
        _ if drive => "file:///".to_owned(),
        _ if path.starts_with('/') => "file://".to_owned(),
        _ => String::new(),
    };
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => uri.push(char::from(byte)),
            b':' if drive => uri.push(':'),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_references() {
        assert_eq!(uri("docs/a b.md"), "docs/a%20b.md");
        assert_eq!(uri("a:b/ü#?.md"), "file:///a:b/%C3%BC%23%3F.md");
        assert_eq!(uri("ab:c"), "ab%3Ac");
        assert_eq!(uri("/srv/x"), "file:///srv/x");
    }

    #[test]
    fn text_makes_no_links() {
        assert_eq!(escape("see [this](2) \\ x"), "see \\[this\\](2) \\\\ x");
    }
}
