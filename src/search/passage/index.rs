//! Kept texts → which windows of another text stand in them, completely.
//!
//! Every window of a kept text is *entered* under its anchor, and every window of the text in question is looked up under
//! its own; equal windows have equal anchors, so they meet. What remains is to meet only those that are equal, for one
//! gram can anchor many windows that differ (boilerplate with a number in it).
//!
//! The windows of one anchor are told apart by their *lead*, the symbols between their start and the anchor. A bucket
//! stands for a range of leads: all its windows hold the symbols from the anchor minus the least lead to the end of the
//! window of the greatest lead, and by the hash of these the bucket is found. At first the range is that of all leads, and
//! the symbols are the gram. A bucket with more than [`ENTRIES`] entries is split into two for half of the range each,
//! whose common symbols are more; a bucket for a single lead holds equal windows, of which one is enough. So no window is
//! compared with more than a few entries for each halving, whatever the text.
//!
//! Windows that a match holds stand in the index already. They are not entered again, and where a match goes on their
//! anchors are not even looked for: copies cost a comparison of memory.
//!
//! Hashes only bring windows together; a match is always read from both texts, symbol by symbol.
//!
//! What it costs is cache misses, so they are made to overlap: the buckets of the next anchors are asked for before the
//! first is read, and then the anchors take turns ([`Index::meet_group`]). Asking for one bucket costs about as much as
//! hashing a gram (its page has to be looked up), so it is done a little ahead, between other work, and for no anchor that
//! a match holds by then. After a match few are asked for: where a text is a copy with edits the next match begins soon after the
//! edit, and two thirds of what was hashed and asked for before was never looked up. Tried and refused: buckets of 8 or 2 entries (8: no faster; 2: a fifth more memory), splitting
//! into four ranges (no faster, a third slower on runs), groups of 4 or 16 anchors (no difference), entering only grams
//! that stand twice in the corpus by a filter made before (cuts make new grams, so it would not be complete), a filter in
//! front of the table that takes in what is entered (a third slower), leaving out of a bucket that is dealt anew the
//! windows that stand there already (no less memory, and it hangs on the order in which they are dealt), going down one half
//! of a range before the other (a tenth to a quarter slower on templates: what is found higher up closes more), hashing a
//! half only when it is its turn (no difference), hashing of a half only what it has more than the whole (no difference),
//! asking for the texts of a bucket and comparing them a turn later (a tenth slower on templates: mostly there is nothing to
//! wait for, and every turn costs), telling by bits of what stands around the common symbols that two occurrences share no
//! window (slower: it spares a fifth of the comparisons), choosing all anchors of a block before the first is looked up (a
//! third slower on runs), or four at a time (a twentieth slower on prose).

use std::borrow::Cow;
use std::hint::select_unpredictable;

use super::anchor::{Anchor, Anchors, Lengths};
use super::common;
use super::leads::Leads;
use super::symbol::Symbol;
use super::table::{Item, Table};
use super::texts::Texts;
use crate::kernel;

#[cfg(test)]
mod tests;

/// Entries of a bucket that is not split.
const ENTRIES: usize = 4;

/// A maximal run of symbols that stands in a kept text too, or earlier in the same text, where it may overlap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Match {
    /// Where it starts in the text in question.
    pub start: u32,
    /// One past its end there.
    pub end: u32,
    /// The kept text, by its number.
    pub text: u32,
    /// Where it starts there.
    pub from: u32,
}

/// An occurrence of an anchor in a text, and the windows in question around it.
#[derive(Clone, Copy, Debug)]
struct Entry {
    text: u32,
    at: u32,
    leads: Leads,
}

/// An anchor that is to be looked up.
#[derive(Clone, Copy)]
struct Ahead {
    anchor: Anchor,
    /// The hash of its gram.
    hash: u32,
}

/// A look at a bucket that is to be taken.
#[derive(Clone, Copy)]
struct Turn {
    /// What the bucket stands for.
    range: Leads,
    hash: u32,
    /// Has no leads beyond the range.
    entry: Entry,
    /// Whether the occurrence is only to be entered: its windows were looked up before.
    known: bool,
}

/// A point to go back to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    texts: usize,
    changes: usize,
}

/// The index.
pub struct Index<'t, S: Symbol> {
    lengths: Lengths,
    /// The leads of all windows.
    all: Leads,
    texts: Texts<'t, S>,
    table: Table,
    anchors: Anchors,
    /// What was found in the text under way.
    found: Vec<Match>,
    /// The first window of it that starts after all windows that matches hold. These hold those before, too, that were not
    /// looked up yet, for each holds one that was.
    held: u32,
    /// A buffer for the turns of a group.
    turns: Vec<Turn>,
    /// A buffer for the next anchors.
    ahead: Vec<Ahead>,
    /// How many these may be: few after a match, for mostly another one begins soon and holds the rest.
    most: usize,
    /// A buffer for what stands in a bucket.
    list: Vec<Item>,
}

/// The longest window: leads have 16 bits.
pub const LONGEST_WINDOW: usize = 1 << 16;

/// Anchors that are hashed, and their buckets fetched from memory, before the first is looked up.
const AHEAD: usize = 24;

/// Anchors that are chosen at once.
const AT_ONCE: usize = 8;

/// Anchors that take turns.
const GROUP: usize = 8;

impl<'t, S: Symbol> Index<'t, S> {
    /// An index that holds nothing, for windows of `window` symbols, 1 to [`LONGEST_WINDOW`].
    pub fn new(window: usize) -> Index<'t, S> {
        assert!(window <= LONGEST_WINDOW, "leads have 16 bits");
        let lengths = Lengths::new(window);
        Index {
            lengths,
            all: Leads::all(lengths),
            texts: Texts::new(),
            table: Table::default(),
            anchors: Anchors::default(),
            found: Vec::new(),
            held: 0,
            turns: Vec::new(),
            ahead: Vec::new(),
            most: AHEAD,
            list: Vec::new(),
        }
    }

    /// Makes room for texts of so many symbols in all, if they are like prose.
    pub fn reserve(&mut self, symbols: usize) {
        self.table.reserve(2 * symbols / (self.lengths.places() + 1));
    }

    /// The text of this number.
    pub(super) fn text(&self, number: u32) -> &[S] {
        self.texts.text(number)
    }

    /// Texts entered so far.
    pub fn len(&self) -> u32 {
        self.texts.len() as u32
    }

    /// Whether nothing is entered.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes that it holds beside the texts.
    pub fn bytes(&self) -> usize {
        self.texts.bytes() + self.table.bytes()
    }

    /// Enters a text; its number is the count of texts entered before. Gives what of it stands in texts entered before, or
    /// earlier in itself: maximal matches, ascending, that together hold every window that does. A text has less than
    /// 2³² symbols, all of them less than 2⁴⁰.
    ///
    /// Costs a scan of what the matches leave, and a look-up for each anchor there.
    pub fn enter(&mut self, text: Cow<'t, [S]>) -> Vec<Match> {
        let mut anchors = std::mem::take(&mut self.anchors);
        anchors.begin();
        self.held = 0;
        let number = self.texts.len() as u32;
        self.texts.push(text);
        while anchors.next_block(self.texts.text(number), self.lengths, self.held as usize) {
            self.meet_block(number, &mut anchors);
        }
        self.anchors = anchors;
        let mut found = std::mem::take(&mut self.found);
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Looks the anchors of a block up, and enters them, but for those whose windows a match holds.
    fn meet_block(&mut self, number: u32, anchors: &mut Anchors) {
        let mut ahead = std::mem::take(&mut self.ahead);
        loop {
            let held = ahead.partition_point(|next| next.anchor.last < self.held);
            ahead.drain(..held);
            self.look_ahead(number, anchors, &mut ahead);
            if ahead.is_empty() {
                break;
            }
            let found = self.found.len();
            let met = self.meet_group(number, &ahead);
            ahead.drain(..met);
            self.most = if self.found.len() > found { GROUP } else { AHEAD };
        }
        self.ahead = ahead;
    }

    /// Adds the next anchors. Their buckets are fetched from memory meanwhile.
    ///
    /// Where the text repeats itself with a short period the next anchor has the same gram, and mostly a match that the one
    /// before finds holds it: that is waited for.
    fn look_ahead(&self, number: u32, anchors: &mut Anchors, ahead: &mut Vec<Ahead>) {
        let repeats = |ahead: &[Ahead]| matches!(ahead, [.., a, b] if a.hash == b.hash);
        while ahead.len() < self.most && !repeats(ahead) {
            let chosen = anchors.choose(AT_ONCE, self.held as usize);
            if chosen.is_empty() {
                break;
            }
            for &anchor in chosen.iter().filter(|anchor| anchor.last >= self.held) {
                let hash = self.hash(self.all, number, anchor.at);
                self.table.prefetch(hash);
                ahead.push(Ahead { anchor, hash });
            }
        }
    }

    /// Looks up and enters the first of the anchors, so many that no two of them have one gram; gives how many.
    ///
    /// They take turns, each for one look at a bucket, which is asked for a turn before: so the processor waits for many at
    /// once and not for each. Those of one gram would have to wait for each other, for the later may repeat the earlier.
    fn meet_group(&mut self, number: u32, ahead: &[Ahead]) -> usize {
        let (mut turns, mut group) = (std::mem::take(&mut self.turns), 0);
        while group < ahead.len().min(GROUP) && ahead[..group].iter().all(|before| before.hash != ahead[group].hash) {
            let Ahead { anchor, hash } = ahead[group];
            let anchor = Anchor { first: anchor.first.max(self.held), ..anchor };
            let entry = Entry { text: number, at: anchor.at, leads: Leads::of(anchor) };
            turns.push(Turn { range: self.all, hash, entry, known: false });
            group += 1;
        }
        self.take_all(&mut turns, self.found.len());
        self.turns = turns;
        group
    }

    /// Takes turns until there are none. Matches found since `earlier` are those of this group.
    fn take_all(&mut self, turns: &mut Vec<Turn>, earlier: usize) {
        let mut next = 0;
        while let Some(&turn) = turns.get(next) {
            next += 1;
            self.take(turn, earlier, turns);
        }
        turns.clear();
    }

    /// The hash of what the windows with these leads have in common, around an anchor. The lowest bit tells the ranges of a
    /// single lead from others: their buckets are never split, so they must not share a hash with one that can be.
    fn hash(&self, leads: Leads, text: u32, at: u32) -> u32 {
        let at = at as usize;
        let from = at - usize::from(leads.least);
        let to = at + self.lengths.window - usize::from(leads.greatest);
        let common = bytemuck::cast_slice(&self.text(text)[from..to]);
        let seed = u64::from(leads.least) << 16 | u64::from(leads.greatest);
        let hash = (kernel::hash_run(common, seed) >> 32) as u32;
        hash & !1 | u32::from(leads.is_single())
    }

    /// Takes a turn: looks an occurrence up in a bucket, and enters what is not there; what takes another look is added to
    /// the turns.
    fn take(&mut self, mut turn: Turn, earlier: usize, turns: &mut Vec<Turn>) {
        if !turn.known {
            let Some(open) = self.still_open(turn.entry.leads, &turn.entry, earlier) else { return };
            turn.entry.leads = open;
        }
        self.table.read(turn.hash, &mut self.list);
        match self.list.first() {
            None => self.add(turn.hash, turn.entry),
            Some(item) if item.is_split() => self.add_halves(turn, turns),
            Some(_) if turn.known => self.place(turn, earlier, turns),
            Some(_) => self.meet(turn, earlier, turns),
        }
    }

    /// Adds the turns for the halves of a range that hold leads of the entry: one of them, or both. Which one it is nobody can
    /// foresee, so there is no branch on that.
    fn add_halves(&self, turn: Turn, turns: &mut Vec<Turn>) {
        let [low, high] = turn.range.halves();
        let (in_low, in_high) = (turn.entry.leads.least <= low.greatest, turn.entry.leads.greatest >= high.least);
        self.add_turn(turn, select_unpredictable(in_low, low, high), turns);
        if in_low & in_high {
            self.add_turn(turn, high, turns);
        }
    }

    /// Adds a turn for the leads of the entry that are in a range.
    fn add_turn(&self, turn: Turn, range: Leads, turns: &mut Vec<Turn>) {
        let entry = Entry { leads: range.shared(turn.entry.leads), ..turn.entry };
        let hash = self.hash(range, entry.text, entry.at);
        self.table.prefetch(hash);
        turns.push(Turn { range, hash, entry, known: turn.known });
    }

    /// Compares an occurrence with those in its bucket, which the list holds, until all its windows are found, and enters
    /// what is left.
    fn meet(&mut self, turn: Turn, earlier: usize, turns: &mut Vec<Turn>) {
        let entry = turn.entry;
        // the first is read right away
        self.list.iter().skip(1).for_each(|item| self.texts.prefetch(item.place));
        let left = (0..self.list.len()).try_fold(entry.leads, |open, n| {
            self.compare(&entry, self.list[n], open);
            self.still_open(open, &entry, earlier)
        });
        if let Some(leads) = left {
            self.place(Turn { entry: Entry { leads, ..entry }, known: true, ..turn }, earlier, turns);
        }
    }

    /// Enters an occurrence whose windows were looked up in its bucket, which the list holds. If that is full, it is split,
    /// and what it holds is dealt anew: later, for nobody in this group looks for this gram.
    fn place(&mut self, turn: Turn, earlier: usize, turns: &mut Vec<Turn>) {
        if self.list.len() < ENTRIES || turn.range.is_single() {
            return self.add(turn.hash, turn.entry);
        }
        self.table.split(turn.hash, &self.list);
        self.add_halves(turn, turns);
        let dealt: Vec<Entry> = self.list.iter().map(|&item| self.entry(item)).collect();
        for entry in dealt {
            let own = turn.range.shared(entry.leads) == entry.leads
                && self.hash(turn.range, entry.text, entry.at) == turn.hash;
            if own {
                self.add_halves(Turn { entry, ..turn }, turns);
            } else {
                // by its hash alone it came in from another range or gram: it goes the whole way, at once
                let hash = self.hash(self.all, entry.text, entry.at);
                let turn = Turn { range: self.all, hash, entry, known: true };
                self.take_all(&mut vec![turn], earlier);
            }
        }
    }

    /// The leads of `open` whose windows no match since `earlier` holds, and those between them.
    fn still_open(&self, open: Leads, entry: &Entry, earlier: usize) -> Option<Leads> {
        let lead = |start: u32| i64::from(entry.at) - i64::from(start);
        let held = |found: &Match| (lead(found.end - self.lengths.window as u32), lead(found.start));
        open.without(self.found[earlier..].iter().map(held))
    }

    /// The occurrence that an item of the table stands for.
    fn entry(&self, item: Item) -> Entry {
        let (text, at) = self.texts.locate(item.place);
        Entry { text, at, leads: Leads::of_note(item.note, self.all) }
    }

    /// How far two occurrences agree before and after their anchors, at most as far as windows with these leads reach.
    fn agreement(&self, a: &Entry, b: &Entry, leads: Leads) -> (usize, usize) {
        let (before, after) = (usize::from(leads.greatest), self.lengths.window - usize::from(leads.least));
        let halves = |entry: &Entry| self.text(entry.text).split_at(entry.at as usize);
        let ((a_before, a_after), (b_before, b_after)) = (halves(a), halves(b));
        let ahead = common::ahead(a_after, b_after, after);
        if ahead < self.lengths.gram {
            return (0, 0); // another gram with the same hash
        }
        (common::behind(a_before, b_before, before), ahead)
    }

    /// Notes the maximal match of two occurrences, if it holds a window with one of these leads.
    fn compare(&mut self, entry: &Entry, other: Item, leads: Leads) {
        let other = self.entry(other);
        if (other.text, other.at) == (entry.text, entry.at) {
            return; // by its hash alone, from another range of its own leads: a place is no repeat of itself
        }
        if self.is_found(entry, &other) {
            return;
        }
        let (before, after) = self.agreement(entry, &other, leads);
        let least = usize::from(leads.least).max(self.lengths.window.saturating_sub(after));
        if after < self.lengths.gram || least > usize::from(leads.greatest).min(before) {
            return;
        }
        let (own, kept) = (self.text(entry.text), self.text(other.text));
        let before = common::behind(&own[..entry.at as usize], &kept[..other.at as usize], usize::MAX) as u32;
        let after = common::ahead(&own[entry.at as usize..], &kept[other.at as usize..], usize::MAX) as u32;
        let (start, end) = (entry.at - before, entry.at + after);
        self.found.push(Match { start, end, text: other.text, from: other.at - before });
        self.held = self.held.max(end + 1 - self.lengths.window as u32);
    }

    /// Whether one of the last two matches holds this pair of places: it is all that they have in common. Where a match ends the
    /// anchors before its end meet the copy again, which need not be read for it.
    fn is_found(&self, entry: &Entry, other: &Entry) -> bool {
        let holds = |found: &Match| {
            let before = entry.at.wrapping_sub(found.start);
            (found.text == other.text)
                & (before < found.end - found.start)
                & (found.from.wrapping_add(before) == other.at)
        };
        self.found.iter().rev().take(2).any(holds)
    }

    fn add(&mut self, hash: u32, entry: Entry) {
        let place = self.texts.place(entry.text, entry.at);
        self.table.add(hash, Item { place, note: entry.leads.note(self.all) });
    }

    /// How much is entered: a point that [`Index::undo_to`] can go back to, until [`Index::commit`].
    pub fn mark(&self) -> Mark {
        Mark { texts: self.texts.len(), changes: self.table.mark() }
    }

    /// Forgets the texts entered since `mark`.
    pub fn undo_to(&mut self, mark: Mark) {
        self.texts.truncate(mark.texts);
        self.table.undo_to(mark.changes);
    }

    /// Makes what was entered so far final: marks made before mean nothing any more.
    pub fn commit(&mut self) {
        self.table.commit();
    }
}
