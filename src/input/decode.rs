//! Compressed bytes → bytes, recognised by content, never by name alone.
//!
//! gzip with many members, zstd with many frames, bzip2 and xz with many streams are read to their end; a stream that is
//! cut short or damaged is a failure, never a shorter text.

use std::borrow::Cow;
use std::io::{self, BufRead, Read};

use rayon::prelude::*;

use crate::corpus::Codec;

/// The codec of `stored`, and what it decodes to: borrowed if it is not compressed. The error says what is wrong.
///
/// Frames of zstd and members of gzip are decoded on all threads.
pub(super) fn decode(stored: &[u8]) -> Result<(Codec, Cow<'_, [u8]>), String> {
    let codec = sniff(stored);
    if codec == Codec::None {
        return Ok((codec, Cow::Borrowed(stored)));
    }
    let decoded = decode_parts(stored, codec).map_or_else(|| decode_part(stored, codec), Ok);
    let bytes = decoded.map_err(|e| what_is_wrong(stored, codec, &e))?;
    Ok((codec, Cow::Owned(bytes)))
}

/// What is wrong with compressed data, and where. Costs decoding what comes before that once more.
fn what_is_wrong(stored: &[u8], codec: Codec, error: &io::Error) -> String {
    let name = codec.name();
    let (mut whole, mut rest) = (0, stored);
    while let Ok(after) = after_stream(rest, codec)
        && after.len() < rest.len()
    {
        (whole, rest) = (whole + 1, after);
    }
    let at = stored.len() - rest.len();
    let streams = if whole == 1 { "one whole stream".to_owned() } else { format!("{whole} whole streams") };
    match whole {
        0 => format!("damaged or truncated {name} data: {error}"),
        _ if sniff(rest) == codec => {
            format!("damaged or truncated {name} data after {streams}, from byte {at} on: {error}")
        }
        _ => format!(
            "after {streams} of {name}, from byte {at} on, stand {} bytes that are no {name} data; `head -c {at}` leaves them out",
            rest.len()
        ),
    }
}

/// What stands after the first stream: member of gzip, frame of zstd.
fn after_stream(stored: &[u8], codec: Codec) -> io::Result<&[u8]> {
    match codec {
        Codec::None => Ok(stored),
        Codec::Gzip => drained(flate2::bufread::GzDecoder::new(stored)).map(|decoder| decoder.into_inner()),
        Codec::Zstd => {
            let decoder = zstd::stream::read::Decoder::with_buffer(stored)?.single_frame();
            drained(decoder).map(|decoder| decoder.finish())
        }
        Codec::Bzip2 => drained(bzip2::bufread::BzDecoder::new(stored)).map(|decoder| decoder.into_inner()),
        Codec::Xz => drained(liblzma::bufread::XzDecoder::new(stored)).map(|decoder| decoder.into_inner()),
    }
}

/// A reader that was read to its end.
fn drained<R: Read>(mut reader: R) -> io::Result<R> {
    io::copy(&mut reader, &mut io::sink()).map(|_| reader)
}

/// Decodes whole streams, one after the other.
fn decode_part(stored: &[u8], codec: Codec) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    decode_into(stored, codec, &mut bytes).map(|()| bytes)
}

/// As [`decode_part`]; `bytes` gets what came before a failure too.
fn decode_into(stored: &[u8], codec: Codec, bytes: &mut Vec<u8>) -> io::Result<()> {
    decoder(stored, codec)?.read_to_end(bytes).map(|_| ())
}

/// Reads what `stored` decodes to, piece by piece and on one thread.
pub(super) fn reader(mut stored: impl BufRead + 'static) -> io::Result<Box<dyn Read>> {
    let codec = sniff(stored.fill_buf()?);
    decoder(stored, codec)
}

fn decoder<'s>(stored: impl BufRead + 's, codec: Codec) -> io::Result<Box<dyn Read + 's>> {
    Ok(match codec {
        Codec::None => Box::new(stored),
        Codec::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(stored)),
        Codec::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(stored)?),
        Codec::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(stored)),
        Codec::Xz => Box::new(liblzma::bufread::XzDecoder::new_multi_decoder(stored)),
    })
}

/// Parts that are decoded by one task have at least this many bytes.
const PART: usize = if cfg!(fuzzing) { 16 } else { 256 << 10 };

/// Decodes in parts, on all threads; `None` if there are no parts, or one cannot be decoded by itself.
///
/// A part that decodes from its first byte to its last one is a number of whole streams, so if all of them do, the parts
/// were cut where streams begin, even where that was a guess.
fn decode_parts(stored: &[u8], codec: Codec) -> Option<Vec<u8>> {
    let starts = match codec {
        Codec::Zstd => frame_starts(stored),
        Codec::Gzip => likely_member_starts(stored),
        Codec::None | Codec::Bzip2 | Codec::Xz => return None,
    };
    if starts.is_empty() {
        return None;
    }
    let ends = starts.iter().copied().chain([stored.len()]);
    let parts: Vec<&[u8]> =
        [0].into_iter().chain(starts.iter().copied()).zip(ends).map(|(a, b)| &stored[a..b]).collect();
    let decoded: Vec<Vec<u8>> =
        parts.into_par_iter().map(|part| decode_part(part, codec).ok()).collect::<Option<_>>()?;
    Some(decoded.concat())
}

/// Where frames of zstd begin, at least [`PART`] apart, but for the first; up to the first that is not whole.
fn frame_starts(stored: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let (mut at, mut last) = (0, 0);
    while let Ok(len @ 1..) = zstd::zstd_safe::find_frame_compressed_size(&stored[at..]) {
        at += len;
        if at - last >= PART && at < stored.len() {
            starts.push(at);
            last = at;
        }
    }
    starts
}

/// Where members of gzip seem to begin, at least [`PART`] apart, but for the first: nothing but decoding tells for sure.
fn likely_member_starts(stored: &[u8]) -> Vec<usize> {
    let mut last = 0;
    let is_start = |at: &usize| {
        // magic and deflate; no reserved flag (RFC 1952 §2.3.1)
        let begins = matches!(stored[*at..], [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0) && *at - last >= PART;
        last = if begins { *at } else { last };
        begins
    };
    memchr::memmem::find_iter(stored, b"\x1f\x8b\x08").filter(is_start).collect()
}

/// What the beginning of a file decodes to, as far as it goes: what is cut short or damaged ends it without a word.
pub(super) fn decode_prefix(stored: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    // the failure is where the beginning ends
    let _ = decode_into(stored, sniff(stored), &mut bytes);
    bytes
}

/// The codec whose signature `stored` begins with.
pub(super) fn sniff(stored: &[u8]) -> Codec {
    match stored {
        [0x1f, 0x8b, 8, ..] => Codec::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Codec::Zstd,
        [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Codec::Zstd,
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Codec::Xz,
        // the level, then the magic of a block or of the end of the stream: plain text does not look like that
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..] => Codec::Bzip2,
        [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, ..] => Codec::Bzip2,
        _ => Codec::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn samples() -> Vec<(Codec, Vec<u8>)> {
        let text = b"some text, some more text\n".repeat(20);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(&text).unwrap();
        let mut bzip2 = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::default());
        bzip2.write_all(&text).unwrap();
        let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 6);
        xz.write_all(&text).unwrap();
        vec![
            (Codec::Gzip, gzip.finish().unwrap()),
            (Codec::Zstd, zstd::encode_all(&text[..], 3).unwrap()),
            (Codec::Bzip2, bzip2.finish().unwrap()),
            (Codec::Xz, xz.finish().unwrap()),
        ]
    }

    #[test]
    fn many_members_are_read_to_the_end() {
        let text = b"some text, some more text\n".repeat(40);
        for (codec, stored) in samples() {
            let twice = stored.repeat(2);
            let (found, bytes) = decode(&twice).unwrap();
            assert_eq!(found, codec);
            assert_eq!(*bytes, text, "{codec:?}");
            let mut piece_by_piece = Vec::new();
            reader(io::Cursor::new(twice)).unwrap().read_to_end(&mut piece_by_piece).unwrap();
            assert_eq!(piece_by_piece, text, "{codec:?}");
        }
    }

    /// Two parts at least, whichever way it is compressed: numbers that hardly repeat.
    fn long_text() -> Vec<u8> {
        (0..200_000u64).flat_map(|n| format!("{:x}\n", n.wrapping_mul(0x9e37_79b9_7f4a_7c15)).into_bytes()).collect()
    }

    fn members(texts: &[&[u8]]) -> [(Codec, Vec<u8>); 2] {
        let gzip = |text: &[u8]| {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        };
        let zstd = |text: &[u8]| zstd::encode_all(text, 1).unwrap();
        let all = |encode: &dyn Fn(&[u8]) -> Vec<u8>| texts.iter().flat_map(|text| encode(text)).collect();
        [(Codec::Gzip, all(&gzip)), (Codec::Zstd, all(&zstd))]
    }

    #[test]
    fn parts_are_decoded_as_the_whole_is() {
        let text = long_text();
        for cuts in [vec![text.len() / 2], vec![5, 1_000_000, 1_000_001, 2_000_000]] {
            let ends: Vec<usize> = cuts.iter().copied().chain([text.len()]).collect();
            let texts: Vec<&[u8]> = [0].iter().chain(&cuts).zip(ends).map(|(&a, b)| &text[a..b]).collect();
            for (codec, stored) in members(&texts) {
                assert!(decode_parts(&stored, codec).is_some_and(|bytes| bytes == text), "{codec:?}");
                assert_eq!(decode(&stored), Ok((codec, Cow::Borrowed(&text[..]))));
                assert!(decode(&stored[..stored.len() - 1]).is_err() && decode(&stored[..stored.len() / 2]).is_err());
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_member_is_not_one() {
        let mut text = long_text();
        text.extend_from_slice(b"\x1f\x8b\x08\x00");
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        encoder.write_all(&text).unwrap();
        let stored = encoder.finish().unwrap();
        assert!(!likely_member_starts(&stored).is_empty());
        assert_eq!(decode_parts(&stored, Codec::Gzip), None);
        assert_eq!(decode(&stored), Ok((Codec::Gzip, Cow::Borrowed(&text[..]))));
    }

    #[test]
    fn what_stands_behind_the_data_is_named_with_its_place() {
        for (codec, stored) in samples() {
            for (times, streams) in [(1, "one whole stream"), (3, "3 whole streams")] {
                let whole = stored.repeat(times);
                let reason = |tail: &[u8]| decode(&[&whole, tail].concat()).unwrap_err();
                let at = format!("from byte {} on", whole.len());
                for tail in [&b"rubbish and more rubbish"[..], &stored[..2]] {
                    let said = reason(tail);
                    let bytes = format!("{} bytes that are no {} data", tail.len(), codec.name());
                    assert!([streams, &at, &bytes].iter().all(|words| said.contains(*words)), "{codec:?}: {said}");
                }
                let said = reason(&stored[..stored.len() - 2]);
                assert!(said.starts_with("damaged or truncated") && said.contains(&at), "{codec:?}: {said}");
            }
        }
    }

    #[test]
    fn a_stream_cut_short_anywhere_is_a_failure() {
        for (codec, stored) in samples() {
            for len in 10..stored.len() {
                assert!(decode(&stored[..len]).is_err(), "{codec:?} at {len}");
            }
        }
    }

    #[test]
    fn a_prefix_decodes_to_a_prefix() {
        let text = b"some text, some more text\n".repeat(20);
        for (codec, stored) in samples() {
            assert_eq!(decode_prefix(&stored), text, "{codec:?}");
            for len in 0..stored.len() {
                let prefix = decode_prefix(&stored[..len]);
                assert!(text.starts_with(&prefix) || prefix == stored[..len], "{codec:?} at {len}");
            }
        }
    }

    #[test]
    fn plain_text_is_left_alone() {
        for text in [&b""[..], b"BZh9 is a header", b"x", b"\x1f\x8b"] {
            assert_eq!(decode(text), Ok((Codec::None, Cow::Borrowed(text))));
        }
    }
}
