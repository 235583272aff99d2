//! The workload on our engine, as any system is hosted: digest, faults, facts and a checker on, nothing told apart.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sim::{
    CASE_FORMAT, Case, Checker, Disks, Expect, Fact, Heal, Hex, Idle, Io, Judgement, Limits, Network, NodeId, Observed,
    Payload, Plan, Process, Property, Protocol, Refusal, Salts, Spec, StaticMajority, System, Time, Workload, World,
};

use crate::workload::{self, Answer, Counts, Direction, HOSTS, Host, Packet, Runs, SCAN_EVERY_NS};

/// The workload on our engine.
pub struct Engine {
    world: World<PingPong>,
    totals: Totals,
}

impl Engine {
    /// The workload with so many slots, before its first event.
    pub fn new(queue: u32, seed: u64) -> Engine {
        let system = PingPong::default();
        let case = case(queue, seed);
        let world = World::new(&system, &System::spec(&system), &case).expect("the case is made for this system");
        Engine { world, totals: system.totals }
    }
}

impl Runs for Engine {
    fn fire(&mut self, events: u64) {
        for _ in 0..events {
            let pending = self.world.earliest().expect("the scans never end");
            self.world.fire(pending);
            assert!(self.world.violation().is_none(), "{:?}", self.world.violation());
        }
    }

    fn now_ns(&self) -> u64 {
        self.world.now().as_nanos()
    }

    fn counts(&self) -> Counts {
        self.totals.get()
    }
}

const NAME: &str = "bench/ping_pong";
const KNOB_SLOTS: &str = "slots";

/// No service time, since the floor has none, and a heal that never comes.
fn case(queue: u32, seed: u64) -> Case {
    let engine_knobs = ["sim.service_ns", "sim.sync_ns", "sim.unsynced_kept_ppm"].map(|name| (name.to_owned(), 0));
    let mut knobs = BTreeMap::from(engine_knobs);
    knobs.insert(KNOB_SLOTS.to_owned(), u64::from(queue / u32::from(HOSTS)));
    Case {
        format: CASE_FORMAT,
        scenario: NAME.to_owned(),
        seed: Hex(seed),
        salts: Salts::new(),
        expect: Expect::Pass,
        knobs,
        nodes: (1..=HOSTS).map(NodeId::node).collect(),
        disks: Disks::default(),
        network: Network {
            loss_ppm: workload::LOSS_PPM,
            ..Network::calm(workload::LATENCY_MIN_NS..=workload::LATENCY_MAX_NS)
        },
        workload: Workload { clients: Vec::new() },
        plan: Plan { heal: Heal { at_ns: Time::MAX, core: None }, items: Vec::new() },
        unbounded: false,
        found: None,
        shrunk: None,
        fired: Vec::new(),
        reached: Vec::new(),
        note: String::new(),
    }
}

#[derive(Default)]
struct PingPong {
    totals: Totals,
}

impl System for PingPong {
    type Protocol = Words;
    type Node = Node;
    type Client = Idle<Words>;
    type Checks = Property<Totals>;
    type Survival = StaticMajority;

    fn spec(&self) -> Spec {
        let mut spec = Spec::new(NAME);
        spec.knobs.push(sim::Knob { name: KNOB_SLOTS.to_owned(), values: 1..=1 << 20, scale: sim::Scale::Linear });
        // The run goes on for as long as it is measured, and up to 100 000 messages are what it is about.
        spec.limits = Limits { events: u64::MAX, messages_in_flight: 1 << 24, ..Limits::default() };
        spec
    }

    fn checks(&self, _: &Case) -> Property<Totals> {
        Property::new("no_more_stale_than_delivered", self.totals.clone())
    }

    fn survival(&self, _: &Case) -> StaticMajority {
        StaticMajority
    }
}

struct Words;

impl Protocol for Words {
    type Message = Message;
    type Fact = Counted;
    type Operation = ();
    type Reply = ();
}

#[derive(Clone, Debug, Hash)]
struct Message {
    direction: Direction,
    packet: Packet,
}

impl Payload for Message {
    /// Every ping is its own, and so is its pong: the engine has to tell apart as many tags as there are messages.
    fn tag(&self) -> u64 {
        u64::from(self.packet.slot) << 32 | u64::from(self.packet.sequence) | (self.direction as u64) << 63
    }
}

/// What a host counted since it last said so.
#[derive(Clone, Debug, Hash)]
struct Counted(Counts);

impl Fact for Counted {
    fn label(&self) -> &'static str {
        "counted"
    }
}

/// The checker: it adds up what the hosts count, where the bench can read it.
#[derive(Clone, Default)]
struct Totals(Arc<Mutex<Counts>>);

impl Totals {
    fn get(&self) -> Counts {
        *self.0.lock().expect("nothing panics while it counts")
    }
}

impl Checker<Words> for Totals {
    fn observe(&mut self, observed: &Observed<'_, Words>) -> Judgement {
        let Some(Counted(counts)) = observed.fact() else { return Judgement::Irrelevant };
        *self.0.lock().expect("nothing panics while it counts") += *counts;
        Judgement::holds_if(counts.stale <= counts.delivered, || sim::Flaw {
            explanation: format!("{}: {counts:?}", observed.node),
            witnesses: vec![observed.witness(0)],
        })
    }
}

struct Node {
    host: Host,
    next_scan: Time,
}

impl Process for Node {
    type Protocol = Words;

    fn boot(io: &mut Io<'_, Words>) -> Result<Node, Refusal> {
        let slots = u32::try_from(io.knob(KNOB_SLOTS)).map_err(|_| Refusal("more slots than 2^32".to_owned()))?;
        let mut node = Node { host: Host::new(slots), next_scan: Time::from_nanos(SCAN_EVERY_NS) };
        (0..slots).for_each(|slot| node.ping(slot, io));
        Ok(node)
    }

    #[inline]
    fn on_message(&mut self, from: NodeId, Message { direction, packet }: Message, io: &mut Io<'_, Words>) {
        match self.host.receive(direction, &packet) {
            Answer::Pong => io.send(from, Message { direction: Direction::Pong, packet }),
            Answer::Ping => self.ping(packet.slot, io),
            Answer::Nothing => {}
        }
    }

    fn on_deadline(&mut self, io: &mut Io<'_, Words>) {
        let now_ns = io.now().as_nanos();
        for slot in 0..self.host.slots() {
            if self.host.is_overdue(slot, now_ns) {
                self.ping(slot, io);
            }
        }
        io.fact(Counted(self.host.take_counts()));
        self.next_scan = Time::from_nanos(now_ns + SCAN_EVERY_NS);
    }

    #[inline]
    fn next_deadline(&self) -> Option<Time> {
        Some(self.next_scan)
    }
}

impl Node {
    #[inline]
    fn ping(&mut self, slot: u32, io: &mut Io<'_, Words>) {
        let packet = self.host.ping(slot, io.now().as_nanos());
        let ahead = 1 + sim::sample::below(io.draw("peer"), u64::from(HOSTS) - 1) as u16;
        let peer = NodeId::node((io.id().number() - 1 + ahead) % HOSTS + 1);
        io.send(peer, Message { direction: Direction::Ping, packet });
    }
}
