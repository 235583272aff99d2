//! What a change to a case leaves as it was: everything outside of the causal future of the change, and the fate of every
//! message that is still sent.

use std::collections::BTreeMap;

use sim::{Case, Domain, Fate, Fault, Hex, Item, NodeId, Record, RecordWhat, Target, Time};

use crate::lively::{lively, stormy};
use crate::rig::{MS, at, traced};

const SEEDS: std::ops::Range<u64> = 0..24;

fn records(case: &Case) -> Vec<Record> {
    traced(&lively(), case).1
}

/// A message's own address: its link, its tag, and how often that tag went over the link.
type Address = (NodeId, NodeId, u64, u32);

/// What became of a message: how long it took, when it came again, and what struck it.
type Passage = (Option<u64>, Option<u64>, String);

/// What became of each message. What a partition cut off has no fate of its own; what waited for a clog to end has one, from
/// then on.
fn passages(records: &[Record]) -> BTreeMap<Address, Passage> {
    let sent = records.iter().filter_map(|record| match &record.what {
        RecordWhat::Sent { to, tag, occurrence, latency_ns, again_after_ns, struck, .. } if struck != "cut off" => {
            let address = (record.node.expect("a sender"), *to, tag.0, *occurrence);
            let of_itself: Vec<&str> = struck.split(", ").filter(|name| *name != "clogged").collect();
            Some((address, (*latency_ns, *again_after_ns, of_itself.join(", "))))
        }
        _ => None,
    });
    sent.collect()
}

/// When each node could first have learnt of a change that `node` saw at `time`.
///
/// By the messages of both runs together: where a message of one run lets a node do something else, what that node says
/// in the other run, and no longer says in this one, tells of the change as well.
fn future(runs: [&[Record]; 2], node: NodeId, time: Time) -> BTreeMap<NodeId, Time> {
    let mut records: Vec<&Record> = runs.into_iter().flatten().collect();
    records.sort_by_key(|record| record.time);
    let mut reached = BTreeMap::from([(node, time)]);
    for record in records {
        let RecordWhat::Sent { to, latency_ns: Some(latency_ns), .. } = &record.what else { continue };
        let sender = record.node.expect("a sender");
        if reached.get(&sender).is_some_and(|since| *since <= record.time) {
            let arrives = Time::from_nanos(record.time.as_nanos() + latency_ns);
            let since = reached.entry(*to).or_insert(arrives);
            *since = arrives.min(*since);
        }
    }
    reached
}

/// What happened outside of a causal future, node by node. That a message meets a planned fate is the change itself, so
/// whatever else became of it is left out as well.
fn outside(records: &[Record], future: &BTreeMap<NodeId, Time>) -> BTreeMap<NodeId, Vec<String>> {
    let mut lines: BTreeMap<NodeId, Vec<String>> = BTreeMap::new();
    for record in records {
        let Some(node) = record.node else { continue };
        if future.get(&node).is_none_or(|since| record.time < *since) {
            let what = match &record.what {
                RecordWhat::Sent { to, message, .. } => format!("-> {to} {message}"),
                what => what.to_string(),
            };
            lines.entry(node).or_default().push(format!("{:?} {what}", record.time));
        }
    }
    lines
}

/// Runs a case with and without a change that `node` sees at `time`, and compares. Returns how much was the same outside
/// of the change's future, and how many messages inside of it still had their fate.
fn compare(with: &Case, without: &Case, node: NodeId, time: Time) -> (usize, usize) {
    let (with, without) = (records(with), records(without));
    let future = future([&with, &without], node, time);
    let (one, other) = (outside(&with, &future), outside(&without, &future));
    for (node, lines) in &one {
        let differs = lines.iter().zip(&other[node]).find(|(with, without)| with != without);
        assert_eq!(differs, None, "{node}, which the change reaches at {:?}", future.get(node));
        assert_eq!(lines.len(), other[node].len(), "{node}");
    }
    let (one_sent, other_sent) = (passages(&with), passages(&without));
    let both = one_sent.iter().filter(|(address, passage)| {
        let kept = other_sent.get(address);
        assert!(kept.is_none_or(|kept| kept == *passage || planned(kept) || planned(passage)), "{address:?}");
        kept.is_some()
    });
    (one.values().map(Vec::len).sum(), both.count())
}

fn planned((_, _, struck): &Passage) -> bool {
    struck.contains("planned")
}

/// The first message of a run that arrives, of those that are sent after this time.
fn one_that_arrives(records: &[Record], after: Time) -> (Target, NodeId, Time) {
    let mut sent = records.iter().filter(|record| record.time > after);
    let found = sent.find_map(|record| match &record.what {
        RecordWhat::Sent { to, tag, occurrence, latency_ns: Some(latency_ns), .. } if Some(*to) != record.node => {
            let from = record.node.expect("a sender");
            let target = Target::Message { from, to: *to, tag: *tag, occurrence: *occurrence };
            Some((target, *to, Time::from_nanos(record.time.as_nanos() + latency_ns)))
        }
        _ => None,
    });
    found.expect("messages are sent all the time")
}

#[test]
fn without_one_message_everything_outside_its_causal_future_is_as_it_was() {
    let (mut outside, mut inside) = (0, 0);
    for seed in SEEDS {
        let without = stormy(seed);
        let (target, to, arrives) = one_that_arrives(&records(&without), Time::from_nanos(100 * MS));
        let mut with = without.clone();
        let id = with.plan.items.len() as u32 + 1;
        with.plan.items.push(Item { id, ..at(0, target, Fault::Message(Fate::Lose), None) });
        assert_ne!(records(&with).last(), records(&without).last(), "the message mattered to nobody");
        let same = compare(&with, &without, to, arrives);
        outside += same.0;
        inside += same.1;
    }
    assert!(outside > 10_000 && inside > 5_000, "{outside} records, {inside} messages");
}

#[test]
fn without_one_crash_everything_outside_its_causal_future_is_as_it_was() {
    let mut compared = 0;
    for seed in SEEDS {
        let mut with = stormy(seed);
        let node = with.nodes[0];
        let others = |item: &Item| !matches!(&item.target, Target::Node(id) if *id == node);
        with.plan.items.retain(others);
        let without = with.clone();
        with.plan.items.push(Item { id: 999, ..at(100 * MS, Target::Node(node), Fault::Crash, Some(20 * MS)) });
        compared += compare(&with, &without, node, Time::from_nanos(100 * MS)).0;
    }
    assert!(compared > 5_000, "{compared} records");
}

/// Messages that both runs sent and whose fate differs although the fault did not touch them.
fn moved(with: &Case, without: &Case, fault: &str) -> (usize, usize) {
    let (with, without) = (passages(&records(with)), passages(&records(without)));
    let both = with.iter().filter_map(|(address, passage)| without.get(address).map(|other| (passage, other)));
    let untouched: Vec<_> =
        both.filter(|(with, without)| !with.2.contains(fault) && !without.2.contains(fault)).collect();
    (untouched.len(), untouched.iter().filter(|(with, without)| with != without).count())
}

#[test]
fn a_fault_that_is_switched_off_leaves_the_fate_of_every_other_message() {
    type Switch = fn(&mut Case);
    let faults: [(&str, Switch); 5] = [
        ("lost", |case| case.network.loss_ppm = 0),
        ("delayed", |case| case.network.delay_ppm = 0),
        ("duplicated", |case| case.network.duplication_ppm = 0),
        ("held back", |case| case.network.reordering_ppm = 0),
        ("damaged", |case| case.network.corruption_ppm = 0),
    ];
    for (fault, switch_off) in faults {
        let mut compared = 0;
        for seed in SEEDS {
            let with = stormy(seed);
            let mut without = with.clone();
            switch_off(&mut without);
            assert!(passages(&records(&with)).values().any(|passage| passage.2.contains(fault)), "{fault}");
            assert!(!passages(&records(&without)).values().any(|passage| passage.2.contains(fault)), "{fault}");
            let (untouched, moved) = moved(&with, &without, fault);
            assert_eq!(moved, 0, "{fault}, seed {seed}");
            compared += untouched;
        }
        assert!(compared > 1_000, "{fault}: {compared} messages");
    }
}

#[test]
fn a_salt_moves_its_own_domain_alone() {
    let salted = |seed, domain| {
        let mut case = stormy(seed);
        case.salts.insert(domain, Hex(7));
        case
    };
    for seed in SEEDS {
        let (_, by_loss) = moved(&stormy(seed), &salted(seed, Domain::Loss), "lost");
        assert_eq!(by_loss, 0, "seed {seed}");
        let (untouched, by_latency) = moved(&stormy(seed), &salted(seed, Domain::Latency), "lost");
        assert!(by_latency * 10 > untouched * 9, "{by_latency} of {untouched} took another time, seed {seed}");
    }
}

/// A reseed is a salt from some moment on: before it nothing differs, and after it one domain alone does.
#[test]
fn a_reseed_moves_its_own_domain_alone_and_from_its_moment_on() {
    let reseeded = |seed, domain| {
        let mut case = stormy(seed);
        let id = case.plan.items.len() as u32 + 1;
        case.plan.items.push(Item { id, ..at(100 * MS, Target::All, Fault::Reseed { domain, salt: Hex(7) }, None) });
        case
    };
    for seed in SEEDS {
        let early = |case: &Case| {
            let records = records(case);
            let lines = records.iter().take_while(|record| record.time < Time::from_nanos(100 * MS));
            lines.map(|record| (record.event, record.what.clone())).collect::<Vec<_>>()
        };
        assert_eq!(early(&stormy(seed)), early(&reseeded(seed, Domain::Latency)), "seed {seed}");
        let (_, by_loss) = moved(&stormy(seed), &reseeded(seed, Domain::Loss), "lost");
        assert_eq!(by_loss, 0, "seed {seed}");
        let (untouched, by_latency) = moved(&stormy(seed), &reseeded(seed, Domain::Latency), "lost");
        assert!(by_latency > 0 && by_latency < untouched, "{by_latency} of {untouched}, seed {seed}");
    }
}
