//! `unecho config schema`: what may stand in `unecho.toml`, for editors, made from the options.

use std::collections::BTreeMap;

use clap::{Arg, Command, CommandFactory};
use serde_json::{Map, Value, json};

use super::super::args::Cli;
use super::super::terminal::Terminal;
use super::file::{COMMANDS, OVERRIDES};
use super::keys::{Kind, commands, is_list, key_name, keys, possible_values};
use crate::error::Result;

/// Prints the schema.
pub(in crate::cli) fn print(terminal: &Terminal) -> Result<()> {
    let schema = schema(&Cli::command());
    terminal.print(|_, out| writeln!(out, "{schema:#}"))
}

/// The schema of the whole file.
fn schema(cli: &Command) -> Value {
    let mut all: BTreeMap<String, Value> = BTreeMap::new();
    let mut sections = Map::new();
    for command in commands(cli) {
        let mut section = Map::new();
        for (name, own) in keys(cli, command).map(|arg| (key_name(arg), property(arg))) {
            let first = all.entry(name.clone()).or_insert_with(|| own.clone());
            // what means the same in every command is written once
            let own = if *first == own { json!({"$ref": format!("#/properties/{name}")}) } else { own };
            section.insert(name, own);
        }
        sections.insert(command.get_name().to_owned(), table(Value::Object(section)));
    }
    all.insert(COMMANDS.to_owned(), table(Value::Object(sections)));
    all.insert(OVERRIDES.to_owned(), json!({"type": "array", "items": super::overrides::schema()}));
    let mut schema = table(json!(all));
    schema["$schema"] = json!("http://json-schema.org/draft-07/schema#");
    schema["title"] = json!("unecho.toml");
    schema
}

fn table(properties: Value) -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

/// What an option takes.
fn property(arg: &Arg) -> Value {
    let values = possible_values(arg.get_value_parser());
    let single = match (Kind::of(arg), values) {
        (Kind::Flag, _) => json!({"type": "boolean"}),
        (_, Some(values)) => json!({"type": "string", "enum": values}),
        (Kind::Integer, _) => json!({"type": "integer", "minimum": 0}),
        (Kind::Path, _) => json!({"type": "string"}),
        (Kind::Number | Kind::Report | Kind::Text, _) => json!({"type": ["string", "number"]}),
    };
    let mut property = match is_list(arg) {
        false => single,
        true => json!({"anyOf": [
            single,
            {"type": "array", "items": single},
            {"type": "object", "additionalProperties": single},
        ]}),
    };
    property["description"] = json!(arg.get_help().map(ToString::to_string).unwrap_or_default());
    property
}
