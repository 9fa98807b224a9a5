//! What every test needs: a directory of its own, the command run in it, codecs, and corpora cleaned in memory.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use proptest::test_runner::{Config as ProptestConfig, RngSeed};
use serde_json::Value;
use unecho::output::removals;
use unecho::{Config, Corpus, Fate, Outcome};

/// A directory that goes away at the end of the test; commands run in it, and names are below it.
pub(crate) struct Dir(tempfile::TempDir);

impl Dir {
    pub(crate) fn new() -> Dir {
        Dir(tempfile::Builder::new().prefix("unecho-test-").tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file, and the directories above it.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> &Dir {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
        self
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}; there is: {:?}", self.names()))
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&self.read(name)).unwrap_or_else(|e| panic!("{name} is not JSON: {e}"))
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        fs::symlink_metadata(self.path(name)).is_ok()
    }

    /// Every file below `name`, by its path below it, with its bytes.
    pub(crate) fn tree(&self, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path(name), &self.path(name), &mut files);
        files
    }

    /// The names of all files and directories at the top, hidden ones too, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// The command, ready to be started in this directory.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unecho"));
        command.args(args).current_dir(self.0.path());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "RAYON_NUM_THREADS"] {
            command.env_remove(name);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the command in this directory to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::new(args, self.command(args).output().unwrap())
    }

    /// Runs the command with something on its standard input.
    pub(crate) fn run_with_input(&self, args: &[&str], input: &[u8]) -> Run {
        let mut child = self.spawn(self.command(args).stdin(Stdio::piped()));
        let mut stdin = child.stdin.take().unwrap();
        let input = input.to_vec();
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        Run::new(args, output)
    }

    pub(crate) fn spawn(&self, command: &mut Command) -> Child {
        command.spawn().unwrap()
    }

    /// Cleans `input` to `cleaned`, restores that to `restored`, and checks that it is what it was.
    pub(crate) fn clean_and_restore(&self, input: &str, args: &[&str]) -> Run {
        let run = self.run(&[&["clean", input, "-o", "cleaned"], args].concat()).ok();
        self.run(&["restore", "cleaned", "-o", "restored"]).ok();
        assert_eq!(decoded(self.tree("restored")), decoded(self.input_tree(input)), "{run}");
        run
    }

    fn input_tree(&self, input: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        if self.path(input).is_dir() {
            return self.tree(input);
        }
        let name = PathBuf::from(Path::new(input).file_name().unwrap());
        BTreeMap::from([(name, self.read(input))])
    }
}

fn collect(root: &Path, dir: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    let entries = fs::read_dir(dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            files.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
}

fn decoded(files: BTreeMap<PathBuf, Vec<u8>>) -> BTreeMap<PathBuf, Vec<u8>> {
    files.into_iter().map(|(name, bytes)| (name, Codec::of(&bytes).decode(&bytes))).collect()
}

/// A command that has ended; printed with everything that it said.
pub(crate) struct Run {
    command: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn new(args: &[&str], output: Output) -> Run {
        Run {
            command: format!("unecho {}", args.join(" ")),
            code: output.status.code(),
            stdout: output.stdout,
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// It must have gone well.
    #[track_caller]
    pub(crate) fn ok(self) -> Run {
        assert_eq!(self.code, Some(0), "{self}");
        self
    }

    /// It must have been refused, in these words among others.
    #[track_caller]
    pub(crate) fn refused(self, words: &[&str]) -> Run {
        assert_eq!(self.code, Some(2), "{self}");
        assert!(self.stdout.is_empty(), "an error belongs on standard error: {self}");
        self.says(words)
    }

    /// Its messages must hold these words.
    #[track_caller]
    pub(crate) fn says(self, words: &[&str]) -> Run {
        for word in words {
            assert!(self.stderr.contains(word), "nothing says {word:?}: {self}");
        }
        self
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8(self.stdout.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.stdout).unwrap_or_else(|e| panic!("not JSON: {e}\n{self}"))
    }
}

impl std::fmt::Display for Run {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let stdout = String::from_utf8_lossy(&self.stdout);
        let stdout: String = stdout.chars().take(4000).collect();
        write!(f, "$ {}\nexit {:?}\nstdout: {stdout}\nstderr: {}", self.command, self.code, self.stderr)
    }
}

/// A way to compress, with the suffix that its files have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    None,
    Gzip,
    Zstd,
    Bzip2,
    Xz,
}

impl Codec {
    pub(crate) const ALL: [Codec; 5] = [Codec::None, Codec::Gzip, Codec::Zstd, Codec::Bzip2, Codec::Xz];

    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Codec::None => "",
            Codec::Gzip => ".gz",
            Codec::Zstd => ".zst",
            Codec::Bzip2 => ".bz2",
            Codec::Xz => ".xz",
        }
    }

    /// What `bytes` look like.
    pub(crate) fn of(bytes: &[u8]) -> Codec {
        match bytes {
            [0x1f, 0x8b, ..] => Codec::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Codec::Zstd,
            [b'B', b'Z', b'h', ..] => Codec::Bzip2,
            [0xfd, b'7', b'z', b'X', b'Z', ..] => Codec::Xz,
            _ => Codec::None,
        }
    }

    pub(crate) fn encode(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Codec::None => bytes.to_vec(),
            Codec::Gzip => {
                let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Codec::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).unwrap();
                encoder.include_checksum(true).unwrap();
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Codec::Bzip2 => {
                let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            Codec::Xz => {
                let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
        }
    }

    /// The contents; bytes that only look compressed are their own contents.
    pub(crate) fn decode(self, bytes: &[u8]) -> Vec<u8> {
        let mut decoded = Vec::new();
        let read = match self {
            Codec::None => return bytes.to_vec(),
            Codec::Gzip => flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut decoded),
            Codec::Zstd => zstd::stream::read::Decoder::new(bytes).unwrap().read_to_end(&mut decoded),
            Codec::Bzip2 => bzip2::read::MultiBzDecoder::new(bytes).read_to_end(&mut decoded),
            Codec::Xz => liblzma::read::XzDecoder::new_multi_decoder(bytes).read_to_end(&mut decoded),
        };
        if read.is_ok() { decoded } else { bytes.to_vec() }
    }
}

/// A line of JSON with an id and a text.
pub(crate) fn record(id: impl std::fmt::Display, text: &str) -> String {
    format!("{}\n", serde_json::json!({ "id": id.to_string(), "text": text }))
}

/// Words that no other seed shares: `count` of them, made from `seed`.
pub(crate) fn words(seed: &str, count: usize) -> String {
    (0..count).map(|i| format!("{seed}{i}")).collect::<Vec<_>>().join(" ")
}

/// What a run over texts in memory found.
pub(crate) fn find(texts: &[Vec<u8>], config: &Config) -> Outcome {
    unecho::find(Corpus::from_texts(texts.iter().cloned()), config, &()).unwrap()
}

/// What is left of each text of a corpus of texts in memory, `None` for those that go.
pub(crate) fn left(outcome: &Outcome) -> Vec<Option<Vec<u8>>> {
    let left_of = |(source, fate): (usize, &Fate)| {
        let bytes = &outcome.corpus.sources[source].bytes;
        let mut left = Vec::new();
        let mut at = 0;
        for removal in removals(&outcome.corpus, &outcome.plan, source) {
            left.extend_from_slice(&bytes[at..removal.range.start as usize]);
            at = removal.range.end as usize;
        }
        left.extend_from_slice(&bytes[at..]);
        (!matches!(fate, Fate::Removed | Fate::Emptied)).then_some(left)
    };
    outcome.plan.fates.iter().enumerate().map(left_of).collect()
}

/// `../shared/data/NAME`, if it is there; says that the test is skipped if not.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    tell(&format!("skipped: {} is not there", path.display()));
    None
}

/// A property is tried on this many cases: always the same ones, unless PROPTEST_RNG_SEED is set, so that a test that
/// passed does not fail on a day when nothing has changed.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    match config.rng_seed {
        RngSeed::Random => ProptestConfig { rng_seed: RngSeed::Fixed(0x0075_6e65_6368_6f00), ..config },
        RngSeed::Fixed(_) => config,
    }
}

/// Prints past the test harness, which shows nothing of tests that pass.
pub(crate) fn tell(message: &str) {
    let _ = writeln!(std::io::stderr(), "{message}");
}
