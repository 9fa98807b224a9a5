//! The command `unecho`: arguments in, exit code out.
//!
//! Only here does the program print, read the environment or the clock, and end. Data goes to standard output,
//! everything else to standard error. Exit codes: 0 done (also when the reader of the output went away), 2 usage,
//! configuration or I/O error, 130 interrupted, 143 terminated, 1 a gate of `check` failed.
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::exit)]

mod accepted;
mod args;
mod bands;
mod bench;
mod changed;
mod check;
mod child;
mod clean;
mod configuration;
mod cut_short;
mod diff;
mod explain;
mod generate;
mod paint;
mod plan;
mod progress;
mod render;
mod reports;
mod restore;
mod review;
mod scan;
mod settings;
mod status;
mod synth;
mod terminal;
mod unfinished;

use std::process::ExitCode;

use crate::error::Error;
use args::{Cli, Command, Config};
use configuration::Refused;
use terminal::Terminal;

/// Runs the command.
pub fn main() -> ExitCode {
    cut_short::explain_from_now_on();
    #[cfg(debug_assertions)]
    arm_faults();
    let words: Vec<_> = std::env::args_os().collect();
    let cli = match configuration::parse(&words) {
        Ok(cli) => cli,
        Err(Refused::Set(e)) => {
            eprintln!("error: {e}");
            return ExitCode::from(2);
        }
        Err(Refused::Typed(e)) => {
            // help and version are no errors; a closed pipe is not worth one
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { 2 } else { 0 });
        }
    };
    let terminal = Terminal::new(&cli.global);
    let result = run(cli, &terminal);
    terminal.clear();
    settings::warn_of_memory(&terminal);
    match result {
        Ok(code) => code,
        Err(Error::ClosedPipe) => ExitCode::SUCCESS,
        Err(e) => {
            terminal.error(&e);
            ExitCode::from(if matches!(e, Error::Interrupted) { progress::interrupted_code() } else { 2 })
        }
    }
}

/// Lets a step on the disk fail, where a test asks for it.
#[cfg(debug_assertions)]
fn arm_faults() {
    if let Ok(spec) = std::env::var("DISK_FAULT") {
        assert!(crate::resume::disk::faults::arm(&spec), "DISK_FAULT={spec}");
    }
}

/// Reads the words of a command line and the settings that they name, as [`main`] does its own; for `fuzz/`.
#[cfg(fuzzing)]
pub fn read_settings(words: &[&str]) -> Result<(), String> {
    let words: Vec<_> = words.iter().map(std::ffi::OsString::from).collect();
    match configuration::parse(&words) {
        Ok(_) => Ok(()),
        Err(Refused::Set(e)) => Err(e.to_string()),
        Err(Refused::Typed(e)) => Err(e.to_string()),
    }
}

fn run(cli: Cli, terminal: &Terminal) -> crate::Result<ExitCode> {
    let limit = settings::limit_memory(&cli.global, terminal.progress())?;
    settings::use_threads(&cli)?;
    match cli.command {
        Command::Check(args) => return check::run(&args, terminal),
        Command::Scan(args) => scan::run(args, terminal),
        Command::Clean(args) => clean::run(args, terminal),
        Command::Plan(args) => plan::run(&args, limit, terminal),
        Command::Bench(args) => bench::run(&args, &cli.global.threads.0, terminal),
        Command::Synth(args) => synth::run(args, terminal),
        Command::Restore(args) => restore::run(args, terminal),
        Command::Init(args) => configuration::init(&args, terminal),
        Command::Config(Config::Show { line }) => configuration::show(&line, terminal),
        Command::Config(Config::Schema) => configuration::print_schema(terminal),
        Command::Report(args) => render::run(&args, terminal),
        Command::Explain(args) => explain::run(&args, terminal),
        Command::Diff(args) => diff::run(&args, terminal),
        Command::Review(args) => review::run(&args, terminal),
        Command::Completions { shell } => generate::completions(shell),
        Command::Man => generate::man(),
    }?;
    Ok(ExitCode::SUCCESS)
}
