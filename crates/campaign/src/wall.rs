//! The wall clock: the one place that reads it. It decides when to stop starting runs, and never what a run comes to.

use std::time::{Duration, Instant, SystemTime};

/// A stopwatch that runs from its making.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a campaign has a budget of wall time")]
    pub(crate) fn start() -> Stopwatch {
        Stopwatch(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// The day, as `2026-11-24`.
#[expect(clippy::disallowed_methods, reason = "a case that is kept says when it was found")]
pub(crate) fn today() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string().chars().take(10).collect()
}
