//! The JSON report: one object, one group a line, written as it goes. The README documents every field.

use std::io::{self, Write};

use rayon::prelude::*;
use serde_json::json;

use super::model::{Measured, Report};
use crate::corpus::DocId;

/// Grows by one whenever a field changes its meaning or goes away.
const SCHEMA_VERSION: u32 = 1;

/// Most repeated segments that are listed.
const MOST_REPEATED: usize = 20;

/// Writes everything but what was measured; [`finish`] has to follow.
pub(super) fn begin(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let outcome = report.outcome;
    writeln!(out, "{{\"schema_version\": {SCHEMA_VERSION},")?;
    let run = json!({
        "unecho": env!("CARGO_PKG_VERSION"),
        "command": report.command,
        "options": outcome.config.describe(),
    });
    member(out, "run", &run)?;
    let mut totals = serde_json::to_value(report.totals())?;
    totals["segments"] = serde_json::to_value(report.unit_totals())?;
    member(out, "totals", &totals)?;
    array(out, "sources", (0..outcome.corpus.sources.len()).map(|s| source(report, s)))?;
    let similarity = report.similarity_histogram().into_iter();
    let similarity: Vec<_> =
        similarity.map(|(h, count)| json!({"from": f64::from(h) / 100.0, "count": count})).collect();
    let sizes: Vec<_> = report
        .size_histogram()
        .into_iter()
        .map(|(from, to, count)| json!({"from": from, "to": to, "count": count}))
        .collect();
    member(out, "histograms", &json!({"similarity": similarity, "group_size": sizes}))?;
    let repeated = report.largest_groups(MOST_REPEATED).into_iter().map(|g| {
        let group = &report.groups[g];
        json!({
            "group": g + 1, "unit": group.unit.name(), "copies": group.edits.len() + 1,
            "excerpt": report.location(group.keeper).excerpt,
        })
    });
    array(out, "most_repeated", repeated)?;
    groups(report, out)?;
    array(out, "emptied", report.emptied().map(|id| emptied(report, id)))?;
    let rejects = outcome.corpus.rejects.iter().map(|r| {
        json!({
            "source": report.reject_source(r.source).display().to_string(), "line": r.line,
            "bytes": r.range.end - r.range.start, "reason": r.reason,
        })
    });
    array(out, "rejected", rejects)?;
    let skipped = outcome.corpus.skipped.iter();
    array(out, "skipped", skipped.map(|s| json!({"source": s.path.display().to_string(), "reason": s.reason})))
}

/// Writes what was measured, and ends the report.
pub(super) fn finish(measured: &Measured, out: &mut dyn Write) -> io::Result<()> {
    let stages: serde_json::Map<_, _> = measured.stages.iter().map(|(n, s)| ((*n).to_owned(), json!(s))).collect();
    let described = json!({
        "seconds": measured.seconds,
        "stages": stages,
        "peak_memory": measured.peak_memory,
        "threads": measured.threads,
    });
    writeln!(out, "\"measured\": {described}}}")
}

fn source(report: &Report<'_>, index: usize) -> serde_json::Value {
    let source = &report.outcome.corpus.sources[index];
    let totals = report.source_totals(index);
    json!({
        "source": source.path.display().to_string(),
        "format": source.format.name(),
        "codec": source.codec.name(),
        "stored_bytes": source.stored,
        "digest": format!("xxh3-128:{:032x}", source.digest),
        "documents": totals.documents,
        "bytes": totals.bytes,
        "tokens": totals.tokens,
    })
}

fn emptied(report: &Report<'_>, id: DocId) -> serde_json::Value {
    let corpus = &report.outcome.corpus;
    json!({
        "document": report.document_id(id),
        "source": corpus.source_of(id).path.display().to_string(),
        "record": corpus.document(id).record,
        "line": corpus.document(id).line,
    })
}

/// Groups that are described at a time, on all threads.
const AT_A_TIME: usize = 4096;

/// The member `groups`, as [`array`] would write it.
fn groups(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "\"groups\": [")?;
    for start in (0..report.groups.len()).step_by(AT_A_TIME) {
        let some = start..report.groups.len().min(start + AT_A_TIME);
        let lines: Vec<String> =
            some.into_par_iter().map(|g| serde_json::to_string(&report.group(g))).collect::<Result<_, _>>()?;
        let before = if start == 0 { "\n" } else { ",\n" };
        write!(out, "{before}{}", lines.join(",\n"))?;
    }
    writeln!(out, "],")
}

/// A member of the top object, on a line of its own.
fn member(out: &mut dyn Write, name: &str, value: &serde_json::Value) -> io::Result<()> {
    writeln!(out, "\"{name}\": {value},")
}

/// A member that is an array, one element a line.
fn array<T: serde::Serialize>(out: &mut dyn Write, name: &str, values: impl Iterator<Item = T>) -> io::Result<()> {
    write!(out, "\"{name}\": [")?;
    for (i, value) in values.enumerate() {
        out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &value)?;
    }
    writeln!(out, "],")
}
