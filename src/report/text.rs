//! The text report, and the summary that the command prints: for people, in 80 columns. Of findings that were judged,
//! those that count are shown, and after them the gates.

use std::io::{self, Write};

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Report;
use super::model::{CorpusTotals, Kind, Location, Member, Rejected, SourceView};
use super::verdict;
use crate::corpus::{Role, plain};

/// Columns of a line.
const WIDTH: usize = 80;

/// Terminal codes around a heading, a faint remark and words that differ; all empty for plain text.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Before what matters most.
    pub strong: &'static str,
    /// Before what is of little weight.
    pub faint: &'static str,
    /// Before words that only a kept copy has.
    pub kept: &'static str,
    /// Before words that only a repeat has.
    pub gone: &'static str,
    /// After any of them.
    pub reset: &'static str,
}

/// Writes the whole report: the summary with every group.
pub(super) fn write(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    summary(report, Style::default(), usize::MAX, out)
}

/// Writes what was read, found, removed and kept, and the first `findings` groups.
pub fn summary(report: &Report<'_>, style: Style, findings: usize, out: &mut dyn Write) -> io::Result<()> {
    write_totals(report, style, out)?;
    let groups: Vec<usize> = (0..report.len()).filter(|&group| report.counts(group)).collect();
    for &group in groups.iter().take(findings) {
        write_group(report, group, style, findings, out)?;
    }
    if groups.len() > findings {
        let more = groups.len() - findings;
        writeln!(out, "\n  {}… and {}{}", style.faint, counted(more as u64, "more group"), style.reset)?;
    }
    report.overview.verdict.as_ref().map_or(Ok(()), |judged| verdict::write(judged, style, out))
}

fn write_totals(report: &Report<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let overview = &report.overview;
    let CorpusTotals { documents, bytes, tokens, segments } = &overview.totals;
    let mut row = |name: &str, text: String| writeln!(out, "  {}{name:<9}{}{text}", style.strong, style.reset);
    let is_judged = |source: &&SourceView| source.role != Role::Reference;
    let judged = overview.sources.iter().filter(is_judged).count();
    let files = counted(judged as u64, "file");
    let read = counted(documents.read, "document");
    row("read", format!("{read} in {files} · {} · {}", human_bytes(bytes.read), counted(tokens.read, "token")))?;
    if judged < overview.sources.len() {
        let reference = || overview.sources.iter().filter(|source| !is_judged(source));
        let documents = counted(reference().map(|s| s.documents.read).sum(), "document");
        let bytes = human_bytes(reference().map(|s| s.bytes.read).sum());
        let files = counted(reference().count() as u64, "file");
        row("against", format!("{documents} in {files} · {bytes}, not judged"))?;
    }
    let mut found: Vec<String> = Vec::new();
    for unit in segments.iter().filter(|u| u.exact + u.near > 0) {
        let repeats = counted(unit.exact + unit.near, unit.unit.name());
        let (exact, near) = (count(unit.exact), count(unit.near));
        found.push(format!("{repeats} ({exact} exact, {near} near) in {}", counted(unit.groups, "group")));
    }
    if found.is_empty() {
        found.push("nothing that is said twice".to_owned());
    }
    for (i, line) in found.into_iter().enumerate() {
        row(if i == 0 { "repeats" } else { "" }, line)?;
    }
    if overview.verdict.is_none() {
        write_fates(&overview.totals, style, out)?;
    }
    let mut row = |name: &str, text: String| writeln!(out, "  {}{name:<9}{}{text}", style.strong, style.reset);
    if !overview.rejected.is_empty() {
        row("rejected", set_aside(&overview.rejected))?;
    }
    if let [first, ..] = overview.skipped.as_slice() {
        let passed = counted(overview.skipped.len() as u64, "file");
        row("skipped", format!("{passed}, {} the first: {}", first.source, first.reason))?;
    }
    Ok(())
}

/// How many files and records were set aside, and how much they hold.
fn set_aside(rejected: &[Rejected]) -> String {
    let files = rejected.iter().filter(|reject| reject.line.is_none()).count();
    let counts = [(files, "file"), (rejected.len() - files, "record")].into_iter().filter(|(count, _)| *count > 0);
    let counts: Vec<String> = counts.map(|(count, name)| counted(count as u64, name)).collect();
    format!("{} · {}", counts.join(" and "), human_bytes(rejected.iter().map(|reject| reject.bytes).sum()))
}

/// What goes and what stays.
fn write_fates(totals: &CorpusTotals, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let CorpusTotals { documents, bytes, .. } = totals;
    let mut row = |name: &str, text: String| writeln!(out, "  {}{name:<9}{}{text}", style.strong, style.reset);
    let share = percent(bytes.removed, bytes.read);
    let gone = documents.removed + documents.emptied;
    let emptied = match documents.emptied {
        0 => String::new(),
        n => format!(" ({} left empty)", count(n)),
    };
    row(
        "removed",
        format!("{} of the text, {} · {}{emptied}", share, human_bytes(bytes.removed), counted(gone, "document")),
    )?;
    let kept = counted(documents.kept + documents.edited, "document");
    row("kept", format!("{kept}, {} of them edited · {}", count(documents.edited), human_bytes(bytes.kept)))
}

/// Members of a group that a short summary shows.
const MEMBERS_SHOWN: usize = 3;

fn write_group(
    report: &Report<'_>,
    index: usize,
    style: Style,
    findings: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let (unit, keeper) = (report.unit(index).name(), report.keeper(index));
    let copies = report.copies(index);
    writeln!(
        out,
        "\n  {}{unit} {} times{}: {}",
        style.strong,
        count(copies as u64),
        style.reset,
        fit(&keeper.excerpt, 16 + unit.len())
    )?;
    let label = if keeper.reference { "against" } else { "kept" };
    writeln!(out, "    {label:<8} {}", place(&keeper))?;
    let shown = if findings == usize::MAX { copies } else { MEMBERS_SHOWN };
    let label = if report.overview.verdict.is_some() { "repeats " } else { "removed " };
    let mut members = report.members(index).filter(Member::counts);
    for member in members.by_ref().take(shown) {
        writeln!(out, "    {label} {}  {}{}{}", place(&member.location), style.faint, likeness(&member), style.reset)?;
    }
    match members.count() as u64 {
        0 => Ok(()),
        more => writeln!(out, "    {}… and {} more{}", style.faint, count(more), style.reset),
    }
}

/// `file:line`, and the document's id if it says more; safe to print.
pub fn place(location: &Location) -> String {
    let place = format!("{}:{}", location.source, location.line);
    let inside = if location.text_line > 1 && location.document != location.source {
        format!(", text line {}", location.text_line)
    } else {
        String::new()
    };
    if location.document == location.source || location.document == place {
        plain(&format!("{place}{inside}"))
    } else {
        plain(&format!("{place} ({}{inside})", location.document))
    }
}

fn likeness(member: &Member) -> String {
    let what = if member.remainder { ", what was left" } else { "" };
    match member.kind {
        Kind::Exact => format!("same words{what}"),
        Kind::Near => format!("similarity {:.3}{what}", member.similarity),
    }
}

/// As much of a text as fits a line that has `used` columns already.
fn fit(text: &str, used: usize) -> String {
    let room = WIDTH.saturating_sub(used);
    if text.width() <= room {
        return text.to_owned();
    }
    let mut width = 1;
    let mut fitting = String::new();
    for c in text.chars() {
        width += c.width().unwrap_or(0);
        if width > room {
            break;
        }
        fitting.push(c);
    }
    fitting + "…"
}

/// A number with thousands separated.
pub fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A number of things: `1 file`, `2 files`.
pub fn counted(n: u64, thing: &str) -> String {
    format!("{} {thing}{}", count(n), if n == 1 { "" } else { "s" })
}

/// Bytes for people, in powers of ten.
pub fn human_bytes(bytes: u64) -> String {
    let units = ["kB", "MB", "GB", "TB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    while value >= 999.95 && unit + 1 < units.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", units[unit])
}

/// A share in percent.
pub(super) fn percent(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_people() {
        assert_eq!(count(0), "0");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(human_bytes(999), "999 B");
        assert_eq!(human_bytes(1_500), "1.5 kB");
        assert_eq!(human_bytes(999_999), "1.0 MB");
        assert_eq!(percent(1, 3), "33.3 %");
        assert_eq!(percent(0, 0), "0.0 %");
    }

    #[test]
    fn wide_characters_fit_the_line() {
        assert_eq!(fit("漢字漢字", 75), "漢字…");
        assert_eq!(fit("short", 10), "short");
    }
}
