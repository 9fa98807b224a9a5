//! The inner loop of MinHash.
//!
//! One body in plain Rust, compiled for the baseline, for AVX2 and for AVX-512; the best one that the CPU has is taken at
//! run time, and a test holds all of them against the baseline. Measured before building (`algorithms.md` §2): 24 ns per
//! shingle with SSE2, 2.6 with AVX2 and AVX-512. Tried there and refused: intrinsics (no faster), one-permutation hashing
//! (20–1,000 times dearer on short sets), shifting a single hash (loses recall on short sets).
#![allow(unsafe_code)] // to call a function compiled for a CPU feature that was found at run time

/// Multipliers in a block: minima, maxima and multipliers of a block stay in registers.
const BLOCK: usize = 32;

/// Number of multipliers; each gives a minimum and a maximum.
pub(crate) const MULTIPLIERS: usize = 64;

/// The extreme values under each multiplier.
pub(crate) struct Extremes {
    pub(crate) min: [u32; MULTIPLIERS],
    pub(crate) max: [u32; MULTIPLIERS],
}

/// For each multiplier `a`: the least and the greatest of `x · a mod 2³²` over `x`, the upper halves of `shingles`.
pub(crate) fn min_max(shingles: &[u64], multipliers: &[u32; MULTIPLIERS]) -> Extremes {
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            // SAFETY: the CPU has AVX-512F, the only requirement of the callee.
            return unsafe { min_max_avx512(shingles, multipliers) };
        }
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, the only requirement of the callee.
            return unsafe { min_max_avx2(shingles, multipliers) };
        }
    }
    min_max_body(shingles, multipliers)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn min_max_avx512(shingles: &[u64], multipliers: &[u32; MULTIPLIERS]) -> Extremes {
    min_max_body(shingles, multipliers)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn min_max_avx2(shingles: &[u64], multipliers: &[u32; MULTIPLIERS]) -> Extremes {
    min_max_body(shingles, multipliers)
}

#[inline(always)]
fn min_max_body(shingles: &[u64], multipliers: &[u32; MULTIPLIERS]) -> Extremes {
    let mut extremes = Extremes { min: [u32::MAX; MULTIPLIERS], max: [0; MULTIPLIERS] };
    for block in (0..MULTIPLIERS).step_by(BLOCK) {
        let factors: &[u32; BLOCK] = multipliers[block..][..BLOCK].try_into().expect("a block of multipliers");
        let mut min = [u32::MAX; BLOCK];
        let mut max = [0; BLOCK];
        for &shingle in shingles {
            let x = (shingle >> 32) as u32;
            for i in 0..BLOCK {
                let value = x.wrapping_mul(factors[i]);
                min[i] = min[i].min(value);
                max[i] = max[i].max(value);
            }
        }
        extremes.min[block..][..BLOCK].copy_from_slice(&min);
        extremes.max[block..][..BLOCK].copy_from_slice(&max);
    }
    extremes
}

#[cfg(test)]
mod tests {
    use super::*;

    type Kernel = fn(&[u64], &[u32; MULTIPLIERS]) -> Extremes;

    fn kernels() -> Vec<(&'static str, Kernel)> {
        let mut kernels: Vec<(&'static str, Kernel)> = vec![("dispatched", min_max)];
        #[cfg(target_arch = "x86_64")]
        {
            // SAFETY: each is listed only if the CPU has what it needs.
            if is_x86_feature_detected!("avx2") {
                kernels.push(("avx2", |s, m| unsafe { min_max_avx2(s, m) }));
            }
            if is_x86_feature_detected!("avx512f") {
                kernels.push(("avx512", |s, m| unsafe { min_max_avx512(s, m) }));
            }
        }
        kernels
    }

    #[test]
    fn every_kernel_equals_the_plain_loop() {
        let multipliers = std::array::from_fn(|i| (i as u32).wrapping_mul(0x9e37_79b9) | 1);
        for len in [0usize, 1, 2, 7, 33, 500] {
            let shingles: Vec<u64> = (0..len as u64).map(|i| (i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15)).collect();
            let plain = min_max_body(&shingles, &multipliers);
            for (name, kernel) in kernels() {
                let fast = kernel(&shingles, &multipliers);
                assert!(fast.min == plain.min && fast.max == plain.max, "{name}, {len} shingles");
            }
        }
    }
}
