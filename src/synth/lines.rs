//! Documents and truth as JSON Lines, one by one or a whole corpus on all threads.
//!
//! In: a [`Synth`] and documents of it. Out: their lines, and those of the truth about them. Always: what [`Synth::write`]
//! writes is what the lines are one after the other, whatever the number of threads; it holds a few MiB for each thread,
//! whatever the size of the corpus (and one document, if that is larger). While one batch is made, the batch before it is
//! written: with a compressed output that takes as long.

use std::io;
use std::ops::Range;

use rayon::prelude::*;

use super::draft::Draft;
use super::{Boilerplate, InnerRepeat, Planted, Synth, id};
use crate::error::Result;
use crate::progress::Progress;

/// Bytes that one task makes, more or less.
const TASK: u64 = 1 << 20;

/// Bytes of a word, with its space, more or less.
const WORD: u64 = 8;

/// What one task made.
#[derive(Default)]
struct Lines {
    corpus: Vec<u8>,
    truth: Vec<u8>,
}

impl Synth {
    /// Document `i` as a line of JSON, `{"id":"d0","text":"…"}`, with its line end.
    pub fn json_line(&self, i: u64) -> String {
        json_line(i, &self.text(i))
    }

    /// Writes the corpus as JSONL, a document a line. `out` is best buffered.
    pub fn write_jsonl(&self, out: &mut impl io::Write) -> io::Result<()> {
        (0..self.options.documents).try_for_each(|i| out.write_all(self.json_line(i).as_bytes()))
    }

    /// Writes the truth as JSONL, in the order of the corpus. `out` is best buffered.
    ///
    /// A copy: `{"copy":"d7","original":"d2","kind":"exact"}`, and, if it is `edited` and there are several
    /// rates, the `permille` of its words that are changed. Paragraphs of an original: `{"document":"d2","paragraph":3,"kind":"boilerplate","pool":5}` and
    /// `{"document":"d2","paragraph":4,"of":1,"kind":"inner-repeat"}`.
    pub fn write_truth(&self, out: &mut impl io::Write) -> io::Result<()> {
        let lines = |i: u64| {
            let (draft, planted) = self.draft(i);
            self.truth_lines(i, &draft, planted)
        };
        (0..self.options.documents).try_for_each(|i| out.write_all(lines(i).as_bytes()))
    }

    /// Gives the lines of `documents` and of the truth about them to `write`, piece by piece and in order; made on all
    /// threads. Progress advances by documents.
    pub fn write(
        &self,
        documents: Range<u64>,
        progress: &dyn Progress,
        mut write: impl FnMut(&[u8], &[u8]) -> Result<()> + Send,
    ) -> Result<()> {
        let per_task = (TASK / (WORD * u64::from(self.options.mean_words))).max(1);
        let per_batch = per_task * rayon::current_num_threads() as u64;
        let mut ready = Vec::new();
        for start in documents.clone().step_by(per_batch as usize) {
            progress.check()?;
            let end = (start + per_batch).min(documents.end);
            let (made, written) =
                rayon::join(|| self.batch(start..end, per_task), || write_all(&std::mem::take(&mut ready), &mut write));
            written?;
            ready = made;
            progress.advance(end - start);
        }
        write_all(&ready, &mut write)
    }

    /// The lines of some documents, `per_task` documents together.
    fn batch(&self, documents: Range<u64>, per_task: u64) -> Vec<Lines> {
        let starts: Vec<u64> = documents.clone().step_by(per_task as usize).collect();
        let lines = |start: u64| self.lines(start..(start + per_task).min(documents.end));
        starts.into_par_iter().map(lines).collect()
    }

    fn lines(&self, documents: Range<u64>) -> Lines {
        let mut lines = Lines::default();
        for i in documents {
            let (draft, planted) = self.draft(i);
            lines.corpus.extend_from_slice(json_line(i, &draft.text()).as_bytes());
            lines.truth.extend_from_slice(self.truth_lines(i, &draft, planted).as_bytes());
        }
        lines
    }

    /// What there is to say about document `i`, each fact on a line.
    fn truth_lines(&self, i: u64, draft: &Draft, planted: Option<Planted>) -> String {
        if let Some(Planted { kind, copy, original }) = planted {
            let rate = self.edit_permille(i).filter(|_| self.options.edits_permille.len() > 1);
            let rate = rate.map(|rate| format!(",\"permille\":{rate}")).unwrap_or_default();
            return format!(
                "{{\"copy\":\"d{copy}\",\"original\":\"d{original}\",\"kind\":\"{}\"{rate}}}\n",
                kind.name()
            );
        }
        let boilerplate = draft.boilerplate().map(|Boilerplate { pool, paragraph }| {
            let fact = format!("\"kind\":\"boilerplate\",\"pool\":{pool}");
            format!("{{\"document\":\"d{i}\",\"paragraph\":{paragraph},{fact}}}\n")
        });
        let repeats = draft.repeats().map(|InnerRepeat { paragraph, of }| {
            let fact = format!("\"of\":{of},\"kind\":\"inner-repeat\"");
            format!("{{\"document\":\"d{i}\",\"paragraph\":{paragraph},{fact}}}\n")
        });
        boilerplate.into_iter().chain(repeats).collect()
    }
}

fn write_all(lines: &[Lines], write: &mut impl FnMut(&[u8], &[u8]) -> Result<()>) -> Result<()> {
    lines.iter().try_for_each(|lines| write(&lines.corpus, &lines.truth))
}

fn json_line(i: u64, text: &str) -> String {
    let mut line = String::with_capacity(text.len() + text.len() / 16 + 64);
    line.push_str("{\"id\":\"");
    line.push_str(&id(i));
    line.push_str("\",\"text\":\"");
    // Line ends are all there is to escape: no word holds a quotation mark, a backslash or a control character.
    for (index, part) in text.split('\n').enumerate() {
        line.push_str(if index > 0 { "\\n" } else { "" });
        line.push_str(part);
    }
    line.push_str("\"}\n");
    line
}
