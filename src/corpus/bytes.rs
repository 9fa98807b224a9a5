//! The bytes of a source: held, a part of a block that several share, or a read-only mapping of the file.
//!
//! Always: they are the bytes that were read; as long as nobody writes to the file, which a run looks for before it puts
//! anything in its place. A mapping costs no memory of its own: the system reads pages when they are looked at, and
//! drops them when it needs the room.
#![allow(unsafe_code)] // to map a file

use std::fs::File;
use std::io;
use std::ops::{Deref, Range};
use std::sync::Arc;

use memmap2::Mmap;

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
    _registration: memory::Registration,
    mapping: Mmap,
}

impl Bytes {
    /// The contents of a file, mapped. If another process cuts the file short later, looking at them ends the process with
    /// SIGBUS, so files are mapped only where reading them would cost too much memory.
    ///
    /// Errors: what the system says; some files (pipes, devices) cannot be mapped.
    pub fn map(file: &File) -> io::Result<Bytes> {
        // SAFETY: the mapping is read-only and private. Somebody else may write to the file: what is read then is other
        // bytes, never other memory, and every reader of `Bytes` takes any bytes.
        let mapping = unsafe { Mmap::map(file)? };
        // SAFETY: nobody writes to the mapping, and it stays where it is as long as the registration
        let registration = unsafe { memory::register(mapping.as_ptr(), mapping.len()) };
        Ok(Bytes(Holder::File(Arc::new(Mapped { _registration: registration, mapping }))))
    }

    /// Tells the system whether bytes are looked at in order, so that it reads ahead from the disk, or here and there.
    #[cfg(unix)]
    pub(super) fn expect(&self, in_order: bool) {
        use memmap2::Advice::{Normal, Random};
        if let Holder::File(mapped) = &self.0 {
            // what is not heeded is no error
            let _ = mapped.mapping.advise(if in_order { Normal } else { Random });
        }
    }

    /// What this system cannot be told.
    #[cfg(not(unix))]
    pub(super) fn expect(&self, _in_order: bool) {}

    /// Has the system begin to read a range of a mapped file that it has not in its cache.
    #[cfg(unix)]
    pub(super) fn will_read(&self, range: Range<usize>) {
        if let Holder::File(mapped) = &self.0 {
            // what is not heeded is no error
            let _ = mapped.mapping.advise_range(memmap2::Advice::WillNeed, range.start, range.len());
        }
    }

    /// What this system cannot be told.
    #[cfg(not(unix))]
    pub(super) fn will_read(&self, _range: Range<usize>) {}

    /// A part of a block that several share.
    ///
    /// Panics if the block has no such part.
    pub fn part(block: &Arc<Vec<u8>>, range: Range<usize>) -> Bytes {
        assert!(range.start <= range.end && range.end <= block.len(), "a part of the block");
        Bytes(Holder::Block(block.clone(), range))
    }
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
    fn an_empty_file_can_be_mapped() {
        assert_eq!(*Bytes::map(&tempfile::tempfile().unwrap()).unwrap(), *b"");
    }
}
