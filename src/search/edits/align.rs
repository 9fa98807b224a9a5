//! A chain of anchors → the alignment of both texts around it.
//!
//! Between two anchors both texts are aligned from end to end, and beyond the first and the last as far as it pays. What
//! is equal at the ends of a gap is matched first, which costs nothing in the score; only what is left goes through the
//! table of dynamic programming (Needleman and Wunsch 1970), so a changed word costs one cell. Always: the runs are equal
//! in both texts, which is checked token by token, and ascend strictly in both.
//!
//! Bounds: a table has at most [`CELLS`] cells, a larger gap counts as different; an end is extended in steps of
//! [`REACH`] tokens as long as a step goes on for half of that, and a step ends where the score falls [`DROP`] misses
//! below its best (X-drop; Zhang, Berman and Miller 1998).

use super::chain::Anchor;
use super::score::{Run, Scoring};
use super::seeds::SEED_TOKENS;

/// Cells that a table has at most.
const CELLS: usize = 1 << 14;

/// Tokens that an end is extended by in one step.
pub(super) const REACH: usize = 32;

/// Differing tokens in a row that end an extension.
const DROP: i64 = 12;

/// Aligns.
pub(super) struct Aligner {
    scoring: Scoring,
    table: Table,
    runs: Vec<Run>,
    /// Both texts before the first anchor, backwards.
    backwards: (Vec<u64>, Vec<u64>),
}

impl Aligner {
    pub(super) fn new(scoring: Scoring) -> Aligner {
        Aligner { scoring, table: Table::default(), runs: Vec::new(), backwards: Default::default() }
    }

    /// The alignment of `own` and `kept` along `anchors`; empty if none of them holds.
    pub(super) fn align(&mut self, own: &[u64], kept: &[u64], anchors: impl Iterator<Item = Anchor>) -> &[Run] {
        self.runs.clear();
        for anchor in anchors {
            self.join(own, kept, anchor.own as usize, anchor.kept as usize);
        }
        if !self.runs.is_empty() {
            self.extend_right(own, kept);
            self.extend_left(own, kept);
        }
        &self.runs
    }

    /// Aligns up to the end of the anchor at `i` and `j`. One that contradicts those before it, or is none, is left out.
    fn join(&mut self, own: &[u64], kept: &[u64], i: usize, j: usize) {
        let len = SEED_TOKENS;
        let is_equal = own.get(i..i + len).is_some_and(|seed| kept.get(j..j + len) == Some(seed));
        if !is_equal {
            return;
        }
        let Some(last) = self.runs.last_mut() else {
            self.runs.push(Run { own: i, kept: j, len });
            return;
        };
        let (own_end, kept_end) = last.end();
        if i >= own_end && j >= kept_end {
            self.bridge(&own[own_end..i], &kept[kept_end..j], own_end, kept_end);
            push(&mut self.runs, Run { own: i, kept: j, len });
        } else if i + kept_end == j + own_end {
            last.len = last.len.max(i + len - last.own);
        }
    }

    /// Aligns a gap from end to end; it begins at `i` and `j`.
    fn bridge(&mut self, own: &[u64], kept: &[u64], i: usize, j: usize) {
        let head = common_prefix(own, kept);
        let (own, kept) = (&own[head..], &kept[head..]);
        let tail = own.iter().rev().zip(kept.iter().rev()).take_while(|(a, b)| a == b).count();
        let middle = (&own[..own.len() - tail], &kept[..kept.len() - tail]);
        push(&mut self.runs, Run { own: i, kept: j, len: head });
        if (middle.0.len() + 1) * (middle.1.len() + 1) <= CELLS {
            self.table.fill(middle.0, middle.1, self.scoring);
            self.table.read_off(middle.0.len(), middle.1.len(), i + head, j + head, &mut self.runs);
        }
        push(&mut self.runs, Run { own: i + head + middle.0.len(), kept: j + head + middle.1.len(), len: tail });
    }

    fn extend_right(&mut self, own: &[u64], kept: &[u64]) {
        let Some(last) = self.runs.last() else { return };
        let (i, j) = last.end();
        extend(&mut self.table, self.scoring, (own, kept), (i, j), &mut self.runs);
    }

    /// Extends the start, as an end of both texts read backwards.
    fn extend_left(&mut self, own: &[u64], kept: &[u64]) {
        let Some(&Run { own: i, kept: j, .. }) = self.runs.first() else { return };
        let (a, b) = &mut self.backwards;
        refill(a, own[..i].iter().rev());
        refill(b, kept[..j].iter().rev());
        let mut before = Vec::new();
        extend(&mut self.table, self.scoring, (a, b), (0, 0), &mut before);
        let forwards = |run: &Run| Run { own: i - run.own - run.len, kept: j - run.kept - run.len, len: run.len };
        let mut runs: Vec<Run> = Vec::with_capacity(before.len() + self.runs.len());
        before.iter().rev().map(forwards).for_each(|run| push(&mut runs, run));
        self.runs.drain(..).for_each(|run| push(&mut runs, run));
        self.runs = runs;
    }
}

/// Appends runs from `(i, j)` on as long as they add to the score.
fn extend(
    table: &mut Table,
    scoring: Scoring,
    (own, kept): (&[u64], &[u64]),
    start: (usize, usize),
    runs: &mut Vec<Run>,
) {
    let (mut i, mut j) = start;
    loop {
        let len = common_prefix(&own[i..], &kept[j..]);
        push(runs, Run { own: i, kept: j, len });
        (i, j) = (i + len, j + len);
        let a = &own[i..own.len().min(i + REACH)];
        let b = &kept[j..kept.len().min(j + REACH)];
        let (rows, columns) = table.fill_ahead(a, b, scoring, DROP * scoring.miss);
        if rows == 0 {
            return;
        }
        table.read_off(rows, columns, i, j, runs);
        (i, j) = (i + rows, j + columns);
        if rows.max(columns) < REACH / 2 {
            return;
        }
    }
}

/// Appends a run, or makes the last one longer by it if there is nothing between them.
fn push(runs: &mut Vec<Run>, run: Run) {
    match runs.last_mut() {
        _ if run.len == 0 => {}
        Some(last) if last.end() == (run.own, run.kept) => last.len += run.len,
        _ => runs.push(run),
    }
}

fn refill<'t>(list: &mut Vec<u64>, tokens: impl Iterator<Item = &'t u64>) {
    list.clear();
    list.extend(tokens);
}

fn common_prefix(a: &[u64], b: &[u64]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// The last column of an alignment of two prefixes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Both tokens are equal.
    Match,
    /// They are not.
    Other,
    /// A token of the text in question only.
    Own,
    /// A token of the kept text only.
    Kept,
}

/// The best last step to a cell from those around it, and its score.
#[inline(always)]
fn best_step(is_equal: bool, diagonal: i64, up: i64, left: i64, scoring: Scoring) -> (i64, Step) {
    if is_equal {
        (diagonal + scoring.hit, Step::Match)
    } else if diagonal >= up && diagonal >= left {
        (diagonal - scoring.miss, Step::Other)
    } else if up >= left {
        (up - scoring.miss, Step::Own)
    } else {
        (left - scoring.miss, Step::Kept)
    }
}

/// The score of a cell that leads nowhere: less than all others, and far from the least number.
const UNKNOWN: i64 = i64::MIN / 4;

/// The best alignments of prefixes of two texts.
#[derive(Default)]
struct Table {
    /// The scores of one row.
    row: Vec<i64>,
    /// The last step of each cell, row by row, without the first row and column.
    steps: Vec<Step>,
    columns: usize,
}

impl Table {
    /// Makes room for so many rows and columns; what it holds is written over.
    fn begin(&mut self, rows: usize, columns: usize) {
        self.columns = columns;
        if self.steps.len() < rows * columns {
            self.steps.resize(rows * columns, Step::Other);
        }
    }

    /// Fills the table.
    fn fill(&mut self, own: &[u64], kept: &[u64], scoring: Scoring) {
        self.begin(own.len(), kept.len());
        self.row.clear();
        self.row.extend((1..=kept.len() as i64).map(|j| -j * scoring.miss));
        let rows = self.steps.chunks_exact_mut(kept.len().max(1));
        for ((i, &token), steps) in (0..).zip(own).zip(rows) {
            let (mut diagonal, mut left) = (-i * scoring.miss, -(i + 1) * scoring.miss);
            for ((&other, score), step) in kept.iter().zip(&mut self.row).zip(steps) {
                let up = *score;
                (left, *step) = best_step(token == other, diagonal, up, left, scoring);
                (diagonal, *score) = (up, left);
            }
        }
    }

    /// Fills what may lead to the cell with the best score, and gives that, the first of equals. It ends with the first row
    /// in which no such score is within `drop` of the best.
    ///
    /// A cell leads to a better one only if it would with matches all the way to the nearer end. Where tokens differ, these
    /// are few cells near the diagonal, and soon none. No way to the best cell goes through another, for then that would
    /// have led there; so the way is the one that a full table has.
    fn fill_ahead(&mut self, own: &[u64], kept: &[u64], scoring: Scoring, drop: i64) -> (usize, usize) {
        let (rows, columns) = (own.len(), kept.len());
        self.begin(rows, columns);
        self.row.clear();
        self.row.extend((0..=columns as i64).map(|j| -j * scoring.miss));
        let may_lead =
            |score: i64, i: usize, j: usize, best: i64| score + (rows - i).min(columns - j) as i64 * scoring.hit > best;
        let (mut best, mut place) = (0, (0, 0));
        // the columns of the row before that may lead to a better cell
        let mut live = 0..(0..=columns).take_while(|&j| may_lead(self.row[j], 0, j, 0)).count();
        for (i, &token) in (1..).zip(own) {
            // straight down from the best cell, whether that leads on or not
            let mut row_best = best - (i - place.0) as i64 * scoring.miss;
            let mut next = columns + 1..0;
            let mut note = |score: i64, j: usize, best: i64| {
                row_best = row_best.max(score);
                let leads = may_lead(score, i, j, best);
                if leads {
                    next = next.start.min(j)..j + 1;
                }
                leads
            };
            let start = live.start.max(1);
            let (mut diagonal, mut left) = (self.row[start - 1], UNKNOWN);
            if live.start == 0 {
                left = -(i as i64) * scoring.miss;
                note(left, 0, best);
            }
            self.row[start - 1] = left;
            let steps = &mut self.steps[(i - 1) * columns..i * columns];
            let mut j = start;
            while j <= columns {
                let up = self.row[j];
                let (score, step) = best_step(token == kept[j - 1], diagonal, up, left, scoring);
                (diagonal, left) = (up, score);
                self.row[j] = score;
                steps[j - 1] = step;
                if score > best {
                    (best, place) = (score, (i, j));
                }
                let leads = note(score, j, best);
                j += 1;
                if j > live.end && !leads {
                    break;
                }
            }
            // nothing is known of the next cell, where the next row may look
            self.row.get_mut(j).into_iter().for_each(|cell| *cell = UNKNOWN);
            live = next;
            if live.is_empty() || row_best < best - drop {
                break;
            }
        }
        place
    }

    /// Appends the runs of the best alignment of the first `rows` and `columns` tokens, which stand at `i` and `j`.
    fn read_off(&self, mut rows: usize, mut columns: usize, i: usize, j: usize, runs: &mut Vec<Run>) {
        let mut found: Vec<Run> = Vec::new();
        while rows > 0 && columns > 0 {
            let step = self.steps[(rows - 1) * self.columns + columns - 1];
            rows -= usize::from(step != Step::Kept);
            columns -= usize::from(step != Step::Own);
            match found.last_mut() {
                _ if step != Step::Match => {}
                Some(last) if (last.own, last.kept) == (i + rows + 1, j + columns + 1) => {
                    *last = Run { own: last.own - 1, kept: last.kept - 1, len: last.len + 1 };
                }
                _ => found.push(Run { own: i + rows, kept: j + columns, len: 1 }),
            }
        }
        found.into_iter().rev().for_each(|run| push(runs, run));
    }
}

#[cfg(test)]
mod tests {
    use super::super::score::count;
    use super::*;
    use proptest::prelude::*;

    /// The best score of an alignment from end to end, by trying everything: matching equal tokens is not forced.
    fn naive(own: &[u64], kept: &[u64], scoring: Scoring) -> i64 {
        let mut best = vec![vec![0i64; kept.len() + 1]; own.len() + 1];
        for i in 0..=own.len() {
            for j in 0..=kept.len() {
                let mut options = Vec::new();
                if i > 0 && j > 0 {
                    let points = if own[i - 1] == kept[j - 1] { scoring.hit } else { -scoring.miss };
                    options.push(best[i - 1][j - 1] + points);
                }
                if i > 0 {
                    options.push(best[i - 1][j] - scoring.miss);
                }
                if j > 0 {
                    options.push(best[i][j - 1] - scoring.miss);
                }
                best[i][j] = options.into_iter().max().unwrap_or(0);
            }
        }
        best[own.len()][kept.len()]
    }

    /// The best score of two prefixes.
    fn naive_prefixes(own: &[u64], kept: &[u64], scoring: Scoring) -> i64 {
        let prefixes = (0..=own.len()).flat_map(|i| (0..=kept.len()).map(move |j| (i, j)));
        prefixes.map(|(i, j)| naive(&own[..i], &kept[..j], scoring)).max().unwrap_or(0)
    }

    /// The score of the whole, given what is aligned of it.
    fn score(runs: &[Run], from: (usize, usize), to: (usize, usize), scoring: Scoring) -> i64 {
        let ends = [Run { own: from.0, kept: from.1, len: 0 }, Run { own: to.0, kept: to.1, len: 0 }];
        let all: Vec<Run> = [&ends[..1], runs, &ends[1..]].concat();
        let (matches, columns) = count(&all);
        matches as i64 * scoring.hit - (columns - matches) as i64 * scoring.miss
    }

    fn assert_sound(runs: &[Run], own: &[u64], kept: &[u64]) {
        for run in runs {
            assert!(run.len > 0);
            assert_eq!(own[run.own..run.own + run.len], kept[run.kept..run.kept + run.len]);
        }
        for pair in runs.windows(2) {
            let (own, kept) = pair[0].end();
            assert!(own <= pair[1].own && kept <= pair[1].kept && (own, kept) != (pair[1].own, pair[1].kept));
        }
    }

    fn words() -> impl Strategy<Value = Vec<u64>> {
        proptest::collection::vec(0u64..4, 0..14)
    }

    proptest! {
        #[test]
        fn a_gap_is_aligned_as_well_as_can_be(own in words(), kept in words(), percent in 1u32..=100) {
            let scoring = Scoring::new(f64::from(percent) / 100.0);
            let mut aligner = Aligner::new(scoring);
            aligner.bridge(&own, &kept, 0, 0);
            assert_sound(&aligner.runs, &own, &kept);
            let best = naive(&own, &kept, scoring);
            prop_assert_eq!(score(&aligner.runs, (0, 0), (own.len(), kept.len()), scoring), best);
        }

        #[test]
        fn an_end_is_extended_as_far_as_it_pays(own in words(), kept in words(), percent in 1u32..=100) {
            let scoring = Scoring::new(f64::from(percent) / 100.0);
            let best = naive_prefixes(&own, &kept, scoring);
            let mut runs = Vec::new();
            extend(&mut Table::default(), scoring, (&own, &kept), (0, 0), &mut runs);
            assert_sound(&runs, &own, &kept);
            let end = runs.last().map_or((0, 0), |run| run.end());
            prop_assert_eq!(score(&runs, (0, 0), end, scoring), best);
        }

        #[test]
        fn an_alignment_is_sound_whatever_the_anchors(
            own in proptest::collection::vec(0u64..3, 0..80),
            kept in proptest::collection::vec(0u64..3, 0..80),
            mut anchors in proptest::collection::vec((0u32..80, 0u32..80), 0..10),
        ) {
            anchors.sort_unstable();
            let mut aligner = Aligner::new(Scoring::new(0.8));
            let anchors = anchors.into_iter().map(|(own, kept)| Anchor { text: 0, own, kept });
            assert_sound(aligner.align(&own, &kept, anchors), &own, &kept);
        }

        #[test]
        fn one_anchor_is_enough_to_align_a_whole_text(edits in proptest::collection::vec((0usize..150, 0u32..3), 0..12)) {
            let kept: Vec<u64> = (0..150).collect();
            let mut own = kept.clone();
            for (n, (at, kind)) in edits.into_iter().enumerate() {
                let at = at.min(own.len() - 1);
                match kind {
                    0 => own[at] = 1000 + n as u64,
                    1 => own.insert(at, 1000 + n as u64),
                    _ => drop(own.remove(at)),
                }
            }
            let seed = own.windows(SEED_TOKENS).position(|w| w.windows(2).all(|p| p[0] + 1 == p[1]));
            if let Some(at) = seed {
                let anchor = Anchor { text: 0, own: at as u32, kept: own[at] as u32 };
                let scoring = Scoring::new(0.5);
                let mut aligner = Aligner::new(scoring);
                let runs = aligner.align(&own, &kept, [anchor].into_iter());
                let (first, last) = (runs[0], runs[runs.len() - 1]);
                let best = naive(&own, &kept, scoring);
                prop_assert!(score(runs, (first.own, first.kept), last.end(), scoring) >= best);
            }
        }
    }
}
