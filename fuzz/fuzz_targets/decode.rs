//! The first byte is 0: the rest is a file, compressed or not, and must be decoded or refused. Else it names a codec, the
//! next three say what is done to a stream of the rest: a flipped bit, or a cut; never does another text come out.
#![no_main]

use std::io::Read;

use libfuzzer_sys::fuzz_target;
use unecho::corpus::Codec;
use unecho::input::decode_file;
use unecho_fuzz::{Choices, Sandbox, encode};

/// The most that a byte of a damaged stream may grow to: zstd repeats a byte 131,072 times in 4.
const GROWTH: usize = 1 << 16;

thread_local! {
    static SANDBOX: Sandbox = Sandbox::new();
}

fuzz_target!(init: unecho_fuzz::on_one_thread(), |data: &[u8]| {
    let mut choices = Choices(data);
    let codec = choices.of(&[Codec::None, Codec::Gzip, Codec::Zstd, Codec::Bzip2, Codec::Xz]);
    if codec == Codec::None {
        let decoded = decode(choices.0);
        assert!(decoded.as_ref().is_none_or(|bytes| bytes.len() <= (choices.0.len() + 1) * GROWTH));
        assert!(decoded == decode_in_one(choices.0), "decoded in parts it is something else than in one");
        return;
    }
    let (at, bit) = (choices.wide(), choices.byte());
    let text = choices.0;
    let whole = encode(codec, text);
    assert!(decode(&whole).as_deref() == Some(text), "a whole stream is refused, or read as something else");
    let mut damaged = whole.clone();
    let at = at % whole.len();
    if bit < 8 {
        damaged[at] ^= 1 << bit;
    } else {
        damaged.truncate(at);
    }
    // without its magic number it is not a stream any more, and text as it stands; what is not checked may change
    if let Some(decoded) = decode(&damaged) {
        assert!(decoded == damaged || (bit < 8 && decoded == text), "{codec:?}: damage at {at} is not noticed");
    }
});

fn decode(stored: &[u8]) -> Option<Vec<u8>> {
    SANDBOX.with(|sandbox| {
        sandbox.write("file", stored);
        decode_file(&sandbox.path("file")).ok()
    })
}

/// The same by the libraries, from the first byte to the last.
fn decode_in_one(stored: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let read = match stored {
        [0x1f, 0x8b, 8, ..] => flate2::read::MultiGzDecoder::new(stored).read_to_end(&mut bytes),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            zstd::stream::read::Decoder::new(stored).and_then(|mut decoder| decoder.read_to_end(&mut bytes))
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            liblzma::read::XzDecoder::new_multi_decoder(stored).read_to_end(&mut bytes)
        }
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, ..]
        | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, ..] => {
            bzip2::read::MultiBzDecoder::new(stored).read_to_end(&mut bytes)
        }
        _ => return Some(stored.to_vec()),
    };
    read.ok().map(|_| bytes)
}
