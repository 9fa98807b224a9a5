//! How well edited passages are found, and on real files how fast: prints tables.
//!
//! ```text
//! cargo bench --bench edits_curve                    planted passages, by script and error rate
//! cargo bench --bench edits_curve -- FILE.jsonl …    also speed and findings in real texts
//! cargo bench --bench edits_curve -- --revisions FILE.jsonl …    passages that revisions of real texts share
//! ```
//!
//! Passages of 40 to 300 words are planted in texts of 600 words that have nothing else in common; the copy of each has so
//! many of its words substituted, deleted, or a new word in front of them. *Recall* is the share of passages of which half
//! is found, *coverage* what is found of a passage on average, *precision* the share of what is found that was planted.
//! Real files are searched as a run does it, on one thread: in each text passages are searched, and what is left without
//! them is kept. Seconds are those of the processor where Linux tells them, the best of three.
//!
//! Of revisions (records whose `id` is the same up to the last `@`) each is looked into with only the one before it kept. A
//! difference of both by words (Myers 1986), which knows nothing of seeds and chains, says which passages have to be found: runs
//! of 8 equal words and more with at most 2 differing columns from one to the next, of 20 words in all, which are at
//! least 0.8 alike by that alone. *Coverage* is in words, *unchanged* the share of the words found that the difference
//! leaves as they are: edits inside passages and text that was moved count against it.
#![allow(clippy::print_stdout, reason = "printing is what it is for")]

#[path = "../tests/suite/planted.rs"]
mod planted;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use similar::{Algorithm, DiffOp, capture_diff_slices};
use unecho::corpus::{DocId, TokenOptions, Tokens};
use unecho::input::{FieldPath, field_text};
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
    if arguments.iter().any(|argument| argument == "--revisions") {
        println!("| revisions | pairs | passages | of them edited | recall | of the edited | coverage | unchanged |");
        println!("|---|--:|--:|--:|--:|--:|--:|--:|");
        return files.iter().for_each(print_revisions);
    }
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

fn read(file: &PathBuf) -> Corpus {
    let inputs = std::slice::from_ref(file);
    unecho::input::read(inputs, &Config::default().input, &()).expect("a file that can be read")
}

fn print_real(file: &PathBuf) {
    let corpus = read(file);
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

/// What was found of the passages that revisions share.
#[derive(Default)]
struct Shared {
    passages: usize,
    edited: usize,
    half_found: usize,
    edited_half_found: usize,
    coverage: f64,
    found: usize,
    unchanged: usize,
}

fn print_revisions(file: &PathBuf) {
    let corpus = read(file);
    let mut shared = Shared::default();
    let pairs: Vec<[DocId; 2]> =
        lineages(&corpus).iter().flat_map(|line| line.windows(2).map(|pair| [pair[0], pair[1]])).collect();
    for pair in &pairs {
        shared.count(pair.map(|doc| corpus.text(doc)));
    }
    let Shared { passages, edited, half_found, edited_half_found, coverage, found, unchanged } = shared;
    let share = |part: f64, all: usize| part / all.max(1) as f64;
    println!(
        "| {} | {} | {passages} | {edited} | {:.3} | {:.3} | {:.3} | {:.3} |",
        file.display(),
        pairs.len(),
        share(half_found as f64, passages),
        share(edited_half_found as f64, edited),
        share(coverage, passages),
        share(unchanged as f64, found)
    );
}

/// The records of each text, in the order in which they stand in the file.
fn lineages(corpus: &Corpus) -> Vec<Vec<DocId>> {
    let id = FieldPath::parse("id");
    let mut lines: BTreeMap<String, Vec<DocId>> = BTreeMap::new();
    for doc in corpus.ids() {
        let id = field_text(corpus.record(doc), &id).unwrap_or_default();
        let line = id.rsplit_once('@').map_or(id.as_str(), |(line, _)| line);
        lines.entry(line.to_owned()).or_default().push(doc);
    }
    lines.into_values().collect()
}

impl Shared {
    /// Looks into a text with the one before it kept.
    fn count(&mut self, [before, after]: [Cow<'_, [u8]>; 2]) {
        let options = TokenOptions::default();
        let [mut old, mut new] = [Tokens::default(), Tokens::default()];
        old.read(&before, options);
        new.read(&after, options);
        let runs = equal_runs(&old.hashes, &new.hashes);
        let mut engine = EditedPassages::new(EditOptions::default(), options);
        engine.keep(0, &before);
        let matches = engine.find(&after, &|_| Cow::Borrowed(&*before));
        let mut is_found = vec![false; new.len()];
        for span in matches.iter().map(|found| found.span) {
            let token = |at: u32| new.starts.partition_point(|&start| start < at);
            is_found[token(span.start)..token(span.end)].fill(true);
        }
        let count = |tokens: Range<usize>| is_found[tokens].iter().filter(|&&found| found).count();
        self.found += count(0..new.len());
        self.unchanged += runs.iter().map(|run| count(run.new.clone())).sum::<usize>();
        for (passage, is_edited) in passages(runs) {
            let share = count(passage.clone()) as f64 / passage.len() as f64;
            self.passages += 1;
            self.edited += usize::from(is_edited);
            self.half_found += usize::from(share >= 0.5);
            self.edited_half_found += usize::from(is_edited && share >= 0.5);
            self.coverage += share;
        }
    }
}

/// Words that stand in both texts, one after the other.
struct EqualRun {
    old: Range<usize>,
    new: Range<usize>,
}

fn equal_runs(old: &[u64], new: &[u64]) -> Vec<EqualRun> {
    let run = |op: DiffOp| match op {
        DiffOp::Equal { .. } => Some(EqualRun { old: op.old_range(), new: op.new_range() }),
        _ => None,
    };
    capture_diff_slices(Algorithm::Myers, old, new).into_iter().filter_map(run).collect()
}

/// The passages that have to be found, by the words of the new text, and whether there is an edit in them.
fn passages(mut runs: Vec<EqualRun>) -> Vec<(Range<usize>, bool)> {
    runs.retain(|run| run.new.len() >= 8);
    let are_near = |a: &EqualRun, b: &EqualRun| (b.old.start - a.old.end).max(b.new.start - a.new.end) <= 2;
    let passage = |runs: &[EqualRun]| (runs[0].new.start..runs[runs.len() - 1].new.end, runs.len() > 1);
    runs.chunk_by(are_near).map(passage).filter(|(passage, _)| passage.len() >= 20).collect()
}
