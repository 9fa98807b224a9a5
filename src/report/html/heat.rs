//! Which source repeats which: a square table of bytes.
//!
//! In: the flows between sources. Out: at most [`MOST`] areas (sources, or the folders that they stand in) and what each
//! repeats of each. Always: every flow is in one cell.

use std::collections::BTreeMap;

use super::page::Page;
use super::safe;
use super::sources::folder_names;
use crate::report::text::{counted, human_bytes};

/// Rows and columns.
const MOST: usize = 12;

/// One cell: what the area of its row repeats of the area of its column.
pub(super) struct HeatCell {
    pub(super) text: String,
    pub(super) title: String,
    pub(super) level: usize,
    pub(super) itself: bool,
}

/// The table; without rows if there is nothing to compare.
#[derive(Default)]
pub(super) struct HeatMap {
    /// Whether areas are folders.
    pub(super) by_folder: bool,
    pub(super) rows: Vec<(String, Vec<HeatCell>)>,
}

/// Draws up the table.
pub(super) fn heat(page: &Page<'_>) -> HeatMap {
    let sources = &page.overview.sources;
    if sources.len() < 2 || page.flows.is_empty() {
        return HeatMap::default();
    }
    let folders = folder_names(sources);
    let by_folder = sources.len() > MOST && folders.iter().any(|folder| *folder != folders[0]);
    let area = |source: u32| match sources.get(source as usize) {
        Some(_) if by_folder => folders[source as usize].clone(),
        Some(source) => safe::name(&source.source),
        None => String::new(),
    };
    let mut sums: BTreeMap<(String, String), u64> = BTreeMap::new();
    for (&(from, to), flow) in &page.flows {
        *sums.entry((area(from), area(to))).or_default() += flow.bytes;
    }
    let names = heaviest(&sums);
    HeatMap { by_folder, rows: rows(&sums, &names) }
}

/// The areas with the greatest flows, greatest first.
fn heaviest(sums: &BTreeMap<(String, String), u64>) -> Vec<String> {
    let mut weights: BTreeMap<&str, u64> = BTreeMap::new();
    for ((from, to), bytes) in sums {
        *weights.entry(from).or_default() += bytes;
        *weights.entry(to).or_default() += bytes;
    }
    let mut names: Vec<(&str, u64)> = weights.into_iter().collect();
    names.sort_by_key(|&(name, bytes)| (std::cmp::Reverse(bytes), name));
    let fitting = if names.len() > MOST { MOST - 1 } else { names.len() };
    names[..fitting].iter().map(|(name, _)| (*name).to_owned()).collect()
}

fn rows(sums: &BTreeMap<(String, String), u64>, names: &[String]) -> Vec<(String, Vec<HeatCell>)> {
    let place = |name: &str| names.iter().position(|n| n == name).unwrap_or(names.len());
    let mut bytes = vec![vec![0; names.len() + 1]; names.len() + 1];
    for ((from, to), sum) in sums {
        bytes[place(from)][place(to)] += sum;
    }
    let mut names = names.to_vec();
    let others = bytes
        .iter()
        .enumerate()
        .any(|(i, row)| row[names.len()] > 0 || (i == names.len() && row.iter().any(|b| *b > 0)));
    if others {
        names.push("all others".to_owned());
    }
    let most = bytes.iter().flatten().copied().max().unwrap_or(0);
    let cell = |from: usize, to: usize| {
        let bytes = bytes[from][to];
        let said = if from == to { "itself" } else { &names[to] };
        let title = format!("{} repeats {} of {said}", names[from], human_bytes(bytes));
        let text = if bytes == 0 { String::new() } else { human_bytes(bytes) };
        HeatCell { text, title, level: level(bytes, most), itself: from == to }
    };
    let row = |from: usize| (names[from].clone(), (0..names.len()).map(|to| cell(from, to)).collect());
    (0..names.len()).map(row).collect()
}

/// The step of the colour scale: 0 for nothing, 4 for a quarter of the greatest and more, each lower step a quarter.
fn level(bytes: u64, most: u64) -> usize {
    if bytes == 0 {
        return 0;
    }
    let steps = (most as f64 / bytes as f64).log(4.0).floor() as usize;
    4usize.saturating_sub(steps).max(1)
}

/// What the caption calls the areas.
pub(super) fn areas(map: &HeatMap) -> String {
    counted(map.rows.len() as u64, if map.by_folder { "folder" } else { "source" })
}
