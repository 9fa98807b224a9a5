//! Two texts → what they share and where they differ, word by word.
//!
//! Words are the tokens that unecho compares, so case, punctuation and spacing make no difference. Aligned by Myers'
//! algorithm (*An O(ND) Difference Algorithm and Its Variations*, 1986). Always: the runs that are not `Kept` make up the
//! repeat, those that are not `Gone` have the words of the keeper.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::corpus::{TokenOptions, Tokens};

/// Words of each text that are aligned; what comes after is not shown.
const ALIGNED: usize = 20_000;

/// A run of words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Run {
    /// In both, as the repeat spells them.
    Same(String),
    /// In the keeper only.
    Kept(String),
    /// In the repeat only.
    Gone(String),
    /// So many words in both, left out.
    Skipped(usize),
}

/// The words of one text.
struct Words<'t> {
    text: &'t [u8],
    tokens: Tokens,
}

impl<'t> Words<'t> {
    fn new(text: &'t [u8], options: TokenOptions) -> Words<'t> {
        let mut tokens = Tokens::default();
        tokens.read(text, options);
        Words { text, tokens }
    }

    fn hashes(&self) -> &[u64] {
        &self.tokens.hashes[..self.tokens.hashes.len().min(ALIGNED)]
    }

    /// The text of some words, with what stands between and after them; the first word with what stands before it.
    fn of(&self, range: Range<usize>) -> String {
        let at = |word: usize| self.tokens.starts.get(word).map_or(self.text.len(), |&start| start as usize);
        let start = if range.start == 0 { 0 } else { at(range.start) };
        String::from_utf8_lossy(&self.text[start..at(range.end)]).into_owned()
    }
}

/// How a repeat differs from its keeper; `around` words are shown beside each difference, more that are the same are left
/// out.
pub fn compare(kept: &[u8], gone: &[u8], options: TokenOptions, around: usize) -> Vec<Run> {
    let (kept, gone) = (Words::new(kept, options), Words::new(gone, options));
    let ops = capture_diff_slices(Algorithm::Myers, kept.hashes(), gone.hashes());
    let last = ops.len().saturating_sub(1);
    let mut runs = Vec::new();
    for (i, op) in ops.into_iter().enumerate() {
        let (old, new) = (op.old_range(), op.new_range());
        match op {
            DiffOp::Equal { .. } => {
                let ends = [if i == 0 { 0 } else { around }, if i == last { 0 } else { around }];
                same(&gone, new, ends, &mut runs);
            }
            _ => {
                runs.extend((!old.is_empty()).then(|| Run::Kept(kept.of(old))));
                runs.extend((!new.is_empty()).then(|| Run::Gone(gone.of(new))));
            }
        }
    }
    runs
}

/// Words that are the same, but for those in the middle: `ends` of them stay at the start and the end. At the start and at
/// the end of the text, as many stay as at a difference.
fn same(words: &Words<'_>, range: Range<usize>, ends: [usize; 2], runs: &mut Vec<Run>) {
    let [before, after] = ends;
    // the beginning of a text says what it is about
    let before = if before == 0 { after.max(12) } else { before };
    let skipped = range.len().saturating_sub(before + after);
    if skipped < 8 {
        runs.push(Run::Same(words.of(range)));
        return;
    }
    runs.push(Run::Same(words.of(range.start..range.start + before)));
    runs.push(Run::Skipped(skipped));
    if after > 0 {
        runs.push(Run::Same(words.of(range.end - after..range.end)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diff(kept: &str, gone: &str) -> Vec<Run> {
        compare(kept.as_bytes(), gone.as_bytes(), TokenOptions::default(), 2)
    }

    #[test]
    fn words_are_what_is_compared() {
        let same = |text: &str| Run::Same(text.to_owned());
        assert_eq!(diff("The cat, sat.", "the  CAT sat"), [same("the  CAT sat")]);
        assert_eq!(
            diff("the cat sat", "the dog sat"),
            [same("the "), Run::Kept("cat ".to_owned()), Run::Gone("dog ".to_owned()), same("sat")]
        );
        assert_eq!(diff("", "a"), [Run::Gone("a".to_owned())]);
        assert_eq!(diff("", ""), []);
    }

    #[test]
    fn long_runs_of_the_same_words_are_left_out_but_for_their_ends() {
        let words: Vec<String> = (0..100).map(|i| format!("w{i}")).collect();
        let kept = words.join(" ");
        let gone = kept.replace("w50 ", "x ");
        let runs = diff(&kept, &gone);
        assert_eq!(runs[1], Run::Skipped(50 - 12 - 2));
        assert_eq!(
            runs[3..6],
            [Run::Kept("w50 ".to_owned()), Run::Gone("x ".to_owned()), Run::Same("w51 w52 ".to_owned())]
        );
        assert_eq!(runs.last(), Some(&Run::Skipped(47)));
    }
}
