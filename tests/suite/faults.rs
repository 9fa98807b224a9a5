//! Killed at any moment, on a full disk, on a bad one: never a wrong output, never a lost record, and what is gone on with
//! ends as if nothing had happened.
//!
//! Steps on the disk are made to fail by `DISK_FAULT=KIND@STEP` (`resume::disk::faults`), which builds with debug assertions
//! know; elsewhere those tests have nothing to do. `FAULT_SEED` gives other moments.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use unecho::synth::{Synth, SynthOptions};

use super::common::{Codec, Dir, Run, record, tell, words};

const CLEAN: [&str; 6] = ["clean", "in", "-o", "out", "--checkpoint", "always"];
const RESUME: [&str; 7] = ["clean", "in", "-o", "out", "--checkpoint", "always", "--resume"];

/// A corpus of many small files and some larger ones, and what cleaning makes of it.
struct Trial {
    dir: Dir,
    expected: BTreeMap<PathBuf, Vec<u8>>,
    kills: usize,
    resumes: usize,
    faults: usize,
}

fn corpus(dir: &Dir, documents: u64) {
    let synth = |seed| {
        let options = SynthOptions { documents, exact_permille: 200, seed, ..SynthOptions::default() };
        let mut corpus = Vec::new();
        Synth::new(options).unwrap().write_jsonl(&mut corpus).unwrap();
        corpus
    };
    dir.write("in/a.jsonl", synth(1)).write("in/b.jsonl.gz", Codec::Gzip.encode(&synth(2)));
    dir.write("in/sub/c.jsonl.zst", Codec::Zstd.encode(&synth(1)));
    dir.write("in/bad.jsonl", format!("{}not JSON\n{}", record(1, &words("x", 30)), record(2, &words("x", 30))));
    for i in 0..6 {
        dir.write(&format!("in/texts/{i}.txt"), words(&format!("t{}", i % 4), 80));
    }
}

/// All files below a directory but what is measured and how the command was typed.
fn files(dir: &Dir) -> BTreeMap<PathBuf, Vec<u8>> {
    let is_output = |path: &Path| path.starts_with("out") || path.starts_with("out.unecho");
    let mut files: BTreeMap<PathBuf, Vec<u8>> = dir.tree(".").into_iter().filter(|(path, _)| is_output(path)).collect();
    if let Some(report) = files.get_mut(Path::new("out.unecho/report.json")) {
        let text = String::from_utf8(std::mem::take(report)).unwrap();
        let decides = |line: &&str| !line.starts_with("\"measured\"") && !line.starts_with("\"run\"");
        *report = text.lines().filter(decides).collect::<Vec<_>>().join("\n").into_bytes();
    }
    files
}

impl Trial {
    fn new(documents: u64) -> Trial {
        let dir = Dir::new();
        corpus(&dir, documents);
        dir.run(&["clean", "in", "-o", "out", "--on-error", "skip"]).ok();
        let expected = files(&dir);
        assert!(expected.len() > 10);
        let mut trial = Trial { dir, expected, kills: 0, resumes: 0, faults: 0 };
        trial.reset();
        trial
    }

    /// Takes away everything but the input.
    fn reset(&mut self) {
        for name in self.dir.names().iter().filter(|name| *name != "in") {
            let path = self.dir.path(name);
            if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
        }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.dir.command(args);
        command.args(["--on-error", "skip"]);
        command
    }

    /// Runs with a fault; `None` if the process was killed by it.
    fn run(&mut self, args: &[&str], fault: &str) -> Option<Run> {
        let output = self.command(args).env("DISK_FAULT", fault).output().unwrap();
        let run = Run::new(args, output);
        self.is_never_wrong(fault);
        if run.code.is_some() {
            return Some(run);
        }
        self.kills += 1;
        None
    }

    /// What stands at the places of the outputs is complete.
    #[track_caller]
    fn is_never_wrong(&self, when: &str) {
        let found = files(&self.dir);
        for top in ["out", "out.unecho"].iter().filter(|top| self.dir.exists(top)) {
            let part = |files: &BTreeMap<PathBuf, Vec<u8>>| -> BTreeMap<PathBuf, Vec<u8>> {
                files.iter().filter(|(p, _)| p.starts_with(top)).map(|(p, b)| (p.clone(), b.clone())).collect()
            };
            assert!(part(&found) == part(&self.expected), "{top} is not whole after {when}");
        }
        assert!(!self.dir.exists("out") || self.dir.exists("out.unecho"), "no ledger beside the output after {when}");
    }

    /// Everything is as if nothing had happened.
    #[track_caller]
    fn is_as_expected(&self, when: &str) {
        assert_eq!(self.dir.names(), ["in", "out", "out.unecho"], "{when}");
        assert!(files(&self.dir) == self.expected, "another result after {when}");
    }

    /// Whether the run is over, and nothing is left of it but its output.
    fn is_over(&self) -> bool {
        self.dir.exists("out") && !self.dir.exists("out.unecho.run") && !self.dir.exists("out.unecho.over")
    }

    /// Goes on until the run ends well; no fault any more.
    #[track_caller]
    fn finish(&mut self, when: &str) {
        if !self.is_over() {
            self.resumes += 1;
            let output = self.command(&RESUME).output().unwrap();
            let run = Run::new(&RESUME, output);
            assert_eq!(run.code, Some(0), "to resume after {when}: {run}");
        }
        self.is_as_expected(when);
    }

    fn tell(&self, test: &str) {
        tell(&format!("{test}: {} kills, {} faults, {} resumed", self.kills, self.faults, self.resumes));
    }
}

/// SplitMix64.
struct Rng(u64);

impl Rng {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % end
    }
}

fn rng() -> (u64, Rng) {
    let seed = std::env::var("FAULT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(5);
    tell(&format!("FAULT_SEED={seed}"));
    (seed, Rng(seed))
}

/// Whether faults can be asked for.
fn knows_faults() -> bool {
    if !cfg!(debug_assertions) {
        tell("skipped: this build knows no faults on demand");
    }
    cfg!(debug_assertions)
}

/// Kills the run at every `stride`th step from `first` on, in each of these ways, and the resumed run at another.
fn kill_at_steps(first: usize, stride: usize, kinds: &[&str]) {
    if !knows_faults() {
        return;
    }
    let (_, mut rng) = rng();
    let mut trial = Trial::new(60);
    let mut step = first;
    loop {
        let kind = kinds[step % kinds.len()];
        trial.reset();
        let when = format!("{kind}@{step}");
        if let Some(run) = trial.run(&CLEAN, &when) {
            assert_eq!(run.code, Some(0), "{when}: {run}");
            trial.is_as_expected(&when);
            break;
        }
        // the second run is killed too, somewhere
        let again = format!("{kind}@{}", 1 + rng.below(60));
        if !trial.is_over() {
            trial.run(&RESUME, &again);
        }
        trial.finish(&format!("{when}, {again}"));
        step += stride;
    }
    assert!(step > 60, "only {step} steps: is anything saved?");
    trial.tell("killed at steps");
}

#[test]
fn killed_at_a_step_and_resumed_a_run_ends_as_if_it_had_not_been() {
    kill_at_steps(1, 7, &["kill", "torn", "power"]);
}

/// The steps of a run that nobody disturbs.
fn steps(trial: &mut Trial) -> usize {
    let (mut from, mut to) = (1, 4000);
    while from < to {
        let middle = (from + to) / 2;
        trial.reset();
        match trial.run(&CLEAN, &format!("kill@{middle}")) {
            None => from = middle + 1,
            Some(_) => to = middle,
        }
    }
    from - 1
}

#[test]
fn killed_at_any_of_its_last_steps_and_again_a_run_is_over() {
    if !knows_faults() {
        return;
    }
    let mut trial = Trial::new(20);
    let last = steps(&mut trial);
    for (kind, step) in ["kill", "power"].iter().flat_map(|kind| (last - 7..=last).map(move |step| (kind, step))) {
        for again in [1, 3] {
            trial.reset();
            trial.run(&CLEAN, &format!("{kind}@{step}"));
            if !trial.is_over() {
                trial.run(&RESUME, &format!("kill@{again}"));
            }
            trial.finish(&format!("{kind}@{step} of {last}, kill@{again}"));
        }
    }
    trial.tell("killed at last steps");
}

#[test]
#[ignore = "takes minutes: every single step, in every way"]
fn killed_at_every_step() {
    for kind in ["kill", "torn", "power"] {
        kill_at_steps(1, 1, &[kind]);
    }
}

/// Kills runs from outside at random moments.
fn kill_at_moments(rounds: usize) {
    let (seed, mut rng) = rng();
    let mut trial = Trial::new(400);
    for round in 0..rounds {
        trial.reset();
        let mut args = &CLEAN[..];
        for _ in 0..1 + rng.below(3) {
            let moment = Duration::from_millis(rng.below(400));
            let mut child = trial.dir.spawn(&mut trial.command(args));
            std::thread::sleep(moment);
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            trial.is_never_wrong(&format!("seed {seed}, round {round}"));
            match output.status.code() {
                None => trial.kills += 1,
                Some(code) => assert_eq!(code, 0, "{}", Run::new(args, output)),
            }
            if trial.is_over() {
                break;
            }
            args = &RESUME;
        }
        trial.finish(&format!("seed {seed}, round {round}"));
    }
    trial.tell("killed at moments");
}

#[cfg(unix)]
#[test]
fn killed_at_random_moments() {
    kill_at_moments(20);
}

#[cfg(unix)]
#[test]
#[ignore = "takes minutes: three hundred rounds"]
fn killed_at_hundreds_of_random_moments() {
    kill_at_moments(300);
}

/// Lets steps fail; the run ends well, or says what failed and can be gone on with.
fn fail_at_steps(stride: usize) {
    if !knows_faults() {
        return;
    }
    let mut trial = Trial::new(60);
    for (kind, words) in [("enospc", "no storage space"), ("eio", "injected")] {
        let mut step = 1 + trial.faults % stride;
        loop {
            trial.reset();
            let when = format!("{kind}@{step}");
            let run = trial.run(&CLEAN, &when).expect("nobody kills it");
            let said = run.stderr.contains(words);
            trial.faults += usize::from(said);
            match run.code {
                Some(0) => trial.is_as_expected(&when),
                Some(2) => {
                    assert!(said, "{when}: {run}");
                    let names = trial.dir.names();
                    let fine = ["in", "out", "out.unecho", "out.unecho.run", "out.unecho.over"];
                    let is_fine = |name: &String| fine.contains(&name.as_str());
                    assert!(names.iter().all(is_fine), "debris after {when}: {names:?}");
                }
                _ => panic!("{when}: {run}"),
            }
            if run.code == Some(0) && !said {
                break;
            }
            trial.finish(&when);
            step += stride;
        }
    }
    trial.tell("failed steps");
}

#[test]
fn a_full_or_bad_disk_is_a_clear_error_and_loses_nothing() {
    fail_at_steps(9);
}

#[test]
#[ignore = "takes minutes: every single step"]
fn a_fault_at_every_step() {
    fail_at_steps(1);
}

#[test]
fn short_writes_are_no_fault() {
    if !knows_faults() {
        return;
    }
    let mut trial = Trial::new(20);
    for step in [1, 20] {
        trial.reset();
        let run = trial.run(&CLEAN, &format!("short@{step}")).unwrap();
        assert_eq!(run.code, Some(0), "{run}");
        trial.finish("short writes");
    }
}

/// Files in the run folder that are not what they were.
fn damage(trial: &mut Trial, rounds: usize) {
    if !knows_faults() {
        return;
    }
    let (seed, mut rng) = rng();
    // a moment at which everything is written but the report
    let last = (1usize..).find(|step| {
        trial.reset();
        trial.run(&CLEAN, &format!("kill@{}", step * 8)).is_some()
    });
    let last = 8 * last.unwrap();
    for round in 0..rounds {
        trial.reset();
        let step = last / 3 + rng.below(last as u64 * 2 / 3 - 20) as usize;
        let when = format!("seed {seed}, round {round}: kill@{step}");
        trial.run(&CLEAN, &format!("kill@{step}"));
        let folder = trial.dir.path("out.unecho.run");
        let manifest = fs::read_to_string(folder.join("manifest.json")).unwrap_or_default();
        if !manifest.contains("\"placing\":null") {
            continue; // all was checked before, and is on its way
        }
        let mut damaged = Vec::new();
        for (name, bytes) in trial.dir.tree("out.unecho.run") {
            if name == Path::new("lock") || rng.below(3) > 0 {
                continue;
            }
            let path = folder.join(&name);
            let at = rng.below(bytes.len().max(1) as u64) as usize;
            match rng.below(4) {
                0 => fs::remove_file(&path).unwrap(),
                1 => fs::write(&path, &bytes[..at]).unwrap(),
                2 => fs::write(&path, [&bytes[..], b"more"].concat()).unwrap(),
                _ => {
                    let mut bytes = bytes;
                    if let Some(byte) = bytes.get_mut(at) {
                        *byte ^= 1 << rng.below(8);
                    }
                    fs::write(&path, bytes).unwrap();
                }
            }
            damaged.push(name);
        }
        trial.faults += damaged.len();
        trial.finish(&format!("{when}, damaged: {damaged:?}"));
    }
    trial.tell("damaged files");
}

#[test]
fn damaged_parts_are_made_again() {
    damage(&mut Trial::new(60), 15);
}

#[test]
#[ignore = "takes minutes: four hundred rounds"]
fn damaged_parts_in_hundreds_of_runs() {
    damage(&mut Trial::new(60), 400);
}

/// A disk of so many kilobytes at a directory; gone when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn new(at: &Path, kilobytes: usize) -> Option<SmallDisk> {
        fs::create_dir_all(at).unwrap();
        let size = format!("size={kilobytes}k");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output();
        mounted.is_ok_and(|mount| mount.status.success()).then(|| SmallDisk(at.to_owned()))
    }

    fn grow(&self, kilobytes: usize) {
        let size = format!("remount,size={kilobytes}k");
        assert!(Command::new("mount").args(["-o", &size]).arg(&self.0).status().unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_really_full() {
    let trial = Trial::new(400);
    let all: usize = trial.expected.values().map(|bytes| bytes.len().next_multiple_of(4096)).sum::<usize>() / 1024;
    let disk = trial.dir.path("disk");
    let (mut full, mut resumed) = (0, 0);
    for percent in [5, 20, 50, 80, 100, 120, 200, 400] {
        for checkpoint in ["always", "never"] {
            let args = ["clean", "in", "-o", "disk/out", "--checkpoint", checkpoint];
            let Some(small) = SmallDisk::new(&disk, (all * percent / 100).max(16)) else {
                return tell("skipped: no small disk can be mounted here");
            };
            let run = Run::new(&args, trial.command(&args).output().unwrap());
            let names = || -> Vec<_> { fs::read_dir(&disk).unwrap().map(|e| e.unwrap().file_name()).collect() };
            if run.code == Some(2) {
                full += 1;
                assert!(run.stderr.contains("No space left on device"), "{percent} %: {run}");
                assert!(!disk.join("out").exists(), "{percent} %: {:?}", names());
                let is_kept = checkpoint == "always" && run.stderr.contains("go on with");
                assert_eq!(disk.join("out.unecho.run").exists(), is_kept, "{percent} %: {:?}\n{run}", names());
                assert!(is_kept || names().is_empty(), "debris: {:?}", names());
                resumed += usize::from(is_kept);
                small.grow(all * 10);
                let again = Run::new(&args, trial.command(&[&args[..], &["--resume"]].concat()).output().unwrap());
                assert_eq!(again.code, Some(0), "{percent} %: {again}");
            } else {
                assert_eq!(run.code, Some(0), "{percent} %: {run}");
            }
            let found: BTreeMap<PathBuf, Vec<u8>> = trial.dir.tree("disk/out");
            let expected = trial.expected.iter().filter(|(path, _)| path.starts_with("out"));
            let expected: Vec<(&Path, &Vec<u8>)> =
                expected.filter_map(|(p, b)| Some((p.strip_prefix("out").ok()?, b))).collect();
            assert!(found.iter().map(|(p, b)| (p.as_path(), b)).eq(expected), "{percent} %, {checkpoint}");
        }
    }
    assert!(full > 2, "the disk was never full");
    tell(&format!("full disks: {full}, resumed {resumed}"));
}
