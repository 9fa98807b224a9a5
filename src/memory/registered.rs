//! Mappings of files that the process only reads: their pages can be dropped like those of the spill file.
#![allow(unsafe_code)] // to drop pages of a mapping by its address

use std::ops::Range;

use rustix::mm::{Advice, madvise};

use super::classes::PAGE;

/// Pages are dropped from multiples of this on, which no page is larger than.
const ALIGNMENT: u64 = 64 << 10;

/// The mappings, one after the other as if they were one.
pub(super) struct Registered {
    mappings: Vec<Mapping>,
    total: u64,
    next: u64,
}

struct Mapping {
    name: u64,
    start: usize,
    len: u64,
}

impl Registered {
    pub(super) const fn new() -> Registered {
        Registered { mappings: Vec::new(), total: 0, next: 0 }
    }

    /// Their bytes together.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Takes in the whole pages of a mapping; the name under which it is given up again.
    ///
    /// # Safety
    /// It must be a mapping of a file that is either shared or never written to, and stay one until it is given up.
    pub(super) unsafe fn add(&mut self, start: *const u8, len: usize) -> u64 {
        let first = start.addr().next_multiple_of(PAGE as usize);
        let len = (start.addr() + len).saturating_sub(first) as u64;
        self.next += 1;
        self.total += len;
        self.mappings.push(Mapping { name: self.next, start: first, len });
        self.next
    }

    /// Gives up a mapping.
    pub(super) fn remove(&mut self, name: u64) {
        if let Ok(at) = self.mappings.binary_search_by_key(&name, |mapping| mapping.name) {
            self.total -= self.mappings.remove(at).len;
        }
    }

    /// Drops the pages of a range of all mappings together.
    pub(super) fn drop_pages(&self, range: Range<u64>) {
        let mut before = 0;
        for mapping in &self.mappings {
            let from = range.start.clamp(before, before + mapping.len) - before;
            let to = range.end.clamp(before, before + mapping.len) - before;
            before += mapping.len;
            let start = mapping.start + (from & !(ALIGNMENT - 1)) as usize;
            if from < to {
                let (start, len) = (std::ptr::without_provenance_mut(start), (to - (from & !(ALIGNMENT - 1))) as usize);
                // SAFETY: `add` was promised that what is dropped comes back from the file, and that it is mapped still.
                // That a page stays is no error.
                let _ = unsafe { madvise(start, len, Advice::LinuxDontNeed) };
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mappings_come_and_go() {
        let mut registered = Registered::new();
        // SAFETY: nothing is dropped
        let names = [10usize, 3, 5].map(|pages| unsafe {
            registered.add(std::ptr::without_provenance(PAGE as usize * 100), pages * PAGE as usize)
        });
        assert_eq!(registered.total(), 18 * PAGE);
        registered.remove(names[1]);
        registered.remove(names[1]);
        assert_eq!(registered.total(), 15 * PAGE);
        assert_eq!(registered.mappings.len(), 2);
    }

    #[test]
    fn what_is_dropped_comes_back() {
        let bytes: Vec<u8> = (0..1_000_003u32).map(|i| (i / 3) as u8).collect();
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &bytes).unwrap();
        let mut registered = Registered::new();
        // SAFETY: nobody writes to the file or the mapping any more
        let mappings = [0, 1].map(|_| unsafe { memmap2::Mmap::map(&file).unwrap() });
        // SAFETY: they stay mapped to the end of the test
        let names: Vec<u64> = mappings.iter().map(|m| unsafe { registered.add(m.as_ptr(), m.len()) }).collect();
        assert_eq!(names.len(), 2);
        assert_eq!(registered.total(), 2_000_006);
        for range in [0..2_000_006, 7..8, 999_000..1_000_100, 65_536..1_500_000, 3_000_000..4_000_000] {
            assert!(mappings.iter().all(|m| **m == *bytes));
            registered.drop_pages(range);
        }
        assert!(mappings.iter().all(|m| **m == *bytes));
    }
}
