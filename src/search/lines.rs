//! A hash table made to be read without waiting: of passages and of the seeds of edited ones, it holds what stands under
//! each hash, several things if need be.
//!
//! What a look-up costs is cache misses, so slots stand in lines of a cache line each: a look-up reads the line where its
//! hash belongs, which can be [asked for](Lines::prefetch) beforehand, and the next ones only if something had to pass by
//! that line because it was full. The table is in parts, by the highest bits of the hash, which grow one by one: so it needs
//! no room for two tables while it grows. They are few, so that each is large, for blocks of some MiB stand in large pages
//! ([`Spilling`](crate::memory::Spilling)): then a page is looked up in the cache, and not in memory.
//!
//! Tried before and refused: slots or heads that lead to chains of entries (a cache miss for each link, one after the
//! other: two thirds of the time of edited passages on 50 MB of prose); slots in the order of their hashes without regard to
//! cache lines (a second miss for every second look-up, a fifth slower on prose); 64 parts (each too small for large
//! pages, a quarter slower where a text comes sixteen times); two parts (no difference).

use crate::kernel;

/// What the slots of a line hold beside their hashes, as columns; a line is to fit 64 bytes.
pub(super) trait Columns<const WIDTH: usize>: Copy + Default {
    /// What one slot holds.
    type Item: Copy + PartialEq;

    /// A part that is full grows by its size divided by this.
    const GROWTH: usize;

    fn item(&self, at: usize) -> Self::Item;

    fn set(&mut self, at: usize, item: Self::Item);
}

/// Slots that lie in one cache line; the first `len` are in use.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Line<C, const WIDTH: usize> {
    hashes: [u32; WIDTH],
    columns: C,
    len: u8,
    /// Whether a slot that belongs here or before may stand in a later line.
    pub(super) passed: bool,
}

impl<C: Columns<WIDTH>, const WIDTH: usize> Line<C, WIDTH> {
    fn new() -> Self {
        const { assert!(size_of::<Self>() == 64, "a cache line") };
        Line { hashes: [0; WIDTH], columns: C::default(), len: 0, passed: false }
    }

    /// The slots of a hash, a bit for each.
    #[inline(always)]
    fn slots_of(&self, hash: u32) -> u32 {
        kernel::equal(&self.hashes, hash) & ((1 << self.len) - 1)
    }

    fn set(&mut self, at: usize, hash: u32, item: C::Item) {
        self.hashes[at] = hash;
        self.columns.set(at, item);
    }

    /// Adds a slot if there is room; if there is none, notes that it had to pass by.
    #[inline]
    fn push(&mut self, hash: u32, item: C::Item) -> bool {
        let has_room = usize::from(self.len) < WIDTH;
        if has_room {
            self.set(usize::from(self.len), hash, item);
            self.len += 1;
        } else {
            self.passed = true;
        }
        has_room
    }

    /// Takes a slot out; the last one takes its place.
    fn remove(&mut self, at: usize) {
        self.len -= 1;
        let last = usize::from(self.len);
        self.set(at, self.hashes[last], self.columns.item(last));
    }

    fn all(&self) -> impl Iterator<Item = (u32, C::Item)> + '_ {
        (0..usize::from(self.len)).map(|at| (self.hashes[at], self.columns.item(at)))
    }
}

/// The slots whose hashes have the same highest bits.
#[derive(Clone)]
pub(super) struct Part<C, const WIDTH: usize> {
    pub(super) lines: Vec<Line<C, WIDTH>>,
    pub(super) used: usize,
}

impl<C: Columns<WIDTH>, const WIDTH: usize> Part<C, WIDTH> {
    fn new(lines: usize) -> Self {
        Part { lines: vec![Line::new(); lines], used: 0 }
    }

    /// The line where a hash belongs.
    #[inline(always)]
    fn home(&self, hash: u32) -> usize {
        ((u64::from(hash << PART_BITS) * self.lines.len() as u64) >> 32) as usize
    }

    #[inline(always)]
    fn after(&self, line: usize) -> usize {
        if line + 1 == self.lines.len() { 0 } else { line + 1 }
    }

    /// The lines that may hold slots of a hash.
    #[inline(always)]
    fn each(&self, hash: u32, mut found: impl FnMut(&Line<C, WIDTH>, u32)) {
        let home = self.home(hash);
        let mut at = home;
        loop {
            let line = &self.lines[at];
            found(line, line.slots_of(hash));
            if !line.passed {
                return;
            }
            at = self.after(at);
            if at == home {
                return;
            }
        }
    }

    fn insert(&mut self, hash: u32, item: C::Item) {
        if self.used * 5 >= self.lines.len() * WIDTH * 4 {
            self.grow(self.lines.len() + self.lines.len() / C::GROWTH + 1);
        }
        self.put(hash, item);
        self.used += 1;
    }

    /// Puts a slot where it belongs, or into the next line with room.
    #[inline(always)]
    fn put(&mut self, hash: u32, item: C::Item) {
        let mut at = self.home(hash);
        while !self.lines[at].push(hash, item) {
            at = self.after(at);
        }
    }

    fn remove(&mut self, hash: u32, item: C::Item) {
        let mut at = self.home(hash);
        loop {
            let line = &mut self.lines[at];
            let slots = line.slots_of(hash);
            if let Some(slot) = (0..WIDTH).find(|&slot| slots >> slot & 1 == 1 && line.columns.item(slot) == item) {
                line.remove(slot);
                self.used -= 1;
                return;
            }
            debug_assert!(line.passed, "it is there");
            at = self.after(at);
        }
    }

    fn grow(&mut self, lines: usize) {
        let before = std::mem::replace(self, Part::new(lines));
        // there is room for all: nobody has to ask at each whether to grow
        self.used = before.used;
        for line in &before.lines {
            line.all().for_each(|(hash, item)| self.put(hash, item));
        }
    }
}

/// The highest bits of a hash say which part has it.
pub(super) const PART_BITS: u32 = 2;

/// The table.
pub(super) struct Lines<C, const WIDTH: usize> {
    pub(super) parts: Vec<Part<C, WIDTH>>,
}

impl<C: Columns<WIDTH>, const WIDTH: usize> Lines<C, WIDTH> {
    pub(super) fn new() -> Self {
        Lines { parts: vec![Part::new(1); 1 << PART_BITS] }
    }

    /// Makes room for so many items in all.
    pub(super) fn reserve(&mut self, items: usize) {
        // a twentieth more, for hashes do not fall into the parts evenly
        let lines = (items + items / 20) * 5 / (self.parts.len() * WIDTH * 4) + 1;
        self.parts.iter_mut().filter(|part| part.lines.len() < lines).for_each(|part| part.grow(lines));
    }

    #[inline(always)]
    pub(super) fn part(&self, hash: u32) -> &Part<C, WIDTH> {
        &self.parts[(hash >> (32 - PART_BITS)) as usize]
    }

    #[inline(always)]
    fn part_mut(&mut self, hash: u32) -> &mut Part<C, WIDTH> {
        &mut self.parts[(hash >> (32 - PART_BITS)) as usize]
    }

    /// Has the line where a hash belongs brought into the cache.
    #[inline(always)]
    pub(super) fn prefetch(&self, hash: u32) {
        let part = self.part(hash);
        kernel::prefetch(&part.lines, part.home(hash));
    }

    /// Gives each item of a hash to `found`, in no order.
    #[inline(always)]
    pub(super) fn each(&self, hash: u32, mut found: impl FnMut(C::Item)) {
        self.part(hash).each(hash, |line, mut slots| {
            while slots != 0 {
                found(line.columns.item(slots.trailing_zeros() as usize));
                slots &= slots - 1;
            }
        });
    }

    /// How many items a hash has.
    #[inline(always)]
    pub(super) fn count(&self, hash: u32) -> usize {
        let mut count = 0;
        self.part(hash).each(hash, |_, slots| count += slots.count_ones() as usize);
        count
    }

    #[inline]
    pub(super) fn insert(&mut self, hash: u32, item: C::Item) {
        self.part_mut(hash).insert(hash, item);
    }

    /// Takes out an item, which is there.
    pub(super) fn remove(&mut self, hash: u32, item: C::Item) {
        self.part_mut(hash).remove(hash, item);
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.lines.capacity()).sum::<usize>() * size_of::<Line<C, WIDTH>>()
    }
}
