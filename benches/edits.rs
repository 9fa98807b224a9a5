//! What the search for edited passages costs.
//!
//! ```text
//! cargo bench --bench edits
//! ```
//!
//! Throughput is in bytes of text, on one thread. `tokens` is the part that every search pays, so that it can be taken off;
//! `keep` makes seeds and stores them; `find+keep` takes a corpus as a run does: each text is searched, then kept.
//! `prose` repeats nothing; in `templated` 95 texts of 100 are copies of one of the others with a tenth of the words
//! changed, and all of them are kept: the worst that can be asked for, since a run keeps one of them. Every bench checks its answer once before it is timed.

use std::borrow::Cow;
use std::hint::black_box;
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};

use unecho::corpus::{TokenOptions, Tokens};
use unecho::search::edits::{EditOptions, EditedPassages};
use unecho::synth::{Script, Synth, SynthOptions};

/// The allocator of the command: large tables stand in large pages.
#[global_allocator]
static ALLOCATOR: unecho::memory::Spilling = unecho::memory::Spilling;

criterion_group! {
    name = edits;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = prose, templated
}
criterion_main!(edits);

/// A thousand texts, of which so many of 1,000 are copies of earlier ones with a tenth of the words changed.
fn texts(script: Script, edited_permille: u32) -> Vec<String> {
    let options = SynthOptions {
        scripts: vec![script],
        exact_permille: 0,
        edited_permille,
        reordered_permille: 0,
        truncated_permille: 0,
        boilerplate_permille: 0,
        inner_repeat_permille: 0,
        edits_permille: vec![100],
        ..SynthOptions::default()
    };
    let synth = Synth::new(options).expect("the options are in range");
    (0..synth.options().documents).map(|i| synth.document(i).text).collect()
}

fn engine() -> EditedPassages {
    EditedPassages::new(EditOptions::default(), TokenOptions::default())
}

/// The bytes found to repeat when each text is searched, then kept.
fn find_and_keep(texts: &[String]) -> usize {
    let mut engine = engine();
    let text_of = |key: u32| Cow::Borrowed(texts[key as usize].as_bytes());
    let mut bytes = 0;
    for (key, text) in (0..).zip(texts) {
        let found = engine.find(text.as_bytes(), &text_of);
        bytes += found.iter().map(|found| found.span.len()).sum::<usize>();
        engine.keep(key, text.as_bytes());
    }
    bytes
}

fn keep(texts: &[String]) -> usize {
    let mut engine = engine();
    (0..).zip(texts).for_each(|(key, text)| engine.keep(key, text.as_bytes()));
    engine.mark()
}

fn count_tokens(texts: &[String]) -> usize {
    let mut tokens = Tokens::default();
    let count = |text: &String| {
        tokens.read(text.as_bytes(), TokenOptions::default());
        tokens.len()
    };
    texts.iter().map(count).sum()
}

/// Times `run` over `texts`, once `check` has agreed with its answer.
fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    texts: &[String],
    run: impl Fn(&[String]) -> usize,
    check: impl FnOnce(usize) -> bool,
) {
    assert!(check(run(texts)), "{name}: a wrong answer");
    group.throughput(Throughput::Bytes(texts.iter().map(|text| text.len() as u64).sum()));
    group.bench_function(name, |bencher| bencher.iter(|| run(black_box(texts))));
}

fn prose(c: &mut Criterion) {
    let mut group = c.benchmark_group("edits/prose");
    for script in [Script::Latin, Script::Cyrillic, Script::Han] {
        let texts = texts(script, 0);
        let name = |what: &str| format!("{what}/{}", script.name());
        let bytes: usize = texts.iter().map(String::len).sum();
        measure(&mut group, &name("tokens"), &texts, count_tokens, |tokens| tokens > 100_000);
        measure(&mut group, &name("keep"), &texts, keep, |kept| kept == texts.len());
        measure(&mut group, &name("find+keep"), &texts, find_and_keep, |found| found * 100 < bytes);
    }
}

fn templated(c: &mut Criterion) {
    let mut group = c.benchmark_group("edits/templated");
    let texts = texts(Script::Latin, 950);
    let bytes: usize = texts.iter().map(String::len).sum();
    measure(&mut group, "tokens/latin", &texts, count_tokens, |tokens| tokens > 100_000);
    measure(&mut group, "find+keep/latin", &texts, find_and_keep, |found| found * 10 > bytes * 8);
}
