//! The allocator: the system's, until there is no room; then the spill file's.
//!
//! Always: where a block came from is known from its address, so both kinds live side by side, and each is given back to
//! where it came from. What cannot be spilled is ordinary memory, and the run is told ([`super::failure`]).
#![allow(unsafe_code)] // an allocator hands out raw memory

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::io;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, AtomicUsize, Ordering};

use rustix::mm::{Advice, madvise};

use super::governor;
use super::heap::{Given, Heap};

/// Ordinary blocks of this size and more are counted.
const COUNTED: usize = 1 << 20;

/// Blocks below this size are spilled after all others: nearly all of them are given back soon, and in the file each brings what stands
/// around it into memory, when it is handed out, used and given back.
const SMALL: usize = 64 << 10;

/// Ordinary blocks of this size and more are better in large pages: tables are looked up in no order, and for each page that
/// is written first the process is interrupted.
const LARGE: usize = 4 << 20;

/// The size of a large page.
const LARGE_PAGE: usize = 2 << 20;

/// An allocator that spills to disk what is beyond the limit of [`super::limit`]. Without a limit it is the system's.
///
/// ```no_run
/// #[global_allocator]
/// static ALLOCATOR: unecho::memory::Spilling = unecho::memory::Spilling;
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Spilling;

/// What is spilled.
pub(super) static HEAP: Heap = Heap::new();

/// When blocks are spilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Before all others: they are looked at in order.
    First,
    /// As a rule.
    Then,
    /// After most others: they are looked at in no order.
    Last,
}

/// A value for the blocks of each [`Turn`].
struct Turns<T>([T; 3]);

impl<T> Turns<T> {
    /// The value for what this thread allocates now.
    fn now(&self) -> &T {
        &self.0[TURN.try_with(Cell::get).unwrap_or(Turn::Then) as usize]
    }
}

/// Whether new blocks go to the file.
static SPILLS: Turns<AtomicBool> = Turns([const { AtomicBool::new(false) }; 3]);

/// Whether also new blocks that are [`SMALL`] go there.
static SPILLS_SMALL: AtomicBool = AtomicBool::new(false);

/// The bytes of large ordinary blocks that there may be; what is beyond is spilled at once.
static MOST_ORDINARY: Turns<AtomicUsize> = Turns([const { AtomicUsize::new(usize::MAX) }; 3]);

thread_local! {
    /// When that is spilled what this thread allocates.
    static TURN: Cell<Turn> = const { Cell::new(Turn::Then) };
}

/// The bytes of large ordinary blocks.
static ORDINARY: AtomicUsize = AtomicUsize::new(0);

/// What the system said when there was no room to spill, and how much was wanted; 0 if that never happened.
static REFUSED: AtomicI32 = AtomicI32::new(0);
static WANTED: AtomicU64 = AtomicU64::new(0);

/// Whether this allocator is the one that the process uses: it has been asked for something.
static USED: AtomicBool = AtomicBool::new(false);

/// From now on new blocks go to the file, or no longer do; and those that are spilled last; and small ones.
pub(super) fn spill(most: bool, last: bool, small: bool) {
    for (turn, spills) in [(Turn::First, most), (Turn::Then, most), (Turn::Last, last)] {
        SPILLS.0[turn as usize].store(spills, Ordering::Relaxed);
    }
    SPILLS_SMALL.store(small, Ordering::Relaxed);
}

/// Sets how many bytes of large ordinary blocks there may be when one comes whose turn to be spilled it is then.
pub(super) fn set_most_ordinary(turn: Turn, most: usize) {
    MOST_ORDINARY.0[turn as usize].store(most, Ordering::Relaxed);
}

/// Does something; what this thread allocates meanwhile is spilled when it is that turn.
pub(super) fn in_turn<T>(turn: Turn, work: impl FnOnce() -> T) -> T {
    let before = TURN.replace(turn);
    let done = work();
    TURN.set(before);
    done
}

/// Whether the process allocates here.
pub(super) fn is_used() -> bool {
    // an allocation that nobody could leave out
    drop(std::hint::black_box(Box::new(0u8)));
    USED.load(Ordering::Relaxed)
}

/// What the system said when there was no room to spill, and how much was wanted.
pub(super) fn refused() -> Option<(io::Error, u64)> {
    let code = REFUSED.load(Ordering::Acquire);
    (code != 0).then(|| (io::Error::from_raw_os_error(code), WANTED.load(Ordering::Relaxed)))
}

/// Remembers the first time that there was no room; from then on nothing more is spilled.
pub(super) fn refuse(error: &io::Error, wanted: u64) {
    if REFUSED.load(Ordering::Relaxed) == 0 {
        WANTED.store(wanted, Ordering::Relaxed);
        REFUSED.store(error.raw_os_error().unwrap_or(5), Ordering::Release);
    }
}

/// Has the system's allocator give back what it holds and nobody uses, where it can be asked to.
pub(super) fn give_back_unused() {
    #[cfg(target_env = "gnu")]
    {
        unsafe extern "C" {
            fn malloc_trim(pad: usize) -> i32;
        }
        // SAFETY: it is called from a thread like any other, and changes nothing that anybody uses
        unsafe { malloc_trim(0) };
    }
}

/// Whether a new block of this size is to be spilled.
fn is_spilled(size: usize) -> bool {
    let spills = if size < SMALL { &SPILLS_SMALL } else { SPILLS.now() };
    let spills = spills.load(Ordering::Relaxed)
        || size >= COUNTED
            && ORDINARY.load(Ordering::Relaxed).saturating_add(size) > MOST_ORDINARY.now().load(Ordering::Relaxed);
    spills && HEAP.space.len() > 0 && REFUSED.load(Ordering::Relaxed) == 0
}

/// The block in the file that the heap has given, and how much of it may not be zero; `None` if there is no room.
fn spilled(layout: Layout, given: io::Result<Given>) -> Option<(*mut u8, usize)> {
    match given {
        Ok(given) => {
            take_note(layout.size());
            Some((HEAP.space.hand_out(given.block), given.dirty as usize))
        }
        // more alignment than pages have is left to the system
        Err(_) if layout.align() > super::classes::PAGE as usize => None,
        Err(e) => {
            refuse(&e, layout.size() as u64);
            None
        }
    }
}

/// Whether there is a limit.
static LIMITED: AtomicBool = AtomicBool::new(false);

/// After so many bytes that a thread was handed out or looked at it looks whether the process has too much.
static LOOK_AFTER: AtomicUsize = AtomicUsize::new(1 << 20);

/// There is a limit from now on; and after how much to look.
pub(super) fn look_after(bytes: usize) {
    LOOK_AFTER.store(bytes, Ordering::Relaxed);
    LIMITED.store(true, Ordering::Relaxed);
}

/// Takes note of bytes that this thread was handed out or looks at; whether it is time to look if the process has too much.
pub(super) fn is_time_to_look(bytes: usize) -> bool {
    thread_local! { static SINCE: Cell<usize> = const { Cell::new(0) } }
    if !LIMITED.load(Ordering::Relaxed) {
        return false;
    }
    let since = SINCE.try_with(|since| since.replace(since.get().saturating_add(bytes))).unwrap_or(0);
    let is_time = since.saturating_add(bytes) > LOOK_AFTER.load(Ordering::Relaxed);
    if is_time {
        let _ = SINCE.try_with(|since| since.set(0));
    }
    is_time
}

/// Takes note of bytes that are handed out; after some, looks whether the process has too much.
fn take_note(bytes: usize) {
    if is_time_to_look(bytes) {
        governor::look();
    }
}

/// Where the pieces of a block begin, and their bytes: what is done piece by piece, with a look after each, needs not be in memory
/// as a whole.
fn pieces(len: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..len).step_by(COUNTED).map(move |at| (at, COUNTED.min(len - at)))
}

/// Counts an ordinary block that comes.
fn come(size: usize) {
    take_note(size);
    if size >= COUNTED {
        ORDINARY.fetch_add(size, Ordering::Relaxed);
    }
}

/// Asks for large pages inside a new ordinary block that has room for them; it may be null. Not for one that grows: the
/// system would split them to move it, and make others, which took twice as long as the sketches themselves.
fn in_large_pages(block: *mut u8, size: usize) -> *mut u8 {
    let before = block.align_offset(LARGE_PAGE);
    if !block.is_null() && size >= LARGE && before < size {
        let len = (size - before) / LARGE_PAGE * LARGE_PAGE;
        // SAFETY: the range lies in the block; what it holds stays, whatever the system makes of the advice
        let _ = unsafe { madvise(block.add(before).cast(), len, Advice::LinuxHugepage) };
    }
    block
}

/// Counts an ordinary block that goes.
fn go(size: usize) {
    if size >= COUNTED {
        ORDINARY.fetch_sub(size, Ordering::Relaxed);
    }
}

// SAFETY: a block is the system's or the heap's, as its address says, and fits its layout in both cases; blocks of the heap
// overlap nothing, which its tests check; nothing here panics or allocates.
unsafe impl GlobalAlloc for Spilling {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_spilled(layout.size())
            && let Some((block, _)) = spilled(layout, HEAP.allocate(layout))
        {
            return block;
        }
        if layout.size() < COUNTED && !USED.load(Ordering::Relaxed) {
            USED.store(true, Ordering::Relaxed);
        }
        come(layout.size());
        // SAFETY: as the caller promises
        in_large_pages(unsafe { System.alloc(layout) }, layout.size())
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_spilled(layout.size())
            && let Some((block, dirty)) = spilled(layout, HEAP.allocate(layout))
        {
            for (at, len) in pieces(dirty.min(layout.size())) {
                // SAFETY: the block is new and at least as large as its layout
                unsafe { block.add(at).write_bytes(0, len) };
                take_note(len);
            }
            return block;
        }
        come(layout.size());
        // SAFETY: as the caller promises
        in_large_pages(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if HEAP.space.find(block).is_some() {
            // SAFETY: the caller gives it back, and it is one of ours
            HEAP.free(unsafe { HEAP.space.take_back(block) }, layout);
            // the heap wrote to it: whoever gives many back brings what stands around each into memory
            take_note(super::linux::around());
            return;
        }
        go(layout.size());
        // SAFETY: it is one of the system's
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, old: Layout, size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size is one of a layout
        let new = unsafe { Layout::from_size_align_unchecked(size, old.align()) };
        match HEAP.space.find(block) {
            Some(at) => match HEAP.resize(at, old, new) {
                Ok(true) => {
                    take_note(size.saturating_sub(old.size()));
                    block
                }
                // SAFETY: as the caller promises
                Ok(false) => unsafe { self.move_to_new(block, old, new) },
                Err(e) => {
                    refuse(&e, size as u64);
                    // SAFETY: as above
                    unsafe { self.move_to_new(block, old, new) }
                }
            },
            // what grows beyond the room moves to the file, where it grows without being copied
            // SAFETY: as above
            None if size > old.size() && is_spilled(size) => unsafe { self.move_to_new(block, old, new) },
            None => {
                go(old.size());
                come(size);
                // SAFETY: as above, and it is one of the system's
                unsafe { System.realloc(block, old, size) }
            }
        }
    }
}

impl Spilling {
    /// Moves what a block holds to a new one.
    ///
    /// # Safety
    /// As for [`GlobalAlloc::realloc`].
    unsafe fn move_to_new(self, block: *mut u8, old: Layout, new: Layout) -> *mut u8 {
        // SAFETY: as the caller promises; the blocks are different ones, both as large as what is copied
        unsafe {
            let grows = new.size() > old.size() && is_spilled(new.size());
            let grown = grows.then(|| spilled(new, HEAP.allocate_growing(new))).flatten();
            let moved = grown.map_or_else(|| self.alloc(new), |(block, _)| block);
            if !moved.is_null() {
                for (at, len) in pieces(old.size().min(new.size())) {
                    ptr::copy_nonoverlapping(block.add(at), moved.add(at), len);
                    take_note(len);
                }
                self.dealloc(block, old);
            }
            moved
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::sync::{Mutex, PoisonError};

    use super::super::space::FEWEST;
    use super::*;
    use proptest::prelude::*;

    /// Held by tests that set when blocks are spilled.
    pub(in super::super) static ALONE: Mutex<()> = Mutex::new(());

    /// A block with a pattern in it.
    struct Held {
        block: *mut u8,
        layout: Layout,
        seed: u8,
    }

    impl Held {
        fn new(block: *mut u8, layout: Layout, seed: u8) -> Held {
            let held = Held { block, layout, seed };
            // SAFETY: the block is ours and as large as its layout
            (0..layout.size()).for_each(|i| unsafe { block.add(i).write(held.byte(i)) });
            held
        }

        fn byte(&self, i: usize) -> u8 {
            self.seed.wrapping_add((i / 7) as u8)
        }

        fn is_whole(&self, len: usize) -> bool {
            // SAFETY: as above
            let byte = |i: usize| unsafe { &*self.block.add(i) };
            (0..len).all(|i| *byte(i) == self.byte(i))
                && (0..len).step_by(4099).all(|i| super::super::copied(byte(i)) == self.byte(i))
        }
    }

    fn layout(size: usize, align: u32) -> Layout {
        Layout::from_size_align(size, 1 << align).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn blocks_hold_what_was_written_whatever_is_dropped(
            steps in proptest::collection::vec((0u32..21, 0usize..500, 0u32..9, any::<u8>(), 0..6), 1..60)
        ) {
            let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
            HEAP.space.open(&std::env::temp_dir(), FEWEST).unwrap();
            spill(true, true, true);
            let mut held: Vec<Held> = Vec::new();
            for (shift, more, align, seed, what) in steps {
                let size = (1usize << shift) + more;
                match what {
                    0 => HEAP.space.drop_pages(0..HEAP.space.end()),
                    1 | 2 if !held.is_empty() => {
                        let Held { block, layout: old, .. } = held[more % held.len()];
                        let at = more % held.len();
                        // SAFETY: it is one of ours with its layout
                        let block = unsafe { Spilling.realloc(block, old, size) };
                        held[at].block = block;
                        prop_assert!(held[at].is_whole(old.size().min(size)));
                        held[at] = Held::new(block, layout(size, old.align().ilog2()), seed);
                    }
                    3 if !held.is_empty() => {
                        let last = held.swap_remove(more % held.len());
                        prop_assert!(last.is_whole(last.layout.size()));
                        // SAFETY: as above
                        unsafe { Spilling.dealloc(last.block, last.layout) };
                    }
                    4 => {
                        let layout = layout(size, align);
                        // SAFETY: the layout is not empty
                        let block = unsafe { Spilling.alloc_zeroed(layout) };
                        // SAFETY: the block is ours
                        let is_zero = |i: usize| unsafe { block.add(i).read() } == 0;
                        prop_assert!((0..size).all(is_zero));
                        held.push(Held::new(block, layout, seed));
                    }
                    _ => {
                        let layout = layout(size, align);
                        // SAFETY: the layout is not empty
                        let block = unsafe { Spilling.alloc(layout) };
                        prop_assert!(block.addr() % layout.align() == 0 && HEAP.space.find(block).is_some());
                        held.push(Held::new(block, layout, seed));
                    }
                }
            }
            let alloc = |size| {
                // SAFETY: the layout is not empty
                Held::new(unsafe { Spilling.alloc(layout(size, 0)) }, layout(size, 0), 7)
            };
            let last = |alloc: &dyn Fn() -> Held| in_turn(Turn::Last, alloc);
            let before = held.len();
            spill(true, false, false);
            held.extend([alloc(SMALL), last(&|| alloc(SMALL)), alloc(SMALL - 1)]);
            spill(true, true, false);
            held.extend([last(&|| alloc(SMALL)), alloc(SMALL - 1), last(&|| alloc(SMALL - 1))]);
            spill(true, true, true);
            held.push(alloc(SMALL - 1));
            spill(false, false, false);
            set_most_ordinary(Turn::First, 0);
            held.extend([alloc(COUNTED), in_turn(Turn::First, || alloc(COUNTED)), in_turn(Turn::First, || alloc(COUNTED - 1))]);
            set_most_ordinary(Turn::First, usize::MAX);
            let is_spilled: Vec<bool> =
                held[before..].iter().map(|held| HEAP.space.find(held.block).is_some()).collect();
            prop_assert_eq!(is_spilled, [true, false, false, true, false, false, true, false, true, false]);
            for held in held {
                prop_assert!(held.is_whole(held.layout.size()));
                // SAFETY: as above
                unsafe { Spilling.dealloc(held.block, held.layout) };
            }
        }
    }
}
