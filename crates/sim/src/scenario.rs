//! A scenario as a registry holds it: expand a seed, run a case. Dynamic once a run, static inside.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::case::{Case, CaseError};
use crate::check::{Checks, Evaluated, Recovery, Violation};
use crate::hash::Digest;
use crate::id::{NodeId, Seed};
use crate::panics;
use crate::plan::{Fate, FaultKind, ItemOutcome, Target};
use crate::record::Record;
use crate::spec::Spec;
use crate::swarm::{self, Expansion};
use crate::system::System;
use crate::time::Time;
use crate::world::{FaultCount, Phase, Stuck, World};

/// A named system under test.
pub trait Scenario: Send + Sync {
    /// What it states about itself.
    fn spec(&self) -> Spec;

    /// The properties that are checked in a run of this case.
    fn properties(&self, case: &Case) -> Vec<Evaluated>;

    /// The case of a seed.
    fn expand(&self, seed: Seed, expansion: &Expansion) -> Case;

    /// Runs a case.
    ///
    /// # Errors
    /// A [`CaseError`] where the case does not fit the scenario; nothing was run then.
    fn run(&self, case: &Case, options: &mut RunOptions<'_>) -> Result<Outcome, CaseError>;
}

/// How a case is run; none of it changes what happens.
#[derive(Default)]
pub struct RunOptions<'a> {
    /// Takes what a trace says.
    pub trace: Option<&'a mut dyn FnMut(&Record)>,
    /// Counts the events as they fire, for whoever watches from outside.
    pub pulse: Option<&'a AtomicU64>,
    /// Whether the outcome says what the network did to messages.
    pub fates: bool,
}

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// How it ended.
    pub end: End,
    /// The rolling hash of everything that happened.
    pub digest: Digest,
    /// How many events fired.
    pub events: u64,
    /// How much virtual time passed.
    pub time: Time,
    /// What became of each plan item, in the plan's order. The item of a read fault has fired once its trap is set.
    pub items: Vec<ItemOutcome>,
    /// Of each plan item that waited for a fact, who stated it; in the plan's order.
    pub subjects: Vec<Option<NodeId>>,
    /// What the network did to messages, where that was asked for.
    pub fates: Option<Fates>,
    /// How often each kind of fault struck and was withheld. A read fault is counted when a boot walks into its trap.
    pub faults: BTreeMap<FaultKind, FaultCount>,
    /// How often each fact was stated, and the client operations `invoked` and `responded`.
    pub counts: BTreeMap<&'static str, u64>,
    /// Whether there was anything to test.
    pub activity: Activity,
    /// How often each label was reached.
    pub reached: BTreeMap<&'static str, u64>,
    /// How often each property was evaluated.
    pub properties: Vec<Evaluated>,
    /// How long after the heal each progress that is demanded was made; nothing where not all of it was.
    pub recoveries: Vec<Recovery>,
    /// The nodes that were healed.
    pub core: Option<Vec<NodeId>>,
}

/// What processes did by which a fault could show.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Activity {
    /// Messages that a process sent, whatever became of them.
    pub messages: u64,
    /// Requests to disks.
    pub disk_requests: u64,
    /// Operations that a client invoked while one of another client had no answer yet.
    pub overlapping: u64,
}

/// What the network did to messages of which no plan item said what becomes of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fates {
    /// Each message that it did more to than carry it, and what became of it, in the order of sending.
    pub met: Vec<(Target, Fate)>,
    /// Whether these are all: a link counts the occurrences of a limited number of tags exactly, and no item can be about
    /// a message beyond.
    pub complete: bool,
    /// Each message that it only carried, and how long that took, in the order of sending; none that an item cannot be
    /// about, and of more than 4 096 the first.
    pub carried: Vec<(Target, Fate)>,
}

impl Fates {
    /// More messages than these are carried in runs that nobody would like to read of.
    pub(crate) const CARRIED_MAX: usize = 4_096;
}

/// How a run ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum End {
    /// Every property holds.
    Passed,
    /// One does not.
    Failed(Box<Violation>),
    /// No progress was made, and none was possible.
    Unrecoverable(&'static str),
    /// No progress was made, and whether it was possible is not known.
    Undecided(String),
}

impl Outcome {
    /// What is violated, if anything is.
    pub fn violation(&self) -> Option<&Violation> {
        match &self.end {
            End::Failed(violation) => Some(violation),
            End::Passed | End::Unrecoverable(_) | End::Undecided(_) => None,
        }
    }
}

impl<S: System> Scenario for S {
    fn spec(&self) -> Spec {
        System::spec(self)
    }

    fn properties(&self, case: &Case) -> Vec<Evaluated> {
        let mut properties = Vec::new();
        self.checks(case).properties(&mut properties);
        properties
    }

    fn expand(&self, seed: Seed, expansion: &Expansion) -> Case {
        let spec = System::spec(self);
        let mut case = swarm::expand(&spec, seed, expansion);
        self.arrange(&mut case);
        let kinds = spec.fault_kinds(expansion);
        case.plan.items.retain(|item| item.fault.kind().is_none_or(|kind| kinds.contains(&kind)));
        case
    }

    fn run(&self, case: &Case, options: &mut RunOptions<'_>) -> Result<Outcome, CaseError> {
        panics::watch();
        let mut world = World::new(self, &System::spec(self), case)?;
        if options.trace.is_some() {
            world = world.traced();
        }
        if options.fates {
            world = world.with_fates();
        }
        drive(&mut world, options);
        Ok(outcome(&mut world))
    }
}

/// The timed driver: fires the earliest event until the run is over.
fn drive<S: System>(world: &mut World<S>, options: &mut RunOptions<'_>) {
    while world.violation().is_none() && world.phase() != Phase::Over {
        match world.earliest() {
            Some(pending) => world.fire(pending),
            None => {
                world.demand_now();
                break;
            }
        }
        if let Some(pulse) = options.pulse {
            pulse.store(world.events(), Ordering::Relaxed);
        }
        if let Some(trace) = &mut options.trace {
            world.take_records().iter().for_each(&mut *trace);
        }
    }
}

fn outcome<S: System>(world: &mut World<S>) -> Outcome {
    let fates = world.take_fates();
    let tally = world.tally();
    let end = match (world.violation(), &tally.stuck) {
        (Some(violation), _) => End::Failed(Box::new(violation.clone())),
        (None, Some(Stuck::Unrecoverable(reason))) => End::Unrecoverable(reason),
        (None, Some(Stuck::Unknown(reason))) => End::Undecided(reason.clone()),
        (None, None) => End::Passed,
    };
    let mut counts: BTreeMap<&'static str, u64> = tally.labels().iter().copied().collect();
    counts.extend([("invoked", tally.invoked), ("responded", tally.responded)]);
    let mut properties = Vec::new();
    world.checks().properties(&mut properties);
    let mut recoveries = Vec::new();
    if end == End::Passed && world.checks().met() {
        world.checks().recoveries(&mut recoveries);
    }
    Outcome {
        end,
        digest: world.digest(),
        events: world.events(),
        time: world.now(),
        items: world.item_outcomes().collect(),
        subjects: world.item_subjects().collect(),
        fates,
        faults: FaultKind::ALL.map(|kind| (kind, tally.fault(kind))).into_iter().collect(),
        counts,
        activity: world.activity(),
        reached: tally.reached().clone(),
        properties,
        recoveries,
        core: tally.core.clone(),
    }
}
