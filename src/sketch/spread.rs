//! Numbers whose first bits are spread evenly, such as hashes: sorted by dealing them out, and looked up where they are
//! expected.

use crate::memory;

/// The entries, ascending. They are dealt out by their first bits, and each share, which is small, is sorted by itself, on
/// all threads.
pub(crate) fn sort_spread(entries: impl ExactSizeIterator<Item = u64> + Clone) -> Vec<u64> {
    // shares of about 32; more of them than 2^14 do not fit the cache
    let bits = entries.len().max(1).ilog2().saturating_sub(5).clamp(1, 14);
    let share = |entry: u64| (entry >> (64 - bits)) as usize;
    let mut ends = vec![0usize; 1 << bits];
    memory::watched(entries.clone(), size_of::<u64>()).for_each(|entry| ends[share(entry)] += 1);
    let mut total = 0;
    for end in &mut ends {
        total += std::mem::replace(end, total);
    }
    let mut order = vec![0; total];
    // what is read, and what is written
    for entry in memory::watched(entries, 2 * size_of::<u64>()) {
        let place = &mut ends[share(entry)];
        order[*place] = entry;
        *place += 1;
    }
    sort_shares(&mut order, &ends, 0);
    order
}

/// Shares that one task sorts.
const SHARES: usize = 256;

/// Sorts each share; they end at `ends` less `before`.
fn sort_shares(order: &mut [u64], ends: &[usize], before: usize) {
    if ends.len() > SHARES {
        let (left, right) = ends.split_at(ends.len() / 2);
        let middle = left.last().map_or(before, |&end| end);
        let (first, rest) = order.split_at_mut(middle - before);
        rayon::join(|| sort_shares(first, left, before), || sort_shares(rest, right, middle));
        return;
    }
    let mut start = 0;
    for end in ends {
        let share = &mut order[start..end - before];
        memory::touched(size_of_val(share));
        share.sort_unstable();
        start = end - before;
    }
}

/// The first of `len` places in an ascending list whose value, [`first_bits`] of an entry say, is not below what is
/// `wanted`. Values are spread evenly, so where it stands is nearly known, and better once a value near it is: most
/// searches look at three or four places (interpolation search: Perl, Itai, Avni 1978).
pub(crate) fn first_not_below(len: usize, wanted: u32, value_at: impl Fn(usize) -> u32) -> usize {
    if len == 0 {
        return 0;
    }
    let mut guess = ((u64::from(wanted) * len as u64) >> 32) as usize;
    for _ in 0..2 {
        let off = i128::from(wanted) - i128::from(value_at(guess));
        let places = (off * len as i128) >> 32;
        guess = (guess as i128 + places).clamp(0, len as i128 - 1) as usize;
    }
    let below = |at: usize| value_at(at) < wanted;
    let (mut from, mut to, mut reach) = (guess, guess, 4);
    while from > 0 && !below(from) {
        from = from.saturating_sub(reach);
        reach *= 2;
    }
    while to < len && below(to) {
        to = (to + reach).min(len);
        reach *= 2;
    }
    while from < to {
        let middle = from.midpoint(to);
        if below(middle) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    from
}

/// The bits that entries are sorted and sought by.
pub(crate) fn first_bits(entry: u64) -> u32 {
    (entry >> 32) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn dealing_out_sorts(entries in proptest::collection::vec(any::<u64>(), 0..300), shift in 0u32..60) {
            let entries: Vec<u64> = entries.into_iter().map(|e| e >> shift).collect();
            let mut expected = entries.clone();
            expected.sort_unstable();
            prop_assert_eq!(sort_spread(entries.iter().copied()), expected);
        }
    }

    #[test]
    fn many_are_dealt_out_too() {
        let entries: Vec<u64> = (0..200_000u64).map(|i| xxhash_rust::xxh3::xxh3_64(&(i / 3).to_le_bytes())).collect();
        let mut expected = entries.clone();
        expected.sort_unstable();
        assert_eq!(sort_spread(entries.iter().copied()), expected);
    }
}
