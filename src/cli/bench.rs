//! `unecho bench`: runs in turn, each in a process of its own; then what they found, held against what there was.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::child::Clean;
use super::terminal::Terminal;
use super::{args, reports};
use crate::bench::{self, Bench, Machine, Quality, Setting};
use crate::config::Config;
use crate::corpus::{Codec, Format, Unit};
use crate::error::{Error, Result};
use crate::input::{InputFormat, InputOptions, OnError, Records, read};
use crate::output::{PendingFile, PlantedTarget, write_planted};
use crate::report::{Report, Texts, counted};
use crate::synth::Synth;

/// Settings that are measured unless others are named.
const UNITS: [&str; 3] = ["none", "document", "document,paragraph"];

pub(super) fn run(args: &args::Bench, threads: &[usize], terminal: &Terminal) -> Result<()> {
    terminal.writing();
    [&args.export_json, &args.export_markdown].into_iter().flatten().try_for_each(|path| reports::try_place(path))?;
    let cores = machine().cores;
    let threads: Vec<usize> = threads.iter().map(|&threads| if threads == 0 { cores } else { threads }).collect();
    let failed = |e| Error::io("cannot write", std::env::temp_dir(), e);
    let dir = tempfile::Builder::new().prefix("unecho-bench-").tempdir().map_err(failed)?;
    let synth = args.inputs.is_empty().then(|| Synth::new(super::synth::options(&args.made))).transpose()?;
    let inputs = match &synth {
        Some(synth) => vec![make(synth, dir.path(), terminal)?],
        None => args.inputs.clone(),
    };
    let course = Course { args, inputs: &inputs, threads: &threads, output: dir.path().join("out"), terminal };
    let mut bench = course.measure()?;
    bench.corpus = match &synth {
        Some(synth) => format!("made up, seed {}", synth.options().seed),
        None => inputs.iter().map(|input| input.display().to_string()).collect::<Vec<_>>().join(" "),
    };
    if !args.no_quality {
        let report = course.documents()?;
        let config = described(&report)?;
        bench.similarity = config.search.similarity;
        bench.quality = Some(quality(&report, synth.as_ref(), &config, args.sample, terminal)?);
    }
    export(args, &bench)?;
    terminal.print(|style, out| bench::table(&bench, style, out))
}

/// Writes the made-up corpus; gives its file.
fn make(synth: &Synth, dir: &Path, terminal: &Terminal) -> Result<PathBuf> {
    let target = PlantedTarget { place: dir.join("made"), files: 1, codec: Codec::None, force: false };
    write_planted(synth, &target, terminal.progress())?;
    Ok(target.place.join("corpus").join("part-1.jsonl"))
}

/// What all runs have in common.
struct Course<'a> {
    args: &'a args::Bench,
    inputs: &'a [PathBuf],
    threads: &'a [usize],
    output: PathBuf,
    terminal: &'a Terminal,
}

impl Course<'_> {
    fn clean<'c>(&'c self, unit: &'c str, threads: usize) -> Clean<'c> {
        Clean { inputs: self.inputs, output: &self.output, unit, threads, options: &self.args.options }
    }

    /// Every unit with every number of threads.
    fn settings(&self) -> Vec<Setting> {
        let units = match self.args.unit.as_slice() {
            [] => UNITS.map(str::to_owned).to_vec(),
            units => units.to_vec(),
        };
        let setting = |(unit, threads): (String, usize)| Setting {
            command: self.clean(&unit, threads).line(),
            unit,
            threads,
            samples: Vec::new(),
        };
        let pairs = units.into_iter().flat_map(|unit| self.threads.iter().map(move |&threads| (unit.clone(), threads)));
        pairs.map(setting).collect()
    }

    /// Runs every setting as often as asked for; each round goes through all of them, every other one backwards.
    fn measure(&self) -> Result<Bench> {
        let (warmup, runs) = (self.args.warmup as usize, self.args.runs as usize);
        let mut bench = Bench { warmup, settings: self.settings(), machine: machine(), ..Bench::default() };
        for round in 0..warmup + runs {
            let mut order: Vec<usize> = (0..bench.settings.len()).collect();
            if round % 2 == 1 {
                order.reverse();
            }
            for index in order {
                self.run(round, index, &mut bench)?;
            }
        }
        Ok(bench)
    }

    fn run(&self, round: usize, index: usize, bench: &mut Bench) -> Result<()> {
        let Setting { unit, threads, .. } = &bench.settings[index];
        let (turn, with) = (turn(round, bench.warmup), counted(*threads as u64, "thread"));
        self.terminal.note(&format!("{turn}: unit {unit}, {with}"));
        let (sample, report) = self.clean(unit, *threads).run(self.terminal.progress())?;
        remove(&self.output)?;
        let totals = &report.overview.totals;
        (bench.bytes, bench.documents) = (totals.bytes.read, totals.documents.read);
        if round >= bench.warmup {
            bench.settings[index].samples.push(sample);
        }
        Ok(())
    }

    /// One more run, of documents only: with smaller units, documents are compared as what cuts leave of them.
    fn documents(&self) -> Result<Report<'static>> {
        self.terminal.note("quality");
        let threads = self.threads.iter().copied().max().unwrap_or(0);
        Ok(self.clean("document", threads).run(self.terminal.progress())?.1)
    }
}

fn turn(round: usize, warmup: usize) -> String {
    if round < warmup { "warming up".to_owned() } else { format!("run {}", round + 1 - warmup) }
}

/// Takes an output away, with what lies beside it.
fn remove(output: &Path) -> Result<()> {
    for path in [output.to_owned(), crate::output::state_dir(output)] {
        let removed = if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
        removed.map_err(|e| Error::io("cannot remove", &path, e))?;
    }
    Ok(())
}

fn described(report: &Report<'_>) -> Result<Config> {
    let options = &report.overview.run.options;
    Config::from_description(options).ok_or_else(|| Error::Usage(format!("a run with unknown options: {options}")))
}

fn quality(
    report: &Report<'_>,
    synth: Option<&Synth>,
    config: &Config,
    sample: usize,
    terminal: &Terminal,
) -> Result<Quality> {
    if let Some(synth) = synth {
        let mut removed = vec![false; synth.options().documents as usize];
        removed_documents(report).for_each(|(_, record)| removed[record as usize - 1] = true);
        return Ok(bench::planted(synth, &removed, config));
    }
    let sources = &report.overview.sources;
    let paths: Vec<PathBuf> = sources.iter().map(|source| PathBuf::from(&source.source)).collect();
    let corpus = read(&paths, &as_read(report, config), terminal.progress())?;
    let texts = Texts::new(&corpus);
    let mut removed = vec![false; corpus.len()];
    let gone = removed_documents(report).filter_map(|(source, record)| texts.document(&source, record));
    gone.for_each(|doc| removed[doc.index()] = true);
    bench::sampled(&corpus, &removed, config, sample, terminal.progress())
}

/// How the sources of a report were read.
fn as_read(report: &Report<'_>, config: &Config) -> InputOptions {
    let sources = &report.overview.sources;
    let has = |format: Format| sources.iter().any(|source| source.format == format);
    let format = match (has(Format::Jsonl), sources.iter().all(|source| source.format == Format::Jsonl)) {
        (_, true) => Some(InputFormat::Jsonl),
        (false, _) => Some(InputFormat::Text),
        _ => None,
    };
    let records = match (has(Format::TextLines), has(Format::TextBlocks)) {
        (true, _) => Records::Line,
        (_, true) => Records::BlankLine,
        _ => Records::File,
    };
    InputOptions { format, records, on_error: OnError::Skip, ..config.input.clone() }
}

/// Source and record of each document that went.
fn removed_documents<'r>(report: &'r Report<'_>) -> impl Iterator<Item = (String, u32)> + 'r {
    let groups = (0..report.len()).filter(|&group| report.unit(group) == Unit::Document);
    groups.flat_map(|group| report.members(group)).map(|member| (member.location.source, member.location.record))
}

fn export(args: &args::Bench, bench: &Bench) -> Result<()> {
    let write = |path: &PathBuf, text: String| PendingFile::put(path, |file| file.write_all(text.as_bytes()));
    if let Some(path) = &args.export_json {
        write(path, format!("{:#}\n", bench::json(bench)))?;
    }
    args.export_markdown.as_ref().map_or(Ok(()), |path| write(path, bench::markdown(bench)))
}

fn machine() -> Machine {
    let processors = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    Machine {
        processor: model.map_or("unknown processor", |(_, name)| name).to_owned(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        unecho: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
