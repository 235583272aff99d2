//! A system under test, put together in the test that runs it.

use std::marker::PhantomData;
use std::ops::RangeInclusive;
use std::time::Duration;

use sim::{
    Case, Checker, Checks, Exemption, FaultClass, FaultKind, Faults, Goal, HealthCheck, Idle, Knob, Limits, LinkKind,
    Process, Progress, Property, ReachGoal, Scale, Spec, StaticMajority, Survival, System,
};

/// The vocabulary of a process.
type ProtocolOf<N> = <N as Process>::Protocol;

/// A system of nodes of one kind, and what must hold of it; made by [`scenario`].
///
/// It is a [`System`], so what can be done with one can be done with it: [`check`](Self::check) it in a test, or put it
/// into the registry of a command line.
#[derive(Clone, Debug)]
pub struct Builder<N, C, K, V = StaticMajority> {
    spec: Spec,
    checks: K,
    survival: V,
    processes: PhantomData<fn() -> (N, C)>,
}

/// A scenario of this name whose nodes are `N`: 3 to 5 of them, without clients, under every kind of fault, in a
/// workspace's own corpus directory `sim-seeds/NAME`.
pub fn scenario<N: Process>(name: &str) -> Builder<N, Idle<ProtocolOf<N>>, ()> {
    let spec = Spec { clients: 0..=0, ..Spec::new(name) };
    Builder { spec, checks: (), survival: StaticMajority, processes: PhantomData }
}

impl<N: Process, C: Process<Protocol = N::Protocol>, K, V> Builder<N, C, K, V> {
    /// How many nodes; each seed draws from the range.
    #[must_use]
    pub fn nodes(self, count: RangeInclusive<u16>) -> Self {
        self.stated(|spec| spec.nodes = count)
    }

    /// Clients of this kind, and how many.
    #[must_use]
    pub fn clients<D: Process<Protocol = N::Protocol>>(self, count: RangeInclusive<u16>) -> Builder<N, D, K, V> {
        let Builder { mut spec, checks, survival, .. } = self;
        spec.clients = count;
        Builder { spec, checks, survival, processes: PhantomData }
    }

    /// How many operations each client has: 1 to 20 where this is not said. What is done with them before the faults strike
    /// shows none of them; as many as it takes to be busy for the whole of [`safety`](Self::safety) find most.
    #[must_use]
    pub fn operations(self, count: RangeInclusive<u32>) -> Self {
        self.stated(|spec| spec.operations = count)
    }

    /// For how much virtual time faults are on.
    #[must_use]
    pub fn safety(self, time: RangeInclusive<Duration>) -> Self {
        self.stated(|spec| spec.safety = time)
    }

    /// The latency of a message when nothing is wrong.
    #[must_use]
    pub fn latency(self, latency: RangeInclusive<Duration>) -> Self {
        self.stated(|spec| spec.latency = latency)
    }

    /// Datagrams, which is the default, or sessions: in order, nothing lost, until a reset.
    #[must_use]
    pub fn link(self, link: LinkKind) -> Self {
        self.stated(|spec| spec.link = link)
    }

    /// A knob of the system's own, each value as likely; processes read it by [`Io::knob`](sim::Io::knob).
    #[must_use]
    pub fn knob(self, name: &str, values: RangeInclusive<u64>) -> Self {
        self.scaled_knob(name, values, Scale::Linear)
    }

    /// A knob that spans orders of magnitude, each octave as likely.
    #[must_use]
    pub fn knob_octaves(self, name: &str, values: RangeInclusive<u64>) -> Self {
        self.scaled_knob(name, values, Scale::Octaves)
    }

    fn scaled_knob(self, name: &str, values: RangeInclusive<u64>, scale: Scale) -> Self {
        let name = name.to_owned();
        self.stated(|spec| spec.knobs.push(Knob { name, values, scale }))
    }

    /// What is promised for each kind of fault.
    #[must_use]
    pub fn faults(self, faults: Faults) -> Self {
        self.stated(|spec| spec.faults = faults)
    }

    /// Promises nothing for one kind of fault, so that no seed has it.
    #[must_use]
    pub fn without(self, kind: FaultKind) -> Self {
        self.stated(|spec| spec.faults = spec.faults.clone().classed(kind, FaultClass::Excluded))
    }

    /// Facts on which faults may strike: "crash the node that is `elected`".
    #[must_use]
    pub fn triggers(self, labels: &[&'static str]) -> Self {
        self.stated(|spec| spec.triggers.extend(labels))
    }

    /// What 1000 seeds must have seen: labels of facts, or of [`Io::reached`](sim::Io::reached).
    #[must_use]
    pub fn goals(self, labels: &[&'static str]) -> Self {
        self.stated(|spec| spec.goals.extend(ReachGoal::each(labels.iter().copied())))
    }

    /// What takes more seeds than others to be seen: 20 over the rate at which they see it.
    #[must_use]
    pub fn rare_goal(self, label: &'static str, needs_seeds: u64) -> Self {
        self.stated(|spec| spec.goals.push(ReachGoal::rare(label, needs_seeds)))
    }

    /// What is known not to be seen, such as `fault:pause`, and why. Where it is seen after all, that is a failure too.
    #[must_use]
    pub fn exempt(self, label: &'static str, reason: &'static str) -> Self {
        self.stated(|spec| spec.exempt.push(Exemption { label, reason }))
    }

    /// A health check that need not be passed.
    #[must_use]
    pub fn allow(self, check: HealthCheck) -> Self {
        self.stated(|spec| spec.allow.push(check))
    }

    /// What ends a run that does not end by itself.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Self {
        self.stated(|spec| spec.limits = limits)
    }

    /// The signature that it must show: the system is wrong on purpose.
    #[must_use]
    pub fn must_fail(self, signature: &str) -> Self {
        self.stated(|spec| spec.must_fail = Some(signature.to_owned()))
    }

    /// A safety property: `suite::name` is what its violation is called.
    #[must_use]
    pub fn checker<H: Checker<N::Protocol>>(
        self,
        name: &'static str,
        checker: H,
    ) -> Builder<N, C, (K, Property<H>), V> {
        let Builder { spec, checks, survival, .. } = self;
        Builder { spec, checks: (checks, Property::new(name, checker)), survival, processes: PhantomData }
    }

    /// A liveness property: what must have happened within `bound` of virtual time after the faults are over.
    ///
    /// It is demanded of whichever nodes are healed, by default any majority; the others may stay dead. A system that
    /// cannot do without a certain node says so by its [`survival`](Self::survival).
    #[must_use]
    pub fn progress<G: Goal<N::Protocol>>(
        self,
        name: &'static str,
        bound: Duration,
        goal: G,
    ) -> Builder<N, C, (K, Progress<G>), V> {
        let Builder { spec, checks, survival, .. } = self;
        Builder { spec, checks: (checks, Progress::new(name, bound, goal)), survival, processes: PhantomData }
    }

    /// What may be destroyed without making the impossible of the system; a majority of the nodes suffices for
    /// everything where this is not said, and no crash or pause strikes that would leave less: none at all of one or two
    /// nodes.
    #[must_use]
    pub fn survival<W: Survival<N::Protocol>>(self, survival: W) -> Builder<N, C, K, W> {
        let Builder { spec, checks, .. } = self;
        Builder { spec, checks, survival, processes: PhantomData }
    }

    fn stated(mut self, state: impl FnOnce(&mut Spec)) -> Self {
        state(&mut self.spec);
        self
    }
}

impl<N, C, K, V> Builder<N, C, K, V>
where
    N: Process,
    C: Process<Protocol = N::Protocol>,
    K: Checks<N::Protocol> + Sync,
    V: Survival<N::Protocol> + Sync,
{
    /// Runs the stored cases, then fresh seeds, as the `SIM_*` variables say; see [`check`](crate::check()).
    ///
    /// # Panics
    /// When something fails; the message says what, and ends with the line that replays it.
    pub fn check(self) {
        crate::check(&self);
    }
}

impl<N, C, K, V> System for Builder<N, C, K, V>
where
    N: Process,
    C: Process<Protocol = N::Protocol>,
    K: Checks<N::Protocol> + Sync,
    V: Survival<N::Protocol> + Sync,
{
    type Protocol = N::Protocol;
    type Node = N;
    type Client = C;
    type Checks = K;
    type Survival = V;

    fn spec(&self) -> Spec {
        self.spec.clone()
    }

    fn checks(&self, _: &Case) -> K {
        self.checks.clone()
    }

    fn survival(&self, _: &Case) -> V {
        self.survival.clone()
    }
}
