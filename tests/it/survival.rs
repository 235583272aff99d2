//! A budget that is wrong is noticed: of `raft` under a `Survival` that is off by one, and under none.

use std::sync::atomic::AtomicBool;

use campaign::{Base, Campaign, FailureClass, Report, STEP_LIMIT, Watchdog};
use scenarios::raft::{Client, Log, Node, Raft};
use sim::{
    Case, Damage, HealthCheck, NodeDamage, NodeId, Permission, Recoverable, Service, Spec, StaticMajority, Strike,
    Survival, System,
};

/// Raft, under another budget.
struct Guarded<V>(V);

impl<V: Survival<Log> + Sync> System for Guarded<V> {
    type Protocol = Log;
    type Node = Node;
    type Client = Client;
    type Checks = <Raft as System>::Checks;
    type Survival = V;

    fn spec(&self) -> Spec {
        System::spec(&Raft)
    }

    fn checks(&self, case: &Case) -> Self::Checks {
        Raft.checks(case)
    }

    fn survival(&self, _: &Case) -> V {
        self.0.clone()
    }
}

const SEEDS: u64 = 400;

fn campaign(survival: impl Survival<Log> + Sync) -> Report {
    let base = Base::parse("1").expect("a number");
    let campaign = Campaign { keep_going: true, ..Campaign::new(base, SEEDS) };
    let report = campaign.run(&Guarded(survival), &Watchdog::new(STEP_LIMIT), &AtomicBool::new(false), &|_| {});
    assert_eq!((report.seeds, &report.undecided), (SEEDS, &None));
    report
}

/// What failed, and how many runs were beyond help.
fn came_to(report: &Report) -> (Vec<(FailureClass, &str)>, u64) {
    let failures = report.failures.iter().map(|failed| (failed.failure.class, failed.failure.signature.as_str()));
    let (failures, beyond_help) =
        (failures.collect(), report.unrecoverable.map_or(0, |unrecoverable| unrecoverable.runs));
    println!("{failures:?}, {beyond_help} of {} beyond help", report.seeds);
    (failures, beyond_help)
}

fn is_sick(report: &Report) -> bool {
    report.symptoms().any(|symptom| symptom.check == HealthCheck::BeyondHelp)
}

/// The damage as it would be if one node that it is true of, and that is not among these, were sound and served: who counts by
/// it needs one node less than a majority.
fn one_forgiven(damage: &Damage, but: &[NodeId]) -> Damage {
    let is_out = |node: &&mut NodeDamage| node.service != Service::Up || node.is_failing || node.is_damaged;
    let mut forgiven = damage.clone();
    if let Some(node) = forgiven.nodes.iter_mut().filter(|node| !but.contains(&node.id)).find(is_out) {
        *node = NodeDamage { service: Service::Up, is_failing: false, is_damaged: false, ..*node };
    }
    forgiven
}

/// A majority is one node less than it is, throughout.
#[derive(Clone)]
struct TooFew;

impl Survival<Log> for TooFew {
    fn allows(&self, damage: &Damage, strike: &Strike<'_>) -> Permission {
        Generous.allows(damage, strike)
    }

    fn core(&self, damage: &Damage, draw: u64) -> Vec<NodeId> {
        let mut core = Survival::<Log>::core(&StaticMajority, damage, draw);
        core.truncate(damage.nodes.len() / 2);
        core
    }

    fn recoverable(&self, damage: &Damage) -> Recoverable {
        Survival::<Log>::recoverable(&StaticMajority, &one_forgiven(damage, &[]))
    }
}

/// One more may be struck than is survived, and no more than that is wrong.
#[derive(Clone)]
struct Generous;

impl Survival<Log> for Generous {
    fn allows(&self, damage: &Damage, strike: &Strike<'_>) -> Permission {
        Survival::<Log>::allows(&StaticMajority, &one_forgiven(damage, strike.nodes), strike)
    }

    fn core(&self, damage: &Damage, draw: u64) -> Vec<NodeId> {
        Survival::<Log>::core(&StaticMajority, damage, draw)
    }

    fn recoverable(&self, damage: &Damage) -> Recoverable {
        Survival::<Log>::recoverable(&StaticMajority, damage)
    }
}

/// No budget: whatever is due strikes.
#[derive(Clone)]
struct Unguarded;

impl Survival<Log> for Unguarded {
    fn allows(&self, _: &Damage, _: &Strike<'_>) -> Permission {
        Permission::Fire
    }

    fn core(&self, damage: &Damage, draw: u64) -> Vec<NodeId> {
        Survival::<Log>::core(&StaticMajority, damage, draw)
    }

    fn recoverable(&self, damage: &Damage) -> Recoverable {
        Survival::<Log>::recoverable(&StaticMajority, damage)
    }
}

#[test]
fn under_the_right_budget_every_run_recovers() {
    let report = campaign(StaticMajority);
    assert_eq!((came_to(&report), is_sick(&report)), ((Vec::new(), 0), false));
    assert_eq!(report.recoveries["liveness"].runs, SEEDS);
}

/// What takes too few for a majority demands progress of them, and they make none. `recoverable` spares nobody, for it counts by
/// the same mistake.
#[test]
fn a_majority_that_is_one_too_few_is_a_failure_of_liveness() {
    let report = campaign(TooFew);
    let (failures, _) = came_to(&report);
    let is_liveness = |failure: &(FailureClass, &str)| *failure == (FailureClass::Liveness, "raft::liveness");
    assert!(!failures.is_empty() && failures.iter().all(is_liveness), "{failures:?}");
    // Who waits, who is behind, or both: what is pending since when tells no more failures apart.
    assert!(failures.len() <= 3, "{failures:?}");
}

/// Whoever is down at the heal and is sound is started again, so that one crash too many is nothing by then: only damage lasts. Of
/// a majority that is damaged `recoverable`, which is right, says that it could not: such a run is beyond help and no failure. So
/// it is no failing run that tells of the mistake, and a health check has to.
#[test]
fn a_budget_alone_that_is_one_too_generous_leaves_runs_beyond_help_and_fails_none() {
    let report = campaign(Generous);
    let (failures, beyond_help) = came_to(&report);
    assert!(failures.is_empty() && beyond_help > 0, "{failures:?}, {beyond_help}");
    assert!(is_sick(&report), "`allows` and `recoverable` contradict each other");
}

/// Who withholds nothing does not say that nothing is beyond help.
#[test]
fn without_a_budget_what_is_beyond_help_is_said_to_be_and_is_no_failure() {
    let report = campaign(Unguarded);
    let (failures, beyond_help) = came_to(&report);
    assert!(failures.is_empty() && beyond_help > 0, "{failures:?}, {beyond_help}");
    assert!(!is_sick(&report), "nothing was withheld");
}
