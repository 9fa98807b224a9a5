//! What can be set: the options that clap knows, by their long names; nothing is listed a second time.

use std::any::TypeId;
use std::path::PathBuf;

use clap::builder::ValueParser;
use clap::error::{ContextKind, ContextValue};
use clap::{Arg, ArgAction, Command};

use crate::report::ReportFormat;

/// Options that say where settings come from, or what is asked for once, and so are none.
const NO_SETTINGS: [&str; 5] = ["help", "version", "config", "isolated", "status"];

/// Commands that have no settings: those that look at a saved run take everything from it and from what was typed, for a
/// similarity or a format that is set for runs means something else there; and a made-up corpus and a measurement,
/// which should be the same wherever they are made.
const NO_COMMANDS: [&str; 11] =
    ["completions", "man", "config", "init", "help", "report", "explain", "diff", "review", "synth", "bench"];

/// The commands that have settings.
pub(super) fn commands(cli: &Command) -> impl Iterator<Item = &Command> {
    cli.get_subcommands().filter(|command| !NO_COMMANDS.contains(&command.get_name()))
}

/// The settings of a command, those of every command included.
pub(super) fn keys<'c>(cli: &'c Command, command: &'c Command) -> impl Iterator<Item = &'c Arg> {
    let global = cli.get_arguments().filter(|arg| arg.is_global_set());
    command.get_arguments().chain(global).filter(|arg| !NO_SETTINGS.contains(&arg.get_id().as_str()))
}

/// The setting of this name.
pub(super) fn key<'c>(cli: &'c Command, command: &'c Command, name: &str) -> Option<&'c Arg> {
    keys(cli, command).find(|arg| key_name(arg) == name)
}

/// The name of a setting: the long name of the option, or what is put in its place.
pub(super) fn key_name(arg: &Arg) -> String {
    arg.get_long().map_or_else(|| arg.get_id().as_str().replace('_', "-"), str::to_owned)
}

/// Whether it is on or off.
pub(super) fn is_flag(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::SetTrue)
}

/// Whether it can have several values.
pub(super) fn is_list(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append)
}

/// What kind of value it takes, as far as that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Flag,
    Integer,
    Number,
    Path,
    /// `FORMAT=PATH`.
    Report,
    Text,
}

impl Kind {
    pub(super) fn of(arg: &Arg) -> Kind {
        let parser = arg.get_value_parser().type_id();
        let is = |id: TypeId| parser == id;
        match () {
            _ if is_flag(arg) => Kind::Flag,
            _ if is(TypeId::of::<usize>()) || is(TypeId::of::<u64>()) || is(TypeId::of::<u32>()) => Kind::Integer,
            _ if is(TypeId::of::<f64>()) => Kind::Number,
            _ if is(TypeId::of::<PathBuf>()) => Kind::Path,
            _ if is(TypeId::of::<(ReportFormat, PathBuf)>()) => Kind::Report,
            _ => Kind::Text,
        }
    }
}

/// Fails with the reason if an option does not take one of the values.
pub(super) fn check(arg: &Arg, values: &[String]) -> Result<(), String> {
    if is_flag(arg) {
        return values.iter().try_for_each(|value| flag(value).map(|_| ()));
    }
    let mut probe = Arg::new("value").long("value").action(ArgAction::Append).allow_hyphen_values(true);
    probe = probe.value_parser(arg.get_value_parser().clone());
    if let Some(delimiter) = arg.get_value_delimiter() {
        probe = probe.value_delimiter(delimiter);
    }
    let command = Command::new("value").no_binary_name(true).arg(probe);
    let typed = values.iter().map(|value| format!("--value={value}"));
    command.try_get_matches_from(typed).map(|_| ()).map_err(|error| reason(&error))
}

/// `true` or `false`.
pub(super) fn flag(value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| format!("`{value}` is neither true nor false"))
}

/// Why clap refuses a value, in one line.
fn reason(error: &clap::Error) -> String {
    let value = match error.get(ContextKind::InvalidValue) {
        Some(ContextValue::String(value)) if !value.is_empty() => format!("`{value}`"),
        _ => "an empty value".to_owned(),
    };
    if let Some(source) = std::error::Error::source(error).map(ToString::to_string) {
        return if source.contains(&value) { source } else { format!("{value}: {source}") };
    }
    match (error.get(ContextKind::ValidValue), error.get(ContextKind::InvalidValue)) {
        (Some(ContextValue::Strings(valid)), Some(ContextValue::String(given))) => {
            format!("{value} is none of {}{}", valid.join(", "), suggestion(given, valid.iter().map(String::as_str)))
        }
        _ => format!("{value} is not possible here"),
    }
}

/// `; did you mean …?` with the name that is nearest to what was written, if one is near.
pub(super) fn suggestion<'n>(written: &str, names: impl Iterator<Item = &'n str>) -> String {
    let near = names.map(|name| (strsim::jaro_winkler(written, name), name)).filter(|(likeness, _)| *likeness > 0.7);
    let nearest = near.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(a.1)));
    nearest.map(|(_, name)| format!("; did you mean `{name}`?")).unwrap_or_default()
}

/// The names that a value can have, if they are few.
pub(super) fn possible_values(parser: &ValueParser) -> Option<Vec<String>> {
    Some(parser.possible_values()?.filter(|v| !v.is_hide_set()).map(|v| v.get_name().to_owned()).collect())
}
