//! Threads and time for the engine's shrinker.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use sim::{Candidate, Case, Scenario, Shrinker, Shrunk};

use crate::failure::{Failure, FailureClass};
use crate::run::{RunError, Runs};
use crate::wall::Stopwatch;

/// How much goes into making a failing case smaller.
#[derive(Clone, Copy, Debug)]
pub struct Shrinking {
    /// Threads. What comes of it does not depend on them, unless the time cut it short.
    pub jobs: NonZeroUsize,
    /// After how long no new candidate is run.
    pub time: Duration,
    /// Its runs fire so many events at most.
    pub events_max: u64,
}

/// How long a case that was found is shrunk, where nobody says.
pub const SHRINK_TIME: Duration = Duration::from_secs(10);

/// How many events the runs of a search fire at most, where nobody says: about a minute's worth on one core.
pub const SHRINK_EVENTS_MAX: u64 = 100_000_000;

impl Shrinking {
    /// A search on so many threads that takes at most [`SHRINK_TIME`].
    pub fn new(jobs: NonZeroUsize) -> Shrinking {
        Shrinking { jobs, time: SHRINK_TIME, events_max: SHRINK_EVENTS_MAX }
    }

    /// The failure as the smallest case that was found shows it, until `stop` is set; as it came, where the case did not
    /// fail again, or nothing of it can be relied on. A harness error ends the search, with the best so far. `progress` is
    /// told how far it got.
    pub(crate) fn shrink(
        &self,
        runs: &Runs<'_>,
        failure: Failure,
        stop: &AtomicBool,
        progress: &(dyn Fn(&Shrunk) + Sync),
    ) -> Failure {
        if failure.class == FailureClass::Divergence {
            return failure;
        }
        let spec = Scenario::spec(runs.scenario);
        let shrinker = Shrinker::new(&spec, &failure.case, &failure.signature, &failure.identity, self.events_max);
        let search = Search {
            runs,
            shrinker: Mutex::new(shrinker),
            reported: Condvar::new(),
            started: Stopwatch::start(),
            time: self.time,
            stop,
            progress,
            failed: AtomicBool::new(false),
        };
        match self.jobs.get() {
            1 => search.work(),
            jobs => thread::scope(|scope| {
                for _ in 0..jobs {
                    scope.spawn(|| search.work());
                }
            }),
        }
        let wall_time = search.started.elapsed();
        let shrinker = search.shrinker.into_inner().unwrap_or_else(PoisonError::into_inner);
        let smallest = shrinker.best().and_then(|(case, outcome)| Failure::of(&spec, case, outcome));
        let Some(mut smallest) = smallest else { return failure };
        smallest.case.shrunk = shrinker.shrunk();
        // What was said of the case holds of the smaller one.
        let Case { expect, found, note, .. } = *failure.case;
        (smallest.case.expect, smallest.case.found, smallest.case.note) = (expect, found, note);
        Failure { shrink_time: Some(wall_time), ..smallest.confirmed(runs) }
    }
}

/// The time that the failures of one campaign are shrunk in, all together.
#[cfg(feature = "cli")]
pub(crate) struct ShrinkBudget {
    started: Stopwatch,
    time: Duration,
}

#[cfg(feature = "cli")]
impl ShrinkBudget {
    /// So long, from now on.
    pub(crate) fn of(time: Duration) -> ShrinkBudget {
        ShrinkBudget { started: Stopwatch::start(), time }
    }

    /// What is left of it.
    pub(crate) fn left(&self) -> Duration {
        self.time.saturating_sub(self.started.elapsed())
    }

    /// What one of so many that are left may take: what a quick one leaves over is shared by those after it.
    pub(crate) fn share(&self, left: usize) -> Duration {
        self.left() / u32::try_from(left.max(1)).unwrap_or(u32::MAX)
    }
}

/// One search, as its threads share it.
struct Search<'a> {
    runs: &'a Runs<'a>,
    shrinker: Mutex<Shrinker>,
    /// Something was reported, so that there may be something to do.
    reported: Condvar,
    started: Stopwatch,
    time: Duration,
    stop: &'a AtomicBool,
    progress: &'a (dyn Fn(&Shrunk) + Sync),
    /// The harness failed in a run.
    failed: AtomicBool,
}

impl Search<'_> {
    fn work(&self) {
        while let Some(candidate) = self.next() {
            let run = self.runs.run_with_fates(&candidate.case);
            let mut shrinker = self.shrinker();
            match run {
                Ok(outcome) => shrinker.report(&candidate, Ok(outcome)),
                Err(RunError::Case(error)) => shrinker.report(&candidate, Err(error)),
                Err(RunError::Bug(_)) => self.failed.store(true, Ordering::Relaxed),
            }
            let so_far = shrinker.shrunk();
            drop(shrinker);
            so_far.iter().for_each(self.progress);
            self.reported.notify_all();
        }
        self.reported.notify_all();
    }

    /// The next candidate; nothing where the search is over.
    fn next(&self) -> Option<Candidate> {
        let mut shrinker = self.shrinker();
        loop {
            let out_of_time = self.started.elapsed() >= self.time;
            if out_of_time || self.stop.load(Ordering::Relaxed) || self.failed.load(Ordering::Relaxed) {
                return None;
            }
            if let Some(candidate) = shrinker.next_candidate() {
                return Some(candidate);
            }
            if shrinker.is_finished() {
                return None;
            }
            shrinker = self.reported.wait(shrinker).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn shrinker(&self) -> MutexGuard<'_, Shrinker> {
        self.shrinker.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
