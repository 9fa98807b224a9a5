//! A limit on the memory of the process that holds whatever the corpus: blocks of memory that spill.
//!
//! In: a limit and a directory ([`limit`]). Out: nothing that anybody else sees. Always: every vector, table, index and
//! report is what it would be without a limit, for the same code works on the same bytes at addresses of the same process;
//! only where these bytes are, in memory or on disk, depends on the limit. So the result cannot depend on it.
//!
//! # How
//!
//! [`Spilling`] is the allocator of the command. Up to about half of the limit it hands out ordinary memory and costs nothing.
//! Beyond that, new blocks stand in a mapping of a temporary file that has no name (`space`, `heap`), and blocks that grow
//! move there; small ones, which are given back soon as a rule, last of all. A thread (`governor`) looks at the resident memory of the process every few milliseconds,
//! and takes pages of that mapping out of it before the limit is reached; mapped inputs are treated alike ([`register`]). Another one has
//! the system's allocator give back what nobody uses.
//! What is dropped is in the system's cache of the file or on disk, and comes back when it is looked at.
//!
//! # Why this, and not sorted runs on disk
//!
//! The usual way is to write each stage a second time: runs that are sorted, partitioned and merged by hand. That is two
//! programs for every stage and every option, and a test for each that both give the same bytes. Here there is one. It is
//! not slow, because the stages go through the corpus in order and touch their columns in the same order: what is dropped
//! is behind. Exceptions are the tables that are looked up by hash. That of the digests met so far keeps to an eighth of the
//! limit ([`allowed`]), for it may be smaller than is best. Those of the bands may not: what is looked up there by itself is
//! read from the file and not mapped ([`copied`]), and small tables that grow late are spilled last ([`looked_up`]), or grow
//! level by level, each written in order. Where they are larger than the limit *and* larger than what the system can cache,
//! each look-up is a read from disk.
//!
//! The system holds the file in single pages and does not read ahead (`MADV_RANDOM`). Where it cannot cache all that is spilled
//! and mapped, loops that read much in order say so beforehand ([`will_read`]): one page after the other, each waited for, was most
//! of the time of such a run. Inputs are read in order, again and again, so that a cache that is smaller is of no use to them, and they
//! push out what is looked up here and there: what is more than the room beside that ([`room_for_inputs`]) is let go of behind whoever
//! read it. Where not even what is spilled fits ([`spilled_may_be_on_disk`]), the disk is asked for what documents will look at before they are
//! decided ([`will_look_up`]). Left to itself the system reads ahead into pages as large as the disk's
//! window, 8 MiB on some machines, and whoever writes a byte has all of such a page written again: for 14 GB of text 443 GB
//! were written in 51 minutes.
//!
//! # What it costs
//!
//! About 7 µs for the first write to a page (4 KiB) of the file and 1 µs for each page that comes back from the system's
//! cache (ext4, Linux 6.18, in a virtual machine). Temporary disk: what does not fit, see [`temporary_peak`]. Room on disk
//! is taken when a block is handed out, not when it is written to: so a full disk is an error, and not a signal. It is taken for
//! whole stretches of 2 MiB: the system's cache holds a file in stretches of up to that size, and to write to one page of
//! a stretch takes room for all of it. Where a part had none, a full disk ended the process (SIGBUS). If there is no room the
//! block is ordinary memory, and the run ends at its next [`Progress::check`](crate::Progress::check) with [`failure`].
//! Of the file nothing is left, for it has no name. Nobody else reads it, and it ends with the process, so it needs no
//! checksums. A disk that cannot read back what it took ends the process with a signal (SIGBUS), as with every mapping.
//!
//! For each page that is read the system maps 16 that stand around it, if they are in its cache; of an input it would map
//! 2 MiB where its cache holds large pages, and is told not to (Linux 6.12 and later heed that). So memory that is looked at
//! in no order comes back much faster than it was asked for, and faster than one thread drops it if two others read. Loops
//! that look at much and take nothing therefore say so ([`touched`], [`looked_at`]), and whoever looked at a sixteenth of the
//! room that is left looks whether the limit holds. Stages that look up here and there have single pages mapped
//! ([`here_and_there`], Linux 6.7 and later): what they looked up stays 16 times as long, and resolving takes two thirds of the
//! time; what is read in order takes four times as long to map, so not those that group and sort. Measured: 222 MiB of 256, 934 of 1,024 (`benches/results/2026-11-25-memory.md`).
//!
//! The system's own cache is not resident memory of the process. Control groups count it, and take it back before they
//! refuse memory.
//!
//! # Tried and refused
//!
//! - A file per block: 65,530 mappings and often 1,024 open files are all that a process gets. One file and one mapping, in
//!   which addresses are plentiful, needs neither list nor limit.
//! - Growing by `mremap`: what stands in one mapping cannot move apart from its place in the file. Regions have room to grow
//!   instead; addresses cost nothing.
//! - Only blocks of 256 KiB and more: millions of small ones then stay in memory. All sizes spill now.
//! - Private mappings and writing out what changed: somebody may write while it is written out, and system calls would fail
//!   rather than wait.
//! - `MADV_RANDOM` against the mapping of what is cached: as many pages come.
//! - Small blocks spilled later than large ones: no faster, and 146 MiB of 128 were taken.
//! - More room for what is looked up in no order, a fourth of the limit, and less for the rest: resolving took half as long again.
//! - More memory kept by the system's allocator when it is given back (`MALLOC_TRIM_THRESHOLD_` and `MALLOC_MMAP_THRESHOLD_`),
//!   where there is plenty: no faster.
//! - Inputs let go of as far as they did not fit beside what was spilled *as yet*: what was kept at first was in the way later, and what
//!   was spilled first went, which is what is read next.
//! - Unused memory given back by the thread that looks at the limit: with 10^6 files that takes a hundred milliseconds each time, and
//!   371 MiB of 256 were taken meanwhile.
//! - Texts of segments read from their file and not mapped: most stand close to each other, and one call for each costs more.
//!
//! Linux only; elsewhere a limit that somebody asks for is refused.

mod amount;
#[cfg(target_os = "linux")]
mod classes;
#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod governor;
#[cfg(target_os = "linux")]
mod heap;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(target_os = "linux")]
mod registered;
#[cfg(target_os = "linux")]
mod single;
#[cfg(target_os = "linux")]
mod space;
#[cfg(target_os = "linux")]
mod spilling;

pub use amount::{Amount, machine};
#[cfg(not(target_os = "linux"))]
pub use elsewhere::{
    HereAndThere, Registration, Spilling, allowed, copied, failure, give_back_unused, here_and_there, is_in_memory,
    is_spilled, kept_in_order, let_go, limit, looked_at, looked_up, register, room_for_inputs, spilled_may_be_on_disk,
    temporary_peak, touched, will_look_up, will_read,
};
#[cfg(target_os = "linux")]
pub use linux::{
    HereAndThere, Registration, allowed, copied, failure, give_back_unused, here_and_there, is_in_memory, is_spilled,
    kept_in_order, let_go, limit, looked_at, looked_up, register, room_for_inputs, spilled_may_be_on_disk,
    temporary_peak, touched, will_look_up, will_read,
};
#[cfg(target_os = "linux")]
pub use spilling::Spilling;

use std::path::PathBuf;

/// A limit on the memory of the process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Resident memory that the process may have, in bytes.
    pub bytes: u64,
    /// The directory of the temporary file.
    pub dir: PathBuf,
}

/// Bytes that come into memory with each byte that is looked at, as a rule: the system maps 16 pages for each one.
pub const AROUND: usize = 64 << 10;

/// Bytes that are looked at in one go where there are many: [`touched`] is told of each piece.
pub const PIECE: usize = 1 << 20;

/// Bytes that the system is asked to read at a time: of more it reads no more than the disk's window for reading ahead, which
/// is 128 KiB as a rule.
pub const READ_AT_ONCE: usize = 128 << 10;

/// Goes on with `elements`, and sees to it that the limit holds while so many bytes are looked at for each of them.
pub fn watched<T>(elements: impl Iterator<Item = T>, bytes: usize) -> impl Iterator<Item = T> {
    const TOLD_OF: usize = 4096;
    elements.enumerate().map(move |(i, element)| {
        if i % TOLD_OF == 0 {
            touched(TOLD_OF * bytes);
        }
        element
    })
}

/// The elements of a slice in order, which is asked for from the disk piece by piece beforehand if it may be there; the limit is seen to,
/// too.
pub fn in_order<T>(slice: &[T]) -> impl Iterator<Item = &T> {
    (0..slice.len()).map(|at| {
        ahead(slice, at);
        &slice[at]
    })
}

/// Told of each place of a slice in order, has the system read what comes next, piece by piece, and sees to the limit.
#[inline]
pub fn ahead<T>(slice: &[T], at: usize) {
    let piece = const { PIECE / size_of::<T>() };
    if at.is_multiple_of(piece) {
        touched(PIECE);
        // the first time two pieces, then always the one after this
        let from = if at == 0 { 0 } else { (at + piece).min(slice.len()) };
        will_read(&slice[from..(at + 2 * piece).min(slice.len())]);
    }
}

/// The least limit: below it not even the program fits.
pub const LEAST: u64 = 16 << 20;

/// From here on a limit holds. With less the same bytes come out, but the program, its threads and their buffers may take up
/// to this much.
pub const HOLDS_FROM: u64 = 64 << 20;

/// Where temporary files go if nobody says so: `TMPDIR`, else `/var/tmp`, which unlike `/tmp` is on a disk.
pub fn default_dir() -> PathBuf {
    let on_disk = PathBuf::from("/var/tmp");
    match std::env::var_os("TMPDIR") {
        None if on_disk.is_dir() => on_disk,
        _ => std::env::temp_dir(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_order_all_elements_come() {
        for len in [0, 1, PIECE / 4 - 1, PIECE / 4, PIECE / 2 + 3, PIECE] {
            let slice: Vec<u32> = (0..len as u32).collect();
            assert!(in_order(&slice).eq(&slice));
        }
    }
}
