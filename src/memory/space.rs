//! The spill file, mapped: where a byte stands in the file it stands in memory.
//!
//! The file has no name from the start, so nothing is left of it however the process ends. It is as long as addresses
//! are to be had and holds nothing at first. [`Space::commit`] takes room on disk for a range, so that a full disk is an
//! error here, and never a signal when the range is written to; [`Space::release`] gives it back. [`Space::drop_pages`]
//! takes pages out of this process's memory: what they hold is in the system's cache of the file and on its way to disk,
//! and comes back when it is looked at.
//!
//! Always: an address belongs to one [`Cut`], one [`Free`] block, or whoever a block was handed out to. Cuts are made here
//! alone and are only ever divided, so that blocks overlap nothing.
#![allow(unsafe_code)] // to map a file, to drop its pages, and to link free blocks with each other

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::fd::{BorrowedFd, IntoRawFd};
use std::path::Path;
use std::ptr;
use std::sync::atomic::{AtomicI32, AtomicU64, AtomicUsize, Ordering};

use rustix::fs::{FallocateFlags, fallocate, fstatfs, fstatvfs};
use rustix::io::{Errno, pread};
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap};
use rustix::process::{Resource, getrlimit};

use super::READ_AT_ONCE;
use super::classes::{PAGE, room};
use super::single::Single;

/// The addresses that are asked for, a power of two; less than the 16 TiB that a file of ext4 can have.
pub(super) const MOST: u64 = 1 << 43;

/// The fewest addresses that are of use.
pub(super) const FEWEST: u64 = 1 << 36;

/// Equal parts in which addresses are given out.
pub(super) const SECTIONS: u64 = 256;

/// The spill file in memory.
pub(super) struct Space {
    /// The address of its first byte; 0 as long as there is none.
    base: AtomicUsize,
    len: AtomicU64,
    file: AtomicI32,
    /// Sections given out.
    sections: AtomicU64,
    /// Room taken on disk, now and at the most.
    in_use: AtomicU64,
    peak: AtomicU64,
    single: Single,
}

/// Addresses that were never handed out; whoever has them owns them.
#[derive(Debug)]
pub(super) struct Cut {
    next: u64,
    end: u64,
    /// Up to where they are committed.
    committed: u64,
}

/// A block that nobody uses; whoever has it owns it. Its first page, or the whole of it, is committed.
#[derive(Debug)]
pub(super) struct Free {
    at: u64,
}

impl Space {
    /// No space yet.
    pub(super) const fn new() -> Space {
        Space {
            base: AtomicUsize::new(0),
            len: AtomicU64::new(0),
            file: AtomicI32::new(-1),
            sections: AtomicU64::new(0),
            in_use: AtomicU64::new(0),
            peak: AtomicU64::new(0),
            single: Single::new(),
        }
    }

    /// Makes the file in `dir` and maps it, with `most` addresses, a power of two, or as many as are to be had. A space that is open stays as it is, for blocks stand in it.
    pub(super) fn open(&self, dir: &Path, most: u64) -> io::Result<()> {
        if self.len() > 0 {
            return Ok(());
        }
        let file = tempfile::tempfile_in(dir)?;
        check_room(&file)?;
        let (len, base) = map(&file, stretch(&file, most)?)?;
        self.file.store(file.into_raw_fd(), Ordering::Relaxed);
        self.base.store(base, Ordering::Relaxed);
        // whoever sees the length sees the rest
        self.len.store(len, Ordering::Release);
        Ok(())
    }

    /// How many addresses it has; 0 if it is not open.
    pub(super) fn len(&self) -> u64 {
        self.len.load(Ordering::Acquire)
    }

    /// The bytes of a section.
    pub(super) fn section_size(&self) -> u64 {
        self.len() / SECTIONS
    }

    /// The end of the addresses that were given out.
    pub(super) fn end(&self) -> u64 {
        self.sections.load(Ordering::Relaxed) * self.section_size()
    }

    /// Whether the file is in a file system that is itself in memory.
    pub(super) fn is_in_memory(&self) -> bool {
        const IN_MEMORY: [u64; 2] = [0x0102_1994, 0x8584_58f6]; // tmpfs, ramfs
        #[allow(clippy::unnecessary_cast, reason = "its type is another one on other machines")]
        fstatfs(self.file()).is_ok_and(|about| IN_MEMORY.contains(&(about.f_type as u64)))
    }

    /// Bytes that are free on the disk of the file.
    pub(super) fn disk_free(&self) -> Option<u64> {
        fstatvfs(self.file()).ok().map(|about| about.f_bavail * about.f_frsize)
    }

    /// Bytes taken on disk now.
    pub(super) fn in_use(&self) -> u64 {
        self.in_use.load(Ordering::Relaxed)
    }

    /// Bytes taken on disk at the most.
    pub(super) fn peak(&self) -> u64 {
        self.peak.load(Ordering::Relaxed)
    }

    fn file(&self) -> BorrowedFd<'_> {
        // SAFETY: it is called when the space is open, and the file is never closed
        unsafe { BorrowedFd::borrow_raw(self.file.load(Ordering::Relaxed)) }
    }

    /// Where an address stands in the space, if it does.
    pub(super) fn find(&self, pointer: *const u8) -> Option<u64> {
        let at = (pointer.addr() as u64).wrapping_sub(self.base.load(Ordering::Relaxed) as u64);
        (at < self.len()).then_some(at)
    }

    /// The address of a place in the space.
    fn address(&self, at: u64) -> *mut u8 {
        debug_assert!(at < self.len());
        ptr::with_exposed_provenance_mut(self.base.load(Ordering::Relaxed) + at as usize)
    }

    /// So many sections that nobody has; the number of the first of them.
    pub(super) fn sections(&self, wanted: u64) -> io::Result<(u64, Cut)> {
        let size = self.section_size();
        let taken = self.sections.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |next| {
            next.checked_add(wanted).filter(|&end| end <= SECTIONS && size > 0)
        });
        let first = taken.map_err(|_| io::Error::from(Errno::NOMEM))?;
        Ok((first, Cut { next: first * size, end: (first + wanted) * size, committed: first * size }))
    }

    /// Takes room on disk for a range of whole pages. It reads as zeros if it had none.
    pub(super) fn commit(&self, range: Range<u64>) -> io::Result<()> {
        let len = range.end - range.start;
        if len == 0 {
            return Ok(());
        }
        self.allocate(FallocateFlags::KEEP_SIZE, &range)?;
        let now = self.in_use.fetch_add(len, Ordering::Relaxed) + len;
        self.peak.fetch_max(now, Ordering::Relaxed);
        Ok(())
    }

    /// Gives back the room of a range of whole pages, which must be committed and used no more.
    pub(super) fn release(&self, range: Range<u64>) {
        // a system that keeps the room all the same is no reason to stop; it is counted as taken
        let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
        if !range.is_empty() && self.allocate(hole, &range).is_ok() {
            self.in_use.fetch_sub(range.end - range.start, Ordering::Relaxed);
        }
    }

    fn allocate(&self, mode: FallocateFlags, range: &Range<u64>) -> io::Result<()> {
        loop {
            match fallocate(self.file(), mode, range.start, range.end - range.start) {
                Err(Errno::INTR) => {}
                done => return Ok(done?),
            }
        }
    }

    /// Takes the pages of a range out of this process's memory; what they hold stays.
    pub(super) fn drop_pages(&self, range: Range<u64>) {
        let end = range.end.min(self.len());
        if range.start < end {
            let (start, len) = (self.address(range.start).cast(), (end - range.start) as usize);
            // SAFETY: the mapping is shared, so a page that is dropped comes back from the file as it was; the range is
            // inside it. That a page stays is no error.
            let _ = unsafe { madvise(start, len, Advice::LinuxDontNeed) };
        }
    }

    /// Whether the system maps one page for each that is looked at, and none around it.
    #[inline]
    pub(super) fn is_single(&self) -> bool {
        self.single.is_on()
    }

    /// Somebody wants that pages are mapped one by one, or no longer does.
    pub(super) fn want_single(&self, wanted: bool) {
        if self.len() > 0 {
            self.single.want(wanted, self.base.load(Ordering::Relaxed), self.len());
        }
    }

    /// Reads what stands in the file at a place, and maps none of it.
    pub(super) fn read(&self, at: u64, mut into: &mut [u8]) -> io::Result<()> {
        let mut from = at;
        while !into.is_empty() {
            match pread(self.file(), &mut *into, from) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(len) => (into, from) = (&mut into[len..], from + len as u64),
                Err(Errno::INTR) => {}
                Err(e) => return Err(e.into()),
            }
        }
        Ok(())
    }

    /// Has the system begin to read a range that it has not in its cache.
    pub(super) fn will_read(&self, range: Range<u64>) {
        let end = range.end.min(self.len());
        for start in (range.start / PAGE * PAGE..end).step_by(READ_AT_ONCE) {
            let len = (READ_AT_ONCE as u64).min(end - start) as usize;
            // SAFETY: the range is inside the mapping, and advice changes nothing that it holds; not taken, it is no error
            let _ = unsafe { madvise(self.address(start).cast(), len, Advice::WillNeed) };
        }
    }

    /// A block that was handed out and is given back.
    ///
    /// # Safety
    /// It must have been handed out by this space, and nobody may use it any more.
    pub(super) unsafe fn take_back(&self, block: *mut u8) -> Free {
        Free { at: block.addr() as u64 - self.base.load(Ordering::Relaxed) as u64 }
    }

    /// The address of a block for somebody who owns it from now on.
    pub(super) fn hand_out(&self, block: Free) -> *mut u8 {
        self.address(block.at)
    }

    /// Notes in a free block what comes after it in its list: its place and one, or 0.
    pub(super) fn link(&self, block: &Free, next: Option<Free>) {
        // SAFETY: the block is ours, its first page is committed, and every block is aligned for and holds a word
        unsafe { self.address(block.at).cast::<u64>().write(next.map_or(0, |next| next.at + 1)) }
    }

    /// What was noted in a free block, which is taken out of its list.
    pub(super) fn unlink(&self, block: &Free) -> Option<Free> {
        // SAFETY: as above; the word was written when it came into its list
        let next = unsafe { self.address(block.at).cast::<u64>().read() };
        next.checked_sub(1).map(|at| Free { at })
    }
}

impl Cut {
    /// No addresses.
    pub(super) const EMPTY: Cut = Cut { next: 0, end: 0, committed: 0 };

    /// How many addresses are left.
    pub(super) fn left(&self) -> u64 {
        self.end - self.next
    }

    /// Takes room on disk for the next `len` bytes, which are whole pages and no more than are left, and for the rest of the
    /// stretch that they end in.
    pub(super) fn commit(&mut self, len: u64, space: &Space) -> io::Result<()> {
        assert!(len <= self.left(), "no more than there is");
        let end = room(self.next + len).min(self.end);
        if end > self.committed {
            space.commit(self.committed.max(self.next)..end)?;
            self.committed = end;
        }
        Ok(())
    }

    /// Cuts off the next `len` bytes, whole pages, with what is committed of them.
    pub(super) fn split(&mut self, len: u64) -> Option<Cut> {
        let (next, end) = (self.next, self.next + len);
        (len <= self.left()).then(|| {
            self.next = end;
            Cut { next, end, committed: self.committed.clamp(next, end) }
        })
    }

    /// Makes a block of the next `len` bytes, if they are there and committed as far as a block has to be.
    pub(super) fn block(&mut self, len: u64) -> Option<Free> {
        let at = self.next;
        let is_committed = self.committed >= at + len.min(PAGE);
        (len > 0 && len <= self.left() && is_committed).then(|| {
            self.next += len;
            Free { at }
        })
    }
}

impl Free {
    /// Where it stands.
    pub(super) fn at(&self) -> u64 {
        self.at
    }
}

/// Makes the file as long as it can be, without taking room.
fn stretch(file: &File, most: u64) -> io::Result<u64> {
    // beyond the length that the process may write the system would send a signal
    let allowed = getrlimit(Resource::Fsize).current.unwrap_or(u64::MAX).max(1);
    let mut len = most.min(1 << allowed.ilog2());
    loop {
        match file.set_len(len) {
            Ok(()) => return Ok(len),
            Err(e) if len / 2 < FEWEST => return Err(e),
            Err(_) => len /= 2,
        }
    }
}

/// Maps as much of the file as there are addresses for.
fn map(file: &File, mut len: u64) -> io::Result<(u64, usize)> {
    loop {
        let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED | MapFlags::NORESERVE);
        // SAFETY: a new mapping, at a place that the system chooses; nobody else can reach the file
        match unsafe { mmap(ptr::null_mut(), len as usize, access, flags, file, 0) } {
            Ok(base) => {
                one_page_at_a_time(base, len);
                return Ok((len, base.expose_provenance()));
            }
            Err(e) if len / 2 < FEWEST => return Err(e.into()),
            Err(_) => len /= 2,
        }
    }
}

/// Has the system hold the file in single pages. Otherwise it reads ahead, into pages as large as 8 MiB where disks are said to be
/// fast, and whoever writes a byte has all of such a page written to disk again.
fn one_page_at_a_time(base: *mut std::ffi::c_void, len: u64) {
    // SAFETY: it is the mapping that was just made, and advice changes nothing that it holds. That it is not taken is no error.
    let _ = unsafe { madvise(base, len as usize, Advice::Random) };
}

/// Fails where room cannot be taken in advance, or not be given back.
fn check_room(file: &File) -> io::Result<()> {
    let hole = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    fallocate(file, FallocateFlags::empty(), 0, PAGE).and_then(|()| fallocate(file, hole, 0, PAGE))?;
    Ok(())
}
