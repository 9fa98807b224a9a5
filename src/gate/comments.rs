//! Comments in documents that allow a repeat: `<!-- unecho: allow REASON -->` before a paragraph.
//!
//! A comment covers what begins between it and the next blank line after the text that follows it; so the comment may
//! stand on the line before, or have a blank line between. It covers no whole document: that is for the allow list.
//!
//! In a fenced code block of Markdown it is an example, and no comment. That goes by the name of the file: elsewhere a line
//! of `~~~` may be anything, such as what underlines a heading.

use std::ops::Range;
use std::path::Path;

use memchr::memmem;
use rayon::prelude::*;

use super::verdict::Obsolete;
use crate::corpus::{Codec, DocId, Place, Role, Unit};
use crate::pipeline::Outcome;

/// How a comment begins.
const OPENING: &[u8] = b"<!-- unecho: allow";

/// How it ends.
const CLOSING: &[u8] = b"-->";

/// One comment.
#[derive(Debug, PartialEq, Eq)]
struct Comment {
    doc: DocId,
    start: usize,
    /// Where the paragraph ends that it covers.
    end: usize,
    /// Empty: it allows nothing.
    reason: String,
}

/// The comments of a corpus, in order.
pub(super) struct Comments(Vec<Comment>);

impl Comments {
    /// Looks through all texts that are judged. Costs a pass over them at the speed of memory, on all threads.
    pub(super) fn new(outcome: &Outcome) -> Comments {
        let corpus = &outcome.corpus;
        let finder = memmem::Finder::new(OPENING);
        let ids: Vec<DocId> = corpus.ids().filter(|id| corpus.role(*id) != Role::Reference).collect();
        let found = ids.par_iter().flat_map_iter(|&doc| {
            let syntax = if is_markdown(&corpus.source_of(doc).path) { Syntax::Markdown } else { Syntax::Any };
            comments(doc, &corpus.text(doc), syntax, &finder)
        });
        Comments(found.collect())
    }

    /// For each edit of the plan the comment that allows it, if one does: at the repeat, or at the copy that it repeats.
    pub(super) fn allowed(&self, outcome: &Outcome) -> Vec<Option<usize>> {
        let edits = outcome.plan.edits.iter();
        let allowed = edits.map(|edit| match edit.unit {
            Unit::Document => None,
            _ => self.covering(edit.place).or_else(|| self.covering(edit.keeper)),
        });
        allowed.collect()
    }

    fn covering(&self, place: Place) -> Option<usize> {
        let start = place.span.start as usize;
        let after = self.0.partition_point(|comment| (comment.doc, comment.start) <= (place.doc, start));
        let index = after.checked_sub(1)?;
        let comment = &self.0[index];
        (comment.doc == place.doc && start < comment.end && !comment.reason.is_empty()).then_some(index)
    }

    /// Why a comment allows something.
    pub(super) fn reason(&self, comment: usize) -> &str {
        &self.0[comment].reason
    }

    /// Comments that allow nothing.
    pub(super) fn obsolete(&self, allowed: &[Option<usize>], outcome: &Outcome) -> Vec<Obsolete> {
        let corpus = &outcome.corpus;
        let unused = self.0.iter().enumerate().filter(|(index, _)| !allowed.contains(&Some(*index)));
        let describe = |(_, comment): (usize, &Comment)| {
            let line = memchr::memchr_iter(b'\n', &corpus.text(comment.doc)[..comment.start]).count();
            let line = corpus.document(comment.doc).line as usize + line;
            let what = match comment.reason.as_str() {
                "" => "the comment gives no reason, and allows nothing".to_owned(),
                reason => format!("the comment allows nothing that is found: {reason}"),
            };
            Obsolete { place: format!("{}:{line}", corpus.source_of(comment.doc).path.display()), what }
        };
        unused.map(describe).collect()
    }
}

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Syntax {
    Markdown,
    Any,
}

fn is_markdown(path: &Path) -> bool {
    matches!(Codec::extension_within(path).as_deref(), Some("md" | "markdown" | "mdx"))
}

fn comments(doc: DocId, text: &[u8], syntax: Syntax, finder: &memmem::Finder<'_>) -> Vec<Comment> {
    let comment = |start: usize| {
        let inside = start + OPENING.len();
        let close = inside + memmem::find(&text[inside..], CLOSING)?;
        let reason = String::from_utf8_lossy(&text[inside..close]).trim().to_owned();
        Some(Comment { doc, start, end: paragraph_end(text, close + CLOSING.len()), reason })
    };
    let starts: Vec<usize> = finder.find_iter(text).collect();
    // most texts have no comment, and need not be looked through for fences
    let code = if starts.is_empty() || syntax == Syntax::Any { Vec::new() } else { fenced(text) };
    let is_code = |start: usize| code.iter().any(|block| block.contains(&start));
    starts.into_iter().filter(|start| !is_code(*start)).filter_map(comment).collect()
}

/// The fenced code blocks of a Markdown text, without the lines of the fences; one that nothing closes reaches to the end. Fences
/// may stand in lists and quotations, at any depth.
fn fenced(text: &[u8]) -> Vec<Range<usize>> {
    let (mut blocks, mut open, mut at) = (Vec::new(), None, 0);
    for line in text.split_inclusive(|&b| b == b'\n') {
        let next = at + line.len();
        match (open, fence(line)) {
            (None, Some(fence)) if fence.opens() => open = Some((fence, next)),
            (Some((opening, start)), Some(fence)) if fence.closes(&opening) => {
                blocks.push(start..at);
                open = None;
            }
            _ => {}
        }
        at = next;
    }
    blocks.extend(open.map(|(_, start)| start..text.len()));
    blocks
}

/// A line that opens or closes a block of code.
#[derive(Clone, Copy)]
struct Fence<'t> {
    /// `` ` `` or `~`.
    mark: u8,
    len: usize,
    /// What stands behind the marks.
    info: &'t [u8],
}

fn fence(line: &[u8]) -> Option<Fence<'_>> {
    let line = line.trim_ascii();
    let quoted = line.iter().position(|b| !matches!(b, b'>' | b' ' | b'\t'))?;
    let line = &line[quoted..];
    let mark = *line.first().filter(|b| matches!(b, b'`' | b'~'))?;
    let len = line.iter().take_while(|b| **b == mark).count();
    (len >= 3).then(|| Fence { mark, len, info: line[len..].trim_ascii() })
}

impl Fence<'_> {
    /// Between backticks on one line stands code in a paragraph.
    fn opens(&self) -> bool {
        self.mark == b'~' || !self.info.contains(&b'`')
    }

    fn closes(&self, opening: &Fence<'_>) -> bool {
        self.mark == opening.mark && self.len >= opening.len && self.info.is_empty()
    }
}

/// The end of the first paragraph at or after `at`: a blank line, or the end of the text.
fn paragraph_end(text: &[u8], at: usize) -> usize {
    let start = text[at..].iter().position(|b| !b.is_ascii_whitespace()).map_or(text.len(), |n| at + n);
    let is_blank_after = |end: &usize| {
        let next = text[end + 1..].iter().find(|b| !matches!(b, b' ' | b'\t' | b'\r'));
        next.is_none_or(|&b| b == b'\n')
    };
    memchr::memchr_iter(b'\n', &text[start..]).map(|n| start + n).find(is_blank_after).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, String)> {
        found_in(Syntax::Any, text)
    }

    fn found_in(syntax: Syntax, text: &str) -> Vec<(&str, String)> {
        let finder = memmem::Finder::new(OPENING);
        let comments = comments(DocId(0), text.as_bytes(), syntax, &finder);
        comments.into_iter().map(|c| (&text[c.start..c.end], c.reason)).collect()
    }

    #[test]
    fn a_comment_covers_the_paragraph_after_it() {
        let comment = "<!-- unecho: allow by law -->";
        for (text, covered) in [
            (format!("a\n\n{comment}\nb\nc\n\nd"), format!("{comment}\nb\nc")),
            (format!("{comment}\n\nb\r\n \r\nd"), format!("{comment}\n\nb\r")),
            (format!("{comment} b"), format!("{comment} b")),
            (format!("x\n{comment}\n\n"), format!("{comment}\n\n")),
        ] {
            assert_eq!(found(&text), [(covered.as_str(), "by law".to_owned())]);
        }
        assert_eq!(found("<!-- unecho: allow -->\nb"), [("<!-- unecho: allow -->\nb", String::new())]);
        assert_eq!(found("<!-- unecho: allow by law\nb"), []);
        assert_eq!(found("<!-- unecho: deny -->\nb"), []);
    }

    #[test]
    fn in_a_fenced_block_of_markdown_it_is_an_example() {
        let comment = "<!-- unecho: allow by law -->\nb\n";
        for (before, after, is_code) in [
            ("```markdown\n", "```\n", true),
            ("a\n~~~\r\n", "~~~\n", true),
            ("1. a\n\n    ```\n    ", "    ```\n", true),
            ("> ```\n> ", "> ```\n", true),
            ("````\n```\n", "````\n", true),
            ("~~~\n```\n~~~ x\n", "", true),
            ("```\n", "", true),
            ("```\na\n```\n", "```\nc\n```\n", false),
            ("```\na\n`````\n", "", false),
            ("``` a ``` b\n", "", false),
            ("``\n", "``\n", false),
            ("", "```\nc\n", false),
        ] {
            let text = format!("{before}{comment}{after}");
            assert_eq!(found_in(Syntax::Markdown, &text).is_empty(), is_code, "{text}");
            assert_eq!(found(&text).len(), 1, "elsewhere it counts: {text}");
        }
        for (name, expected) in
            [("a.md", true), ("b/A.Markdown.gz", true), ("a.mdx", true), ("a.rst", false), ("md", false)]
        {
            assert_eq!(is_markdown(Path::new(name)), expected, "{name}");
        }
    }
}
