//! What is read: inputs, formats, which files of a directory.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(in crate::cli) struct Input {
    /// Files and directories; `-` is standard input
    #[arg(value_name = "INPUT")]
    pub(in crate::cli) inputs: Vec<PathBuf>,
    /// Read further inputs from a file, one path a line; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) files_from: Option<PathBuf>,
    /// Format of the input [default: by name and contents]
    ///
    /// Known names are .txt .text .md .markdown .mdx .rst .adoc .org, none, .jsonl .ndjson .json (as JSON Lines). In
    /// directories other files are skipped and listed, unless --format or --glob is given. gzip, zstd, bzip2 and xz are
    /// recognised by content.
    #[arg(long, value_name = "FORMAT")]
    pub(in crate::cli) format: Option<Format>,
    /// What is one document in a text file
    #[arg(long, value_name = "WHAT", default_value = "file")]
    pub(in crate::cli) records: Records,
    /// JSON Lines: the field with the text; `a.b` is b inside a
    #[arg(long, value_name = "FIELD", default_value = "text")]
    pub(in crate::cli) text_field: String,
    /// JSON Lines: the field that names a record in reports; file and line where it is missing
    #[arg(long, value_name = "FIELD", default_value = "id")]
    pub(in crate::cli) id_field: String,
    /// In directories, only files that match; `!GLOB` leaves out; repeatable
    #[arg(short, long, value_name = "GLOB")]
    pub(in crate::cli) glob: Vec<String>,
    /// In directories, leave out what matches; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(in crate::cli) exclude: Vec<String>,
    /// In directories, hidden files too
    #[arg(long)]
    pub(in crate::cli) hidden: bool,
    /// Do not honour .gitignore, .ignore and .unechoignore
    #[arg(long)]
    pub(in crate::cli) no_ignore: bool,
    /// Follow symbolic links
    #[arg(short = 'L', long)]
    pub(in crate::cli) follow: bool,
    /// A file or record that is not what its format says: stop, or set it aside, count it, list it and go on
    #[arg(long, value_name = "WHAT", default_value = "fail")]
    pub(in crate::cli) on_error: OnError,
}

/// For what reads all of the input; `plan` looks at a sample.
#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(in crate::cli) struct Completeness {
    /// Fail, with exit code 2 and nothing written, if anything that was found was skipped or set aside
    ///
    /// The first few are listed, with their number and what to do. What --exclude, --glob, ignore files and hidden names leave
    /// out was not found. With --on-error skip, one run lists all bad records instead of stopping at the first.
    #[arg(long)]
    pub(in crate::cli) strict: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// Plain text or Markdown
    Text,
    /// One JSON object a line
    Jsonl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Records {
    /// The file is one document
    File,
    /// Each line is one
    Line,
    /// Each block between blank lines is one
    BlankLine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum OnError {
    Fail,
    Skip,
}
