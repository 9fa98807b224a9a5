//! What counts as a repeat, and which copy stays.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::corpus::Unit;
use crate::search::passage::MinPassage;

#[derive(Debug, Args)]
#[command(next_help_heading = "Finding")]
pub(in crate::cli) struct Find {
    /// What is compared, largest first: document, paragraph, line, sentence, passage, or none
    ///
    /// Passages are runs of text that respect no boundary; each unit is searched in what the larger ones leave.
    #[arg(short, long, value_name = "UNIT,…", value_delimiter = ',', default_value = "document,paragraph")]
    pub(in crate::cli) unit: Vec<UnitArg>,
    /// Repeats anywhere, or only inside one document
    #[arg(long, value_name = "WHERE", default_value = "corpus")]
    pub(in crate::cli) scope: Scope,
    /// Segments this similar and more are repeats, above 0 to 1; 1 is equal words only
    ///
    /// Exact similarity of the two sets of shingles (runs of --ngram words), computed from the texts.
    #[arg(short, long, value_name = "S", default_value_t = 0.8)]
    pub(in crate::cli) similarity: f64,
    /// Shared shingles by those of both (jaccard), or by those of the segment in question (containment)
    ///
    /// Containment finds a segment that stands inside a longer kept one. It holds all kept shingles in memory.
    #[arg(long, value_name = "HOW", default_value = "jaccard")]
    pub(in crate::cli) measure: Measure,
    /// Tokens in a shingle, 1 to 32, for all units or by unit [default: document=5, others 3]
    #[arg(long, value_name = "[UNIT=]N,…", value_delimiter = ',', value_parser = crate::cli::settings::parse_per_unit)]
    pub(in crate::cli) ngram: Vec<(Option<Unit>, usize)>,
    /// Leave segments with fewer tokens alone, for all units or by unit [default: document=1, others 10]
    ///
    /// Headings, "Yes." and other short segments stay. A token is a word, or a character of Chinese, Japanese, Thai, Lao,
    /// Khmer or Burmese. Segments shorter than a shingle are compared for equality only.
    #[arg(long, value_name = "[UNIT=]N,…", value_delimiter = ',', value_parser = crate::cli::settings::parse_per_unit)]
    pub(in crate::cli) min_tokens: Vec<(Option<Unit>, usize)>,
    /// What separates paragraphs; auto decides for each document from its line lengths
    #[arg(long, value_name = "WHAT", default_value = "auto")]
    pub(in crate::cli) paragraph_break: ParagraphBreak,
    /// What a token is: a word, or every letter, digit and mark by itself
    ///
    /// Characters suit short texts in languages that glue words together; --ngram and --min-tokens then count characters.
    #[arg(long, value_name = "WHAT", default_value = "word")]
    pub(in crate::cli) tokens: Tokens,
    /// Digits count for nothing, so that "page 3" and "page 4" are the same
    #[arg(long)]
    pub(in crate::cli) ignore_digits: bool,
    /// Passages: the least length, in bytes or as for example 50tokens
    #[arg(long, value_name = "LENGTH", default_value = "100bytes", value_parser = MinPassage::parse)]
    pub(in crate::cli) min_passage: MinPassage,
    /// Passages: what has to be equal, every byte (none) or the tokens, whatever stands between them
    ///
    /// With tokens, case, white space, line wraps and punctuation do not hide a repeat; --min-passage is in tokens then.
    #[arg(long, value_name = "WHAT", default_value = "none")]
    pub(in crate::cli) normalise: Normalised,
    /// Passages: where they may be cut; auto is around whole sentences if there are any, else around whole words
    ///
    /// A passage that is too short once it is cut so stays, and is listed.
    #[arg(long, value_name = "WHERE", default_value = "auto")]
    pub(in crate::cli) cut: CutArg,
    /// Passages: those with words changed, inserted or lost too, if their identity is --similarity or more
    #[arg(long)]
    pub(in crate::cli) edits: bool,
    /// Which copy stays: first, last, longest, shortest, max:FIELD, min:FIELD, or none
    ///
    /// Documents are taken in this order and the first of each group stays; ties go to the one read first. longest and
    /// shortest go by tokens of the document. FIELD is a field of the JSON record: numbers come before strings, strings
    /// before records without the field. none removes every copy of what is said twice.
    #[arg(short, long, value_name = "POLICY", default_value = "first", value_parser = crate::cli::settings::parse_keep)]
    pub(in crate::cli) keep: crate::resolve::KeepPolicy,
    /// Keep copies in matching sources rather than in others; repeatable, in order of preference; goes before --keep
    #[arg(long, value_name = "GLOB")]
    pub(in crate::cli) prefer: Vec<String>,
    /// Remove nothing from matching sources, but compare with them; repeatable
    #[arg(long, value_name = "GLOB")]
    pub(in crate::cli) protect: Vec<String>,
    /// Honour decisions that `unecho review` saved: what was decided to stay is never removed for its pair
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) decisions: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum UnitArg {
    Document,
    Paragraph,
    Line,
    Sentence,
    Passage,
    /// Compare nothing: read and write only
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Tokens {
    Word,
    Character,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Normalised {
    None,
    Tokens,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum CutArg {
    Auto,
    /// Where the texts cease to agree
    Exact,
    Word,
    Sentence,
    Paragraph,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Scope {
    Corpus,
    Document,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Measure {
    Jaccard,
    Containment,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ParagraphBreak {
    Auto,
    Newline,
    BlankLine,
}
