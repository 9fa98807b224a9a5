//! `unecho explain`: what happened to a document or a line, and why two documents were not merged.

use std::io::{self, Write};

use super::args;
use super::paint::{row, write_diff};
use super::terminal::Terminal;
use crate::corpus::{Corpus, DocId, Unit, plain};
use crate::error::{Error, Result};
use crate::report::{Kind, Style, Texts, count, counted, place};
use crate::resolve::Fate;
use crate::saved::{
    Comparison, Directory, Explanation, Found, Repeat, Run, Saved, WhyNot, compare, explain, line_span, segments_at,
    why_not,
};

/// Words shown beside each difference.
const AROUND: usize = 8;

/// Findings that are shown unless more is asked for.
const SHOWN: usize = 10;

pub(super) fn run(args: &args::Explain, terminal: &Terminal) -> Result<()> {
    let saved = Saved::open(&args.run)?;
    let corpus = saved.corpus(terminal.progress())?;
    let directory = Directory::new(&corpus, &saved.config.input.id_field);
    let document = find(&directory, &args.document)?;
    let page = Page { saved: &saved, corpus: &corpus, directory: &directory, verbose: terminal.verbose };
    match &args.other {
        None => page.about(document, terminal),
        Some(other) => page.about_two(document.0, find(&directory, other)?.0, terminal),
    }
}

/// The document that was named, or an error that says which there are.
fn find(directory: &Directory<'_>, query: &str) -> Result<(DocId, Option<u64>)> {
    let usage = |message: String| Err(Error::Usage(message));
    match directory.find(query) {
        Found::One(id, line) => Ok((id, line)),
        Found::Several(ids) => {
            let mut places: Vec<String> = ids.iter().take(10).map(|&id| directory.place(id)).collect();
            if ids.len() > places.len() {
                places.push(format!("… and {} more", ids.len() - places.len()));
            }
            usage(format!(
                "{} documents are called `{}`; name one by file and line:\n  {}",
                ids.len(),
                plain(query),
                plain_lines(&places)
            ))
        }
        Found::Unknown(near) if near.is_empty() => {
            usage(format!("the run read no document `{}`; name it by its id, or as file:line", plain(query)))
        }
        Found::Unknown(near) => {
            usage(format!("the run read no document `{}`; there is:\n  {}", plain(query), plain_lines(&near)))
        }
    }
}

fn plain_lines(lines: &[String]) -> String {
    lines.iter().map(|line| plain(line)).collect::<Vec<_>>().join("\n  ")
}

/// What explanations are written from.
struct Page<'s> {
    saved: &'s Saved,
    corpus: &'s Corpus,
    directory: &'s Directory<'s>,
    verbose: bool,
}

impl Page<'_> {
    /// What happened to a document, or to a line of its text.
    fn about(&self, (id, line): (DocId, Option<u64>), terminal: &Terminal) -> Result<()> {
        let text = self.corpus.text(id);
        let part = line.map(|line| line_span(&text, line).ok_or_else(|| self.no_such_line(id, line))).transpose()?;
        let source = self.corpus.source_of(id).path.display().to_string();
        let explanation = explain(self.saved, &source, self.corpus.record_number(id), part);
        let texts = Texts::new(self.corpus);
        let mut described = Vec::new();
        for repeat in explanation.repeats.iter().take(if self.verbose { usize::MAX } else { SHOWN }) {
            described.push((repeat, self.compare(&texts, repeat)?));
        }
        terminal.print(|style, out| {
            self.write_head(id, &explanation, style, out)?;
            for (repeat, comparison) in &described {
                write_repeat(repeat, style, out)?;
                if let Some((comparison, runs)) = comparison {
                    self.write_comparison(comparison, repeat.unit, ["the removed", "the kept"], style, out)?;
                    write_words(runs, ["the kept", "the removed"], style, out)?;
                }
            }
            write_more(explanation.repeats.len() - described.len(), style, out)?;
            self.write_keepers(&explanation, style, out)?;
            match part {
                Some(part) if explanation.repeats.is_empty() => self.write_segments(&text, part, style, out),
                _ => Ok(()),
            }
        })
    }

    fn no_such_line(&self, id: DocId, line: u64) -> Error {
        let lines = memchr::memchr_iter(b'\n', &self.corpus.text(id)).count() + 1;
        let name = plain(self.directory.name(id));
        Error::Usage(format!("the text of `{name}` has {}, and no line {line}", counted(lines as u64, "line")))
    }

    /// How a repeat and its keeper compare, and their words.
    fn compare(&self, texts: &Texts<'_>, repeat: &Repeat) -> Result<Option<(Comparison, Vec<Run>)>> {
        let (Some(kept), Some(gone)) = (texts.at(&repeat.keeper), texts.at(&repeat.member.location)) else {
            return Ok(None);
        };
        let (kept, gone) = (kept.compared(), gone.compared());
        let comparison = Comparison::new(&gone, &kept, repeat.unit, &self.saved.config)?;
        Ok(Some((comparison, compare(&kept, &gone, self.saved.config.tokens, AROUND))))
    }

    fn write_head(&self, id: DocId, explanation: &Explanation, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let (name, at) = (plain(self.directory.name(id)), plain(&self.directory.place(id)));
        row("document", &name, style, out)?;
        if name != at {
            row("place", &at, style, out)?;
        }
        row("fate", &fate(explanation), style, out)
    }

    /// What similarity, threshold and search say of a pair; the first text is the segment in question.
    fn write_comparison(
        &self,
        comparison: &Comparison,
        unit: Unit,
        whose: [&str; 2],
        style: Style,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        let similarity = comparison.similarity(self.saved.config.search.measure);
        let search = self.saved.config.search;
        let measure = search.measure.name();
        let threshold = search.similarity;
        let [own, other] = comparison.tokens;
        row("alike", &format!("{measure} similarity {similarity:.3}, threshold {threshold}"), style, out)?;
        row(
            "",
            &format!("{} in {}, {} in {}", counted(own as u64, "token"), whose[0], count(other as u64), whose[1]),
            style,
            out,
        )?;
        if comparison.same_tokens {
            return row("", "all of them the same", style, out);
        }
        let union = comparison.shingles[0] + comparison.shingles[1] - comparison.shared;
        let shared = format!(
            "{} of {} {}-token shingles shared: Jaccard {:.3}",
            count(comparison.shared as u64),
            count(union as u64),
            comparison.ngram,
            comparison.jaccard
        );
        row("", &shared, style, out)?;
        let [own_share, other_share] = comparison.containment;
        let [own, other] = whose;
        row("", &format!("{own_share:.3} of {own} in {other}, {other_share:.3} the other way round"), style, out)?;
        self.write_bands(comparison, unit, style, out)
    }

    fn write_bands(&self, comparison: &Comparison, unit: Unit, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let Some(sketch) = &comparison.sketch else {
            let reason = match self.saved.config.banding() {
                None => "none: the run looked for equal words only".to_owned(),
                Some(_) => format!("none: a {} shorter than a shingle is compared for equality only", unit.name()),
            };
            return row("bands", &reason, style, out);
        };
        let met: Vec<String> = sketch.met.iter().map(usize::to_string).collect();
        let which = if met.is_empty() { String::new() } else { format!(": {}", met.join(", ")) };
        row("bands", &format!("{} of {} shared{which}", met.len(), sketch.banding.bands), style, out)?;
        let estimate = sketch.agreeing as f64 / crate::sketch::HASHES as f64;
        let agree =
            format!("signatures agree in {} of {} values ({estimate:.3})", sketch.agreeing, crate::sketch::HASHES);
        row("", &agree, style, out)
    }

    fn write_keepers(&self, explanation: &Explanation, style: Style, out: &mut dyn Write) -> io::Result<()> {
        let shown = if self.verbose { usize::MAX } else { SHOWN };
        for keeper in explanation.keepers.iter().take(shown) {
            let copies = counted(keeper.copies as u64 - 1, "other");
            let unit = keeper.unit.name();
            writeln!(out, "\n  {}{unit} kept{} for {copies} (group {})", style.strong, style.reset, keeper.group)?;
            row("kept", &place(&keeper.location), style, out)?;
        }
        write_more(explanation.keepers.len().saturating_sub(shown), style, out)
    }

    /// Why a line that stays stays.
    fn write_segments(
        &self,
        text: &[u8],
        part: crate::corpus::Span,
        style: Style,
        out: &mut dyn Write,
    ) -> io::Result<()> {
        writeln!(out)?;
        for segment in segments_at(self.saved, text, part) {
            let tokens = format!("{} of {}", segment.unit.name(), counted(segment.tokens as u64, "token"));
            let why = if segment.tokens < segment.needed {
                format!("{tokens}: with fewer than {} it is left alone", segment.needed)
            } else {
                format!("{tokens}: compared, and like nothing that was kept before it")
            };
            row("stays", &why, style, out)?;
        }
        Ok(())
    }

    /// Why two documents were not merged.
    fn about_two(&self, a: DocId, b: DocId, terminal: &Terminal) -> Result<()> {
        let WhyNot { comparison, explanations, reasons } = why_not(self.saved, self.corpus, a, b)?;
        let tokens = self.saved.config.tokens;
        let runs = compare(&self.corpus.text(a), &self.corpus.text(b), tokens, AROUND);
        terminal.print(|style, out| {
            for (which, (id, explanation)) in ["first", "second"].into_iter().zip([a, b].into_iter().zip(&explanations))
            {
                let (name, at) = (plain(self.directory.name(id)), plain(&self.directory.place(id)));
                let at = if name == at { String::new() } else { format!(" ({at})") };
                row(which, &format!("{name}{at}"), style, out)?;
                row("", &fate(explanation), style, out)?;
            }
            writeln!(out)?;
            for (i, reason) in reasons.iter().enumerate() {
                row(if i == 0 { "why" } else { "" }, &plain(reason), style, out)?;
            }
            self.write_comparison(&comparison, Unit::Document, ["the first", "the second"], style, out)?;
            write_words(&runs, ["the first", "the second"], style, out)
        })
    }
}

/// What became of a document, in words.
fn fate(explanation: &Explanation) -> String {
    let whole = explanation.repeats.iter().find(|r| r.unit == Unit::Document);
    match (explanation.fate, whole) {
        (Fate::Kept, _) => "kept as it was".to_owned(),
        (Fate::Edited, _) => "kept, and segments were cut from it".to_owned(),
        (Fate::Emptied, _) => "gone: cuts left nothing of it".to_owned(),
        (Fate::Removed, Some(whole)) => format!("removed for {}", place(&whole.keeper)),
        (Fate::Removed, None) => "removed".to_owned(),
    }
}

fn write_repeat(repeat: &Repeat, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let what = match repeat.member.kind {
        Kind::Exact => "has the words of a kept one",
        Kind::Near => "is like a kept one",
    };
    let (unit, group) = (repeat.unit.name(), repeat.group);
    writeln!(out, "\n  {}{unit} removed{}: it {what} (group {group})", style.strong, style.reset)?;
    row("removed", &place(&repeat.member.location), style, out)?;
    row("kept", &place(&repeat.keeper), style, out)
}

fn write_words(runs: &[Run], whose: [&str; 2], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let differs = runs.iter().any(|run| matches!(run, Run::Kept(_) | Run::Gone(_)));
    if differs {
        let [kept, gone] = whose;
        let legend = if style.reset.is_empty() {
            format!("[-only in {kept}-] {{+only in {gone}+}}")
        } else {
            format!("{}only in {kept}{} · {}only in {gone}{}", style.kept, style.reset, style.gone, style.reset)
        };
        row("words", &legend, style, out)?;
    }
    writeln!(out)?;
    write_diff(runs, style, 4, out)
}

fn write_more(more: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match more {
        0 => Ok(()),
        _ => writeln!(out, "\n  {}… and {} more; -v shows all{}", style.faint, count(more as u64), style.reset),
    }
}
