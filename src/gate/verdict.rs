//! What was judged: a status for every finding, a value and a limit for every gate.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::GateKind;

/// How much there is, or may be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quantity {
    /// A number of things.
    Count(u64),
    /// A share, 0 to 1.
    Share(f64),
}

impl Quantity {
    /// Whether this is more than `limit`, which is of the same kind.
    pub fn exceeds(self, limit: Quantity) -> bool {
        self.as_f64() > limit.as_f64() + 1e-12
    }

    fn as_f64(self) -> f64 {
        match self {
            Quantity::Count(n) => n as f64,
            Quantity::Share(share) => share,
        }
    }
}

impl fmt::Display for Quantity {
    /// `12`, or `3.5 %` with as many decimals as tell it from zero and from a limit close to it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Quantity::Count(n) => write!(f, "{n}"),
            Quantity::Share(share) => {
                let text = format!("{:.3}", share * 100.0);
                let text = text.trim_end_matches('0').trim_end_matches('.');
                let text = if text == "0" && *share > 0.0 { "<0.001" } else { text };
                write!(f, "{text} %")
            }
        }
    }
}

/// What a gate does when it does not hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It fails the run.
    #[default]
    Error,
    /// It is told, and nothing else.
    Warning,
}

impl Level {
    /// The word for it in reports.
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
        }
    }
}

/// One gate, measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gate {
    /// What is measured.
    #[serde(rename = "gate")]
    pub kind: GateKind,
    /// What there is.
    pub value: Quantity,
    /// What there may be.
    pub limit: Quantity,
    /// What it does when it does not hold.
    pub level: Level,
    /// Whether the value is within the limit.
    pub passed: bool,
    /// What stands for the value: the worst source, the largest group.
    pub detail: Option<String>,
}

impl Gate {
    /// Its name, as in the option that asks for it.
    pub fn name(&self) -> &'static str {
        self.kind.name()
    }

    /// What came of it, in a word.
    pub fn result(&self) -> &'static str {
        match (self.passed, self.level) {
            (true, _) => "passed",
            (false, Level::Error) => "FAILED",
            (false, Level::Warning) => "warning",
        }
    }

    /// Whether it fails the run.
    pub fn fails(&self) -> bool {
        !self.passed && self.level == Level::Error
    }
}

/// Whether a finding counts, and if not, why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Status {
    /// It counts.
    New,
    /// The baseline has it.
    Known,
    /// Somebody allowed it.
    Allowed {
        /// Why.
        reason: String,
    },
    /// It touches nothing that changed.
    OutOfScope,
}

impl Status {
    /// The word for it in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Status::New => "new",
            Status::Known => "known",
            Status::Allowed { .. } => "allowed",
            Status::OutOfScope => "out-of-scope",
        }
    }

    /// Whether it counts.
    pub fn counts(&self) -> bool {
        *self == Status::New
    }
}

/// Findings, by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// Those that count.
    pub new: u64,
    /// Those in the baseline.
    pub known: u64,
    /// Those that somebody allowed.
    pub allowed: u64,
    /// Those that touch nothing that changed.
    pub out_of_scope: u64,
}

impl Tally {
    pub(super) fn of(statuses: &[Status]) -> Tally {
        let mut tally = Tally::default();
        for status in statuses {
            *match status {
                Status::New => &mut tally.new,
                Status::Known => &mut tally.known,
                Status::Allowed { .. } => &mut tally.allowed,
                Status::OutOfScope => &mut tally.out_of_scope,
            } += 1;
        }
        tally
    }
}

/// Something that is accepted and is found no more, or not accepted any longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obsolete {
    /// Where it is accepted: a baseline, or a line of an allow list or of a document.
    pub place: String,
    /// What is accepted, and what is wrong with that.
    pub what: String,
}

/// What `check` says about an outcome.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether no gate fails the run.
    pub passed: bool,
    /// The gates, measured, those that can fail the run first.
    pub gates: Vec<Gate>,
    /// The findings, by whether they count.
    pub findings: Tally,
    /// What is accepted without need, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obsolete: Vec<Obsolete>,
    /// For each edit of the plan, whether it counts. In reports each finding has its own.
    #[serde(skip)]
    pub statuses: Vec<Status>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_for_people() {
        for (share, text) in
            [(0.0, "0 %"), (0.02, "2 %"), (0.025, "2.5 %"), (1.0 / 3.0, "33.333 %"), (1e-9, "<0.001 %")]
        {
            assert_eq!(Quantity::Share(share).to_string(), text);
        }
        assert_eq!(Quantity::Count(12).to_string(), "12");
    }

    #[test]
    fn a_limit_that_is_met_exactly_holds() {
        for (part, whole, percent) in [(2.0, 100.0, 2.0), (1.0, 1000.0, 0.1), (7.0, 300.0, 7.0 / 3.0)] {
            assert!(!Quantity::Share(part / whole).exceeds(Quantity::Share(percent / 100.0)));
        }
        assert!(Quantity::Count(1).exceeds(Quantity::Count(0)));
    }
}
