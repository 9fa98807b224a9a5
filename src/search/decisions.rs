//! Decisions that people made about findings: pairs of texts that are both to stay, whatever their similarity.
//!
//! In: a file of decisions, JSON with one decision a line. Out: the pairs that are never linked. Always: a pair is known by
//! the digests of both texts' tokens, so a decision holds wherever the texts stand and whatever they are called; the file is
//! sorted, so that it can be kept under version control.

use std::fmt::Write as _;
use std::sync::Arc;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

use crate::corpus::Unit;

/// Grows by one whenever a field changes its meaning or goes away.
const SCHEMA_VERSION: u32 = 1;

/// What was decided about a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choice {
    /// It is a repeat.
    Accept,
    /// It is none: both stay.
    KeepBoth,
}

/// The digests of the tokens of two texts, as 32 hexadecimal digits each, the lesser first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Pair([String; 2]);

impl Pair {
    /// The pair of two texts with these digests, in any order.
    pub fn new(a: u128, b: u128) -> Pair {
        Pair([a.min(b), a.max(b)].map(|digest| format!("{digest:032x}")))
    }

    fn digests(&self) -> Option<(u128, u128)> {
        let [a, b] = [0, 1].map(|i| u128::from_str_radix(&self.0[i], 16).ok());
        Some((a?, b?)).map(|(a, b)| (a.min(b), a.max(b)))
    }
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// The pair that it is about.
    pub pair: Pair,
    /// What was decided.
    pub decision: Choice,
    /// The kind of segment that it was decided on.
    pub unit: Unit,
    /// Why, if it was said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// How the kept text and the repeat begin, for people.
    pub texts: [String; 2],
}

/// All decisions of a file, sorted by pair, each pair once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Decisions(Vec<Decision>);

/// The file.
#[derive(Deserialize)]
struct Whole {
    schema_version: u32,
    decisions: Vec<Decision>,
}

impl Decisions {
    /// Reads a file of decisions; what is wrong with it otherwise, and the remedy.
    pub fn parse(text: &str) -> Result<Decisions, String> {
        let whole: Whole = serde_json::from_str(text)
            .map_err(|e| format!("is no file of decisions ({e}); `unecho review` writes one"))?;
        if whole.schema_version != SCHEMA_VERSION {
            let version = whole.schema_version;
            return Err(format!(
                "holds decisions of version {version}, and this unecho knows version {SCHEMA_VERSION}; use the version of unecho that wrote it"
            ));
        }
        if let Some(bad) = whole.decisions.iter().find(|d| d.pair.digests().is_none()) {
            return Err(format!("names a pair {:?} that is not two digests; review that finding anew", bad.pair.0));
        }
        let mut decisions = Decisions::default();
        whole.decisions.into_iter().for_each(|decision| decisions.set(decision));
        Ok(decisions)
    }

    /// The decisions, sorted by pair.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Decision> {
        self.0.iter()
    }

    /// What was decided about a pair.
    pub fn get(&self, pair: &Pair) -> Option<&Decision> {
        self.0.binary_search_by(|d| d.pair.cmp(pair)).ok().map(|at| &self.0[at])
    }

    /// Notes a decision, in place of an earlier one about the same pair.
    pub fn set(&mut self, decision: Decision) {
        match self.0.binary_search_by(|d| d.pair.cmp(&decision.pair)) {
            Ok(at) => self.0[at] = decision,
            Err(at) => self.0.insert(at, decision),
        }
    }

    /// Forgets what was decided about a pair.
    pub fn unset(&mut self, pair: &Pair) {
        self.0.retain(|d| d.pair != *pair);
    }

    /// The file, as it is written.
    pub fn to_json(&self) -> String {
        let mut out = format!("{{\"schema_version\": {SCHEMA_VERSION},\n\"decisions\": [");
        for (i, decision) in self.0.iter().enumerate() {
            let line = serde_json::to_string(decision).expect("strings and enums have a JSON form");
            let _ = write!(out, "{}{line}", if i == 0 { "\n" } else { ",\n" });
        }
        out + "\n]}\n"
    }

    /// The pairs that are never linked.
    pub fn apart(&self) -> Apart {
        let kept = self.0.iter().filter(|d| d.decision == Choice::KeepBoth);
        Apart(Arc::new(kept.filter_map(|d| d.pair.digests()).collect()))
    }
}

/// Pairs of digests that are never linked.
#[derive(Clone, Debug, Default)]
pub struct Apart(Arc<FxHashSet<(u128, u128)>>);

impl Apart {
    /// Whether texts with these digests are both to stay.
    pub fn holds(&self, a: u128, b: u128) -> bool {
        !self.0.is_empty() && self.0.contains(&(a.min(b), a.max(b)))
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// XXH3-128 of the pairs: two runs with the same one keep the same pairs.
    pub fn digest(&self) -> u128 {
        let mut pairs: Vec<&(u128, u128)> = self.0.iter().collect();
        pairs.sort_unstable();
        let bytes: Vec<u8> = pairs.iter().flat_map(|(a, b)| [a.to_le_bytes(), b.to_le_bytes()]).flatten().collect();
        xxh3_128(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decision(a: u128, b: u128, decision: Choice) -> Decision {
        let texts = ["kept \"text\"".to_owned(), "repeat".to_owned()];
        Decision { pair: Pair::new(a, b), decision, unit: Unit::Paragraph, reason: String::new(), texts }
    }

    #[test]
    fn a_file_is_read_as_it_was_written_and_is_sorted() {
        let mut decisions = Decisions::default();
        decisions.set(Decision { reason: "other year".to_owned(), ..decision(9, 3, Choice::KeepBoth) });
        decisions.set(decision(2, 1, Choice::Accept));
        decisions.set(decision(5, 1, Choice::Accept));
        decisions.set(decision(1, 5, Choice::KeepBoth));
        let text = decisions.to_json();
        assert_eq!(Decisions::parse(&text), Ok(decisions.clone()));
        assert_eq!(decisions.iter().len(), 3);
        assert_eq!(text.lines().count(), 2 + 3 + 1);
        let apart = decisions.apart();
        assert!(apart.holds(3, 9) && apart.holds(9, 3) && apart.holds(5, 1) && !apart.holds(1, 2));
        decisions.unset(&Pair::new(9, 3));
        assert!(!decisions.apart().holds(3, 9));
    }

    #[test]
    fn what_is_no_file_of_decisions_is_refused_with_the_remedy() {
        assert!(Decisions::parse("").unwrap_err().contains("unecho review"));
        let later = Decisions::default().to_json().replace('1', "2");
        assert!(Decisions::parse(&later).unwrap_err().contains("version 2"));
        let mut decisions = Decisions::default();
        decisions.set(decision(1, 2, Choice::Accept));
        let bad = decisions.to_json().replace("00000000000000000000000000000001", "x");
        assert!(Decisions::parse(&bad).unwrap_err().contains("not two digests"));
        assert_eq!(Decisions::parse(&Decisions::default().to_json()), Ok(Decisions::default()));
    }
}
