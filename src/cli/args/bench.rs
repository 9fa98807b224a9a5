//! `unecho bench`.

use std::path::PathBuf;

use clap::Args;

use super::synth::Made;

pub(super) const EXAMPLES: &str = "\
Examples:
  unecho bench                                          a made-up corpus of 10,000 documents
  unecho bench corpus.jsonl --threads 1,2,4             your own
  unecho bench corpus/ --unit none --unit document,paragraph --runs 9
  unecho bench --documents 100000 --edits 1%,2%,5%      what is found of copies that are less alike
  unecho bench corpus.jsonl --export-json bench.json -- --similarity 0.7 --text-field content

The JSON has the layout of hyperfine: its scripts read it.";

#[derive(Debug, Args)]
pub(in crate::cli) struct Bench {
    /// Files and directories [default: a made-up corpus]
    #[arg(value_name = "INPUT")]
    pub(in crate::cli) inputs: Vec<PathBuf>,
    /// What is compared, as for `clean`; each --unit is a setting of its own [default: none; document; document,paragraph]
    #[arg(short, long, value_name = "UNIT,…")]
    pub(in crate::cli) unit: Vec<String>,
    /// Runs of each setting that count; settings take turns
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..))]
    pub(in crate::cli) runs: u64,
    /// Runs of each setting before those that count
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(in crate::cli) warmup: u64,
    /// Documents of INPUT that are joined exactly with all, to see what was missed
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(in crate::cli) sample: usize,
    /// Measure speed only
    #[arg(long)]
    pub(in crate::cli) no_quality: bool,
    /// Write the results as JSON, in the layout of hyperfine
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) export_json: Option<PathBuf>,
    /// Write the results as a Markdown table
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) export_markdown: Option<PathBuf>,
    #[command(flatten)]
    pub(in crate::cli) made: Made,
    /// Options of `clean` for every run
    #[arg(last = true, value_name = "OPTION")]
    pub(in crate::cli) options: Vec<String>,
}
