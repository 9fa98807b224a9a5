//! `unecho diff`: what is different between two runs.

use std::io::{self, Write};

use super::args;
use super::paint::row;
use super::terminal::Terminal;
use crate::corpus::plain;
use crate::error::Result;
use crate::report::{CorpusTotals, Style, count, counted, human_bytes, place};
use crate::saved::{Finding, RunDiff, Saved, diff};

/// Findings of a kind that are shown unless more is asked for.
const SHOWN: usize = 10;

pub(super) fn run(args: &args::Diff, terminal: &Terminal) -> Result<()> {
    let (first, second) = (Saved::open(&args.first)?, Saved::open(&args.second)?);
    let found = diff(&first.report, &second.report);
    let shown = if terminal.verbose { usize::MAX } else { SHOWN };
    terminal.print(|style, out| match args.format {
        args::DiffFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, &found)?;
            writeln!(out)
        }
        args::DiffFormat::Text => {
            write_totals(&found, style, out)?;
            write_groups(&found, shown, style, out)?;
            write_findings(&found, shown, style, out)
        }
    })
}

fn write_totals(found: &RunDiff, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (i, option) in found.options.iter().enumerate() {
        let [before, after] = &option.values;
        let text = format!("{}: {before} → {after}", option.option);
        row(if i == 0 { "options" } else { "" }, &plain(&text), style, out)?;
    }
    let sources = &found.sources;
    let kinds = [("new", &sources.new), ("gone", &sources.gone), ("changed", &sources.changed)];
    for (kind, names) in kinds.into_iter().filter(|(_, names)| !names.is_empty()) {
        let rest = if names.len() > 3 { format!(" and {} more", names.len() - 3) } else { String::new() };
        let listed = names.iter().take(3).map(|name| plain(name)).collect::<Vec<_>>().join(", ");
        row("sources", &format!("{} {kind}: {listed}{rest}", count(names.len() as u64)), style, out)?;
    }
    let [before, after] = &found.totals;
    let change = |name: &str, before: u64, after: u64, show: fn(u64) -> String, out: &mut dyn Write| {
        let arrow = if before == after { "unchanged".to_owned() } else { format!("→ {}", show(after)) };
        row(name, &format!("{:>12} {arrow}", show(before)), style, out)
    };
    change("read", before.documents.read, after.documents.read, documents, out)?;
    change("", before.bytes.read, after.bytes.read, human_bytes, out)?;
    let gone = |totals: &CorpusTotals| totals.documents.removed + totals.documents.emptied;
    change("removed", gone(before), gone(after), documents, out)?;
    change("", before.bytes.removed, after.bytes.removed, human_bytes, out)
}

fn documents(n: u64) -> String {
    counted(n, "document")
}

fn write_groups(found: &RunDiff, shown: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (kind, groups) in [("new", &found.new_groups), ("gone", &found.gone_groups)] {
        head("group", kind, groups.len(), style, out)?;
        for group in groups.iter().take(shown) {
            let (unit, copies) = (group.unit.name(), count(group.copies as u64));
            writeln!(out, "    {unit} {copies} times  {}", place(&group.keeper))?;
        }
        rest(groups.len(), shown, style, out)?;
    }
    Ok(())
}

fn write_findings(found: &RunDiff, shown: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for (kind, findings) in [("new", &found.new), ("gone", &found.gone)] {
        head("repeat", kind, findings.len(), style, out)?;
        findings.iter().take(shown).try_for_each(|finding| write_finding(finding, style, out))?;
        rest(findings.len(), shown, style, out)?;
    }
    head("repeat", "with another keeper", found.different_keeper.len(), style, out)?;
    for change in found.different_keeper.iter().take(shown) {
        writeln!(out, "    {} {}", change.unit.name(), place(&change.repeat))?;
        for (word, (keeper, similarity)) in
            ["was", "is"].into_iter().zip(change.keepers.iter().zip(change.similarities))
        {
            writeln!(out, "      {word:<4}{}  {}{similarity:.3}{}", place(keeper), style.faint, style.reset)?;
        }
    }
    rest(found.different_keeper.len(), shown, style, out)?;
    writeln!(out, "\n  {} as before", counted(found.unchanged, "repeat"))
}

fn write_finding(finding: &Finding, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Style { faint, reset, .. } = style;
    writeln!(out, "    {} {}", finding.unit.name(), place(&finding.repeat))?;
    writeln!(out, "      {faint}for{reset} {}  {faint}{:.3}{reset}", place(&finding.keeper), finding.similarity)
}

fn head(thing: &str, kind: &str, number: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    if number == 0 {
        return Ok(());
    }
    let things = counted(number as u64, thing);
    writeln!(out, "\n  {}{things} {kind}{}", style.strong, style.reset)
}

fn rest(number: usize, shown: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match number.saturating_sub(shown) {
        0 => Ok(()),
        more => writeln!(out, "    {}… and {} more; -v shows all{}", style.faint, count(more as u64), style.reset),
    }
}
