//! Corpora with planted, known duplicates: to measure what a de-duplicator finds, and what it should have left alone.
//!
//! In: [`SynthOptions`]. Out: document `i` for any `i`, and the truth about it: of which document it is a copy, how it was
//! changed, which paragraphs are boilerplate, and which repeat another one. Always: everything is a function of the
//! options and `i` alone, in integers, so that a corpus of any size streams in constant memory, in any order and from any
//! number of threads, and has the same bytes on every machine.
//!
//! Each document is an *original* or a *copy* of an earlier original; there are no copies of copies, and document 0 is an
//! original. Originals are made of words that do not exist, drawn nearly as often as Zipf's law has it, so two of them
//! share no passage but what was planted. (In Thai, where each character is a token, they share up to 3 % of their
//! 5-grams, and 8 % if they are ten times as long as by default.) Headings, of 2 to 6 words, may coincide by chance.
//!
//! What is promised of each kind of copy stands at [`PlantedKind`]; two copies of the same original are of course alike
//! too, without a line in the truth. Of paragraphs the truth tells in *originals* only ([`Synth::boilerplate`],
//! [`Synth::inner_repeats`]); their copies contain the same, as far as the change has left it.

mod draft;
mod lines;
mod passages;
mod rng;
mod words;

#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use draft::Draft;
pub use passages::{PassageOptions, PlantedPassage, planted_passage};
use rng::{Purpose, Rng};
pub use words::Script;

/// Paragraphs of boilerplate for each script.
const POOL: u64 = 8;

/// Originals of 1,000 that start with a heading.
const HEADING_PERMILLE: u32 = 250;

/// What a corpus is made of. Rates are in documents of 1,000.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SynthOptions {
    /// Documents in the corpus, 0 or more.
    pub documents: u64,
    /// Any number: another seed, another corpus.
    pub seed: u64,
    /// Words of running text in an original, on average: 1 to 1,000,000. Each has a quarter of it to four times as many;
    /// headings, boilerplate and repeated paragraphs come on top.
    pub mean_words: u32,
    /// Documents that are exact copies: 0 to 1000. The four rates of copies may not exceed 1000 together.
    pub exact_permille: u32,
    /// Documents that are edited copies: 0 to 1000.
    pub edited_permille: u32,
    /// Documents that are copies with their paragraphs in another order: 0 to 1000.
    pub reordered_permille: u32,
    /// Documents that are copies without their end: 0 to 1000.
    pub truncated_permille: u32,
    /// Originals that carry a paragraph of boilerplate, if they have at least three times its words (120 words are always
    /// enough): 0 to 1000.
    pub boilerplate_permille: u32,
    /// Originals in which one or two paragraphs are repeated: 0 to 1000.
    pub inner_repeat_permille: u32,
    /// Words that are changed in an edited copy, of 1,000 words: 1 to 1000 each, and at least one word. Each edited copy has
    /// one of these rates, all equally often. At least one.
    pub edits_permille: Vec<u32>,
    /// Each original is written in one of these, all equally often; one that is listed twice is used twice as often.
    /// At least one.
    pub scripts: Vec<Script>,
}

impl Default for SynthOptions {
    fn default() -> SynthOptions {
        SynthOptions {
            documents: 1000,
            seed: 0,
            mean_words: 300,
            exact_permille: 50,
            edited_permille: 50,
            reordered_permille: 20,
            truncated_permille: 20,
            boilerplate_permille: 100,
            inner_repeat_permille: 50,
            edits_permille: vec![20],
            scripts: vec![Script::Latin],
        }
    }
}

impl SynthOptions {
    /// Documents of 1,000 that are copies, by kind.
    fn copies(&self) -> [(PlantedKind, u64); 4] {
        [
            (PlantedKind::Exact, u64::from(self.exact_permille)),
            (PlantedKind::Edited, u64::from(self.edited_permille)),
            (PlantedKind::Reordered, u64::from(self.reordered_permille)),
            (PlantedKind::Truncated, u64::from(self.truncated_permille)),
        ]
    }

    /// Documents of 1,000 that are copies of any kind.
    fn copies_permille(&self) -> u64 {
        self.copies().iter().map(|(_, rate)| rate).sum()
    }

    /// What is out of range, with its range.
    fn fault(&self) -> Option<&'static str> {
        match self {
            _ if self.copies_permille() > 1000 => Some("the rates of copies exceed 100 % together"),
            _ if self.boilerplate_permille > 1000 => Some("the rate of boilerplate exceeds 100 %"),
            _ if self.inner_repeat_permille > 1000 => Some("the rate of inner repeats exceeds 100 %"),
            _ if self.edits_permille.is_empty() => Some("there is no rate of edits"),
            _ if !self.edits_permille.iter().all(|rate| (1..=1000).contains(rate)) => {
                Some("a rate of edits is not within 0.1 % to 100 %")
            }
            _ if !(1..=1_000_000).contains(&self.mean_words) => Some("the mean words are not within 1 to 1,000,000"),
            _ if self.scripts.is_empty() => Some("there is no script to write in"),
            _ => None,
        }
    }
}

/// One document of the corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SynthDocument {
    /// "d" and the number of the document.
    pub id: String,
    /// Paragraphs of one line each with blank lines between them; no line end at the end.
    pub text: String,
}

/// How a copy differs from its original.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlantedKind {
    /// Not at all.
    Exact,
    /// As many words as [`SynthOptions::edits_permille`] says, spread evenly, are substituted, deleted, or got a new word in
    /// front of them, all three about equally often. The paragraphs are as many as before.
    Edited,
    /// The paragraphs are the same, but rotated, or two of them swapped. A document of one paragraph is left as it is.
    Reordered,
    /// The last tenth of the words is cut, and at least one word: the copy is a prefix of its original.
    Truncated,
}

impl PlantedKind {
    /// The word for it in the truth.
    pub fn name(self) -> &'static str {
        match self {
            PlantedKind::Exact => "exact",
            PlantedKind::Edited => "edited",
            PlantedKind::Reordered => "reordered",
            PlantedKind::Truncated => "truncated",
        }
    }
}

/// A copy and its original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planted {
    /// How they differ.
    pub kind: PlantedKind,
    /// Number of the copy.
    pub copy: u64,
    /// Number of the original: less than that of the copy.
    pub original: u64,
}

/// A paragraph that stands in many documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Boilerplate {
    /// Which one it is: where this is the same, the paragraph is the same, in all documents of the corpus.
    pub pool: u64,
    /// Its place among the paragraphs of the document, from 0; a heading counts.
    pub paragraph: usize,
}

/// A paragraph that stands twice in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InnerRepeat {
    /// Place of the later one among the paragraphs of the document, from 0; a heading counts.
    pub paragraph: usize,
    /// Place of the first one: less than `paragraph`.
    pub of: usize,
}

/// A corpus that is not stored anywhere: its documents are made when asked for.
#[derive(Clone, Debug)]
pub struct Synth {
    options: SynthOptions,
}

impl Synth {
    /// The corpus that `options` describe, or what is out of range in them.
    pub fn new(options: SynthOptions) -> Result<Synth> {
        match options.fault() {
            Some(fault) => Err(Error::Usage(format!("no corpus can be made up: {fault}"))),
            None => Ok(Synth { options }),
        }
    }

    /// What the corpus is made of.
    pub fn options(&self) -> &SynthOptions {
        &self.options
    }

    /// Document `i`. The corpus ends before [`SynthOptions::documents`], but it could go on: any `i` will do.
    pub fn document(&self, i: u64) -> SynthDocument {
        SynthDocument { id: id(i), text: self.text(i) }
    }

    /// Of which document `i` is a copy; `None` if it is an original.
    pub fn planted(&self, i: u64) -> Option<Planted> {
        let (kind, mut rng) = self.role(i)?;
        Some(Planted { kind, copy: i, original: self.original_before(i, &mut rng) })
    }

    /// Words that are changed in document `i`, of 1,000; `None` if it is no edited copy.
    pub fn edit_permille(&self, i: u64) -> Option<u32> {
        let edited = matches!(self.role(i), Some((PlantedKind::Edited, _)));
        edited.then(|| self.edits(&mut self.change(i)))
    }

    /// The boilerplate in document `i`, if that is an original and carries some. It has at least 24 words.
    pub fn boilerplate(&self, i: u64) -> Option<Boilerplate> {
        if self.role(i).is_some() { None } else { self.original(i).boilerplate() }
    }

    /// The paragraphs of document `i` that repeat an earlier one, in order, if that is an original.
    pub fn inner_repeats(&self, i: u64) -> Vec<InnerRepeat> {
        if self.role(i).is_some() { Vec::new() } else { self.original(i).repeats().collect() }
    }

    /// The text of document `i`.
    fn text(&self, i: u64) -> String {
        self.draft(i).0.text()
    }

    /// Document `i` before it is written out, and of which it is a copy.
    fn draft(&self, i: u64) -> (Draft, Option<Planted>) {
        let Some(planted) = self.planted(i) else { return (self.original(i), None) };
        let mut draft = self.original(planted.original);
        let mut rng = self.change(i);
        match planted.kind {
            PlantedKind::Exact => {}
            PlantedKind::Edited => draft.edit(self.edits(&mut rng), &mut rng),
            PlantedKind::Reordered => draft.reorder(&mut rng),
            PlantedKind::Truncated => draft.truncate(),
        }
        (draft, Some(planted))
    }

    /// What decides how copy `i` differs from its original.
    fn change(&self, i: u64) -> Rng {
        Rng::new(self.options.seed, Purpose::Change, i)
    }

    /// The rate of edits of a copy; it is drawn only where there is a choice.
    fn edits(&self, rng: &mut Rng) -> u32 {
        match self.options.edits_permille.as_slice() {
            [only] => *only,
            rates => rates[rng.index(rates.len())],
        }
    }

    /// How document `i` is to differ from its original, and what decides which that is; `None` if it is one itself.
    fn role(&self, i: u64) -> Option<(PlantedKind, Rng)> {
        if i == 0 {
            return None;
        }
        let mut rng = Rng::new(self.options.seed, Purpose::Role, i);
        let mut rest = rng.below(1000);
        for (kind, rate) in self.options.copies() {
            if rest < rate {
                return Some((kind, rng));
            }
            rest -= rate;
        }
        None
    }

    /// An original before document `i`, which is not 0.
    fn original_before(&self, i: u64, rng: &mut Rng) -> u64 {
        if self.options.copies_permille() == 1000 {
            return 0;
        }
        let mut original = rng.below(i);
        // Document 0 is an original, so this ends; on average after one step for each copy between two originals.
        while self.role(original).is_some() {
            original -= 1;
        }
        original
    }

    /// Document `i` as it is if it is an original.
    fn original(&self, i: u64) -> Draft {
        let SynthOptions { seed, scripts, mean_words, .. } = &self.options;
        let mut rng = Rng::new(*seed, Purpose::Text, i);
        let mut draft = Draft::new(scripts[rng.index(scripts.len())]);
        if rng.happens(HEADING_PERMILLE) {
            draft.add_heading(&mut rng);
        }
        draft.add_body(length(u64::from(*mean_words), &mut rng), &mut rng);
        if rng.happens(self.options.inner_repeat_permille) {
            (0..1 + rng.below(2)).for_each(|_| draft.repeat_paragraph(&mut rng));
        }
        if rng.happens(self.options.boilerplate_permille) {
            let pool = draft.script() as u64 * POOL + rng.below(POOL);
            draft.insert_boilerplate(pool, Rng::new(*seed, Purpose::Boilerplate, pool), &mut rng);
        }
        draft
    }
}

/// The identifier of document `i`.
fn id(i: u64) -> String {
    format!("d{i}")
}

/// Words of a document: from a quarter of `mean` to four times as many, and at least one.
fn length(mean: u64, rng: &mut Rng) -> u64 {
    // Of 16 documents, so many have up to a half, one, two and four times the mean; 129/128 of it on average.
    let least = match rng.below(16) {
        0..3 => mean / 4,
        3..11 => mean / 2,
        11..15 => mean,
        _ => mean * 2,
    };
    (least + rng.below(least + 1)).max(1)
}
