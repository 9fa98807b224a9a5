//! The page on continuous integration is right: its shell blocks run as they stand there.

use std::path::Path;
use std::process::Command;

use super::common::{Dir, tell};

/// The shell blocks of a page, in order.
fn blocks(page: &str) -> Vec<&str> {
    page.split("\n```sh\n").skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

/// Runs a script in bash, with the unecho of this build before all others.
fn bash(dir: &Dir, script: &str, variables: &[(&str, &str)]) -> Option<std::process::Output> {
    let binary = Path::new(env!("CARGO_BIN_EXE_unecho")).parent().unwrap();
    let path = std::env::join_paths(
        [binary.to_owned()].into_iter().chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let mut command = Command::new("bash");
    command.args(["-euo", "pipefail", "-c", script]).current_dir(dir.path("")).env("PATH", path.unwrap());
    command.env_remove("GITHUB_STEP_SUMMARY").env_remove("GITHUB_OUTPUT").envs(variables.iter().copied());
    match command.output() {
        Ok(output) => Some(output),
        Err(_) => {
            tell("skipped: there is no bash");
            None
        }
    }
}

fn root(name: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name).display().to_string()
}

#[test]
fn five_minutes_are_as_the_page_says() {
    let dir = Dir::new();
    let page = include_str!("../../docs/ci.md");
    let blocks = blocks(page);
    assert!(blocks.len() >= 7, "the page has {} blocks", blocks.len());
    let Some(output) = bash(&dir, &blocks.join("\n"), &[]) else { return };
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("exit code 1"), "a repeat fails where no limit is named: {out}");
    assert!(out.contains("::warning file=docs/install.md") || out.contains("::warning file=docs/faq.md"), "{out}");
    for file in ["unecho.toml", "unecho.sarif", "unecho.md", "gl-unecho.json", "unecho-junit.xml"] {
        assert!(dir.exists(&format!("sample/{file}")), "{file} is not there");
    }
}

#[test]
fn the_action_passes_fails_and_refuses_as_check_does_and_tells_its_outputs() {
    let dir = Dir::new();
    let said = "one two three four five six seven eight nine ten eleven twelve";
    dir.write("docs/a b.md", format!("{said}\nalpha\n")).write("docs/c.md", format!("{said}\nbeta\n"));
    let output_file = dir.path("outputs").display().to_string();
    let script = format!("bash '{}'", root(".ci/action"));
    let run = |variables: &[(&str, &str)]| {
        std::fs::write(&output_file, "").unwrap();
        let all = [variables, &[("GITHUB_OUTPUT", output_file.as_str()), ("REPORTS", "r")]].concat();
        bash(&dir, &script, &all)
            .map(|output| (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned()))
    };
    let Some((code, out)) = run(&[("PATHS", "docs/a b.md\ndocs/c.md\n")]) else { return };
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("::error file=docs/c.md,line=1"), "{out}");
    assert_eq!(dir.text("outputs").lines().take(2).collect::<Vec<_>>(), ["result=failed", "repeats=1"]);
    assert!(dir.text("outputs").contains("sarif=r/unecho.sarif") && dir.exists("r/unecho.sarif"));
    let (code, out) = run(&[("PATHS", "docs"), ("ARGS", "--max-groups=1\n\n--similarity=0.9")]).unwrap();
    assert_eq!(code, Some(0), "{out}");
    assert!(dir.text("outputs").starts_with("result=passed\nrepeats=1\n"), "{}", dir.text("outputs"));
    assert_eq!(run(&[("PATHS", "missing")]).unwrap().0, Some(2));
    assert_eq!(run(&[]).unwrap().0, Some(2), "no input, and no unecho.toml that names one");
    dir.write("unecho.toml", "inputs = [\"docs\"]\n");
    assert_eq!(run(&[]).unwrap().0, Some(1));
}
