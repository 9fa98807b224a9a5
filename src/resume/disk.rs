//! The only way by which a run that can be resumed changes the disk: files made, written, flushed, renamed, removed.
//!
//! It adds nothing to the system calls but one thing: in builds with debug assertions each of them may be told to fail
//! ([`faults`]), which is how the tests try a full disk, a bad one, and a process that is killed at every single step. In
//! a release build that is compiled to nothing.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use xxhash_rust::xxh3::Xxh3;

use crate::memory;

#[cfg(debug_assertions)]
pub mod faults;
mod together;

pub use together::Together;

/// What is about to be done to the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A file or directory is made.
    Make,
    /// Bytes are written.
    Write,
    /// Bytes are flushed to the disk.
    Sync,
    /// A file or directory gets another name.
    Rename,
    /// A file or directory goes.
    Remove,
}

/// Asks whether a step may be done, and how many of `len` bytes.
#[cfg(debug_assertions)]
fn allow(step: Step, path: &Path, len: usize) -> io::Result<usize> {
    faults::allow(step, path, len)
}

#[cfg(not(debug_assertions))]
#[inline(always)]
#[expect(clippy::unnecessary_wraps, reason = "where faults can be asked for, it may fail")]
fn allow(_: Step, _: &Path, len: usize) -> io::Result<usize> {
    Ok(len)
}

/// Tells that what was written to `path` is on the disk.
#[cfg(debug_assertions)]
fn synced(path: &Path, len: u64) {
    faults::synced(path, len);
}

#[cfg(not(debug_assertions))]
#[inline(always)]
fn synced(_: &Path, _: u64) {}

/// Tells that what lay at `from` lies at `to`.
#[cfg(debug_assertions)]
fn renamed(from: &Path, to: &Path) {
    faults::renamed(from, to);
}

#[cfg(not(debug_assertions))]
#[inline(always)]
fn renamed(_: &Path, _: &Path) {}

/// Length and XXH3-128 of what a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checksum {
    /// Bytes.
    pub len: u64,
    /// Their digest.
    pub digest: u128,
}

impl Checksum {
    /// The digest as 32 hexadecimal digits.
    pub fn hex(self) -> String {
        format!("{:032x}", self.digest)
    }

    /// Of bytes in memory, or mapped.
    pub fn of(bytes: &[u8]) -> Checksum {
        let mut hasher = Hasher::default();
        bytes.chunks(memory::PIECE).for_each(|piece| {
            memory::touched(piece.len());
            hasher.add(piece);
        });
        hasher.checksum()
    }

    /// Of a file, read from the disk in pieces.
    pub fn of_file(path: &Path) -> io::Result<Checksum> {
        let mut hasher = Hasher::default();
        io::copy(&mut io::BufReader::with_capacity(1 << 18, fs::File::open(path)?), &mut hasher)?;
        Ok(hasher.checksum())
    }
}

/// Makes a [`Checksum`] of what is written to it.
pub struct Hasher {
    len: u64,
    inner: Box<Xxh3>,
}

impl Default for Hasher {
    fn default() -> Self {
        Hasher { len: 0, inner: Box::new(Xxh3::new()) }
    }
}

impl Hasher {
    /// Adds what comes next.
    pub fn add(&mut self, bytes: &[u8]) {
        self.len += bytes.len() as u64;
        self.inner.update(bytes);
    }

    /// Of all so far.
    pub fn checksum(&self) -> Checksum {
        Checksum { len: self.len, digest: self.inner.digest128() }
    }
}

impl Write for Hasher {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A file being written.
pub struct DiskFile {
    file: fs::File,
    path: PathBuf,
    written: u64,
    /// Of what was written, if somebody asks for the checksum.
    hasher: Option<Hasher>,
    flushing: Flushing,
}

/// What is flushed to the disk while more is written, so that the disk does not stand idle until the end.
#[derive(Default)]
struct Flushing {
    /// How much had been written when it began last.
    from: u64,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// Bytes that are written before they are flushed.
const FLUSHED_AT_ONCE: u64 = 32 << 20;

impl Flushing {
    /// Begins to flush what was written, if that is much and the disk is not busy with this file already.
    fn go_on(&mut self, file: &fs::File, written: u64) -> io::Result<()> {
        if written - self.from < FLUSHED_AT_ONCE || self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) {
            return Ok(());
        }
        self.end()?;
        self.from = written;
        // without another handle or a thread it is flushed at the end
        let Ok(file) = file.try_clone() else { return Ok(()) };
        self.thread = thread::Builder::new().name("flush".to_owned()).spawn(move || file.sync_data()).ok();
        Ok(())
    }

    /// Waits for it. The system tells of a failure once, so it must be asked for here.
    fn end(&mut self) -> io::Result<()> {
        self.thread.take().map_or(Ok(()), |thread| thread.join().expect("flushing does not panic"))
    }
}

impl DiskFile {
    /// Makes a file, or empties one.
    pub fn create(path: &Path) -> io::Result<DiskFile> {
        allow(Step::Make, path, 0)?;
        let file = fs::File::create(path)?;
        Ok(DiskFile { file, path: path.to_owned(), written: 0, hasher: None, flushing: Flushing::default() })
    }

    /// The same file, of which a checksum is made while it is written.
    pub fn with_checksum(mut self) -> DiskFile {
        self.hasher = Some(Hasher::default());
        self
    }

    /// How much was written.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Ends it, to be flushed with others; its checksum, if there is one.
    pub fn close(mut self, together: &mut Together) -> io::Result<Option<Checksum>> {
        self.flushing.end()?;
        together.add(self.path, self.written)?;
        Ok(self.hasher.map(|hasher| hasher.checksum()))
    }

    /// Flushes all of it to the disk; its checksum, if there is one.
    pub fn finish(mut self) -> io::Result<Option<Checksum>> {
        allow(Step::Sync, &self.path, 0)?;
        self.flushing.end()?;
        self.file.sync_all()?;
        synced(&self.path, self.written);
        Ok(self.hasher.map(|hasher| hasher.checksum()))
    }
}

impl Write for DiskFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let allowed = allow(Step::Write, &self.path, bytes.len())?;
        let written = self.file.write(&bytes[..allowed])?;
        self.written += written as u64;
        if let Some(hasher) = &mut self.hasher {
            hasher.add(&bytes[..written]);
        }
        self.flushing.go_on(&self.file, self.written)?;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a file whole, to be flushed `together` with others; the disk begins with it. A part of it does not stay behind.
pub fn write_file(path: &Path, pieces: &[&[u8]], together: &mut Together) -> io::Result<Checksum> {
    let mut write = || {
        let mut file = DiskFile::create(path)?.with_checksum();
        pieces.iter().try_for_each(|piece| file.write_all(piece))?;
        let_go(&file.file);
        let checksum = file.close(together)?;
        Ok(checksum.expect("it was asked for"))
    };
    write().inspect_err(|_| drop(fs::remove_file(path)))
}

/// Lets the system's cache go of a file that this run will not read again, so that it holds texts and temporary data instead. What
/// waits to be written is begun with. That it is not heeded is no error.
#[cfg(target_os = "linux")]
fn let_go(file: &fs::File) {
    let _ = rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed);
}

/// What this system cannot be told.
#[cfg(not(target_os = "linux"))]
fn let_go(_: &fs::File) {}

/// Lets the system's cache go of what was flushed of a file.
pub fn forget(path: &Path) {
    fs::File::open(path).iter().for_each(let_go);
}

/// Puts a file at `path`, whole or not at all, over what is there.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = DiskFile::create(&beside)?;
    file.write_all(bytes).and_then(|()| file.finish()).inspect_err(|_| drop(fs::remove_file(&beside)))?;
    rename(&beside, path)?;
    sync_directory_of(path)
}

/// Makes a directory, and those above it.
pub fn make_directories(path: &Path) -> io::Result<()> {
    allow(Step::Make, path, 0)?;
    fs::create_dir_all(path)
}

/// Directories that were made for an output. When this goes, those with nothing in them go too: nothing came of the output.
#[derive(Debug)]
pub struct NewDirectories(Vec<PathBuf>);

impl NewDirectories {
    /// Makes a directory, and those above it.
    pub fn make(path: &Path) -> io::Result<NewDirectories> {
        let is_new = |dir: &&Path| !dir.as_os_str().is_empty() && fs::symlink_metadata(dir).is_err();
        // also what was made before something failed
        let made = NewDirectories(path.ancestors().take_while(is_new).map(Path::to_owned).collect());
        make_directories(path).map(|()| made)
    }
}

impl Drop for NewDirectories {
    fn drop(&mut self) {
        for dir in &self.0 {
            // one that holds something stays
            let _ = fs::remove_dir(dir);
        }
    }
}

/// Gives a file or directory another name on the same disk.
pub fn rename(from: &Path, to: &Path) -> io::Result<()> {
    allow(Step::Rename, to, 0)?;
    fs::rename(from, to).inspect(|()| renamed(from, to))
}

/// Gives a file another name where nothing may be.
pub fn rename_if_free(from: &Path, to: &Path) -> io::Result<()> {
    allow(Step::Rename, to, 0)?;
    let path = tempfile::TempPath::try_from_path(from)?;
    path.persist_noclobber(to).inspect(|()| renamed(from, to)).map_err(|e| {
        // it stays where it is, and does not vanish
        let _ = e.path.keep();
        e.error
    })
}

/// Takes away a file, or a directory with all that is in it; nothing is well too.
pub fn remove(path: &Path) -> io::Result<()> {
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    allow(Step::Remove, path, 0)?;
    let removed = if found.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    // somebody else may have taken it away meanwhile
    removed.or_else(|e| if e.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(e) })
}

/// Flushes the directory entry of `path`; only Unix can.
pub fn sync_directory_of(path: &Path) -> io::Result<()> {
    allow(Step::Sync, path, 0)?;
    if cfg!(unix) { fs::File::open(above(path))?.sync_all() } else { Ok(()) }
}

/// The directory that `path` is in.
pub fn above(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
