//! How far two texts agree, forwards and backwards from a place in each.

use super::symbol::Symbol;
use crate::kernel;

/// Symbols that `a` and `b` have in common at their starts, `most` or fewer.
#[inline]
pub(super) fn ahead<S: Symbol>(a: &[S], b: &[S], most: usize) -> usize {
    let len = a.len().min(b.len());
    let (a, b) = (bytemuck::cast_slice(&a[..len]), bytemuck::cast_slice(&b[..len]));
    most.min(bytes_ahead(a, b, most.saturating_mul(size_of::<S>())) / size_of::<S>())
}

/// Symbols that `a` and `b` have in common at their ends, `most` or fewer.
#[inline]
pub(super) fn behind<S: Symbol>(a: &[S], b: &[S], most: usize) -> usize {
    let len = a.len().min(b.len());
    let (a, b) = (bytemuck::cast_slice(&a[a.len() - len..]), bytemuck::cast_slice(&b[b.len() - len..]));
    most.min(bytes_behind(a, b, most.saturating_mul(size_of::<S>())) / size_of::<S>())
}

/// Bytes compared at once.
const STRIDE: usize = kernel::COMPARED;

/// Bytes in common at the starts of two slices of one length; once they are `most` it may be more.
///
/// Where the first difference is in a stride is read off its bits: to look for it word by word takes branches that nobody
/// can foresee.
fn bytes_ahead(a: &[u8], b: &[u8], most: usize) -> usize {
    let mut same = 0;
    for (x, y) in a.as_chunks().0.iter().zip(b.as_chunks().0) {
        let differing = kernel::differing_bytes(x, y);
        same += differing.trailing_zeros() as usize;
        if differing != 0 || same >= most {
            return same;
        }
    }
    let left = a.len() - same;
    let differing = match (a.last_chunk(), b.last_chunk()) {
        // some bytes again, which are equal
        (Some(x), Some(y)) => kernel::differing_bytes(x, y).checked_shr((STRIDE - left) as u32).unwrap_or(0),
        _ => kernel::differing_bytes(&padded(a), &padded(b)),
    };
    same + left.min(differing.trailing_zeros() as usize)
}

/// As [`bytes_ahead`], at their ends.
fn bytes_behind(a: &[u8], b: &[u8], most: usize) -> usize {
    let mut same = 0;
    for (x, y) in a.as_rchunks().1.iter().rev().zip(b.as_rchunks().1.iter().rev()) {
        let differing = kernel::differing_bytes(x, y);
        same += differing.leading_zeros() as usize;
        if differing != 0 || same >= most {
            return same;
        }
    }
    let left = a.len() - same;
    let differing = match (a.first_chunk(), b.first_chunk()) {
        (Some(x), Some(y)) => kernel::differing_bytes(x, y),
        _ => kernel::differing_bytes(&padded(a), &padded(b)),
    };
    let differing = differing.checked_shl((STRIDE - left) as u32).unwrap_or(0);
    same + left.min(differing.leading_zeros() as usize)
}

/// A slice shorter than a stride, and zeros.
fn padded(bytes: &[u8]) -> [u8; STRIDE] {
    let mut padded = [0; STRIDE];
    padded[..bytes.len()].copy_from_slice(bytes);
    padded
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn equals_the_definition(a in proptest::collection::vec(0u8..2, 0..300), same in 0usize..300, b in proptest::collection::vec(0u8..2, 0..40), most in 0usize..300) {
            let mut other = a[..same.min(a.len())].to_vec();
            other.extend(&b);
            let expected = a.iter().zip(&other).take_while(|(x, y)| x == y).count();
            let reversed = |text: &[u8]| text.iter().rev().copied().collect::<Vec<u8>>();
            let wide = |text: &[u8]| text.iter().map(|&b| u64::from(b) << 40).collect::<Vec<u64>>();
            for most in [usize::MAX, most] {
                let expected = expected.min(most);
                prop_assert_eq!(ahead(&a, &other, most), expected);
                prop_assert_eq!(behind(&reversed(&a), &reversed(&other), most), expected);
                prop_assert_eq!(ahead(&wide(&a), &wide(&other), most), expected);
                prop_assert_eq!(behind(&wide(&reversed(&a)), &wide(&reversed(&other)), most), expected);
            }
        }
    }
}
