//! Checkers: they read what happened and say what must not have. They never change anything.

use std::time::Duration;

use crate::case::Case;
use crate::id::{NodeId, OperationId};
use crate::payload::Protocol;
use crate::time::Time;

/// One thing that happened, as checkers see it.
pub struct Observed<'a, P: Protocol> {
    /// When.
    pub time: Time,
    /// The event of the run in which it happened.
    pub event: u64,
    /// Where.
    pub node: NodeId,
    /// Which life of the process there: 1 is the first.
    pub incarnation: u32,
    /// What.
    pub what: What<'a, P>,
}

/// What happened.
pub enum What<'a, P: Protocol> {
    /// A fact, stated by the process or, when it was carried by a disk request, by the engine at durability.
    Fact(&'a P::Fact),
    /// A client asked for something.
    Invoked(OperationId, &'a P::Operation),
    /// A client got its answer.
    Responded(OperationId, &'a P::Reply),
    /// A process started.
    Booted,
    /// A process declined to serve, and counts as down.
    Refused(&'a str),
    /// A process died.
    Crashed,
    /// The safety phase is over; these nodes are healed, and everything else stays as it is.
    Healed(&'a [NodeId]),
}

impl<P: Protocol> Clone for Observed<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Protocol> Copy for Observed<'_, P> {}

impl<P: Protocol> Clone for What<'_, P> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<P: Protocol> Copy for What<'_, P> {}

impl<'a, P: Protocol> Observed<'a, P> {
    /// The fact, if it is one.
    pub fn fact(&self) -> Option<&'a P::Fact> {
        match self.what {
            What::Fact(fact) => Some(fact),
            _ => None,
        }
    }

    /// This place and moment as a witness of something about `subject`.
    pub fn witness(&self, subject: u64) -> Witness {
        Witness { node: self.node, event: self.event, time: self.time, subject }
    }
}

/// A place and moment that a violation rests on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Witness {
    /// Where.
    pub node: NodeId,
    /// In which event.
    pub event: u64,
    /// When.
    pub time: Time,
    /// What it is about: [`Fact::subject`](crate::Fact::subject).
    pub subject: u64,
}

/// What a checker makes of one observation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Judgement {
    /// It does not bear on the property.
    Irrelevant,
    /// It bears on the property, which holds.
    Holds,
    /// The property does not hold.
    Violated(Box<Flaw>),
}

impl Judgement {
    /// Holds or, where it does not, the flaw that says why.
    pub fn holds_if(holds: bool, flaw: impl FnOnce() -> Flaw) -> Judgement {
        if holds { Judgement::Holds } else { Judgement::Violated(Box::new(flaw())) }
    }
}

/// Why a property does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flaw {
    /// One sentence in the field's words, with both sides: who, when, by which vote or entry.
    pub explanation: String,
    /// What it rests on.
    pub witnesses: Vec<Witness>,
}

/// One safety property, checked as the run goes on.
///
/// A checker does constant work for each observation, and trusts durable and applied facts; a core's own conclusion, such
/// as its commit index, may be the accused and is never the evidence.
pub trait Checker<P: Protocol>: Clone + Send + 'static {
    /// Learns which case is about to be run: who takes part, and how much the clients have to do.
    fn begin(&mut self, case: &Case) {
        let _ = case;
    }

    /// Takes in what happened: also what a step states after something that was a flaw, and so whatever makes no sense.
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement;
}

/// One liveness property: what must have happened some time after the heal.
pub trait Goal<P: Protocol>: Clone + Send + 'static {
    /// Learns which case is about to be run. A goal that demands an answer after the heal needs to know who still has
    /// operations then: of clients that are through nothing more is to be expected.
    fn begin(&mut self, case: &Case) {
        let _ = case;
    }

    /// Takes in what happened, from the start of the run on.
    fn observe(&mut self, observed: &Observed<'_, P>);

    /// Whether what is demanded has happened since the heal. Asked after each observation from the heal on.
    fn met(&self) -> bool;

    /// What is still missing, for the one line that explains a failure: "no operation was acknowledged after the heal".
    fn missing(&self) -> String;
}

/// All the properties of a scenario: nested pairs of [`Property`] and [`Progress`], so that a fact reaches each checker
/// by a static call.
pub trait Checks<P: Protocol>: Clone + Send + 'static {
    /// Learns which case is about to be run.
    fn begin(&mut self, case: &Case);

    /// Takes in what happened and adds what it violates.
    fn observe(&mut self, observed: &Observed<'_, P>, found: &mut Vec<Finding>);

    /// Whether all progress that is demanded after the heal has been made.
    fn met(&self) -> bool;

    /// Adds the times after the heal at which [`overdue`](Self::overdue) is to be asked.
    fn bounds(&self, bounds: &mut Vec<Duration>);

    /// Adds the progress that is missing although its bound has passed.
    fn overdue(&self, since_heal: Duration, found: &mut Vec<Finding>);

    /// Adds how long each progress that has been made took.
    fn recoveries(&self, recoveries: &mut Vec<Recovery>);

    /// Adds the properties, with how often each was evaluated.
    fn properties(&self, properties: &mut Vec<Evaluated>);
}

/// A violated property and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// The property's name, without its suite.
    pub property: &'static str,
    /// Why it does not hold.
    pub flaw: Flaw,
}

/// A property, and how many observations it was evaluated on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Evaluated {
    /// The property's name, without its suite.
    pub property: &'static str,
    /// Whether it is about progress.
    pub liveness: bool,
    /// How often it was evaluated in this run.
    pub times: u64,
}

/// Progress that was demanded and made, and how long after the heal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Recovery {
    /// The property's name, without its suite.
    pub property: &'static str,
    /// How long after the heal it came to hold, and held on: until its bound had passed, or the run was over. At most the
    /// bound.
    pub took: Duration,
    /// How long it may have taken.
    pub bound: Duration,
}

/// A checker and the name of the property it checks.
#[derive(Clone, Debug)]
pub struct Property<C> {
    name: &'static str,
    checker: C,
    evaluated: u64,
}

impl<C> Property<C> {
    /// The property `name`, as `checker` sees it.
    pub fn new(name: &'static str, checker: C) -> Property<C> {
        Property { name, checker, evaluated: 0 }
    }
}

impl<P: Protocol, C: Checker<P>> Checks<P> for Property<C> {
    fn begin(&mut self, case: &Case) {
        self.checker.begin(case);
    }

    #[inline]
    fn observe(&mut self, observed: &Observed<'_, P>, found: &mut Vec<Finding>) {
        match self.checker.observe(observed) {
            Judgement::Irrelevant => {}
            Judgement::Holds => self.evaluated += 1,
            Judgement::Violated(flaw) => {
                self.evaluated += 1;
                found.push(Finding { property: self.name, flaw: *flaw });
            }
        }
    }

    fn met(&self) -> bool {
        true
    }

    fn bounds(&self, _: &mut Vec<Duration>) {}

    fn overdue(&self, _: Duration, _: &mut Vec<Finding>) {}

    fn recoveries(&self, _: &mut Vec<Recovery>) {}

    fn properties(&self, properties: &mut Vec<Evaluated>) {
        properties.push(Evaluated { property: self.name, liveness: false, times: self.evaluated });
    }
}

/// A goal that must be met within a bound of virtual time after the heal.
#[derive(Clone, Debug)]
pub struct Progress<G> {
    name: &'static str,
    bound: Duration,
    goal: G,
    healed_at: Option<Time>,
    /// Whether the goal is met, since the heal.
    is_met: bool,
    /// How long after the heal it came to be met. Once the bound has passed nothing changes that: a goal that others are still
    /// waited for with may be missed again.
    met_after: Option<Duration>,
    evaluated: u64,
}

impl<G> Progress<G> {
    /// The property `name`: `goal` is met within `bound` of the heal.
    pub fn new(name: &'static str, bound: Duration, goal: G) -> Progress<G> {
        Progress { name, bound, goal, healed_at: None, is_met: false, met_after: None, evaluated: 0 }
    }

    /// Whether the goal is met, so long after the heal: when it was met for good, as far as the bound looks.
    fn note(&mut self, is_met: bool, since_heal: Duration) {
        self.is_met = is_met;
        if since_heal <= self.bound {
            self.met_after = if is_met { self.met_after.or(Some(since_heal)) } else { None };
        }
    }
}

impl<P: Protocol, G: Goal<P>> Checks<P> for Progress<G> {
    fn begin(&mut self, case: &Case) {
        self.goal.begin(case);
    }

    #[inline]
    fn observe(&mut self, observed: &Observed<'_, P>, _: &mut Vec<Finding>) {
        self.goal.observe(observed);
        if matches!(observed.what, What::Healed(_)) {
            self.evaluated += 1;
            self.healed_at = Some(observed.time);
        }
        if let Some(healed_at) = self.healed_at {
            self.note(self.goal.met(), observed.time - healed_at);
        }
    }

    fn met(&self) -> bool {
        self.is_met
    }

    fn bounds(&self, bounds: &mut Vec<Duration>) {
        bounds.push(self.bound);
    }

    fn overdue(&self, since_heal: Duration, found: &mut Vec<Finding>) {
        if since_heal >= self.bound && !self.is_met {
            let explanation = format!("{} within {:?} of the heal", self.goal.missing(), self.bound);
            found.push(Finding { property: self.name, flaw: Flaw { explanation, witnesses: Vec::new() } });
        }
    }

    fn recoveries(&self, recoveries: &mut Vec<Recovery>) {
        if self.is_met {
            // Met, missed again before the bound, and met once more when nobody looked any longer: met at 3 s of 10, say, missed
            // at 10 s, met at 11 s. It took all of its bound.
            let took = self.met_after.unwrap_or(self.bound);
            recoveries.push(Recovery { property: self.name, took, bound: self.bound });
        }
    }

    fn properties(&self, properties: &mut Vec<Evaluated>) {
        properties.push(Evaluated { property: self.name, liveness: true, times: self.evaluated });
    }
}

impl<P: Protocol> Checks<P> for () {
    fn begin(&mut self, _: &Case) {}

    fn observe(&mut self, _: &Observed<'_, P>, _: &mut Vec<Finding>) {}

    fn met(&self) -> bool {
        true
    }

    fn bounds(&self, _: &mut Vec<Duration>) {}

    fn overdue(&self, _: Duration, _: &mut Vec<Finding>) {}

    fn recoveries(&self, _: &mut Vec<Recovery>) {}

    fn properties(&self, _: &mut Vec<Evaluated>) {}
}

impl<P: Protocol, A: Checks<P>, B: Checks<P>> Checks<P> for (A, B) {
    fn begin(&mut self, case: &Case) {
        self.0.begin(case);
        self.1.begin(case);
    }

    #[inline]
    fn observe(&mut self, observed: &Observed<'_, P>, found: &mut Vec<Finding>) {
        self.0.observe(observed, found);
        self.1.observe(observed, found);
    }

    fn met(&self) -> bool {
        self.0.met() && self.1.met()
    }

    fn bounds(&self, bounds: &mut Vec<Duration>) {
        self.0.bounds(bounds);
        self.1.bounds(bounds);
    }

    fn overdue(&self, since_heal: Duration, found: &mut Vec<Finding>) {
        self.0.overdue(since_heal, found);
        self.1.overdue(since_heal, found);
    }

    fn recoveries(&self, recoveries: &mut Vec<Recovery>) {
        self.0.recoveries(recoveries);
        self.1.recoveries(recoveries);
    }

    fn properties(&self, properties: &mut Vec<Evaluated>) {
        self.0.properties(properties);
        self.1.properties(properties);
    }
}

/// What kind of failure a violation is; it decides the exit code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// A safety property does not hold.
    Safety,
    /// Hosted code panicked.
    Panic,
    /// Progress that was due was not made.
    Liveness,
    /// The run went beyond a limit.
    Limit,
}

/// What ended a run as failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Violation {
    /// What kind of failure it is.
    pub class: Class,
    /// `suite::property`: what a shrinker preserves and a triage groups by.
    pub signature: String,
    /// What tells two failures of one signature apart, such as a panic's file and message; mostly nothing.
    pub identity: String,
    /// Where it showed, if at one place.
    pub node: Option<NodeId>,
    /// When it showed.
    pub time: Time,
    /// In which event it showed.
    pub event: u64,
    /// One sentence.
    pub explanation: String,
    /// What it rests on.
    pub witnesses: Vec<Witness>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUND: Duration = Duration::from_secs(10);

    /// After how many seconds it held, by what each second showed.
    fn took(seen: &[(u64, bool)]) -> Option<u64> {
        let mut progress = Progress::new("progress", BOUND, ());
        seen.iter().for_each(|(second, is_met)| progress.note(*is_met, Duration::from_secs(*second)));
        progress.is_met.then(|| progress.met_after.unwrap_or(BOUND).as_secs())
    }

    #[test]
    fn a_recovery_is_over_with_the_last_miss_before_its_bound() {
        assert_eq!(took(&[(0, true)]), Some(0));
        assert_eq!(took(&[(0, false), (3, true), (4, true)]), Some(3));
        assert_eq!(took(&[(0, true), (1, false), (7, true)]), Some(7));
        assert_eq!(took(&[(3, true), (7, false)]), None);
    }

    #[test]
    fn what_is_missed_after_its_bound_was_made_all_the_same() {
        assert_eq!(took(&[(3, true), (11, false), (12, true)]), Some(3));
        assert_eq!(took(&[(3, true), (10, false), (10, true)]), Some(10));
        assert_eq!(took(&[(3, true), (10, false), (11, true)]), Some(10));
    }
}
