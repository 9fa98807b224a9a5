//! Whether the input is still what it was: size, time of change, and digests.
//!
//! A [`Stamp`] is what the system says of a file before it is read; asked again at the end, it tells whether the file
//! changed meanwhile. An [`InputFile`] is what a run folder remembers of it: the stamp, the digest of its first and last
//! 64 KiB, which is cheap to ask for before a run goes on, and the digest of all it held once decoded.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use xxhash_rust::xxh3::xxh3_128;

use super::part::{Columns, Part};

/// Bytes at either end of a file that are digested.
const END: u64 = 64 << 10;

/// What the system says of a file: cheap, and different if the file changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stamp {
    /// Its size in bytes.
    pub size: u64,
    /// When it was changed, in nanoseconds since 1970; 0 where the system does not tell.
    pub modified: i128,
}

impl Stamp {
    /// Of the file at `path`; `None` if there is no telling, as for standard input and pipes.
    pub fn of(path: &Path) -> Option<Stamp> {
        let found = fs::metadata(path).ok().filter(|found| found.is_file() && path.as_os_str() != "-")?;
        let since = found.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Some(Stamp { size: found.len(), modified: since.map_or(0, |since| since.as_nanos() as i128) })
    }

    /// How a file whose stamp was this has changed since, if it has.
    pub fn change(self, path: &Path) -> Option<String> {
        match Stamp::of(path) {
            None => Some("is gone".to_owned()),
            Some(now) if now.size > self.size => Some(format!("grew from {} to {} bytes", self.size, now.size)),
            Some(now) if now.size < self.size => Some(format!("shrank from {} to {} bytes", self.size, now.size)),
            Some(now) if now.modified != self.modified => Some("was written to".to_owned()),
            Some(_) => None,
        }
    }
}

/// What a run folder remembers of an input file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// Where it lies.
    pub path: PathBuf,
    /// The name of its cleaned copy below the output.
    pub name: PathBuf,
    /// What the system said of it; `None` for standard input.
    pub stamp: Option<Stamp>,
    /// XXH3-128 of its first and last 64 KiB as stored.
    pub ends: u128,
    /// XXH3-128 of its decoded bytes.
    pub contents: u128,
}

impl InputFile {
    /// How it differs on disk from what it was, as far as that can be told without reading it whole. With `touched`, the
    /// time of the change alone does not count.
    pub(super) fn change(&self, touched: bool) -> Option<String> {
        let stamp = self.stamp?;
        let now = Stamp::of(&self.path);
        let stamp = if touched { Stamp { modified: now.unwrap_or(stamp).modified, ..stamp } } else { stamp };
        let changed = || (ends(&self.path).ok()? != self.ends).then(|| "begins or ends with other text".to_owned());
        stamp.change(&self.path).or_else(changed)
    }
}

/// The digest of the first and last 64 KiB of a file, or of all of it if it is shorter than both.
pub fn ends(path: &Path) -> io::Result<u128> {
    let mut file = File::open(path)?;
    let size = file.metadata()?.len();
    let mut bytes = Vec::new();
    (&mut file).take(2 * END.min(size)).read_to_end(&mut bytes)?;
    if size > 2 * END {
        bytes.truncate(END as usize);
        file.seek(SeekFrom::Start(size - END))?;
        file.take(END).read_to_end(&mut bytes)?;
    }
    Ok(xxh3_128(&bytes))
}

/// The inputs as columns.
pub(super) fn to_part(files: &[InputFile]) -> Part<'static> {
    let mut part = Part::default();
    for path in [|f: &InputFile| f.path.clone(), |f: &InputFile| f.name.clone()] {
        let paths: Vec<Vec<u8>> = files.iter().map(|f| path(f).into_os_string().into_encoded_bytes()).collect();
        part.push_owned(paths.iter().map(|path| path.len() as u64).collect());
        part.push_owned(paths.concat());
    }
    part.push_owned(files.iter().map(|f| u8::from(f.stamp.is_some())).collect());
    part.push_owned(files.iter().map(|f| f.stamp.unwrap_or_default().size).collect());
    part.push_owned(files.iter().map(|f| f.stamp.unwrap_or_default().modified).collect());
    part.push_owned(files.iter().map(|f| f.ends).collect());
    part.push_owned(files.iter().map(|f| f.contents).collect());
    part
}

/// The inputs that [`to_part`] stored.
pub(super) fn from_part(mut columns: Columns) -> Option<Vec<InputFile>> {
    let paths = take_paths(&mut columns)?;
    let names = take_paths(&mut columns)?;
    let stamped: Vec<u8> = columns.take()?;
    let sizes: Vec<u64> = columns.take()?;
    let modified: Vec<i128> = columns.take()?;
    let ends: Vec<u128> = columns.take()?;
    let contents: Vec<u128> = columns.take()?;
    let lengths = [names.len(), stamped.len(), sizes.len(), modified.len(), ends.len(), contents.len()];
    if lengths.iter().any(|&len| len != paths.len()) {
        return None;
    }
    let file = |(i, (path, name)): (usize, (PathBuf, PathBuf))| InputFile {
        path,
        name,
        stamp: (stamped[i] == 1).then(|| Stamp { size: sizes[i], modified: modified[i] }),
        ends: ends[i],
        contents: contents[i],
    };
    Some(paths.into_iter().zip(names).enumerate().map(file).collect())
}

fn take_paths(columns: &mut Columns) -> Option<Vec<PathBuf>> {
    let lengths: Vec<u64> = columns.take()?;
    let bytes: Vec<u8> = columns.take()?;
    let mut rest = &bytes[..];
    let mut next = |len: &u64| {
        let (path, after) = rest.split_at_checked(usize::try_from(*len).ok()?)?;
        rest = after;
        to_path(path)
    };
    lengths.iter().map(&mut next).collect()
}

#[cfg(unix)]
fn to_path(bytes: &[u8]) -> Option<PathBuf> {
    Some(PathBuf::from(<std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(bytes.to_vec())))
}

#[cfg(not(unix))]
fn to_path(bytes: &[u8]) -> Option<PathBuf> {
    // a name that is not Unicode does not come back: then the inputs are not known, and the run begins anew
    std::str::from_utf8(bytes).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changes_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        fs::write(&path, vec![b'a'; 300_000]).unwrap();
        let stamp = Stamp::of(&path);
        let mut file =
            InputFile { path: path.clone(), name: "a".into(), stamp, ends: ends(&path).unwrap(), contents: 0 };
        assert_eq!(file.change(false), None);
        fs::write(&path, vec![b'a'; 300_001]).unwrap();
        assert!(file.change(false).unwrap().contains("grew"));
        fs::write(&path, [&vec![b'a'; 299_999][..], b"b"].concat()).unwrap();
        assert_eq!(file.change(true).unwrap(), "begins or ends with other text");
        fs::write(&path, vec![b'a'; 300_000]).unwrap();
        file.stamp = Some(Stamp { modified: 1, ..stamp.unwrap() });
        assert_eq!(file.change(true), None);
        assert_eq!(file.change(false).unwrap(), "was written to");
        fs::remove_file(&path).unwrap();
        assert_eq!(file.change(false).unwrap(), "is gone");
    }

    #[test]
    fn the_ends_of_files_of_every_size_are_read() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        for size in [0, 1, END - 1, END, END + 1, 2 * END - 1, 2 * END, 2 * END + 1, 3 * END] {
            let bytes: Vec<u8> = (0..size).map(|i| (i / 7) as u8).collect();
            fs::write(&path, &bytes).unwrap();
            let expected = match bytes.len().checked_sub(2 * END as usize) {
                None | Some(0) => bytes.clone(),
                Some(_) => [&bytes[..END as usize], &bytes[bytes.len() - END as usize..]].concat(),
            };
            assert_eq!(ends(&path).unwrap(), xxh3_128(&expected), "{size}");
        }
    }

    #[test]
    fn inputs_come_back() {
        let file = |path: &str, stamp| InputFile { path: path.into(), name: "n".into(), stamp, ends: 3, contents: 4 };
        let files = [file("-", None), file("a/é", Some(Stamp { size: 5, modified: -7 })), file("", None)];
        let columns = Columns::parse(to_part(&files).to_bytes()).unwrap();
        assert_eq!(from_part(columns), Some(files.to_vec()));
    }
}
