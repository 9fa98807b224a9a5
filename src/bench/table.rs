//! Measured runs for people, on a terminal.

use std::io::{self, Write};

use super::export::said;
use super::quality::Basis;
use super::runs::{Bench, Setting, per_second};
use crate::report::{Style, count, counted, human_bytes};

/// Writes the corpus, a line for each setting, a line for its stages, and the quality.
pub fn table(bench: &Bench, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (strong, reset) = (style.strong, style.reset);
    let (documents, bytes) = (counted(bench.documents, "document"), human_bytes(bench.bytes));
    writeln!(out, "  {strong}corpus{reset}   {} · {documents} · {bytes}", bench.corpus)?;
    let machine = &bench.machine;
    let cores = counted(machine.cores as u64, "core");
    writeln!(
        out,
        "  {strong}machine{reset}  {} · {cores} · {} · unecho {}",
        machine.processor, machine.system, machine.unecho
    )?;
    let runs = bench.settings.first().map_or(0, |setting| setting.samples.len());
    writeln!(out, "  {strong}runs{reset}     {runs} of each after {} to warm up, in turn\n", bench.warmup)?;
    writeln!(
        out,
        "{strong}{:<22} {:>7} {:>18} {:>8} {:>10} {:>10} {:>7} {:>8}{reset}",
        "unit", "threads", "seconds", "MB/s", "docs/s", "peak", "× none", "scaling"
    )?;
    for setting in &bench.settings {
        line(bench, setting, style, out)?;
    }
    quality(bench, style, out)
}

fn line(bench: &Bench, setting: &Setting, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let summary = setting.summary();
    let spread = summary.stddev.map(|stddev| format!(" ± {stddev:.3}")).unwrap_or_default();
    let times = |value: Option<f64>| value.map(|value| format!("{value:.2}")).unwrap_or_default();
    writeln!(
        out,
        "{:<22} {:>7} {:>18} {:>8.1} {:>10} {:>10} {:>7} {:>8}",
        setting.unit,
        setting.threads,
        format!("{:.3}{spread}", summary.mean),
        bench.megabytes_per_second(setting),
        count(bench.documents_per_second(setting) as u64),
        setting.peak_memory().map(human_bytes).unwrap_or_default(),
        times(bench.times_none(setting)),
        times(bench.scaling(setting)),
    )?;
    let rate = |seconds: f64| per_second(bench.bytes as f64 / 1e6, seconds);
    let stages = setting
        .stages()
        .into_iter()
        .map(|(name, seconds)| format!("{name} {seconds:.3} s ({:.0} MB/s)", rate(seconds)));
    let stages: Vec<String> = stages.collect();
    writeln!(out, "  {}{}{}", style.faint, stages.join(" · "), style.reset)
}

fn quality(bench: &Bench, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Some(quality) = &bench.quality else { return Ok(()) };
    let basis = match quality.basis {
        Basis::Planted => "against what was planted".to_owned(),
        Basis::Join { sample } => format!("against the exact join of {} with all", counted(sample, "document")),
    };
    writeln!(out, "\n{}documents at similarity {}, {basis}{}", style.strong, bench.similarity, style.reset)?;
    let promised = quality.promised.map(|recall| format!(", the bands promise {recall:.4}")).unwrap_or_default();
    writeln!(out, "  {}{promised}", said("recall", quality.recall))?;
    writeln!(out, "  {}", said("precision", quality.precision))?;
    quality.kinds.iter().try_for_each(|(kind, share)| writeln!(out, "    {}", said(kind, *share)))
}

#[cfg(test)]
mod tests {
    use super::super::runs::tests::example;
    use super::*;

    #[test]
    fn every_setting_has_its_line() {
        let mut out = Vec::new();
        table(&example(), Style::default(), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(
            text.contains(
                "document                     2      1.000 ± 0.100     10.0      4,000     1.1 MB             2.00"
            ),
            "{text}"
        );
        assert!(text.contains("read 0.500 s (20 MB/s) · write 1.000 s (10 MB/s)"), "{text}");
        assert!(text.contains("recall 0.9900") && text.contains("the bands promise 0.9850"), "{text}");
    }
}
