//! The baseline: findings that are accepted for now, by what they say and not by where they stand.
//!
//! A JSON object with one text a line, by its unit and the digest of its tokens, and at its end what it is. Each line but
//! the last ends with a comma and the keys are sorted, so that two branches that add lines merge (`merge=union` in
//! `.gitattributes` does it by itself; a key that stands twice is taken with the greater number of copies).
//!
//! ```json
//! {
//! "paragraph:0c9d…": {"copies":2,"sources":{"docs/a.md":1,"docs/b.md":1},"text":"The warning …"},
//! "unecho_baseline": {"schema":1,"tokens":"word","ignore_digits":false}
//! }
//! ```
//!
//! `copies` counts the text wherever it stands in a finding, kept or not: moving it changes nothing, and one copy more is
//! new. `like` names the kept texts that it is similar to, without being equal. Texts joined so are one family: whichever
//! of them is kept, the others are known; a text of another family, or of none, is new.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rustc_hash::FxHashMap;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::contents::Content;
use super::verdict::{Obsolete, Status};
use crate::corpus::{EXCERPT_WINDOW, Place, Role, TokenOptions, Unit, excerpt};
use crate::pipeline::Outcome;

/// Grows by one whenever an older baseline would be read wrongly, also when tokens come to be hashed in another way.
const SCHEMA: u32 = 1;

/// The key of the line that says what the file is.
const HEADER: &str = "unecho_baseline";

/// A text, wherever it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Key {
    unit: Unit,
    digest: u128,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{:032x}", self.unit.name(), self.digest)
    }
}

impl Key {
    fn parse(text: &str) -> Option<Key> {
        let (unit, digest) = text.split_once(':')?;
        let unit = Unit::ALL.into_iter().find(|u| u.name() == unit)?;
        Some(Key { unit, digest: parse_digest(digest)? })
    }
}

/// The 32 hexadecimal digits of a digest.
pub(super) fn parse_digest(text: &str) -> Option<u128> {
    (text.len() == 32).then(|| u128::from_str_radix(text, 16).ok())?
}

/// What is accepted of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// Copies of it, the kept one included.
    copies: u64,
    /// Digests of the kept texts that it is similar to.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    like: BTreeSet<String>,
    /// Where the copies stand; for people, and to tell which of too many copies is the new one.
    #[serde(default)]
    sources: BTreeMap<String, u64>,
    /// How it begins.
    #[serde(default)]
    text: String,
}

impl Entry {
    /// What two branches say of the same text.
    fn merge(&mut self, other: Entry) {
        self.copies = self.copies.max(other.copies);
        self.like.extend(other.like);
        for (source, copies) in other.sources {
            let known = self.sources.entry(source).or_default();
            *known = copies.max(*known);
        }
        self.text = std::mem::take(&mut self.text).max(other.text);
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    schema: u32,
    tokens: String,
    ignore_digits: bool,
}

impl Header {
    fn of(options: TokenOptions) -> Header {
        let tokens = if options.by_character { "character" } else { "word" };
        Header { schema: SCHEMA, tokens: tokens.to_owned(), ignore_digits: options.ignore_digits }
    }
}

/// Accepted findings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Baseline {
    header: Header,
    entries: BTreeMap<Key, Entry>,
}

impl Baseline {
    /// Reads a baseline; what is wrong with it otherwise, and the remedy.
    pub fn parse(text: &str, options: TokenOptions) -> Result<Baseline, String> {
        let renew = "make it anew with --update-baseline";
        if text.lines().any(|line| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ")) {
            return Err(format!("holds the marks of a merge conflict; take the lines of both sides, or {renew}"));
        }
        let Lines { header, entries } =
            serde_json::from_str(text).map_err(|e| format!("is not a baseline ({e}); {renew}"))?;
        let Some(header) = header else { return Err(format!("has no line `{HEADER}`; {renew}")) };
        if header.schema != SCHEMA {
            let schema = header.schema;
            return Err(format!("has schema {schema}, and this version of unecho knows {SCHEMA}; {renew}"));
        }
        if header != Header::of(options) {
            return Err(format!(
                "was made with --tokens {}{}, which this run is not; {renew}",
                header.tokens,
                if header.ignore_digits { " --ignore-digits" } else { "" }
            ));
        }
        Ok(Baseline { header, entries })
    }

    /// The findings of an outcome that are not allowed otherwise. `names` gives each source its name in the baseline.
    pub fn of(outcome: &Outcome, contents: &[Content], statuses: &[Status], names: &[String]) -> Baseline {
        let is_allowed = |edit: usize| matches!(statuses[edit], Status::Allowed { .. });
        let mut entries: BTreeMap<Key, Entry> = BTreeMap::new();
        for (key, text) in texts(outcome, contents, |edit| !is_allowed(edit)) {
            let mut entry =
                Entry { copies: text.copies(), text: beginning(outcome, text.places[0]), ..Entry::default() };
            for place in &text.places {
                let source = &names[outcome.corpus.document(place.doc).source as usize];
                *entry.sources.entry(source.clone()).or_default() += 1;
            }
            let keepers = text.edits.iter().map(|&edit| contents[edit].keeper).filter(|&keeper| keeper != key.digest);
            entry.like = keepers.map(|digest| format!("{digest:032x}")).collect();
            entries.insert(key, entry);
        }
        Baseline { header: Header::of(outcome.config.tokens), entries }
    }

    /// The number of texts in it.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is accepted.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The file.
    pub fn render(&self) -> String {
        let json = |value: &Entry| serde_json::to_string(value).expect("strings and numbers");
        let mut lines: Vec<String> =
            self.entries.iter().map(|(key, entry)| format!("\"{key}\": {},\n", json(entry))).collect();
        lines.sort_unstable();
        let header = serde_json::to_string(&self.header).expect("strings and numbers");
        format!("{{\n{}\"{HEADER}\": {header}\n}}\n", lines.concat())
    }

    /// Which edits of a plan are known.
    pub(super) fn known(&self, outcome: &Outcome, contents: &[Content], names: &[String]) -> Vec<bool> {
        let families = self.families();
        let mut known = vec![false; contents.len()];
        for (key, text) in texts(outcome, contents, |_| true) {
            let Some(entry) = self.entries.get(&key) else { continue };
            let family = |digest: u128| families.get(&Key { unit: key.unit, digest });
            let own = family(key.digest);
            let mut edits = text.edits.clone();
            edits.retain(|&edit| family(contents[edit].keeper) == own);
            let surplus = text.copies().saturating_sub(entry.copies) as usize;
            newest_first(&mut edits, outcome, entry, names);
            for &edit in edits.iter().skip(surplus) {
                known[edit] = true;
            }
        }
        known
    }

    /// What is accepted and found no more.
    pub(super) fn obsolete(&self, outcome: &Outcome, contents: &[Content], place: &str) -> Vec<Obsolete> {
        let found = texts(outcome, contents, |_| true);
        let of = |(key, entry): (&Key, &Entry)| {
            let copies = found.get(key).map_or(0, Text::copies);
            (copies < entry.copies).then(|| Obsolete {
                place: place.to_owned(),
                what: format!("{key}, {} accepted, {copies} found: {}", entry.copies, entry.text),
            })
        };
        self.entries.iter().filter_map(of).collect()
    }

    /// Texts that are joined by likeness have the same number.
    fn families(&self) -> FxHashMap<Key, usize> {
        let mut families = Families::default();
        for (key, entry) in &self.entries {
            let own = families.number(*key);
            for digest in entry.like.iter().filter_map(|digest| parse_digest(digest)) {
                let other = families.number(Key { unit: key.unit, digest });
                families.join(own, other);
            }
        }
        let numbers: Vec<(Key, usize)> = families.numbers.iter().map(|(key, number)| (*key, *number)).collect();
        numbers.into_iter().map(|(key, number)| (key, families.root(number))).collect()
    }
}

/// Characters of a text that a line of the baseline shows.
const SHOWN: usize = 60;

/// How a text begins.
fn beginning(outcome: &Outcome, place: Place) -> String {
    let text = outcome.corpus.text_at(place);
    let start = &text[..text.len().min(EXCERPT_WINDOW)];
    let whole = excerpt(start, start.len() == text.len());
    match whole.char_indices().nth(SHOWN) {
        Some((end, _)) => whole[..end].trim_end().to_owned() + "…",
        None => whole,
    }
}

/// Puts the edits first that are most likely new: those in sources that have more copies than are accepted of them, then
/// those in sources that changed, then the last ones.
fn newest_first(edits: &mut [usize], outcome: &Outcome, entry: &Entry, names: &[String]) {
    let mut accepted = entry.sources.clone();
    let mut is_elsewhere = FxHashMap::default();
    edits.sort_unstable();
    for &edit in edits.iter() {
        let source = outcome.corpus.document(outcome.plan.edits[edit].place.doc).source as usize;
        let left = accepted.get_mut(&names[source]).filter(|left| **left > 0);
        is_elsewhere.insert(edit, left.map(|left| *left -= 1).is_none());
    }
    let is_changed = |edit: usize| outcome.corpus.role(outcome.plan.edits[edit].place.doc) == Role::Judged;
    edits.sort_by_key(|&edit| std::cmp::Reverse((is_elsewhere[&edit], is_changed(edit), edit)));
}

/// Where a text stands in the findings.
#[derive(Default)]
struct Text {
    /// Every place, once, in order.
    places: Vec<Place>,
    /// The edits that cut it.
    edits: Vec<usize>,
}

impl Text {
    fn copies(&self) -> u64 {
        self.places.len() as u64
    }
}

/// The texts of the findings that `counts` lets through, in order.
fn texts(outcome: &Outcome, contents: &[Content], counts: impl Fn(usize) -> bool) -> BTreeMap<Key, Text> {
    let mut texts: BTreeMap<Key, Text> = BTreeMap::new();
    for (index, (edit, content)) in outcome.plan.edits.iter().zip(contents).enumerate().filter(|(i, _)| counts(*i)) {
        let key = |digest| Key { unit: edit.unit, digest };
        let repeat = texts.entry(key(content.repeat)).or_default();
        repeat.places.push(edit.place);
        repeat.edits.push(index);
        texts.entry(key(content.keeper)).or_default().places.push(edit.keeper);
    }
    for text in texts.values_mut() {
        text.places.sort_unstable();
        text.places.dedup();
    }
    texts
}

/// Disjoint sets of texts.
#[derive(Default)]
struct Families {
    numbers: BTreeMap<Key, usize>,
    parents: Vec<usize>,
}

impl Families {
    fn number(&mut self, key: Key) -> usize {
        let parents = &mut self.parents;
        *self.numbers.entry(key).or_insert_with(|| {
            parents.push(parents.len());
            parents.len() - 1
        })
    }

    fn root(&mut self, mut number: usize) -> usize {
        while self.parents[number] != number {
            self.parents[number] = self.parents[self.parents[number]];
            number = self.parents[number];
        }
        number
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.parents[a.max(b)] = a.min(b);
    }
}

/// The lines of a baseline; keys that stand twice are merged.
struct Lines {
    header: Option<Header>,
    entries: BTreeMap<Key, Entry>,
}

impl<'de> Deserialize<'de> for Lines {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Lines, D::Error> {
        deserializer.deserialize_map(LinesVisitor)
    }
}

struct LinesVisitor;

impl<'de> Visitor<'de> for LinesVisitor {
    type Value = Lines;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a line for each text")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Lines, A::Error> {
        let mut lines = Lines { header: None, entries: BTreeMap::new() };
        while let Some(name) = map.next_key::<String>()? {
            if name == HEADER {
                lines.header = Some(map.next_value()?);
                continue;
            }
            let key = Key::parse(&name).ok_or_else(|| A::Error::custom(format!("`{name}` is not UNIT:DIGEST")))?;
            let entry: Entry = map.next_value()?;
            if let Some(digest) = entry.like.iter().find(|digest| parse_digest(digest).is_none()) {
                return Err(A::Error::custom(format!("`{digest}` in `like` is no digest")));
            }
            lines.entries.entry(key).or_default().merge(entry);
        }
        Ok(lines)
    }
}
