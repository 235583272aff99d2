//! How the crate is used: rightly, and in ways that its documentation forbids.

use std::fmt::Debug;
use std::hash::Hash;

/// One way to use the crate: a scenario.
pub trait Usage: Copy + Debug + Hash + Send + Sync + 'static {
    /// The scenario's name.
    const SCENARIO: &'static str;
    /// What it tests.
    const ABOUT: &'static str;
    /// What is done so that the log does not grow for ever.
    const COMPACTION: Compaction = Compaction::TrimDecided;
    /// Whether after the heal every node is to catch up, or only clients are to be answered.
    const CATCH_UP: bool = false;
    /// What is done wrong.
    const LAPSE: Option<Lapse> = None;
    /// What must be found.
    const MUST_FAIL: Option<&'static str> = None;
    /// The facts on which faults strike.
    const STRUCK_ON: &'static [&'static str] = &["proposed", "term_entered", "elected", "appended", "truncated"];
}

/// How a log is compacted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compaction {
    /// What every node has said that it decided is trimmed.
    TrimDecided,
    /// The crate trims as far as it says that it may.
    TrimAccepted,
    /// What is decided goes into a snapshot.
    Snapshot,
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
}

/// In the way that works.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Careful;

impl Usage for Careful {
    const SCENARIO: &'static str = "foreign/omnipaxos";
    const ABOUT: &'static str =
        "omnipaxos, its log trimmed of what all decided: ballots, replication, restarts; clients that append";
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
