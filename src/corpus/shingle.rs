//! Token hashes → shingles: a 64-bit hash of each run of `n` consecutive tokens, made by [`crate::kernel`].

use crate::kernel::{self, MAX_SHINGLE};

/// Makes shingles of `n` tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shingler {
    n: usize,
}

impl Shingler {
    /// Shingles of `n` tokens; `n` is at least 1 and at most 32.
    pub fn new(n: usize) -> Shingler {
        assert!((1..=MAX_SHINGLE).contains(&n), "a shingle has 1 to 32 tokens");
        Shingler { n }
    }

    /// Tokens in a shingle.
    pub fn n(self) -> usize {
        self.n
    }

    /// The shingles of a text with these token hashes, in order and with repeats, appended to `out`: `len - n + 1` of
    /// them, none if there are fewer than `n` tokens.
    pub fn shingles(self, tokens: &[u64], out: &mut Vec<u64>) {
        kernel::shingles(self.n, tokens, out);
    }
}

/// The set of shingles: ascending, each once.
pub fn shingle_set(tokens: &[u64], shingler: Shingler) -> Vec<u64> {
    let mut set = Vec::with_capacity(tokens.len());
    shingler.shingles(tokens, &mut set);
    set.sort_unstable();
    set.dedup();
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn order_matters_and_length_is_right() {
        let make = |tokens: &[u64], n| {
            let mut out = Vec::new();
            Shingler::new(n).shingles(tokens, &mut out);
            out
        };
        assert_eq!(make(&[1, 2, 3, 4], 3).len(), 2);
        assert!(make(&[1, 2], 3).is_empty());
        assert_ne!(make(&[1, 2, 3], 3), make(&[3, 2, 1], 3));
        assert_ne!(make(&[7, 7, 7], 3), make(&[8, 8, 8], 3));
    }
}
