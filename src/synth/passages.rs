//! Passages that stand in two texts, in the second one edited: to measure the search for edited passages.
//!
//! In: [`PassageOptions`] and a number. Out: two texts that have nothing in common but one passage, and where it stands in
//! both. Always: the same bytes for the same options and number; a passage starts and ends where words do, but nowhere
//! else in particular: it lies inside a paragraph, in the midst of sentences.

use std::ops::{Range, RangeInclusive};

use super::draft::Draft;
use super::rng::{Purpose, Rng};
use super::words::Script;

/// What is planted, and in what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassageOptions {
    /// Any number: another seed, other texts.
    pub seed: u64,
    /// What they are written in.
    pub script: Script,
    /// Words of a passage, before it is edited.
    pub passage_words: RangeInclusive<u32>,
    /// Words around each passage: half of them before it, half after, on average.
    pub host_words: u32,
    /// Of 1,000 words of a passage, those that are substituted, deleted, or get a new word in front, all three about
    /// equally often.
    pub error_permille: u32,
}

impl Default for PassageOptions {
    fn default() -> PassageOptions {
        PassageOptions { seed: 0, script: Script::Latin, passage_words: 40..=300, host_words: 600, error_permille: 50 }
    }
}

/// A passage in two texts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlantedPassage {
    /// The text that it is from.
    pub original: String,
    /// Where it stands there, in bytes.
    pub original_range: Range<usize>,
    /// The text that it was copied to and edited in.
    pub copy: String,
    /// Where it stands there, in bytes.
    pub copy_range: Range<usize>,
}

/// Passage number `i`, with its texts.
pub fn planted_passage(options: &PassageOptions, i: u64) -> PlantedPassage {
    let mut rng = Rng::new(options.seed, Purpose::Passage, i);
    let (least, most) = (u64::from(*options.passage_words.start()), u64::from(*options.passage_words.end()));
    let words = least + rng.below((most + 1).saturating_sub(least));
    let mut passage = body(options.script, words, &mut rng);
    let (original, original_range) = plant(options, &passage, &mut rng);
    if options.error_permille > 0 {
        passage.edit(options.error_permille, &mut rng);
    }
    let (copy, copy_range) = plant(options, &passage, &mut rng);
    PlantedPassage { original, original_range, copy, copy_range }
}

/// A text around a passage, and where that stands in it.
fn plant(options: &PassageOptions, passage: &Draft, rng: &mut Rng) -> (String, Range<usize>) {
    let host = u64::from(options.host_words);
    let before = rng.below(host + 1);
    let (before, after) = (body(options.script, before, rng), body(options.script, host - before, rng));
    let (text, ranges) = Draft::join(&[&before, passage, &after]);
    (text, ranges[1].clone())
}

fn body(script: Script, words: u64, rng: &mut Rng) -> Draft {
    let mut draft = Draft::new(script);
    draft.add_body(words, rng);
    draft
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unedited_passage_stands_in_both_texts() {
        for script in [Script::Latin, Script::Cyrillic, Script::Han, Script::Thai] {
            let options = PassageOptions { script, error_permille: 0, ..PassageOptions::default() };
            for i in 0..20 {
                let planted = planted_passage(&options, i);
                let passages = [&planted.original[planted.original_range], &planted.copy[planted.copy_range]];
                // the first letter depends on what stands before it
                let [a, b] = passages.map(|p| p.to_lowercase());
                assert_eq!(a, b);
                assert_eq!(planted_passage(&options, i).copy, planted.copy);
            }
        }
    }

    #[test]
    fn an_edited_passage_has_about_as_many_errors_as_asked_for() {
        let options = PassageOptions { error_permille: 100, ..PassageOptions::default() };
        let (mut words, mut kept) = (0, 0);
        for i in 0..20 {
            let planted = planted_passage(&options, i);
            let list = |text: &str| text.split(' ').map(|w| w.trim_matches('.').to_lowercase()).collect::<Vec<_>>();
            let (a, b) = (list(&planted.original[planted.original_range]), list(&planted.copy[planted.copy_range]));
            let common = |n| a.windows(n).filter(|window| b.windows(n).any(|other| other == *window)).count();
            words += a.len();
            kept += common(1);
        }
        let lost = 100 * (words - kept) / words;
        assert!((4..=8).contains(&lost), "{lost} % of the words are gone; two thirds of the errors take one away");
    }
}
