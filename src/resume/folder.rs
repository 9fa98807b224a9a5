//! The run folder: what a run needs to be gone on with, beside its output.
//!
//! `OUT.unecho.run` holds the lock, the manifest, the parts, and the outputs until they are renamed into place. It goes
//! when the run has ended well, and also when it ended otherwise with nothing in it worth keeping.
//!
//! A folder cannot be taken away in one step, but its manifest can get another name in one: when every output is in its
//! place it becomes the file `OUT.unecho.over`, and with that the run is over. The folder goes next and that file last. So
//! as long as anything is left there is a manifest, in the folder or as that file, that says how the run stands.
//!
//! Always: a part is taken only if its length and checksum are those of the manifest; a folder that holds an unfinished
//! run is begun anew only if that was asked for; a folder that is not ours is not touched.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::disk::{self, Checksum, NewDirectories, Together};
use super::identity::{self, InputFile};
use super::lock::{self, Lock, Taken};
use super::manifest::{self, Card, Entry, Extent, Found, Manifest, Placing};
use super::part::{Columns, Part};
use super::placing;
use crate::error::{Error, Result};
use crate::progress::Progress;

/// The part that remembers the inputs.
const INPUTS: &str = "inputs";

/// How a run begins where an earlier one may have left its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// From the beginning; not if there is something to go on with.
    Fresh,
    /// From the beginning; what there is to go on with is discarded.
    Over,
    /// From where the earlier run was, if there was one.
    Resume {
        /// An input whose time of change is another may still be the same: its contents tell.
        touched: bool,
    },
}

/// What [`RunFolder::open`] gives.
#[expect(clippy::large_enum_variant, reason = "there is one, and it is taken apart at once")]
pub enum Opened {
    /// A run can begin or go on.
    Run(RunFolder),
    /// The earlier run had done everything but the last renames; these are done now.
    Finished,
}

/// The folder of the run that is at work.
pub struct RunFolder {
    path: PathBuf,
    /// Parts are saved. Beside the state, which is held while the disk is waited for: many threads ask for this.
    saving: AtomicBool,
    state: Mutex<State>,
    /// It is the continuation of an earlier run.
    resumed: bool,
    touched: bool,
    _lock: Lock,
    /// Goes last: what else is in the folder does before.
    _above: NewDirectories,
}

struct State {
    manifest: Manifest,
    unflushed: Unflushed,
}

/// Parts that are written, and which the manifest does not name before they are flushed.
struct Unflushed {
    together: Together,
    parts: Vec<Entry>,
    bytes: u64,
}

/// Bytes of parts that are flushed together. To flush a part and the manifest takes a disk tens of milliseconds, and to sketch what
/// a part holds takes no longer. Few in debug builds, so that small corpora of tests are saved in many steps.
const FLUSHED_AT_ONCE: u64 = if cfg!(debug_assertions) { 16 << 10 } else { 32 << 20 };

/// The run folder of an output: beside it, with `.unecho.run` after its name.
pub fn run_folder(out: &Path) -> PathBuf {
    let out: PathBuf = out.components().collect();
    let mut name = out.file_name().map(ToOwned::to_owned).unwrap_or_else(|| "out".into());
    name.push(".unecho.run");
    out.with_file_name(name)
}

/// What the manifest of a run folder is called when the run is over.
fn over(run_folder: &Path) -> PathBuf {
    run_folder.with_extension("over")
}

impl RunFolder {
    /// Opens the run folder of the output at `place`, which is made if need be.
    ///
    /// Errors: another process works in it; it holds an unfinished run and `start` is [`Start::Fresh`]; it is to be resumed
    /// and the options or inputs are others now.
    pub fn open(place: &Path, card: Card, start: Start, progress: &dyn Progress) -> Result<Opened> {
        let path = run_folder(place);
        let is_over = is_over(&path, &card, start)?;
        let (above, lock) = lock(&path)?;
        if is_over {
            take_away(&path)?;
            return Ok(Opened::Finished);
        }
        let touched = matches!(start, Start::Resume { touched: true });
        let folder = |manifest, resumed| {
            let unflushed = Unflushed { together: Together::new(&path), parts: Vec::new(), bytes: 0 };
            let state = Mutex::new(State { manifest, unflushed });
            let saving = AtomicBool::new(false);
            Opened::Run(RunFolder { path: path.clone(), saving, state, resumed, touched, _lock: lock, _above: above })
        };
        let found = match Manifest::find(&path) {
            Found::Run(found) => found,
            Found::Nothing | Found::Damaged(_) if start == Start::Fresh && is_empty(&path) => {
                return Ok(folder(Manifest::new(card), false));
            }
            Found::Nothing => {
                if matches!(start, Start::Resume { .. }) {
                    progress.warn(&format!(
                        "there is no unfinished run in {}: this one begins at the beginning",
                        path.display()
                    ));
                }
                clear(&path)?;
                return Ok(folder(Manifest::new(card), false));
            }
            Found::Damaged(reason) => {
                let what = format!("the manifest of the unfinished run in {} is damaged ({reason})", path.display());
                progress.warn(&format!("{what}: this run begins at the beginning"));
                clear(&path)?;
                return Ok(folder(Manifest::new(card), false));
            }
        };
        match (start, &found.placing) {
            (Start::Fresh, _) => return Err(unfinished(&path)),
            (Start::Over, Some(placing)) => placing::finish(&path, placing)?,
            (Start::Resume { .. }, Some(placing)) => {
                refuse_other_card(&path, &found.card, &card)?;
                placing::finish(&path, placing)?;
                end(&path)?;
                return Ok(Opened::Finished);
            }
            (Start::Resume { .. }, None) => {
                refuse_other_card(&path, &found.card, &card)?;
                let inputs = found.part(INPUTS).and_then(|entry| read_part(&path, entry)).and_then(identity::from_part);
                if let Some(inputs) = inputs {
                    refuse_changed(&path, &inputs, touched)?;
                    return Ok(folder(*found, true));
                }
                progress.warn(&format!(
                    "what {} says of the inputs is damaged: this run begins at the beginning",
                    path.display()
                ));
            }
            (Start::Over, None) => {
                progress.warn(&format!("the unfinished run in {} is discarded", path.display()));
            }
        }
        clear(&path)?;
        Ok(folder(Manifest::new(card), false))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it goes on with what an earlier run had finished.
    pub fn is_resumed(&self) -> bool {
        self.resumed
    }

    /// What is finished.
    pub fn manifest(&self) -> Manifest {
        self.state().manifest.clone()
    }

    /// Whether a later run could go on with what is finished.
    pub fn is_worth_keeping(&self) -> bool {
        let manifest = &self.state().manifest;
        manifest.placing.is_some() || manifest.parts.iter().any(|part| part.name != INPUTS)
    }

    /// Tells what was read. In a run that goes on, the inputs must be those of the earlier run; in one that is to be `saved`,
    /// they are remembered, and from now on parts are saved.
    pub fn identify(&self, files: &[InputFile], extent: Extent, saved: bool, progress: &dyn Progress) -> Result<()> {
        if self.resumed {
            let known = self.load(INPUTS, progress).and_then(identity::from_part);
            let reason = known.and_then(|known| differing(&known, files, self.touched));
            if let Some(reason) = reason {
                return Err(changed_since(&self.path, &reason));
            }
        }
        let mut state = self.state();
        self.saving.store(saved, Ordering::Relaxed);
        state.manifest.extent = extent;
        let is_known = state.manifest.part(INPUTS).is_some();
        drop(state);
        if saved && !is_known {
            self.save(INPUTS, &identity::to_part(files), progress);
        }
        Ok(())
    }

    /// Whether parts are saved.
    pub fn is_saving(&self) -> bool {
        self.saving.load(Ordering::Relaxed)
    }

    /// A finished part. One that is damaged is warned about, and is not finished any more.
    pub fn load(&self, name: &str, progress: &dyn Progress) -> Option<Columns> {
        let entry = self.state().manifest.part(name).cloned()?;
        let columns = read_part(&self.path, &entry);
        if columns.is_none() {
            self.forget(name, progress);
        }
        columns
    }

    /// A part is not what it should be: it is to be made again.
    pub fn forget(&self, name: &str, progress: &dyn Progress) {
        let file = self.path.join(name);
        progress.warn(&format!("{} is missing or damaged, and is made again", file.display()));
        self.state().manifest.parts.retain(|part| part.name != name);
    }

    /// Saves a part, if parts are saved. A state that cannot be saved is warned about; the run goes on without.
    pub fn save(&self, name: &str, part: &Part<'_>, progress: &dyn Progress) {
        self.save_soon(name, part, progress);
        self.flush(progress);
    }

    /// As [`RunFolder::save`], but it counts only with a few that follow, or once [`RunFolder::flush`] was called.
    pub fn save_soon(&self, name: &str, part: &Part<'_>, progress: &dyn Progress) {
        if self.is_saving() {
            self.warn_if_not_saved(self.try_save_soon(name, part), progress);
        }
    }

    /// From now on the parts count that [`RunFolder::save_soon`] was given.
    pub fn flush(&self, progress: &dyn Progress) {
        if self.is_saving() {
            self.warn_if_not_saved(self.state().try_flush(&self.path), progress);
        }
    }

    fn warn_if_not_saved(&self, saved: io::Result<()>, progress: &dyn Progress) {
        if let Err(e) = saved {
            self.saving.store(false, Ordering::Relaxed);
            progress.warn(&format!(
                "cannot save the state of the run in {}: {e}; the run goes on, but could be resumed from before this point only",
                self.path.display()
            ));
        }
    }

    fn try_save_soon(&self, name: &str, part: &Part<'_>) -> io::Result<()> {
        let mut state = self.state();
        let Unflushed { together, parts, bytes } = &mut state.unflushed;
        let checksum = disk::write_file(&self.path.join(name), &part.encode().pieces(), together)?;
        parts.push(Entry::new(name, checksum));
        *bytes += checksum.len;
        if *bytes < FLUSHED_AT_ONCE { Ok(()) } else { state.try_flush(&self.path) }
    }

    /// The parts whose names begin with one of `prefixes` are not needed any more: gives back their space.
    pub fn drop_parts(&self, prefixes: &[&str], progress: &dyn Progress) {
        if !self.is_saving() {
            return;
        }
        let is_needed = |part: &Entry| !prefixes.iter().any(|prefix| part.name.starts_with(prefix));
        let mut state = self.state();
        let (needed, others): (Vec<Entry>, Vec<Entry>) = state.manifest.parts.drain(..).partition(is_needed);
        state.manifest.parts = needed;
        if let Err(e) = state.manifest.save(&self.path) {
            progress.warn(&format!("cannot save the state of the run in {}: {e}", self.path.display()));
        }
        for part in others {
            let _ = disk::remove(&self.path.join(part.name));
        }
    }

    /// Takes the folder away with all that is in it.
    pub fn discard(self) {
        self.state().manifest.parts.clear();
    }

    /// Renames finished outputs into their places, and takes the folder away. All of them must be on the disk.
    pub fn place(self, placing: Placing) -> Result<()> {
        let failed = |e| Error::io("cannot write to", &self.path, e);
        {
            let mut state = self.state();
            let mut manifest = state.manifest.clone();
            manifest.placing = Some(placing.clone());
            manifest.save(&self.path).map_err(failed)?;
            state.manifest = manifest;
        }
        placing::finish(&self.path, &placing)?;
        end(&self.path)
    }
}

impl State {
    /// Flushes what is written, and then names it in the manifest.
    fn try_flush(&mut self, folder: &Path) -> io::Result<()> {
        if self.unflushed.parts.is_empty() {
            return Ok(());
        }
        self.unflushed.together.flush()?;
        self.unflushed.parts.iter().for_each(|part| disk::forget(&folder.join(&part.name)));
        let mut manifest = self.manifest.clone();
        manifest.parts.retain(|part| self.unflushed.parts.iter().all(|newer| newer.name != part.name));
        manifest.parts.append(&mut self.unflushed.parts);
        self.unflushed.bytes = 0;
        manifest.save(folder)?;
        self.manifest = manifest;
        Ok(())
    }
}

impl Drop for RunFolder {
    fn drop(&mut self) {
        if !self.is_worth_keeping() && fs::symlink_metadata(&self.path).is_ok() {
            let _ = remove(&self.path);
        }
    }
}

/// Makes the folder, and those above it, and locks it.
fn lock(path: &Path) -> Result<(NewDirectories, Lock)> {
    let failed = |e| Error::io("cannot work in", path, e);
    loop {
        refuse_foreign(path)?;
        let above = NewDirectories::make(path).map_err(failed)?;
        match Lock::take(path) {
            Ok(Taken::Yes(lock)) => return Ok((above, lock)),
            Ok(Taken::No(who)) => {
                let reason = format!("{who} is at work here; wait for it, or choose another output with -o");
                return Err(Error::Saved { path: path.to_owned(), reason });
            }
            // the run that was at work here has just ended and taken its folder along
            Err(e) if e.kind() == io::ErrorKind::NotFound => {}
            Err(e) => return Err(failed(e)),
        }
    }
}

/// Refuses a folder that holds something, but no lock of ours.
fn refuse_foreign(path: &Path) -> Result<()> {
    if fs::symlink_metadata(path).is_err() || path.join(lock::NAME).is_file() || (path.is_dir() && is_empty(path)) {
        return Ok(());
    }
    Err(foreign(path, "is not a run folder of unecho, and stands where one would be"))
}

fn foreign(path: &Path, what: &str) -> Error {
    Error::Saved { path: path.to_owned(), reason: format!("{what}; choose another output with -o") }
}

/// Whether there is nothing in a folder but its lock.
fn is_empty(path: &Path) -> bool {
    let is_lock = |entry: io::Result<fs::DirEntry>| entry.is_ok_and(|entry| entry.file_name() == lock::NAME);
    fs::read_dir(path).is_ok_and(|mut entries| entries.all(is_lock))
}

/// Takes away everything in the folder but the lock, the manifest last: as long as it stands, so does what it says.
fn clear(path: &Path) -> Result<()> {
    clear_but_manifest(path)?;
    disk::remove(&path.join(manifest::NAME)).map_err(|e| Error::io("cannot clear", path, e))
}

/// Takes away everything in the folder but the lock and the manifest.
fn clear_but_manifest(path: &Path) -> Result<()> {
    let failed = |e| Error::io("cannot clear", path, e);
    placing::put_back(path).map_err(failed)?;
    let entries: Vec<PathBuf> =
        fs::read_dir(path).and_then(|entries| entries.map(|e| e.map(|e| e.path())).collect()).map_err(failed)?;
    let goes = |p: &&PathBuf| !p.ends_with(manifest::NAME) && !p.ends_with(lock::NAME);
    entries.iter().filter(goes).try_for_each(|entry| disk::remove(entry)).map_err(failed)
}

/// Takes the folder away; its lock goes last.
fn remove(path: &Path) -> Result<()> {
    clear(path)?;
    disk::remove(path).map_err(|e| Error::io("cannot remove", path, e))
}

/// Ends a run whose outputs are in their places.
fn end(path: &Path) -> Result<()> {
    clear_but_manifest(path)?;
    let over = over(path);
    let renamed = disk::rename(&path.join(manifest::NAME), &over).and_then(|()| disk::sync_directory_of(&over));
    renamed.map_err(|e| Error::io("cannot end the run in", path, e))?;
    take_away(path)
}

/// Takes away the folder of a run that is over, and last what says that it is.
fn take_away(path: &Path) -> Result<()> {
    remove(path)?;
    forget_over(path)
}

/// Whether there is nothing to do but to take away what is left of a run that is over. If it is not to be gone on with,
/// that it is over is forgotten: first, since with a lock in a new folder it would be said of that.
fn is_over(path: &Path, card: &Card, start: Start) -> Result<bool> {
    match find_over(path)? {
        Some(over) if matches!(start, Start::Resume { .. }) => {
            refuse_other_card(path, &over.card, card)?;
            Ok(true)
        }
        _ => forget_over(path).map(|()| false),
    }
}

/// The manifest of a run that is over, if its outputs stand and what is left of it was not taken away yet.
pub(super) fn find_over(path: &Path) -> Result<Option<Manifest>> {
    let over = over(path);
    let stands = |(_, name): &(PathBuf, PathBuf)| disk::above(path).join(name).exists();
    let is_whole = |found: &Manifest| found.placing.iter().flat_map(|placing| &placing.outputs).all(stands);
    match Manifest::read(&over) {
        Found::Nothing => Ok(None),
        Found::Run(found) => Ok(Some(*found).filter(|found| is_whole(found) && !path.join(manifest::NAME).exists())),
        Found::Damaged(_) => Err(match fs::symlink_metadata(&over) {
            Ok(_) => foreign(&over, "is not what a run of unecho left, and stands where that would be"),
            // nobody may look there
            Err(e) => Error::io("cannot look for", &over, e),
        }),
    }
}

fn forget_over(path: &Path) -> Result<()> {
    let over = over(path);
    disk::remove(&over).map_err(|e| Error::io("cannot remove", &over, e))
}

/// The columns of a part; `None` if it is not what the manifest says.
fn read_part(folder: &Path, entry: &Entry) -> Option<Columns> {
    let bytes = fs::read(folder.join(&entry.name)).ok()?;
    if entry.is(Checksum::of(&bytes)) { Columns::parse(bytes) } else { None }
}

fn unfinished(path: &Path) -> Error {
    let reason = "holds an unfinished run\n  remedy: pass --resume to go on with it, or --force to discard it and begin anew; `unecho clean --status` says how far it is";
    Error::Saved { path: path.to_owned(), reason: reason.to_owned() }
}

fn changed_since(path: &Path, reason: &str) -> Error {
    let reason =
        format!("cannot be resumed: {reason}\n  remedy: pass --force to discard the unfinished run and begin anew");
    Error::Saved { path: path.to_owned(), reason }
}

/// Refuses to go on with a run that was asked to do something else.
fn refuse_other_card(path: &Path, then: &Card, now: &Card) -> Result<()> {
    let mut reasons = Vec::new();
    if then.unecho != now.unecho {
        reasons.push(format!("it was made by unecho {}, and this is {}", then.unecho, now.unecho));
    }
    let empty = serde_json::Map::new();
    let (a, b) = (then.options.as_object().unwrap_or(&empty), now.options.as_object().unwrap_or(&empty));
    let keys: std::collections::BTreeSet<&String> = a.keys().chain(b.keys()).collect();
    for key in keys.into_iter().filter(|key| a.get(*key) != b.get(*key)) {
        let said = |value: Option<&serde_json::Value>| value.map_or_else(|| "not set".to_owned(), ToString::to_string);
        reasons.push(format!("{} was {} and is {}", key.replace('_', "-"), said(a.get(key)), said(b.get(key))));
    }
    if reasons.is_empty() {
        return Ok(());
    }
    Err(changed_since(path, &format!("{}\n  it was started with: {}", reasons.join("; "), then.command)))
}

/// Refuses to go on if an input is not what it was, as far as that can be told before it is read.
fn refuse_changed(path: &Path, inputs: &[InputFile], touched: bool) -> Result<()> {
    let change = |input: &InputFile| {
        let change = input.change(touched)?;
        let hint = if change == "was written to" { "; --verify-inputs compares its contents instead" } else { "" };
        Some(format!("the input {} {change} since{hint}", input.path.display()))
    };
    match inputs.iter().find_map(change) {
        Some(reason) => Err(changed_since(path, &reason)),
        None => Ok(()),
    }
}

/// What is different between the inputs of the earlier run and those of this one, by name.
fn differing(then: &[InputFile], now: &[InputFile], touched: bool) -> Option<String> {
    if let Some((a, b)) = then.iter().zip(now).find(|(a, b)| a.path != b.path || a.name != b.name) {
        return Some(format!("the inputs are others: where {} was, there is {}", a.path.display(), b.path.display()));
    }
    match (then.get(now.len()), now.get(then.len())) {
        (Some(gone), _) => return Some(format!("the input {} is missing", gone.path.display())),
        (_, Some(new)) => return Some(format!("the input {} is new", new.path.display())),
        _ => {}
    }
    let differs = |a: &InputFile, b: &InputFile| a.contents != b.contents || !touched && a.stamp != b.stamp;
    let (file, _) = then.iter().zip(now).find(|(a, b)| differs(a, b))?;
    Some(format!("the input {} has other contents now", file.path.display()))
}
