//! The page as a whole: every number and sentence as it is read, and the policy that forbids all but the page's own code.

use askama::Template;
use base64::Engine;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::charts::{self, Chart};
use super::groups::more;
use super::heat::{self, HeatMap};
use super::page::Page;
use super::safe;
use super::sources::{self, SourceRow, Treemap};
use crate::corpus::{Role, TokenOptions};
use crate::gate::{Level, Verdict};
use crate::report::text::{count, counted, human_bytes, percent};
use crate::report::{CorpusTotals, Measured, Overview};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Characters of the command and of an option's value.
const VALUE: usize = 2000;

/// Files and records set aside that are listed.
const SET_ASIDE: usize = 50;

/// Sources by which groups can be filtered.
const CHOICES: usize = 200;

#[derive(Template)]
#[template(path = "page.html", config = "src/report/html/askama.toml")]
pub(super) struct View {
    policy: String,
    style: &'static str,
    script: &'static str,
    title: String,
    verdict: String,
    explanation: String,
    numbers: Vec<Number>,
    gates: Vec<GateRow>,
    found: Vec<Found>,
    command: String,
    run: Vec<(String, String)>,
    set_aside: Vec<(String, String)>,
    set_aside_more: Option<String>,
    full_data: Option<String>,
    rows: Vec<SourceRow>,
    more_rows: Option<String>,
    treemap: Treemap,
    heat: HeatMap,
    areas: String,
    similarity: Chart,
    sizes: Chart,
    measure: String,
    units: Vec<&'static str>,
    choices: Vec<(u32, String)>,
    groups: Vec<String>,
    shown: String,
    all_groups: String,
}

/// One of the numbers that are read first.
struct Number {
    name: &'static str,
    value: String,
    notes: Vec<String>,
}

/// A limit that was checked.
struct GateRow {
    name: &'static str,
    result: &'static str,
    /// The value with what it is of, and what stands for it.
    value: String,
    limit: String,
}

/// What was found of one unit.
struct Found {
    unit: &'static str,
    compared: String,
    exact: String,
    near: String,
    groups: String,
}

impl View {
    /// All but the groups.
    pub(super) fn new(page: &Page<'_>) -> View {
        let overview = page.overview;
        let options = &overview.run.options;
        let rows = sources::table(page);
        let heat = heat::heat(page);
        let set_aside = set_aside(overview);
        let histograms = &overview.histograms;
        View {
            policy: policy(),
            style: STYLE,
            script: SCRIPT,
            title: title(&overview.totals),
            verdict: verdict(overview),
            explanation: explanation(&overview.totals),
            numbers: numbers(page),
            gates: overview.verdict.as_ref().map(gates).unwrap_or_default(),
            found: found(&overview.totals),
            command: safe::clipped(&overview.run.command, VALUE),
            run: run(overview, page.measured),
            set_aside_more: more(set_aside.len(), SET_ASIDE),
            set_aside: set_aside.into_iter().take(SET_ASIDE).collect(),
            full_data: page.full_data.as_deref().map(safe::name),
            more_rows: more(overview.sources.len(), rows.len()),
            rows,
            treemap: sources::treemap(&overview.sources),
            areas: heat::areas(&heat),
            heat,
            similarity: charts::similarity(&histograms.similarity, options["similarity"].as_f64().unwrap_or(0.8)),
            sizes: charts::sizes(&histograms.group_size),
            measure: options["measure"].as_str().unwrap_or("jaccard").to_owned(),
            units: units(page),
            choices: choices(page),
            groups: Vec::new(),
            shown: count(0),
            all_groups: count(page.found as u64),
        }
    }

    /// Adds the groups.
    pub(super) fn show(&mut self, groups: Vec<String>) {
        self.shown = count(groups.len() as u64);
        self.groups = groups;
    }
}

/// Nothing is loaded, and no code runs but the page's own: not even what would slip into it.
fn policy() -> String {
    let digest = |code: &str| base64::engine::general_purpose::STANDARD.encode(Sha256::digest(code.as_bytes()));
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src data:; base-uri 'none'; form-action 'none'",
        digest(SCRIPT),
        digest(STYLE)
    )
}

/// How tokens were made, by the options of the run card.
pub(super) fn token_options(options: &Value) -> TokenOptions {
    TokenOptions { ignore_digits: options["ignore_digits"] == true, by_character: options["tokens"] == "character" }
}

fn title(totals: &CorpusTotals) -> String {
    format!("unecho: {} said before", percent(totals.bytes.removed, totals.bytes.read))
}

/// The finding in one sentence.
fn verdict(overview: &Overview) -> String {
    let found = finding(&overview.totals);
    match &overview.verdict {
        Some(verdict) if verdict.passed => format!("Passed. {found}"),
        Some(_) => format!("Failed. {found}"),
        None => found,
    }
}

fn finding(totals: &CorpusTotals) -> String {
    match totals.bytes {
        bytes if bytes.read == 0 => "There was nothing to read.".to_owned(),
        bytes if bytes.removed == 0 => "Nothing here is said twice.".to_owned(),
        bytes => format!("{} of this text has been said before.", percent(bytes.removed, bytes.read)),
    }
}

/// What the finding consists of.
fn explanation(totals: &CorpusTotals) -> String {
    let repeats = totals.segments.iter().filter(|unit| unit.exact + unit.near > 0);
    let repeats: Vec<String> = repeats.map(|unit| counted(unit.exact + unit.near, unit.unit.name())).collect();
    if repeats.is_empty() {
        let compared = totals.segments.iter().map(|unit| counted(unit.segments - unit.left_alone, unit.unit.name()));
        let compared: Vec<String> = compared.collect();
        return if compared.is_empty() {
            "Nothing was compared.".to_owned()
        } else {
            format!("Compared: {}.", listed(&compared))
        };
    }
    let near: u64 = totals.segments.iter().map(|unit| unit.near).sum();
    let how = match near {
        0 => "all in the same words".to_owned(),
        near => format!("{} of them in slightly other words", count(near)),
    };
    format!("{} repeated, {how}. For each removal a copy is kept, and the two were compared exactly.", listed(&repeats))
}

/// `a`, `a and b`, `a, b and c`.
fn listed(things: &[String]) -> String {
    match things {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

fn numbers(page: &Page<'_>) -> Vec<Number> {
    let totals = &page.overview.totals;
    let (documents, bytes, tokens) = (totals.documents, totals.bytes, totals.tokens);
    let gone = documents.removed + documents.emptied;
    let repeats: u64 = totals.segments.iter().map(|unit| unit.exact + unit.near).sum();
    let exact: u64 = totals.segments.iter().map(|unit| unit.exact).sum();
    let references = page.overview.sources.iter().filter(|source| source.role == Role::Reference).count();
    let files = page.overview.sources.len() - references;
    let mut read = vec![
        format!("{} in {}", counted(documents.read, "document"), counted(files as u64, "file")),
        counted(tokens.read, "token"),
    ];
    if references > 0 {
        read.push(format!("compared with {}", counted(references as u64, "reference file")));
    }
    if documents.rejected > 0 {
        read.push(format!("{} set aside", human_bytes(bytes.rejected)));
    }
    let number = |name, value, notes| Number { name, value, notes };
    let edited = format!("{} edited", count(documents.edited));
    vec![
        number("read", human_bytes(bytes.read), read),
        number(
            "removed",
            human_bytes(bytes.removed),
            vec![
                format!("{} of the text", percent(bytes.removed, bytes.read)),
                format!("{} whole", counted(gone, "document")),
            ],
        ),
        number("kept", human_bytes(bytes.kept), vec![counted(documents.kept + documents.edited, "document"), edited]),
        number(
            "groups",
            count(page.found as u64),
            vec![counted(repeats, "repeat"), format!("{} word for word", count(exact))],
        ),
    ]
}

fn gates(verdict: &Verdict) -> Vec<GateRow> {
    let row = |gate: &crate::gate::Gate| GateRow {
        name: gate.name(),
        result: match (gate.passed, gate.level) {
            (true, _) => "passed",
            (false, Level::Error) => "failed",
            (false, Level::Warning) => "warning",
        },
        value: match &gate.detail {
            Some(detail) => format!("{} {} ({})", gate.value, gate.kind.describe(gate.value), safe::name(detail)),
            None => format!("{} {}", gate.value, gate.kind.describe(gate.value)),
        },
        limit: gate.limit.to_string(),
    };
    verdict.gates.iter().map(row).collect()
}

fn found(totals: &CorpusTotals) -> Vec<Found> {
    let found = |unit: &crate::report::UnitTotals| Found {
        unit: unit.unit.name(),
        compared: count(unit.segments - unit.left_alone),
        exact: count(unit.exact),
        near: count(unit.near),
        groups: count(unit.groups),
    };
    totals.segments.iter().map(found).collect()
}

/// The options and what was measured.
fn run(overview: &Overview, measured: &Measured) -> Vec<(String, String)> {
    let options = overview.run.options.as_object().into_iter().flatten();
    let options =
        options.map(|(name, value)| (safe::name(&name.replace('_', " ")), safe::clipped(&told(value), VALUE)));
    let memory = measured.peak_memory.map_or_else(|| "unknown".to_owned(), human_bytes);
    let version = [("version".to_owned(), format!("unecho {}", safe::name(&overview.run.unecho)))];
    let measured = [
        ("time".to_owned(), format!("{:.2} s on {}", measured.seconds, counted(measured.threads as u64, "thread"))),
        ("peak memory".to_owned(), memory),
    ];
    version.into_iter().chain(options).chain(measured).collect()
}

/// The value of an option in words.
fn told(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.to_owned(),
        Value::Number(number) => number.as_f64().map_or_else(String::new, |n| format!("{}", (n * 1e4).round() / 1e4)),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "none".to_owned(),
        Value::Array(values) => values.iter().map(told).collect::<Vec<_>>().join(", "),
        Value::Object(values) => {
            let pair = |(name, value): (&String, &Value)| format!("{} {}", name.replace('_', " "), told(value));
            values.iter().map(pair).collect::<Vec<_>>().join(", ")
        }
    }
}

fn set_aside(overview: &Overview) -> Vec<(String, String)> {
    let rejected = overview.rejected.iter().map(|reject| {
        let line = reject.line.map(|line| format!(":{line}")).unwrap_or_default();
        (format!("{}{line}", safe::name(&reject.source)), safe::name(&reject.reason))
    });
    let skipped = overview.skipped.iter().map(|s| (safe::name(&s.source), safe::name(&s.reason)));
    rejected.chain(skipped).collect()
}

/// The units of the groups that are shown, largest first.
fn units(page: &Page<'_>) -> Vec<&'static str> {
    let mut units: Vec<_> = page.groups.iter().map(|group| group.unit).collect();
    units.sort_unstable();
    units.dedup();
    units.into_iter().map(|unit| unit.name()).collect()
}

/// The sources of the groups that are shown, in the order of reading.
fn choices(page: &Page<'_>) -> Vec<(u32, String)> {
    let members = |group: &super::page::PageGroup| group.outline.members.iter().map(|m| m.source).collect::<Vec<_>>();
    let mut sources: Vec<u32> =
        page.groups.iter().flat_map(|g| [members(g), vec![g.outline.keeper]].concat()).collect();
    sources.sort_unstable();
    sources.dedup();
    sources.truncate(CHOICES);
    sources.into_iter().map(|s| (s, safe::clipped(&page.overview.sources[s as usize].source, 80))).collect()
}
