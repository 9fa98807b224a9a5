//! Where documents come from: files, directories, standard input.
//!
//! In: paths and [`InputOptions`]. Out: a [`Corpus`]. Always: the order depends on the paths only; every byte that was
//! read belongs to a source; what cannot be understood is an error, or under [`OnError::Skip`] a listed reject, and
//! nothing is dropped in silence. A reader of a format is one function from bytes to documents.

mod decode;
mod jsonl;
mod nothing;
mod place;
mod recognise;
mod sample;
mod strict;
mod text;
mod walk;

use std::borrow::Cow;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;

use crate::corpus::{Bytes, Codec, Corpus, Document, Format, Reject, Role, Skipped, Source};
use crate::error::{Error, Result};
use crate::memory;
use crate::progress::{Progress, Stage};
use crate::resume::Stamp;
use crate::resume::disk::Checksum;

pub use jsonl::{FieldPath, field, field_text, field_text_beside};
use nothing::nothing;
pub(crate) use place::Directories;
use recognise::{Unfit, recognise};
pub use sample::{Piece, Sampled, sample};
use strict::refuse_what_is_missing;
use walk::{Found, Guess};
pub use walk::{WalkOptions, read_list};

/// What to do with a file or record that is not what its format says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// Stop with an error that names it.
    #[default]
    Fail,
    /// Set it aside, count it, list it, and go on.
    Skip,
}

/// What is one document in a text file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Records {
    /// The file.
    #[default]
    File,
    /// Each line that is not blank.
    Line,
    /// Each block of lines between blank lines.
    BlankLine,
}

/// What is read, and how.
#[derive(Clone, Debug)]
pub struct InputOptions {
    /// Which files of a directory are read.
    pub walk: WalkOptions,
    /// Whether the files are text or JSONL; by default their names and contents tell.
    pub format: Option<InputFormat>,
    /// What is one document in a text file.
    pub records: Records,
    /// The field of a JSONL record that holds the text. Default `text`.
    pub text_field: FieldPath,
    /// The field of a JSONL record that names it in reports. Default `id`.
    pub id_field: FieldPath,
    /// What to do with what cannot be understood.
    pub on_error: OnError,
    /// Refuse to go on without what was skipped or set aside: it is an error that lists it.
    pub strict: bool,
    /// Files and directories to compare with, which are not judged; a file that is an input too is judged.
    pub against: Vec<PathBuf>,
}

impl Default for InputOptions {
    fn default() -> Self {
        InputOptions {
            walk: WalkOptions::default(),
            format: None,
            records: Records::File,
            text_field: FieldPath::parse("text"),
            id_field: FieldPath::parse("id"),
            on_error: OnError::Fail,
            strict: false,
            against: Vec::new(),
        }
    }
}

/// The two families of formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputFormat {
    /// Plain text or Markdown.
    Text,
    /// JSON Lines.
    Jsonl,
}

/// The documents and rejects of one source, as a format's reader gives them: `source` is filled in later.
#[derive(Default)]
struct Parsed {
    documents: Vec<Document>,
    /// See [`Source::checkpoints`].
    checkpoints: Vec<(u64, u32)>,
    rejects: Vec<Reject>,
}

/// What became of one file.
enum Loaded {
    Source(Source, Parsed),
    Skipped(Skipped),
}

/// Reads `inputs` (files, directories, `-` for standard input). Large files that are not compressed are mapped; the decoded
/// bytes of all others are held.
///
/// Costs one pass over the bytes, on all threads. Errors: a path that does not exist, cannot be read, or is not what its
/// format says, a document of 4 GiB or more (unless [`OnError::Skip`]); nothing to scan; something that was not read, if
/// [`InputOptions::strict`].
pub fn read(inputs: &[PathBuf], options: &InputOptions, progress: &dyn Progress) -> Result<Corpus> {
    let mut found = walk::walk(inputs, Role::Judged, options, progress)?;
    let judged = found.add(walk::walk(&options.against, Role::Reference, options, progress)?);
    let stamps: Vec<Option<Stamp>> = found.files.par_iter().map(|file| Stamp::of(&file.path)).collect();
    let total = stamps.iter().flatten().map(|stamp| stamp.size).sum();
    progress.begin(Stage::Read, total);
    let mut corpus = Corpus { skipped: found.skipped, ..Corpus::default() };
    for files in found.files.chunks(FILES_AT_A_TIME) {
        let loaded: Vec<Result<Loaded>> = files.par_iter().map(|file| load(file, options, progress)).collect();
        let mut loaded = loaded.into_iter().collect::<Result<Vec<Loaded>>>()?;
        share_a_block(&mut loaded);
        for file in loaded {
            match file {
                Loaded::Source(source, parsed) => append(&mut corpus, source, parsed)?,
                Loaded::Skipped(skipped) => corpus.skipped.push(skipped),
            }
        }
    }
    progress.end();
    corpus.stamps = stamps_of(&corpus.sources, &found.files, stamps);
    corpus.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    for (paths, role) in [(inputs, Role::Judged), (&options.against[..], Role::Reference)] {
        if !paths.is_empty() && !corpus.ids().any(|id| corpus.role(id) == role) {
            let judged = if role == Role::Reference { judged } else { 0 };
            return Err(nothing(paths, role, judged, &corpus));
        }
    }
    if options.strict {
        refuse_what_is_missing(&corpus)?;
    }
    if options.format.is_none() {
        warn_of_tables(&corpus, progress);
    }
    Ok(corpus)
}

/// Warns of tables that were named, or taken in by a glob, and are read as text: a cut respects lines, and a quoted field need not.
fn warn_of_tables(corpus: &Corpus, progress: &dyn Progress) {
    let is_table = |source: &&Source| source.format != Format::Jsonl && walk::guess(&source.path) == Guess::Table;
    let tables: Vec<&Source> = corpus.sources.iter().filter(is_table).collect();
    let Some(first) = tables.first() else { return };
    let tables = match tables.len() {
        1 => format!("{} is read as text", first.path.display()),
        count => format!("{count} tables are read as text, the first {}", first.path.display()),
    };
    progress.warn(&format!(
        "{tables}: CSV and TSV are not parsed, so a cut may tear a quoted field of several lines; convert to JSON Lines, or pass --format text if no field has line ends"
    ));
}

/// Files that are read before their documents are put into the corpus.
const FILES_AT_A_TIME: usize = 1024;

/// Files smaller than this share a block of memory: a block for each of a million files could not be spilled.
const SMALL: usize = if cfg!(fuzzing) { 64 } else { 64 << 10 };

/// Puts the bytes of small files into one block.
fn share_a_block(loaded: &mut [Loaded]) {
    let mut block = Vec::new();
    let mut parts = Vec::new();
    for (i, file) in loaded.iter().enumerate() {
        if let Loaded::Source(source, _) = file
            && source.bytes.len() < SMALL
        {
            parts.push((i, block.len()..block.len() + source.bytes.len()));
            block.extend_from_slice(&source.bytes);
        }
    }
    let block = Arc::new(block);
    for (i, range) in parts {
        if let Loaded::Source(source, _) = &mut loaded[i] {
            source.bytes = Bytes::part(&block, range);
        }
    }
}

/// The stamps of the files that became sources, in their order.
fn stamps_of(sources: &[Source], files: &[Found], stamps: Vec<Option<Stamp>>) -> Vec<Option<Stamp>> {
    let mut stamps = files.iter().zip(stamps);
    let stamp = |source: &Source| stamps.find(|(file, _)| file.path == source.path).and_then(|(_, stamp)| stamp);
    sources.iter().map(stamp).collect()
}

/// Adds a file that was read once before to a corpus: `source` has its decoded bytes and everything else but its
/// documents. Bad records are set aside; `rejected` is the reason if the whole file was.
pub fn read_again(corpus: &mut Corpus, source: Source, rejected: Option<String>, options: &InputOptions) -> Result<()> {
    let options = InputOptions { on_error: OnError::Skip, ..options.clone() };
    let whole = |reason| Reject { source: 0, line: None, range: 0..source.bytes.len() as u64, reason };
    let parsed = match rejected {
        Some(reason) => Parsed { rejects: vec![whole(reason)], ..Parsed::default() },
        None => parse(&source.bytes, source.format, &options, &source.path)?,
    };
    append(corpus, source, parsed)
}

/// The documents of a file.
fn parse(bytes: &[u8], format: Format, options: &InputOptions, path: &Path) -> Result<Parsed> {
    memory::kept_in_order(|| match format {
        Format::Jsonl => jsonl::parse(bytes, options, path),
        _ => text::parse(bytes, format, options, path),
    })
}

/// Adds a source with its documents to the corpus.
fn append(corpus: &mut Corpus, mut source: Source, parsed: Parsed) -> Result<()> {
    let index = corpus.sources.len() as u32;
    let first = corpus.documents.len();
    let too_many = || Error::input(&source.path, None, "the corpus has more than 4,294,967,295 documents; split it");
    source.checkpoints = parsed.checkpoints;
    let last = u32::try_from(first + parsed.documents.len()).map_err(|_| too_many())?;
    source.docs = first as u32..last;
    let documents = parsed.documents.into_iter().map(|d| Document { source: index, ..d });
    memory::kept_in_order(|| corpus.documents.extend(documents));
    corpus.rejects.extend(parsed.rejects.into_iter().map(|r| Reject { source: index, ..r }));
    corpus.sources.push(source);
    Ok(())
}

/// Reads, decodes and parses one file.
fn load(file: &Found, options: &InputOptions, progress: &dyn Progress) -> Result<Loaded> {
    progress.check()?;
    let stored = match read_stored(&file.path) {
        Ok(stored) => stored,
        Err(e) => return set_aside(file, options, Vec::new().into(), format!("cannot read it: {e}")),
    };
    let stored_len = stored.len() as u64;
    let decoded = decode::decode(&stored);
    progress.advance(stored_len);
    let recognised = decoded.map_err(Unfit::Reject).and_then(|(codec, bytes)| {
        let format = recognise(file, codec, &bytes, options)?;
        Ok((format, codec, matches!(bytes, Cow::Owned(_)).then(|| bytes.into_owned())))
    });
    let (format, codec, decoded) = match recognised {
        Ok(recognised) => recognised,
        Err(Unfit::Skip(reason)) => return Ok(Loaded::Skipped(Skipped { path: file.path.clone(), reason })),
        Err(Unfit::Reject(reason)) => return set_aside(file, options, stored, reason),
    };
    let bytes = decoded.map_or(stored, Bytes::from);
    // a checksum is made byte after byte: by one thread, while others parse
    let parse = || parse(&bytes, format, options, &file.path);
    let (parsed, digest) = rayon::join(parse, || Checksum::of(&bytes).digest);
    let parsed = parsed?;
    let (path, name) = (file.path.clone(), file.name.clone());
    let (role, stored, checkpoints) = (file.role, stored_len, Vec::new());
    let source = Source { path, name, role, format, codec, stored, digest, bytes, checkpoints, docs: 0..0 };
    Ok(Loaded::Source(source, parsed))
}

/// Files of at least this many bytes are mapped. There may be some 65,000 mappings, on Linux, and a small file is read faster.
const MAPPED: u64 = if cfg!(fuzzing) { 256 } else { 4 << 20 };

/// The bytes of a file, or of standard input, as they are stored.
fn read_stored(path: &Path) -> std::io::Result<Bytes> {
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        std::io::stdin().lock().read_to_end(&mut bytes)?;
        return Ok(bytes.into());
    }
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_file()
        && metadata.len() >= MAPPED
        && let Ok(mapped) = Bytes::map(&file)
    {
        return Ok(mapped);
    }
    file.read_to_end(&mut bytes)?;
    Ok(bytes.into())
}

/// Whether the file of a source still holds what was read.
pub fn is_unchanged(source: &Source) -> Result<bool> {
    let failed = |e| Error::io("cannot read", &source.path, e);
    let digest = match source.codec {
        Codec::None => Checksum::of_file(&source.path).map_err(failed)?.digest,
        _ => Checksum::of(&decode_file(&source.path)?).digest,
    };
    Ok(digest == source.digest)
}

/// The decoded bytes of a file, compressed or not.
pub fn decode_file(path: &Path) -> Result<Vec<u8>> {
    let stored = fs::read(path).map_err(|e| Error::io("cannot read", path, e))?;
    let decoded = decode::decode(&stored).map(|(_, bytes)| bytes.into_owned());
    decoded.map_err(|reason| Error::input(path, None, reason))
}

/// Reads the decoded bytes of a file, compressed or not, piece by piece: for files that are larger than memory. What is damaged or
/// cut short is an error where that is noticed.
pub fn open_decoded(path: &Path) -> Result<Box<dyn Read>> {
    let file = File::open(path).map(|file| BufReader::with_capacity(1 << 18, file));
    file.and_then(decode::reader).map_err(|e| Error::io("cannot read", path, e))
}

/// A file that cannot be read or is not what it says: an error, or one reject that covers its bytes.
fn set_aside(file: &Found, options: &InputOptions, bytes: Bytes, reason: String) -> Result<Loaded> {
    if options.on_error == OnError::Fail {
        return Err(Error::input(&file.path, None, reason));
    }
    let reject = Reject { source: 0, line: None, range: 0..bytes.len() as u64, reason };
    let source = Source {
        path: file.path.clone(),
        name: file.name.clone(),
        role: file.role,
        format: Format::Text,
        codec: Codec::None,
        stored: bytes.len() as u64,
        digest: Checksum::of(&bytes).digest,
        bytes,
        checkpoints: Vec::new(),
        docs: 0..0,
    };
    Ok(Loaded::Source(source, Parsed { rejects: vec![reject], ..Parsed::default() }))
}
