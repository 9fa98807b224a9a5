//! Cleaned corpus + ledger → the original, byte for byte, on disk or in memory.
//!
//! Files go by piece by piece, whatever their size. Each is checked twice meanwhile, the cleaned one and the restored one, and
//! nothing is put in its place before both are what the ledger says. Compressed files come back with the same contents,
//! compressed anew.

use std::fs;
use std::io::{self, BufRead, BufReader, Lines, Read, Write};
use std::path::{Component, Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_128;

use super::atomic::{Staged, check_free, other_file};
use super::encode::Encoder;
use super::heeding::{Heeding, failed};
use super::ledger::{Line, REMOVED, SourceLine, VERSION};
use super::target::check_apart;
use super::{LEDGER, state_dir};
use crate::corpus::Codec;
use crate::error::{Error, Result};
use crate::input::open_decoded;
use crate::memory;
use crate::progress::Progress;
use crate::resume::disk::{DiskFile, Hasher, Together, above};

/// What was restored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Files written.
    pub files: u64,
    /// Their decoded bytes.
    pub bytes: u64,
}

/// Rebuilds at `original` what the run that wrote `out` had read. With `force`, what is there is replaced.
///
/// Errors: no ledger beside `out`, a ledger that is damaged, or a cleaned file that was changed since.
pub fn restore(out: &Path, original: &Path, force: bool, progress: &dyn Progress) -> Result<Restored> {
    let mut ledger = Ledger::open(&state_dir(out).join(LEDGER))?;
    check_apart(original, &[out.to_owned()])?;
    check_free(original, force)?;
    let staged = if ledger.directory { Staged::directory(original, force)? } else { Staged::file(original, force)? };
    let mut restored = Restored::default();
    let mut together = Together::new(if ledger.directory { staged.path() } else { above(original) });
    while let Some((source, name)) = ledger.next_source()? {
        progress.check()?;
        let below = |place: &Path| if ledger.directory { place.join(&name) } else { place.to_owned() };
        let to = Restoring { made: below(staged.path()), place: below(original) };
        let from = ledger.cleaned(out, &name);
        restore_source(&mut ledger, &source, &from, &to, &mut together, progress)?;
        restored.files += 1;
        restored.bytes += source.bytes;
    }
    together.flush().map_err(|e| Error::io("cannot flush", original, e))?;
    staged.commit()?;
    Ok(restored)
}

/// Whether there is a ledger beside `out`.
pub fn has_ledger(out: &Path) -> bool {
    state_dir(out).join(LEDGER).is_file()
}

/// A file in the output directory `out` that the run which wrote it did not write, if there is one: to replace the output would lose
/// it. Costs reading the ledger.
pub(super) fn foreign_file(out: &Path) -> Result<Option<PathBuf>> {
    let mut ledger = Ledger::open(&state_dir(out).join(LEDGER))?;
    let mut written = FxHashSet::default();
    while let Some((source, name)) = ledger.next_source()? {
        ledger.pass_over_removed()?;
        if source.kept_digest.is_some() {
            written.insert(ledger.cleaned(out, &name));
        }
    }
    other_file(out, &|path| written.contains(path))
}

/// Rebuilds in memory what the run that wrote `out` had read: for each source, in order, the path that its cleaned copy
/// has below `out`, and its decoded bytes. Errors are those of [`restore`].
pub fn originals(out: &Path, progress: &dyn Progress) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut ledger = Ledger::open(&state_dir(out).join(LEDGER))?;
    let mut originals = Vec::new();
    while let Some((source, name)) = ledger.next_source()? {
        progress.check()?;
        let mut bytes = Vec::new();
        let from = ledger.cleaned(out, &name);
        weave(&mut ledger, &source, &from, &name, &mut bytes, progress)?;
        originals.push((name, bytes));
    }
    Ok(originals)
}

/// A file that is being restored.
struct Restoring {
    /// Where it is written.
    made: PathBuf,
    /// Where it will be: what errors name.
    place: PathBuf,
}

fn restore_source(
    ledger: &mut Ledger,
    source: &SourceLine,
    from: &Path,
    to: &Restoring,
    together: &mut Together,
    progress: &dyn Progress,
) -> Result<()> {
    let codec = Codec::from_name(&source.codec).ok_or_else(|| ledger.error("names an unknown codec"))?;
    let failed = |e| Error::io("cannot write", &to.place, e);
    if let Some(parent) = to.made.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    let file = DiskFile::create(&to.made).map_err(failed)?;
    let mut out = Encoder::new(file, codec, source.bytes).map_err(failed)?;
    weave(ledger, source, from, &to.place, &mut out, progress)?;
    out.finish().and_then(|file| file.close(together)).map_err(failed)?;
    Ok(())
}

/// Writes the bytes of a source as they were read, from its cleaned copy and the ranges that the ledger lists next. Holds
/// one of these ranges at a time, and nothing of the copy but a buffer. Errors name `to`.
fn weave(
    ledger: &mut Ledger,
    source: &SourceLine,
    from: &Path,
    to: &Path,
    out: &mut dyn Write,
    progress: &dyn Progress,
) -> Result<()> {
    let mut kept = Kept::open(source.kept_digest.as_deref(), from)?;
    let (mut written, mut out) = (Hasher::default(), Heeding::new(out, progress));
    let mut put = |bytes: &[u8]| -> Result<()> {
        written.add(bytes);
        out.write_all(bytes).map_err(failed(to, progress))
    };
    let mut at = 0u64;
    while let Some((position, removed)) = ledger.next_removed()? {
        let gap = position.checked_sub(at);
        if gap.is_none() || Some(kept.pass_on(gap, &mut put)?) != gap {
            // whether it was changed is known once all of it was read
            kept.pass_on(None, &mut |_| progress.check())?;
            return Err(kept.was_changed().unwrap_or_else(|| ledger.error("does not fit the cleaned file")));
        }
        put(&removed)?;
        at = position + removed.len() as u64;
    }
    kept.pass_on(None, &mut put)?;
    if let Some(error) = kept.was_changed() {
        return Err(error);
    }
    if written.checksum().hex() != source.digest {
        return Err(ledger.error(&format!("does not give {} back as it was", to.display())));
    }
    Ok(())
}

/// A cleaned file being read, which must hold what was written.
struct Kept<'s> {
    path: &'s Path,
    /// Nothing, if no cleaned file was written.
    bytes: Box<dyn Read>,
    /// What was read so far.
    read: Hasher,
    digest: Option<&'s str>,
    buffer: Vec<u8>,
}

impl<'s> Kept<'s> {
    fn open(digest: Option<&'s str>, path: &'s Path) -> Result<Kept<'s>> {
        let bytes = if digest.is_some() { open_decoded(path)? } else { Box::new(io::empty()) };
        Ok(Kept { path, bytes, read: Hasher::default(), digest, buffer: Vec::new() })
    }

    /// Passes on so many of the next bytes, or as many as there are if that is fewer, or is not said. Says how many these were.
    fn pass_on(&mut self, most: Option<u64>, put: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<u64> {
        let mut passed = 0;
        loop {
            let piece = most.map_or(u64::MAX, |most| most - passed).min(memory::PIECE as u64);
            self.buffer.clear();
            let read = self.bytes.by_ref().take(piece).read_to_end(&mut self.buffer);
            let read = read.map_err(|e| Error::io("cannot read", self.path, e))?;
            if read == 0 {
                return Ok(passed);
            }
            self.read.add(&self.buffer);
            put(&self.buffer)?;
            passed += read as u64;
        }
    }

    /// The error that the file, which was read to its end, does not hold what was written.
    fn was_changed(&self) -> Option<Error> {
        let is_other = self.digest.is_some_and(|digest| self.read.checksum().hex() != digest);
        is_other.then(|| Error::Ledger {
            path: self.path.to_owned(),
            reason: "was changed after it was cleaned, so the original cannot be rebuilt from it; bring back the file as unecho wrote it".to_owned(),
        })
    }
}

/// A ledger being read.
struct Ledger {
    path: PathBuf,
    /// Whether the output is a directory.
    directory: bool,
    lines_left: Lines<BufReader<zstd::stream::read::Decoder<'static, BufReader<fs::File>>>>,
    /// A line that was looked at and not taken.
    peeked: Option<Line<'static>>,
    /// Lines taken.
    lines: u64,
    /// Digests of the names of sources so far.
    names: FxHashSet<u128>,
}

impl Ledger {
    fn open(path: &Path) -> Result<Ledger> {
        let file = fs::File::open(path).map_err(|e| Error::Ledger {
            path: path.to_owned(),
            reason: format!("no ledger there ({e}); `restore` takes the output of `unecho clean` with the .unecho directory beside it"),
        })?;
        let failed = |e| Error::io("cannot read", path, e);
        let decoder = zstd::stream::read::Decoder::new(file).map_err(failed)?;
        let lines_left = BufReader::new(decoder).lines();
        let (path, names) = (path.to_owned(), FxHashSet::default());
        let mut ledger = Ledger { path, directory: false, lines_left, peeked: None, lines: 0, names };
        let Some(Line::Header { unecho_ledger: VERSION, directory }) = ledger.next()? else {
            return Err(ledger.error("is not a ledger of this version of unecho"));
        };
        Ok(Ledger { directory, ..ledger })
    }

    /// Where the cleaned copy of a source is.
    fn cleaned(&self, out: &Path, name: &Path) -> PathBuf {
        if self.directory { out.join(name) } else { out.to_owned() }
    }

    fn error(&self, reason: &str) -> Error {
        Error::Ledger { path: self.path.clone(), reason: format!("the ledger {reason}") }
    }

    fn next(&mut self) -> Result<Option<Line<'static>>> {
        if let Some(line) = self.peeked.take() {
            self.lines += 1;
            return Ok(Some(line));
        }
        self.next_line()?.map(|line| self.parsed(&line)).transpose()
    }

    fn next_line(&mut self) -> Result<Option<String>> {
        let line = self.lines_left.next().transpose();
        let line = line.map_err(|e| self.error(&format!("is damaged or cut short ({e})")))?;
        self.lines += u64::from(line.is_some());
        Ok(line)
    }

    fn parsed(&self, line: &str) -> Result<Line<'static>> {
        serde_json::from_str(line).map_err(|e| self.error(&format!("is damaged ({e})")))
    }

    /// The next source and its name, which is sure to stay below the output; `None` at the end.
    fn next_source(&mut self) -> Result<Option<(SourceLine, PathBuf)>> {
        match self.next()? {
            Some(Line::Source(source)) => {
                let name = source.source.path().ok_or_else(|| self.error("names a file that this system cannot"))?;
                if !name.components().all(|c| matches!(c, Component::Normal(_))) {
                    return Err(self.error("names a file outside the output"));
                }
                // one would be written over the other
                let is_new = self.names.insert(xxh3_128(name.as_os_str().as_encoded_bytes()));
                if !is_new || !self.directory && self.names.len() > 1 {
                    return Err(self.error(&format!("has two sources for one file, {}", name.display())));
                }
                Ok(Some((source, name)))
            }
            Some(Line::End { end }) if end + 1 == self.lines => Ok(None),
            _ => Err(self.error("is damaged or cut short")),
        }
    }

    /// Passes over the removed ranges of the same source, which are most of a ledger.
    fn pass_over_removed(&mut self) -> Result<()> {
        while let Some(line) = self.next_line()? {
            if !line.starts_with(REMOVED) {
                self.peeked = Some(self.parsed(&line)?);
                self.lines -= 1;
                break;
            }
        }
        Ok(())
    }

    /// The next removed range of the same source: its offset and its bytes.
    fn next_removed(&mut self) -> Result<Option<(u64, Vec<u8>)>> {
        match self.next()? {
            Some(Line::Text { at, text }) => Ok(Some((at, text.into_owned().into_bytes()))),
            Some(Line::Bytes { at, base64 }) => {
                let bytes = STANDARD.decode(base64).map_err(|e| self.error(&format!("is damaged ({e})")))?;
                Ok(Some((at, bytes)))
            }
            other => {
                self.lines -= u64::from(other.is_some());
                self.peeked = other;
                Ok(None)
            }
        }
    }
}
