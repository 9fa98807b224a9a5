//! What each stage of a run costs, from the tokeniser to the whole of `scan` and `clean`.
//!
//! ```text
//! cargo bench                     everything, about five minutes
//! cargo bench -- read/            one stage
//! cargo bench -- --test           every bench once, checks only
//! ```
//!
//! How to read it: throughput is always in bytes of *text*, so figures of different stages can be set side by side, and the
//! slowest stage of a chain bounds the chain. Exceptions: `read` from JSONL, `write`, `scan` and `clean` count decoded
//! bytes of the file, `json` bytes of the encoded string, `matches` bytes of signatures, `grouping` the bands of segments, one by one. `tokens` to `verify`, in the
//! order of this file, run on one thread; from `read` on, the stages use all threads unless RAYON_NUM_THREADS says
//! otherwise. `write/file` and `clean` flush to disk, so they measure the disk too; `write/splice` is without it. The
//! corpora are made by [`unecho::synth`] from fixed seeds, about 2 MB each: they fit in the cache of many machines, so for
//! runs on real corpora see `benches/results`.
//!
//! Every bench checks its answer once before it is timed: a fast wrong answer fails.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};
use tempfile::TempDir;

use unecho::corpus::{DocId, Place, Segmenter, Shingler, TokenOptions, Tokens, Unit, decode_json_string, shingle_set};
use unecho::output::write_stream;
use unecho::resolve::{ResolveOptions, UnitSearch, order, resolve};
use unecho::search::{Measure, Searcher, similarity};
use unecho::sketch::{Banding, HASHES, MinHasher, Signature, Table, digest, matches, sketch};
use unecho::synth::{PlantedKind, Script, Synth, SynthOptions};
use unecho::{Config, Corpus, Fate, Outcome, Plan, Target, input};

criterion_group! {
    name = stages;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = tokens, shingles, segments, digests, signatures, agreement, json, verify,
        read, sketching, grouping, searching, resolving, writing, scanning, cleaning
}
criterion_main!(stages);

type Group<'c> = BenchmarkGroup<'c, WallTime>;

/// Times `run` over `bytes` bytes, once `check` has agreed with its answer. Dropping the answer is not timed.
fn measure<T>(group: &mut Group<'_>, name: &str, bytes: usize, mut run: impl FnMut() -> T, check: impl FnOnce(T)) {
    measure_after(group, name, bytes, || (), |()| run(), check);
}

/// As [`measure`], for a `run` that uses up what `setup` makes.
fn measure_after<S, T>(
    group: &mut Group<'_>,
    name: &str,
    bytes: usize,
    mut setup: impl FnMut() -> S,
    mut run: impl FnMut(S) -> T,
    check: impl FnOnce(T),
) {
    let mut check = Some(check);
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function(name, |bencher| {
        if let Some(check) = check.take() {
            check(run(setup()));
        }
        bencher.iter_batched(&mut setup, &mut run, BatchSize::PerIteration);
    });
}

// ---- corpora ----

/// A synthetic corpus and its texts.
struct Made {
    synth: Synth,
    texts: Vec<String>,
}

impl Made {
    /// 1,000 documents in one script. The edited copies differ in one word of 200: all of them are found as documents.
    fn of(script: Script) -> Made {
        let options =
            SynthOptions { seed: 7, edits_permille: vec![5], scripts: vec![script], ..SynthOptions::default() };
        let synth = Synth::new(options).expect("the options are in range");
        let texts = (0..synth.options().documents).map(|i| synth.document(i).text).collect();
        Made { synth, texts }
    }

    /// Bytes of text.
    fn bytes(&self) -> usize {
        self.texts.iter().map(String::len).sum()
    }

    /// The corpus as the stages after reading see it.
    fn corpus(&self) -> Corpus {
        Corpus::from_texts(self.texts.iter().map(String::as_str))
    }

    /// The corpus as a JSONL file.
    fn jsonl(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.synth.write_jsonl(&mut bytes).expect("writing to memory does not fail");
        bytes
    }

    /// The numbers of the copies of some kinds.
    fn copies(&self, kinds: &[PlantedKind]) -> Vec<usize> {
        let numbers = 0..self.texts.len();
        numbers.filter(|&i| self.synth.planted(i as u64).is_some_and(|p| kinds.contains(&p.kind))).collect()
    }

    /// The token hashes of each document.
    fn tokens(&self) -> Vec<Vec<u64>> {
        self.texts.iter().map(|text| hashes(text)).collect()
    }

    /// Paragraphs that are long enough to be compared.
    fn paragraphs(&self) -> impl Iterator<Item = &str> {
        let least = Config::default().min_tokens.get(Unit::Paragraph);
        self.texts.iter().flat_map(|text| text.split("\n\n")).filter(move |p| naive_tokens(p) >= least)
    }
}

/// Tokens by their definition: runs of letters and digits; in Han each character.
fn naive_tokens(text: &str) -> usize {
    let han = |c: char| ('\u{4e00}'..'\u{a000}').contains(&c);
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    words.map(|word| if word.starts_with(han) { word.chars().count() } else { 1 }).sum()
}

fn hashes(text: &str) -> Vec<u64> {
    let mut tokens = Tokens::default();
    tokens.read(text.as_bytes(), TokenOptions::default());
    tokens.hashes
}

fn distinct<'t>(texts: impl IntoIterator<Item = &'t str>) -> usize {
    texts.into_iter().collect::<HashSet<_>>().len()
}

fn temporary() -> TempDir {
    tempfile::Builder::new().prefix("unecho-bench-").tempdir().expect("a temporary directory")
}

fn store(dir: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.path().join(name);
    fs::write(&path, bytes).expect("the temporary directory can be written");
    path
}

// ---- text → tokens → shingles → signatures, on one thread ----

fn tokens(c: &mut Criterion) {
    let mut group = c.benchmark_group("tokens");
    for script in [Script::Latin, Script::Cyrillic, Script::Han] {
        let made = Made::of(script);
        let mut tokens = Tokens::default();
        let mut count = |text: &String| {
            tokens.read(text.as_bytes(), TokenOptions::default());
            black_box(&tokens).len()
        };
        let run = || made.texts.iter().map(&mut count).collect();
        measure(&mut group, script.name(), made.bytes(), run, |counts: Vec<usize>| {
            assert!(counts.into_iter().eq(made.texts.iter().map(|text| naive_tokens(text))));
        });
    }
}

fn shingles(c: &mut Criterion) {
    let mut group = c.benchmark_group("tokens+shingles");
    for script in [Script::Latin, Script::Cyrillic, Script::Han] {
        let made = Made::of(script);
        let (mut tokens, mut shingles) = (Tokens::default(), Vec::new());
        let mut count = |text: &String| {
            tokens.read(text.as_bytes(), TokenOptions::default());
            shingles.clear();
            Shingler::new(5).shingles(&tokens.hashes, &mut shingles);
            black_box(&shingles).len()
        };
        let run = || made.texts.iter().map(&mut count).collect();
        measure(&mut group, script.name(), made.bytes(), run, |counts: Vec<usize>| {
            assert!(counts.into_iter().eq(made.texts.iter().map(|text| naive_tokens(text).saturating_sub(4))));
        });
    }
}

fn segments(c: &mut Criterion) {
    let mut group = c.benchmark_group("segments");
    let made = Made::of(Script::Latin);
    for unit in Unit::SEGMENTS {
        bench_split(&mut group, unit.name(), unit, &made.texts);
    }
    // a single paragraph without a blank line does not show that it is wrapped
    let several = made.texts.iter().filter(|text| text.matches("\n\n").count() > 1);
    let wrapped: Vec<String> = several.map(|text| wrap(text)).collect();
    bench_split(&mut group, "paragraph-wrapped", Unit::Paragraph, &wrapped);
}

fn bench_split(group: &mut Group<'_>, name: &str, unit: Unit, texts: &[String]) {
    let split = |text: &String| {
        let mut spans = Vec::new();
        Segmenter::default().split(unit, text.as_bytes(), &mut spans);
        spans
    };
    let run = || texts.iter().map(split).collect::<Vec<_>>();
    measure(group, name, texts.iter().map(String::len).sum(), run, |all| {
        for (spans, text) in all.iter().zip(texts) {
            assert_eq!(spans.len(), naive_segments(unit, text), "{unit:?} of {text}");
            let inside = spans.iter().map(|span| ink(span.of(text.as_bytes()))).sum::<usize>();
            assert_eq!(inside, ink(text.as_bytes()), "something but space is left out");
        }
    });
}

/// Segments of a synthetic text: blank lines separate paragraphs, a full stop and a space sentences.
fn naive_segments(unit: Unit, text: &str) -> usize {
    match unit {
        Unit::Document => 1,
        Unit::Paragraph => text.split("\n\n").count(),
        Unit::Line => text.lines().filter(|line| !line.is_empty()).count(),
        Unit::Sentence => text.split("\n\n").flat_map(|paragraph| paragraph.split(". ")).count(),
        Unit::Passage => 0,
    }
}

/// Bytes that are not white space.
fn ink(text: &[u8]) -> usize {
    text.iter().filter(|byte| !byte.is_ascii_whitespace()).count()
}

/// The text with a line end in place of every tenth space.
fn wrap(text: &str) -> String {
    let mut spaces = 0;
    let wrapped = text.chars().map(|c| {
        spaces += usize::from(c == ' ');
        if c == ' ' && spaces % 10 == 0 { '\n' } else { c }
    });
    wrapped.collect()
}

fn digests(c: &mut Criterion) {
    let made = Made::of(Script::Latin);
    let tokens = made.tokens();
    let run = || tokens.iter().map(|tokens| digest(tokens)).collect::<Vec<_>>();
    measure(&mut c.benchmark_group("digest"), "document", made.bytes(), run, |digests| {
        assert_eq!(digests.into_iter().collect::<HashSet<_>>().len(), distinct(made.texts.iter().map(String::as_str)));
    });
}

/// The shingles of each segment, with repeats.
fn shingle_lists<'t>(texts: impl Iterator<Item = &'t str>, n: usize) -> Vec<Vec<u64>> {
    let list = |text| {
        let mut shingles = Vec::new();
        Shingler::new(n).shingles(&hashes(text), &mut shingles);
        shingles
    };
    texts.map(list).filter(|shingles| !shingles.is_empty()).collect()
}

/// Signatures and bands of all lists.
fn sign(hasher: &MinHasher, lists: &[Vec<u64>]) -> (Vec<Signature>, Vec<u32>) {
    let mut bands = Vec::new();
    (lists.iter().map(|shingles| hasher.sketch(shingles, &mut bands)).collect(), bands)
}

fn signatures(c: &mut Criterion) {
    let mut group = c.benchmark_group("signature");
    let made = Made::of(Script::Latin);
    let hasher = MinHasher::new(Banding::for_threshold(0.8));
    let documents = shingle_lists(made.texts.iter().map(String::as_str), 5);
    let paragraphs = shingle_lists(made.paragraphs(), 3);
    for (name, lists) in [("document", documents), ("paragraph", paragraphs)] {
        measure(
            &mut group,
            name,
            made.bytes(),
            || sign(&hasher, &lists),
            |signed| {
                let reversed: Vec<Vec<u64>> = lists.iter().map(|list| list.iter().rev().copied().collect()).collect();
                assert!(signed == sign(&hasher, &reversed), "a signature depends on the order of its set");
            },
        );
    }
}

fn agreement(c: &mut Criterion) {
    let made = Made::of(Script::Latin);
    let hasher = MinHasher::new(Banding::for_threshold(0.8));
    let (signatures, _) = sign(&hasher, &shingle_lists(made.texts[..300].iter().map(String::as_str), 5));
    let with_all = |a: &Signature| signatures.iter().map(|b| matches(a, b)).sum::<usize>();
    let run = || signatures.iter().map(with_all).collect::<Vec<_>>();
    let bytes = 2 * HASHES * signatures.len().pow(2);
    measure(&mut c.benchmark_group("matches"), "all-pairs", bytes, run, |sums| {
        let naive = |a: &Signature, b: &Signature| (0..HASHES).filter(|&i| a[i] == b[i]).count();
        let expected = |a: &Signature| signatures.iter().map(|b| naive(a, b)).sum::<usize>();
        assert!(sums.into_iter().eq(signatures.iter().map(expected)));
    });
}

fn json(c: &mut Criterion) {
    let mut group = c.benchmark_group("json");
    let latin = Made::of(Script::Latin);
    let cyrillic = Made::of(Script::Cyrillic);
    let newlines: Vec<String> = latin.texts.iter().map(|text| text.replace('\n', "\\n")).collect();
    let escapes: Vec<String> = cyrillic.texts.iter().map(|text| escape_all(text)).collect();
    for (name, raw, texts) in [("newlines", newlines, latin.texts), ("unicode-escapes", escapes, cyrillic.texts)] {
        let run = || raw.iter().map(|raw| decode_json_string(raw.as_bytes())).collect::<Vec<_>>();
        measure(&mut group, name, raw.iter().map(String::len).sum(), run, |decoded| {
            assert!(decoded.iter().map(Vec::as_slice).eq(texts.iter().map(String::as_bytes)));
        });
    }
}

/// The text as JSON of ASCII characters, the way Python writes it.
fn escape_all(text: &str) -> String {
    let escape = |unit: u16| match char::from_u32(u32::from(unit)).filter(|c| (' '..='~').contains(c)) {
        Some(c) => c.to_string(),
        None => format!("\\u{unit:04x}"),
    };
    text.encode_utf16().map(escape).collect()
}

fn verify(c: &mut Criterion) {
    let made = Made::of(Script::Latin);
    let sets: Vec<Vec<u64>> = made.tokens().iter().map(|tokens| shingle_set(tokens, Shingler::new(5))).collect();
    let planted: Vec<_> = (0..made.texts.len() as u64).filter_map(|i| made.synth.planted(i)).collect();
    let pairs: Vec<_> = planted.iter().map(|p| (p.copy as usize, p.original as usize)).collect();
    let bytes = pairs.iter().map(|&(a, b)| made.texts[a].len() + made.texts[b].len()).sum();
    let run = || pairs.iter().map(|&(a, b)| similarity(&sets[a], &sets[b], Measure::Jaccard)).collect::<Vec<_>>();
    measure(&mut c.benchmark_group("verify"), "jaccard", bytes, run, |similarities| {
        assert!(similarities.into_iter().eq(pairs.iter().map(|&(a, b)| naive_jaccard(&sets[a], &sets[b]))));
    });
}

fn naive_jaccard(a: &[u64], b: &[u64]) -> f64 {
    let (a, b): (BTreeSet<_>, BTreeSet<_>) = (a.iter().collect(), b.iter().collect());
    a.intersection(&b).count() as f64 / a.union(&b).count() as f64
}

// ---- the stages of a run, on all threads ----

fn read(c: &mut Criterion) {
    let mut group = c.benchmark_group("read");
    let made = Made::of(Script::Latin);
    let dir = temporary();
    let texts = dir.path().join("texts");
    fs::create_dir(&texts).expect("the temporary directory can be written");
    for (i, text) in made.texts.iter().enumerate() {
        fs::write(texts.join(format!("{i:04}.txt")), text).expect("the temporary directory can be written");
    }
    bench_read(&mut group, "text", texts, made.bytes(), &made);
    let jsonl = made.jsonl();
    for (name, stored) in [("jsonl", jsonl.clone()), ("jsonl.gz", gzip(&jsonl)), ("jsonl.zst", zstd(&jsonl))] {
        let path = store(&dir, &format!("in.{name}"), &stored);
        bench_read(&mut group, name, path, jsonl.len(), &made);
    }
}

fn bench_read(group: &mut Group<'_>, name: &str, path: PathBuf, bytes: usize, made: &Made) {
    let inputs = [path];
    let run = || input::read(&inputs, &Config::default().input, &()).expect("the file was just written");
    measure(group, name, bytes, run, |corpus| {
        let texts: Vec<_> = corpus.ids().map(|id| corpus.text(id)).collect();
        assert!(texts.iter().map(|text| &**text).eq(made.texts.iter().map(String::as_bytes)));
    });
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut encoder, bytes).expect("writing to memory does not fail");
    encoder.finish().expect("writing to memory does not fail")
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 3).expect("writing to memory does not fail")
}

/// The sketches of some units, and the tokens of each document.
fn tables(corpus: &Corpus, units: &[Unit]) -> (Vec<Table>, Vec<u32>) {
    let config = Config::default();
    let options: Vec<_> = units.iter().map(|&unit| config.sketch_options(unit)).collect();
    sketch(corpus, config.segmenter(), config.tokens, &options, unecho::resume::Parts::none(), &())
        .expect("nobody interrupts")
}

fn sketching(c: &mut Criterion) {
    let made = Made::of(Script::Latin);
    let corpus = made.corpus();
    let run = || tables(&corpus, &[Unit::Document, Unit::Paragraph]);
    measure(&mut c.benchmark_group("sketch"), "document+paragraph", made.bytes(), run, |(tables, tokens)| {
        assert!(tokens.into_iter().eq(made.texts.iter().map(|text| naive_tokens(text) as u32)));
        let classes: Vec<usize> = tables.iter().map(Table::classes).collect();
        assert_eq!(classes, [distinct(made.texts.iter().map(String::as_str)), distinct(made.paragraphs())]);
    });
}

/// A searcher as the pipeline makes it.
fn searcher(corpus: &Corpus, table: Table) -> Searcher<'_> {
    let config = Config::default();
    Searcher::new(corpus, table, config.search, config.tokens, true, unecho::resume::Parts::none(), &())
        .expect("nobody interrupts")
}

/// The sketches of one unit.
fn table(corpus: &Corpus, unit: Unit) -> Table {
    tables(corpus, &[unit]).0.pop().expect("one unit, one table")
}

fn searching(c: &mut Criterion) {
    let mut group = c.benchmark_group("searcher");
    let made = Made::of(Script::Latin);
    let corpus = made.corpus();
    for unit in [Unit::Document, Unit::Paragraph] {
        let setup = || table(&corpus, unit);
        measure_after(
            &mut group,
            unit.name(),
            made.bytes(),
            setup,
            |table| searcher(&corpus, table),
            |mut searcher| {
                check_repeats(&made, unit, corpus.ids().map(|doc| repeats(&mut searcher, doc)).sum());
            },
        );
    }
}

/// Locality-sensitive hashing by itself: of segments that are not alike, so that nothing is verified.
fn grouping(c: &mut Criterion) {
    let mut words = (0u64..).map(|i| digest(&[i]) % 100_000);
    let mut text =
        || (0..30).map(|_| format!("w{}", words.next().expect("they never end"))).collect::<Vec<_>>().join(" ");
    let corpus = Corpus::from_texts((0..100_000).map(|_| text()));
    let segments = table(&corpus, Unit::Paragraph);
    let bands = segments.classes() * segments.options.bands();
    measure_after(
        &mut c.benchmark_group("grouping"),
        "paragraphs-apart",
        bands,
        || table(&corpus, Unit::Paragraph),
        |table| searcher(&corpus, table),
        |mut searcher| assert_eq!(corpus.ids().map(|doc| repeats(&mut searcher, doc)).sum::<usize>(), 0),
    );
}

/// Keeps the segments of a document that repeat nothing, and counts the others.
fn repeats(searcher: &mut Searcher<'_>, doc: DocId) -> usize {
    let rows = searcher.table().rows_of(doc).to_vec();
    let repeats = rows.iter().filter(|row| {
        let found = searcher.find(row.class, &mut None).is_some();
        if !found {
            searcher.keep(row.class, Place { doc, span: row.span });
        }
        found
    });
    repeats.count()
}

/// Compares a number of repeats with what was planted: all exact and edited copies among documents (others may be similar
/// enough); all but one of equal paragraphs, and similar ones besides.
fn check_repeats(made: &Made, unit: Unit, found: usize) {
    use PlantedKind::{Edited, Exact, Reordered, Truncated};
    let (least, most) = match unit {
        Unit::Document => {
            (made.copies(&[Exact, Edited]).len(), made.copies(&[Exact, Edited, Reordered, Truncated]).len())
        }
        _ => (made.paragraphs().count() - distinct(made.paragraphs()), made.paragraphs().count() / 2),
    };
    assert!((least..=most).contains(&found), "{found} repeats of {}, not {least} to {most}", unit.name());
}

fn resolving(c: &mut Criterion) {
    let mut group = c.benchmark_group("resolve");
    let made = Made::of(Script::Latin);
    let corpus = made.corpus();
    for unit in [Unit::Document, Unit::Paragraph] {
        let setup = || search(&corpus, unit);
        measure_after(
            &mut group,
            unit.name(),
            made.bytes(),
            setup,
            |search| plan(&corpus, search),
            |plan| {
                check_repeats(&made, unit, plan.edits.len());
                assert!(plan.edits.iter().all(|edit| edit.similarity >= 0.8));
            },
        );
    }
}

fn search(corpus: &Corpus, unit: Unit) -> UnitSearch<'_> {
    let searcher = searcher(corpus, table(corpus, unit));
    match unit {
        Unit::Document => UnitSearch { documents: Some(searcher), segments: Vec::new(), passages: None },
        _ => UnitSearch { documents: None, segments: vec![searcher], passages: None },
    }
}

fn plan(corpus: &Corpus, search: UnitSearch<'_>) -> Plan {
    let keep = Config::default().keep_options().expect("there are no patterns");
    let (order, protected) = order(corpus, &vec![0; corpus.len()], &keep);
    resolve(corpus, search, &order, &protected, &ResolveOptions::default(), &()).expect("nobody interrupts")
}

// ---- files ----

fn writing(c: &mut Criterion) {
    let made = Made::of(Script::Latin);
    let (dir, jsonl) = (temporary(), made.jsonl());
    let input = store(&dir, "in.jsonl", &jsonl);
    let out = dir.path().join("out.jsonl");
    let outcome = scan(&input, &Config::default());
    let kept = outcome.total_bytes().kept;
    let splice = || {
        let mut bytes = Vec::with_capacity(jsonl.len());
        write_stream(&outcome.corpus, &outcome.removals, &mut bytes, &()).expect("writing to memory does not fail");
        bytes
    };
    let mut group = c.benchmark_group("write");
    measure(&mut group, "splice", jsonl.len(), splice, |bytes| assert_eq!(bytes.len() as u64, kept));
    measure(
        &mut group,
        "file",
        jsonl.len(),
        || write(&outcome, &input, &out),
        |()| {
            assert!(fs::read(&out).expect("it was just written") == splice());
        },
    );
}

fn scan(input: &Path, config: &Config) -> Outcome {
    unecho::scan(&[input.to_owned()], config, &()).expect("the file was just written")
}

fn write(outcome: &Outcome, input: &Path, out: &Path) {
    let target = Target::File(out.to_owned());
    let written = outcome.write(&[input.to_owned()], &target, true, &()).expect("the output is ours");
    written.commit().expect("the output is ours");
}

fn scanning(c: &mut Criterion) {
    let made = Made::of(Script::Latin);
    let (dir, jsonl) = (temporary(), made.jsonl());
    let input = store(&dir, "in.jsonl", &jsonl);
    let run = || scan(&input, &Config::default());
    measure(&mut c.benchmark_group("scan"), "document+paragraph", jsonl.len(), run, |found| check_found(&made, &found));
}

/// Nothing is left of an exact copy; what is not removed is kept.
fn check_found(made: &Made, found: &Outcome) {
    let exact = made.copies(&[PlantedKind::Exact]);
    assert!(exact.into_iter().all(|i| matches!(found.plan.fates[i], Fate::Removed | Fate::Emptied)));
    assert!(found.plan.edits.iter().all(|edit| edit.similarity >= 0.8));
    let bytes = found.total_bytes();
    assert_eq!(bytes.read, bytes.kept + bytes.removed);
}

fn cleaning(c: &mut Criterion) {
    let mut group = c.benchmark_group("clean");
    let made = Made::of(Script::Latin);
    let (dir, jsonl) = (temporary(), made.jsonl());
    let input = store(&dir, "in.jsonl", &jsonl);
    let out = dir.path().join("out.jsonl");
    let clean = |units: &[Unit]| {
        let outcome = scan(&input, &Config { units: units.to_vec(), ..Config::default() });
        write(&outcome, &input, &out);
        outcome
    };
    measure(
        &mut group,
        "none",
        jsonl.len(),
        || clean(&[]),
        |_| {
            assert!(fs::read(&out).expect("it was just written") == jsonl, "a copy differs from its original");
        },
    );
    measure(
        &mut group,
        "document+paragraph",
        jsonl.len(),
        || clean(&[Unit::Document, Unit::Paragraph]),
        |found| {
            check_found(&made, &found);
            assert_eq!(fs::metadata(&out).expect("it was just written").len(), found.total_bytes().kept);
        },
    );
}
