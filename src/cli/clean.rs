//! `unecho clean`: find, write the corpus once, report.

use std::path::{Path, PathBuf};

use super::terminal::Terminal;
use super::{args, reports, settings};
use crate::error::{Error, Result};
use crate::output::{Target, check_target, state_dir, write_stream};
use crate::pipeline::Outcome;
use crate::report::{Report, ReportFormat};

pub(super) fn run(args: args::Clean, terminal: &Terminal) -> Result<()> {
    let mut config = settings::config(&args.input, &args.find)?;
    config.max_removed = args.max_removed;
    config.keep_empty = args.keep_empty;
    config.validate()?;
    let inputs = settings::inputs(&args.input)?;
    let place = args.output.as_deref().filter(|_| !args.dry_run);
    let target = place.filter(|out| out.as_os_str() != "-").map(|out| Target::new(out, &inputs));
    if let Some(target) = &target {
        check_target(target, &inputs, args.force)?;
    }
    let outcome = crate::scan(&inputs, &config, terminal.progress())?;
    outcome.check_limits()?;
    reports::check(&args.report.reports, &outcome.corpus)?;
    // the process ends now: giving the corpus back to the system piece by piece would only cost time
    let outcome = std::mem::ManuallyDrop::new(outcome);
    if let (args::Action::Mark, Some(place)) = (args.action, place) {
        return mark(&args, place, &outcome, terminal);
    }
    match (place, target) {
        (None, _) => dry_run(&args, &outcome, terminal),
        (Some(_), None) => to_stdout(&args, &outcome, terminal),
        (Some(_), Some(target)) => to_files(&args, &inputs, &target, &outcome, terminal),
    }
}

/// Writes where the repeats stand, and nothing of the corpus.
fn mark(args: &args::Clean, place: &Path, outcome: &Outcome, terminal: &Terminal) -> Result<()> {
    let report = Report::new(outcome, terminal.measured(), reports::command_line());
    let spans = [(ReportFormat::Spans, place.to_owned())];
    reports::write_all(&report, &spans, terminal)?;
    reports::write_all(&report, &args.report.reports, terminal)?;
    terminal.say(|style, out| reports::print_summary(&report, &args.report, terminal.verbose, style, out))
}

/// Shows every edit of the plan.
fn dry_run(args: &args::Clean, outcome: &Outcome, terminal: &Terminal) -> Result<()> {
    let report = Report::new(outcome, terminal.measured(), reports::command_line());
    reports::write_all(&report, &args.report.reports, terminal)?;
    if !reports::on_stdout(&args.report.reports) {
        terminal.print(|style, out| {
            crate::report::summary(&report, style, args.report.findings.unwrap_or(usize::MAX), out)
        })?;
    }
    terminal.say(|style, out| writeln!(out, "\n  {}a dry run: nothing was written{}", style.strong, style.reset))
}

fn to_stdout(args: &args::Clean, outcome: &Outcome, terminal: &Terminal) -> Result<()> {
    if reports::on_stdout(&args.report.reports) {
        return Err(Error::Usage("the corpus and a report cannot both go to standard output".to_owned()));
    }
    write_stream(&outcome.corpus, &outcome.removals, &mut std::io::stdout().lock(), terminal.progress())?;
    let report = Report::new(outcome, terminal.measured(), reports::command_line());
    reports::write_all(&report, &args.report.reports, terminal)?;
    terminal.say(|style, out| reports::print_summary(&report, &args.report, terminal.verbose, style, out))
}

fn to_files(
    args: &args::Clean,
    inputs: &[PathBuf],
    target: &Target,
    outcome: &Outcome,
    terminal: &Terminal,
) -> Result<()> {
    terminal.writing();
    // the disk is busy with the corpus and a core with the ledger: the other core describes the findings
    let (written, described) = rayon::join(
        || outcome.write(inputs, target, args.force, terminal.progress()),
        || {
            let report = Report::new(outcome, terminal.measured(), reports::command_line());
            let file = reports::begin_json(&report, target.path())?;
            Ok::<_, Error>((report, file))
        },
    );
    let (written, (mut report, file)) = (written?, described?);
    report.measured = terminal.measured();
    reports::finish_json(file, &report.measured, &written.state().join("report.json"))?;
    terminal.progress().check()?;
    written.commit()?;
    let json = state_dir(target.path()).join("report.json");
    reports::write_all_beside(&report, &args.report.reports, Some(&json), terminal)?;
    terminal.say(|style, err| {
        reports::print_summary(&report, &args.report, terminal.verbose, style, err)?;
        let state = state_dir(target.path());
        let row = |name: &str| format!("  {}{name:<9}{}", style.strong, style.reset);
        writeln!(err, "\n{}{}", row("cleaned"), target.path().display())?;
        writeln!(err, "{}{}", row("report"), state.join("report.json").display())?;
        if !outcome.corpus.rejects.is_empty() {
            writeln!(err, "{}{}", row("rejects"), state.join("rejects").display())?;
        }
        writeln!(err, "{}unecho restore {} -o ORIGINAL", row("undo"), target.path().display())
    })
}
