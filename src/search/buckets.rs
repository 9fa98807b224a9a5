//! Who stands in which bucket.
//!
//! In: for each band the classes that have the same hash in it, then classes that are kept, taken back, or added. Out: the
//! kept classes in the buckets of a class. Always: classes with the same hash in a band are members of the same bucket, and
//! a band that a class has alone has none, so that it costs nothing; a bucket holds [`KEEPERS`] kept classes at the most, so
//! that a bucket of 100,000 members costs linear time.
//!
//! Classes are settled in the order of their numbers, more or less. So what a class is a member of stands in that order,
//! and buckets are numbered by their first members, band after band of each: what is looked up next stands close to what
//! was looked up last, in memory and, where it does not fit, on disk; and what looks like one keeper in many bands finds
//! their buckets side by side. Tried before: a hash table of kept classes by band and hash, which missed the cache with each
//! look-up, and brought a page from disk under a limit on memory. And [`memory::copied`] for buckets and entries, which reads
//! them one by one: under a limit resolving took a third longer.

use crate::kernel::prefetch;
use crate::memory;

/// Kept classes that one bucket holds at the most. A keeper beyond is not found through that bucket; 16 lost nothing on
/// real paragraphs (`algorithms.md` §3).
const KEEPERS: u32 = 32;

/// Bytes that come into memory, more or less, with each member: it is read in order, and its place is looked up.
const LOOKED_AT: usize = 64;

/// No entry.
const NONE: u32 = u32::MAX;

/// A member of a group of classes that have the same hash in one band, and the first of that group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Member {
    pub(super) class: u32,
    /// The member with the lowest number: of the first one, itself.
    pub(super) first: u32,
}

/// The buckets of one unit, and the kept classes in them.
pub(super) struct Buckets {
    memberships: Memberships,
    keepers: Keepers,
    /// Keepers met while looking up.
    met: Vec<Met>,
}

/// A kept class that another one meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Met {
    pub(super) keeper: u32,
    /// A number that tells which was kept first.
    pub(super) at: u32,
    /// It was the first one of a bucket that both were grouped in.
    pub(super) is_first: bool,
}

/// Which buckets each class is a member of.
#[derive(Default)]
struct Memberships {
    /// Those of class `c` that was grouped are `starts[c]..starts[c + 1]`, their bands ascending.
    starts: Vec<u32>,
    bands: Vec<u8>,
    buckets: Vec<u32>,
    /// Memberships that came later.
    gained: Vec<Gained>,
    /// What came later of each class, as far as anything did. By class, for they come in that order: a hash table
    /// would look somewhere else for each.
    since: Vec<Since>,
}

/// What a class has come to since classes were grouped: the newest of each kind, or [`NONE`].
#[derive(Clone)]
struct Since {
    /// A membership that it gained.
    gained: u32,
    /// What is left of it, after one cut or another.
    heir: u32,
    /// The heir before it of the same original.
    elder: u32,
}

/// The band that a class shares with its heirs only.
const FAMILY: u8 = u8::MAX;

/// A membership that came after classes were grouped.
struct Gained {
    bucket: u32,
    band: u8,
    /// The one before it of the same class.
    next: u32,
}

/// The kept classes of each bucket.
struct Keepers {
    buckets: Vec<Bucket>,
    entries: Vec<Entry>,
}

/// What a bucket holds.
struct Bucket {
    /// Its newest entry.
    newest: u32,
    /// Its first member, if classes were grouped in it.
    first: u32,
}

/// A kept class in a bucket.
struct Entry {
    class: u32,
    /// The entry before it in the same bucket.
    next: u32,
    /// Entries in the bucket up to this one.
    depth: u32,
}

impl Buckets {
    /// Memberships that there can be: half of the numbers that an entry can have, the others are for what is added.
    pub(super) const MOST: usize = (u32::MAX / 2) as usize;

    /// The buckets of `classes` classes from the groups of each band, whose members are ascending. There are at most
    /// [`Buckets::MOST`] members.
    pub(super) fn new(classes: usize, groups: Vec<Vec<Member>>) -> Buckets {
        let mut memberships = Memberships::in_groups(classes, &groups);
        drop(groups);
        let mut keepers = Keepers { buckets: Vec::new(), entries: Vec::new() };
        for class in 0..classes as u32 {
            let grouped = memberships.grouped(class);
            memory::touched(grouped.len() * LOOKED_AT);
            for place in grouped {
                let first = memberships.buckets[place];
                memberships.buckets[place] = if first == class {
                    keepers.open(first)
                } else {
                    let known = memberships.in_band(first, memberships.bands[place]);
                    known.expect("the first member is one of this band, and came before")
                };
            }
        }
        Buckets { memberships, keepers, met: Vec::new() }
    }

    /// The first members of the buckets that a class was grouped in, each as often as they meet.
    pub(super) fn firsts(&self, class: u32) -> impl Iterator<Item = u32> {
        let grouped = &self.memberships.buckets[self.memberships.grouped(class)];
        grouped.iter().map(|&bucket| self.keepers.buckets[bucket as usize].first)
    }

    /// Says that a class will soon be asked for.
    pub(super) fn prepare(&self, class: u32) {
        prefetch(&self.memberships.starts, class as usize);
    }

    /// Says that these classes will soon be asked for: from the disk, if they are there.
    pub(super) fn will_meet(&self, classes: &[u32]) {
        memory::will_look_up(&self.memberships.starts, classes.iter().map(|&class| class as usize));
        let grouped = || classes.iter().map(|&class| self.memberships.grouped(class));
        memory::will_look_up(&self.memberships.buckets, grouped().map(|grouped| grouped.start));
        let buckets = || grouped().flat_map(|grouped| &self.memberships.buckets[grouped]);
        memory::will_look_up(&self.keepers.buckets, buckets().map(|&bucket| bucket as usize));
        let newest =
            buckets().map(|&bucket| self.keepers.buckets[bucket as usize].newest).filter(|&entry| entry != NONE);
        memory::will_look_up(&self.keepers.entries, newest.map(|entry| entry as usize));
    }

    /// The kept classes in the buckets of a class, ascending.
    pub(super) fn meet(&mut self, class: u32) -> &[Met] {
        let Buckets { memberships, keepers, met } = self;
        met.clear();
        met.extend(keepers.met_by(class, memberships));
        met.sort_unstable();
        met.dedup_by(|again, met| {
            let is_again = again.keeper == met.keeper;
            met.is_first |= is_again && again.is_first;
            is_again
        });
        met
    }

    /// The kept classes in the buckets of a class, each as often as they meet.
    pub(super) fn kept(&self, class: u32) -> impl Iterator<Item = Met> {
        self.keepers.met_by(class, &self.memberships)
    }

    /// Adds a kept class to its buckets.
    pub(super) fn insert(&mut self, class: u32) {
        for bucket in self.memberships.of(class) {
            self.keepers.enter(bucket, class);
        }
    }

    /// Takes out the class inserted last.
    pub(super) fn remove_last(&mut self, class: u32) {
        for bucket in self.memberships.of(class) {
            self.keepers.leave(bucket, class);
        }
        self.keepers.forget_last(class);
    }

    /// Makes a class that was added after grouping, and is what is left of the `original`, a member of all buckets of that in
    /// these bands, whose hashes both have; where the original has a hash alone, their own bucket stands for that.
    pub(super) fn inherit(&mut self, class: u32, original: u32, bands: &[usize], is_kept: impl Fn(u32) -> bool) {
        let family = self.bucket_in(original, FAMILY, |_| false, is_kept);
        self.memberships.gain(class, FAMILY, family);
        self.memberships.inherit(class, original);
        for &band in bands {
            if let Some(bucket) = self.memberships.in_band(original, band as u8) {
                self.memberships.gain(class, band as u8, bucket);
            }
        }
    }

    /// Tells of a hash of a class that was added after grouping. `first` is the first class that has it in this band; from
    /// now on they share a bucket, with those heirs of the first one that have it too.
    pub(super) fn join(
        &mut self,
        class: u32,
        band: usize,
        first: u32,
        has_it: impl Fn(u32) -> bool,
        is_kept: impl Fn(u32) -> bool,
    ) {
        memory::looked_at();
        let bucket = self.bucket_in(first, band as u8, has_it, is_kept);
        self.memberships.gain(class, band as u8, bucket);
    }

    /// The bucket of a class in one band. If it had its hash alone, a bucket is opened, for the heirs as well that have it,
    /// and those that are kept are entered.
    fn bucket_in(&mut self, class: u32, band: u8, has_it: impl Fn(u32) -> bool, is_kept: impl Fn(u32) -> bool) -> u32 {
        if let Some(bucket) = self.memberships.in_band(class, band) {
            return bucket;
        }
        let bucket = self.keepers.open(NONE);
        let mut heirs: Vec<u32> = self.memberships.heirs(class).filter(|&heir| has_it(heir)).collect();
        heirs.reverse(); // the eldest first
        for member in [class].into_iter().chain(heirs) {
            self.memberships.gain(member, band, bucket);
            if is_kept(member) {
                self.keepers.enter(bucket, member);
            }
        }
        bucket
    }
}

impl Memberships {
    /// What each of so many classes is a member of, by the groups of each band; as yet with the first member of each group for
    /// its bucket.
    fn in_groups(classes: usize, groups: &[Vec<Member>]) -> Memberships {
        let mut starts = vec![0_u32; classes + 1];
        for member in groups.iter().flatten() {
            starts[member.class as usize] += 1;
        }
        let mut total = 0;
        for start in &mut starts {
            total += std::mem::replace(start, total);
        }
        let (mut bands, mut firsts) = (vec![0; total as usize], vec![0; total as usize]);
        for (band, members) in groups.iter().enumerate() {
            for member in memory::watched(members.iter(), LOOKED_AT) {
                let place = &mut starts[member.class as usize];
                (bands[*place as usize], firsts[*place as usize]) = (band as u8, member.first);
                *place += 1;
            }
        }
        // each start has moved to where the next one was
        starts.rotate_right(1);
        starts[0] = 0;
        Memberships { starts, bands, buckets: firsts, ..Memberships::default() }
    }

    /// The memberships that a class has since classes were grouped.
    fn grouped(&self, class: u32) -> std::ops::Range<usize> {
        match self.starts.get(class as usize..).and_then(|starts| starts.first_chunk()) {
            Some(&[start, end]) => start as usize..end as usize,
            None => 0..0,
        }
    }

    /// The memberships that came later.
    fn gained(&self, class: u32) -> impl Iterator<Item = &Gained> {
        let newest = self.since.get(class as usize).map_or(NONE, |since| since.gained);
        std::iter::successors(self.gained.get(newest as usize), |gained| self.gained.get(gained.next as usize))
    }

    /// What is left of a class, after one cut or another, the newest first.
    fn heirs(&self, class: u32) -> impl Iterator<Item = u32> {
        let some = |heir: u32| Some(heir).filter(|&heir| heir != NONE);
        let newest = self.since.get(class as usize).and_then(|since| some(since.heir));
        std::iter::successors(newest, move |&heir| some(self.since[heir as usize].elder))
    }

    fn of(&self, class: u32) -> impl Iterator<Item = u32> {
        self.buckets[self.grouped(class)].iter().copied().chain(self.gained(class).map(|gained| gained.bucket))
    }

    /// The bucket of a class in one band, if it shares that.
    fn in_band(&self, class: u32, band: u8) -> Option<u32> {
        let grouped = self.grouped(class);
        match self.bands[grouped.clone()].binary_search(&band) {
            Ok(place) => Some(self.buckets[grouped.start + place]),
            Err(_) => self.gained(class).find(|gained| gained.band == band).map(|gained| gained.bucket),
        }
    }

    fn gain(&mut self, class: u32, band: u8, bucket: u32) {
        let number = self.gained.len() as u32;
        let next = std::mem::replace(&mut self.since(class).gained, number);
        self.gained.push(Gained { bucket, band, next });
    }

    fn inherit(&mut self, class: u32, original: u32) {
        let elder = std::mem::replace(&mut self.since(original).heir, class);
        self.since(class).elder = elder;
    }

    /// What a class has come to.
    fn since(&mut self, class: u32) -> &mut Since {
        if self.since.len() <= class as usize {
            self.since.resize(class as usize + 1, Since { gained: NONE, heir: NONE, elder: NONE });
        }
        &mut self.since[class as usize]
    }
}

impl Keepers {
    /// A new bucket.
    fn open(&mut self, first: u32) -> u32 {
        self.buckets.push(Bucket { newest: NONE, first });
        self.buckets.len() as u32 - 1
    }

    /// The classes in a bucket, the newest first; they are told apart by their entries.
    fn of(&self, bucket: u32) -> impl Iterator<Item = Met> {
        let Bucket { newest: mut at, first } = self.buckets[bucket as usize];
        std::iter::from_fn(move || {
            let &Entry { class: keeper, next, .. } = self.entries.get(at as usize)?;
            let at = std::mem::replace(&mut at, next);
            Some(Met { keeper, at, is_first: keeper == first })
        })
    }

    /// The classes in the buckets of a class, bucket after bucket.
    fn met_by(&self, class: u32, memberships: &Memberships) -> impl Iterator<Item = Met> {
        let of = |bucket: u32| {
            memory::looked_at();
            self.of(bucket)
        };
        let grouped = memberships.buckets[memberships.grouped(class)].iter().flat_map(move |&bucket| of(bucket));
        let gained = memberships.gained(class).flat_map(move |gained| of(gained.bucket));
        // the first one of a bucket that it came to later has nothing to do with it
        grouped.chain(gained.map(|met| Met { is_first: false, ..met }))
    }

    /// Adds a class to a bucket, unless that is full.
    fn enter(&mut self, bucket: u32, class: u32) {
        memory::looked_at();
        let newest = &mut self.buckets[bucket as usize].newest;
        let depth = self.entries.get(*newest as usize).map_or(1, |entry| entry.depth + 1);
        if depth <= KEEPERS {
            self.entries.push(Entry { class, next: *newest, depth });
            *newest = self.entries.len() as u32 - 1;
        }
    }

    /// Takes a class out of a bucket, if it stands there.
    fn leave(&mut self, bucket: u32, class: u32) {
        let Some(Met { at: number, .. }) = self.of(bucket).find(|met| met.keeper == class) else { return };
        let next = self.entries[number as usize].next;
        let mut at = self.buckets[bucket as usize].newest;
        if at == number {
            self.buckets[bucket as usize].newest = next;
        }
        while at != number {
            let above = &mut self.entries[at as usize];
            above.depth -= 1;
            at = above.next;
            if at == number {
                above.next = next;
            }
        }
    }

    /// Lets go of the last entries of a class, which stands in no bucket any more.
    fn forget_last(&mut self, class: u32) {
        while self.entries.last().is_some_and(|entry| entry.class == class) {
            self.entries.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const BANDS: usize = 3;

    /// The buckets by their definition: the hashes of all classes, what each is left of, and which are kept.
    struct Model {
        hashes: Vec<Vec<u32>>,
        originals: Vec<u32>,
        kept: Vec<u32>,
    }

    impl Model {
        fn new(hashes: Vec<Vec<u32>>) -> Model {
            Model { originals: (0..hashes.len() as u32).collect(), hashes, kept: Vec::new() }
        }

        /// The classes with a hash.
        fn with(&self, band: usize, hash: u32) -> Vec<u32> {
            (0..self.hashes.len() as u32).filter(|&class| self.hashes[class as usize][band] == hash).collect()
        }

        fn groups(&self) -> Vec<Vec<Member>> {
            let member = |class: usize, band: usize| {
                let with = self.with(band, self.hashes[class][band]);
                (with.len() > 1).then_some(Member { class: class as u32, first: with[0] })
            };
            let classes = 0..self.hashes.len();
            (0..BANDS).map(|band| classes.clone().filter_map(|class| member(class, band)).collect()).collect()
        }

        /// The first classes with the hashes of a grouped class that others have too.
        fn firsts(&self, class: u32, grouped: u32) -> BTreeSet<u32> {
            let with = |band: usize| self.with(band, self.hashes[class as usize][band]);
            let shared = (0..BANDS)
                .map(with)
                .map(|with| with.into_iter().filter(|&class| class < grouped).collect::<Vec<u32>>());
            shared.filter(|with| with.len() > 1).map(|with| with[0]).collect()
        }

        /// The kept classes that share a band with another one, or what they are left of.
        fn met(&self, class: u32) -> Vec<u32> {
            let of = |class: u32| (&self.hashes[class as usize], self.originals[class as usize]);
            let ((hashes, original), mut met) = (of(class), self.kept.clone());
            met.retain(|&other| of(other).1 == original || of(other).0.iter().zip(hashes).any(|(a, b)| a == b));
            met.sort_unstable();
            met
        }

        /// Adds what is left of a grouped class; the same to the buckets.
        fn add(&mut self, buckets: &mut Buckets, original: Option<u32>, hashes: Vec<u32>) {
            let class = self.hashes.len() as u32;
            let is_kept = |class: u32| self.kept.contains(&class);
            let inherits =
                |&band: &usize| original.is_some_and(|original| self.hashes[original as usize][band] == hashes[band]);
            if let Some(original) = original {
                let inherited: Vec<usize> = (0..BANDS).filter(inherits).collect();
                buckets.inherit(class, original, &inherited, is_kept);
            }
            for band in (0..BANDS).filter(|band| !inherits(band)) {
                let hash = hashes[band];
                let has_it = |heir: u32| self.hashes[heir as usize][band] == hash;
                if let Some(&first) = self.with(band, hash).first() {
                    buckets.join(class, band, first, has_it, is_kept);
                }
            }
            self.hashes.push(hashes);
            self.originals.push(original.unwrap_or(class));
        }
    }

    fn hashes(most: u32) -> impl Strategy<Value = Vec<u32>> {
        proptest::collection::vec(0..most, BANDS)
    }

    proptest! {
        #[test]
        fn a_class_meets_whom_it_shares_a_band_with(
            grouped in proptest::collection::vec(hashes(8), 1..12),
            steps in proptest::collection::vec((0u8..5, any::<proptest::sample::Index>(), hashes(12)), 0..60),
        ) {
            let mut model = Model::new(grouped);
            let grouped = model.hashes.len();
            let mut buckets = Buckets::new(grouped, model.groups());
            for class in 0..grouped as u32 {
                let firsts: BTreeSet<u32> = buckets.firsts(class).collect();
                prop_assert_eq!(firsts, model.firsts(class, grouped as u32));
            }
            for (step, index, hashes) in steps {
                let class = index.index(model.hashes.len()) as u32;
                match step {
                    0 if model.kept.contains(&class) => {}
                    0 => {
                        buckets.insert(class);
                        model.kept.push(class);
                    }
                    1 => {
                        if let Some(class) = model.kept.pop() {
                            buckets.remove_last(class);
                        }
                    }
                    2 => model.add(&mut buckets, None, hashes),
                    3 => {
                        let original = index.index(grouped);
                        // of another class in one band, and else as it was
                        let mut left = model.hashes[original].clone();
                        left[hashes[0] as usize % BANDS] = hashes[1];
                        model.add(&mut buckets, Some(original as u32), left);
                    }
                    _ => {
                        // whether it meets itself does not count: it may be in no bucket at all
                        let met: Vec<Met> = buckets.meet(class).iter().copied().filter(|met| met.keeper != class).collect();
                        let expected = model.met(class).into_iter().filter(|&keeper| keeper != class);
                        prop_assert!(met.iter().map(|met| met.keeper).eq(expected));
                        let is_grouped = (class as usize) < grouped;
                        let firsts = if is_grouped { model.firsts(class, grouped as u32) } else { BTreeSet::new() };
                        prop_assert!(met.iter().all(|met| met.is_first == firsts.contains(&met.keeper)));
                    }
                }
            }
        }
    }

    #[test]
    fn a_bucket_holds_the_first_keepers() {
        let members: Vec<Member> = (0..100).map(|class| Member { class, first: 0 }).collect();
        let mut buckets = Buckets::new(100, vec![members]);
        assert!(buckets.firsts(50).eq([0]));
        (0..100).for_each(|class| buckets.insert(class));
        assert!(buckets.meet(50).iter().map(|met| (met.keeper, met.is_first)).eq((0..KEEPERS).map(|i| (i, i == 0))));
        (0..100).rev().for_each(|class| buckets.remove_last(class));
        assert!(buckets.meet(50).is_empty() && buckets.keepers.entries.is_empty());
    }
}
