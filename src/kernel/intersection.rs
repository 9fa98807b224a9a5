//! How many numbers two ascending lists have in common: the inner loop of verification.
//!
//! The plain loop goes on by a number or two at a time, without a branch on which. With AVX-512 eight numbers are compared with
//! eight (Schlegel, Willhalm, Lehner, *Fast Sorted-Set Intersection using SIMD Instructions*, 2011).
#![allow(unsafe_code)] // to call a function compiled for a CPU feature that was found at run time

/// How many numbers stand in both lists. Each is ascending and holds none twice.
pub(crate) fn intersection(a: &[u64], b: &[u64]) -> usize {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("popcnt") {
        // SAFETY: the CPU has all that the callee requires
        return unsafe { avx512(a, b) };
    }
    plain(a, b)
}

fn plain(a: &[u64], b: &[u64]) -> usize {
    let (mut i, mut j, mut common) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        let (x, y) = (a[i], b[j]);
        common += usize::from(x == y);
        i += usize::from(x <= y);
        j += usize::from(y <= x);
    }
    common
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,popcnt")]
fn avx512(a: &[u64], b: &[u64]) -> usize {
    use std::arch::x86_64::{_mm512_cmpeq_epi64_mask, _mm512_loadu_si512, _mm512_set1_epi64};
    const LANES: usize = 8;
    let (mut i, mut j, mut common) = (0, 0, 0);
    while let (Some(left), Some(right)) = (a[i..].first_chunk::<LANES>(), b[j..].first_chunk::<LANES>()) {
        // SAFETY: eight numbers are loaded, and the load asks for no alignment
        let numbers = unsafe { _mm512_loadu_si512(left.as_ptr().cast()) };
        let mut equal = 0;
        for &number in right {
            equal |= _mm512_cmpeq_epi64_mask(numbers, _mm512_set1_epi64(number.cast_signed()));
        }
        common += equal.count_ones() as usize;
        let (x, y) = (left[LANES - 1], right[LANES - 1]);
        i += if x <= y { LANES } else { 0 };
        j += if y <= x { LANES } else { 0 };
    }
    common + plain(&a[i..], &b[j..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn both_loops_count_what_stands_in_both(
            a in proptest::collection::btree_set(0u64..400, 0..200), b in proptest::collection::btree_set(0u64..400, 0..200), high: bool,
        ) {
            let spread = |set: &BTreeSet<u64>| -> Vec<u64> { set.iter().map(|n| if high { n << 55 } else { *n }).collect() };
            let (left, right) = (spread(&a), spread(&b));
            prop_assert_eq!(intersection(&left, &right), a.intersection(&b).count());
            prop_assert_eq!(plain(&left, &right), a.intersection(&b).count());
        }
    }
}
