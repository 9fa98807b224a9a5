//! `--memory` and `--temp-dir`: the same bytes whatever the limit, which holds; a full disk is an error that leaves
//! nothing behind.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use unecho::synth::{Synth, SynthOptions};

use super::common::{Dir, Run, tell};

/// What the program takes whatever its limit: itself, its threads and what the libraries for compression hold.
const FLOOR: u64 = 24 << 20;

/// What a process may take before somebody looks, on a machine that is busy with other tests: pages that the system maps
/// ahead, for the most part. `benches/memory.sh` measures how well the limit holds otherwise.
const STARVED: u64 = 64 << 20;

/// The least limit that there can be.
const LEAST: u64 = 16 << 20;

fn corpus(documents: u64) -> Vec<u8> {
    let mut corpus = Vec::new();
    let options = SynthOptions { documents, exact_permille: 100, ..SynthOptions::default() };
    Synth::new(options).unwrap().write_jsonl(&mut corpus).unwrap();
    corpus
}

/// Cleans `in` with a limit, which stands in the environment so that the command is the same.
fn clean(dir: &Dir, unit: &str, limit: Option<u64>) -> Run {
    let args = ["clean", "in", "-o", "out", "--force", "--unit", unit, "--report", "csv=out.csv"];
    let mut command = dir.command(&args);
    if let Some(limit) = limit {
        command.env("UNECHO_MEMORY", limit.to_string()).env("UNECHO_TEMP_DIR", dir.path("tmp"));
    }
    Run::new(&args, command.output().unwrap()).ok()
}

/// Everything that a run wrote but for what it measured, and that.
fn written(dir: &Dir) -> (BTreeMap<PathBuf, Vec<u8>>, Value, Value) {
    let mut files = dir.tree("out");
    files.extend(dir.tree("out.unecho"));
    files.insert("csv".into(), dir.read("out.csv"));
    files.remove(&PathBuf::from("report.json")).expect("a report");
    let mut report = dir.json("out.unecho/report.json");
    let measured = report.as_object_mut().unwrap().remove("measured").unwrap();
    (files, report, measured)
}

fn same_bytes(unit: &str, documents: u64) {
    let dir = Dir::new();
    dir.write("in/docs.jsonl", corpus(documents)).write("tmp/.keep", "");
    clean(&dir, unit, None);
    let (files, report, measured) = written(&dir);
    let unlimited = measured["peak_memory"].as_u64().unwrap();
    for part in [2, 8, 32] {
        let limit = (unlimited / part).max(LEAST);
        clean(&dir, unit, Some(limit));
        let (limited_files, limited_report, measured) = written(&dir);
        assert!(limited_files == files, "{unit}, 1/{part}: other bytes");
        assert!(limited_report == report, "{unit}, 1/{part}: another report");
        let (peak, spilled) = (measured["peak_memory"].as_u64().unwrap(), measured["peak_temporary"].as_u64().unwrap());
        assert!(peak <= limit + limit / 10 + FLOOR + STARVED, "{unit}, 1/{part}: {peak} of {limit}");
        // a limit that cannot be lowered further may be more than the run takes
        assert!(part == 2 || limit > unlimited / 2 || spilled > 0, "{unit}, 1/{part}: nothing was spilled");
        assert_eq!(dir.tree("tmp").len(), 1, "temporary data is left");
    }
}

#[test]
fn documents_are_the_same_at_any_limit() {
    same_bytes("document", 30_000);
}

#[test]
fn paragraphs_are_the_same_at_any_limit() {
    same_bytes("document,paragraph", 20_000);
}

#[test]
fn passages_are_the_same_at_any_limit() {
    same_bytes("document,paragraph,passage", 10_000);
}

#[test]
fn a_full_disk_is_an_error_that_leaves_nothing_behind() {
    let dir = Dir::new();
    dir.write("in/docs.jsonl", corpus(20_000)).write("tmp/.keep", "");
    let script = r#"mount -t tmpfs -o size=4m none tmp && exec "$0" clean in -o out --memory 16MiB --temp-dir tmp"#;
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", script, env!("CARGO_BIN_EXE_unecho")]).current_dir(dir.path(""));
    let run = match command.output() {
        Ok(output) => Run::new(&["clean", "in", "--temp-dir", "tmp"], output),
        Err(e) => return tell(&format!("skipped: no unshare here ({e})")),
    };
    if !run.stderr.contains("temporary data") {
        assert!(run.stderr.contains("mount") || run.stderr.contains("unshare"), "{run}");
        return tell(&format!("skipped: no file system can be mounted here: {run}"));
    }
    assert_eq!(run.code, Some(2), "{run}");
    for part in ["no room", "--temp-dir", "--memory", "tmp"] {
        assert!(run.stderr.contains(part), "{part}: {run}");
    }
    assert_eq!(dir.names(), ["in", "tmp"], "{run}");
}

#[test]
fn what_cannot_be_is_refused_with_the_remedy() {
    let dir = Dir::new();
    dir.write("a.txt", "one two three");
    let little = dir.run(&["scan", "a.txt", "--memory", "1KiB"]);
    assert!(little.code == Some(2) && little.stderr.contains("16MiB or more"), "{little}");
    let nowhere = dir.run(&["scan", "a.txt", "--temp-dir", "nowhere"]);
    assert!(nowhere.code == Some(2) && nowhere.stderr.contains("another directory"), "{nowhere}");
    let unclear = dir.run(&["scan", "a.txt", "--memory", "lots"]);
    assert!(unclear.code == Some(2) && unclear.stderr.contains("2GiB"), "{unclear}");
    let set = dir.run(&["config", "show", "scan", "a.txt", "--memory", "50%"]).ok();
    assert!(String::from_utf8_lossy(&set.stdout).contains("memory = \"50%\""), "{set}");
}
