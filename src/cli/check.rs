//! `unecho check`: find, judge, report, and say by the exit code whether it is too much.

use std::path::PathBuf;
use std::process::ExitCode;

use super::terminal::Terminal;
use super::{accepted, args, changed, reports, settings};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::gate::{GateKind, Judge, JudgeOptions, Level, Limit, Quantity};
use crate::input::{self, FieldPath};
use crate::report::Report;
use crate::resolve::{KeepPolicy, Scope};

pub(super) fn run(args: &args::Check, terminal: &Terminal) -> Result<ExitCode> {
    let mut config = settings::config(&args.input, &args.find)?;
    config.input.strict = args.completeness.strict;
    config.input.against = args.judging.against.clone();
    check_config(&config)?;
    let limits = limits(&args.gates)?;
    check_limits(&limits, args)?;
    let inputs = inputs(args)?;
    reports::try_places(&args.report.reports)?;
    let baseline = accepted::baseline(&args.judging, config.tokens, terminal)?;
    let allow = accepted::allow_list(&args.judging)?;
    let mut corpus = input::read(&inputs, &config.input, terminal.progress())?;
    if let Some(revision) = &args.judging.changed_since {
        changed::settle_unchanged(&mut corpus, &inputs, revision, terminal)?;
    }
    reports::check(&args.report.reports, &corpus)?;
    let names = accepted::names(&args.judging, &corpus);
    // the process ends soon: giving the corpus back to the system piece by piece would only cost time
    let outcome = std::mem::ManuallyDrop::new(crate::find(corpus, &config, terminal.progress())?);
    let split_field = args.gates.split_field.as_deref().map(FieldPath::parse);
    let options = JudgeOptions { limits, baseline, allow, today: accepted::today(), names, split_field };
    let mut judge = Judge::new(&outcome, options);
    if args.judging.update_baseline {
        accepted::update_baseline(&mut judge, &args.judging, terminal)?;
    }
    let verdict = judge.verdict()?;
    let failed = !verdict.passed && !args.gates.exit_zero;
    let report = Report::new(&outcome, terminal.measured(), reports::command_line()).judged(verdict);
    match tell(args, &report, terminal) {
        // whoever stops reading the report must not turn a failure into a success
        Ok(()) | Err(Error::ClosedPipe) => Ok(ExitCode::from(u8::from(failed))),
        Err(e) => Err(e),
    }
}

/// All inputs. Standard input can be read once, here or in `--against`.
fn inputs(args: &args::Check) -> Result<Vec<PathBuf>> {
    let inputs = settings::inputs(&args.input)?;
    if inputs.iter().chain(&args.judging.against).filter(|path| path.as_os_str() == "-").count() > 1 {
        return usage("standard input (`-`) can be read once only");
    }
    Ok(inputs)
}

fn usage<T>(message: impl Into<String>) -> Result<T> {
    Err(Error::Usage(message.into()))
}

/// Refuses options with which there is nothing to judge.
fn check_config(config: &Config) -> Result<()> {
    if config.searched_units().is_empty() {
        return usage("check compares nothing with these --unit and --scope, and could never fail; name a unit");
    }
    if config.keep == KeepPolicy::None {
        return usage("--keep none is for `clean`: check says which copy repeats which; use another policy");
    }
    if config.scope == Scope::Document && !config.input.against.is_empty() {
        return usage("--against compares documents with each other, and --scope document does not; drop one of them");
    }
    Ok(())
}

/// The gates that were named, failing or warning.
fn limits(args: &args::Gates) -> Result<Vec<Limit>> {
    let share = |kind, share: Option<f64>| share.map(|share| (kind, Quantity::Share(share)));
    let count = |kind, count: Option<u64>| count.map(|count| (kind, Quantity::Count(count)));
    let none = |kind, wanted: bool| wanted.then_some((kind, Quantity::Count(0)));
    let named = [
        share(GateKind::MaxDuplicated, args.max_duplicated),
        count(GateKind::MaxGroups, args.max_groups),
        count(GateKind::MaxGroupSize, args.max_group_size),
        share(GateKind::MaxPerSource, args.max_per_source),
        none(GateKind::FailOnNew, args.fail_on_new),
        args.max_leak.map(|limit| (GateKind::MaxLeak, limit)),
        none(GateKind::SplitField, args.split_field.is_some()),
        none(GateKind::FailOnStale, args.fail_on_stale),
    ];
    let named = named.into_iter().flatten();
    let mut limits: Vec<Limit> = named.map(|(kind, limit)| Limit { kind, limit, level: Level::Error }).collect();
    for &(kind, limit) in &args.warn {
        let named = limits.iter_mut().find(|named| named.kind == kind);
        match (limit, named) {
            (Some(limit), _) => limits.push(Limit { kind, limit, level: Level::Warning }),
            (None, Some(named)) => named.level = Level::Warning,
            (None, None) if kind.is_zero_by_nature() => {
                limits.push(Limit { kind, limit: Quantity::Count(0), level: Level::Warning });
            }
            (None, None) => {
                let name = kind.name();
                return usage(format!("--warn {name} needs a limit: --warn {name}=LIMIT, or --{name} beside it"));
            }
        }
    }
    Ok(limits)
}

/// Refuses gates that could never fail, because what they are about is not given.
fn check_limits(limits: &[Limit], args: &args::Check) -> Result<()> {
    let asked = |kind: GateKind| limits.iter().any(|limit| limit.kind == kind);
    if args.judging.update_baseline && args.judging.baseline.is_none() {
        return usage("--update-baseline needs --baseline FILE, which it writes");
    }
    if asked(GateKind::FailOnNew) && args.judging.baseline.is_none() {
        return usage("--fail-on-new needs --baseline FILE; make it with --update-baseline");
    }
    if asked(GateKind::MaxLeak) && args.judging.against.is_empty() {
        return usage("--max-leak needs --against PATH, which nothing may leak from");
    }
    if asked(GateKind::SplitField) && args.gates.split_field.is_none() {
        return usage("--warn split-field needs --split-field FIELD");
    }
    Ok(())
}

/// Writes the reports, and prints the findings that count and the gates.
fn tell(args: &args::Check, report: &Report<'_>, terminal: &Terminal) -> Result<()> {
    reports::write_all(report, &args.report.reports, terminal)?;
    let print = |style, out: &mut dyn std::io::Write| {
        reports::print_summary(report, &args.report, terminal.verbose, style, out)
    };
    // a report on standard output stands alone there; the gates are told all the same
    if reports::on_stdout(&args.report.reports) { terminal.say(print) } else { terminal.print(print) }
}

/// Parses `3` or `2%`.
pub(super) fn parse_quantity(text: &str) -> std::result::Result<Quantity, String> {
    if text.trim_end().ends_with('%') {
        return settings::parse_percent(text).map(Quantity::Share);
    }
    let number = text.trim().parse().map_err(|_| format!("`{text}` is neither a number nor a percentage"))?;
    Ok(Quantity::Count(number))
}

/// Parses `GATE` or `GATE=LIMIT`.
pub(super) fn parse_warn(text: &str) -> std::result::Result<(GateKind, Option<Quantity>), String> {
    let (name, limit) = text.split_once('=').map_or((text, None), |(name, limit)| (name, Some(limit)));
    let kind = GateKind::ALL.into_iter().find(|kind| kind.name() == name);
    let names = || GateKind::ALL.map(GateKind::name).join(", ");
    let kind = kind.ok_or_else(|| format!("`{name}` is no gate; use one of {}", names()))?;
    let limit = limit.map(parse_quantity).transpose()?;
    let is_share = matches!(kind, GateKind::MaxDuplicated | GateKind::MaxPerSource);
    match (kind, limit) {
        (_, Some(Quantity::Count(_))) if is_share => Err(format!("the limit of {name} is a percentage, as in 2%")),
        (GateKind::MaxLeak, _) => Ok((kind, limit)),
        (_, Some(Quantity::Share(_))) if !is_share => Err(format!("the limit of {name} is a number")),
        _ => Ok((kind, limit)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_parsed_or_refused_with_the_remedy() {
        assert_eq!(parse_warn("max-groups=3"), Ok((GateKind::MaxGroups, Some(Quantity::Count(3)))));
        assert_eq!(parse_warn("max-duplicated=3%"), Ok((GateKind::MaxDuplicated, Some(Quantity::Share(0.03)))));
        assert_eq!(parse_warn("any-finding"), Ok((GateKind::AnyFinding, None)));
        assert!(parse_warn("max-group=3").unwrap_err().contains("max-group-size"));
        assert!(parse_warn("max-duplicated=3").unwrap_err().contains("percentage"));
        assert!(parse_warn("max-groups=3%").unwrap_err().contains("number"));
        assert!(parse_quantity("many").is_err());
    }
}
