//! `unecho restore`: undo a clean.

use super::args;
use super::terminal::Terminal;
use crate::error::Result;
use crate::report::{counted, human_bytes};

pub(super) fn run(args: args::Restore, terminal: &Terminal) -> Result<()> {
    terminal.writing();
    let restored = crate::restore(&args.cleaned, &args.output, args.force, terminal.progress())?;
    terminal.say(|_, out| {
        let (files, bytes) = (counted(restored.files, "file"), human_bytes(restored.bytes));
        writeln!(out, "  restored {files}, {bytes}, each as its digest says, to {}", args.output.display())
    })
}
