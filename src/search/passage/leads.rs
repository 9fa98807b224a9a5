//! The *lead* of a window: the symbols between its start and its anchor. And ranges of leads.

use super::anchor::{Anchor, Lengths};

/// A range of leads, both ends included; never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Leads {
    pub(super) least: u16,
    pub(super) greatest: u16,
}

impl Leads {
    #[inline]
    fn new(least: u32, greatest: u32) -> Leads {
        let fit = |n: u32| u16::try_from(n).expect("windows are at most LONGEST_WINDOW long");
        Leads { least: fit(least), greatest: fit(greatest) }
    }

    /// Those of all windows.
    pub(super) fn all(lengths: Lengths) -> Leads {
        Leads::new(0, lengths.places() as u32 - 1)
    }

    #[inline]
    pub(super) fn of(anchor: Anchor) -> Leads {
        Leads::new(anchor.at - anchor.last, anchor.at - anchor.first)
    }

    /// Those that both hold; of no use if there are none.
    #[inline]
    pub(super) fn shared(self, other: Leads) -> Leads {
        Leads { least: self.least.max(other.least), greatest: self.greatest.min(other.greatest) }
    }

    /// Whether it holds one lead only.
    #[inline]
    pub(super) fn is_single(self) -> bool {
        self.least == self.greatest
    }

    /// Two ranges for one, which holds two leads or more.
    #[inline]
    pub(super) fn halves(self) -> [Leads; 2] {
        let middle = self.least + (self.greatest - self.least) / 2;
        [Leads { greatest: middle, ..self }, Leads { least: middle + 1, ..self }]
    }

    /// What is left of it without ranges, both ends included, one after the other: each is taken off where it holds an end of
    /// what is left. Without a branch but for the loop, for which case it is nobody can foresee.
    #[inline]
    pub(super) fn without(self, ranges: impl Iterator<Item = (i64, i64)>) -> Option<Leads> {
        let whole = (i64::from(self.least), i64::from(self.greatest));
        let (least, greatest) = ranges.fold(whole, |(least, greatest), (from, to)| {
            let holds = |lead: i64| (from <= lead) & (lead <= to);
            (if holds(least) { to + 1 } else { least }, if holds(greatest) { from - 1 } else { greatest })
        });
        // they only come nearer to each other
        (least <= greatest).then_some(Leads { least: least as u16, greatest: greatest as u16 })
    }

    /// In two bytes: itself where windows have up to 256 leads, else the least range of whole steps that holds it.
    pub(super) fn note(self, all: Leads) -> [u8; 2] {
        let step = all.step();
        [self.least, self.greatest].map(|lead| (lead / step) as u8)
    }

    pub(super) fn of_note(note: [u8; 2], all: Leads) -> Leads {
        let step = all.step();
        let [least, greatest] = note.map(u16::from);
        let last = u32::from(greatest) * u32::from(step) + u32::from(step) - 1;
        Leads { least: least * step, greatest: last.min(u32::from(all.greatest)) as u16 }
    }

    /// Leads that a note does not tell apart.
    fn step(self) -> u16 {
        self.greatest / 256 + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_holds_the_leads() {
        for (greatest, exact) in [(0, true), (67, true), (255, true), (256, false), (43_690, false), (65_535, false)] {
            let all = Leads { least: 0, greatest };
            for leads in
                [all, Leads { least: greatest / 3, greatest: greatest / 2 }, Leads { least: greatest, greatest }]
            {
                let read = Leads::of_note(leads.note(all), all);
                assert!(read.shared(leads) == leads && read.shared(all) == read, "{leads:?} of {greatest}");
                assert!(!exact || read == leads);
            }
        }
    }
}
