//! What was typed: one struct per group of options. What it means is in `settings`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::corpus::Unit;
use crate::report::ReportFormat;

const EXAMPLES: &str = "\
Examples:
  unecho scan corpus/                             what is said twice in a directory
  unecho clean corpus/ -o cleaned                 write it once
  unecho clean data.jsonl.zst -o clean.jsonl.zst  JSON Lines, compressed
  unecho clean corpus/ --dry-run                  the plan, nothing written
  unecho restore cleaned -o original              undo a clean, byte for byte

Exit codes: 0 done, 2 usage, configuration or I/O error, 130 interrupted.
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
    #[command(after_long_help = SCAN_EXAMPLES)]
    Scan(Scan),
    /// Write the corpus with every repeat removed, a report, and a ledger to undo it
    ///
    /// OUT mirrors the input. Beside it, in OUT.unecho, lie report.json, the ledger, and what was set aside. Everything is
    /// written under another name first and renamed when it is complete.
    #[command(after_long_help = CLEAN_EXAMPLES)]
    Clean(Clean),
    /// Rebuild the original from a cleaned corpus and its ledger
    ///
    /// The result is the original byte for byte; compressed files come back with the same contents, compressed anew.
    #[command(after_long_help = RESTORE_EXAMPLES)]
    Restore(Restore),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page (troff)
    Man,
}

const SCAN_EXAMPLES: &str = "\
Examples:
  unecho scan corpus/                          near-duplicate documents and repeated paragraphs
  unecho scan --unit line logs/ --glob '*.log' repeated lines of other files than text
  unecho scan a.jsonl b.jsonl --report json=-  everything, as JSON, to standard output
  unecho scan --explain-bands --similarity 0.7 what the search finds at which similarity";

const CLEAN_EXAMPLES: &str = "\
Examples:
  unecho clean corpus/ -o cleaned
  unecho clean train.jsonl.gz -o clean.jsonl.gz --text-field content --max-removed 30%
  unecho clean new/ archive/ -o cleaned --protect 'archive/**'
  unecho clean crawl/ -o cleaned --keep max:quality --report csv=removed.csv
  cat docs.jsonl | unecho clean - --format jsonl -o - > clean.jsonl";

const RESTORE_EXAMPLES: &str = "\
Example:
  unecho clean corpus/ -o cleaned && unecho restore cleaned -o original && diff -r corpus original";

/// Options of every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "General")]
pub(super) struct Global {
    /// Worker threads; 0 for one per core [default: 0]
    ///
    /// The result does not depend on it. RAYON_NUM_THREADS is honoured where this is 0.
    #[arg(short = 'j', long, global = true, value_name = "N", default_value_t = 0, hide_default_value = true)]
    pub(super) threads: usize,
    /// Progress bars on standard error
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) progress: When,
    /// Colour; NO_COLOR is honoured
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(super) color: When,
    /// Print errors only
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Print more: stage times, memory, what was skipped or set aside, more findings
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub(super) verbose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal
    Auto,
    Always,
    Never,
}

#[derive(Debug, Args)]
pub(super) struct Scan {
    #[command(flatten)]
    pub(super) input: Input,
    #[command(flatten)]
    pub(super) find: Find,
    #[command(flatten)]
    pub(super) report: Report,
    /// Print what the search finds at each similarity (the S-curve), and stop
    #[arg(long, help_heading = "Finding")]
    pub(super) explain_bands: bool,
}

#[derive(Debug, Args)]
pub(super) struct Clean {
    #[command(flatten)]
    pub(super) input: Input,
    /// Where the cleaned corpus goes
    ///
    /// A directory, or, for one input file, a file if it has an extension. `-` is standard output: all documents one after
    /// the other, without compression, and no ledger.
    #[arg(short, long, value_name = "OUT", required_unless_present = "dry_run")]
    pub(super) output: Option<PathBuf>,
    /// Show the plan on standard output; write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Replace an output that an earlier run wrote
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) find: Find,
    #[command(flatten)]
    pub(super) report: Report,
    /// Stop before writing if more than this share of the bytes would go
    ///
    /// It holds for the corpus, and for each source of several documents. Without it, a source of 64 KiB or more that
    /// loses more than half is warned about.
    #[arg(long, value_name = "PERCENT", help_heading = "Guard rails", value_parser = super::settings::parse_percent)]
    pub(super) max_removed: Option<f64>,
    /// Keep documents of which nothing is left, as empty ones; they are dropped and listed otherwise
    #[arg(long, help_heading = "Guard rails")]
    pub(super) keep_empty: bool,
}

#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The cleaned corpus, with OUT.unecho beside it
    #[arg(value_name = "OUT")]
    pub(super) cleaned: PathBuf,
    /// Where the original goes
    #[arg(short, long, value_name = "ORIGINAL")]
    pub(super) output: PathBuf,
    /// Replace what is there, if it is a file or an empty directory
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Input")]
pub(super) struct Input {
    /// Files and directories; `-` is standard input
    #[arg(value_name = "INPUT")]
    pub(super) inputs: Vec<PathBuf>,
    /// Read further inputs from a file, one path a line; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub(super) files_from: Option<PathBuf>,
    /// Format of the input [default: by name and contents]
    ///
    /// Known names are .txt .text .md .markdown .mdx .rst .adoc .org, none, .jsonl .ndjson .json (as JSON Lines). In
    /// directories other files are skipped and listed, unless --format or --glob is given. gzip, zstd, bzip2 and xz are
    /// recognised by content.
    #[arg(long, value_name = "FORMAT")]
    pub(super) format: Option<Format>,
    /// What is one document in a text file
    #[arg(long, value_name = "WHAT", default_value = "file")]
    pub(super) records: Records,
    /// JSON Lines: the field with the text; `a.b` is b inside a
    #[arg(long, value_name = "FIELD", default_value = "text")]
    pub(super) text_field: String,
    /// JSON Lines: the field that names a record in reports; file and line where it is missing
    #[arg(long, value_name = "FIELD", default_value = "id")]
    pub(super) id_field: String,
    /// In directories, only files that match; `!GLOB` leaves out; repeatable
    #[arg(short, long, value_name = "GLOB")]
    pub(super) glob: Vec<String>,
    /// In directories, leave out what matches; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(super) exclude: Vec<String>,
    /// In directories, hidden files too
    #[arg(long)]
    pub(super) hidden: bool,
    /// Do not honour .gitignore, .ignore and .unechoignore
    #[arg(long)]
    pub(super) no_ignore: bool,
    /// Follow symbolic links
    #[arg(short = 'L', long)]
    pub(super) follow: bool,
    /// A file or record that is not what its format says: stop, or set it aside, count it, list it and go on
    #[arg(long, value_name = "WHAT", default_value = "fail")]
    pub(super) on_error: OnError,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Plain text or Markdown
    Text,
    /// One JSON object a line
    Jsonl,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Records {
    /// The file is one document
    File,
    /// Each line is one
    Line,
    /// Each block between blank lines is one
    BlankLine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum OnError {
    Fail,
    Skip,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Finding")]
pub(super) struct Find {
    /// What is compared, largest first: document, paragraph, line, sentence, or none
    #[arg(short, long, value_name = "UNIT,…", value_delimiter = ',', default_value = "document,paragraph")]
    pub(super) unit: Vec<UnitArg>,
    /// Repeats anywhere, or only inside one document
    #[arg(long, value_name = "WHERE", default_value = "corpus")]
    pub(super) scope: Scope,
    /// Segments this similar and more are repeats, above 0 to 1; 1 is equal words only
    ///
    /// Exact similarity of the two sets of shingles (runs of --ngram words), computed from the texts.
    #[arg(short, long, value_name = "S", default_value_t = 0.8)]
    pub(super) similarity: f64,
    /// Shared shingles by those of both (jaccard), or by those of the segment in question (containment)
    ///
    /// Containment finds a segment that stands inside a longer kept one. It holds all kept shingles in memory.
    #[arg(long, value_name = "HOW", default_value = "jaccard")]
    pub(super) measure: Measure,
    /// Tokens in a shingle, 1 to 32, for all units or by unit [default: document=5, others 3]
    #[arg(long, value_name = "[UNIT=]N,…", value_delimiter = ',', value_parser = super::settings::parse_per_unit)]
    pub(super) ngram: Vec<(Option<Unit>, usize)>,
    /// Leave segments with fewer tokens alone, for all units or by unit [default: document=1, others 10]
    ///
    /// Headings, "Yes." and other short segments stay. A token is a word, or a character of Chinese, Japanese, Thai, Lao,
    /// Khmer or Burmese. Segments shorter than a shingle are compared for equality only.
    #[arg(long, value_name = "[UNIT=]N,…", value_delimiter = ',', value_parser = super::settings::parse_per_unit)]
    pub(super) min_tokens: Vec<(Option<Unit>, usize)>,
    /// What separates paragraphs; auto decides for each document from its line lengths
    #[arg(long, value_name = "WHAT", default_value = "auto")]
    pub(super) paragraph_break: ParagraphBreak,
    /// What a token is: a word, or every letter, digit and mark by itself
    ///
    /// Characters suit short texts in languages that glue words together; --ngram and --min-tokens then count characters.
    #[arg(long, value_name = "WHAT", default_value = "word")]
    pub(super) tokens: Tokens,
    /// Digits count for nothing, so that "page 3" and "page 4" are the same
    #[arg(long)]
    pub(super) ignore_digits: bool,
    /// Which copy stays: first, last, longest, shortest, max:FIELD, min:FIELD, or none
    ///
    /// Documents are taken in this order and the first of each group stays; ties go to the one read first. longest and
    /// shortest go by tokens of the document. FIELD is a field of the JSON record: numbers come before strings, strings
    /// before records without the field. none removes every copy of what is said twice.
    #[arg(short, long, value_name = "POLICY", default_value = "first", value_parser = super::settings::parse_keep)]
    pub(super) keep: crate::resolve::KeepPolicy,
    /// Keep copies in matching sources rather than in others; repeatable, in order of preference; goes before --keep
    #[arg(long, value_name = "GLOB")]
    pub(super) prefer: Vec<String>,
    /// Remove nothing from matching sources, but compare with them; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(super) protect: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum UnitArg {
    Document,
    Paragraph,
    Line,
    Sentence,
    /// Compare nothing: read and write only
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Tokens {
    Word,
    Character,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Scope {
    Corpus,
    Document,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Measure {
    Jaccard,
    Containment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ParagraphBreak {
    Auto,
    Newline,
    BlankLine,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Report")]
pub(super) struct Report {
    /// Write a report: json, text, csv or markdown; `-` is standard output; repeatable
    #[arg(long = "report", value_name = "FORMAT=PATH", value_parser = super::settings::parse_report)]
    pub(super) reports: Vec<(ReportFormat, PathBuf)>,
    /// Groups shown in the summary [default: 5, with -v 50]
    #[arg(long, value_name = "N")]
    pub(super) findings: Option<usize>,
}
