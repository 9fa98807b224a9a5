//! Has the system map one page for each that is looked at, and not those that stand around it.
//!
//! For each page that is looked at the system maps up to 16, if they are in its cache: worth it for what is read in order. Of
//! what is looked up here and there it takes as much from the limit as the 16 pages, and has to be dropped as soon. No call
//! turns it off; but in memory whose pages might be protected against writing on behalf of a userfaultfd the system maps only
//! what was asked for (`do_fault_around` in its `mm/memory.c`), since it has to know of each page. So the space is registered
//! for that, and nothing is ever protected: no fault is reported, and nobody reads the descriptor. In the mode that is asked
//! for, `UFFD_FEATURE_WP_ASYNC` (Linux 6.7 and later), that is allowed for mappings of files.
//!
//! Where it cannot be had (other systems, older ones, a sandbox without the call), pages come in as before.
#![allow(unsafe_code)] // the layouts of what the system is told

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::io::Result;
use rustix::ioctl::{Opcode, Updater, ioctl, opcode};
use rustix::mm::{UserfaultfdFlags, userfaultfd};

/// The userfaultfd of the process, once somebody wanted it; `None` if it cannot be had.
static FD: OnceLock<Option<OwnedFd>> = OnceLock::new();

/// Pages of the mapping of `len` bytes at `start` come in one by one from now on, if that can be had; whether they do.
pub(super) fn begin(start: usize, len: u64) -> bool {
    FD.get_or_init(|| open().ok()).as_ref().is_some_and(|fd| register(fd, start, len).is_ok())
}

/// They come with those around them again, if they [did not](begin); whether they do.
pub(super) fn end(start: usize, len: u64) -> bool {
    FD.get().and_then(Option::as_ref).is_none_or(|fd| unregister(fd, start, len).is_ok())
}

/// Whether the pages of one mapping come in one by one, because somebody wants that.
pub(super) struct Single {
    /// How many want it now.
    wanted: Mutex<usize>,
    is_on: AtomicBool,
}

impl Single {
    /// Nobody wants it yet.
    pub(super) const fn new() -> Single {
        Single { wanted: Mutex::new(0), is_on: AtomicBool::new(false) }
    }

    /// Whether they do now.
    #[inline]
    pub(super) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Somebody wants that those of the mapping of `len` bytes at `start` do, or no longer does: always the same mapping. They
    /// do, where that can be had, as long as anybody wants it.
    pub(super) fn want(&self, wants: bool, start: usize, len: u64) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *wanted;
        // whoever no longer wants it may have wanted it before there was anything to map
        *wanted = if wants { before + 1 } else { before.saturating_sub(1) };
        if (before > 0) != (*wanted > 0) {
            let on = if wants { begin(start, len) } else { !end(start, len) };
            self.is_on.store(on, Ordering::Relaxed);
        }
    }
}

/// `struct uffdio_api` of `linux/userfaultfd.h`.
#[repr(C)]
struct Api {
    api: u64,
    features: u64,
    ioctls: u64,
}

/// `struct uffdio_register`, which begins with a `struct uffdio_range`.
#[repr(C)]
struct Register {
    start: u64,
    len: u64,
    mode: u64,
    ioctls: u64,
}

/// `struct uffdio_range`.
#[repr(C)]
struct Stretch {
    start: u64,
    len: u64,
}

/// The group of these calls, `UFFDIO`.
const GROUP: u8 = 0xAA;
const API: Opcode = opcode::read_write::<Api>(GROUP, 0x3F);
const REGISTER: Opcode = opcode::read_write::<Register>(GROUP, 0x00);
const UNREGISTER: Opcode = opcode::read::<Stretch>(GROUP, 0x01);

/// `UFFD_API`, the version.
const VERSION: u64 = 0xAA;
/// `UFFD_USER_MODE_ONLY`: any user may ask for that.
const USER_MODE_ONLY: u32 = 1;
/// `UFFD_FEATURE_WP_ASYNC`: the system itself takes a protection away that is in the way.
const ASYNCHRONOUS: u64 = 1 << 15;
/// `UFFDIO_REGISTER_MODE_WP`: pages may be protected against writing.
const PROTECTED: u64 = 1 << 1;

fn open() -> Result<OwnedFd> {
    let flags = UserfaultfdFlags::CLOEXEC | UserfaultfdFlags::NONBLOCK;
    let flags = flags | UserfaultfdFlags::from_bits_retain(USER_MODE_ONLY);
    // SAFETY: memory is registered for protection only, and nothing is ever protected: so no fault ends here
    let fd = unsafe { userfaultfd(flags)? };
    let mut api = Api { api: VERSION, features: ASYNCHRONOUS, ioctls: 0 };
    // SAFETY: the call takes this structure
    unsafe { ioctl(&fd, Updater::<API, Api>::new(&mut api))? };
    Ok(fd)
}

fn register(fd: &OwnedFd, start: usize, len: u64) -> Result<()> {
    let mut register = Register { start: start as u64, len, mode: PROTECTED, ioctls: 0 };
    // SAFETY: the call takes this structure, and changes nothing that the mapping holds
    unsafe { ioctl(fd, Updater::<REGISTER, Register>::new(&mut register)) }
}

fn unregister(fd: &OwnedFd, start: usize, len: u64) -> Result<()> {
    let mut stretch = Stretch { start: start as u64, len };
    // SAFETY: as above
    unsafe { ioctl(fd, Updater::<UNREGISTER, Stretch>::new(&mut stretch)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap};
    use std::hint::black_box;
    use std::io::Write;

    const PAGE: usize = 4096;
    const PAGES: usize = 64;

    /// Kilobytes of the mapping at `start` that are in memory.
    fn resident(start: usize) -> u64 {
        let maps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let own = maps.split_once(&format!("{start:x}-")).unwrap().1;
        let line = own.lines().find(|line| line.starts_with("Rss:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }

    #[test]
    fn one_page_comes_for_each_that_is_looked_at_as_long_as_anybody_wants_it() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&[7; PAGE * PAGES]).unwrap();
        let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED);
        // SAFETY: a new mapping of a file that nobody else has
        let start = unsafe { mmap(std::ptr::null_mut(), PAGE * PAGES, access, flags, &file, 0).unwrap() };
        // SAFETY: as above; the file is as long as the mapping
        let drop_all = || unsafe { madvise(start, PAGE * PAGES, Advice::LinuxDontNeed).unwrap() };
        // SAFETY: as above
        let byte = |page: usize| black_box(unsafe { start.cast::<u8>().add(page * PAGE).read_volatile() });
        // SAFETY: as above
        let write = |page: usize| unsafe { start.cast::<u8>().add(page * PAGE).write_volatile(8) };
        let single = Single::new();
        let want = |wants| single.want(wants, start.expose_provenance(), (PAGE * PAGES) as u64);
        want(true);
        want(true);
        want(false);
        if !single.is_on() {
            return; // this system does not have it
        }
        drop_all();
        assert_eq!((byte(9), byte(40)), (7, 7));
        assert_eq!(resident(start.expose_provenance()), 2 * PAGE as u64 / 1024);
        write(10);
        assert_eq!(resident(start.expose_provenance()), 3 * PAGE as u64 / 1024);
        drop_all();
        assert_eq!((byte(9), byte(10)), (7, 8));
        want(false);
        assert!(!single.is_on());
        drop_all();
        assert_eq!((byte(9), byte(10)), (7, 8));
        assert!(resident(start.expose_provenance()) >= 2 * PAGE as u64 / 1024);
    }
}
