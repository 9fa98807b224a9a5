//! Cleaned corpus + ledger → the original, byte for byte.
//!
//! Every file is checked twice: the cleaned one against the ledger before, the restored one after. Compressed files come
//! back with the same contents, compressed anew.

use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Component, Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use xxhash_rust::xxh3::xxh3_128;

use super::atomic::{Staged, check_free};
use super::encode::Encoder;
use super::ledger::{Kept, Line, SourceLine, VERSION};
use super::target::check_apart;
use super::{LEDGER, state_dir};
use crate::corpus::Codec;
use crate::error::{Error, Result};
use crate::input::decode_file;
use crate::progress::Progress;

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
    let Some(Line::Header { unecho_ledger: VERSION, directory }) = ledger.next()? else {
        return Err(ledger.error("is not a ledger of this version of unecho"));
    };
    check_apart(original, &[out.to_owned()])?;
    check_free(original, force)?;
    let staged = if directory { Staged::directory(original, force)? } else { Staged::file(original, force)? };
    let mut restored = Restored::default();
    loop {
        progress.check()?;
        match ledger.next()? {
            Some(Line::Source(source)) => {
                let path = source.source.path().ok_or_else(|| ledger.error("names a file that this system cannot"))?;
                let name = checked_name(&ledger, &path)?;
                let (from, to) = match directory {
                    true => (out.join(&name), staged.path().join(&name)),
                    false => (out.to_owned(), staged.path().to_owned()),
                };
                restore_source(&mut ledger, &source, &from, &to)?;
                restored.files += 1;
                restored.bytes += source.bytes;
            }
            Some(Line::End { end }) if end + 1 == ledger.lines => break,
            _ => return Err(ledger.error("is damaged or cut short")),
        }
    }
    staged.commit()?;
    Ok(restored)
}

/// A name from the ledger, which must stay below the output.
fn checked_name(ledger: &Ledger, name: &Path) -> Result<PathBuf> {
    let inside = name.components().all(|c| matches!(c, Component::Normal(_)));
    if inside { Ok(name.to_owned()) } else { Err(ledger.error("names a file outside the output")) }
}

fn restore_source(ledger: &mut Ledger, source: &SourceLine, from: &Path, to: &Path) -> Result<()> {
    let codec = Codec::from_name(&source.codec).ok_or_else(|| ledger.error("names an unknown codec"))?;
    let kept = match &source.kept_digest {
        Some(digest) => read_kept(from, digest)?,
        None => Vec::new(),
    };
    let failed = |e| Error::io("cannot write", to, e);
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent).map_err(failed)?;
    }
    let file = fs::File::create(to).map_err(failed)?;
    let mut out = Encoder::new(file, codec).map_err(failed)?;
    let mut written = Kept::default();
    let mut put = |bytes: &[u8]| -> Result<()> {
        written.add(bytes);
        out.write_all(bytes).map_err(failed)
    };
    let (mut at, mut next) = (0u64, 0usize);
    while let Some((position, removed)) = ledger.next_removed()? {
        let gap = position.checked_sub(at).map(|gap| gap as usize).and_then(|gap| kept.get(next..next + gap));
        let gap = gap.ok_or_else(|| ledger.error("does not fit the cleaned file"))?;
        put(gap)?;
        put(&removed)?;
        next += gap.len();
        at = position + removed.len() as u64;
    }
    put(&kept[next..])?;
    if written.digest() != source.digest {
        return Err(ledger.error(&format!("does not give {} back as it was", to.display())));
    }
    out.finish().and_then(|file| file.sync_all()).map_err(failed)
}

/// The decoded bytes of a cleaned file, which must be those that were written.
fn read_kept(path: &Path, digest: &str) -> Result<Vec<u8>> {
    let bytes = decode_file(path)?;
    if format!("{:032x}", xxh3_128(&bytes)) == digest {
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
    lines_left: Lines<BufReader<zstd::stream::read::Decoder<'static, BufReader<fs::File>>>>,
    /// A line that was looked at and not taken.
    peeked: Option<Line>,
    /// Lines taken.
    lines: u64,
}

impl Ledger {
    fn open(path: &Path) -> Result<Ledger> {
        let file = fs::File::open(path).map_err(|e| Error::Ledger {
            path: path.to_owned(),
            reason: format!("no ledger there ({e}); `restore` takes the output of `unecho clean` with the .unecho directory beside it"),
        })?;
        let failed = |e| Error::io("cannot read", path, e);
        let decoder = zstd::stream::read::Decoder::new(file).map_err(failed)?;
        Ok(Ledger { path: path.to_owned(), lines_left: BufReader::new(decoder).lines(), peeked: None, lines: 0 })
    }

    fn error(&self, reason: &str) -> Error {
        Error::Ledger { path: self.path.clone(), reason: format!("the ledger {reason}") }
    }

    fn next(&mut self) -> Result<Option<Line>> {
        if let Some(line) = self.peeked.take() {
            self.lines += 1;
            return Ok(Some(line));
        }
        let Some(line) = self.lines_left.next() else { return Ok(None) };
        let line = line.map_err(|e| self.error(&format!("is damaged or cut short ({e})")))?;
        self.lines += 1;
        serde_json::from_str(&line).map(Some).map_err(|e| self.error(&format!("is damaged ({e})")))
    }

    /// The next removed range of the same source: its offset and its bytes.
    fn next_removed(&mut self) -> Result<Option<(u64, Vec<u8>)>> {
        match self.next()? {
            Some(Line::Text { at, text }) => Ok(Some((at, text.into_bytes()))),
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
