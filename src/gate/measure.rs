//! From findings that count to the value of a gate: one short function for each.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::limits::{GateKind, Limit};
use super::split::Splits;
use super::verdict::{Gate, Quantity, Status};
use crate::corpus::{DocId, Role};
use crate::pipeline::Outcome;
use crate::resolve::{Edit, Group};

/// A value, and what stands for it.
type Measure = (Quantity, Option<String>);

/// What the gates are measured on: the findings that count.
pub(super) struct Counted<'a> {
    outcome: &'a Outcome,
    edits: Vec<&'a Edit>,
    /// Groups with a member that counts.
    groups: Vec<Group>,
    splits: Option<&'a Splits>,
    obsolete: usize,
}

impl<'a> Counted<'a> {
    /// `obsolete` is the number of acceptances that nothing needs any more.
    pub(super) fn new(
        outcome: &'a Outcome,
        statuses: &[Status],
        splits: Option<&'a Splits>,
        obsolete: usize,
    ) -> Counted<'a> {
        let edits = outcome.plan.edits.iter().zip(statuses);
        let edits = edits.filter(|(_, status)| status.counts()).map(|(edit, _)| edit).collect();
        let mut groups = outcome.plan.groups();
        groups.retain(|group| group.edits.iter().any(|&edit| statuses[edit as usize].counts()));
        Counted { outcome, edits, groups, splits, obsolete }
    }

    /// Measures one gate.
    pub(super) fn measure(&self, limit: &Limit) -> Gate {
        let count = |n: usize| (Quantity::Count(n as u64), None);
        let (value, detail) = match limit.kind {
            GateKind::AnyFinding | GateKind::FailOnNew => count(self.edits.len()),
            GateKind::MaxDuplicated => (self.share(&self.edits), None),
            GateKind::MaxGroups => count(self.groups.len()),
            GateKind::MaxGroupSize => self.largest_group(),
            GateKind::MaxPerSource => self.worst_source(),
            GateKind::MaxLeak => self.leak(limit.limit),
            GateKind::SplitField => self.spanning_groups(),
            GateKind::FailOnStale => count(self.obsolete),
        };
        let passed = !value.exceeds(limit.limit);
        Gate { kind: limit.kind, value, limit: limit.limit, level: limit.level, passed, detail }
    }

    /// The share of these findings in the tokens that are judged.
    fn share(&self, edits: &[&Edit]) -> Quantity {
        let corpus = &self.outcome.corpus;
        let judged = corpus.ids().filter(|id| corpus.role(*id) == Role::Judged);
        let tokens = judged.map(|id| u64::from(self.outcome.tokens[id.index()])).sum();
        share(edits.iter().map(|edit| u64::from(edit.wording.tokens)).sum(), tokens)
    }

    fn path(&self, doc: DocId) -> String {
        self.outcome.corpus.source_of(doc).path.display().to_string()
    }

    fn largest_group(&self) -> Measure {
        let largest = self.groups.iter().max_by_key(|group| (group.edits.len(), Reverse(group.keeper)));
        let Some(group) = largest else { return (Quantity::Count(0), None) };
        let detail = format!("a {} of {}", group.unit.name(), self.path(group.keeper.doc));
        (Quantity::Count(group.edits.len() as u64 + 1), Some(detail))
    }

    fn worst_source(&self) -> Measure {
        let sources = &self.outcome.corpus.sources;
        let mut repeated = vec![0; sources.len()];
        for edit in &self.edits {
            repeated[self.outcome.corpus.document(edit.place.doc).source as usize] += u64::from(edit.wording.tokens);
        }
        let mut worst = (0.0, None);
        for (source, repeated) in sources.iter().zip(repeated) {
            let tokens = source.docs.clone().map(|d| u64::from(self.outcome.tokens[d as usize])).sum();
            if let Quantity::Share(share) = share(repeated, tokens)
                && share > worst.0
            {
                worst = (share, Some(source.path.display().to_string()));
            }
        }
        (Quantity::Share(worst.0), worst.1)
    }

    /// What repeats the reference, as a number or a share, as the limit is.
    fn leak(&self, limit: Quantity) -> Measure {
        let is_leak = |edit: &&&Edit| self.outcome.corpus.role(edit.keeper.doc) == Role::Reference;
        let leaks: Vec<&Edit> = self.edits.iter().filter(is_leak).copied().collect();
        let documents: BTreeSet<DocId> = leaks.iter().map(|edit| edit.place.doc).collect();
        let detail = (!leaks.is_empty()).then(|| match documents.len() {
            1 => "in 1 document".to_owned(),
            n => format!("in {n} documents"),
        });
        match limit {
            Quantity::Count(_) => (Quantity::Count(leaks.len() as u64), detail),
            Quantity::Share(_) => (self.share(&leaks), detail),
        }
    }

    fn spanning_groups(&self) -> Measure {
        let Some(splits) = self.splits else { return (Quantity::Count(0), None) };
        let values = |group: &Group| -> BTreeSet<&str> {
            let members = group.edits.iter().map(|&edit| self.outcome.plan.edits[edit as usize].place.doc);
            members.chain([group.keeper.doc]).filter_map(|doc| splits.of(doc)).collect()
        };
        let spanning: Vec<BTreeSet<&str>> = self.groups.iter().map(values).filter(|v| v.len() > 1).collect();
        let all: BTreeSet<&str> = spanning.iter().flatten().copied().collect();
        let detail = (!all.is_empty()).then(|| all.into_iter().collect::<Vec<_>>().join(", "));
        (Quantity::Count(spanning.len() as u64), detail)
    }
}

/// A part of a whole; nothing of nothing is nothing.
fn share(part: u64, whole: u64) -> Quantity {
    Quantity::Share(part as f64 / whole.max(1) as f64)
}
