//! Progress bars, stage times, and Ctrl-C.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::progress::{Progress, Stage};
use crate::report::Measured;

/// Set by Ctrl-C and by the request to terminate.
static CANCELLED: AtomicBool = AtomicBool::new(false);

/// Whether there are unfinished outputs that have to be taken away before the process may end.
static WRITING: AtomicBool = AtomicBool::new(false);

/// Asks the run to stop; ends it at once if it has written nothing yet, for it may be waiting for its input.
fn interrupt() {
    CANCELLED.store(true, Ordering::SeqCst);
    if !WRITING.load(Ordering::SeqCst) {
        eprintln!("error: {}", crate::Error::Interrupted);
        std::process::exit(130);
    }
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
        // a second handler cannot be set: then the first one does the same
        let _ = ctrlc::set_handler(interrupt);
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
        CANCELLED.load(Ordering::SeqCst)
    }
}

/// The greatest resident memory of this process so far, where `/proc` tells.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes * 1024)
}
