//! Reports: written to where they were asked for, whole or not at all.

use std::path::{Path, PathBuf};

use super::args;
use super::terminal::Terminal;
use crate::corpus::Corpus;
use crate::error::{Error, Result};
use crate::output::PendingFile;
use crate::report::{self, Measured, Report, ReportFormat, Style, human_bytes, summary};

/// Groups in a summary, if nothing else is asked for.
const FINDINGS: usize = 5;

/// Groups in a verbose summary.
const FINDINGS_VERBOSE: usize = 50;

/// Writes the reports that were asked for.
pub(super) fn write_all(report: &Report<'_>, reports: &[(ReportFormat, PathBuf)], terminal: &Terminal) -> Result<()> {
    terminal.writing();
    for (format, path) in reports {
        if path.as_os_str() == "-" {
            terminal.print(|_, out| report::write(report, *format, out))?;
        } else {
            write_one(report, *format, path)?;
        }
    }
    Ok(())
}

/// Refuses a report that would overwrite a file of the corpus.
pub(super) fn check(reports: &[(ReportFormat, PathBuf)], corpus: &Corpus) -> Result<()> {
    for (_, path) in reports {
        let Ok(full) = std::fs::canonicalize(path) else { continue };
        if corpus.sources.iter().any(|s| std::fs::canonicalize(&s.path).is_ok_and(|source| source == full)) {
            let reason = "is part of the input, and the report would overwrite it; choose another place".to_owned();
            return Err(Error::Output { path: path.clone(), reason });
        }
    }
    Ok(())
}

/// Writes one report to a file.
fn write_one(report: &Report<'_>, format: ReportFormat, path: &Path) -> Result<()> {
    let mut file = PendingFile::beside(path)?;
    report::write(report, format, &mut file).map_err(|e| Error::io("cannot write", path, e))?;
    file.finish(path)
}

/// Writes the report that lies beside the cleaned corpus at `place`, but for what is measured later.
pub(super) fn begin_json(report: &Report<'_>, place: &Path) -> Result<PendingFile> {
    let mut file = PendingFile::beside(place)?;
    report::begin_json(report, &mut file).map_err(|e| Error::io("cannot write beside", place, e))?;
    Ok(file)
}

/// Ends that report and puts it at `path`.
pub(super) fn finish_json(mut file: PendingFile, measured: &Measured, path: &Path) -> Result<()> {
    report::finish_json(measured, &mut file).map_err(|e| Error::io("cannot write", path, e))?;
    file.finish(path)
}

/// Whether one of the reports goes to standard output.
pub(super) fn on_stdout(reports: &[(ReportFormat, PathBuf)]) -> bool {
    reports.iter().any(|(_, path)| path.as_os_str() == "-")
}

/// Prints the summary.
pub(super) fn print_summary(
    report: &Report<'_>,
    args: &args::Report,
    verbose: bool,
    style: Style,
    out: &mut dyn std::io::Write,
) -> std::io::Result<()> {
    let findings = args.findings.unwrap_or(if verbose { FINDINGS_VERBOSE } else { FINDINGS });
    summary(report, style, findings, out)?;
    if !verbose {
        return Ok(());
    }
    writeln!(out)?;
    for skipped in &report.overview.skipped {
        writeln!(out, "  skipped  {}: {}", skipped.source, skipped.reason)?;
    }
    for reject in &report.overview.rejected {
        let line = reject.line.map(|line| format!(":{line}")).unwrap_or_default();
        writeln!(out, "  rejected {}{line}: {}", reject.source, reject.reason)?;
    }
    for (stage, seconds) in &report.measured.stages {
        writeln!(out, "  {stage:<8} {seconds:>8.3} s")?;
    }
    let memory = report.measured.peak_memory.map_or_else(|| "unknown".to_owned(), human_bytes);
    writeln!(
        out,
        "  all      {:>8.3} s on {} threads, peak memory {memory}",
        report.measured.seconds, report.measured.threads
    )
}

/// The command line, for the run card.
pub(super) fn command_line() -> String {
    let args: Vec<String> = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    format!("unecho {}", args.join(" "))
}
