//! The HTML report: whatever the corpus holds, the page is whole, small, and does nothing but be read; a real browser
//! opens it and uses it, where one is installed.

use std::path::{Path, PathBuf};
use std::process::Command;

use unecho::synth::{Synth, SynthOptions};

use super::common::{Dir, record, tell, words};

/// Text that would do something in a page that believed it.
const HOSTILE: &str = concat!(
    "<script>window.hacked = 1</script><img src=x onerror=window.hacked=1> </script></style></textarea>--> ",
    "<iframe src=javascript:alert(1)></iframe> \"' onmouseover='window.hacked=1' &lt;script&gt; {{ 7*7 }} {% if %} ",
    "<base href=http://127.0.0.1:9/> <meta http-equiv=refresh content=0;url=http://127.0.0.1:9/> ",
    "\u{202e}right to left\u{202c} \u{2066}isolated\u{2069} nul:\0 escape:\u{1b}[31m bell:\u{7}",
);

/// Runs a command that writes `report.html`, and gives the page.
fn page(dir: &Dir, args: &[&str]) -> String {
    dir.run(&[args, &["--report", "html=report.html"]].concat());
    dir.text("report.html")
}

/// A corpus of several files in folders, with repeats of every kind.
fn write_near(dir: &Dir) {
    let prose = |topic: &str| {
        format!(
            "Every morning the keeper of the {topic} walked along the harbour wall and counted the boats that had come in \
             overnight, writing their names into a book which nobody but the council ever read."
        )
    };
    let shared =
        "This page may be copied and passed on by anyone, in whole or in part, as long as this notice stays with it.";
    let texts = ["lighthouse", "ferry", "market", "library", "mill", "brewery"].map(prose);
    for (i, text) in texts.iter().enumerate() {
        let folder = ["alpha", "beta", "gamma"][i % 3];
        let own = |n: usize| words(&format!("own{i}x{n}w"), 30);
        dir.write(
            &format!("corpus/{folder}/{i}.txt"),
            format!("{}\n{}\n{shared}\n{}\n", own(0), words(&format!("topic{i}w"), 40), own(1)),
        );
        let changed = if i == 0 { text.replace("harbour", "estuary") } else { text.clone() };
        let near = words(&format!("topic{i}w"), 40) + " and more";
        dir.write(
            &format!("corpus/{folder}/copy-{i}.txt"),
            format!("{}\n{near}\n{}\n{changed}\n", own(2), if i == 0 { text } else { "Short." }),
        );
    }
    let whole = format!("{}\n{}\n", words("whole", 60), words("twice", 60));
    dir.write("corpus/whole-1.txt", &whole).write("corpus/whole-2.txt", &whole);
}

/// Documents with planted copies, in many files.
fn write_large(dir: &Dir) {
    let options = SynthOptions { documents: 6000, mean_words: 90, edited_permille: 200, ..SynthOptions::default() };
    let synth = Synth::new(options).unwrap();
    for file in 0..240 {
        let documents = (0..25).map(|i| synth.document(file * 25 + i));
        let records: String = documents.map(|d| record(&d.id, &d.text)).collect();
        dir.write(&format!("corpus/part-{:02}/{file:03}.jsonl", file % 17), records);
    }
}

fn write_hostile(dir: &Dir) {
    let text = format!("{HOSTILE} {}", words("w", 20));
    let odd = [text.as_bytes(), b" \xff\xfe not UTF-8"].concat();
    let name = if cfg!(windows) { "img.txt" } else { "<img src=x onerror=window.hacked=1>\u{202e}.txt" };
    dir.write(&format!("corpus/{name}"), &odd).write("corpus/other.txt", &odd);
    let near = format!("{text} <script>window.hacked = 1</script> more");
    dir.write("corpus/x.jsonl", [record(HOSTILE, &text), record("</script>", &near)].concat());
}

#[test]
fn nothing_in_the_corpus_is_markup() {
    let dir = Dir::new();
    write_hostile(&dir);
    let html = page(&dir, &["scan", "corpus", "--unit", "document,line"]);
    assert!(html.contains("&#60;script&#62;window.hacked"), "the text is shown");
    assert_eq!(html.matches("<script").count(), 1, "the page's own script");
    assert_eq!(html.matches("</script").count(), 1);
    assert_eq!(html.matches("<style").count(), 1);
    for markup in ["<img", "<iframe", "<base", "<meta http-equiv=refresh", "href=\"javascript"] {
        assert!(!html.contains(markup), "{markup}");
    }
    let forbidden = |c: char| {
        c.is_control() && c != '\n' && c != '\t' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert_eq!(html.chars().find(|c| forbidden(*c)), None);
}

#[test]
fn the_page_allows_nothing_but_its_own_code() {
    let dir = Dir::new();
    write_near(&dir);
    let html = page(&dir, &["scan", "corpus"]);
    let policy = html.split("http-equiv=\"Content-Security-Policy\" content=\"").nth(1).unwrap();
    let policy = policy.split("\">").next().unwrap();
    assert!(policy.starts_with("default-src &#39;none&#39;; script-src &#39;sha256-"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains("http"), "{policy}");
    assert!(html.find("Content-Security-Policy").unwrap() < html.find("<style").unwrap());
    for outside in ["src=\"", "@import", "url(", "http://", "https://", " style=\"", " onclick"] {
        assert!(!html.contains(outside), "{outside}");
    }
}

#[test]
fn a_page_is_a_function_of_input_and_options() {
    let dir = Dir::new();
    write_near(&dir);
    let measured = |html: String| -> String {
        let lines = html
            .split("<div>")
            .filter(|part| !part.contains("<dt>time</dt>") && !part.contains("<dt>peak memory</dt>"));
        lines.collect()
    };
    let once = measured(page(&dir, &["scan", "corpus"]));
    assert_eq!(once, measured(page(&dir, &["scan", "corpus"])));
    let one_thread = measured(page(&dir, &["scan", "corpus", "--threads", "1"]));
    assert_eq!(once, one_thread.replace(" --threads 1", ""));
}

#[test]
fn a_page_is_small_whatever_the_corpus() {
    let dir = Dir::new();
    let long = |seed: &str| (0..40).map(|i| format!("{}\n", words(&format!("<{seed}{i}>\"&"), 60))).collect::<String>();
    let huge_id = "<i>".repeat(100_000);
    let documents = (0..400).flat_map(|i| {
        let text = long(&format!("d{i}x"));
        let near = text.replacen("w3", "changed", 1) + "end";
        (0..4).map(move |copy| record(format!("{copy}{i}"), if copy == 0 { &text } else { &near })).collect::<Vec<_>>()
    });
    let records: String = documents.collect();
    dir.write("in.jsonl", record(&huge_id, "id") + &record(&huge_id, "id") + &records);
    let html = page(&dir, &["scan", "in.jsonl"]);
    assert!(html.len() <= unecho::report::html::LIMIT, "{}", html.len());
    assert!(html.len() > 1_000_000, "there is much to show, and it is shown: {}", html.len());
    assert!(html.ends_with("</html>") || html.ends_with("</html>\n"), "and the page is whole");
}

#[test]
fn the_full_data_is_linked() {
    let dir = Dir::new();
    write_near(&dir);
    let html = page(&dir, &["clean", "corpus", "-o", "out dir"]);
    assert!(html.contains("href=\"out%20dir.unecho/report.json\""));
    let html = page(&dir, &["scan", "corpus", "--report", "json=data/r.json"]);
    assert!(html.contains("href=\"data/r.json\""));
    let html = page(&dir, &["scan", "corpus"]);
    assert!(html.contains("--report json=report.json"), "how to get it");
    let alone = dir.run(&["scan", "corpus", "--report", "html=-"]).ok();
    assert!(alone.out().starts_with("<!doctype html>") && alone.out().trim_end().ends_with("</html>"));
}

/// The first of these programs that is installed.
fn installed(names: &[&str]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|file| file.is_file()))
}

/// Browser and Node.js, or what is missing.
fn browser() -> Result<(PathBuf, PathBuf), &'static str> {
    let browser = installed(&["chromium", "chromium-browser", "google-chrome"]).ok_or("no Chromium is installed")?;
    let node = installed(&["node"]).ok_or("no Node.js is installed")?;
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/node_modules/playwright-core");
    if packages.is_dir() { Ok((browser, node)) } else { Err("`npm ci` was not run in tests/browser") }
}

/// Writes the pages that the browser opens.
fn write_pages(pages: &Path) {
    let keep = |dir: &Dir, name: &str| std::fs::copy(dir.path("report.html"), pages.join(name)).unwrap();
    let sample = Dir::new();
    sample.write("repeated-news.txt", include_bytes!("../../data/repeated-news.txt"));
    page(&sample, &["clean", "repeated-news.txt", "-o", "cleaned"]);
    keep(&sample, "sample.html");
    page(&sample, &["check", "repeated-news.txt", "--max-duplicated", "1%"]);
    keep(&sample, "check.html");
    page(&sample, &["scan", "cleaned"]);
    keep(&sample, "empty.html");
    for (name, write) in
        [("near.html", write_near as fn(&Dir)), ("hostile.html", write_hostile), ("large.html", write_large)]
    {
        let dir = Dir::new();
        write(&dir);
        page(&dir, &["scan", "corpus"]);
        keep(&dir, name);
    }
}

#[test]
fn a_browser_opens_the_pages_and_uses_them() {
    let pages = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
    let _ = std::fs::remove_dir_all(&pages);
    std::fs::create_dir_all(&pages).unwrap();
    write_pages(&pages);
    let (browser, node) = match browser() {
        Ok(programs) => programs,
        Err(missing) => {
            assert!(std::env::var_os("BROWSER_TESTS_REQUIRED").is_none(), "{missing}");
            return tell(&format!("skipped: pages were not opened in a browser: {missing}"));
        }
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/report.test.mjs");
    let run =
        Command::new(node).arg("--test").arg(script).env("PAGES", &pages).env("CHROMIUM", browser).output().unwrap();
    assert!(run.status.success(), "{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
}
