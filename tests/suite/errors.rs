//! What goes wrong is said with file, record and remedy; the exit code tells; nothing is dropped in silence.

use std::process::Command;

use super::common::{Codec, Dir, Run, record, tell, words};

#[test]
fn wrong_usage_ends_with_two_and_says_what_is_wrong() {
    let dir = Dir::new();
    dir.write("a.txt", "text");
    for (args, words) in [
        (&["frobnicate"][..], &["frobnicate"][..]),
        (&["scan"], &["INPUT"]),
        (&["clean", "a.txt"], &["--output"]),
        (&["scan", "a.txt", "--similarity", "0"], &["--similarity", "above 0"]),
        (&["scan", "a.txt", "--similarity", "1.5"], &["--similarity", "at most 1"]),
        (&["scan", "a.txt", "--similarity", "NaN"], &["--similarity"]),
        (&["scan", "a.txt", "--unit", "verse"], &["verse", "paragraph"]),
        (&["scan", "a.txt", "--unit", "none,line"], &["none"]),
        (&["scan", "a.txt", "--ngram", "0"], &["--ngram", "1"]),
        (&["scan", "a.txt", "--ngram", "document=33"], &["--ngram", "32"]),
        (&["scan", "a.txt", "--min-tokens", "0"], &["--min-tokens"]),
        (&["scan", "a.txt", "--min-tokens", "verse=3"], &["verse"]),
        (&["scan", "a.txt", "--keep", "best"], &["first", "longest"]),
        (&["scan", "a.txt", "--prefer", "[a"], &["--prefer"]),
        (&["scan", "a.txt", "--protect", "{a"], &["--protect"]),
        (&["scan", "a.txt", "--exclude", "[a"], &["--exclude"]),
        (&["scan", "a.txt", "--report", "xml=x"], &["json", "markdown"]),
        (&["clean", "a.txt", "-o", "b.txt", "--max-removed", "120%"], &["100%"]),
        (&["clean", "a.txt", "-o", "-", "--report", "json=-"], &["standard output"]),
        (&["scan", "-", "-"], &["once"]),
        (&["restore", "out", "-o", "-"], &["standard output"]),
        (&["scan", "a.txt", "--threads", "x"], &["--threads", "`x` is not a whole number"]),
        (&["scan", "a.txt", "--threads", "99999"], &["--threads", "`99999` is more than 1024"]),
        (&["scan", "a.txt", "--progress", "x"], &["--progress", "always"]),
        (&["scan", "missing", "--report", "json=-", "--report", "csv=-"], &["standard output"]),
        (&["clean", "missing", "-o", "-", "--report", "json=-"], &["standard output"]),
        (&["scan", "missing", "--report", "json=a.txt/report"], &["a.txt"]),
        (&["clean", "missing", "-o", "out", "--report", "json=."], &[".: is a directory"]),
        (&["bench", "missing", "--export-json", "a.txt/bench"], &["a.txt"]),
    ] {
        dir.run(args).refused(words);
    }
    assert_eq!(dir.names(), ["a.txt"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let dir = Dir::new();
    dir.run(&["scan", "missing.txt"]).refused(&["missing.txt", "cannot open"]);
    dir.run(&["clean", "missing", "-o", "out"]).refused(&["missing"]);
    dir.run(&["scan", "--files-from", "list"]).refused(&["list"]);
    dir.run(&["restore", "missing", "-o", "out"]).refused(&["missing.unecho", "no ledger"]);
    assert!(dir.names().is_empty());
}

#[test]
fn an_input_without_anything_to_scan_is_an_error_that_says_so() {
    let dir = Dir::new();
    dir.write("empty/.hidden.txt", "text").write("images/a.png", b"\x89PNG\0\0").write("list", "# nothing\n\n");
    dir.run(&["scan", "empty"]).refused(&["nothing to scan", "empty", "--hidden"]);
    dir.run(&["clean", "empty", "-o", "out"]).refused(&["nothing to scan"]);
    dir.run(&["scan", "images"]).refused(&["nothing to scan", "a.png"]);
    dir.run(&["scan", "--files-from", "list"]).refused(&["nothing to scan"]);
    assert!(!dir.exists("out"));
    dir.write("empty.txt", "").write("blank.jsonl", "\n \n").write("docs/a.md", "text").write("docs/b.md", "text");
    dir.run(&["scan", "empty.txt"]).refused(&["empty.txt is empty", "with text in them"]);
    dir.run(&["scan", "blank.jsonl"]).refused(&["blank.jsonl holds nothing but blank lines"]);
    dir.run(&["check", "docs", "--against", "docs"]).refused(&[
        "nothing to compare with in docs",
        "its 2 files are part of INPUT too, and judged",
        "name a reference",
    ]);
    dir.run(&["check", "docs", "--against", "docs/a.md"]).refused(&["its only file is part of INPUT too"]);
    dir.run(&["check", "docs", "--against", "empty.txt"]).refused(&["nothing to compare with", "empty.txt is empty"]);
}

#[test]
fn json_that_is_not_one_object_a_line_is_refused_with_the_command_that_makes_it_so() {
    let dir = Dir::new();
    let objects = "{\n  \"text\": \"a\"\n}\n{\n  \"text\": \"b\"}\n";
    let arrays = ["[{\"text\": \"a\"}]", "\u{feff}\n[\n{\"text\": \"a\"},\n{\"text\": \"b\"}\n]\n"];
    dir.write("o.jsonl", objects).write("o.json", objects).write("a.json", arrays[0]).write("a.jsonl", arrays[1]);
    dir.write("o.jsonl.gz", Codec::Gzip.encode(objects.as_bytes())).write("o.txt", objects);
    for (name, command) in [
        ("o.jsonl", "`jq -c . o.jsonl > NEW.jsonl`"),
        ("o.json", "`jq -c . o.json > NEW.jsonl`"),
        ("o.jsonl.gz", "`gzip -dc o.jsonl.gz | jq -c . > NEW.jsonl`"),
        ("a.json", "`jq -c '.[]' a.json > NEW.jsonl`"),
        ("a.jsonl", "`jq -c '.[]' a.jsonl > NEW.jsonl`"),
    ] {
        dir.run(&["scan", name]).refused(&[name, "one object a line", command]);
    }
    for (name, quoted) in
        [("my file.json", "'my file.json'"), ("it's.json", r"'it'\''s.json'"), ("日本.json", "日本.json")]
    {
        dir.write(name, objects);
        dir.run(&["scan", name]).refused(&[&format!("`jq -c . {quoted} > NEW.jsonl`")]);
    }
    dir.run(&["scan", "o.txt", "--format", "jsonl"]).refused(&["jq -c . o.txt"]);
    dir.run(&["scan", "o.txt"]).ok();
    // what has a bad record first is JSON Lines all the same
    for first in ["[1]", "{\"text\": ", "{} x", "{", "[", "{\"text\": {"] {
        dir.write("bad.jsonl", format!("{first}\n{}{}", record(1, "a"), record(2, "b")));
        dir.run(&["scan", "bad.jsonl"]).refused(&["bad.jsonl:1: "]);
    }
    dir.write("no.json", "no JSON");
    dir.run(&["scan", "no.json"]).refused(&["neither JSON Lines nor JSON", "--format text"]);
    // set aside whole, and so counted
    dir.write("in/good.jsonl", record(1, "a") + "{\n").write("in/o.jsonl", objects).write("in/p.jsonl", objects);
    dir.clean_and_restore("in", &["--on-error", "skip"]).says(&["rejected 2 files and 1 record"]);
}

#[test]
fn what_is_refused_or_fails_leaves_no_directory_behind_that_it_made() {
    let dir = Dir::new();
    dir.write("in.txt", format!("{0}\n{0}\n", words("said", 12))).write("bad.jsonl", "{\"text\": 3}\n");
    dir.run(&["clean", "in.txt", "-o", "in.out.txt"]).ok();
    dir.write("in.out.txt", "changed");
    let names = dir.names();
    for (args, words) in [
        (&["clean", "in.txt", "-o", "new/deep/out.txt", "--max-removed", "1%"][..], &["--max-removed"][..]),
        (&["clean", "bad.jsonl", "-o", "new/deep/out.jsonl"], &["not a string"]),
        (&["clean", "bad.jsonl", "-o", "new/../new/out/"], &["not a string"]),
        (&["clean", "in.txt", "-o", "new/out", "--report", "json=in.txt"], &["in.txt"]),
        (&["restore", "in.out.txt", "-o", "new/deep/back.txt"], &["in.out.txt"]),
    ] {
        dir.run(args).refused(words);
        assert_eq!(dir.names(), names, "{args:?}");
    }
}

#[test]
fn a_bad_record_is_named_with_file_line_reason_and_remedy() {
    let good = record("a", "fine");
    for (bad, reason) in [
        (&b"{\"text\": \"no end\n"[..], "malformed JSON"),
        (b"{\"text\": 3}\n", "not a string"),
        (b"{\"txt\": \"x\", \"id\": 1}\n", "no field `text`; there are `id`, `txt`: --text-field says"),
        (b"{}\n", "no field `text`\n"),
        (b"[\"x\"]\n", "malformed JSON"),
        (b"{\"text\": \"x\"} {\"text\": \"y\"}\n", "malformed JSON: trailing characters, at byte 15\n"),
        (b"{\"text\": \"\xff\"}\n", "invalid UTF-8"),
        (b"{\"text\": \"\\ud800\"}\n", "escape"),
        (b"{\"text\": \"a\", \"text\": \"b\"}\n", "twice"),
        (b"{\"text\": null}\n", "not a string"),
    ] {
        let dir = Dir::new();
        dir.write("in.jsonl", [good.as_bytes(), b"\n", bad, good.as_bytes()].concat());
        dir.run(&["clean", "in.jsonl", "-o", "out.jsonl"]).refused(&["in.jsonl:3:", reason, "--on-error skip"]);
        assert_eq!(dir.names(), ["in.jsonl"]);
    }
}

#[test]
fn skipped_records_are_set_aside_counted_listed_and_come_back() {
    let dir = Dir::new();
    let (good, bad) = (record("a", &words("w", 20)), "{\"text\": 3, \"x\": 1.00}\r\n");
    let corpus = [&good, bad, "\n", &good, "not json"].concat();
    dir.write("in/docs.jsonl", &corpus).write("in/fine.txt", "some text\n");
    let run = dir.clean_and_restore("in", &["--on-error", "skip", "--report", "json=report.json", "-v"]);
    run.says(&["2 records", "docs.jsonl:2", "not a string", "docs.jsonl:5", "rejects"]);

    assert_eq!(dir.text("cleaned/docs.jsonl"), good + "\n");
    assert_eq!(dir.text("cleaned.unecho/rejects/docs.jsonl"), bad.to_owned() + "not json");
    let report = dir.json("report.json");
    let rejected: Vec<_> = report["rejected"].as_array().unwrap().iter().map(|r| (&r["line"], &r["bytes"])).collect();
    assert_eq!(rejected, [(&2.into(), &bad.len().into()), (&5.into(), &8.into())]);
    let totals = &report["totals"];
    assert_eq!((&totals["documents"]["rejected"], &totals["bytes"]["rejected"]), (&2.into(), &(bad.len() + 8).into()));
    let bytes = |what: &str| totals["bytes"][what].as_u64().unwrap();
    assert_eq!(bytes("read"), bytes("kept") + bytes("removed") + bytes("rejected"));
    assert_eq!(bytes("read"), corpus.len() as u64 + 10);
}

#[test]
fn a_whole_file_that_cannot_be_decoded_is_set_aside_and_comes_back_as_it_was() {
    let dir = Dir::new();
    let truncated = Codec::Gzip.encode(words("w", 500).as_bytes())[..200].to_vec();
    dir.write("in/cut.txt.gz", &truncated).write("in/fine.txt", "some text\n");
    dir.run(&["scan", "in"]).refused(&["cut.txt.gz", "damaged or truncated", "--on-error skip"]);
    dir.clean_and_restore("in", &["--on-error", "skip"]).says(&["rejected 1 file · 200 B"]);
    assert_eq!(dir.read("cleaned.unecho/rejects/cut.txt.gz"), truncated);
    assert_eq!(dir.read("restored/cut.txt.gz"), truncated, "byte for byte");
    assert!(!dir.exists("cleaned/cut.txt.gz"));
}

#[test]
fn utf_16_is_refused_or_set_aside_whole() {
    let utf16: Vec<u8> = "\u{feff}some words".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let dir = Dir::new();
    dir.write("in/wide.txt", &utf16).write("in/fine.txt", "some text\n");
    dir.run(&["scan", "in"]).refused(&["wide.txt", "UTF-16", "convert"]);
    dir.clean_and_restore("in", &["--on-error", "skip"]);
    assert_eq!(dir.read("cleaned.unecho/rejects/wide.txt"), utf16);
}

#[test]
fn a_compressed_file_that_is_set_aside_comes_back_compressed() {
    let utf16: Vec<u8> = "\u{feff}some words".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let packed = Codec::Gzip.encode(&utf16);
    let dir = Dir::new();
    dir.write("in/wide.txt.gz", &packed).write("in/fine.txt", "some text\n");
    dir.clean_and_restore("in", &["--on-error", "skip"]);
    let restored = dir.read("restored/wide.txt.gz");
    assert_eq!(Codec::of(&restored), Codec::Gzip, "it is named .gz");
    assert_eq!(Codec::Gzip.decode(&restored), utf16);
}

#[cfg(unix)]
#[test]
fn what_may_not_be_read_is_named_with_what_the_system_said_and_the_remedy() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Dir::new();
    dir.write("in/a.txt", "some text\n").write("in/sub/b.txt", "other text\n").write("locked/c.txt", "more text\n");
    let forbid = |name: &str, mode| std::fs::set_permissions(dir.path(name), PermissionsExt::from_mode(mode)).unwrap();
    forbid("in/sub", 0);
    if std::fs::read_dir(dir.path("in/sub")).is_ok() {
        return tell("skipped: nothing is forbidden to root");
    }
    let denied = "Permission denied (os error 13)";
    dir.run(&["scan", "in"]).refused(&[&format!("in/sub: cannot look into it: {denied}\n"), "--on-error skip"]);
    let run = dir.run(&["scan", "in", "-v", "--on-error", "skip"]).ok();
    assert!(run.out().contains(&format!("skipped  in/sub: cannot look into it: {denied}\n")), "{run}");
    forbid("in/sub", 0o700);
    forbid("in/a.txt", 0);
    dir.run(&["scan", "in"]).refused(&[&format!("in/a.txt: cannot read it: {denied}\n"), "--on-error skip"]);
    forbid("locked", 0);
    dir.run(&["clean", "in/sub", "-o", "locked/out"]).refused(&["locked/out", denied]);
    forbid("locked", 0o700);
}

#[test]
fn more_than_may_be_removed_stops_before_anything_is_written() {
    let dir = Dir::new();
    let (a, b) = (words("a", 30), words("b", 30));
    dir.write("in/one.jsonl", record(1, &a) + &record(2, &a) + &record(3, &b));
    dir.write("in/two.jsonl", record(4, &words("c", 30)) + &record(5, &words("d", 30)));
    dir.run(&["clean", "in", "-o", "out", "--max-removed", "10%"]).refused(&[
        "--max-removed 10%",
        "one.jsonl",
        "nothing was written",
        "remedy",
    ]);
    // a fifth of the whole, but a third of one source
    dir.run(&["clean", "in", "-o", "out", "--max-removed", "25"]).refused(&["one.jsonl loses 3"]);
    dir.run(&["clean", "in", "-o", "-", "--max-removed", "25"]).refused(&["one.jsonl"]);
    assert_eq!(dir.names(), ["in"]);
    dir.run(&["clean", "in", "-o", "out", "--max-removed", "40%"]).ok();
    assert!(dir.exists("out"));
}

#[test]
fn a_source_that_loses_most_of_its_text_is_warned_about() {
    let dir = Dir::new();
    dir.write("in.jsonl", record(1, &words("long", 20_000)).repeat(3));
    dir.run(&["scan", "in.jsonl"]).ok().says(&["warning", "in.jsonl loses 66.7 %"]);
    let quiet = dir.run(&["scan", "in.jsonl", "-q"]).ok();
    assert_eq!(quiet.stderr, "");
}

#[test]
fn a_group_that_holds_much_of_the_corpus_is_warned_about() {
    let dir = Dir::new();
    let texts = (0..400).map(|i| record(i, &if i < 150 { words("same", 20) } else { words(&format!("d{i}w"), 20) }));
    dir.write("in.jsonl", texts.collect::<String>());
    dir.run(&["scan", "in.jsonl"]).ok().says(&["warning", "149 others", "1 %"]);
}

#[test]
fn a_cleaned_file_that_was_changed_cannot_be_restored_from() {
    let dir = Dir::new();
    let text = words("w", 20) + "\n";
    dir.write("in.txt", text.repeat(2) + "more\n");
    dir.run(&["clean", "in.txt", "-o", "out.txt"]).ok();
    // another letter, the end gone, all of it gone, more at the end
    for changed in [format!("{text}mare\n"), text.clone(), String::new(), format!("{text}more\nand more\n")] {
        dir.write("out.txt", changed);
        dir.run(&["restore", "out.txt", "-o", "back.txt"]).refused(&["out.txt", "changed"]);
        assert!(!dir.exists("back.txt"));
    }
}

#[cfg(unix)]
#[test]
fn a_name_that_is_not_utf_8_is_no_obstacle() {
    use std::os::unix::ffi::OsStrExt;
    let dir = Dir::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.txt");
    dir.write("in/plain.txt", words("w", 20));
    if std::fs::write(dir.path("in").join(name), words("w", 20)).is_err() {
        return super::common::tell("skipped: this file system takes UTF-8 names only");
    }
    dir.clean_and_restore("in", &["--report", "csv=r.csv", "--report", "text=r.txt", "--report", "markdown=r.md"]);
}

/// A directory of which not all is read: six pictures, and a text.
fn with_pictures() -> Dir {
    let dir = Dir::new();
    dir.write("in/a.txt", words("a", 20));
    for i in 1..=6 {
        dir.write(&format!("in/{i}.png"), "no text");
    }
    dir
}

#[test]
fn strict_refuses_what_was_skipped_and_names_the_first_with_the_remedy() {
    let dir = with_pictures();
    let said = [
        "(6 skipped, 0 set aside)",
        "skipped in/1.png: its name says neither text nor JSONL",
        "in/5.png",
        "and 1 more",
        "remedy:",
        "--exclude",
    ];
    let names = dir.names();
    for args in [
        &["scan", "in"][..],
        &["check", "in"],
        &["check", "in", "--exit-zero"],
        &["clean", "in", "-o", "out"],
        &["clean", "in", "-o", "-"],
        &["clean", "in", "--dry-run"],
        &["clean", "in", "-o", "spans.jsonl", "--action", "mark"],
        &["scan", "in", "--report", "json=r.json"],
    ] {
        let run = dir.run(&[args, &["--strict"]].concat()).refused(&said);
        assert!(!run.stderr.contains("in/6.png") && !run.stderr.contains("mend"), "{run}");
        assert_eq!(dir.names(), names, "{args:?}");
    }
    dir.run(&["scan", "in"]).ok();
    // what is left out on purpose was not found
    dir.run(&["clean", "in", "-o", "out", "--strict", "--exclude", "*.png"]).ok();
    dir.run(&["scan", "in", "--strict", "--glob", "*.txt"]).ok();
}

#[test]
fn strict_refuses_what_was_set_aside_in_input_and_reference() {
    let dir = Dir::new();
    let good = record(1, &words("good", 20));
    dir.write("in/a.jsonl", format!("{good}{{\n{good}{{\"text\": 1}}\n")).write("good.jsonl", &good);
    dir.run(&["clean", "in", "-o", "out", "--strict", "--on-error", "skip"]).refused(&[
        "(0 skipped, 2 set aside)",
        "set aside in/a.jsonl:2: ",
        "set aside in/a.jsonl:4: ",
        "mend what was set aside",
    ]);
    assert_eq!(dir.names(), ["good.jsonl", "in"]);
    let against = ["check", "good.jsonl", "--against", "in", "--on-error", "skip", "--strict"];
    dir.run(&against).refused(&["in/a.jsonl:2: "]);
}

#[test]
fn strict_can_be_set_in_the_file_and_in_the_environment() {
    let dir = with_pictures();
    let mut command = dir.command(&["scan", "in"]);
    Run::new(&["scan", "in"], command.env("UNECHO_STRICT", "true").output().unwrap()).refused(&["6 skipped"]);
    dir.write("unecho.toml", "strict = true\n");
    dir.run(&["clean", "in", "-o", "out"]).refused(&["6 skipped"]);
    // a sample is no whole
    dir.run(&["plan", "in"]).ok();
}

#[test]
fn a_table_that_is_read_as_text_is_warned_of_once_and_skipped_in_directories() {
    let dir = Dir::new();
    let table = format!("id,text\n1,\"{}\n{}\"\n", words("a", 20), words("b", 20));
    dir.write("in/a.csv", &table).write("in/b.tsv.gz", Codec::Gzip.encode(b"a\tb\n")).write("in/c.txt", "text");
    let warnings = |args: &[&str]| -> Vec<String> {
        let said = dir.run(&[&["scan"], args].concat()).ok().stderr;
        said.lines().filter(|line| line.starts_with("warning:")).map(str::to_owned).collect()
    };
    let one = warnings(&["in/a.csv", "in/c.txt"]);
    assert!(
        matches!(&one[..], [one] if one.contains("in/a.csv is read as text") && one.contains("JSON Lines")),
        "{one:?}"
    );
    let two = warnings(&["in", "--glob", "*.{csv,tsv.gz}"]);
    assert!(matches!(&two[..], [two] if two.contains("2 tables are read as text, the first in/a.csv: ")), "{two:?}");
    for args in [&["in/a.csv", "--format", "text"][..], &["in/c.txt"], &["in"]] {
        assert_eq!(warnings(args), [""; 0], "{args:?}");
    }
    let skipped = dir.run(&["scan", "in", "--report", "json=-"]).ok().json()["skipped"].clone();
    assert_eq!(skipped.as_array().unwrap().len(), 2);
    assert!(skipped[0]["reason"].as_str().unwrap().contains("convert it to JSON Lines"), "{skipped}");
    // JSON Lines are JSON Lines, whatever their name
    dir.write("j.csv", record(1, "a"));
    assert_eq!(warnings(&["j.csv"]), [""; 0]);
}

#[test]
#[cfg(unix)]
fn what_cannot_be_written_is_named_as_the_output_and_not_as_the_file_that_becomes_it() {
    let dir = Dir::new();
    let said = words("said", 2000);
    dir.write("in/a.txt", &said).write("in/b.txt", said + " end");
    dir.run(&["clean", "in", "-o", "out"]).ok();
    dir.run(&["clean", "in/a.txt", "-o", "one.txt"]).ok();
    let names = dir.names();
    for (args, place) in [
        ("restore out -o back", "back/a.txt"),
        ("restore one.txt -o back.txt", "back.txt"),
        ("synth -o made --documents 100", "made/corpus/part-1.jsonl"),
        ("scan in --unit paragraph,passage --report json=r/r.json", "r/r.json"),
    ] {
        // a file may be so long, and whoever writes more is told so
        let limited = format!("ulimit -f 1; exec {} {args}", env!("CARGO_BIN_EXE_unecho"));
        let output = Command::new("sh").args(["-c", &limited]).current_dir(dir.path("")).output();
        let run =
            Run::new(&[args], output.unwrap()).refused(&[&format!("error: cannot write {place}: File too large")]);
        assert!(!run.stderr.contains(".unecho-") && !run.stderr.contains(".tmp"), "{run}");
        assert_eq!(dir.names(), names, "{args}");
    }
}
