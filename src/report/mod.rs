//! What was found, for people and programs: a model, and one writer per format.
//!
//! In: an [`Outcome`] and, from whoever has a clock, [`Measured`]; or a report that was written as JSON.
//! Out: bytes. Always: every writer works from one [`Report`], so that a run that was read back gives the same bytes as
//! when it ended; a report of a run that has just ended streams: groups are described one or a few at a time, so memory does
//! not grow with it; everything but `measured` is a function of input and options.

mod csv;
mod describe;
mod finding;
mod github;
mod gitlab;
pub mod html;
mod json;
mod junit;
mod locate;
mod markdown;
mod model;
mod rdjson;
mod sarif;
mod spans;
mod text;
mod texts;
mod verdict;

use std::io::{self, Read, Write};
use std::ops::Range;

use crate::corpus::Unit;
use crate::gate::Verdict;
use crate::pipeline::Outcome;

use describe::Describer;
pub use describe::name_document;
pub use model::{
    Bytes, CorpusTotals, DocumentTotals, DocumentView, GroupView, Histograms, KeptPassageView, Kind, Location,
    Measured, Member, Overview, Rejected, Run, SimilarityBin, SizeBin, SkippedView, SourceView, Tokens, UnitTotals,
    WideColumns,
};
pub use text::{Style, count, counted, human_bytes, place, summary};
pub use texts::{Passage, Texts};

/// A report on a run: what every writer of a format works from.
pub struct Report<'o> {
    /// The run as a whole.
    pub overview: Overview,
    /// What was measured.
    pub measured: Measured,
    groups: Groups<'o>,
}

/// Where the groups of a report come from.
enum Groups<'o> {
    /// They are described when they are asked for.
    Found(Describer<'o>),
    /// They were read back.
    Saved(Vec<GroupView>),
}

impl<'o> Report<'o> {
    /// A report on what was just found by `command`. Costs a pass over the documents that have repeats, for characters and
    /// lines.
    pub fn new(outcome: &'o Outcome, measured: Measured, command: String) -> Report<'o> {
        let describer = Describer::new(outcome);
        Report { overview: describer.overview(command), measured, groups: Groups::Found(describer) }
    }

    /// The same report, with what `check` says about the run and each of its findings.
    pub fn judged(mut self, mut verdict: Verdict) -> Report<'o> {
        if let Groups::Found(describer) = &mut self.groups {
            describer.statuses = std::mem::take(&mut verdict.statuses);
        }
        self.overview.verdict = Some(verdict);
        self
    }

    /// A report of groups that are described already.
    pub fn saved(overview: Overview, groups: Vec<GroupView>, measured: Measured) -> Report<'static> {
        Report { overview, measured, groups: Groups::Saved(groups) }
    }

    /// Reads a report that was written as JSON. The error says what is wrong with it, and the remedy.
    pub fn read_json(from: impl Read) -> std::result::Result<Report<'static>, String> {
        json::read(from)
    }

    /// The number of groups.
    pub fn len(&self) -> usize {
        match &self.groups {
            Groups::Found(describer) => describer.groups.len(),
            Groups::Saved(groups) => groups.len(),
        }
    }

    /// Whether nothing is said twice.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What kind of segment a group is of. Groups are numbered from 0 here, in the order of their keepers.
    pub fn unit(&self, group: usize) -> Unit {
        match &self.groups {
            Groups::Found(describer) => describer.groups[group].unit,
            Groups::Saved(groups) => groups[group].unit,
        }
    }

    /// Copies in a group, the keeper among them.
    pub fn copies(&self, group: usize) -> usize {
        match &self.groups {
            Groups::Found(describer) => describer.groups[group].edits.len() + 1,
            Groups::Saved(groups) => groups[group].members.len() + 1,
        }
    }

    /// The copy of a group that stays.
    pub fn keeper(&self, group: usize) -> Location {
        match &self.groups {
            Groups::Found(describer) => describer.keeper(describer.groups[group].keeper),
            Groups::Saved(groups) => groups[group].keeper.clone(),
        }
    }

    /// The copies of a group that go, in text order, each described when it is its turn.
    pub fn members(&self, group: usize) -> Box<dyn Iterator<Item = Member> + '_> {
        match &self.groups {
            Groups::Found(describer) => {
                Box::new(describer.groups[group].edits.iter().map(|&edit| describer.member(edit)))
            }
            Groups::Saved(groups) => Box::new(groups[group].members.iter().cloned()),
        }
    }

    /// Whether a group has a member that counts; all have, unless the findings were judged.
    pub fn counts(&self, group: usize) -> bool {
        match &self.groups {
            Groups::Found(describer) => describer.counts(group),
            Groups::Saved(groups) => groups[group].members.iter().any(Member::counts),
        }
    }

    /// Everything about one group.
    pub fn group(&self, group: usize) -> GroupView {
        self.view(group, self.members(group).collect())
    }

    /// Everything about some groups. Their members are described in the order of the text, all together: what is looked at for
    /// one stands close to what is looked at for the next.
    pub fn groups(&self, groups: Range<usize>) -> Vec<GroupView> {
        match &self.groups {
            Groups::Found(describer) => {
                let members = describer.members_of(groups.clone());
                groups.zip(members).map(|(group, members)| self.view(group, members)).collect()
            }
            Groups::Saved(_) => groups.map(|group| self.group(group)).collect(),
        }
    }

    fn view(&self, group: usize, members: Vec<Member>) -> GroupView {
        GroupView { group: group + 1, unit: self.unit(group), keeper: self.keeper(group), members }
    }

    /// The groups with the most copies, at most `most` of them; ties in the order of keepers.
    pub fn largest_groups(&self, most: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by_key(|&g| (std::cmp::Reverse(self.copies(g)), g));
        order.truncate(most);
        order
    }
}

/// The formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportFormat {
    /// Everything, for programs; documented in the README.
    Json,
    /// Everything, for people.
    Text,
    /// A row for each removal.
    Csv,
    /// Totals and the largest groups, for a merge request or a wiki.
    Markdown,
    /// A page to look at: one file, see [`html`].
    Html,
    /// Workflow commands of GitHub Actions, for annotations.
    Github,
    /// SARIF 2.1.0, for code scanning and editors.
    Sarif,
    /// GitLab's code quality report.
    Gitlab,
    /// JUnit XML: a test case per file.
    Junit,
    /// Reviewdog's diagnostics.
    Rdjson,
    /// JSON Lines, a span of text that would go on each, for tools that act on their own.
    Spans,
}

impl ReportFormat {
    /// All formats.
    pub const ALL: [ReportFormat; 11] = [
        ReportFormat::Json,
        ReportFormat::Text,
        ReportFormat::Csv,
        ReportFormat::Markdown,
        ReportFormat::Html,
        ReportFormat::Github,
        ReportFormat::Sarif,
        ReportFormat::Gitlab,
        ReportFormat::Junit,
        ReportFormat::Rdjson,
        ReportFormat::Spans,
    ];

    /// The word for it in `--report FORMAT=PATH`.
    pub fn name(self) -> &'static str {
        match self {
            ReportFormat::Json => "json",
            ReportFormat::Text => "text",
            ReportFormat::Csv => "csv",
            ReportFormat::Markdown => "markdown",
            ReportFormat::Html => "html",
            ReportFormat::Github => "github",
            ReportFormat::Sarif => "sarif",
            ReportFormat::Gitlab => "gitlab",
            ReportFormat::Junit => "junit",
            ReportFormat::Rdjson => "rdjson",
            ReportFormat::Spans => "spans",
        }
    }
}

/// Writes a report in a format.
pub fn write(report: &Report<'_>, format: ReportFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        ReportFormat::Json => begin_json(report, out).and_then(|()| finish_json(&report.measured, out)),
        ReportFormat::Text => text::write(report, out),
        ReportFormat::Csv => csv::write(report, out),
        ReportFormat::Markdown => markdown::write(report, out),
        ReportFormat::Html => write_html(report, None, None, out),
        ReportFormat::Github => github::write(report, out),
        ReportFormat::Sarif => sarif::write(report, out),
        ReportFormat::Gitlab => gitlab::write(report, out),
        ReportFormat::Junit => junit::write(report, out),
        ReportFormat::Rdjson => rdjson::write(report, out),
        ReportFormat::Spans => spans::write(report, out),
    }
}

/// Writes the HTML report of a run. `texts` are those of its corpus, for a run that was read back; `full_data` is a link
/// from the page to the JSON report.
pub fn write_html(
    report: &Report<'_>,
    texts: Option<&Texts<'_>>,
    full_data: Option<String>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let own = match &report.groups {
        Groups::Found(describer) => Some(Texts::new(&describer.outcome.corpus)),
        Groups::Saved(_) => None,
    };
    let page = html::Page::new(report, texts.or(own.as_ref()), full_data).map_err(io::Error::other)?;
    html::write(&page, out)
}

/// Writes a JSON report but for its end, so that it can be written while stages are still being measured;
/// [`finish_json`] has to follow.
pub fn begin_json(report: &Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    json::begin(report, out)
}

/// Writes what was measured, and ends a JSON report.
pub fn finish_json(measured: &Measured, out: &mut dyn Write) -> io::Result<()> {
    json::finish(measured, out)
}
