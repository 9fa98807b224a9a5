//! The first byte is 0: the rest is a file, compressed or not, and must be decoded or refused. Else it names a codec, the
//! next three say what is done to a stream of the rest: a flipped bit, or a cut; never does another text come out.
#![no_main]

use libfuzzer_sys::fuzz_target;
use unecho::corpus::Codec;
use unecho::input::decode_file;
use unecho_fuzz::{Choices, Sandbox, encode};

/// The most that a byte of a damaged stream may grow to: zstd repeats a byte 131,072 times in 4.
const GROWTH: usize = 1 << 16;

thread_local! {
    static SANDBOX: Sandbox = Sandbox::new();
}

fuzz_target!(|data: &[u8]| {
    let mut choices = Choices(data);
    let codec = choices.of(&[Codec::None, Codec::Gzip, Codec::Zstd, Codec::Bzip2, Codec::Xz]);
    if codec == Codec::None {
        let decoded = decode(choices.0);
        assert!(decoded.is_none_or(|bytes| bytes.len() <= (choices.0.len() + 1) * GROWTH));
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
