//! Many seeds of one scenario, on several threads.
//!
//! What is reported does not depend on the number of threads: runs are folded in the order of their seeds, and after a
//! failure no new seed starts, the lower ones finish, and the lowest that failed is the last that counts.

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use sim::{Expansion, HealthCheck, Scenario, Seed, Spec};

use crate::failure::Failure;
use crate::report::{Report, Run};
use crate::run::Runs;
use crate::seed::Base;
use crate::wall::Stopwatch;
use crate::watchdog::Watchdog;

/// What is run of one scenario, and how.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// What the seeds follow from.
    pub base: Base,
    /// How many seeds, over all shards; as many as the time allows where it is not said.
    pub seeds: Option<u64>,
    /// After how long no new seed starts.
    pub time: Option<Duration>,
    /// Threads.
    pub jobs: NonZeroUsize,
    /// The part of the seeds that is run here.
    pub shard: Shard,
    /// Whether a failure ends it.
    pub keep_going: bool,
    /// What is left out of every seed.
    pub expansion: Expansion,
    /// Lifts the budget of what may be unavailable at once.
    pub unbounded: bool,
    /// The health checks that it need not pass, beside those that the scenario allows.
    pub allow: Vec<HealthCheck>,
}

/// One of so many parts: the seeds whose index has this remainder.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    first: u64,
    of: u64,
}

impl Shard {
    /// All seeds.
    pub const WHOLE: Shard = Shard { first: 0, of: 1 };

    /// Part `number` of `of`, counted from 1; nothing where there is no such part.
    pub fn new(number: u64, of: u64) -> Option<Shard> {
        (1..=of).contains(&number).then(|| Shard { first: number - 1, of })
    }
}

/// `2/4`: counted from 1.
impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first + 1, self.of)
    }
}

/// A campaign that could not be carried out: the harness itself is at fault.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HarnessError {
    /// The scenario.
    pub scenario: String,
    /// The seed.
    pub seed: Seed,
    /// What happened.
    pub reason: String,
}

impl Campaign {
    /// So many seeds of a base, on one thread, up to the first failure.
    pub fn new(base: Base, seeds: u64) -> Campaign {
        Campaign {
            base,
            seeds: Some(seeds),
            time: None,
            jobs: NonZeroUsize::MIN,
            shard: Shard::WHOLE,
            keep_going: false,
            expansion: Expansion::default(),
            unbounded: false,
            allow: Vec::new(),
        }
    }

    /// Runs seeds of `scenario` until they are used up, the time is over, one fails, or `stop` is set; `progress` is
    /// called with the report so far.
    ///
    /// Where the engine panicked or a seed's own case was refused, the report says so and ends there.
    pub fn run(
        &self,
        scenario: &dyn Scenario,
        watchdog: &Watchdog,
        stop: &AtomicBool,
        progress: &(dyn Fn(&Report) + Sync),
    ) -> Report {
        let spec = scenario.spec();
        let shared = Mutex::new(Shared {
            next: 0,
            folded: 0,
            failed_at: None,
            waiting: BTreeMap::new(),
            report: Report::new(&spec, &self.expansion, &self.allow),
        });
        let runs = Runs { scenario, watchdog };
        let worker = Worker { campaign: self, spec: &spec, runs, stop, started: Stopwatch::start(), shared: &shared };
        match self.jobs.get() {
            // Where a test runner captures output by thread, the run stays on its thread.
            1 => worker.work(progress),
            jobs => thread::scope(|scope| {
                for _ in 0..jobs {
                    scope.spawn(|| worker.work(progress));
                }
            }),
        }
        let wall_time = worker.started.elapsed();
        let shared = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        Report { wall_time, ..shared.report }
    }
}

/// What the workers share. A position counts the seeds of this shard, from 0.
struct Shared {
    next: u64,
    /// The position that is folded next.
    folded: u64,
    /// The lowest position that failed, where that ends the campaign.
    failed_at: Option<u64>,
    /// Runs, or what prevented them, that wait for a lower position.
    waiting: BTreeMap<u64, Result<Run, HarnessError>>,
    report: Report,
}

struct Worker<'a> {
    campaign: &'a Campaign,
    spec: &'a Spec,
    runs: Runs<'a>,
    stop: &'a AtomicBool,
    started: Stopwatch,
    shared: &'a Mutex<Shared>,
}

impl Worker<'_> {
    fn work(&self, progress: &(dyn Fn(&Report) + Sync)) {
        while let Some((position, index)) = self.next() {
            let seed = self.campaign.base.seed(index);
            match self.run(index, seed) {
                Ok(run) => self.finish(position, Ok(run), progress),
                Err(reason) => {
                    let error = HarnessError { scenario: self.spec.name.clone(), seed, reason };
                    self.finish(position, Err(error), progress);
                }
            }
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next position and its seed's index, if one is to be started.
    fn next(&self) -> Option<(u64, u64)> {
        let mut shared = self.shared();
        let out_of_time = self.campaign.time.is_some_and(|time| self.started.elapsed() >= time);
        if out_of_time || self.stop.load(Ordering::Relaxed) || shared.failed_at.is_some() {
            return None;
        }
        let Shard { first, of } = self.campaign.shard;
        let position = shared.next;
        let index = first + position * of;
        if self.campaign.seeds.is_some_and(|seeds| index >= seeds) {
            return None;
        }
        shared.next += 1;
        Some((position, index))
    }

    fn run(&self, index: u64, seed: Seed) -> Result<Run, String> {
        let mut case = self.runs.scenario.expand(seed, &self.campaign.expansion);
        case.unbounded = self.campaign.unbounded;
        let outcome = self.runs.run(&case).map_err(|error| error.to_string())?;
        let failure = Failure::of(self.spec, &case, &outcome);
        Ok(Run { index, seed, kinds: case.fault_kinds(), outcome, failure })
    }

    fn finish(&self, position: u64, run: Result<Run, HarnessError>, progress: &(dyn Fn(&Report) + Sync)) {
        let mut shared = self.shared();
        let ends = match &run {
            Ok(run) => run.failure.is_some() && !self.campaign.keep_going,
            // Of a harness that is at fault nothing more is to be learnt.
            Err(_) => true,
        };
        if ends {
            shared.failed_at = Some(shared.failed_at.map_or(position, |lowest| lowest.min(position)));
        }
        shared.waiting.insert(position, run);
        shared.fold();
        progress(&shared.report);
    }
}

impl Shared {
    /// Takes in the runs whose turn has come, up to the lowest that failed.
    fn fold(&mut self) {
        while self.failed_at.is_none_or(|failed_at| self.folded <= failed_at) {
            let Some(run) = self.waiting.remove(&self.folded) else { break };
            match run {
                Ok(run) => self.report.take(run),
                Err(error) => self.report.error = Some(error),
            }
            self.folded += 1;
        }
    }
}
