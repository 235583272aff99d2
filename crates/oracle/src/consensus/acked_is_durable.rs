//! What is applied, acknowledged or taken for committed is on the disks of a quorum (Raft §5.3, §8).

use sim::{Checker, Fact, Flaw, Judgement, NodeId, Observed, What, Witness};

use super::chain::Chain;
use super::disks::Disks;
use super::fact::{Acknowledged, LogFact, Position, Replicated, log_fact, subject};
use super::terms::Terms;
use crate::by_node::ByNode;

/// Invariants 8, 24 and 36: when a node takes an entry for committed or applies it, or a client is told that its operation
/// is in the log, the entry and everything before it are on the disks of a quorum. Disks of crashed voters count: they will
/// be read again.
#[derive(Clone, Debug)]
pub struct AckedIsDurable {
    /// The log in memory of each node's present life.
    logs: ByNode<Terms>,
    disks: Disks,
    /// What the present life of each node applied.
    applied: ByNode<Chain>,
}

impl AckedIsDurable {
    /// For a cluster in which these vote.
    pub fn new(voters: &[NodeId]) -> AckedIsDurable {
        AckedIsDurable { logs: ByNode::default(), disks: Disks::new(voters), applied: ByNode::default() }
    }
}

impl<P: Replicated> Checker<P> for AckedIsDurable {
    fn observe(&mut self, observed: &Observed<'_, P>) -> Judgement {
        self.disks.observe(observed);
        let node = observed.node;
        match observed.what {
            What::Booted => {
                self.logs.get_mut(node).clear();
                self.applied.get_mut(node).clear();
            }
            What::Responded(operation, reply) => {
                let Some(Acknowledged { index, payload }) = P::acknowledged(reply) else {
                    return Judgement::Irrelevant;
                };
                let holders = self.disks.holders(index, |link| link.payload == payload);
                let promise = || format!("{operation} was told that it is entry {index}");
                return self.judge(holders, promise, observed.witness(subject(index)));
            }
            _ => {}
        }
        match log_fact(observed) {
            Some(LogFact::Recovered(entry) | LogFact::Appended(entry)) => self.logs.get_mut(node).append(entry),
            Some(LogFact::Truncated { from }) => _ = self.logs.get_mut(node).truncate(*from),
            Some(fact @ LogFact::Committed { index }) => {
                let Some(term) = self.logs.get_mut(node).at(*index) else { return Judgement::Irrelevant };
                let holders = self.disks.holders(*index, |held| held.term == term);
                let promise = || format!("{node} takes {} for committed", Position { index: *index, term });
                return self.judge(holders, promise, observed.witness(fact.subject()));
            }
            Some(LogFact::Applied(entry)) => {
                let Some(link) = self.applied.get_mut(node).append(entry) else { return Judgement::Irrelevant };
                let holders = self.disks.holders(entry.index, |held| held.prefix == link.prefix);
                return self.judge(holders, || format!("{node} applied {entry}"), observed.witness(entry.subject()));
            }
            _ => {}
        }
        Judgement::Irrelevant
    }
}

impl AckedIsDurable {
    fn judge(
        &self,
        holders: impl Iterator<Item = NodeId> + Clone,
        promise: impl Fn() -> String,
        witness: Witness,
    ) -> Judgement {
        let needed = self.disks.quorum();
        Judgement::holds_if(holders.clone().count() >= needed, || {
            let holders: Vec<NodeId> = holders.collect();
            let explanation = format!("{}, which takes {needed} disks and is on those of {holders:?}", promise());
            Flaw { explanation, witnesses: vec![witness] }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::story::{accepts, refuses};
    use super::*;

    fn of_three() -> AckedIsDurable {
        AckedIsDurable::new(&[1, 2, 3].map(NodeId::node))
    }

    #[test]
    fn a_quorum_of_disks_suffices_though_one_is_of_a_dead_node() {
        let history = "n1 n2 durable 1/1 a
            n2 crashes
            n1 applies 1/1 a
            c1 answered 1 a";
        accepts(of_three(), history);
    }

    /// Between a boot and where the node goes on, and after a boot that came to nothing, a disk holds what it held.
    #[test]
    fn a_disk_that_is_being_read_or_whose_node_declines_to_serve_still_holds_it() {
        let history = "n1 n2 durable 1/1 a\nn1 n2 durable 1/2 b\nn2 crashes\nn2 boots\nn1 applies 1/1 a";
        accepts(of_three(), history);
        accepts(of_three(), &format!("{history}\nn2 boots\nn2 recovered 1/1 a\nn1 applies 1/2 b"));
        let lost = format!("{history}\nn2 boots\nn2 recovered 1/1 a\nn2 restarted 1\nn1 applies 1/2 b");
        refuses(of_three(), &lost, "n1 applied entry 2 of term 1, which takes 2 disks and is on those of [n1]");
        let other = format!("{history}\nn2 boots\nn2 recovered 1/1 a\nn2 recovered 2/2 c\nn1 applies 1/2 b");
        refuses(of_three(), &other, "n1 applied entry 2 of term 1, which takes 2 disks and is on those of [n1]");
    }

    #[test]
    fn what_is_in_one_page_cache_and_on_one_disk_is_refused() {
        let history = "n1 n2 appends 1/1 a\nn1 durable 1/1 a\nn1 applies 1/1 a";
        refuses(of_three(), history, "n1 applied entry 1 of term 1, which takes 2 disks and is on those of [n1]");
    }

    /// By what a leader counts, before anybody applies it: its own page cache is no disk.
    #[test]
    fn a_commit_index_that_counts_what_no_disk_holds_is_refused() {
        let history = "n1 n2 appends 1/1 a\nn1 n2 durable 1/1 a\nn1 commits 1";
        accepts(of_three(), history);
        let own = "n1 n2 appends 1/1 a\nn2 durable 1/1 a\nn1 commits 1";
        let early = "n1 takes entry 1 of term 1 for committed, which takes 2 disks and is on those of [n2]";
        refuses(of_three(), own, early);
        let without_terms = "n1 takes entry 1 for committed, which takes 2 disks and is on those of [n2]";
        refuses(of_three(), &own.replace("1/1", "0/1"), without_terms);
    }

    #[test]
    fn another_entry_at_the_index_or_before_it_does_not_count() {
        let history = "n1 durable 1/1 a\nn2 n3 durable 2/1 a\nn1 applies 1/1 a";
        refuses(of_three(), history, "n1 applied entry 1 of term 1, which takes 2 disks and is on those of [n1]");
        let history = "n1 durable 1/1 a
            n2 durable 2/1 b
            n1 n2 durable 3/2 c
            n3 durable 1/1 a
            n1 applies 1/1 a
            n1 applies 3/2 c";
        refuses(of_three(), history, "n1 applied entry 2 of term 3, which takes 2 disks and is on those of [n1]");
    }

    #[test]
    fn an_answer_without_a_quorum_is_refused() {
        let history = "n1 durable 1/1 a\nc1 asks\nc1 answered 1 a";
        refuses(of_three(), history, "c1#1 was told that it is entry 1, which takes 2 disks and is on those of [n1]");
        let history = "n1 n2 durable 1/1 b\nc1 asks\nc1 answered 1 a";
        refuses(of_three(), history, "c1#1 was told that it is entry 1, which takes 2 disks and is on those of []");
    }

    #[test]
    fn what_a_disk_forgot_does_not_count() {
        let history = "n1 n2 durable 1/1 a\nn2 forgets 1\nn1 applies 1/1 a";
        refuses(of_three(), history, "n1 applied entry 1 of term 1, which takes 2 disks and is on those of [n1]");
    }
}
