//! Blocks of the [`Space`]: handed out, taken back, grown where they stand.
//!
//! The space is divided into [`SECTIONS`] equal sections. A section serves blocks of one size only, so that the size of
//! what stands at a place is known from the place. Blocks that are given back wait in lists, each linked through its own
//! first bytes, so the heap takes no memory of its own, which matters because it *is* the allocator: nothing here may
//! allocate.
//!
//! Room on disk: chunks of small blocks are never given back, and regions keep what they have while they are in use. A
//! region that is given back keeps it too unless much waits already ([`MOST_WAITING`]), but for its first stretch: to give room
//! back costs milliseconds where the file system tells the disk of it.

use std::alloc::Layout;
use std::io;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;

use super::classes::{
    CLASSES, LEAST_RESERVE, PAGE, STRETCH, Size, block_size, chunk_size, reserve, reserve_growing, room, size_of,
};
use super::space::{Cut, Free, MOST, SECTIONS, Space};

/// Lists of each class, so that threads do not wait for each other.
const SHARDS: usize = 8;

/// Powers of two that the addresses of a region can be.
const ORDERS: usize = 44;

/// Regions that there can be.
const MOST_REGIONS: usize = (MOST / LEAST_RESERVE) as usize;

/// Bytes of regions given back that keep their room on disk.
const MOST_WAITING: u64 = 256 << 20;

/// A heap in a space.
pub(super) struct Heap {
    pub(super) space: Space,
    /// What each section is for: 0 for small blocks, else the order of its regions.
    orders: [AtomicU8; SECTIONS as usize],
    classes: [[Mutex<Class>; SHARDS]; CLASSES],
    /// The section that chunks of each class are cut from.
    chunks: [Mutex<Cut>; CLASSES],
    regions: [Mutex<Regions>; ORDERS],
    /// How many pages of each region are committed, by where it stands in units of the smallest.
    committed: [AtomicU32; MOST_REGIONS],
    waiting: AtomicU64,
}

/// Small blocks of one class and shard.
struct Class {
    free: Option<Free>,
    /// Blocks that were never handed out.
    fresh: Cut,
}

/// Regions of one order.
struct Regions {
    /// Those given back.
    free: Option<Free>,
    fresh: Cut,
}

/// A block that is to be handed out.
pub(super) struct Given {
    pub(super) block: Free,
    /// The first so many bytes may hold anything; what follows is zero.
    pub(super) dirty: u64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The shard of this thread.
fn shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! { static OWN: usize = NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS }
    OWN.try_with(|own| *own).unwrap_or(0)
}

fn out_of_addresses() -> io::Error {
    Errno::NOMEM.into()
}

impl Heap {
    /// A heap in a space that is not open yet.
    pub(super) const fn new() -> Heap {
        Heap {
            space: Space::new(),
            orders: [const { AtomicU8::new(0) }; SECTIONS as usize],
            classes: [const { [const { Mutex::new(Class { free: None, fresh: Cut::EMPTY }) }; SHARDS] }; CLASSES],
            chunks: [const { Mutex::new(Cut::EMPTY) }; CLASSES],
            regions: [const { Mutex::new(Regions { free: None, fresh: Cut::EMPTY }) }; ORDERS],
            committed: [const { AtomicU32::new(0) }; MOST_REGIONS],
            waiting: AtomicU64::new(0),
        }
    }

    /// A block for a layout. Errors: the disk is full, or the addresses are used up.
    pub(super) fn allocate(&self, layout: Layout) -> io::Result<Given> {
        match size_of(layout) {
            None => Err(out_of_addresses()),
            Some(Size::Small(class)) => self.small(class),
            Some(Size::Large(size)) => self.large(size, reserve(size, self.space.len())),
        }
    }

    /// As [`Heap::allocate`], for what had to move because it grew: with room to grow much more, as long as there are addresses.
    pub(super) fn allocate_growing(&self, layout: Layout) -> io::Result<Given> {
        let Some(Size::Large(size)) = size_of(layout) else { return self.allocate(layout) };
        let room = reserve_growing(size, self.space.len());
        let is_far = self.space.end() > self.space.len() / 2;
        if is_far { self.allocate(layout) } else { self.large(size, room) }
    }

    /// Takes back a block that was handed out for a layout.
    pub(super) fn free(&self, block: Free, layout: Layout) {
        match size_of(layout) {
            Some(Size::Small(class)) => {
                let mut own = lock(&self.classes[class][shard()]);
                self.space.link(&block, own.free.take());
                own.free = Some(block);
            }
            Some(Size::Large(_)) => self.free_region(block),
            None => {}
        }
    }

    /// Makes a block at `at` larger or smaller where it stands; whether that was possible.
    pub(super) fn resize(&self, at: u64, old: Layout, new: Layout) -> io::Result<bool> {
        match (size_of(old), size_of(new)) {
            (Some(Size::Small(old)), Some(Size::Small(new))) => Ok(old == new),
            (Some(Size::Large(_)), Some(Size::Large(new))) => self.resize_region(at, room(new)),
            _ => Ok(false),
        }
    }

    fn small(&self, class: usize) -> io::Result<Given> {
        let mut own = lock(&self.classes[class][shard()]);
        let size = block_size(class);
        if own.free.is_none() && own.fresh.left() < size {
            own.free = self.given_back_elsewhere(class);
        }
        if let Some(block) = own.free.take() {
            own.free = self.space.unlink(&block);
            return Ok(Given { block, dirty: size });
        }
        if own.fresh.left() < size {
            own.fresh = self.chunk(class)?;
        }
        let block = own.fresh.block(size).ok_or_else(out_of_addresses)?;
        Ok(Given { block, dirty: 0 })
    }

    /// A list of blocks that another thread gave back: those who take blocks and those who give them back need not be the
    /// same threads. A list that somebody is at is left alone.
    fn given_back_elsewhere(&self, class: usize) -> Option<Free> {
        self.classes[class].iter().find_map(|shard| shard.try_lock().ok()?.free.take())
    }

    /// A chunk with room on disk.
    fn chunk(&self, class: usize) -> io::Result<Cut> {
        let size = chunk_size(class);
        let mut chunks = lock(&self.chunks[class]);
        if chunks.left() < size {
            *chunks = self.sections(size, 0)?;
        }
        chunks.commit(size, &self.space)?;
        chunks.split(size).ok_or_else(out_of_addresses)
    }

    /// A region with so many addresses, a power of two.
    fn large(&self, size: u64, addresses: u64) -> io::Result<Given> {
        let len = room(size);
        let order = addresses.ilog2();
        let regions = self.regions.get(order as usize).ok_or_else(out_of_addresses)?;
        let mut regions = lock(regions);
        if let Some(block) = regions.free.take() {
            let committed = self.committed(block.at());
            if let Err(e) = self.commit_region(block.at(), len) {
                regions.free = Some(block);
                return Err(e);
            }
            regions.free = self.space.unlink(&block);
            self.waiting.fetch_sub(committed, Ordering::Relaxed);
            return Ok(Given { block, dirty: committed });
        }
        if regions.fresh.left() < 1 << order {
            regions.fresh = self.sections(1 << order, order as u8)?;
        }
        regions.fresh.commit(len, &self.space)?;
        let block = regions.fresh.block(1 << order).ok_or_else(out_of_addresses)?;
        self.set_committed(block.at(), len);
        Ok(Given { block, dirty: 0 })
    }

    fn free_region(&self, block: Free) {
        let at = block.at();
        let Some(order) = self.order_at(at) else { return };
        let committed = self.committed(at);
        let waiting = self.waiting.fetch_add(committed, Ordering::Relaxed) + committed;
        if waiting > MOST_WAITING {
            self.space.release(at + STRETCH..at + committed);
            self.set_committed(at, STRETCH);
            self.waiting.fetch_sub(committed - STRETCH, Ordering::Relaxed);
        }
        let mut regions = lock(&self.regions[order as usize]);
        self.space.link(&block, regions.free.take());
        regions.free = Some(block);
    }

    fn resize_region(&self, at: u64, new: u64) -> io::Result<bool> {
        match self.order_at(at) {
            Some(order) if new <= 1 << order => self.commit_region(at, new).map(|()| true),
            _ => Ok(false),
        }
    }

    /// Commits a region up to `len`.
    fn commit_region(&self, at: u64, len: u64) -> io::Result<()> {
        let committed = self.committed(at);
        if len > committed {
            self.space.commit(at + committed..at + len)?;
            self.set_committed(at, len);
        }
        Ok(())
    }

    /// How much of the region at `at` is committed.
    fn committed(&self, at: u64) -> u64 {
        u64::from(self.committed[(at / LEAST_RESERVE) as usize].load(Ordering::Relaxed)) * PAGE
    }

    fn set_committed(&self, at: u64, len: u64) {
        self.committed[(at / LEAST_RESERVE) as usize].store((len / PAGE) as u32, Ordering::Relaxed);
    }

    /// The order of the regions where `at` stands.
    fn order_at(&self, at: u64) -> Option<u8> {
        let order = self.orders.get((at / self.space.section_size()) as usize)?.load(Ordering::Relaxed);
        (order > 0).then_some(order)
    }

    /// As many new sections as `size` bytes need, for blocks of one kind.
    fn sections(&self, size: u64, order: u8) -> io::Result<Cut> {
        let wanted = size.div_ceil(self.space.section_size().max(1));
        let (first, cut) = self.space.sections(wanted)?;
        let orders = &self.orders[first as usize..(first + wanted) as usize];
        orders.iter().for_each(|section| section.store(order, Ordering::Relaxed));
        Ok(cut)
    }
}

#[cfg(test)]
mod tests {
    use super::super::space::FEWEST;
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn heap() -> Box<Heap> {
        let heap = Box::new(Heap::new());
        heap.space.open(&std::env::temp_dir(), FEWEST).unwrap();
        heap
    }

    fn layout(size: u64) -> Layout {
        Layout::from_size_align(size as usize, 8).unwrap()
    }

    /// What a test holds: each block by its place.
    type Held = BTreeMap<u64, (Free, u64)>;

    fn no_overlap(held: &Held, at: u64, size: u64) -> bool {
        let before = held.range(..=at).next_back().is_none_or(|(&start, (_, len))| start + len <= at);
        let after = held.range(at..).next().is_none_or(|(&start, _)| at + size <= start);
        before && after
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn blocks_never_overlap_and_the_disk_is_given_back(
            steps in proptest::collection::vec((0u32..24, 0u64..1000, any::<proptest::sample::Index>(), 0..4), 1..120)
        ) {
            let heap = heap();
            let mut held = Held::new();
            for (shift, more, which, what) in steps {
                let size = (1u64 << shift) + more;
                match what {
                    0 if !held.is_empty() => {
                        let at = *held.keys().nth(which.index(held.len())).unwrap();
                        let (block, size) = held.remove(&at).unwrap();
                        heap.free(block, layout(size));
                    }
                    1 if !held.is_empty() => {
                        let at = *held.keys().nth(which.index(held.len())).unwrap();
                        let (block, old) = held.remove(&at).unwrap();
                        let grown = heap.resize(at, layout(old), layout(size)).unwrap();
                        let now = if grown { size } else { old };
                        prop_assert!(no_overlap(&held, at, now));
                        held.insert(at, (block, now));
                    }
                    _ => {
                        let given = if what == 2 { heap.allocate(layout(size)) } else { heap.allocate_growing(layout(size)) };
                        let given = given.unwrap();
                        let at = given.block.at();
                        prop_assert!(no_overlap(&held, at, size));
                        prop_assert!(at + size <= heap.space.end());
                        held.insert(at, (given.block, size));
                    }
                }
            }
            for (_, (block, size)) in std::mem::take(&mut held) {
                heap.free(block, layout(size));
            }
            let section = heap.space.section_size();
            let chunks: u64 = heap.chunks.iter().map(|cut| (section - lock(cut).left() % section) % section).map(room).sum();
            prop_assert_eq!(heap.space.in_use(), chunks + heap.waiting.load(Ordering::Relaxed));
            prop_assert!(heap.waiting.load(Ordering::Relaxed) <= MOST_WAITING + 120 * STRETCH);
        }
    }

    #[test]
    fn what_grew_grows_on_where_it_stands_as_long_as_addresses_are_plentiful() {
        let heap = heap();
        let at = heap.allocate_growing(layout(3 << 20)).unwrap().block.at();
        assert!(heap.resize(at, layout(3 << 20), layout(100 << 20)).unwrap());
        heap.space.sections(SECTIONS / 2).unwrap();
        let at = heap.allocate_growing(layout(3 << 20)).unwrap().block.at();
        assert!(!heap.resize(at, layout(3 << 20), layout(65 << 20)).unwrap());
    }

    #[test]
    fn a_block_grows_where_it_stands() {
        let heap = heap();
        let given = heap.allocate(layout(3 << 20)).unwrap();
        let at = given.block.at();
        assert!(heap.resize(at, layout(3 << 20), layout(40 << 20)).unwrap());
        assert!(!heap.resize(at, layout(40 << 20), layout(1 << 30)).unwrap());
        assert_eq!(heap.space.in_use(), 40 << 20);
        assert!(heap.resize(at, layout(40 << 20), layout(2 << 20)).unwrap());
        heap.free(given.block, layout(2 << 20));
        let again = heap.allocate(layout(4 << 20)).unwrap();
        assert_eq!((again.block.at(), again.dirty), (at, 40 << 20));
    }

    #[test]
    fn room_is_taken_in_whole_stretches() {
        let heap = heap();
        let mut held = Vec::new();
        for size in [20, 1000, 70_000, (1 << 20) + 1, (9 << 20) + 5000] {
            let before = heap.space.in_use();
            held.push(heap.allocate(layout(size)).unwrap().block);
            let taken = heap.space.in_use() - before;
            assert!(taken > 0 && taken.is_multiple_of(STRETCH), "{size}: {taken}");
        }
        let at = held[4].at();
        assert!(heap.resize(at, layout((9 << 20) + 5000), layout((11 << 20) + 1)).unwrap());
        assert_eq!(heap.committed(at), 12 << 20);
    }

    #[test]
    fn what_one_thread_gives_back_another_takes() {
        let heap = heap();
        let take = |heap: &Heap| (0..5000).map(|_| heap.allocate(layout(1000)).unwrap().block).collect::<Vec<Free>>();
        let mut in_use = Vec::new();
        for _ in 0..20 {
            // a thread of its own each time takes blocks, and this one gives them back
            let blocks = std::thread::scope(|scope| scope.spawn(|| take(&heap)).join().unwrap());
            blocks.into_iter().for_each(|block| heap.free(block, layout(1000)));
            in_use.push(heap.space.in_use());
        }
        assert!(in_use[19] <= in_use[0] + (1 << 20), "{in_use:?}");
    }

    #[test]
    fn the_disk_is_given_back_when_much_waits() {
        let heap = heap();
        let blocks: Vec<Given> = (0..5).map(|_| heap.allocate(layout(100 << 20)).unwrap()).collect();
        assert_eq!(heap.space.in_use(), 500 << 20);
        blocks.into_iter().for_each(|given| heap.free(given.block, layout(100 << 20)));
        assert!(heap.space.in_use() <= MOST_WAITING + 3 * STRETCH);
        assert_eq!(heap.space.peak(), 500 << 20);
    }

    #[test]
    fn more_than_there_are_addresses_for_is_an_error() {
        let heap = heap();
        assert!(heap.allocate(layout(1 << 46)).is_err());
    }
}
