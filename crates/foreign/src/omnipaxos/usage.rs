//! How the crate is used: rightly, and in ways that its documentation forbids.

use std::fmt::Debug;
use std::hash::Hash;

/// One way to use the crate: a scenario.
pub trait Usage: Copy + Debug + Hash + Send + Sync + 'static {
    /// The scenario's name.
    const SCENARIO: &'static str;
    /// What it tests.
    const ABOUT: &'static str;
    /// Whether its log is compacted into snapshots; otherwise what all have accepted is trimmed away.
    const SNAPSHOTS: bool;
    /// What is done wrong.
    const LAPSE: Option<Lapse> = None;
    /// What a campaign should have seen of compaction.
    const COMPACTED: &'static str = if Self::SNAPSHOTS { "snapshotted" } else { "trimmed" };
}

/// What a user might do wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lapse {
    /// A promise is sent before it is durable.
    EarlyPromise,
    /// An acknowledgement of entries is sent before they are durable.
    EarlyAccepted,
    /// A node that comes back is built on an empty storage.
    Unrecovered,
}

impl Lapse {
    /// What must be found of it.
    pub fn signature(self) -> &'static str {
        match self {
            Lapse::EarlyPromise => "foreign::ballot_monotonic",
            Lapse::EarlyAccepted => "foreign::acked_is_durable",
            Lapse::Unrecovered => "foreign::durable_survives",
        }
    }
}

/// With snapshots.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Snapshots;

impl Usage for Snapshots {
    const SCENARIO: &'static str = "foreign/omnipaxos";
    const ABOUT: &'static str =
        "omnipaxos, its log compacted into snapshots: ballots, replication, restarts; clients that append";
    const SNAPSHOTS: bool = true;
}

/// With trims.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Trims;

impl Usage for Trims {
    const SCENARIO: &'static str = "foreign/omnipaxos/trims";
    const ABOUT: &'static str = "omnipaxos without snapshots, its log trimmed of what all have accepted";
    const SNAPSHOTS: bool = false;
}

/// With a promise that leaves too early.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct EarlyPromise;

impl Usage for EarlyPromise {
    const SCENARIO: &'static str = "foreign/omnipaxos/early-promise";
    const ABOUT: &'static str = "must fail: a promise is sent before it is durable";
    const SNAPSHOTS: bool = false;
    const LAPSE: Option<Lapse> = Some(Lapse::EarlyPromise);
}

/// With an acknowledgement that leaves too early.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct EarlyAccepted;

impl Usage for EarlyAccepted {
    const SCENARIO: &'static str = "foreign/omnipaxos/early-accepted";
    const ABOUT: &'static str = "must fail: entries are acknowledged before they are durable";
    const SNAPSHOTS: bool = false;
    const LAPSE: Option<Lapse> = Some(Lapse::EarlyAccepted);
}

/// Without recovery.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Unrecovered;

impl Usage for Unrecovered {
    const SCENARIO: &'static str = "foreign/omnipaxos/unrecovered";
    const ABOUT: &'static str = "must fail: after a crash a node is built on an empty storage";
    const SNAPSHOTS: bool = false;
    const LAPSE: Option<Lapse> = Some(Lapse::Unrecovered);
}
