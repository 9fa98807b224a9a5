//! A run of `unecho clean` in a process of its own, so that its peak of memory is its own too.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::bench::Sample;
use crate::error::{Error, Result};
use crate::output::state_dir;
use crate::progress::Progress;
use crate::report::Report;

/// How it is run.
pub(super) struct Clean<'a> {
    pub(super) inputs: &'a [PathBuf],
    pub(super) output: &'a Path,
    pub(super) unit: &'a str,
    pub(super) threads: usize,
    pub(super) options: &'a [String],
}

impl Clean<'_> {
    /// What is typed after the name of the program.
    fn words(&self) -> Vec<String> {
        let mut words = vec!["clean".to_owned()];
        words.extend(self.inputs.iter().map(|input| input.display().to_string()));
        let output = self.output.display().to_string();
        words.extend(["-o".to_owned(), output, "--unit".to_owned(), self.unit.to_owned()]);
        words.extend(["-j".to_owned(), self.threads.to_string()]);
        words.extend(self.options.iter().cloned());
        words
    }

    /// The command as somebody would type it, with OUT for the output.
    pub(super) fn line(&self) -> String {
        let output = Path::new("OUT");
        format!("unecho {}", Clean { output, ..*self }.words().join(" "))
    }

    /// Runs it to its end: what it took, and its report. Settings of the environment and of files have no say.
    pub(super) fn run(&self, progress: &dyn Progress) -> Result<(Sample, Report<'static>)> {
        progress.check()?;
        let program = std::env::current_exe().map_err(|e| Error::io("cannot find", "this program", e))?;
        let mut command = Command::new(program);
        command.args(self.words()).args(["--isolated", "--quiet"]);
        let settings = std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("UNECHO_"));
        settings.for_each(|(name, _)| {
            command.env_remove(name);
        });
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let (before, started) = (children_time(), Instant::now());
        let ended = command.output().map_err(|e| Error::io("cannot run", "unecho clean", e))?;
        let seconds = started.elapsed().as_secs_f64();
        // it was interrupted as this process was
        progress.check()?;
        if !ended.status.success() {
            let said = String::from_utf8_lossy(&ended.stderr);
            return Err(Error::Usage(format!(
                "`{}` failed: {}",
                self.line(),
                said.trim_start_matches("error: ").trim()
            )));
        }
        let spent = children_time().zip(before).map(|(after, before)| [after[0] - before[0], after[1] - before[1]]);
        let report = read_report(&state_dir(self.output).join("report.json"))?;
        let measured = &report.measured;
        let sample = Sample {
            seconds,
            user: spent.map(|spent| spent[0]),
            system: spent.map(|spent| spent[1]),
            peak_memory: measured.peak_memory,
            stages: measured.stages.clone(),
        };
        Ok((sample, report))
    }
}

fn read_report(path: &Path) -> Result<Report<'static>> {
    let file = std::fs::File::open(path).map_err(|e| Error::io("cannot read", path, e))?;
    let fault = |reason| Error::Saved { path: path.to_owned(), reason };
    Report::read_json(std::io::BufReader::new(file)).map_err(fault)
}

/// Seconds that processes started by this one, and ended, spent in themselves and in the system for them; `None` where
/// the system does not tell.
#[cfg(unix)]
fn children_time() -> Option<[f64; 2]> {
    use nix::sys::resource::{UsageWho, getrusage};
    use nix::sys::time::TimeValLike;

    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).ok()?;
    Some([usage.user_time(), usage.system_time()].map(|time| time.num_microseconds() as f64 / 1e6))
}

/// The system does not tell.
#[cfg(not(unix))]
fn children_time() -> Option<[f64; 2]> {
    None
}
