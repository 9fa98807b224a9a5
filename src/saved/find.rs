//! What a user typed → the document that is meant.
//!
//! A document is named by its id, or by its file and line; a line of its text may follow. Ids may hold colons: what is an id
//! as a whole is taken as one first. Always: an id that several documents have is not guessed at.

use rustc_hash::FxHashMap;

use crate::corpus::{Corpus, DocId, Format};
use crate::input::FieldPath;
use crate::report::name_document;

/// Names of all documents.
pub struct Directory<'c> {
    corpus: &'c Corpus,
    names: Vec<String>,
    by_name: FxHashMap<String, Vec<DocId>>,
    sources: FxHashMap<String, usize>,
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// One document, and the line of its text that was named, from 1.
    One(DocId, Option<u64>),
    /// Several documents have that id.
    Several(Vec<DocId>),
    /// None has it; names that are like it.
    Unknown(Vec<String>),
}

/// Names that are suggested for one that is unknown.
const SUGGESTED: usize = 5;

impl<'c> Directory<'c> {
    /// The names of the documents of a corpus. Costs a look into each record.
    pub fn new(corpus: &'c Corpus, id_field: &FieldPath) -> Directory<'c> {
        let names: Vec<String> = corpus.ids().map(|id| name_document(corpus, id, id_field)).collect();
        let mut by_name: FxHashMap<String, Vec<DocId>> = FxHashMap::default();
        for (id, name) in corpus.ids().zip(&names) {
            by_name.entry(name.clone()).or_default().push(id);
        }
        let sources = corpus.sources.iter().enumerate().map(|(i, s)| (s.path.display().to_string(), i)).collect();
        Directory { corpus, names, by_name, sources }
    }

    /// The id of a document.
    pub fn name(&self, id: DocId) -> &str {
        &self.names[id.index()]
    }

    /// Its file and line.
    pub fn place(&self, id: DocId) -> String {
        format!("{}:{}", self.corpus.source_of(id).path.display(), self.corpus.document(id).line)
    }

    /// The document that `query` names.
    pub fn find(&self, query: &str) -> Found {
        if let Some(found) = self.by_id(query, None).or_else(|| self.by_place(query)) {
            return found;
        }
        let line = query.rsplit_once(':').and_then(|(name, line)| Some((name, line.parse().ok()?)));
        let found = line.and_then(|(name, line)| {
            let by_place = || match self.by_place(name) {
                Some(Found::One(id, None)) => Some(Found::One(id, Some(line))),
                _ => None,
            };
            self.by_id(name, Some(line)).or_else(by_place)
        });
        found.unwrap_or_else(|| Found::Unknown(self.near(query)))
    }

    fn by_id(&self, name: &str, line: Option<u64>) -> Option<Found> {
        match self.by_name.get(name)?.as_slice() {
            [one] => Some(Found::One(*one, line)),
            several => Some(Found::Several(several.to_vec())),
        }
    }

    /// `file:line`: the record on that line, or for text the document that the line is in, and which line of it.
    fn by_place(&self, query: &str) -> Option<Found> {
        let (path, line) = query.rsplit_once(':')?;
        let line: u32 = line.parse().ok()?;
        let source = &self.corpus.sources[*self.sources.get(path)?];
        let documents = &self.corpus.documents[source.docs.start as usize..source.docs.end as usize];
        let index = documents.partition_point(|d| d.line <= line).checked_sub(1)?;
        let id = DocId(source.docs.start + index as u32);
        let inside = line - documents[index].line;
        match source.format {
            Format::Jsonl => (inside == 0).then_some(Found::One(id, None)),
            Format::TextLines => (inside == 0).then_some(Found::One(id, None)),
            Format::Text | Format::TextBlocks => Some(Found::One(id, Some(u64::from(inside) + 1))),
        }
    }

    /// Ids that are like an unknown one, the likest first.
    fn near(&self, query: &str) -> Vec<String> {
        let likeness = |name: &&String| {
            let like = strsim::jaro_winkler(name, query);
            if name.contains(query) { 1.0 } else { like }
        };
        let mut near: Vec<(f64, &String)> = self.by_name_sorted().map(|name| (likeness(&name), name)).collect();
        near.retain(|(likeness, _)| *likeness >= 0.75);
        near.sort_by(|a, b| b.0.total_cmp(&a.0));
        near.into_iter().take(SUGGESTED).map(|(_, name)| name.clone()).collect()
    }

    /// Each id once, in the order of documents.
    fn by_name_sorted(&self) -> impl Iterator<Item = &String> {
        let first = |(index, name): &(usize, &String)| self.by_name[*name][0].index() == *index;
        self.names.iter().enumerate().filter(first).map(|(_, name)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Codec, Role, Source};
    use crate::input::{InputOptions, read_again};

    fn corpus() -> Corpus {
        let mut corpus = Corpus::default();
        let jsonl = "{\"id\":\"a:b\",\"text\":\"x\"}\n{\"id\":\"a\",\"text\":\"x\"}\n\n{\"text\":\"x\"}\n{\"id\":\"a\",\"text\":\"x\"}\n";
        for (name, format, text) in [
            ("d/x.jsonl", Format::Jsonl, jsonl),
            ("t.txt", Format::Text, "1\n2\n"),
            ("b.txt", Format::TextBlocks, "\n1\n2\n\n4\n"),
        ] {
            let source = Source {
                path: name.into(),
                name: name.into(),
                format,
                codec: Codec::None,
                stored: 0,
                digest: 0,
                bytes: text.as_bytes().to_vec().into(),
                checkpoints: Vec::new(),
                docs: 0..0,
                role: Role::Judged,
            };
            read_again(&mut corpus, source, None, &InputOptions::default()).unwrap();
        }
        corpus
    }

    #[test]
    fn ids_with_colons_lines_places_and_unknown_names() {
        let corpus = corpus();
        let directory = Directory::new(&corpus, &FieldPath::parse("id"));
        let one = |id, line| Found::One(DocId(id), line);
        assert_eq!(directory.find("a:b"), one(0, None));
        assert_eq!(directory.find("a:b:7"), one(0, Some(7)));
        assert_eq!(directory.find("a"), Found::Several(vec![DocId(1), DocId(3)]));
        assert_eq!(directory.find("a:2"), Found::Several(vec![DocId(1), DocId(3)]));
        assert_eq!(directory.find("d/x.jsonl:5"), one(3, None));
        assert_eq!(directory.find("d/x.jsonl:4"), one(2, None));
        assert_eq!(directory.find("d/x.jsonl:5:9"), one(3, Some(9)));
        assert_eq!(directory.find("t.txt"), one(4, None));
        assert_eq!(directory.find("t.txt:2"), one(4, Some(2)));
        assert_eq!(directory.find("b.txt:3"), one(5, Some(2)));
        assert_eq!(directory.find("b.txt:5"), one(6, None));
        assert_eq!(directory.find("d/x.jsonl:3"), Found::Unknown(vec!["d/x.jsonl:4".to_owned()]));
        assert!(matches!(directory.find("tt.txt"), Found::Unknown(near) if near.contains(&"t.txt".to_owned())));
        assert_eq!(directory.find("nothing like it"), Found::Unknown(Vec::new()));
    }
}
