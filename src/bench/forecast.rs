//! What a sample took → what everything will take.
//!
//! In: how much there is, pieces of it, and runs of the real stages over half of them and all of them. Out: estimates with
//! ranges. Always: of a sample that is everything, what was measured is what is said. What a range rests on: bytes and
//! documents, two standard errors as the pieces differ among themselves; time and memory, the runs, and a margin for what a
//! sample cannot tell (other caches, more repeats, the machine at another hour). Repeats are no part of it: in a sample
//! hardly any document meets its copy.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::stats::Estimate;
use crate::config::Config;
use crate::report::{Style, count, counted, human_bytes};

/// Margins of a time that was extrapolated.
const TIME_MARGIN: (f64, f64) = (0.8, 1.5);

/// Margins of memory that was extrapolated.
const MEMORY_MARGIN: (f64, f64) = (0.8, 1.3);

/// What is known before anything is run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Known {
    /// Files.
    pub files: u64,
    /// Their bytes on disk.
    pub stored: u64,
    /// The pieces are everything.
    pub whole: bool,
    /// Every file is one document.
    pub file_is_document: bool,
    /// No file is compressed.
    pub plain: bool,
    /// Of each piece its bytes on disk, its decoded bytes, and its documents.
    pub pieces: Vec<[u64; 3]>,
}

/// One run over some of the pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Observation {
    /// Decoded bytes.
    pub bytes: u64,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Greatest memory of the process by then.
    pub peak_memory: Option<u64>,
    /// Temporary data by then, at the most: what a limit on memory did not let stay there.
    pub peak_temporary: u64,
}

impl Observation {
    /// Memory that it would have had without a limit.
    fn needed(&self) -> Option<f64> {
        Some((self.peak_memory? + self.peak_temporary) as f64)
    }
}

/// What everything will take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Forecast {
    /// Decoded bytes.
    pub bytes: Estimate,
    /// Documents.
    pub documents: Estimate,
    /// Wall time in seconds, with as many threads.
    pub seconds: Estimate,
    /// Greatest memory without a limit, in bytes; `None` where the system does not tell.
    pub memory: Option<Estimate>,
    /// The limit on it.
    pub limit: Option<u64>,
    /// Disk that is needed beside the input until the run is over: the cleaned corpus and its ledger.
    pub disk: Estimate,
    /// Temporary disk for what the limit on memory does not let stay there.
    pub temporary: Estimate,
}

/// The forecast for everything, under a `limit` on memory in bytes if there is one. `runs` are in the order in which they
/// were made, in one process, small ones first.
pub fn forecast(known: &Known, runs: &[Observation], limit: Option<u64>) -> Forecast {
    let part = |from: usize, to: usize| {
        let pieces: Vec<(f64, f64)> = known.pieces.iter().map(|p| (p[from] as f64, p[to] as f64)).collect();
        Estimate::ratio(&pieces)
    };
    let sum = |of: usize| Estimate::exactly(known.pieces.iter().map(|piece| piece[of]).sum::<u64>() as f64);
    let stored = known.stored as f64;
    let (bytes, documents) = match known.whole {
        true => (sum(1), sum(2)),
        false => (
            if known.plain { Estimate::exactly(stored) } else { part(0, 1).times(stored) },
            if known.file_is_document { Estimate::exactly(known.files as f64) } else { part(0, 2).times(stored) },
        ),
    };
    let memory = memory(known.whole, bytes, runs);
    let measured = runs.last().map_or(0, |run| run.peak_temporary) as f64;
    Forecast {
        bytes,
        documents,
        seconds: seconds(known.whole, bytes, runs),
        memory,
        limit,
        disk: Estimate { value: stored, low: 0.0, high: stored * 1.1 },
        temporary: match memory.zip(limit) {
            Some((memory, limit)) if !known.whole => {
                // files as they are need no room: they are read again where they stand
                let elsewhere = if known.plain { bytes.value } else { 0.0 };
                temporary(memory, elsewhere, limit as f64)
            }
            _ => Estimate::exactly(measured),
        },
    }
}

/// Blocks are in memory up to half of the limit, and what they leave when they grow and go is not used again at once: what
/// lay on the disk was 0.6 (20 GB at 1 GiB) to 1.9 times (228 MB at 256 MiB) what did not fit.
fn temporary(memory: Estimate, elsewhere: f64, limit: f64) -> Estimate {
    let beyond = |memory: f64| if memory <= limit { 0.0 } else { (memory - elsewhere - limit / 2.0).max(0.0) };
    Estimate { value: 1.2 * beyond(memory.value), low: 0.6 * beyond(memory.low), high: 2.0 * beyond(memory.high) }
}

fn seconds(whole: bool, bytes: Estimate, runs: &[Observation]) -> Estimate {
    let rates = runs.iter().filter(|run| run.bytes > 0).map(|run| run.seconds / run.bytes as f64);
    let (least, most) = rates.clone().fold((f64::INFINITY, 0.0f64), |(l, m), rate| (l.min(rate), m.max(rate)));
    let Some(last) = rates.clone().next_back() else { return Estimate::exactly(0.0) };
    let (low, high) = if whole { (1.0, 1.0) } else { TIME_MARGIN };
    let least = if whole { last } else { least };
    let most = if whole { last } else { most };
    Estimate { value: last * bytes.value, low: least * bytes.low * low, high: most * bytes.high * high }
}

/// A line through the last two runs of different sizes; through the origin if there is but one.
fn memory(whole: bool, bytes: Estimate, runs: &[Observation]) -> Option<Estimate> {
    let last = runs.last()?;
    let (most, size) = (last.needed()?, last.bytes as f64);
    if whole {
        return Some(Estimate::exactly(most));
    }
    let smaller = runs.iter().rev().find(|run| run.bytes < last.bytes);
    let (less, smaller) = smaller.map_or((0.0, 0.0), |run| (run.needed().unwrap_or(0.0), run.bytes as f64));
    let slope = ((most - less) / (size - smaller).max(1.0)).max(0.0);
    let at = |bytes: f64| (most + slope * (bytes - size)).max(most);
    Some(Estimate {
        value: at(bytes.value),
        low: at(bytes.low) * MEMORY_MARGIN.0,
        high: at(bytes.high) * MEMORY_MARGIN.1,
    })
}

/// Similarities at which the recall is told.
fn similarities() -> impl Iterator<Item = f64> {
    (50..=100).step_by(5).map(|percent| f64::from(percent) / 100.0)
}

/// The forecast for programs.
pub fn forecast_json(known: &Known, forecast: &Forecast, config: &Config, threads: usize) -> Value {
    let estimate = |e: Estimate| json!({"estimate": e.value, "low": e.low, "high": e.high});
    let recall = |banding: crate::sketch::Banding| {
        let at = |similarity: f64| json!({"similarity": similarity, "recall": banding.recall(similarity)});
        similarities().map(at).collect::<Vec<_>>()
    };
    json!({
        "unecho_plan": 1,
        "files": known.files,
        "stored_bytes": known.stored,
        "bytes": estimate(forecast.bytes),
        "documents": estimate(forecast.documents),
        "seconds": estimate(forecast.seconds),
        "memory": forecast.memory.map(estimate),
        "memory_limit": forecast.limit,
        "disk": estimate(forecast.disk),
        "temporary": estimate(forecast.temporary),
        "threads": threads,
        "sample": {
            "whole": known.whole,
            "pieces": known.pieces.len(),
            "stored_bytes": known.pieces.iter().map(|piece| piece[0]).sum::<u64>(),
            "bytes": known.pieces.iter().map(|piece| piece[1]).sum::<u64>(),
            "documents": known.pieces.iter().map(|piece| piece[2]).sum::<u64>(),
        },
        "bands": config.banding().map(|banding| json!({"bands": banding.bands, "rows": banding.rows})),
        "recall": config.banding().map(recall),
        "options": config.describe(),
    })
}

/// The forecast for people.
pub fn forecast_text(
    known: &Known,
    forecast: &Forecast,
    config: &Config,
    threads: usize,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut row = |name: &str, said: String| writeln!(out, "  {}{name:<10}{} {said}", style.strong, style.reset);
    row("files", format!("{} · {} on disk", count(known.files), human_bytes(known.stored)))?;
    row("text", range(forecast.bytes, |n| human_bytes(n as u64)))?;
    row("documents", range(forecast.documents, |n| count(n as u64)))?;
    row("time", format!("{} with {}", range(forecast.seconds, duration), counted(threads as u64, "thread")))?;
    row("memory", memory_text(forecast))?;
    row("disk", format!("up to {} for the cleaned corpus and its ledger", human_bytes(forecast.disk.high as u64)))?;
    if forecast.temporary.high > 0.0 {
        let said = range(forecast.temporary, |n| human_bytes(n as u64));
        row("temporary", format!("{said} of disk, for what --memory does not let stay in memory"))?;
    }
    match config.banding() {
        Some(banding) => {
            row("bands", format!("{} × {} rows", banding.bands, banding.rows))?;
            let recall = similarities().map(|s| format!("{s:.2} {:.3}", banding.recall(s)));
            row("recall", recall.collect::<Vec<_>>().join(" · "))?;
        }
        None => row("bands", "none: equal words only, found by digest".to_owned())?,
    }
    let bytes: u64 = known.pieces.iter().map(|piece| piece[1]).sum();
    let documents: u64 = known.pieces.iter().map(|piece| piece[2]).sum();
    let basis = if known.whole { "everything was run" } else { "half of a sample and all of it were run" };
    row(
        "basis",
        format!(
            "{basis}: {}, {}, from {}",
            human_bytes(bytes),
            counted(documents, "document"),
            counted(known.pieces.len() as u64, "place")
        ),
    )
}

/// What the process takes; under a limit that is less, also what it would take.
fn memory_text(forecast: &Forecast) -> String {
    let Some(memory) = forecast.memory else { return "this system does not tell".to_owned() };
    let needed = range(memory, |n| human_bytes(n as u64));
    match forecast.limit {
        Some(limit) if memory.high > limit as f64 => {
            format!("up to {}, the limit; without it {needed}", human_bytes(limit))
        }
        _ => needed,
    }
}

/// `20.1 GB (19.8 GB–20.4 GB)`; one value if there is no doubt.
fn range(estimate: Estimate, said: impl Fn(f64) -> String) -> String {
    let (value, low, high) = (said(estimate.value), said(estimate.low), said(estimate.high));
    if low == high { value } else { format!("{value} ({low} – {high})") }
}

/// `1 h 05 min`, `2 min 03 s`, `4.2 s`
fn duration(seconds: f64) -> String {
    match seconds.round() as u64 {
        0..60 => format!("{seconds:.1} s"),
        s @ 60..3600 => format!("{} min {:02} s", s / 60, s % 60),
        s => format!("{} h {:02} min", s / 3600, s % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known() -> Known {
        Known { files: 2, stored: 1000, plain: true, pieces: vec![[10, 10, 1], [10, 10, 3]], ..Known::default() }
    }

    fn runs() -> [Observation; 2] {
        let run = |bytes, seconds, peak| Observation { bytes, seconds, peak_memory: Some(peak), peak_temporary: 0 };
        [run(10, 1.0, 150), run(20, 1.5, 200)]
    }

    #[test]
    fn a_sample_is_extrapolated() {
        let found = forecast(&known(), &runs(), None);
        assert_eq!(found.bytes, Estimate::exactly(1000.0));
        assert!(
            found.documents.value == 200.0 && found.documents.low < 1.0 && found.documents.high > 399.0,
            "{found:?}"
        );
        assert_eq!((found.seconds.value, found.seconds.high), (75.0, 150.0));
        assert_eq!(found.memory.unwrap().value, 200.0 + 5.0 * 980.0);
        assert_eq!(
            forecast(&Known { file_is_document: true, ..known() }, &runs(), None).documents,
            Estimate::exactly(2.0)
        );
        let packed = Known { plain: false, pieces: vec![[10, 30, 1], [10, 50, 3]], ..known() };
        assert_eq!(forecast(&packed, &runs(), None).bytes.value, 4000.0);
    }

    #[test]
    fn what_does_not_fit_is_on_disk() {
        let temporary = |limit| forecast(&known(), &runs(), Some(limit)).temporary;
        assert_eq!(temporary(1 << 30), Estimate::exactly(0.0));
        let little = temporary(2000);
        assert_eq!((little.low, little.value, little.high), (0.6 * 2080.0, 1.2 * 3100.0, 2.0 * 4630.0));
        let hardly = temporary(5200);
        assert_eq!((hardly.low, hardly.value), (0.0, 0.0));
        assert!(hardly.high > 0.0, "{hardly:?}");
    }

    #[test]
    fn a_sample_that_fills_the_limit_needs_what_it_spilled_too() {
        let run = |bytes, peak_memory, peak_temporary| Observation {
            bytes,
            seconds: 1.0,
            peak_memory: Some(peak_memory),
            peak_temporary,
        };
        let runs = [run(10, 100, 50), run(20, 100, 100)];
        let found = forecast(&known(), &runs, Some(100));
        assert_eq!(found.memory.unwrap().value, 200.0 + 5.0 * 980.0);
        assert_eq!(found.temporary.value, 1.2 * (5100.0 - 1000.0 - 50.0));
        let whole = forecast(&Known { whole: true, ..known() }, &runs, Some(100));
        assert_eq!((whole.memory, whole.temporary), (Some(Estimate::exactly(200.0)), Estimate::exactly(100.0)));
        assert_eq!(memory_text(&whole), "up to 100 B, the limit; without it 200 B");
        assert_eq!(memory_text(&forecast(&known(), &self::runs(), Some(1 << 30))), "5.1 kB (4.1 kB – 6.6 kB)");
    }

    #[test]
    fn everything_is_what_was_measured() {
        let found = forecast(&Known { whole: true, ..known() }, &runs(), None);
        assert_eq!((found.bytes, found.documents), (Estimate::exactly(20.0), Estimate::exactly(4.0)));
        assert_eq!((found.seconds, found.memory), (Estimate::exactly(1.5), Some(Estimate::exactly(200.0))));
    }

    #[test]
    fn durations_for_people() {
        assert_eq!(
            (duration(4.23), duration(123.0), duration(3900.0)),
            ("4.2 s".into(), "2 min 03 s".into(), "1 h 05 min".into())
        );
    }
}
