//! What changed since a revision: git is asked.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::terminal::Terminal;
use crate::corpus::{Corpus, Role};
use crate::error::{Error, Result};
use crate::input::Directories;

/// Marks the sources that git says did not change since `revision`, so that only findings that touch the others count.
pub(super) fn settle_unchanged(
    corpus: &mut Corpus,
    inputs: &[PathBuf],
    revision: &str,
    terminal: &Terminal,
) -> Result<()> {
    let mut changed = HashSet::new();
    for repository in repositories(inputs)? {
        changed.extend(changed_files(&repository, revision, terminal)?);
    }
    let mut directories = Directories::default();
    for source in corpus.sources.iter_mut().filter(|source| source.role == Role::Judged) {
        let is_stdin = source.path.as_os_str() == "-";
        if !is_stdin && !changed.contains(&directories.full(&source.path)) {
            source.role = Role::Settled;
        }
    }
    Ok(())
}

/// The top directories of the repositories that the inputs lie in.
fn repositories(inputs: &[PathBuf]) -> Result<BTreeSet<PathBuf>> {
    let mut repositories = BTreeSet::new();
    for input in inputs.iter().filter(|input| input.as_os_str() != "-") {
        let directory = if input.is_dir() { Some(input.as_path()) } else { input.parent() };
        let directory = directory.filter(|d| !d.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let top = git(directory, &["rev-parse", "--show-toplevel"]).map_err(|said| {
            let input = input.display();
            Error::Usage(format!("--changed-since: git finds no repository around {input}: {said}"))
        })?;
        let top = path_of(top.strip_suffix(b"\n").unwrap_or(&top));
        repositories.insert(std::fs::canonicalize(&top).unwrap_or(top));
    }
    Ok(repositories)
}

/// The files of a repository that differ from the commit at which `revision` and HEAD parted, or are not tracked.
fn changed_files(repository: &Path, revision: &str, terminal: &Terminal) -> Result<Vec<PathBuf>> {
    let run = |args: &[&str]| {
        git(repository, args)
            .map_err(|said| Error::Usage(format!("--changed-since {revision}: git {}: {said}", args[0])))
    };
    let commit = format!("{revision}^{{commit}}");
    let commit = git(repository, &["rev-parse", "--verify", "--quiet", "--end-of-options", &commit]).map_err(|_| {
        let place = repository.display();
        Error::Usage(format!(
            "--changed-since {revision}: {place} has no such revision\n  remedy: fetch it first; a shallow clone has the last commits only (fetch-depth: 0, or git fetch --unshallow)"
        ))
    })?;
    let commit = String::from_utf8_lossy(&commit).trim().to_owned();
    let base = match git(repository, &["merge-base", &commit, "HEAD"]) {
        Ok(base) => String::from_utf8_lossy(&base).trim().to_owned(),
        Err(_) => {
            terminal.progress().warn(&format!(
                "{revision} and HEAD have no common commit here (a shallow clone?): compared with {revision} itself, so more may count as changed"
            ));
            commit
        }
    };
    let differs =
        run(&["diff", "--name-status", "-z", "--no-ext-diff", "--find-renames=100%", "--diff-filter=d", &base])?;
    let untracked = run(&["ls-files", "-z", "--others", "--exclude-standard"])?;
    let names = changed_names(&differs).into_iter().chain(untracked.split(|&b| b == 0).filter(|name| !name.is_empty()));
    let mut directories = Directories::default();
    Ok(names.map(|name| directories.full(&repository.join(path_of(name)))).collect())
}

/// The names in what `git diff --name-status -z` prints; a file that was renamed and is otherwise the same is left out.
fn changed_names(status: &[u8]) -> Vec<&[u8]> {
    let mut fields = status.split(|&b| b == 0).filter(|field| !field.is_empty());
    let mut names = Vec::new();
    while let Some(letter) = fields.next() {
        let is_pair = matches!(letter.first(), Some(b'R' | b'C'));
        let (Some(name), renamed) = (fields.next(), is_pair.then(|| fields.next()).flatten()) else { break };
        match (letter, renamed) {
            (b"R100", _) => {}
            (_, renamed) => names.push(renamed.unwrap_or(name)),
        }
    }
    names
}

/// What git prints, or what it says is wrong.
fn git(directory: &Path, args: &[&str]) -> std::result::Result<Vec<u8>, String> {
    let mut command = Command::new("git");
    // a hook that git runs has these set for another directory
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"] {
        command.env_remove(name);
    }
    let output = command.arg("-C").arg(directory).args(args).output();
    let output = output.map_err(|e| format!("git cannot be run: {e}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

/// The path that these bytes name.
fn path_of(bytes: &[u8]) -> PathBuf {
    #[cfg(unix)]
    return PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(bytes));
    #[cfg(not(unix))]
    return PathBuf::from(String::from_utf8_lossy(bytes).into_owned());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renamed_files_have_not_changed() {
        let status = b"M\0a b.md\0R100\0old.md\0new.md\0A\0c\nd.md\0T\0link.md\0";
        assert_eq!(changed_names(status), [&b"a b.md"[..], b"c\nd.md", b"link.md"]);
        assert!(changed_names(b"").is_empty());
    }
}
