//! The same case gives the same bytes, whoever watches and however it was stored.

use std::sync::atomic::{AtomicU64, Ordering};

use sim::{Case, Digest, Domain, Expansion, Fault, FaultKind, Hex, Item, Outcome, RunOptions, Scenario, Target, World};

use crate::lively::{lively, stormy};
use crate::rig::{MS, at, n, run, traced};

const SEEDS: std::ops::Range<u64> = 0..20;

/// Everything that an outcome says, for comparing.
fn all_of(outcome: &Outcome) -> String {
    format!("{outcome:?}")
}

#[test]
fn the_same_case_has_the_same_outcome() {
    for seed in SEEDS {
        let case = stormy(seed);
        let (first, second) = (run(&lively(), &case), run(&lively(), &case));
        assert_eq!(all_of(&first), all_of(&second), "seed {seed}");
        assert!(first.events > 100, "a run of {} events shows nothing", first.events);
    }
}

#[test]
fn another_seed_or_salt_has_another_digest() {
    let digest = |case: &Case| run(&lively(), case).digest;
    let mut seen: Vec<Digest> = SEEDS.map(|seed| digest(&stormy(seed))).collect();
    for domain in [Domain::Loss, Domain::Latency, Domain::Delay, Domain::Duplication, Domain::Disk, Domain::Draw] {
        let mut case = stormy(0);
        case.salts.insert(domain, Hex(1));
        seen.push(digest(&case));
    }
    let count = seen.len();
    seen.sort_unstable_by_key(|digest| digest.as_u64());
    seen.dedup();
    assert_eq!(seen.len(), count);
}

#[test]
fn who_watches_a_run_does_not_change_it() {
    for seed in SEEDS {
        let case = stormy(seed);
        let quiet = run(&lively(), &case);
        let (loud, records) = traced(&lively(), &case);
        assert_eq!(all_of(&quiet), all_of(&loud), "seed {seed}");
        assert_eq!(records.last().map(|record| record.event), Some(quiet.events));
        let pulse = AtomicU64::new(0);
        let mut options = RunOptions { pulse: Some(&pulse), ..RunOptions::default() };
        let counted = lively().run(&case, &mut options).expect("the case fits");
        assert_eq!((counted.digest, pulse.load(Ordering::Relaxed)), (quiet.digest, quiet.events));
    }
}

#[test]
fn a_case_survives_json() {
    for seed in SEEDS {
        let mut case = stormy(seed);
        case.salts.insert(Domain::Loss, Hex(u64::MAX));
        case.seed = Hex(u64::MAX - seed);
        let text = serde_json::to_string_pretty(&case).expect("a case is plain data");
        let read: Case = serde_json::from_str(&text).expect("what was written can be read");
        assert_eq!(read, case);
        assert_eq!(run(&lively(), &read).digest, run(&lively(), &case).digest, "seed {seed}");
        assert_eq!(serde_json::to_string_pretty(&read).expect("again"), text);
    }
}

#[test]
fn a_field_that_nobody_knows_is_not_skipped() {
    let mut value = serde_json::to_value(stormy(1)).expect("a case is plain data");
    value["network"]["losss_ppm"] = 7.into();
    let refused = serde_json::from_value::<Case>(value).expect_err("a misspelt field");
    assert!(refused.to_string().contains("losss_ppm"), "{refused}");
}

fn run_on(world: &mut World<impl sim::System>, events: u64) {
    let until = world.events() + events;
    while world.events() < until {
        let pending = world.earliest().expect("nodes wake for ever");
        world.fire(pending);
    }
}

#[test]
fn a_branch_goes_the_way_of_the_world_it_came_from() {
    let system = lively();
    for seed in SEEDS {
        let case = stormy(seed);
        let mut world = World::new(&system, &Scenario::spec(&system), &case).expect("the case fits");
        let total = run(&system, &case).events;
        run_on(&mut world, total / 2);
        let mut branch = world.clone();
        run_on(&mut branch, total - total / 2);
        run_on(&mut world, total - total / 2);
        assert_eq!(branch.digest(), world.digest(), "seed {seed}");
        assert_eq!(world.digest(), run(&system, &case).digest, "the driver adds nothing of its own");
    }
}

/// What a world makes of an item is part of its digest, even where it strikes nobody.
#[test]
fn an_item_that_is_withheld_is_seen_in_the_digest() {
    let mut case = stormy(3);
    case.plan.items = vec![Item { id: 1, ..at(5 * MS, Target::Node(n(1)), Fault::Crash, None) }];
    let once = run(&lively(), &case).digest;
    case.plan.items.push(Item { id: 2, ..at(6 * MS, Target::Node(n(1)), Fault::Crash, None) });
    assert_ne!(run(&lively(), &case).digest, once);
}

#[test]
fn an_expansion_without_a_kind_of_fault_leaves_the_others_as_they_were() {
    for seed in SEEDS {
        let with = lively().expand(Hex(seed), &Expansion::default());
        let without = lively().expand(Hex(seed), &Expansion { without: vec![FaultKind::Loss, FaultKind::Crash] });
        assert_eq!(without.network.loss_ppm, 0);
        let network = sim::Network { loss_ppm: with.network.loss_ppm, ..without.network };
        assert_eq!(network, with.network, "seed {seed}");
        let kept = |case: &Case| {
            let items = case.plan.items.iter().filter(|item| item.fault != Fault::Crash);
            items.map(|item| Item { id: 0, ..item.clone() }).collect::<Vec<_>>()
        };
        assert_eq!(without.plan.items.len(), kept(&without).len());
        assert_eq!(kept(&without), kept(&with), "seed {seed}");
        assert_eq!((without.nodes, without.knobs), (with.nodes, with.knobs), "seed {seed}");
    }
}
