//! What an alignment is, and when it is good enough.
//!
//! An alignment of two token sequences is a list of [`Run`]s: stretches that are equal in both, ascending in both. What
//! lies between two runs differs: it has as many *columns* as its longer side has tokens, and each token of a run is a
//! column too. *Identity* is matching tokens by columns. (A substituted, inserted or lost word is one column, so this is
//! what the words of an edit distance amount to.)
//!
//! With `hit = 1 − s` for a matching column and `miss = −s` for a differing one, an alignment has a score of 0 or more if
//! and only if its identity is `s` or more. So what scores most is the passage to report, and no end that is less similar
//! than `s` adds to it.

/// A stretch of tokens that is equal in both texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// Its first token in the text in question.
    pub(super) own: usize,
    /// Its first token in the kept text.
    pub(super) kept: usize,
    /// Its tokens.
    pub(super) len: usize,
}

impl Run {
    /// Its end in both texts.
    pub(super) fn end(self) -> (usize, usize) {
        (self.own + self.len, self.kept + self.len)
    }

    /// The differing columns between it and the next run.
    pub(super) fn columns_to(self, next: Run) -> usize {
        let (own, kept) = self.end();
        (next.own - own).max(next.kept - kept)
    }
}

/// What columns count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scoring {
    similarity: f64,
    /// For a matching column.
    pub(super) hit: i64,
    /// Off for a differing one.
    pub(super) miss: i64,
}

/// Points of a column. A matching one gets a point more, so that equal tokens count at similarity 1 too.
const SCALE: f64 = (1u64 << 32) as f64;

impl Scoring {
    /// The scoring for a least identity above 0 and at most 1.
    pub(super) fn new(similarity: f64) -> Scoring {
        let similarity = similarity.clamp(0.01, 1.0);
        let miss = (similarity * SCALE) as i64;
        Scoring { similarity, hit: SCALE as i64 - miss + 1, miss }
    }

    /// Whether an alignment with so many columns, of which so many match, is similar enough.
    pub(super) fn accepts(self, matches: usize, columns: usize) -> bool {
        matches > 0 && matches as f64 >= self.similarity * columns as f64
    }
}

/// Matching columns and all columns of an alignment.
pub(super) fn count(runs: &[Run]) -> (usize, usize) {
    let matches: usize = runs.iter().map(|run| run.len).sum();
    let differing: usize = runs.windows(2).map(|pair| pair[0].columns_to(pair[1])).sum();
    (matches, matches + differing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn columns_are_counted_on_the_longer_side() {
        let run = |own, kept, len| Run { own, kept, len };
        // a b c x y d e   |   a b c z d e f
        assert_eq!(count(&[run(0, 0, 3), run(5, 4, 2)]), (5, 7));
        assert_eq!(count(&[]), (0, 0));
    }

    proptest! {
        #[test]
        fn what_scores_is_similar_and_what_is_dissimilar_does_not(
            matches in 0usize..5000,
            differing in 0usize..5000,
            percent in 1u32..=100,
        ) {
            let similarity = f64::from(percent) / 100.0;
            let scoring = Scoring::new(similarity);
            let score = matches as i64 * scoring.hit - differing as i64 * scoring.miss;
            let identity = matches as f64 / (matches + differing).max(1) as f64;
            if identity > similarity + 1e-6 { prop_assert!(score > 0) }
            if identity < similarity - 1e-6 { prop_assert!(score < 0) }
            let accepted = scoring.accepts(matches, matches + differing);
            prop_assert_eq!(accepted, matches > 0 && identity >= similarity);
        }
    }
}
