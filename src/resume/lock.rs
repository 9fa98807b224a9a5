//! One run in a run folder at a time.
//!
//! The operating system's lock on a file in the folder: it goes when the process does, however that ends. The file says
//! who holds it, for the message to others.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;

/// The name of the lock in a run folder.
pub(super) const NAME: &str = "lock";

/// Held as long as it lives.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "the lock goes when the file is closed")] File);

/// What came of trying.
pub(super) enum Taken {
    /// It is ours.
    Yes(Lock),
    /// Somebody else has it, who said this of himself.
    No(String),
}

impl Lock {
    /// Tries to lock a folder that exists.
    pub(super) fn take(folder: &Path) -> io::Result<Taken> {
        let path = folder.join(NAME);
        let mut patience = 3;
        loop {
            let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path)?;
            match file.try_lock() {
                // it may be `--status` that looks whether it is locked
                Err(TryLockError::WouldBlock) if patience > 0 => {
                    patience -= 1;
                    std::thread::sleep(std::time::Duration::from_millis(20));
                    continue;
                }
                Err(TryLockError::WouldBlock) => return Ok(Taken::No(holder(folder))),
                // where files cannot be locked there is no telling
                Err(TryLockError::Error(e)) if e.kind() != io::ErrorKind::Unsupported => return Err(e),
                _ => {}
            }
            // the run that held it may have taken the file away between opening and locking
            if is_same(&file, &path) {
                file.set_len(0)?;
                file.write_all(this_process().as_bytes())?;
                return Ok(Taken::Yes(Lock(file)));
            }
        }
    }
}

/// Who holds the lock of a folder, if somebody does.
pub(super) fn held_by(folder: &Path) -> Option<String> {
    let file = File::open(folder.join(NAME)).ok()?;
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)).then(|| holder(folder))
}

/// What the holder wrote.
fn holder(folder: &Path) -> String {
    let said = fs::read_to_string(folder.join(NAME)).unwrap_or_default();
    if said.is_empty() { "another process".to_owned() } else { said }
}

/// This process, as others should call it.
fn this_process() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host = host.trim();
    let on = if host.is_empty() { String::new() } else { format!(" on {host}") };
    format!("process {}{on}", std::process::id())
}

#[cfg(unix)]
fn is_same(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let key = |found: &fs::Metadata| (found.dev(), found.ino());
    matches!((file.metadata(), fs::metadata(path)), (Ok(a), Ok(b)) if key(&a) == key(&b))
}

#[cfg(not(unix))]
fn is_same(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let Taken::Yes(lock) = Lock::take(dir.path()).unwrap() else { panic!("nobody has it") };
        let Taken::No(who) = Lock::take(dir.path()).unwrap() else { panic!("it is taken") };
        assert!(who.contains(&std::process::id().to_string()), "{who}");
        assert_eq!(held_by(dir.path()), Some(who));
        drop(lock);
        assert_eq!(held_by(dir.path()), None);
        assert!(matches!(Lock::take(dir.path()).unwrap(), Taken::Yes(_)));
    }
}
