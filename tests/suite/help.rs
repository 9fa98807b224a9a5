//! The command explains itself.

use super::common::Dir;

#[test]
fn help_has_examples_and_states_defaults_and_the_short_help_is_shorter() {
    let dir = Dir::new();
    for command in ["scan", "clean", "restore", "synth", "plan", "bench"] {
        let (long, short) = (dir.run(&[command, "--help"]).ok(), dir.run(&[command, "-h"]).ok());
        assert!(long.out().contains("Example"), "{long}");
        assert!(long.stderr.is_empty(), "help that was asked for is data: {long}");
        assert!(short.out().lines().count() < long.out().lines().count());
        for line in short.out().lines() {
            assert!(line.chars().count() <= 120, "{line}");
        }
    }
    let long = dir.run(&["clean", "--help"]).ok().out();
    for said in [
        "[default: 0.8]",
        "[default: first]",
        "[default: text]",
        "[default: document,paragraph]",
        "[default: auto]",
        "document=5",
        "document=1",
        "--max-removed <PERCENT>",
        "--force",
        "--protect",
        "numbers come before strings",
    ] {
        assert!(long.contains(said), "nothing says {said:?}: {long}");
    }
    let top = dir.run(&["--help"]).ok().out();
    for said in ["Examples:", "Exit codes", "scan", "clean", "restore", "completions", "man", "130"] {
        assert!(top.contains(said), "nothing says {said:?}: {top}");
    }
}

#[test]
fn the_version_is_that_of_the_crate() {
    let run = Dir::new().run(&["--version"]).ok();
    assert_eq!(run.out(), format!("unecho {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_name_the_commands_for_every_shell() {
    let dir = Dir::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = dir.run(&["completions", shell]).ok().out();
        for word in ["unecho", "clean", "restore", "paragraph-break"] {
            assert!(script.contains(word), "{shell} does not complete {word}");
        }
    }
    dir.run(&["completions", "tcsh"]).refused(&["tcsh", "bash"]);
}

#[test]
fn the_manual_page_is_troff_and_tells_of_every_command() {
    let page = Dir::new().run(&["man"]).ok().out();
    assert!(page.contains(".TH unecho 1") || page.contains(".TH \"unecho\" \"1\""), "{}", &page[..200]);
    for said in ["unecho\\-clean", "unecho\\-scan", "unecho\\-restore", "max\\-removed", "130"] {
        assert!(page.contains(said), "nothing says {said:?}");
    }
}

#[test]
fn the_s_curve_is_explained_without_an_input() {
    let dir = Dir::new();
    let curve = dir.run(&["scan", "--explain-bands"]).ok().out();
    assert!(curve.contains("18 bands × 7 rows") && curve.contains("recall 0.98"), "{curve}");
    let column: Vec<f64> = curve
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace().map(str::parse::<f64>);
            words.next()?.ok()?;
            words.next()?.ok()
        })
        .collect();
    assert!(column.len() >= 10 && column.is_sorted(), "more similar pairs are found more often: {curve}");
    let other = dir.run(&["scan", "--explain-bands", "--similarity", "0.7"]).ok().out();
    assert!(other.contains("25 bands × 5 rows"), "{other}");
    assert!(dir.run(&["scan", "--explain-bands", "--similarity", "1"]).ok().out().contains("no bands"));
}
