//! Ctrl-C and closed pipes: whole or not at all.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use unecho::synth::{Synth, SynthOptions};

use super::common::{Dir, words};

fn corpus(documents: u64) -> Vec<u8> {
    let mut corpus = Vec::new();
    let options = SynthOptions { documents, exact_permille: 200, ..SynthOptions::default() };
    Synth::new(options).unwrap().write_jsonl(&mut corpus).unwrap();
    corpus
}

#[cfg(unix)]
fn interrupt(child: &Child) {
    signal(child, "-INT");
}

#[cfg(unix)]
fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[cfg(unix)]
#[test]
fn an_input_that_is_cut_short_under_the_program_is_an_error_in_words() {
    let dir = Dir::new();
    let mut child = dir.spawn(dir.command(&["scan", "-"]).stdin(Stdio::piped()));
    std::thread::sleep(Duration::from_millis(300)); // it waits for its input
    signal(&child, "-BUS");
    assert_eq!(code_within(&mut child, Duration::from_secs(60)), Some(Some(2)));
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("cut short") && said.contains("remedy"), "{said}");
}

/// Waits for a child, but not for ever.
#[cfg(unix)]
fn code_within(child: &mut Child, limit: Duration) -> Option<Option<i32>> {
    let started = Instant::now();
    while started.elapsed() < limit {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status.code());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

#[cfg(unix)]
#[test]
fn d19_an_interrupted_run_leaves_nothing_half_written() {
    let dir = Dir::new();
    dir.write("in/docs.jsonl", corpus(20_000));
    let mut interrupted = 0;
    for delay in [50, 200, 400, 800, 1600] {
        let mut child = dir.spawn(&mut dir.command(&["clean", "in", "-o", "out"]));
        std::thread::sleep(Duration::from_millis(delay));
        if child.try_wait().unwrap().is_none() {
            interrupt(&child);
        }
        match code_within(&mut child, Duration::from_secs(60)).expect("it stops when asked to") {
            Some(130) => {
                interrupted += 1;
                assert_eq!(dir.names(), ["in"], "after {delay} ms");
                let mut said = String::new();
                child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
                assert!(said.contains("interrupted"), "{said}");
            }
            code => {
                assert_eq!(code, Some(0), "it was done before");
                break;
            }
        }
    }
    assert!(interrupted > 0, "the corpus is too small to be interrupted");
    // and a later run is not misled by what was left
    dir.run(&["clean", "in", "-o", "out", "--force"]).ok();
    dir.run(&["restore", "out", "-o", "back"]).ok();
    assert_eq!(dir.tree("in"), dir.tree("back"));
}

#[cfg(unix)]
#[test]
fn waiting_for_standard_input_can_be_interrupted() {
    let dir = Dir::new();
    let mut child = dir.spawn(dir.command(&["scan", "-"]).stdin(Stdio::piped()));
    std::thread::sleep(Duration::from_millis(300));
    interrupt(&child);
    let code = code_within(&mut child, Duration::from_secs(10));
    assert_eq!(code, Some(Some(130)), "Ctrl-C must end a run that waits for input (None: it went on)");
}

#[test]
fn a_reader_that_goes_away_is_a_quiet_end() {
    let dir = Dir::new();
    dir.write("in.jsonl", corpus(3000));
    for args in [
        &["scan", "in.jsonl", "--report", "json=-"][..],
        &["scan", "in.jsonl", "--findings", "100000"],
        &["clean", "in.jsonl", "-o", "-", "--quiet"],
        &["completions", "zsh"],
        &["man"],
        &["scan", "--help"],
    ] {
        let mut child = dir.spawn(&mut dir.command(args));
        let mut first = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut first).unwrap();
        // the pipe is closed here
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{args:?}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{args:?}");
    }
}

#[test]
fn what_lies_about_from_others_is_left_alone() {
    let dir = Dir::new();
    dir.write("in.txt", words("w", 20)).write(".unecho-other.tmp", "of another run");
    dir.run(&["clean", "in.txt", "-o", "out.txt"]).ok();
    assert_eq!(dir.names(), [".unecho-other.tmp", "in.txt", "out.txt", "out.txt.unecho"]);
}
