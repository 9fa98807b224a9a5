//! The stages, one after the other: read, sketch, search and resolve; then, if wanted, write.

use std::path::PathBuf;

use rayon::prelude::*;

use crate::config::Config;
use crate::corpus::{Corpus, Role, Source, Unit};
use crate::error::{Error, Result};
use crate::input::{self, field};
use crate::output::{self, Removal, SourceBytes, Target, Written};
use crate::progress::Progress;
use crate::resolve::{Fate, Globs, Group, KeepPolicy, PassageSearch, Plan, ResolveOptions, UnitSearch, order, resolve};
use crate::resume::{self, Card, Columns, Extent, InputFile, Opened, Part, Parts, RunFolder, Stamp, Start};
use crate::search::Searcher;
use crate::sketch::{Table, Tally, shard_count, sketch};

/// What a run found.
pub struct Outcome {
    /// What was read.
    pub corpus: Corpus,
    /// What is to happen to it.
    pub plan: Plan,
    /// The edits of the plan by the copy that stays.
    pub groups: Vec<Group>,
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
    find_or_load(corpus, config, Parts::none(), progress)
}

/// As [`find`], in a run folder: what an earlier run has saved there is not done again, and if this run is to be `saved`,
/// what is finished is saved.
///
/// Errors: the run is gone on with and the corpus is not the one that it began with.
pub fn find_in(
    run: &RunFolder,
    corpus: Corpus,
    config: &Config,
    saved: bool,
    progress: &dyn Progress,
) -> Result<Outcome> {
    if !saved && !run.is_resumed() {
        return find(corpus, config, progress);
    }
    let extent = Extent {
        files: corpus.sources.len() as u64,
        bytes: corpus.bytes(),
        documents: corpus.len() as u64,
        sketches: if config.searched_units().is_empty() { 0 } else { shard_count(&corpus) as u64 },
    };
    run.identify(&input_files(&corpus), extent, saved, progress)?;
    find_or_load(corpus, config, Parts::of(run), progress)
}

/// What a run folder remembers of the sources.
fn input_files(corpus: &Corpus) -> Vec<InputFile> {
    let file = |(i, source): (usize, &Source)| {
        let stamp = corpus.stamps.get(i).copied().flatten();
        let ends = stamp.and_then(|_| resume::ends(&source.path).ok()).unwrap_or_default();
        InputFile { path: source.path.clone(), name: source.name.clone(), stamp, ends, contents: source.digest }
    };
    corpus.sources.par_iter().enumerate().map(file).collect()
}

/// What was found, before it is accounted for.
struct Found {
    plan: Plan,
    tallies: Vec<(Unit, Tally)>,
    tokens: Vec<u32>,
}

/// The part that holds what was found.
const PLAN: &str = "plan";

fn find_or_load(corpus: Corpus, config: &Config, saved: Parts<'_>, progress: &dyn Progress) -> Result<Outcome> {
    config.validate()?;
    let loaded = saved.load(PLAN, progress, |columns| Found::from_part(columns, corpus.len()));
    let found = match loaded {
        Some(found) => found,
        None => {
            let found = search(&corpus, config, saved, progress)?;
            saved.save(PLAN, progress, || found.to_part());
            // nobody asks for what led there any more
            saved.drop_parts(&["sketch-", "links-"], progress);
            found
        }
    };
    let Found { plan, tallies, tokens } = found;
    let sources = 0..corpus.sources.len();
    let removals: Vec<Vec<Removal>> = sources.into_par_iter().map(|s| output::removals(&corpus, &plan, s)).collect();
    let read = corpus.sources.iter().map(|s| s.bytes.len() as u64);
    let bytes = read.zip(&removals).map(|(read, removals)| output::source_bytes(read, removals)).collect();
    let groups = plan.groups();
    let outcome = Outcome { corpus, plan, groups, tallies, tokens, removals, bytes, config: config.clone() };
    outcome.warn(progress);
    Ok(outcome)
}

impl Found {
    fn to_part(&self) -> Part<'_> {
        let mut part = Part::default();
        self.plan.push_to(&mut part);
        part.push(&self.tokens);
        part.push_owned(self.tallies.iter().map(|(unit, t)| [*unit as u64, t.segments, t.left_alone]).collect());
        part
    }

    fn from_part(mut columns: Columns, documents: usize) -> Option<Found> {
        let plan = Plan::take_from(&mut columns, documents)?;
        let tokens: Vec<u32> = columns.take()?;
        let tallies: Vec<[u64; 3]> = columns.take()?;
        let tally = |[unit, segments, left_alone]: [u64; 3]| {
            let unit = Unit::ALL.into_iter().find(|known| *known as u64 == unit)?;
            Some((unit, Tally { segments, left_alone }))
        };
        let tallies = tallies.into_iter().map(tally).collect::<Option<_>>()?;
        (tokens.len() == documents).then_some(Found { plan, tallies, tokens })
    }
}

fn search(corpus: &Corpus, config: &Config, saved: Parts<'_>, progress: &dyn Progress) -> Result<Found> {
    let keep = config.keep_options()?;
    let units = config.searched_units();
    let (tables, tokens) = sketches(corpus, &units, config, saved, progress)?;
    let mut tallies: Vec<_> = tables.iter().map(|table| (table.options.unit, table.tally)).collect();
    warn_of_misses(corpus, config, progress)?;
    let (order, protected) = order(corpus, &tokens, &keep);
    let passages = units.contains(&Unit::Passage);
    let passages = passages.then(|| PassageSearch::new(corpus, config.passages, config.cut_options()));
    let mut search = UnitSearch { documents: None, segments: Vec::new(), passages };
    // where nothing but documents is compared nothing is cut, and so nothing is left that would be compared anew
    let grows = units != [Unit::Document];
    for table in tables {
        let unit = table.options.unit;
        let searcher = Searcher::new(corpus, table, config.search, config.tokens, grows, saved, progress)?
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
    let plan = resolve(corpus, search, &order, &protected, &resolve_options, progress)?;
    tallies.extend(units.contains(&Unit::Passage).then(|| (Unit::Passage, passage_tally(&plan))));
    Ok(Found { plan, tallies, tokens })
}

/// Warns of patterns that match no source, of a field to keep by that no record has, and of options for a search that is not made: a
/// slip of the pen there is a source that is cut although it was to be protected, and nothing else would tell.
fn warn_of_misses(corpus: &Corpus, config: &Config, progress: &dyn Progress) -> Result<()> {
    for (option, patterns) in [("--prefer", &config.prefer), ("--protect", &config.protect)] {
        for pattern in patterns {
            let globs = Globs::new(std::slice::from_ref(pattern), option)?;
            if corpus.sources.iter().all(|source| globs.first_match_of(source).is_none()) {
                progress.warn(&format!("{option} {pattern}: no file matches; a directory is named by `DIR/**`"));
            }
        }
    }
    let idle = config.idle_options();
    if !idle.is_empty() {
        let options = idle.join(", ");
        progress.warn(&format!("{options}: passages are not searched, so this changes nothing; add passage to --unit"));
    }
    if let KeepPolicy::Max(path) | KeepPolicy::Min(path) = &config.keep
        && corpus.ids().all(|id| field(corpus.record(id), path).is_none())
    {
        progress.warn(&format!("--keep {}: no record has that field; what was read first stays", config.keep));
    }
    Ok(())
}

/// The sketches of the segments, and the tokens of each document; nothing if nothing is searched.
fn sketches(
    corpus: &Corpus,
    units: &[Unit],
    config: &Config,
    saved: Parts<'_>,
    progress: &dyn Progress,
) -> Result<(Vec<Table>, Vec<u32>)> {
    if units.is_empty() {
        return Ok((Vec::new(), vec![0; corpus.len()]));
    }
    let segments = units.iter().filter(|unit| **unit != Unit::Passage);
    let options: Vec<_> = segments.map(|&unit| config.sketch_options(unit)).collect();
    sketch(corpus, config.segmenter(), config.tokens, &options, saved, progress)
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
        for group in self.groups.iter().filter(|g| g.edits.len() >= GROUP_WORTH_A_WARNING) {
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
        let card = Card { unecho: VERSION.to_owned(), command: String::new(), options: self.config.card() };
        let start = if force { Start::Over } else { Start::Fresh };
        self.may_be_written()?;
        output::check_target(target, inputs, force)?;
        output::check_no_foreign_files(target)?;
        match RunFolder::open(target.path(), card, start, progress)? {
            Opened::Run(run) => self.write_in(run, target, force, || (), progress).map(|(written, ())| written),
            Opened::Finished => unreachable!("only a run that is gone on with can be finished already"),
        }
    }

    /// As [`Outcome::write`], in a run folder; that the target is free was checked before. What is to be done `beside` is done by a thread
    /// that has nothing to write any more.
    pub fn write_in<T: Send>(
        &self,
        run: RunFolder,
        target: &Target,
        force: bool,
        beside: impl FnOnce() -> T + Send,
        progress: &dyn Progress,
    ) -> Result<(Written, T)> {
        self.may_be_written()?;
        let (written, done) = output::write(&self.corpus, &self.removals, target, force, run, beside, progress)?;
        match self.check_unchanged() {
            Ok(()) => Ok((written, done)),
            Err(changed) => {
                written.discard();
                Err(changed)
            }
        }
    }

    fn may_be_written(&self) -> Result<()> {
        if self.corpus.has_reference() {
            let message =
                "a corpus that is compared with a reference is judged, not written; use `protect` to write both";
            return Err(Error::Usage(message.to_owned()));
        }
        self.check_limits()
    }

    /// Refuses sources that were written to since they were read, as far as size and time of change tell.
    pub fn check_unchanged(&self) -> Result<()> {
        let stamped = self.corpus.sources.par_iter().zip(&self.corpus.stamps);
        let change = |(source, stamp): (&Source, &Option<Stamp>)| {
            let reason = (*stamp)?.change(&source.path)?;
            Some(Error::Changed { path: source.path.clone(), reason })
        };
        stamped.find_map_first(change).map_or(Ok(()), Err)
    }

    /// Refuses sources whose contents are not what was read. Costs reading all of them once more.
    pub fn verify_inputs(&self, progress: &dyn Progress) -> Result<()> {
        let verify = |(source, stamp): (&Source, &Option<Stamp>)| {
            progress.check()?;
            if stamp.is_none() || input::is_unchanged(source)? {
                return Ok(());
            }
            let reason = "has other contents than when it was read; they changed".to_owned();
            Err(Error::Changed { path: source.path.clone(), reason })
        };
        self.corpus.sources.iter().zip(&self.corpus.stamps).try_for_each(verify)
    }
}

/// The version that a run folder belongs to.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a source loses, in words.
fn said(source: &str, bytes: SourceBytes) -> String {
    let share = 100.0 * bytes.removed as f64 / bytes.read.max(1) as f64;
    format!("{source} loses {share:.1} % ({} of {} bytes)", bytes.removed, bytes.read)
}
