//! What the targets share: choices made from the fuzzer's bytes, a directory in memory, texts of few words, and a corpus
//! of one source.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use unecho::corpus::{Codec, Format, ParagraphBreak, Role, Source};
use unecho::input::{InputOptions, read_again};
use unecho::resolve::{CutAt, KeepPolicy, Scope};
use unecho::search::Measure;
use unecho::search::passage::{MinPassage, Normalise, PassageOptions};
use unecho::{Config, Corpus, Unit};

/// Parallel loops run on the thread of the caller: an execution is short, and handing work over takes longer.
pub fn on_one_thread() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
    pool.build_global().expect("nothing ran in parallel before");
}

/// The fuzzer's bytes, taken from the front; zeros when they are used up.
pub struct Choices<'d>(pub &'d [u8]);

impl<'d> Choices<'d> {
    pub fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    pub fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    pub fn below(&mut self, n: usize) -> usize {
        usize::from(self.byte()) % n
    }

    pub fn of<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())].clone()
    }

    /// Any number below 2¹⁶.
    pub fn wide(&mut self) -> usize {
        usize::from(self.byte()) << 8 | usize::from(self.byte())
    }
}

/// A directory in memory that is empty again for each execution.
pub struct Sandbox(tempfile::TempDir);

impl Sandbox {
    pub fn new() -> Sandbox {
        let memory = Path::new("/dev/shm");
        let above = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        Sandbox(tempfile::Builder::new().prefix("unecho-fuzz-").tempdir_in(above).expect("a temporary directory"))
    }

    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: impl AsRef<Path>, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("below the sandbox")).expect("a directory");
        fs::write(path, bytes).expect("memory");
    }

    /// Every file below `name`, by its path below it, with its bytes; nothing if there is none.
    pub fn tree(&self, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        collect(&self.path(name), &self.path(name), &mut files);
        files
    }

    /// The names at the top, hidden ones too, sorted.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).expect("the sandbox");
        let mut names: Vec<String> =
            entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

impl Default for Sandbox {
    fn default() -> Sandbox {
        Sandbox::new()
    }
}

fn collect(root: &Path, path: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) {
    let Ok(found) = fs::symlink_metadata(path) else { return };
    if !found.is_dir() {
        files.insert(path.strip_prefix(root).expect("below").to_owned(), fs::read(path).expect("memory"));
        return;
    }
    for entry in fs::read_dir(path).expect("a directory") {
        collect(root, &entry.expect("an entry").path(), files);
    }
}

/// A corpus of one source with these bytes; bad records are set aside.
pub fn corpus_of(format: Format, bytes: &[u8], options: &InputOptions) -> Corpus {
    let source = Source {
        path: "source".into(),
        name: "source".into(),
        role: Role::Judged,
        format,
        codec: Codec::None,
        stored: bytes.len() as u64,
        digest: 0,
        bytes: bytes.to_vec().into(),
        checkpoints: Vec::new(),
        docs: 0..0,
    };
    let mut corpus = Corpus::default();
    read_again(&mut corpus, source, None, options).expect("bad records are set aside");
    corpus
}

/// The length of a byte order mark at the start.
pub fn mark_len(bytes: &[u8]) -> usize {
    if bytes.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 }
}

/// Every byte stands in one record, in one reject, or between them in a blank line or a byte order mark.
pub fn assert_accounted(corpus: &Corpus, bytes: &[u8]) {
    let records = corpus.documents.iter().map(|document| document.record_range());
    let rejects = corpus.rejects.iter().map(|reject| reject.range.start as usize..reject.range.end as usize);
    let mut ranges: Vec<_> = records.chain(rejects).collect();
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut at = mark_len(bytes);
    for range in ranges {
        assert!(at <= range.start && range.start < range.end, "a record that is empty, or in another one");
        assert!(bytes[at..range.start].iter().all(u8::is_ascii_whitespace), "bytes that belong to nothing");
        at = range.end;
    }
    assert!(bytes[at..].iter().all(u8::is_ascii_whitespace), "bytes that belong to nothing at the end");
}

/// Few words, sentences, gaps and ends, with something special about each, so that most things are said twice.
const PIECES: [&str; 48] = [
    " ",
    "\n",
    "\n\n",
    "\r\n",
    "\r\n\r\n",
    "\n \n",
    "  ",
    "\t",
    ". ",
    "! ",
    "? ",
    "。",
    "; ",
    "\"",
    "\\",
    "*",
    "a ",
    "B ",
    "cat ",
    "dog ",
    "naïve ",
    "ÉTÉ ",
    "12 ",
    "नमस्ते ",
    "한국 ",
    "你",
    "好",
    "カ",
    "ไ",
    "so\u{ad}ft ",
    "e\u{301} ",
    "\u{feff}",
    "😀",
    "ﬁ ",
    "İ ",
    "ς ",
    "Yes.",
    "x",
    "\0",
    "\u{2028}",
    "\u{202e}",
    "The cat sat on the mat. ",
    "The cat sat on a mat! ",
    "A dog ran by and by and by. ",
    "Ein Hund lief vorbei, ÉTÉ 12. ",
    "你好你好你好。",
    "no part of this work may be copied, stored or sent on by any means without leave in writing ",
    "the law of this land says that whoever takes a book from its shelf and does not bring it back within a year ",
];

/// A text of [`PIECES`], one for each byte.
pub fn text_of(bytes: &[u8]) -> String {
    bytes.iter().map(|&byte| PIECES[usize::from(byte) % PIECES.len()]).collect()
}

/// At most `most` texts of [`PIECES`]; 255 stands between two.
pub fn texts_of(bytes: &[u8], most: usize) -> Vec<String> {
    bytes.split(|&byte| byte == 255).take(most).map(text_of).collect()
}

/// `bytes` compressed, with a checksum.
pub fn encode(codec: Codec, bytes: &[u8]) -> Vec<u8> {
    let in_memory = "memory takes everything";
    match codec {
        Codec::None => bytes.to_vec(),
        Codec::Gzip => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(bytes).expect(in_memory);
            encoder.finish().expect(in_memory)
        }
        Codec::Zstd => {
            let mut encoder = zstd::stream::write::Encoder::new(Vec::new(), 1).expect(in_memory);
            encoder.include_checksum(true).expect(in_memory);
            encoder.write_all(bytes).expect(in_memory);
            encoder.finish().expect(in_memory)
        }
        Codec::Bzip2 => {
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
            encoder.write_all(bytes).expect(in_memory);
            encoder.finish().expect(in_memory)
        }
        Codec::Xz => {
            let mut encoder = liblzma::write::XzEncoder::new(Vec::new(), 0);
            encoder.write_all(bytes).expect(in_memory);
            encoder.finish().expect(in_memory)
        }
    }
}

/// A configuration under which cleaning once is enough.
pub fn config_of(choices: &mut Choices<'_>) -> Config {
    use Unit::{Document, Line, Paragraph, Passage, Sentence};
    let units = [
        vec![Document, Paragraph],
        vec![Document],
        vec![Paragraph],
        vec![Line],
        vec![Sentence],
        vec![Document, Line],
        vec![Document, Sentence],
        vec![Paragraph, Sentence],
        vec![Paragraph, Line],
        vec![Document, Paragraph, Line, Sentence],
        vec![Passage],
        vec![Document, Passage],
        vec![Sentence, Passage],
        vec![Document, Paragraph, Passage],
        vec![Document, Paragraph, Line, Sentence, Passage],
    ];
    let mut config = Config { units: choices.of(&units), ..Config::default() };
    config.paragraph_break = choices.of(&[ParagraphBreak::Auto, ParagraphBreak::Newline, ParagraphBreak::BlankLine]);
    config.scope = choices.of(&[Scope::Corpus, Scope::Corpus, Scope::Document]);
    config.search.similarity = choices.of(&[0.8, 0.6, 0.4, 1.0]);
    (config.search.measure, config.keep) = choices.of(&[
        (Measure::Jaccard, KeepPolicy::First),
        (Measure::Jaccard, KeepPolicy::Last),
        (Measure::Jaccard, KeepPolicy::Longest),
        (Measure::Jaccard, KeepPolicy::Shortest),
        (Measure::Containment, KeepPolicy::First),
        (Measure::Containment, KeepPolicy::Last),
    ]);
    let (ngram, min_tokens) = (1 + choices.below(4), 1 + choices.below(5));
    for unit in Unit::ALL {
        config.ngram.set(unit, ngram);
        config.min_tokens.set(unit, min_tokens);
    }
    config.keep_empty = choices.flag();
    if config.units.contains(&Passage) {
        passages_of(choices, &mut config);
    }
    config
}

fn passages_of(choices: &mut Choices<'_>, config: &mut Config) {
    if matches!(config.keep, KeepPolicy::Longest | KeepPolicy::Shortest) {
        config.keep = KeepPolicy::First; // see Limits in the README
    }
    config.search.measure = Measure::Jaccard;
    config.cut = choices.of(&CutAt::ALL);
    config.edits = choices.below(4) == 3;
    let length = choices.below(30);
    config.passages = match choices.below(3) {
        0 => PassageOptions { min: MinPassage::Bytes(4 + length), normalise: Normalise::Nothing },
        1 => PassageOptions { min: MinPassage::Tokens(2 + length % 5), normalise: Normalise::Nothing },
        _ => PassageOptions { min: MinPassage::Tokens(2 + length % 5), normalise: Normalise::Tokens },
    };
}
