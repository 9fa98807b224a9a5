//! `unecho completions` and `unecho man`: made from the arguments.

use std::io::{self, Write};

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Cli;
use crate::error::{Error, Result};

pub(super) fn completions(shell: Shell) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "unecho", &mut script);
    print(&script)
}

/// The manual page of the command, then those of its subcommands.
pub(super) fn man() -> Result<()> {
    let mut page = Vec::new();
    let command = Cli::command();
    let rendered = clap_mangen::Man::new(command.clone()).render(&mut page).and_then(|()| {
        command.get_subcommands().try_for_each(|sub| {
            let name = format!("unecho-{}", sub.get_name());
            clap_mangen::Man::new(sub.clone().name(name)).render(&mut page)
        })
    });
    rendered.map_err(|e| Error::io("cannot write", "standard output", e))?;
    print(&page)
}

fn print(bytes: &[u8]) -> Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).map_err(|e| Error::io("cannot write", "standard output", e))
}
