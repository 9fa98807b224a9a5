//! Exact passages beside a suffix array: the same coverage, byte for byte, and what each costs.
//!
//! ```text
//! cargo bench --bench passages                         texts without end, periods, boilerplate: 4 MB each
//! cargo bench --bench passages -- FILE_OR_DIR…         real corpora, one row each, read as `unecho scan` reads them
//! cargo bench --bench passages -- --growth FILE…       1, 4, 16 and 64 copies with light edits, without the suffix array
//! cargo bench --bench passages -- --test               the same on small texts, checks only
//! ```
//!
//! How to read it: `covered` is the share of bytes in windows of 100 bytes that stand elsewhere too; MB/s are bytes of text
//! by seconds of processor time of the one thread that works (Linux; elsewhere wall time), so other work on the machine
//! hardly shows; `B/B` is memory beside the text, per byte of text, for the suffix array that of libsais (the array and the
//! permuted LCP, four bytes each). The run stops with an error if the two coverages differ in one byte.

#![allow(clippy::print_stdout, reason = "the table is what it is for")]

use std::borrow::Cow;
use std::time::Instant;

use libsais::SuffixArrayConstruction;
use unecho::Corpus;
use unecho::input::{InputOptions, read};
use unecho::search::passage::Index;

/// The allocator of the command: large tables stand in large pages.
#[global_allocator]
static ALLOCATOR: unecho::memory::Spilling = unecho::memory::Spilling;

/// Bytes in a window.
const WINDOW: usize = 100;

fn main() {
    let mut args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let [test, growth] = ["--test", "--growth"].map(|flag| args.iter().any(|arg| arg == flag));
    args.retain(|arg| !arg.starts_with("--"));
    println!("{:<28} {:>9} {:>8} {:>9} {:>6} {:>9} {:>6}", "text", "MB", "covered", "MB/s", "B/B", "SA MB/s", "times");
    if args.is_empty() {
        for (name, texts) in adversaries(if test { 200_000 } else { 4_000_000 }) {
            compare(&name, &texts);
        }
    }
    for path in args {
        let corpus = read(&[path.clone().into()], &InputOptions::default(), &()).expect("the corpus can be read");
        let name = path.rsplit('/').next().unwrap_or(&path);
        if growth { grow(name, &texts_of(&corpus)) } else { compare(name, &texts_of(&corpus)) }
    }
}

fn texts_of(corpus: &Corpus) -> Vec<Cow<'_, [u8]>> {
    corpus.ids().map(|id| corpus.text(id)).collect()
}

/// Runs both, holds one against the other, and prints a row.
fn compare(name: &str, texts: &[Cow<'_, [u8]>]) {
    let bytes: usize = texts.iter().map(|text| text.len()).sum();
    let ((ours, memory), seconds) = timed(|| by_anchors(texts));
    let (theirs, array_seconds) = timed(|| by_suffix_array(texts));
    assert!(ours == theirs, "{name}: the coverage differs from that of the suffix array");
    let covered = ours.iter().filter(|&&covered| covered).count() as f64 / bytes as f64;
    let speed = |seconds: f64| bytes as f64 / 1e6 / seconds;
    println!(
        "{name:<28} {:>9.1} {:>7.1}% {:>9.0} {:>6.2} {:>9.1} {:>5.0}×",
        bytes as f64 / 1e6,
        100.0 * covered,
        speed(seconds),
        memory as f64 / bytes as f64,
        speed(array_seconds),
        array_seconds / seconds
    );
}

/// Prints a row for 1, 4, 16 and 64 copies of the first texts, with another letter in every 500 bytes or so.
fn grow(name: &str, texts: &[Cow<'_, [u8]>]) {
    let mut random = Random(11);
    let mut before = 0;
    let first = |text: &&Cow<'_, [u8]>| {
        before += text.len();
        before - text.len() < 16_000_000
    };
    let texts: Vec<_> = texts.iter().take_while(first).collect();
    for copies in [1, 4, 16, 64] {
        let edited = (0..copies).flat_map(|_| &texts).map(|text| {
            let mut text = text.to_vec();
            for _ in 0..text.len() / 500 {
                let at = random.below(text.len() as u64) as usize;
                text[at] = b'a' + random.below(26) as u8;
            }
            Cow::Owned(text)
        });
        let edited: Vec<Cow<'_, [u8]>> = edited.collect();
        let bytes = edited.iter().map(|text| text.len()).sum::<usize>() as f64;
        let ((_, memory), seconds) = timed(|| by_anchors(&edited));
        let row = format!("{name} ×{copies}");
        println!(
            "{row:<28} {:>9.1} {:>8} {:>9.0} {:>6.2}",
            bytes / 1e6,
            "",
            bytes / 1e6 / seconds,
            memory as f64 / bytes
        );
    }
}

/// Bytes of all texts in repeated windows, by the index, and the memory that it took.
fn by_anchors(texts: &[Cow<'_, [u8]>]) -> (Vec<bool>, usize) {
    let starts: Vec<usize> = texts.iter().scan(0, |at, text| Some(std::mem::replace(at, *at + text.len()))).collect();
    let mut covered = vec![false; texts.iter().map(|text| text.len()).sum()];
    let mut index = Index::new(WINDOW);
    index.reserve(covered.len());
    for (text, start) in texts.iter().zip(&starts) {
        for found in index.enter(Cow::Borrowed(text)) {
            let len = (found.end - found.start) as usize;
            covered[start + found.start as usize..][..len].fill(true);
            covered[starts[found.text as usize] + found.from as usize..][..len].fill(true);
        }
        index.commit();
    }
    (covered, index.bytes())
}

/// The same by a suffix array: neighbours in it that agree for a window, which holds no separator.
fn by_suffix_array(texts: &[Cow<'_, [u8]>]) -> Vec<bool> {
    // no text holds the byte FF: all are UTF-8 or made so
    let joined: Vec<u8> = texts.iter().flat_map(|text| text.iter().copied().chain([0xff])).collect();
    let array = SuffixArrayConstruction::for_text(&joined).in_owned_buffer32().single_threaded().run();
    let both = array.expect("less than 2 GiB").plcp_construction().single_threaded().run().expect("an array");
    let (array, plcp, _) = both.into_parts();
    // the window at a place holds no separator if the next one is far enough
    let mut clear = vec![false; joined.len()];
    let mut next = joined.len();
    for at in (0..joined.len()).rev() {
        next = if joined[at] == 0xff { at } else { next };
        clear[at] = next >= at + WINDOW;
    }
    let mut starts = vec![false; joined.len()];
    for pair in array.windows(2) {
        let (before, at) = (pair[0] as usize, pair[1] as usize);
        if plcp[at] as usize >= WINDOW && clear[at] {
            starts[before] = true;
            starts[at] = true;
        }
    }
    let mut left = 0;
    let mut covered = Vec::with_capacity(joined.len());
    for (at, &start) in starts.iter().enumerate() {
        left = if start { WINDOW } else { left.saturating_sub(1) };
        if joined[at] != 0xff {
            covered.push(left > 0);
        }
    }
    covered
}

/// The result of some work, and the processor time that this thread spent on it.
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let (started, busy) = (Instant::now(), thread_seconds());
    let result = work();
    let spent = thread_seconds().zip(busy).map(|(after, before)| after - before);
    (result, spent.unwrap_or_else(|| started.elapsed().as_secs_f64()))
}

/// Processor time of this thread so far, where the system tells.
fn thread_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(stat.split_whitespace().next()?.parse::<f64>().ok()? / 1e9)
}

/// Texts that are hard for some method, of `len` bytes each.
fn adversaries(len: usize) -> Vec<(String, Vec<Cow<'static, [u8]>>)> {
    let mut random = Random(7);
    let one = |text: Vec<u8>| vec![Cow::Owned(text)];
    let mut all = vec![("one letter".to_owned(), one(vec![b'a'; len]))];
    for period in [2, 3, 5, 7, 13, 64, 101, 1000] {
        let unit: Vec<u8> = (0..period).map(|_| b'a' + random.below(26) as u8).collect();
        all.push((format!("period {period}"), one(unit.iter().copied().cycle().take(len).collect())));
    }
    let mut cut = |name: &str, text: Vec<u8>| {
        let docs = text.chunks(10_007).map(|doc| Cow::Owned(doc.to_vec())).collect();
        all.push((name.to_owned(), docs));
    };
    cut("Fibonacci", fibonacci(len));
    cut("Thue–Morse", (0..len as u32).map(|i| b'a' + (i.count_ones() % 2) as u8).collect());
    cut("random, two letters", (0..len).map(|_| b'a' + random.below(2) as u8).collect());
    cut("random, 64 letters", (0..len).map(|_| b'0' + random.below(64) as u8).collect());
    cut("90 B and 10 digits", boilerplate(len, 90, 10, &mut random));
    cut("99 B and 60 digits", boilerplate(len, 99, 60, &mut random));
    cut("runs", repeated(len, 1, &mut random));
    cut("runs of short periods", repeated(len, 6, &mut random));
    all
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

/// The same clause over and over, with other digits each time.
fn boilerplate(len: usize, clause: usize, digits: usize, random: &mut Random) -> Vec<u8> {
    let clause: Vec<u8> = (0..clause).map(|_| b'a' + random.below(26) as u8).collect();
    let mut text = Vec::with_capacity(len + 200);
    while text.len() < len {
        text.extend(&clause);
        text.extend((0..digits).map(|_| b'0' + random.below(10) as u8));
    }
    text
}

/// Runs of up to 300 bytes that repeat up to `period` letters.
fn repeated(len: usize, period: u64, random: &mut Random) -> Vec<u8> {
    let mut text = Vec::with_capacity(len + 300);
    while text.len() < len {
        let unit: Vec<u8> = (0..=random.below(period)).map(|_| b'a' + random.below(4) as u8).collect();
        let run = random.below(300) as usize;
        text.extend(unit.iter().cycle().take(run));
    }
    text
}

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}
