//! What raft promises nothing for does break it: turned on, in code and nowhere else, each such fault is seen to. A class that
//! no fault could show to be wrong would be an excuse.

use std::collections::BTreeMap;

use scenarios::raft::{Client, Log, Node, Raft};
use sim::{
    Case, Class, Expansion, FaultClass, FaultKind, Faults, Hex, Outcome, RunOptions, Scenario, Spec, StaticMajority,
    System,
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

/// What so many seeds show, and how often.
fn shown(system: &Otherwise, seeds: u64) -> BTreeMap<String, u32> {
    let mut shown = BTreeMap::new();
    for seed in 0..seeds {
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

#[test]
fn a_sync_that_lies_loses_what_others_were_told_is_durable() {
    let shown = shown(&Otherwise(|spec| spec.faults = only(FaultKind::LyingSync)), 200);
    println!("{shown:?}");
}

#[test]
fn lost() {
    println!("{:?}", shown(&Otherwise(|spec| spec.faults = only(FaultKind::LostWrite)), 200));
    println!("{:?}", shown(&Otherwise(|spec| spec.faults = only(FaultKind::MisdirectedWrite)), 200));
    println!("{:?}", shown(&Otherwise(|spec| spec.faults = only(FaultKind::Wipe)), 200));
    println!("{:?}", shown(&Otherwise(|spec| spec.faults = only(FaultKind::BitRot)), 200));
    println!("{:?}", shown(&Otherwise(|spec| spec.faults = only(FaultKind::BitRot).classed(FaultKind::BitRot, FaultClass::Detected)), 200));
}

#[test]
fn equal() {
    println!("{:?}", shown(&Otherwise(|spec| {
        let spread = spec.knobs.iter_mut().find(|knob| knob.name == "election_spread_ms").unwrap();
        spread.values = 0..=0;
        spec.faults = Faults::none();
        spec.latency = std::time::Duration::from_millis(1)..=std::time::Duration::from_millis(1);
    }), 60));
}
