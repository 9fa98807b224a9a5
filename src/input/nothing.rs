//! The error that there is nothing to do, which says what there was instead, and what to do.

use std::path::PathBuf;

use crate::corpus::{Corpus, Reject, Role, Source};
use crate::error::Error;

/// The error that there is no document in what was read: what there was, and what to do. `judged` files of a reference are
/// inputs too.
pub(super) fn nothing(inputs: &[PathBuf], role: Role, judged: usize, corpus: &Corpus) -> Error {
    let names: Vec<String> = inputs.iter().map(|p| p.display().to_string()).collect();
    let what = if role == Role::Reference { "nothing to compare with" } else { "nothing to scan" };
    let (seen, remedies): (Vec<String>, Vec<&str>) = what_there_was(role, judged, corpus).into_iter().unzip();
    let seen = if seen.is_empty() { "no files".to_owned() } else { seen.join("; ") };
    let remedy = remedies.first().unwrap_or(&"name the files, or pass --hidden or --no-ignore");
    Error::Nothing(format!("{what} in {}: {seen}\n  remedy: {remedy}", names.join(", ")))
}

/// What there was where no document was, each with what to do.
fn what_there_was(role: Role, judged: usize, corpus: &Corpus) -> Vec<(String, &'static str)> {
    let mut seen = Vec::new();
    if judged > 0 {
        let files = if judged == 1 { "its only file is".to_owned() } else { format!("its {judged} files are") };
        seen.push((format!("{files} part of INPUT too, and judged"), "name a reference that is no part of INPUT"));
    }
    if let [first, ..] = corpus.skipped.as_slice() {
        let (count, path) = (corpus.skipped.len(), first.path.display());
        seen.push((
            format!("{count} skipped, the first {path} ({})", first.reason),
            "name the files, or pass --format or --glob",
        ));
    }
    let of_role = |source: u32| corpus.sources[source as usize].role == role;
    let rejects: Vec<&Reject> = corpus.rejects.iter().filter(|reject| of_role(reject.source)).collect();
    if let [first, ..] = rejects.as_slice() {
        let source = corpus.sources[first.source as usize].path.display();
        let reason = &first.reason;
        seen.push((
            format!("{} set aside, the first in {source} ({reason})", rejects.len()),
            "mend what was set aside",
        ));
    }
    let is_rejected = |source: usize| rejects.iter().any(|reject| reject.source as usize == source);
    let empty = corpus.sources.iter().enumerate().filter(|(i, source)| source.role == role && !is_rejected(*i));
    let empty: Vec<&Source> = empty.map(|(_, source)| source).collect();
    if let [first, others @ ..] = empty.as_slice() {
        let and = if others.is_empty() { String::new() } else { format!(" (and {} more)", others.len()) };
        let what = if first.bytes.is_empty() { "is empty" } else { "holds nothing but blank lines" };
        let name =
            if first.path.as_os_str() == "-" { "standard input".into() } else { first.path.display().to_string() };
        seen.push((format!("{name} {what}{and}"), "name files with text in them"));
    }
    seen
}
