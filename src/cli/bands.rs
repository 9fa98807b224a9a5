//! `unecho scan --explain-bands`: what the search finds at which similarity.

use super::terminal::Terminal;
use crate::config::Config;
use crate::error::Result;

/// Prints the S-curve: the probability that a pair becomes a candidate.
pub(super) fn explain(config: &Config, terminal: &Terminal) -> Result<()> {
    let threshold = config.search.similarity;
    terminal.print(|style, out| {
        let Some(banding) = config.banding() else {
            return writeln!(out, "similarity 1: equal words only, found by digest; no bands");
        };
        writeln!(
            out,
            "{}{} bands × {} rows{} of 128 MinHash values: recall {:.4} at similarity {threshold}\n",
            style.strong,
            banding.bands,
            banding.rows,
            style.reset,
            banding.recall(threshold)
        )?;
        writeln!(out, "similarity  found as candidate")?;
        for percent in (30..=100).step_by(5) {
            let similarity = f64::from(percent) / 100.0;
            let recall = banding.recall(similarity);
            let bar = "#".repeat((recall * 40.0).round() as usize);
            let verdict = if similarity + 1e-9 < threshold { "refused when verified" } else { "a repeat" };
            writeln!(out, "      {similarity:.2}      {recall:.4}  {bar:<40} {verdict}")?;
        }
        writeln!(out, "\nEvery candidate is compared exactly; below the threshold none is removed.")
    })
}
