//! The CSV report: a row for each removal, or for each finding that was judged.

use std::io::{self, Write};

use super::Report;
use super::model::Location;

const HEADER: [&str; 22] = [
    "group",
    "unit",
    "kind",
    "similarity",
    "tokens",
    "document",
    "source",
    "record",
    "line",
    "byte_start",
    "byte_end",
    "char_start",
    "char_end",
    "excerpt",
    "keeper_document",
    "keeper_source",
    "keeper_record",
    "keeper_line",
    "keeper_byte_start",
    "keeper_byte_end",
    "keeper_excerpt",
    "status",
];

/// Writes the report.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(HEADER)?;
    for index in 0..report.len() {
        let keeper = place(&report.keeper(index));
        for member in report.members(index) {
            let mut row = vec![
                (index + 1).to_string(),
                report.unit(index).name().to_owned(),
                member.kind.name().to_owned(),
                format!("{:.4}", member.similarity),
                member.tokens.to_string(),
            ];
            let [document, source, record, line, start, end, excerpt] = place(&member.location);
            row.extend([document, source, record, line, start, end]);
            row.extend(member.location.chars.map(|c| c.to_string()));
            row.push(excerpt);
            row.extend(keeper.clone());
            row.push(member.status.as_ref().map(|status| status.name().to_owned()).unwrap_or_default());
            csv.write_record(&row)?;
        }
    }
    csv.flush()
}

fn place(location: &Location) -> [String; 7] {
    [
        location.document.clone(),
        location.source.clone(),
        location.record.to_string(),
        location.line.to_string(),
        location.bytes[0].to_string(),
        location.bytes[1].to_string(),
        location.excerpt.clone(),
    ]
}
