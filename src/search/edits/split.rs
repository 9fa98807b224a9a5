//! An alignment → the passages in it that are similar enough.
//!
//! A passage is a maximal stretch of the alignment in which every beginning and every end adds to the score (the maximal
//! scoring subsequences of Ruzzo and Tompa 1999), so it starts and ends with a run, and is at least as similar as asked
//! for. More than [`HOLE`] differing columns in a row separate passages, however long these are. Linear.

use std::ops::Range;

use super::score::{Run, Scoring};

/// Differing columns in a row that a passage holds at most.
pub(super) const HOLE: usize = 16;

/// A stretch of runs, with the sums of all scores before it and up to its end.
struct Part {
    runs: Range<usize>,
    before: i64,
    upto: i64,
    /// The last part in the list whose `before` is less; as many as there are parts if there is none.
    less: usize,
}

/// The passages as ranges of `runs`, ascending and disjoint.
pub(super) fn split(runs: &[Run], scoring: Scoring) -> Vec<Range<usize>> {
    let mut passages = Vec::new();
    let mut start = 0;
    for at in 1..=runs.len() {
        if at == runs.len() || runs[at - 1].columns_to(runs[at]) > HOLE {
            passages.extend(best_parts(&runs[start..at], scoring).map(|part| part.start + start..part.end + start));
            start = at;
        }
    }
    passages
}

/// The maximal scoring stretches.
fn best_parts(runs: &[Run], scoring: Scoring) -> impl Iterator<Item = Range<usize>> {
    let mut parts: Vec<Part> = Vec::new();
    let mut total = 0;
    for (at, run) in runs.iter().enumerate() {
        let gap = if at == 0 { 0 } else { runs[at - 1].columns_to(*run) };
        let before = total - gap as i64 * scoring.miss;
        total = before + run.len as i64 * scoring.hit;
        let mut new = Part { runs: at..at + 1, before, upto: total, less: usize::MAX };
        loop {
            new.less = last_less(&parts, new.before);
            match parts.get(new.less) {
                Some(part) if part.upto < new.upto => {
                    new.runs.start = part.runs.start;
                    new.before = part.before;
                    parts.truncate(new.less);
                }
                _ => break,
            }
        }
        parts.push(new);
    }
    parts.into_iter().map(|part| part.runs)
}

/// The last part whose `before` is less than this one; the links skip those that cannot be it.
fn last_less(parts: &[Part], before: i64) -> usize {
    let mut at = parts.len().wrapping_sub(1);
    while let Some(part) = parts.get(at) {
        if part.before < before {
            return at;
        }
        at = part.less;
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::super::score::count;
    use super::*;
    use proptest::prelude::*;

    /// Runs of these lengths with as many differing columns before each.
    fn runs(lens: &[(usize, usize)]) -> Vec<Run> {
        let mut at = 0;
        let place = |&(gap, len): &(usize, usize)| {
            let run = Run { own: at + gap, kept: at + gap, len };
            at += gap + len;
            run
        };
        lens.iter().map(place).collect()
    }

    /// The definition: the stretch with the best score, of those the shortest, and again on both sides of it.
    fn naive(runs: &[Run], range: Range<usize>, scoring: Scoring, found: &mut Vec<Range<usize>>) {
        let ranges = range.clone().flat_map(|from| (from + 1..=range.end).map(move |to| from..to));
        let score = |range: &Range<usize>| {
            let (matches, columns) = count(&runs[range.clone()]);
            matches as i64 * scoring.hit - (columns - matches) as i64 * scoring.miss
        };
        let best = ranges.max_by_key(|r| (score(r), std::cmp::Reverse(r.len()), std::cmp::Reverse(r.start)));
        if let Some(best) = best {
            naive(runs, range.start..best.start, scoring, found);
            found.push(best.clone());
            naive(runs, best.end..range.end, scoring, found);
        }
    }

    #[test]
    fn poor_middles_and_holes_separate() {
        let scoring = Scoring::new(0.8);
        let parts = |lens: &[(usize, usize)], scoring| -> Vec<(usize, usize)> {
            split(&runs(lens), scoring).into_iter().map(|part| (part.start, part.end)).collect()
        };
        assert_eq!(parts(&[(0, 30), (2, 30)], scoring), [(0, 2)]);
        assert_eq!(parts(&[(0, 30), (10, 30)], scoring), [(0, 1), (1, 2)]);
        assert_eq!(parts(&[(0, 300), (HOLE, 300)], scoring), [(0, 2)]);
        assert_eq!(parts(&[(0, 300), (HOLE + 1, 300)], scoring), [(0, 1), (1, 2)]);
        assert_eq!(parts(&[(0, 2), (3, 40), (3, 1)], scoring), [(0, 1), (1, 2), (2, 3)]);
        assert_eq!(parts(&[(0, 100_000), (1, 100_000)], Scoring::new(1.0)), [(0, 1), (1, 2)]);
        assert!(split(&[], scoring).is_empty());
    }

    proptest! {
        #[test]
        fn equals_the_definition(
            lens in proptest::collection::vec((1usize..8, 1usize..12), 0..25),
            percent in 30u32..=100,
        ) {
            let (runs, scoring) = (runs(&lens), Scoring::new(f64::from(percent) / 100.0));
            let found = split(&runs, scoring);
            let mut expected = Vec::new();
            naive(&runs, 0..runs.len(), scoring, &mut expected);
            // equal scores may be cut in more than one way: the scores decide
            let score = |ranges: &[Range<usize>]| -> i64 {
                let one = |r: &Range<usize>| count(&runs[r.clone()]);
                let points = |(m, c): (usize, usize)| m as i64 * scoring.hit - (c - m) as i64 * scoring.miss;
                ranges.iter().map(|r| points(one(r))).max().unwrap_or(0)
            };
            prop_assert_eq!(score(&found), score(&expected));
            prop_assert_eq!(found.len(), expected.len());
            for range in &found {
                let (matches, columns) = count(&runs[range.clone()]);
                prop_assert!(scoring.accepts(matches, columns));
            }
        }
    }
}
