//! The JSON report: one object, one group a line, written as it goes; and read back. The README documents every field.

use std::io::{self, Read, Write};
use std::ops::Range;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::Report;
use super::model::{
    CorpusTotals, DocumentView, GroupView, Histograms, KeptPassageView, Measured, Overview, Rejected, Run, SkippedView,
    SourceView,
};
use crate::corpus::Unit;
use crate::gate::Verdict;
use crate::memory;

/// Grows by one whenever a field changes its meaning or goes away.
const SCHEMA_VERSION: u32 = 1;

/// Most repeated segments that are listed.
const MOST_REPEATED: usize = 20;

/// One of the largest groups.
#[derive(Serialize)]
struct Repeated {
    group: usize,
    unit: Unit,
    copies: usize,
    excerpt: String,
}

/// Writes everything but what was measured; [`finish`] has to follow.
pub(super) fn begin(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let overview = &report.overview;
    writeln!(out, "{{\"schema_version\": {SCHEMA_VERSION},")?;
    member(out, "run", &overview.run)?;
    member(out, "totals", &overview.totals)?;
    array(out, "sources", &overview.sources)?;
    member(out, "histograms", &overview.histograms)?;
    let repeated = report.largest_groups(MOST_REPEATED).into_iter().map(|g| Repeated {
        group: g + 1,
        unit: report.unit(g),
        copies: report.copies(g),
        excerpt: report.keeper(g).excerpt,
    });
    array(out, "most_repeated", repeated)?;
    groups(report, out)?;
    array(out, "emptied", &overview.emptied)?;
    array(out, "kept_passages", &overview.kept_passages)?;
    array(out, "rejected", &overview.rejected)?;
    array(out, "skipped", &overview.skipped)?;
    overview.verdict.as_ref().map_or(Ok(()), |verdict| member(out, "verdict", verdict))
}

/// Writes what was measured, and ends the report.
pub(super) fn finish(measured: &Measured, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\"measured\": {}}}", serde_json::to_string(measured)?)
}

/// Copies in the groups that one task describes, about: each is described close to others in the text.
const TASK: usize = 1024;

/// Bytes that a copy is described in, about.
const COPY: usize = 400;

/// The member `groups`, as [`array`] would write it.
fn groups(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "\"groups\": [")?;
    let _looking_up = memory::here_and_there();
    let described = |task: &Range<usize>| {
        let mut lines = Vec::with_capacity(TASK * COPY);
        for group in report.groups(task.clone()) {
            lines.extend_from_slice(if group.group == 1 { b"\n" } else { b",\n" });
            serde_json::to_writer(&mut lines, &group)?;
        }
        Ok::<_, io::Error>(lines)
    };
    let mut ready: Vec<Vec<u8>> = Vec::new();
    // four for each thread at a time, so that none waits long for the others; while they are written, the next are described
    for some in tasks(report).chunks(4 * rayon::current_num_threads()).chain([&[][..]]) {
        let mut next = Ok(Vec::new());
        rayon::in_place_scope(|scope| {
            scope.spawn(|_| next = some.par_iter().map(described).collect());
            ready.iter().try_for_each(|lines| out.write_all(lines))
        })?;
        ready = next?;
    }
    writeln!(out, "],")
}

/// The groups in runs of about [`TASK`] copies.
fn tasks(report: &Report<'_>) -> Vec<Range<usize>> {
    let (mut tasks, mut start, mut copies) = (Vec::new(), 0, 0);
    for group in 0..report.len() {
        copies += report.copies(group);
        if copies >= TASK || group + 1 == report.len() {
            tasks.push(start..group + 1);
            (start, copies) = (group + 1, 0);
        }
    }
    tasks
}

/// A member of the top object, on a line of its own.
fn member(out: &mut dyn Write, name: &str, value: &impl Serialize) -> io::Result<()> {
    writeln!(out, "\"{name}\": {},", serde_json::to_string(value)?)
}

/// A member that is an array, one element a line.
fn array<T: Serialize>(out: &mut dyn Write, name: &str, values: impl IntoIterator<Item = T>) -> io::Result<()> {
    write!(out, "\"{name}\": [")?;
    for (i, value) in values.into_iter().enumerate() {
        out.write_all(if i == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &value)?;
    }
    writeln!(out, "],")
}

/// A whole report, as it is read. What can be worked out from the rest (`most_repeated`) is not read, and fields of later
/// versions that add to this one are passed over.
#[derive(Deserialize)]
struct Whole {
    run: Run,
    totals: CorpusTotals,
    sources: Vec<SourceView>,
    histograms: Histograms,
    groups: Vec<GroupView>,
    emptied: Vec<DocumentView>,
    #[serde(default)]
    kept_passages: Vec<KeptPassageView>,
    rejected: Vec<Rejected>,
    skipped: Vec<SkippedView>,
    verdict: Option<Verdict>,
    measured: Measured,
}

/// What every version of the report begins with.
#[derive(Deserialize)]
struct Version {
    schema_version: u32,
}

/// Reads a report; what is wrong with it otherwise.
pub(super) fn read(mut from: impl Read) -> Result<Report<'static>, String> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).map_err(|e| format!("cannot be read: {e}"))?;
    let foreign = |e| format!("is not a JSON report of unecho ({e}); give it the report.json of a run");
    let Version { schema_version } = serde_json::from_slice(&bytes).map_err(foreign)?;
    if schema_version != SCHEMA_VERSION {
        return Err(format!(
            "is a report of schema version {schema_version}, and this unecho knows version {SCHEMA_VERSION}; use the version of unecho that wrote it, or run it again"
        ));
    }
    let whole: Whole = serde_json::from_slice(&bytes)
        .map_err(|e| format!("is damaged or cut short ({e}); run unecho again to write it anew"))?;
    let Whole {
        run,
        totals,
        sources,
        histograms,
        groups,
        emptied,
        kept_passages,
        rejected,
        skipped,
        verdict,
        measured,
    } = whole;
    let overview = Overview { run, totals, sources, histograms, emptied, kept_passages, rejected, skipped, verdict };
    Ok(Report::saved(overview, groups, measured))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Config, Corpus};

    fn written(report: &Report<'_>) -> String {
        let mut out = Vec::new();
        begin(report, &mut out).and_then(|()| finish(&report.measured, &mut out)).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn sample() -> String {
        let words = |seed: &str, n: usize| (0..n).map(|i| format!("{seed}{i}")).collect::<Vec<_>>().join(" ");
        let (a, b) = (words("a", 60), words("b", 60));
        let texts = [format!("{a}\n{b}\n"), format!("{a} x\n{}", words("c", 60)), b.clone(), format!("{b}\u{202e}")];
        let outcome = crate::find(Corpus::from_texts(texts), &Config::default(), &()).unwrap();
        let stages = vec![("read".to_owned(), 0.1), ("a stage".to_owned(), 1.0 / 3.0)];
        let measured = Measured { stages, seconds: 0.1 + 0.2, peak_memory: None, peak_temporary: 0, threads: 2 };
        written(&Report::new(&outcome, measured, "unecho \"x\"".to_owned()))
    }

    #[test]
    fn what_is_read_back_is_written_the_same() {
        let first = sample();
        let read = read(first.as_bytes()).unwrap();
        assert!(read.len() > 1 && read.copies(0) > 1);
        assert_eq!(written(&read), first);
    }

    #[test]
    fn other_versions_and_other_files_are_refused_with_the_remedy() {
        let refusal = |text: &str| read(text.as_bytes()).err().expect("it must be refused");
        let later = refusal(&sample().replacen("\"schema_version\": 1", "\"schema_version\": 2", 1));
        assert!(later.contains("version 2") && later.contains("run it again"), "{later}");
        assert!(refusal("{}").contains("report.json of a run"));
        assert!(refusal("").contains("report.json of a run"));
        let whole = sample();
        let cut = refusal(&whole.replacen("\"sources\"", "\"springs\"", 1));
        assert!(cut.contains("damaged"), "{cut}");
    }
}
