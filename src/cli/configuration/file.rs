//! `unecho.toml`: found, read, and checked against the options.
//!
//! Always: a key that no option has and a value that its option does not take are errors with file, line and column.
//! Paths in the file are taken from the directory of the file.

use std::fs;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};

use clap::{Arg, Command};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{Kind, check, commands, is_flag, is_list, key, key_name, keys, suggestion};
use super::overrides::{FILES, KEYS};
use crate::error::{Error, Result};

/// The name of the file.
pub(super) const NAME: &str = "unecho.toml";

/// The table with settings for one command each.
pub(super) const COMMANDS: &str = "command";

/// The tables with settings for some sources each.
pub(super) const OVERRIDES: &str = "override";

/// One setting in the file.
#[derive(Debug)]
pub(super) struct Entry {
    /// The command that it is for; `None` is every command that has it.
    pub(super) command: Option<String>,
    pub(super) name: String,
    /// As they would be typed.
    pub(super) values: Vec<String>,
    /// File, line and column.
    pub(super) place: String,
    /// They come to those that stand there already.
    pub(super) adds: bool,
}

/// The file above all inputs that is nearest to them, inside the repository that they are in.
pub(super) fn find(inputs: &[PathBuf]) -> Option<PathBuf> {
    let named: Vec<PathBuf> = inputs.iter().filter_map(|input| directory(input)).collect();
    let here = || fs::canonicalize(".").ok();
    let start = named.into_iter().reduce(|a, b| common(&a, &b)).or_else(here)?;
    for dir in start.ancestors() {
        let file = dir.join(NAME);
        if file.is_file() {
            return Some(file);
        }
        if dir.join(".git").exists() {
            return None;
        }
    }
    None
}

/// The directory that an input is, or is in.
fn directory(input: &Path) -> Option<PathBuf> {
    let full = fs::canonicalize(input).ok()?;
    if full.is_dir() { Some(full) } else { full.parent().map(Path::to_owned) }
}

fn common(a: &Path, b: &Path) -> PathBuf {
    a.components().zip(b.components()).take_while(|(x, y)| x == y).map(|(x, _)| x).collect()
}

/// The settings in a file.
pub(super) fn read(path: &Path, cli: &Command) -> Result<Vec<Entry>> {
    let text = fs::read_to_string(path).map_err(|e| Error::io("cannot read", path, e))?;
    let dir = path.parent().map(from_here).unwrap_or_default();
    let shown = from_here(path).display().to_string();
    let reader = Reader { text: &text, shown, dir, cli };
    let table = DeTable::parse(&text).map_err(|e| reader.fault(&e.span().unwrap_or_default(), e.message()))?;
    reader.file(table.get_ref())
}

/// A path as seen from the current directory, if it is above or below it.
fn from_here(path: &Path) -> PathBuf {
    let (Ok(path), Ok(here)) = (fs::canonicalize(path), fs::canonicalize(".")) else { return path.to_owned() };
    if let Ok(below) = path.strip_prefix(&here) {
        return below.to_owned();
    }
    let shared = common(&path, &here);
    match here.strip_prefix(&shared) {
        Ok(up) if path.parent() == Some(&shared) || path == shared => {
            let ups: PathBuf = up.components().map(|_| Component::ParentDir).collect();
            ups.join(path.strip_prefix(&shared).unwrap_or(&path))
        }
        _ => path,
    }
}

struct Reader<'f> {
    text: &'f str,
    shown: String,
    /// The directory that paths in the file are relative to, as seen from the current one.
    dir: PathBuf,
    cli: &'f Command,
}

impl Reader<'_> {
    fn fault(&self, at: &Range<usize>, reason: &str) -> Error {
        Error::Usage(format!("{}: {reason}", self.place(at)))
    }

    /// `file:line:column`.
    fn place(&self, at: &Range<usize>) -> String {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{}:{line}:{column}", self.shown)
    }

    fn file(&self, table: &DeTable<'_>) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for (name, value) in in_order(table) {
            match (name.get_ref().as_ref(), value.get_ref()) {
                (COMMANDS, DeValue::Table(sections)) => self.commands(sections, &mut entries)?,
                (COMMANDS, _) => return Err(self.fault(&value.span(), "`command` is a table: [command.check]")),
                (OVERRIDES, DeValue::Array(tables)) => {
                    for table in tables.iter() {
                        self.overrides(table, &mut entries)?;
                    }
                }
                (OVERRIDES, _) => return Err(self.fault(&value.span(), "`override` is a list: [[override]]")),
                _ => entries.push(self.entry(None, name, value)?),
            }
        }
        Ok(entries)
    }

    /// The tables `[command.NAME]`.
    fn commands(&self, sections: &DeTable<'_>, entries: &mut Vec<Entry>) -> Result<()> {
        for (name, section) in in_order(sections) {
            let Some(command) = commands(self.cli).find(|c| c.get_name() == name.get_ref().as_ref()) else {
                let names: Vec<&str> = commands(self.cli).map(Command::get_name).collect();
                let near = suggestion(name.get_ref(), names.iter().copied());
                let reason = format!("no command `{}` has settings{near}; {} have", name.get_ref(), names.join(", "));
                return Err(self.fault(&name.span(), &reason));
            };
            let DeValue::Table(section) = section.get_ref() else {
                return Err(self.fault(&section.span(), "the settings of a command are a table"));
            };
            for (key, value) in in_order(section) {
                entries.push(self.entry(Some(command), key, value)?);
            }
        }
        Ok(())
    }

    fn entry(
        &self,
        command: Option<&Command>,
        name: &Spanned<impl AsRef<str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Entry> {
        let written = name.get_ref().as_ref();
        let among: Vec<&Command> = match command {
            Some(command) => vec![command],
            None => commands(self.cli).collect(),
        };
        let Some(arg) = among.iter().find_map(|command| key(self.cli, command, written)) else {
            return Err(
                self.fault(&name.span(), &format!("there is no setting `{written}`{}", self.hint(written, &among)))
            );
        };
        let values = self.values(arg, value)?;
        Ok(Entry {
            command: command.map(|command| command.get_name().to_owned()),
            name: written.to_owned(),
            values,
            place: self.place(&name.span()),
            adds: false,
        })
    }

    /// What may have been meant by a name that no setting of these commands has.
    fn hint(&self, written: &str, among: &[&Command]) -> String {
        if among.iter().any(|command| command.get_name() == written) {
            return format!("; the settings of one command stand in [{COMMANDS}.{written}]");
        }
        let names: Vec<String> = among.iter().flat_map(|c| keys(self.cli, c).map(key_name)).collect();
        let names = names.iter().map(String::as_str).chain([COMMANDS, OVERRIDES]);
        match suggestion(written, names) {
            near if near.is_empty() => "; `unecho config show COMMAND` lists those of a command".to_owned(),
            near => near,
        }
    }

    /// One table `[[override]]`: its globs come to the lists that it names.
    fn overrides(&self, table: &Spanned<DeValue<'_>>, entries: &mut Vec<Entry>) -> Result<()> {
        let DeValue::Table(members) = table.get_ref() else {
            return Err(self.fault(&table.span(), "an override is a table: [[override]]"));
        };
        let Some(files) = members.get(FILES) else {
            return Err(self.fault(&table.span(), "an override needs `files`, the globs of the sources it is for"));
        };
        let globs = match files.get_ref() {
            DeValue::String(glob) => Some(vec![glob.to_string()]),
            DeValue::Array(globs) => globs.iter().map(|g| g.get_ref().as_str().map(str::to_owned)).collect(),
            _ => None,
        };
        let globs = globs.ok_or_else(|| self.fault(&files.span(), "`files` is a glob or a list of globs"))?;
        for (name, value) in in_order(members).into_iter().filter(|(name, _)| name.get_ref() != FILES) {
            let written = name.get_ref().as_ref();
            let Some((key, _)) = KEYS.into_iter().find(|(key, _)| *key == written) else {
                return Err(self.fault(&name.span(), &self.not_overridable(written)));
            };
            match value.get_ref() {
                DeValue::Boolean(true) => entries.push(Entry {
                    command: None,
                    name: key.to_owned(),
                    values: globs.clone(),
                    place: self.place(&name.span()),
                    adds: true,
                }),
                DeValue::Boolean(false) => {}
                _ => return Err(self.fault(&value.span(), &format!("`{key}` of an override is true or false"))),
            }
        }
        Ok(())
    }

    /// Why a key cannot stand in an override.
    fn not_overridable(&self, written: &str) -> String {
        let possible = KEYS.map(|(key, _)| key).join(", ");
        if commands(self.cli).any(|command| key(self.cli, command, written).is_some()) {
            return format!("`{written}` is the same for all sources and cannot be overridden; {possible} can");
        }
        let near = suggestion(written, KEYS.into_iter().map(|(key, _)| key));
        format!("an override has no `{written}`{near}; it has {FILES}, {possible}")
    }

    /// The values as they would be typed, each checked.
    fn values(&self, arg: &Arg, value: &Spanned<DeValue<'_>>) -> Result<Vec<String>> {
        let name = key_name(arg);
        let refused = |value: &Spanned<DeValue<'_>>, expected: &str| {
            self.fault(&value.span(), &format!("`{name}` is {expected}, not {}", kind_of(value.get_ref())))
        };
        let items: Vec<(&Spanned<DeValue<'_>>, String)> = match value.get_ref() {
            DeValue::Array(items) if is_list(arg) => {
                let text = |item| Ok((item, scalar(item).ok_or_else(|| refused(item, "a list of single values"))?));
                items.iter().map(text).collect::<Result<_>>()?
            }
            DeValue::Table(table) if is_list(arg) => {
                let pair = |(key, item): (&Spanned<_>, _)| {
                    let text = scalar(item).ok_or_else(|| refused(item, "a table of single values"))?;
                    let key: &toml::de::DeString<'_> = key.get_ref();
                    Ok((item, format!("{key}={text}")))
                };
                in_order(table).into_iter().map(pair).collect::<Result<_>>()?
            }
            DeValue::Boolean(_) if !is_flag(arg) => return Err(refused(value, "a value")),
            found if is_flag(arg) && !found.is_bool() => return Err(refused(value, "true or false")),
            _ => {
                let expected = if is_list(arg) { "a value or a list" } else { "a single value" };
                vec![(value, scalar(value).ok_or_else(|| refused(value, expected))?)]
            }
        };
        for (item, text) in &items {
            let checked = check(arg, std::slice::from_ref(text));
            checked.map_err(|reason| self.fault(&item.span(), &format!("`{name}`: {reason}")))?;
        }
        Ok(items.into_iter().map(|(_, text)| self.rebased(arg, text)).collect())
    }

    /// A path in the file is relative to its directory.
    fn rebased(&self, arg: &Arg, text: String) -> String {
        let below = |path: &str| if path == "-" { path.to_owned() } else { self.dir.join(path).display().to_string() };
        match (Kind::of(arg), text.split_once('=')) {
            (Kind::Path, _) => below(&text),
            (Kind::Report, Some((format, path))) => format!("{format}={}", below(path)),
            _ => text,
        }
    }
}

/// The members of a table in the order in which they are written.
fn in_order<'t, 'i>(table: &'t DeTable<'i>) -> Vec<(&'t Spanned<toml::de::DeString<'i>>, &'t Spanned<DeValue<'i>>)> {
    let mut members: Vec<_> = table.iter().collect();
    members.sort_by_key(|(key, _)| key.span().start);
    members
}

/// A single value as it would be typed.
fn scalar(value: &Spanned<DeValue<'_>>) -> Option<String> {
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        DeValue::Boolean(on) => Some(on.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
