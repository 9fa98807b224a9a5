//! The reports say the same, each in its way, and their offsets are right.

use serde_json::Value;

use super::common::{Dir, record, words};

/// A corpus with exact and near repeats of documents and paragraphs, in text with characters of every width.
fn corpus(dir: &Dir) -> Vec<(String, String)> {
    let wide = "Ünïcödé 🙂 你好 e\u{301} слово; \"quoted\", <b>tag</b> | pipe `tick` and, a comma";
    let shared = format!("{wide} {}", words("shared", 20));
    let texts = vec![
        format!("🙂🙂 intro\n{shared}\n{}", words("own1w", 20)),
        format!("другое начало\n\n{shared}\n{}", words("own2w", 20)),
        format!("又一个\n{shared} changed\n{}", words("own3w", 20)),
        format!("🙂🙂 intro\n{shared}\n{}", words("own1w", 20)),
        words("unlike", 30),
    ];
    let ids: Vec<String> = (0..).map(|i| format!("dök,\"{i}\"")).take(texts.len()).collect();
    dir.write("in.jsonl", ids.iter().zip(&texts).map(|(id, text)| record(id, text)).collect::<String>());
    ids.into_iter().zip(texts).collect()
}

fn members(report: &Value) -> Vec<(&Value, &Value)> {
    let groups = report["groups"].as_array().unwrap().iter();
    groups.flat_map(|g| g["members"].as_array().unwrap().iter().map(move |m| (g, m))).collect()
}

#[test]
fn all_formats_parse_and_agree_with_each_other() {
    let dir = Dir::new();
    corpus(&dir);
    let run = dir.run(&[
        "clean",
        "in.jsonl",
        "-o",
        "out.jsonl",
        "--report",
        "json=r/a.json",
        "--report",
        "csv=r/a.csv",
        "--report",
        "text=r/a.txt",
        "--report",
        "markdown=r/a.md",
    ]);
    run.ok();
    let report = dir.json("r/a.json");
    assert_eq!(report["schema_version"], 1);
    let members = members(&report);
    assert_eq!(members.len(), 3);

    let csv = dir.read("r/a.csv");
    let mut csv = csv::Reader::from_reader(&csv[..]);
    let headers = csv.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = csv.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), members.len());
    for (row, (group, member)) in rows.iter().zip(&members) {
        let cell = |name: &str| row[headers.iter().position(|h| h == name).unwrap()].to_owned();
        assert_eq!(cell("unit"), group["unit"].as_str().unwrap());
        assert_eq!(cell("kind"), member["kind"].as_str().unwrap());
        assert_eq!(cell("document"), member["document"].as_str().unwrap());
        assert_eq!(cell("keeper_document"), group["keeper"]["document"].as_str().unwrap());
        assert_eq!(cell("excerpt"), member["excerpt"].as_str().unwrap());
        assert_eq!([cell("byte_start"), cell("byte_end")], [0, 1].map(|i| member["bytes"][i].to_string()));
        assert_eq!([cell("char_start"), cell("char_end")], [0, 1].map(|i| member["chars"][i].to_string()));
        let similarity = member["similarity"].as_f64().unwrap();
        assert!((cell("similarity").parse::<f64>().unwrap() - similarity).abs() < 1e-4);
    }

    let text = dir.text("r/a.txt");
    let removed_lines = text.lines().filter(|line| line.starts_with("    removed  ")).count();
    let group_lines = text.lines().filter(|line| line.starts_with("    kept     ")).count();
    assert_eq!((removed_lines, group_lines), (members.len(), report["groups"].as_array().unwrap().len()));
    assert!(!text.contains('\u{1b}'), "no colour in files");

    let markdown = dir.text("r/a.md");
    assert!(markdown.starts_with("# unecho"));
    let documents = &report["totals"]["documents"];
    assert!(markdown.contains(&format!("| read | {} |", documents["read"])), "{markdown}");
    // every row of a table has as many cells as its head, whatever the text in it
    for table in markdown.split("\n\n").filter(|part| part.starts_with('|')) {
        let cells = |row: &str| row.replace("\\|", "").matches('|').count();
        let rows: Vec<usize> = table.lines().map(cells).collect();
        assert!(rows.iter().all(|n| *n == rows[0]), "{table}");
    }
    assert!(!markdown.contains("<b>"), "text is not markup: {markdown}");
}

#[test]
fn the_totals_add_up_and_agree_with_the_groups() {
    let dir = Dir::new();
    corpus(&dir);
    let report = dir.run(&["scan", "in.jsonl", "--report", "json=-"]).ok().json();
    let number = |value: &Value| value.as_u64().unwrap();
    for totals in [&report["totals"], &report["sources"][0]] {
        let (documents, bytes, tokens) = (&totals["documents"], &totals["bytes"], &totals["tokens"]);
        let fates = ["kept", "edited", "removed", "emptied"].map(|fate| number(&documents[fate]));
        assert_eq!(number(&documents["read"]), fates.iter().sum::<u64>());
        assert_eq!(fates, [2, 2, 1, 0]);
        assert_eq!(
            number(&bytes["read"]),
            ["kept", "removed", "rejected"].map(|b| number(&bytes[b])).iter().sum::<u64>()
        );
        assert_eq!(number(&tokens["read"]), number(&tokens["kept"]) + number(&tokens["removed"]));
    }
    let segments = report["totals"]["segments"].as_array().unwrap();
    let repeats: u64 = segments.iter().map(|s| number(&s["exact"]) + number(&s["near"])).sum();
    let groups: u64 = segments.iter().map(|s| number(&s["groups"])).sum();
    assert_eq!((repeats, groups), (members(&report).len() as u64, report["groups"].as_array().unwrap().len() as u64));
    let histogram = |name: &str| -> u64 {
        report["histograms"][name].as_array().unwrap().iter().map(|bin| number(&bin["count"])).sum()
    };
    assert_eq!((histogram("similarity"), histogram("group_size")), (repeats, groups));
    assert_eq!(report["most_repeated"][0]["copies"], 3);
    assert!(report["run"]["options"]["similarity"] == 0.8 && report["run"]["options"]["lsh"]["bands"] == 18);
    assert!(report["sources"][0]["digest"].as_str().unwrap().starts_with("xxh3-128:"));
    assert!(report["measured"]["seconds"].as_f64().unwrap() > 0.0);
}

#[test]
fn byte_and_character_offsets_point_to_the_same_text() {
    let dir = Dir::new();
    let texts = corpus(&dir);
    let report = dir.run(&["scan", "in.jsonl", "--report", "json=-"]).ok().json();
    for (group, member) in members(&report) {
        for place in [member, &group["keeper"]] {
            let (_, text) = texts.iter().find(|(id, _)| id == place["document"].as_str().unwrap()).unwrap();
            let range = |name: &str| [0, 1].map(|i| place[name][i].as_u64().unwrap() as usize);
            let ([b0, b1], [c0, c1]) = (range("bytes"), range("chars"));
            let by_chars: String = text.chars().skip(c0).take(c1 - c0).collect();
            assert_eq!(text[b0..b1], by_chars);
            assert_eq!(place["text_line"].as_u64().unwrap() as usize, 1 + text[..b0].matches('\n').count());
            let shown: String = place["excerpt"].as_str().unwrap().chars().take(20).collect();
            let flat = by_chars.replace('\n', " ");
            assert!(flat.starts_with(&shown), "{shown:?} is not the beginning of {flat:?}");
            assert_eq!(place["line"], place["record"], "one record a line");
        }
    }
}

#[test]
fn lines_of_text_files_are_lines_of_the_file() {
    let dir = Dir::new();
    let said = words("said", 20);
    dir.write("in.txt", format!("\u{feff}ü\r\n\r\n{said}\r\nx\n{said}\n"));
    let report = dir.run(&["scan", "in.txt", "--report", "json=-"]).ok().json();
    let group = &report["groups"][0];
    assert_eq!((&group["keeper"]["line"], &group["members"][0]["line"]), (&3.into(), &5.into()));
}

#[test]
fn a_plain_summary_has_no_colour_and_colour_can_be_forced_or_forbidden() {
    let dir = Dir::new();
    corpus(&dir);
    let colours = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = dir.command(&[&["scan", "in.jsonl"], args].concat());
        command.envs(env.iter().copied());
        let output = command.output().unwrap();
        assert!(output.status.success());
        output.stdout.contains(&0x1b)
    };
    assert!(!colours(&[], &[]), "a pipe is not a terminal");
    assert!(colours(&["--color", "always"], &[]));
    assert!(!colours(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
    assert!(!colours(&[], &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")]));
    assert!(colours(&["--color", "always"], &[("NO_COLOR", "1")]), "what was asked for goes before NO_COLOR");
}

#[test]
fn a_report_on_standard_output_stands_alone_there() {
    let dir = Dir::new();
    corpus(&dir);
    for format in ["json", "csv", "text", "markdown"] {
        let file = format!("{format}=r.{format}");
        dir.run(&["scan", "in.jsonl", "--report", &file, "--progress", "never"]).ok();
        let run = dir.run(&["scan", "in.jsonl", "--report", &format!("{format}=-"), "--color", "always"]).ok();
        if format != "json" {
            assert_eq!(run.out(), dir.text(&format!("r.{format}")));
        } else {
            assert_eq!(run.json()["groups"], dir.json("r.json")["groups"]);
        }
    }
    let verbose = dir.run(&["scan", "in.jsonl", "-v", "--report", "json=-", "--progress", "always"]).ok();
    assert!(verbose.json()["groups"].is_array(), "bars and remarks go to standard error");
}

#[test]
fn a_report_of_nothing_is_a_report() {
    let dir = Dir::new();
    dir.write("in.txt", words("w", 30));
    let run = dir
        .run(&["scan", "in.txt", "--report", "json=r.json", "--report", "csv=r.csv", "--report", "markdown=r.md"])
        .ok();
    assert!(run.out().contains("nothing that is said twice"), "{run}");
    assert_eq!(dir.json("r.json")["groups"].as_array().unwrap().len(), 0);
    assert_eq!(dir.text("r.csv").lines().count(), 1, "the header");
    assert!(dir.text("r.md").starts_with("# unecho: 0.0 % removed"));
}
