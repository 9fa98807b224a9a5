//! Saved runs, looked at again: `report`, `explain`, `diff`, `review`, and the decisions that later runs honour.

use std::process::Stdio;

use super::common::{Dir, Run, record, words};

/// `text` with word number `at` replaced.
fn with(text: &str, at: usize, word: &str) -> String {
    let mut words: Vec<&str> = text.split(' ').collect();
    words[at] = word;
    words.join(" ")
}

/// Six records: a paragraph and a document said again with a word changed, an id with colons, one with a terminal code, an
/// id that two records have, and a short text.
fn corpus(dir: &Dir) {
    let (a, b, c) = (words("a", 60), words("b", 60), words("c", 60));
    let records = [
        record("first:1", &format!("{a}\n{b}\n")),
        record("second", &format!("{}\n{}\n", with(&a, 30, "other"), words("x", 60))),
        record("evil\u{1b}[31m\u{202e}", &c),
        record("near", &with(&c, 30, "different")),
        record("twice", &words("t", 30)),
        record("twice", &words("u", 30)),
        record("short", "Yes."),
    ];
    dir.write("in/x.jsonl", records.concat());
    dir.write("in/t.txt", format!("{}\n\n{b}\nthe end\n", words("y", 40)));
}

fn cleaned() -> Dir {
    let dir = Dir::new();
    corpus(&dir);
    dir.run(&["clean", "in", "-o", "out"]).ok();
    dir
}

#[track_caller]
fn shows(run: &Run, words: &[&str]) {
    let out = run.out();
    for word in words {
        assert!(out.contains(word), "nothing shows {word:?}: {run}");
    }
    assert!(!out.contains('\u{1b}') && !out.contains('\u{202e}'), "raw control characters: {run}");
}

#[test]
fn a_saved_run_is_shown_again_in_every_format() {
    let dir = cleaned();
    for format in ["json", "text", "csv", "markdown"] {
        let live = dir.run(&["scan", "in", "--report", &format!("{format}=-")]).ok().out();
        let again = dir.run(&["report", "out", "--format", format]).ok().out();
        let comparable = |text: &str| match format {
            "json" => text.lines().filter(|l| !l.starts_with("\"run\"") && !l.starts_with("\"measured\"")).collect(),
            _ => text.to_owned(),
        };
        assert_eq!(comparable(&again), comparable(&live), "{format}");
    }
    dir.run(&["report", "out.unecho/report.json", "--format", "csv", "-o", "r.csv"]).ok();
    assert_eq!(dir.text("r.csv"), dir.run(&["report", "out", "--format", "csv"]).out());
    dir.run(&["report", "out", "--format", "xml"]).refused(&["markdown"]);
    dir.run(&["report", "out", "-o", "in/x.jsonl"]).refused(&["part of the input"]);
    dir.run(&["report", "in"]).refused(&["no run of unecho there"]);
}

#[test]
fn a_higher_threshold_is_judged_without_a_new_search() {
    let dir = cleaned();
    let run = dir.run(&["report", "out", "--similarity", "0.99"]).ok();
    shows(&run, &["similarity 0.8 → 0.99", "2 repeats come back", "paragraph in/x.jsonl:2 (second)", "near"]);
    let json = dir.run(&["report", "out", "--similarity", "0.99", "--format", "json"]).ok().json();
    let report = dir.json("out.unecho/report.json");
    let members = report["groups"].as_array().unwrap().iter().flat_map(|g| g["members"].as_array().unwrap());
    let near = members.filter(|m| m["similarity"].as_f64().unwrap() < 0.99).count();
    assert_eq!((json["back"].as_array().unwrap().len(), near), (2, 2));
    assert_eq!(json["before"]["repeats"].as_u64().unwrap() - json["after"]["repeats"].as_u64().unwrap(), 2);
    let same = dir.run(&["report", "out", "--similarity", "0.8"]).ok();
    shows(&same, &["nothing comes back"]);
    dir.run(&["report", "out", "--similarity", "0.7"]).refused(&["needs a new run with `--similarity 0.7`"]);
    dir.run(&["report", "out", "--similarity", "1.5"]).refused(&["between 0 and 1"]);
    dir.run(&["report", "out", "--similarity", "0.9", "--format", "csv"]).refused(&["text or json"]);
}

#[test]
fn explain_says_what_happened_to_a_document_and_to_a_line() {
    let dir = cleaned();
    let second = dir.run(&["explain", "out", "second"]).ok();
    shows(
        &second,
        &["kept, and segments were cut", "paragraph removed", "in/x.jsonl:1 (first:1)", "[-a30-] {+other+}"],
    );
    shows(&second, &["of 18 shared", "threshold 0.8", "Jaccard 0.9"]);
    let near = dir.run(&["explain", "out", "near"]).ok();
    shows(&near, &["removed for in/x.jsonl:3", "document removed", "[-c30-] {+different+}"]);
    shows(&dir.run(&["explain", "out", "in/t.txt"]).ok(), &["kept as it was", "paragraph kept for 1 other"]);
    shows(&dir.run(&["explain", "out", "first:1:1"]).ok(), &["paragraph kept for 1 other"]);
    shows(&dir.run(&["explain", "out", "first:1:2"]).ok(), &["paragraph removed", "all of them the same"]);
    shows(&dir.run(&["explain", "out", "second:2"]).ok(), &["paragraph of 60 tokens: compared, and like nothing"]);
    shows(
        &dir.run(&["explain", "out", "in/t.txt:4"]).ok(),
        &["paragraph of 2 tokens: with fewer than 10 it is left alone"],
    );
    shows(&dir.run(&["explain", "out", "in/t.txt:3"]).ok(), &["paragraph kept for 1 other"]);
    shows(&dir.run(&["explain", "out", "in/x.jsonl:3"]).ok(), &["evil·[31m·", "document kept for 1 other"]);
}

#[test]
fn names_that_are_unknown_or_not_unique_are_answered_with_what_there_is() {
    let dir = cleaned();
    dir.run(&["explain", "out", "secnd"]).refused(&["no document `secnd`", "second"]);
    dir.run(&["explain", "out", "twice"]).refused(&["2 documents are called `twice`", "in/x.jsonl:5", "in/x.jsonl:6"]);
    dir.run(&["explain", "out", "second:9"]).refused(&["no line 9"]);
    shows(&dir.run(&["explain", "out", "in/x.jsonl:6"]).ok(), &["twice", "kept as it was"]);
}

#[test]
fn explain_says_why_two_documents_were_not_merged() {
    let dir = cleaned();
    let why = |a: &str, b: &str, words: &[&str]| shows(&dir.run(&["explain", "out", a, b]).ok(), words);
    why(
        "first:1",
        "second",
        &["jaccard similarity of", "is below the threshold of 0.8", "shingles shared", "signatures agree"],
    );
    why("near", "in/x.jsonl:3", &["they were merged: the first was removed for the second"]);
    why("short", "second", &["1 of the 5 tokens of a shingle", "compared for equality"]);
    why("second", "second", &["both names are of the same document"]);
    dir.run(&["clean", "in", "-o", "paragraphs", "--unit", "paragraph"]).ok();
    let run = dir.run(&["explain", "paragraphs", "near", "in/x.jsonl:3"]).ok();
    shows(&run, &["the run did not compare whole documents"]);
}

#[test]
fn diff_says_what_changed_between_two_runs() {
    let dir = cleaned();
    dir.run(&["clean", "in", "-o", "strict", "--similarity", "0.99"]).ok();
    dir.run(&["clean", "in", "-o", "last", "--keep", "last"]).ok();
    let run = dir.run(&["diff", "out", "strict"]).ok();
    shows(&run, &["similarity: 0.8 → 0.99", "2 groups gone", "2 repeats gone", "1 repeat as before"]);
    shows(&dir.run(&["diff", "out", "out"]).ok(), &["3 repeats as before", "unchanged"]);
    let json = dir.run(&["diff", "out", "last", "--format", "json"]).ok().json();
    assert_eq!(json["new"].as_array().unwrap().len(), json["gone"].as_array().unwrap().len());
    dir.write("in/more.jsonl", record("more", &words("c", 60)));
    dir.run(&["clean", "in", "-o", "more", "--prefer", "more.jsonl"]).ok();
    let run = dir.run(&["diff", "out", "more"]).ok();
    shows(&run, &["1 new: in/more.jsonl", "1 repeat with another keeper", "is  in/more.jsonl:1 (more)"]);
}

const ANSWERS: &[u8] = b"what?\nk a word that matters\nb\nk it does matter\na\nq\n";

#[test]
fn review_steps_through_findings_and_later_runs_honour_what_was_decided() {
    let dir = cleaned();
    let review = dir.run_with_input(&["review", "out"], ANSWERS).ok();
    shows(&review, &["1 of 3", "2 of 3", "[-a30-] {+other+}", "a word that matters", "a: it is a repeat"]);
    review.says(&["2 decisions in unecho-decisions.json, 1 of them to keep both"]);
    let saved = dir.json("unecho-decisions.json");
    let decisions = saved["decisions"].as_array().unwrap();
    let [first, second] = [0, 1].map(|i| decisions[i]["pair"].to_string());
    assert!(first < second, "sorted: {saved}");
    assert!(decisions.iter().any(|d| d["reason"] == "it does matter" && d["decision"] == "keep-both"));
    let again = dir.run_with_input(&["review", "out"], b"").ok();
    shows(&again, &["1 of 1"]);

    dir.run(&["clean", "in", "-o", "honoured", "--decisions", "unecho-decisions.json"]).ok();
    let report = dir.json("honoured.unecho/report.json");
    assert_eq!(report["run"]["options"]["decisions"]["keep_both"], 1);
    let repeats = |report: &serde_json::Value| {
        report["totals"]["segments"].as_array().unwrap().iter().map(|s| s["near"].as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!(repeats(&report) + 1, repeats(&dir.json("out.unecho/report.json")));
    dir.run(&["clean", "honoured", "-o", "twice", "--decisions", "unecho-decisions.json"]).ok();
    assert_eq!(dir.tree("twice"), dir.tree("honoured"), "once is enough, decisions or not");
    dir.run(&["restore", "honoured", "-o", "original"]).ok();
    assert_eq!(dir.tree("original"), dir.tree("in"));
}

#[test]
fn copies_with_the_same_words_can_be_kept_too() {
    let dir = Dir::new();
    let text = words("w", 40);
    dir.write("a.jsonl", (0..4).map(|i| record(i, &text)).collect::<String>());
    dir.run(&["clean", "a.jsonl", "-o", "out.jsonl"]).ok();
    let review = dir.run_with_input(&["review", "out.jsonl", "--decisions", "d/k.json"], b"k\n").ok();
    shows(&review, &["1 of 1", "the same words"]);
    dir.run(&["clean", "a.jsonl", "-o", "all.jsonl", "--decisions", "d/k.json"]).ok();
    assert_eq!(dir.text("all.jsonl"), dir.text("a.jsonl"));
    let done = dir.run_with_input(&["review", "out.jsonl", "--decisions", "d/k.json"], b"k\n").ok();
    done.says(&["nothing to decide"]);
}

#[test]
fn leaving_a_review_decides_nothing_and_bad_decisions_are_refused() {
    let dir = cleaned();
    dir.run_with_input(&["review", "out"], b"s\ns\nq\n").ok().says(&["no decision was made"]);
    assert!(!dir.exists("unecho-decisions.json"));
    dir.write("bad.json", "{}").write("later.json", "{\"schema_version\": 9, \"decisions\": []}");
    dir.run(&["scan", "in", "--decisions", "bad.json"]).refused(&["bad.json", "`unecho review` writes one"]);
    dir.run(&["scan", "in", "--decisions", "later.json"]).refused(&["version 9"]);
    dir.run(&["scan", "in", "--decisions", "none.json"]).refused(&["none.json"]);
}

#[test]
fn colour_is_for_terminals_and_can_be_asked_for() {
    let dir = cleaned();
    let run = dir.run(&["explain", "out", "near", "--color", "always"]).ok().out();
    assert!(run.contains("\u{1b}[31mc30\u{1b}[0m") && run.contains("\u{1b}[32mdifferent\u{1b}[0m"), "{run}");
    let mut command = dir.command(&["review", "out"]);
    let output = command.env("NO_COLOR", "1").stdin(Stdio::null()).output().unwrap();
    shows(&Run::new(&["review", "out"], output).ok(), &["1 of 3"]);
}
