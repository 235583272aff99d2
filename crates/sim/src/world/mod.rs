//! A run as a value: processes, clocks, events, network, disks, checkers and the armed plan.
//!
//! The world moves by firing one event. Which one is up to a driver; the timed driver fires the earliest.
//!
//! | room | holds |
//! |---|---|
//! | here | the value, its making, and which event is next |
//! | `step` | a call to hosted code, and what came of it |
//! | `detour` | messages that are damaged, or wait for a clog to end |
//! | `disk` | requests to disks, what a dying process leaves, and what is wrong with a disk |
//! | `session` | links that are up or down |
//! | `strike` | plan items: when they are due, what they do, what they end |
//! | `observe` | what checkers, counters, digest and trace are told |

mod detour;
mod disk;
mod observe;
mod session;
mod step;
mod strike;

use std::collections::{BTreeMap, VecDeque};
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use crate::case::{Case, CaseError, LinkKind};
use crate::check::{Checks, Finding, Violation};
use crate::clock::Clock;
use crate::disk::{Condition, Disk};
use crate::flight::Flights;
use crate::hash::Digest;
use crate::id::{NodeId, Request};
use crate::mix::Mixer;
use crate::network::{LinkIndex, Links};
use crate::payload::Protocol;
use crate::plan::{FaultKind, FaultKinds, ItemOutcome, Target, When};
use crate::process::{Cluster, DiskError, Effect, Effects, HostState, Link, Load};
use crate::queue::Queue;
use crate::record::Record;
use crate::sample::{Chance, PPM};
use crate::scenario::{Activity, Fates};
use crate::spec::{Faults, Limits, Spec};
use crate::survival::{Damage, NodeDamage, Service};
use crate::system::System;
use crate::time::Time;

use self::disk::DiskChances;
pub use self::observe::FaultCount;
pub(crate) use self::observe::{Stuck, Tally};
use self::session::Sessions;
use self::strike::ItemState;

/// The position of a process in a run: nodes first, then clients, each in the order of ids.
type Slot = usize;

/// A run of one case, at one moment.
pub struct World<S: System> {
    now: Time,
    /// Events fired so far; the number of the one that is firing.
    event: u64,
    digest: Digest,
    queue: Queue<Queued>,
    flights: Flights<MessageOf<S>>,
    links: Links,
    hosts: Vec<Host<S>>,
    /// When each process wants its deadline, in the world's time and not before it is free to take it.
    deadlines: Vec<Time>,
    /// The earliest of them; stale where it is `None`.
    earliest_deadline: Option<(Time, Slot)>,
    cluster: Arc<Cluster>,
    tuning: Tuning,
    disk_chances: DiskChances,
    limits: Limits,
    faults: Faults,
    /// Where links are sessions.
    sessions: Option<Box<Sessions>>,
    items: Vec<ItemState>,
    /// The facts that items wait for, each with the positions of those.
    armed: Vec<(String, Vec<usize>)>,
    case: Arc<Case>,
    checks: S::Checks,
    survival: S::Survival,
    phase: Phase,
    tally: Tally,
    effects: Effects<S::Protocol>,
    facts: Vec<FactOf<S>>,
    findings: Vec<Finding>,
    /// How many events fired at the present time.
    events_now: u64,
    suite: Arc<str>,
    violation: Option<Box<Violation>>,
    records: Option<Vec<Record>>,
    /// As what the damaged messages in flight were sent, by number; a record names them by it.
    damaged_tags: BTreeMap<u32, u64>,
    fates: Option<Fates>,
    bounded: bool,
}

type MessageOf<S> = <<S as System>::Protocol as Protocol>::Message;
type FactOf<S> = <<S as System>::Protocol as Protocol>::Fact;

/// How far the run is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Phase {
    /// Faults are on.
    Safety,
    /// The core is being healed: faults are over, and what it does as it starts is no progress yet.
    Healing,
    /// The core was healed at this time, and progress is awaited.
    Liveness(Time),
    /// Everything demanded has happened, or the last bound has passed.
    Over,
}

/// The engine's own knobs.
#[derive(Clone, Copy)]
struct Tuning {
    service_ns: u64,
    sync_ns: u64,
}

/// The names and ranges of the engine's own knobs; they are part of every case.
pub(crate) const ENGINE_KNOBS: [&str; 3] = ["sim.service_ns", "sim.sync_ns", UNSYNCED_KEPT_PPM];
/// What the engine's own knobs may be: up to a minute, and a chance. Expansion draws from far narrower ranges.
const ENGINE_RANGES: [RangeInclusive<u64>; 3] = [0..=60_000_000_000, 0..=60_000_000_000, 0..=PPM as u64];
/// How many of the writes that a crash finds unsynced survive it.
pub(crate) const UNSYNCED_KEPT_PPM: &str = "sim.unsynced_kept_ppm";

#[derive(Clone, Copy)]
struct Queued {
    event: Event,
    /// The event that scheduled this one.
    cause: u64,
}

#[derive(Clone, Copy)]
enum Event {
    Boot(u16),
    Arrive(u32),
    Synced(u16, Request),
    Failed(u16, Request, DiskError),
    /// A process that stopped in this life is looked after.
    Supervised(u16, u32),
    SessionBegins(u16, u16),
    /// The end, its peer, and the life of the end that the session was of.
    SessionEnded(u16, u16, u32),
    Ready(u16),
    Item(u32),
    ItemEnd(u32),
    Heal,
    Demand,
}

/// An event that could be fired now.
#[derive(Clone, Copy, Debug)]
pub struct Pending {
    time: Time,
    which: Which,
}

impl Pending {
    /// When it is due.
    pub fn time(self) -> Time {
        self.time
    }
}

#[derive(Clone, Copy, Debug)]
enum Which {
    Queued,
    Deadline(Slot),
}

/// One process and what the engine keeps around it.
struct Host<S: System> {
    state: HostState<S::Protocol>,
    process: Hosted<S>,
    /// What it answered to `next_deadline` after its last input, by its own clock.
    wanted: Time,
    service: Service,
    clock: Clock,
    busy_until: Time,
    inbox: VecDeque<Waiting>,
    ready_queued: bool,
    disk_busy_until: Time,
    /// Messages that wait for a request to be durable, by number.
    withheld: Vec<(Request, NodeId, u32)>,
    /// What a paused process had still to do.
    held: Vec<Effect<S::Protocol>>,
    held_bytes: Vec<u8>,
    last_step: u64,
    /// Syncs that wait for a stall to be over.
    stalled: Vec<Request>,
    /// How many requests of this life failed.
    failed_requests: u32,
    /// How much longer each call takes than it should.
    slowed_by_ns: u64,
    /// What its disk has met.
    suffered: FaultKinds,
}

enum Hosted<S: System> {
    Gone,
    Node(S::Node),
    Client(S::Client),
}

#[derive(Clone, Copy)]
struct Waiting {
    since: Time,
    /// The event in which it came.
    event: u64,
    input: Input,
}

/// What a process is called with.
#[derive(Clone, Copy)]
enum Input {
    Message(u32),
    Deadline,
    Disk(Request, Result<(), DiskError>),
    Link(u16, Link),
}

impl<S: System> World<S> {
    /// The world of a case before its first event.
    ///
    /// # Errors
    /// A [`CaseError`] where the case does not fit the scenario.
    pub fn new(system: &S, spec: &Spec, case: &Case) -> Result<World<S>, CaseError> {
        let own = spec.knobs.iter().map(|knob| (knob.name.as_str(), knob.values.clone()));
        let ranges: Vec<(&str, RangeInclusive<u64>)> = own.chain(ENGINE_KNOBS.into_iter().zip(ENGINE_RANGES)).collect();
        case.validate(&spec.name, &ranges)?;
        let [service_ns, sync_ns, kept_ppm] = ENGINE_KNOBS.map(|name| case.knobs[name]);
        let clients: Vec<NodeId> = case.workload.clients.iter().map(|client| client.id).collect();
        let ids: Vec<NodeId> = case.nodes.iter().chain(&clients).copied().collect();
        let keys: Vec<u64> = ids.iter().map(|id| id.key()).collect();
        let sessions = case.network.link == LinkKind::Session;
        let mut checks = system.checks(case);
        checks.begin(case);
        let mut world = World {
            now: Time::ZERO,
            event: 0,
            digest: Digest::START,
            queue: Queue::new(),
            flights: Flights::new(),
            links: Links::new(&keys, &case.network),
            hosts: ids.iter().map(|id| Host::new(*id, case)).collect(),
            deadlines: vec![Time::MAX; ids.len()],
            earliest_deadline: None,
            cluster: Arc::new(Cluster {
                seed: case.seed,
                mixer: Mixer::new(case.seed, &case.salts),
                nodes: case.nodes.clone(),
                clients,
                knobs: case.knobs.iter().map(|(name, value)| (name.clone(), *value)).collect(),
            }),
            tuning: Tuning { service_ns, sync_ns },
            disk_chances: DiskChances {
                kept: Chance::from_ppm(u32::try_from(kept_ppm).expect("a knob in its range")),
                torn: Chance::from_ppm(case.disks.torn_ppm),
                delay: Chance::from_ppm(case.disks.delay_ppm),
                delay_mean_ns: case.disks.delay_mean_ns,
            },
            limits: spec.limits,
            faults: spec.faults.clone(),
            sessions: sessions.then(|| Box::new(Sessions::new(ids.len(), case.network.latency_max_ns))),
            items: case.plan.items.iter().map(|_| ItemState::default()).collect(),
            armed: Vec::new(),
            case: Arc::new(case.clone()),
            checks,
            survival: system.survival(case),
            phase: Phase::Safety,
            tally: Tally::default(),
            effects: Effects::new(),
            facts: Vec::new(),
            findings: Vec::new(),
            events_now: 0,
            suite: spec.suite().into(),
            violation: None,
            records: None,
            damaged_tags: BTreeMap::new(),
            fates: None,
            bounded: !case.unbounded,
        };
        world.schedule_start();
        Ok(world)
    }

    /// Keeps a [`Record`] of everything that happens, to be taken by [`take_records`](Self::take_records).
    #[must_use]
    pub fn traced(mut self) -> World<S> {
        self.records = Some(Vec::new());
        self
    }

    /// Keeps what the network does to messages.
    #[must_use]
    pub(crate) fn with_fates(mut self) -> World<S> {
        self.fates = Some(Fates { met: Vec::new(), carried: Vec::new(), complete: true });
        self
    }

    /// Takes what the network did to messages.
    pub(crate) fn take_fates(&mut self) -> Option<Fates> {
        self.fates.take()
    }

    /// The present.
    pub fn now(&self) -> Time {
        self.now
    }

    /// How many events were fired.
    pub fn events(&self) -> u64 {
        self.event
    }

    /// The rolling hash of everything that happened.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What is violated, if anything is.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_deref()
    }

    /// What became of the plan's items so far, in the plan's order.
    pub fn item_outcomes(&self) -> impl Iterator<Item = ItemOutcome> + '_ {
        self.items.iter().map(|item| item.outcome)
    }

    /// Who stated the fact that each of the plan's items waited for, in the plan's order.
    pub(crate) fn item_subjects(&self) -> impl Iterator<Item = Option<NodeId>> + '_ {
        self.items.iter().map(|item| item.subject.map(|slot| self.id(slot)))
    }

    /// Takes the records that a [traced](Self::traced) world made since they were last taken.
    pub fn take_records(&mut self) -> Vec<Record> {
        self.records.as_mut().map(std::mem::take).unwrap_or_default()
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn tally(&self) -> &Tally {
        &self.tally
    }

    pub(crate) fn activity(&self) -> Activity {
        Activity {
            messages: self.flights.stored(),
            disk_requests: self.hosts.iter().map(|host| host.state.disk.requests()).sum(),
            overlapping: self.tally.overlapping(),
        }
    }

    pub(crate) fn checks(&self) -> &S::Checks {
        &self.checks
    }

    /// The earliest event: at one time, queued ones in the order of their scheduling, then deadlines by position.
    #[inline]
    pub fn earliest(&mut self) -> Option<Pending> {
        let (deadline, slot) = match self.earliest_deadline {
            Some(known) => known,
            None => self.find_earliest_deadline(),
        };
        match self.queue.peek(deadline) {
            Some(time) => Some(Pending { time, which: Which::Queued }),
            None if deadline < Time::MAX => Some(Pending { time: deadline, which: Which::Deadline(slot) }),
            None => None,
        }
    }

    /// Fires an event.
    #[inline]
    pub fn fire(&mut self, pending: Pending) {
        if pending.time > self.now {
            self.now = pending.time;
            self.events_now = 0;
        }
        self.event += 1;
        self.events_now += 1;
        match pending.which {
            Which::Queued => {
                let (_, queued) = self.queue.pop().expect("a pending event is still queued");
                self.fire_queued(queued);
            }
            Which::Deadline(slot) => self.fire_deadline(slot),
        }
        self.check_limits();
    }

    fn fire_queued(&mut self, queued: Queued) {
        match queued.event {
            Event::Arrive(flight) => self.arrive(flight, queued.cause),
            Event::Synced(slot, request) => self.synced(slot as Slot, request, queued.cause),
            Event::Failed(slot, request, error) => self.request_failed(slot as Slot, request, error, queued.cause),
            Event::Supervised(slot, incarnation) => self.supervised(slot as Slot, incarnation, queued.cause),
            Event::SessionBegins(one, other) => self.session_begins(one as Slot, other as Slot, queued.cause),
            Event::SessionEnded(slot, peer, life) => self.session_ended(slot as Slot, peer as Slot, life, queued.cause),
            Event::Ready(slot) => self.ready(slot as Slot, queued.cause),
            Event::Boot(slot) => self.boot(slot as Slot, queued.cause),
            Event::Item(index) => self.item_due(index as usize, queued.cause),
            Event::ItemEnd(index) => self.item_ends(index as usize, queued.cause),
            Event::Heal => self.heal(queued.cause),
            Event::Demand => self.demand(queued.cause),
        }
    }

    #[inline(always)]
    fn schedule(&mut self, time: Time, event: Event) {
        self.queue.push(time, Queued { event, cause: self.event });
    }

    #[cold]
    fn find_earliest_deadline(&mut self) -> (Time, Slot) {
        let (slot, time) =
            self.deadlines.iter().enumerate().min_by_key(|(_, time)| **time).expect("a cluster has processes");
        let found = (*time, slot);
        self.earliest_deadline = Some(found);
        found
    }

    #[inline]
    fn set_deadline(&mut self, slot: Slot, time: Time) {
        // Most steps leave it as it was.
        if self.deadlines[slot] == time {
            return;
        }
        self.deadlines[slot] = time;
        match self.earliest_deadline {
            Some((earliest, _)) if time < earliest => self.earliest_deadline = Some((time, slot)),
            Some((earliest, of)) if of == slot && time > earliest => self.earliest_deadline = None,
            // Of two equal deadlines the lower position goes first.
            Some((earliest, of)) if time == earliest && slot < of => self.earliest_deadline = Some((time, slot)),
            _ => {}
        }
    }

    /// Everything that stands from the start: the boots, the timed items, the heal.
    fn schedule_start(&mut self) {
        for slot in 0..self.hosts.len() {
            self.schedule(Time::ZERO, Event::Boot(slot as u16));
        }
        if let Some(sessions) = &self.sessions {
            let up_at = sessions.first_up_at();
            for one in 0..self.hosts.len() {
                for other in one + 1..self.hosts.len() {
                    self.schedule(up_at, Event::SessionBegins(one as u16, other as u16));
                }
            }
        }
        let case = Arc::clone(&self.case);
        for (index, item) in case.plan.items.iter().enumerate() {
            match (&item.when, &item.target) {
                (_, Target::Message { from, to, tag, occurrence }) => {
                    let (Some(from), Some(to)) = (self.slot(*from), self.slot(*to)) else { continue };
                    let link = self.link(from, to);
                    if let crate::plan::Fault::Message(fate) = item.fault {
                        self.links.plan(link, tag.0, *occurrence, index, fate);
                    }
                }
                (When::At { at_ns }, _) => self.schedule(*at_ns, Event::Item(index as u32)),
                (When::On { fact, .. }, _) => self.arm(fact, index),
            }
        }
        self.schedule(case.plan.heal.at_ns, Event::Heal);
    }

    #[inline]
    fn slot(&self, id: NodeId) -> Option<Slot> {
        if id.is_client() {
            position(&self.cluster.clients, id).map(|index| self.cluster.nodes.len() + index)
        } else {
            position(&self.cluster.nodes, id)
        }
    }

    fn id(&self, slot: Slot) -> NodeId {
        self.hosts[slot].state.id
    }

    fn link(&self, from: Slot, to: Slot) -> LinkIndex {
        from * self.hosts.len() + to
    }

    fn damage(&self) -> Damage {
        let node = |host: &Host<S>| NodeDamage {
            id: host.state.id,
            service: host.service,
            lost_unsynced: host.suffered.contains(FaultKind::UnsyncedLoss),
            is_failing: matches!(host.state.disk.condition(), Condition::Failing | Condition::Full),
            is_damaged: FaultKind::DAMAGING.into_iter().any(|kind| host.suffered.contains(kind)),
            clock_rate_error_ppm: host.clock.rate_error_ppm(),
        };
        let nodes = self.hosts[..self.cluster.nodes.len()].iter().map(node).collect();
        Damage { nodes, cut_for_good: self.cut_for_good().collect() }
    }

    /// The links between nodes that stay cut beyond the heal, as far as that has struck.
    fn cut_for_good(&self) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        let outlasting = self.case.plan.items.iter().zip(&self.items).filter(|(item, _)| item.outlasts_heal);
        let ends = |link: &LinkIndex| (link / self.hosts.len(), link % self.hosts.len());
        let are_nodes = |(from, to): &(Slot, Slot)| (*from).max(*to) < self.cluster.nodes.len();
        let cut = outlasting.flat_map(move |(_, state)| state.links.iter().map(ends).filter(are_nodes));
        cut.map(|(from, to)| (self.id(from), self.id(to)))
    }

    /// The virtual time since the heal; nothing before it.
    fn since_heal(&self) -> Option<Duration> {
        match self.phase {
            Phase::Liveness(healed_at) => Some(self.now - healed_at),
            Phase::Safety | Phase::Healing | Phase::Over => None,
        }
    }
}

/// Where an id stands among others in order: mostly they are numbered without a gap, and it is where its number says.
#[inline]
fn position(ids: &[NodeId], id: NodeId) -> Option<usize> {
    let guess = usize::from(id.number()) - 1;
    if ids.get(guess) == Some(&id) { Some(guess) } else { ids.binary_search(&id).ok() }
}

impl<S: System> Host<S> {
    /// Whether there is no process to tell anything.
    fn is_gone(&self) -> bool {
        matches!(self.service, Service::Down | Service::Refused)
    }

    fn new(id: NodeId, case: &Case) -> Host<S> {
        let load = case.workload.clients.iter().find(|load| load.id == id);
        let load = load.map(|load| {
            let mut omitted = load.omitted.clone();
            omitted.sort_unstable();
            Load { next: 0, end: load.operations, omitted }
        });
        Host {
            state: HostState {
                id,
                incarnation: 0,
                disk: Disk::new(),
                draws: Vec::new(),
                load: load.unwrap_or_default(),
                stopping: None,
            },
            process: Hosted::Gone,
            wanted: Time::MAX,
            service: Service::Down,
            clock: Clock::RIGHT,
            busy_until: Time::ZERO,
            inbox: VecDeque::new(),
            ready_queued: false,
            disk_busy_until: Time::ZERO,
            withheld: Vec::new(),
            held: Vec::new(),
            held_bytes: Vec::new(),
            last_step: 0,
            stalled: Vec::new(),
            failed_requests: 0,
            slowed_by_ns: 0,
            suffered: FaultKinds::default(),
        }
    }
}

impl<S: System> Clone for Host<S>
where
    S::Node: Clone,
    S::Client: Clone,
{
    fn clone(&self) -> Self {
        Host {
            state: self.state.clone(),
            process: match &self.process {
                Hosted::Gone => Hosted::Gone,
                Hosted::Node(node) => Hosted::Node(node.clone()),
                Hosted::Client(client) => Hosted::Client(client.clone()),
            },
            wanted: self.wanted,
            service: self.service,
            clock: self.clock,
            busy_until: self.busy_until,
            inbox: self.inbox.clone(),
            ready_queued: self.ready_queued,
            disk_busy_until: self.disk_busy_until,
            withheld: self.withheld.clone(),
            held: self.held.clone(),
            held_bytes: self.held_bytes.clone(),
            last_step: self.last_step,
            stalled: self.stalled.clone(),
            failed_requests: self.failed_requests,
            slowed_by_ns: self.slowed_by_ns,
            suffered: self.suffered,
        }
    }
}

/// A world can be branched where its processes can be cloned.
impl<S: System> Clone for World<S>
where
    S::Node: Clone,
    S::Client: Clone,
{
    fn clone(&self) -> Self {
        World {
            now: self.now,
            event: self.event,
            digest: self.digest,
            queue: self.queue.clone(),
            flights: self.flights.clone(),
            links: self.links.clone(),
            hosts: self.hosts.clone(),
            deadlines: self.deadlines.clone(),
            earliest_deadline: self.earliest_deadline,
            cluster: Arc::clone(&self.cluster),
            tuning: self.tuning,
            disk_chances: self.disk_chances,
            limits: self.limits,
            faults: self.faults.clone(),
            sessions: self.sessions.clone(),
            items: self.items.clone(),
            armed: self.armed.clone(),
            case: Arc::clone(&self.case),
            checks: self.checks.clone(),
            survival: self.survival.clone(),
            phase: self.phase,
            tally: self.tally.clone(),
            effects: self.effects.clone(),
            facts: self.facts.clone(),
            findings: self.findings.clone(),
            events_now: self.events_now,
            suite: Arc::clone(&self.suite),
            violation: self.violation.clone(),
            records: self.records.clone(),
            damaged_tags: self.damaged_tags.clone(),
            fates: self.fates.clone(),
            bounded: self.bounded,
        }
    }
}
