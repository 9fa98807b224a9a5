//! No reader panics, whatever the bytes; and every byte is accounted for.

use std::fs;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use unecho::corpus::{TokenOptions, Tokens};
use unecho::input::{InputFormat, InputOptions, OnError, Records, read};
use unecho::{Config, Error};

use super::common::{Codec, Dir, cases};
use super::naive;

fn options(format: Option<InputFormat>, records: Records, on_error: OnError) -> InputOptions {
    InputOptions { format, records, on_error, ..InputOptions::default() }
}

/// Every way to read a file.
fn all_options() -> Vec<InputOptions> {
    let mut all = Vec::new();
    for format in [None, Some(InputFormat::Text), Some(InputFormat::Jsonl)] {
        for records in [Records::File, Records::Line, Records::BlankLine] {
            all.extend([OnError::Fail, OnError::Skip].map(|on_error| options(format, records, on_error)));
        }
    }
    all
}

/// Reads a file in every way, and finds what it says twice.
fn read_in_every_way(name: &str, bytes: &[u8]) {
    let dir = Dir::new();
    dir.write(name, bytes);
    for options in all_options() {
        let skips = options.on_error == OnError::Skip;
        match read(&[dir.path(name)], &options, &()) {
            Ok(corpus) => {
                let read: usize = corpus.sources.iter().map(|s| s.bytes.len()).sum();
                let config = Config { input: options, ..Config::default() };
                let total = unecho::find(corpus, &config, &()).unwrap().total_bytes();
                assert_eq!((total.read, total.read), (read as u64, total.kept + total.removed + total.rejected));
            }
            // no document in it, or none that could be read
            Err(Error::Nothing(said)) => assert!(said.contains(name)),
            Err(Error::Input { path, reason, .. }) => {
                assert!(!skips, "set aside, not refused: {reason}");
                assert_eq!(path, dir.path(name));
                assert!(!reason.is_empty());
            }
            Err(other) => panic!("{name}: {other}"),
        }
    }
}

/// Bytes with a few of them changed, left out, or put in.
fn mutated(mut bytes: Vec<u8>, changes: &[(Index, u8, u8)]) -> Vec<u8> {
    for (at, byte, kind) in changes {
        let at = at.index(bytes.len() + 1);
        match kind % 3 {
            0 if at < bytes.len() => bytes[at] = *byte,
            1 if at < bytes.len() => drop(bytes.remove(at)),
            _ => bytes.insert(at, *byte),
        }
    }
    bytes
}

fn changes() -> impl Strategy<Value = Vec<(Index, u8, u8)>> {
    let byte = prop_oneof![any::<u8>(), select(b"{}[]\":,\\nu0dD8 \r\n\xff\0".to_vec())];
    prop::collection::vec((any::<Index>(), byte, any::<u8>()), 0..5)
}

fn sample_jsonl() -> Vec<u8> {
    let records = [
        "{\"id\":1,\"text\":\"One \\ud83d\\ude00 two\\n\\nthree\"}",
        " {\"text\" : \"\", \"x\":[{}]}\r",
        "{\"text\":\"né\"}",
    ];
    records.join("\n").into_bytes()
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn random_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_in_every_way("f.txt", &bytes);
    }

    #[test]
    fn random_bytes_after_a_signature_are_read_or_refused(
        signature in select(vec![
            &b"\x1f\x8b\x08"[..], b"\x28\xb5\x2f\xfd", b"\x50\x2a\x4d\x18", b"BZh91AY&SY", b"\xfd7zXZ\0", b"\xff\xfe", b"\xef\xbb\xbf", b"{\"",
        ]),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        read_in_every_way("f.jsonl", &[signature, &bytes].concat());
    }

    #[test]
    fn damaged_json_lines_are_read_or_refused(changes in changes()) {
        read_in_every_way("f.jsonl", &mutated(sample_jsonl(), &changes));
    }

    #[test]
    fn damaged_compressed_files_are_read_or_refused(changes in changes(), codec in select(Codec::ALL.to_vec())) {
        let bytes = codec.encode(&sample_jsonl().repeat(8));
        read_in_every_way(&format!("f.jsonl{}", codec.suffix()), &mutated(bytes, &changes));
    }

    #[test]
    fn ledgers_that_were_damaged_are_refused_and_nothing_is_written(changes in changes(), cut in any::<Index>()) {
        let dir = Dir::new();
        dir.write("in/a.txt", "one two three four five six seven eight nine ten\n".repeat(3) + "and an end\n");
        let inputs = [dir.path("in")];
        let outcome = unecho::scan(&inputs, &Config::default(), &()).unwrap();
        outcome.write(&inputs, &unecho::Target::new(&dir.path("out"), &inputs), false, &()).unwrap().commit().unwrap();
        let ledger = zstd::decode_all(&dir.read("out.unecho/ledger.jsonl.zst")[..]).unwrap();
        let mut damaged = mutated(ledger.clone(), &changes);
        damaged.truncate(cut.index(damaged.len() + 1));
        dir.write("out.unecho/ledger.jsonl.zst", zstd::encode_all(&damaged[..], 1).unwrap());
        match unecho::restore(&dir.path("out"), &dir.path("back"), false, &()) {
            Ok(_) => {
                // a change that means nothing, such as a blank more: then all is there, under the name that it says
                let back: Vec<Vec<u8>> = dir.tree("back").into_values().collect();
                prop_assert_eq!(back, vec![dir.read("in/a.txt")]);
            }
            Err(_) => prop_assert_eq!(dir.names(), ["in", "out", "out.unecho"], "nothing is left of it"),
        }
    }
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn tokens_are_what_the_definition_says(
        text in prop_oneof![
            "\\PC{0,40}",
            "[a-zA-Z0-9 .ÀéßΣςИй\u{300}\u{ad}\u{200b}١२๓ก你〇々カｶｱー한ກខမ①Ⅻ\r\n-]{0,60}",
        ],
    ) {
        let mut read = Tokens::default();
        read.read(text.as_bytes(), TokenOptions::default());
        let expected = naive::tokens(text.as_bytes());
        prop_assert_eq!(read.len(), expected.len(), "{:?} has the tokens {:?}", text, expected);
        // equal tokens have equal hashes, different ones different
        for (i, a) in expected.iter().enumerate() {
            for (j, b) in expected.iter().enumerate() {
                prop_assert_eq!(a == b, read.hashes[i] == read.hashes[j], "{:?} and {:?}", a, b);
            }
        }
    }
}

#[test]
fn a_file_that_cannot_be_read_is_an_error_that_names_it() {
    let dir = Dir::new();
    fs::create_dir(dir.path("folder.txt")).unwrap();
    let missing = dir.path("missing.txt");
    match read(std::slice::from_ref(&missing), &InputOptions::default(), &()) {
        Err(Error::Io { path, .. }) => assert_eq!(path, missing),
        other => panic!("{:?}", other.map(|c| c.len())),
    }
    assert!(matches!(read(&[dir.path("folder.txt")], &InputOptions::default(), &()), Err(Error::Nothing(_))));
}
