//! The gates for people: one a line, with value and limit, and what can be done.

use std::io::{self, Write};

use super::finding::gate_message;
use super::text::{Style, counted};
use crate::gate::{Gate, Obsolete, Tally, Verdict};

/// Writes what does not count, every gate, and the outcome.
pub(super) fn write(verdict: &Verdict, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    write_uncounted(verdict, style, out)?;
    write_obsolete(verdict, style, out)?;
    for gate in &verdict.gates {
        write_gate(gate, style, out)?;
    }
    if verdict.passed || verdict.findings.new == 0 { Ok(()) } else { write_remedy(style, out) }
}

/// What can be done about findings.
fn write_remedy(style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Style { faint, reset, .. } = style;
    writeln!(
        out,
        "\n  {faint}What to do: say it once, and refer to it. Where it is wanted, allow it: with a reason in"
    )?;
    writeln!(out, "  unecho-allow.toml, or with <!-- unecho: allow REASON --> before the paragraph. To go on")?;
    writeln!(out, "  from here and fail on more only: --baseline FILE --update-baseline, once.{reset}")
}

/// How many findings do not count, and why.
fn write_uncounted(verdict: &Verdict, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let Tally { known, allowed, out_of_scope, .. } = verdict.findings;
    let reasons = [(known, "in the baseline"), (allowed, "allowed"), (out_of_scope, "in what did not change")];
    for (findings, reason) in reasons {
        if findings > 0 {
            writeln!(
                out,
                "  {}{:<9}{}{} {reason}",
                style.strong,
                "ignored",
                style.reset,
                counted(findings, "finding")
            )?;
        }
    }
    Ok(())
}

/// Things accepted without need that are shown.
const OBSOLETE_SHOWN: usize = 10;

/// What is accepted and found no more.
fn write_obsolete(verdict: &Verdict, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for Obsolete { place, what } in verdict.obsolete.iter().take(OBSOLETE_SHOWN) {
        writeln!(out, "  {}{:<9}{}{place}: {what}", style.strong, "stale", style.reset)?;
    }
    match verdict.obsolete.len().saturating_sub(OBSOLETE_SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "  {:<9}… and {more} more", ""),
    }
}

fn write_gate(gate: &Gate, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "  {}{:<9}{}{}", style.strong, gate.result(), style.reset, gate_message(gate))
}
