//! `unecho check`: gates and exit codes, on the docs of an invented repository.

use serde_json::json;

use super::common::{Dir, Run, words};

/// The docs of a kiln controller: two pages share a paragraph of 30 words, one page is a copy of another.
fn docs() -> Dir {
    let dir = Dir::new();
    let warning = words("warning", 30);
    dir.write("docs/install.md", format!("# Install\n\n{warning}\n\n{}\n", words("install", 70)));
    dir.write("docs/operate.md", format!("# Operate\n\n{}\n\n{warning}\n", words("operate", 70)));
    dir.write("docs/errors.md", format!("# Errors\n\n{}\n", words("error", 98)));
    dir.write("docs/old/errors.md", format!("# Errors\n\n{}\n", words("error", 98)));
    dir
}

#[track_caller]
fn ends(run: Run, code: i32) -> Run {
    assert_eq!(run.code, Some(code), "{run}");
    run
}

#[test]
fn each_gate_fails_above_its_limit_and_holds_at_it() {
    let dir = docs();
    // of 400 tokens, 129 repeat something: 99 in old/errors.md, and 30 of the 101 in operate.md
    for (gate, holds, fails) in [
        ("--max-duplicated", "33%", "32%"),
        ("--max-groups", "2", "1"),
        ("--max-group-size", "2", "1"),
        ("--max-per-source", "100%", "99%"),
    ] {
        let name = gate.trim_start_matches('-');
        let run = ends(dir.run(&["check", "docs", gate, holds]), 0);
        assert!(run.out().contains(&format!("passed   {name}")), "{run}");
        let run = ends(dir.run(&["check", "docs", gate, fails]), 1);
        assert!(run.out().contains(&format!("FAILED   {name}")) && run.out().contains("limit"), "{run}");
        ends(dir.run(&["check", "docs", gate, fails, "--exit-zero"]), 0);
        let other = if gate == "--max-groups" { "--max-group-size" } else { "--max-groups" };
        ends(dir.run(&["check", "docs", other, "99", gate, fails]), 1);
    }
}

#[test]
fn with_no_gate_named_any_finding_fails() {
    let dir = docs();
    let run = ends(dir.run(&["check", "docs"]), 1);
    assert!(run.out().contains("any-finding: 2 repeats, limit 0"), "{run}");
    ends(dir.run(&["check", "docs/install.md"]), 0);
    ends(dir.run(&["check", "docs", "--exit-zero"]), 0);
}

#[test]
fn what_cannot_fail_or_has_nothing_to_check_is_refused() {
    let dir = docs();
    dir.write("empty/a.md", "");
    dir.run(&["check", "empty"]).refused(&["nothing to scan"]);
    dir.run(&["check", "nowhere"]).refused(&["nowhere"]);
    dir.run(&["check", "docs", "--unit", "none"]).refused(&["could never fail"]);
    dir.run(&["check", "docs", "--keep", "none"]).refused(&["--keep none"]);
    dir.run(&["check", "docs", "--max-duplicated", "200%"]).refused(&["max-duplicated"]);
}

#[test]
fn the_report_tells_what_counts_and_the_gates() {
    let dir = docs();
    let run = ends(dir.run(&["check", "docs", "--max-groups", "1", "--report", "json=-"]), 1);
    let report = run.json();
    assert_eq!(report["verdict"]["passed"], false);
    let gate = &report["verdict"]["gates"][0];
    assert_eq!(
        (&gate["gate"], &gate["value"], &gate["limit"]),
        (&"max-groups".into(), &json!({"count": 2}), &json!({"count": 1}))
    );
    assert_eq!(report["groups"][0]["members"][0]["status"], "new");
    run.says(&["FAILED   max-groups"]);
}

#[test]
fn every_report_tells_of_the_gates_or_of_what_counts() {
    let dir = docs();
    let reports = ["--report", "markdown=r.md", "--report", "csv=r.csv", "--report", "text=r.txt"];
    ends(dir.run(&[&["check", "docs", "--max-groups", "1", "--warn", "max-group-size=1"], &reports[..]].concat()), 1);
    let markdown = dir.text("r.md");
    assert!(markdown.starts_with("# unecho: failed"), "{markdown}");
    assert!(markdown.contains("**error** max-groups: 2 groups, limit 1"), "{markdown}");
    assert!(markdown.contains("**warning** max-group-size: 2 copies"), "{markdown}");
    assert!(dir.text("r.csv").lines().skip(1).all(|row| row.ends_with(",new")));
    assert!(dir.text("r.txt").contains("FAILED   max-groups: 2 groups, limit 1"));
}

#[test]
fn a_gate_can_warn_at_a_limit_of_its_own() {
    let dir = docs();
    let run = ends(dir.run(&["check", "docs", "--max-groups", "5", "--warn", "max-groups=1"]), 0);
    assert!(run.out().contains("passed   max-groups") && run.out().contains("warning  max-groups"), "{run}");
    ends(dir.run(&["check", "docs", "--max-groups", "1", "--warn", "max-groups"]), 0);
    ends(dir.run(&["check", "docs", "--warn", "any-finding"]), 0);
    dir.run(&["check", "docs", "--warn", "max-groups"]).refused(&["--warn max-groups=LIMIT"]);
    dir.run(&["check", "docs", "--warn", "max-group=1"]).refused(&["max-group-size"]);
    dir.run(&["check", "docs", "--warn", "max-leak=1"]).refused(&["--against"]);
}

#[test]
fn the_help_names_every_gate_and_the_exit_codes() {
    let help = docs().run(&["check", "--help"]).ok().out();
    for gate in unecho::gate::GateKind::ALL.map(unecho::gate::GateKind::name) {
        assert!(help.contains(gate), "nothing says {gate:?}: {help}");
    }
    assert!(help.contains("Exit codes: 0 all gates hold, 1 a gate failed, 2"), "{help}");
}

#[test]
fn a_reader_that_goes_away_does_not_turn_a_failure_into_a_success() {
    let dir = docs();
    let mut child = dir.spawn(&mut dir.command(&["check", "docs"]));
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// The handbook of a lighthouse, as `docs/check.md` shows it judged.
#[test]
fn the_page_about_check_shows_what_check_prints() {
    let dir = Dir::new();
    let lamp = "The lamp is lit an hour before sunset and put out an hour after sunrise, in every weather and season.";
    dir.write(
        "docs/keepers.md",
        format!(
            "# Keepers\n\n{lamp}\n\nWhoever has the watch winds the clockwork every four hours and writes it down.\n"
        ),
    );
    dir.write(
        "docs/visitors.md",
        format!("# Visitors\n\nThe tower is open from May to September; mind the stairs, they are steep.\n\n{lamp}\n"),
    );
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/check.md");
    let page = std::fs::read_to_string(page).unwrap();
    let shown = page.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let run = ends(dir.run(&["check", "docs/"]), 1);
    assert!(run.out().starts_with(shown), "the page shows\n{shown}\nand {run}");
}
