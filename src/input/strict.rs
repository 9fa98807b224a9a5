//! The error that something was found and not read, where everything was to be.
//!
//! It comes when all is read and before anything is compared: one run lists all that is in the way.

use crate::corpus::{Corpus, Reject, Skipped};
use crate::error::{Error, Result};

/// As many are listed.
const LISTED: usize = 5;

/// Refuses a corpus of which something was skipped or set aside: what, how much of it, and what to do.
pub(super) fn refuse_what_is_missing(corpus: &Corpus) -> Result<()> {
    let (skipped, rejects) = (&corpus.skipped, &corpus.rejects);
    let missing = skipped.len() + rejects.len();
    if missing == 0 {
        return Ok(());
    }
    let skipped_lines = skipped.iter().map(skipped_line);
    let listed: Vec<String> =
        skipped_lines.chain(rejects.iter().map(|r| reject_line(corpus, r))).take(LISTED).collect();
    let more = if missing > LISTED { format!("\n  and {} more", missing - LISTED) } else { String::new() };
    Err(Error::Incomplete(format!(
        "not all that was found was read ({} skipped, {} set aside), and --strict allows none of it; nothing was written:\n  {}{more}\n  remedy: {}",
        skipped.len(),
        rejects.len(),
        listed.join("\n  "),
        remedies(corpus).join("; "),
    )))
}

fn skipped_line(skipped: &Skipped) -> String {
    format!("skipped {}: {}", skipped.path.display(), skipped.reason)
}

fn reject_line(corpus: &Corpus, reject: &Reject) -> String {
    let path = corpus.sources[reject.source as usize].path.display();
    let line = reject.line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("set aside {path}{line}: {}", reject.reason)
}

/// What to do, for what there is only.
fn remedies(corpus: &Corpus) -> Vec<&'static str> {
    let skipped =
        "leave out with --exclude what is no part of the corpus, take in the rest with --format, --glob or -L";
    let set_aside = "mend what was set aside, or leave it out";
    let remedies = [(!corpus.skipped.is_empty(), skipped), (!corpus.rejects.is_empty(), set_aside)];
    remedies.into_iter().filter_map(|(is_needed, remedy)| is_needed.then_some(remedy)).collect()
}
