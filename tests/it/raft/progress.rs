//! How soon after the heal the system is well again.

use std::time::Duration;

use scenarios::raft::Raft;
use sim::{End, Expansion, Hex, RunOptions, Scenario, mix};

/// The bound that the scenario states is generous; were it what most runs need, it would demand nothing.
#[test]
fn half_of_the_runs_are_well_within_two_seconds_of_the_heal_and_all_within_the_bound() {
    let mut times: Vec<Duration> = (0..200)
        .map(|seed| {
            let case = Raft.expand(Hex(mix(11, seed)), &Expansion::default());
            let outcome = Raft.run(&case, &mut RunOptions::default()).expect("an expanded case fits");
            assert_eq!(outcome.end, End::Passed, "seed {}", case.seed);
            let [recovery] = outcome.recoveries[..] else { panic!("one kind of progress is demanded") };
            assert_eq!(recovery.took, outcome.time.since(case.plan.heal.at_ns), "seed {}", case.seed);
            recovery.took
        })
        .collect();
    times.sort_unstable();
    let (median, last) = (times[times.len() / 2], times[times.len() - 1]);
    println!("median {median:?}, longest {last:?}");
    assert!(median < Duration::from_secs(2), "{median:?}");
}
