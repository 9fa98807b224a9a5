//! What holds for every corpus: same answer on any number of threads, once is enough, restored is original, nothing else
//! touched. Alphabets are small, so that most things are said twice.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use proptest::prelude::*;
use proptest::sample::select;
use unecho::corpus::{DocId, ParagraphBreak, Span, Tokens};
use unecho::input::{FieldPath, InputFormat, Records};
use unecho::resolve::{Edit, KeepPolicy, Scope};
use unecho::search::{Choice, Decision, Decisions, Measure, Pair, SearchOptions};
use unecho::sketch::digest;
use unecho::{Config, Fate, Outcome, Target, Unit};

use super::common::{Codec, Dir, cases, find, left, words};
use super::naive::{assert_justified, tokens};

/// Words and characters with something special about each: case, marks, no spaces, digits, format characters.
fn word() -> impl Strategy<Value = &'static str> {
    select(vec!["a", "B", "cat", "dog", "naïve", "ÉTÉ", "12", "नमस्ते", "한국", "你", "好", "カ", "ไ", "so\u{ad}ft"])
}

/// A sentence of a few words.
fn sentence() -> impl Strategy<Value = String> {
    let end = select(vec![".", "!", "?", "。", "", ";"]);
    (prop::collection::vec(word(), 1..8), end).prop_map(|(words, end)| words.join(" ") + end)
}

/// One of few sentences, so that most are said twice, or any.
fn common_sentence() -> impl Strategy<Value = String> {
    let pool = [
        "The cat sat on the mat.",
        "The cat sat on a mat!",
        "A dog ran by and by and by.",
        "Ein Hund lief vorbei, ÉTÉ 12.",
        "你好你好你好。",
        "Yes.",
        "*",
    ];
    prop_oneof![3 => select(pool.to_vec()).prop_map(str::to_owned), 1 => sentence()]
}

fn line() -> impl Strategy<Value = String> {
    let gap = select(vec![" ", " ", "  ", "\t"]);
    (prop::collection::vec(common_sentence(), 1..4), gap).prop_map(|(sentences, gap)| sentences.join(gap))
}

/// A text of a few lines with gaps of every kind between them.
fn text() -> impl Strategy<Value = String> {
    let gap = select(vec!["\n", "\n\n", "\r\n", "\r\n\r\n", "\n \n", "\n\n\n", "\n  "]);
    let edge = select(vec!["", "", "\n", " ", "\n\n", "\r\n"]);
    (prop::collection::vec((line(), gap), 0..7), edge.clone(), edge).prop_map(|(lines, before, after)| {
        let last = lines.len().saturating_sub(1);
        let body = lines.iter().enumerate().map(|(i, (line, gap))| line.clone() + if i < last { gap } else { "" });
        before.to_owned() + &body.collect::<String>() + after
    })
}

pub(crate) fn texts() -> impl Strategy<Value = Vec<String>> {
    prop::collection::vec(text(), 1..8)
}

/// What it finds in these texts.
pub(crate) fn found(texts: &[String], config: &Options) -> Outcome {
    let texts: Vec<Vec<u8>> = texts.iter().map(|text| text.clone().into_bytes()).collect();
    find(&texts, &config.0)
}

/// What is left of the documents that stay.
pub(crate) fn cleaned(outcome: &Outcome) -> Vec<String> {
    left(outcome).into_iter().flatten().map(|text| String::from_utf8(text).expect("no character is split")).collect()
}

/// A configuration that is printed as a run card.
#[derive(Clone)]
pub(crate) struct Options(pub(crate) Config);

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.describe())
    }
}

/// One unit, or documents with one smaller.
fn few_units() -> impl Strategy<Value = Vec<Unit>> {
    use Unit::{Document, Line, Paragraph, Sentence};
    select(vec![
        vec![Document],
        vec![Paragraph],
        vec![Line],
        vec![Sentence],
        vec![Document, Paragraph],
        vec![Document, Line],
        vec![Document, Sentence],
    ])
}

/// Units inside units.
fn nested_units() -> impl Strategy<Value = Vec<Unit>> {
    use Unit::{Document, Line, Paragraph, Sentence};
    select(vec![vec![Document, Paragraph, Line, Sentence], vec![Paragraph, Sentence], vec![Paragraph, Line]])
}

pub(crate) fn fixed_break() -> impl Strategy<Value = ParagraphBreak> {
    select(vec![ParagraphBreak::Newline, ParagraphBreak::BlankLine])
}

fn policy() -> impl Strategy<Value = (Measure, KeepPolicy)> {
    use KeepPolicy::{First, Last, Longest, Shortest};
    use Measure::{Containment, Jaccard};
    select(vec![
        (Jaccard, First),
        (Jaccard, Last),
        (Jaccard, Longest),
        (Jaccard, Shortest),
        (Containment, First),
        (Containment, Last),
    ])
}

/// Any configuration.
fn config() -> impl Strategy<Value = Options> {
    configs(prop_oneof![few_units(), nested_units()], prop_oneof![fixed_break(), Just(ParagraphBreak::Auto)])
}

fn configs(
    units: impl Strategy<Value = Vec<Unit>>,
    paragraph_break: impl Strategy<Value = ParagraphBreak>,
) -> impl Strategy<Value = Options> {
    let sizes = (1usize..4, 1usize..6, select(vec![0.4, 0.6, 0.8, 1.0]));
    let scope = select(vec![Scope::Corpus, Scope::Corpus, Scope::Document]);
    (units, paragraph_break, policy(), sizes, scope, any::<bool>()).prop_map(
        |(units, paragraph_break, (measure, keep), (ngram, min_tokens, similarity), scope, keep_empty)| {
            let mut config = Config {
                units,
                paragraph_break,
                keep,
                scope,
                keep_empty,
                search: SearchOptions { similarity, measure },
                ..Config::default()
            };
            for unit in Unit::ALL {
                config.ngram.set(unit, ngram);
                config.min_tokens.set(unit, min_tokens);
            }
            Options(config)
        },
    )
}

pub(crate) fn count(tokens: Vec<String>) -> HashMap<String, i64> {
    let mut counts = HashMap::new();
    tokens.into_iter().for_each(|token| *counts.entry(token).or_insert(0) += 1);
    counts
}

/// The bytes of a document that go: its cuts, or all of it.
pub(crate) fn gone(outcome: &Outcome, doc: usize) -> Vec<Vec<u8>> {
    let text = &outcome.corpus.sources[doc].bytes;
    match outcome.plan.fates[doc] {
        Fate::Kept => Vec::new(),
        Fate::Removed | Fate::Emptied => vec![text.to_vec()],
        Fate::Edited => {
            let cuts = outcome.plan.cuts_of(unecho::corpus::DocId(doc as u32));
            cuts.iter().map(|cut| cut.place.span.of(text).to_vec()).collect()
        }
    }
}

/// Whether `part` can be got from `whole` by leaving bytes out.
pub(crate) fn is_subsequence(part: &[u8], whole: &[u8]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|byte| rest.any(|other| other == byte))
}

pub(crate) fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
}

/// What is left is what was there, less what the plan says, and no word is torn.
pub(crate) fn assert_whole_words_go(texts: &[String], config: &Options) {
    let outcome = found(texts, config);
    for (doc, (text, left)) in texts.iter().zip(left(&outcome)).enumerate() {
        let left = left.unwrap_or_default();
        assert!(is_subsequence(&left, text.as_bytes()));
        let gone = gone(&outcome, doc);
        assert_eq!(left.len() + gone.iter().map(Vec::len).sum::<usize>(), text.len());
        let mut rest = count(tokens(text.as_bytes()));
        for token in gone.iter().flat_map(|part| tokens(part)) {
            *rest.entry(token).or_insert(0) -= 1;
        }
        rest.retain(|_, count| *count != 0);
        let left = String::from_utf8(left).expect("no character is split");
        assert_eq!(count(tokens(left.as_bytes())), rest, "{text:?} became {left:?}");
    }
}

/// Cleaning a cleaned corpus changes nothing.
pub(crate) fn assert_once_is_enough(texts: &[String], config: &Options) {
    let once = cleaned(&found(texts, config));
    let again = found(&once, config);
    assert_eq!(once, cleaned(&again), "edited again: {:?}", again.plan.edits);
    assert!(again.plan.edits.is_empty(), "nothing changes, but it says: {:?}", again.plan.edits);
}

proptest! {
    #![proptest_config(cases(1500))]

    #[test]
    fn every_removal_is_justified(texts in texts(), config in configs(few_units(), fixed_break())) {
        assert_justified(&found(&texts, &config));
    }

    #[test]
    fn every_removal_is_justified_where_paragraph_breaks_are_decided(
        texts in texts(),
        config in configs(few_units(), Just(ParagraphBreak::Auto)),
    ) {
        assert_justified(&found(&texts, &config));
    }

    #[test]
    fn every_removal_is_justified_where_units_are_nested(texts in texts(), config in configs(nested_units(), fixed_break())) {
        assert_justified(&found(&texts, &config));
    }

    #[test]
    fn once_is_enough(texts in texts(), config in configs(few_units(), fixed_break())) {
        assert_once_is_enough(&texts, &config);
    }

    #[test]
    fn once_is_enough_where_paragraph_breaks_are_decided(
        texts in texts(),
        config in configs(few_units(), Just(ParagraphBreak::Auto)),
    ) {
        assert_once_is_enough(&texts, &config);
    }

    #[test]
    fn once_is_enough_where_units_are_nested(texts in texts(), config in configs(nested_units(), fixed_break())) {
        assert_once_is_enough(&texts, &config);
    }

    #[test]
    fn what_is_left_is_what_was_there_less_whole_words(texts in texts(), config in config()) {
        assert_whole_words_go(&texts, &config);
    }

    #[test]
    fn something_is_left_of_everything_that_was_said(texts in texts(), config in config()) {
        let search = SearchOptions { similarity: 1.0, measure: Measure::Jaccard };
        let config = Options(Config { search, ..config.0 });
        let words = |texts: &[String]| -> HashSet<String> { texts.iter().flat_map(|t| tokens(t.as_bytes())).collect() };
        let kept = words(&cleaned(&found(&texts, &config)));
        prop_assert_eq!(words(&texts), kept, "the last copy of a word went");
    }
}

/// Found at random. What is left of the last text has another paragraph break, so its lines are looked up again, and must
/// be known for those that they were.
#[test]
fn lines_that_are_looked_up_again_are_known() {
    let texts = [
        "a a a a a. The cat sat on the mat.\nEin Hund lief vorbei, ÉTÉ 12.\nThe cat sat on the mat. The cat sat on the mat. The cat sat on the mat.\na a.",
        "你好你好你好。",
        "The cat sat on the mat.\r\n\r\nEin Hund lief vorbei, ÉTÉ 12.\r\nEin Hund lief vorbei, ÉTÉ 12.",
    ];
    let search = SearchOptions { similarity: 0.6, measure: Measure::Jaccard };
    let mut config = Config { units: vec![Unit::Line], keep: KeepPolicy::Last, search, ..Config::default() };
    config.min_tokens.set(Unit::Line, 1);
    config.ngram.set(Unit::Line, 1);
    assert_once_is_enough(&texts.map(str::to_owned), &Options(config));
}

/// The digests of what an edit and its keeper say: of both what was compared.
fn pair(outcome: &Outcome, edit: &Edit) -> Pair {
    let digest_of = |doc: DocId, pieces: &[Span]| {
        let text = &*outcome.corpus.text(doc);
        let compared: Vec<u8> = pieces.iter().flat_map(|piece| piece.of(text).to_vec()).collect();
        let mut tokens = Tokens::default();
        tokens.read(&compared, outcome.config.tokens);
        digest(&tokens.hashes)
    };
    let keeper = edit.keeper;
    let kept = keeper.span.without(outcome.plan.cuts_of(keeper.doc).iter().map(|cut| cut.place.span));
    Pair::new(digest_of(edit.place.doc, outcome.plan.pieces_of(edit)), digest_of(keeper.doc, &kept))
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn what_was_decided_to_stay_stays_and_every_promise_holds(
        texts in texts(),
        config in configs(few_units(), fixed_break()),
        every in 1usize..4,
    ) {
        let before = found(&texts, &config);
        let mut decisions = Decisions::default();
        for edit in before.plan.edits.iter().step_by(every) {
            let (pair, texts) = (pair(&before, edit), Default::default());
            decisions.set(Decision { pair, decision: Choice::KeepBoth, unit: edit.unit, reason: String::new(), texts });
        }
        let config = Options(Config { apart: decisions.apart(), ..config.0 });
        let after = found(&texts, &config);
        for edit in &after.plan.edits {
            prop_assert!(decisions.get(&pair(&after, edit)).is_none(), "linked all the same: {edit:?}");
        }
        assert_justified(&after);
        assert_once_is_enough(&texts, &config);
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn the_plan_is_the_same_on_any_number_of_threads(texts in prop::collection::vec(texts(), 20..40), config in config()) {
        // some hundred documents, so that several tasks share the work
        let texts = texts.concat();
        let one = on_threads(1, || found(&texts, &config));
        for threads in [2, 8] {
            let other = on_threads(threads, || found(&texts, &config));
            prop_assert_eq!(&one.plan, &other.plan, "{} threads", threads);
            prop_assert_eq!(left(&one), left(&other), "{} threads", threads);
        }
    }
}

/// How the documents of a random corpus are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Storage {
    Text,
    Lines,
    Blocks,
    Jsonl,
}

/// A record with the text in `doc.body`, with escapes as different programs write them.
fn nested_record(text: &str, style: usize, id: usize) -> String {
    let plain = serde_json::to_string(text).unwrap();
    let string = match style {
        0 => plain,
        // everything but ASCII, as Python writes it: with surrogate pairs
        1 => plain
            .encode_utf16()
            .map(|unit| match u8::try_from(unit) {
                Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
                _ => format!("\\u{unit:04x}"),
            })
            .collect(),
        _ => plain.replace('/', "\\/").replace("cat", "\\u0063at"),
    };
    let (before, after) = [("", ""), ("  ", " \t"), ("", "\r")][id % 3];
    let number = ["1.0", "1e3", "-0", "12345678901234567890"][id % 4];
    format!(
        "{before}{{\"n\": {number}, \"doc\" : {{\"id\":{id}, \"body\": {string} ,\"z\":[1,2]}},\"text\":null}}{after}\n"
    )
}

/// Text that is not always UTF-8: random bytes, NUL, CRLF, a byte order mark, cut characters.
fn wild_text() -> impl Strategy<Value = Vec<u8>> {
    let wild = select(vec![&b"\xff"[..], b"\0", b"\xe4\xbd", b"\r\n", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\n"]);
    prop_oneof![
        3 => text().prop_map(String::into_bytes),
        2 => (text(), prop::collection::vec((wild, any::<prop::sample::Index>()), 1..4)).prop_map(|(text, wild)| {
            let mut bytes = text.into_bytes();
            for (piece, at) in wild {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, piece.iter().copied());
            }
            bytes
        }),
        1 => prop::collection::vec(any::<u8>(), 0..200),
    ]
}

fn file() -> impl Strategy<Value = (Vec<u8>, Vec<(String, usize)>)> {
    let records = prop::collection::vec((text(), 0usize..3), 0..6);
    (wild_text(), records)
}

/// The name and contents of file number `i`, compressed.
fn stored(storage: Storage, codec: Codec, i: usize, file: &(Vec<u8>, Vec<(String, usize)>)) -> (String, Vec<u8>) {
    let (wild, records) = file;
    let folder = ["", "sub/", "sub/deep er/"][i % 3];
    let (suffix, bytes) = match storage {
        Storage::Jsonl => {
            let lines = records.iter().enumerate().map(|(j, (text, style))| nested_record(text, *style, 10 * i + j));
            let mut bytes = lines.collect::<Vec<_>>().join(["", "\n", " \r\n"][i % 3]).into_bytes();
            if i % 4 == 1 {
                bytes.splice(0..0, *b"\xef\xbb\xbf");
            }
            if i % 2 == 1 {
                bytes.pop();
            }
            (".jsonl", bytes)
        }
        _ => (".txt", wild.clone()),
    };
    (format!("{folder}f{i}{suffix}{}", codec.suffix()), codec.encode(&bytes))
}

proptest! {
    #![proptest_config(cases(120))]

    #[test]
    fn what_was_cleaned_can_be_restored(
        files in prop::collection::vec(file(), 1..6),
        config in config(),
        storage in select(vec![Storage::Text, Storage::Lines, Storage::Blocks, Storage::Jsonl]),
        codec in select(Codec::ALL.to_vec()),
    ) {
        let dir = Dir::new();
        for (i, file) in files.iter().enumerate() {
            let (name, bytes) = stored(storage, codec, i, file);
            // bytes may happen to look like something else
            prop_assume!(codec != Codec::None || Codec::of(&bytes) == Codec::None);
            dir.write(&format!("in/{name}"), bytes);
        }
        let mut config = config.0;
        config.input.text_field = FieldPath::parse("doc.body");
        config.input.format = Some(if storage == Storage::Jsonl { InputFormat::Jsonl } else { InputFormat::Text });
        config.input.records = match storage {
            Storage::Lines => Records::Line,
            Storage::Blocks => Records::BlankLine,
            _ => Records::File,
        };
        config.input.on_error = unecho::input::OnError::Skip;
        let inputs: [PathBuf; 1] = [dir.path("in")];
        let outcome = match unecho::scan(&inputs, &config, &()) {
            Err(unecho::Error::Nothing(_)) => return Ok(()),
            outcome => outcome.unwrap(),
        };
        let target = Target::new(&dir.path("out"), &inputs);
        outcome.write(&inputs, &target, false, &()).unwrap().commit().unwrap();

        let (mut kept, mut read) = (0, 0);
        let original = dir.tree("in");
        for (name, bytes) in dir.tree("out") {
            prop_assert!(Codec::of(&bytes) == codec || codec == Codec::None, "compressed like the input");
            let (whole, left) = (codec.decode(&original[&name]), codec.decode(&bytes));
            prop_assert!(is_subsequence(&left, &whole));
            kept += left.len() as u64;
            if storage == Storage::Jsonl {
                for line in left.split(|b| *b == b'\n').map(|l| l.strip_prefix(b"\xef\xbb\xbf").unwrap_or(l)) {
                    let blank = line.iter().all(u8::is_ascii_whitespace);
                    prop_assert!(blank || serde_json::from_slice::<serde_json::Value>(line).is_ok(), "no JSON: {line:?}");
                }
            }
        }
        for bytes in original.values() {
            read += codec.decode(bytes).len() as u64;
        }
        let total = outcome.total_bytes();
        prop_assert_eq!(total.read, read);
        prop_assert_eq!(total.read, total.kept + total.removed + total.rejected);
        // a file of which only a byte order mark would be left is not written
        prop_assert!(total.kept >= kept && total.kept - kept <= 3 * files.len() as u64);

        let (out, restored) = (dir.path("out"), dir.path("restored"));
        unecho::restore(&out, &restored, false, &()).unwrap();
        let restored = dir.tree("restored");
        prop_assert_eq!(restored.keys().collect::<Vec<_>>(), original.keys().collect::<Vec<_>>());
        for (name, bytes) in restored {
            if codec == Codec::None {
                prop_assert_eq!(&bytes, &original[&name]);
            } else {
                prop_assert_eq!(Codec::of(&bytes), codec);
                prop_assert_eq!(codec.decode(&bytes), codec.decode(&original[&name]));
            }
        }
    }
}

/// Found by the properties above, in the plainest form.
mod found_before {
    use super::*;

    fn with_units(units: &[Unit]) -> Options {
        Options(Config { units: units.to_vec(), ..Config::default() })
    }

    fn sentence(seed: &str) -> String {
        words(seed, 14) + "."
    }

    #[test]
    fn a_paragraph_that_was_named_as_keeper_does_not_go_sentence_by_sentence() {
        let said = sentence("Said");
        let texts = [format!("{said} {}", sentence("Other")), format!("{said}\n{said}")];
        assert_justified(&found(&texts, &with_units(&[Unit::Paragraph, Unit::Sentence])));
    }

    #[test]
    fn a_document_that_was_emptied_is_not_named_as_keeper_though_it_stays_empty() {
        let said = words("w", 40);
        // the second goes as a paragraph, not as a document; the third is equal to what the second was
        let texts = [said.replace("w10 ", "x "), said.clone(), said.clone() + "!"];
        let config = Options(Config { keep_empty: true, ..Config::default() });
        assert_justified(&found(&texts, &config));
    }

    #[test]
    fn a_document_of_which_only_an_ornament_is_left_is_not_named_as_keeper() {
        let said = words("w", 40);
        let texts = [said.replace("w10 ", "x "), format!("{said}\n* * *"), said.clone()];
        assert_justified(&found(&texts, &with_units(&[Unit::Document, Unit::Paragraph])));
    }

    #[test]
    fn a_refrain_inside_a_stanza_that_is_repeated_is_found_at_once_or_never() {
        // two equal stanzas of two equal lines: without the second stanza there are no blank lines, so lines count
        let line = words("w", 14);
        let texts = [format!("{line}\n{line}\n\n{line}\n{line}\n")];
        assert_once_is_enough(&texts, &with_units(&[Unit::Paragraph]));
        assert_once_is_enough(&texts, &with_units(&[Unit::Document, Unit::Paragraph]));
    }

    #[test]
    fn a_sentence_that_is_repeated_inside_a_keeper_is_found_at_once_or_never() {
        let [said, other] = ["Said", "Other"].map(sentence);
        for text in [format!("{said} *\n{said} {said}"), format!("{said} {said}\n{said} {said}\n{other} {said}")] {
            for keep in [KeepPolicy::First, KeepPolicy::Last] {
                let mut config = with_units(&[Unit::Paragraph, Unit::Sentence]);
                config.0.keep = keep;
                config.0.min_tokens.set(Unit::Sentence, 1);
                assert_once_is_enough(std::slice::from_ref(&text), &config);
                assert_justified(&found(std::slice::from_ref(&text), &config));
            }
        }
    }
}
