//! `unecho synth`: a corpus with planted duplicates.

use super::args::{self, Compression, ScriptArg};
use super::terminal::Terminal;
use crate::corpus::Codec;
use crate::error::Result;
use crate::output::{PlantedTarget, check_planted, write_planted};
use crate::report::{counted, human_bytes};
use crate::synth::{Script, Synth, SynthOptions};

pub(super) fn run(args: args::Synth, terminal: &Terminal) -> Result<()> {
    let synth = Synth::new(options(&args.made))?;
    let target =
        PlantedTarget { place: args.output, files: args.files, codec: codec(args.compress), force: args.force };
    check_planted(&target)?;
    terminal.writing();
    let size = write_planted(&synth, &target, terminal.progress())?;
    terminal.say(|_, out| {
        let (documents, files) = (counted(synth.options().documents, "document"), counted(target.files, "file"));
        let (bytes, facts) = (human_bytes(size.bytes), counted(size.facts, "line"));
        let place = target.place.display();
        writeln!(out, "  made     {documents} in {files} · {bytes} · {place}/corpus")?;
        writeln!(out, "  truth    {facts} · {place}/truth.jsonl")
    })
}

/// What the arguments say that a corpus is made of.
pub(super) fn options(made: &args::Made) -> SynthOptions {
    SynthOptions {
        documents: made.documents,
        seed: made.seed,
        mean_words: made.mean_words,
        exact_permille: made.exact,
        edited_permille: made.edited,
        reordered_permille: made.reordered,
        truncated_permille: made.truncated,
        boilerplate_permille: made.boilerplate,
        inner_repeat_permille: made.inner_repeats,
        edits_permille: made.edits.clone(),
        scripts: made.script.iter().flat_map(|&script| scripts(script)).collect(),
    }
}

fn scripts(arg: ScriptArg) -> Vec<Script> {
    match arg {
        ScriptArg::Latin => vec![Script::Latin],
        ScriptArg::Cyrillic => vec![Script::Cyrillic],
        ScriptArg::Arabic => vec![Script::Arabic],
        ScriptArg::Devanagari => vec![Script::Devanagari],
        ScriptArg::Hangul => vec![Script::Hangul],
        ScriptArg::Han => vec![Script::Han],
        ScriptArg::Thai => vec![Script::Thai],
        ScriptArg::All => Script::ALL.to_vec(),
    }
}

fn codec(arg: Compression) -> Codec {
    match arg {
        Compression::None => Codec::None,
        Compression::Gzip => Codec::Gzip,
        Compression::Zstd => Codec::Zstd,
        Compression::Bzip2 => Codec::Bzip2,
        Compression::Xz => Codec::Xz,
    }
}

/// Parses `2.5%` or `2.5` to 25 per mille.
pub(super) fn parse_permille(text: &str) -> std::result::Result<u32, String> {
    let permille = super::settings::parse_percent(text)? * 1000.0;
    let whole = permille.round();
    let is_whole = (permille - whole).abs() < 1e-6;
    if is_whole { Ok(whole as u32) } else { Err("finer than a tenth of a percent".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::parse_permille;

    #[test]
    fn percentages_have_one_decimal() {
        assert_eq!(parse_permille("2.5%"), Ok(25));
        assert_eq!(parse_permille("0.1"), Ok(1));
        assert_eq!(parse_permille("100%"), Ok(1000));
        for wrong in ["0.05%", "101%", "-1%", "x"] {
            assert!(parse_permille(wrong).is_err(), "{wrong}");
        }
    }
}
