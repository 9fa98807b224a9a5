//! A record → the place of its text, in one look at each byte.
//!
//! In: a record that is UTF-8, and the name of a field. Out: the text in that field; `None` where a look does not tell: the
//! record is malformed, lacks the field or has it twice, has escapes in the names of fields or is nested deep, or the text is
//! no string. Always: what is found is what `serde_json` finds, which is asked where nothing is.

use super::Located;
use crate::corpus::{CHECKPOINT, Encoding, validate_json_string_to_end};

/// Objects and arrays in each other, at the most.
const DEEPEST: usize = 16;

/// The text in a field.
pub(super) fn locate(record: &str, name: &str) -> Option<Located> {
    let mut reader = Reader { bytes: record.as_bytes(), at: 0 };
    let mut found = None;
    reader.take(b'{')?;
    reader.members(b'}', |reader| {
        let key = reader.string(|_, _| {}).filter(|key| key.encoding == Encoding::Plain)?;
        reader.take(b':')?;
        if record.as_bytes()[key.range] != *name.as_bytes() {
            return reader.value(DEEPEST);
        }
        let text = reader.text()?;
        found.replace(text).is_none().then_some(())
    })?;
    reader.pass_blanks();
    found.filter(|_| reader.at == record.len())
}

/// How far a record was read. What is asked of it is `None` if what comes next is something else.
struct Reader<'r> {
    bytes: &'r [u8],
    at: usize,
}

impl Reader<'_> {
    fn next(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn pass_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.next() {
            self.at += 1;
        }
    }

    /// Takes a byte, and blanks before it.
    fn take(&mut self, byte: u8) -> Option<()> {
        self.pass_blanks();
        let is_next = self.next() == Some(byte);
        self.at += usize::from(is_next);
        is_next.then_some(())
    }

    /// Takes members with commas between them, and what ends them.
    fn members(&mut self, end: u8, mut member: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        if self.take(end).is_some() {
            return Some(());
        }
        loop {
            member(self)?;
            if self.take(end).is_some() {
                return Some(());
            }
            self.take(b',')?;
        }
    }

    /// Takes a string, of which checkpoints are noted.
    fn string(&mut self, note: impl FnMut(u32, u32)) -> Option<Located> {
        self.take(b'"')?;
        let start = self.at;
        let (len, has_escapes) = validate_json_string_to_end(&self.bytes[start..], CHECKPOINT, note)?;
        self.at = start + len + 1;
        let encoding = if has_escapes { Encoding::Json } else { Encoding::Plain };
        Some(Located { range: start..start + len, encoding, checkpoints: Vec::new() })
    }

    /// Takes a string that is a text.
    fn text(&mut self) -> Option<Located> {
        let mut noted = Vec::new();
        let text = self.string(|at, offset| noted.push((at, offset)))?;
        let start = text.range.start as u32;
        let checkpoints = noted.into_iter().map(|(at, offset)| (start + at, offset)).collect();
        Some(Located { checkpoints, ..text })
    }

    /// Takes any value, with so many objects and arrays in each other.
    fn value(&mut self, depth: usize) -> Option<()> {
        self.pass_blanks();
        let below = || depth.checked_sub(1);
        match self.next()? {
            b'"' => self.string(|_, _| {}).map(|_| ()),
            b'{' => {
                let below = below()?;
                self.take(b'{')?;
                self.members(b'}', |reader| {
                    reader.string(|_, _| {})?;
                    reader.take(b':')?;
                    reader.value(below)
                })
            }
            b'[' => {
                let below = below()?;
                self.take(b'[')?;
                self.members(b']', |reader| reader.value(below))
            }
            b't' => self.word(b"true"),
            b'f' => self.word(b"false"),
            b'n' => self.word(b"null"),
            _ => self.number(),
        }
    }

    fn word(&mut self, word: &[u8]) -> Option<()> {
        let is_next = self.bytes[self.at..].starts_with(word);
        self.at += word.len();
        is_next.then_some(())
    }

    fn number(&mut self) -> Option<()> {
        self.at += usize::from(self.next() == Some(b'-'));
        let starts_with_zero = self.next() == Some(b'0');
        if self.digits()? > 1 && starts_with_zero {
            return None;
        }
        if self.next() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.next() {
            self.at += 1;
            self.at += usize::from(matches!(self.next(), Some(b'+' | b'-')));
            self.digits()?;
        }
        Some(())
    }

    /// Takes digits; how many there are, at least one.
    fn digits(&mut self) -> Option<usize> {
        let len = self.bytes[self.at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.at += len;
        Some(len).filter(|&len| len > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{FieldPath, locate_by_serde};
    use super::*;
    use proptest::prelude::*;

    /// What is found, if anything, is what `serde_json` finds; whether there was anything.
    fn agrees(record: &str) -> std::result::Result<bool, TestCaseError> {
        let found = locate(record, "text");
        if let Some(found) = &found {
            let expected = locate_by_serde(record, &FieldPath::parse("text"));
            prop_assert_eq!(Ok(found), expected.as_ref());
        }
        Ok(found.is_some())
    }

    fn value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<f64>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            r#"[a"\\/\n\x01é😀]{0,90}"#.prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 20, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
                proptest::collection::btree_map("[a-z\"]{0,4}", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn the_text_of_a_record_is_found(
            before in proptest::collection::btree_map("[a-z]{1,3}", value(), 0..4),
            text in r#"[a-z"\\/\n\t\x01é😀]{0,2000}"#,
            after in proptest::collection::btree_map("[a-z]{1,3}", value(), 0..4),
            blank in "[ \t\r\n]{0,2}",
        ) {
            let member = |(key, value): (&String, &serde_json::Value)| format!("\"{key}\"{blank}:{blank}{value}");
            let text = format!("\"text\":{blank}{}", serde_json::to_string(&text).unwrap());
            let members = before.iter().map(member).chain([text]).chain(after.iter().map(member));
            let record = members.collect::<Vec<_>>().join(&format!("{blank},{blank}"));
            let found = agrees(&format!("{blank}{{{blank}{record}{blank}}}{blank}"))?;
            prop_assert!(found);
        }

        #[test]
        fn nothing_else_is_found(
            mut record in r#"\{("(text|a)":("[a\\"u0]{0,5}"|-?[01.e]{1,5}|null|tru|\[[1,]{0,3}\]|\{\}),?){0,4}\}?"#,
            at: proptest::sample::Index,
            put in r#"[{}\[\]",:\\ 0x\x01\xa0-]?"#,
        ) {
            agrees(&record)?;
            record.insert_str(at.index(record.len() + 1), &put);
            agrees(&record)?;
        }
    }

    #[test]
    fn what_a_look_does_not_tell_is_left_alone() {
        let deep = format!(r#"{{"a": {}1{}, "text": ""}}"#, "[".repeat(99), "]".repeat(99));
        for record in [
            "",
            "{}",
            r#"{"text": 1}"#,
            r#"{"text": "a"} x"#,
            r#"{"text": "a", "text": "b"}"#,
            r#"{"text": "\ud800"}"#,
            r#"{"te\u0078t": "a"}"#,
            r#"{"text": "a", "n": 01}"#,
            r#"{"text": "a",}"#,
            "{\"text\": \"a\n\"}",
            r#"{"text": "a"#,
            &deep,
        ] {
            assert!(locate(record, "text").is_none(), "{record}");
        }
    }
}
