//! Sizes → rectangles that fill an area: the squarified treemap of Bruls, Huizing and van Wijk (2000).
//!
//! In: sizes, largest first. Out: a rectangle for each, in the same order, whose area is its share of the whole. Always:
//! the rectangles are disjoint and lie inside.

/// A rectangle, in any unit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Rect {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) w: f64,
    pub(super) h: f64,
}

impl Rect {
    fn shorter(self) -> f64 {
        self.w.min(self.h)
    }

    /// Takes a stripe of this area off the longer side; what is left comes second.
    fn split(self, area: f64) -> (Rect, Rect) {
        if self.w >= self.h {
            let w = if self.h > 0.0 { (area / self.h).min(self.w) } else { 0.0 };
            (Rect { w, ..self }, Rect { x: self.x + w, w: self.w - w, ..self })
        } else {
            let h = (area / self.w).min(self.h);
            (Rect { h, ..self }, Rect { y: self.y + h, h: self.h - h, ..self })
        }
    }
}

/// Lays `sizes`, none of them negative, out in `area`. Linear in their number.
pub(super) fn squarify(sizes: &[f64], area: Rect) -> Vec<Rect> {
    let whole: f64 = sizes.iter().sum();
    if whole <= 0.0 {
        return vec![Rect { w: 0.0, h: 0.0, ..area }; sizes.len()];
    }
    let scale = area.w * area.h / whole;
    let areas: Vec<f64> = sizes.iter().map(|size| size * scale).collect();
    let mut rects = Vec::with_capacity(areas.len());
    let mut left = area;
    let mut from = 0;
    while from < areas.len() {
        let to = row_end(&areas, from, left.shorter());
        let (row, rest) = left.split(areas[from..to].iter().sum());
        fill(&areas[from..to], row, left.w >= left.h, &mut rects);
        left = rest;
        from = to;
    }
    rects
}

/// Where the row that begins at `from` ends: as long as one more makes its cells no longer and thinner.
fn row_end(areas: &[f64], from: usize, side: f64) -> usize {
    let mut sum = areas[from];
    let mut to = from + 1;
    while to < areas.len() {
        let with = sum + areas[to];
        if worst(areas[from], areas[to], with, side) > worst(areas[from], areas[to - 1], sum, side) {
            break;
        }
        sum = with;
        to += 1;
    }
    to
}

/// The worst ratio of sides in a row whose greatest, least and summed areas are these.
fn worst(greatest: f64, least: f64, sum: f64, side: f64) -> f64 {
    let square = side * side;
    (square * greatest / (sum * sum)).max(sum * sum / (square * least))
}

/// Fills a row with cells, one below the other in an upright one.
fn fill(areas: &[f64], row: Rect, upright: bool, rects: &mut Vec<Rect>) {
    let sum: f64 = areas.iter().sum();
    let mut before = 0.0;
    for area in areas {
        let (at, share) = if sum > 0.0 { (before / sum, area / sum) } else { (0.0, 0.0) };
        rects.push(if upright {
            Rect { y: row.y + at * row.h, h: share * row.h, ..row }
        } else {
            Rect { x: row.x + at * row.w, w: share * row.w, ..row }
        });
        before += area;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AREA: Rect = Rect { x: 0.0, y: 0.0, w: 100.0, h: 40.0 };

    proptest! {
        #[test]
        fn cells_fill_the_area_in_proportion(mut sizes in proptest::collection::vec(0u32..10_000, 1..60)) {
            sizes.sort_unstable_by(|a, b| b.cmp(a));
            let sizes: Vec<f64> = sizes.into_iter().map(f64::from).collect();
            let whole: f64 = sizes.iter().sum();
            let rects = squarify(&sizes, AREA);
            prop_assert_eq!(rects.len(), sizes.len());
            for (rect, size) in rects.iter().zip(&sizes) {
                prop_assert!(rect.x >= -1e-6 && rect.x + rect.w <= AREA.w + 1e-6);
                prop_assert!(rect.y >= -1e-6 && rect.y + rect.h <= AREA.h + 1e-6);
                prop_assert!((rect.w * rect.h - size * 4000.0 / whole.max(1.0)).abs() < 1e-3);
            }
        }
    }

    #[test]
    fn cells_are_nearly_square() {
        let rects = squarify(&[6.0, 6.0, 4.0, 3.0, 2.0, 2.0, 1.0], Rect { w: 6.0, h: 4.0, ..AREA });
        assert_eq!(rects[0], Rect { x: 0.0, y: 0.0, w: 3.0, h: 2.0 });
        assert!(rects.iter().all(|r| (r.w / r.h).max(r.h / r.w) < 3.0), "{rects:?}");
    }

    #[test]
    fn nothing_has_no_area() {
        assert_eq!(squarify(&[], AREA), []);
        assert_eq!(squarify(&[0.0], AREA), [Rect { w: 0.0, h: 0.0, ..AREA }]);
    }
}
