//! What every test here stands on: a vocabulary of numbers, actors whose inputs do nothing by default, cases in which
//! nothing goes wrong by itself, and runs as transcripts.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::time::Duration;

use sim::{
    CASE_FORMAT, Case, Checks, ClientLoad, Damage, DiskError, Disks, Expansion, Expect, Fact, Fault, Heal, Hex, Idle,
    Io, Item, Link, Network, NodeId, Outcome, Payload, Permission, Plan, Process, Protocol, Record, RecordWhat,
    Recoverable, Refusal, Request, RunOptions, Salts, Scenario, Spec, StaticMajority, Strike, Survival, System, Target,
    Time, When, Workload,
};

pub const MS: u64 = 1_000_000;

/// Every message takes this long, unless a test says otherwise.
pub const LATENCY: u64 = MS;

/// The vocabulary: numbers.
pub struct Numbers;

impl Protocol for Numbers {
    type Message = Number;
    type Fact = Said;
    type Operation = u64;
    type Reply = u64;
}

/// A message; its tag is its content.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Number(pub u64);

impl Payload for Number {
    fn tag(&self) -> u64 {
        self.0
    }

    /// A byte, so that a link of 1 000 bytes a second carries one each millisecond.
    fn len(&self) -> u32 {
        1
    }

    /// Every other time nobody can read it, and every other time it says [`DAMAGE`] more.
    fn corrupted(&self, draw: u64) -> Option<Number> {
        draw.is_multiple_of(2).then_some(Number(self.0 ^ DAMAGE))
    }
}

/// What a damaged number has that a whole one has not.
pub const DAMAGE: u64 = 1 << 20;

/// A fact: a label and a number.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Said(pub &'static str, pub u64);

impl Fact for Said {
    fn label(&self) -> &'static str {
        self.0
    }
}

/// A process of which a test writes only the inputs that matter to it.
pub trait Actor: Sized + 'static {
    fn start(io: &mut Io<'_, Numbers>) -> Result<Self, Refusal>;
    fn hear(&mut self, _from: NodeId, _number: u64, _io: &mut Io<'_, Numbers>) {}
    fn wake(&mut self, _io: &mut Io<'_, Numbers>) {}
    fn wakes_at(&self) -> Option<Time> {
        None
    }
    fn synced(&mut self, _request: Request, _io: &mut Io<'_, Numbers>) {}
    fn failed(&mut self, request: Request, error: DiskError, _io: &mut Io<'_, Numbers>) {
        panic!("{request}: {error}");
    }

    fn linked(&mut self, _peer: NodeId, _link: Link, _io: &mut Io<'_, Numbers>) {}
}

/// An actor as the engine hosts it.
#[derive(Clone)]
pub struct Hosted<A>(A);

impl<A: Actor> Process for Hosted<A> {
    type Protocol = Numbers;

    fn boot(io: &mut Io<'_, Numbers>) -> Result<Self, Refusal> {
        A::start(io).map(Hosted)
    }

    fn on_message(&mut self, from: NodeId, Number(number): Number, io: &mut Io<'_, Numbers>) {
        self.0.hear(from, number, io);
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Numbers>) {
        self.0.wake(io);
    }

    fn next_deadline(&self) -> Option<Time> {
        self.0.wakes_at()
    }

    fn on_link(&mut self, peer: NodeId, link: Link, io: &mut Io<'_, Numbers>) {
        self.0.linked(peer, link, io);
    }

    fn on_disk(&mut self, request: Request, result: Result<(), DiskError>, io: &mut Io<'_, Numbers>) {
        match result {
            Ok(()) => self.0.synced(request, io),
            Err(error) => self.0.failed(request, error, io),
        }
    }
}

/// A system of one kind of actor, with these checks and this survival.
pub struct Rig<A, K = (), V = StaticMajority> {
    pub checks: K,
    pub survival: V,
    pub spec: Spec,
    actor: PhantomData<fn() -> A>,
}

impl<A: Actor> Rig<A> {
    pub fn new() -> Rig<A> {
        Rig { checks: (), survival: StaticMajority, spec: Spec::new("rig"), actor: PhantomData }
    }
}

impl<A, K, V> Rig<A, K, V> {
    pub fn checks<L>(self, checks: L) -> Rig<A, L, V> {
        Rig { checks, survival: self.survival, spec: self.spec, actor: PhantomData }
    }

    pub fn survival<W>(self, survival: W) -> Rig<A, K, W> {
        Rig { checks: self.checks, survival, spec: self.spec, actor: PhantomData }
    }
}

impl<A: Actor, K: Checks<Numbers> + Sync, V: Survival<Numbers> + Sync> System for Rig<A, K, V> {
    type Protocol = Numbers;
    type Node = Hosted<A>;
    type Client = Idle<Numbers>;
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

/// Lets everything happen, heals every node, and answers this to whether a stuck run is a failure.
#[derive(Clone, Copy)]
pub struct Lenient(pub Recoverable);

impl Survival<Numbers> for Lenient {
    fn allows(&self, _: &Damage, _: &Strike<'_>) -> Permission {
        Permission::Fire
    }

    fn core(&self, damage: &Damage, _: u64) -> Vec<NodeId> {
        damage.nodes.iter().map(|node| node.id).collect()
    }

    fn recoverable(&self, _: &Damage) -> Recoverable {
        self.0
    }
}

/// Node `n{number}`.
pub fn n(number: u16) -> NodeId {
    NodeId::node(number)
}

/// A case of so many nodes in which every message takes [`LATENCY`], a step takes no time, a crash loses what was not
/// synced, and the heal comes after a second.
pub fn calm(nodes: u16) -> Case {
    let knobs = [("sim.service_ns", 0), ("sim.sync_ns", 0), ("sim.unsynced_kept_ppm", 0)];
    Case {
        format: CASE_FORMAT,
        scenario: "rig".into(),
        seed: Hex(1),
        salts: Salts::new(),
        expect: Expect::Pass,
        knobs: BTreeMap::from(knobs.map(|(name, value)| (name.to_owned(), value))),
        nodes: (1..=nodes).map(NodeId::node).collect(),
        network: Network::calm(LATENCY..=LATENCY),
        disks: Disks::default(),
        workload: Workload { clients: Vec::<ClientLoad>::new() },
        plan: Plan { heal: Heal { at_ns: Time::from_nanos(1_000 * MS), core: None }, items: Vec::new() },
        unbounded: false,
        found: None,
        shrunk: None,
        fired: Vec::new(),
        reached: Vec::new(),
        note: String::new(),
    }
}

/// The case, with one of its knobs set.
pub fn with_knob(mut case: Case, name: &str, value: u64) -> Case {
    case.knobs.insert(name.into(), value).expect("the knob is there");
    case
}

/// The case, with these items, numbered from 1.
pub fn with_items(mut case: Case, items: impl IntoIterator<Item = Item>) -> Case {
    case.plan.items = items.into_iter().enumerate().map(|(i, item)| Item { id: i as u32 + 1, ..item }).collect();
    case
}

/// A timed item.
pub fn at(at_ns: u64, target: Target, fault: Fault, lasts_ns: Option<u64>) -> Item {
    Item { id: 0, when: When::At { at_ns: Time::from_nanos(at_ns) }, target, fault, lasts_ns, outlasts_heal: false }
}

/// Runs a case that fits.
pub fn run(system: &impl Scenario, case: &Case) -> Outcome {
    system.run(case, &mut RunOptions::default()).expect("the case fits")
}

/// Runs a case that fits, with everything that it says.
pub fn traced(system: &impl Scenario, case: &Case) -> (Outcome, Vec<Record>) {
    let mut records = Vec::new();
    let mut keep = |record: &Record| records.push(record.clone());
    let options = &mut RunOptions { trace: Some(&mut keep), ..RunOptions::default() };
    let outcome = system.run(case, options).expect("the case fits");
    (outcome, records)
}

/// What the nodes said in the run of a case: `4000us n2 heard 7`.
pub fn said(system: &impl Scenario, case: &Case) -> Vec<String> {
    let (_, records) = traced(system, case);
    let lines = records.iter().filter_map(|record| match &record.what {
        RecordWhat::Note(line) => Some(stamped(record, line)),
        RecordWhat::Fact(fact) => Some(stamped(record, fact)),
        _ => None,
    });
    lines.collect()
}

/// Everything but what the nodes said, as records show themselves.
pub fn happened(system: &impl Scenario, case: &Case) -> Vec<String> {
    let (_, records) = traced(system, case);
    records.iter().map(|record| stamped(record, &record.what.to_string())).collect()
}

fn stamped(record: &Record, text: &str) -> String {
    let node = record.node.map_or("*".into(), |node| node.to_string());
    format!("{}us {node} {text}", record.time.as_nanos() / 1_000)
}

/// The case of a seed of a scenario.
pub fn expanded(system: &impl Scenario, seed: u64) -> Case {
    system.expand(Hex(seed), &Expansion::default())
}

/// A time of a process's clock.
pub fn ms(millis: u64) -> Time {
    Time::from_duration(Duration::from_millis(millis))
}
