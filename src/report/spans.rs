//! Spans: JSON Lines that say what would go and why, and nothing else, so that other tools can act on it.
//!
//! A line is one repeat: its document (`document`, and `source` and `record`, for ids need not be unique), the span in the
//! document's text in bytes and in characters, `unit`, `kind` and `similarity`, and the copy that stays.

use std::io::{self, Write};

use serde::Serialize;

use super::Report;
use super::model::{Kind, Location};
use crate::corpus::Unit;

#[derive(Serialize)]
struct Span<'r> {
    #[serde(flatten)]
    place: Place<'r>,
    unit: Unit,
    kind: Kind,
    similarity: f64,
    keeper: Place<'r>,
}

#[derive(Serialize)]
struct Place<'r> {
    document: &'r str,
    source: &'r str,
    record: u32,
    bytes: [u32; 2],
    chars: [u64; 2],
}

impl<'r> Place<'r> {
    fn of(location: &'r Location) -> Place<'r> {
        let Location { document, source, record, bytes, chars, .. } = location;
        Place { document, source, record: *record, bytes: *bytes, chars: *chars }
    }
}

/// Writes the report.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    for index in 0..report.len() {
        let keeper = report.keeper(index);
        for member in report.members(index) {
            let span = Span {
                place: Place::of(&member.location),
                unit: report.unit(index),
                kind: member.kind,
                similarity: member.similarity,
                keeper: Place::of(&keeper),
            };
            serde_json::to_writer(&mut *out, &span)?;
            out.write_all(b"\n")?;
        }
    }
    Ok(())
}
