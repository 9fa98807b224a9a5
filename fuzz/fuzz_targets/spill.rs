//! Blocks of memory that are taken, grown, shrunk and given back with the limit as low as it can be, so that all of them
//! stand in the temporary file and their pages are dropped all the time: each holds what was written to it.
#![no_main]

use std::alloc::{GlobalAlloc, Layout};
use std::sync::Once;

use libfuzzer_sys::fuzz_target;
use unecho::memory::{LEAST, Limit, Spilling, limit, temporary_peak, touched};
use unecho_fuzz::Choices;

#[global_allocator]
static ALLOCATOR: Spilling = Spilling;

/// A block, and what it was filled with.
struct Held {
    block: *mut u8,
    layout: Layout,
    seed: u8,
}

/// Blocks that are held at a time.
const MOST: usize = 12;

/// Steps of an execution.
const STEPS: usize = 48;

fuzz_target!(init: start(), |data: &[u8]| {
    let mut choices = Choices(data);
    let mut held: Vec<Held> = Vec::new();
    for _ in 0..STEPS {
        if choices.0.is_empty() {
            break;
        }
        let (what, which) = (choices.below(8), choices.byte());
        let layout = layout(&mut choices);
        let at = usize::from(which) % held.len().max(1);
        match what {
            0 if !held.is_empty() => held.swap_remove(at).give_back(),
            1 | 2 if !held.is_empty() => held[at].resize(layout.size(), which),
            3 => touched(64 << 20),
            4 => held.push(Held::zeroed(layout, which)),
            _ => held.push(Held::new(layout, which)),
        }
        if held.len() > MOST {
            held.swap_remove(at % MOST).give_back();
        }
    }
    held.into_iter().for_each(Held::give_back);
});

fn start() {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        let dir = std::env::temp_dir();
        limit(&Limit { bytes: LEAST, dir }).expect("temporary files can be made");
        // what the fuzzer takes is over the limit: from here on everything is spilled
        let blocks: Vec<Vec<u8>> = (0..64).map(|_| vec![1; 1 << 20]).collect();
        drop(std::hint::black_box(blocks));
        assert!(temporary_peak() > 0, "nothing is spilled");
    });
}

/// Small sizes mostly, and some beyond the largest small block.
fn layout(choices: &mut Choices<'_>) -> Layout {
    let shift = if choices.below(16) == 0 { 20 } else { choices.below(14) };
    let size = (1usize << shift) + choices.wide() % (1usize << shift);
    Layout::from_size_align(size, 1 << choices.below(14)).expect("small")
}

impl Held {
    fn new(layout: Layout, seed: u8) -> Held {
        // SAFETY: the size is not 0
        let block = unsafe { ALLOCATOR.alloc(layout) };
        Held::filled(block, layout, seed)
    }

    fn zeroed(layout: Layout, seed: u8) -> Held {
        // SAFETY: the size is not 0
        let block = unsafe { ALLOCATOR.alloc_zeroed(layout) };
        assert!(!block.is_null());
        // SAFETY: the block is as large as its layout, and was just zeroed
        let bytes = unsafe { std::slice::from_raw_parts(block, layout.size()) };
        assert!(bytes.iter().all(|byte| *byte == 0), "not zero: {layout:?}");
        Held::filled(block, layout, seed)
    }

    fn filled(block: *mut u8, layout: Layout, seed: u8) -> Held {
        assert!(!block.is_null() && block.addr() % layout.align() == 0, "{layout:?}");
        let held = Held { block, layout, seed };
        // the ends of each piece tell whether two blocks overlap; every byte of a large one would take too long
        held.places(layout.size()).for_each(|at| unsafe { block.add(at).write(held.byte(at)) });
        held
    }

    /// Where bytes are looked at.
    fn places(&self, len: usize) -> impl Iterator<Item = usize> + use<> {
        (0..len).step_by((len / 64).max(1)).chain(len.checked_sub(1))
    }

    fn byte(&self, at: usize) -> u8 {
        self.seed ^ (at as u8) ^ (at >> 8) as u8
    }

    #[track_caller]
    fn check(&self) {
        for at in self.places(self.layout.size()) {
            // SAFETY: inside the block, and written before
            assert_eq!(unsafe { self.block.add(at).read() }, self.byte(at), "byte {at} of {:?}", self.layout);
        }
    }

    fn resize(&mut self, size: usize, seed: u8) {
        self.check();
        // SAFETY: it is ours, with this layout
        self.block = unsafe { ALLOCATOR.realloc(self.block, self.layout, size) };
        assert!(!self.block.is_null());
        for at in self.places(self.layout.size()).filter(|at| *at < size) {
            // SAFETY: inside the block, and written before
            assert_eq!(unsafe { self.block.add(at).read() }, self.byte(at), "byte {at} of {:?}", self.layout);
        }
        let layout = Layout::from_size_align(size, self.layout.align()).expect("small");
        *self = Held::filled(self.block, layout, seed);
    }

    fn give_back(self) {
        self.check();
        // SAFETY: it is ours, with this layout
        unsafe { ALLOCATOR.dealloc(self.block, self.layout) }
    }
}
