//! Where the cleaned corpus goes, and whether it may.

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::error::{Error, Result};

/// Where the cleaned corpus goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A directory with the names of the input in it.
    Directory(PathBuf),
    /// A single file.
    File(PathBuf),
}

impl Target {
    /// What `out` means for these inputs: a file if the only input is a file (or standard input) and `out` has an
    /// extension or is a file already; otherwise a directory.
    pub fn new(out: &Path, inputs: &[PathBuf]) -> Target {
        let one_file = matches!(inputs, [only] if !only.is_dir());
        let trailing_slash = out.to_string_lossy().ends_with(std::path::is_separator);
        let like_a_file = !trailing_slash && !out.is_dir() && (out.extension().is_some() || out.is_file());
        let place: PathBuf = out.components().collect();
        if one_file && like_a_file { Target::File(place) } else { Target::Directory(place) }
    }

    /// The file or directory itself.
    pub fn path(&self) -> &Path {
        match self {
            Target::Directory(path) | Target::File(path) => path,
        }
    }
}

/// Where ledger, report and rejects of an output lie: beside it, with `.unecho` after its name.
pub fn state_dir(out: &Path) -> PathBuf {
    let out: PathBuf = out.components().collect();
    let mut name = out.file_name().map(ToOwned::to_owned).unwrap_or_else(|| "out".into());
    name.push(".unecho");
    out.with_file_name(name)
}

/// Refuses an output inside an input, and an input inside an output.
pub(super) fn check_apart(out: &Path, inputs: &[PathBuf]) -> Result<()> {
    let refuse = |reason: String| Err(Error::Output { path: out.to_owned(), reason });
    let out_full = resolve(out);
    for input in inputs.iter().filter(|i| i.as_os_str() != "-") {
        let Ok(input_full) = fs::canonicalize(input) else { continue };
        if out_full.starts_with(&input_full) {
            return refuse(format!("the output would lie inside the input {}; choose another place", input.display()));
        }
        if input_full.starts_with(&out_full) && out_full.is_dir() && !is_empty(&out_full) {
            return refuse(format!("the output holds the input {}; choose another place", input.display()));
        }
    }
    Ok(())
}

fn is_empty(dir: &Path) -> bool {
    fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_none())
}

/// The absolute path without links, as far as it exists.
fn resolve(path: &Path) -> PathBuf {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let mut below = Vec::new();
    let mut above = absolute.as_path();
    while let (Err(_), Some(parent)) = (fs::canonicalize(above), above.parent()) {
        below.push(above.components().next_back().unwrap_or(Component::CurDir));
        above = parent;
    }
    let mut full = fs::canonicalize(above).unwrap_or_else(|_| above.to_owned());
    full.extend(below.into_iter().rev());
    full
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_or_a_directory() {
        let one = [PathBuf::from("news.txt")];
        let many = [PathBuf::from("a.txt"), PathBuf::from("b.txt")];
        assert_eq!(Target::new(Path::new("cleaned"), &one), Target::Directory("cleaned".into()));
        assert_eq!(Target::new(Path::new("cleaned.txt"), &one), Target::File("cleaned.txt".into()));
        assert_eq!(Target::new(Path::new("cleaned.d/"), &one), Target::Directory("cleaned.d".into()));
        assert_eq!(Target::new(Path::new("cleaned.txt"), &many), Target::Directory("cleaned.txt".into()));
    }

    #[test]
    fn state_lies_beside_the_output() {
        assert_eq!(state_dir(Path::new("a/cleaned/")), Path::new("a/cleaned.unecho"));
        assert_eq!(state_dir(Path::new("x.jsonl")), Path::new("x.jsonl.unecho"));
    }
}
