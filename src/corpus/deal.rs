//! Hashes, dealt out by their first bits. They are spread evenly, so each share gets about as many, which are few.

/// Deals entries to as many shares as `bits` first bits can tell apart: what is `dealt`, which was `counted` before, share by
/// share, each in the order in which it came; and where each share ends.
pub(crate) fn deal(
    counted: impl Iterator<Item = u64>,
    dealt: impl Iterator<Item = u64>,
    bits: u32,
) -> (Vec<u64>, Vec<usize>) {
    let share = |entry: u64| (entry >> (u64::BITS - bits)) as usize;
    let mut ends = vec![0usize; 1 << bits];
    counted.for_each(|entry| ends[share(entry)] += 1);
    let mut total = 0;
    for end in &mut ends {
        total += std::mem::replace(end, total);
    }
    let mut order = vec![0; total];
    for entry in dealt {
        let place = &mut ends[share(entry)];
        order[*place] = entry;
        *place += 1;
    }
    (order, ends)
}
