//! Options of every command.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::memory::Amount;

/// Options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "General")]
pub(in crate::cli) struct Global {
    /// Worker threads; 0 for one per core [default: 0]
    ///
    /// The result does not depend on it. RAYON_NUM_THREADS is honoured where this is 0. `bench` takes several, as in 1,2,4.
    #[arg(short = 'j', long, global = true, value_name = "N", default_value = "0", hide_default_value = true, value_parser = parse_threads)]
    pub(in crate::cli) threads: Threads,
    /// Memory that the process may have: 2GiB, 500MB, or a share of what the machine allows [default: 50%]
    ///
    /// It is for the whole process; peaks can pass it by a tenth, on busy machines by more. What does not fit goes to
    /// --temp-dir. The result does not depend on it.
    /// The machine is the control group, where that allows less. Linux only.
    #[arg(long, global = true, value_name = "SIZE", value_parser = Amount::parse)]
    pub(in crate::cli) memory: Option<Amount>,
    /// Where temporary data goes that does not fit into memory [default: $TMPDIR, else /var/tmp]
    ///
    /// It has no name there and is gone when the process ends, however that comes.
    #[arg(long, global = true, value_name = "DIR")]
    pub(in crate::cli) temp_dir: Option<PathBuf>,
    /// Settings from this file [default: unecho.toml, found upwards from the input]
    ///
    /// The search ends at the root of the repository. UNECHO_CONFIG names a file too.
    #[arg(long, global = true, value_name = "FILE", conflicts_with = "isolated")]
    pub(in crate::cli) config: Option<PathBuf>,
    /// No settings from any file
    #[arg(long, global = true)]
    pub(in crate::cli) isolated: bool,
    /// Progress bars on standard error
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(in crate::cli) progress: When,
    /// Colour; NO_COLOR is honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(in crate::cli) color: When,
    /// Print errors only, and the findings where they are what was asked for: `scan`, `check`, `--dry-run`
    #[arg(short, long, global = true)]
    pub(in crate::cli) quiet: bool,
    /// Print more: stage times, memory, what was skipped or set aside, more findings
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(in crate::cli) verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum When {
    /// On a terminal
    Auto,
    Always,
    Never,
}

/// Numbers of worker threads: one, or for `bench` several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Threads(pub(in crate::cli) Vec<usize>);

/// Threads that there may be: a slip of the pen must not make so many that the machine stands still.
const MOST_THREADS: usize = 1024;

/// Parses `4` or `1,2,4`.
fn parse_threads(text: &str) -> Result<Threads, String> {
    let number = |text: &str| match text.trim().parse() {
        Ok(threads) if threads <= MOST_THREADS => Ok(threads),
        Ok(threads) => Err(format!("`{threads}` is more than {MOST_THREADS}")),
        Err(_) => Err(format!("`{text}` is not a whole number")),
    };
    text.split(',').map(number).collect::<Result<_, _>>().map(Threads)
}
