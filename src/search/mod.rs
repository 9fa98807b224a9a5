//! What repeats: is this segment a copy of one that is kept?
//!
//! In: the [`Table`] of one unit. A [`Searcher`] is asked about segments in the order in which they
//! are kept or removed ([`Searcher::find`]), and told of each one that is kept ([`Searcher::keep`]). Always: what it
//! answers is a *link*, verified on the text itself: equal digests, or a similarity computed exactly from both shingle
//! sets, at or above the threshold, with a segment that is kept. Pairs never leave this module.

mod buckets;
mod contain;
mod decisions;
pub mod edits;
mod join;
mod kept;
mod lines;
mod near;
pub mod passage;
mod verify;

use crate::corpus::{Corpus, DocId, Place, Role, Span, TokenOptions, Unit, shingle_set};
use crate::error::Result;
use crate::memory;
use crate::progress::{Progress, Stage};
use crate::resume::Parts;
use crate::sketch::{Sketch, Sketcher, Table, Wording};

use contain::Postings;
pub use decisions::{Apart, Choice, Decision, Decisions, Pair};
pub use join::Join;
use kept::Kept;
use near::Near;
pub use verify::{Measure, similarity};
use verify::{Sets, Verified};

/// What counts as a repeat.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SearchOptions {
    /// Segments this similar and more are repeats; above 0, at most 1. With 1 only equal tokens count.
    pub similarity: f64,
    /// How similarity is measured.
    pub measure: Measure,
}

impl Default for SearchOptions {
    fn default() -> Self {
        SearchOptions { similarity: 0.8, measure: Measure::Jaccard }
    }
}

/// A verified repeat of a kept segment.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// The kept segment.
    pub keeper: Place,
    /// Their similarity, at or above the threshold.
    pub similarity: f64,
    /// Whether their tokens are equal.
    pub exact: bool,
}

/// How candidates are found.
enum Candidates {
    /// Equality only.
    None,
    /// MinHash bands.
    Near(Box<Near>),
    /// An inverted index of shingles.
    Postings(Postings),
}

/// Answers which kept segment of one unit a segment repeats.
pub struct Searcher<'c> {
    corpus: &'c Corpus,
    table: Table,
    options: SearchOptions,
    kept: Kept,
    /// Classes in the order in which they were kept, since what was kept before was said to stay.
    journal: Vec<u32>,
    candidates: Candidates,
    /// There are texts to be compared with that are not judged; links to these come first.
    has_reference: bool,
    verified: Verified,
    sets: Sets,
    /// The class that was added last, and its tokens: it is the one that is asked for next.
    added: Option<(u32, Vec<u64>)>,
    apart: Apart,
}

/// Of the classes, the part that is likely added at the most.
const SPARE: usize = 16;

/// Candidates that are verified for one segment, the most promising first; a bound on the work in adversarial buckets.
const VERIFIED_PER_SEGMENT: usize = 16;

impl<'c> Searcher<'c> {
    /// A searcher that keeps nothing yet. If it `grows`, texts that are not in the table may be [added](Searcher::add).
    ///
    /// Costs, for each band, a pass over the classes, and the exact similarity of each class with the first one in its
    /// buckets: these are the answers most likely asked for, and they are computed here on all threads, unless `saved` has
    /// them.
    pub fn new(
        corpus: &'c Corpus,
        table: Table,
        options: SearchOptions,
        token_options: TokenOptions,
        grows: bool,
        saved: Parts<'_>,
        progress: &dyn Progress,
    ) -> Result<Searcher<'c>> {
        let mut verified = Verified::default();
        let sets = Sets::new(table.options.shingler, token_options);
        let candidates = match (table.options.banding, options.measure) {
            (None, _) => Candidates::None,
            (Some(_), Measure::Containment) => Candidates::Postings(Postings::default()),
            (Some(_), Measure::Jaccard) => {
                let _reading = corpus.read_here_and_there();
                progress.begin(Stage::Search, 0);
                let (near, likely) = Near::group(&table, options.similarity, grows)?;
                progress.end();
                progress.begin(Stage::Search, likely.len() as u64);
                verified = verify::all(corpus, &table, &likely, &sets, saved, progress)?;
                progress.end();
                memory::give_back_unused();
                Candidates::Near(Box::new(near))
            }
        };
        // room for some that are added: or all would be moved for the first of them
        let kept = Kept::none_of(table.classes(), if grows { table.classes() / SPARE } else { 0 });
        let (journal, has_reference, apart) = (Vec::new(), corpus.has_reference(), Apart::default());
        let added = None;
        Ok(Searcher { corpus, table, options, kept, journal, candidates, has_reference, verified, sets, added, apart })
    }

    /// The same searcher, which never links these pairs.
    pub fn keeping_apart(mut self, apart: Apart) -> Searcher<'c> {
        self.apart = apart;
        self
    }

    /// Where the kept member of a class stands, if one is kept.
    fn place_kept(&self, class: u32) -> Option<Place> {
        self.kept.place_of(class, &self.table)
    }

    /// Whether somebody decided that both classes are to stay.
    fn is_apart(&self, class: u32, other: u32) -> bool {
        // digests stand here and there, so they are not looked at for nothing
        !self.apart.is_empty() && self.apart.holds(self.table.digest_of(class), self.table.digest_of(other))
    }

    /// Drops what was found, beside what goes on.
    pub fn let_go(self) {
        let Searcher { table, kept, candidates, verified, sets, .. } = self;
        memory::let_go((table, kept, candidates, verified, sets));
    }

    /// The table searched in.
    pub fn table(&self) -> &Table {
        &self.table
    }

    /// The class of a text that is not in the table; see [`Table::add`]. Only for one that grows.
    pub fn add(&mut self, sketcher: &mut Sketcher, mut sketch: Sketch, doc: DocId, spans: &[Span]) -> Option<u32> {
        let known = self.table.classes();
        let class = self.table.add(sketcher, &mut sketch, doc, spans)?;
        if (class as usize) < known {
            return Some(class);
        }
        memory::looked_up(|| self.kept.grow_to(self.table.classes()));
        if let Candidates::Near(near) = &mut self.candidates
            && self.table.is_near(class)
        {
            let original = self.table.rows_of(doc).first().filter(|_| self.table.options.unit == Unit::Document);
            let original = original.map(|row| row.class).filter(|&class| self.table.is_near(class));
            near.admit(&self.table, class, original, |other| self.kept.holds(other));
            self.added = Some((class, sketch.into_tokens()));
        }
        Some(class)
    }

    /// Says that the segments of a document will soon be asked for: most answers cost a cache miss or two, and nothing else.
    pub fn prepare(&self, doc: DocId) {
        for row in self.table.rows_of(doc) {
            self.kept.prepare(row.class);
            self.table.prepare(row.class);
            if let Candidates::Near(near) = &self.candidates {
                near.prepare(row.class);
            }
        }
    }

    /// Says that the segments of these documents will be asked for one after the other. The system reads nothing ahead of what
    /// is spilled, so the disk is asked here for all that they will look at, as far as that is known.
    pub fn will_search(&self, docs: &[DocId]) {
        if memory::temporary_peak() == 0 || !memory::spilled_may_be_on_disk() {
            return; // nothing was ever spilled, or all of it is in the system's cache
        }
        let classes = self.table.classes_of(docs);
        let keepers = self.verified.keepers_of(&classes);
        for classes in [&classes, &keepers] {
            self.kept.will_look_up(classes);
            self.table.will_read_signatures(classes);
        }
        // of those that are not kept yet nobody asks where they stand
        self.table.will_look_up_places(classes.iter().chain(&keepers).copied().filter(|&class| self.kept.holds(class)));
        if let Candidates::Near(near) = &self.candidates {
            near.will_meet(&classes);
        }
    }

    /// Whether a segment of this class is likely to repeat one that is kept when it is its turn: its equal, or one that it was
    /// verified against, is kept, or stands where it `will` likely be kept before.
    pub fn is_likely_repeat(&self, class: u32, will: impl Fn(Place) -> bool) -> bool {
        let is_likely = |other: u32| self.kept.holds(other) || will(self.table.first_place_of(other));
        is_likely(class) || self.verified.alike(class, self.options.similarity).any(is_likely)
    }

    /// Where the kept segments stand that a segment of this class will likely be verified against. If there are any, its
    /// [set](Searcher::find) is asked for.
    pub fn likely_verified(&self, class: u32) -> Vec<Place> {
        let Candidates::Near(near) = &self.candidates else { return Vec::new() };
        if !self.table.is_near(class) {
            return Vec::new();
        }
        let unknown = near.unknown(&self.table, class, self.options.similarity);
        let unverified = unknown.filter(|&keeper| self.verified.get(class, keeper).is_none());
        unverified.map(|keeper| self.table.first_place_of(keeper)).collect()
    }

    /// The kept segment that a segment of this class repeats: its equal, or of the candidates the first that verifies,
    /// most promising first and of those the one kept first. A reference goes before everything else. `own` is its set of
    /// shingles, if that is known; it is made when it is needed first.
    pub fn find(&mut self, class: u32, own: &mut Option<Vec<u64>>) -> Option<Link> {
        if let Some(keeper) = self.place_kept(class).filter(|_| !self.is_apart(class, class)) {
            return Some(Link { keeper, similarity: 1.0, exact: true });
        }
        if !self.table.is_near(class) {
            return None;
        }
        let mut candidates = match &mut self.candidates {
            Candidates::None => return None,
            Candidates::Near(near) => {
                let is_known = |keeper| self.verified.get(class, keeper).is_some();
                near.candidates(&self.table, class, self.options.similarity, is_known)
            }
            Candidates::Postings(postings) => {
                let set = self.sets.get(self.corpus, &self.table, class);
                postings.candidates(&set, self.options.similarity)
            }
        };
        candidates.retain(|&keeper| !self.is_apart(class, keeper));
        if self.has_reference {
            let role = |class: &u32| self.place_kept(*class).map(|place| self.corpus.role(place.doc));
            candidates.sort_by_key(|class| role(class) != Some(Role::Reference));
        }
        candidates.into_iter().take(VERIFIED_PER_SEGMENT).find_map(|keeper| {
            let similarity = self.verify(class, keeper, own);
            let linked = similarity >= self.options.similarity;
            let keeper = self.place_kept(keeper).filter(|_| linked)?;
            Some(Link { keeper, similarity, exact: false })
        })
    }

    /// The link of a text that is not in the table to a class that is kept, and what the text says; `None` if their
    /// similarity, computed exactly, is below the threshold.
    pub fn compare(&mut self, text: &[u8], keeper: u32) -> Option<(Link, Wording)> {
        let (own, wording) = self.sets.of_text(text);
        if self.apart.holds(wording.digest, self.table.digest_of(keeper)) {
            return None;
        }
        let kept = self.sets.get(self.corpus, &self.table, keeper);
        let similarity = similarity(&own, &kept, self.options.measure);
        let keeper = self.place_kept(keeper).filter(|_| similarity >= self.options.similarity)?;
        Some((Link { keeper, similarity, exact: false }, wording))
    }

    /// Whether two classes are at least as similar as the threshold: computed exactly, unless their signatures rule it out.
    /// `own` is the set of the first, as in [`Searcher::find`].
    pub fn are_alike(&mut self, class: u32, other: u32, own: &mut Option<Vec<u64>>) -> bool {
        if self.is_apart(class, other) {
            return false;
        }
        if !(self.table.is_near(class) && self.table.is_near(other)) {
            return class == other;
        }
        let is_jaccard = self.options.measure == Measure::Jaccard;
        if is_jaccard && !near::may_be_alike(&self.table, class, other, self.options.similarity) {
            return false;
        }
        let own = own.get_or_insert_with(|| self.sets.make(self.corpus, &self.table, class));
        let other = self.sets.get(self.corpus, &self.table, other);
        similarity(own, &other, self.options.measure) >= self.options.similarity
    }

    /// The similarity of a class and a kept one; the set of the first, `own`, is made when it is needed first.
    fn verify(&mut self, class: u32, keeper: u32, own: &mut Option<Vec<u64>>) -> f64 {
        if let Some(similarity) = self.verified.get(class, keeper) {
            return similarity;
        }
        let own = own.get_or_insert_with(|| match &self.added {
            Some((added, tokens)) if *added == class => shingle_set(tokens, self.table.options.shingler),
            _ => self.sets.make(self.corpus, &self.table, class),
        });
        let kept = self.sets.get(self.corpus, &self.table, keeper);
        similarity(own, &kept, self.options.measure)
    }

    /// From now on the segment of this class at `place` is kept.
    pub fn keep(&mut self, class: u32, place: Place) {
        if self.kept.holds(class) {
            return; // its equal is kept already (a protected source, say) and stands for both
        }
        self.kept.insert(class, place, &self.table);
        self.journal.push(class);
        if !self.table.is_near(class) {
            return;
        }
        match &mut self.candidates {
            Candidates::None => {}
            Candidates::Near(near) => near.insert(class),
            Candidates::Postings(postings) => {
                let set = self.sets.get(self.corpus, &self.table, class);
                postings.insert(&set, class);
            }
        }
    }

    /// What is kept so far stays: no mark of before is gone back to.
    pub fn commit(&mut self) {
        self.journal.clear();
    }

    /// How many segments were kept since the last commit: a point that [`Searcher::undo_to`] can go back to.
    pub fn mark(&self) -> usize {
        self.journal.len()
    }

    /// Forgets the segments kept since `mark`.
    pub fn undo_to(&mut self, mark: usize) {
        while self.journal.len() > mark {
            let class = self.journal.pop().expect("longer than the mark");
            self.kept.remove(class);
            if !self.table.is_near(class) {
                continue;
            }
            match &mut self.candidates {
                Candidates::None => {}
                Candidates::Near(near) => near.remove_last(class),
                Candidates::Postings(postings) => {
                    let set = self.sets.get(self.corpus, &self.table, class);
                    postings.remove_last(&set);
                }
            }
        }
    }
}
