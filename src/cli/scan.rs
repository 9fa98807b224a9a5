//! `unecho scan`: find and report.

use super::terminal::Terminal;
use super::{args, bands, reports, settings};
use crate::error::Result;
use crate::report::Report;

pub(super) fn run(args: args::Scan, terminal: &Terminal) -> Result<()> {
    let mut config = settings::config(&args.input, &args.find)?;
    config.input.strict = args.completeness.strict;
    if args.explain_bands {
        return bands::explain(&config, terminal);
    }
    let inputs = settings::inputs(&args.input)?;
    reports::try_places(&args.report.reports)?;
    // the process ends soon: giving the corpus back to the system piece by piece would only cost time
    let outcome = std::mem::ManuallyDrop::new(crate::scan(&inputs, &config, terminal.progress())?);
    reports::check(&args.report.reports, &outcome.corpus)?;
    let report = Report::new(&outcome, terminal.measured(), reports::command_line());
    reports::write_all(&report, &args.report.reports, terminal)?;
    if reports::on_stdout(&args.report.reports) {
        return Ok(());
    }
    terminal.print(|style, out| reports::print_summary(&report, &args.report, terminal.verbose, style, out))
}
