//! `unecho report`: a saved run, in any format, or at a higher threshold.

use std::io::{self, Write};
use std::path::Path;

use super::terminal::Terminal;
use super::{args, reports};
use crate::error::{Error, Result};
use crate::output::PendingFile;
use crate::report::{ReportFormat, Style, Texts, count, counted, human_bytes, place, summary, write_html};
use crate::saved::{Rejudged, Saved, rejudge};

pub(super) fn run(args: &args::Render, terminal: &Terminal) -> Result<()> {
    let saved = Saved::open(&args.run)?;
    if let Some(similarity) = args.similarity {
        let from = saved.config.search.similarity;
        let rejudged = rejudge(&saved.report, from, similarity).map_err(Error::Usage)?;
        return show_rejudged(&rejudged, args, terminal);
    }
    match &args.output {
        output if args.format == ReportFormat::Html => write_page(&saved, output.as_deref(), terminal),
        Some(path) => {
            check_place(&saved, path)?;
            reports::write_all(&saved.report, &[(args.format, path.clone())], terminal)
        }
        None if args.format == ReportFormat::Text => {
            terminal.print(|style, out| summary(&saved.report, style, usize::MAX, out))
        }
        None => reports::write_all(&saved.report, &[(args.format, "-".into())], terminal),
    }
}

/// Refuses to write over a source of the run.
fn check_place(saved: &Saved, path: &Path) -> Result<()> {
    reports::check_place(path, saved.report.overview.sources.iter().map(|view| &view.source))
}

/// The HTML report, with the texts of the run if they are still there.
fn write_page(saved: &Saved, path: Option<&Path>, terminal: &Terminal) -> Result<()> {
    let corpus = saved.corpus(terminal.progress());
    if let Err(missing) = &corpus {
        terminal.progress().warn(&format!("the page will show how texts begin, and no more: {missing}"));
    }
    let texts = corpus.as_ref().ok().map(Texts::new);
    let Some(path) = path else {
        return terminal.print(|_, out| write_html(&saved.report, texts.as_ref(), None, out));
    };
    check_place(saved, path)?;
    terminal.writing();
    let full_data = reports::link(path, &saved.path);
    PendingFile::put(path, |file| write_html(&saved.report, texts.as_ref(), full_data, file))
}

fn show_rejudged(rejudged: &Rejudged, args: &args::Render, terminal: &Terminal) -> Result<()> {
    let write = |style: Style, out: &mut dyn Write| match args.format {
        ReportFormat::Json => {
            serde_json::to_writer_pretty(&mut *out, rejudged)?;
            writeln!(out)
        }
        _ => write_rejudged(rejudged, style, if terminal.verbose { usize::MAX } else { SHOWN }, out),
    };
    if !matches!(args.format, ReportFormat::Json | ReportFormat::Text) {
        let reason = "--similarity says what would change, as text or json; for a whole report run unecho again";
        return Err(Error::Usage(reason.to_owned()));
    }
    let Some(path) = &args.output else { return terminal.print(write) };
    PendingFile::put(path, |file| write(Style::default(), file))
}

/// Repeats that are shown unless more is asked for.
const SHOWN: usize = 10;

fn write_rejudged(rejudged: &Rejudged, style: Style, shown: usize, out: &mut dyn Write) -> io::Result<()> {
    let (before, after) = (rejudged.before, rejudged.after);
    let Style { strong, faint, reset, .. } = style;
    writeln!(out, "  {strong}similarity {} → {}{reset}", rejudged.from, rejudged.to)?;
    let mut row = |name: &str, before: String, after: String| writeln!(out, "  {name:<22}{before:>12} → {after}");
    row("groups", count(before.groups), count(after.groups))?;
    row("repeats", count(before.repeats), count(after.repeats))?;
    row("documents removed", count(before.documents), count(after.documents))?;
    row("text removed", human_bytes(before.bytes), human_bytes(after.bytes))?;
    if rejudged.back.is_empty() {
        return writeln!(out, "\n  nothing comes back: every repeat is that similar");
    }
    writeln!(out, "\n  {strong}{} back{reset}", counted_coming(rejudged.back.len()))?;
    for back in rejudged.back.iter().take(shown) {
        let similarity = back.member.similarity;
        writeln!(
            out,
            "    {} {}  {faint}similarity {similarity:.3}{reset}",
            back.unit.name(),
            place(&back.member.location)
        )?;
        writeln!(out, "      {faint}for{reset} {}", place(&back.keeper))?;
    }
    if rejudged.back.len() > shown {
        writeln!(out, "    {faint}… and {} more; -v shows all{reset}", count((rejudged.back.len() - shown) as u64))?;
    }
    writeln!(out, "\n  What comes back is not compared anew here; a new run may cut parts of it.")
}

fn counted_coming(repeats: usize) -> String {
    let verb = if repeats == 1 { "comes" } else { "come" };
    format!("{} {verb}", counted(repeats as u64, "repeat"))
}
