//! Repeats as tools for continuous integration show them: one finding each, at the place of the repeat, naming the keeper.
//!
//! Always: a fingerprint depends on the file and on the words of the repeat, not on the line, so that a finding is known
//! again when text moves inside its file; among all findings of a report it is unique. Findings are made one at a time.

use std::path::MAIN_SEPARATOR;

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_128;

use super::Report;
use super::model::{Kind, Location, Member};
use crate::gate::{Gate, Level, Verdict};

/// A repeat, and the copy that stands for it.
pub(super) struct Finding {
    pub(super) unit: &'static str,
    pub(super) member: Member,
    pub(super) keeper: Location,
    /// 32 hexadecimal digits.
    pub(super) fingerprint: String,
}

/// All findings of a report, group by group.
pub(super) fn findings<'r>(report: &'r Report<'_>) -> impl Iterator<Item = Finding> + 'r {
    let mut seen: FxHashMap<u128, u32> = FxHashMap::default();
    let of_group = |group: usize| {
        let (unit, keeper) = (report.unit(group).name(), report.keeper(group));
        report.members(group).map(move |member| (unit, member, keeper.clone()))
    };
    (0..report.len()).flat_map(of_group).map(move |(unit, member, keeper)| {
        let fingerprint = format!("{:032x}", fingerprint(unit, &member, &mut seen));
        Finding { unit, member, keeper, fingerprint }
    })
}

/// Those that count.
pub(super) fn counted_findings<'r>(report: &'r Report<'_>) -> impl Iterator<Item = Finding> + 'r {
    findings(report).filter(|finding| finding.member.counts())
}

/// At most `most` of the findings: first those that count, then those with the most tokens; ties in the order of groups.
pub(super) fn worst(findings: impl Iterator<Item = Finding>, most: usize) -> Vec<Finding> {
    let mut worst: Vec<Finding> = Vec::new();
    let shorten = |worst: &mut Vec<Finding>| {
        worst.sort_by_key(|finding| std::cmp::Reverse((finding.member.counts(), finding.member.tokens)));
        worst.truncate(most);
    };
    for finding in findings {
        worst.push(finding);
        if worst.len() > 2 * most {
            shorten(&mut worst);
        }
    }
    shorten(&mut worst);
    worst
}

/// The hash of file, unit and words; if they were seen before, of how often too.
fn fingerprint(unit: &str, member: &Member, seen: &mut FxHashMap<u128, u32>) -> u128 {
    let path = path(&member.location);
    let first = xxh3_128(format!("{unit}\0{}\0{path}", member.digest).as_bytes());
    let count = seen.entry(first).or_default();
    *count += 1;
    if *count == 1 { first } else { xxh3_128(format!("{first:032x}\0{count}").as_bytes()) }
}

impl Finding {
    /// `repeated-paragraph` for the same words, `similar-paragraph` for similar ones.
    pub(super) fn rule(&self) -> String {
        format!("{}-{}", if self.is_exact() { "repeated" } else { "similar" }, self.unit)
    }

    /// "Repeated paragraph" or "Similar paragraph".
    pub(super) fn title(&self) -> String {
        format!("{} {}", if self.is_exact() { "Repeated" } else { "Similar" }, self.unit)
    }

    /// What it says, why, and what to do, in plain text.
    pub(super) fn message(&self) -> String {
        self.message_with(&place(&self.keeper), &self.member.location.excerpt)
    }

    /// The same, with the place of the keeper and the excerpt written in the way of a format.
    pub(super) fn message_with(&self, keeper: &str, excerpt: &str) -> String {
        let (unit, tokens) = (self.unit, self.member.tokens);
        let likeness = if self.is_exact() {
            "says the same words as".to_owned()
        } else {
            format!("is similar ({:.2}) to", self.member.similarity)
        };
        format!("This {unit} of {tokens} tokens {likeness} {keeper}; keep one and refer to it. It begins: {excerpt}")
    }

    fn is_exact(&self) -> bool {
        self.member.kind == Kind::Exact
    }
}

/// How grave the findings that count are: errors if a gate fails the run, else warnings.
pub(super) fn level(report: &Report<'_>) -> Level {
    match &report.overview.verdict {
        Some(Verdict { passed: false, .. }) => Level::Error,
        _ => Level::Warning,
    }
}

/// A gate in words, with its value and its limit.
pub(super) fn gate_message(gate: &Gate) -> String {
    let detail = gate.detail.as_ref().map(|detail| format!(" ({detail})")).unwrap_or_default();
    format!("{}: {} {}{detail}, limit {}", gate.name(), gate.value, gate.kind.describe(gate.value), gate.limit)
}

/// `file:line:column`.
pub(super) fn place(location: &Location) -> String {
    format!("{}:{}:{}", path(location), location.line, location.column)
}

/// The path of the file, see [`repository_path`].
pub(super) fn path(location: &Location) -> String {
    repository_path(&location.source)
}

/// A path as tools compare it with those of a repository: with slashes, without `./` before it.
pub(super) fn repository_path(path: &str) -> String {
    let path = if MAIN_SEPARATOR == '/' { path.to_owned() } else { path.replace(MAIN_SEPARATOR, "/") };
    path.strip_prefix("./").map(str::to_owned).unwrap_or(path)
}

/// Where a repeat stands in its file, with columns in the unit of some format, from 1.
pub(super) struct Region {
    pub(super) line: u64,
    pub(super) column: u64,
    pub(super) end_line: u64,
    /// The column after the last one; `None` is the end of the line.
    pub(super) end_column: Option<u64>,
}

/// The units of columns.
#[derive(Clone, Copy)]
pub(super) enum ColumnUnit {
    Utf16,
    Bytes,
}

/// The region of a place. One that ends with a line end ends on that line, not before the first character of the next.
pub(super) fn region(location: &Location, unit: ColumnUnit) -> Region {
    let [column, end_column] = match (location.wide, unit) {
        (None, _) => [location.column, location.end_column],
        (Some(wide), ColumnUnit::Utf16) => wide.utf16,
        (Some(wide), ColumnUnit::Bytes) => wide.bytes,
    };
    let line = location.line;
    if end_column == 1 && location.end_line > line {
        return Region { line, column, end_line: location.end_line - 1, end_column: None };
    }
    Region { line, column, end_line: location.end_line, end_column: Some(end_column) }
}
