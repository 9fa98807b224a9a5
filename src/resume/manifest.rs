//! The manifest of a run folder: what the run was asked to do, and which of its parts are finished.
//!
//! `{"digest": "…", "run": {…}}`, where the digest is the XXH3-128 of the bytes of `run` as they stand there; so a
//! manifest that was damaged says nothing, rather than something else. It is written anew after each part, or after a few
//! that are flushed together, beside itself, flushed and renamed: what it names was on the disk before.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use xxhash_rust::xxh3::xxh3_128;

use super::disk::{self, Checksum};

/// The name of the manifest in a run folder.
pub(super) const NAME: &str = "manifest.json";

/// The version of the manifest and of all parts.
const VERSION: u32 = 2;

/// What decides the result of a run, and how it was started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Card {
    /// The version of unecho.
    pub unecho: String,
    /// The command as it was typed.
    pub command: String,
    /// Options that decide the result, by name.
    pub options: Value,
}

/// A part that is finished.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The name of its file.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// XXH3-128 of the file, in hexadecimal digits.
    pub digest: String,
}

impl Entry {
    pub(super) fn new(name: &str, checksum: Checksum) -> Entry {
        Entry { name: name.to_owned(), bytes: checksum.len, digest: format!("{:032x}", checksum.digest) }
    }

    /// Whether this is the checksum of the file.
    pub(super) fn is(&self, checksum: Checksum) -> bool {
        *self == Entry::new(&self.name, checksum)
    }
}

/// How much there is to do, as far as is known: for `--status`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extent {
    /// Files that were read.
    pub files: u64,
    /// Their bytes, decoded.
    pub bytes: u64,
    /// Documents in them.
    pub documents: u64,
    /// Parts that the sketches are made in.
    pub sketches: u64,
}

/// All that a run folder says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    unecho_run: u32,
    /// What it was asked to do.
    pub card: Card,
    /// How much that is.
    pub extent: Extent,
    /// What is finished, in the order in which it was.
    pub parts: Vec<Entry>,
    /// Everything is finished, and being put in its place; an output there that is to be replaced may be.
    pub placing: Option<Placing>,
}

/// Outputs on their way from the run folder to their places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placing {
    /// What is there may be replaced.
    pub force: bool,
    /// The names in the run folder, and beside it, in the order in which they are put in place.
    pub outputs: Vec<(PathBuf, PathBuf)>,
}

/// What lies in a run folder.
#[derive(Debug)]
pub enum Found {
    /// No manifest.
    Nothing,
    /// One that cannot be read, and why.
    Damaged(String),
    /// A run.
    Run(Box<Manifest>),
}

#[derive(Serialize, Deserialize)]
struct Envelope<R> {
    digest: String,
    run: R,
}

fn digest(body: &str) -> String {
    format!("{:032x}", xxh3_128(body.as_bytes()))
}

impl Manifest {
    pub(super) fn new(card: Card) -> Manifest {
        Manifest { unecho_run: VERSION, card, extent: Extent::default(), parts: Vec::new(), placing: None }
    }

    /// The finished part of this name.
    pub fn part(&self, name: &str) -> Option<&Entry> {
        self.parts.iter().find(|part| part.name == name)
    }

    /// The finished parts whose names begin so.
    pub fn parts_of<'m>(&'m self, prefix: &'m str) -> impl Iterator<Item = &'m Entry> {
        self.parts.iter().filter(move |part| part.name.starts_with(prefix))
    }

    fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        let body = serde_json::to_string(self)?;
        let digest = digest(&body);
        serde_json::to_vec(&Envelope { digest, run: RawValue::from_string(body)? })
    }

    /// Reads a manifest, or says what is wrong with it.
    pub fn parse(json: &[u8]) -> Result<Manifest, String> {
        let envelope: Envelope<&RawValue> = serde_json::from_slice(json).map_err(|e| e.to_string())?;
        if envelope.digest != digest(envelope.run.get()) {
            return Err("its digest is another".to_owned());
        }
        let version =
            serde_json::from_str::<Value>(envelope.run.get()).map_err(|e| e.to_string())?["unecho_run"].clone();
        if version != VERSION {
            return Err(format!("version {version} is not the {VERSION} that this unecho knows"));
        }
        serde_json::from_str(envelope.run.get()).map_err(|e| e.to_string())
    }

    pub(super) fn save(&self, folder: &Path) -> io::Result<()> {
        disk::replace_file(&folder.join(NAME), &self.to_json()?)
    }

    /// What lies in `folder`.
    pub fn find(folder: &Path) -> Found {
        Manifest::read(&folder.join(NAME))
    }

    /// What lies in the file at `path`.
    pub(super) fn read(path: &Path) -> Found {
        match fs::read(path) {
            Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Found::Nothing,
            Err(e) => Found::Damaged(e.to_string()),
            Ok(json) => match Manifest::parse(&json) {
                Ok(manifest) => Found::Run(Box::new(manifest)),
                Err(reason) => Found::Damaged(reason),
            },
        }
    }
}

/// When the manifest was written last.
pub(super) fn saved_at(folder: &Path) -> Option<std::time::SystemTime> {
    fs::metadata(folder.join(NAME)).ok()?.modified().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn manifest(parts: Vec<(String, u64, u128)>) -> Manifest {
        let options = serde_json::json!({"similarity": 0.8, "unit": ["document"], "min_tokens": null});
        let card = Card { unecho: "0.1.0".to_owned(), command: "unecho clean \"é\"".to_owned(), options };
        let entry = |(name, len, digest): (String, u64, u128)| Entry::new(&name, Checksum { len, digest });
        Manifest { parts: parts.into_iter().map(entry).collect(), ..Manifest::new(card) }
    }

    proptest! {
        #[test]
        fn a_manifest_comes_back(parts: Vec<(String, u64, u128)>, force: Option<bool>) {
            let placing = force.map(|force| Placing { force, outputs: vec![("state".into(), "out.unecho".into())] });
            let manifest = Manifest { placing, ..manifest(parts) };
            prop_assert_eq!(Manifest::parse(&manifest.to_json().unwrap()), Ok(manifest));
        }

        #[test]
        fn any_bytes_are_refused_without_a_panic(bytes: Vec<u8>) {
            prop_assert!(Manifest::parse(&bytes).is_err());
        }
    }

    #[test]
    fn every_changed_byte_and_every_cut_is_noticed() {
        let manifest = manifest(vec![("sketch-0000".to_owned(), 17, 4)]);
        let good = manifest.to_json().unwrap();
        for at in 0..good.len() {
            for change in 1..=255 {
                let mut bad = good.clone();
                bad[at] ^= change;
                // white space between the members says nothing, and an escape may stand for the same letter
                if let Ok(read) = Manifest::parse(&bad) {
                    assert_eq!(read, manifest, "byte {at} changed by {change}");
                }
            }
            assert!(Manifest::parse(&good[..at]).is_err(), "cut to {at}");
        }
    }
}
