//! A corpus with planted duplicates, on disk.
//!
//! In: a [`Synth`], and where and how to write it. Out: a directory with `corpus/part-1.jsonl` and so on, `truth.jsonl`, and
//! `synth.json`, which says what the corpus is made of. Always: the same bytes for the same options, everywhere; whole or
//! not at all; memory does not grow with the corpus. The truth lies beside `corpus`, not in it, so that `DIR/corpus` can be
//! named as an input.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::atomic::{Staged, check_free, other_file, refuse_for};
use super::encode::Encoder;
use crate::corpus::Codec;
use crate::error::{Error, Result};
use crate::progress::{Progress, Stage};
use crate::resume::disk::DiskFile;
use crate::synth::{Script, Synth};

/// The file that says what a corpus is made of; where it lies, the directory is ours.
pub(super) const SYNTH: &str = "synth.json";

/// The directory of the corpus itself.
const CORPUS: &str = "corpus";

/// The file that says what was planted.
const TRUTH: &str = "truth.jsonl";

/// Where a made-up corpus goes, and in what shape.
#[derive(Clone, Debug)]
pub struct PlantedTarget {
    /// The directory, made if need be.
    pub place: PathBuf,
    /// Files that the corpus is divided into, 1 or more; each has as many documents as any other, give or take one.
    pub files: u64,
    /// How they are compressed.
    pub codec: Codec,
    /// Replace what is there, if it is a corpus of this kind.
    pub force: bool,
}

/// What was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlantedSize {
    /// Bytes of JSON Lines, before compression.
    pub bytes: u64,
    /// Lines of the truth.
    pub facts: u64,
}

/// Refuses a place that is taken, and one that holds files of somebody else: asked before the work starts.
pub fn check_planted(target: &PlantedTarget) -> Result<()> {
    if target.files == 0 {
        return Err(Error::Usage("--files 0: a corpus has at least one file".to_owned()));
    }
    check_free(&target.place, target.force)?;
    if !target.place.join(SYNTH).exists() {
        return Ok(());
    }
    other_file(&target.place, &|path| is_planted(&target.place, path))?.map_or(Ok(()), |other| Err(refuse_for(other)))
}

/// Whether a file in `place` has a name that [`write_planted`] gives.
fn is_planted(place: &Path, path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    match path.parent() {
        Some(dir) if dir == place => name == SYNTH || name == TRUTH,
        Some(dir) => dir == place.join(CORPUS) && name.starts_with("part-") && name.contains(".jsonl"),
        None => false,
    }
}

/// Writes the corpus, the truth about it, and what it is made of.
pub fn write_planted(synth: &Synth, target: &PlantedTarget, progress: &dyn Progress) -> Result<PlantedSize> {
    check_planted(target)?;
    progress.begin(Stage::Make, synth.options().documents);
    let staged = Staged::directory(&target.place, target.force)?;
    let size = write_parts(synth, target, staged.path(), progress)?;
    let about = format!("{:#}\n", about(synth, target, size));
    let written = fs::write(staged.path().join(SYNTH), about);
    written.map_err(|e| Error::io("cannot write", target.place.join(SYNTH), e))?;
    staged.commit()?;
    progress.end();
    Ok(size)
}

/// Errors name the places where the files will be, and not where they are made, in `dir`.
fn write_parts(synth: &Synth, target: &PlantedTarget, dir: &Path, progress: &dyn Progress) -> Result<PlantedSize> {
    let (corpus, place) = (dir.join(CORPUS), target.place.join(CORPUS));
    fs::create_dir(&corpus).map_err(|e| Error::io("cannot make", &place, e))?;
    let truth_failed = |e| Error::io("cannot write", target.place.join(TRUTH), e);
    let mut truth = BufWriter::new(File::create(dir.join(TRUTH)).map_err(truth_failed)?);
    let mut size = PlantedSize { bytes: 0, facts: 0 };
    let documents = synth.options().documents;
    let first = |part: u64| (u128::from(documents) * u128::from(part) / u128::from(target.files)) as u64;
    for part in 0..target.files {
        let name = part_name(part, target);
        let failed = |e: io::Error| Error::io("cannot write", place.join(&name), e);
        let file = DiskFile::create(&corpus.join(&name)).map_err(failed)?;
        let mut encoder = Encoder::new(file, target.codec, u64::MAX).map_err(failed)?;
        synth.write(first(part)..first(part + 1), progress, |lines, facts| {
            size.bytes += lines.len() as u64;
            size.facts += memchr::memchr_iter(b'\n', facts).count() as u64;
            truth.write_all(facts).map_err(truth_failed)?;
            encoder.write_all(lines).map_err(failed)
        })?;
        encoder.finish().and_then(DiskFile::finish).map_err(failed)?;
    }
    let truth = truth.into_inner().map_err(|e| truth_failed(e.into_error()))?;
    truth.sync_all().map_err(truth_failed)?;
    Ok(size)
}

/// `part-01.jsonl.gz`: sorted by name, parts stand in the order of their documents.
fn part_name(part: u64, target: &PlantedTarget) -> String {
    let width = target.files.to_string().len();
    let suffix = match target.codec {
        Codec::None => "",
        Codec::Gzip => ".gz",
        Codec::Zstd => ".zst",
        Codec::Bzip2 => ".bz2",
        Codec::Xz => ".xz",
    };
    format!("part-{:0width$}.jsonl{suffix}", part + 1)
}

/// What a corpus is made of. Rates are per mille.
fn about(synth: &Synth, target: &PlantedTarget, size: PlantedSize) -> Value {
    let options = synth.options();
    json!({
        "unecho_synth": 1,
        "documents": options.documents,
        "seed": options.seed,
        "mean_words": options.mean_words,
        "exact_permille": options.exact_permille,
        "edited_permille": options.edited_permille,
        "reordered_permille": options.reordered_permille,
        "truncated_permille": options.truncated_permille,
        "boilerplate_permille": options.boilerplate_permille,
        "inner_repeat_permille": options.inner_repeat_permille,
        "edits_permille": options.edits_permille,
        "scripts": options.scripts.iter().map(|script: &Script| script.name()).collect::<Vec<_>>(),
        "files": target.files,
        "codec": target.codec.name(),
        "bytes": size.bytes,
        "facts": size.facts,
    })
}
