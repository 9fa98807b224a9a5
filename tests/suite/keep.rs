//! Which copy stays.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::common::{Dir, record, words};

/// Records by id and text, and possibly a further field; gives the ids that are left.
fn kept(records: &[(&str, &str, &str)], args: &[&str]) -> Vec<String> {
    let dir = Dir::new();
    let line = |(id, text, field): &(&str, &str, &str)| format!("{{\"id\":\"{id}\",\"text\":\"{text}\"{field}}}\n");
    dir.write("in.jsonl", records.iter().map(line).collect::<String>());
    let run = dir.run(&[&["clean", "in.jsonl", "-o", "-", "--unit", "document"], args].concat()).ok();
    // as they are written: what is no float is no value
    let id = |line: &str| {
        let fields: BTreeMap<String, &RawValue> = serde_json::from_str(line).unwrap();
        fields["id"].get().trim_matches('"').to_owned()
    };
    run.out().lines().map(id).collect()
}

#[test]
fn the_first_last_longest_or_shortest_copy_stays() {
    let base = words("w", 40);
    let (longer, longest) = (format!("{base} x"), format!("{base} y z"));
    let records = [("a", base.as_str(), ""), ("b", &longest, ""), ("c", &longer, ""), ("other", "one two three", "")];
    assert_eq!(kept(&records, &[]), ["a", "other"]);
    assert_eq!(kept(&records, &["--keep", "last"]), ["c", "other"]);
    assert_eq!(kept(&records, &["--keep", "longest"]), ["b", "other"]);
    assert_eq!(kept(&records, &["--keep", "shortest"]), ["a", "other"]);
    assert_eq!(kept(&records, &["--keep", "none"]), ["other"]);
}

#[test]
fn the_copy_with_the_greatest_or_least_field_stays_and_ties_go_to_the_first() {
    let text = words("w", 20);
    let with = |fields: [&'static str; 4], args: &[&str]| {
        let ids = ["a", "b", "c", "d"];
        let records: Vec<_> = ids.iter().zip(fields).map(|(id, field)| (*id, text.as_str(), field)).collect();
        kept(&records, args).join(" ")
    };
    let numbers = [",\"q\":1", ",\"q\":10", ",\"q\":9.5", ",\"q\":10"];
    assert_eq!(with(numbers, &["--keep", "max:q"]), "b", "by number, not by spelling");
    assert_eq!(with(numbers, &["--keep", "min:q"]), "a");
    // numbers before strings, strings before records without the field, whether the greatest or the least is wanted
    let mixed = ["", ",\"q\":\"zz\"", ",\"q\":\"aa\"", ",\"q\":3"];
    assert_eq!(with(mixed, &["--keep", "max:q"]), "d");
    assert_eq!(with(mixed, &["--keep", "min:q"]), "d");
    let strings = ["", ",\"q\":\"aa\"", ",\"q\":\"zz\"", ""];
    assert_eq!(with(strings, &["--keep", "max:q"]), "c");
    assert_eq!(with(strings, &["--keep", "min:q"]), "b");
    assert_eq!(with(["", "", "", ""], &["--keep", "max:q"]), "a");
    // beyond all floats, and so close to each other that no float tells them apart
    let far = [",\"q\":5", ",\"q\":1e999", ",\"q\":-1e999", ",\"q\":1e308"];
    assert_eq!((with(far, &["--keep", "max:q"]), with(far, &["--keep", "min:q"])), ("b".to_owned(), "c".to_owned()));
    let times =
        [",\"q\":1732700000000000001", ",\"q\":1732700000000000003", ",\"q\":1.7327e18", ",\"q\":1732700000000000002"];
    assert_eq!(
        (with(times, &["--keep", "max:q"]), with(times, &["--keep", "min:q"])),
        ("b".to_owned(), "c".to_owned())
    );
    let zeros = [",\"q\":-0.0", ",\"q\":0", ",\"q\":false", ",\"q\":0e5"];
    assert_eq!(with(zeros, &["--keep", "max:q"]), "a", "zero is zero");
    let nested = [",\"m\":{\"date\":\"2020-01-01\"}", ",\"m\":{\"date\":\"2024-05-01\"}", ",\"m\":{}", ",\"m\":3"];
    assert_eq!(with(nested, &["--keep", "max:m.date"]), "b");
}

#[test]
fn none_removes_every_copy_of_a_paragraph_that_is_said_twice() {
    let dir = Dir::new();
    let (said, own) = (words("said", 20), words("own", 20));
    dir.write("in.txt", format!("{said}\n{own}\n{said}\nend\n"));
    dir.run(&["clean", "in.txt", "-o", "out.txt", "--keep", "none"]).ok();
    assert_eq!(dir.text("out.txt"), format!("{own}\nend\n"));
    dir.run(&["restore", "out.txt", "-o", "back.txt"]).ok();
    assert_eq!(dir.read("back.txt"), dir.read("in.txt"));
}

#[test]
fn copies_in_preferred_sources_stay_in_the_order_of_preference() {
    let dir = Dir::new();
    let text = words("w", 20);
    for name in ["a/x.txt", "b/x.txt", "c/x.txt"] {
        dir.write(&format!("in/{name}"), &text);
    }
    for (args, expected) in [
        (&[][..], "a/x.txt"),
        (&["--prefer", "b/**"], "b/x.txt"),
        (&["--prefer", "c/*", "--prefer", "b/*"], "c/x.txt"),
        (&["--prefer", "c/*", "--keep", "first"], "c/x.txt"),
        (&["--prefer", "nowhere/*", "--keep", "last"], "c/x.txt"),
        (&["--prefer", "in/b/x.txt"], "b/x.txt"),
    ] {
        dir.run(&[&["clean", "in", "-o", "out", "--force"], args].concat()).ok();
        let left: Vec<String> = dir.tree("out").keys().map(|p| p.display().to_string()).collect();
        assert_eq!(left, [expected], "{args:?}");
    }
}

#[test]
fn a_pattern_or_a_field_that_nothing_has_is_warned_of() {
    let dir = Dir::new();
    dir.write("archive/a.txt", "one").write("new/b.txt", "one");
    let run = dir.run(&["scan", "archive", "new", "--protect", "archive", "--prefer", "new/**", "--keep", "max:scroe"]);
    let run = run.ok().says(&["warning: --protect archive: no file", "warning: --keep max:scroe: no record"]);
    assert!(!run.stderr.contains("--prefer"), "{run}");
    dir.run(&["scan", "new", "--edits"]).ok().says(&["warning: --edits: passages are not searched"]);
    let options = ["--min-passage", "50tokens", "--normalise", "tokens", "--cut", "word", "--edits"];
    let said = "warning: --min-passage, --normalise, --cut, --edits: passages are not searched";
    dir.run(&[&["scan", "new"], &options[..]].concat()).ok().says(&[said, "add passage to --unit"]);
    dir.run(&["scan", "new", "--cut", "word"]).ok().says(&["warning: --cut: passages are not searched"]);
    assert_eq!(dir.run(&[&["scan", "new", "--unit", "passage"], &options[..]].concat()).ok().stderr, "");
    // what says what holds anyway is no slip
    assert_eq!(dir.run(&["scan", "new", "--cut", "auto", "--min-passage", "100bytes"]).ok().stderr, "");
}

#[test]
fn nothing_is_removed_from_protected_sources_but_all_is_compared_with_them() {
    let dir = Dir::new();
    let (said, own) = (words("said", 20), words("own", 20));
    dir.write("in/a.txt", format!("{said}\n{own}\n")).write("in/gold/z.txt", format!("{said}\n{said}\nend\n"));
    dir.run(&["clean", "in", "-o", "out", "--protect", "gold/**"]).ok();
    assert_eq!(dir.text("out/gold/z.txt"), format!("{said}\n{said}\nend\n"));
    assert_eq!(dir.text("out/a.txt"), format!("{own}\n"));
    dir.run(&["clean", "in", "-o", "all", "--protect", "**", "--keep", "none"]).ok();
    assert_eq!(dir.tree("all"), dir.tree("in"));
}

#[test]
fn documents_of_which_nothing_is_left_are_dropped_and_listed_or_kept_empty() {
    let dir = Dir::new();
    let (a, b) = (words("a", 20), words("b", 20));
    dir.write("in.jsonl", record(1, &a) + &record(2, &b) + &record(3, &format!("{b}\n{a}")));
    let args = ["--unit", "paragraph", "--report", "json=r.json"];
    dir.run(&[&["clean", "in.jsonl", "-o", "out.jsonl"][..], &args].concat()).ok().says(&["1 left empty"]);
    assert_eq!(dir.text("out.jsonl"), record(1, &a) + &record(2, &b));
    let emptied = dir.json("r.json")["emptied"].clone();
    assert_eq!((&emptied[0]["document"], &emptied[0]["line"]), (&"3".into(), &3.into()));

    dir.run(&[&["clean", "in.jsonl", "-o", "all.jsonl", "--keep-empty"][..], &args].concat()).ok();
    assert_eq!(dir.text("all.jsonl"), record(1, &a) + &record(2, &b) + &record(3, ""));
    dir.run(&[&["clean", "all.jsonl", "-o", "again.jsonl", "--keep-empty"][..], &args].concat()).ok();
    assert_eq!(dir.text("all.jsonl"), dir.text("again.jsonl"));
}

#[test]
fn repeats_can_be_sought_inside_documents_only() {
    let dir = Dir::new();
    let (a, b) = (words("a", 20), words("b", 20));
    dir.write("in.jsonl", record(1, &format!("{a}\n{b}\n{a}")) + &record(2, &a) + &record(3, &a));
    dir.run(&["clean", "in.jsonl", "-o", "out.jsonl", "--scope", "document"]).ok();
    assert_eq!(dir.text("out.jsonl"), record(1, &format!("{a}\n{b}")) + &record(2, &a) + &record(3, &a));
}

#[test]
fn templates_show_when_digits_do_not_count() {
    let dir = Dir::new();
    let line = |n: usize| format!("Page {n} of the yearly report of the harbour office for the year {}\n", 1990 + n);
    dir.write("in.txt", line(1) + &line(2) + &line(33));
    let scan = |args: &[&str]| {
        dir.run(&[&["scan", "in.txt", "--similarity", "1", "--report", "json=-"], args].concat()).ok().json()
    };
    assert_eq!(scan(&[])["groups"].as_array().unwrap().len(), 0);
    assert_eq!(scan(&["--ignore-digits"])["groups"][0]["members"].as_array().unwrap().len(), 2);
}

#[test]
fn containment_finds_what_stands_inside_a_longer_document() {
    let part = words("w", 40);
    let whole = format!("{} {part} {}", words("before", 60), words("after", 60));
    let records = [("whole", whole.as_str(), ""), ("part", part.as_str(), "")];
    assert_eq!(kept(&records, &[]), ["whole", "part"]);
    assert_eq!(kept(&records, &["--measure", "containment"]), ["whole"]);
}

#[test]
fn with_keep_none_copies_go_from_every_file_in_whatever_order_files_are_preferred() {
    let dir = Dir::new();
    let files = ["a", "b1", "b2", "b3", "b4", "b5"];
    for file in files {
        dir.write(&format!("in/{file}.txt"), format!("words that are said again\nwhat {file} alone has to say\n"));
    }
    // those that stand first in the corpus are decided last
    dir.run(&[
        "clean",
        "in",
        "-o",
        "out",
        "--unit",
        "line",
        "--min-tokens",
        "2",
        "--keep",
        "none",
        "--prefer",
        "b*.txt",
    ])
    .ok();
    for file in files {
        assert_eq!(dir.text(&format!("out/{file}.txt")), format!("what {file} alone has to say\n"));
    }
}
