//! What the page shows, as plain data, gathered from a report.
//!
//! In: a [`Report`], of a run that has just ended or that was read back, and the texts of documents, as far as they are to
//! be had. Out: a [`Page`]. Always: all groups are looked at once and only those that are shown are described, so that a
//! page is small whatever the corpus.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::reason::Reasons;
use super::select::Selection;
use crate::corpus::Unit;
use crate::error::Result;
use crate::gate::Status;
use crate::report::{Groups, Kind, Location, Measured, Member, Overview, Report, Texts};

/// One group, as far as all groups are looked at. Sources are indices in [`Overview::sources`].
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// The source of the keeper.
    pub keeper: u32,
    /// What repeats it.
    pub members: Vec<MemberOutline>,
}

/// One repeat, as far as all repeats are looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MemberOutline {
    /// Its source.
    pub source: u32,
    /// Bytes of its text.
    pub bytes: u64,
    /// Its similarity to the keeper.
    pub similarity: f64,
    /// Whether its tokens equal the keeper's.
    pub exact: bool,
}

/// What one source repeats of another, or of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Repeats.
    pub repeats: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// A text of a group, with what stands around it; safe to show.
#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    /// Where it stands.
    pub place: Location,
    /// Its document's length in bytes, if the document is to be had.
    pub whole: Option<u64>,
    /// The end of what stands before it.
    pub before: String,
    /// The text, or its beginning.
    pub text: String,
    /// Whether the text goes on.
    pub clipped: bool,
    /// The beginning of what stands after it.
    pub after: String,
}

/// A group that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct PageGroup {
    /// Its number in the JSON report, from 1.
    pub number: usize,
    /// The kind of segment.
    pub unit: Unit,
    /// All of it, in short.
    pub outline: Outline,
    /// The copy that stays.
    pub keeper: Quote,
    /// Why that copy stays.
    pub reason: String,
    /// The first members.
    pub members: Vec<PageMember>,
}

/// Members of a group that are described.
const MEMBERS: usize = 6;

/// A member that is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct PageMember {
    /// Where it stood, and what it said.
    pub quote: Quote,
    /// Its similarity to the keeper.
    pub similarity: f64,
    /// Whether its tokens equal the keeper's.
    pub kind: Kind,
    /// It is what was left of its document after other cuts.
    pub remainder: bool,
    /// Whether it counts, if it was judged.
    pub status: Option<Status>,
}

/// All that the page shows.
#[derive(Clone, Debug)]
pub struct Page<'r> {
    /// The run as a whole.
    pub overview: &'r Overview,
    /// What was measured.
    pub measured: &'r Measured,
    /// A link from the page to the JSON report, if there is one.
    pub full_data: Option<String>,
    /// Groups in all.
    pub found: usize,
    /// What a source (first) repeats of a source (second).
    pub flows: BTreeMap<(u32, u32), Flow>,
    /// The groups that are shown, the ones to keep first: where not all of them fit, the last ones go.
    pub groups: Vec<PageGroup>,
}

impl<'r> Page<'r> {
    /// The page of a report. `texts` are those of the corpus, as it was read; without them there are excerpts only.
    /// `full_data` is a link from the page to the JSON report.
    ///
    /// Costs a look at every group, in memory that does not grow with them but for a flow per pair of sources. Fails if the
    /// options of a report that was read back hold no valid patterns.
    pub fn new(report: &'r Report<'_>, texts: Option<&Texts<'_>>, full_data: Option<String>) -> Result<Page<'r>> {
        let Report { overview, measured, groups } = report;
        let reasons = Reasons::new(&overview.run.options)?;
        let mut page =
            Page { overview, measured, full_data, found: report.len(), flows: BTreeMap::new(), groups: Vec::new() };
        let by_path = overview.sources.iter().zip(0..).map(|(source, i)| (source.source.as_str(), i)).collect();
        let mut selection = Selection::default();
        for index in 0..report.len() {
            let outline = outline(groups, &by_path, index);
            page.add_flows(&outline);
            selection.offer(index, outline);
        }
        let chosen = selection.chosen().into_par_iter();
        page.groups = chosen.map(|(index, outline)| describe(report, texts, &reasons, index, outline)).collect();
        Ok(page)
    }

    fn add_flows(&mut self, outline: &Outline) {
        for member in &outline.members {
            let flow = self.flows.entry((member.source, outline.keeper)).or_default();
            flow.repeats += 1;
            flow.bytes += member.bytes;
        }
    }
}

/// One group in short.
fn outline(groups: &Groups<'_>, by_path: &BTreeMap<&str, u32>, index: usize) -> Outline {
    match groups {
        Groups::Found(found) => {
            let source = |place: crate::corpus::Place| found.outcome.corpus.document(place.doc).source;
            let plan = &found.outcome.plan;
            let edits = found.groups[index].edits.iter().map(|&edit| &plan.edits[edit as usize]);
            let members = edits.map(|edit| MemberOutline {
                source: source(edit.place),
                bytes: plan.pieces_of(edit).iter().map(|piece| piece.len() as u64).sum(),
                similarity: edit.similarity,
                exact: edit.exact,
            });
            Outline { keeper: source(found.groups[index].keeper), members: members.collect() }
        }
        Groups::Saved(groups) => {
            let source = |location: &Location| by_path.get(location.source.as_str()).copied().unwrap_or(0);
            let members = groups[index].members.iter().map(|member| MemberOutline {
                source: source(&member.location),
                bytes: size(&member.location),
                similarity: member.similarity,
                exact: member.kind == Kind::Exact,
            });
            Outline { keeper: source(&groups[index].keeper), members: members.collect() }
        }
    }
}

/// One group in full, but for members beyond the first.
fn describe(
    report: &Report<'_>,
    texts: Option<&Texts<'_>>,
    reasons: &Reasons,
    index: usize,
    outline: Outline,
) -> PageGroup {
    let keeper = report.keeper(index);
    let members: Vec<Member> = report.members(index).take(MEMBERS).collect();
    let inside = members.iter().all(|m| (&m.location.source, m.location.record) == (&keeper.source, keeper.record));
    let member = |member: Member| PageMember {
        similarity: member.similarity,
        kind: member.kind,
        remainder: member.remainder,
        status: member.status,
        quote: quote(member.location, texts),
    };
    PageGroup {
        number: index + 1,
        unit: report.unit(index),
        outline,
        reason: if keeper.reference { "it is the reference".to_owned() } else { reasons.of(&keeper.source, inside) },
        keeper: quote(keeper, texts),
        members: members.into_iter().map(member).collect(),
    }
}

fn quote(place: Location, texts: Option<&Texts<'_>>) -> Quote {
    match texts.and_then(|texts| texts.at(&place)) {
        Some(passage) => Quote::of(place, &passage),
        None => Quote::excerpt(place),
    }
}

/// Bytes of the parts of a place that count.
fn size(place: &Location) -> u64 {
    let size = |[start, end]: &[u32; 2]| u64::from(end.saturating_sub(*start));
    if place.pieces.is_empty() { size(&place.bytes) } else { place.pieces.iter().map(size).sum() }
}

impl Outline {
    /// Copies, the keeper included.
    pub fn copies(&self) -> usize {
        self.members.len() + 1
    }

    /// Bytes of all members.
    pub fn bytes(&self) -> u64 {
        self.members.iter().map(|m| m.bytes).sum()
    }

    /// The least and the greatest similarity.
    pub fn similarity(&self) -> (f64, f64) {
        self.members.iter().fold((1.0, 0.0), |(least, most), m| (m.similarity.min(least), m.similarity.max(most)))
    }

    /// Members whose tokens equal the keeper's.
    pub fn exact(&self) -> usize {
        self.members.iter().filter(|m| m.exact).count()
    }
}
