//! A writer that can be told to stop.
//!
//! In: bytes, maybe gigabytes of them in one call. Out: the same bytes to another writer, in pieces, so that compressing the
//! longest record is given up in its middle; and so that no more of a mapped file comes into memory at a time than there is
//! room for. Always: what fails because the run is to stop is told apart by [`Progress::check`], which [`failed`] asks.

use std::io::{self, Write};
use std::path::Path;

use crate::error::Error;
use crate::memory;
use crate::progress::Progress;

/// Writes to `inner` until the run is to stop.
pub(super) struct Heeding<'p, W> {
    inner: W,
    progress: &'p dyn Progress,
}

impl<'p, W: Write> Heeding<'p, W> {
    pub(super) fn new(inner: W, progress: &'p dyn Progress) -> Heeding<'p, W> {
        Heeding { inner, progress }
    }

    pub(super) fn into_inner(self) -> W {
        self.inner
    }
}

impl<W: Write> Write for Heeding<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // not `Interrupted`: that means to try again
        self.progress.check().map_err(io::Error::other)?;
        let piece = &bytes[..bytes.len().min(memory::PIECE)];
        memory::touched(piece.len());
        self.inner.write(piece)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The error that `path` could not be written, or that the run was to stop before it was.
pub(super) fn failed(path: &Path, progress: &dyn Progress) -> impl Fn(io::Error) -> Error {
    move |e| progress.check().err().unwrap_or_else(|| Error::io("cannot write", path, e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Stage;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Is asked a number of times before it says that the run is to stop.
    struct StopAfter(AtomicUsize);

    impl Progress for StopAfter {
        fn begin(&self, _: Stage, _: u64) {}
        fn advance(&self, _: u64) {}
        fn end(&self) {}
        fn warn(&self, _: &str) {}
        fn cancelled(&self) -> bool {
            self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
        }
    }

    #[test]
    fn a_long_piece_is_written_whole_or_given_up_in_its_middle() {
        let bytes: Vec<u8> = (0..3 * memory::PIECE as u32 / 4 + 1).flat_map(u32::to_le_bytes).collect();
        let mut whole = Vec::new();
        Heeding::new(&mut whole, &()).write_all(&bytes).unwrap();
        assert!(whole == bytes);
        let (stop, mut part) = (StopAfter(2.into()), Vec::new());
        let error = Heeding::new(&mut part, &stop).write_all(&bytes).unwrap_err();
        assert!(part == bytes[..2 * memory::PIECE]);
        assert!(matches!(failed(Path::new("x"), &stop)(error), Error::Interrupted));
        let full = io::Error::from(io::ErrorKind::StorageFull);
        assert!(matches!(failed(Path::new("x"), &())(full), Error::Io { .. }));
    }
}
