//! Which copy stays: the order in which documents are taken.
//!
//! The document taken first stays, and what comes later is compared with it. Ties are broken by the order of reading, so
//! the order is total and depends on nothing but input and options. What is there to be compared with comes before
//! everything else, and what did not change before what did, so that a repeat is found in what is new.

use std::cmp::Ordering;
use std::fmt;
use std::path::Path;

use globset::{Glob, GlobMatcher};
use rayon::prelude::*;

use crate::corpus::{Corpus, DocId, Role, Source};
use crate::error::{Error, Result};
use crate::input::{FieldPath, field};

/// Which copy stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KeepPolicy {
    /// The one read first.
    #[default]
    First,
    /// The one read last; inside a document the last one too.
    Last,
    /// The one in the document with the most tokens.
    Longest,
    /// The one in the document with the fewest tokens.
    Shortest,
    /// The one with the greatest value in a field; numbers before strings before none.
    Max(FieldPath),
    /// The one with the least value in a field; numbers before strings before none.
    Min(FieldPath),
    /// None: the copy that would stay goes too.
    None,
}

impl KeepPolicy {
    /// The policy that options and reports spell so.
    pub fn parse(text: &str) -> Option<KeepPolicy> {
        match text.split_once(':') {
            Some(("max", field)) if !field.is_empty() => Some(KeepPolicy::Max(FieldPath::parse(field))),
            Some(("min", field)) if !field.is_empty() => Some(KeepPolicy::Min(FieldPath::parse(field))),
            _ => match text {
                "first" => Some(KeepPolicy::First),
                "last" => Some(KeepPolicy::Last),
                "longest" => Some(KeepPolicy::Longest),
                "shortest" => Some(KeepPolicy::Shortest),
                "none" => Some(KeepPolicy::None),
                _ => None,
            },
        }
    }
}

impl fmt::Display for KeepPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeepPolicy::First => f.write_str("first"),
            KeepPolicy::Last => f.write_str("last"),
            KeepPolicy::Longest => f.write_str("longest"),
            KeepPolicy::Shortest => f.write_str("shortest"),
            KeepPolicy::Max(path) => write!(f, "max:{path}"),
            KeepPolicy::Min(path) => write!(f, "min:{path}"),
            KeepPolicy::None => f.write_str("none"),
        }
    }
}

/// Patterns of paths; one matches if it matches the path of a file or its end.
#[derive(Clone, Debug, Default)]
pub struct Globs(Vec<[GlobMatcher; 2]>);

impl Globs {
    /// Compiles patterns; `option` names the option in the error.
    pub fn new(patterns: &[String], option: &str) -> Result<Globs> {
        let compile = |pattern: &str| {
            let glob = Glob::new(pattern).map_err(|e| Error::Usage(format!("{option}: {e}")))?;
            Ok(glob.compile_matcher())
        };
        let pair = |pattern: &String| Ok([compile(pattern)?, compile(&format!("**/{pattern}"))?]);
        Ok(Globs(patterns.iter().map(pair).collect::<Result<_>>()?))
    }

    /// The index of the first pattern that matches a source, by its path or its name.
    pub fn first_match_of(&self, source: &Source) -> Option<usize> {
        self.first_match(&source.path).or_else(|| self.first_match(&source.name))
    }

    /// The index of the first pattern that matches.
    pub fn first_match(&self, path: &Path) -> Option<usize> {
        self.0.iter().position(|pair| pair.iter().any(|glob| glob.is_match(path)))
    }
}

/// Which copy stays, and where nothing is removed.
#[derive(Clone, Debug, Default)]
pub struct KeepOptions {
    /// Which copy stays.
    pub policy: KeepPolicy,
    /// Sources in order of preference; it goes before the policy.
    pub prefer: Globs,
    /// Sources that nothing is removed from; they are taken first.
    pub protect: Globs,
}

/// A value to order by.
#[derive(Clone, Debug, PartialEq)]
enum Key {
    /// A number as a float, and as an integer: floats are the same for times in nanoseconds that differ.
    Number(f64, i128),
    Text(String),
    Missing,
}

impl Key {
    fn of(corpus: &Corpus, id: DocId, path: &FieldPath) -> Key {
        field(corpus.record(id), path).map_or(Key::Missing, |value| Key::read(value.get()))
    }

    /// The key that a value of JSON is.
    fn read(json: &str) -> Key {
        match json {
            "true" => Key::Number(1.0, 1),
            "false" => Key::Number(0.0, 0),
            _ if json.starts_with('"') => serde_json::from_str(json).map_or(Key::Missing, Key::Text),
            _ => json.parse().map_or(Key::Missing, |float: f64| {
                // a float that is no integer, or beyond all of them, differs from others as a float already; -0 is 0
                Key::Number(float + 0.0, json.parse().unwrap_or(float as i128))
            }),
        }
    }

    /// Numbers, then texts, then nothing; inside a kind ascending, or descending if `greatest`.
    fn compare(&self, other: &Key, greatest: bool) -> Ordering {
        let direct = |order: Ordering| if greatest { order.reverse() } else { order };
        match (self, other) {
            (Key::Number(a, m), Key::Number(b, n)) => direct(a.total_cmp(b).then(m.cmp(n))),
            (Key::Text(a), Key::Text(b)) => direct(a.cmp(b)),
            (Key::Missing, Key::Missing) => Ordering::Equal,
            (Key::Number(..), _) | (_, Key::Missing) => Ordering::Less,
            (_, Key::Number(..)) | (Key::Missing, _) => Ordering::Greater,
        }
    }
}

/// The documents in the order in which they are taken, and for each document whether it is protected. A reference is.
///
/// `tokens` holds the number of tokens of each document. Costs a sort, and for a field policy a look into each record.
pub fn order(corpus: &Corpus, tokens: &[u32], options: &KeepOptions) -> (Vec<DocId>, Vec<bool>) {
    let of_source = |globs: &Globs| -> Vec<Option<usize>> {
        corpus.sources.iter().map(|source| globs.first_match_of(source)).collect()
    };
    let preferred = of_source(&options.prefer);
    let role = |source: usize| corpus.sources[source].role;
    let is_protected = |(source, pattern): (usize, Option<usize>)| pattern.is_some() || role(source) == Role::Reference;
    let protected: Vec<bool> = of_source(&options.protect).into_iter().enumerate().map(is_protected).collect();
    let source = |id: &DocId| corpus.document(*id).source as usize;
    let rank = |id: &DocId| {
        let source = source(id);
        let is_reference = role(source) == Role::Reference;
        (!is_reference, !protected[source], role(source), preferred[source].unwrap_or(usize::MAX))
    };
    let mut ids: Vec<DocId> = corpus.ids().collect();
    match &options.policy {
        KeepPolicy::First | KeepPolicy::None => ids.sort_by_key(|id| (rank(id), *id)),
        KeepPolicy::Last => ids.sort_by_key(|id| (rank(id), std::cmp::Reverse(*id))),
        KeepPolicy::Longest => ids.sort_by_key(|id| (rank(id), std::cmp::Reverse(tokens[id.index()]), *id)),
        KeepPolicy::Shortest => ids.sort_by_key(|id| (rank(id), tokens[id.index()], *id)),
        KeepPolicy::Max(path) | KeepPolicy::Min(path) => {
            let greatest = matches!(options.policy, KeepPolicy::Max(_));
            let keys: Vec<Key> = ids.par_iter().map(|&id| Key::of(corpus, id, path)).collect();
            ids.sort_by(|a, b| {
                let by_key = || keys[a.index()].compare(&keys[b.index()], greatest);
                rank(a).cmp(&rank(b)).then_with(by_key).then(a.cmp(b))
            });
        }
    }
    let protected = corpus.documents.iter().map(|d| protected[d.source as usize]).collect();
    (ids, protected)
}
