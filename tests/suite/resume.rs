//! `--resume`, run folders, locks, `--status`, signals, and inputs that change: what a user sees of them.

use std::fs;
use std::io::Write;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use unecho::synth::{Synth, SynthOptions};

use super::common::{Dir, Run, record, words};

const CLEAN: [&str; 6] = ["clean", "in", "-o", "out", "--checkpoint", "always"];
const RESUME: [&str; 5] = ["clean", "in", "-o", "out", "--resume"];

fn synth(documents: u64) -> Vec<u8> {
    let mut corpus = Vec::new();
    let options = SynthOptions { documents, exact_permille: 200, ..SynthOptions::default() };
    Synth::new(options).unwrap().write_jsonl(&mut corpus).unwrap();
    corpus
}

/// A directory with a run that was killed after this many steps; whether it was, and did not end before.
fn killed_or_done(steps: usize) -> (Dir, bool) {
    let dir = Dir::new();
    dir.write("in/a.jsonl", synth(200)).write("in/b.txt", words("b", 60));
    let output = dir.command(&CLEAN).env("DISK_FAULT", format!("kill@{steps}")).output().unwrap();
    (dir, output.status.code().is_none())
}

/// A directory with a run that was killed after this many steps.
fn killed(steps: usize) -> Option<Dir> {
    // builds without debug assertions know no faults on demand
    (cfg!(debug_assertions)).then(|| {
        let (dir, is_killed) = killed_or_done(steps);
        assert!(is_killed, "it took fewer than {steps} steps");
        dir
    })
}

/// Waits until `done`, but not for ever.
fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < Duration::from_secs(60), "it takes too long until {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn an_unfinished_run_is_told_of_and_resumed() {
    let Some(dir) = killed(120) else { return };
    assert_eq!(dir.names(), ["in", "out.unecho.run"]);
    dir.run(&CLEAN).refused(&["out.unecho.run: holds an unfinished run", "--resume", "--force"]);
    let said = dir.run(&["clean", "--status", "out"]).ok().out();
    for words in [
        "nobody is at work",
        "clean in -o out --checkpoint always",
        "201 documents in 2 files",
        "parts of the sketches",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let status = dir.run(&["clean", "--status", "out.unecho.run", "--report", "json=-"]).ok().json();
    assert_eq!(status["stage"], "sketch");
    assert!(status["sketches"].as_u64().unwrap() > 0 && status["input"]["documents"] == 201, "{status}");
    dir.run(&RESUME).ok();
    assert_eq!(dir.names(), ["in", "out", "out.unecho"]);
    dir.run(&["clean", "--status", "out"]).refused(&["no unfinished run", "is complete"]);
    dir.run(&["clean", "in", "-o", "fresh"]).ok();
    assert_eq!(dir.tree("out"), dir.tree("fresh"));
}

#[test]
fn a_run_that_lacked_the_last_step_only_is_ended_at_once() {
    if !cfg!(debug_assertions) {
        return;
    }
    let lacks_the_last_step_at_most = |steps: usize| {
        let (dir, is_killed) = killed_or_done(steps);
        !is_killed || dir.run(&["clean", "--status", "out", "--report", "json=-"]).ok().json()["stage"] == "place"
    };
    let (mut from, mut to) = (100, 2000);
    while from < to {
        let middle = (from + to) / 2;
        (from, to) = if lacks_the_last_step_at_most(middle) { (from, middle) } else { (middle + 1, to) };
    }
    let Some(dir) = killed(to) else { return };
    dir.run(&CLEAN).refused(&["unfinished run"]);
    dir.run(&RESUME).ok().says(&["complete but for the last step", "unecho restore out"]);
    assert_eq!(dir.names(), ["in", "out", "out.unecho"]);
    dir.run(&["restore", "out", "-o", "back"]).ok();
    assert_eq!(dir.tree("back"), dir.tree("in"));
}

#[test]
fn with_nothing_to_resume_a_run_begins_at_the_beginning() {
    let dir = Dir::new();
    dir.write("in/a.txt", words("a", 50));
    dir.run(&RESUME).ok().says(&["no unfinished run", "begins at the beginning"]);
    assert_eq!(dir.names(), ["in", "out", "out.unecho"]);
    dir.run(&RESUME).refused(&["out: is complete", "no unfinished run", "--force"]);
    assert_eq!(dir.names(), ["in", "out", "out.unecho"]);
    dir.run(&["clean", "--status", "elsewhere"]).refused(&["no unfinished run"]);
}

#[test]
fn another_build_does_not_go_on_with_a_run() {
    let Some(dir) = killed(120) else { return };
    let other = dir.path("unecho-other");
    fs::copy(env!("CARGO_BIN_EXE_unecho"), &other).unwrap();
    fs::OpenOptions::new().append(true).open(&other).unwrap().write_all(b"another build").unwrap();
    let resumed = Run::new(&RESUME, Command::new(&other).args(RESUME).current_dir(dir.path("")).output().unwrap());
    resumed.refused(&["cannot be resumed", "it was made by unecho", "build", "--force"]);
    fs::remove_file(&other).unwrap();
    dir.run(&RESUME).ok();
}

#[test]
fn what_changed_is_named() {
    let Some(dir) = killed(120) else { return };
    let resume = |more: &[&str]| dir.run(&[&RESUME[..], more].concat());
    resume(&["--similarity", "0.9"]).refused(&[
        "cannot be resumed",
        "similarity was 0.8 and is 0.9",
        "clean in -o out",
    ]);
    resume(&["--keep", "last", "--records", "line"]).refused(&["keep was \"first\" and is \"last\"", "records was"]);
    dir.write("in/new.txt", "new");
    resume(&[]).refused(&["the input in/new.txt is new"]);
    fs::remove_file(dir.path("in/new.txt")).unwrap();
    let text = dir.text("in/b.txt");
    dir.write("in/b.txt", format!("{text}."));
    resume(&[]).refused(&["in/b.txt grew from"]);
    dir.write("in/b.txt", text.replace("b1 ", "c1 "));
    resume(&["--verify-inputs"]).refused(&["in/b.txt begins or ends with other text"]);
    // the same text, written again
    dir.write("in/b.txt", &text);
    resume(&[]).refused(&["in/b.txt was written to", "--verify-inputs"]);
    resume(&["--verify-inputs", "--threads", "1"]).ok();
    dir.run(&["clean", "in", "-o", "fresh"]).ok();
    assert_eq!(dir.tree("out"), dir.tree("fresh"));
}

#[test]
fn force_discards_an_unfinished_run() {
    let Some(dir) = killed(120) else { return };
    dir.run(&["clean", "in", "-o", "out", "--force", "--similarity", "0.9"]).ok().says(&["is discarded"]);
    assert_eq!(dir.names(), ["in", "out", "out.unecho"]);
}

#[test]
fn an_output_that_is_replaced_is_never_lost() {
    if !cfg!(debug_assertions) {
        return;
    }
    for target in ["out", "out.jsonl"] {
        let dir = Dir::new();
        dir.write("in.jsonl", synth(20));
        let clean = ["clean", "in.jsonl", "-o", target, "--force"];
        dir.run(&clean).ok();
        let expected = if target == "out" { dir.tree("out") } else { [("out".into(), dir.read(target))].into() };
        let now = || if target == "out" { dir.tree("out") } else { [("out".into(), dir.read(target))].into() };
        let mut away = 0;
        for step in 1.. {
            let output = dir.command(&clean).env("DISK_FAULT", format!("kill@{step}")).output().unwrap();
            if dir.exists(target) {
                assert_eq!(now(), expected, "step {step}");
            } else {
                away += 1;
                dir.run(&[&clean[..4], &["--resume"]].concat()).ok();
                assert_eq!(now(), expected, "step {step}");
            }
            if output.status.code() == Some(0) {
                break;
            }
            assert!(step < 1000, "there is no end of steps: {}", String::from_utf8_lossy(&output.stderr));
        }
        assert!(away > 0 || target == "out.jsonl", "no step at which the old one is away and the new one not there");
    }
}

#[test]
fn two_runs_do_not_meet_in_one_folder() {
    let dir = Dir::new();
    dir.write("in/a.txt", words("a", 50)).write("out.unecho.run/lock", "process 4711 on elsewhere");
    let lock = fs::File::open(dir.path("out.unecho.run/lock")).unwrap();
    lock.lock().unwrap();
    for more in [&[][..], &["--force"], &["--resume"]] {
        dir.run(&[&["clean", "in", "-o", "out"], more].concat())
            .refused(&["process 4711 on elsewhere is at work here"]);
    }
    let said = dir.run(&["clean", "--status", "out"]).ok().out();
    assert!(said.contains("process 4711 on elsewhere is at work") && said.contains("nothing is saved"), "{said}");
    drop(lock);
    dir.run(&["clean", "in", "-o", "out"]).ok();
    assert_eq!(dir.names(), ["in", "out", "out.unecho"]);
}

#[test]
fn a_folder_that_is_not_ours_is_not_touched() {
    let dir = Dir::new();
    dir.write("in/a.txt", words("a", 50)).write("out.unecho.run/mine.txt", "precious");
    for more in [&[][..], &["--force"], &["--resume"]] {
        dir.run(&[&["clean", "in", "-o", "out"], more].concat()).refused(&["is not a run folder"]);
    }
    assert_eq!(dir.text("out.unecho.run/mine.txt"), "precious");
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    let status = std::process::Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(status.success());
}

#[cfg(unix)]
#[test]
fn a_signal_saves_the_state_and_says_how_to_go_on() {
    let dir = Dir::new();
    dir.write("in/a.jsonl", synth(1200));
    for (name, code) in [("-TERM", 143), ("-INT", 130)] {
        let mut child = dir.spawn(&mut dir.command(&CLEAN));
        wait("a sketch is saved", || dir.exists("out.unecho.run/sketch-0003"));
        signal(&child, name);
        let status = child.wait().unwrap();
        let said = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
        assert_eq!(status.code(), Some(code), "{said}");
        assert!(said.contains("saved in out.unecho.run") && said.contains("--checkpoint always --resume"), "{said}");
        assert_eq!(dir.names(), ["in", "out.unecho.run"]);
        if code == 143 {
            dir.run(&["clean", "in", "-o", "out", "--force"]).ok();
            fs::rename(dir.path("out"), dir.path("fresh")).unwrap();
            fs::remove_dir_all(dir.path("out.unecho")).unwrap();
            fs::rename(dir.path("fresh"), dir.path("in/fresh.unecho")).unwrap();
        }
    }
    dir.run(&RESUME).ok();
    assert_eq!(dir.read("out/a.jsonl"), dir.read("in/fresh.unecho/a.jsonl"));
}

#[test]
fn an_input_that_changes_is_refused_before_anything_is_put_in_place() {
    let dir = Dir::new();
    dir.write("in/a.jsonl", synth(1200)).write("in/b.txt", words("b", 50));
    let mut child = dir.spawn(&mut dir.command(&CLEAN));
    wait("the input is read", || dir.exists("out.unecho.run/inputs"));
    let mut file = fs::OpenOptions::new().append(true).open(dir.path("in/b.txt")).unwrap();
    file.write_all(b" and more").unwrap();
    let status = child.wait().unwrap();
    let said = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    assert_eq!(status.code(), Some(2), "{said}");
    assert!(said.contains("in/b.txt: grew from") && said.contains("nothing was put in place"), "{said}");
    assert_eq!(dir.names(), ["in"]);
}

#[test]
fn standard_input_can_be_given_again() {
    if !cfg!(debug_assertions) {
        return;
    }
    let dir = Dir::new();
    let input = [synth(100), record("last", &words("x", 30)).into_bytes()].concat();
    dir.write("kept", &input);
    let clean = ["clean", "-", "--format", "jsonl", "-o", "out.jsonl", "--checkpoint", "always"];
    let from = || fs::File::open(dir.path("kept")).unwrap();
    let killed = dir.command(&clean).stdin(from()).env("DISK_FAULT", "kill@120").output().unwrap();
    assert_eq!(killed.status.code(), None);
    let resume = [&clean[..], &["--resume"]].concat();
    dir.run_with_input(&resume, &synth(100)).refused(&["the input - has other contents now"]);
    dir.run_with_input(&resume, &input).ok();
    dir.run_with_input(&["clean", "-", "--format", "jsonl", "-o", "fresh.jsonl"], &input).ok();
    assert_eq!(dir.read("out.jsonl"), dir.read("fresh.jsonl"));
}
