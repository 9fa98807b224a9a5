//! A report at a higher threshold: which verified repeats still are ones, and what would come back.
//!
//! Nothing is searched and no text is read: every similarity in a report was computed exactly. Always: what stays a repeat
//! keeps its keeper. What comes back is not compared again: in a new run a document that comes back may lose paragraphs, and
//! a segment may find another keeper.

use serde::Serialize;

use crate::corpus::Unit;
use crate::report::{GroupView, Location, Member, Report};

/// What a higher threshold would change.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Rejudged {
    /// The threshold of the run.
    pub from: f64,
    /// The new one.
    pub to: f64,
    /// What was found at the threshold of the run.
    pub before: Counts,
    /// What of that is at the new one.
    pub after: Counts,
    /// What comes back, least similar first.
    pub back: Vec<Back>,
}

/// What was counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Kept copies with a repeat.
    pub groups: u64,
    /// Repeats.
    pub repeats: u64,
    /// Those that are whole documents.
    pub documents: u64,
    /// Bytes of text of the repeats, without what goes along: the white space around a cut, the record around a document.
    pub bytes: u64,
}

/// A repeat that would come back.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Back {
    /// The number of its group.
    pub group: usize,
    /// The kind of segment.
    pub unit: Unit,
    /// The copy that stands for it now.
    pub keeper: Location,
    /// What comes back.
    #[serde(flatten)]
    pub member: Member,
}

/// Judges the findings of a report anew; the reason if that cannot be done without a new search.
pub fn rejudge(report: &Report<'_>, from: f64, to: f64) -> Result<Rejudged, String> {
    if to < from {
        return Err(format!(
            "the run searched for similarity {from} and more; what lies between {to} and {from} was not looked for, so a lower threshold needs a new run with `--similarity {to}`"
        ));
    }
    if to > 1.0 || to.is_nan() {
        return Err(format!("a similarity of {to} is not between 0 and 1"));
    }
    let mut rejudged = Rejudged { from, to, before: Counts::default(), after: Counts::default(), back: Vec::new() };
    for group in (0..report.len()).map(|group| report.group(group)) {
        rejudged.add(group);
    }
    rejudged.back.sort_by(|a, b| a.member.similarity.total_cmp(&b.member.similarity));
    Ok(rejudged)
}

impl Rejudged {
    fn add(&mut self, group: GroupView) {
        self.before.groups += 1;
        let (mut stays, unit) = (false, group.unit);
        for member in group.members {
            self.before.count(unit, &member);
            if member.similarity >= self.to {
                self.after.count(unit, &member);
                stays = true;
            } else {
                self.back.push(Back { group: group.group, unit, keeper: group.keeper.clone(), member });
            }
        }
        self.after.groups += u64::from(stays);
    }
}

impl Counts {
    fn count(&mut self, unit: Unit, member: &Member) {
        self.repeats += 1;
        self.documents += u64::from(unit == Unit::Document);
        let whole = [member.location.bytes];
        let pieces = if member.location.pieces.is_empty() { &whole } else { member.location.pieces.as_slice() };
        self.bytes += pieces.iter().map(|[start, end]| u64::from(end.saturating_sub(*start))).sum::<u64>();
    }
}
