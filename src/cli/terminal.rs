//! Standard output and standard error: what is printed where, with or without colour.

use std::io::{self, IsTerminal, Write};

use super::args::{Global, When};
use super::progress::Bars;
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::report::Style;

/// What the parts of a text look like in colour.
const COLOURS: Style =
    Style { strong: "\u{1b}[1m", faint: "\u{1b}[2m", kept: "\u{1b}[31m", gone: "\u{1b}[32m", reset: "\u{1b}[0m" };

/// The terminal, or what stands for it.
pub(super) struct Terminal {
    bars: Bars,
    quiet: bool,
    /// Print more.
    pub(super) verbose: bool,
    color: When,
}

impl Terminal {
    pub(super) fn new(global: &Global) -> Terminal {
        let show = match global.progress {
            When::Auto => io::stderr().is_terminal() && !global.quiet,
            When::Always => true,
            When::Never => false,
        };
        Terminal {
            bars: Bars::new(show, global.quiet),
            quiet: global.quiet,
            verbose: global.verbose,
            color: global.color,
        }
    }

    /// Where a run reports its progress.
    pub(super) fn progress(&self) -> &dyn Progress {
        &self.bars
    }

    /// What was measured so far.
    pub(super) fn measured(&self) -> crate::report::Measured {
        self.bars.measured()
    }

    /// From here on there are unfinished outputs, which an interrupt has to take away.
    pub(super) fn writing(&self) {
        self.bars.writing();
    }

    /// Takes progress bars off the screen.
    pub(super) fn clear(&self) {
        self.bars.clear();
    }

    /// Prints an error; it is printed even when quiet.
    pub(super) fn error(&self, error: &Error) {
        let style = self.style(&io::stderr());
        let red = if style.reset.is_empty() { "" } else { "\u{1b}[1;31m" };
        let _ = writeln!(io::stderr(), "{red}error{}: {error}", style.reset);
    }

    /// Prints on standard error, unless quiet.
    pub(super) fn say(&self, print: impl FnOnce(Style, &mut dyn Write) -> io::Result<()>) -> Result<()> {
        if self.quiet {
            return Ok(());
        }
        self.clear();
        let stderr = io::stderr();
        let style = self.style(&stderr);
        print(style, &mut stderr.lock()).map_err(|e| Error::io("cannot write", "standard error", e))
    }

    /// Tells on standard error what is going on, if verbose.
    pub(super) fn note(&self, what: &str) {
        if self.verbose {
            let _ = writeln!(io::stderr(), "  {what}");
        }
    }

    /// Prints data on standard output.
    pub(super) fn print(&self, print: impl FnOnce(Style, &mut dyn Write) -> io::Result<()>) -> Result<()> {
        self.clear();
        let stdout = io::stdout();
        let style = self.style(&stdout);
        let mut out = io::BufWriter::new(stdout.lock());
        let printed = print(style, &mut out).and_then(|()| out.flush());
        printed.map_err(|e| Error::io("cannot write", "standard output", e))
    }

    fn style(&self, stream: &impl anstream::stream::RawStream) -> Style {
        let coloured = match self.color {
            When::Always => true,
            When::Never => false,
            When::Auto => anstream::AutoStream::choice(stream) != anstream::ColorChoice::Never,
        };
        if coloured { COLOURS } else { Style::default() }
    }
}
