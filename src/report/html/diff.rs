//! Two texts → rows that stand side by side, with the words that differ marked.
//!
//! In: what is kept and what repeats it. Out: aligned rows of runs. Always: words are those that unecho compared, so what
//! is marked as differing is what lowered the similarity; what differs in case, punctuation or spacing alone is marked as
//! written differently. The runs of one side, with what was skipped, are its text again.
//!
//! Words are aligned by Myers' algorithm; a row ends where both texts end a line behind the same word, and long stretches
//! of the same words are left out but for their ends.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::corpus::{TokenOptions, Tokens};

/// Words that are shown at each end of a long stretch of the same words.
const ENDS: usize = 45;

/// A stretch of the same words is cut short if at least this many can be left out.
const WORTH_SKIPPING: usize = 30;

/// How a run compares with the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The same.
    Same,
    /// The same words in other letter case, or with other marks between them.
    Form,
    /// Words that the other side does not have here.
    Other,
}

/// A stretch of one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) kind: Kind,
    pub(super) text: String,
}

/// What stands side by side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Row {
    /// A part of each text.
    Both(Vec<Run>, Vec<Run>),
    /// So many words are the same on both sides and left out.
    Skipped(usize),
}

/// Aligns the kept text (left) with what repeats it (right).
pub(super) fn rows(kept: &str, repeat: &str, options: TokenOptions) -> Vec<Row> {
    let (left, right) = (Words::of(kept, options), Words::of(repeat, options));
    let mut rows = Rows::default();
    rows.push_pair(left.head(), right.head());
    for op in capture_diff_slices(Algorithm::Myers, &left.tokens.hashes, &right.tokens.hashes) {
        match op {
            DiffOp::Equal { old_index, new_index, len } => rows.same(&left, &right, old_index, new_index, len),
            DiffOp::Delete { old_index, old_len, .. } => rows.differ(&left, old_index..old_index + old_len, Side::Left),
            DiffOp::Insert { new_index, new_len, .. } => {
                rows.differ(&right, new_index..new_index + new_len, Side::Right);
            }
            DiffOp::Replace { old_index, old_len, new_index, new_len } => {
                rows.differ(&left, old_index..old_index + old_len, Side::Left);
                rows.differ(&right, new_index..new_index + new_len, Side::Right);
            }
        }
    }
    rows.end_row();
    rows.done
}

/// A text in words, each with what separates it from the next.
struct Words<'t> {
    text: &'t str,
    tokens: Tokens,
}

impl Words<'_> {
    fn of(text: &str, options: TokenOptions) -> Words<'_> {
        let mut tokens = Tokens::default();
        tokens.read(text.as_bytes(), options);
        Words { text, tokens }
    }

    /// What stands before the first word.
    fn head(&self) -> &str {
        &self.text[..self.start(0)]
    }

    fn get(&self, index: usize) -> &str {
        &self.text[self.start(index)..self.start(index + 1)]
    }

    fn start(&self, index: usize) -> usize {
        self.tokens.starts.get(index).map_or(self.text.len(), |start| *start as usize)
    }
}

#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

/// Rows under way.
#[derive(Default)]
struct Rows {
    done: Vec<Row>,
    left: Vec<Run>,
    right: Vec<Run>,
}

impl Rows {
    /// Adds words that are the same on both sides.
    fn same(&mut self, left: &Words<'_>, right: &Words<'_>, from_left: usize, from_right: usize, len: usize) {
        let skipped = len.saturating_sub(2 * ENDS);
        let mut at = 0;
        while at < len {
            if at == ENDS && skipped >= WORTH_SKIPPING {
                self.end_row();
                self.done.push(Row::Skipped(skipped));
                at += skipped;
            }
            let (a, b) = (left.get(from_left + at), right.get(from_right + at));
            self.push_pair(a, b);
            if a.contains('\n') && b.contains('\n') {
                self.end_row();
            }
            at += 1;
        }
    }

    fn push_pair(&mut self, left: &str, right: &str) {
        let kind = if left.trim() == right.trim() { Kind::Same } else { Kind::Form };
        push(&mut self.left, kind, left);
        push(&mut self.right, kind, right);
    }

    /// Adds words that only one side has.
    fn differ(&mut self, words: &Words<'_>, range: std::ops::Range<usize>, side: Side) {
        let runs = match side {
            Side::Left => &mut self.left,
            Side::Right => &mut self.right,
        };
        range.for_each(|index| push(runs, Kind::Other, words.get(index)));
    }

    fn end_row(&mut self) {
        if !self.left.is_empty() || !self.right.is_empty() {
            let (left, right) = (std::mem::take(&mut self.left), std::mem::take(&mut self.right));
            self.done.push(Row::Both(left, right));
        }
    }
}

/// Adds a word to runs; the space after it is marked only between marked words.
fn push(runs: &mut Vec<Run>, kind: Kind, word: &str) {
    let (said, space) = word.split_at(word.trim_end().len());
    if let [.., before, gap] = runs.as_mut_slice()
        && before.kind == kind
        && gap.text.trim().is_empty()
        && !gap.text.contains('\n')
    {
        let gap = runs.pop().map(|gap| gap.text).unwrap_or_default();
        extend(runs, kind, &gap);
    }
    extend(runs, kind, said);
    extend(runs, Kind::Same, space);
}

fn extend(runs: &mut Vec<Run>, kind: Kind, text: &str) {
    match runs.last_mut() {
        _ if text.is_empty() => {}
        Some(last) if last.kind == kind => last.text.push_str(text),
        _ => runs.push(Run { kind, text: text.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Runs in brackets: `[words that differ]`, `{written differently}`.
    fn drawn(runs: &[Run]) -> String {
        let draw = |run: &Run| match run.kind {
            Kind::Same => run.text.clone(),
            Kind::Form => format!("{{{}}}", run.text),
            Kind::Other => format!("[{}]", run.text),
        };
        runs.iter().map(draw).collect()
    }

    fn sides(kept: &str, repeat: &str) -> Vec<(String, String)> {
        let side = |row: Row| match row {
            Row::Both(left, right) => (drawn(&left), drawn(&right)),
            Row::Skipped(words) => (format!("… {words}"), String::new()),
        };
        rows(kept, repeat, TokenOptions::default()).into_iter().map(side).collect()
    }

    fn one(kept: &str, repeat: &str) -> (String, String) {
        let [row] = <[_; 1]>::try_from(sides(kept, repeat)).unwrap();
        row
    }

    #[test]
    fn differing_words_are_marked_together() {
        let marked = one("the quick brown fox jumps", "the slow red fox jumps high");
        assert_eq!(marked, ("the [quick brown] fox jumps".into(), "the [slow red] fox jumps [high]".into()));
    }

    #[test]
    fn case_and_punctuation_are_another_form_of_the_same_words() {
        assert_eq!(
            one("Hello, world today", "hello world  today"),
            ("{Hello,} world today".into(), "{hello} world  today".into())
        );
    }

    #[test]
    fn rows_end_where_both_texts_end_a_line() {
        let rows = sides("one two\nthree four\n", "one two\nthree 4 four\n");
        assert_eq!(
            rows,
            [("one two\n".into(), "one two\n".into()), ("three four\n".into(), "three [4] four\n".into())]
        );
    }

    #[test]
    fn unspaced_scripts_are_compared_by_character() {
        assert_eq!(one("春眠不覺曉", "春眠不知曉"), ("春眠不[覺]曉".into(), "春眠不[知]曉".into()));
    }

    #[test]
    fn long_stretches_of_the_same_words_are_left_out() {
        let long = (0..500).map(|i| format!("w{i} ")).collect::<String>();
        let rows = sides(&long, &format!("{long} end"));
        assert_eq!(rows[1].0, format!("… {}", 500 - 2 * ENDS));
        assert_eq!(rows.len(), 3);
    }

    #[test]
    fn texts_without_words_are_shown() {
        assert_eq!(one("***", "***"), ("***".into(), "***".into()));
        assert_eq!(one("***", "--"), ("{***}".into(), "{--}".into()));
        assert_eq!(sides("", ""), []);
    }

    proptest! {
        #[test]
        fn the_runs_of_a_side_are_its_text(kept in "[ab ,.\n]{0,40}", repeat in "[abA ,.\n]{0,40}") {
            let (mut left, mut right) = (String::new(), String::new());
            for row in rows(&kept, &repeat, TokenOptions::default()) {
                let Row::Both(l, r) = row else { panic!("nothing is long enough to be left out") };
                left.extend(l.into_iter().map(|run| run.text));
                right.extend(r.into_iter().map(|run| run.text));
            }
            prop_assert_eq!((left, right), (kept, repeat));
        }
    }
}
