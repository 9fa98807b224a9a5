//! A segment to remove → the cut that removes it and one of the gaps beside it.
//!
//! A run of removed segments takes along the white space on one side: the side with fewer line ends, so that what is left
//! stands as far apart as before; after it if both are alike; before it at the end of the text. Indentation of the text
//! that follows, and spaces at the end of the line before, belong to what is left. A cut that would join two words is
//! narrowed to the segment, or refused.

use crate::corpus::Span;
use crate::corpus::chars::inside_token;

/// For each of the ascending, disjoint `segments` of `text`, what to cut; `None` if it has to stay. Linear in the
/// segments and the gaps between them.
pub(super) fn widen(text: &[u8], segments: &[Span]) -> Vec<Option<Span>> {
    let between = |a: &Span, b: &Span| text[a.end as usize..b.start as usize].iter().all(u8::is_ascii_whitespace);
    let mut cuts = Vec::with_capacity(segments.len());
    for run in segments.chunk_by(between) {
        let (first, last) = (run[0], run[run.len() - 1]);
        let whole = cut_of_run(text, Span { start: first.start, end: last.end });
        for (i, segment) in run.iter().enumerate() {
            cuts.push(whole.map(|whole| Span {
                start: if i == 0 { whole.start } else { segment.start },
                end: run.get(i + 1).map_or(whole.end, |next| next.start),
            }));
        }
    }
    cuts
}

/// What to cut for a run of segments.
fn cut_of_run(text: &[u8], run: Span) -> Option<Span> {
    [with_gap(text, run), run].into_iter().find(|cut| {
        let (before, after) = (&text[..cut.start as usize], &text[cut.end as usize..]);
        !inside_token(before, after)
    })
}

/// The run and the gap that goes with it.
fn with_gap(text: &[u8], run: Span) -> Span {
    let (start, end) = (run.start as usize, run.end as usize);
    let blank_before = text[..start].iter().rev().take_while(|b| b.is_ascii_whitespace()).count();
    let blank_after = text[end..].iter().take_while(|b| b.is_ascii_whitespace()).count();
    let before = &text[start - blank_before..start];
    let after = &text[end..end + blank_after];
    let line_ends = |gap: &[u8]| memchr::memchr_iter(b'\n', gap).count();
    let at_start = blank_before == start;
    let at_end = end + blank_after == text.len();
    if !at_start && (at_end || line_ends(before) < line_ends(after)) {
        Span::new(start - gap_before(before), end)
    } else {
        Span::new(start, end + gap_after(after))
    }
}

/// How much of the blank space before a run goes with it: from its first line end on, or all.
fn gap_before(blank: &[u8]) -> usize {
    match memchr::memchr(b'\n', blank) {
        None => blank.len(),
        Some(n) => blank.len() - n + usize::from(n > 0 && blank[n - 1] == b'\r'),
    }
}

/// How much of the blank space after a run goes with it: to its last line end, or all.
fn gap_after(blank: &[u8]) -> usize {
    memchr::memrchr(b'\n', blank).map_or(blank.len(), |n| n + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `[` and `]` mark the segments; gives what is left.
    fn left(marked: &str) -> String {
        let mut text = Vec::new();
        let mut segments = Vec::new();
        let mut open = 0;
        for &b in marked.as_bytes() {
            match b {
                b'[' => open = text.len(),
                b']' => segments.push(Span::new(open, text.len())),
                b => text.push(b),
            }
        }
        let mut left = Vec::new();
        let mut at = 0;
        for cut in widen(&text, &segments).into_iter().flatten() {
            left.extend_from_slice(&text[at..cut.start as usize]);
            at = cut.end as usize;
        }
        left.extend_from_slice(&text[at..]);
        String::from_utf8(left).unwrap()
    }

    #[test]
    fn what_is_left_stands_as_far_apart_as_before() {
        for (marked, expected) in [
            ("A\n[B]\nC\n", "A\nC\n"),
            ("A\n\n[B]\n\nC\n", "A\n\nC\n"),
            ("A\n[B]\n\nC", "A\n\nC"),
            ("A\n\n[B]\nC", "A\n\nC"),
            ("[A]\n\nB", "B"),
            ("A\n[B]", "A"),
            ("A\n\n[B]\n", "A\n"),
            ("A\n[B]\n[C]\n\n\n\n", "A\n\n\n\n"),
            ("A\r\n[B]\r\nC\r\n", "A\r\nC\r\n"),
            ("A\r\n[B]\r\n", "A\r\n"),
            ("A  \n[B]\n    C", "A  \n    C"),
            ("One. [Two.] Three.", "One. Three."),
            ("One. [Two.]\n\nThree.", "One.\n\nThree."),
            ("One.\n\n[Two.] Three.", "One.\n\nThree."),
            ("你好。[再见。]谢谢。", "你好。谢谢。"),
            ("\n[A]\n", "\n"),
        ] {
            assert_eq!(left(marked), expected, "{marked:?}");
        }
    }

    #[test]
    fn a_cut_that_would_join_two_words_is_refused() {
        assert_eq!(left("Alice wanted[ to go to the ]store"), "Alice wanted to go to the store");
        assert_eq!(left("Alice [wanted] store"), "Alice store");
    }
}
