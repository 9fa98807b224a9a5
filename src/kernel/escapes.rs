//! The inside of a JSON string (RFC 8259 §7), as far as it is plain bytes and escapes of two: nearly all of it. Read, taken out,
//! and put in.
//!
//! 64 bytes are looked at at a time, and the places of backslashes in them are a number ([`super::masks`]): so what lies
//! between two escapes costs the same whether it is one byte or sixty, and where a string is only read, the usual escapes of a
//! block are counted without a branch for each.
#![allow(unsafe_code)] // to call a function compiled for CPU features that were found at run time

use super::masks::Masks;
#[cfg(target_arch = "x86_64")]
use super::masks::{has_avx2, has_avx512};

/// Bytes that are looked at, and copied, at a time.
pub(crate) const BLOCK: usize = 64;

/// What stands for what behind a backslash; 0 is no such escape.
const SIMPLE: [u8; 256] = {
    let mut simple = [0; 256];
    simple[b'"' as usize] = b'"';
    simple[b'\\' as usize] = b'\\';
    simple[b'/' as usize] = b'/';
    simple[b'b' as usize] = 0x08;
    simple[b'f' as usize] = 0x0c;
    simple[b'n' as usize] = b'\n';
    simple[b'r' as usize] = b'\r';
    simple[b't' as usize] = b'\t';
    simple
};

/// What stands behind the backslash for what; 0 is nothing, for it stands for itself or has a longer escape.
const BEHIND: [u8; 256] = {
    let mut behind = [0; 256];
    behind[b'"' as usize] = b'"';
    behind[b'\\' as usize] = b'\\';
    behind[0x08] = b'b';
    behind[0x0c] = b'f';
    behind[b'\n' as usize] = b'n';
    behind[b'\r' as usize] = b'r';
    behind[b'\t' as usize] = b't';
    behind
};

/// What the escape of two bytes at `at` stands for, if there is one.
#[inline(always)]
pub(crate) fn simple_escape(raw: &[u8], at: usize) -> Option<u8> {
    raw.get(at + 1).map(|&behind| SIMPLE[usize::from(behind)]).filter(|&stands_for| stands_for != 0)
}

/// Plain bytes, and escapes of two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Run {
    /// How many bytes they are.
    pub(crate) bytes: usize,
    /// How many escapes are among them.
    pub(crate) escapes: usize,
    /// How many of these stand for line ends.
    pub(crate) line_ends: usize,
}

/// What there is up to the first escape that is longer than two bytes, malformed, or `far`: asked for offsets, and for the number
/// of escapes before. What is far stays so further on, and whatever the number is where it is so for few and for many.
pub(crate) fn simple_run(raw: &[u8], far: impl Fn(usize, usize) -> bool) -> Run {
    any_run::<false>(raw, far)
}

/// As [`simple_run`], of a string that more may follow: also only up to the quote that ends it, or to another byte that may not
/// stand in a JSON string.
pub(crate) fn string_run(raw: &[u8], far: impl Fn(usize, usize) -> bool) -> Run {
    any_run::<true>(raw, far)
}

fn any_run<const ENDS: bool>(raw: &[u8], far: impl Fn(usize, usize) -> bool) -> Run {
    #[cfg(target_arch = "x86_64")]
    {
        if has_avx512() {
            // SAFETY: the CPU has all that the callee requires
            return unsafe { run_avx512::<ENDS>(raw, far) };
        }
        if has_avx2() {
            // SAFETY: the CPU has all that the callee requires
            return unsafe { run_avx2::<ENDS>(raw, far) };
        }
        run::<super::masks::Sse2, ENDS>(raw, far)
    }
    #[cfg(not(target_arch = "x86_64"))]
    run::<super::masks::Plain, ENDS>(raw, far)
}

/// Writes to the start of `text` what the bytes stand for up to the first escape that is longer than two bytes, or malformed.
/// Gives how many were read and written. It ends before where there is less room than a block.
pub(crate) fn take_out(raw: &[u8], text: &mut [u8]) -> (usize, usize) {
    #[cfg(target_arch = "x86_64")]
    {
        if has_avx512() && is_x86_feature_detected!("avx512vbmi") {
            // SAFETY: the CPU has all that the callee requires
            return unsafe { take_out_avx512(raw, text) };
        }
        if has_avx2() {
            // SAFETY: the CPU has all that the callee requires
            return unsafe { take_out_avx2(raw, text) };
        }
        take::<super::masks::Sse2>(raw, text)
    }
    #[cfg(not(target_arch = "x86_64"))]
    take::<super::masks::Plain>(raw, text)
}

/// Writes `text` to the start of `out` as the inside of a JSON string, up to the first byte that has no escape of two bytes and
/// may not stand for itself. Gives how many bytes were read and written. It ends before where there is less room than a block
/// and one byte.
pub(crate) fn put_in(text: &[u8], out: &mut [u8]) -> (usize, usize) {
    #[cfg(target_arch = "x86_64")]
    {
        if has_avx512() {
            // SAFETY: the CPU has all that the callee requires
            return unsafe { put_in_avx512(text, out) };
        }
        if has_avx2() {
            // SAFETY: the CPU has all that the callee requires
            return unsafe { put_in_avx2(text, out) };
        }
        put::<super::masks::Sse2>(text, out)
    }
    #[cfg(not(target_arch = "x86_64"))]
    put::<super::masks::Plain>(text, out)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,popcnt")]
fn run_avx512<const ENDS: bool>(raw: &[u8], far: impl Fn(usize, usize) -> bool) -> Run {
    run::<super::masks::Avx512, ENDS>(raw, far)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1,popcnt")]
fn run_avx2<const ENDS: bool>(raw: &[u8], far: impl Fn(usize, usize) -> bool) -> Run {
    run::<super::masks::Avx2, ENDS>(raw, far)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1")]
fn take_out_avx2(raw: &[u8], text: &mut [u8]) -> (usize, usize) {
    take::<super::masks::Avx2>(raw, text)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi2,bmi1,popcnt")]
fn put_in_avx512(text: &[u8], out: &mut [u8]) -> (usize, usize) {
    put::<super::masks::Avx512>(text, out)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi1")]
fn put_in_avx2(text: &[u8], out: &mut [u8]) -> (usize, usize) {
    put::<super::masks::Avx2>(text, out)
}

#[inline(always)]
fn run<M: Masks, const ENDS: bool>(raw: &[u8], far: impl Fn(usize, usize) -> bool) -> Run {
    let (mut at, mut last) = (0, Last::new());
    let mut run = Run::default();
    while at < raw.len() {
        let block = last.block(raw, at);
        let backslashes = M::equal(block, b'\\');
        let starts = starts(backslashes);
        let end = if ENDS { M::escaped(block) & !backslashes & !(starts << 1) } else { 0 }.trailing_zeros();
        let starts = starts & u64::MAX.checked_shr(BLOCK as u32 - end).unwrap_or(0);
        let escaped = starts << 1;
        let line_ends = M::equal(block, b'n') & escaped;
        let usual = line_ends | (M::equal(block, b'"') | backslashes) & escaped;
        let torn = (starts >> (BLOCK - 1)) as usize;
        let is_far = |escapes| far(at + BLOCK, escapes);
        if usual == escaped && torn == 0 && !is_far(run.escapes) && !is_far(run.escapes + BLOCK) {
            run.escapes += escaped.count_ones() as usize;
            run.line_ends += line_ends.count_ones() as usize;
        } else {
            let mut left = starts;
            while left != 0 {
                let place = at + left.trailing_zeros() as usize;
                let simple = simple_escape(raw, place).filter(|_| !far(place, run.escapes));
                let Some(stands_for) = simple else { return Run { bytes: place, ..run } };
                run.escapes += 1;
                run.line_ends += usize::from(stands_for == b'\n');
                left &= left - 1;
            }
        }
        if end < BLOCK as u32 {
            // behind the last byte stand zeros
            return Run { bytes: raw.len().min(at + end as usize), ..run };
        }
        at += BLOCK + torn;
    }
    Run { bytes: raw.len(), ..run }
}

#[inline(always)]
fn take<M: Masks>(raw: &[u8], text: &mut [u8]) -> (usize, usize) {
    let (mut at, mut to, mut last) = (0, 0, Last::new());
    while at < raw.len()
        && let Some(place) = text[to..].first_chunk_mut()
    {
        let block = last.block(raw, at);
        *place = *block;
        let plain = M::equal(block, b'\\').trailing_zeros() as usize;
        (at, to) = (at + plain, to + plain);
        if plain == BLOCK {
            continue;
        }
        let Some(stands_for) = simple_escape(raw, at) else { break };
        text[to] = stands_for;
        (at, to) = (at + 2, to + 1);
    }
    let beyond = at.saturating_sub(raw.len());
    (at - beyond, to - beyond)
}

/// As [`take`], all escapes of a block at once and without a branch for each: the bytes behind backslashes are looked up in a
/// table, and backslashes are left out.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vbmi,avx512vbmi2,bmi1,popcnt")]
fn take_out_avx512(raw: &[u8], text: &mut [u8]) -> (usize, usize) {
    use std::arch::x86_64::*;
    let (tables, _) = SIMPLE.as_chunks::<BLOCK>();
    // SAFETY: a block has as many bytes as are loaded, and the load asks for no alignment
    let load = |block: &[u8; BLOCK]| unsafe { _mm512_loadu_si512(block.as_ptr().cast()) };
    let (low, high) = (load(&tables[0]), load(&tables[1]));
    let (mut at, mut to, mut last) = (0, 0, Last::new());
    while at < raw.len()
        && let Some(place) = text[to..].first_chunk_mut::<BLOCK>()
    {
        let block = load(last.block(raw, at));
        let starts = starts(_mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8(b'\\'.cast_signed())));
        let escaped = starts << 1;
        // bytes of 128 and more find something too
        let stands_for = _mm512_permutex2var_epi8(low, block, high);
        let simple = _mm512_test_epi8_mask(stands_for, stands_for) & !_mm512_movepi8_mask(block);
        let odd = (escaped & !simple) >> 1;
        let torn = starts & 1 << (BLOCK - 1);
        let read = ((odd | torn).trailing_zeros() as usize).min(raw.len() - at);
        let kept = !starts & u64::MAX.checked_shr((BLOCK - read) as u32).unwrap_or(0);
        let taken = _mm512_maskz_compress_epi8(kept, _mm512_mask_mov_epi8(block, escaped, stands_for));
        // SAFETY: as for the load
        unsafe { _mm512_storeu_si512(place.as_mut_ptr().cast(), taken) };
        (at, to) = (at + read, to + kept.count_ones() as usize);
        if odd != 0 {
            break;
        }
    }
    (at, to)
}

/// Which of the backslashes of a block, before which there is none, begin an escape: of a run of them, every other one (Langdale, Lemire, *Parsing
/// Gigabytes of JSON per Second*, 2019, §3.1.1).
#[inline(always)]
fn starts(backslashes: u64) -> u64 {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    // a run carries through itself to the byte behind it: where that is depends on where the run begins
    let carried = (backslashes << 1 | ODD).wrapping_sub(backslashes);
    (carried ^ ODD) & backslashes
}

#[inline(always)]
fn put<M: Masks>(text: &[u8], out: &mut [u8]) -> (usize, usize) {
    let (mut at, mut to, mut last) = (0, 0, Last::new());
    while at < text.len() && to + BLOCK < out.len() {
        let block = last.block(text, at);
        out[to..][..BLOCK].copy_from_slice(block);
        let plain = (M::escaped(block).trailing_zeros() as usize).min(text.len() - at);
        (at, to) = (at + plain, to + plain);
        if plain == BLOCK || at == text.len() {
            continue;
        }
        let behind = BEHIND[usize::from(text[at])];
        if behind == 0 {
            break;
        }
        out[to..][..2].copy_from_slice(&[b'\\', behind]);
        (at, to) = (at + 1, to + 2);
    }
    (at, to)
}

/// The last bytes, fewer than a block, and zeros behind them; copied once, for there may be many escapes in them.
struct Last {
    bytes: [u8; 2 * BLOCK],
    is_copied: bool,
}

impl Last {
    fn new() -> Last {
        Last { bytes: [0; 2 * BLOCK], is_copied: false }
    }

    /// The block at an offset of `raw`, always of the same.
    #[inline(always)]
    fn block<'b>(&'b mut self, raw: &'b [u8], at: usize) -> &'b [u8; BLOCK] {
        raw[at..].first_chunk().unwrap_or_else(|| {
            let from = raw.len().saturating_sub(BLOCK - 1);
            if !std::mem::replace(&mut self.is_copied, true) {
                self.bytes[..raw.len() - from].copy_from_slice(&raw[from..]);
            }
            self.bytes[at - from..].first_chunk().expect("a block of zeros follows")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::masks::Plain;
    use super::*;
    use proptest::prelude::*;

    type Far = fn(usize, usize) -> bool;
    type Read = fn(&[u8], Far) -> Run;
    type Write = fn(&[u8], &mut [u8]) -> (usize, usize);

    /// Every version of the loop over a string that this CPU can run: up to its end, and of one that ends.
    fn runs() -> Vec<(&'static str, Read, Read)> {
        let mut runs: Vec<(_, Read, Read)> =
            vec![("chosen", simple_run, string_run), ("plain", run::<Plain, false>, run::<Plain, true>)];
        #[cfg(target_arch = "x86_64")]
        {
            use super::super::masks::Sse2;
            runs.push(("sse2", run::<Sse2, false>, run::<Sse2, true>));
            if has_avx2() {
                // SAFETY: the CPU has what they need
                runs.push((
                    "avx2",
                    |raw, far| unsafe { run_avx2::<false>(raw, far) },
                    |raw, far| unsafe { run_avx2::<true>(raw, far) },
                ));
            }
            if has_avx512() {
                // SAFETY: the CPU has what they need
                runs.push((
                    "avx512",
                    |raw, far| unsafe { run_avx512::<false>(raw, far) },
                    |raw, far| unsafe { run_avx512::<true>(raw, far) },
                ));
            }
        }
        runs
    }

    /// Every version of the two loops that write which this CPU can run.
    fn versions() -> Vec<(&'static str, Write, Write)> {
        let mut versions: Vec<(_, Write, Write)> =
            vec![("chosen", take_out, put_in), ("plain", take::<Plain>, put::<Plain>)];
        #[cfg(target_arch = "x86_64")]
        {
            use super::super::masks::Sse2;
            versions.push(("sse2", take::<Sse2>, put::<Sse2>));
            if has_avx2() {
                // SAFETY: the CPU has what they need
                versions.push((
                    "avx2",
                    |raw, text| unsafe { take_out_avx2(raw, text) },
                    |text, out| unsafe { put_in_avx2(text, out) },
                ));
            }
            if has_avx512() && is_x86_feature_detected!("avx512vbmi") {
                // SAFETY: the CPU has what they need
                versions.push((
                    "avx512",
                    |raw, text| unsafe { take_out_avx512(raw, text) },
                    |text, out| unsafe { put_in_avx512(text, out) },
                ));
            }
        }
        versions
    }

    /// What escapes of two bytes stand for, up to the first other one or one that is `far`; how many bytes these were, and
    /// how many escapes.
    fn naive(raw: &[u8], far: Far) -> (Vec<u8>, usize, usize) {
        let (mut text, mut at, mut escapes) = (Vec::new(), 0, 0);
        while at < raw.len() {
            if raw[at] != b'\\' {
                text.push(raw[at]);
                at += 1;
                continue;
            }
            let known = raw.get(at + 1).and_then(|b| br#""\/bfnrt"#.iter().position(|known| known == b));
            let Some(known) = known.filter(|_| !far(at, escapes)) else { break };
            text.push(b"\"\\/\x08\x0c\n\r\t"[known]);
            (at, escapes) = (at + 2, escapes + 1);
        }
        (text, at, escapes)
    }

    fn raw() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop_oneof![
            8 => "[a-z é]{1,40}",
            8 => r#"\\["\\/bfnrt]"#,
            1 => r"\\u00e9",
            1 => any::<String>(),
        ];
        // Miri takes minutes for more
        proptest::collection::vec(piece, 0..if cfg!(miri) { 8 } else { 30 })
            .prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn every_run_equals_the_plain_loop(raw in raw(), far in prop::sample::select(
            vec![(|_, _| false) as Far, |at, _| at >= 100, |_, escapes| escapes >= 7, |at, escapes| at - escapes >= 70],
        )) {
            let (text, bytes, escapes) = naive(&raw, far);
            let line_ends = text.iter().filter(|&&b| b == b'\n').count();
            // a string of the same bytes may end before, at a byte that stands for nothing there
            let mut end = 0;
            while end < bytes && raw[end] >= 0x20 && raw[end] != b'"' {
                end += if raw[end] == b'\\' { 2 } else { 1 };
            }
            let (text, _, ended_escapes) = naive(&raw[..end], far);
            let ended_line_ends = text.iter().filter(|&&b| b == b'\n').count();
            let ended = Run { bytes: end, escapes: ended_escapes, line_ends: ended_line_ends };
            for (name, simple_run, string_run) in runs() {
                prop_assert_eq!(simple_run(&raw, far), Run { bytes, escapes, line_ends }, "{}", name);
                prop_assert_eq!(string_run(&raw, far), ended, "{}", name);
            }
        }

        #[test]
        fn what_is_taken_out_is_what_the_plain_loop_says(raw in raw(), room in 0usize..1200) {
            let (text, read, _) = naive(&raw, |_, _| false);
            for (name, take_out, _) in versions() {
                let mut taken = vec![0xee; raw.len() + BLOCK];
                prop_assert_eq!(take_out(&raw, &mut taken), (read, text.len()), "{}", name);
                prop_assert_eq!(&taken[..text.len()], &text);
                taken.truncate(room);
                let (_, written) = take_out(&raw, &mut taken);
                prop_assert!(written == text.len() || written + BLOCK > room, "{}", name);
                prop_assert_eq!(&taken[..written], &text[..written]);
            }
        }

        #[test]
        fn what_is_put_in_is_what_serde_json_writes(
            text in prop_oneof![any::<String>(), r#"[a-z"\\/\n\r\t\x08\x0cé\x7f]{0,300}"#], room in 0usize..700,
        ) {
            let whole = text.bytes().position(|b| b < 0x20 && BEHIND[usize::from(b)] == 0).unwrap_or(text.len());
            let expected = serde_json::to_string(&text[..whole]).unwrap();
            let expected = &expected.as_bytes()[1..expected.len() - 1];
            for (name, _, put_in) in versions() {
                let mut out = vec![0xee; 2 * text.len() + BLOCK + 1];
                prop_assert_eq!(put_in(text.as_bytes(), &mut out), (whole, expected.len()), "{}", name);
                prop_assert_eq!(&out[..expected.len()], expected);
                out.truncate(room);
                let (_, written) = put_in(text.as_bytes(), &mut out);
                prop_assert!(written == expected.len() || written + BLOCK >= room, "{}", name);
                prop_assert_eq!(&out[..written], &expected[..written]);
            }
        }
    }
}
