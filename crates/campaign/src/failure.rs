//! A run that failed: what it showed, and the case that shows it again.

use std::time::Duration;

use sim::{Case, Class, DIVERGENCE, Digest, End, Expect, Item, ItemOutcome, Outcome, Seed, Spec, Time};

use crate::run::Runs;

/// A failure of one run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// What kind it is; it decides the exit code.
    pub class: FailureClass,
    /// `suite::property`.
    pub signature: String,
    /// What tells two failures of one signature apart; mostly nothing.
    pub identity: String,
    /// One sentence.
    pub explanation: String,
    /// When it showed.
    pub time: Time,
    /// In which event it showed.
    pub event: u64,
    /// The run's digest.
    pub digest: Digest,
    /// The plan items that struck, in the order in which they did.
    pub struck: Vec<Item>,
    /// How long it was shrunk, where it was just now.
    pub shrink_time: Option<Duration>,
    /// The case, with what fired, what was reached, and what it is expected to come to.
    pub case: Box<Case>,
}

/// What kind of failure it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum FailureClass {
    /// Two runs of one case differ.
    Divergence,
    /// A safety property does not hold, or hosted code panicked.
    Safety,
    /// Progress that was due was not made, or the run went beyond a limit.
    Liveness,
}

impl From<Class> for FailureClass {
    fn from(class: Class) -> FailureClass {
        match class {
            Class::Safety | Class::Panic => FailureClass::Safety,
            Class::Liveness | Class::Limit => FailureClass::Liveness,
        }
    }
}

impl Failure {
    /// The failure of a run, if it failed.
    pub fn of(spec: &Spec, case: &Case, outcome: &Outcome) -> Option<Failure> {
        let End::Failed(violation) = &outcome.end else { return None };
        Some(Failure {
            class: violation.class.into(),
            signature: violation.signature.clone(),
            identity: violation.identity.clone(),
            explanation: violation.explanation.clone(),
            time: violation.time,
            event: violation.event,
            digest: outcome.digest,
            struck: struck(case, outcome),
            shrink_time: None,
            case: Box::new(lived(spec, case, outcome)),
        })
    }

    /// The seed of the run.
    pub fn seed(&self) -> Seed {
        self.case.seed
    }

    /// Whether it is what the scenario, wrong on purpose, must show.
    pub fn is_expected(&self) -> bool {
        self.case.expect == Expect::Signature(self.signature.clone())
    }

    /// Where it is written up, as a fault of code that is not ours: nothing where it is not.
    pub fn finding(&self) -> Option<&str> {
        self.case.expect.finding()
    }

    /// The signature's second half.
    pub fn property(&self) -> &str {
        self.signature.rsplit("::").next().unwrap_or(&self.signature)
    }

    /// Runs the case again. Where the second run differs from the first, that is the failure: nothing that the first
    /// one showed can be relied on.
    pub(crate) fn confirmed(self, runs: &Runs<'_>) -> Failure {
        let Ok(again) = runs.run(&self.case) else { return self.diverged("the second was refused".into()) };
        match again.violation() {
            Some(violation) if violation.signature == self.signature && again.digest == self.digest => self,
            Some(violation) => {
                let second = format!("the second {} with digest {}", violation.signature, again.digest);
                self.diverged(second)
            }
            None => self.diverged(format!("the second nothing, with digest {}", again.digest)),
        }
    }

    fn diverged(self, second: String) -> Failure {
        let first = format!("the first showed {} with digest {}", self.signature, self.digest);
        Failure {
            class: FailureClass::Divergence,
            signature: DIVERGENCE.into(),
            identity: String::new(),
            explanation: format!("two runs of this case differ: {first}, {second}; `twin` says where"),
            ..self
        }
    }
}

/// The case as it was lived: with the core that was healed, what fired and what was reached.
pub(crate) fn lived(spec: &Spec, case: &Case, outcome: &Outcome) -> Case {
    let mut lived = case.clone();
    lived.expect = expected(spec, case, outcome);
    lived.plan.heal.core = lived.plan.heal.core.or_else(|| outcome.core.clone());
    lived.fired = fired(case, outcome);
    lived.reached = reached_labels(outcome);
    lived
}

fn expected(spec: &Spec, case: &Case, outcome: &Outcome) -> Expect {
    // A run that passed is none that must fail: kept as one, it would be stale at once.
    let Some(violation) = outcome.violation() else { return Expect::Pass };
    match &case.expect {
        // As a case that should pass, a fault that is written up would be a regression.
        Expect::Known { known, .. } if *known == violation.signature => case.expect.clone(),
        _ => spec.must_fail.clone().map_or(Expect::Pass, Expect::Signature),
    }
}

fn struck(case: &Case, outcome: &Outcome) -> Vec<Item> {
    let time = |(item, outcome): (&Item, &ItemOutcome)| match outcome {
        ItemOutcome::Fired(time) => Some((*time, item.clone())),
        ItemOutcome::Withheld(_) | ItemOutcome::Never => None,
    };
    let mut struck: Vec<(Time, Item)> = case.plan.items.iter().zip(&outcome.items).filter_map(time).collect();
    struck.sort_by_key(|(time, item)| (*time, item.id));
    struck.into_iter().map(|(_, item)| item).collect()
}

/// The labels that were reached.
pub(crate) fn reached_labels(outcome: &Outcome) -> Vec<String> {
    outcome.reached.keys().map(|label| (*label).to_owned()).collect()
}

/// The ids of the items that fired.
pub(crate) fn fired(case: &Case, outcome: &Outcome) -> Vec<u32> {
    let items = case.plan.items.iter().zip(&outcome.items);
    items.filter(|(_, outcome)| matches!(outcome, ItemOutcome::Fired(_))).map(|(item, _)| item.id).collect()
}
