//! The HTML report: one file that people open first and show to colleagues. `docs/report.md` says what it shows.
//!
//! In: a [`Page`], which is plain data made from any [`Report`](super::Report), of a run that has just ended or that was
//! read back, and, if they are to be had, the texts of its corpus. Out: HTML that needs nothing else: it runs no script and no style but its own,
//! and loads nothing. Always: at most [`LIMIT`] bytes, whatever the corpus; nothing in it that comes from the corpus is
//! markup.
//!
//! ```
//! use unecho::report::{Measured, Report, Texts, html};
//!
//! let corpus = unecho::Corpus::from_texts(["said twice by two people", "said twice by two people"]);
//! let outcome = unecho::find(corpus, &unecho::Config::default(), &())?;
//! let report = Report::new(&outcome, Measured::default(), "a test".to_owned());
//! let texts = Texts::new(&outcome.corpus);
//! let page = html::Page::new(&report, Some(&texts), Some("report.json".to_owned()))?;
//! let mut out = Vec::new();
//! html::write(&page, &mut out)?;
//! assert!(String::from_utf8(out)?.contains("said twice by two people"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Files: `page` gathers, `select` chooses groups, `reason` says why a copy stayed, `safe` makes texts harmless, `diff`
//! aligns two texts, `treemap` lays out, `sources`, `heat`, `charts` and `groups` prepare one section each, `view` puts
//! the sections together; `page.html`, `group.html`, `page.css` and `page.js` are what they are filled into.

mod charts;
mod diff;
mod groups;
mod heat;
mod page;
mod reason;
mod safe;
mod select;
mod sources;
mod treemap;
mod view;

use std::io::{self, Write};

use askama::Template;
use rayon::prelude::*;

pub use page::{Flow, MemberOutline, Outline, Page, PageGroup, PageMember, Quote};
use view::View;

/// The greatest length of a page in bytes.
pub const LIMIT: usize = 4_800_000;

/// Writes a page.
pub fn write(page: &Page<'_>, out: &mut dyn Write) -> io::Result<()> {
    let tokens = view::token_options(&page.overview.run.options);
    let groups = page.groups.par_iter().map(|group| groups::render(group, tokens)).collect::<io::Result<Vec<_>>>()?;
    let mut view = View::new(page);
    // with the parts that are there only if there are groups, and room for their number
    view.show(vec![String::new()]);
    let used = view.render().map_err(io::Error::other)?.len() + 20;
    view.show(if groups.is_empty() { groups } else { fitting(groups, LIMIT.saturating_sub(used)) });
    let html = view.render().map_err(io::Error::other)?;
    out.write_all(html.as_bytes())
}

/// As many of the first groups as fit.
fn fitting(mut groups: Vec<String>, room: usize) -> Vec<String> {
    let mut used = 0;
    let fit = groups.iter().take_while(|group| {
        used += group.len() + 1;
        used <= room
    });
    let fit = fit.count();
    groups.truncate(fit);
    groups
}
