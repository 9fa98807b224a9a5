//! The pass over the corpus that sketches every segment: shard by shard, each on all threads.
//!
//! In: a corpus and how to sketch each unit. Out: a [`Table`] for each, and the tokens of each document. Always: rows are in
//! text order, whatever the threads did; of the segments with equal digests one is signed, by whichever thread meets it
//! first, which does not show, for their tokens are equal; no shard is held twice for long. Memory: an eighth to a fourth of
//! the text for the digests met ([`Seen`]).

use std::ops::Range;
use std::thread::ScopedJoinHandle;

use rayon::prelude::*;

use super::seen::Seen;
use super::table::{Signed, SketchOptions, Sketcher, Table, Tally, build};
use super::{Signature, digest, shard};
use crate::corpus::{Corpus, DocId, Place, Role, Segmenter, Span, TokenOptions, Tokens, Unit};
use crate::error::{Error, Result};
use crate::memory;
use crate::progress::{Progress, Stage};
use crate::resume::Parts;

/// Sketches every segment of every unit in `units`; also gives the number of tokens of each document.
///
/// Costs one pass over the text: decoding, tokens, a digest per segment, a signature per distinct digest. Shards that
/// `saved` has are not made again; those that are made are saved while the next one is.
pub fn sketch(
    corpus: &Corpus,
    segmenter: Segmenter,
    token_options: TokenOptions,
    units: &[SketchOptions],
    saved: Parts<'_>,
    progress: &dyn Progress,
) -> Result<(Vec<Table>, Vec<u32>)> {
    progress.begin(Stage::Sketch, corpus.len() as u64);
    let ids: Vec<DocId> = corpus.ids().collect();
    let room = memory::allowed().map_or(usize::MAX, |bytes| bytes as usize / LIMIT_BY_SEEN / units.len().max(1));
    let fits = |expected: usize| expected.min(room / Seen::BYTES);
    let seen: Vec<Seen> = units.iter().map(|options| Seen::new(fits(expected(corpus, options.unit)))).collect();
    let make = |docs: Range<u32>| {
        let read = docs.clone();
        ids[docs.start as usize..docs.end as usize]
            .par_chunks(CHUNK)
            .map_init(
                || Buffers::new(units.len(), token_options),
                |buffers, docs| {
                    // a shard that is saved is brought to its end: then nothing of it is lost
                    if !saved.is_saving() {
                        progress.check()?;
                    }
                    let part = sketch_documents(corpus, segmenter, units, &seen, docs, buffers);
                    progress.advance(docs.len() as u64);
                    Ok(part)
                },
            )
            .collect::<Result<Vec<Part>>>()
            .inspect(|_| corpus.were_read(read))
    };
    let shards = shard::shards(corpus);
    let load = |(i, docs)| saved.load(&shard::name(i), progress, |found| shard::from_part(docs, units, found));
    let loaded: Vec<Option<Part>> = shards.iter().enumerate().map(load).collect();
    loaded.iter().flatten().for_each(|part| enter(part, &seen));
    let Part { units: parts, document_tokens } = put_together(&shards, loaded, make, units.len(), saved, progress)?;
    drop(seen);
    for (options, part) in units.iter().zip(&parts) {
        check_number(options.unit, part.rows.len())?;
    }
    let parts = units.par_iter().zip(parts);
    let tables = parts.map(|(options, part)| build(*options, part, corpus.len())).collect();
    memory::give_back_unused();
    progress.end();
    Ok((tables, document_tokens))
}

/// Refuses more segments than there are numbers for.
fn check_number(unit: Unit, segments: usize) -> Result<()> {
    if u32::try_from(segments).is_ok() {
        return Ok(());
    }
    let name = unit.name();
    Err(Error::Usage(format!("the corpus has {segments} segments of unit {name} and may have 4,294,967,295; split it")))
}

/// The part of a limit on memory that the digests met may take, all units together: they are looked up in no order, and so
/// must stay in memory.
const LIMIT_BY_SEEN: usize = 8;

/// How many segments worth comparing there are likely to be, at the most.
fn expected(corpus: &Corpus, unit: Unit) -> usize {
    match unit {
        Unit::Document => corpus.len(),
        Unit::Paragraph => (corpus.bytes() / 128) as usize,
        _ => (corpus.bytes() / 64) as usize,
    }
}

/// Enters the digests that a saved shard has signed, and only these: who signs the others is not known.
fn enter(part: &Part, seen: &[Seen]) {
    for (unit, seen) in part.units.iter().zip(seen) {
        for (&digest, _) in unit.rows.digests.iter().zip(&unit.rows.signed).filter(|(_, signed)| **signed) {
            seen.is_first(digest);
        }
    }
}

/// Makes the shards that were not loaded, and puts all of them together, in order. A thread of its own saves what was made
/// and appends it while the next shard is made: so no shard is held twice for long.
fn put_together(
    shards: &[Range<u32>],
    loaded: Vec<Option<Part>>,
    make: impl Fn(Range<u32>) -> Result<Vec<Part>>,
    units: usize,
    saved: Parts<'_>,
    progress: &dyn Progress,
) -> Result<Part> {
    let join = |adding: ScopedJoinHandle<'_, Part>| adding.join().expect("saving and appending do not panic");
    let all = std::thread::scope(|scope| {
        let mut adding: Option<ScopedJoinHandle<'_, Part>> = None;
        for (i, (docs, loaded)) in shards.iter().zip(loaded).enumerate() {
            let is_new = loaded.is_none();
            let parts = match loaded {
                Some(part) => {
                    progress.advance(docs.len() as u64);
                    vec![part]
                }
                None => {
                    progress.check()?;
                    make(docs.clone())?
                }
            };
            let mut all = adding.take().map_or_else(|| Part::new(units), join);
            adding = Some(scope.spawn(move || {
                if is_new {
                    saved.save_soon(&shard::name(i), progress, || shard::to_part(docs, &parts));
                }
                all.make_room(&parts, i + 1, shards.len());
                parts.into_iter().for_each(|part| all.append(part));
                all
            }));
        }
        Ok(adding.map_or_else(|| Part::new(units), join))
    });
    saved.flush(progress); // also if the user asked the run to stop
    all
}

/// Documents that one task works on.
const CHUNK: usize = 64;

/// Rows before classes are known, as columns.
#[derive(Default)]
pub(super) struct Raw {
    pub(super) digests: Vec<u128>,
    pub(super) places: Vec<Place>,
    pub(super) tokens: Vec<u32>,
    /// Whether it is the one of its class that was signed.
    pub(super) signed: Vec<bool>,
}

impl Raw {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.digests.len()
    }

    /// Adds a row that is not signed.
    fn push(&mut self, digest: u128, place: Place, tokens: u32) {
        self.digests.push(digest);
        self.places.push(place);
        self.tokens.push(tokens);
        self.signed.push(false);
    }

    fn make_room(&mut self, likely: Likely) {
        make_room(&mut self.digests, likely);
        make_room(&mut self.places, likely);
        make_room(&mut self.tokens, likely);
        make_room(&mut self.signed, likely);
    }

    fn append(&mut self, next: Raw) {
        append(&mut self.digests, next.digests);
        append(&mut self.places, next.places);
        append(&mut self.tokens, next.tokens);
        append(&mut self.signed, next.signed);
    }
}

/// What some documents give.
pub(super) struct Part {
    pub(super) units: Vec<UnitPart>,
    pub(super) document_tokens: Vec<u32>,
}

impl Part {
    /// What no documents give, for so many units.
    fn new(units: usize) -> Part {
        Part { units: (0..units).map(|_| UnitPart::default()).collect(), document_tokens: Vec::new() }
    }

    /// Makes room for these parts, with which so many of all shards are there, and for as much again in each of those that follow;
    /// if memory is plentiful. Under a limit columns grow little by little, where they stand.
    fn make_room(&mut self, next: &[Part], shards: usize, of: usize) {
        for (i, unit) in self.units.iter_mut().enumerate() {
            let likely = |len: fn(&UnitPart) -> usize| {
                let now = len(unit) + next.iter().map(|part| len(&part.units[i])).sum::<usize>();
                let end = now.div_ceil(shards) * of;
                // a little more: then most columns are moved but once
                Likely { now, in_the_end: end + end / 16 }
            };
            let (rows, signatures) = (likely(|unit| unit.rows.len()), likely(|unit| unit.signed.signatures.len()));
            let bytes = rows.in_the_end * ROW + signatures.in_the_end * size_of::<Signature>();
            if memory::allowed().is_some_and(|limit| bytes as u64 > limit / LIMIT_BY_ROOM) {
                continue;
            }
            unit.rows.make_room(rows);
            make_room(&mut unit.signed.signatures, signatures);
        }
    }

    /// Adds what the documents after these give.
    fn append(&mut self, next: Part) {
        for (unit, next) in self.units.iter_mut().zip(next.units) {
            memory::touched(size_of_val(&*next.signed.signatures) + memory::AROUND);
            unit.rows.append(next.rows);
            append(&mut unit.signed.signatures, next.signed.signatures);
            append(&mut unit.signed.bands, next.signed.bands);
            unit.tally.segments += next.tally.segments;
            unit.tally.left_alone += next.tally.left_alone;
        }
        append(&mut self.document_tokens, next.document_tokens);
    }
}

/// Of a limit on memory, the part that rows of one unit may take before room for them is made little by little.
const LIMIT_BY_ROOM: u64 = 16;

/// Bytes of a row.
const ROW: usize = size_of::<u128>() + size_of::<Place>() + size_of::<u32>() + size_of::<bool>();

/// How long a column has to be.
#[derive(Clone, Copy)]
struct Likely {
    now: usize,
    /// More or less.
    in_the_end: usize,
}

fn make_room<T>(column: &mut Vec<T>, likely: Likely) {
    if column.capacity() < likely.now {
        column.reserve_exact(likely.in_the_end - column.len());
    }
}

/// Appends a column, with little room beyond: a column grows where it stands, and what is twice as long as need be takes
/// twice the room on disk.
fn append<T: Copy>(column: &mut Vec<T>, next: Vec<T>) {
    if column.capacity() - column.len() < next.len() {
        column.reserve_exact(next.len().max(column.len() / 16));
    }
    column.extend(next);
}

/// The rows of one unit, in order, and the signatures of those that were signed.
#[derive(Default)]
pub(super) struct UnitPart {
    pub(super) rows: Raw,
    pub(super) signed: Signed,
    pub(super) tally: Tally,
}

/// What is made of one document after the other, so that memory is not asked for anew.
struct Buffers {
    token_options: TokenOptions,
    text: Vec<u8>,
    tokens: Tokens,
    spans: Vec<Span>,
    ranges: Vec<Range<usize>>,
    /// For each unit, one.
    sketchers: Vec<Sketcher>,
}

impl Buffers {
    fn new(units: usize, token_options: TokenOptions) -> Buffers {
        Buffers {
            token_options,
            text: Vec::new(),
            tokens: Tokens::default(),
            spans: Vec::new(),
            ranges: Vec::new(),
            sketchers: (0..units).map(|_| Sketcher::new(token_options)).collect(),
        }
    }
}

fn sketch_documents(
    corpus: &Corpus,
    segmenter: Segmenter,
    units: &[SketchOptions],
    seen: &[Seen],
    docs: &[DocId],
    buffers: &mut Buffers,
) -> Part {
    let mut part = Part::new(units.len());
    let Buffers { token_options, text, tokens, spans, ranges, sketchers } = buffers;
    for &doc in docs {
        let text = corpus.text_in(doc, text);
        tokens.read(text, *token_options);
        part.document_tokens.push(tokens.len() as u32);
        for (i, options) in units.iter().enumerate() {
            spans.clear();
            segmenter.split(options.unit, text, spans);
            let unit = &mut part.units[i];
            let is_counted = corpus.role(doc) != Role::Reference;
            unit.tally.segments += if is_counted { spans.len() as u64 } else { 0 };
            let (mut at, before) = (0, unit.rows.len());
            ranges.clear();
            for &span in &*spans {
                let within = tokens.within_from(at, span);
                at = within.end;
                let hashes = &tokens.hashes[within.clone()];
                if hashes.len() < options.min_tokens {
                    unit.tally.left_alone += u64::from(is_counted);
                    continue;
                }
                let digest = digest(hashes);
                // asked for when the others of this document are ready: by then the memory is there
                seen[i].prepare(digest);
                ranges.push(within);
                unit.rows.push(digest, Place { doc, span }, hashes.len() as u32);
            }
            let Raw { digests, signed, .. } = &mut unit.rows;
            for ((&digest, signed), within) in digests[before..].iter().zip(&mut signed[before..]).zip(ranges.drain(..))
            {
                let hashes = &tokens.hashes[within];
                *signed = seen[i].is_first(digest) && sketchers[i].sign(hashes, *options, &mut unit.signed);
            }
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Shingler;
    use crate::sketch::Banding;

    fn options(unit: Unit, n: usize, min_tokens: usize) -> SketchOptions {
        SketchOptions { unit, shingler: Shingler::new(n), min_tokens, banding: Some(Banding::for_threshold(0.8)) }
    }

    #[test]
    fn equal_tokens_are_one_class_and_short_segments_are_left_alone() {
        let corpus = Corpus::from_texts(["One two three.\nfour\none, TWO three", "", "x\n\none two three"]);
        let units = [options(Unit::Document, 5, 1), options(Unit::Line, 3, 2)];
        let (tables, tokens) =
            sketch(&corpus, Segmenter::default(), TokenOptions::default(), &units, Parts::none(), &()).unwrap();
        assert_eq!(tokens, [7, 0, 4]);
        let lines = &tables[1];
        assert_eq!(lines.tally, Tally { segments: 5, left_alone: 2 });
        let classes: Vec<Vec<u32>> =
            corpus.ids().map(|id| lines.rows_of(id).iter().map(|r| r.class).collect()).collect();
        assert_eq!(classes, [vec![0, 0], vec![], vec![0]]);
        assert_eq!(lines.classes(), 1);
        assert_eq!(tables[0].classes(), 2);
        assert!(!tables[0].is_near(1) && tables[0].is_near(0));
    }

    #[test]
    fn more_segments_than_numbers_are_refused() {
        assert!(check_number(Unit::Line, u32::MAX as usize).is_ok());
        assert!(check_number(Unit::Line, 1 << 32).unwrap_err().to_string().contains("split it"));
    }

    #[test]
    fn a_text_added_later_gets_the_class_of_its_equal() {
        let corpus = Corpus::from_texts(["a b c d e f", "a b c d e f g"]);
        let units = [options(Unit::Document, 5, 1)];
        let (mut tables, _) =
            sketch(&corpus, Segmenter::default(), TokenOptions::default(), &units, Parts::none(), &()).unwrap();
        let mut sketcher = Sketcher::new(TokenOptions::default());
        let spans = [Span::new(0, 11)];
        let mut known = sketcher.sketch(b"a b c d e f");
        assert_eq!(tables[0].add(&mut sketcher, &mut known, DocId(1), &spans), Some(0));
        let mut other = sketcher.sketch(b"a b c d e");
        let new = tables[0].add(&mut sketcher, &mut other, DocId(1), &[Span::new(0, 9)]).unwrap();
        assert_eq!(new, 2);
        assert_eq!(&*tables[0].text_of(&corpus, new), b"a b c d e");
        assert_eq!(tables[0].bands_of(new, 0..18).count(), 18);
    }
}
