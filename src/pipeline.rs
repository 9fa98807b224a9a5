//! The stages, one after the other: read, sketch, search and resolve; then, if wanted, write.

use std::path::PathBuf;

use rayon::prelude::*;

use crate::config::Config;
use crate::corpus::{Corpus, Role, Unit};
use crate::error::{Error, Result};
use crate::input;
use crate::output::{self, Removal, SourceBytes, Target, Written};
use crate::progress::Progress;
use crate::resolve::{Fate, PassageSearch, Plan, ResolveOptions, UnitSearch, order, resolve};
use crate::search::Searcher;
use crate::sketch::{Table, Tally, sketch};

/// What a run found.
pub struct Outcome {
    /// What was read.
    pub corpus: Corpus,
    /// What is to happen to it.
    pub plan: Plan,
    /// What was compared, by unit, largest first.
    pub tallies: Vec<(Unit, Tally)>,
    /// Tokens of each document.
    pub tokens: Vec<u32>,
    /// What goes from each source.
    pub removals: Vec<Vec<Removal>>,
    /// How the bytes of each source are accounted for.
    pub bytes: Vec<SourceBytes>,
    /// The options it was run with.
    pub config: Config,
}

/// Reads `inputs` and finds what they say twice.
pub fn scan(inputs: &[PathBuf], config: &Config, progress: &dyn Progress) -> Result<Outcome> {
    config.validate()?;
    let corpus = input::read(inputs, &config.input, progress)?;
    find(corpus, config, progress)
}

/// Finds what a corpus says twice.
///
/// Costs two passes over the text, a look-up or two per segment, and an exact comparison per candidate.
pub fn find(corpus: Corpus, config: &Config, progress: &dyn Progress) -> Result<Outcome> {
    config.validate()?;
    let keep = config.keep_options()?;
    let units = config.searched_units();
    let (tables, tokens) = sketches(&corpus, &units, config, progress)?;
    let mut tallies: Vec<_> = tables.iter().map(|table| (table.options.unit, table.tally)).collect();
    let (order, protected) = order(&corpus, &tokens, &keep);
    let smaller_units = units.iter().filter(|unit| **unit != Unit::Document).count();
    let passages = units.contains(&Unit::Passage);
    let passages = passages.then(|| PassageSearch::new(&corpus, config.passages, config.cut_options()));
    let mut search = UnitSearch { documents: None, segments: Vec::new(), passages };
    for table in tables {
        let unit = table.options.unit;
        // what is left of an edited document is compared again; segments only where cuts change the splitting
        let grows = smaller_units > 0 && (unit == Unit::Document || smaller_units > 1 || unit != Unit::Line);
        let searcher = Searcher::new(&corpus, table, config.search, config.tokens, grows, progress)?
            .keeping_apart(config.apart.clone());
        match unit {
            Unit::Document => search.documents = Some(searcher),
            _ => search.segments.push(searcher),
        }
    }
    let resolve_options = ResolveOptions {
        scope: config.scope,
        keep_empty: config.keep_empty,
        segmenter: config.segmenter(),
        tokens: config.tokens,
        policy: config.keep.clone(),
    };
    let plan = resolve(&corpus, search, &order, &protected, &resolve_options, progress)?;
    tallies.extend(units.contains(&Unit::Passage).then(|| (Unit::Passage, passage_tally(&plan))));
    let sources = 0..corpus.sources.len();
    let removals: Vec<Vec<Removal>> = sources.into_par_iter().map(|s| output::removals(&corpus, &plan, s)).collect();
    let read = corpus.sources.iter().map(|s| s.bytes.len() as u64);
    let bytes = read.zip(&removals).map(|(read, removals)| output::source_bytes(read, removals)).collect();
    let outcome = Outcome { corpus, plan, tallies, tokens, removals, bytes, config: config.clone() };
    outcome.warn(progress);
    Ok(outcome)
}

/// The sketches of the segments, and the tokens of each document; nothing if nothing is searched.
fn sketches(
    corpus: &Corpus,
    units: &[Unit],
    config: &Config,
    progress: &dyn Progress,
) -> Result<(Vec<Table>, Vec<u32>)> {
    if units.is_empty() {
        return Ok((Vec::new(), vec![0; corpus.len()]));
    }
    let segments = units.iter().filter(|unit| **unit != Unit::Passage);
    let options: Vec<_> = segments.map(|&unit| config.sketch_options(unit)).collect();
    sketch(corpus, config.segmenter(), config.tokens, &options, progress)
}

/// Passages are counted where they are found: those that go, and those that stay all the same.
fn passage_tally(plan: &Plan) -> Tally {
    let left_alone = plan.kept_passages.len() as u64;
    let going = plan.edits.iter().filter(|edit| edit.unit == Unit::Passage).count() as u64;
    Tally { segments: going + left_alone, left_alone }
}

/// Sources smaller than this are not warned about.
const SIZE_WORTH_A_WARNING: u64 = 64 << 10;

/// Groups with fewer members are not warned about.
const GROUP_WORTH_A_WARNING: usize = 100;

impl Outcome {
    /// The bytes of all sources together, but for those that are there to be compared with.
    pub fn total_bytes(&self) -> SourceBytes {
        let sources = self.corpus.sources.iter().zip(&self.bytes);
        let judged = sources.filter(|(source, _)| source.role != Role::Reference);
        judged.fold(SourceBytes::default(), |sum, (_, source)| SourceBytes {
            read: sum.read + source.read,
            kept: sum.kept + source.kept,
            removed: sum.removed + source.removed,
            rejected: sum.rejected + source.rejected,
        })
    }

    /// Fails if more goes than [`Config::max_removed`] allows, from the corpus or from a source of several documents.
    pub fn check_limits(&self) -> Result<()> {
        let Some(limit) = self.config.max_removed else { return Ok(()) };
        let over = |bytes: SourceBytes| bytes.removed as f64 > limit * bytes.read as f64;
        let mut faults: Vec<String> =
            self.sources_of_many().filter(|(_, b)| over(*b)).map(|(p, b)| said(&p, b)).collect();
        if over(self.total_bytes()) {
            faults.insert(0, said("the whole corpus", self.total_bytes()));
        }
        if faults.is_empty() {
            return Ok(());
        }
        let more = faults.len().saturating_sub(10);
        faults.truncate(10);
        let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
        Err(Error::Limit(format!(
            "more would be removed than --max-removed {}% allows; nothing was written:\n  {}{more}\n  remedy: look at the findings with `unecho scan`, then raise the limit or --similarity",
            limit * 100.0,
            faults.join("\n  ")
        )))
    }

    /// Sources that hold more than one document, or one that is edited: a single document that goes is a finding like any
    /// other.
    fn sources_of_many(&self) -> impl Iterator<Item = (String, SourceBytes)> {
        let sources = self.corpus.sources.iter().zip(&self.bytes);
        let of_many = sources.filter(|(source, _)| {
            source.docs.len() > 1 || source.docs.clone().any(|d| self.plan.fates[d as usize] == Fate::Edited)
        });
        of_many.map(|(source, bytes)| (source.path.display().to_string(), *bytes))
    }

    /// Warns of sources that lose most of their text and of giant groups.
    fn warn(&self, progress: &dyn Progress) {
        let large = |b: &SourceBytes| b.read >= SIZE_WORTH_A_WARNING && b.removed * 2 > b.read;
        if self.config.max_removed.is_none() {
            let losing: Vec<String> =
                self.sources_of_many().filter(|(_, b)| large(b)).map(|(p, b)| said(&p, b)).collect();
            for one in losing.iter().take(5) {
                progress.warn(&format!("{one}; look before you trust it, or set --max-removed"));
            }
            if losing.len() > 5 {
                progress.warn(&format!("{} more sources lose more than half of their text", losing.len() - 5));
            }
        }
        for group in self.plan.groups().iter().filter(|g| g.edits.len() >= GROUP_WORTH_A_WARNING) {
            let members: u64 = group.edits.iter().map(|&e| self.plan.edits[e as usize].place.span.len() as u64).sum();
            if members * 100 > self.total_bytes().read {
                progress.warn(&format!(
                    "one {} of {} stands for {} others, more than 1 % of the corpus",
                    group.unit.name(),
                    self.corpus.source_of(group.keeper.doc).path.display(),
                    group.edits.len()
                ));
            }
        }
    }

    /// Writes the cleaned corpus, ledger and rejects beside `target`, after all limits were checked; nothing is in its
    /// place until [`Written::commit`].
    pub fn write(&self, inputs: &[PathBuf], target: &Target, force: bool, progress: &dyn Progress) -> Result<Written> {
        if self.corpus.has_reference() {
            let message =
                "a corpus that is compared with a reference is judged, not written; use `protect` to write both";
            return Err(Error::Usage(message.to_owned()));
        }
        self.check_limits()?;
        output::check_target(target, inputs, force)?;
        output::write(&self.corpus, &self.removals, target, force, progress)
    }
}

/// What a source loses, in words.
fn said(source: &str, bytes: SourceBytes) -> String {
    let share = 100.0 * bytes.removed as f64 / bytes.read.max(1) as f64;
    format!("{source} loses {share:.1} % ({} of {} bytes)", bytes.removed, bytes.read)
}
