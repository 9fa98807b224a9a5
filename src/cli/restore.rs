//! `unecho restore`: undo a clean.

use super::args;
use super::terminal::Terminal;
use crate::error::{Error, Result};
use crate::report::{counted, human_bytes};

pub(super) fn run(args: args::Restore, terminal: &Terminal) -> Result<()> {
    if args.output.as_os_str() == "-" {
        let reason = "restore writes files, each checked by its digest, and nothing to standard output";
        return Err(Error::Usage(format!("-o -: {reason}; name a place, or `./-`")));
    }
    terminal.writing();
    let restored = crate::restore(&args.cleaned, &args.output, args.force, terminal.progress())?;
    terminal.say(|_, out| {
        let (files, bytes) = (counted(restored.files, "file"), human_bytes(restored.bytes));
        writeln!(out, "  restored {files}, {bytes}, each as its digest says, to {}", args.output.display())
    })
}
