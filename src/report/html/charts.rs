//! Histograms → bars. Heights are pixels, widths are percent, so that a drawing fits any screen with letters of one size.
//!
//! In: counted bins. Out: bars, ticks and a line, with their texts. Always: a bin that holds something has a bar that can
//! be seen, and its count can be read.

use crate::report::text::{count, counted};
use crate::report::{SimilarityBin, SizeBin};

/// Pixels of the tallest bar.
const HEIGHT: f64 = 150.0;

/// Pixels above the tallest bar, for its count.
const ABOVE: f64 = 34.0;

/// Words below the axis that have room beside each other on a small screen.
const TICKS: usize = 6;

/// A bar, with a count above it.
pub(super) struct Bar {
    pub(super) x: String,
    pub(super) w: String,
    pub(super) middle: String,
    pub(super) y: String,
    pub(super) h: String,
    /// Where the count stands.
    pub(super) above: String,
    /// The count, or nothing where counts would run into each other.
    pub(super) label: String,
    pub(super) title: String,
    /// Whether it is cut off at the top because it is far taller than the others.
    pub(super) cut: bool,
}

/// A word below the axis.
pub(super) struct Tick {
    pub(super) x: String,
    pub(super) label: String,
}

/// The threshold.
pub(super) struct Line {
    pub(super) x: String,
    pub(super) label: String,
    /// It stands so far to the right that its name has to stand before it.
    pub(super) late: bool,
}

/// A histogram.
#[derive(Default)]
pub(super) struct Chart {
    pub(super) bars: Vec<Bar>,
    pub(super) ticks: Vec<Tick>,
    /// Where the threshold is.
    pub(super) line: Option<Line>,
}

/// Repeats by similarity, from a little below the threshold to 1.
///
/// The bar of the greatest similarity is cut off where it would flatten all others.
pub(super) fn similarity(bins: &[SimilarityBin], threshold: f64) -> Chart {
    let bins: Vec<(u32, u64)> = bins.iter().map(|bin| ((bin.from * 100.0).round() as u32, bin.count)).collect();
    if bins.is_empty() {
        return Chart::default();
    }
    let threshold = threshold.clamp(0.0, 1.0);
    let least = bins[0].0.min((threshold * 100.0) as u32).min(95);
    let first = least.saturating_sub(1) / 5 * 5;
    let width = 100.0 / f64::from(101 - first);
    let x = |hundredths: f64| percent((hundredths - f64::from(first)) * width);
    let below = bins.iter().filter(|bin| bin.0 < 100).map(|bin| bin.1).max().unwrap_or(0);
    let greatest = bins.iter().map(|bin| bin.1).max().unwrap_or(1);
    let cut = below > 0 && greatest > 3 * below;
    let scale = if cut { below * 4 / 3 + 1 } else { greatest };
    let bar = |&(hundredths, n): &(u32, u64)| {
        let is_cut = cut && hundredths == 100;
        let label = if hundredths == 100 || bins.len() <= 6 { count(n) } else { String::new() };
        let title = format!("similarity {:.2}: {}", f64::from(hundredths) / 100.0, counted(n, "repeat"));
        bar(f64::from(hundredths - first) * width, width, if is_cut { scale } else { n }, scale, label, title, is_cut)
    };
    let step = if 100 - first > 40 { 10 } else { 5 };
    let ticks = (first..=100).filter(|h| h % step == 0 && *h > first);
    Chart {
        bars: bins.iter().map(bar).collect(),
        ticks: ticks
            .map(|h| Tick { x: x(f64::from(h) + 0.5), label: format!("{:.2}", f64::from(h) / 100.0) })
            .collect(),
        line: Some(Line {
            x: x(threshold * 100.0),
            label: format!("threshold {threshold}"),
            late: (threshold * 100.0 - f64::from(first)) * width > 60.0,
        }),
    }
}

/// Groups by size.
pub(super) fn sizes(bins: &[SizeBin]) -> Chart {
    let width = 100.0 / bins.len().max(4) as f64;
    let greatest = bins.iter().map(|bin| bin.count).max().unwrap_or(1);
    let name = |from: usize, to: usize| match from {
        _ if from == to => count(to as u64),
        _ => format!("{}–{}", count(from as u64), count(to as u64)),
    };
    let bar = |(i, &SizeBin { from, to, count: n }): (usize, &SizeBin)| {
        let title = format!("{} of {} copies", counted(n, "group"), name(from, to));
        bar(i as f64 * width, width, n, greatest, count(n), title, false)
    };
    let tick = |(i, &SizeBin { from, to, .. }): (usize, &SizeBin)| Tick {
        x: percent((i as f64 + 0.5) * width),
        label: name(from, to),
    };
    Chart {
        bars: bins.iter().enumerate().map(bar).collect(),
        ticks: bins.iter().enumerate().step_by(bins.len().div_ceil(TICKS).max(1)).map(tick).collect(),
        line: None,
    }
}

fn bar(left: f64, width: f64, n: u64, scale: u64, label: String, title: String, cut: bool) -> Bar {
    let height = (HEIGHT * n as f64 / scale.max(1) as f64).clamp(2.0, HEIGHT);
    let gap = (width * 0.12).min(1.5);
    let top = ABOVE + HEIGHT - height;
    Bar {
        x: percent(left + gap),
        w: percent(width - 2.0 * gap),
        middle: percent(left + width / 2.0),
        y: format!("{top:.1}"),
        h: format!("{height:.1}"),
        above: format!("{:.1}", top - 7.0),
        label,
        title,
        cut,
    }
}

fn percent(value: f64) -> String {
    format!("{value:.2}%")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(counts: &[(f64, u64)]) -> Vec<SimilarityBin> {
        counts.iter().map(|&(from, count)| SimilarityBin { from, count }).collect()
    }

    #[test]
    fn the_threshold_stands_between_what_is_above_and_what_is_below() {
        let chart = similarity(&bins(&[(0.8, 3), (0.9, 5), (1.0, 7)]), 0.8);
        let number = |text: &str| text.trim_end_matches('%').parse::<f64>().unwrap();
        let line = number(&chart.line.as_ref().unwrap().x);
        assert!(line <= number(&chart.bars[0].x) && line > 0.0);
        assert!(chart.bars.iter().all(|bar| number(&bar.x) + number(&bar.w) <= 100.0 && !bar.cut));
        assert_eq!(chart.ticks.last().unwrap().label, "1.00");
    }

    #[test]
    fn a_bar_that_dwarfs_the_others_is_cut_and_says_its_count() {
        let chart = similarity(&bins(&[(0.85, 10), (1.0, 1_000_000)]), 0.8);
        let [near, exact] = chart.bars.as_slice() else { panic!("two bars") };
        assert!(exact.cut && !near.cut && exact.label == "1,000,000");
        assert!(near.h.parse::<f64>().unwrap() > HEIGHT / 2.0);
    }

    #[test]
    fn every_bar_can_be_seen() {
        let chart = sizes(&[SizeBin { from: 2, to: 2, count: 1_000_000 }, SizeBin { from: 1025, to: 2048, count: 1 }]);
        assert!(chart.bars.iter().all(|bar| bar.h.parse::<f64>().unwrap() >= 2.0));
        assert_eq!(chart.ticks[1].label, "1,025–2,048");
        assert!(similarity(&[], 0.8).bars.is_empty() && sizes(&[]).bars.is_empty());
    }
}
