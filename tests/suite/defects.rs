//! Defects that were observed in other tools, one test each; the numbers are those of the survey of the field.

use std::time::{Duration, Instant};

use unecho::search::SearchOptions;
use unecho::{Config, Fate, Unit};

use super::common::{Codec, Dir, find, left, record, words};
use super::naive::{Item, assert_justified, greedy, similarity};

/// Far more than anything here takes where work is linear, and far less than where it is quadratic.
const GENEROUS: Duration = Duration::from_secs(60);

fn documents_only() -> Config {
    Config { units: vec![Unit::Document], ..Config::default() }
}

fn bytes(texts: impl IntoIterator<Item = String>) -> Vec<Vec<u8>> {
    texts.into_iter().map(String::into_bytes).collect()
}

fn kept(texts: &[Vec<u8>], config: &Config) -> Vec<usize> {
    let outcome = find(texts, config);
    assert_justified(&outcome);
    let is_kept = |(doc, fate): (usize, &Fate)| matches!(fate, Fate::Kept | Fate::Edited).then_some(doc);
    outcome.plan.fates.iter().enumerate().filter_map(is_kept).collect()
}

#[test]
fn d01_documents_that_share_boilerplate_are_not_wiped_out() {
    // a third of each document is the same in all of them
    let boilerplate = words("cookie", 30);
    let texts = bytes((0..50).map(|i| format!("{boilerplate}\n{}", words(&format!("d{i}w"), 60))));
    assert_eq!(kept(&texts, &documents_only()).len(), 50);

    let outcome = find(&texts, &Config::default());
    let left = left(&outcome);
    assert!(left.iter().all(Option::is_some), "every document stays");
    let with_boilerplate = left.iter().flatten().filter(|text| text.starts_with(b"cookie0 ")).count();
    assert_eq!(with_boilerplate, 1, "what they share is said once");
    assert!(left.iter().flatten().zip(0..).all(|(text, i)| text.ends_with(words(&format!("d{i}w"), 60).as_bytes())));
}

#[test]
fn d01_a_chain_of_similar_documents_does_not_fall_like_dominoes() {
    // neighbours are similar (0.9), and so are those two apart (0.81), but not those three apart (0.73)
    let stream: Vec<String> = (0..600).map(|i| format!("w{i}")).collect();
    let texts = bytes((0..30).map(|i| stream[i * 10..i * 10 + 194].join(" ")));
    assert!(similarity(&texts[0], &texts[2], 5) > 0.8 && similarity(&texts[0], &texts[3], 5) < 0.8);
    let expected: Vec<usize> = (0..30).step_by(3).collect();
    assert_eq!(kept(&texts, &documents_only()), expected);
}

#[test]
fn d02_two_pairs_in_one_component_stay_two_groups() {
    // A~B and C~D; B and C share half of their text, enough to meet in a band now and then, not to be a pair
    for seed in 0..20 {
        let part = |name: &str| words(&format!("s{seed}{name}"), 60);
        let (a, c) = (format!("{} {}", part("x"), part("shared")), format!("{} {}", part("y"), part("shared")));
        let texts = bytes([a.clone(), a + " one", c.clone(), c + " two"]);
        let outcome = find(&texts, &Config { units: vec![Unit::Document], search: near(0.7), ..Config::default() });
        let groups = outcome.plan.groups();
        let keepers: Vec<u32> = groups.iter().map(|g| g.keeper.doc.0).collect();
        assert_eq!(keepers, [0, 2]);
        assert!(groups.iter().all(|group| group.edits.len() == 1));
    }
}

fn near(similarity: f64) -> SearchOptions {
    SearchOptions { similarity, ..SearchOptions::default() }
}

#[test]
fn d03_a_hundred_thousand_identical_records_take_seconds() {
    let dir = Dir::new();
    let text = words("same", 30);
    dir.write("in.jsonl", (0..100_000).map(|i| record(i, &text)).collect::<String>());
    let started = Instant::now();
    dir.run(&["clean", "in.jsonl", "-o", "out.jsonl", "--max-removed", "100"]).ok();
    assert!(started.elapsed() < GENEROUS, "{:?}", started.elapsed());
    assert_eq!(dir.text("out.jsonl"), record(0, &text));
}

#[test]
fn d03_a_hundred_thousand_similar_records_take_seconds() {
    // each differs from all others by its last word: one giant bucket, without two equal digests
    let (common, started) = (words("same", 60), Instant::now());
    let texts = bytes((0..100_000).map(|i| format!("{common} number{i}")));
    let outcome = find(&texts, &Config::default());
    assert!(started.elapsed() < GENEROUS, "{:?}", started.elapsed());
    let kept = outcome.plan.fates.iter().filter(|fate| **fate == Fate::Kept).count();
    assert_eq!((kept, outcome.plan.groups().len()), (1, 1));
}

#[test]
fn d03_a_giant_bucket_of_documents_that_are_not_similar_costs_linear_time() {
    // every document holds the same paragraph of a third of its length: bands collide now and then, nothing verifies
    let (common, started) = (words("same", 40), Instant::now());
    let texts = bytes((0..20_000).map(|i| format!("{common} {}", words(&format!("d{i}w"), 12))));
    let outcome = find(&texts, &documents_only());
    assert!(started.elapsed() < GENEROUS, "{:?}", started.elapsed());
    assert!(outcome.plan.edits.is_empty());
}

#[test]
fn d05_texts_that_are_too_short_or_empty_or_without_words_are_kept() {
    let texts: Vec<Vec<u8>> = ["", " \n", "!!!", "!!!", "…", "***\n***", "Yes.", "Yes?", "No", "a b", "b a", "\u{ad}"]
        .map(|text| text.as_bytes().to_vec())
        .to_vec();
    for config in [Config::default(), Config { search: near(0.1), ..Config::default() }] {
        let outcome = find(&texts, &config);
        // "Yes?" has the same words as "Yes."; nothing else is equal, and nothing is compared by similarity
        let expected = texts.iter().map(|text| if text == b"Yes?" { Fate::Removed } else { Fate::Kept });
        assert_eq!(outcome.plan.fates, expected.collect::<Vec<_>>());
    }
}

#[test]
fn d05_headings_and_other_short_lines_stay_in_every_document() {
    let texts =
        bytes((0..20).map(|i| format!("# Introduction\n\nYes.\n\n{}\n\nThe end\n", words(&format!("d{i}w"), 30))));
    assert!(find(&texts, &Config::default()).plan.edits.is_empty());
}

#[test]
fn d06_a_minimum_length_does_not_switch_the_search_off_for_longer_texts() {
    let (long, short) = (words("long", 40), words("short", 12));
    let texts = bytes([format!("{long}\n{short}"), format!("{short}\n{long}\nand more")]);
    let mut config = Config { units: vec![Unit::Paragraph], ..Config::default() };
    config.min_tokens.set(Unit::Paragraph, 20);
    let outcome = find(&texts, &config);
    assert_eq!(left(&outcome)[1].as_deref(), Some(format!("{short}\nand more").as_bytes()));
}

#[test]
fn d06_text_that_is_not_ascii_does_not_shift_offsets() {
    let repeated = "Она сказала 你好 naïve 🙂🙂 и потом ещё десять слов, чтобы хватило на абзац здесь.";
    let before = "Ünïcödé 🙂 ёлка 你好 e\u{301}";
    let text = format!("{repeated}\n\n\n{before}\r\n{repeated}\n{before} end\n");
    let outcome = find(&bytes([text]), &Config { units: vec![Unit::Paragraph], ..Config::default() });
    let expected = format!("{repeated}\n\n\n{before}\r\n{before} end\n");
    assert_eq!(left(&outcome), [Some(expected.into_bytes())]);
    assert_eq!(outcome.plan.edits[0].place.span.of(&outcome.corpus.sources[0].bytes), repeated.as_bytes());
}

#[test]
fn d07_a_read_error_in_the_middle_of_a_compressed_file_fails() {
    let text: String = (0..2000).map(|i| record(i, &words(&format!("d{i}w"), 20))).collect();
    for codec in [Codec::Gzip, Codec::Zstd, Codec::Bzip2, Codec::Xz] {
        let dir = Dir::new();
        let name = format!("in.jsonl{}", codec.suffix());
        let whole = codec.encode(text.as_bytes());
        let cut_short = whole[..whole.len() / 2].to_vec();
        let mut damaged = whole;
        let middle = damaged.len() / 2;
        damaged[middle..middle + 16].fill(0x55);
        for bytes in [cut_short, damaged] {
            dir.write(&name, &bytes);
            dir.run(&["clean", &name, "-o", "out"]).refused(&[&name, "damaged or truncated", "remedy"]);
            assert_eq!(dir.names(), std::slice::from_ref(&name), "nothing is written");
        }
    }
}

#[test]
fn d08_removing_one_occurrence_never_removes_another_that_was_kept() {
    // the same words stand as a paragraph twice, and inside a longer sentence that says something else
    let said = words("said", 12);
    let longer = format!("{} {said} {}", words("before", 30), words("after", 30));
    let text = format!("{longer}\n{said}\n{}\n{said}\n{longer} too\n", words("other", 12));
    let outcome =
        find(&bytes([text]), &Config { units: vec![Unit::Paragraph], search: near(1.0), ..Config::default() });
    let expected = format!("{longer}\n{said}\n{}\n{longer} too\n", words("other", 12));
    assert_eq!(left(&outcome), [Some(expected.into_bytes())]);
}

#[test]
fn d10_a_cut_never_joins_two_words() {
    // the field's example: "Alice wanted to go to the store" became "Alice wantedstore"
    let sentence = "It was a long and winding road to the end of all the days.";
    let texts = bytes([
        format!("{sentence} Alice wanted to go there."),
        format!("Alice wanted.{sentence}Store was closed."),
        format!("Alice wanted. {sentence} Store was closed."),
        format!("你好。{sentence}再见。"),
    ]);
    let outcome = find(&texts, &Config { units: vec![Unit::Sentence], ..Config::default() });
    for left in left(&outcome).into_iter().flatten() {
        let left = String::from_utf8(left).expect("no character is split");
        assert!(!left.contains("wantedStore") && !left.contains("wantedstore"), "{left:?}");
    }
    assert_eq!(left_text(&outcome, 2), "Alice wanted. Store was closed.");
}

fn left_text(outcome: &unecho::Outcome, doc: usize) -> String {
    String::from_utf8(left(outcome)[doc].clone().unwrap()).unwrap()
}

#[test]
fn d11_a_second_run_on_the_cleaned_output_finds_nothing() {
    let dir = Dir::new();
    let synth =
        unecho::synth::Synth::new(unecho::synth::SynthOptions { documents: 300, ..Default::default() }).unwrap();
    let mut corpus = Vec::new();
    synth.write_jsonl(&mut corpus).unwrap();
    dir.write("in.jsonl", corpus);
    dir.run(&["clean", "in.jsonl", "-o", "once.jsonl"]).ok();
    dir.run(&["clean", "once.jsonl", "-o", "twice.jsonl"]).ok().says(&["nothing that is said twice"]);
    assert_eq!(dir.read("once.jsonl"), dir.read("twice.jsonl"));
}

#[test]
fn d12_shuffled_shard_names_change_only_which_copy_stays() {
    let texts: Vec<String> = (0..40).map(|i| words(&format!("t{}w", i % 25), 20)).collect();
    let said = |order: &dyn Fn(usize) -> usize| {
        let dir = Dir::new();
        for (i, text) in texts.iter().enumerate() {
            dir.write(&format!("in/{:02}.txt", order(i)), text);
        }
        dir.run(&["clean", "in", "-o", "out"]).ok();
        let mut left: Vec<Vec<u8>> = dir.tree("out").into_values().collect();
        left.sort();
        left
    };
    let straight = said(&|i| i);
    assert_eq!(straight.len(), 25);
    assert_eq!(straight, said(&|i| 39 - i));
    assert_eq!(straight, said(&|i| i * 17 % 40));
}

#[test]
fn d14_texts_without_spaces_or_in_any_script_are_neither_collapsed_nor_wiped() {
    let texts = bytes(
        [
            "今天天气很好，我们去公园散步，看见了很多花。",
            "昨天下雨了，我在家里读了一整天的书，没有出门。",
            "吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。",
            "メロスは激怒した。必ず、かの邪智暴虐の王を除かなければならぬと決意した。",
            "ฉันไปตลาดเพื่อซื้อผลไม้และผักสดทุกเช้า",
            "เขาอ่านหนังสืออยู่ในห้องสมุดของมหาวิทยาลัย",
            "ذهبت إلى السوق لشراء الفاكهة والخضروات الطازجة كل صباح",
            "قرأ الطالب الكتاب في مكتبة الجامعة حتى المساء",
            "나는 매일 아침 시장에 가서 신선한 과일과 채소를 산다",
            "मैं हर सुबह बाज़ार जाता हूँ और ताज़े फल खरीदता हूँ",
        ]
        .map(str::to_owned),
    );
    for unit in [Unit::Document, Unit::Paragraph, Unit::Sentence] {
        let outcome = find(&texts, &Config { units: vec![unit], search: near(0.3), ..Config::default() });
        assert!(outcome.plan.edits.is_empty(), "{:?}", outcome.plan.edits);
    }
    // and yet a copy with one character changed is found
    let changed: Vec<Vec<u8>> =
        texts.iter().map(|text| String::from_utf8(text.clone()).unwrap() + "!").map(String::into_bytes).collect();
    let outcome = find(&[texts, changed].concat(), &documents_only());
    assert_eq!(outcome.plan.edits.len(), 10);
}

#[test]
fn d15_the_protected_copy_survives_and_the_training_copy_goes() {
    let dir = Dir::new();
    let (shared, own) = (words("shared", 30), words("own", 30));
    dir.write(
        "train.jsonl",
        record("t0", &shared) + &record("t1", &own) + &record("t2", &format!("{own}\n{shared}\nmore")),
    );
    dir.write("zz/eval.jsonl", record("e0", &shared) + &record("e1", &shared));
    dir.run(&["clean", "train.jsonl", "zz/eval.jsonl", "-o", "out", "--protect", "zz/*"]).ok();
    assert_eq!(dir.text("out/zz/eval.jsonl"), record("e0", &shared) + &record("e1", &shared));
    assert_eq!(dir.text("out/train.jsonl"), record("t1", &own) + &record("t2", "more"));
}

#[test]
fn d18_two_texts_without_tokens_are_not_similar() {
    let texts = bytes(["!!! ??? ...", "--- *** ---", "", "", "     ", "。。。", "。。。"].map(str::to_owned));
    for measure in [unecho::search::Measure::Jaccard, unecho::search::Measure::Containment] {
        for unit in Unit::ALL {
            let search = SearchOptions { similarity: 0.01, measure };
            let mut config = Config { units: vec![unit], search, ..Config::default() };
            config.min_tokens.set(unit, 1);
            assert!(find(&texts, &config).plan.edits.is_empty());
        }
    }
}

#[test]
fn d20_two_runs_at_once_in_one_folder_do_not_disturb_each_other() {
    let dir = Dir::new();
    let corpus = |seed| {
        let synth =
            unecho::synth::Synth::new(unecho::synth::SynthOptions { documents: 400, seed, ..Default::default() });
        let mut corpus = Vec::new();
        synth.unwrap().write_jsonl(&mut corpus).unwrap();
        corpus
    };
    let names: Vec<String> = (0..4).map(|i| format!("c{i}")).collect();
    for (seed, name) in (0..).zip(&names) {
        dir.write(&format!("{name}.jsonl"), corpus(seed));
        dir.run(&["clean", &format!("{name}.jsonl"), "-o", &format!("alone-{name}.jsonl")]).ok();
    }
    let outs: Vec<[String; 2]> = names.iter().map(|n| [format!("{n}.jsonl"), format!("both-{n}.jsonl")]).collect();
    let children: Vec<_> =
        outs.iter().map(|[from, to]| dir.spawn(&mut dir.command(&["clean", from, "-o", to]))).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
    }
    for name in &names {
        assert_eq!(dir.read(&format!("alone-{name}.jsonl")), dir.read(&format!("both-{name}.jsonl")));
        let [alone, both] = ["alone", "both"].map(|w| dir.read(&format!("{w}-{name}.jsonl.unecho/ledger.jsonl.zst")));
        assert_eq!(alone, both);
    }
    assert!(dir.names().iter().all(|name| !name.starts_with('.')), "{:?}", dir.names());
}

#[test]
fn d20_two_runs_at_once_to_one_output_leave_one_whole_result() {
    let dir = Dir::new();
    for i in 0..60 {
        dir.write(&format!("in/{i}.txt"), words(&format!("t{}w", i % 40), 50));
    }
    let children: Vec<_> = (0..4).map(|_| dir.spawn(&mut dir.command(&["clean", "in", "-o", "out"]))).collect();
    let codes: Vec<_> = children.into_iter().map(|child| child.wait_with_output().unwrap().status.code()).collect();
    assert!(codes.contains(&Some(0)), "one of them must come through: {codes:?}");
    assert!(codes.iter().all(|code| matches!(code, Some(0 | 2))), "{codes:?}");
    assert_eq!(dir.tree("out").len(), 40);
    dir.run(&["restore", "out", "-o", "back"]).ok();
    assert_eq!(dir.tree("back"), dir.tree("in"));
    assert_eq!(dir.names(), ["back", "in", "out", "out.unecho"]);
}

#[test]
fn the_naive_rule_keeps_what_only_resembles_something_removed() {
    // the oracle itself: B resembles A and C, A does not resemble C
    let items: Vec<Item> = ["a b c d e f g h i j", "b c d e f g h i j k", "c d e f g h i j k l"]
        .map(|text| Item::new(text.as_bytes(), 1))
        .into_iter()
        .collect();
    assert_eq!(greedy(&items, 0.8), [false, true, false]);
}
