//! Looks how much memory the process has, and drops pages before it is too much.
//!
//! What can be dropped is the spill file and the mapped inputs. Pages go in the order of their addresses, round and
//! round, for the system does not say which were looked at last; one that is needed again comes back from the system's
//! cache in a microsecond. A thread does it, and sleeps for as long as it would take the process to fill the room that is
//! left; on a busy machine it may wake late, so whoever takes much memory ([`assist`]) or looks at much
//! ([`super::touched`]) looks too.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::registered::Registered;
use super::spilling::{self, HEAP};

/// Where something begins to happen, in bytes of resident memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marks {
    /// Ordinary memory beyond which new blocks are spilled.
    pub(super) ordinary: u64,
    /// Ordinary memory beyond which also those are spilled that are looked up in no order.
    pub(super) looked_up: u64,
    /// Ordinary memory beyond which also small blocks are spilled.
    pub(super) small: u64,
    /// All memory beyond which pages are dropped.
    pub(super) high: u64,
    /// All memory down to which they are dropped.
    pub(super) low: u64,
}

impl Marks {
    /// The marks for a limit. What is between the high mark and the limit is for what the process takes before somebody looks
    /// again: the system maps 16 pages for each that is read. About half of the rest is for ordinary memory, which cannot be
    /// dropped.
    pub(super) fn new(limit: u64) -> Marks {
        let high = limit - (limit / 10).max((limit / 4).min(MARGIN));
        let low = high - limit / 10;
        let ordinary = low / 100 * 55;
        let looked_up = ordinary + limit / 8;
        Marks { ordinary, looked_up, small: looked_up + limit / 16, high, low }
    }
}

/// Bytes that are enough for what is taken between two looks.
const MARGIN: u64 = 96 << 20;

/// Resident memory.
#[derive(Clone, Copy, Debug, Default)]
struct Resident {
    all: u64,
    /// Of it, pages of files.
    of_files: u64,
}

impl Resident {
    fn ordinary(self) -> u64 {
        self.all.saturating_sub(self.of_files)
    }
}

/// Reads `/proc/self/statm`.
struct Gauge {
    statm: File,
    page: u64,
}

impl Gauge {
    fn open() -> std::io::Result<Gauge> {
        Ok(Gauge { statm: File::open("/proc/self/statm")?, page: rustix::param::page_size() as u64 })
    }

    fn read(&self) -> Resident {
        let mut text = [0; 128];
        let len = self.statm.read_at(&mut text, 0).unwrap_or(0);
        let mut numbers = text[..len].split(|b| *b == b' ').skip(1).map(number);
        let (all, of_files) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        Resident { all: all * self.page, of_files: of_files * self.page }
    }
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().take_while(|b| b.is_ascii_digit()).fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}

/// The one that is at work, once there is a limit.
static GOVERNOR: Mutex<Option<Governor>> = Mutex::new(None);

/// Starts the thread. It ends with the process.
pub(super) fn start(marks: Marks) -> std::io::Result<()> {
    let gauge = Gauge::open()?;
    let machine = super::machine().unwrap_or(0);
    *lock(&GOVERNOR) = Some(Governor { gauge, marks, machine, spills: false, at: 0 });
    std::thread::Builder::new().name("memory".to_owned()).stack_size(256 << 10).spawn(move || {
        loop {
            std::thread::sleep(look());
        }
    })?;
    Ok(())
}

/// Does the thread's work in this one, after whoever is at it; how long nothing will be to do.
pub(super) fn look() -> Duration {
    lock(&GOVERNOR).as_mut().map_or(LONGEST_NAP, Governor::look)
}

/// Does the thread's work in this one, if there is a limit and nobody is at it. It may be called from an allocator: it
/// allocates nothing, and waits for nothing.
pub(super) fn assist() {
    if let Ok(mut governor) = GOVERNOR.try_lock()
        && let Some(governor) = governor.as_mut()
    {
        governor.look();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether files that are mapped may be on disk only: as long as nobody looks, they may.
static MAY_BE_ON_DISK: AtomicBool = AtomicBool::new(true);

/// Whether what is spilled, or stands in mapped inputs, may have to come from the disk: it is more than the system can hold in
/// its cache. To ask for it beforehand is worth it only then. Always in debug builds, so that tests ask.
pub(super) fn may_be_on_disk() -> bool {
    cfg!(debug_assertions) || MAY_BE_ON_DISK.load(Ordering::Relaxed)
}

struct Governor {
    gauge: Gauge,
    marks: Marks,
    /// The memory of the machine, or of the control group.
    machine: u64,
    spills: bool,
    /// Where dropping goes on.
    at: u64,
}

/// Bytes that a process takes in a microsecond at the most: two threads that look at what is in the system's cache have it
/// mapped with what stands around it, in two microseconds each.
const PER_MICROSECOND: u64 = super::AROUND as u64;

/// How long the thread sleeps at the least.
const SHORTEST_NAP: Duration = Duration::from_micros(500);

/// How long the thread sleeps at the most.
const LONGEST_NAP: Duration = Duration::from_millis(20);

/// How long the process needs at least to take so many bytes; neither too short to be worth it nor too long to see a
/// sudden change.
fn nap(room: u64) -> Duration {
    Duration::from_micros(room / PER_MICROSECOND).clamp(SHORTEST_NAP, LONGEST_NAP)
}

/// After how many bytes a thread looks, given the room that is left: several times before it is full.
fn look_after(room: u64) -> usize {
    (room / 16).clamp(512 << 10, 64 << 20) as usize
}

impl Governor {
    /// Does what there is to do; how long nothing will be to do.
    fn look(&mut self) -> Duration {
        let mut resident = self.gauge.read();
        self.switch(resident.ordinary());
        self.see_whether_files_fit(resident.ordinary());
        if resident.all > self.marks.high {
            resident = self.drop_pages(resident);
        }
        let to_spill = if self.spills { u64::MAX } else { self.marks.ordinary.saturating_sub(resident.ordinary()) };
        let room = to_spill.min(self.marks.high.saturating_sub(resident.all));
        spilling::look_after(look_after(room));
        nap(room)
    }

    /// Spills from the mark on, and until there is clearly less again.
    fn switch(&mut self, ordinary: u64) {
        let spills = ordinary > if self.spills { self.marks.ordinary / 4 * 3 } else { self.marks.ordinary };
        if spills && !self.spills {
            spilling::give_back_unused();
        }
        self.spills = spills;
        spilling::spill(spills, spills && ordinary > self.marks.looked_up, spills && ordinary > self.marks.small);
    }

    /// Sees whether the system can hold the files that are mapped, as far as they take room, beside ordinary memory.
    fn see_whether_files_fit(&self, ordinary: u64) {
        // this thread may be adding to them right now
        if let Ok(registered) = REGISTERED.try_lock() {
            let files = HEAP.space.in_use() + registered.total();
            MAY_BE_ON_DISK.store(files + ordinary > self.machine, Ordering::Relaxed);
        }
    }

    /// Drops pages until the low mark is reached, or everything has been dropped once.
    fn drop_pages(&mut self, mut resident: Resident) -> Resident {
        // this thread may be adding to them right now
        let registered = REGISTERED.try_lock().ok();
        let registered = registered.as_deref().unwrap_or(&NONE);
        let end = HEAP.space.end() + registered.total();
        let (mut left, mut step) = (end, STEP);
        while resident.all > self.marks.low && left > 0 {
            let len = step.min(end.saturating_sub(self.at)).min(left);
            drop_range(registered, self.at, len);
            (self.at, left) = (if self.at + len >= end { 0 } else { self.at + len }, left - len);
            let now = self.gauge.read();
            // long stretches of addresses hold nothing
            step = if now.all + STEP / 16 < resident.all { STEP } else { step.saturating_mul(2) };
            resident = now;
        }
        resident
    }
}

/// Bytes that are dropped at a time.
const STEP: u64 = 4 << 20;

/// Drops a range of all that can be dropped: the spill file first, then what is registered.
fn drop_range(registered: &Registered, at: u64, len: u64) {
    let spilled = HEAP.space.end();
    if at < spilled {
        HEAP.space.drop_pages(at..spilled.min(at + len));
    }
    if at + len > spilled {
        registered.drop_pages(at.saturating_sub(spilled)..at + len - spilled);
    }
}

/// The mappings that were registered.
static REGISTERED: Mutex<Registered> = Mutex::new(Registered::new());

/// No mappings.
static NONE: Registered = Registered::new();

/// The mappings that were registered. They stay mapped as long as they are held here.
pub(super) fn registered() -> MutexGuard<'static, Registered> {
    lock(&REGISTERED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gauge_sees_what_is_taken() {
        let gauge = Gauge::open().unwrap();
        let before = gauge.read();
        let taken = vec![1u8; 64 << 20];
        let now = gauge.read();
        assert!(before.all > 1 << 20 && now.ordinary() >= before.ordinary() + (60 << 20), "{before:?} {now:?}");
        drop(std::hint::black_box(taken));
    }

    #[test]
    fn the_thread_sleeps_no_longer_than_the_room_lasts() {
        assert_eq!(nap(0), SHORTEST_NAP);
        assert_eq!(nap(640 << 20), Duration::from_millis(10) + Duration::from_micros(240));
        assert_eq!(nap(u64::MAX), Duration::from_millis(20));
    }

    #[test]
    fn there_is_room_between_the_marks() {
        for limit in [16 << 20, 256 << 20, 1 << 30, 1 << 40] {
            let marks = Marks::new(limit);
            assert!(
                marks.ordinary < marks.looked_up
                    && marks.looked_up < marks.small
                    && marks.small < marks.low
                    && marks.low < marks.high
                    && marks.high <= limit - limit / 10,
                "{marks:?}"
            );
        }
    }
}
