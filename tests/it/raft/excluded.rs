//! What raft promises nothing for does break it: turned on, in code and nowhere else, each such fault is seen to. A class that
//! no fault could show to be wrong would be an excuse.

use std::collections::BTreeMap;
use std::time::Duration;

use scenarios::raft::{Client, Log, Node, Raft};
use sim::{
    Case, Class, End, Expansion, Fault, FaultClass, FaultKind, Faults, Hex, Item, Outcome, RunOptions, Scenario, Spec,
    StaticMajority, System, Target, Time, When,
};

/// Raft, as if it promised something else.
struct Otherwise(fn(&mut Spec));

impl System for Otherwise {
    type Protocol = Log;
    type Node = Node;
    type Client = Client;
    type Checks = <Raft as System>::Checks;
    type Survival = StaticMajority;

    fn spec(&self) -> Spec {
        let mut spec = System::spec(&Raft);
        self.0(&mut spec);
        spec
    }

    fn checks(&self, case: &Case) -> Self::Checks {
        Raft.checks(case)
    }

    fn survival(&self, case: &Case) -> StaticMajority {
        System::survival(&Raft, case)
    }
}

fn run(system: &Otherwise, case: &Case) -> Outcome {
    Scenario::run(system, case, &mut RunOptions::default()).expect("the case fits")
}

/// What 200 seeds show, and how often.
fn shown(system: &Otherwise) -> BTreeMap<String, u32> {
    let mut shown = BTreeMap::new();
    for seed in 0..200 {
        let case = Scenario::expand(system, Hex(seed), &Expansion::default());
        if let Some(violation) = run(system, &case).violation() {
            *shown.entry(violation.signature.clone()).or_default() += 1;
        }
    }
    shown
}

/// Crashes that take what was not synced, and this.
fn only(kind: FaultKind) -> Faults {
    [FaultKind::Crash, FaultKind::UnsyncedLoss, kind].into_iter().fold(Faults::none(), Faults::with)
}

/// What is acknowledged is not there: the leader takes it for matched, applies it, or a restart goes on without it.
fn assert_lost(shown: &BTreeMap<String, u32>) {
    let lost = ["raft::match_truth", "raft::applied_is_held", "raft::acked_is_durable"];
    assert!(lost.iter().all(|signature| shown.contains_key(*signature)), "{shown:?}");
}

#[test]
fn a_sync_that_lies_loses_what_others_were_told_is_durable() {
    assert_lost(&shown(&Otherwise(|spec| spec.faults = only(FaultKind::LyingSync))));
}

#[test]
fn a_sector_that_is_lost_or_misdirected_does_too() {
    assert_lost(&shown(&Otherwise(|spec| spec.faults = only(FaultKind::LostWrite))));
    assert_lost(&shown(&Otherwise(|spec| spec.faults = only(FaultKind::MisdirectedWrite))));
}

/// The last sector is read as it was, and that is a log too: the end of it is gone.
#[test]
fn a_sector_that_is_read_as_it_was_leaves_a_shorter_log() {
    let shown = shown(&Otherwise(|spec| spec.faults = only(FaultKind::StaleRead)));
    assert!(shown.contains_key("raft::durable_survives") && shown.contains_key("raft::term_monotonic"), "{shown:?}");
}

/// Mostly what is read in the wrong place is seen to be wrong. But in place of a sector at the end of the log any earlier one of
/// its file will do: its records are whole, do not follow the last one, and are taken for what a crash cut off; and nothing behind
/// them says that more was synced. The checksum of a record does not say where in its file it is.
#[test]
fn a_sector_that_is_read_in_place_of_the_last_one_leaves_a_shorter_log_too() {
    let detected = |spec: &mut Spec| {
        spec.faults = only(FaultKind::MisdirectedRead).classed(FaultKind::MisdirectedRead, FaultClass::Detected);
    };
    let undetected = shown(&Otherwise(detected));
    assert!(undetected.contains_key("raft::durable_survives"), "{undetected:?}");
    let shown = shown(&Otherwise(|spec| spec.faults = only(FaultKind::MisdirectedRead)));
    let undetected: u32 = undetected.values().sum();
    assert!(shown["sim::refused"] > 3 * undetected, "mostly it is seen: {shown:?}");
}

#[test]
fn a_node_that_is_wiped_and_keeps_its_name_forgets_its_term() {
    let shown = shown(&Otherwise(|spec| spec.faults = only(FaultKind::Wipe)));
    assert_eq!(shown.keys().collect::<Vec<_>>(), ["raft::term_monotonic"], "{shown:?}");
}

/// The difference between what is tolerated and what is detected: the same runs, and nothing but refusals in them.
#[test]
fn what_rotted_is_refused_and_that_is_all_that_is_promised_of_it() {
    let tolerated = shown(&Otherwise(|spec| spec.faults = only(FaultKind::BitRot)));
    assert_eq!(tolerated.keys().collect::<Vec<_>>(), ["sim::refused"], "{tolerated:?}");
    let detected =
        |spec: &mut Spec| spec.faults = only(FaultKind::BitRot).classed(FaultKind::BitRot, FaultClass::Detected);
    assert_eq!(shown(&Otherwise(detected)), BTreeMap::new());
}

/// All stand for election at once, and again, and split the vote each time.
#[test]
fn equal_election_timeouts_are_a_livelock_that_is_seen_to() {
    let equal = Otherwise(|spec| {
        let spread = spec.knobs.iter_mut().find(|knob| knob.name == "election_spread_ms").expect("a knob of raft");
        spread.values = 0..=0;
        spec.faults = Faults::none();
        spec.latency = Duration::from_millis(1)..=Duration::from_millis(1);
    });
    for seed in 0..10 {
        let case = Scenario::expand(&equal, Hex(seed), &Expansion::default());
        let outcome = run(&equal, &case);
        let violation = outcome.violation().unwrap_or_else(|| panic!("seed {seed}: {:?}", outcome.end));
        assert_eq!((violation.class, violation.signature.as_str()), (Class::Liveness, "raft::liveness"));
    }
}

/// With the budget lifted a majority may be wiped for good: nobody makes progress, rightly, and nothing is wrong.
#[test]
fn a_majority_that_is_lost_for_good_is_no_failure() {
    let system = Otherwise(|_| {});
    let mut case = Scenario::expand(&system, Hex(1), &Expansion { without: FaultKind::ALL.to_vec() });
    let at_ns = Time::from_nanos(1_000_000);
    let crash = |id: u32| Item {
        id,
        when: When::At { at_ns },
        target: Target::Nodes(case.nodes.clone()),
        fault: Fault::Crash,
        lasts_ns: None,
        outlasts_heal: false,
    };
    case.plan.items = vec![crash(1)];
    let bounded = run(&system, &case);
    assert_eq!((bounded.end, bounded.faults[&FaultKind::Crash].withheld), (End::Passed, 1));
    case.unbounded = true;
    case.plan.heal.core = Some(case.nodes[..1].to_vec());
    let lost = run(&system, &case);
    assert_eq!((lost.end, lost.faults[&FaultKind::Crash].fired), (End::Passed, 1));
    assert_eq!(lost.counts.get("elected"), None, "one of several is no majority");
}
