//! Which anchor before is the best one to go on from: the inner loop of chaining in `search::edits`.
//!
//! One body in plain Rust, without a branch on what the anchors are, compiled for the baseline and for AVX2: where texts
//! share phrases, an anchor has dozens before it that lead nowhere, and the CPU cannot guess which.
#![allow(unsafe_code)] // to call a function compiled for a CPU feature that was found at run time

/// Anchors that are looked at.
pub(crate) const LOOK_BACK: usize = 64;

/// What a link between two anchors is worth.
#[derive(Clone, Copy)]
pub(crate) struct Worth {
    /// Points for a token that is new to the chain.
    pub(crate) token: i32,
    /// Tokens of an anchor: more are not new.
    pub(crate) most: u32,
    /// Tokens by which the gap may be longer in one text than in the other; each costs a point.
    pub(crate) drift: u32,
    /// An anchor that stands at most so many tokens before in both texts, as many in both, is the one before: the next seed
    /// of an unchanged text is that near. None before it counts.
    pub(crate) next: u32,
}

/// Anchors, by where they stand in both texts, and the score of the best chain up to each; all of one length.
#[derive(Clone, Copy)]
pub(crate) struct Links<'a> {
    pub(crate) own: &'a [u32],
    pub(crate) kept: &'a [u32],
    pub(crate) scores: &'a [i32],
}

/// The best score of a chain that goes on from one of at most [`LOOK_BACK`] anchors to the one at `own` and `kept`, which
/// is not before any of them in the first text; and which it goes on from, of equals the last. `None` if it can from none.
#[inline]
pub(crate) fn best_link(links: Links<'_>, own: u32, kept: u32, worth: Worth) -> Option<(i32, usize)> {
    if let (&[own_before], &[kept_before], &[score]) = (links.own, links.kept, links.scores) {
        let total = total(own, kept, own_before, kept_before, score, worth);
        return (total != NONE).then_some((total, 0));
    }
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        // SAFETY: the CPU has AVX2, the only requirement of the callee.
        return unsafe { best_link_avx2(links, own, kept, worth) };
    }
    best_link_body(links, own, kept, worth)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn best_link_avx2(links: Links<'_>, own: u32, kept: u32, worth: Worth) -> Option<(i32, usize)> {
    best_link_body(links, own, kept, worth)
}

/// No link.
const NONE: i32 = i32::MIN;

/// The score of a chain that goes on from an anchor with this score to another.
#[inline(always)]
fn total(own: u32, kept: u32, own_before: u32, kept_before: u32, score: i32, worth: Worth) -> i32 {
    let (own_gap, kept_gap) = (own.wrapping_sub(own_before), kept.wrapping_sub(kept_before));
    let drift = own_gap.abs_diff(kept_gap);
    let new = own_gap.min(kept_gap).min(worth.most);
    let is_link = (own_before < own) & (kept_before < kept) & (drift <= worth.drift);
    let sum = score.wrapping_add(new as i32 * worth.token).wrapping_sub(drift as i32);
    if is_link { sum } else { NONE }
}

/// Anchors that are looked at together.
const LANES: usize = 16;

#[inline(always)]
fn best_link_body(links: Links<'_>, own: u32, kept: u32, worth: Worth) -> Option<(i32, usize)> {
    let (first_owns, owns) = links.own.as_rchunks::<LANES>();
    let (first_keeps, keeps) = links.kept.as_rchunks::<LANES>();
    let (first_scores, scores) = links.scores.as_rchunks::<LANES>();
    let (mut best, mut place) = (NONE, 0);
    for (n, ((owns, keeps), scores)) in owns.iter().zip(keeps).zip(scores).enumerate().rev() {
        let (mut totals, mut nexts) = ([NONE; LANES], [0; LANES]);
        for i in 0..LANES {
            totals[i] = total(own, kept, owns[i], keeps[i], scores[i], worth);
        }
        for i in 0..LANES {
            nexts[i] = u32::from(is_next(own, kept, owns[i], keeps[i], worth));
        }
        let has_next = nexts.iter().fold(0, |any, next| any | next) != 0;
        let first = if has_next { nexts.iter().rposition(|&next| next != 0).unwrap_or(0) } else { 0 };
        let most = totals[first..].iter().fold(NONE, |most, &total| most.max(total));
        if most > best {
            let at = totals.iter().rposition(|&total| total == most).unwrap_or(0);
            (best, place) = (most, first_owns.len() + n * LANES + at);
        }
        if has_next {
            return Some((best, place));
        }
    }
    for at in (0..first_owns.len()).rev() {
        let total = total(own, kept, first_owns[at], first_keeps[at], first_scores[at], worth);
        if total > best {
            (best, place) = (total, at);
        }
        if is_next(own, kept, first_owns[at], first_keeps[at], worth) {
            break;
        }
    }
    (best != NONE).then_some((best, place))
}

/// Whether an anchor is the next seed of an unchanged text after another.
#[inline(always)]
fn is_next(own: u32, kept: u32, own_before: u32, kept_before: u32, worth: Worth) -> bool {
    let (own_gap, kept_gap) = (own.wrapping_sub(own_before), kept.wrapping_sub(kept_before));
    (own_gap == kept_gap) & (own_gap <= worth.next) & (own_gap > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Miri takes a second for each.
    const LINKS: u32 = if cfg!(miri) { 10 } else { 200 };

    #[test]
    fn every_kernel_equals_the_plain_loop() {
        let worth = Worth { token: 4, most: 4, drift: 12, next: 8 };
        let number = |i: u32, n: u32| i.wrapping_mul(0x9e37_79b1) >> 8 & (n - 1);
        for len in [0usize, 1, 2, 15, 16, 17, 63, 64] {
            let column = |seed: u32, n: u32| (0..len as u32).map(|i| number(i + seed, n)).collect::<Vec<u32>>();
            let (own, kept) = (column(1, 32), column(500, 64));
            let scores: Vec<i32> = column(900, 16).into_iter().map(|score| score as i32).collect();
            let links = Links { own: &own, kept: &kept, scores: &scores };
            for i in 0..LINKS {
                let (own_at, kept_at) = (number(i + 4000, 32) + 8, number(i + 9000, 128));
                let gaps =
                    |at: usize| (i64::from(own_at) - i64::from(own[at]), i64::from(kept_at) - i64::from(kept[at]));
                let is_next = |&at: &usize| gaps(at).0 == gaps(at).1 && (1..=8).contains(&gaps(at).0);
                let next = (0..len).rev().find(is_next).unwrap_or(0);
                let naive = (next..len).filter(|&at| own[at] < own_at && kept[at] < kept_at);
                let total = |at: usize| {
                    let (a, b) = (own_at - own[at], kept_at - kept[at]);
                    (a.abs_diff(b) <= 12).then(|| (scores[at] + 4 * a.min(b).min(4) as i32 - a.abs_diff(b) as i32, at))
                };
                let expected = naive.filter_map(total).max();
                assert_eq!(best_link_body(links, own_at, kept_at, worth), expected);
                assert_eq!(best_link(links, own_at, kept_at, worth), expected);
            }
        }
    }
}
