//! `unecho init`: a commented `unecho.toml`, after a look at the corpus.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::super::args;
use super::super::terminal::Terminal;
use super::file::NAME;
use super::show::quoted;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::input::{FieldPath, InputFormat, InputOptions, OnError, Records, WalkOptions};
use crate::output::PendingFile;
use crate::report::{counted, human_bytes};

/// Looks at the inputs and writes the file.
pub(in crate::cli) fn run(args: &args::Init, terminal: &Terminal) -> Result<()> {
    let place = Path::new(NAME);
    if place.exists() && !args.force {
        let reason = "is there already; --force replaces it".to_owned();
        return Err(Error::Output { path: place.to_owned(), reason });
    }
    let inputs = &args.inputs;
    let looked = look(inputs, terminal)?;
    PendingFile::put(place, |file| std::io::Write::write_all(file, text(inputs, &looked).as_bytes()))?;
    terminal.say(|_, out| writeln!(out, "  wrote    {NAME}; try: unecho check"))
}

/// What a look at the corpus tells.
struct Looked {
    /// Files, documents and bytes, in words.
    read: String,
    /// The field with the text, if it is not the usual one.
    text_field: Option<String>,
    /// The share of tokens that repeat something, in percent, rounded up.
    repeated: f64,
}

fn look(inputs: &[PathBuf], terminal: &Terminal) -> Result<Looked> {
    let mut config = Config::default();
    config.input.on_error = OnError::Skip;
    let text_field = other_text_field(inputs);
    if let Some(field) = &text_field {
        config.input.text_field = FieldPath::parse(field);
    }
    let outcome = crate::scan(inputs, &config, terminal.progress())?;
    let (files, documents) = (outcome.corpus.sources.len() as u64, outcome.corpus.len() as u64);
    let size = human_bytes(outcome.total_bytes().read);
    let read = format!("{} in {} · {size}", counted(documents, "document"), counted(files, "file"));
    let all: u64 = outcome.tokens.iter().map(|&n| u64::from(n)).sum();
    let repeated: u64 = outcome.plan.edits.iter().map(|edit| u64::from(edit.wording.tokens)).sum();
    let repeated = (1000.0 * repeated as f64 / all.max(1) as f64).ceil() / 10.0;
    Ok(Looked { read, text_field, repeated })
}

/// The longest text in the first record of the JSON Lines among the inputs, if that record has no field `text`.
fn other_text_field(inputs: &[PathBuf]) -> Option<String> {
    let only_json = "*.{jsonl,ndjson,json}{,.gz,.zst,.bz2,.xz}".to_owned();
    let options = InputOptions {
        walk: WalkOptions { globs: vec![only_json], ..WalkOptions::default() },
        format: Some(InputFormat::Text),
        records: Records::Line,
        on_error: OnError::Skip,
        ..InputOptions::default()
    };
    let lines = crate::input::read(inputs, &options, &()).ok()?;
    let record = lines.ids().find_map(|line| serde_json::from_slice::<Map<String, Value>>(&lines.text(line)).ok())?;
    let texts: Vec<(&String, &str)> = record.iter().filter_map(|(name, value)| Some((name, value.as_str()?))).collect();
    if texts.iter().any(|(name, _)| *name == "text") {
        return None;
    }
    let longest = texts.into_iter().max_by(|a, b| a.1.len().cmp(&b.1.len()).then(b.0.cmp(a.0)));
    longest.map(|(name, _)| name.clone())
}

/// The file.
fn text(inputs: &[PathBuf], looked: &Looked) -> String {
    let inputs: Vec<String> = inputs.iter().map(|input| quoted(&input.display().to_string())).collect();
    let field = match &looked.text_field {
        Some(field) => format!("text-field = {}", quoted(field)),
        None => "# text-field = \"text\"".to_owned(),
    };
    let mut text = String::new();
    let repeated = looked.repeated;
    // writing to a text cannot fail
    let _ = write!(
        text,
        "\
# Settings of unecho. Every option of every command can stand here under its long name; `unecho config show` prints
# all of them with what they are and where that comes from. What is typed goes before UNECHO_… in the environment, and
# that before this file.
#
# Looked at: {}; {repeated} % of the tokens repeat something.

# What is read where a command names nothing. Paths are taken from the directory of this file.
inputs = [{}]

# What is compared, and what counts as a repeat.
# unit = [\"document\", \"paragraph\"]
# similarity = 0.8
# min-tokens = {{ paragraph = 10 }}

# In JSON Lines: the fields with the text and with the name of a record.
{field}
# id-field = \"id\"

# Left out, besides what .gitignore, .ignore and .unechoignore name.
# exclude = [\"vendor/**\"]

# `unecho check` fails above this share of repeats: as much as there is today. Lower it as the corpus gets better.
[command.check]
max-duplicated = \"{repeated}%\"

# Some sources are different: exclude, protect or prefer them.
# [[override]]
# files = [\"archive/**\"]
# protect = true
",
        looked.read,
        inputs.join(", "),
    );
    text
}
