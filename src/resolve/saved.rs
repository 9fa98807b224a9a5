//! The plan as columns, for a run that is gone on with.

use super::plan::{Cut, Edit, Fate, KeptPassage, KeptReason, Plan};
use crate::corpus::{DocId, Place, Span, Unit};
use crate::resume::{Columns, Part};
use crate::sketch::Wording;

/// The fates by their numbers.
const FATES: [Fate; 4] = [Fate::Kept, Fate::Edited, Fate::Removed, Fate::Emptied];

/// The reasons by their numbers.
const REASONS: [KeptReason; 4] =
    [KeptReason::TooShort, KeptReason::FewTokens, KeptReason::JoinsWords, KeptReason::Decided];

/// The number of a value among all that there are.
fn number<T: PartialEq + Copy>(all: &[T], value: T) -> u8 {
    all.iter().position(|one| *one == value).expect("all values are listed") as u8
}

fn value<T: Copy>(all: &[T], number: u8) -> Option<T> {
    all.get(usize::from(number)).copied()
}

fn numbers(place: Place) -> [u32; 3] {
    [place.doc.0, place.span.start, place.span.end]
}

fn place([doc, start, end]: [u32; 3]) -> Place {
    Place { doc: DocId(doc), span: Span { start, end } }
}

impl Plan {
    /// Adds the plan to a part.
    pub fn push_to(&self, part: &mut Part<'_>) {
        part.push_owned(self.fates.iter().map(|&fate| number(&FATES, fate)).collect());
        part.push_owned(self.edits.iter().map(|edit| numbers(edit.place)).collect());
        part.push_owned(self.edits.iter().map(|edit| [edit.pieces.start, edit.pieces.end]).collect());
        part.push_owned(self.edits.iter().map(|edit| [number(&Unit::ALL, edit.unit), u8::from(edit.exact)]).collect());
        part.push_owned(self.edits.iter().map(|edit| numbers(edit.keeper)).collect());
        part.push_owned(self.edits.iter().map(|edit| edit.similarity).collect());
        part.push_owned(self.edits.iter().map(|edit| edit.wording.tokens).collect());
        part.push_owned(self.edits.iter().map(|edit| edit.wording.digest).collect());
        part.push_owned(self.cuts.iter().map(|cut| numbers(cut.place)).collect());
        part.push_owned(self.cuts.iter().map(|cut| [cut.encoded.start, cut.encoded.end, cut.edit]).collect());
        part.push_owned(self.pieces.iter().map(|span| [span.start, span.end]).collect());
        part.push_owned(self.kept_passages.iter().map(|kept| numbers(kept.place)).collect());
        part.push_owned(self.kept_passages.iter().map(|kept| numbers(kept.keeper)).collect());
        part.push_owned(self.kept_passages.iter().map(|kept| number(&REASONS, kept.reason)).collect());
    }

    /// Takes a plan for so many documents from columns; `None` if they are no such thing.
    pub fn take_from(columns: &mut Columns, documents: usize) -> Option<Plan> {
        let fates = columns.take::<u8>()?.into_iter().map(|fate| value(&FATES, fate)).collect::<Option<Vec<Fate>>>()?;
        let edits = take_edits(columns)?;
        let cuts = take_cuts(columns, edits.len())?;
        let pieces: Vec<[u32; 2]> = columns.take()?;
        let kept_passages = take_kept_passages(columns)?;
        let fits = fates.len() == documents
            && edits
                .iter()
                .all(|edit| edit.pieces.start <= edit.pieces.end && edit.pieces.end as usize <= pieces.len());
        fits.then(|| Plan {
            fates,
            edits,
            cuts,
            pieces: pieces.into_iter().map(|[start, end]| Span { start, end }).collect(),
            kept_passages,
        })
    }
}

fn take_edits(columns: &mut Columns) -> Option<Vec<Edit>> {
    let places: Vec<[u32; 3]> = columns.take()?;
    let pieces: Vec<[u32; 2]> = columns.take()?;
    let kinds: Vec<[u8; 2]> = columns.take()?;
    let keepers: Vec<[u32; 3]> = columns.take()?;
    let similarities: Vec<f64> = columns.take()?;
    let tokens: Vec<u32> = columns.take()?;
    let digests: Vec<u128> = columns.take()?;
    let edit = |i: usize, at: &[u32; 3]| {
        let ([from, to], [unit, exact]) = (*pieces.get(i)?, *kinds.get(i)?);
        Some(Edit {
            place: place(*at),
            pieces: from..to,
            unit: value(&Unit::ALL, unit)?,
            keeper: place(*keepers.get(i)?),
            similarity: *similarities.get(i)?,
            exact: exact == 1,
            wording: Wording { tokens: *tokens.get(i)?, digest: *digests.get(i)? },
        })
    };
    places.iter().enumerate().map(|(i, at)| edit(i, at)).collect()
}

fn take_cuts(columns: &mut Columns, edits: usize) -> Option<Vec<Cut>> {
    let (places, others): (Vec<[u32; 3]>, Vec<[u32; 3]>) = (columns.take()?, columns.take()?);
    let cut = |(&at, &[start, end, edit]): (&[u32; 3], &[u32; 3])| Cut {
        place: place(at),
        encoded: Span { start, end },
        edit,
    };
    let fits = places.len() == others.len()
        && others.iter().all(|&[start, end, edit]| start <= end && (edit as usize) < edits);
    fits.then(|| places.iter().zip(&others).map(cut).collect())
}

fn take_kept_passages(columns: &mut Columns) -> Option<Vec<KeptPassage>> {
    let (places, keepers): (Vec<[u32; 3]>, Vec<[u32; 3]>) = (columns.take()?, columns.take()?);
    let reasons: Vec<u8> = columns.take()?;
    let kept = |((&at, &keeper), &reason): ((&[u32; 3], &[u32; 3]), &u8)| {
        Some(KeptPassage { place: place(at), keeper: place(keeper), reason: value(&REASONS, reason)? })
    };
    let fits = places.len() == keepers.len() && places.len() == reasons.len();
    places.iter().zip(&keepers).zip(&reasons).map(kept).collect::<Option<_>>().filter(|_| fits)
}
