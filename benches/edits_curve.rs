//! How well edited passages are found, and on real files how fast: prints tables.
//!
//! ```text
//! cargo bench --bench edits_curve                    planted passages, by script and error rate
//! cargo bench --bench edits_curve -- FILE.jsonl …    also speed and findings in real texts
//! ```
//!
//! Passages of 40 to 300 words are planted in texts of 600 words that have nothing else in common; the copy of each has so
//! many of its words substituted, deleted, or a new word in front of them. *Recall* is the share of passages of which half
//! is found, *coverage* what is found of a passage on average, *precision* the share of what is found that was planted.
//! Real files are searched as a run does it, on one thread: in each text passages are searched, and what is left without
//! them is kept. Seconds are those of the processor where Linux tells them, the best of three.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

#[path = "../tests/suite/planted.rs"]
mod planted;

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use unecho::corpus::{TokenOptions, Tokens};
use unecho::search::edits::{EditOptions, EditedMatch, EditedPassages};
use unecho::synth::{PassageOptions, Script};
use unecho::{Config, Corpus};

/// The allocator of the command: large tables stand in large pages.
#[global_allocator]
static ALLOCATOR: unecho::memory::Spilling = unecho::memory::Spilling;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_check = arguments.iter().any(|argument| argument == "--test");
    let passages = if is_check { 20 } else { 400 };
    let files: Vec<PathBuf> = arguments.iter().filter(|a| !a.starts_with("--")).map(PathBuf::from).collect();
    for (similarity, scripts) in [(0.5, &[Script::Latin, Script::Cyrillic, Script::Han][..]), (0.8, &[Script::Latin])] {
        for &script in scripts {
            print_curve(script, similarity, passages);
        }
    }
    files.iter().for_each(print_real);
}

fn print_curve(script: Script, similarity: f64, passages: u64) {
    println!("\n{}, {passages} passages, least identity {similarity}\n", script.name());
    println!("| word errors | recall | coverage | precision |\n|--:|--:|--:|--:|");
    for percent in [0, 2, 5, 10, 15, 20, 25, 30] {
        let planted = PassageOptions { script, error_permille: 10 * percent, ..PassageOptions::default() };
        let found = planted::measure(&planted, passages, EditOptions { similarity, min_tokens: 20 });
        println!("| {percent} % | {:.3} | {:.3} | {:.3} |", found.recall, found.coverage, found.precision);
    }
}

/// What a search found, and what it took.
struct Run {
    seconds: f64,
    passages: usize,
    bytes: usize,
    edited: usize,
    bounds: String,
}

fn print_real(file: &PathBuf) {
    let inputs = std::slice::from_ref(file);
    let corpus = unecho::input::read(inputs, &Config::default().input, &()).expect("a file that can be read");
    let bytes: usize = corpus.ids().map(|doc| corpus.text(doc).len()).sum();
    let best = |seconds: &mut dyn FnMut() -> f64| (0..3).map(|_| seconds()).fold(f64::MAX, f64::min);
    let tokens = best(&mut || count_tokens(&corpus));
    let run = search(&corpus);
    let whole = best(&mut || search(&corpus).seconds);
    let speed = |seconds: f64| bytes as f64 / seconds / 1e6;
    println!("\n{}: {} texts, {:.1} MB", file.display(), corpus.len(), bytes as f64 / 1e6);
    println!(
        "  {:.0} MB/s with tokens, {:.0} MB/s without; {} passages, {} of them edited, {:.1} % of the bytes; {}",
        speed(whole),
        speed(whole - tokens),
        run.passages,
        run.edited,
        100.0 * run.bytes as f64 / bytes as f64,
        run.bounds
    );
}

/// The time that this thread has been running; the time that has gone by where the system does not tell.
fn processor_time(start: Instant) -> Duration {
    let statistics = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let running = statistics.split(' ').next().and_then(|field| field.parse().ok());
    running.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// The seconds that `run` takes.
fn seconds(run: impl FnOnce()) -> f64 {
    let start = Instant::now();
    let before = processor_time(start);
    run();
    (processor_time(start) - before).as_secs_f64()
}

/// The seconds that it takes to make all tokens.
fn count_tokens(corpus: &Corpus) -> f64 {
    let mut tokens = Tokens::default();
    seconds(|| {
        for doc in corpus.ids() {
            tokens.read(&corpus.text(doc), TokenOptions::default());
            std::hint::black_box(&tokens);
        }
    })
}

/// Searches each text, then keeps what is left of it.
fn search(corpus: &Corpus) -> Run {
    let mut engine = EditedPassages::new(EditOptions::default(), TokenOptions::default());
    let texts: Vec<Cow<'_, [u8]>> = corpus.ids().map(|doc| corpus.text(doc)).collect();
    let mut left: Vec<Cow<'_, [u8]>> = Vec::new();
    let mut run = Run { seconds: 0.0, passages: 0, bytes: 0, edited: 0, bounds: String::new() };
    run.seconds = seconds(|| {
        for doc in corpus.ids() {
            let text = &*texts[doc.index()];
            let found = engine.find(text, &|key: u32| Cow::Borrowed(&*left[key as usize]));
            run.passages += found.len();
            run.bytes += found.iter().map(|found| found.span.len()).sum::<usize>();
            run.edited += found.iter().filter(|found| !found.differences.is_empty()).count();
            left.push(without(text, &found));
            engine.keep(doc.0, &left[doc.index()]);
        }
    });
    run.bounds = format!("{:?}", engine.bounds_met());
    run
}

/// A text without the passages that were found in it.
fn without<'t>(text: &'t [u8], found: &[EditedMatch]) -> Cow<'t, [u8]> {
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut left, mut at) = (Vec::with_capacity(text.len()), 0);
    for span in found.iter().map(|found| found.span) {
        left.extend_from_slice(&text[at..span.start as usize]);
        at = span.end as usize;
    }
    left.extend_from_slice(&text[at..]);
    Cow::Owned(left)
}
