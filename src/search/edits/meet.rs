//! Seeds → anchors: where a text shares seeds with kept texts and with itself, without those that can be in no chain.
//!
//! Most of what a text of prose shares with others are phrases, a seed here and there. So the places of one kept text are
//! put together by counting, which takes a step for each, and only where enough of them stand side by side is anything
//! else read of them.

use super::chain::{Anchor, GAP, LEAST};
use super::index::{Index, PLACES_PER_SEED};
use super::kept::KeptTexts;
use super::seeds::{SEED_TOKENS, Seed};

/// Finds anchors; the buffers are reused from text to text.
#[derive(Default)]
pub(super) struct Meeter {
    hits: Vec<Hit>,
    /// For each kept text how many hits it has; then where its next one goes. All zero between calls.
    counts: Vec<u32>,
    /// The kept texts that have any.
    texts: Vec<u32>,
    own: Own,
    /// The anchors, those of one kept text together, and sorted among each other.
    pub(super) anchors: Vec<Anchor>,
}

/// A seed that stands in a kept text too.
#[derive(Clone, Copy)]
struct Hit {
    own: u32,
    entry: u32,
    text: u32,
}

impl Meeter {
    /// Looks every seed of a text up, among those before it in its own text too, which gets the number after all kept ones.
    pub(super) fn meet(&mut self, seeds: &[Seed], index: &Index, kept: &KeptTexts) {
        self.anchors.clear();
        self.find_hits(seeds, index, kept);
        self.place_hits();
        self.keep_dense(index);
        let text = kept.len();
        let anchors = &mut self.anchors;
        self.own.pairs(seeds, |own, before| anchors.push(Anchor { text, own, kept: before }));
    }

    fn find_hits(&mut self, seeds: &[Seed], index: &Index, kept: &KeptTexts) {
        self.hits.clear();
        self.texts.clear();
        self.counts.resize(kept.len() as usize, 0);
        let Self { hits, counts, texts, .. } = self;
        index.look_up(seeds, |seed, entry| {
            let text = kept.of_entry(entry);
            let count = &mut counts[text as usize];
            if *count == 0 {
                texts.push(text);
            }
            *count += 1;
            hits.push(Hit { own: seed.token, entry, text });
        });
    }

    /// Puts the hits of each kept text that has enough together, in order.
    fn place_hits(&mut self) {
        let mut end = 0;
        for &text in &self.texts {
            let count = &mut self.counts[text as usize];
            let len = if *count < LEAST { 0 } else { *count };
            *count = if len == 0 { u32::MAX } else { end };
            end += len;
        }
        self.anchors.resize(end as usize, Anchor { text: 0, own: 0, kept: 0 });
        for hit in &self.hits {
            let next = &mut self.counts[hit.text as usize];
            if let Some(place) = self.anchors.get_mut(*next as usize) {
                *place = Anchor { text: hit.text, own: hit.own, kept: hit.entry };
                *next += 1;
            }
        }
        self.texts.iter().for_each(|&text| self.counts[text as usize] = 0);
    }

    /// Keeps the anchors that have enough others near them, and reads their tokens. So far they have entries instead, which
    /// stand in the order of tokens.
    fn keep_dense(&mut self, index: &Index) {
        let (mut start, mut len) = (0, 0);
        while start < self.anchors.len() {
            let rest = &self.anchors[start..];
            let apart = |pair: &[Anchor]| pair[0].text != pair[1].text || pair[1].own - pair[0].own > GAP;
            let end = start + rest.windows(2).position(apart).map_or(rest.len(), |last| last + 1);
            if end - start >= LEAST as usize {
                for at in start..end {
                    let anchor = self.anchors[at];
                    self.anchors[len] = Anchor { kept: index.token(anchor.kept), ..anchor };
                    len += 1;
                }
                // hits of one seed came in any order
                let group = len - (end - start)..len;
                self.anchors[group].chunk_by_mut(|a, b| a.own == b.own).for_each(<[Anchor]>::sort_unstable);
            }
            start = end;
        }
        self.anchors.truncate(len);
    }
}

/// Finds the seeds that a text has more than once: a table of chains, which is small.
#[derive(Default)]
struct Own {
    /// The newest of each bucket, as its number and one more; as many as a power of two.
    heads: Vec<u32>,
    /// The older one of the same bucket.
    next: Vec<u32>,
}

impl Own {
    /// Gives to `found` the token of each seed with those of the first [`PLACES_PER_SEED`] before it that have its hash and
    /// share no token with it; ascending by both.
    fn pairs(&mut self, seeds: &[Seed], mut found: impl FnMut(u32, u32)) {
        let buckets = seeds.len().next_power_of_two();
        self.heads.clear();
        self.heads.resize(buckets, 0);
        self.next.clear();
        let mut places = [0; PLACES_PER_SEED];
        for (number, seed) in (1..).zip(seeds) {
            let bucket = seed.hash as usize & (buckets - 1);
            let (mut at, mut count) = (self.heads[bucket], 0);
            while let Some(other) = seeds.get(at.wrapping_sub(1) as usize) {
                if other.hash == seed.hash {
                    // those beyond the first ones were not entered
                    places[count] = other.token;
                    count += 1;
                }
                at = self.next[at as usize - 1];
            }
            for &before in places[..count].iter().rev().filter(|&&before| before + SEED_TOKENS as u32 <= seed.token) {
                found(seed.token, before);
            }
            let is_entered = count < PLACES_PER_SEED;
            self.next.push(if is_entered { std::mem::replace(&mut self.heads[bucket], number) } else { 0 });
        }
    }
}
