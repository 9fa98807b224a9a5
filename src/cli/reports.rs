//! Reports: written to where they were asked for, whole or not at all.

use std::io::{BufWriter, Write};
use std::path::{Component, Path, PathBuf};

use super::args;
use super::terminal::Terminal;
use crate::corpus::Corpus;
use crate::error::{Error, Result};
use crate::output::PendingFile;
use crate::report::{self, Measured, Report, ReportFormat, Style, human_bytes, summary};
use crate::resume::disk::{self, DiskFile};

/// Groups in a summary, if nothing else is asked for.
const FINDINGS: usize = 5;

/// Groups in a summary of what was judged: each of them is to be dealt with.
const FINDINGS_JUDGED: usize = 20;

/// Groups in a verbose summary.
const FINDINGS_VERBOSE: usize = 50;

/// Writes the reports that were asked for. The HTML report has a link to the JSON report among them.
pub(super) fn write_all(report: &Report<'_>, reports: &[(ReportFormat, PathBuf)], terminal: &Terminal) -> Result<()> {
    let is_file = |(format, path): &&(ReportFormat, PathBuf)| *format == ReportFormat::Json && path.as_os_str() != "-";
    let json = reports.iter().find(is_file).map(|(_, path)| path.as_path());
    write_all_beside(report, reports, json, terminal)
}

/// The same, with a link to a JSON report that lies at `json`.
pub(super) fn write_all_beside(
    report: &Report<'_>,
    reports: &[(ReportFormat, PathBuf)],
    json: Option<&Path>,
    terminal: &Terminal,
) -> Result<()> {
    terminal.writing();
    for (format, path) in reports {
        if path.as_os_str() == "-" {
            terminal.print(|_, out| report::write(report, *format, out))?;
        } else {
            write_one(report, *format, path, json)?;
        }
    }
    if reports.iter().any(|(format, _)| *format == ReportFormat::Github) {
        write_step_summary(report)?;
    }
    Ok(())
}

/// Adds the Markdown report to the summary of the step, where GitHub Actions names one.
fn write_step_summary(report: &Report<'_>) -> Result<()> {
    let Some(path) = std::env::var_os("GITHUB_STEP_SUMMARY").filter(|path| !path.is_empty()) else { return Ok(()) };
    let mut summary = Vec::new();
    let rendered = report::write(report, ReportFormat::Markdown, &mut summary);
    let opened = || std::fs::OpenOptions::new().append(true).create(true).open(&path);
    let written = rendered.and_then(|()| opened()?.write_all(&summary));
    written.map_err(|e| Error::io("cannot write", Path::new(&path), e))
}

/// Refuses reports that could not be written: before the work that they would tell of.
pub(super) fn try_places(reports: &[(ReportFormat, PathBuf)]) -> Result<()> {
    if reports.iter().filter(|(_, path)| path.as_os_str() == "-").count() > 1 {
        return Err(Error::Usage("two reports cannot both go to standard output (`-`)".to_owned()));
    }
    reports.iter().filter(|(_, path)| path.as_os_str() != "-").try_for_each(|(_, path)| try_place(path))
}

/// Refuses a file that could not be written.
pub(super) fn try_place(path: &Path) -> Result<()> {
    if path.is_dir() {
        return Err(Error::Output { path: path.to_owned(), reason: "is a directory; name a file in it".to_owned() });
    }
    PendingFile::beside(path).map(drop)
}

/// Refuses a report that would overwrite a file of the corpus.
pub(super) fn check(reports: &[(ReportFormat, PathBuf)], corpus: &Corpus) -> Result<()> {
    reports.iter().try_for_each(|(_, path)| check_place(path, corpus.sources.iter().map(|source| &source.path)))
}

/// Refuses a report at a place where one of `sources` is.
pub(super) fn check_place(path: &Path, mut sources: impl Iterator<Item = impl AsRef<Path>>) -> Result<()> {
    let Ok(full) = std::fs::canonicalize(path) else { return Ok(()) };
    if sources.any(|source| std::fs::canonicalize(source).is_ok_and(|source| source == full)) {
        let reason = "is part of the input, and the report would overwrite it; choose another place".to_owned();
        return Err(Error::Output { path: path.to_owned(), reason });
    }
    Ok(())
}

/// Writes one report to a file.
fn write_one(report: &Report<'_>, format: ReportFormat, path: &Path, json: Option<&Path>) -> Result<()> {
    PendingFile::put(path, |file| match format {
        ReportFormat::Html => report::write_html(report, None, json.and_then(|json| link(path, json)), file),
        _ => report::write(report, format, file),
    })
}

/// The link from one file to another, relative, so that both can be moved together; none if there is no such way.
pub(super) fn link(from: &Path, to: &Path) -> Option<String> {
    let (from, to) = (std::path::absolute(from).ok()?, std::path::absolute(to).ok()?);
    let folder: Vec<Component<'_>> = from.parent()?.components().collect();
    let to: Vec<Component<'_>> = to.components().collect();
    let common = folder.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let names = to[common..].iter().map(|name| name.as_os_str().to_str().map(encoded));
    let names: Vec<String> = names.collect::<Option<_>>()?;
    Some("../".repeat(folder.len() - common) + &names.join("/"))
}

/// A name in a link: what is not a letter, a digit or one of `-._~` as `%` and two hexadecimal digits (RFC 3986).
fn encoded(name: &str) -> String {
    let encode = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    name.bytes().map(encode).collect()
}

/// Writes the report of a cleaned corpus to `path` in the run folder, but for what is measured later.
pub(super) fn begin_json(report: &Report<'_>, path: &Path) -> Result<BufWriter<DiskFile>> {
    let begin = || {
        let mut file = BufWriter::new(DiskFile::create(path)?);
        report::begin_json(report, &mut file).map(|()| file)
    };
    begin().map_err(|e| Error::io("cannot write", path, e))
}

/// Ends that report and moves it to `to`.
pub(super) fn finish_json(mut file: BufWriter<DiskFile>, measured: &Measured, path: &Path, to: &Path) -> Result<()> {
    let finish = || {
        report::finish_json(measured, &mut file)?;
        file.into_inner().map_err(std::io::IntoInnerError::into_error)?.finish()?;
        disk::rename(path, to)
    };
    finish().map_err(|e| Error::io("cannot write", path, e))
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
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let findings = args.findings.unwrap_or(match (verbose, &report.overview.verdict) {
        (true, _) => FINDINGS_VERBOSE,
        (false, Some(_)) => FINDINGS_JUDGED,
        (false, None) => FINDINGS,
    });
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
        "  all      {:>8.3} s on {} threads, peak memory {memory}, temporary disk {}",
        report.measured.seconds,
        report.measured.threads,
        human_bytes(report.measured.peak_temporary)
    )
}

/// The command line, for the run card.
pub(super) fn command_line() -> String {
    let args: Vec<String> = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    format!("unecho {}", args.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative_and_cannot_be_anything_else() {
        let link = |from: &str, to: &str| link(Path::new(from), Path::new(to)).unwrap();
        assert_eq!(link("report.html", "report.json"), "report.json");
        assert_eq!(link("out/report.html", "out.unecho/report.json"), "../out.unecho/report.json");
        assert_eq!(link("/a/b/page.html", "/a/b/c/x y.json"), "c/x%20y.json");
        assert_eq!(link("page.html", "javascript:alert(1).json"), "javascript%3Aalert%281%29.json");
    }
}
