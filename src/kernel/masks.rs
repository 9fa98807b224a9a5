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
    /// Which bytes are this one.
    fn equal(block: &[u8; 64], byte: u8) -> u64;
    /// Which bytes may not stand for themselves in a JSON string.
    fn escaped(block: &[u8; 64]) -> u64;
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

    #[inline(always)]
    fn equal(block: &[u8; 64], byte: u8) -> u64 {
        !Plain::nonzero(&block.map(|b| b ^ byte))
    }

    #[inline(always)]
    fn escaped(block: &[u8; 64]) -> u64 {
        !Plain::nonzero(&block.map(|b| b & !0x1f)) | Plain::equal(block, b'"') | Plain::equal(block, b'\\')
    }
}

/// 16 bytes at a time: what every x86-64 has.
#[cfg(target_arch = "x86_64")]
pub(super) struct Sse2;

#[cfg(target_arch = "x86_64")]
impl Masks for Sse2 {
    #[inline(always)]
    fn nonzero(block: &[u8; 64]) -> u64 {
        !Sse2::equal(block, 0)
    }

    #[inline(always)]
    fn high(block: &[u8; 64]) -> u64 {
        // SAFETY: SSE2 belongs to x86-64
        sixteens(block, |x| unsafe { _mm_movemask_epi8(x) })
    }

    #[inline(always)]
    fn equal(block: &[u8; 64], byte: u8) -> u64 {
        // SAFETY: SSE2 belongs to x86-64
        sixteens(block, |x| unsafe { _mm_movemask_epi8(_mm_cmpeq_epi8(x, _mm_set1_epi8(byte.cast_signed()))) })
    }

    #[inline(always)]
    fn escaped(block: &[u8; 64]) -> u64 {
        sixteens(block, |x| {
            let is = |x, byte: u8| unsafe { _mm_cmpeq_epi8(x, _mm_set1_epi8(byte.cast_signed())) };
            // SAFETY: SSE2 belongs to x86-64
            unsafe {
                let control = _mm_cmpeq_epi8(_mm_min_epu8(x, _mm_set1_epi8(0x1f)), x);
                _mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(is(x, b'"'), is(x, b'\\'))))
            }
        })
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
        !Avx2::equal(block, 0)
    }

    #[inline(always)]
    fn high(block: &[u8; 64]) -> u64 {
        // SAFETY: the callers have AVX2
        halves(block, |x| unsafe { _mm256_movemask_epi8(x) })
    }

    #[inline(always)]
    fn equal(block: &[u8; 64], byte: u8) -> u64 {
        // SAFETY: the callers have AVX2
        halves(block, |x| unsafe { _mm256_movemask_epi8(_mm256_cmpeq_epi8(x, _mm256_set1_epi8(byte.cast_signed()))) })
    }

    #[inline(always)]
    fn escaped(block: &[u8; 64]) -> u64 {
        // SAFETY: the callers have AVX2
        halves(block, |x| unsafe {
            let is = |byte: u8| _mm256_cmpeq_epi8(x, _mm256_set1_epi8(byte.cast_signed()));
            let control = _mm256_cmpeq_epi8(_mm256_min_epu8(x, _mm256_set1_epi8(0x1f)), x);
            _mm256_movemask_epi8(_mm256_or_si256(control, _mm256_or_si256(is(b'"'), is(b'\\'))))
        })
    }
}

/// For callers that have AVX2.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn halves(block: &[u8; 64], mask: impl Fn(__m256i) -> i32) -> u64 {
    // SAFETY: the callers have AVX2; the loads stay inside the block and ask for no alignment
    let (low, high) = unsafe {
        let half = |at: usize| _mm256_loadu_si256(block.as_ptr().add(at).cast());
        (mask(half(0)), mask(half(32)))
    };
    u64::from(high as u32) << 32 | u64::from(low as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// All masks of a block.
    #[inline(always)]
    fn masks<M: Masks>(block: &[u8; 64]) -> [u64; 4] {
        [M::nonzero(block), M::high(block), M::equal(block, 0x7f), M::escaped(block)]
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn avx2(block: &[u8; 64]) -> [u64; 4] {
        masks::<Avx2>(block)
    }

    fn check(block: &[u8; 64]) {
        let mask = |test: fn(u8) -> bool| (0..64).fold(0, |mask, i| mask | u64::from(test(block[i])) << i);
        let escaped = |b| b < 0x20 || b == b'"' || b == b'\\';
        let expected = [mask(|b| b != 0), mask(|b| b >= 128), mask(|b| b == 0x7f), mask(escaped)];
        assert_eq!(masks::<Plain>(block), expected);
        #[cfg(target_arch = "x86_64")]
        {
            assert_eq!(masks::<Sse2>(block), expected);
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
