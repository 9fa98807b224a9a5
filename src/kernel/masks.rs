//! 64 bytes → 64 bits.
//!
//! Tried and refused: leaving the masks to the compiler (it tests byte after byte).
#![allow(unsafe_code)] // loads of 16 and 32 bytes from arrays of 64

#[cfg(target_arch = "x86_64")]
use std::arch::x86_64::*;

/// Masks of 64 bytes, bit `i` for byte `i`.
pub(super) trait Masks {
    /// Which bytes are not 0.
    fn nonzero(block: &[u8; 64]) -> u64;
    /// Which bytes are 128 and more.
    fn high(block: &[u8; 64]) -> u64;
}

/// Eight bytes at a time in a plain number: for every CPU.
#[cfg(any(test, not(target_arch = "x86_64")))]
pub(super) struct Plain;

#[cfg(any(test, not(target_arch = "x86_64")))]
impl Plain {
    /// The top bits of the eight bytes of each number.
    #[inline(always)]
    fn gather(block: &[u8; 64], top_bits: impl Fn(u64) -> u64) -> u64 {
        let (eights, _) = block.as_chunks::<8>();
        eights.iter().rev().fold(0, |mask, eight| {
            let bits = (top_bits(u64::from_le_bytes(*eight)) & HIGHS) >> 7;
            // moves the bit of byte i to bit 56 + i; no two products meet in one bit
            mask << 8 | bits.wrapping_mul(0x0102_0408_1020_4080) >> 56
        })
    }
}

#[cfg(any(test, not(target_arch = "x86_64")))]
const HIGHS: u64 = u64::from_ne_bytes([0x80; 8]);

#[cfg(any(test, not(target_arch = "x86_64")))]
impl Masks for Plain {
    #[inline(always)]
    fn nonzero(block: &[u8; 64]) -> u64 {
        Plain::gather(block, |x| ((x & !HIGHS) + !HIGHS) | x)
    }

    #[inline(always)]
    fn high(block: &[u8; 64]) -> u64 {
        Plain::gather(block, |x| x)
    }
}

/// 16 bytes at a time: what every x86-64 has.
#[cfg(target_arch = "x86_64")]
pub(super) struct Sse2;

#[cfg(target_arch = "x86_64")]
impl Masks for Sse2 {
    #[inline(always)]
    fn nonzero(block: &[u8; 64]) -> u64 {
        !sixteens(block, |x| {
            // SAFETY: SSE2 belongs to x86-64
            unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_setzero_si128())) }
        })
    }

    #[inline(always)]
    fn high(block: &[u8; 64]) -> u64 {
        // SAFETY: SSE2 belongs to x86-64
        sixteens(block, |x| unsafe { _mm_movemask_epi8(x) })
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn sixteens(block: &[u8; 64], mask: impl Fn(__m128i) -> i32) -> u64 {
    let (parts, _) = block.as_chunks::<16>();
    parts.iter().rev().fold(0, |all, part| {
        // SAFETY: a part has 16 bytes, and the load asks for no alignment; SSE2 belongs to x86-64
        let x = unsafe { _mm_loadu_si128(part.as_ptr().cast()) };
        all << 16 | u64::from(mask(x) as u32 & 0xffff)
    })
}

/// 32 bytes at a time. Only for functions that are compiled for AVX2.
#[cfg(target_arch = "x86_64")]
pub(super) struct Avx2;

#[cfg(target_arch = "x86_64")]
impl Masks for Avx2 {
    #[inline(always)]
    fn nonzero(block: &[u8; 64]) -> u64 {
        // SAFETY: the callers have AVX2; the loads stay inside the block and ask for no alignment
        unsafe {
            let zero = _mm256_setzero_si256();
            let low = _mm256_cmpeq_epi8(_mm256_loadu_si256(block.as_ptr().cast()), zero);
            let high = _mm256_cmpeq_epi8(_mm256_loadu_si256(block.as_ptr().add(32).cast()), zero);
            !(u64::from(_mm256_movemask_epi8(high) as u32) << 32 | u64::from(_mm256_movemask_epi8(low) as u32))
        }
    }

    #[inline(always)]
    fn high(block: &[u8; 64]) -> u64 {
        // SAFETY: the callers have AVX2; the loads stay inside the block and ask for no alignment
        unsafe {
            let low = _mm256_movemask_epi8(_mm256_loadu_si256(block.as_ptr().cast()));
            let high = _mm256_movemask_epi8(_mm256_loadu_si256(block.as_ptr().add(32).cast()));
            u64::from(high as u32) << 32 | u64::from(low as u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn avx2(block: &[u8; 64]) -> (u64, u64) {
        (Avx2::nonzero(block), Avx2::high(block))
    }

    fn check(block: &[u8; 64]) {
        let mask = |test: fn(u8) -> bool| (0..64).fold(0, |mask, i| mask | u64::from(test(block[i])) << i);
        let expected = (mask(|b| b != 0), mask(|b| b >= 128));
        assert_eq!((Plain::nonzero(block), Plain::high(block)), expected);
        #[cfg(target_arch = "x86_64")]
        {
            assert_eq!((Sse2::nonzero(block), Sse2::high(block)), expected);
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the CPU has AVX2
                assert_eq!(unsafe { avx2(block) }, expected);
            }
        }
    }

    #[test]
    fn every_byte_at_every_place() {
        for at in 0..64 {
            for byte in 0..=255 {
                let mut block = [0; 64];
                block[at] = byte;
                check(&block);
                check(&block.map(|b| !b));
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(prop_oneof![Just(0u8), Just(0x7f), Just(0x80), any::<u8>()], 64)) {
            check(bytes.as_slice().try_into().unwrap());
        }
    }
}
