//! Passages: what is cut is whole words of what is said before; the promises hold with every unit beside them.

use std::collections::HashSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::select;
use unecho::corpus::ParagraphBreak;
use unecho::resolve::{CutAt, KeepPolicy, KeptReason, Scope};
use unecho::search::SearchOptions;
use unecho::search::passage::{MinPassage, Normalise, PassageOptions};
use unecho::{Config, Unit};

use super::common::{Dir, cases, find, left};
use super::naive::assert_justified;
use super::properties::{Options, assert_once_is_enough, assert_whole_words_go, found, on_threads, texts};

fn passages(min: usize) -> Config {
    Config {
        units: vec![Unit::Passage],
        passages: PassageOptions { min: MinPassage::Bytes(min), normalise: Normalise::Nothing },
        ..Config::default()
    }
}

fn cleaned(texts: &[&str], config: &Config) -> Vec<String> {
    let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    let left = left(&find(&texts, config)).into_iter().map(Option::unwrap_or_default);
    left.map(|text| String::from_utf8(text).unwrap()).collect()
}

const CLAUSE: &str = "no part of this work may be copied, stored or sent on by any means without leave in writing";

#[test]
fn a_clause_in_the_middle_of_a_sentence_is_written_once() {
    let first = format!("We say that {CLAUSE} from the printer. The end.");
    let second = format!("Others held that {CLAUSE} of the author, and went home.");
    let config = passages(60);
    assert_eq!(cleaned(&[&first, &second], &config), [first.as_str(), "Others held of the author, and went home."]);
}

#[test]
fn whole_sentences_are_cut_where_there_are_any() {
    let shared = "is the law of this land. Whoever breaks it pays. Nobody is above it, not even those who wrote";
    let first = format!("This {shared} the law.");
    let second = format!("That {shared} the book of it.");
    let expected = "That is the law of this land. Nobody is above it, not even those who wrote the book of it.";
    let config = Config { min_tokens: unecho::config::PerUnit::new([1; 5]), cut: CutAt::Sentence, ..passages(20) };
    assert_eq!(cleaned(&[&first, &second], &config)[1], expected);
    // what is left of it is looked at again, down to words
    let config = Config { cut: CutAt::Auto, ..config };
    assert_eq!(cleaned(&[&first, &second], &config)[1], "That book of it.");
}

#[test]
fn case_and_line_wraps_hide_nothing_from_tokens() {
    let wrapped = CLAUSE.replace(", stored or", ",\nStored, or").replace("this work", "This Work");
    let (first, second) = (format!("Alpha {CLAUSE} beta"), format!("gamma {wrapped} delta"));
    let normalised = PassageOptions { min: MinPassage::Tokens(12), normalise: Normalise::Tokens };
    let config = Config { passages: normalised, ..passages(60) };
    assert_eq!(cleaned(&[&first, &second], &config)[1], "gamma delta");
    assert_eq!(cleaned(&[&first, &second], &passages(60))[1], second);
}

#[test]
fn edited_passages_go_if_they_are_alike_enough() {
    let edited = CLAUSE.replace("copied", "reprinted");
    let (first, second) = (format!("One {CLAUSE} {CLAUSE}ly"), format!("two {edited} {edited}ly and on"));
    let config = Config { edits: true, ..passages(100) };
    let outcome = find(&[first.clone().into_bytes(), second.clone().into_bytes()], &config);
    assert!(outcome.plan.edits.iter().any(|edit| !edit.exact && edit.similarity >= 0.8), "{:?}", outcome.plan.edits);
    assert_justified(&outcome);
    let strict = Config { search: SearchOptions { similarity: 0.99, ..config.search }, ..config };
    assert_eq!(cleaned(&[&first, &second], &strict)[1], second);
}

#[test]
fn a_text_without_words_is_left_alone_and_told_of() {
    let rules = format!("a {} b\n{}\n", "-".repeat(300), "=".repeat(300)).repeat(2);
    let outcome = find(&[rules.clone().into_bytes(), rules.into_bytes()], &passages(100));
    assert!(outcome.plan.edits.is_empty());
    let kept = &outcome.plan.kept_passages;
    assert!(!kept.is_empty() && kept.iter().all(|kept| kept.reason == KeptReason::FewTokens), "{kept:?}");
}

#[test]
fn what_lost_its_words_to_a_boundary_stays_and_is_told_of() {
    let (first, second) = (format!("x{CLAUSE}x"), format!("y{CLAUSE}y"));
    let outcome = find(&[first.into_bytes(), second.into_bytes()], &passages(CLAUSE.len()));
    assert!(outcome.plan.edits.is_empty());
    let reasons: Vec<KeptReason> = outcome.plan.kept_passages.iter().map(|kept| kept.reason).collect();
    assert_eq!(reasons, [KeptReason::TooShort]);
}

#[test]
fn places_are_counted_in_whole_characters_where_texts_cease_to_agree_inside_of_one() {
    let dir = Dir::new();
    let clause = |letter: &str| format!("שלום עולם {letter} {CLAUSE}.");
    let records = [clause("א"), clause("ב")].map(|text| serde_json::json!({ "text": text }).to_string() + "\n");
    dir.write("a.jsonl", records.concat());
    let options = ["--unit", "passage", "--min-passage", "15bytes", "--report", "json=report.json"];
    dir.run(&[&["scan", "a.jsonl"], &options[..]].concat()).ok();
    let report = dir.json("report.json");
    let kept = &report["kept_passages"][0];
    assert_eq!(kept["excerpt"], "שלום עולם", "{kept}");
    assert_eq!((&kept["bytes"], &kept["chars"]), (&serde_json::json!([0, 18]), &serde_json::json!([0, 10])));
    let text = clause("ב");
    for place in [&report["groups"][0]["keeper"], &report["groups"][0]["members"][0]] {
        let chars = |end: usize| text[..place["bytes"][end].as_u64().unwrap() as usize].chars().count();
        assert_eq!(place["chars"], serde_json::json!([chars(0), chars(1)]), "{place}");
    }
}

/// Numbers below a bound, in no order.
fn random(mut state: u64) -> impl FnMut(usize) -> usize {
    move |bound| {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
        (state >> 40) as usize % bound
    }
}

#[test]
fn a_text_of_blocks_in_any_order_says_each_of_them_once() {
    let mut next = random(1);
    let words: Vec<String> =
        (0..3000).map(|_| (0..2 + next(7)).map(|_| char::from(b'a' + next(10) as u8)).collect()).collect();
    let blocks: Vec<String> =
        (0..60).map(|_| (0..20).map(|_| &*words[next(words.len())]).collect::<Vec<_>>().join(" ")).collect();
    let text = (0..1200).map(|_| &*blocks[next(blocks.len())]).collect::<Vec<_>>().join(" ");
    let tokens = PassageOptions { min: MinPassage::Tokens(15), normalise: Normalise::Tokens };
    for config in [passages(100), Config { passages: tokens, ..passages(100) }] {
        let outcome = find(&[text.clone().into_bytes()], &config);
        assert_justified(&outcome);
        let left = String::from_utf8(left(&outcome)[0].clone().unwrap()).unwrap();
        // hardly anything stands twice, for a copy of what goes is named where that has its own; and nothing is lost
        assert!(left.len() < text.len() / 10, "{} of {} bytes", left.len(), text.len());
        let said: HashSet<&str> = left.split(' ').collect();
        assert!(text.split(' ').all(|word| said.contains(word)));
    }
}

#[test]
fn copies_by_the_ten_thousand_and_one_long_line_cost_linear_time() {
    let copies: Vec<Vec<u8>> = (0..10_000).map(|i| format!("{i} {CLAUSE} {i}").into_bytes()).collect();
    let outcome = find(&copies, &passages(60));
    assert_eq!(outcome.plan.edits.len(), 9_999);
    let line = "ring a ring o roses ".repeat(200_000);
    let outcome = find(&[line.into_bytes()], &passages(100));
    assert!(left(&outcome)[0].as_ref().unwrap().len() < 400);
    assert_justified(&outcome);
}

#[test]
fn the_command_cuts_passages_and_undoes_it() {
    let dir = Dir::new();
    let mut lines = String::new();
    for i in 0..20 {
        let text = format!("Number {i} says {CLAUSE} to number {}\n\u{e9}\"", i * 7);
        writeln!(lines, "{}", serde_json::json!({ "id": format!("d{i}"), "text": text })).unwrap();
    }
    dir.write("in.jsonl", &lines);
    let args = ["clean", "in.jsonl", "-o", "out.jsonl", "--unit", "document,paragraph,passage", "--min-passage", "60"];
    dir.run(&args).ok();
    let report = dir.json("out.jsonl.unecho/report.json");
    let units = report["totals"]["segments"].as_array().unwrap();
    assert_eq!(units.last().unwrap()["unit"], "passage");
    assert!(dir.text("out.jsonl").matches("leave in writing").count() < 3);
    dir.run(&["restore", "out.jsonl", "-o", "back.jsonl"]).ok();
    assert_eq!(dir.text("back.jsonl"), lines);
    dir.run(&[
        "clean",
        "out.jsonl",
        "-o",
        "again.jsonl",
        "--unit",
        "document,paragraph,passage",
        "--min-passage",
        "60",
    ])
    .ok();
    assert_eq!(dir.text("again.jsonl"), dir.text("out.jsonl"));
}

#[test]
fn marking_leaves_the_corpus_as_it_is_and_says_where() {
    let dir = Dir::new();
    let texts = [format!("é One {CLAUSE} ends."), format!("é Other words {CLAUSE} end.")];
    dir.write("in.jsonl", texts.iter().map(|text| super::common::record("x", text)).collect::<String>());
    dir.run(&[
        "clean",
        "in.jsonl",
        "-o",
        "spans.jsonl",
        "--unit",
        "passage",
        "--min-passage",
        "60",
        "--action",
        "mark",
    ])
    .ok();
    let spans = dir.text("spans.jsonl");
    let span: serde_json::Value = serde_json::from_str(spans.trim_end()).unwrap();
    let of = |place: &serde_json::Value, text: &str, unit: &str| {
        let [from, to] = [0, 1].map(|i| place[unit][i].as_u64().unwrap() as usize);
        match unit {
            "bytes" => text[from..to].to_owned(),
            _ => text.chars().skip(from).take(to - from).collect(),
        }
    };
    for unit in ["bytes", "chars"] {
        assert_eq!(of(&span, &texts[1], unit), CLAUSE);
        assert_eq!(of(&span["keeper"], &texts[0], unit), CLAUSE);
    }
    assert!(!dir.exists("spans.jsonl.unecho"));
}

#[test]
fn a_word_cut_in_two_is_counted_once() {
    let word = "a".repeat(400);
    let texts = [format!("b{word} x"), format!("c{word}d x")];
    let mut config = Config { cut: CutAt::Exact, ..passages(50) };
    config.min_tokens.set(Unit::Passage, 1);
    let texts: Vec<Vec<u8>> = texts.map(String::into_bytes).to_vec();
    assert_justified(&find(&texts, &config));
}

#[test]
fn lengths_that_mean_nothing_are_refused_with_the_remedy() {
    let dir = Dir::new();
    dir.write("a.txt", "a");
    for (args, said) in [
        (["--min-passage", "0"], "not between 1 and"),
        (["--min-passage", "9words"], "use bytes or tokens"),
        (["--normalise", "tokens"], "20tokens"),
    ] {
        dir.run(&[&["scan", "a.txt", "--unit", "passage"], &args[..]].concat()).refused(&[said]);
    }
}

#[test]
fn versions_of_real_documents_are_cleaned_once() {
    for name in ["etcd_docs_versions", "intra_repeats"] {
        let Some(path) = super::common::shared(name) else { continue };
        let dir = Dir::new();
        let input = path.join("docs.jsonl");
        let units = ["--unit", "document,paragraph,passage"];
        dir.run(&[&["clean", input.to_str().unwrap(), "-o", "once.jsonl"], &units[..]].concat()).ok();
        dir.run(&[&["clean", "once.jsonl", "-o", "twice.jsonl"], &units[..]].concat()).ok();
        assert!(dir.read("once.jsonl") == dir.read("twice.jsonl"), "{name} is edited again");
        dir.run(&["restore", "once.jsonl", "-o", "back.jsonl"]).ok();
        assert!(dir.read("back.jsonl") == std::fs::read(&input).unwrap(), "{name} does not come back");
    }
}

/// Passages alone, and with larger units.
fn units() -> impl Strategy<Value = Vec<Unit>> {
    use Unit::{Document, Line, Paragraph, Passage, Sentence};
    select(vec![
        vec![Passage],
        vec![Document, Passage],
        vec![Paragraph, Passage],
        vec![Sentence, Passage],
        vec![Document, Paragraph, Passage],
        vec![Document, Paragraph, Line, Sentence, Passage],
    ])
}

fn lengths() -> impl Strategy<Value = PassageOptions> {
    prop_oneof![
        (4usize..30).prop_map(|n| PassageOptions { min: MinPassage::Bytes(n), normalise: Normalise::Nothing }),
        (2usize..6).prop_map(|n| PassageOptions { min: MinPassage::Tokens(n), normalise: Normalise::Nothing }),
        (2usize..6).prop_map(|n| PassageOptions { min: MinPassage::Tokens(n), normalise: Normalise::Tokens }),
    ]
}

fn any_policy() -> Vec<KeepPolicy> {
    vec![KeepPolicy::First, KeepPolicy::Last, KeepPolicy::Longest, KeepPolicy::Shortest]
}

/// Those under which cuts cannot change the order of documents.
fn lasting_policy() -> Vec<KeepPolicy> {
    vec![KeepPolicy::First, KeepPolicy::Last]
}

fn configs(cuts: Vec<CutAt>, policies: Vec<KeepPolicy>) -> impl Strategy<Value = Options> {
    let breaks = select(vec![ParagraphBreak::Newline, ParagraphBreak::BlankLine, ParagraphBreak::Auto]);
    let policy = select(policies);
    let scope = select(vec![Scope::Corpus, Scope::Corpus, Scope::Document]);
    let sizes = (1usize..5, select(vec![0.6, 0.8, 1.0]), any::<bool>());
    (units(), lengths(), select(cuts), breaks, policy, scope, sizes).prop_map(
        |(units, passages, cut, paragraph_break, keep, scope, (min_tokens, similarity, keep_empty))| {
            let search = SearchOptions { similarity, ..SearchOptions::default() };
            let mut config =
                Config { units, passages, cut, paragraph_break, keep, scope, search, keep_empty, ..Config::default() };
            Unit::ALL.into_iter().for_each(|unit| config.min_tokens.set(unit, min_tokens));
            Options(config)
        },
    )
}

/// Texts of a few long sentences with words changed, so that passages are edited.
fn edited_texts() -> impl Strategy<Value = Vec<String>> {
    let words = "the law of this land says that whoever takes a book from its shelf and does not bring it back within \
                 a year shall write it anew by hand and pay for ink and paper out of his own purse until it is done";
    let words: Vec<&str> = words.split_whitespace().collect();
    let part = (0..words.len(), 20usize..40, prop::collection::vec((0usize..40, 0usize..4), 0..4));
    let part = part.prop_map(move |(from, len, edits)| {
        let mut part: Vec<&str> = words.iter().cycle().skip(from).take(len).copied().collect();
        for (at, kind) in edits {
            let at = at % part.len();
            match kind {
                0 => drop(part.remove(at)),
                1 => part.insert(at, "indeed"),
                _ => part[at] = ["never", "always"][at % 2],
            }
        }
        part.join(" ")
    });
    let text = prop::collection::vec((part, select(vec![" ", ". ", "\n", "\n\n", " Xyz "])), 1..4);
    let text = text.prop_map(|parts| parts.into_iter().map(|(part, gap)| part + gap).collect::<String>());
    prop::collection::vec(text, 1..6)
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn every_passage_that_goes_is_justified(texts in texts(), config in configs(CutAt::ALL.to_vec(), any_policy())) {
        assert_justified(&found(&texts, &config));
    }

    #[test]
    fn once_is_enough_with_passages(texts in texts(), config in configs(CutAt::ALL.to_vec(), lasting_policy())) {
        assert_once_is_enough(&texts, &config);
    }

    #[test]
    fn passages_are_whole_words(
        texts in texts(),
        config in configs(vec![CutAt::Auto, CutAt::Word, CutAt::Sentence, CutAt::Paragraph], any_policy()),
    ) {
        assert_whole_words_go(&texts, &config);
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn edited_passages_keep_the_promises(texts in edited_texts(), config in configs(vec![CutAt::Auto], lasting_policy())) {
        let config = Options(Config { edits: true, ..config.0 });
        assert_justified(&found(&texts, &config));
        assert_once_is_enough(&texts, &config);
        assert_whole_words_go(&texts, &config);
        let one = on_threads(1, || found(&texts, &config));
        prop_assert_eq!(&one.plan, &on_threads(4, || found(&texts, &config)).plan);
    }
}
