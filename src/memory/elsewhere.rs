//! Systems on which memory cannot be limited: the allocator is the system's, and a limit is refused.
#![allow(unsafe_code)] // an allocator hands out raw memory

use std::alloc::{GlobalAlloc, Layout, System};
use std::fs::File;
use std::io;
use std::ops::Range;

use super::Limit;
use crate::error::{Error, Result};

/// The system's allocator.
#[derive(Clone, Copy, Debug, Default)]
pub struct Spilling;

// SAFETY: it does what the system's allocator does
unsafe impl GlobalAlloc for Spilling {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as the caller promises
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as the caller promises
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as the caller promises
        unsafe { System.realloc(block, layout, size) }
    }
}

/// Refuses the limit.
pub fn limit(limit: &Limit) -> Result<()> {
    Err(Error::Spill { dir: limit.dir.clone(), reason: io::Error::from(io::ErrorKind::Unsupported).to_string() })
}

/// No limit can be in force.
pub fn allowed() -> Option<u64> {
    None
}

/// Nothing is spilled, so nothing fails.
pub fn failure() -> Option<Error> {
    None
}

/// Drops what takes much memory.
pub fn let_go<T: Send + 'static>(_value: T) {}

/// Nothing is spilled.
pub fn touched(_bytes: usize) {}

/// Nothing is spilled.
pub fn looked_at() {}

/// Stands for a wish that nothing comes of.
#[derive(Debug)]
pub struct HereAndThere(());

/// Nothing is spilled.
pub fn here_and_there() -> HereAndThere {
    HereAndThere(())
}

/// Nothing is spilled, and of inputs it is not known.
pub fn spilled_may_be_on_disk() -> bool {
    true
}

/// Nothing is spilled.
pub fn will_read<T>(_slice: &[T]) {}

/// Nothing is spilled.
pub fn will_look_up<T>(_slice: &[T], _places: impl Iterator<Item = usize>) {}

/// Nothing is spilled.
#[inline]
pub fn is_spilled<T>(_element: &T) -> bool {
    false
}

/// A copy of an element.
#[inline]
pub fn copied<T: Copy>(element: &T) -> T {
    *element
}

/// Nothing is spilled.
pub fn looked_up<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// Nothing is spilled.
pub fn kept_in_order<T>(work: impl FnOnce() -> T) -> T {
    work()
}

/// It is not known, and nothing is let go of.
pub fn room_for_inputs() -> u64 {
    u64::MAX
}

/// Gives back nothing.
pub fn give_back_unused() {}

/// Nothing is spilled.
pub fn temporary_peak() -> u64 {
    0
}

/// Nothing is spilled.
pub fn is_in_memory() -> bool {
    false
}

/// Stands for a mapping whose pages can be dropped.
#[derive(Debug)]
pub struct Registration;

impl Registration {
    /// Takes note of nothing.
    pub fn expect(&self, _in_order: bool) {}

    /// Lets go of nothing.
    pub fn let_go(&self, _file: &File, _range: Range<usize>) {}
}

/// Takes note of nothing.
///
/// # Safety
/// Whatever the arguments are, nothing is done with them.
pub unsafe fn register(_start: *const u8, _len: usize) -> Registration {
    Registration
}
