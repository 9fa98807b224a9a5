//! The run folder of a run that was stopped at one of several moments, with files that are missing, cut short, changed,
//! exchanged, or something else altogether: the run is gone on with and gives what it would have given, or is refused.
#![no_main]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use libfuzzer_sys::fuzz_target;
use unecho::pipeline::{VERSION, find_in};
use unecho::progress::Stage;
use unecho::resume::{Card, Found, Manifest, Opened, RunFolder, Start};
use unecho::{Config, Error, Progress, Result, Target, Unit, input};
use unecho_fuzz::{Choices, Sandbox, text_of};

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// What the executions share.
struct Trial {
    sandbox: Sandbox,
    config: Config,
    /// The run folder at each moment, without its lock.
    folders: Vec<Files>,
    expected: Files,
}

thread_local! {
    static TRIAL: Trial = prepared();
}

fuzz_target!(init: unecho_fuzz::on_one_thread(), |data: &[u8]| {
    TRIAL.with(|trial| {
        let mut choices = Choices(data);
        let mut folder = choices.of(&trial.folders);
        let mut count = 0;
        while !choices.0.is_empty() && count < 8 {
            damage(&mut folder, &mut choices);
            count += 1;
        }
        trial.put(&folder);
        let was_finished = matches!(Manifest::find(&trial.folder()), Found::Run(run) if run.placing.is_some());
        match trial.run(Start::Resume { touched: false }, &()) {
            Ok(()) if was_finished => {}
            Ok(()) => assert!(trial.output() == trial.expected, "another result"),
            Err(Error::Io { .. }) => {} // a directory stands where a file has to go
            Err(error) => panic!("{error}"),
        }
        trial.clear();
    });
});

/// Stops a run at the so manieth time that it is asked.
struct Stop(AtomicUsize);

impl Progress for Stop {
    fn begin(&self, _: Stage, _: u64) {}
    fn advance(&self, _: u64) {}
    fn end(&self) {}
    fn warn(&self, _: &str) {}
    fn cancelled(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
    }
}

fn prepared() -> Trial {
    let sandbox = Sandbox::new();
    for file in 0..5u32 {
        let text = |record: u32| {
            let words: Vec<u8> = (0..24).map(|i| ((record * 7 + i * 5 + record * i) % 48) as u8).collect();
            text_of(&words)
        };
        let records = (0..12).map(|record| text((record + file * 3) % 20));
        let lines = records.map(|text| format!("{{\"text\": {}}}\n", serde_json::to_string(&text).expect("a string")));
        sandbox.write(format!("in/{file}.jsonl"), lines.collect::<String>().as_bytes());
    }
    let mut config = Config { units: vec![Unit::Document, Unit::Sentence], ..Config::default() };
    for unit in Unit::ALL {
        config.min_tokens.set(unit, 2);
    }
    let mut trial = Trial { sandbox, config, folders: Vec::new(), expected: Files::new() };
    trial.run(Start::Fresh, &()).expect("there is nothing in its way");
    trial.expected = trial.output();
    trial.clear();
    for moment in 0.. {
        if trial.run(Start::Fresh, &Stop(moment.into())).is_ok() {
            break;
        }
        let mut folder = trial.sandbox.tree("out.unecho.run");
        folder.remove(Path::new("lock"));
        // the ledger and the cleaned files are new each time; what is finished is what counts
        let parts = |folder: &Files| folder.keys().filter(|path| path.components().count() == 1).count();
        if !folder.is_empty() && trial.folders.last().is_none_or(|last| parts(last) != parts(&folder)) {
            trial.folders.push(folder);
        }
        trial.clear();
    }
    assert!(trial.folders.len() > 3, "it was stopped at {} moments only", trial.folders.len());
    trial.clear();
    trial
}

impl Trial {
    /// A whole run, from the input to the place of the output.
    fn run(&self, start: Start, progress: &dyn Progress) -> Result<()> {
        let inputs = [self.sandbox.path("in")];
        let target = Target::Directory(self.sandbox.path("out"));
        let card = Card { unecho: VERSION.to_owned(), command: String::new(), options: self.config.card() };
        let Opened::Run(run) = RunFolder::open(target.path(), card, start, progress)? else { return Ok(()) };
        let corpus = input::read(&inputs, &self.config.input, progress)?;
        let outcome = find_in(&run, corpus, &self.config, true, progress)?;
        let (written, ()) = outcome.write_in(run, &target, false, || (), progress)?;
        written.commit()
    }

    fn folder(&self) -> PathBuf {
        self.sandbox.path("out.unecho.run")
    }

    fn put(&self, folder: &Files) {
        self.sandbox.write("out.unecho.run/lock", b"");
        for (name, bytes) in folder {
            self.sandbox.write(Path::new("out.unecho.run").join(name), bytes);
        }
    }

    fn output(&self) -> Files {
        ["out", "out.unecho"].iter().flat_map(|top| self.sandbox.tree(top)).collect()
    }

    fn clear(&self) {
        for top in ["out", "out.unecho", "out.unecho.run"] {
            let _ = fs::remove_dir_all(self.sandbox.path(top));
        }
    }
}

fn damage(folder: &mut Files, choices: &mut Choices<'_>) {
    let names: Vec<PathBuf> = folder.keys().cloned().collect();
    if names.is_empty() {
        return;
    }
    let name = choices.of(&names);
    let bytes = folder.get_mut(&name).expect("it is one of them");
    let at = choices.wide() % bytes.len().max(1);
    match choices.below(8) {
        0 => _ = folder.remove(&name),
        1 => bytes.truncate(at),
        2 => bytes.extend((0..choices.below(40)).map(|_| choices.byte())),
        3 | 4 => bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte ^= 1 << choices.below(8)),
        5 => bytes.iter_mut().skip(at).take(1 + choices.below(8)).for_each(|byte| *byte = choices.byte()),
        6 => {
            // the file of another part, or a directory where it was
            let other = folder[&choices.of(&names)].clone();
            folder.insert(name, other);
        }
        _ => {
            let moved = folder.remove(&name).expect("it is one of them");
            folder.insert(name.join("inside"), moved);
        }
    }
}
