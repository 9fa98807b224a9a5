//! Many small files → the disk, at once.
//!
//! To flush a file takes a disk ten milliseconds however small it is, and a million files three hours. Where there are
//! many, the system is asked to flush everything that waits for that disk, which takes as long for all of them as for one.
//! Where there are few they are flushed one by one: others may be writing to the same disk, and theirs would be waited for.

use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use super::{Step, allow, synced};

/// Files that are flushed one by one at the most.
const FEW: usize = 64;

/// Files that wait to be flushed at the most: their names take memory.
const MANY: usize = 4096;

/// Files and directories that were made and are not flushed yet.
#[derive(Debug)]
pub struct Together {
    /// On the same disk as they are. It was opened before they were written, so it is told of whatever failed since.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code, reason = "there is no flushing of a whole disk here"))]
    disk: Option<fs::File>,
    path: PathBuf,
    /// With their lengths.
    made: Vec<(PathBuf, u64)>,
    has_failed: bool,
}

impl Together {
    /// For what will be made in a directory, which exists.
    pub fn new(dir: &Path) -> Together {
        let disk = if tells_of_faults() { fs::File::open(dir).ok() } else { None };
        Together { disk, path: dir.to_owned(), made: Vec::new(), has_failed: false }
    }

    /// Adds what was written and closed; after many, all are flushed.
    pub fn add(&mut self, path: PathBuf, len: u64) -> io::Result<()> {
        self.made.push((path, len));
        if self.made.len() < MANY { Ok(()) } else { self.flush() }
    }

    /// Flushes what was added. The system tells of a failure once; here every later flush fails too.
    pub fn flush(&mut self) -> io::Result<()> {
        if self.has_failed {
            return Err(io::Error::other("what was written before could not be flushed"));
        }
        let made = std::mem::take(&mut self.made);
        let flushed = match &self.disk {
            Some(disk) if made.len() > FEW => self.flush_all(disk, &made),
            _ => made.iter().try_for_each(|(path, len)| flush_one(path, *len)),
        };
        self.has_failed = flushed.is_err();
        flushed
    }

    fn flush_all(&self, disk: &fs::File, made: &[(PathBuf, u64)]) -> io::Result<()> {
        allow(Step::Sync, &self.path, 0)?;
        flush_disk(disk)?;
        made.iter().for_each(|(path, len)| synced(path, *len));
        Ok(())
    }
}

fn flush_one(path: &Path, len: u64) -> io::Result<()> {
    allow(Step::Sync, path, 0)?;
    // Windows flushes only what may be written to
    OpenOptions::new().read(true).write(cfg!(windows)).open(path)?.sync_all()?;
    synced(path, len);
    Ok(())
}

/// Whether the system can flush a whole disk, and says so if that fails: Linux 5.8 and later.
#[cfg(target_os = "linux")]
fn tells_of_faults() -> bool {
    fs::read_to_string("/proc/sys/kernel/osrelease").is_ok_and(|release| is_at_least(&release, (5, 8)))
}

#[cfg(not(target_os = "linux"))]
fn tells_of_faults() -> bool {
    false
}

/// Whether a release of the kernel is this one or a later one.
#[cfg(target_os = "linux")]
fn is_at_least(release: &str, least: (u32, u32)) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().ok());
    matches!((numbers.next().flatten(), numbers.next().flatten()), (Some(a), Some(b)) if (a, b) >= least)
}

#[cfg(target_os = "linux")]
fn flush_disk(disk: &fs::File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(disk)?)
}

#[cfg(not(target_os = "linux"))]
fn flush_disk(_: &fs::File) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_are_flushed_and_what_is_gone_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let mut together = Together::new(dir.path());
        for n in [1, FEW, FEW + 1] {
            for i in 0..n {
                let path = dir.path().join(format!("{n}-{i}"));
                fs::write(&path, "text").unwrap();
                together.add(path, 4).unwrap();
            }
            together.flush().unwrap();
            assert!(together.made.is_empty());
        }
        together.add(dir.path().join("gone"), 4).unwrap();
        assert_eq!(together.flush().unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(together.flush().is_err(), "it is not forgotten");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn releases_of_the_kernel_are_compared_by_number() {
        let is_later = |release| is_at_least(release, (5, 8));
        assert!(["5.8.0", "5.10.1-generic", "6.18.0", "10.0"].into_iter().all(is_later));
        assert!(!["5.7.19", "4.19.0-27-amd64", "", "x.9", "6"].into_iter().any(is_later));
    }
}
