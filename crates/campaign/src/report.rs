//! What the runs of one scenario come to together. It takes them in the order of their seeds, so that it says the same
//! whatever the number of workers.

use std::collections::BTreeMap;
use std::time::Duration;

use sim::{Digest, End, Expansion, FaultKind, HealthCheck, Outcome, Seed, Spec};

use crate::failure::Failure;
use crate::health::{Symptom, Vitals};
use crate::reach::{GoalState, GoalTotal, Reach};
use crate::recovery::Recoveries;
use crate::runner::HarnessError;
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
    /// How soon after the heal each progress was made, by property, over the runs that made all of it.
    pub recoveries: BTreeMap<&'static str, Recoveries>,
    /// What failed, each fault once as far as their sentences tell them apart, the lowest seed first.
    pub failures: Vec<Failed>,
    /// Runs of which nobody knows whether they could have made progress.
    pub undecided: Option<Undecided>,
    /// Runs that were beyond help: stuck, and they could not have been otherwise.
    pub unrecoverable: Option<Unrecoverable>,
    /// What the harness itself did wrong; the report ends with the seed before.
    pub error: Option<HarnessError>,
    pub(crate) reach: Reach,
    pub(crate) vitals: Vitals,
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

/// Runs that were beyond help: stuck, and they could not have been otherwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unrecoverable {
    /// How many.
    pub runs: u64,
    /// The first one's seed.
    pub seed: Seed,
    /// What it had lost.
    pub reason: &'static str,
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
    /// Nothing yet of a campaign whose seeds are expanded like this, and that need not pass what is allowed.
    pub(crate) fn new(spec: &Spec, expansion: &Expansion, allowed: &[HealthCheck]) -> Report {
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
            recoveries: BTreeMap::new(),
            failures: Vec::new(),
            undecided: None,
            unrecoverable: None,
            error: None,
            reach: Reach::new(spec, expansion),
            vitals: Vitals::new(spec, expansion, allowed),
        }
    }

    /// How many seeds had at least as many of `name` as half of all seeds have.
    pub fn median(&self, name: &str) -> u64 {
        self.counts.get(name).map_or(0, |count| count.median(self.seeds))
    }

    /// What should have been seen: the goals of the scenario, then each kind of fault that its seeds may have.
    pub fn goals(&self) -> impl Iterator<Item = &GoalTotal> {
        self.reach.goals()
    }

    /// The goals that are missed, and those that are hit although they are exempt.
    pub fn misses(&self) -> impl Iterator<Item = &GoalTotal> {
        self.goals().filter(|goal| goal.state.is_miss())
    }

    /// Why the runs together say nothing, if they do: the first of what a green test must not keep to itself.
    pub(crate) fn vacuous(&self) -> Option<String> {
        let symptom = self.symptoms().find(Symptom::is_vacuous).map(|symptom| symptom.to_string());
        symptom.or_else(|| self.misses().next().map(|goal| self.told(goal)))
    }

    /// A goal in words, and of a fault that was not allowed to strike what kept it.
    pub(crate) fn told(&self, goal: &GoalTotal) -> String {
        let total = goal.sought.fault().and_then(|kind| self.faults.get(&kind));
        match (goal.state, total.map_or(0, |total| total.withheld)) {
            (GoalState::Missed, withheld @ 1..) => {
                format!(
                    "{goal}; it was due {withheld} times and always withheld: let a `Survival` allow it, or exclude it"
                )
            }
            _ => goal.to_string(),
        }
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
        for recovery in &outcome.recoveries {
            Recoveries::take(&mut self.recoveries, recovery, seed);
        }
        self.reach.take(&outcome, self.seeds);
        self.vitals.take(&outcome);
        match outcome.end {
            End::Unrecoverable(reason) => {
                self.unrecoverable.get_or_insert(Unrecoverable { runs: 0, seed, reason }).runs += 1;
            }
            End::Undecided(reason) => {
                self.undecided.get_or_insert(Undecided { runs: 0, seed, reason }).runs += 1;
            }
            End::Passed | End::Failed(_) => {}
        }
        if let Some(failure) = failure {
            self.take_failure(failure, index);
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
