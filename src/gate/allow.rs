//! The allow list: repeats that somebody has looked at and wants.
//!
//! TOML, one `[[allow]]` for each: what it covers by `digest` (as the baseline and reports write it), by `glob` (of the
//! file that the repeat or the copy that it repeats stands in), by `regex` (somewhere in the text of the repeat), or by
//! several of them, which then must all hold; a `reason`, without which nobody can tell later whether it still holds; and,
//! if it is for a time only, `expires`, the last day on which it does.

use std::fmt;

use globset::{Glob, GlobMatcher};
use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

use super::baseline::parse_digest;
use super::contents::Content;
use super::verdict::Obsolete;
use crate::corpus::{DocId, Place, Span, Unit};
use crate::pipeline::Outcome;

/// A day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// As in 2026.
    pub year: u16,
    /// From 1.
    pub month: u8,
    /// From 1.
    pub day: u8,
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// The file as it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    allow: Vec<Spanned<RawEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawEntry {
    digest: Option<Spanned<String>>,
    glob: Option<Spanned<String>>,
    regex: Option<Spanned<String>>,
    reason: Spanned<String>,
    expires: Option<Spanned<Datetime>>,
}

/// One entry.
struct Entry {
    /// Where its table begins.
    line: usize,
    digest: Option<(Option<Unit>, u128)>,
    glob: Option<[GlobMatcher; 2]>,
    regex: Option<Regex>,
    reason: String,
    expires: Option<Date>,
}

/// Repeats that are allowed.
pub struct AllowList {
    entries: Vec<Entry>,
}

/// What is wrong with an allow list, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
    /// What is wrong, and the remedy.
    pub message: String,
}

impl AllowList {
    /// Reads an allow list.
    pub fn parse(text: &str) -> Result<AllowList, Fault> {
        let fault = |at: usize, message: String| {
            let (line, column) = line_and_column(text, at);
            Fault { line, column, message }
        };
        let file: File = toml::from_str(text)
            .map_err(|e| fault(e.span().map_or(0, |span| span.start), e.message().trim().to_owned()))?;
        let entry = |raw: Spanned<RawEntry>| {
            let line = line_and_column(text, raw.span().start).0;
            raw.into_inner().compile(line).map_err(|(at, message)| fault(at.unwrap_or(0), message))
        };
        // a fault of a whole entry is told at its beginning
        let entries = file.allow.into_iter().map(|raw| {
            let start = raw.span().start;
            entry(raw).map_err(|e| if e.line == 1 && start > 0 { fault(start, e.message) } else { e })
        });
        Ok(AllowList { entries: entries.collect::<Result<_, _>>()? })
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is allowed.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// For each edit of the plan the entry that allows it first, if any does on this day.
    pub(super) fn allowed(&self, outcome: &Outcome, contents: &[Content], today: Date) -> Vec<Option<usize>> {
        let holds = |entry: &Entry| entry.expires.is_none_or(|last| today <= last);
        let first = |index: usize| {
            let covers = |entry: &Entry| holds(entry) && entry.covers(outcome, index, contents[index]);
            self.entries.iter().position(covers)
        };
        (0..contents.len()).map(first).collect()
    }

    /// Why an entry allows something.
    pub(super) fn reason(&self, entry: usize) -> &str {
        &self.entries[entry].reason
    }

    /// Entries that have expired or allow nothing.
    pub(super) fn obsolete(&self, allowed: &[Option<usize>], place: &str, today: Date) -> Vec<Obsolete> {
        let is_used = |index: usize| allowed.contains(&Some(index));
        let of = |(index, entry): (usize, &Entry)| {
            let why = match entry.expires {
                Some(last) if last < today => format!("expired on {last}"),
                _ if is_used(index) => return None,
                _ => "allows nothing that is found".to_owned(),
            };
            Some(Obsolete { place: format!("{place}:{}", entry.line), what: format!("{why}: {}", entry.reason) })
        };
        self.entries.iter().enumerate().filter_map(of).collect()
    }
}

impl RawEntry {
    /// The entry; or where something is wrong, if not with the whole of it, and what.
    fn compile(self, line: usize) -> Result<Entry, (Option<usize>, String)> {
        let RawEntry { digest, glob, regex, reason, expires } = self;
        if digest.is_none() && glob.is_none() && regex.is_none() {
            return Err((None, "covers nothing: give it a digest, a glob or a regex".to_owned()));
        }
        if reason.as_ref().trim().is_empty() {
            return Err((Some(reason.span().start), "the reason is empty: say why this may be said twice".to_owned()));
        }
        let digest = digest.map(|digest| compile_digest(digest.as_ref()).map_err(|e| (Some(digest.span().start), e)));
        let glob = glob.map(|glob| compile_glob(glob.as_ref()).map_err(|e| (Some(glob.span().start), e)));
        let regex = regex.map(|regex| {
            let built = RegexBuilder::new(regex.as_ref()).build();
            built.map_err(|e| (Some(regex.span().start), format!("bad regex: {e}")))
        });
        let expires = expires.map(|date| compile_date(date.as_ref()).map_err(|e| (Some(date.span().start), e)));
        Ok(Entry {
            line,
            digest: digest.transpose()?,
            glob: glob.transpose()?,
            regex: regex.transpose()?,
            reason: reason.into_inner().trim().to_owned(),
            expires: expires.transpose()?,
        })
    }
}

/// `UNIT:DIGEST` or `DIGEST`.
fn compile_digest(text: &str) -> Result<(Option<Unit>, u128), String> {
    let bad = || format!("`{text}` is no digest: 32 hexadecimal digits, as in the baseline, with or without `UNIT:`");
    let (unit, digits) = match text.split_once(':') {
        Some((name, digits)) => (Some(Unit::ALL.into_iter().find(|u| u.name() == name).ok_or_else(bad)?), digits),
        None => (None, text),
    };
    Ok((unit, parse_digest(digits).ok_or_else(bad)?))
}

/// A pattern of paths, from their beginning or from any directory.
fn compile_glob(pattern: &str) -> Result<[GlobMatcher; 2], String> {
    let compile = |pattern: &str| Glob::new(pattern).map(|glob| glob.compile_matcher());
    let both = compile(pattern).and_then(|whole| Ok([whole, compile(&format!("**/{pattern}"))?]));
    both.map_err(|e| format!("bad glob: {e}"))
}

fn compile_date(date: &Datetime) -> Result<Date, String> {
    match (date.date, date.time) {
        (Some(day), None) => Ok(Date { year: day.year, month: day.month, day: day.day }),
        _ => Err(format!("`{date}` is no day; write it as 2026-12-31, without quotes and time")),
    }
}

impl Entry {
    fn covers(&self, outcome: &Outcome, index: usize, content: Content) -> bool {
        let edit = &outcome.plan.edits[index];
        let is_digest = |&(unit, digest): &(Option<Unit>, u128)| {
            digest == content.repeat && unit.is_none_or(|unit| unit == edit.unit)
        };
        let in_file = |globs: &[GlobMatcher; 2], doc: DocId| {
            let source = outcome.corpus.source_of(doc);
            globs.iter().any(|glob| glob.is_match(&source.path) || glob.is_match(&source.name))
        };
        let is_in_file = |globs: &[GlobMatcher; 2]| [edit.place, edit.keeper].iter().any(|p| in_file(globs, p.doc));
        let says = |regex: &Regex| {
            let said = |piece: &Span| outcome.corpus.text_at(Place { doc: edit.place.doc, span: *piece });
            outcome.plan.pieces_of(edit).iter().any(|piece| regex.is_match(&said(piece)))
        };
        self.digest.as_ref().is_none_or(is_digest)
            && self.glob.as_ref().is_none_or(is_in_file)
            && self.regex.as_ref().is_none_or(says)
    }
}

/// The line and the column at a byte of a text, from 1.
fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |n| n + 1);
    (1 + before.matches('\n').count(), 1 + before[line_start..].chars().count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> Fault {
        AllowList::parse(text).err().unwrap_or_else(|| panic!("it must be refused: {text}"))
    }

    #[test]
    fn faults_are_told_with_their_line() {
        for (text, line, words) in [
            ("[[allow]]\nglob = \"a\"\n", 1, "reason"),
            ("\n[[allow]]\nglob = \"a\"\nreason = \" \"\n", 4, "reason is empty"),
            ("\n[[allow]]\nreason = \"r\"\n", 2, "digest, a glob or a regex"),
            ("[[allow]]\nglobb = \"a\"\nreason = \"r\"\n", 2, "globb"),
            ("[[allowed]]\nglob = \"a\"\nreason = \"r\"\n", 1, "allowed"),
            ("[[allow]]\nregex = \"(\"\nreason = \"r\"\n", 2, "bad regex"),
            ("[[allow]]\nglob = \"[\"\nreason = \"r\"\n", 2, "bad glob"),
            ("[[allow]]\ndigest = \"12\"\nreason = \"r\"\n", 2, "no digest"),
            ("[[allow]]\nglob = \"a\"\nreason = \"r\"\nexpires = 2026-13-01\n", 4, ""),
            ("[[allow]]\nglob = \"a\"\nreason = \"r\"\nexpires = 12:00:00\n", 4, "no day"),
            ("[[allow]\n", 1, ""),
        ] {
            let fault = fault(text);
            assert_eq!(fault.line, line, "{text}: {fault:?}");
            assert!(fault.message.contains(words), "{fault:?}");
        }
        assert!(AllowList::parse("").is_ok_and(|list| list.is_empty()));
    }

    #[test]
    fn days_are_ordered_and_printed() {
        let day = |year, month, day| Date { year, month, day };
        assert!(day(2026, 9, 30) < day(2026, 10, 1) && day(2025, 12, 31) < day(2026, 1, 1));
        assert_eq!(day(2026, 1, 2).to_string(), "2026-01-02");
    }
}
