//! The ledger: what was taken out and where it stood, enough to put it back.
//!
//! JSON Lines, zstd-compressed. The first line says what it is: `{"unecho_ledger":1,"directory":true}`. Then for each
//! source a line with its `source` name, `codec`, `bytes` and `digest` (XXH3-128, hex) as read, and of its cleaned file
//! `kept_bytes` and `kept_digest` (`null` if no file was written); after it a line for each removed range, ascending:
//! `at`, its offset in the source as it was read, and the bytes, as `text` or, where they are not UTF-8, as `base64`. The
//! last line counts the lines before it (`{"end":17}`), so that a ledger cut short is noticed. The README documents it.

use std::borrow::Cow;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::encode;
use super::heeding::Heeding;
use super::splice::Removal;
use crate::corpus::Source;
use crate::kernel::put_in;
use crate::progress::Progress;
use crate::resume::disk::{Checksum, DiskFile};

/// The version of this format.
pub(super) const VERSION: u32 = 1;

/// zstd level: what was cut is written once and hardly ever read, so the fastest. Those below 1 were tried and refused (a tenth
/// of the time less, and a fourth more to store), and so were smaller tables of hashes (a twentieth, and as much more to store).
const LEVEL: i32 = 1;

/// Bytes that are compressed at a time: a block of zstd. Frames of 1 MiB, each by itself, took as long.
const BUFFER: usize = 128 << 10;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Line<'t> {
    Header { unecho_ledger: u32, directory: bool },
    Source(SourceLine),
    Text { at: u64, text: Cow<'t, str> },
    Bytes { at: u64, base64: String },
    End { end: u64 },
}

/// How the lines of removed ranges begin, and no others.
pub(super) const REMOVED: &str = "{\"at\":";

/// What is said of a source.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SourceLine {
    pub(super) source: Name,
    pub(super) codec: String,
    pub(super) bytes: u64,
    pub(super) digest: String,
    pub(super) kept_bytes: Option<u64>,
    pub(super) kept_digest: Option<String>,
}

/// A path below the output; where it is not UTF-8, its bytes as base64.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Name {
    Text(PathBuf),
    Bytes { base64: String },
}

impl Name {
    fn new(path: &Path) -> Name {
        match path.to_str() {
            Some(_) => Name::Text(path.to_owned()),
            None => Name::Bytes { base64: STANDARD.encode(path.as_os_str().as_encoded_bytes()) },
        }
    }

    /// The path; `None` if it cannot be one on this system.
    pub(super) fn path(&self) -> Option<PathBuf> {
        match self {
            Name::Text(path) => Some(path.clone()),
            #[cfg(unix)]
            Name::Bytes { base64 } => {
                let bytes = STANDARD.decode(base64).ok()?;
                Some(PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes)))
            }
            #[cfg(not(unix))]
            Name::Bytes { .. } => None,
        }
    }
}

/// Writes a ledger.
pub(super) struct LedgerWriter<'p> {
    /// Lines are put together before they are compressed: for that a call costs more than a copy.
    out: BufWriter<Heeding<'p, zstd::stream::write::Encoder<'static, DiskFile>>>,
    lines: u64,
}

impl<'p> LedgerWriter<'p> {
    /// A writer that will be given about so many `bytes` that were taken out.
    pub(super) fn new(
        file: DiskFile,
        directory: bool,
        bytes: u64,
        progress: &'p dyn Progress,
    ) -> io::Result<LedgerWriter<'p>> {
        let encoder = Heeding::new(encode::zstd(file, LEVEL, bytes)?, progress);
        let mut writer = LedgerWriter { out: BufWriter::with_capacity(BUFFER, encoder), lines: 0 };
        writer.line(&Line::Header { unecho_ledger: VERSION, directory })?;
        Ok(writer)
    }

    /// Writes what was taken out of a source; `kept` is `None` if no cleaned file was written.
    pub(super) fn source(&mut self, source: &Source, cuts: &[Removal], kept: Option<Checksum>) -> io::Result<()> {
        self.line(&Line::Source(SourceLine {
            source: Name::new(&source.name),
            codec: source.codec.name().to_owned(),
            bytes: source.bytes.len() as u64,
            digest: format!("{:032x}", source.digest),
            kept_bytes: kept.map(|kept| kept.len),
            kept_digest: kept.map(Checksum::hex),
        }))?;
        // a file that was not written may have had a byte order mark, which belongs to no record
        let whole = [Removal { range: 0..source.bytes.len() as u64, rejected: false }];
        for cut in if kept.is_some() { cuts } else { &whole } {
            let at = cut.range.start;
            let bytes = &source.bytes[cut.range.start as usize..cut.range.end as usize];
            match simdutf8::basic::from_utf8(bytes) {
                Ok(text) => self.text_line(at, text)?,
                Err(_) => self.line(&Line::Bytes { at, base64: STANDARD.encode(bytes) })?,
            }
        }
        Ok(())
    }

    /// As [`LedgerWriter::line`], of a [`Line::Text`]: nearly all of what is written, so it is not done byte by byte.
    fn text_line(&mut self, at: u64, text: &str) -> io::Result<()> {
        write!(self.out, "{REMOVED}{at},\"text\":\"")?;
        write_escaped(text, &mut self.out)?;
        self.lines += 1;
        self.out.write_all(b"\"}\n")
    }

    fn line(&mut self, line: &Line<'_>) -> io::Result<()> {
        serde_json::to_writer(&mut self.out, line)?;
        self.lines += 1;
        self.out.write_all(b"\n")
    }

    /// Ends the ledger; gives the file, all of it handed to the system.
    pub(super) fn finish(mut self) -> io::Result<DiskFile> {
        let end = self.lines;
        self.line(&Line::End { end })?;
        self.out.into_inner().map_err(io::IntoInnerError::into_error)?.into_inner().finish()
    }
}

/// Writes a text as the inside of a JSON string.
fn write_escaped(text: &str, out: &mut impl Write) -> io::Result<()> {
    let (mut rest, mut piece) = (text.as_bytes(), [0; 4096]);
    while let [first, later @ ..] = rest {
        let (read, written) = put_in(rest, &mut piece);
        out.write_all(&piece[..written])?;
        rest = &rest[read..];
        if read == 0 {
            write!(out, "\\u{first:04x}")?;
            rest = later;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_is_written_as_serde_json_writes_it(text: String, times in 0usize..300) {
            let text = text.repeat(times);
            let mut written = Vec::new();
            write_escaped(&text, &mut written).unwrap();
            prop_assert_eq!(format!("\"{}\"", String::from_utf8(written).unwrap()), serde_json::to_string(&text).unwrap());
        }
    }
}
