//! `--memory` and `--temp-dir`: the same bytes whatever the limit, which holds; a full disk is an error that leaves
//! nothing behind.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

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

/// A disk with a file system of its own in a file; gone when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn new(dir: &Dir, mebibytes: u64) -> Option<SmallDisk> {
        let (image, at) = (dir.path("image"), dir.path("disk"));
        fs::create_dir_all(&at).unwrap();
        fs::File::create(&image).unwrap().set_len(mebibytes << 20).unwrap();
        let is_well = |command: &mut Command| command.output().is_ok_and(|output| output.status.success());
        let is_mounted = is_well(Command::new("mkfs.ext4").args(["-q", "-F"]).arg(&image))
            && is_well(Command::new("mount").args(["-o", "loop"]).args([&image, &at]));
        is_mounted.then_some(SmallDisk(at))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
#[ignore = "takes half a minute and a disk of its own"]
fn a_disk_that_somebody_else_fills_is_an_error_and_no_signal() {
    let dir = Dir::new();
    dir.write("in/docs.jsonl", corpus(60_000));
    let Some(disk) = SmallDisk::new(&dir, 160) else { return tell("skipped: no disk can be made here") };
    let args = ["clean", "in", "-o", "out", "--unit", "document", "--memory", "16MiB", "--temp-dir", "disk"];
    let child = dir.spawn(&mut dir.command(&args));
    let filler = std::thread::spawn({
        let path = disk.0.join("filler");
        move || {
            let mut file = fs::File::create(path).unwrap();
            while file.write_all(&[1; 1 << 20]).is_ok() {
                std::thread::sleep(Duration::from_millis(25));
            }
        }
    });
    let run = Run::new(&args, child.wait_with_output().unwrap());
    filler.join().unwrap();
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("no room"), "{run}");
    assert_eq!(dir.names(), ["disk", "image", "in"], "{run}");
}

#[test]
fn what_cannot_be_is_refused_with_the_remedy() {
    let dir = Dir::new();
    dir.write("a.txt", "one two three");
    let little = dir.run(&["scan", "a.txt", "--memory", "1KiB"]);
    assert!(
        little.code == Some(2) && little.stderr.contains("1024 bytes") && little.stderr.contains("16MiB or more"),
        "{little}"
    );
    let few = dir.run(&["scan", "a.txt", "--memory", "63MiB"]).ok();
    assert!(few.stderr.contains("63MiB on memory may be exceeded") && few.stderr.contains("64MiB"), "{few}");
    let enough = dir.run(&["scan", "a.txt", "--memory", "64MiB"]).ok();
    assert!(!enough.stderr.contains("exceeded"), "{enough}");
    let nowhere = dir.run(&["scan", "a.txt", "--temp-dir", "nowhere"]);
    assert!(nowhere.code == Some(2) && nowhere.stderr.contains("another directory"), "{nowhere}");
    let unclear = dir.run(&["scan", "a.txt", "--memory", "lots"]);
    assert!(unclear.code == Some(2) && unclear.stderr.contains("2GiB"), "{unclear}");
    let set = dir.run(&["config", "show", "scan", "a.txt", "--memory", "50%"]).ok();
    assert!(String::from_utf8_lossy(&set.stdout).contains("memory = \"50%\""), "{set}");
}
