//! From an outcome, limits and what is accepted to a verdict.

use super::allow::{AllowList, Date};
use super::baseline::Baseline;
use super::comments::Comments;
use super::contents::{Content, contents};
use super::limits::Limit;
use super::measure::Counted;
use super::split::Splits;
use super::verdict::{Gate, Level, Obsolete, Status, Tally, Verdict};
use crate::corpus::Role;
use crate::error::Result;
use crate::input::FieldPath;
use crate::pipeline::Outcome;

/// What is accepted, and how it is called in what is said about it.
pub struct Named<T> {
    /// The file.
    pub name: String,
    /// What stands in it.
    pub list: T,
}

/// What to judge by.
pub struct JudgeOptions {
    /// The gates; with none of them any finding fails.
    pub limits: Vec<Limit>,
    /// Findings that are accepted for now.
    pub baseline: Option<Named<Baseline>>,
    /// Findings that are wanted.
    pub allow: Option<Named<AllowList>>,
    /// The day on which this is judged.
    pub today: Date,
    /// For each source, its name in the baseline.
    pub names: Vec<String>,
    /// The field that says which split a record belongs to.
    pub split_field: Option<FieldPath>,
}

/// A plan whose findings are told apart, before any gate is measured.
pub struct Judge<'o> {
    outcome: &'o Outcome,
    options: JudgeOptions,
    contents: Vec<Content>,
    comments: Comments,
    statuses: Vec<Status>,
    obsolete: Vec<Obsolete>,
}

impl<'o> Judge<'o> {
    /// Says of every finding whether it counts.
    pub fn new(outcome: &'o Outcome, options: JudgeOptions) -> Judge<'o> {
        let (contents, comments) = (contents(outcome), Comments::new(outcome));
        let mut judge = Judge { outcome, options, contents, comments, statuses: Vec::new(), obsolete: Vec::new() };
        judge.accept();
        judge
    }

    /// The findings that are not allowed, to be accepted by the runs that follow.
    pub fn baseline(&self) -> Baseline {
        Baseline::of(self.outcome, &self.contents, &self.statuses, &self.options.names)
    }

    /// The baseline that it judges by.
    pub fn accepted(&self) -> Option<&Baseline> {
        self.options.baseline.as_ref().map(|baseline| &baseline.list)
    }

    /// Judges by another baseline from now on.
    pub fn accept_baseline(&mut self, baseline: Named<Baseline>) {
        self.options.baseline = Some(baseline);
        self.accept();
    }

    /// Measures the gates. Fails if no record has the field of the splits.
    pub fn verdict(self) -> Result<Verdict> {
        let splits = self.options.split_field.as_ref().map(|field| Splits::new(self.outcome, field)).transpose()?;
        let any = [Limit::ANY_FINDING];
        let limits = if self.options.limits.is_empty() { &any[..] } else { &self.options.limits };
        let counted = Counted::new(self.outcome, &self.statuses, splits.as_ref(), self.obsolete.len());
        let mut gates: Vec<Gate> = limits.iter().map(|limit| counted.measure(limit)).collect();
        gates.sort_by_key(|gate| gate.level == Level::Warning);
        Ok(Verdict {
            passed: !gates.iter().any(Gate::fails),
            gates,
            findings: Tally::of(&self.statuses),
            obsolete: self.obsolete,
            statuses: self.statuses,
        })
    }

    /// Tells findings that count from those that are accepted, and notes what is accepted without need.
    fn accept(&mut self) {
        let (outcome, contents, options) = (self.outcome, &self.contents, &self.options);
        let by_comment = self.comments.allowed(outcome);
        let by_list = match &options.allow {
            Some(allow) => allow.list.allowed(outcome, contents, options.today),
            None => vec![None; contents.len()],
        };
        let known = match &options.baseline {
            Some(baseline) => baseline.list.known(outcome, contents, &options.names),
            None => vec![false; contents.len()],
        };
        let mut obsolete = Vec::new();
        if let Some(Named { name, list }) = &options.baseline {
            obsolete.extend(list.obsolete(outcome, contents, name));
        }
        if let Some(Named { name, list }) = &options.allow {
            obsolete.extend(list.obsolete(&by_list, name, options.today));
        }
        obsolete.extend(self.comments.obsolete(&by_comment, outcome));
        let status = |edit: usize| match (by_list[edit], by_comment[edit], &options.allow) {
            _ if !touches_what_changed(outcome, edit) => Status::OutOfScope,
            (Some(entry), _, Some(allow)) => Status::Allowed { reason: allow.list.reason(entry).to_owned() },
            (_, Some(comment), _) => Status::Allowed { reason: self.comments.reason(comment).to_owned() },
            _ if known[edit] => Status::Known,
            _ => Status::New,
        };
        self.statuses = (0..contents.len()).map(status).collect();
        self.obsolete = obsolete;
    }
}

/// Whether a repeat, or the copy that it repeats, stands in a source that changed; all did, unless it is known which.
fn touches_what_changed(outcome: &Outcome, edit: usize) -> bool {
    let edit = &outcome.plan.edits[edit];
    [edit.place, edit.keeper].iter().any(|place| outcome.corpus.role(place.doc) == Role::Judged)
}
