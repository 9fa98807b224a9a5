//! Two runs → what is different: options, sources, totals, and findings.
//!
//! A segment is known again by its unit, its document and how it begins; of several alike in one document, the first is
//! the first. So findings are matched though lines have moved, and neither run needs its texts.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::corpus::Unit;
use crate::report::{CorpusTotals, Location, Report, SourceView};

/// What is different between two runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunDiff {
    /// Options that differ.
    pub options: Vec<OptionDiff>,
    /// Sources that differ.
    pub sources: SourcesDiff,
    /// Totals of the first and the second run.
    pub totals: [CorpusTotals; 2],
    /// Keepers that stand for something only in the second run, with the copies in their group.
    pub new_groups: Vec<GroupDiff>,
    /// Keepers that stand for something only in the first run.
    pub gone_groups: Vec<GroupDiff>,
    /// Segments that are repeats only in the second run.
    pub new: Vec<Finding>,
    /// Segments that are repeats only in the first run.
    pub gone: Vec<Finding>,
    /// Segments that are repeats in both, of different keepers.
    pub different_keeper: Vec<KeeperDiff>,
    /// Repeats that are the same in both runs.
    pub unchanged: u64,
}

/// An option that differs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OptionDiff {
    /// Its name.
    pub option: String,
    /// Its values.
    pub values: [serde_json::Value; 2],
}

/// Sources that differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SourcesDiff {
    /// In the second run only.
    pub new: Vec<String>,
    /// In the first run only.
    pub gone: Vec<String>,
    /// In both, with different contents.
    pub changed: Vec<String>,
}

/// A keeper with the copies that it stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupDiff {
    /// The kind of segment.
    pub unit: Unit,
    /// Copies, the keeper among them.
    pub copies: usize,
    /// The copy that stays.
    pub keeper: Location,
}

/// A repeat with its keeper.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The kind of segment.
    pub unit: Unit,
    /// Their similarity.
    pub similarity: f64,
    /// The repeat.
    pub repeat: Location,
    /// The copy that stays.
    pub keeper: Location,
}

/// A repeat with a keeper in each run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct KeeperDiff {
    /// The kind of segment.
    pub unit: Unit,
    /// The repeat, as the second run has it.
    pub repeat: Location,
    /// Its keepers.
    pub keepers: [Location; 2],
    /// Its similarities to them.
    pub similarities: [f64; 2],
}

/// By what a segment is known again: unit, source, document, beginning, and how many alike stand before it.
type Key = (Unit, String, String, String, usize);

/// Numbers segments that are alike otherwise.
#[derive(Default)]
struct Keys(BTreeMap<(Unit, String, String, String), usize>);

impl Keys {
    fn key(&mut self, unit: Unit, location: &Location) -> Key {
        let (source, document) = (location.source.clone(), location.document.clone());
        let key = (unit, source, document, location.excerpt.clone());
        let before = self.0.entry(key.clone()).or_default();
        *before += 1;
        (key.0, key.1, key.2, key.3, *before)
    }
}

/// The findings of a run, by what they are known again.
#[derive(Default)]
struct Findings {
    groups: BTreeMap<Key, GroupDiff>,
    repeats: BTreeMap<Key, (Finding, Key)>,
}

impl Findings {
    fn of(report: &Report<'_>) -> Findings {
        let mut findings = Findings::default();
        let (mut keepers, mut repeats) = (Keys::default(), Keys::default());
        for index in 0..report.len() {
            let (unit, keeper, copies) = (report.unit(index), report.keeper(index), report.copies(index));
            let keeper_key = keepers.key(unit, &keeper);
            for member in report.members(index) {
                let key = repeats.key(unit, &member.location);
                let (similarity, repeat, keeper) = (member.similarity, member.location, keeper.clone());
                let finding = Finding { unit, similarity, repeat, keeper };
                findings.repeats.insert(key, (finding, keeper_key.clone()));
            }
            findings.groups.insert(keeper_key, GroupDiff { unit, copies, keeper });
        }
        findings
    }

    /// The groups whose keepers stand for nothing in the other run.
    fn groups_without(&self, other: &Findings) -> Vec<GroupDiff> {
        let own = self.groups.iter().filter(|(key, _)| !other.groups.contains_key(*key));
        own.map(|(_, group)| group.clone()).collect()
    }

    /// The repeats that are none in the other run.
    fn repeats_without(&self, other: &Findings) -> Vec<Finding> {
        let own = self.repeats.iter().filter(|(key, _)| !other.repeats.contains_key(*key));
        own.map(|(_, (finding, _))| finding.clone()).collect()
    }
}

/// Compares two runs. Costs a sort of the findings of both.
pub fn diff(first: &Report<'_>, second: &Report<'_>) -> RunDiff {
    let (before, after) = (Findings::of(first), Findings::of(second));
    let both = before.repeats.iter().filter_map(|(key, old)| Some((old, after.repeats.get(key)?)));
    let mut different_keeper = Vec::new();
    let mut unchanged = 0;
    for ((old, old_keeper), (new, new_keeper)) in both {
        if old_keeper == new_keeper {
            unchanged += 1;
            continue;
        }
        different_keeper.push(KeeperDiff {
            unit: new.unit,
            repeat: new.repeat.clone(),
            keepers: [old.keeper.clone(), new.keeper.clone()],
            similarities: [old.similarity, new.similarity],
        });
    }
    RunDiff {
        options: diff_options(&first.overview.run.options, &second.overview.run.options),
        sources: diff_sources(&first.overview.sources, &second.overview.sources),
        totals: [first.overview.totals.clone(), second.overview.totals.clone()],
        new_groups: after.groups_without(&before),
        gone_groups: before.groups_without(&after),
        new: after.repeats_without(&before),
        gone: before.repeats_without(&after),
        different_keeper,
        unchanged,
    }
}

fn diff_options(first: &serde_json::Value, second: &serde_json::Value) -> Vec<OptionDiff> {
    let names = |options: &serde_json::Value| -> Vec<String> {
        options.as_object().map(|o| o.keys().cloned().collect()).unwrap_or_default()
    };
    let mut all = [names(first), names(second)].concat();
    all.sort();
    all.dedup();
    let value = |options: &serde_json::Value, name: &str| options.get(name).cloned().unwrap_or_default();
    let differ = |option: String| {
        let values = [value(first, &option), value(second, &option)];
        (values[0] != values[1]).then_some(OptionDiff { option, values })
    };
    all.into_iter().filter_map(differ).collect()
}

fn diff_sources(first: &[SourceView], second: &[SourceView]) -> SourcesDiff {
    let by_name = |sources: &[SourceView]| -> BTreeMap<String, String> {
        sources.iter().map(|s| (s.source.clone(), s.digest.clone())).collect()
    };
    let (first, second) = (by_name(first), by_name(second));
    let without = |a: &BTreeMap<String, String>, b: &BTreeMap<String, String>| {
        a.keys().filter(|name| !b.contains_key(*name)).cloned().collect()
    };
    let changed = first.iter().filter(|(name, digest)| second.get(*name).is_some_and(|other| other != *digest));
    SourcesDiff {
        new: without(&second, &first),
        gone: without(&first, &second),
        changed: changed.map(|(name, _)| name.clone()).collect(),
    }
}
