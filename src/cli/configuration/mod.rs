//! Settings: what was typed goes before the environment, that before `unecho.toml`, and that before the defaults.
//!
//! In: the words of the command line. Out: the arguments. Always: every option of every command can be set in all of
//! these places, for their names are those that clap knows; what is set somewhere is checked as if it had been typed, and
//! an error says where it stands. A list that is set in one place replaces those of the places after it.

mod file;
mod init;
mod keys;
mod overrides;
mod schema;
mod show;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::Resettable;
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command, CommandFactory, FromArgMatches, Id};

use super::args::{Cli, Global};
use crate::error::{Error, Result};
use file::Entry;
use keys::{check, commands, flag, is_flag, is_list, key_name, keys, suggestion};

pub(super) use init::run as init;
pub(super) use schema::print as print_schema;
pub(super) use show::run as show;

/// What stands before the name of a setting in the environment.
const PREFIX: &str = "UNECHO_";

/// Why there are no arguments.
pub(super) enum Refused {
    /// They were wrong, or help was asked for.
    Typed(clap::Error),
    /// What is set elsewhere is wrong.
    Set(Error),
}

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Origin {
    /// A variable of the environment.
    Environment(String),
    /// File, line and column.
    File(String),
}

/// A setting that was not typed.
#[derive(Debug)]
struct Setting {
    values: Vec<String>,
    origin: Origin,
}

/// The settings of one command that were not typed, by the ids of their options.
type Settings = BTreeMap<Id, Setting>;

/// The arguments that the words of a command line stand for.
pub(super) fn parse(words: &[OsString]) -> std::result::Result<Cli, Refused> {
    let cli = Cli::command();
    let settings = settings(&cli, words).map_err(Refused::Set)?;
    let cli = match settings {
        Some((command, settings)) => with_defaults(cli, &command, &settings),
        None => cli,
    };
    let matches = cli.try_get_matches_from(words).map_err(Refused::Typed)?;
    Cli::from_arg_matches(&matches).map_err(Refused::Typed)
}

/// The name of the command that was typed and its settings from elsewhere; `None` if it has none or cannot be told.
fn settings(cli: &Command, words: &[OsString]) -> Result<Option<(String, Settings)>> {
    // the inputs have to be known before the settings are, so errors are left to the second reading
    let Ok(typed) = cli.clone().ignore_errors(true).try_get_matches_from(words) else { return Ok(None) };
    let Some((name, typed)) = typed.subcommand() else { return Ok(None) };
    let Some(command) = commands(cli).find(|command| command.get_name() == name) else { return Ok(None) };
    let mut settings = from_file(cli, command, &entries(cli, typed)?);
    settings.extend(from_environment(cli, command)?);
    settings.retain(|id, _| !is_typed(typed, id));
    drop_conflicts(cli, command, typed, &mut settings)?;
    Ok(Some((name.to_owned(), settings)))
}

/// What the file says, if there is one.
fn entries(cli: &Command, typed: &ArgMatches) -> Result<Vec<Entry>> {
    // a value that was refused is not there: the second reading says what is wrong with it
    let Ok(global) = Global::from_arg_matches(typed) else { return Ok(Vec::new()) };
    if global.isolated {
        return Ok(Vec::new());
    }
    let named = || std::env::var_os("UNECHO_CONFIG").filter(|path| !path.is_empty()).map(PathBuf::from);
    let found = || file::find(&inputs(typed));
    match global.config.or_else(named).or_else(found) {
        Some(path) => file::read(&path, cli),
        None => Ok(Vec::new()),
    }
}

/// The inputs that were typed, where the command has inputs.
fn inputs(typed: &ArgMatches) -> Vec<PathBuf> {
    let inputs = typed.try_get_many::<PathBuf>("inputs").ok().flatten();
    inputs.into_iter().flatten().filter(|path| path.as_os_str() != "-").cloned().collect()
}

fn is_typed(typed: &ArgMatches, id: &Id) -> bool {
    let known = typed.try_contains_id(id.as_str()).unwrap_or(false);
    known && typed.value_source(id.as_str()) == Some(ValueSource::CommandLine)
}

/// The settings of a command in a file: its own table goes before what is said for all, and overrides add to either.
fn from_file(cli: &Command, command: &Command, entries: &[Entry]) -> Settings {
    let mut settings = Settings::new();
    let for_all = entries.iter().filter(|entry| entry.command.is_none() && !entry.adds);
    let own = entries.iter().filter(|entry| entry.command.as_deref() == Some(command.get_name()));
    let added = entries.iter().filter(|entry| entry.adds);
    for entry in for_all.chain(own).chain(added) {
        let Some(arg) = keys::key(cli, command, &entry.name) else { continue };
        let origin = Origin::File(entry.place.clone());
        let setting = settings
            .entry(arg.get_id().clone())
            .or_insert_with(|| Setting { values: Vec::new(), origin: origin.clone() });
        if !(entry.adds && is_list(arg)) {
            setting.values.clear();
        }
        setting.values.extend(entry.values.iter().cloned());
        setting.origin = origin;
    }
    settings
}

/// The settings of a command in the environment; several values stand on a line each.
fn from_environment(cli: &Command, command: &Command) -> Result<Settings> {
    let mut settings = Settings::new();
    let mut variables: Vec<(String, String)> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.to_string_lossy().into_owned())))
        .collect();
    variables.sort();
    for (variable, value) in variables {
        let Some(name) = variable.strip_prefix(PREFIX) else { continue };
        let name = name.to_lowercase().replace('_', "-");
        if name == "config" {
            continue;
        }
        let Some(arg) = keys::key(cli, command, &name) else {
            known_elsewhere(cli, &variable, &name)?;
            continue;
        };
        let values: Vec<String> = match is_list(arg) {
            true => value.lines().map(str::to_owned).collect(),
            false => vec![value],
        };
        check(arg, &values).map_err(|reason| Error::Usage(format!("{variable} in the environment: {reason}")))?;
        settings.insert(arg.get_id().clone(), Setting { values, origin: Origin::Environment(variable) });
    }
    Ok(settings)
}

/// Fails if no command has a setting of this name.
fn known_elsewhere(cli: &Command, variable: &str, name: &str) -> Result<()> {
    let names: Vec<String> = commands(cli).flat_map(|command| keys(cli, command).map(key_name)).collect();
    if names.iter().any(|known| known == name) {
        return Ok(());
    }
    let names: Vec<String> = names.iter().map(|name| variable_name(name)).collect();
    let near = suggestion(variable, names.iter().map(String::as_str));
    Err(Error::Usage(format!("{variable} in the environment is no setting{near}")))
}

/// The variable of a setting.
fn variable_name(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('-', "_"))
}

/// Options that exclude each other: what was typed goes before what is set, and the environment before the file.
fn drop_conflicts(cli: &Command, command: &Command, typed: &ArgMatches, settings: &mut Settings) -> Result<()> {
    let args: Vec<&Arg> = keys(cli, command).collect();
    let excludes = |a: &Arg, b: &Id| {
        let owner = if a.is_global_set() { cli } else { command };
        owner.get_arg_conflicts_with(a).iter().any(|other| other.get_id() == b)
    };
    let exclude_each_other = |a: &Arg, b: &Arg| excludes(a, b.get_id()) || excludes(b, a.get_id());
    for (i, a) in args.iter().enumerate() {
        for b in args[i + 1..].iter().filter(|b| exclude_each_other(a, b)) {
            let (first, second) = (a.get_id(), b.get_id());
            match (settings.get(first).filter(|s| is_on(a, s)), settings.get(second).filter(|s| is_on(b, s))) {
                (Some(one), Some(other)) => match (&one.origin, &other.origin) {
                    (Origin::Environment(_), Origin::File(_)) => drop(settings.remove(second)),
                    (Origin::File(_), Origin::Environment(_)) => drop(settings.remove(first)),
                    (Origin::Environment(at) | Origin::File(at), _) => {
                        let (a, b) = (key_name(a), key_name(b));
                        return Err(Error::Usage(format!("{at}: `{a}` and `{b}` exclude each other")));
                    }
                },
                (Some(_), None) if is_typed(typed, second) => drop(settings.remove(first)),
                (None, Some(_)) if is_typed(typed, first) => drop(settings.remove(second)),
                _ => {}
            }
        }
    }
    Ok(())
}

/// Whether a setting does anything: a flag that is off does not.
fn is_on(arg: &Arg, setting: &Setting) -> bool {
    !is_flag(arg) || setting.values.iter().any(|value| flag(value) == Ok(true))
}

/// The command line with the settings as its defaults.
fn with_defaults(cli: Command, command: &str, settings: &Settings) -> Command {
    let global: Vec<Id> =
        cli.get_arguments().filter(|arg| arg.is_global_set()).map(|arg| arg.get_id().clone()).collect();
    let set = |command: Command, wanted: &dyn Fn(&Id) -> bool| {
        settings
            .iter()
            .filter(|(id, _)| wanted(id))
            .fold(command, |command, (id, setting)| command.mut_arg(id.clone(), |arg| with_default(arg, setting)))
    };
    let cli = set(cli, &|id| global.contains(id));
    cli.mut_subcommand(command, |command| set(command, &|id| !global.contains(id)))
}

fn with_default(arg: Arg, setting: &Setting) -> Arg {
    if !is_on(&arg, setting) {
        return arg;
    }
    let arg = arg.required(false).required_unless_present(Resettable::<Id>::Reset);
    arg.default_values(setting.values.clone())
}
