//! Bytes → ranks of their grams, and ranks → anchors of windows: the scan of `search::passage`.
//!
//! One body in plain Rust for each, compiled for the baseline, for AVX2 and for AVX-512. Ranks of bytes are made in passes
//! over short arrays (pairs, quads, hashes, ranks), each of which compiles to vector instructions, where one pass over 8-byte
//! windows does not: 4.2 GB/s. The least ranks of all windows are made in passes too, each of which makes windows four times as
//! wide, and then a bit for each window says where the next has another: so to go from anchor to anchor takes neither a
//! look at the ranks between nor a branch that hangs on them, which was a quarter of the time of prose. It goes only as far as it is
//! asked to, for a match may hold what comes next: on runs most anchors are never chosen. Tried and refused: the least ranks by
//! doubling, which takes twice as many passes, without the bits; to look for a smaller key from anchor to anchor (a sixth to a
//! quarter slower on prose and random letters), and that compiled for AVX-512 (slower still).
#![allow(unsafe_code)] // to call a function compiled for a CPU feature that was found at run time

use super::equal::differing;

/// A place in a text that anchors windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Anchor {
    /// Where its gram starts.
    pub(crate) at: u32,
    /// Where the first window starts that it anchors.
    pub(crate) first: u32,
    /// Where the last window starts that it anchors.
    pub(crate) last: u32,
}

/// Multipliers of the hashes of bytes: odd, of random bits.
const FACTORS: [u32; 2] = [0x9e37_79b1, 0x85eb_ca77];

/// Bytes that are hashed for a rank.
pub(crate) const HASHED: usize = 8;

/// The longest period of bytes that is told from the rest.
const LONGEST_PERIOD: usize = 8;

/// Bytes that a rank looks at.
pub(crate) const LOOKED_AT: usize = HASHED + LONGEST_PERIOD;

/// Set in the ranks of grams that repeat themselves: they come last.
pub(crate) const PERIODIC: u32 = 1 << 31;

/// The hash of eight bytes: the one half times a factor and the other times another.
#[inline(always)]
pub(crate) fn hash_of_halves(low: u32, high: u32) -> u32 {
    low.wrapping_mul(FACTORS[0]).wrapping_add(high.wrapping_mul(FACTORS[1]))
}

/// A rank from a hash.
#[inline(always)]
pub(crate) fn rank_of(hash: u32, periodic: bool) -> u32 {
    hash >> 1 | u32::from(periodic) << 31
}

/// Ranks made at once: the arrays stay in the cache.
const STRETCH: usize = 512;

#[inline(always)]
fn rank_bytes_body(text: &[u8], ranks: &mut [u32]) {
    let mut pairs = [0u16; STRETCH + LOOKED_AT - 2];
    let mut quads = [0u32; STRETCH + LOOKED_AT - 4];
    let mut hashes = [0u32; STRETCH + LONGEST_PERIOD];
    for (i, ranks) in ranks.chunks_mut(STRETCH).enumerate() {
        let text = &text[i * STRETCH..][..ranks.len() + LOOKED_AT - 1];
        let pairs = &mut pairs[..text.len() - 1];
        for (pair, (&a, &b)) in pairs.iter_mut().zip(text.iter().zip(&text[1..])) {
            *pair = u16::from(a) | u16::from(b) << 8;
        }
        let quads = &mut quads[..pairs.len() - 2];
        for (quad, (&a, &b)) in quads.iter_mut().zip(pairs.iter().zip(&pairs[2..])) {
            *quad = u32::from(a) | u32::from(b) << 16;
        }
        let hashes = &mut hashes[..quads.len() - 4];
        for (hash, (&a, &b)) in hashes.iter_mut().zip(quads.iter().zip(&quads[4..])) {
            *hash = hash_of_halves(a, b);
        }
        for (rank, ahead) in ranks.iter_mut().zip(hashes.windows(LONGEST_PERIOD + 1)) {
            let periodic = (1..=LONGEST_PERIOD).fold(false, |any, period| any | (ahead[period] == ahead[0]));
            *rank = rank_of(ahead[0], periodic);
        }
    }
}

/// Windows next to each other.
#[derive(Clone, Copy, Default)]
pub(crate) struct Windows {
    /// How many.
    pub(crate) count: usize,
    /// Places of each that can be its anchor.
    pub(crate) places: usize,
    /// Places after them whose rank is known by the symbols of the window.
    pub(crate) beyond: usize,
    /// Where the first starts in the text.
    pub(crate) base: usize,
}

/// Puts the place below the rank: of two keys the less is that of the less rank, or of one rank the leftmost. The rank
/// loses as many bits as the places need.
#[inline(always)]
fn put_places_body(ranks: &mut [u32], bits: u32) {
    for (place, rank) in ranks.iter_mut().enumerate() {
        *rank = *rank >> bits << bits | place as u32;
    }
}

/// Goes through windows from anchor to anchor, as far as it is asked to. The buffers are reused.
#[derive(Default)]
pub(crate) struct Chooser {
    windows: Windows,
    /// The bits of a key that are the place.
    bits: u32,
    /// The first window whose anchor is not chosen yet.
    first: usize,
    /// The least key of each window.
    least: Vec<u32>,
    /// A bit for each window: whether that of the next one is another.
    changes: Vec<u64>,
    run: Run,
    /// A buffer.
    wider: Vec<u32>,
}

impl Chooser {
    /// Begins with windows, given the ranks of their places, of which the lowest `bits` bits do not count and become the
    /// place: they are the keys that [`Chooser::choose`] asks for.
    pub(crate) fn begin(&mut self, ranks: &mut [u32], bits: u32, windows: Windows) {
        put_places(ranks, bits);
        (self.windows, self.bits, self.first, self.run) = (windows, bits, 0, Run::default());
        let keys = &ranks[..windows.count + windows.places - 1];
        find_least(keys, windows.places, &mut self.least, &mut self.wider);
        mark_changes(&mut self.least, &mut self.changes);
    }

    /// Forgets the windows.
    pub(crate) fn clear(&mut self) {
        (self.windows, self.first) = (Windows::default(), 0);
    }

    /// Whether there is an anchor to choose.
    pub(crate) fn has_more(&self) -> bool {
        self.first < self.windows.count
    }

    /// Passes over the windows before the one that starts here in the text.
    pub(crate) fn skip_to(&mut self, start: usize) {
        self.first = self.first.max(start.saturating_sub(self.windows.base).min(self.windows.count));
    }

    /// Adds the next anchors to `list`, until it has `len`, or two where the text repeats itself, or there are no more. `keys`
    /// are those of the windows.
    pub(crate) fn choose(&mut self, keys: &[u32], list: &mut Vec<Anchor>, mut len: usize) {
        let Windows { count, places, beyond, .. } = self.windows;
        while self.first < count && list.len() < len {
            let (least, seen) = (self.least[self.first], self.first + places);
            let mut until = count;
            if least >= PERIODIC {
                let run = self.run.find_end(keys, seen);
                if seen + beyond > run {
                    self.give(list, run - beyond, count.min(run + 1 - places));
                    continue;
                }
                until = count.min(run + 1 - places - beyond);
                // the next one most probably repeats it, and is not needed
                len = list.len().max(2);
            }
            let place = least & ((1 << self.bits) - 1);
            self.give(list, place as usize, self.change_after(self.first).min(until));
        }
    }

    /// Adds an anchor of the windows before `next`, or adds them to the last one if it is the same place.
    fn give(&mut self, list: &mut Vec<Anchor>, at: usize, next: usize) {
        let place = |n: usize| (self.windows.base + n) as u32;
        let anchor = Anchor { at: place(at), first: place(self.first), last: place(next - 1) };
        match list.last_mut() {
            Some(before) if before.at == anchor.at => before.last = anchor.last,
            _ => list.push(anchor),
        }
        self.first = next;
    }

    /// The first window after this one whose least key is another than that of the window before, or the one after all.
    #[inline]
    fn change_after(&self, window: usize) -> usize {
        let mut word = window / WORD;
        let mut bits = self.changes[word] >> (window % WORD) << (window % WORD);
        while bits == 0 {
            word += 1;
            bits = self.changes[word];
        }
        word * WORD + bits.trailing_zeros() as usize + 1
    }
}

/// Puts the least key of every window of `places` keys next to each other into `least`: of windows of one key, then of
/// those that four of them make, and so on. No branch hangs on the keys, and of each key the work is the logarithm of `places`.
fn find_least(keys: &[u32], places: usize, least: &mut Vec<u32>, wider: &mut Vec<u32>) {
    least.clear();
    least.extend_from_slice(keys);
    let mut width = 1;
    while width < places {
        let next = places.min(4 * width);
        let last = next - width;
        wider.resize(least.len() - last, 0);
        widen(least, [width.min(last), (2 * width).min(last), last], wider);
        std::mem::swap(least, wider);
        width = next;
    }
}

/// The least of four keys each: one and those so many places after it.
#[inline(always)]
fn widen_body(least: &[u32], after: [usize; 3], wider: &mut [u32]) {
    let [second, third, fourth] = after.map(|after| &least[after..after + wider.len()]);
    let rest = second.iter().zip(third.iter().zip(fourth));
    for (wider, (&first, (&second, (&third, &fourth)))) in wider.iter_mut().zip(least.iter().zip(rest)) {
        *wider = first.min(second).min(third.min(fourth));
    }
}

/// Sets the bits of the windows that are followed by one with another least key, or by none.
fn mark_changes(least: &mut Vec<u32>, changes: &mut Vec<u64>) {
    least.resize(least.len().next_multiple_of(WORD) + 1, u32::MAX);
    let (own, after) = (least[..least.len() - 1].as_chunks().0, least[1..].as_chunks().0);
    changes.clear();
    changes.extend(own.iter().zip(after).map(|(own, after)| differing(own, after)));
}

/// Windows whose bits are in one number.
const WORD: usize = u64::BITS as usize;

/// The places next to each other that are [`PERIODIC`].
#[derive(Default)]
struct Run {
    /// The first place after the run, or after all.
    end: usize,
}

impl Run {
    /// The end of the run that holds the places before `from`.
    #[inline(always)]
    fn find_end(&mut self, keys: &[u32], from: usize) -> usize {
        if self.end < from {
            self.end = first_smaller(&keys[from..], PERIODIC).map_or(keys.len(), |n| from + n);
        }
        self.end
    }
}

/// Keys that are compared at once.
const LANES: usize = 16;

/// The first place of a key below `key`.
#[inline(always)]
fn first_smaller(keys: &[u32], key: u32) -> Option<usize> {
    let (chunks, rest) = keys.as_chunks::<LANES>();
    for (n, chunk) in chunks.iter().enumerate() {
        if chunk.iter().fold(false, |any, &other| any | (other < key)) {
            let place = |i: usize| if chunk[i] < key { i as u32 } else { u32::MAX };
            let first = (0..LANES).fold(u32::MAX, |first, i| first.min(place(i)));
            return Some(n * LANES + first as usize);
        }
    }
    rest.iter().position(|&other| other < key).map(|n| chunks.len() * LANES + n)
}

/// The ranks of the bytes from each place on; `text` is [`LOOKED_AT`] − 1 bytes longer than `ranks`.
pub(crate) fn rank_bytes(text: &[u8], ranks: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if has_avx512() {
            // SAFETY: the CPU has what the callee requires.
            return unsafe { rank_bytes_avx512(text, ranks) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, the only requirement of the callee.
            return unsafe { rank_bytes_avx2(text, ranks) };
        }
    }
    rank_bytes_body(text, ranks);
}

/// Whether the CPU has what the functions for AVX-512 are compiled for.
#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw") && is_x86_feature_detected!("avx512vl")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn rank_bytes_avx512(text: &[u8], ranks: &mut [u32]) {
    rank_bytes_body(text, ranks);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn rank_bytes_avx2(text: &[u8], ranks: &mut [u32]) {
    rank_bytes_body(text, ranks);
}

fn put_places(ranks: &mut [u32], bits: u32) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has AVX2, the only requirement of the callee.
        return unsafe { put_places_avx2(ranks, bits) };
    }
    put_places_body(ranks, bits);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn put_places_avx2(ranks: &mut [u32], bits: u32) {
    put_places_body(ranks, bits);
}

fn widen(least: &[u32], after: [usize; 3], wider: &mut [u32]) {
    #[cfg(target_arch = "x86_64")]
    {
        if has_avx512() {
            // SAFETY: the CPU has what the callee requires.
            return unsafe { widen_avx512(least, after, wider) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, the only requirement of the callee.
            return unsafe { widen_avx2(least, after, wider) };
        }
    }
    widen_body(least, after, wider);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn widen_avx512(least: &[u32], after: [usize; 3], wider: &mut [u32]) {
    widen_body(least, after, wider);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn widen_avx2(least: &[u32], after: [usize; 3], wider: &mut [u32]) {
    widen_body(least, after, wider);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Text of some structure: runs, periods, and what looks random.
    fn text(len: usize) -> Vec<u8> {
        let symbol = |i: usize| match i / 150 % 3 {
            0 => (i * i % 251) as u8,
            1 => (i % 3) as u8,
            _ => b'-',
        };
        (0..len).map(symbol).collect()
    }

    #[test]
    fn every_kernel_equals_the_plain_loop() {
        for places in [0usize, 1, 7, 85, 511, 512, 513, 2000] {
            let text = text(places + LOOKED_AT - 1);
            let (mut ranks, mut fast) = (vec![0; places], vec![1; places]);
            rank_bytes_body(&text, &mut ranks);
            rank_bytes(&text, &mut fast);
            assert_eq!(ranks, fast);
            if let Some(wide) = places.checked_sub(84) {
                let (mut plain, mut fast) = (vec![0; wide], vec![1; wide]);
                widen_body(&ranks, [4, 31, 84], &mut plain);
                widen(&ranks, [4, 31, 84], &mut fast);
                assert_eq!(plain, fast);
            }
        }
    }
    #[test]
    fn every_window_has_its_least_key_and_a_bit_where_the_next_has_another() {
        let keys: Vec<u32> = (0..400u32).map(|i| i.wrapping_mul(i).wrapping_mul(0x9e37_79b9) >> 4 << 9 | i).collect();
        let (mut least, mut wider, mut changes) = (Vec::new(), Vec::new(), Vec::new());
        for places in [1, 2, 3, 4, 5, 16, 17, 68, 400] {
            let expected: Vec<u32> = keys.windows(places).map(|keys| *keys.iter().min().unwrap()).collect();
            find_least(&keys, places, &mut least, &mut wider);
            assert_eq!(least, expected);
            mark_changes(&mut least, &mut changes);
            let bit = |window: usize| changes[window / WORD] >> (window % WORD) & 1 == 1;
            assert!((0..expected.len()).all(|w| bit(w) == (expected.get(w + 1) != Some(&expected[w]))), "{places}");
        }
    }
}
