//! The modules stand in one line, and each uses only those to its left.

use std::fs;
use std::path::{Path, PathBuf};

/// From left to right.
const ORDER: [&str; 19] = [
    "error", "memory", "progress", "resume", "kernel", "corpus", "synth", "input", "sketch", "search", "resolve",
    "output", "config", "pipeline", "gate", "report", "saved", "bench", "cli",
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Rust without comments, strings, and everything that is compiled for tests only.
fn bare(code: &str) -> String {
    without_tests(&without_strings_and_comments(code))
}

fn without_strings_and_comments(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(c) = rest.chars().next() {
        let skipped = match c {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '"' => string_len(rest),
            'r' if raw_string_hashes(rest).is_some() && !out.ends_with(|c: char| c.is_alphanumeric() || c == '_') => {
                let close = format!("\"{}", "#".repeat(raw_string_hashes(rest).unwrap()));
                let open = close.len() + 1;
                open + rest[open..].find(&close).unwrap() + close.len()
            }
            '\'' => char_len(rest),
            _ => 0,
        };
        if skipped == 0 {
            out.push(c);
            rest = &rest[c.len_utf8()..];
        } else {
            rest = &rest[skipped..];
            out.push(' ');
        }
    }
    out
}

/// The bytes of a string literal, quotes included.
fn string_len(code: &str) -> usize {
    let mut escaped = false;
    for (at, c) in code.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    code.len()
}

fn raw_string_hashes(code: &str) -> Option<usize> {
    let after = code.strip_prefix('r')?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    after[hashes..].starts_with('"').then_some(hashes)
}

/// The bytes of a character literal; 1 for the tick of a lifetime.
fn char_len(code: &str) -> usize {
    let mut chars = code.char_indices().skip(1);
    match chars.next() {
        Some((_, '\\')) => code[3..].find('\'').map_or(1, |end| end + 4),
        Some(_) => chars.next().filter(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 1),
        None => 1,
    }
}

fn without_tests(code: &str) -> String {
    let Some((before, rest)) = code.split_once("#[cfg(test)]") else { return code.to_owned() };
    let mut depth = 0;
    for (at, c) in rest.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 && (c == '}' || c == ';') {
            return before.to_owned() + &without_tests(&rest[at + 1..]);
        }
    }
    before.to_owned()
}

/// The first names of all paths that begin at the root of the crate, in code that lies `depth` modules below the root.
fn uses(code: &str, depth: usize) -> Vec<String> {
    let mut names = Vec::new();
    let from_root = "super::".repeat(depth);
    for prefix in ["crate::", from_root.as_str()] {
        for (at, _) in code.match_indices(prefix) {
            let is_path = !code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':');
            if is_path {
                names.extend(first_names(&code[at + prefix.len()..]));
            }
        }
    }
    names
}

/// `a::b` gives a; `{a::b, c::{d, e}}` gives a and c.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let Some(list) = path.strip_prefix('{') else { return vec![name(path)] };
    let (mut names, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' | ',' if depth == 0 => {
                names.push(name(&list[start..at]));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            '}' => depth -= 1,
            _ => {}
        }
    }
    names.retain(|name: &String| !name.is_empty());
    names
}

/// What `lib.rs` gives out under a name of its own, with the module that it comes from.
fn reexports() -> Vec<(String, String)> {
    let lib = bare(&fs::read_to_string(source().join("lib.rs")).unwrap());
    let mut found = Vec::new();
    for line in lib.split(';').filter_map(|item| item.trim().strip_prefix("pub use ")) {
        let (module, names) = line.split_once("::").unwrap();
        let names = first_names(names);
        found.extend(names.into_iter().map(|name| (name, module.to_owned())));
    }
    found
}

/// Every source file with the module at the top that it belongs to, and how deep below the root it lies.
fn files(dir: &Path, below: &[String], found: &mut Vec<(PathBuf, String, usize)>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            files(&path, &[below, &[stem]].concat(), found);
        } else if !below.is_empty() || !["lib", "main"].contains(&stem.as_str()) {
            let modules = if stem == "mod" { below.to_vec() } else { [below, &[stem]].concat() };
            found.push((path, modules[0].clone(), modules.len()));
        }
    }
}

#[test]
fn each_module_uses_only_modules_to_its_left() {
    let place = |module: &str| ORDER.iter().position(|m| *m == module);
    let reexports = reexports();
    assert!(reexports.contains(&("Error".to_owned(), "error".to_owned())), "{reexports:?}");
    let mut found = Vec::new();
    files(&source(), &[], &mut found);
    assert!(found.len() >= 40, "where are the sources? {found:?}");
    let (mut seen, mut faults) = (0, Vec::new());
    for (path, module, depth) in found {
        // a file that is compiled for tests only
        if path.file_stem().is_some_and(|stem| stem == "tests") {
            continue;
        }
        let own = place(&module).unwrap_or_else(|| panic!("`{module}` has no place in the line of modules"));
        for name in uses(&bare(&fs::read_to_string(&path).unwrap()), depth) {
            let used = reexports.iter().find(|(n, _)| *n == name).map_or(name.as_str(), |(_, m)| m.as_str());
            let used = place(used).unwrap_or_else(|| panic!("{}: what is crate::{name}?", path.display()));
            seen += 1;
            if used > own {
                faults.push(format!("{} uses {}", path.display(), ORDER[used]));
            }
        }
    }
    assert!(seen > 80, "only {seen} uses were seen: the search is broken");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_search_for_uses_sees_what_it_should() {
    let code = r#"
        use crate::{corpus::{Span, Unit}, error::Error};
        use super::super::sketch::Table; // crate::comment
        /* crate::block */ const S: &str = "crate::string \" {"; const C: char = '{'; const Q: char = '"';
        fn f<'a>(x: &'a str) -> crate::Result<()> { super::near::g(x) }
        #[cfg(test)]
        mod tests { use crate::test_only::X; fn g() { { } } }
        fn h() { crate::report::write() }
    "#;
    let mut names = uses(&bare(code), 2);
    names.sort();
    assert_eq!(names, ["Result", "corpus", "error", "report", "sketch"]);
}
