//! Which cleaned files are finished, for a run that is gone on with.
//!
//! Files are told of in batches, for there may be a million of them: a part `written-…` for each 256 MiB or 4,096 files.
//! Always: a file is taken for finished only if it still has the length and checksum that it had when it was.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use crate::progress::Progress;
use crate::resume::disk::Checksum;
use crate::resume::{Columns, Part, RunFolder};

/// The beginning of the names of these parts.
const PREFIX: &str = "written-";

/// Bytes in a batch.
const BYTES: u64 = 256 << 20;

/// Files in a batch; few in debug builds, so that small corpora of tests have many batches.
const FILES: usize = if cfg!(debug_assertions) { 3 } else { 4096 };

/// The finished files of a run.
pub(super) struct Finished<'r> {
    run: &'r RunFolder,
    /// By the number of the source; from an earlier run.
    known: FxHashMap<u32, Checksum>,
    batch: Mutex<Batch>,
}

#[derive(Default)]
struct Batch {
    files: Vec<(u32, Checksum)>,
    bytes: u64,
    /// Batches before.
    number: usize,
}

impl<'r> Finished<'r> {
    /// What an earlier run had finished.
    pub(super) fn new(run: &'r RunFolder, progress: &dyn Progress) -> Finished<'r> {
        let names: Vec<String> = run.manifest().parts_of(PREFIX).map(|part| part.name.clone()).collect();
        let last = names.iter().filter_map(|name| name.strip_prefix(PREFIX)?.parse::<usize>().ok()).max();
        let mut known = FxHashMap::default();
        for name in names {
            match run.load(&name, progress).map(files) {
                Some(Some(files)) => known.extend(files),
                Some(None) => run.forget(&name, progress),
                None => {}
            }
        }
        let batch = Batch { number: last.map_or(0, |last| last + 1), ..Batch::default() };
        Finished { run, known, batch: Mutex::new(batch) }
    }

    /// Whether the cleaned file of a source is finished.
    pub(super) fn has(&self, source: usize, path: &Path) -> bool {
        let known = self.known.get(&(source as u32));
        known.is_some_and(|known| Checksum::of_file(path).is_ok_and(|now| now == *known))
    }

    /// The cleaned file of a source is on the disk.
    pub(super) fn add(&self, source: usize, checksum: Checksum, progress: &dyn Progress) {
        if !self.run.is_saving() {
            return;
        }
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        batch.files.push((source as u32, checksum));
        batch.bytes += checksum.len;
        if batch.files.len() >= FILES || batch.bytes >= BYTES {
            self.save(&mut batch, progress);
        }
    }

    /// Saves what was not saved yet.
    pub(super) fn flush(&self, progress: &dyn Progress) {
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        if !batch.files.is_empty() {
            self.save(&mut batch, progress);
        }
    }

    fn save(&self, batch: &mut Batch, progress: &dyn Progress) {
        let mut part = Part::default();
        part.push_owned(batch.files.iter().map(|(source, _)| *source).collect());
        part.push_owned(batch.files.iter().map(|(_, checksum)| checksum.len).collect());
        part.push_owned(batch.files.iter().map(|(_, checksum)| checksum.digest).collect());
        self.run.save(&format!("{PREFIX}{:04}", batch.number), &part, progress);
        *batch = Batch { number: batch.number + 1, ..Batch::default() };
    }
}

fn files(mut columns: Columns) -> Option<Vec<(u32, Checksum)>> {
    let (sources, lengths): (Vec<u32>, Vec<u64>) = (columns.take()?, columns.take()?);
    let digests: Vec<u128> = columns.take()?;
    let fits = sources.len() == lengths.len() && sources.len() == digests.len();
    let checksums = lengths.into_iter().zip(digests).map(|(len, digest)| Checksum { len, digest });
    fits.then(|| sources.into_iter().zip(checksums).collect())
}
