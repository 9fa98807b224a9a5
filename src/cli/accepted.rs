//! What `check` accepts: baseline and allow list are read, and the baseline is written.

use std::fs;
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::args::Judging;
use super::terminal::Terminal;
use crate::corpus::{Corpus, TokenOptions};
use crate::error::{Error, Result};
use crate::gate::{AllowList, Baseline, Date, Judge, Named};
use crate::input::Directories;
use crate::output::PendingFile;
use crate::report::{Style, counted};

/// The allow list that is read if none is named.
const ALLOW_LIST: &str = "unecho-allow.toml";

/// The baseline that was named. If it is to be written anew, it may be missing or damaged.
pub(super) fn baseline(args: &Judging, tokens: TokenOptions, terminal: &Terminal) -> Result<Option<Named<Baseline>>> {
    let Some(path) = &args.baseline else { return Ok(None) };
    let name = path.display().to_string();
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == io::ErrorKind::NotFound && args.update_baseline => return Ok(None),
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let message = format!("{name}: there is no baseline yet; make it with --update-baseline, and commit it");
            return Err(Error::Usage(message));
        }
        Err(e) => return Err(Error::io("cannot read", path, e)),
    };
    match Baseline::parse(&text, tokens) {
        Ok(list) => Ok(Some(Named { name, list })),
        Err(fault) if args.update_baseline => {
            terminal.progress().warn(&format!("{name} {fault}: it is made anew"));
            Ok(None)
        }
        Err(fault) => Err(Error::Usage(format!("{name} {fault}"))),
    }
}

/// Writes the findings that there are, and accepts them.
pub(super) fn update_baseline(judge: &mut Judge<'_>, args: &Judging, terminal: &Terminal) -> Result<()> {
    let Some(path) = &args.baseline else { return Ok(()) };
    let list = judge.baseline();
    let before = judge.accepted().map_or(0, Baseline::len);
    if judge.accepted() != Some(&list) || !path.exists() {
        PendingFile::put(path, |file| file.write_all(list.render().as_bytes()))?;
    }
    let after = list.len();
    terminal.say(|style, out| {
        let Style { strong, reset, .. } = style;
        let after = counted(after as u64, "text");
        writeln!(out, "  {strong}baseline {reset}{}: {after} accepted, {before} before", path.display())
    })?;
    judge.accept_baseline(Named { name: path.display().to_string(), list });
    Ok(())
}

/// The allow list that was named, or the one in the working directory.
pub(super) fn allow_list(args: &Judging) -> Result<Option<Named<AllowList>>> {
    let path = match &args.allow_list {
        Some(path) => path.clone(),
        None if Path::new(ALLOW_LIST).is_file() => PathBuf::from(ALLOW_LIST),
        None => return Ok(None),
    };
    let name = path.display().to_string();
    let text = fs::read_to_string(&path).map_err(|e| Error::io("cannot read", &path, e))?;
    let list = AllowList::parse(&text);
    let list = list.map_err(|f| Error::Usage(format!("{name}:{}:{}: {}", f.line, f.column, f.message)))?;
    Ok(Some(Named { name, list }))
}

/// For each source its name in the baseline: its path from the directory of the baseline, so that it does not matter from
/// where unecho was started. Nothing without a baseline.
pub(super) fn names(args: &Judging, corpus: &Corpus) -> Vec<String> {
    let Some(baseline) = &args.baseline else { return Vec::new() };
    let mut directories = Directories::default();
    let base = directories.full(baseline).parent().map(Path::to_owned).unwrap_or_default();
    let name = |path: &Path| match path.as_os_str() == "-" {
        true => "-".to_owned(),
        false => relative(&directories.full(path), &base),
    };
    corpus.sources.iter().map(|source| source.path.as_path()).map(name).collect()
}

/// The way from a directory to a path, with `/` between its parts.
fn relative(path: &Path, base: &Path) -> String {
    let (path, base): (Vec<Component<'_>>, Vec<Component<'_>>) =
        (path.components().collect(), base.components().collect());
    let shared = path.iter().zip(&base).take_while(|(a, b)| a == b).count();
    let up = base[shared..].iter().map(|_| "..".to_owned());
    let down = path[shared..].iter().map(|part| part.as_os_str().to_string_lossy().into_owned());
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// The day, in UTC.
pub(super) fn today() -> Date {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    date_of(since.as_secs() / 86_400)
}

/// The day that is so many days after the first of January 1970.
fn date_of(days: u64) -> Date {
    let leap = |year: u16| year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    let (mut year, mut left) = (1970, days);
    let days_of = |year: u16| if leap(year) { 366 } else { 365 };
    while left >= days_of(year) {
        left -= days_of(year);
        year += 1;
    }
    let february = if leap(year) { 29 } else { 28 };
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    Date { year, month, day: left as u8 + 1 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        for (days, date) in [
            (0, "1970-01-01"),
            (58, "1970-02-28"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_454, "2026-01-01"),
            (20_818, "2026-12-31"),
        ] {
            assert_eq!(date_of(days).to_string(), date);
        }
    }

    #[test]
    fn ways_between_paths() {
        for (path, base, way) in [
            ("/repo/docs/a.md", "/repo", "docs/a.md"),
            ("/repo/docs/a.md", "/repo/ci", "../docs/a.md"),
            ("/other/a.md", "/repo/ci", "../../other/a.md"),
        ] {
            assert_eq!(relative(Path::new(path), Path::new(base)), way);
        }
    }
}
