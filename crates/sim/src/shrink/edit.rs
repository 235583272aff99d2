//! One change to a case, as data. An edit that changes nothing, or would make nothing simpler, is moot.

use super::number::{is_simpler, rounded_up};
use crate::case::{Case, ClientLoad, Expect, Network};
use crate::id::{Hex, NodeId};
use crate::mix::Domain;
use crate::plan::{Fate, Fault, FaultKind, Item, ItemOutcome, Point, Target, When};
use crate::sample::PPM;
use crate::scenario::{Fates, Outcome};
use crate::time::Time;
use crate::world::UNSYNCED_KEPT_PPM;

/// The smallest failing case so far.
pub(super) struct Best {
    pub(super) case: Case,
    /// What its run came to; nothing before the first was run.
    pub(super) outcome: Option<Outcome>,
}

/// One change to a case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Edit {
    /// Takes away the items that did not strike.
    DropIdle,
    /// Takes away one item.
    DropItem(u32),
    /// Takes away everything of a kind of fault.
    DropKind(FaultKind),
    /// Takes away one client, and it out of the plan, where so many stay.
    DropClient { id: NodeId, least: usize },
    /// Takes away nodes, and them out of the plan, where so many stay.
    DropNodes { ids: Vec<NodeId>, least: usize },
    /// Takes away one operation.
    DropOperation(NodeId, u32),
    /// States what the network did to messages as items, and lets it do nothing else.
    StateFates,
    /// Lets a triggered item strike when it struck, and so long after.
    Time { item: u32, after_ns: u64 },
    /// Makes one number of an item simpler.
    Number { item: u32, what: ItemNumber, value: u64 },
    /// Makes a number of the network simpler.
    Network(NetworkNumber, u64),
    /// Makes a knob simpler.
    Knob(String, u64),
    /// Ends the safety phase then; in nanoseconds.
    Heal(u64),
    /// Lets every message take so long.
    Latency(u64),
    /// States how long each message takes, and lets any other take the longest time.
    StateLatencies,
    /// Takes the salts away.
    Unsalt,
}

/// A number of an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum ItemNumber {
    /// When it strikes; in nanoseconds.
    At,
    /// From when on facts are counted; in nanoseconds.
    From,
    /// At the how-manieth fact.
    Nth,
    /// After how many effects.
    Effects,
    /// How long after the step; in nanoseconds.
    After,
    /// For how long; in nanoseconds.
    Lasts,
    /// How long its message takes, how far a clock jumps or is wrong, how slow a process is.
    Size,
}

/// A number of the network that no item states.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum NetworkNumber {
    /// How much a link carries; in bytes a second.
    Bandwidth,
    /// How much may wait on it; in bytes.
    QueueMax,
}

impl Best {
    /// A case as it is to be run: what it came to when it was found is not part of it.
    pub(super) fn unconfirmed(case: &Case) -> Best {
        let case = Case {
            expect: Expect::Pass,
            found: None,
            shrunk: None,
            fired: Vec::new(),
            reached: Vec::new(),
            note: String::new(),
            ..case.clone()
        };
        Best { case, outcome: None }
    }

    /// The case with these edits; nothing where they are moot.
    pub(super) fn edited<'a>(&self, edits: impl Iterator<Item = &'a Edit>) -> Option<Case> {
        let mut case = self.case.clone();
        edits.for_each(|edit| edit.apply(&mut case, self));
        (case != self.case).then_some(case)
    }

    fn fates(&self) -> impl Iterator<Item = &Fates> {
        self.outcome.iter().filter_map(|outcome| outcome.fates.as_ref())
    }

    /// When an item struck, and where the fact was stated that it waited for.
    fn struck(&self, id: u32) -> Option<(Time, Option<NodeId>)> {
        let outcome = self.outcome.as_ref()?;
        let index = self.case.plan.items.iter().position(|item| item.id == id)?;
        match outcome.items[index] {
            ItemOutcome::Fired(time) => Some((time, outcome.subjects[index])),
            ItemOutcome::Withheld(_) | ItemOutcome::Never => None,
        }
    }
}

impl Edit {
    fn apply(&self, case: &mut Case, best: &Best) {
        match self {
            Edit::DropIdle => case.plan.items.retain(|item| best.struck(item.id).is_some()),
            Edit::DropItem(id) => case.plan.items.retain(|item| item.id != *id),
            Edit::DropKind(kind) => drop_kind(case, *kind),
            Edit::DropClient { id, least } if case.workload.clients.len() > *least => {
                case.workload.clients.retain(|client| client.id != *id);
                drop_process(&mut case.plan.items, *id);
            }
            Edit::DropNodes { ids, least } if case.nodes.len() >= least + ids.len() => {
                case.nodes.retain(|node| !ids.contains(node));
                ids.iter().for_each(|id| drop_process(&mut case.plan.items, *id));
                // Who is healed was chosen among the nodes there were: of fewer, another majority suffices.
                case.plan.heal.core = None;
            }
            Edit::DropClient { .. } | Edit::DropNodes { .. } => {}
            Edit::DropOperation(client, ordinal) => {
                let loads = &mut case.workload.clients;
                loads.iter_mut().filter(|load| load.id == *client).for_each(|load| omit(load, *ordinal));
            }
            Edit::StateFates => state_fates(case, best),
            Edit::Time { item, after_ns } => {
                let struck = best.struck(*item);
                let items = case.plan.items.iter_mut().filter(|known| known.id == *item);
                items.for_each(|item| time(item, struck, *after_ns));
            }
            Edit::Number { item, what, value } => {
                let items = case.plan.items.iter_mut().filter(|known| known.id == *item);
                items.for_each(|item| what.set(item, *value));
            }
            Edit::Network(what, value) => simplify(what.of(&mut case.network), *value),
            Edit::Knob(name, value) => {
                case.knobs.get_mut(name).into_iter().for_each(|knob| simplify(knob, *value));
            }
            Edit::Heal(nanos) => {
                let mut at_ns = case.plan.heal.at_ns.as_nanos();
                simplify(&mut at_ns, *nanos);
                case.plan.heal.at_ns = Time::from_nanos(at_ns);
            }
            Edit::Latency(nanos) => set_latency(&mut case.network, *nanos),
            Edit::StateLatencies => state_latencies(case, best),
            Edit::Unsalt => case.salts.clear(),
        }
    }
}

/// The case under other decisions of the kinds that faults do not make: how long messages and syncs take, and what
/// processes draw.
pub(super) fn salted(mut case: Case, times: u32) -> Case {
    for domain in [Domain::Latency, Domain::Disk, Domain::Draw] {
        let salt = case.salts.entry(domain).or_insert(Hex(0));
        salt.0 = salt.0.wrapping_add(u64::from(times));
    }
    case
}

fn drop_kind(case: &mut Case, kind: FaultKind) {
    case.plan.items.retain(|item| item.fault.kind() != Some(kind));
    let network = &mut case.network;
    match kind {
        FaultKind::Loss => network.loss_ppm = 0,
        FaultKind::Delay => network.delay_ppm = 0,
        FaultKind::Duplication => network.duplication_ppm = 0,
        FaultKind::Reordering => network.reordering_ppm = 0,
        FaultKind::Corruption => network.corruption_ppm = 0,
        FaultKind::Bandwidth => (network.bandwidth_bytes_per_s, network.queue_max_bytes) = (0, 0),
        FaultKind::QueueOverflow => network.queue_max_bytes = 0,
        FaultKind::TornWrite => case.disks.torn_ppm = 0,
        FaultKind::DiskDelay => case.disks.delay_ppm = 0,
        FaultKind::UnsyncedLoss => {
            case.knobs.get_mut(UNSYNCED_KEPT_PPM).into_iter().for_each(|kept| *kept = u64::from(PPM));
        }
        _ => {}
    }
}

/// Takes a process out of the plan: items that are about it alone go, others are about the rest.
fn drop_process(items: &mut Vec<Item>, id: NodeId) {
    let without = |ids: &mut Vec<NodeId>| {
        ids.retain(|known| *known != id);
        !ids.is_empty()
    };
    items.retain_mut(|item| {
        let waits_for_it = matches!(item.when, When::On { node: Some(node), .. } if node == id);
        !waits_for_it
            && match &mut item.target {
                Target::Node(node) => *node != id,
                Target::Nodes(ids) | Target::AllBut(ids) => without(ids),
                Target::Between { one, other } => without(one) && without(other),
                Target::Link { from, to } | Target::Message { from, to, .. } => *from != id && *to != id,
                Target::Subject | Target::All => true,
            }
    });
}

/// Leaves out one operation; those at the end are not named.
fn omit(load: &mut ClientLoad, ordinal: u32) {
    if ordinal < load.operations && !load.omitted.contains(&ordinal) {
        load.omitted.push(ordinal);
        load.omitted.sort_unstable();
    }
    while load.operations > 0 && load.omitted.last() == Some(&(load.operations - 1)) {
        load.omitted.pop();
        load.operations -= 1;
    }
}

fn state_fates(case: &mut Case, best: &Best) {
    state(case, best.fates().flat_map(|fates| &fates.met));
    // How long a message waits comes of the others: it is no fate of its own, and what is lost in a queue is.
    let Network { latency_min_ns, latency_max_ns, link, bandwidth_bytes_per_s, .. } = case.network;
    case.network = Network { link, bandwidth_bytes_per_s, ..Network::calm(latency_min_ns..=latency_max_ns) };
}

fn state_latencies(case: &mut Case, best: &Best) {
    let usual_ns = case.network.latency_max_ns;
    // From the heal on the plan says nothing of messages; and where no fault is needed, the heal is long over.
    let showed = best.outcome.as_ref().map_or(Time::ZERO, |outcome| outcome.time);
    case.plan.heal.at_ns = case.plan.heal.at_ns.max(Time::from_nanos(rounded_up(showed.as_nanos(), 1)));
    let is_usual = |fate: Fate| fate == Fate::Deliver { latency_ns: usual_ns };
    state(case, best.fates().flat_map(|fates| &fates.carried).filter(|(_, fate)| !is_usual(*fate)));
    set_latency(&mut case.network, usual_ns);
}

/// Adds what became of these messages to the plan.
fn state<'a>(case: &mut Case, fates: impl Iterator<Item = &'a (Target, Fate)>) {
    let next = case.plan.items.iter().map(|item| item.id).max().unwrap_or(0).saturating_add(1);
    case.plan.items.extend((next..).zip(fates).map(|(id, (target, fate))| Item {
        id,
        // A message's fate is asked for when it is sent.
        when: When::At { at_ns: Time::ZERO },
        target: target.clone(),
        fault: Fault::Message(*fate),
        lasts_ns: None,
        outlasts_heal: false,
    }));
}

fn set_latency(network: &mut Network, nanos: u64) {
    (network.latency_min_ns, network.latency_max_ns) = (nanos, nanos);
}

fn time(item: &mut Item, struck: Option<(Time, Option<NodeId>)>, after_ns: u64) {
    let (When::On { .. }, Some((at, subject))) = (&item.when, struck) else { return };
    match (&item.target, subject) {
        (Target::Subject, None) => return,
        (Target::Subject, Some(subject)) => item.target = Target::Node(subject),
        _ => {}
    }
    item.when = When::At { at_ns: at.plus_nanos(after_ns) };
}

impl ItemNumber {
    /// Every one.
    pub(super) const ALL: [ItemNumber; 7] = [
        ItemNumber::From,
        ItemNumber::Nth,
        ItemNumber::Effects,
        ItemNumber::After,
        ItemNumber::At,
        ItemNumber::Lasts,
        ItemNumber::Size,
    ];

    /// The number, where an item has it.
    pub(super) fn get(self, item: &Item) -> Option<u64> {
        let is_message = matches!(item.fault, Fault::Message(_));
        match (self, &item.when) {
            (ItemNumber::At, When::At { at_ns }) if !is_message => Some(at_ns.as_nanos()),
            (ItemNumber::From, When::On { from_ns, .. }) => Some(from_ns.as_nanos()),
            (ItemNumber::Nth, When::On { nth, .. }) => Some(u64::from(*nth)),
            (ItemNumber::Effects, When::On { point: Point::Effects(count), .. }) => Some(u64::from(*count)),
            (ItemNumber::After, When::On { point: Point::AfterNs(nanos), .. }) => Some(*nanos),
            (ItemNumber::Lasts, _) => item.lasts_ns,
            (ItemNumber::Size, _) => match item.fault {
                Fault::Message(
                    Fate::Deliver { latency_ns } | Fate::Duplicate { latency_ns, .. } | Fate::Corrupt { latency_ns },
                ) => Some(latency_ns),
                Fault::WallJump { by_ns } => Some(by_ns.unsigned_abs()),
                Fault::ClockRate { error_ppm } => Some(u64::from(error_ppm.unsigned_abs())),
                Fault::Slow { service_ns } => Some(service_ns),
                _ => None,
            },
            _ => None,
        }
    }

    /// Sets the number, where the new one is simpler.
    fn set(self, item: &mut Item, value: u64) {
        if !self.get(item).is_some_and(|current| is_simpler(value, current)) {
            return;
        }
        match (self, &mut item.when) {
            (ItemNumber::At, When::At { at_ns }) => *at_ns = Time::from_nanos(value),
            (ItemNumber::From, When::On { from_ns, .. }) => *from_ns = Time::from_nanos(value),
            (ItemNumber::Nth, When::On { nth, .. }) => *nth = u32::try_from(value).unwrap_or(*nth).max(1),
            (ItemNumber::Effects, When::On { point, .. }) => {
                *point = u32::try_from(value).map_or(*point, Point::Effects);
            }
            (ItemNumber::After, When::On { point, .. }) => *point = Point::AfterNs(value),
            // What is over at once is hard to read, and no simpler.
            (ItemNumber::Lasts, _) => item.lasts_ns = Some(value).filter(|nanos| *nanos > 0).or(item.lasts_ns),
            (ItemNumber::Size, _) => resize(&mut item.fault, value),
            _ => {}
        }
    }
}

impl NetworkNumber {
    /// Every one.
    pub(super) const ALL: [NetworkNumber; 2] = [NetworkNumber::Bandwidth, NetworkNumber::QueueMax];

    /// The number; 0 where it says nothing.
    pub(super) fn get(self, network: &Network) -> u64 {
        match self {
            NetworkNumber::Bandwidth => network.bandwidth_bytes_per_s,
            NetworkNumber::QueueMax => network.queue_max_bytes,
        }
    }

    fn of(self, network: &mut Network) -> &mut u64 {
        match self {
            NetworkNumber::Bandwidth => &mut network.bandwidth_bytes_per_s,
            NetworkNumber::QueueMax => &mut network.queue_max_bytes,
        }
    }
}

fn resize(fault: &mut Fault, value: u64) {
    match fault {
        Fault::Message(
            Fate::Deliver { latency_ns } | Fate::Duplicate { latency_ns, .. } | Fate::Corrupt { latency_ns },
        ) => *latency_ns = value,
        Fault::WallJump { by_ns } => *by_ns = by_ns.signum() * i64::try_from(value).unwrap_or(by_ns.wrapping_abs()),
        Fault::Slow { service_ns } => *service_ns = value,
        Fault::ClockRate { error_ppm } => {
            *error_ppm = error_ppm.signum() * i32::try_from(value).unwrap_or(error_ppm.wrapping_abs());
        }
        _ => {}
    }
}

fn simplify(current: &mut u64, value: u64) {
    if is_simpler(value, *current) {
        *current = value;
    }
}
