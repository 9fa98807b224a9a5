//! Bytes → ranks of their grams, and ranks → anchors of windows: the scan of `search::passage`.
//!
//! One body in plain Rust for each, compiled for the baseline and for AVX2. Ranks of bytes are made in passes over short
//! arrays (pairs, quads, hashes, ranks), each of which compiles to vector instructions, where one pass over 8-byte windows
//! does not: 4.2 GB/s. The choice then goes from anchor to anchor, and compares 16 ranks at once: 0.9 GB/s on prose. It goes
//! only as far as it is asked to, for a match may hold what comes next: on runs most anchors are never chosen. Tried
//! and refused: the minima of all windows by doubling, without a branch (0.7 GB/s on prose, though the same on any text).
#![allow(unsafe_code)] // to call a function compiled for a CPU feature that was found at run time

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

/// Goes through windows from anchor to anchor, as far as it is asked to.
#[derive(Default)]
pub(crate) struct Chooser {
    windows: Windows,
    /// The bits of a key that are the place.
    bits: u32,
    /// The first window whose anchor is not chosen yet.
    first: usize,
    /// The least of its keys, if that is known.
    least: Option<u32>,
    run: Run,
}

impl Chooser {
    /// Begins with windows, given the ranks of their places, of which the lowest `bits` bits do not count and become the
    /// place: they are the keys that [`choose`] asks for.
    pub(crate) fn new(ranks: &mut [u32], bits: u32, windows: Windows) -> Chooser {
        put_places(ranks, bits);
        Chooser { windows, bits, ..Chooser::default() }
    }

    /// Whether there is an anchor to choose.
    pub(crate) fn has_more(&self) -> bool {
        self.first < self.windows.count
    }

    /// Passes over the windows before the one that starts here in the text.
    pub(crate) fn skip_to(&mut self, start: usize) {
        let first = start.saturating_sub(self.windows.base).min(self.windows.count);
        if first > self.first {
            (self.first, self.least) = (first, None);
        }
    }

    #[inline(always)]
    fn choose_body(&mut self, keys: &[u32], list: &mut Vec<Anchor>, mut len: usize) {
        let bits = self.bits;
        let place_of = |key: u32| (key & ((1 << bits) - 1)) as usize;
        let Windows { count, places, beyond, base } = self.windows;
        let (mut first, mut known) = (self.first, self.least);
        while first < count && list.len() < len {
            // no closure, which would be compiled without the CPU's features
            let least = match known {
                Some(least) => least,
                None => least_of(&keys[first..first + places]),
            };
            let mut until = count;
            if least >= PERIODIC {
                let run = self.run.find_end(keys, first + places);
                if first + places + beyond > run {
                    let next = count.min(run + 1 - places);
                    push(list, base + run - beyond, base + first, base + next - 1);
                    (first, known) = (next, Some(keys[run]));
                    continue;
                }
                until = count.min(run + 1 - places - beyond);
                // the next one most probably repeats it, and is not needed
                len = list.len().max(2);
            }
            // it stays the least until a smaller one comes, or until the window has passed it
            let at = place_of(least);
            let seen = first + places;
            let unseen = &keys[seen..(at + places).min(until + places - 1).max(seen)];
            let smaller = first_smaller(unseen, least).map(|n| seen + n);
            let next = smaller.map_or(at + 1, |smaller| smaller + 1 - places).min(until);
            push(list, base + at, base + first, base + next - 1);
            first = next;
            known = match smaller {
                Some(smaller) => Some(keys[smaller]),
                None if first == at + 1 && first < count && least >= PERIODIC => {
                    Some(least_after(least, &keys[first..first + places], bits))
                }
                None => None,
            };
        }
        (self.first, self.least) = (first, known);
    }
}

/// The least of the keys of a window, if that was `least` of the window before, which began with it. In text that repeats
/// itself one of the same rank stands a period later, so the window need not be looked through for each place.
#[inline(always)]
fn least_after(least: u32, keys: &[u32], bits: u32) -> u32 {
    let near = &keys[..keys.len().min(LONGEST_PERIOD)];
    match near.iter().find(|&&key| key >> bits == least >> bits) {
        // all but the last were in the window before
        Some(&equal) => equal.min(keys[keys.len() - 1]),
        None => least_of(keys),
    }
}

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

/// Adds an anchor, or windows to the last one if it is the same place.
#[inline(always)]
fn push(list: &mut Vec<Anchor>, at: usize, first: usize, last: usize) {
    let [at, first, last] = [at, first, last].map(|n| n as u32);
    match list.last_mut() {
        Some(anchor) if anchor.at == at => anchor.last = last,
        _ => list.push(Anchor { at, first, last }),
    }
}

/// Keys that are compared at once.
const LANES: usize = 16;

#[inline(always)]
fn least_of(keys: &[u32]) -> u32 {
    let mut least = [u32::MAX; LANES];
    let (chunks, rest) = keys.as_chunks::<LANES>();
    for chunk in chunks {
        for i in 0..LANES {
            least[i] = least[i].min(chunk[i]);
        }
    }
    least.iter().chain(rest).fold(u32::MAX, |least, &key| least.min(key))
}

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
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has AVX2, the only requirement of the callee.
        return unsafe { rank_bytes_avx2(text, ranks) };
    }
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

/// Adds the next anchors to `list`, until it has `len`, or two where the text repeats itself, or there are no more. `keys`
/// are those of the chooser.
pub(crate) fn choose(chooser: &mut Chooser, keys: &[u32], list: &mut Vec<Anchor>, len: usize) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has AVX2, the only requirement of the callee.
        return unsafe { choose_avx2(chooser, keys, list, len) };
    }
    chooser.choose_body(keys, list, len);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn choose_avx2(chooser: &mut Chooser, keys: &[u32], list: &mut Vec<Anchor>, len: usize) {
    chooser.choose_body(keys, list, len);
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
            let (mut plain, mut fast) = (vec![0; places], vec![1; places]);
            rank_bytes_body(&text, &mut plain);
            rank_bytes(&text, &mut fast);
            assert_eq!(plain, fast);
            if places >= 85 {
                let windows = Windows { count: places - 84, places: 68, beyond: 17, base: 5 };
                let (mut by_body, mut dispatched) = (Vec::new(), Vec::new());
                put_places_body(&mut plain, 11);
                let mut chooser = Chooser::new(&mut fast, 11, windows);
                assert_eq!(plain, fast);
                let mut by_loop = Chooser { windows, bits: 11, ..Chooser::default() };
                while by_loop.has_more() {
                    by_loop.choose_body(&plain, &mut by_body, usize::MAX);
                }
                while chooser.has_more() {
                    let len = dispatched.len() + 3;
                    choose(&mut chooser, &fast, &mut dispatched, len);
                }
                assert!(by_body == dispatched && !by_body.is_empty());
            }
        }
    }
}
