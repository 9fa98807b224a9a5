//! Finished outputs → their places, so that a run that ends in between can be ended by the next.
//!
//! The manifest says first what goes where. Then each output is renamed, the state directory before the corpus; one that
//! is replaced is moved into the run folder, and is put back if the new one cannot take its place. What is no longer in
//! the run folder is in its place already.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::disk::{self, above};
use super::manifest::Placing;
use crate::error::{Error, Result};

/// Where replaced outputs wait in the run folder.
const OLD: &str = "old";

/// Puts every output in its place that is not there yet.
pub(super) fn finish(folder: &Path, placing: &Placing) -> Result<()> {
    placing.outputs.iter().try_for_each(|(made, name)| {
        let (made, place) = (folder.join(made), above(folder).join(name));
        if made.exists() { put(folder, &made, &place, placing.force) } else { Ok(()) }
    })
}

fn put(folder: &Path, made: &Path, place: &Path, force: bool) -> Result<()> {
    let failed = |e| Error::io("cannot put in place", place, e);
    let old = set_aside(folder, made, place, force).map_err(failed)?;
    let put = if force || made.is_dir() { disk::rename(made, place) } else { disk::rename_if_free(made, place) };
    if let Err(e) = put {
        if let Some(old) = old {
            let _ = fs::rename(old, place);
        }
        return Err(match e.kind() {
            io::ErrorKind::AlreadyExists | io::ErrorKind::DirectoryNotEmpty => Error::Output {
                path: place.to_owned(),
                reason: "exists already; pass --force to replace it, or choose another place with -o".to_owned(),
            },
            _ => failed(e),
        });
    }
    disk::sync_directory_of(place).map_err(failed)
}

/// Moves what stands at `place` into the run folder if it may go and cannot be renamed over.
fn set_aside(folder: &Path, made: &Path, place: &Path, force: bool) -> io::Result<Option<PathBuf>> {
    let Ok(found) = fs::symlink_metadata(place) else { return Ok(None) };
    let over = made.is_file() && !found.is_dir();
    let is_empty = found.is_dir() && fs::read_dir(place)?.next().is_none();
    if over || !(force || is_empty) {
        return Ok(None);
    }
    let old = folder.join(OLD).join(place.file_name().unwrap_or_default());
    disk::make_directories(&folder.join(OLD))?;
    disk::rename(place, &old)?;
    Ok(Some(old))
}

/// Puts back what was moved out of the way of an output that did not come.
pub(super) fn put_back(folder: &Path) -> io::Result<()> {
    let Ok(old) = fs::read_dir(folder.join(OLD)) else { return Ok(()) };
    for entry in old {
        let entry = entry?;
        let place = above(folder).join(entry.file_name());
        if fs::symlink_metadata(&place).is_err() {
            disk::rename(&entry.path(), &place)?;
        }
    }
    Ok(())
}
