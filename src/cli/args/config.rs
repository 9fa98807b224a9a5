//! `unecho config` and `unecho init`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

pub(super) const INIT_EXAMPLES: &str = "\
Example:
  unecho init docs && unecho check";

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Config {
    /// Print what every setting of a command is, and where it comes from
    ///
    /// It prints TOML: what is printed can stand in unecho.toml.
    Show {
        /// A command with whatever would be typed after it, as in `unecho config show check docs/ --similarity 0.9`
        #[arg(value_name = "COMMAND", trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        line: Vec<OsString>,
    },
    /// Print the JSON Schema of unecho.toml, for editors
    Schema,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Init {
    /// Files and directories to look at
    #[arg(value_name = "INPUT", default_value = ".")]
    pub(in crate::cli) inputs: Vec<PathBuf>,
    /// Replace an unecho.toml that is there
    #[arg(long)]
    pub(in crate::cli) force: bool,
}
