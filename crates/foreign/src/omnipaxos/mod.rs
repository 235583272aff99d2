//! `foreign/omnipaxos`: the crate `omnipaxos` on nodes with a disk and session links, and clients that append and read.
//!
//! It takes its storage to be synchronous: when a call of its `Storage` returns, it is durable. The adapter lets the core run
//! on, and whatever leaves a step waits for every write up to then, so that a crash is one before the step.
//!
//! Without its optional features the crate reads no clock, draws nothing and iterates no hash map, so there is nothing to be
//! seeded: `cargo xtask twin foreign/omnipaxos` finds two processes alike.
//!
//! A client appends one command at a time and goes on when it is told at which index that was decided. It may be told late, or
//! never: then it appends the same command again, elsewhere, and the log may hold it twice.
//!
//! Or it reads what is decided, of any node, from where it knows the log on or from the beginning. The answer is as old as that
//! node is behind: it has to be a stretch of the one log, and no shorter than what this node showed before, and need not hold
//! what the client itself was told is decided. Reads are not linearizable, and the crate does not say that they are.
//!
//! | module | holds |
//! |---|---|
//! | here | the system: knobs, triggers, goals, checks |
//! | `message` | the vocabulary |
//! | `command` | the entries of the log, and snapshots of them |
//! | `usage` | how the crate is used: rightly, with snapshots or trims, and wrongly |
//! | `node` | the adapter |
//! | `storage` | its `Storage`, which remembers what is to be written |
//! | `mirror` | the log as the storage holds it, and what changes in it, as facts |
//! | `record` | the storage's operations as bytes |
//! | `client` | who appends and reads |

mod client;
mod command;
mod message;
mod mirror;
mod node;
mod record;
mod storage;
mod usage;

use std::marker::PhantomData;
use std::time::Duration;

use oracle::consensus::{
    AckedIsDurable, AppliedIsHeld, CommitBounds, CommittedPrefix, DurableSurvives, Integrity, Liveness, LogOrder,
    ReadContent, ReadMonotonic, SnapshotContent, StateMachineSafety, TermMonotonic,
};
use sim::{Case, Knob, LinkKind, Progress, Property, ReachGoal, Spec, StaticMajority, System};

pub use client::Client;
pub use command::{Command, Snapshot};
pub use message::{Answer, Message, Operation, Protocol, Reply, Stretch, Wanted};
pub use node::Node;
pub use usage::{
    Careful, CatchUp, Compaction, EarlyAccepted, EarlyPromise, Lapse, Snapshots, Trims, UndecidedRead, Unrecovered,
    Usage, WholeSnapshots,
};

/// The crate, used in one way.
pub struct OmniPaxos<U>(PhantomData<fn() -> U>);

/// The crate, used in this way: a scenario.
pub fn hosted<U: Usage>(_: U) -> OmniPaxos<U> {
    OmniPaxos(PhantomData)
}

/// What must hold, causes before their consequences. Of the checks of a replicated log these are all that do not rest on the
/// terms of entries, which Sequence Paxos does not keep, or on what only Raft's leaders know.
pub type Checks = (Contents, (Logs, (Claims, Promises)));

/// What must hold of what stands in logs and snapshots.
pub type Contents = (Property<SnapshotContent>, Property<Integrity>);

/// What must hold of ballots and logs.
pub type Logs = (Property<TermMonotonic>, Property<LogOrder>);

/// What must hold of what nodes take for decided.
pub type Claims = (Property<CommitBounds>, Property<CommittedPrefix>);

/// What must hold of what is told to state machines and clients, of disks, and after the heal.
pub type Promises = ((Property<StateMachineSafety>, Property<AckedIsDurable>), (Reads, (Disk, Progress<Liveness>)));

/// What must hold of what clients read.
pub type Reads = (Property<ReadContent>, Property<ReadMonotonic>);

/// What must hold of each node's own disk.
pub type Disk = (Property<AppliedIsHeld>, Property<DurableSurvives>);

/// How long after the heal progress may take.
const PROGRESS_BOUND: Duration = Duration::from_secs(60);

impl<U: Usage> System for OmniPaxos<U> {
    type Protocol = Protocol<U>;
    type Node = Node<U>;
    type Client = Client<U>;
    type Checks = Checks;
    type Survival = StaticMajority;

    fn spec(&self) -> Spec {
        Spec {
            about: U::ABOUT.into(),
            nodes: U::NODES,
            clients: 1..=4,
            // More than anybody gets done before the heal, so that progress can be demanded of everybody after it.
            operations: 2_000..=2_000,
            link: LinkKind::Session,
            knobs: vec![
                // An election timeout is longer than a heartbeat's way there and back.
                Knob::octaves("tick_ms", 10..=40),
                Knob::linear("election_ticks", 4..=12),
                Knob::octaves("resend_ticks", 2..=40),
                Knob::octaves("batch_size", 1..=8),
                Knob::octaves("flush_batch_ticks", 1..=10),
                Knob::linear("priorities", 0..=1),
                // 0: after every call.
                Knob::linear("outgoing_ms", 0..=4),
                // Of no consequence where every step ends in a snapshot.
                Knob::octaves("compact_every", 2..=128),
                Knob::linear("reads_percent", 0..=60),
                Knob::octaves("client_timeout_ms", 50..=2_000),
                Knob::octaves("think_ms", 5..=1_000),
            ],
            triggers: U::STRUCK_ON.to_vec(),
            goals: goals::<U>(),
            must_fail: U::MUST_FAIL.map(str::to_owned),
            ..Spec::new(U::SCENARIO)
        }
    }

    fn checks(&self, case: &Case) -> Checks {
        let nodes = &case.nodes;
        let contents = (
            Property::new("snapshot_content", SnapshotContent::default()),
            Property::new("integrity", Integrity::default()),
        );
        let logs = (
            Property::new("ballot_monotonic", TermMonotonic::default()),
            Property::new("log_order", LogOrder::default()),
        );
        let claims = (
            Property::new("decided_bounds", CommitBounds::default()),
            Property::new("decided_prefix", CommittedPrefix::default()),
        );
        let told = (
            Property::new("state_machine_safety", StateMachineSafety::default()),
            Property::new("acked_is_durable", AckedIsDurable::new(nodes)),
        );
        let reads = (
            Property::new("read_content", ReadContent::default()),
            Property::new("read_monotonic", ReadMonotonic::default()),
        );
        let disk = (
            Property::new("applied_is_held", AppliedIsHeld::new(nodes)),
            Property::new("durable_survives", DurableSurvives::default()),
        );
        let goal = if U::CATCH_UP { Liveness::new(case) } else { Liveness::of_clients(case) };
        let progress = Progress::new("liveness", PROGRESS_BOUND, goal);
        (contents, (logs, (claims, (told, (reads, (disk, progress))))))
    }

    fn survival(&self, _: &Case) -> StaticMajority {
        StaticMajority
    }
}

/// What liveness rests on, that somebody leads and something is applied, is none: where it is missing, much else is.
fn goals<U: Usage>() -> Vec<ReachGoal> {
    let mut goals = vec!["deposed", "truncated", "reconnected", "forwarded", "read", "read_stale"];
    if U::LAPSE != Some(Lapse::Unrecovered) {
        goals.push("recovered");
    }
    goals.extend_from_slice(if U::COMPACTION.is_by_snapshot() {
        &["snapshotted", "restored", "installed", "read_snapshot"]
    } else {
        &["trimmed", "read_trimmed"]
    });
    ReachGoal::each(goals)
}
