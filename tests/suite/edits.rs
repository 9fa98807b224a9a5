//! Edited passages: planted ones at several error rates and in several scripts, and those in real text, where it is there.

use std::collections::{HashMap, HashSet};

use unecho::Corpus;
use unecho::corpus::{DocId, Span, TokenOptions};
use unecho::input::{FieldPath, field_text};
use unecho::search::edits::{EditOptions, EditedKeeper, EditedMatch, EditedPassages};
use unecho::synth::{PassageOptions, Script};

use super::common::{shared, tell};
use super::naive::tokens;
use super::planted::measure;

/// Looks for passages of at least half the words at each error rate, and demands a recall.
fn assert_found(script: Script, bounds: &[(u32, f64)]) {
    let search = EditOptions { similarity: 0.5, min_tokens: 20 };
    for &(error_permille, recall) in bounds {
        let planted = PassageOptions { script, error_permille, ..PassageOptions::default() };
        let found = measure(&planted, 100, search);
        let what = format!("{} at {} % errors", script.name(), error_permille / 10);
        assert!(found.recall >= recall, "{what}: {:.2} of the passages, not {recall}", found.recall);
        assert!(found.coverage >= recall - 0.05, "{what}: {:.3} of a passage", found.coverage);
        assert!(found.precision >= 0.98, "{what}: a precision of {:.3}", found.precision);
    }
}

#[test]
fn planted_passages_are_found_in_latin_letters() {
    assert_found(Script::Latin, &[(0, 1.0), (50, 1.0), (100, 0.98), (150, 0.95), (200, 0.9)]);
}

#[test]
fn planted_passages_are_found_in_cyrillic_letters() {
    assert_found(Script::Cyrillic, &[(0, 1.0), (50, 1.0), (150, 0.95)]);
}

#[test]
fn planted_passages_are_found_in_chinese_characters() {
    assert_found(Script::Han, &[(0, 1.0), (50, 1.0), (150, 0.95)]);
}

#[test]
fn a_threshold_of_similarity_separates() {
    let planted = PassageOptions { error_permille: 300, ..PassageOptions::default() };
    let found = measure(&planted, 40, EditOptions { similarity: 0.95, min_tokens: 20 });
    assert!(found.coverage < 0.1, "{:.3} of passages with 30 % errors", found.coverage);
}

/// The documents of a folder and, for each, what repeats in it: documents are taken in order, and all are kept.
fn matches_in(folder: &str, options: EditOptions) -> Option<(Corpus, Vec<Vec<EditedMatch>>)> {
    let input = [shared(folder)?.join("docs.jsonl")];
    let corpus = unecho::input::read(&input, &unecho::Config::default().input, &()).unwrap();
    let mut engine = EditedPassages::new(options, TokenOptions::default());
    let text_of = |key: u32| corpus.text(DocId(key));
    let search = |doc: DocId| {
        let found = engine.find(&corpus.text(doc), &text_of);
        engine.keep(doc.0, &corpus.text(doc));
        found
    };
    let found = corpus.ids().map(search).collect();
    Some((corpus, found))
}

fn id_of(corpus: &Corpus, doc: DocId) -> String {
    field_text(corpus.record(doc), &FieldPath::parse("id")).unwrap()
}

#[test]
fn ocr_of_books_and_statutes() {
    let options = EditOptions { similarity: 0.7, min_tokens: 20 };
    let Some((corpus, found)) = matches_in("textreuse_sample", options) else { return };
    let ids: HashMap<String, DocId> = corpus.ids().map(|doc| (id_of(&corpus, doc), doc)).collect();
    for (id, keeper) in
        [("ats/remembermeorholy00palm", "ats/remember00palm"), ("legal/ny1850-match", "legal/ca1851-match")]
    {
        let (doc, keeper_doc) = (ids[id], ids[keeper]);
        let (own, other) = (tokens(&corpus.text(doc)), tokens(&corpus.text(keeper_doc)));
        let from_there = found[doc.index()].iter().filter(|m| m.keeper == EditedKeeper::Text(keeper_doc.0));
        let share = f64::from(from_there.map(|m| m.tokens).sum::<u32>()) / own.len() as f64;
        let least = shared_share(&own, &other);
        tell(&format!("{id}: {share:.3} repeats {keeper}; {least:.3} lies in five words that stand there too"));
        assert!(share >= least, "{id}: {share} is found, {least} is the same word for word");
    }
    let strangers = &found[ids["legal/ca1851-nomatch"].index()];
    assert!(strangers.is_empty(), "{strangers:?}");
}

/// The share of the tokens of `own` that lie in five consecutive ones that `other` has too.
fn shared_share(own: &[String], other: &[String]) -> f64 {
    let known: HashSet<&[String]> = other.windows(5).collect();
    let mut shared = vec![false; own.len()];
    for (at, window) in own.windows(5).enumerate() {
        if known.contains(window) {
            shared[at..at + 5].fill(true);
        }
    }
    shared.iter().filter(|&&s| s).count() as f64 / own.len() as f64
}

#[test]
fn marked_repeats_inside_documents() {
    let Some((corpus, found)) = matches_in("intra_repeats", EditOptions::default()) else { return };
    let ids: HashMap<String, DocId> = corpus.ids().map(|doc| (id_of(&corpus, doc), doc)).collect();
    let table = std::fs::read_to_string(shared("intra_repeats").unwrap().join("spans.tsv")).unwrap();
    let mut seen = HashSet::new();
    let (mut all, mut covered) = (0, 0);
    for row in table.lines().skip(1).map(|line| line.split('\t').collect::<Vec<_>>()) {
        let doc = ids[row[0]];
        let text = corpus.text(doc);
        let text = std::str::from_utf8(&text).unwrap();
        let byte = |chars: &str| text.char_indices().nth(chars.parse().unwrap()).map_or(text.len(), |(at, _)| at);
        let marked = Span::new(byte(row[2]), byte(row[3]));
        let is_first = seen.insert((row[0].to_owned(), row[1].to_owned()));
        if !is_first && tokens(marked.of(text.as_bytes())).len() >= 25 {
            all += 1;
            covered += usize::from(is_covered(marked, &found[doc.index()], text.as_bytes()));
        }
    }
    tell(&format!("intra_repeats: {covered} of {all} marked repeats of 25 words and more lie in edited passages"));
    assert!(all > 200 && covered * 100 >= all * 85, "{covered} of {all}");
}

/// Whether nine tenths of the tokens of a span lie in matches.
fn is_covered(span: Span, found: &[EditedMatch], text: &[u8]) -> bool {
    let mut left = text[..span.end as usize].to_vec();
    found.iter().for_each(|m| {
        let end = m.span.end.min(span.end);
        left[(m.span.start.min(end)) as usize..end as usize].fill(b' ');
    });
    let (before, after) = (tokens(span.of(text)).len(), tokens(&left[span.start as usize..]).len());
    after * 10 <= before
}
