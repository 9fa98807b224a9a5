//! The Markdown report: gates, totals, the longest repeats, sources that lost most, and the largest groups; short
//! whatever the corpus, so that it fits a comment on a merge request.

use std::io::{self, Write};

use super::Report;
use super::finding::{Finding, counted_findings, gate_message, place as place_of, worst};
use super::model::Location;
use super::text::{count, human_bytes, percent};
use crate::gate::{Tally, Verdict};

/// Groups and sources that are shown.
const SHOWN: usize = 20;

/// Writes the report.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let totals = &report.overview.totals;
    match &report.overview.verdict {
        None => writeln!(out, "# unecho: {} removed\n", percent(totals.bytes.removed, totals.bytes.read))?,
        Some(verdict) => write_verdict(verdict, out)?,
    }
    writeln!(out, "| | documents | bytes | tokens |\n|---|---:|---:|---:|")?;
    let (documents, bytes, tokens) = (totals.documents, totals.bytes, totals.tokens);
    let removed = documents.removed + documents.emptied;
    let kept = documents.kept + documents.edited;
    writeln!(out, "| read | {} | {} | {} |", count(documents.read), human_bytes(bytes.read), count(tokens.read))?;
    writeln!(out, "| removed | {} | {} | {} |", count(removed), human_bytes(bytes.removed), count(tokens.removed))?;
    writeln!(out, "| kept | {} | {} | {} |", count(kept), human_bytes(bytes.kept), count(tokens.kept))?;
    if documents.rejected > 0 {
        writeln!(out, "| rejected | {} | {} | |", count(documents.rejected), human_bytes(bytes.rejected))?;
    }
    writeln!(out, "\n| unit | compared | exact repeats | near repeats | groups |\n|---|---:|---:|---:|---:|")?;
    for unit in &totals.segments {
        let compared = count(unit.segments - unit.left_alone);
        let (exact, near, groups) = (count(unit.exact), count(unit.near), count(unit.groups));
        writeln!(out, "| {} | {compared} | {exact} | {near} | {groups} |", unit.unit.name())?;
    }
    write_repeats(report, out)?;
    write_sources(report, out)?;
    write_groups(report, out)
}

fn write_verdict(verdict: &Verdict, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# unecho: {}\n", if verdict.passed { "passed" } else { "failed" })?;
    for gate in &verdict.gates {
        let result = if gate.passed { "passed" } else { gate.level.name() };
        writeln!(out, "- **{result}** {}", escape(&gate_message(gate)))?;
    }
    let Tally { known, allowed, out_of_scope, .. } = verdict.findings;
    if known + allowed + out_of_scope > 0 {
        writeln!(
            out,
            "- not counted: {} in the baseline, {} allowed, {} in what did not change",
            count(known),
            count(allowed),
            count(out_of_scope)
        )?;
    }
    writeln!(out)
}

fn write_repeats(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let mut all = 0;
    let longest = worst(counted_findings(report).inspect(|_| all += 1), SHOWN);
    if longest.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Longest repeats\n\n| repeat | unit | similarity | tokens | kept | begins |")?;
    writeln!(out, "|---|---|---:|---:|---|---|")?;
    for Finding { unit, member, keeper, .. } in &longest {
        let (repeat, keeper, tokens) = (place(&member.location), place(keeper), count(u64::from(member.tokens)));
        let begins = escape(&member.location.excerpt);
        writeln!(out, "| {repeat} | {unit} | {:.2} | {tokens} | {keeper} | {begins} |", member.similarity)?;
    }
    more(out, all)
}

fn write_sources(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let losing = report.overview.sources.iter().filter(|source| source.bytes.removed > 0);
    let mut order: Vec<_> = losing.collect();
    order.sort_by_key(|source| std::cmp::Reverse(source.bytes.removed));
    if order.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Sources that lost most\n\n| source | read | removed | |\n|---|---:|---:|---:|")?;
    for source in order.iter().take(SHOWN) {
        let bytes = source.bytes;
        let share = percent(bytes.removed, bytes.read);
        writeln!(
            out,
            "| {} | {} | {} | {share} |",
            code(&source.source),
            human_bytes(bytes.read),
            human_bytes(bytes.removed)
        )?;
    }
    more(out, order.len())
}

fn write_groups(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let largest = report.largest_groups(SHOWN);
    if largest.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## Largest groups\n\n| unit | copies | similarity | kept | begins |\n|---|---:|---:|---|---|")?;
    for index in largest {
        let least = report.members(index).map(|member| member.similarity).fold(1.0, f64::min);
        let keeper = report.keeper(index);
        let (unit, copies, place) = (report.unit(index).name(), count(report.copies(index) as u64), place(&keeper));
        writeln!(out, "| {unit} | {copies} | ≥ {least:.2} | {place} | {} |", escape(&keeper.excerpt))?;
    }
    more(out, report.len())
}

fn more(out: &mut dyn Write, all: usize) -> io::Result<()> {
    if all > SHOWN { writeln!(out, "\n… and {} more.", count((all - SHOWN) as u64)) } else { Ok(()) }
}

fn place(location: &Location) -> String {
    code(&place_of(location))
}

/// Inline code that cannot be broken out of.
fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'").replace('|', "\\|"))
}

/// Text without meaning to Markdown or HTML.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' | '~' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}
