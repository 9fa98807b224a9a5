//! The options of a run: what each stage owns, put together.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::corpus::{ParagraphBreak, Segmenter, Shingler, TokenOptions, Unit};
use crate::error::{Error, Result};
use crate::input::{FieldPath, InputOptions};
use crate::resolve::{CutAt, CutOptions, Globs, KeepOptions, KeepPolicy, Scope};
use crate::search::edits::EditOptions;
use crate::search::passage::{MinPassage, Normalise, PassageOptions};
use crate::search::{Apart, Measure, SearchOptions};
use crate::sketch::{Banding, SketchOptions};

/// A number for each unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PerUnit([usize; 5]);

impl PerUnit {
    /// Values for document, paragraph, line, sentence and passage.
    pub const fn new(values: [usize; 5]) -> PerUnit {
        PerUnit(values)
    }

    /// The value for `unit`.
    pub fn get(&self, unit: Unit) -> usize {
        self.0[unit as usize]
    }

    /// These values, but for those given.
    fn with(mut self, given: &BTreeMap<Unit, usize>) -> PerUnit {
        given.iter().for_each(|(&unit, &value)| self.set(unit, value));
        self
    }

    /// Sets the value for `unit`.
    pub fn set(&mut self, unit: Unit, value: usize) {
        self.0[unit as usize] = value;
    }
}

/// All that decides the result of a run, besides the input.
#[derive(Clone, Debug)]
pub struct Config {
    /// What is read, and how.
    pub input: InputOptions,
    /// What is compared, largest first. Default: documents and paragraphs. Empty: nothing is searched.
    pub units: Vec<Unit>,
    /// What separates paragraphs. Default: decided for each document.
    pub paragraph_break: ParagraphBreak,
    /// How tokens are made.
    pub tokens: TokenOptions,
    /// Tokens in a shingle, 1 to 32. Default: 5 for documents, 3 for smaller units.
    pub ngram: PerUnit,
    /// Segments with fewer tokens are left alone, 1 or more. Default: 1 for documents, 10 for smaller units.
    pub min_tokens: PerUnit,
    /// What counts as a repeat. Default: Jaccard similarity of 0.8.
    pub search: SearchOptions,
    /// Pairs of texts that both stay, because somebody decided so. Default: none.
    pub apart: Apart,
    /// What counts as a passage.
    pub passages: PassageOptions,
    /// Where passages are cut. Default: around whole sentences, or else words.
    pub cut: CutAt,
    /// Passages with words changed, inserted or lost are repeats too, at the similarity of `search`. Default: no.
    pub edits: bool,
    /// Where a repeat counts. Default: in the corpus.
    pub scope: Scope,
    /// Which copy stays. Default: the first.
    pub keep: KeepPolicy,
    /// Sources, as globs, in order of preference; before `keep`.
    pub prefer: Vec<String>,
    /// Sources, as globs, that nothing is removed from.
    pub protect: Vec<String>,
    /// Documents of which nothing is left stay, empty.
    pub keep_empty: bool,
    /// The greatest share of bytes, 0 to 1, that may go from any source of several documents, and from the corpus.
    pub max_removed: Option<f64>,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            input: InputOptions::default(),
            units: vec![Unit::Document, Unit::Paragraph],
            paragraph_break: ParagraphBreak::Auto,
            tokens: TokenOptions::default(),
            ngram: PerUnit::new([5, 3, 3, 3, 3]),
            min_tokens: PerUnit::new([1, 10, 10, 10, 10]),
            search: SearchOptions::default(),
            apart: Apart::default(),
            passages: PassageOptions::default(),
            cut: CutAt::Auto,
            edits: false,
            scope: Scope::Corpus,
            keep: KeepPolicy::First,
            prefer: Vec::new(),
            protect: Vec::new(),
            keep_empty: false,
            max_removed: None,
        }
    }
}

impl Config {
    /// Refuses values out of range.
    pub fn validate(&self) -> Result<()> {
        let usage = |message: String| Err(Error::Usage(message));
        let similarity = self.search.similarity;
        if !(similarity > 0.0 && similarity <= 1.0) {
            return usage(format!("--similarity {similarity} is not above 0 and at most 1"));
        }
        for unit in Unit::ALL {
            let ngram = self.ngram.get(unit);
            if !(1..=32).contains(&ngram) {
                return usage(format!("--ngram {}={ngram} is not between 1 and 32 tokens", unit.name()));
            }
            if self.min_tokens.get(unit) == 0 {
                return usage(format!(
                    "--min-tokens {}=0: texts without tokens are never compared; use 1",
                    unit.name()
                ));
            }
        }
        if let Some(fault) = self.passages.fault() {
            return usage(fault);
        }
        match self.max_removed {
            Some(share) if !(0.0..=1.0).contains(&share) => {
                usage(format!("--max-removed {}% is not between 0% and 100%", share * 100.0))
            }
            _ => Ok(()),
        }
    }

    /// The units that are searched: inside one document there are no documents to compare.
    pub fn searched_units(&self) -> Vec<Unit> {
        let searched =
            |unit: &Unit| self.units.contains(unit) && (self.scope == Scope::Corpus || *unit != Unit::Document);
        Unit::ALL.into_iter().filter(searched).collect()
    }

    /// The options for passages that are not what they are by default, if no passages are searched: they change nothing.
    pub fn idle_options(&self) -> Vec<&'static str> {
        if self.units.contains(&Unit::Passage) {
            return Vec::new();
        }
        let defaults = Config::default();
        let options = [
            ("--min-passage", self.passages.min != defaults.passages.min),
            ("--normalise", self.passages.normalise != defaults.passages.normalise),
            ("--cut", self.cut != defaults.cut),
            ("--edits", self.edits != defaults.edits),
        ];
        options.into_iter().filter_map(|(option, is_set)| is_set.then_some(option)).collect()
    }

    /// The division into bands, if segments are compared by similarity at all.
    pub fn banding(&self) -> Option<Banding> {
        (self.search.similarity < 1.0).then(|| Banding::for_threshold(self.search.similarity))
    }

    /// How the segments of `unit` are sketched.
    pub fn sketch_options(&self, unit: Unit) -> SketchOptions {
        SketchOptions {
            unit,
            shingler: Shingler::new(self.ngram.get(unit)),
            min_tokens: self.min_tokens.get(unit),
            banding: self.banding(),
        }
    }

    /// How passages are cut.
    pub fn cut_options(&self) -> CutOptions {
        let min_tokens = self.min_tokens.get(Unit::Passage);
        let edits = EditOptions { similarity: self.search.similarity, ..EditOptions::default() };
        let edits = EditOptions { min_tokens: edits.min_tokens.max(min_tokens as u32), ..edits };
        CutOptions {
            at: self.cut,
            min_tokens,
            segmenter: self.segmenter(),
            tokens: self.tokens,
            edits: self.edits.then_some(edits),
            apart: self.apart.clone(),
        }
    }

    /// How texts are split.
    pub fn segmenter(&self) -> Segmenter {
        Segmenter { paragraph_break: self.paragraph_break }
    }

    /// Which copy stays, with patterns compiled.
    pub fn keep_options(&self) -> Result<KeepOptions> {
        Ok(KeepOptions {
            policy: self.keep.clone(),
            prefer: Globs::new(&self.prefer, "--prefer")?,
            protect: Globs::new(&self.protect, "--protect")?,
        })
    }

    /// The options that decide the result, by the names that the command gives them: the run card.
    pub fn describe(&self) -> serde_json::Value {
        let per_unit = |values: &PerUnit| -> serde_json::Map<String, serde_json::Value> {
            self.searched_units().iter().map(|u| (u.name().to_owned(), values.get(*u).into())).collect()
        };
        let banding = self.banding().map(|b| {
            serde_json::json!({
                "bands": b.bands, "rows": b.rows, "recall_at_threshold": b.recall(self.search.similarity),
            })
        });
        serde_json::json!({
            "unit": self.searched_units().iter().map(|u| u.name()).collect::<Vec<_>>(),
            "decisions": (!self.apart.is_empty()).then(|| serde_json::json!({
                "keep_both": self.apart.len(), "digest": format!("xxh3-128:{:032x}", self.apart.digest()),
            })),
            "scope": match self.scope { Scope::Corpus => "corpus", Scope::Document => "document" },
            "paragraph_break": match self.paragraph_break {
                ParagraphBreak::Auto => "auto",
                ParagraphBreak::Newline => "newline",
                ParagraphBreak::BlankLine => "blank-line",
            },
            "similarity": self.search.similarity,
            "measure": self.search.measure.name(),
            "ngram": per_unit(&self.ngram),
            "min_tokens": per_unit(&self.min_tokens),
            "tokens": if self.tokens.by_character { "character" } else { "word" },
            "ignore_digits": self.tokens.ignore_digits,
            "min_passage": self.passages.min.to_string(),
            "normalise": self.passages.normalise.name(),
            "cut": self.cut.name(),
            "edits": self.edits,
            "lsh": if self.search.measure == Measure::Jaccard { banding } else { None },
            "keep": self.keep.to_string(),
            "prefer": self.prefer,
            "protect": self.protect,
            "keep_empty": self.keep_empty,
            "max_removed": self.max_removed,
            "text_field": self.input.text_field.to_string(),
            "id_field": self.input.id_field.to_string(),
            "against": self.input.against.iter().map(|path| path.display().to_string()).collect::<Vec<_>>(),
        })
    }

    /// All that decides what a run over files finds: what [`Config::describe`] says, but for the limit that it is held
    /// against, and how the files are found and read.
    pub fn card(&self) -> serde_json::Value {
        let mut card = Config { max_removed: None, ..self.clone() }.describe();
        let InputOptions { walk, format, records, on_error, .. } = &self.input;
        card["format"] = format.map(|format| format!("{format:?}").to_lowercase()).into();
        card["records"] = format!("{records:?}").to_lowercase().into();
        card["on_error"] = format!("{on_error:?}").to_lowercase().into();
        card["glob"] = walk.globs.clone().into();
        card["exclude"] = walk.exclude.clone().into();
        card["hidden"] = walk.hidden.into();
        card["no_ignore"] = walk.no_ignore.into();
        card["follow"] = walk.follow.into();
        card
    }

    /// The configuration that [`Config::describe`] described, with defaults for what it does not say: how the inputs were
    /// walked, which pairs were kept apart, and what holds for units that were not searched. `None` if it is no such description.
    pub fn from_description(options: &serde_json::Value) -> Option<Config> {
        let described: Described = serde_json::from_value(options.clone()).ok()?;
        let defaults = Config::default();
        Some(Config {
            input: InputOptions {
                text_field: FieldPath::parse(&described.text_field),
                id_field: FieldPath::parse(&described.id_field),
                ..defaults.input
            },
            units: described.unit,
            paragraph_break: match described.paragraph_break.as_str() {
                "auto" => ParagraphBreak::Auto,
                "newline" => ParagraphBreak::Newline,
                "blank-line" => ParagraphBreak::BlankLine,
                _ => return None,
            },
            tokens: TokenOptions {
                ignore_digits: described.ignore_digits,
                by_character: described.tokens == "character",
            },
            ngram: defaults.ngram.with(&described.ngram),
            min_tokens: defaults.min_tokens.with(&described.min_tokens),
            search: SearchOptions {
                similarity: described.similarity,
                measure: Measure::ALL.into_iter().find(|measure| measure.name() == described.measure)?,
            },
            apart: defaults.apart,
            passages: PassageOptions {
                min: MinPassage::parse(&described.min_passage).ok()?,
                normalise: Normalise::ALL.into_iter().find(|normalise| normalise.name() == described.normalise)?,
            },
            cut: CutAt::ALL.into_iter().find(|cut| cut.name() == described.cut)?,
            edits: described.edits,
            scope: if described.scope == "document" { Scope::Document } else { Scope::Corpus },
            keep: KeepPolicy::parse(&described.keep)?,
            prefer: described.prefer,
            protect: described.protect,
            keep_empty: described.keep_empty,
            max_removed: described.max_removed,
        })
    }
}

/// The options that [`Config::describe`] writes, as they are read back.
#[derive(Deserialize)]
struct Described {
    unit: Vec<Unit>,
    scope: String,
    paragraph_break: String,
    similarity: f64,
    measure: String,
    ngram: BTreeMap<Unit, usize>,
    min_tokens: BTreeMap<Unit, usize>,
    tokens: String,
    ignore_digits: bool,
    min_passage: String,
    normalise: String,
    cut: String,
    edits: bool,
    keep: String,
    prefer: Vec<String>,
    protect: Vec<String>,
    keep_empty: bool,
    max_removed: Option<f64>,
    text_field: String,
    id_field: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_gives_the_options_back() {
        let mut config = Config { keep: KeepPolicy::Max(FieldPath::parse("meta.score")), ..Config::default() };
        config.units = vec![Unit::Document, Unit::Line, Unit::Sentence];
        config.ngram.set(Unit::Line, 7);
        config.min_tokens.set(Unit::Document, 4);
        config.search = SearchOptions { similarity: 0.7, measure: Measure::Containment };
        config.tokens = TokenOptions { ignore_digits: true, by_character: true };
        config.paragraph_break = ParagraphBreak::BlankLine;
        config.prefer = vec!["a/**".to_owned()];
        config.passages = PassageOptions { min: MinPassage::Tokens(30), normalise: Normalise::Tokens };
        config.cut = CutAt::Paragraph;
        config.edits = true;
        config.max_removed = Some(0.3);
        config.input.id_field = FieldPath::parse("a.b");
        for config in [config, Config { scope: Scope::Document, ..Config::default() }, Config::default()] {
            let described = config.describe();
            assert_eq!(Config::from_description(&described).unwrap().describe(), described);
        }
        assert!(Config::from_description(&serde_json::json!({"unit": []})).is_none());
    }
}
