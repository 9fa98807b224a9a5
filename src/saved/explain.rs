//! A document, or a line of it → what happened to it; two documents → why they were not merged.

use super::{Comparison, Saved};
use crate::corpus::{Corpus, DocId, Span, Tokens, Unit};
use crate::error::Result;
use crate::report::{Location, Member};
use crate::resolve::{Fate, Globs, Scope};

/// A repeat and what stands for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Repeat {
    /// The number of the group, from 1.
    pub group: usize,
    /// The kind of segment.
    pub unit: Unit,
    /// The copy that stays.
    pub keeper: Location,
    /// The copy that goes.
    pub member: Member,
}

/// A segment that stands for others.
#[derive(Clone, Debug, PartialEq)]
pub struct Keeper {
    /// The number of the group, from 1.
    pub group: usize,
    /// The kind of segment.
    pub unit: Unit,
    /// Copies, itself among them.
    pub copies: usize,
    /// Where it stands.
    pub location: Location,
}

/// What a run did with a document, or with a part of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// What became of the document.
    pub fate: Fate,
    /// What goes from it: itself, or segments.
    pub repeats: Vec<Repeat>,
    /// What stays in it and stands for others.
    pub keepers: Vec<Keeper>,
}

/// A segment that was looked at and is no repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// The kind of segment.
    pub unit: Unit,
    /// Where it stands.
    pub span: Span,
    /// Its tokens.
    pub tokens: usize,
    /// Tokens that a segment needs to be compared.
    pub needed: usize,
}

/// What the run of `saved` did with record number `record` of `source`; with `part`, only what touches that.
pub fn explain(saved: &Saved, source: &str, record: u32, part: Option<Span>) -> Explanation {
    let report = &saved.report;
    let is_here = |location: &Location| location.source == source && location.record == record;
    let touches = |location: &Location| {
        let [start, end] = location.bytes;
        part.is_none_or(|part| part.overlaps(Span { start, end }))
    };
    let (mut of_document, mut keepers) = (Vec::new(), Vec::new());
    for index in 0..report.len() {
        let (group, unit, location) = (index + 1, report.unit(index), report.keeper(index));
        let here = report.members(index).filter(|member| is_here(&member.location));
        of_document.extend(here.map(|member| Repeat { group, unit, keeper: location.clone(), member }));
        if is_here(&location) && touches(&location) {
            keepers.push(Keeper { group, unit, copies: report.copies(index), location });
        }
    }
    let emptied = report.overview.emptied.iter().any(|d| d.source == source && d.record == record);
    let fate = match of_document.as_slice() {
        _ if emptied => Fate::Emptied,
        [] => Fate::Kept,
        some if some.iter().any(|repeat| repeat.unit == Unit::Document) => Fate::Removed,
        _ => Fate::Edited,
    };
    let mut repeats: Vec<Repeat> = of_document.into_iter().filter(|r| touches(&r.member.location)).collect();
    repeats.sort_by_key(|repeat| (repeat.unit, repeat.member.location.bytes));
    Explanation { fate, repeats, keepers }
}

/// The bytes of a line of a text, from 1.
pub fn line_span(text: &[u8], line: u64) -> Option<Span> {
    let mut lines = memchr::memchr_iter(b'\n', text).chain([text.len()]);
    let index = usize::try_from(line.checked_sub(1)?).ok()?;
    let start = match index {
        0 => 0,
        _ => lines.nth(index - 1)? + 1,
    };
    let end = lines.next()?;
    (start <= text.len()).then(|| Span::new(start, end))
}

/// The segments that the run compared or left alone where `part` is, largest first.
pub fn segments_at(saved: &Saved, text: &[u8], part: Span) -> Vec<Segment> {
    let mut found = Vec::new();
    for unit in saved.config.searched_units() {
        let mut spans = Vec::new();
        saved.config.segmenter().split(unit, text, &mut spans);
        for span in spans.into_iter().filter(|span| span.overlaps(part)) {
            let mut tokens = Tokens::default();
            tokens.read(span.of(text), saved.config.tokens);
            found.push(Segment { unit, span, tokens: tokens.len(), needed: saved.config.min_tokens.get(unit) });
        }
    }
    found
}

/// Why two documents were not merged, or that they were.
#[derive(Clone, Debug, PartialEq)]
pub struct WhyNot {
    /// How their texts compare, as they were read.
    pub comparison: Comparison,
    /// What happened to each.
    pub explanations: [Explanation; 2],
    /// The reasons, the most decisive first.
    pub reasons: Vec<String>,
}

/// Why documents `a` and `b` were not merged.
pub fn why_not(saved: &Saved, corpus: &Corpus, a: DocId, b: DocId) -> Result<WhyNot> {
    let comparison = Comparison::new(&corpus.text(a), &corpus.text(b), Unit::Document, &saved.config)?;
    let explanations = [a, b].map(|id| {
        let source = corpus.source_of(id).path.display().to_string();
        explain(saved, &source, corpus.record_number(id), None)
    });
    let mut reasons = Vec::new();
    if a == b {
        reasons.push("both names are of the same document".to_owned());
    } else {
        reasons.extend(merged(corpus, &explanations, [a, b]));
        if reasons.is_empty() {
            reasons.extend(ruled_out(saved, &comparison));
        }
        if reasons.is_empty() {
            reasons.extend(decided_otherwise(saved, corpus, &comparison, &explanations, [a, b])?);
        }
    }
    Ok(WhyNot { comparison, explanations, reasons })
}

/// That one was removed for the other.
fn merged(corpus: &Corpus, explanations: &[Explanation; 2], ids: [DocId; 2]) -> Option<String> {
    let names = ["the first", "the second"];
    (0..2).find_map(|i| {
        let whole = explanations[i].repeats.iter().find(|r| r.unit == Unit::Document)?;
        let other = ids[1 - i];
        let is_other = whole.keeper.record == corpus.record_number(other)
            && whole.keeper.source == corpus.source_of(other).path.display().to_string();
        let (gone, kept) = (names[i], names[1 - i]);
        let similarity = whole.member.similarity;
        is_other.then(|| format!("they were merged: {gone} was removed for {kept}, similarity {similarity:.3}"))
    })
}

/// What rules a link out, from options and texts alone.
fn ruled_out(saved: &Saved, comparison: &Comparison) -> Vec<String> {
    let config = &saved.config;
    let mut reasons = Vec::new();
    if !config.searched_units().contains(&Unit::Document) {
        let scope = if config.scope == Scope::Document {
            "the run looked inside single documents only"
        } else {
            "the run did not compare whole documents"
        };
        reasons.push(format!("{scope} (see its options)"));
        return reasons;
    }
    let needed = config.min_tokens.get(Unit::Document);
    for (name, tokens) in ["the first", "the second"].into_iter().zip(comparison.tokens) {
        if tokens < needed {
            reasons.push(format!("{name} has {tokens} of the {needed} tokens below which documents are left alone"));
        } else if tokens < comparison.ngram && !comparison.same_tokens {
            let n = comparison.ngram;
            reasons
                .push(format!("{name} has {tokens} of the {n} tokens of a shingle, and is compared for equality only"));
        }
    }
    let (threshold, measure) = (config.search.similarity, config.search.measure);
    let similarity = comparison.similarity(measure).max(match measure {
        crate::search::Measure::Containment => comparison.containment[1],
        crate::search::Measure::Jaccard => 0.0,
    });
    if similarity < threshold {
        reasons.push(format!(
            "their {} similarity of {similarity:.3} is below the threshold of {threshold}",
            measure.name()
        ));
    }
    reasons
}

/// What else may have come between two documents that are alike.
fn decided_otherwise(
    saved: &Saved,
    corpus: &Corpus,
    comparison: &Comparison,
    explanations: &[Explanation; 2],
    ids: [DocId; 2],
) -> Result<Vec<String>> {
    let names = ["the first", "the second"];
    let mut reasons = Vec::new();
    for (name, explanation) in names.into_iter().zip(explanations) {
        if let Some(whole) = explanation.repeats.iter().find(|r| r.unit == Unit::Document) {
            let keeper = &whole.keeper;
            let (document, similarity) = (&keeper.document, whole.member.similarity);
            let place = format!("{}:{}", keeper.source, keeper.line);
            reasons
                .push(format!("{name} was removed for another copy, {document} ({place}), similarity {similarity:.3}"));
        }
    }
    let protect = Globs::new(&saved.config.protect, "--protect")?;
    let is_protected = |id: DocId| {
        let source = corpus.source_of(id);
        protect.first_match(&source.path).or_else(|| protect.first_match(&source.name)).is_some()
    };
    if ids.into_iter().all(is_protected) {
        reasons.push("both stand in protected sources, from which nothing is removed".to_owned());
    }
    if let Some(sketch) = comparison.sketch.as_ref().filter(|s| s.met.is_empty() && !comparison.same_tokens) {
        let missed = 1.0 - sketch.banding.recall(comparison.jaccard);
        reasons.push(format!(
            "they share no band, so the search did not meet them: that happens to {:.2} % of the pairs as similar as these",
            missed * 100.0
        ));
    }
    for (name, explanation) in names.into_iter().zip(explanations) {
        match explanation.fate {
            Fate::Edited => reasons
                .push(format!("{name} lost segments that stand elsewhere, and was compared as what is left of it")),
            Fate::Emptied => {
                reasons.push(format!("{name} lost every segment to copies elsewhere, and nothing was left of it"))
            }
            Fate::Kept | Fate::Removed => {}
        }
    }
    if !saved.report.overview.run.options["decisions"].is_null() {
        reasons.push("the run honoured decisions, and one may keep both".to_owned());
    }
    if reasons.is_empty() {
        reasons.push(
            "nothing rules the link out; bounds on the work came before it (see Limits in the README)".to_owned(),
        );
    }
    Ok(reasons)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_text() {
        let text = b"one\ntwo\n";
        let line = |n| line_span(text, n).map(|span| span.of(text));
        assert_eq!([line(1), line(2), line(3)], [Some(&b"one"[..]), Some(b"two"), Some(b"")]);
        assert_eq!([line(0), line(4)], [None, None]);
    }
}
