//! What the runs of one scenario come to together. It takes them in the order of their seeds, so that it says the same
//! whatever the number of workers.

use std::collections::BTreeMap;
use std::time::Duration;

use sim::{Digest, End, FaultKind, Outcome, Seed, Spec};

use crate::failure::Failure;
use crate::runner::HarnessError;
use crate::settings::DEFAULT_SEEDS;
use crate::triage::Fault;

/// What the runs of one scenario came to.
#[derive(Clone, Debug)]
pub struct Report {
    /// The scenario.
    pub scenario: String,
    /// How many seeds were run.
    pub seeds: u64,
    /// How many events fired.
    pub events: u64,
    /// How much virtual time passed.
    pub virtual_time: Duration,
    /// How much wall time it took.
    pub wall_time: Duration,
    /// The digests of the runs, folded in the order of the seeds.
    pub digest: Digest,
    /// Facts, operations and reached labels, by name.
    pub counts: BTreeMap<&'static str, Count>,
    /// What each kind of fault did.
    pub faults: BTreeMap<FaultKind, FaultTotal>,
    /// How often each property was evaluated.
    pub properties: BTreeMap<&'static str, u64>,
    /// What should have been seen.
    pub goals: Vec<GoalTotal>,
    /// What failed, each fault once as far as their sentences tell them apart, the lowest seed first.
    pub failures: Vec<Failed>,
    /// Runs of which nobody knows whether they could have made progress.
    pub undecided: Option<Undecided>,
    /// Runs that were stuck and could not have been otherwise.
    pub unrecoverable: u64,
    /// What the harness itself did wrong; the report ends with the seed before.
    pub error: Option<HarnessError>,
}

/// How often something was counted.
#[derive(Clone, Debug, Default)]
pub struct Count {
    /// In all seeds together.
    pub total: u64,
    /// The seeds in which it was counted at all.
    pub seeds: u64,
    /// How many seeds had each count; those without are not in it.
    by_count: BTreeMap<u64, u64>,
}

/// What a kind of fault did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct FaultTotal {
    /// How often it struck.
    pub fired: u64,
    /// How often it was due and not allowed to.
    pub withheld: u64,
    /// The seeds in which it struck.
    pub seeds: u64,
    /// The seeds that did without it.
    pub off: u64,
}

/// What a campaign should have seen, and whether it did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GoalTotal {
    /// Its label.
    pub label: &'static str,
    /// How often it was seen.
    pub hits: u64,
    /// The seeds in which it was.
    pub seeds: u64,
    /// What follows.
    pub state: GoalState,
}

/// Whether a goal was reached.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GoalState {
    /// It was.
    Hit,
    /// It was not, by [`GOAL_SEEDS`] seeds or more.
    Missed,
    /// It was not, and too few seeds were run to say that it was missed.
    Undetermined,
}

/// A goal that was not hit by so many seeds is missed.
pub const GOAL_SEEDS: u64 = 1_000;

/// A failure, and how many runs showed it.
#[derive(Clone, Debug)]
pub struct Failed {
    /// The one of the lowest seed.
    pub failure: Failure,
    /// That seed.
    pub seed: Seed,
    /// The position of that seed in the campaign.
    pub index: u64,
    /// How many runs showed it.
    pub hits: u64,
}

/// Runs that are not decided.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Undecided {
    /// How many.
    pub runs: u64,
    /// The first one's seed.
    pub seed: Seed,
    /// What it lacked.
    pub reason: String,
}

/// One run, as a report takes it.
pub(crate) struct Run {
    pub(crate) index: u64,
    pub(crate) seed: Seed,
    /// The kinds of fault that this seed may have.
    pub(crate) kinds: Vec<FaultKind>,
    pub(crate) outcome: Outcome,
    pub(crate) failure: Option<Failure>,
}

impl Report {
    pub(crate) fn new(spec: &Spec) -> Report {
        let goal = |label: &&'static str| GoalTotal { label, hits: 0, seeds: 0, state: GoalState::Undetermined };
        Report {
            scenario: spec.name.clone(),
            seeds: 0,
            events: 0,
            virtual_time: Duration::ZERO,
            wall_time: Duration::ZERO,
            digest: Digest::START,
            counts: BTreeMap::new(),
            faults: BTreeMap::new(),
            properties: BTreeMap::new(),
            goals: spec.goals.iter().map(goal).collect(),
            failures: Vec::new(),
            undecided: None,
            unrecoverable: 0,
            error: None,
        }
    }

    /// How many seeds had at least as many of `name` as half of all seeds have.
    pub fn median(&self, name: &str) -> u64 {
        self.counts.get(name).map_or(0, |count| count.median(self.seeds))
    }

    /// Why the runs together say nothing, if they do: so many seeds that never looked at a property, missed a goal, or
    /// were all stuck beyond help. Of fewer seeds than a test runs by default nothing is concluded.
    pub(crate) fn vacuous(&self) -> Option<String> {
        let seeds = self.seeds;
        if seeds < DEFAULT_SEEDS {
            return None;
        }
        let never = self.properties.iter().find(|(_, times)| **times == 0);
        let missed = self.goals.iter().find(|goal| goal.state == GoalState::Missed);
        never
            .map(|(property, _)| {
                format!("`{property}` was never evaluated in {seeds} seeds: its checker found everything irrelevant")
            })
            .or_else(|| missed.map(|goal| format!("the goal `{}` was missed by {seeds} seeds", goal.label)))
            .or_else(|| (self.unrecoverable == seeds).then(|| format!("all {seeds} seeds were stuck beyond help")))
    }

    /// Takes in the next run.
    pub(crate) fn take(&mut self, run: Run) {
        let Run { index, seed, kinds, outcome, failure } = run;
        self.seeds += 1;
        self.events += outcome.events;
        self.virtual_time += outcome.time.as_duration();
        self.digest.roll(outcome.digest.as_u64());
        for (label, times) in outcome.counts.iter().chain(&outcome.reached) {
            self.counts.entry(label).or_default().add(*times);
        }
        for (kind, count) in &outcome.faults {
            let total = self.faults.entry(*kind).or_default();
            total.fired += count.fired;
            total.withheld += count.withheld;
            total.seeds += u64::from(count.fired > 0);
            total.off += u64::from(!kinds.contains(kind));
        }
        for evaluated in &outcome.properties {
            *self.properties.entry(evaluated.property).or_default() += evaluated.times;
        }
        self.take_goals(&outcome);
        match outcome.end {
            End::Unrecoverable(_) => self.unrecoverable += 1,
            End::Undecided(reason) => {
                self.undecided.get_or_insert(Undecided { runs: 0, seed, reason }).runs += 1;
            }
            End::Passed | End::Failed(_) => {}
        }
        if let Some(failure) = failure {
            self.take_failure(failure, index);
        }
    }

    fn take_goals(&mut self, outcome: &Outcome) {
        for goal in &mut self.goals {
            let seen = [outcome.reached.get(goal.label), outcome.counts.get(goal.label)];
            let hits = seen.into_iter().flatten().sum::<u64>();
            goal.hits += hits;
            goal.seeds += u64::from(hits > 0);
            goal.state = match (goal.hits, self.seeds >= GOAL_SEEDS) {
                (1.., _) => GoalState::Hit,
                (0, true) => GoalState::Missed,
                (0, false) => GoalState::Undetermined,
            };
        }
    }

    fn take_failure(&mut self, failure: Failure, index: u64) {
        let fault = Fault::of(&failure);
        match self.failures.iter_mut().find(|known| Fault::of(&known.failure) == fault) {
            Some(known) => known.hits += 1,
            None => self.failures.push(Failed { seed: failure.seed(), failure, index, hits: 1 }),
        }
    }
}

impl Count {
    fn add(&mut self, times: u64) {
        if times > 0 {
            self.total += times;
            self.seeds += 1;
            *self.by_count.entry(times).or_default() += 1;
        }
    }

    /// The lower median over `seeds` seeds, those without a count included.
    fn median(&self, seeds: u64) -> u64 {
        let mut below = seeds - self.seeds;
        let middle = seeds.div_ceil(2);
        if below >= middle {
            return 0;
        }
        for (count, seeds) in &self.by_count {
            below += seeds;
            if below >= middle {
                return *count;
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(counts: &[u64]) -> Count {
        let mut count = Count::default();
        counts.iter().for_each(|times| count.add(*times));
        count
    }

    #[test]
    fn the_median_counts_the_seeds_without() {
        assert_eq!(count(&[5, 1, 9]).median(3), 5);
        assert_eq!(count(&[5, 1, 9]).median(6), 0);
        assert_eq!(count(&[5, 1, 9]).median(5), 1);
        assert_eq!(count(&[]).median(0), 0);
        assert_eq!(count(&[7, 7, 7, 1]).median(4), 7);
    }
}
