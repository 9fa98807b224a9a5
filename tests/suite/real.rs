//! Real text, where it is there: recall against lists of all similar pairs, and against marked repeats inside documents.

use std::collections::HashMap;
use std::path::PathBuf;

use unecho::corpus::{DocId, ParagraphBreak};
use unecho::input::{FieldPath, field_text};
use unecho::resolve::Scope;
use unecho::{Config, Fate, Outcome, Unit};

use super::common::{find, left, shared, tell};
use super::naive::{Item, assert_justified, tokens};

fn scan(folder: &str, config: &Config) -> Option<(Outcome, HashMap<String, usize>)> {
    let outcome = unecho::scan(&[shared(folder)?.join("docs.jsonl")], config, &()).unwrap();
    let id = FieldPath::parse("id");
    let ids = outcome.corpus.ids();
    let ids = ids.map(|doc| (field_text(outcome.corpus.record(doc), &id).unwrap(), doc.index())).collect();
    Some((outcome, ids))
}

fn rows(path: PathBuf) -> Vec<Vec<String>> {
    let table = std::fs::read_to_string(path).unwrap();
    table.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// Scans by documents, and demands that of the pairs with J ≥ 0.8 and at least 20 shingles on both sides, 98 % have a
/// side removed.
fn documents_of(folder: &str, oracle: &str) {
    let config = Config { units: vec![Unit::Document], ..Config::default() };
    let Some((outcome, ids)) = scan(folder, &config) else { return };
    let edits = assert_justified(&outcome);
    let number = |text: &str| text.parse::<f64>().unwrap();
    let is_counted = |row: &Vec<String>| number(&row[2]) >= 0.8 && number(&row[4]) >= 20.0 && number(&row[5]) >= 20.0;
    let mut pairs: Vec<(usize, usize)> = Vec::new();
    for row in rows(shared(folder).unwrap().join(oracle)).iter().filter(|row| is_counted(row)) {
        pairs.push((ids[&row[0]], ids[&row[1]]));
    }
    let removed = |doc: usize| outcome.plan.fates[doc] == Fate::Removed;
    let found = |pairs: &[(usize, usize)]| pairs.iter().filter(|&&(a, b)| removed(a) || removed(b)).count();
    let (all, found_of_all) = (pairs.len(), found(&pairs));
    if oracle.contains("j5c") {
        // these were measured on characters, punctuation included: count those that are as similar in words
        let item = |doc: usize| Item::new(&outcome.corpus.text(DocId(doc as u32)), 5);
        pairs.retain(|&(a, b)| item(a).similarity(&item(b)) >= 0.8);
    }
    let recall = found(&pairs) as f64 / pairs.len() as f64;
    tell(&format!(
        "{folder}: {found_of_all} of {all} pairs ({:.2} %) have a side removed, of the {} that are as similar in tokens \
         {:.2} %; {edits} of {} documents removed, all justified",
        100.0 * found_of_all as f64 / all as f64,
        pairs.len(),
        100.0 * recall,
        ids.len()
    ));
    assert!(!pairs.is_empty() && recall >= 0.98, "{folder}: recall {recall} of {} pairs", pairs.len());
}

#[test]
fn versions_of_etcd_docs() {
    documents_of("etcd_docs_versions", "oracle_j5w_0.5.tsv");
}

#[test]
fn revisions_of_german_statutes() {
    documents_of("gesetze_revisions", "oracle_j5w_0.5.tsv");
}

#[test]
fn terms_of_service_over_time() {
    documents_of("openterms", "oracle_j5w_0.5.tsv");
}

#[test]
fn families_of_licences() {
    documents_of("licences", "oracle_j5w_0.8.tsv");
}

#[test]
fn chinese_poems() {
    documents_of("zh_poetry", "oracle_j5c_0.5.tsv");
}

#[test]
fn command_help_in_forty_languages() {
    documents_of("tldr_multi", "oracle_j5c_0.8.tsv");
}

#[test]
fn korean_reviews() {
    documents_of("ko_reviews", "oracle_j5c_0.5.tsv");
}

/// These were measured on sets of five characters, punctuation included; runs of four letters are the nearest we have.
#[test]
fn similarity_of_characters_is_found_with_characters_as_tokens() {
    let tokens = unecho::corpus::TokenOptions { by_character: true, ..Default::default() };
    let ngram = unecho::config::PerUnit::new([4, 3, 3, 3, 3]);
    let config = Config { units: vec![Unit::Document], tokens, ngram, ..Config::default() };
    for (folder, oracle) in [
        ("zh_poetry", "oracle_j5c_0.5.tsv"),
        ("tldr_multi", "oracle_j5c_0.8.tsv"),
        ("ko_reviews", "oracle_j5c_0.5.tsv"),
    ] {
        let Some((outcome, ids)) = scan(folder, &config) else { continue };
        let number = |text: &str| text.parse::<f64>().unwrap();
        let removed = |id: &str| outcome.plan.fates[ids[id]] == Fate::Removed;
        let all = rows(shared(folder).unwrap().join(oracle));
        let is_counted =
            |row: &&Vec<String>| number(&row[2]) >= 0.8 && number(&row[4]) >= 20.0 && number(&row[5]) >= 20.0;
        let pairs: Vec<_> = all.iter().filter(is_counted).collect();
        let found = pairs.iter().filter(|row| removed(&row[0]) || removed(&row[1])).count();
        tell(&format!("{folder}, by character: {found} of {} pairs have a side removed", pairs.len()));
        assert!(!pairs.is_empty() && found as f64 >= 0.98 * pairs.len() as f64, "{folder}: {found} of {}", pairs.len());
    }
}

/// Of the marked repeats of at least ten tokens, all but the first of each group: how many are there, and of how many
/// every token goes.
fn marked_repeats(config: &Config) -> Option<(usize, usize, usize)> {
    let (outcome, ids) = scan("intra_repeats", config)?;
    let edits = assert_justified(&outcome);
    let mut first_seen: HashMap<(String, String), ()> = HashMap::new();
    let (mut all, mut found) = (0, 0);
    for row in rows(shared("intra_repeats")?.join("spans.tsv")) {
        let doc = ids[&row[0]];
        let text = String::from_utf8(outcome.corpus.text(DocId(doc as u32)).to_vec()).unwrap();
        let byte = |chars: &str| {
            let chars: usize = chars.parse().unwrap();
            text.char_indices().nth(chars).map_or(text.len(), |(at, _)| at)
        };
        let (start, end) = (byte(&row[2]), byte(&row[3]));
        let is_first = first_seen.insert((row[0].clone(), row[1].clone()), ()).is_none();
        if is_first || tokens(&text.as_bytes()[start..end]).len() < 10 {
            continue;
        }
        all += 1;
        let gone = matches!(outcome.plan.fates[doc], Fate::Removed | Fate::Emptied);
        let cuts = outcome.plan.cuts_of(DocId(doc as u32)).iter().map(|c| c.place.span);
        let mut left: Vec<u8> = text.as_bytes()[start..end].to_vec();
        for cut in cuts {
            let (from, to) = ((cut.start as usize).max(start), (cut.end as usize).min(end));
            if from < to {
                left[from - start..to - start].fill(b' ');
            }
        }
        found += usize::from(gone || tokens(&left).is_empty());
    }
    Some((all, found, edits))
}

fn tell_repeats(what: &str, (all, found, edits): (usize, usize, usize)) -> f64 {
    let share = found as f64 / all as f64;
    tell(&format!(
        "intra_repeats, {what}: {found} of {all} repeats ({:.2} %) gone; {edits} edits, justified",
        100.0 * share
    ));
    assert!(all > 500);
    share
}

#[test]
fn repeats_inside_documents_between_blank_lines() {
    // the marks are blocks between blank lines, in documents taken one by one
    let config = Config {
        units: vec![Unit::Paragraph],
        paragraph_break: ParagraphBreak::BlankLine,
        scope: Scope::Document,
        ..Config::default()
    };
    let Some(counts) = marked_repeats(&config) else { return };
    assert!(tell_repeats("--unit paragraph --paragraph-break blank-line --scope document", counts) >= 0.99);
}

#[test]
fn repeats_inside_documents_with_default_options() {
    let Some(counts) = marked_repeats(&Config::default()) else { return };
    let share = tell_repeats("default options", counts);
    assert!(share >= 0.9, "default options may see lines where the marks are blocks, but not lose {share}");
}

#[test]
fn once_is_enough_for_real_text() {
    for folder in ["etcd_docs_versions", "gesetze_revisions", "openterms", "intra_repeats", "zh_poetry", "licences"] {
        let nothing = Config { units: Vec::new(), ..Config::default() };
        let Some((read, _)) = scan(folder, &nothing) else { continue };
        let texts: Vec<Vec<u8>> = read.corpus.ids().map(|doc| read.corpus.text(doc).to_vec()).collect();
        let once: Vec<Vec<u8>> = left(&find(&texts, &Config::default())).into_iter().flatten().collect();
        let again = find(&once, &Config::default());
        let changed = again.plan.fates.iter().filter(|fate| **fate != Fate::Kept).count();
        tell(&format!("{folder}: {changed} of {} documents are changed by a second run", once.len()));
        assert_eq!(changed, 0, "{folder}: the first edit is {:?}", again.plan.edits.first());
    }
}
