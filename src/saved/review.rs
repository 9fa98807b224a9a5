//! Findings, one after the other, and what is decided about each.
//!
//! In: the findings of a saved run, its texts, and answers. Out: [`Decisions`]. Always: a finding that was decided before, in
//! this or an earlier review, is not asked about again; nothing is decided by leaving.

use super::Saved;
use crate::corpus::{Tokens, Unit};
use crate::report::{Location, Member, Passage, Texts};
use crate::search::{Choice, Decision, Decisions, Pair};
use crate::sketch::digest;

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It is a repeat, for this reason.
    Accept(String),
    /// Both stay, for this reason.
    KeepBoth(String),
    /// Not now.
    Skip,
    /// To the finding before.
    Back,
    /// No more.
    Quit,
}

impl Answer {
    /// What was typed: `a`, `k`, `s`, `b` or `q`, or the word that begins so; a reason may follow.
    pub fn parse(line: &str) -> Option<Answer> {
        let (word, reason) = line.trim().split_once(char::is_whitespace).unwrap_or((line.trim(), ""));
        let reason = reason.trim().to_owned();
        match word {
            "a" | "accept" => Some(Answer::Accept(reason)),
            "k" | "keep" => Some(Answer::KeepBoth(reason)),
            "s" | "skip" if reason.is_empty() => Some(Answer::Skip),
            "b" | "back" if reason.is_empty() => Some(Answer::Back),
            "q" | "quit" if reason.is_empty() => Some(Answer::Quit),
            _ => None,
        }
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The kind of segment.
    pub unit: Unit,
    /// The copy that stays.
    pub keeper: Location,
    /// The copy that goes.
    pub member: Member,
    /// The digests of both.
    pub pair: Pair,
}

/// A review under way.
pub struct Review {
    items: Vec<Item>,
    at: usize,
    decisions: Decisions,
}

impl Review {
    /// A review of the findings of a run that are not decided yet, the least similar first; each pair of texts once.
    ///
    /// Findings whose texts are not in `texts` are left out.
    pub fn new(saved: &Saved, texts: &Texts<'_>, decisions: Decisions) -> Review {
        let mut items: Vec<Item> = Vec::new();
        let digest_of = |passage: &Passage<'_>| {
            let mut tokens = Tokens::default();
            tokens.read(&passage.compared(), saved.config.tokens);
            digest(&tokens.hashes)
        };
        for index in 0..saved.report.len() {
            let keeper = saved.report.keeper(index);
            let Some(kept) = texts.at(&keeper).map(|passage| digest_of(&passage)) else { continue };
            for member in saved.report.members(index) {
                let Some(passage) = texts.at(&member.location) else { continue };
                let pair = Pair::new(kept, digest_of(&passage));
                if decisions.get(&pair).is_none() {
                    items.push(Item { unit: saved.report.unit(index), keeper: keeper.clone(), member, pair });
                }
            }
        }
        items.sort_by(|a, b| a.member.similarity.total_cmp(&b.member.similarity));
        let mut seen = rustc_hash::FxHashSet::default();
        items.retain(|item| seen.insert(item.pair.clone()));
        Review { items, at: 0, decisions }
    }

    /// Findings in all.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is nothing to decide.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The finding in question and its number, from 1; `None` when all were seen.
    pub fn current(&self) -> Option<(usize, &Item)> {
        Some((self.at + 1, self.items.get(self.at)?))
    }

    /// What was decided about the finding in question, if one went back to it.
    pub fn decided(&self) -> Option<&Decision> {
        self.decisions.get(&self.items.get(self.at)?.pair)
    }

    /// Takes an answer; whether the review goes on.
    pub fn answer(&mut self, answer: Answer) -> bool {
        match answer {
            Answer::Quit => return false,
            Answer::Back => self.at = self.at.saturating_sub(1),
            Answer::Skip => {
                if let Some(item) = self.items.get(self.at) {
                    self.decisions.unset(&item.pair);
                }
                self.at += 1;
            }
            Answer::Accept(reason) => self.decide(Choice::Accept, reason),
            Answer::KeepBoth(reason) => self.decide(Choice::KeepBoth, reason),
        }
        self.at < self.items.len()
    }

    fn decide(&mut self, decision: Choice, reason: String) {
        let Some(item) = self.items.get(self.at) else { return };
        let texts = [item.keeper.excerpt.clone(), item.member.location.excerpt.clone()];
        self.decisions.set(Decision { pair: item.pair.clone(), decision, unit: item.unit, reason, texts });
        self.at += 1;
    }

    /// All decisions: those made before, and those of this review.
    pub fn decisions(&self) -> &Decisions {
        &self.decisions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_with_and_without_reasons() {
        assert_eq!(Answer::parse("k  other year \n"), Some(Answer::KeepBoth("other year".to_owned())));
        assert_eq!(Answer::parse("accept"), Some(Answer::Accept(String::new())));
        assert_eq!(Answer::parse("q"), Some(Answer::Quit));
        assert_eq!([Answer::parse(""), Answer::parse("skip it"), Answer::parse("x")], [None, None, None]);
    }
}
