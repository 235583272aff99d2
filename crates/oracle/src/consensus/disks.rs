//! What is on the disks.

use sim::{NodeId, Observed, What};

use super::chain::{Chain, Link};
use super::fact::{Entry, LogFact, Replicated, log_fact, quorum};

/// The logs on the voters' disks, as the engine publishes them and each boot reads them back.
#[derive(Clone, Debug)]
pub(crate) struct Disks {
    voters: Vec<NodeId>,
    disks: Vec<Disk>,
}

/// One of them. It holds what it held until something else is found there: a life may end before it has read everything, or
/// decline to serve.
#[derive(Clone, Debug, Default)]
struct Disk {
    log: Chain,
    /// The last index that the present life read.
    read: u64,
}

impl Disks {
    pub(crate) fn new(voters: &[NodeId]) -> Disks {
        Disks { voters: voters.to_vec(), disks: vec![Disk::default(); voters.len()] }
    }

    #[inline(always)]
    pub(crate) fn observe<P: Replicated>(&mut self, observed: &Observed<'_, P>) {
        // Whose disk it is, is asked last: most of what happens is about no disk.
        match (observed.what, log_fact(observed)) {
            (What::Booted, _) => self.change(observed.node, |disk| disk.read = 0),
            (_, Some(LogFact::DurablyTruncated { from })) => {
                self.change(observed.node, |disk| disk.log.truncate(*from))
            }
            (_, Some(LogFact::Durable(entry))) => self.change(observed.node, |disk| _ = disk.log.append(entry)),
            (_, Some(LogFact::Recovered(entry))) => self.change(observed.node, |disk| disk.recover(entry)),
            (_, Some(LogFact::Restarted { .. })) => self.change(observed.node, Disk::restart),
            _ => {}
        }
    }

    fn change(&mut self, node: NodeId, change: impl FnOnce(&mut Disk)) {
        if let Some(slot) = self.slot(node) {
            change(&mut self.disks[slot]);
        }
    }

    /// The voters whose disks hold such a link at `index`.
    pub(crate) fn holders(
        &self,
        index: u64,
        is_it: impl Fn(&Link) -> bool + Clone,
    ) -> impl Iterator<Item = NodeId> + Clone {
        let held = self.voters.iter().zip(&self.disks);
        held.filter(move |(_, disk)| disk.log.get(index).is_some_and(|link| is_it(&link))).map(|(voter, _)| *voter)
    }

    /// The log on the disk of `node`, if it is a voter.
    pub(crate) fn of(&self, node: NodeId) -> Option<&Chain> {
        self.slot(node).map(|slot| &self.disks[slot].log)
    }

    pub(crate) fn quorum(&self) -> usize {
        quorum(self.voters.len())
    }

    fn slot(&self, node: NodeId) -> Option<usize> {
        self.voters.iter().position(|voter| *voter == node)
    }
}

impl Disk {
    fn recover(&mut self, entry: &Entry) {
        if self.log.entry(entry.index) != Some(*entry) {
            self.log.truncate(entry.index);
            self.log.append(entry);
        }
        self.read = entry.index;
    }

    fn restart(&mut self) {
        self.log.truncate(self.read.saturating_add(1));
    }
}
