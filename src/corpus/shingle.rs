//! Token hashes → shingles: a 64-bit hash of each run of `n` consecutive tokens.
//!
//! A shingle is the xor of its token hashes, each rotated by its place in the run, and then mixed: no joined strings, no
//! serial dependency. Measured on 18 million shingles: no 64-bit collision (`algorithms.md` §1).

/// Makes shingles of `n` tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shingler {
    n: usize,
}

impl Shingler {
    /// Shingles of `n` tokens; `n` is at least 1 and at most 32.
    pub fn new(n: usize) -> Shingler {
        assert!((1..=32).contains(&n), "a shingle has 1 to 32 tokens");
        Shingler { n }
    }

    /// Tokens in a shingle.
    pub fn n(self) -> usize {
        self.n
    }

    /// The shingles of a text with these token hashes, in order and with repeats, appended to `out`: `len - n + 1` of
    /// them, none if there are fewer than `n` tokens.
    pub fn shingles(self, tokens: &[u64], out: &mut Vec<u64>) {
        match self.n {
            3 => append::<3>(tokens, out),
            4 => append::<4>(tokens, out),
            5 => append::<5>(tokens, out),
            n => out.extend(tokens.windows(n).map(combine)),
        }
    }
}

/// As [`Shingler::shingles`] with `n` known when compiling, so that the loop unrolls and vectorises.
fn append<const N: usize>(tokens: &[u64], out: &mut Vec<u64>) {
    out.extend(tokens.windows(N).map(|window| {
        let window: &[u64; N] = window.try_into().expect("windows(N) gives N tokens");
        combine(window)
    }));
}

#[inline(always)]
fn combine(window: &[u64]) -> u64 {
    let mut mixed = 0;
    for (i, &token) in window.iter().enumerate() {
        mixed ^= token.rotate_left(11 * i as u32);
    }
    mix(mixed)
}

/// xorshift-multiply finaliser: every input bit reaches the upper half, which MinHash uses.
#[inline(always)]
fn mix(mut x: u64) -> u64 {
    x ^= x >> 32;
    x = x.wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^= x >> 32;
    x = x.wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^ (x >> 32)
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

    #[test]
    fn unrolled_equals_plain() {
        let tokens: Vec<u64> = (1..50u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
        for n in [3, 4, 5] {
            let mut fast = Vec::new();
            Shingler::new(n).shingles(&tokens, &mut fast);
            let plain: Vec<u64> = tokens.windows(n).map(combine).collect();
            assert_eq!(fast, plain);
        }
    }
}
