//! The systems that this repository tests, each as a [`Scenario`]: where its cores meet the engine.
//!
//! ```
//! let names: Vec<String> = scenarios::registry().iter().map(|scenario| scenario.spec().name).collect();
//! assert!(names.contains(&"canary".to_owned()));
//! ```
//!
//! # Map
//!
//! | module | scenario |
//! |---|---|
//! | [`raft`] | the Raft core with a disk, and its clients; and the same where some nodes never hear each other again |
//! | [`ring`](mod@ring) | keys spread by the ring core over nodes with disks, and clients; wide positions and narrow ones |
//! | [`canary`] | must fail: an election whose voters forget |
//! | [`nondeterministic`] | must fail, where two processes are compared: the order of a hash map |
//!
//! Two more are for whoever hosts something that writes. [`journal`] is of records in files that only grow, on disks that lose and
//! tear and do nothing worse: `ring` writes to it. [`segments`] is the log of the crate `wal`, which tells damage from a tear:
//! `raft` writes to that.

pub mod canary;
pub mod journal;
pub mod nondeterministic;
pub mod raft;
pub mod ring;
pub mod segments;

use sim::Scenario;

/// Every scenario of this repository, in the order in which they are run and listed.
pub fn registry() -> Vec<Box<dyn Scenario>> {
    vec![
        Box::new(raft::Raft),
        Box::new(raft::partial::Partial),
        Box::new(ring::wide()),
        Box::new(ring::narrow()),
        Box::new(canary::Canary),
        Box::new(nondeterministic::Nondeterministic),
    ]
}
