//! What was typed → what is meant: a [`Config`], and the inputs.

use std::path::{Path, PathBuf};

use super::args;
use super::terminal::Terminal;
use crate::config::{Config, PerUnit};
use crate::corpus::{ParagraphBreak, TokenOptions, Unit};
use crate::error::{Error, Result};
use crate::input::{FieldPath, InputFormat, InputOptions, OnError, Records, WalkOptions, read_list};
use crate::memory;
use crate::progress::Progress;
use crate::report::ReportFormat;
use crate::resolve::{CutAt, KeepPolicy, Scope};
use crate::search::passage::{Normalise, PassageOptions};
use crate::search::{Decisions, Measure, SearchOptions};

/// All inputs: those named, then those listed in `--files-from`.
pub(super) fn inputs(args: &args::Input) -> Result<Vec<PathBuf>> {
    let mut inputs = args.inputs.clone();
    if inputs.is_empty() && args.files_from.is_none() {
        let remedy = "name files or directories, or `-` for standard input; `--help` shows examples";
        return Err(Error::Usage(format!("no INPUT given: {remedy}")));
    }
    if let Some(list) = &args.files_from {
        inputs.extend(read_list(list)?);
    }
    if inputs.is_empty() {
        return Err(Error::Nothing("nothing to scan: the list of files is empty".to_owned()));
    }
    if inputs.iter().filter(|i| i.as_os_str() == "-").count() > 1 {
        return Err(Error::Usage("standard input (`-`) can be read once only".to_owned()));
    }
    Ok(inputs)
}

/// The configuration that the arguments stand for.
pub(super) fn config(input: &args::Input, find: &args::Find) -> Result<Config> {
    let defaults = Config::default();
    let config = Config {
        input: input_options(input),
        units: units(&find.unit)?,
        paragraph_break: match find.paragraph_break {
            args::ParagraphBreak::Auto => ParagraphBreak::Auto,
            args::ParagraphBreak::Newline => ParagraphBreak::Newline,
            args::ParagraphBreak::BlankLine => ParagraphBreak::BlankLine,
        },
        tokens: TokenOptions {
            ignore_digits: find.ignore_digits,
            by_character: find.tokens == args::Tokens::Character,
        },
        ngram: per_unit(defaults.ngram, &find.ngram),
        min_tokens: per_unit(defaults.min_tokens, &find.min_tokens),
        search: SearchOptions {
            similarity: find.similarity,
            measure: match find.measure {
                args::Measure::Jaccard => Measure::Jaccard,
                args::Measure::Containment => Measure::Containment,
            },
        },
        passages: PassageOptions {
            min: find.min_passage,
            normalise: match find.normalise {
                args::Normalised::None => Normalise::Nothing,
                args::Normalised::Tokens => Normalise::Tokens,
            },
        },
        cut: match find.cut {
            args::CutArg::Auto => CutAt::Auto,
            args::CutArg::Exact => CutAt::Exact,
            args::CutArg::Word => CutAt::Word,
            args::CutArg::Sentence => CutAt::Sentence,
            args::CutArg::Paragraph => CutAt::Paragraph,
        },
        edits: find.edits,
        scope: match find.scope {
            args::Scope::Corpus => Scope::Corpus,
            args::Scope::Document => Scope::Document,
        },
        keep: find.keep.clone(),
        prefer: find.prefer.clone(),
        protect: find.protect.clone(),
        apart: find.decisions.as_deref().map(read_decisions).transpose()?.unwrap_or_default().apart(),
        ..defaults
    };
    config.validate()?;
    Ok(config)
}

/// Reads a file of decisions.
pub(super) fn read_decisions(path: &Path) -> Result<Decisions> {
    let text = std::fs::read_to_string(path).map_err(|e| Error::io("cannot read", path, e))?;
    let fault = |reason| Error::Saved { path: path.to_owned(), reason };
    Decisions::parse(&text).map_err(fault)
}

fn input_options(args: &args::Input) -> InputOptions {
    InputOptions {
        walk: WalkOptions {
            globs: args.glob.clone(),
            exclude: args.exclude.clone(),
            hidden: args.hidden,
            no_ignore: args.no_ignore,
            follow: args.follow,
        },
        format: args.format.map(|format| match format {
            args::Format::Text => InputFormat::Text,
            args::Format::Jsonl => InputFormat::Jsonl,
        }),
        records: match args.records {
            args::Records::File => Records::File,
            args::Records::Line => Records::Line,
            args::Records::BlankLine => Records::BlankLine,
        },
        text_field: FieldPath::parse(&args.text_field),
        id_field: FieldPath::parse(&args.id_field),
        on_error: match args.on_error {
            args::OnError::Fail => OnError::Fail,
            args::OnError::Skip => OnError::Skip,
        },
        strict: false,
        against: Vec::new(),
    }
}

fn units(args: &[args::UnitArg]) -> Result<Vec<Unit>> {
    if args.contains(&args::UnitArg::None) && args.len() > 1 {
        return Err(Error::Usage("--unit none stands alone".to_owned()));
    }
    let unit = |arg: &args::UnitArg| match arg {
        args::UnitArg::Document => Some(Unit::Document),
        args::UnitArg::Paragraph => Some(Unit::Paragraph),
        args::UnitArg::Line => Some(Unit::Line),
        args::UnitArg::Sentence => Some(Unit::Sentence),
        args::UnitArg::Passage => Some(Unit::Passage),
        args::UnitArg::None => None,
    };
    Ok(args.iter().filter_map(unit).collect())
}

fn per_unit(mut values: PerUnit, given: &[(Option<Unit>, usize)]) -> PerUnit {
    for &(unit, value) in given {
        match unit {
            Some(unit) => values.set(unit, value),
            None => Unit::ALL.into_iter().for_each(|unit| values.set(unit, value)),
        }
    }
    values
}

/// Parses `N` or `UNIT=N`.
pub(super) fn parse_per_unit(text: &str) -> std::result::Result<(Option<Unit>, usize), String> {
    let number = |text: &str| text.parse().map_err(|_| format!("`{text}` is not a whole number"));
    let Some((name, value)) = text.split_once('=') else {
        return Ok((None, number(text)?));
    };
    let unit = Unit::ALL.into_iter().find(|unit| unit.name() == name);
    let unit =
        unit.ok_or_else(|| format!("`{name}` is no unit; use document, paragraph, line, sentence or passage"))?;
    Ok((Some(unit), number(value)?))
}

/// Parses `30` or `30%` to 0.3.
pub(super) fn parse_percent(text: &str) -> std::result::Result<f64, String> {
    let number: f64 = text.trim_end_matches('%').trim().parse().map_err(|_| format!("`{text}` is not a percentage"))?;
    if (0.0..=100.0).contains(&number) { Ok(number / 100.0) } else { Err("not between 0% and 100%".to_owned()) }
}

/// Parses a keep policy.
pub(super) fn parse_keep(text: &str) -> std::result::Result<KeepPolicy, String> {
    let usage = "use first, last, longest, shortest, max:FIELD, min:FIELD or none";
    KeepPolicy::parse(text).ok_or_else(|| usage.to_owned())
}

/// Parses `FORMAT=PATH`.
pub(super) fn parse_report(text: &str) -> std::result::Result<(ReportFormat, PathBuf), String> {
    let formats = ReportFormat::ALL.map(ReportFormat::name).join(", ");
    let usage = || format!("use FORMAT=PATH, with one of {formats}");
    let (name, path) = text.split_once('=').filter(|(_, path)| !path.is_empty()).ok_or_else(usage)?;
    let format = ReportFormat::ALL.into_iter().find(|format| format.name() == name).ok_or_else(usage)?;
    Ok((format, PathBuf::from(path)))
}

/// Sets the number of worker threads for the whole process.
pub(super) fn use_threads(cli: &args::Cli) -> Result<()> {
    let threads = match (cli.global.threads.0.as_slice(), &cli.command) {
        ([threads], _) => *threads,
        // its runs have threads of their own
        (_, args::Command::Bench(_)) => 0,
        _ => return Err(Error::Usage("--threads is one number, except for `bench`".to_owned())),
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    pool.map_err(|e| Error::Usage(format!("--threads {threads}: {e}")))
}

/// Limits the memory of the process; gives the limit that holds. What was not asked for is left out where it is not
/// possible.
pub(super) fn limit_memory(global: &args::Global, progress: &dyn Progress) -> Result<Option<u64>> {
    let asked_for = global.memory.is_some() || global.temp_dir.is_some();
    let Some(bytes) = global.memory.unwrap_or_default().bytes(memory::machine()) else {
        let unknown = "nothing says how much memory this machine has; give --memory as for example 2GiB";
        return if asked_for { Err(Error::Usage(unknown.to_owned())) } else { Ok(None) };
    };
    let dir = global.temp_dir.clone().unwrap_or_else(memory::default_dir);
    match memory::limit(&memory::Limit { bytes, dir: dir.clone() }) {
        Err(e) if asked_for => return Err(e),
        Err(_) => return Ok(None),
        Ok(()) => {}
    }
    if bytes < memory::HOLDS_FROM {
        let (mebibytes, least) = (bytes >> 20, memory::HOLDS_FROM >> 20);
        progress.warn(&format!(
            "a limit of {mebibytes}MiB on memory may be exceeded: the program and its buffers take up to {least}MiB"
        ));
    }
    if asked_for && memory::is_in_memory() {
        progress.warn(&format!(
            "{} is in memory itself: what goes there saves none; name a directory on a disk with --temp-dir",
            dir.display()
        ));
    }
    Ok(Some(bytes))
}

/// Warns if the process had more memory than it was allowed.
pub(super) fn warn_of_memory(terminal: &Terminal) {
    if let Some(limit) = memory::allowed()
        && let Some(peak) = terminal.measured().peak_memory
        && let Some(warning) = exceeded(limit, peak)
    {
        terminal.progress().warn(&warning);
    }
}

/// What there is to say of a peak and the limit that was in force. Of a limit that is too low to hold it has been said before.
fn exceeded(limit: u64, peak: u64) -> Option<String> {
    let (most, taken) = (limit >> 20, peak >> 20);
    (peak > limit.max(memory::HOLDS_FROM))
        .then(|| format!("the limit of {most}MiB on memory did not hold: the run took {taken}MiB at its peak"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_did_not_hold_is_told_of() {
        assert_eq!(exceeded(1 << 30, 1 << 30), None);
        assert!(exceeded(1 << 30, 3 << 29).is_some_and(|said| said.contains("1024MiB") && said.contains("1536MiB")));
        assert_eq!(exceeded(16 << 20, 60 << 20), None);
    }

    #[test]
    fn values_are_parsed_or_refused_with_the_remedy() {
        assert_eq!(parse_percent("30%"), Ok(0.3));
        assert_eq!(parse_percent("30"), Ok(0.3));
        assert!(parse_percent("130").is_err() && parse_percent("x").is_err());
        assert_eq!(parse_per_unit("7"), Ok((None, 7)));
        assert_eq!(parse_per_unit("line=7"), Ok((Some(Unit::Line), 7)));
        assert!(parse_per_unit("lines=7").unwrap_err().contains("document, paragraph"));
        assert_eq!(parse_keep("max:a.b"), Ok(KeepPolicy::Max(FieldPath::parse("a.b"))));
        assert!(parse_keep("max:").is_err());
        assert!(parse_report("json=").is_err() && parse_report("xml=x").unwrap_err().contains("csv"));
    }
}
