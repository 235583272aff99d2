//! What a person sees while a campaign runs, and how they end it.

use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use indicatif::{ProgressBar, ProgressStyle};
use sim::Shrunk;

use crate::quantity::Quantity;
use crate::report::Report;

/// A line on stderr that changes in place; nothing where stderr is no terminal.
pub(super) struct ProgressLine(ProgressBar);

impl ProgressLine {
    pub(super) fn new() -> ProgressLine {
        let style = ProgressStyle::with_template("{spinner} {elapsed} {msg}").expect("the template is right");
        ProgressLine(ProgressBar::new_spinner().with_style(style))
    }

    /// Says how far a campaign got.
    pub(super) fn campaign(&self, report: &Report) {
        let Report { scenario, seeds, events, failures, .. } = report;
        let (seeds, events, failed) = (Quantity(*seeds), Quantity(*events), failures.len());
        let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
        self.say(|| format!("{scenario}: {seeds} seeds, {events} events{failed}"));
    }

    /// Says how far a failing case was shrunk.
    pub(super) fn shrinking(&self, scenario: &str, signature: &str, shrunk: &Shrunk) {
        let Shrunk { from, to, runs, .. } = shrunk;
        self.say(|| format!("{scenario}: shrinking {signature}, {} -> {} faults, {runs} runs", from.faults, to.faults));
    }

    fn say(&self, text: impl FnOnce() -> String) {
        if !self.0.is_hidden() {
            self.0.set_message(text());
            self.0.tick();
        }
    }
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Set by the first Ctrl-C, so that what was found is still said; the second one ends the process.
pub fn interruption() -> Arc<AtomicBool> {
    static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();
    let interrupted = INTERRUPTED.get_or_init(|| {
        let interrupted = Arc::new(AtomicBool::new(false));
        let set = Arc::clone(&interrupted);
        let handler = ctrlc::set_handler(move || {
            if set.swap(true, Ordering::Relaxed) {
                process::exit(super::Exit::Interrupted as i32);
            }
        });
        // Where the handler cannot be set, Ctrl-C ends the process as it always does.
        drop(handler);
        interrupted
    });
    Arc::clone(interrupted)
}
