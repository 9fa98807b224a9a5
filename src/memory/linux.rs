//! The limit, put in force once for the process; what became of it.
#![allow(unsafe_code)] // what is registered is a promise about raw memory

use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bytemuck::Pod;
use rustix::mm::{Advice, madvise};

use super::classes::PAGE;
use super::governor::{self, Marks, registered};
use super::single;
use super::space::MOST;
use super::spilling::{self, HEAP, Turn};
use super::{LEAST, Limit};
use crate::error::{Error, Result};

/// The directory of the limit that is in force.
static DIR: Mutex<Option<PathBuf>> = Mutex::new(None);

/// The limit that is in force; 0 if there is none.
static ALLOWED: AtomicU64 = AtomicU64::new(0);

/// Limits the resident memory of the process from now on; what is beyond goes to a temporary file.
///
/// Errors: the process does not allocate with [`Spilling`](super::Spilling), the limit is too low, another one is in force,
/// or the directory cannot hold such a file: on some file systems (FAT, some network file systems) room cannot be taken in
/// advance.
pub fn limit(limit: &Limit) -> Result<()> {
    let refused = |reason: String| Error::Spill { dir: limit.dir.clone(), reason };
    if !spilling::is_used() {
        return Err(refused("the program does not allocate with unecho::memory::Spilling".to_owned()));
    }
    if limit.bytes < LEAST {
        let (bytes, least) = (limit.bytes, LEAST >> 20);
        return Err(Error::Usage(format!("a limit of {bytes} bytes on memory is too little; give {least}MiB or more")));
    }
    let mut dir = DIR.lock().map_err(|e| refused(e.to_string()))?;
    if dir.is_some() {
        return Err(refused("a limit is in force already".to_owned()));
    }
    let opened = HEAP.space.open(&limit.dir, MOST);
    opened.map_err(|e| refused(format!("cannot hold temporary data ({e}); name another directory with --temp-dir")))?;
    *dir = Some(limit.dir.clone());
    ALLOWED.store(limit.bytes, Ordering::Relaxed);
    let marks = Marks::new(limit.bytes);
    let in_usize = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    for (turn, most) in [(Turn::First, marks.in_order), (Turn::Then, marks.ordinary), (Turn::Last, marks.looked_up)] {
        spilling::set_most_ordinary(turn, in_usize(most));
    }
    governor::start(marks).map_err(|e| refused(format!("the memory of the process cannot be watched: {e}")))
}

/// The limit that is in force, in bytes. For tables that may be smaller than is best: in one that does not fit, each
/// look-up would be a read from disk.
pub fn allowed() -> Option<u64> {
    Some(ALLOWED.load(Ordering::Relaxed)).filter(|&bytes| bytes > 0)
}

/// Why memory could not be spilled, if that happened: the run must end, for the limit holds no more. Whoever asks has looked
/// at some memory since it asked last.
pub fn failure() -> Option<Error> {
    touched(super::PIECE);
    let (error, wanted) = spilling::refused()?;
    let dir = DIR.lock().ok().and_then(|dir| dir.clone()).unwrap_or_default();
    Some(Error::Spill { dir, reason: no_room(&error, wanted, HEAP.space.in_use(), HEAP.space.disk_free()) })
}

/// Drops what takes much memory, beside what goes on: to give room on disk back takes seconds where the file system tells the disk of
/// it and waits. If less is free on the disk than was spilled, it is waited for, since what is written next may need it.
pub fn let_go<T: Send + 'static>(value: T) {
    let spilled = HEAP.space.in_use();
    if spilled == 0 || HEAP.space.disk_free().is_some_and(|free| free > spilled) {
        // where no thread can be started, the value is dropped with what it was to do
        let _ = std::thread::Builder::new().name("memory".to_owned()).spawn(move || drop(value));
    }
}

/// Gives back to the system what its allocator holds and nobody uses, after much was dropped that stood in small blocks: it would be
/// held until the end, beside what is made next. Takes about a millisecond. What is free at the end of a thread's own heap stays, up to
/// 64 MiB for each.
pub fn give_back_unused() {
    spilling::give_back_unused();
}

/// Takes note that this thread looks at so many bytes that may have to come into memory, [`AROUND`](super::AROUND) for each
/// that stands by itself, and after some of them sees to it that the limit holds. For loops that look at much memory and
/// take none: two threads that read what is cached fill a gigabyte while a third one sleeps. It waits while pages are
/// dropped, or they would come back as fast. Costs a nanosecond, and 2 µs each time that it looks.
pub fn touched(bytes: usize) {
    if spilling::is_time_to_look(bytes) {
        governor::look();
    }
}

/// As [`touched`], of a place in what is spilled that stands by itself.
#[inline]
pub fn looked_at() {
    touched(around());
}

/// Bytes that come into memory with each place in what is spilled that is looked at by itself.
#[inline]
pub(super) fn around() -> usize {
    if HEAP.space.is_single() { PAGE as usize } else { super::AROUND }
}

/// Until what this gives is dropped, what is spilled is looked at here and there: the system maps single pages, where it can, and not
/// those that stand around each.
pub fn here_and_there() -> HereAndThere {
    HEAP.space.want_single(true);
    HereAndThere(())
}

/// See [`here_and_there`].
#[derive(Debug)]
pub struct HereAndThere(());

impl Drop for HereAndThere {
    fn drop(&mut self) {
        HEAP.space.want_single(false);
    }
}

/// Whether what is looked up here and there may have to come from the disk: what is spilled is more than the system can cache, or
/// there is no limit and nobody looks. As long as it is not, [`will_look_up`] does nothing: to ask for what is in the cache took a
/// fourth of the time of who looks it up.
pub fn spilled_may_be_on_disk() -> bool {
    governor::spilled_may_be_on_disk()
}

/// Bytes of inputs that the system can cache beside what is spilled; all, if there is no limit and nobody looks. What is more comes from the
/// disk each time: so it is better let go of behind whoever reads it in order, or the system lets go of what is looked up here and there instead.
pub fn room_for_inputs() -> u64 {
    allowed().map_or(u64::MAX, |_| governor::room_for_inputs())
}

/// Says that a slice will be read soon, from its start to its end: of what is spilled, the system begins to read what it has
/// not in its cache. It does not read ahead by itself.
pub fn will_read<T>(slice: &[T]) {
    if governor::may_be_on_disk()
        && let Some(at) = HEAP.space.find(slice.as_ptr().cast())
    {
        HEAP.space.will_read(at..at + size_of_val(slice) as u64);
    }
}

/// Pages that are read along between two that are asked for: to ask once more costs more.
const BETWEEN: usize = 8;

/// As [`will_read`], of elements that stand here and there: the disk is asked for all of them at once.
pub fn will_look_up<T>(slice: &[T], places: impl Iterator<Item = usize>) {
    if spilled_may_be_on_disk() && slice.first().is_some_and(is_spilled) {
        stretches(size_of::<T>(), slice.len(), places).into_iter().for_each(|stretch| will_read(&slice[stretch]));
    }
}

/// Where the elements at these places stand with others in the same pages, among `len` elements of so many bytes.
fn stretches(size: usize, len: usize, places: impl Iterator<Item = usize>) -> Vec<Range<usize>> {
    let page = PAGE as usize;
    let mut pages: Vec<usize> = places.map(|place| place * size / page).collect();
    // most are in order: then there are few to sort
    pages.dedup();
    pages.sort_unstable();
    let stretch = |run: &[usize]| {
        let (first, last) = (run[0], run[run.len() - 1]);
        first * page / size..((last + 1) * page).div_ceil(size).min(len)
    };
    pages.chunk_by(|a, b| b - a <= BETWEEN).map(stretch).collect()
}

/// Whether an element is spilled.
#[inline]
pub fn is_spilled<T>(element: &T) -> bool {
    HEAP.space.find(std::ptr::from_ref(element).cast()).is_some()
}

/// Bytes of an element of which a page holds many, so that the next that is looked up may stand in the same page.
const SMALL: usize = 16;

/// A copy of an element that is looked up by itself. If it is spilled it is read from the file: to map it would map what
/// stands around it too, [`AROUND`](super::AROUND), and take that much from what is looked at in order. Where single pages are mapped
/// ([`here_and_there`]), only large elements are read.
#[inline]
#[expect(clippy::unnecessary_lazy_evaluations, reason = "to look at the element beforehand would map it")]
pub fn copied<T: Pod>(element: &T) -> T {
    match HEAP.space.find(std::ptr::from_ref(element).cast()) {
        None => *element,
        Some(_) if size_of::<T>() <= SMALL && HEAP.space.is_single() => {
            looked_at();
            *element
        }
        Some(at) => read(at).unwrap_or_else(|| *element),
    }
}

fn read<T: Pod>(at: u64) -> Option<T> {
    let mut copy = T::zeroed();
    HEAP.space.read(at, bytemuck::bytes_of_mut(&mut copy)).ok()?;
    Some(copy)
}

/// Does something in which tables grow that are looked up in no order: while there is room, an eighth of the limit, what is
/// allocated in it is not spilled.
pub fn looked_up<T>(work: impl FnOnce() -> T) -> T {
    spilling::in_turn(Turn::Last, work)
}

/// Does something in which columns grow that are looked at in order, however long they live: they are spilled before all else, and
/// leave the room to what is looked up.
pub fn kept_in_order<T>(work: impl FnOnce() -> T) -> T {
    spilling::in_turn(Turn::First, work)
}

fn no_room(error: &io::Error, wanted: u64, taken: u64, free: Option<u64>) -> String {
    let mib = |bytes: u64| format!("{} MiB", bytes.div_ceil(1 << 20));
    let free = free.map_or_else(|| "unknown".to_owned(), mib);
    format!(
        "no room for {} of temporary data beside {} that are there ({error}; free: {free})\n  remedy: free some disk, name another directory with --temp-dir, or allow more memory with --memory",
        mib(wanted),
        mib(taken),
    )
}

/// The most bytes that the temporary file has had on disk.
pub fn temporary_peak() -> u64 {
    HEAP.space.peak()
}

/// Whether the temporary file is itself in memory, so that spilling saves none.
pub fn is_in_memory() -> bool {
    HEAP.space.len() > 0 && HEAP.space.is_in_memory()
}

/// A mapping whose pages may be dropped; dropped itself, it gives the mapping up.
#[derive(Debug)]
pub struct Registration {
    name: u64,
    start: usize,
    len: usize,
}

impl Registration {
    /// From now on the mapping is looked at in order, or here and there: then its pages are mapped one by one, if there is a limit, as
    /// those of what is spilled are as long as [`here_and_there`] says so.
    pub fn expect(&self, in_order: bool) {
        if allowed().is_some() {
            let told = if in_order { single::end } else { single::begin };
            // that it cannot be had is no error
            told(self.start, (self.len as u64).next_multiple_of(PAGE));
        }
    }
}

impl Registration {
    /// Lets go of a range of the mapping, and of what the system has of it in its cache: `file` is what is mapped.
    pub fn let_go(&self, file: &File, range: Range<usize>) {
        let page = PAGE as usize;
        let (from, to) = (range.start.next_multiple_of(page), range.end.min(self.len) / page * page);
        if from < to {
            let start = std::ptr::with_exposed_provenance_mut(self.start + from);
            // SAFETY: who registered the mapping promised that what is dropped comes back from the file. That it stays is no error.
            let _ = unsafe { madvise(start, to - from, Advice::LinuxDontNeed) };
            let len = std::num::NonZeroU64::new((to - from) as u64);
            let _ = rustix::fs::fadvise(file, from as u64, len, rustix::fs::Advice::DontNeed);
        }
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // the governor holds the lock while it drops pages, so that after this the mapping can go
        registered().remove(self.name);
    }
}

/// Lets the pages of a mapping be dropped when memory runs short, as those of the temporary file are. They come back from
/// the file when they are looked at: no large ones, if there is a limit, for to look at a byte of one would map 2 MiB.
///
/// # Safety
/// It must be a mapping of a file from the start of a page on, either shared or never written to, and stay mapped as long as the
/// registration lives.
pub unsafe fn register(start: *const u8, len: usize) -> Registration {
    if allowed().is_some() {
        // SAFETY: a mapping, as the caller promises; advice changes nothing that it holds, and not taken it is no error
        let _ = unsafe { madvise(start.cast_mut().cast(), len, Advice::LinuxNoHugepage) };
    }
    // SAFETY: as the caller promises
    let name = unsafe { registered().add(start, len) };
    Registration { name, start: start.expose_provenance(), len }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_allocator_that_is_not_used_cannot_be_limited() {
        let wanted = Limit { bytes: 1 << 30, dir: std::env::temp_dir() };
        assert!(limit(&wanted).unwrap_err().to_string().contains("Spilling"));
    }

    #[test]
    fn a_full_disk_is_explained() {
        let said = no_room(&io::Error::from(io::ErrorKind::StorageFull), 3 << 20, 1 << 30, Some(5));
        assert!(said.contains("3 MiB") && said.contains("1024 MiB") && said.contains("free: 1 MiB"), "{said}");
        assert!(said.contains("--temp-dir") && said.contains("--memory"));
    }

    proptest! {
        #[test]
        fn what_is_looked_up_is_read_and_little_else(
            size in 1usize..300,
            mut places in proptest::collection::vec(0usize..100_000, 0..40),
        ) {
            let found = stretches(size, 100_000, places.iter().copied());
            for place in &places {
                prop_assert!(found.iter().any(|stretch| stretch.contains(place)));
            }
            places.sort_unstable();
            places.dedup();
            let around = (BETWEEN + 2) * PAGE as usize / size + 2;
            let read: usize = found.iter().map(|stretch| stretch.len()).sum();
            prop_assert!(read <= places.len() * around, "{read} for {}", places.len());
            prop_assert!(found.iter().all(|stretch| stretch.end <= 100_000));
        }
    }
}
