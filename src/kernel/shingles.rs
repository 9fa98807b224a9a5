//! Token hashes → a 64-bit hash of each run of them.
//!
//! A shingle is the xor of its token hashes, each rotated by its place in the run, and then mixed: no joined strings, no
//! serial dependency, and so the loop vectorises. Measured on 18 million shingles: no 64-bit collision (`algorithms.md` §1).
#![allow(unsafe_code)] // to call a function compiled for a CPU feature that was found at run time

/// The longest run.
pub(crate) const MAX_SHINGLE: usize = 32;

/// The shingle of each run of `n` tokens, 1 to [`MAX_SHINGLE`], in order, appended to `out`.
pub(crate) fn shingles(n: usize, tokens: &[u64], out: &mut Vec<u64>) {
    match n {
        3 => of::<3>(tokens, out),
        4 => of::<4>(tokens, out),
        5 => of::<5>(tokens, out),
        n => out.extend(tokens.windows(n).map(combine)),
    }
}

/// As [`shingles`] with `n` known when compiling, so that the loop unrolls and vectorises.
fn of<const N: usize>(tokens: &[u64], out: &mut Vec<u64>) {
    let Some(count) = (tokens.len() + 1).checked_sub(N) else { return };
    let before = out.len();
    out.resize(before + count, 0);
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
            // SAFETY: the CPU has all that the callee requires
            return unsafe { fill_avx512::<N>(tokens, &mut out[before..]) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, the only requirement of the callee
            return unsafe { fill_avx2::<N>(tokens, &mut out[before..]) };
        }
    }
    fill::<N>(tokens, &mut out[before..]);
}

/// This CPU multiplies numbers of 64 bits, and rotates them, by one instruction.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq")]
fn fill_avx512<const N: usize>(tokens: &[u64], out: &mut [u64]) {
    fill::<N>(tokens, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn fill_avx2<const N: usize>(tokens: &[u64], out: &mut [u64]) {
    fill::<N>(tokens, out);
}

#[inline(always)]
fn fill<const N: usize>(tokens: &[u64], out: &mut [u64]) {
    let places: [&[u64]; N] = std::array::from_fn(|i| &tokens[i..][..out.len()]);
    for (at, shingle) in out.iter_mut().enumerate() {
        *shingle = mix((0..N).fold(0, |all, i| all ^ places[i][at].rotate_left(11 * i as u32)));
    }
}

fn combine(run: &[u64]) -> u64 {
    mix(run.iter().zip(0..).fold(0, |all, (token, i)| all ^ token.rotate_left(11 * i)))
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

#[cfg(test)]
mod tests {
    use super::*;

    type Fill = fn(&[u64], &mut [u64]);

    /// Every version of the loop that this CPU can run.
    fn versions<const N: usize>() -> Vec<Fill> {
        let mut versions: Vec<Fill> = vec![fill::<N>];
        #[cfg(target_arch = "x86_64")]
        {
            // SAFETY: each is listed only if the CPU has what it needs
            if is_x86_feature_detected!("avx2") {
                versions.push(|tokens, out| unsafe { fill_avx2::<N>(tokens, out) });
            }
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq") {
                versions.push(|tokens, out| unsafe { fill_avx512::<N>(tokens, out) });
            }
        }
        versions
    }

    #[test]
    fn every_loop_equals_the_plain_one() {
        for len in [0usize, 1, 2, 3, 4, 5, 6, 7, 8, 9, 30, 1001] {
            let tokens: Vec<u64> = (1..=len as u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
            for n in 1..=7 {
                let plain: Vec<u64> = tokens.windows(n).map(combine).collect();
                let mut fast = vec![1, 2];
                shingles(n, &tokens, &mut fast);
                assert_eq!(fast[2..], plain, "{len} tokens, {n} in a shingle");
                let versions = match n {
                    _ if plain.is_empty() => continue,
                    3 => versions::<3>(),
                    4 => versions::<4>(),
                    5 => versions::<5>(),
                    _ => continue,
                };
                for fill in versions {
                    let mut filled = vec![0; plain.len()];
                    fill(&tokens, &mut filled);
                    assert_eq!(filled, plain);
                }
            }
        }
    }
}
