//! Progress bars, stage times, and Ctrl-C.
//!
//! The first signal asks the run to stop: it ends what it is at, saves what is finished, and takes away the rest. A run
//! that has nothing to take away ends at once, for it may be waiting for its input. So does every run at the second signal;
//! then a run folder stays behind, as after a kill.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::progress::{Progress, Stage};
use crate::report::Measured;

/// The number of the signal that asked the run to stop; 0 for none.
static SIGNAL: AtomicI32 = AtomicI32::new(0);

/// The number of the signal that Ctrl-C sends.
const INTERRUPT: i32 = 2;

/// Whether there are unfinished outputs that have to be taken away before the process may end.
static WRITING: AtomicBool = AtomicBool::new(false);

/// Asks the run to stop, or ends it.
fn interrupt(signal: i32) {
    let before = SIGNAL.swap(signal, Ordering::SeqCst);
    if before != 0 || !WRITING.load(Ordering::SeqCst) {
        eprintln!("error: {}", crate::Error::Interrupted);
        std::process::exit(128 + signal);
    }
    eprintln!("stopping after what is begun; once more stops at once");
}

/// The exit code of a run that was asked to stop: 130 by Ctrl-C, 143 by the request to terminate.
pub(super) fn interrupted_code() -> u8 {
    match SIGNAL.load(Ordering::SeqCst) {
        0 => 128 + INTERRUPT as u8,
        signal => 128 + signal as u8,
    }
}

/// Calls [`interrupt`] from a thread of its own whenever a signal arrives. A file that grows beyond what the user may write
/// (`ulimit -f`) is an error like a full disk, and no end without a word.
#[cfg(unix)]
fn listen() -> std::io::Result<()> {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
    signal_hook::flag::register(SIGXFSZ, Arc::default())?;
    let mut signals = signal_hook::iterator::Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || signals.forever().for_each(interrupt))?;
    Ok(())
}

#[cfg(not(unix))]
fn listen() -> std::io::Result<()> {
    ctrlc::set_handler(|| interrupt(INTERRUPT)).map_err(std::io::Error::other)
}

/// A bar per stage on standard error, and the clock.
pub(super) struct Bars {
    show: bool,
    quiet: bool,
    started: Instant,
    state: Mutex<State>,
}

struct State {
    bar: ProgressBar,
    stage: Option<(Stage, Instant)>,
    times: Vec<(String, f64)>,
}

impl Bars {
    /// Bars that are drawn only if `show`; warnings are swallowed if `quiet`.
    pub(super) fn new(show: bool, quiet: bool) -> Bars {
        // without it a signal ends the process as it always does
        let _ = listen();
        let state = State { bar: ProgressBar::hidden(), stage: None, times: Vec::new() };
        Bars { show, quiet, started: Instant::now(), state: Mutex::new(state) }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From here on there are unfinished outputs.
    pub(super) fn writing(&self) {
        WRITING.store(true, Ordering::SeqCst);
    }

    pub(super) fn clear(&self) {
        self.state().bar.finish_and_clear();
    }

    pub(super) fn measured(&self) -> Measured {
        Measured {
            stages: self.state().times.clone(),
            seconds: self.started.elapsed().as_secs_f64(),
            peak_memory: peak_memory(),
            peak_temporary: crate::memory::temporary_peak(),
            threads: rayon::current_num_threads(),
        }
    }
}

/// What is counted, and how it is shown.
fn template(stage: Stage) -> &'static str {
    match stage {
        Stage::Read | Stage::Write => "{msg:>8} [{bar:40}] {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        Stage::Make | Stage::Sketch | Stage::Search | Stage::Resolve => {
            "{msg:>8} [{bar:40}] {human_pos}/{human_len} {eta}"
        }
    }
}

impl Progress for Bars {
    fn begin(&self, stage: Stage, total: u64) {
        let mut state = self.state();
        state.stage = Some((stage, Instant::now()));
        if self.show {
            let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
            let style = ProgressStyle::with_template(template(stage)).unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.set_style(style.progress_chars("=> "));
            bar.set_message(stage.name());
            state.bar = bar;
        }
    }

    fn advance(&self, amount: u64) {
        if self.show {
            self.state().bar.inc(amount);
        }
    }

    fn end(&self) {
        let mut state = self.state();
        state.bar.finish_and_clear();
        if let Some((stage, started)) = state.stage.take() {
            let seconds = started.elapsed().as_secs_f64();
            match state.times.iter_mut().find(|(name, _)| name == stage.name()) {
                Some((_, total)) => *total += seconds,
                None => state.times.push((stage.name().to_owned(), seconds)),
            }
        }
    }

    fn warn(&self, message: &str) {
        if !self.quiet {
            self.state().bar.suspend(|| eprintln!("warning: {message}"));
        }
    }

    fn cancelled(&self) -> bool {
        SIGNAL.load(Ordering::SeqCst) != 0
    }
}

/// The greatest resident memory of this process so far, where `/proc` tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
