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
//! [`journal`] is for `ring`, and for whoever hosts something else that writes: records on disk, in files that only grow.
//! (`raft` persists through the crate `wal`.)

pub mod canary;
pub mod journal;
pub mod nondeterministic;
pub mod raft;
pub mod ring;

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
