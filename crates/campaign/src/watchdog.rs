//! Names the scenario and seed of a step that never returns.
//!
//! A run ends by virtual time or by its count of events, so the only thing that can hang is one call to hosted code. No
//! thread can be stopped from outside; what can be done is to say which seed it was, and to end the process.

use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use sim::Seed;

use crate::wall::Stopwatch;

/// How long one step may take.
pub const STEP_LIMIT: Duration = Duration::from_secs(60);

/// The exit code of a process that the watchdog ends.
const EXIT_CODE: i32 = 70;

/// Watches over runs, on a thread of its own, until it is dropped.
#[derive(Debug)]
pub struct Watchdog {
    watched: Arc<Mutex<Vec<Watched>>>,
    /// Dropped with the watchdog, which ends its thread.
    _alive: mpsc::Sender<()>,
}

#[derive(Debug)]
struct Watched {
    scenario: String,
    seed: Seed,
    pulse: Arc<AtomicU64>,
    last_event: u64,
    since: Stopwatch,
}

/// One run under watch, as long as it lives.
pub(crate) struct Watch<'a> {
    watchdog: &'a Watchdog,
    pub(crate) pulse: Arc<AtomicU64>,
}

impl Watchdog {
    /// A watchdog that ends the process, with exit code 70, when one step takes longer than `limit`: [`STEP_LIMIT`],
    /// where nothing else is meant.
    pub fn new(limit: Duration) -> Watchdog {
        let watched = Arc::new(Mutex::new(Vec::new()));
        let (alive, dropped) = mpsc::channel::<()>();
        let shared = Arc::clone(&watched);
        #[expect(clippy::disallowed_methods, reason = "it watches from outside of every run")]
        thread::spawn(move || {
            let round = limit / 8;
            while dropped.recv_timeout(round) == Err(mpsc::RecvTimeoutError::Timeout) {
                patrol(&shared, limit);
            }
        });
        Watchdog { watched, _alive: alive }
    }

    pub(crate) fn watch(&self, scenario: &str, seed: Seed) -> Watch<'_> {
        let pulse = Arc::new(AtomicU64::new(0));
        let watched = Watched {
            scenario: scenario.to_owned(),
            seed,
            pulse: Arc::clone(&pulse),
            last_event: 0,
            since: Stopwatch::start(),
        };
        self.watched.lock().unwrap_or_else(PoisonError::into_inner).push(watched);
        Watch { watchdog: self, pulse }
    }
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        let mut watched = self.watchdog.watched.lock().unwrap_or_else(PoisonError::into_inner);
        watched.retain(|watched| !Arc::ptr_eq(&watched.pulse, &self.pulse));
    }
}

fn patrol(watched: &Mutex<Vec<Watched>>, limit: Duration) {
    for watched in watched.lock().unwrap_or_else(PoisonError::into_inner).iter_mut() {
        let event = watched.pulse.load(Ordering::Relaxed);
        if event != watched.last_event {
            watched.last_event = event;
            watched.since = Stopwatch::start();
        } else if watched.since.elapsed() >= limit {
            let Watched { scenario, seed, .. } = watched;
            eprintln!(
                "sim: WATCHDOG {scenario}  seed {seed}  the step after event {event} has not returned in {limit:?}"
            );
            process::exit(EXIT_CODE);
        }
    }
}
