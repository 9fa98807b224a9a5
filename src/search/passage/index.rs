//! Kept texts → which windows of another text stand in them, completely.
//!
//! Every window of a kept text is *entered* under its anchor, and every window of the text in question is looked up under
//! its own; equal windows have equal anchors, so they meet. What remains is to meet only those that are equal, for one
//! gram can anchor many windows that differ (boilerplate with a number in it).
//!
//! The windows of one anchor are told apart by their *lead*, the symbols between their start and the anchor. A bucket
//! stands for a range of leads: all its windows hold the symbols from the anchor minus the least lead to the end of the
//! window of the greatest lead, and by the hash of these the bucket is found. At first the range is that of all leads, and
//! the symbols are the gram. A bucket with more than [`ENTRIES`] entries is split into two for half of the range each,
//! whose common symbols are more; a bucket for a single lead holds equal windows, of which one is enough. So no window is
//! compared with more than a few entries for each halving, whatever the text.
//!
//! An occurrence of which every window stands in the index already is not entered again, and where a match goes on beyond
//! the next anchors they are passed over: copies cost a comparison of memory.
//!
//! Hashes only bring windows together; a match is always read from both texts, symbol by symbol.

use std::borrow::Cow;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::anchor::{Anchor, Anchors, Lengths};
use super::common;
use super::symbol::Symbol;
use super::table::{Bucket, Table};

/// Entries of a bucket that is not split.
const ENTRIES: usize = 8;

/// A maximal run of symbols that stands in a kept text too, or earlier in the same text, where it may overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// Where it starts in the text in question.
    pub start: u32,
    /// One past its end there.
    pub end: u32,
    /// The kept text, by its number.
    pub text: u32,
    /// Where it starts there.
    pub from: u32,
}

/// An occurrence of an anchor in a text.
#[derive(Clone, Copy, Debug)]
struct Entry {
    text: u32,
    at: u32,
    /// The entry before it in its bucket, or [`NONE`].
    next: u32,
    leads: Leads,
}

const NONE: u32 = u32::MAX;

/// A range of leads, both ends included; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Leads {
    least: u16,
    greatest: u16,
}

impl Leads {
    fn new(least: u32, greatest: u32) -> Leads {
        let fit = |n: u32| u16::try_from(n).expect("windows are at most LONGEST_WINDOW long");
        Leads { least: fit(least), greatest: fit(greatest) }
    }

    fn of(anchor: Anchor) -> Leads {
        Leads::new(anchor.at - anchor.last, anchor.at - anchor.first)
    }

    fn shared(self, other: Leads) -> Option<Leads> {
        let shared = Leads { least: self.least.max(other.least), greatest: self.greatest.min(other.greatest) };
        (shared.least <= shared.greatest).then_some(shared)
    }

    /// Two ranges for one; `None` if it holds a single lead.
    fn halves(self) -> Option<[Leads; 2]> {
        if self.least == self.greatest {
            return None;
        }
        let middle = self.least + (self.greatest - self.least) / 2;
        Some([Leads { greatest: middle, ..self }, Leads { least: middle + 1, ..self }])
    }

    /// What is left of it without those from `least` to `greatest`, if that is one range; else all of it.
    fn without(self, least: u32, greatest: u32) -> Option<Leads> {
        let (own_least, own_greatest) = (u32::from(self.least), u32::from(self.greatest));
        match (least <= own_least, own_greatest <= greatest) {
            (true, true) => None,
            (true, false) => Some(Leads::new(own_least.max(greatest + 1), own_greatest)),
            (false, true) => Some(Leads::new(own_least, own_greatest.min(least - 1))),
            (false, false) => Some(self),
        }
    }
}

/// A point to go back to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    texts: usize,
    entries: usize,
    changes: usize,
}

/// The index.
pub struct Index<'t, S: Symbol> {
    lengths: Lengths,
    /// The leads of all windows.
    all: Leads,
    texts: Vec<Cow<'t, [S]>>,
    entries: Vec<Entry>,
    table: Table,
    anchors: Anchors,
    /// What was found in the text under way.
    found: Vec<Match>,
    /// A buffer for the entries of a bucket.
    list: Vec<u32>,
}

/// The longest window: leads have 16 bits.
pub const LONGEST_WINDOW: usize = 1 << 16;

/// Anchors whose buckets are fetched from memory together.
const BATCH: usize = 16;

impl<'t, S: Symbol> Index<'t, S> {
    /// An index that holds nothing, for windows of `window` symbols, 1 to [`LONGEST_WINDOW`].
    pub fn new(window: usize) -> Index<'t, S> {
        assert!(window <= LONGEST_WINDOW, "leads have 16 bits");
        let lengths = Lengths::new(window);
        Index {
            lengths,
            all: Leads::new(0, (lengths.window - lengths.gram) as u32),
            texts: Vec::new(),
            entries: Vec::new(),
            table: Table::default(),
            anchors: Anchors::default(),
            found: Vec::new(),
            list: Vec::new(),
        }
    }

    /// The text of this number.
    pub(super) fn text(&self, number: u32) -> &[S] {
        &self.texts[number as usize]
    }

    /// Texts entered so far.
    pub fn len(&self) -> u32 {
        self.texts.len() as u32
    }

    /// Whether nothing is entered.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Bytes that it holds beside the texts.
    pub fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Entry>() + self.table.bytes()
    }

    /// Enters a text; its number is the count of texts entered before. Gives what of it stands in texts entered before, or
    /// earlier in itself: maximal matches, ascending, that together hold every window that does. A text has less than
    /// 2³² symbols.
    ///
    /// Costs a scan, and a look-up for each anchor whose windows are not held by the match before.
    pub fn enter(&mut self, text: Cow<'t, [S]>) -> Vec<Match> {
        let mut anchors = std::mem::take(&mut self.anchors);
        anchors.begin();
        let number = self.texts.len() as u32;
        self.texts.push(text);
        loop {
            let block = anchors.next_block(&self.texts[number as usize], self.lengths);
            if block.is_empty() {
                break;
            }
            self.meet_all(number, block);
        }
        self.anchors = anchors;
        let mut found = std::mem::take(&mut self.found);
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Looks the next anchors of a text up, and enters them, but for those whose windows the last match holds.
    fn meet_all(&mut self, number: u32, mut anchors: &[Anchor]) {
        loop {
            anchors = &anchors[anchors.partition_point(|anchor| self.is_held(*anchor))..];
            let (batch, rest) = anchors.split_at(BATCH.min(anchors.len()));
            if batch.is_empty() {
                return;
            }
            for (&anchor, hash) in batch.iter().zip(self.fetch(number, batch)) {
                if !self.is_held(anchor) {
                    let entry = Entry { text: number, at: anchor.at, next: NONE, leads: Leads::of(anchor) };
                    let earlier = self.found.len();
                    self.meet(self.all, hash, entry, earlier);
                }
            }
            anchors = rest;
        }
    }

    /// Whether the last match holds all windows of an anchor. It holds a window of an anchor before, and so begins before
    /// them.
    fn is_held(&self, anchor: Anchor) -> bool {
        let window = self.lengths.window as u64;
        self.found.last().is_some_and(|last| u64::from(anchor.last) + window <= u64::from(last.end))
    }

    /// The hashes of the grams at some anchors. Their buckets are looked at too, all at once: the processor waits for
    /// memory once and not for each.
    fn fetch(&self, text: u32, anchors: &[Anchor]) -> [u32; BATCH] {
        let mut hashes = [0; BATCH];
        for (hash, anchor) in hashes.iter_mut().zip(anchors) {
            *hash = self.hash(self.all, text, anchor.at);
        }
        let full = hashes[..anchors.len()].iter().filter(|&&hash| self.table.get(hash) != Bucket::Empty);
        std::hint::black_box(full.count());
        hashes
    }

    /// The hash of what the windows with these leads have in common, around an anchor.
    fn hash(&self, leads: Leads, text: u32, at: u32) -> u32 {
        let at = at as usize;
        let from = at - usize::from(leads.least);
        let to = at + self.lengths.window - usize::from(leads.greatest);
        let common = bytemuck::cast_slice(&self.texts[text as usize][from..to]);
        let seed = u64::from(leads.least) << 16 | u64::from(leads.greatest);
        (xxh3_64_with_seed(common, seed) >> 32) as u32
    }

    /// Looks an occurrence up in the bucket for `range`, and enters what is not there. Matches found since `earlier` are
    /// this occurrence's own.
    fn meet(&mut self, range: Leads, hash: u32, entry: Entry, earlier: usize) {
        let Some(open) = range.shared(entry.leads).and_then(|open| self.still_open(open, &entry, earlier)) else {
            return;
        };
        let newest = match self.table.get(hash) {
            Bucket::Split => return self.meet_halves(range, entry, earlier),
            Bucket::List(newest) => newest,
            Bucket::Empty => NONE,
        };
        let mut list = std::mem::take(&mut self.list);
        self.read_list(newest, &mut list);
        let left = list.iter().try_fold(open, |open, &other| {
            self.compare(&entry, self.entries[other as usize], open);
            self.still_open(open, &entry, earlier)
        });
        self.list = list;
        if let Some(left) = left {
            self.place(range, hash, Entry { leads: left, ..entry });
        }
    }

    fn meet_halves(&mut self, range: Leads, entry: Entry, earlier: usize) {
        for half in range.halves().into_iter().flatten().filter(|half| half.shared(entry.leads).is_some()) {
            let hash = self.hash(half, entry.text, entry.at);
            self.meet(half, hash, entry, earlier);
        }
    }

    /// The leads of `open` whose windows no match since `earlier` holds, and those between them.
    fn still_open(&self, open: Leads, entry: &Entry, earlier: usize) -> Option<Leads> {
        self.found[earlier..].iter().try_fold(open, |open, found| {
            let last = found.end - self.lengths.window as u32;
            open.without(entry.at.saturating_sub(last), entry.at.saturating_sub(found.start))
        })
    }

    /// The entries of a bucket, newest first.
    fn entries_of(&self, newest: u32) -> impl Iterator<Item = u32> {
        let next = |&entry: &u32| Some(self.entries[entry as usize].next).filter(|&next| next != NONE);
        std::iter::successors(Some(newest).filter(|&n| n != NONE), next)
    }

    /// The entries of a bucket, oldest first: the first copy is the one to be named.
    fn read_list(&self, newest: u32, list: &mut Vec<u32>) {
        list.clear();
        list.extend(self.entries_of(newest));
        list.reverse();
    }

    /// How far two occurrences agree before and after their anchors, at most as far as windows with these leads reach.
    fn agreement(&self, a: &Entry, b: &Entry, leads: Leads) -> (usize, usize) {
        let (before, after) = (usize::from(leads.greatest), self.lengths.window - usize::from(leads.least));
        let halves = |entry: &Entry| self.texts[entry.text as usize].split_at(entry.at as usize);
        let ((a_before, a_after), (b_before, b_after)) = (halves(a), halves(b));
        let behind = |text: &'_ [S]| text.len().saturating_sub(before);
        let ahead = common::ahead(&a_after[..after.min(a_after.len())], b_after);
        if ahead < self.lengths.gram {
            return (0, 0); // another gram with the same hash
        }
        (common::behind(&a_before[behind(a_before)..], b_before), ahead)
    }

    /// Notes the maximal match of two occurrences, if it holds a window with one of these leads.
    fn compare(&mut self, entry: &Entry, other: Entry, leads: Leads) {
        let (before, after) = self.agreement(entry, &other, leads);
        let least = usize::from(leads.least).max(self.lengths.window.saturating_sub(after));
        if after < self.lengths.gram || least > usize::from(leads.greatest).min(before) {
            return;
        }
        let (own, kept) = (&self.texts[entry.text as usize], &self.texts[other.text as usize]);
        let before = common::behind(&own[..entry.at as usize], &kept[..other.at as usize]) as u32;
        let after = common::ahead(&own[entry.at as usize..], &kept[other.at as usize..]) as u32;
        self.found.push(Match {
            start: entry.at - before,
            end: entry.at + after,
            text: other.text,
            from: other.at - before,
        });
    }

    /// Enters an occurrence in a bucket that is not split; if that is full, it is.
    fn place(&mut self, range: Leads, hash: u32, entry: Entry) {
        let newest = match self.table.get(hash) {
            Bucket::Split => return self.place_in_halves(range, entry),
            Bucket::List(newest) => newest,
            Bucket::Empty => NONE,
        };
        if self.entries_of(newest).count() >= ENTRIES && range.halves().is_some() {
            let list: Vec<u32> = self.entries_of(newest).collect();
            self.table.set(hash, Bucket::Split);
            for other in list.into_iter().rev() {
                self.place_again(self.all, self.entries[other as usize]);
            }
            return self.place_again(self.all, entry);
        }
        let number = self.entries.len() as u32;
        self.entries.push(Entry { next: newest, ..entry });
        self.table.set(hash, Bucket::List(number));
    }

    fn place_in_halves(&mut self, range: Leads, entry: Entry) {
        for half in range.halves().into_iter().flatten() {
            self.place_again(half, entry);
        }
    }

    /// Enters an occurrence in the bucket for `range` around it, unless its windows stand there already.
    ///
    /// A bucket that is split deals out its entries from the first bucket on, for by their hash alone entries of other
    /// ranges may have come into it.
    fn place_again(&mut self, range: Leads, entry: Entry) {
        let Some(leads) = range.shared(entry.leads) else { return };
        let hash = self.hash(range, entry.text, entry.at);
        if let Bucket::List(newest) = self.table.get(hash) {
            let reach = (usize::from(leads.greatest), self.lengths.window - usize::from(leads.least));
            let mut stands = |other: u32| {
                let (before, after) = self.agreement(&entry, &self.entries[other as usize], leads);
                before >= reach.0 && after >= reach.1
            };
            if self.entries_of(newest).any(&mut stands) {
                return;
            }
        }
        self.place(range, hash, entry);
    }

    /// How much is entered: a point that [`Index::undo_to`] can go back to, until [`Index::commit`].
    pub fn mark(&self) -> Mark {
        Mark { texts: self.texts.len(), entries: self.entries.len(), changes: self.table.mark() }
    }

    /// Forgets the texts entered since `mark`.
    pub fn undo_to(&mut self, mark: Mark) {
        self.texts.truncate(mark.texts);
        self.entries.truncate(mark.entries);
        self.table.undo_to(mark.changes);
    }

    /// Makes what was entered so far final: marks made before mean nothing any more.
    pub fn commit(&mut self) {
        self.table.commit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    /// Which symbols lie in a window that stands elsewhere too, as the definition has it.
    fn naive<S: Symbol + std::hash::Hash>(texts: &[Vec<S>], window: usize) -> Vec<Vec<bool>> {
        let mut places: HashMap<&[S], Vec<(usize, usize)>> = HashMap::new();
        for (t, text) in texts.iter().enumerate() {
            text.windows(window).enumerate().for_each(|(at, w)| places.entry(w).or_default().push((t, at)));
        }
        let mut covered: Vec<Vec<bool>> = texts.iter().map(|text| vec![false; text.len()]).collect();
        for (t, at) in places.into_values().filter(|places| places.len() > 1).flatten() {
            covered[t][at..at + window].fill(true);
        }
        covered
    }

    /// The same by the index; every match is checked.
    fn fast<S: Symbol>(texts: &[Vec<S>], window: usize) -> Vec<Vec<bool>> {
        let mut index = Index::new(window);
        let mut covered: Vec<Vec<bool>> = texts.iter().map(|text| vec![false; text.len()]).collect();
        for (t, text) in texts.iter().enumerate() {
            for m in index.enter(Cow::Borrowed(text)) {
                let (start, end, from) = (m.start as usize, m.end as usize, m.from as usize);
                let other = &texts[m.text as usize];
                let to = from + end - start;
                assert!(end - start >= window && (m.text as usize, from) < (t, start));
                assert!(text[start..end] == other[from..to]);
                assert!(end == text.len() || to == other.len() || text[end] != other[to], "goes on");
                assert!(start == 0 || from == 0 || text[start - 1] != other[from - 1], "begins earlier");
                covered[t][start..end].fill(true);
                covered[m.text as usize][from..to].fill(true);
            }
        }
        covered
    }

    fn fibonacci(len: usize) -> Vec<u8> {
        let (mut a, mut b) = (b"a".to_vec(), b"ab".to_vec());
        while b.len() < len {
            let next = [&b[..], &a[..]].concat();
            a = std::mem::replace(&mut b, next);
        }
        b.truncate(len);
        b
    }

    #[test]
    fn words_without_end_and_periods_of_all_lengths() {
        let periodic = |period: usize| (0..900).map(|i| (i % period * 37 % 251) as u8).collect::<Vec<u8>>();
        let mut texts: Vec<Vec<u8>> = [1, 2, 3, 4, 5, 7, 13, 64, 101, 350].map(periodic).to_vec();
        texts.push(fibonacci(2000));
        texts.push((0..2000u32).map(|i| (i.count_ones() % 2) as u8).collect());
        for text in &texts {
            for window in [3, 10, 50, 100] {
                let one = [text.clone()];
                assert!(fast(&one, window) == naive(&one, window), "{:?}… in windows of {window}", &text[..8]);
            }
        }
        assert!(fast(&texts, 100) == naive(&texts, 100));
    }

    #[test]
    fn boilerplate_with_numbers_in_it_splits_buckets() {
        let boilerplate = "All rights are reserved; no part may be copied without leave in writing. ";
        let text = |i: u64| format!("{i:05}{boilerplate}{:04}", i.wrapping_mul(0x9e37_79b9) % 977).into_bytes();
        let texts: Vec<Vec<u8>> = (0..600).map(|i| [text(i), text(i / 7)].concat()).collect();
        for window in [40, 75, 80, 85] {
            assert!(fast(&texts, window) == naive(&texts, window), "{window}");
        }
    }

    #[test]
    fn what_was_forgotten_is_not_found() {
        let texts: Vec<Vec<u8>> = (0..40u8).map(|i| [fibonacci(300), vec![i; 30], fibonacci(200)].concat()).collect();
        let mut index = Index::new(12);
        let mut seen = Vec::new();
        for (i, text) in texts.iter().enumerate() {
            index.commit();
            let mark = index.mark();
            let mut other: Vec<u8> = text.iter().map(|b| b ^ 5).collect();
            other.extend(text);
            index.enter(Cow::Owned(other));
            index.undo_to(mark);
            assert_eq!(index.mark().texts, i);
            seen.push(index.enter(Cow::Borrowed(text)));
        }
        let mut fresh = Index::new(12);
        let expected: Vec<Vec<Match>> = texts.iter().map(|text| fresh.enter(Cow::Borrowed(text))).collect();
        assert_eq!(seen, expected);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1500))]

        #[test]
        fn every_window_is_found(
            texts in proptest::collection::vec(proptest::collection::vec(0u8..2, 0..160), 1..8),
            window in 1usize..24,
        ) {
            prop_assert_eq!(fast(&texts, window), naive(&texts, window));
        }

        #[test]
        fn every_window_of_spliced_texts_is_found(
            parts in proptest::collection::vec((0usize..3, 0usize..200, 0usize..90), 1..40),
            window in 10usize..60,
        ) {
            let pools = [fibonacci(300), (0..300).map(|i| (i * i % 251) as u8).collect(), vec![7; 300]];
            let texts: Vec<Vec<u8>> = parts.chunks(6).map(|parts| {
                parts.iter().flat_map(|&(pool, from, len)| pools[pool][from..from + len].to_vec()).collect()
            }).collect();
            prop_assert_eq!(fast(&texts, window), naive(&texts, window));
        }

        #[test]
        fn every_window_of_tokens_is_found(
            texts in proptest::collection::vec(proptest::collection::vec(0u64..3, 0..80), 1..6),
            window in 1usize..12,
        ) {
            prop_assert_eq!(fast(&texts, window), naive(&texts, window));
        }
    }
}
