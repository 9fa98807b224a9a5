//! `unecho clean` and run folders: how a run begins, and what is said when it does not come to its end.

use std::io::{self, Write};

use super::terminal::Terminal;
use super::{args, reports};
use crate::config::Config;
use crate::corpus::Corpus;
use crate::error::{Error, Result};
use crate::output::{Target, has_ledger, state_dir};
use crate::pipeline::VERSION;
use crate::report::Style;
use crate::resume::{Card, Found, Manifest, Opened, RunFolder, Start, Status, ends, run_folder};

/// Bytes of text from which on a run is saved unless somebody says otherwise: it takes ten seconds and more.
const WORTH_SAVING: u64 = 1 << 30;

/// Whether what a run finishes is saved.
pub(super) fn is_worth_saving(wanted: args::Checkpoint, corpus: &Corpus) -> bool {
    match wanted {
        args::Checkpoint::Always => true,
        args::Checkpoint::Never => false,
        args::Checkpoint::Auto => corpus.bytes() >= WORTH_SAVING,
    }
}

/// The folder of a run that begins or goes on. `None` if an earlier run lacked its last renames only: then it is complete
/// now, and that was said.
pub(super) fn open(
    args: &args::Clean,
    config: &Config,
    target: &Target,
    terminal: &Terminal,
) -> Result<Option<RunFolder>> {
    let start = match (args.resume, args.force) {
        (true, _) => Start::Resume { touched: args.verify_inputs },
        (false, true) => Start::Over,
        (false, false) => Start::Fresh,
    };
    if args.resume && !args.force && is_complete(target) {
        let reason = "is complete: there is no unfinished run to go on with; pass --force to make it anew, or choose another place with -o";
        return Err(Error::Output { path: target.path().to_owned(), reason: reason.to_owned() });
    }
    let card = Card { unecho: this_program(), command: reports::command_line(), options: config.card() };
    match RunFolder::open(target.path(), card, start, terminal.progress())? {
        Opened::Run(run) => Ok(Some(run)),
        Opened::Finished => {
            terminal.say(|style, err| {
                writeln!(err, "  the run was complete but for the last step, which is done now")?;
                print_places(target, state_dir(target.path()).join("rejects").exists(), style, err)
            })?;
            Ok(None)
        }
    }
}

/// Whether a run was killed while it put its output in place: what stands there may be half of it, until
/// [`open`] has put that right.
pub(super) fn is_half_placed(target: &Target) -> bool {
    matches!(Manifest::find(&run_folder(target.path())), Found::Run(run) if run.placing.is_some())
}

/// The version and the build of this program: two builds of one version may have another opinion on what is in a part. The
/// first and last bytes of a program tell builds apart: there the linker notes what is in it.
fn this_program() -> String {
    let digest = std::env::current_exe().and_then(|path| ends(&path));
    digest.map_or_else(|_| VERSION.to_owned(), |build| format!("{VERSION}, build {:016x}", build as u64))
}

/// Whether the run of an output has ended, and nothing is left of it but that.
fn is_complete(target: &Target) -> bool {
    let is_under_way = |status: &Status| status.holder.is_some() || !matches!(status.found, Found::Nothing);
    let place = target.path();
    place.exists() && has_ledger(place) && !Status::of(place).is_some_and(|status| is_under_way(&status))
}

/// Where everything lies now.
pub(super) fn print_places(target: &Target, has_rejects: bool, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let state = state_dir(target.path());
    let row = |name: &str| format!("  {}{name:<9}{}", style.strong, style.reset);
    writeln!(out, "\n{}{}", row("cleaned"), target.path().display())?;
    writeln!(out, "{}{}", row("report"), state.join("report.json").display())?;
    if has_rejects {
        writeln!(out, "{}{}", row("rejects"), state.join("rejects").display())?;
    }
    writeln!(out, "{}unecho restore {} -o ORIGINAL", row("undo"), target.path().display())
}

/// After an error: says how to go on, if there is something to go on with.
pub(super) fn hint(error: &Error, target: &Target, terminal: &Terminal) {
    // these say themselves what is in the way
    if matches!(error, Error::Saved { .. } | Error::Output { .. } | Error::Usage(_)) {
        return;
    }
    let Some(Status { folder, found: Found::Run(_), holder: None, .. }) = Status::of(target.path()) else { return };
    let command = reports::command_line();
    let resume = if command.contains(" --resume") { "" } else { " --resume" };
    let _ = terminal.say(|_, err| {
        writeln!(err, "what is finished is saved in {}; go on with:\n  {command}{resume}", folder.display())
    });
}
