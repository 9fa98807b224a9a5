//! Whole or not at all: outputs are made beside their place and renamed into it.
//!
//! The temporary file or directory has a name of its own, so that two runs do not meet; it vanishes when dropped. What it
//! holds is flushed to disk before the rename, and the directory above it after. Errors name the output: of the temporary file nobody
//! knows.
//!
//! A device, a pipe or a link is never replaced by a file: `--report json=/dev/stdout` once did that, run as root. A
//! report goes through it when it is whole; a cleaned corpus is refused there.

use std::fs;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile, TempDir, TempPath};

use super::LEDGER;
use super::planted::SYNTH;
use super::target::state_dir;
use crate::error::{Error, Result};
use crate::resume::disk::{NewDirectories, above, sync_directory_of};

/// An output that is not in its place yet.
pub(super) struct Staged {
    place: PathBuf,
    force: bool,
    made: Made,
    _above: NewDirectories,
}

enum Made {
    File(TempPath),
    Directory(TempDir),
}

impl Staged {
    /// A directory that will be `place`.
    pub(super) fn directory(place: &Path, force: bool) -> Result<Staged> {
        let new = make_above(place)?;
        let made = builder(0o777).tempdir_in(above(place));
        let made = made.map_err(|e| Error::io("cannot write beside", place, without_name(e)))?;
        Ok(Staged { place: place.to_owned(), force, made: Made::Directory(made), _above: new })
    }

    /// A file that will be `place`.
    pub(super) fn file(place: &Path, force: bool) -> Result<Staged> {
        let new = make_above(place)?;
        let made = temporary_file(place)?.into_temp_path();
        Ok(Staged { place: place.to_owned(), force, made: Made::File(made), _above: new })
    }

    /// Where it is now.
    pub(super) fn path(&self) -> &Path {
        match &self.made {
            Made::File(path) => path,
            Made::Directory(dir) => dir.path(),
        }
    }

    /// Renames it into its place.
    pub(super) fn commit(self) -> Result<()> {
        check_free(&self.place, self.force)?;
        let failed = |e| Error::io("cannot put in place", &self.place, e);
        match self.made {
            Made::File(path) if self.force => path.persist(&self.place).map_err(|e| failed(e.error))?,
            Made::File(path) => path.persist_noclobber(&self.place).map_err(|e| failed(e.error))?,
            Made::Directory(dir) => replace_directory(dir, &self.place).map_err(failed)?,
        }
        sync_directory_of(&self.place).map_err(failed)
    }
}

/// Renames a directory into place; one that is there already goes away only after the new one stands.
fn replace_directory(dir: TempDir, place: &Path) -> io::Result<()> {
    let old = Builder::new().prefix(".unecho-old-").tempdir_in(above(place))?;
    if place.exists() {
        fs::rename(place, old.path().join("old"))?;
    }
    if let Err(e) = fs::rename(dir.path(), place) {
        let _ = fs::rename(old.path().join("old"), place);
        return Err(e);
    }
    // it is no longer where it was made: nothing to delete there
    let _ = dir.keep();
    Ok(())
}

/// Refuses a place that is taken, unless `force` and an earlier run of ours made it. An empty directory counts as free.
pub(super) fn check_free(place: &Path, force: bool) -> Result<()> {
    let Ok(found) = fs::symlink_metadata(place) else { return Ok(()) };
    let refuse = |reason: &str| Err(Error::Output { path: place.to_owned(), reason: reason.to_owned() });
    let is_empty_dir = found.is_dir() && fs::read_dir(place).is_ok_and(|mut entries| entries.next().is_none());
    let is_ours = place.join(LEDGER).exists() || state_dir(place).join(LEDGER).exists() || place.join(SYNTH).exists();
    let is_device = fs::metadata(place).is_ok_and(|found| !found.is_file() && !found.is_dir());
    match (force, found.is_dir()) {
        _ if is_empty_dir => Ok(()),
        _ if is_device => refuse("is a device or a pipe, not a place for files; pass `-o -` for standard output"),
        (false, _) => refuse("exists already; pass --force to replace it, or choose another place with -o"),
        (true, true) if !is_ours => refuse(
            "is a directory that unecho did not write, as far as can be told, so --force does not replace it; take it away yourself, or choose another place with -o",
        ),
        (true, _) => Ok(()),
    }
}

/// Refuses the place of a cleaned corpus where there is a file with something in it that no run of ours wrote: to replace
/// one output was asked for, and not to lose a file of that name.
pub(super) fn check_no_foreign_file(place: &Path) -> Result<()> {
    let holds_something = fs::symlink_metadata(place).is_ok_and(|found| found.is_file() && found.len() > 0);
    if !holds_something || state_dir(place).join(LEDGER).exists() {
        return Ok(());
    }
    let reason = "is a file that unecho did not write, so --force does not replace it; choose another place with -o";
    Err(Error::Output { path: place.to_owned(), reason: reason.to_owned() })
}

/// A path below a directory of ours that is neither a directory nor `known`, if there is one: to replace the directory would lose it.
pub(super) fn other_file(dir: &Path, known: &impl Fn(&Path) -> bool) -> Result<Option<PathBuf>> {
    let failed = |e| Error::io("cannot read", dir, e);
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let other = match entry.file_type().map_err(failed)?.is_dir() {
            true => other_file(&path, known)?,
            false => Some(path).filter(|path| !known(path)),
        };
        if other.is_some() {
            return Ok(other);
        }
    }
    Ok(None)
}

/// Refuses to replace a directory for the sake of a file in it that unecho did not write.
pub(super) fn refuse_for(other: PathBuf) -> Error {
    let reason = "is a file that unecho did not write, in a directory that --force would replace; move it away, or choose another place with -o";
    Error::Output { path: other, reason: reason.to_owned() }
}

/// A file that is being written and has no place yet; dropped, it vanishes.
pub struct PendingFile {
    /// Not the [`NamedTempFile`], which adds its name to errors.
    file: io::BufWriter<fs::File>,
    made: TempPath,
    _above: NewDirectories,
}

impl PendingFile {
    /// Writes a file and puts it at `place`, whole or not at all. Errors of `write` are told of as those of `place`.
    pub fn put(place: &Path, write: impl FnOnce(&mut PendingFile) -> io::Result<()>) -> Result<()> {
        let mut file = PendingFile::beside(place)?;
        write(&mut file).map_err(|e| Error::io("cannot write", place, e))?;
        file.finish(place)
    }

    /// A file on the same disk as `place`, which need not be its own place.
    pub fn beside(place: &Path) -> Result<PendingFile> {
        let new = make_above(place)?;
        let file = match leads_on(place) {
            true => {
                let failed = |e| Error::io("cannot write in", std::env::temp_dir(), without_name(e));
                builder(0o600).tempfile().map_err(failed)?
            }
            false => temporary_file(place)?,
        };
        let (file, made) = file.into_parts();
        Ok(PendingFile { file: io::BufWriter::new(file), made, _above: new })
    }

    /// Flushes it to disk and puts it at `place`, over the file that is there, or through what is there otherwise.
    pub fn finish(self, place: &Path) -> Result<()> {
        let failed = |e| Error::io("cannot write", place, e);
        let file = self.file.into_inner().map_err(|e| failed(e.into_error()))?;
        if leads_on(place) {
            return pour(file, place).map_err(failed);
        }
        file.sync_all().map_err(failed)?;
        self.made.persist(place).map_err(|e| failed(e.error))?;
        sync_directory_of(place).map_err(failed)
    }
}

impl Write for PendingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Whether `place` is a device, a pipe or a link: what is written there goes somewhere else.
fn leads_on(place: &Path) -> bool {
    fs::symlink_metadata(place).is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Writes all of `file` to what is at `place`.
fn pour(mut file: fs::File, place: &Path) -> io::Result<()> {
    let mut out = fs::OpenOptions::new().write(true).create(true).truncate(true).open(place)?;
    file.rewind()?;
    io::copy(&mut file, &mut out)?;
    if out.metadata()?.is_file() { out.sync_all() } else { Ok(()) }
}

fn temporary_file(place: &Path) -> Result<NamedTempFile> {
    builder(0o666).tempfile_in(above(place)).map_err(|e| Error::io("cannot write beside", place, without_name(e)))
}

/// What the system said, without the name of a temporary file that `tempfile` adds.
fn without_name(error: io::Error) -> io::Error {
    match error.to_string().split_once(" at path ") {
        Some((said, _)) => io::Error::new(error.kind(), said.to_owned()),
        None => error,
    }
}

/// Names temporary outputs so that nobody takes them for finished ones; `mode` is what the umask is taken from.
fn builder(mode: u32) -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".unecho-").suffix(".tmp");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    builder
}

/// Makes the directory that will hold `place`.
fn make_above(place: &Path) -> Result<NewDirectories> {
    NewDirectories::make(above(place)).map_err(|e| Error::io("cannot make", above(place), e))
}
