//! What a run saves so that it can be gone on with after it was killed.
//!
//! In: parts that stages have finished, as columns of numbers. Out: the same parts in a later run, or nothing. Always: a
//! part is what was saved, to the bit, or it is made again; what is in the manifest was flushed to the disk before the
//! manifest was; what an earlier run with other options or inputs has saved is refused.
//!
//! Stages know [`Parts`] only, and what names theirs have; what is in a part is their own affair. `docs/resume.md`
//! describes it for users.
//!
//! Tried and refused: a journal instead of a manifest that is written anew (it saves milliseconds a part, and a torn tail
//! is one more thing to be right about); saving the pass that settles documents one by one half-way (its state is as
//! large as the sketches and changes with every document).

pub mod disk;
mod folder;
mod identity;
mod lock;
mod manifest;
mod part;
mod placing;

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::progress::Progress;

pub use folder::{Opened, RunFolder, Start, run_folder};
pub use identity::{InputFile, Stamp, ends};
pub use manifest::{Card, Entry, Extent, Found, Manifest, Placing};
pub use part::{Columns, Part};

/// Where a stage saves what it has finished, and finds what an earlier run had.
#[derive(Clone, Copy, Default)]
pub struct Parts<'r>(Option<&'r RunFolder>);

impl<'r> Parts<'r> {
    /// Nothing is saved, and nothing found.
    pub fn none() -> Parts<'static> {
        Parts(None)
    }

    /// In a run folder.
    pub fn of(folder: &'r RunFolder) -> Parts<'r> {
        Parts(Some(folder))
    }

    /// Whether there is a run folder at all.
    pub fn is_any(self) -> bool {
        self.0.is_some()
    }

    /// Whether what is finished is saved.
    pub fn is_saving(self) -> bool {
        self.0.is_some_and(RunFolder::is_saving)
    }

    /// What an earlier run saved as `name`, read by `read`. What cannot be read is warned about and made again.
    pub fn load<T>(self, name: &str, progress: &dyn Progress, read: impl FnOnce(Columns) -> Option<T>) -> Option<T> {
        let folder = self.0?;
        let columns = folder.load(name, progress)?;
        let found = read(columns);
        if found.is_none() {
            folder.forget(name, progress);
        }
        found
    }

    /// Saves a part, if anything is saved; what is in it is asked for only then.
    pub fn save<'p>(self, name: &str, progress: &dyn Progress, part: impl FnOnce() -> Part<'p>) {
        if let Some(folder) = self.0.filter(|folder| folder.is_saving()) {
            folder.save(name, &part(), progress);
        }
    }

    /// As [`Parts::save`], but it counts only with a few that follow, or once [`Parts::flush`] was called: for parts that
    /// are made faster than a disk flushes one.
    pub fn save_soon<'p>(self, name: &str, progress: &dyn Progress, part: impl FnOnce() -> Part<'p>) {
        if let Some(folder) = self.0.filter(|folder| folder.is_saving()) {
            folder.save_soon(name, &part(), progress);
        }
    }

    /// From now on the parts count that [`Parts::save_soon`] was given.
    pub fn flush(self, progress: &dyn Progress) {
        if let Some(folder) = self.0 {
            folder.flush(progress);
        }
    }

    /// Gives back the space of parts whose names begin with one of `prefixes`.
    pub fn drop_parts(self, prefixes: &[&str], progress: &dyn Progress) {
        if let Some(folder) = self.0 {
            folder.drop_parts(prefixes, progress);
        }
    }
}

/// How far an unfinished run is.
#[derive(Debug)]
pub struct Status {
    /// Its folder.
    pub folder: PathBuf,
    /// Who works in it now, if somebody does.
    pub holder: Option<String>,
    /// When its state was saved last.
    pub saved: Option<SystemTime>,
    /// What is in it.
    pub found: Found,
}

impl Status {
    /// Of the run folder at `run`, or of that of the output at `run`; `None` if there is neither. A run that is over, and
    /// was killed before it had taken away its folder, lacks its last step.
    pub fn of(run: &Path) -> Option<Status> {
        let is_folder = run.extension().is_some_and(|extension| extension == "run") && run.is_dir();
        let folder = if is_folder { run.to_owned() } else { run_folder(run) };
        let (holder, saved) = (lock::held_by(&folder), manifest::saved_at(&folder));
        if let Ok(Some(over)) = folder::find_over(&folder) {
            return Some(Status { holder, saved, found: Found::Run(Box::new(over)), folder });
        }
        folder.is_dir().then(|| Status { holder, saved, found: Manifest::find(&folder), folder })
    }
}
