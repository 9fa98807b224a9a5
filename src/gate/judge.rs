//! From an outcome and limits to a verdict.

use super::limits::{Counted, Limit};
use super::verdict::{Gate, Level, Status, Tally, Verdict};
use crate::pipeline::Outcome;

/// Says which findings count, and measures the gates in `limits`; with none of them any finding fails.
pub fn judge(outcome: &Outcome, limits: &[Limit]) -> Verdict {
    let statuses = vec![Status::New; outcome.plan.edits.len()];
    let limits = if limits.is_empty() { &[Limit::ANY_FINDING] } else { limits };
    let counted = Counted::new(outcome, &statuses);
    let mut gates: Vec<Gate> = limits.iter().map(|limit| counted.measure(limit)).collect();
    gates.sort_by_key(|gate| gate.level == Level::Warning);
    let passed = !gates.iter().any(Gate::fails);
    Verdict { passed, gates, findings: Tally::of(&statuses), statuses }
}
