//! Text and Markdown: one document a file, a line, or a block of lines between blank lines.
//!
//! A byte order mark stands before the first document and is never touched. Bytes that are not UTF-8 pass through. A
//! line's record is the line with its end; a block's record reaches to the next block, so that it takes the blank lines
//! after it along.

use std::ops::Range;
use std::path::Path;

use memchr::memchr;

use super::{InputOptions, OnError, Parsed};
use crate::corpus::{Document, Encoding, Format, Reject};
use crate::error::{Error, Result};

/// The documents of a text file. One of 4 GiB or more is an error, or under [`OnError::Skip`] a reject.
pub(super) fn parse(bytes: &[u8], format: Format, options: &InputOptions, path: &Path) -> Result<Parsed> {
    let mut reader = Reader { parsed: Parsed::default(), longest: u32::MAX, on_error: options.on_error, path };
    reader.read(bytes, format)?;
    Ok(reader.parsed)
}

/// Takes the records of one file one by one.
struct Reader<'p> {
    parsed: Parsed,
    /// Bytes that a record may have.
    longest: u32,
    on_error: OnError,
    path: &'p Path,
}

impl Reader<'_> {
    fn read(&mut self, bytes: &[u8], format: Format) -> Result<()> {
        let start = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
        match format {
            Format::TextLines => {
                for (line, range) in lines(bytes, start) {
                    let text = content(bytes, &range);
                    if !is_blank(&bytes[text.clone()]) {
                        self.add(line, range, text)?;
                    }
                }
                Ok(())
            }
            Format::TextBlocks => self.read_blocks(bytes, start),
            _ if start < bytes.len() => self.add(1, start..bytes.len(), start..bytes.len()),
            _ => Ok(()),
        }
    }

    fn read_blocks(&mut self, bytes: &[u8], start: usize) -> Result<()> {
        let mut open: Option<(u64, Range<usize>)> = None;
        let mut close = |block: Option<(u64, Range<usize>)>, end: usize| match block {
            Some((line, text)) => self.add(line, text.start..end, text),
            None => Ok(()),
        };
        let mut after_blank = true;
        for (line, range) in lines(bytes, start) {
            let text = content(bytes, &range);
            if is_blank(&bytes[text.clone()]) {
                after_blank = true;
            } else if after_blank {
                close(open.replace((line, text)), range.start)?;
                after_blank = false;
            } else if let Some((_, block)) = &mut open {
                block.end = text.end;
            }
        }
        close(open, bytes.len())
    }

    /// Adds a record as a document, or sets it aside if it is too large to be one.
    fn add(&mut self, line: u64, record: Range<usize>, text: Range<usize>) -> Result<()> {
        let number = u32::try_from(line)
            .map_err(|_| Error::input(self.path, None, "more than 4,294,967,295 lines; split the file"))?;
        match u32::try_from(record.len()) {
            Ok(record_len) if record_len <= self.longest => self.parsed.documents.push(Document {
                source: 0,
                line: number,
                record_len,
                record_start: record.start as u64,
                text_start: (text.start - record.start) as u32,
                text_len: text.len() as u32,
                encoding: Encoding::Plain,
            }),
            _ if self.on_error == OnError::Fail => return Err(Error::input(self.path, Some(line), TOO_LARGE)),
            _ => self.parsed.rejects.push(Reject {
                source: 0,
                line: Some(line),
                range: record.start as u64..record.end as u64,
                reason: TOO_LARGE.to_owned(),
            }),
        }
        Ok(())
    }
}

const TOO_LARGE: &str = "a document of 4 GiB or more; split it";

/// The lines of `bytes` from `start`, each with its number and its end.
fn lines(bytes: &[u8], start: usize) -> impl Iterator<Item = (u64, Range<usize>)> {
    let mut at = start;
    let ranges = std::iter::from_fn(move || {
        let from = at;
        at = memchr(b'\n', &bytes[from..]).map_or(bytes.len(), |n| from + n + 1);
        (from < at).then_some(from..at)
    });
    (1..).zip(ranges)
}

/// A line without its end.
fn content(bytes: &[u8], line: &Range<usize>) -> Range<usize> {
    let text = &bytes[line.clone()];
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    line.start..line.start + text.strip_suffix(b"\r").unwrap_or(text).len()
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &str, format: Format) -> Vec<(u32, &str, &str)> {
        let parsed = parse(bytes.as_bytes(), format, &InputOptions::default(), Path::new("x")).unwrap();
        parsed.documents.iter().map(|d| (d.line, &bytes[d.record_range()], &bytes[d.text_range()])).collect()
    }

    #[test]
    fn a_file_is_a_document_without_its_byte_order_mark() {
        assert_eq!(texts("\u{feff}a\nb\n", Format::Text), [(1, "a\nb\n", "a\nb\n")]);
        assert_eq!(texts("", Format::Text), []);
    }

    #[test]
    fn lines_are_documents() {
        assert_eq!(texts("a\r\n\n \nb", Format::TextLines), [(1, "a\r\n", "a"), (4, "b", "b")]);
    }

    #[test]
    fn blocks_take_the_blank_lines_after_them() {
        assert_eq!(texts("\na\nb\r\n\n\nc\n\n", Format::TextBlocks), [(2, "a\nb\r\n\n\n", "a\nb"), (6, "c\n\n", "c")]);
    }

    #[test]
    fn what_is_too_large_is_an_error_or_set_aside_and_the_rest_is_read() {
        let bytes = b"one\n\nand a long one\nin two lines\n\nthree\n";
        let read = |format, on_error| {
            let mut reader = Reader { parsed: Parsed::default(), longest: 10, on_error, path: Path::new("x") };
            reader.read(bytes, format).map(|()| reader.parsed)
        };
        for (format, line, rejected) in [
            (Format::TextBlocks, 3, vec![(5, 34)]),
            (Format::TextLines, 3, vec![(5, 20), (20, 33)]),
            (Format::Text, 1, vec![(0, 40)]),
        ] {
            let error = read(format, OnError::Fail).err().unwrap().to_string();
            assert!(error.contains("split it") && error.contains(&format!("x:{line}")), "{error}");
            let parsed = read(format, OnError::Skip).unwrap();
            assert_eq!(parsed.rejects.iter().map(|r| (r.range.start, r.range.end)).collect::<Vec<_>>(), rejected);
            let kept: usize = parsed.documents.iter().map(|document| document.record_range().len()).sum();
            let blank = if format == Format::TextLines { 2 } else { 0 };
            let gone: u64 = rejected.iter().map(|(start, end)| end - start).sum();
            assert_eq!(kept as u64 + gone + blank, bytes.len() as u64);
        }
    }
}
