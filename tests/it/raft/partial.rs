//! Nodes that do not all hear each other: what `raft/partial` asks for, and what comes of it without PreVote and CheckQuorum.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use oracle::consensus::{self, ConsensusChecks, LogFact};
use scenarios::raft::partial::{Electable, Partial, Topology};
use scenarios::raft::{Client, Log, Node};
use sim::{
    Case, End, Expansion, Fault, FaultKind, Goal, Hex, Item, NodeId, Observed, Outcome, Point, Progress, RunOptions,
    Scenario, Spec, System, Target, Time, What, When, mix,
};

/// How long each run of the table goes on after the topology is there.
const WINDOW: Duration = Duration::from_secs(10);
const SEEDS: u64 = 15;

/// What happens after the heal, while nothing is demanded.
#[derive(Clone, Default)]
struct Seen(Arc<[AtomicU64; 2]>);

#[derive(Clone)]
struct Watch {
    seen: Seen,
    healed: bool,
}

impl Seen {
    fn answered(&self) -> u64 {
        self.0[0].load(Ordering::Relaxed)
    }

    fn elected(&self) -> u64 {
        self.0[1].load(Ordering::Relaxed)
    }
}

impl Goal<Log> for Watch {
    fn observe(&mut self, observed: &Observed<'_, Log>) {
        let counter = match observed.what {
            What::Healed(_) => return self.healed = true,
            What::Responded(..) => 0,
            What::Fact(LogFact::Elected { .. }) => 1,
            _ => return,
        };
        if self.healed {
            self.seen.0[counter].fetch_add(1, Ordering::Relaxed);
        }
    }

    fn met(&self) -> bool {
        false
    }

    fn missing(&self) -> String {
        "the window is over".into()
    }
}

/// `raft/partial` with either option on or off, watched.
struct Optional(Seen);

impl System for Optional {
    type Protocol = Log;
    type Node = Node;
    type Client = Client;
    type Checks = (ConsensusChecks, Progress<Watch>);
    type Survival = Electable;

    fn spec(&self) -> Spec {
        optional()
    }

    fn checks(&self, case: &Case) -> Self::Checks {
        let watch = Watch { seen: self.0.clone(), healed: false };
        (consensus::checks(case, 2 * WINDOW), Progress::new("window", WINDOW, watch))
    }

    fn survival(&self, case: &Case) -> Electable {
        Partial.survival(case)
    }
}

fn optional() -> Spec {
    let mut spec = System::spec(&Partial);
    let options = spec.knobs.iter_mut().filter(|knob| matches!(&knob.name[..], "pre_vote" | "check_quorum"));
    options.for_each(|knob| knob.values = 0..=1);
    (spec.nodes, spec.clients) = (5..=5, 1..=1);
    spec
}

/// `raft/partial` as if either option could be off, and as much were promised.
struct Promising;

impl System for Promising {
    type Protocol = Log;
    type Node = Node;
    type Client = Client;
    type Checks = ConsensusChecks;
    type Survival = Electable;

    fn spec(&self) -> Spec {
        optional()
    }

    fn checks(&self, case: &Case) -> ConsensusChecks {
        Partial.checks(case)
    }

    fn survival(&self, case: &Case) -> Electable {
        Partial.survival(case)
    }
}

/// What is left of five nodes that were all well for two seconds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    All,
    Of(Topology),
    /// The leader is cut off, and the one that all others hear was for the second before: its log is behind.
    ConstrainedElection,
}

const LEFTS: [(&str, Left); 6] = [
    ("all hear each other", Left::All),
    ("quorum loss", Left::Of(Topology::QuorumLoss)),
    ("chain", Left::Of(Topology::Chain)),
    ("interrupters", Left::Of(Topology::Interrupters)),
    ("loyalty", Left::Of(Topology::Loyalty)),
    ("constrained election", Left::ConstrainedElection),
];

impl Left {
    /// The place that the leader has in it.
    fn place(self) -> usize {
        match self {
            Left::All | Left::Of(Topology::Chain | Topology::Interrupters | Topology::Any) => 0,
            Left::Of(Topology::QuorumLoss) | Left::ConstrainedElection => 1,
            Left::Of(Topology::Loyalty) => 3,
        }
    }

    fn items(self, leader: NodeId, seed: u64) -> Vec<Item> {
        let mut order = [1, 2, 3, 4, 5].map(NodeId::node);
        let at = order.iter().position(|id| *id == leader).expect("the leader is one of them");
        order.rotate_left((5 + at - self.place()) % 5);
        let just_before = Time::from_nanos(STRIKES.as_nanos() - 1);
        match self {
            // Harmless, and in every run: it says who leads.
            Left::All => {
                let point = Point::Effects(0);
                let elected = When::On { fact: "elected".into(), node: None, from_ns: Time::ZERO, nth: 1, point };
                vec![item(1, elected, Target::Subject, Fault::WallJump { by_ns: 1 }, false)]
            }
            Left::Of(topology) => topology.items(&order, seed, just_before),
            Left::ConstrainedElection => {
                let half = When::At { at_ns: Time::from_nanos(STRIKES.as_nanos() / 2) };
                let end = When::At { at_ns: just_before };
                let mut items = vec![
                    item(1, half, Target::Node(order[0]), Fault::Partition, false),
                    item(2, end, Target::Node(order[1]), Fault::Partition, true),
                ];
                items.extend(Topology::QuorumLoss.items(&order, seed, just_before));
                items
            }
        }
    }
}

fn item(id: u32, when: When, target: Target, fault: Fault, outlasts_heal: bool) -> Item {
    Item { id, when, target, fault, lasts_ns: None, outlasts_heal }
}

/// When the topology is there, and the watch begins.
const STRIKES: Time = Time::from_nanos(2_000_000_000);

/// With PreVote, and with CheckQuorum, or without.
type Options = [u64; 2];

fn case_of(seed: u64, [pre_vote, check_quorum]: Options, items: Vec<Item>) -> Case {
    let without = Expansion { without: FaultKind::ALL.to_vec() };
    let mut case = Scenario::expand(&Optional(Seen::default()), Hex(seed), &without);
    let knobs = [
        ("election_timeout_ms", 150),
        ("election_spread_ms", 150),
        ("heartbeats_per_timeout", 5),
        ("max_entries_per_append", 16),
        ("max_entries_in_flight", 64),
        ("client_timeout_ms", 300),
        ("think_ms", 20),
        ("sim.service_ns", 10_000),
        ("sim.sync_ns", 1_000_000),
        ("pre_vote", pre_vote),
        ("check_quorum", check_quorum),
    ];
    case.knobs.extend(knobs.map(|(name, value)| (name.to_owned(), value)));
    (case.network.latency_min_ns, case.network.latency_max_ns) = (1_000_000, 5_000_000);
    case.plan.heal.at_ns = STRIKES;
    case.plan.items = items;
    case
}

fn run(case: &Case) -> (Outcome, Seen) {
    let system = Optional(Seen::default());
    let outcome = Scenario::run(&system, case, &mut RunOptions::default()).expect("the case fits");
    let signature = outcome.violation().map(|violation| violation.signature.as_str());
    assert!(matches!(signature, None | Some("raft::window")), "seed {}: {:?}", case.seed, outcome.end);
    (outcome, system.0)
}

/// How many operations are answered and leaders elected in the window, in medians, and how many runs answer none, but for one
/// whose answer was on its way already.
fn cell(left: Left, options: Options) -> String {
    let (mut answered, mut elected) = (Vec::new(), Vec::new());
    for seed in 0..SEEDS {
        let (all, _) = run(&case_of(seed, options, Left::All.items(NodeId::node(1), seed)));
        let leader = all.subjects[0].expect("somebody is elected where nothing goes wrong");
        let (_, seen) = run(&case_of(seed, options, left.items(leader, seed)));
        answered.push(seen.answered());
        elected.push(seen.elected());
    }
    answered.sort_unstable();
    elected.sort_unstable();
    let median = |counts: &[u64]| counts[counts.len() / 2];
    let silent = answered.iter().filter(|answered| **answered <= 1).count();
    let stuck = if silent == 0 { String::new() } else { format!(", none in {silent}") };
    format!("{}, {} new{stuck}", median(&answered), median(&elected))
}

fn table() -> String {
    let mut table = String::from("| left | neither | PreVote | CheckQuorum | both |\n|---|---|---|---|---|\n");
    for (name, left) in LEFTS {
        let cells = [[0, 0], [1, 0], [0, 1], [1, 1]].map(|options| cell(left, options));
        writeln!(table, "| {name} | {} |", cells.join(" | ")).expect("a string takes everything");
    }
    table
}

#[test]
fn what_comes_of_each_topology_is_what_the_document_says() {
    let document = include_str!("../../../docs/partial-connectivity.md");
    let table = table();
    assert!(document.contains(&table), "docs/partial-connectivity.md should have this table:\n\n{table}");
}

/// Or nobody would notice when all that is stuck is excused.
#[test]
fn a_few_runs_are_beyond_help_and_no_more() {
    let mut beyond_help = 0;
    for seed in 0..600 {
        let case = Partial.expand(Hex(mix(17, seed)), &Expansion::default());
        let outcome = Scenario::run(&Partial, &case, &mut RunOptions::default()).expect("the case fits");
        assert_eq!(outcome.violation(), None, "seed {}", case.seed);
        beyond_help += u32::from(matches!(outcome.end, End::Unrecoverable(_)));
    }
    assert!((6..=42).contains(&beyond_help), "{beyond_help} of 600 runs, where 20 are usual");
}

/// PreVote alone does not promise this: the leader that lost its quorum goes on, and one that could be elected is not.
#[test]
fn who_is_stuck_although_one_could_be_elected_is_a_failure() {
    for seed in 0..SEEDS {
        let (all, _) = run(&case_of(seed, [1, 0], Left::All.items(NodeId::node(1), seed)));
        let leader = all.subjects[0].expect("somebody is elected where nothing goes wrong");
        let items = Left::Of(Topology::QuorumLoss).items(leader, seed);
        let case = case_of(seed, [1, 0], items.clone());
        let outcome = Scenario::run(&Promising, &case, &mut RunOptions::default()).expect("the case fits");
        let signature = outcome.violation().map(|violation| violation.signature.as_str());
        assert_eq!(signature, Some("raft::liveness"), "seed {seed}: {:?}", outcome.end);
        let promised = Scenario::run(&Promising, &case_of(seed, [1, 1], items), &mut RunOptions::default());
        assert_eq!(promised.expect("the case fits").end, End::Passed, "seed {seed}");
    }
}

/// In each, somebody hears a majority, or nothing could be asked of what is left; and somebody does not hear all.
#[test]
fn each_topology_leaves_one_who_hears_a_majority() {
    for (nodes, topology) in (3..=7).flat_map(|nodes| Topology::ALL.map(|topology| (nodes, topology))) {
        for seed in 0..50 {
            let order: Vec<NodeId> = (1..=nodes).map(NodeId::node).collect();
            let cut: Vec<(NodeId, NodeId)> = topology.items(&order, seed, Time::ZERO).iter().flat_map(pairs).collect();
            let hears = |one: NodeId, other: NodeId| !cut.contains(&(one.min(other), one.max(other)));
            let heard = |one: &NodeId| order.iter().filter(|other| hears(*one, **other)).count();
            let most = order.iter().map(heard).max().expect("there are nodes");
            // Of six nodes in a row none hears more than three.
            let is_too_long = topology == Topology::Chain && nodes > 5;
            assert!(most > usize::from(nodes) / 2 || is_too_long, "{topology:?} of {nodes}: {cut:?}");
            assert!(!cut.is_empty() || topology == Topology::Any, "{topology:?} of {nodes} cuts nothing");
        }
    }
}

fn pairs(item: &Item) -> Vec<(NodeId, NodeId)> {
    let Target::Between { one, other } = &item.target else { panic!("{item} parts nobody") };
    let pair = |from: NodeId| other.iter().map(move |to| (from.min(*to), from.max(*to)));
    one.iter().flat_map(|from| pair(*from)).collect()
}
