//! A path → a saved run: its report, its options, and its texts.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_128;

use crate::config::Config;
use crate::corpus::{Corpus, Source};
use crate::error::{Error, Result};
use crate::input::{decode_file, read_again};
use crate::output::{has_ledger, originals, state_dir};
use crate::progress::Progress;
use crate::report::{Overview, Report, SourceView};

/// A run of the past.
pub struct Saved {
    /// Where its report is.
    pub path: PathBuf,
    /// What it reported.
    pub report: Report<'static>,
    /// The options that decided its result; how the inputs were found is not among them.
    pub config: Config,
    /// The cleaned corpus, if it lies where it was written, with its ledger.
    cleaned: Option<PathBuf>,
}

impl Saved {
    /// Opens a run: the cleaned corpus with its state directory beside it, the state directory, or a JSON report alone.
    pub fn open(run: &Path) -> Result<Saved> {
        let path = find_report(run).ok_or_else(|| fault(run, NO_REPORT))?;
        let file = File::open(&path).map_err(|e| Error::io("cannot read", &path, e))?;
        let report = Report::read_json(BufReader::new(file)).map_err(|reason| fault(&path, &reason))?;
        let config = Config::from_description(&report.overview.run.options)
            .filter(|config| config.validate().is_ok())
            .ok_or_else(|| fault(&path, "describes options that this unecho does not know; run it again"))?;
        let cleaned = cleaned_beside(&path).filter(|out| has_ledger(out));
        Ok(Saved { path, report, config, cleaned })
    }

    /// The corpus as the run read it. It is rebuilt from the cleaned corpus and the ledger; where only a report is left, it
    /// is read from the sources that the report names, if they are unchanged.
    ///
    /// Costs reading the whole corpus, into memory.
    pub fn corpus(&self, progress: &dyn Progress) -> Result<Corpus> {
        let overview = &self.report.overview;
        let mut corpus = Corpus::default();
        for ((name, bytes), view) in self.contents(progress)?.into_iter().zip(&overview.sources) {
            let source = self.source(view, name, bytes)?;
            read_again(&mut corpus, source, whole_reject(overview, &view.source), &self.config.input)?;
        }
        Ok(corpus)
    }

    /// For each source of the report its name below an output and its decoded bytes.
    fn contents(&self, progress: &dyn Progress) -> Result<Vec<(PathBuf, Vec<u8>)>> {
        let sources = &self.report.overview.sources;
        let Some(cleaned) = &self.cleaned else {
            return sources.iter().map(|view| progress.check().and_then(|()| self.reread(view))).collect();
        };
        let contents = originals(cleaned, progress)?;
        if contents.len() != sources.len() {
            return Err(fault(&self.path, "names other sources than the ledger beside it; run `unecho clean` again"));
        }
        Ok(contents)
    }

    /// A source that the report names, where the run found it.
    fn reread(&self, view: &SourceView) -> Result<(PathBuf, Vec<u8>)> {
        let path = Path::new(&view.source);
        if whole_reject(&self.report.overview, &view.source).is_some() {
            // it was set aside as it is stored, or could not be read at all
            return Ok((path.to_owned(), std::fs::read(path).unwrap_or_default()));
        }
        let bytes = decode_file(path).map_err(|e| {
            let reason = format!(
                "is a report without a cleaned corpus and ledger beside it, so the texts would have to be read from {}: {e}\n  remedy: run this where the sources are, or give it the output of `unecho clean`",
                view.source
            );
            fault(&self.path, &reason)
        })?;
        Ok((path.to_owned(), bytes))
    }

    /// A source with its bytes, which must be those that the run read.
    fn source(&self, view: &SourceView, name: PathBuf, bytes: Vec<u8>) -> Result<Source> {
        let digest = xxh3_128(&bytes);
        if format!("xxh3-128:{digest:032x}") != view.digest {
            let reason = format!("{} is not what the run read any more; run unecho again", view.source);
            return Err(fault(&self.path, &reason));
        }
        Ok(Source {
            path: PathBuf::from(&view.source),
            name,
            role: view.role,
            format: view.format,
            codec: view.codec,
            stored: view.stored_bytes,
            digest,
            bytes: bytes.into(),
            checkpoints: Vec::new(),
            docs: 0..0,
        })
    }
}

const NO_REPORT: &str = "no run of unecho there; give it the output of `unecho clean` (with the .unecho directory beside it) or a report.json";

fn fault(path: &Path, reason: &str) -> Error {
    Error::Saved { path: path.to_owned(), reason: reason.to_owned() }
}

/// The name of the report in the state directory.
const REPORT: &str = "report.json";

/// The report of a run that `run` names in one of three ways.
fn find_report(run: &Path) -> Option<PathBuf> {
    let candidates = [state_dir(run).join(REPORT), run.join(REPORT)];
    let beside = candidates.into_iter().find(|path| path.is_file());
    beside.or_else(|| run.is_file().then(|| run.to_owned()))
}

/// The cleaned corpus that the report at `path` lies beside, if it is named as `unecho clean` names it.
fn cleaned_beside(path: &Path) -> Option<PathBuf> {
    let state = path.parent().filter(|_| path.file_name().is_some_and(|name| name == REPORT))?;
    let here = state.as_os_str().is_empty().then(|| std::fs::canonicalize("."));
    let state = here.map_or_else(|| Some(state.to_owned()), std::result::Result::ok)?;
    let name = state.file_name()?.to_str()?.strip_suffix(".unecho")?;
    Some(state.with_file_name(name))
}

/// Why a source was set aside as a whole, if it was.
fn whole_reject(overview: &Overview, source: &str) -> Option<String> {
    let rejects = &overview.rejected;
    rejects.iter().find(|r| r.line.is_none() && r.source == source).map(|r| r.reason.clone())
}
