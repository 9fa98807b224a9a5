//! What can go wrong, said so that the user can act.
//!
//! One variant per thing that the *user* can do about it. Each message names the file, the record where there is one,
//! the reason and the remedy. This module knows no stage.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// An error with its remedy in its message.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Options that contradict each other or are out of range.
    Usage(String),
    /// The operating system refused to read or write a path.
    Io {
        /// What was being done, as in "cannot read".
        action: &'static str,
        /// The file or directory.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file or one of its records is not what its format says.
    Input {
        /// The file.
        path: PathBuf,
        /// The line where the record starts, from 1; `None` if the whole file is at fault.
        line: Option<u64>,
        /// What is wrong with it.
        reason: String,
    },
    /// There was nothing to scan.
    Nothing(String),
    /// Something was not read, and everything was to be; nothing was written.
    Incomplete(String),
    /// An output would be overwritten, or would lie where it must not.
    Output {
        /// The output in question.
        path: PathBuf,
        /// Why it is refused, and what to do.
        reason: String,
    },
    /// An input changed while it was worked on; nothing was put in place.
    Changed {
        /// The input.
        path: PathBuf,
        /// What happened to it.
        reason: String,
    },
    /// A removal limit was exceeded; nothing was written.
    Limit(String),
    /// A ledger does not fit the files beside it.
    Ledger {
        /// The ledger or the cleaned file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// A saved or unfinished run cannot be opened, or does not hold what is asked for.
    Saved {
        /// The run or its report.
        path: PathBuf,
        /// What is missing, and what to do.
        reason: String,
    },
    /// What does not fit into memory cannot be put on disk.
    Spill {
        /// The directory of temporary data.
        dir: PathBuf,
        /// Why not, and what to do.
        reason: String,
    },
    /// The user asked the run to stop; nothing half-written is left.
    Interrupted,
    /// The reader of standard output went away.
    ClosedPipe,
}

impl Error {
    /// Wraps what the operating system said about `path`.
    pub fn io(action: &'static str, path: impl AsRef<Path>, source: io::Error) -> Error {
        match source.kind() {
            io::ErrorKind::BrokenPipe => Error::ClosedPipe,
            _ => Error::Io { action, path: path.as_ref().to_owned(), source },
        }
    }

    /// A fault of an input file, or of the record that starts at `line`.
    pub fn input(path: impl AsRef<Path>, line: Option<u64>, reason: impl Into<String>) -> Error {
        Error::Input { path: path.as_ref().to_owned(), line, reason: reason.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(what) | Error::Nothing(what) | Error::Incomplete(what) | Error::Limit(what) => {
                f.write_str(what)
            }
            Error::Io { action, path, source } => write!(f, "{action} {}: {source}", path.display()),
            Error::Input { path, line: Some(line), reason } => write!(
                f,
                "{}:{line}: {reason}\n  remedy: mend the record, or pass `--on-error skip` to set it aside and go on",
                path.display()
            ),
            Error::Input { path, line: None, reason } => write!(
                f,
                "{}: {reason}\n  remedy: mend or leave out the file, or pass `--on-error skip` to set it aside and go on",
                path.display()
            ),
            Error::Output { path, reason } | Error::Ledger { path, reason } | Error::Saved { path, reason } => {
                write!(f, "{}: {reason}", path.display())
            }
            Error::Spill { dir, reason } => write!(f, "{}: {reason}", dir.display()),
            Error::Changed { path, reason } => write!(
                f,
                "{}: {reason} while it was worked on; nothing was put in place\n  remedy: run it again when nobody writes to the input",
                path.display()
            ),
            Error::Interrupted => f.write_str("interrupted; nothing half-written was left behind"),
            Error::ClosedPipe => f.write_str("the reader of the output closed it"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
