use std::collections::{HashMap, HashSet};

use super::*;

/// A corpus in which everything is planted, and often.
fn rich(scripts: &[Script]) -> Synth {
    let options = SynthOptions {
        documents: 400,
        seed: 7,
        exact_permille: 100,
        edited_permille: 100,
        reordered_permille: 100,
        truncated_permille: 100,
        boilerplate_permille: 300,
        inner_repeat_permille: 300,
        scripts: scripts.to_vec(),
        ..SynthOptions::default()
    };
    Synth::new(options).unwrap()
}

/// Each copy of `kind`: its text and that of its original.
fn copies(synth: &Synth, kind: PlantedKind) -> Vec<(String, String)> {
    let planted = (0..synth.options.documents).filter_map(|i| synth.planted(i)).filter(|planted| planted.kind == kind);
    let pairs: Vec<_> = planted.map(|p| (synth.text(p.copy), synth.text(p.original))).collect();
    assert!(pairs.len() > 20, "only {} copies are {kind:?}", pairs.len());
    pairs
}

fn originals(synth: &Synth) -> impl Iterator<Item = u64> {
    (0..synth.options.documents).filter(|&i| synth.planted(i).is_none())
}

fn paragraphs(text: &str) -> Vec<&str> {
    text.split("\n\n").collect()
}

fn sorted(mut items: Vec<&str>) -> Vec<&str> {
    items.sort_unstable();
    items
}

/// Words, or single characters where words are written without spaces.
fn tokens(text: &str, script: Script) -> Vec<String> {
    match script {
        Script::Han | Script::Thai => text.chars().filter(|c| !c.is_whitespace()).map(String::from).collect(),
        _ => text.split_whitespace().map(|word| word.trim_end_matches(['.', '।']).to_lowercase()).collect(),
    }
}

fn shingles(text: &str, script: Script) -> HashSet<Vec<String>> {
    tokens(text, script).windows(5).map(<[String]>::to_vec).collect()
}

/// Hundredths of all 5-grams of two texts that are in both.
fn jaccard_percent(a: &HashSet<Vec<String>>, b: &HashSet<Vec<String>>) -> usize {
    let both = a.intersection(b).count();
    100 * both / (a.len() + b.len() - both).max(1)
}

fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn written(synth: &Synth) -> (Vec<u8>, Vec<u8>) {
    let (mut corpus, mut truth) = (Vec::new(), Vec::new());
    synth.write_jsonl(&mut corpus).unwrap();
    synth.write_truth(&mut truth).unwrap();
    (corpus, truth)
}

#[test]
fn the_bytes_are_the_same_on_every_machine_and_in_every_version() {
    let (corpus, truth) = written(&rich(&Script::ALL));
    // If this fails, every published figure measured on synthetic corpora has to be measured again.
    assert_eq!((corpus.len(), fnv(&corpus)), (1_266_402, 0xe529_c1d6_af05_3353));
    assert_eq!((truth.len(), fnv(&truth)), (18_468, 0x1100_1403_b9ed_8e31));
}

#[test]
fn another_seed_is_another_corpus() {
    let options = |seed| SynthOptions { seed, documents: 50, ..SynthOptions::default() };
    let all = |seed| (0..50).map(|i| Synth::new(options(seed)).unwrap().text(i)).collect::<HashSet<_>>();
    assert_eq!(all(1), all(1));
    assert!(all(1).is_disjoint(&all(2)));
}

#[test]
fn copies_are_of_earlier_originals() {
    let synth = rich(&[Script::Latin]);
    for planted in (0..400).filter_map(|i| synth.planted(i)) {
        assert!(planted.original < planted.copy);
        assert_eq!(synth.planted(planted.original), None);
    }
}

#[test]
fn exact_copies_are_equal() {
    for (copy, original) in copies(&rich(&Script::ALL), PlantedKind::Exact) {
        assert_eq!(copy, original);
    }
}

#[test]
fn edited_copies_share_most_words() {
    for (copy, original) in copies(&rich(&[Script::Latin, Script::Cyrillic, Script::Arabic]), PlantedKind::Edited) {
        let words = |text| tokens(text, Script::Latin);
        let mut counts = HashMap::<String, i64>::new();
        words(&original).into_iter().for_each(|word| *counts.entry(word).or_default() += 1);
        words(&copy).into_iter().for_each(|word| *counts.entry(word).or_default() -= 1);
        let changed =
            counts.values().filter(|&&n| n > 0).sum::<i64>().max(-counts.values().filter(|&&n| n < 0).sum::<i64>());
        let allowed = (words(&original).len() as i64 * 20 + 500) / 1000;
        assert!((1..=allowed.max(1)).contains(&changed), "{changed} words changed of {allowed}");
        assert_eq!(paragraphs(&copy).len(), paragraphs(&original).len());
    }
}

#[test]
fn reordered_copies_have_the_same_paragraphs() {
    let pairs = copies(&rich(&Script::ALL), PlantedKind::Reordered);
    for (copy, original) in &pairs {
        assert_eq!(sorted(paragraphs(copy)), sorted(paragraphs(original)));
    }
    assert!(pairs.iter().filter(|(copy, original)| copy != original).count() * 10 > pairs.len() * 8);
}

#[test]
fn truncated_copies_lack_a_tenth_at_the_end() {
    for (copy, original) in copies(&rich(&Script::ALL), PlantedKind::Truncated) {
        assert!(original.starts_with(&copy) && copy.len() < original.len());
        let percent = 100 * copy.len() / original.len();
        assert!((84..96).contains(&percent), "{percent} % are left");
    }
}

#[test]
fn independent_originals_share_nothing() {
    for script in Script::ALL {
        let options =
            SynthOptions { boilerplate_permille: 0, documents: 100, scripts: vec![script], ..SynthOptions::default() };
        let synth = Synth::new(options).unwrap();
        let sets: Vec<_> = originals(&synth).map(|i| shingles(&synth.text(i), script)).collect();
        let pairs = sets.iter().enumerate().flat_map(|(i, a)| sets[..i].iter().map(move |b| jaccard_percent(a, b)));
        // Not 0 for Thai only, whose tokens are characters: a 5-gram of them may lie within one word.
        let most = pairs.max().unwrap();
        assert!(most <= if script == Script::Thai { 3 } else { 0 }, "{script:?}: {most} %");
    }
}

#[test]
fn boilerplate_is_the_same_wherever_it_stands() {
    let synth = rich(&Script::ALL);
    let mut pool = HashMap::new();
    let mut carriers = 0;
    for i in originals(&synth) {
        let Some(boilerplate) = synth.boilerplate(i) else { continue };
        let text = synth.text(i);
        let paragraph = paragraphs(&text)[boilerplate.paragraph].to_owned();
        assert_eq!(pool.entry(boilerplate.pool).or_insert(paragraph.clone()), &paragraph);
        assert!(paragraph.len() * 3 < text.len());
        carriers += 1;
    }
    let distinct: HashSet<_> = pool.values().collect();
    assert_eq!(distinct.len(), pool.len());
    assert!(carriers > 50 && pool.len() > 20, "{carriers} documents carry {} paragraphs", pool.len());
}

#[test]
fn inner_repeats_are_all_the_equal_paragraphs() {
    let synth = rich(&Script::ALL);
    let mut found = 0;
    for i in originals(&synth) {
        let text = synth.text(i);
        let paragraphs = paragraphs(&text);
        let first = |index: usize| paragraphs.iter().position(|p| *p == paragraphs[index]).unwrap();
        let equal = (0..paragraphs.len()).map(|index| InnerRepeat { paragraph: index, of: first(index) });
        let equal: Vec<_> = equal.filter(|repeat| repeat.of < repeat.paragraph).collect();
        assert_eq!(synth.inner_repeats(i), equal);
        found += equal.len();
    }
    assert!(found > 50);
}

#[test]
fn copies_tell_nothing_of_paragraphs() {
    let synth = rich(&[Script::Latin]);
    for planted in (0..400).filter_map(|i| synth.planted(i)) {
        assert_eq!(synth.boilerplate(planted.copy), None);
        assert_eq!(synth.inner_repeats(planted.copy), []);
    }
}

#[test]
fn each_script_is_written_in_itself() {
    let scripts = [
        (Script::Latin, 'A'..='z', Some(". ")),
        (Script::Cyrillic, 'А'..='я', Some(". ")),
        (Script::Arabic, 'ا'..='ي', Some(". ")),
        (Script::Devanagari, 'क'..='ो', Some("। ")),
        (Script::Hangul, '가'..='힣', Some(". ")),
        (Script::Han, '一'..='\u{9fa5}', Some("。")),
        (Script::Thai, 'ก'..='\u{e49}', None),
    ];
    for (script, range, stop) in scripts {
        let synth = rich(&[script]);
        let foreign = |c: char| !range.contains(&c) && !" \n.।。".contains(c);
        for i in 0..50 {
            assert_eq!(synth.text(i).find(foreign), None, "{script:?}");
            let spelled = ["。", "। ", ". "].iter().find(|stop| synth.text(i).contains(**stop));
            assert_eq!(spelled, stop.as_ref(), "{script:?}");
        }
    }
}

#[test]
fn texts_are_shaped_like_prose() {
    let synth = rich(&[Script::Latin]);
    let (mut headings, mut words) = (0, 0);
    let all: Vec<u64> = originals(&synth).collect();
    for &i in &all {
        let text = synth.text(i);
        for (index, paragraph) in paragraphs(&text).into_iter().enumerate() {
            assert!(paragraph.starts_with(|c: char| c.is_ascii_uppercase()) && !paragraph.contains('\n'));
            let Some(sentences) = paragraph.strip_suffix('.') else {
                assert!(index == 0 && (2..=6).contains(&paragraph.split(' ').count()));
                headings += 1;
                continue;
            };
            assert!(sentences.split(". ").all(|sentence| (8..=24).contains(&sentence.split(' ').count())));
            assert!(sentences.split(". ").count() <= 6);
            words += sentences.split(' ').count();
        }
    }
    assert!((all.len() / 5..all.len() / 3).contains(&headings));
    assert!((280..400).contains(&(words / all.len())), "{} words on average", words / all.len());
}

#[test]
fn lines_are_json_and_say_what_the_methods_say() {
    let synth = rich(&Script::ALL);
    let (corpus, truth) = written(&synth);
    for (i, line) in (0..).zip(std::str::from_utf8(&corpus).unwrap().lines()) {
        let value: serde_json::Value = serde_json::from_str(line).unwrap();
        let document = synth.document(i);
        assert_eq!((value["id"].as_str().unwrap(), value["text"].as_str().unwrap()), (&*document.id, &*document.text));
    }
    let truth: Vec<serde_json::Value> =
        std::str::from_utf8(&truth).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for kind in ["exact", "edited", "reordered", "truncated", "boilerplate", "inner-repeat"] {
        assert!(truth.iter().any(|fact| fact["kind"] == kind));
    }
    let copies = (0..400).filter(|&i| synth.planted(i).is_some()).count();
    assert_eq!(truth.iter().filter(|fact| fact.get("copy").is_some()).count(), copies);
}

#[test]
fn the_smallest_corpora() {
    let none = Synth::new(SynthOptions { documents: 0, ..SynthOptions::default() }).unwrap();
    assert_eq!(written(&none), (Vec::new(), Vec::new()));
    for mean_words in 1..20 {
        let options = rich(&Script::ALL).options;
        let tiny = Synth::new(SynthOptions { mean_words, ..options }).unwrap();
        assert!((0..400).all(|i| !tiny.text(i).is_empty() && !tiny.text(i).contains("\n\n\n")));
    }
}

#[test]
fn all_but_one_may_be_copies() {
    let options =
        SynthOptions { edited_permille: 0, reordered_permille: 0, truncated_permille: 0, ..Default::default() };
    let synth = Synth::new(SynthOptions { exact_permille: 1000, ..options }).unwrap();
    assert!((1..1000).all(|i| synth.planted(i).is_some_and(|planted| planted.original == 0)));
}

#[test]
fn options_out_of_range_are_refused() {
    let refused = |change: fn(&mut SynthOptions)| {
        let mut options = SynthOptions::default();
        change(&mut options);
        matches!(Synth::new(options), Err(Error::Usage(_)))
    };
    assert!(!refused(|_| {}));
    assert!(refused(|o| o.exact_permille = 911));
    assert!(refused(|o| (o.exact_permille, o.edited_permille) = (u32::MAX, 2)));
    assert!(refused(|o| o.boilerplate_permille = 1001));
    assert!(refused(|o| o.inner_repeat_permille = 1001));
    assert!(refused(|o| o.edits_permille = vec![20, 0]));
    assert!(refused(|o| o.mean_words = 0));
    assert!(refused(|o| o.scripts.clear()));
}

#[test]
fn all_threads_write_what_one_line_after_the_other_is() {
    for (documents, mean_words, range) in
        [(400, 300, 0..400), (5_000, 20, 3..4_999), (3, 200_000, 0..3), (0, 300, 0..0)]
    {
        let options = SynthOptions { documents, mean_words, ..rich(&Script::ALL).options };
        let synth = Synth::new(options).unwrap();
        let (mut corpus, mut truth) = (Vec::new(), Vec::new());
        let gather = |lines: &[u8], facts: &[u8]| {
            corpus.extend_from_slice(lines);
            truth.extend_from_slice(facts);
            Ok(())
        };
        synth.write(range.clone(), &(), gather).unwrap();
        let plain: String = range.clone().map(|i| synth.json_line(i)).collect();
        assert!(corpus == plain.into_bytes(), "{documents} documents");
        if range == (0..documents) {
            assert!(truth == written(&synth).1, "{documents} documents");
        }
    }
}

#[test]
fn each_edited_copy_has_one_of_the_rates() {
    let options = SynthOptions { documents: 3_000, edits_permille: vec![1, 100], ..rich(&[Script::Latin]).options };
    let synth = Synth::new(options).unwrap();
    let mut mild = 0;
    let edited = (0..3_000).filter_map(|i| synth.planted(i)).filter(|planted| planted.kind == PlantedKind::Edited);
    let edited: Vec<Planted> = edited.collect();
    for planted in &edited {
        let (copy, original) = (synth.text(planted.copy), synth.text(planted.original));
        let alike = jaccard_percent(&shingles(&copy, Script::Latin), &shingles(&original, Script::Latin));
        match synth.edit_permille(planted.copy) {
            Some(1) => mild += usize::from(alike > 80),
            rate => assert!(rate == Some(100) && alike < 70, "{rate:?}: {alike} %"),
        }
    }
    assert!((edited.len() * 2 / 5..edited.len() * 3 / 5).contains(&mild), "{mild} of {}", edited.len());
    assert!((0..3_000).filter(|&i| synth.edit_permille(i).is_some()).count() == edited.len());
}
