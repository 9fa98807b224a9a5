//! A document before it is written out: ranks of words, and paragraphs as ranges of them.
//!
//! In: a stream of random numbers. Out: the text of an original, or of a copy that was changed in one way. Always: a
//! paragraph is not empty; equal ranges are equal paragraphs, and a repeated paragraph is a repeated range, so that what
//! was planted can be read off the draft.

use std::ops::Range;

use super::rng::Rng;
use super::words::{Script, Vocabulary, WORDS, draw};
use super::{Boilerplate, InnerRepeat};

/// A word in its place.
#[derive(Clone, Copy)]
struct Word {
    /// Its place in the vocabulary.
    rank: u16,
    /// Whether a full stop follows.
    ends_sentence: bool,
}

/// A document as words and paragraphs.
pub(super) struct Draft {
    script: Script,
    /// Every word that is used, in no particular order of paragraphs.
    words: Vec<Word>,
    /// The paragraphs in reading order.
    paragraphs: Vec<Range<usize>>,
    /// Paragraphs in front that are no running text: 0 or 1.
    headings: usize,
    /// Words that are the document's own: boilerplate stands from here on.
    own: usize,
    /// Which boilerplate that is.
    pool: u64,
}

impl Draft {
    /// A draft without words.
    pub(super) fn new(script: Script) -> Draft {
        Draft { script, words: Vec::new(), paragraphs: Vec::new(), headings: 0, own: 0, pool: 0 }
    }

    /// Appends a heading of 2 to 6 words.
    pub(super) fn add_heading(&mut self, rng: &mut Rng) {
        let start = self.words.len();
        self.add_words(2 + rng.below(5), rng);
        self.paragraphs.push(start..self.words.len());
        self.headings = 1;
        self.own = self.words.len();
    }

    /// Appends `left` words of running text, at least one, in paragraphs of 2 to 6 sentences; the last may have but one.
    pub(super) fn add_body(&mut self, mut left: u64, rng: &mut Rng) {
        while left > 0 {
            let start = self.words.len();
            for _ in 0..2 + rng.below(5) {
                if left > 0 {
                    left -= self.add_sentence(sentence_len(left, rng), rng);
                }
            }
            self.paragraphs.push(start..self.words.len());
        }
        self.own = self.words.len();
    }

    /// Repeats one paragraph of running text, as it is, somewhere after it.
    pub(super) fn repeat_paragraph(&mut self, rng: &mut Rng) {
        let first = self.headings + rng.index(self.paragraphs.len() - self.headings);
        let place = first + 1 + rng.index(self.paragraphs.len() - first);
        self.paragraphs.insert(place, self.paragraphs[first].clone());
    }

    /// Inserts boilerplate number `pool`, of 24 to 40 words drawn from `letters`, in a place drawn from `rng`.
    ///
    /// Left out if it would be more than a quarter of the text: what only shares it should not look like a copy.
    pub(super) fn insert_boilerplate(&mut self, pool: u64, mut letters: Rng, rng: &mut Rng) {
        let place = self.headings + rng.index(self.paragraphs.len() - self.headings + 1);
        for _ in 0..2 {
            let len = 12 + letters.below(9);
            self.add_sentence(len, &mut letters);
        }
        if (self.words.len() - self.own) * 3 > self.own {
            self.words.truncate(self.own);
        } else {
            self.pool = pool;
            self.paragraphs.insert(place, self.own..self.words.len());
        }
    }

    /// Substitutes, deletes or puts a word in front of `permille` of the words, at least of one.
    pub(super) fn edit(&mut self, permille: u32, rng: &mut Rng) {
        let mut left = self.len();
        let mut wanted = ((left * u64::from(permille) + 500) / 1000).max(1);
        let mut words = Vec::with_capacity(self.words.len() + wanted as usize);
        for paragraph in &mut self.paragraphs {
            let start = words.len();
            for place in paragraph.clone() {
                // Of the words left, each is as likely as any other to be among those wanted.
                let chosen = rng.below(left) < wanted;
                left -= 1;
                match self.words[place] {
                    word if chosen => change(word, place + 1 == paragraph.end, &mut words, rng),
                    word => words.push(word),
                }
                wanted -= u64::from(chosen);
            }
            *paragraph = start..words.len();
        }
        self.words = words;
    }

    /// Rotates the paragraphs or swaps two of them. A single one stays as it is.
    pub(super) fn reorder(&mut self, rng: &mut Rng) {
        let count = self.paragraphs.len();
        if count < 2 {
            return;
        }
        let shift = 1 + rng.index(count - 1);
        if rng.below(2) == 0 {
            self.paragraphs.rotate_left(shift);
        } else {
            let one = rng.index(count);
            self.paragraphs.swap(one, (one + shift) % count);
        }
    }

    /// Cuts the last tenth of the words, at least one, but never the only one.
    pub(super) fn truncate(&mut self) {
        let mut left = (self.len() - (self.len() / 10).max(1)).max(1) as usize;
        for (index, paragraph) in self.paragraphs.iter_mut().enumerate() {
            if left <= paragraph.len() {
                paragraph.end = paragraph.start + left;
                self.paragraphs.truncate(index + 1);
                return;
            }
            left -= paragraph.len();
        }
    }

    /// The document as it is read.
    pub(super) fn text(&self) -> String {
        let vocabulary = Vocabulary::of(self.script);
        let mut text = String::with_capacity(self.len() as usize * (vocabulary.mean_len() + 1));
        for paragraph in &self.paragraphs {
            if !text.is_empty() {
                text.push_str("\n\n");
            }
            self.write_paragraph(&self.words[paragraph.clone()], vocabulary, &mut text);
        }
        text
    }

    /// The script it is written in.
    pub(super) fn script(&self) -> Script {
        self.script
    }

    /// The boilerplate of an original.
    pub(super) fn boilerplate(&self) -> Option<Boilerplate> {
        let paragraph = self.paragraphs.iter().position(|paragraph| paragraph.start >= self.own)?;
        Some(Boilerplate { pool: self.pool, paragraph })
    }

    /// Each paragraph that repeats an earlier one, with the first that it repeats.
    pub(super) fn repeats(&self) -> impl Iterator<Item = InnerRepeat> {
        self.paragraphs.iter().enumerate().filter_map(|(paragraph, words)| {
            let of = self.paragraphs[..paragraph].iter().position(|earlier| earlier == words)?;
            Some(InnerRepeat { paragraph, of })
        })
    }

    /// Words to be read, repeated ones counted each time.
    fn len(&self) -> u64 {
        self.paragraphs.iter().map(|paragraph| paragraph.len() as u64).sum()
    }

    /// Appends `len` words without a full stop.
    fn add_words(&mut self, len: u64, rng: &mut Rng) {
        self.words.extend((0..len).map(|_| Word { rank: draw(rng), ends_sentence: false }));
    }

    /// Appends a sentence of `len` words, at least one, and gives that number back.
    fn add_sentence(&mut self, len: u64, rng: &mut Rng) -> u64 {
        self.add_words(len, rng);
        if let Some(last) = self.words.last_mut() {
            last.ends_sentence = true;
        }
        len
    }

    /// The running text of several drafts as one paragraph, and where each of them begins and ends in it, in bytes.
    pub(super) fn join(drafts: &[&Draft]) -> (String, Vec<Range<usize>>) {
        let (mut text, mut ranges) = (String::new(), Vec::new());
        let mut writer = Writer::default();
        for draft in drafts {
            let vocabulary = Vocabulary::of(draft.script);
            let mut start = None;
            for word in draft.paragraphs.iter().flat_map(|paragraph| &draft.words[paragraph.clone()]) {
                start.get_or_insert(writer.write(word, draft.script, vocabulary, &mut text));
            }
            ranges.push(start.unwrap_or(text.len())..text.len());
        }
        (text, ranges)
    }

    fn write_paragraph(&self, words: &[Word], vocabulary: &Vocabulary, text: &mut String) {
        let mut writer = Writer::default();
        for word in words {
            writer.write(word, self.script, vocabulary, text);
        }
    }
}

/// Writes the words of a paragraph.
struct Writer {
    before: &'static str,
    starts_sentence: bool,
}

impl Default for Writer {
    fn default() -> Writer {
        Writer { before: "", starts_sentence: true }
    }
}

impl Writer {
    /// Writes the next word, and the space before it; gives where the word starts.
    fn write(&mut self, word: &Word, script: Script, vocabulary: &Vocabulary, text: &mut String) -> usize {
        let spelling = script.spelling();
        text.push_str(self.before);
        let start = text.len();
        let letters = vocabulary.word(word.rank);
        if self.starts_sentence {
            push_capitalised(letters, text);
        } else {
            text.push_str(letters);
        }
        self.starts_sentence = word.ends_sentence;
        self.before = if word.ends_sentence { spelling.gap } else { spelling.space };
        if word.ends_sentence {
            text.push_str(spelling.stop);
        }
        start
    }
}

/// Words of the next sentence: 8 to 24, and never so many that what is `left` would be less than 8.
fn sentence_len(left: u64, rng: &mut Rng) -> u64 {
    let len = 8 + rng.below(17);
    match left {
        _ if left >= len + 8 => len,
        0..=24 => left,
        _ => left - 8,
    }
}

/// Appends what becomes of `word` when it is edited. The last of a sentence or paragraph is not deleted, so none is empty.
fn change(word: Word, last: bool, words: &mut Vec<Word>, rng: &mut Rng) {
    let other = draw(rng);
    match rng.below(3) {
        0 if !word.ends_sentence && !last => {}
        1 => words.extend([Word { rank: other, ends_sentence: false }, word]),
        _ if other == word.rank => words.push(Word { rank: (other + 1) % WORDS as u16, ..word }),
        _ => words.push(Word { rank: other, ..word }),
    }
}

/// Appends `word` with a capital if its script has them.
fn push_capitalised(word: &str, text: &mut String) {
    let mut letters = word.chars();
    text.extend(letters.next().into_iter().flat_map(char::to_uppercase));
    text.push_str(letters.as_str());
}
