//! The plan, applied: the cleaned corpus, the ledger that can undo it, and the rejects.
//!
//! In: a corpus, a plan, and where to write. Out: files that mirror the input, byte for byte but for the removed ranges.
//! Always: everything is written in the run folder beside its place first, flushed to disk, and renamed into place at the
//! end; what exists is not overwritten unless asked; an interrupted run leaves nothing that looks finished.

mod atomic;
mod encode;
mod finished;
mod gzip;
mod heeding;
mod ledger;
mod planted;
mod restore;
mod splice;
mod target;

pub use atomic::PendingFile;
pub use planted::{PlantedSize, PlantedTarget, check_planted, write_planted};
pub use restore::{Restored, has_ledger, originals, restore};
pub use splice::{Removal, SourceBytes, removals, source_bytes};
pub use target::{Target, state_dir};

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::corpus::{Corpus, Format, Source};
use crate::error::{Error, Result};
use crate::progress::{Progress, Stage};
use crate::resume::disk::{self, DiskFile, Hasher, Together};
use crate::resume::{Placing, RunFolder};

use finished::Finished;
use heeding::{Heeding, failed};
use ledger::LedgerWriter;

/// The name of the ledger in the state directory.
const LEDGER: &str = "ledger.jsonl.zst";

/// The corpus in the run folder, a file or a directory.
const CLEANED: &str = "cleaned";

/// The state directory in the run folder.
const STATE: &str = "state";

/// Output that is written and flushed, but not yet in its place.
pub struct Written {
    run: RunFolder,
    place: PathBuf,
    force: bool,
}

impl Written {
    /// The state directory as it is now, for reports to be added.
    pub fn state(&self) -> PathBuf {
        self.run.path().join(STATE)
    }

    /// Puts the state directory, then the corpus, in its place.
    pub fn commit(self) -> Result<()> {
        let state = state_dir(&self.place);
        for (made, place) in [(STATE, &state), (CLEANED, &self.place)] {
            atomic::check_free(place, self.force)?;
            let made = self.run.path().join(made);
            sync_directories(&made).map_err(|e| Error::io("cannot flush", &made, e))?;
        }
        let name = |place: &Path| PathBuf::from(place.file_name().unwrap_or_default());
        let outputs = vec![(STATE.into(), name(&state)), (CLEANED.into(), name(&self.place))];
        self.run.place(Placing { force: self.force, outputs })
    }

    /// Lets go of what was written: it is of no use to anybody.
    pub fn discard(self) {
        self.run.discard();
    }
}

/// Flushes the entries of a directory and of those below it; only Unix can.
fn sync_directories(path: &Path) -> io::Result<()> {
    if !cfg!(unix) || !path.is_dir() {
        return Ok(());
    }
    let mut together = Together::new(path);
    add_directories(path, &mut together)?;
    together.flush()
}

fn add_directories(path: &Path, together: &mut Together) -> io::Result<()> {
    together.add(path.to_owned(), 0)?;
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            add_directories(&entry.path(), together)?;
        }
    }
    Ok(())
}

/// Writes the cleaned corpus, the ledger and the rejects to the run folder of `target`. With `force`, what an earlier run
/// wrote at `target` will be replaced. Cleaned files that an earlier run had finished are not written again.
///
/// `cuts` holds the [`removals`] of each source. What is to be done `beside` is done by a thread that has written the ledger, while
/// others may still write the corpus.
pub fn write<T: Send>(
    corpus: &Corpus,
    cuts: &[Vec<Removal>],
    target: &Target,
    force: bool,
    run: RunFolder,
    beside: impl FnOnce() -> T + Send,
    progress: &dyn Progress,
) -> Result<(Written, T)> {
    let place = target.path();
    if let (Target::File(_), [_, _, ..]) = (target, corpus.sources.as_slice()) {
        let reason = "the output would be one file, and the input is many; give a directory".to_owned();
        return Err(Error::Output { path: place.to_owned(), reason });
    }
    progress.begin(Stage::Write, corpus.bytes());
    let (cleaned, state) = (run.path().join(CLEANED), run.path().join(STATE));
    let always = matches!(target, Target::File(_));
    let prepared = disk::remove(&state).and_then(|()| disk::make_directories(&state));
    let prepared = prepared.and_then(|()| if always { Ok(()) } else { disk::make_directories(&cleaned) });
    prepared.map_err(|e| Error::io("cannot write to", run.path(), e))?;
    let file_of = |source: &Source| if always { cleaned.clone() } else { cleaned.join(&source.name) };
    let is_written = |(source, cuts): (&Source, &Vec<Removal>)| always || is_written(source, cuts);
    let written: Vec<bool> = corpus.sources.iter().zip(cuts).map(is_written).collect();
    let finished = Finished::new(&run, progress);
    // the lines of the ledger are made one after the other: that takes as long as writing the corpus, so both go on at once; and both
    // read it in the same order, so that what comes from the disk comes once
    let (corpus_written, ledger_written) = rayon::join(
        || {
            let sources = corpus.sources.par_iter().zip(cuts).enumerate();
            sources.filter(|(i, _)| written[*i]).try_for_each(|(i, (source, cuts))| {
                let path = file_of(source);
                if !finished.has(i, &path) {
                    let file = write_source(source, cuts, &path, run.is_saving(), progress)?;
                    finished.add(i, file, progress).map_err(|e| Error::io("cannot write", &path, e))?;
                }
                progress.advance(source.bytes.len() as u64);
                Ok(())
            })
        },
        || write_ledger(corpus, cuts, &written, target, &state.join(LEDGER), progress).map(|()| beside()),
    );
    // also after a fault: what is finished is finished
    let flushed = finished.flush(progress).map_err(|e| Error::io("cannot flush", &cleaned, e));
    corpus_written?;
    let done = ledger_written?;
    flushed?;
    write_rejects(corpus, &state.join("rejects"), progress)?;
    progress.end();
    Ok((Written { run, place: place.to_owned(), force }, done))
}

/// Writes the cleaned bytes of all sources, one after the other and without compression, and no ledger. A source whose
/// last line has no end gets one if another follows, so that records stay apart.
pub fn write_stream(
    corpus: &Corpus,
    cuts: &[Vec<Removal>],
    out: &mut dyn Write,
    progress: &dyn Progress,
) -> Result<()> {
    progress.begin(Stage::Write, corpus.bytes());
    for (i, (source, cuts)) in corpus.sources.iter().zip(cuts).enumerate() {
        progress.check()?;
        let mut heeding = Heeding::new(LastByte { inner: &mut *out, last: b'\n' }, progress);
        let written = splice::write_kept(&source.bytes, cuts, &mut heeding);
        let torn = heeding.into_inner().last != b'\n' && i + 1 < corpus.sources.len();
        let ended = written.and_then(|()| if torn { out.write_all(b"\n") } else { Ok(()) });
        ended.map_err(failed(Path::new("standard output"), progress))?;
        progress.advance(source.bytes.len() as u64);
    }
    out.flush().map_err(|e| Error::io("cannot write", "standard output", e))?;
    progress.end();
    Ok(())
}

/// Remembers the last byte that went through.
struct LastByte<'w> {
    inner: &'w mut dyn Write,
    last: u8,
}

impl Write for LastByte<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let n = self.inner.write(bytes)?;
        self.last = bytes[..n].last().copied().unwrap_or(self.last);
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// A file that is one document and goes, or that is set aside whole, is not written at all.
fn is_written(source: &Source, cuts: &[Removal]) -> bool {
    let whole_file_is_record = source.format == Format::Text && !cuts.is_empty();
    !(whole_file_is_record && splice::removed(cuts) == source.bytes.len() as u64)
}

/// Writes one cleaned file.
fn write_source(
    source: &Source,
    cuts: &[Removal],
    path: &Path,
    is_saved: bool,
    progress: &dyn Progress,
) -> Result<DiskFile> {
    progress.check()?;
    let failed = failed(path, progress);
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).map_err(&failed)?;
    }
    let file = DiskFile::create(path).map_err(&failed)?;
    let file = if is_saved { file.with_checksum() } else { file };
    let encoder = encode::Encoder::new(file, source.codec, source.bytes.len() as u64).map_err(&failed)?;
    let mut heeding = Heeding::new(encoder, progress);
    splice::write_kept(&source.bytes, cuts, &mut heeding).map_err(&failed)?;
    heeding.into_inner().finish().map_err(failed)
}

fn write_ledger(
    corpus: &Corpus,
    cuts: &[Vec<Removal>],
    written: &[bool],
    target: &Target,
    path: &Path,
    progress: &dyn Progress,
) -> Result<()> {
    let failed = failed(path, progress);
    let file = DiskFile::create(path).map_err(&failed)?;
    let removed = cuts.iter().map(|cuts| splice::removed(cuts)).sum();
    let is_directory = matches!(target, Target::Directory(_));
    let mut writer = LedgerWriter::new(file, is_directory, removed, progress).map_err(&failed)?;
    for ((source, cuts), &written) in corpus.sources.iter().zip(cuts).zip(written) {
        progress.check()?;
        let mut kept = Heeding::new(Hasher::default(), progress);
        if written {
            splice::write_kept(&source.bytes, cuts, &mut kept).map_err(&failed)?;
        }
        writer.source(source, cuts, written.then(|| kept.into_inner().checksum())).map_err(&failed)?;
    }
    writer.finish().and_then(DiskFile::finish).map_err(failed)?;
    Ok(())
}

/// Writes what was set aside: for each source one file with the records as they were read.
fn write_rejects(corpus: &Corpus, dir: &Path, progress: &dyn Progress) -> Result<()> {
    let mut together = Together::new(dir.parent().unwrap_or(dir));
    for rejects in corpus.rejects.chunk_by(|a, b| a.source == b.source) {
        let source = &corpus.sources[rejects[0].source as usize];
        let path = dir.join(&source.name);
        let failed = failed(&path, progress);
        fs::create_dir_all(path.parent().unwrap_or(dir)).map_err(&failed)?;
        let file = DiskFile::create(&path).map_err(&failed)?;
        let mut file = io::BufWriter::new(Heeding::new(file, progress));
        for reject in rejects {
            file.write_all(&source.bytes[reject.range.start as usize..reject.range.end as usize]).map_err(&failed)?;
        }
        let file = file.into_inner().map_err(|e| failed(e.into_error()))?.into_inner();
        file.close(&mut together).map_err(failed)?;
    }
    together.flush().map_err(|e| Error::io("cannot flush", dir, e))
}

/// Refuses an output that exists, lies inside an input, or holds one: asked before the work starts.
pub fn check_target(target: &Target, inputs: &[PathBuf], force: bool) -> Result<()> {
    let place = target.path();
    check_file(place, inputs, force)?;
    atomic::check_no_foreign_file(place)?;
    atomic::check_free(&state_dir(place), force)
}

/// Refuses an output directory in which somebody put files of their own: to replace what a run of ours wrote was asked for, and not to
/// lose these. Costs reading the ledger that is there.
pub fn check_no_foreign_files(target: &Target) -> Result<()> {
    let place = target.path();
    let foreign = if place.is_dir() && has_ledger(place) { restore::foreign_file(place) } else { Ok(None) };
    match foreign {
        Ok(None) => Ok(()),
        Ok(Some(path)) => Err(atomic::refuse_for(path)),
        Err(e) => Err(Error::Output {
            path: place.to_owned(),
            reason: format!(
                "may hold files that unecho did not write, and nothing tells ({e}); take it away yourself, or choose another place with -o"
            ),
        }),
    }
}

/// As [`check_target`], for a file of which no ledger says whose it is: any file is replaced if `force`.
pub fn check_file(place: &Path, inputs: &[PathBuf], force: bool) -> Result<()> {
    target::check_apart(place, inputs)?;
    atomic::check_free(place, force)
}
