//! Sketches in shards: consecutive documents, so many that a shard is worth saving, and their rows as columns.
//!
//! Where shards begin depends on the corpus only, so a later run finds its own. Which thread meets a digest first does
//! not: of the rows with equal digests any one may be the one that was signed. Always: of the digests of all shards
//! together each is signed, and hardly any twice; for a shard that was saved with a digest unsigned leaves it to one that signs it, and if
//! that one is made again it is signed there (see [`sketch`](super::sketch)).

use std::ops::Range;

use super::pass::{Part, Raw, UnitPart};
use super::table::{Signed, Tally};
use super::{HASHES, SketchOptions};
use crate::corpus::{Corpus, DocId, Document, Place, Span};
use crate::memory;
use crate::resume::{self, Columns};

/// Bytes of text in a shard, at least: few enough that the last one, which nothing is sketched beside, is soon appended. Fewer
/// in debug builds, so that small corpora of tests have many shards.
const SHARD: u64 = if cfg!(debug_assertions) { 16 << 10 } else { 16 << 20 };

/// Shards of a corpus, at the most.
const SHARDS: u64 = 1024;

/// The documents of each shard.
pub(super) fn shards(corpus: &Corpus) -> Vec<Range<u32>> {
    let len = |id: DocId| u64::from(corpus.document(id).text_len);
    let all = || memory::watched(corpus.ids(), size_of::<Document>());
    let total: u64 = all().map(len).sum();
    let (mut shards, mut first, mut bytes) = (Vec::new(), 0, 0);
    for id in all() {
        bytes += len(id);
        if bytes >= SHARD.max(total / SHARDS) {
            shards.push(first..id.0 + 1);
            (first, bytes) = (id.0 + 1, 0);
        }
    }
    if first < corpus.len() as u32 {
        shards.push(first..corpus.len() as u32);
    }
    shards
}

/// The name of a shard among the parts of a run.
pub(super) fn name(shard: usize) -> String {
    format!("sketch-{shard:04}")
}

/// How many shards a corpus is sketched in.
pub fn shard_count(corpus: &Corpus) -> usize {
    shards(corpus).len()
}

/// What the documents of a shard gave, as columns.
pub(super) fn to_part<'p>(docs: &Range<u32>, parts: &'p [Part]) -> resume::Part<'p> {
    let mut saved = resume::Part::default();
    let units = parts.first().map_or(0, |part| part.units.len());
    saved.push_owned(vec![docs.start, docs.end, units as u32]);
    saved.push_pieces(parts.iter().map(|part| &part.document_tokens[..]));
    for unit in 0..units {
        let parts: Vec<&UnitPart> = parts.iter().map(|part| &part.units[unit]).collect();
        push_unit(&parts, &mut saved);
    }
    saved
}

fn push_unit<'p>(parts: &[&'p UnitPart], saved: &mut resume::Part<'p>) {
    let parts = || parts.iter().copied();
    let place = |place: &Place| [place.doc.0, place.span.start, place.span.end];
    let tally = |of: fn(&Tally) -> u64| parts().map(|part| of(&part.tally)).sum::<u64>();
    saved.push_owned(vec![tally(|t| t.segments), tally(|t| t.left_alone)]);
    saved.push_pieces(parts().map(|part| &part.rows.digests[..]));
    saved.push_owned(parts().flat_map(|part| part.rows.places.iter().map(place)).collect::<Vec<_>>());
    saved.push_pieces(parts().map(|part| &part.rows.tokens[..]));
    saved.push_owned(parts().flat_map(|part| part.rows.signed.iter().map(|&s| u8::from(s))).collect::<Vec<u8>>());
    saved.push_pieces(parts().map(|part| part.signed.signatures.as_flattened()));
    saved.push_pieces(parts().map(|part| &part.signed.bands[..]));
}

/// What the documents of a shard gave; `None` if the columns are not of this shard and these units.
pub(super) fn from_part(docs: &Range<u32>, units: &[SketchOptions], mut columns: Columns) -> Option<Part> {
    let document_tokens = match columns.take::<u32>()?[..] {
        [start, end, count] if (start..end) == *docs && count as usize == units.len() => columns.take::<u32>()?,
        _ => return None,
    };
    let units =
        units.iter().map(|options| take_unit(docs, options, &mut columns)).collect::<Option<Vec<UnitPart>>>()?;
    (document_tokens.len() == docs.len() && columns.is_empty()).then_some(Part { units, document_tokens })
}

fn take_unit(docs: &Range<u32>, options: &SketchOptions, columns: &mut Columns) -> Option<UnitPart> {
    let [segments, left_alone] = columns.take::<u64>()?[..] else { return None };
    let digests: Vec<u128> = columns.take()?;
    let places: Vec<[u32; 3]> = columns.take()?;
    let tokens: Vec<u32> = columns.take()?;
    let are_signed: Vec<u8> = columns.take()?;
    let signatures: Vec<u8> = columns.take()?;
    let bands: Vec<u32> = columns.take()?;
    let (signatures, rest) = signatures.as_chunks::<HASHES>();
    let signed = are_signed.iter().filter(|signed| **signed == 1).count();
    let fits = digests.len() == places.len()
        && digests.len() == tokens.len()
        && digests.len() == are_signed.len()
        && (signed, rest.len()) == (signatures.len(), 0)
        && bands.len() == signed * options.kept_bands()
        && places.iter().all(|place| docs.contains(&place[0]) && place[1] <= place[2]);
    let place = |&[doc, start, end]: &[u32; 3]| Place { doc: DocId(doc), span: Span { start, end } };
    fits.then(|| UnitPart {
        rows: Raw {
            places: places.iter().map(place).collect(),
            signed: are_signed.iter().map(|&signed| signed == 1).collect(),
            digests,
            tokens,
        },
        signed: Signed { signatures: signatures.to_vec(), bands },
        tally: Tally { segments, left_alone },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Segmenter, Shingler, TokenOptions, Unit};
    use crate::resume::{Card, Opened, Parts, RunFolder, Start};
    use crate::sketch::{Banding, Table, sketch};

    fn corpus() -> Corpus {
        let words =
            |seed: usize| (0..60).map(|i| format!("w{}", (seed * 7 + i * i) % 997)).collect::<Vec<_>>().join(" ");
        // every text stands in many shards
        Corpus::from_texts((0..600).map(|i| format!("{}\n\n{}\n\nYes.", words(i % 50), words(i % 90))))
    }

    fn open(dir: &std::path::Path) -> RunFolder {
        let card = Card { unecho: String::new(), command: String::new(), options: serde_json::json!({}) };
        match RunFolder::open(&dir.join("out"), card, Start::Resume { touched: false }, &()).unwrap() {
            Opened::Run(run) => run,
            Opened::Finished => unreachable!("nothing was placed"),
        }
    }

    fn tables(corpus: &Corpus, saved: Parts<'_>) -> (Vec<Table>, Vec<u32>) {
        let banding = Some(Banding::for_threshold(0.8));
        let unit = |unit, n| SketchOptions { unit, shingler: Shingler::new(n), min_tokens: 2, banding };
        let units = [unit(Unit::Document, 5), unit(Unit::Paragraph, 3)];
        sketch(corpus, Segmenter::default(), TokenOptions::default(), &units, saved, &()).unwrap()
    }

    /// All that a table says.
    fn said(corpus: &Corpus, table: &Table) -> Vec<String> {
        let rows = corpus.ids().map(|id| format!("{:?}", table.rows_of(id)));
        let classes = (0..table.classes() as u32).map(|class| {
            let near = table.is_near(class).then(|| {
                (table.bands_of(class, 0..table.options.bands()).collect::<Vec<_>>(), table.signature_of(class))
            });
            format!("{} {:x} {near:?}", table.tokens_of(class), table.digest_of(class))
        });
        rows.chain(classes).chain([format!("{:?}", table.tally)]).collect()
    }

    #[test]
    fn whatever_shards_are_lost_the_tables_are_the_same() {
        let corpus = corpus();
        let (expected, expected_tokens) = tables(&corpus, Parts::none());
        let expected: Vec<_> = expected.iter().map(|table| said(&corpus, table)).collect();
        let count = shard_count(&corpus);
        assert!(count > 5, "{count} shards are few to try anything with");
        let dir = tempfile::tempdir().unwrap();
        for lost in [usize::MAX, 0, 0b1, 0b10, 0b1010, 0b10101, 0b111, 0b1110] {
            let run = open(dir.path());
            run.identify(&[], Default::default(), true, &()).unwrap();
            let (tables, tokens) = tables(&corpus, Parts::of(&run));
            assert_eq!(tokens, expected_tokens);
            for (table, expected) in tables.iter().zip(&expected) {
                assert!(said(&corpus, table) == *expected, "shards {lost:b} were lost before");
            }
            for shard in (0..count).filter(|shard| lost >> (shard % 5) & 1 == 1) {
                let _ = std::fs::remove_file(run.path().join(name(shard)));
            }
        }
    }
}
