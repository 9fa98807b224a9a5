//! What a file holds, from what the user said, its name and its contents; or why it is not read.
//!
//! Always: what was found in a directory and is no text is passed over, and what was named and is none is refused, with what to do.

use std::borrow::Cow;
use std::path::Path;

use super::jsonl;
use super::walk::{Found, Guess};
use super::{InputFormat, InputOptions, Records};
use crate::corpus::{Codec, Format};

/// Why a file is not read.
pub(super) enum Unfit {
    /// Found in a directory, and not text: passed over.
    Skip(String),
    /// Asked for, and impossible.
    Reject(String),
}

/// The format of a file, from what the user said, its name and its contents.
pub(super) fn recognise(
    file: &Found,
    codec: Codec,
    bytes: &[u8],
    options: &InputOptions,
) -> std::result::Result<Format, Unfit> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(Unfit::Reject("the text is UTF-16; convert it to UTF-8 first".to_owned()));
    }
    if options.format.is_none()
        && let Some(what) = container(bytes)
    {
        let reason = format!("{what}, and no text; unpack or convert it first (--format text reads it all the same)");
        return Err(if file.explicit { Unfit::Reject(reason) } else { Unfit::Skip(reason) });
    }
    let text = match options.records {
        Records::File => Format::Text,
        Records::Line => Format::TextLines,
        Records::BlankLine => Format::TextBlocks,
    };
    let forced = options.format.map(|f| match f {
        InputFormat::Jsonl => Format::Jsonl,
        InputFormat::Text => text,
    });
    match (forced, file.guess) {
        (Some(Format::Jsonl), _) | (None, Guess::Jsonl) => match jsonl::filter(bytes) {
            Some(filter) => Err(Unfit::Reject(not_lines(file, codec, filter))),
            None => Ok(Format::Jsonl),
        },
        (Some(format), _) => Ok(format),
        (None, Guess::Unknown | Guess::Table | Guess::Nameless | Guess::Json) if jsonl::looks_like(bytes) => {
            Ok(Format::Jsonl)
        }
        (None, Guess::Json) if file.explicit => Err(Unfit::Reject(match jsonl::filter(bytes) {
            Some(filter) => not_lines(file, codec, filter),
            None => "neither JSON Lines nor JSON; --format text reads it as text".to_owned(),
        })),
        (None, Guess::Json) => Err(Unfit::Skip("JSON, but not one object a line".to_owned())),
        (None, _) if !file.explicit && bytes[..bytes.len().min(8192)].contains(&0) => {
            Err(Unfit::Skip("binary: there is a NUL among its first 8192 bytes; --format text reads it".to_owned()))
        }
        (None, _) => Ok(text),
    }
}

/// What holds texts and is none: to cut lines from it would damage it.
fn container(bytes: &[u8]) -> Option<&'static str> {
    let kinds: [(usize, &[u8], &str); 6] = [
        (0, b"PAR1", "a Parquet file"),
        (0, b"ARROW1\0\0", "an Arrow file"),
        (0, b"PK\x03\x04", "a zip archive"),
        (257, b"ustar", "a tar archive"),
        (0, b"%PDF-", "a PDF document"),
        (0, b"SQLite format 3\0", "an SQLite database"),
    ];
    let is_it = |(at, magic, _): &&(usize, &[u8], _)| bytes.get(*at..).is_some_and(|bytes| bytes.starts_with(magic));
    kinds.iter().find(is_it).map(|(_, _, what)| *what)
}

/// What is wrong with JSON that is not one object a line, and the command that makes it so.
fn not_lines(file: &Found, codec: Codec, filter: &str) -> String {
    let path = quoted(&file.path);
    let command = match codec {
        Codec::None => format!("jq -c {filter} {path}"),
        codec => format!("{} -dc {path} | jq -c {filter}", codec.name()),
    };
    format!("JSON, but not JSON Lines: one object a line; `{command} > NEW.jsonl` makes it so")
}

/// A path as a shell takes it (POSIX): in single quotes, unless it has nothing that the shell would read otherwise.
fn quoted(path: &Path) -> Cow<'_, str> {
    let path = path.to_string_lossy();
    let is_plain =
        |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | ':' | '@' | '%' | '=');
    match path.chars().all(is_plain) {
        true => path,
        false => Cow::Owned(format!("'{}'", path.replace('\'', r"'\''"))),
    }
}
