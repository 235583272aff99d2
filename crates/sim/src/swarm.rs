//! From a seed to a case: which faults this seed has, how many, and everything else that a run is.
//!
//! Each family of faults may be off or of any weight, for a fault that is always on hides what happens without it. Each
//! thing that is drawn has a stream of its own.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::case::{CASE_FORMAT, Case, ClientLoad, Disks, Expect, LinkKind, Network, Workload};
use crate::expand::Stream;
use crate::id::{NodeId, Seed};
use crate::mix::Salts;
use crate::plan::{Fault, FaultKind, Heal, Item, Plan, Point, Target, When};
use crate::sample::PPM;
use crate::spec::{Knob, Scale, Spec};
use crate::time::{Time, nanos};
use crate::world::ENGINE_KNOBS;

/// What is left out when a seed is expanded.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Expansion {
    /// Kinds of fault that are off, whatever the seed says.
    pub without: Vec<FaultKind>,
}

/// What strikes at a time or on a fact. A new one comes last: ids follow from the order.
const FAMILIES: [Fault; 21] = [
    Fault::Crash,
    Fault::Pause,
    Fault::Partition,
    Fault::OneWayPartition,
    Fault::PartialPartition,
    // The sizes are drawn for each item.
    Fault::ClockRate { error_ppm: 0 },
    Fault::WallJump { by_ns: 0 },
    Fault::SessionReset,
    Fault::Stop,
    Fault::Wipe,
    Fault::Slow { service_ns: 0 },
    Fault::DiskStall,
    Fault::IoError,
    Fault::NoSpace,
    Fault::LyingSync,
    Fault::LostWrite,
    Fault::MisdirectedWrite,
    Fault::BitRot,
    Fault::Clog,
    Fault::StaleRead,
    Fault::MisdirectedRead,
];
/// A kind of fault is off in so many seeds.
const OFF_PPM: u32 = 300_000;
/// Timed faults of a kind are at most so many in a run.
const ITEMS_MAX: u64 = 64;
/// Each family numbers its items by itself, and so do those that come in a row.
const IDS_OF_A_FAMILY: u32 = 100;
const FIRST_ID_OF_ROWS: u32 = 10_001;
const _: () = assert!(FIRST_ID_OF_ROWS > FAMILIES.len() as u32 * IDS_OF_A_FAMILY);
const _: () = assert!(Plan::ARRANGED_IDS > FIRST_ID_OF_ROWS + 3 * IDS_OF_A_FAMILY);
/// And of a kind that damages a disk for good so many: with every second node damaged, nothing else may strike.
const DAMAGING_ITEMS_MAX: u64 = 3;
/// Of the timed faults, so many strike on a fact, where the scenario names facts to strike on.
const TRIGGERED_PPM: u32 = 500_000;

/// A node that crashes again and again does so at most so often.
const CRASHES_OF_A_LOOP_MAX: u64 = 16;

/// Of the seeds that may have thin links, so many do.
const THIN_PPM: u32 = 200_000;
/// Of the seeds that reset sessions, clog links or crash nodes, so many have a row of resets one right after the other, clog one
/// node after the other, or have a node that crashes again and again.
const IN_A_ROW_PPM: u32 = 250_000;

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// The case of a seed.
pub(crate) fn expand(spec: &Spec, seed: Seed, expansion: &Expansion) -> Case {
    let draw = Draw { spec, seed, expansion };
    let nodes = draw.members("nodes", &spec.nodes, NodeId::node);
    let clients = draw.members("clients", &spec.clients, NodeId::client);
    let safety_ns = draw.stream("phase", "safety").between(&nanos_range(&spec.safety));
    Case {
        format: CASE_FORMAT,
        scenario: spec.name.clone(),
        seed,
        salts: Salts::new(),
        expect: Expect::Pass,
        knobs: spec.knobs.iter().map(|knob| draw.knob(knob)).chain(draw.engine_knobs()).collect(),
        network: draw.network(),
        disks: draw.disks(),
        workload: Workload { clients: clients.iter().map(|id| draw.load(*id)).collect() },
        plan: Plan {
            heal: Heal { at_ns: Time::from_nanos(safety_ns), core: None },
            items: draw.items(&nodes, &clients, safety_ns),
        },
        nodes,
        unbounded: false,
        found: None,
        shrunk: None,
        fired: Vec::new(),
        reached: Vec::new(),
        note: String::new(),
    }
}

struct Draw<'a> {
    spec: &'a Spec,
    seed: Seed,
    expansion: &'a Expansion,
}

impl Draw<'_> {
    fn stream(&self, domain: &str, entity: &str) -> Stream {
        Stream::new(self.seed, domain, entity)
    }

    fn members(&self, entity: &str, count: &RangeInclusive<u16>, name: fn(u16) -> NodeId) -> Vec<NodeId> {
        let range = u64::from(*count.start())..=u64::from(*count.end());
        let count = self.stream("topology", entity).between(&range) as u16;
        (1..=count).map(name).collect()
    }

    fn knob(&self, knob: &Knob) -> (String, u64) {
        let mut stream = self.stream("knob", &knob.name);
        let value = match knob.scale {
            Scale::Linear => stream.between(&knob.values),
            Scale::Octaves => stream.octaves(&knob.values),
        };
        (knob.name.clone(), value)
    }

    fn engine_knobs(&self) -> [(String, u64); ENGINE_KNOBS.len()] {
        let [service, sync, kept] = ENGINE_KNOBS;
        // Half of the seeds that lose unsynced writes lose them all, as a machine does that loses power.
        let kept_ppm = self.stream_if_on(FaultKind::UnsyncedLoss).map_or(u64::from(PPM), |mut stream| {
            if stream.chance(PPM / 2) { stream.between(&(0..=u64::from(PPM))) } else { 0 }
        });
        [
            (service.into(), self.stream("knob", service).octaves(&(0..=50 * MICROSECOND))),
            (sync.into(), self.stream("knob", sync).octaves(&(MICROSECOND..=10 * MILLISECOND))),
            (kept.into(), kept_ppm),
        ]
    }

    fn load(&self, id: NodeId) -> ClientLoad {
        let range = u64::from(*self.spec.operations.start())..=u64::from(*self.spec.operations.end());
        let operations = self.stream("workload", &id.to_string()).between(&range) as u32;
        ClientLoad { id, operations, omitted: Vec::new() }
    }

    /// The stream of a kind of fault, where this seed has it.
    fn stream_if_on(&self, kind: FaultKind) -> Option<Stream> {
        let mut stream = self.stream("swarm", kind.name());
        let off = stream.chance(OFF_PPM) || !self.spec.allows(kind, self.expansion);
        (!off).then_some(stream)
    }

    fn network(&self) -> Network {
        let latency = self.latency();
        let ppm = |kind: FaultKind, range: RangeInclusive<u64>| {
            // A session repeats what the network loses, and puts in order what it does not.
            let fits = self.spec.link == LinkKind::Datagram || kind == FaultKind::Delay;
            self.stream_if_on(kind).filter(|_| fits).map_or(0, |mut stream| stream.octaves(&range) as u32)
        };
        let size = |kind: FaultKind, range: RangeInclusive<u64>| self.stream("size", kind.name()).octaves(&range);
        let (bandwidth_bytes_per_s, queue_max_bytes) = self.bandwidth().unwrap_or_default();
        Network {
            link: self.spec.link,
            loss_ppm: ppm(FaultKind::Loss, 1_000..=200_000),
            delay_ppm: ppm(FaultKind::Delay, 100..=50_000),
            delay_mean_ns: size(FaultKind::Delay, 10 * MILLISECOND..=SECOND),
            duplication_ppm: ppm(FaultKind::Duplication, 1_000..=100_000),
            duplication_gap_ns: size(FaultKind::Duplication, MILLISECOND..=SECOND),
            reordering_ppm: ppm(FaultKind::Reordering, 1_000..=200_000),
            reordering_hold_ns: size(FaultKind::Reordering, MILLISECOND..=100 * MILLISECOND),
            corruption_ppm: ppm(FaultKind::Corruption, 100..=50_000),
            bandwidth_bytes_per_s,
            queue_max_bytes,
            ..Network::calm(latency)
        }
    }

    /// The part of the scenario's range that this seed has: a network may be fast or slow, and hold its order or not.
    fn latency(&self) -> RangeInclusive<u64> {
        let range = nanos_range(&self.spec.latency);
        let mut stream = self.stream("size", "latency");
        let max_ns = stream.between(&range);
        let min_ns = if stream.chance(PPM / 2) { *range.start() } else { stream.between(&(*range.start()..=max_ns)) };
        min_ns..=max_ns
    }

    /// How much a link carries and how much may wait on it, where this seed's links are thin at all: in few seeds, as most
    /// of what is sent waits then. Without a bound on what waits, a system that sends more than its links carry would come to
    /// nothing but a storm of messages; and what waits in a session is its sender's affair.
    fn bandwidth(&self) -> Option<(u64, u64)> {
        let mut bandwidth = self.stream_if_on(FaultKind::Bandwidth)?;
        let mut queue = self.stream_if_on(FaultKind::QueueOverflow)?;
        let is_thin = self.spec.link == LinkKind::Datagram && bandwidth.chance(THIN_PPM);
        is_thin.then(|| (bandwidth.octaves(&(1_000..=10_000_000)), queue.octaves(&(200..=32_000))))
    }

    fn disks(&self) -> Disks {
        let ppm = |kind: FaultKind, range: RangeInclusive<u64>| {
            self.stream_if_on(kind).map_or(0, |mut stream| stream.octaves(&range) as u32)
        };
        let mut mean = self.stream("size", FaultKind::DiskDelay.name());
        Disks {
            torn_ppm: ppm(FaultKind::TornWrite, 10_000..=u64::from(PPM)),
            delay_ppm: ppm(FaultKind::DiskDelay, 1_000..=200_000),
            delay_mean_ns: mean.octaves(&(MILLISECOND..=SECOND)),
        }
    }

    fn items(&self, nodes: &[NodeId], clients: &[NodeId], safety_ns: u64) -> Vec<Item> {
        let mut items = Vec::new();
        // By family and by row: what one strikes with is keyed by its ids, whatever the others are.
        for (first_id, fault) in (1..).step_by(IDS_OF_A_FAMILY as usize).zip(FAMILIES) {
            let strikes = self.family(fault, nodes, clients, safety_ns);
            items.extend((first_id..).zip(strikes).map(|(id, strike)| strike.item(id)));
        }
        let rows = [
            self.crash_loop(nodes, safety_ns),
            self.resets_in_a_row(nodes, clients, safety_ns),
            self.swizzle(nodes, safety_ns),
        ];
        for (first_id, row) in (FIRST_ID_OF_ROWS..).step_by(IDS_OF_A_FAMILY as usize).zip(rows) {
            items.extend((first_id..).zip(row).map(|(id, strike)| strike.item(id)));
        }
        items
    }

    /// The timed faults of one kind, where this seed has it.
    fn family(&self, fault: Fault, nodes: &[NodeId], clients: &[NodeId], safety_ns: u64) -> Vec<Strike> {
        let kind = fault.kind().expect("each of the families is a kind of fault");
        let stream = self.stream_if_on(kind).filter(|_| self.spec.can_strike(kind, nodes.len(), self.expansion));
        let Some(mut family) = stream else { return Vec::new() };
        let gap_ns = family.octaves(&(200 * MILLISECOND..=safety_ns.max(200 * MILLISECOND)));
        let most = if FaultKind::DAMAGING.contains(&kind) { DAMAGING_ITEMS_MAX } else { ITEMS_MAX };
        let count = (safety_ns / gap_ns).clamp(1, most);
        let longest_ns = family.octaves(&(100 * MILLISECOND..=5 * SECOND));
        let strike = |index: u64| {
            let mut stream = self.stream(kind.name(), &index.to_string());
            let lasts_ns = stream.octaves(&(10 * MILLISECOND..=longest_ns));
            let when = self.when(&mut stream, safety_ns);
            let target = match (fault, &when) {
                (Fault::PartialPartition, _) => between(&mut stream, nodes),
                (Fault::SessionReset, _) => link(&mut stream, nodes, clients),
                (Fault::Clog, When::At { .. }) if nodes.len() > 1 && stream.chance(PPM / 2) => {
                    link(&mut stream, nodes, clients)
                }
                (_, When::On { .. }) => Target::Subject,
                (Fault::Partition | Fault::OneWayPartition, When::At { .. }) => side(&mut stream, nodes, clients),
                (_, When::At { .. }) => Target::Node(nodes[stream.below(nodes.len() as u64) as usize]),
            };
            let fault = sized(&mut stream, fault);
            Strike { when, target, fault, lasts_ns: Some(lasts_ns).filter(|_| fault.lasts()) }
        };
        (0..count).map(strike).collect()
    }

    /// The stream of what happens in a row, where this seed has the kind and a row of it.
    fn row(&self, kind: FaultKind) -> Option<Stream> {
        self.stream_if_on(kind)?;
        let mut stream = self.stream("row", kind.name());
        stream.chance(IN_A_ROW_PPM).then_some(stream)
    }

    /// Resets some milliseconds after each other, of one session or of any: who repeats what a reset took is reset again.
    fn resets_in_a_row(&self, nodes: &[NodeId], clients: &[NodeId], safety_ns: u64) -> Vec<Strike> {
        if self.spec.link == LinkKind::Datagram || nodes.len() < 2 {
            return Vec::new();
        }
        let Some(mut stream) = self.row(FaultKind::SessionReset) else { return Vec::new() };
        let gap_ns = stream.octaves(&(2 * MILLISECOND..=50 * MILLISECOND));
        let count = stream.octaves(&(2..=ITEMS_MAX));
        let of_one = stream.chance(PPM / 2).then(|| link(&mut stream, nodes, clients));
        let mut at_ns = stream.below(safety_ns);
        let mut resets = Vec::new();
        for _ in 0..count {
            let target = of_one.clone().unwrap_or_else(|| link(&mut stream, nodes, clients));
            resets.push(Strike::at(at_ns, target, Fault::SessionReset, None));
            at_ns += stream.between(&(gap_ns / 2..=gap_ns * 3 / 2));
        }
        resets
    }

    /// Some nodes are clogged one after the other, and unclogged in another order: so each sees the cluster come back in its
    /// own way. (FoundationDB's swizzle-clogging.)
    fn swizzle(&self, nodes: &[NodeId], safety_ns: u64) -> Vec<Strike> {
        if nodes.len() < 2 {
            return Vec::new();
        }
        let Some(mut stream) = self.row(FaultKind::Clog) else { return Vec::new() };
        let mut chosen = nodes.to_vec();
        let count = 2 + stream.below(nodes.len() as u64 - 1) as usize;
        stream.choose(&mut chosen, count);
        chosen.truncate(count);
        let mut order: Vec<usize> = (0..count).collect();
        stream.choose(&mut order, count);
        let gap = MILLISECOND..=500 * MILLISECOND;
        let starts: Vec<u64> = in_steps(&mut stream, safety_ns, &gap, count);
        let all_clogged_ns = starts.last().map_or(0, |last| last + stream.octaves(&gap));
        let mut ends: Vec<u64> = in_steps(&mut stream, 1, &gap, count);
        ends.iter_mut().for_each(|end| *end += all_clogged_ns);
        let clog = |((id, at_ns), position): ((NodeId, u64), usize)| {
            Strike::at(at_ns, Target::Node(id), Fault::Clog, Some(ends[position] - at_ns))
        };
        chosen.into_iter().zip(starts).zip(order).map(clog).collect()
    }

    /// One node crashes, and again soon after it is back: while it recovers, or before anybody has heard of it.
    fn crash_loop(&self, nodes: &[NodeId], safety_ns: u64) -> Vec<Strike> {
        let Some(mut stream) = self.row(FaultKind::Crash) else { return Vec::new() };
        let target = Target::Node(nodes[stream.below(nodes.len() as u64) as usize]);
        let count = 2 + stream.below(CRASHES_OF_A_LOOP_MAX - 1);
        let (longest_down_ns, longest_up_ns) = (
            stream.octaves(&(MILLISECOND..=500 * MILLISECOND)),
            stream.octaves(&(10 * MICROSECOND..=500 * MILLISECOND)),
        );
        let mut at_ns = stream.below(safety_ns);
        let mut crashes = Vec::new();
        for _ in 0..count {
            let down_ns = stream.octaves(&(100 * MICROSECOND..=longest_down_ns));
            crashes.push(Strike::at(at_ns, target.clone(), Fault::Crash, Some(down_ns)));
            at_ns += down_ns + stream.octaves(&(MICROSECOND..=longest_up_ns));
        }
        crashes
    }

    fn when(&self, stream: &mut Stream, safety_ns: u64) -> When {
        let triggers = &self.spec.triggers;
        let at_ns = Time::from_nanos(stream.below(safety_ns));
        if triggers.is_empty() || !stream.chance(TRIGGERED_PPM) {
            return When::At { at_ns };
        }
        let fact = triggers[stream.below(triggers.len() as u64) as usize].to_owned();
        // Most runs have few elections and hardly a truncation: what waits for the fortieth waits in vain. Half of all wait for
        // the next one from some time on, so that what happens late is struck as well.
        let from_ns = if stream.chance(PPM / 2) { at_ns } else { Time::ZERO };
        let nth = if stream.chance(PPM / 2) { 1 } else { stream.octaves(&(1..=64)) as u32 };
        let point = if stream.chance(PPM / 2) {
            Point::Effects(stream.below(4) as u32)
        } else {
            Point::AfterNs(stream.octaves(&(MICROSECOND..=50 * MILLISECOND)))
        };
        When::On { fact, node: None, from_ns, nth, point }
    }
}

/// What strikes; not yet an item, which has a name.
struct Strike {
    when: When,
    target: Target,
    fault: Fault,
    lasts_ns: Option<u64>,
}

impl Strike {
    fn at(at_ns: u64, target: Target, fault: Fault, lasts_ns: Option<u64>) -> Strike {
        Strike { when: When::At { at_ns: Time::from_nanos(at_ns) }, target, fault, lasts_ns }
    }

    fn item(self, id: u32) -> Item {
        let Strike { when, target, fault, lasts_ns } = self;
        Item { id, when, target, fault, lasts_ns, outlasts_heal: false }
    }
}

/// So many times, each some time after the one before; the first below `bound_ns`.
fn in_steps(stream: &mut Stream, bound_ns: u64, gap_ns: &RangeInclusive<u64>, count: usize) -> Vec<u64> {
    let mut at_ns = stream.below(bound_ns);
    let mut times = vec![at_ns];
    for _ in 1..count {
        at_ns += stream.octaves(gap_ns);
        times.push(at_ns);
    }
    times
}

/// A clock is stopped one time in eight, and otherwise wrong by up to a tenth; a wall clock jumps by up to a day; a slow
/// process takes up to 10 ms more for a call.
fn sized(stream: &mut Stream, fault: Fault) -> Fault {
    match fault {
        Fault::ClockRate { .. } if stream.chance(PPM / 8) => Fault::ClockRate { error_ppm: -(PPM as i32) },
        Fault::ClockRate { .. } => {
            let size = stream.octaves(&(10..=u64::from(PPM / 10))) as i32;
            Fault::ClockRate { error_ppm: if stream.chance(PPM / 2) { size } else { -size } }
        }
        Fault::WallJump { .. } => {
            let size = stream.octaves(&(MILLISECOND..=86_400 * SECOND)) as i64;
            Fault::WallJump { by_ns: if stream.chance(PPM / 2) { size } else { -size } }
        }
        Fault::Slow { .. } => Fault::Slow { service_ns: stream.octaves(&(10 * MICROSECOND..=10 * MILLISECOND)) },
        other => other,
    }
}

/// One side of a partition: some nodes, but not all, and each client with an even chance.
fn side(stream: &mut Stream, nodes: &[NodeId], clients: &[NodeId]) -> Target {
    let mut members = nodes.to_vec();
    let size = 1 + stream.below((nodes.len() as u64 - 1).max(1)) as usize;
    stream.choose(&mut members, size);
    members.truncate(size);
    members.extend(clients.iter().filter(|_| stream.chance(PPM / 2)));
    members.sort_unstable();
    Target::Nodes(members)
}

/// A link between a node and anybody else.
fn link(stream: &mut Stream, nodes: &[NodeId], clients: &[NodeId]) -> Target {
    let from = nodes[stream.below(nodes.len() as u64) as usize];
    let others: Vec<NodeId> = nodes.iter().chain(clients).copied().filter(|id| *id != from).collect();
    Target::Link { from, to: others[stream.below(others.len() as u64) as usize] }
}

/// Two groups of nodes, and at least one node that hears both; of three nodes or more.
fn between(stream: &mut Stream, nodes: &[NodeId]) -> Target {
    let mut members = nodes.to_vec();
    let parted_max = nodes.len() as u64 - 1;
    let first = 1 + stream.below(parted_max - 1) as usize;
    let second = 1 + stream.below(parted_max - first as u64) as usize;
    stream.choose(&mut members, first + second);
    let (one, other) = members[..first + second].split_at_mut(first);
    one.sort_unstable();
    other.sort_unstable();
    Target::Between { one: one.to_vec(), other: other.to_vec() }
}

fn nanos_range(range: &RangeInclusive<Duration>) -> RangeInclusive<u64> {
    nanos(*range.start())..=nanos(*range.end())
}
