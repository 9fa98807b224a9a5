//! Compressed bytes → bytes, recognised by content, never by name alone.
//!
//! gzip with many members, zstd with many frames, bzip2 and xz with many streams are read to their end; a stream that is
//! cut short or damaged is a failure, never a shorter text.

use std::borrow::Cow;
use std::io::{self, Read};

use crate::corpus::Codec;

/// The codec of `stored`, and what it decodes to: borrowed if it is not compressed. The error says what is wrong.
pub(super) fn decode(stored: &[u8]) -> Result<(Codec, Cow<'_, [u8]>), String> {
    let codec = sniff(stored);
    let mut bytes = Vec::new();
    let result: io::Result<usize> = match codec {
        Codec::None => return Ok((codec, Cow::Borrowed(stored))),
        Codec::Gzip => flate2::read::MultiGzDecoder::new(stored).read_to_end(&mut bytes),
        Codec::Zstd => zstd::stream::read::Decoder::with_buffer(stored).and_then(|mut d| d.read_to_end(&mut bytes)),
        Codec::Bzip2 => bzip2::read::MultiBzDecoder::new(stored).read_to_end(&mut bytes),
        Codec::Xz => liblzma::read::XzDecoder::new_multi_decoder(stored).read_to_end(&mut bytes),
    };
    match result {
        Ok(_) => Ok((codec, Cow::Owned(bytes))),
        Err(e) => Err(format!("damaged or truncated {} data: {e}", codec.name())),
    }
}

/// The codec whose signature `stored` begins with.
fn sniff(stored: &[u8]) -> Codec {
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
    fn plain_text_is_left_alone() {
        for text in [&b""[..], b"BZh9 is a header", b"x", b"\x1f\x8b"] {
            assert_eq!(decode(text), Ok((Codec::None, Cow::Borrowed(text))));
        }
    }
}
