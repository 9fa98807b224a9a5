//! `unecho plan`: what a run will take, from a sample on which it is made.

use std::path::Path;
use std::time::Instant;

use super::terminal::Terminal;
use super::{args, settings};
use crate::bench::{Known, Observation, forecast, forecast_json, forecast_text};
use crate::config::Config;
use crate::corpus::{Codec, Format};
use crate::error::{Error, Result};
use crate::input::{InputOptions, Sampled, WalkOptions, sample};
use crate::output::Target;
use crate::progress::{Progress, Stage};
use crate::report::Measured;

/// Of the limit on memory, the part that a sample may have on disk, so that what it takes fits and shows what is needed.
const PART_FOR_SAMPLE: u64 = 16;

/// `limit` is that on memory under which the run would be made.
pub(super) fn run(args: &args::Plan, limit: Option<u64>, terminal: &Terminal) -> Result<()> {
    let config = settings::config(&args.input, &args.find)?;
    let inputs = settings::inputs(&args.input)?;
    let most = limit.map_or(u64::MAX, |limit| limit / PART_FOR_SAMPLE);
    let sampled = sample(&inputs, &config.input, most.min(args.sample << 20), terminal.progress())?;
    if sampled.pieces.is_empty() {
        return Err(Error::Nothing("nothing to plan for: no file holds text".to_owned()));
    }
    terminal.writing();
    let (known, runs) = try_out(&sampled, &config, terminal).map_err(|e| in_the_input(e, &sampled))?;
    let found = forecast(&known, &runs, limit);
    let threads = rayon::current_num_threads();
    terminal.print(|style, out| match args.json {
        true => writeln!(out, "{:#}", forecast_json(&known, &found, &config, threads)),
        false => forecast_text(&known, &found, &config, threads, style, out),
    })
}

/// Runs everything over half of the pieces, then over all of them: the peak of memory can only grow.
fn try_out(sampled: &Sampled, config: &Config, terminal: &Terminal) -> Result<(Known, Vec<Observation>)> {
    let failed = |e| Error::io("cannot write", std::env::temp_dir(), e);
    let dir = tempfile::Builder::new().prefix("unecho-plan-").tempdir().map_err(failed)?;
    let (even, all) = (dir.path().join("even"), dir.path().join("all"));
    for (i, piece) in sampled.pieces.iter().enumerate() {
        let extension = if piece.format == Format::Jsonl { "jsonl" } else { "txt" };
        let name = format!("{i:06}.{extension}");
        write(&all.join(&name), &piece.bytes)?;
        if i % 2 == 0 && sampled.pieces.len() > 1 {
            write(&even.join(&name), &piece.bytes)?;
        }
    }
    let mut runs = Vec::new();
    if even.exists() && !sampled.whole {
        runs.push(observe(&even, config, terminal)?.0);
    }
    let (run, documents) = observe(&all, config, terminal)?;
    runs.push(run);
    Ok((known(sampled, &documents), runs))
}

/// An error in a copy of a piece, as one in the file that the piece is of.
fn in_the_input(error: Error, sampled: &Sampled) -> Error {
    let Error::Input { path, line, reason } = &error else { return error };
    let number = path.file_stem().and_then(|stem| stem.to_str()?.parse::<usize>().ok());
    let Some(piece) = number.and_then(|number| sampled.pieces.get(number)) else { return error };
    match line.filter(|_| sampled.whole) {
        Some(line) => Error::input(&piece.path, Some(line), reason.clone()),
        None => Error::input(&piece.path, None, format!("a record somewhere inside: {reason}")),
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    let parent = path.parent().unwrap_or(path);
    let written = std::fs::create_dir_all(parent).and_then(|()| std::fs::write(path, bytes));
    written.map_err(|e| Error::io("cannot write", path, e))
}

fn known(sampled: &Sampled, documents: &[u64]) -> Known {
    let pieces = sampled.pieces.iter().zip(documents);
    Known {
        files: sampled.files,
        stored: sampled.stored,
        whole: sampled.whole,
        file_is_document: sampled.pieces.iter().all(|piece| piece.format == Format::Text),
        plain: sampled.pieces.iter().all(|piece| piece.codec == Codec::None),
        pieces: pieces.map(|(piece, documents)| [piece.stored, piece.bytes.len() as u64, *documents]).collect(),
    }
}

/// Cleans a directory: what that took, and the documents of each of its files.
fn observe(dir: &Path, config: &Config, terminal: &Terminal) -> Result<(Observation, Vec<u64>)> {
    let quiet = Quiet(terminal.progress());
    let walk = WalkOptions { no_ignore: true, ..WalkOptions::default() };
    let input = InputOptions { walk, format: None, ..config.input.clone() };
    let config = Config { input, max_removed: None, ..config.clone() };
    let inputs = [dir.to_owned()];
    let started = Instant::now();
    let outcome = crate::scan(&inputs, &config, &quiet)?;
    let target = Target::new(&dir.with_extension("cleaned"), &inputs);
    outcome.write(&inputs, &target, false, &quiet)?.commit()?;
    let seconds = started.elapsed().as_secs_f64();
    let documents = outcome.corpus.sources.iter().map(|source| source.docs.len() as u64).collect();
    let Measured { peak_memory, peak_temporary, .. } = terminal.measured();
    let run = Observation { bytes: outcome.total_bytes().read, seconds, peak_memory, peak_temporary };
    Ok((run, documents))
}

/// Says nothing of a sample, but stops when the user asks.
struct Quiet<'p>(&'p dyn Progress);

impl Progress for Quiet<'_> {
    fn begin(&self, _: Stage, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
    fn warn(&self, _: &str) {}
    fn cancelled(&self) -> bool {
        self.0.cancelled()
    }
}
