//! `unecho clean --status`: how far an unfinished run is, from its manifest.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::json;

use super::terminal::Terminal;
use crate::error::{Error, Result};
use crate::output::state_dir;
use crate::report::{ReportFormat, count, counted, human_bytes};
use crate::resume::{Found, Manifest, Status};

/// Prints how far the run of `out` is.
pub(super) fn show(out: &Path, reports: &[(ReportFormat, PathBuf)], terminal: &Terminal) -> Result<()> {
    let as_json = match reports {
        [] => false,
        [(ReportFormat::Json, path)] if path.as_os_str() == "-" => true,
        _ => return Err(Error::Usage("--status goes to standard output: `--report json=-` or no --report".to_owned())),
    };
    let status = Status::of(out).ok_or_else(|| nothing(out))?;
    let manifest = match &status.found {
        Found::Run(manifest) => Some(&**manifest),
        Found::Nothing if status.holder.is_some() => None,
        Found::Nothing => return Err(nothing(out)),
        Found::Damaged(reason) => {
            let reason = format!("its manifest is damaged ({reason}); begin anew with --force");
            return Err(Error::Saved { path: status.folder, reason });
        }
    };
    terminal.print(|style, out| {
        if as_json {
            return writeln!(out, "{}", to_json(&status, manifest));
        }
        let row = |name: &str| format!("  {}{name:<9}{}", style.strong, style.reset);
        let who = status
            .holder
            .as_deref()
            .map_or("nobody is at work; --resume goes on".to_owned(), |who| format!("{who} is at work"));
        writeln!(out, "{}{}", row("run"), status.folder.display())?;
        writeln!(out, "{}{who}", row("now"))?;
        let Some(manifest) = manifest else { return writeln!(out, "{}nothing is saved yet", row("finished")) };
        let extent = manifest.extent;
        writeln!(out, "{}{}", row("command"), manifest.card.command)?;
        writeln!(
            out,
            "{}{} in {} · {}",
            row("input"),
            counted(extent.documents, "document"),
            counted(extent.files, "file"),
            human_bytes(extent.bytes)
        )?;
        writeln!(out, "{}{}", row("finished"), finished(manifest))?;
        let bytes: u64 = manifest.parts.iter().map(|part| part.bytes).sum();
        let ago = status.saved.map(|saved| format!(", the last {} ago", ago(saved))).unwrap_or_default();
        writeln!(out, "{}{} of {}{ago}", row("saved"), counted(manifest.parts.len() as u64, "part"), human_bytes(bytes))
    })
}

fn nothing(out: &Path) -> Error {
    let complete = if state_dir(out).exists() { "; the run of this output is complete" } else { "" };
    Error::Saved { path: out.to_owned(), reason: format!("there is no unfinished run{complete}") }
}

/// The stage that the run is in, by what is finished.
fn stage(manifest: &Manifest) -> &'static str {
    let sketches = manifest.parts_of("sketch-").count() as u64;
    if manifest.placing.is_some() {
        "place"
    } else if manifest.part("plan").is_some() {
        "write"
    } else if sketches < manifest.extent.sketches {
        "sketch"
    } else {
        "resolve"
    }
}

fn finished(manifest: &Manifest) -> String {
    let sketches =
        format!("{} of {}", count(manifest.parts_of("sketch-").count() as u64), count(manifest.extent.sketches));
    match stage(manifest) {
        "sketch" => format!("{sketches} parts of the sketches"),
        "resolve" => "the sketches; deciding what stays is next".to_owned(),
        "write" => {
            format!("the plan; {} of written files", counted(manifest.parts_of("written-").count() as u64, "part"))
        }
        _ => "everything but the last renames".to_owned(),
    }
}

fn to_json(status: &Status, manifest: Option<&Manifest>) -> serde_json::Value {
    let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    json!({
        "run": status.folder.display().to_string(),
        "holder": status.holder,
        "saved": status.saved.map(since),
        "stage": manifest.map(stage),
        "sketches": manifest.map(|manifest| manifest.parts_of("sketch-").count()),
        "input": manifest.map(|manifest| manifest.extent),
        "card": manifest.map(|manifest| &manifest.card),
        "parts": manifest.map(|manifest| &manifest.parts),
    })
}

/// How long ago that was, roughly.
fn ago(time: SystemTime) -> String {
    let seconds = SystemTime::now().duration_since(time).unwrap_or(Duration::ZERO).as_secs();
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3600),
    }
}
