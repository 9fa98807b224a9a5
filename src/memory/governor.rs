//! Looks how much memory the process has, and drops pages before it is too much.
//!
//! What can be dropped is the spill file and the mapped inputs. Pages go in the order of their addresses, round and
//! round, for the system does not say which were looked at last; one that is needed again comes back from the system's
//! cache in a microsecond. A thread does it, and sleeps for as long as it would take the process to fill the room that is
//! left; on a busy machine it may wake late, so whoever takes much memory or looks at much ([`super::touched`]) looks too,
//! from the start on, and waits while pages are dropped: or they would come back as fast.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::registered::Registered;
use super::spilling::{self, HEAP};

/// Where something begins to happen, in bytes of resident memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marks {
    /// Ordinary memory in large blocks beyond which those are spilled that are looked at in order.
    pub(super) in_order: u64,
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
        Marks { in_order: ordinary / 4, ordinary, looked_up, small: looked_up + limit / 16, high, low }
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

/// Begins to look, and starts the threads that go on with it. They end with the process.
pub(super) fn start(marks: Marks) -> std::io::Result<()> {
    begin(marks)?;
    let thread = || std::thread::Builder::new().name("memory".to_owned()).stack_size(256 << 10);
    thread().spawn(|| {
        loop {
            std::thread::sleep(look());
        }
    })?;
    thread().spawn(|| give_back_unused())?;
    Ok(())
}

/// Looks for the first time. Until somebody has, nobody knows that there is a limit and how soon to look: while a thread waited for its
/// first turn, two others mapped 2.4 GB of an input.
fn begin(marks: Marks) -> std::io::Result<()> {
    let gauge = Gauge::open()?;
    let machine = super::machine().unwrap_or(0);
    *lock(&GOVERNOR) = Some(Governor { gauge, marks, machine, spills: false, at: 0 });
    look();
    Ok(())
}

/// Does the thread's work in this one, after whoever is at it; how long nothing will be to do. It may be called from an
/// allocator: who is at it allocates nothing, and waits for nobody.
pub(super) fn look() -> Duration {
    lock(&GOVERNOR).as_mut().map_or(LONGEST_NAP, Governor::look)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the system can cache of the files that are mapped.
struct Cached {
    /// All of them.
    all: AtomicBool,
    /// What is spilled.
    spilled: AtomicBool,
    /// So many bytes of inputs beside what is spilled now, or likely will be.
    inputs: AtomicU64,
}

/// As long as nobody looks, nothing.
static CACHED: Cached = Cached::nothing();

impl Cached {
    const fn nothing() -> Cached {
        Cached { all: AtomicBool::new(false), spilled: AtomicBool::new(false), inputs: AtomicU64::new(0) }
    }

    /// Takes note of how much room there is, of the bytes of inputs, and of what is spilled as yet. If not all fits, what is spilled
    /// likely comes to three fourths of the inputs (documents and paragraphs, 20 GB).
    fn note(&self, room: u64, inputs: u64, spilled: u64) {
        let all = inputs.saturating_add(spilled) <= room;
        self.all.store(all, Ordering::Relaxed);
        self.spilled.store(spilled <= room, Ordering::Relaxed);
        let beside = if all { inputs } else { room.saturating_sub(spilled.max(inputs / 4 * 3)) };
        self.inputs.store(beside, Ordering::Relaxed);
    }
}

/// Whether what is read in order may have to come from the disk: what is spilled and what stands in inputs is together more than
/// the system can hold in its cache. Always in debug builds, so that tests ask for it.
pub(super) fn may_be_on_disk() -> bool {
    cfg!(debug_assertions) || !CACHED.all.load(Ordering::Relaxed)
}

/// Whether what is looked up here and there may have to come from the disk: what is spilled is more than the system can hold.
/// Always in debug builds, so that tests ask for it.
pub(super) fn spilled_may_be_on_disk() -> bool {
    cfg!(debug_assertions) || !CACHED.spilled.load(Ordering::Relaxed)
}

/// Bytes of inputs that the system can cache beside what is spilled. None in debug builds, so that tests let go of them.
pub(super) fn room_for_inputs() -> u64 {
    if cfg!(debug_assertions) { 0 } else { CACHED.inputs.load(Ordering::Relaxed) }
}

/// Of the memory of the machine, the part that neither what is spilled nor inputs should have of the system's cache.
const PART_FOR_OTHERS: u64 = 4;

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

/// The time between two times that unused memory is given back, at the least.
const BETWEEN_GIVING_BACK: Duration = Duration::from_millis(250);

/// Of the time, the part at the most that unused memory is given back in: it costs about a millisecond, and a hundred where memory is
/// in small pieces, as that of a million files.
const PART_FOR_GIVING_BACK: u32 = 32;

/// Whether memory was short since unused memory was given back last.
static IS_SHORT: AtomicBool = AtomicBool::new(false);

/// Gives back what the system's allocator holds and nobody uses, now and again where memory is short. The allocator keeps what was given
/// back to it between blocks that are in use, and of the memory of a run that may be a fifth. A thread by itself does it: who looks
/// at the limit has no hundred milliseconds for it, in which others took 140 MiB.
fn give_back_unused() -> ! {
    let mut pause = BETWEEN_GIVING_BACK;
    loop {
        std::thread::sleep(pause);
        let begin = Instant::now();
        if IS_SHORT.swap(false, Ordering::Relaxed) {
            spilling::give_back_unused();
        }
        pause = BETWEEN_GIVING_BACK.max(PART_FOR_GIVING_BACK * begin.elapsed());
    }
}

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
        if resident.ordinary() > self.marks.ordinary || resident.all > self.marks.high {
            IS_SHORT.store(true, Ordering::Relaxed);
        }
        self.switch(resident.ordinary());
        self.see_what_is_cached(resident.ordinary());
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
        self.spills = spills;
        spilling::spill(spills, spills && ordinary > self.marks.looked_up, spills && ordinary > self.marks.small);
    }

    /// Sees what the system can hold in its cache beside ordinary memory.
    fn see_what_is_cached(&self, ordinary: u64) {
        // this thread may be adding to them right now
        let Ok(registered) = REGISTERED.try_lock() else { return };
        let room = (self.machine - self.machine / PART_FOR_OTHERS).saturating_sub(ordinary);
        CACHED.note(room, registered.total(), HEAP.space.in_use());
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
    fn from_the_start_on_everybody_looks() {
        let _alone = lock(&spilling::tests::ALONE);
        begin(Marks::new(1 << 60)).unwrap();
        assert!(spilling::is_time_to_look(usize::MAX));
        *lock(&GOVERNOR) = None;
    }

    #[test]
    fn the_thread_sleeps_no_longer_than_the_room_lasts() {
        assert_eq!(nap(0), SHORTEST_NAP);
        assert_eq!(nap(640 << 20), Duration::from_millis(10) + Duration::from_micros(240));
        assert_eq!(nap(u64::MAX), Duration::from_millis(20));
    }

    #[test]
    fn what_is_spilled_is_cached_before_inputs() {
        let cached = Cached::nothing();
        let noted = |room, inputs, spilled| {
            cached.note(room, inputs, spilled);
            (
                cached.all.load(Ordering::Relaxed),
                cached.spilled.load(Ordering::Relaxed),
                cached.inputs.load(Ordering::Relaxed),
            )
        };
        assert_eq!(noted(100, 60, 40), (true, true, 60));
        assert_eq!(noted(100, 80, 40), (false, true, 40));
        assert_eq!(noted(100, 80, 70), (false, true, 30));
        assert_eq!(noted(100, 400, 40), (false, true, 0));
        assert_eq!(noted(100, 80, 101), (false, false, 0));
    }

    #[test]
    fn there_is_room_between_the_marks() {
        for limit in [16 << 20, 256 << 20, 1 << 30, 1 << 40] {
            let marks = Marks::new(limit);
            assert!(
                marks.in_order < marks.ordinary
                    && marks.ordinary < marks.looked_up
                    && marks.looked_up < marks.small
                    && marks.small < marks.low
                    && marks.low < marks.high
                    && marks.high <= limit - limit / 10,
                "{marks:?}"
            );
        }
    }
}
