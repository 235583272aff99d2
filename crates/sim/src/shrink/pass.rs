//! What each pass would like to change about a case, and how it goes about it. The cheapest passes come first, and those
//! that make every later run shorter.

use super::edit::{Best, Edit, ItemNumber, NetworkNumber};
use super::number::{rounded_up, simpler};
use super::sweep::Sweep;
use crate::case::{Case, ClientLoad, Network};
use crate::id::NodeId;
use crate::plan::{Fate, Fault, FaultKind, Item, Point, When};
use crate::sample::PPM;
use crate::spec::Spec;
use crate::time::Time;
use crate::world::UNSYNCED_KEPT_PPM;

/// One way of making a case smaller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Pass {
    /// What never struck, and what follows the violation.
    Idle,
    /// Whole kinds of fault.
    Kinds,
    /// Nodes. As long as there are many faults, a smaller cluster is likely to meet those that it takes.
    Nodes,
    /// Clients.
    Clients,
    /// A safety phase of a fraction of the time, for the same reason.
    Sooner,
    /// Items.
    Items,
    /// Operations.
    Operations,
    /// The network's faults, each stated as an item.
    Fates,
    /// Items again, with those of messages among them.
    StatedFates,
    /// Triggered items, where to strike at a time would be simpler.
    Triggers,
    /// The numbers of items, and the end of the safety phase.
    Numbers,
    /// Knobs.
    Knobs,
    /// How long messages take: all of them the same.
    Latency,
    /// How long each message takes, stated as an item.
    Latencies,
    /// Of these, what matters; and whether it is little enough to say more than a seed does.
    StatedLatencies,
    /// The salts that earlier edits brought.
    Salts,
}

/// Where more messages than these have to take a time of their own, no reader could follow; a seed says as much.
pub(super) const STATED_LATENCIES_MAX: usize = 4;

/// Of so many items at most, each is retried under other salts when its removal lets the failure go.
const RETRIED_ITEMS_MAX: usize = 16;

impl Pass {
    /// Every pass, in order.
    pub(super) const ALL: [Pass; 16] = [
        Pass::Idle,
        Pass::Kinds,
        Pass::Nodes,
        Pass::Clients,
        Pass::Sooner,
        Pass::Items,
        Pass::Operations,
        Pass::Fates,
        Pass::StatedFates,
        Pass::Triggers,
        Pass::Numbers,
        Pass::Knobs,
        Pass::Latency,
        Pass::Latencies,
        Pass::StatedLatencies,
        Pass::Salts,
    ];

    /// What it would like to change.
    pub(super) fn edits(self, best: &Best, spec: &Spec) -> Vec<Edit> {
        let case = &best.case;
        match self {
            Pass::Idle => idle(best),
            Pass::Kinds => kinds(case),
            Pass::Items | Pass::StatedFates => case.plan.items.iter().map(|item| Edit::DropItem(item.id)).collect(),
            Pass::Clients => clients(case, spec),
            Pass::Nodes => nodes(case, spec),
            Pass::Sooner => {
                [8, 4, 2].map(|part| Edit::Heal(rounded_up(case.plan.heal.at_ns.as_nanos() / part, 1))).into()
            }
            Pass::Operations => case.workload.clients.iter().flat_map(operations).collect(),
            Pass::Fates => vec![Edit::StateFates],
            Pass::Triggers => triggers(case),
            Pass::Numbers => numbers(case),
            Pass::Knobs => knobs(case, spec),
            Pass::Latency => latency(&case.network),
            Pass::Latencies => latencies(&case.network),
            Pass::StatedLatencies => stated_latencies(case).map(|item| Edit::DropItem(item.id)).collect(),
            Pass::Salts => vec![Edit::Unsalt],
        }
    }

    /// How it goes through so many edits.
    pub(super) fn sweep(self, edits: usize) -> Sweep {
        match self {
            Pass::Items | Pass::StatedFates | Pass::Operations | Pass::StatedLatencies => Sweep::in_groups(edits),
            _ => Sweep::one_by_one(edits),
        }
    }

    /// Under how many other salts an edit is tried where it lets the failure go. What a cluster without a node comes to is
    /// drawn anew, and to fail in the same way takes some draws: as many as a campaign takes seeds.
    pub(super) fn retries(self, sweep: &Sweep) -> u32 {
        match self {
            Pass::Nodes => 50,
            Pass::Sooner => 20,
            Pass::Kinds | Pass::Clients | Pass::Latency => 10,
            Pass::Items | Pass::StatedFates | Pass::StatedLatencies
                if sweep.singles().is_some_and(|left| left <= RETRIED_ITEMS_MAX) =>
            {
                5
            }
            _ => 0,
        }
    }
}

/// The items that say nothing of a message but how long it takes.
pub(super) fn stated_latencies(case: &Case) -> impl Iterator<Item = &Item> {
    let is_latency = |item: &&Item| matches!(item.fault, Fault::Message(Fate::Deliver { .. }));
    case.plan.items.iter().filter(is_latency)
}

fn idle(best: &Best) -> Vec<Edit> {
    let showed = best.outcome.as_ref().map(|outcome| outcome.time.as_nanos());
    std::iter::once(Edit::DropIdle).chain(showed.map(|nanos| Edit::Heal(rounded_up(nanos, 1)))).collect()
}

fn kinds(case: &Case) -> Vec<Edit> {
    let sparse = case.knobs.get(UNSYNCED_KEPT_PPM).is_some_and(|kept| *kept < u64::from(PPM));
    let is_there = |kind: &FaultKind| match kind {
        FaultKind::UnsyncedLoss => sparse,
        _ => case.fault_kinds().contains(kind),
    };
    FaultKind::ALL.into_iter().filter(is_there).map(Edit::DropKind).collect()
}

/// The last clients first, down to as few as the scenario ever has.
fn clients(case: &Case, spec: &Spec) -> Vec<Edit> {
    let least = usize::from(*spec.clients.start());
    case.workload.clients.iter().rev().map(|client| Edit::DropClient { id: client.id, least }).collect()
}

/// The last nodes first, down to as few as the scenario ever has: all of them at once, two, then each. Of five nodes a
/// majority is three, and of four it is three as well: what three nodes show, and five, four may hardly ever show.
fn nodes(case: &Case, spec: &Spec) -> Vec<Edit> {
    let least = usize::from(*spec.nodes.start()).max(1);
    let nodes: Vec<NodeId> = case.nodes.iter().rev().copied().collect();
    let all = nodes.len().saturating_sub(least);
    let groups = nodes[..all].chunks(all.max(1)).chain(nodes.windows(2)).chain(nodes.chunks(1));
    groups.map(|ids| Edit::DropNodes { ids: ids.to_vec(), least }).collect()
}

/// The last operations first.
fn operations(load: &ClientLoad) -> Vec<Edit> {
    let there = (0..load.operations).rev().filter(|ordinal| !load.omitted.contains(ordinal));
    there.map(|ordinal| Edit::DropOperation(load.id, ordinal)).collect()
}

/// What strikes as the first fact of its kind is stated says more than a time does; what strikes some time after one, at the
/// fifth, or counts from some time on, says less.
fn triggers(case: &Case) -> Vec<Edit> {
    let is_involved = |when: &When| match when {
        When::At { .. } => false,
        When::On { from_ns, nth, point, .. } => *from_ns > Time::ZERO || *nth > 1 || matches!(point, Point::AfterNs(_)),
    };
    let involved = case.plan.items.iter().filter(|item| is_involved(&item.when));
    involved.flat_map(|item| [0, 1].map(|after_ns| Edit::Time { item: item.id, after_ns })).collect()
}

fn numbers(case: &Case) -> Vec<Edit> {
    let mut edits: Vec<Edit> = simpler(case.plan.heal.at_ns.as_nanos()).into_iter().map(Edit::Heal).collect();
    for what in NetworkNumber::ALL {
        // To be without it is an edit of its own.
        let values = simpler(what.get(&case.network)).into_iter().filter(|value| *value > 0);
        edits.extend(values.map(|value| Edit::Network(what, value)));
    }
    for item in &case.plan.items {
        for what in ItemNumber::ALL {
            let values = what.get(item).map(simpler).unwrap_or_default();
            edits.extend(values.into_iter().map(|value| Edit::Number { item: item.id, what, value }));
        }
    }
    edits
}

fn knobs(case: &Case, spec: &Spec) -> Vec<Edit> {
    let allowed = |name: &str, value: u64| {
        let own = spec.knobs.iter().find(|knob| knob.name == name);
        own.is_none_or(|knob| knob.values.contains(&value))
    };
    let edits = |(name, value): (&String, &u64)| {
        let values = simpler(*value).into_iter().filter(|value| allowed(name, *value));
        values.map(|value| Edit::Knob(name.clone(), value)).collect::<Vec<_>>()
    };
    // That every write survives is no fault, and so the simplest: 0 in its place would be taken away again, for ever.
    let is_fault_free = |(name, value): &(&String, &u64)| *name == UNSYNCED_KEPT_PPM && **value == u64::from(PPM);
    case.knobs.iter().filter(|knob| !is_fault_free(knob)).flat_map(edits).collect()
}

/// All messages as quick as any could be, as slow, or with the shortest time that is round.
fn latency(network: &Network) -> Vec<Edit> {
    let Network { latency_min_ns, latency_max_ns, .. } = *network;
    if latency_min_ns == latency_max_ns {
        return Vec::new();
    }
    let round = simpler(latency_max_ns).into_iter().filter(|nanos| *nanos >= latency_min_ns);
    round.take(2).chain([latency_min_ns, latency_max_ns]).map(Edit::Latency).collect()
}

fn latencies(network: &Network) -> Vec<Edit> {
    if network.latency_min_ns < network.latency_max_ns { vec![Edit::StateLatencies] } else { Vec::new() }
}
