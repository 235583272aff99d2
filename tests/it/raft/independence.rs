//! One plan item less: everything outside of its causal future is as it was, and so is the fate of every message inside
//! that is still sent with the same tag and occurrence.

use std::collections::{BTreeMap, BTreeSet};

use scenarios::raft::Raft;
use sim::{
    Case, Expansion, FaultKind, Hex, Item, NodeId, Outcome, Record, RecordWhat, RunOptions, Scenario, Time, mix,
};

/// A message's own address: its link, its tag, and how often that tag went over the link.
type Address = (NodeId, NodeId, u64, u32);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Weather {
    Stormy,
    Calm,
}

/// What became of a message: how long it took, when it came again, and what struck it.
#[derive(PartialEq, Eq, Debug)]
struct Passage {
    weather: Weather,
    latency_ns: Option<u64>,
    again_after_ns: Option<u64>,
    struck: String,
}

impl Passage {
    /// Whether a plan item has to do with when it arrives.
    fn is_cut(&self) -> bool {
        self.struck == "cut off" || self.struck.contains("clogged")
    }
}

struct Run {
    outcome: Outcome,
    records: Vec<Record>,
    passages: BTreeMap<Address, Passage>,
    /// When each process started again, died, stood still and went on, its clocks, and what struck its disk: what faults do to
    /// it, beside its messages.
    lives: BTreeSet<(Time, NodeId, String)>,
}

fn run(case: &Case) -> Run {
    let mut records = Vec::new();
    let mut keep = |record: &Record| records.push(record.clone());
    let options = &mut RunOptions { trace: Some(&mut keep), ..RunOptions::default() };
    let outcome = Raft.run(case, options).expect("an expanded case fits");
    let passages = records.iter().filter_map(|record| {
        let RecordWhat::Sent { latency_ns, again_after_ns, struck, .. } = &record.what else { return None };
        let (latency_ns, again_after_ns) = (*latency_ns, *again_after_ns);
        // From the heal on the network is calm, so that a message which one run sends later may be spared there.
        let weather = if record.time < case.plan.heal.at_ns { Weather::Stormy } else { Weather::Calm };
        Some((address(record)?, Passage { weather, latency_ns, again_after_ns, struck: struck.clone() }))
    });
    let lives = records.iter().filter_map(|record| match record.what {
        RecordWhat::Restarted
        | RecordWhat::Crashed { .. }
        | RecordWhat::Ended
        | RecordWhat::Rotted { .. }
        | RecordWhat::Misread { .. }
        | RecordWhat::Paused
        | RecordWhat::Resumed
        | RecordWhat::Clock { .. }
        | RecordWhat::Wall { .. } => Some((record.time, record.node?, record.what.to_string())),
        RecordWhat::Struck {
            kind: Some(FaultKind::Slow | FaultKind::DiskStall | FaultKind::IoError | FaultKind::NoSpace),
            withheld: None,
            ..
        } => Some((record.time, record.node?, record.what.to_string())),
        _ => None,
    });
    let (passages, lives) = (passages.collect(), lives.collect());
    Run { outcome, records, passages, lives }
}

fn address(record: &Record) -> Option<Address> {
    let RecordWhat::Sent { to, tag, occurrence, .. } = &record.what else { return None };
    Some((record.node?, *to, tag.0, *occurrence))
}

/// When each process could first have learnt of the change.
///
/// The change is at a process where a fault strikes it in one run alone, and at a receiver where a message that both runs
/// send is cut off in one alone. From there it goes on by the messages of both runs together: where a message of one run
/// lets a node do something else, what that node says in the other run tells of it too.
fn future(runs: [&Run; 2]) -> BTreeMap<NodeId, Time> {
    let mut reached: BTreeMap<NodeId, Time> = BTreeMap::new();
    let mut reach = |node: NodeId, time: Time| {
        let since = reached.entry(node).or_insert(time);
        *since = time.min(*since);
        reached.clone()
    };
    let mut known = BTreeMap::new();
    for (time, node, _) in runs[0].lives.symmetric_difference(&runs[1].lives) {
        known = reach(*node, *time);
    }
    let mut records: Vec<(&Record, &Run)> = Vec::new();
    for (one, other) in [(runs[0], runs[1]), (runs[1], runs[0])] {
        records.extend(one.records.iter().map(|record| (record, other)));
    }
    records.sort_by_key(|(record, _)| record.time);
    for (record, other) in records {
        let RecordWhat::Sent { to, latency_ns: Some(latency_ns), .. } = &record.what else { continue };
        let address = address(record).expect("it was sent");
        let tells = known.get(&address.0).is_some_and(|since| *since <= record.time);
        if tells || other.passages.get(&address).is_some_and(Passage::is_cut) {
            known = reach(*to, Time::from_nanos(record.time.as_nanos() + latency_ns));
        }
    }
    known
}

/// What happened outside of a causal future until `end`, process by process; without what the network did to
/// messages, and without the plan's own lines.
fn outside(run: &Run, future: &BTreeMap<NodeId, Time>, end: Time) -> BTreeMap<NodeId, Vec<String>> {
    let mut lines: BTreeMap<NodeId, Vec<String>> = BTreeMap::new();
    for record in run.records.iter().filter(|record| record.time < end) {
        let Some(node) = record.node.filter(|node| future.get(node).is_none_or(|since| record.time < *since)) else {
            continue;
        };
        let what = match &record.what {
            RecordWhat::Item(_) | RecordWhat::Struck { .. } => continue,
            RecordWhat::Sent { to, message, .. } => format!("-> {to} {message}"),
            what => what.to_string(),
        };
        lines.entry(node).or_default().push(format!("{:?} {what}", record.time));
    }
    lines
}

struct Compared {
    /// Lines that are the same outside of the change's future.
    outside: usize,
    /// Messages inside of it that both runs sent.
    inside: usize,
}

fn compare(with: &Run, without: &Run) -> Compared {
    let future = future([with, without]);
    let end = with.outcome.time.min(without.outcome.time);
    let (one, other) = (outside(with, &future, end), outside(without, &future, end));
    for (node, lines) in &one {
        let differs = lines.iter().zip(&other[node]).find(|(with, without)| with != without);
        assert_eq!(differs, None, "{node}, which the change reaches at {:?}", future.get(node));
        assert_eq!(lines.len(), other[node].len(), "{node}");
    }
    let mut inside = 0;
    for (address, passage) in &with.passages {
        let Some(other) = without.passages.get(address) else { continue };
        if !passage.is_cut() && !other.is_cut() && passage.weather == other.weather {
            assert_eq!(passage, other, "{address:?}");
            inside += usize::from(future.contains_key(&address.0));
        }
    }
    Compared { outside: one.values().map(Vec::len).sum(), inside }
}

/// A case of a seed with every kind of weather, few enough operations for tags to be counted exactly, and a core that
/// both runs heal.
fn case(seed: u64) -> Case {
    let mut case = Raft.expand(Hex(mix(5, seed)), &Expansion::default());
    case.network.loss_ppm = 50_000;
    case.network.delay_ppm = 20_000;
    case.network.duplication_ppm = 20_000;
    case.network.reordering_ppm = 50_000;
    case.network.corruption_ppm = 20_000;
    // What waits behind something comes of it.
    (case.network.bandwidth_bytes_per_s, case.network.queue_max_bytes) = (0, 0);
    case.workload.clients.iter_mut().for_each(|load| load.operations = 25);
    let outcome = Raft.run(&case, &mut RunOptions::default()).expect("an expanded case fits");
    case.plan.heal.core = outcome.core;
    case
}

#[test]
fn without_one_plan_item_everything_outside_its_causal_future_is_as_it_was() {
    let (mut outside, mut inside, mut items) = (0, 0, 0);
    for seed in 0..40 {
        let case = case(seed);
        let with = run(&case);
        let struck = |(item, outcome): (&Item, &sim::ItemOutcome)| {
            matches!(outcome, sim::ItemOutcome::Fired(_)).then_some(item.id)
        };
        let fired: Vec<u32> = case.plan.items.iter().zip(&with.outcome.items).filter_map(struck).collect();
        // One of the last, so that much lies before it, and one of the middle.
        for id in [fired.last(), fired.get(fired.len() / 2)].into_iter().flatten() {
            let mut fewer = case.clone();
            fewer.plan.items.retain(|item| item.id != *id);
            let compared = compare(&with, &run(&fewer));
            outside += compared.outside;
            inside += compared.inside;
            items += 1;
        }
    }
    assert!(items > 30 && outside > 10_000 && inside > 10_000, "{items} items, {outside} lines, {inside} messages");
    println!("{items} items: {outside} lines outside and {inside} messages inside are the same");
}
