//! `unecho clean`: find, write the corpus once, report.

use std::path::{Path, PathBuf};

use super::terminal::Terminal;
use super::{args, reports, settings, status, unfinished};
use crate::config::Config;
use crate::corpus::{Codec, Corpus};
use crate::error::{Error, Result};
use crate::output::{Target, check_file, check_no_foreign_files, check_target, state_dir, write_stream};
use crate::pipeline::Outcome;
use crate::progress::Progress;
use crate::report::{Report, ReportFormat};

pub(super) fn run(args: args::Clean, terminal: &Terminal) -> Result<()> {
    if let Some(run) = &args.status {
        return status::show(run, &args.report.reports, terminal);
    }
    let mut config = settings::config(&args.input, &args.find)?;
    config.input.strict = args.completeness.strict;
    config.max_removed = args.max_removed;
    config.keep_empty = args.keep_empty;
    config.validate()?;
    let inputs = settings::inputs(&args.input)?;
    reports::try_places(&args.report.reports)?;
    let place = args.output.as_deref().filter(|_| !args.dry_run);
    if place.is_some_and(|out| out.as_os_str() == "-") && reports::on_stdout(&args.report.reports) {
        return Err(Error::Usage("OUT and a report cannot both go to standard output".to_owned()));
    }
    let is_corpus = |out: &&Path| out.as_os_str() != "-" && args.action == args::Action::Remove;
    if let Some(out) = place.filter(is_corpus) {
        let target = Target::new(out, &inputs);
        let cleaned = to_files(&args, &config, &inputs, &target, terminal);
        return cleaned.inspect_err(|e| unfinished::hint(e, &target, terminal));
    }
    if let Some(out) = place.filter(|out| out.as_os_str() != "-") {
        check_file(out, &inputs, args.force)?;
    }
    let outcome = crate::scan(&inputs, &config, terminal.progress())?;
    outcome.check_limits()?;
    reports::check(&args.report.reports, &outcome.corpus)?;
    outcome.check_unchanged()?;
    // the process ends now: giving the corpus back to the system piece by piece would only cost time
    let outcome = std::mem::ManuallyDrop::new(outcome);
    match place {
        None => dry_run(&args, &outcome, terminal),
        Some(place) if args.action == args::Action::Mark => mark(&args, place, &outcome, terminal),
        Some(_) => to_stdout(&args, &outcome, terminal),
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
    write_stream(&outcome.corpus, &outcome.removals, &mut std::io::stdout().lock(), terminal.progress())?;
    let report = Report::new(outcome, terminal.measured(), reports::command_line());
    reports::write_all(&report, &args.report.reports, terminal)?;
    terminal.say(|style, out| reports::print_summary(&report, &args.report, terminal.verbose, style, out))
}

/// Warns if the name of a cleaned file says that it is compressed in another way than it will be: as its source was.
fn warn_of_name(target: &Target, corpus: &Corpus, progress: &dyn Progress) {
    let (Target::File(path), [source]) = (target, &corpus.sources[..]) else { return };
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    if Codec::by_name(&name).0 != source.codec {
        let as_read = match source.codec {
            Codec::None => "not compressed".to_owned(),
            codec => format!("compressed with {}", codec.name()),
        };
        progress.warn(&format!("{} will be {as_read}, as the input is, whatever its name says", path.display()));
    }
}

fn to_files(
    args: &args::Clean,
    config: &Config,
    inputs: &[PathBuf],
    target: &Target,
    terminal: &Terminal,
) -> Result<()> {
    let progress = terminal.progress();
    let goes_on = args.resume || args.force && unfinished::is_half_placed(target);
    if !goes_on {
        check_target(target, inputs, args.force)?;
        check_no_foreign_files(target)?;
    }
    // a run that waits for its standard input ends at once when asked to, so it leaves nothing before that was read
    let waits = inputs.iter().any(|input| input.as_os_str() == "-");
    let read = || crate::input::read(inputs, &config.input, progress);
    let early = if waits { Some(read()?) } else { None };
    terminal.writing();
    let Some(run) = unfinished::open(args, config, target, terminal)? else { return Ok(()) };
    check_target(target, inputs, args.force)?;
    if goes_on {
        check_no_foreign_files(target)?;
    }
    let corpus = early.map_or_else(read, Ok)?;
    warn_of_name(target, &corpus, progress);
    let saved = unfinished::is_worth_saving(args.checkpoint, &corpus) || run.is_resumed();
    let outcome = crate::pipeline::find_in(&run, corpus, config, saved, progress)?;
    outcome.check_limits()?;
    reports::check(&args.report.reports, &outcome.corpus)?;
    // the process ends now: giving the corpus back to the system piece by piece would only cost time
    let outcome = &*std::mem::ManuallyDrop::new(outcome);
    let json = run.path().join("report.json");
    let describe = || {
        let report = Report::new(outcome, terminal.measured(), reports::command_line());
        let file = reports::begin_json(&report, &json)?;
        Ok::<_, Error>((report, file))
    };
    let (written, described) = outcome.write_in(run, target, args.force, describe, progress)?;
    let (mut report, file) = described?;
    report.measured = terminal.measured();
    reports::finish_json(file, &report.measured, &json, &written.state().join("report.json"))?;
    let state = state_dir(target.path());
    reports::write_all_beside(&report, &args.report.reports, Some(&state.join("report.json")), terminal)?;
    if args.verify_inputs
        && let Err(e) = outcome.verify_inputs(progress)
    {
        if matches!(e, Error::Changed { .. }) {
            written.discard();
        }
        return Err(e);
    }
    progress.check()?;
    written.commit()?;
    terminal.say(|style, err| {
        reports::print_summary(&report, &args.report, terminal.verbose, style, err)?;
        unfinished::print_places(target, !outcome.corpus.rejects.is_empty(), style, err)
    })
}
