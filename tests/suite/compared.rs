//! What `check` compares with what: references, files that changed, splits.

use std::process::Command;

use super::common::{Dir, Run, record, words};

#[track_caller]
fn ends(run: Run, code: i32) -> Run {
    assert_eq!(run.code, Some(code), "{run}");
    run
}

/// A test set that shares one of its four records, and a paragraph of another, with the training set.
fn sets() -> Dir {
    let dir = Dir::new();
    let train: Vec<String> = (0..5).map(|i| record(i, &words(&format!("train{i}w"), 40))).collect();
    // the training set says one thing twice: nobody asked about that
    let train = train.concat() + &record("again", &words("train0w", 40));
    let test = [
        record("t0", &words("test0w", 40)),
        record("t1", &format!("{} at last", words("train1w", 40))),
        record("t2", &format!("{}\n{}", words("test2w", 40), words("train2w", 40))),
        record("t3", &words("test3w", 40)),
    ];
    dir.write("train.jsonl", train);
    dir.write("test.jsonl", test.concat());
    dir
}

#[test]
fn what_leaks_from_a_reference_is_named_and_limited() {
    let dir = sets();
    let check = |args: &[&str]| dir.run(&[&["check", "test.jsonl", "--against", "train.jsonl"], args].concat());
    let run = ends(check(&["--max-leak", "0", "--report", "json=r.json"]), 1);
    assert!(run.out().contains("max-leak: 2 repeats of the reference (in 2 documents), limit 0"), "{run}");
    assert!(run.out().contains("against  train.jsonl:2 (1)"), "{run}");
    assert!(run.out().contains("repeats  test.jsonl:2 (t1)  similarity 0.9"), "{run}");
    let report = dir.json("r.json");
    let groups = report["groups"].as_array().unwrap();
    let units: Vec<&str> = groups.iter().map(|g| g["unit"].as_str().unwrap()).collect();
    assert_eq!(units, ["document", "paragraph"], "the reference is not judged: {report}");
    assert!(groups.iter().all(|g| g["keeper"]["reference"] == true));
    ends(check(&["--max-leak", "2"]), 0);
    // of 202 tokens, 82 stand in the reference
    ends(check(&["--max-leak", "41%"]), 0);
    ends(check(&["--max-leak", "40%"]), 1);
    ends(check(&[]), 1);
}

#[test]
fn the_reference_is_counted_in_no_total() {
    let dir = sets();
    dir.run(&["check", "test.jsonl", "--exit-zero", "--report", "json=alone.json"]).ok();
    let args = ["check", "test.jsonl", "--against", "train.jsonl", "--exit-zero", "--report", "json=both.json"];
    let run = dir.run(&args).ok();
    assert!(run.out().contains("against  6 documents in 1 file"), "{run}");
    let (alone, both) = (dir.json("alone.json"), dir.json("both.json"));
    for total in ["/documents/read", "/bytes/read", "/tokens/read", "/segments/0/segments", "/segments/1/segments"] {
        assert_eq!(alone["totals"].pointer(total), both["totals"].pointer(total), "{total}");
    }
    assert_eq!(both["sources"][1]["role"], "reference");
    assert_eq!(both["sources"][1]["documents"]["removed"], 0);
}

#[test]
fn the_reference_is_meant_even_where_the_input_is_closer() {
    let dir = Dir::new();
    let text = words("w", 100);
    dir.write("reference.txt", format!("{text} x0 x1 x2 x3 x4"));
    // b is closer to a than to the reference, and like both; a is not like the reference
    let tail: Vec<String> = (0..16).map(|i| format!("y{i}")).collect();
    dir.write("in/a.txt", format!("{text} {}", tail.join(" ")));
    dir.write("in/b.txt", format!("{text} {}", tail[..8].join(" ")));
    let args = ["check", "in", "--against", "reference.txt", "--unit", "document", "--max-leak", "0"];
    let run = ends(dir.run(&args), 1);
    assert!(run.out().contains("repeats  in/b.txt"), "{run}");
}

#[test]
fn a_file_that_is_input_and_reference_is_judged() {
    let dir = Dir::new();
    dir.write("docs/a.md", words("a", 40)).write("docs/b.md", words("b", 40));
    ends(dir.run(&["check", "docs/a.md", "--against", "docs", "--max-leak", "0"]), 0);
    dir.write("docs/b.md", words("a", 40));
    ends(dir.run(&["check", "docs/a.md", "--against", "docs", "--max-leak", "0"]), 1);
}

#[test]
fn a_reference_that_is_empty_or_missing_or_not_asked_for_is_refused() {
    let dir = sets();
    dir.write("empty/x.md", "");
    dir.run(&["check", "test.jsonl", "--against", "empty"]).refused(&["nothing to compare with in empty"]);
    dir.run(&["check", "empty", "--against", "test.jsonl"]).refused(&["nothing to scan in empty"]);
    dir.run(&["check", "test.jsonl", "--against", "gone.jsonl"]).refused(&["gone.jsonl"]);
    dir.run(&["check", "test.jsonl", "--max-leak", "0"]).refused(&["--max-leak needs --against"]);
    dir.run(&["check", "-", "--against", "-"]).refused(&["read once"]);
}

#[test]
fn standard_input_is_checked_against_a_reference() {
    let dir = sets();
    let args = ["check", "-", "--against", "train.jsonl", "--max-leak", "0"];
    ends(dir.run_with_input(&args, words("train1w", 40).as_bytes()), 1);
    ends(dir.run_with_input(&args, words("else", 40).as_bytes()), 0);
}

#[test]
fn no_group_may_span_two_splits() {
    let dir = Dir::new();
    let line = |split: &str, text: &str| format!("{}\n", serde_json::json!({"split": split, "text": text}));
    let (a, b) = (words("a", 40), words("b", 40));
    let within = [line("train", &a), line("train", &a), line("test", &b)].concat();
    dir.write("in.jsonl", &within);
    ends(dir.run(&["check", "in.jsonl", "--split-field", "split"]), 0);
    ends(dir.run(&["check", "in.jsonl"]), 1);
    dir.write("in.jsonl", within + &line("test", &a) + &format!("{}\n", serde_json::json!({"text": b})));
    let run = ends(dir.run(&["check", "in.jsonl", "--split-field", "split"]), 1);
    assert!(run.out().contains("split-field: 1 group spans two splits (test, train), limit 0"), "{run}");
    assert!(run.out().contains("repeats  in.jsonl:4"), "{run}");
    dir.run(&["check", "in.jsonl", "--split-field", "spilt"]).refused(&["no record has that field"]);
}

fn git(dir: &Dir, args: &[&str]) {
    let mut command = Command::new("git");
    command.current_dir(dir.path(".")).args(["-c", "user.name=t", "-c", "user.email=t@example.org"]).args(args);
    let output = command.output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn commit(dir: &Dir, message: &str) {
    git(dir, &["add", "-A"]);
    git(dir, &["commit", "-qm", message]);
}

/// A repository whose pages `m.md` and `n.md` share a paragraph since long.
fn repository() -> Dir {
    let dir = Dir::new();
    git(&dir, &["init", "-q", "-b", "main"]);
    let shared = words("shared", 30);
    dir.write("docs/m.md", format!("{}\n\n{shared}\n", words("m", 40)));
    dir.write("docs/n.md", format!("{}\n\n{shared}\n", words("n", 40)));
    commit(&dir, "first");
    dir
}

#[test]
fn only_what_touches_changed_files_counts_and_it_is_compared_with_everything() {
    let dir = repository();
    let check = |args: &[&str]| dir.run(&[&["check", "docs", "--changed-since", "main"], args].concat());
    ends(dir.run(&["check", "docs"]), 1);
    let run = ends(check(&[]), 0);
    assert!(run.out().contains("1 finding in what did not change"), "{run}");
    git(&dir, &["switch", "-qc", "topic"]);
    // a name that sorts first: the repeat is told where it is new, not where it was
    dir.write("docs/a new.md", format!("{}\n\n{}\n", words("a", 40), words("m", 40)));
    let run = ends(check(&[]), 1);
    assert!(run.out().contains("repeats  docs/a new.md:3"), "an untracked file is new: {run}");
    commit(&dir, "second");
    ends(check(&[]), 1);
    // 40 of the 80 words of the changed page
    ends(check(&["--max-duplicated", "50%"]), 0);
    ends(check(&["--max-duplicated", "49%"]), 1);
    let mut inside = dir.command(&["check", ".", "--changed-since", "main"]);
    assert_eq!(inside.current_dir(dir.path("docs")).output().unwrap().status.code(), Some(1));
}

#[test]
fn a_hook_that_git_runs_may_ask() {
    let dir = repository();
    dir.write("docs/new.md", words("m", 40));
    let mut command = dir.command(&["check", "docs", "--changed-since", "main"]);
    let output = command.env("GIT_DIR", ".git").env("GIT_INDEX_FILE", ".git/index.lock").output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn a_renamed_file_and_changes_on_the_other_branch_are_no_changes() {
    let dir = repository();
    git(&dir, &["switch", "-qc", "topic"]);
    git(&dir, &["mv", "docs/m.md", "docs/renamed.md"]);
    commit(&dir, "rename");
    ends(dir.run(&["check", "docs", "--changed-since", "main"]), 0);
    git(&dir, &["switch", "-q", "main"]);
    dir.write("docs/n.md", format!("{}\n\n{}\n", words("more", 40), words("shared", 30)));
    commit(&dir, "main goes on");
    git(&dir, &["switch", "-q", "topic"]);
    ends(dir.run(&["check", "docs", "--changed-since", "main"]), 0);
}

#[test]
fn a_revision_or_repository_that_is_not_there_is_refused_with_the_remedy() {
    let dir = repository();
    dir.run(&["check", "docs", "--changed-since", "gone"]).refused(&["no such revision", "shallow", "fetch"]);
    dir.run(&["check", "docs", "--changed-since=--all"]).refused(&["no such revision"]);
    let other = Dir::new();
    other.write("a.md", words("a", 40));
    other.run(&["check", "a.md", "--changed-since", "main"]).refused(&["finds no repository"]);
}

#[test]
fn a_shallow_clone_without_the_common_commit_compares_with_the_revision_and_says_so() {
    let dir = repository();
    git(&dir, &["switch", "-qc", "topic"]);
    dir.write("docs/n.md", words("n", 40));
    commit(&dir, "fixed");
    let from = format!("file://{}", dir.path(".").display());
    let clone = Dir::new();
    git(&clone, &["clone", "-q", "--depth", "1", "-b", "topic", &from, "clone"]);
    git(&clone, &["-C", "clone", "fetch", "-q", "--depth", "1", "origin", "main:main"]);
    let mut command = clone.command(&["check", "docs", "--changed-since", "main"]);
    let output = command.current_dir(clone.path("clone")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("no common commit"), "{said}");
}
