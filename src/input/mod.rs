//! Where documents come from: files, directories, standard input.
//!
//! In: paths and [`InputOptions`]. Out: a [`Corpus`]. Always: the order depends on the paths only; every byte that was
//! read belongs to a source; what cannot be understood is an error, or under [`OnError::Skip`] a listed reject, and
//! nothing is dropped in silence. A reader of a format is one function from bytes to documents.

mod decode;
mod jsonl;
mod place;
mod sample;
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
pub(crate) use place::Directories;
pub use sample::{Piece, Sampled, sample};
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
/// format says, a document of 4 GiB or more (unless [`OnError::Skip`]); nothing to scan.
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
    Ok(corpus)
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

/// The error that there is no document in what was read: what there was, and what to do. `judged` files of a reference are
/// inputs too.
fn nothing(inputs: &[PathBuf], role: Role, judged: usize, corpus: &Corpus) -> Error {
    let names: Vec<String> = inputs.iter().map(|p| p.display().to_string()).collect();
    let what = if role == Role::Reference { "nothing to compare with" } else { "nothing to scan" };
    let (seen, remedies): (Vec<String>, Vec<&str>) = what_there_was(role, judged, corpus).into_iter().unzip();
    let seen = if seen.is_empty() { "no files".to_owned() } else { seen.join("; ") };
    let remedy = remedies.first().unwrap_or(&"name the files, or pass --hidden or --no-ignore");
    Error::Nothing(format!("{what} in {}: {seen}\n  remedy: {remedy}", names.join(", ")))
}

/// What there was where no document was, each with what to do.
fn what_there_was(role: Role, judged: usize, corpus: &Corpus) -> Vec<(String, &'static str)> {
    let mut seen = Vec::new();
    if judged > 0 {
        let files = if judged == 1 { "its only file is".to_owned() } else { format!("its {judged} files are") };
        seen.push((format!("{files} part of INPUT too, and judged"), "name a reference that is no part of INPUT"));
    }
    if let [first, ..] = corpus.skipped.as_slice() {
        let (count, path) = (corpus.skipped.len(), first.path.display());
        seen.push((
            format!("{count} skipped, the first {path} ({})", first.reason),
            "name the files, or pass --format or --glob",
        ));
    }
    let of_role = |source: u32| corpus.sources[source as usize].role == role;
    let rejects: Vec<&Reject> = corpus.rejects.iter().filter(|reject| of_role(reject.source)).collect();
    if let [first, ..] = rejects.as_slice() {
        let source = corpus.sources[first.source as usize].path.display();
        let reason = &first.reason;
        seen.push((
            format!("{} set aside, the first in {source} ({reason})", rejects.len()),
            "mend what was set aside",
        ));
    }
    let is_rejected = |source: usize| rejects.iter().any(|reject| reject.source as usize == source);
    let empty = corpus.sources.iter().enumerate().filter(|(i, source)| source.role == role && !is_rejected(*i));
    let empty: Vec<&Source> = empty.map(|(_, source)| source).collect();
    if let [first, others @ ..] = empty.as_slice() {
        let and = if others.is_empty() { String::new() } else { format!(" (and {} more)", others.len()) };
        let what = if first.bytes.is_empty() { "is empty" } else { "holds nothing but blank lines" };
        let name =
            if first.path.as_os_str() == "-" { "standard input".into() } else { first.path.display().to_string() };
        seen.push((format!("{name} {what}{and}"), "name files with text in them"));
    }
    seen
}

/// Reads, decodes and parses one file.
fn load(file: &Found, options: &InputOptions, progress: &dyn Progress) -> Result<Loaded> {
    progress.check()?;
    let stored = match read_stored(&file.path) {
        Ok(stored) => stored,
        Err(source) => return unreadable(file, options, Error::io("cannot read", &file.path, source)),
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

/// A file that the system does not let us read: an error, or a reject without bytes.
fn unreadable(file: &Found, options: &InputOptions, error: Error) -> Result<Loaded> {
    match options.on_error {
        OnError::Fail => Err(error),
        OnError::Skip => set_aside(file, options, Vec::new().into(), error.to_string()),
    }
}

/// A file that is not what it says: an error, or one reject that covers its bytes.
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

/// Why a file is not read.
enum Unfit {
    /// Found in a directory, and not text: passed over.
    Skip(String),
    /// Asked for, and impossible.
    Reject(String),
}

/// The format of a file, from what the user said, its name and its contents.
fn recognise(file: &Found, codec: Codec, bytes: &[u8], options: &InputOptions) -> std::result::Result<Format, Unfit> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Unfit::Reject("the text is UTF-16; convert it to UTF-8 first".to_owned()));
    }
    if options.format.is_none()
        && let Some(what) = container(bytes)
    {
        let reason = format!("{what}, and no text; unpack or convert it first (--format text reads it all the same)");
        return Err(if file.explicit { Unfit::Reject(reason) } else { Unfit::Skip(reason) });
    }
    let text = match options.records {
        Records::File => Format::Text,
        Records::Line => Format::TextLines,
        Records::BlankLine => Format::TextBlocks,
    };
    let forced = options.format.map(|f| match f {
        InputFormat::Jsonl => Format::Jsonl,
        InputFormat::Text => text,
    });
    match (forced, file.guess) {
        (Some(Format::Jsonl), _) | (None, Guess::Jsonl) => match jsonl::filter(bytes) {
            Some(filter) => Err(Unfit::Reject(not_lines(file, codec, filter))),
            None => Ok(Format::Jsonl),
        },
        (Some(format), _) => Ok(format),
        (None, Guess::Unknown | Guess::Nameless | Guess::Json) if jsonl::looks_like(bytes) => Ok(Format::Jsonl),
        (None, Guess::Json) if file.explicit => Err(Unfit::Reject(match jsonl::filter(bytes) {
            Some(filter) => not_lines(file, codec, filter),
            None => "neither JSON Lines nor JSON; --format text reads it as text".to_owned(),
        })),
        (None, Guess::Json) => Err(Unfit::Skip("JSON, but not one object a line".to_owned())),
        (None, _) if !file.explicit && bytes[..bytes.len().min(8192)].contains(&0) => {
            Err(Unfit::Skip("binary: there is a NUL among its first 8192 bytes; --format text reads it".to_owned()))
        }
        (None, _) => Ok(text),
    }
}

/// What holds texts and is none: to cut lines from it would damage it.
fn container(bytes: &[u8]) -> Option<&'static str> {
    let kinds: [(usize, &[u8], &str); 6] = [
        (0, b"PAR1", "a Parquet file"),
        (0, b"ARROW1\0\0", "an Arrow file"),
        (0, b"PK\x03\x04", "a zip archive"),
        (257, b"ustar", "a tar archive"),
        (0, b"%PDF-", "a PDF document"),
        (0, b"SQLite format 3\0", "an SQLite database"),
    ];
    let is_it = |(at, magic, _): &&(usize, &[u8], _)| bytes.get(*at..).is_some_and(|bytes| bytes.starts_with(magic));
    kinds.iter().find(is_it).map(|(_, _, what)| *what)
}

/// What is wrong with JSON that is not one object a line, and the command that makes it so.
fn not_lines(file: &Found, codec: Codec, filter: &str) -> String {
    let path = file.path.display();
    let command = match codec {
        Codec::None => format!("jq -c {filter} {path}"),
        codec => format!("{} -dc {path} | jq -c {filter}", codec.name()),
    };
    format!("JSON, but not JSON Lines: one object a line; `{command} > NEW.jsonl` makes it so")
}
