//! The reports for continuous integration are what their specifications say, and point at the right place.

use serde_json::Value;

use super::common::{Dir, record, words};
use super::schema::assert_valid;

/// Files with repeats whose names and texts hold whatever the formats give a meaning to.
fn corpus() -> Dir {
    let dir = Dir::new();
    let said = format!("Ü🙂 said: [link](9), <b>50 %</b> \"quoted\" & 'ticked' {}", words("said", 12));
    dir.write("docs/a.md", format!("Short\n{said}\n{}\n", words("own", 12)));
    dir.write("docs/b,c: 50%.md", format!("🙂 head\r\n\r\n{said}\r\n{}\r\n", words("other", 12)));
    dir.write("docs/copy.md", format!("{}\n{} changed\n", words("third", 12), said));
    dir.write("docs/whole.md", format!("{}\n{}\n", words("whole", 15), words("second", 15)));
    dir.write("docs/whole2.md", format!("{}\n{}\n", words("whole", 15), words("second", 15)));
    dir.write("docs/data.jsonl", record("x", &words("json", 20)) + &record("é\"🙂", &format!("tête\n{said}")));
    dir
}

/// What `check` writes in one format; it fails or not.
fn checked(dir: &Dir, args: &[&str], format: &str) -> String {
    dir.run(&[&["check", "docs", "--report", &format!("{format}=-")], args].concat()).out()
}

/// The report in one format.
fn report(dir: &Dir, format: &str) -> String {
    dir.run(&["scan", "./docs", "--report", &format!("{format}=-"), "--progress", "never"]).ok().out()
}

fn json(dir: &Dir, format: &str) -> Value {
    serde_json::from_str(&report(dir, format)).unwrap()
}

/// Every repeat as the JSON report has it, with its keeper.
fn repeats(dir: &Dir) -> Vec<(Value, Value)> {
    let report = json(dir, "json");
    let groups = report["groups"].as_array().unwrap().iter();
    let members =
        |g: &Value| g["members"].as_array().unwrap().iter().map(|m| (m.clone(), g["keeper"].clone())).collect();
    groups.flat_map(|g| -> Vec<(Value, Value)> { members(g) }).collect()
}

/// What a file holds between two places, the columns counted by `width`.
fn between(text: &str, start: [u64; 2], end: [u64; 2], width: fn(char) -> usize) -> String {
    let offset = |[line, column]: [u64; 2]| {
        let start: usize = text.split_inclusive('\n').take(line as usize - 1).map(str::len).sum();
        let mut left = column as usize - 1;
        let before = text[start..].chars().take_while(|c| {
            let fits = left > 0;
            left = left.saturating_sub(width(*c));
            fits
        });
        start + before.map(char::len_utf8).sum::<usize>()
    };
    text[offset(start)..offset(end)].to_owned()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn the_json_report_gives_lines_and_columns_of_the_file_in_characters() {
    let dir = corpus();
    let repeats = repeats(&dir);
    assert_eq!(repeats.len(), 4);
    for (member, keeper) in &repeats {
        for place in [member, keeper] {
            let text = dir.text(&place["source"].as_str().unwrap()[2..]);
            let at = |line: &str, column: &str| [number(&place[line]), number(&place[column])];
            let found = between(&text, at("line", "column"), at("end_line", "end_column"), |_| 1);
            let begins: String = place["excerpt"].as_str().unwrap().chars().take(8).collect();
            assert!(found.replace("\\\"", "\"").starts_with(&begins), "{found:?} begins with {begins:?}");
            let length = number(&place["chars"][1]) - number(&place["chars"][0]);
            assert_eq!(found.replace("\\\"", "\"").chars().count() as u64, length, "{found:?}");
        }
    }
}

#[test]
fn sarif_is_valid_and_its_regions_hold_the_repeats_in_utf_16() {
    let dir = corpus();
    let sarif = json(&dir, "sarif");
    assert_valid(include_str!("../schemas/sarif-2.1.0.json"), &sarif);
    let run = &sarif["runs"][0];
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    let results = run["results"].as_array().unwrap();
    assert_eq!(results.len(), repeats(&dir).len());
    let rules: Vec<&Value> = run["tool"]["driver"]["rules"].as_array().unwrap().iter().map(|r| &r["id"]).collect();
    for result in results {
        assert!(rules.contains(&&result["ruleId"]), "{result}");
        let place = &result["locations"][0]["physicalLocation"];
        let uri = place["artifactLocation"]["uri"].as_str().unwrap();
        let path = uri.replace("%2C", ",").replace("%3A", ":").replace("%20", " ").replace("%25", "%");
        let (text, region) = (dir.text(&path), &place["region"]);
        let end_column = region["endColumn"].as_u64().unwrap_or_else(|| {
            let line = text.lines().nth(number(&region["endLine"]) as usize - 1).unwrap();
            line.encode_utf16().count() as u64 + 1
        });
        let start = [number(&region["startLine"]), number(&region["startColumn"])];
        let found = between(&text, start, [number(&region["endLine"]), end_column], char::len_utf16);
        assert!(found.starts_with("Ü🙂 said") || found.starts_with("whole0 "), "{found:?}");
        assert!(found.ends_with("said11") || found.ends_with("changed") || found.ends_with("second14"), "{found:?}");
        let message = result["message"]["text"].as_str().unwrap();
        assert!(message.contains("](1)") && result["relatedLocations"][0]["id"] == 1, "{message}");
        assert!(!message.contains("[link](9)"), "text of the corpus makes no links: {message}");
    }
}

#[test]
fn a_repeat_is_named_with_the_copy_that_stays() {
    let dir = corpus();
    let sarif = json(&dir, "sarif");
    let uri = |place: &Value| place["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap().to_owned();
    let results = sarif["runs"][0]["results"].as_array().unwrap();
    let pairs: Vec<_> = results.iter().map(|r| (uri(&r["locations"][0]), uri(&r["relatedLocations"][0]))).collect();
    assert!(pairs.contains(&("docs/whole2.md".to_owned(), "docs/whole.md".to_owned())), "{pairs:?}");
    assert!(pairs.contains(&("docs/b%2Cc%3A%2050%25.md".to_owned(), "docs/a.md".to_owned())), "{pairs:?}");
    assert_eq!(pairs[0].0, "docs/whole2.md", "the longest first");
}

/// Fingerprints by the file that they are in.
fn fingerprints(dir: &Dir) -> Vec<(String, String)> {
    let issues = json(dir, "gitlab");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let of_issue = |issue: &Value| (text(&issue["location"]["path"]), text(&issue["fingerprint"]));
    let mut prints: Vec<_> = issues.as_array().unwrap().iter().map(of_issue).collect();
    prints.sort();
    prints
}

#[test]
fn fingerprints_are_unique_and_outlive_text_that_moves_inside_its_file() {
    let dir = corpus();
    let said = words("again", 12);
    dir.write("docs/twice.md", format!("{said}\nmore\n{said}\nmore\n{said}\n"));
    let before = fingerprints(&dir);
    let mut unique: Vec<&String> = before.iter().map(|(_, print)| print).collect();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), before.len());
    for file in ["docs/twice.md", "docs/copy.md", "docs/a.md"] {
        let text = format!("A new first line.\n{}", dir.text(file));
        dir.write(file, text);
    }
    assert_eq!(fingerprints(&dir), before);
}

#[test]
fn sarif_and_gitlab_know_a_finding_by_the_same_fingerprint() {
    let dir = corpus();
    let sarif = json(&dir, "sarif");
    let prints = |name: &str| -> Vec<String> {
        let results = sarif["runs"][0]["results"].as_array().unwrap().iter();
        let mut prints: Vec<String> =
            results.map(|r| r["partialFingerprints"][name].as_str().unwrap().to_owned()).collect();
        prints.sort();
        prints
    };
    let mut gitlab: Vec<String> = fingerprints(&dir).into_iter().map(|(_, print)| print).collect();
    gitlab.sort();
    assert_eq!((prints("unecho/v1"), prints("primaryLocationLineHash")), (gitlab.clone(), gitlab));
}

#[test]
fn the_gitlab_report_is_what_its_documentation_says() {
    let dir = corpus();
    let issues = json(&dir, "gitlab");
    assert_valid(include_str!("../schemas/gitlab-code-quality.json"), &issues);
    let lines = |path: &str| {
        let issue = issues.as_array().unwrap().iter().find(|i| i["location"]["path"] == path).unwrap();
        ["begin", "end"].map(|at| number(&issue["location"]["lines"][at]))
    };
    assert_eq!(lines("docs/b,c: 50%.md"), [3, 3]);
    assert_eq!(lines("docs/whole2.md"), [1, 2], "a document ends on its last line");
    assert_eq!(lines("docs/data.jsonl"), [2, 2], "the line of the record");
}

#[test]
fn rdjson_is_what_its_definition_says_with_columns_in_bytes() {
    let dir = corpus();
    let found = json(&dir, "rdjson");
    assert_valid(include_str!("../schemas/rdjson.json"), &found);
    for diagnostic in found["diagnostics"].as_array().unwrap() {
        let location = &diagnostic["location"];
        let text = dir.text(location["path"].as_str().unwrap());
        let at = |end: &str| ["line", "column"].map(|part| number(&location["range"][end][part]));
        let found = between(&text, at("start"), at("end"), char::len_utf8);
        assert!(found.starts_with("Ü🙂 said") || found.starts_with("whole0 "), "{found:?}");
        assert!(found.ends_with("said11") || found.ends_with("changed") || found.ends_with("second14\n"), "{found:?}");
    }
}

#[test]
fn junit_has_a_test_for_each_file_and_a_failure_where_something_repeats() {
    let dir = corpus();
    let xml = report(&dir, "junit");
    let document = roxmltree::Document::parse(&xml).unwrap();
    let suites = document.root_element();
    let suite = suites.first_element_child().unwrap();
    for element in [suites, suite] {
        assert_eq!((element.attribute("tests"), element.attribute("failures")), (Some("6"), Some("4")));
    }
    assert_eq!((suites.tag_name().name(), suite.tag_name().name()), ("testsuites", "testsuite"));
    let cases: Vec<_> = suite.children().filter(roxmltree::Node::is_element).collect();
    let failed: Vec<_> = cases.iter().filter(|case| case.first_element_child().is_some()).collect();
    assert_eq!((cases.len(), failed.len()), (6, 4));
    assert!(cases.iter().all(|case| case.tag_name().name() == "testcase" && case.has_attribute("classname")));
    let case = failed.iter().find(|case| case.attribute("name") == Some("docs/b,c: 50%.md")).unwrap();
    assert_eq!(case.attribute("line"), Some("3"));
    let failure = case.first_element_child().unwrap();
    assert_eq!((failure.tag_name().name(), failure.attribute("message")), ("failure", Some("1 repeat")));
    let text = failure.text().unwrap();
    assert!(text.contains("docs/b,c: 50%.md:3:1") && text.contains("docs/a.md:2:1") && text.contains("<b>"), "{text}");
}

#[test]
fn text_that_xml_does_not_allow_does_not_break_junit() {
    let dir = Dir::new();
    let said = format!("{} \u{1}\u{fffe} ]]> {}", words("w", 6), words("v", 8));
    dir.write("docs/a.txt", &said).write("docs/b.txt", &said);
    let xml = report(&dir, "junit");
    roxmltree::Document::parse(&xml).unwrap();
}

/// The parts of a workflow command: its properties and its message, unescaped.
fn command(line: &str) -> (Vec<(String, String)>, String) {
    let plain = |text: &str| {
        let text = text.replace("%3A", ":").replace("%2C", ",").replace("%0A", "\n").replace("%0D", "\r");
        text.replace("%25", "%")
    };
    let (properties, message) = line.strip_prefix("::warning ").unwrap().split_once("::").unwrap();
    let pair = |property: &str| {
        let (name, value) = property.split_once('=').unwrap();
        (name.to_owned(), plain(value))
    };
    (properties.split(',').map(pair).collect(), plain(message))
}

#[test]
fn github_gets_ten_annotations_at_most_the_longest_first_and_nothing_breaks_out_of_them() {
    let dir = corpus();
    let out = report(&dir, "github");
    let commands: Vec<_> = out.lines().filter(|line| line.starts_with("::")).map(command).collect();
    assert_eq!(commands.len(), 4);
    let of = |file: &str| {
        let is = |c: &&(Vec<(String, String)>, String)| c.0.contains(&("file".to_owned(), file.to_owned()));
        commands.iter().find(is).unwrap_or_else(|| panic!("{file} is not in {out}"))
    };
    let (properties, message) = of("docs/b,c: 50%.md");
    let value = |name: &str| properties.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    assert_eq!((value("line"), value("col"), value("title")), (Some("3"), Some("1"), Some("Repeated paragraph")));
    assert!(message.contains("docs/a.md:2:1") && message.contains("50 %"), "{message}");
    let (whole, _) = of("docs/whole2.md");
    assert!(whole.iter().all(|(name, _)| name != "col"), "GitHub takes columns on one line only: {whole:?}");
    assert!(whole.contains(&("endLine".to_owned(), "2".to_owned())));

    let many = Dir::new();
    let paragraphs: String = (0..25).map(|i| words(&format!("p{i}w"), 11 + i) + "\n").collect();
    many.write("docs/a.md", &paragraphs).write("docs/b.md", format!("{paragraphs}{}\n", words("rest", 400)));
    let out = report(&many, "github");
    let lengths: Vec<u64> = out
        .lines()
        .filter(|line| line.starts_with("::warning"))
        .map(|line| line.split(" tokens").next().unwrap().rsplit(' ').next().unwrap().parse().unwrap())
        .collect();
    assert_eq!(lengths, (26..36).rev().collect::<Vec<u64>>());
    assert!(out.contains("25 repeats"), "{out}");
}

#[test]
fn findings_are_errors_where_a_gate_fails_and_warnings_where_all_hold() {
    let dir = corpus();
    let (failing, holding) = (&["--max-groups", "1"][..], &["--max-groups", "50"][..]);
    let github = checked(&dir, failing, "github");
    assert!(github.starts_with("::error title=unecho::max-groups: 2 groups, limit 1\n"), "{github}");
    assert_eq!(github.matches("::error file=").count(), 4);
    let github = checked(&dir, holding, "github");
    assert_eq!((github.matches("::error").count(), github.matches("::warning file=").count()), (0, 4));

    let json = |args: &[&str], format: &str| -> Value { serde_json::from_str(&checked(&dir, args, format)).unwrap() };
    for (args, level, severity) in [(failing, "error", "major"), (holding, "warning", "minor")] {
        let sarif = json(args, "sarif");
        assert_valid(include_str!("../schemas/sarif-2.1.0.json"), &sarif);
        let result = &sarif["runs"][0]["results"][0];
        assert_eq!((&result["level"], &result["baselineState"]), (&level.into(), &"new".into()));
        assert_eq!(json(args, "gitlab")[0]["severity"], severity);
        assert_eq!(json(args, "rdjson")["diagnostics"][0]["severity"], level.to_uppercase());
        let markdown = checked(&dir, args, "markdown");
        assert!(markdown.starts_with(if level == "error" { "# unecho: failed" } else { "# unecho: passed" }));
        let junit = checked(&dir, args, "junit");
        let document = roxmltree::Document::parse(&junit).unwrap();
        let failures = document.descendants().filter(|node| node.has_tag_name("failure")).count();
        assert_eq!(failures, if level == "error" { 5 } else { 0 }, "{junit}");
        assert!(junit.contains("name=\"max-groups\""), "{junit}");
    }
}

#[test]
fn the_summary_of_a_github_step_gets_the_markdown_report_added() {
    let dir = corpus();
    dir.write("summary.md", "from an earlier step\n");
    let mut command = dir.command(&["scan", "docs", "--report", "github=-"]);
    assert!(command.env("GITHUB_STEP_SUMMARY", dir.path("summary.md")).output().unwrap().status.success());
    let summary = dir.text("summary.md");
    assert!(summary.starts_with("from an earlier step\n# unecho"), "{summary}");
    assert!(summary.contains("| `docs/whole2.md:1:1` | document |"), "{summary}");
    dir.run(&["scan", "docs", "--report", "sarif=x.sarif"]).ok();
    assert_eq!(dir.text("summary.md"), summary, "only with a report for GitHub");
}

#[test]
fn a_corpus_without_repeats_gives_valid_reports_without_findings() {
    let dir = Dir::new();
    dir.write("docs/a.md", words("w", 30));
    let sarif = json(&dir, "sarif");
    assert_valid(include_str!("../schemas/sarif-2.1.0.json"), &sarif);
    assert_eq!(sarif["runs"][0]["results"], serde_json::json!([]));
    assert_eq!(json(&dir, "gitlab"), serde_json::json!([]));
    assert_valid(include_str!("../schemas/rdjson.json"), &json(&dir, "rdjson"));
    let junit = report(&dir, "junit");
    assert!(!junit.contains("<failure") && junit.contains("failures=\"0\""), "{junit}");
    assert!(!report(&dir, "github").contains("::"));
}

#[test]
fn more_repeats_than_github_shows_are_counted_in_the_sarif_report() {
    let dir = Dir::new();
    let lines: String = (0..2600).map(|i| format!("{}\n", words(&format!("l{i}w"), 10))).collect();
    dir.write("docs/a.txt", format!("{lines}{lines}{lines}"));
    let sarif = json(&dir, "sarif");
    let run = &sarif["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 5000);
    let note = &run["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"];
    assert!(note.as_str().unwrap().starts_with("200 shorter repeats"), "{note}");
}
