//! `unecho plan`: bytes and documents within a tenth of the truth, the rest within reason.

use serde_json::Value;

use super::common::Dir;

fn plan(dir: &Dir, args: &[&str]) -> Value {
    dir.run(&[&["plan", "--json"], args].concat()).ok().json()
}

fn within_a_tenth(estimate: &Value, truth: f64) {
    let value = |name: &str| estimate[name].as_f64().unwrap();
    assert!((value("estimate") / truth - 1.0).abs() < 0.1, "{estimate} for {truth}");
    assert!(value("low") <= value("estimate") && value("estimate") <= value("high"), "{estimate}");
}

#[test]
fn a_sample_tells_of_bytes_and_documents() {
    let dir = Dir::new();
    dir.run(&["synth", "-o", "made", "--documents", "6000", "--files", "3"]).ok();
    let bytes = dir.json("made/synth.json")["bytes"].as_f64().unwrap();
    let found = plan(&dir, &["made/corpus", "--sample", "2"]);
    assert_eq!((&found["files"], &found["sample"]["whole"]), (&3.into(), &false.into()));
    assert_eq!(found["bytes"]["estimate"].as_f64(), Some(bytes), "nothing is compressed");
    within_a_tenth(&found["documents"], 6000.0);
    let high = |name: &str| found[name]["high"].as_f64().unwrap();
    assert!(high("seconds") > 0.0 && high("seconds") < 600.0, "{found}");
    if cfg!(target_os = "linux") {
        assert!(high("memory") > bytes / 2.0 && high("memory") < bytes * 100.0, "{found}");
    }
    assert_eq!(found["bands"], serde_json::json!({"bands": 18, "rows": 7}));
    assert!(
        found["recall"].as_array().unwrap().iter().any(|r| r["similarity"] == 0.8 && r["recall"].as_f64() > Some(0.98))
    );
    let mut names = dir.names();
    names.sort();
    assert_eq!(names, ["made"], "the sample is taken away again");
}

#[test]
fn compressed_files_are_told_by_their_beginnings() {
    let dir = Dir::new();
    for how in ["zstd", "gzip"] {
        dir.run(&["synth", "-o", "made", "--documents", "6000", "--files", "2", "--compress", how, "--force"]).ok();
        let bytes = dir.json("made/synth.json")["bytes"].as_f64().unwrap();
        let found = plan(&dir, &["made/corpus", "--sample", "1"]);
        assert_eq!(found["sample"]["whole"], false);
        within_a_tenth(&found["bytes"], bytes);
        within_a_tenth(&found["documents"], 6000.0);
    }
}

#[test]
fn a_small_input_is_run_whole_and_many_files_are_counted() {
    let dir = Dir::new();
    for i in 0..40 {
        dir.write(
            &format!("docs/{i}.md"),
            format!("Document number {i} says nothing that another one says, {i} times.\n"),
        );
    }
    dir.write("docs/picture.png", [0u8, 159, 146, 150]);
    let found = plan(&dir, &["docs", "--unit", "document", "--similarity", "1"]);
    assert_eq!(found["sample"]["whole"], true);
    assert_eq!((&found["documents"]["estimate"], &found["files"]), (&40.0.into(), &40.into()));
    assert_eq!(found["bands"], Value::Null);
    let text = dir.run(&["plan", "docs"]).ok().out();
    for said in ["files", "documents", "memory", "18 × 7 rows", "everything was run"] {
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn what_cannot_be_looked_at_is_refused() {
    let dir = Dir::new();
    dir.write("empty/x.png", "");
    dir.run(&["plan", "-"]).refused(&["standard input"]);
    dir.run(&["plan", "missing.jsonl"]).refused(&["missing.jsonl"]);
    dir.write("bad.jsonl", "{\"text\": \"good\"}\nbad\n");
    dir.run(&["plan", "bad.jsonl"]).refused(&["bad.jsonl:2", "malformed JSON"]);
    dir.run(&["plan", "empty"]).refused(&["nothing to plan"]);
}
