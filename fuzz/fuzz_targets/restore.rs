//! A configuration and a few files, through scan, write and restore: read = kept + removed + rejected; what is restored
//! is the original, byte for byte; cleaning what was cleaned changes nothing.
#![no_main]

use std::collections::BTreeMap;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use unecho::corpus::Codec;
use unecho::input::{FieldPath, InputFormat, OnError, Records};
use unecho::{Config, Error, Outcome, Target};
use unecho_fuzz::{Choices, Sandbox, config_of, encode, text_of};

#[derive(Clone, Copy, PartialEq)]
enum Storage {
    Files,
    Lines,
    Blocks,
    Jsonl,
}

fuzz_target!(init: unecho_fuzz::on_one_thread(), |data: &[u8]| {
    let mut choices = Choices(data);
    let storage = choices.of(&[Storage::Files, Storage::Lines, Storage::Blocks, Storage::Jsonl]);
    let codec = choices.of(&[Codec::None, Codec::None, Codec::Gzip, Codec::Zstd, Codec::Bzip2, Codec::Xz]);
    let mut config = config_of(&mut choices);
    config.input.text_field = FieldPath::parse("doc.body");
    config.input.format = Some(if storage == Storage::Jsonl { InputFormat::Jsonl } else { InputFormat::Text });
    config.input.records = match storage {
        Storage::Lines => Records::Line,
        Storage::Blocks => Records::BlankLine,
        _ => Records::File,
    };
    config.input.on_error = OnError::Skip;
    let sandbox = Sandbox::new();
    let mut originals = BTreeMap::new();
    let mut files = choices.0.split(|&byte| byte == 254).take(4).enumerate();
    for (number, bytes) in &mut files {
        let bytes = contents(storage, bytes);
        let name = PathBuf::from(format!("{}f{number}", ["", "sub/", "sub/deep er/"][number % 3]));
        // bytes that happen to look compressed, or to be UTF-16, are set aside: not what this is about
        if codec == Codec::None && looks_odd(&bytes) {
            return;
        }
        sandbox.write(PathBuf::from("in").join(&name), &encode(codec, &bytes));
        originals.insert(name, bytes);
    }
    let Some(outcome) = clean(&sandbox, "in", "out", &config) else { return };
    let total = outcome.total_bytes();
    assert_eq!(total.read, originals.values().map(|bytes| bytes.len() as u64).sum::<u64>());
    assert_eq!(total.read, total.kept + total.removed + total.rejected);
    let rejected: u64 = sandbox.tree("out.unecho/rejects").values().map(|bytes| bytes.len() as u64).sum();
    assert_eq!(rejected, total.rejected);
    unecho::restore(&sandbox.path("out"), &sandbox.path("back"), false, &()).expect("it was just written");
    assert!(decoded(&sandbox, "back") == originals, "it does not come back");
    let once = decoded(&sandbox, "out");
    if clean(&sandbox, "out", "twice", &config).is_some() {
        assert!(decoded(&sandbox, "twice") == once, "it is edited again");
    }
    assert!(sandbox.names().iter().all(|name| !name.starts_with('.')), "debris: {:?}", sandbox.names());
});

/// What a run did; `None` if there was nothing to do.
fn clean(sandbox: &Sandbox, from: &str, to: &str, config: &Config) -> Option<Outcome> {
    let inputs = [sandbox.path(from)];
    let outcome = match unecho::scan(&inputs, config, &()) {
        Err(Error::Nothing(_)) => return None,
        outcome => outcome.expect("bad records are set aside"),
    };
    let target = Target::new(&sandbox.path(to), &inputs);
    let written = outcome.write(&inputs, &target, false, &()).expect("there is room");
    written.commit().expect("its place is free");
    Some(outcome)
}

fn decoded(sandbox: &Sandbox, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let path = |name: &PathBuf| sandbox.path(name);
    let files = sandbox.tree(name).into_keys();
    files
        .map(|file| (file.clone(), unecho::input::decode_file(&path(&PathBuf::from(name).join(&file))).expect("whole")))
        .collect()
}

/// A file of texts of few words; 253 ends a record, and 240 to 252 are bytes that may be wrong there.
fn contents(storage: Storage, bytes: &[u8]) -> Vec<u8> {
    let mut file = Vec::new();
    for (number, record) in bytes.split(|&byte| byte == 253).enumerate() {
        let mut text = Vec::new();
        let mut wild = Vec::new();
        for part in record.chunk_by(|a, b| (*a < 240) == (*b < 240)) {
            match part[0] {
                0..240 => text.extend_from_slice(text_of(part).as_bytes()),
                _ => wild.extend(part.iter().map(|byte| {
                    let all = [0xff, 0, 0xe4, 0xc3, 0xef, 0xbb, 0xbf, b'{', b'\\', b'"', 0xed, 0x0c, b'\n'];
                    all[usize::from(byte - 240) % all.len()]
                })),
            }
            if storage != Storage::Jsonl {
                text.append(&mut wild);
            }
        }
        match storage {
            Storage::Jsonl => file.extend(json_record(number, &String::from_utf8_lossy(&text), &wild)),
            _ => file.append(&mut text),
        }
    }
    file
}

/// A record as one of several programs writes it; `wild` may spoil it.
fn json_record(number: usize, text: &str, wild: &[u8]) -> Vec<u8> {
    let plain = serde_json::to_string(text).expect("a string");
    let string: String = match number % 3 {
        0 => plain,
        1 => plain.encode_utf16().map(escaped).collect(),
        _ => plain.replace('/', "\\/").replace("cat", "\\u0063at"),
    };
    let (before, after) = [("", "\n"), ("  ", " \t\r\n"), ("", "\n\n")][number % 3];
    let number = ["1.0", "1e3", "-0", "12345678901234567890"][number % 4];
    let record = format!("{before}{{\"n\": {number}, \"doc\" : {{\"body\": {string} ,\"z\":[1,2]}}}}");
    [record.as_bytes(), wild, after.as_bytes()].concat()
}

fn escaped(unit: u16) -> String {
    match u8::try_from(unit) {
        Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
        _ => format!("\\u{unit:04x}"),
    }
}

fn looks_odd(bytes: &[u8]) -> bool {
    [&b"\xff\xfe"[..], b"\xfe\xff"].iter().any(|mark| bytes.starts_with(mark))
}
