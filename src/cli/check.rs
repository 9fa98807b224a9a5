//! `unecho check`: find, judge, report, and say by the exit code whether it is too much.

use std::process::ExitCode;

use super::terminal::Terminal;
use super::{args, reports, settings};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::gate::{GateKind, Level, Limit, Quantity, judge};
use crate::report::Report;
use crate::resolve::KeepPolicy;

pub(super) fn run(args: &args::Check, terminal: &Terminal) -> Result<ExitCode> {
    let config = settings::config(&args.input, &args.find)?;
    check_config(&config)?;
    let inputs = settings::inputs(&args.input)?;
    // the process ends soon: giving the corpus back to the system piece by piece would only cost time
    let outcome = std::mem::ManuallyDrop::new(crate::scan(&inputs, &config, terminal.progress())?);
    reports::check(&args.report.reports, &outcome.corpus)?;
    let verdict = judge(&outcome, &limits(&args.gates));
    let failed = !verdict.passed && !args.gates.exit_zero;
    let report = Report::new(&outcome, terminal.measured(), reports::command_line()).judged(verdict);
    match tell(args, &report, terminal) {
        // whoever stops reading the report must not turn a failure into a success
        Ok(()) | Err(Error::ClosedPipe) => Ok(ExitCode::from(u8::from(failed))),
        Err(e) => Err(e),
    }
}

/// Refuses options with which there is nothing to judge.
fn check_config(config: &Config) -> Result<()> {
    let usage = |message: &str| Err(Error::Usage(message.to_owned()));
    if config.searched_units().is_empty() {
        return usage("check compares nothing with --unit none, and could never fail; name a unit");
    }
    if config.keep == KeepPolicy::None {
        return usage("--keep none is for `clean`: check says which copy repeats which; use another policy");
    }
    Ok(())
}

/// The gates that were named.
fn limits(args: &args::Gates) -> Vec<Limit> {
    let share = |kind, share: Option<f64>| share.map(|share| (kind, Quantity::Share(share)));
    let count = |kind, count: Option<u64>| count.map(|count| (kind, Quantity::Count(count)));
    let named = [
        share(GateKind::MaxDuplicated, args.max_duplicated),
        count(GateKind::MaxGroups, args.max_groups),
        count(GateKind::MaxGroupSize, args.max_group_size),
        share(GateKind::MaxPerSource, args.max_per_source),
    ];
    let named = named.into_iter().flatten();
    named.map(|(kind, limit)| Limit { kind, limit, level: Level::Error }).collect()
}

/// Writes the reports, and prints the findings that count and the gates.
fn tell(args: &args::Check, report: &Report<'_>, terminal: &Terminal) -> Result<()> {
    reports::write_all(report, &args.report.reports, terminal)?;
    let print = |style, out: &mut dyn std::io::Write| {
        reports::print_summary(report, &args.report, terminal.verbose, style, out)
    };
    // a report on standard output stands alone there; the gates are told all the same
    if reports::on_stdout(&args.report.reports) { terminal.say(print) } else { terminal.print(print) }
}
