//! What can be limited, and how each is measured.
//!
//! Each gate is one short function from the findings that count to a value.

use serde::{Deserialize, Serialize};

use super::verdict::{Gate, Level, Quantity, Status};
use crate::corpus::DocId;
use crate::pipeline::Outcome;
use crate::resolve::Group;

/// What a gate measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GateKind {
    /// Findings.
    AnyFinding,
    /// The share of tokens that repeat something.
    MaxDuplicated,
    /// Groups.
    MaxGroups,
    /// Copies in the largest group, the kept one included.
    MaxGroupSize,
    /// The share of repeated tokens in the source that has most of them.
    MaxPerSource,
}

impl GateKind {
    /// All kinds, in the order in which they are printed.
    pub const ALL: [GateKind; 5] = [
        GateKind::AnyFinding,
        GateKind::MaxDuplicated,
        GateKind::MaxGroups,
        GateKind::MaxGroupSize,
        GateKind::MaxPerSource,
    ];

    /// The name of the option that asks for it.
    pub fn name(self) -> &'static str {
        match self {
            GateKind::AnyFinding => "any-finding",
            GateKind::MaxDuplicated => "max-duplicated",
            GateKind::MaxGroups => "max-groups",
            GateKind::MaxGroupSize => "max-group-size",
            GateKind::MaxPerSource => "max-per-source",
        }
    }

    /// What is counted, in words.
    pub fn describe(self) -> &'static str {
        match self {
            GateKind::AnyFinding => "repeats",
            GateKind::MaxDuplicated => "of all tokens are repeats",
            GateKind::MaxGroups => "groups",
            GateKind::MaxGroupSize => "copies in the largest group",
            GateKind::MaxPerSource => "of the tokens of one source are repeats",
        }
    }
}

/// A gate that was asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// What is measured.
    pub kind: GateKind,
    /// What there may be.
    pub limit: Quantity,
    /// What the gate does when it does not hold.
    pub level: Level,
}

impl Limit {
    /// The limit in force where none is named.
    pub const ANY_FINDING: Limit = Limit { kind: GateKind::AnyFinding, limit: Quantity::Count(0), level: Level::Error };
}

/// What the gates are measured on: the findings that count.
pub(super) struct Counted<'a> {
    outcome: &'a Outcome,
    statuses: &'a [Status],
    /// Groups with a member that counts.
    groups: Vec<Group>,
}

impl<'a> Counted<'a> {
    pub(super) fn new(outcome: &'a Outcome, statuses: &'a [Status]) -> Counted<'a> {
        let mut groups = outcome.plan.groups();
        groups.retain(|group| group.edits.iter().any(|&edit| statuses[edit as usize].counts()));
        Counted { outcome, statuses, groups }
    }

    /// Measures one gate.
    pub(super) fn measure(&self, limit: &Limit) -> Gate {
        let count = |n: usize| (Quantity::Count(n as u64), None);
        let (value, detail) = match limit.kind {
            GateKind::AnyFinding => count(self.findings()),
            GateKind::MaxDuplicated => (self.duplicated(), None),
            GateKind::MaxGroups => count(self.groups.len()),
            GateKind::MaxGroupSize => self.largest_group(),
            GateKind::MaxPerSource => self.worst_source(),
        };
        let passed = !value.exceeds(limit.limit);
        Gate { kind: limit.kind, value, limit: limit.limit, level: limit.level, passed, detail }
    }

    fn findings(&self) -> usize {
        self.statuses.iter().filter(|status| status.counts()).count()
    }

    fn duplicated(&self) -> Quantity {
        let repeated: u64 = self.repeated_by_source().iter().sum();
        share(repeated, self.outcome.tokens.iter().map(|&t| u64::from(t)).sum())
    }

    fn largest_group(&self) -> (Quantity, Option<String>) {
        let largest = self.groups.iter().max_by_key(|group| (group.edits.len(), std::cmp::Reverse(group.keeper)));
        let Some(group) = largest else { return (Quantity::Count(0), None) };
        let keeper = self.outcome.corpus.source_of(group.keeper.doc).path.display();
        (Quantity::Count(group.edits.len() as u64 + 1), Some(format!("a {} of {keeper}", group.unit.name())))
    }

    fn worst_source(&self) -> (Quantity, Option<String>) {
        let sources = &self.outcome.corpus.sources;
        let mut worst = (0.0, None);
        for (source, &repeated) in sources.iter().zip(&self.repeated_by_source()) {
            let tokens = source.docs.clone().map(|d| u64::from(self.outcome.tokens[DocId(d).index()])).sum();
            if let Quantity::Share(share) = share(repeated, tokens)
                && share > worst.0
            {
                worst = (share, Some(source.path.display().to_string()));
            }
        }
        (Quantity::Share(worst.0), worst.1)
    }

    /// Tokens in each source that repeat something.
    fn repeated_by_source(&self) -> Vec<u64> {
        let mut repeated = vec![0; self.outcome.corpus.sources.len()];
        for (edit, status) in self.outcome.plan.edits.iter().zip(self.statuses) {
            if status.counts() {
                repeated[self.outcome.corpus.document(edit.place.doc).source as usize] += u64::from(edit.tokens);
            }
        }
        repeated
    }
}

/// A part of a whole; nothing of nothing is nothing.
fn share(part: u64, whole: u64) -> Quantity {
    Quantity::Share(part as f64 / whole.max(1) as f64)
}
