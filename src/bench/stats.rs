//! Numbers that were measured → what may be said of them.

/// Times of the same thing, and what they come to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Arithmetic mean.
    pub mean: f64,
    /// Standard deviation of the sample; `None` for a single run.
    pub stddev: Option<f64>,
    /// Middle value.
    pub median: f64,
    /// Least value.
    pub min: f64,
    /// Greatest value.
    pub max: f64,
}

impl Summary {
    /// What `values` come to; `None` if there are none.
    pub fn new(values: &[f64]) -> Option<Summary> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let count = sorted.len();
        let mean = sorted.iter().sum::<f64>() / count as f64;
        let squares: f64 = sorted.iter().map(|value| (value - mean).powi(2)).sum();
        let stddev = (count > 1).then(|| (squares / (count - 1) as f64).sqrt());
        let median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2.0;
        Some(Summary { mean, stddev, median, min, max })
    }
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Those that count.
    pub hits: u64,
    /// All that were looked at.
    pub of: u64,
}

impl Share {
    /// Of things that do or do not count.
    pub fn of(items: impl Iterator<Item = bool>) -> Share {
        items.fold(Share::default(), |sum, hit| Share { hits: sum.hits + u64::from(hit), of: sum.of + 1 })
    }

    /// The share, 0 to 1; `None` of nothing.
    pub fn value(self) -> Option<f64> {
        (self.of > 0).then(|| self.hits as f64 / self.of as f64)
    }

    /// The interval of Wilson (1927), in which the true share lies with 95 % confidence.
    pub fn interval(self) -> (f64, f64) {
        let Some(share) = self.value() else { return (0.0, 1.0) };
        let (z, n) = (1.959_964, self.of as f64);
        let scale = 1.0 + z * z / n;
        let centre = (share + z * z / (2.0 * n)) / scale;
        let half = z / scale * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
        // at the ends it is the end itself, but for rounding
        let low = if self.hits == 0 { 0.0 } else { (centre - half).max(0.0) };
        let high = if self.hits == self.of { 1.0 } else { (centre + half).min(1.0) };
        (low, high)
    }
}

/// A value that was estimated, and where the true one probably lies.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The best guess.
    pub value: f64,
    /// The least that it may be.
    pub low: f64,
    /// The most.
    pub high: f64,
}

impl Estimate {
    /// A value that is known.
    pub fn exactly(value: f64) -> Estimate {
        Estimate { value, low: value, high: value }
    }

    /// So many times as much.
    pub fn times(self, factor: f64) -> Estimate {
        Estimate { value: self.value * factor, low: self.low * factor, high: self.high * factor }
    }

    /// Both together; their errors may add up.
    pub fn plus(self, other: Estimate) -> Estimate {
        Estimate { value: self.value + other.value, low: self.low + other.low, high: self.high + other.high }
    }

    /// Σy / Σx of pieces (x, y) that were taken here and there: give or take two standard errors, as pieces differ.
    ///
    /// Of a single piece the error cannot be told; it is taken for a third.
    pub fn ratio(pieces: &[(f64, f64)]) -> Estimate {
        let count = pieces.len() as f64;
        let (x, y) = pieces.iter().fold((0.0, 0.0), |(x, y), piece| (x + piece.0, y + piece.1));
        if x == 0.0 {
            return Estimate::exactly(0.0);
        }
        let ratio = y / x;
        let squares: f64 = pieces.iter().map(|(x, y)| (y - ratio * x).powi(2)).sum();
        let error = match pieces.len() {
            1 => ratio / 3.0,
            _ => 2.0 * (squares / (count * (count - 1.0))).sqrt() / (x / count),
        };
        Estimate { value: ratio, low: (ratio - error).max(0.0), high: ratio + error }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summaries() {
        assert_eq!(Summary::new(&[]), None);
        let one = Summary::new(&[2.0]).unwrap();
        assert_eq!((one.mean, one.stddev, one.median), (2.0, None, 2.0));
        let four = Summary::new(&[4.0, 1.0, 2.0, 3.0]).unwrap();
        assert_eq!((four.mean, four.median, four.min, four.max), (2.5, 2.5, 1.0, 4.0));
        assert!((four.stddev.unwrap() - 1.290_994).abs() < 1e-6);
    }

    #[test]
    fn intervals_are_those_of_the_textbook() {
        let near =
            |found: (f64, f64), low: f64, high: f64| (found.0 - low).abs() < 5e-4 && (found.1 - high).abs() < 5e-4;
        assert!(near(Share { hits: 81, of: 263 }.interval(), 0.2553, 0.3662));
        assert!(near(Share { hits: 10, of: 10 }.interval(), 0.7225, 1.0));
        assert!(near(Share { hits: 0, of: 20 }.interval(), 0.0, 0.1611));
        assert_eq!(Share::default().interval(), (0.0, 1.0));
        assert_eq!(Share::of([true, false, true].into_iter()), Share { hits: 2, of: 3 });
    }

    #[test]
    fn ratios_hold_what_they_promise() {
        let same = Estimate::ratio(&[(2.0, 4.0), (1.0, 2.0), (5.0, 10.0)]);
        assert_eq!((same.value, same.low, same.high), (2.0, 2.0, 2.0));
        let wide = Estimate::ratio(&[(1.0, 1.0), (1.0, 3.0)]);
        assert!(wide.value == 2.0 && wide.low < 1.0 && wide.high > 3.0, "{wide:?}");
        assert_eq!(Estimate::ratio(&[]), Estimate::exactly(0.0));
    }
}
