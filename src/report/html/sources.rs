//! Where the repeats are: a table of the sources, and a treemap of them by folder.
//!
//! In: what is known of each source. Out: rows and cells with their texts. Always: no more of them than a page can hold; what
//! is left out is counted.

use super::page::Page;
use super::safe;
use super::treemap::{Rect, squarify};
use crate::report::SourceView;
use crate::report::text::{count, counted, human_bytes, percent};

/// Sources in the table.
const ROWS: usize = 200;

/// Files that have a cell of their own.
const FILES: usize = 160;

/// Folders that have a frame of their own.
const FOLDERS: usize = 24;

/// A row of the table; of each number the text and the value to sort by.
pub(super) struct SourceRow {
    pub(super) index: usize,
    pub(super) path: String,
    pub(super) documents: (String, u64),
    pub(super) read: (String, u64),
    pub(super) removed: (String, u64),
    /// The share that is removed: as text, and in parts of 100 with a decimal.
    pub(super) share: (String, String),
    pub(super) repeats: (String, u64),
}

/// The sources that lose most.
pub(super) fn table(page: &Page<'_>) -> Vec<SourceRow> {
    let sources = &page.overview.sources;
    let mut repeats = vec![0; sources.len()];
    for (&(source, _), flow) in &page.flows {
        repeats[source as usize] += flow.repeats;
    }
    losing_most(sources).into_iter().map(|s| row(s, &sources[s], repeats[s])).collect()
}

/// The sources for the table, in order.
fn losing_most(sources: &[SourceView]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..sources.len()).collect();
    order.sort_by_key(|&s| (std::cmp::Reverse((sources[s].bytes.removed, sources[s].bytes.read)), s));
    order.truncate(ROWS);
    order
}

fn row(index: usize, source: &SourceView, repeats: u64) -> SourceRow {
    let (documents, bytes) = (source.documents, source.bytes);
    SourceRow {
        index,
        path: safe::name(&source.source),
        documents: (count(documents.read), documents.read),
        read: (human_bytes(bytes.read), bytes.read),
        removed: (human_bytes(bytes.removed), bytes.removed),
        share: (percent(bytes.removed, bytes.read), format!("{:.2}", 100.0 * share(bytes.removed, bytes.read))),
        repeats: (count(repeats), repeats),
    }
}

fn share(part: u64, whole: u64) -> f64 {
    part as f64 / whole.max(1) as f64
}

/// The step of the colour scale for a share: 0 for nothing, up to 4 for half and more.
fn level(share: f64) -> usize {
    [0.0, 0.05, 0.2, 0.5].iter().filter(|step| if **step == 0.0 { share > 0.0 } else { share >= **step }).count()
}

/// A cell of the treemap, or a frame around cells. Lengths are in percent of the whole.
pub(super) struct Cell {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) w: String,
    pub(super) h: String,
    /// What is written into it; empty where there is no room.
    pub(super) label: String,
    /// Whether there is room for the label on a small screen too.
    pub(super) roomy: bool,
    pub(super) title: String,
    pub(super) level: usize,
    /// The source that it stands for, if it is one.
    pub(super) source: Option<usize>,
}

/// The treemap: cells of files, and frames of folders over them.
#[derive(Default)]
pub(super) struct Treemap {
    pub(super) cells: Vec<Cell>,
    pub(super) folders: Vec<Cell>,
}

/// Files that are drawn together.
#[derive(Default)]
struct Folder {
    name: String,
    /// Indices of the files, largest first.
    files: Vec<usize>,
    read: u64,
    removed: u64,
}

/// Columns and rows of pixels that the treemap is laid out for.
const AREA: Rect = Rect { x: 0.0, y: 0.0, w: 1040.0, h: 400.0 };

/// Lays out the sources; nothing if there are fewer than two.
pub(super) fn treemap(sources: &[SourceView]) -> Treemap {
    let mut map = Treemap::default();
    if sources.len() < 2 {
        return map;
    }
    let folders = folders(sources);
    let sizes: Vec<f64> = folders.iter().map(|folder| folder.read as f64).collect();
    let own = smallest_own(sources);
    for (folder, rect) in folders.iter().zip(squarify(&sizes, AREA)) {
        lay_out(folder, rect, sources, own, &mut map.cells);
        if folders.len() > 1 {
            let title =
                format!("{}: {} of {} removed", folder.name, human_bytes(folder.removed), human_bytes(folder.read));
            map.folders.push(cell(rect, &folder.name, title, 0, None));
        }
    }
    map
}

/// The size below which files are drawn together with others.
fn smallest_own(sources: &[SourceView]) -> u64 {
    let mut sizes: Vec<u64> = sources.iter().map(|s| s.bytes.read).collect();
    sizes.sort_unstable_by(|a, b| b.cmp(a));
    sizes.get(FILES).map_or(0, |size| size + 1)
}

fn lay_out(folder: &Folder, rect: Rect, sources: &[SourceView], own: u64, cells: &mut Vec<Cell>) {
    let bytes = |s: &usize| sources[*s].bytes;
    let alone = folder.files.partition_point(|s| bytes(s).read >= own.max(1));
    let (own, rest) = folder.files.split_at(alone);
    let rest_read: u64 = rest.iter().map(|s| bytes(s).read).sum();
    let rest_removed: u64 = rest.iter().map(|s| bytes(s).removed).sum();
    let mut sizes: Vec<f64> = own.iter().map(|s| bytes(s).read as f64).collect();
    sizes.push(rest_read as f64);
    let rects = squarify(&sizes, rect);
    for (&source, &rect) in own.iter().zip(&rects) {
        let path = safe::name(&sources[source].source);
        let file = path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let title = told(&path, bytes(&source).removed, bytes(&source).read);
        let level = level(share(bytes(&source).removed, bytes(&source).read));
        cells.push(cell(rect, &file, title, level, Some(source)));
    }
    if rest_read > 0 {
        let name = counted(rest.len() as u64, "small file");
        let title = told(&name, rest_removed, rest_read);
        cells.push(cell(rects[own.len()], &name, title, level(share(rest_removed, rest_read)), None));
    }
}

fn told(name: &str, removed: u64, read: u64) -> String {
    format!("{name}: {} of {} removed", percent(removed, read), human_bytes(read))
}

fn cell(rect: Rect, name: &str, title: String, level: usize, source: Option<usize>) -> Cell {
    let of = |length: f64, whole: f64| format!("{:.3}%", 100.0 * length / whole);
    let room = |width: f64| (width - 16.0).max(0.0) as usize / 7;
    let length = name.chars().count();
    let fits = rect.h >= 26.0 && room(rect.w) >= length.min(12);
    Cell {
        x: of(rect.x, AREA.w),
        y: of(rect.y, AREA.h),
        w: of(rect.w, AREA.w),
        h: of(rect.h, AREA.h),
        label: if fits { safe::clipped(name, room(rect.w)) } else { String::new() },
        roomy: room(rect.w / 3.0) >= length,
        title,
        level,
        source,
    }
}

/// The sources by the folder that they stand in, below the folders that all share; the largest first.
fn folders(sources: &[SourceView]) -> Vec<Folder> {
    let names = folder_names(sources);
    let mut folders: std::collections::BTreeMap<&str, Folder> = std::collections::BTreeMap::new();
    for (index, (source, name)) in sources.iter().zip(&names).enumerate() {
        let folder = folders.entry(name).or_insert_with(|| Folder { name: name.clone(), ..Folder::default() });
        folder.files.push(index);
        folder.read += source.bytes.read;
        folder.removed += source.bytes.removed;
    }
    let mut folders: Vec<Folder> = folders.into_values().collect();
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.read));
    if folders.len() > FOLDERS {
        let rest = merged(folders.split_off(FOLDERS - 1));
        folders.push(rest);
        folders.sort_by_key(|folder| std::cmp::Reverse(folder.read));
    }
    for folder in &mut folders {
        folder.files.sort_by_key(|&s| (std::cmp::Reverse(sources[s].bytes.read), s));
    }
    folders
}

fn merged(folders: Vec<Folder>) -> Folder {
    let name = counted(folders.len() as u64, "small folder");
    folders.into_iter().fold(Folder { name, ..Folder::default() }, |all, folder| Folder {
        read: all.read + folder.read,
        removed: all.removed + folder.removed,
        files: [all.files, folder.files].concat(),
        name: all.name,
    })
}

/// For each source the first folder in which paths differ, with its slash; `./` for files beside such folders.
pub(super) fn folder_names(sources: &[SourceView]) -> Vec<String> {
    let split = |source: &SourceView| -> Vec<String> { source.source.split(['/', '\\']).map(str::to_owned).collect() };
    let paths: Vec<Vec<String>> = sources.iter().map(split).collect();
    let shortest = paths.iter().map(|path| path.len() - 1).min().unwrap_or(0);
    let common = (0..shortest).take_while(|&i| paths.iter().all(|path| path[i] == paths[0][i])).count();
    let name = |path: &Vec<String>| match path.len() - common {
        0 | 1 => "./".to_owned(),
        _ => safe::name(&path[common]) + "/",
    };
    paths.iter().map(name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Codec, Format, Role};
    use crate::report::{Bytes, DocumentTotals, Tokens};

    fn source(path: &str, read: u64, removed: u64) -> SourceView {
        SourceView {
            source: path.to_owned(),
            role: Role::default(),
            format: Format::Text,
            codec: Codec::None,
            stored_bytes: read,
            digest: String::new(),
            documents: DocumentTotals::default(),
            bytes: Bytes { read, removed, kept: read - removed, rejected: 0 },
            tokens: Tokens::default(),
        }
    }

    #[test]
    fn folders_are_those_in_which_paths_differ() {
        let names = |paths: &[&str]| folder_names(&paths.iter().map(|p| source(p, 1, 0)).collect::<Vec<_>>());
        assert_eq!(names(&["data/a/x.txt", "data/b/y.txt", "data/z.txt"]), ["a/", "b/", "./"]);
        assert_eq!(names(&["x.txt"]), ["./"]);
        assert_eq!(names(&["-", "/abs/x"]), ["./", "/"]);
    }

    #[test]
    fn levels_of_colour() {
        assert_eq!([0.0, 0.01, 0.05, 0.3, 0.5, 1.0].map(level), [0, 1, 2, 3, 4, 4]);
    }

    #[test]
    fn every_byte_has_its_place_however_many_files() {
        let sources: Vec<_> = (0..3000).map(|i| source(&format!("d/{}/{i}.txt", i % 70), 1 + i, i / 2)).collect();
        let map = treemap(&sources);
        assert!(map.cells.len() <= FILES + FOLDERS && map.folders.len() == FOLDERS);
        let number = |text: &str| text.trim_end_matches('%').parse::<f64>().unwrap();
        let area: f64 = map.cells.iter().map(|c| number(&c.w) * number(&c.h)).sum();
        assert!((area - 10_000.0).abs() < 30.0, "{area}");
    }

    #[test]
    fn one_source_needs_no_map_and_empty_ones_do_no_harm() {
        assert!(treemap(&[source("a", 5, 0)]).cells.is_empty());
        assert!(treemap(&[source("a", 0, 0), source("b", 0, 0)]).cells.is_empty());
    }

    #[test]
    fn the_table_is_cut_and_begins_with_what_loses_most() {
        let sources: Vec<_> = (0..500).map(|i| source(&format!("{i}"), 1000, i)).collect();
        let order = losing_most(&sources);
        assert_eq!((order.len(), order[0]), (ROWS, 499));
    }
}
