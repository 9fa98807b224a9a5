//! Sketches as columns: rows (segments) point to classes (distinct digests); only classes have bands and signatures.
//!
//! Built in two parallel passes over the text: tokens and digests of every segment, then signatures of one member of each
//! class. Rows are in text order; classes are numbered by their first row. Memory: 12 bytes per row, and per class
//! 36 bytes + 4 per band + 128 for the signature.

use std::borrow::Cow;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use super::{Banding, MinHasher, Signature, digest};
use crate::corpus::{Corpus, DocId, Place, Segmenter, Shingler, Span, TextCache, TokenOptions, Tokens, Unit};
use crate::error::Result;
use crate::progress::{Progress, Stage};

/// How the segments of one unit are sketched.
#[derive(Clone, Copy, Debug)]
pub struct SketchOptions {
    /// The unit.
    pub unit: Unit,
    /// Tokens in a shingle.
    pub shingler: Shingler,
    /// Segments with fewer tokens are left alone; at least 1, for two texts without tokens are never similar.
    pub min_tokens: usize,
    /// Bands and signatures are made for this division; `None` if only equality counts.
    pub banding: Option<Banding>,
}

/// One segment that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it stands in its document.
    pub span: Span,
    /// Its class.
    pub class: u32,
}

/// What was seen of one unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Segments in all.
    pub segments: u64,
    /// Segments with too few tokens to be compared.
    pub left_alone: u64,
}

/// The sketches of all segments of one unit.
pub struct Table {
    /// How it was made.
    pub options: SketchOptions,
    /// What was seen.
    pub tally: Tally,
    rows: Vec<Row>,
    /// Rows of document `d` are `first[d]..first[d + 1]`.
    first: Vec<usize>,
    /// One member of each class.
    places: Vec<Place>,
    /// Tokens of the members of each class.
    tokens: Vec<u32>,
    digests: Vec<u128>,
    bands: Vec<u32>,
    signatures: Vec<Signature>,
    /// Made when the first text is added after building.
    by_digest: Option<FxHashMap<u128, u32>>,
    /// Texts added later that are what is left of a document: the spans that are left.
    remainders: FxHashMap<u32, Vec<Span>>,
}

impl Table {
    /// The rows of a document, in text order.
    pub fn rows_of(&self, doc: DocId) -> &[Row] {
        &self.rows[self.first[doc.index()]..self.first[doc.index() + 1]]
    }

    /// The places of the classes that have their first member in a document.
    fn places_in(&self, doc: DocId) -> &[Place] {
        let from = self.places.partition_point(|p| p.doc < doc);
        let to = from + self.places[from..].partition_point(|p| p.doc == doc);
        &self.places[from..to]
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.places.len()
    }

    /// Tokens of the members of a class.
    pub fn tokens_of(&self, class: u32) -> u32 {
        self.tokens[class as usize]
    }

    /// The digest of a class.
    pub fn digest_of(&self, class: u32) -> u128 {
        self.digests[class as usize]
    }

    /// Whether members of a class are compared by similarity, and not only for equality.
    pub fn is_near(&self, class: u32) -> bool {
        self.options.banding.is_some() && self.tokens[class as usize] as usize >= self.options.shingler.n()
    }

    /// The band hashes of a class.
    pub fn bands_of(&self, class: u32) -> &[u32] {
        let width = self.options.banding.map_or(0, |b| b.bands);
        &self.bands[class as usize * width..][..width]
    }

    /// The signature of a class.
    pub fn signature_of(&self, class: u32) -> &Signature {
        &self.signatures[class as usize]
    }

    /// The text of one member of a class.
    pub fn text_of<'c>(&self, corpus: &'c Corpus, texts: &'c mut TextCache, class: u32) -> Cow<'c, [u8]> {
        let place = self.places[class as usize];
        let text = texts.text(corpus, place.doc);
        match self.remainders.get(&class) {
            None => Cow::Borrowed(place.span.of(text)),
            Some(spans) => Cow::Owned(spans.iter().flat_map(|span| span.of(text)).copied().collect()),
        }
    }

    /// The class of a text that is not a row: what is left of `doc` at `spans`, or a part of that. `None` if it is to be
    /// left alone.
    pub fn add(&mut self, sketcher: &mut Sketcher, text: &[u8], doc: DocId, spans: &[Span]) -> Option<u32> {
        sketcher.tokens.read(text, sketcher.token_options);
        if sketcher.tokens.len() < self.options.min_tokens {
            return None;
        }
        let digest = digest(&sketcher.tokens.hashes);
        let by_digest = self
            .by_digest
            .get_or_insert_with(|| self.digests.iter().zip(0..).map(|(&digest, class)| (digest, class)).collect());
        if let Some(&class) = by_digest.get(&digest) {
            return Some(class);
        }
        let class = self.places.len() as u32;
        by_digest.insert(digest, class);
        let (first, last) = (spans.first()?, spans.last()?);
        self.places.push(Place { doc, span: Span { start: first.start, end: last.end } });
        self.remainders.insert(class, spans.to_vec());
        self.tokens.push(sketcher.tokens.len() as u32);
        self.digests.push(digest);
        if let Some(banding) = self.options.banding {
            let hashes = std::mem::take(&mut sketcher.tokens.hashes);
            self.signatures.push(sketcher.sketch(&hashes, self.options, banding, &mut self.bands));
            sketcher.tokens.hashes = hashes;
        }
        Some(class)
    }
}

/// Buffers for sketching one text after another.
pub struct Sketcher {
    token_options: TokenOptions,
    tokens: Tokens,
    shingles: Vec<u64>,
    hasher: Option<MinHasher>,
}

impl Sketcher {
    /// A sketcher for texts tokenised in this way.
    pub fn new(token_options: TokenOptions) -> Sketcher {
        Sketcher { token_options, tokens: Tokens::default(), shingles: Vec::new(), hasher: None }
    }

    /// Appends the bands of a text with these tokens and gives its signature; of a text shorter than a shingle, nothing
    /// that is ever looked at.
    fn sketch(&mut self, tokens: &[u64], options: SketchOptions, banding: Banding, bands: &mut Vec<u32>) -> Signature {
        self.shingles.clear();
        options.shingler.shingles(tokens, &mut self.shingles);
        if self.shingles.is_empty() {
            bands.resize(bands.len() + banding.bands, 0);
            return [0; super::HASHES];
        }
        self.hasher.get_or_insert_with(|| MinHasher::new(banding)).sketch(&self.shingles, bands)
    }
}

/// Sketches every segment of every unit in `units`; also gives the number of tokens of each document.
///
/// Costs one pass over the text for digests, and one over the first member of each class for signatures.
pub fn sketch(
    corpus: &Corpus,
    segmenter: Segmenter,
    token_options: TokenOptions,
    units: &[SketchOptions],
    progress: &dyn Progress,
) -> Result<(Vec<Table>, Vec<u32>)> {
    progress.begin(Stage::Sketch, 2 * corpus.len() as u64);
    let ids: Vec<DocId> = corpus.ids().collect();
    let parts: Vec<Part> = ids
        .par_chunks(CHUNK)
        .map(|chunk| {
            progress.check()?;
            let part = digest_documents(corpus, segmenter, token_options, units, chunk);
            progress.advance(chunk.len() as u64);
            Ok(part)
        })
        .collect::<Result<_>>()?;
    let document_tokens = parts.iter().flat_map(|p| p.document_tokens.iter().copied()).collect();
    let mut columns: Vec<Vec<Raw>> = Vec::new();
    let mut tallies = vec![Tally::default(); units.len()];
    for (unit, tally) in tallies.iter_mut().enumerate() {
        columns.push(parts.iter().map(|p| &p.rows[unit][..]).collect::<Vec<&[Raw]>>().concat());
        for part in &parts {
            tally.segments += part.tallies[unit].segments;
            tally.left_alone += part.tallies[unit].left_alone;
        }
    }
    drop(parts);
    let described = units.iter().zip(columns).zip(tallies);
    let mut tables: Vec<Table> =
        described.map(|((options, raw), tally)| classify(*options, raw, corpus.len(), tally)).collect();
    sign(&mut tables, corpus, token_options, progress)?;
    progress.end();
    Ok((tables, document_tokens))
}

/// Documents that one task works on.
const CHUNK: usize = 64;

/// A row before classes are known.
#[derive(Clone, Copy)]
struct Raw {
    digest: u128,
    place: Place,
    tokens: u32,
}

/// The rows of some documents.
struct Part {
    rows: Vec<Vec<Raw>>,
    tallies: Vec<Tally>,
    document_tokens: Vec<u32>,
}

fn digest_documents(
    corpus: &Corpus,
    segmenter: Segmenter,
    token_options: TokenOptions,
    units: &[SketchOptions],
    docs: &[DocId],
) -> Part {
    let mut part = Part {
        rows: vec![Vec::new(); units.len()],
        tallies: vec![Tally::default(); units.len()],
        document_tokens: Vec::with_capacity(docs.len()),
    };
    let mut tokens = Tokens::default();
    let mut spans = Vec::new();
    for &doc in docs {
        let text = corpus.text(doc);
        tokens.read(&text, token_options);
        part.document_tokens.push(tokens.len() as u32);
        for (unit, options) in units.iter().enumerate() {
            spans.clear();
            segmenter.split(options.unit, &text, &mut spans);
            part.tallies[unit].segments += spans.len() as u64;
            for &span in &spans {
                let hashes = tokens.within(span);
                if hashes.len() < options.min_tokens {
                    part.tallies[unit].left_alone += 1;
                    continue;
                }
                let row = Raw { digest: digest(hashes), place: Place { doc, span }, tokens: hashes.len() as u32 };
                part.rows[unit].push(row);
            }
        }
    }
    part
}

/// Numbers the distinct digests by their first row.
fn classify(options: SketchOptions, raw: Vec<Raw>, documents: usize, tally: Tally) -> Table {
    let mut order: Vec<(u128, u32)> = raw.iter().zip(0..).map(|(row, i)| (row.digest, i)).collect();
    order.par_sort_unstable();
    // the first row of each class: it comes before the others, so its class is known when they are reached
    let mut leader = vec![0u32; raw.len()];
    for group in order.chunk_by(|a, b| a.0 == b.0) {
        for &(_, row) in group {
            leader[row as usize] = group[0].1;
        }
    }
    let mut table = Table {
        options,
        tally,
        rows: Vec::with_capacity(raw.len()),
        first: Vec::with_capacity(documents + 1),
        places: Vec::new(),
        tokens: Vec::new(),
        digests: Vec::new(),
        bands: Vec::new(),
        signatures: Vec::new(),
        by_digest: None,
        remainders: FxHashMap::default(),
    };
    for (i, row) in raw.iter().enumerate() {
        table.first.resize(row.place.doc.index() + 1, i);
        let lead = leader[i] as usize;
        let class = if lead == i { table.places.len() as u32 } else { table.rows[lead].class };
        if lead == i {
            table.places.push(row.place);
            table.tokens.push(row.tokens);
            table.digests.push(row.digest);
        }
        table.rows.push(Row { span: row.place.span, class });
    }
    table.first.resize(documents + 1, raw.len());
    table
}

/// Signatures and bands of the classes of one table that have their first member in some documents.
#[derive(Default)]
struct Signed {
    signatures: Vec<Signature>,
    bands: Vec<u32>,
}

/// Makes the bands and signatures of all classes.
fn sign(tables: &mut [Table], corpus: &Corpus, token_options: TokenOptions, progress: &dyn Progress) -> Result<()> {
    if tables.iter().all(|table| table.options.banding.is_none()) {
        return Ok(());
    }
    let ids: Vec<DocId> = corpus.ids().collect();
    let parts: Vec<Vec<Signed>> = ids
        .par_chunks(CHUNK)
        .map(|docs| {
            progress.check()?;
            let signed = sign_documents(tables, corpus, token_options, docs);
            progress.advance(docs.len() as u64);
            Ok(signed)
        })
        .collect::<Result<_>>()?;
    for table in tables.iter_mut() {
        table.signatures.reserve_exact(table.places.len());
        table.bands.reserve_exact(table.places.len() * table.options.banding.map_or(0, |b| b.bands));
    }
    for part in parts {
        for (table, signed) in tables.iter_mut().zip(part) {
            table.signatures.extend(signed.signatures);
            table.bands.extend(signed.bands);
        }
    }
    Ok(())
}

/// As [`sign`], for consecutive documents: each is tokenised once for all tables.
fn sign_documents(tables: &[Table], corpus: &Corpus, token_options: TokenOptions, docs: &[DocId]) -> Vec<Signed> {
    let mut signed: Vec<Signed> = tables.iter().map(|_| Signed::default()).collect();
    let mut sketchers: Vec<Sketcher> = tables.iter().map(|_| Sketcher::new(token_options)).collect();
    let mut tokens = Tokens::default();
    for &doc in docs {
        let own: Vec<&[Place]> = tables.iter().map(|table| table.places_in(doc)).collect();
        if own.iter().all(|places| places.is_empty()) {
            continue;
        }
        tokens.read(&corpus.text(doc), token_options);
        for (((table, places), sketcher), signed) in tables.iter().zip(own).zip(&mut sketchers).zip(&mut signed) {
            let Some(banding) = table.options.banding else { continue };
            for place in places {
                let hashes = tokens.within(place.span);
                signed.signatures.push(sketcher.sketch(hashes, table.options, banding, &mut signed.bands));
            }
        }
    }
    signed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(unit: Unit, n: usize, min_tokens: usize) -> SketchOptions {
        SketchOptions { unit, shingler: Shingler::new(n), min_tokens, banding: Some(Banding::for_threshold(0.8)) }
    }

    #[test]
    fn equal_tokens_are_one_class_and_short_segments_are_left_alone() {
        let corpus = Corpus::from_texts(["One two three.\nfour\none, TWO three", "", "x\n\none two three"]);
        let units = [options(Unit::Document, 5, 1), options(Unit::Line, 3, 2)];
        let (tables, tokens) = sketch(&corpus, Segmenter::default(), TokenOptions::default(), &units, &()).unwrap();
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
    fn a_text_added_later_gets_the_class_of_its_equal() {
        let corpus = Corpus::from_texts(["a b c d e f", "a b c d e f g"]);
        let units = [options(Unit::Document, 5, 1)];
        let (mut tables, _) = sketch(&corpus, Segmenter::default(), TokenOptions::default(), &units, &()).unwrap();
        let mut sketcher = Sketcher::new(TokenOptions::default());
        let spans = [Span::new(0, 11)];
        assert_eq!(tables[0].add(&mut sketcher, b"a b c d e f", DocId(1), &spans), Some(0));
        let new = tables[0].add(&mut sketcher, b"a b c d e", DocId(1), &[Span::new(0, 9)]).unwrap();
        assert_eq!(new, 2);
        assert_eq!(&*tables[0].text_of(&corpus, &mut TextCache::default(), new), b"a b c d e");
        assert_eq!(tables[0].bands_of(new).len(), 18);
    }
}
