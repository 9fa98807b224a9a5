//! The first line is the name of a field, the rest is a JSONL file. Every line is a record or a reject, as serde_json has
//! it; every byte is accounted for; any spans can be cut from a text without a trace in the JSON around it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::Value;
use unecho::Corpus;
use unecho::corpus::{DocId, Format, Place, Span, decode_json_string, validate_json_string};
use unecho::input::{FieldPath, InputOptions, OnError, field_text};
use unecho_fuzz::{assert_accounted, corpus_of, mark_len};

fuzz_target!(init: unecho_fuzz::on_one_thread(), |data: &[u8]| {
    let Some(end) = data.iter().position(|&byte| byte == b'\n') else { return };
    let (Ok(field), bytes) = (std::str::from_utf8(&data[..end]), &data[end + 1..]) else { return };
    let text_field = FieldPath::parse(field);
    let options = InputOptions { text_field, on_error: OnError::Skip, ..InputOptions::default() };
    let corpus = corpus_of(Format::Jsonl, bytes, &options);
    assert_accounted(&corpus, bytes);
    let names: Vec<&str> = field.split('.').collect();
    let (mut documents, mut rejects) = (corpus.ids().peekable(), corpus.rejects.iter().peekable());
    let mut at = mark_len(bytes);
    for (number, line) in (1..).zip(bytes[at..].split_inclusive(|&byte| byte == b'\n')) {
        let range = at..at + line.len();
        at = range.end;
        let here = |id: &DocId| corpus.document(*id).record_range() == range;
        if let Some(id) = documents.next_if(here) {
            assert_eq!(corpus.document(id).line, number);
            assert_is_right(&corpus, id, &names);
            assert_cuts_leave_json(&corpus, id);
            field_text(line, &options.id_field);
        } else if let Some(reject) = rejects.next_if(|reject| reject.range.start == range.start as u64) {
            assert_eq!((reject.line, reject.range.end), (Some(u64::from(number)), range.end as u64));
            let right = text_in(line, &names).is_some() && !reject.reason.contains("twice");
            assert!(!right, "refused with `{}`, and nothing is wrong with it", reject.reason);
        } else {
            assert!(line.iter().all(u8::is_ascii_whitespace), "a line was dropped in silence");
        }
    }
    assert!(documents.next().is_none() && rejects.next().is_none());
});

/// The text in a field of a record, as serde_json reads it.
fn text_in(line: &[u8], names: &[&str]) -> Option<String> {
    let record: Value = serde_json::from_slice(line).ok()?;
    let value = names.iter().try_fold(&record, |value, name| value.as_object()?.get(*name))?;
    value.as_str().map(str::to_owned)
}

fn assert_is_right(corpus: &Corpus, id: DocId, names: &[&str]) {
    let (record, text) = (corpus.record(id), corpus.text(id));
    serde_json::from_slice::<IgnoredAny>(record).expect("what was accepted is JSON");
    if serde_json::from_slice::<Value>(record).is_ok() {
        assert_eq!(text_in(record, names).as_deref().map(str::as_bytes), Some(&text[..]));
    }
    assert_eq!(string(raw(corpus, id)).as_bytes(), &text[..]);
}

/// The encoded text.
fn raw(corpus: &Corpus, id: DocId) -> &[u8] {
    &corpus.source_of(id).bytes[corpus.document(id).text_range()]
}

/// What the inside of a JSON string stands for.
fn string(raw: &[u8]) -> String {
    serde_json::from_slice(&[b"\"", raw, b"\""].concat()).expect("the inside of a string")
}

fn assert_cuts_leave_json(corpus: &Corpus, id: DocId) {
    let text = corpus.text(id);
    let text = std::str::from_utf8(&text).expect("JSON is UTF-8");
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    for step in [3, 4, 7] {
        let spans: Vec<Span> = ends.chunks_exact(step).map(|ends| Span::new(ends[1], ends[step - 1])).collect();
        for &span in &spans {
            assert!(corpus.text_at(Place { doc: id, span }) == span.of(text.as_bytes()));
        }
        let left = without(text.as_bytes(), spans.iter().map(|span| span.start as usize..span.end as usize));
        let encoded = corpus.encoded_spans(id, &spans);
        assert_eq!(encoded.len(), spans.len());
        let raw_left = without(raw(corpus, id), encoded.iter().map(|span| span.start as usize..span.end as usize));
        assert!(validate_json_string(&raw_left, 5, |_, _| {}).is_ok());
        assert!(decode_json_string(&raw_left) == left && string(&raw_left).as_bytes() == left);
    }
}

/// What is left of `bytes` without these ranges, which ascend and do not overlap.
fn without(bytes: &[u8], ranges: impl Iterator<Item = std::ops::Range<usize>>) -> Vec<u8> {
    let (mut left, mut at) = (Vec::new(), 0);
    for range in ranges {
        left.extend_from_slice(&bytes[at..range.start]);
        at = range.end;
    }
    left.extend_from_slice(&bytes[at..]);
    left
}
