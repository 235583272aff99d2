//! What a disk held is what the next life starts from (Raft figure 2, persistent state).

use sim::{Checker, Flaw, Judgement, NodeId, Observed, What, Witness};

use super::chain::Chain;
use super::fact::{Entry, LogFact, Replicated, log_fact};
use crate::by_node::ByNode;

/// A node restarts with at least the log that was durable when its last life ended.
///
/// It may find more: bytes that were not synced and survived all the same.
#[derive(Clone, Debug, Default)]
pub struct DurableSurvives {
    disks: ByNode<Disk>,
}

#[derive(Clone, Debug, Default)]
struct Disk {
    log: Chain,
    /// Where the last entry became durable.
    last: Option<Witness>,
    /// What the present life has read of it so far.
    recovered: Chain,
}

impl<P: Replicated> Checker<P> for DurableSurvives {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        let node = observed.node;
        if matches!(observed.what, What::Booted) {
            self.disks.get_mut(node).recovered.clear();
        }
        match log_fact(observed) {
            Some(LogFact::Durable(entry)) => {
                let disk = self.disks.get_mut(node);
                let last = disk.log.last();
                disk.last = Some(observed.witness(entry.subject()));
                let next = disk.log.append(entry).is_some();
                let flaw = || gap(node, entry, last, observed.witness(entry.subject()));
                if next { Judgement::Irrelevant } else { Judgement::holds_if(false, flaw) }
            }
            Some(LogFact::DurablyTruncated { from }) => {
                self.disks.get_mut(node).log.truncate(*from);
                Judgement::Irrelevant
            }
            Some(LogFact::Recovered(entry)) => {
                let recovered = &mut self.disks.get_mut(node).recovered;
                let last = recovered.last();
                let next = recovered.append(entry).is_some();
                let flaw = || gap(node, entry, last, observed.witness(entry.subject()));
                if next { Judgement::Irrelevant } else { Judgement::holds_if(false, flaw) }
            }
            Some(LogFact::Restarted { term, .. }) => self.disks.get_mut(node).restart(node, observed.witness(*term)),
            _ => Judgement::Irrelevant,
        }
    }
}

impl Disk {
    fn restart(&mut self, node: NodeId, here: Witness) -> Judgement {
        let (held, last) = (self.log.last(), self.last);
        let same = held == 0 || self.recovered.get(held) == self.log.get(held);
        let found = self.recovered.last();
        self.log.clone_from(&self.recovered);
        Judgement::holds_if(same, || Flaw {
            explanation: format!(
                "the disk of {node} held {held} entries, and {node} restarted with {found}{}",
                if found < held { "" } else { ", which are not those and more" }
            ),
            witnesses: last.into_iter().chain([here]).collect(),
        })
    }
}

fn gap(node: NodeId, entry: &Entry, last: u64, here: Witness) -> Flaw {
    Flaw { explanation: format!("{node} has {entry} on disk after {last} entries"), witnesses: vec![here] }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    #[test]
    fn a_life_finds_what_was_durable_and_perhaps_more() {
        let history = "n1 boots
            n1 restarted 0
            n1 durable 1/1 a
            n1 durable 1/2 b
            n1 forgets 2
            n1 crashes
            n1 boots
            n1 recovered 1/1 a
            n1 recovered 2/2 c
            n1 restarted 2";
        accepts(DurableSurvives::default(), history);
    }

    #[test]
    fn a_life_that_lacks_what_was_durable_is_refused() {
        let history = "n1 durable 1/1 a\nn1 durable 1/2 b\nn1 boots\nn1 recovered 1/1 a\nn1 restarted 1";
        refuses(DurableSurvives::default(), history, "the disk of n1 held 2 entries, and n1 restarted with 1");
        let history = "n1 durable 1/1 a\nn1 boots\nn1 recovered 1/1 b\nn1 recovered 1/2 c\nn1 restarted 1";
        let other = "the disk of n1 held 1 entries, and n1 restarted with 2, which are not those and more";
        refuses(DurableSurvives::default(), history, other);
    }

    #[test]
    fn a_disk_with_a_gap_is_refused() {
        let gap = "n1 has entry 3 of term 1 on disk after 1 entries";
        refuses(DurableSurvives::default(), "n1 durable 1/1 a\nn1 durable 1/3 c", gap);
        refuses(DurableSurvives::default(), "n1 boots\nn1 recovered 1/1 a\nn1 recovered 1/3 c", gap);
    }
}
