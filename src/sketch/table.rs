//! Sketches as columns: rows (segments) point to classes (distinct digests); only classes have bands and signatures.
//!
//! Made from what the [pass](super::pass) over the text gives. Rows are in text order; classes are numbered by their first
//! row. Memory: 12 bytes per row, and per class 36 bytes + 128 for the signature, and 4 per band of fewer than four values;
//! 10 more per class once a text was added. While it is made: 29 per row instead of 32 of the 36, 16 more per row until it is known
//! which repeat another, and 8 per row that does.

use std::borrow::Cow;
use std::ops::Range;

use super::numbering::{Numbering, repeats};
use super::pass::UnitPart;
use super::{Banding, Dealt, GrowingIndex, HashIndex, MinHasher, Signature, Wording, digest, entry};
use crate::corpus::{Corpus, DocId, Place, Shingler, Span, TokenOptions, Tokens, Unit, shingle_set};
use crate::kernel::prefetch;
use crate::memory;

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

impl SketchOptions {
    /// Bands that each signature has.
    pub fn bands(&self) -> usize {
        self.banding.map_or(0, |banding| banding.bands)
    }

    /// Band hashes that are kept beside each signature.
    pub(super) fn kept_bands(&self) -> usize {
        self.banding.filter(|banding| !banding.is_derived()).map_or(0, |banding| banding.bands)
    }
}

/// One segment that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Where it stands in its document.
    pub span: Span,
    /// Its class.
    pub class: u32,
}

/// What was seen of one unit, but for what is there to be compared with only.
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
    first: Vec<u32>,
    /// One member of each class.
    places: Vec<Place>,
    /// Tokens of the members of each class.
    tokens: Vec<u32>,
    digests: Vec<u128>,
    /// Which of the signatures belongs to each class; [`UNSIGNED`] if it is compared for equality only.
    signed: Vec<u32>,
    signatures: Vec<Signature>,
    /// The bands of each signature, if they cannot be worked out from it.
    bands: Vec<u32>,
    /// Once a text was added, the classes by their digests.
    by_digest: Option<GrowingIndex>,
    /// Classes of rows; those of texts that were added come after them.
    of_rows: usize,
    /// What each text that was added is left of its document: it ends here in `left`.
    left_to: Vec<usize>,
    left: Vec<Span>,
}

impl Table {
    /// The rows of a document, in text order.
    pub fn rows_of(&self, doc: DocId) -> &[Row] {
        &self.rows[self.first[doc.index()] as usize..self.first[doc.index() + 1] as usize]
    }

    /// The class of what stands at these spans of a document, if that is a row.
    pub(crate) fn class_at(&self, doc: DocId, spans: &[Span]) -> Option<u32> {
        let &[span] = spans else { return None };
        let rows = self.rows_of(doc);
        rows.binary_search_by_key(&span, |row| row.span).ok().map(|i| rows[i].class)
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.places.len()
    }

    /// Number of classes that rows have; those of texts that were added come after them.
    pub(crate) fn classes_of_rows(&self) -> usize {
        self.of_rows
    }

    /// Tokens of the members of a class.
    pub fn tokens_of(&self, class: u32) -> u32 {
        self.tokens[class as usize]
    }

    /// What the members of a class say.
    pub fn wording_of(&self, class: u32) -> Wording {
        Wording { tokens: self.tokens_of(class), digest: self.digest_of(class) }
    }

    /// The digest of a class.
    pub fn digest_of(&self, class: u32) -> u128 {
        self.digests[class as usize]
    }

    /// Whether members of a class are compared by similarity, and not only for equality. Only then they have bands and a
    /// signature.
    pub fn is_near(&self, class: u32) -> bool {
        self.signed[class as usize] != UNSIGNED
    }

    /// Says that a class will soon be asked for.
    pub(crate) fn prepare(&self, class: u32) {
        prefetch(&self.signed, class as usize);
        prefetch(&self.places, class as usize);
    }

    /// The hash of one band of a class, 0 to [`SketchOptions::bands`].
    #[inline]
    pub fn band_of(&self, class: u32, band: usize) -> u32 {
        self.bands_of(class, band..band + 1).next().expect("one band, one hash")
    }

    /// The hashes of some of the bands of a class.
    #[inline]
    pub fn bands_of(&self, class: u32, bands: Range<usize>) -> impl Iterator<Item = u32> {
        let signed = self.signed[class as usize] as usize;
        let derived = self.options.banding.filter(|banding| banding.is_derived());
        let signature = &self.signatures[signed];
        let kept = &self.bands[signed * self.options.kept_bands()..];
        bands.map(move |band| match derived {
            Some(banding) => banding.derive(signature, band),
            None => kept[band],
        })
    }

    /// Says that the bands of these near classes, which are ascending, will be asked for one after the other.
    pub(crate) fn will_read_bands(&self, near: &[u32]) {
        if let (Some(&first), Some(&last)) = (near.first(), near.last()) {
            // signatures stand in the order of classes, more or less
            let (from, to) = (self.signed[first as usize] as usize, self.signed[last as usize] as usize);
            memory::will_read(self.signatures.get(from..=to).unwrap_or_default());
        }
    }

    /// Says that the bands of a near class will soon be asked for.
    #[inline]
    pub(crate) fn prepare_bands(&self, class: u32) {
        prefetch(&self.signatures, self.signed[class as usize] as usize);
    }

    /// The classes of the rows of some documents, ascending.
    pub(crate) fn classes_of(&self, docs: &[DocId]) -> Vec<u32> {
        memory::will_look_up(&self.rows, docs.iter().map(|doc| self.first[doc.index()] as usize));
        let mut classes: Vec<u32> = docs.iter().flat_map(|&doc| self.rows_of(doc)).map(|row| row.class).collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }

    /// Says that the signatures of these classes will soon be asked for.
    pub(crate) fn will_read_signatures(&self, classes: &[u32]) {
        memory::will_look_up(&self.signed, classes.iter().map(|&class| class as usize));
        let near = classes.iter().filter(|&&class| self.is_near(class));
        memory::will_look_up(&self.signatures, near.map(|&class| self.signed[class as usize] as usize));
    }

    /// The signature of a class.
    pub fn signature_of(&self, class: u32) -> &Signature {
        &self.signatures[self.signed[class as usize] as usize]
    }

    /// As [`Table::signature_of`], of a class that stands where nobody looked before: what says which signature it has is
    /// read without what stands around it.
    pub(crate) fn signature_by_itself(&self, class: u32) -> &Signature {
        &self.signatures[memory::copied(&self.signed[class as usize]) as usize]
    }

    /// Says that the texts of one member of each of these classes will be read soon.
    pub(crate) fn will_read_texts(&self, corpus: &Corpus, classes: &[u32]) {
        self.will_look_up_places(classes.iter().copied());
        let places: Vec<Place> = classes.iter().map(|&class| self.places[class as usize]).collect();
        corpus.will_read(&places);
    }

    /// Says that [`Table::first_place_of`] these classes will soon be asked for.
    pub(crate) fn will_look_up_places(&self, classes: impl Iterator<Item = u32>) {
        memory::will_look_up(&self.places, classes.map(|class| class as usize));
    }

    /// Where the first member of a class stands.
    pub(crate) fn first_place_of(&self, class: u32) -> Place {
        self.places[class as usize]
    }

    /// The text of one member of a class.
    pub fn text_of<'c>(&self, corpus: &'c Corpus, class: u32) -> Cow<'c, [u8]> {
        let place = self.places[class as usize];
        match (class as usize).checked_sub(self.of_rows) {
            None => corpus.text_at(place),
            Some(added) => corpus.text_of(place.doc, self.left_of(added)),
        }
    }

    /// The spans that are left in a text that was added.
    fn left_of(&self, added: usize) -> &[Span] {
        let from = added.checked_sub(1).map_or(0, |before| self.left_to[before]);
        &self.left[from..self.left_to[added]]
    }

    /// The class of a text that is not a row: what is left of `doc` at `spans`, or a part of that. `None` if it is to be
    /// left alone. It is signed if it has to be and was not yet. Costs a pass over the classes the first time, and 10 bytes for
    /// each.
    pub fn add(&mut self, sketcher: &mut Sketcher, sketch: &mut Sketch, doc: DocId, spans: &[Span]) -> Option<u32> {
        if sketch.tokens.len() < self.options.min_tokens {
            return None;
        }
        let (first, last) = (spans.first()?, spans.last()?);
        let class = self.places.len() as u32;
        if let Some(known) = self.class_with_or_add(sketch.digest, class) {
            return Some(known);
        }
        memory::looked_up(|| {
            self.push(sketcher, sketch, Place { doc, span: Span { start: first.start, end: last.end } }, spans)
        });
        Some(class)
    }

    /// Adds a class.
    fn push(&mut self, sketcher: &mut Sketcher, sketch: &mut Sketch, place: Place, spans: &[Span]) {
        self.places.push(place);
        self.left.extend_from_slice(spans);
        self.left_to.push(self.left.len());
        self.tokens.push(sketch.tokens.len() as u32);
        self.digests.push(sketch.digest);
        let signed = sketcher.signed(sketch, self.options);
        let is_signed = !signed.signatures.is_empty();
        self.signed.push(if is_signed { self.signatures.len() as u32 } else { UNSIGNED });
        self.signatures.extend_from_slice(&signed.signatures);
        self.bands.extend_from_slice(&signed.bands);
    }

    /// Lets go of all but the first classes.
    fn keep(&mut self, classes: usize) {
        // with a little room, if there is: or all of a column would be moved when the first class is added
        fn keep<T>(column: &mut Vec<T>, len: usize) {
            column.truncate(len);
            column.shrink_to(len + len / 16);
        }
        self.of_rows = classes;
        keep(&mut self.places, classes);
        keep(&mut self.tokens, classes);
        keep(&mut self.digests, classes);
        let (signatures, bands) = (self.signatures.len(), self.bands.len());
        keep(&mut self.signatures, signatures);
        keep(&mut self.bands, bands);
    }

    /// The class with this digest; if there is none, from now on it is `class`.
    fn class_with_or_add(&mut self, digest: u128, class: u32) -> Option<u32> {
        let Table { by_digest, digests, .. } = self;
        let classes_differ = |_, _| false;
        let index = || GrowingIndex::new(HashIndex::new(&Dealt::of(entries(digests)), classes_differ));
        let by_digest = by_digest.get_or_insert_with(index);
        let known = by_digest.find(first_bits(digest), |class| memory::copied(&digests[class as usize]) == digest);
        if known.is_none() {
            memory::looked_up(|| by_digest.insert(first_bits(digest), class));
        }
        known
    }
}

/// The class has no signature.
const UNSIGNED: u32 = u32::MAX;

/// Signatures, and the bands of each that cannot be worked out from it.
#[derive(Default)]
pub(super) struct Signed {
    pub(super) signatures: Vec<Signature>,
    pub(super) bands: Vec<u32>,
}

/// A text that is not in a table: what it is found and compared by.
pub struct Sketch {
    tokens: Vec<u64>,
    digest: u128,
    /// Once it was asked for; empty if the text is compared for equality only.
    signed: Option<Signed>,
}

impl Sketch {
    /// Its tokens.
    pub(crate) fn into_tokens(self) -> Vec<u64> {
        self.tokens
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

    /// Reads a text that may be [added](Table::add) to a table.
    pub fn sketch(&mut self, text: &[u8]) -> Sketch {
        self.tokens.read(text, self.token_options);
        let tokens = self.tokens.hashes.clone();
        Sketch { digest: digest(&tokens), tokens, signed: None }
    }

    /// As [`Sketcher::sketch`], and signs it before it is added: on another thread, say.
    pub fn sketch_and_sign(&mut self, text: &[u8], options: SketchOptions) -> Sketch {
        let mut sketch = self.sketch(text);
        self.signed(&mut sketch, options);
        sketch
    }

    /// The set of shingles of a text.
    pub fn shingle_set(&mut self, text: &[u8], shingler: Shingler) -> Vec<u64> {
        self.tokens.read(text, self.token_options);
        shingle_set(&self.tokens.hashes, shingler)
    }

    fn signed<'s>(&mut self, sketch: &'s mut Sketch, options: SketchOptions) -> &'s Signed {
        sketch.signed.get_or_insert_with(|| {
            let mut signed = Signed::default();
            self.sign(&sketch.tokens, options, &mut signed);
            signed
        })
    }

    /// Appends the signature of a text with these tokens, if it is to be compared by similarity at all and is not
    /// shorter than a shingle.
    pub(super) fn sign(&mut self, tokens: &[u64], options: SketchOptions, signed: &mut Signed) -> bool {
        let Some(banding) = options.banding.filter(|_| tokens.len() >= options.shingler.n()) else { return false };
        self.shingles.clear();
        options.shingler.shingles(tokens, &mut self.shingles);
        let hasher = self.hasher.get_or_insert_with(|| MinHasher::new(banding));
        signed.signatures.push(hasher.sketch(&self.shingles, &mut signed.bands));
        true
    }
}

/// Numbers the distinct digests by their first row. There are fewer than 2³² rows.
pub(super) fn build(options: SketchOptions, part: UnitPart, documents: usize) -> Table {
    let UnitPart { rows: raw, signed: made, tally } = part;
    let repeats = repeats(&raw.digests);
    let numbering = Numbering::new(raw.len(), &repeats);
    let mut repeats = repeats.into_iter().peekable();
    let mut table = Table {
        options,
        tally,
        rows: Vec::with_capacity(raw.len()),
        first: Vec::with_capacity(documents + 1),
        places: raw.places,
        tokens: raw.tokens,
        digests: raw.digests,
        signed: Vec::new(),
        signatures: made.signatures,
        bands: made.bands,
        by_digest: None,
        of_rows: 0,
        left_to: Vec::new(),
        left: Vec::new(),
    };
    let (mut classes, mut signatures) = (0, 0);
    for (row, is_signed) in raw.signed.into_iter().enumerate() {
        memory::ahead(&table.places, row);
        memory::ahead(&table.tokens, row);
        memory::ahead(&table.digests, row);
        let Place { doc, span } = table.places[row];
        table.first.resize(doc.index() + 1, row as u32);
        let repeat = repeats.next_if(|&(again, _)| again as usize == row);
        let class = numbering.class_of(repeat.map_or(row as u32, |(_, first)| first));
        if repeat.is_none() {
            // the columns of rows become those of classes where they stand: a class never comes after its first row
            table.places[classes] = table.places[row];
            table.tokens[classes] = table.tokens[row];
            table.digests[classes] = table.digests[row];
            table.signed.push(UNSIGNED);
            classes += 1;
        }
        if is_signed {
            // that of a digest which was signed before stays where it is, and nobody asks for it
            let signed = &mut table.signed[class as usize];
            *signed = (*signed).min(signatures);
            signatures += 1;
        }
        table.rows.push(Row { span, class });
    }
    table.first.resize(documents + 1, table.rows.len() as u32);
    table.keep(classes);
    table
}

/// Entries for an index of digests.
fn entries(digests: &[u128]) -> impl ExactSizeIterator<Item = u64> + Clone {
    digests.iter().enumerate().map(|(i, &digest)| entry(first_bits(digest), i as u32))
}

/// The bits of a digest that it is found by.
fn first_bits(digest: u128) -> u32 {
    (digest >> 96) as u32
}
