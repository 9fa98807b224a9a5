//! Where documents come from, and where they go.

use std::fs;

use super::common::{Codec, Dir, record, words};

/// Two paragraphs, the first of which is in every text.
fn text(i: usize) -> String {
    format!("{}\n{}\n", words("common", 20), words(&format!("own{i}w"), 20))
}

fn own(i: usize) -> String {
    words(&format!("own{i}w"), 20) + "\n"
}

#[test]
fn a_directory_is_mirrored_with_names_formats_and_compression() {
    let dir = Dir::new();
    let names = ["a.txt", "b/readme.md", "b/c d/ü.txt", "LICENSE"];
    for (i, name) in names.iter().enumerate() {
        dir.write(&format!("in/{name}"), text(i));
    }
    for (i, codec) in Codec::ALL.into_iter().enumerate() {
        dir.write(&format!("in/x{i}.jsonl{}", codec.suffix()), codec.encode(record(i, &text(10 + i)).as_bytes()));
    }
    dir.clean_and_restore("in", &[]);
    let (before, after) = (dir.tree("in"), dir.tree("cleaned"));
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (name, bytes) in &after {
        assert_eq!(Codec::of(bytes), Codec::of(&before[name]), "{}", name.display());
    }
    // in the order of names, LICENSE comes first and keeps what all say
    assert_eq!(dir.text("cleaned/LICENSE"), text(3));
    assert_eq!(dir.text("cleaned/a.txt"), own(0));
    assert_eq!(dir.text("cleaned/b/c d/ü.txt"), own(2));
    for (i, codec) in Codec::ALL.into_iter().enumerate() {
        let bytes = codec.decode(&dir.read(&format!("cleaned/x{i}.jsonl{}", codec.suffix())));
        assert_eq!(String::from_utf8(bytes).unwrap(), record(i, &own(10 + i)));
    }
    assert_eq!(dir.names(), ["cleaned", "cleaned.unecho", "in", "restored"], "report and ledger lie beside it");
}

#[test]
fn compression_is_told_by_content_not_by_name() {
    let dir = Dir::new();
    dir.write("in/packed.txt", Codec::Zstd.encode(text(1).as_bytes())).write("in/plain.txt.gz", text(2));
    dir.clean_and_restore("in", &[]);
    assert_eq!(Codec::Zstd.decode(&dir.read("cleaned/packed.txt")), text(1).into_bytes());
    assert_eq!(dir.text("cleaned/plain.txt.gz"), own(2));
}

#[test]
fn a_cleaned_file_whose_name_says_otherwise_is_warned_of() {
    let dir = Dir::new();
    dir.write("in.jsonl", record(1, "some words"))
        .write("in.jsonl.gz", Codec::Gzip.encode(record(1, "some words").as_bytes()));
    let said = |input: &str, out: &str| dir.run(&["clean", input, "-o", out]).ok().stderr;
    assert!(said("in.jsonl", "a.jsonl.zst").contains("a.jsonl.zst will be not compressed, as the input is"));
    assert!(said("in.jsonl.gz", "b.jsonl").contains("b.jsonl will be compressed with gzip, as the input is"));
    assert!(!said("in.jsonl.gz", "e.jsonl.GZ").contains("will be"));
    assert!(!said("in.jsonl", "c.jsonl").contains("will be") && !said("in.jsonl.gz", "d.jsonl.gz").contains("will be"));
}

#[test]
fn all_members_and_frames_of_a_compressed_file_are_read() {
    for codec in [Codec::Gzip, Codec::Zstd, Codec::Bzip2, Codec::Xz] {
        let dir = Dir::new();
        let parts = (0..3).map(|i| codec.encode(record(i, &text(i)).as_bytes())).collect::<Vec<_>>().concat();
        dir.write("in.jsonl", parts);
        dir.run(&["clean", "in.jsonl", "-o", "out.jsonl"]).ok();
        let expected = record(0, &text(0)) + &record(1, &own(1)) + &record(2, &own(2));
        assert_eq!(String::from_utf8(codec.decode(&dir.read("out.jsonl"))).unwrap(), expected, "{codec:?}");
    }
}

#[test]
fn only_the_value_of_the_text_field_changes_in_an_edited_record() {
    let dir = Dir::new();
    let common = "Ünïcödé \\u00fc \\\"quoted\\\" \\ud83d\\ude00 one two three four five six seven eight nine ten";
    let first = format!("{{\"id\":1.0,\"doc\":{{\"text\":\"{common}\"}}}}\r\n");
    let second = format!(
        " {{\"b\":1e5 , \"doc\": {{ \"z\":\"\\/\", \"text\" : \"top\\n{common}\\nbottom\" }},\"a\":-0.00, \"text\":\"x\"}} \r\n"
    );
    let expected = second.replace(&format!("{common}\\n"), "");
    dir.write("in.jsonl", format!("{first}\n{second}"));
    dir.run(&["clean", "in.jsonl", "-o", "out.jsonl", "--text-field", "doc.text", "--unit", "paragraph"]).ok();
    assert_eq!(dir.text("out.jsonl"), format!("{first}\n{expected}"));
}

#[test]
fn one_file_goes_to_one_file_or_into_a_directory() {
    let dir = Dir::new();
    dir.write("a.txt", text(1));
    dir.run(&["clean", "a.txt", "-o", "b.txt"]).ok();
    dir.run(&["clean", "a.txt", "-o", "folder"]).ok();
    assert_eq!(dir.text("b.txt"), text(1));
    assert_eq!(dir.text("folder/a.txt"), text(1));
    dir.run(&["restore", "b.txt", "-o", "c.txt"]).ok();
    assert_eq!(dir.text("c.txt"), text(1));
}

#[test]
fn standard_input_goes_to_standard_output_and_nothing_else_does() {
    let dir = Dir::new();
    let input = record(1, &text(1)) + &record(2, &text(2)) + &record(3, &text(2));
    let run = dir.run_with_input(&["clean", "-", "--format", "jsonl", "-o", "-"], input.as_bytes()).ok();
    assert_eq!(run.out(), record(1, &text(1)) + &record(2, &own(2)));
    assert!(run.stderr.contains("removed"), "the summary is on standard error: {run}");
    let packed = dir
        .run_with_input(&["clean", "-", "--format", "jsonl", "-o", "-", "-q"], &Codec::Gzip.encode(input.as_bytes()))
        .ok();
    assert_eq!((packed.out(), packed.stderr.as_str()), (run.out(), ""));
    assert!(dir.names().is_empty(), "no ledger, no report");
}

#[test]
fn files_that_are_written_one_after_the_other_do_not_run_into_each_other() {
    let dir = Dir::new();
    let (a, b) = (record(1, &own(1)), record(2, &own(2)));
    dir.write("a.jsonl", a.trim_end()).write("b.jsonl", &b);
    let run = dir.run(&["clean", "a.jsonl", "b.jsonl", "-o", "-"]).ok();
    let ids: Vec<_> = run
        .out()
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).map(|r| r["id"].clone()))
        .map(Result::ok)
        .collect();
    assert_eq!(ids, [Some("1".into()), Some("2".into())], "each line is a record: {run}");
}

#[test]
fn a_file_that_goes_takes_its_byte_order_mark_along() {
    let dir = Dir::new();
    let text = format!("\u{feff}{}\n", words("a", 12));
    dir.write("in/a.txt", &text).write("in/b.txt", &text);
    dir.run(&["clean", "in", "-o", "out"]).ok();
    assert!(!dir.path("out/b.txt").exists());
    let bytes = &dir.json("out.unecho/report.json")["totals"]["bytes"];
    assert_eq!((bytes["kept"].as_u64(), bytes["removed"].as_u64()), (Some(text.len() as u64), Some(text.len() as u64)));
    dir.run(&["restore", "out", "-o", "back"]).ok();
    assert_eq!((dir.text("back/a.txt"), dir.text("back/b.txt")), (text.clone(), text));
}

#[test]
fn lines_and_blocks_can_be_documents() {
    let dir = Dir::new();
    let (a, b) = (words("a", 12), words("b", 12));
    dir.write("lines.txt", format!("\u{feff}{a}\r\n\r\n{b}\r\n{a}\r\n{b} c\r\n{a}"));
    dir.run(&["clean", "lines.txt", "-o", "out.txt", "--records", "line", "--unit", "document"]).ok();
    assert_eq!(dir.text("out.txt"), format!("\u{feff}{a}\r\n\r\n{b}\r\n"));
    dir.write("blocks.txt", format!("\n{a}\n{b}\n\n\n{b}\n{a}\n \n{a}\n{b}\n\nend"));
    dir.run(&[
        "clean",
        "blocks.txt",
        "-o",
        "out2.txt",
        "--records",
        "blank-line",
        "--unit",
        "document",
        "--similarity",
        "1",
    ])
    .ok();
    assert_eq!(dir.text("out2.txt"), format!("\n{a}\n{b}\n\n\n{b}\n{a}\n \nend"));
}

#[test]
fn hidden_and_ignored_files_are_left_out_unless_asked_for() {
    let dir = Dir::new();
    for name in [
        "a.txt",
        ".hidden.txt",
        ".folder/b.txt",
        "ignored.txt",
        "ours.txt",
        "git.txt",
        "data.bin",
        "log.log",
        "sub/c.txt",
    ] {
        dir.write(&format!("in/{name}"), name);
    }
    dir.write("in/.ignore", "ignored.txt\n")
        .write("in/.unechoignore", "ours.txt\n")
        .write("in/.gitignore", "git.txt\n");
    fs::create_dir(dir.path("in/.git")).unwrap();
    let read = |args: &[&str]| -> Vec<String> {
        let run = dir.run(&[&["scan", "in", "--report", "json=-"], args].concat()).ok();
        let sources = run.json()["sources"].as_array().unwrap().clone();
        sources.iter().map(|s| s["source"].as_str().unwrap()["in/".len()..].to_owned()).collect()
    };
    assert_eq!(read(&[]), ["a.txt", "sub/c.txt"]);
    assert_eq!(read(&["--no-ignore"]), ["a.txt", "git.txt", "ignored.txt", "ours.txt", "sub/c.txt"]);
    let hidden = read(&["--hidden"]);
    assert!([".hidden.txt", ".folder/b.txt"].iter().all(|n| hidden.contains(&(*n).to_owned())), "{hidden:?}");
    assert_eq!(read(&["-g", "*.log"]), ["log.log"]);
    assert_eq!(read(&["--glob", "*.{bin,log}", "--glob", "!log.*"]), ["data.bin"]);
    assert_eq!(read(&["--exclude", "sub"]), ["a.txt"]);
    assert_eq!(read(&["--exclude", "*.txt", "--format", "text"]), ["data.bin", "log.log"]);
    // what is passed over is listed
    let report = dir.run(&["scan", "in", "--report", "json=-"]).ok().json();
    let skipped: Vec<_> = report["skipped"].as_array().unwrap().iter().map(|s| s["source"].as_str().unwrap()).collect();
    assert_eq!(skipped, ["in/data.bin", "in/log.log"]);
    // and what is named is read, whatever its name
    assert!(dir.run(&["scan", "in/log.log", "in/.hidden.txt"]).ok().out().contains("2 documents"));
}

#[test]
fn inputs_can_be_listed_in_a_file_or_on_standard_input() {
    let dir = Dir::new();
    dir.write("a.txt", text(1))
        .write("b b.txt", text(2))
        .write("c.txt", text(3))
        .write("list", "b b.txt\n\n# c.txt\na.txt\n");
    let sources = |run: super::common::Run| -> Vec<String> {
        let json = run.ok().json();
        json["sources"].as_array().unwrap().iter().map(|s| s["source"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(sources(dir.run(&["scan", "--files-from", "list", "--report", "json=-"])), ["b b.txt", "a.txt"]);
    assert_eq!(
        sources(dir.run(&["scan", "c.txt", "--files-from", "list", "--report", "json=-"])),
        ["c.txt", "b b.txt", "a.txt"]
    );
    let piped = dir.run_with_input(&["scan", "--files-from", "-", "--report", "json=-"], b"a.txt\r\nc.txt\r\n");
    assert_eq!(sources(piped), ["a.txt", "c.txt"]);
}

#[cfg(unix)]
#[test]
fn a_listed_path_need_not_be_utf8() {
    use std::os::unix::ffi::OsStrExt;
    let dir = Dir::new();
    fs::write(dir.path("").join(std::ffi::OsStr::from_bytes(b"caf\xe9.txt")), text(1)).unwrap();
    dir.write("list", b"caf\xe9.txt\r\n");
    assert!(dir.run(&["scan", "--files-from", "list"]).ok().out().contains("1 document in 1 file"));
}

#[test]
fn archives_and_tables_are_no_text_unless_somebody_says_so() {
    let dir = Dir::new();
    let said = format!("{0}\n{0}\n", words("said", 12));
    let tar = [vec![b'a'; 257], b"ustar\0".to_vec(), vec![0; 249], said.clone().into_bytes()].concat();
    dir.write("in/a.txt", text(1)).write("in/t.tar.gz", Codec::Gzip.encode(&tar));
    dir.write("in/p.parquet", format!("PAR1{said}PAR1")).write("in/z.docx", format!("PK\x03\x04{said}"));
    for (name, what) in [("in/t.tar.gz", "tar"), ("in/p.parquet", "Parquet"), ("in/z.docx", "zip")] {
        dir.run(&["clean", name, "-o", "out"]).refused(&[name, what, "--format text"]);
        assert!(dir.run(&["scan", name, "--format", "text"]).ok().out().contains("1 document"));
    }
    let run = dir.run(&["scan", "in", "-g", "*", "-v"]).ok();
    assert!(run.out().contains("1 document in 1 file") && run.out().contains("in/t.tar.gz: a tar archive"), "{run}");
}

#[test]
fn a_file_that_is_reached_twice_is_read_once() {
    let dir = Dir::new();
    dir.write("in/a.txt", text(1)).write("in/sub/b.txt", text(2));
    let run = dir.run(&["scan", "in", "in/sub", "./in/a.txt", "in/sub/../a.txt"]).ok();
    assert!(run.out().contains("2 documents in 2 files"), "{run}");
    run.says(&["warning", "read once"]);
}

#[cfg(unix)]
#[test]
fn a_loop_of_links_does_not_hang() {
    let dir = Dir::new();
    dir.write("in/a.txt", text(1)).write("elsewhere/b.txt", text(2));
    std::os::unix::fs::symlink(dir.path("in"), dir.path("in/loop")).unwrap();
    std::os::unix::fs::symlink(dir.path("elsewhere"), dir.path("in/link")).unwrap();
    assert!(dir.run(&["scan", "in"]).ok().out().contains("1 document in 1 file"));
    let followed = dir.run(&["scan", "in", "-L", "-v"]).ok();
    for words in ["2 documents in 2 files", "in/loop: a symbolic link that leads back to in, which holds it"] {
        assert!(followed.out().contains(words), "{followed}");
    }
}

#[cfg(unix)]
#[test]
fn followed_links_that_lead_nowhere_are_passed_over_and_listed() {
    let dir = Dir::new();
    dir.write("in/a.txt", text(1)).write("in/b.txt", text(2));
    for (link, to) in
        [("gone", "../gone.txt"), ("below", "a.txt/x"), ("self", "self"), ("there", "back"), ("back", "there")]
    {
        std::os::unix::fs::symlink(to, dir.path(&format!("in/{link}"))).unwrap();
    }
    let report = dir.run(&["scan", "in", "-L", "--report", "json=-"]).ok().json();
    assert_eq!(report["totals"]["documents"]["read"], 2);
    let skipped: Vec<String> =
        report["skipped"].as_array().unwrap().iter().map(|s| format!("{} {}", s["source"], s["reason"])).collect();
    let reasons = ["leads back to itself", "not there", "not there", "leads back to itself", "leads back to itself"];
    assert_eq!(skipped.len(), reasons.len(), "{skipped:?}");
    for ((skipped, reason), name) in skipped.iter().zip(reasons).zip(["back", "below", "gone", "self", "there"]) {
        assert!(skipped.contains(&format!("in/{name}")) && skipped.contains(reason), "{skipped}");
    }
    dir.run(&["clean", "in", "-o", "out", "-L"]).ok().says(&["skipped  5 files"]);
}

#[cfg(unix)]
#[test]
fn a_file_larger_than_the_user_may_write_is_an_error_that_leaves_nothing() {
    let dir = Dir::new();
    let lines = |i: usize| format!("line {i} says what no other line of this file says\n");
    dir.write("in/a.txt", (0..20_000).map(lines).collect::<String>());
    let script = format!("ulimit -f 64; exec {} clean in -o out", env!("CARGO_BIN_EXE_unecho"));
    let run = std::process::Command::new("sh").args(["-c", &script]).current_dir(dir.path("")).output().unwrap();
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(run.status.code() == Some(2) && said.contains("too large"), "{:?}: {said}", run.status);
    let left: Vec<_> = fs::read_dir(dir.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["in"]);
}

#[test]
fn what_exists_is_replaced_only_when_forced_and_only_if_it_is_ours() {
    let dir = Dir::new();
    dir.write("in/a.txt", text(1)).write("theirs/precious.txt", "precious").write("file.txt", "precious");
    dir.run(&["clean", "in", "-o", "out"]).ok();
    dir.write("in/a.txt", text(2));
    dir.run(&["clean", "in", "-o", "out"]).refused(&["out", "--force"]);
    assert_eq!(dir.text("out/a.txt"), text(1));
    dir.run(&["clean", "in", "-o", "out", "--force"]).ok();
    assert_eq!(dir.text("out/a.txt"), text(2));

    dir.write("out/notes/mine.md", "precious");
    dir.run(&["clean", "in", "-o", "out", "--force"]).refused(&["out/notes/mine.md", "did not write"]);
    assert_eq!((dir.text("out/notes/mine.md"), dir.text("out/a.txt")), ("precious".to_owned(), text(2)));
    fs::remove_dir_all(dir.path("out/notes")).unwrap();
    dir.run(&["clean", "in", "-o", "out", "--force"]).ok();
    dir.run(&["clean", "in", "-o", "torn"]).ok();
    dir.write("torn.unecho/ledger.jsonl.zst", "torn");
    dir.run(&["clean", "in", "-o", "torn", "--force"]).refused(&["torn", "damaged", "take it away"]);
    ["torn", "torn.unecho"].iter().for_each(|made| fs::remove_dir_all(dir.path(made)).unwrap());

    dir.run(&["clean", "in", "-o", "theirs"]).refused(&["theirs", "exists"]);
    dir.run(&["clean", "in", "-o", "theirs", "--force"]).refused(&["theirs", "did not write"]);
    assert_eq!(dir.text("theirs/precious.txt"), "precious");
    dir.run(&["clean", "in/a.txt", "-o", "file.txt"]).refused(&["file.txt", "--force"]);
    dir.run(&["clean", "in/a.txt", "-o", "file.txt", "--force"]).refused(&["file.txt", "did not write"]);
    dir.run(&["clean", "in", "-o", "file.txt", "--force"]).refused(&["file.txt", "did not write"]);
    dir.run(&["clean", "in", "-o", "file.txt/out"]).refused(&["file.txt/out", "Not a directory"]);
    assert_eq!(dir.text("file.txt"), "precious");

    fs::create_dir(dir.path("empty")).unwrap();
    dir.run(&["clean", "in", "-o", "empty"]).ok();
    dir.run(&["restore", "out", "-o", "in"]).refused(&["in"]);
    dir.run(&["restore", "out", "-o", "theirs", "--force"]).refused(&["theirs"]);
    assert_eq!(dir.names(), ["empty", "empty.unecho", "file.txt", "in", "out", "out.unecho", "theirs"]);
}

#[test]
fn an_output_inside_an_input_is_refused_and_the_other_way_round() {
    let dir = Dir::new();
    dir.write("in/a.txt", text(1)).write("in/sub/b.txt", text(2));
    for out in ["in/out", "in", "in/sub", "./in/../in/deep/er/out", "in/out.txt"] {
        dir.run(&["clean", "in", "-o", out, "--force"]).refused(&["input"]);
    }
    dir.run(&["clean", "in/a.txt", "-o", "in/a.txt", "--force"]).refused(&["input"]);
    dir.run(&["clean", "in/sub", "-o", "in", "--force"]).refused(&["input"]);
    dir.run(&["clean", ".", "-o", "out"]).refused(&["input"]);
    assert_eq!(dir.tree("in").len(), 2);
    assert_eq!(dir.names(), ["in"]);
}

#[test]
fn a_report_never_takes_the_place_of_an_input() {
    let dir = Dir::new();
    dir.write("in/a.txt", text(1)).write("in/b.txt", text(2));
    for args in
        [&["scan", "in", "--report", "text=in/a.txt"][..], &["clean", "in", "-o", "out", "--report", "text=in/a.txt"]]
    {
        let run = dir.run(args);
        assert_eq!(dir.text("in/a.txt"), text(1), "the corpus was overwritten: {run}");
        run.refused(&["in/a.txt"]);
    }
}

#[test]
fn what_an_earlier_run_wrote_beside_its_output_is_not_read_as_a_document() {
    let dir = Dir::new();
    dir.write("a.txt", text(1)).write("b.txt", text(2));
    dir.run(&["clean", "a.txt", "-o", "cleaned"]).ok();
    let run = dir.run(&["scan", ".", "--report", "json=-"]).ok().json();
    let sources: Vec<_> = run["sources"].as_array().unwrap().iter().map(|s| s["source"].as_str().unwrap()).collect();
    assert!(sources.iter().all(|s| !s.contains(".unecho")), "{sources:?}");
}

#[test]
fn a_dry_run_shows_the_plan_and_writes_nothing() {
    let dir = Dir::new();
    dir.write("in/a.txt", text(1)).write("in/b.txt", text(2));
    let run = dir.run(&["clean", "in", "--dry-run"]).ok();
    assert!(run.out().contains("removed  in/b.txt:1"), "{run}");
    run.says(&["nothing was written"]);
    dir.run(&["clean", "in", "-o", "out", "--dry-run"]).ok();
    assert_eq!(dir.names(), ["in"]);
}

#[test]
fn the_output_does_not_depend_on_the_number_of_threads() {
    let dir = Dir::new();
    let options = unecho::synth::SynthOptions {
        documents: 500,
        scripts: unecho::synth::Script::ALL.to_vec(),
        ..Default::default()
    };
    let synth = unecho::synth::Synth::new(options).unwrap();
    for (part, codec) in Codec::ALL.into_iter().enumerate() {
        let lines: String = (0..100).map(|i| synth.json_line(part as u64 * 100 + i)).collect();
        dir.write(&format!("in/{part}.jsonl{}", codec.suffix()), codec.encode(lines.as_bytes()));
    }
    let of = |threads: &str| {
        let out = format!("out{threads}");
        dir.run(&["clean", "in", "-o", &out, "-j", threads, "--report", &format!("csv={out}.csv")]).ok();
        let mut report = dir.json(&format!("{out}.unecho/report.json"));
        report.as_object_mut().unwrap().remove("measured");
        report["run"].as_object_mut().unwrap().remove("command");
        (dir.tree(&out), dir.read(&format!("{out}.unecho/ledger.jsonl.zst")), dir.read(&format!("{out}.csv")), report)
    };
    let one = of("1");
    assert!(one.3["groups"].as_array().unwrap().len() > 20);
    for threads in ["2", "8"] {
        assert!(one == of(threads), "{threads} threads");
    }
}

#[cfg(unix)]
#[test]
fn a_pipe_that_is_given_by_name_is_read() {
    // as a shell's `<(zcat docs.gz)` gives it
    let dir = Dir::new();
    let run = dir.run_with_input(&["scan", "/dev/stdin"], text(1).as_bytes()).ok();
    assert!(run.out().contains("1 document in 1 file"), "{run}");
}

#[cfg(unix)]
#[test]
fn a_link_that_is_named_keeps_its_name() {
    let dir = Dir::new();
    dir.write("store/3f2a.txt", text(1));
    std::os::unix::fs::symlink(dir.path("store/3f2a.txt"), dir.path("news.txt")).unwrap();
    dir.run(&["clean", "news.txt", "-o", "out"]).ok();
    assert_eq!(dir.tree("out").keys().map(|name| name.display().to_string()).collect::<Vec<_>>(), ["news.txt"]);
}
