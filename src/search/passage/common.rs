//! How far two texts agree, forwards and backwards from a place in each.

use super::symbol::Symbol;

/// Symbols that `a` and `b` have in common at their starts.
#[inline]
pub(super) fn ahead<S: Symbol>(a: &[S], b: &[S]) -> usize {
    let len = a.len().min(b.len());
    bytes_ahead(bytemuck::cast_slice(&a[..len]), bytemuck::cast_slice(&b[..len])) / size_of::<S>()
}

/// Symbols that `a` and `b` have in common at their ends.
#[inline]
pub(super) fn behind<S: Symbol>(a: &[S], b: &[S]) -> usize {
    let len = a.len().min(b.len());
    let (a, b) = (&a[a.len() - len..], &b[b.len() - len..]);
    bytes_behind(bytemuck::cast_slice(a), bytemuck::cast_slice(b)) / size_of::<S>()
}

/// Bytes compared at once where texts agree for long.
const STRIDE: usize = 64;

/// Bytes compared at once near the first difference.
const WORD: usize = size_of::<u64>();

/// Whether two strides are equal: a few vector comparisons, and no call.
#[inline(always)]
fn are_equal(a: &[u8; STRIDE], b: &[u8; STRIDE]) -> bool {
    a.iter().zip(b).fold(0, |differing, (x, y)| differing | (x ^ y)) == 0
}

fn bytes_ahead(a: &[u8], b: &[u8]) -> usize {
    let strides = a.as_chunks().0.iter().zip(b.as_chunks().0);
    let mut same = strides.take_while(|(x, y)| are_equal(x, y)).count() * STRIDE;
    while let (Some(x), Some(y)) = (a[same..].first_chunk::<WORD>(), b[same..].first_chunk::<WORD>()) {
        let differing = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if differing != 0 {
            return same + differing.trailing_zeros() as usize / 8;
        }
        same += WORD;
    }
    same + a[same..].iter().zip(&b[same..]).take_while(|(x, y)| x == y).count()
}

/// As [`bytes_ahead`], of two slices of one length.
fn bytes_behind(a: &[u8], b: &[u8]) -> usize {
    let strides = a.as_rchunks().1.iter().rev().zip(b.as_rchunks().1.iter().rev());
    let mut left = a.len() - strides.take_while(|(x, y)| are_equal(x, y)).count() * STRIDE;
    while let (Some(x), Some(y)) = (a[..left].last_chunk::<WORD>(), b[..left].last_chunk::<WORD>()) {
        let differing = u64::from_le_bytes(*x) ^ u64::from_le_bytes(*y);
        if differing != 0 {
            return a.len() - left + differing.leading_zeros() as usize / 8;
        }
        left -= WORD;
    }
    let rest = a[..left].iter().rev().zip(b[..left].iter().rev());
    a.len() - left + rest.take_while(|(x, y)| x == y).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_the_definition(a in proptest::collection::vec(0u8..2, 0..300), same in 0usize..300, b in proptest::collection::vec(0u8..2, 0..40)) {
            let mut other = a[..same.min(a.len())].to_vec();
            other.extend(&b);
            let expected = a.iter().zip(&other).take_while(|(x, y)| x == y).count();
            prop_assert_eq!(ahead(&a, &other), expected);
            let reversed = |text: &[u8]| text.iter().rev().copied().collect::<Vec<u8>>();
            prop_assert_eq!(behind(&reversed(&a), &reversed(&other)), expected);
            let wide = |text: &[u8]| text.iter().map(|&b| u64::from(b) << 40).collect::<Vec<u64>>();
            prop_assert_eq!(ahead(&wide(&a), &wide(&other)), expected);
            prop_assert_eq!(behind(&wide(&reversed(&a)), &wide(&reversed(&other))), expected);
        }
    }
}
