//! A look at some of the input, spread over all of it, to forecast what the whole will take.
//!
//! In: inputs and how much to look at. Out: the sizes of all files, and pieces of some: whole files where a file is one
//! document, whole lines or blocks from even places elsewhere; of compressed files their beginnings, for nothing can be
//! read in their midst without all before. Always: the same pieces for the same files; a small input is taken whole.
//!
//! A piece of lines starts after the first line end at or after its place, so long lines are as likely as they are
//! frequent, give or take one for each piece.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::InputOptions;
use super::decode::{decode_prefix, sniff};
use super::recognise::{Unfit, recognise};
use super::walk::{self, Found};
use crate::corpus::{Codec, Format, Role};
use crate::error::{Error, Result};
use crate::progress::Progress;

/// Places that a large input is looked at.
const PLACES: u64 = 64;

/// Places that many small files are looked at, at most.
const MOST_PLACES: u64 = 4096;

/// A record that is longer than a piece is read up to here.
const LONGEST: u64 = 256 << 20;

/// What was looked at, and how much there is.
#[derive(Clone, Debug, Default)]
pub struct Sampled {
    /// Files that would be read.
    pub files: u64,
    /// Their sizes on disk.
    pub stored: u64,
    /// What was taken of them.
    pub pieces: Vec<Piece>,
    /// Nothing was left out.
    pub whole: bool,
}

/// Some documents of one file.
#[derive(Clone, Debug)]
pub struct Piece {
    /// The file.
    pub path: PathBuf,
    /// How it holds documents.
    pub format: Format,
    /// How it is compressed.
    pub codec: Codec,
    /// Decoded bytes of whole documents.
    pub bytes: Vec<u8>,
    /// Bytes on disk that they were read from.
    pub stored: u64,
}

/// Looks at about `budget` bytes on disk of `inputs`. What is no text is passed over here as it is when everything is read.
pub fn sample(inputs: &[PathBuf], options: &InputOptions, budget: u64, progress: &dyn Progress) -> Result<Sampled> {
    if inputs.iter().any(|input| input.as_os_str() == "-") {
        return Err(Error::Usage("standard input cannot be looked at and then read; name a file".to_owned()));
    }
    let found = walk::walk(inputs, Role::Judged, options, progress)?.files;
    let size = |file: &Found| fs::metadata(&file.path).map_or(0, |metadata| metadata.len());
    let sizes: Vec<u64> = found.iter().map(size).collect();
    let stored: u64 = sizes.iter().sum();
    let mut sampled = Sampled { files: found.len() as u64, stored, pieces: Vec::new(), whole: stored <= budget };
    let mean = (stored / sampled.files.max(1)).max(1);
    let places = (budget / mean).clamp(PLACES, MOST_PLACES);
    let block = (budget / places).max(1);
    let mut before = 0;
    for (file, size) in found.iter().zip(sizes) {
        progress.check()?;
        let offsets = match sampled.whole {
            true => vec![0],
            false => places_in(before..before + size, stored, places),
        };
        before += size;
        if !offsets.is_empty() {
            let block = if sampled.whole { size } else { block };
            sampled.pieces.extend(pieces(file, size, &offsets, block, options)?);
        }
    }
    Ok(sampled)
}

/// Which of `places` even places in everything lie in this stretch of it, from the beginning of the stretch.
fn places_in(stretch: std::ops::Range<u64>, all: u64, places: u64) -> Vec<u64> {
    let at = |i: u64| (u128::from(all) * (2 * u128::from(i) + 1) / (2 * u128::from(places))) as u64;
    let first = (0..places).collect::<Vec<u64>>().partition_point(|&i| at(i) < stretch.start) as u64;
    (first..places).map(at).take_while(|place| *place < stretch.end).map(|place| place - stretch.start).collect()
}

/// What is taken of one file: from each offset about `block` bytes, or as much from its beginning if it is compressed.
fn pieces(file: &Found, size: u64, offsets: &[u64], block: u64, options: &InputOptions) -> Result<Vec<Piece>> {
    let unreadable = |e| Error::io("cannot read", &file.path, e);
    let head = read_at(&file.path, 0, block.clamp(1 << 13, 1 << 16)).map_err(unreadable)?;
    let codec = sniff(&head);
    let format = match recognise(file, codec, &decode_prefix(&head), options) {
        Ok(format) => format,
        Err(Unfit::Skip(_) | Unfit::Reject(_)) => return Ok(Vec::new()),
    };
    let piece = |bytes: Vec<u8>, stored: u64| Piece { path: file.path.clone(), format, codec, bytes, stored };
    let wanted = (block * offsets.len() as u64).min(size);
    if codec != Codec::None {
        let stored = read_at(&file.path, 0, if format == Format::Text { size } else { wanted }).map_err(unreadable)?;
        let mut bytes = decode_prefix(&stored);
        let decoded = bytes.len() as f64;
        if stored.len() as u64 != size {
            bytes.truncate(whole_records(&bytes, format));
        }
        let used = (stored.len() as f64 * bytes.len() as f64 / decoded.max(1.0)) as u64;
        return Ok(vec![piece(bytes, used)]);
    }
    if format == Format::Text || wanted == size {
        let bytes = read_at(&file.path, 0, size).map_err(unreadable)?;
        return Ok(vec![piece(bytes, size)]);
    }
    let taken = offsets.iter().map(|&offset| records_at(&file.path, offset, block, format).map_err(unreadable));
    taken.map(|bytes| bytes.map(|bytes| piece(bytes.clone(), bytes.len() as u64))).collect()
}

/// Whole records from the first that starts at or after `offset`; at least one if there is one.
fn records_at(path: &Path, offset: u64, block: u64, format: Format) -> std::io::Result<Vec<u8>> {
    let mut len = block;
    loop {
        let mut bytes = read_at(path, offset.saturating_sub(1), len + 1)?;
        let ended = (bytes.len() as u64) < len + 1;
        // the byte before tells whether a record starts right here
        let skipped = if offset == 0 { 0 } else { memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |at| at + 1) };
        bytes.drain(..skipped);
        if !ended {
            bytes.truncate(whole_records(&bytes, format));
        }
        if !bytes.is_empty() || ended || len >= LONGEST {
            return Ok(bytes);
        }
        len *= 4;
    }
}

/// Where the last record that ends in `bytes` does.
fn whole_records(bytes: &[u8], format: Format) -> usize {
    match format {
        Format::Text => bytes.len(),
        Format::TextBlocks => memchr::memmem::rfind(bytes, b"\n\n").map_or(0, |at| at + 2),
        Format::TextLines | Format::Jsonl => memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1),
    }
}

fn read_at(path: &Path, offset: u64, len: u64) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::new();
    file.take(len).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_even_and_each_lies_in_one_stretch() {
        let stretches = [0..7, 7..7, 7..50, 50..1000];
        let all: Vec<u64> =
            stretches.iter().flat_map(|s| places_in(s.clone(), 1000, 64).into_iter().map(|at| at + s.start)).collect();
        assert_eq!(all.len(), 64);
        assert!(all.windows(2).all(|w| (15..=16).contains(&(w[1] - w[0]))), "{all:?}");
    }

    #[test]
    fn pieces_are_whole_lines_whatever_the_place() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lines");
        let lines: Vec<String> = (0..200).map(|i| format!("{i}{}\n", "x".repeat(i * 7 % 50))).collect();
        fs::write(&path, lines.concat()).unwrap();
        for offset in 0..lines.concat().len() as u64 {
            let bytes = records_at(&path, offset, 20, Format::TextLines).unwrap();
            let text = String::from_utf8(bytes).unwrap();
            assert!(text.split_inclusive('\n').all(|line| lines.iter().any(|known| known == line)), "{text:?}");
            let is_last = offset as usize > lines.concat().len() - lines[199].len();
            assert_eq!(text.is_empty(), is_last, "at {offset}");
        }
    }
}
