//! Which of a few numbers are equal to another one, or to those of another list: a bit for each.
//!
//! A comparison of vectors and the signs of what it gives, which every x86-64 CPU has. The compiler makes a vector of the
//! comparisons too, but then takes the bits out of it one by one: some thirty instructions for seven numbers instead of eight.
#![allow(unsafe_code)] // instructions of a CPU feature

/// Numbers that are compared at once.
const LANES: usize = 4;

/// A bit for each of the numbers that is equal to `number`, from the lowest on. There are at most twice as many as are
/// compared at once, and at least as many.
#[inline(always)]
pub(crate) fn equal<const N: usize>(numbers: &[u32; N], number: u32) -> u32 {
    const { assert!(LANES <= N && N <= 2 * LANES, "two comparisons are enough") };
    // those in the middle are compared twice
    let first = numbers.first_chunk().map_or(0, |first| equal_lanes(*first, number));
    let last = numbers.last_chunk().map_or(0, |last| equal_lanes(*last, number));
    first | last << (N - LANES)
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn equal_lanes(numbers: [u32; LANES], number: u32) -> u32 {
    use std::arch::x86_64::{_mm_castsi128_ps, _mm_cmpeq_epi32, _mm_movemask_ps, _mm_set1_epi32};
    // SAFETY: SSE2 belongs to x86-64
    let signs = unsafe {
        let equal = _mm_cmpeq_epi32(bytemuck::cast(numbers), _mm_set1_epi32(number.cast_signed()));
        _mm_movemask_ps(_mm_castsi128_ps(equal))
    };
    signs.cast_unsigned()
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn equal_lanes(numbers: [u32; LANES], number: u32) -> u32 {
    numbers.iter().rev().fold(0, |bits, &other| bits << 1 | u32::from(other == number))
}

/// Bytes that are compared at once.
pub(crate) const COMPARED: usize = 64;

/// A bit for each place where two runs of bytes differ, from the lowest on.
#[inline(always)]
pub(crate) fn differing_bytes(a: &[u8; COMPARED], b: &[u8; COMPARED]) -> u64 {
    let pairs = a.as_chunks().0.iter().zip(b.as_chunks().0).enumerate();
    !pairs.fold(0, |bits, (part, (a, b))| bits | u64::from(equal_bytes(a, b)) << (16 * part))
}

/// A bit for each place where two runs of bytes are equal.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn equal_bytes(a: &[u8; 16], b: &[u8; 16]) -> u16 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_movemask_epi8};
    // SAFETY: SSE2 belongs to x86-64
    unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(bytemuck::cast(*a), bytemuck::cast(*b))) as u16 }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn equal_bytes(a: &[u8; 16], b: &[u8; 16]) -> u16 {
    a.iter().zip(b).rev().fold(0, |bits, (x, y)| bits << 1 | u16::from(x == y))
}

/// Numbers whose differences are put into one mask.
const MANY: usize = 64;

/// A bit for each place where two lists differ, from the lowest on.
#[inline(always)]
pub(crate) fn differing(a: &[u32; MANY], b: &[u32; MANY]) -> u64 {
    let pairs = a.as_chunks().0.iter().zip(b.as_chunks().0).enumerate();
    !pairs.fold(0, |bits, (part, (a, b))| bits | u64::from(equal_pairs(a, b)) << (16 * part))
}

/// A bit for each place where two lists are equal.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn equal_pairs(a: &[u32; 16], b: &[u32; 16]) -> u16 {
    use std::arch::x86_64::{__m128i, _mm_cmpeq_epi32, _mm_movemask_epi8, _mm_packs_epi16, _mm_packs_epi32};
    let (a, b): ([__m128i; 4], [__m128i; 4]) = (bytemuck::cast(*a), bytemuck::cast(*b));
    // SAFETY: SSE2 belongs to x86-64
    unsafe {
        let equal = |n: usize| _mm_cmpeq_epi32(a[n], b[n]);
        let (low, high) = (_mm_packs_epi32(equal(0), equal(1)), _mm_packs_epi32(equal(2), equal(3)));
        _mm_movemask_epi8(_mm_packs_epi16(low, high)) as u16
    }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn equal_pairs(a: &[u32; 16], b: &[u32; 16]) -> u16 {
    a.iter().zip(b).rev().fold(0, |bits, (a, b)| bits << 1 | u16::from(a == b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bit_for_each_that_is_equal() {
        fn holds<const N: usize>() {
            for bits in 0..1u32 << N {
                let numbers: [u32; N] = std::array::from_fn(|n| if bits >> n & 1 == 1 { u32::MAX } else { n as u32 });
                assert_eq!(equal(&numbers, u32::MAX), bits);
            }
        }
        holds::<4>();
        holds::<5>();
        holds::<7>();
        holds::<8>();
    }

    #[test]
    fn a_bit_for_each_that_differs() {
        let a: [u32; MANY] = std::array::from_fn(|n| n as u32);
        for step in 1..MANY {
            let b = std::array::from_fn(|n| if n % step == 1 { u32::MAX } else { n as u32 });
            let expected = (0..MANY).filter(|n| n % step == 1).fold(0, |bits, n| bits | 1 << n);
            assert_eq!(differing(&a, &b), expected);
            assert_eq!(differing_bytes(&a.map(|n| n as u8), &b.map(|n: u32| n as u8)), expected);
        }
    }
}
