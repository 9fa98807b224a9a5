//! Every fuzz target is told of wherever targets are listed: the manifest, the page, the nightly run, the seeds.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn root(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The names in a directory, without what stands after a dot.
fn names(dir: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root(dir)).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect()
}

#[test]
fn every_target_is_in_the_manifest_on_the_page_run_every_night_and_has_seeds() {
    let targets = names("fuzz/fuzz_targets");
    let manifest: toml::Table = fs::read_to_string(root("fuzz/Cargo.toml")).unwrap().parse().unwrap();
    let bins = manifest["bin"].as_array().unwrap().iter().map(|bin| bin["name"].as_str().unwrap().to_owned());
    assert_eq!(bins.collect::<BTreeSet<_>>(), targets, "fuzz/Cargo.toml");
    let page = fs::read_to_string(root("fuzz/README.md")).unwrap();
    let told = page.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next().map(str::to_owned));
    assert_eq!(told.collect::<BTreeSet<_>>(), targets, "fuzz/README.md");
    let workflow = fs::read_to_string(root(".github/workflows/fuzz.yml")).unwrap();
    let matrix = workflow.lines().find_map(|line| line.trim().strip_prefix("target: [")).unwrap().trim_end_matches(']');
    assert_eq!(matrix.split(", ").map(str::to_owned).collect::<BTreeSet<_>>(), targets, "fuzz.yml");
    assert_eq!(names("fuzz/seeds"), targets, "fuzz/seeds");
}
