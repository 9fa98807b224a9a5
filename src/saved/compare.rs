//! Two texts → everything that decides whether they are linked: exact similarity, and what the search saw of them.

use crate::config::Config;
use crate::corpus::{Corpus, DocId, Segmenter, Shingler, Tokens, Unit, shingle_set};
use crate::error::Result;
use crate::search::{Measure, Pair, similarity};
use crate::sketch::{Banding, SketchOptions, digest, matches, sketch};

/// How two texts compare; of each pair of numbers the first is of the first text.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Tokens.
    pub tokens: [usize; 2],
    /// Distinct shingles.
    pub shingles: [usize; 2],
    /// Shingles that both have.
    pub shared: usize,
    /// Tokens in a shingle.
    pub ngram: usize,
    /// Shared shingles by all shingles.
    pub jaccard: f64,
    /// Shared shingles by those of one text.
    pub containment: [f64; 2],
    /// Whether all tokens are the same.
    pub same_tokens: bool,
    /// The digests of both, by which a decision knows them.
    pub pair: Pair,
    /// What the search saw; `None` if one text is shorter than a shingle, or only equality counts.
    pub sketch: Option<SketchComparison>,
}

/// How the signatures of two texts compare.
#[derive(Clone, Debug, PartialEq)]
pub struct SketchComparison {
    /// How signatures are divided.
    pub banding: Banding,
    /// The bands that both share, from 1.
    pub met: Vec<usize>,
    /// Values in which the signatures agree.
    pub agreeing: usize,
}

impl Comparison {
    /// Compares two texts as segments of `unit` are compared.
    pub fn new(a: &[u8], b: &[u8], unit: Unit, config: &Config) -> Result<Comparison> {
        let shingler = Shingler::new(config.ngram.get(unit));
        let [(a_tokens, a_set), (b_tokens, b_set)] = [a, b].map(|text| {
            let mut tokens = Tokens::default();
            tokens.read(text, config.tokens);
            let set = shingle_set(&tokens.hashes, shingler);
            (tokens.hashes, set)
        });
        let contained = |a: &[u64], b: &[u64]| similarity(a, b, Measure::Containment);
        Ok(Comparison {
            tokens: [a_tokens.len(), b_tokens.len()],
            shingles: [a_set.len(), b_set.len()],
            shared: (contained(&a_set, &b_set) * a_set.len() as f64).round() as usize,
            ngram: shingler.n(),
            jaccard: similarity(&a_set, &b_set, Measure::Jaccard),
            containment: [contained(&a_set, &b_set), contained(&b_set, &a_set)],
            same_tokens: a_tokens == b_tokens,
            pair: Pair::new(digest(&a_tokens), digest(&b_tokens)),
            sketch: compare_sketches(a, b, shingler, config)?,
        })
    }

    /// Their similarity as the run measured it: `first` is the segment in question.
    pub fn similarity(&self, measure: Measure) -> f64 {
        match measure {
            _ if self.same_tokens && self.tokens[0] > 0 => 1.0,
            Measure::Jaccard => self.jaccard,
            Measure::Containment => self.containment[0],
        }
    }
}

/// Sketches both texts as the run did.
fn compare_sketches(a: &[u8], b: &[u8], shingler: Shingler, config: &Config) -> Result<Option<SketchComparison>> {
    let Some(banding) = config.banding() else { return Ok(None) };
    let corpus = Corpus::from_texts([a, b]);
    let options = SketchOptions { unit: Unit::Document, shingler, min_tokens: 1, banding: Some(banding) };
    let (tables, _) =
        sketch(&corpus, Segmenter::default(), config.tokens, &[options], crate::resume::Parts::none(), &())?;
    let Some(table) = tables.first() else { return Ok(None) };
    let class = |doc| table.rows_of(DocId(doc)).first().map(|row| row.class).filter(|&class| table.is_near(class));
    let (Some(a), Some(b)) = (class(0), class(1)) else { return Ok(None) };
    let all = 0..table.options.bands();
    let bands = table.bands_of(a, all.clone()).zip(table.bands_of(b, all)).zip(1..);
    Ok(Some(SketchComparison {
        banding,
        met: bands.filter(|((x, y), _)| x == y).map(|(_, band)| band).collect(),
        agreeing: matches(table.signature_of(a), table.signature_of(b)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(words: std::ops::Range<u32>) -> Vec<u8> {
        words.map(|i| format!("w{i} ")).collect::<String>().into_bytes()
    }

    #[test]
    fn numbers_follow_their_definitions() {
        let (a, b) = (text(0..44), text(2..48));
        let found = Comparison::new(&a, &b, Unit::Document, &Config::default()).unwrap();
        assert_eq!((found.tokens, found.shingles, found.shared), ([44, 46], [40, 42], 38));
        assert_eq!(found.jaccard, 38.0 / 44.0);
        assert_eq!(found.containment, [38.0 / 40.0, 38.0 / 42.0]);
        let sketch = found.sketch.unwrap();
        assert!(sketch.agreeing > 90 && sketch.met.iter().all(|&band| (1..=18).contains(&band)));
    }

    #[test]
    fn short_and_empty_texts_have_no_sketch() {
        let compare = |a: &[u8], b: &[u8]| Comparison::new(a, b, Unit::Document, &Config::default()).unwrap();
        assert!(compare(b"one two", &text(0..9)).sketch.is_none());
        assert_eq!(compare(b"", b"").similarity(Measure::Jaccard), 0.0);
        assert_eq!(compare(b"Yes.", b"yes").similarity(Measure::Jaccard), 1.0);
    }
}
