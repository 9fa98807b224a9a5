//! The first two minutes: a news article of which four paragraphs are said twice.

use std::fs;
use std::path::Path;

use super::common::{Dir, shared};

/// Cleans one article of nine paragraphs, the last four of which repeat the second to fifth.
fn the_article_is_cleaned(path: &Path) {
    let name = path.file_name().unwrap().to_str().unwrap();
    let article = fs::read(path).unwrap();
    let dir = Dir::new();
    dir.write(name, &article);

    dir.run(&["clean", name, "-o", "cleaned"]).ok().says(&["4 paragraphs (4 exact, 0 near)", "unecho restore cleaned"]);

    let report = dir.json("cleaned.unecho/report.json");
    let groups = report["groups"].as_array().unwrap();
    assert_eq!(groups.len(), 4);
    for (group, kept_line) in groups.iter().zip(2..) {
        assert_eq!(group["unit"], "paragraph");
        assert_eq!(group["keeper"]["line"], kept_line, "the first copy is the one that stays");
        let [member] = group["members"].as_array().unwrap().as_slice() else { panic!("one copy each: {group}") };
        assert_eq!(member["line"], kept_line + 4);
        assert_eq!(member["similarity"], 1.0);
        assert_eq!(member["kind"], "exact");
    }
    let text = String::from_utf8(article.clone()).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let expected = [&lines[..5], &lines[9..]].concat().concat();
    assert_eq!(dir.text(&format!("cleaned/{name}")), expected, "five paragraphs and the bytes after them stay");

    dir.run(&["restore", "cleaned", "-o", "restored"]).ok();
    assert_eq!(dir.read(&format!("restored/{name}")), article);
}

#[test]
fn the_sample_loses_four_paragraphs_and_can_be_restored() {
    the_article_is_cleaned(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/repeated-news.txt"));
}

#[test]
fn the_seed_loses_four_paragraphs_and_can_be_restored() {
    if let Some(seed) = shared("seed.txt") {
        the_article_is_cleaned(&seed);
    }
}
