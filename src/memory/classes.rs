//! Sizes of blocks: small ones come in classes and are cut from chunks, large ones get a region of the file each.
//!
//! Always: what a block gets is a function of its layout, so that whoever gives it back need not say where it came from.

use std::alloc::Layout;

/// The largest small block.
const LARGEST_SMALL: u64 = 1 << 20;

/// The least size of a chunk.
const SMALLEST_CHUNK: u64 = 256 << 10;

/// The fewest addresses of a region.
pub(super) const LEAST_RESERVE: u64 = 64 << 20;

/// The smallest block; its size and alignment hold for all.
const SMALLEST: u64 = 16;

/// Classes for each doubling of the size: at most a fifth of a block is unused.
const STEPS: u64 = 4;

/// Doublings from the smallest to the largest small block.
const DOUBLINGS: u64 = (LARGEST_SMALL / SMALLEST).trailing_zeros() as u64;

/// Number of classes of small blocks.
pub(super) const CLASSES: usize = (DOUBLINGS * STEPS) as usize + 1;

/// The smallest page.
pub(super) const PAGE: u64 = 4096;

/// The unit in which room is taken on disk: the largest stretch of a file that the system's cache holds as one. To write to a
/// page of such a stretch takes room for all of it, so if a part had none a full disk would be a signal (SIGBUS).
pub(super) const STRETCH: u64 = 2 << 20;

/// What a layout gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    /// A small block of this class.
    Small(usize),
    /// A region with this many bytes in it.
    Large(u64),
}

/// What a layout gets; `None` if it needs more alignment than a page has.
pub(super) fn size_of(layout: Layout) -> Option<Size> {
    let (size, align) = (layout.size() as u64, layout.align() as u64);
    match align {
        _ if align > PAGE => None,
        _ if size > LARGEST_SMALL => Some(Size::Large(size)),
        // a power of two is a class, and blocks of that class stand at its multiples
        _ if align > SMALLEST => Some(Size::Small(class_of(size.max(align).next_power_of_two()))),
        _ => Some(Size::Small(class_of(size))),
    }
}

/// The class of the smallest blocks that hold `size` bytes.
fn class_of(size: u64) -> usize {
    if size <= SMALLEST {
        return 0;
    }
    // the doubling that it falls in, and the step in that
    let doubling = u64::from((size - 1).ilog2() - SMALLEST.ilog2());
    let step = (SMALLEST << doubling) / STEPS;
    let steps = (size - (SMALLEST << doubling)).div_ceil(step);
    let class = (doubling * STEPS + steps) as usize;
    // steps of less than the alignment are none
    if step < SMALLEST { class.next_multiple_of((SMALLEST / step) as usize) } else { class }
}

/// The size of the blocks of a class.
pub(super) fn block_size(class: usize) -> u64 {
    let (doubling, steps) = (class as u64 / STEPS, class as u64 % STEPS);
    (SMALLEST << doubling) + (SMALLEST << doubling) / STEPS * steps
}

/// The size of the chunks that blocks of a class are cut from: whole blocks, but for the last bytes.
pub(super) fn chunk_size(class: usize) -> u64 {
    (4 * block_size(class)).max(SMALLEST_CHUNK).next_power_of_two()
}

/// The room that so many bytes take on disk.
pub(super) fn room(bytes: u64) -> u64 {
    bytes.next_multiple_of(STRETCH)
}

/// The addresses that a new region of `size` bytes gets, a power of two: room to grow where it stands, for what has to move is
/// read from the disk and written again. Addresses cost nothing, but there is an end to them: of `all` that there are no region
/// gets more than a part, unless it needs it now.
pub(super) fn reserve(size: u64, all: u64) -> u64 {
    let growth = match size {
        0..=0x1000_0000 => 16,
        0x1000_0001..=0x4_0000_0000 => 4,
        _ => 1,
    };
    reserve_times(size, growth, all)
}

/// As [`reserve`], for what grew already: 64 GiB as a rule.
pub(super) fn reserve_growing(size: u64, all: u64) -> u64 {
    reserve_times(size, (1 << 36) / size.next_power_of_two().max(1), all)
}

fn reserve_times(size: u64, growth: u64, all: u64) -> u64 {
    const PART: u64 = 128;
    let least = size.next_power_of_two();
    (least * growth.max(1)).min(all / PART).max(least).max(LEAST_RESERVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn layout(size: u64, align: u64) -> Layout {
        Layout::from_size_align(size as usize, align as usize).unwrap()
    }

    proptest! {
        #[test]
        fn a_block_holds_what_asked_for_it_and_little_more(size in 1..=LARGEST_SMALL) {
            let class = class_of(size);
            prop_assert!(class < CLASSES);
            prop_assert!(block_size(class) >= size);
            prop_assert!(block_size(class) <= size.max(SMALLEST) + (size / 4).max(15));
            prop_assert_eq!(class_of(block_size(class)), class);
        }

        #[test]
        fn blocks_stand_at_multiples_of_their_alignment(size in 1..=LARGEST_SMALL, shift in 0u32..=12) {
            let align = 1 << shift;
            let Some(Size::Small(class)) = size_of(layout(size, align)) else { return Err(TestCaseError::fail("small")) };
            prop_assert!(block_size(class) >= size);
            prop_assert_eq!(block_size(class) % align.min(block_size(class)), 0);
            prop_assert_eq!(block_size(class) % SMALLEST, 0);
            prop_assert!(align <= SMALLEST || block_size(class).is_power_of_two());
            prop_assert!(block_size(class) >= align);
        }
    }

    #[test]
    fn the_borders_are_where_they_should_be() {
        assert_eq!(size_of(layout(0, 1)), Some(Size::Small(0)));
        assert_eq!(size_of(layout(LARGEST_SMALL, 8)), Some(Size::Small(CLASSES - 1)));
        assert_eq!(size_of(layout(LARGEST_SMALL + 1, 8)), Some(Size::Large(LARGEST_SMALL + 1)));
        assert_eq!(size_of(layout(100, 8192)), None);
        const ALL: u64 = 1 << 43;
        assert!(reserve(3 << 20, ALL) >= 16 * (3 << 20) && reserve(1 << 40, ALL) == 1 << 40);
        assert_eq!([2 << 20, 1 << 28, 3 << 35].map(|size| reserve_growing(size, ALL)), [1 << 36, 1 << 36, 1 << 37]);
        assert_eq!([reserve(1 << 28, 1 << 36), reserve_growing(1 << 28, 1 << 36)], [1 << 29, 1 << 29]);
        assert!((0..CLASSES).all(|class| chunk_size(class).is_multiple_of(PAGE)));
        assert!([1, LARGEST_SMALL + 1, 5 << 30].into_iter().all(|size| room(size) <= reserve(size, ALL)));
    }
}
