//! Text and Markdown: one document a file, a line, or a block of lines between blank lines.
//!
//! A byte order mark stands before the first document and is never touched. Bytes that are not UTF-8 pass through. A
//! line's record is the line with its end; a block's record reaches to the next block, so that it takes the blank lines
//! after it along.

use std::ops::Range;
use std::path::Path;

use memchr::memchr;

use super::Parsed;
use crate::corpus::{Document, Encoding, Format};
use crate::error::{Error, Result};

/// The documents of a text file. Fails if one has 4 GiB or more.
pub(super) fn parse(bytes: &[u8], format: Format, path: &Path) -> Result<Parsed> {
    let start = if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut documents = Vec::new();
    match format {
        Format::TextLines => {
            for (line, range) in lines(bytes, start) {
                let text = content(bytes, &range);
                if !is_blank(&bytes[text.clone()]) {
                    documents.push(document(line, range, text, path)?);
                }
            }
        }
        Format::TextBlocks => parse_blocks(bytes, start, path, &mut documents)?,
        _ if start < bytes.len() => documents.push(document(1, start..bytes.len(), start..bytes.len(), path)?),
        _ => {}
    }
    Ok(Parsed { documents, ..Parsed::default() })
}

fn parse_blocks(bytes: &[u8], start: usize, path: &Path, documents: &mut Vec<Document>) -> Result<()> {
    let mut open: Option<(u64, Range<usize>)> = None;
    let mut close = |block: Option<(u64, Range<usize>)>, end: usize| -> Result<()> {
        if let Some((line, text)) = block {
            documents.push(document(line, text.start..end, text, path)?);
        }
        Ok(())
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

fn document(line: u64, record: Range<usize>, text: Range<usize>, path: &Path) -> Result<Document> {
    let too_large = |_| Error::input(path, Some(line), "a document of 4 GiB or more; split it");
    Ok(Document {
        source: 0,
        record: 0,
        line: u32::try_from(line).map_err(too_large)?,
        record_len: u32::try_from(record.len()).map_err(too_large)?,
        record_start: record.start as u64,
        text_start: (text.start - record.start) as u32,
        text_len: text.len() as u32,
        encoding: Encoding::Plain,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &str, format: Format) -> Vec<(u32, &str, &str)> {
        let parsed = parse(bytes.as_bytes(), format, Path::new("x")).unwrap();
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
}
