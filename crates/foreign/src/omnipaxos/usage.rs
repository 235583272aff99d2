//! How the crate is used: rightly, and in ways that its documentation forbids.

use std::fmt::Debug;
use std::hash::Hash;
use std::ops::RangeInclusive;

/// One way to use the crate: a scenario.
pub trait Usage: Copy + Debug + Hash + Send + Sync + 'static {
    /// The scenario's name.
    const SCENARIO: &'static str;
    /// What it tests.
    const ABOUT: &'static str;
    /// How many nodes.
    const NODES: RangeInclusive<u16> = 3..=5;
    /// What is done so that the log does not grow for ever.
    const COMPACTION: Compaction = Compaction::TrimDecided;
    /// Whether after the heal every node is to catch up, or only clients are to be answered.
    const CATCH_UP: bool = false;
    /// What is done wrong.
    const LAPSE: Option<Lapse> = None;
    /// What must be found.
    const MUST_FAIL: Option<&'static str> = None;
    /// The facts on which faults strike.
    const STRUCK_ON: &'static [&'static str] =
        &["proposed", "term_entered", "elected", "appended", "truncated", "snapshotted"];
}

/// How a log is compacted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compaction {
    /// What every node has said that it decided is trimmed.
    TrimDecided,
    /// The crate trims as far as it says that it may.
    TrimAccepted,
    /// What is decided goes into a snapshot, from time to time.
    Snapshot,
    /// What is decided goes into a snapshot in the very step that decides it.
    SnapshotAtOnce,
}

impl Compaction {
    /// Whether snapshots stand for what is compacted.
    pub fn is_by_snapshot(self) -> bool {
        matches!(self, Compaction::Snapshot | Compaction::SnapshotAtOnce)
    }
}

/// What a user might do wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lapse {
    /// Nothing waits for a promise to be durable.
    EarlyPromise,
    /// Nothing waits for entries to be durable.
    EarlyAccepted,
    /// A node that comes back is built on an empty storage.
    Unrecovered,
    /// Clients are shown the whole log, decided or not.
    UndecidedRead,
}

/// In the way that works.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Careful;

impl Usage for Careful {
    const SCENARIO: &'static str = "foreign/omnipaxos";
    const ABOUT: &'static str =
        "omnipaxos, its log trimmed of what all decided: ballots, replication, restarts; clients that append and read";
}

/// With snapshots that are always complete, as the crate merges none that is not into the right one.
///
/// A node that synchronizes another sends a `Complete` snapshot where it has compacted as much as the other decided, and a
/// `Delta` of what came since where it has not (`InternalStorage::create_diff_snapshot`). By what goes wrong with the latter
/// ([the finding](../../../docs/findings/omnipaxos-delta-snapshot.md)) the only snapshots to rely on are those of nodes that
/// have compacted all that they decided, whenever they come to send one. They are, where each takes a snapshot at the end of
/// each step, but for one step: `SequencePaxos::handle_majority_promises` takes up what the others decided, and synchronizes
/// them before it returns. With three nodes that is harmless, as there is one other then, who is sent a snapshot only where it
/// had decided less than the new leader, which has compacted that. With four or five a third one may have decided something
/// in between, and is sent a delta.
///
/// So the scenario that trims cannot have snapshots beside: that `Snapshot::use_snapshots` has no `self` makes it a matter of
/// the program, not of a run, and without it a node that lacks what others have snapshotted is sent a log with a hole, as
/// [after a trim](../../../docs/findings/omnipaxos-trim.md).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct WholeSnapshots;

impl Usage for WholeSnapshots {
    const SCENARIO: &'static str = "foreign/omnipaxos/whole-snapshots";
    const ABOUT: &'static str = "omnipaxos, three nodes, each with a snapshot of all that it decided: restarts from it, and synchronizing by it";
    const NODES: RangeInclusive<u16> = 3..=3;
    const COMPACTION: Compaction = Compaction::SnapshotAtOnce;
}

/// Trimmed as far as the crate says that it may.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Trims;

impl Usage for Trims {
    const SCENARIO: &'static str = "foreign/omnipaxos/trims";
    const ABOUT: &'static str =
        "omnipaxos, trimmed as far as it says that it may: fails by docs/findings/omnipaxos-trim.md";
    const COMPACTION: Compaction = Compaction::TrimAccepted;
    const MUST_FAIL: Option<&'static str> = Some("foreign::decided_bounds");
}

/// With snapshots of what is decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Snapshots;

impl Usage for Snapshots {
    const SCENARIO: &'static str = "foreign/omnipaxos/snapshots";
    const ABOUT: &'static str =
        "omnipaxos, its log compacted into snapshots: fails by docs/findings/omnipaxos-delta-snapshot.md";
    const COMPACTION: Compaction = Compaction::Snapshot;
    const MUST_FAIL: Option<&'static str> = Some("foreign::snapshot_content");
}

/// Every node is to catch up.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct CatchUp;

impl Usage for CatchUp {
    const SCENARIO: &'static str = "foreign/omnipaxos/catch-up";
    const ABOUT: &'static str =
        "omnipaxos, and every node catches up after the heal: fails by docs/findings/omnipaxos-left-behind.md";
    const CATCH_UP: bool = true;
    const MUST_FAIL: Option<&'static str> = Some("foreign::liveness");
}

/// With a promise that leaves too early.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct EarlyPromise;

impl Usage for EarlyPromise {
    const SCENARIO: &'static str = "foreign/omnipaxos/early-promise";
    const ABOUT: &'static str = "must fail: a promise is sent before it is durable";
    const LAPSE: Option<Lapse> = Some(Lapse::EarlyPromise);
    const MUST_FAIL: Option<&'static str> = Some("foreign::ballot_monotonic");
    /// Where it hurts: the time from a promise to the end of its sync is short.
    const STRUCK_ON: &'static [&'static str] = &["term_entered"];
}

/// With an acknowledgement that leaves too early.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct EarlyAccepted;

impl Usage for EarlyAccepted {
    const SCENARIO: &'static str = "foreign/omnipaxos/early-accepted";
    const ABOUT: &'static str = "must fail: entries are acknowledged before they are durable";
    const LAPSE: Option<Lapse> = Some(Lapse::EarlyAccepted);
    const MUST_FAIL: Option<&'static str> = Some("foreign::acked_is_durable");
}

/// Without recovery.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Unrecovered;

impl Usage for Unrecovered {
    const SCENARIO: &'static str = "foreign/omnipaxos/unrecovered";
    const ABOUT: &'static str = "must fail: after a crash a node is built on an empty storage";
    const LAPSE: Option<Lapse> = Some(Lapse::Unrecovered);
    const MUST_FAIL: Option<&'static str> = Some("foreign::ballot_monotonic");
}

/// With reads of what is not decided.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct UndecidedRead;

impl Usage for UndecidedRead {
    const SCENARIO: &'static str = "foreign/omnipaxos/undecided-read";
    const ABOUT: &'static str = "must fail: clients are shown what is in the log, decided or not";
    const LAPSE: Option<Lapse> = Some(Lapse::UndecidedRead);
    const MUST_FAIL: Option<&'static str> = Some("foreign::read_content");
}
