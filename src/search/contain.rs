//! Candidates by containment: an inverted index of the shingles of kept segments.
//!
//! A segment of n shingles lies in a kept one to the share c only if at least ⌈c·n⌉ of its shingles do; so of any
//! n − ⌈c·n⌉ + 1 of them at least one does (the prefix filter of Chaudhuri, Ganti, Kaushik 2006). The rarest are looked
//! up. Recall is 1, except through shingles that more than [`KEEPERS_PER_SHINGLE`] kept segments hold. Memory: about 20
//! bytes for each kept shingle, more than MinHash needs.

use rustc_hash::FxHashMap;

/// Kept classes that one shingle lists at the most.
const KEEPERS_PER_SHINGLE: u32 = 64;

/// No entry.
const NONE: u32 = u32::MAX;

/// Which kept classes hold each shingle.
#[derive(Default)]
pub(super) struct Postings {
    heads: FxHashMap<u64, u32>,
    entries: Vec<Posting>,
    /// Entries before each insertion, to undo it.
    inserted: Vec<usize>,
}

struct Posting {
    class: u32,
    next: u32,
    depth: u32,
}

impl Postings {
    /// The kept classes that share most of the rare shingles of `set`, the most shared first, then the one kept first.
    pub(super) fn candidates(&self, set: &[u64], similarity: f64) -> Vec<u32> {
        let needed = (similarity * set.len() as f64).ceil().max(1.0) as usize;
        let mut heads: Vec<(u32, u32)> = set.iter().map(|shingle| self.head(*shingle)).collect();
        heads.sort_unstable();
        heads.truncate((set.len() + 1).saturating_sub(needed));
        let mut met: FxHashMap<u32, (u32, u32)> = FxHashMap::default();
        for (_, head) in heads {
            let mut at = head;
            while let Some(posting) = self.entries.get(at as usize) {
                met.entry(posting.class).or_insert((0, at)).0 += 1;
                at = posting.next;
            }
        }
        let mut candidates: Vec<(u32, (u32, u32))> = met.into_iter().collect();
        candidates.sort_unstable_by_key(|&(class, (shared, at))| (std::cmp::Reverse(shared), at, class));
        candidates.into_iter().map(|(class, _)| class).collect()
    }

    /// Length and newest entry of the list of a shingle.
    fn head(&self, shingle: u64) -> (u32, u32) {
        let head = self.heads.get(&shingle).copied().unwrap_or(NONE);
        (self.entries.get(head as usize).map_or(0, |p| p.depth), head)
    }

    /// Adds a kept class.
    pub(super) fn insert(&mut self, set: &[u64], class: u32) {
        self.inserted.push(self.entries.len());
        for &shingle in set {
            let (depth, next) = self.head(shingle);
            if depth < KEEPERS_PER_SHINGLE {
                self.heads.insert(shingle, self.entries.len() as u32);
                self.entries.push(Posting { class, next, depth: depth + 1 });
            }
        }
    }

    /// Takes out the class inserted last, whose shingles these are.
    pub(super) fn remove_last(&mut self, set: &[u64]) {
        let Some(before) = self.inserted.pop() else { return };
        for shingle in set {
            if let Some(head) = self.heads.get_mut(shingle).filter(|h| **h as usize >= before && **h != NONE) {
                *head = self.entries[*head as usize].next;
            }
        }
        self.entries.truncate(before);
    }
}
