//! A run that has ended is opened again: the same report, and the texts as they were read.

use unecho::corpus::DocId;
use unecho::report::{ReportFormat, Texts, write};
use unecho::saved::Saved;

use super::common::{Codec, Dir, record, words};

/// Records with escapes, near copies and a bad one, in three files of two formats.
fn corpus(dir: &Dir) {
    let (a, b) = (words("a", 60), words("b", 60));
    let lines = record("1", &format!("{a}\n{b}\n")) + "{bad\n" + &record("2", &format!("{b}\n{}\n", words("c", 60)));
    let more = record("x:3", &format!("{a} \"more\"\n{b}\n")) + &record("4", &words("d", 5));
    dir.write("in/a.jsonl", lines).write("in/b.jsonl.gz", Codec::Gzip.encode(more.as_bytes()));
    dir.write("in/c.txt", format!("{}\r\n{}\r\n{b}\n", words("e", 30), words("f", 30)));
    dir.write("in/d.txt", b"\xff\xfeU\0").write("in/e.txt", format!("{a}\n{b}\n"));
}

fn rendered(saved: &Saved, format: ReportFormat) -> String {
    let mut out = Vec::new();
    write(&saved.report, format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn the_report_read_back_is_the_report_that_was_written() {
    let dir = Dir::new();
    corpus(&dir);
    dir.run(&["clean", "in", "-o", "out", "--on-error", "skip", "--report", "csv=r.csv", "--report", "text=r.txt"])
        .ok();
    for run in ["out", "out.unecho", "out.unecho/report.json"] {
        let saved = Saved::open(&dir.path(run)).unwrap();
        assert_eq!(rendered(&saved, ReportFormat::Json), dir.text("out.unecho/report.json"));
        assert_eq!(rendered(&saved, ReportFormat::Csv), dir.text("r.csv"));
        assert_eq!(rendered(&saved, ReportFormat::Text), dir.text("r.txt"));
    }
}

#[test]
fn every_location_is_found_in_the_rebuilt_texts() {
    let dir = Dir::new();
    corpus(&dir);
    dir.run(&["clean", "in", "-o", "out", "--on-error", "skip"]).ok();
    let input = dir.path("in").display().to_string();
    dir.run(&["scan", &input, "--on-error", "skip", "--report", "json=alone.json"]).ok();
    for (run, input) in [("out", "in"), ("alone.json", &input)] {
        let saved = Saved::open(&dir.path(run)).unwrap();
        let corpus = saved.corpus(&()).unwrap();
        let texts = Texts::new(&corpus);
        let (mut seen, mut remainders) = (0, 0);
        for group in (0..saved.report.len()).map(|g| saved.report.group(g)) {
            for member in &group.members {
                let (kept, gone) = (texts.at(&group.keeper).unwrap(), texts.at(&member.location).unwrap());
                let same_beginning = |a: &[u8], excerpt: &str| {
                    let begins = excerpt.split(' ').next().unwrap().trim_end_matches('…').to_owned();
                    assert!(String::from_utf8_lossy(a).contains(&begins), "{begins}");
                };
                same_beginning(&kept.compared(), &group.keeper.excerpt);
                same_beginning(&gone.compared(), &member.location.excerpt);
                seen += 1;
                remainders += usize::from(kept.pieces.len() > 1);
            }
        }
        assert!(seen >= 4, "{seen} of {remainders}");
        assert_eq!(
            texts.document(&format!("{input}/a.jsonl"), 2).map(|id| corpus.text(id).starts_with(b"b0 ")),
            Some(true)
        );
        assert_eq!(texts.document(&format!("{input}/a.jsonl"), 3), None::<DocId>);
        assert_eq!(texts.document("elsewhere", 1), None::<DocId>);
    }
}

#[test]
fn a_run_whose_texts_are_gone_says_what_is_missing() {
    let dir = Dir::new();
    corpus(&dir);
    dir.run(&["scan", &dir.path("in").display().to_string(), "--on-error", "skip", "--report", "json=alone.json"]).ok();
    dir.run(&["clean", "in", "-o", "out", "--on-error", "skip"]).ok();
    dir.write("out/c.txt", "changed");
    let fault = |run: &str| Saved::open(&dir.path(run)).and_then(|s| s.corpus(&()).map(drop)).unwrap_err().to_string();
    assert!(fault("out").contains("was changed after it was cleaned"), "{}", fault("out"));
    assert!(fault("nowhere").contains("no run of unecho there"), "{}", fault("nowhere"));
    assert!(fault("in/c.txt").contains("not a JSON report"), "{}", fault("in/c.txt"));
    let alone = dir.text("alone.json");
    assert!(alone.contains("\"ngram\":{\"document\":5"), "{alone}");
    dir.write("odd.json", alone.replacen("\"ngram\":{\"document\":5", "\"ngram\":{\"document\":0", 1));
    assert!(fault("odd.json").contains("options that this unecho does not know"), "{}", fault("odd.json"));
    dir.write("in/a.jsonl", record("1", "other words than before"));
    let fault = fault("alone.json");
    assert!(fault.contains("a.jsonl is not what the run read any more; run unecho again"), "{fault}");
}
