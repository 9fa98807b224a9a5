//! Measured runs as JSON in the layout of hyperfine, and as Markdown.
//!
//! `results` holds for each setting the fields of hyperfine (seconds; `memory_usage_byte` by run; `parameters` as texts),
//! so that its scripts read the file; what only we have stands beside them: `unecho` in each result, and `corpus`,
//! `machine` and `quality` at the top.

use serde_json::{Value, json};

use super::quality::{Basis, Quality};
use super::runs::{Bench, Sample, Setting, per_second};
use super::stats::Share;

/// Everything, for programs.
pub fn json(bench: &Bench) -> Value {
    json!({
        "results": bench.settings.iter().map(|setting| result(bench, setting)).collect::<Vec<_>>(),
        "unecho_bench": 1,
        "corpus": {"name": bench.corpus, "bytes": bench.bytes, "documents": bench.documents},
        "warmup": bench.warmup,
        "machine": {
            "processor": bench.machine.processor, "cores": bench.machine.cores,
            "system": bench.machine.system, "unecho": bench.machine.unecho,
        },
        "quality": bench.quality.as_ref().map(|quality| quality_json(quality, bench.similarity)),
    })
}

fn result(bench: &Bench, setting: &Setting) -> Value {
    let summary = setting.summary();
    let memory: Vec<u64> = setting.samples.iter().filter_map(|sample| sample.peak_memory).collect();
    let stage = |(name, seconds): (String, f64)| {
        let rates = json!({
            "seconds": seconds,
            "mb_per_s": per_second(bench.bytes as f64 / 1e6, seconds),
            "documents_per_s": per_second(bench.documents as f64, seconds),
        });
        (name, rates)
    };
    json!({
        "command": setting.command,
        "mean": summary.mean,
        "stddev": summary.stddev,
        "median": summary.median,
        "user": setting.mean(|sample: &Sample| sample.user),
        "system": setting.mean(|sample: &Sample| sample.system),
        "min": summary.min,
        "max": summary.max,
        "times": setting.times(),
        "memory_usage_byte": memory,
        // a run that fails ends the measurement
        "exit_codes": vec![0; setting.samples.len()],
        "parameters": {"unit": setting.unit, "threads": setting.threads.to_string()},
        "unecho": {
            "mb_per_s": bench.megabytes_per_second(setting),
            "documents_per_s": bench.documents_per_second(setting),
            "times_none": bench.times_none(setting),
            "scaling": bench.scaling(setting),
            "peak_memory": setting.peak_memory(),
            "stages": setting.stages().into_iter().map(stage).collect::<serde_json::Map<_, _>>(),
        },
    })
}

fn quality_json(quality: &Quality, similarity: f64) -> Value {
    let (basis, sample) = match quality.basis {
        Basis::Planted => ("planted", None),
        Basis::Join { sample } => ("exact-join", Some(sample)),
    };
    let kinds = quality.kinds.iter().map(|(kind, share)| (kind.clone(), share_json(*share)));
    json!({
        "basis": basis, "sample": sample, "unit": "document", "similarity": similarity,
        "recall": share_json(quality.recall),
        "precision": share_json(quality.precision),
        "recall_promised": quality.promised,
        "recall_by_kind": kinds.collect::<serde_json::Map<_, _>>(),
    })
}

fn share_json(share: Share) -> Value {
    let (low, high) = share.interval();
    json!({"value": share.value(), "low": low, "high": high, "hits": share.hits, "of": share.of})
}

/// A table for a merge request or a web page, with the columns of hyperfine and ours.
pub fn markdown(bench: &Bench) -> String {
    let mut out = String::from(
        "| Command | Mean [s] | Min [s] | Max [s] | Relative | MB/s | documents/s | peak [MB] |\n\
         |:---|---:|---:|---:|---:|---:|---:|---:|\n",
    );
    let fastest = bench.settings.iter().map(|setting| setting.summary().mean).fold(f64::INFINITY, f64::min);
    for setting in &bench.settings {
        let summary = setting.summary();
        let spread = summary.stddev.map(|stddev| format!(" ± {stddev:.3}")).unwrap_or_default();
        let peak = setting.peak_memory().map(|bytes| format!("{:.0}", bytes as f64 / 1e6)).unwrap_or_default();
        out += &format!(
            "| `{}` | {:.3}{spread} | {:.3} | {:.3} | {:.2} | {:.1} | {:.0} | {peak} |\n",
            setting.command,
            summary.mean,
            summary.min,
            summary.max,
            per_second(summary.mean, fastest),
            bench.megabytes_per_second(setting),
            bench.documents_per_second(setting),
        );
    }
    if let Some(quality) = &bench.quality {
        out += &format!("\n{}\n{}\n", said("Recall", quality.recall), said("Precision", quality.precision));
    }
    out
}

/// `Recall 0.990 (0.945–0.998; 99 of 100)`
pub(super) fn said(what: &str, share: Share) -> String {
    let (low, high) = share.interval();
    match share.value() {
        Some(value) => format!("{what} {value:.4} ({low:.4}–{high:.4}; {} of {})", share.hits, share.of),
        None => format!("{what}: nothing to measure"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::runs::tests::example;
    use super::*;

    #[test]
    fn hyperfine_would_know_every_field() {
        let value = json(&example());
        let results = value["results"].as_array().unwrap();
        assert_eq!(results.len(), 3);
        for result in results {
            for field in ["mean", "stddev", "median", "user", "system", "min", "max"] {
                assert!(result[field].is_f64(), "{field}: {result}");
            }
            assert!(result["command"].is_string());
            for list in ["times", "memory_usage_byte", "exit_codes"] {
                assert_eq!(result[list].as_array().unwrap().len(), 3, "{list}");
            }
            assert!(result["parameters"]["threads"].is_string());
        }
        assert_eq!(results[2]["unecho"]["scaling"], 2.0);
        assert_eq!(results[1]["unecho"]["stages"]["read"]["mb_per_s"], 20.0);
        assert_eq!(value["quality"]["recall"]["hits"], 99);
        assert_eq!(value["quality"]["recall_by_kind"]["exact"]["value"], 1.0);
    }

    #[test]
    fn markdown_has_a_row_for_each_setting() {
        let text = markdown(&example());
        assert!(text.contains("| `unecho clean in -o out --unit document -j 2` | 1.000 ± 0.100 | 0.900 | 1.100 | 1.00 | 10.0 | 4000 | 1 |"), "{text}");
        assert!(
            text.contains("Recall 0.9900 (0.94") && text.lines().filter(|line| line.starts_with("| `")).count() == 3
        );
    }
}
