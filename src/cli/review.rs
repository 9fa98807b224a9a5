//! `unecho review`: findings one by one, and a decision about each, from a terminal or from lines of standard input.

use std::io::{self, BufRead, Write};
use std::path::Path;

use super::paint::{row, write_diff};
use super::terminal::Terminal;
use super::{args, settings};
use crate::corpus::plain;
use crate::error::{Error, Result};
use crate::output::PendingFile;
use crate::report::{Style, Texts, count, counted, place};
use crate::saved::{Answer, Item, Review, Run, Saved, compare};
use crate::search::{Choice, Decisions};

/// Words shown beside each difference.
const AROUND: usize = 12;

const QUESTION: &str = "  accept, keep both, skip, back, quit [a k s b q, a reason may follow]: ";

pub(super) fn run(args: &args::Review, terminal: &Terminal) -> Result<()> {
    let saved = Saved::open(&args.run)?;
    let corpus = saved.corpus(terminal.progress())?;
    let texts = Texts::new(&corpus);
    let known = if args.decisions.exists() { settings::read_decisions(&args.decisions)? } else { Decisions::default() };
    let mut review = Review::new(&saved, &texts, known.clone());
    if review.is_empty() {
        return terminal.say(|_, out| writeln!(out, "  nothing to decide: every finding has its decision"));
    }
    let mut saved_last = known;
    let mut lines = io::stdin().lock().lines();
    while let Some((number, item)) = review.current() {
        let runs = words(&saved, &texts, item);
        terminal.print(|style, out| write_item(&review, number, item, &runs, style, out))?;
        let Some(answer) = ask(&mut lines, terminal)? else { break };
        let goes_on = review.answer(answer);
        if *review.decisions() != saved_last {
            save(review.decisions(), &args.decisions, terminal)?;
            saved_last = review.decisions().clone();
        }
        if !goes_on {
            break;
        }
    }
    terminal.say(|_, out| tell(&saved_last, &args.decisions, out))
}

/// The next answer; `None` at the end of the input.
fn ask(lines: &mut impl Iterator<Item = io::Result<String>>, terminal: &Terminal) -> Result<Option<Answer>> {
    loop {
        terminal.print(|style, out| write!(out, "{}{QUESTION}{}", style.strong, style.reset))?;
        let Some(line) = lines.next() else {
            terminal.print(|_, out| writeln!(out))?;
            return Ok(None);
        };
        let line = line.map_err(|e| Error::io("cannot read", "standard input", e))?;
        if let Some(answer) = Answer::parse(&line) {
            return Ok(Some(answer));
        }
        terminal.print(|_, out| {
            writeln!(out, "  a: it is a repeat · k: both stay, in every later run with --decisions · s: not now")?;
            writeln!(out, "  b: the one before · q: end; decisions are saved as they are made")
        })?;
    }
}

fn words(saved: &Saved, texts: &Texts<'_>, item: &Item) -> Vec<Run> {
    let (kept, gone) = (texts.at(&item.keeper), texts.at(&item.member.location));
    let both = kept.zip(gone);
    both.map_or_else(Vec::new, |(kept, gone)| compare(&kept.compared(), &gone.compared(), saved.config.tokens, AROUND))
}

fn write_item(
    review: &Review,
    number: usize,
    item: &Item,
    runs: &[Run],
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Style { strong, faint, reset, .. } = style;
    let (unit, all) = (item.unit.name(), count(review.len() as u64));
    let similarity = item.member.similarity;
    writeln!(out, "\n  {strong}{number} of {all}{reset}  {unit}, similarity {similarity:.3}")?;
    row("kept", &place(&item.keeper), style, out)?;
    row("removed", &place(&item.member.location), style, out)?;
    if let Some(decision) = review.decided() {
        let choice = match decision.decision {
            Choice::Accept => "accepted",
            Choice::KeepBoth => "both stay",
        };
        row("decided", &plain(&format!("{choice} {}", decision.reason)), style, out)?;
    }
    writeln!(out)?;
    write_diff(runs, style, 4, out)?;
    if runs.iter().all(|run| matches!(run, Run::Same(_) | Run::Skipped(_))) {
        writeln!(out, "    {faint}(the same words){reset}")?;
    }
    writeln!(out)
}

/// Writes the decisions, whole or not at all.
fn save(decisions: &Decisions, path: &Path, terminal: &Terminal) -> Result<()> {
    terminal.writing();
    PendingFile::put(path, |file| file.write_all(decisions.to_json().as_bytes()))
}

fn tell(decisions: &Decisions, path: &Path, out: &mut dyn Write) -> io::Result<()> {
    if decisions.iter().len() == 0 {
        return writeln!(out, "\n  no decision was made");
    }
    let made = counted(decisions.iter().len() as u64, "decision");
    let both = count(decisions.apart().len() as u64);
    writeln!(out, "\n  {made} in {}, {both} of them to keep both", path.display())?;
    writeln!(out, "  honour them with: unecho clean … --decisions {}", path.display())
}
