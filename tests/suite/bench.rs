//! `unecho bench`: the layout of hyperfine, and quality that is what the bands promise.

use serde_json::Value;

use super::common::{Dir, record, words};

fn bench(dir: &Dir, args: &[&str]) -> Value {
    let quick =
        ["bench", "--runs", "2", "--warmup", "0", "--export-json", "bench.json", "--export-markdown", "bench.md"];
    let run = dir.run(&[&quick[..], args].concat()).ok();
    assert!(run.out().contains("docs/s"), "{run}");
    dir.json("bench.json")
}

#[test]
fn a_made_up_corpus_is_measured_in_every_setting() {
    let dir = Dir::new();
    let units = ["--unit", "none", "--unit", "document,paragraph"];
    let found = bench(&dir, &[&["--documents", "600", "--threads", "1,2"][..], &units].concat());
    let results = found["results"].as_array().unwrap();
    let parameters: Vec<[&str; 2]> =
        results.iter().map(|r| ["unit", "threads"].map(|name| r["parameters"][name].as_str().unwrap())).collect();
    assert_eq!(parameters, [["none", "1"], ["none", "2"], ["document,paragraph", "1"], ["document,paragraph", "2"]]);
    for result in results {
        let number = |name: &str| result[name].as_f64().unwrap_or_else(|| panic!("{name}: {result}"));
        assert!(number("min") <= number("median") && number("median") <= number("max") && number("min") > 0.0);
        assert!(number("mean") > 0.0 && number("stddev") >= 0.0);
        assert!(result["command"].as_str().unwrap().starts_with("unecho clean "));
        assert_eq!(result["times"].as_array().unwrap().len(), 2);
        assert_eq!(result["exit_codes"], serde_json::json!([0, 0]));
        assert!(result["unecho"]["stages"]["read"]["mb_per_s"].as_f64().unwrap() > 0.0, "{result}");
        if cfg!(target_os = "linux") {
            assert!(number("user") >= 0.0 && number("system") >= 0.0);
            assert_eq!(result["memory_usage_byte"].as_array().unwrap().len(), 2);
        }
    }
    if cfg!(target_os = "linux") {
        // not of each: a system may count in steps longer than a run that searches nothing
        let spent = |result: &serde_json::Value| result["user"].as_f64().unwrap() + result["system"].as_f64().unwrap();
        assert!(results.iter().map(spent).sum::<f64>() > 0.0, "{results:?}");
    }
    assert_eq!(found["corpus"]["documents"], 600);
    let quality = &found["quality"];
    let (recall, promised) = (&quality["recall"], quality["recall_promised"].as_f64().unwrap());
    assert!(recall["high"].as_f64().unwrap() >= promised && promised > 0.98, "{quality}");
    assert_eq!(quality["precision"]["value"], 1.0);
    assert_eq!(quality["recall_by_kind"]["exact"]["value"], 1.0);
    assert!(dir.text("bench.md").lines().filter(|line| line.starts_with("| `unecho clean")).count() == 4);
    let mut names = dir.names();
    names.sort();
    assert_eq!(names, ["bench.json", "bench.md"], "nothing else is left");
}

#[test]
fn of_your_own_corpus_a_sample_is_joined_exactly() {
    let dir = Dir::new();
    let mut lines: String = (0..300).map(|i| record(i, &words(&format!("w{i}x"), 60))).collect();
    // every third one again, with one word of 60 changed: five of 56 shingles, so 51 of 61 are shared
    lines.extend(
        (0..300).step_by(3).map(|i| record(1000 + i, &words(&format!("w{i}x"), 60).replacen("x30 ", "y30 ", 1))),
    );
    dir.write("own/a.jsonl", &lines).write("own/b.jsonl", record("last", &words("z", 60)));
    let found = bench(&dir, &["own", "--unit", "document", "--threads", "1", "--", "--min-tokens", "2"]);
    let quality = &found["quality"];
    assert_eq!((&quality["basis"], &quality["sample"]), (&"exact-join".into(), &401.into()));
    assert_eq!(quality["recall"]["of"], 200, "both of each pair have a partner: {quality}");
    assert!(quality["recall"]["value"].as_f64().unwrap() > 0.95, "{quality}");
    assert_eq!(quality["precision"]["value"], 1.0);
    assert!(found["results"][0]["command"].as_str().unwrap().ends_with("--min-tokens 2"));
}

#[test]
fn what_fails_is_said_as_it_was() {
    let dir = Dir::new();
    dir.write("bad.jsonl", "{\"txet\": 1}\n");
    dir.run(&["bench", "bad.jsonl", "--runs", "1"]).refused(&["unecho clean bad.jsonl", "text", "remedy"]);
    dir.run(&["bench", "--documents", "10", "--unit", "chapter"]).refused(&["chapter"]);
    dir.run(&["bench", "--runs", "0"]).refused(&["--runs"]);
    dir.run(&["scan", "bad.jsonl", "--threads", "1,2"]).refused(&["one number"]);
    assert_eq!(dir.names(), ["bad.jsonl"]);
}
