//! What can be limited.

use serde::{Deserialize, Serialize};

use super::verdict::{Level, Quantity};

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
    /// Findings that the baseline does not have.
    FailOnNew,
    /// What repeats the reference: findings, or their share of the tokens.
    MaxLeak,
    /// Groups with members of two splits.
    SplitField,
    /// What is accepted, by baseline, allow list or comment, and is found no more.
    FailOnStale,
}

impl GateKind {
    /// All kinds.
    pub const ALL: [GateKind; 9] = [
        GateKind::AnyFinding,
        GateKind::MaxDuplicated,
        GateKind::MaxGroups,
        GateKind::MaxGroupSize,
        GateKind::MaxPerSource,
        GateKind::FailOnNew,
        GateKind::MaxLeak,
        GateKind::SplitField,
        GateKind::FailOnStale,
    ];

    /// The name of the option that asks for it.
    pub fn name(self) -> &'static str {
        match self {
            GateKind::AnyFinding => "any-finding",
            GateKind::MaxDuplicated => "max-duplicated",
            GateKind::MaxGroups => "max-groups",
            GateKind::MaxGroupSize => "max-group-size",
            GateKind::MaxPerSource => "max-per-source",
            GateKind::FailOnNew => "fail-on-new",
            GateKind::MaxLeak => "max-leak",
            GateKind::SplitField => "split-field",
            GateKind::FailOnStale => "fail-on-stale",
        }
    }

    /// What a value of this kind says, as the words after it.
    pub fn describe(self, value: Quantity) -> &'static str {
        match (self, value) {
            (GateKind::AnyFinding, Quantity::Count(1)) => "repeat",
            (GateKind::AnyFinding, _) => "repeats",
            (GateKind::MaxDuplicated, _) => "of the tokens are repeats",
            (GateKind::MaxGroups, Quantity::Count(1)) => "group",
            (GateKind::MaxGroups, _) => "groups",
            (GateKind::MaxGroupSize, _) => "copies in the largest group",
            (GateKind::MaxPerSource, _) => "of the tokens of one source are repeats",
            (GateKind::FailOnNew, Quantity::Count(1)) => "repeat that the baseline does not have",
            (GateKind::FailOnNew, _) => "repeats that the baseline does not have",
            (GateKind::MaxLeak, Quantity::Share(_)) => "of the tokens stand in the reference",
            (GateKind::MaxLeak, Quantity::Count(1)) => "repeat of the reference",
            (GateKind::MaxLeak, _) => "repeats of the reference",
            (GateKind::SplitField, Quantity::Count(1)) => "group spans two splits",
            (GateKind::SplitField, _) => "groups span two splits",
            (GateKind::FailOnStale, Quantity::Count(1)) => "acceptance of what is found no more",
            (GateKind::FailOnStale, _) => "acceptances of what is found no more",
        }
    }

    /// Whether its limit is 0 where none is given.
    pub fn is_zero_by_nature(self) -> bool {
        matches!(self, GateKind::AnyFinding | GateKind::FailOnNew | GateKind::SplitField | GateKind::FailOnStale)
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
