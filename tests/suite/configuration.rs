//! Settings come from where they should, in the right order, and what is wrong in them is said with its place.

use super::common::{Dir, Run, record, words};
use super::schema::{assert_valid, faults};

/// Two files that repeat a paragraph of 12 tokens.
fn corpus() -> Dir {
    let dir = Dir::new();
    let said = words("said", 12);
    dir.write("docs/a.md", format!("{said}\n{}\n", words("own", 12)));
    dir.write("docs/b.md", format!("{said}\n{}\n", words("other", 12)));
    dir
}

fn run(dir: &Dir, args: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = dir.command(args);
    Run::new(args, command.envs(variables.iter().copied()).output().unwrap())
}

/// The line of `config show` for a setting.
fn shown(dir: &Dir, name: &str, args: &[&str], variables: &[(&str, &str)]) -> String {
    let out = run(dir, &[&["config", "show"], args].concat(), variables).ok().out();
    let is_it = |line: &&str| line.trim_start_matches("# ").starts_with(&format!("{name} ="));
    let line = out.lines().find(is_it).unwrap_or_else(|| panic!("{name} is not in {out}"));
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn what_is_typed_goes_before_the_environment_that_before_the_file_and_that_before_the_default() {
    let dir = corpus();
    let set = [("UNECHO_SIMILARITY", "0.7")];
    assert_eq!(shown(&dir, "similarity", &["scan", "docs"], &[]), "similarity = 0.8 # default");
    dir.write("unecho.toml", "# settings\nsimilarity = 0.6\n");
    assert_eq!(shown(&dir, "similarity", &["scan", "docs"], &[]), "similarity = 0.6 # unecho.toml:2:1");
    assert_eq!(shown(&dir, "similarity", &["scan", "docs"], &set), "similarity = 0.7 # UNECHO_SIMILARITY");
    let typed = ["scan", "docs", "--similarity", "0.9"];
    assert_eq!(shown(&dir, "similarity", &typed, &set), "similarity = 0.9 # command line");
    assert_eq!(shown(&dir, "similarity", &["scan", "docs", "--isolated"], &[]), "similarity = 0.8 # default");
    for (args, variables, similarity) in
        [(&["scan", "docs"][..], &[][..], 0.6), (&["scan", "docs"], &set[..], 0.7), (&typed[..], &set[..], 0.9)]
    {
        let report = run(&dir, &[args, &["--report", "json=-"]].concat(), variables).ok().json();
        assert_eq!(report["run"]["options"]["similarity"], similarity, "what is shown is what is done");
    }
}

#[test]
fn the_table_of_a_command_goes_before_what_is_said_for_all() {
    let dir = corpus();
    dir.write("unecho.toml", "inputs = [\"docs\"]\nunit = \"line\"\n[command.scan]\nunit = [\"sentence\"]\n");
    assert_eq!(shown(&dir, "unit", &["scan"], &[]), "unit = [\"sentence\"] # unecho.toml:4:1");
    assert_eq!(shown(&dir, "unit", &["check"], &[]), "unit = [\"line\"] # unecho.toml:2:1");
    assert_eq!(dir.run(&["scan", "--report", "json=-"]).ok().json()["run"]["options"]["unit"][0], "sentence");
}

#[test]
fn the_file_is_found_above_the_input_and_not_beyond_the_repository() {
    let dir = corpus();
    dir.write("unecho.toml", "min-tokens = 13\n");
    dir.run(&["check", "docs/a.md", "docs/b.md"]).ok();
    dir.write("docs/.git/HEAD", "");
    assert_eq!(dir.run(&["check", "docs"]).code, Some(1), "a repository of its own has settings of its own");
    dir.write("docs/unecho.toml", "min-tokens = 13\n");
    dir.run(&["check", "docs"]).ok();
    dir.write("other.toml", "min-tokens = 1\n");
    assert_eq!(dir.run(&["check", "docs", "--config", "other.toml"]).code, Some(1));
    assert_eq!(run(&dir, &["check", "docs"], &[("UNECHO_CONFIG", "other.toml")]).code, Some(1));
    dir.run(&["check", "docs", "--config", "missing.toml"]).refused(&["missing.toml"]);
}

#[test]
fn paths_in_the_file_are_taken_from_its_directory() {
    let dir = corpus();
    dir.write("unecho.toml", "inputs = [\"docs\"]\nreport = { json = \"out/r.json\" }\n");
    let mut command = dir.command(&["scan"]);
    let output = command.current_dir(dir.path("docs")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(dir.json("out/r.json")["sources"][0]["source"], "../docs/a.md");
    assert!(!dir.exists("docs/out"));
}

#[test]
fn a_mistake_in_the_file_is_told_with_its_place_and_the_nearest_name() {
    let dir = corpus();
    for (text, words) in [
        ("\nsimilarty = 0.8", &["unecho.toml:2:1", "similarty", "`similarity`"][..]),
        ("similarity = \"high\"", &["unecho.toml:1:14", "similarity", "high"]),
        ("ignore-digits = 1", &["unecho.toml:1:17", "true or false"]),
        ("similarity = [0.8]", &["unecho.toml:1:14", "single value", "list"]),
        ("unit = [\"document\", \"paragraf\"]", &["unecho.toml:1:21", "paragraf", "did you mean `paragraph`"]),
        ("measure = \"jacard\"", &["unecho.toml:1:11", "did you mean `jaccard`"]),
        ("min-tokens = { verse = 3 }", &["unecho.toml:1:24", "verse", "paragraph"]),
        ("# ü\nmin-tokens = { line = 1979-05-27 }", &["unecho.toml:2:23", "date"]),
        ("similarity 0.8", &["unecho.toml:1:"]),
        ("[command.chek]\nunit = \"line\"", &["unecho.toml:1:10", "did you mean `check`"]),
        ("[command.x]\nunit = \"line\"", &["unecho.toml:1:10", "scan, clean, check"]),
        ("[scan]\nunit = \"line\"", &["unecho.toml:1:2", "[command.scan]"]),
        ("qqq = 1", &["unecho.toml:1:1", "unecho config show COMMAND"]),
        ("threads = \"many\"", &["unecho.toml:1:11: `threads`: `many` is not a whole number"]),
        ("[command.scan]\nmax-removed = \"3%\"", &["unecho.toml:2:1", "max-removed"]),
        ("config = \"x\"", &["unecho.toml:1:1", "no setting `config`"]),
        ("[[override]]\nprotect = true", &["unecho.toml:1:1", "files"]),
        ("[[override]]\nfiles = \"a\"\nsimilarity = 0.9", &["unecho.toml:3:1", "same for all sources", "protect"]),
        ("[[override]]\nfiles = \"a\"\nprotct = true", &["unecho.toml:3:1", "`protect`"]),
        ("[[override]]\nfiles = 3", &["unecho.toml:2:9", "glob"]),
        ("quiet = true\nverbose = true", &["unecho.toml", "quiet", "verbose", "exclude each other"]),
    ] {
        dir.write("unecho.toml", text);
        dir.run(&["scan", "docs"]).refused(words);
    }
}

#[test]
fn a_mistake_in_the_environment_is_told_with_the_variable() {
    let dir = corpus();
    run(&dir, &["scan", "docs"], &[("UNECHO_SIMILARTY", "1")]).refused(&["UNECHO_SIMILARTY", "`UNECHO_SIMILARITY`"]);
    run(&dir, &["scan", "docs"], &[("UNECHO_UNIT", "verse")]).refused(&["UNECHO_UNIT", "verse", "paragraph"]);
    run(&dir, &["scan", "docs"], &[("UNECHO_HIDDEN", "yes")]).refused(&["UNECHO_HIDDEN", "true nor false"]);
    run(&dir, &["scan", "docs"], &[("UNECHO_MAX_GROUPS", "3")]).ok();
}

#[test]
fn lists_flags_and_inputs_can_be_set_in_the_environment() {
    let dir = corpus();
    let set = [("UNECHO_INPUTS", "docs/a.md\ndocs/b.md"), ("UNECHO_UNIT", "line,sentence"), ("UNECHO_HIDDEN", "true")];
    let report = run(&dir, &["scan", "--report", "json=-"], &set).ok().json();
    assert_eq!(report["sources"].as_array().unwrap().len(), 2);
    assert_eq!(report["run"]["options"]["unit"], serde_json::json!(["line", "sentence"]));
    dir.write("unecho.toml", "hidden = true\n");
    assert!(shown(&dir, "hidden", &["scan"], &[]).starts_with("hidden = true"));
    assert!(shown(&dir, "hidden", &["scan"], &[("UNECHO_HIDDEN", "false")]).starts_with("hidden = false"));
}

#[test]
fn what_excludes_a_setting_goes_before_it_where_it_is_typed() {
    let dir = corpus();
    dir.write("unecho.toml", "verbose = true\n");
    assert!(dir.run(&["scan", "docs"]).ok().out().contains("peak memory"));
    let quiet = dir.run(&["scan", "docs", "--quiet"]).ok();
    assert!(!quiet.out().contains("peak memory"), "{quiet}");
}

#[test]
fn what_a_command_requires_can_stand_in_the_file() {
    let dir = corpus();
    dir.write("unecho.toml", "inputs = \"docs\"\n[command.clean]\noutput = \"cleaned\"\n");
    dir.run(&["clean"]).ok();
    assert!(dir.exists("cleaned/a.md"));
    dir.write("unecho.toml", "inputs = \"docs\"\n");
    dir.run(&["clean"]).refused(&["--output"]);
}

#[test]
fn overrides_leave_sources_out_protect_and_prefer_them() {
    let dir = corpus();
    let removed = |text: &str| {
        dir.write("unecho.toml", text);
        let report = dir.run(&["scan", "docs", "--report", "json=-"]).ok().json();
        let groups = report["groups"].as_array().unwrap().iter();
        let sources = groups.map(|group| group["members"][0]["source"].as_str().unwrap().to_owned());
        sources.collect::<Vec<_>>()
    };
    assert_eq!(removed(""), ["docs/b.md"]);
    assert_eq!(removed("[[override]]\nfiles = \"b.md\"\nprotect = true\n"), ["docs/a.md"]);
    assert_eq!(removed("[[override]]\nfiles = [\"b.*\"]\nprefer = true\n"), ["docs/a.md"]);
    assert_eq!(removed("[[override]]\nfiles = [\"b.*\"]\nprefer = false\n"), ["docs/b.md"]);
    assert_eq!(removed("[[override]]\nfiles = \"b.md\"\nexclude = true\n"), Vec::<String>::new());
    let both = "protect = [\"a.md\"]\n[[override]]\nfiles = \"b.md\"\nprotect = true\n";
    assert_eq!(removed(both), Vec::<String>::new(), "an override adds to what is said for all");
}

#[test]
fn the_schema_is_in_step_with_the_options_and_tells_right_from_wrong() {
    let dir = Dir::new();
    let printed = dir.run(&["config", "schema"]).ok().out();
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/unecho.schema.json");
    let shipped = std::fs::read_to_string(shipped).unwrap();
    assert!(printed == shipped, "remedy: cargo run -- config schema > docs/unecho.schema.json");
    let schema: serde_json::Value = serde_json::from_str(&printed).unwrap();
    for command in ["scan", "check", "clean", "restore"] {
        let help = dir.run(&[command, "--help"]).ok().out();
        let options = help
            .lines()
            .filter_map(|line| line.trim_start().split("--").nth(1).filter(|_| line.trim_start().starts_with('-')));
        for option in options.map(|o| o.split([' ', '[', ',']).next().unwrap().trim()) {
            let known = ["help", "version", "config", "isolated", "status"].contains(&option);
            let place = &schema["properties"]["command"]["properties"][command]["properties"][option];
            assert!(known || place.is_object(), "{command} --{option} is not in the schema");
        }
    }
    let json = |text: &str| serde_json::from_str(text).unwrap();
    assert_valid(
        &shipped,
        &json(
            r#"{"inputs": ["docs"], "similarity": 0.9, "unit": "line", "min-tokens": {"paragraph": 3}, "hidden": true,
                "command": {"check": {"max-duplicated": "2%"}}, "override": [{"files": "a", "protect": true}]}"#,
        ),
    );
    for wrong in
        [r#"{"similarty": 1}"#, r#"{"hidden": "yes"}"#, r#"{"unit": "verse"}"#, r#"{"override": [{"protect": true}]}"#]
    {
        assert!(!faults(&shipped, &json(wrong)).is_empty(), "{wrong}");
    }
}

#[test]
fn init_looks_at_the_corpus_and_check_passes_with_what_it_writes() {
    let dir = corpus();
    assert_eq!(dir.run(&["check", "docs"]).code, Some(1));
    dir.run(&["init", "docs"]).ok().says(&["unecho.toml"]);
    let text = dir.text("unecho.toml");
    assert!(text.contains("inputs = [\"docs\"]") && text.contains("2 documents in 2 files"), "{text}");
    assert!(text.contains("max-duplicated = \"25%\""), "{text}");
    dir.run(&["check"]).ok();
    dir.run(&["init", "docs"]).refused(&["unecho.toml", "--force"]);
    dir.run(&["init", "docs", "--force"]).ok();
    dir.write("docs/c.md", words("said", 12));
    assert_eq!(dir.run(&["check"]).code, Some(1), "more than there was");
}

#[test]
fn init_finds_the_field_with_the_text() {
    let dir = Dir::new();
    let line = |id: u32| record(id, &words(&format!("w{id}v"), 20)).replace("\"text\"", "\"body\"");
    dir.write("data.jsonl", (0..5).map(line).collect::<String>());
    dir.run(&["init", "data.jsonl"]).ok();
    assert!(dir.text("unecho.toml").contains("\ntext-field = \"body\""), "{}", dir.text("unecho.toml"));
    dir.run(&["check"]).ok();
}

#[test]
fn what_show_prints_can_stand_in_the_file() {
    let dir = corpus();
    dir.write("unecho.toml", "min-tokens = [\"paragraph=11\", \"line=4\"]\nexclude = [\"a \\\"b\\\"\\\\\"]\n");
    let printed = dir.run(&["config", "show", "scan", "docs", "--similarity", "0.75"]).ok().out();
    dir.write("unecho.toml", &printed);
    let settings = |text: &str| -> Vec<String> {
        let line = |line: &str| line.split("  #").next().unwrap().trim().to_owned();
        text.lines().filter(|line| !line.starts_with('#')).map(line).collect()
    };
    let again = dir.run(&["config", "show", "scan"]).ok().out();
    assert_eq!(settings(&again), settings(&printed));
}
