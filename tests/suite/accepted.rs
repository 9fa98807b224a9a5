//! What `check` accepts: baseline, allow list and comments.

use proptest::prelude::*;
use unecho::Config;
use unecho::gate::{Baseline, Date, Judge, JudgeOptions, Named, Status};

use super::common::{Dir, Run, cases, find, words};

/// Two pages of a lighthouse's handbook share a paragraph.
fn handbook() -> Dir {
    let dir = Dir::new();
    let lamp = words("lamp", 30);
    dir.write("docs/keepers.md", format!("# Keepers\n\n{lamp}\n\n{}\n", words("keepers", 40)));
    dir.write("docs/visitors.md", format!("# Visitors\n\n{}\n\n{lamp}\n", words("visitors", 40)));
    dir
}

const CHECK: [&str; 4] = ["check", "docs", "--baseline", "unecho-baseline.json"];

fn check(dir: &Dir, args: &[&str]) -> Run {
    dir.run(&[&CHECK[..], args].concat())
}

#[track_caller]
fn ends(run: Run, code: i32) -> Run {
    assert_eq!(run.code, Some(code), "{run}");
    run
}

/// The handbook with a baseline of what it says twice.
fn accepted() -> Dir {
    let dir = handbook();
    ends(check(&dir, &["--update-baseline"]), 0).says(&["1 text accepted, 0 before"]);
    dir
}

#[test]
fn what_is_in_the_baseline_does_not_fail_and_what_is_new_does() {
    let dir = accepted();
    let run = ends(check(&dir, &[]), 0);
    assert!(run.out().contains("1 finding in the baseline"), "{run}");
    ends(check(&dir, &["--fail-on-new"]), 0);
    dir.write("docs/storms.md", format!("{}\n\n{}\n", words("storms", 40), words("visitors", 40)));
    ends(check(&dir, &["--fail-on-new"]), 1);
    ends(check(&dir, &[]), 1);
    ends(check(&dir, &["--warn", "fail-on-new"]), 0);
}

#[test]
fn text_that_moves_within_or_between_files_is_still_known() {
    let dir = accepted();
    let lamp = words("lamp", 30);
    dir.write("docs/keepers.md", format!("# Keepers\r\n\r\n{}\r\n\r\n{lamp}\r\n", words("keepers", 40)));
    ends(check(&dir, &["--fail-on-new"]), 0);
    dir.write("docs/visitors.md", format!("# Visitors\n\n{}\n", words("visitors", 40)));
    dir.write("docs/a/renamed.md", format!("{}\n\n{lamp}\n", words("renamed", 40)));
    ends(check(&dir, &["--fail-on-new", "--fail-on-stale"]), 0);
}

#[test]
fn a_third_copy_of_an_accepted_pair_is_new() {
    let dir = accepted();
    dir.write("docs/zoo.md", format!("{}\n\n{}\n", words("zoo", 40), words("lamp", 30)));
    let run = ends(check(&dir, &["--fail-on-new", "--report", "json=r.json"]), 1);
    assert!(run.out().contains("repeats  docs/zoo.md:3"), "the new copy is named: {run}");
    let members = dir.json("r.json")["groups"][0]["members"].as_array().unwrap().clone();
    let statuses: Vec<&str> = members.iter().map(|m| m["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["known", "new"]);
}

#[test]
fn similar_texts_are_known_whichever_of_them_is_kept() {
    let dir = handbook();
    let lamp = words("lamp", 30);
    dir.write("docs/visitors.md", format!("# Visitors\n\n{}\n\n{lamp} today\n", words("visitors", 40)));
    ends(check(&dir, &["--update-baseline"]), 0);
    assert!(dir.text("unecho-baseline.json").contains("\"like\""));
    ends(check(&dir, &["--fail-on-new"]), 0);
    ends(check(&dir, &["--fail-on-new", "--keep", "last"]), 0);
    dir.write("docs/zoo.md", format!("{}\n\n{lamp} tomorrow\n", words("zoo", 40)));
    ends(check(&dir, &["--fail-on-new"]), 1);
}

#[test]
fn what_was_fixed_is_stale_and_dropped_by_an_update() {
    let dir = accepted();
    dir.write("docs/visitors.md", words("visitors", 40));
    let run = ends(check(&dir, &["--fail-on-new"]), 0);
    assert!(run.out().contains("stale") && run.out().contains("2 accepted, 0 found: lamp0 lamp1"), "{run}");
    ends(check(&dir, &["--fail-on-stale"]), 1);
    ends(check(&dir, &["--update-baseline", "--fail-on-stale"]), 0).says(&["0 texts accepted, 1 before"]);
    ends(check(&dir, &["--fail-on-stale"]), 0);
}

#[test]
fn the_baseline_is_sorted_and_the_same_from_every_directory() {
    let dir = accepted();
    dir.write("docs/storms.md", format!("{}\n\n{}\n", words("storms", 40), words("visitors", 40)));
    ends(check(&dir, &["--update-baseline"]), 0);
    let first = dir.text("unecho-baseline.json");
    let lines: Vec<&str> = first.lines().collect();
    assert_eq!(lines.len(), 5, "a line for each text, and for the object and what it is: {first}");
    assert!(lines[1..3].is_sorted() && first.contains("\"docs/keepers.md\":1"), "{first}");
    serde_json::from_str::<serde_json::Value>(&first).unwrap();
    let mut command = dir.command(&["check", ".", "--baseline", "../unecho-baseline.json", "--update-baseline"]);
    assert!(command.current_dir(dir.path("docs")).output().unwrap().status.success());
    assert_eq!(dir.text("unecho-baseline.json"), first);
}

#[test]
fn a_baseline_that_two_branches_added_to_merges_line_by_line() {
    let dir = accepted();
    let before = dir.text("unecho-baseline.json");
    dir.write("docs/storms.md", format!("{}\n\n{}\n", words("storms", 40), words("visitors", 40)));
    ends(check(&dir, &["--update-baseline"]), 0);
    let ours = dir.text("unecho-baseline.json");
    let (head, tail) = ours.split_once("\"unecho_baseline\"").unwrap();
    // as `merge=union` leaves it: lines of both sides, some twice
    let twice = before.lines().nth(1).unwrap();
    dir.write("unecho-baseline.json", format!("{head}{twice}\n\"unecho_baseline\"{tail}"));
    ends(check(&dir, &["--fail-on-new", "--fail-on-stale"]), 0);
    dir.write("unecho-baseline.json", format!("<<<<<<< HEAD\n{ours}=======\n{before}>>>>>>> other\n"));
    check(&dir, &[]).refused(&["merge conflict", "--update-baseline"]);
    ends(check(&dir, &["--update-baseline"]), 0).says(&["made anew"]);
    assert_eq!(dir.text("unecho-baseline.json"), ours);
}

#[test]
fn a_baseline_that_is_missing_or_no_baseline_is_refused_with_the_remedy() {
    let dir = handbook();
    check(&dir, &[]).refused(&["no baseline yet", "--update-baseline"]);
    for (text, words) in [
        ("", "is not a baseline"),
        ("[]", "is not a baseline"),
        ("{}", "has no line `unecho_baseline`"),
        ("{\"unecho_baseline\": {\"schema\":9,\"tokens\":\"word\",\"ignore_digits\":false}}", "schema 9"),
        ("{\"x:12\": {\"copies\":1}, \"unecho_baseline\": {}}", "`x:12` is not UNIT:DIGEST"),
    ] {
        dir.write("unecho-baseline.json", text);
        check(&dir, &[]).refused(&[words, "--update-baseline"]);
    }
    ends(check(&dir, &["--update-baseline"]), 0);
    check(&dir, &["--tokens", "character"]).refused(&["--tokens word", "--update-baseline"]);
    dir.run(&["check", "docs", "--fail-on-new"]).refused(&["--fail-on-new needs --baseline"]);
    dir.run(&["check", "docs", "--update-baseline"]).refused(&["--update-baseline needs --baseline"]);
}

#[test]
fn the_allow_list_covers_by_digest_file_and_text() {
    let dir = handbook();
    ends(dir.run(&["check", "docs", "--report", "json=r.json"]), 1);
    let digest = dir.json("r.json")["groups"][0]["members"][0]["digest"].as_str().unwrap().to_owned();
    for (covers, code) in [
        (format!("digest = \"{digest}\""), 0),
        (format!("digest = \"paragraph:{digest}\""), 0),
        (format!("digest = \"document:{digest}\""), 1),
        ("glob = \"docs/keepers.md\"".to_owned(), 0),
        ("glob = \"visitors.*\"".to_owned(), 0),
        ("glob = \"other/**\"".to_owned(), 1),
        ("regex = \"lamp[0-9] lamp1\"".to_owned(), 0),
        ("regex = \"(?i)^LAMP0\"".to_owned(), 0),
        ("regex = \"^lamp1\"".to_owned(), 1),
        ("glob = \"docs/**\"\nregex = \"^lamp1\"".to_owned(), 1),
    ] {
        dir.write("unecho-allow.toml", format!("[[allow]]\n{covers}\nreason = \"the law wants it\"\n"));
        let run = ends(dir.run(&["check", "docs", "--report", "json=r.json"]), code);
        let said = run.out();
        match code {
            0 => assert!(said.contains("1 finding allowed"), "{run}"),
            _ => assert!(said.contains("unecho-allow.toml:1: allows nothing that is found: the law"), "{run}"),
        }
        let member = &dir.json("r.json")["groups"][0]["members"][0];
        assert_eq!(member["reason"] == "the law wants it", code == 0, "{member}");
        ends(dir.run(&["check", "docs", "--max-groups", "9", "--fail-on-stale"]), code);
    }
}

#[test]
fn an_entry_that_has_expired_allows_nothing_and_is_reported() {
    let dir = handbook();
    let entry = |day: &str| format!("\n[[allow]]\nglob = \"docs/**\"\nreason = \"for now\"\nexpires = {day}\n");
    dir.write("unecho-allow.toml", entry("2999-12-31"));
    ends(dir.run(&["check", "docs"]), 0);
    dir.write("unecho-allow.toml", entry("2020-01-31"));
    let run = ends(dir.run(&["check", "docs"]), 1);
    assert!(run.out().contains("unecho-allow.toml:2: expired on 2020-01-31: for now"), "{run}");
}

#[test]
fn an_allow_list_with_a_fault_is_refused_with_line_and_column() {
    let dir = handbook();
    dir.write("allow.toml", "[[allow]]\ngolb = \"docs/**\"\nreason = \"r\"\n");
    dir.run(&["check", "docs", "--allow-list", "allow.toml"]).refused(&["allow.toml:2:1", "golb", "glob"]);
    dir.write("allow.toml", "[[allow]]\nglob = \"docs/**\"\n");
    dir.run(&["check", "docs", "--allow-list", "allow.toml"]).refused(&["allow.toml:1:", "reason"]);
    dir.run(&["check", "docs", "--allow-list", "none.toml"]).refused(&["none.toml"]);
}

#[test]
fn a_comment_allows_the_paragraph_after_it_at_either_copy() {
    let comment = "<!-- unecho: allow the law wants it on both pages -->";
    for (keepers, visitors) in [(comment, ""), ("", comment)] {
        let dir = handbook();
        let lamp = words("lamp", 30);
        dir.write("docs/keepers.md", format!("# Keepers\n\n{keepers}\n\n{lamp}\n\n{}\n", words("keepers", 40)));
        dir.write("docs/visitors.md", format!("{}\n\n{visitors}\n\n{lamp}\n", words("visitors", 40)));
        let run = ends(dir.run(&["check", "docs"]), 0);
        assert!(run.out().contains("1 finding allowed"), "{run}");
        // it does not reach further
        dir.write("docs/zoo.md", format!("{}\n\n{}\n", words("zoo", 40), words("keepers", 40)));
        ends(dir.run(&["check", "docs"]), 1);
    }
}

#[test]
fn comments_without_use_or_reason_are_reported_with_their_line() {
    let dir = handbook();
    dir.write("docs/zoo.md", format!("# Zoo\n\n<!-- unecho: allow once it was needed -->\n{}\n", words("zoo", 40)));
    dir.write("docs/arc.md", format!("<!-- unecho: allow -->\n{}\n", words("arc", 40)));
    let run = ends(dir.run(&["check", "docs", "--max-groups", "1", "--fail-on-stale"]), 1);
    assert!(run.out().contains("docs/zoo.md:3: the comment allows nothing"), "{run}");
    assert!(run.out().contains("docs/arc.md:1: the comment gives no reason"), "{run}");
}

#[test]
fn a_comment_in_a_code_block_of_markdown_allows_nothing_and_is_not_stale() {
    let (lamp, comment) = (words("lamp", 30), "<!-- unecho: allow as an example -->");
    let page = format!("# Keepers\n\n```html\n{comment}\n\n{lamp}\n\n```\n\n{}\n", words("keepers", 40));
    for (name, code, says) in [("keepers.md", 1, ""), ("keepers.txt", 0, "1 finding allowed")] {
        let dir = Dir::new();
        dir.write(&format!("docs/{name}"), &page).write("docs/visitors.md", format!("# Visitors\n\n{lamp}\n"));
        let run = ends(dir.run(&["check", "docs"]), code);
        assert!(run.out().contains(says), "{run}");
        assert_eq!(run.out().contains("allowed"), code == 0, "{run}");
        assert!(!run.out().contains("the comment"), "an example needs no use: {run}");
    }
}

/// A text of a few paragraphs, of which any may stand elsewhere too, as it is or with a word changed.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let paragraph = (0..6u8, 0..3u8).prop_map(|(which, variant)| {
        let said = words(&format!("p{which}w"), 30);
        if variant == 0 { said } else { format!("{said} v{variant}") }
    });
    prop::collection::vec(paragraph, 1..5).prop_map(|paragraphs| paragraphs.join("\n\n").into_bytes())
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn a_baseline_accepts_what_it_was_made_of_and_nothing_of_it_is_stale(
        texts in prop::collection::vec(text(), 1..8)
    ) {
        let outcome = find(&texts, &Config::default());
        let options = |baseline| JudgeOptions {
            limits: Vec::new(),
            baseline,
            allow: None,
            today: Date { year: 2026, month: 1, day: 1 },
            names: (0..texts.len()).map(|name| name.to_string()).collect(),
            split_field: None,
        };
        let baseline = Judge::new(&outcome, options(None)).baseline();
        let list = Baseline::parse(&baseline.render(), outcome.config.tokens).unwrap();
        prop_assert_eq!(&list, &baseline);
        let verdict = Judge::new(&outcome, options(Some(Named { name: "b".to_owned(), list }))).verdict().unwrap();
        prop_assert!(verdict.passed && verdict.obsolete.is_empty(), "{:?}", verdict);
        prop_assert!(verdict.statuses.iter().all(|status| *status == Status::Known));
    }
}
