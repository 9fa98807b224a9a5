//! Hard inputs and outputs, as a user meets them: files of odd bytes, pipes and links in the way, a disk that is full.
//! More of them are where their subject is: `readers`, `defects`, `files`, `interrupts`.

use super::common::{Dir, record, words};

/// Files of which each has something that breaks somebody's reader.
fn odd_files() -> Vec<(&'static str, Vec<u8>)> {
    let said = words("said", 15);
    vec![
        ("empty.txt", Vec::new()),
        ("byte.txt", b"x".to_vec()),
        ("mark.txt", b"\xef\xbb\xbf".to_vec()),
        ("blank.txt", b" \t\r\n\n\x0c".to_vec()),
        ("crlf.txt", format!("\u{feff}{said}\r\n\r\n{said}\r\nend").into_bytes()),
        ("cr.txt", format!("{said}\r{said}\r").into_bytes()),
        ("latin1.txt", [b"caf\xe9 \xff ", said.as_bytes(), b"\n\xe4\xbd\n", said.as_bytes()].concat()),
        ("nul.txt", format!("\0{said}\0\n{said}\0").into_bytes()),
        ("rtl.txt", "\u{202b}שלום עולם שלום عالم مرحبا\u{202c}\n".repeat(3).into_bytes()),
        ("han.txt", "你好世界，这是一个很长的句子。\nสวัสดีชาวโลกทุกคน\n".repeat(2).into_bytes()),
        (
            "marks.txt",
            "e\u{301}t\u{e9} Z\u{351}\u{36b}\u{343}a\u{328}lgo 👩‍👩‍👧 a b c d e f g h i\n".repeat(2).into_bytes(),
        ),
        (
            "odd.jsonl",
            format!("\u{feff}\n{{\"text\":\"\"}}\r\n{}\n{{\"text\":\"\\u0000\\ud83d\\ude00\"}}", record(1, &said))
                .into_bytes(),
        ),
        ("empty.jsonl", b"\n\n\n".to_vec()),
        ("empty.gz", Vec::new()),
    ]
}

#[test]
fn files_of_odd_bytes_are_cleaned_and_come_back() {
    let dir = Dir::new();
    for (name, bytes) in odd_files() {
        dir.write(&format!("in/{name}"), bytes);
    }
    for units in ["document,paragraph", "document,paragraph,line,sentence,passage"] {
        let args = ["--unit", units, "--min-tokens", "1", "--min-passage", "20", "--format", "text"];
        dir.clean_and_restore("in", &args);
        for name in ["cleaned", "cleaned.unecho", "restored"] {
            std::fs::remove_dir_all(dir.path(name)).unwrap();
        }
    }
}

#[test]
fn a_million_empty_lines_are_no_documents() {
    let dir = Dir::new();
    let lines = [vec![b'\n'; 1_000_000], b"a b c\n".to_vec()].concat();
    dir.write("in.txt", &lines).write("in.jsonl", [vec![b'\n'; 1_000_000], record(1, "a b c").into_bytes()].concat());
    for args in
        [&["in.jsonl"][..], &["in.txt", "--records", "line"], &["in.txt", "--records", "blank-line"], &["in.txt"]]
    {
        let run = dir.run(&[&["scan", "--report", "json=-"], args].concat()).ok();
        assert_eq!(run.json()["totals"]["documents"]["read"], 1, "{args:?}");
    }
}

/// Changes the ledger of an output.
fn change_ledger(dir: &Dir, out: &str, change: impl FnOnce(String) -> String) {
    let path = format!("{out}.unecho/ledger.jsonl.zst");
    let ledger = String::from_utf8(zstd::decode_all(&dir.read(&path)[..]).unwrap()).unwrap();
    dir.write(&path, zstd::encode_all(change(ledger).as_bytes(), 1).unwrap());
}

#[test]
fn a_ledger_with_an_offset_beyond_all_files_is_refused() {
    let dir = Dir::new();
    dir.write("in.txt", format!("{0}\n{0}\n", words("said", 15)));
    dir.run(&["clean", "in.txt", "-o", "out.txt"]).ok();
    change_ledger(&dir, "out.txt", |ledger| {
        let from = ledger.find("\"at\":").unwrap() + 5;
        let to = from + ledger[from..].find(',').unwrap();
        format!("{}{}{}", &ledger[..from], u64::MAX, &ledger[to..])
    });
    dir.run(&["restore", "out.txt", "-o", "back.txt"]).refused(&["does not fit the cleaned file"]);
    assert!(!dir.exists("back.txt"));
}

#[test]
fn a_ledger_with_two_sources_for_one_file_is_refused() {
    let dir = Dir::new();
    dir.write("in/a.txt", words("a", 40)).write("in/b.txt", words("b", 40));
    dir.run(&["clean", "in", "-o", "out"]).ok();
    change_ledger(&dir, "out", |ledger| {
        let lines: Vec<&str> = ledger.lines().collect();
        format!("{}\n{}\n{}\n{{\"end\":3}}\n", lines[0], lines[1], lines[1])
    });
    dir.run(&["restore", "out", "-o", "back"]).refused(&["two sources for one file", "a.txt"]);
    dir.run(&["clean", "in/a.txt", "-o", "one.txt"]).ok();
    change_ledger(&dir, "one.txt", |ledger| {
        let lines: Vec<&str> = ledger.lines().collect();
        format!("{}\n{}\n{}\n{{\"end\":3}}\n", lines[0], lines[1], lines[1].replace("a.txt", "b.txt"))
    });
    dir.run(&["restore", "one.txt", "-o", "back"]).refused(&["two sources for one file", "b.txt"]);
    assert!(!dir.exists("back"));
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, File};
    use std::os::unix::fs::{FileTypeExt, symlink};
    use std::process::Command;

    use super::*;

    fn pipe(dir: &Dir, name: &str) {
        assert!(Command::new("mkfifo").arg(dir.path(name)).status().unwrap().success());
    }

    fn is_pipe(dir: &Dir, name: &str) -> bool {
        fs::symlink_metadata(dir.path(name)).unwrap().file_type().is_fifo()
    }

    #[test]
    fn a_report_goes_through_a_pipe_and_along_a_link_and_replaces_neither() {
        let dir = Dir::new();
        dir.write("in.txt", words("w", 20)).write("real.json", "an old and longer report".repeat(2000));
        pipe(&dir, "pipe");
        symlink("real.json", dir.path("link.json")).unwrap();
        let reader = std::thread::spawn({
            let path = dir.path("pipe");
            move || fs::read_to_string(path).unwrap()
        });
        dir.run(&["scan", "in.txt", "--report", "json=pipe", "--report", "json=link.json"]).ok();
        assert!(is_pipe(&dir, "pipe"));
        assert_eq!(reader.join().unwrap(), dir.text("link.json"));
        assert!(fs::symlink_metadata(dir.path("link.json")).unwrap().is_symlink());
        assert_eq!(dir.json("real.json")["schema_version"], 1);
        assert_eq!(dir.names(), ["in.txt", "link.json", "pipe", "real.json"]);
    }

    #[test]
    fn a_cleaned_corpus_never_takes_the_place_of_a_pipe() {
        let dir = Dir::new();
        dir.write("in.txt", words("w", 20));
        pipe(&dir, "pipe.txt");
        dir.run(&["clean", "in.txt", "-o", "pipe.txt", "--force"]).refused(&["pipe.txt", "-o -"]);
        assert!(is_pipe(&dir, "pipe.txt"));
    }

    #[test]
    fn a_standard_output_that_is_full_is_an_error() {
        let Ok(full) = File::options().write(true).open("/dev/full") else { return };
        if !fs::metadata("/dev/full").unwrap().file_type().is_char_device() {
            return;
        }
        let dir = Dir::new();
        dir.write("in.jsonl", (0..3000).map(|i| record(i, &words(&format!("w{i}x"), 20))).collect::<String>());
        for args in
            [&["scan", "in.jsonl"][..], &["scan", "in.jsonl", "--report", "json=-"], &["clean", "in.jsonl", "-o", "-"]]
        {
            let output = dir.command(args).stdout(full.try_clone().unwrap()).output().unwrap();
            assert_eq!(output.status.code(), Some(2), "{args:?}");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains("cannot write") && said.contains("No space left"), "{said}");
        }
    }
}
