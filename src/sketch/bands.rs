//! Bands × rows: which pairs of signatures become candidates.
//!
//! Two sets with Jaccard similarity J agree in one MinHash value with probability J, in a band of r values with J^r, and
//! in at least one of b bands with 1 − (1 − J^r)^b (Leskovec, Rajaraman, Ullman, *Mining of Massive Datasets*, §3.4).
//! Candidates are verified afterwards, so bands are chosen for recall *at* the threshold: the longest bands, that is the
//! fewest false candidates, that still find 98 % of the pairs that lie exactly on it.

use super::HASHES;

/// Recall at the threshold that [`Banding::for_threshold`] guarantees.
const RECALL: f64 = 0.98;

/// A division of the signature into `bands` bands of `rows` values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Banding {
    /// Number of bands.
    pub bands: usize,
    /// MinHash values in a band.
    pub rows: usize,
}

impl Banding {
    /// The division for pairs of Jaccard similarity `threshold` (0 < threshold < 1) and above.
    pub fn for_threshold(threshold: f64) -> Banding {
        let fits = |rows: &usize| Banding::of_rows(*rows).recall(threshold) >= RECALL;
        Banding::of_rows((1..=HASHES).rev().find(fits).unwrap_or(1))
    }

    fn of_rows(rows: usize) -> Banding {
        Banding { bands: HASHES / rows, rows }
    }

    /// Probability that a pair of Jaccard similarity `j` shares a band.
    pub fn recall(self, j: f64) -> f64 {
        1.0 - (1.0 - j.powi(self.rows as i32)).powi(self.bands as i32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choices_of_the_design() {
        assert_eq!(Banding::for_threshold(0.8), Banding { bands: 18, rows: 7 });
        assert_eq!(Banding::for_threshold(0.7), Banding { bands: 25, rows: 5 });
    }

    #[test]
    fn recall_at_every_threshold() {
        for percent in 5..100 {
            let threshold = f64::from(percent) / 100.0;
            let banding = Banding::for_threshold(threshold);
            assert!(banding.recall(threshold) >= RECALL, "{threshold}");
            assert!(banding.bands * banding.rows <= HASHES);
        }
    }
}
