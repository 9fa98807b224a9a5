//! `unecho synth`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

pub(super) const EXAMPLES: &str = "\
Examples:
  unecho synth -o made                                     10,000 documents, about 24 MB
  unecho synth -o made --documents 1000000 --files 8 --compress zstd
  unecho synth -o made --edited 20% --edits 1%,2%,5%,10%   copies that are more and less alike
  unecho synth -o made --script latin,cyrillic,han --seed 7
  unecho clean made/corpus -o cleaned                      what is found of them?

Each original has a quarter to four times --mean-words; rates are shares of the documents, or of the originals
(--boilerplate, --inner-repeats). Two originals share nothing but what was planted.";

#[derive(Debug, Args)]
pub(in crate::cli) struct Synth {
    /// The directory that the corpus and the truth go to
    #[arg(short, long, value_name = "OUT")]
    pub(in crate::cli) output: PathBuf,
    /// Replace a corpus that `unecho synth` wrote there
    #[arg(long)]
    pub(in crate::cli) force: bool,
    /// Divide the corpus into so many files
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(in crate::cli) files: u64,
    /// How the files are compressed
    #[arg(long, value_name = "HOW", default_value = "none")]
    pub(in crate::cli) compress: Compression,
    #[command(flatten)]
    pub(in crate::cli) made: Made,
}

/// What a corpus is made of.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Corpus")]
pub(in crate::cli) struct Made {
    /// Documents in the corpus
    #[arg(short = 'n', long, value_name = "N", default_value_t = 10_000)]
    pub(in crate::cli) documents: u64,
    /// Another seed, another corpus
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub(in crate::cli) seed: u64,
    /// Words of an original, on average
    #[arg(long, value_name = "N", default_value_t = 300)]
    pub(in crate::cli) mean_words: u32,
    /// Scripts that the originals are written in, equally often
    #[arg(long, value_name = "SCRIPT,…", value_delimiter = ',', default_value = "latin")]
    pub(in crate::cli) script: Vec<ScriptArg>,
    /// Documents that are exact copies of an earlier one
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = crate::cli::synth::parse_permille)]
    pub(in crate::cli) exact: u32,
    /// Documents that are copies with words substituted, deleted and inserted
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = crate::cli::synth::parse_permille)]
    pub(in crate::cli) edited: u32,
    /// Words that are changed in an edited copy; of several rates each copy has one
    ///
    /// With shingles of 5 words, 2 % leave a similarity of about 0.82, 5 % of 0.63.
    #[arg(long, value_name = "PERCENT,…", value_delimiter = ',', default_value = "2%", value_parser = crate::cli::synth::parse_permille)]
    pub(in crate::cli) edits: Vec<u32>,
    /// Documents that are copies with their paragraphs in another order
    #[arg(long, value_name = "PERCENT", default_value = "2%", value_parser = crate::cli::synth::parse_permille)]
    pub(in crate::cli) reordered: u32,
    /// Documents that are copies without their last tenth
    #[arg(long, value_name = "PERCENT", default_value = "2%", value_parser = crate::cli::synth::parse_permille)]
    pub(in crate::cli) truncated: u32,
    /// Originals that carry one of eight paragraphs of boilerplate
    #[arg(long, value_name = "PERCENT", default_value = "10%", value_parser = crate::cli::synth::parse_permille)]
    pub(in crate::cli) boilerplate: u32,
    /// Originals in which a paragraph or two are repeated
    #[arg(long, value_name = "PERCENT", default_value = "5%", value_parser = crate::cli::synth::parse_permille)]
    pub(in crate::cli) inner_repeats: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Compression {
    None,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ScriptArg {
    Latin,
    Cyrillic,
    Arabic,
    Devanagari,
    Hangul,
    Han,
    Thai,
    /// Each of them
    All,
}
