//! `unecho synth`: the same bytes always, whole or not at all, and what the truth says is found.

use serde_json::Value;
use unecho::synth::{Synth, SynthOptions};

use super::common::{Codec, Dir};

const SMALL: [&str; 5] = ["synth", "--documents", "300", "--seed", "7"];

fn lines(jsonl: &[u8]) -> Vec<Value> {
    std::str::from_utf8(jsonl).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_corpus_is_that_of_the_library_whatever_the_threads() {
    let dir = Dir::new();
    dir.run(&[&SMALL[..], &["-o", "one", "-j", "1"]].concat()).ok().says(&["300 documents", "1 file", "truth"]);
    dir.run(&[&SMALL[..], &["-o", "two", "-j", "2"]].concat()).ok();
    assert_eq!(dir.tree("one"), dir.tree("two"));
    let synth = Synth::new(SynthOptions { documents: 300, seed: 7, ..SynthOptions::default() }).unwrap();
    let (mut corpus, mut truth) = (Vec::new(), Vec::new());
    synth.write_jsonl(&mut corpus).unwrap();
    synth.write_truth(&mut truth).unwrap();
    assert_eq!(dir.read("one/corpus/part-1.jsonl"), corpus);
    assert_eq!(dir.read("one/truth.jsonl"), truth);
    let about = dir.json("one/synth.json");
    assert_eq!((&about["documents"], &about["seed"], &about["bytes"]), (&300.into(), &7.into(), &corpus.len().into()));
}

#[test]
fn files_and_compression_divide_the_same_corpus() {
    let dir = Dir::new();
    dir.run(&[&SMALL[..], &["-o", "whole"]].concat()).ok();
    let whole = dir.read("whole/corpus/part-1.jsonl");
    for (how, codec) in [("none", Codec::None), ("gzip", Codec::Gzip), ("zstd", Codec::Zstd), ("xz", Codec::Xz)] {
        let out = format!("made-{how}");
        dir.run(&[&SMALL[..], &["-o", &out, "--files", "11", "--compress", how]].concat()).ok();
        let parts = dir.tree(&format!("{out}/corpus"));
        let names: Vec<String> = parts.keys().map(|name| name.display().to_string()).collect();
        assert_eq!((names.len(), &names[0]), (11, &format!("part-01.jsonl{}", codec.suffix())));
        let joined: Vec<u8> = parts.values().flat_map(|bytes| codec.decode(bytes)).collect();
        assert!(joined == whole, "{how}");
        assert_eq!(dir.read(&format!("{out}/truth.jsonl")), dir.read("whole/truth.jsonl"));
    }
}

#[test]
fn what_exists_is_replaced_only_with_force_and_only_if_it_is_ours() {
    let dir = Dir::new();
    let again = [&SMALL[..], &["-o", "made"]].concat();
    dir.run(&again).ok();
    dir.run(&again).refused(&["made", "exists already", "--force"]);
    dir.run(&["synth", "-o", "made", "--documents", "5", "--force"]).ok();
    assert_eq!(lines(&dir.read("made/corpus/part-1.jsonl")).len(), 5);
    dir.write("mine/notes.txt", "precious");
    dir.run(&["synth", "-o", "mine", "--force"]).refused(&["mine", "did not write"]);
    assert_eq!(dir.text("mine/notes.txt"), "precious");
    for theirs in ["made/corpus/part-one.txt", "made/notes/mine.md"] {
        dir.write(theirs, "precious");
        dir.run(&["synth", "-o", "made", "--documents", "5", "--force"]).refused(&[theirs, "did not write"]);
        std::fs::remove_file(dir.path(theirs)).unwrap();
    }
    assert_eq!(dir.names(), ["made", "mine"], "nothing half-written is left");
}

#[test]
fn options_out_of_range_are_refused_before_anything_is_written() {
    let dir = Dir::new();
    for (wrong, said) in [
        (["--exact", "99%"], "100 %"),
        (["--exact", "1.23%"], "tenth of a percent"),
        (["--edits", "0%"], "0.1 %"),
        (["--mean-words", "0"], "1,000,000"),
        (["--files", "0"], "--files 0"),
        (["--script", "klingon"], "latin"),
    ] {
        dir.run(&[&["synth", "-o", "made"][..], &wrong].concat()).refused(&[said]);
    }
    assert!(dir.names().is_empty());
}

#[test]
fn exact_copies_of_the_truth_are_found() {
    let dir = Dir::new();
    dir.run(&[&SMALL[..], &["-o", "made", "--files", "3"]].concat()).ok();
    let run = dir.run(&["scan", "made/corpus", "--unit", "document", "--report", "json=-"]).ok();
    let report = run.json();
    let groups = report["groups"].as_array().unwrap();
    let members = groups.iter().flat_map(|group| group["members"].as_array().unwrap());
    let removed: Vec<&str> = members.map(|member| member["document"].as_str().unwrap()).collect();
    let truth = lines(&dir.read("made/truth.jsonl"));
    let exact: Vec<&str> =
        truth.iter().filter(|fact| fact["kind"] == "exact").map(|fact| fact["copy"].as_str().unwrap()).collect();
    assert!(exact.len() > 5 && exact.iter().all(|copy| removed.contains(copy)), "{exact:?} {removed:?}");
}
