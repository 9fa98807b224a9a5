//! Texts of a corpus on a terminal: wrapped at 80 columns, with the words that differ marked.
//!
//! Always: control characters and direction marks of the corpus are shown as `·`; a line with letters that are written
//! from right to left is isolated, so that it does not turn what stands around it.

use std::io::{self, Write};

use unicode_width::UnicodeWidthChar;

use crate::corpus::is_unsafe;
use crate::report::Style;
use crate::saved::Run;

/// Columns of a line.
const WIDTH: usize = 80;

/// How a character is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ink {
    Plain,
    Faint,
    Kept,
    Gone,
}

/// A character with its ink.
type Cell = (char, Ink);

/// Writes a word diff, indented: words of the keeper only as `[-…-]` or in red, of the repeat only as `{+…+}` or in green.
pub(super) fn write_diff(runs: &[Run], style: Style, indent: usize, out: &mut dyn Write) -> io::Result<()> {
    let mut cells = Vec::new();
    for run in runs {
        match run {
            Run::Same(text) => push(&mut cells, text, Ink::Plain),
            Run::Kept(text) => push_marked(&mut cells, text, Ink::Kept, ["[-", "-]"], style),
            Run::Gone(text) => push_marked(&mut cells, text, Ink::Gone, ["{+", "+}"], style),
            Run::Skipped(words) => push(&mut cells, &format!("… {words} words the same … "), Ink::Faint),
        }
    }
    for line in wrap(&cells, WIDTH - indent) {
        write!(out, "{:indent$}", "")?;
        write_line(line, style, out)?;
    }
    Ok(())
}

fn push(cells: &mut Vec<Cell>, text: &str, ink: Ink) {
    for c in text.chars() {
        match c {
            '\n' => cells.push(('\n', ink)),
            '\r' => {}
            c if c.is_whitespace() => cells.push((' ', ink)),
            c if is_unsafe(c) => cells.push(('·', ink)),
            c => cells.push((c, ink)),
        }
    }
}

/// Marks a text, but not the space after it; by signs where there are no colours.
fn push_marked(cells: &mut Vec<Cell>, text: &str, ink: Ink, signs: [&str; 2], style: Style) {
    let words = text.trim_end();
    let signs = if style.reset.is_empty() { signs } else { ["", ""] };
    push(cells, signs[0], ink);
    push(cells, words, ink);
    push(cells, signs[1], ink);
    push(cells, &text[words.len()..], Ink::Plain);
}

/// Columns before the text of a row: two, and nine for its name.
const ROW: usize = 11;

/// Writes a text with a name before it, wrapped so that it stands beside the name.
pub(super) fn row(name: &str, text: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut cells = Vec::new();
    push(&mut cells, text, Ink::Plain);
    let lines = wrap(&cells, WIDTH - ROW);
    for (i, line) in lines.into_iter().enumerate() {
        let name = if i == 0 { name } else { "" };
        write!(out, "  {}{name:<9}{}", style.strong, style.reset)?;
        write_line(line, style, out)?;
    }
    Ok(())
}

/// Cuts cells into lines of `room` columns, at spaces where there are any.
fn wrap(cells: &[Cell], room: usize) -> Vec<&[Cell]> {
    let mut lines = Vec::new();
    for paragraph in cells.split(|(c, _)| *c == '\n') {
        let mut rest = paragraph;
        while !rest.is_empty() {
            let (line, after) = first_line(rest, room);
            lines.push(line);
            rest = after;
        }
    }
    lines
}

/// As many cells as fit, without the spaces around them, and what is left.
fn first_line(cells: &[Cell], room: usize) -> (&[Cell], &[Cell]) {
    let mut width = 0;
    let fits = cells.iter().position(|(c, _)| {
        width += c.width().unwrap_or(0);
        width > room
    });
    let Some(fits) = fits else { return (cells, &[]) };
    let space = cells[..=fits].iter().rposition(|(c, _)| *c == ' ').filter(|&at| at > 0);
    let end = space.unwrap_or(fits.max(1));
    let after = cells[end..].iter().position(|(c, _)| *c != ' ').map_or(cells.len(), |skipped| end + skipped);
    (&cells[..end], &cells[after..])
}

fn write_line(line: &[Cell], style: Style, out: &mut dyn Write) -> io::Result<()> {
    let isolated = line.iter().any(|(c, _)| is_right_to_left(*c));
    let mut text = String::new();
    text.extend(isolated.then_some('\u{2068}'));
    for run in line.chunk_by(|a, b| a.1 == b.1) {
        let (on, off) = match run[0].1 {
            Ink::Plain => ("", ""),
            Ink::Faint => (style.faint, style.reset),
            Ink::Kept => (style.kept, style.reset),
            Ink::Gone => (style.gone, style.reset),
        };
        text.push_str(on);
        text.extend(run.iter().map(|(c, _)| c));
        text.push_str(off);
    }
    text.extend(isolated.then_some('\u{2069}'));
    writeln!(out, "{}", text.trim_end())
}

/// Hebrew, Arabic, Syriac, Thaana, N'Ko and the other scripts in the blocks that Unicode sets aside for this direction.
fn is_right_to_left(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}' | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use unicode_width::UnicodeWidthStr;

    fn shown(runs: &[Run], style: Style) -> String {
        let mut out = Vec::new();
        write_diff(runs, style, 4, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn differences_are_marked_by_signs_or_by_colour() {
        let runs =
            [Run::Same("the ".into()), Run::Kept("cat ".into()), Run::Gone("dog ".into()), Run::Same("sat".into())];
        assert_eq!(shown(&runs, Style::default()), "    the [-cat-] {+dog+} sat\n");
        let style = Style { kept: "<r>", gone: "<g>", reset: "<0>", ..Style::default() };
        assert_eq!(shown(&runs, style), "    the <r>cat<0> <g>dog<0> sat\n");
    }

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let latin = "word and another ".repeat(20);
        let texts = [latin.as_str(), &"漢字".repeat(100), &"x".repeat(300), &"שלום עולם ".repeat(20), "a\n\nb\r\nc"];
        for text in texts {
            for line in shown(&[Run::Same(text.into())], Style::default()).lines() {
                assert!(line.width() <= WIDTH, "{line}");
                assert!(!line.trim().is_empty());
            }
        }
        assert_eq!(shown(&[Run::Same("a\n\nb\r\nc".into())], Style::default()), "    a\n    b\n    c\n");
    }

    #[test]
    fn rows_are_wrapped_beside_their_names() {
        let mut out = Vec::new();
        row("why", &"reason and ".repeat(12), Style::default(), &mut out).unwrap();
        let out = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0].starts_with("  why      reason") && lines[1].starts_with("           "));
        assert!(lines.iter().all(|line| line.width() <= WIDTH));
    }

    #[test]
    fn nothing_of_the_corpus_reaches_the_terminal_raw() {
        let shown = shown(&[Run::Gone("a\u{1b}[31m\u{202e}b\u{7}\tc\u{2066}".into())], Style::default());
        assert_eq!(shown, "    {+a·[31m·b· c·+}\n");
        let hebrew = super::tests::shown(&[Run::Same("שלום".into())], Style::default());
        assert_eq!(hebrew, "    \u{2068}שלום\u{2069}\n");
    }
}
