//! The bytes of a source: held, a part of a block that several share, or a read-only mapping of the file.
//!
//! Always: they are the bytes that were read; as long as nobody writes to the file, which a run looks for before it puts
//! anything in its place. A mapping costs no memory of its own: the system reads pages when they are looked at, and
//! drops them when it needs the room.
#![allow(unsafe_code)] // to map a file

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::ops::{Deref, Range};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use memmap2::{Mmap, MmapOptions};

use crate::memory;

/// Bytes that can be looked at and cloned for next to nothing.
#[derive(Clone, Debug)]
pub struct Bytes(Holder);

#[derive(Clone, Debug)]
enum Holder {
    Block(Arc<Vec<u8>>, Range<usize>),
    File(Arc<Mapped>),
}

/// A mapping whose pages are dropped when memory runs short.
#[derive(Debug)]
struct Mapped {
    /// It goes first: then nobody drops pages of what is mapped no more.
    registration: memory::Registration,
    mapping: Mmap,
    /// The file, if it is large for a limit on memory and few others are open.
    file: Option<File>,
    /// Bytes of such files that were mapped before.
    before: u64,
}

/// Bytes that are few enough to be read and not mapped: what is mapped is not copied.
const FEW: usize = 64 << 10;

/// A file that takes more than this part of a limit on memory is not mapped all around what is looked at by itself. To read from
/// a smaller one would be a call for each excerpt of a report, a tenth of the time that it takes.
const MUCH_OF_LIMIT: u64 = 16;

/// Files that stay open, so that what is looked at here and there can be read from them; a process gets 1,024 or more.
const OPEN: usize = 64;

/// Large files are let go of in multiples of this.
const PIECE: usize = 16 << 20;

/// How many files were kept open, and their bytes.
static KEPT_OPEN: AtomicUsize = AtomicUsize::new(0);
static BYTES_KEPT_OPEN: AtomicU64 = AtomicU64::new(0);

impl Bytes {
    /// The contents of a file, mapped. If another process cuts the file short later, looking at them ends the process with
    /// SIGBUS, so files are mapped only where reading them would cost too much memory.
    ///
    /// Errors: what the system says; some files (pipes, devices) cannot be mapped.
    pub fn map(file: &File) -> io::Result<Bytes> {
        let len = file.metadata()?.len();
        let is_much = memory::allowed().is_some_and(|limit| len > limit / MUCH_OF_LIMIT);
        let stays_open = is_much && KEPT_OPEN.fetch_add(1, Ordering::Relaxed) < OPEN;
        Bytes::map_and_keep(file, stays_open)
    }

    fn map_and_keep(file: &File, stays_open: bool) -> io::Result<Bytes> {
        // SAFETY: the mapping is read-only and private. Somebody else may write to the file: what is read then is other
        // bytes, never other memory, and every reader of `Bytes` takes any bytes.
        let mapping = unsafe { MmapOptions::new().map_copy_read_only(file)? };
        // SAFETY: nobody writes to the mapping, and it stays where it is as long as the registration
        let registration = unsafe { memory::register(mapping.as_ptr(), mapping.len()) };
        let file = if stays_open { file.try_clone().ok() } else { None };
        let len = if stays_open { mapping.len() as u64 } else { 0 };
        let before = BYTES_KEPT_OPEN.fetch_add(len, Ordering::Relaxed);
        Ok(Bytes(Holder::File(Arc::new(Mapped { registration, mapping, file, before }))))
    }

    /// The bytes in a range that is looked at by itself. Under a limit on memory those of a large file are read from it: to look at
    /// them in the mapping would map what stands around them too, and take that much from what is looked at in order.
    pub(crate) fn here(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        let file = match &self.0 {
            Holder::File(mapped) if range.len() <= FEW => mapped.file.as_ref(),
            _ => None,
        };
        file.and_then(|file| read(file, range.clone())).map_or_else(|| Cow::Borrowed(&self[range]), Cow::Owned)
    }

    /// Tells the system whether bytes are looked at in order, so that it reads ahead from the disk, or here and there.
    #[cfg(unix)]
    pub(super) fn expect(&self, in_order: bool) {
        use memmap2::Advice::{Normal, Random};
        if let Holder::File(mapped) = &self.0 {
            // what is not heeded is no error
            let _ = mapped.mapping.advise(if in_order { Normal } else { Random });
            mapped.registration.expect(in_order);
        }
    }

    /// What this system cannot be told.
    #[cfg(not(unix))]
    pub(super) fn expect(&self, _in_order: bool) {}

    /// Has the system begin to read a range of a mapped file that it has not in its cache.
    #[cfg(unix)]
    pub(super) fn will_read(&self, range: Range<usize>) {
        if let Holder::File(mapped) = &self.0 {
            for start in range.clone().step_by(memory::READ_AT_ONCE) {
                let len = memory::READ_AT_ONCE.min(range.end - start);
                // what is not heeded is no error
                let _ = mapped.mapping.advise_range(memmap2::Advice::WillNeed, start, len);
            }
        }
    }

    /// What this system cannot be told.
    #[cfg(not(unix))]
    pub(super) fn will_read(&self, _range: Range<usize>) {}

    /// The bytes, to be read in order: the system begins to read what follows before it is looked at.
    pub(crate) fn in_order(&self) -> InOrder<'_> {
        InOrder { bytes: self, asked: 0 }
    }

    /// Says that a range was read in order, and is not read again before all that follows was: of large files the system lets go of
    /// what it cannot cache beside what is looked up here and there. It caches what stands first, of each pass over the corpus.
    pub(super) fn was_read(&self, range: Range<usize>) {
        if let Holder::File(mapped) = &self.0
            && let Some(file) = &mapped.file
            && mapped.before + range.end as u64 > memory::room_for_inputs()
        {
            // whole pieces: the system's cache holds a file in pages of up to 8 MiB, and lets go of whole ones
            let to = if range.end == mapped.mapping.len() { range.end } else { range.end / PIECE * PIECE };
            mapped.registration.let_go(file, range.start / PIECE * PIECE..to);
        }
    }

    /// A part of a block that several share.
    ///
    /// Panics if the block has no such part.
    pub fn part(block: &Arc<Vec<u8>>, range: Range<usize>) -> Bytes {
        assert!(range.start <= range.end && range.end <= block.len(), "a part of the block");
        Bytes(Holder::Block(block.clone(), range))
    }
}

/// Bytes that are read in order, each part once or not at all.
pub(crate) struct InOrder<'b> {
    bytes: &'b Bytes,
    /// As far as the system was asked to read.
    asked: usize,
}

impl<'b> InOrder<'b> {
    /// How far ahead the system is asked to read.
    const AHEAD: usize = 8 << 20;

    /// The bytes of a range that begins where the last one ended, or later, in pieces of [`memory::PIECE`].
    pub(crate) fn pieces(&mut self, range: Range<usize>) -> impl Iterator<Item = &'b [u8]> {
        let bytes = self.bytes;
        range.clone().step_by(memory::PIECE).map(move |start| {
            let end = range.end.min(start + memory::PIECE);
            self.will_read(start, end + InOrder::AHEAD);
            &bytes[start..end]
        })
    }

    /// Has the system read as far as `to`; what is before `from` is not looked at. To ask for what is in its cache costs 2 µs for
    /// each 128 KiB.
    fn will_read(&mut self, from: usize, to: usize) {
        let (from, to) = (from.max(self.asked), to.min(self.bytes.len()));
        if from + memory::PIECE <= to || (from < to && to == self.bytes.len()) {
            self.bytes.will_read(from..to);
            self.asked = to;
        }
    }
}

/// The bytes of a range of a file; `None` if they cannot be read.
#[cfg(unix)]
fn read(file: &File, range: Range<usize>) -> Option<Vec<u8>> {
    let mut bytes = vec![0; range.len()];
    std::os::unix::fs::FileExt::read_exact_at(file, &mut bytes, range.start as u64).ok()?;
    Some(bytes)
}

/// What cannot be done on this system without moving where the file is read.
#[cfg(not(unix))]
fn read(_file: &File, _range: Range<usize>) -> Option<Vec<u8>> {
    None
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Bytes {
        let len = bytes.len();
        Bytes(Holder::Block(Arc::new(bytes), 0..len))
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match &self.0 {
            Holder::Block(block, range) => &block[range.clone()],
            Holder::File(mapped) => &mapped.mapping,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_is_read_from_a_file_is_what_is_mapped() {
        let mut file = tempfile::tempfile().unwrap();
        let held: Vec<u8> = (0..3 * FEW).map(|i| (i / 7) as u8).collect();
        file.write_all(&held).unwrap();
        for stays_open in [true, false] {
            let bytes = Bytes::map_and_keep(&file, stays_open).unwrap();
            for range in [0..0, 5..6, 4090..9000, 3 * FEW - 10..3 * FEW, FEW..2 * FEW, 1..2 * FEW] {
                let is_read = stays_open && range.len() <= FEW;
                let here = bytes.here(range.clone());
                assert_eq!((&*here, matches!(here, Cow::Owned(_))), (&held[range.clone()], is_read));
                bytes.was_read(range);
                assert_eq!(*bytes, *held);
            }
        }
    }

    #[test]
    fn a_file_a_block_and_a_part_hold_the_same() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"some bytes").unwrap();
        let mapped = Bytes::map(&file).unwrap();
        let block = Arc::new(b"and some bytes too".to_vec());
        assert_eq!(*mapped, *Bytes::from(b"some bytes".to_vec()));
        for in_order in [false, true] {
            mapped.expect(in_order);
            mapped.will_read(3..7);
        }
        assert_eq!(*mapped, *Bytes::part(&block, 4..14));
        let is_mapped = |bytes: &Bytes| matches!(bytes.0, Holder::File(_));
        assert!(is_mapped(&mapped) && !is_mapped(&Bytes::part(&block, 4..4)));
    }

    #[test]
    fn pieces_in_order_are_all_of_a_range() {
        let mut file = tempfile::tempfile().unwrap();
        let held: Vec<u8> = (0..InOrder::AHEAD + 3 * memory::PIECE).map(|i| (i / 7) as u8).collect();
        file.write_all(&held).unwrap();
        let mapped = Bytes::map(&file).unwrap();
        let mut in_order = mapped.in_order();
        let piece = memory::PIECE;
        for range in [0..0, 0..5, 7..piece, piece..3 * piece + 1, 3 * piece + 1..held.len(), held.len()..held.len()] {
            let pieces: Vec<&[u8]> = in_order.pieces(range.clone()).collect();
            assert!(pieces.iter().all(|part| part.len() <= piece) && pieces.concat() == held[range]);
        }
        assert_eq!(in_order.asked, held.len());
    }

    #[test]
    fn an_empty_file_can_be_mapped() {
        assert_eq!(*Bytes::map(&tempfile::tempfile().unwrap()).unwrap(), *b"");
    }
}
