//! Edits → byte ranges that go from each source.
//!
//! A document that goes takes its record along; a cut in the text becomes a range of the record's own bytes, escapes and
//! all. So nothing is encoded again, and what is written is what was read, less these ranges.

use std::io::{self, Write};
use std::ops::Range;

use rayon::prelude::*;

use super::heeding::Heeding;
use crate::corpus::{Bytes, Corpus, DocId, Format};
use crate::memory;
use crate::resolve::{Cut, Fate, Plan};

/// Bytes of a source that are not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Which.
    pub range: Range<u64>,
    /// They were set aside as bad input; otherwise they repeat something.
    pub rejected: bool,
}

/// How the bytes of a source are accounted for: `read == kept + removed + rejected`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceBytes {
    /// Decoded bytes read.
    pub read: u64,
    /// Bytes written as they were read.
    pub kept: u64,
    /// Bytes that repeat something.
    pub removed: u64,
    /// Bytes set aside as bad input.
    pub rejected: u64,
}

/// Documents whose cuts are asked for together, from the disk, if they are there.
const STRETCH: usize = 4096;

/// What goes from a source: sorted, disjoint, neighbours joined.
pub fn removals(corpus: &Corpus, plan: &Plan, source: usize) -> Vec<Removal> {
    let is_one_document = corpus.sources[source].format == Format::Text;
    let of_document = |id: u32| -> Vec<Range<u64>> {
        let id = DocId(id);
        match plan.fates[id.index()] {
            Fate::Kept => Vec::new(),
            Fate::Removed | Fate::Emptied => {
                let record = corpus.document(id).record_range();
                // a file that is one document goes with its byte order mark
                let start = if is_one_document { 0 } else { record.start as u64 };
                std::iter::once(start..record.end as u64).collect()
            }
            Fate::Edited => {
                let text = corpus.document(id).text_range().start as u64;
                let range = |cut: &Cut| text + u64::from(cut.encoded.start)..text + u64::from(cut.encoded.end);
                plan.cuts_of(id).iter().map(range).collect()
            }
        }
    };
    let docs = corpus.sources[source].docs.clone();
    let stretches = docs.clone().into_par_iter().step_by(STRETCH);
    let ranges = stretches.flat_map_iter(|start| {
        let docs = start..docs.end.min(start + STRETCH as u32);
        memory::will_read(plan.cuts_of_all(docs.clone()));
        docs.flat_map(of_document)
    });
    let mut ranges: Vec<Removal> = ranges.map(|range| Removal { range, rejected: false }).collect();
    let first = corpus.rejects.partition_point(|r| (r.source as usize) < source);
    let own = corpus.rejects[first..].iter().take_while(|r| r.source as usize == source);
    ranges.extend(own.map(|r| Removal { range: r.range.clone(), rejected: true }));
    ranges.sort_by_key(|r| r.range.start);
    join(ranges)
}

/// Joins ranges that touch.
fn join(ranges: Vec<Removal>) -> Vec<Removal> {
    let mut joined: Vec<Removal> = Vec::new();
    for next in ranges {
        match joined.last_mut() {
            Some(last) if last.range.end == next.range.start && last.rejected == next.rejected => {
                last.range.end = next.range.end;
            }
            _ => joined.push(next),
        }
    }
    joined
}

/// How many bytes that is.
pub(super) fn removed(removals: &[Removal]) -> u64 {
    removals.iter().map(|removal| removal.range.end - removal.range.start).sum()
}

/// Accounts for the bytes of a source of `read` bytes.
pub fn source_bytes(read: u64, removals: &[Removal]) -> SourceBytes {
    let mut bytes = SourceBytes { read, kept: read, ..SourceBytes::default() };
    for removal in removals {
        let len = removal.range.end - removal.range.start;
        bytes.kept -= len;
        *(if removal.rejected { &mut bytes.rejected } else { &mut bytes.removed }) += len;
    }
    bytes
}

/// Writes `bytes` less the removals.
pub(super) fn write_kept(bytes: &Bytes, cuts: &[Removal], out: &mut Heeding<'_, impl Write>) -> io::Result<()> {
    let (mut source, mut at) = (bytes.in_order(), 0);
    for cut in cuts {
        source.pieces(at..cut.range.start as usize).try_for_each(|piece| out.write_all(piece))?;
        at = cut.range.end as usize;
    }
    source.pieces(at..bytes.len()).try_for_each(|piece| out.write_all(piece))
}
