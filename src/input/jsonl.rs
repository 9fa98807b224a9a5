//! JSON Lines: one object a line, the text in one of its fields.
//!
//! Each line is checked to be one well-formed JSON object, in one look at it where that is enough ([`plain`]), else by `serde_json`;
//! the place of the text inside the line is noted and nothing is copied. Blank lines belong to no document. Lines are parsed in
//! parallel, in stretches of about 1 MiB.

mod plain;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::path::Path;

use memchr::{memchr, memchr_iter};
use rayon::prelude::*;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{InputOptions, OnError, Parsed};
use crate::corpus::{CHECKPOINT, Document, Encoding, Reject, validate_json_string};
use crate::error::{Error, Result};
use crate::memory;

/// The way to a field of a JSON object: `a.b` is the field `b` of the object in field `a`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPath(Vec<String>);

impl FieldPath {
    /// The path written with dots.
    pub fn parse(path: &str) -> FieldPath {
        FieldPath(path.split('.').map(str::to_owned).collect())
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// Lines are parsed together in stretches of at least this many bytes.
const STRETCH: usize = if cfg!(fuzzing) { 64 } else { 1 << 20 };

/// The documents of a JSONL file. Under [`OnError::Fail`] the first bad record is the error.
pub(super) fn parse(bytes: &[u8], options: &InputOptions, path: &Path) -> Result<Parsed> {
    let stretches = stretches(bytes);
    let parts: Vec<Part> = stretches.into_par_iter().map(|range| parse_stretch(bytes, range, options)).collect();
    let mut parsed = Parsed::default();
    let mut lines_before = 0;
    for part in parts {
        for reject in part.rejects {
            let line = reject.line.map(|l| l + lines_before);
            if options.on_error == OnError::Fail {
                let record = &bytes[reject.range.start as usize..reject.range.end as usize];
                let reason = reject.reason + &other_fields(record, &options.text_field);
                return Err(Error::input(path, line, reason));
            }
            parsed.rejects.push(Reject { line, ..reject });
        }
        parsed.checkpoints.extend(part.checkpoints);
        for document in part.documents {
            let line = u32::try_from(u64::from(document.line) + lines_before)
                .map_err(|_| Error::input(path, None, "more than 4,294,967,295 lines; split the file"))?;
            parsed.documents.push(Document { line, ..document });
        }
        lines_before += part.lines;
    }
    Ok(parsed)
}

/// Cuts `bytes` at line ends.
fn stretches(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut stretches = Vec::new();
    let mut start = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    while start < bytes.len() {
        // a look at each end alone brings a good part of the file into memory
        memory::touched(memory::AROUND);
        let least = (start + STRETCH).min(bytes.len());
        let end = memchr(b'\n', &bytes[least..]).map_or(bytes.len(), |n| least + n + 1);
        stretches.push(start..end);
        start = end;
    }
    stretches
}

/// What one stretch holds; lines are numbered from its start.
struct Part {
    documents: Vec<Document>,
    checkpoints: Vec<(u64, u32)>,
    rejects: Vec<Reject>,
    lines: u64,
}

/// Parses the lines in `range`.
fn parse_stretch(bytes: &[u8], range: Range<usize>, options: &InputOptions) -> Part {
    memory::touched(range.len());
    let mut part = Part { documents: Vec::new(), checkpoints: Vec::new(), rejects: Vec::new(), lines: 0 };
    let mut start = range.start;
    let ends = memchr_iter(b'\n', &bytes[range.clone()]).map(|n| range.start + n + 1);
    let last = (!bytes[range.clone()].ends_with(b"\n")).then_some(range.end);
    for end in ends.chain(last) {
        part.lines += 1;
        let line = &bytes[start..end];
        if !line.iter().all(u8::is_ascii_whitespace) {
            match locate(line, &options.text_field) {
                Ok(text) => {
                    let points = text.checkpoints.into_iter();
                    part.checkpoints.extend(points.map(|(at, offset)| (start as u64 + u64::from(at), offset)));
                    part.documents.push(document(line, start, part.lines, text.range, text.encoding));
                }
                Err(reason) => {
                    let range = start as u64..end as u64;
                    part.rejects.push(Reject { source: 0, line: Some(part.lines), range, reason });
                    if options.on_error == OnError::Fail {
                        return part;
                    }
                }
            }
        }
        start = end;
    }
    part
}

fn document(line: &[u8], start: usize, number: u64, text: Range<usize>, encoding: Encoding) -> Document {
    Document {
        source: 0,
        line: number as u32,
        record_len: line.len() as u32,
        record_start: start as u64,
        text_start: text.start as u32,
        text_len: text.len() as u32,
        encoding,
    }
}

/// The text inside a line.
#[derive(Debug, PartialEq, Eq)]
struct Located {
    /// Its place, without the quotes.
    range: Range<usize>,
    encoding: Encoding,
    /// See [`crate::corpus::Source::checkpoints`], counted from the start of the line.
    checkpoints: Vec<(u32, u32)>,
}

/// The text inside a line, or what is wrong with the record.
fn locate(line: &[u8], text_field: &FieldPath) -> std::result::Result<Located, String> {
    if u32::try_from(line.len()).is_err() {
        return Err("a record of 4 GiB or more; split it".to_owned());
    }
    // the fast check does not say where
    let record = simdutf8::basic::from_utf8(line).or_else(|_| std::str::from_utf8(line));
    let record = record.map_err(|e| format!("invalid UTF-8 at byte {}", e.valid_up_to() + 1))?;
    match &text_field.0[..] {
        [name] => plain::locate(record, name).map_or_else(|| locate_by_serde(record, text_field), Ok),
        _ => locate_by_serde(record, text_field),
    }
}

/// The text inside a line, or what is wrong with the record, as `serde_json` has it.
fn locate_by_serde(record: &str, text_field: &FieldPath) -> std::result::Result<Located, String> {
    let line = record.as_bytes();
    let value = find(record, text_field)?.ok_or_else(|| format!("no field `{text_field}`"))?;
    let raw = value.get();
    if !raw.starts_with('"') {
        return Err(format!("field `{text_field}` is not a string"));
    }
    let start = offset_in(line, value) + 1;
    let range = start..start + raw.len() - 2;
    let mut checkpoints = Vec::new();
    let has_escapes = validate_json_string(&line[range.clone()], CHECKPOINT, |at, offset| {
        checkpoints.push((start as u32 + at, offset));
    })
    .map_err(|at| format!("field `{text_field}` has an escape that is no character, at byte {}", start + at + 1))?;
    let encoding = if has_escapes { Encoding::Json } else { Encoding::Plain };
    Ok(Located { range, encoding, checkpoints })
}

/// What is said of a record besides that it has no such field: which it has, as far as that fits into a line.
fn other_fields(record: &[u8], text_field: &FieldPath) -> String {
    let found = std::str::from_utf8(record).map(|record| find(record, text_field));
    let Ok(Ok(None)) = found else { return String::new() };
    let fields: BTreeMap<String, IgnoredAny> = serde_json::from_slice(record).unwrap_or_default();
    let names = fields.keys().filter(|name| name.len() <= 40).map(|name| format!("`{name}`"));
    match names.take(8).collect::<Vec<_>>().join(", ") {
        names if names.is_empty() => names,
        names => format!("; there are {names}: --text-field says which holds the text"),
    }
}

/// The value of a field in a record that is one JSON object.
fn find<'a>(record: &'a str, path: &FieldPath) -> std::result::Result<Option<&'a RawValue>, String> {
    let mut deserializer = serde_json::Deserializer::from_str(record);
    let found = Seek(&path.0).deserialize(&mut deserializer).and_then(|found| deserializer.end().map(|()| found));
    found.map_err(|e| malformed(&e))
}

/// What is wrong with a record that is no JSON object. It is one line, so where in it is told by the byte alone.
fn malformed(e: &serde_json::Error) -> String {
    let (said, place) = (e.to_string(), format!(" at line {} column {}", e.line(), e.column()));
    let reason = said.strip_suffix(&place).unwrap_or(&said);
    match (e.line(), e.column()) {
        (1, byte @ 1..) => format!("malformed JSON: {reason}, at byte {byte}"),
        _ => format!("malformed JSON: {reason}"),
    }
}

/// Looks for a field while the whole object is checked.
struct Seek<'p>(&'p [String]);

impl<'de> DeserializeSeed<'de> for Seek<'_> {
    type Value = Option<&'de RawValue>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Seek<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<Self::Value, A::Error> {
        let (name, below) = self.0.split_first().expect("a field path has at least one name");
        let mut found = None;
        while let Some(matches) = map.next_key_seed(IsKey(name))? {
            if !matches {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            if found.is_some() {
                return Err(A::Error::custom(format_args!("field `{name}` stands there twice")));
            }
            found = Some(map.next_value::<&'de RawValue>()?);
        }
        match found {
            Some(value) if !below.is_empty() && value.get().starts_with('{') => {
                let mut inner = serde_json::Deserializer::from_str(value.get());
                Seek(below).deserialize(&mut inner).map_err(A::Error::custom)
            }
            Some(_) if !below.is_empty() => Ok(None),
            found => Ok(found),
        }
    }
}

/// Whether a key is the one looked for; copies nothing.
struct IsKey<'p>(&'p str);

impl<'de> DeserializeSeed<'de> for IsKey<'_> {
    type Value = bool;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<bool, D::Error> {
        // as it is written first, which refuses a control character; then as bytes: half a surrogate pair in a key is no reason
        // to refuse a record, as little as in a value that nobody reads
        let written = <&RawValue>::deserialize(deserializer)?;
        serde_json::Deserializer::from_str(written.get()).deserialize_bytes(self).map_err(D::Error::custom)
    }
}

impl Visitor<'_> for IsKey<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_bytes<E>(self, key: &[u8]) -> std::result::Result<bool, E> {
        Ok(key == self.0.as_bytes())
    }
}

/// The value of a field of a record that was read before, as it is written there; `None` if it is not there.
pub fn field<'r>(record: &'r [u8], path: &FieldPath) -> Option<&'r RawValue> {
    find(simdutf8::basic::from_utf8(record).ok()?, path).ok()?
}

/// As [`field`], as the words of a report: strings without quotes, everything else as it is written.
pub fn field_text(record: &[u8], path: &FieldPath) -> Option<String> {
    words(field(record, path)?)
}

fn words(value: &RawValue) -> Option<String> {
    match value.get() {
        "null" => None,
        text if text.starts_with('"') => serde_json::from_str(text).ok(),
        other => Some(other.to_owned()),
    }
}

/// As [`field_text`], of a record whose text, the inside of a string at `text`, may be long: what does not lie in that is
/// found without a look at it.
pub fn field_text_beside(record: &[u8], text: Range<usize>, path: &FieldPath) -> Option<String> {
    let beside = [&record[..text.start], &record[text.end..]].concat();
    let value = find(simdutf8::basic::from_utf8(&beside).ok()?, path).ok()??;
    let at = offset_in(&beside, value);
    let holds_text = (at..at + value.get().len()).contains(&text.start);
    if holds_text { field_text(record, path) } else { words(value) }
}

/// Where a value that was found in a record stands in it.
fn offset_in(record: &[u8], value: &RawValue) -> usize {
    value.get().as_ptr() as usize - record.as_ptr() as usize
}

/// Whether the first line that is not blank is a JSON object.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    let Ok(first) = std::str::from_utf8(first_line(bytes)) else { return false };
    first.starts_with('{') && serde_json::from_str::<IgnoredAny>(first).is_ok()
}

/// The first line that is not blank, without the blanks around it.
fn first_line(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    bytes.split(|&b| b == b'\n').map(<[u8]>::trim_ascii).find(|line| !line.is_empty()).unwrap_or_default()
}

/// The filter of `jq` that makes JSON Lines of JSON with another layout: objects over several lines, or an array. Costs a look
/// at the whole array, or at the first object, and at JSON Lines none but at the first line.
pub(super) fn filter(bytes: &[u8]) -> Option<&'static str> {
    let first = first_line(bytes);
    if !first.starts_with(b"[") && (!first.starts_with(b"{") || first.ends_with(b"}")) {
        return None;
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    let (value, rest) = bytes.split_at(values.byte_offset());
    let spans_lines = value.trim_ascii().contains(&b'\n');
    match first.starts_with(b"{") {
        true => spans_lines.then_some("."),
        false => rest.trim_ascii().is_empty().then_some("'.[]'"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Corpus, DocId, Format, Place, Source, Span};
    use proptest::prelude::*;

    fn parse_str(text: &str, on_error: OnError, field: &str) -> Result<Parsed> {
        let options = InputOptions { on_error, text_field: FieldPath::parse(field), ..InputOptions::default() };
        parse(text.as_bytes(), &options, Path::new("x.jsonl"))
    }

    #[test]
    fn the_place_of_the_text_is_found() {
        let line = r#" {"id": 1, "text" : "a\nb", "z": [1, {"text": "no"}]} "#;
        let text = format!("\u{feff}{line}\r\n\n{line}");
        let parsed = parse_str(&text, OnError::Fail, "text").unwrap();
        let places: Vec<_> = parsed.documents.iter().map(|d| (d.line, &text[d.text_range()])).collect();
        assert_eq!(places, [(1, r"a\nb"), (3, r"a\nb")]);
        assert_eq!(parsed.documents[0].encoding, Encoding::Json);
    }

    /// The corpus of a file of records.
    fn corpus_of(records: String) -> Corpus {
        let source = Source {
            bytes: records.into_bytes().into(),
            format: Format::Jsonl,
            ..Corpus::from_texts([""]).sources.remove(0)
        };
        let mut corpus = Corpus::default();
        crate::input::read_again(&mut corpus, source, None, &InputOptions::default()).unwrap();
        corpus
    }

    #[test]
    fn parts_of_a_long_text_are_read_from_checkpoints() {
        let text = "Ä line\n of \u{1F600} \"text\".\t".repeat(20_000);
        let corpus = corpus_of(serde_json::json!({ "text": text }).to_string());
        assert!(corpus.sources[0].checkpoints.len() > 5);
        let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).step_by(997).chain([text.len()]).collect();
        for pair in ends.windows(2) {
            let span = Span::new(pair[0], pair[1]);
            assert_eq!(corpus.text_at(Place { doc: DocId(0), span }), span.of(text.as_bytes()));
        }
    }

    proptest! {
        #[test]
        fn parts_of_texts_are_what_stands_there_however_they_are_escaped(
            // runs of characters, each written in one way
            texts in proptest::collection::vec(proptest::collection::vec((0usize..4, 1usize..700), 0..6), 1..6),
            places in proptest::collection::vec((any::<proptest::sample::Index>(), any::<proptest::sample::Index>()), 20),
        ) {
            let kinds = [("a", "a"), ("\n", "\\n"), ("ä", "\\u00e4"), ("\u{1F600}", "\\ud83d\\ude00")];
            let runs = |text: &[(usize, usize)], of: fn(&(&'static str, &'static str)) -> &'static str| {
                text.iter().map(|&(kind, len)| of(&kinds[kind]).repeat(len)).collect::<String>()
            };
            let records = texts.iter().map(|text| format!("{{\"text\":\"{}\"}}\n", runs(text, |kind| kind.1)));
            let corpus = corpus_of(records.collect());
            for (doc, text) in corpus.ids().zip(texts.iter().map(|text| runs(text, |kind| kind.0))) {
                let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
                for (a, b) in &places {
                    let (a, b) = (*a.get(&ends), *b.get(&ends));
                    let span = Span::new(a.min(b), a.max(b));
                    prop_assert_eq!(&*corpus.text_at(Place { doc, span }), span.of(text.as_bytes()));
                }
            }
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_passed_over_where_nobody_reads_it() {
        for text in [r#"{"\ud800": 1, "text": "fine"}"#, r#"{"a": "\ud800", "te\u0078t": "fine"}"#] {
            let parsed = parse_str(text, OnError::Fail, "text").unwrap();
            assert_eq!(&text[parsed.documents[0].text_range()], "fine");
        }
    }

    #[test]
    fn a_control_character_in_a_key_is_refused() {
        for record in ["{\"a\u{1}\":1,\"text\":\"x\"}", "{\"t\\u0065xt\":\"x\",\"a\tb\":1}"] {
            assert!(
                parse_str(record, OnError::Fail, "text").is_err_and(|e| e.to_string().contains("control character"))
            );
        }
    }

    #[test]
    fn nested_fields() {
        let text = r#"{"a":{"b":"deep"},"b":"shallow"}"#;
        let parsed = parse_str(text, OnError::Fail, "a.b").unwrap();
        assert_eq!(&text[parsed.documents[0].text_range()], "deep");
        assert!(parse_str(text, OnError::Fail, "b.a").is_err());
        assert_eq!(field_text(text.as_bytes(), &FieldPath::parse("a")), Some(r#"{"b":"deep"}"#.to_owned()));
    }

    #[test]
    fn each_kind_of_bad_record_is_named_with_its_line() {
        for (bad, reason) in [
            (r#"{"text": "a""#, "malformed JSON"),
            (r#"{"text": "a"} x"#, "malformed JSON"),
            (r#"["text"]"#, "malformed JSON"),
            (r#"{"txt": "a"}"#, "no field `text`"),
            (r#"{"text": 5}"#, "not a string"),
            (r#"{"text": null}"#, "not a string"),
            (r#"{"text": "\ud800"}"#, "no character"),
            (r#"{"text": "a", "text": "b"}"#, "twice"),
        ] {
            let text = format!("{{\"text\": \"fine\"}}\n\n{bad}\n");
            let error = parse_str(&text, OnError::Fail, "text").err().unwrap().to_string();
            assert!(error.contains("x.jsonl:3") && error.contains(reason), "{error}");
            let parsed = parse_str(&text, OnError::Skip, "text").unwrap();
            assert_eq!((parsed.documents.len(), parsed.rejects.len()), (1, 1));
            assert_eq!(&text[parsed.rejects[0].range.start as usize..], format!("{bad}\n"));
        }
    }

    #[test]
    fn a_number_that_names_a_record_is_spelled_as_it_is_written() {
        for number in ["12345678901234567890123", "1e999", "-0.0", "1.50"] {
            let record = format!(r#"{{"text": "", "id": {number}}}"#);
            assert_eq!(field_text(record.as_bytes(), &FieldPath::parse("id")).as_deref(), Some(number));
        }
    }

    #[test]
    fn fields_beside_the_text_are_what_they_are_in_the_whole_record() {
        let records = [
            r#"{"id": 7, "text": "a \"b\"", "a": {"b": "c"}}"#,
            r#"{"a": {"text": "one", "b": "two"}, "text": "", "id": null}"#,
            r#"{"id": "x", "text": "one", "id": "y", "a": [1, "id"]}"#,
        ];
        for record in records {
            for text_field in ["text", "a.text"] {
                let parsed = parse_str(record, OnError::Skip, text_field).unwrap();
                for document in parsed.documents {
                    for path in ["id", "text", "a", "a.b", "a.text", "none"].map(FieldPath::parse) {
                        let found = field_text_beside(record.as_bytes(), document.text_range(), &path);
                        assert_eq!(found, field_text(record.as_bytes(), &path), "{path} of {record}");
                    }
                }
            }
        }
    }

    #[test]
    fn invalid_utf8_is_a_bad_record() {
        let bytes = b"{\"text\": \"a\xff\"}\n";
        let error = parse(bytes, &InputOptions::default(), Path::new("x")).err().unwrap().to_string();
        assert!(error.contains("invalid UTF-8 at byte 12"), "{error}");
    }

    #[test]
    fn lines_are_numbered_across_stretches() {
        let text = "{\"text\": \"0123456789\"}\n\n".repeat(100_000);
        let parsed = parse_str(&text, OnError::Fail, "text").unwrap();
        assert_eq!(parsed.documents.len(), 100_000);
        assert!(parsed.documents.iter().zip(0..).all(|(d, i)| d.line == 2 * i + 1));
    }
}
