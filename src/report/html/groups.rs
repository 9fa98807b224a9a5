//! A group → its HTML: a fold with the keeper, and inside it a fold for each member with both texts side by side.

use std::io;

use askama::Template;

use super::diff::{self, Row, rows};
use super::page::{Outline, PageGroup, PageMember, Quote};
use super::safe;
use crate::corpus::TokenOptions;
use crate::gate::Status;
use crate::report::Kind;
use crate::report::text::{count, human_bytes};

/// Sources of a group's members by which it can be found.
const SOURCES: usize = 60;

#[derive(Template)]
#[template(path = "group.html", config = "src/report/html/askama.toml")]
struct GroupTemplate<'p> {
    group: &'p PageGroup,
    kind: &'static str,
    least: f64,
    range: String,
    sources: String,
    copies: String,
    bytes: String,
    members: Vec<MemberView<'p>>,
    more: Option<String>,
}

struct MemberView<'p> {
    member: &'p PageMember,
    likeness: String,
    rows: Vec<Row>,
    kept_at: Option<Extent>,
    at: Option<Extent>,
    clipped: bool,
}

/// Where a passage stands in its document, in percent.
struct Extent {
    start: String,
    length: String,
    told: String,
}

/// The HTML of a group.
pub(super) fn render(group: &PageGroup, tokens: TokenOptions) -> io::Result<String> {
    let outline = &group.outline;
    let (least, most) = outline.similarity();
    let template = GroupTemplate {
        group,
        kind: match outline.exact() {
            0 => "near",
            n if n == outline.members.len() => "exact",
            _ => "mixed",
        },
        least,
        range: range(least, most, outline),
        sources: sources(outline),
        copies: count(outline.copies() as u64),
        bytes: human_bytes(outline.bytes()),
        members: group.members.iter().map(|m| view(group, m, tokens)).collect(),
        more: more(outline.members.len(), group.members.len()),
    };
    template.render().map_err(io::Error::other)
}

/// How many there are besides those that are shown.
pub(super) fn more(all: usize, shown: usize) -> Option<String> {
    (all > shown).then(|| count((all - shown) as u64))
}

/// Why a group is together, in words.
fn range(least: f64, most: f64, outline: &Outline) -> String {
    let near = outline.members.len() - outline.exact();
    match near {
        0 => "same words".to_owned(),
        _ if (most - least).abs() < 0.0005 => format!("similarity {least:.3}"),
        _ => format!("similarity {least:.3} to {most:.3}"),
    }
}

/// The sources of the keeper and the members, as words with spaces around them.
fn sources(outline: &Outline) -> String {
    let mut sources: Vec<u32> = outline.members.iter().map(|m| m.source).collect();
    sources.sort_unstable();
    sources.dedup();
    sources.truncate(SOURCES);
    sources.push(outline.keeper);
    sources.iter().fold(" ".to_owned(), |all, source| format!("{all}{source} "))
}

fn view<'p>(group: &PageGroup, member: &'p PageMember, tokens: TokenOptions) -> MemberView<'p> {
    MemberView {
        member,
        likeness: likeness(member),
        rows: rows(&group.keeper.text, &member.quote.text, tokens),
        kept_at: extent(&group.keeper),
        at: extent(&member.quote),
        clipped: group.keeper.clipped || member.quote.clipped,
    }
}

/// How alike a member is, and what else is to be known of it.
fn likeness(member: &PageMember) -> String {
    let alike = match member.kind {
        Kind::Exact => "same words".to_owned(),
        Kind::Near => format!("{:.3}", member.similarity),
    };
    let left = if member.remainder { ", what was left" } else { "" };
    let judged = match &member.status {
        None | Some(Status::New) => String::new(),
        Some(Status::Known) => ", in the baseline".to_owned(),
        Some(Status::Allowed { reason }) => format!(", allowed: {}", safe::name(reason)),
        Some(Status::OutOfScope) => ", in what did not change".to_owned(),
    };
    format!("{alike}{left}{judged}")
}

fn extent(quote: &Quote) -> Option<Extent> {
    let whole = quote.whole?;
    let [start, end] = quote.place.bytes.map(u64::from);
    let share = |bytes: u64| 100.0 * (bytes as f64 / whole.max(1) as f64).min(1.0);
    let length = end.saturating_sub(start);
    let told = match length == whole {
        true => format!("the whole document, {}", human_bytes(whole)),
        false => format!("bytes {} to {} of {}", count(start), count(end), count(whole)),
    };
    Some(Extent { start: format!("{:.2}%", share(start)), length: format!("{:.2}%", share(length).max(0.8)), told })
}

/// Line and document of a place, as far as they say more than its source.
fn place(quote: &Quote) -> String {
    let place = &quote.place;
    let by_line = format!("{}:{}", place.source, place.line);
    let mut said = format!(":{}", place.line);
    if place.document != place.source && place.document != by_line {
        said = format!("{said} ({})", place.document);
    }
    if place.text_line > 1 && place.document != place.source {
        said = format!("{said}, text line {}", place.text_line);
    }
    said
}
