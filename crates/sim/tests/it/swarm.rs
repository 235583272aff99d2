//! What seeds expand to beside single items: faults in a row or a loop, and latencies within what the scenario allows.

use sim::{Case, Fault, Io, LinkKind, Refusal, Target, When};

use crate::rig::{Actor, MS, Numbers, Rig, expanded};

/// Does nothing: these cases are looked at, and not run.
struct Idle;

impl Actor for Idle {
    fn start(_: &mut Io<'_, Numbers>) -> Result<Idle, Refusal> {
        Ok(Idle)
    }
}

/// When each clog of one node begins and ends, where all of them are at once.
fn swizzle(case: &Case) -> Option<Vec<(u64, u64)>> {
    let clogs = case.plan.items.iter().rev().map_while(|item| match (&item.when, item.fault, &item.target) {
        (When::At { at_ns }, Fault::Clog, Target::Node(_)) => Some((at_ns.as_nanos(), item.lasts_ns?)),
        _ => None,
    });
    let mut clogs: Vec<(u64, u64)> = clogs.map(|(at, lasts)| (at, at + lasts)).collect();
    // One after the other, back to front, until the ordinary ones before.
    let rising = clogs.windows(2).take_while(|pair| pair[1].0 < pair[0].0 && pair[0].0 < pair[1].1).count();
    clogs.truncate(rising + 1);
    (clogs.len() > 2).then_some(clogs)
}

#[test]
fn some_seeds_clog_nodes_one_after_the_other_and_unclog_them_in_another_order() {
    let mut in_another_order = 0;
    for seed in 0..300 {
        let Some(clogs) = swizzle(&expanded(&Rig::<Idle>::new(), seed)) else { continue };
        in_another_order += u32::from(clogs.windows(2).any(|pair| pair[1].1 > pair[0].1));
    }
    assert!(in_another_order > 10, "{in_another_order} of 300 seeds");
}

#[test]
fn some_seeds_crash_one_node_again_and_again() {
    let (mut loops, mut at_once) = (0, 0);
    for seed in 0..300 {
        let case = expanded(&Rig::<Idle>::new(), seed);
        let row = case.plan.items.iter().filter(|item| item.id > 10_000 && item.fault == Fault::Crash);
        let row: Vec<(u64, u64, &Target)> = row
            .map(|item| match (&item.when, item.lasts_ns) {
                (When::At { at_ns }, Some(lasts)) => (at_ns.as_nanos(), at_ns.as_nanos() + lasts, &item.target),
                other => panic!("{other:?} is no crash of a loop"),
            })
            .collect();
        loops += u32::from(!row.is_empty());
        let up: Vec<u64> = row.windows(2).map(|pair| pair[1].0.strict_sub(pair[0].1)).collect();
        assert!(row.windows(2).all(|pair| pair[0].2 == pair[1].2), "one node, each time once it is back");
        at_once += u32::from(up.iter().any(|nanos| *nanos < MS));
    }
    assert!((20..100).contains(&loops), "{loops} of 300 seeds");
    assert!(at_once > 10, "{at_once} of 300 seeds crash a node before it is up for a millisecond");
}

#[test]
fn the_latency_of_a_seed_is_a_part_of_what_the_scenario_allows() {
    let rig = Rig::<Idle>::new();
    let (start, end) = (rig.spec.latency.start().as_nanos() as u64, rig.spec.latency.end().as_nanos() as u64);
    let ranges: Vec<(u64, u64)> = (0..300)
        .map(|seed| expanded(&rig, seed).network)
        .map(|network| (network.latency_min_ns, network.latency_max_ns))
        .collect();
    assert!(ranges.iter().all(|(min, max)| start <= *min && min <= max && *max <= end));
    let few = |is: fn(&(u64, u64), u64, u64) -> bool| ranges.iter().filter(|range| is(range, start, end)).count();
    assert!(few(|(min, _), start, _| *min == start) > 100, "as low as it goes");
    assert!(few(|(min, max), start, end| max - min < (end - start) / 10) > 20, "hardly any spread");
}

#[test]
fn some_seeds_reset_sessions_within_milliseconds() {
    let mut rig = Rig::<Idle>::new();
    rig.spec.link = LinkKind::Session;
    let mut frequent = 0;
    for seed in 0..300 {
        let resets = expanded(&rig, seed).plan.items.into_iter().filter_map(|item| match (item.fault, item.when) {
            (Fault::SessionReset, When::At { at_ns }) => Some(at_ns.as_nanos()),
            _ => None,
        });
        let mut resets: Vec<u64> = resets.collect();
        resets.sort_unstable();
        frequent += u32::from(resets.windows(4).any(|row| row[3] - row[0] < 60 * MS));
    }
    assert!((20..150).contains(&frequent), "{frequent} of 300 seeds");
}
