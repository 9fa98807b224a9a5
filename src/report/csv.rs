//! The CSV report: a row for each removal.

use std::io::{self, Write};

use super::model::{Location, Report};

const HEADER: [&str; 21] = [
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
];

/// Writes the report.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(HEADER)?;
    for (index, group) in report.groups.iter().enumerate() {
        let keeper = place(&report.location(group.keeper));
        for &edit in &group.edits {
            let member = report.member(edit as usize);
            let mut row = vec![
                (index + 1).to_string(),
                group.unit.name().to_owned(),
                member.kind.to_owned(),
                format!("{:.4}", member.similarity),
                member.tokens.to_string(),
            ];
            let [document, source, record, line, start, end, excerpt] = place(&member.location);
            row.extend([document, source, record, line, start, end]);
            row.extend(member.location.chars.map(|c| c.to_string()));
            row.push(excerpt);
            row.extend(keeper.clone());
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
