//! Which classes are kept, and where.
//!
//! Most are kept where their first member stands, which the table knows: so a byte says it, and only the places of the others
//! are noted. A place each would take sixteen times as much memory, and be looked up in as many cache lines.

use rustc_hash::FxHashMap;

use crate::corpus::Place;
use crate::kernel;
use crate::memory;
use crate::sketch::Table;

/// A class of which nothing is kept.
const NOT: u8 = 0;

/// One that is kept where its first member stands.
const AT_FIRST: u8 = 1;

/// One that is kept elsewhere.
const ELSEWHERE: u8 = 2;

/// See above.
pub(super) struct Kept {
    states: Vec<u8>,
    elsewhere: FxHashMap<u32, Place>,
}

impl Kept {
    /// Of so many classes none is kept; there is room for some more that are added.
    pub(super) fn none_of(classes: usize, room: usize) -> Kept {
        let mut states = Vec::with_capacity(classes + room);
        states.resize(classes, NOT);
        Kept { states, elsewhere: FxHashMap::default() }
    }

    /// There are so many classes now, and the new ones are not kept.
    pub(super) fn grow_to(&mut self, classes: usize) {
        self.states.resize(classes, NOT);
    }

    /// Whether a class is kept.
    #[inline]
    pub(super) fn holds(&self, class: u32) -> bool {
        self.states[class as usize] != NOT
    }

    /// Where the kept member of a class stands, if one is kept.
    #[inline]
    pub(super) fn place_of(&self, class: u32, table: &Table) -> Option<Place> {
        match self.states[class as usize] {
            NOT => None,
            AT_FIRST => Some(table.first_place_of(class)),
            _ => self.elsewhere.get(&class).copied(),
        }
    }

    /// A class that was not kept is from now on.
    pub(super) fn insert(&mut self, class: u32, place: Place, table: &Table) {
        let is_first = table.first_place_of(class) == place;
        self.states[class as usize] = if is_first { AT_FIRST } else { ELSEWHERE };
        if !is_first {
            self.elsewhere.insert(class, place);
        }
    }

    /// A class is not kept any more.
    pub(super) fn remove(&mut self, class: u32) {
        if self.states[class as usize] == ELSEWHERE {
            self.elsewhere.remove(&class);
        }
        self.states[class as usize] = NOT;
    }

    /// Says that a class will soon be asked for.
    pub(super) fn prepare(&self, class: u32) {
        kernel::prefetch(&self.states, class as usize);
    }

    /// Says that these classes will be asked for, one after the other.
    pub(super) fn will_look_up(&self, classes: &[u32]) {
        memory::will_look_up(&self.states, classes.iter().map(|&class| class as usize));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Corpus, DocId, Segmenter, Shingler, Span, TokenOptions, Unit};
    use crate::resume::Parts;
    use crate::sketch::{SketchOptions, sketch};
    use proptest::prelude::*;
    use std::collections::HashMap;

    proptest! {
        #[test]
        fn what_is_kept_is_known_until_it_is_taken_out(
            steps in proptest::collection::vec((0..4_u32, 0..3_u32, any::<bool>()), 0..40),
        ) {
            let corpus = Corpus::from_texts(["one", "two", "three", "four"]);
            let options = SketchOptions { unit: Unit::Document, shingler: Shingler::new(1), min_tokens: 1, banding: None };
            let (tables, _) =
                sketch(&corpus, Segmenter::default(), TokenOptions::default(), &[options], Parts::none(), &()).unwrap();
            let (table, mut kept, mut expected) = (&tables[0], Kept::none_of(1, 3), HashMap::new());
            kept.grow_to(4);
            for (class, doc, comes) in steps {
                let place = if doc == class { table.first_place_of(class) } else { Place { doc: DocId(doc), span: Span::new(1, 2) } };
                if comes && !kept.holds(class) {
                    kept.insert(class, place, table);
                    expected.insert(class, place);
                } else if !comes {
                    kept.remove(class);
                    expected.remove(&class);
                }
                for class in 0..4 {
                    prop_assert_eq!(kept.place_of(class, table), expected.get(&class).copied());
                    prop_assert_eq!(kept.holds(class), expected.contains_key(&class));
                }
                prop_assert!(kept.elsewhere.len() <= expected.len());
            }
        }
    }
}
