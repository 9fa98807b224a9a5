//! Hashes, dealt out by their first bits. They are spread evenly, so each share gets about as many, which are few.

/// Deals entries to `shares`: those that are `dealt`, each with its share, of which there are as many as were `counted` before.
/// Gives them share by share, each in the order in which it came; and where each share ends.
pub(crate) fn deal<T: Copy + Default>(
    counted: impl Iterator<Item = usize>,
    dealt: impl Iterator<Item = (usize, T)>,
    shares: usize,
) -> (Vec<T>, Vec<usize>) {
    let mut ends = vec![0usize; shares];
    counted.for_each(|share| ends[share] += 1);
    let mut total = 0;
    for end in &mut ends {
        total += std::mem::replace(end, total);
    }
    let mut order = vec![T::default(); total];
    for (share, entry) in dealt {
        let place = &mut ends[share];
        order[*place] = entry;
        *place += 1;
    }
    (order, ends)
}
