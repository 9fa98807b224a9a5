//! What was typed: one file per command or group of options. What it means is in `settings`.

mod bench;
mod check;
mod clean;
mod config;
mod find;
mod global;
mod input;
mod plan;
mod report;
mod restore;
mod saved;
mod scan;
mod synth;

use clap::{Parser, Subcommand};

pub(super) use bench::Bench;
pub(super) use check::{Check, Gates, Judging};
pub(super) use clean::{Action, Checkpoint, Clean};
pub(super) use config::{Config, Init};
pub(super) use find::{CutArg, Find, Measure, Normalised, ParagraphBreak, Scope, Tokens, UnitArg};
pub(super) use global::{Global, When};
pub(super) use input::{Completeness, Format, Input, OnError, Records};
pub(super) use plan::Plan;
pub(super) use report::Report;
pub(super) use restore::Restore;
pub(super) use saved::{Diff, DiffFormat, Explain, Render, Review};
pub(super) use scan::Scan;
pub(super) use synth::{Compression, Made, ScriptArg, Synth};

const EXAMPLES: &str = "\
Examples:
  unecho scan corpus/                             what is said twice in a directory
  unecho clean corpus/ -o cleaned                 write it once
  unecho clean data.jsonl.zst -o clean.jsonl.zst  JSON Lines, compressed
  unecho clean corpus/ --dry-run                  the plan, nothing written
  unecho restore cleaned -o original              undo a clean, byte for byte
  unecho check docs/ --max-duplicated 2%          fail if more of a directory is said twice

Exit codes: 0 done, 1 a gate of `check` failed, 2 usage, configuration or I/O error, or
--strict and not all was read, 130 interrupted, 143 terminated.
Home of the documentation: README.md of the project.";

/// Finds what a text corpus says twice, and writes it once.
#[derive(Debug, Parser)]
#[command(name = "unecho", version, about, after_help = EXAMPLES, max_term_width = 100)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
    #[command(flatten)]
    pub(super) global: Global,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Find repeats and report them; writes no corpus
    ///
    /// The findings go to standard output.
    #[command(after_long_help = scan::EXAMPLES)]
    Scan(Scan),
    /// Write the corpus with every repeat removed, a report, and a ledger to undo it
    ///
    /// OUT mirrors the input. Beside it, in OUT.unecho, lie report.json, the ledger, and what was set aside. Everything is
    /// written in OUT.unecho.run first and renamed when it is complete. A long run that was killed goes on with --resume.
    #[command(after_long_help = clean::EXAMPLES)]
    Clean(Clean),
    /// Find repeats and fail if there are too many: a gate for CI
    ///
    /// Every gate that is named is printed with its value and its limit. With no gate named, any finding fails.
    #[command(after_long_help = check::EXAMPLES)]
    Check(Box<Check>),
    /// Rebuild the original from a cleaned corpus and its ledger
    ///
    /// The result is the original byte for byte; compressed files come back with the same contents, compressed anew.
    #[command(after_long_help = restore::EXAMPLES)]
    Restore(Restore),
    /// Write a commented unecho.toml after a look at the corpus
    #[command(after_long_help = config::INIT_EXAMPLES)]
    Init(Init),
    /// Settings from unecho.toml and the environment
    #[command(subcommand)]
    Config(Config),
    /// Show a saved run again, in any format, or at a higher threshold
    #[command(after_long_help = saved::REPORT_EXAMPLES)]
    Report(Render),
    /// Say what happened to a document or a line of it, or why two documents were not merged
    ///
    /// Similarity, words that differ, and what the search saw. The texts are rebuilt from the cleaned corpus and its ledger.
    #[command(after_long_help = saved::EXPLAIN_EXAMPLES)]
    Explain(Explain),
    /// Say what is different between two runs
    #[command(after_long_help = saved::DIFF_EXAMPLES)]
    Diff(Diff),
    /// Step through the findings of a run and decide about each
    ///
    /// Answers are read as lines, from a terminal or from a pipe: a (accept), k (keep both), s (skip), b (back), q (quit);
    /// after a and k a reason may follow. Decisions are saved as they are made.
    #[command(after_long_help = saved::REVIEW_EXAMPLES)]
    Review(Review),
    /// Say what a run will take, from a sample: text, documents, time, memory, disk, and recall
    ///
    /// Pieces from all over the input are run through the real stages, half of them and then all of them, and what that took is
    /// extrapolated, with ranges. Of compressed files only the beginnings are looked at.
    #[command(after_long_help = plan::EXAMPLES)]
    Plan(Box<Plan>),
    /// Measure speed, memory and quality on your corpus or a made-up one
    ///
    /// Every run is `unecho clean` in a process of its own, from disk to disk, report included; settings take turns. Quality
    /// is that of documents: recall and precision against what was planted, or against an exact join of a sample of INPUT with
    /// all of it, with 95 % confidence intervals (Wilson).
    #[command(after_long_help = bench::EXAMPLES)]
    Bench(Box<Bench>),
    /// Write a made-up corpus with planted, known duplicates, and the truth about them
    ///
    /// To measure a de-duplicator with: what it finds, and what it should have left alone. The same options give the same
    /// bytes on every machine; memory does not grow with the corpus. OUT/corpus holds JSON Lines with `id` and `text`,
    /// OUT/truth.jsonl says which documents are copies of which and which paragraphs repeat, OUT/synth.json what was asked for.
    #[command(after_long_help = synth::EXAMPLES)]
    Synth(Synth),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page (troff)
    Man,
}
