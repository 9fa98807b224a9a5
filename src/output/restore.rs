//! Cleaned corpus + ledger → the original, byte for byte, on disk or in memory.
//!
//! Every file is checked twice: the cleaned one against the ledger before, the restored one after. Compressed files come
//! back with the same contents, compressed anew.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Component, Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_128;

use super::atomic::{Staged, check_free};
use super::encode::Encoder;
use super::ledger::{Line, SourceLine, VERSION};
use super::target::check_apart;
use super::{LEDGER, state_dir};
use crate::corpus::Codec;
use crate::error::{Error, Result};
use crate::input::decode_file;
use crate::progress::Progress;
use crate::resume::disk::{Checksum, DiskFile, Hasher, Together, above};

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
        let to = if ledger.directory { staged.path().join(&name) } else { staged.path().to_owned() };
        let from = ledger.cleaned(out, &name);
        restore_source(&mut ledger, &source, &from, &to, &mut together)?;
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

/// Rebuilds in memory what the run that wrote `out` had read: for each source, in order, the path that its cleaned copy
/// has below `out`, and its decoded bytes. Errors are those of [`restore`].
pub fn originals(out: &Path, progress: &dyn Progress) -> Result<Vec<(PathBuf, Vec<u8>)>> {
    let mut ledger = Ledger::open(&state_dir(out).join(LEDGER))?;
    let mut originals = Vec::new();
    while let Some((source, name)) = ledger.next_source()? {
        progress.check()?;
        let mut bytes = Vec::new();
        let from = ledger.cleaned(out, &name);
        weave(&mut ledger, &source, &from, &name, &mut bytes)?;
        originals.push((name, bytes));
    }
    Ok(originals)
}

fn restore_source(
    ledger: &mut Ledger,
    source: &SourceLine,
    from: &Path,
    to: &Path,
    together: &mut Together,
) -> Result<()> {
    let codec = Codec::from_name(&source.codec).ok_or_else(|| ledger.error("names an unknown codec"))?;
    let failed = |e| Error::io("cannot write", to, e);
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    let file = DiskFile::create(to).map_err(failed)?;
    let mut out = Encoder::new(file, codec, source.bytes).map_err(failed)?;
    weave(ledger, source, from, to, &mut out)?;
    out.finish().and_then(|file| file.close(together)).map_err(failed)?;
    Ok(())
}

/// Writes the bytes of a source as they were read, from its cleaned copy and the ranges that the ledger lists next.
fn weave(ledger: &mut Ledger, source: &SourceLine, from: &Path, to: &Path, out: &mut dyn Write) -> Result<()> {
    let kept = match &source.kept_digest {
        Some(digest) => read_kept(from, digest)?,
        None => Vec::new(),
    };
    let mut written = Hasher::default();
    let mut put = |bytes: &[u8]| -> Result<()> {
        written.add(bytes);
        out.write_all(bytes).map_err(|e| Error::io("cannot write", to, e))
    };
    let (mut at, mut next) = (0u64, 0usize);
    while let Some((position, removed)) = ledger.next_removed()? {
        let end = position.checked_sub(at).and_then(|gap| next.checked_add(usize::try_from(gap).ok()?));
        let gap =
            end.and_then(|end| kept.get(next..end)).ok_or_else(|| ledger.error("does not fit the cleaned file"))?;
        put(gap)?;
        put(&removed)?;
        next += gap.len();
        at = position + removed.len() as u64;
    }
    put(&kept[next..])?;
    if written.checksum().hex() != source.digest {
        return Err(ledger.error(&format!("does not give {} back as it was", to.display())));
    }
    Ok(())
}

/// The decoded bytes of a cleaned file, which must be those that were written.
fn read_kept(path: &Path, digest: &str) -> Result<Vec<u8>> {
    let bytes = decode_file(path)?;
    if Checksum::of(&bytes).hex() == digest {
        return Ok(bytes);
    }
    Err(Error::Ledger {
        path: path.to_owned(),
        reason: "was changed after it was cleaned, so the original cannot be rebuilt from it; bring back the file as unecho wrote it".to_owned(),
    })
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
        let Some(line) = self.lines_left.next() else { return Ok(None) };
        let line = line.map_err(|e| self.error(&format!("is damaged or cut short ({e})")))?;
        self.lines += 1;
        serde_json::from_str(&line).map(Some).map_err(|e| self.error(&format!("is damaged ({e})")))
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
