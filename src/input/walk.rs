//! Inputs → the files to read, in a fixed order.
//!
//! Inputs are taken in the order given; a directory gives its files sorted by path. Hidden files and what ignore files
//! name are left out as ripgrep does (`.gitignore` inside a repository, `.ignore`, and our `.unechoignore`), and so are
//! `*.unecho` and `*.unecho.run` directories, the state of earlier runs. A file that
//! two inputs reach is read once. Each file gets the name under which its cleaned copy is written: its path below the
//! only directory given, or below the deepest directory that holds all inputs.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use globset::{Glob, GlobSet, GlobSetBuilder};
use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};

use super::{Directories, InputOptions, OnError};
use crate::corpus::{Codec, Role, Skipped};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::resume::disk::above;

/// Which files of a directory are read.
#[derive(Clone, Debug, Default)]
pub struct WalkOptions {
    /// Only files that match one of these; `!GLOB` leaves out. As ripgrep's `-g`.
    pub globs: Vec<String>,
    /// Files and directories that are left out.
    pub exclude: Vec<String>,
    /// Hidden files too.
    pub hidden: bool,
    /// What ignore files name too.
    pub no_ignore: bool,
    /// Follow symbolic links.
    pub follow: bool,
}

/// What the name of a file says about its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guess {
    Text,
    Jsonl,
    /// `.json`: often JSON Lines, sometimes one document.
    Json,
    /// CSV or TSV: text as far as we know, with fields that may span lines.
    Table,
    /// No extension: text, or JSON Lines as its contents say.
    Nameless,
    Unknown,
}

impl Guess {
    /// Why a file that nobody named is passed over.
    fn is_no_text(self) -> Option<&'static str> {
        match self {
            Guess::Unknown => Some("its name says neither text nor JSONL"),
            Guess::Table => Some("a table (CSV or TSV), which is not read yet; convert it to JSON Lines"),
            Guess::Text | Guess::Jsonl | Guess::Json | Guess::Nameless => None,
        }
    }
}

/// A file to read.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    /// Its path below the output directory.
    pub(super) name: PathBuf,
    pub(super) role: Role,
    pub(super) guess: Guess,
    /// Named by the user, not found in a directory.
    pub(super) explicit: bool,
}

/// What [`walk`] found.
#[derive(Debug, Default)]
pub(super) struct Walked {
    pub(super) files: Vec<Found>,
    pub(super) skipped: Vec<Skipped>,
}

impl Walked {
    /// Adds what another walk found, but for files that this one found too: so many.
    pub(super) fn add(&mut self, other: Walked) -> usize {
        let (found, before) = (other.files.len(), self.files.len());
        if found > 0 {
            let known: HashSet<PathBuf> = self.files.iter().map(|file| identity(&file.path)).collect();
            self.files.extend(other.files.into_iter().filter(|file| !known.contains(&identity(&file.path))));
        }
        self.skipped.extend(other.skipped);
        found - (self.files.len() - before)
    }
}

/// The files that `inputs` stand for, to be read as `role`. Where a format is given, a directory's files are taken
/// whatever their names.
pub(super) fn walk(inputs: &[PathBuf], role: Role, options: &InputOptions, progress: &dyn Progress) -> Result<Walked> {
    let InputOptions { walk: options, format, on_error, .. } = options;
    let roots = inputs.iter().map(|input| Root::new(input)).collect::<Result<Vec<Root>>>()?;
    let base = base(&roots);
    let exclude = glob_set(&options.exclude)?;
    let any_name = format.is_some() || options.globs.iter().any(|glob| !glob.starts_with('!'));
    let mut walked = Walked::default();
    let (mut seen, mut directories) = (HashSet::new(), Directories::default());
    for root in &roots {
        let files = root.files(options, &exclude, *on_error, &mut walked.skipped)?;
        for (path, explicit) in files {
            progress.check()?;
            // what was found in a directory is no link, unless links are followed
            let may_be_link = explicit || options.follow;
            let identity = if may_be_link { identity(&path) } else { directories.full(&path) };
            if !seen.insert(identity) {
                progress.warn(&format!("{} is named twice and read once", path.display()));
                continue;
            }
            let guess = guess(&path);
            if !explicit
                && !any_name
                && let Some(reason) = guess.is_no_text()
            {
                walked.skipped.push(Skipped { path, reason: reason.to_owned() });
                continue;
            }
            let name = root.output_name(&path, &base);
            walked.files.push(Found { path, name, role, guess, explicit });
        }
    }
    Ok(walked)
}

/// One input that exists.
struct Root {
    given: PathBuf,
    absolute: PathBuf,
    is_dir: bool,
}

impl Root {
    fn new(given: &Path) -> Result<Root> {
        if given.as_os_str() == "-" {
            return Ok(Root { given: given.to_owned(), absolute: PathBuf::from("stdin"), is_dir: false });
        }
        let is_dir = fs::metadata(given).map_err(|e| Error::io("cannot open", given, e))?.is_dir();
        let absolute = full_path(given).map_err(|e| Error::io("cannot open", given, e))?;
        Ok(Root { given: given.to_owned(), absolute, is_dir })
    }

    /// The directory that its cleaned copy stands in.
    fn parent(&self) -> &Path {
        self.absolute.parent().unwrap_or(&self.absolute)
    }

    fn output_name(&self, path: &Path, base: &Path) -> PathBuf {
        let absolute = match path.strip_prefix(&self.given) {
            Ok(below) if self.is_dir => self.absolute.join(below),
            _ => self.absolute.clone(),
        };
        absolute.strip_prefix(base).map(Path::to_owned).unwrap_or(absolute)
    }

    /// Its files, sorted, each with whether the user named it. Links that are not followed, sockets and the like are
    /// listed as skipped, and under [`OnError::Skip`] so is what cannot be looked into.
    fn files(
        &self,
        options: &WalkOptions,
        exclude: &GlobSet,
        on_error: OnError,
        skipped: &mut Vec<Skipped>,
    ) -> Result<Vec<(PathBuf, bool)>> {
        if !self.is_dir {
            return Ok(vec![(self.given.clone(), true)]);
        }
        let mut builder = WalkBuilder::new(&self.given);
        builder
            .hidden(!options.hidden)
            .follow_links(options.follow)
            .standard_filters(!options.no_ignore)
            .hidden(!options.hidden)
            .overrides(overrides(&self.given, &options.globs)?)
            .sort_by_file_path(Path::cmp);
        if !options.no_ignore {
            builder.add_custom_ignore_filename(".unechoignore");
        }
        let (given, exclude) = (self.given.clone(), exclude.clone());
        builder.filter_entry(move |entry| {
            let below = entry.path().strip_prefix(&given).unwrap_or(entry.path());
            below.as_os_str().is_empty() || !(exclude.is_match(below) || is_state(entry.path()))
        });
        let mut files = Vec::new();
        for entry in builder.build() {
            match entry {
                Ok(entry) if entry.file_type().is_some_and(|t| t.is_file()) => files.push((entry.into_path(), false)),
                Ok(entry) if entry.file_type().is_some_and(|t| t.is_dir()) => {}
                Ok(entry) if entry.path_is_symlink() => {
                    let reason = "a symbolic link; -L follows it".to_owned();
                    skipped.push(Skipped { path: entry.into_path(), reason });
                }
                Ok(entry) => skipped.push(Skipped { path: entry.into_path(), reason: "not a regular file".to_owned() }),
                Err(e) => match (leads_nowhere(&e), on_error) {
                    (Some(link), _) => skipped.push(link),
                    (None, OnError::Skip) => skipped.push(unseen(&e, &self.given)),
                    (None, OnError::Fail) => {
                        let Skipped { path, reason } = unseen(&e, &self.given);
                        return Err(Error::input(path, None, reason));
                    }
                },
            }
        }
        Ok(files)
    }
}

/// What could not be looked into below an input, and why.
fn unseen(error: &ignore::Error, given: &Path) -> Skipped {
    match error {
        ignore::Error::WithDepth { err, .. } => unseen(err, given),
        ignore::Error::WithPath { path, err } => unseen(err, path),
        _ => {
            // what the system said, without what the walk adds to it
            let said = error.io_error().and_then(std::error::Error::source).map(ToString::to_string);
            let reason = format!("cannot look into it: {}", said.unwrap_or_else(|| error.to_string()));
            Skipped { path: given.to_owned(), reason }
        }
    }
}

/// A link that was followed and has nothing to read behind it, or nothing that is not read already.
fn leads_nowhere(error: &ignore::Error) -> Option<Skipped> {
    match error {
        ignore::Error::WithDepth { err, .. } => leads_nowhere(err),
        ignore::Error::Loop { ancestor, child } => {
            let reason = format!("a symbolic link that leads back to {}, which holds it", ancestor.display());
            Some(Skipped { path: child.clone(), reason })
        }
        ignore::Error::WithPath { path, err } if path.is_symlink() => {
            let reason = match fs::metadata(path).err()?.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => "a symbolic link to what is not there",
                _ if leads_back(path) => "a symbolic link that leads back to itself",
                _ => return leads_nowhere(err),
            };
            Some(Skipped { path: path.clone(), reason: reason.to_owned() })
        }
        ignore::Error::WithPath { err, .. } => leads_nowhere(err),
        _ => None,
    }
}

/// Whether a link leads to a link and so on, further than any system follows.
fn leads_back(link: &Path) -> bool {
    let next = |link: &PathBuf| fs::read_link(link).ok().map(|to| above(link).join(to));
    std::iter::successors(Some(link.to_owned()), next).nth(256).is_some()
}

/// Whether this is the state of an earlier run, which lies beside its output: no corpus.
fn is_state(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    (name.ends_with(b".unecho") || name.ends_with(b".unecho.run")) && path.is_dir()
}

/// The directory below which output names are made.
fn base(roots: &[Root]) -> PathBuf {
    // standard input has a name and no directory
    let mut roots = roots.iter().filter(|root| root.absolute.is_absolute()).peekable();
    match (roots.next(), roots.peek()) {
        (None, _) => PathBuf::new(),
        (Some(only), None) if only.is_dir => only.absolute.clone(),
        (Some(first), _) => roots.fold(first.parent().to_owned(), |base, root| common(&base, root.parent())),
    }
}

/// The absolute path, with links in the directories above resolved; a link that was named keeps its own name.
fn full_path(given: &Path) -> io::Result<PathBuf> {
    let Some(name) = given.file_name() else { return fs::canonicalize(given) };
    let parent = above(given);
    Ok(fs::canonicalize(parent)?.join(name))
}

/// The deepest directory above both.
fn common(a: &Path, b: &Path) -> PathBuf {
    a.components().zip(b.components()).take_while(|(x, y)| x == y).map(|(x, _)| x).collect()
}

/// What makes two paths the same file.
fn identity(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// What the name says, compression suffix left aside.
pub(super) fn guess(path: &Path) -> Guess {
    if path.as_os_str() == "-" {
        return Guess::Unknown;
    }
    match Codec::extension_within(path).as_deref() {
        Some("jsonl" | "ndjson") => Guess::Jsonl,
        Some("json") => Guess::Json,
        Some("txt" | "text" | "md" | "markdown" | "mdx" | "rst" | "adoc" | "asciidoc" | "org") => Guess::Text,
        Some("csv" | "tsv") => Guess::Table,
        None => Guess::Nameless,
        Some(_) => Guess::Unknown,
    }
}

fn overrides(root: &Path, globs: &[String]) -> Result<Override> {
    let bad = |e: ignore::Error| Error::Usage(format!("--glob: {e}"));
    let mut builder = OverrideBuilder::new(root);
    for glob in globs {
        builder.add(glob).map_err(bad)?;
    }
    builder.build().map_err(bad)
}

fn glob_set(globs: &[String]) -> Result<GlobSet> {
    let bad = |e: globset::Error| Error::Usage(format!("--exclude: {e}"));
    let mut builder = GlobSetBuilder::new();
    for glob in globs {
        builder.add(Glob::new(glob).map_err(bad)?);
        builder.add(Glob::new(&format!("**/{glob}")).map_err(bad)?);
    }
    builder.build().map_err(bad)
}

/// The paths listed in a file, one a line; blank lines and lines that begin with `#` do not count. `-` is standard input.
pub fn read_list(list: &Path) -> Result<Vec<PathBuf>> {
    let failed = |e| Error::io("cannot read", list, e);
    let mut text = Vec::new();
    let read = match list.as_os_str() == "-" {
        true => io::stdin().lock().read_to_end(&mut text),
        false => fs::File::open(list).and_then(|mut file| file.read_to_end(&mut text)),
    };
    read.map_err(failed)?;
    let lines = text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let paths = lines.filter(|line| !line.trim_ascii().is_empty() && !line.starts_with(b"#"));
    paths.map(|line| path_of(line).ok_or_else(|| not_utf8(list, line))).collect()
}

/// The path that these bytes are.
#[cfg(unix)]
fn path_of(bytes: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
}

/// The path that these bytes are: elsewhere, a path is text.
#[cfg(not(unix))]
fn path_of(bytes: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(bytes).ok().map(PathBuf::from)
}

fn not_utf8(list: &Path, line: &[u8]) -> Error {
    let line = String::from_utf8_lossy(line);
    Error::Usage(format!("--files-from {}: the path `{line}` is not UTF-8", list.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_formats() {
        for (name, expected) in [
            ("a.txt", Guess::Text),
            ("README", Guess::Nameless),
            ("a.md.gz", Guess::Text),
            ("a.JSONL.zst", Guess::Jsonl),
            ("c4.json.gz", Guess::Json),
            ("a.CSV.gz", Guess::Table),
            ("a.tsv", Guess::Table),
            ("a.png", Guess::Unknown),
        ] {
            assert_eq!(guess(Path::new(name)), expected, "{name}");
        }
    }
}
