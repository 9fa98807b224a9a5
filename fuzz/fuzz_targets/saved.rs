//! The first byte says which of the files that unecho reads back the rest is. It is read or refused, without panic; what
//! was read is written, and read back the same; a report is also shown in every format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use unecho::Corpus;
use unecho::corpus::{DocId, Span, TokenOptions};
use unecho::gate::{AllowList, Baseline};
use unecho::report::{self, Report, ReportFormat, Texts};
use unecho::resolve::KeepPolicy;
use unecho::saved::{Review, Saved, diff, explain, rejudge, segments_at, why_not};
use unecho::search::Decisions;
use unecho::search::passage::MinPassage;
use unecho_fuzz::{Choices, Sandbox};

thread_local! {
    static SANDBOX: Sandbox = Sandbox::new();
}

fuzz_target!(init: unecho_fuzz::on_one_thread(), |data: &[u8]| {
    let mut choices = Choices(data);
    let kind = choices.below(6);
    let Ok(text) = std::str::from_utf8(choices.0) else { return };
    match kind {
        0 => read_report(text),
        1 => read_baseline(text),
        2 => _ = AllowList::parse(text),
        3 => read_decisions(text),
        4 => read_settings(text),
        _ => read_words(text),
    }
});

fn read_report(text: &str) {
    let Ok(report) = Report::read_json(text.as_bytes()) else { return };
    let written = write(&report, ReportFormat::Json);
    let again = Report::read_json(&written[..]).expect("what was written can be read");
    assert!(write(&again, ReportFormat::Json) == written, "a report changes when it is written again");
    ReportFormat::ALL.into_iter().for_each(|format| drop(write(&report, format)));
    let same = diff(&report, &again);
    drop(same);
    let from = report.overview.run.options["similarity"].as_f64().unwrap_or(0.8);
    for to in [from, 0.9, 1.0] {
        drop(rejudge(&report, from, to));
    }
    SANDBOX.with(|sandbox| {
        sandbox.write("run.json", text.as_bytes());
        if let Ok(saved) = Saved::open(&sandbox.path("run.json")) {
            look_at(&saved);
        }
    });
}

/// Shows a run with texts that need not be those it read, and explains it.
fn look_at(saved: &Saved) {
    let mut corpus =
        Corpus::from_texts(["The quick brown fox jumps over the lazy dog.\nNot é.", "The quick brown fox jumps."]);
    corpus.sources[0].path = "a.txt".into();
    corpus.sources[1].path = "b.jsonl".into();
    let texts = Texts::new(&corpus);
    report::write_html(&saved.report, Some(&texts), None, &mut Vec::new()).expect("memory takes everything");
    for part in [None, Some(Span::new(2, 9))] {
        drop(explain(saved, "a.txt", 1, part));
    }
    drop(segments_at(saved, corpus.text(DocId(0)).as_ref(), Span::new(2, 9)));
    drop(why_not(saved, &corpus, DocId(0), DocId(1)));
    let _ = Review::new(saved, &texts, Decisions::default()).current();
}

fn write(report: &Report<'_>, format: ReportFormat) -> Vec<u8> {
    let mut out = Vec::new();
    report::write(report, format, &mut out).expect("memory takes everything");
    out
}

fn read_baseline(text: &str) {
    let options = TokenOptions::default();
    let Ok(baseline) = Baseline::parse(text, options) else { return };
    assert_eq!(Baseline::parse(&baseline.render(), options), Ok(baseline));
}

fn read_decisions(text: &str) {
    let Ok(decisions) = Decisions::parse(text) else { return };
    let again = Decisions::parse(&decisions.to_json());
    assert!(again.as_ref() == Ok(&decisions), "decisions change when they are written again");
    let _ = decisions.apart().digest();
}

/// `unecho.toml`.
fn read_settings(text: &str) {
    SANDBOX.with(|sandbox| {
        sandbox.write("unecho.toml", text.as_bytes());
        let config = sandbox.path("unecho.toml");
        for command in ["scan", "clean", "check"] {
            let words = ["unecho", "--config", config.to_str().expect("UTF-8"), command, "in", "-o", "out"];
            let words = &words[..if command == "clean" { 7 } else { 5 }];
            if let Err(error) = unecho::cli::read_settings(words) {
                assert!(!error.trim().is_empty());
            }
        }
    });
}

/// Values of options.
fn read_words(text: &str) {
    if let Ok(min) = MinPassage::parse(text) {
        assert_eq!(MinPassage::parse(&min.to_string()), Ok(min));
    }
    if let Some(keep) = KeepPolicy::parse(text) {
        assert_eq!(KeepPolicy::parse(&keep.to_string()).map(|keep| keep.to_string()), Some(keep.to_string()));
    }
}
