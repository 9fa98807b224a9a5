//! 64 bytes → 64 bits, and where those are that are set.
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

    /// Lists the bits that are set, counted from `base`, at the start of `places`; what stands behind them is overwritten. Eight
    /// are written for each byte, however many there are, so that there is no branch for each.
    #[inline(always)]
    fn list(bits: u64, base: u16, places: &mut [u16; 64]) {
        let mut count = 0;
        for i in 0..8 {
            let byte = (bits >> (8 * i)) as u8;
            let base = base + 8 * i;
            let eight: &mut [u16; 8] = places[count..].first_chunk_mut().expect("at most eight for each byte");
            // not `map`, which the compiler may put into a function of its own
            for (place, bit) in eight.iter_mut().zip(&BITS[usize::from(byte)]) {
                *place = bit + base;
            }
            count += byte.count_ones() as usize;
        }
    }
}

/// For each byte: where its bits are.
const BITS: [[u16; 8]; 256] = {
    let mut bits = [[0; 8]; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut bit, mut count) = (0, 0);
        while bit < 8 {
            if byte >> bit & 1 == 1 {
                bits[byte][count] = bit;
                count += 1;
            }
            bit += 1;
        }
        byte += 1;
    }
    bits
};

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

/// 64 bytes at a time. Only for functions that are compiled for what [`has_avx512`] asks for.
#[cfg(target_arch = "x86_64")]
pub(super) struct Avx512;

/// Whether the CPU has AVX2 and the instructions for single bits that came with it.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("bmi1")
        && is_x86_feature_detected!("bmi2")
        && is_x86_feature_detected!("popcnt")
}

/// Whether the CPU has AVX-512 for single bytes, and packs those that are wanted; and all that [`has_avx2`] asks for.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) fn has_avx512() -> bool {
    has_avx2()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vbmi2")
}

#[cfg(target_arch = "x86_64")]
impl Avx512 {
    #[inline(always)]
    fn load(block: &[u8; 64]) -> __m512i {
        // SAFETY: the callers have AVX-512; a block has as many bytes as are loaded, and the load asks for no alignment
        unsafe { _mm512_loadu_si512(block.as_ptr().cast()) }
    }
}

#[cfg(target_arch = "x86_64")]
impl Masks for Avx512 {
    #[inline(always)]
    fn nonzero(block: &[u8; 64]) -> u64 {
        let block = Avx512::load(block);
        // SAFETY: the callers have AVX-512 for bytes
        unsafe { _mm512_test_epi8_mask(block, block) }
    }

    #[inline(always)]
    fn high(block: &[u8; 64]) -> u64 {
        // SAFETY: the callers have AVX-512 for bytes
        unsafe { _mm512_movepi8_mask(Avx512::load(block)) }
    }

    #[inline(always)]
    fn equal(block: &[u8; 64], byte: u8) -> u64 {
        // SAFETY: the callers have AVX-512 for bytes
        unsafe { _mm512_cmpeq_epi8_mask(Avx512::load(block), _mm512_set1_epi8(byte.cast_signed())) }
    }

    #[inline(always)]
    fn escaped(block: &[u8; 64]) -> u64 {
        // SAFETY: the callers have AVX-512 for bytes
        let control = unsafe { _mm512_cmplt_epu8_mask(Avx512::load(block), _mm512_set1_epi8(0x20)) };
        control | Avx512::equal(block, b'"') | Avx512::equal(block, b'\\')
    }

    #[inline(always)]
    fn list(bits: u64, base: u16, places: &mut [u16; 64]) {
        const ALL: [u8; 64] = {
            let mut all = [0; 64];
            let mut place = 0;
            while place < 64 {
                all[place] = place as u8;
                place += 1;
            }
            all
        };
        // SAFETY: the callers have AVX-512 that packs bytes; 64 places have as many bytes as are stored
        unsafe {
            let packed = _mm512_maskz_compress_epi8(bits, Avx512::load(&ALL));
            let base = _mm512_set1_epi16(base.cast_signed());
            let low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(packed));
            let high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64::<1>(packed));
            let to: *mut u16 = places.as_mut_ptr();
            _mm512_storeu_si512(to.cast(), _mm512_add_epi16(low, base));
            _mm512_storeu_si512(to.add(32).cast(), _mm512_add_epi16(high, base));
        }
    }
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

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2")]
    fn avx512(block: &[u8; 64]) -> [u64; 4] {
        masks::<Avx512>(block)
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512vbmi2")]
    fn list_avx512(bits: u64, base: u16, places: &mut [u16; 64]) {
        Avx512::list(bits, base, places);
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
            if has_avx512() {
                // SAFETY: the CPU has what it needs
                assert_eq!(unsafe { avx512(block) }, expected);
            }
        }
    }

    /// Miri takes half a minute for as many as the square of this leaves.
    const STEP: usize = if cfg!(miri) { 21 } else { 1 };

    #[test]
    fn every_byte_at_every_place() {
        for at in (0..64).step_by(STEP) {
            for byte in (0..=255).step_by(STEP) {
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

        #[test]
        fn bits_are_listed_in_order(bits in prop_oneof![any::<u64>(), Just(0), Just(u64::MAX), (0u32..64).prop_map(|bit| 1 << bit)], base in 0u16..9000) {
            let expected: Vec<u16> = (0..64).filter(|bit| bits >> bit & 1 == 1).map(|bit| bit + base).collect();
            let mut places = [7; 64];
            Plain::list(bits, base, &mut places);
            prop_assert_eq!(&places[..expected.len()], &expected);
            #[cfg(target_arch = "x86_64")]
            if has_avx512() {
                places = [7; 64];
                // SAFETY: the CPU has what it needs
                unsafe { list_avx512(bits, base, &mut places) };
                prop_assert_eq!(&places[..expected.len()], &expected);
            }
        }
    }
}
