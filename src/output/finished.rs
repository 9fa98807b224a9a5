//! Which cleaned files are finished, for a run that is gone on with.
//!
//! Files are flushed and told of in batches, for there may be a million of them: a part `written-…` for each 256 MiB or
//! 4,096 files. Large ones are flushed by threads that only wait for the disk: a thread of the pool has other work, such as the
//! ledger. Only where a run is saved checksums of files are made. Always: a file is taken for finished only if it still has the length and checksum that it had when it was.

use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rustc_hash::FxHashMap;

use crate::progress::Progress;
use crate::resume::disk::{Checksum, DiskFile, Together};
use crate::resume::{Columns, Part, RunFolder};

/// The beginning of the names of these parts.
const PREFIX: &str = "written-";

/// Bytes in a batch.
const BYTES: u64 = 256 << 20;

/// Files in a batch; few in debug builds, so that small corpora of tests have many batches.
const FILES: usize = if cfg!(debug_assertions) { 3 } else { 4096 };

/// Files of this many bytes and more are flushed one by one, while other work goes on.
const LARGE: u64 = if cfg!(debug_assertions) { 4 << 10 } else { 1 << 20 };

/// Files that are being flushed at a time, at the most: each by a thread of its own, which does nothing but wait for the disk.
const AT_A_TIME: usize = 8;

/// The finished files of a run.
pub(super) struct Finished<'r> {
    run: &'r RunFolder,
    /// By the number of the source; from an earlier run.
    known: FxHashMap<u32, Checksum>,
    batch: Mutex<Batch>,
}

struct Batch {
    /// By the number of the source; with a checksum, if they are to be told of.
    files: Vec<(u32, Option<Checksum>)>,
    bytes: u64,
    /// Large files that are being flushed.
    flushing: VecDeque<(u32, JoinHandle<io::Result<Option<Checksum>>>)>,
    /// Those of the files that are not flushed.
    together: Together,
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
        let (number, together) = (last.map_or(0, |last| last + 1), Together::new(run.path()));
        let batch = Batch { files: Vec::new(), bytes: 0, flushing: VecDeque::new(), together, number };
        Finished { run, known, batch: Mutex::new(batch) }
    }

    /// Whether the cleaned file of a source is finished.
    pub(super) fn has(&self, source: usize, path: &Path) -> bool {
        let known = self.known.get(&(source as u32));
        known.is_some_and(|known| Checksum::of_file(path).is_ok_and(|now| now == *known))
    }

    /// The cleaned file of a source is written. It is on the disk after the next [`Finished::flush`], or before.
    pub(super) fn add(&self, source: usize, file: DiskFile, progress: &dyn Progress) -> io::Result<()> {
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        batch.bytes += file.written();
        if file.written() >= LARGE {
            batch.wait_until_fewer_than(AT_A_TIME)?;
            let thread = thread::Builder::new().name("flush".to_owned());
            batch.flushing.push_back((source as u32, thread.spawn(move || file.finish())?));
        } else {
            let checksum = file.close(&mut batch.together)?;
            batch.files.push((source as u32, checksum));
        }
        let files = batch.files.len() + batch.flushing.len();
        if files >= FILES || batch.bytes >= BYTES { self.end(&mut batch, progress) } else { Ok(()) }
    }

    /// Flushes and saves what was not yet.
    pub(super) fn flush(&self, progress: &dyn Progress) -> io::Result<()> {
        let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        self.end(&mut batch, progress)
    }

    fn end(&self, batch: &mut Batch, progress: &dyn Progress) -> io::Result<()> {
        batch.wait_until_fewer_than(1)?;
        batch.together.flush()?;
        let known = || batch.files.iter().filter_map(|&(source, checksum)| Some((source, checksum?)));
        if self.run.is_saving() && !batch.files.is_empty() {
            let mut part = Part::default();
            part.push_owned(known().map(|(source, _)| source).collect());
            part.push_owned(known().map(|(_, checksum)| checksum.len).collect());
            part.push_owned(known().map(|(_, checksum)| checksum.digest).collect());
            self.run.save(&format!("{PREFIX}{:04}", batch.number), &part, progress);
            batch.number += 1;
        }
        batch.files.clear();
        batch.bytes = 0;
        Ok(())
    }
}

impl Batch {
    /// Waits until only so many files are being flushed; those that came first are waited for first.
    fn wait_until_fewer_than(&mut self, files: usize) -> io::Result<()> {
        while self.flushing.len() >= files
            && let Some((source, thread)) = self.flushing.pop_front()
        {
            let checksum = thread.join().expect("flushing does not panic")?;
            self.files.push((source, checksum));
        }
        Ok(())
    }
}

fn files(mut columns: Columns) -> Option<Vec<(u32, Checksum)>> {
    let (sources, lengths): (Vec<u32>, Vec<u64>) = (columns.take()?, columns.take()?);
    let digests: Vec<u128> = columns.take()?;
    let fits = sources.len() == lengths.len() && sources.len() == digests.len();
    let checksums = lengths.into_iter().zip(digests).map(|(len, digest)| Checksum { len, digest });
    fits.then(|| sources.into_iter().zip(checksums).collect())
}
