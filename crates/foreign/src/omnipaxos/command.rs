//! The entries of the log, and snapshots of them.

use std::fmt;
use std::marker::PhantomData;

use serde::{Deserialize, Serialize};
use sim::content_hash;

use super::usage::Usage;

/// What a client wants in the log: the name of its operation, so that no two are alike.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Command<U>(pub u64, PhantomData<fn() -> U>);

/// What was decided, in order: a state machine that forgets nothing, so that a snapshot which was put together of the wrong
/// parts is seen.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(bound = "")]
pub struct Snapshot<U>(pub Vec<u64>, PhantomData<fn() -> U>);

impl<U> Command<U> {
    /// The command of this name.
    pub fn new(name: u64) -> Command<U> {
        Command(name, PhantomData)
    }
}

impl<U> Snapshot<U> {
    /// Of commands of these names.
    pub fn new(names: Vec<u64>) -> Snapshot<U> {
        Snapshot(names, PhantomData)
    }
}

impl<U: Usage> omnipaxos::storage::Entry for Command<U> {
    type Snapshot = Snapshot<U>;
}

impl<U: Usage> omnipaxos::storage::Snapshot<Command<U>> for Snapshot<U> {
    fn create(entries: &[Command<U>]) -> Snapshot<U> {
        Snapshot::new(entries.iter().map(|command| command.0).collect())
    }

    fn merge(&mut self, delta: Snapshot<U>) {
        self.0.extend(delta.0);
    }

    fn use_snapshots() -> bool {
        U::COMPACTION.is_by_snapshot()
    }
}

/// `c2#7`: the operation.
impl<U> fmt::Debug for Command<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "c{}#{}", self.0 >> 32, self.0 & u64::from(u32::MAX))
    }
}

/// How many there are, and which: by this a message with a snapshot is told from another.
impl<U> fmt::Debug for Snapshot<U> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} commands ({:016x})", self.0.len(), content_hash(&self.0))
    }
}
