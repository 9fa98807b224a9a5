//! Paths → where they are: absolute, with links in the directories above resolved.
//!
//! Always: each directory is looked up once, for ten thousand files stand in few of them.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::resume::disk::above;

/// The directories that were looked up.
#[derive(Default)]
pub(crate) struct Directories(HashMap<PathBuf, PathBuf>);

impl Directories {
    /// The absolute path of a file, which need not exist; a link keeps its own name.
    pub(crate) fn full(&mut self, path: &Path) -> PathBuf {
        let Some(file) = path.file_name() else { return path.to_owned() };
        let parent = above(path);
        if let Some(known) = self.0.get(parent) {
            return known.join(file);
        }
        let full = fs::canonicalize(parent).or_else(|_| std::path::absolute(parent));
        let full = full.unwrap_or_else(|_| parent.to_owned());
        let path = full.join(file);
        self.0.insert(parent.to_owned(), full);
        path
    }
}
