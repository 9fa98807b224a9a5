//! `unecho config show`: what every setting of a command is, and where it comes from.

use std::ffi::OsString;

use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, CommandFactory};

use super::super::args::Cli;
use super::super::terminal::Terminal;
use super::keys::{Kind, commands, is_list, key_name, keys};
use super::{Origin, Settings, settings, with_defaults};
use crate::error::{Error, Result};

/// Prints the settings of the command line in `words`, as TOML.
pub(in crate::cli) fn run(words: &[OsString], terminal: &Terminal) -> Result<()> {
    let cli = Cli::command();
    let line: Vec<OsString> = [OsString::from("unecho")].into_iter().chain(words.iter().cloned()).collect();
    let Some((name, settings)) = settings(&cli, &line)? else {
        let names: Vec<&str> = commands(&cli).map(clap::Command::get_name).collect();
        return Err(Error::Usage(format!("name a command that has settings: {}", names.join(", "))));
    };
    let defaulted = with_defaults(cli.clone(), &name, &settings).ignore_errors(true);
    let matches = defaulted.try_get_matches_from(&line).map_err(|e| Error::Usage(e.to_string()))?;
    let (Some((_, matches)), Some(command)) = (matches.subcommand(), cli.find_subcommand(&name)) else { return Ok(()) };
    let lines: Vec<(String, String)> =
        keys(&cli, command).map(|arg| (shown(arg, matches), origin(arg, matches, &settings))).collect();
    terminal.print(|style, out| {
        writeln!(out, "{}# unecho {name}{}", style.faint, style.reset)?;
        let width = lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0).min(48);
        lines
            .iter()
            .try_for_each(|(line, origin)| writeln!(out, "{line:<width$}  {}# {origin}{}", style.faint, style.reset))
    })
}

/// A setting as it would stand in the file; without a value as a comment.
fn shown(arg: &Arg, matches: &ArgMatches) -> String {
    let name = key_name(arg);
    let values = matches.try_get_raw(arg.get_id().as_str()).ok().flatten();
    let mut values: Vec<String> =
        values.into_iter().flatten().map(|value| value.to_string_lossy().into_owned()).collect();
    if let Some(delimiter) = arg.get_value_delimiter() {
        values = values.iter().flat_map(|value| value.split(delimiter)).map(str::to_owned).collect();
    }
    let values: Vec<String> = values.iter().map(|value| literal(Kind::of(arg), value)).collect();
    match values.as_slice() {
        [] => format!("# {name} ="),
        [value] if !is_list(arg) => format!("{name} = {value}"),
        _ => format!("{name} = [{}]", values.join(", ")),
    }
}

/// A value in TOML.
fn literal(kind: Kind, value: &str) -> String {
    match kind {
        Kind::Flag => value.to_owned(),
        Kind::Integer | Kind::Number if value.parse::<f64>().is_ok_and(f64::is_finite) => value.to_owned(),
        _ => quoted(value),
    }
}

/// A text in TOML.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out + "\""
}

fn origin(arg: &Arg, matches: &ArgMatches, settings: &Settings) -> String {
    let typed = matches.value_source(arg.get_id().as_str()) == Some(ValueSource::CommandLine);
    match settings.get(arg.get_id()).map(|setting| &setting.origin) {
        _ if typed => "command line".to_owned(),
        Some(Origin::Environment(variable)) => variable.clone(),
        Some(Origin::File(place)) => place.clone(),
        None => "default".to_owned(),
    }
}
