//! Steps that fail because a test said so. Only in builds with debug assertions.
//!
//! `KIND@N` lets the Nth step go wrong, counted from 1 over the whole process: `enospc` (it fails, and so does every write
//! after it, for the disk is full), `eio` (this one fails), `short` (this and every later write takes a few bytes only),
//! `kill` (the process is gone before the step), `torn` (half of the bytes are written, then it is gone), `power` (as
//! `kill`, and what was not flushed is gone too).

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::Step;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Enospc,
    Eio,
    Short,
    Kill,
    Torn,
    Power,
}

static ARMED: OnceLock<(Kind, usize)> = OnceLock::new();
static STEPS: AtomicUsize = AtomicUsize::new(0);

/// How much of each file that was made is on the disk for certain.
static FLUSHED: Mutex<Option<HashMap<PathBuf, u64>>> = Mutex::new(None);

/// Arms `KIND@N`; false if it is no such thing.
pub fn arm(spec: &str) -> bool {
    let Some((kind, step)) = spec.split_once('@') else { return false };
    let kinds = [
        ("enospc", Kind::Enospc),
        ("eio", Kind::Eio),
        ("short", Kind::Short),
        ("kill", Kind::Kill),
        ("torn", Kind::Torn),
        ("power", Kind::Power),
    ];
    let kind = kinds.into_iter().find(|(name, _)| *name == kind);
    let (Some((_, kind)), Ok(step)) = (kind, step.parse()) else { return false };
    ARMED.set((kind, step)).is_ok()
}

pub(super) fn allow(step: Step, path: &Path, len: usize) -> io::Result<usize> {
    let Some(&(kind, at)) = ARMED.get() else { return Ok(len) };
    if kind == Kind::Power && step == Step::Make {
        note(path, 0);
    }
    let now = STEPS.fetch_add(1, Ordering::SeqCst) + 1;
    match kind {
        _ if now < at => Ok(len),
        Kind::Enospc if matches!(step, Step::Write | Step::Make) => Err(io::Error::from(io::ErrorKind::StorageFull)),
        Kind::Eio if now == at => Err(io::Error::other("injected input/output error")),
        Kind::Short => Ok(len.min(1 + now % 7)),
        Kind::Torn if now == at && step == Step::Write && len > 1 => Ok(len / 2),
        Kind::Kill | Kind::Torn => std::process::abort(),
        Kind::Power => lose_power(),
        Kind::Enospc | Kind::Eio => Ok(len),
    }
}

pub(super) fn synced(path: &Path, len: u64) {
    if matches!(ARMED.get(), Some((Kind::Power, _))) {
        note(path, len);
    }
}

/// What was flushed stays flushed under its new name.
pub(super) fn renamed(from: &Path, to: &Path) {
    let mut flushed = FLUSHED.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(flushed) = flushed.as_mut() else { return };
    let moved = |path: &PathBuf| Some((path.clone(), to.join(path.strip_prefix(from).ok()?)));
    let moved: Vec<(PathBuf, PathBuf)> = flushed.keys().filter_map(moved).collect();
    for (old, new) in moved {
        let len = flushed.remove(&old).unwrap_or_default();
        flushed.insert(if new.ends_with("") { to.to_owned() } else { new }, len);
    }
}

fn note(path: &Path, len: u64) {
    let mut flushed = FLUSHED.lock().unwrap_or_else(PoisonError::into_inner);
    flushed.get_or_insert_default().insert(path.to_owned(), len);
}

/// Cuts every file to what was flushed of it, wherever it is still called so, and ends the process.
fn lose_power() -> ! {
    let flushed = FLUSHED.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_default();
    #[expect(clippy::iter_over_hash_type, reason = "the process ends, and nothing of the order is seen")]
    for (path, len) in flushed {
        let file = fs::OpenOptions::new().write(true).open(&path);
        if let Ok(file) =
            file.and_then(|file| if file.metadata()?.is_file() { Ok(file) } else { Err(io::ErrorKind::Other.into()) })
        {
            let _ = file.set_len(len);
        }
    }
    std::process::abort()
}
